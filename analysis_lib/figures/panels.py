"""What do pictures with axes of their own share: the page, the look of the axes, boxes and arrows?

A picture that is no chart of lines with marks is put together from these and from ``drawing.write``; every length is in
points from the upper left corner.

References: Cleveland 1985, The Elements of Graphing Data (axes that recede behind the data).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis_lib.figures.drawing import place, write
from analysis_lib.figures.layout import LINE_HEIGHT, WIDTH_MM
from analysis_lib.figures.style import FONT_SIZE, INK, QUIET, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def new_figure(height: float, notes: list[str]) -> Figure:
    """An empty page of this height, with notes below."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only who draws waits for it

    bottom = height + 4
    total = bottom + (LINE_HEIGHT * len(notes) + 6 if notes else 0)
    figure = Figure(figsize=(WIDTH_MM / 25.4, total / 72), facecolor="white")
    for i, note in enumerate(notes):
        write(figure, 0, bottom + 4 + LINE_HEIGHT * (i + 0.5), note, colour=QUIET)
    return figure


def panel(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes with a line below and at the left and thin rules at the ticks of both."""
    x, y = place(figure, left, top + height)
    right, upper = place(figure, left + width, top)
    axes = figure.add_axes((x, y, right - x, upper - y), facecolor="none")
    axes.tick_params(length=3, width=0.6, pad=2, color=INK, labelcolor=INK, labelsize=FONT_SIZE)
    axes.grid(color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("bottom", "left"), linewidth=0.6, color=INK)
    return axes


def rectangle(figure: Figure, x: float, y: float, width: float, height: float, **style: Any) -> None:
    """A rectangle by its upper left corner."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - only who draws waits for it

    left, low = place(figure, x, y + height)
    right, high = place(figure, x + width, y)
    box = Rectangle((left, low), right - left, high - low, transform=figure.transFigure, **style)
    figure.add_artist(box)


def disc(figure: Figure, x: float, y: float, radius: float, colour: str, *, zorder: int) -> None:
    """A filled disc round a place."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    across, up = place(figure, x, y)
    style: dict[str, Any] = {
        "marker": "o",
        "markersize": 2 * radius,
        "markerfacecolor": colour,
        "markeredgewidth": 0.0,
    }
    figure.add_artist(Line2D([across], [up], transform=figure.transFigure, zorder=zorder, **style))


def arrow(figure: Figure, start: tuple[float, float], end: tuple[float, float], *, colour: str) -> None:
    """A line from one place to another, down or to the right, with its head at the end."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    down = start[0] == end[0]
    line(figure, [start[0], end[0]], [start[1], end[1]], color=colour, linewidth=0.8, zorder=1)
    tip = (end[0], end[1] - 2.2) if down else (end[0] - 2.2, end[1])
    across, up = place(figure, *tip)
    style: dict[str, Any] = {
        "marker": "v" if down else ">",
        "markersize": 4.4,
        "color": colour,
        "linestyle": "none",
    }
    figure.add_artist(Line2D([across], [up], transform=figure.transFigure, zorder=3, **style))


def line(figure: Figure, xs: list[float], ys: list[float], **style: Any) -> None:
    """A line through the places."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    places = [place(figure, x, y) for x, y in zip(xs, ys, strict=True)]
    drawn = Line2D([x for x, _ in places], [y for _, y in places], **style)
    drawn.set_transform(figure.transFigure)
    figure.add_artist(drawn)
