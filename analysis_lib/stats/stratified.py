"""Is a theme tied to a group in the same way across waves, sites or therapists, and how strongly overall?

Two by two tables are pooled within strata, never by adding them up, and homogeneity is tested beside the
pooled value. With the few strata of a study the random-effects interval uses Hartung and Knapp's t.

References
----------
Mantel & Haenszel (1959) J Natl Cancer Inst 22:719-748. Robins, Breslow & Greenland (1986) Biometrics
42:311-323. Breslow & Day (1980) Statistical Methods in Cancer Research I. Tarone (1985) Biometrika 72:91-95.
Sato, Greenland & Robins (1989) Biometrics 45:1323-1324. DerSimonian & Laird (1986) Control Clin Trials
7:177-188. Hartung & Knapp (2001) Stat Med 20:3875-3889. Viechtbauer (2005) J Educ Behav Stat 30:261-293.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, norm, t

from analysis_lib.errors import ModelError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class PooledEffect:
    """One pooled value with its interval.

    Attributes
    ----------
    estimate, se : float
        Log odds ratio, or a risk difference as a proportion for ``mh_risk_difference``.
    conf_low, conf_high : float
        Limits on the scale of ``estimate``.
    tau_squared : float or None
        Variance of the true log odds ratios between strata; None where the method assumes none.
    reason : str or None
        Why values are NaN; None where all could be computed.
    """

    estimate: float
    se: float
    conf_low: float
    conf_high: float
    tau_squared: float | None = None
    reason: str | None = None

    @property
    def odds_ratio(self) -> float:
        """``exp(estimate)``, for effects that are log odds ratios."""
        return float(np.exp(self.estimate))


@dataclass(frozen=True)
class WithoutOneStratum:
    """What the others say once one stratum is left out.

    Attributes
    ----------
    left_out : int
        Position of the stratum in the tables given, from 0.
    mh_odds_ratio, mh_conf_low, mh_conf_high : float
        Mantel-Haenszel odds ratio of the others.
    hartung_knapp : PooledEffect
        Random-effects log odds ratio of the others.
    reason : str or None
        Why a Mantel-Haenszel value is NaN; None where all could be computed.
    """

    left_out: int
    mh_odds_ratio: float
    mh_conf_low: float
    mh_conf_high: float
    hartung_knapp: PooledEffect
    reason: str | None


@dataclass(frozen=True)
class Stratified:
    """Pooled association of theme and group over strata.

    Attributes
    ----------
    mh_odds_ratio, mh_conf_low, mh_conf_high : float
        Mantel-Haenszel odds ratio; 0 or infinity where a cell is empty in every stratum, and then without
        limits.
    mh_risk_difference : PooledEffect
        Mantel-Haenszel difference of the shares in the first column, first row minus second.
    cmh_statistic, cmh_p_value : float
        Cochran-Mantel-Haenszel test of no association, chi-square with 1 df, without continuity correction.
    breslow_day_statistic, breslow_day_p : float
        Test that the odds ratio is the same in all strata, chi-square with one df less than strata.
    tarone_statistic, tarone_p : float
        The same with Tarone's correction, which makes it exact in large strata.
    fixed, dersimonian_laird, hartung_knapp : PooledEffect
        Inverse-variance pooled log odds ratios: one common value; random effects by moments with a normal
        interval; random effects by restricted maximum likelihood with Hartung and Knapp's interval.
    q, q_p_value, i_squared : float
        Cochran's heterogeneity statistic, its p-value, and the share of the variation beyond chance (0 to 1).
    leave_one_out : tuple of WithoutOneStratum
        One entry for each informative stratum; empty with fewer than two.
    log_odds_ratio, variance : ndarray of shape (S,)
        Each stratum's value and sampling variance, 0.5 added to all its cells where one is 0; NaN for a
        stratum that carries no information.
    n_strata : int
        Strata used.
    uninformative : tuple of int
        Positions of strata left out because an entire row or column is 0.
    level : float
        Confidence level.
    reason : str or None
        Why a value is NaN or infinite; None where everything could be computed.
    """

    mh_odds_ratio: float
    mh_conf_low: float
    mh_conf_high: float
    mh_risk_difference: PooledEffect
    cmh_statistic: float
    cmh_p_value: float
    breslow_day_statistic: float
    breslow_day_p: float
    tarone_statistic: float
    tarone_p: float
    fixed: PooledEffect
    dersimonian_laird: PooledEffect
    hartung_knapp: PooledEffect
    q: float
    q_p_value: float
    i_squared: float
    leave_one_out: tuple[WithoutOneStratum, ...]
    log_odds_ratio: FloatArray
    variance: FloatArray
    n_strata: int
    uninformative: tuple[int, ...]
    level: float
    reason: str | None


def stratified(tables: ArrayLike, *, level: float = 0.95) -> Stratified:
    """Pool two by two tables over strata.

    Parameters
    ----------
    tables : array-like of shape (S, 2, 2)
        Counts of people. Rows: the group of interest, then its reference; columns: theme present, absent.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    Stratified

    Raises
    ------
    ModelError
        If ``tables`` does not have shape (S, 2, 2) with S of 1 or more, or holds anything but counts.

    Notes
    -----
    The Mantel-Haenszel odds ratio is :math:`\\sum a_sd_s/n_s \\big/ \\sum b_sc_s/n_s` with the Robins,
    Breslow & Greenland interval. Breslow and Day's test compares each :math:`a_s` with the value that has
    this odds ratio and the margins of the stratum; it is solved here in a form without cancellation, since
    the textbook root divides by zero at an odds ratio of 1. Between-stratum variance is never taken below
    zero. Hartung and Knapp's interval rests on how far the strata differ, so two or three that happen to
    agree make it narrower than ``fixed``: quote the wider of the two then.

    People must not occur in two strata: with repeat participants over waves the standard errors are wrong.

    Examples
    --------
    The theme doubles the odds among 40 people of one wave and 80 of the next:

    >>> result = stratified([[[10, 10], [8, 16]], [[20, 20], [16, 32]]])
    >>> round(result.mh_odds_ratio, 6), round(result.breslow_day_p, 6), result.reason
    (2.0, 1.0, None)
    """
    counts = _checked(tables)
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level}.")
    informative = (counts.sum(axis=1) > 0).all(axis=1) & (counts.sum(axis=2) > 0).all(axis=1)
    positions = np.flatnonzero(informative)
    used = counts[positions]
    log_odds_ratio, variance = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    log_odds_ratio[positions], variance[positions] = _log_odds_ratios(used)
    y, v = log_odds_ratio[positions], variance[positions]

    odds_ratio, low, high, reason = _mantel_haenszel(used, level)
    cmh, cmh_p = _cochran_mantel_haenszel(used)
    breslow_day, tarone, homogeneity_p, not_tested = _homogeneity(used, odds_ratio)
    fixed = _inverse_variance(y, v, 0.0, level)
    q = float(((y - fixed.estimate) ** 2 / v).sum()) if len(y) > 1 else float("nan")
    df = len(y) - 1
    return Stratified(
        mh_odds_ratio=odds_ratio,
        mh_conf_low=low,
        mh_conf_high=high,
        mh_risk_difference=_mh_risk_difference(used, level),
        cmh_statistic=cmh,
        cmh_p_value=cmh_p,
        breslow_day_statistic=breslow_day,
        breslow_day_p=homogeneity_p[0],
        tarone_statistic=tarone,
        tarone_p=homogeneity_p[1],
        fixed=fixed,
        dersimonian_laird=_dersimonian_laird(y, v, level),
        hartung_knapp=_hartung_knapp(y, v, level),
        q=q,
        q_p_value=float(chi2.sf(q, df)) if df > 0 else float("nan"),
        i_squared=(max(0.0, 1 - df / q) if q > 0 else 0.0) if df > 0 else float("nan"),
        leave_one_out=tuple(_without(used, place, int(positions[place]), level) for place in range(len(used)))
        if len(used) > 1
        else (),
        log_odds_ratio=log_odds_ratio,
        variance=variance,
        n_strata=len(used),
        uninformative=tuple(np.flatnonzero(~informative).tolist()),
        level=level,
        reason=reason or not_tested,
    )


def _checked(tables: ArrayLike) -> FloatArray:
    try:
        counts = np.asarray(tables, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError("The tables must hold counts, in an array of shape (strata, 2, 2).") from error
    if counts.ndim != 3 or counts.shape[1:] != (2, 2) or not len(counts):
        raise ModelError(f"The tables must have shape (strata, 2, 2), not {counts.shape}.")
    wrong = ~np.isfinite(counts) | (counts < 0) | (counts != np.round(counts))
    if wrong.any():
        raise ModelError(
            f"The table of stratum {int(np.argmax(wrong.any(axis=(1, 2))))} (from 0) holds more than counts."
        )
    return counts


def _log_odds_ratios(tables: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Woolf's log odds ratios and variances; 0.5 goes to all cells of a table that has an empty one."""
    empty = (tables == 0).any(axis=(1, 2), keepdims=True)
    cells = tables + 0.5 * empty
    logs = np.log(cells)
    return logs[:, 0, 0] + logs[:, 1, 1] - logs[:, 0, 1] - logs[:, 1, 0], (1 / cells).sum(axis=(1, 2))


_UNINFORMATIVE = "No stratum has both groups and both people with and people without the theme."


def _mantel_haenszel(tables: FloatArray, level: float) -> tuple[float, float, float, str | None]:
    """Pooled odds ratio with its interval, and why something is missing."""
    nan = float("nan")
    if not len(tables):
        return nan, nan, nan, _UNINFORMATIVE
    if not (tables[:, 0, 0] * tables[:, 1, 1]).any():
        return 0.0, nan, nan, _empty_cell("0")
    if not (tables[:, 0, 1] * tables[:, 1, 0]).any():
        return float("inf"), nan, nan, _empty_cell("infinite")
    from statsmodels.stats.contingency_tables import StratifiedTable  # noqa: PLC0415 - the import costs seconds

    pooled = StratifiedTable(list(tables))
    low, high = pooled.oddsratio_pooled_confint(alpha=1 - level)
    return float(pooled.oddsratio_pooled), float(low), float(high), None


def _empty_cell(value: str) -> str:
    return f"A cell is empty in every stratum, so the pooled odds ratio is {value} and has no limits."


def _cochran_mantel_haenszel(tables: FloatArray) -> tuple[float, float]:
    """Test of no association in any stratum, without continuity correction."""
    if not len(tables):
        return float("nan"), float("nan")
    from statsmodels.stats.contingency_tables import StratifiedTable  # noqa: PLC0415 - the import costs seconds

    test = StratifiedTable(list(tables)).test_null_odds(correction=False)
    return float(test.statistic), float(test.pvalue)


def _homogeneity(
    tables: FloatArray, odds_ratio: float
) -> tuple[float, float, tuple[float, float], str | None]:
    """Breslow-Day and Tarone statistics and p-values, and why they are missing."""
    nan = float("nan")
    if len(tables) < 2:
        reason = (
            "One informative stratum only, so there is nothing to pool or compare." if len(tables) else None
        )
        return nan, nan, (nan, nan), reason
    if not 0 < odds_ratio < np.inf:
        return nan, nan, (nan, nan), None
    n = tables.sum(axis=(1, 2))
    row, column = tables[:, 0].sum(axis=1), tables[:, :, 0].sum(axis=1)
    # positive root of (1 - r) e^2 + b e - r * row * column = 0, written so that r = 1 is no special case
    b = n - row - column + odds_ratio * (row + column)
    c = odds_ratio * row * column
    expected = 2 * c / (b + np.sqrt(b**2 + 4 * (1 - odds_ratio) * c))
    cells = np.array([expected, row - expected, column - expected, n - row - column + expected])
    variance = 1 / (1 / cells).sum(axis=0)
    difference = tables[:, 0, 0] - expected
    breslow_day = float((difference**2 / variance).sum())
    tarone = max(0.0, breslow_day - float(difference.sum() ** 2 / variance.sum()))
    df = len(tables) - 1
    return breslow_day, tarone, (float(chi2.sf(breslow_day, df)), float(chi2.sf(tarone, df))), None


def _mh_risk_difference(tables: FloatArray, level: float) -> PooledEffect:
    """Mantel-Haenszel risk difference with the variance of Sato, Greenland & Robins."""
    nan = float("nan")
    if not len(tables):
        return PooledEffect(nan, nan, nan, nan, reason=_UNINFORMATIVE)
    a, b = tables[:, 0, 0], tables[:, 1, 0]
    n1, n0 = tables[:, 0].sum(axis=1), tables[:, 1].sum(axis=1)
    n = n1 + n0
    total = (n1 * n0 / n).sum()
    estimate = float(((a * n0 - b * n1) / n).sum() / total)
    p = (n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2
    q = (a * (n0 - b) + b * (n1 - a)) / (2 * n)
    se = float(np.sqrt(max(estimate * p.sum() + q.sum(), 0.0)) / total)
    if se == 0:
        reason = "Everybody or nobody has the theme in each group, which leaves the interval without width."
        return PooledEffect(estimate, se, nan, nan, reason=reason)
    half = float(norm.isf((1 - level) / 2)) * se
    return PooledEffect(estimate, se, max(-1.0, estimate - half), min(1.0, estimate + half))


def _inverse_variance(y: FloatArray, v: FloatArray, tau_squared: float, level: float) -> PooledEffect:
    """Weighted mean of log odds ratios with a normal interval; ``tau_squared`` 0 is the fixed effect."""
    nan = float("nan")
    if not len(y):
        return PooledEffect(nan, nan, nan, nan, reason=_UNINFORMATIVE)
    weight = 1 / (v + tau_squared)
    estimate = float((weight * y).sum() / weight.sum())
    se = float(1 / np.sqrt(weight.sum()))
    half = float(norm.isf((1 - level) / 2)) * se
    return PooledEffect(estimate, se, estimate - half, estimate + half)


def _too_few(n_strata: int) -> PooledEffect:
    nan = float("nan")
    reason = (
        "One informative stratum cannot show how strata differ, so random effects are undefined."
        if n_strata
        else _UNINFORMATIVE
    )
    return PooledEffect(nan, nan, nan, nan, reason=reason)


def _dersimonian_laird(y: FloatArray, v: FloatArray, level: float) -> PooledEffect:
    if len(y) < 2:
        return _too_few(len(y))
    weight = 1 / v
    q = (weight * (y - (weight * y).sum() / weight.sum()) ** 2).sum()
    spread = weight.sum() - (weight**2).sum() / weight.sum()
    tau_squared = max(0.0, float((q - (len(y) - 1)) / spread))
    pooled = _inverse_variance(y, v, tau_squared, level)
    return PooledEffect(pooled.estimate, pooled.se, pooled.conf_low, pooled.conf_high, tau_squared)


def _hartung_knapp(y: FloatArray, v: FloatArray, level: float) -> PooledEffect:
    if len(y) < 2:
        return _too_few(len(y))
    tau_squared = _restricted_maximum_likelihood(y, v)
    weight = 1 / (v + tau_squared)
    estimate = float((weight * y).sum() / weight.sum())
    se = float(np.sqrt((weight * (y - estimate) ** 2).sum() / (len(y) - 1) / weight.sum()))
    if se < 1e-9 / np.sqrt(weight.sum()):
        reason = "All strata have the same odds ratio, which leaves the interval without width."
        return PooledEffect(estimate, 0.0, float("nan"), float("nan"), tau_squared, reason)
    half = float(t.isf((1 - level) / 2, len(y) - 1)) * se
    return PooledEffect(estimate, se, estimate - half, estimate + half, tau_squared)


def _restricted_maximum_likelihood(y: FloatArray, v: FloatArray) -> float:
    """Between-stratum variance where the restricted likelihood is stationary, 0 where it only falls."""

    def score(tau_squared: float) -> float:
        weight = 1 / (v + tau_squared)
        centre = (weight * y).sum() / weight.sum()
        gain = (weight**2 * (y - centre) ** 2).sum()
        return float(gain - weight.sum() + (weight**2).sum() / weight.sum())

    if score(0.0) <= 0:
        return 0.0
    upper = float(np.var(y, ddof=1) + v.max())
    while score(upper) > 0:
        upper *= 2
    return float(brentq(score, 0.0, upper, xtol=1e-14, rtol=1e-13))


def _without(tables: FloatArray, place: int, position: int, level: float) -> WithoutOneStratum:
    others = np.delete(tables, place, axis=0)
    odds_ratio, low, high, reason = _mantel_haenszel(others, level)
    pooled = _hartung_knapp(*_log_odds_ratios(others), level)
    return WithoutOneStratum(position, odds_ratio, low, high, pooled, reason)
