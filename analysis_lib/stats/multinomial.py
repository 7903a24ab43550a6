"""Which covariates go with which of several outcome groups?

Log odds of each group against a reference group, penalised by Jeffreys' prior so that a covariate seen in one
group only still has a finite estimate. Groups that have an order are in :mod:`analysis_lib.stats.ordered`.

References
----------
Firth (1993) Biometrika 80:27-38. Kosmidis & Firth (2011) Biometrika 98:755-759. Bull, Mak & Greenwood (2002)
Comput Stat Data Anal 39:57-74.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.linalg import solve_triangular
from scipy.optimize import brentq, minimize
from scipy.special import log_softmax, softmax

from analysis_lib.errors import ModelError, did_you_mean
from analysis_lib.stats.design import (
    FloatArray,
    check_level,
    checked_covariates,
    orthogonal_basis,
    quoted,
    with_intercept,
)
from analysis_lib.stats.logistic import labels_as_text
from analysis_lib.stats.perfect_prediction import told_apart_rows
from analysis_lib.stats.threads import one_blas_thread

# A maximum is reached where one more step would raise the log likelihood by less than half of this.
_NEGLIGIBLE_GAIN = 1e-11
_MAX_RESTARTS = 10


@dataclass(frozen=True)
class MultinomialFit:
    """A penalised multinomial regression. Rows follow ``groups``, columns follow ``names``.

    Attributes
    ----------
    groups : tuple of str, length K - 1
        Outcome groups other than the reference.
    reference : str
        Group all others are compared with.
    names : tuple of str, length k
        Terms, the intercept first.
    coef, se : ndarray of shape (K - 1, k)
        Log odds ratios against the reference and their Wald standard errors, for combining fits only.
    conf_low, conf_high : ndarray of shape (K - 1, k)
        Limits of the profile penalised likelihood interval.
    p_value : ndarray of shape (K - 1, k)
        Penalised likelihood ratio test of one zero coefficient.
    p_value_term : ndarray of shape (k,)
        The same test of a term in all groups at once, with K - 1 degrees of freedom.
    covariance : ndarray of shape ((K - 1) k, (K - 1) k)
        Inverse Fisher information; the coefficients of the first group come first.
    loglik : float
        Maximum of the penalised log likelihood.
    separation : bool
        True where maximum likelihood has no finite estimate.
    n : int
        People.
    n_groups : tuple of int, length K
        People in the reference and in each of ``groups``.
    level : float
        Confidence level of the interval.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    groups: tuple[str, ...]
    reference: str
    names: tuple[str, ...]
    coef: FloatArray
    se: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    p_value_term: FloatArray
    covariance: FloatArray
    loglik: float
    separation: bool
    n: int
    n_groups: tuple[int, ...]
    level: float
    reason: str | None


def firth_multinomial(
    X: ArrayLike,
    y: ArrayLike,
    *,
    reference: str,
    groups: Sequence[str] | None = None,
    names: ArrayLike | None = None,
    level: float = 0.95,
) -> MultinomialFit:
    """Log odds of each outcome group against a reference, penalised by Jeffreys' prior.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones.
    y : array-like of shape (n,)
        Outcome group of each person, no missing labels.
    reference : str
        Group all others are compared with.
    groups : sequence of str, optional
        The other groups in the order wanted. None sorts the labels that occur.
    names : sequence of str, optional
        One name per column of ``X``. None takes the column names of a DataFrame, else x1, x2, ...
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    MultinomialFit
        NaN with a reason where a group is empty, a covariate is constant, covariates determine each other or
        there are no more people than parameters.

    Raises
    ------
    ModelError
        If shapes or values are wrong or a group is unknown.

    Notes
    -----
    Maximises :math:`\\ell(\\beta) + \\tfrac12 \\log |I(\\beta)|` by BFGS steps that start from the Fisher
    information :math:`I = \\sum_i (\\operatorname{diag} p_i - p_i p_i') \\otimes x_i x_i'`. With
    two groups this is :func:`analysis_lib.stats.firth_logistic`.

    Examples
    --------
    >>> theme = [[0]] * 9 + [[1]] * 6
    >>> group = ["helpful"] * 5 + ["mixed"] * 2 + ["dropped"] * 2 + ["dropped"] * 4 + ["mixed"] * 2
    >>> fit = firth_multinomial(theme, group, reference="helpful", names=["theme"])
    >>> fit.groups, fit.separation, bool(np.isfinite(fit.coef).all())
    (('dropped', 'mixed'), True, True)
    """
    check_level(level)
    covariates, labels, columns = checked_covariates(X, y, names=names)
    text = labels_as_text(labels, "people have no outcome group")
    occurring = sorted(set(text.tolist()))
    others = tuple(label for label in occurring if label != reference) if groups is None else tuple(groups)
    codes = group_codes(text, (reference, *others))
    counts = np.bincount(codes, minlength=len(others) + 1)
    matrix, terms, reason = with_intercept(covariates, columns, intercept=True)
    n, k = matrix.shape
    empty = [group for group, count in zip((reference, *others), counts, strict=True) if count == 0]
    if not others:
        reason = f"Everybody is in the group {quoted([reference])}, so there is nothing to compare."
    elif empty:
        hint = did_you_mean(empty[0], occurring)
        reason = f"Nobody is in {quoted(empty)}; leave the group out.{hint}"
    elif reason is None and n <= k * len(others):
        reason = f"{n} people cannot determine {k * len(others)} parameters."
    if reason is not None:
        return _no_multinomial(others, reference, terms, counts, level=level, reason=reason)

    rows, shape = len(others), (len(others), k)
    p_value, limits, p_value_term = np.full(shape, np.nan), np.full((*shape, 2), np.nan), np.full(k, np.nan)
    observed = (codes[:, None] == np.arange(1, rows + 1)).astype(np.float64)
    best: FloatArray = np.zeros(rows * k)
    with one_blas_thread():
        for term in range(k):
            # With this term last, its coefficients are the last coordinates over the corner of the triangle.
            basis, triangle = orthogonal_basis(matrix[:, [*(t for t in range(k) if t != term), term]])
            data = _Data(basis, observed, (basis[:, :, None] * basis[:, None, :]).reshape(n, -1))
            found = _maximum(np.zeros(rows * k), data, [])
            if found is None:
                reason = "The penalised likelihood could not be maximised; fewer covariates may help."
                return _no_multinomial(others, reference, terms, counts, level=level, reason=reason)
            best = found
            inverse = np.asarray(np.linalg.inv(_information(best, data)), dtype=np.float64)
            places = [row * k + k - 1 for row in range(rows)]
            p_value_term[term] = _p_value(best, inverse, data, places)
            for row, place in enumerate(places):
                p_value[row, term] = _p_value(best, inverse, data, [place])
                ends = [_limit(best, inverse, data, place, sign, 1 - level) for sign in (-1, 1)]
                limits[row, term] = np.sort(np.array(ends) / triangle[-1, -1])
    # After the last turn the order is the design's own.
    coef = solve_triangular(triangle, best.reshape(shape).T).T
    back = np.kron(np.eye(rows), solve_triangular(triangle, np.eye(k)))
    covariance = back @ inverse @ back.T
    jacobian = rows * float(np.log(np.abs(np.diag(triangle))).sum())
    return MultinomialFit(
        groups=others,
        reference=reference,
        names=terms,
        coef=coef,
        se=np.sqrt(np.diag(covariance)).reshape(shape),
        conf_low=limits[..., 0],
        conf_high=limits[..., 1],
        p_value=p_value,
        p_value_term=p_value_term,
        covariance=covariance,
        loglik=jacobian - _loss(best, data)[0],
        separation=bool(told_apart_rows(_gains(data)).any()),
        n=n,
        n_groups=tuple(counts.tolist()),
        level=level,
        reason=_incomplete(others, terms, p_value, limits),
    )


@dataclass(frozen=True)
class _Data:
    """Covariates and, without the reference, who is in which group; coefficients are laid out group by group."""

    matrix: FloatArray
    observed: FloatArray
    squares: FloatArray  # x_i x_i' of each person as one row, shape (n, k k)

    @property
    def rows(self) -> int:
        """Groups other than the reference."""
        return int(self.observed.shape[1])


def _linear(beta: FloatArray, data: _Data) -> FloatArray:
    slopes = beta.reshape(data.rows, -1).T
    return np.column_stack([np.zeros(len(data.matrix)), data.matrix @ slopes])


def _information(beta: FloatArray, data: _Data) -> FloatArray:
    """Fisher information, shape (rows k, rows k)."""
    risk = softmax(_linear(beta, data), axis=1)[:, 1:]
    return _information_at(risk, data)


def _information_at(risk: FloatArray, data: _Data) -> FloatArray:
    rows, k = data.rows, data.matrix.shape[1]
    weight = risk[:, :, None] * (np.eye(rows) - risk[:, None, :])
    blocks = (weight.reshape(len(risk), -1).T @ data.squares).reshape(rows, rows, k, k)
    information: FloatArray = blocks.transpose(0, 2, 1, 3).reshape(rows * k, rows * k)
    return information


def _loss(beta: FloatArray, data: _Data) -> tuple[float, FloatArray]:
    """Minus the penalised log likelihood, and its gradient; infinity where the information vanishes."""
    linear = _linear(beta, data)
    log_risk = log_softmax(linear, axis=1)
    risk = np.exp(log_risk[:, 1:])
    in_reference = 1 - data.observed.sum(axis=1)
    loglik = float((data.observed * log_risk[:, 1:]).sum() + in_reference @ log_risk[:, 0])
    information = _information_at(risk, data)
    sign, logdet = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(logdet):
        return float("inf"), np.zeros_like(beta)
    # Derivative of half the log determinant. With h the (rows x rows) leverages of a person and W the
    # covariance of the indicators of groups: sum_kl h_kl dW_kl = sum_k dp_k (h_kk - 2 (h p)_k).
    rows, k = data.rows, data.matrix.shape[1]
    inverse = np.linalg.inv(information).reshape(rows, k, rows, k).transpose(0, 2, 1, 3)
    leverage = (data.squares @ inverse.reshape(rows * rows, -1).T).reshape(-1, rows, rows)
    pull = leverage.diagonal(axis1=1, axis2=2) - 2 * (leverage @ risk[:, :, None])[:, :, 0]
    bias = risk * (pull - (risk * pull).sum(axis=1, keepdims=True)) / 2
    gradient = (data.observed - risk + bias).T @ data.matrix
    return -loglik - float(logdet) / 2, -gradient.ravel()


def _maximum(start: FloatArray, data: _Data, held: list[int]) -> FloatArray | None:
    """Coefficients of the largest penalised likelihood with some left as they are; None without success."""
    free = np.setdiff1d(np.arange(len(start)), held)
    if not len(free):
        return start

    def full(values: FloatArray) -> FloatArray:
        whole = start.copy()
        whole[free] = values
        return whole

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = _loss(full(values), data)
        return value, gradient[free]

    values, gain = start[free], float("inf")
    with warnings.catch_warnings():
        # The line search may try where the information vanishes and the loss is infinite.
        warnings.simplefilter("ignore")
        # BFGS gives up when its picture of the curvature has gone stale; a fresh one lets it finish.
        for _ in range(_MAX_RESTARTS):
            curvature = np.linalg.pinv(_information(full(values), data)[np.ix_(free, free)], hermitian=True)
            gradient = loss(values)[1]
            gain = float(gradient @ curvature @ gradient)
            if gain < _NEGLIGIBLE_GAIN:
                break
            values = minimize(
                loss,
                values,
                jac=True,
                method="BFGS",
                options={"gtol": 1e-7, "maxiter": 500, "hess_inv0": (curvature + curvature.T) / 2},
            ).x
    return full(values) if gain < _NEGLIGIBLE_GAIN else None


def _moved(best: FloatArray, inverse: FloatArray, places: list[int], values: FloatArray) -> FloatArray:
    """Some coefficients set, and the others where a quadratic likelihood would then have its maximum."""
    moved: FloatArray = best + inverse[:, places] @ np.linalg.solve(
        inverse[np.ix_(places, places)], values - best[places]
    )
    moved[places] = values
    return moved


def _p_value(best: FloatArray, inverse: FloatArray, data: _Data, places: list[int]) -> float:
    """Likelihood ratio test that the coefficients at ``places`` are zero; NaN where the held fit fails."""
    constrained = _maximum(_moved(best, inverse, places, np.zeros(len(places))), data, places)
    if constrained is None:
        return float("nan")
    chi2 = 2 * (_loss(constrained, data)[0] - _loss(best, data)[0])
    return float(stats.chi2.sf(max(chi2, 0.0), len(places)))


def _limit(best: FloatArray, inverse: FloatArray, data: _Data, place: int, sign: int, alpha: float) -> float:
    """The value of one coefficient whose test has p = alpha, below or above the estimate."""
    cut = stats.chi2.isf(alpha, 1)
    top = _loss(best, data)[0]
    passed = {float(best[place]): best}

    def excess(value: float) -> float:
        nearest = passed[min(passed, key=lambda known: abs(known - value))]
        constrained = _maximum(_moved(nearest, inverse, [place], np.array([value])), data, [place])
        if constrained is None:
            return float("nan")
        passed[value] = constrained
        return float(2 * (_loss(constrained, data)[0] - top) - cut)

    step = sign * 2 * float(np.sqrt(inverse[place, place]))
    inner, outer = best[place], best[place] + step
    for _ in range(12):
        beyond = excess(outer)
        if not np.isfinite(beyond):
            return float("nan")
        if beyond > 0:
            try:
                return float(brentq(excess, inner, outer, xtol=1e-6))
            except ValueError:  # a fit on the way failed
                return float("nan")
        inner, outer = outer, best[place] + 2 * (outer - best[place])
    return float("nan")


def _gains(data: _Data) -> FloatArray:
    """Differences that the likelihood wants positive: own group less every other group, person by person."""
    indicator = np.column_stack([1 - data.observed.sum(axis=1), data.observed])
    groups = np.column_stack([np.zeros(data.rows), np.eye(data.rows)])
    blocks = []
    for other in range(data.rows + 1):
        elsewhere = indicator[:, other] == 0
        direction = indicator[elsewhere] @ groups.T - groups[:, other]
        blocks.append(np.einsum("ia,ij->iaj", direction, data.matrix[elsewhere]).reshape(elsewhere.sum(), -1))
    return np.concatenate(blocks)


def group_codes(text: NDArray[np.str_], groups: tuple[str, ...]) -> NDArray[np.int64]:
    """The place of each label among the groups, shape (n,).

    Raises
    ------
    ModelError
        If a group is given twice, or a label is none of them; labels are counted and never quoted.

    Examples
    --------
    >>> group_codes(np.array(["mixed", "helpful"]), ("helpful", "mixed")).tolist()
    [1, 0]
    """
    if len(set(groups)) < len(groups):
        raise ModelError("Outcome groups must differ; one is given more than once.")
    place = {group: code for code, group in enumerate(groups)}
    unknown = sum(label not in place for label in text.tolist())
    if unknown:
        raise ModelError(
            f"{unknown} of {len(text)} people are in none of the groups {quoted(groups)}; name their groups or "
            "leave them out."
        )
    return np.array([place[label] for label in text.tolist()], dtype=np.int64)


def _incomplete(
    groups: tuple[str, ...], names: tuple[str, ...], p_value: FloatArray, limits: FloatArray
) -> str | None:
    lacking = np.isnan(p_value) | np.isnan(limits).any(axis=2)
    where = [
        f"{name} ({group})"
        for row, group in enumerate(groups)
        for column, name in enumerate(names)
        if lacking[row, column]
    ]
    return f"The profile likelihood could not be followed for {quoted(where)}." if where else None


def _no_multinomial(
    groups: tuple[str, ...],
    reference: str,
    names: tuple[str, ...],
    counts: NDArray[np.int64],
    *,
    level: float,
    reason: str,
) -> MultinomialFit:
    nothing = np.full((len(groups), len(names)), np.nan)
    return MultinomialFit(
        groups=groups,
        reference=reference,
        names=names,
        coef=nothing,
        se=nothing,
        conf_low=nothing,
        conf_high=nothing,
        p_value=nothing,
        p_value_term=np.full(len(names), np.nan),
        covariance=np.full((nothing.size, nothing.size), np.nan),
        loglik=float("nan"),
        separation=False,
        n=int(counts.sum()),
        n_groups=tuple(counts.tolist()),
        level=level,
        reason=reason,
    )
