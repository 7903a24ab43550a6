"""How is the table of associations with the coder's error laid out?"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from analysis_lib.coder_error import with_naive
from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import (
    WITHHELD,
    count,
    decimal,
    n_of,
    points,
    points_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload, Table
from analysis_lib.tables.common import anchor, group_labels, is_banded, number, standing_notes, title


def corrections_of(payload: Payload) -> pd.DataFrame:
    """The rows of a payload with the naive estimates that follow from their counts."""
    return _with_naive(payload.tables["rows"])


@lru_cache(maxsize=8)  # a table and sentences ask for the same ones
def _with_naive(rows: Table) -> pd.DataFrame:
    return with_naive(rows.frame)


def coder_error(payload: Payload) -> FormattedTable:
    """What could be corrected, one block per group; what could not stands in the notes."""
    frame = corrections_of(payload)
    rows: list[Row] = []
    for group in dict.fromkeys(frame["group"]):
        mine = frame[frame["group"] == group]
        name = f"{_head(payload, group)} against {_head(payload, mine['reference'].iloc[0])}"
        shown = mine[mine["odds_ratio"].notna()]
        if len(shown):
            rows.append(Row(name, heading=True))
            rows += [_row(row) for _, row in shown.iterrows()]
    notes: tuple[str, ...] = (
        "As coded: one coder's code taken for the truth of everybody, so that it can differ from the table of"
        " contrasts; Woolf's odds ratio with 95% interval. Corrected: the settled code of the others imputed"
        f" {payload.facts['n_imputations']} times given the coder's code and the group, pooled by Rubin's rules.",
        "Settled: people with the theme of people who were coded independently and then settled in a consensus round,"
        " both groups together. Sensitivity: how often the coder gives a theme that the consensus finds; specificity:"
        " how often the coder does not give one that it does not find; brackets hold 95% of the posterior.",
        assumption(payload),
        *_left_out(frame, payload),
    )
    if is_banded(payload):
        mixed = "As coded follows from rounded counts, corrected does not: a difference between them may be rounding."
        notes = (*notes, mixed)
    heads = (
        "n/N v n/N",
        "Odds ratio as coded",
        "Odds ratio corrected",
        "Difference as coded",
        "Difference corrected",
        "Settled",
        "Sensitivity",
        "Specificity",
    )
    return FormattedTable(
        title(payload, "Themes by outcome group with the coder's error carried along"),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def _left_out(frame: pd.DataFrame, payload: Payload) -> list[str]:
    """What could not be corrected: per reason, first the themes of all comparisons, then those of single groups."""
    labels, n_groups = group_labels(payload), frame["group"].nunique()
    notes = []
    for reason, some in frame[frame["odds_ratio"].isna()].groupby("reason", sort=False):
        everywhere = some.groupby("theme_id")["group"].nunique() == n_groups
        whole = some["theme_id"].map(everywhere) & (n_groups > 1)
        parts = [", ".join(dict.fromkeys(some.loc[whole, "theme_label"]))] if whole.any() else []
        parts += [
            f"{labels[group].lower()}{' also' if whole.any() else ''}: {', '.join(mine['theme_label'])}"
            for group, mine in some[~whole].groupby("group", sort=False)
        ]
        notes.append(f"Not corrected, {reason}: {'; '.join(parts)}.")
    return notes


def assumption(payload: Payload) -> str:
    """What the correction takes for granted, and whether the study makes it believable."""
    text = "The correction takes a coder to err as often in one group as in the other"
    if payload.facts["coders_blind_to_outcome"]:
        return f"{text}, which coding blind to the outcome makes believable."
    return (
        f"{text}. The coders knew the outcome, so they may not have, and the corrected figures can then be off in"
        " either direction."
    )


def _head(payload: Payload, group: str) -> str:
    """A group with its people and how many of them were settled."""
    coding = payload.tables["coding"].frame.set_index("group").loc[group]
    n, settled = (count(coding[name], absent=WITHHELD) for name in ("n_total", "n_checked"))
    return f"{group_labels(payload)[group]} (n = {n}, {settled} settled)"


def _row(row: pd.Series) -> Row:
    here = n_of(row["n_with_theme"], row["n_total"])
    there = n_of(row["n_with_reference"], row["n_reference"])
    cells = (
        f"{here} v {there}",
        f"{ratio(row['naive_odds_ratio'])} {ratio_interval(row['naive_or_low'], row['naive_or_high'])}",
        f"{ratio(row['odds_ratio'])} {ratio_interval(row['or_low'], row['or_high'])}",
        f"{points(row['naive_risk_difference'])} {points_interval(row['naive_rd_low'], row['naive_rd_high'])}",
        f"{points(row['risk_difference'])} {points_interval(row['rd_low'], row['rd_high'])}",
        n_of(row["n_checked_with_theme"], row["n_checked"]),
        f"{decimal(row['sensitivity'])} [{decimal(row['sens_low'])}, {decimal(row['sens_high'])}]",
        f"{decimal(row['specificity'])} [{decimal(row['spec_low'])}, {decimal(row['spec_high'])}]",
    )
    where = anchor("coder-error", row["theme_id"], row["group"])
    return Row(row["theme_label"], tuple(number(cell.strip()) for cell in cells), int(row["depth"]), where)
