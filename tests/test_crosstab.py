"""Expected figures are typed from R 4.2.2 (prop.test without correction for Wilson, fisher.test for p and the
conditional odds ratio, Newcombe's formula by hand); limits of odds ratios from the tails of the noncentral
hypergeometric distribution, solved to ten digits."""

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix, counted, themes

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.crosstab import crosstab_themes, with_differences, with_shares, with_tiers
from analysis_lib.quantitize import ThemeMatrix

TWO = {"helpful": 92, "unhelpful": 37}
WORKED = {"cold": {"helpful": 12, "unhelpful": 14}}


def cell(result, group, theme="cold"):
    return result.table.set_index(["theme_id", "group"]).loc[(theme, group)]


def contrast(result, group="unhelpful", theme="cold"):
    return result.contrasts.set_index(["theme_id", "group"]).loc[(theme, group)]


def over_all_groups(result, theme="cold"):
    return result.tests.set_index("theme_id").loc[theme]


# Counts and shares


@pytest.mark.parametrize(
    ("group", "n", "total", "low", "high"),
    [
        ("helpful", 12, 92, 0.076214804, 0.214280136),
        ("unhelpful", 14, 37, 0.24063999, 0.53899570),
        ("all", 26, 129, 0.141419408, 0.278942272),
    ],
)
def test_a_share_is_people_with_the_theme_of_all_in_the_group_with_a_wilson_interval(
    group, n, total, low, high
):
    row = cell(crosstab_themes(counted(TWO, WORKED)), group)
    assert (row["n_with_theme"], row["n_total"]) == (n, total)
    assert row["share"] == pytest.approx(n / total, abs=1e-12)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), abs=1e-8)


def test_rows_are_themes_in_codebook_order_with_groups_in_study_order_and_all_last():
    table = crosstab_themes(counted(TWO, WORKED | {"warm": {"helpful": 50}})).table
    assert list(zip(table["theme_id"], table["group"], strict=True)) == [
        ("cold", "helpful"),
        ("cold", "unhelpful"),
        ("cold", "all"),
        ("warm", "helpful"),
        ("warm", "unhelpful"),
        ("warm", "all"),
    ]


def test_labels_and_depth_come_from_the_codebook():
    codebook = Codebook("1", (Theme("T", "Therapist"), Theme("T.cold", "Cold manner", parent="T")))
    matrix = counted(TWO, {"T": {"unhelpful": 14}, "T.cold": {"unhelpful": 9}}, codebook=codebook)
    table = crosstab_themes(matrix).table.drop_duplicates("theme_id")
    assert table[["theme_id", "theme_label", "depth"]].to_numpy().tolist() == [
        ["T", "Therapist", 0],
        ["T.cold", "Cold manner", 1],
    ]


def test_people_without_any_theme_stay_in_the_base():
    result = crosstab_themes(counted({"helpful": 10, "unhelpful": 10}, {"cold": {"unhelpful": 4}}))
    assert cell(result, "helpful")["n_total"] == 10
    assert cell(result, "all")["n_total"] == 20


def test_base_any_theme_leaves_people_without_any_theme_out():
    sizes = {"helpful": 10, "unhelpful": 10}
    present = {"cold": {"helpful": 2, "unhelpful": 4}, "warm": {"helpful": 6, "unhelpful": 1}}
    result = crosstab_themes(counted(sizes, present, base="any_theme"))
    assert result.n_groups == (6, 4)
    assert (cell(result, "helpful")["n_with_theme"], cell(result, "helpful")["n_total"]) == (2, 6)


def test_who_was_not_coded_for_a_theme_leaves_its_base_only():
    present = WORKED | {"warm": {"helpful": 50}}
    result = crosstab_themes(counted(TWO, present, not_codable={"cold": {"helpful": 8}}))
    assert (cell(result, "helpful")["n_with_theme"], cell(result, "helpful")["n_total"]) == (12, 84)
    assert cell(result, "helpful", "warm")["n_total"] == 92
    assert contrast(result)["n_reference"] == 84


def test_people_without_an_outcome_group_are_in_no_count():
    people = pd.DataFrame({"outcome_group": ["helpful"] * 6 + ["unhelpful"] * 6 + [None] * 3})
    values = pd.DataFrame({"cold": [1.0] * 15})
    result = crosstab_themes(a_matrix(people, values))
    assert cell(result, "all")["n_total"] == 12


def test_an_empty_group_is_a_visible_zero_without_a_share():
    result = crosstab_themes(counted({"helpful": 92, "unhelpful": 37, "mixed": 0}, WORKED))
    row = cell(result, "mixed")
    assert (row["n_with_theme"], row["n_total"], row["n_segments"]) == (0, 0, 0)
    assert np.isnan([row["share"], row["conf_low"], row["conf_high"]]).all()
    assert result.n_groups == (92, 37, 0)
    assert result.reason is None
    assert np.isnan(contrast(result, "mixed")["risk_difference"])
    assert contrast(result, "mixed")["tier"] == ""


def test_a_group_without_the_theme_still_has_an_upper_limit():
    result = crosstab_themes(counted({"helpful": 92, "mixed": 19}, {"cold": {"helpful": 12}}))
    row = cell(result, "mixed")
    assert (row["share"], row["conf_low"]) == (0, 0)
    assert row["conf_high"] == pytest.approx(0.16817922, abs=1e-8)


def test_segments_are_shown_and_change_no_test():
    once = counted(TWO, WORKED)
    often = ThemeMatrix(once.wave, once.values, once.n_segments * 7, once.n_words)
    first, second = crosstab_themes(once), crosstab_themes(often)
    assert cell(second, "unhelpful")["n_segments"] == 98
    pd.testing.assert_frame_equal(first.tests, second.tests)
    pd.testing.assert_frame_equal(first.contrasts, second.contrasts)


def test_the_order_of_people_changes_nothing():
    present = WORKED | {"warm": {"helpful": 50, "unhelpful": 9}}
    straight = counted(TWO, present)
    order = np.random.default_rng(5).permutation(len(straight.values))
    shuffled = a_matrix(
        straight.wave.participants[["outcome_group"]].iloc[order], straight.values.iloc[order],
        outcome=straight.wave.study.outcome,
    )  # fmt: skip
    first, second = crosstab_themes(straight), crosstab_themes(shuffled)
    for name in ("table", "tests", "contrasts"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


# Differences


def test_the_worked_row_of_the_design_has_its_difference_and_newcombe_interval():
    row = contrast(crosstab_themes(counted(TWO, WORKED)))
    found = row[["risk_difference", "rd_low", "rd_high"]].to_numpy(dtype=float)
    assert found == pytest.approx([0.247943596, 0.086692529, 0.417465655], abs=1e-8)


def test_the_worked_row_has_the_conditional_odds_ratio_with_its_exact_interval():
    row = contrast(crosstab_themes(counted(TWO, WORKED)))
    found = row[["odds_ratio", "or_low", "or_high"]].to_numpy(dtype=float)
    assert found == pytest.approx([4.005720954, 1.492553772, 10.99394142], rel=1e-6)


def test_the_worked_row_has_fishers_p_and_is_clear():
    row = contrast(crosstab_themes(counted(TWO, WORKED)))
    assert row["p_value"] == pytest.approx(0.002968780, abs=1e-9)
    assert row["p_adjusted"] < 0.05
    assert row["tier"] == "clear"


def test_a_contrast_names_both_counts_and_both_bases():
    row = contrast(crosstab_themes(counted(TWO, WORKED)))
    four = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
    assert row[four].tolist() == [14, 37, 12, 92]
    assert row["reference"] == "helpful"


def test_another_reference_turns_the_difference_round():
    row = contrast(crosstab_themes(counted(TWO, WORKED), reference="unhelpful"), "helpful")
    assert row["reference"] == "unhelpful"
    found = row[["risk_difference", "rd_low", "rd_high"]].to_numpy(dtype=float)
    assert found == pytest.approx([-0.247943596, -0.417465655, -0.086692529], abs=1e-8)


def test_a_theme_that_nobody_in_the_reference_has_gives_an_unbounded_odds_ratio():
    result = crosstab_themes(counted({"helpful": 20, "unhelpful": 20}, {"cold": {"unhelpful": 8}}))
    row = contrast(result)
    assert np.isinf([row["odds_ratio"], row["or_high"]]).all()
    assert row["or_low"] > 1


def test_differences_of_released_counts_are_missing_where_a_count_is_withheld():
    frame = pd.DataFrame(
        {
            "n_with_theme": [None, 15.0],
            "n_total": [35.0, 35.0],
            "n_with_reference": [10.0, 10.0],
            "n_reference": [90.0, 90.0],
        }
    )
    derived = with_differences(frame)
    assert derived["risk_difference"].isna().tolist() == [True, False]
    assert derived["odds_ratio"].isna().tolist() == [True, False]


def test_a_theme_that_everybody_on_both_sides_has_gives_no_odds_ratio():
    frame = pd.DataFrame(
        {"n_with_theme": [3], "n_total": [3], "n_with_reference": [9], "n_reference": [9]}, dtype=float
    )
    assert with_differences(frame)["odds_ratio"].isna().all()
    assert with_shares(frame)["share"].tolist() == [1.0]


# Tests and their families


def test_the_exact_test_runs_over_all_groups():
    sizes = {"helpful": 92, "unhelpful": 37, "mixed": 19}
    result = crosstab_themes(counted(sizes, {"cold": {"helpful": 12, "unhelpful": 14, "mixed": 3}}))
    row = over_all_groups(result)
    assert row["p_value"] == pytest.approx(0.006390706305, abs=1e-9)
    assert row["method"] == "exact (Fisher-Freeman-Halton)"
    assert row["reason"] is None


THREE = {
    "cold": {"helpful": 2, "unhelpful": 9},
    "late": {"helpful": 2, "unhelpful": 8},
    "warm": {"helpful": 5, "unhelpful": 6},
}
P_OF_THREE = [0.0309503051, 0.0648331616, 1.0]


def test_holm_and_benjamini_hochberg_stand_beside_minp_in_the_tests():
    tests = crosstab_themes(counted({"helpful": 20, "unhelpful": 20}, THREE)).tests
    assert tests["p_value"].tolist() == pytest.approx(P_OF_THREE, abs=1e-9)
    assert tests["p_holm"].tolist() == pytest.approx([0.0928509154, 0.1296663232, 1.0], abs=1e-9)
    assert tests["p_bh"].tolist() == pytest.approx([0.0928509154, 0.0972497424, 1.0], abs=1e-9)
    assert (tests["p_minp"] >= tests["p_value"]).all()


@pytest.mark.parametrize(
    ("multiplicity", "adjusted"),
    [("holm", [0.0928509154, 0.1296663232, 1.0]), ("bh", [0.0928509154, 0.0972497424, 1.0])],
)
def test_the_study_decides_how_the_contrasts_are_adjusted(multiplicity, adjusted):
    matrix = counted({"helpful": 20, "unhelpful": 20}, THREE, multiplicity=multiplicity)
    contrasts = crosstab_themes(matrix).contrasts
    assert contrasts["p_value"].tolist() == pytest.approx(P_OF_THREE, abs=1e-9)
    assert contrasts["p_adjusted"].tolist() == pytest.approx(adjusted, abs=1e-9)


def test_the_contrasts_are_one_family_over_all_themes_and_groups():
    sizes = {"helpful": 20, "unhelpful": 20, "mixed": 20}
    present = {"cold": {"helpful": 2, "unhelpful": 9, "mixed": 5}}
    contrasts = crosstab_themes(counted(sizes, present, multiplicity="holm")).contrasts
    # Two in the family: the smaller p, of 9/20 v 2/20, doubles; that of 5/20 v 2/20 stays.
    assert contrasts["p_value"].tolist() == pytest.approx([0.0309503051, 0.4074844075], abs=1e-9)
    assert contrasts["p_adjusted"].tolist() == pytest.approx([0.0619006102, 0.4074844075], abs=1e-9)


def test_a_theme_that_cannot_reach_alpha_has_shares_but_no_p():
    result = crosstab_themes(
        counted({"helpful": 20, "unhelpful": 20}, {"cold": {"unhelpful": 1}, **THREE_REST})
    )
    row = over_all_groups(result)
    assert row[["p_value", "p_mid", "p_minp", "p_holm", "p_bh"]].isna().all()
    assert row["smallest_p"] == pytest.approx(1.0)
    assert row["reason"] == "too few people have it: no split could give p below 0.05"
    pair = contrast(result)
    assert pair[["p_value", "p_adjusted"]].isna().all()
    assert pair["risk_difference"] == pytest.approx(0.05)
    assert pair["tier"] == "cannot tell"


THREE_REST = {"late": THREE["late"]}


def test_a_theme_out_of_the_family_costs_the_others_nothing():
    sizes = {"helpful": 20, "unhelpful": 20}
    alone = crosstab_themes(counted(sizes, {"cold": THREE["cold"]}, multiplicity="holm"))
    beside = {"cold": THREE["cold"], "rare": {"unhelpful": 1}, "none": {}}
    together = crosstab_themes(counted(sizes, beside, multiplicity="holm"))
    assert contrast(alone)["p_adjusted"] == contrast(together)["p_adjusted"]
    assert over_all_groups(alone)["p_holm"] == over_all_groups(together)["p_holm"]


def test_a_theme_that_everybody_has_is_left_untested_with_a_reason():
    sizes = {"helpful": 20, "unhelpful": 20}
    result = crosstab_themes(counted(sizes, {"cold": sizes, "late": THREE["late"]}))
    assert np.isnan(over_all_groups(result)["p_value"])
    assert over_all_groups(result)["reason"] == "everybody has it"


def test_the_same_seed_gives_the_same_adjusted_p_values():
    matrix = counted({"helpful": 20, "unhelpful": 20}, THREE)
    first, second = crosstab_themes(matrix), crosstab_themes(matrix)
    pd.testing.assert_frame_equal(first.contrasts, second.contrasts)


# Refusals


def test_without_a_comparison_group_there_are_shares_and_no_test():
    result = crosstab_themes(counted({"helpful": 0, "unhelpful": 24}, {"cold": {"unhelpful": 7}}))
    assert result.reason == "no comparison group in this wave, so no test"
    assert result.tests["reason"].tolist() == [result.reason]
    assert result.tests["p_value"].isna().all()
    assert contrast(result)[["risk_difference", "p_value"]].isna().all()
    assert (cell(result, "unhelpful")["n_with_theme"], cell(result, "unhelpful")["n_total"]) == (7, 24)


def test_only_the_reference_group_is_no_comparison_either():
    result = crosstab_themes(counted({"helpful": 24, "unhelpful": 0}, {"cold": {"helpful": 7}}))
    assert result.reason == "no comparison group in this wave, so no test"


def test_a_group_of_four_stops_every_test_but_no_interval():
    sizes = {"helpful": 92, "unhelpful": 37, "mixed": 4}
    result = crosstab_themes(counted(sizes, WORKED))
    assert result.reason == "a group is smaller than 5 (mixed), so intervals only"
    assert result.contrasts[["p_value", "p_adjusted"]].isna().all().all()
    assert contrast(result)["rd_low"] == pytest.approx(0.086692529, abs=1e-8)
    assert contrast(result)["tier"] == ""


def test_the_reason_for_a_small_group_repeats_no_number_of_people():
    result = crosstab_themes(counted({"helpful": 92, "unhelpful": 37, "mixed": 4}, WORKED))
    assert "4" not in result.reason


def test_a_group_of_five_is_tested():
    sizes = {"helpful": 92, "unhelpful": 37, "mixed": 5}
    assert crosstab_themes(counted(sizes, WORKED)).reason is None


def test_a_reflexive_tradition_tests_nothing():
    result = crosstab_themes(counted(TWO, WORKED, tradition="reflexive"))
    assert "reflexive thematic analysis" in result.reason
    assert result.tests["p_value"].isna().all()
    assert result.contrasts["p_adjusted"].isna().all()
    assert cell(result, "unhelpful")["n_with_theme"] == 14


# Tiers


@pytest.mark.parametrize(
    ("low", "high", "p_adjusted", "tier"),
    [
        (0.09, 0.42, 0.004, "clear"),
        (-0.42, -0.09, 0.004, "clear"),
        (0.02, 0.14, 0.004, "clear but small"),
        (-0.14, -0.02, 0.004, "clear but small"),
        (-0.10, 0.14, 0.600, "similar"),
        (0.02, 0.14, 0.200, "similar"),
        (0.02, 0.14, None, "similar"),
        (0.02, 0.30, 0.200, "tentative"),
        (0.02, 0.30, 0.050, "tentative"),
        (0.02, 0.30, None, ""),
        (-0.08, 0.27, 0.700, "cannot tell"),
        (-0.08, 0.27, 0.004, "cannot tell"),
        (-0.27, 0.08, None, "cannot tell"),
        (-0.15, 0.10, 0.700, "cannot tell"),
        (0.00, 0.30, 0.700, "cannot tell"),
        (None, None, None, ""),
    ],
)
def test_each_tier_by_a_constructed_contrast(low, high, p_adjusted, tier):
    frame = pd.DataFrame({"rd_low": [low], "rd_high": [high], "p_adjusted": [p_adjusted]}, dtype=float)
    assert with_tiers(frame, smallest_difference=0.15, alpha=0.05)["tier"].tolist() == [tier]


def test_a_wider_margin_turns_clear_into_clear_but_small():
    frame = pd.DataFrame({"rd_low": [0.09], "rd_high": [0.28], "p_adjusted": [0.004]})
    assert with_tiers(frame, smallest_difference=0.3, alpha=0.05)["tier"].tolist() == ["clear but small"]


@pytest.mark.parametrize(
    ("low", "high", "band", "tier"),
    [
        (0.09, 0.42, 0.05, "clear"),
        (0.09, 0.42, 1.0, "tentative"),
        (-0.02, 0.42, 0.05, "withheld"),
        (-0.02, 0.42, 1.0, "cannot tell"),
        (-0.02, 0.14, 0.01, "withheld"),
        (0.02, 0.14, 0.001, "clear but small"),
    ],
)
def test_a_tier_that_contradicts_its_rounded_interval_is_withheld(low, high, band, tier):
    frame = pd.DataFrame({"rd_low": [low], "rd_high": [high], "p_adjusted": [band]})
    found = with_tiers(frame, smallest_difference=0.15, alpha=0.05, banded=True)
    assert found["tier"].tolist() == [tier]


def test_every_theme_of_the_matrix_is_in_every_table():
    result = crosstab_themes(counted(TWO, WORKED | {"none": {}}, codebook=themes("cold", "none")))
    for frame in (result.table, result.tests, result.contrasts):
        assert list(dict.fromkeys(frame["theme_id"])) == ["cold", "none"]
