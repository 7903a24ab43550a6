"""Facts below a heading of author_notes.md, and what is said about headings and facts that nobody could use."""

from __future__ import annotations

import pandas as pd
import pytest
from handmade import a_wave, themes
from tiny_study import CANARY, write_study

from analysis_lib.author_notes import JOINT_DISPLAY, passages
from analysis_lib.notes import Reading, reading, section
from analysis_lib.wave import check_study

NOTES = "waves/w1/author_notes.md"


@pytest.fixture
def noted(tmp_path):
    """A wave with these notes on its joint display."""

    def write(text):
        folder = tmp_path / "waves" / "w1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "author_notes.md").write_text(f"## {JOINT_DISPLAY}\n{text}", encoding="utf-8")
        people = pd.DataFrame({"outcome_group": ["helpful"]}, index=["P1"])
        return a_wave(people, folder=tmp_path, codebook=themes("cold"))

    return write


def found(tmp_path, text):
    """Findings on the notes of the tiny study: (code, line)."""
    write_study(tmp_path, {NOTES: text})
    return [finding for finding in check_study(tmp_path) if finding.file == NOTES]


# What is read


def test_the_lines_that_state_facts_are_no_part_of_the_reading(noted):
    wave = noted(
        "### cold\nFit: expand\nMatched by: AB\n\nChecked by: CD\nDate: 2024-09-12\n\nOne.\n\nTwo.\n"
    )
    assert reading(wave, JOINT_DISPLAY, "cold") == Reading("One.\n\nTwo.", "expand", "AB", "CD", "2024-09-12")


@pytest.mark.parametrize("written", ["Fit: Confirm", "fit:confirm", "  FIT:   confirm  "])
def test_a_label_is_read_in_any_letter_case(noted, written):
    assert reading(noted(f"### cold\n{written}\n"), JOINT_DISPLAY, "cold").fit == "confirm"


@pytest.mark.parametrize("written", ["", "Fit:\nMatched by:\nChecked by:\nDate:\n"])
def test_what_is_left_empty_is_not_there(noted, written):
    assert reading(noted(f"### cold\n{written}"), JOINT_DISPLAY, "cold") == Reading("")


def test_an_unknown_label_and_a_wrong_date_are_not_read(noted):
    assert reading(noted("### cold\nFit: agree\nDate: 12 September\n"), JOINT_DISPLAY, "cold") == Reading("")


def test_a_fact_directly_below_the_heading_of_the_notebook_is_about_all_themes(noted):
    wave = noted("Matched by: AB\n\nTogether they say more.\n\n### cold\nFit: silent\n")
    assert reading(wave, JOINT_DISPLAY) == Reading("Together they say more.", matched_by="AB")


def test_a_heading_that_stands_twice_keeps_both_texts_and_the_first_fact(noted):
    wave = noted("### cold\nFit: expand\n\nFirst.\n\n### cold\nFit: discord\n\nSecond.\n")
    assert reading(wave, JOINT_DISPLAY, "cold") == Reading("First.\n\nSecond.", "expand")


def test_outside_the_joint_display_such_a_line_is_prose(noted):
    wave = noted("\n## 03 Themes by outcome\nDate: the tenth of May.\n")
    assert section(wave, "03 Themes by outcome") == "Date: the tenth of May."


def test_lines_keep_their_numbers_behind_a_comment_of_several_lines(tmp_path):
    write_study(tmp_path, {NOTES: f"<!-- one\ntwo\nthree -->\n## {JOINT_DISPLAY}\n### A.cold\nFit: expand\n"})
    last = passages(tmp_path, "w1")[-1]
    assert (last.line, last.facts) == (5, {"fit": ("expand", 6)})


# What is reported


def test_a_wrong_label_is_named_by_file_and_line_with_what_is_allowed(tmp_path):
    (finding,) = found(tmp_path, f"## {JOINT_DISPLAY}\n\n### A.cold\nFit: confirms\n")
    assert (finding.level, finding.code, finding.line) == ("warn", "W20", 4)
    assert finding.allowed == "confirm, expand, discord, silent"
    assert 'Did you mean "confirm"?' in finding.fix


def test_a_heading_that_names_no_theme_is_reported_with_the_theme_it_may_mean(tmp_path):
    (finding,) = found(tmp_path, f"## {JOINT_DISPLAY}\n\n### A.cool\nText.\n")
    assert (finding.code, finding.line) == ("W21", 3)
    assert 'Did you mean "A.cold"?' in finding.fix


@pytest.mark.parametrize(
    "heading", ["A.cold", "a.COLD", "A", "Z.rare", "Disagreement", "limits of each strand"]
)
def test_themes_upper_themes_and_questions_are_known_headings(tmp_path, heading):
    assert found(tmp_path, f"## {JOINT_DISPLAY}\n\n### {heading}\nFit: silent\n") == []


@pytest.mark.parametrize("written", ["12.09.2024", "2024-13-01", "yesterday", "2024-9-1"])
def test_a_date_that_is_none_is_reported(tmp_path, written):
    (finding,) = found(tmp_path, f"## {JOINT_DISPLAY}\n### A.cold\nDate: {written}\n")
    assert (finding.code, finding.line) == ("W22", 3)


def test_a_fact_that_stands_twice_is_reported_where_it_does_not_count(tmp_path):
    (finding,) = found(tmp_path, f"## {JOINT_DISPLAY}\n### A.cold\nFit: expand\nFit: discord\n")
    assert (finding.code, finding.line) == ("W23", 4)


def test_no_message_repeats_what_the_authors_wrote(tmp_path):
    text = f"## {JOINT_DISPLAY}\n### The {CANARY} theme\nFit: {CANARY}\nDate: {CANARY}\n"
    messages = [str(finding) for finding in found(tmp_path, text)]
    assert len(messages) == 3
    assert not any(CANARY in message for message in messages)


def test_headings_of_other_parts_are_free(tmp_path):
    assert found(tmp_path, "## 03 Themes by outcome\n### Anything\nFit: anything\n") == []
