import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats.logistic import logistic
from analysis_lib.stats.ordered import ordered_logistic

COMMITTED = Path(__file__).resolve().parents[1] / "reference"
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference"
needs_shared = pytest.mark.skipif(
    not (SHARED / "03_cluster_multinom.json").exists(),
    reason="the shared reference figures do not lie beside this repository; multinomial.json covers the same",
)
COVARIATES = ["theme_not_heard", "theme_alliance", "severity"]
ORDER = ["1", "2", "3", "4"]


@pytest.fixture(scope="module")
def wave():
    return pd.read_csv(COMMITTED / "wave148.csv")


@pytest.fixture(scope="module")
def expected():
    return json.loads((COMMITTED / "multinomial.json").read_text())


def test_proportional_odds_equal_r(wave, expected):
    fit = ordered_logistic(wave[COVARIATES], wave["satisfaction"], order=ORDER)
    np.testing.assert_allclose(fit.coef, expected["ordered"]["coef"], atol=1e-5)
    np.testing.assert_allclose(fit.se, expected["ordered"]["se"], atol=1e-5)
    np.testing.assert_allclose(fit.thresholds, expected["ordered"]["thresholds"], atol=1e-4)
    assert fit.loglik == pytest.approx(expected["ordered"]["loglik"], abs=1e-7)


@needs_shared
def test_proportional_odds_equal_the_shared_reference(wave):
    shared = json.loads((SHARED / "03_cluster_multinom.json").read_text())["polr"]["table"]
    fit = ordered_logistic(wave[COVARIATES], wave["satisfaction"], order=ORDER)
    np.testing.assert_allclose(fit.coef, [row["Value"] for row in shared[:3]], atol=1e-5)


def test_two_ordered_groups_give_the_binary_fit(wave):
    X, y = wave[["theme_alliance", "age"]], wave["terminated_badly"]
    ordered = ordered_logistic(X, y.astype(str), order=["0", "1"])
    binary = logistic(X, y)
    np.testing.assert_allclose(ordered.coef, binary.coef[1:], atol=1e-5)
    np.testing.assert_allclose(ordered.se, binary.se[1:], atol=1e-5)
    assert -ordered.thresholds[0] == pytest.approx(binary.coef[0], abs=1e-4)


def test_reversing_the_order_reverses_the_sign(wave):
    X, y = wave[["theme_alliance"]], wave["satisfaction"]
    up, down = ordered_logistic(X, y, order=ORDER), ordered_logistic(X, y, order=ORDER[::-1])
    assert up.coef[0] == pytest.approx(-down.coef[0], abs=1e-6)


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([[0], [0], [0], [1], [1], [1]], ["a", "b", "a", "b", "c", "c"], '"theme" separate the groups'),
        ([[0], [1], [0], [1], [0]], ["a", "b", "a", "b", "a"], 'Nobody is in "c"'),
        ([[1], [1], [1], [1], [1]], ["a", "b", "c", "b", "a"], '"theme" is the same for everybody'),
        ([[0], [1], [0]], ["a", "b", "c"], "3 people cannot determine 3 parameters"),
    ],
)
def test_data_that_support_no_ordered_model_give_a_reason(X, y, words):
    fit = ordered_logistic(X, y, order=["a", "b", "c"], names=["theme"])
    assert np.isnan(fit.coef).all()
    assert words in fit.reason
    assert fit.separation == ("separate" in words)


def test_an_ordered_model_needs_a_covariate_and_two_groups():
    with pytest.raises(ModelError, match="at least one covariate"):
        ordered_logistic(np.empty((3, 0)), ["a", "b", "a"], order=["a", "b"])
    with pytest.raises(ModelError, match="at least two groups"):
        ordered_logistic([[0], [1], [0]], ["a", "a", "a"], order=["a"])
