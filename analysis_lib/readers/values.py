"""How is one value written: a number, a date, the name of a column?

A number is the shortest text that reads back the same, a date is ISO 8601, and a column is named only where its
name looks like one.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from analysis_lib.errors import looks_like_a_name


def shown_name(name: str, position: int) -> str:
    """Return a column or sheet name if it looks like one, else its number.

    A file without a header has answers where the names should be, and an answer is never shown.

    >>> shown_name("termination_type", 3)
    'termination_type'
    >>> shown_name("She said she would never go back there again.", 3)
    'number 3'
    """
    return name if looks_like_a_name(name) else f"number {position}"


def number_text(value: float) -> str:
    """Return a number as the shortest text that reads back the same; "" for not-a-number.

    >>> [number_text(x) for x in (12.0, 0.1, 1e-05, float("nan"))]
    ['12', '0.1', '0.00001', '']
    """
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if 1e-9 <= abs(value) < 1e21:
        return format(Decimal(repr(value)), "f")
    return repr(value)


def moment_text(value: date | time | timedelta) -> str:
    """Return a date, time or duration in ISO form; midnight on a date is the date alone.

    >>> moment_text(datetime(2024, 7, 2)), moment_text(datetime(2024, 7, 2, 10, 30))
    ('2024-07-02', '2024-07-02T10:30:00')
    >>> moment_text(timedelta(hours=1, minutes=5))
    '01:05:00'
    """
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        whole, part = divmod(abs(seconds), 1)
        hours, minutes = divmod(int(whole) // 60, 60)
        fraction = f"{part:.6f}"[1:].rstrip("0").rstrip(".")
        return f"{'-' if seconds < 0 else ''}{hours:02}:{minutes:02}:{int(whole) % 60:02}{fraction}"
    if isinstance(value, datetime) and value.time() == time() and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat()
