"""What do all figures say in the same words?

Sentences about the data behind a figure and about its marks, for captions, for the line below a picture and
for the refusal to draw one; and how a difference is written beside its mark.

References: Lang & Altman 2015 (SAMPL): what a figure's caption has to say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from analysis_lib.figures.charts import Chart
from analysis_lib.figures.style import drawable
from analysis_lib.formatting import NONE, WITHHELD, missing, points, points_interval
from analysis_lib.payload import Payload
from analysis_lib.tables.common import is_banded

FEW = 5  # people; below this a marker is hollow


def standing(payload: Payload) -> list[str]:
    """What every caption says about its data; empty where there is nothing to say."""
    return [
        _as_of(payload),
        "SYNTHETIC data: no person stands behind any number." if payload.facts.get("synthetic") else "",
        _counts_rule(str(payload.facts.get("counts_rule", "exact"))),
    ]


def _counts_rule(rule: str) -> str:
    """What the numbers of people of a picture are; empty for exact ones."""
    if rule == "exact_audited":
        return "Small numbers of people, and others that would give them away, are withheld."
    return "" if rule == "exact" else f"All numbers of people are rounded counts ({rule})."


def unlettered(payload: Payload) -> str:
    """What square brackets mean, where the typeface of the pictures lacks a character of a label."""
    labels = {
        str(row[i])
        for table in payload.tables.values()
        for i, (name, kind) in enumerate(table.columns)
        if kind == "key" and name.endswith("label")
        for row in table.rows
    }
    lacking = any(drawable(label).count("[") > label.count("[") for label in labels)
    return "In square brackets: characters that the typeface lacks, by name or number." if lacking else ""


def _as_of(payload: Payload) -> str:
    """The day that the data were frozen and the codebook they were coded with, where the payload says so."""
    day, version = payload.facts.get("data_cut"), payload.facts.get("codebook_version")
    return f"Data as of {day}, codebook version {version}." if day and version else ""


def beside_picture(payload: Payload) -> list[str]:
    """The same in as few words as fit below a picture, for one that is parted from its caption."""
    return [
        "Rounded counts." if is_banded(payload) else "",
        "SYNTHETIC data." if payload.facts.get("synthetic") else "",
    ]


def footer(payload: Payload, charts: tuple[Chart, ...]) -> str:
    """What must stay with the picture when it is parted from its caption."""
    margin = charts[0].axis.margin
    parts = [
        f"Grey band: less than {margin:.0f} points either way." if margin else "",
        open_markers(charts),
        *beside_picture(payload),
    ]
    return "  ".join(filter(None, parts))


def open_markers(charts: Iterable[Chart]) -> str:
    """What an open marker means; empty where there is none."""
    hollow = any(m.hollow for chart in charts for line in chart.lines for m in line.marks)
    return f"Open marker: fewer than {FEW} people." if hollow else ""


def withheld_note(charts: Iterable[Chart]) -> str:
    """What ``withheld`` means; empty where nothing is."""
    texts = {
        text for c in charts for line in c.lines for text in (*line.cells, *(m.text for m in line.marks))
    }
    return "Withheld: a number of people behind it is too small to leave." if WITHHELD in texts else ""


def nothing_left(charts: Iterable[Chart], reason: str) -> str | None:
    """The reason if no mark has an estimate, None otherwise."""
    drawn = any(math.isfinite(m.estimate) for chart in charts for line in chart.lines for m in line.marks)
    return None if drawn else reason


def points_with_interval(difference: Any, low: Any, high: Any) -> str:
    """A difference of shares as it is written beside its mark.

    >>> points_with_interval(0.25, 0.09, 0.42), points_with_interval(None, None, None)
    ('+25 points [9, 42]', '–')
    """
    if missing(difference):
        return NONE
    unit = "point" if abs(round(100 * difference)) == 1 else "points"
    return f"{points(difference)} {unit} {points_interval(low, high)}"
