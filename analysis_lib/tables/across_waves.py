"""How are the tables laid out that ask whether a difference holds over the waves?"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from analysis_lib.across_waves import pooled, with_readings, with_tests, without_one
from analysis_lib.counts_by_wave import with_wave_differences
from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    missing,
    n_of,
    p_value,
    points,
    points_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload, Table
from analysis_lib.tables.common import (
    BASES,
    anchor,
    group_labels,
    is_banded,
    number,
    standing_notes,
    text,
    title,
)

MOST_THEMES = 12  # in the tables wave by wave; those with the largest difference in this wave
MANY_WAVES = 3  # from here an interval that lets waves differ says something


def across_waves(payload: Payload) -> FormattedTable:
    """Each theme over all waves so far."""
    frame, banded = over_waves(payload), is_banded(payload)
    if payload.facts["reason"]:
        frame = frame.iloc[:0]
    several = bool((frame["n_waves"] >= MANY_WAVES).any())
    rows: list[Row] = []
    for group, mine in frame.groupby("group", sort=False):
        rows.append(Row(_against(payload, str(group)), heading=True))
        rows += [_pooled_row(row, banded, several) for _, row in mine.iterrows()]
    notes = [
        "Every wave keeps a table of its own; nothing is added up over waves. Odds ratio and difference (percentage"
        " points): Mantel and Haenszel's, with 95% intervals (Robins, Breslow & Greenland; Sato). Where a cell is empty"
        " in every wave the limits are exact.",
        "p: Cochran, Mantel and Haenszel's, or exact where too few people are expected for it. Adjusted p: Holm's"
        " method, one family over all themes and groups of this table.",
        "Waves alike: Tarone's test that the odds ratio is the same in all waves; a large p is no proof that it is,"
        " since so few waves show large differences only.",
        "Reading: waves differ (Tarone's p below the level; the more rows, the more of them by chance); holds"
        " (adjusted p below"
        " the level, and the interval excludes 1 whichever wave is left out); holds together (over all waves only);"
        " tentative (the interval excludes 1); cannot tell.",
        *([_HARTUNG_KNAPP] if several else []),
        *_looks(payload),
    ]
    heads = ["Waves", "Odds ratio [95% CI]", "Difference [95% CI]", "p", "Adjusted p", "Waves alike, p"]
    heads += ["If waves may differ [95% CI]"] if several else []
    return FormattedTable(
        title(payload, "Each theme over the waves up to this"),
        "Theme",
        (tuple(map(Head, (*heads, "Reading"))),),
        tuple(rows),
        (*(notes if rows else ()), *_silent(payload), *standing_notes(payload)),
    )


_HARTUNG_KNAPP = (
    "If waves may differ: random effects, Hartung and Knapp's interval, never narrower than that of one common odds"
    " ratio."
)


def _pooled_row(row: pd.Series, banded: bool, several: bool) -> Row:
    where = anchor("across", row["theme_id"], row["group"])
    label, depth = row["theme_label"], int(row["depth"])
    if missing(row["mh_odds_ratio"]):
        return Row(
            label, (number(count(row["n_waves"])), text(str(row["reason"]), span=6 + several)), depth, where
        )
    cells = [
        number(count(row["n_waves"])),
        number(odds(row)),
        number(
            f"{points(row['mh_risk_difference'])} {points_interval(row['rd_low'], row['rd_high'])}".strip()
        ),
        *(number(p_value(row[name], band=banded)) for name in ("p_value", "p_adjusted", "tarone_p")),
    ]
    if several:
        enough = row["n_waves"] >= MANY_WAVES
        cells.append(number(_ratio(row["hk_odds_ratio"], row["hk_low"], row["hk_high"]) if enough else NONE))
    return Row(label, (*cells, text(row["reading"] or NONE)), depth, where)


def odds(row: pd.Series) -> str:
    """A pooled odds ratio with its interval."""
    return _ratio(row["mh_odds_ratio"], row["conf_low"], row["conf_high"])


def _ratio(value: float, low: float, high: float) -> str:
    return f"{ratio(value)} {ratio_interval(low, high)}".strip()


def by_wave(payload: Payload) -> FormattedTable:
    """Each leading theme in each wave by itself."""
    frame, waves = differences_of(payload), compared_waves(payload)
    rows: list[Row] = []
    for group, mine in _leading(payload, frame).groupby("group", sort=False):
        rows.append(Row(_against(payload, str(group)), heading=True))
        for theme, here in mine.groupby("theme_id", sort=False):
            cells = tuple(_wave_cell(here, wave) for wave in waves)
            rows.append(Row(here["theme_label"].iloc[0], cells, 0, anchor("wave", theme, group)))
    notes = [
        "People with the theme of those in the group who could have it, against the same in the reference group;"
        " difference in percentage points with 95% Newcombe interval.",
        f"Base: {BASES[payload.facts['base']]}. A theme counts in a wave if it meant there what it means now.",
        *_cut(payload),
    ]
    return FormattedTable(
        title(payload, "Leading themes wave by wave, up to this"),
        "Theme",
        (tuple(Head(f"Wave {wave}") for wave in waves) or (Head("Wave"),),),
        tuple(rows),
        (*(notes if rows else ()), *_silent(payload), *standing_notes(payload)),
    )


def _wave_cell(rows: pd.DataFrame, wave: str) -> Cell:
    row = rows[rows["wave"] == wave].iloc[0]
    if missing(row["n_total"]) and row["reason"]:
        return text(str(row["reason"]))
    found = f"{counts(row)}"
    if missing(row["risk_difference"]):
        return number(found if found == WITHHELD or not row["reason"] else str(row["reason"]))
    return number(
        f"{found}: {points(row['risk_difference'])} {points_interval(row['rd_low'], row['rd_high'])}"
    )


def counts(row: pd.Series) -> str:
    """People with the theme in the group and in the reference, such as ``14/37 v 9/92``."""
    here, there = n_of(row["n_with_theme"], row["n_total"]), n_of(row["n_with_reference"], row["n_reference"])
    return WITHHELD if WITHHELD in (here, there) else f"{here} v {there}"


def without_one_wave(payload: Payload) -> FormattedTable:
    """The pooled odds ratio of each leading theme without each wave."""
    everything, left_out = over_waves(payload), without_one_of(payload)
    waves = [wave for wave in compared_waves(payload) if wave in set(left_out["left_out"])]
    rows: list[Row] = []
    for group, mine in _leading(payload, everything).groupby("group", sort=False):
        rows.append(Row(_against(payload, str(group)), heading=True))
        for _, row in mine.iterrows():
            here = left_out[(left_out["theme_id"] == row["theme_id"]) & (left_out["group"] == group)]
            by_name = here.set_index("left_out")
            cells = [number(odds(row) if not missing(row["mh_odds_ratio"]) else NONE)]
            cells += [number(odds(by_name.loc[wave]) if wave in by_name.index else NONE) for wave in waves]
            where = anchor("without", row["theme_id"], group)
            rows.append(Row(row["theme_label"], tuple(cells), 0, where))
    notes = [
        "Mantel and Haenszel's odds ratio with 95% interval. A value that changes much without one wave rests on that"
        " wave.",
        *([_REPLICATION.format(payload.facts["wave"])] if payload.facts["wave"] in waves else []),
        "A dash: the theme is not in that wave, or fewer waves than two can be compared.",
        *_cut(payload),
    ]
    heads = ("All waves", *(f"Without {wave}" for wave in waves))
    return FormattedTable(
        title(payload, "Leading themes with each wave left out in turn, up to this"),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*(notes if rows else ()), *_silent(payload), *standing_notes(payload)),
    )


_REPLICATION = (
    "Without {} stands what the waves before it say by themselves; that a theme was noticed in this wave does not"
    " favour it there."
)


def people(payload: Payload) -> FormattedTable:
    """Who counts in which wave."""
    rows = [
        Row(
            f"Wave {row.wave}",
            (
                number(count(row.n_counted, absent=NONE if row.reason else WITHHELD)),
                number(count(row.n_repeated, absent=NONE if row.reason else WITHHELD)),
                text(row.reason or "compared"),
            ),
            anchor=anchor("wave-counts", row.wave),
        )
        for row in payload.tables["waves"].frame.itertuples()
    ]
    note = (
        "Who stands in several waves counts in the first that has groups to compare, and in no later one; ids say who"
        " is the same person."
    )
    return FormattedTable(
        title(payload, "Who counts in which wave, up to this"),
        "Wave",
        (tuple(map(Head, ("People counted", "Left out, counted in an earlier wave", "Remark"))),),
        tuple(rows),
        (*((note,) if rows else ()), *standing_notes(payload)),
    )


@lru_cache(maxsize=8)  # a table, a figure, a file and sentences ask for the same ones
def over_waves(payload: Payload) -> pd.DataFrame:
    """The pooled values of a payload with its p-values and everything that follows from them."""
    counted = payload.tables["by_wave"]
    frame = _pooled(counted)
    if "tests" not in payload.tables:
        return frame
    tests = payload.tables["tests"].frame.drop(columns=["theme_id", "group"])
    return with_readings(
        with_tests(frame, tests),
        _without_one(counted),
        alpha=payload.facts["alpha"],
        banded=is_banded(payload),
    )


def without_one_of(payload: Payload) -> pd.DataFrame:
    """The pooled odds ratios of a payload without each wave."""
    return _without_one(payload.tables["by_wave"])


def differences_of(payload: Payload) -> pd.DataFrame:
    """Each wave's counts with its difference."""
    return with_wave_differences(payload.tables["by_wave"].frame)


def compared_waves(payload: Payload) -> list[str]:
    """The waves that have groups to compare, in order; none where nothing can be pooled."""
    frame = payload.tables["waves"].frame
    return [] if payload.facts["reason"] else list(frame.loc[frame["reason"].isna(), "wave"])


@lru_cache(maxsize=8)  # a table, a figure and sentences ask for the same ones
def _pooled(counted: Table) -> pd.DataFrame:
    return pooled(with_wave_differences(counted.frame))


@lru_cache(maxsize=8)
def _without_one(counted: Table) -> pd.DataFrame:
    return without_one(with_wave_differences(counted.frame))


def _leading(payload: Payload, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the leading themes, in their order; none where nothing can be pooled."""
    themes = [] if payload.facts["reason"] else payload.facts["leading"][:MOST_THEMES]
    order = {theme: i for i, theme in enumerate(themes)}
    kept = frame[frame["theme_id"].isin(order)]
    groups = {group: i for i, group in enumerate(dict.fromkeys(frame["group"]))}
    ranks = kept.assign(_group=kept["group"].map(groups), _theme=kept["theme_id"].map(order))
    return ranks.sort_values(["_group", "_theme"], kind="stable").drop(columns=["_group", "_theme"])


def _against(payload: Payload, group: str) -> str:
    labels = group_labels(payload)
    return f"{labels[group]} against {labels[payload.facts['reference']].lower()}"


def _cut(payload: Payload) -> list[str]:
    known = len(payload.facts["leading"])
    if known <= MOST_THEMES:
        return []
    return [
        f"The {MOST_THEMES} of {known} themes with the largest difference in this wave; the others stand in the files"
        " beside the report."
    ]


def _silent(payload: Payload) -> list[str]:
    """Waves that have nothing to compare, and why."""
    frame = payload.tables["waves"].frame
    return [f"Wave {row.wave} is not in it: {row.reason}." for row in frame.itertuples() if row.reason]


def _looks(payload: Payload) -> list[str]:
    look, planned = payload.facts["look"], payload.facts["planned_looks"]
    if look < 2 and planned < 2:
        return []
    return [
        f"Look {look} of {max(look, planned)}: the p-values are computed anew with each wave and are not adjusted for"
        " the looks before."
    ]
