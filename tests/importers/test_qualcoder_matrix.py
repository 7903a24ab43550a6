"""QualCoder's table of codes by segments: a coding per 1, without coders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from analysis_lib.errors import StudyError
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.qualcoder_matrix import read, recognises

HEADER = ["caseid", "case name", "fileid", "file name", "pos0", "pos1", "text", "alliance", "cost"]
ROW = [1, "P01", 2, "one.txt", 7, 12, "heard", 1, 0]


def table(path: Path, *rows: Sequence[object]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


def said(project: Project, words: str) -> Remark:
    return next(remark for remark in project.remarks if words in remark.text)


def test_each_one_is_a_coding_and_each_nought_is_none(tmp_path):
    both = [*ROW[:4], 20, 25, "money", 1, 1]
    project = read(table(tmp_path / "m.xlsx", HEADER, ROW, both))
    assert [(each.code, each.start, each.end, each.text) for each in project.codings] == [
        ("alliance", 7, 12, "heard"),
        ("alliance", 20, 25, "money"),
        ("cost", 20, 25, "money"),
    ]
    assert {each.case for each in project.codings} == {"1"}
    assert (project.cases[0].name, project.sources[0].name) == ("P01", "one.txt")
    assert project.unreconciled() == {}


def test_that_nobody_knows_who_coded_is_said(tmp_path):
    lost = said(read(table(tmp_path / "m.xlsx", HEADER, ROW)), "reliability")
    assert (lost.what, lost.n) == ("not carried", 1)


def test_a_table_by_file_has_no_cases(tmp_path):
    project = read(table(tmp_path / "m.xlsx", HEADER, [-1, None, *ROW[2:]]))
    assert project.cases == ()
    assert project.codings[0].case is None


def test_cells_other_than_0_and_1_rows_without_document_and_repeated_rows_are_counted(tmp_path):
    rows = [[*ROW[:7], 2, 0], [1, "P01", None, None, 7, 12, "heard", 1, 0], ROW, ROW]
    project = read(table(tmp_path / "m.xlsx", HEADER, *rows))
    assert said(project, "neither 0 nor 1").ids == ("row 2",)
    assert said(project, "name no document").ids == ("row 3",)
    assert said(project, "more than one row").ids == ("row 5",)
    assert len(project.codings) == 1
    assert project.unreconciled() == {}


def test_a_code_that_nobody_gave_any_more_is_still_a_code(tmp_path):
    project = read(table(tmp_path / "m.xlsx", HEADER, ROW))
    assert [code.name for code in project.codes] == ["alliance", "cost"]


def test_other_tables_are_refused(tmp_path):
    path = table(tmp_path / "m.xlsx", ["document", *HEADER], ["x", *ROW])
    assert recognises(path) == 0.0
    with pytest.raises(StudyError, match="M41"):
        read(path)


def test_two_columns_of_one_code_are_refused(tmp_path):
    with pytest.raises(StudyError, match="M41"):
        read(table(tmp_path / "m.xlsx", [*HEADER[:-1], "alliance"], ROW))
