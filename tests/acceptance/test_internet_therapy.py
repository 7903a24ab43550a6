"""Guided internet therapy by quarter: 342 people, and 26 who began too late to be anything but dropouts.

Counts were taken from the raw file with awk: people, dropouts and those who began within 56 days of the last login of
anybody (28 January 2021), by quarter.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import studies
from studies import BuiltWave

import analysis_lib as al
from analysis_lib.late_starters import ALL_LATE

# quarter -> people, labelled as dropouts, late starters
COUNTED = {
    "2019Q2": (27, 6, 0),
    "2019Q3": (43, 8, 0),
    "2019Q4": (53, 14, 0),
    "2020Q1": (58, 19, 0),
    "2020Q2": (33, 10, 0),
    "2020Q3": (59, 12, 0),
    "2020Q4": (52, 15, 9),
    "2021Q1": (17, 17, 17),
}
each_quarter = pytest.mark.parametrize("quarter", COUNTED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study folder."""
    made = tmp_path_factory.mktemp("quarters") / "study"
    studies.internet_therapy(made)
    return made


@each_quarter
def test_late_starters_are_counted_in_the_intake_and_left_out_of_the_models(
    folder: Path, quarter: str
) -> None:
    n, n_dropped, n_late = COUNTED[quarter]
    wave = al.load_wave(folder, quarter)
    row = al.describe_wave(wave).dropout.iloc[0]
    assert row[["n_judged", "n_dropped", "n_late"]].tolist() == [n, n_dropped, n_late]
    guard = al.fit_termination(al.quantitize(wave)).guards.iloc[0]
    assert guard[["n_late", "n_eligible"]].tolist() == [n_late, n - n_late]
    # every late starter of this set is labelled as a dropout
    assert guard["n_events"] == n_dropped - n_late


def test_all_26_late_starters_are_found_and_every_one_is_labelled_as_a_dropout(folder: Path) -> None:
    found = [al.describe_wave(al.load_wave(folder, quarter)).dropout.iloc[0] for quarter in COUNTED]
    assert sum(row["n_late"] for row in found) == 26


def test_the_check_names_the_two_quarters_with_late_starters(folder: Path) -> None:
    found = [finding for finding in al.check_study(folder) if finding.code == "X27"]
    assert [(finding.file.split("/")[1], finding.what.split()[0]) for finding in found] == [
        ("2020Q4", "9"),
        ("2021Q1", "17"),
    ]


def test_kept_late_starters_make_the_last_quarters_look_worse(tmp_path: Path) -> None:
    studies.internet_therapy(tmp_path / "study", follow_up="{days: 56, late_starters: keep}")
    guard = al.fit_termination(al.quantitize(al.load_wave(tmp_path / "study", "2020Q4"))).guards.iloc[0]
    assert guard[["n_eligible", "n_events"]].tolist() == [
        52,
        15,
    ]  # 29 % where 6 of 43, 14 %, could be observed


def test_a_wave_of_nobody_but_late_starters_has_no_model(folder: Path) -> None:
    models = al.fit_termination(al.quantitize(al.load_wave(folder, "2021Q1")))
    assert models.reason == ALL_LATE
    assert models.table.empty or models.table["odds_ratio"].isna().all()


@pytest.mark.runs
@each_quarter
def test_every_quarter_is_a_finished_wave(quarters: dict[str, BuiltWave], quarter: str) -> None:
    n, n_dropped, n_late = COUNTED[quarter]
    row = quarters[quarter].one("dropout_definitions.csv", definition="stopped")
    assert [row[name] for name in ("n_judged", "n_dropped", "n_late")] == [
        str(n),
        str(n_dropped),
        str(n_late),
    ]
    sizes = [row for row in quarters[quarter].exact("wave_sizes.csv") if row["group"] == "all"]
    assert [(row["wave"], row["n"]) for row in sizes] == [
        (name, str(COUNTED[name][0])) for name in list(COUNTED)[: list(COUNTED).index(quarter) + 1]
    ]


@pytest.mark.runs
def test_the_report_of_the_last_quarter_says_that_nobody_could_be_judged(
    quarters: dict[str, BuiltWave],
) -> None:
    page = quarters["2021Q1"].report
    assert "No model of termination: everybody began therapy too late before the data cut" in page
    assert "17 people of this wave began therapy too late before the data cut" in page
