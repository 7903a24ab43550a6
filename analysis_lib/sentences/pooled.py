"""How is it said what remains of the strongest odds ratio once the whole bank is taken into account?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.formatting import missing, ratio, ratio_interval
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, against, refusal, several
from analysis_lib.tables.common import anchor, group_labels
from analysis_lib.tables.pooled import pooled_of


def pooled_odds_ratios(payload: Payload) -> tuple[Sentence, ...]:
    """Per group: the strongest theme before and after, and how far themes differ at all."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    table, banks = pooled_of(payload)
    labels = group_labels(payload)
    found, spreads = [], []
    for bank in banks.to_dict("records"):
        name = f"{labels[bank['group']]} against {labels[bank['reference']].lower()}"
        if not missing(bank["reason"]):
            found.append(Sentence(f"{name}: nothing is pooled, {bank['reason']}.", kind="refusal"))
            continue
        mine = table[(table["group"] == bank["group"]) & table["pooled_odds_ratio"].notna()]
        found.append(_strongest(mine, name))
        spreads.append(_bank(mine, bank, name))
    if not found:
        return (refusal("no group has anybody to compare"),)
    text = (
        "Pooling takes out the luck of being the largest as far as themes are a sample of one kind; it takes out no"
        " bias and does not say why groups differ."
    )
    return (*found, *spreads, Sentence(text, kind="limit"))


def _strongest(mine: pd.DataFrame, name: str) -> Sentence:
    """The largest odds ratio that has two ends; one of 0 or without an upper end holds too few people to be it."""
    finite = mine[(mine["odds_ratio"] > 0) & np.isfinite(mine["odds_ratio"])]
    if finite.empty:
        return Sentence(f"{name}: every theme is absent in one of the two groups.", kind="limit")
    top = finite.loc[_distance(finite["odds_ratio"]).idxmax()]
    found_in_both = "" if len(finite) == len(mine) else " that both groups have"
    text = (
        f"{name}: the strongest of {several(len(finite), 'theme')}{found_in_both}, “{top['theme_label']}”"
        f" ({_counts(top)}), goes from"
        f" an odds ratio of {ratio(top['odds_ratio'])} (95% CI {_limits(top, 'or_low', 'or_high')}) by itself to"
        f" {ratio(top['pooled_odds_ratio'])} (95% interval {_limits(top, 'pooled_low', 'pooled_high')}) once"
        f" the {len(mine)} themes are pooled"
    )
    first = mine.loc[_distance(mine["pooled_odds_ratio"]).idxmax()]
    if first["theme_id"] != top["theme_id"]:
        text += (
            f"; pooled, “{first['theme_label']}” ({_counts(first)}) lies farthest from 1, at"
            f" {ratio(first['pooled_odds_ratio'])} (95% interval {_limits(first, 'pooled_low', 'pooled_high')}; by"
            " itself"
            f" {ratio(first['odds_ratio'])}, 95% CI {_limits(first, 'or_low', 'or_high')})"
        )
    return Sentence(f"{text}.", anchor("pooled", top["theme_id"], top["group"]))


def _counts(row: pd.Series) -> str:
    return against(row["n_with_theme"], row["n_total"], row["n_with_reference"], row["n_reference"])


def _bank(mine: pd.DataFrame, bank: dict[Any, Any], name: str) -> Sentence:
    alone = int(((mine["or_low"] > 1) | (mine["or_high"] < 1)).sum())
    pooled = int(((mine["pooled_low"] > 1) | (mine["pooled_high"] < 1)).sum())
    mean = ratio_interval(bank["mean_low"], bank["mean_high"])[1:-1].replace(", ", " to ")
    spread = ratio_interval(bank["spread_low"], bank["spread_high"])[1:-1].replace(", ", " to ")
    return Sentence(
        f"{name}: {alone} of {len(mine)} intervals exclude 1 by themselves, {pooled} pooled; the odds ratio of a theme"
        f" typically differs from the average one of {ratio(bank['mean_odds_ratio'])} (95% interval {mean}) by a"
        " factor of"
        f" {ratio(bank['spread'])} (95% interval {spread}).",
        anchor("bank", bank["group"]),
    )


def _distance(odds_ratio: pd.Series) -> pd.Series:
    """How far from 1 on the log scale; rounded, so that ties go to the first theme on every machine."""
    return np.log(odds_ratio.astype("float64")).abs().round(9)


def _limits(row: pd.Series, low: str, high: str) -> str:
    return ratio_interval(row[low], row[high])[1:-1].replace(", ", " to ")
