"""How are the tables laid out that follow people from wave to wave?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.attrition import MISSING
from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, count, general, missing, n_of, percent
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import group_labels, number, standing_notes, text, title, words


def wave_sizes(payload: Payload) -> FormattedTable:
    """Each wave with its dates, its codebook and its people."""
    labels = group_labels(payload)
    groups = list(payload.tables["groups"].frame["group"])
    rows = []
    for row in payload.tables["waves"].frame.itertuples():
        if row.reason:
            rows.append(Row(f"Wave {row.wave}", (text(f"not read: {row.reason}", span=7 + len(groups)),)))
            continue
        took_part, invited = taking_part(payload, row.wave)
        days = f"{row.opened} to {row.closed}"
        cells = [
            number(days),
            number(str(row.data_cut)),
            number(str(int(row.look))),
            number(row.codebook_version),
        ]
        cells += [number(invited), number(took_part)]
        cells += [number(count(analysed(payload, row.wave, g), absent=WITHHELD)) for g in (ALL, *groups)]
        rows.append(Row(f"Wave {row.wave}", tuple(cells)))
    heads = ("Collected", "Data cut", "Look", "Codebook", "Invited", "Took part", "Analysed")
    note = "Numbers of people. Analysed: agreed, have an outcome group and material to code."
    return FormattedTable(
        title(payload, "The waves up to this"),
        "Wave",
        (tuple(map(Head, (*heads, *(labels[group] for group in groups)))),),
        tuple(rows),
        (note, *standing_notes(payload)),
    )


def analysed(payload: Payload, wave: str, group: str) -> float | None:
    """People of a group who are analysed in a wave; None where the number is withheld."""
    frame = payload.tables["sizes"].frame
    found = frame.loc[(frame["wave"] == wave) & (frame["group"] == group), "n"]
    return None if found.empty or missing(found.iloc[0]) else float(found.iloc[0])


def taking_part(payload: Payload, wave: str) -> tuple[str, str]:
    """How many took part and how many were invited, added up from those analysed and those who left."""
    left = payload.tables["left"].frame
    mine = left[left["wave"] == wave]
    before = mine["before_enrolment"].astype(bool)
    inside = _sum([analysed(payload, wave, ALL), *mine.loc[~before, "n_left"]])
    invited = _sum([inside, *mine.loc[before, "n_left"]]) if before.any() else None
    shown = NONE if not before.any() else count(invited, absent=WITHHELD)
    return count(inside, absent=WITHHELD), shown


def _sum(numbers: list[float | None]) -> float | None:
    return None if any(map(missing, numbers)) else float(sum(n for n in numbers if n is not None))


def wave_attrition(payload: Payload) -> FormattedTable:
    """Who left before the analysis, wave by wave."""
    frame = payload.tables["left"].frame
    waves = [row.wave for row in payload.tables["waves"].frame.itertuples() if not row.reason]
    rows: list[Row] = []
    for before, heading in ((True, "Before taking part"), (False, "Between taking part and the analysis")):
        mine = frame[frame["before_enrolment"].astype(bool) == before]
        if mine.empty:
            continue
        rows.append(Row(heading, heading=True))
        for reason in dict.fromkeys(mine["reason"]):
            here = mine[mine["reason"] == reason].set_index("wave")["n_left"]
            cells = [
                number(count(here[wave], absent=WITHHELD) if wave in here.index else "0") for wave in waves
            ]
            rows.append(Row(reason[:1].upper() + reason[1:], tuple(cells), 1))
    rows.append(
        Row("Analysed", tuple(number(count(analysed(payload, wave, ALL), absent=WITHHELD)) for wave in waves))
    )
    return FormattedTable(
        title(payload, "Who left before the analysis, waves up to this"),
        "Reason",
        (tuple(Head(f"Wave {wave}") for wave in waves),),
        tuple(rows),
        ("Numbers of people.", *standing_notes(payload)),
    )


def wave_returned(payload: Payload) -> FormattedTable:
    """Who of earlier waves came again, by their outcome group then and by what was so at the start."""
    frame, labels = payload.tables["returned"].frame, group_labels(payload)
    rows: list[Row] = []
    for since, mine in frame.groupby("since", sort=False):
        rows.append(Row(f"Of wave {since}, by outcome group then", heading=True))
        rows += [
            Row(labels[row["group"]], (number(_again(row)), number(NONE), number(NONE)), 1)
            for _, row in mine[mine["n_before"].ne(0)].iterrows()
        ]
    baseline = payload.facts["baseline"]
    for label, mine in payload.tables["differential"].frame.groupby("label", sort=False):
        rows.append(Row(f"Of wave {baseline}, by {str(label)[:1].lower()}{str(label)[1:]}", heading=True))
        shown = mine[(mine["level"] != MISSING) | mine["n_before"].ne(0)]
        rows += [_characteristic(row) for _, row in shown.iterrows()]
    notes = [
        f"People analysed in wave {payload.facts['wave']} of those analysed in the earlier wave, by what was known of"
        " them there. Description only; nothing is tested.",
        "Where those who came again differ from those who did not, a change among the former may not be that of all.",
    ]
    return FormattedTable(
        title(payload, "Who came again"),
        "Analysed in an earlier wave",
        (tuple(map(Head, ("Came again", "Median of those who did", "Median of those who did not"))),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def _characteristic(row: pd.Series) -> Row:
    medians = [NONE, NONE]
    if not row["level"]:
        both = (row["median_returned"], row["median_gone"])
        medians = [WITHHELD if missing(value) and row["n_before"] else general(value) for value in both]
    stub = words(row["level_label"]).capitalize() if row["level"] else "Known"
    return Row(stub, (number(_again(row)), *map(number, medians)), 1)


def _again(row: pd.Series) -> str:
    found = n_of(row["n_returned"], row["n_before"])
    if found == WITHHELD or not row["n_before"]:
        return found if found == WITHHELD else NONE
    return f"{found} ({percent(row['n_returned'] / row['n_before'], row['n_before'])})"
