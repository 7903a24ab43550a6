"""How is it said when people drop out, and for whom it is sooner?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.dropout_time import OVERALL
from analysis_lib.formatting import WITHHELD, count, missing, ratio
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import (
    Sentence,
    dropped_out,
    goes_with,
    listed,
    odds_interval,
    people,
    refusal,
    with_lack,
)
from analysis_lib.tables.common import anchor, words
from analysis_lib.tables.dropout_time import COUNTERFACTUAL, NO_GROUPS

_NOT_FOLLOWED = {
    "n_not_started": "without a first session",
    "n_unknown": "with an unknown ending",
    "n_missing": "with an unknown number of sessions",
}


def dropout_time(payload: Payload) -> tuple[Sentence, ...]:
    """When people leave, who leaves sooner, who is not in these numbers, and what they do not say."""
    if payload.facts["reason"]:
        return (refusal(f"no time to dropout: {payload.facts['reason']}"),)
    found = [
        *_when(payload),
        *with_lack(_sooner(payload), "that the two do not go together"),
        *_left_out(payload),
    ]
    if payload.facts["no_comparison"]:
        found.append(refusal(payload.facts["no_comparison"]))
    found += [Sentence(COUNTERFACTUAL, kind="limit"), Sentence(NO_GROUPS, kind="limit")]
    return tuple(found)


def _when(payload: Payload) -> list[Sentence]:
    """The curve of everybody under the definition shown, at its first and last readable session."""
    shown = payload.facts["shown"]
    who = payload.tables["people"].frame.set_index("definition").loc[shown]
    rule, where = payload.facts["rules"][shown], anchor("sessions", shown, OVERALL)
    text = f"Of {people(who['n_used'])} people who could be followed, {people(who['n_events'])} dropped out ({rule})"
    frame = payload.tables["sessions"].frame
    here = frame[(frame["definition"] == shown) & (frame["group"] == OVERALL)]
    known = here[here["survival"].notna()]
    if who["n_events"] == 0:
        return [Sentence(f"{text}.", where)]
    if not len(known):
        withheld = here["reason"].eq(WITHHELD).any()
        why = (
            "too few people are behind each stretch of sessions"
            if withheld
            else "nobody had so many sessions"
        )
        return [Sentence(f"{text}. When they did cannot be said: {why}.", where, "refusal")]
    ends = known.iloc[[0, -1]] if len(known) > 1 else known
    parts = [
        f"about {_in_hundred(1 - row['survival'])} in 100{' would have dropped out' * (i == 0)} within"
        f" {_sessions(row['session'])} (95% CI {_in_hundred(1 - row['conf_high'])} to"
        f" {_in_hundred(1 - row['conf_low'])})"
        for i, (_, row) in enumerate(ends.iterrows())
    ]
    text += (
        ". Had no therapy ended in any other way, and had those people dropped out as often as the others,"
        f" {listed(parts)}."
    )
    median = payload.tables["medians"].frame.set_index("definition")["median"].get(shown)
    if not missing(median):
        text += f" Half would have done so by the end of session {count(median)}."
    return [Sentence(text, where)]


def _in_hundred(share: float) -> int:
    return round(100 * share)


def _sessions(session: str) -> str:
    return "the first session" if session == "1" else f"{session} sessions"


def _sooner(payload: Payload) -> list[Sentence]:
    """Each theme of the model whose event is shown; themes without odds in one sentence per reason."""
    frame = payload.tables["hazard"].frame
    rows = frame[(frame["event"] == payload.facts["shown"]) & (frame["level"] == "present")]
    known = rows["estimate"].notna()
    found = [_theme(row, payload) for _, row in rows[known].iterrows()]
    for reason, mine in rows[~known].groupby("reason", sort=False):
        why = "withheld, too few people in a cell" if reason == WITHHELD else str(reason).rstrip(".")
        named = listed([f"“{label}”" for label in dict.fromkeys(mine["term_label"])])
        found.append(Sentence(f"No odds by session for {named}: {why[:1].lower()}{why[1:]}.", kind="refusal"))
    return found


def _theme(row: pd.Series, payload: Payload) -> Sentence:
    where = anchor("hazard", row["model"], row["event"], row["term"], row["level"])
    name = f"“{row['term_label']}”"
    verb = goes_with(payload)
    odds = (
        f"adjusted odds ratio of leaving after any one session {ratio(row['estimate'])},"
        f" {odds_interval(row['conf_low'], row['conf_high'])}, {people(row['n_used'])} people"
        f"{dropped_out(payload.tables['dropouts'].frame, row['model'], row['term'])}"
    )
    if row["conf_low"] > 1 or row["conf_high"] < 1:
        sooner = "sooner" if row["conf_low"] > 1 else "later or not at all"
        return Sentence(f"{name} {verb} dropping out {sooner} ({odds}).", where, "clear")
    return Sentence(
        f"Whether {name} {verb} dropping out sooner or later the data do not settle ({odds}).",
        where,
        "cannot tell",
    )


def _left_out(payload: Payload) -> list[Sentence]:
    """Who is not followed, and definitions that have no time."""
    frame, shown = payload.tables["people"].frame, payload.facts["shown"]
    who = frame.set_index("definition").loc[shown]
    parts = [f"{people(who[name])} {why}" for name, why in _NOT_FOLLOWED.items() if who[name] != 0]
    where = anchor("followup", shown)
    found = [Sentence(f"Not in these numbers, people: {listed(parts)}.", where)] if parts else []
    without = frame[frame["reason"].notna()]
    for reason, mine in without.groupby("reason", sort=False):
        named = listed([f"“{words(name)}”" for name in mine["definition"]])
        found.append(Sentence(f"No time to dropout by {named}: {reason}.", kind="refusal"))
    return found
