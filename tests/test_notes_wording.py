"""What the check remarks about the wording of author_notes.md, and that it never repeats what stands there."""

import pytest
from tiny_study import write_study

import analysis_lib as al
from analysis_lib.notes_wording import wording_problems

NOTES = """\
<!-- Many things to remember:
most of all this. -->
## 03 Themes by outcome

Anna Svensson said more than others. Most people
agreed, and it led to
dropping out.

There was no Svensson difference. 30 of 37, most of them, said “many were cold”.

> Many said so.
It wasn't "significant" to us; `few` is code.
"""


def remarks(tmp_path, text, **settings):
    folder = tmp_path / "waves" / "w1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "author_notes.md").write_text(text, encoding="utf-8")
    return wording_problems(tmp_path, "w1", **{"foretells": False} | settings)


def test_each_word_is_named_with_its_line(tmp_path):
    found = [(finding.line, finding.what.split('"')[1]) for finding in remarks(tmp_path, NOTES)]
    assert sorted(found) == [(5, "Most"), (6, "led to"), (9, "no … difference")]


def test_nothing_but_the_word_itself_is_repeated(tmp_path):
    assert "Svensson" not in "".join(map(str, remarks(tmp_path, NOTES)))


def test_they_are_notes_and_stop_nothing(tmp_path):
    assert {(finding.level, finding.code) for finding in remarks(tmp_path, NOTES)} == {("note", "W24")}


def test_a_study_that_foretells_may_say_predicts(tmp_path):
    text = "Coldness predicts dropping out.\n"
    assert len(remarks(tmp_path, text)) == 1
    assert remarks(tmp_path, text, foretells=True) == []


@pytest.mark.parametrize("text", ["", "\n", "## 03 Themes by outcome\n", "A theme was coded for 3 of 8.\n"])
def test_plain_notes_are_left_alone(tmp_path, text):
    assert remarks(tmp_path, text) == []


def test_a_wave_without_notes_is_left_alone(tmp_path):
    assert wording_problems(tmp_path, "w1", foretells=False) == []


def test_many_remarks_are_cut_short(tmp_path):
    found = remarks(tmp_path, "Most said so.\n\n" * 30)
    assert len(found) == 11
    assert found[-1].what == "20 more like the one above."


def test_the_check_of_a_study_shows_them(tmp_path):
    study = write_study(tmp_path / "study")
    (study / "waves" / "w1" / "author_notes.md").write_text("Coldness caused it.\n", encoding="utf-8")
    assert [f.line for f in al.check_study(study) if f.code == "W24"] == [1]
