"""How are the tables of notebook 03 laid out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    count,
    decimal,
    n_of,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import (
    ADJUSTMENTS,
    BASES,
    TIERS,
    anchor,
    contrasts_of,
    group_heads,
    is_banded,
    number,
    standing_notes,
    text,
    title,
)
from analysis_lib.tables.omnibus import strata_notes
from analysis_lib.tables.reliability import agreement_beside, agreement_note


def theme_by_outcome(payload: Payload) -> FormattedTable:
    """How many in each group have each theme."""
    frame, heads = with_shares(payload.tables["shares"].frame), group_heads(payload)
    alpha = agreement_beside(payload, brief=True)
    rows, unused = [], []
    for theme in dict.fromkeys(frame["theme_id"]):
        mine = frame[frame["theme_id"] == theme].set_index("group")
        label = mine["theme_label"].iloc[0]
        if mine.at[ALL, "n_with_theme"] == 0:
            unused.append(label)
            continue
        cells = []
        for group in heads:
            row = mine.loc[group]
            interval = percent_interval(row["conf_low"], row["conf_high"], row["n_total"])
            share = f"{percent(row['share'], row['n_total'])} {interval}".strip()
            cells += [number(n_of(row["n_with_theme"], row["n_total"])), number(share)]
        segments = mine.at[ALL, "n_segments"]
        cells.append(number(count(segments)))
        cells += [number(alpha.get(theme, NONE))] if alpha else []
        rows.append(Row(label, tuple(cells), int(mine["depth"].iloc[0]), anchor("share", theme)))
    notes = [
        f"n/N: people with the theme of {BASES[payload.facts['base']]}. Brackets: 95% Wilson interval.",
        "An upper theme counts people with it or any theme below it. Segments are shown, never tested.",
        *agreement_note(payload, brief=True),
    ]
    if unused and (frame["n_total"].fillna(1) > 0).any():
        notes.append(f"Coded for nobody: {', '.join(unused)}.")
    return FormattedTable(
        title(payload, "People with each theme by outcome group"),
        "Theme",
        (
            (
                *(Head(head, colspan=2) for head in heads.values()),
                Head(WHOLE, rowspan=2),
                *([Head(ALPHA, rowspan=2)] if alpha else []),
            ),
            tuple(Head(name) for _ in heads for name in ("n/N", "% [95% CI]")),
        ),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


WHOLE, ALPHA = "Segments", "Alpha [95% CI]"


def theme_contrasts(payload: Payload) -> FormattedTable:
    """Each group against the reference."""
    frame, heads = contrasts_of(payload), group_heads(payload)
    reference, banded = payload.facts["reference"], is_banded(payload)
    in_strata = "p_stratified" in frame
    rows: list[Row] = []
    for group in dict.fromkeys(frame["group"]):
        mine = frame[(frame["group"] == group) & _anybody(frame)]
        if not len(mine) or mine["n_total"].fillna(1).max() == 0:
            continue
        rows.append(Row(f"{heads[group]} against {heads[reference]}", heading=True))
        rows += [_contrast_row(row, banded) for _, row in mine.iterrows()]
    adjustment = ADJUSTMENTS[payload.facts["multiplicity"]]
    notes = [
        "Difference in percentage points with 95% Newcombe interval; odds ratio with exact conditional interval.",
        f"p: exact. Adjusted p: {adjustment}, one family over all themes and groups of the wave.",
        "Reading: how far the data settle the difference, given the smallest one that matters to the team"
        f" ({points(payload.facts['smallest_difference'])[1:]} points); a dash where it was not tested.",
    ]
    notes += strata_notes(payload)
    if payload.facts["reason"]:
        notes.append(f"No p-values: {payload.facts['reason']}.")
    heads_ = (
        "n/N",
        "Reference n/N",
        "Difference [95% CI]",
        "Odds ratio [95% CI]",
        "p",
        *(["p in strata"] if in_strata else []),
        "Adjusted p",
        "Reading",
    )
    return FormattedTable(
        title(payload, f"Each outcome group against {heads[reference].split(' (')[0].lower()}"),
        "Theme",
        (tuple(map(Head, heads_)),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def _anybody(frame: pd.DataFrame) -> pd.Series:
    """Rows whose theme is not known to be held by nobody on either side."""
    return ~((frame["n_with_theme"] == 0) & (frame["n_with_reference"] == 0))


def _contrast_row(row: pd.Series, banded: bool) -> Row:
    difference = f"{points(row['risk_difference'])} {points_interval(row['rd_low'], row['rd_high'])}".strip()
    odds = f"{ratio(row['odds_ratio'])} {ratio_interval(row['or_low'], row['or_high'])}".strip()
    cells = (
        number(n_of(row["n_with_theme"], row["n_total"])),
        number(n_of(row["n_with_reference"], row["n_reference"])),
        number(difference),
        number(odds),
        *(
            number(p_value(row[name], band=banded))
            for name in ("p_value", "p_stratified", "p_adjusted")
            if name in row
        ),
        text(TIERS[row["tier"]]),
    )
    return Row(
        row["theme_label"], cells, int(row["depth"]), anchor("contrast", row["theme_id"], row["group"])
    )


_P_VALUES = {
    "p_value": "Exact p",
    "p_mid": "Mid-p",
    "p_stratified": "In strata",
    "p_minp": "minP",
    "p_holm": "Holm",
    "p_bh": "BH",
}


def theme_tests(payload: Payload) -> FormattedTable:
    """The exact test of each theme over all groups."""
    frame, banded = payload.tables["tests"].frame, is_banded(payload)
    kinds = {name: head for name, head in _P_VALUES.items() if name in frame}
    rows = []
    for _, row in frame.iterrows():
        effect = NONE
        if pd.notna(row["cramers_v"]):
            effect = f"{decimal(row['cramers_v'])} [{decimal(row['conf_low'])}, {decimal(row['conf_high'])}]"
        p_values = [p_value(row[name], band=banded) for name in kinds]
        cells = (
            *map(number, p_values),
            number(effect),
            number(p_value(row["smallest_p"])),
            text(row["reason"] or ""),
        )
        rows.append(Row(row["theme_label"], cells, anchor=anchor("test", row["theme_id"])))
    notes = [
        "Exact p: Fisher-Freeman-Halton over all groups. minP, Holm: chance of any false claim in this table;"
        " BH: expected share of false claims.",
        "V: bias-corrected Cramér's V. Smallest p: the lowest that any split of as many people could give.",
    ]
    notes += strata_notes(payload)
    if payload.facts["reason"]:
        notes.append(f"No test: {payload.facts['reason']}.")
    heads = (*kinds.values(), "V [95% CI]", "Smallest p", "Remark")
    return FormattedTable(
        title(payload, "Each theme over all outcome groups"),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )
