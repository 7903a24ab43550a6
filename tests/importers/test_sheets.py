"""Cells come back as they stand, and whatever the strict readers refuse is refused here too."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pytest
from export_files import csv_file, hide_row, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import StudyError
from analysis_lib.importers.sheets import read_sheets, reading_remarks, top_rows

SIGNS = [*"aé>: \t\n\r\"';,=", "🙂", "👩\u200d👩\u200d👧", "e\u0301", "ש", "\u200f", "\u00a0", "ï"]
AWKWARD = st.lists(st.sampled_from(SIGNS), max_size=12).map(lambda signs: f"x{''.join(signs)}x")


def codes_of(path: Path) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read_sheets(path)
    return [finding.code for finding in caught.value.findings]


ROWS = st.lists(st.tuples(AWKWARD, AWKWARD), min_size=1, max_size=6).map(
    lambda rows: tuple((str(k), *row) for k, row in enumerate(rows, start=1))
)


@given(rows=ROWS)
@settings(deadline=None, max_examples=60)
def test_values_of_a_text_file_come_back_exactly(rows: tuple[tuple[str, ...], ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sheet = read_sheets(csv_file(Path(folder) / "s.csv", [("Id", "Code", "Segment"), *rows]))[0]
    assert sheet.rows == rows


@given(rows=ROWS)
@settings(deadline=None, max_examples=60)
def test_values_of_a_workbook_come_back_exactly(rows: tuple[tuple[str, ...], ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = workbook(Path(folder) / "s.xlsx", {"A": [("Id", "Code", "Segment"), *rows]})
        sheet = read_sheets(path)[0]
    assert sheet.rows == rows


def test_every_sheet_is_read_and_an_empty_one_left_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", {"A": [["a"], ["1"]], "B": [], "C": [["c"], ["2"]]})
    assert [(sheet.name, sheet.rows) for sheet in read_sheets(path)] == [("A", (("1",),)), ("C", (("2",),))]


def test_blank_rows_go_and_lines_stay(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", {"A": [["a", "b"], ["1", "2"], [None, " "], ["3", "4"]]})
    assert read_sheets(path)[0].lines == (2, 4)


def test_repeated_headers_are_no_reason_to_refuse_an_export(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "s.csv", [["school", "school"], ["a", "b"]])
    assert read_sheets(path)[0].header == ("school", "school")


def test_a_hidden_row_stops(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", {"A": [["a"], ["1"], ["2"]]})
    assert codes_of(hide_row(path, 2)) == ["R63"]


def test_a_ragged_text_file_stops(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(b"a,b\n1,2\n3\n")
    assert codes_of(tmp_path / "s.csv") == ["R44"]


def test_another_kind_of_file_stops(tmp_path: Path) -> None:
    (tmp_path / "s.xls").write_bytes(b"x")
    assert codes_of(tmp_path / "s.xls") == ["M50"]


def test_a_file_that_is_not_there_stops(tmp_path: Path) -> None:
    assert codes_of(tmp_path / "s.csv") == ["M51"]


def test_a_text_file_that_is_no_workbook_stops_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "s.xlsx").write_bytes(b"my private words\n")
    assert codes_of(tmp_path / "s.xlsx") == ["R07"]


def test_what_was_decided_about_the_encoding_is_a_remark(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "s.csv", [["a", "b"], ["é", "1"]], encoding="cp1252")
    remarks = reading_remarks(read_sheets(path), "codings")
    assert [remark.what for remark in remarks] == ["read"]
    assert "cp1252" in remarks[0].text


@pytest.mark.parametrize("name", ["s.csv", "s.xlsx", "s.png", "missing.csv"])
def test_nothing_is_recognised_in_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    if name != "missing.csv":
        (tmp_path / name).write_bytes(b"\x89PNG\x00\x00\x00")
    assert top_rows(tmp_path / name) == ()


def test_the_first_rows_are_found_whatever_separates_the_values(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "s.csv", [["Code", "Segment"], ["a", "b; c"]], delimiter=";")
    assert top_rows(path)[0] == (("Code", "Segment"), ("a", "b; c"))


def test_a_workbook_that_would_grow_without_bound_stops_and_is_not_recognised(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", {"A": [["a"], ["1"]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", b"<a>" + b" " * 40_000_000 + b"</a>")
    assert codes_of(path) == ["R75"]
    assert top_rows(path) == ()


def test_a_workbook_with_definitions_stops(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", {"A": [["a"], ["1"]]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/more.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    assert codes_of(path) == ["R76"]
