"""Which themes of a nested codebook differ, if upper themes are tested first and lower ones only below them?

The error rate is shared equally among the upper themes. A theme that is rejected hands its share on: to the
themes below it, or, where there are none, to all that are still to be tested. The chance of any false claim
in the whole tree stays at the error rate, however the tests depend on one another.

References
----------
Meinshausen (2008) Biometrika 95:265-278. Goeman & Finos (2012) Stat Appl Genet Mol Biol 11:11 (inheritance).
Goeman & Solari (2010) Ann Stat 38:3782-3810 (sequential rejection). Holm (1979) Scand J Stat 6:65-70.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis_lib.errors import ModelError

FloatArray = NDArray[np.float64]


def inheritance(p_values: ArrayLike, parents: Sequence[int | None]) -> FloatArray:
    """Adjusted p-values of nested themes, each no smaller than that of the theme above it.

    Parameters
    ----------
    p_values : array-like of shape (c,)
        One p per theme; NaN for a theme that cannot be tested. Themes below such a one take its place.
    parents : sequence of int or None, length c
        Position, from 0, of the theme above each; None for an upper theme.

    Returns
    -------
    ndarray of shape (c,)
        NaN where ``p_values`` is.

    Raises
    ------
    ModelError
        Not one parent per theme, values that are no p-values, a parent that is no position, or a theme that
        stands above itself.

    Notes
    -----
    Of the themes open at any time, the one with the smallest :math:`p_i / w_i` is next; its adjusted p is
    :math:`p_i \\sum_j w_j / w_i` over all open themes j, at most 1 and never below that of a theme before it.
    It then leaves, and its share :math:`w_i` is divided equally among the themes directly below. Without
    nesting this is Holm's method. The sum of shares never grows, which makes the procedure monotone, so it
    controls the chance of any false rejection without assumptions on dependence (Goeman & Solari 2010).

    An upper theme whose lower themes differ in opposite directions may itself not differ; they then stay
    closed.

    Examples
    --------
    Two upper themes, the first with two below it. It is rejected and each of these holds half its share:

    >>> inheritance([0.01, 0.001, 0.2, 0.3], [None, 0, 0, None]).round(4).tolist()
    [0.02, 0.02, 0.45, 0.45]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or ((p < 0) | (p > 1)).any():
        raise ModelError("p_values must be numbers from 0 to 1, one per theme.")
    if len(parents) != p.size:
        raise ModelError(f"parents has {len(parents)} entries; it needs one for each of {p.size} themes.")
    above = [_nearest_tested(column, p, parents) for column in range(p.size)]
    tested = np.flatnonzero(np.isfinite(p)).tolist()
    share = _equal_parts(1.0, [column for column in tested if above[column] is None])
    adjusted, highest = np.full(p.size, np.nan), 0.0
    while share:
        total = sum(share.values())
        first = min(share, key=lambda column: p[column] / share[column])
        highest = max(highest, min(1.0, p[first] * total / share[first]))
        adjusted[first] = highest
        share |= _equal_parts(share.pop(first), [column for column in tested if above[column] == first])
    return adjusted


def _equal_parts(share: float, columns: list[int]) -> dict[int, float]:
    return {column: share / len(columns) for column in columns}


def _nearest_tested(column: int, p: FloatArray, parents: Sequence[int | None]) -> int | None:
    """The closest theme above that is tested; None where there is none."""
    found, above, steps = None, parents[column], 0
    while above is not None:
        if not 0 <= above < p.size:
            raise ModelError(f"parents names position {above}; positions run from 0 to {p.size - 1}.")
        if steps == p.size:
            raise ModelError(f"The theme at position {column} stands above itself; correct parents.")
        if found is None and np.isfinite(p[above]):
            found = above
        above, steps = parents[above], steps + 1
    return found
