"""How is it said whether further people still brought new codes?"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from analysis_lib.formatting import (
    count,
    decimal,
    missing,
    percent,
)
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, people, refusal, several
from analysis_lib.tables.common import anchor, is_banded


def _later(row: dict[Hashable, Any], payload: Payload) -> str:
    """How many codes came after the rule was first met; empty where that is not known."""
    curve = payload.tables["curve"].frame
    then = curve[(curve["group"] == row["group"]) & (curve["n_participants"] == row["reached_at"])][
        "in_order"
    ]
    if then.empty or missing(then.iloc[0]):
        return ""
    later = round(row["codes_seen"] - then.iloc[0])
    if later == 0:
        return ", and no code came later"
    return f", yet {several(later, 'code')} of the {count(row['codes_seen'])} came later"


def saturation(payload: Payload) -> tuple[Sentence, ...]:
    """How many codes were seen in each group, and whether new ones kept coming."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    facts, banded = payload.facts, is_banded(payload)
    rule = f"base {facts['base']}, run {facts['run']}, at most {percent(facts['threshold'])} new"
    found = []
    for row in payload.tables["summary"].frame.to_dict("records"):
        text = f"{facts['labels'][row['group']]} ({people(row['n'])} people): "
        where = anchor("saturation", row["group"])
        if pd.isna(row["codes_seen"]):
            found.append(Sentence(f"{text}{row['reason']}.", where, "refusal"))
            continue
        text += f"{count(row['codes_seen'])} different codes were seen"
        if banded:
            found.append(
                Sentence(f"{text}. Whether new ones kept coming cannot be said from rounded counts.", where)
            )
            continue
        if pd.notna(row["chao2"]):
            text += (
                f", {count(row['seen_once'])} of them in one person only; with those not met Chao2 puts them at"
                f" {decimal(row['chao2'], 1)} or more (SE {decimal(row['chao2_se'], 1)})"
            )
        if row["reason"]:
            text += f". The rule ({rule}) says nothing: {row['reason']}."
        elif pd.isna(row["reached_at"]):
            text += f". The rule ({rule}) is not met: new codes kept coming."
        else:
            text += f". The rule ({rule}) is first met after {count(row['reached_at'])} people{_later(row, payload)}."
        found.append(Sentence(text, where))
    end = "This describes these codes in this sample; it does not show that nothing else could be said."
    return (*found, Sentence(end, kind="limit"))
