"""How do agreement between coders and saturation become pictures?

A forest of the codes by Krippendorff's alpha, and one panel per group with the number of codes seen. Both are
drawn with the means of :mod:`analysis_lib.figures`.

References: Lewis & Clarke 2001, BMJ 322, 1479-1480 (forest plots); Guest, Namey & Chen 2020 (saturation).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib import figures as draw
from analysis_lib.formatting import WITHHELD, count, decimal, missing, n_of, percent
from analysis_lib.payload import Payload
from analysis_lib.tables.common import is_banded
from analysis_lib.tables.reliability import coefficient, rule_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CODES, MOST_PANELS = 30, 12  # so that a figure stays on one page
_LOWEST = -0.5  # limits of alpha below are cut there and get an arrow
_ACROSS, _PANEL, _BETWEEN, _BELOW = 3, 104.0, 22.0, 34.0  # panels side by side; lengths in points
_LINE = 10.5


def _forest(payload: Payload) -> tuple[draw.Chart, ...]:
    lines = []
    for _, row in _codes(payload).iterrows():
        alpha = float(row["krippendorff_alpha"])
        low, high = (
            alpha if missing(row[name]) else float(row[name]) for name in ("alpha_low", "alpha_high")
        )
        ac1 = coefficient(row, "gwet_ac1", "ac1") if pd.notna(row["ac1_low"]) else decimal(row["gwet_ac1"])
        cells = (n_of(row["n_given"], row["n_units"]), coefficient(row), ac1)
        lines.append(draw.Line(row["code_label"], row["code_label"], (draw.Mark(alpha, low, high),), cells))
    lowest = min([0.0, *(max(mark.low, _LOWEST) for line in lines for mark in line.marks)])
    low = math.floor(round(lowest, 6) * 4) / 4
    ticks = tuple(low + 0.25 * i for i in range(round((1 - low) * 4) + 1))
    mark = payload.facts["weak_below"]
    label = f"Krippendorff's alpha; line: {decimal(mark)}"
    axis = draw.Axis(label, low, 1.0, ticks, origin=mark, decimals=2)
    columns = (
        draw.Column("Given to", "right"),
        draw.Column("Alpha [95% CI]", "left"),
        draw.Column("AC1 [95% CI]", "left"),
    )
    series = (draw.Series("alpha", draw.INK, "o"),)
    return (draw.Chart(tuple(lines), series, columns, axis, "Code"),)


def _codes(payload: Payload) -> pd.DataFrame:
    """Codes that are drawn: with an alpha and no code below them, the best agreed first, without interval last."""
    frame = payload.tables["agreement"].frame
    below = frame["depth"].shift(-1, fill_value=0)
    frame = frame[(below <= frame["depth"]) & frame["krippendorff_alpha"].notna()]
    ranked = frame.assign(open=frame["alpha_low"].isna(), rank=-frame["krippendorff_alpha"].round(9))
    return ranked.sort_values(["open", "rank"], kind="stable").head(MOST_CODES)


def _cannot_show_forest(payload: Payload) -> str | None:
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if len(_codes(payload)):
        return None
    withheld = payload.tables["agreement"].frame["reason"].eq(WITHHELD).any()
    return "every estimate is withheld" if withheld else "no code was given to some and not to others"


def _forest_caption(payload: Payload) -> list[str]:
    mark = decimal(payload.facts["weak_below"])
    drawn = [mark_ for line in _forest(payload)[0].lines for mark_ in line.marks]
    frame = payload.tables["agreement"].frame
    known = int(frame["krippendorff_alpha"].notna().sum())
    return [
        "Which codes can be counted on?",
        f"Wave {payload.facts['wave']}. Krippendorff's alpha of the coders on who has the code, with 95% intervals that"
        " resample people; from people whom two coded independently of each other.",
        f"Line at {mark}: below, the study calls a code weak. Codes with others below them stand in the table only.",
        "No interval is drawn where the coders never differed or too few people have the code.",
        "Arrow: the interval goes on beyond the axis." if any(m.low < _LOWEST for m in drawn) else "",
        f"The {MOST_CODES} best agreed codes, the others are in the table."
        if known > len(drawn) == MOST_CODES
        else "",
        *draw._standing(payload),
    ]


def _forest_reading(payload: Payload) -> str:
    codes, mark = _codes(payload), payload.facts["weak_below"]
    weakest = codes.loc[codes["krippendorff_alpha"].idxmin()]
    above = int((codes["alpha_low"] >= mark).sum())
    return (
        f"Forest plot of alpha for {len(codes)} code{'s' * (len(codes) > 1)} with 95% intervals; {above} lie wholly at"
        f" {decimal(mark)} or above. The least agreed: “{weakest['code_label']}”, {coefficient(weakest)}."
        f"{draw._rounded(payload)}"
    )


def _no_charts(payload: Payload) -> tuple[draw.Chart, ...]:
    """The curve is no chart of lines with marks."""
    return ()


def _curves(payload: Payload) -> dict[str, pd.DataFrame]:
    """Group -> its curve, in order; as many as fit a page."""
    frame = payload.tables["curve"].frame
    groups = list(dict.fromkeys(frame["group"]))[:MOST_PANELS]
    return {group: frame[frame["group"] == group] for group in groups}


def _cannot_show_curve(payload: Payload) -> str | None:
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if _curves(payload):
        return None
    if is_banded(payload):
        return "a curve with one point per person would give exact numbers away"
    return "no group has anybody"


def _curve_caption(payload: Payload) -> list[str]:
    facts = payload.facts
    return [
        "Did further people still bring new codes?",
        f"Wave {facts['wave']}. Line: different codes expected after so many people, in any order of them; band: 95% of"
        " orders; steps: people in the order of their ids, the only one that the tables hold.",
        f"Dashed: where the rule (base {facts['base']}, run {facts['run']}, at most {percent(facts['threshold'])} new)"
        " finds little new, in that order.",
        "The scale of people differs from group to group.",
        "It describes these codes in this sample, not what else could be said.",
        *draw._standing(payload),
    ]


def _curve_reading(payload: Payload) -> str:
    labels = payload.facts["labels"]
    last = {group: curve.iloc[-1] for group, curve in _curves(payload).items()}
    ends = [
        f"{labels[group]} {count(end['codes_seen'])} codes after {count(end['n_participants'])} people"
        for group, end in last.items()
    ]
    return f"Saturation curves, one panel per group: {'; '.join(ends)}."


def _listing(payload: Payload) -> list[str]:
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


def _curve_picture(payload: Payload) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - only who draws waits for it

    curves = _curves(payload)
    n_rows = math.ceil(len(curves) / _ACROSS)
    footer = "SYNTHETIC data." if payload.facts.get("synthetic") else ""
    over = _LINE + 6
    height = over + n_rows * (2 * _LINE + _PANEL + _BELOW) + (_LINE + 4 if footer else 0)
    figure = Figure(figsize=(draw.WIDTH_MM / 25.4, height / 72), facecolor="white")
    width = (draw._WIDTH - _BETWEEN * _ACROSS) / _ACROSS
    top_code = float(payload.tables["curve"].frame["high"].max())
    summary = payload.tables["summary"].frame.set_index("group")
    draw._write(figure, 0, 2 + _LINE / 2, "Different codes seen, by number of people", colour=draw.QUIET)
    for i, (group, curve) in enumerate(curves.items()):
        left = _BETWEEN + (i % _ACROSS) * (width + _BETWEEN)
        top = over + (i // _ACROSS) * (2 * _LINE + _PANEL + _BELOW)
        label = f"{payload.facts['labels'][group]} (n = {count(summary.at[group, 'n'], absent=WITHHELD)})"
        draw._write(figure, left, top + _LINE / 2, draw._wrap(label, width)[0], bold=True)
        rule = rule_in_words(summary.loc[group], payload.facts, banded=is_banded(payload))
        draw._write(figure, left, top + 1.5 * _LINE, draw._wrap(f"Rule: {rule}", width)[0], colour=draw.QUIET)
        axes = _panel(figure, left, top + 2 * _LINE + 2, width, top_code)
        _draw_curve(axes, curve, summary.loc[group])
        bottom = top + 2 * _LINE + _PANEL + 18
        draw._write(figure, left + width / 2, bottom, "People", align="center", colour=draw.QUIET)
    if footer:
        draw._write(figure, 0, height - _LINE / 2 - 2, footer, colour=draw.QUIET)
    return figure


def _panel(figure: Figure, left: float, top: float, width: float, top_code: float) -> Axes:
    x, y = draw._at(figure, left, top + _PANEL - 2)
    right, upper = draw._at(figure, left + width, top)
    axes = figure.add_axes((x, y, right - x, upper - y), facecolor="none")
    axes.set_ylim(0, top_code * 1.05)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if top_code / s <= 6)
    axes.set_yticks([float(t) for t in range(0, math.floor(top_code * 1.05) + 1, step)])
    axes.tick_params(length=3, width=0.6, pad=2, color=draw.INK, labelcolor=draw.INK, labelsize=draw._SIZE)
    axes.grid(axis="y", color=draw.RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("bottom", "left"), linewidth=0.6, color=draw.INK)
    return axes


def _draw_curve(axes: Axes, curve: pd.DataFrame, rule: pd.Series) -> None:
    n = curve["n_participants"].to_numpy(float)
    last = max(float(n[-1]), 2.0)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000) if last / s <= 5)
    axes.set_xlim(0, last * 1.02)
    axes.set_xticks([float(t) for t in range(0, math.floor(last) + 1, step)])
    axes.fill_between(n, curve["low"], curve["high"], color=draw.BAND, linewidth=0, zorder=1)
    axes.step(n, curve["in_order"], where="post", color=draw.QUIET, linewidth=0.7, zorder=2)
    axes.plot(n, curve["codes_seen"], color=draw.INK, linewidth=1.4, zorder=3)
    if len(n) == 1:
        axes.plot(n, curve["codes_seen"], "o", color=draw.INK, markersize=4, zorder=3)
    if not missing(rule["reached_at"]) and missing(rule["reason"]):
        axes.axvline(
            float(rule["reached_at"]), color=draw.QUIET, linewidth=0.8, linestyle=(0, (4, 2)), zorder=2
        )


KINDS = {
    "agreement_forest": draw._Kind(_forest, _cannot_show_forest, _forest_caption, _forest_reading),
    "saturation_curve": draw._Kind(
        _no_charts, _cannot_show_curve, _curve_caption, _curve_reading, _curve_picture, _listing
    ),
}
