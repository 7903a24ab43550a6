"""Partial pooling of a theme bank: limits worked by hand, an independent R integration, and properties."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import partial_pooling

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "pooling.json").read_text())

cells = st.tuples(*[st.integers(0, 15)] * 4).map(lambda c: [[c[0], c[1]], [c[2], c[3]]])


def bank_tables():
    with (REFERENCE / "bank40.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    helpful = np.array([row[1] == "helpful" for row in rows])
    themes = np.array([[int(cell) for cell in row[2:]] for row in rows])
    return [
        [[theme[group].sum(), (1 - theme[group]).sum()] for group in (helpful, ~helpful)]
        for theme in themes.T
    ]


def test_two_large_tables_keep_their_own_odds_ratios():
    # 1,000 people each: log 4 and log 1/4 are known to .13, and so is that the bank is spread out
    bank = partial_pooling([[[400, 100], [250, 250]], [[250, 250], [400, 100]]])
    assert bank.estimate.tolist() == pytest.approx([math.log(4), -math.log(4)], abs=0.03)
    # Woolf's standard error of log 4
    se = math.sqrt(1 / 400 + 1 / 100 + 1 / 250 + 1 / 250)
    assert bank.sd.tolist() == pytest.approx([se, se], rel=0.05)


def test_equal_tables_agree_on_their_value_with_the_precision_of_all():
    # twenty times odds ratio 2.25: together 20 times the information of one
    bank = partial_pooling([[[60, 40], [40, 60]]] * 20)
    se = math.sqrt(2 / 60 + 2 / 40)
    assert np.ptp(bank.estimate) == 0.0
    assert bank.mean == pytest.approx(math.log(2.25), abs=0.02)
    assert bank.mean_high - bank.mean_low == pytest.approx(2 * 1.96 * se / math.sqrt(20), rel=0.35)
    assert bank.sd[0] < se / 2


def test_the_strongest_of_many_null_themes_is_drawn_in():
    bank = partial_pooling([[[9, 3], [5, 15]]] + [[[6, 6], [10, 10]]] * 9)
    assert 0 < bank.estimate[0] < math.log(9) / 2
    assert bank.conf_low[0] < 0
    assert (bank.estimate[0] > bank.estimate[1:]).all()


def test_an_empty_cell_gives_a_finite_odds_ratio():
    bank = partial_pooling([[[0, 12], [5, 7]], [[6, 6], [5, 7]], [[4, 8], [5, 7]]])
    assert np.isfinite(bank.conf_low).all()
    assert bank.estimate[0] < bank.estimate[2] < bank.estimate[1]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ([[0, 9], [0, 7]], "Nobody has the theme"),
        ([[9, 0], [7, 0]], "Everybody has the theme"),
        ([[0, 0], [4, 7]], "One of the two groups is empty"),
        ([[0, 0], [0, 0]], "nobody in the table"),
    ],
)
def test_a_theme_without_variation_is_left_out_with_a_reason(table, reason):
    others = [[[6, 3], [3, 6]], [[5, 4], [3, 6]]]
    bank = partial_pooling([others[0], table, others[1]])
    assert math.isnan(bank.estimate[1])
    assert reason in bank.reasons[1]
    assert (bank.reasons[0], bank.reason, bank.n_themes) == (None, None, 2)
    assert bank.estimate[[0, 2]].tolist() == partial_pooling(others).estimate.tolist()


@pytest.mark.parametrize(
    "tables", [[[[6, 3], [3, 6]]], [[[6, 3], [3, 6]], [[0, 9], [0, 9]]], [[[0, 9], [0, 9]]]]
)
def test_fewer_than_two_themes_cannot_be_pooled(tables):
    bank = partial_pooling(tables)
    assert np.isnan(bank.estimate).all()
    assert math.isnan(bank.spread)
    assert "at least two" in bank.reason
    assert all(each is not None for each in bank.reasons)


def test_tables_too_large_for_the_grid_are_not_rounded_to_it():
    bank = partial_pooling([[[40_000, 60_000], [50_000, 50_000]]] * 3)
    assert np.isnan(bank.estimate).all()
    assert "nothing for pooling to add" in bank.reason


@given(st.lists(cells, min_size=2, max_size=6), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=12)
def test_the_order_of_themes_does_not_matter(tables, random):
    order = random.sample(range(len(tables)), len(tables))
    first, second = partial_pooling(tables), partial_pooling([tables[place] for place in order])
    assert first.estimate[order].tolist() == pytest.approx(second.estimate.tolist(), abs=1e-9, nan_ok=True)
    assert first.spread == pytest.approx(second.spread, abs=1e-9, nan_ok=True)


@given(st.lists(cells, min_size=2, max_size=6))
@settings(deadline=None, max_examples=12)
def test_swapping_the_groups_turns_the_signs(tables):
    first, second = partial_pooling(tables), partial_pooling(np.array(tables)[:, ::-1])
    assert first.estimate.tolist() == pytest.approx((-second.estimate).tolist(), abs=1e-6, nan_ok=True)
    assert first.conf_low.tolist() == pytest.approx((-second.conf_high).tolist(), abs=1e-6, nan_ok=True)


@given(st.lists(cells, min_size=2, max_size=6))
@settings(deadline=None, max_examples=12)
def test_intervals_hold_their_estimates(tables):
    bank = partial_pooling(tables)
    known = ~np.isnan(bank.estimate)
    assert (bank.conf_low[known] < bank.estimate[known]).all()
    assert (bank.estimate[known] < bank.conf_high[known]).all()


@pytest.mark.parametrize(("name", "tolerance"), [("bank40", 0.001), ("five_strong", 0.005)])
def test_the_posterior_equals_an_integration_in_r(name, tolerance):
    figures = R[name]
    bank = partial_pooling(bank_tables() if name == "bank40" else figures["tables"])
    assert bank.estimate.tolist() == pytest.approx(figures["estimate"], abs=tolerance)
    assert bank.sd.tolist() == pytest.approx(figures["sd"], abs=tolerance)
    assert (bank.mean, bank.spread) == pytest.approx((figures["mean"], figures["spread"]), abs=tolerance)


@pytest.mark.parametrize(
    ("tables", "choices", "message"),
    [
        ([[1, 2], [3, 4]], {}, r"shape \(themes, 2, 2\)"),
        ([[[1, 2], [3, 4]], [[1, 2], [3, float("nan")]]], {}, "theme 1"),
        ([[["x", 2], [3, 4]]], {}, "must hold counts"),
        ([[[1, 2], [3, 4]]], {"level": 1.5}, "level"),
    ],
)
def test_what_cannot_be_analysed_is_refused(tables, choices, message):
    with pytest.raises(ModelError, match=message):
        partial_pooling(tables, **choices)
