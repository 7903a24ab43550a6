"""What goes with termination, in odds and in plain probabilities, under which dropout definition?

Models are those that study.yaml states in advance; nothing selects variables. Every model is fitted once per
dropout definition, each term alone and all together on the same complete cases, by Firth's penalised
likelihood, with maximum likelihood beside it where it exists.

References: Firth 1993, Biometrika 80, 27-38; Heinze & Schemper 2002, Stat Med 21, 2409-2419; Puhr et al.
2017, Stat Med 36, 2302-2317 (FLIC); Riley et al. 2020, BMJ 368, m441.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelError
from analysis_lib.late_starters import ALL_LATE
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.firth import FirthFit, firth_logistic
from analysis_lib.stats.logistic import logistic
from analysis_lib.stats.marginal import marginal_probabilities
from analysis_lib.stats.sample_size import events_per_parameter, max_parameters, sample_size
from analysis_lib.study import TerminationModelPlan
from analysis_lib.termination_design import NOT_CODED, ModelData, Record, Term, model_data, themes_left_out

FIRTH, ML = "firth", "maximum likelihood"
REFLEXIVE = "reflexive thematic analysis does not read frequency as importance, so no model is fitted"
NO_GROUP = "no group"
ASSUMED_R2 = 0.1  # Cox-Snell R2 for the sample-size guard; small, as in the attrition literature


@dataclass(frozen=True, repr=False)
class TerminationModels(Readable):
    """Every stated model under every dropout definition.

    Parameters
    ----------
    table
        ``model, event, term, term_label, level, reference, adjusted, odds_ratio, conf_low, conf_high,
        p_value, method, n_used, n_events, events_per_parameter, smallest_cell, separated, reason``.
    probabilities
        ``model, event, term, term_label, level, probability, conf_low, conf_high, average_risk_difference,
        ard_low, ard_high, n_used, smallest_cell, reason``, from the adjusted Firth fit with FLIC's intercept.
    events
        Counts behind the fits: ``model, event, term, term_label, level, n_events, n_total``.
    guards
        One row per model and definition: ``n_late, n_eligible, n_used, n_dropped, n_events, n_parameters,
        events_per_parameter, n_needed, parameters_allowed, separated, reason``; ``n_late`` people began therapy too
        late before the data cut to be judged and are in none of the other numbers.
    dropped
        Who is left out for missing values: ``model, event, group, n_eligible, n_used, n_dropped``.
    left_out
        Themes that a model names and that are not in it: ``model, event, term, term_label, reason``.
    reason
        Why there is no model at all; None where there is one.
    """

    matrix: ThemeMatrix
    table: pd.DataFrame
    probabilities: pd.DataFrame
    events: pd.DataFrame
    guards: pd.DataFrame
    dropped: pd.DataFrame
    left_out: pd.DataFrame
    reason: str | None


def fit_termination(themes: ThemeMatrix) -> TerminationModels:
    """Fit the termination models of study.yaml.

    Parameters
    ----------
    themes
        The participant x theme matrix of a wave.

    Returns
    -------
    TerminationModels
        One row set per dropout definition. A model that cannot be fitted has rows with a ``reason`` instead
        of numbers; the reflexive tradition has a reason and no model.

    Notes
    -----
    Odds ratios are exp(b) of the penalised fit with profile limits; p-values are from the penalised
    likelihood-ratio test. Plain probabilities set a term to each level for everybody in turn and average.

    Examples
    --------
    >>> import analysis_lib as al
    >>> models = al.fit_termination(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> bool((models.guards["n_events"] > 0).all())
    True
    """
    study = themes.wave.study
    records = _Records()
    reflexive = study.tradition == "reflexive"
    for plan in () if reflexive else study.termination_models:
        for definition in sorted(study.dropout_definitions, key=lambda d: d.name != plan.event):
            _fit_one(themes, plan, definition.name, records)
    reason = None
    if reflexive:
        reason = REFLEXIVE
    elif not records.guards:
        reason = "study.yaml states no termination model"
    elif all(guard["n_eligible"] == 0 for guard in records.guards):
        late = any(guard["n_late"] for guard in records.guards)
        reason = ALL_LATE if late else "nobody in this wave has an ending that a dropout definition can judge"
    frames = {
        name: pd.DataFrame(getattr(records, name), columns=columns) for name, columns in _COLUMNS.items()
    }
    return TerminationModels(themes, reason=reason, **frames)


_COLUMNS = {
    "table": [
        "model", "event", "term", "term_label", "level", "reference", "adjusted", "odds_ratio", "conf_low",
        "conf_high", "p_value", "method", "n_used", "n_events", "events_per_parameter", "smallest_cell",
        "separated", "reason",
    ],
    "probabilities": [
        "model", "event", "term", "term_label", "level", "probability", "conf_low", "conf_high",
        "average_risk_difference", "ard_low", "ard_high", "n_used", "smallest_cell", "reason",
    ],
    "events": ["model", "event", "term", "term_label", "level", "n_events", "n_total"],
    "guards": [
        "model", "event", "n_late", "n_eligible", "n_used", "n_dropped", "n_events", "n_parameters",
        "events_per_parameter", "n_needed", "parameters_allowed", "separated", "reason",
    ],
    "dropped": ["model", "event", "group", "n_eligible", "n_used", "n_dropped"],
    "left_out": ["model", "event", "term", "term_label", "reason"],
}  # fmt: skip


@dataclass
class _Records:
    """The rows of every table while models are fitted."""

    table: list[Record] = field(default_factory=list)
    probabilities: list[Record] = field(default_factory=list)
    events: list[Record] = field(default_factory=list)
    guards: list[Record] = field(default_factory=list)
    dropped: list[Record] = field(default_factory=list)
    left_out: list[Record] = field(default_factory=list)


def _fit_one(themes: ThemeMatrix, plan: TerminationModelPlan, event: str, records: _Records) -> None:
    data = model_data(themes, plan, event)
    n, n_events, n_parameters = len(data.y), data.n_events, len(data.cells)
    reason, separated = data.reason, ""
    if reason is None:
        try:
            fit = firth_logistic(data.X.to_numpy(dtype=float), data.y, names=list(data.X.columns))
            separated = ", ".join(fit.separation_terms)
            # A limit that could not be found concerns its own row, not the model.
            reason = fit.reason if np.isnan(fit.coef).all() else None
            records.table += _alone(data, ML) + _alone(data, FIRTH) + _together(data)
            records.probabilities += _probabilities(data, fit)
        except ModelError as error:
            reason = str(error)
    for theme in themes_left_out(themes, plan):
        label = themes.wave.study.codebook[theme].label
        records.left_out.append(data.key | {"term": theme, "term_label": label, "reason": NOT_CODED})
    needed, allowed = _riley(n, n_events, n_parameters)
    people = themes.wave.participants.loc[themes.values.index]
    records.events += _events(data)
    records.dropped += _dropped(data, people, themes.wave.study.outcome.groups)
    records.guards.append(
        data.key
        | {
            "n_late": len(data.late),
            "n_eligible": len(data.eligible),
            "n_used": n,
            "n_dropped": len(data.eligible) - n,
            "n_events": n_events,
            "n_parameters": n_parameters,
            "events_per_parameter": _epp(data),
            "n_needed": needed,
            "parameters_allowed": allowed,
            "separated": separated,
            "reason": reason,
        }
    )


def _epp(data: ModelData) -> float:
    """Events per parameter; 0 where there is no event or nothing but events."""
    n_nonevents = len(data.y) - data.n_events
    if not data.cells or 0 in (data.n_events, n_nonevents):
        return 0.0
    return events_per_parameter(data.n_events, n_nonevents, len(data.cells))


def _riley(n: int, n_events: int, n_parameters: int) -> tuple[int | None, int | None]:
    """People needed for this many parameters, and parameters that this many people allow."""
    if not 0 < n_events < n or n_parameters == 0:
        return None, None
    highest = 1 - np.exp(
        2 * (np.log(n_events / n) * n_events + np.log(1 - n_events / n) * (n - n_events)) / n
    )
    r2 = min(ASSUMED_R2, 0.9 * float(highest))
    needed = sample_size(n_parameters=n_parameters, prevalence=n_events / n, r2_cox_snell=r2)
    return needed.n, max_parameters(n, r2_cox_snell=r2)


def _events(data: ModelData) -> list[Record]:
    """Dropouts at each level of the terms that have levels."""
    records = []
    for term in data.terms:
        columns = data.X[list(term.columns)].to_numpy(dtype=float)
        if not term.columns or not set(np.unique(columns)) <= {0.0, 1.0}:
            continue
        for label, values in term.settings:
            here = (columns == np.array(values)).all(axis=1)
            counted = {"level": label, "n_events": int(data.y[here].sum()), "n_total": int(here.sum())}
            records.append(data.key | _named(term) | counted)
    return records


def dropouts_of_stated_models(themes: ThemeMatrix) -> pd.DataFrame:
    """Dropouts among people with and without each theme of each model, under its stated event and before any fit.

    Returns
    -------
    DataFrame
        ``model, event, term, term_label, level, n_events, n_total``, themes only; the people are those of the model.
    """
    found: list[Record] = []
    for plan in themes.wave.study.termination_models:
        rows = _events(model_data(themes, plan, plan.event))
        found += [row for row in rows if row["term"] in plan.themes]
    return pd.DataFrame(found, columns=_COLUMNS["events"])


def _named(term: Term) -> Record:
    return {"term": term.name, "term_label": term.label}


def _alone(data: ModelData, method: str) -> list[Record]:
    """Each term on its own."""
    return [
        row for term in data.terms if term.columns for row in _fitted(data, (term,), method, adjusted=False)
    ]


def _together(data: ModelData) -> list[Record]:
    """All terms at once, by both methods."""
    return [row for method in (ML, FIRTH) for row in _fitted(data, data.terms, method, adjusted=True)]


def _fitted(data: ModelData, terms: tuple[Term, ...], method: str, *, adjusted: bool) -> list[Record]:
    """One row per design column of a fit; a fit that does not exist has rows with a reason."""
    names = [column for term in terms for column in term.columns]
    X = data.X[names].to_numpy(dtype=float)
    found: dict[str, Record] = {}
    separated: tuple[str, ...] = ()
    try:
        fit = firth_logistic(X, data.y, names=names) if method == FIRTH else logistic(X, data.y, names=names)
        reason = fit.reason
        if isinstance(fit, FirthFit):
            separated = fit.separation_terms
        odds = zip(
            fit.names, np.exp(fit.coef), np.exp(fit.conf_low), np.exp(fit.conf_high), fit.p_value, strict=True
        )
        keys = ("odds_ratio", "conf_low", "conf_high", "p_value")
        found = {name: dict(zip(keys, numbers, strict=True)) for name, *numbers in odds}
    except ModelError as error:
        reason = str(error)
    common = {"adjusted": adjusted, "method": method, "n_used": len(data.y), "n_events": data.n_events}
    common["events_per_parameter"] = events_per_parameter(
        data.n_events, len(data.y) - data.n_events, len(names)
    )
    return [
        data.key
        | _named(term)
        | {"level": level, "reference": term.reference, "smallest_cell": data.cells[column]}
        | {"separated": column in separated, "reason": reason}
        | common
        | found.get(column, {})
        for term in terms
        for column, level in zip(term.columns, term.levels, strict=True)
    ]


def _probabilities(data: ModelData, fit: FirthFit) -> list[Record]:
    """Average probability at each level of each term, and its difference from the first level."""
    records = []
    for term in data.terms:
        if not term.columns:
            continue
        result = marginal_probabilities(
            fit,
            data.X.to_numpy(dtype=float),
            data.y,
            columns=term.columns,
            settings=[values for _, values in term.settings],
            labels=[label for label, _ in term.settings],
        )
        smallest = min(data.cells[column] for column in term.columns)
        for i, (label, _) in enumerate(term.settings):
            row: Record = {
                "level": label,
                "probability": result.probability[i],
                "conf_low": result.conf_low[i],
                "conf_high": result.conf_high[i],
                "n_used": len(data.y),
                "smallest_cell": smallest,
                "reason": result.reason,
            }
            if i != result.reference:
                row["average_risk_difference"] = result.average_risk_difference[i]
                row["ard_low"], row["ard_high"] = result.ard_low[i], result.ard_high[i]
            records.append(data.key | _named(term) | row)
    return records


def _dropped(data: ModelData, people: pd.DataFrame, groups: tuple[str, ...]) -> list[Record]:
    """Who of each outcome group is left out for a missing value."""
    group = people["outcome_group"].astype("string").fillna(NO_GROUP)
    records = []
    for name in (*groups, NO_GROUP):
        mine = group.index[group == name]
        n_eligible, n_used = len(mine.intersection(data.eligible)), len(mine.intersection(data.X.index))
        if n_eligible or name in groups:
            counted = {"n_eligible": n_eligible, "n_used": n_used, "n_dropped": n_eligible - n_used}
            records.append(data.key | {"group": name} | counted)
    return records
