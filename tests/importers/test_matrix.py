"""A matrix of persons and codes: one, zero or nothing, and everything else refused where it stands."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from export_files import csv_file, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers import coded_table, matrix
from analysis_lib.importers.project import Span

HEADER = ["participant_id", "alliance", "cost"]


def findings(path: Path) -> list[Finding]:
    with pytest.raises(StudyError) as caught:
        matrix.read(path)
    return caught.value.findings


def test_a_one_is_a_coding_of_the_person_as_a_whole(tmp_path: Path) -> None:
    path = workbook(tmp_path / "m.xlsx", {"A": [HEADER, ["P01", 1, 0], ["P02", 0, 0]]})
    project = matrix.read(path)
    assert [(c.source, c.code, c.start, c.case) for c in project.codings] == [
        ("P01", "alliance", None, "P01")
    ]
    assert [(case.name, case.spans) for case in project.cases] == [
        ("P01", (Span("P01"),)),
        ("P02", (Span("P02"),)),
    ]
    assert project.unreconciled() == {}


def test_a_code_that_nobody_was_given_and_a_person_without_codes_stay(tmp_path: Path) -> None:
    project = matrix.read(csv_file(tmp_path / "m.csv", [HEADER, ["P01", 1, 0], ["P02", 0, 0]]))
    assert [code.key for code in project.codes] == ["alliance", "cost"]
    assert [source.key for source in project.sources] == ["P01", "P02"]


def test_an_empty_cell_is_not_a_zero_and_is_said_in_its_place(tmp_path: Path) -> None:
    project = matrix.read(csv_file(tmp_path / "m.csv", [HEADER, ["P01", "", 1], ["P02", 0, ""]]))
    empty = next(remark for remark in project.remarks if remark.text.startswith("Empty cells"))
    assert (empty.n, empty.ids) == (2, ("line 2, column alliance", "line 3, column cost"))


@pytest.mark.parametrize("value", ["2", "yes", "1.0", "-1", "true", "x"])
def test_anything_else_is_refused_in_its_place(tmp_path: Path, value: str) -> None:
    found = findings(csv_file(tmp_path / "m.csv", [HEADER, ["P01", 1, value]]))
    assert [(f.code, f.line, f.column) for f in found] == [("M60", 2, "cost")]
    assert f'"{value}"' not in found[0].what


def test_a_flood_of_wrong_cells_is_counted(tmp_path: Path) -> None:
    found = findings(csv_file(tmp_path / "m.csv", [HEADER, *([f"P{k}", 3, 0] for k in range(40))]))
    assert len(found) == 11
    assert "30 more" in found[-1].what


def test_a_person_named_twice_or_not_at_all_is_refused(tmp_path: Path) -> None:
    found = findings(csv_file(tmp_path / "m.csv", [HEADER, ["P01", 1, 0], ["P01", 0, 0], ["", 1, 0]]))
    assert [(f.code, f.line) for f in found] == [("M61", 3), ("M61", 4)]


def test_a_code_named_twice_or_not_at_all_is_refused(tmp_path: Path) -> None:
    rows = [["participant_id", "cost", "cost", ""], ["P01", 1, 0, 1]]
    assert [f.code for f in findings(csv_file(tmp_path / "m.csv", rows))] == ["M62", "M62", "M62"]


def test_a_table_that_names_no_person_is_refused(tmp_path: Path) -> None:
    assert [f.code for f in findings(csv_file(tmp_path / "m.csv", [["mood", "cost"], ["1", "0"]]))] == ["M53"]


def test_ones_and_zeros_beside_persons_are_recognised(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "m.csv", [HEADER, ["P01", 1, ""]])
    assert (matrix.recognises(path), coded_table.recognises(path)) == (0.4, 0.0)
    assert matrix.recognises(csv_file(tmp_path / "n.csv", [HEADER, ["P01", 1, 2]])) == 0.0


@given(
    cells=st.lists(
        st.lists(st.sampled_from(["0", "1", ""]), min_size=3, max_size=3), min_size=1, max_size=12
    ),
    data=st.data(),
)
@settings(deadline=None, max_examples=60)
def test_the_matrix_can_be_put_together_again_whatever_the_order_of_rows(
    cells: list[list[str]], data: st.DataObject
) -> None:
    rows = [[f"P{k:02}", *row] for k, row in enumerate(cells)]
    shuffled = data.draw(st.permutations(rows))
    with tempfile.TemporaryDirectory() as folder:
        project = matrix.read(csv_file(Path(folder) / "m.csv", [["person", "a", "b", "c"], *shuffled]))
    given_ = {(coding.case, coding.code) for coding in project.codings}
    assert given_ == {
        (p, code) for p, *row in rows for code, value in zip("abc", row, strict=True) if value == "1"
    }
    assert sum(r.n for r in project.remarks if r.text.startswith("Empty")) == sum(
        row.count("") for row in cells
    )
    assert project.unreconciled() == {}
