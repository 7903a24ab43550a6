"""How do charts become a picture?

Every part is placed in points where its layout says; matplotlib's own layout and pyplot's state are not used,
so that the same charts give the same bytes. matplotlib is imported only when something is drawn.

References: Hunter 2007, Computing in Science & Engineering 9, 90-95 (matplotlib).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from analysis_lib.figures.charts import Align, Axis, Chart, Column, Mark, Series
from analysis_lib.figures.layout import (
    AXIS_HEIGHT,
    DODGE,
    INDENT,
    KEY,
    LANE,
    LINE_HEIGHT,
    MARGIN,
    PAGE,
    WIDTH,
    WIDTH_MM,
    Layout,
    Legend,
    laid_out,
)
from analysis_lib.figures.style import (
    BAND,
    FONT_SIZE,
    INK,
    MARKER_SIZES,
    QUIET,
    RULE,
    drawable,
    house_style,
    text_width,
    wrap,
)
from analysis_lib.formatting import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_BETWEEN = 16.0  # from one chart to the next


def draw_charts(charts: tuple[Chart, ...], footer: str) -> Figure:
    """The charts below one another, and a footer that stays with the picture."""
    with house_style():
        return _figure(charts, footer)


def most_that_fit(make: Callable[[int], tuple[Chart, ...]], most: int) -> int:
    """The largest number of lines, at most ``most``, with which the charts stay on one page; never less than one."""
    return next((n for n in range(most, 1, -1) if _height(make(n)) <= PAGE), 1)


def _height(charts: tuple[Chart, ...]) -> float:
    together = tuple(line for chart in charts for line in chart.lines)
    heights = [laid_out(chart, together).height for chart in charts if chart.lines]
    return sum(heights) + _BETWEEN * (len(charts) - 1) + 4 * LINE_HEIGHT


def _figure(charts: tuple[Chart, ...], footer: str) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - only who draws waits for it

    notes = wrap(footer, WIDTH)
    together = tuple(line for chart in charts for line in chart.lines)
    layouts = [laid_out(chart, together) if chart.lines else None for chart in charts]
    remarks = [(wrap(chart.heading, WIDTH, bold=True), wrap(f"{chart.remark}.", WIDTH)) for chart in charts]
    heights = [
        layout.height if layout else LINE_HEIGHT * (len(heading) + len(remark))
        for layout, (heading, remark) in zip(layouts, remarks, strict=True)
    ]
    bottom = sum(heights) + _BETWEEN * (len(charts) - 1) + 4
    total = bottom + (LINE_HEIGHT * len(notes) + 6 if notes else 0)
    figure = Figure(figsize=(WIDTH_MM / 25.4, total / 72), facecolor="white")
    top = 2.0
    for chart, layout, height, (heading, remark) in zip(charts, layouts, heights, remarks, strict=True):
        if layout is None:
            for i, text in enumerate([*heading, *remark]):
                write(figure, 0, top + LINE_HEIGHT * (i + 0.5), text, bold=i < len(heading))
        else:
            _draw_chart(figure, chart, layout, top)
        top += height + _BETWEEN
    for i, note in enumerate(notes):
        write(figure, 0, bottom + 6 + LINE_HEIGHT * (i + 0.5), note, colour=QUIET)
    return figure


def _draw_chart(figure: Figure, chart: Chart, layout: Layout, top: float) -> None:
    first = top + layout.top
    bottom = first + sum(layout.heights)
    axes = [_panel(figure, chart.axis, left, first, width, bottom - first) for left, width in layout.panels]
    for i, text in enumerate(layout.heading):
        write(figure, 0, top + LINE_HEIGHT * (i + 0.5), text, bold=True)
    _draw_heads(figure, chart, layout, top, first)
    y = first
    placed: list[list[tuple[Mark, float]]] = [[] for _ in chart.series]
    for line, labels, height in zip(chart.lines, layout.labels, layout.heights, strict=True):
        if y > first and not line.indent:
            _rule(figure, y)
        middle = y + height / 2
        for i, text in enumerate(labels):
            centre = middle + LINE_HEIGHT * (i - (len(labels) - 1) / 2)
            write(figure, INDENT * line.indent, centre, text, bold=not line.marks)
        for text, column, (left, width) in zip(line.cells, chart.columns, layout.columns, strict=False):
            write(figure, left if column.align == "left" else left + width, middle, text, align=column.align)
        for i, mark in enumerate(line.marks):
            if chart.apart:
                floor = middle + (LINE_HEIGHT - LANE) / 2
                axes[i].axhspan(y - first, floor - first, color="white", linewidth=0, zorder=2)
                _write_above(figure, mark, chart.axis, layout.panels[i], floor - LINE_HEIGHT / 2)
                placed[i].append((mark, floor + LANE / 2 - first))
            else:
                offset = DODGE * (i - (len(line.marks) - 1) / 2)
                placed[i].append((mark, middle - first + offset))
        y += height
    for i, marks in enumerate(placed):
        _draw_marks(axes[i if chart.apart else 0], chart.axis, chart.series[i], marks)
    _rule(figure, first, colour=INK)
    centre = (layout.panels[0][0] + sum(layout.panels[-1])) / 2
    for i, text in enumerate(layout.axis_label):
        write(figure, centre, bottom + AXIS_HEIGHT + LINE_HEIGHT * (i + 0.5), text, align="center")


def _panel(figure: Figure, axis: Axis, left: float, top: float, width: float, height: float) -> Axes:
    """Empty axes whose vertical unit is the point, from the top."""
    x, y = place(figure, left, top + height)
    right, upper = place(figure, left + width, top)
    box = (x, y, right - x, upper - y)
    axes = figure.add_axes(box, facecolor="none", zorder=2)
    if axis.log:
        axes.set_xscale("log", base=2)
    axes.set_xlim(axis.low, axis.high)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.set_xticks(axis.ticks, _tick_labels(axis, width))
    axes.minorticks_off()
    axes.tick_params(axis="x", length=3, width=0.6, pad=2, color=INK, labelcolor=INK, labelsize=FONT_SIZE)
    axes.grid(axis="x", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", linewidth=0.6, color=INK)
    if axis.margin:
        axes.axvspan(-axis.margin, axis.margin, color=BAND, linewidth=0, zorder=0)
    if axis.origin is not None:
        axes.axvline(axis.origin, color=QUIET, linewidth=0.8, zorder=1)
    return axes


def place_legend(figure: Figure, legend: Legend, series: tuple[Series, ...], top: float) -> None:
    """Markers with their names, where ``layout.legend_of`` puts them, from ``top`` on."""
    for (x, row, lines), one in zip(legend, series, strict=False):
        y = top + LINE_HEIGHT * (row + 0.5)
        marker_at(figure, x + 3, y, one)
        for i, text in enumerate(lines):
            write(figure, x + KEY, y + LINE_HEIGHT * i, text)


def _tick_labels(axis: Axis, width: float) -> list[str]:
    """What is written at each tick: all that find room, else every second and so on, counted from the origin.

    Of doublings, a quarter to four stand before all others.
    """
    written = [f"{tick:g}".replace("-", MINUS) for tick in axis.ticks]
    middle = min(range(len(written)), key=lambda i: abs(axis.ticks[i] - (axis.origin or 0.0)))
    from_origin = [i - middle for i in range(len(written))]
    core = [k for k in from_origin if abs(k) <= 2 or k % 2 == 0] if axis.log else from_origin
    shown = written
    for wanted in (from_origin, core, *([k for k in from_origin if k % n == 0] for n in (2, 3, 4, 6, 8))):
        shown = [text if k in wanted else "" for text, k in zip(written, from_origin, strict=True)]
        places = [
            (width * axis.at(tick), text_width(text) / 2)
            for tick, text in zip(axis.ticks, shown, strict=True)
            if text
        ]
        if all(x + half + 3 <= other - its for (x, half), (other, its) in pairwise(places)):
            break
    return shown


def _draw_heads(figure: Figure, chart: Chart, layout: Layout, top: float, first: float) -> None:
    """Legend, column heads and panel titles, each with the marker that it explains."""
    place_legend(figure, layout.legend, chart.series, top + layout.legend_top)
    last = first - 4 - LINE_HEIGHT / 2
    write(figure, 0, last, chart.stub, colour=QUIET)
    lefts = [
        left
        for (left, _), column in zip(layout.columns, chart.columns, strict=True)
        if column.align == "left"
    ]
    for i, text in enumerate(layout.over):
        y = last - 2 - LINE_HEIGHT * (layout.n_head_lines + len(layout.over) - 1 - i)
        if lefts:
            write(figure, lefts[0], y, text, colour=QUIET)
        else:
            write(figure, WIDTH, y, text, align="right", colour=QUIET)
    slots = layout.panels if chart.apart else layout.columns
    for column, head, (left, width) in zip(_titles(chart), layout.heads, slots, strict=True):
        start = last - LINE_HEIGHT * (len(head) - 1)
        before = column.series is not None and column.align == "left"
        for i, text in enumerate(head):
            x = left + KEY * before if column.align == "left" else left + width
            write(figure, x, start + LINE_HEIGHT * i, text, align=column.align)
        if column.series is not None:
            x, y = (left + 3, start) if before else (left + width - 3, last)
            marker_at(figure, x, y, chart.series[column.series])


def _titles(chart: Chart) -> tuple[Column, ...]:
    """What stands over the columns, or over the panels."""
    if not chart.apart:
        return chart.columns
    return tuple(Column(series.label, "left", i) for i, series in enumerate(chart.series))


def _write_above(figure: Figure, mark: Mark, axis: Axis, panel: tuple[float, float], middle: float) -> None:
    """The numbers of a mark over it, inside its panel."""
    left, width = panel
    half = text_width(mark.text) / 2
    value = mark.estimate if math.isfinite(mark.estimate) else axis.origin or 0.0
    x = min(max(left + width * axis.at(value), left + half), left + width - half)
    write(figure, x, middle, mark.text, align="center")


def _draw_marks(axes: Axes, axis: Axis, series: Series, marks: list[tuple[Mark, float]]) -> None:
    """All marks of a series at their heights: intervals, arrows where they are cut, markers."""
    marks = [(mark, y) for mark, y in marks if not math.isnan(mark.estimate)]
    ys = [y for _, y in marks]
    lows, highs = (
        [max(mark.low, axis.low) for mark, _ in marks],
        [min(mark.high, axis.high) for mark, _ in marks],
    )
    axes.hlines(ys, lows, highs, color=series.colour, linewidth=1.2, capstyle="butt", clip_on=False, zorder=3)
    for arrow, end, cut in (
        ("<", axis.low, [y for mark, y in marks if mark.low < axis.low]),
        (">", axis.high, [y for mark, y in marks if mark.high > axis.high]),
    ):
        if cut:
            axes.plot(
                [end] * len(cut), cut, arrow, color=series.colour, markersize=4, clip_on=False, zorder=3
            )
    for hollow in (False, True):
        alike = [
            (mark.estimate, y)
            for mark, y in marks
            if mark.hollow == hollow and axis.low <= mark.estimate <= axis.high
        ]
        if alike:
            axes.plot(
                *zip(*alike, strict=True), **marker_style(series, hollow=hollow), clip_on=False, zorder=4
            )


def marker_style(series: Series, *, hollow: bool = False) -> dict[str, Any]:
    """How a marker of the series looks, as keywords of a line."""
    return {
        "marker": series.marker,
        "markersize": MARKER_SIZES[series.marker],
        "markeredgewidth": 1.0,
        "markeredgecolor": series.colour,
        "markerfacecolor": "white" if hollow or series.hollow else series.colour,
        "linestyle": "none",
    }


def marker_at(figure: Figure, x: float, y: float, series: Series) -> None:
    """A marker by itself, for heads and legends."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    across, up = place(figure, x, y)
    style = marker_style(series)
    figure.add_artist(Line2D([across], [up], transform=figure.transFigure, **style))


def _rule(figure: Figure, y: float, *, colour: str = RULE) -> None:
    """A thin line over the whole width, above whatever the rows hold."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    (left, up), (right, _) = place(figure, 0, y), place(figure, WIDTH, y)
    line = Line2D([left, right], [up, up], color=colour, linewidth=0.5, zorder=3)
    line.set_transform(figure.transFigure)
    figure.add_artist(line)


def write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    *,
    align: Align = "left",
    bold: bool = False,
    colour: str = INK,
) -> None:
    """Text whose capitals are centred on y, in points from the upper left corner."""
    weight = "bold" if bold else "normal"
    across, up = place(figure, x, y + 0.36 * FONT_SIZE)
    figure.text(across, up, drawable(text), ha=align, va="baseline", color=colour, weight=weight, zorder=5)


def place(figure: Figure, x: float, y: float) -> tuple[float, float]:
    """A place in points from the upper left corner as fractions of the figure from the lower left one."""
    width, height = figure.get_size_inches()
    return (x + MARGIN) / (72 * width), 1 - y / (72 * height)
