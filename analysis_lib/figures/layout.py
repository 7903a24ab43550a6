"""Where on the page does each part of a chart go?

Labels left, marks in the middle, columns of numbers right; labels and column heads wrap before the marks get
too little room. All lengths are in points at final size, from the upper left corner.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis_lib.figures.charts import Chart, Line, Series
from analysis_lib.figures.style import WORD, text_width, wrap

WIDTH_MM = 175
MARGIN = 3.0  # left and right, so that no letter touches the edge
PAGE = 250 / 25.4 * 72  # height of A4 without its margins and a line of caption
WIDTH = WIDTH_MM / 25.4 * 72 - 2 * MARGIN
LINE_HEIGHT = 10.5  # from one line of text to the next
DODGE = 6.0  # from one mark of a line to the next
INDENT = 8.0  # of a level below its term
KEY = 10.0  # room for a marker before its name
LANE = 9.0  # height of a mark below its numbers
AXIS_HEIGHT = 14.0  # of ticks and their labels
_PAD, _GAP = 6.0, 11.0  # between lines with marks, and between columns
_SMALLEST_PLOT, _SMALLEST_LABEL, _LARGEST_LABEL = 150.0, 92.0, 170.0
_BETWEEN = 12.0  # panels
_SPARE = 40.0  # beyond the smallest plot before column heads may spread
_EDGE = 9.0  # half a tick label, beyond the axis


Legend = tuple[tuple[float, int, tuple[str, ...]], ...]  # left, row and lines of each series


@dataclass(frozen=True)
class Layout:
    """Where the parts of a chart go, in points from its upper left corner."""

    panels: tuple[tuple[float, float], ...]  # left, width
    columns: tuple[tuple[float, float], ...]  # left, width
    heads: tuple[tuple[str, ...], ...]  # of the columns, or of the panels of a chart whose series are apart
    legend: Legend
    labels: tuple[tuple[str, ...], ...]
    heights: tuple[float, ...]
    heading: tuple[str, ...]
    over: tuple[str, ...]
    axis_label: tuple[str, ...]

    @property
    def n_head_lines(self) -> int:
        """Lines of the highest column head; a marker alone takes one."""
        return max(1, max(map(len, self.heads), default=1))

    @property
    def legend_top(self) -> float:
        """Below the heading."""
        return LINE_HEIGHT * len(self.heading) + (4 if self.heading else 0)

    @property
    def top(self) -> float:
        """Height above the first line."""
        legend = legend_height(self.legend) + 5 if self.legend else 0.0
        over = LINE_HEIGHT * len(self.over) + (2 if self.over else 0)
        return self.legend_top + legend + over + LINE_HEIGHT * self.n_head_lines + 4

    @property
    def height(self) -> float:
        """Height of the whole chart."""
        return self.top + sum(self.heights) + AXIS_HEIGHT + LINE_HEIGHT * len(self.axis_label)


def laid_out(chart: Chart, together: tuple[Line, ...]) -> Layout:
    """The layout of a chart that has lines.

    Parameters
    ----------
    together
        Lines of all charts of the picture, so that their axes stand below one another.
    """
    wanted = 1 + max(text_width(line.label, bold=not line.marks) + INDENT * line.indent for line in together)
    wanted = min(max(wanted, text_width(chart.stub)), _LARGEST_LABEL)
    heads, widths, legend = _column_heads(chart, wanted, together)
    beside = sum(width + _GAP for width in widths) if widths else _EDGE
    n_panels = len(chart.series) if chart.apart else 1
    texts = max((text_width(mark.text) for line in together for mark in line.marks), default=0.0)
    smallest = max(_SMALLEST_PLOT, texts * n_panels + _BETWEEN * (n_panels - 1))
    label_width = min(wanted, max(_SMALLEST_LABEL, WIDTH - beside - smallest - _GAP))
    left = label_width + _GAP
    plot = WIDTH - left - beside
    panel = (plot - _BETWEEN * (n_panels - 1)) / n_panels
    columns, x = [], left + plot
    for width in widths:
        columns.append((x + _GAP, width))
        x += width + _GAP
    if chart.apart:
        heads = tuple(tuple(wrap(series.label, panel - KEY)) for series in chart.series)
    labels = tuple(
        tuple(wrap(line.label, label_width - INDENT * line.indent, bold=not line.marks))
        for line in chart.lines
    )
    stack = LINE_HEIGHT + LANE if chart.apart else DODGE * len(chart.series)
    return Layout(
        panels=tuple((left + i * (panel + _BETWEEN), panel) for i in range(n_panels)),
        columns=tuple(columns),
        heads=heads,
        legend=legend,
        labels=labels,
        heights=tuple(
            max(LINE_HEIGHT * len(lines), stack if line.marks else 0.0) + (_PAD if line.marks else 3.0)
            for lines, line in zip(labels, chart.lines, strict=True)
        ),
        heading=tuple(wrap(chart.heading, WIDTH, bold=True)),
        over=tuple(wrap(chart.over, WIDTH - left)),
        axis_label=tuple(wrap(chart.axis.label, plot + 2 * _EDGE)),
    )


def _column_heads(
    chart: Chart, label_width: float, together: tuple[Line, ...]
) -> tuple[tuple[tuple[str, ...], ...], list[float], Legend]:
    """Heads and widths of the columns, and a legend where the heads would leave too little room for the marks.

    A marker stands before the head of a column aligned left, and below that of one aligned right.
    """
    cells = [
        max((text_width(line.cells[i]) for line in together if line.cells), default=0.0)
        for i in range(len(chart.columns))
    ]
    keys = [KEY * (column.series is not None and column.align == "left") for column in chart.columns]
    widths = [
        max(cell, *(text_width(word) + key for word in WORD.findall(column.head)))
        for cell, key, column in zip(cells, keys, chart.columns, strict=True)
    ]
    # A head in one piece looks better than a wrapped one, where it costs nothing.
    room = WIDTH - label_width - _SMALLEST_PLOT - _GAP * (len(cells) + 1)
    whole = [
        max(cell, *(text_width(part) + key for part in column.head.split("\n")))
        for cell, key, column in zip(cells, keys, chart.columns, strict=True)
    ]
    if sum(whole) <= room - _SPARE:
        widths = whole
    named = sum(widths) <= room or any(column.align == "left" for column in chart.columns)
    if not named:
        widths = [max(cell, KEY) for cell in cells]
    heads = []
    for column, width, key in zip(chart.columns, widths, keys, strict=True):
        lines = wrap(column.head, width - key) if named else []
        heads.append((*lines, "") if column.series is not None and column.align == "right" else tuple(lines))
    return tuple(heads), widths, () if named else legend_of(chart.series)


def legend_of(series: tuple[Series, ...]) -> Legend:
    """Left, row and lines of each series, on as many rows as they need."""
    placed: list[tuple[float, int, tuple[str, ...]]] = []
    x, row = 0.0, 0
    for one in series:
        lines = tuple(wrap(one.label, WIDTH - KEY))
        width = KEY + max(map(text_width, lines), default=0.0)
        if x > 0 and x + width > WIDTH:
            x, row = 0.0, row + 1
        placed.append((x, row, lines))
        x += width + 14
        if len(lines) > 1:
            x, row = 0.0, row + len(lines)
    return tuple(placed)


def legend_height(legend: Legend) -> float:
    """Height of all rows."""
    return LINE_HEIGHT * max((row + len(lines) for _, row, lines in legend), default=0)
