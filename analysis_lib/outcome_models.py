"""What goes with each outcome group, all groups at once, and what goes with satisfaction?

The terms of every stated termination model against all outcome groups in one penalised multinomial fit, so that
nobody has to be merged into "left" and "stayed"; and against satisfaction, where the wave has it, by proportional
odds. That one odds ratio holds at every cut of satisfaction is an assumption: the odds ratio at each cut by itself
stands beside it. Nothing selects variables.

References: Firth 1993, Biometrika 80, 27-38; Kosmidis & Firth 2011, Biometrika 98, 755-759; McCullagh 1980, J R Stat
Soc B 42, 109-142; Harrell 2015, Regression Modeling Strategies, 2nd ed., 13.3, on looking at each cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.crosstab import SMALLEST_GROUP
from analysis_lib.errors import ModelError
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.multinomial import MultinomialFit, firth_multinomial
from analysis_lib.stats.ordered import ordered_logistic
from analysis_lib.study import TerminationModelPlan
from analysis_lib.termination_design import FloatArray, Record, Term, design, smallest_cell

GROUPS, SATISFACTION = "outcome_group", "satisfaction"
MULTINOMIAL, PROPORTIONAL = "penalised multinomial", "proportional odds"
HIGHER, LOWER = "higher", "lower"
MOST_LEVELS = 11  # of satisfaction: a scale from 0 to 10

# Why there is no estimate; no phrase holds a number of people.
REFLEXIVE = "reflexive thematic analysis does not read frequency as importance, so no model is fitted"
NO_MODEL = "study.yaml states no termination model"
NO_GROUP = "nobody in this wave has an outcome group"
NO_COMPARISON = "no comparison group in this wave, so there is nothing to compare with"
NO_COMPLETE = "nobody has complete data"
NO_TERM = "the model has no term"
TOO_FEW = "there are too few people for so many parameters"
EMPTY_GROUP = "nobody in this wave is in the group"
SMALL_GROUP = "too few people of the group have complete data, so they are left out of the model"
SMALL_REFERENCE = "too few people of the reference group have complete data"
SMALL_OTHERS = "too few people of every other group have complete data"
DEPENDENT = "terms of the model determine each other"
NOT_FOUND = "the estimates could not be found; fewer terms may help"
NO_LIMIT = "the profile likelihood could not be followed for this term"
NOT_RECORDED = "satisfaction is not recorded in this wave"
SAME_SCORE = "everybody with complete data has the same satisfaction"
MANY_SCORES = "satisfaction takes too many different values to be read as ordered answers"
SEPARATED = "the terms tell levels of satisfaction apart completely, so there is no finite estimate"


@dataclass(frozen=True, repr=False)
class OutcomeModels(Readable):
    """Every stated model against all outcome groups and against satisfaction.

    Parameters
    ----------
    table
        ``model, outcome, group, reference, term, term_label, level, level_reference, odds_ratio, conf_low,
        conf_high, p_value, p_value_term, method, n_used, n_missing, smallest_cell, reason``. ``outcome`` is
        ``outcome_group``, with a row per group other than the reference, or ``satisfaction``, with ``group`` higher
        and ``reference`` lower. ``p_value_term`` tests the term in all groups at once. ``n_missing`` people have the
        outcome and lack a term.
    cuts
        ``model, term, term_label, level, level_reference, cut, odds_ratio, conf_low, conf_high, n_used, smallest_cell,
        reason``: the odds of a satisfaction of ``cut`` or more, each cut by a Firth fit of its own.
    guards
        ``model, outcome, n_used, n_missing, n_parameters, separated, reason``: one row per model and outcome. A model
        with a ``reason`` has no rows in ``table``. ``separated``: without a penalty some estimate is infinite.
    sizes
        ``model, outcome, group, n_used, n_total``: people with complete data of all in the group or with the score.
    reason
        Why there is no model at all; None where there is one.
    """

    matrix: ThemeMatrix
    table: pd.DataFrame
    cuts: pd.DataFrame
    guards: pd.DataFrame
    sizes: pd.DataFrame
    reason: str | None


_TABLE = [
    "model", "outcome", "group", "reference", "term", "term_label", "level", "level_reference", "odds_ratio",
    "conf_low", "conf_high", "p_value", "p_value_term", "method", "n_used", "n_missing", "smallest_cell", "reason",
]  # fmt: skip
_NUMBERS = ("odds_ratio", "conf_low", "conf_high", "p_value", "p_value_term")
_GUARDS = ["model", "outcome", "n_used", "n_missing", "n_parameters", "separated", "reason"]
_CUTS = [
    "model", "term", "term_label", "level", "level_reference", "cut", "odds_ratio", "conf_low", "conf_high", "n_used",
    "smallest_cell", "reason",
]  # fmt: skip


def fit_outcome_groups(themes: ThemeMatrix) -> OutcomeModels:
    """Fit the terms of each stated termination model to all outcome groups at once, and to satisfaction.

    Parameters
    ----------
    themes
        The participant x theme matrix of a wave.

    Returns
    -------
    OutcomeModels
        What cannot be estimated has a ``reason`` instead of numbers.

    Notes
    -----
    Odds ratios of a group against the reference are exp(b) of the multinomial likelihood penalised by Jeffreys'
    prior, with profile limits and penalised likelihood-ratio tests. A group with fewer than five complete cases is
    left out; since each odds ratio compares two groups only, the others keep their meaning. A theme or level that
    nobody or everybody in the fit has gets a reason and leaves the other terms as they are. Proportional odds:
    maximum likelihood with Wald intervals, the odds of a higher score.

    Examples
    --------
    >>> import analysis_lib as al
    >>> models = al.fit_outcome_groups(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> models.guards.loc[models.guards["outcome"] == "outcome_group", "reason"].tolist()
    ['no comparison group in this wave, so there is nothing to compare with']
    """
    study = themes.wave.study
    reason = themes.reason
    if study.tradition == "reflexive":
        reason = REFLEXIVE
    elif not study.termination_models:
        reason = NO_MODEL
    records = _Records()
    for plan in study.termination_models if reason is None else ():
        _fit_groups(themes, plan, records)
        _fit_satisfaction(themes, plan, records)
    return OutcomeModels(
        themes,
        pd.DataFrame(records.table, columns=_TABLE),
        pd.DataFrame(records.cuts, columns=_CUTS),
        pd.DataFrame(records.guards, columns=_GUARDS),
        pd.DataFrame(records.sizes, columns=["model", "outcome", "group", "n_used", "n_total"]),
        reason,
    )


def counts_of_themes(models: OutcomeModels) -> pd.DataFrame:
    """People with each theme of a model in each outcome group, before any model.

    Returns
    -------
    DataFrame
        ``theme_id, group, n_with_theme, n_total``; who could have been coded for the theme, complete cases or not.
    """
    themes = models.matrix
    groups = themes.groups.astype("string")
    names = dict.fromkeys(theme for plan in themes.wave.study.termination_models for theme in plan.themes)
    rows = [
        (theme, group, int((values == 1).sum()), int(values.notna().sum()))
        for theme in names
        if theme in themes.values
        for group in themes.wave.study.outcome.groups
        for values in (themes.values.loc[groups == group, theme],)
    ]
    return pd.DataFrame(rows, columns=["theme_id", "group", "n_with_theme", "n_total"])


@dataclass
class _Records:
    """The rows of every table while models are fitted."""

    table: list[Record] = field(default_factory=list)
    cuts: list[Record] = field(default_factory=list)
    guards: list[Record] = field(default_factory=list)
    sizes: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class _Data:
    """The complete cases of one model.

    Parameters
    ----------
    X, label
        Design (n, p) without intercept, and the outcome of each row.
    n_total
        People with the outcome, complete or not, by label.
    """

    key: Record
    terms: tuple[Term, ...]
    X: pd.DataFrame
    label: pd.Series
    n_total: dict[str, int]

    @classmethod
    def of(cls, themes: ThemeMatrix, plan: TerminationModelPlan, name: str, label: pd.Series) -> _Data:
        """The complete cases among people with the outcome."""
        columns, terms = design(themes, plan, label.index)
        X = columns.dropna()
        n_total = {str(value): int(n) for value, n in label.value_counts().items()}
        return cls({"model": plan.name, "outcome": name}, terms, X, label.loc[X.index], n_total)

    @property
    def n_used(self) -> dict[str, int]:
        """Complete cases by label."""
        return {str(value): int(n) for value, n in self.label.value_counts().items()}

    def sizes(self, labels: tuple[str, ...]) -> list[Record]:
        """Complete cases of all people, by label."""
        used = self.n_used
        return [
            self.key | {"group": name, "n_used": used.get(name, 0), "n_total": self.n_total.get(name, 0)}
            for name in labels
        ]

    def row(self, term: Term, column: str, **more: object) -> Record:
        """What every row about a design column says."""
        level = term.levels[term.columns.index(column)]
        named = {
            "term": term.name,
            "term_label": term.label,
            "level": level,
            "level_reference": term.reference,
        }
        return self.key | named | more

    @property
    def places(self) -> list[tuple[Term, str]]:
        """Every design column with its term."""
        return [(term, column) for term in self.terms for column in term.columns]


def _constant(X: pd.DataFrame) -> dict[str, str]:
    """Columns that are the same for everybody, with the reason."""
    found = {}
    for name in X if len(X) else ():
        if X[name].nunique() == 1:
            value = X[name].iloc[0]
            found[str(name)] = {0.0: "nobody in the model has it", 1.0: "everybody in the model has it"}.get(
                value, "it is the same for everybody in the model"
            )
    return found


def _fit_groups(themes: ThemeMatrix, plan: TerminationModelPlan, records: _Records) -> None:
    outcome = themes.wave.study.outcome
    label = themes.groups.dropna().astype("string")
    data = _Data.of(themes, plan, GROUPS, label)
    records.sizes += data.sizes(outcome.groups)
    others = tuple(group for group in outcome.groups if group != outcome.reference)
    kept = [group for group in others if data.n_used.get(group, 0) >= SMALLEST_GROUP]
    inside = data.label.isin([outcome.reference, *kept])
    X = data.X[inside]
    label = data.label[inside]
    constant = _constant(X)
    names = [name for name in X if name not in constant]
    reason = _no_groups(data, outcome.reference, others, kept)
    if reason is None and not names:
        reason = NO_TERM if not constant else None
    if reason is None and len(X) <= (len(names) + 1) * len(kept):
        reason = TOO_FEW
    fit = None
    if reason is None and names:
        try:
            fit = firth_multinomial(
                X[names].to_numpy(dtype=float),
                label.to_numpy(dtype=str),
                reference=outcome.reference,
                groups=kept,
                names=names,
            )
            reason = _in_plain_words(fit.reason) if np.isnan(fit.coef).all() else None
        except ModelError as error:
            reason = str(error)
    n_missing = sum(data.n_total.values()) - len(data.X)
    guard: Record = {"n_used": len(X), "n_missing": n_missing, "n_parameters": (len(names) + 1) * len(kept)}
    records.guards.append(
        data.key | guard | {"separated": fit is not None and fit.separation, "reason": reason}
    )
    if reason is not None:
        return
    common: Record = {
        "reference": outcome.reference,
        "method": MULTINOMIAL,
        "n_used": len(X),
        "n_missing": n_missing,
    }
    for group in others:
        for term, column in data.places:
            row = data.row(term, column, group=group) | common
            why = constant.get(column)
            if group not in kept:
                why = SMALL_GROUP if data.n_total.get(group) else EMPTY_GROUP
            elif fit is not None and why is None:
                row |= dict(zip(_NUMBERS, _of_group(fit, group, column), strict=True))
                row["smallest_cell"] = _cell(X, label, column, group, outcome.reference)
                why = NO_LIMIT if np.isnan(_of_group(fit, group, column)).any() else None
            records.table.append(row | {"reason": why})


def _no_groups(data: _Data, reference: str, others: tuple[str, ...], kept: list[str]) -> str | None:
    if not data.n_total:
        return NO_GROUP
    if not data.n_total.get(reference) or not any(data.n_total.get(group) for group in others):
        return NO_COMPARISON
    if not len(data.X):
        return NO_COMPLETE
    if data.n_used.get(reference, 0) < SMALLEST_GROUP:
        return SMALL_REFERENCE
    return None if kept else SMALL_OTHERS


def _in_plain_words(reason: str | None) -> str:
    return DEPENDENT if reason and "determine each other" in reason else NOT_FOUND


def _of_group(fit: MultinomialFit, group: str, column: str) -> list[float]:
    at = fit.groups.index(group), fit.names.index(column)
    odds = [float(np.exp(values[at])) for values in (fit.coef, fit.conf_low, fit.conf_high)]
    return [*odds, float(fit.p_value[at]), float(fit.p_value_term[at[1]])]


def _cell(X: pd.DataFrame, label: pd.Series, column: str, group: str, reference: str) -> int:
    """Fewest people on any side of column by group or reference."""
    two = label.isin([group, reference])
    y = (label[two] == group).to_numpy(dtype=float)
    return smallest_cell(X.loc[two.to_numpy(), column].to_numpy(dtype=float), y)


def _fit_satisfaction(themes: ThemeMatrix, plan: TerminationModelPlan, records: _Records) -> None:
    scores = themes.wave.participants.loc[themes.values.index, SATISFACTION].dropna().astype(float)
    order = tuple(f"{score:g}" for score in sorted(scores.unique()))
    data = _Data.of(themes, plan, SATISFACTION, scores.map("{:g}".format).astype("string"))
    used = tuple(score for score in order if data.n_used.get(score))
    constant = _constant(data.X)
    names = [name for name in data.X if name not in constant]
    reason = _no_scores(data, order, used, len(names), bool(constant))
    records.sizes += data.sizes(order) if len(order) <= MOST_LEVELS else []
    found: dict[str, Record] = {}
    separated = False
    if reason is None and names:
        X = data.X[names].to_numpy(dtype=float)
        place = {score: i for i, score in enumerate(used)}
        codes = data.label.map(place).to_numpy(dtype=np.int64)
        cells = {name: _smallest_over_cuts(data.X[name].to_numpy(dtype=float), codes) for name in names}
        try:
            fit = ordered_logistic(X, data.label.to_numpy(dtype=str), order=used, names=names)
            if fit.reason is not None:
                separated = fit.separation
                reason = SEPARATED if fit.separation else _in_plain_words(fit.reason)
            odds = np.exp([fit.coef, fit.conf_low, fit.conf_high])
            for at, name in enumerate(fit.names):
                numbers = [*odds[:, at].tolist(), float(fit.p_value[at])]
                found[name] = dict(zip(_NUMBERS[:4], numbers, strict=True)) | {"smallest_cell": cells[name]}
            records.cuts += _each_cut(data, names, codes, used)
        except ModelError as error:
            reason = str(error)
    n_missing = sum(data.n_total.values()) - len(data.X)
    guard: Record = {"n_used": len(data.X), "n_missing": n_missing}
    guard["n_parameters"] = len(names) + max(len(used) - 1, 0)
    records.guards.append(data.key | guard | {"separated": separated, "reason": reason})
    common: Record = {"group": HIGHER, "reference": LOWER, "method": PROPORTIONAL}
    common |= {"n_used": len(data.X), "n_missing": n_missing}
    for term, column in data.places if reason is None else ():
        row = data.row(term, column, **common) | found.get(column, {})
        records.table.append(row | {"reason": constant.get(column)})


def _no_scores(
    data: _Data, order: tuple[str, ...], used: tuple[str, ...], n_terms: int, some_constant: bool
) -> str | None:
    if not order:
        return NOT_RECORDED
    if len(order) > MOST_LEVELS:
        return MANY_SCORES
    if not len(data.X):
        return NO_COMPLETE
    if len(used) == 1:
        return SAME_SCORE
    if n_terms == 0:
        return None if some_constant else NO_TERM
    return TOO_FEW if len(data.X) <= n_terms + len(used) - 1 else None


def _each_cut(data: _Data, names: list[str], codes: NDArray[np.int64], used: tuple[str, ...]) -> list[Record]:
    """The odds ratio of every term at every cut, each cut by a fit of its own."""
    X, records = data.X[names].to_numpy(dtype=float), []
    for cut in range(1, len(used)):
        above = (codes >= cut).astype(float)
        fit = firth_logistic(X, above, names=names)
        for term, column in data.places:
            if column not in names:
                continue
            at = fit.names.index(column)
            row = data.row(term, column, cut=used[cut], n_used=len(above))
            del row["outcome"]
            row["smallest_cell"] = smallest_cell(data.X[column].to_numpy(dtype=float), above)
            odds = np.exp([fit.coef[at], fit.conf_low[at], fit.conf_high[at]])
            row |= dict(zip(_NUMBERS[:3], odds.tolist(), strict=True))
            known = np.isfinite(odds)
            row["reason"] = None if known.all() else NO_LIMIT if known.any() else _in_plain_words(fit.reason)
            records.append(row)
    return records


def _smallest_over_cuts(x: FloatArray, codes: NDArray[np.int64]) -> int:
    """Fewest people on any side of a column at any cut of satisfaction."""
    return min(smallest_cell(x, (codes >= cut).astype(float)) for cut in range(1, codes.max() + 1))
