"""Which covariates go with a binary outcome among people of the same cluster?

Whatever all clients of a therapist share drops out of the comparison, known or not; therapists all of whose
clients ended alike tell nothing and are counted as left out.

References
----------
Breslow & Day (1980) Statistical Methods in Cancer Research I, chapter 7.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from analysis_lib.stats.clusters import ClusteredFit, no_fit, wald
from analysis_lib.stats.design import (
    Design,
    FloatArray,
    check_level,
    checked_design,
    orthogonal_basis,
    quoted,
)
from analysis_lib.stats.logistic import cluster_codes
from analysis_lib.stats.perfect_prediction import determined, told_apart_rows
from analysis_lib.stats.threads import one_blas_thread

# The conditional likelihood takes time in proportion to people x events; so many take about 5 seconds.
_MAX_SUBSET_STEPS = 40_000


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
                "likelihood; a model with an indicator column for each cluster answers the same question."
            )
        elif told_apart_rows(_within_pairs(design, groups)).any():
            reason = (
                "Within the clusters the covariates separate the outcome, so there is no finite estimate "
                f"for all of {quoted(design.names)}; leave columns out."
            )
    if reason:
        return no_fit(
            design, groups, level=level, method="conditional", reason=reason, n_uninformative=left_out
        )

    from statsmodels.discrete.conditional_models import ConditionalLogit  # noqa: PLC0415  (takes seconds)

    basis, triangle = orthogonal_basis(within)
    with one_blas_thread(), warnings.catch_warnings():
        # Whether it converged is read from the result and reported as a reason.
        warnings.simplefilter("ignore")
        model = ConditionalLogit(design.outcome, basis, groups=groups)
        fitted = model.fit(method="newton", maxiter=100, tol=1e-10, disp=0)
        score = model.score(fitted.params)
    if not (np.abs(score).max() < 1e-6 and np.isfinite(fitted.bse).all()):
        reason = "The conditional likelihood could not be maximised; use estimating equations (GEE)."
        return no_fit(
            design, groups, level=level, method="conditional", reason=reason, n_uninformative=left_out
        )
    back = solve_triangular(triangle, np.eye(len(triangle)))
    return wald(
        design,
        groups,
        coef=back @ fitted.params,
        covariance=back @ np.asarray(fitted.cov_params()) @ back.T,
        df=float("inf"),
        level=level,
        method="conditional",
        n_uninformative=left_out,
    )


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
