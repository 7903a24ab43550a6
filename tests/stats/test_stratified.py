"""Pooling over strata: tables worked by hand, R's figures, and what must not matter."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import stratified

ROOT = Path(__file__).resolve().parents[2]
R = json.loads((ROOT / "tests" / "reference" / "stratified.json").read_text())
SETS = [name for name in R if name != "_meta"]
SHARED = ROOT / ".." / "shared" / "reference" / "06_waves.json"

cells = st.tuples(*[st.integers(1, 12)] * 4).map(lambda c: [[c[0], c[1]], [c[2], c[3]]])


def test_two_waves_with_the_same_odds_ratio_pool_to_it():
    # 10 * 16 / (10 * 8) = 20 * 32 / (20 * 16) = 2
    result = stratified([[[10, 10], [8, 16]], [[20, 20], [16, 32]]])
    assert result.mh_odds_ratio == pytest.approx(2.0)
    assert result.fixed.odds_ratio == pytest.approx(2.0)
    assert (result.breslow_day_statistic, result.q) == (
        pytest.approx(0.0, abs=1e-12),
        pytest.approx(0.0, abs=1e-12),
    )
    assert result.breslow_day_p == pytest.approx(1.0)
    assert result.i_squared == 0.0


def test_mantel_haenszel_by_hand():
    # ad/n: 9/10 and 20/14; bc/n: 4/10 and 6/14
    result = stratified([[[3, 2], [2, 3]], [[4, 2], [3, 5]]])
    assert result.mh_odds_ratio == pytest.approx((9 / 10 + 20 / 14) / (4 / 10 + 6 / 14))


def test_one_table_gives_its_own_odds_ratio_and_no_heterogeneity():
    result = stratified([[[8, 2], [4, 6]]])
    assert result.mh_odds_ratio == pytest.approx(6.0)
    assert result.fixed.estimate == pytest.approx(math.log(6))
    assert result.fixed.se == pytest.approx(math.sqrt(1 / 8 + 1 / 2 + 1 / 4 + 1 / 6))
    # chi-square with n - 1: 19 * (48 - 8)^2 / (10 * 10 * 12 * 8)
    assert result.cmh_statistic == pytest.approx(19 * 40**2 / 9600)
    assert math.isnan(result.breslow_day_p)
    assert math.isnan(result.q)
    assert math.isnan(result.hartung_knapp.estimate)
    assert "One informative stratum" in result.reason
    assert "One informative stratum" in result.hartung_knapp.reason
    assert result.leave_one_out == ()


def test_a_pooled_odds_ratio_of_exactly_one_still_has_a_breslow_day_test():
    result = stratified([[[6, 2], [2, 6]], [[2, 6], [6, 2]]])
    assert result.mh_odds_ratio == pytest.approx(1.0)
    # expected 4 in every cell, so a variance of 1 / (1/4 + 1/4 + 1/4 + 1/4) = 1; 2 away in both
    assert result.breslow_day_statistic == pytest.approx(4 + 4)
    assert result.tarone_statistic == pytest.approx(8.0)


def test_between_stratum_variance_is_never_negative():
    # nearly the same odds ratio in both, so the moment estimate is below zero
    result = stratified([[[20, 10], [10, 10]], [[40, 20], [20, 21]]])
    assert result.dersimonian_laird.tau_squared == 0.0
    assert result.dersimonian_laird.se == pytest.approx(result.fixed.se)
    assert result.hartung_knapp.tau_squared == 0.0


def test_three_strata_with_the_same_value_give_no_hartung_knapp_interval():
    result = stratified([[[4, 2], [2, 4]]] * 3)
    assert result.hartung_knapp.odds_ratio == pytest.approx(4.0)
    assert math.isnan(result.hartung_knapp.conf_low)
    assert "without width" in result.hartung_knapp.reason


def test_the_risk_difference_of_one_table_is_the_difference_of_its_shares():
    assert stratified([[[8, 2], [4, 6]]]).mh_risk_difference.estimate == pytest.approx(0.4)


def test_an_empty_cell_in_one_stratum_needs_no_correction_in_mantel_haenszel():
    result = stratified([[[3, 0], [2, 5]], [[4, 2], [2, 4]]])
    assert result.mh_odds_ratio == pytest.approx((15 / 10 + 16 / 12) / (0 + 4 / 12))
    # but Woolf's gets 0.5 in all four cells of that table
    assert result.log_odds_ratio[0] == pytest.approx(math.log(3.5 * 5.5 / (0.5 * 2.5)))


@pytest.mark.parametrize(
    ("tables", "value"), [([[[3, 0], [2, 5]]] * 2, math.inf), ([[[0, 3], [5, 2]]] * 2, 0.0)]
)
def test_a_cell_empty_everywhere_gives_zero_or_infinity_and_a_reason(tables, value):
    result = stratified(tables)
    assert result.mh_odds_ratio == value
    assert math.isnan(result.mh_conf_low)
    assert math.isnan(result.breslow_day_p)
    assert "empty in every stratum" in result.reason
    assert 0 < result.cmh_p_value < 1


@pytest.mark.parametrize("table", [[[0, 0], [4, 5]], [[0, 7], [0, 5]], [[3, 0], [4, 0]], [[0, 0], [0, 0]]])
def test_a_stratum_without_variation_is_left_out_and_named(table):
    informative = [[8, 2], [4, 6]], [[5, 5], [3, 7]]
    result = stratified([informative[0], table, informative[1]])
    assert result.uninformative == (1,)
    assert result.n_strata == 2
    assert math.isnan(result.log_odds_ratio[1])
    assert result.mh_odds_ratio == stratified(informative).mh_odds_ratio
    assert [each.left_out for each in result.leave_one_out] == [0, 2]


def test_no_informative_stratum_gives_reasons_everywhere():
    result = stratified([[[0, 5], [0, 4]], [[0, 0], [3, 3]]])
    assert "No stratum" in result.reason
    for effect in (result.fixed, result.dersimonian_laird, result.hartung_knapp, result.mh_risk_difference):
        assert math.isnan(effect.estimate)
        assert "No stratum" in effect.reason


def test_a_theme_that_splits_the_groups_completely_has_no_risk_difference_interval():
    effect = stratified([[[3, 0], [0, 5]]]).mh_risk_difference
    assert effect.estimate == 1.0
    assert math.isnan(effect.conf_low)
    assert "without width" in effect.reason


@given(st.lists(cells, min_size=2, max_size=5), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_strata_does_not_matter(tables, random):
    first, second = stratified(tables), stratified(random.sample(tables, len(tables)))
    assert first.mh_odds_ratio == pytest.approx(second.mh_odds_ratio)
    assert first.tarone_p == pytest.approx(second.tarone_p)
    assert first.hartung_knapp.se == pytest.approx(second.hartung_knapp.se, abs=1e-6)


@given(st.lists(cells, min_size=2, max_size=5))
@settings(deadline=None, max_examples=40)
def test_swapping_the_groups_inverts_the_odds_ratios(tables):
    first, second = stratified(tables), stratified(np.array(tables)[:, ::-1])
    assert first.mh_odds_ratio == pytest.approx(1 / second.mh_odds_ratio)
    assert first.fixed.estimate == pytest.approx(-second.fixed.estimate, abs=1e-9)
    assert first.breslow_day_statistic == pytest.approx(second.breslow_day_statistic, abs=1e-8)
    assert first.mh_risk_difference.estimate == pytest.approx(-second.mh_risk_difference.estimate, abs=1e-12)
    assert first.mh_risk_difference.se == pytest.approx(second.mh_risk_difference.se)


@pytest.mark.parametrize("name", SETS)
def test_pooled_values_equal_r(name):
    figures = R[name]
    result = stratified(figures["tables"])
    mh = figures["mh"]
    assert result.mh_odds_ratio == pytest.approx(mh["odds_ratio"], rel=1e-9)
    assert [result.mh_conf_low, result.mh_conf_high] == pytest.approx(mh["ci"], rel=1e-9)
    assert (result.cmh_statistic, result.cmh_p_value) == pytest.approx((mh["cmh"], mh["cmh_p"]), rel=1e-9)
    assert result.breslow_day_p == pytest.approx(figures["breslow_day"]["p"], rel=1e-9)
    assert result.tarone_p == pytest.approx(figures["tarone"]["p"], rel=1e-9)
    assert result.log_odds_ratio.tolist() == pytest.approx(figures["log_odds_ratio"], abs=1e-9)
    assert result.variance.tolist() == pytest.approx(figures["variance"], rel=1e-9)
    assert result.q == pytest.approx(figures["q"], rel=1e-9)
    tolerance = {"hartung_knapp": 1e-6}
    for method in ("fixed", "dersimonian_laird", "hartung_knapp", "mh_risk_difference"):
        effect, expected = getattr(result, method), figures[method]
        values = [effect.estimate, effect.se, effect.conf_low, effect.conf_high]
        assert values == pytest.approx(
            [expected["estimate"], expected["se"], *expected["ci"]], abs=tolerance.get(method, 1e-9)
        )
    without = result.leave_one_out[0]
    assert without.mh_odds_ratio == pytest.approx(figures["without_first"]["mh_odds_ratio"], rel=1e-9)
    expected = figures["without_first"]["hartung_knapp"]
    assert [without.hartung_knapp.conf_low, without.hartung_knapp.conf_high] == pytest.approx(
        expected["ci"], abs=1e-5
    )


@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference figures are not beside the repository")
@pytest.mark.parametrize("name", ["reversal3", "ucb_admissions"])
def test_pooled_values_equal_the_shared_figures(name):
    figures = json.loads(SHARED.read_text())[name]
    result = stratified(figures["cells"])
    assert result.mh_odds_ratio == pytest.approx(figures["mh_or"], rel=1e-9)
    assert [result.mh_conf_low, result.mh_conf_high] == pytest.approx(figures["mh_ci"], rel=1e-9)
    assert result.cmh_p_value == pytest.approx(figures["cmh_p"], rel=1e-9)
    assert result.breslow_day_p == pytest.approx(figures["homogeneity"]["p_bd"], rel=1e-9)
    assert result.tarone_p == pytest.approx(figures["homogeneity"]["p_tarone"], rel=1e-9)
    for effect, method, tolerance in (
        (result.fixed, "fixed", 1e-9),
        (result.dersimonian_laird, "DL", 1e-9),
        (result.hartung_knapp, "REML_hartung_knapp", 1e-5),
        (result.mh_risk_difference, "mh_risk_difference", 1e-9),
    ):
        expected = figures[method]
        assert [effect.estimate, effect.se] == pytest.approx([expected["b"], expected["se"]], abs=tolerance)
        assert [effect.conf_low, effect.conf_high] == pytest.approx(expected["ci"], abs=tolerance)


@pytest.mark.parametrize(
    ("tables", "choices", "message"),
    [
        ([[1, 2], [3, 4]], {}, r"shape \(strata, 2, 2\), not \(2, 2\)"),
        ([], {}, "shape"),
        ([[[1, 2], [3, -4]]], {}, "stratum 0"),
        ([[[1, 2], [3, 4]], [[1, 2], [3, 0.5]]], {}, "stratum 1"),
        ([[["a", 2], [3, 4]]], {}, "must hold counts"),
        ([[[1, 2], [3, 4]]], {"level": 0}, "level"),
    ],
)
def test_what_cannot_be_analysed_is_refused(tables, choices, message):
    with pytest.raises(ModelError, match=message):
        stratified(tables, **choices)
