"""How often was each theme coded in each outcome group, and how far do the groups lie apart?

Shares and differences follow here from the counts that the payload holds, so that exact and released counts
go through the same formulas. Nothing is tested: the intervals are those of the tables.

References: Wilson 1927, JASA 22, 209-212; Newcombe 1998, Stat Med 17, 873-890.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.figures.charts import Axis, Chart, Column, Line, Mark, Series, in_percent, percent_axis
from analysis_lib.figures.style import group_styles
from analysis_lib.figures.wording import FEW, nothing_left, open_markers, points_with_interval, withheld_note
from analysis_lib.formatting import WITHHELD, missing, n_of, percent
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.stats.proportions import risk_difference
from analysis_lib.tables.common import BASES, group_heads, group_labels, is_banded

MOST_THEMES = 16
MOST_MARKS = 64  # per figure, so that it stays on one page however many groups there are
_PANELS = 3  # side by side

_Record = dict[str, Any]


@lru_cache(maxsize=8)  # picture, caption and refusal ask for the same ones
def theme_dots(payload: Payload) -> tuple[Chart, ...]:
    """Share of people with each theme, one mark per outcome group."""
    found = _shares(payload)
    groups, heads = _present(payload), group_heads(payload)
    lines = []
    for theme in _themes(payload):
        rows = [found[theme, group] for group in groups]
        marks = tuple(
            Mark(*in_percent(row, "share", "conf_low", "conf_high"), hollow=row["n_with_theme"] < FEW)
            for row in rows
        )
        cells = tuple(n_of(row["n_with_theme"], row["n_total"]) for row in rows)
        lines.append(Line(rows[0]["theme_label"], rows[0]["theme_label"], marks, cells))
    # The number of people goes on a line of its own, so that the columns stay narrow.
    columns = tuple(
        Column(heads[group].replace(" (n = ", "\n(n = "), "right", i) for i, group in enumerate(groups)
    )
    axis = percent_axis(lines, "People with the theme, % of the group")
    over = f"People with the theme, n/N{' (rounded counts)' if is_banded(payload) else ''}"
    return (Chart(tuple(lines), _series(payload, groups), columns, axis, "Theme", over),)


def theme_dots_refusal(payload: Payload) -> str | None:
    """Why there are no dots; None where there are."""
    if not _themes(payload):
        return "no theme was coded for anybody in this wave"
    return nothing_left(theme_dots(payload), "every count is withheld")


def theme_dots_caption(payload: Payload) -> list[str]:
    """Question, base and interval, open markers, order, and what was left out."""
    charts = theme_dots(payload)
    reference = group_labels(payload)[_reference(payload)]
    order = f"by the largest difference from {reference}" if _compared(payload) else "by overall share"
    return [
        f"How often was each theme coded {_by(payload)}?",
        f"Wave {payload.facts['wave']}. Share of {BASES[payload.facts['base']]}, with 95% Wilson intervals.",
        open_markers(charts),
        withheld_note(charts),
        f"n/N: people with the theme of those coded for it{_fewer(payload)}. Themes are sorted {order}.",
        _cut(payload),
        _who_is_absent(payload),
        payload.facts.get("only", ""),
    ]


def theme_dots_reading(payload: Payload) -> str:
    """The widest gap to the reference, or the largest share where there is nothing to compare."""
    labels, reference = group_labels(payload), _reference(payload)
    found = {key: row for key, row in _shares(payload).items() if not missing(row["share"])}
    opening = f"Dot plot: share of people with {_themes_in_words(payload)} by {_grouping(payload)}, with 95% intervals."
    gaps = {
        (theme, group): round(abs(row["share"] - found[theme, reference]["share"]), 9)
        for (theme, group), row in found.items()
        if group != reference and (theme, reference) in found
    }
    if gaps:
        theme, group = max(gaps, key=lambda key: gaps[key])
        here, there = found[theme, group], found[theme, reference]
        return (
            f"{opening} The widest gap to {labels[reference]}: “{here['theme_label']}”, {_n_in_words(here)} in the"
            f" group {labels[group]} and {_n_in_words(there)} in the group {labels[reference]}."
        )
    theme, group = max(found, key=lambda key: round(found[key]["share"], 9))
    here = found[theme, group]
    return f"{opening} The largest share: “{here['theme_label']}”, {_n_in_words(here)} in the group {labels[group]}."


@lru_cache(maxsize=8)
def theme_differences(payload: Payload) -> tuple[Chart, ...]:
    """Difference of each outcome group from the reference, one panel per group."""
    found, reference = _contrasts(payload), _reference(payload)
    margin = 100 * payload.facts["smallest_difference"]
    others = [group for group in _present(payload) if group != reference]
    lines = []
    for theme in _themes(payload):
        label = found[theme, others[0]]["theme_label"]
        lines.append(Line(label, label, tuple(_difference(found[theme, group]) for group in others)))
    axis = _points_axis(
        lines, f"Difference from {group_heads(payload)[reference]}, percentage points", margin
    )
    series = _series(payload, others)
    n_rows = math.ceil(len(others) / _PANELS)
    wide = math.ceil(len(others) / max(n_rows, 1))
    return tuple(
        Chart(
            tuple(replace(line, marks=line.marks[i : i + wide]) for line in lines),
            series[i : i + wide],
            (),
            axis,
            "Theme",
            apart=True,
        )
        for i in range(0, len(others), wide)
    )


def theme_differences_refusal(payload: Payload) -> str | None:
    """Why no differences are drawn; None where they are."""
    reason = payload.facts["reason"]
    if payload.facts["tradition"] == "reflexive":
        return reason or "reflexive thematic analysis does not read frequency as importance"
    if not _compared(payload):
        return reason or "no comparison group in this wave"
    if not _themes(payload):
        return "no theme was coded for anybody in this wave"
    return nothing_left(theme_differences(payload), "every difference rests on a withheld count")


def theme_differences_caption(payload: Payload) -> list[str]:
    """Question, interval and base, the grey band, and what was left out."""
    margin = round(100 * payload.facts["smallest_difference"])
    reference = group_heads(payload)[_reference(payload)]
    return [
        f"How far does each {_group(payload)} lie from {reference}?",
        f"Wave {payload.facts['wave']}. Difference in the share of people with the theme, in percentage points,"
        " with 95% Newcombe intervals that take no account of the number of comparisons.",
        f"Share of {BASES[payload.facts['base']]}.",
        f"Grey band: differences under {margin} points, smaller than what the team set as important."
        if margin
        else "",
        withheld_note(theme_differences(payload)),
        _cut(payload),
        _who_is_absent(payload),
        payload.facts.get("only", ""),
    ]


def theme_differences_reading(payload: Payload) -> str:
    """The widest difference."""
    labels = group_labels(payload)
    found = [row for row in _contrasts(payload).values() if not missing(row["risk_difference"])]
    top = max(found, key=lambda row: round(abs(row["risk_difference"]), 9))
    return (
        f"Difference plot: {_themes_in_words(payload)}, each {_group(payload)} against {labels[top['reference']]}, with"
        f" 95% intervals. The widest difference: “{top['theme_label']}” in the group {labels[top['group']]},"
        f" {points_with_interval(top['risk_difference'], top['rd_low'], top['rd_high'])}."
    )


def _difference(row: _Record) -> Mark:
    values = in_percent(row, "risk_difference", "rd_low", "rd_high")
    if missing(row["n_with_theme"]) or missing(row["n_with_reference"]):
        return Mark(*values, text=WITHHELD)
    return Mark(*values, text=points_with_interval(row["risk_difference"], row["rd_low"], row["rd_high"]))


def _points_axis(lines: Sequence[Line], label: str, margin: float) -> Axis:
    """Round numbers beyond the outermost limits and the band, with a line at no difference."""
    limits = [x for line in lines for m in line.marks for x in (m.low, m.high) if math.isfinite(x)]
    low = 10 * math.floor(round(min([-margin, *limits]), 6) / 10)
    high = 10 * math.ceil(round(max([margin, *limits]), 6) / 10)
    step = 20 if high - low <= 60 else 25 if high - low <= 150 else 50
    if any(len(line.marks) > 1 for line in lines):
        # No tick at an end, where its number would run into that of the next panel.
        low, high = low - 10 * (low % step == 0), high + 10 * (high % step == 0)
    ticks = tuple(float(tick) for tick in range(step * math.ceil(low / step), high + 1, step))
    return Axis(label, float(low), float(high), ticks, origin=0.0, margin=margin)


def _shares(payload: Payload) -> dict[tuple[str, str], _Record]:
    """The shares that are drawn, by theme and group."""
    return _drawn(payload, _derived(payload.tables["shares"].frame, with_shares))


def _contrasts(payload: Payload) -> dict[tuple[str, str], _Record]:
    """The differences that are drawn, by theme and group."""
    return _drawn(payload, _derived(payload.tables["contrasts"].frame, _with_risk_differences))


def _with_risk_differences(counts: pd.DataFrame) -> pd.DataFrame:
    """As in the table of contrasts, without its exact odds ratios: they are not drawn and take the time."""
    four = ("n_with_theme", "n_total", "n_with_reference", "n_reference")
    difference = risk_difference(*(counts[name].to_numpy(float) for name in four))
    low, high = difference.conf_low, difference.conf_high
    return counts.assign(risk_difference=difference.estimate, rd_low=low, rd_high=high)


def _derived(counts: pd.DataFrame, derive: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Counts with what follows from them; nothing follows from a row with a withheld count."""
    columns = [name for name in map(str, counts) if name.startswith("n_") and name != "n_segments"]
    found = derive(counts[counts[columns].notna().all(axis=1)])
    return counts.join(found[found.columns.difference(counts.columns)])


def _drawn(payload: Payload, frame: pd.DataFrame) -> dict[tuple[str, str], _Record]:
    themes, groups = _themes(payload), _present(payload)
    rows: list[_Record] = [
        {str(name): value for name, value in row.items()} for row in frame.to_dict("records")
    ]
    found = {(row["theme_id"], row["group"]): row for row in rows}
    return {
        (theme, group): found[theme, group] for theme in themes for group in groups if (theme, group) in found
    }


def _themes(payload: Payload) -> list[str]:
    """The themes that are drawn, in order."""
    return _known_themes(payload)[: min(MOST_THEMES, MOST_MARKS // max(len(_present(payload)), 1))]


def _known_themes(payload: Payload) -> list[str]:
    table = payload.tables.get("shares") or payload.tables["contrasts"]
    known = set(table.frame["theme_id"])
    return [theme for theme in payload.facts["leading"] if theme in known]


def _present(payload: Payload) -> list[str]:
    """Groups that have anybody in them, as far as one may know."""
    groups = payload.tables["groups"].frame
    return [str(group) for group in groups.loc[groups["n"].ne(0), "group"]]


def _reference(payload: Payload) -> str:
    return str(payload.facts["reference"])


def _compared(payload: Payload) -> bool:
    """Whether there is a reference and anybody to compare with it."""
    present = _present(payload)
    return _reference(payload) in present and len(present) > 1


def _series(payload: Payload, groups: list[str]) -> tuple[Series, ...]:
    """A series per group; its style depends on all groups, not only on those that are drawn."""
    styles = group_styles(list(payload.tables["groups"].frame["group"]))
    heads = group_heads(payload)
    return tuple(Series(heads[group], *styles[group]) for group in groups)


def _fewer(payload: Payload) -> str:
    """That some people of a group were not coded for a theme that is drawn; empty where all were."""
    sizes = payload.tables["groups"].frame.set_index("group")["n"]
    rows = _shares(payload)
    less = any(
        not missing(row["n_total"]) and row["n_total"] < sizes[group] for (_, group), row in rows.items()
    )
    return ", fewer than n where some people of the group were not" if less else ""


def _who_is_absent(payload: Payload) -> str:
    labels, present = group_labels(payload), set(_present(payload))
    absent = [label for group, label in labels.items() if group not in present and group != ALL]
    return f"Nobody in this wave: {', '.join(absent)}." if absent else ""


def _cut(payload: Payload) -> str:
    shown, known = len(_themes(payload)), len(_known_themes(payload))
    return f"{shown} of {known} themes, the others are in the table." if shown < known else ""


def _grouping(payload: Payload) -> str:
    """What the groups are levels of: the outcome, or what somebody chose while looking around."""
    return str(payload.facts.get("grouping", "outcome group")).lower()


def _group(payload: Payload) -> str:
    return "group" if "grouping" in payload.facts else "outcome group"


def _by(payload: Payload) -> str:
    return f"by {_grouping(payload)}" if "grouping" in payload.facts else "in each outcome group"


def _themes_in_words(payload: Payload) -> str:
    n = len(_themes(payload))
    return "1 theme" if n == 1 else f"{n} themes"


def _n_in_words(row: _Record) -> str:
    n = n_of(row["n_with_theme"], row["n_total"]).replace("/", " of ")
    return f"{n} people ({percent(row['share'], row['n_total'])})"
