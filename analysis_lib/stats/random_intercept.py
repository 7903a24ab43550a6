"""Which covariates go with a binary outcome for a typical cluster?

Each cluster, such as one therapist's clients, has an intercept of its own, drawn from a normal distribution
whose spread is estimated. A spread of zero is refused: such a fit is the one without clusters.

References
----------
Pinheiro & Chao (2006) J Comput Graph Stat 15:58-81.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp

from analysis_lib.stats.clusters import ClusteredFit, no_fit, separated, wald
from analysis_lib.stats.design import FloatArray, check_level, checked_design, orthogonal_basis
from analysis_lib.stats.logistic import cluster_codes
from analysis_lib.stats.threads import one_blas_thread

_Loss = Callable[[FloatArray], tuple[float, FloatArray]]
_N_NODES = 25
# Below this standard deviation between clusters the fit is the one without clusters.
_SINGULAR = 1e-3


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
    reason = design.reason or separated(X, y, names, intercept=intercept)
    if reason is None and n_clusters < 2:
        reason = "There is a single cluster, so nothing can vary between clusters."
    if reason is not None:
        return no_fit(design, codes, level=level, method="random intercept", reason=reason)

    basis, triangle = orthogonal_basis(design.matrix)
    with one_blas_thread():

        def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
            return _negative_loglik(parameters, basis, design.outcome, codes)

        found = minimize(
            loss, np.append(np.zeros(k), 0.5), jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500}
        )
        without = minimize(lambda coef: _without_clusters(loss, coef), found.x[:-1], jac=True, method="BFGS")
        sd = abs(float(found.x[-1]))
        if sd < _SINGULAR or without.fun - found.fun < 1e-7:
            reason = (
                "The variance between clusters is estimated as zero (a singular fit); use estimating equations (GEE), "
                "whose errors allow for clusters without this variance."
            )
            return no_fit(design, codes, level=level, method="random intercept", reason=reason)
        hessian = _hessian(loss, found.x)
    definite = bool((np.linalg.eigvalsh(hessian) > 0).all())
    # BFGS may stop short of gtol when the loss has no digits left to improve; the gradient decides.
    if not (definite and np.abs(found.jac).max() < 1e-4):
        reason = (
            "The likelihood with a random intercept could not be maximised; use estimating equations (GEE)."
        )
        return no_fit(design, codes, level=level, method="random intercept", reason=reason)
    back = solve_triangular(triangle, np.eye(k))
    return wald(
        design,
        codes,
        coef=back @ found.x[:-1],
        covariance=back @ np.linalg.inv(hessian)[:k, :k] @ back.T,
        df=float("inf"),
        level=level,
        method="random intercept",
        between_sd=sd,
    )


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
