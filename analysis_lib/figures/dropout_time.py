"""How does the time to dropout become a picture: step curves by session, everybody and each theme?

People with a theme are a solid line in a filled band, people without it a dashed line between dotted limits, so
that the two stay apart in grey; how many people had a session stands below it.

References: Kaplan & Meier 1958, JASA 53, 457-481; Pocock, Clayton & Altman 2002, Lancet 359, 1686-1689 (survival
plots: numbers at risk, intervals, where to stop).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis_lib.dropout_time import OVERALL
from analysis_lib.figures.charts import Chart
from analysis_lib.figures.drawing import place, write
from analysis_lib.figures.layout import LINE_HEIGHT, WIDTH
from analysis_lib.figures.panels import new_figure
from analysis_lib.figures.panels import panel as panel_axes
from analysis_lib.figures.style import BAND, INK, QUIET, text_width, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import count, percent
from analysis_lib.payload import Payload
from analysis_lib.tables.common import is_banded
from analysis_lib.tables.dropout_time import CENSORED, FROM_THE_START, NO_GROUPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 8  # so that the figure stays on one page
_ACROSS, _HEIGHT, _BETWEEN, _BELOW = 2, 96.0, 10.0, 16.0  # panels side by side; lengths in points
_LEFT = 46.0  # room for the names of the rows below the axis
_SAMPLE = 14.0  # of a line before its name
_STEPS, _MOST_TICKS = (1, 2, 3, 4, 5, 10, 20, 25, 50, 100, 200, 500), 4
_DOTS = (0, (1, 1.6))


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """Step curves are no chart of lines with marks."""
    return ()


def _panels(payload: Payload) -> list[list[pd.DataFrame]]:
    """One panel for everybody and one per theme, each with its curves; as many as fit a page."""
    frame = payload.tables["shown_curve"].frame
    panels: dict[str, list[pd.DataFrame]] = {}
    for _, curve in frame.groupby("group", sort=False):
        panels.setdefault(curve["theme_id"].iloc[0], []).append(curve)
    return list(panels.values())[:MOST_PANELS]


def dropout_survival_refusal(payload: Payload) -> str | None:
    """Why there is no curve; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    frame = payload.tables["shown_curve"].frame
    if not len(frame) and is_banded(payload):
        return "a curve with one point per session would give away when single people left"
    if not frame["events"].sum():
        return f"nobody dropped out ({payload.facts['rules'][payload.facts['shown']]})"
    return None


def dropout_survival_caption(payload: Payload) -> list[str]:
    """Question, definition, interval, who is censored, and what was left out."""
    facts = payload.facts
    themes = payload.tables["shown_curve"].frame["theme_id"].nunique() - 1
    shown = len(_panels(payload)) - 1
    return [
        "When in therapy do people drop out?",
        f"Wave {facts['wave']}. Share that had not dropped out ({facts['rules'][facts['shown']]}) by the end of each"
        " session, with pointwise 95% log-log limits (Kaplan-Meier). Below: people who had the session.",
        CENSORED,
        f"{FROM_THE_START}" if themes else "",
        NO_GROUPS,
        f"{shown} of {themes} themes, the others are in the table." if shown < themes else "",
    ]


def dropout_survival_reading(payload: Payload) -> str:
    """Where each curve ends, for those who do not see it."""
    ends = []
    for panel in _panels(payload):
        for curve in panel:
            end = curve.iloc[-1]
            who = "everybody" if end["group"] == OVERALL else f"{end['theme_label']} {end['level']}"
            ends.append(f"{who} {percent(end['survival'])} after {count(end['session'])} sessions")
    opening = "Step curves of the share that had not dropped out, a panel for everybody and one per theme"
    return f"{opening}: {'; '.join(ends)}."


def dropout_survival_listing(payload: Payload) -> list[str]:
    """Every point of every curve that is drawn, one line per curve."""
    found = []
    for panel in _panels(payload):
        for curve in panel:
            points = "; ".join(
                f"{row.session:g}: {100 * row.survival:.1f} [{100 * row.conf_low:.1f}, {100 * row.conf_high:.1f}],"
                f" {row.at_risk:g}"
                for row in curve.itertuples()
            )
            found.append(
                f"{_name(curve)}, by session: not dropped out, % [95% CI], people who had it | {points}"
            )
    return found


def _name(curve: pd.DataFrame) -> str:
    first = curve.iloc[0]
    return "Everybody" if first["group"] == OVERALL else f"{first['theme_label']}, {first['level']}"


def dropout_survival_picture(payload: Payload) -> Figure:
    """One panel for everybody and one per theme."""
    panels = _panels(payload)
    last = float(payload.tables["shown_curve"].frame["session"].max())
    over = LINE_HEIGHT + 6
    width = (WIDTH - _BETWEEN * (_ACROSS - 1)) / _ACROSS
    heads = [wrap(_head(panel), width, bold=True) for panel in panels]
    tall = [max(map(len, heads[i : i + _ACROSS])) for i in range(0, len(heads), _ACROSS)]
    each = 4 + _HEIGHT + 4 + LINE_HEIGHT * (2 + max(map(len, panels))) + _BELOW
    heights = [LINE_HEIGHT * n + each for n in tall]
    floor = _floor(panels)
    begins = f"The axis begins at {floor:g}%." if floor else ""
    notes = ["Band and dotted lines: 95% intervals.", begins, *beside_picture(payload)]
    figure = new_figure(over + sum(heights) - _BELOW, wrap("  ".join(filter(None, notes)), WIDTH))
    right = max(text_width(_key(curve)) for panel in panels for curve in panel) + _SAMPLE + 9
    write(figure, 0, 2 + LINE_HEIGHT / 2, "Not dropped out by the end of the session, %", colour=QUIET)
    for i, panel in enumerate(panels):
        row = i // _ACROSS
        left = (i % _ACROSS) * (width + _BETWEEN)
        start = over + sum(heights[:row]) + LINE_HEIGHT * tall[row]
        for k, text in enumerate(heads[i]):
            write(figure, left, start + LINE_HEIGHT * (k - len(heads[i]) + 0.5), text, bold=True)
        box = (left + _LEFT, start + 4, width - _LEFT - right)
        axes = _axes(figure, *box, last, floor)
        _draw_curves(figure, axes, panel, box, floor)
        _numbers_below(figure, panel, left, box, last)
    return figure


def _head(panel: list[pd.DataFrame]) -> str:
    first = panel[0].iloc[0]
    return "Everybody" if first["group"] == OVERALL else str(first["theme_label"])


def _key(curve: pd.DataFrame) -> str:
    first = curve.iloc[0]
    name = "All" if first["group"] == OVERALL else str(first["level"]).capitalize()
    return f"{name} (n = {count(first['at_risk'])})"


def _floor(panels: list[list[pd.DataFrame]]) -> float:
    """Where the share axis begins: 0, 25, 50 or 75, below every limit."""
    lowest = min(float(curve["conf_low"].min()) for panel in panels for curve in panel)
    return 25.0 * min(math.floor(4 * lowest), 3)


def _ticks(last: float) -> list[int]:
    """Session 1 and a handful of round ones up to the last."""
    step = next((step for step in _STEPS if last / step <= _MOST_TICKS), _STEPS[-1])
    return sorted({1, *range(step, int(last) + 1, step)})


def _axes(figure: Figure, left: float, top: float, width: float, last: float, floor: float) -> Axes:
    axes = panel_axes(figure, left, top, width, _HEIGHT)
    axes.set_ylim(floor, 100)
    step = 25 if floor < 50 else 10 if floor < 75 else 5
    axes.set_yticks([float(tick) for tick in range(int(floor), 101, step)])
    axes.set_xlim(0, last)
    axes.set_xticks([float(tick) for tick in _ticks(last)])
    axes.grid(axis="x", visible=False)
    return axes


def _style(curve: pd.DataFrame) -> dict[str, Any]:
    """Solid with the theme and for everybody, dashed without it."""
    if curve["level"].iloc[0] == "absent":
        return {"color": QUIET, "linewidth": 1.3, "linestyle": (0, (4, 1.6)), "zorder": 4}
    return {"color": INK, "linewidth": 1.4, "zorder": 3}


def _draw_curves(
    figure: Figure, axes: Axes, panel: list[pd.DataFrame], box: tuple[float, float, float], floor: float
) -> None:
    """The curves of a panel, each with its name and a sample of its line at its end."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    left, top, width = box
    ends = []
    for curve in panel:
        session = np.append(0.0, curve["session"].to_numpy(float))
        survival, low, high = (
            np.append(100.0, 100 * curve[name].to_numpy(float))
            for name in ("survival", "conf_low", "conf_high")
        )
        if curve["level"].iloc[0] == "absent":
            for limit in (low, high):
                axes.step(session, limit, where="post", color=QUIET, linewidth=0.7, linestyle=_DOTS, zorder=2)
        else:
            axes.fill_between(session, low, high, step="post", color=BAND, linewidth=0, zorder=1)
        axes.step(session, survival, where="post", **_style(curve))
        end = top + _HEIGHT * (100 - survival[-1]) / (100 - floor)
        ends.append((end, _key(curve), _style(curve)))
    for y, key, style in _apart(ends, top + _HEIGHT):
        start = left + width + 5
        (x, up), (to, _) = place(figure, start, y), place(figure, start + _SAMPLE, y)
        figure.add_artist(Line2D([x, to], [up, up], transform=figure.transFigure, **style))
        write(figure, start + _SAMPLE + 4, y, key)


_End = tuple[float, str, dict[str, Any]]


def _apart(ends: list[_End], lowest: float) -> list[_End]:
    """Names from top to bottom, moved down where they would overlap, and up again from the axis."""
    placed: list[_End] = []
    for y, key, style in sorted(ends, key=lambda end: end[:2]):
        above = placed[-1][0] if placed else -math.inf
        placed.append((max(y, above + LINE_HEIGHT), key, style))
    beyond = max(0.0, placed[-1][0] - lowest)
    return [(y - beyond, key, style) for y, key, style in placed]


def _numbers_below(
    figure: Figure, panel: list[pd.DataFrame], left: float, box: tuple[float, float, float], last: float
) -> None:
    """How many people of each curve had the sessions of the ticks."""
    start, top, width = box
    first = top + _HEIGHT + 4 + LINE_HEIGHT / 2
    write(figure, left, first + 1, "Session", colour=QUIET)
    write(figure, left, first + LINE_HEIGHT + 2, "People who had it", colour=QUIET)
    for i, curve in enumerate(panel):
        y = first + LINE_HEIGHT * (i + 2) + 2
        had = dict(zip(curve["session"].astype(int), curve["at_risk"], strict=True))
        write(figure, left, y, _key(curve).split(" (")[0])
        for tick in _ticks(last):
            write(figure, start + width * tick / last, y, count(had.get(tick, 0)), align="center")
