"""Do the boxes of the flow diagram add up, and does a diagram refuse to be drawn where they do not?"""

from __future__ import annotations

from typing import Any

import pytest
from example_waves import Example
from figure_payloads import flow

from analysis_lib import figures
from analysis_lib.release import Rules, release
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
SUPPRESSED = Rules("coauthor", "suppress7_round5", 6, frozenset({"reviewed"}), b"key")
STAGES: list[tuple[str, int | None, int | None, str]] = [
    ("invited", 30, 0, ""),
    ("enrolled", 24, 6, "did not take part"),
    ("outcome group known", 22, 2, "ending unknown"),
    ("outcome group known", 19, 3, "therapy still under way"),
    ("analysed", 19, 0, ""),
]
SIZES: dict[str, int | None] = {"helpful": 12, "unhelpful": 7}


def words(payload: Any) -> str:
    return figures.as_svg(figures.draw(payload))


def test_each_box_is_the_one_before_without_those_who_left() -> None:
    assert figures.numbers(flow(STAGES, SIZES)).splitlines() == [
        "Invited (n = 30)",
        "  left: did not take part (n = 6)",
        "Enrolled (n = 24)",
        "  left: ending unknown (n = 2)",
        "  left: therapy still under way (n = 3)",
        "Outcome group known (n = 19)",
        "Analysed (n = 19)",
        "  group: Helpful (n = 12)",
        "  group: Unhelpful (n = 7)",
    ]


def test_several_reasons_at_one_stage_stand_in_one_box_with_their_sum() -> None:
    drawn = words(flow(STAGES, SIZES))
    assert ">Left here (n = 5):</text>" in drawn
    assert ">Therapy still under way (n = 3)</text>" in drawn


@pytest.mark.parametrize(
    ("at", "row"),
    [
        (1, ("enrolled", 25, 6, "did not take part")),
        (2, ("outcome group known", 22, 1, "ending unknown")),
        (0, ("invited", 30, 2, "declined")),
        (4, ("analysed", 18, 0, "")),
    ],
)
def test_stages_that_do_not_add_up_are_not_drawn(at: int, row: tuple[Any, ...]) -> None:
    payload = flow([*STAGES[:at], row, *STAGES[at + 1 :]], SIZES)
    assert figures.can_draw(payload) == "the numbers at the stages do not add up"
    with pytest.raises(ValueError, match="do not add up"):
        figures.draw(payload)


def test_groups_that_do_not_add_up_to_the_analysed_are_not_drawn() -> None:
    payload = flow(STAGES, {"helpful": 12, "unhelpful": 8})
    assert figures.can_draw(payload) == "the outcome groups do not add up to the people analysed"


def test_without_stages_there_is_nothing_to_draw() -> None:
    assert figures.can_draw(flow([], {})) == "no stage is given"


def test_a_withheld_number_is_named_and_the_boxes_above_it_too() -> None:
    stages: list[tuple[str, int | None, int | None, str]] = [
        ("enrolled", None, 0, ""),
        ("agreed to analysis", 20, None, "no consent to analysis"),
        ("analysed", 20, 0, ""),
    ]
    payload = flow(stages, {"helpful": 20, "unhelpful": 0}, counts_rule="suppress7_round5")
    drawn = words(payload)
    assert ">Enrolled (n = withheld)</text>" in drawn
    assert ">No consent to analysis (n = withheld)</text>" in drawn
    assert "Withheld:" in figures.caption(payload)


def test_more_people_after_a_withheld_number_than_before_it_is_noticed() -> None:
    stages: list[tuple[str, int | None, int | None, str]] = [
        ("enrolled", 20, 0, ""),
        ("analysed", 25, None, "no consent to analysis"),
    ]
    assert figures.can_draw(flow(stages, {"helpful": 25})) == "the numbers at the stages do not add up"


def test_a_wave_that_does_not_say_how_many_were_invited_says_so() -> None:
    payload = flow(STAGES[1:2] + STAGES[2:], SIZES)
    assert figures.can_draw(payload) is not None  # the first stage cannot have lost anybody
    begun: list[tuple[str, int | None, int | None, str]] = [("enrolled", 24, 0, ""), *STAGES[2:]]
    assert "How many were invited is not recorded." in figures.caption(flow(begun, SIZES))
    assert "not recorded" not in figures.caption(flow(STAGES, SIZES))


def test_alt_text_goes_from_the_first_stage_to_the_last_and_names_the_reason_of_most() -> None:
    assert figures.alt_text(flow(STAGES, SIZES)) == (
        "Flow diagram of 4 stages, invited: 30 people, to analysed: 19 people. Most left for this reason: did not take"
        " part (6 people). The numbers stand in the table."
    )


@pytest.mark.parametrize("rules", [None, ROUNDED, SUPPRESSED], ids=["exact", "midpoint6", "suppress7"])
def test_the_diagram_of_every_example_wave_reconciles_before_and_after_the_door(
    examples: dict[str, Example], rules: Rules | None
) -> None:
    for example in examples.values():
        payload = payload_of(example.intake, "diagram")
        shown = payload if rules is None else release([payload], rules).payloads[0]
        assert figures.can_draw(shown) is None
        assert "Analysed" in figures.numbers(shown)


def test_the_diagram_and_the_table_show_the_same_numbers(example: Example) -> None:
    diagram, table = (payload_of(example.intake, view) for view in ("diagram", "flow"))
    assert diagram.tables["rows"] == table.tables["rows"]
