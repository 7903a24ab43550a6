"""How are the tables of notebook 02 laid out, and the agreement that travels with a theme elsewhere?"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from analysis_lib.agreement_by_wave import with_changes
from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    decimal,
    missing,
    n_of,
    percent,
    points,
    points_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.reliability import NO_DISAGREEMENT, NO_INTERVAL
from analysis_lib.tables.common import anchor, is_banded, number, standing_notes, text, title

_MARKS = (
    f"{NO_DISAGREEMENT.capitalize()}: the coders never differed, which among so few people is no certainty."
    f" {NO_INTERVAL.capitalize()}: too few people have the code, or lack it."
)


def coefficient(row: Any, name: str = "krippendorff_alpha", short: str = "alpha") -> str:
    """A coefficient with its interval, or with what stands in its place.

    >>> coefficient({"krippendorff_alpha": 0.72, "alpha_low": 0.31, "alpha_high": 1.0, "reason": None})
    '0.72 [0.31, 1.00]'
    >>> coefficient({"krippendorff_alpha": 1.0, "alpha_low": None, "alpha_high": None, "reason": "no disagreement"})
    '1.00 (no disagreement)'
    """
    reason = "" if missing(row["reason"]) else str(row["reason"])
    if missing(row[name]):
        return reason or NONE
    low, high = row[f"{short}_low"], row[f"{short}_high"]
    if missing(low) or missing(high):
        return f"{decimal(row[name])} ({reason})" if reason else decimal(row[name])
    return f"{decimal(row[name])} [{decimal(low)}, {decimal(high)}]"


def agreement_beside(payload: Payload, *, brief: bool = False) -> dict[str, str]:
    """Theme id -> alpha in words, of the agreement that a payload carries; empty where there is none.

    In brief, a dagger stands for the reason why there is no interval.
    """
    if "agreement" not in payload.tables:
        return {}
    rows = payload.tables["agreement"].frame.to_dict("records")
    alpha = {row["theme_id"]: coefficient(row) for row in rows}
    return {theme: re.sub(r" \(.*\)", " †", words) for theme, words in alpha.items()} if brief else alpha


def agreement_note(payload: Payload, *, brief: bool = False) -> tuple[str, ...]:
    """What the column of agreement is, or why there is none."""
    if "agreement" not in payload.tables:
        return ()
    reason = payload.facts.get("agreement_reason")
    if reason:
        return (f"No agreement between coders: {reason}.",)
    text = (
        "Alpha: Krippendorff's alpha of the coders on who has the theme, with 95% interval over people, from"
        " those whom two coded independently; the whole set of coefficients stands in part 2."
    )
    dagger = "† No interval: the coders never differed, or too few people have the theme."
    return (text, dagger) if brief else (text,)


def coding(payload: Payload) -> FormattedTable:
    """Who coded how many people."""
    heads = {
        "asked": ("Coded by anybody", "people with material"),
        "by two": ("Coded by two or more independently of each other", "people coded"),
        "settled": ("Settled afterwards in a consensus round", "people coded by two or more"),
    }
    rows = []
    for row in payload.tables["coding"].frame.itertuples():
        label, base = heads.get(row.what, (row.coder, "people coded"))
        share = percent(row.n / row.n_total, row.n_total) if row.n_total else NONE
        cells = (number(n_of(row.n, row.n_total)), number(share), text(base))
        where = None if row.what == "by coder" else anchor("coding", row.what)
        rows.append(Row(label, cells, int(row.what == "by coder"), where))
    odd = payload.tables["codings"].frame.iloc[0]
    notes = ["Coders are numbered in the order of their ids."] if rows else []
    if odd["n_outside"] > 0:
        notes.append(
            f"Codings of people whom the coder was not asked to code, left out: {count(odd['n_outside'])}."
        )
    if odd["n_without_round"] > 0:
        notes.append(
            f"Codings that do not say their round, read as independent: {count(odd['n_without_round'])}."
        )
    return FormattedTable(
        title(payload, "Who coded how many people"),
        "Coding",
        ((Head("n/N"), Head("Share"), Head("Of")),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def codebook(payload: Payload) -> FormattedTable:
    """The coding tree."""
    rows = []
    for row in payload.tables["codebook"].frame.itertuples():
        since = f"{row.since}; {row.changed}" if row.changed else str(row.since)
        rows.append(Row(row.code_label, (text(row.definition or NONE), text(since)), int(row.depth)))
    notes = (
        f"This wave was coded with codebook {payload.facts['codebook_version']}; definitions are those of"
        f" {payload.facts['newest_version']}. Indented codes stand below the one above them; how many people have"
        " each stands in part 3.",
    )
    return FormattedTable(
        title(payload, "Codebook"),
        "Code",
        ((Head("Definition"), Head("Since codebook")),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def agreement(payload: Payload) -> FormattedTable:
    """Every coefficient of every code, all coders together."""
    frame = payload.tables["agreement"].frame.drop_duplicates("code_id")
    given = frame["n_given"].ne(0) | frame["n_given"].isna()
    rows = []
    for _, row in frame[given].iterrows():
        kappa = row["cohen_kappa"] if not missing(row["cohen_kappa"]) else row["fleiss_kappa"]
        cells = (
            number(n_of(row["n_given"], row["n_units"])),
            number(n_of(row["n_agreed"], row["n_units"])),
            number(percent(row["percent_agreement"])),
            number(decimal(row["positive_agreement"])),
            number(decimal(row["negative_agreement"])),
            number(decimal(kappa)),
            number(coefficient(row)),
            number(coefficient(row, "gwet_ac1", "ac1")),
            number(percent(row["prevalence"])),
        )
        rows.append(Row(row["code_label"], cells, int(row["depth"]), anchor("agreement", row["code_id"])))
    notes = []
    if rows:
        several = payload.facts["n_coders"] > 2
        notes = [
            "Given to: people to whom at least one of their coders gave the code, of those whom two or more coded"
            " independently. Coded alike: people on whom all their coders agree.",
            "Presence and absence: of those a coder gave (did not give) the code, the share that another coder"
            f" treated the same way. Kappa: {'Fleiss' if several else 'Cohen'}. Intervals resample people.",
            "Prevalence: share of ratings that give the code. An upper code is given with any code below it.",
            _MARKS,
        ]
    unused = list(frame.loc[~given, "code_label"])
    notes += [f"Given to nobody by these coders: {', '.join(unused)}."] if unused else []
    heads = (
        "Given to", "Coded alike", "Agreement", "On presence", "On absence", "Kappa", "Alpha [95% CI]",
        "AC1 [95% CI]", "Prevalence",
    )  # fmt: skip
    return FormattedTable(
        title(payload, "Agreement between coders on each code"),
        "Code",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def disagreements(payload: Payload) -> FormattedTable:
    """On how many people coders differ, code by code, and how it ended."""
    frame = payload.tables["disagreements"].frame
    differ = (frame[["n_only_coder", "n_only_other"]] != 0).any(axis=1)
    rows: list[Row] = []
    for pair, mine in frame[differ].groupby(["coder", "other"], sort=False):
        rows.append(Row(f"{pair[0]} and {pair[1][:1].lower()}{pair[1][1:]}", heading=True))
        for _, row in mine.iterrows():
            names = ("n_both", "n_only_coder", "n_only_other", "n_neither",
                     "n_present_after", "n_absent_after", "n_open")  # fmt: skip
            cells = tuple(number(count(row[name], absent=WITHHELD)) for name in names)
            rows.append(Row(row["code_label"], cells, 1, anchor("disagreement", *pair, row["code_id"])))
    alike = [
        label
        for label in dict.fromkeys(frame["code_label"])
        if label not in set(frame.loc[differ, "code_label"])
    ]
    notes = ["People, for codes on which the two differ. Settled: what the consensus made of those on whom they"
             " differ; open: nobody has settled them."] if rows else []  # fmt: skip
    notes += [f"Coded alike by both: {', '.join(alike)}."] if alike else []
    heads = (
        (Head("Independent coding", colspan=4), Head("Where they differ", colspan=3)),
        tuple(map(Head, ("Both", "First only", "Second only", "Neither", "Settled: given", "Settled: not given",
                         "Open"))),
    )  # fmt: skip
    return FormattedTable(
        title(payload, "Where coders differ"), "Code", heads, tuple(rows), (*notes, *standing_notes(payload))
    )


def to_discuss(payload: Payload) -> FormattedTable:
    """Each disagreement by itself, for the team."""
    ends = {"present": "given", "absent": "not given", "open": "open"}
    rows = [
        Row(
            row.code_label,
            (text(row.participant_id), text(row.given_by), text(row.not_given_by), text(ends[row.consensus])),
        )
        for row in payload.tables["to_discuss"].frame.itertuples()
    ]
    return FormattedTable(
        title(payload, "Disagreements one by one"),
        "Code",
        (tuple(map(Head, ("Person", "Given by", "Not given by", "Consensus"))),),
        tuple(rows),
        standing_notes(payload),
    )


def unitising(payload: Payload) -> FormattedTable:
    """Whether coders mark the same stretches."""
    rows = []
    for _, row in payload.tables["unitising"].frame.iterrows():
        names = ("n_coder", "n_other", "n_same", "n_overlapping", "n_single")
        if missing(row["overlap"]) and not is_banded(payload):
            overlap = str(row["reason"])
        else:
            overlap = coefficient(row, "overlap", "overlap")
        cells = [number(count(row["n_people"], absent=WITHHELD))]
        cells += [number(count(row[name])) for name in names]
        label = f"{row['coder']} and {row['other'][:1].lower()}{row['other'][1:]}"
        rows.append(
            Row(label, (*cells, number(overlap)), anchor=anchor("unitising", row["coder"], row["other"]))
        )
    notes = [
        "Stretches of text that a coder marked with any code, in material that both were asked to code. Same: same"
        " start and end. Overlapping: different boundaries, some text shared. One only: the other marked nothing"
        " there.",
        "Overlap: twice the text that both marked over the text that each marked (Dice), with 95% interval over"
        " people. Unmarked text does not count. Whether they gave it the same code is another question.",
    ]
    heads = ("People", "First coder", "Second coder", "Same", "Overlapping", "One only", "Overlap [95% CI]")
    return FormattedTable(
        title(payload, "Whether coders mark the same stretches of text"),
        "Coders",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def agreement_by_wave(payload: Payload) -> FormattedTable:
    """Agreement wave by wave."""
    frame = with_changes(payload.tables["rows"].frame)
    if payload.facts["reason"]:
        frame = frame.iloc[:0]  # nothing stands beside it; the table of agreement has it
    waves = list(dict.fromkeys(frame["wave"]))
    rows = []
    for code, mine in frame.groupby("code_id", sort=False):
        by_wave = mine.set_index("wave")
        cells: list[Cell] = []
        for wave in waves:
            if wave not in by_wave.index:
                cells += [number(NONE), number(NONE)]
                continue
            row = by_wave.loc[wave]
            cells += [number(n_of(row["n_agreed"], row["n_units"])), number(coefficient(row))]
        cells.append(number(_change(mine.iloc[-1])))
        label, depth = mine[["code_label", "depth"]].iloc[0]
        rows.append(Row(label, tuple(cells), int(depth), anchor("drift", code)))
    last = f"{waves[-2]} to {waves[-1]}" if len(waves) > 1 else "Change"
    notes = [
        "Coded alike: people on whom all their coders agree, of those whom two or more coded independently. Change: in"
        " the share coded alike, in percentage points, with 95% Newcombe interval.",
    ]
    silent = payload.tables["waves"].frame
    notes += [f"Wave {row.wave}: {row.reason}." for row in silent.itertuples() if row.reason]
    heads = (
        (*(Head(f"Wave {wave}", colspan=2) for wave in waves), Head(f"Change, {last}", rowspan=2)),
        tuple(Head(name) for _ in waves for name in ("Coded alike", "Alpha [95% CI]")),
    )
    return FormattedTable(
        title(payload, "Agreement wave by wave, up to this"),
        "Code",
        heads if waves else ((Head("Coded alike"),),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def _change(row: pd.Series) -> str:
    if row["redefined"]:
        return f"redefined in {row['redefined']}"
    return f"{points(row['change'])} {points_interval(row['change_low'], row['change_high'])}".strip()


def claimed_agreement(payload: Payload) -> FormattedTable:
    """What programs printed and what it should be."""
    names = {
        "percent_agreement": "percent agreement",
        "kappa": "kappa",
        "krippendorff_alpha": "alpha",
        "gwet_ac1": "AC1",
    }
    rows = []
    for row in payload.tables["claimed_agreement"].frame.itertuples():
        held = WITHHELD if is_banded(payload) else NONE
        claimed, ours = (decimal(x) if not missing(x) else held for x in (row.claimed, row.recomputed))
        label = f"{row.tool}: {names[row.statistic]}, {row.code_label or row.code_id}"
        rows.append(Row(label, (number(claimed), number(ours), text(row.reading))))
    note = (
        "Recomputed on people whom the coders were both asked to code, independently of each other. The last column"
        " says which way of counting gives the printed figure."
    )
    return FormattedTable(
        title(payload, "Agreement that a coding program printed"),
        "Figure",
        ((Head("Printed"), Head("Recomputed"), Head("The printed figure is")),),
        tuple(rows),
        (*((note,) if rows else ()), *standing_notes(payload)),
    )


def saturation(payload: Payload) -> FormattedTable:
    """Codes seen per group, codes not met, and the rule."""
    facts = payload.facts
    rows = []
    for _, row in payload.tables["summary"].frame.iterrows():
        chao2 = f"{decimal(row['chao2'], 1)} (SE {decimal(row['chao2_se'], 1)})"
        cells = (
            number(count(row["n"], absent=WITHHELD)),
            number(count(row["n_left_out"], absent=WITHHELD)),
            number(count(row["codes_seen"])),
            number(count(row["seen_once"], absent=_absent(payload))),
            number(chao2 if not missing(row["chao2"]) else _absent(payload)),
            text(rule_in_words(row, facts, banded=is_banded(payload))),
        )
        rows.append(Row(facts["labels"][row["group"]], cells, anchor=anchor("saturation", row["group"])))
    share = percent(facts["threshold"])
    notes = [
        "People who were coded for the whole codebook; others are left out here. Codes as coders gave them, upper codes"
        " only where they were given themselves.",
        "Chao2: estimated number of codes including those not met, a lower bound.",
        f"Rule (Guest, Namey & Chen): base {facts['base']}, run {facts['run']}, threshold {share}. 12 + {facts['run']}"
        f" says that after 12 people the next {facts['run']} brought at most {share} new codes, relative to the first"
        f" {facts['base']} people. People stand in the order of their ids, the only one that the tables hold.",
    ]
    heads = ("People", "Left out", "Codes seen", "Seen in one person", "Chao2", "Rule")
    return FormattedTable(
        title(payload, "How many codes were seen"),
        "Group",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def _absent(payload: Payload) -> str:
    return WITHHELD if is_banded(payload) else NONE


def rule_in_words(row: pd.Series, facts: Any, *, banded: bool) -> str:
    """Where the rule stood: ``12 + 2``, ``not reached``, or why it says nothing."""
    if banded:
        return WITHHELD
    if not missing(row["reason"]) and row["reason"]:
        return str(row["reason"])
    return "not reached" if missing(row["reached_at"]) else f"{count(row['reached_at'])} + {facts['run']}"
