"""What is the exact p of every table that permuting people between groups can give?

All 2 x k tables with given margins are listed with their probabilities, so that a permutation test can look
each p up instead of computing it; with strata, their distributions are convolved.

References
----------
Freeman & Halton (1951) Biometrika 38:141-149. Mantel & Haenszel (1959) J Natl Cancer Inst 22:719-748 and Zelen
(1971) Biometrika 58:129-137 (strata).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Two tables whose probabilities differ by less than this share are equally likely. R's fisher.test uses the
# same value; without it, groups of equal size get a wrong p because rounding breaks their ties.
TIE = 1e-7
MAX_TABLES = 1_000_000
# Beyond this many products the exact distribution over several strata costs more than a permutation test.
_MAX_CONVOLUTION = 20_000_000


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
    log_probability = np.array([-log_choose(places_left, present)])
    counts: list[IntArray] = []
    for size in (int(size) for size in sizes):
        places_left -= size
        log_ways = log_choose_all(size, min(size, present))
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
    log_ways = log_choose_all(size, size)
    log_ways_reference = log_choose_all(reference_size, reference_size)
    for present in range(size + reference_size + 1):
        x = np.arange(max(0, present - reference_size), min(size, present) + 1)
        log_probability = log_ways[x] + log_ways_reference[present - x]
        log_probability -= log_choose(size + reference_size, present)
        p = p_of_every_table(log_probability)
        p_values[x, present - x] = p
        smallest_p[present] = p.min()
    return p_values, smallest_p


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


def log_choose(n: int, x: int) -> float:
    """Natural logarithm of the number of ways to choose x of n."""
    return math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)


def log_choose_all(n: int, most: int) -> FloatArray:
    """The same for x = 0, 1, ..., ``most``."""
    x = np.arange(most + 1, dtype=np.float64)
    return np.asarray(math.lgamma(n + 1) - gammaln(x + 1) - gammaln(n - x + 1))
