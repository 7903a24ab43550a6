"""SPSS, Stata and Parquet files lose their types here and nothing else."""

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers import RawTable, read_table

SECRET = "therapistlaughed"


def sav(tmp_path: Path, columns: dict[str, list[Any]], **settings: Any) -> Path:
    path = tmp_path / "p.sav"
    pyreadstat.write_sav(pd.DataFrame(columns), path, **settings)
    return path


def dta(tmp_path: Path, columns: dict[str, list[Any]], **settings: Any) -> Path:
    path = tmp_path / "p.dta"
    pyreadstat.write_dta(pd.DataFrame(columns), path, **settings)
    return path


def parquet(tmp_path: Path, columns: dict[str, pa.Array]) -> Path:
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def read(path: Path) -> RawTable:
    return read_table(path, shown_as=path.name)


def findings(path: Path) -> list[Finding]:
    with pytest.raises(StudyError) as caught:
        read(path)
    assert SECRET not in str(caught.value)
    return caught.value.findings


# .sav


def test_value_labels_stand_for_codes_and_missing_values_are_empty(tmp_path: Path) -> None:
    path = sav(
        tmp_path,
        {"id": ["007", "008", "009"], "ended": [1.0, 2.0, 9.0], "answer": ["y", "zz", "n"]},
        variable_value_labels={
            "ended": {1: "completed", 2: "dropped", 9: "refused"},
            "answer": {"y": "yes", "n": "no"},
        },
        missing_ranges={"ended": [9], "answer": ["zz"]},
    )
    table = read(path)
    assert table.rows == (("007", "completed", "yes"), ("008", "dropped", ""), ("009", "", "no"))
    assert table.lines == (2, 3, 4)
    assert table.notes == ()


def test_values_without_a_label_beside_labelled_ones_are_said(tmp_path: Path) -> None:
    path = sav(
        tmp_path,
        {"id": ["a", "b", "c"], "rating": [1.0, 4.0, 7.0]},
        variable_value_labels={"rating": {1: "not at all", 7: "very much"}},
    )
    table = read(path)
    assert [row[1] for row in table.rows] == ["not at all", "4", "very much"]
    assert [(f.level, f.code, f.column) for f in table.notes] == [("warn", "R80", "rating")]


def test_two_codes_with_one_label_stop(tmp_path: Path) -> None:
    path = sav(
        tmp_path,
        {"id": ["a", "b"], "ended": [1.0, 2.0]},
        variable_value_labels={"ended": {1: SECRET, 2: SECRET}},
    )
    assert [(f.code, f.column) for f in findings(path)] == [("R81", "ended")]


def test_spss_dates_and_times_are_iso_text(tmp_path: Path) -> None:
    path = sav(
        tmp_path,
        {
            "id": ["a"],
            "day": [dt.date(2024, 7, 2)],
            "moment": [dt.datetime(2024, 7, 2, 9, 30)],
            "clock": [dt.time(9, 5)],
        },
    )
    assert read(path).rows == (("a", "2024-07-02", "2024-07-02T09:30:00", "09:05:00"),)


def test_an_spss_date_outside_the_calendar_stops_at_its_row(tmp_path: Path) -> None:
    path = sav(tmp_path, {"id": ["a", "b"], "day": [1.0, 9e15]}, variable_format={"day": "DATE11"})
    assert [(f.code, f.line, f.column) for f in findings(path)] == [("R83", 3, "day")]


def test_spss_numbers_shown_with_leading_zeros_keep_them(tmp_path: Path) -> None:
    path = sav(tmp_path, {"id": [7.0, 12.0], "age": [30.0, 31.0]}, variable_format={"id": "N4"})
    assert read(path).rows == (("0007", "30"), ("0012", "31"))


def test_an_spss_file_without_cases_is_read_with_a_warning(tmp_path: Path) -> None:
    path = sav(tmp_path, {"id": [], "age": []})
    assert [(f.level, f.code) for f in read(path).notes] == [("warn", "R11")]


# .dta


def test_stata_value_labels_stand_for_codes_and_missing_values_are_empty(tmp_path: Path) -> None:
    path = dta(
        tmp_path,
        {"id": ["007", "008", "009"], "ended": [1.0, 2.0, float("nan")]},
        variable_value_labels={"ended": {1: "completed", 2: "dropped"}},
    )
    table = read(path)
    assert table.rows == (("007", "completed"), ("008", "dropped"), ("009", ""))
    assert table.lines == (2, 3, 4)
    assert table.notes == ()


def test_stata_values_coded_as_missing_are_empty(tmp_path: Path) -> None:
    path = dta(
        tmp_path,
        {"id": ["a", "b"], "rating": [3, "b"]},
        missing_user_values={"rating": ["b"]},
    )
    assert read(path).rows == (("a", "3"), ("b", ""))


def test_stata_values_without_a_label_beside_labelled_ones_are_said(tmp_path: Path) -> None:
    path = dta(
        tmp_path,
        {"id": ["a", "b", "c"], "rating": [1.0, 4.0, 7.0]},
        variable_value_labels={"rating": {1: "not at all", 7: "very much"}},
    )
    table = read(path)
    assert [row[1] for row in table.rows] == ["not at all", "4", "very much"]
    assert [(f.level, f.code, f.column) for f in table.notes] == [("warn", "R80", "rating")]


def test_two_stata_codes_with_one_label_stop(tmp_path: Path) -> None:
    path = dta(
        tmp_path,
        {"id": ["a", "b"], "ended": [1.0, 2.0]},
        variable_value_labels={"ended": {1: SECRET, 2: SECRET}},
    )
    assert [(f.code, f.column) for f in findings(path)] == [("R81", "ended")]


def test_stata_dates_times_and_periods_are_iso_text(tmp_path: Path) -> None:
    # Counted by hand from 1960: month 774 = 64 * 12 + 6, quarter 258 = 64 * 4 + 2, half-year 129 = 64 * 2 + 1 are all
    # July 2024; week 3354 = 64 * 52 + 26 starts 182 days after 1 January of a leap year.
    path = dta(
        tmp_path,
        {
            "day": [dt.date(2024, 7, 2)],
            "moment": [dt.datetime(2024, 7, 2, 9, 30)],
            "month": [774.0],
            "quarter": [258.0],
            "half": [129.0],
            "week": [3354.0],
        },
        variable_format={"month": "%tm", "quarter": "%tq", "half": "%th", "week": "%tw"},
    )
    july = "2024-07-01"
    assert read(path).rows == (("2024-07-02", "2024-07-02T09:30:00", july, july, july, july),)


def test_a_stata_date_outside_the_calendar_stops_at_its_row(tmp_path: Path) -> None:
    path = dta(tmp_path, {"id": ["a", "b"], "day": [1.0, 9e15]}, variable_format={"day": "%td"})
    assert [(f.code, f.line, f.column) for f in findings(path)] == [("R83", 3, "day")]


def test_stata_times_that_count_leap_seconds_stop(tmp_path: Path) -> None:
    path = dta(tmp_path, {"id": ["a"], "moment": [1.0]}, variable_format={"moment": "%tC"})
    assert [(f.code, f.column) for f in findings(path)] == [("R84", "moment")]


def test_stata_numbers_shown_with_leading_zeros_keep_them(tmp_path: Path) -> None:
    path = dta(tmp_path, {"id": [7.0, 12.0], "age": [30.0, 31.0]}, variable_format={"id": "%04.0f"})
    assert read(path).rows == (("0007", "30"), ("0012", "31"))


def test_a_number_stored_with_half_precision_is_read_as_it_was_typed(tmp_path: Path) -> None:
    path = tmp_path / "p.dta"
    pd.DataFrame({"score": pd.array([0.1, 2.7], "float32")}).to_stata(path, write_index=False)
    assert read(path).rows == (("0.1",), ("2.7",))


def test_a_stata_file_without_observations_is_read_with_a_warning(tmp_path: Path) -> None:
    path = dta(tmp_path, {"id": [], "age": []})
    assert [(f.level, f.code) for f in read(path).notes] == [("warn", "R11")]


# .parquet


def test_every_single_valued_type_becomes_its_one_text(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 7, 2, 9, 30)
    path = parquet(
        tmp_path,
        {
            "text": pa.array(["007", None]),
            "level": pa.array(["mixed", None]).dictionary_encode(),
            "whole": pa.array([2**60, None], pa.int64()),
            "number": pa.array([12.0, float("nan")]),
            "money": pa.array([decimal.Decimal("1.50"), None]),
            "truth": pa.array([False, None]),
            "day": pa.array([dt.date(2024, 7, 2), None]),
            "moment": pa.array([moment, None], pa.timestamp("ns")),
            "midnight": pa.array([dt.datetime(2024, 7, 2), None], pa.timestamp("us")),
            "clock": pa.array([dt.time(9, 5), None], pa.time64("us")),
            "nothing": pa.nulls(2),
        },
    )
    table = read(path)
    expected = ("007", "mixed", "1152921504606846976", "12", "1.5", "false", "2024-07-02")
    assert table.rows == ((*expected, "2024-07-02T09:30:00", "2024-07-02", "09:05:00", ""),)


def test_columns_of_lists_or_bytes_stop(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        {"id": pa.array(["a"]), "codes": pa.array([[SECRET]]), "raw": pa.array([SECRET.encode()])},
    )
    assert [(f.code, f.column) for f in findings(path)] == [("R82", "codes"), ("R82", "raw")]


def test_more_cells_than_can_be_read_stop_before_they_are_read(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"id": pa.nulls(3_500_001, pa.int8())})
    assert [f.code for f in findings(path)] == ["R21"]


def test_a_long_text_repeated_many_times_is_held_once(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"id": pa.array(["a", "b", "c"]), "answer": pa.array(["x" * 1_000_000] * 3)})
    first, second, third = (row[1] for row in read(path).rows)
    assert first is second
    assert second is third


def test_half_a_character_in_a_parquet_file_stops(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"\xed\xa0\xbd")]
    )
    assert [f.code for f in findings(parquet(tmp_path, {"id": broken}))] == ["R07"]
