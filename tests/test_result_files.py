"""The tidy tables: their columns are an interface, and a spreadsheet that opens them runs nothing."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_lib.payload import Payload
from analysis_lib.readers.apostrophes import as_it_was, quoted
from analysis_lib.release import release, rules_for
from analysis_lib.result_files import result_files, save_results, write_csv
from analysis_lib.study import Privacy

# The columns that the contract promises for each file.
CONTRACT = {
    "theme_by_outcome.csv": "theme_id theme_label group n_with_theme n_total share conf_low conf_high n_segments",
    "theme_tests.csv": "theme_id p_value p_mid smallest_p p_minp p_holm p_bh cramers_v conf_low conf_high method "
    "reason",
    "theme_contrasts.csv": "theme_id group reference risk_difference rd_low rd_high odds_ratio or_low or_high p_value "
    "p_adjusted tier counts_rule",
    "termination_models.csv": "model event term level adjusted odds_ratio conf_low conf_high p_value method n_used "
    "n_events events_per_parameter",
    "termination_probabilities.csv": "model event term level probability conf_low conf_high average_risk_difference "
    "ard_low ard_high",
    "flow.csv": "stage n excluded reason",
}  # fmt: skip
ROWS = {
    "theme_by_outcome.csv": ["theme_id", "group"],
    "theme_tests.csv": ["theme_id"],
    "theme_contrasts.csv": ["theme_id", "group"],
    "termination_models.csv": ["model", "event", "term", "level", "adjusted", "method"],
    "termination_probabilities.csv": ["model", "event", "term", "level"],
}


def exact(example):
    return {
        name: frame for result in example.results for name, frame in result_files(result).items()
    }  # fmt: skip


def released(example, counts="midpoint6"):
    rules = rules_for("coauthor", Privacy(counts, "why", 6, "reviewed"), b"k")
    payloads = release(example.payloads, rules).payloads
    return {name: frame for payload in payloads for name, frame in result_files(payload).items()}


# Columns and rows


@pytest.mark.parametrize("name", CONTRACT)
@pytest.mark.parametrize("of", [exact, released])
def test_every_file_has_the_columns_of_the_contract(example, of, name):
    missing = [column for column in CONTRACT[name].split() if column not in of(example)[name]]
    assert missing == []


@pytest.mark.parametrize("of", [exact, released])
def test_the_same_files_are_made_inside_and_outside(example, of):
    assert set(CONTRACT) <= set(of(example))
    assert set(exact(example)) == set(released(example))


@pytest.mark.parametrize("name", ROWS)
def test_there_is_one_row_per_key(example, name):
    assert not exact(example)[name].duplicated(ROWS[name]).any()


def test_prevalence_overall_is_a_group_of_its_own(example):
    frame = exact(example)["theme_by_outcome.csv"]
    themes = frame["theme_id"].nunique()
    assert frame.groupby("group").size().to_dict() == dict.fromkeys(
        ["helpful", "unhelpful", "mixed", "dropped_out", "all"], themes
    )


def test_counts_say_their_rule(example):
    assert set(exact(example)["theme_contrasts.csv"]["counts_rule"]) == {"exact"}
    assert set(released(example)["theme_contrasts.csv"]["counts_rule"]) == {"midpoint6"}


def test_released_shares_follow_from_released_counts(example):
    frame = released(example)["theme_by_outcome.csv"]
    known = frame[frame["n_total"] > 0]
    assert (known["share"] - known["n_with_theme"] / known["n_total"]).abs().max() < 1e-12
    assert (known["n_with_theme"] % 3 == 0).all()


def test_with_exact_counts_the_released_numbers_are_the_exact_ones(example):
    inside, outside = exact(example)["theme_contrasts.csv"], released(example, "exact")["theme_contrasts.csv"]
    for column in ("n_with_theme", "risk_difference", "rd_low", "odds_ratio", "p_adjusted"):
        np.testing.assert_allclose(
            inside[column].to_numpy(dtype=float), outside[column].to_numpy(dtype=float), rtol=1e-5
        )
    assert inside["tier"].tolist() == outside["tier"].tolist()


def test_a_figure_or_sentence_makes_no_file():
    assert result_files(Payload("figure", "theme_dots", {}, {})) == {}
    assert result_files(Payload("sentences", "intake", {}, {})) == {}


# Writing


def written(tmp_path, frame, **options):
    """The text of the file, and its rows as the csv module reads them."""
    path = tmp_path / "table.csv"
    write_csv(path, frame, **options)
    with path.open(encoding="utf-8", newline="") as file:
        return path.read_bytes().decode("utf-8"), list(csv.reader(file, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "\0x",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "-",
        "'=1",
        '=HYPERLINK("x")',
    ],
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path, text):
    _, rows = written(tmp_path, pd.DataFrame({"label": [text]}))
    assert rows == [["label"], [f"'{text}"]]


@given(st.text("='+-@＝\t\r\n\",a ", max_size=8))
def test_every_text_reads_back_equal_once_the_apostrophe_is_taken_off(text):
    ((cell,),) = csv.reader(io.StringIO(quoted(text), newline=""), strict=True)
    assert as_it_was(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


def test_a_column_name_that_a_spreadsheet_would_run_gets_one_too(tmp_path):
    assert written(tmp_path, pd.DataFrame({"=cmd": ["a"]}))[1][0] == ["'=cmd"]


def test_a_negative_number_stays_a_number(tmp_path):
    text, rows = written(tmp_path, pd.DataFrame({"risk_difference": [-0.25, 0.5], "n": [-1, 2]}))
    assert text == '"risk_difference","n"\n-0.25,-1\n0.5,2\n'
    assert rows[1] == ["-0.25", "-1"]


@pytest.mark.parametrize(
    "text",
    [
        'say "no"',
        "a,b",
        "two\nlines",
        "carriage\rreturn",
        "both\r\n",
        "naïve – “quote” 🙂",
        "  spaces  ",
        "null",
        "NA",
        "007",
    ],
)
def test_text_reads_back_to_the_letter(tmp_path, text):
    assert written(tmp_path, pd.DataFrame({"label": [text]}))[1] == [["label"], [text]]


def test_missing_values_are_empty_and_truth_is_spelled_out(tmp_path):
    frame = pd.DataFrame(
        {
            "a": [None, "x"],
            "b": [np.nan, 1.5],
            "c": pd.array([pd.NA, 3], dtype="Int64"),
            "d": [True, False],
            "e": [float("inf"), float("-inf")],
        }
    )
    text, _ = written(tmp_path, frame)
    assert text == '"a","b","c","d","e"\n,,,true,inf\n"x",1.5,3,false,-inf\n'


def test_numbers_keep_every_digit_unless_told_otherwise(tmp_path):
    frame = pd.DataFrame({"x": [1 / 3, 2.0, 1e-12, 1e20]})
    assert written(tmp_path, frame)[0] == '"x"\n0.3333333333333333\n2\n1e-12\n1e+20\n'
    assert written(tmp_path, frame, significant_digits=6)[0] == '"x"\n0.333333\n2\n1e-12\n1e+20\n'


def test_columns_for_layout_and_door_are_not_written(tmp_path):
    frame = pd.DataFrame({"theme_id": ["cold"], "depth": [1], "smallest_cell": [3]})
    assert written(tmp_path, frame)[1] == [["theme_id"], ["cold"]]


def same(text, value):
    """Whether a field of a csv file is the value that was written."""
    if pd.isna(value):
        return text == ""
    if isinstance(value, (bool, np.bool_)):
        return text == ("true" if value else "false")
    if isinstance(value, str):
        return text.removeprefix("'") == value.removeprefix(
            "'"
        )  # what a spreadsheet would run has one in front
    return float(text) == float(value)


def test_every_exact_table_reads_back_equal(example, tmp_path):
    for name, frame in exact(example).items():
        kept = frame.drop(columns=["depth", "smallest_cell"], errors="ignore")
        _, (header, *rows) = written(tmp_path, frame)
        assert header == list(kept), name
        assert len(rows) == len(kept)
        for row, values in zip(rows, kept.itertuples(index=False), strict=True):
            assert all(map(same, row, values)), name


def test_results_are_written_where_a_folder_is_given_and_nowhere_else(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_results(example.crosstab, "")
    assert list(tmp_path.iterdir()) == []
    save_results(example.crosstab, str(tmp_path / "a" / "results"))
    assert sorted(path.name for path in (tmp_path / "a" / "results").iterdir()) == [
        "theme_by_outcome.csv",
        "theme_contrasts.csv",
        "theme_tests.csv",
    ]
