"""How are random numbers drawn so that the same data and seed give the same result, however rows are sorted?

Every analysis draws from a generator of its own, named after what it draws. Labels are permuted inside
strata, from a starting order of people, themes and groups that depends on the data alone.

References
----------
Davison & Hinkley (1997) Bootstrap Methods and their Application, ch. 4. Phipson & Smyth (2010) Stat Appl
Genet Mol Biol 9:39. Westfall & Young (1993) Resampling-Based Multiple Testing. Ge, Dudoit & Speed (2003)
Test 12:1-77. McKay & Piperno (2014) J Symb Comput 60:94-112 (colour refinement).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis_lib.errors import ModelError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_Colours = NDArray[np.uint64]

# p-values closer than this share are one value that rounding has split.
_TIE = 1e-7
# Statistics are kept in single precision; anything closer than this is a tie.
_TIE_OF_STATISTICS = 1e-5


def generator(seed: int, name: str) -> np.random.Generator:
    """A random number generator for one purpose of one analysis.

    Parameters
    ----------
    seed : int
        Seed of the study, 0 or above.
    name : str
        What is drawn. Two names give independent streams, so adding an analysis changes no other.

    Raises
    ------
    ModelError
        ``seed`` is not a whole number from 0 up.

    Examples
    --------
    >>> generator(7, "labels").integers(100) == generator(7, "labels").integers(100)
    np.True_
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ModelError("seed must be a whole number, 0 or above.")
    stream = np.random.SeedSequence(int(seed), spawn_key=(zlib.crc32(name.encode()),))
    return np.random.default_rng(stream)


def monte_carlo_error(p_value: float, n_resamples: int) -> float:
    """Standard error of a p-value estimated from ``n_resamples`` random draws.

    Examples
    --------
    >>> round(monte_carlo_error(0.05, 9_999), 4)
    0.0022
    """
    return math.sqrt(p_value * (1 - p_value) / n_resamples)


def permuted_within(
    labels: NDArray[np.integer],
    bounds: IntArray,
    *,
    n_permutations: int,
    rng: np.random.Generator,
    values_per_block: int = 1 << 18,
) -> Iterator[NDArray[np.integer]]:
    """Permute labels inside strata, in blocks small enough to stay in the processor's cache.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        One label per person.
    bounds : ndarray of int, shape (s + 1,)
        Stratum t is ``labels[bounds[t]:bounds[t + 1]]``.
    n_permutations : int
        Permutations in all.
    rng : Generator
    values_per_block : int
        Upper limit on labels per block; at least one permutation is always made.

    Yields
    ------
    ndarray of shape (b, n)
        b permutations, one per row. What is drawn does not depend on the block size.

    Examples
    --------
    >>> blocks = permuted_within(np.array([0, 0, 1]), np.array([0, 3]), n_permutations=2,
    ...                          rng=generator(0, "example"))
    >>> [np.sort(block).tolist() for block in blocks]
    [[[0, 0, 1], [0, 0, 1]]]
    """
    slices = [slice(int(a), int(b)) for a, b in pairwise(bounds)]
    # Sorted labels to start from: which person had which label is what is being permuted away.
    start = np.concatenate([np.sort(labels[stratum]) for stratum in slices])
    # A stream per stratum, each drawn permutation by permutation, is the same for any block size.
    streams = list(zip(slices, rng.spawn(len(slices)), strict=True))
    size = max(1, values_per_block // start.size)
    for first in range(0, n_permutations, size):
        block = np.tile(start, (min(size, n_permutations - first), 1))
        for stratum, stream in streams:
            stream.permuted(block[:, stratum], axis=1, out=block[:, stratum])
        yield block


def step_down(observed: FloatArray, blocks: Iterable[NDArray[np.floating]]) -> FloatArray:
    """Westfall and Young's step-down minP adjusted p-values.

    Parameters
    ----------
    observed : ndarray of shape (h,)
        p of each hypothesis.
    blocks : iterable of ndarrays of shape (b, h)
        The same p-values under permutations that keep all hypotheses together.

    Returns
    -------
    ndarray of shape (h,)
        Adjusted p, never below the p it adjusts.

    Notes
    -----
    With p ascending, the adjusted p of hypothesis i is (1 + hits) / (B + 1), hits being the permutations
    whose smallest p among hypotheses i, i + 1, ... is at most p_i; then made non-decreasing.

    Examples
    --------
    >>> step_down(np.array([0.5, 0.1]), [np.array([[0.4, 0.9], [0.2, 0.05], [1.0, 1.0]])]).tolist()
    [0.75, 0.5]
    """
    order = np.argsort(observed, kind="stable")
    limit = observed[order] * (1 + _TIE)
    backwards = order[::-1]
    hits = np.zeros(observed.size, dtype=np.int64)
    n_permutations = 0
    for block in blocks:
        smallest = np.minimum.accumulate(block[:, backwards], axis=1)[:, ::-1]
        hits += np.count_nonzero(smallest <= limit, axis=0)
        n_permutations += block.shape[0]
    stepwise = np.maximum((1 + hits) / (n_permutations + 1), observed[order])
    adjusted = np.empty(observed.size)
    adjusted[order] = np.maximum.accumulate(stepwise)
    return adjusted


def p_among_draws(observed: FloatArray, drawn: NDArray[np.float32]) -> tuple[FloatArray, NDArray[np.float32]]:
    """p of the observed statistics and of every drawn one, each by its rank among all of them.

    Parameters
    ----------
    observed : ndarray of shape (h,)
        Statistics, 0 or above, larger meaning further from the null hypothesis.
    drawn : ndarray of shape (B, h)
        The same under B permutations. Overwritten.

    Returns
    -------
    p_observed : ndarray of shape (h,)
    p_drawn : ndarray of shape (B, h)
        Share of the B + 1 statistics at least as large; ``drawn``'s memory.

    Examples
    --------
    >>> p, p_drawn = p_among_draws(np.array([3.0]), np.array([[1.0], [3.0], [0.0]], dtype=np.float32))
    >>> p.tolist(), p_drawn.ravel().tolist()
    ([0.5], [0.75, 0.5, 1.0])
    """
    total = drawn.shape[0] + 1
    p_observed = np.empty(observed.size)
    for h in range(observed.size):
        statistic = np.append(drawn[:, h], np.float32(observed[h]))
        order = np.argsort(statistic)
        ascending = statistic[order]
        tied = ascending - np.float32(_TIE_OF_STATISTICS) * (ascending + np.float32(1e-3))
        share = np.empty(total, dtype=np.float64)
        share[order] = (total - np.searchsorted(ascending, tied, side="left")) / total
        drawn[:, h], p_observed[h] = share[:-1], share[-1]
    return p_observed, drawn


@dataclass(frozen=True)
class Order:
    """An order of people, themes and groups that follows from the data; see :func:`content_order`.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Positions of the people, stratum by stratum.
    columns : ndarray of int, shape (c,)
        Positions of the themes.
    groups : ndarray of int, shape (k,)
        Group numbers: the marked one first, then from the largest to the smallest.
    bounds : ndarray of int, shape (s + 1,)
        Stratum t is ``rows[bounds[t]:bounds[t + 1]]``.
    """

    rows: IntArray
    columns: IntArray
    groups: IntArray
    bounds: IntArray


def given_order(cells: NDArray[np.integer], groups: IntArray, strata: IntArray) -> Order:
    """People in their own sequence, stratum by stratum; for what does not depend on it.

    Parameters
    ----------
    cells, groups, strata
        As for :func:`content_order`.
    """
    ends = np.concatenate([[0], np.cumsum(np.bincount(strata))])
    rows = np.argsort(strata, kind="stable")
    return Order(rows, np.arange(cells.shape[1]), np.arange(groups.max() + 1), ends)


def content_order(
    cells: NDArray[np.integer], groups: IntArray, strata: IntArray, *, marked: int | None = None
) -> Order:
    """Put people, themes and groups into an order that their sequence in the input cannot influence.

    Parameters
    ----------
    cells : ndarray of int, shape (n, c)
        0 absent, 1 present, 2 not codable.
    groups, strata : ndarray of int, shape (n,)
        Group and stratum of each person, numbered from 0; every number up to the largest occurs.
    marked : int or None
        A group that plays a part of its own, such as the reference group.

    Notes
    -----
    Colour refinement: a theme's colour is computed from the colours of the people who have it, a person's
    from those of their themes, group and stratum, and so on until no new colours appear. Themes still of one
    colour are told apart by singling out one of them and refining again; such themes mirror each other, so
    which one is taken does not matter. (Data with the symmetry of a regular graph can defeat refinement; a
    result may then depend on the order of the input, within its Monte Carlo error.)

    Examples
    --------
    >>> order = content_order(np.array([[0, 1], [1, 1], [0, 0]]), np.array([0, 1, 0]), np.zeros(3, int))
    >>> shuffled = content_order(np.array([[1, 1], [0, 0], [1, 0]]), np.array([0, 1, 1]), np.zeros(3, int))
    >>> order.groups.tolist(), shuffled.groups.tolist()
    ([0, 1], [1, 0])
    """
    distinct = np.unique(cells, axis=1, return_inverse=True)[1].ravel()
    sizes = np.bincount(groups)
    column = np.zeros(cells.shape[1], dtype=np.uint64)
    group = _mix(sizes.astype(np.uint64) * np.uint64(2) + (np.arange(sizes.size) == marked).astype(np.uint64))
    stratum = _mix(np.bincount(strata).astype(np.uint64))
    while True:
        row, column, group, stratum = _refine(cells, groups, strata, column, group, stratum)
        colours, kind, members = np.unique(column, return_inverse=True, return_counts=True)
        mirrored = [k for k in np.flatnonzero(members > 1) if np.ptp(distinct[kind == k]) > 0]
        if not mirrored:
            break
        single = np.flatnonzero(kind == mirrored[0])[0]
        column[single] = _mix(colours[mirrored[0] : mirrored[0] + 1] + np.uint64(1))[0]
    by_size = np.lexsort((group, -sizes, np.arange(sizes.size) != marked))
    place = np.empty(stratum.size, dtype=np.int64)
    place[np.argsort(stratum, kind="stable")] = np.arange(stratum.size)
    rows = np.lexsort((row, place[strata]))
    ends = np.cumsum(np.bincount(place[strata], minlength=stratum.size))
    return Order(rows, np.argsort(column, kind="stable"), by_size, np.concatenate([[0], ends]))


def _refine(
    cells: NDArray[np.integer],
    groups: IntArray,
    strata: IntArray,
    column: _Colours,
    group: _Colours,
    stratum: _Colours,
) -> tuple[_Colours, _Colours, _Colours, _Colours]:
    """Recolour people, themes, groups and strata by their neighbours until no further colours appear."""
    # Sums of mixed colours wrap around exactly, whatever their order, so they identify a multiset.
    mark = cells.astype(np.uint64) << np.uint64(62)
    seen = -1
    while True:
        row = _mix(_mix(mark ^ column).sum(axis=1, dtype=np.uint64))
        row = _mix(row + _mix(group + np.uint64(1))[groups] + _mix(stratum + np.uint64(2))[strata])
        colours = np.unique(column).size + np.unique(group).size + np.unique(stratum).size
        if colours <= seen:
            return row, column, group, stratum
        seen = colours
        column = _mix(column + _mix(mark ^ row[:, None]).sum(axis=0, dtype=np.uint64))
        group = _mix(group + _sums(_mix(row + np.uint64(3)), groups, group.size))
        stratum = _mix(stratum + _sums(_mix(row + np.uint64(4)), strata, stratum.size))


def _sums(colours: _Colours, numbers: IntArray, size: int) -> _Colours:
    total = np.zeros(size, dtype=np.uint64)
    np.add.at(total, numbers, colours)
    return total


def _mix(colours: _Colours) -> _Colours:
    """Scatter 64-bit numbers so that sums of them identify what was summed (the splitmix64 finaliser)."""
    mixed = colours + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
