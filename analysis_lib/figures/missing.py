"""What is missing, variable by variable and group by group: how does that become a shaded table?

A row per variable that anybody lacks, a column per outcome group and one for all; each cell holds number and share of
the people without a value, the darker the larger the share. No cell is read by its shade alone.

References: von Elm et al. 2007, STROBE item 14b (number with missing data for each variable).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.figures.charts import Chart, Series
from analysis_lib.figures.drawing import marker_at, write
from analysis_lib.figures.layout import KEY, LINE_HEIGHT, WIDTH
from analysis_lib.figures.panels import new_figure, rectangle
from analysis_lib.figures.style import QUIET, group_styles, ink_on, shade, text_width, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import NONE, WITHHELD, count, missing, percent
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import group_heads, group_labels
from analysis_lib.tables.intake import missing_cell, with_missing_shares

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 30  # so that the figure stays on one page
_LABEL, _BETWEEN, _LEAST_SCALE = 150.0, 3.0, 0.2


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """A shaded table is no chart of lines with marks."""
    return ()


def _incomplete(payload: Payload) -> pd.DataFrame:
    """Rows of the variables that anybody lacks, as far as one may know."""
    frame = with_missing_shares(payload)
    lacking = set(frame.loc[frame["n_missing"].ne(0) & frame["group"].isin(_groups(payload)), "variable"])
    kept = [name for name in dict.fromkeys(frame["variable"]) if name in lacking][:MOST_ROWS]
    return frame[frame["variable"].isin(kept)]


def _groups(payload: Payload) -> list[str]:
    """Groups that have anybody in them, and all together."""
    groups = payload.tables["groups"].frame
    return [*(str(group) for group in groups.loc[groups["n"].ne(0), "group"]), ALL]


def missing_values_refusal(payload: Payload) -> str | None:
    """Why there is no figure; None where there is one."""
    if not len(payload.tables["rows"].rows):
        return "no characteristic is recorded"
    if not len(_incomplete(payload)):
        return "nothing is missing: every characteristic is known of everybody"
    if _incomplete(payload)["share"].isna().all():
        return "every number of people without a value is withheld"
    return None


def missing_values_caption(payload: Payload) -> list[str]:
    """Question, base, and which variables everybody has."""
    frame = _incomplete(payload)
    every = payload.tables["rows"].frame.drop_duplicates("variable")
    known = [str(row.label) for row in every.itertuples() if row.variable not in set(frame["variable"])]
    return [
        "What is missing, and in which outcome group?",
        f"Wave {payload.facts['wave']}. People without a value and their share of the group, of those who are analysed;"
        " the darker, the larger the share. The variable that is missing most often stands first.",
        f"Nothing is missing in: {', '.join(known)}." if known else "",
        f"{NONE}: withheld, too few people." if frame["n_missing"].isna().any() else "",
        "Groups are not compared by tests.",
    ]


def missing_values_reading(payload: Payload) -> str:
    """The variable and group with the largest share missing."""
    frame = _incomplete(payload)
    known = frame[frame["share"].notna() & (frame["group"] != ALL)]
    known = known if len(known) else frame[frame["share"].notna()]
    top = known.loc[known["share"].round(9).idxmax()]
    n = frame["variable"].nunique()
    return (
        f"Shaded table of missing values in {n} variable{'s' * (n != 1)} by outcome group. Most is missing in"
        f" {top['label']}, group {group_labels(payload)[top['group']]}: {count(top['n_missing'])} of"
        f" {count(top['n_eligible'])} people ({percent(top['share'], top['n_eligible'])})."
    )


def missing_values_listing(payload: Payload) -> list[str]:
    """Every cell, one line per variable."""
    labels, groups = group_labels(payload), _groups(payload)
    found = []
    for _, mine in _incomplete(payload).groupby("variable", sort=False):
        by = mine.set_index("group")
        cells = "; ".join(f"{labels[group]} {missing_cell(by.loc[group])}" for group in groups)
        found.append(f"{mine['label'].iloc[0]} | {cells}")
    return found


def missing_values_picture(payload: Payload) -> Figure:
    """Labels left, a shaded cell per group and one for all."""
    frame, groups = _incomplete(payload), _groups(payload)
    heads = group_heads(payload)
    styles = group_styles(list(payload.tables["groups"].frame["group"]))
    variables = list(dict.fromkeys(frame["variable"]))
    rows = {name: frame[frame["variable"] == name].set_index("group") for name in variables}
    labels = {name: str(row["label"].iloc[0]) for name, row in rows.items()}
    left = min(_LABEL, max(map(text_width, labels.values())) + 8)
    width = (WIDTH - left - _BETWEEN * (len(groups) - 1)) / len(groups)
    named = {group: wrap(heads[group], width - KEY * (group != ALL)) for group in groups}
    top = LINE_HEIGHT * max(map(len, named.values())) + 4
    lines = {name: wrap(label, left - 6) for name, label in labels.items()}
    cells = {
        (name, group): wrap(_written(row.loc[group]), width - 4)
        for name, row in rows.items()
        for group in groups
    }
    heights = [
        LINE_HEIGHT * max(len(lines[name]), *(len(cells[name, group]) for group in groups)) + 5
        for name in variables
    ]
    figure = new_figure(top + sum(heights), wrap(_footer(payload, frame), WIDTH))
    for i, group in enumerate(groups):
        x = left + i * (width + _BETWEEN)
        start = top - 4 - LINE_HEIGHT * len(named[group])
        if group != ALL:
            marker_at(figure, x + 3, start + LINE_HEIGHT / 2, Series("", *styles[group]))
        for j, text in enumerate(named[group]):
            write(figure, x + KEY * (group != ALL), start + LINE_HEIGHT * (j + 0.5), text)
    darkest = max(_LEAST_SCALE, math.ceil(10 * frame["share"].max() - 1e-9) / 10)
    y = top
    for name, height in zip(variables, heights, strict=True):
        for j, text in enumerate(lines[name]):
            write(figure, 0, y + height / 2 + LINE_HEIGHT * (j - (len(lines[name]) - 1) / 2), text)
        for i, group in enumerate(groups):
            x, share = left + i * (width + _BETWEEN), rows[name].at[group, "share"]
            ground = shade(0.0 if missing(share) else share / darkest)
            rectangle(
                figure, x, y, width, height, facecolor=ground, edgecolor="white", linewidth=0.8, zorder=2
            )
            parts = cells[name, group]
            colour = QUIET if missing(share) or share == 0 else ink_on(ground)
            for j, text in enumerate(parts):
                middle = y + height / 2 + LINE_HEIGHT * (j - (len(parts) - 1) / 2)
                write(figure, x + width / 2, middle, text, align="center", colour=colour)
        y += height
    return figure


def _written(row: pd.Series) -> str:
    cell = missing_cell(row)
    return NONE if cell == WITHHELD else cell


def _footer(payload: Payload, frame: pd.DataFrame) -> str:
    """What must stay with the picture when it is parted from its caption."""
    parts = [
        "People without a value (% of the group).",
        f"{NONE}: withheld." if frame["n_missing"].isna().any() else "",
        *beside_picture(payload),
    ]
    return "  ".join(filter(None, parts))
