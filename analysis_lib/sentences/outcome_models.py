"""How is it said what goes with each outcome group, and what with satisfaction?"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from analysis_lib.formatting import WITHHELD, ratio
from analysis_lib.outcome_models import GROUPS, SATISFACTION
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import (
    Sentence,
    against,
    listed,
    odds_interval,
    p_in_words,
    people,
    refusal,
)
from analysis_lib.tables.common import anchor, group_labels, is_banded
from analysis_lib.tables.outcome_models import range_over_cuts

_ORDER = ("clear", "tentative", "cannot tell", "refusal", "limit")


def outcome_models(payload: Payload) -> tuple[Sentence, ...]:
    """Each theme of a model by group, then by satisfaction."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    frame = payload.tables["models"].frame
    found: list[Sentence] = []
    for guard in payload.tables["guards"].frame.itertuples():
        if guard.reason:
            about = {GROUPS: "all outcome groups at once", SATISFACTION: "satisfaction"}[guard.outcome]
            text = f"Model {guard.model}, {about}: {guard.reason.rstrip('.')}."
            found.append(Sentence(text, kind="refusal"))
            continue
        mine = frame[(frame["model"] == guard.model) & (frame["outcome"] == guard.outcome)]
        for _, rows in mine[mine["level"] == "present"].groupby("term", sort=False):
            found += [_theme(rows, payload)] if guard.outcome == GROUPS else [_score(rows.iloc[0], payload)]
        if guard.outcome == SATISFACTION:
            text = (
                "The model of satisfaction takes one odds ratio to hold at every cut of the scores; that is looked at"
                " and not tested."
            )
            found.append(Sentence(text, kind="limit"))
    if any(sentence.kind in ("clear", "tentative", "cannot tell") for sentence in found):
        text = "These intervals and p-values are not adjusted for how many themes, groups and outcomes are looked at."
        found.insert(0, Sentence(text, kind="limit"))
    return tuple(dict.fromkeys(sorted(found, key=lambda sentence: _ORDER.index(sentence.kind))))


def odds_in_words(row: pd.Series | dict[Hashable, Any]) -> str:
    """An odds ratio with its interval.

    >>> odds_in_words({"odds_ratio": 4.06, "conf_low": 1.65, "conf_high": 9.98})
    '4.06, 95% CI 1.65 to 9.98'
    """
    return f"{ratio(row['odds_ratio'])}, {odds_interval(row['conf_low'], row['conf_high'])}"


def direction(row: pd.Series | dict[Hashable, Any]) -> str:
    """Which way an interval settles an odds ratio: ``more``, ``less`` or, where it holds 1, nothing."""
    return "more" if row["conf_low"] > 1 else "less" if row["conf_high"] < 1 else ""


def _theme(rows: pd.DataFrame, payload: Payload) -> Sentence:
    """One theme against every group."""
    labels = group_labels(payload)
    counts = payload.tables["counts"].frame
    counts = counts[counts["theme_id"] == rows["term"].iloc[0]].set_index("group")
    said: dict[str, list[str]] = {"more": [], "less": [], "": [], WITHHELD: []}
    for _, row in rows.iterrows():
        group = labels[row["group"]].lower()
        if pd.isna(row["conf_low"]) or pd.isna(row["conf_high"]):
            said[WITHHELD] += [group] if row["reason"] == WITHHELD else []
        else:
            held, total = (counts[name] for name in ("n_with_theme", "n_total"))
            here = tuple((held[name], total[name]) for name in (row["group"], payload.facts["reference"]))
            plain = f"{against(*here[0], *here[1])} with it; " if row["group"] in counts.index else ""
            said[direction(row)].append(f"{group} ({plain}{odds_in_words(row)})")
    reference = labels[payload.facts["reference"]].lower()
    parts = [f"goes {way} with {listed(said[way])}" for way in ("more", "less") if said[way]]
    name, n = f"“{rows['term_label'].iloc[0]}”", people(rows["n_used"].iloc[0])
    where = anchor("groups", rows["model"].iloc[0], rows["term"].iloc[0], "present")
    p, alpha, banded = rows["p_value_term"].dropna(), payload.facts["alpha"], is_banded(payload)
    settled = p.empty or bool(p.iloc[0] <= alpha if banded else p.iloc[0] < alpha)
    kind = ("clear" if settled else "tentative") if parts else "cannot tell" if said[""] else "refusal"
    text = f"{name} {' and '.join(parts)} than with {reference}" if parts else ""
    if said[""]:
        unsettled = f"the data do not settle whether it goes with {listed(said[''], 'or')}"
        text = f"{text}; {unsettled}" if text else f"{name}: {unsettled} more or less than with {reference}"
    if said[WITHHELD]:
        held = f"withheld, too few people in a cell: {listed(said[WITHHELD])}"
        text = f"{text}; {held}" if text else f"{name}: {held}"
    if not text:
        why = next((str(why) for why in rows["reason"] if why), "there is no estimate")
        return Sentence(f"{name} by outcome group: no estimate, since {why.rstrip('.')}.", where, "refusal")
    at_once = "" if p.empty else f"all groups at once {p_in_words(p.iloc[0], band=banded)}, "
    return Sentence(f"{text} (adjusted odds ratios, {at_once}{n} people).", where, kind)


def _score(row: pd.Series, payload: Payload) -> Sentence:
    """One theme and satisfaction."""
    name, n = f"“{row['term_label']}”", people(row["n_used"])
    where = anchor("satisfaction", row["model"], row["term"], row["level"])
    if pd.isna(row["odds_ratio"]):
        why = "withheld, too few people in a cell" if row["reason"] == WITHHELD else f"none, {row['reason']}"
        return Sentence(f"{name}: estimate for satisfaction {why.rstrip('.')}.", where, "refusal")
    odds = f"adjusted odds ratio of a higher score {odds_in_words(row)}, {n} people"
    way = {"more": "higher", "less": "lower"}.get(direction(row), "")
    lowest, highest, differs = range_over_cuts(payload, row)
    tail = ""
    if differs:
        tail = (
            f" At single cuts of the scores it runs from {ratio(lowest)} to {ratio(highest)}, so this one number does"
            " not describe the theme well."
        )
    if way:
        return Sentence(f"{name} goes with a {way} satisfaction score ({odds}).{tail}", where, "clear")
    text = f"Whether {name} goes with satisfaction the data do not settle ({odds}).{tail}"
    return Sentence(text, where, "cannot tell")
