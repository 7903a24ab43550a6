"""What the rule of fit makes of numbers and words, over every case that can occur."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from analysis_lib.joint_display.fit import ComputedFit, computed_fit

COLUMNS = ["theme_id", "group", "reference", "risk_difference", "tier"]
TIERS = ("clear", "clear but small", "similar", "tentative", "cannot tell", "withheld", "")


def fit(*rows, polarity="hindering", quoted=True, went_well=("helpful",), reason=None) -> ComputedFit:
    """The rule on one theme; rows are (group, difference, tier) against the helpful group, or with the reference."""
    whole = [("cold", group, (*rest, "helpful")[0], gap, tier) for group, gap, tier, *rest in rows]
    contrasts = pd.DataFrame(whole, columns=COLUMNS)
    said = {"cold"} if quoted else set()
    (found,) = computed_fit(contrasts, {"cold": polarity}, said, went_well=went_well, reason=reason)
    return found


# The whole table. Numbers speak where a difference is clear, whatever its size; words speak where the codebook gives
# the theme a direction and somebody is quoted. A hindering theme points to more in the group that is not helpful, a
# helpful one to fewer.
@pytest.mark.parametrize(
    ("polarity", "gap", "tier", "quoted"),
    list(itertools.product(("hindering", "helpful", "mixed", "neutral"), (0.3, -0.3), TIERS, (True, False))),
)
def test_every_combination_of_direction_tier_polarity_and_quote(polarity, gap, tier, quoted):
    found = fit(("unhelpful", gap, tier), polarity=polarity, quoted=quoted)
    numbers_speak = tier in ("clear", "clear but small")
    words_speak = quoted and polarity in ("hindering", "helpful")
    if numbers_speak and words_speak:
        same_way = (polarity == "hindering") == (gap > 0)
        assert (found.fit, found.silent, found.reason) == ("confirm" if same_way else "discord", "", "")
    else:
        side = {(True, False): "words", (False, True): "numbers", (False, False): "numbers and words"}
        assert (found.fit, found.silent) == ("silent", side[numbers_speak, words_speak])
        assert found.reason


def test_one_clear_difference_among_unsettled_ones_speaks():
    assert fit(("unhelpful", 0.3, "clear"), ("mixed", -0.1, "cannot tell")).fit == "confirm"


def test_groups_that_differ_clearly_in_opposite_directions_say_nothing():
    found = fit(("unhelpful", 0.3, "clear"), ("mixed", -0.3, "clear"))
    assert (found.fit, found.silent) == ("silent", "numbers")
    assert found.reason == "groups differ clearly in opposite directions"


@pytest.mark.parametrize(("gap", "label"), [(-0.3, "confirm"), (0.3, "discord")])
def test_a_reference_group_whose_therapy_went_badly_turns_the_direction_round(gap, label):
    # helpful against unhelpful: a hindering theme points to fewer in the helpful group
    assert fit(("helpful", gap, "clear", "unhelpful")).fit == label


def test_two_groups_whose_therapy_went_badly_say_nothing_about_a_direction():
    found = fit(("mixed", 0.4, "clear", "unhelpful"))
    assert (found.fit, found.silent) == ("silent", "numbers")


def test_without_a_group_whose_therapy_went_well_the_words_point_nowhere():
    assert fit(("unhelpful", 0.3, "clear"), went_well=()).silent == "numbers and words"


def test_where_nothing_was_tested_the_reason_is_said():
    found = fit(("unhelpful", float("nan"), ""), reason="no comparison group in this wave, so no test")
    assert (found.silent, found.reason) == ("numbers", "no comparison group in this wave, so no test")


def test_the_groups_that_differ_clearly_are_named_with_their_direction():
    found = fit(
        ("unhelpful", 0.3, "clear"), ("mixed", 0.2, "tentative"), ("dropped_out", 0.25, "clear but small")
    )
    assert found.numbers == (("unhelpful", True), ("dropped_out", True))


def test_themes_are_judged_each_by_its_own_rows_and_in_the_order_given():
    rows = [("cold", "unhelpful", "helpful", 0.3, "clear"), ("warm", "unhelpful", "helpful", 0.3, "clear")]
    found = computed_fit(
        pd.DataFrame(rows, columns=COLUMNS),
        {"warm": "helpful", "cold": "hindering"},
        {"warm", "cold"},
        went_well=("helpful",),
    )
    assert [(one.theme_id, one.fit) for one in found] == [("warm", "discord"), ("cold", "confirm")]
