"""How does a pooled bank become a picture: each odds ratio by itself and pooled, beside each other?

References: Lewis & Clarke 2001, BMJ 322, 1479-1480 (forest plots); Efron & Morris 1975, J Am Stat Assoc 70, 311-319.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from analysis_lib.figures.charts import Axis, Chart, Column, Line, Mark, Series, ratio_axis
from analysis_lib.figures.drawing import most_that_fit
from analysis_lib.figures.style import INK
from analysis_lib.figures.wording import nothing_left, withheld_note
from analysis_lib.formatting import ratio
from analysis_lib.payload import Payload
from analysis_lib.tables.common import group_heads, group_labels
from analysis_lib.tables.pooled import odds, pooled_of

MOST_LINES = 18  # over all groups, so that the figure stays on one page
_FARTHEST = 16.0  # limits beyond are cut there and get an arrow


@lru_cache(maxsize=8)  # picture, caption and refusal ask for the same ones
def pooled_odds_ratios(payload: Payload) -> tuple[Chart, ...]:
    """One chart per group: the themes farthest from 1 after pooling, in the order of all figures."""
    return _charts(payload, _most(payload))


def _charts(payload: Payload, most: int) -> tuple[Chart, ...]:
    heads = group_heads(payload)
    series = (Series("by itself", INK, "o", hollow=True), Series("pooled", INK, "s"))
    columns = (
        Column("n/N v n/N", "right"),
        Column("By itself", "left", 0),
        Column("Pooled", "left", 1),
    )
    drawn = _drawn(payload, most)
    axis = _axis(list(drawn.values()))
    return tuple(
        Chart(
            tuple(_line(row) for _, row in rows.iterrows()),
            series,
            columns,
            axis,
            "Theme",
            "Odds ratio [95% interval]",
            heading=f"{heads[group]} against {heads[str(rows['reference'].iloc[0])]}",
        )
        for group, rows in drawn.items()
    )


def pooled_odds_ratios_refusal(payload: Payload) -> str | None:
    """Why there is no figure; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    charts = pooled_odds_ratios(payload)
    if not charts:
        reasons = [str(reason) for reason in pooled_of(payload)[1]["reason"].dropna()]
        return reasons[0] if reasons else "no group has anybody to compare"
    return nothing_left(charts, "every odds ratio rests on a withheld count")


def pooled_odds_ratios_caption(payload: Payload) -> list[str]:
    """Question, both estimates and their intervals, and what was left out."""
    charts = pooled_odds_ratios(payload)
    shown = sum(len(chart.lines) for chart in charts)
    known = int(pooled_of(payload)[0]["pooled_odds_ratio"].notna().sum())
    cut = any(
        mark.low < chart.axis.low or mark.high > chart.axis.high
        for chart in charts
        for line in chart.lines
        for mark in line.marks
    )
    return [
        "How large are the odds ratios once the luck of the largest is taken out?",
        f"Wave {payload.facts['wave']}. Open circle: the odds ratio of a theme by itself, with its exact conditional"
        " 95% interval; filled square: pooled with all themes of the same comparison, with the interval that holds 95%"
        " of the posterior. Log scale; right of 1, the odds of the theme are higher than in the reference group.",
        "Themes with no other below them"
        + (f", {len(charts[0].lines)} per group that lie farthest from 1 after pooling; the others are in the table."
           if shown < known else "."),
        "Arrow: the interval goes on beyond the axis." if cut else "",
        withheld_note(charts),
    ]  # fmt: skip


def pooled_odds_ratios_reading(payload: Payload) -> str:
    """The theme farthest from 1 after pooling, before and after."""
    labels = group_labels(payload)
    rows = pd.concat(_drawn(payload, _most(payload)).values())
    top = rows.iloc[int(_distance(rows["pooled_odds_ratio"]).to_numpy().argmax())]
    return (
        f"Forest plot of the odds ratios of {len(rows)} comparisons, each by itself and pooled. Farthest from 1 after"
        f" pooling: “{top['theme_label']}” in the group {labels[top['group']]}, {ratio(top['odds_ratio'])} by itself,"
        f" {odds(top, 'pooled_odds_ratio', 'pooled_low', 'pooled_high')} pooled."
    )


@lru_cache(maxsize=8)  # each try lays out a page
def _most(payload: Payload) -> int:
    """Themes per group that find room on the page."""
    groups = pooled_of(payload)[0]["group"].nunique()
    return most_that_fit(lambda n: _charts(payload, n), max(3, MOST_LINES // max(groups, 1)))


def _drawn(payload: Payload, most: int) -> dict[str, pd.DataFrame]:
    """Group -> its rows, the themes in the order of all figures."""
    table = pooled_of(payload)[0]
    table = table[table["pooled_odds_ratio"].notna()]
    groups = list(dict.fromkeys(table["group"]))
    found = {}
    for group in groups:
        mine = table[table["group"] == group]
        far = _distance(mine["pooled_odds_ratio"]).sort_values(ascending=False, kind="stable")
        kept = mine.loc[far.index[:most]].sort_index()
        rank = kept["theme_id"].map({theme: i for i, theme in enumerate(payload.facts["leading"])})
        found[str(group)] = kept.iloc[rank.argsort(kind="stable")]
    return found


def _line(row: pd.Series) -> Line:
    cells = (
        f"{row['n_with_theme']:.0f}/{row['n_total']:.0f} v {row['n_with_reference']:.0f}/{row['n_reference']:.0f}",
        odds(row, "odds_ratio", "or_low", "or_high"),
        odds(row, "pooled_odds_ratio", "pooled_low", "pooled_high"),
    )
    marks = (
        Mark(float(row["odds_ratio"]), float(row["or_low"]), float(row["or_high"])),
        Mark(float(row["pooled_odds_ratio"]), float(row["pooled_low"]), float(row["pooled_high"])),
    )
    return Line(row["theme_label"], row["theme_label"], marks, cells)


def _axis(rows: list[pd.DataFrame]) -> Axis:
    """Doublings round 1; estimates that have two ends are never cut, intervals beyond them are."""
    names = ["odds_ratio", "pooled_odds_ratio", "pooled_low", "pooled_high"]
    together = pd.concat(rows) if rows else pd.DataFrame(columns=names)
    both = together[names[:2]].astype("float64").stack()
    estimates = both[(both > 0) & np.isfinite(both)]
    low = min([1.0, *estimates, *together["pooled_low"].clip(lower=1 / _FARTHEST)])
    high = max([1.0, *estimates, *together["pooled_high"].clip(upper=_FARTHEST)])
    return ratio_axis("Odds ratio (log scale)", low, high)


def _distance(odds_ratio: pd.Series) -> pd.Series:
    """How far from 1 on the log scale; rounded, so that ties keep codebook order on every machine."""
    return np.log(odds_ratio.astype("float64")).abs().round(9)
