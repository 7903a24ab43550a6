"""How is it said how far the odds ratio of a theme moves when covariates are added?"""

from __future__ import annotations

from math import log

import pandas as pd

from analysis_lib.formatting import WITHHELD
from analysis_lib.model_blocks import CRUDE, THEMES
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, dropped_out, listed, odds_with_interval, people, refusal
from analysis_lib.tables.blocks import refused
from analysis_lib.tables.common import anchor

_MOVED = 1.1  # a change by less than a tenth either way is called small


def blocks(payload: Payload) -> tuple[Sentence, ...]:
    """Each theme alone and with everything in the model, and in which direction it moved."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    frame = payload.tables["rows"].frame
    found = []
    for model, steps in payload.tables["steps"].frame.groupby("model", sort=False):
        why = refused(steps)
        if why is not None:
            found.append(Sentence(f"Model {model} cannot be fitted block by block: {why}.", kind="refusal"))
            continue
        for term, rows in frame[frame["model"] == model].groupby("term", sort=False):
            beside = dropped_out(payload.tables["dropouts"].frame, str(model), str(term))
            found.append(_theme(rows, anchor("block", model, term), beside))
    if any(sentence.kind == "fact" for sentence in found):
        text = (
            "An odds ratio also moves, mostly away from 1, when what is added goes with dropping out and not with the"
            " theme."
        )
        found.append(Sentence(text, kind="limit"))
    return tuple(found)


def _theme(rows: pd.DataFrame, where: str, beside: str) -> Sentence:
    """The first step against the last, with plain counts beside."""
    first, last = rows.iloc[0], rows.iloc[-1]
    name = f"“{first['term_label']}”"
    if WITHHELD in set(rows["reason"]):
        return Sentence(f"{name}: the estimates are withheld, too few people in a cell.", where, "refusal")
    if pd.isna(first["odds_ratio"]) or pd.isna(last["odds_ratio"]):
        why = str(first["reason"] if pd.isna(first["odds_ratio"]) else last["reason"]).rstrip(".")
        text = f"{name}: how far the odds ratio moves cannot be said: {why}."
        return Sentence(text, where, "refusal")
    text = f"{name}: odds ratio of dropping out {_with_interval(first)} for the theme alone"
    if last["block"] == CRUDE:
        return Sentence(f"{text} ({people(last['n_used'])} people{beside}); nothing is added to it.", where)
    text += f", adjusted {_with_interval(last)} with {_added(list(rows['block']))}; "
    return Sentence(
        f"{text}{_moved(first['odds_ratio'], last['odds_ratio'])} ({people(last['n_used'])} people{beside}).",
        where,
    )


def _added(steps: list[str]) -> str:
    """What stands in the model beside the theme at the last step.

    >>> _added(["crude", "themes", "demographic", "service"])
    'the other themes and the demographic and service covariates'
    """
    covariates = listed([step for step in steps if step not in (CRUDE, THEMES)])
    said = ["the other themes"] if THEMES in steps else []
    return listed([*said, *([f"the {covariates} covariates"] if covariates else [])])


def _moved(before: float, after: float) -> str:
    """A move of an odds ratio in words.

    >>> _moved(2.0, 2.1), _moved(2.0, 1.5), _moved(0.9, 1.2)
    ('it moves by less than a tenth', 'it moves by a tenth or more, towards 1', 'it moves by a tenth or more, across 1')
    """
    if 1 / _MOVED < after / before < _MOVED:
        return "it moves by less than a tenth"
    if log(before) * log(after) < 0:
        return "it moves by a tenth or more, across 1"
    return (
        f"it moves by a tenth or more, {'away from' if abs(log(after)) > abs(log(before)) else 'towards'} 1"
    )


def _with_interval(row: pd.Series) -> str:
    return odds_with_interval(row["odds_ratio"], row["conf_low"], row["conf_high"])
