"""Where in a text does a coding stand, and to which case does that place belong?

Where a program's way of counting is known and it quotes the words beside each place, only the words decide: the
program's own way stands unless another one gives more of the quoted words.

References: REFI-QDA standard 1.5, on selections; QualCoder and Taguette, which state places and words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from analysis_lib.importers.offset_rules import Counting, to_code_points
from analysis_lib.importers.project import Case, Coding, OffsetRule, Remark

CODE_POINTS = Counting("code points")
UTF16 = Counting("UTF-16 units")
UTF8 = Counting("UTF-8 bytes")


@dataclass(frozen=True)
class Placement:
    """A place as a file states it.

    Parameters
    ----------
    origin
        Which coding or highlight.
    start, end
        In the units of the program, end exclusive; None where the file says none.
    quote
        Words the file quotes beside the place; empty where it quotes none.
    """

    origin: str
    start: int | None
    end: int | None
    quote: str = ""


def spans_of(text: str, placements: Sequence[Placement], rule: Counting) -> list[tuple[int, int] | None]:
    """Return start and end of each place in code points; None where it is empty or not inside the text."""
    farthest = 4 * len(text) + 1
    ends = [
        [-1 if at is None or not 0 <= at <= farthest else at for at in (each.start, each.end)]
        for each in placements
    ]
    points = to_code_points(text, np.array(ends, dtype=np.int64).reshape(-1), rule).reshape(-1, 2).tolist()
    return [(start, end) if 0 <= start < end else None for start, end in points]


def placed(
    source: str, text: str, placements: Sequence[Placement], rules: Sequence[Counting] = (CODE_POINTS, UTF16)
) -> tuple[OffsetRule, Counting, dict[str, tuple[int, int] | None]]:
    """Find how the places of one text were counted, and the places in code points.

    Parameters
    ----------
    source, text
        Key and text of the source.
    placements
        With origins that are all different.
    rules
        The program's own way of counting first.

    Returns
    -------
    OffsetRule
        Its score is the share of the places whose words equal the quoted ones, 0 where nothing is quoted; the
        runner-up is 0 where no other rule would give other places.
    Counting
        The rule itself.
    dict
        Origin -> start and end in code points; None where the place is empty or not inside the text.

    Examples
    --------
    >>> rule, _, spans = placed("1", "🙂 heard", [Placement("ctid:1", 2, 7, "heard")])
    >>> rule.score, rule.runner_up, spans
    (1.0, 0.0, {'ctid:1': (2, 7)})
    """
    quoted = sum(bool(each.quote) for each in placements)
    tried: list[tuple[float, Counting, list[tuple[int, int] | None]]] = []
    for rule in rules:
        spans = spans_of(text, placements, rule)
        if any(spans == others for *_, others in tried):
            continue
        hits = sum(
            bool(each.quote) and span is not None and text[span[0] : span[1]] == each.quote
            for each, span in zip(placements, spans, strict=True)
        )
        tried.append((hits / quoted if quoted else 0.0, rule, spans))
    score, best, spans = max(tried, key=lambda trial: trial[0])  # the first of equals: the program's own
    runner_up = max((other for other, rule, _ in tried if rule != best), default=0.0)
    places = {each.origin: span for each, span in zip(placements, spans, strict=True)}
    return OffsetRule(source, str(best), score, runner_up, quoted), best, places


def span_remarks(codings: Iterable[Coding], cases: Iterable[Case]) -> list[Remark]:
    """Say which codings belong to no case: across the border of one, or where there is none.

    A coding belongs to a case if it lies inside one span of it. Without cases nothing is said.
    """
    spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    any_case = False
    for case in cases:
        any_case = True
        for span in case.spans:
            low = -1.0 if span.start is None else float(span.start)
            high = np.inf if span.end is None else float(span.end)
            spans[span.source].append((low, high))
    if not any_case:
        return []
    starts, furthest = {}, {}
    for source, of_source in spans.items():
        of_source.sort()
        starts[source] = [low for low, _ in of_source]
        furthest[source] = list(accumulate((high for _, high in of_source), max))
    across: list[str] = []
    outside: list[str] = []
    for coding in codings:
        low = -1 if coding.start is None else coding.start
        high = np.inf if coding.end is None else coding.end
        begun = bisect_right(starts.get(coding.source, []), low)
        if begun and furthest[coding.source][begun - 1] >= high:
            continue
        reached = bisect_left(starts.get(coding.source, []), high)
        touched = reached and furthest[coding.source][reached - 1] > low
        (across if touched else outside).append(coding.origin)
    remarks = []
    if across:
        text = "Codings across the border of a case, which belong to none."
        remarks.append(Remark("orphaned", "codings", text, len(across), tuple(across)))
    if outside:
        text = "Codings in documents, or parts of documents, that belong to no case."
        remarks.append(Remark("orphaned", "codings", text, len(outside), tuple(outside)))
    return remarks
