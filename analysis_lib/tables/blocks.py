"""How are models laid out that grow block by block?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, count, ratio, ratio_interval
from analysis_lib.model_blocks import CRUDE, STEPS, THEMES
from analysis_lib.payload import Payload
from analysis_lib.tables.common import anchor, number, standing_notes, text, title

_HEADS = {CRUDE: "Theme alone", THEMES: "All themes"}


def blocks(payload: Payload) -> FormattedTable:
    """The odds ratios of the themes of each model, one column per step of adjustment."""
    frame, behind = payload.tables["rows"].frame, payload.tables["steps"].frame
    steps = [step for step in STEPS if (behind["block"] == step).any()]
    rows: list[Row] = []
    notes: list[str] = []
    for model, grown in behind.groupby("model", sort=False):
        rows.append(Row(_heading(payload, grown.iloc[0]), heading=True))
        why = refused(grown)
        if why is not None:
            rows.append(Row("No model", (text(f"{why}.", span=max(1, len(steps))),), 1))
            continue
        rows.append(Row("Parameters", tuple(number(_parameters(grown, step)) for step in steps), 1))
        mine = frame[frame["model"] == model]
        for term, here in mine.groupby("term", sort=False):
            cells = tuple(_odds(here[here["block"] == step]) for step in steps)
            rows.append(Row(here["term_label"].iloc[0], cells, 1, anchor("block", model, term)))
        notes += [*_added(grown, str(model)), *_why_not(mine, grown, str(model))]
    if frame["separated"].eq(True).any():
        notes.append("† A theme that separates the outcome: only the penalised estimate is finite.")
    standing = (
        "Odds ratios of dropping out with 95% profile penalised-likelihood intervals (Firth). Each step keeps the terms"
        " of the one before; the people are the same at every step, those with complete data for the full model.",
        "An odds ratio also moves when a covariate goes with dropping out but not with the theme, so a move by itself"
        " does not show confounding. The order of blocks is fixed; nothing is selected.",
    )
    heads = tuple(Head(_HEADS.get(step, f"+ {step}")) for step in steps) or (Head("Step"),)
    return FormattedTable(
        title(payload, "Odds ratios of the themes, block by block"),
        "Theme",
        (heads,),
        tuple(rows),
        (*standing, *notes, *standing_notes(payload)),
    )


def refused(steps: pd.DataFrame) -> str | None:
    """Why no step of a model has an estimate; None where any has."""
    reasons = list(steps["reason"])
    return str(reasons[0]).rstrip(".") if all(reasons) else None


def _heading(payload: Payload, row: pd.Series) -> str:
    rule = payload.facts["rules"][row["event"]]
    n = f"{count(row['n_events'], absent=WITHHELD)} of {count(row['n_used'], absent=WITHHELD)} people"
    return f"Model {row['model']}: {rule} ({n} with complete data)"


def _parameters(rows: pd.DataFrame, step: str) -> str:
    here = rows.loc[rows["block"] == step, "n_parameters"]
    return count(here.iloc[0]) if len(here) else NONE


def _odds(rows: pd.DataFrame) -> Cell:
    if not len(rows):
        return number(NONE)
    row = rows.iloc[0]
    if pd.isna(row["odds_ratio"]):
        return number(WITHHELD if row["reason"] == WITHHELD else NONE)
    mark = " †" if row["separated"] is True else ""
    return number(f"{ratio(row['odds_ratio'])}{mark} {ratio_interval(row['conf_low'], row['conf_high'])}")


def _added(rows: pd.DataFrame, model: str) -> list[str]:
    """What each block of covariates brings."""
    named = rows[~rows["block"].isin(_HEADS)]
    said = "; ".join(f"{row.block}: {row.added}" for row in named.itertuples())
    return [f"Blocks of model {model}: {said}."] if said else [f"Model {model} has no covariates."]


def _why_not(rows: pd.DataFrame, steps: pd.DataFrame, model: str) -> list[str]:
    """Why a step has no estimate, or not of every theme."""
    notes = []
    for step in steps.itertuples():
        here = rows[(rows["block"] == step.block) & (rows["reason"] != WITHHELD)]
        alone = [f"{row.term_label}: {row.reason}" for row in here.itertuples() if row.reason]
        said = [step.reason] if step.reason else alone
        notes += [f"Step {step.block}, model {model}: {str(why).rstrip('.')}." for why in said]
    return notes
