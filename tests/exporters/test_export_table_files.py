"""What is written as csv, xlsx and Parquet is what is read back, also where names are hard."""

from __future__ import annotations

import csv
import io

import openpyxl
import pandas as pd
import pytest
from data_sets import GROUPS, LABELS, exported, hard_matrix, many_themes, some_of

from analysis_lib.exporters.csv_files import csv_files
from analysis_lib.exporters.data_set import DataSet, dictionary
from analysis_lib.exporters.parquet_file import parquet_file
from analysis_lib.exporters.sav_file import sav_file
from analysis_lib.exporters.workbook_file import CODEBOOK, DATA, workbook_file
from analysis_lib.readers.apostrophes import as_it_was

SETS = {
    "hard names": lambda: exported(hard_matrix()),
    "sixty themes": lambda: exported(many_themes()),
    "one group": lambda: exported(some_of(hard_matrix(), 5)),
    "nobody": lambda: exported(some_of(hard_matrix(), 0)),
}


@pytest.fixture(params=SETS)
def data(request) -> DataSet:
    return SETS[request.param]()


def as_text(data: DataSet) -> list[list[str]]:
    """Every cell as the plain text of its value, empty where nothing is there."""
    rows = data.frame.astype(object).itertuples(index=False, name=None)
    return [[plain(value) for value in row] for row in rows]


def plain(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_a_csv_file_reads_back_as_it_was(data):
    rows = list(csv.reader(io.StringIO(csv_files(data)[".csv"].decode("utf-8"))))
    assert rows[0] == list(data.frame.columns)
    assert [[as_it_was(cell) for cell in row] for row in rows[1:]] == as_text(data)


def test_no_cell_of_a_csv_file_or_its_dictionary_is_run_by_a_spreadsheet(data):
    for content in csv_files(data).values():
        cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_workbook_reads_back_as_it_was_and_holds_no_formula(data):
    book = openpyxl.load_workbook(io.BytesIO(workbook_file(data)[".xlsx"]))
    assert book.sheetnames == [DATA, CODEBOOK]
    rows = list(book[DATA].iter_rows(values_only=True))
    assert list(rows[0]) == list(data.frame.columns)
    assert [[plain(cell) for cell in row] for row in rows[1:]] == as_text(data)
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    texts = [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)
    ]
    assert {cell.value for cell in texts if cell.quotePrefix} == {
        cell.value for cell in texts if cell.value.startswith(("=", "+", "-", "@"))
    }
    labels = {row[0]: row[1] for row in book[CODEBOOK].iter_rows(values_only=True)}
    assert labels == {"name": "label"} | dictionary(data).set_index("name")["label"].to_dict()


def test_a_parquet_file_reads_back_with_its_levels_in_order_and_its_labels(data, tmp_path):
    (tmp_path / "x.parquet").write_bytes(parquet_file(data)[".parquet"])
    back = pd.read_parquet(tmp_path / "x.parquet")
    somebody = len(data.frame) > 0
    # Parquet keeps levels with the values, so of nobody it keeps none; the labels name them all the same.
    pd.testing.assert_frame_equal(back, data.frame, check_categorical=somebody, check_dtype=somebody)
    assert back["outcome_group"].cat.ordered
    assert list(back.attrs["levels"]["outcome_group"]) == data.frame["outcome_group"].cat.categories.tolist()
    assert back.attrs["labels"] == {variable.name: variable.label for variable in data.variables}


@pytest.mark.parametrize("make", [csv_files, workbook_file, parquet_file, sav_file])
def test_the_same_table_gives_the_same_bytes(make):
    assert make(exported(hard_matrix())) == make(exported(hard_matrix()))


def test_the_dictionary_says_what_every_name_value_and_empty_cell_means():
    data = exported(hard_matrix())
    rows = dictionary(data).set_index("name")
    assert rows.index.tolist() == ["(this file)", *data.frame.columns]
    assert "INTERNAL." in rows.loc["(this file)", "label"]
    themes = rows[rows["source"].str.startswith("theme ")]
    assert dict(zip(themes["source"].str.removeprefix("theme "), themes["label"], strict=True)) == LABELS
    assert set(themes["levels"]) == {"0 = not mentioned; 1 = mentioned"}
    assert themes["missing"].str.startswith("empty: not codable").all()
    assert rows.loc["outcome_group", "levels"] == "; ".join(
        f"{name} = {label}" for name, label in GROUPS.items()
    )
    assert rows.loc["in_base", "missing"] == "never empty"


def test_a_theme_called_like_a_covariate_stands_beside_it_under_another_name():
    data = exported(hard_matrix())
    named = {variable.source: variable.name for variable in data.variables}
    assert named["participants, age"] == "age"
    assert named["theme age"] != "age"
    assert data.frame["age"].dtype == "float64"


def test_a_person_without_a_group_is_in_the_table_and_not_in_the_base():
    last = exported(hard_matrix()).frame.iloc[-1]
    assert pd.isna(last["outcome_group"])
    assert last["in_base"] == 0


def test_a_theme_is_empty_where_it_could_not_be_coded_and_nowhere_else():
    themes = hard_matrix()
    frame = exported(themes).frame
    for (theme, values), name in zip(themes.values.items(), frame.columns[-len(LABELS) :], strict=True):
        assert frame[name].isna().tolist() == values.isna().tolist(), theme
        assert frame[name].dropna().tolist() == values.dropna().astype(int).tolist(), theme
