"""Do the odds ratios hold when clients of one therapist resemble one another, and how much do therapists differ?

Each model of study.yaml that names a ``cluster:`` is fitted four times to the same people: as if nobody shared a
therapist, over all people with errors that allow for therapists, with a random intercept, and within therapists
only. Therapists can be recognised, so nothing here holds an id, and no number is about one of them.

References: Mancl & DeRouen 2001, Biometrics 57, 126-134; Pinheiro & Chao 2006, J Comput Graph Stat 15, 58-81;
Breslow & Day 1980, Statistical Methods in Cancer Research I; Larsen & Merlo 2005, Am J Epidemiol 161, 81-88.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.errors import ModelError
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.clusters import ClusteredFit, gee_logistic
from analysis_lib.stats.conditional import conditional_logistic
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.intraclass import intraclass_correlation
from analysis_lib.stats.random_intercept import random_intercept_logistic
from analysis_lib.study import TerminationModelPlan
from analysis_lib.termination import FIRTH, REFLEXIVE, TerminationModels
from analysis_lib.termination_design import ModelData, Record, model_data, smallest_cell

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

GEE, RANDOM, WITHIN = "gee", "random intercept", "conditional"
METHODS = (FIRTH, GEE, RANDOM, WITHIN)
_MODELS: dict[str, Callable[..., ClusteredFit]] = {
    GEE: gee_logistic,
    RANDOM: random_intercept_logistic,
    WITHIN: conditional_logistic,
}
_UNITS = {"therapist_id": "therapist", "site_id": "site"}
_UPPER_QUARTILE = 0.6744897501960817  # of the standard normal distribution
# Words in a reason of the array level -> the same in plain words, without numbers of people. The first that fits.
_IN_PLAIN_WORDS = {
    "cannot carry": "there are too few {unit}s for so many parameters",
    "decides on": "a term rests on the people of a single {unit}",
    "estimated as zero": "the differences between {unit}s are estimated as zero, so this would be the model that"
    " ignores them",
    "did the outcome vary": "every {unit} has the same outcome in all of their people",
    "told apart from what all": "a term does not vary among people of the same {unit}",
    "separate the outcome": "among people of the same {unit} the terms separate the outcome, so there is no finite"
    " estimate",
    "too large": "a {unit} has too many people for this method",
    "separation": "a theme or level separates the outcome, so there is no finite estimate",
    "the same for everybody": "a term is the same for everybody",
    "determine each other": "terms of the model determine each other",
    "more than one person": "no {unit} has more than one person",
    "no interval": "there is no interval, since without some {unit} nothing differs between {unit}s or within them",
}


@dataclass(frozen=True, repr=False)
class ClusteredModels(Readable):
    """The stated models with people of one therapist, or another cluster, allowed to resemble one another.

    Parameters
    ----------
    table
        ``model, event, term, term_label, level, reference, method, odds_ratio, conf_low, conf_high, p_value, df,
        n_used, n_events, n_clusters, n_left_out, n_clusters_left_out, n_missing, smallest_cell, reason``. ``df`` is
        that of t, infinity the normal distribution, NaN for Firth's likelihood ratio. ``n_left_out`` are people
        of clusters in which everybody has the same outcome, ``n_missing`` those whose cluster is not known.
    icc
        One row per model: ``model, event, cluster, icc, conf_low, conf_high, reason, median_odds_ratio,
        median_reason, n_used, n_events, n_clusters, n_missing, people_median, people_min, people_max,
        smallest_cell, refusal``. ``people_...`` are people per cluster; ``reason`` is about the icc and its
        interval, ``refusal`` about the model as a whole.
    reason
        Why there is nothing at all; None where there is something.
    """

    matrix: ThemeMatrix
    table: pd.DataFrame
    icc: pd.DataFrame
    reason: str | None


_TABLE = [
    "model", "event", "term", "term_label", "level", "reference", "method", "odds_ratio", "conf_low", "conf_high",
    "p_value", "df", "n_used", "n_events", "n_clusters", "n_left_out", "n_clusters_left_out", "n_missing",
    "smallest_cell", "reason",
]  # fmt: skip
_ICC = [
    "model", "event", "cluster", "icc", "conf_low", "conf_high", "reason", "median_odds_ratio", "median_reason",
    "n_used", "n_events", "n_clusters", "n_missing", "people_median", "people_min", "people_max", "smallest_cell",
    "refusal",
]  # fmt: skip


def clustered_models(models: TerminationModels) -> ClusteredModels:
    """Fit every model that names a cluster with and without its clusters, under its stated event.

    Parameters
    ----------
    models
        The termination models of a wave.

    Returns
    -------
    ClusteredModels
        A method that has no answer has rows with a ``reason`` instead of numbers.

    Notes
    -----
    All methods use the complete cases whose cluster is known; the conditional one can use only clusters in which
    some dropped out and some did not. The odds ratios of "gee" are those of maximum likelihood; Firth's lie closer
    to 1. Those of "random intercept" and "conditional" compare people of the same cluster and lie further from 1
    than the others even where clusters go with nothing else. The median odds ratio is
    :math:`\\exp(\\sqrt2\\,\\sigma\\,\\Phi^{-1}(3/4))` with the standard deviation of the random intercepts (Larsen &
    Merlo 2005).

    Examples
    --------
    >>> import analysis_lib as al
    >>> models = al.fit_termination(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> found = clustered_models(models)
    >>> found.table["method"].unique().tolist()
    ['firth', 'gee', 'random intercept', 'conditional']
    """
    rows: list[Record] = []
    icc: list[Record] = []
    plans = () if models.reason == REFLEXIVE else models.matrix.wave.study.termination_models
    for plan in plans:
        if plan.cluster is not None:
            found, about = _one_model(models.matrix, plan, plan.cluster)
            rows += found
            icc.append(about)
    reason = None
    if not plans:
        reason = models.reason
    elif not icc:
        reason = "no termination model of study.yaml names a cluster"
    return ClusteredModels(
        models.matrix, pd.DataFrame(rows, columns=_TABLE), pd.DataFrame(icc, columns=_ICC), reason
    )


def unit_of(cluster: str) -> str:
    """What a column of clusters holds, in one word.

    >>> unit_of("therapist_id"), unit_of("ward")
    ('therapist', 'cluster')
    """
    return _UNITS.get(cluster, "cluster")


def _one_model(themes: ThemeMatrix, plan: TerminationModelPlan, cluster: str) -> tuple[list[Record], Record]:
    """Rows of every method, and the row on how much clusters differ."""
    everybody = model_data(themes, plan, plan.event)
    label = themes.wave.participants.loc[everybody.X.index, cluster].astype("string")
    data = _only(everybody, label.notna().to_numpy(dtype=bool))
    codes = pd.factorize(label.dropna(), sort=True)[0]
    n_missing = len(everybody.y) - len(data.y)
    unit = unit_of(cluster)
    reason = _nothing_to_compare(everybody, data, codes, unit)
    rows: list[Record] = []
    between_sd, why_not = float("nan"), reason
    for method in METHODS:
        if reason is not None:
            rows += _rows(data, method, n_missing, {}, _people(data, codes) | {"reason": reason})
        elif method == FIRTH:
            rows += _rows(data, method, n_missing, *_ignoring(data, codes))
        else:
            fit = _fitted(data, codes, method)
            used = _informative(data, codes) if method == WITHIN else np.ones(len(codes), dtype=bool)
            found = _people(_only(data, used), codes[used])
            found |= {"n_left_out": len(codes) - int(used.sum())}
            found |= {"n_clusters_left_out": _n_distinct(codes) - _n_distinct(codes[used])}
            found["reason"] = _in_plain_words(fit, unit)
            rows += _rows(_only(data, used), method, n_missing, _odds(fit), found)
            if method == RANDOM and isinstance(fit, ClusteredFit) and fit.between_sd is not None:
                between_sd, why_not = fit.between_sd, _in_plain_words(fit, unit)
    about = _intraclass(data, codes, unit) if reason is None else {"reason": reason}
    sizes = np.bincount(codes) if len(codes) else np.array([np.nan])
    about |= {
        "cluster": cluster,
        "median_odds_ratio": float(np.exp(np.sqrt(2) * between_sd * _UPPER_QUARTILE)),
        "median_reason": why_not,
        "n_missing": n_missing,
        "people_median": float(np.median(sizes)),
        "people_min": sizes.min(),
        "people_max": sizes.max(),
        "smallest_cell": min(data.n_events, len(data.y) - data.n_events, _n_distinct(codes)),
        "refusal": reason,
    }
    return rows, data.key | _people(data, codes) | about


def _only(data: ModelData, kept: Mask) -> ModelData:
    """The model's data for some of its people, with the cells behind each column counted among them."""
    X, y = data.X[kept], data.y[kept]
    cells = {name: smallest_cell(X[name].to_numpy(dtype=float), y) for name in X}
    return replace(data, X=X, y=y, cells=cells)


def _nothing_to_compare(everybody: ModelData, data: ModelData, codes: Codes, unit: str) -> str | None:
    """Why no method can say anything; None where one may."""
    if everybody.reason is not None:
        return everybody.reason
    if not len(codes):
        return f"nobody with complete data has a {unit} on record"
    if _n_distinct(codes) == 1:
        return f"all people have the same {unit}"
    return data.reason


def _n_distinct(codes: Codes) -> int:
    return len(np.unique(codes))


def _people(data: ModelData, codes: Codes) -> Record:
    return {
        "n_used": len(data.y),
        "n_events": data.n_events,
        "n_clusters": _n_distinct(codes),
        "n_left_out": 0,
        "n_clusters_left_out": 0,
    }


def _informative(data: ModelData, codes: Codes) -> Mask:
    """People of clusters in which some dropped out and some did not."""
    share = np.bincount(codes, weights=data.y) / np.bincount(codes)
    kept: Mask = ((share > 0) & (share < 1))[codes]
    return kept


def _ignoring(data: ModelData, codes: Codes) -> tuple[dict[str, Record], Record]:
    """Firth's estimates as if nobody shared a cluster."""
    found = _people(data, codes)
    try:
        fit = firth_logistic(data.X.to_numpy(dtype=float), data.y, names=list(data.X.columns))
    except ModelError as error:
        return {}, found | {"reason": str(error)}
    odds = zip(fit.names, fit.coef, fit.conf_low, fit.conf_high, fit.p_value, strict=True)
    return {name: _exponentiated(*values) for name, *values in odds}, found | {"reason": fit.reason}


def _fitted(data: ModelData, codes: Codes, method: str) -> ClusteredFit | ModelError:
    try:
        return _MODELS[method](
            data.X.to_numpy(dtype=float), data.y, cluster=codes, names=list(data.X.columns)
        )
    except ModelError as error:
        return error


def _odds(fit: ClusteredFit | ModelError) -> dict[str, Record]:
    if isinstance(fit, ModelError):
        return {}
    values = zip(fit.names, fit.coef, fit.conf_low, fit.conf_high, fit.p_value, strict=True)
    return {name: _exponentiated(*numbers) | {"df": fit.df} for name, *numbers in values}


def _exponentiated(coef: float, low: float, high: float, p_value: float) -> Record:
    odds_ratio, conf_low, conf_high = np.exp([coef, low, high])
    return {"odds_ratio": odds_ratio, "conf_low": conf_low, "conf_high": conf_high, "p_value": p_value}


def _in_plain_words(fit: ClusteredFit | ModelError, unit: str) -> str | None:
    reason = str(fit) if isinstance(fit, ModelError) else fit.reason
    return None if reason is None else _plain(reason, unit)


def _plain(reason: str, unit: str) -> str:
    """A reason of the array level without numbers of people and names of functions."""
    found = (plain for words, plain in _IN_PLAIN_WORDS.items() if words in reason)
    return next(found, "it cannot be estimated from these people").format(unit=unit)


def _intraclass(data: ModelData, codes: Codes, unit: str) -> Record:
    found = intraclass_correlation(data.y, cluster=codes)
    reason = None if found.reason is None else _plain(found.reason, unit)
    return {"icc": found.estimate, "conf_low": found.conf_low, "conf_high": found.conf_high, "reason": reason}


def _rows(
    data: ModelData, method: str, n_missing: int, odds: dict[str, Record], found: Record
) -> list[Record]:
    """One row per design column of the model; one without an estimate has the reason."""
    return [
        data.key
        | {"term": term.name, "term_label": term.label, "level": level, "reference": term.reference}
        | {"method": method, "n_missing": n_missing, "smallest_cell": data.cells[column]}
        | found
        | odds.get(column, {})
        for term in data.terms
        for column, level in zip(term.columns, term.levels, strict=True)
    ]
