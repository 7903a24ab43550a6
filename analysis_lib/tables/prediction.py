"""How are the measures of prediction laid out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    decimal,
    missing,
    n_of,
    percent,
    percent_interval,
)
from analysis_lib.model_prediction import AUC, INTERCEPT, SLOPE
from analysis_lib.payload import Payload
from analysis_lib.stats.proportions import wilson
from analysis_lib.tables.common import anchor, number, standing_notes, text, title

MEASURES = {
    AUC: "Area under the curve (AUC)",
    SLOPE: "Calibration slope",
    INTERCEPT: "Calibration in the large",
}
_MEANING = (
    "AUC: chance that somebody who dropped out has a higher predicted risk than somebody who did not; 0.5 is a coin,"
    " 1 is no mistake. DeLong's interval.",
    "Calibration slope: 1 where risks are as spread as they should be, below 1 where they are too extreme. In the"
    " large: what to add to the logits of the risks so that they average to the observed share; 0 in these people by"
    " construction.",
)
OTHERS = "What the model does in other people has to be seen in other people."


def prediction(payload: Payload) -> FormattedTable:
    """Each measure in the people the model was fitted to, and corrected for that."""
    frame = payload.tables["measures"].frame
    rows: list[Row] = []
    for (model, event), mine in frame.groupby(["model", "event"], sort=False):
        first = mine.iloc[0]
        rows.append(Row(model_heading(payload, first), heading=True))
        if mine["estimate"].isna().all() and not mine["reason"].eq(WITHHELD).any():
            why = str(first["reason"]).rstrip(".")
            rows.append(Row("No measure", (text(f"{why[:1].upper()}{why[1:]}.", span=3),), 1))
            continue
        for row in mine.to_dict("records"):
            held = WITHHELD if row["reason"] == WITHHELD else NONE
            cells = (
                number(with_interval(row) or held),
                number(decimal(row["optimism"]) if not missing(row["optimism"]) else held),
                number(decimal(row["corrected"]) if not missing(row["corrected"]) else held),
            )
            where = anchor("prediction", model, event, row["measure"])
            rows.append(Row(MEASURES[row["measure"]], cells, 1, where))
    heads = ("In the people it was fitted to [95% CI]", "Optimism", "Corrected")
    resampled = f"{payload.facts['resamples']} resamples, seed {payload.facts['seed']}"
    notes = (
        "Risks of the adjusted Firth fit with FLIC's intercept.",
        *_MEANING,
        "Optimism: mean loss when a model of a bootstrap resample is applied to everybody"
        f" ({resampled}). {OTHERS}",
    )
    return FormattedTable(
        title(payload, "How well the model would foretell dropping out"),
        "Measure",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*(notes if payload.facts["resamples"] else ()), *standing_notes(payload)),
    )


def model_heading(payload: Payload, row: pd.Series) -> str:
    """A model with its event and people."""
    n = f"{count(row['n_events'], absent=WITHHELD)} of {count(row['n_used'], absent=WITHHELD)} people"
    return f"Model {row['model']}: {payload.facts['rules'][row['event']]} ({n} with complete data)"


def with_interval(row: object) -> str:
    """A measure with its interval; empty where it is missing."""
    if missing(row["estimate"]):  # type: ignore[index]  # a row of a frame
        return ""
    if missing(row["conf_low"]):  # type: ignore[index]
        return decimal(row["estimate"])  # type: ignore[index]
    return f"{decimal(row['estimate'])} [{decimal(row['conf_low'])}, {decimal(row['conf_high'])}]"  # type: ignore[index]


def risk_groups(payload: Payload) -> FormattedTable:
    """How many dropped out among people of low and of high predicted risk."""
    frame = observed(payload)
    rows: list[Row] = []
    for model, mine in frame.groupby("model", sort=False):
        if frame["model"].nunique() > 1:
            rows.append(Row(f"Model {model}", heading=True))
        for row in mine.to_dict("records"):
            share = f"{percent(row['share'])} {percent_interval(row['conf_low'], row['conf_high'])}".strip()
            cells = (
                number(percent(row["risk"]) if not missing(row["risk"]) else WITHHELD),
                number(n_of(row["n_events"], row["n_total"])),
                number(WITHHELD if missing(row["share"]) else share),
            )
            rows.append(Row(f"Group {row['bin']}", cells, int(frame["model"].nunique() > 1)))
    note = (
        "Groups of rising predicted risk, about equally large. Predicted: mean of the group. Observed: share that"
        " dropped out, with 95% Wilson interval. These are the people that the model was fitted to, which flatters."
    )
    return FormattedTable(
        title(payload, "Predicted and observed dropping out"),
        "People by predicted risk",
        ((Head("Predicted risk"), Head("Dropped out"), Head("Observed [95% CI]")),),
        tuple(rows),
        (*((note,) if rows else ()), *standing_notes(payload)),
    )


def observed(payload: Payload) -> pd.DataFrame:
    """The groups by risk with the observed share and its interval; NaN where a count is withheld."""
    frame = payload.tables["bins"].frame
    known = frame[["n_events", "n_total"]].notna().all(axis=1) & frame["n_total"].gt(0)
    share = wilson(frame.loc[known, "n_events"].to_numpy(float), frame.loc[known, "n_total"].to_numpy(float))
    found = frame.assign(share=float("nan"), conf_low=float("nan"), conf_high=float("nan"))
    found.loc[known, "share"] = share.estimate
    found.loc[known, "conf_low"], found.loc[known, "conf_high"] = share.conf_low, share.conf_high
    return found
