"""No text that is written for a spreadsheet runs there, and the strict reader gives it back as it was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from bad_inputs.databases import coded, qualcoder
from tiny_study import WAVE, write_study

from analysis_lib.__main__ import main
from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.readers import read_table
from analysis_lib.readers.apostrophes import as_it_was
from analysis_lib.report.table_files import as_csv
from analysis_lib.result_files import write_csv

PAYLOADS = [
    "=1+1",
    "=HYPERLINK(\"http://x.org\",\"open\")",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "'=1+1",
]  # fmt: skip
LIVE = tuple("=+-@\t\r\n＝＋－＠")


def fields(text: str) -> list[str]:
    return [
        field
        for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
        for field in row
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_results_file_runs_nothing_and_reads_back(payload: str, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    write_csv(path, pd.DataFrame({"label": [payload, "plain"], "n": [1, 2]}))
    assert not [field for field in fields(path.read_text(encoding="utf-8")) if field.startswith(LIVE)]
    table = read_table(path, shown_as="r.csv")
    assert [row[0] for row in table.rows] == [payload.strip(), "plain"]
    assert ("R29", 2, "label") in [(note.code, note.line, note.column) for note in table.notes]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_table_of_the_report_runs_nothing(payload: str) -> None:
    table = FormattedTable(
        payload, payload, ((Head(payload),),), (Row(payload, (Cell(payload),)),), notes=(payload,)
    )
    found = fields(as_csv("Table 1.1", table))
    assert not [field for field in found if field.startswith(LIVE)]
    assert any(payload.strip() in as_it_was(field) for field in found)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_words_that_are_imported_run_nothing_and_are_read_as_they_were_said(
    payload: str, tmp_path: Path
) -> None:
    words = f"{payload} she said"
    write_study(tmp_path / "study", {"waves/w2/wave.yaml": WAVE})
    qualcoder(
        source=[{"id": 1, "name": "one.txt", "fulltext": words}],
        code_text=[coded(1, 0, len(words), words, memo=payload)],
        case_text=[{"caseid": 1, "fid": 1, "pos0": 0, "pos1": len(words)}],
    )(tmp_path / "data.qda")
    command = ["import", str(tmp_path / "data.qda"), "--study", str(tmp_path / "study"), "--wave", "w2"]
    assert main(command) == 0
    path = tmp_path / "study/waves/w2/coded_segments.csv"
    assert not [field for field in fields(path.read_text(encoding="utf-8")) if field.startswith(LIVE)]
    table = read_table(path, shown_as="s.csv")
    (row,) = table.rows
    read = dict(zip(table.columns, row, strict=True))
    assert (read["text"], read["memo"]) == (words.replace("\r", "\n").strip(), payload.strip())


def test_numbers_of_an_import_stay_numbers(tmp_path: Path) -> None:
    write_study(tmp_path / "study", {"waves/w2/wave.yaml": WAVE})
    change = [{"name": "change", "attr_type": "case", "value": "-3", "id": 1}]
    qualcoder(attribute=change)(tmp_path / "data.qda")
    assert (
        main(["import", str(tmp_path / "data.qda"), "--study", str(tmp_path / "study"), "--wave", "w2"]) == 0
    )
    assert '"-3"' in (tmp_path / "study/waves/w2/participants.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["'tis so", "it's = 1", "''", "'", "’=1"])
def test_an_apostrophe_that_keeps_nothing_from_running_stays(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f'id,text\nP1,"{text}"\n', encoding="utf-8")
    table = read_table(path, shown_as="p.csv")
    assert table.rows == (("P1", text),)
    assert table.notes == ()


def test_one_module_of_ours_writes_a_workbook_and_its_own_tests_hold_it_to_text() -> None:
    written = [
        path.name
        for path in (Path(__file__).parents[2] / "analysis_lib").rglob("*.py")
        if any(
            word in path.read_text(encoding="utf-8")
            for word in ("to_excel", "openpyxl.Workbook", "xlsxwriter")
        )
    ]
    assert written == ["workbook_file.py"]  # tests/exporters/test_export_table_files.py
