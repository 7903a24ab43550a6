"""Which covariates go with a binary outcome when the sample is small or a covariate separates it?

Firth's penalised logistic regression gives finite odds ratios where maximum likelihood runs off to
infinity, with likelihood ratio p-values and profile intervals.

References
----------
Firth (1993) Biometrika 80:27-38. Heinze & Schemper (2002) Stat Med 21:2409-2419. Venzon & Moolgavkar (1988)
Appl Stat 37:87-94.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular
from scipy.optimize import brentq

from analysis_lib.stats.design import (
    Design,
    FloatArray,
    check_level,
    checked_design,
    inverse_information,
    orthogonal_basis,
    quoted,
)
from analysis_lib.stats.perfect_prediction import find_separation
from analysis_lib.stats.threads import one_blas_thread

# Tried in this order. Tighter than 1e-6 the solver's step halving cannot see a gain any more and gives up;
# 1e-4 still leaves coefficients right to about 4e-5.
_TOLERANCES = (1e-6, 1e-5, 1e-4)
_MAX_ITERATIONS = 200


@dataclass(frozen=True)
class FirthFit:
    """A Firth logistic regression. All arrays follow ``names``; coefficients are log odds ratios.

    Attributes
    ----------
    names : tuple of str, length k
        Terms, the intercept first where there is one.
    coef, se : ndarray of shape (k,)
        Penalised estimates and their Wald standard errors. The errors are for combining fits (delta method,
        Rubin's rules); they do not belong to ``p_value`` and should not be printed beside it.
    conf_low, conf_high : ndarray of shape (k,)
        Limits of the profile penalised likelihood interval.
    p_value : ndarray of shape (k,)
        Penalised likelihood ratio test of a zero coefficient.
    covariance : ndarray of shape (k, k)
        Inverse Fisher information at ``coef``.
    loglik : float
        Maximum of the penalised log likelihood.
    separation : bool
        True where maximum likelihood has no finite estimate.
    separation_terms : tuple of str
        The terms this concerns.
    n, n_events : int
        People, and people with outcome 1.
    level : float
        Confidence level of the interval.
    intercept : bool
        Whether the first term is an intercept.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    names: tuple[str, ...]
    coef: FloatArray
    se: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    covariance: FloatArray
    loglik: float
    separation: bool
    separation_terms: tuple[str, ...]
    n: int
    n_events: int
    level: float
    intercept: bool
    reason: str | None


def firth_logistic(
    X: ArrayLike, y: ArrayLike, *, names: ArrayLike | None = None, intercept: bool = True, level: float = 0.95
) -> FirthFit:
    """Fit a logistic regression penalised by Jeffreys' prior.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones. ``p`` may be 0 with an intercept.
    y : array-like of shape (n,)
        Outcome, 0 or 1 (or False, True).
    names : sequence of str, optional
        One name per column of ``X``. None takes the column names of a DataFrame, else x1, x2, ...
    intercept : bool
        Whether to estimate an intercept; it comes first and is called "intercept".
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    FirthFit

    Raises
    ------
    ModelError
        If shapes or values are wrong: lengths that differ, missing or infinite values, an outcome that is
        not 0/1, repeated names. What the *data* cannot give is not an error: with a constant covariate,
        covariates that determine each other, an outcome that never varies or no more people than parameters
        every number is NaN and ``reason`` names the columns.

    Notes
    -----
    Maximises :math:`\\ell(\\beta) + \\tfrac12 \\log |X'WX|` (Firth 1993). Tests and intervals compare
    penalised likelihoods, the nuisance coefficients refitted with the full information matrix in the
    penalty (Heinze & Schemper 2002). All terms are fitted and tested at once on standardised columns; one
    whose test or limit is not found there, and the intercept, is tested in a basis at right angles to all
    others. That changes no result and lets the solver converge for a calendar year as for a 0/1 theme.

    Examples
    --------
    Three people without the theme stayed, three with it left, so maximum likelihood has no answer:

    >>> fit = firth_logistic([[0], [0], [0], [1], [1], [1]], [0, 0, 0, 1, 1, 1], names=["theme"])
    >>> fit.separation, fit.coef.round(3).tolist(), fit.p_value.round(4).tolist()
    (True, [-1.946, 3.892], [0.1116, 0.0245])
    """
    check_level(level)
    design = checked_design(X, y, names=names, intercept=intercept)
    if design.reason is not None:
        return _no_fit(design, intercept=intercept, level=level, reason=design.reason)

    with one_blas_thread():
        fitted = _fit_at_once(design, intercept=intercept, level=level)
        untested = np.flatnonzero(np.isnan(fitted.p_value) | np.isnan(fitted.limits).any(axis=1))
        for term in untested.tolist():
            alone = _fit_for_one_term(design, term, level=level)
            if alone is None:
                reason = "The penalised likelihood could not be maximised; fewer covariates may help."
                return _no_fit(design, intercept=intercept, level=level, reason=reason)
            fitted = fitted.with_term(term, alone)
    coef, p_value, limits = fitted.coef, fitted.p_value, fitted.limits
    covariance = inverse_information(design.matrix, coef)
    separated = find_separation(design)
    return FirthFit(
        names=design.names,
        coef=coef,
        se=np.sqrt(np.diag(covariance)),
        conf_low=limits[:, 0],
        conf_high=limits[:, 1],
        p_value=p_value,
        covariance=covariance,
        loglik=fitted.loglik,
        separation=separated.kind != "none",
        separation_terms=separated.terms,
        n=len(design.outcome),
        n_events=int(design.outcome.sum()),
        level=level,
        intercept=intercept,
        reason=_incomplete(design.names, p_value, limits),
    )


@dataclass(frozen=True)
class _Fitted:
    """Estimates, tests and profile limits of all terms; NaN for what is not known (yet)."""

    coef: FloatArray
    loglik: float
    p_value: FloatArray
    limits: FloatArray

    def with_term(self, term: int, alone: _Fitted) -> _Fitted:
        """With the test and the limits of one term, and with the estimates if there were none."""
        p_value, limits = self.p_value.copy(), self.limits.copy()
        p_value[term], limits[term] = alone.p_value[term], alone.limits[term]
        known = self if np.isfinite(self.loglik) else alone
        return _Fitted(known.coef, known.loglik, p_value, limits)


def _fit_at_once(design: Design, *, intercept: bool, level: float) -> _Fitted:
    """Every term from one fit on standardised columns; the intercept, which centring changes, is left open."""
    matrix, k = design.matrix, len(design.names)
    nothing = _Fitted(np.full(k, np.nan), float("nan"), np.full(k, np.nan), np.full((k, 2), np.nan))
    shift, scale = np.zeros(k), np.sqrt((matrix**2).mean(axis=0))
    if intercept:
        shift[1:] = matrix[:, 1:].mean(axis=0)
        scale[1:] = matrix[:, 1:].std(axis=0)
    terms = list(range(int(intercept), k))
    standardised = (matrix - shift) / scale
    model = _converged_model(standardised, design.outcome, terms)
    if model is None:
        return nothing
    coef = model.coef_ / scale
    if intercept:
        coef[0] -= shift @ coef
    for term in terms:
        nothing.p_value[term] = model.lrt_pvalues_[term]
        nothing.limits[term] = _profile_limits(model, standardised, term, level) / scale[term]
    return replace(nothing, coef=coef, loglik=float(model.loglik_ + np.log(scale).sum()))


def _fit_for_one_term(design: Design, term: int, *, level: float) -> _Fitted | None:
    """One term from a fit at right angles to all others; None where no fit converges."""
    k = len(design.names)
    # With this term last, its coefficient is the last coordinate over the corner of the triangle.
    order = [*(other for other in range(k) if other != term), term]
    basis, triangle = orthogonal_basis(design.matrix[:, order])
    model = _converged_model(basis, design.outcome, [k - 1])
    if model is None:
        return None
    limits = _profile_limits(model, basis, k - 1, level)
    estimate, se = float(model.coef_[-1]), _standard_error(model, basis, k - 1)
    for side, sign in enumerate((-1, 1)):
        if np.isnan(limits[side]):
            limits[side] = _profile_limit(basis, design.outcome, estimate, sign * se, 1 - level)
    coef, p_values, all_limits = np.empty(k), np.full(k, np.nan), np.full((k, 2), np.nan)
    coef[order] = solve_triangular(triangle, model.coef_)
    p_values[term] = model.lrt_pvalues_[-1]
    all_limits[term] = np.sort(limits / triangle[-1, -1])
    loglik = float(model.loglik_ + np.log(np.abs(np.diag(triangle))).sum())
    return _Fitted(coef, loglik, p_values, all_limits)


def _converged_model(
    matrix: FloatArray, outcome: FloatArray, tested: list[int], offset: FloatArray | None = None
) -> Any:
    """Fit without intercept, with the tightest tolerance at which the given coefficients can be tested too.

    None where no fit converges; where a test failed at every tolerance, its p is NaN.
    """
    from firthmodels import FirthLogisticRegression  # noqa: PLC0415  (imports scikit-learn, about a second)

    converged = None
    for tolerance in _TOLERANCES:
        model = FirthLogisticRegression(
            backend="numpy", fit_intercept=False, max_iter=_MAX_ITERATIONS, gtol=tolerance, xtol=tolerance
        )
        with warnings.catch_warnings():
            # Non-convergence is read from converged_ and from NaN, and reported as a reason.
            warnings.simplefilter("ignore")
            try:
                model.fit(matrix, outcome, offset=offset).lrt(tested)
            except np.linalg.LinAlgError:  # all fitted risks are 0 or 1 to machine precision
                continue
        if model.converged_ and np.isfinite(model.loglik_):
            if np.isfinite(model.lrt_pvalues_[tested]).all():
                return model
            converged = converged or model
    return converged


def _profile_limits(model: Any, matrix: FloatArray, term: int, level: float) -> FloatArray:
    """Profile limits of one coefficient, shape (2,); NaN where the library does not find one."""
    limits = np.full(2, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The search may step to where fitted risks are 0 or 1 to machine precision.
        with suppress(np.linalg.LinAlgError):
            limits = model.conf_int(
                alpha=1 - level, method="pl", features=term, max_iter=_MAX_ITERATIONS, tol=1e-6
            )[term].copy()
    # The root finder can also stop on the other limit, which the side gives away.
    estimate = float(model.coef_[term])
    limits[[not limits[0] < estimate, not limits[1] > estimate]] = np.nan
    return limits


def _standard_error(model: Any, matrix: FloatArray, term: int) -> float:
    return float(np.sqrt(inverse_information(matrix, model.coef_)[term, term]))


def _profile_limit(
    matrix: FloatArray, outcome: FloatArray, estimate: float, step: float, alpha: float
) -> float:
    """The value of the last coefficient whose test has p = alpha, on the side ``step`` points to."""

    def excess(value: float) -> float:
        # With value * column as offset, testing zero tests the value.
        tested = _converged_model(matrix, outcome, [matrix.shape[1] - 1], offset=value * matrix[:, -1])
        return float("nan") if tested is None else float(tested.lrt_pvalues_[-1]) - alpha

    inner, outer = estimate, estimate + 2 * step
    for _ in range(12):
        beyond = excess(outer)
        if not np.isfinite(beyond):
            return float("nan")
        if beyond < 0:
            try:
                return float(brentq(excess, inner, outer, xtol=1e-7))
            except ValueError:  # a test on the way could not be computed
                return float("nan")
        inner, outer = outer, estimate + 2 * (outer - estimate)
    return float("nan")


def _incomplete(names: tuple[str, ...], p_value: FloatArray, limits: FloatArray) -> str | None:
    untested = [name for name, p in zip(names, p_value, strict=True) if np.isnan(p)]
    unbounded = [name for name, pair in zip(names, limits, strict=True) if np.isnan(pair).any()]
    parts = []
    if untested:
        parts.append(f"The likelihood ratio test did not converge for {quoted(untested)}.")
    if unbounded:
        parts.append(f"The profile likelihood gave no limit for {quoted(unbounded)}.")
    return " ".join(parts) or None


def _no_fit(design: Design, *, intercept: bool, level: float, reason: str) -> FirthFit:
    k = len(design.names)
    nothing = np.full(k, np.nan)
    return FirthFit(
        names=design.names,
        coef=nothing,
        se=nothing,
        conf_low=nothing,
        conf_high=nothing,
        p_value=nothing,
        covariance=np.full((k, k), np.nan),
        loglik=float("nan"),
        separation=False,
        separation_terms=(),
        n=len(design.outcome),
        n_events=int(design.outcome.sum()),
        level=level,
        intercept=intercept,
        reason=reason,
    )
