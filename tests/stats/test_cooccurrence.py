"""Themes that go together: overlaps counted by hand, R's figures, and null models with a known answer."""

import csv
import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import cooccurrence

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "saturation.json").read_text())
SHARED = ROOT / ".." / "shared" / "reference" / "09_saturation.json"

matrices = st.integers(2, 4).flatmap(
    lambda c: st.lists(st.lists(st.integers(0, 1), min_size=c, max_size=c), min_size=2, max_size=8)
)


def bank():
    with (REFERENCE / "bank40.csv").open() as file:
        return np.array([[int(cell) for cell in row[2:]] for row in list(csv.reader(file))[1:]])


def test_overlap_of_two_themes_by_hand():
    # both 2, first only 1, second only 1, neither 2
    result = cooccurrence([[1, 1], [1, 1], [1, 0], [0, 1], [0, 0], [0, 0]], n_null=9)
    assert result.both.tolist() == [[3, 2], [2, 3]]
    assert result.jaccard[0, 1] == pytest.approx(2 / 4)
    # (2 * 2 - 1 * 1) / sqrt(3 * 3 * 3 * 3)
    assert result.phi[0, 1] == pytest.approx(3 / 9)
    assert result.expected[0, 1] == pytest.approx(1.5)
    # of 20 ways to pick the 3 with the second theme, 9 have two of the first and 1 all three
    assert result.p_hypergeometric[0, 1] == pytest.approx(10 / 20)
    assert (result.n, result.reason) == (6, None)


def test_the_walk_reaches_all_matrices_with_the_same_margins_equally_often():
    held = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    same = [
        np.array(cells).reshape(4, 3)
        for cells in product((0, 1), repeat=12)
        if np.array_equal(np.array(cells).reshape(4, 3).sum(axis=0), held.sum(axis=0))
        and np.array_equal(np.array(cells).reshape(4, 3).sum(axis=1), held.sum(axis=1))
    ]
    overlaps = np.array([(each[:, 0] & each[:, 1]).sum() for each in same])
    result = cooccurrence(held, n_null=4_000, seed=2)
    error = overlaps.std() / math.sqrt(4_000)
    assert len(same) == 12
    assert result.null_mean[0, 1] == pytest.approx(overlaps.mean(), abs=4 * error)
    assert result.p_more[0, 1] == pytest.approx((overlaps >= 1).mean(), abs=0.04)


def test_people_who_have_every_theme_explain_the_overlap():
    # two talkative people: the overlap of 2 looks large by numbers, and is the only one possible by margins
    held = np.vstack([np.ones((2, 4), dtype=int), np.zeros((18, 4), dtype=int)])
    result = cooccurrence(held, n_null=99)
    assert result.p_hypergeometric[0, 1] == pytest.approx(1 / 190)
    assert (result.null_mean[0, 1], result.null_sd[0, 1]) == (2.0, 0.0)
    assert (result.p_more[0, 1], result.p_fewer[0, 1]) == (1.0, 1.0)


def test_p_values_count_the_observed_matrix():
    # two exclusive themes in forty people: no rearrangement in 99 has as little overlap
    result = cooccurrence([[1, 0, 0, 1]] * 20 + [[0, 1, 1, 0]] * 20, n_null=99)
    assert result.p_fewer[0, 1] == pytest.approx(1 / 100)
    assert result.p_more[0, 1] == 1.0


@pytest.mark.parametrize("value", [0, 1])
def test_a_theme_without_variation_has_no_correlation_and_is_named(value):
    result = cooccurrence([[1, value, 0], [0, value, 1], [1, value, 1]], n_null=9)
    assert result.constant == (1,)
    assert math.isnan(result.phi[0, 1])
    assert result.p_hypergeometric[0, 1] == 1.0
    assert "1 of 3 themes" in result.reason


def test_nobody_with_any_theme_gives_a_reason():
    result = cooccurrence(np.zeros((5, 3)), n_null=9)
    assert np.isnan(result.jaccard).all()
    assert result.constant == (0, 1, 2)
    assert "3 of 3 themes" in result.reason


def test_one_person_cannot_be_rearranged():
    result = cooccurrence([[1, 1, 0]], n_null=9)
    assert result.null_sd[0, 1] == 0.0
    assert "3 of 3 themes" in result.reason


@given(matrices, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=25)
def test_the_order_of_people_changes_nothing(held, random):
    first = cooccurrence(held, n_null=5)
    second = cooccurrence(random.sample(held, len(held)), n_null=5)
    for name in ("both", "jaccard", "phi", "p_hypergeometric", "null_mean", "null_sd", "p_more", "p_fewer"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@given(matrices)
@settings(deadline=None, max_examples=25)
def test_rearranging_keeps_the_size_of_every_theme(held):
    result = cooccurrence(held, n_null=5)
    np.testing.assert_array_equal(np.diag(result.null_mean), np.sum(held, axis=0))
    assert (np.diag(result.null_sd) == 0).all()


def test_pairs_equal_r():
    result = cooccurrence(bank(), n_null=1)
    for pair in R["pairs"]:
        at = pair["i"] - 1, pair["j"] - 1
        assert result.both[at] == pair["both"]
        for name in ("jaccard", "phi", "p_hypergeometric"):
            assert getattr(result, name)[at] == pytest.approx(pair[name], rel=1e-9, abs=1e-12)


def test_the_fixed_margins_null_equals_vegan():
    result = cooccurrence(bank(), n_null=1_500, seed=1)
    n_vegan = R["fixed_margins"]["n_null"]
    for pair in R["fixed_margins"]["pairs"]:
        at = pair["i"] - 1, pair["j"] - 1
        # both sides are simulated; neighbouring draws of the walk are correlated by less than .1
        error = math.sqrt(1.2 / 1_500 + 1 / n_vegan)
        assert result.null_mean[at] == pytest.approx(pair["mean"], abs=4 * pair["sd"] * error)
        assert result.null_sd[at] == pytest.approx(pair["sd"], rel=0.1)
        assert result.p_more[at] == pytest.approx(pair["p_more"], abs=4 * 0.5 * error)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference figures are not beside the repository")
def test_pairs_equal_the_shared_figures():
    # the shared fixed-margins figures come from a chain that was not thinned, so they are no target; the test
    # above compares with independent draws
    result = cooccurrence(bank(), n_null=1)
    for pair in json.loads(SHARED.read_text())["pairs"]:
        at = pair["i"] - 1, pair["j"] - 1
        assert result.both[at] == pair["both"]
        assert result.jaccard[at] == pytest.approx(pair["jaccard"], abs=1e-9)
        assert result.phi[at] == pytest.approx(pair["phi"], abs=1e-9)
        assert result.p_hypergeometric[at] == pytest.approx(pair["p_upper_hypergeometric"], rel=1e-9)


@pytest.mark.parametrize(
    ("matrix", "choices", "message"),
    [
        ([[1], [0]], {}, "two themes or more"),
        ([1, 0], {}, "two themes or more"),
        ([[1, 2], [0, 1]], {}, "1 of 2 themes have values other than 0 and 1"),
        ([[1, float("nan")], [0, 1]], {}, "not codable"),
        ([["a", "b"]], {}, "0 and 1 only"),
        ([[1, 0]], {"n_null": 0}, "n_null"),
    ],
)
def test_what_cannot_be_analysed_is_refused(matrix, choices, message):
    with pytest.raises(ModelError, match=message):
        cooccurrence(matrix, **choices)
