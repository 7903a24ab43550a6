"""NVivo: extracts give codings, classifications give cases, and counts are refused with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_files import csv_file, workbook

from analysis_lib.errors import StudyError
from analysis_lib.importers import nvivo

EXTRACT = ["Hierarchical Name", "File Name", "Coded Text", "Coded By Initials", "Coverage"]


def test_an_extract_gives_codings_below_the_folder_of_all_codes(tmp_path: Path) -> None:
    rows = [EXTRACT, ["Nodes\\\\Alliance\\felt heard", "Files\\\\P01", "I felt heard 🙂\r\nso", "AL", "0.5"]]
    project = nvivo.read(workbook(tmp_path / "n.xlsx", {"Extract": rows}))
    coding = project.codings[0]
    assert (coding.source, coding.code, coding.text) == (
        "P01",
        "Alliance/felt heard",
        "I felt heard 🙂\r\nso",
    )
    assert (coding.coder, coding.start) == ("AL", None)
    assert project.unreconciled() == {}


def test_the_same_words_coded_twice_stay_two(tmp_path: Path) -> None:
    rows = [EXTRACT, ["cost", "P01", "yes", "AL", ""], ["cost", "P01", "yes", "AL", ""]]
    project = nvivo.read(csv_file(tmp_path / "n.csv", rows))
    assert (len(project.codings), project.unreconciled()) == (2, {})


def test_an_extract_is_a_guess_since_no_header_is_verified(tmp_path: Path) -> None:
    project = nvivo.read(csv_file(tmp_path / "n.csv", [EXTRACT, ["cost", "P01", "yes", "AL", ""]]))
    assert [(r.n, r.confidence) for r in project.remarks if r.what == "guessed"] == [(5, 0.0)]


def classification() -> list[list[object]]:
    return [
        ["", "A : Outcome", "B : Age"],
        ["1 : Cases\\\\P01", "helpful", 41],
        ["2 : Cases\\\\P02", "Unassigned", "Not Applicable"],
        ["3 : Cases\\\\P03", "mixed", None],
    ]


def test_a_classification_sheet_gives_cases_and_attributes(tmp_path: Path) -> None:
    project = nvivo.read(workbook(tmp_path / "n.xlsx", {"Person": classification()}))
    assert {case.name: dict(case.variables) for case in project.cases} == {
        "P01": {"Outcome": "helpful", "Age": "41"},
        "P02": {},
        "P03": {"Outcome": "mixed"},
    }
    assert project.unreconciled() == {}


def test_values_that_mean_none_was_given_are_counted_in_their_places(tmp_path: Path) -> None:
    project = nvivo.read(workbook(tmp_path / "n.xlsx", {"Person": classification()}))
    missing = next(remark for remark in project.remarks if remark.kind == "variables")
    assert (missing.n, len(missing.ids)) == (2, 2)
    assert all(place.startswith("line 3, ") for place in missing.ids)


def test_cases_without_documents_are_orphans(tmp_path: Path) -> None:
    project = nvivo.read(workbook(tmp_path / "n.xlsx", {"Person": classification()}))
    assert [(r.kind, r.n) for r in project.remarks if r.what == "orphaned"] == [("cases", 3)]


def test_a_case_described_twice_is_said(tmp_path: Path) -> None:
    rows = [*classification(), ["4 : Cases\\\\P01", "mixed", 41]]
    project = nvivo.read(workbook(tmp_path / "n.xlsx", {"Person": rows}))
    assert [(r.kind, r.ids) for r in project.remarks if r.what == "dropped"] == [("cases", ("5",))]
    assert project.unreconciled() == {}


@pytest.mark.parametrize(
    "rows",
    [
        [["", "A : helpful", "B : mixed"], ["1 : Alliance", 3, 0], ["2 : Cost", 1, 4]],
        [["Codes", "Outcome = helpful", "Total"], ["Alliance", "30%", "40%"], ["Cost", "12,5%", ""]],
    ],
)
def test_counts_are_refused_and_the_right_export_named(tmp_path: Path, rows: list[list[object]]) -> None:
    with pytest.raises(StudyError) as caught:
        nvivo.read(workbook(tmp_path / "n.xlsx", {"Crosstab": rows}))
    finding = caught.value.findings[0]
    assert (finding.code, finding.sheet) == ("M59", "Crosstab")
    assert "no coding can be recovered" in finding.what
    assert ".qdpx" in finding.fix


def test_a_table_that_is_neither_names_its_headers(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        nvivo.read(csv_file(tmp_path / "n.csv", [["Mood", "Words"], ["a", "b"]]))
    assert {finding.code for finding in caught.value.findings} == {"M53"}


def test_labels_and_headers_are_recognised(tmp_path: Path) -> None:
    assert nvivo.recognises(workbook(tmp_path / "a.xlsx", {"Person": classification()})) == 0.6
    assert nvivo.recognises(csv_file(tmp_path / "b.csv", [EXTRACT, ["c", "P01", "x", "AL", ""]])) == 0.9
    assert nvivo.recognises(csv_file(tmp_path / "c.csv", [["id", "mood"], ["1", "2"]])) == 0.0
