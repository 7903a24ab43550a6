"""Could a table of counts have come about by chance, given how many people each row and column holds?

The Fisher-Freeman-Halton test: all tables with the observed margins are listed with their probabilities, and
p is the probability of the tables no likelier than the observed one. Tables of two rows (or two columns) are
listed completely, so p carries no simulation error; larger ones are drawn at random with an explicit seed.

References
----------
Freeman & Halton (1951) Biometrika 38:141-149. Lancaster (1961) J Am Stat Assoc 56:223-234 and Hirji, Tan &
Elashoff (1991) Stat Med 10:1137-1153 (mid-p). Tarone (1990) Biometrics 46:515-522 (smallest attainable p).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from scipy.stats import random_table

from analysis_lib.errors import ModelError
from analysis_lib.stats.resampling import generator, monte_carlo_error
from analysis_lib.stats.table_lookup import MAX_TABLES, TIE, list_tables, number_of_tables

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_SMALLEST_FLOAT = float(np.finfo(np.float64).tiny)
# Logarithm of a share that no float can hold, and one that stands above every other.
_NEGLIGIBLE, _ABOVE = -750.0, 1.0
# Cells up to which every extreme table of given margins is looked at; see _least_likely.
_MAX_CELLS_FOR_EXTREMES = 16
_TABLES_PER_DRAW = 10_000


@dataclass(frozen=True)
class ExactTableTest:
    """Result of :func:`exact_table_test`.

    Attributes
    ----------
    p_value : float
        Two-sided p: probability, given the margins, of a table at most as likely as the observed one.
    p_mid : float
        Mid-p. For 2 x 2, twice the smaller tail with the observed table counted half (at most 1); otherwise
        ``p_value`` with the observed table and its ties counted half.
    smallest_p : float
        The smallest ``p_value`` this call could have returned for any table with these margins.
    method : {"exact", "monte carlo"}
        Whether all tables were listed or ``n_resamples`` were drawn.
    mc_error : float
        Standard error of ``p_value`` from drawing tables; 0.0 where all were listed.
    reason : str or None
        What was degenerate about the table (p is then 1, or an empty row or column was left out); else None.
    """

    p_value: float
    p_mid: float
    smallest_p: float
    method: Literal["exact", "monte carlo"]
    mc_error: float
    reason: str | None


def exact_table_test(table: ArrayLike, *, seed: int = 0, n_resamples: int = 99_999) -> ExactTableTest:
    """Fisher-Freeman-Halton test of independence in an r x k table of counts.

    Parameters
    ----------
    table : array_like of int, shape (r, k)
        Counts of people; r and k at least 1. Empty rows and columns are left out.
    seed : int
        Used only where tables are drawn.
    n_resamples : int
        Tables to draw where there are too many to list (r and k both above 2, or above a million tables).

    Returns
    -------
    ExactTableTest

    Raises
    ------
    ModelError
        The table is not a rectangle of non-negative whole numbers, or ``n_resamples`` is below 1.

    Notes
    -----
    With row totals r_i, column totals c_j and n people, a table has probability
    prod r_i! prod c_j! / (n! prod x_ij!). Drawn tables give p = (1 + hits) / (n_resamples + 1).

    Examples
    --------
    >>> test = exact_table_test([[3, 1], [1, 3]])
    >>> round(test.p_value, 6), round(test.p_mid, 6), test.method
    (0.485714, 0.257143, 'exact')
    >>> exact_table_test([[0, 0, 0], [92, 37, 19]]).reason
    'Row 1 is empty, so only one table has these totals and nothing can be tested.'
    """
    counts = count_table(table)
    if n_resamples < 1:
        raise ModelError(f"n_resamples is {n_resamples}; it must be at least 1.")
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    empty = ""
    if not (rows.all() and columns.all()):
        empty = _empty_places(rows, columns)
        counts = counts[np.ix_(rows > 0, columns > 0)]
    if min(counts.shape) < 2:
        why = f"{empty} empty" if empty else "There is one row or one column"
        return ExactTableTest(
            1.0, 1.0, 1.0, "exact", 0.0,
            f"{why}, so only one table has these totals and nothing can be tested.",
        )  # fmt: skip
    reason = f"{empty} empty and left out." if empty else None
    if counts.shape[1] == 2:
        counts = counts.T
    if counts.shape[0] == 2 and _few_enough(counts.sum(axis=0), int(counts[0].sum())):
        found = _two_groups(counts) if counts.shape[1] == 2 else _more_groups(counts)
        # A probability below the smallest float is still not zero.
        p_value, p_mid, smallest = (min(max(p, _SMALLEST_FLOAT), 1.0) for p in found)
        return ExactTableTest(p_value, p_mid, smallest, "exact", 0.0, reason)
    p_value, p_mid, smallest = _drawn(counts, seed=seed, n_resamples=n_resamples)
    return ExactTableTest(
        p_value, p_mid, smallest, "monte carlo", monte_carlo_error(p_value, n_resamples), reason
    )


def count_table(table: ArrayLike) -> IntArray:
    """Check that ``table`` is a rectangle of counts and return it as integers of shape (r, k).

    Raises
    ------
    ModelError
        Not two-dimensional, no rows or columns, or a value that is negative, missing or not whole.

    Examples
    --------
    >>> count_table([[1.0, 2.0]])
    array([[1, 2]])
    """
    try:
        values = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError("table must be a rectangle of numbers: one row per list, all as long.") from error
    if values.ndim != 2 or values.size == 0:
        raise ModelError(
            f"table has shape {values.shape}; it needs rows and columns, such as [[3, 1], [1, 3]]."
        )
    if not np.isfinite(values).all() or (values < 0).any() or (values != np.rint(values)).any():
        raise ModelError("table must hold counts: whole numbers from 0 up, none missing.")
    return values.astype(np.int64)


def _few_enough(sizes: IntArray, present: int) -> bool:
    """Whether there are at most ``MAX_TABLES`` tables; counted only where a bound does not settle it."""
    fewer = min(present, int(sizes.sum()) - present)
    bound = math.prod(min(size, fewer) + 1 for size in sorted(sizes.tolist())[:-1])
    return bound <= MAX_TABLES or number_of_tables(sizes, present) <= MAX_TABLES


def _two_groups(counts: IntArray) -> tuple[float, float, float]:
    """``p_value``, ``p_mid`` and ``smallest_p`` of a 2 x 2 table by listing all tables."""
    first = counts[int(np.argmin(counts.sum(axis=1)))]
    sizes, present = counts.sum(axis=0), int(first.sum())
    tables, log_probability = list_tables(sizes, present)
    here = int(np.flatnonzero(tables[0] == first[0])[0])
    observed, least = log_probability[here], log_probability.min()
    as_likely = log_probability <= observed + TIE
    p_value = 1.0 if as_likely.all() else float(np.exp(log_probability[as_likely]).sum())
    smallest = float(np.exp(log_probability[log_probability <= least + TIE]).sum())
    probability = np.exp(log_probability)
    half = probability[here] / 2
    p_mid = 2 * float(min(probability[:here].sum() + half, probability[here + 1 :].sum() + half))
    return p_value, p_mid, smallest


def _more_groups(counts: IntArray) -> tuple[float, float, float]:
    """``p_value``, ``p_mid`` and ``smallest_p`` of a 2 x k table, k above 2, meeting in the middle.

    A table is a way of spreading t people over one half of the groups and a way of spreading the others over
    the other half, and its probability is the product. With the ways of the second half sorted for every t,
    the tables no likelier than the observed one are found by search instead of one by one.
    """
    counts = counts[:, np.argsort(counts.sum(axis=0), kind="stable")]
    sizes = counts.sum(axis=0).tolist()
    first = counts[int(np.argmin(counts.sum(axis=1)))].tolist()
    n, present = sum(sizes), sum(first)
    log_factorial = gammaln(np.arange(1.0, n + 2))
    ways = [log_factorial[s] - log_factorial[: s + 1] - log_factorial[s::-1] for s in sizes]
    observed = sum(float(each[x]) for each, x in zip(ways, first, strict=True))
    every = float(log_factorial[n] - log_factorial[present] - log_factorial[n - present])
    one = _ways_by_total([*ways[:-2:2], ways[-1]], present, -np.inf)
    other = np.sort(_ways_by_total([*ways[1:-2:2], ways[-2]], present, np.inf)[::-1], axis=1)
    # Per t, ways relative to the most frequent; what lies further below it than a float reaches adds nothing.
    most = np.where(np.isfinite(other), other, 0.0).max(axis=1, keepdims=True)
    relative = np.clip(other - most, _NEGLIGIBLE, _ABOVE)
    summed = np.zeros((present + 1, other.shape[1] + 1))
    np.cumsum(np.exp(relative), axis=1, out=summed[:, 1:])
    row = np.arange(present + 1)[:, None]
    keys = (relative + 2 * abs(_NEGLIGIBLE) * row).ravel()
    limit = np.clip(observed - one - most, 2 * _NEGLIGIBLE + 1, _ABOVE / 2) + 2 * abs(_NEGLIGIBLE) * row
    weight = np.exp(one + most - every)

    def below(slack: float) -> float:
        """Probability of all tables up to the observed one, give or take the slack."""
        found = np.searchsorted(keys, (limit + slack).ravel(), side="right").reshape(one.shape)
        return float((weight * summed.ravel()[found + row]).sum())

    p_value, less_likely = below(TIE), below(-TIE)
    rarest = np.where(np.isfinite(one), one, np.inf)
    fewest = rarest.min(axis=1) + other[:, 0]
    near = np.flatnonzero(fewest <= fewest.min() + TIE)
    pairs = rarest[near][:, :, None] + other[near][:, None, :]
    smallest = int((pairs <= fewest.min() + TIE).sum()) * math.exp(fewest.min() - every)
    # The likeliest table has p = 1, not 1 less a rounding error.
    return 1.0 if p_value > 1 - 1e-9 else p_value, (p_value + less_likely) / 2, smallest


def _ways_by_total(ways: list[FloatArray], present: int, impossible: float) -> FloatArray:
    """Log ways to give a theme to t people of some groups, at ``[t, way of all groups but the last]``.

    Parameters
    ----------
    ways : list of ndarray
        Per group, the log ways to choose 0, 1, ... of its people.
    present : int
        t runs from 0 to this.
    impossible : float
        Stands where the last group cannot take the rest.
    """
    used, log_ways = np.zeros(1, dtype=np.int64), np.zeros(1)
    *others, last = (each[: present + 1] for each in ways)
    for each in others:
        used = np.add.outer(used, np.arange(each.size)).ravel()
        log_ways = np.add.outer(log_ways, each).ravel()
    # A rest below 0 counts from the end, where nothing is possible either.
    of_last = np.full(present + 1 + int(used[-1]), impossible)
    of_last[: last.size] = last
    by_total: FloatArray = log_ways + of_last[np.arange(present + 1)[:, None] - used]
    return by_total


def _drawn(counts: IntArray, *, seed: int, n_resamples: int) -> tuple[float, float, float]:
    """``p_value``, ``p_mid`` and ``smallest_p`` of an r x k table by drawing tables with its margins."""
    # Draws depend on the margins alone; sorted margins make the result the same for any order of the
    # rows and columns, and for the transposed table.
    rows, columns = sorted(
        (sorted(counts.sum(axis=1)), sorted(counts.sum(axis=0))), key=lambda m: (len(m), m)
    )
    margins = random_table(rows, columns)
    log_factorial = gammaln(np.arange(1, int(np.sum(rows)) + 2, dtype=np.float64))
    observed = log_factorial[counts].sum()
    rng = generator(seed, "tables with fixed margins")
    less_likely = equally_likely = 0
    for start in range(0, n_resamples, _TABLES_PER_DRAW):
        size = min(_TABLES_PER_DRAW, n_resamples - start)
        drawn = margins.rvs(size=size, random_state=rng).astype(np.int64).reshape(size, -1)
        # log probability is a constant minus this sum
        surprise = log_factorial[drawn].sum(axis=1)
        less_likely += int((surprise > observed + TIE).sum())
        equally_likely += int((np.abs(surprise - observed) <= TIE).sum())
    p_value = (1 + less_likely + equally_likely) / (n_resamples + 1)
    p_mid = (0.5 + less_likely + equally_likely / 2) / (n_resamples + 1)
    smallest = 1 / (n_resamples + 1)
    if counts.size <= _MAX_CELLS_FOR_EXTREMES:
        smallest = max(smallest, _least_likely(tuple(map(int, rows)), tuple(map(int, columns))))
    return p_value, p_mid, smallest


def _least_likely(rows: tuple[int, ...], columns: tuple[int, ...]) -> float:
    """Probability of the least likely tables with these margins (all of them, where several tie).

    The sum of log factorials is convex, so a least likely table is an extreme one: some cell takes all that
    its row or its column has left, and the same holds of what remains.
    """

    @cache
    def extremes(
        left: tuple[int, ...], below: tuple[int, ...]
    ) -> tuple[float, frozenset[frozenset[tuple[int, int, int]]]]:
        best, tables = -math.inf, frozenset[frozenset[tuple[int, int, int]]]()
        if not any(left):
            return 0.0, frozenset({frozenset()})
        for i, row in enumerate(left):
            for j, column in enumerate(below):
                filled = min(row, column)
                if filled == 0:
                    continue
                rest, further = extremes(
                    (*left[:i], row - filled, *left[i + 1 :]), (*below[:j], column - filled, *below[j + 1 :])
                )
                value = rest + math.lgamma(filled + 1)
                if value < best - TIE:
                    continue
                here = frozenset(table | {(i, j, filled)} for table in further)
                tables = here if value > best + TIE else tables | here
                best = max(best, value)
        return best, tables

    surprise, tables = extremes(rows, columns)
    log_margins = sum(math.lgamma(total + 1) for total in (*rows, *columns)) - math.lgamma(sum(rows) + 1)
    return min(1.0, len(tables) * math.exp(log_margins - surprise))


def _empty_places(rows: IntArray, columns: IntArray) -> str:
    """``"Row 1 and column 3 are"``, counted from 1; at least one holds nobody."""
    places = [f"row {i + 1}" for i in np.flatnonzero(rows == 0)]
    places += [f"column {j + 1}" for j in np.flatnonzero(columns == 0)]
    listed = places[0] if len(places) == 1 else ", ".join(places[:-1]) + f" and {places[-1]}"
    return f"{listed.capitalize()} {'is' if len(places) == 1 else 'are'}"
