"""A real survey: 171 respondents, four open questions with coded answers, groups by years of experience.

Every count was taken from the raw files by SQL queries that share nothing with the package, every p-value,
ratio and interval by R 4.2.2 (fisher.test, prop.test without correction; Newcombe's limits from the latter).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import studies
from studies import BuiltWave

import analysis_lib as al

GROUPS = ["0 - 1", "2 - 4", "5 - 8", "9 - 12", "13 +"]
SIZES = [8, 26, 32, 25, 79]


@pytest.mark.runs
def test_who_did_not_consent_leaves_and_is_counted(flaky: BuiltWave) -> None:
    flow = [(row["stage"], row["n"], row["excluded"], row["reason"]) for row in flaky.exact("flow.csv")]
    assert flow == [
        ("enrolled", "171", "0", ""),
        ("agreed to analysis", "170", "1", "no consent to analysis, or withdrawn"),
        ("material to code", "170", "0", ""),
        ("analysed", "170", "0", ""),
    ]


@pytest.mark.runs
@pytest.mark.parametrize(
    ("theme", "people", "everybody", "answers"),
    [
        ("existing_answer", [1, 2, 6, 2, 4], 15, 15),
        ("emotional_response", [0, 1, 3, 1, 6], 11, 12),
        ("external_artifact", [0, 0, 3, 0, 7], 10, 10),
        ("testing_dev_culture", [0, 0, 2, 0, 8], 10, 10),
        ("not_relevant", [1, 2, 1, 1, 3], 8, 11),
        ("host_system_issues", [0, 3, 0, 0, 3], 6, 6),
    ],
)
def test_people_with_a_theme_are_counted_once_in_each_group(
    flaky: BuiltWave, theme: str, people: list[int], everybody: int, answers: int
) -> None:
    rows = [row for row in flaky.exact("theme_by_outcome.csv") if row["theme_id"] == theme]
    assert [row["group"] for row in rows] == [*GROUPS, "all"]
    assert [int(row["n_with_theme"]) for row in rows] == [*people, everybody]
    assert [int(row["n_total"]) for row in rows] == [*SIZES, 170]
    assert int(rows[-1]["n_segments"]) == answers


@pytest.mark.runs
def test_the_overall_prevalence_has_its_wilson_interval(flaky: BuiltWave) -> None:
    row = flaky.one("theme_by_outcome.csv", theme_id="existing_answer", group="all")
    assert float(row["share"]) == pytest.approx(15 / 170)
    assert float(row["conf_low"]) == pytest.approx(0.0542003978651, abs=1e-9)
    assert float(row["conf_high"]) == pytest.approx(0.1404681182085, abs=1e-9)


@pytest.mark.runs
@pytest.mark.parametrize(
    ("theme", "p_value"),
    [
        ("existing_answer", 0.193838445795),
        ("host_system_issues", 0.193477529146),
        ("external_artifact", 0.274436951031),
        ("emotional_response", 0.916884139258),
    ],
)
def test_exact_p_over_the_five_groups_is_that_of_r(flaky: BuiltWave, theme: str, p_value: float) -> None:
    row = flaky.one("theme_tests.csv", theme_id=theme)
    assert float(row["p_value"]) == pytest.approx(p_value, abs=1e-9)
    assert row["method"] == "exact (Fisher-Freeman-Halton)"


@pytest.mark.runs
def test_a_contrast_with_a_reference_that_stands_last_is_that_of_r(flaky: BuiltWave) -> None:
    row = flaky.one("theme_contrasts.csv", theme_id="existing_answer", group="5 - 8")
    counts = ("n_with_theme", "n_total", "n_with_reference", "n_reference")
    assert row["reference"] == "13 +"
    assert [int(row[name]) for name in counts] == [6, 32, 4, 79]
    assert float(row["risk_difference"]) == pytest.approx(0.136867088608)
    assert float(row["rd_low"]) == pytest.approx(0.0145109326628, abs=1e-9)
    assert float(row["rd_high"]) == pytest.approx(0.305292993308, abs=1e-9)
    assert float(row["odds_ratio"]) == pytest.approx(4.2589517264, rel=1e-4)
    assert float(row["or_low"]) == pytest.approx(0.927458235502, rel=1e-4)
    assert float(row["or_high"]) == pytest.approx(22.213030955102, rel=1e-4)
    assert float(row["p_value"]) == pytest.approx(0.0322541516, abs=1e-9)


@pytest.mark.runs
def test_a_code_on_nothing_but_unmatched_answers_is_nobodys(flaky: BuiltWave) -> None:
    row = flaky.one("theme_by_outcome.csv", theme_id="flaky_code_under_test", group="all")
    assert (row["n_with_theme"], row["n_total"], row["n_segments"]) == ("0", "170", "0")
    assert flaky.one("theme_tests.csv", theme_id="flaky_code_under_test")["reason"] == "nobody has it"


@pytest.mark.runs
def test_a_study_without_termination_models_says_so(flaky: BuiltWave) -> None:
    assert flaky.exact("termination_models.csv") == []
    assert "No model of termination: study.yaml states no termination model." in flaky.report


@pytest.mark.runs
def test_the_report_counts_groups_whose_names_are_numbers(flaky: BuiltWave) -> None:
    said = "8 in group 0 - 1, 26 in group 2 - 4, 32 in group 5 - 8, 25 in group 9 - 12 and 79 in group 13 +"
    assert f"170 of 171 people who took part are analysed: {said}." in flaky.report
    assert "92 of 170 mentioned none of the themes; they stay in the base." in flaky.report


@pytest.mark.runs
def test_quotes_in_the_report_stand_under_pseudonyms(flaky: BuiltWave) -> None:
    assert "ordering of test execution; hidden dependencies between tests." in flaky.report
    assert re.search(r"\b[0-9A-HJKMNP-TV-Z]{6}, 5 - 8\b", flaky.report)


@pytest.mark.runs
def test_the_report_is_one_file_that_fetches_nothing(flaky: BuiltWave) -> None:
    assert studies.addresses_beyond_the_file(flaky) == []


@pytest.mark.runs
def test_nothing_released_holds_a_respondents_id(flaky: BuiltWave) -> None:
    assert studies.released_files_with(r"\bR\d{3}\b", flaky) == []


def test_coded_answers_without_a_respondent_are_left_out_and_counted(tmp_path: Path) -> None:
    assert studies.flaky_survey(tmp_path / "study") == 37
    assert len(al.load_wave(tmp_path / "study", studies.WAVE).segments) == 125


def test_who_gave_no_experience_leaves_for_that_reason(tmp_path: Path) -> None:
    studies.flaky_survey(tmp_path / "study")
    (tmp_path / "study" / "waves" / studies.WAVE / "consent.csv").unlink()
    flow = al.load_wave(tmp_path / "study", studies.WAVE).flow.set_index("stage")
    assert flow.loc["outcome group known"].tolist() == [170, 1, "outcome group missing"]
