"""The tables for spreadsheets and programs: complete, harmless to open, the same bytes twice."""

from __future__ import annotations

import csv
import json

import pytest
from hostile import HOSTILE

from analysis_lib.formatted import Cell, FormattedTable, Head, Row, printable
from analysis_lib.report.sections import Section
from analysis_lib.report.table_files import as_csv, write_table_files

TABLE = FormattedTable(
    "Who says what",
    "Theme",
    ((Head("n"), Head("Difference")),),
    (Row("Upper", heading=True), Row("Cold", (Cell("14"), Cell("+25 [9, 42]")), 1)),
    ("p: exact.", "Base: everybody."),
)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def test_a_readable_csv_opens_with_number_and_title_and_ends_with_the_notes():
    assert rows(as_csv("Table 3.2", TABLE)) == [
        ["Table 3.2. Who says what", "", ""],
        ["Theme", "n", "Difference"],
        ["Upper", "", ""],
        ["  Cold", "14", "'+25 [9, 42]"],  # a spreadsheet would run what begins with a plus
        ["Base: everybody.", "", ""],
        ["p: exact.", "", ""],
    ]


@pytest.mark.parametrize("evil", HOSTILE)
def test_whatever_anybody_wrote_stands_in_a_cell_and_runs_nowhere(evil):
    table = FormattedTable(evil, evil, ((Head(evil),),), (Row(evil, (Cell(evil),), 0),), (evil,))
    cells = [cell for row in csv.reader(as_csv("Table 1.1", table).splitlines(keepends=True)) for cell in row]
    assert any(printable(evil) in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_files_are_named_by_number_and_the_json_holds_all_of_them(example, tmp_path):
    payloads = tuple(p for p in example.payloads if p.shape == "table")[:3]
    for name in ("one", "other"):
        write_table_files(tmp_path / name, [Section("03", "Which?", payloads)])
    names = ["table_3_1.csv", "table_3_2.csv", "table_3_3.csv", "tables.json"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == names
    raw = json.loads((tmp_path / "one" / "tables.json").read_text(encoding="utf-8"))
    assert [table["number"] for table in raw] == ["Table 3.1", "Table 3.2", "Table 3.3"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
