"""How does each leading theme's difference become a small forest of its own, wave by wave?

One chart per theme, one panel per outcome group, one line per wave and a last line for all waves together. The axis is
the same everywhere, so that themes can be compared by eye.

References: Lewis & Clarke 2001, BMJ 322, 1479-1480 (forest plots); Newcombe 1998, Stat Med 17, 873-890.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pandas as pd

from analysis_lib.figures.charts import Axis, Chart, Line, Mark, Series, in_percent
from analysis_lib.figures.style import group_styles
from analysis_lib.figures.wording import nothing_left, points_with_interval, withheld_note
from analysis_lib.formatting import NONE, WITHHELD, missing
from analysis_lib.payload import Payload
from analysis_lib.tables.across_waves import compared_waves, counts, differences_of, over_waves
from analysis_lib.tables.common import BASES, group_labels

MOST_LINES = 12  # over all charts, so that the figure stays on one page
ALL_WAVES = "All waves"
_PANELS = 3  # side by side


@lru_cache(maxsize=8)  # picture, caption and refusal ask for the same ones
def forest(payload: Payload) -> tuple[Chart, ...]:
    """A chart per leading theme; panels are groups, lines are waves."""
    waves, groups = compared_waves(payload), _groups(payload)
    each, together = differences_of(payload), over_waves(payload)
    each = {(row["theme_id"], row["group"], row["wave"]): row for _, row in each.iterrows()}
    together = {(row["theme_id"], row["group"]): row for _, row in together.iterrows()}
    charts = []
    for theme in _themes(payload):
        label = together[theme, groups[0]]["theme_label"]
        lines = [
            Line(wave, f"{label}, {wave}", tuple(_mark(each[theme, group, wave]) for group in groups))
            for wave in waves
        ]
        pooled = tuple(_pooled_mark(together[theme, group]) for group in groups)
        lines.append(Line(ALL_WAVES, f"{label}, {ALL_WAVES.lower()}", pooled))
        charts.append((label, lines))
    axis = _axis(payload, [line for _, lines in charts for line in lines])
    series = _series(payload, groups)
    return tuple(
        Chart(
            tuple(replace(line, marks=line.marks[i : i + _PANELS]) for line in lines),
            series[i : i + _PANELS],
            (),
            axis,
            "Wave",
            heading=label,
            apart=True,
        )
        for label, lines in charts
        for i in range(0, len(groups), _PANELS)
    )


def _mark(row: pd.Series) -> Mark:
    if missing(row["risk_difference"]):
        held = WITHHELD if not row["reason"] else str(row["reason"])
        return Mark(math.nan, math.nan, math.nan, text=held)
    return Mark(*in_percent(row, "risk_difference", "rd_low", "rd_high"), text=counts(row))


def _pooled_mark(row: pd.Series) -> Mark:
    if missing(row["mh_risk_difference"]):
        return Mark(math.nan, math.nan, math.nan, text=WITHHELD if row["reason"] == WITHHELD else NONE)
    estimate, low, high = (float(row[name]) for name in ("mh_risk_difference", "rd_low", "rd_high"))
    text = points_with_interval(estimate, low, high).strip()
    if missing(low) or missing(high):
        low = high = estimate  # a cell that is empty in every wave leaves no interval
    return Mark(100 * estimate, 100 * low, 100 * high, text=text)


def _axis(payload: Payload, lines: list[Line]) -> Axis:
    """Round numbers beyond the outermost limits and the band, with a line at no difference."""
    margin = 100 * payload.facts["smallest_difference"]
    limits = [x for line in lines for m in line.marks for x in (m.low, m.high) if math.isfinite(x)]
    low = 10 * math.floor(round(min([-margin, *limits]), 6) / 10)
    high = 10 * math.ceil(round(max([margin, *limits]), 6) / 10)
    step = 20 if high - low <= 60 else 50
    # No tick at an end, where its number would run into that of the next panel.
    low, high = low - 10 * (low % step == 0), high + 10 * (high % step == 0)
    ticks = tuple(float(tick) for tick in range(step * math.ceil(low / step), high + 1, step))
    reference = group_labels(payload)[payload.facts["reference"]]
    label = f"Difference from {reference}, percentage points"
    return Axis(label, float(low), float(high), ticks, origin=0.0, margin=margin)


def _series(payload: Payload, groups: list[str]) -> tuple[Series, ...]:
    styles = group_styles(list(payload.tables["groups"].frame["group"]))
    labels = group_labels(payload)
    return tuple(Series(labels[group], *styles[group]) for group in groups)


def _groups(payload: Payload) -> list[str]:
    """Groups that have a pooled value for any theme, in order."""
    frame = over_waves(payload)
    return list(dict.fromkeys(frame.loc[frame["mh_risk_difference"].notna(), "group"]))


def _known(payload: Payload) -> list[str]:
    """Leading themes that have a pooled value."""
    frame = over_waves(payload)
    there = set(frame.loc[frame["mh_risk_difference"].notna(), "theme_id"])
    return [theme for theme in payload.facts["leading"] if theme in there]


def _themes(payload: Payload) -> list[str]:
    """The themes that are drawn."""
    rows = math.ceil(max(len(_groups(payload)), 1) / _PANELS) * (len(compared_waves(payload)) + 1)
    return _known(payload)[: max(1, MOST_LINES // rows)]


def forest_refusal(payload: Payload) -> str | None:
    """Why there is no forest; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if not _known(payload):
        held = (over_waves(payload)["reason"] == WITHHELD).any()
        return "every difference rests on a withheld count" if held else "no theme can be compared over waves"
    return nothing_left(forest(payload), "every difference rests on a withheld count")


def forest_caption(payload: Payload) -> list[str]:
    """Question, statistic, base, the grey band, and what was left out."""
    margin = round(100 * payload.facts["smallest_difference"])
    reference = group_labels(payload)[payload.facts["reference"]]
    shown, known = len(_themes(payload)), len(_known(payload))
    waves = payload.tables["waves"].frame
    return [
        f"Does each theme's difference from {reference} hold over the waves?",
        f"Up to wave {payload.facts['wave']}. Difference in the share of people with the theme, with 95% Newcombe"
        " intervals; above each mark the people with the theme of those who could have it, in the group and in the"
        " reference group.",
        f"{ALL_WAVES}: Mantel and Haenszel's difference, pooled within waves, with 95% interval (Sato); none where a"
        " cell is empty in every wave.",
        f"Share of {BASES[payload.facts['base']]}; a person counts in one wave only.",
        f"Grey band: differences under {margin} points, smaller than what the team set as important."
        if margin
        else "",
        withheld_note(forest(payload)),
        f"The {shown} of {known} themes with the largest difference in this wave, the others are in the table."
        if shown < known
        else "",
        *(f"Wave {row.wave} is not in it: {row.reason}." for row in waves.itertuples() if row.reason),
    ]


def forest_reading(payload: Payload) -> str:
    """The first theme and group whose waves are drawn, in words."""
    frame = over_waves(payload)
    themes = _themes(payload)
    frame = frame[frame["theme_id"].isin(themes) & frame["mh_risk_difference"].notna()]
    widest = frame.loc[frame["mh_risk_difference"].abs().round(9).idxmax()]
    away = int(((frame["rd_low"] > 0) | (frame["rd_high"] < 0)).sum())
    labels: dict[str, Any] = group_labels(payload)
    shown = "1 theme" if len(themes) == 1 else f"{len(themes)} themes"
    waves = len(compared_waves(payload))
    return (
        f"Forest plots of {shown}, each outcome group against {labels[payload.facts['reference']]} in {waves} waves and"
        f" in all of them; {away} of {len(frame)} pooled intervals exclude 0. The widest:"
        f" “{widest['theme_label']}” in the group {labels[widest['group']]},"
        f" {points_with_interval(widest['mh_risk_difference'], widest['rd_low'], widest['rd_high'])}."
    )
