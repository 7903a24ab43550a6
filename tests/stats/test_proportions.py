"""Shares, differences, odds ratios and association: hand-computed values, R's and statsmodels' figures."""

import json
from math import erfc, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ncx2
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis_lib.errors import ModelError
from analysis_lib.stats import adjusted_residuals, cramers_v, odds_ratio, risk_difference, wilson

ROOT = Path(__file__).resolve().parents[2]
R = json.loads((ROOT / "tests" / "reference" / "tables.json").read_text())["tables"]
SHARED = ROOT / ".." / "shared" / "reference" / "01_tables.json"
TWO_ROWS = sorted(name for name, figures in R.items() if "wilson" in figures)
WITH_V = sorted(name for name, figures in R.items() if "cramers_v" in figures)


def test_wilson_limits_of_nobody_start_at_exactly_zero():
    # upper limit with x = 0: z^2 / (n + z^2), z^2 = 3.8414588
    share = wilson(0, 7)
    assert (share.estimate, share.conf_low) == (0.0, 0.0)
    assert share.conf_high == pytest.approx(3.841458821 / 10.841458821, rel=1e-8)


def test_wilson_limits_of_everybody_end_at_exactly_one():
    assert wilson(19, 19).conf_high == 1.0


def test_wilson_of_an_empty_group_is_nan_with_a_reason():
    share = wilson(0, 0)
    assert np.isnan([share.estimate, share.conf_low, share.conf_high]).all()
    assert share.reason == "There is nobody in the group."


def test_wilson_takes_a_table_of_counts_against_a_row_of_group_sizes():
    shares = wilson([[3, 0], [4, 2]], [4, 5])
    assert shares.estimate.tolist() == [[0.75, 0.0], [1.0, 0.4]]
    assert shares.conf_low[0, 0] == wilson(3, 4).conf_low
    assert shares.reason is None


def test_wilson_names_how_many_bases_are_empty():
    shares = wilson([0, 1, 0], [0, 4, 0])
    assert np.isnan(shares.estimate).tolist() == [True, False, True]
    assert shares.reason == "2 of 3 comparisons have a group with nobody in it."


@pytest.mark.parametrize("name", TWO_ROWS)
def test_wilson_equals_prop_test_in_r(name):
    table = np.array(R[name]["table"])
    table = table[:, table.sum(axis=0) > 0]
    shares = wilson(table[0], table.sum(axis=0))
    limits = np.column_stack([shares.conf_low, shares.conf_high])
    np.testing.assert_allclose(limits, R[name]["wilson"], rtol=0, atol=1e-10)


def test_wilson_equals_statsmodels():
    x, n = np.array([0, 1, 5, 37, 92, 400]), np.array([8, 8, 19, 37, 148, 1405])
    for level in (0.8, 0.95, 0.99):
        low, high = proportion_confint(x, n, alpha=1 - level, method="wilson")
        shares = wilson(x, n, level=level)
        np.testing.assert_allclose(shares.conf_low, low, rtol=0, atol=1e-12)
        np.testing.assert_allclose(shares.conf_high, high, rtol=0, atol=1e-12)


def test_newcombe_equals_statsmodels():
    for x1, n1, x0, n0 in [(3, 4, 1, 4), (0, 12, 7, 15), (19, 19, 40, 92), (345, 605, 455, 800)]:
        low, high = confint_proportions_2indep(x1, n1, x0, n0, method="newcomb", compare="diff")
        difference = risk_difference(x1, n1, x0, n0)
        assert difference.estimate == pytest.approx(x1 / n1 - x0 / n0, abs=1e-15)
        assert difference.conf_low == pytest.approx(low, abs=1e-12)
        assert difference.conf_high == pytest.approx(high, abs=1e-12)


@pytest.mark.parametrize("name", TWO_ROWS)
def test_risk_difference_against_the_first_group_equals_r(name):
    table = np.array(R[name]["table"])
    table = table[:, table.sum(axis=0) > 0]
    sizes = table.sum(axis=0)
    difference = risk_difference(table[0, 1:], sizes[1:], table[0, 0], sizes[0])
    computed = np.column_stack([difference.estimate, difference.conf_low, difference.conf_high])
    np.testing.assert_allclose(computed, R[name]["newcombe_v_first"], rtol=0, atol=1e-10)


def test_risk_difference_with_an_empty_reference_group_is_nan_with_a_reason():
    difference = risk_difference(3, 4, 0, 0)
    assert np.isnan(difference.estimate)
    assert difference.reason == "There is nobody in the group."


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_swapping_the_groups_turns_the_difference_around(n1, n0, data):
    x1, x0 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n0))
    there, back = risk_difference(x1, n1, x0, n0), risk_difference(x0, n0, x1, n1)
    assert there.estimate == pytest.approx(-back.estimate, abs=1e-15)
    assert there.conf_low == pytest.approx(-back.conf_high, abs=1e-15)
    assert -1 <= there.conf_low <= there.estimate <= there.conf_high <= 1


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [(5, 4, "exceeds"), (-1, 4, "x must hold counts"), (1.5, 4, "whole"), (1, float("nan"), "n must hold"),
     ([1, 2], [3, 4, 5], "one shape"), ("a", 4, "counts")],
)  # fmt: skip
def test_impossible_counts_are_refused_by_name(x, n, message):
    with pytest.raises(ModelError, match=message):
        wilson(x, n)


def test_group_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ModelError, match="do not fit"):
        risk_difference([1, 2], [3, 4], [1, 2, 3], [4, 5, 6])


def test_a_level_in_per_cent_is_refused():
    with pytest.raises(ModelError, match="between 0 and 1"):
        wilson(1, 2, level=95)


def test_exact_odds_ratio_of_the_lady_tasting_tea_is_the_conditional_estimate():
    result = odds_ratio([[3, 1], [1, 3]])
    assert result.estimate == pytest.approx(6.408309, rel=1e-5)
    assert result.p_value == pytest.approx(34 / 70, rel=1e-12)


@pytest.mark.parametrize("name", ["t01_tea2x2", "t19_2x2_n1405"])
def test_exact_odds_ratio_agrees_with_r_within_its_own_tolerance(name):
    assert odds_ratio(R[name]["table"]).estimate == pytest.approx(R[name]["odds_ratio_conditional"], rel=1e-3)


def test_exact_odds_ratio_with_an_empty_cell_is_zero_with_a_finite_upper_limit():
    result = odds_ratio([[0, 12], [7, 8]])
    assert (result.estimate, result.conf_low) == (0.0, 0.0)
    # the upper limit solves P(0 of 7 | odds ratio) = 0.025
    assert result.conf_high == pytest.approx(0.644892, rel=1e-5)


def test_firth_odds_ratio_is_half_a_person_more_in_every_cell():
    # (0.5 * 8.5) / (12.5 * 7.5) = 0.0453333
    result = odds_ratio([[0, 12], [7, 8]], method="firth")
    assert result.estimate == pytest.approx(4.25 / 93.75, rel=1e-6)
    assert 0 < result.conf_low < result.estimate < result.conf_high < 1


def test_firth_limits_are_where_the_penalised_profile_likelihood_has_dropped_by_half_the_quantile():
    counts = np.array([[0, 12], [7, 8]])
    result = odds_ratio(counts, method="firth")

    def profile(log_odds_ratio):
        # the intercept on a fine grid; penalty = half the log determinant of the information
        intercept = np.linspace(-6, 6, 200_001)
        p1, p0 = 1 / (1 + np.exp(-intercept - log_odds_ratio)), 1 / (1 + np.exp(-intercept))
        weight1, weight0 = 12 * p1 * (1 - p1), 15 * p0 * (1 - p0)
        likelihood = 0 * np.log(p1) + 12 * np.log1p(-p1) + 7 * np.log(p0) + 8 * np.log1p(-p0)
        return (likelihood + 0.5 * np.log(weight1 * weight0)).max()

    top = profile(np.log(4.25 / 93.75))
    for limit in (result.conf_low, result.conf_high):
        assert top - profile(np.log(limit)) == pytest.approx(3.841458821 / 2, abs=1e-4)
    # against no effect, twice the drop is a chi-square with one degree of freedom: p = erfc(sqrt(drop))
    assert result.p_value == pytest.approx(erfc(sqrt(top - profile(0.0))), rel=1e-5)


@pytest.mark.parametrize("method", ["exact", "firth", "wald"])
def test_an_odds_ratio_with_an_empty_row_is_nan_with_a_reason(method):
    result = odds_ratio([[0, 0], [7, 8]], method=method)
    assert np.isnan([result.estimate, result.conf_low, result.conf_high, result.p_value]).all()
    assert "no odds ratio" in result.reason


def test_a_large_table_where_the_tightest_tolerance_fails_still_has_a_firth_odds_ratio():
    result = odds_ratio([[126, 178], [200, 228]], method="firth")
    assert result.reason is None
    assert result.estimate == pytest.approx(126.5 * 228.5 / (178.5 * 200.5), rel=1e-5)


def test_an_odds_ratio_of_a_2x3_table_is_refused():
    with pytest.raises(ModelError, match="two rows and two columns"):
        odds_ratio([[1, 2, 3], [4, 5, 6]])


def test_an_unknown_method_is_refused():
    with pytest.raises(ModelError, match="woolf"):
        odds_ratio([[1, 2], [3, 4]], method="woolf")


def test_a_wald_odds_ratio_has_the_interval_of_its_logarithm():
    # log(30 * 80 / (20 * 70)) = log(12/7); variance 1/30 + 1/70 + 1/20 + 1/80
    log, spread = np.log(12 / 7), 1.959963984540054 * sqrt(1 / 30 + 1 / 70 + 1 / 20 + 1 / 80)
    result = odds_ratio([[30, 70], [20, 80]], method="wald")
    assert result.estimate == pytest.approx(12 / 7, rel=1e-12)
    assert [result.conf_low, result.conf_high] == pytest.approx(
        [np.exp(log - spread), np.exp(log + spread)], rel=1e-9
    )


def test_a_wald_odds_ratio_with_an_empty_cell_is_nan_with_a_reason():
    result = odds_ratio([[0, 12], [7, 8]], method="wald")
    assert np.isnan(result.estimate)
    assert "empty" in result.reason


def test_the_wald_and_the_exact_odds_ratio_agree_where_there_are_ten_thousand_people():
    table = [[900, 2_100], [1_800, 5_200]]
    wald, exact = odds_ratio(table, method="wald"), odds_ratio(table)
    assert wald.estimate == pytest.approx(exact.estimate, rel=1e-3)
    assert [wald.conf_low, wald.conf_high] == pytest.approx([exact.conf_low, exact.conf_high], rel=5e-3)


def test_cramers_v_of_a_perfect_association_is_one():
    # n = 8: X2 = 8; corrected: phi2 = 1 - 1/7, both dimensions 2 - 1/7, so V = sqrt((6/7) / (6/7)) = 1
    table = [[4, 0], [0, 4]]
    assert cramers_v(table, corrected=False).estimate == pytest.approx(1.0, abs=1e-12)
    assert cramers_v(table).estimate == pytest.approx(1.0, abs=1e-12)


def test_cramers_v_by_hand():
    # X2 = 2, n = 8: plain sqrt(2/8) = 0.5; corrected sqrt((2/8 - 1/7) / (1 - 1/7)) = sqrt(1/8)
    assert cramers_v([[3, 1], [1, 3]], corrected=False).estimate == pytest.approx(0.5, abs=1e-12)
    assert cramers_v([[3, 1], [1, 3]]).estimate == pytest.approx(0.125**0.5, abs=1e-12)


@pytest.mark.parametrize("name", WITH_V)
def test_cramers_v_and_its_limits_equal_r(name):
    figures = R[name]
    plain, corrected = cramers_v(figures["table"], corrected=False), cramers_v(figures["table"])
    assert plain.estimate == pytest.approx(figures["cramers_v"], abs=1e-9)
    assert corrected.estimate == pytest.approx(figures["cramers_v_corrected"], abs=1e-9)
    assert (plain.conf_low, plain.conf_high) == pytest.approx(figures["cramers_v_limits"], abs=1e-6)
    assert (corrected.conf_low, corrected.conf_high) == (plain.conf_low, plain.conf_high)


def test_cramers_v_limits_are_the_noncentralities_that_leave_a_fortieth_on_either_side():
    # X2 = 7.56 on 1 df, n = 27
    v = cramers_v([[0, 12], [7, 8]])
    assert ncx2.cdf(7.56, 1, 27 * v.conf_low**2) == pytest.approx(0.975, abs=1e-8)
    assert ncx2.cdf(7.56, 1, 27 * v.conf_high**2) == pytest.approx(0.025, abs=1e-8)


def test_cramers_v_of_identical_groups_has_a_point_interval_and_says_so():
    v = cramers_v([[5, 5, 5], [5, 5, 5]])
    assert (v.estimate, v.conf_low, v.conf_high) == (0.0, 0.0, 0.0)
    assert "more alike than chance" in v.reason


def test_cramers_v_of_a_theme_nobody_has_is_nan_with_a_reason():
    v = cramers_v([[0, 0, 0], [92, 37, 19]])
    assert np.isnan(v.estimate)
    assert "Only one row" in v.reason


def test_two_people_are_too_few_for_a_corrected_v():
    v = cramers_v([[1, 0], [0, 1]])
    assert np.isnan(v.estimate)
    assert "2 people are too few" in v.reason


def test_adjusted_residuals_by_hand():
    # expected 2 everywhere, (3 - 2) / sqrt(2 * 0.5 * 0.5) = sqrt(2)
    residuals = adjusted_residuals([[3, 1], [1, 3]]).residuals
    np.testing.assert_allclose(residuals, np.array([[1, -1], [-1, 1]]) * 2**0.5, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in WITH_V if "empty" not in name])
def test_adjusted_residuals_equal_the_standardised_residuals_of_chisq_test_in_r(name):
    residuals = adjusted_residuals(R[name]["table"]).residuals
    np.testing.assert_allclose(residuals, R[name]["adjusted_residuals"], rtol=0, atol=1e-9)


def test_cells_of_an_empty_group_have_no_residual_and_the_others_do():
    result = adjusted_residuals([[12, 7, 0], [28, 13, 0]])
    assert np.isnan(result.residuals).tolist() == [[False, False, True], [False, False, True]]
    assert "nobody or everybody" in result.reason


@pytest.mark.skipif(
    not SHARED.exists(), reason="the folder with the shared R figures is not beside the repository"
)
def test_proportions_meet_the_shared_r_reference():
    checked = 0
    for case in json.loads(SHARED.read_text())["tables"].values():
        if case.get("cramers_v") is None:
            continue
        table = case["table"]
        assert cramers_v(table, corrected=False).estimate == pytest.approx(case["cramers_v"], abs=1e-9)
        assert cramers_v(table).estimate == pytest.approx(case["cramers_v_bias_corrected"], abs=1e-9)
        residuals = adjusted_residuals(table).residuals
        np.testing.assert_allclose(residuals, case["chisq"]["std_resid"], rtol=0, atol=1e-9)
        for share in case.get("present_prop") or []:
            interval = wilson(share["x"], share["n"])
            assert (interval.conf_low, interval.conf_high) == pytest.approx(share["wilson"], abs=1e-9)
        if "or_exact_ci" in case:
            odds = odds_ratio(table)
            assert odds.estimate == pytest.approx(case["or_conditional_mle"], rel=0.02)
            assert (odds.conf_low, odds.conf_high) == pytest.approx(case["or_exact_ci"], rel=0.02)
        checked += 1
    assert checked >= 8
