"""How is it said whether odds ratios hold when people of one therapist resemble one another?"""

from __future__ import annotations

from collections.abc import Hashable
from math import log
from typing import Any

import pandas as pd

from analysis_lib.formatting import WITHHELD, decimal, ratio
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, dropped_out, odds_with_interval, people, refusal
from analysis_lib.tables.common import anchor
from analysis_lib.termination import FIRTH
from analysis_lib.therapists import GEE, WITHIN

_ALIKE = (
    0.05  # intervals whose widths on the log scale differ by less than this share are called about as wide
)


def therapists(payload: Payload) -> tuple[Sentence, ...]:
    """How much clusters differ, and each theme's odds ratio with and without them."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    frame = payload.tables["models"].frame
    found: list[Sentence] = []
    for about in payload.tables["icc"].frame.to_dict("records"):
        unit = payload.facts["units"][about["model"]]
        found += _how_alike(about, unit)
        if about["refusal"]:
            continue
        mine = frame[(frame["model"] == about["model"]) & (frame["level"] == "present")]
        for term, rows in mine.groupby("term", sort=False):
            by_method = rows.drop_duplicates("method").set_index("method").to_dict("index")
            where = anchor("therapists", about["model"], term, "present")
            beside = dropped_out(payload.tables["dropouts"].frame, str(about["model"]), str(term))
            found += _theme(by_method, unit, where, beside)
    if any(sentence.kind == "fact" and "“" in sentence.text for sentence in found):
        text = (
            "That an odds ratio among people who share a therapist or site differs from one over all people is no sign"
            " that either is wrong."
        )
        found.append(Sentence(text, kind="limit"))
    return tuple(found)


def _how_alike(about: dict[Hashable, Any], unit: str) -> list[Sentence]:
    where = anchor("icc", about["model"])
    who = f"Model {about['model']}, {people(about['n_used'])} people of {people(about['n_clusters'])} {unit}s"
    if about["n_missing"] != 0:
        who += f" ({people(about['n_missing'])} left out, no {unit} on record)"
    if about["refusal"]:
        return [
            Sentence(f"{who}: nothing can be said about {unit}s, since {about['refusal']}.", where, "refusal")
        ]
    if pd.isna(about["icc"]):
        why = (
            "it is withheld, too few people are behind it" if about["reason"] == WITHHELD else about["reason"]
        )
        return [Sentence(f"{who}: how alike people of one {unit} are is not given: {why}.", where, "refusal")]
    text = f"{who}: people of one {unit} correlate {decimal(about['icc'])} in dropping out"
    if pd.notna(about["conf_low"]):
        text += f" (95% CI {decimal(about['conf_low'])} to {decimal(about['conf_high'])})"
    found = [Sentence(f"{text}; 0 would be no more alike than people of different {unit}s.", where)]
    if pd.notna(about["median_odds_ratio"]):
        text = (
            f"For two people alike in every term of model {about['model']} but of different {unit}s, the higher odds of"
            f" dropping out are {ratio(about['median_odds_ratio'])} times the lower, in the median over such pairs; an"
            " estimate without an interval."
        )
        found.append(Sentence(text, where))
    return found


def _theme(
    by_method: dict[Hashable, dict[Hashable, Any]], unit: str, where: str, beside: str
) -> list[Sentence]:
    """One theme with clusters ignored, in the error, and within them, with plain counts beside."""
    ignored, allowed, within = (by_method[method] for method in (FIRTH, GEE, WITHIN))
    name = f"“{ignored['term_label']}”"
    if pd.isna(ignored["odds_ratio"]):
        why = ignored["reason"]
        why = "withheld, too few people in a cell" if why == WITHHELD else f"missing: {str(why).rstrip('.')}"
        return [Sentence(f"{name}: the estimates are {why}.", where, "refusal")]
    n_used = people(ignored["n_used"])
    text = f"{name}: adjusted odds ratio {_with_interval(ignored)} with {unit}s ignored ({n_used} people)"
    if pd.isna(allowed["odds_ratio"]):
        why = str(allowed["reason"]).rstrip(".")
        text += f". With errors that allow for {unit}s there is none: {why}."
        return [Sentence(text, where, "cannot tell")]
    text += f" and {_with_interval(allowed)} with errors that allow for {unit}s, an interval that is"
    text += f" {_width(ignored, allowed)}."
    known = [ignored, allowed]
    if pd.notna(within["odds_ratio"]):
        known.append(within)
        text += (
            f" Among people of the same {unit} it is {_with_interval(within)}, from {people(within['n_used'])} people"
            f" of {people(within['n_clusters'])} {unit}s."
        )
    sides = {row["odds_ratio"] > 1 for row in known}
    n_settled = sum(row["conf_low"] > 1 or row["conf_high"] < 1 for row in known)
    text += " All point the same way" if len(sides) == 1 else " They do not all point the same way"
    text += f"; {n_settled} of {len(known)} intervals exclude 1{beside}."
    return [Sentence(text, where)]


def _with_interval(row: dict[Hashable, Any]) -> str:
    return odds_with_interval(row["odds_ratio"], row["conf_low"], row["conf_high"])


def _width(ignored: dict[Hashable, Any], allowed: dict[Hashable, Any]) -> str:
    """The second interval against the first, on the log scale."""
    first, second = (log(row["conf_high"]) - log(row["conf_low"]) for row in (ignored, allowed))
    if abs(second / first - 1) < _ALIKE:
        return "about as wide"
    return "wider" if second > first else "narrower"
