"""How far a share moved: published examples, R's figures, cases by hand, and what must not matter."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import (
    difference_at_same_mix,
    difference_of_estimates,
    paired_change,
    risk_difference,
    wilson,
)

R = json.loads((Path(__file__).resolve().parents[1] / "reference" / "change.json").read_text())
Z2 = 1.959963984540054**2


@st.composite
def pairs(draw):
    now, before, rest = (draw(st.integers(0, 30)) for _ in range(3))
    return now, before, now + before + rest + (now + before + rest == 0)


# The same people twice


@pytest.mark.parametrize("case", R["paired"], ids=lambda case: f"{case['b']}-{case['c']}-{case['n']}")
def test_limits_and_p_of_paired_people_are_those_of_r(case):
    # R maximises the likelihood under each difference numerically; here it is solved in closed form
    found = paired_change(case["b"], case["c"], case["n"])
    assert (found.conf_low, found.conf_high) == (
        pytest.approx(case["low"], abs=2e-6),
        pytest.approx(case["high"], abs=2e-6),
    )
    assert found.p_value == pytest.approx(case["p"], rel=1e-12)


def test_the_airway_example_of_fagerland_lydersen_and_laake():
    # 21 children before and after a transplant, 1 gained and 7 lost it: -.286 (-.517 to -.026), p .070, mid-p .039
    found = paired_change(1, 7, 21)
    numbers = (found.estimate, found.conf_low, found.conf_high, found.p_value, found.p_mid)
    assert [round(number, 3) for number in numbers] == [-0.286, -0.517, -0.026, 0.07, 0.039]


def test_where_nobody_changed_the_limits_are_those_of_none_of_n():
    # with b = c = 0 the equation is n d^2 = z^2 d (1 - d), so d = z^2 / (n + z^2)
    found = paired_change(0, 0, 20)
    assert found.conf_high == pytest.approx(Z2 / (20 + Z2), rel=1e-9)
    assert found.conf_low == pytest.approx(-Z2 / (20 + Z2), rel=1e-9)
    assert (found.p_value, found.p_mid) == (1.0, 1.0)


def test_where_everybody_gained_it_the_upper_limit_is_one():
    found = paired_change(5, 0, 5)
    assert (found.estimate, found.conf_high) == (1.0, 1.0)
    assert found.p_value == pytest.approx(2 / 2**5)


def test_the_exact_p_is_that_of_fair_coins():
    # 1 of 6 heads: 2 * (1 + 6) / 64; the mid-p takes half of the 6 / 64 off on either side
    found = paired_change(5, 1, 100)
    assert found.p_value == pytest.approx(14 / 64)
    assert found.p_mid == pytest.approx(8 / 64)
    assert found.smallest_p == pytest.approx(2 / 64)


@given(pairs())
@settings(max_examples=150, deadline=None)
def test_exchanging_now_and_before_turns_the_change_round(case):
    now, before, n = case
    one, other = paired_change(now, before, n), paired_change(before, now, n)
    assert one.estimate == -other.estimate
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-10)
    assert one.p_value == other.p_value
    assert -1 <= one.conf_low <= one.estimate <= one.conf_high <= 1


def test_nobody_twice_gives_a_reason_and_no_number():
    found = paired_change(0, 0, 0)
    assert found.reason == "Nobody was asked twice."
    assert math.isnan(found.estimate)


@pytest.mark.parametrize("counts", [(-1, 0, 5), (1.5, 0, 5), (3, 3, 5)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ModelError):
        paired_change(*counts)


def test_an_impossible_level_is_refused():
    with pytest.raises(ModelError, match="level"):
        paired_change(1, 2, 5, level=95)


# Different people


def test_with_wilsons_limits_the_difference_of_two_estimates_is_newcombes():
    one, other = wilson(14, 37), wilson(12, 92)
    found = difference_of_estimates(
        (one.estimate, one.conf_low, one.conf_high), (other.estimate, other.conf_low, other.conf_high)
    )
    newcombe = risk_difference(14, 37, 12, 92)
    assert found.estimate == pytest.approx(newcombe.estimate)
    assert (found.conf_low, found.conf_high) == (
        pytest.approx(newcombe.conf_low),
        pytest.approx(newcombe.conf_high),
    )


def test_a_missing_part_makes_the_difference_of_estimates_missing():
    found = difference_of_estimates((0.2, 0.1, 0.3), (float("nan"),) * 3)
    assert math.isnan(found.estimate)


def test_at_the_same_mix_of_one_group_the_difference_is_newcombes():
    newcombe = risk_difference(14, 37, 12, 92)
    found = difference_at_same_mix([14], [37], [12], [92])
    assert (found.estimate, found.conf_low, found.conf_high) == pytest.approx(
        (newcombe.estimate, newcombe.conf_low, newcombe.conf_high)
    )


def test_a_change_of_mix_alone_is_no_change_at_the_same_mix():
    # half of one group and a tenth of the other have it in both samples; 80 and 20 people, then 20 and 80
    found = difference_at_same_mix([40, 2], [80, 20], [10, 8], [20, 80])
    assert found.estimate == pytest.approx(0)
    assert found.conf_low < 0 < found.conf_high
    assert risk_difference(42, 100, 18, 100).conf_low > 0


def test_a_group_in_which_nobody_has_it_draws_the_difference_towards_zero():
    # weights 10 and 10 of 20: (0.5 + 0) / 2
    found = difference_at_same_mix([10, 0], [20, 20], [0, 0], [20, 20])
    assert found.estimate == pytest.approx(0.25)


def test_a_group_that_one_sample_lacks_is_left_out():
    with_it = difference_at_same_mix([10, 3], [20, 9], [5, 0], [20, 0])
    without = difference_at_same_mix([10], [20], [5], [20])
    assert with_it == without


def test_samples_without_a_common_group_have_no_difference():
    assert math.isnan(difference_at_same_mix([3, 0], [9, 0], [0, 2], [0, 8]).estimate)


@given(
    st.lists(st.tuples(*[st.integers(0, 9)] * 2, *[st.integers(9, 40)] * 2), min_size=1, max_size=4),
    st.randoms(),
)
@settings(max_examples=60, deadline=None)
def test_the_order_of_groups_does_not_matter(groups, random):
    shuffled = random.sample(groups, len(groups))
    one, other = (
        difference_at_same_mix(*np.array([(x1, n1, x0, n0) for x1, x0, n1, n0 in each]).T)
        for each in (groups, shuffled)
    )
    assert (one.estimate, one.conf_low, one.conf_high) == pytest.approx(
        (other.estimate, other.conf_low, other.conf_high)
    )
