"""What can be worked out from printed numbers: between which limits does each number have to lie?

Every number lies where its printed form says, and the relations between them hold. Whether a number can still move is
answered by linear programming, with HiGHS. Two short cuts come before it. Limits are narrowed relation by relation
first, as a person with a pencil would; what is pinned down by that needs no program. Then programs with random
aims move many numbers at once: two solutions in which a number differs by enough show that it is safe, and only the
numbers that have not moved are asked for one by one.

References: Fischetti & Salazar-Gonzalez 2000, JASA 95: 916-928 (the attacker's linear programs); Huangfu & Hall 2018,
Mathematical Programming Computation 10: 119-142 (HiGHS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Reached = tuple[Floats, Floats]

_ROUNDS = 60  # of narrowing; each passes limits on to the numbers beside
_AIMS = 6  # random aims before numbers are asked for one by one
_SEED = 20240610


@dataclass(frozen=True)
class Relations:
    """Sums that hold: each row of ``matrix`` times the numbers is zero.

    Parameters
    ----------
    matrix
        One row per relation: +1 for the whole, -1 for each part.
    """

    matrix: sparse.csr_array

    @classmethod
    def of(cls, relations: Sequence[tuple[int, tuple[int, ...]]], n: int) -> Relations:
        """The relations of ``n`` numbers.

        >>> Relations.of([(0, (1, 2))], 3).matrix.toarray()
        array([[ 1., -1., -1.]])
        """
        rows = [row for row, (_, parts) in enumerate(relations) for _ in range(len(parts) + 1)]
        columns = [i for whole, parts in relations for i in (whole, *parts)]
        signs = [sign for _, parts in relations for sign in (1.0, *(-1.0 for _ in parts))]
        matrix = sparse.coo_array((signs, (rows, columns)), shape=(len(relations), n)).tocsr()
        matrix.sum_duplicates()
        return cls(matrix)


def narrowed(low: Ints, high: Ints, relations: Relations) -> tuple[Ints, Ints]:
    """Limits after each relation has passed on what it says about each of its numbers, until nothing moves.

    They are never narrower than the truth allows, and may be wider than linear programming finds.

    Examples
    --------
    >>> low, high = np.array([58, 54, 0]), np.array([58, 54, 99])
    >>> [limits.tolist() for limits in narrowed(low, high, Relations.of([(0, (1, 2))], 3))]
    [[58, 54, 4], [58, 54, 4]]
    """
    matrix = relations.matrix
    low, high = low.astype(float), high.astype(float)
    if not matrix.nnz:
        return low.astype(np.int64), high.astype(np.int64)
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column, sign = matrix.indices, matrix.data
    for _ in range(_ROUNDS):
        least = np.where(sign > 0, sign * low[column], sign * high[column])
        most = np.where(sign > 0, sign * high[column], sign * low[column])
        others_least = np.bincount(row, least, matrix.shape[0])[row] - least
        others_most = np.bincount(row, most, matrix.shape[0])[row] - most
        # sign * x + others = 0
        from_below = np.ceil(np.where(sign > 0, -others_most, others_least) / np.abs(sign))
        from_above = np.floor(np.where(sign > 0, -others_least, others_most) / np.abs(sign))
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, column, from_below)
        np.minimum.at(new_high, column, from_above)
        if (new_low == low).all() and (new_high == high).all():
            break
        low, high = new_low, new_high
    return low.astype(np.int64), high.astype(np.int64)


def fixed_within(
    low: Ints, high: Ints, relations: Relations, asked: Bools, *, enough: int, reached: Reached
) -> tuple[Bools, Reached]:
    """Which of the numbers that are asked about cannot be shown to vary by enough.

    Parameters
    ----------
    low, high
        Limits that printed numbers give, one per number.
    relations
        What holds between them.
    asked
        Which numbers matter.
    enough
        Smallest distance between the limits of a number that is not given away.
    reached
        Least and most that each number is known to be able to be: the exact numbers to begin with, or what an earlier
        call has come to whose limits were not wider.

    Returns
    -------
    ndarray of bool, Reached
        True where the limits are closer together than ``enough``; and what solutions have reached.

    Examples
    --------
    >>> relations = Relations.of([(0, (1, 2))], 3)
    >>> low, high, truth = np.array([58, 0, 0]), np.array([58, 99, 99]), np.array([58.0, 54.0, 4.0])
    >>> asked = np.array([False, True, True])
    >>> fixed_within(low, high, relations, asked, enough=3, reached=(truth, truth))[0].tolist()
    [False, False, False]
    """
    low, high = narrowed(low, high, relations)
    fixed = asked & (high - low < enough)
    program = _Program(low, high, relations)
    least, most = reached
    rng = np.random.default_rng(_SEED)
    for _ in range(_AIMS):
        left = asked & ~fixed & (most - least < enough)
        if not left.any():
            return fixed, (least, most)
        aim = np.where(left, rng.choice([-1.0, 1.0], len(left)), 0.0)
        least, most = program.moved(aim, np.flatnonzero(high > low), least, most)
    parts = program.parts()
    for i in np.flatnonzero(asked & ~fixed & (most - least < enough)):
        if most[i] - least[i] < enough:  # no other number's program has moved it
            aim = np.zeros(len(low))
            aim[i] = 1.0
            least, most = program.moved(aim, np.flatnonzero(parts == parts[i]), least, most)
        fixed[i] = most[i] - least[i] < enough
    return fixed, (least, most)


@dataclass(frozen=True)
class _Program:
    """The linear program of some limits and relations."""

    low: Ints
    high: Ints
    relations: Relations

    def moved(self, aim: Floats, free: Ints, least: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Least and most that each number has been after going as far as some can towards an aim, and away from it.

        Parameters
        ----------
        free
            Numbers that may move; no relation ties them to others that could.
        """
        ties = self.relations.matrix[:, free]
        rows = np.flatnonzero(np.diff(ties.indptr))
        if not len(rows):
            return np.minimum(least, self.low), np.maximum(most, self.high)
        known = self.low.astype(float)
        known[free] = 0.0
        b = -(self.relations.matrix[rows] @ known)
        bounds = np.column_stack([self.low[free], self.high[free]]).astype(float)
        least, most = least.copy(), most.copy()
        for sign in (1.0, -1.0):
            x = _solution(sign * aim[free], ties[rows], b, bounds)
            least[free], most[free] = np.minimum(least[free], x), np.maximum(most[free], x)
        return least, most

    def parts(self) -> Ints:
        """Which numbers that can still move hang together; each number's part, those that cannot move aside (-1)."""
        free = np.flatnonzero(self.high > self.low)
        ties = self.relations.matrix[:, free]
        found = np.full(len(self.low), -1, dtype=np.int64)
        graph = sparse.bmat([[None, ties], [ties.T, None]], format="csr")
        _, label = connected_components(graph, directed=False)
        found[free] = label[ties.shape[0] :]
        return found


def _solution(aim: Floats, a: sparse.csr_array, b: Floats, bounds: Floats) -> Floats:
    """Numbers that fit what is printed and go as far as they can towards the aim."""
    found = linprog(aim, A_eq=a, b_eq=b, bounds=bounds, method="highs")
    if found.x is None:
        raise ArithmeticError(f"the numbers of a bundle contradict one another: {found.message}")
    return np.asarray(found.x)
