"""Who dropped out under which definition, and which outcome group everybody is in, on tables made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from handmade import STUDY

from analysis_lib.outcome import dropout_flags, outcome_groups
from analysis_lib.study import DropoutDefinition, Outcome, OutcomeRule, Study

GROUPS = ("helpful", "unhelpful", "mixed", "dropped_out")
DECLARED = DropoutDefinition("declared", termination_type=("patient_unilateral",))
RULES = (
    OutcomeRule("dropped_out", (("dropout", ("declared",)),)),
    OutcomeRule("helpful", (("perceived_helpfulness", ("helpful",)),)),
    OutcomeRule("unhelpful", (("perceived_helpfulness", ("unhelpful",)),)),
    OutcomeRule("mixed", (("perceived_helpfulness", ("mixed",)),)),
)
YES, NO, OPEN = True, False, None  # dropped out, did not, cannot be said


def a_study(*definitions: DropoutDefinition, rules: tuple[OutcomeRule, ...] = RULES) -> Study:
    return replace(
        STUDY, dropout_definitions=definitions or (DECLARED,), outcome=Outcome(GROUPS, "helpful", {}, rules)
    )


def people(**columns: list[Any]) -> pd.DataFrame:
    """Participants in the types of the contract; what is not given is empty."""
    schema = STUDY.table("participants")
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame(columns, index=[f"P{i}" for i in range(1, n + 1)])
    for column in schema:
        if column.name not in frame:
            frame[column.name] = pd.NA
        kinds = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}
        frame[column.name] = frame[column.name].astype(kinds.get(column.type, "string"))
    return frame


def flags(definition: DropoutDefinition, **columns: list[Any]) -> list[bool | None]:
    found = dropout_flags(people(**columns), a_study(definition))[definition.name]
    assert found.dtype == "boolean"
    return [None if pd.isna(flag) else bool(flag) for flag in found]


ENDINGS = ["completed_agreed", "patient_unilateral", "therapist_unilateral", "mutual_early", "referred_on", "external",
           "deceased", "not_started", "ongoing", "unknown", None]  # fmt: skip


def test_by_way_of_ending_only_an_ending_can_be_judged() -> None:
    assert flags(DECLARED, termination_type=ENDINGS) == [
        NO,
        YES,
        NO,
        NO,
        NO,
        NO,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
    ]


def test_a_definition_may_count_several_ways_of_ending() -> None:
    unilateral = DropoutDefinition("u", termination_type=("patient_unilateral", "therapist_unilateral"))
    assert flags(unilateral, termination_type=ENDINGS) == [
        NO,
        YES,
        YES,
        NO,
        NO,
        NO,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
        OPEN,
    ]


def test_a_definition_may_count_those_who_never_started() -> None:
    never = DropoutDefinition("n", termination_type=("patient_unilateral", "not_started"))
    assert flags(never, termination_type=["not_started", "ongoing", "deceased", "unknown"]) == [
        YES,
        OPEN,
        OPEN,
        OPEN,
    ]


def test_by_sessions_the_mark_itself_is_no_dropout_and_unknown_sessions_are_not_judged() -> None:
    under_8 = DropoutDefinition("d", sessions_attended_below=8)
    endings = ["completed_agreed"] * 5
    assert flags(under_8, sessions_attended=[0, 7, 8, 20, None], termination_type=endings) == [
        YES,
        YES,
        NO,
        NO,
        OPEN,
    ]


@pytest.mark.parametrize(
    ("ending", "below", "at_the_mark"),
    [
        ("completed_agreed", YES, NO),
        ("patient_unilateral", YES, NO),
        ("ongoing", OPEN, NO),  # below the mark they may yet pass it; past it they have
        ("deceased", OPEN, OPEN),
        ("not_started", YES, NO),
        ("unknown", YES, NO),
        (None, YES, NO),
    ],
)
@pytest.mark.parametrize(
    ("definition", "planned"),
    [
        (DropoutDefinition("d", sessions_attended_below=8), None),
        (DropoutDefinition("d", share_of_plan_below=0.5), 16),
    ],
)
def test_by_sessions_the_ending_matters_only_while_more_sessions_can_come(
    ending: str | None,
    below: bool | None,
    at_the_mark: bool | None,
    definition: DropoutDefinition,
    planned: int | None,
) -> None:
    found = flags(
        definition,
        termination_type=[ending, ending],
        sessions_attended=[7, 8],
        sessions_planned=[planned, planned],
    )
    assert found == [below, at_the_mark]


def test_by_share_of_the_plan_both_numbers_are_needed() -> None:
    half = DropoutDefinition("d", share_of_plan_below=0.5)
    assert flags(
        half,
        sessions_attended=[4, 5, 6, None, 3, 0],
        sessions_planned=[10, 10, 10, 10, None, 0],
        termination_type=["external"] * 6,
    ) == [YES, NO, NO, OPEN, OPEN, NO]


def test_by_a_column_of_ones_own_an_empty_cell_is_not_judged() -> None:
    said = DropoutDefinition("d", column="gender", values=("left", "gone"))
    assert flags(said, gender=["left", "gone", "stayed", None]) == [YES, YES, NO, OPEN]


def test_by_a_column_of_yes_and_no_the_words_yes_and_no_are_meant() -> None:
    said = DropoutDefinition("d", column="lasting_bad_effects", values=("yes",))
    assert flags(said, lasting_bad_effects=[True, False, None]) == [YES, NO, OPEN]


def test_every_definition_has_a_flag_of_its_own() -> None:
    study = a_study(DECLARED, DropoutDefinition("few", sessions_attended_below=3))
    found = dropout_flags(people(termination_type=["patient_unilateral"], sessions_attended=[9]), study)
    assert found.to_dict("records") == [{"declared": True, "few": False}]


def test_without_definitions_there_are_no_flags() -> None:
    study = replace(STUDY, dropout_definitions=())
    assert dropout_flags(people(gender=["x", "y"]), study).shape == (2, 0)


# groups


def groups(study: Study, **columns: list[Any]) -> list[str]:
    """The group of everybody, or why there is none."""
    frame = people(**columns)
    found = outcome_groups(frame, dropout_flags(frame, study), study)
    assert found["outcome_group"].cat.categories.tolist() == list(GROUPS)
    assert found["outcome_group"].cat.ordered
    assert (found["outcome_group"].isna() == found["why_no_group"].notna()).all()
    return found["outcome_group"].astype("string").fillna(found["why_no_group"]).tolist()


def test_the_first_rule_that_applies_decides() -> None:
    assert groups(
        a_study(),
        perceived_helpfulness=["helpful", "helpful", "unhelpful", "mixed", "not_stated"],
        termination_type=["patient_unilateral", "external", "external", "ongoing", "patient_unilateral"],
    ) == ["dropped_out", "helpful", "unhelpful", "mixed", "dropped_out"]


def test_the_order_of_the_rules_is_the_order_of_the_file() -> None:
    assert groups(
        a_study(rules=RULES[::-1]),
        perceived_helpfulness=["helpful", "not_stated"],
        termination_type=["patient_unilateral", "patient_unilateral"],
    ) == ["helpful", "dropped_out"]


def test_all_conditions_of_a_rule_must_hold_and_any_of_several_values_will_do() -> None:
    both = OutcomeRule(
        "mixed", (("perceived_helpfulness", ("mixed", "unhelpful")), ("dropout", ("declared",)))
    )
    assert groups(
        a_study(rules=(both,)),
        perceived_helpfulness=["mixed", "unhelpful", "helpful", "mixed"],
        termination_type=["patient_unilateral", "patient_unilateral", "patient_unilateral", "external"],
    ) == ["mixed", "mixed", *["no rule of the study gives a group"] * 2]


def test_any_of_several_dropout_definitions_will_do() -> None:
    rule = OutcomeRule("dropped_out", (("dropout", ("declared", "few")),))
    study = a_study(DECLARED, DropoutDefinition("few", sessions_attended_below=3), rules=(rule, *RULES[1:]))
    assert groups(
        study,
        termination_type=["external", "patient_unilateral", "external"],
        sessions_attended=[2, None, 5],
        perceived_helpfulness=["mixed", "mixed", "mixed"],
    ) == ["dropped_out", "dropped_out", "mixed"]


def test_who_cannot_be_judged_has_not_dropped_out() -> None:
    assert groups(a_study(), perceived_helpfulness=["helpful"], termination_type=["unknown"]) == ["helpful"]


def test_a_rule_may_ask_for_yes_or_no() -> None:
    rule = OutcomeRule("unhelpful", (("lasting_bad_effects", ("yes",)),))
    found = groups(
        a_study(rules=(rule, RULES[1])),
        lasting_bad_effects=[True, False],
        perceived_helpfulness=[None, "helpful"],
    )
    assert found == ["unhelpful", "helpful"]


@pytest.mark.parametrize(
    ("ending", "helpfulness", "why"),
    [
        ("ongoing", "not_stated", "therapy still under way"),
        ("ongoing", None, "therapy still under way"),
        ("deceased", None, "deceased"),
        ("not_started", None, "therapy never started"),
        ("unknown", "not_stated", "ending unknown"),
        ("completed_agreed", "not_stated", "helpfulness not stated"),
        ("completed_agreed", None, "helpfulness missing"),
        (None, None, "helpfulness missing"),
    ],
)
def test_who_matches_no_rule_leaves_with_a_reason(
    ending: str | None, helpfulness: str | None, why: str
) -> None:
    assert groups(a_study(), termination_type=[ending], perceived_helpfulness=[helpfulness]) == [why]


def test_who_says_how_it_was_but_has_no_rule_for_it_is_not_blamed() -> None:
    assert (
        groups(
            a_study(rules=RULES[:3]),
            perceived_helpfulness=["mixed", "mixed"],
            termination_type=["external", "ongoing"],
        )
        == ["no rule of the study gives a group"] * 2
    )


def test_a_reason_is_never_a_column_that_no_rule_asks_for() -> None:
    rule = OutcomeRule("helpful", (("reliable_change", ("improved",)),))
    found = groups(
        a_study(rules=(rule,)), reliable_change=["improved", None], termination_type=["ongoing", "ongoing"]
    )
    assert found == ["helpful", "no rule of the study gives a group"]


def test_without_rules_the_groups_are_those_of_the_table() -> None:
    found = groups(a_study(rules=()), outcome_group=["mixed", None], termination_type=["ongoing", "ongoing"])
    assert found == ["mixed", "outcome group missing"]
