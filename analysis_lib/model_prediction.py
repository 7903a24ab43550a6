"""How well would the termination models foretell who drops out, in these people and in others?

Shown only where the study claims prediction and themes come from before the outcome. How well the model tells
leavers apart and whether its risks come true is judged in the people it was fitted to, which flatters, and corrected
for that by the bootstrap; nothing here takes the place of other people.

References: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44, 837-845; Harrell, Lee & Mark 1996, Stat Med 15,
361-387 (optimism); Cox 1958, Biometrika 45, 562-565 and Van Calster et al. 2019, BMC Med 17, 230 (calibration); Puhr
et al. 2017, Stat Med 36, 2302-2317 (risks from Firth's estimates); Collins et al. 2024, BMJ 385, e078378 (TRIPOD+AI).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from analysis_lib.errors import ModelError
from analysis_lib.readable import Readable
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.marginal import flic
from analysis_lib.stats.prediction import Optimism, auc, calibration, optimism
from analysis_lib.termination import TerminationModels
from analysis_lib.termination_design import FloatArray, ModelData, Record, model_data

AUC, SLOPE, INTERCEPT = "auc", "calibration_slope", "calibration_in_the_large"
STEP = 0.05  # width of a bar of the histogram
MOST_BINS, FEWEST_IN_A_BIN = 5, 10
_FEWEST_RISKS = 10  # different ones, for a smooth curve
_SPAN = 0.75  # share of people behind each point of the smooth curve

# No phrase holds a number of people.
ASSOCIATION = "the study claims association, so no measure of prediction is shown"
AFTERWARDS = "accounts were given after the outcome, so no measure of prediction is shown"
REFLEXIVE = (
    "reflexive thematic analysis does not read frequency as importance, so no measure of prediction is shown"
)
BY_CONSTRUCTION = "risks average to the observed share in the people the model was fitted to"
FEW_RISKS = "too few different risks for a smooth curve"


@dataclass(frozen=True, repr=False)
class PredictionMeasures(Readable):
    """What the stated models foretell under the definition that each was stated for.

    Parameters
    ----------
    table
        ``model, event, measure, estimate, conf_low, conf_high, optimism, corrected, mc_error, n_used, n_events,
        n_resamples, n_failed, smallest_cell, reason``: area under the curve with DeLong's interval, slope of the
        calibration line and calibration in the large with Wald's; ``corrected`` for optimism, with the Monte-Carlo
        error of the correction.
    bins
        People by predicted risk: ``model, event, bin, risk, n_events, n_total, smallest_cell``; ``risk`` is the mean.
    histogram
        ``model, event, low, high, n_left, n_stayed``: people with a risk from ``low`` to below ``high``.
    curve
        ``model, event, risk, smooth, corrected, reason``: observed share along the predicted risk, smoothed (lowess)
        and as expected in other people (the line with the corrected slope).
    reason
        Why nothing is computed; None where something is.
    """

    models: TerminationModels
    table: pd.DataFrame
    bins: pd.DataFrame
    histogram: pd.DataFrame
    curve: pd.DataFrame
    reason: str | None


def prediction_measures(models: TerminationModels, *, n_resamples: int = 500) -> PredictionMeasures:
    """Discrimination and calibration of the stated termination models.

    Parameters
    ----------
    models
        The models of a wave.
    n_resamples
        Bootstrap resamples behind the correction for optimism, 2 or more.

    Returns
    -------
    PredictionMeasures
        With a ``reason`` and nothing computed unless the study states ``claim: prediction`` and
        ``theme_timing: before_outcome``.

    Raises
    ------
    ModelError
        If ``n_resamples`` is below 2.

    Notes
    -----
    Risks are those of the adjusted Firth fit with FLIC's intercept. The corrected line has the corrected slope b
    and the intercept a at which expit(a + b logit(risk)) averages to the observed share. The order of people
    cannot matter: they are sorted by their values before anything is drawn.

    Examples
    --------
    >>> import analysis_lib as al
    >>> models = al.fit_termination(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> al.prediction_measures(models).reason
    'the study claims association, so no measure of prediction is shown'
    """
    study = models.matrix.wave.study
    reason = _refusal(models)
    records: dict[str, list[Record]] = {name: [] for name in _COLUMNS}
    for plan in study.termination_models if reason is None else ():
        data = model_data(models.matrix, plan, plan.event)
        if data.reason is not None:
            records["table"] += _cannot(data, data.reason)
            continue
        X, y = _sorted(data)
        try:
            fit = flic(firth_logistic(X, y, names=list(data.X)), X, y)
            corrected = optimism(X, y, seed=study.seed, n_resamples=n_resamples, names=list(data.X))
        except ModelError as error:
            if n_resamples < 2:  # the caller's own
                raise
            records["table"] += _cannot(data, str(error))
            continue
        if fit.reason is not None:
            records["table"] += _cannot(data, fit.reason)
            continue
        # Rounded, so that equal people have equal risks on every machine.
        linear = (np.column_stack([np.ones(len(y)), X]) @ fit.coef).round(12)
        records["table"] += _measures(data, y, linear, corrected)
        records["bins"] += [data.key | row for row in _bins(y, expit(linear))]
        records["histogram"] += [data.key | row for row in _histogram(y, expit(linear))]
        records["curve"] += [data.key | row for row in _curve(y, linear, corrected.corrected_slope)]
    frames = {name: pd.DataFrame(records[name], columns=columns) for name, columns in _COLUMNS.items()}
    return PredictionMeasures(models, reason=reason, **frames)


_COLUMNS = {
    "table": [
        "model", "event", "measure", "estimate", "conf_low", "conf_high", "optimism", "corrected", "mc_error",
        "n_used", "n_events", "n_resamples", "n_failed", "smallest_cell", "reason",
    ],
    "bins": ["model", "event", "bin", "risk", "n_events", "n_total", "smallest_cell"],
    "histogram": ["model", "event", "low", "high", "n_left", "n_stayed"],
    "curve": ["model", "event", "risk", "smooth", "corrected", "reason"],
}  # fmt: skip


def _refusal(models: TerminationModels) -> str | None:
    """Why no prediction may be judged in this study."""
    study = models.matrix.wave.study
    if study.claim != "prediction":
        return ASSOCIATION
    if study.theme_timing != "before_outcome":
        return AFTERWARDS
    return REFLEXIVE if study.tradition == "reflexive" else models.reason


def _sorted(data: ModelData) -> tuple[FloatArray, FloatArray]:
    """Design and outcome in an order that depends on the values alone."""
    X = data.X.to_numpy(dtype=float)
    order = np.lexsort(np.column_stack([X, data.y]).T)
    return X[order], data.y[order]


def _cannot(data: ModelData, reason: str) -> list[Record]:
    smallest = min(data.n_events, len(data.y) - data.n_events)
    counted = {"n_used": len(data.y), "n_events": data.n_events, "smallest_cell": smallest}
    return [data.key | counted | {"measure": name, "reason": reason} for name in (AUC, SLOPE, INTERCEPT)]


def _measures(data: ModelData, y: FloatArray, linear: FloatArray, corrected: Optimism) -> list[Record]:
    """Area, slope and calibration in the large, in these people and corrected."""
    area, line = auc(y, linear), calibration(y, expit(linear))
    common: Record = {
        "n_used": len(y),
        "n_events": data.n_events,
        "n_resamples": corrected.n_resamples,
        "n_failed": corrected.n_failed,
        "smallest_cell": min(data.n_events, len(y) - data.n_events),
    }
    rows: list[Record] = [
        {
            "measure": AUC,
            "estimate": area.estimate,
            "conf_low": area.conf_low,
            "conf_high": area.conf_high,
            "optimism": corrected.auc_optimism,
            "corrected": corrected.corrected_auc,
            "mc_error": corrected.auc_error,
            "reason": area.reason or corrected.reason,
        },
        {
            "measure": SLOPE,
            "estimate": line.slope,
            "conf_low": line.slope_low,
            "conf_high": line.slope_high,
            "optimism": corrected.apparent_slope - corrected.corrected_slope,
            "corrected": corrected.corrected_slope,
            "mc_error": corrected.slope_error,
            "reason": line.reason or corrected.reason,
        },
        {
            "measure": INTERCEPT,
            "estimate": round(line.intercept, 9) + 0.0,  # 0 but for the last digits of the fit
            "conf_low": line.intercept_low,
            "conf_high": line.intercept_high,
            "reason": line.reason or BY_CONSTRUCTION,
        },
    ]
    return [data.key | common | row for row in rows]


def _bins(y: FloatArray, risk: FloatArray) -> list[Record]:
    """People in groups of rising risk, equally large as far as equal risks allow."""
    if len(np.unique(risk)) <= MOST_BINS:
        place = np.unique(risk, return_inverse=True)[1]
    else:
        n_bins = min(MOST_BINS, max(2, len(risk) // FEWEST_IN_A_BIN))
        place = pd.qcut(risk, n_bins, labels=False, duplicates="drop")
    rows: list[Record] = []
    for i, here in enumerate(np.unique(place)):
        mine = place == here
        n = int(mine.sum())
        rows.append(
            {
                "bin": i + 1,
                "risk": float(risk[mine].mean()),
                "n_events": int(y[mine].sum()),
                "n_total": n,
                "smallest_cell": n,
            }
        )
    return rows


def _histogram(y: FloatArray, risk: FloatArray) -> list[Record]:
    """How risks are spread among those who dropped out and those who did not."""
    edges = np.linspace(0, 1, round(1 / STEP) + 1)
    left, stayed = (np.histogram(risk[y == value], edges)[0] for value in (1, 0))
    return [
        {"low": float(low), "high": float(low + STEP), "n_left": int(a), "n_stayed": int(b)}
        for low, a, b in zip(edges[:-1].round(2), left, stayed, strict=True)
    ]


def _curve(y: FloatArray, linear: FloatArray, slope: float) -> list[Record]:
    """The observed share along the predicted risk, over the range of risks that there are."""
    risk = expit(linear)
    grid = np.linspace(risk.min(), risk.max(), 41)
    smooth, reason = np.full(len(grid), np.nan), None
    if len(np.unique(risk.round(9))) < _FEWEST_RISKS:
        reason = FEW_RISKS
    else:
        from statsmodels.nonparametric.smoothers_lowess import lowess  # noqa: PLC0415 - the import costs seconds

        smooth = np.clip(lowess(y, risk, frac=_SPAN, it=0, xvals=grid), 0, 1)
    corrected = np.full(len(grid), np.nan)
    if np.isfinite(slope):
        reach = float(np.abs(slope * linear).max() + abs(logit(y.mean())) + 1)
        shift = brentq(lambda a: float((expit(a + slope * linear) - y).sum()), -reach, reach)
        corrected = expit(shift + slope * logit(grid))
    return [
        {"risk": float(at), "smooth": float(here), "corrected": float(line), "reason": reason}
        for at, here, line in zip(grid, smooth, corrected, strict=True)
    ]
