"""Does any item of one set go with any of another, where people can hold several of each?

People are permuted against one another with each person's items kept together: one test for all pairs of
items (simultaneous pairwise marginal independence). The second-order Rao-Scott test needs no permutation and
is the cross-check.

References
----------
Bilder & Loughin (2004) Biometrics 60:241-248. Thomas & Decady (2004) Int J Testing 4:43-59.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis_lib.errors import ModelError
from analysis_lib.stats._multiresponse import (
    NO_RAO_SCOTT,
    TIE,
    FloatArray,
    check_permutations,
    second_order,
    theme_matrix,
    varying,
)
from analysis_lib.stats.resampling import content_order, generator, monte_carlo_error, permuted_within

# Rows handled at once, and numbers in a block of permuted pairings: a few megabytes either way.
_ROWS_PER_BLOCK = 2_048
_VALUES_PER_BLOCK = 1 << 21


@dataclass(frozen=True)
class SPMITest:
    """Result of :func:`spmi_test`.

    Attributes
    ----------
    statistic : float
        Sum of ``per_pair``.
    p_permutation, mc_error : float
        (1 + hits) / (n_permutations + 1) and its standard error.
    rs2_statistic, rs2_df, p_rao_scott : float
        Second-order Rao-Scott statistic, degrees of freedom and p.
    per_pair : ndarray of shape (I, J)
        Chi-square of each pair on 1 degree of freedom; NaN for a pair left out.
    n_permutations : int
    left_out_a, left_out_b : tuple of int
        Column numbers, from 0, of items held by nobody or everybody.
    reason : str or None
        Why a figure is NaN; None where none is but those of items left out.
    """

    statistic: float
    p_permutation: float
    mc_error: float
    rs2_statistic: float
    rs2_df: float
    p_rao_scott: float
    per_pair: FloatArray
    n_permutations: int
    left_out_a: tuple[int, ...]
    left_out_b: tuple[int, ...]
    reason: str | None


def spmi_test(a: ArrayLike, b: ArrayLike, *, n_permutations: int = 9_999, seed: int = 0) -> SPMITest:
    """Test whether any item of one set goes with any of another (simultaneous marginal independence).

    For sets in which people can hold several items each: themes by dropout reasons, themes by techniques, or
    outcome groups that overlap.

    Parameters
    ----------
    a : array_like of shape (n, I)
        1 present, 0 absent, NaN not codable.
    b : array_like of shape (n, J)
        The same for the other set, people in the same order.
    n_permutations : int
        Random permutations of the people in ``b`` against those in ``a``.
    seed : int

    Returns
    -------
    SPMITest

    Raises
    ------
    ModelError
        Wrong shapes, values other than 0, 1 and NaN, different numbers of people, or no permutations.

    Notes
    -----
    The sum over all pairs of Pearson's chi-square of the 2 x 2 table of people codable for both. Rao-Scott as
    in :func:`mmi_test`, with one degree of freedom per pair and the covariance of (a - p)(b - q).

    Examples
    --------
    >>> a = [[1], [1], [1], [1], [0], [0], [0], [0]]
    >>> b = [[1, 0], [1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0]]
    >>> spmi_test(a, b, n_permutations=99).per_pair.round(4).tolist()
    [[8.0, 0.5333]]
    """
    first, second = theme_matrix(a, "a"), theme_matrix(b, "b")
    check_permutations(n_permutations)
    if first.shape[0] != second.shape[0]:
        raise ModelError(
            f"a has {first.shape[0]} rows and b has {second.shape[0]}; both need the same people."
        )
    varies_a, varies_b = varying(first), varying(second)
    left_out = tuple(tuple(map(int, np.flatnonzero(~varies))) for varies in (varies_a, varies_b))
    per_pair = np.full((first.shape[1], second.shape[1]), np.nan)
    nan = float("nan")
    if not (varies_a.any() and varies_b.any()):
        why = "Every item of one set is held by nobody or by everybody, so there is nothing to test."
        return SPMITest(nan, nan, nan, nan, nan, nan, per_pair, n_permutations, left_out[0], left_out[1], why)
    first, second = first[:, varies_a], second[:, varies_b]
    n, row, column, both = _pair_counts(first, second)
    comparable = (row > 0) & (row < n) & (column > 0) & (column < n)
    observed = _pair_chi_square(n, row, column, both)
    per_pair[np.ix_(varies_a, varies_b)] = np.where(comparable, observed, np.nan)
    statistic = float(observed.sum())
    hits = _spmi_hits(first, second, statistic, n_permutations=n_permutations, seed=seed)
    p_value = (1 + hits) / (n_permutations + 1)
    rs2_statistic, rs2_df, p_rao_scott = _rao_scott_spmi(first, second, statistic)
    reason = NO_RAO_SCOTT if np.isnan(p_rao_scott) else None
    if not comparable.all():
        reason = f"{int((~comparable).sum())} pairs have too few people codable for both items."
    return SPMITest(
        statistic=statistic,
        p_permutation=p_value,
        mc_error=monte_carlo_error(p_value, n_permutations),
        rs2_statistic=rs2_statistic,
        rs2_df=rs2_df,
        p_rao_scott=p_rao_scott,
        per_pair=per_pair,
        n_permutations=n_permutations,
        left_out_a=left_out[0],
        left_out_b=left_out[1],
        reason=reason,
    )


def _pair_counts(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Per pair of items: people codable for both, holders of the first, of the second and of both."""
    codable_a, codable_b = (~np.isnan(a)).astype(np.float64), (~np.isnan(b)).astype(np.float64)
    held_a, held_b = np.nan_to_num(a), np.nan_to_num(b)
    return codable_a.T @ codable_b, held_a.T @ codable_b, codable_a.T @ held_b, held_a.T @ held_b


def _pair_chi_square(n: Any, row: Any, column: Any, both: Any) -> FloatArray:
    """Pearson's chi-square of 2 x 2 tables from total, margins and joint count; 0 where a margin is empty."""
    margins = row * (n - row) * (column * (n - column))
    chi_square: FloatArray = np.divide(
        n * (n * both - row * column) ** 2, margins, out=np.zeros(np.shape(both)), where=margins > 0
    )
    return chi_square


def _spmi_hits(a: FloatArray, b: FloatArray, statistic: float, *, n_permutations: int, seed: int) -> int:
    """Permutations of the people of one set against the other with a statistic at least as large."""
    if a.shape[1] < b.shape[1]:  # the set with fewer items is the cheaper one to permute
        a, b = b, a
    fixed, moved = _in_content_order(a), _in_content_order(b)
    n, items = moved.shape
    missing = bool(np.isnan(a).any() or np.isnan(b).any())
    held, codable = np.nan_to_num(fixed), ~np.isnan(fixed)
    left = (np.hstack([held, codable]) if missing else held).astype(np.float32)
    people = np.arange(n)
    blocks = permuted_within(
        people,
        np.array([0, n]),
        n_permutations=n_permutations,
        rng=generator(seed, "pairing of people"),
        values_per_block=max(1, _VALUES_PER_BLOCK // items),
    )

    def counts(values: FloatArray, block: NDArray[np.integer]) -> FloatArray:
        """Holders in both sets: items of the moved set, permutations, columns of the fixed set."""
        moved_values = np.ascontiguousarray(values.T, dtype=np.float32)[:, block]
        return (moved_values.reshape(-1, n) @ left).astype(np.float64).reshape(items, block.shape[0], -1)

    hits = 0
    for block in blocks:
        both = counts(np.nan_to_num(moved), block)
        if missing:
            base = counts(~np.isnan(moved), block)
            both, column = np.split(both, 2, axis=2)
            row, total = np.split(base, 2, axis=2)
        else:
            row, column, total = held.sum(axis=0), moved.sum(axis=0)[:, None, None], n
        sums = _pair_chi_square(total, row, column, both).sum(axis=(0, 2))
        hits += int((sums >= statistic * (1 - TIE) - TIE).sum())
    return hits


def _rao_scott_spmi(a: FloatArray, b: FloatArray, statistic: float) -> tuple[float, float, float]:
    """Second-order Rao-Scott from the covariance of (a - p)(b - q) over people, one degree a pair."""
    n, row, column, both = _pair_counts(a, b)
    safe = np.maximum(n, 1.0)
    p, q = row / safe, column / safe
    together = both / safe - p * q
    variance = n * p * (1 - p) * q * (1 - q)
    used = variance > TIE
    scale = np.divide(1.0, np.sqrt(variance), out=np.zeros(n.shape), where=used)
    relative = np.zeros((n.size, n.size))
    for start in range(0, a.shape[0], _ROWS_PER_BLOCK):
        rows_a, rows_b = a[start : start + _ROWS_PER_BLOCK], b[start : start + _ROWS_PER_BLOCK]
        influence = (rows_a[:, :, None] - p) * (rows_b[:, None, :] - q) - together
        influence = np.nan_to_num(influence * scale).reshape(rows_a.shape[0], -1)
        relative += influence.T @ influence
    return second_order(statistic, float(used.sum()), float((relative**2).sum()))


def _in_content_order(matrix: FloatArray) -> FloatArray:
    cells = np.where(np.isnan(matrix), 2, matrix).astype(np.int8)
    alike = np.zeros(matrix.shape[0], dtype=np.int64)
    order = content_order(cells, alike, alike)
    return matrix[np.ix_(order.rows, order.columns)]
