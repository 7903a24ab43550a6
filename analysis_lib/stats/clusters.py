"""Which covariates go with a binary outcome over all people when they come in clusters?

Clients of one therapist resemble one another; the errors here allow for that and hold for few clusters. The
result type is that of all three questions about clusters: over all people (this module), within clusters
(:mod:`~analysis_lib.stats.conditional`), for a typical cluster (:mod:`~analysis_lib.stats.random_intercept`).

References
----------
Mancl & DeRouen (2001) Biometrics 57:126-134.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis_lib.stats.design import (
    Design,
    FloatArray,
    check_level,
    checked_design,
    quoted,
)
from analysis_lib.stats.logistic import cluster_codes
from analysis_lib.stats.perfect_prediction import determined, separation
from analysis_lib.stats.threads import one_blas_thread

ClusterMethod = Literal["gee", "conditional", "random intercept"]


@dataclass(frozen=True)
class ClusteredFit:
    """A logistic regression of clustered people. All arrays follow ``names``.

    Attributes
    ----------
    names : tuple of str, length k
        Terms, the intercept first; a conditional model has no intercept.
    coef, se : ndarray of shape (k,)
        Log odds ratios and their standard errors.
    conf_low, conf_high, p_value : ndarray of shape (k,)
        Wald interval and test, from t with ``df`` degrees of freedom.
    df : float
        Clusters less one for "gee"; infinity, the normal distribution, for the other two.
    covariance : ndarray of shape (k, k)
        What ``se`` is taken from.
    n, n_events : int
        People used, and those of them with outcome 1.
    n_clusters : int
        Clusters used.
    n_uninformative : int
        Clusters left out because all of their people have the same outcome; only "conditional" does that.
    between_sd : float or None
        Standard deviation of the intercepts between clusters on the log odds scale; None for the other two.
    level : float
        Confidence level of the interval.
    method : {"gee", "conditional", "random intercept"}
        How the coefficients were estimated. Those of "gee" compare people at large, the others people of
        the same cluster, so the latter lie further from zero.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    names: tuple[str, ...]
    coef: FloatArray
    se: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    df: float
    covariance: FloatArray
    n: int
    n_events: int
    n_clusters: int
    n_uninformative: int
    between_sd: float | None
    level: float
    method: ClusterMethod
    reason: str | None


def gee_logistic(
    X: ArrayLike,
    y: ArrayLike,
    *,
    cluster: ArrayLike,
    names: ArrayLike | None = None,
    intercept: bool = True,
    level: float = 0.95,
) -> ClusteredFit:
    """Odds ratios over all people, with errors that hold for few clusters.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones.
    y : array-like of shape (n,)
        Outcome, 0 or 1.
    cluster : array-like of shape (n,)
        Label of the cluster each person belongs to.
    names : sequence of str, optional
        One name per column of ``X``. None takes the column names of a DataFrame, else x1, x2, ...
    intercept : bool
        Whether to estimate an intercept.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    ClusteredFit
        NaN with a reason under separation, with no more clusters than coefficients, or where a coefficient
        rests on a single cluster.

    Raises
    ------
    ModelError
        If shapes or values are wrong.

    Notes
    -----
    Generalised estimating equations with independence as working correlation. The sandwich inflates the
    residuals of cluster g by :math:`(I - H_{gg})^{-1}` (Mancl & DeRouen 2001) and is judged against
    :math:`t_{G-1}`, which keeps the type I error with as few as eight clusters.

    Examples
    --------
    >>> theme = [[0], [1], [1], [0], [1], [0], [1], [0], [1], [0], [1], [0]]
    >>> left = [0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1]
    >>> therapist = ["a", "a", "a", "b", "b", "b", "c", "c", "c", "d", "d", "d"]
    >>> fit = gee_logistic(theme, left, cluster=therapist, names=["theme"])
    >>> fit.n_clusters, fit.df, round(float(np.exp(fit.coef[1])), 6)
    (4, 3.0, 4.0)
    """
    check_level(level)
    design = checked_design(X, y, names=names, intercept=intercept)
    codes = cluster_codes(cluster, len(design.outcome))
    n_clusters, k = int(codes.max()) + 1, len(design.names)
    reason = design.reason or separated(X, y, names, intercept=intercept)
    if reason is None and n_clusters <= k:
        reason = (
            f"{n_clusters} clusters cannot carry standard errors for {k} coefficients; leave covariates out."
        )
    reason = reason or _rests_on_one_cluster(design, codes)
    if reason is not None:
        return no_fit(design, codes, level=level, method="gee", reason=reason)

    import statsmodels.api as sm  # noqa: PLC0415  (takes seconds to import)

    with one_blas_thread(), warnings.catch_warnings():
        # Whether it converged is read from the result and reported as a reason.
        warnings.simplefilter("ignore")
        model = sm.GEE(
            design.outcome,
            design.matrix,
            groups=codes,
            family=sm.families.Binomial(),
            cov_struct=sm.cov_struct.Independence(),
        )
        fitted = model.fit(cov_type="bias_reduced", ctol=1e-10, maxiter=200)
    if not (fitted.converged and np.isfinite(fitted.cov_robust_bc).all()):
        reason = "The estimating equations could not be solved; fewer or rescaled covariates may help."
        return no_fit(design, codes, level=level, method="gee", reason=reason)
    return wald(
        design,
        codes,
        coef=np.asarray(fitted.params),
        covariance=np.asarray(fitted.cov_robust_bc),
        df=n_clusters - 1.0,
        level=level,
        method="gee",
    )


def separated(X: ArrayLike, y: ArrayLike, names: ArrayLike | None, *, intercept: bool) -> str | None:
    """Why a fit without a penalty does not exist; None where it does."""
    found = separation(X, y, names, intercept=intercept)
    if found.kind == "none":
        return None
    return (
        f"There is {found.kind} separation, so there is no finite estimate for {quoted(found.terms)}; use "
        "Firth's penalised likelihood, which does not allow for clusters, or leave terms out."
    )


def _rests_on_one_cluster(design: Design, codes: NDArray[np.int64]) -> str | None:
    """A cluster without which a coefficient is undetermined has leverage 1, and no residual to learn from."""
    for code in range(int(codes.max()) + 1):
        known = determined(design.matrix[codes != code])
        if not known.all():
            alone = [name for name, is_known in zip(design.names, known, strict=True) if not is_known]
            return f"A single cluster decides on {quoted(alone)}, which leaves the error unknown."
    return None


def wald(
    design: Design,
    codes: NDArray[np.int64],
    *,
    coef: FloatArray,
    covariance: FloatArray,
    df: float,
    level: float,
    method: ClusterMethod,
    n_uninformative: int = 0,
    between_sd: float | None = None,
) -> ClusteredFit:
    """A fit with Wald intervals and tests from t with ``df`` degrees of freedom."""
    se = np.sqrt(np.diag(covariance))
    half = stats.t.ppf((1 + level) / 2, df) * se
    return ClusteredFit(
        names=design.names,
        coef=coef,
        se=se,
        conf_low=coef - half,
        conf_high=coef + half,
        p_value=2 * stats.t.sf(np.abs(coef / se), df),
        df=df,
        covariance=covariance,
        n=len(design.outcome),
        n_events=int(design.outcome.sum()),
        n_clusters=int(codes.max()) + 1,
        n_uninformative=n_uninformative,
        between_sd=between_sd,
        level=level,
        method=method,
        reason=None,
    )


def no_fit(
    design: Design,
    codes: NDArray[np.int64],
    *,
    level: float,
    method: ClusterMethod,
    reason: str,
    n_uninformative: int = 0,
) -> ClusteredFit:
    """NaN for every value, and the reason."""
    k = len(design.names)
    nothing = np.full(k, np.nan)
    return ClusteredFit(
        names=design.names,
        coef=nothing,
        se=nothing,
        conf_low=nothing,
        conf_high=nothing,
        p_value=nothing,
        df=float("nan"),
        covariance=np.full((k, k), np.nan),
        n=len(design.outcome),
        n_events=int(design.outcome.sum()),
        n_clusters=int(codes.max(initial=-1)) + 1,
        n_uninformative=n_uninformative,
        between_sd=float("nan") if method == "random intercept" else None,
        level=level,
        method=method,
        reason=reason,
    )
