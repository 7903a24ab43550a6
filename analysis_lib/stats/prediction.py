"""How well does a model tell who has the outcome, and how much of that would be left in other people?

Area under the curve with its interval, calibration of predicted risks, and what a model of this sample loses when
it is applied to people it was not fitted to.

References
----------
DeLong, DeLong & Clarke-Pearson (1988) Biometrics 44:837-845. Cox (1958) Biometrika 45:562-565.
Harrell, Lee & Mark (1996) Stat Med 15:361-387.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.linalg import qr
from scipy.optimize import brentq
from scipy.special import expit, logit

from analysis_lib.errors import ModelError
from analysis_lib.stats.design import FloatArray, check_level, checked_covariates, checked_design
from analysis_lib.stats.logistic import logistic
from analysis_lib.stats.perfect_prediction import separation
from analysis_lib.stats.threads import one_blas_thread


@dataclass(frozen=True)
class Auc:
    """Area under the receiver operating characteristic curve.

    Attributes
    ----------
    estimate : float
        Chance that a random person with the outcome scores higher than a random person without it, ties
        counted half.
    se : float
        DeLong's standard error.
    conf_low, conf_high : float
        Wald limits, cut at 0 and 1.
    n, n_events : int
        People, and people with outcome 1.
    level : float
        Confidence level of the interval.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    estimate: float
    se: float
    conf_low: float
    conf_high: float
    n: int
    n_events: int
    level: float
    reason: str | None


@dataclass(frozen=True)
class Calibration:
    """Whether predicted risks agree with what happened.

    Attributes
    ----------
    slope, slope_low, slope_high : float
        Coefficient of the logit of the predicted risk; below 1 the risks are too extreme.
    intercept, intercept_low, intercept_high : float
        Calibration in the large: what to add to the logits so that risks average to the observed share;
        below 0 the risks are too high.
    n, n_events : int
        People, and people with outcome 1.
    level : float
        Confidence level of the intervals.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    intercept_low: float
    intercept_high: float
    n: int
    n_events: int
    level: float
    reason: str | None


@dataclass(frozen=True)
class Optimism:
    """What a model looks like in its own sample and what is left after correction.

    Attributes
    ----------
    apparent_auc, corrected_auc : float
        Area under the curve in the sample, and less its optimism.
    auc_optimism : float
        Mean over resamples of the area in the resample less the area in the sample.
    auc_error : float
        Monte-Carlo standard error of ``auc_optimism``.
    apparent_slope, corrected_slope : float
        Calibration slope in the sample (1 for maximum likelihood), and less its optimism.
    slope_error : float
        Monte-Carlo standard error of the optimism in the slope.
    n_resamples : int
        Resamples asked for.
    n_failed : int
        Resamples in which no model could be fitted, for instance because nobody in them had the outcome; they
        count for neither measure.
    n_without_slope : int
        Further resamples whose model has no finite calibration slope; they count for the area only.
    seed : int
        Seed of the resamples.
    method : {"firth", "maximum likelihood"}
        How the models were fitted.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    apparent_auc: float
    corrected_auc: float
    auc_optimism: float
    auc_error: float
    apparent_slope: float
    corrected_slope: float
    slope_error: float
    n_resamples: int
    n_failed: int
    n_without_slope: int
    seed: int
    method: Literal["firth", "maximum likelihood"]
    reason: str | None


def auc(y: ArrayLike, score: ArrayLike, *, level: float = 0.95) -> Auc:
    """Area under the curve with DeLong's interval.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcome, 0 or 1.
    score : array-like of shape (n,)
        Predicted risk or any number that should be higher for people with the outcome.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    Auc
        NaN with a reason where everybody has the same outcome. The interval is NaN with a reason where one
        group has a single person or the score tells the groups apart without exception.

    Raises
    ------
    ModelError
        If shapes or values are wrong.

    Notes
    -----
    With :math:`v_i` the share of non-events that event i outranks and :math:`w_j` the share of events that
    outrank non-event j, the variance is :math:`s_v^2 / m + s_w^2 / n` (DeLong et al. 1988).

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).estimate
    0.75
    """
    check_level(level)
    outcome, values = _checked_scores(y, score)
    n, n_events = len(outcome), int(outcome.sum())
    if n_events in (0, n):
        nothing = float("nan")
        alike = f"Everybody has the same outcome (n = {n}), so there is nobody to tell apart."
        return Auc(nothing, nothing, nothing, nothing, n, n_events, level, alike)
    events, others = values[outcome == 1], values[outcome == 0]
    # Ranks in both groups together less ranks in the own group count the members of the other group below.
    together = stats.rankdata(values)
    above = (together[outcome == 1] - stats.rankdata(events)) / len(others)
    below = 1 - (together[outcome == 0] - stats.rankdata(others)) / len(events)
    estimate = float(above.mean())
    reason: str | None = None
    if min(n_events, n - n_events) < 2:
        reason = "One of the groups has a single person, so the area has no standard error."
    elif estimate in (0.0, 1.0):
        reason = "The score tells the groups apart without exception, so DeLong's interval has no width."
    if reason is not None:
        return Auc(estimate, float("nan"), float("nan"), float("nan"), n, n_events, level, reason)
    se = float(np.sqrt(above.var(ddof=1) / len(events) + below.var(ddof=1) / len(others)))
    half = float(stats.norm.ppf((1 + level) / 2)) * se
    return Auc(estimate, se, max(estimate - half, 0.0), min(estimate + half, 1.0), n, n_events, level, None)


def calibration(y: ArrayLike, risk: ArrayLike, *, level: float = 0.95) -> Calibration:
    """Calibration slope and calibration in the large of predicted risks.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcome, 0 or 1, of people the risks were not fitted to; in the sample of the model itself the answer
        is known beforehand.
    risk : array-like of shape (n,)
        Predicted risk, strictly between 0 and 1.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    Calibration
        NaN with a reason where everybody has the same outcome. The slope alone is NaN with a reason where all
        risks are equal or tell the groups apart.

    Raises
    ------
    ModelError
        If shapes or values are wrong.

    Notes
    -----
    The slope is b in :math:`\\operatorname{logit} P(y) = a + b \\operatorname{logit} r`, the intercept is a
    with b held at 1 (Cox 1958); both have Wald intervals.

    Examples
    --------
    Risks of one half for people of whom 3 in 4 have the outcome are too low by log 3:

    >>> fit = calibration([1, 1, 1, 0], [0.5, 0.5, 0.5, 0.5])
    >>> round(fit.intercept, 6) == round(float(np.log(3)), 6), fit.reason
    (True, 'All predicted risks are equal, so they have no calibration slope.')
    """
    check_level(level)
    outcome, values = _checked_scores(y, risk)
    if not ((values > 0) & (values < 1)).all():
        raise ModelError("Predicted risks must lie strictly between 0 and 1.")
    n, n_events = len(outcome), int(outcome.sum())
    nothing = float("nan")
    if n_events in (0, n):
        reason: str | None = f"Everybody has the same outcome (n = {n}), so risks cannot be checked."
        return Calibration(nothing, nothing, nothing, nothing, nothing, nothing, n, n_events, level, reason)
    linear = logit(values)
    intercept = _shift_to_observed(linear, outcome)
    shifted = expit(linear + intercept)
    half = float(stats.norm.ppf((1 + level) / 2) / np.sqrt((shifted * (1 - shifted)).sum()))
    slope = low = high = nothing
    if np.ptp(linear) == 0:
        reason = "All predicted risks are equal, so they have no calibration slope."
    elif separation(linear[:, None], outcome).kind != "none":
        reason = "The predicted risks tell the groups apart, so the calibration slope has no finite estimate."
    else:
        fit = logistic(linear[:, None], outcome, level=level)
        slope, low, high = float(fit.coef[1]), float(fit.conf_low[1]), float(fit.conf_high[1])
        reason = fit.reason
    return Calibration(
        slope=slope,
        slope_low=low,
        slope_high=high,
        intercept=intercept,
        intercept_low=intercept - half,
        intercept_high=intercept + half,
        n=n,
        n_events=n_events,
        level=level,
        reason=reason,
    )


def optimism(
    X: ArrayLike,
    y: ArrayLike,
    *,
    seed: int = 0,
    n_resamples: int = 1_000,
    method: Literal["firth", "maximum likelihood"] = "firth",
    names: ArrayLike | None = None,
) -> Optimism:
    """Area under the curve and calibration slope corrected for having been fitted to the same people.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones.
    y : array-like of shape (n,)
        Outcome, 0 or 1.
    seed : int
        Seed of the resamples.
    n_resamples : int
        Bootstrap resamples, at least 2; 1,000 take about four seconds.
    method : {"firth", "maximum likelihood"}
        How models are fitted, in the sample and in every resample.
    names : sequence of str, optional
        One name per column of ``X``, for messages.

    Returns
    -------
    Optimism
        NaN with a reason where the sample supports no model.

    Raises
    ------
    ModelError
        If shapes, values or choices are wrong.

    Notes
    -----
    In each bootstrap resample the model is fitted anew and judged there and in the sample; the mean loss is
    taken off the apparent performance (Harrell et al. 1996). Covariates that a resample leaves constant or
    dependent are left out of its model, as anyone who had drawn it would have to.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> X = rng.normal(size=(60, 3))
    >>> y = (X[:, 0] + rng.logistic(size=60) > 0).astype(int)
    >>> result = optimism(X, y, n_resamples=50, seed=2)
    >>> result.corrected_auc < result.apparent_auc
    True
    """
    if n_resamples < 2:
        raise ModelError(f"At least two resamples are needed; {n_resamples} were asked for.")
    if method not in ("firth", "maximum likelihood"):
        raise ModelError('method must be "firth" or "maximum likelihood".')
    design = checked_design(X, y, names=names, intercept=True)
    matrix, outcome, n = design.matrix, design.outcome, len(design.outcome)
    reason = design.reason
    if reason is None and matrix.shape[1] == 1:
        reason = "There is no covariate, so there is nothing that could tell people apart."
    if reason is None and method == "maximum likelihood":
        kind = separation(X, y, names).kind
        if kind != "none":
            reason = f'There is {kind} separation, so maximum likelihood has no estimate; use method="firth".'
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    losses: list[FloatArray] = []
    apparent = np.full(2, np.nan)
    if reason is None:
        with one_blas_thread():
            coef = _coefficients(matrix, outcome, method)
            if coef is None:
                reason = "The model of the sample itself could not be fitted."
            else:
                apparent = _performance(matrix @ coef, outcome)
                drawn = (rng.integers(n, size=n) for _ in range(n_resamples))
                losses = [
                    loss for rows in drawn if (loss := _loss(matrix, outcome, rows, method)) is not None
                ]
    loss_table = np.array(losses).reshape(-1, 2)
    with_slope = np.isfinite(loss_table[:, 1])
    if reason is None and len(losses) < 2:
        reason = f"A model could be fitted in {len(losses)} of {n_resamples} resamples only."
    elif reason is None and (with_slope.sum() < 2 or np.isnan(apparent[1])):
        reason = "The models tell the groups apart, so the calibration slope has no finite estimate."
    area_loss, area_error = _mean_and_error(loss_table[:, 0])
    slope_loss, slope_error = _mean_and_error(loss_table[with_slope, 1])
    return Optimism(
        apparent_auc=float(apparent[0]),
        corrected_auc=float(apparent[0]) - area_loss,
        auc_optimism=area_loss,
        auc_error=area_error,
        apparent_slope=float(apparent[1]),
        corrected_slope=float(apparent[1]) - slope_loss,
        slope_error=slope_error,
        n_resamples=n_resamples,
        n_failed=n_resamples - len(losses),
        n_without_slope=int((~with_slope).sum()),
        seed=seed,
        method=method,
        reason=reason,
    )


def _loss(matrix: FloatArray, outcome: FloatArray, rows: NDArray[np.int64], method: str) -> FloatArray | None:
    """Area and slope of a resample's model in the resample less in the sample; None where there is no model."""
    coef = _coefficients(matrix[rows], outcome[rows], method)
    if coef is None:
        return None
    return _performance(matrix[rows] @ coef, outcome[rows]) - _performance(matrix @ coef, outcome)


def _mean_and_error(values: FloatArray) -> tuple[float, float]:
    if len(values) < 2:
        return float("nan"), float("nan")
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _checked_scores(y: ArrayLike, score: ArrayLike) -> tuple[FloatArray, FloatArray]:
    values = np.asarray(score)
    if values.ndim != 1:
        raise ModelError(
            f"Scores must be a list with one number for each person; the shape is {values.shape}."
        )
    matrix, labels, _ = checked_covariates(values[:, None], y, names=["score"])
    try:
        outcome = np.asarray(labels, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelError("The outcome must be 0 or 1 for everybody, without missing values.") from None
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ModelError("The outcome must be 0 or 1 for everybody, without missing values.")
    return outcome, matrix[:, 0]


def _shift_to_observed(linear: FloatArray, outcome: FloatArray) -> float:
    reach = float(np.abs(linear).max() + abs(logit(outcome.mean())) + 1)
    return float(brentq(lambda shift: expit(linear + shift).sum() - outcome.sum(), -reach, reach))


def _coefficients(matrix: FloatArray, outcome: FloatArray, method: str) -> FloatArray | None:
    """Coefficients with zero for columns that this sample does not determine; None where no fit converges."""
    if outcome.min() == outcome.max():
        return None
    length = np.sqrt((matrix**2).sum(axis=0))
    # The column of ones comes first and is always kept.
    rest = matrix[:, 1:] - matrix[:, 1:].mean(axis=0)
    spread = np.sqrt((rest**2).sum(axis=0))
    scaled = rest / np.where(spread > length[1:] * 1e-10, spread, np.inf)
    triangle, pivots = qr(scaled, mode="r", pivoting=True)
    kept = np.sort(pivots[: int((np.abs(np.diag(triangle)) > 1e-8).sum())])
    scale = rest[:, kept].std(axis=0)
    design = np.column_stack([np.ones(len(matrix)), rest[:, kept] / scale])
    fitted = _newton_fit(design, outcome, penalty=0.5 if method == "firth" else 0.0)
    if fitted is None:
        return None
    coef = np.zeros(matrix.shape[1])
    coef[1 + kept] = fitted[1:] / scale
    coef[0] = fitted[0] - matrix[:, 1:].mean(axis=0) @ coef[1:]
    return coef


def _newton_fit(matrix: FloatArray, outcome: FloatArray, *, penalty: float) -> FloatArray | None:
    from firthmodels import FirthLogisticRegression  # noqa: PLC0415  (imports scikit-learn, about a second)

    model = FirthLogisticRegression(
        backend="numpy", fit_intercept=False, max_iter=50, gtol=1e-6, xtol=1e-6, penalty_weight=penalty
    )
    with warnings.catch_warnings():
        # Non-convergence is read from converged_ and counted.
        warnings.simplefilter("ignore")
        try:
            model.fit(matrix, outcome)
        except (np.linalg.LinAlgError, ValueError):  # separated resamples end where the information vanishes
            return None
    coef: FloatArray = model.coef_
    # Without a penalty separated data can meet the tolerance on the way to infinity.
    runaway = penalty == 0 and np.abs(coef).max() > 15
    return coef if model.converged_ and not runaway else None


def _performance(linear: FloatArray, outcome: FloatArray) -> FloatArray:
    """Area under the curve and calibration slope of a linear predictor; the slope is NaN where not finite."""
    n_events = int(outcome.sum())
    ranks = stats.rankdata(linear.round(12))[outcome == 1].sum()
    area = (ranks - n_events * (n_events + 1) / 2) / (n_events * (len(outcome) - n_events))
    spread = linear.std()
    slope = None
    if spread > 1e-9:
        standardised = np.column_stack([np.ones(len(linear)), (linear - linear.mean()) / spread])
        slope = _newton_fit(standardised, outcome, penalty=0.0)
    return np.array([area, np.nan if slope is None else slope[1] / spread])
