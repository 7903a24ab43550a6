"""Shares of segments: estimates by hand, Wilson's limits for as many segments as they are worth."""

import numpy as np
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats import segment_share_difference


def test_the_difference_is_one_of_segments_not_of_people():
    # 6 of 10 segments against 1 of 4; by people it would be 2 of 2 against 1 of 2
    result = segment_share_difference([5, 1, 1, 0], [6, 4, 2, 2], [True, True, False, False])
    assert (result.first, result.second) == (0.6, 0.25)
    assert result.estimate == pytest.approx(0.35)
    assert (result.n_first, result.n_second) == (2, 2)
    assert result.reason is None


def test_one_segment_each_is_worth_one_person_less_than_there_are():
    # 11 people, 5 with it: R (1 - R) over m / (m - 1) R (1 - R) / m is m - 1 = 10. Wilson for 0.454545 of 10
    # and of 0 of 19 people: 0.204541 to 0.729780 and 0 to 0.168179 (statsmodels), combined as by Newcombe.
    held = [1] * 5 + [0] * 6 + [0] * 19
    result = segment_share_difference(held, [1] * 30, [True] * 11 + [False] * 19)
    low = 0.454545 - np.hypot(0.454545 - 0.204541, 0.168179)
    high = 0.454545 + 0.729780 - 0.454545
    assert (result.conf_low, result.conf_high) == pytest.approx((low, high), abs=2e-6)


def test_segments_that_go_together_within_people_say_less():
    spread = segment_share_difference([2] * 10 + [1] * 10, [4] * 20, [True] * 10 + [False] * 10)
    clumped = segment_share_difference([4, 0] * 5 + [1] * 10, [4] * 20, [True] * 10 + [False] * 10)
    assert spread.estimate == clumped.estimate
    assert clumped.conf_high - clumped.conf_low > spread.conf_high - spread.conf_low


def test_people_who_are_all_alike_count_no_more_than_their_segments():
    # ten people with 2 of 4 segments each: worth 40 segments, not infinitely many
    result = segment_share_difference([2] * 10 + [0], [4] * 10 + [1], [True] * 10 + [False])
    # Wilson for 20 of 40: 0.351995 to 0.648005; for 0 of 1 person: 0 to 0.793451 (statsmodels)
    assert result.conf_high == pytest.approx(0.648005, abs=1e-6)
    assert result.conf_low == pytest.approx(0.5 - np.hypot(0.5 - 0.351995, 0.793451), abs=2e-6)


def test_people_without_segments_change_nothing():
    with_silent = segment_share_difference([3, 0, 1], [5, 0, 4], [True, True, False])
    assert with_silent == segment_share_difference([3, 1], [5, 4], [True, False])


def test_the_other_way_round_turns_sign_and_limits():
    one = segment_share_difference([3, 1, 2, 0], [5, 4, 9, 3], [True, True, False, False])
    other = segment_share_difference([3, 1, 2, 0], [5, 4, 9, 3], [False, False, True, True])
    assert one.estimate == pytest.approx(-other.estimate)
    assert (one.conf_low, one.conf_high) == pytest.approx((-other.conf_high, -other.conf_low))


@pytest.mark.parametrize("segments", [[0, 3], [3, 0], [0, 0]])
def test_a_group_without_segments_has_no_difference_and_says_why(segments):
    result = segment_share_difference([0, 0], segments, [True, False])
    assert np.isnan([result.estimate, result.conf_low, result.conf_high]).all()
    assert result.reason == "Nobody in one of the groups has a segment."


@pytest.mark.parametrize(
    ("held", "segments", "first"),
    [
        ([3], [2], [True]),
        ([-1], [2], [True]),
        ([0.5], [2], [True]),
        ([1, 1], [2, 2], [True]),
        ([[1]], [[2]], [[True]]),
    ],
)
def test_counts_that_cannot_be_are_refused(held, segments, first):
    with pytest.raises(ModelError):
        segment_share_difference(held, segments, first)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ModelError, match="between 0 and 1"):
        segment_share_difference([1, 0], [2, 2], [True, False], level=95)
