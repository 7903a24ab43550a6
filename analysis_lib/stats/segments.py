"""How far apart are two groups in the share of their segments that carry a theme?

Segments of one person go together, so their number says little about how sure a share is. People are the
clusters: the share's variance is that of a ratio of sums over people, and Wilson's limits are taken for as
many independent segments as would be worth the same.

References
----------
Cochran (1977) Sampling Techniques, ch. 6 (ratio estimator). Kish (1965) Survey Sampling (design effect). Korn
& Graubard (1998) Surv Methodol 24:193-201 (effective sample size). Newcombe (1998) Stat Med 17:873-890.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from analysis_lib.errors import ModelError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SegmentDifference:
    """Result of :func:`segment_share_difference`.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Share of segments in the first group less that in the second, with its interval.
    first, second : float
        The shares; NaN where a group has no segment.
    n_first, n_second : int
        People with at least one segment.
    level : float
    reason : str or None
        Why there is no difference; None where there is one.
    """

    estimate: float
    conf_low: float
    conf_high: float
    first: float
    second: float
    n_first: int
    n_second: int
    level: float
    reason: str | None


def segment_share_difference(
    with_theme: ArrayLike, segments: ArrayLike, first: ArrayLike, *, level: float = 0.95
) -> SegmentDifference:
    """Difference between two groups in the share of segments with a theme.

    Parameters
    ----------
    with_theme : array-like of shape (n,)
        Segments of each person that carry the theme.
    segments : array-like of shape (n,)
        All segments of each person, none fewer than ``with_theme``.
    first : array-like of bool, shape (n,)
        Whether the person is in the first group; the others are in the second.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    SegmentDifference

    Raises
    ------
    ModelError
        Shapes that differ, counts that are negative or not whole, more segments with the theme than there
        are, or a level that is none.

    Notes
    -----
    With y of x segments in person i of m, R = sum y / sum x has variance
    m / (m - 1) sum (y - R x)^2 / (sum x)^2. The effective number of segments is R (1 - R) over that variance,
    at most sum x; where R is 0 or 1, or a group is one person, it is the number of people. Wilson's limits of
    both shares are combined as by Newcombe (method 10).

    Examples
    --------
    Two people with ten segments each and one with five, of which the first group's carry the theme half the
    time:

    >>> result = segment_share_difference([5, 5, 0], [10, 10, 5], [True, True, False])
    >>> result.estimate, result.n_first
    (0.5, 2)
    """
    y, x, one = _checked(with_theme, segments, first)
    if not 0 < level < 1:
        raise ModelError(f"The confidence level must lie between 0 and 1, such as 0.95; it is {level}.")
    sides = [(y[here & (x > 0)], x[here & (x > 0)]) for here in (one, ~one)]
    shares = [float(a.sum() / b.sum()) if b.size else float("nan") for a, b in sides]
    sizes = [b.size for _, b in sides]
    nan = float("nan")
    if min(sizes) == 0:
        reason = "Nobody in one of the groups has a segment."
        return SegmentDifference(nan, nan, nan, shares[0], shares[1], sizes[0], sizes[1], level, reason)
    z = float(ndtri((1 + level) / 2))
    (low1, high1), (low0, high0) = (_wilson(*side, z) for side in sides)
    p1, p0 = shares
    return SegmentDifference(
        estimate=p1 - p0,
        conf_low=p1 - p0 - float(np.hypot(p1 - low1, high0 - p0)),
        conf_high=p1 - p0 + float(np.hypot(high1 - p1, p0 - low0)),
        first=p1,
        second=p0,
        n_first=sizes[0],
        n_second=sizes[1],
        level=level,
        reason=None,
    )


def _wilson(y: FloatArray, x: FloatArray, z: float) -> tuple[float, float]:
    """Wilson's limits of a share of segments for its effective number of segments."""
    share, people = y.sum() / x.sum(), x.size
    n = float(people)
    if 0 < share < 1 and people > 1:
        variance = people / (people - 1) * ((y - share * x) ** 2).sum() / x.sum() ** 2
        worth = share * (1 - share)
        n = worth / max(variance, worth / x.sum())
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def _checked(
    with_theme: ArrayLike, segments: ArrayLike, first: ArrayLike
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    y, x = np.asarray(with_theme, dtype=np.float64), np.asarray(segments, dtype=np.float64)
    one = np.asarray(first, dtype=bool)
    if y.ndim != 1 or not y.shape == x.shape == one.shape:
        raise ModelError("with_theme, segments and first must hold one entry per person each.")
    if not np.isfinite([y, x]).all() or ((y < 0) | (y > x) | (y % 1 != 0) | (x % 1 != 0)).any():
        raise ModelError("Segments must be whole numbers, and no more with the theme than there are.")
    return y, x, one
