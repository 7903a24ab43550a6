"""Which themes go together in the same people, beyond what talkative people explain?

Two themes share people because both are common, because some people mention much of everything, or because
they belong together. Jaccard's index describes the overlap, the hypergeometric test removes how common the
themes are, and the fixed-margins null also removes how many themes each person has.

References
----------
Jaccard (1912) New Phytol 11:37-50. Veech (2013) Glob Ecol Biogeogr 22:252-260. Gotelli (2000) Ecology
81:2606-2621. Strona et al. (2014) Nat Commun 5:4114 (curveball). Carstens, Berger & Strona (2018) MethodsX
5:1028-1036 (all pairs of rows at once). Besag & Clifford (1989) Biometrika 76:633-642. Westfall & Young (1993)
Resampling-Based Multiple Testing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom

from analysis_lib.errors import ModelError
from analysis_lib.stats.resampling import generator, p_among_draws, step_down

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_WARM_UP, _STEPS_BETWEEN = 100, 5  # of the walk through the matrices; each step moves every person once


@dataclass(frozen=True)
class Cooccurrence:
    """Overlap of every pair of themes. All matrices have shape (c, c) and are symmetric.

    Attributes
    ----------
    both : ndarray
        People with both themes; on the diagonal, people with the theme.
    jaccard : ndarray
        People with both out of people with either, 0 to 1; NaN where nobody has either.
    phi : ndarray
        Correlation of the two 0/1 columns; NaN where a theme does not vary.
    expected : ndarray
        People with both expected if only the number of people with each theme were fixed.
    p_hypergeometric : ndarray
        Probability of at least this many with both, given the number of people with each theme.
    null_mean, null_sd : ndarray
        People with both when also the number of themes of each person is fixed: mean and standard deviation
        over ``n_null`` rearranged matrices.
    p_more, p_fewer : ndarray
        Share of rearranged matrices with at least, and at most, this many with both, the observed matrix
        counted as one of them.
    p_two_sided : ndarray
        Share of them with an overlap at least as many standard deviations from the null mean; NaN on the
        diagonal.
    p_adjusted : ndarray
        The same adjusted over all pairs (step-down minP), for the chance of any false claim.
    n : int
        People.
    n_null : int
        Rearranged matrices.
    constant : tuple of int
        Positions of themes that everybody or nobody has; nothing can be said about these.
    reason : str or None
        Why values are NaN; None where all could be computed.
    """

    both: IntArray
    jaccard: FloatArray
    phi: FloatArray
    expected: FloatArray
    p_hypergeometric: FloatArray
    null_mean: FloatArray
    null_sd: FloatArray
    p_more: FloatArray
    p_fewer: FloatArray
    p_two_sided: FloatArray
    p_adjusted: FloatArray
    n: int
    n_null: int
    constant: tuple[int, ...]
    reason: str | None


def cooccurrence(matrix: ArrayLike, *, n_null: int = 999, seed: int = 0) -> Cooccurrence:
    """Overlap of every pair of themes against two null models.

    Parameters
    ----------
    matrix : array-like of shape (n, c)
        1 where the person of the row has the theme of the column, else 0.
    n_null : int
        Rearranged matrices for the fixed-margins null, at least 1.
    seed : int
        Seed of the rearrangements.

    Returns
    -------
    Cooccurrence

    Raises
    ------
    ModelError
        If ``matrix`` is not a two-dimensional 0/1 matrix with at least two columns and one row, or
        ``n_null`` is below 1.

    Notes
    -----
    The fixed-margins null walks through the 0/1 matrices with the observed row and column totals. One step
    pairs all people at random; within each pair, the themes that only one of the two has are dealt out anew,
    each keeping their number (curveball, for all pairs at once). The walk is symmetric, so all matrices are
    equally likely. It warms up for 100 steps and is then read every fifth; rows are put into a canonical
    order first, so their order in the file does not matter. p-values count the observed matrix as one. The
    adjusted p asks how extreme the most extreme pair of a rearranged matrix is.

    Pairs of a parent theme and its own descendant overlap by construction: leave one of the two out.

    Examples
    --------
    Three of four people have both of two themes; by chance alone that happens in one of four cases:

    >>> result = cooccurrence([[1, 1], [1, 1], [1, 1], [0, 0]], n_null=99)
    >>> int(result.both[0, 1]), float(result.jaccard[0, 1]), round(float(result.p_hypergeometric[0, 1]), 6)
    (3, 1.0, 0.25)
    """
    held = _checked(matrix)
    if n_null < 1:
        raise ModelError(f"n_null must be at least 1 rearranged matrix, not {n_null}.")
    n, n_themes = held.shape
    both = _together(held)
    size = np.diag(both)
    either = np.add.outer(size, size) - both
    nan = np.full((n_themes, n_themes), np.nan)
    varies = (size > 0) & (size < n)
    pairs = np.outer(varies, varies)
    covariance = n * both - np.outer(size, size).astype(float)
    scale = np.sqrt(np.outer(size * (n - size), size * (n - size)).astype(float))
    null_mean, null_sd, p_more, p_fewer, p_two_sided, p_adjusted = _fixed_margins(
        held, both, n_null=n_null, seed=seed
    )
    constant = tuple(np.flatnonzero(~varies).tolist())
    reason = None
    if constant:
        reason = (
            f"{len(constant)} of {n_themes} themes are held by everybody or by nobody, "
            "so their phi, and the Jaccard index of two that nobody holds, is undefined."
        )
    return Cooccurrence(
        both=both,
        jaccard=np.divide(both, either, out=nan.copy(), where=either > 0),
        phi=np.divide(covariance, scale, out=nan.copy(), where=pairs),
        expected=np.outer(size, size) / n,
        p_hypergeometric=np.asarray(hypergeom.sf(both - 1, n, size[:, None], size[None, :])),
        null_mean=null_mean,
        null_sd=null_sd,
        p_more=p_more,
        p_fewer=p_fewer,
        p_two_sided=p_two_sided,
        p_adjusted=p_adjusted,
        n=n,
        n_null=n_null,
        constant=constant,
        reason=reason,
    )


def _checked(matrix: ArrayLike) -> NDArray[np.bool_]:
    try:
        values = np.asarray(matrix, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError("The matrix must hold 0 and 1 only, people by themes.") from error
    if values.ndim != 2 or not len(values) or values.shape[1] < 2:
        raise ModelError(
            f"The matrix must have a row per person and two themes or more; its shape is {values.shape}."
        )
    wrong = ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        raise ModelError(
            f"{int(wrong.any(axis=0).sum())} of {values.shape[1]} themes have values other than 0 and 1; "
            "leave out the people or the themes that are not codable."
        )
    return values.astype(bool)


def _together(held: NDArray[np.bool_]) -> IntArray:
    counts = held.astype(np.float32)  # exact up to 16 million people, and a matrix product for BLAS
    return np.asarray(np.rint(counts.T @ counts), dtype=np.int64)


def _fixed_margins(
    held: NDArray[np.bool_], both: IntArray, *, n_null: int, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean, standard deviation, both tails and two-sided p of the overlap among matrices of the same margins."""
    rng = generator(seed, "cooccurrence")
    walk = held[np.lexsort(held.T[::-1])]
    for _ in range(_WARM_UP):
        _trade(walk, rng)
    total, square = np.zeros(both.shape), np.zeros(both.shape)
    more, fewer = np.ones(both.shape), np.ones(both.shape)
    above = np.triu_indices(len(both), 1)
    drawn = np.empty((n_null, above[0].size), dtype=np.float32)
    for i in range(n_null):
        for _ in range(_STEPS_BETWEEN):
            _trade(walk, rng)
        difference = _together(walk) - both
        drawn[i] = difference[above]
        total += difference
        square += difference**2
        more += difference >= 0
        fewer += difference <= 0
    # moments of the difference, so that an overlap that cannot change has a spread of exactly 0
    mean = total / n_null
    variance = np.maximum(square / n_null - mean**2, 0) * (n_null / max(n_null - 1, 1))
    sd = np.sqrt(variance)
    # as standard deviations from the mean; an overlap that cannot change is never far from it
    scale = np.divide(1.0, sd[above], out=np.zeros(above[0].size), where=sd[above] > 0)
    drawn = np.abs((drawn - mean[above].astype(np.float32)) * scale.astype(np.float32))
    p_of_pair, p_drawn = p_among_draws(np.abs(mean[above] * scale), drawn)
    p_two_sided, p_adjusted = np.full((2, *both.shape), np.nan)
    for p, values in ((p_two_sided, p_of_pair), (p_adjusted, step_down(p_of_pair, [p_drawn]))):
        p[above] = p.T[above] = values
    return both + mean, sd, more / (n_null + 1), fewer / (n_null + 1), p_two_sided, p_adjusted


def _trade(walk: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Deal the themes that only one of two people has out anew, for random pairs of all people, in place."""
    order = rng.permutation(len(walk))
    half = len(order) // 2
    first, second = order[:half], order[half : 2 * half]
    one, other = walk[first], walk[second]
    differ = one != other
    # themes in random order with those that differ in front; the first person gets as many as before
    key = rng.random(one.shape)
    key[~differ] = 2.0
    rank = np.argsort(np.argsort(key, axis=1), axis=1)
    wins = rank < (one & differ).sum(axis=1, keepdims=True)
    walk[first] = np.where(differ, wins, one)
    walk[second] = np.where(differ, ~wins, other)
