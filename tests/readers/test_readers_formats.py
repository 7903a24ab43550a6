"""The same table is the same text, whichever format it was saved in."""

import datetime as dt
import inspect
import types
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from analysis_lib import readers
from analysis_lib.errors import StudyError
from analysis_lib.readers import READERS, delimited, dta, ods, parquet, read_table, sav, table, workbook, xlsx

COLUMNS = ("participant_id", "age", "score", "started_on", "lasting", "answer")
ROWS = (
    ("P001", "41", "12.5", "2024-07-02", "true", "Sch\u00f6n, \u201cgut\u201d; so-so"),
    ("P002", "", "3", "2024-11-30", "false", ""),
    ("007", "38", "-0.25", "", "", "one\ntwo"),
)
TYPED = (
    ("P001", 41, 12.5, dt.date(2024, 7, 2), True, ROWS[0][5]),
    ("P002", None, 3.0, dt.date(2024, 11, 30), False, None),
    ("007", 38, -0.25, None, None, "one\ntwo"),
)


def write_text(path: Path, separator: str) -> None:
    quoted = [[f'"{v}"' if set(v) & set(',;\n"') else v for v in row] for row in (COLUMNS, *ROWS)]
    path.write_text("".join(separator.join(row) + "\n" for row in quoted), encoding="utf-8")


def write_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (COLUMNS, *TYPED):
        book.active.append(row)
    book.save(path)


def ods_cell(value: object) -> TableCell:
    if value is None:
        return TableCell()
    if isinstance(value, bool):
        return TableCell(valuetype="boolean", booleanvalue="true" if value else "false")
    if isinstance(value, int | float):
        return TableCell(valuetype="float", value=str(value))
    if isinstance(value, dt.date):
        return TableCell(valuetype="date", datevalue=value.isoformat())
    cell = TableCell(valuetype="string")
    for line in str(value).split("\n"):
        cell.addElement(P(text=line))
    return cell


def write_ods(path: Path) -> None:
    document = OpenDocumentSpreadsheet()
    sheet = Table(name="Sheet1")
    for row in (COLUMNS, *TYPED):
        line = TableRow()
        for value in row:
            line.addElement(ods_cell(value))
        sheet.addElement(line)
    document.spreadsheet.addElement(sheet)
    document.save(str(path))


def write_sav(path: Path) -> None:
    frame = pd.DataFrame(
        {
            "participant_id": ["P001", "P002", "007"],
            "age": [41.0, float("nan"), 38.0],
            "score": [12.5, 3.0, -0.25],
            "started_on": [dt.date(2024, 7, 2), dt.date(2024, 11, 30), None],
            "lasting": [1.0, 0.0, float("nan")],
            "answer": [ROWS[0][5], "", "one\ntwo"],
        }
    )
    pyreadstat.write_sav(frame, path, variable_value_labels={"lasting": {1: "true", 0: "false"}})


def write_dta(path: Path) -> None:
    frame = pd.DataFrame(
        {
            "participant_id": ["P001", "P002", "007"],
            "age": [41.0, float("nan"), 38.0],
            "score": [12.5, 3.0, -0.25],
            "started_on": [dt.date(2024, 7, 2), dt.date(2024, 11, 30), None],
            "lasting": [1.0, 0.0, float("nan")],
            "answer": [ROWS[0][5], "", "one\ntwo"],
        }
    )
    pyreadstat.write_dta(frame, path, variable_value_labels={"lasting": {1: "true", 0: "false"}})


def write_parquet(path: Path) -> None:
    columns = [pa.array([row[k] for row in TYPED]) for k in range(len(COLUMNS))]
    pq.write_table(pa.table(columns, names=list(COLUMNS)), path)


WRITERS: dict[str, Callable[[Path], None]] = {
    ".csv": lambda path: write_text(path, ","),
    ".tsv": lambda path: write_text(path, "\t"),
    ".xlsx": write_xlsx,
    ".ods": write_ods,
    ".sav": write_sav,
    ".dta": write_dta,
    ".parquet": write_parquet,
}


@pytest.mark.parametrize("ending", READERS)
def test_the_same_table_is_the_same_text_in_every_format(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"participants{ending}"
    WRITERS[ending](path)
    result = read_table(path, shown_as=f"waves/w1/participants{ending}")
    assert (result.columns, result.rows, result.lines) == (COLUMNS, ROWS, (2, 3, 4))
    assert result.file == f"waves/w1/participants{ending}"
    assert result.notes == ()


@pytest.mark.parametrize("ending", READERS)
def test_an_empty_file_stops_in_every_format(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"participants{ending}"
    path.write_bytes(b"")
    with pytest.raises(StudyError) as caught:
        read_table(path, shown_as="participants")
    assert [(f.level, f.code) for f in caught.value.findings] == [
        ("stop", "R10" if ending in (".csv", ".tsv") else "R07")
    ]


@pytest.mark.parametrize("ending", [".xlsx", ".ods", ".sav", ".dta", ".parquet"])
def test_a_file_that_is_not_what_its_name_says_stops_without_showing_it(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"participants{ending}"
    path.write_bytes(b"participant_id,answer\nP001,my private words\n" * 50)
    with pytest.raises(StudyError) as caught:
        read_table(path, shown_as="participants")
    assert [f.code for f in caught.value.findings] == ["R07"]
    assert "private" not in str(caught.value)


@pytest.mark.parametrize("ending", [".xlsx", ".ods", ".sav", ".dta", ".parquet"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_file_stops(ending: str, keep: float, tmp_path: Path) -> None:
    path = tmp_path / f"participants{ending}"
    WRITERS[ending](path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(StudyError) as caught:
        read_table(path, shown_as="participants")
    assert [f.code for f in caught.value.findings] == ["R07"]


@pytest.mark.parametrize("ending", READERS)
def test_a_link_out_of_the_study_folder_stops(ending: str, tmp_path: Path) -> None:
    outside, study = tmp_path / "elsewhere", tmp_path / "study"
    outside.mkdir()
    study.mkdir()
    WRITERS[ending](outside / f"p{ending}")
    (study / f"p{ending}").symlink_to(outside / f"p{ending}")
    with pytest.raises(StudyError) as caught:
        read_table(study / f"p{ending}", shown_as=f"p{ending}", root=study)
    assert [f.code for f in caught.value.findings] == ["R03"]


def test_without_a_root_a_link_may_not_leave_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    WRITERS[".csv"](tmp_path / "p.csv")
    (tmp_path / "study" / "p.csv").symlink_to(tmp_path / "p.csv")
    with pytest.raises(StudyError) as caught:
        read_table(tmp_path / "study" / "p.csv", shown_as="p.csv")
    assert [f.code for f in caught.value.findings] == ["R03"]


def test_a_link_inside_the_study_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "w1").mkdir()
    WRITERS[".csv"](tmp_path / "p.csv")
    (tmp_path / "w1" / "p.csv").symlink_to(tmp_path / "p.csv")
    assert read_table(tmp_path / "w1" / "p.csv", shown_as="w1/p.csv", root=tmp_path).rows == ROWS


@pytest.mark.parametrize("name", ["p.csv.gz", "p.zip", "p.pkl", "p.xls", "p.csvv", "p"])
def test_a_format_without_a_reader_stops_and_names_those_there_are(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(StudyError) as caught:
        read_table(tmp_path / name, shown_as=name)
    finding = caught.value.findings[0]
    assert finding.code == "R04"
    assert ".csv, .tsv, .xlsx, .ods, .sav, .dta, .parquet" in str(finding.allowed)


def test_an_address_on_a_network_stops() -> None:
    with pytest.raises(StudyError) as caught:
        read_table(Path("http://example.org/p.csv"), shown_as="p.csv")
    assert [f.code for f in caught.value.findings] == ["R02"]


@pytest.mark.parametrize("kind", ["missing", "folder", "loop"])
def test_what_is_no_ordinary_file_stops(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    if kind == "folder":
        path.mkdir()
    if kind == "loop":
        path.symlink_to(path)
    with pytest.raises(StudyError) as caught:
        read_table(path, shown_as="p.csv")
    assert [f.code for f in caught.value.findings] == ["R01"]


@pytest.mark.parametrize(
    ("ending", "choice"),
    [(".csv", {"sheet": "A"}), (".xlsx", {"separator": ";"}), (".sav", {"encoding": "utf-8"})],
)
def test_a_choice_that_the_format_does_not_have_stops(
    ending: str, choice: dict[str, str], tmp_path: Path
) -> None:
    WRITERS[ending](tmp_path / f"p{ending}")
    with pytest.raises(StudyError) as caught:
        read_table(tmp_path / f"p{ending}", shown_as="p", **choice)  # type: ignore[arg-type]
    assert [f.code for f in caught.value.findings] == ["R05"]


def test_the_ending_may_be_in_capitals(tmp_path: Path) -> None:
    write_text(tmp_path / "P.CSV", ",")
    assert read_table(tmp_path / "P.CSV", shown_as="P.CSV").rows == ROWS


def test_every_code_belongs_to_one_rule_with_whole_sentences() -> None:
    modules: list[types.ModuleType] = [readers, delimited, dta, ods, parquet, sav, table, workbook, xlsx]
    rules = {rule for m in modules for _, rule in inspect.getmembers(m, lambda x: isinstance(x, table.Rule))}
    codes = sorted(rule.code for rule in rules)
    assert len(codes) == len(set(codes))
    assert all(rule.what.endswith(".") and rule.fix.endswith(".") for rule in rules)
