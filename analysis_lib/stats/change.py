"""How far did a share, or a difference of shares, move between two waves?

Where the same people were asked twice, only those who changed carry information: how many have a theme now and had
not before, and the other way round. Where different people were asked, two estimates with their limits are
subtracted.

References
----------
McNemar (1947) Psychometrika 12:153-157. Tango (1998) Stat Med 17:891-908. Fagerland, Lydersen & Laake (2013) BMC
Med Res Methodol 13:91 (mid-p). Zou & Donner (2008) Stat Med 27:1693-1702 (limits of a difference). Zou, Huang & Zhang
(2009) Comput Stat Data Anal 53:1080-1085 (limits of a weighted sum of shares).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import binom

from analysis_lib.errors import ModelError
from analysis_lib.stats.proportions import wilson

_OFF = (
    1e-12  # how far from the estimate a limit is looked for, since the function is 0 at the estimate itself
)


@dataclass(frozen=True)
class PairedChange:
    """Result of :func:`paired_change`.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Share now minus share before, -1 to 1; NaN where ``reason`` is given.
    p_value, p_mid : float
        McNemar's exact p and mid-p; 1 where nobody changed.
    smallest_p : float
        The smallest exact p that as many people who changed could give.
    level : float
    reason : str or None
        Why there is no change; None where there is one.
    """

    estimate: float
    conf_low: float
    conf_high: float
    p_value: float
    p_mid: float
    smallest_p: float
    level: float
    reason: str | None


def paired_change(now_only: int, before_only: int, n: int, *, level: float = 0.95) -> PairedChange:
    """Change of a share among people who were asked twice.

    Parameters
    ----------
    now_only : int
        People who have the theme now and had not before.
    before_only : int
        People who had the theme before and have it no more.
    n : int
        Everybody who was asked twice.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    PairedChange

    Raises
    ------
    ModelError
        Counts are negative or not whole, or more people changed than there are.

    Notes
    -----
    The estimate is (b - c) / n with b = now_only and c = before_only. The limits are Tango's: the differences d with
    (b - c - n d) / sqrt(n (2 q + d (1 - d))) = -+z, where q is the maximum likelihood estimate, under the difference
    d, of the probability of having had the theme before only: q = (sqrt(B^2 - 8 n C) - B) / (4 n) with
    B = (2 n - b + c) d - b - c and C = -c d (1 - d). The exact p is that of b among b + c fair coins; the mid-p
    counts the observed split half.

    Examples
    --------
    >>> found = paired_change(1, 7, 21)
    >>> round(found.estimate, 3), round(found.conf_low, 3), round(found.conf_high, 3), round(found.p_value, 3)
    (-0.286, -0.517, -0.026, 0.07)
    """
    counts = np.array([now_only, before_only, n], dtype=np.float64)
    if not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.rint(counts)).any():
        raise ModelError("now_only, before_only and n must be counts: whole numbers from 0 up, none missing.")
    if not 0 < level < 1:
        raise ModelError(f"level is {level}; it must lie between 0 and 1.")
    b, c, m = (int(value) for value in counts)
    if b + c > m:
        raise ModelError("More people changed than were asked twice.")
    if m == 0:
        nan = float("nan")
        return PairedChange(*(nan,) * 6, level, "Nobody was asked twice.")
    fewer = int(min(b, c))
    tail = float(binom.cdf(fewer, b + c, 0.5))
    exact = min(1.0, 2 * tail)
    mid = 1.0 if b == c else 2 * tail - float(binom.pmf(fewer, b + c, 0.5))
    z = float(ndtri((1 + level) / 2))
    low, high = -_tango_high(c, b, m, z), _tango_high(b, c, m, z)
    return PairedChange((b - c) / m, low, high, exact, mid, min(1.0, 2 * 0.5 ** (b + c)), level, None)


def _tango_high(b: int, c: int, n: int, z: float) -> float:
    """The upper limit; the lower one is that of the counts swapped, with the sign turned."""
    estimate = (b - c) / n
    if estimate == 1:
        return 1.0

    def too_far(d: float) -> float:
        linear, constant = (2 * n - b + c) * d - b - c, -c * d * (1 - d)
        q = (np.sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
        return float(n * d - b + c - z * np.sqrt(max(n * (2 * q + d * (1 - d)), 0.0)))

    start = estimate + _OFF
    return float(brentq(too_far, start, 1.0, xtol=1e-14)) if too_far(start) < 0 else start


@dataclass(frozen=True)
class DifferenceOfEstimates:
    """Result of :func:`difference_of_estimates` and :func:`difference_at_same_mix`.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        NaN where any part is missing.
    """

    estimate: float
    conf_low: float
    conf_high: float


def difference_of_estimates(
    now: tuple[float, float, float], before: tuple[float, float, float]
) -> DifferenceOfEstimates:
    """How far an estimate lies from that of other people, from the limits of both.

    Parameters
    ----------
    now, before : (estimate, low, high)
        Two independent estimates with limits of one level, on a scale on which they can be subtracted.

    Returns
    -------
    Interval
        The difference now less before, with its limits.

    Notes
    -----
    Zou and Donner's limits (method of variance estimates recovery): d - sqrt((e1 - l1)^2 + (u0 - e0)^2) and
    d + sqrt((u1 - e1)^2 + (e0 - l0)^2). With Wilson's limits of two shares they are Newcombe's.

    Examples
    --------
    >>> found = difference_of_estimates((0.25, 0.09, 0.42), (0.12, 0.01, 0.24))
    >>> round(found.estimate, 2), round(found.conf_low, 2), round(found.conf_high, 2)
    (0.13, -0.07, 0.33)
    """
    (e1, low1, high1), (e0, low0, high0) = now, before
    difference = e1 - e0
    return DifferenceOfEstimates(
        difference,
        difference - float(np.hypot(e1 - low1, high0 - e0)),
        difference + float(np.hypot(high1 - e1, e0 - low0)),
    )


def difference_at_same_mix(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> DifferenceOfEstimates:
    """Difference of two shares when both samples are given the same mix of groups.

    Parameters
    ----------
    x1, n1 : array_like of int, shape (S,)
        People with the theme and people in each group, in the one sample.
    x0, n0 : array_like of int, shape (S,)
        The same in the other sample. A group that either lacks is left out.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    DifferenceOfEstimates
        NaN where the samples have no group in common.

    Raises
    ------
    ModelError
        As :func:`~analysis_lib.stats.wilson`.

    Notes
    -----
    With Mantel and Haenszel's weights w = n1 n0 / (n1 + n0), brought to a sum of 1, the estimate is the sum of
    w (p1 - p0). Its limits are Zou, Huang and Zhang's: the estimate less the root of the sum of
    w^2 ((p1 - l1)^2 + (u0 - p0)^2), and likewise above, with Wilson's limits l and u of every share. With one group
    they are Newcombe's. A group in which nobody has the theme counts; for an odds ratio it would say nothing.

    Examples
    --------
    >>> found = difference_at_same_mix([10, 30], [20, 40], [10, 20], [40, 40])
    >>> round(found.estimate, 4)
    0.25
    """
    arrays = [np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (x1, n1, x0, n0)]
    both = (arrays[1] > 0) & (arrays[3] > 0)
    if not both.any():
        return DifferenceOfEstimates(float("nan"), float("nan"), float("nan"))
    a, m, b, k = (values[both] for values in arrays)
    weights = m * k / (m + k)
    weights = weights / weights.sum()
    one, other = wilson(a, m, level=level), wilson(b, k, level=level)
    estimate = float((weights * (one.estimate - other.estimate)).sum())
    below = np.hypot(one.estimate - one.conf_low, other.conf_high - other.estimate)
    above = np.hypot(one.conf_high - one.estimate, other.estimate - other.conf_low)
    return DifferenceOfEstimates(
        estimate,
        estimate - float(np.linalg.norm(weights * below)),
        estimate + float(np.linalg.norm(weights * above)),
    )
