"""How are the tables of notebook 03 laid out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.cqr import CQR, ROUNDED, RULE, STABILITY, UNEQUAL, with_convention, with_labels
from analysis_lib.crosstab import with_shares
from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
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
    group_labels,
    is_banded,
    number,
    standing_notes,
    text,
    title,
)
from analysis_lib.tables.omnibus import strata_notes
from analysis_lib.tables.reliability import agreement_beside, agreement_note

_EXACT = (
    "Exact p: Fisher-Freeman-Halton over all groups. minP, Holm: chance of any false claim in this table;"
)
_LARGE = (
    "p: Pearson's chi-square over all groups; of so many people labels are not permuted, so there is no minP. Holm:"
    " chance of any false claim in this table;"
)


def theme_by_outcome(payload: Payload) -> FormattedTable:
    """How many in each group have each theme."""
    return _shares_of_people(payload, payload.tables["shares"].frame, payload.facts["base"])


def _shares_of_people(payload: Payload, counts: pd.DataFrame, base: str) -> FormattedTable:
    """People with each theme of those in a base; rows can be linked to in the table of the study's own base only."""
    frame, own = with_shares(counts), base == payload.facts["base"]
    heads = _with_people(
        payload, group_heads(payload) if own else group_labels(payload)
    )  # sizes are of the own base
    alpha = agreement_beside(payload, brief=True) if own else {}
    labels = _cqr_labels(payload, counts) if own else None
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
            count_ = n_of(row["n_with_theme"], row["n_total"])
            said = number(share) if labels is None else text(labels[theme, group])
            cells += [Cell(count_, behind=quotes_of(theme, group)), said]
        segments = mine.at[ALL, "n_segments"]
        cells.append(number(count(segments)))
        cells += [number(alpha.get(theme, NONE))] if alpha else []
        rows.append(
            Row(label, tuple(cells), int(mine["depth"].iloc[0]), anchor("share", theme) if own else None)
        )
    notes = [
        f"n/N: people with the theme of {BASES[base]}."
        + (" Brackets: 95% Wilson interval." if labels is None else " Shares with intervals: in the figure."),
        "An upper theme counts people with it or any theme below it. Segments are shown, never tested.",
        *(agreement_note(payload, brief=True) if own else ()),
        *(_tradition_notes(payload) if own else ()),
        *_nobody_in(payload),
    ]
    if unused and (frame["n_total"].fillna(1) > 0).any():
        notes.append(f"Coded for nobody: {', '.join(unused)}.")
    last = (Head(WHOLE, rowspan=2), *([Head(ALPHA, rowspan=2)] if alpha else []))
    of = ("n/N", "% [95% CI]" if labels is None else "Label")
    return _table_of_shares(payload, "People with each theme by outcome group", heads, last, rows, notes, of)


def _with_people(payload: Payload, heads: dict[str, str]) -> dict[str, str]:
    """The headings of groups that hold somebody, as far as one may know, and of all."""
    sizes = payload.tables["groups"].frame.set_index("group")["n"]
    kept = {group: head for group, head in heads.items() if group == ALL or sizes[group] != 0}
    return kept if len(kept) > 1 else heads


def _nobody_in(payload: Payload) -> list[str]:
    """Which groups have no column since nobody is in them."""
    labels = group_labels(payload)
    absent = [label for group, label in labels.items() if group not in _with_people(payload, labels)]
    return [f"Nobody in this wave: {', '.join(absent)}."] if absent else []


def _cqr_labels(payload: Payload, counts: pd.DataFrame) -> dict[tuple[str, str], str] | None:
    """Theme and group -> label, marked where one person decides it; None elsewhere and from rounded counts."""
    if payload.facts["tradition"] != CQR or is_banded(payload):
        return None
    rows = with_labels(counts).itertuples()
    return {
        (row.theme_id, row.group): f"{row.cqr_label}{'' if row.cqr_stable else '‡'}"
        if row.cqr_label
        else NONE
        for row in rows
    }


def _tradition_notes(payload: Payload) -> list[str]:
    """What the study's tradition asks a reader of counts to keep in mind."""
    if payload.facts["tradition"] == REFLEXIVE:
        reason = str(payload.facts["reason"])
        return [f"{reason[:1].upper()}{reason[1:]}; these counts show who spoke of what and no more."]
    if payload.facts["tradition"] != CQR:
        return []
    if is_banded(payload):
        return [ROUNDED]
    sizes = payload.tables["groups"].frame["n"]
    return [RULE, *([UNEQUAL] if sizes[sizes > 0].nunique() > 1 else []), STABILITY]


def _table_of_shares(
    payload: Payload,
    words: str,
    heads: dict[str, str],
    last: tuple[Head, ...],
    rows: list[Row],
    notes: list[str],
    of: tuple[str, str] = ("n/N", "% [95% CI]"),
) -> FormattedTable:
    return FormattedTable(
        title(payload, words),
        "Theme",
        (
            (*(Head(head, colspan=2) for head in heads.values()), *last),
            tuple(Head(name) for _ in heads for name in of),
        ),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def other_bases(payload: Payload) -> dict[str, FormattedTable]:
    """The table of themes by outcome on each base that the study did not choose, base -> table.

    ``mentions`` has no rows where numbers of segments may not leave.
    """
    shares = payload.tables["shares"].frame
    if "other_base" not in payload.tables or not len(shares):
        return {}
    named = shares[["theme_id", "theme_label", "depth", "group", "n_segments"]]
    other = payload.tables["other_base"].frame
    found = {
        base: _shares_of_people(payload, named.merge(counts, on=["theme_id", "group"]), str(base))
        for base, counts in other.groupby("base", sort=False)
    }
    return {str(base): table for base, table in found.items()} | {"mentions": _shares_of_mentions(payload)}


def _shares_of_mentions(payload: Payload) -> FormattedTable:
    """Segments with each theme of all coded segments of a group, without an interval: segments are not independent."""
    frame, heads = payload.tables["shares"].frame, _with_people(payload, group_labels(payload))
    total = payload.tables["all_segments"].frame.set_index("group")["n_all_segments"]
    rows = []
    for theme in dict.fromkeys(frame["theme_id"]) if total.notna().all() else ():
        mine = frame[frame["theme_id"] == theme].set_index("group")
        if mine.at[ALL, "n_segments"] == 0:
            continue
        cells = []
        for group in heads:
            part, whole = mine.at[group, "n_segments"], total[group]
            cells += [
                Cell(n_of(part, whole), behind=quotes_of(theme, group)),
                number(percent(part / whole if whole else None)),
            ]
        rows.append(Row(mine["theme_label"].iloc[0], tuple(cells), int(mine["depth"].iloc[0])))
    notes = [
        "n/N: coded segments with the theme of all coded segments of the group. Shares of mentions: not a share of"
        " people. Who says more weighs more, so there is no interval and no test.",
        "A segment can have several themes; an upper theme counts segments with it or any theme below it.",
    ]
    return _table_of_shares(
        payload, "Mentions of each theme by outcome group", heads, (), rows, notes, ("n/N", "%")
    )


WHOLE, ALPHA = "Segments", "Alpha [95% CI]"
REFLEXIVE = "reflexive"


def quotes_of(theme: str, group: str) -> str:
    """Id of the quotes that stand behind a theme in a group."""
    return anchor("quotes", theme, group)


def theme_contrasts(payload: Payload) -> FormattedTable:
    """Each group against the reference."""
    frame, heads = contrasts_of(payload), group_heads(payload)
    reference, banded = payload.facts["reference"], is_banded(payload)
    by_convention = payload.facts["tradition"] == CQR and not banded
    if by_convention:
        frame = with_convention(frame)
    in_strata = "p_stratified" in frame
    rows: list[Row] = []
    alone = bool(payload.facts["reason"]) and frame["risk_difference"].isna().all()  # nothing to compare with
    if payload.facts["tradition"] == REFLEXIVE or alone:
        frame = frame.iloc[:0]
    for group in dict.fromkeys(frame["group"]):
        mine = frame[(frame["group"] == group) & _anybody(frame)]
        if not len(mine) or mine["n_total"].fillna(1).max() == 0:
            continue
        rows.append(Row(f"{heads[group]} against {heads[reference]}", heading=True))
        rows += [_contrast_row(row, banded) for _, row in mine.iterrows()]
    adjustment = ADJUSTMENTS[payload.facts["multiplicity"]]
    large = payload.facts.get("large_sample", False)
    notes = [
        "Difference in percentage points with 95% Newcombe interval; odds ratio with exact conditional interval"
        + (", of more than 50,000 people Wald's." if large else "."),
        ("p: Pearson's chi-square. " if large else "p: exact. ")
        + f"Adjusted p: {adjustment}, one family over all themes and groups of the wave.",
        "Reading: how far the data settle the difference, by its interval and adjusted p and given the smallest one"
        f" that matters to the team ({points(payload.facts['smallest_difference'])[1:]} points). The exact interval of"
        " the odds ratio is wider and may hold 1 where that of the difference leaves out 0.",
        "p: a dash where too few people have the theme for a test.",
        *_held_by_nobody(frame),
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
        *(["By convention"] if by_convention else []),
    )
    if by_convention:
        notes.append(
            "By convention: consensual qualitative research takes 30 points or two labels apart for a difference; it is"
            " no test and takes no account of how small a group is."
        )
    return FormattedTable(
        title(payload, f"Each outcome group against {heads[reference].split(' (')[0].lower()}"),
        "Theme",
        (tuple(map(Head, heads_)),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def _held_by_nobody(frame: pd.DataFrame) -> list[str]:
    """That rows are left out in which both sides are zero."""
    return ["Left out: themes that nobody on either side has."] if (~_anybody(frame)).any() else []


def _anybody(frame: pd.DataFrame) -> pd.Series:
    """Rows whose theme is not known to be held by nobody on either side."""
    return ~((frame["n_with_theme"] == 0) & (frame["n_with_reference"] == 0))


def _contrast_row(row: pd.Series, banded: bool) -> Row:
    difference = f"{points(row['risk_difference'])} {points_interval(row['rd_low'], row['rd_high'])}".strip()
    odds = f"{ratio(row['odds_ratio'])} {ratio_interval(row['or_low'], row['or_high'])}".strip()
    sides = n_of(row["n_with_theme"], row["n_total"]), n_of(row["n_with_reference"], row["n_reference"])
    derived = (WITHHELD, WITHHELD) if WITHHELD in sides else (difference, odds)
    cells = (
        *map(number, (*sides, *derived)),
        *(
            number(p_value(row[name], band=banded))
            for name in ("p_value", "p_stratified", "p_adjusted")
            if name in row
        ),
        text(TIERS[row["tier"]]),
        *([text("differs" if row["cqr_differs"] else "–")] if "cqr_differs" in row else []),
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
    silent = payload.facts["tradition"] == REFLEXIVE or payload.facts["reason"]
    for _, row in () if silent else frame.iterrows():
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
        (_LARGE if payload.facts.get("large_sample", False) else _EXACT)
        + " BH: expected share of false claims.",
        "V: bias-corrected Cramér's V, with 95% interval. Smallest p: the lowest that any split of as many people could"
        " give.",
    ]
    notes += strata_notes(payload)
    heads = (*kinds.values(), "V [95% CI]", "Smallest p", "Remark")
    return FormattedTable(
        title(payload, "Each theme over all outcome groups"),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )
