"""Which covariates go with more of an outcome that has an order, such as satisfaction?

One log odds ratio per covariate for being in a higher rather than a lower group, taken to be the same at every
cut between groups.

References
----------
McCullagh (1980) J R Stat Soc B 42:109-142.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.linalg import solve_triangular

from analysis_lib.errors import ModelError
from analysis_lib.stats.design import (
    FloatArray,
    check_level,
    checked_covariates,
    orthogonal_basis,
    quoted,
    with_intercept,
)
from analysis_lib.stats.logistic import labels_as_text
from analysis_lib.stats.multinomial import group_codes
from analysis_lib.stats.perfect_prediction import told_apart_rows
from analysis_lib.stats.threads import one_blas_thread


@dataclass(frozen=True)
class OrderedFit:
    """A proportional odds regression. Arrays follow ``names``.

    Attributes
    ----------
    order : tuple of str, length K
        Outcome groups from lowest to highest.
    names : tuple of str, length p
        Covariates.
    coef, se : ndarray of shape (p,)
        Log odds ratios of being in a higher rather than a lower group, and their standard errors.
    conf_low, conf_high, p_value : ndarray of shape (p,)
        Wald interval and test.
    thresholds : ndarray of shape (K - 1,)
        Log odds of being at or below each group where all covariates are zero.
    covariance : ndarray of shape (p, p)
        What ``se`` is taken from.
    loglik : float
        Maximum of the log likelihood.
    separation : bool
        True where the covariates tell the groups apart at some cut, so that no finite estimate exists.
    n : int
        People.
    n_groups : tuple of int, length K
        People in each group.
    level : float
        Confidence level of the interval.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    order: tuple[str, ...]
    names: tuple[str, ...]
    coef: FloatArray
    se: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    thresholds: FloatArray
    covariance: FloatArray
    loglik: float
    separation: bool
    n: int
    n_groups: tuple[int, ...]
    level: float
    reason: str | None


def ordered_logistic(
    X: ArrayLike,
    y: ArrayLike,
    *,
    order: Sequence[str],
    names: ArrayLike | None = None,
    level: float = 0.95,
) -> OrderedFit:
    """One log odds ratio per covariate for outcome groups that have an order.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones.
    y : array-like of shape (n,)
        Outcome group of each person, no missing labels.
    order : sequence of str
        All groups from lowest to highest.
    names : sequence of str, optional
        One name per column of ``X``. None takes the column names of a DataFrame, else x1, x2, ...
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    OrderedFit
        NaN with a reason where a group is empty, covariates are constant or determine each other, there are
        too few people, or the covariates separate the groups.

    Raises
    ------
    ModelError
        If shapes or values are wrong or a label is not in ``order``.

    Notes
    -----
    Maximises the likelihood of :math:`P(Y \\le j) = \\operatorname{expit}(\\theta_j - x'\\beta)` (McCullagh
    1980): the odds ratio is taken to be the same at every cut between groups.

    Examples
    --------
    >>> theme = [[1]] * 8 + [[0]] * 8
    >>> group = (["low"] * 4 + ["middle"] * 2 + ["high"] * 2) + (["low"] * 2 + ["middle"] * 2 + ["high"] * 4)
    >>> fit = ordered_logistic(theme, group, order=["low", "middle", "high"], names=["theme"])
    >>> bool(fit.coef[0] < 0)
    True
    """
    check_level(level)
    covariates, labels, columns = checked_covariates(X, y, names=names)
    separated = False
    codes = group_codes(labels_as_text(labels, "people have no outcome group"), tuple(order))
    counts = np.bincount(codes, minlength=len(order))
    reason = with_intercept(covariates, columns, intercept=True)[2]
    empty = [group for group, count in zip(order, counts, strict=True) if count == 0]
    if not columns:
        raise ModelError("A proportional odds regression needs at least one covariate.")
    if len(order) < 2:
        raise ModelError("A proportional odds regression needs at least two groups.")
    if empty:
        reason = f"Nobody is in {quoted(empty)}; leave the group out."
    elif reason is None and len(codes) <= len(columns) + len(order) - 1:
        reason = f"{len(codes)} people cannot determine {len(columns) + len(order) - 1} parameters."
    elif reason is None and told_apart_rows(_ordered_gains(covariates, codes, len(order))).any():
        separated = True
        reason = (
            f"The covariates {quoted(columns)} separate the groups at some cut, so not every estimate is finite; "
            "use the penalised multinomial model."
        )
    if reason is not None:
        return _no_ordered(tuple(order), columns, counts, level=level, separation=separated, reason=reason)

    from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: PLC0415  (takes seconds to import)

    p = len(columns)
    centre = covariates.mean(axis=0)
    basis, triangle = orthogonal_basis(covariates - centre)
    with one_blas_thread(), warnings.catch_warnings():
        # Whether it converged is read from the gradient and reported as a reason.
        warnings.simplefilter("ignore")
        model = OrderedModel(codes, basis, distr="logit")
        fitted = model.fit(method="bfgs", gtol=1e-8, maxiter=1000, disp=0)
        score = np.asarray(model.score(fitted.params))
        full = np.asarray(fitted.cov_params())
    back = solve_triangular(triangle, np.eye(p))
    covariance = back @ full[:p, :p] @ back.T
    if not (np.abs(score).max() < 1e-3 and np.isfinite(covariance).all()):
        reason = "The likelihood of the proportional odds model could not be maximised."
        return _no_ordered(tuple(order), columns, counts, level=level, separation=False, reason=reason)
    coef = back @ np.asarray(fitted.params)[:p]
    se = np.sqrt(np.diag(covariance))
    half = stats.norm.ppf((1 + level) / 2) * se
    return OrderedFit(
        order=tuple(order),
        names=columns,
        coef=coef,
        se=se,
        conf_low=coef - half,
        conf_high=coef + half,
        p_value=2 * stats.norm.sf(np.abs(coef / se)),
        thresholds=model.transform_threshold_params(fitted.params)[1:-1] + centre @ coef,
        covariance=covariance,
        loglik=float(fitted.llf),
        separation=False,
        n=len(codes),
        n_groups=tuple(counts.tolist()),
        level=level,
        reason=None,
    )


def _ordered_gains(covariates: FloatArray, codes: NDArray[np.int64], count: int) -> FloatArray:
    """Linear predictor above the threshold below a person's group, and below the threshold above it."""
    scaled = covariates / covariates.std(axis=0)
    cuts = np.eye(count - 1)
    above, below = codes > 0, codes < count - 1
    return np.vstack(
        [
            np.hstack([scaled[above], -cuts[codes[above] - 1]]),
            np.hstack([-scaled[below], cuts[codes[below]]]),
        ]
    )


def _no_ordered(
    order: tuple[str, ...],
    names: tuple[str, ...],
    counts: NDArray[np.int64],
    *,
    level: float,
    separation: bool,
    reason: str,
) -> OrderedFit:
    nothing = np.full(len(names), np.nan)
    return OrderedFit(
        order=order,
        names=names,
        coef=nothing,
        se=nothing,
        conf_low=nothing,
        conf_high=nothing,
        p_value=nothing,
        thresholds=np.full(max(len(order) - 1, 0), np.nan),
        covariance=np.full((len(names), len(names)), np.nan),
        loglik=float("nan"),
        separation=separation,
        n=int(counts.sum()),
        n_groups=tuple(counts.tolist()),
        level=level,
        reason=reason,
    )
