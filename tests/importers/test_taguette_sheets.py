"""Taguette's lists of highlights and tags, and the tree that tags stand for."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from program_files import sample

from analysis_lib.errors import StudyError
from analysis_lib.importers import taguette, taguette_codebook, taguette_highlights
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.taguette_tags import tag_code, tag_path, tree_remarks

HEADER = ["id", "document", "tag", "content"]


def table(path: Path, *rows: Sequence[str]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8"))
    return path


def said(project: Project, words: str) -> Remark:
    return next(remark for remark in project.remarks if words in remark.text)


def test_rows_that_repeat_a_highlight_with_the_same_tag_are_one_coding(tmp_path):
    first, second = ["2", "one", "a", "words\n here"], ["2", "one", "a.b", "words\n here"]
    project = taguette_highlights.read(table(tmp_path / "h.csv", HEADER, first, second, first, second))
    assert [(each.text, each.origin) for each in project.codings] == [
        ("words\n here", "2"),
        ("words\n here", "2"),
    ]
    assert (said(project, "repeat").what, said(project, "repeat").n) == ("merged", 2)
    assert project.unreconciled() == {}


def test_the_same_words_highlighted_twice_are_two_codings(tmp_path):
    project = taguette_highlights.read(
        table(tmp_path / "h.csv", HEADER, ["1", "one", "a", "yes"], ["2", "one", "a", "yes"])
    )
    assert [each.origin for each in project.codings] == ["1", "2"]


def test_rows_without_tag_or_document_are_dropped_and_counted(tmp_path):
    rows = [["1", "one", "", "yes"], ["2", "", "a", "no"], ["3", "one", "a", "well"]]
    project = taguette_highlights.read(table(tmp_path / "h.csv", HEADER, *rows))
    assert said(project, "without a tag").ids == ("1",)
    assert said(project, "name no document").ids == ("2",)
    assert project.unreconciled() == {}


def test_one_number_with_two_contents_is_said(tmp_path):
    rows = [["1", "one", "a", "yes"], ["1", "one", "b", "no"]]
    project = taguette_highlights.read(table(tmp_path / "h.csv", HEADER, *rows))
    assert said(project, "different words").ids == ("1",)


@pytest.mark.parametrize("reader", [taguette_highlights, taguette_codebook])
def test_other_tables_are_refused(tmp_path, reader):
    path = table(tmp_path / "x.csv", ["id", "tag", "words"], ["1", "a", "b"])
    assert reader.recognises(path) == 0.0
    with pytest.raises(StudyError, match=r"M4[23]"):
        reader.read(path)


def test_a_tag_that_is_listed_twice_is_one_code(tmp_path):
    rows = [["tag", "description"], ["a", "first"], ["a", "second"], ["", "nothing"]]
    project = taguette_codebook.read(table(tmp_path / "c.csv", *rows))
    assert [(code.name, code.description) for code in project.codes] == [("a", "first")]
    assert said(project, "twice").ids == ("row 3",)
    assert said(project, "without a tag").ids == ("row 4",)
    assert project.unreconciled() == {}


def test_any_table_of_tags_and_descriptions_is_only_half_recognised(tmp_path):
    path = table(tmp_path / "c.csv", ["tag", "description"], ["a", "b"])
    assert 0 < taguette_codebook.recognises(path) < 0.5


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        ("a.b/c\\d", ("a", "b", "c", "d")),
        ("a..b", ("a", "b")),
        ("a. b", ("a. b",)),
        ("ages 0.5-2.5", ("ages 0.5-2.5",)),
        (".hidden", (".hidden",)),
        ("wave1.theme", ("wave1", "theme")),
        ("", ("",)),
    ],
)
def test_a_separator_stands_between_two_things(tag, path):
    assert tag_path(tag) == path


def test_a_tag_keeps_its_guid_whatever_stands_around_it():
    # From the codebook that Taguette 1.5.2 itself exported.
    assert tag_code("interesting").guid == "0d62985d-b147-5d01-a9b5-cae5dcd98342"


def test_the_tree_is_a_guess_and_less_sure_where_lower_tags_are_alone():
    codes = {name: tag_code(name) for name in ("a.b", "a.c", "x.y", "z")}
    (guess,) = tree_remarks(codes)
    assert (guess.what, guess.ids, guess.confidence) == ("guessed", ("a.b", "a.c", "x.y"), 2 / 3)
    assert tree_remarks({"z": tag_code("z")}) == []


def test_tags_that_become_one_path_stay_two_codes():
    codes = {"1": tag_code("a.b"), "2": tag_code("a/b")}
    assert codes["1"].key != codes["2"].key
    assert tree_remarks(codes)[1].ids == ("1", "2")


@pytest.mark.parametrize("name", ["highlights_all.csv", "highlights_all.xlsx"])
def test_the_list_of_the_sample_has_the_codings_of_its_project(name):
    def what(project: Project) -> list[tuple[str, str, str, str]]:
        called = {source.key: source.name for source in project.sources}
        return sorted((each.origin, called[each.source], each.code, each.text) for each in project.codings)

    listed = taguette_highlights.read(sample(f"taguette/{name}"))
    assert what(listed) == what(taguette.read(sample("taguette/project.sqlite3")))
    assert listed.found["highlights"] == 11  # the untagged one is not in the list


def test_a_list_of_one_tag_counts_its_doubled_rows_once():
    project = taguette_highlights.read(sample("taguette/highlights_alliance.csv"))
    assert said(project, "repeat").n == 2
    assert len(project.codings) == 7
    assert project.unreconciled() == {}


@pytest.mark.parametrize("name", ["codebook.csv", "codebook.xlsx"])
def test_the_codebook_of_the_sample_has_the_tags_of_its_project(name):
    listed = taguette_codebook.read(sample(f"taguette/{name}"))
    assert listed.codes == taguette.read(sample("taguette/project.sqlite3")).codes
