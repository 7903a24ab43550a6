"""Would the answer change if nobody had been left out for a missing covariate?

Every stated termination model once more, under its stated event, with missing covariates imputed several times and
the fits combined, beside the complete cases. The imputation model holds the themes, the covariates, the outcome and
how the other clients of the therapist ended. Themes are never imputed: who was not coded stays out, and so does who
has no outcome.

References: Rubin 1987, Multiple Imputation for Nonresponse in Surveys; Barnard & Rubin 1999, Biometrika 86, 948-955;
White, Royston & Wood 2011, Stat Med 30, 377-399; Sterne et al. 2009, BMJ 338, b2393, on what to report.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelError
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.firth import FirthFit, firth_logistic
from analysis_lib.stats.missing import impute, pool_rubin
from analysis_lib.study import TerminationModelPlan
from analysis_lib.termination import FIRTH, NO_GROUP, TerminationModels
from analysis_lib.termination_design import ModelData, Record, Term, design, model_data, smallest_cell

N_IMPUTATIONS = 20
COMPLETE, IMPUTED = "complete cases", "multiple imputation"
ANY = "any"  # in place of a term: people who lack at least one covariate

# Why there is nothing imputed; no phrase holds a number of people.
NOBODY_LACKS = "nobody lacks a value of the covariates, so there is nothing to impute"
REFLEXIVE = "reflexive thematic analysis does not read frequency as importance, so no model is fitted"
NOBODY_CODED = "nobody with a known ending was coded for every theme of the model"
FEW_VALUES = "too few people have a value of a covariate that others lack"
NOT_FITTED = "the model could not be fitted to every completed data set"
SEPARATED = "it separates the outcome, and what is known about it is too lopsided to be combined"


@dataclass(frozen=True, repr=False)
class ImputedModels(Readable):
    """The stated models with and without the people who lack a covariate.

    Parameters
    ----------
    table
        ``model, event, term, term_label, level, reference, method, odds_ratio, conf_low, conf_high, p_value, df, fmi,
        n_used, n_missing, n_imputations, smallest_cell, reason``. ``method`` is "complete cases", as in the table of
        models, or "multiple imputation"; ``df``, ``fmi`` (fraction of missing information) and ``n_imputations``
        belong to the second alone. ``n_missing`` people have a known ending and are left out.
    guards
        ``model, event, method, n_used, n_missing, reason``; a method with a ``reason`` has no rows in ``table``.
    missing
        ``model, event, group, term, term_label, imputed, n_missing, n_eligible``: who lacks what, by outcome group;
        a last row per group counts whoever lacks at least one covariate, with term "any". ``imputed`` is False for
        themes.
    n_imputations
        Completed data sets.
    reason
        Why nothing is imputed in any model; None where something is.
    """

    matrix: ThemeMatrix
    table: pd.DataFrame
    guards: pd.DataFrame
    missing: pd.DataFrame
    n_imputations: int
    reason: str | None


_TABLE = [
    "model", "event", "term", "term_label", "level", "reference", "method", "odds_ratio", "conf_low", "conf_high",
    "p_value", "df", "fmi", "n_used", "n_missing", "n_imputations", "smallest_cell", "reason",
]  # fmt: skip
_MISSING = ["model", "event", "group", "term", "term_label", "imputed", "n_missing", "n_eligible"]


def fit_imputed(models: TerminationModels) -> ImputedModels:
    """Fit each stated model, under its stated event, with missing covariates imputed.

    Parameters
    ----------
    models
        The termination models of a wave.

    Returns
    -------
    ImputedModels
        A model in which nobody lacks a covariate, or that cannot be fitted, has a ``reason`` among the guards.

    Notes
    -----
    Twenty completed data sets by chained equations with predictive mean matching. A model that names a ``cluster:``
    has the share of the others in the cluster who dropped out among the predictors: an indicator for each of two
    dozen therapists would use up the data. Each data set is fitted by Firth's penalised likelihood; coefficients and
    their Wald variances are combined by Rubin's rules with Barnard and Rubin's degrees of freedom. Limits are hence
    symmetric on the log scale, those of the complete cases are profile limits. A term that separates the outcome in
    any completed data set has no symmetric error to combine and gets a reason. Values are taken to be missing at
    random given what the imputation model holds; no data can show that.

    Examples
    --------
    >>> import analysis_lib as al
    >>> models = al.fit_termination(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> found = al.fit_imputed(models)
    >>> found.n_imputations, found.table["method"].unique().tolist()
    (20, ['complete cases', 'multiple imputation'])
    """
    themes = models.matrix
    study = themes.wave.study
    reason = None if study.termination_models else models.reason
    if study.tradition == "reflexive":
        reason = REFLEXIVE
    records = _Records()
    for plan in study.termination_models if reason is None else ():
        _fit_one(models, plan, records)
    guards = pd.DataFrame(
        records.guards, columns=["model", "event", "method", "n_used", "n_missing", "reason"]
    )
    reasons = guards.loc[guards["method"] == IMPUTED, "reason"]
    if reason is None and len(reasons) and reasons.eq(NOBODY_LACKS).all():
        reason = NOBODY_LACKS
    return ImputedModels(
        themes,
        pd.DataFrame(records.table, columns=_TABLE),
        guards,
        pd.DataFrame(records.missing, columns=_MISSING),
        N_IMPUTATIONS,
        reason,
    )


@dataclass
class _Records:
    """The rows of every table while models are fitted."""

    table: list[Record] = field(default_factory=list)
    guards: list[Record] = field(default_factory=list)
    missing: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class _Completed:
    """The fits of one model to its completed data sets.

    Parameters
    ----------
    cells
        Design column -> fewest people on any side in any completed data set.
    """

    fits: tuple[FirthFit, ...]
    cells: dict[str, int]


def _fit_one(models: TerminationModels, plan: TerminationModelPlan, records: _Records) -> None:
    themes = models.matrix
    data = model_data(themes, plan, plan.event)
    values = themes.values.loc[data.eligible, [theme for theme in plan.themes if theme in themes.values]]
    people = data.eligible[values.notna().all(axis=1).to_numpy()]
    records.missing += _missing(themes, data)
    _complete_cases(models, data, records)
    reason, found = _cannot_impute(themes, data, people), None
    if reason is None:
        try:
            found = _completed(themes, plan, data, people)
            reason = None if found is not None else FEW_VALUES
        except ModelError as error:
            reason = str(error)
    guard = data.key | {
        "method": IMPUTED,
        "n_used": len(people),
        "n_missing": len(data.eligible) - len(people),
    }
    records.guards.append(guard | {"reason": reason})
    if found is None:
        return
    for term in data.terms:
        for column, level in zip(term.columns, term.levels, strict=True):
            row = guard | _named(term) | {"level": level, "reference": term.reference}
            row["n_imputations"] = N_IMPUTATIONS
            records.table.append(row | _pooled(found, column, len(people)))


def _cannot_impute(themes: ThemeMatrix, data: ModelData, people: pd.Index) -> str | None:
    """Why the model would not exist with everybody in it, or is the same as without imputing."""
    flag = themes.wave.participants.loc[people, f"dropout_{data.event}"].astype(float)
    if not len(people):
        return NOBODY_CODED
    if flag.nunique() == 1:
        return "everybody dropped out" if flag.iloc[0] else "nobody dropped out"
    if len(people) <= len(data.cells) + 1:
        return "there are too few people for so many parameters"
    return NOBODY_LACKS if len(people) == len(data.X) else None


def _named(term: Term) -> Record:
    return {"term": term.name, "term_label": term.label}


def _complete_cases(models: TerminationModels, data: ModelData, records: _Records) -> None:
    """The adjusted rows of the table of models, or the reason why it has none."""
    table, guards = models.table, models.guards
    mine = table[(table["model"] == data.plan.name) & (table["event"] == data.event)]
    mine = mine[(mine["method"] == FIRTH) & mine["adjusted"].eq(True)]
    about = guards[(guards["model"] == data.plan.name) & (guards["event"] == data.event)]["reason"]
    people: Record = {"n_used": len(data.X), "n_missing": len(data.eligible) - len(data.X)}
    reason = next((why for why in about if why), None) if mine["odds_ratio"].isna().all() else None
    records.guards.append(data.key | {"method": COMPLETE} | people | {"reason": reason})
    for row in mine.to_dict("records") if reason is None else ():
        records.table.append({name: row.get(name) for name in _TABLE} | {"method": COMPLETE} | people)


def _completed(
    themes: ThemeMatrix, plan: TerminationModelPlan, data: ModelData, people: pd.Index
) -> _Completed | None:
    """Fits to every completed data set; None where a covariate has too few values to draw from."""
    wave = themes.wave
    flag = wave.participants.loc[people, f"dropout_{plan.event}"].astype(float)
    handed_in = themes.values.loc[people, [theme for theme in plan.themes if theme in themes.values]].copy()
    for covariate in plan.covariates:
        values = wave.participants.loc[people, covariate.column]
        number = covariate.type == "number"
        handed_in[covariate.column] = (
            values.astype("Float64").astype(float) if number else values.astype("string")
        )
        if values.notna().sum() < _FEWEST_VALUES:
            return None
    handed_in[_FLAG] = flag
    if plan.cluster is not None:
        handed_in[_OTHERS] = _share_of_others(flag, wave.participants.loc[people, plan.cluster])
    copies = impute(handed_in, n_imputations=N_IMPUTATIONS, seed=wave.study.seed).frames
    fits, cells = [], {column: len(people) for column in data.cells}
    for copy in copies:
        completed = wave.participants.copy()
        for covariate in plan.covariates:
            filled = copy[covariate.column].astype(completed[covariate.column].dtype)
            completed.loc[people, covariate.column] = filled
        X, _ = design(replace(themes, wave=replace(wave, participants=completed)), plan, people)
        X = X.reindex(columns=list(data.cells), fill_value=0.0)
        y = flag.to_numpy(dtype=float)
        fits.append(firth_logistic(X.to_numpy(dtype=float), y, names=list(X)))
        cells = {name: min(cells[name], smallest_cell(X[name].to_numpy(dtype=float), y)) for name in cells}
    return _Completed(tuple(fits), cells)


_FLAG, _OTHERS = (
    "outcome",
    "share of others in the cluster",
)  # no column of participants has a space in its name
_FEWEST_VALUES = 5  # people to draw a missing value from


def _share_of_others(flag: pd.Series, cluster: pd.Series) -> pd.Series:
    """Share of the others in a person's cluster who dropped out; the share of all where there is no other."""
    label = cluster.astype("string")
    n = flag.groupby(label).transform("size") - 1
    others = (flag.groupby(label).transform("sum") - flag) / n.where(n > 0)
    return others.reindex(flag.index).astype(float).fillna(float(flag.mean()))


def _pooled(found: _Completed, column: str, n: int) -> Record:
    """One coefficient over all completed data sets."""
    at = found.fits[0].names.index(column)
    estimates = np.array([fit.coef[at] for fit in found.fits])
    variances = np.array([fit.se[at] for fit in found.fits]) ** 2
    row: Record = {"smallest_cell": found.cells[column]}
    if not np.isfinite([estimates, variances]).all():
        return row | {"reason": NOT_FITTED}
    if any(column in fit.separation_terms for fit in found.fits):
        return row | {"reason": SEPARATED}
    pooled = pool_rubin(estimates, variances, n=n, k=len(found.fits[0].names))
    row |= {"df": pooled.df, "fmi": pooled.fmi, "p_value": pooled.p_value}
    keys = ("odds_ratio", "conf_low", "conf_high")
    ends = np.exp([pooled.estimate, pooled.conf_low, pooled.conf_high])
    return row | dict(zip(keys, map(float, ends), strict=True))


def _missing(themes: ThemeMatrix, data: ModelData) -> list[Record]:
    """People who lack each term, by outcome group."""
    wave = themes.wave
    group = wave.participants.loc[data.eligible, "outcome_group"].astype("string").fillna(NO_GROUP)
    columns, terms = design(themes, data.plan, data.eligible)
    covariates = [covariate.column for covariate in data.plan.covariates]
    lacking = {term.name: columns[list(term.columns)].isna().any(axis=1) for term in terms if term.columns}
    some = pd.DataFrame({name: lacking[name] for name in covariates if name in lacking}, index=data.eligible)
    counted = [(_named(term) | {"imputed": term.name in covariates}, lacking[term.name])
               for term in terms if term.columns]  # fmt: skip
    counted.append(({"term": ANY, "term_label": "Any covariate", "imputed": True}, some.any(axis=1)))
    names = [
        name for name in (*wave.study.outcome.groups, NO_GROUP) if (group == name).any() or name != NO_GROUP
    ]
    return [
        data.key
        | {"group": name}
        | about
        | {"n_missing": int(lacks[group == name].sum()), "n_eligible": int((group == name).sum())}
        for name in names
        for about, lacks in counted
    ]
