import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from analysis_lib.errors import ModelError
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.logistic import logistic
from analysis_lib.stats.marginal import RiskModel, flac, flic, marginal_probabilities

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
# 20 people with the theme, 12 left; 20 without it, 4 left.
THEME = pd.DataFrame({"theme": [1] * 20 + [0] * 20})
LEFT = [1] * 12 + [0] * 8 + [1] * 4 + [0] * 16


def committed_case(name):
    expected = json.loads((COMMITTED / "firth.json").read_text())[name]
    wave = pd.read_csv(COMMITTED / "wave148.csv")
    covariates, outcome = MODELS[name]
    return wave[covariates], wave[outcome], expected


@pytest.mark.parametrize("name", list(MODELS))
def test_flic_keeps_the_slopes_and_has_the_intercept_of_r(name):
    X, y, expected = committed_case(name)
    fit = firth_logistic(X, y)
    model = flic(fit, X, y)
    assert model.coef[0] == pytest.approx(expected["flic_intercept"], abs=1e-5)
    np.testing.assert_array_equal(model.coef[1:], fit.coef[1:])


@pytest.mark.parametrize("name", list(MODELS))
def test_flac_equals_r(name):
    X, y, expected = committed_case(name)
    np.testing.assert_allclose(flac(X, y).coef, expected["flac"], atol=1e-5)


@needs_shared
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("endometrial_quasi_separated", "firth_endometrial.csv"),
        ("btheb_dropout", "firth_btheb_dropout.csv"),
        ("infert", "firth_infert.csv"),
    ],
)
def test_flic_and_flac_equal_the_shared_reference(name, file):
    expected = json.loads((SHARED / "02_firth.json").read_text())["fits"][name]
    data = pd.read_csv(SHARED / "inputs" / file)
    X, y = data.drop(columns="y"), data["y"]
    model = flic(firth_logistic(X, y), X, y)
    assert model.coef[0] == pytest.approx(expected["flic_intercept"], abs=2e-5)
    np.testing.assert_allclose(flac(X, y).coef, list(expected["flac"].values()), atol=2e-5)


@pytest.mark.parametrize("name", list(MODELS))
def test_risks_average_to_the_observed_share_after_correction(name):
    X, y, _ = committed_case(name)
    columns = np.column_stack([np.ones(len(X)), X])
    for model in (flic(firth_logistic(X, y), X, y), flac(X, y)):
        assert expit(columns @ model.coef).mean() == pytest.approx(y.mean(), abs=1e-6)


def test_maximum_likelihood_probabilities_of_a_two_by_two_table_are_its_shares():
    # Shares 4/20 and 12/20; errors of the logits 1/sqrt(20 p q), of the difference sqrt(.012 + .008).
    fit = logistic(THEME, LEFT)
    risk = marginal_probabilities(fit, THEME, LEFT, columns=["theme"], settings=[0, 1])
    np.testing.assert_allclose(risk.probability, [0.2, 0.6], atol=1e-9)
    np.testing.assert_allclose(risk.logit_se, [1 / np.sqrt(3.2), 1 / np.sqrt(4.8)], atol=1e-9)
    np.testing.assert_allclose(risk.average_risk_difference, [0, 0.4], atol=1e-9)
    np.testing.assert_allclose(risk.ard_se, [0, np.sqrt(0.02)], atol=1e-9)


def test_limits_lie_1_96_errors_away_on_their_scales():
    fit = logistic(THEME, LEFT)
    risk = marginal_probabilities(fit, THEME, LEFT, columns=["theme"], settings=[0, 1])
    # logit(.6) = .405465, error .456435: .405465 -+ .894597 -> expit -.489132 and 1.300062
    assert risk.conf_low[1] == pytest.approx(0.380098, abs=1e-6)
    assert risk.conf_high[1] == pytest.approx(0.785846, abs=1e-6)
    # .4 -+ 1.959964 * .141421
    assert risk.ard_low[1] == pytest.approx(0.122819, abs=1e-6)
    assert risk.ard_high[1] == pytest.approx(0.677181, abs=1e-6)
    assert (risk.ard_low[0], risk.ard_high[0]) == (0, 0)


def test_firth_probabilities_of_a_two_by_two_table_solve_its_quadratic():
    # Firth's odds ratio is r = (12.5 * 16.5) / (8.5 * 4.5). With u the odds without the theme, the corrected
    # intercept solves r u / (1 + r u) + u / (1 + u) = 16/20, that is 1.2 r u^2 + .2 (r + 1) u - .8 = 0, whose
    # root u = .2664454 gives .2103885 and .8 - .2103885.
    fit = firth_logistic(THEME, LEFT)
    risk = marginal_probabilities(fit, THEME, LEFT, columns=["theme"], settings=[0, 1])
    np.testing.assert_allclose(risk.probability, [0.2103885, 0.5896115], atol=1e-6)
    # .5896115 * .4103885 / 20 + .2103885 * .7896115 / 20 = .0204047
    assert risk.ard_se[1] == pytest.approx(np.sqrt(0.0204047), abs=1e-6)


def test_a_category_is_set_through_all_of_its_columns():
    # Leavers: 2 of 8 at home, 5 of 10 in a clinic, 9 of 12 online.
    clinic = [0] * 8 + [1] * 10 + [0] * 12
    online = [0] * 18 + [1] * 12
    left = [1] * 2 + [0] * 6 + [1] * 5 + [0] * 5 + [1] * 9 + [0] * 3
    X = pd.DataFrame({"clinic": clinic, "online": online})
    risk = marginal_probabilities(
        logistic(X, left),
        X,
        left,
        columns=["clinic", "online"],
        settings=[[0, 0], [1, 0], [0, 1]],
        labels=["home", "clinic", "online"],
        reference=1,
    )
    np.testing.assert_allclose(risk.probability, [0.25, 0.5, 0.75], atol=1e-9)
    np.testing.assert_allclose(risk.average_risk_difference, [-0.25, 0, 0.25], atol=1e-9)
    assert risk.labels == ("home", "clinic", "online")


def test_other_covariates_keep_their_observed_values_while_one_is_set():
    # Slopes log 2 and log 3, intercept 0; half of the people have the second theme.
    X = pd.DataFrame({"first": [0, 1, 0, 1], "second": [0, 0, 1, 1]})
    model = RiskModel(
        ("intercept", "first", "second"), np.log([1.0, 2.0, 3.0]), np.zeros((3, 3)), float("inf"), None
    )
    risk = marginal_probabilities(model, X, [0, 1, 0, 1], columns=["first"], settings=[0, 1])
    # odds 1 and 3 without the first theme, 2 and 6 with it
    np.testing.assert_allclose(risk.probability, [(1 / 2 + 3 / 4) / 2, (2 / 3 + 6 / 7) / 2], atol=1e-12)
    np.testing.assert_allclose(risk.logit_se, [0, 0], atol=1e-12)


def test_the_error_of_a_difference_is_that_of_finite_differences():
    X, y, _ = committed_case("not_separated")
    fit = logistic(X, y)
    risk = marginal_probabilities(fit, X, y, columns=["severity"], settings=[10, 18])
    columns = np.column_stack([np.ones(len(X)), X])

    def difference(coef):
        low, high = columns.copy(), columns.copy()
        low[:, 3], high[:, 3] = 10, 18
        return expit(high @ coef).mean() - expit(low @ coef).mean()

    steps = np.eye(5) * 1e-6
    gradient = [(difference(fit.coef + step) - difference(fit.coef - step)) / 2e-6 for step in steps]
    assert risk.ard_se[1] == pytest.approx(np.sqrt(gradient @ fit.covariance @ gradient), abs=1e-7)


def test_clustered_fits_widen_intervals_by_t():
    X, y, _ = committed_case("not_separated")
    therapist = pd.read_csv(COMMITTED / "wave148.csv")["therapist"]
    fit = logistic(X, y, cluster=therapist)
    risk = marginal_probabilities(fit, X, y, columns=["theme_alliance"], settings=[0, 1])
    half = (logit(risk.conf_high) - logit(risk.conf_low)) / 2
    np.testing.assert_allclose(half / risk.logit_se, [2.160369, 2.160369], atol=1e-6)  # t(13) at .975


def test_limits_of_a_difference_never_leave_minus_one_to_one():
    X, y = [[0], [0], [0], [1], [1], [1]], [0, 0, 0, 1, 1, 1]
    fit = firth_logistic(X, y, names=["theme"])
    risk = marginal_probabilities(fit, X, y, columns=["theme"], settings=[0, 1])
    assert risk.ard_high[1] == 1


def test_a_fit_without_coefficients_passes_its_reason_on():
    X, y = [[1], [1], [1]], [0, 1, 1]
    fit = firth_logistic(X, y, names=["online"])
    risk = marginal_probabilities(fit, X, y, columns=["online"], settings=[0, 1])
    assert np.isnan(risk.probability).all()
    assert '"online" is the same for everybody' in risk.reason


def test_flac_without_an_estimate_gives_a_reason():
    assert "Everybody has the outcome" in flac([[0], [1], [1]], [1, 1, 1]).reason


def test_a_setting_far_outside_the_data_gives_nan_and_a_reason():
    fit = logistic(THEME, LEFT)
    risk = marginal_probabilities(fit, THEME, LEFT, columns=["theme"], settings=[0, 1e6])
    assert np.isnan(risk.conf_high[1])
    assert risk.probability[0] == pytest.approx(0.2)
    assert "0 or 1 to machine precision" in risk.reason


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"columns": ["themes"], "settings": [0, 1]}, 'no covariate "themes"'),
        ({"columns": "theme", "settings": [0, 1]}, "list of names"),
        ({"columns": [], "settings": [0, 1]}, "at least one column"),
        ({"columns": ["theme"], "settings": [[0, 1]]}, r"the shape is \(1, 2\)"),
        ({"columns": ["theme"], "settings": [0, np.nan]}, "must be numbers"),
        (
            {"columns": ["theme"], "settings": [0, 1], "labels": ["absent"]},
            "1 labels were given for 2 settings",
        ),
        ({"columns": ["theme"], "settings": [0, 1], "reference": 2}, "position from 0 to 1"),
        ({"columns": ["theme"], "settings": [0, 1], "level": 95}, "between 0 and 1"),
    ],
)
def test_choices_that_do_not_fit_are_refused(choices, words):
    fit = logistic(THEME, LEFT)
    with pytest.raises(ModelError, match=words):
        marginal_probabilities(fit, THEME, LEFT, **choices)


def test_other_covariates_than_those_of_the_fit_are_refused():
    fit = logistic(THEME, LEFT)
    with pytest.raises(ModelError, match="must be those of the fit"):
        flic(fit, THEME.rename(columns={"theme": "other"}), LEFT)


def test_another_number_of_covariates_is_refused():
    fit = logistic(THEME, LEFT)
    with pytest.raises(ModelError, match="The fit has 1 covariates, but 2 columns were given"):
        flic(fit, np.zeros((40, 2)), LEFT)


def test_a_model_without_intercept_is_refused():
    fit = firth_logistic(THEME, LEFT, intercept=False)
    with pytest.raises(ModelError, match="with an intercept"):
        flic(fit, THEME, LEFT)
