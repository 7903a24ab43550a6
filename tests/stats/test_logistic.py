import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from analysis_lib.errors import ModelError
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.logistic import logistic

COMMITTED = Path(__file__).resolve().parents[1] / "reference"
COVARIATES = ["theme_not_heard", "theme_alliance", "severity", "age"]


@pytest.fixture(scope="module")
def wave():
    return pd.read_csv(COMMITTED / "wave148.csv")


@pytest.fixture(scope="module")
def expected():
    return json.loads((COMMITTED / "clusters.json").read_text())["logistic"]


def test_estimates_and_errors_equal_r(wave, expected):
    fit = logistic(wave[COVARIATES], wave["terminated_badly"])
    np.testing.assert_allclose(fit.coef, expected["coef"], atol=1e-8)
    np.testing.assert_allclose(fit.se, expected["se"], atol=1e-8)
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-8)
    assert (fit.df, fit.n_clusters, fit.reason) == (float("inf"), None, None)


def test_clustered_errors_and_p_values_with_t_equal_r(wave, expected):
    fit = logistic(wave[COVARIATES], wave["terminated_badly"], cluster=wave["therapist"])
    np.testing.assert_allclose(fit.coef, expected["coef"], atol=1e-8)
    np.testing.assert_allclose(fit.se, expected["cluster_se"], atol=1e-8)
    np.testing.assert_allclose(fit.p_value, expected["cluster_p"], atol=1e-8)
    assert (fit.df, fit.n_clusters) == (13, 14)


def test_clustered_intervals_use_t_with_one_degree_of_freedom_less_than_clusters(wave, expected):
    fit = logistic(wave[COVARIATES], wave["terminated_badly"], cluster=wave["therapist"])
    np.testing.assert_allclose(
        fit.conf_high - fit.coef, t.ppf(0.975, 13) * np.array(expected["cluster_se"]), atol=1e-7
    )


def test_the_names_of_clusters_do_not_matter(wave):
    numbers = logistic(wave[COVARIATES], wave["terminated_badly"], cluster=wave["therapist"])
    words = logistic(wave[COVARIATES], wave["terminated_badly"], cluster="T" + wave["therapist"].astype(str))
    np.testing.assert_allclose(numbers.se, words.se, rtol=1e-12)


def test_a_two_by_two_table_has_its_odds_ratio_and_woolf_error():
    # 6 of 10 with the theme left, 3 of 12 without: odds ratio (6/4)/(3/9) = 4.5.
    X = [[1]] * 10 + [[0]] * 12
    y = [1] * 6 + [0] * 4 + [1] * 3 + [0] * 9
    fit = logistic(X, y)
    assert fit.coef[1] == pytest.approx(np.log(4.5), abs=1e-9)
    assert fit.se[1] == pytest.approx(np.sqrt(1 / 6 + 1 / 4 + 1 / 3 + 1 / 9), abs=1e-9)


def test_separation_is_refused_by_the_name_of_its_terms(wave):
    with pytest.raises(ModelError, match=r'quasi-complete separation.*"theme_rare".*firth_logistic'):
        logistic(wave[["theme_rare", "severity"]], wave["dropped"])


def test_separated_data_are_fitted_by_firth_on_request(wave):
    X, y = wave[["theme_rare", "severity"]], wave["dropped"]
    fit, firth = logistic(X, y, if_separated="firth"), firth_logistic(X, y)
    assert (fit.method, fit.separation) == ("firth", True)
    np.testing.assert_array_equal(fit.conf_high, firth.conf_high)


def test_clusters_and_separation_together_are_refused(wave):
    with pytest.raises(ModelError, match="does not allow for clusters"):
        logistic(wave[["theme_rare"]], wave["dropped"], cluster=wave["therapist"], if_separated="firth")


def test_no_more_clusters_than_coefficients_leaves_the_errors_unknown_with_a_reason():
    X = [[0], [1], [0], [1], [0], [1]]
    fit = logistic(X, [0, 1, 1, 0, 0, 1], cluster=["a", "a", "a", "b", "b", "b"])
    assert np.isfinite(fit.coef).all()
    assert np.isnan(fit.se).all()
    assert fit.reason.startswith("2 clusters cannot carry standard errors for 2 coefficients")


@pytest.mark.parametrize("missing", [None, np.nan, "", pd.NA])
def test_a_missing_cluster_label_is_refused(missing):
    with pytest.raises(ModelError, match="1 of 4 people have no cluster label"):
        logistic([[0], [1], [0], [1]], [0, 0, 1, 1], cluster=["a", missing, "b", "b"])


def test_as_many_labels_as_people_are_asked_for():
    with pytest.raises(ModelError, match="one label for each of the 4 people"):
        logistic([[0], [1], [0], [1]], [0, 0, 1, 1], cluster=["a", "b"])


def test_a_constant_column_gives_nan_and_a_reason():
    fit = logistic([[1], [1], [1]], [0, 1, 1], names=["online"])
    assert np.isnan(fit.se).all()
    assert '"online" is the same for everybody' in fit.reason


def test_an_unknown_way_of_treating_separation_is_refused():
    with pytest.raises(ModelError, match="if_separated"):
        logistic([[0], [1]], [0, 1], if_separated="ignore")
