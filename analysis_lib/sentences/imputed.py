"""How is it said whether people left out for a missing covariate would have changed the answer?"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from analysis_lib.formatting import WITHHELD
from analysis_lib.imputed_models import COMPLETE, IMPUTED
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, dropped_out, odds_with_interval, people, refusal
from analysis_lib.sentences.outcome_models import direction
from analysis_lib.tables.common import anchor

Row = dict[Hashable, Any]


def imputed(payload: Payload) -> tuple[Sentence, ...]:
    """Each theme's odds ratio among complete cases and with missing covariates imputed."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    frame = payload.tables["models"].frame
    found: list[Sentence] = []
    for model, methods in payload.tables["guards"].frame.groupby("model", sort=False):
        about = methods.set_index("method").to_dict("index")
        complete, filled = about[COMPLETE], about[IMPUTED]
        if filled["reason"]:
            why = str(filled["reason"]).rstrip(".")
            found.append(Sentence(f"Model {model} is not fitted with imputed values: {why}.", kind="refusal"))
            continue
        text = (
            f"Model {model}: {people(complete['n_used'])} people are complete cases; with missing covariates imputed it"
            f" holds {people(filled['n_used'])}."
        )
        found.append(Sentence(text))
        if complete["reason"]:
            why = str(complete["reason"]).rstrip(".")
            found.append(Sentence(f"There is no model of complete cases beside it: {why}.", kind="refusal"))
        mine = frame[(frame["model"] == model) & (frame["level"] == "present")]
        for term, rows in mine.groupby("term", sort=False):
            where = anchor("imputed", model, term, "present")
            by_method = rows.set_index("method").to_dict("index")
            beside = dropped_out(payload.tables["dropouts"].frame, str(model), str(term))
            found.append(_theme(by_method.get(COMPLETE), by_method[IMPUTED], where, beside))
    if any(sentence.kind != "refusal" for sentence in found):
        text = (
            "Imputing takes values to be missing at random given the themes, the covariates and the ending; no data can"
            " show that."
        )
        found.append(Sentence(text, kind="limit"))
    return tuple(found)


def _theme(complete: Row | None, filled: Row, where: str, beside: str) -> Sentence:
    """Whether the reading of a theme stays the same, with plain counts beside."""
    name = f"“{filled['term_label']}”"
    for row, what in ((filled, "with imputed values"), (complete, "among complete cases")):
        if row is not None and pd.isna(row["odds_ratio"]):
            if row["reason"] == WITHHELD:
                text = f"{name}: the estimate {what} is withheld, too few people in a cell."
            else:
                text = f"{name}: no estimate {what}, since {str(row['reason']).rstrip('.')}."
            return Sentence(text, where, "refusal")
    if complete is None:
        text = f"{name}: adjusted odds ratio {_odds(filled)} with imputed values{beside}."
        return Sentence(text, where, "clear" if direction(filled) else "cannot tell")
    odds = f"{name}: adjusted odds ratio {_odds(filled)} with imputed values, {_odds(complete)} among complete cases"
    odds += beside
    before, after = direction(complete), direction(filled)
    if before == after:
        text = "The reading stays the same." if after else "Both leave it open whether there is a link."
        return Sentence(f"{odds}. {text}", where, "clear" if after else "cannot tell")
    return Sentence(
        f"{odds}. The reading depends on who is left out; treat it as open.",
        where,
        "tentative",
    )


def _odds(row: Row) -> str:
    return odds_with_interval(row["odds_ratio"], row["conf_low"], row["conf_high"])
