"""Positions that were counted in any way become code points, and the way is found out from where words end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.importers.offset_rules import (
    Counting,
    best_of,
    candidates,
    code_points,
    equals_quoted,
    on_words,
    one_line,
    to_code_points,
    try_all,
)

SMILE = "\N{SLIGHTLY SMILING FACE}"
SIGNS = ["a", "b", " ", "\r", "\n", SMILE, "\u0301", "\u05d0", "\u20ac", "\u200f"]
TEXTS = st.lists(st.sampled_from([*SIGNS, "\r\n"]), max_size=40).map("".join)


def counted(text: str, unit: str) -> list[int]:
    """Position of every code point, counted one by one the slow way."""
    width = {
        "code points": lambda sign: 1,
        "UTF-16 units": lambda sign: len(sign.encode("utf-16-le")) // 2,
        "UTF-8 bytes": lambda sign: len(sign.encode()),
    }[unit]
    positions = [0]
    for sign in text:
        positions.append(positions[-1] + width(sign))
    return positions


@pytest.mark.parametrize("unit", ["code points", "UTF-16 units", "UTF-8 bytes"])
@settings(deadline=None, max_examples=60)
@given(text=TEXTS)
def test_every_position_comes_back(unit, text):
    found = to_code_points(text, counted(text, unit), Counting(unit))
    assert found.tolist() == list(range(len(text) + 1))


@settings(deadline=None, max_examples=60)
@given(text=TEXTS)
def test_what_is_no_position_is_minus_one(text):
    real = set(counted(text, "UTF-16 units"))
    others = [p for p in range(-2, max(real) + 3) if p not in real]
    assert (to_code_points(text, others, Counting("UTF-16 units")) == -1).all()


def test_half_a_surrogate_pair_is_no_position():
    assert to_code_points(SMILE, [0, 1, 2], Counting("UTF-16 units")).tolist() == [0, -1, 1]


def test_a_line_end_of_two_characters_that_counts_as_one_is_never_split():
    # "a\r\nb": a is 0, the line end 1, b begins at 2, which is code point 3
    assert to_code_points("a\r\nb", [0, 1, 2, 3], Counting(crlf=1)).tolist() == [0, 1, 3, 4]


def test_a_lone_carriage_return_or_line_feed_counts_as_one():
    assert to_code_points("a\rb\nc", [5], Counting(crlf=1)).tolist() == [5]


def test_a_counted_mark_shifts_everything_but_the_start():
    assert to_code_points("abc", [0, 1, 2, 4, 5], Counting(bom=True)).tolist() == [0, 0, 1, 3, -1]


def test_a_line_feed_that_the_xml_reader_made_of_two_characters_counts_as_two():
    assert to_code_points("a\nb", [0, 1, 3, 4], Counting(lf=2)).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("position", [10**14, -1, -(10**14)])
def test_a_position_far_outside_is_no_position(position):
    for unit in ("code points", "UTF-16 units"):
        assert to_code_points("abc" + SMILE, [position], Counting(unit)).tolist() == [-1]


@pytest.mark.parametrize(
    ("start", "end", "passes"),
    [
        (0, 3, True),  # "The"
        (4, 8, True),  # "cafe" with its accent
        (4, 7, False),  # the accent is cut off
        (3, 8, False),  # begins with a blank
        (1, 3, False),  # begins inside of a word
        (9, 10, True),  # the smile
        (0, 10, True),
        (3, 3, False),
        (8, 4, False),
        (-1, 3, False),
    ],
)
def test_a_selection_passes_if_it_begins_and_ends_where_words_do(start, end, passes):
    text = "The caf\u0301 " + SMILE  # T h e _ c a f + accent _ smile
    assert on_words(code_points(text), np.array([start]), np.array([end])).tolist() == [passes]


def rule_of(text: str, places: list[tuple[int, int]], quoted: list[str] | None = None, *, bom: bool = False):
    starts, ends = zip(*places, strict=True)
    trials, n = try_all(text, starts, ends, quoted or [""] * len(places), bom=bom, from_xml=False)
    best, other = best_of(trials)
    return best, other, n


LINES = f"{SMILE}{SMILE} " + f"{SMILE} one seven three\r\n" * 6


@pytest.mark.parametrize(
    ("rule", "step", "ahead"),
    [
        ("code points, CRLF as two, BOM not counted", 19, 5),
        ("UTF-16 units, CRLF as two, BOM not counted", 20, 8),
        ("code points, CRLF as one, BOM not counted", 18, 5),
        ("UTF-16 units, CRLF as one, BOM not counted", 19, 8),
        ("code points, CRLF as two, BOM counted", 19, 6),
        ("UTF-16 units, CRLF as two, BOM counted", 20, 9),
    ],
)
def test_the_way_of_counting_is_found(rule, step, ahead):
    # Before the first word stand three smiles and two blanks; then each line is a smile, a blank, 15 characters and
    # a line end, 19 code points in all. The second word of a line begins 4 behind the first.
    places = [(ahead + 4 + step * line, ahead + 9 + step * line) for line in range(6)]
    best, other, n = rule_of(LINES, places, bom=True)
    assert str(best.counting) == rule
    assert (best.hits, n) == (6, 6)
    assert other is not None
    assert other.hits < 6


def test_quoted_words_go_before_word_boundaries():
    # Both (0, 3) and its reading with a counted mark, (0, 2), are words; the file quotes the second.
    best, _, _ = rule_of("an a", [(0, 3)], ["an"], bom=True)
    assert best.counting.bom


def test_quoted_words_may_have_their_line_ends_as_blanks():
    best, _, _ = rule_of("ne\r\ntw", [(0, 6)], ["ne tw"])
    assert best.equal == 1
    assert one_line("a\tb\r\nc\rd\ne") == "a b c d e"


def test_quoted_words_of_another_length_are_not_compared():
    assert not equals_quoted("abcdef", 0, 6, "ab")
    assert not equals_quoted("abcdef", -1, 2, "ab")


def test_selections_that_no_rule_can_place_say_nothing():
    _, _, n = rule_of("one two", [(0, 3), (4, 700), (5, 5)])
    assert n == 1


def test_without_emoji_and_line_ends_all_rules_agree_and_there_is_no_runner_up():
    best, other, _ = rule_of("one two", [(0, 3)])
    assert str(best.counting) == "code points, CRLF as two, BOM not counted"
    assert other is None


def test_a_mark_is_only_counted_where_there_was_one():
    assert not any(counting.bom for counting in candidates(bom=False, from_xml=False))
    assert len(candidates(bom=True, from_xml=False)) == 8


def test_scripts_without_blanks_between_words_do_not_decide():
    chinese = "\u6211\u89c9\u5f97\u5f88\u597d"
    assert on_words(code_points(chinese), np.array([0, 1, 2]), np.array([2, 3, 4])).all()
