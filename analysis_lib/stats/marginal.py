"""What does a logistic model say in plain probabilities: how likely is the outcome at each level of a term?

Every person is given each level in turn, all else as observed, and the predicted risks are averaged. Firth's
estimates are first corrected so that the mean predicted risk equals the observed one.

References
----------
Puhr, Heinze, Nold, Lusa & Geroldinger (2017) Stat Med 36:2302-2317 (FLIC, FLAC). Lane & Nelder (1982)
Biometrics 38:613-621. Norton, Miller & Kleinman (2013) Stata J 13:492-509.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.linalg import solve_triangular
from scipy.optimize import brentq
from scipy.special import expit, logit

from analysis_lib.errors import ModelError
from analysis_lib.stats.design import (
    FloatArray,
    check_level,
    checked_covariates,
    checked_design,
    inverse_information,
    orthogonal_basis,
    quoted,
)
from analysis_lib.stats.firth import FirthFit, firth_logistic
from analysis_lib.stats.logistic import LogisticFit
from analysis_lib.stats.threads import one_blas_thread


@dataclass(frozen=True)
class RiskModel:
    """Coefficients meant for predicting risks.

    Attributes
    ----------
    names : tuple of str, length k
        Terms, the intercept first.
    coef : ndarray of shape (k,)
        Log odds ratios.
    covariance : ndarray of shape (k, k)
        Their covariance.
    df : float
        Degrees of freedom for intervals; infinity stands for the normal distribution.
    reason : str or None
        Why values are NaN; None where they could be computed.
    """

    names: tuple[str, ...]
    coef: FloatArray
    covariance: FloatArray
    df: float
    reason: str | None


@dataclass(frozen=True)
class MarginalProbabilities:
    """Average predicted probability at each of L settings of a term. All arrays follow ``labels``.

    Attributes
    ----------
    labels : tuple of str, length L
        Name of each setting.
    reference : int
        Position of the setting the others are compared with.
    probability, conf_low, conf_high : ndarray of shape (L,)
        Average predicted probability and its interval.
    logit_se : ndarray of shape (L,)
        Standard error of the logit of ``probability``, for Rubin's rules.
    average_risk_difference, ard_low, ard_high : ndarray of shape (L,)
        Probability less that of the reference, between -1 and 1; 0 with limits 0 at the reference itself.
    ard_se : ndarray of shape (L,)
        Standard error of the difference.
    n : int
        People averaged over.
    level : float
        Confidence level of the intervals.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    labels: tuple[str, ...]
    reference: int
    probability: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    logit_se: FloatArray
    average_risk_difference: FloatArray
    ard_low: FloatArray
    ard_high: FloatArray
    ard_se: FloatArray
    n: int
    level: float
    reason: str | None


def marginal_probabilities(
    fit: FirthFit | LogisticFit | RiskModel,
    X: ArrayLike,
    y: ArrayLike,
    *,
    columns: Sequence[str],
    settings: ArrayLike,
    labels: Sequence[str] | None = None,
    reference: int = 0,
    level: float = 0.95,
) -> MarginalProbabilities:
    """Average predicted probability with a term set to each of its levels for everybody.

    Parameters
    ----------
    fit : FirthFit, LogisticFit or RiskModel
        Model with an intercept, fitted to ``X`` and ``y``. A Firth fit goes through :func:`flic` first.
    X : array-like of shape (n, p)
        The covariates of the fit.
    y : array-like of shape (n,)
        The outcome of the fit.
    columns : sequence of str, length c
        Columns of ``X`` that make up the term: one for a theme or a number, all indicator columns of a
        category.
    settings : array-like of shape (L, c)
        One row per level with the values its columns take, such as ``[[0], [1]]`` for a theme,
        ``[[0, 0], [1, 0], [0, 1]]`` for a category of three, two quartiles for a number. One-dimensional
        settings are read as L values of a single column.
    labels : sequence of str, optional
        Name of each setting. None numbers them from 1.
    reference : int
        Position of the setting that differences are taken from.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    MarginalProbabilities
        All NaN with the fit's reason where the fit has no coefficients.

    Raises
    ------
    ModelError
        If the covariates are not those of the fit, a column is unknown or shapes do not match.

    Notes
    -----
    :math:`P_l = \\frac1n \\sum_i \\operatorname{expit}(x_{il}'\\beta)` with gradient
    :math:`g_l = \\frac1n \\sum_i p_{il}(1-p_{il}) x_{il}`. The interval of :math:`P_l` is taken on the logit
    scale with standard error :math:`\\sqrt{g_l'Vg_l} / (P_l(1-P_l))`, that of :math:`P_l - P_r` is
    :math:`\\pm z \\sqrt{(g_l-g_r)'V(g_l-g_r)}`, cut at -1 and 1. The covariates are taken as fixed: the
    statement is about people like those studied.

    Examples
    --------
    Of 20 people with the theme 12 left, of 20 without it 4:

    >>> from analysis_lib.stats.logistic import logistic
    >>> theme, left = [[1]] * 20 + [[0]] * 20, [1] * 12 + [0] * 8 + [1] * 4 + [0] * 16
    >>> fit = logistic(theme, left, names=["theme"])
    >>> risk = marginal_probabilities(fit, theme, left, columns=["theme"], settings=[0, 1])
    >>> risk.probability.round(3).tolist(), risk.average_risk_difference.round(3).tolist()
    ([0.2, 0.6], [0.0, 0.4])
    """
    check_level(level)
    matrix, places = _covariates_of(fit, X, y, columns)
    values = _checked_settings(settings, len(columns))
    count = len(values)
    if not 0 <= reference < count:
        raise ModelError(f"The reference must be a position from 0 to {count - 1}; it is {reference}.")
    marks = (
        tuple(str(number) for number in range(1, count + 1)) if labels is None else tuple(map(str, labels))
    )
    if len(marks) != count:
        raise ModelError(f"{len(marks)} labels were given for {count} settings.")

    model = _risk_model(fit, X, y)
    probability, gradient = np.full(count, np.nan), np.full((count, len(model.coef)), np.nan)
    for row, setting in enumerate(values):
        everybody = matrix.copy()
        everybody[:, places] = setting
        risk = expit(everybody @ model.coef)
        probability[row] = risk.mean()
        gradient[row] = (risk * (1 - risk)) @ everybody / len(everybody)
    reason = model.reason
    certain = [mark for mark, risk in zip(marks, probability, strict=True) if risk in (0.0, 1.0)]
    if certain:
        # Far outside the data; the logit has no interval there.
        reason = f"The predicted risk is 0 or 1 to machine precision at {quoted(certain)}."
        probability = np.where(np.isin(probability, (0.0, 1.0)), np.nan, probability)
    quantile = stats.t.ppf((1 + level) / 2, model.df)
    logit_se = _standard_error(gradient, model.covariance) / (probability * (1 - probability))
    difference = probability - probability[reference]
    ard_se = _standard_error(gradient - gradient[reference], model.covariance)
    return MarginalProbabilities(
        labels=marks,
        reference=reference,
        probability=probability,
        conf_low=expit(logit(probability) - quantile * logit_se),
        conf_high=expit(logit(probability) + quantile * logit_se),
        logit_se=logit_se,
        average_risk_difference=difference,
        ard_low=np.clip(difference - quantile * ard_se, -1, 1),
        ard_high=np.clip(difference + quantile * ard_se, -1, 1),
        ard_se=ard_se,
        n=len(matrix),
        level=level,
        reason=reason,
    )


def flic(fit: FirthFit | LogisticFit, X: ArrayLike, y: ArrayLike) -> RiskModel:
    """Keep Firth's slopes and re-estimate the intercept, so that predicted risks average to the observed one.

    Parameters
    ----------
    fit : FirthFit or LogisticFit
        Model with an intercept.
    X : array-like of shape (n, p)
        The covariates of the fit.
    y : array-like of shape (n,)
        The outcome of the fit.

    Returns
    -------
    RiskModel
        NaN with the fit's reason where the fit has no coefficients.

    Raises
    ------
    ModelError
        If the fit has no intercept or the covariates are not those of the fit.

    Notes
    -----
    Firth's penalty pulls risks towards one half. The intercept here solves
    :math:`\\sum_i \\operatorname{expit}(a + x_i'\\beta) = \\sum_i y_i` (Puhr et al. 2017). The covariance is
    the inverse Fisher information at these coefficients, which penalised and unpenalised estimates share
    to first order.

    Examples
    --------
    >>> from analysis_lib.stats.firth import firth_logistic
    >>> theme, left = [[0], [0], [0], [0], [1], [1]], [0, 0, 0, 1, 1, 1]
    >>> model = flic(firth_logistic(theme, left, names=["theme"]), theme, left)
    >>> expit(model.coef[0] + np.ravel(theme) * model.coef[1]).mean().round(6)
    np.float64(0.5)
    """
    matrix, _ = _covariates_of(fit, X, y, ())
    if not np.isfinite(fit.coef).all():
        return RiskModel(fit.names, fit.coef, fit.covariance, float("inf"), fit.reason)
    outcome = np.asarray(y, dtype=np.float64)
    linear = matrix @ fit.coef
    reach = np.abs(linear).max() + abs(logit(outcome.mean())) + 1
    shift = brentq(lambda move: expit(linear + move).sum() - outcome.sum(), -reach, reach, xtol=1e-12)
    coef = fit.coef.copy()
    coef[0] += shift
    return RiskModel(fit.names, coef, inverse_information(matrix, coef), float("inf"), None)


def flac(X: ArrayLike, y: ArrayLike, *, names: ArrayLike | None = None) -> RiskModel:
    """Firth's regression with an added covariate that takes up the bias of the predicted risks.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones.
    y : array-like of shape (n,)
        Outcome, 0 or 1.
    names : sequence of str, optional
        One name per column of ``X``.

    Returns
    -------
    RiskModel
        NaN with a reason where Firth's regression has no estimate.

    Raises
    ------
    ModelError
        If shapes or values are wrong.

    Notes
    -----
    Firth's estimate is the maximum likelihood estimate of data in which every person appears once as observed
    and twice more, once with each outcome, weighted by half their leverage. An indicator of these pseudo
    observations joins the covariates and is then set to zero (Puhr et al. 2017).

    Examples
    --------
    >>> model = flac([[0], [0], [0], [0], [1], [1]], [0, 0, 0, 1, 1, 1], names=["theme"])
    >>> model.names
    ('intercept', 'theme')
    """
    from firthmodels import FirthLogisticRegression  # noqa: PLC0415  (imports scikit-learn, about a second)

    design = checked_design(X, y, names=names, intercept=True)
    fit = firth_logistic(X, y, names=names)
    if not np.isfinite(fit.coef).all():
        return RiskModel(fit.names, fit.coef, fit.covariance, float("inf"), fit.reason)
    risk = expit(design.matrix @ fit.coef)
    leverage = risk * (1 - risk) * np.einsum("ij,jk,ik->i", design.matrix, fit.covariance, design.matrix)
    n = len(risk)
    basis, triangle = orthogonal_basis(
        np.column_stack([np.tile(design.matrix, (3, 1)), np.repeat([0.0, 1.0, 1.0], n)])
    )
    outcome = np.concatenate([design.outcome, design.outcome, 1 - design.outcome])
    weight = np.concatenate([np.ones(n), leverage / 2, leverage / 2])
    with one_blas_thread(), warnings.catch_warnings():
        # Non-convergence is read from converged_.
        warnings.simplefilter("ignore")
        likelihood = FirthLogisticRegression(
            backend="numpy", fit_intercept=False, max_iter=200, gtol=1e-6, xtol=1e-6, penalty_weight=0
        ).fit(basis, outcome, sample_weight=weight)
    if not likelihood.converged_:
        reason = "The augmented likelihood could not be maximised; fewer covariates may help."
        return RiskModel(fit.names, fit.coef * np.nan, fit.covariance * np.nan, float("inf"), reason)
    coef: FloatArray = solve_triangular(triangle, likelihood.coef_)[:-1]
    return RiskModel(fit.names, coef, inverse_information(design.matrix, coef), float("inf"), None)


def _covariates_of(
    fit: FirthFit | LogisticFit | RiskModel, X: ArrayLike, y: ArrayLike, columns: Sequence[str]
) -> tuple[FloatArray, list[int]]:
    """The matrix the model was fitted to, with its intercept, and the places of ``columns`` in it."""
    if not isinstance(fit, RiskModel) and not fit.intercept:
        raise ModelError("Plain probabilities need a model with an intercept.")
    own = fit.names[1:]
    labelled = getattr(X, "columns", None)
    if labelled is not None and tuple(map(str, labelled)) != own:
        raise ModelError(f"The covariates must be those of the fit, in its order: {quoted(own)}.")
    if np.ndim(X) == 2 and np.shape(X)[1] != len(own):
        raise ModelError(f"The fit has {len(own)} covariates, but {np.shape(X)[1]} columns were given.")
    matrix, _, _ = checked_covariates(X, y, names=own)
    if isinstance(columns, str):
        raise ModelError("columns must be a list of names, even for a single column.")
    unknown = [name for name in columns if name not in own]
    if unknown:
        raise ModelError(f"The fit has no covariate {quoted(unknown)}; it has {quoted(own)}.")
    return np.column_stack([np.ones(len(matrix)), matrix]), [1 + own.index(name) for name in columns]


def _checked_settings(settings: ArrayLike, width: int) -> FloatArray:
    if not width:
        raise ModelError("A term needs at least one column.")
    values = np.asarray(settings, dtype=np.float64)
    if values.ndim == 1 and width == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[1] != width or not len(values) or not np.isfinite(values).all():
        raise ModelError(
            f"Settings must be numbers, one row per level and {width} column(s); the shape is {values.shape}."
        )
    return values


def _risk_model(fit: FirthFit | LogisticFit | RiskModel, X: ArrayLike, y: ArrayLike) -> RiskModel:
    if isinstance(fit, RiskModel):
        return fit
    if isinstance(fit, LogisticFit) and fit.method == "maximum likelihood":
        df = fit.df if np.isfinite(fit.covariance).all() else float("inf")
        return RiskModel(fit.names, fit.coef, fit.covariance, df, fit.reason)
    return flic(fit, X, y)


def _standard_error(gradient: FloatArray, covariance: FloatArray) -> FloatArray:
    variance = np.einsum("ij,jk,ik->i", gradient, covariance, gradient)
    error: FloatArray = np.sqrt(np.maximum(variance, 0.0))  # a difference of 0 may round below 0
    return error
