import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.perfect_prediction import separation

COMMITTED = Path(__file__).resolve().parents[1] / "reference"
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference"
needs_shared = pytest.mark.skipif(
    not (SHARED / "02_firth.json").exists(),
    reason="the shared reference figures do not lie beside this repository; firth.json covers the same",
)

MODELS = {
    "quasi_separated": (["theme_rare", "theme_alliance", "severity"], "dropped"),
    "not_separated": (["theme_not_heard", "theme_alliance", "severity", "age"], "terminated_badly"),
}
SIX_X = [[0], [0], [0], [1], [1], [1]]
SIX_Y = [0, 0, 0, 1, 1, 1]
# Two people far out: firthmodels' own search for the lower limit does not converge.
SKEWED_X = [[0], [0], [0], [0], [1], [1], [1], [1], [1], [1], [9], [13]]
SKEWED_Y = [0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0]
TINY = {"six_people": (SIX_X, SIX_Y), "skewed_covariate": (SKEWED_X, SKEWED_Y)}


def committed_case(name):
    expected = json.loads((COMMITTED / "firth.json").read_text())[name]
    if name in TINY:
        return *TINY[name], expected
    wave = pd.read_csv(COMMITTED / "wave148.csv")
    covariates, outcome = MODELS[name]
    return wave[covariates], wave[outcome], expected


def column(expected, key):
    return np.array([term[key] for term in expected["terms"]])


@pytest.mark.parametrize("name", [*MODELS, *TINY])
def test_coefficients_tests_and_profile_limits_equal_r(name):
    X, y, expected = committed_case(name)
    fit = firth_logistic(X, y)
    np.testing.assert_allclose(fit.coef, column(expected, "coef"), atol=1e-5)
    np.testing.assert_allclose(fit.se, column(expected, "se"), atol=1e-5)
    np.testing.assert_allclose(fit.p_value, column(expected, "p_value"), atol=1e-6)
    np.testing.assert_allclose(fit.conf_low, column(expected, "conf_low"), atol=1e-5)
    np.testing.assert_allclose(fit.conf_high, column(expected, "conf_high"), atol=1e-5)
    assert fit.loglik == pytest.approx(expected["penalised_loglik"], abs=1e-8)
    assert (fit.n, fit.n_events, fit.reason) == (expected["n"], expected["n_events"], None)


@needs_shared
@pytest.mark.parametrize(
    ("name", "file", "separated"),
    [
        ("endometrial_quasi_separated", "firth_endometrial.csv", ("NV",)),
        ("btheb_dropout", "firth_btheb_dropout.csv", ()),
        ("infert", "firth_infert.csv", ()),
        ("complete_separation_n6", "firth_sep6.csv", ("intercept", "x")),
    ],
)
def test_published_data_sets_equal_the_shared_reference(name, file, separated):
    expected = json.loads((SHARED / "02_firth.json").read_text())["fits"][name]["own_profile"]
    with (SHARED / "inputs" / file).open(newline="") as handle:
        header, *rows = csv.reader(handle)
    values = np.array(rows, dtype=float)
    fit = firth_logistic(values[:, 1:], values[:, 0], names=header[1:])
    table = {key: [row[key] for row in expected["table"]] for key in expected["table"][0]}
    np.testing.assert_allclose(fit.coef, table["estimate"], atol=1e-5)
    np.testing.assert_allclose(fit.p_value, table["lr_p"], atol=1e-6)
    np.testing.assert_allclose(fit.conf_low, table["pl_low"], atol=5e-4)
    np.testing.assert_allclose(fit.conf_high, table["pl_high"], atol=5e-4)
    assert fit.separation_terms == separated


def test_a_two_by_two_table_gets_half_a_person_in_each_cell():
    # 9 with the theme, 2 of them left; 8 without it, 5 left. Jeffreys' prior adds 1/2 to each of the cells.
    X = [[1]] * 9 + [[0]] * 8
    y = [1] * 2 + [0] * 7 + [1] * 5 + [0] * 3
    fit = firth_logistic(X, y)
    np.testing.assert_allclose(fit.coef, [np.log(5.5 / 3.5), np.log(2.5 * 3.5 / (7.5 * 5.5))], atol=1e-6)


def test_without_a_covariate_the_intercept_has_half_a_person_added_to_each_side():
    fit = firth_logistic(np.empty((10, 0)), [1] * 2 + [0] * 8)
    assert fit.names == ("intercept",)
    assert fit.coef[0] == pytest.approx(np.log(2.5 / 8.5), abs=1e-6)


def test_a_limit_is_zero_at_the_level_at_which_the_test_just_rejects():
    X, y, _ = committed_case("not_separated")
    fit = firth_logistic(X, y)
    at_its_p = firth_logistic(X, y, level=1 - fit.p_value[1])
    assert at_its_p.conf_low[1] == pytest.approx(0, abs=1e-5)


def test_a_calendar_year_is_fitted_like_a_year_counted_from_zero():
    year = np.array([2015, 2016, 2016, 2017, 2018, 2018, 2019, 2020, 2020, 2021], dtype=float)
    left = [0, 0, 1, 0, 1, 0, 1, 1, 0, 1]
    calendar = firth_logistic(year[:, None], left)
    counted = firth_logistic(year[:, None] - 2015, left)
    assert calendar.reason is None
    assert calendar.coef[1] == pytest.approx(counted.coef[1], abs=1e-6)
    assert calendar.p_value[1] == pytest.approx(counted.p_value[1], abs=1e-8)
    assert calendar.conf_high[1] == pytest.approx(counted.conf_high[1], abs=1e-5)


def test_rescaling_a_covariate_rescales_its_coefficient_and_leaves_its_test():
    X, y, _ = committed_case("not_separated")
    grams = X.assign(severity=X["severity"] * 1000)
    fit, rescaled = firth_logistic(X, y), firth_logistic(grams, y)
    np.testing.assert_allclose(rescaled.coef[3] * 1000, fit.coef[3], atol=1e-8)
    np.testing.assert_allclose(rescaled.p_value, fit.p_value, atol=1e-8)
    assert rescaled.loglik == pytest.approx(fit.loglik + np.log(1000), abs=1e-6)


def test_names_come_from_the_columns_of_a_data_frame():
    X, y, _ = committed_case("quasi_separated")
    assert firth_logistic(X, y).names == ("intercept", "theme_rare", "theme_alliance", "severity")


def test_names_are_numbered_where_there_are_none():
    assert firth_logistic(SIX_X, SIX_Y).names == ("intercept", "x1")


def test_an_interval_is_wider_at_99_percent_than_at_95():
    narrow, wide = (firth_logistic(SIX_X, SIX_Y, level=level) for level in (0.95, 0.99))
    assert wide.conf_low[1] < narrow.conf_low[1] < narrow.conf_high[1] < wide.conf_high[1]


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([[0, 1], [1, 1], [0, 1], [1, 1]], [0, 1, 1, 0], 'The column "online" is the same for everybody'),
        (
            [[0, 1], [1, 0], [0, 1], [1, 0]],
            [0, 1, 1, 0],
            '"intercept", "alliance", "online" determine each other',
        ),
        ([[0, 1], [1, 0], [0, 0], [1, 1]], [1, 1, 1, 1], "Everybody has the outcome (n = 4)"),
        ([[0, 1], [1, 0], [0, 0]], [1, 0, 1], "3 people cannot determine 3 parameters"),
    ],
)
def test_data_that_support_no_model_give_nan_and_a_reason_that_names_the_columns(X, y, words):
    fit = firth_logistic(X, y, names=["alliance", "online"])
    assert np.isnan(fit.coef).all()
    assert np.isnan(fit.p_value).all()
    assert words in fit.reason


@pytest.mark.parametrize(
    ("X", "y", "names", "words"),
    [
        (
            [[1.0], [np.nan], [0.0]],
            [0, 1, 0],
            ["age"],
            '1 of 3 rows have a missing or infinite value in "age"',
        ),
        ([[1.0], [2.0]], [0, 2], None, "must be 0 or 1"),
        ([[1.0], [2.0]], [0, None], None, "must be 0 or 1"),
        ([[1.0], [2.0]], ["yes", "no"], None, "must be numbers"),
        ([["mild"], ["severe"]], [0, 1], None, "must be numbers"),
        ([1.0, 2.0], [0, 1], None, "matrix of people by columns"),
        ([[1.0], [2.0]], [0, 1, 1], None, "one value for each of the 2 rows"),
        ([[1.0, 2.0], [2.0, 1.0]], [0, 1], ["a"], "1 names were given for 2 columns"),
        ([[1.0, 2.0], [2.0, 1.0]], [0, 1], ["a", "a"], '"a" occurs more than once'),
        ([[1.0], [2.0]], [0, 1], ["intercept"], "rename it"),
        (np.empty((0, 1)), [], None, "nobody to analyse"),
    ],
)
def test_wrong_shapes_and_values_are_refused_by_name(X, y, names, words):
    with pytest.raises(ModelError, match=words):
        firth_logistic(X, y, names=names)


def test_a_refusal_never_quotes_a_value():
    with pytest.raises(ModelError) as refused:
        firth_logistic([["told me so"], ["x"]], [0, 1])
    assert "told me so" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_confidence_level_outside_0_and_1_is_refused(level):
    with pytest.raises(ModelError, match="between 0 and 1"):
        firth_logistic(SIX_X, SIX_Y, level=level)


def test_a_theme_that_only_leavers_have_is_quasi_complete_separation():
    X, y, _ = committed_case("quasi_separated")
    found = separation(X, y)
    assert (found.kind, found.terms) == ("quasi-complete", ("theme_rare",))


def test_a_number_above_which_everybody_left_is_complete_separation():
    found = separation([[1], [2], [3], [4]], [0, 0, 1, 1], names=["severity"])
    assert (found.kind, found.terms) == ("complete", ("intercept", "severity"))


def test_overlapping_groups_are_not_separated():
    found = separation([[1], [2], [3], [4]], [0, 1, 0, 1])
    assert (found.kind, found.terms) == ("none", ())


def test_two_themes_that_everybody_who_left_had_are_both_named():
    # Without the first theme nobody left, without the second nobody left. A linear programme that looks for
    # one direction of infinity reports only one of them.
    both_left = [(1, 1, 1)] * 2
    both_stayed = [(1, 1, 0)]
    one = [(1, 0, 0)] * 3 + [(0, 1, 0)]
    neither = [(0, 0, 0)]
    table = np.array(both_left + both_stayed + one + neither, dtype=float)
    found = separation(table[:, :2], table[:, 2], names=["unheard", "rushed"])
    assert found.kind == "quasi-complete"
    assert found.terms == ("intercept", "unheard", "rushed")


def test_a_column_of_large_numbers_is_judged_like_one_of_small_numbers():
    income = np.array([[1e6], [2e6], [3e6], [4e6]])
    assert separation(income, [0, 0, 1, 1]).kind == "complete"
    assert separation(income, [0, 1, 0, 1]).kind == "none"


def test_dependent_columns_do_not_count_as_separated():
    twins = [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert separation(twins, [0, 0, 1, 1]).kind == "none"
