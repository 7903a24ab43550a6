"""Which covariates go with a binary outcome when the sample is large enough for maximum likelihood?

Logistic regression with Wald intervals, or with errors that allow for clusters of people such as the
patients of one therapist, judged against t with one degree of freedom less than there are clusters.

References
----------
McCullagh & Nelder (1989) Generalized Linear Models. Liang & Zeger (1986) Biometrika 73:13-22.
Cameron & Miller (2015) J Hum Resour 50:317-372.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis_lib.errors import ModelError
from analysis_lib.stats.design import Design, FloatArray, check_level, checked_design, quoted
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.perfect_prediction import separation
from analysis_lib.stats.threads import one_blas_thread


@dataclass(frozen=True)
class LogisticFit:
    """A logistic regression. All arrays follow ``names``; coefficients are log odds ratios.

    Attributes
    ----------
    names : tuple of str, length k
        Terms, the intercept first where there is one.
    coef, se : ndarray of shape (k,)
        Estimates and standard errors.
    conf_low, conf_high : ndarray of shape (k,)
        Wald limits; profile limits where ``method`` is "firth".
    p_value : ndarray of shape (k,)
        Wald test of a zero coefficient; likelihood ratio test where ``method`` is "firth".
    df : float
        Degrees of freedom of the t distribution: clusters less one, infinity without clusters.
    covariance : ndarray of shape (k, k)
        What ``se`` is taken from.
    loglik : float
        Maximum of the log likelihood.
    separation : bool
        True only where separated data were fitted by Firth's method on request.
    n, n_events : int
        People, and people with outcome 1.
    n_clusters : int or None
        Clusters; None for a model without them.
    level : float
        Confidence level of the interval.
    intercept : bool
        Whether the first term is an intercept.
    method : {"maximum likelihood", "firth"}
        How the coefficients were estimated.
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
    loglik: float
    separation: bool
    n: int
    n_events: int
    n_clusters: int | None
    level: float
    intercept: bool
    method: Literal["maximum likelihood", "firth"]
    reason: str | None


def logistic(
    X: ArrayLike,
    y: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    names: ArrayLike | None = None,
    intercept: bool = True,
    level: float = 0.95,
    if_separated: Literal["raise", "firth"] = "raise",
) -> LogisticFit:
    """Fit a logistic regression by maximum likelihood.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones.
    y : array-like of shape (n,)
        Outcome, 0 or 1 (or False, True).
    cluster : array-like of shape (n,), optional
        Label of the cluster each person belongs to, for instance the therapist. None takes people as
        independent.
    names : sequence of str, optional
        One name per column of ``X``. None takes the column names of a DataFrame, else x1, x2, ...
    intercept : bool
        Whether to estimate an intercept; it comes first and is called "intercept".
    level : float
        Confidence level between 0 and 1.
    if_separated : {"raise", "firth"}
        What to do where no finite estimate exists: refuse, or fit :func:`firth_logistic` instead. There is
        no clustered form of the latter.

    Returns
    -------
    LogisticFit

    Raises
    ------
    ModelError
        If shapes or values are wrong, or if the covariates separate the outcome and ``if_separated`` is
        "raise". What else the data cannot give (constant or dependent covariates, an outcome that never
        varies, too few people or clusters) is NaN with a ``reason``.

    Notes
    -----
    With clusters the covariance is the sandwich of summed scores times
    :math:`\\frac{G}{G-1}\\frac{n-1}{n-k}` (CR1), and tests use :math:`t_{G-1}`: the normal distribution
    rejects far too often with fewer than about 40 clusters (Cameron & Miller 2015). With fewer than 20
    prefer a bias-reduced covariance.

    Examples
    --------
    Of 40 people with the theme 20 left, of 40 without it 8, an odds ratio of (20/20) / (8/32) = 4:

    >>> theme = [[1]] * 40 + [[0]] * 40
    >>> left = [1] * 20 + [0] * 20 + [1] * 8 + [0] * 32
    >>> fit = logistic(theme, left, names=["theme"])
    >>> round(float(np.exp(fit.coef[1])), 6)
    4.0
    """
    check_level(level)
    if if_separated not in ("raise", "firth"):
        raise ModelError('if_separated must be "raise" or "firth".')
    design = checked_design(X, y, names=names, intercept=intercept)
    codes = None if cluster is None else cluster_codes(cluster, len(design.outcome))
    if design.reason is not None:
        return _no_fit(design, codes, intercept=intercept, level=level, reason=design.reason)
    found = separation(X, y, names, intercept=intercept)
    if found.kind != "none" and if_separated == "firth" and codes is None:
        return _by_firth(X, y, names=names, intercept=intercept, level=level)
    if found.kind != "none":
        raise ModelError(
            f"There is {found.kind} separation: no finite maximum likelihood estimate exists for "
            f"{quoted(found.terms)}. Use firth_logistic, which does not allow for clusters, "
            "or leave terms out."
        )
    return _by_maximum_likelihood(design, codes, intercept=intercept, level=level)


def cluster_codes(cluster: ArrayLike, n: int) -> NDArray[np.int64]:
    """Number the clusters from 0 in the order of their labels.

    Parameters
    ----------
    cluster : array-like of shape (n,)
        Labels; text or numbers, no missing values.
    n : int
        How many people there are.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ModelError
        If there is not one label per person.

    Examples
    --------
    >>> cluster_codes(["t2", "t1", "t2"], 3).tolist()
    [1, 0, 1]
    """
    text = labels_as_text(cluster, "people have no cluster label; leave them out or give each their own")
    if text.shape != (n,):
        raise ModelError(f"Clusters must hold one label for each of the {n} people; there are {len(text)}.")
    return np.unique(text, return_inverse=True)[1].astype(np.int64)


def labels_as_text(labels: ArrayLike, lacking: str) -> NDArray[np.str_]:
    """Labels as text, refused where one is missing.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Text or numbers.
    lacking : str
        How the refusal goes on after the number of missing labels.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ModelError
        If a label is None, NaN, NA or an empty text, or labels are not one-dimensional.

    Examples
    --------
    >>> labels_as_text([3, 12], "people have no ward").tolist()
    ['3', '12']
    """
    values = np.asarray(labels, dtype=object)
    if values.ndim != 1:
        raise ModelError(f"Labels must be a list with one for each person; the shape is {values.shape}.")
    count = sum(bool(pd.isna(value)) or value == "" for value in values)
    if count:
        raise ModelError(f"{count} of {len(values)} {lacking}.")
    return values.astype(np.str_)


def _by_maximum_likelihood(
    design: Design, codes: NDArray[np.int64] | None, *, intercept: bool, level: float
) -> LogisticFit:
    import statsmodels.api as sm  # noqa: PLC0415  (takes seconds to import)

    n, k = design.matrix.shape
    with one_blas_thread(), warnings.catch_warnings():
        # Whether it converged is read from the result and reported as a reason.
        warnings.simplefilter("ignore")
        model = sm.GLM(design.outcome, design.matrix, family=sm.families.Binomial())
        fitted = model.fit(tol=1e-12, maxiter=100)
    if not (fitted.converged and np.isfinite(fitted.params).all()):
        hint = "The likelihood could not be maximised; fewer or rescaled covariates may help."
        return _no_fit(design, codes, intercept=intercept, level=level, reason=hint)
    reason: str | None = None
    df, n_clusters = float("inf"), None
    covariance: FloatArray = np.asarray(fitted.cov_params())
    if codes is not None:
        n_clusters = int(codes.max()) + 1
        df = n_clusters - 1.0
        if n_clusters <= k:
            reason = (
                f"{n_clusters} clusters cannot carry standard errors for {k} coefficients; "
                "leave covariates out or analyse without clusters and say so."
            )
            covariance = np.full((k, k), np.nan)
        else:
            clustered = model.fit(
                tol=1e-12, maxiter=100, cov_type="cluster", cov_kwds={"groups": codes, "use_correction": True}
            )
            covariance = np.asarray(clustered.cov_params())
    coef: FloatArray = np.asarray(fitted.params)
    se = np.sqrt(np.diag(covariance))
    half = stats.t.ppf((1 + level) / 2, df) * se
    return LogisticFit(
        names=design.names,
        coef=coef,
        se=se,
        conf_low=coef - half,
        conf_high=coef + half,
        p_value=2 * stats.t.sf(np.abs(coef / se), df),
        df=df,
        covariance=covariance,
        loglik=float(fitted.llf),
        separation=False,
        n=n,
        n_events=int(design.outcome.sum()),
        n_clusters=n_clusters,
        level=level,
        intercept=intercept,
        method="maximum likelihood",
        reason=reason,
    )


def _by_firth(
    X: ArrayLike, y: ArrayLike, *, names: ArrayLike | None, intercept: bool, level: float
) -> LogisticFit:
    fit = firth_logistic(X, y, names=names, intercept=intercept, level=level)
    return LogisticFit(
        names=fit.names,
        coef=fit.coef,
        se=fit.se,
        conf_low=fit.conf_low,
        conf_high=fit.conf_high,
        p_value=fit.p_value,
        df=float("inf"),
        covariance=fit.covariance,
        loglik=fit.loglik,
        separation=True,
        n=fit.n,
        n_events=fit.n_events,
        n_clusters=None,
        level=level,
        intercept=intercept,
        method="firth",
        reason=fit.reason,
    )


def _no_fit(
    design: Design, codes: NDArray[np.int64] | None, *, intercept: bool, level: float, reason: str
) -> LogisticFit:
    k = len(design.names)
    nothing = np.full(k, np.nan)
    return LogisticFit(
        names=design.names,
        coef=nothing,
        se=nothing,
        conf_low=nothing,
        conf_high=nothing,
        p_value=nothing,
        df=float("nan"),
        covariance=np.full((k, k), np.nan),
        loglik=float("nan"),
        separation=False,
        n=len(design.outcome),
        n_events=int(design.outcome.sum()),
        n_clusters=None if codes is None else int(codes.max()) + 1,
        level=level,
        intercept=intercept,
        method="maximum likelihood",
        reason=reason,
    )
