"""Do the small multiples over waves join only what can be compared, with the base below every tick?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from figure_payloads import slopes

from analysis_lib import figures
from analysis_lib.payload import Payload

THREE = slopes(
    {
        "Cold": {
            "w1": {"helpful": (1, 20), "unhelpful": (5, 10)},
            "w2": {"helpful": (0, 0), "unhelpful": (6, 10)},
            "w3": {"helpful": (2, 20), "unhelpful": (9, 10)},
        }
    }
)


def joined(payload: Payload) -> int:
    """Lines between two waves in the first panel."""
    axes = figures.draw(payload).axes[0]
    return sum(line.get_linestyle() == "-" and line.get_marker() == "None" for line in axes.lines)


def test_each_point_is_a_share_with_its_wilson_interval_and_its_people() -> None:
    # 5/10: centre (5 + 1.92073) / 13.84146 = 0.5, half 1.95996 sqrt(10 * .25 + .96036) / 13.84146 = 0.26341
    assert figures.numbers(THREE).splitlines() == [
        "Cold | Helpful: w1 5.0 [0.9, 23.6] 1/20; w2 –; w3 10.0 [2.8, 30.1] 2/20",
        "Cold | Unhelpful: w1 50.0 [23.7, 76.3] 5/10; w2 60.0 [31.3, 83.2] 6/10; w3 90.0 [59.6, 98.2] 9/10",
    ]


def test_a_wave_without_the_group_does_not_break_its_line() -> None:
    assert joined(THREE) == 1 + 2  # helpful from w1 to w3, unhelpful w1 to w2 and w2 to w3


def test_what_meant_something_else_is_open_and_not_joined() -> None:
    payload = slopes(
        {"Cold": {wave: {"helpful": (3, 20)} for wave in ("w1", "w2", "w3")}},
        ("helpful",),
        not_comparable=(("Cold", "w1"),),
    )
    assert joined(payload) == 1
    assert "Open marker, not joined: the theme meant something else in that wave." in figures.caption(payload)
    assert "not comparable" in figures.numbers(payload)


def test_the_base_stands_below_every_tick() -> None:
    drawn = figures.as_svg(figures.draw(THREE))
    assert drawn.count(">20</text>") >= 2
    assert drawn.count(">10</text>") >= 3


def test_a_change_of_the_codebook_is_a_dashed_line_and_said() -> None:
    versions = {"w1": "1", "w2": "2", "w3": "2"}
    payload = replace(THREE, facts={**THREE.facts, "codebook_versions": versions})
    assert "Dashed: the codebook changed (version 2 from wave w2)." in figures.caption(payload)
    assert "Dashed" not in figures.caption(THREE)


def test_a_withheld_count_has_no_mark_and_no_line() -> None:
    payload = slopes({"Cold": {"w1": {"helpful": (None, 20)}, "w2": {"helpful": (9, 20)}}}, ("helpful",))
    assert joined(payload) == 0
    assert "A mark that is missing rests on a withheld count." in figures.caption(payload)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (slopes({"Cold": {"w1": {"helpful": (1, 20)}}}), "there is one wave only"),
        (slopes({"Cold": {w: {"helpful": (None, 20)} for w in ("w1", "w2")}}), "every count is withheld"),
        (slopes({}, waves=["w1", "w2"]), "no theme was coded for anybody"),
        (replace(THREE, facts={**THREE.facts, "reason": "waves of two studies"}), "waves of two studies"),
    ],
)  # fmt: skip
def test_can_draw_says_why_there_are_no_slopes(payload: Payload, reason: str) -> None:
    assert figures.can_draw(payload) == reason


def test_alt_text_gives_the_largest_change_between_waves_that_can_be_compared() -> None:
    assert (
        "“Cold” in the group Unhelpful, 5 of 10 people (50%) in wave w1 and 9 of 10 people (90%) in wave w3"
        in (figures.alt_text(THREE))
    )


def test_at_most_nine_themes_are_drawn_and_the_caption_says_where_the_others_are() -> None:
    payload = slopes(
        {f"T{i}": {w: {"helpful": (3, 20)} for w in ("w1", "w2")} for i in range(11)}, ("helpful",)
    )
    assert len(figures.numbers(payload).splitlines()) == 9
    assert "The 9 of 11 themes that moved farthest since the wave before" in figures.caption(payload)
