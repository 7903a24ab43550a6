"""How common is a theme in each group, and how far apart are two groups?

Shares, risk differences, odds ratios, Cramer's V and adjusted residuals, each with the interval that holds
its level in small groups. Shares and risk differences take whole arrays, so one call serves a whole table.

References
----------
Wilson (1927) J Am Stat Assoc 22:209-212. Newcombe (1998) Stat Med 17:873-890 (method 10). Fisher (1935)
J R Stat Soc 98:39-82. Firth (1993) Biometrika 80:27-38. Heinze & Schemper (2002) Stat Med 21:2409-2419.
Bergsma (2013) J Korean Stat Soc 42:323-328. Smithson (2003) Confidence Intervals, ch. 4. Haberman (1973)
Biometrics 29:205-220.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Literal, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import chi2, ncx2
from scipy.stats.contingency import odds_ratio as scipy_odds_ratio

from analysis_lib.errors import ModelError
from analysis_lib.stats.exact import count_table, exact_table_test

FloatArray = NDArray[np.float64]
FloatOrArray = TypeVar("FloatOrArray", float, FloatArray)


@dataclass(frozen=True)
class Interval(Generic[FloatOrArray]):
    """An estimate with its confidence limits: floats where counts went in, arrays where arrays went in.

    Attributes
    ----------
    estimate, conf_low, conf_high : float or ndarray
        On the scale of shares (-1 to 1), not per cent. NaN where a group has nobody in it.
    level : float
        Confidence level of the limits.
    reason : str or None
        Why there are NaNs; None where there are none.
    """

    estimate: FloatOrArray
    conf_low: FloatOrArray
    conf_high: FloatOrArray
    level: float
    reason: str | None


@dataclass(frozen=True)
class OddsRatio:
    """Result of :func:`odds_ratio`.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Odds ratio; 0 or infinity where the exact method meets an empty cell, NaN where ``reason`` is given.
    p_value : float
        Fisher's exact p (``"exact"``), the penalised likelihood ratio p (``"firth"``) or that of z (``"wald"``).
    method : {"exact", "firth", "wald"}
    level : float
    reason : str or None
        Why there is no odds ratio; None where there is one.
    """

    estimate: float
    conf_low: float
    conf_high: float
    p_value: float
    method: Literal["exact", "firth", "wald"]
    level: float
    reason: str | None


@dataclass(frozen=True)
class CramersV:
    """Result of :func:`cramers_v`.

    Attributes
    ----------
    estimate : float
        0 (no association) to 1; NaN where ``reason`` is given.
    conf_low, conf_high : float
        Limits for Cramer's V in the population.
    corrected : bool
        Whether ``estimate`` is bias-corrected.
    level : float
    reason : str or None
        Why there is no estimate, or why the interval is a single point; else None.
    """

    estimate: float
    conf_low: float
    conf_high: float
    corrected: bool
    level: float
    reason: str | None


@dataclass(frozen=True)
class AdjustedResiduals:
    """Result of :func:`adjusted_residuals`.

    Attributes
    ----------
    residuals : ndarray of shape (r, k)
        Standard normal under independence; positive where a cell holds more people than expected. NaN in
        rows and columns that hold nobody or everybody.
    reason : str or None
        Why there are NaNs; None where there are none.
    """

    residuals: FloatArray
    reason: str | None


@overload
def wilson(x: float, n: float, *, level: float = ...) -> Interval[float]: ...
@overload
def wilson(x: ArrayLike, n: ArrayLike, *, level: float = ...) -> Interval[float] | Interval[FloatArray]: ...
def wilson(x: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Interval[float] | Interval[FloatArray]:
    """Share of people with a theme, with Wilson's score interval.

    Parameters
    ----------
    x : int or array_like of int
        People with the theme.
    n : int or array_like of int
        People in the base, of a shape that broadcasts with ``x``.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Interval
        Estimate x / n; NaN with a reason where n is 0.

    Raises
    ------
    ModelError
        Counts are negative, not whole or missing, or x exceeds n.

    Notes
    -----
    With z the normal quantile, the limits are (x + z^2/2 -+ z sqrt(x (n - x) / n + z^2/4)) / (n + z^2).

    Examples
    --------
    >>> share = wilson(3, 4)
    >>> round(share.estimate, 2), round(share.conf_low, 4), round(share.conf_high, 4)
    (0.75, 0.3006, 0.9544)
    >>> wilson([0, 3], [4, 4]).conf_high.round(4).tolist()
    [0.4899, 0.9544]
    """
    present, base = _counts(x, n, "x", "n")
    share, low, high = _wilson(present, base, level)
    return _interval(share, low, high, level, empty=base == 0)


@overload
def risk_difference(x1: float, n1: float, x0: float, n0: float, *, level: float = ...) -> Interval[float]: ...
@overload
def risk_difference(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, *, level: float = ...
) -> Interval[float] | Interval[FloatArray]: ...
def risk_difference(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> Interval[float] | Interval[FloatArray]:
    """Difference of two independent shares, x1 / n1 - x0 / n0, with Newcombe's interval.

    Parameters
    ----------
    x1, n1 : int or array_like of int
        People with the theme and people in the group.
    x0, n0 : int or array_like of int
        The same for the reference group; all four broadcast together.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Interval
        NaN with a reason where either group has nobody in it.

    Raises
    ------
    ModelError
        As :func:`wilson`.

    Notes
    -----
    Hybrid score interval: with Wilson limits l, u of each share p and the difference d, the limits are
    d - sqrt((p1 - l1)^2 + (u0 - p0)^2) and d + sqrt((u1 - p1)^2 + (p0 - l0)^2).

    Examples
    --------
    >>> difference = risk_difference(3, 4, 1, 4)
    >>> difference.estimate, round(difference.conf_low, 4), round(difference.conf_high, 4)
    (0.5, -0.1355, 0.7891)
    """
    present, base = _counts(x1, n1, "x1", "n1")
    present_reference, base_reference = _counts(x0, n0, "x0", "n0")
    try:
        empty = (base == 0) | (base_reference == 0)
    except ValueError as error:
        raise ModelError(
            f"x1 and n1 have shape {base.shape}, x0 and n0 {base_reference.shape}; they do not fit together."
        ) from error
    p1, low1, high1 = _wilson(present, base, level)
    p0, low0, high0 = _wilson(present_reference, base_reference, level)
    difference = p1 - p0
    low = difference - np.hypot(p1 - low1, high0 - p0)
    high = difference + np.hypot(high1 - p1, p0 - low0)
    return _interval(difference, low, high, level, empty=empty)


def odds_ratio(
    table2x2: ArrayLike, *, method: Literal["exact", "firth", "wald"] = "exact", level: float = 0.95
) -> OddsRatio:
    """Odds ratio of a 2 x 2 table, (a d) / (b c) for [[a, b], [c, d]], fit for small and empty cells.

    Parameters
    ----------
    table2x2 : array_like of int, shape (2, 2)
        Counts of people.
    method : {"exact", "firth", "wald"}
        ``"exact"``: conditional maximum likelihood with the exact conditional interval. ``"firth"``: Firth's
        penalised likelihood with profile limits, finite also where a cell is empty. ``"wald"``: the sample's
        own ratio with the interval of its logarithm, for tens of thousands of people; none with an empty cell.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    OddsRatio

    Raises
    ------
    ModelError
        Not a 2 x 2 table of counts, or an unknown method.

    Notes
    -----
    ``"exact"`` conditions on both margins; its p is :func:`~analysis_lib.stats.exact_table_test`'s, which can
    be above 0.05 while the interval excludes 1, or the reverse. For a 2 x 2 table Firth's penalty amounts to
    half a person more in every cell.

    Examples
    --------
    >>> exact = odds_ratio([[3, 1], [1, 3]])
    >>> round(exact.estimate, 3), round(exact.p_value, 4)
    (6.408, 0.4857)
    >>> round(odds_ratio([[0, 12], [7, 8]], method="firth").estimate, 4)
    0.0453
    """
    counts = count_table(table2x2)
    _check_level(level)
    if counts.shape != (2, 2):
        raise ModelError(f"table2x2 has shape {counts.shape}; an odds ratio needs two rows and two columns.")
    if method not in ("exact", "firth", "wald"):
        raise ModelError(f'method is "{method}"; it must be "exact", "firth" or "wald".')
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        nan = float("nan")
        reason = "A row or a column of the table is empty, so there is no odds ratio."
        return OddsRatio(nan, nan, nan, nan, method, level, reason)
    if method == "firth":
        return _firth_odds_ratio(counts, level)
    if method == "wald":
        return _wald_odds_ratio(counts, level)
    return _exact_odds_ratio(tuple(counts.ravel().tolist()), level)


@lru_cache(maxsize=1024)  # its limits are searched for; tables, figures and files ask for the same ones
def _exact_odds_ratio(cells: tuple[int, int, int, int], level: float) -> OddsRatio:
    counts = np.reshape(cells, (2, 2))
    result = scipy_odds_ratio(counts, kind="conditional")
    limits = result.confidence_interval(confidence_level=level)
    p_value = exact_table_test(counts).p_value
    return OddsRatio(
        float(result.statistic), float(limits.low), float(limits.high), p_value, "exact", level, None
    )


def cramers_v(table: ArrayLike, *, corrected: bool = True, level: float = 0.95) -> CramersV:
    """Strength of association in an r x k table, 0 to 1.

    Parameters
    ----------
    table : array_like of int, shape (r, k)
        Counts of people. Empty rows and columns are left out.
    corrected : bool
        Remove the bias that makes V positive by chance alone (Bergsma).
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    CramersV

    Raises
    ------
    ModelError
        As :func:`~analysis_lib.stats.exact_table_test`.

    Notes
    -----
    V = sqrt(X2 / (n m)) with m = min(r, k) - 1 and no continuity correction. Corrected: phi2 = max(0, X2/n -
    (r-1)(k-1)/(n-1)), r' = r - (r-1)^2/(n-1), k' likewise, V = sqrt(phi2 / (min(r', k') - 1)). Limits: the
    noncentralities under which X2 would be exceeded with probability (1 - level)/2 and (1 + level)/2, divided
    by n m and rooted, at most 1. They hold for the population's V, so both estimates share them.

    Examples
    --------
    >>> v = cramers_v([[35, 20, 4, 9], [45, 13, 15, 7]])
    >>> round(v.estimate, 4), v.conf_low, round(v.conf_high, 4)
    (0.1919, 0.0, 0.3772)
    """
    counts = count_table(table)
    _check_level(level)
    counts = counts[np.ix_(counts.sum(axis=1) > 0, counts.sum(axis=0) > 0)]
    nan = float("nan")
    if min(counts.shape) < 2:
        single = "Only one row or one column holds anybody, so there is no association to measure."
        return CramersV(nan, nan, nan, corrected, level, single)
    n = int(counts.sum())
    r, k = counts.shape
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    statistic = float(((counts - expected) ** 2 / expected).sum())
    df, scale = (r - 1) * (k - 1), n * (min(r, k) - 1)
    if corrected:
        phi2 = max(0.0, statistic / n - df / (n - 1))
        m = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
        if m <= 0:
            few = f"{n} people are too few for a bias-corrected V of a {r} x {k} table."
            return CramersV(nan, nan, nan, corrected, level, few)
        estimate = float(np.sqrt(phi2 / m))
    else:
        estimate = float(np.sqrt(statistic / scale))
    low = _noncentrality(statistic, df, (1 + level) / 2)
    high = _noncentrality(statistic, df, (1 - level) / 2)
    limits = [float(min(1.0, np.sqrt(value / scale))) for value in (low, high)]
    reason = None
    if high == 0:
        reason = (
            "The groups are more alike than chance alone would make them, so the interval is the point 0."
        )
    return CramersV(min(estimate, 1.0), limits[0], limits[1], corrected, level, reason)


def adjusted_residuals(table: ArrayLike) -> AdjustedResiduals:
    """Which cells of an r x k table hold more or fewer people than independence expects.

    Parameters
    ----------
    table : array_like of int, shape (r, k)
        Counts of people.

    Returns
    -------
    AdjustedResiduals

    Raises
    ------
    ModelError
        As :func:`~analysis_lib.stats.exact_table_test`.

    Notes
    -----
    (x - e) / sqrt(e (1 - row / n) (1 - column / n)) with e = row total * column total / n.

    Examples
    --------
    >>> adjusted_residuals([[3, 1], [1, 3]]).residuals.round(4).tolist()
    [[1.4142, -1.4142], [-1.4142, 1.4142]]
    """
    counts = count_table(table)
    n = counts.sum()
    row, column = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    # In whole numbers, so that a row or column of everybody gives exactly 0 and not a rounding error.
    variance = (row * (n - row)).astype(np.float64) * (column * (n - column))
    residuals = np.full(counts.shape, np.nan)
    varies = variance > 0
    residuals[varies] = ((n * counts - row * column)[varies]) * np.sqrt(n / variance[varies])
    reason = None
    if not varies.all():
        reason = "A row or a column holds nobody or everybody; its cells cannot differ from expectation."
    return AdjustedResiduals(residuals, reason)


def _wilson(x: FloatArray, n: FloatArray, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Share and Wilson limits; NaN where n is 0."""
    _check_level(level)
    z = float(ndtri((1 + level) / 2))
    base = np.where(n == 0, np.nan, n)
    middle = x + z**2 / 2
    margin = z * np.sqrt(x * (n - x) / base + z**2 / 4)
    # At x = 0 and x = n rounding would put a limit just beyond 0 or 1.
    low = np.where(x == 0, 0 * base, (middle - margin) / (base + z**2))
    high = np.where(x == n, base / base, (middle + margin) / (base + z**2))
    return x / base, low, high


def _interval(
    estimate: FloatArray, low: FloatArray, high: FloatArray, level: float, *, empty: NDArray[np.bool_]
) -> Interval[float] | Interval[FloatArray]:
    if estimate.ndim == 0:
        reason = "There is nobody in the group." if empty else None
        return Interval(float(estimate), float(low), float(high), level, reason)
    reason = f"{int(empty.sum())} of {empty.size} comparisons have a group with nobody in it."
    return Interval(estimate, low, high, level, reason if empty.any() else None)


def _counts(x: ArrayLike, n: ArrayLike, x_name: str, n_name: str) -> tuple[FloatArray, FloatArray]:
    try:
        present, base = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(n, np.float64))
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{x_name} and {n_name} must be counts, or arrays of counts of one shape."
        ) from error
    for name, values in ((x_name, present), (n_name, base)):
        if not np.isfinite(values).all() or (values < 0).any() or (values != np.rint(values)).any():
            raise ModelError(f"{name} must hold counts: whole numbers from 0 up, none missing.")
    if (present > base).any():
        raise ModelError(f"{x_name} exceeds {n_name}: more people with the theme than people in the group.")
    return present, base


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ModelError(f"level is {level}; it must lie between 0 and 1, such as 0.95.")


def _noncentrality(statistic: float, df: int, probability: float) -> float:
    """Noncentrality at which a chi-square stays below ``statistic`` with this probability; 0 if none."""
    if chi2.cdf(statistic, df) <= probability:
        return 0.0
    # mean + 10 standard deviations of the squared normal bounds every level up to 1 - 1e-20
    ceiling = (np.sqrt(statistic) + 10) ** 2 + df
    return float(
        brentq(
            lambda value: ncx2.cdf(statistic, df, value) - probability, 0.0, ceiling, xtol=1e-10, rtol=1e-12
        )
    )


def _wald_odds_ratio(counts: NDArray[np.int64], level: float) -> OddsRatio:
    from statsmodels.stats.contingency_tables import Table2x2  # noqa: PLC0415  (few need it)

    if (counts == 0).any():
        nan = float("nan")
        return OddsRatio(nan, nan, nan, nan, "wald", level, "A cell is empty, so there is no Wald interval.")
    table = Table2x2(counts, shift_zeros=False)
    low, high = table.oddsratio_confint(alpha=1 - level)
    p_value = float(table.oddsratio_pvalue())
    return OddsRatio(float(table.oddsratio), float(low), float(high), p_value, "wald", level, None)


def _firth_odds_ratio(counts: NDArray[np.int64], level: float) -> OddsRatio:
    # scikit-learn comes with it and takes a second to import
    from firthmodels import FirthLogisticRegression  # noqa: PLC0415

    # Four weighted rows stand for the whole table: first row of the table against the second.
    exposed, outcome = np.array([[1.0], [1.0], [0.0], [0.0]]), np.array([1, 0, 1, 0])
    people = counts.ravel().astype(np.float64)
    # At the tightest tolerance the step halving sometimes sees no gain any more and gives up on large tables.
    for tolerance in (1e-6, 1e-5, 1e-4):
        model = FirthLogisticRegression(backend="numpy", max_iter=200, gtol=tolerance, xtol=tolerance)
        with warnings.catch_warnings():
            # What the solver warns of is read from converged_ and from NaN below.
            warnings.simplefilter("ignore")
            model.fit(exposed, outcome, sample_weight=people)
            if not model.converged_:
                continue
            model.lrt(0)
            limits = model.conf_int(alpha=1 - level, method="pl", features=0, max_iter=200, tol=1e-6)[0]
        estimate, low, high = np.exp([model.coef_[0], *limits])
        p_value = float(model.lrt_pvalues_[0])
        if np.isfinite([estimate, low, high, p_value]).all():
            return OddsRatio(float(estimate), float(low), float(high), p_value, "firth", level, None)
    nan = float("nan")
    reason = "The penalised likelihood could not be maximised for this table."
    return OddsRatio(nan, nan, nan, nan, "firth", level, reason)
