"""How are the tables of notebook 01 laid out?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, count, general, n_of, percent
from analysis_lib.intake import MISSING
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import (
    anchor,
    group_heads,
    group_labels,
    is_banded,
    number,
    standing_notes,
    text,
    title,
    words,
)


def flow(payload: Payload) -> FormattedTable:
    """Numbers at each stage."""
    rows = [
        Row(
            row.stage.capitalize(),
            (
                number(count(row.n, absent=WITHHELD)),
                number(count(row.excluded, absent=WITHHELD)),
                text(row.reason),
            ),
            anchor=anchor("flow", row.stage),
        )
        for row in payload.tables["rows"].frame.itertuples()
    ]
    return FormattedTable(
        title(payload, "People at each stage"),
        "Stage",
        ((Head("People"), Head("Left here"), Head("Reason")),),
        tuple(rows),
        standing_notes(payload),
    )


def characteristics(payload: Payload) -> FormattedTable:
    """Who is in each group."""
    frame, heads = payload.tables["rows"].frame, group_heads(payload)
    rows: list[Row] = []
    for name in dict.fromkeys(frame["variable"]):
        mine = frame[frame["variable"] == name]
        label = mine["label"].iloc[0]
        levels = list(dict.fromkeys(mine["level"]))
        if levels[0] != "":
            rows.append(Row(label, heading=True))
        known = mine[mine["level"] != MISSING].groupby("group")["n"].agg(lambda n: n.sum(skipna=False))
        for level in levels:
            here = mine[mine["level"] == level].set_index("group")
            if level == MISSING and not here["n"].fillna(1).any():
                continue
            stub = f"{label}, median [quartiles]" if level == "" else here["level_label"].iloc[0]
            cells = tuple(number(_characteristic(here.loc[group], level, known[group])) for group in heads)
            rows.append(Row(stub, cells, indent=0 if level == "" else 1))
    base = "Percentages are of the people whose value is known. No test compares groups in this table."
    return FormattedTable(
        title(payload, "Who is in each outcome group"),
        "Characteristic",
        (tuple(Head(head) for head in heads.values()),),
        tuple(rows),
        (base, *standing_notes(payload)),
    )


def _characteristic(row: pd.Series, level: str, known: float) -> str:
    if level == "":
        if pd.isna(row["median"]):
            return NONE if row["n"] == 0 else WITHHELD
        return f"{general(row['median'])} [{general(row['lower'])}, {general(row['upper'])}]"
    if pd.isna(row["n"]):
        return WITHHELD
    if level == MISSING:
        return count(row["n"])
    return f"{count(row['n'])} ({percent(row['n'] / known, known)})" if known > 0 else count(row["n"])


def missing_values(payload: Payload) -> FormattedTable:
    """How many have no value, variable by variable, the most first."""
    frame, heads = with_missing_shares(payload), group_heads(payload)
    rows = []
    for name in dict.fromkeys(frame["variable"]):
        mine = frame[frame["variable"] == name].set_index("group")
        cells = tuple(number(missing_cell(mine.loc[group])) for group in heads)
        rows.append(Row(str(mine["label"].iloc[0]), cells))
    notes = [
        "People without a value, and their share of those who could have one. Nothing is filled in here: shares and"
        " medians of the other tables are of the people whose value is known."
    ]
    return FormattedTable(
        title(payload, "What is missing, by outcome group"),
        "Characteristic",
        (tuple(Head(head) for head in heads.values()),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def with_missing_shares(payload: Payload) -> pd.DataFrame:
    """The rows with ``share``, the variable that most people lack first; ties keep their order."""
    frame = payload.tables["rows"].frame
    frame = frame.assign(share=frame["n_missing"] / frame["n_eligible"].where(frame["n_eligible"] > 0))
    overall = frame[frame["group"] == ALL].set_index("variable")["share"].round(9)
    rank = frame["variable"].map(-overall.fillna(-1.0))
    return frame.iloc[rank.argsort(kind="stable")]


def missing_cell(row: pd.Series) -> str:
    """Number and share of those without a value."""
    if pd.isna(row["n_missing"]) or pd.isna(row["n_eligible"]):
        return WITHHELD
    return (
        f"{count(row['n_missing'])} ({percent(row['share'], row['n_eligible'])})"
        if row["n_eligible"]
        else NONE
    )


def two_axes(payload: Payload) -> FormattedTable:
    """How helpful therapy was, by how it ended."""
    frame = payload.tables["rows"].frame
    endings = list(dict.fromkeys(frame["termination_type"]))
    rows = []
    for helpful in dict.fromkeys(frame["perceived_helpfulness"]):
        mine = frame[frame["perceived_helpfulness"] == helpful].set_index("termination_type")["n"]
        cells = tuple(number(count(mine[ending], absent=WITHHELD)) for ending in endings)
        rows.append(Row(words(helpful).capitalize(), cells))
    note = "Everybody who agreed to analysis. The outcome groups are derived from these two axes."
    if not rows:
        rows = [Row("Not recorded", (text("One of the two is empty for everybody in this wave."),))]
        note = "The outcome groups come about as the cover says."
    return FormattedTable(
        title(payload, "Perceived helpfulness by how therapy ended"),
        "Perceived helpfulness",
        (tuple(Head(words(ending).capitalize()) for ending in endings) or (Head("People"),),),
        tuple(rows),
        (note, *standing_notes(payload)),
    )


def material(payload: Payload) -> FormattedTable:
    """How much each group said."""
    labels, coded = group_labels(payload), not payload.facts.get("reason")
    rows = [
        Row(
            labels[row.group],
            (
                number(count(row.n, absent=WITHHELD)),
                number(n_of(row.n_without_theme, row.n) if coded else NONE),
                *map(number, _words_said(row, is_banded(payload))),
            ),
        )
        for row in payload.tables["rows"].frame.itertuples()
    ]
    note = (
        "People who say more have more chances to mention a theme: read group differences with this in mind."
    )
    return FormattedTable(
        title(payload, "How much people said"),
        "Outcome group",
        ((Head("People"), Head("Without any theme"), Head("Words, median"), Head("Quartiles")),),
        tuple(rows),
        (note, *standing_notes(payload)),
    )


def _words_said(row: Any, rounded: bool) -> tuple[str, str]:
    """Median and quartiles of the words of a group; where counts are rounded, a small group has none."""
    if pd.isna(row.words_median):
        why = WITHHELD if rounded and row.n != 0 else NONE
        return why, why
    return general(row.words_median), f"[{general(row.words_lower)}, {general(row.words_upper)}]"


_BEGAN_TOO_LATE = (
    "Began too late: of those judged, people whose therapy began fewer days before the data cut than it takes to tell"
    " who drops out (`follow_up` in study.yaml). They make dropping out look more common than it is."
)


def dropout(payload: Payload) -> FormattedTable:
    """How many dropped out under each definition."""
    late = bool(payload.tables["rows"].frame["n_late"].ne(0).any())
    rows = [
        Row(
            words(row.definition).capitalize(),
            (
                text(row.rule),
                number(n_of(row.n_dropped, row.n_judged)),
                number(percent(row.n_dropped / row.n_judged, row.n_judged) if row.n_judged else NONE),
                number(count(row.n_unjudged, absent=WITHHELD)),
                *([number(count(row.n_late, absent=WITHHELD))] if late else []),
            ),
        )
        for row in payload.tables["rows"].frame.itertuples()
    ]
    if not rows:
        rows = [Row("None", (text("study.yaml defines no way of dropping out", span=4),))]
    note = "Not judged: therapy still under way, or the field that the rule needs is empty."
    return FormattedTable(
        title(payload, "Dropping out under each definition"),
        "Definition",
        (
            (
                Head("Rule"),
                Head("Dropped out"),
                Head("Share"),
                Head("Not judged"),
                *([Head("Began too late")] if late else []),
            ),
        ),
        tuple(rows),
        (
            "Everybody who agreed to analysis.",
            note,
            *([_BEGAN_TOO_LATE] if late else []),
            *standing_notes(payload),
        ),
    )


def findings(payload: Payload) -> FormattedTable:
    """What the check of the data found."""
    names = {"warn": "Warning", "note": "Note"}
    frame = payload.tables["rows"].frame
    rows = [Row(names[row.level], (text(row.what), number(count(row.n)))) for row in frame.itertuples()]
    if not rows:
        rows = [Row("None", (text("The check found nothing to remark on."), number("0")))]
    corrected = f"Cells corrected by corrections.csv: {payload.facts['n_corrected']}."
    where = "The command themewave check lists each place."
    return FormattedTable(
        title(payload, "Remarks of the data check"),
        "Level",
        ((Head("Remark"), Head("Times")),),
        tuple(rows),
        (corrected, where, *standing_notes(payload)),
    )
