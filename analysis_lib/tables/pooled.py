"""How is the table of pooled odds ratios laid out?"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import missing, n_of, ratio, ratio_interval
from analysis_lib.payload import Payload, Table
from analysis_lib.tables.common import anchor, group_heads, number, standing_notes, text, title
from analysis_lib.theme_bank import with_pooling


def pooled_of(payload: Payload) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Odds ratios by theme and group, and the bank of each group, from the counts of a payload."""
    return _pooled(payload.tables["counts"])


@lru_cache(maxsize=8)  # a table, a figure and sentences ask for the same ones
def _pooled(counts: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    return with_pooling(counts.frame)


def odds(row: pd.Series, name: str, low: str, high: str) -> str:
    """An odds ratio with its interval."""
    return f"{ratio(row[name])} {ratio_interval(row[low], row[high])}".strip()


def pooled_odds_ratios(payload: Payload) -> FormattedTable:
    """Each theme by itself and pooled, one block per group."""
    (table, banks), heads = pooled_of(payload), group_heads(payload)
    rows: list[Row] = []
    for bank in banks.to_dict("records"):
        rows.append(Row(f"{heads[bank['group']]} against {heads[bank['reference']]}", heading=True))
        rows += [_row(row) for _, row in table[table["group"] == bank["group"]].iterrows()]
        if missing(bank["reason"]):
            mean = f"{ratio(bank['mean_odds_ratio'])} {ratio_interval(bank['mean_low'], bank['mean_high'])}"
            spread = f"× {ratio(bank['spread'])} {ratio_interval(bank['spread_low'], bank['spread_high'])}"
            empty = (number(""), number(""), number(""))
            where = anchor("bank", bank["group"])
            rows.append(Row("A theme like these", (*empty, number(mean), text("")), anchor=where))
            rows.append(Row("Typical factor from it", (*empty, number(spread), text(""))))
    notes = (
        "By itself: odds ratio with exact conditional 95% interval. Pooled: all themes of a block estimated together"
        " with the same conditional likelihood and a normal distribution of their log odds ratios; the interval"
        " holds 95% of the posterior.",
        "Typical factor: exponential of the standard deviation of the log odds ratios between themes; 1 would mean"
        " that all themes have the same odds ratio.",
        "Themes with no other below them. Themes that help and themes that hinder stand in one bank, which makes it"
        " wide and draws each in less.",
    )
    names = ("n/N", "Reference n/N", "By itself [95% CI]", "Pooled [95% interval]", "Remark")
    return FormattedTable(
        title(payload, "Odds ratios by themselves and pooled"),
        "Theme",
        (tuple(map(Head, names)),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def _row(row: pd.Series) -> Row:
    cells = (
        number(n_of(row["n_with_theme"], row["n_total"])),
        number(n_of(row["n_with_reference"], row["n_reference"])),
        number(odds(row, "odds_ratio", "or_low", "or_high")),
        number(odds(row, "pooled_odds_ratio", "pooled_low", "pooled_high")),
        text("" if missing(row["reason"]) else row["reason"]),
    )
    return Row(row["theme_label"], cells, anchor=anchor("pooled", row["theme_id"], row["group"]))
