"""How does a specification curve become a picture: one panel per theme, its choices below?

Estimates in order of size with their intervals, and under each a dot for every choice that led to it.

References: Simonsohn, Simmons & Nelson 2020, Nat Hum Behav 4, 1208-1214.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from analysis_lib.figures.drawing import place, write
from analysis_lib.figures.layout import WIDTH, WIDTH_MM
from analysis_lib.figures.style import BAND, INK, QUIET, RULE, wrap
from analysis_lib.formatting import NONE, p_value, points
from analysis_lib.payload import Payload
from analysis_lib.specification_table import CHOICES, theme_summary
from analysis_lib.tables.common import group_heads, is_banded
from analysis_lib.tables.sensitivity import (
    DIMENSIONS,
    NOT_PEOPLE,
    VALUES,
    excluding_zero,
    span_of,
    specification_rows,
    varied,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ACROSS, _LABELS, _BETWEEN = 3, 152.0, 12.0  # panels side by side; lengths in points
_CURVE, _CHOICE, _GAP, _BELOW = 104.0, 9.5, 6.0, 18.0
_LINE, _VALUE_AT = 10.5, 56.0
_STATED, _PEOPLE, _MENTIONS = ("D", 5.0), ("o", 4.2), ("s", 3.8)


@dataclass(frozen=True)
class _Curve:
    """One theme's specifications that have an estimate, smallest first, in percentage points."""

    label: str
    under: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def specification_curve_refusal(payload: Payload) -> str | None:
    """Why there is no curve; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if len(payload.tables["specifications"].rows) < 2:
        return "there is one specification only"
    if not payload.facts["leading"]:
        return "nobody was coded for a theme that has none below it"
    return None if _curves(payload) else "every difference rests on a withheld count"


def specification_curve_caption(payload: Payload) -> list[str]:
    """Question, marks, choices and what a joint p is."""
    facts = payload.facts
    n = len(payload.tables["specifications"].rows)
    themes = len(facts["leading"])
    shown = len(_curves(payload))
    return [
        "Do the leading differences survive other reasonable choices?",
        f"Wave {facts['wave']}. {_difference(payload)}, in percentage points with 95% intervals, under each of {n}"
        " specifications from the smallest to the largest; the dots below a mark say which choices gave it.",
        f"Mentions: coded segments with the theme of all of the group ({NOT_PEOPLE})."
        if _mentions(payload)
        else "",
        "Joint p: one permutation test of all specifications of a theme together, adjusted over the themes."
        if not facts["test_reason"]
        else f"No joint p: {facts['test_reason']}.",
        f"{shown} of {themes} themes, the others are in the table." if shown < themes else "",
        "Marks that are missing rest on too few people to leave." if _incomplete(payload) else "",
    ]


def specification_curve_reading(payload: Payload) -> str:
    """The spread of each theme, for those who do not see it."""
    summary = theme_summary(specification_rows(payload)).set_index("theme_id")
    labels = payload.tables["themes"].frame.set_index("theme_id")["theme_label"]
    said = [
        f"“{labels[theme]}” {span_of(row['smallest'], row['largest'])} points counting people,"
        f" {excluding_zero(row)} intervals exclude 0"
        for theme, row in summary.loc[[t for t in payload.facts["leading"] if t in summary.index]].iterrows()
        if row["n_specifications"]
    ]
    return f"Specification curves, one panel per theme, {_difference(payload)}: {'; '.join(said)}."


def specification_curve_listing(payload: Payload) -> list[str]:
    """Every mark with its choices, one line each."""
    listed = [f"{_difference(payload)}, percentage points"]
    for curve in _curves(payload):
        listed.append(f"{curve.label} | {', '.join(curve.under)}")
        for row in curve.rows:
            limits = f"{row['estimate']:.1f} [{row['conf_low']:.1f}, {row['conf_high']:.1f}]"
            chosen = ", ".join(str(row[name]) for name in CHOICES)
            listed.append(f"{curve.label} | {row['specification']}: {limits} | {chosen}")
    return listed


def specification_curve_picture(payload: Payload) -> Figure:
    """One panel per theme, all on the same scale."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only who draws waits for it

    curves, choices = _curves(payload), _choices(payload)
    margin = 100 * float(payload.facts["smallest_difference"])
    width = (WIDTH - _LABELS - _BETWEEN * (_ACROSS - 1)) / _ACROSS
    heads = [wrap(curve.label, width, bold=True) for curve in curves]
    texts = [[*head, *curve.under] for head, curve in zip(heads, curves, strict=True)]
    tall = [max(map(len, texts[i : i + _ACROSS])) for i in range(0, len(texts), _ACROSS)]
    matrix = _CHOICE * len(choices)
    heights = [_LINE * n + 3 + _CURVE + _GAP + matrix + _BELOW for n in tall]
    notes = wrap(_footer(payload, margin), WIDTH)
    said = wrap(f"{_difference(payload)}, percentage points", WIDTH)
    over = _LINE * len(said) + 6
    height = over + sum(heights) - _BELOW + 8 + _LINE * len(notes)
    figure = Figure(figsize=(WIDTH_MM / 25.4, height / 72), facecolor="white")
    for k, text in enumerate(said):
        write(figure, 0, 2 + _LINE * (k + 0.5), text, colour=QUIET)
    low, high, ticks = _scale(curves, margin)
    top = over
    for i, (n, block) in enumerate(zip(tall, heights, strict=True)):
        first = top + _LINE * n + 3
        under = first + _CURVE + _GAP
        _label_choices(figure, choices, under)
        for tick in ticks:
            at = first + _CURVE * (high - tick) / (high - low)
            write(figure, _LABELS - 4, at, points(tick / 100).replace("+", ""), align="right")
        for j, curve in enumerate(curves[i * _ACROSS : (i + 1) * _ACROSS]):
            left = _LABELS + j * (width + _BETWEEN)
            at = i * _ACROSS + j
            for k, text in enumerate(texts[at]):
                bold = k < len(heads[at])
                y = top + _LINE * (n - len(texts[at]) + k + 0.5)
                write(figure, left, y, text, bold=bold, colour=INK if bold else QUIET)
            axes = _axes(figure, left, first, width, _CURVE, len(curve.rows))
            _draw_curve(axes, curve, (low, high), ticks, margin)
            below = _axes(figure, left, under, width, matrix, len(curve.rows))
            _draw_choices(below, curve, choices)
        top += block
    for k, note in enumerate(notes):
        write(figure, 0, top - _BELOW + 8 + _LINE * (k + 0.5), note, colour=QUIET)
    return figure


@lru_cache(maxsize=8)  # picture, caption, footer and refusal ask for the same ones
def _curves(payload: Payload) -> tuple[_Curve, ...]:
    """The curves that can be drawn, in the order of the leading themes."""
    found = specification_rows(payload)
    themes = payload.tables["themes"].frame.set_index("theme_id")
    summary = theme_summary(found).set_index("theme_id")
    curves = []
    for theme in [theme for theme in payload.facts["leading"] if theme in summary.index]:
        mine = found[(found["theme_id"] == theme) & found["conf_low"].notna()]
        if not len(mine):
            continue
        mine = mine.assign(size=mine["estimate"].round(9)).sort_values(
            ["size", "specification"], kind="stable"
        )
        rows = [{str(name): value for name, value in row.items()} for row in mine.to_dict("records")]
        for row in rows:
            row |= {name: 100 * row[name] for name in ("estimate", "conf_low", "conf_high")}
        under = [f"{excluding_zero(summary.loc[theme])} exclude 0"]
        p = p_value(themes.at[theme, "p_joint_adjusted"], band=is_banded(payload))
        if p != NONE:
            under.append(f"adj. joint p {p}" if p[0] in "<>≥" else f"adj. joint p = {p}")
        curves.append(_Curve(str(themes.at[theme, "theme_label"]), tuple(under), tuple(rows)))
    return tuple(curves)


def _mentions(payload: Payload) -> bool:
    return any(row["unit"] == "segment" for curve in _curves(payload) for row in curve.rows)


def _incomplete(payload: Payload) -> bool:
    n = len(payload.tables["specifications"].rows)
    return is_banded(payload) and any(len(curve.rows) < n for curve in _curves(payload))


def _choices(payload: Payload) -> list[tuple[str, str]]:
    """(choice, value) of every row of dots."""
    return [(name, value) for name, values in varied(payload).items() for value in values]


def _difference(payload: Payload) -> str:
    heads = group_heads(payload)
    return f"{heads[payload.facts['group']]} less {heads[payload.facts['reference']]}"


def _footer(payload: Payload, margin: float) -> str:
    parts = [
        "Filled: the interval excludes 0; open: it does not.",
        "Square: mentions." if _mentions(payload) else "",
        "Diamond on grey: the analysis as stated." if any(_stated(c) for c in _curves(payload)) else "",
        f"Grey band: less than {margin:.0f} points either way.",
        "Rounded counts." if is_banded(payload) else "",
        "SYNTHETIC data." if payload.facts.get("synthetic") else "",
    ]
    return "  ".join(filter(None, parts))


def _stated(curve: _Curve) -> list[int]:
    return [i for i, row in enumerate(curve.rows) if bool(row["stated"])]


def _scale(curves: Sequence[_Curve], margin: float) -> tuple[float, float, list[float]]:
    """Ends of the axis and its ticks, the same for all panels."""
    limits = [row[name] for curve in curves for row in curve.rows for name in ("conf_low", "conf_high")]
    low, high = min([-margin, *limits]), max([margin, *limits])
    step = next(s for s in (10, 20, 25, 50, 100) if (high - low) / s <= 7)
    ends = math.ceil(round(low / step, 6)), math.floor(round(high / step, 6))
    return low - 2, high + 2, [float(step * i) for i in range(ends[0], ends[1] + 1)]


def _axes(figure: Figure, left: float, top: float, width: float, height: float, n: int) -> Axes:
    """Empty axes with one unit per specification."""
    x, y = place(figure, left, top + height)
    right, upper = place(figure, left + width, top)
    axes = figure.add_axes((x, y, right - x, upper - y), facecolor="none")
    axes.set_xlim(-0.7, max(n, 2) - 0.3)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=False)
    return axes


def _draw_curve(
    axes: Axes, curve: _Curve, ends: tuple[float, float], ticks: list[float], margin: float
) -> None:
    axes.set_ylim(*ends)
    axes.axhspan(-margin, margin, color=BAND, linewidth=0, zorder=0)
    for tick in ticks:
        axes.axhline(tick, color=QUIET if tick == 0 else RULE, linewidth=0.8 if tick == 0 else 0.5, zorder=1)
    _mark_stated(axes, curve)
    lows, highs = ([row[name] for row in curve.rows] for name in ("conf_low", "conf_high"))
    axes.vlines(range(len(curve.rows)), lows, highs, color=INK, linewidth=0.9, zorder=2)
    alike: dict[tuple[tuple[str, float], bool], list[int]] = {}
    for i, row in enumerate(curve.rows):
        kind = _STATED if row["stated"] else _MENTIONS if row["unit"] == "segment" else _PEOPLE
        alike.setdefault((kind, row["conf_low"] > 0 or row["conf_high"] < 0), []).append(i)
    for ((marker, size), settled), at in alike.items():
        axes.plot(
            at, [curve.rows[i]["estimate"] for i in at], marker=marker, markersize=size, markeredgecolor=INK,
            markeredgewidth=0.9, markerfacecolor=INK if settled else "white", linestyle="none", zorder=3,
        )  # fmt: skip


def _mark_stated(axes: Axes, curve: _Curve) -> None:
    """A stripe behind the stated analysis, as narrow in a panel of few marks as in one of many."""
    half = min(0.5, len(curve.rows) / 32)
    for at in _stated(curve):
        axes.axvspan(at - half, at + half, color=RULE, linewidth=0, zorder=0.5)


def _draw_choices(axes: Axes, curve: _Curve, choices: list[tuple[str, str]]) -> None:
    axes.set_ylim(len(choices) - 0.5, -0.5)
    _mark_stated(axes, curve)
    for y, ((name, value), (after, _)) in enumerate(pairwise([*choices, ("", "")])):
        if after not in ("", name):
            axes.axhline(y + 0.5, color=RULE, linewidth=0.5, zorder=1)
        chosen = [i for i, row in enumerate(curve.rows) if row[name] == value]
        axes.plot(chosen, [y] * len(chosen), "o", color=INK, markersize=2.8, zorder=2)


def _label_choices(figure: Figure, choices: list[tuple[str, str]], top: float) -> None:
    before = ""
    for y, (name, value) in enumerate(choices):
        middle = top + _CHOICE * (y + 0.5)
        if name != before:
            write(figure, 0, middle, DIMENSIONS[name], colour=QUIET)
        write(figure, _VALUE_AT, middle, wrap(VALUES[name, value], _LABELS - _VALUE_AT)[0])
        before = name
