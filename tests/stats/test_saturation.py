"""Saturation: curves counted by hand, vegan's figures, and what must not matter."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import saturation_curve

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "saturation.json").read_text())
SHARED = ROOT / ".." / "shared" / "reference" / "09_saturation.json"

matrices = st.integers(1, 5).flatmap(
    lambda c: st.lists(st.lists(st.integers(0, 1), min_size=c, max_size=c), min_size=2, max_size=8)
)


def bank():
    with (REFERENCE / "bank40.csv").open() as file:
        return np.array([[int(cell) for cell in row[2:]] for row in list(csv.reader(file))[1:]])


def test_expected_codes_of_three_interviews():
    # codes held by all, by one and by one: of two interviews each of the last two is seen with probability 2/3
    curve = saturation_curve([[1, 1, 0], [1, 0, 0], [1, 0, 1]])
    assert curve.expected.tolist() == pytest.approx([1 + 2 / 3, 1 + 4 / 3, 3])
    assert curve.n.tolist() == [1, 2, 3]
    assert curve.observed.tolist() == [2, 2, 3]
    assert curve.sd[-1] == pytest.approx(0.0)


def test_the_spread_after_one_interview_is_that_of_codes_per_interview():
    # 2, 1 and 2 codes per interview
    assert saturation_curve([[1, 1, 0], [1, 0, 0], [1, 0, 1]]).sd[0] == pytest.approx(math.sqrt(2 / 9))


def test_chao2_adds_codes_not_met():
    # 4 interviews: two codes seen once, one seen twice, one seen always
    curve = saturation_curve([[1, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1]])
    assert (curve.n_codes, curve.n_once, curve.n_twice) == (4, 2, 1)
    assert curve.chao2 == pytest.approx(4 + 3 / 4 * 2**2 / (2 * 1))
    # 1 * (3/4 / 2 * 4 + 9/16 * 8 + 9/64 * 16)
    assert curve.chao2_se == pytest.approx(math.sqrt(1.5 + 4.5 + 2.25))


def test_chao2_without_codes_seen_twice_uses_the_bias_corrected_form():
    curve = saturation_curve([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert curve.chao2 == pytest.approx(3 + 2 / 3 * 3 * 2 / 2)


def test_base_run_and_threshold_are_counted_in_the_order_given():
    # new codes by interview: 3, 1, 0, 1, 0, 0, so a base of two holds 4
    held = [
        [1, 1, 1, 0, 0],
        [1, 0, 0, 1, 0],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
    ]
    found = saturation_curve(held, base=2, run=2, threshold=0).information
    assert (found.base_codes, found.new_codes.tolist()) == (4, [1, 1, 0])
    assert (found.reached_at, found.label, found.reason) == (4, "4 + 2", None)
    quarter = saturation_curve(held, base=2, run=2, threshold=0.25).information
    assert quarter.label == "2 + 2"


def test_an_unfinished_search_is_not_called_saturated():
    found = saturation_curve(np.eye(6), base=2, run=2, threshold=0.05).information
    assert (found.reached_at, found.label) == (None, "not reached")
    assert found.new_codes.tolist() == [2, 2, 2]


def test_too_few_interviews_for_the_rule_say_so():
    found = saturation_curve([[1, 0], [0, 1], [1, 1]]).information
    assert found.reached_at is None
    assert found.reason == "A base of 4 and a run of 2 need 6 interviews; there are 3."


def test_a_base_without_codes_says_so():
    found = saturation_curve([[0], [0], [1], [1]], base=2, run=1).information
    assert "hold no code" in found.reason


def test_the_band_covers_all_orders_of_two_interviews():
    # either two codes or none come first
    curve = saturation_curve([[1, 1], [0, 0]], level=0.9)
    assert (curve.low.tolist(), curve.high.tolist()) == ([0, 2], [2, 2])


def test_nothing_coded_gives_a_reason():
    curve = saturation_curve([[0, 0]] * 7)
    assert curve.expected.tolist() == [0.0] * 7
    assert math.isnan(curve.chao2)
    assert "No code was seen" in curve.reason


def test_one_interview_gives_a_reason():
    curve = saturation_curve([[1, 0, 1]])
    assert curve.expected.tolist() == [2.0]
    assert math.isnan(curve.chao2_se)
    assert "at least two" in curve.reason


def test_codes_everybody_has_are_saturated_at_once():
    curve = saturation_curve([[1, 1]] * 3)
    assert curve.expected.tolist() == [2.0, 2.0, 2.0]
    assert (curve.chao2, curve.chao2_se, curve.reason) == (2.0, 0.0, None)


@given(matrices, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_interviews_changes_nothing_but_the_observed_curve(held, random):
    first = saturation_curve(held, n_permutations=50)
    second = saturation_curve(random.sample(held, len(held)), n_permutations=50)
    for name in ("expected", "sd", "low", "high"):
        assert getattr(first, name).tolist() == pytest.approx(getattr(second, name).tolist(), abs=1e-9)
    assert first.observed[-1] == second.observed[-1]
    assert first.chao2 == pytest.approx(second.chao2, nan_ok=True)


@given(matrices)
@settings(deadline=None, max_examples=40)
def test_the_curve_rises_to_the_codes_seen(held):
    curve = saturation_curve(held, n_permutations=20)
    assert (np.diff(curve.expected) >= -1e-9).all()
    assert curve.expected[-1] == pytest.approx(curve.n_codes)
    assert curve.expected[0] == pytest.approx(np.mean(np.sum(held, axis=1)))


@pytest.mark.parametrize(("name", "n"), [("first24", 24), ("all148", 148)])
def test_curve_and_chao2_equal_vegan(name, n):
    curve, figures = saturation_curve(bank()[:n]), R[name]
    assert curve.expected.tolist() == pytest.approx(figures["expected"], rel=1e-9)
    assert curve.sd.tolist() == pytest.approx(figures["sd"], abs=1e-9)
    assert (curve.chao2, curve.chao2_se) == pytest.approx((figures["chao2"], figures["chao2_se"]), rel=1e-9)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference figures are not beside the repository")
def test_equal_to_the_shared_figures():
    figures = json.loads(SHARED.read_text())
    curve = saturation_curve(bank()[:24])
    assert curve.expected.tolist() == pytest.approx(figures["first24"]["exact"], rel=1e-9)
    assert curve.sd.tolist() == pytest.approx(figures["first24"]["sd"], abs=1e-9)
    whole = saturation_curve(bank())
    at = np.array(figures["all148"]["at"]) - 1
    assert whole.expected[at].tolist() == pytest.approx(figures["all148"]["exact"], rel=1e-9)
    assert whole.chao2_se == pytest.approx(figures["all148"]["chao_se"], rel=1e-9)


@pytest.mark.parametrize(
    ("matrix", "choices", "message"),
    [
        ([1, 0, 1], {}, "at least one interview and one code"),
        ([[]], {}, "at least one interview and one code"),
        ([[1, 2], [0, 1]], {}, "1 of 2 codes have values other than 0 and 1"),
        ([[1, float("nan")], [0, 1]], {}, "not codable"),
        ([["x", "y"]], {}, "0 and 1 only"),
        ([[1]], {"base": 0}, "at least 1 interview"),
        ([[1]], {"threshold": 5}, "threshold must lie between 0 and 1"),
        ([[1]], {"n_permutations": 0}, "n_permutations"),
        ([[1]], {"level": 1}, "level"),
    ],
)
def test_what_cannot_be_analysed_is_refused(matrix, choices, message):
    with pytest.raises(ModelError, match=message):
        saturation_curve(matrix, **choices)
