"""How is the table of combinations of themes laid out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import WITHHELD, count, n_of
from analysis_lib.payload import Payload
from analysis_lib.tables.common import group_heads, number, standing_notes, title
from analysis_lib.theme_patterns import NONE_OF_THEM, OTHERS


def theme_patterns(payload: Payload) -> FormattedTable:
    """People with exactly these themes, by outcome group."""
    heads, frame = group_heads(payload), payload.tables["patterns"].frame
    base = payload.tables["base"].frame.iloc[0]
    rows = []
    for pattern, mine in frame.groupby("pattern", sort=False):
        cells = {row.group: n_of(row.n_with_pattern, row.n_total) for row in mine.itertuples()}
        rows.append(Row(pattern_label(payload, mine.iloc[0]), tuple(number(cells[group]) for group in heads)))
        if pattern == OTHERS and not pd.isna(base["n_others"]):
            rows[-1] = Row(f"{count(base['n_others'])} {OTHERS}", rows[-1].cells)
    notes = [
        "People with exactly these of the themes and none of the others, of the people in the group who were coded for"
        f" all {len(payload.facts['themes'])} (left out, not coded for all of them:"
        f" {count(base['n_missing'], absent=WITHHELD)}). Each person is in one row.",
        "Themes with no other below them, those with the largest difference from the reference group first. Nothing is"
        " tested.",
    ]
    return FormattedTable(
        title(payload, "Which of the leading themes come together in the same people"),
        "Themes",
        (tuple(Head(heads[group]) for group in heads),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def pattern_label(payload: Payload, row: pd.Series) -> str:
    """The labels of the themes of a pattern, with plus signs between."""
    sets = payload.tables["sets"].frame
    labels = dict(zip(sets["theme_id"], sets["theme_label"], strict=True))
    if row["pattern"] == NONE_OF_THEM:
        return NONE_OF_THEM.capitalize()
    if row["pattern"] == OTHERS:
        return OTHERS.capitalize()
    themes = [labels[theme] for theme in str(row["theme_ids"]).split()]
    return f"{themes[0]} only" if len(themes) == 1 else " + ".join(themes)
