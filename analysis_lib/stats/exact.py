"""Could a table of counts have come about by chance, given how many people each row and column holds?

The Fisher-Freeman-Halton test: all tables with the observed margins are listed with their probabilities, and
p is the probability of the tables no likelier than the observed one. Tables of two rows (or two columns) are
listed completely, so p carries no simulation error; larger ones are drawn at random with an explicit seed.

References
----------
Freeman & Halton (1951) Biometrika 38:141-149. Lancaster (1961) J Am Stat Assoc 56:223-234 and Hirji, Tan &
Elashoff (1991) Stat Med 10:1137-1153 (mid-p). Tarone (1990) Biometrics 46:515-522 (smallest attainable p).
Mantel & Haenszel (1959) J Natl Cancer Inst 22:719-748, Zelen (1971) Biometrika 58:129-137 (strata).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from scipy.stats import random_table

from analysis_lib.errors import ModelError
from analysis_lib.stats.resampling import generator, monte_carlo_error

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Two tables whose probabilities differ by less than this share are equally likely. R's fisher.test uses the
# same value; without it, groups of equal size get a wrong p because rounding breaks their ties.
TIE = 1e-7
MAX_TABLES = 1_000_000
# Beyond this many products the exact distribution over several strata costs more than a permutation test.
_MAX_CONVOLUTION = 20_000_000
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
    counts = counts[np.ix_(rows > 0, columns > 0)]
    empty = _empty_places(rows, columns)
    if min(counts.shape) < 2:
        why = f"{empty} empty" if empty else "There is one row or one column"
        return ExactTableTest(
            1.0, 1.0, 1.0, "exact", 0.0,
            f"{why}, so only one table has these totals and nothing can be tested.",
        )  # fmt: skip
    reason = f"{empty} empty and left out." if empty else None
    if counts.shape[1] == 2:
        counts = counts.T
    if counts.shape[0] == 2 and number_of_tables(counts.sum(axis=0), int(counts[0].sum())) <= MAX_TABLES:
        p_value, p_mid, smallest = _two_rows(counts)
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


def number_of_tables(sizes: Sequence[int] | IntArray, present: int) -> float:
    """Number of ways to spread ``present`` people over groups of the given sizes; a float, as it may be huge.

    Examples
    --------
    >>> number_of_tables([2, 2, 2], 3)
    7.0
    """
    # Presence and absence mirror each other, so the shorter of the two rows decides the work.
    fewer = min(present, int(np.sum(sizes)) - present)
    ways = np.ones(1)
    for size in sizes:
        ways = np.convolve(ways, np.ones(min(int(size), fewer) + 1))[: fewer + 1]
    return float(np.rint(ways[fewer]))


def list_tables(sizes: Sequence[int] | IntArray, present: int) -> tuple[list[IntArray], FloatArray]:
    """List every 2 x k table with column totals ``sizes`` and first row total ``present``.

    Parameters
    ----------
    sizes : sequence of int, length k
        People per group.
    present : int
        People with the theme, all groups together.

    Returns
    -------
    counts : list of k ndarrays of shape (t,)
        People with the theme in each group; entry ``[g][i]`` belongs to group g in table i.
    log_probability : ndarray of shape (t,)
        Natural logarithm of the probability of each table given its margins.

    Examples
    --------
    >>> counts, log_probability = list_tables([2, 1], 1)
    >>> [c.tolist() for c in counts], np.exp(log_probability).round(4).tolist()
    ([[0, 1], [1, 0]], [0.3333, 0.6667])
    """
    to_place = np.array([present])
    places_left = int(np.sum(sizes))
    log_probability = np.array([-_log_choose(places_left, present)])
    counts: list[IntArray] = []
    for size in (int(size) for size in sizes):
        places_left -= size
        log_ways = _log_choose_all(size, min(size, present))
        fewest = np.maximum(0, to_place - places_left)
        choices = np.minimum(size, to_place) - fewest + 1
        parent = np.repeat(np.arange(to_place.size), choices)
        count = np.arange(parent.size) - (np.cumsum(choices) - choices - fewest)[parent]
        counts = [*(earlier[parent] for earlier in counts), count]
        log_probability = log_probability[parent] + log_ways[count]
        to_place = to_place[parent] - count
    return counts, log_probability


def p_of_every_table(log_probability: FloatArray) -> FloatArray:
    """The two-sided p each listed table would get: the probability of all tables at most as likely.

    Examples
    --------
    >>> p_of_every_table(np.log([0.2, 0.3, 0.5])).round(6).tolist()
    [0.2, 0.5, 1.0]
    """
    order = np.argsort(log_probability)
    ascending = log_probability[order]
    below = np.cumsum(np.exp(ascending))
    last_tie = np.searchsorted(ascending, ascending + TIE, side="right") - 1
    p_values = np.empty_like(below)
    p_values[order] = np.minimum(below[last_tie], 1.0)
    p_values[order[last_tie == order.size - 1]] = 1.0
    return p_values


@dataclass(frozen=True)
class CountLookup:
    """Exact p of every way a theme can be spread over the groups, addressed by one number per table.

    Attributes
    ----------
    p_values : ndarray of shape (length,)
        p of the table whose counts x have ``index = sum(step * x)``; meaningless where no table has it.
    smallest_p : float
        The smallest p any table with these margins can have.
    """

    p_values: FloatArray
    smallest_p: float


def index_steps(sizes: Sequence[int] | IntArray) -> tuple[IntArray, int]:
    """Step per group and number of addresses for :func:`count_lookup`.

    The largest group has step 0: its count follows from the others once the theme's total is known. So the
    address of a table is a sum over the people who have the theme of the step of their group.

    Examples
    --------
    >>> index_steps([4, 9, 2])
    (array([3, 0, 1]), 15)
    """
    steps = np.zeros(len(sizes), dtype=np.int64)
    length = 1
    for group in np.argsort(sizes, kind="stable")[:-1]:
        steps[group] = length
        length *= int(sizes[group]) + 1
    return steps, length


def count_lookup(
    sizes: IntArray, present: Sequence[int] | IntArray, *, steps: IntArray, length: int
) -> CountLookup | None:
    """Exact p for every table a relabelling of people inside strata can produce for one theme.

    Parameters
    ----------
    sizes : ndarray of int, shape (s, k)
        People per stratum and group; one row where there are no strata.
    present : sequence of int, length s
        People with the theme in each stratum.
    steps, length
        From :func:`index_steps`, on the group sizes of all strata together or of any larger groups.

    Returns
    -------
    CountLookup or None
        None where there are more tables than can be listed.

    Notes
    -----
    With strata, the counts per group are added over strata and their distribution is the convolution of the
    strata's own; tables are ordered by that probability. For two groups this is the exact conditional test of
    a common odds ratio of 1.

    Examples
    --------
    >>> steps, length = index_steps([2, 1])
    >>> lookup = count_lookup(np.array([[2, 1]]), [1], steps=steps, length=length)
    >>> lookup.p_values.round(4).tolist(), round(lookup.smallest_p, 4)
    ([1.0, 0.3333], 0.3333)
    """
    address = np.zeros(1, dtype=np.int64)
    log_probability = np.zeros(1)
    for stratum_sizes, stratum_present in zip(sizes, present, strict=True):
        if number_of_tables(stratum_sizes, int(stratum_present)) > MAX_TABLES:
            return None
        counts, log_new = list_tables(stratum_sizes, int(stratum_present))
        new = np.zeros(log_new.size, dtype=np.int64)
        for step, count in zip(steps, counts, strict=True):
            new += step * count
        if address.size * new.size > _MAX_CONVOLUTION:
            return None
        address, log_probability = _add_counts(address, log_probability, new, log_new)
    # Addresses no table reaches are never asked for; the smallest float keeps an underflowed p from being 0.
    p_values = np.full(length, np.finfo(np.float64).tiny)
    p_values[address] = p_of_every_table(log_probability)
    return CountLookup(p_values, float(p_values[address].min()))


def two_group_lookup(size: int, reference_size: int) -> tuple[FloatArray, FloatArray]:
    """Fisher's exact p of every 2 x 2 table two groups of given sizes can show.

    Parameters
    ----------
    size, reference_size : int
        People in the group and in the reference group.

    Returns
    -------
    p_values : ndarray of shape (size + 1, reference_size + 1)
        p where x people of the group and y of the reference have the theme, at ``[x, y]``.
    smallest_p : ndarray of shape (size + reference_size + 1,)
        The smallest p attainable where x + y people have it, at ``[x + y]``.

    Examples
    --------
    >>> p_values, smallest_p = two_group_lookup(4, 4)
    >>> round(float(p_values[3, 1]), 6), round(float(smallest_p[4]), 6)
    (0.485714, 0.028571)
    """
    p_values = np.empty((size + 1, reference_size + 1))
    smallest_p = np.empty(size + reference_size + 1)
    log_ways = _log_choose_all(size, size)
    log_ways_reference = _log_choose_all(reference_size, reference_size)
    for present in range(size + reference_size + 1):
        x = np.arange(max(0, present - reference_size), min(size, present) + 1)
        log_probability = log_ways[x] + log_ways_reference[present - x]
        log_probability -= _log_choose(size + reference_size, present)
        p = p_of_every_table(log_probability)
        p_values[x, present - x] = p
        smallest_p[present] = p.min()
    return p_values, smallest_p


def _two_rows(counts: IntArray) -> tuple[float, float, float]:
    """``p_value``, ``p_mid`` and ``smallest_p`` of a 2 x k table by listing all tables."""
    # The last group's count follows from the others, so the largest group goes last and costs nothing.
    counts = counts[:, np.argsort(counts.sum(axis=0), kind="stable")]
    first = counts[int(np.argmin(counts.sum(axis=1)))]
    sizes, present = counts.sum(axis=0), int(first.sum())
    tables, log_probability = list_tables(sizes, present)
    observed = sum(float(_log_choose(int(n), int(x))) for n, x in zip(sizes, first, strict=True))
    observed -= _log_choose(int(sizes.sum()), present)
    as_likely = log_probability <= observed + TIE
    p_value = 1.0 if as_likely.all() else float(np.exp(log_probability[as_likely]).sum())
    least = log_probability.min()
    smallest = float(np.exp(log_probability[log_probability <= least + TIE]).sum())
    if counts.shape[1] == 2:
        probability = np.exp(log_probability)
        here = np.flatnonzero(tables[0] == first[0])[0]
        half = probability[here] / 2
        tails = probability[:here].sum() + half, probability[here + 1 :].sum() + half
        p_mid = 2 * float(min(tails))
    else:
        ties = as_likely & (log_probability >= observed - TIE)
        p_mid = p_value - float(np.exp(log_probability[ties]).sum()) / 2
    # A probability below the smallest float is still not zero.
    p_value, p_mid, smallest = np.clip([p_value, p_mid, smallest], np.finfo(np.float64).tiny, 1.0).tolist()
    return p_value, p_mid, smallest


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


def _add_counts(
    address: IntArray, log_probability: FloatArray, new: IntArray, log_new: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Distribution of the sum of two independent sets of counts, as addresses and log probability."""
    if address.size == 1:
        return address[0] + new, log_probability[0] + log_new
    if new.size < address.size:
        address, log_probability, new, log_new = new, log_new, address, log_probability
    total = np.zeros(int(address.max() + new.max()) + 1)
    probability_new = np.exp(log_new)
    for shift, weight in zip(address, np.exp(log_probability), strict=True):
        total[shift + new] += weight * probability_new
    reached = np.flatnonzero(total)
    return reached, np.log(total[reached])


def _log_choose(n: int, x: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)


def _log_choose_all(n: int, most: int) -> FloatArray:
    x = np.arange(most + 1, dtype=np.float64)
    return np.asarray(math.lgamma(n + 1) - gammaln(x + 1) - gammaln(n - x + 1))


def _empty_places(rows: IntArray, columns: IntArray) -> str:
    """``"Row 1 and column 3 are"``, counted from 1; empty where every row and column holds somebody."""
    places = [f"row {i + 1}" for i in np.flatnonzero(rows == 0)]
    places += [f"column {j + 1}" for j in np.flatnonzero(columns == 0)]
    if not places:
        return ""
    listed = places[0] if len(places) == 1 else ", ".join(places[:-1]) + f" and {places[-1]}"
    return f"{listed.capitalize()} {'is' if len(places) == 1 else 'are'}"
