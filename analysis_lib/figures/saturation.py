"""How does saturation become a picture: the number of codes seen, one panel per group?

References: Guest, Namey & Chen 2020, PLoS ONE 15(5) e0232076.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.figures.charts import Chart
from analysis_lib.figures.drawing import write
from analysis_lib.figures.layout import WIDTH
from analysis_lib.figures.panels import new_figure, panel
from analysis_lib.figures.style import BAND, INK, QUIET, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import WITHHELD, count, missing, percent
from analysis_lib.payload import Payload
from analysis_lib.tables.common import is_banded
from analysis_lib.tables.reliability import rule_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 12  # so that the figure stays on one page
_ACROSS, _PANEL, _BETWEEN, _BELOW = 3, 104.0, 22.0, 34.0  # panels side by side; lengths in points
_LINE = 10.5


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """The curve is no chart of lines with marks."""
    return ()


def _curves(payload: Payload) -> dict[str, pd.DataFrame]:
    """Group -> its curve, in order; as many as fit a page."""
    frame = payload.tables["curve"].frame
    groups = list(dict.fromkeys(frame["group"]))[:MOST_PANELS]
    return {group: frame[frame["group"] == group] for group in groups}


def saturation_curve_refusal(payload: Payload) -> str | None:
    """Why there is no curve; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if _curves(payload):
        return None
    if is_banded(payload):
        return "a curve with one point per person would give exact numbers away"
    return "no group has anybody"


def saturation_curve_caption(payload: Payload) -> list[str]:
    """Question, band, rule and what it does not say."""
    facts = payload.facts
    return [
        "Did further people still bring new codes?",
        f"Wave {facts['wave']}. Line: different codes expected after so many people, in any order of them; band: 95% of"
        " orders; steps: people in the order of their ids, the only one that the tables hold.",
        f"Dashed: where the rule (base {facts['base']}, run {facts['run']}, at most {percent(facts['threshold'])} new)"
        " finds little new, in that order.",
        "The scale of people differs from group to group.",
        "It describes these codes in this sample, not what else could be said.",
    ]


def saturation_curve_reading(payload: Payload) -> str:
    """Where each curve ends, for those who do not see it."""
    labels = payload.facts["labels"]
    last = {group: curve.iloc[-1] for group, curve in _curves(payload).items()}
    ends = [
        f"{labels[group]} {count(end['codes_seen'])} codes after {count(end['n_participants'])} people"
        for group, end in last.items()
    ]
    return f"Saturation curves, one panel per group: {'; '.join(ends)}."


def saturation_curve_listing(payload: Payload) -> list[str]:
    """Every point of every curve, one line per group."""
    found = []
    for group, curve in _curves(payload).items():
        points = "; ".join(
            f"{row.n_participants:g}: {row.codes_seen:.1f} [{row.low:g}, {row.high:g}], {row.in_order:g}"
            for row in curve.itertuples()
        )
        found.append(
            f"{payload.facts['labels'][group]}, people: codes expected [95% of orders], in order | {points}"
        )
    return found


def saturation_curve_picture(payload: Payload) -> Figure:
    """One panel per group, each below its name and where the rule was reached."""
    curves = _curves(payload)
    over = _LINE + 6
    width = (WIDTH - _BETWEEN * _ACROSS) / _ACROSS
    top_code = float(payload.tables["curve"].frame["high"].max())
    summary = payload.tables["summary"].frame.set_index("group")
    heads = {group: _head(payload, summary.loc[group], group, width) for group in curves}
    rows = [list(curves)[i : i + _ACROSS] for i in range(0, len(curves), _ACROSS)]
    tall = [max(len(heads[group][0]) + len(heads[group][1]) for group in row) for row in rows]
    heights = [_LINE * n + _PANEL + _BELOW for n in tall]
    figure = new_figure(over + sum(heights) - 8, wrap(_footer(payload), WIDTH))
    write(figure, 0, 2 + _LINE / 2, "Different codes seen, by number of people", colour=QUIET)
    for i, (group, curve) in enumerate(curves.items()):
        row = i // _ACROSS
        left = _BETWEEN + (i % _ACROSS) * (width + _BETWEEN)
        start = over + sum(heights[:row]) + _LINE * tall[row]
        label, rule = heads[group]
        first = start - _LINE * (len(label) + len(rule))
        for k, text in enumerate([*label, *rule]):
            bold = k < len(label)
            write(figure, left, first + _LINE * (k + 0.5), text, bold=bold, colour=INK if bold else QUIET)
        axes = _panel(figure, left, start + 2, width, top_code)
        _draw_curve(axes, curve, summary.loc[group])
        write(figure, left + width / 2, start + _PANEL + 18, "People", align="center", colour=QUIET)
    return figure


def _head(payload: Payload, rule: pd.Series, group: str, width: float) -> tuple[list[str], list[str]]:
    """Lines of a group's name and of where the rule was reached."""
    label = f"{payload.facts['labels'][group]} (n = {count(rule['n'], absent=WITHHELD)})"
    reached = rule_in_words(rule, payload.facts, banded=is_banded(payload))
    return wrap(label, width, bold=True), wrap(f"Rule: {reached}", width)


def _footer(payload: Payload) -> str:
    """What must stay with the picture when it is parted from its caption."""
    parts = [
        "Line: expected in any order; band: 95% of orders; steps: in the order of ids.",
        "Dashed: where the rule is reached.",
        *beside_picture(payload),
    ]
    return "  ".join(filter(None, parts))


def _panel(figure: Figure, left: float, top: float, width: float, top_code: float) -> Axes:
    axes = panel(figure, left, top, width, _PANEL - 2)
    axes.set_ylim(0, top_code * 1.05)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if top_code / s <= 6)
    axes.set_yticks([float(t) for t in range(0, math.floor(top_code * 1.05) + 1, step)])
    axes.grid(axis="x", visible=False)
    return axes


def _draw_curve(axes: Axes, curve: pd.DataFrame, rule: pd.Series) -> None:
    n = curve["n_participants"].to_numpy(float)
    last = max(float(n[-1]), 2.0)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000) if last / s <= 5)
    axes.set_xlim(0, last * 1.02)
    axes.set_xticks([float(t) for t in range(0, math.floor(last) + 1, step)])
    axes.fill_between(n, curve["low"], curve["high"], color=BAND, linewidth=0, zorder=1)
    axes.step(n, curve["in_order"], where="post", color=QUIET, linewidth=0.7, zorder=2)
    axes.plot(n, curve["codes_seen"], color=INK, linewidth=1.4, zorder=3)
    if len(n) == 1:
        axes.plot(n, curve["codes_seen"], "o", color=INK, markersize=4, zorder=3)
    if not missing(rule["reached_at"]) and missing(rule["reason"]):
        axes.axvline(float(rule["reached_at"]), color=QUIET, linewidth=0.8, linestyle=(0, (4, 2)), zorder=2)
