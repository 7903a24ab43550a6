"""Is a row of data really a second row of headings?

Survey programs write question texts below the names, and files joined by hand repeat them. Both would count as people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?%?|\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?")
_MISSING_WORDS = frozenset(
    [".", "-", "--", "?", "na", "n/a", "n.a.", "nan", "null", "none", "missing", "unknown", "refused"]
)


def _without_digits(value: str) -> str:
    return re.sub(r"\d", "0", value)


def _reads_like_names(row: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a row has no number, repeats nothing below it and puts words above a column of numbers."""
    filled = [(position, value) for position, value in enumerate(row) if value]
    if len(filled) * 2 < len(row) or any(_NUMBER.fullmatch(value) for _, value in filled):
        return False
    above_numbers = False
    for position, value in filled:
        below = [other[position] for other in others if other[position]]
        if value in below:
            return False
        if any(map(str.isdigit, value)) and _without_digits(value) in set(map(_without_digits, below)):
            return False
        numbers = len(below) >= 3 and all(_NUMBER.fullmatch(other) for other in below)
        above_numbers = above_numbers or (numbers and value.casefold() not in _MISSING_WORDS)
    return above_numbers


def second_headers(rows: Sequence[Sequence[str]]) -> list[int]:
    """Positions of further heading rows right below the first one."""
    marked = [k for k, row in enumerate(rows[:3]) if any(v.startswith('{"ImportId"') for v in row)]
    if marked:  # this survey export puts question texts in one row and these marks in the next
        return list(range(marked[-1] + 1))
    for count in (1, 2):
        below = rows[count : count + 200]
        if len(below) >= 3 and all(_reads_like_names(row, below) for row in rows[:count]):
            return list(range(count))
    return []


def repeats_names(row: Sequence[str], folded_names: Sequence[str]) -> bool:
    """Whether a row says the column names again."""
    same = 0
    for value, name in zip(row, folded_names, strict=True):
        if value and value.casefold() != name:
            return False
        same += bool(value)
    return same * 2 >= len(folded_names)
