"""Generated limits: which of them a study gets, each with the direction in which it pushes."""

import pytest

from analysis_lib.payload import Payload, Table
from analysis_lib.sentences import limits

GROUPS = Table(
    (("group", "key"), ("label", "key"), ("n", "people")),
    (("helpful", "Helpful", 92), ("unhelpful", "Unhelpful", 37), ("mixed", "Mixed", 0)),
)
SETTINGS = {
    "theme_timing": "after_outcome",
    "coders_blind_to_outcome": False,
    "look": 2,
    "planned_looks": 4,
    "alpha": 0.05,
    "base": "all_with_material",
    "tradition": "codebook",
    "reference": "helpful",
}
QUIET = {"theme_timing": "before_outcome", "coders_blind_to_outcome": True, "look": 1, "planned_looks": 1}
FLOW = (
    ("invited", 200, 0, ""),
    ("enrolled", 135, 15, "did not take part"),
    ("material to code", 129, 6, "no material"),
    ("analysed", 129, 0, ""),
)
MATERIAL = (
    ("measure", "key"), ("group", "key"), ("reference", "key"), ("conf_low", "estimate"), ("conf_high", "estimate"),
)  # fmt: skip


def said(*beside, groups=GROUPS, **facts):
    cover = Payload("card", "cover", {"groups": groups}, SETTINGS | facts)
    return [sentence.text for sentence in limits(cover, beside)]


def one(start, found):
    (text,) = [text for text in found if start in text]
    return text


def intake(flow=FLOW):
    columns = (("stage", "text"), ("n", "people"), ("excluded", "people"), ("reason", "text"))
    return Payload("sentences", "intake", {"flow": Table(columns, flow)}, SETTINGS)


def talk(low, high, **facts):
    rows = (("words", "helpful", "helpful", None, None), ("words", "unhelpful", "helpful", low, high))
    tables = {"material": Table(MATERIAL, rows), "groups": GROUPS}
    return Payload("sentences", "talkativeness", tables, SETTINGS | {"words_reason": None} | facts)


def two_groups(first, second):
    return Table(GROUPS.columns, (("helpful", "Helpful", first), ("unhelpful", "Unhelpful", second)))


# Each limit, and that it is said only where it holds


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"theme_timing": "after_outcome"}, "tends to make groups look more different than they were"),
        ({"coders_blind_to_outcome": False}, "can make groups look more different than they are"),
        ({"look": 2, "planned_looks": 4}, "a false claim is likelier than 0.05 says"),
        ({"base": "any_theme"}, "each share is higher than among all with material"),
    ],
)
def test_a_setting_brings_its_limit_with_its_direction_and_leaves_with_it(setting, words):
    assert not [text for text in said(**QUIET) if words in text]
    assert one(words, said(**QUIET | setting))


def test_every_study_is_told_that_people_chose_to_take_part_and_that_silence_is_not_absence():
    found = said(**QUIET, groups=two_groups(20, 20))
    assert len(found) == 2
    assert "more likely too low than too high" in found[0]
    assert "probably come up more often here than among all who had therapy" in found[1]


def test_how_many_of_those_invited_took_part_is_said_where_it_is_known():
    assert one("chose to", said(intake())).startswith(
        "135 of 200 people who were invited took part, and chose to."
    )
    withheld = (("invited", None, 0, ""), *FLOW[1:])
    assert one("chose to", said(intake(withheld))).startswith("Who took part chose to.")


def test_who_gave_nothing_to_code_is_counted():
    assert one("could be coded", said(intake())).startswith(
        "Shares leave out 6 who took part but gave nothing"
    )
    everybody = tuple(row if row[0] != "material to code" else (row[0], 135, 0, "") for row in FLOW)
    assert not [text for text in said(intake(everybody)) if "could be coded" in text]


def test_groups_of_different_size_are_named_with_their_sizes():
    text = one("Groups differ in size", said())
    assert "(92 helpful and 37 unhelpful)" in text
    assert "more easily missed" in text


@pytest.mark.parametrize("groups", [two_groups(30, 30), two_groups(30, 0)])
def test_groups_of_one_size_or_a_single_group_have_no_such_limit(groups):
    assert not [text for text in said(groups=groups) if "Groups differ" in text]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.55, 0.75, "unhelpful group say more than those in the helpful group, so any theme is more likely"),
     (0.21, 0.42, "unhelpful group say less than those in the helpful group, so any theme is less likely")],
)  # fmt: skip
def test_a_group_that_is_found_to_say_more_or_less_is_a_limit(low, high, words):
    assert words in one("say ", said(talk(low, high)))


@pytest.mark.parametrize(
    "beside",
    [talk(0.4, 0.6), talk(0.5, 0.7), talk(None, None), talk(0.6, 0.8, words_reason="no words are known")],
)
def test_talkativeness_is_a_limit_only_where_it_is_measured_to_differ(beside):
    assert not [text for text in said(beside) if "those in the helpful group" in text]


def test_more_looks_than_planned_are_named():
    assert "This is look 5, 4 of them planned." in one("This is look", said(look=5))


def test_a_wave_with_a_single_group_has_no_p_value_to_warn_of():
    assert not [text for text in said(groups=two_groups(24, 0)) if "This is look" in text]


def test_a_reflexive_study_is_not_warned_of_tests_that_it_does_not_make():
    assert not [text for text in said(tradition="reflexive") if "p-values" in text or "intervals" in text]


def test_a_limit_leads_to_the_row_that_it_comes_from():
    cover = Payload("card", "cover", {"groups": GROUPS}, SETTINGS)
    anchors = {s.anchor for s in limits(cover, [intake(), talk(0.55, 0.75)])}
    assert {"flow-invited", "flow-material-to-code", "talk-words-unhelpful"} <= anchors
    assert {s.kind for s in limits(cover)} == {"limit"}
