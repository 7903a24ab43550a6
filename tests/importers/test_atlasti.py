"""Quotations of ATLAS.ti: several codes in a cell, groups before a colon, and counts that have to agree."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from export_files import csv_file, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import StudyError
from analysis_lib.importers import atlasti
from analysis_lib.importers.project import Project

HEADER = [
    "ID",
    "Quotation Name",
    "Document",
    "Document Groups",
    "Quotation Content",
    "Comment",
    "Codes",
    "Reference",
    "Density",
    "Created by",
    "Modified by",
    "Created",
    "Modified",
]


def quotation(key: str, document: str, words: str, codes: str, density: object = "") -> list[object]:
    made = "2024-07-02 09:30:00"
    return [
        key,
        "n",
        document,
        "wave 1\r\nhelped",
        words,
        "a memo",
        codes,
        "¶ 3",
        density,
        "alice",
        "bob",
        made,
        made,
    ]


def read(tmp_path: Path, *rows: list[object]) -> Project:
    return atlasti.read(workbook(tmp_path / "q.xlsx", {"Quotation Manager": [HEADER, *rows]}))


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_each_line_of_the_cell_is_a_coding(tmp_path: Path, line_end: str) -> None:
    codes = line_end.join(["alliance: felt heard", "cost", ""])
    project = read(tmp_path, quotation("1:3", "P01", "I felt heard 🙂", codes, 2))
    assert [(c.code, c.text, c.origin) for c in project.codings] == [
        ("alliance/felt heard", "I felt heard 🙂", "1:3"),
        ("cost", "I felt heard 🙂", "1:3"),
    ]
    assert project.unreconciled() == {}


def test_who_when_memo_and_document_groups_are_kept(tmp_path: Path) -> None:
    project = read(tmp_path, quotation("1:3", "P01", "a", "cost"))
    coding = project.codings[0]
    assert (coding.coder, coding.coded_at, coding.memo) == ("alice", "2024-07-02T09:30:00", "a memo")
    assert dict(project.sources[0].variables) == {"document_groups": "wave 1; helped"}
    assert (coding.start, coding.end) == (None, None)


def test_a_group_before_a_colon_is_a_guess_as_sure_as_codes_share_it(tmp_path: Path) -> None:
    codes = "alliance: felt heard\nalliance: remembered\nhomework: forgot\nplain"
    project = read(tmp_path, quotation("1:1", "P01", "a", codes))
    guess = next(remark for remark in project.remarks if remark.what == "guessed")
    assert (guess.n, guess.confidence) == (3, 0.67)  # two of three named with a colon share their group
    assert [code.path for code in project.codes][:2] == [("alliance",), ("alliance", "felt heard")]


def test_a_colon_without_a_space_is_part_of_the_name(tmp_path: Path) -> None:
    assert [code.path for code in read(tmp_path, quotation("1:1", "P01", "a", "16:30")).codes] == [("16:30",)]


def test_a_quotation_without_codes_is_no_coding_and_its_document_stays(tmp_path: Path) -> None:
    project = read(tmp_path, quotation("1:1", "P01", "a", ""), quotation("2:1", "P02", "b", "cost"))
    assert len(project.codings) == 1
    assert [source.name for source in project.sources] == ["P02", "P01"]
    assert [(r.n, r.ids) for r in project.remarks if "without a code" in r.text] == [(1, ("1:1",))]
    assert project.unreconciled() == {}


def test_a_stated_number_of_codes_that_is_not_that_of_the_cell_is_said(tmp_path: Path) -> None:
    project = read(tmp_path, quotation("1:1", "P01", "a", "cost", 2), quotation("1:2", "P01", "b", "cost", 1))
    assert [(r.n, r.ids) for r in project.remarks if "stated number" in r.text] == [(1, ("2",))]


def test_a_quotation_on_the_sheets_of_two_codes_is_taken_once(tmp_path: Path) -> None:
    row = quotation("1:1", "P01", "a", "cost\nalliance")
    project = atlasti.read(workbook(tmp_path / "q.xlsx", {"cost": [HEADER, row], "alliance": [HEADER, row]}))
    assert [coding.code for coding in project.codings] == ["cost", "alliance"]
    assert [r.n for r in project.remarks if r.what == "merged"] == [2]
    assert project.unreconciled() == {}


def test_one_code_named_twice_in_a_cell_is_one_coding(tmp_path: Path) -> None:
    project = read(tmp_path, quotation("1:1", "P01", "a", "cost\ncost"))
    assert (len(project.codings), project.unreconciled()) == (1, {})


def test_a_quotation_without_a_document_is_dropped_and_counted(tmp_path: Path) -> None:
    project = read(tmp_path, quotation("1:1", "", "a", "cost\nalliance"))
    assert [(r.kind, r.n) for r in project.remarks if r.what == "dropped"] == [("codings", 2)]
    assert project.unreconciled() == {}


def test_a_sheet_without_codes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        atlasti.read(csv_file(tmp_path / "q.csv", [["ID", "Document"], ["1", "P01"]]))
    assert [finding.code for finding in caught.value.findings] == ["M53"]


def test_a_file_is_recognised_by_its_headers(tmp_path: Path) -> None:
    path = workbook(tmp_path / "q.xlsx", {"A": [HEADER, quotation("1:1", "P01", "a", "cost")]})
    assert atlasti.recognises(path) == 1.0
    assert atlasti.recognises(csv_file(tmp_path / "b.csv", [["id", "tag"], ["1", "2"]])) == 0.0


WORDS = st.lists(st.sampled_from([*'ab \n\r,;"', "🙂", "e\u0301", "ש"]), min_size=1, max_size=9).map("x".join)
CODES = st.lists(st.sampled_from(["cost", "alliance: felt heard", "alliance", "🙂"]), unique=True, max_size=3)


@given(rows=st.lists(st.tuples(st.sampled_from(["P01", "P02"]), WORDS, CODES), min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_words_come_back_exactly_and_codings_reconcile(rows: list[tuple[str, str, list[str]]]) -> None:
    table = [
        quotation(f"1:{k}", document, f"x{words}x", "\r\n".join(codes), len(codes))
        for k, (document, words, codes) in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as folder:
        project = atlasti.read(workbook(Path(folder) / "q.xlsx", {"A": [HEADER, *table]}))
    expected = [
        (f"1:{k}", code.replace(": ", "/"), f"x{words}x")
        for k, (_, words, codes) in enumerate(rows)
        for code in codes
    ]
    assert [(c.origin, c.code, c.text) for c in project.codings] == expected
    assert project.unreconciled() == {}
