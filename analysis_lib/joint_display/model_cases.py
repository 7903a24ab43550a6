"""Who is typical of a termination model, and who goes against it?

Among people with a theme of the model: *typical* are those with a high fitted probability of dropping out who did, and
those with a low one who stayed; *deviant* those with a high one who stayed and those with a low one who dropped out.
A fitted probability describes people the model was fitted to; it foretells nothing, and leaves as a third only.

References: Seawright & Gerring 2008, Polit Res Q 61(2), 294-308 (typical and deviant cases); Guetterman, Fetters &
Creswell 2015, Ann Fam Med 13(6), 554-561.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelError
from analysis_lib.joint_display.quote_choice import SAID, in_order, quoted_already
from analysis_lib.quantitize import families
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.termination import FIRTH, TerminationModels
from analysis_lib.termination_design import ModelData, Record, model_data

HIGH, LOW = "highest", "lowest"
LEFT, STAYED = "dropped out", "stayed"
# Third of the fitted probabilities, what happened, and what that makes of the person.
CASES = (
    (HIGH, LEFT, "typical"),
    (LOW, STAYED, "typical"),
    (HIGH, STAYED, "deviant"),
    (LOW, LEFT, "deviant"),
)
NO_MODELS = "no termination model was given to the display"
TOO_ALIKE = "fitted probabilities are too much alike to be told apart as thirds"

_ODDS = [
    "model", "event", "term", "term_label", "odds_ratio", "conf_low", "conf_high", "n_used", "n_events",
    "smallest_cell", "reason",
]  # fmt: skip
_PEOPLE = ["model", "event", "term", "third", "ended", "case", "n_cases", "n_total"]
_QUOTES = ["model", "event", "term", "third", "ended", *SAID, "n_alike"]


@dataclass(frozen=True)
class ModelCases:
    """Odds ratios of themes beside people who fit the model and people who do not.

    Parameters
    ----------
    odds
        ``model, event, term, term_label, odds_ratio, conf_low, conf_high, n_used, n_events, smallest_cell, reason``:
        the adjusted Firth estimate of each theme under the definition its model was stated for. ``reason`` says why
        there is no estimate, or no case beside one.
    people
        ``model, event, term, third, ended, case, n_cases, n_total``: of the people in the model with the theme
        (``n_total``), how many are of each kind.
    quotes
        ``model, event, term, third, ended``, the columns of ``SAID`` and ``n_alike``: at most one per kind;
        ``theme_id`` is the theme the words were coded with, ``term`` itself or one below it; ``n_alike`` is how many
        people of the kind are in that outcome group.
    reason
        Why there is nothing at all; None where there is something.
    """

    odds: pd.DataFrame
    people: pd.DataFrame
    quotes: pd.DataFrame
    reason: str | None


def model_cases(models: TerminationModels | None, words: pd.DataFrame, quotes: pd.DataFrame) -> ModelCases:
    """Typical and deviant cases of every theme of every stated model.

    Parameters
    ----------
    models
        Termination models of the wave; None where the display has none.
    words
        The words behind each theme; see :func:`coded_words`.
    quotes
        What the display quotes already; see :func:`two_quotes`.

    Notes
    -----
    Probabilities are ranked by the linear predictor of the adjusted Firth fit, over everybody in the model; thirds end
    at its tertiles and take people who lie on them. Where a tertile cannot separate (few different values) there are
    no cases. A quote is from the outcome group that most people of the kind are in, one that the display shows already
    where there is one, then as for the rest of the display; never for being extreme.
    """
    records: dict[str, list[Record]] = {"odds": [], "people": [], "quotes": []}
    if models is None:
        return _as_frames(records, NO_MODELS)
    if models.reason is not None:
        return _as_frames(records, models.reason)
    for plan in models.matrix.wave.study.termination_models:
        data = model_data(models.matrix, plan, plan.event)
        thirds, reason = fitted_thirds(data)
        for term in plan.themes:
            if term in data.X:
                records["odds"].append(data.key | _estimate(models, data, term, reason))
                if thirds is not None:
                    _add_cases(records, data, term, thirds, models, words, quotes)
            else:
                records["odds"] += [
                    {name: row[name] for name in ("model", "event", "term", "term_label", "reason")}
                    for row in models.left_out.to_dict("records")
                    if (row["model"], row["event"], row["term"]) == (plan.name, plan.event, term)
                ]
    return _as_frames(
        records, None if records["odds"] else "no termination model of study.yaml holds a theme"
    )


def fitted_thirds(data: ModelData) -> tuple[pd.Series | None, str | None]:
    """``highest``, ``middle`` or ``lowest`` for everybody in a model; or None and why not."""
    if data.reason is not None:
        return None, data.reason
    X = data.X.to_numpy(dtype=float)
    try:
        fit = firth_logistic(X, data.y, names=list(data.X.columns))
    except ModelError as error:
        return None, str(error)
    if np.isnan(fit.coef).any():
        return None, fit.reason or "the model could not be fitted"
    # Rounded, so that equal people have equal values on every machine.
    linear = (np.column_stack([np.ones(len(data.y)), X]) @ fit.coef).round(9)
    low, high = np.quantile(linear, [1 / 3, 2 / 3])
    if not low < high:
        return None, TOO_ALIKE
    third = np.select([linear <= low, linear >= high], [LOW, HIGH], "middle")
    return pd.Series(third, index=data.X.index), None


def _estimate(models: TerminationModels, data: ModelData, term: str, reason: str | None) -> Record:
    table = models.table
    mine = table[
        (table["model"] == data.plan.name) & (table["event"] == data.event) & (table["term"] == term)
    ]
    mine = mine[mine["adjusted"].eq(True) & (mine["method"] == FIRTH)]
    label = models.matrix.wave.study.codebook[term].label
    if not len(mine):
        return {"term": term, "term_label": label, "reason": reason}
    found: Record = mine[[name for name in _ODDS if name not in ("model", "event")]].iloc[0].to_dict()
    return found | {"reason": found["reason"] or reason}


def _add_cases(
    records: dict[str, list[Record]],
    data: ModelData,
    term: str,
    thirds: pd.Series,
    models: TerminationModels,
    words: pd.DataFrame,
    quotes: pd.DataFrame,
) -> None:
    """Count each kind of case among people with the theme, and quote one of them."""
    has_it = data.X[term] == 1
    said = words[words["theme_id"].isin(families(models.matrix.wave.study.codebook)[term])]
    for third, ended, case in CASES:
        here = has_it & (thirds == third) & ((data.y == 1) == (ended == LEFT))
        key = data.key | {"term": term, "third": third, "ended": ended}
        counted = {"case": case, "n_cases": int(here.sum()), "n_total": int(has_it.sum())}
        records["people"].append(key | counted)
        alike = models.matrix.groups[here.index[here]].value_counts(sort=False)
        theirs = said[said["participant_id"].isin(here.index[here]) & (said["clearance"] != "withheld")]
        known = [group for group in alike.index if group in set(theirs["group"])]
        main = max(known, key=lambda group: alike[group], default=None)
        theirs = quoted_already(theirs[theirs["group"] == main], quotes)
        for row in in_order(theirs).head(1).to_dict("records"):
            records["quotes"].append(
                key | {name: row[name] for name in SAID} | {"n_alike": int(alike[row["group"]])}
            )


def _as_frames(records: dict[str, list[Record]], reason: str | None) -> ModelCases:
    return ModelCases(
        pd.DataFrame(records["odds"], columns=_ODDS),
        pd.DataFrame(records["people"], columns=_PEOPLE),
        pd.DataFrame(records["quotes"], columns=_QUOTES),
        reason,
    )
