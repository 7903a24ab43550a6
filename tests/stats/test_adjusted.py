"""Adjusted differences: the same as Firth's regression read as probabilities, and finite where cells are empty."""

import numpy as np
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats import adjusted_difference, firth_logistic, marginal_probabilities


def some_people(n=120, seed=3):
    rng = np.random.default_rng(seed)
    first = rng.uniform(size=n) < 0.3
    words = rng.normal(5, 0.8, n) - 0.3 * first
    present = rng.uniform(size=n) < 1 / (1 + np.exp(5 - words - 0.8 * first))
    return present.astype(int), first, words


def test_it_is_firths_regression_read_as_plain_probabilities():
    present, first, words = some_people()
    X = np.column_stack([first, words]).astype(float)
    fit = firth_logistic(X, present, names=["group", "words"])
    risk = marginal_probabilities(fit, X, present, columns=["group"], settings=[0, 1])
    result = adjusted_difference(present, first, words)
    expected = [risk.average_risk_difference[1], risk.ard_low[1], risk.ard_high[1]]
    assert [result.estimate, result.conf_low, result.conf_high] == pytest.approx(expected, abs=1e-7)
    assert (result.n, result.reason) == (120, None)


def test_groups_that_only_differ_in_how_much_they_say_come_out_alike():
    # three in four of the talkative, one in four of the others, in both groups: 13 of 20 against 7 of 20 raw
    present = [1] * 12 + [0] * 4 + [1] * 3 + [0] + [1] + [0] * 3 + [1] * 4 + [0] * 12
    first = [True] * 16 + [False] * 4 + [True] * 4 + [False] * 16
    result = adjusted_difference(present, first, [1] * 20 + [0] * 20)
    assert abs(result.estimate) < 0.03


def test_an_empty_cell_still_has_a_finite_difference():
    present, first, words = some_people()
    result = adjusted_difference(np.where(first, 0, present), first, words)
    assert -1 < result.conf_low < result.estimate < result.conf_high < 1


def test_the_other_way_round_turns_the_sign():
    present, first, words = some_people()
    one, other = adjusted_difference(present, first, words), adjusted_difference(present, ~first, words)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-7)


@pytest.mark.parametrize(
    ("present", "first", "words"),
    [
        ([0, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0], [1, 2, 3, 1, 2, 3]),
        ([0, 1, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1], [1, 2, 3, 1, 2, 3]),
        ([0, 1, 0, 1, 0, 1], [1, 1, 1, 0, 0, 0], [2, 2, 2, 2, 2, 2]),
        ([0, 1, 1], [1, 0, 0], [2, 1, 3]),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_a_reason(present, first, words):
    result = adjusted_difference(present, np.array(first, dtype=bool), words)
    assert np.isnan([result.estimate, result.conf_low, result.conf_high]).all()
    assert result.reason


def test_a_missing_covariate_is_refused():
    with pytest.raises(ModelError, match="missing or infinite"):
        adjusted_difference([0, 1, 0, 1], [True, True, False, False], [1, 2, np.nan, 3])
