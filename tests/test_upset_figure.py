"""Does the UpSet plot show the largest combinations, their groups and how many people the others have?"""

from __future__ import annotations

import pytest
from figure_checks import problems
from figure_payloads import upset

from analysis_lib import figures
from analysis_lib.payload import Payload

THEMES = {"cold": "Cold", "late": "Late", "calm": "Calm"}
SIZES: dict[str, int | None] = {"helpful": 20, "unhelpful": 12}
PATTERNS: dict[str, dict[str, int | None]] = {
    "cold": {"helpful": 2, "unhelpful": 3},
    "cold late": {"helpful": 0, "unhelpful": 6},
    "calm": {"helpful": 8, "unhelpful": 0},
    "none of them": {"helpful": 7, "unhelpful": 1},
    "other combinations": {"helpful": 3, "unhelpful": 2},
}
PLOT = upset(PATTERNS, THEMES, SIZES, n_others=4)


def test_columns_stand_by_size_with_their_groups_and_the_rest_last() -> None:
    assert figures.numbers(PLOT).splitlines() == [
        "Cold: 11",
        "Late: 6",
        "Calm: 8",
        "Calm only | 8 | Helpful 8, Unhelpful 0",
        "Cold + Late | 6 | Helpful 0, Unhelpful 6",
        "Cold only | 5 | Helpful 2, Unhelpful 3",
        "None of them | 8 | Helpful 7, Unhelpful 1",
        "Other combinations | 5 | Helpful 3, Unhelpful 2",
    ]


def test_caption_and_picture_say_how_many_combinations_and_people_are_not_shown_one_by_one() -> None:
    assert "Others: 4 more combinations, 5 people." in figures.caption(PLOT)
    assert "Others: 4 more combinations, 5 people." in figures.as_svg(figures.draw(PLOT))


def test_a_number_of_combinations_that_may_not_leave_is_not_said() -> None:
    released = upset(PATTERNS, THEMES, SIZES, n_others=None)
    assert "Others: further combinations, 5 people." in figures.caption(released)


def test_every_group_has_its_base_and_a_look_of_its_own_besides_its_colour() -> None:
    drawn = figures.as_svg(figures.draw(PLOT))
    assert ">Helpful (n = 20)</text>" in drawn
    assert ">Unhelpful (n = 12)</text>" in drawn
    assert "<pattern" in drawn
    looks = figures.style.group_areas(list(figures.GROUPS))
    assert len({hatch for _, hatch in looks.values()}) == 3  # the lightest and the darkest colour are plain


def test_a_withheld_group_leaves_the_total_out_and_says_so() -> None:
    held = {**PATTERNS, "cold": {"helpful": None, "unhelpful": 3}}
    payload = upset(held, THEMES, SIZES, n_others=4)
    assert "Cold only | withheld | Helpful withheld, Unhelpful 3" in figures.numbers(payload)
    assert "–: withheld, too few people; its bar holds the other groups only." in figures.caption(payload)


def test_where_every_combination_is_withheld_there_is_a_reason() -> None:
    held: dict[str, dict[str, int | None]] = {
        pattern: {"helpful": None, "unhelpful": 0} for pattern in ("cold", "cold late", "calm")
    }
    assert figures.can_draw(upset(held, THEMES, SIZES)) == "the size of every combination is withheld"


def test_where_nobody_has_any_theme_there_is_a_reason() -> None:
    none = upset({"none of them": {"helpful": 20, "unhelpful": 12}}, THEMES, SIZES)
    assert figures.can_draw(none) == "nobody has any of these themes"


def test_too_many_themes_are_refused() -> None:
    themes = {f"t{i}": f"T{i}" for i in range(13)}
    assert str(figures.can_draw(upset({"t1": {"helpful": 20, "unhelpful": 12}}, themes, SIZES))).startswith(
        "more than 12 themes"
    )


def test_alt_text_names_the_largest_combination_and_who_has_none() -> None:
    assert figures.alt_text(PLOT) == (
        "UpSet plot of 3 themes in 32 people, combinations of most people first, divided by outcome group. The largest:"
        " “Calm only”, 8 people. None of them: 8 people. The numbers stand in the table."
    )


@pytest.mark.parametrize("n", [9, 99_999])
def test_numbers_that_find_no_room_leave_the_smallest_combinations_to_the_table(n: int) -> None:
    themes = {f"t{i}": f"Theme {i}" for i in range(12)}
    patterns: dict[str, dict[str, int | None]] = {
        f"t{i}": {"helpful": n - i % 3, "unhelpful": n} for i in range(12)
    } | {f"t{i} t{i + 1}": {"helpful": n - 4, "unhelpful": n} for i in range(3)}
    payload: Payload = upset(patterns, themes, {"helpful": 40 * n, "unhelpful": 40 * n})
    assert problems(figures.draw(payload)) == []
    assert ("of 15 combinations, the others are in the table." in figures.caption(payload)) == (n > 9)
