"""Would further interviews of this kind have brought new codes?

The expected number of codes after 1, 2, ... n interviews, an estimate of the codes not met, and the base, run
and threshold rule describe these codes in this sample; none of them proves that a codebook is complete.

References
----------
Hurlbert (1971) Ecology 52:577-586. Kindt, Van Damme & Simons (2006) Biodivers Conserv 15:2543-2560.
Chao (1987) Biometrics 43:783-791. Colwell et al. (2012) J Plant Ecol 5:3-21. Guest, Namey & Chen (2020) PLoS
ONE 15:e0232076.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from analysis_lib.errors import ModelError
from analysis_lib.stats.resampling import generator

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class InformationThreshold:
    """The base, run and threshold rule for interviews in the order they were held.

    Attributes
    ----------
    base, run : int
        Interviews that make the base, and interviews per run.
    threshold : float
        Largest share of new codes, relative to the codes in the base, that counts as little new information.
    base_codes : int
        Different codes in the first ``base`` interviews.
    new_codes : ndarray of shape (n - base - run + 1,)
        New codes in each run: interviews base + 1 to base + run, then one interview later, and so on.
    reached_at : int or None
        Interviews held before the first run at or below the threshold; None where no run was.
    label : str
        The usual short form, such as "6 + 2"; "not reached" where no run was at or below the threshold.
    reason : str or None
        Why the rule cannot be applied; None where it can.
    """

    base: int
    run: int
    threshold: float
    base_codes: int
    new_codes: IntArray
    reached_at: int | None
    label: str
    reason: str | None


@dataclass(frozen=True)
class SaturationCurve:
    """Codes seen after 1 to n interviews. All arrays have shape (n,).

    Attributes
    ----------
    n : ndarray
        1 to n interviews.
    expected : ndarray
        Different codes expected in that many interviews, over all orders of the interviews.
    sd : ndarray
        Approximate standard deviation over orders.
    low, high : ndarray
        Band that holds ``level`` of random orders at each number of interviews.
    observed : ndarray
        Different codes seen in the order given.
    n_codes : int
        Codes seen at all.
    n_once, n_twice : int
        Codes seen in exactly one and in exactly two interviews.
    chao2, chao2_se : float
        Estimated number of codes including those not met, a lower bound, and its standard error.
    information : InformationThreshold
        The base, run and threshold rule in the order given.
    n_permutations : int
        Random orders behind the band.
    level : float
        Share of orders in the band.
    reason : str or None
        Why a value is NaN; None where everything could be computed.
    """

    n: IntArray
    expected: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray
    observed: IntArray
    n_codes: int
    n_once: int
    n_twice: int
    chao2: float
    chao2_se: float
    information: InformationThreshold
    n_permutations: int
    level: float
    reason: str | None


def saturation_curve(
    matrix: ArrayLike,
    *,
    base: int = 4,
    run: int = 2,
    threshold: float = 0.05,
    n_permutations: int = 1_000,
    seed: int = 0,
    level: float = 0.95,
) -> SaturationCurve:
    """How the number of different codes grows with the number of interviews.

    Parameters
    ----------
    matrix : array-like of shape (n, c)
        1 where the interview of the row holds the code of the column, else 0; rows in the order the
        interviews were held.
    base, run : int
        Interviews in the base and in a run, at least 1 each; 4 to 6 and 2 to 3 are usual.
    threshold : float
        Share of new codes that still counts as saturated, 0 to 1; 0.05 and 0 are usual.
    n_permutations : int
        Random orders for the band, at least 1.
    seed : int
        Seed of the random orders.
    level : float
        Share of orders the band holds, between 0 and 1.

    Returns
    -------
    SaturationCurve

    Raises
    ------
    ModelError
        If ``matrix`` is not a two-dimensional 0/1 matrix with at least one row and one column, or a choice
        is out of range.

    Notes
    -----
    A code found in :math:`f` of :math:`n` interviews is missed by :math:`k` of them with probability
    :math:`\\binom{n-f}{k}/\\binom{n}{k}`, which gives ``expected`` without simulation. ``sd`` adds the
    covariances as Kindt, Van Damme & Simons do, with the correlation of two codes taken from the whole
    sample, and runs some 5 to 25 % too wide; the band needs no such approximation and should be preferred.
    With :math:`Q_1` codes seen once and :math:`Q_2` seen twice, Chao2 is
    :math:`S+\\frac{n-1}{n}\\frac{Q_1^2}{2Q_2}`, or :math:`S+\\frac{n-1}{n}\\frac{Q_1(Q_1-1)}{2}` without
    any seen twice.

    The rule of Guest, Namey & Chen divides the new codes of a run by the codes of the base. Runs overlap:
    each starts one interview after the one before.

    Examples
    --------
    Two of three codes come up in the first interview; the third in the last:

    >>> curve = saturation_curve([[1, 1, 0], [1, 0, 0], [1, 0, 1]], base=1, run=1)
    >>> curve.expected.round(3).tolist(), curve.observed.tolist(), curve.information.label
    ([1.667, 2.333, 3.0], [2, 2, 3], '1 + 1')
    """
    held = _checked(matrix)
    if base < 1 or run < 1:
        raise ModelError(f"base and run must be at least 1 interview, not {base} and {run}.")
    if not 0 <= threshold <= 1:
        raise ModelError(f"threshold must lie between 0 and 1, not {threshold}.")
    if n_permutations < 1:
        raise ModelError(f"n_permutations must be at least 1, not {n_permutations}.")
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level}.")

    n_interviews = len(held)
    frequency = held.sum(axis=0)
    seen = held[:, frequency > 0]
    expected, sd = _rarefied(seen)
    low, high = _order_band(seen, n_permutations=n_permutations, seed=seed, level=level)
    once, twice = int((frequency == 1).sum()), int((frequency == 2).sum())
    chao2, chao2_se, reason = _chao2(seen.shape[1], once, twice, n_interviews)
    observed = np.cumsum(_new_codes(held))
    return SaturationCurve(
        n=np.arange(1, n_interviews + 1),
        expected=expected,
        sd=sd,
        low=low,
        high=high,
        observed=observed,
        n_codes=seen.shape[1],
        n_once=once,
        n_twice=twice,
        chao2=chao2,
        chao2_se=chao2_se,
        information=_information(observed, base=base, run=run, threshold=threshold),
        n_permutations=n_permutations,
        level=level,
        reason=reason,
    )


def _checked(matrix: ArrayLike) -> NDArray[np.bool_]:
    try:
        values = np.asarray(matrix, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError("The matrix must hold 0 and 1 only, interviews by codes.") from error
    if values.ndim != 2 or 0 in values.shape:
        raise ModelError(
            f"The matrix must have at least one interview and one code; its shape is {values.shape}."
        )
    wrong = ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        raise ModelError(
            f"{int(wrong.any(axis=0).sum())} of {values.shape[1]} codes have values other than 0 and 1; "
            "leave out interviews or codes that are not codable."
        )
    return values.astype(bool)


def _log_binomial(n: FloatArray | float, k: FloatArray) -> FloatArray:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _rarefied(held: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Expected codes and their standard deviation for 1 to n interviews."""
    n, n_codes = held.shape
    size = np.arange(1.0, n + 1)[:, None]
    without = n - held.sum(axis=0).astype(float)
    possible = size <= without
    log_missed = _log_binomial(np.maximum(without, size), size) - _log_binomial(float(n), size)
    missed = np.where(possible, np.exp(log_missed), 0.0)
    expected = (1 - missed).sum(axis=1)
    spread = np.sqrt(np.maximum(missed * (1 - missed), 0))
    centred = held - held.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    # a code that everybody has does not vary, so it is uncorrelated with every other one
    scaled = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-12)
    correlation = scaled.T @ scaled
    np.fill_diagonal(correlation, 1.0)
    variance = ((spread @ correlation) * spread).sum(axis=1) if n_codes else np.zeros(n)
    return expected, np.sqrt(np.maximum(variance, 0))


def _order_band(
    held: NDArray[np.bool_], *, n_permutations: int, seed: int, level: float
) -> tuple[FloatArray, FloatArray]:
    """Pointwise band of the number of codes over random orders of the interviews."""
    n, n_codes = held.shape
    # rows in canonical order, so that the band does not depend on the order of the file
    rows = held[np.lexsort(held.T[::-1])] if n_codes else held
    rng = generator(seed, "saturation")
    place = np.argsort(rng.random((n_permutations, n)), axis=1)
    first = np.column_stack(
        [place[:, rows[:, code]].min(axis=1) for code in range(n_codes)] or [place[:, :0]]
    )
    step = first + np.arange(n_permutations)[:, None] * n
    counts = np.bincount(step.ravel(), minlength=n_permutations * n).reshape(n_permutations, n)
    low, high = np.quantile(np.cumsum(counts, axis=1), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray(low), np.asarray(high)


def _chao2(n_codes: int, once: int, twice: int, n: int) -> tuple[float, float, str | None]:
    """Chao2 with its standard error, and why it is undefined."""
    nan = float("nan")
    if n_codes == 0:
        return nan, nan, "No code was seen in any interview, so nothing can be said about codes not met."
    if n < 2:
        return nan, nan, "One interview cannot show which codes come back; Chao2 needs at least two."
    factor = (n - 1) / n
    if twice > 0:
        ratio = once / twice
        estimate = n_codes + factor * once**2 / (2 * twice)
        variance = twice * (factor / 2 * ratio**2 + factor**2 * ratio**3 + factor**2 / 4 * ratio**4)
    else:
        estimate = n_codes + factor * once * (once - 1) / 2
        variance = (
            factor * once * (once - 1) / 2
            + factor**2 * once * (2 * once - 1) ** 2 / 4
            - factor**2 * once**4 / (4 * estimate)
        )
    return estimate, float(np.sqrt(max(variance, 0.0))), None


def _new_codes(held: NDArray[np.bool_]) -> IntArray:
    """Codes each interview brings that none before it had."""
    before = np.logical_or.accumulate(held, axis=0)
    before = np.vstack([np.zeros(held.shape[1], dtype=bool), before[:-1]])
    return np.asarray((held & ~before).sum(axis=1))


def _information(observed: IntArray, *, base: int, run: int, threshold: float) -> InformationThreshold:
    n = len(observed)
    nothing = np.zeros(0, dtype=np.int64)
    if n < base + run:
        reason = f"A base of {base} and a run of {run} need {base + run} interviews; there are {n}."
        seen = int(observed[min(base, n) - 1])
        return InformationThreshold(base, run, threshold, seen, nothing, None, "not reached", reason)
    base_codes = int(observed[base - 1])
    ends = np.arange(base + run - 1, n)
    new_codes = observed[ends] - observed[ends - run]
    if base_codes == 0:
        reason = f"The first {base} interviews hold no code, so new codes have nothing to be compared with."
        return InformationThreshold(base, run, threshold, 0, new_codes, None, "not reached", reason)
    # slack, so that 3 new codes to a base of 60 are 5 % in floating point too
    little = np.flatnonzero(new_codes <= threshold * base_codes + 1e-9)
    reached = base + int(little[0]) if len(little) else None
    label = "not reached" if reached is None else f"{reached} + {run}"
    return InformationThreshold(base, run, threshold, base_codes, new_codes, reached, label, None)
