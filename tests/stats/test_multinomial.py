import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.logistic import logistic
from analysis_lib.stats.multinomial import firth_multinomial, ordered_logistic

COMMITTED = Path(__file__).resolve().parents[1] / "reference"
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference"
needs_shared = pytest.mark.skipif(
    not (SHARED / "10_firth_multinom.json").exists(),
    reason="the shared reference figures do not lie beside this repository; multinomial.json covers the same",
)
COVARIATES = {
    "plain": ["theme_not_heard", "theme_alliance", "severity"],
    "separated": ["theme_rare", "theme_alliance", "severity"],
}
GROUPS = ["unhelpful", "mixed", "dropped"]
ORDER = ["1", "2", "3", "4"]


@pytest.fixture(scope="module")
def wave():
    return pd.read_csv(COMMITTED / "wave148.csv")


@pytest.fixture(scope="module")
def expected():
    return json.loads((COMMITTED / "multinomial.json").read_text())


@pytest.fixture(scope="module")
def fits(wave):
    return {
        name: firth_multinomial(wave[columns], wave["outcome"], reference="helpful", groups=GROUPS)
        for name, columns in COVARIATES.items()
    }


@pytest.mark.parametrize("name", list(COVARIATES))
def test_coefficients_and_errors_equal_r(fits, expected, name):
    np.testing.assert_allclose(fits[name].coef, expected[name]["coef"], atol=1e-6)
    np.testing.assert_allclose(fits[name].se, expected[name]["se"], atol=1e-6)
    assert fits[name].loglik == pytest.approx(expected[name]["penalised_loglik"], abs=1e-7)


@needs_shared
@pytest.mark.parametrize("name", list(COVARIATES))
def test_coefficients_equal_the_shared_reference(fits, name):
    shared = json.loads((SHARED / "10_firth_multinom.json").read_text())[name]["coef"]
    np.testing.assert_allclose(fits[name].coef, [list(row.values())[1:] for row in shared], atol=1e-5)


@pytest.mark.parametrize("name", list(COVARIATES))
def test_tests_and_profile_limits_equal_r(fits, expected, name):
    fit, known = fits[name], expected[name]
    row, column = fit.groups.index(known["group"]), fit.names.index(known["term"])
    assert fit.p_value[row, column] == pytest.approx(known["p_value"], abs=1e-6)
    assert fit.p_value_term[column] == pytest.approx(known["p_value_term"], abs=1e-6)
    assert fit.conf_low[row, column] == pytest.approx(known["conf_low"], abs=1e-4)
    assert fit.conf_high[row, column] == pytest.approx(known["conf_high"], abs=1e-4)


def test_separation_is_reported_and_every_number_is_finite_all_the_same(fits):
    assert (fits["plain"].separation, fits["separated"].separation) == (False, True)
    assert np.isfinite(fits["separated"].conf_high).all()
    assert fits["separated"].reason is None


def test_group_sizes_start_with_the_reference(fits):
    assert fits["plain"].n_groups == (93, 19, 20, 16)
    assert fits["plain"].n == 148


def test_two_groups_give_the_binary_firth_fit(wave):
    X, y = wave[["theme_rare", "age"]], wave["dropped"]
    two = firth_multinomial(X, y.map({0: "stayed", 1: "left"}), reference="stayed")
    binary = firth_logistic(X, y)
    np.testing.assert_allclose(two.coef[0], binary.coef, atol=1e-5)
    np.testing.assert_allclose(two.p_value[0], binary.p_value, atol=1e-6)
    np.testing.assert_allclose(two.p_value_term, binary.p_value, atol=1e-6)
    np.testing.assert_allclose(two.conf_low[0], binary.conf_low, atol=1e-4)
    np.testing.assert_allclose(two.conf_high[0], binary.conf_high, atol=1e-4)


def test_without_covariates_every_group_has_half_a_person_added():
    fit = firth_multinomial(np.empty((9, 0)), ["a"] * 5 + ["b"] * 3 + ["c"], reference="a")
    np.testing.assert_allclose(fit.coef[:, 0], [np.log(3.5 / 5.5), np.log(1.5 / 5.5)], atol=1e-6)


@pytest.mark.parametrize(
    ("X", "y", "choices", "words"),
    [
        ([[1], [1], [1]], ["a", "b", "c"], {}, '"theme" is the same for everybody'),
        ([[0], [1], [0]], ["a", "a", "a"], {}, "nothing to compare"),
        ([[0], [1], [0], [1]], ["a", "b", "b", "c"], {}, "4 people cannot determine 4 parameters"),
        ([[0], [1], [0]], ["a", "b", "a"], {"groups": ["b", "c"]}, 'Nobody is in "c"; leave the group out.'),
        ([[0], [1], [0]], ["helpful", "b", "b"], {"reference": "helpfull"}, 'Did you mean "helpful"?'),
    ],
)
def test_data_that_support_no_multinomial_model_give_a_reason(X, y, choices, words):
    fit = firth_multinomial(X, y, names=["theme"], **{"reference": "a", **choices})
    assert np.isnan(fit.coef).all()
    assert words in fit.reason


@pytest.mark.parametrize(
    ("y", "groups", "words"),
    [
        (["a", "b", None], None, "1 of 3 people have no outcome group"),
        (["a", "b", "c"], ["b"], "1 of 3 people are in none of the groups"),
        (["a", "b", "c"], ["b", "b"], "given more than once"),
    ],
)
def test_labels_that_do_not_fit_are_refused(y, groups, words):
    with pytest.raises(ModelError, match=words):
        firth_multinomial([[0], [1], [0]], y, reference="a", groups=groups)


def test_an_unknown_label_is_counted_and_not_quoted():
    with pytest.raises(ModelError) as refused:
        firth_multinomial([[0], [1]], ["a", "my own words"], reference="a", groups=["b"])
    assert "my own words" not in str(refused.value)


def test_proportional_odds_equal_r(wave, expected):
    fit = ordered_logistic(wave[COVARIATES["plain"]], wave["satisfaction"], order=ORDER)
    np.testing.assert_allclose(fit.coef, expected["ordered"]["coef"], atol=1e-5)
    np.testing.assert_allclose(fit.se, expected["ordered"]["se"], atol=1e-5)
    np.testing.assert_allclose(fit.thresholds, expected["ordered"]["thresholds"], atol=1e-4)
    assert fit.loglik == pytest.approx(expected["ordered"]["loglik"], abs=1e-7)


@needs_shared
def test_proportional_odds_equal_the_shared_reference(wave):
    shared = json.loads((SHARED / "03_cluster_multinom.json").read_text())["polr"]["table"]
    fit = ordered_logistic(wave[COVARIATES["plain"]], wave["satisfaction"], order=ORDER)
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


def test_an_ordered_model_needs_a_covariate_and_two_groups():
    with pytest.raises(ModelError, match="at least one covariate"):
        ordered_logistic(np.empty((3, 0)), ["a", "b", "a"], order=["a", "b"])
    with pytest.raises(ModelError, match="at least two groups"):
        ordered_logistic([[0], [1], [0]], ["a", "a", "a"], order=["a"])
