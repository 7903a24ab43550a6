import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis_lib.errors import ModelError
from analysis_lib.stats.logistic import logistic
from analysis_lib.stats.prediction import auc, calibration, optimism

COMMITTED = Path(__file__).resolve().parents[1] / "reference"
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference" / "08_prediction.json"
needs_shared = pytest.mark.skipif(
    not SHARED.exists(),
    reason="the shared reference figures do not lie beside this repository; prediction.json covers the same",
)
COVARIATES = ["theme_not_heard", "theme_alliance", "severity", "age"]


@pytest.fixture(scope="module")
def wave():
    return pd.read_csv(COMMITTED / "wave148.csv")


@pytest.fixture(scope="module")
def expected():
    return json.loads((COMMITTED / "prediction.json").read_text())


@pytest.fixture(scope="module")
def linear(wave):
    fit = logistic(wave[COVARIATES], wave["terminated_badly"])
    return fit.coef[0] + wave[COVARIATES].to_numpy() @ fit.coef[1:]


def test_the_area_and_its_delong_interval_equal_r(wave, linear, expected):
    result = auc(wave["terminated_badly"], linear)
    for name, value in expected["auc"].items():
        assert getattr(result, name) == pytest.approx(value, abs=1e-9)


@needs_shared
def test_the_area_equals_the_shared_reference(wave, linear):
    shared = json.loads(SHARED.read_text())["delong"]
    result = auc(wave["terminated_badly"], linear)
    assert (result.estimate, result.se) == pytest.approx((shared["auc"], shared["se"]), abs=1e-9)


def test_the_area_is_the_share_of_pairs_in_the_right_order_with_ties_counted_half():
    # Events .4 and .7 against .2, .4 and .9: right, tie, wrong; right, right, wrong.
    result = auc([1, 1, 0, 0, 0], [0.4, 0.7, 0.2, 0.4, 0.9])
    assert result.estimate == pytest.approx(3.5 / 6)


def test_delongs_error_follows_from_the_shares_outranked():
    # Shares outranked: events 1.5/3 and 2/3; non-events are outranked by 2/2, 1.5/2 and 0/2.
    result = auc([1, 1, 0, 0, 0], [0.4, 0.7, 0.2, 0.4, 0.9])
    assert result.se == pytest.approx(
        np.sqrt(np.var([1 / 2, 2 / 3], ddof=1) / 2 + np.var([1, 0.75, 0], ddof=1) / 3)
    )


def test_turning_the_score_round_turns_the_area_round(wave, linear):
    up, down = auc(wave["terminated_badly"], linear), auc(wave["terminated_badly"], -linear)
    assert up.estimate + down.estimate == pytest.approx(1)
    assert up.conf_low == pytest.approx(1 - down.conf_high)


@pytest.mark.parametrize(
    ("y", "score", "estimate", "words"),
    [
        ([1, 1, 1], [1, 2, 3], np.nan, "same outcome"),
        ([0, 1, 0], [1, 2, 3], 0.5, "single person"),
        ([0, 0, 1, 1], [1, 2, 3, 4], 1.0, "without exception"),
    ],
)
def test_an_area_without_an_interval_has_a_reason(y, score, estimate, words):
    result = auc(y, score)
    assert result.estimate == pytest.approx(estimate, nan_ok=True)
    assert np.isnan(result.conf_low)
    assert words in result.reason


@pytest.mark.parametrize(
    ("y", "score", "words"),
    [
        ([0, 1], [0.1, np.nan], 'missing or infinite value in "score"'),
        ([0, 2], [0.1, 0.2], "0 or 1"),
        (["no", "yes"], [0.1, 0.2], "0 or 1"),
        ([0, 1, 1], [0.1, 0.2], "one value for each of the 2 rows"),
        ([0, 1], [[0.1], [0.2]], "must be a list"),
    ],
)
def test_scores_that_cannot_be_judged_are_refused(y, score, words):
    with pytest.raises(ModelError, match=words):
        auc(y, score)


def test_calibration_equals_r(wave, linear, expected):
    result = calibration(wave["terminated_badly"], expit(1.6 * linear - 0.4))
    known = expected["calibration"]
    assert result.slope == pytest.approx(known["slope"], abs=1e-8)
    assert result.intercept == pytest.approx(known["intercept"], abs=1e-8)
    assert result.slope_high == pytest.approx(known["slope"] + 1.959964 * known["slope_se"], abs=1e-6)
    assert result.intercept_low == pytest.approx(
        known["intercept"] - 1.959964 * known["intercept_se"], abs=1e-6
    )


def test_a_model_is_perfectly_calibrated_in_its_own_sample(wave, linear):
    result = calibration(wave["terminated_badly"], expit(linear))
    assert (result.slope, result.intercept) == pytest.approx((1, 0), abs=1e-8)


@pytest.mark.parametrize(
    ("y", "risk", "words"),
    [
        ([1, 1], [0.5, 0.6], "Everybody has the same outcome"),
        ([0, 1, 1], [0.5, 0.5, 0.5], "All predicted risks are equal"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.7], "tell the groups apart"),
    ],
)
def test_a_calibration_without_a_slope_has_a_reason(y, risk, words):
    result = calibration(y, risk)
    assert np.isnan(result.slope)
    assert words in result.reason


def test_a_risk_of_zero_or_one_is_refused():
    with pytest.raises(ModelError, match="strictly between 0 and 1"):
        calibration([0, 1], [0.0, 0.5])


def test_optimism_equals_that_of_r_within_monte_carlo_error(wave, expected):
    known = expected["optimism"]
    result = optimism(
        wave[COVARIATES], wave["terminated_badly"], method="maximum likelihood", n_resamples=300, seed=1
    )
    assert result.auc_optimism == pytest.approx(
        known["auc"], abs=4 * np.hypot(known["auc_error"], result.auc_error)
    )
    assert 1 - result.corrected_slope == pytest.approx(
        known["slope"], abs=4 * np.hypot(known["slope_error"], result.slope_error)
    )
    assert result.apparent_slope == pytest.approx(1, abs=1e-6)
    assert result.apparent_auc == pytest.approx(expected["auc"]["estimate"], abs=1e-9)


def test_the_same_seed_gives_the_same_correction_and_another_seed_another(wave):
    X, y = wave[COVARIATES[:2]], wave["terminated_badly"]
    first, again, other = (optimism(X, y, n_resamples=20, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert other.corrected_auc != first.corrected_auc


def test_separated_data_are_corrected_by_firth_and_refused_by_maximum_likelihood(wave):
    X, y = wave[["theme_rare", "theme_alliance"]], wave["dropped"]
    by_firth = optimism(X, y, n_resamples=20, seed=1)
    by_likelihood = optimism(X, y, n_resamples=20, seed=1, method="maximum likelihood")
    assert np.isfinite(by_firth.corrected_auc)
    assert by_firth.n_failed == 0
    assert "quasi-complete separation" in by_likelihood.reason


def test_a_covariate_that_a_resample_leaves_constant_does_not_stop_the_correction():
    # One person has the rare theme, so one resample in three is without it.
    X = np.array([[1, 0]] + [[0, 0], [0, 1]] * 10)
    y = [1] + [0, 1, 1, 0] * 5
    result = optimism(X, y, n_resamples=30, seed=1)
    assert result.n_failed == 0
    assert np.isfinite(result.corrected_auc)


def test_resamples_in_which_nobody_has_the_outcome_are_counted():
    X = np.arange(8.0)[:, None]
    result = optimism(X, [0, 0, 0, 0, 0, 1, 0, 0], n_resamples=40, seed=1)
    assert 0 < result.n_failed < 40


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([[1], [1], [1]], [0, 1, 0], "is the same for everybody"),
        (np.empty((4, 0)), [0, 1, 0, 1], "There is no covariate"),
    ],
)
def test_a_sample_that_supports_no_model_gives_a_reason(X, y, words):
    result = optimism(X, y, n_resamples=5)
    assert np.isnan(result.corrected_auc)
    assert words in result.reason


def test_a_completely_separated_sample_has_an_area_but_no_slope():
    result = optimism([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]], [0, 0, 0, 1, 1, 1], n_resamples=20, seed=1)
    assert result.apparent_auc == 1
    assert np.isnan(result.corrected_slope)
    assert "calibration slope has no finite estimate" in result.reason


@pytest.mark.parametrize(
    ("choices", "words"), [({"n_resamples": 1}, "two resamples"), ({"method": "ridge"}, "method must be")]
)
def test_choices_that_do_not_exist_are_refused(choices, words):
    with pytest.raises(ModelError, match=words):
        optimism([[0.0], [1.0], [2.0]], [0, 1, 0], **choices)
