"""A real Taguette project: 17 participants, 1,930 codings of 1,793 segments, groups by terciles of satisfaction.

Every count was taken from the raw files by SQL queries that share nothing with the package, every p-value by
R 4.2.2 (fisher.test) and by listing all tables in exact fractions.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import studies
from studies import BuiltWave

import analysis_lib as al

TERCILES = ["most_satisfied", "in_between", "least_satisfied"]  # in the order of the score
SIZES = [6, 5, 6]


@pytest.mark.runs
@pytest.mark.parametrize(
    ("theme", "people", "everybody", "segments"),
    [
        ("additional_explanation", [4, 4, 6], 14, 59),
        ("event_concept_and_approach_not_clear", [3, 3, 5], 11, 33),
        ("overall_positive_experience", [6, 5, 4], 15, 48),
        ("plot_design_complex", [5, 4, 6], 15, 60),
        ("query_process_complex", [5, 3, 6], 14, 50),
        ("search_information_process_complex", [2, 3, 4], 9, 32),
        ("system_issue", [6, 5, 5], 16, 45),
        ("query_inputs_and_elements_useful", [6, 5, 6], 17, 191),
    ],
)
def test_people_with_a_code_are_counted_once_in_each_tercile(
    taguette: BuiltWave, theme: str, people: list[int], everybody: int, segments: int
) -> None:
    rows = [row for row in taguette.exact("theme_by_outcome.csv") if row["theme_id"] == theme]
    assert [row["group"] for row in rows] == [*TERCILES, "all"]
    assert [int(row["n_with_theme"]) for row in rows] == [*people, everybody]
    assert [int(row["n_total"]) for row in rows] == [*SIZES, 17]
    assert int(rows[-1]["n_segments"]) == segments


@pytest.mark.runs
def test_every_coding_is_read(taguette: BuiltWave) -> None:
    everybody = [row for row in taguette.exact("theme_by_outcome.csv") if row["group"] == "all"]
    assert len(everybody) == 22
    assert sum(int(row["n_segments"]) for row in everybody) == 1930


@pytest.mark.runs
@pytest.mark.parametrize(
    ("theme", "p_value"),
    [
        ("additional_explanation", 8 / 17),
        ("query_process_complex", 0.25),
        ("search_information_process_complex", 0.58864664747),
        ("event_concept_and_approach_not_clear", 0.575791855204),
    ],
)
def test_exact_p_over_groups_of_five_and_six_is_that_of_r(
    taguette: BuiltWave, theme: str, p_value: float
) -> None:
    assert float(taguette.one("theme_tests.csv", theme_id=theme)["p_value"]) == pytest.approx(
        p_value, abs=1e-9
    )


@pytest.mark.runs
def test_a_code_that_nearly_everybody_has_is_left_untested_with_a_reason(taguette: BuiltWave) -> None:
    row = taguette.one("theme_tests.csv", theme_id="overall_positive_experience")
    assert row["p_value"] == ""
    assert float(row["smallest_p"]) == pytest.approx(10 / 136)  # both who lack it among the five in between
    assert row["reason"] == "too few people do not have it: no split could give p below 0.05"


@pytest.mark.runs
def test_a_code_that_everybody_has_is_left_untested_with_a_reason(taguette: BuiltWave) -> None:
    row = taguette.one("theme_tests.csv", theme_id="navigation_complex")
    assert (row["p_value"], row["reason"]) == ("", "everybody has it")


@pytest.mark.runs
def test_of_a_group_of_six_or_fewer_only_the_rounded_size_leaves(taguette: BuiltWave) -> None:
    row = taguette.released("theme_by_outcome.csv", theme_id="additional_explanation", group="in_between")
    assert (row["n_with_theme"], row["n_total"], row["n_segments"]) == ("", "3", "")


@pytest.mark.runs
def test_head_and_cells_agree_on_how_many_there_are(taguette: BuiltWave) -> None:
    row = taguette.released("theme_by_outcome.csv", theme_id="additional_explanation", group="all")
    assert f"All (n = {row['n_total']})" in re.sub(r"<[^>]+>", "", taguette.report)


@pytest.mark.runs
def test_a_study_without_termination_models_says_so(taguette: BuiltWave) -> None:
    assert taguette.exact("termination_models.csv") == []
    assert "No model of termination: study.yaml states no termination model." in taguette.report


@pytest.mark.runs
def test_the_report_is_one_file_that_fetches_nothing(taguette: BuiltWave) -> None:
    assert studies.addresses_beyond_the_file(taguette) == []


@pytest.mark.runs
def test_nothing_released_holds_a_participants_id(taguette: BuiltWave) -> None:
    assert studies.released_files_with(r"\bP\d{1,2}\b", taguette) == []


def test_a_segment_with_several_codes_is_one_segment(tmp_path: Path) -> None:
    studies.taguette_project(tmp_path / "study")
    segments = al.load_wave(tmp_path / "study", studies.WAVE).segments
    codes = segments.groupby("segment_id")["code_id"].nunique()
    assert (len(segments), len(codes), int((codes > 1).sum())) == (1930, 1793, 130)


def test_groups_under_five_people_get_intervals_and_no_test(tmp_path: Path) -> None:
    quarters = {"first": 4, "second": 4, "third": 4, "fourth": 5}
    studies.taguette_project(tmp_path / "study", groups=quarters)
    result = al.crosstab_themes(al.quantitize(al.load_wave(tmp_path / "study", studies.WAVE)))
    assert result.n_groups == (4, 4, 4, 5)
    assert result.reason is not None
    assert result.reason.startswith("a group is smaller than 5")
    assert result.tests["p_value"].isna().all()
    assert result.contrasts["p_adjusted"].isna().all()
    assert np.isfinite(result.table[["share", "conf_low", "conf_high"]].to_numpy()).all()


@pytest.mark.runs
def test_all_themes_together_is_the_sum_of_their_chi_squares(taguette: BuiltWave) -> None:
    # the codebook is flat, so every code that varies enters once
    held = {}
    for row in taguette.exact("theme_by_outcome.csv"):
        held.setdefault(row["theme_id"], {})[row["group"]] = int(row["n_with_theme"])
    total = 0.0
    for counts in held.values():
        share = counts["all"] / 17
        if 0 < share < 1:
            groups = zip(TERCILES, SIZES, strict=True)
            total += sum(n * (counts[g] / n - share) ** 2 for g, n in groups) / (share * (1 - share))
    row = taguette.one("omnibus.csv", test="mmi_permutation")
    assert float(row["statistic"]) == pytest.approx(total, rel=1e-9)
    assert 0 < float(row["p_value"]) <= 1


@pytest.mark.runs
def test_the_stated_specification_is_the_contrast_of_the_main_table(taguette: BuiltWave) -> None:
    stated = {row["theme_id"]: row for row in taguette.exact("sensitivity.csv") if row["stated"] == "true"}
    assert len(stated) > 15
    for theme, row in stated.items():
        contrast = taguette.one("theme_contrasts.csv", theme_id=theme, group="in_between")
        assert float(row["estimate"]) == pytest.approx(float(contrast["risk_difference"]), abs=1e-12)
        assert row["tier"] == contrast["tier"]
