"""Whose outcome goes against the numbers: which group, which person, and why nobody."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis_lib.joint_display.negative_cases import (
    NO_COMPARISON,
    NOT_KNOWN,
    NOTHING_SEEN,
    REFLEXIVE,
    against,
)

COLUMNS = [
    "group",
    "reference",
    "n_with_theme",
    "n_total",
    "n_with_reference",
    "n_reference",
    "risk_difference",
    "tier",
]


def goes_against(*rows, quoted=("helpful", "unhelpful", "mixed"), tradition="codebook"):
    """The group against the numbers; rows are (group, n with theme, n with theme in helpful, difference, tier)."""
    whole = [
        (group, "helpful", n, 10, n_reference, 10, gap, tier) for group, n, n_reference, gap, tier in rows
    ]
    return against(pd.DataFrame(whole, columns=COLUMNS), set(quoted), tradition=tradition)


def test_where_more_of_a_group_have_it_the_reference_group_goes_against_it():
    found = goes_against(("unhelpful", 8, 2, 0.6, "clear"))
    assert (found.group, found.compared, found.tier, found.reason) == ("helpful", "unhelpful", "clear", None)


def test_where_fewer_of_a_group_have_it_that_group_goes_against_it():
    found = goes_against(("unhelpful", 2, 8, -0.6, "tentative"))
    assert (found.group, found.compared, found.tier) == ("unhelpful", "helpful", "tentative")


def test_the_largest_difference_gives_the_direction_whichever_sign_it_has():
    found = goes_against(("unhelpful", 4, 2, 0.2, "clear"), ("mixed", 0, 2, -0.3, "cannot tell"))
    assert (found.group, found.compared) == ("mixed", "helpful")


def test_the_first_of_two_equal_differences_gives_the_direction():
    found = goes_against(("unhelpful", 4, 2, 0.2, "clear"), ("mixed", 0, 2, -0.2, "clear"))
    assert found.group == "helpful"


def test_among_groups_with_fewer_one_that_can_be_quoted_goes_first():
    rows = [("unhelpful", 1, 8, -0.7, "clear"), ("mixed", 2, 8, -0.6, "clear")]
    assert goes_against(*rows, quoted=("mixed",)).group == "mixed"
    assert goes_against(*rows).group == "unhelpful"


def test_among_groups_with_fewer_nobody_can_quote_one_with_anybody_goes_first():
    rows = [("unhelpful", 0, 8, -0.8, "clear"), ("mixed", 2, 8, -0.6, "clear")]
    assert goes_against(*rows, quoted=()).group == "mixed"


def test_a_group_in_which_more_have_it_never_goes_against_fewer():
    rows = [("unhelpful", 2, 8, -0.6, "clear"), ("mixed", 9, 8, 0.1, "cannot tell")]
    assert goes_against(*rows, quoted=("mixed",)).group == "unhelpful"


@pytest.mark.parametrize(
    ("rows", "tradition", "reason"),
    [
        ([("unhelpful", 3, 0, float("nan"), "")], "reflexive", REFLEXIVE),
        ([("unhelpful", 8, 2, 0.6, "clear")], "reflexive", REFLEXIVE),
        ([], "codebook", NO_COMPARISON),
        ([("unhelpful", 2, 2, 0.0, "cannot tell")], "codebook", NOTHING_SEEN),
        ([("unhelpful", None, 2, float("nan"), "")], "codebook", NOT_KNOWN),
    ],
)
def test_where_nothing_can_be_gone_against_it_says_why(rows, tradition, reason):
    found = goes_against(*rows, tradition=tradition)
    assert (found.group, found.reason) == (None, reason)


def test_an_empty_reference_group_is_no_comparison_and_not_a_withheld_count():
    row = ("unhelpful", "helpful", 3, 10, 0, 0, float("nan"), "")
    assert against(pd.DataFrame([row], columns=COLUMNS), set(), tradition="codebook").reason == NO_COMPARISON
