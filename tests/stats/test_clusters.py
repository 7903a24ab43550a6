import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from analysis_lib.stats import (
    conditional_logistic,
    gee_logistic,
    random_intercept_logistic,
)

COMMITTED = Path(__file__).resolve().parents[1] / "reference"
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference"
needs_shared = pytest.mark.skipif(
    not (SHARED / "11_conditional.json").exists(),
    reason="the shared reference figures do not lie beside this repository; clusters.json covers the same",
)
COVARIATES = ["theme_not_heard", "theme_alliance", "severity", "age"]


@pytest.fixture(scope="module")
def wave():
    return pd.read_csv(COMMITTED / "wave148.csv")


@pytest.fixture(scope="module")
def therapists():
    return pd.read_csv(COMMITTED / "therapists.csv")


@pytest.fixture(scope="module")
def expected():
    return json.loads((COMMITTED / "clusters.json").read_text())


def test_gee_has_the_coefficients_and_bias_reduced_errors_of_r(wave, expected):
    fit = gee_logistic(wave[COVARIATES], wave["terminated_badly"], cluster=wave["therapist"])
    np.testing.assert_allclose(fit.coef, expected["logistic"]["coef"], atol=1e-8)
    np.testing.assert_allclose(fit.se, expected["logistic"]["gee_se"], atol=1e-8)
    assert (fit.df, fit.n_clusters, fit.n, fit.n_events) == (13, 14, 148, 35)


def test_gee_judges_by_t_with_one_degree_of_freedom_less_than_clusters(wave, expected):
    fit = gee_logistic(wave[COVARIATES], wave["terminated_badly"], cluster=wave["therapist"])
    ratio = np.array(expected["logistic"]["coef"]) / np.array(expected["logistic"]["gee_se"])
    np.testing.assert_allclose(fit.p_value, 2 * t.sf(np.abs(ratio), 13), atol=1e-7)


@needs_shared
def test_gee_coefficients_equal_the_shared_reference(wave):
    shared = json.loads((SHARED / "03_cluster_multinom.json").read_text())["wave148"]["gee_independence"]
    fit = gee_logistic(wave[COVARIATES], wave["terminated_badly"], cluster=wave["therapist"])
    np.testing.assert_allclose(fit.coef, [row["Estimate"] for row in shared], atol=1e-8)


def test_the_order_of_rows_does_not_matter(wave):
    turned = wave.iloc[::-1]
    fit, again = (
        gee_logistic(data[COVARIATES], data["terminated_badly"], cluster=data["therapist"])
        for data in (wave, turned)
    )
    np.testing.assert_allclose(again.se, fit.se, rtol=1e-9)


def test_gee_under_separation_gives_a_reason_that_names_the_term(wave):
    fit = gee_logistic(wave[["theme_rare"]], wave["dropped"], cluster=wave["therapist"])
    assert np.isnan(fit.coef).all()
    assert 'no finite estimate for "theme_rare"' in fit.reason


def test_gee_with_few_clusters_for_its_coefficients_gives_a_reason():
    fit = gee_logistic([[0], [1]] * 4, [0, 1, 1, 0, 0, 1, 0, 0], cluster=["a"] * 4 + ["b"] * 4)
    assert fit.reason == "2 clusters cannot carry standard errors for 2 coefficients; leave covariates out."


def test_gee_refuses_a_coefficient_that_rests_on_one_cluster():
    theme = [[1], [1], [0], [0], [0], [0], [0], [0], [0]]
    left = [1, 0, 0, 1, 0, 1, 0, 1, 0]
    fit = gee_logistic(theme, left, cluster=["a"] * 3 + ["b"] * 3 + ["c"] * 3, names=["theme"])
    assert fit.reason == 'A single cluster decides on "theme", which leaves the error unknown.'


def test_conditional_estimates_equal_r(wave, expected):
    fit = conditional_logistic(wave[COVARIATES[:2]], wave["terminated_badly"], cluster=wave["therapist"])
    np.testing.assert_allclose(fit.coef, expected["conditional"]["coef"], atol=1e-6)
    np.testing.assert_allclose(fit.se, expected["conditional"]["se"], atol=1e-6)


@needs_shared
def test_conditional_estimates_equal_the_shared_reference(wave):
    shared = json.loads((SHARED / "11_conditional.json").read_text())["wave148_within_therapist"]
    fit = conditional_logistic(wave[COVARIATES[:2]], wave["terminated_badly"], cluster=wave["therapist"])
    np.testing.assert_allclose(fit.coef, [row["coef"] for row in shared], atol=1e-3)


def test_therapists_whose_patients_all_ended_alike_are_counted_and_left_out(wave):
    # One therapist of wave148 has three patients, none of whom terminated badly.
    fit = conditional_logistic(wave[COVARIATES[:2]], wave["terminated_badly"], cluster=wave["therapist"])
    assert (fit.n_uninformative, fit.n_clusters, fit.n) == (1, 13, 145)


def test_matched_pairs_have_the_ratio_of_discordant_pairs():
    # 6 pairs in which only the one with the theme left, 2 in which only the other did: 6/2, error sqrt(1/6+1/2).
    pairs = np.repeat(np.arange(8), 2)
    fit = conditional_logistic(np.tile([1, 0], 8)[:, None], [1, 0] * 6 + [0, 1] * 2, cluster=pairs)
    assert fit.coef[0] == pytest.approx(np.log(3), abs=1e-7)
    assert fit.se[0] == pytest.approx(np.sqrt(1 / 6 + 1 / 2), abs=1e-7)


def test_what_all_patients_of_a_therapist_share_cannot_be_compared_within_therapists():
    X = pd.DataFrame({"theme": [0, 1, 0, 1, 1, 0], "therapist_age": [40, 40, 50, 50, 60, 60]})
    fit = conditional_logistic(X, [0, 1, 1, 0, 1, 0], cluster=[1, 1, 2, 2, 3, 3])
    assert '"therapist_age" cannot be told apart' in fit.reason


def test_separation_within_clusters_gives_a_reason():
    fit = conditional_logistic([[0], [1], [5], [6]], [0, 1, 0, 1], cluster=[1, 1, 2, 2], names=["severity"])
    assert 'separate the outcome, so there is no finite estimate for all of "severity"' in fit.reason


def test_clusters_without_variation_leave_nothing_to_compare():
    fit = conditional_logistic([[0], [1], [0], [1]], [0, 0, 1, 1], cluster=[1, 1, 2, 2])
    assert fit.reason.startswith("In no cluster did the outcome vary")
    assert (fit.n_uninformative, fit.n, fit.n_clusters) == (2, 0, 0)


def test_clusters_too_large_for_the_conditional_likelihood_are_refused_with_a_way_out():
    X = np.tile([0.0, 1.0, 1.0], 200)[:, None]
    fit = conditional_logistic(X, np.tile([0, 0, 1, 1], 150), cluster=np.zeros(600))
    assert "up to 600 people are too large" in fit.reason


def test_a_random_intercept_equals_adaptive_quadrature_in_r(therapists, expected):
    fit = random_intercept_logistic(
        therapists[["theme", "severity"]], therapists["left"], cluster=therapists["therapist"]
    )
    np.testing.assert_allclose(fit.coef, expected["random_intercept"]["coef"], atol=2e-5)
    np.testing.assert_allclose(fit.se, expected["random_intercept"]["se"], atol=1e-5)
    assert fit.between_sd == pytest.approx(expected["random_intercept"]["between_sd"], abs=2e-5)
    assert fit.reason is None


def test_a_singular_random_intercept_is_refused(wave):
    fit = random_intercept_logistic(wave[COVARIATES], wave["terminated_badly"], cluster=wave["therapist"])
    assert np.isnan(fit.coef).all()
    assert "singular fit" in fit.reason


def test_a_random_intercept_needs_two_clusters():
    fit = random_intercept_logistic([[0], [1], [0], [1]], [0, 1, 1, 0], cluster=["a"] * 4)
    assert "single cluster" in fit.reason


def test_a_constant_column_gives_a_reason_in_every_model():
    for model in (gee_logistic, random_intercept_logistic):
        fit = model([[1], [1], [1], [1]], [0, 1, 1, 0], cluster=[1, 1, 2, 2], names=["online"])
        assert '"online" is the same for everybody' in fit.reason
