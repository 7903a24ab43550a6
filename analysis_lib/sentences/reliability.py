"""How is it said which codes can be counted on?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.claimed_agreement import NOT_HERE, SAME
from analysis_lib.cqr import CQR
from analysis_lib.formatting import (
    WITHHELD,
    decimal,
    percent,
)
from analysis_lib.payload import Payload
from analysis_lib.reliability import NO_DISAGREEMENT
from analysis_lib.sentences.common import Sentence, people, refusal
from analysis_lib.tables.common import anchor
from analysis_lib.tables.reliability import coefficient

_NO_AUDITOR = (
    "Who audited the analysis is not on record; study.yaml takes it under reporting: auditor, and without it a"
    " reader cannot"
    " tell whether anybody did."
)
_LEAST_DOUBLE_CODED = 0.1  # O'Connor & Joffe 2020 name a tenth to a quarter as usual


def agreement(payload: Payload) -> tuple[Sentence, ...]:
    """Which codes can be counted on, which not, and for which the data do not say."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    found = [*_double_coded(payload), *_dependable(payload)]
    for row in payload.tables["unitising"].frame.to_dict("records"):
        if pd.notna(row["overlap"]):
            found.append(
                Sentence(
                    f"{row['coder']} and {row['other'].lower()} marked the same text with an overlap of"
                    f" {coefficient(row, 'overlap', 'overlap')}, whatever code they gave it.",
                    anchor("unitising", row["coder"], row["other"]),
                )
            )
    found += [
        sentence for row in payload.tables["claimed_agreement"].frame.itertuples() for sentence in _claim(row)
    ]
    if payload.tables["after_consensus"].rows:
        text = "Codings made after discussion are kept in a table of their own; agreement among them is no reliability."
        found.append(Sentence(text, kind="limit"))
    return (*found, *_consensual(payload))


def _consensual(payload: Payload) -> list[Sentence]:
    """What consensual qualitative research asks besides: who audited, and that consensus is the aim."""
    if payload.facts["tradition"] != CQR:
        return []
    auditor = " ".join(str(payload.facts["auditor"]).split()).replace("“", "‘").replace("”", "’")
    aim = (
        "Consensual qualitative research settles codes in discussion; agreement before that says how far single"
        " coders can"
        " be relied on and is no aim of its own."
    )
    who = (
        Sentence(f"Audit, in the authors' words: “{auditor}”")
        if auditor
        else Sentence(_NO_AUDITOR, kind="refusal")
    )
    return [who, Sentence(aim, kind="limit")]


def _double_coded(payload: Payload) -> list[Sentence]:
    """How many people the agreement rests on."""
    frame = payload.tables["coding"].frame.set_index("what")
    both, settled = frame.loc["by two"], frame.loc["settled"]
    share = both["n"] / both["n_total"] if both["n_total"] else float("nan")
    text = (
        f"{people(both['n'])} of {people(both['n_total'])} people ({percent(share)}) were coded by two coders or more,"
        " independently of each other"
    )
    text += (
        f"; {_of_them(settled['n'], both['n'])} were settled in a consensus round afterwards."
        if settled["n"]
        else "."
    )
    found = [Sentence(text, anchor("coding", "by two"))]
    if share < _LEAST_DOUBLE_CODED:
        found.append(Sentence("That is less than the tenth to a quarter that is usual.", kind="limit"))
    return found


def _of_them(part: float, whole: float) -> str:
    return "all of them" if part == whole else f"{people(part)} of them"


def _dependable(payload: Payload) -> list[Sentence]:
    """Codes by what their interval of alpha says about the mark that the study set."""
    rows = payload.tables["agreement"].frame.to_dict("records")
    following = [row["depth"] for row in rows[1:]] + [0]
    rows = [row for row, depth in zip(rows, following, strict=True) if depth <= row["depth"]]  # none below it
    mark = payload.facts["weak_below"]
    kinds: dict[str, list[str]] = {}
    for row in rows:
        label = f"“{row['code_label']}”"
        words = f"{label} {coefficient(row)}"
        if row["reason"] == WITHHELD:
            kinds.setdefault("withheld", []).append(label)
        elif row["reason"] == NO_DISAGREEMENT:
            given = f"given to {people(row['n_given'])} of {people(row['n_units'])}"
            kinds.setdefault("alike", []).append(f"{label} ({given})")
        elif pd.isna(row["krippendorff_alpha"]):
            kinds.setdefault(row["reason"], []).append(label)
        elif row["alpha_low"] >= mark:
            kinds.setdefault("dependable", []).append(words)
        elif row["alpha_high"] < mark:
            kinds.setdefault("weak", []).append(words)
        else:
            kinds.setdefault("unsettled", []).append(words)
    wording = {
        "dependable": (
            "clear",
            f"Dependable for counting, the whole interval of alpha at {decimal(mark)} or above: ",
        ),
        "weak": (
            "clear",
            f"Not dependable for counting, the whole interval of alpha below {decimal(mark)}: ",
        ),
        "unsettled": ("cannot tell", f"The data do not settle whether alpha reaches {decimal(mark)}: "),
        "alike": ("cannot tell", "The coders never differed, which among so few people is no certainty: "),
        "withheld": ("withheld", "Agreement is withheld, too few people are behind it: "),
    }
    undefined = "Agreement beyond chance is undefined"
    wording |= {why: ("cannot tell", f"{undefined} ({why}): ") for why in kinds if why not in wording}
    return [Sentence(f"{start}{'; '.join(kinds[name])}.", None, kind)
            for name, (kind, start) in wording.items() if name in kinds]  # fmt: skip


def _claim(row: object) -> list[Sentence]:
    """What a program printed, where it is not what is found here."""
    get = row._asdict()  # type: ignore[attr-defined]  # a row of itertuples
    if get["reading"] in (SAME, NOT_HERE) or pd.isna(get["claimed"]) or pd.isna(get["recomputed"]):
        return []
    name = get["statistic"].replace("_", " ")
    return [
        Sentence(
            f"{get['tool']} prints a {name} of {decimal(get['claimed'])} for “{get['code_label']}”; among people whom"
            f" the coders were both asked to code it is {decimal(get['recomputed'])}. The printed figure is"
            f" {get['reading']}."
        )
    ]
