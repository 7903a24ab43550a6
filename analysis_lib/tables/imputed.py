"""How are models with imputed covariates laid out beside those of complete cases?"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, count, n_of, p_value, percent
from analysis_lib.imputed_models import COMPLETE, IMPUTED
from analysis_lib.payload import Payload
from analysis_lib.tables.common import (
    anchor,
    group_heads,
    group_labels,
    is_banded,
    number,
    standing_notes,
    text,
    title,
    words,
)
from analysis_lib.tables.outcome_models import odds_ratio
from analysis_lib.tables.termination import term_label

_HEADS = {COMPLETE: "Complete cases", IMPUTED: "Missing covariates imputed"}


def imputed(payload: Payload) -> FormattedTable:
    """The adjusted odds ratios among complete cases and with missing covariates imputed."""
    frame, guards = payload.tables["models"].frame, payload.tables["guards"].frame
    rows: list[Row] = []
    notes: list[str] = []
    for model, methods in guards.groupby("model", sort=False):
        mine = frame[frame["model"] == model]
        rows.append(Row(f"Model {model}: {payload.facts['rules'][methods['event'].iloc[0]]}", heading=True))
        about = methods.set_index("method")
        for label, column in (("People", "n_used"), ("Left out", "n_missing")):
            rows.append(Row(label, tuple(_people(about, column)), 1))
        reasons = about["reason"].where(about["reason"].notna(), "")
        if reasons.ne("").all():
            notes_of = dict.fromkeys(str(why).rstrip(".") for why in reasons)
            rows.append(Row("No model", (text(f"{'; '.join(notes_of).capitalize()}.", span=5),), 1))
            continue
        for (term, level), here in mine.groupby(["term", "level"], sort=False):
            by_method = here.set_index("method").to_dict("index")
            complete, filled = by_method.get(COMPLETE), by_method.get(IMPUTED)
            cells = (*_odds(complete, payload), *_odds(filled, payload))
            lost = number(percent(filled["fmi"]) if filled else NONE)
            where = anchor("imputed", model, term, level)
            rows.append(Row(term_label(here.iloc[0]), (*cells, lost), 1, where))
        notes += [
            f"{_HEADS[method]}, model {model}: {str(why).rstrip('.')}."
            for method, why in reasons.items()
            if why
        ]
        lacking = mine[mine["odds_ratio"].isna() & mine["reason"].notna() & (mine["reason"] != WITHHELD)]
        notes += [
            f"{_HEADS[row['method']]}, {term_label(row)}, model {model}: {str(row['reason']).rstrip('.')}."
            for _, row in lacking.iterrows()
        ]
    m = payload.facts["n_imputations"]
    standing = [
        "Adjusted odds ratios of dropping out, Firth. Complete cases: 95% profile limits."
        f" Imputed: {m} data sets completed by chained equations with predictive mean matching, Wald variances"
        " combined by Rubin's rules with Barnard and Rubin's degrees of freedom.",
        "p: penalised likelihood-ratio test among complete cases, t test of the combined estimate where covariates are"
        " imputed; not adjusted for looking at several terms.",
        f"The imputation holds the themes, the covariates, who dropped out{_cluster(payload)}. Values are taken to be"
        " missing at random given these, which no data can show. Themes are never imputed; left out with imputing:"
        " people who were not coded for a theme.",
        "Lost: the share of what the data could say about the term that is gone with the missing values (fraction of"
        " missing information).",
    ]
    heads = (
        (Head(_HEADS[COMPLETE], colspan=2), Head(_HEADS[IMPUTED], colspan=3)),
        (Head("Odds ratio [95% CI]"), Head("p"), Head("Odds ratio [95% CI]"), Head("p"), Head("Lost")),
    )
    return FormattedTable(
        title(payload, "The same models with nobody left out for a missing covariate"),
        "Term",
        heads,
        tuple(rows),
        (*standing, *notes, *standing_notes(payload)),
    )


def _people(about: pd.DataFrame, column: str) -> list[Cell]:
    complete, filled = (
        number(count(about.at[method, column], absent=WITHHELD)) for method in (COMPLETE, IMPUTED)
    )
    return [complete, number(""), filled, number(""), number("")]


def _odds(row: dict[Hashable, Any] | None, payload: Payload) -> tuple[Cell, Cell]:
    """Odds ratio with interval, and p, of one method; dashes where it has none."""
    if row is None:
        return number(NONE), number(NONE)
    return number(odds_ratio(pd.Series(row))), number(p_value(row["p_value"], band=is_banded(payload)))


def _cluster(payload: Payload) -> str:
    kinds = dict.fromkeys(words(name).removesuffix(" id") for name in payload.facts["clusters"].values())
    return f" and, of the others with the same {' or '.join(kinds)}, the share who did" if kinds else ""


def missing_covariates(payload: Payload) -> FormattedTable:
    """Which covariate lacks how many people, by outcome group."""
    frame = payload.tables["missing"].frame
    labels = group_labels(payload)
    groups = list(dict.fromkeys(frame["group"]))
    rows: list[Row] = []
    for model, mine in frame.groupby("model", sort=False):
        rule = payload.facts["rules"][mine["event"].iloc[0]]
        rows.append(Row(f"Model {model}: {rule}", heading=True))
        for term, here in mine.groupby("term", sort=False):
            by_group = here.set_index("group")
            cells = tuple(
                number(n_of(by_group.at[g, "n_missing"], by_group.at[g, "n_eligible"])) for g in groups
            )
            label = str(here["term_label"].iloc[0])
            known = label if here["imputed"].eq(True).all() else f"{label} (never imputed)"
            rows.append(Row(known, cells, 1, anchor("missing", model, term)))
    heads = group_heads(payload)
    notes = (
        "People who lack a value, of everybody whose ending the definition can judge. A theme is lacking where nobody"
        " was asked to code it.",
        "Any covariate: people who lack one or more.",
    )
    return FormattedTable(
        title(payload, "Who lacks what"),
        "Term",
        (tuple(Head(heads.get(group, labels.get(group, words(group).capitalize()))) for group in groups)
         or (Head("People"),),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )  # fmt: skip
