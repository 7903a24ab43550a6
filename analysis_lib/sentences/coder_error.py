"""How is it said what coders' mistakes do to the associations?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatting import WITHHELD, decimal, missing
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.sentences.common import Sentence, against, odds_with_interval, people, refusal, several
from analysis_lib.tables.coder_error import assumption, corrections_of
from analysis_lib.tables.common import anchor, group_labels, is_banded

_MOST = 6  # comparisons with a sentence of their own


def coder_error(payload: Payload) -> tuple[Sentence, ...]:
    """From how many people a coder's error is estimated, what it changes, and what that takes for granted."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    frame = corrections_of(payload)
    coding = payload.tables["coding"].frame.set_index("group").loc[ALL]
    found = [
        Sentence(
            f"Of {people(coding['n_total'])} people, {people(coding['n_checked'])} were coded independently and then"
            " settled in a consensus round; from them it is estimated how often one coder is right."
        )
    ]
    shown = frame[frame["odds_ratio"].notna()]
    if shown.empty:
        withheld = frame["reason"].eq(WITHHELD).any()
        why = (
            "every corrected estimate is withheld"
            if withheld
            else "no theme could be corrected; the table says why"
        )
        return (*found, refusal(why))
    found += [_range(shown, len(frame)), *_changes(shown, payload)]
    text = "The consensus is taken for the truth, and the people who were settled for typical of the others."
    return (*found, Sentence(assumption(payload), kind="limit"), Sentence(text, kind="limit"))


def _range(shown: pd.DataFrame, n_all: int) -> Sentence:
    """How good a coder is, from the least to the best found theme."""
    parts = []
    for name in ("sensitivity", "specificity"):
        low = shown.loc[shown[name].round(9).idxmin()]
        parts.append(
            f"{decimal(low[name])} (“{low['theme_label']}”) to {decimal(shown[name].max())} ({name})"
        )
    return Sentence(
        f"{len(shown)} of {several(n_all, 'comparison')} of a theme in two groups could be corrected. A coder is"
        f" estimated to find a theme that is there in a share of {parts[0]} and to leave out one that is not in"
        f" {parts[1]}."
    )


def _changes(shown: pd.DataFrame, payload: Payload) -> list[Sentence]:
    """What the intervals say before and after, and the comparisons for which that is not the same."""
    if is_banded(payload):
        text = (
            "Which comparisons read differently once corrected cannot be said here: what is as coded follows from"
            " rounded counts, what is corrected does not."
        )
        return [Sentence(text, kind="limit")]
    known = shown[shown["naive_odds_ratio"].notna()]
    before = (known["naive_or_low"] > 1) | (known["naive_or_high"] < 1)
    after = (known["or_low"] > 1) | (known["or_high"] < 1)
    text = (
        f"As coded, {int(before.sum())} of {len(known)} intervals of the odds ratio exclude 1; with the coder's error"
        f" carried along {int((before & after).sum())} of these still do, and {int((after & ~before).sum())} of the"
        " others do."
    )
    changed = known[before != after]
    found = [Sentence(text), *(_one(row, payload) for _, row in changed.head(_MOST).iterrows())]
    if len(changed) > _MOST:
        found.append(Sentence("The other changes are in the table.", kind="limit"))
    return found


def _one(row: pd.Series, payload: Payload) -> Sentence:
    labels = group_labels(payload)
    before = odds_with_interval(row["naive_odds_ratio"], row["naive_or_low"], row["naive_or_high"])
    after = odds_with_interval(row["odds_ratio"], row["or_low"], row["or_high"])
    counts = against(row["n_with_theme"], row["n_total"], row["n_with_reference"], row["n_reference"])
    checked = (
        ""
        if missing(row["n_checked"])
        else f", learnt from {people(row['n_checked'])} people who were settled"
    )
    return Sentence(
        f"“{row['theme_label']}” in the {labels[row['group']].lower()} against the"
        f" {labels[row['reference']].lower()} group ({counts}): odds ratio {before} as coded, {after}"
        f" corrected{checked}.",
        anchor("coder-error", row["theme_id"], row["group"]),
    )
