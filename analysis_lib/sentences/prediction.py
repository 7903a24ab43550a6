"""How is it said how well the models would foretell dropping out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatting import WITHHELD, decimal, missing
from analysis_lib.model_prediction import AUC, SLOPE
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, people, refusal
from analysis_lib.tables.common import anchor
from analysis_lib.tables.prediction import OTHERS


def prediction(payload: Payload) -> tuple[Sentence, ...]:
    """How well each stated model tells leavers apart, whether its risks come true, and what that does not show."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    found = []
    for model, mine in payload.tables["measures"].frame.groupby("model", sort=False):
        rows = mine.set_index("measure")
        where = anchor("prediction", model, mine["event"].iloc[0], AUC)
        if missing(rows.at[AUC, "estimate"]):
            reason = rows.at[AUC, "reason"]
            why = "withheld, too few people" if reason == WITHHELD else str(reason).rstrip(".")
            found.append(Sentence(f"Model {model} has no measure of prediction: {why}.", where, "refusal"))
            continue
        found.append(Sentence(_area(model, rows.loc[AUC], payload), where))
        if not missing(rows.at[SLOPE, "corrected"]):
            found.append(
                Sentence(
                    _slope(model, rows.loc[SLOPE]), anchor("prediction", model, mine["event"].iloc[0], SLOPE)
                )
            )
    return (*found, Sentence(OTHERS, kind="limit"))


def _area(model: str, row: pd.Series, payload: Payload) -> str:
    rule = payload.facts["rules"][row["event"]]
    text = (
        f"In the people it was fitted to ({people(row['n_used'])}, of whom {people(row['n_events'])} dropped out:"
        f" {rule}), model {model} ranks somebody who dropped out above somebody who did not in"
        f" {round(100 * row['estimate'])} of 100 pairs (AUC {decimal(row['estimate'])}"
    )
    if not missing(row["conf_low"]):
        text += f", 95% CI {decimal(row['conf_low'])} to {decimal(row['conf_high'])}"
    if missing(row["corrected"]):
        return f"{text})."
    return f"{text}); corrected for having been fitted to them, in {round(100 * row['corrected'])}."


def _slope(model: str, row: pd.Series) -> str:
    slope = row["corrected"]
    text = f"The calibration slope of model {model}, corrected, is {decimal(slope)}: "
    if round(slope, 2) < 1:
        return (
            text
            + "in other people like these its high risks are expected to be too high and its low ones too low."
        )
    return text + "nothing suggests that its risks would be too extreme in other people like these."
