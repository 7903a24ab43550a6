"""Excerpts of Dedoose: the Applied columns count, the combined one does not, and descriptors may repeat."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from export_files import csv_file, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import StudyError
from analysis_lib.importers import dedoose
from analysis_lib.importers.project import Project

FIXED = [
    "Media Title",
    "Excerpt Range",
    "Excerpt Creator",
    "Excerpt Date",
    "Excerpt Copy",
    "Resource Creator",
    "Resource Date",
    "Codes Applied Combined",
]
CODES = [
    f"Code: {path} {what}"
    for path in ("Alliance", "Alliance\\felt heard", "Cost")
    for what in ("Applied", "Range", "Weight")
]
HEADER = [*FIXED, *CODES, "school", "age"]


def excerpt(
    title: str, place: str, words: str, applied: tuple[object, object, object], *fields: object
) -> list[object]:
    codes: list[object] = []
    for each in applied:
        codes += [each, "", "2.5" if each is True else ""]
    return [
        title,
        place,
        "alice",
        "7/2/2024",
        words,
        "bob",
        "7/1/2024",
        "felt heard,Cost",
        *codes,
        *(fields or ("A", 30)),
    ]


def read(tmp_path: Path, *rows: list[object], header: list[str] = HEADER) -> Project:
    return dedoose.read(workbook(tmp_path / "e.xlsx", {"Excerpts": [header, *rows]}))


def codes_of(tmp_path: Path, *rows: list[object], header: list[str] = HEADER) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, *rows, header=header)
    return [finding.code for finding in caught.value.findings]


def test_applied_columns_make_the_codings_and_the_combined_one_none(tmp_path: Path) -> None:
    project = read(tmp_path, excerpt("P01.docx", "0-4", "felt", (False, True, False)))
    assert [(c.source, c.code, c.text, c.weight) for c in project.codings] == [
        ("P01.docx", "Alliance/felt heard", "felt", 2.5)
    ]
    assert project.unreconciled() == {}


def test_codes_that_were_never_applied_are_known(tmp_path: Path) -> None:
    project = read(tmp_path, excerpt("P01.docx", "0-4", "felt", (False, True, False)))
    assert [code.path for code in project.codes] == [("Alliance",), ("Alliance", "felt heard"), ("Cost",)]


def test_dates_are_month_day_year(tmp_path: Path) -> None:
    assert (
        read(tmp_path, excerpt("P01", "0-1", "a", (True, False, False))).codings[0].coded_at == "2024-07-02"
    )


def test_a_text_file_with_words_for_true_is_read_alike(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "e.csv", [HEADER, excerpt("P01", "0-1", "a", ("True", "FALSE", ""))])
    assert [coding.code for coding in dedoose.read(path).codings] == ["Alliance"]


def test_places_are_taken_where_they_fit_the_words(tmp_path: Path) -> None:
    rows = [excerpt("P01", "10-14", "felt", (True,) * 3), excerpt("P01", "20-23", "one", (True,) * 3)]
    project = read(tmp_path, *rows)
    assert {(coding.start, coding.end) for coding in project.codings} == {(10, 14), (20, 23)}
    assert [(rule.score, rule.runner_up, rule.n) for rule in project.offsets] == [(1.0, 0.0, 2)]


def test_an_end_that_is_the_last_character_is_found_by_the_length(tmp_path: Path) -> None:
    project = read(tmp_path, excerpt("P01", "10-13", "felt", (True, False, False)))
    assert (project.codings[0].start, project.codings[0].end) == (10, 14)
    assert "inclusive" in project.offsets[0].rule


def test_places_that_fit_no_rule_are_left_out_and_said(tmp_path: Path) -> None:
    project = read(tmp_path, excerpt("P01", "10-99", "felt", (True, False, False)))
    assert (project.codings[0].start, project.offsets) == (None, ())
    assert any("do not fit the length" in remark.text for remark in project.remarks)


def test_places_on_a_page_are_left_out_and_said(tmp_path: Path) -> None:
    project = read(tmp_path, excerpt("P01.pdf", "Page 3: 10-40", "felt", (True, False, False)))
    assert project.codings[0].start is None
    assert [(r.n, r.ids) for r in project.remarks if "on a page" in r.text] == [(1, ("2",))]


def test_descriptors_belong_to_the_document_and_repeated_sets_keep_their_own_names(tmp_path: Path) -> None:
    header = [*FIXED, *CODES, "school", "age", "school"]
    project = read(tmp_path, excerpt("P01", "0-1", "a", (True, False, False), "A", 30, "B"), header=header)
    assert dict(project.sources[0].variables) == {"school": "A", "age": "30", "school.2": "B"}


def test_a_descriptor_that_changes_within_a_document_is_said(tmp_path: Path) -> None:
    rows = [
        excerpt("P01", "0-1", "a", (True, False, False), "A", 30),
        excerpt("P01", "0-1", "b", (True, False, False), "B", 30),
    ]
    project = read(tmp_path, *rows)
    assert dict(project.sources[0].variables) == {"school": "A", "age": "30"}
    assert [(r.what, r.ids) for r in project.remarks if r.kind == "variables"] == [("merged", ("3",))]


def test_a_document_whose_excerpts_have_no_code_is_still_there(tmp_path: Path) -> None:
    project = read(tmp_path, excerpt("P01", "0-1", "a", (False, False, False)))
    assert ([source.name for source in project.sources], project.codings) == (["P01"], ())
    assert project.unreconciled() == {}


def test_an_applied_cell_that_is_neither_true_nor_false_stops(tmp_path: Path) -> None:
    assert codes_of(tmp_path, excerpt("P01", "0-1", "a", ("maybe", False, False))) == ["M57"]


def test_a_sheet_without_code_columns_stops(tmp_path: Path) -> None:
    assert codes_of(tmp_path, ["P01", "0-1"], header=["Media Title", "Excerpt Range"]) == ["M55"]


def test_two_columns_of_one_code_stop(tmp_path: Path) -> None:
    header = ["Media Title", "Code: Cost Applied", "Code: Cost Applied"]
    assert codes_of(tmp_path, ["P01", True, False], header=header) == ["M56"]


def test_a_weight_that_is_no_number_is_said(tmp_path: Path) -> None:
    row = excerpt("P01", "0-1", "a", (True, False, False))
    row[10] = "high"
    project = read(tmp_path, row)
    assert project.codings[0].weight is None
    assert [(r.n, r.ids) for r in project.remarks if r.text.startswith("Weights")] == [(1, ("2",))]


def test_a_file_is_recognised_by_its_code_columns(tmp_path: Path) -> None:
    path = workbook(tmp_path / "e.xlsx", {"A": [HEADER, excerpt("P01", "0-1", "a", (True, False, False))]})
    assert dedoose.recognises(path) == 1.0
    assert dedoose.recognises(csv_file(tmp_path / "b.csv", [["id", "tag"], ["1", "2"]])) == 0.0


WORDS = st.lists(st.sampled_from([*'ab \n\r,;"', "🙂", "e\u0301", "ש"]), max_size=9).map(
    lambda s: f"x{''.join(s)}x"
)


@given(
    rows=st.lists(
        st.tuples(WORDS, st.tuples(st.booleans(), st.booleans(), st.booleans())), min_size=1, max_size=6
    )
)
@settings(deadline=None, max_examples=60)
def test_words_come_back_exactly_and_codings_reconcile(
    rows: list[tuple[str, tuple[bool, bool, bool]]],
) -> None:
    table = [excerpt("P01", f"5-{5 + len(words)}", words, applied) for words, applied in rows]
    with tempfile.TemporaryDirectory() as folder:
        project = dedoose.read(workbook(Path(folder) / "e.xlsx", {"A": [HEADER, *table]}))
    keys = ("Alliance", "Alliance/felt heard", "Cost")
    expected = [
        (key, words, 5, 5 + len(words))
        for words, applied in rows
        for key, given_ in zip(keys, applied, strict=True)
        if given_
    ]
    assert [(c.code, c.text, c.start, c.end) for c in project.codings] == expected
    assert project.unreconciled() == {}
