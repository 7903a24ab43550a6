import re
from dataclasses import replace

import pandas as pd
import pytest
from handmade import counted

from analysis_lib.crosstab import crosstab_themes
from analysis_lib.display import NOT_WRITTEN, Shown, say, show
from analysis_lib.joint_display import joint_display
from analysis_lib.payload import MIME, Payload
from analysis_lib.views import author_notes, views

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def small():
    sizes, present = {"helpful": 12, "unhelpful": 12}, {"cold": {"helpful": 2, "unhelpful": 9}}
    return crosstab_themes(counted(sizes, present))


def bundle(shown):
    return shown._repr_mimebundle_()


def test_a_table_is_shown_as_text_html_and_payload(small):
    shown = show(small, "shares")
    assert set(bundle(shown)) == {"text/plain", "text/html", MIME}
    assert bundle(shown)["text/plain"] == shown.text == repr(shown)
    assert Payload.from_json(bundle(shown)[MIME]) == shown.payload


def test_a_figure_is_shown_as_picture_and_as_its_numbers(small):
    shown = show(small, "differences")
    assert set(bundle(shown)) == {"text/plain", "image/png", MIME}
    assert shown.png.startswith(b"\x89PNG")
    assert "+58 points [18, 78]" in shown.text


def test_a_figure_that_cannot_be_drawn_says_why(without_comparison):
    shown = show(without_comparison.crosstab, "differences")
    assert shown.png is None
    assert shown.text.startswith("No figure: ")
    assert not shown.text.endswith("..")


def test_the_main_view_is_shown_where_none_is_named(small):
    assert show(small) == show(small, "shares")


def test_several_views_stand_one_below_the_other_each_with_its_payload(small, monkeypatch):
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    both = show(small, "shares", "differences")
    both._ipython_display_()
    assert displayed == [show(small, "shares"), show(small, "differences")]
    assert repr(both) == f"{show(small, 'shares').text}\n\n{show(small, 'differences').text}"


def test_a_wrong_view_names_those_there_are(small):
    with pytest.raises(ValueError, match=r"shares, contrasts, tests, dots, differences, sentences"):
        show(small, "share of people")


def test_saying_lists_one_sentence_per_line(small):
    shown = say(small)
    assert shown.text.startswith("- “Cold” was coded for 9 of 12 (75%) in the unhelpful group")
    assert shown.html.count("<li>") == len(shown.text.splitlines())


def test_showing_twice_gives_the_same_object(small):
    assert bundle(show(small, "dots")) == bundle(show(small, "dots"))
    assert show(small, "contrasts") == show(small, "contrasts")


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_everything_of_the_example_can_be_shown_and_has_words(examples, wave):
    for result in examples[wave].results:
        for view in views(result):
            shown = show(result, view)
            assert isinstance(shown, Shown)
            assert shown.text.strip()
            assert "nan" not in re.sub("“[^”]*”", "", shown.text).split()
            assert "<NA>" not in shown.text


def test_a_card_is_shown_as_lines(example):
    shown = show(example.wave, "cover")
    assert shown.text.splitlines()[0] == "Study: What helped and what did not (SYNTHETIC)"
    assert shown.html.startswith("<dl><dt>Study</dt><dd>")


def test_notes_are_shown_as_written_and_an_empty_section_says_so(example):
    assert show(author_notes(example.wave, "03 Themes by outcome")).text.startswith("Coldness and work")
    assert show(author_notes(example.wave, "05 Termination models")).text == NOT_WRITTEN


def test_the_joint_display_shows_numbers_words_and_reading(example):
    text = show(example.display).text
    assert "[Unhelpful] “" in text
    assert "Reading: not yet written" in text
    assert "Reading: The number says more people" in text


def test_a_joint_display_without_themes_says_why():
    crosstab = crosstab_themes(counted({"helpful": 12, "unhelpful": 12}, {"cold": {}}))
    assert show(joint_display(crosstab)).text == "No theme to show: nobody has any of them."


def test_what_people_wrote_is_never_markup(example):
    frame = example.display.quotes.assign(quote=EVIL)
    definitions = example.display.definitions.assign(definition=EVIL)
    readings = example.display.readings.assign(reading=EVIL)
    evil = replace(example.display, quotes=frame, definitions=definitions, readings=readings)
    html = show(evil).html
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 3
    notes = Payload("prose", "author_notes", {}, {"heading": "x", "text": EVIL})
    assert "<script" not in show(notes).html


def test_notebook_numbers_are_exact_whatever_the_release_rule(example):
    text = show(example.crosstab, "shares").text
    shown = {int(n) for n in pd.Series(text.split()).str.extract(r"^(\d+)/\d+$")[0].dropna()}
    assert any(n % 3 for n in shown)


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_every_result_of_the_example_reads_in_at_most_eight_lines(examples, wave):
    for result in examples[wave].results:
        lines = repr(result).splitlines()
        assert 2 <= len(lines) <= 8, lines
        assert lines[0].startswith(f"{type(result).__name__}: ")
        assert max(map(len, lines)) <= 400
