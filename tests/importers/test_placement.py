"""Places become code points, and codings belong to cases by their places."""

from __future__ import annotations

import pytest

from analysis_lib.importers.placement import CODE_POINTS, UTF8, UTF16, Placement, placed, span_remarks
from analysis_lib.importers.project import Case, Coding, Span


def coding(origin: str, start: int | None, end: int | None, source: str = "1") -> Coding:
    return Coding(source, "c", start, end, origin=origin)


@pytest.mark.parametrize(
    ("rule", "start", "end"),
    # "é🙂 heard": é is 1 code point, 1 unit, 2 bytes; the smile 1, 2 and 4; then a blank.
    [(CODE_POINTS, 3, 8), (UTF16, 4, 9), (UTF8, 7, 12)],
)
def test_the_rule_that_gives_the_quoted_words_is_found(rule, start, end):
    stated = [Placement("1", start, end, "heard")]
    found, counting, spans = placed("s", "é🙂 heard", stated, (CODE_POINTS, UTF16, UTF8))
    assert counting == rule
    assert spans == {"1": (3, 8)}
    assert (found.score, found.runner_up, found.n) == (1.0, 0.0, 1)


def test_without_quoted_words_the_programs_own_way_stands():
    found, counting, spans = placed("s", "🙂 heard", [Placement("1", 2, 7)], (CODE_POINTS, UTF16))
    assert counting == CODE_POINTS
    assert spans == {"1": (2, 7)}
    assert (found.score, found.n) == (0.0, 0)


@pytest.mark.parametrize(("start", "end"), [(2, 2), (3, 2), (-1, 2), (0, 9), (None, 2), (0, 10**18)])
def test_a_place_that_is_empty_or_not_in_the_text_is_none(start, end):
    *_, spans = placed("s", "é heard", [Placement("1", start, end)])
    assert spans == {"1": None}


def test_a_place_inside_a_character_is_none():
    *_, spans = placed("s", "é heard", [Placement("1", 1, 4)], (UTF8,))
    assert spans == {"1": None}


def test_codings_across_a_border_or_outside_of_all_cases_are_named():
    cases = [Case("a", "A", spans=(Span("1", 0, 10),)), Case("b", "B", spans=(Span("1", 10, 20), Span("2")))]
    codings = [
        coding("inside", 0, 10),
        coding("across", 8, 12),
        coding("beyond", 30, 40),
        coding("whole", None, None, "2"),
        coding("elsewhere", 1, 2, "3"),
    ]
    across, outside = span_remarks(codings, cases)
    assert (across.what, across.n, across.ids) == ("orphaned", 1, ("across",))
    assert (outside.what, outside.n, outside.ids) == ("orphaned", 2, ("beyond", "elsewhere"))


def test_a_short_span_that_begins_later_does_not_hide_the_long_one_around_it():
    case = Case("a", "A", spans=(Span("1", 0, 100), Span("1", 5, 6)))
    assert span_remarks([coding("inside", 10, 90)], [case]) == []


def test_nothing_is_said_of_cases_where_there_are_none():
    assert span_remarks([coding("1", 0, 5)], []) == []
