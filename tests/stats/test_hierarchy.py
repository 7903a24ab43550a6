"""Nested themes: adjusted p-values worked out by hand, Holm's as the special case, and the error rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import inheritance

NAN = float("nan")


@st.composite
def trees(draw):
    """p-values, some missing, and parents that stand before their children."""
    c = draw(st.integers(1, 9))
    p = draw(st.lists(st.one_of(st.just(NAN), st.floats(0.0001, 1)), min_size=c, max_size=c))
    parents = [draw(st.one_of(st.none(), st.integers(0, i - 1))) if i else None for i in range(c)]
    return p, parents


def test_without_nesting_it_is_holms_method():
    found = inheritance([0.01, 0.04, 0.03], [None, None, None])
    np.testing.assert_allclose(found, [0.03, 0.06, 0.06], rtol=1e-12)


def test_the_share_of_a_rejected_theme_goes_to_those_below_it():
    # A first: 0.004 x 2. Its share of 1/2 becomes 1/4 for A1 and A2: A1 0.01 / (1/4). B is then alone with A2
    # on shares of 1/2 and 1/4: 0.06 x (3/4) / (1/2); A2 last: 0.2 x 1.
    found = inheritance([0.004, 0.01, 0.2, 0.06], [None, 0, 0, None])
    np.testing.assert_allclose(found, [0.008, 0.04, 0.2, 0.09], rtol=1e-12)


def test_a_theme_below_one_that_does_not_differ_cannot_differ():
    found = inheritance([0.4, 0.00001, 0.001], [None, 0, None])
    np.testing.assert_allclose(found, [0.4, 0.4, 0.002], rtol=1e-12)


def test_a_rejected_theme_without_any_below_leaves_its_share_to_all():
    # 0.01 x 2, then the other holds everything: 0.04 x 1
    np.testing.assert_allclose(inheritance([0.01, 0.04], [None, None]), [0.02, 0.04], rtol=1e-12)


def test_themes_below_one_that_cannot_be_tested_take_its_place():
    through = inheritance([NAN, 0.01, 0.03, 0.02], [None, 0, 0, None])
    flat = inheritance([0.01, 0.03, 0.02], [None, None, None])
    assert np.isnan(through[0])
    np.testing.assert_allclose(through[1:], flat, rtol=1e-12)


def test_a_grandchild_of_an_untestable_theme_waits_for_the_theme_above_that():
    found = inheritance([0.3, NAN, 0.0001], [None, 0, 1])
    np.testing.assert_allclose(found[[0, 2]], [0.3, 0.3], rtol=1e-12)


def test_nothing_to_test_gives_nothing():
    assert np.isnan(inheritance([NAN, NAN], [None, 0])).all()
    assert inheritance([], []).size == 0


@given(trees())
def test_no_adjusted_p_is_below_its_own_p_or_that_of_a_theme_above(tree):
    p, parents = tree
    found = inheritance(p, parents)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(p))
    for i in np.flatnonzero(np.isfinite(found)):
        assert p[i] - 1e-12 <= found[i] <= 1
        above = parents[i]
        while above is not None:
            assert np.isnan(p[above]) or found[i] >= found[above]
            above = parents[above]


@given(trees(), st.randoms(use_true_random=False))
def test_the_order_of_themes_does_not_matter(tree, random):
    p, parents = tree
    order = list(range(len(p)))
    random.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    moved = inheritance(
        [p[old] for old in order],
        [None if parents[old] is None else place[parents[old]] for old in order],
    )
    np.testing.assert_allclose(moved, inheritance(p, parents)[order], rtol=1e-9)


def test_false_claims_stay_rare_when_some_upper_themes_truly_differ():
    # two of four upper themes differ without fail, nothing below them does: twelve true nulls in the tree
    rng = np.random.default_rng(20)
    parents = [None] * 4 + [i for i in range(4) for _ in range(3)]
    wrong = 0
    for _ in range(4_000):
        p = rng.uniform(size=16)
        p[:2] = 1e-9
        wrong += bool((inheritance(p, parents)[2:] < 0.05).any())
    assert wrong / 4_000 < 0.05 + 3 * (0.05 * 0.95 / 4_000) ** 0.5
    assert wrong / 4_000 > 0.03  # nor is the error rate left unused


@pytest.mark.parametrize(
    ("p", "parents", "message"),
    [
        ([0.1, 0.2], [None], "one for each of 2"),
        ([1.2], [None], "from 0 to 1"),
        ([0.1], [3], "positions run from 0 to 0"),
        ([0.1, 0.1], [1, 0], "stands above itself"),
    ],
)
def test_what_is_no_tree_of_p_values_is_refused(p, parents, message):
    with pytest.raises(ModelError, match=message):
        inheritance(p, parents)
