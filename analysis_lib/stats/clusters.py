"""Which covariates go with a binary outcome when people come in clusters, such as one therapist's patients?

Three answers: over all people, with errors that hold for few clusters; within clusters only; for a typical
cluster, with a random intercept. ``intraclass_correlation`` says how alike people of one cluster are.

References
----------
Mancl & DeRouen (2001) Biometrics 57:126-134. Breslow & Day (1980) Statistical Methods in Cancer Research I.
Pinheiro & Chao (2006) J Comput Graph Stat 15:58-81. Ridout, Demetrio & Firth (1999) Biometrics 55:137-148.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp
from threadpoolctl import threadpool_limits

from analysis_lib.errors import ModelError
from analysis_lib.stats.firth import (
    Design,
    FloatArray,
    check_level,
    checked_design,
    determined,
    orthogonal_basis,
    quoted,
    separation,
    told_apart_rows,
)
from analysis_lib.stats.logistic import cluster_codes

_Loss = Callable[[FloatArray], tuple[float, FloatArray]]
_Method = Literal["gee", "conditional", "random intercept"]
_N_NODES = 25
# The conditional likelihood takes time in proportion to people x events; so many take about 5 seconds.
_MAX_SUBSET_STEPS = 40_000
# Below this standard deviation between clusters the fit is the one without clusters.
_SINGULAR = 1e-3


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
    method: _Method
    reason: str | None


@dataclass(frozen=True)
class IntraclassCorrelation:
    """How alike people of one cluster are.

    Attributes
    ----------
    estimate : float
        1 where clusters differ and nobody differs within them, about 0 where clusters do not matter;
        slightly negative values happen by chance.
    design_effect : float
        Factor by which clustering inflates the variance of an overall share, for clusters of equal size.
    n, n_clusters : int
        People and clusters.
    reason : str or None
        Why the estimate is NaN; None where it is not.
    """

    estimate: float
    design_effect: float
    n: int
    n_clusters: int
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
    reason = design.reason or _separated(X, y, names, intercept=intercept)
    if reason is None and n_clusters <= k:
        reason = (
            f"{n_clusters} clusters cannot carry standard errors for {k} coefficients; leave covariates out."
        )
    reason = reason or _rests_on_one_cluster(design, codes)
    if reason is not None:
        return _no_fit(design, codes, level=level, method="gee", reason=reason)

    import statsmodels.api as sm  # noqa: PLC0415  (takes seconds to import)

    with threadpool_limits(limits=1, user_api="blas"), warnings.catch_warnings():
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
        return _no_fit(design, codes, level=level, method="gee", reason=reason)
    return _wald(
        design,
        codes,
        coef=np.asarray(fitted.params),
        covariance=np.asarray(fitted.cov_robust_bc),
        df=n_clusters - 1.0,
        level=level,
        method="gee",
    )


def conditional_logistic(
    X: ArrayLike, y: ArrayLike, *, cluster: ArrayLike, names: ArrayLike | None = None, level: float = 0.95
) -> ClusteredFit:
    """Odds ratios within clusters: whatever is common to all people of a cluster drops out.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers that vary within clusters, no missing values.
    y : array-like of shape (n,)
        Outcome, 0 or 1.
    cluster : array-like of shape (n,)
        Label of the cluster each person belongs to.
    names : sequence of str, optional
        One name per column of ``X``. None takes the column names of a DataFrame, else x1, x2, ...
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    ClusteredFit
        ``n_uninformative`` counts the clusters in which everybody has the same outcome; they tell nothing
        about differences within clusters and are left out. NaN with a reason where no cluster is left,
        a covariate does not vary within clusters, or the covariates separate the outcome within them.

    Raises
    ------
    ModelError
        If shapes or values are wrong.

    Notes
    -----
    Maximises the likelihood of who had the outcome, given how many of each cluster had it.

    Examples
    --------
    Ten pairs of patients of one therapist each, one with and one without the theme. In 6 pairs only the
    former left, in 2 only the latter, in 2 both did: the odds ratio is 6/2.

    >>> pairs = np.repeat(np.arange(10), 2)
    >>> theme = np.tile([1, 0], 10)[:, None]
    >>> left = [1, 0] * 6 + [0, 1] * 2 + [1, 1] * 2
    >>> fit = conditional_logistic(theme, left, cluster=pairs, names=["theme"])
    >>> fit.n_uninformative, round(float(np.exp(fit.coef[0])), 6)
    (2, 3.0)
    """
    check_level(level)
    everybody = checked_design(X, y, names=names, intercept=False)
    codes = cluster_codes(cluster, len(everybody.outcome))
    events, sizes = np.bincount(codes, weights=everybody.outcome), np.bincount(codes)
    informative = (events > 0) & (events < sizes)
    left_out = int((~informative).sum())
    used = informative[codes]
    design = Design(everybody.matrix[used], everybody.outcome[used], everybody.names, None)
    groups = np.unique(codes[used], return_inverse=True)[1].astype(np.int64)
    reason = "In no cluster did the outcome vary, so nothing can be compared within clusters."
    if informative.any():
        within = design.matrix - _cluster_means(design.matrix, groups)
        undetermined = [
            name for name, known in zip(design.names, determined(within), strict=True) if not known
        ]
        reason = ""
        if undetermined:
            reason = (
                f"Within the clusters {quoted(undetermined)} cannot be told apart from what all people of a "
                "cluster share or from each other; leave columns out."
            )
        elif float(events[informative] @ sizes[informative]) > _MAX_SUBSET_STEPS:
            reason = (
                f"Clusters of up to {sizes[informative].max()} people are too large for the conditional "
                "likelihood; logistic with an indicator column for each cluster answers the same question."
            )
        elif told_apart_rows(_within_pairs(design, groups)).any():
            reason = (
                "Within the clusters the covariates separate the outcome, so there is no finite estimate "
                f"for all of {quoted(design.names)}; leave columns out."
            )
    if reason:
        return _no_fit(
            design, groups, level=level, method="conditional", reason=reason, n_uninformative=left_out
        )

    from statsmodels.discrete.conditional_models import ConditionalLogit  # noqa: PLC0415  (takes seconds)

    basis, triangle = orthogonal_basis(within)
    with threadpool_limits(limits=1, user_api="blas"), warnings.catch_warnings():
        # Whether it converged is read from the result and reported as a reason.
        warnings.simplefilter("ignore")
        model = ConditionalLogit(design.outcome, basis, groups=groups)
        fitted = model.fit(method="newton", maxiter=100, tol=1e-10, disp=0)
        score = model.score(fitted.params)
    if not (np.abs(score).max() < 1e-6 and np.isfinite(fitted.bse).all()):
        reason = "The conditional likelihood could not be maximised; use gee_logistic."
        return _no_fit(
            design, groups, level=level, method="conditional", reason=reason, n_uninformative=left_out
        )
    back = solve_triangular(triangle, np.eye(len(triangle)))
    return _wald(
        design,
        groups,
        coef=back @ fitted.params,
        covariance=back @ np.asarray(fitted.cov_params()) @ back.T,
        df=float("inf"),
        level=level,
        method="conditional",
        n_uninformative=left_out,
    )


def random_intercept_logistic(
    X: ArrayLike,
    y: ArrayLike,
    *,
    cluster: ArrayLike,
    names: ArrayLike | None = None,
    intercept: bool = True,
    level: float = 0.95,
) -> ClusteredFit:
    """Odds ratios for people of the same cluster, clusters differing by a normally distributed intercept.

    Parameters
    ----------
    X, y, cluster, names, intercept, level
        As for :func:`gee_logistic`.

    Returns
    -------
    ClusteredFit
        NaN with a reason under separation, or where the variance between clusters is estimated as zero: such
        a fit is the one without clusters, and presenting it as a model of clusters would mislead.

    Raises
    ------
    ModelError
        If shapes or values are wrong.

    Notes
    -----
    The likelihood :math:`\\prod_g \\int \\prod_{i \\in g} p_i(u)^{y_i} (1-p_i(u))^{1-y_i} \\phi(u)\\,du` with
    :math:`p_i(u) = \\operatorname{expit}(x_i'\\beta + \\sigma u)` is computed with 25 Gauss-Hermite nodes
    centred and scaled for each cluster (Pinheiro & Chao 2006). Standard errors come from the inverse
    Hessian in :math:`(\\beta, \\sigma)`.

    Examples
    --------
    Therapists who differ no more than chance has it give no such model:

    >>> theme = [[0], [1]] * 6
    >>> left = [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1]
    >>> fit = random_intercept_logistic(theme, left, cluster=np.repeat(["a", "b", "c"], 4))
    >>> fit.reason.split(";")[0]
    'The variance between clusters is estimated as zero (a singular fit)'
    """
    check_level(level)
    design = checked_design(X, y, names=names, intercept=intercept)
    codes = cluster_codes(cluster, len(design.outcome))
    n_clusters, k = int(codes.max()) + 1, len(design.names)
    reason = design.reason or _separated(X, y, names, intercept=intercept)
    if reason is None and n_clusters < 2:
        reason = "There is a single cluster, so nothing can vary between clusters."
    if reason is not None:
        return _no_fit(design, codes, level=level, method="random intercept", reason=reason)

    basis, triangle = orthogonal_basis(design.matrix)
    with threadpool_limits(limits=1, user_api="blas"):

        def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
            return _negative_loglik(parameters, basis, design.outcome, codes)

        found = minimize(
            loss, np.append(np.zeros(k), 0.5), jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500}
        )
        without = minimize(lambda coef: _without_clusters(loss, coef), found.x[:-1], jac=True, method="BFGS")
        sd = abs(float(found.x[-1]))
        if sd < _SINGULAR or without.fun - found.fun < 1e-7:
            reason = (
                "The variance between clusters is estimated as zero (a singular fit); use gee_logistic, "
                "whose errors allow for clusters without this variance."
            )
            return _no_fit(design, codes, level=level, method="random intercept", reason=reason)
        hessian = _hessian(loss, found.x)
    definite = bool((np.linalg.eigvalsh(hessian) > 0).all())
    # BFGS may stop short of gtol when the loss has no digits left to improve; the gradient decides.
    if not (definite and np.abs(found.jac).max() < 1e-4):
        reason = "The likelihood with a random intercept could not be maximised; use gee_logistic."
        return _no_fit(design, codes, level=level, method="random intercept", reason=reason)
    back = solve_triangular(triangle, np.eye(k))
    return _wald(
        design,
        codes,
        coef=back @ found.x[:-1],
        covariance=back @ np.linalg.inv(hessian)[:k, :k] @ back.T,
        df=float("inf"),
        level=level,
        method="random intercept",
        between_sd=sd,
    )


def intraclass_correlation(y: ArrayLike, *, cluster: ArrayLike) -> IntraclassCorrelation:
    """Correlation between two people of the same cluster, by analysis of variance.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcome, 0/1 or a number, no missing values.
    cluster : array-like of shape (n,)
        Label of the cluster each person belongs to.

    Returns
    -------
    IntraclassCorrelation

    Raises
    ------
    ModelError
        If ``y`` is not a list of numbers or clusters are missing.

    Notes
    -----
    :math:`(MS_b - MS_w) / (MS_b + (n_0 - 1) MS_w)` with mean squares between and within clusters and
    :math:`n_0 = (n - \\sum n_g^2 / n) / (G - 1)` (Ridout et al. 1999); the design effect is
    :math:`1 + (n_0 - 1)` times the estimate.

    Examples
    --------
    >>> icc = intraclass_correlation([1, 1, 1, 0, 0, 0], cluster=["a", "a", "b", "b", "c", "c"])
    >>> round(icc.estimate, 6)
    0.5
    """
    try:
        values = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelError("The outcome must be numbers without missing values.") from None
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ModelError("The outcome must be a list of numbers without missing values.")
    codes = cluster_codes(cluster, len(values))
    sizes = np.bincount(codes)
    n, n_clusters = len(values), len(sizes)
    reason = None
    if n_clusters < 2:
        reason = "There is a single cluster."
    elif n == n_clusters:
        reason = "No cluster has more than one person."
    elif np.ptp(values) == 0:
        reason = "The outcome does not vary."
    if reason is not None:
        return IntraclassCorrelation(float("nan"), float("nan"), n, n_clusters, reason)
    means = np.bincount(codes, weights=values) / sizes
    between = float(sizes @ (means - values.mean()) ** 2) / (n_clusters - 1)
    within = float(((values - means[codes]) ** 2).sum()) / (n - n_clusters)
    n_0 = (n - float((sizes**2).sum()) / n) / (n_clusters - 1)
    estimate = (between - within) / (between + (n_0 - 1) * within)
    return IntraclassCorrelation(estimate, 1 + (n_0 - 1) * estimate, n, n_clusters, None)


def _separated(X: ArrayLike, y: ArrayLike, names: ArrayLike | None, *, intercept: bool) -> str | None:
    found = separation(X, y, names, intercept=intercept)
    if found.kind == "none":
        return None
    return (
        f"There is {found.kind} separation, so there is no finite estimate for {quoted(found.terms)}; use "
        "firth_logistic, which does not allow for clusters, or leave terms out."
    )


def _rests_on_one_cluster(design: Design, codes: NDArray[np.int64]) -> str | None:
    """A cluster without which a coefficient is undetermined has leverage 1, and no residual to learn from."""
    for code in range(int(codes.max()) + 1):
        known = determined(design.matrix[codes != code])
        if not known.all():
            alone = [name for name, is_known in zip(design.names, known, strict=True) if not is_known]
            return f"A single cluster decides on {quoted(alone)}, which leaves the error unknown."
    return None


def _cluster_means(matrix: FloatArray, codes: NDArray[np.int64]) -> FloatArray:
    totals = np.zeros((int(codes.max()) + 1, matrix.shape[1]))
    np.add.at(totals, codes, matrix)
    means: FloatArray = (totals / np.bincount(codes)[:, None])[codes]
    return means


def _within_pairs(design: Design, codes: NDArray[np.int64]) -> FloatArray:
    """Covariates of each person with the outcome less those of each person without it, cluster by cluster."""
    scale = design.matrix.std(axis=0)
    pairs = []
    for code in range(int(codes.max()) + 1):
        here = codes == code
        with_it = design.matrix[here & (design.outcome == 1)]
        without_it = design.matrix[here & (design.outcome == 0)]
        pairs.append((with_it[:, None, :] - without_it[None, :, :]).reshape(-1, len(scale)))
    differences: FloatArray = np.concatenate(pairs) / scale
    return differences


def _negative_loglik(
    parameters: FloatArray, matrix: FloatArray, outcome: FloatArray, codes: NDArray[np.int64]
) -> tuple[float, FloatArray]:
    """Minus the marginal log likelihood at (coefficients, standard deviation), and its gradient."""
    coef, sd = parameters[:-1], parameters[-1]
    linear = matrix @ coef
    n_clusters = int(codes.max()) + 1
    sign = 2 * outcome - 1

    def per_cluster(values: FloatArray) -> FloatArray:
        totals = np.zeros((n_clusters, *values.shape[1:]))
        np.add.at(totals, codes, values)
        return totals

    # The mode of each cluster's integrand; its logarithm is concave with curvature of at least 1.
    mode = np.zeros(n_clusters)
    for _ in range(100):
        risk = expit(linear + sd * mode[codes])
        slope = sd * per_cluster(outcome - risk) - mode
        curvature = 1 + sd**2 * per_cluster(risk * (1 - risk))
        step = slope / curvature
        mode = mode + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    spread = 1 / np.sqrt(1 + sd**2 * per_cluster(_variance(linear + sd * mode[codes])))
    node, weight = np.polynomial.hermite_e.hermegauss(_N_NODES)
    effect = mode[:, None] + spread[:, None] * node
    eta = linear[:, None] + sd * effect[codes]
    log_terms = (
        per_cluster(log_expit(sign[:, None] * eta))
        + (node**2 - effect**2) / 2
        + np.log(weight / np.sqrt(2 * np.pi))
        + np.log(spread)[:, None]
    )
    log_marginal = logsumexp(log_terms, axis=1)
    share = np.exp(log_terms - log_marginal[:, None])[codes]
    residual = share * (outcome[:, None] - expit(eta))
    gradient = np.append(matrix.T @ residual.sum(axis=1), (residual * effect[codes]).sum())
    return -float(log_marginal.sum()), -gradient


def _variance(linear: FloatArray) -> FloatArray:
    risk: FloatArray = expit(linear)
    return risk * (1 - risk)


def _without_clusters(loss: _Loss, coef: FloatArray) -> tuple[float, FloatArray]:
    value, gradient = loss(np.append(coef, 0.0))
    return value, gradient[:-1]


def _hessian(loss: _Loss, at: FloatArray) -> FloatArray:
    """Central differences of the gradient, made symmetric."""
    steps = np.eye(len(at)) * 1e-4
    columns = [(loss(at + step)[1] - loss(at - step)[1]) / 2e-4 for step in steps]
    half = np.array(columns)
    return (half + half.T) / 2


def _wald(
    design: Design,
    codes: NDArray[np.int64],
    *,
    coef: FloatArray,
    covariance: FloatArray,
    df: float,
    level: float,
    method: _Method,
    n_uninformative: int = 0,
    between_sd: float | None = None,
) -> ClusteredFit:
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


def _no_fit(
    design: Design,
    codes: NDArray[np.int64],
    *,
    level: float,
    method: _Method,
    reason: str,
    n_uninformative: int = 0,
) -> ClusteredFit:
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
