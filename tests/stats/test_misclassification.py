"""Coder error carried along: cases with a known answer, an independent posterior from R, and properties."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats import corrected_association, impute_true_codes

ROOT = Path(__file__).resolve().parents[2]
R = json.loads((ROOT / "tests" / "reference" / "misclassification.json").read_text())


def units(checked, unchecked):
    """Code, outcome and truth of units given as counts: checked[outcome][truth][code], unchecked[outcome][code]."""
    code, outcome, truth = [], [], []
    for y in (0, 1):
        for c in (0, 1):
            for value, count in ((0, checked[y][0][c]), (1, checked[y][1][c]), (None, unchecked[y][c])):
                code += [c] * count
                outcome += [y] * count
                truth += [value] * count
    return code, outcome, truth


# Sensitivity .8, specificity .9. Of 1,000 at outcome 1 600 have the theme, of 1,000 at outcome 0 300; a tenth
# was checked. The codes alone show (.8 * 600 + .1 * 400) = 520 against (.8 * 300 + .1 * 700) = 310.
KNOWN = units(
    checked=[[[63, 7], [6, 24]], [[36, 4], [12, 48]]],
    unchecked=[[621, 279], [432, 468]],
)


def test_the_truth_behind_the_codes_is_recovered():
    # odds ratio 600 * 700 / (400 * 300) = 3.5, difference .6 - .3; from codes 520 * 690 / (480 * 310) and .21
    result = corrected_association(*KNOWN)
    assert math.exp(result.naive_log_odds_ratio.estimate) == pytest.approx(520 * 690 / (480 * 310))
    assert result.naive_risk_difference.estimate == pytest.approx(0.21)
    assert result.log_odds_ratio.estimate == pytest.approx(math.log(3.5), abs=0.1)
    assert result.risk_difference.estimate == pytest.approx(0.3, abs=0.02)
    assert result.sensitivity.estimate.tolist() == pytest.approx([0.8], abs=0.03)
    assert result.specificity.estimate.tolist() == pytest.approx([0.9], abs=0.03)
    assert (result.n, result.n_checked, result.reason) == (2000, 200, None)


def test_not_knowing_the_truth_widens_the_interval():
    result = corrected_association(*KNOWN)
    naive, corrected = result.naive_log_odds_ratio, result.log_odds_ratio
    assert corrected.conf_high - corrected.conf_low > 1.2 * (naive.conf_high - naive.conf_low)
    assert corrected.fmi > 0.3


def test_with_every_unit_checked_the_truth_is_analysed():
    # truth: 6 of 10 against 2 of 10, whatever the codes
    code, outcome, truth = units([[[6, 2], [1, 1]], [[3, 1], [2, 4]]], [[0, 0], [0, 0]])
    result = corrected_association(code, outcome, truth)
    assert result.log_odds_ratio.estimate == pytest.approx(math.log(6 * 8 / (4 * 2)))
    assert result.log_odds_ratio.se == pytest.approx(math.sqrt(1 / 6 + 1 / 4 + 1 / 2 + 1 / 8))
    assert result.log_odds_ratio.between == 0.0
    assert result.risk_difference.estimate == pytest.approx(0.4)


def test_a_coder_without_an_error_changes_little():
    # 40 of 40 present and 60 of 60 absent were coded right
    code, outcome, truth = units([[[30, 0], [0, 20]], [[30, 0], [0, 20]]], [[60, 40], [30, 70]])
    result = corrected_association(code, outcome, truth)
    assert result.log_odds_ratio.estimate == pytest.approx(result.naive_log_odds_ratio.estimate, abs=0.1)


def test_adjudicated_codes_are_kept_in_every_imputation():
    code, outcome, truth = KNOWN
    imputed = impute_true_codes(code, outcome, truth, m=5)
    known = np.array([value is not None for value in truth])
    expected = [value for value in truth if value is not None]
    assert imputed.codes.shape == (5, 2000)
    assert all(row[known].tolist() == expected for row in imputed.codes)
    assert set(np.unique(imputed.codes)) == {0, 1}


def test_coders_who_err_more_at_one_outcome_are_told_apart():
    # sensitivity .9 at outcome 0 and .5 at outcome 1
    code, outcome, truth = units([[[90, 10], [10, 90]], [[90, 10], [50, 50]]], [[100, 100], [140, 60]])
    accuracy = impute_true_codes(code, outcome, truth, differential=True).sensitivity
    assert accuracy.estimate.tolist() == pytest.approx([0.9, 0.5], abs=0.06)
    assert (accuracy.conf_low < accuracy.estimate).all()
    assert (accuracy.estimate < accuracy.conf_high).all()


def test_checking_mostly_units_with_one_code_does_not_bias_the_accuracy():
    # Checked, half of the present ones were missed. But all 60 units with the code were checked and only 140 of
    # 1,540 without it: there 50 of 140 are present, so 500 more were missed, and 50 of 600 present ones found.
    code, outcome, truth = units([[[90, 10], [50, 50]], [[90, 10], [50, 50]]], [[1400, 0], [1400, 0]])
    accuracy = impute_true_codes(code, outcome, truth, m=200).sensitivity
    assert accuracy.estimate[0] == pytest.approx(50 / 600, abs=0.01)


def test_the_posterior_equals_importance_sampling_in_r():
    code, outcome, truth = units(
        [R["checked"]["0"], R["checked"]["1"]], [R["unchecked"]["0"], R["unchecked"]["1"]]
    )
    imputed = impute_true_codes(code, outcome, truth, m=4_000)
    at_one = np.array(outcome) == 1
    # Monte-Carlo errors of 4,000 draws: .001 for the accuracies, .0007 for the shares
    assert imputed.sensitivity.estimate[0] == pytest.approx(R["sensitivity"], abs=0.004)
    assert imputed.specificity.estimate[0] == pytest.approx(R["specificity"], abs=0.0025)
    width = imputed.sensitivity.conf_high[0] - imputed.sensitivity.conf_low[0]
    assert width == pytest.approx(2 * 1.96 * R["sensitivity_sd"], rel=0.06)
    assert imputed.codes[:, ~at_one].mean() == pytest.approx(R["share_outcome_0"], abs=0.003)
    assert imputed.codes[:, at_one].mean() == pytest.approx(R["share_outcome_1"], abs=0.003)


def test_the_same_seed_gives_the_same_answer_and_another_a_near_one():
    first, again, other = (corrected_association(*KNOWN, seed=seed).log_odds_ratio for seed in (1, 1, 2))
    assert first == again
    assert other.estimate == pytest.approx(first.estimate, abs=0.15)


def test_swapping_the_outcomes_turns_the_sign():
    code, outcome, truth = KNOWN
    first = corrected_association(code, outcome, truth, m=400)
    second = corrected_association(code, [1 - y for y in outcome], truth, m=400)
    assert second.naive_log_odds_ratio.estimate == pytest.approx(-first.naive_log_odds_ratio.estimate)
    assert second.log_odds_ratio.estimate == pytest.approx(-first.log_odds_ratio.estimate, abs=0.06)


@pytest.mark.parametrize(
    ("checked", "reason"),
    [
        ([[[0, 0], [0, 0]], [[0, 0], [0, 0]]], "No unit was checked"),
        ([[[5, 1], [0, 0]], [[4, 0], [0, 0]]], "0 show the theme and 10 do not"),
        ([[[0, 0], [1, 5]], [[0, 0], [0, 4]]], "10 show the theme and 0 do not"),
        ([[[2, 4], [4, 2]], [[1, 1], [1, 1]]], "no better than chance"),
    ],
)
def test_a_check_that_says_nothing_about_the_coder_has_a_reason(checked, reason):
    result = corrected_association(*units(checked, [[20, 10], [10, 20]]))
    assert math.isnan(result.log_odds_ratio.estimate)
    assert reason in result.reason
    assert reason in result.log_odds_ratio.reason
    assert math.isnan(result.sensitivity.estimate[0])
    assert not math.isnan(result.naive_log_odds_ratio.estimate)


def test_differential_error_needs_checked_units_at_both_outcomes():
    code, outcome, truth = units([[[9, 1], [1, 9]], [[0, 0], [0, 0]]], [[20, 10], [10, 20]])
    assert impute_true_codes(code, outcome, truth).reason is None
    assert "both are needed" in impute_true_codes(code, outcome, truth, differential=True).reason


def test_one_outcome_only_has_nothing_to_compare():
    result = corrected_association([1, 0, 1, 0], [1, 1, 1, 1], [1, 0, None, None])
    assert math.isnan(result.risk_difference.estimate)
    assert math.isnan(result.naive_log_odds_ratio.estimate)
    assert "same outcome" in result.reason


def test_a_theme_coded_for_nobody_at_one_outcome_stays_finite():
    code, outcome, truth = units([[[10, 0], [1, 2]], [[8, 1], [0, 3]]], [[40, 0], [25, 15]])
    result = corrected_association(code, outcome, truth)
    assert math.isfinite(result.log_odds_ratio.conf_high)
    assert math.isfinite(result.naive_log_odds_ratio.conf_high)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 0], [1, 0, 1], [1, None]), "one value for each unit"),
        (([], [], []), "one value for each unit"),
        (([1, None], [1, 0], [1, None]), "code must hold 0 and 1 only"),
        (([1, 2], [1, 0], [1, None]), "code must hold 0 and 1 only"),
        (([1, 0], [1, 0], [1, 3]), "truth must hold 0 and 1 only where it is known"),
        (([1, 0], ["a", "b"], [1, None]), "outcome must hold 0 and 1 only"),
    ],
)
def test_what_cannot_be_analysed_is_refused(arguments, message):
    with pytest.raises(ModelError, match=message):
        corrected_association(*arguments)


def test_a_single_imputation_is_refused():
    with pytest.raises(ModelError, match="at least 2"):
        corrected_association(*KNOWN, m=1)
