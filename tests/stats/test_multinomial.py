import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.multinomial import firth_multinomial

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
