"""What is a figure before it is drawn?

Lines with marks on one axis and the texts beside them: everything that a picture shows, without a length, a
font or a plotting library. What the pictures are drawn from is also what their numbers are listed from.

References: Cleveland & McGill 1984, JASA 79, 531-554 (position on a common scale).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Align = Literal["left", "right", "center"]


@dataclass(frozen=True)
class Mark:
    """An estimate with its interval, in the units of the axis; NaN where there is none.

    Parameters
    ----------
    text
        Written above the mark; empty where columns hold the numbers.
    hollow
        Too few people to lean on.
    """

    estimate: float
    low: float
    high: float
    text: str = ""
    hollow: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a chart: its label, a mark per series, a text per column; a heading has neither.

    Parameters
    ----------
    label
        Drawn left of the marks.
    name
        Says by itself which line it is, where the label needs the heading above it.
    """

    label: str
    name: str
    marks: tuple[Mark, ...] = ()
    cells: tuple[str, ...] = ()
    indent: bool = False


@dataclass(frozen=True)
class Series:
    """What a marker stands for."""

    label: str
    colour: str
    marker: str
    hollow: bool = False


@dataclass(frozen=True)
class Column:
    """A column of text right of the marks; ``series`` is the one it belongs to, None for all."""

    head: str
    align: Align
    series: int | None = None


@dataclass(frozen=True)
class Axis:
    """The horizontal axis: its ticks run from ``low`` to ``high``.

    Parameters
    ----------
    origin
        Where a line is drawn that means no difference; None draws none.
    margin
        Half the width of the grey band round the origin; 0 draws none.
    decimals
        Digits after the point in a listing of the marks.
    """

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False
    origin: float | None = None
    margin: float = 0.0
    decimals: int = 1

    def at(self, value: float) -> float:
        """Position from 0 (left end) to 1 (right end), not beyond."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def written(self, value: float) -> str:
        """A position as text: fixed decimals, four digits on a log axis."""
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return f"{value:.4g}" if self.log else f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"


@dataclass(frozen=True)
class Chart:
    """Lines with marks on one axis, and the texts beside them.

    Parameters
    ----------
    stub, over
        Headings of the lines' labels and over all columns.
    apart
        Each series gets a panel of its own; otherwise all share one.
    remark
        A sentence in place of the lines; empty where there are lines.
    """

    lines: tuple[Line, ...]
    series: tuple[Series, ...]
    columns: tuple[Column, ...]
    axis: Axis
    stub: str
    over: str = ""
    heading: str = ""
    apart: bool = False
    remark: str = ""


def in_percent(row: pd.Series | dict[str, Any], *names: str) -> tuple[float, float, float]:
    """A share or a difference of shares with its limits, in units of a percent axis."""
    estimate, low, high = (100 * float(row[name]) for name in names)
    return estimate, low, high


def percent_axis(lines: Iterable[Line], label: str) -> Axis:
    """From 0 to a round number above the highest limit."""
    highest = max((m.high for line in lines for m in line.marks if math.isfinite(m.high)), default=100.0)
    top = min(10 * max(1, math.ceil(round(highest, 6) / 10)), 100)
    step = 10 if top <= 60 else 20
    return Axis(label, 0.0, float(top), tuple(float(t) for t in range(0, top + 1, step)))


def ratio_axis(label: str, low: float, high: float) -> Axis:
    """A log axis from one doubling of 1 to another, with a tick at each; never less than from a half to two."""
    first, last = math.floor(math.log2(min(low, 0.5))), math.ceil(math.log2(max(high, 2.0)))
    ticks = tuple(2.0**k for k in range(first, last + 1))
    return Axis(label, 2.0**first, 2.0**last, ticks, log=True, origin=1.0)


def listing(chart: Chart) -> list[str]:
    """Heading, remark, axis with both ends, and one line per mark."""
    listed = [chart.heading] if chart.heading else []
    listed += [f"{chart.remark}."] if chart.remark else []
    if not chart.lines:
        return listed
    axis = chart.axis
    band = f", band {axis.written(-axis.margin)} to {axis.written(axis.margin)}" if axis.margin else ""
    listed.append(f"{axis.label}: {axis.written(axis.low)} to {axis.written(axis.high)}{band}")
    for line in chart.lines:
        listed += [_mark_text(chart, line, i) for i in range(len(line.marks))]
    return listed


def _mark_text(chart: Chart, line: Line, i: int) -> str:
    mark, series, written = line.marks[i], chart.series[i], chart.axis.written
    cells = [
        cell
        for cell, column in zip(line.cells, chart.columns, strict=True)
        if column.series in (None, i) and cell
    ]
    limits = ", ".join("no limit" if math.isnan(limit) else written(limit) for limit in (mark.low, mark.high))
    position = f"{written(mark.estimate)} [{limits}]"
    parts = [position] if math.isfinite(mark.estimate) else []
    parts += [mark.text] if mark.text else []
    return f"{line.name} | {series.label}: {' | '.join([*parts, *cells])}"
