"""How strong is each theme's tie to the outcome, once the whole bank of themes is taken into account?

The strongest of forty odds ratios is strongest partly by luck. A partially pooled bank lets the themes tell
how far odds ratios differ at all, and draws each one towards the others by as much as its own table leaves
open.

References
----------
Efron & Morris (1975) J Am Stat Assoc 70:311-319. Gelman (2006) Bayesian Anal 1:515-534. Gelman, Hill & Yajima
(2012) J Res Educ Eff 5:189-211. Liao (1999) Biometrics 55:268-272 (conditional likelihood over tables).
Stijnen, Hamza & Ozdemir (2010) Stat Med 29:3046-3067.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, logsumexp

from analysis_lib.errors import ModelError
from analysis_lib.stats.threads import one_blas_thread

FloatArray = NDArray[np.float64]

_WIDEST_STEP, _FINEST_STEP = 0.05, 0.02  # of the grid of log odds ratios: 5 and 2 % in the odds ratio
_LARGEST_SPREAD = 3.0  # three prior standard deviations of the spread
_LARGEST_MEAN = 4.0  # four prior standard deviations of the mean


@dataclass(frozen=True)
class PooledBank:
    """Log odds ratios of a bank of themes, each informed by all. Arrays have shape (c,).

    Attributes
    ----------
    estimate, sd : ndarray
        Posterior mean and standard deviation of each log odds ratio.
    conf_low, conf_high : ndarray
        Limits that leave equal posterior probability on either side.
    mean, mean_low, mean_high : float
        Average log odds ratio of themes like these.
    spread, spread_low, spread_high : float
        Standard deviation of the true log odds ratios between themes.
    reasons : tuple of str or None
        Why a theme has no estimate; None where it has one.
    n_themes : int
        Themes that take part.
    level : float
        Probability inside the intervals.
    reason : str or None
        Why nothing could be pooled; None where it could.
    """

    estimate: FloatArray
    sd: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mean: float
    mean_low: float
    mean_high: float
    spread: float
    spread_low: float
    spread_high: float
    reasons: tuple[str | None, ...]
    n_themes: int
    level: float
    reason: str | None


def partial_pooling(tables: ArrayLike, *, level: float = 0.95) -> PooledBank:
    """Estimate the log odds ratios of all themes of a bank together.

    Parameters
    ----------
    tables : array-like of shape (c, 2, 2)
        Counts of people, one table per theme. Rows: the group of interest, then its reference; columns:
        theme present, absent. People for whom a theme is not codable are left out of its table.
    level : float
        Probability inside the intervals, between 0 and 1.

    Returns
    -------
    PooledBank
        With NaN and a reason for a theme that everybody or nobody has, and for all of them where fewer than
        two themes vary.

    Raises
    ------
    ModelError
        If ``tables`` does not have shape (c, 2, 2) with c of 1 or more, or holds anything but counts.

    Notes
    -----
    Given its margins, the first cell of a table follows the noncentral hypergeometric distribution, which
    holds the log odds ratio and nothing else; zero cells need no correction. The log odds ratios are taken
    as normal around ``mean`` with standard deviation ``spread``; the priors, normal(0, 1) for the mean and
    half-normal(1) for the spread, say that average odds ratios beyond 7 and themes that differ by factors of
    50 would be a surprise. Everything is summed over a grid of log odds ratio, mean and spread, so there is
    no sampler, no seed and no convergence to check.

    Themes are treated as independent given the mean and the spread. Where a few strong themes stand among
    many that do nothing, the normal distribution draws the strong ones in too far.

    Examples
    --------
    The first theme's own odds ratio is 9; nine themes that do nothing pull it towards 1:

    >>> bank = partial_pooling([[[9, 3], [5, 15]]] + [[[6, 6], [10, 10]]] * 9)
    >>> round(float(np.exp(bank.estimate[0])), 1), round(float(np.exp(bank.estimate[1])), 1)
    (1.7, 1.2)
    """
    counts = _checked(tables)
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level}.")
    varies = (counts.sum(axis=1) > 0).all(axis=1) & (counts.sum(axis=2) > 0).all(axis=1)
    reasons = tuple(None if ok else _why_left_out(table) for ok, table in zip(varies, counts, strict=True))
    n_themes = int(varies.sum())
    reason = _why_not_pooled(counts[varies], len(counts))
    if reason is not None:
        return _nothing_pooled(tuple(each or reason for each in reasons), n_themes, level, reason)

    grid, mean_grid, spread_grid = _grids(counts[varies])
    likelihood = np.array([_conditional_likelihood(table, grid) for table in counts[varies]])
    # population of log odds ratios for every pair of mean and spread, pairs in the rows
    mean, spread = (axis.ravel() for axis in np.meshgrid(mean_grid, spread_grid, indexing="ij"))
    population = _discrete_normal(grid, mean, spread)
    with one_blas_thread():
        # a mean far from a large table leaves no probability in floating point; its weight is 0 anyway
        marginal = np.maximum(population @ likelihood.T, np.finfo(float).tiny)
        log_weight = np.log(marginal).sum(axis=1) - mean**2 / 2 - spread**2 / 2
        weight = np.exp(log_weight - logsumexp(log_weight))
        posterior = ((weight[:, None] / marginal).T @ population) * likelihood
    posterior /= posterior.sum(axis=1, keepdims=True)

    estimate, sd, low, high = (np.full(len(counts), np.nan) for _ in range(4))
    tails = ((1 - level) / 2, (1 + level) / 2)
    estimate[varies] = posterior @ grid
    sd[varies] = np.sqrt(np.maximum(posterior @ grid**2 - estimate[varies] ** 2, 0))
    low[varies], high[varies] = np.transpose([_quantiles(grid, mass, tails) for mass in posterior])
    weights = weight.reshape(len(mean_grid), len(spread_grid))
    mean_low, mean_high = _quantiles(mean_grid, weights.sum(axis=1), tails)
    spread_low, spread_high = _quantiles(spread_grid, weights.sum(axis=0), tails)
    return PooledBank(
        estimate=estimate,
        sd=sd,
        conf_low=low,
        conf_high=high,
        mean=float(weight @ mean),
        mean_low=mean_low,
        mean_high=mean_high,
        spread=float(weight @ spread),
        spread_low=spread_low,
        spread_high=spread_high,
        reasons=reasons,
        n_themes=n_themes,
        level=level,
        reason=None,
    )


def _nothing_pooled(reasons: tuple[str | None, ...], n_themes: int, level: float, reason: str) -> PooledBank:
    nan, nothing = float("nan"), np.full(len(reasons), np.nan)
    return PooledBank(
        estimate=nothing,
        sd=nothing,
        conf_low=nothing,
        conf_high=nothing,
        mean=nan,
        mean_low=nan,
        mean_high=nan,
        spread=nan,
        spread_low=nan,
        spread_high=nan,
        reasons=reasons,
        n_themes=n_themes,
        level=level,
        reason=reason,
    )


def _checked(tables: ArrayLike) -> FloatArray:
    try:
        counts = np.asarray(tables, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError("The tables must hold counts, in an array of shape (themes, 2, 2).") from error
    if counts.ndim != 3 or counts.shape[1:] != (2, 2) or not len(counts):
        raise ModelError(f"The tables must have shape (themes, 2, 2), not {counts.shape}.")
    wrong = ~np.isfinite(counts) | (counts < 0) | (counts != np.round(counts))
    if wrong.any():
        raise ModelError(
            f"The table of theme {int(np.argmax(wrong.any(axis=(1, 2))))} (from 0) holds more than counts."
        )
    return counts


def _why_left_out(table: FloatArray) -> str:
    if not table.sum():
        return "There is nobody in the table."
    if (table.sum(axis=1) == 0).any():
        return "One of the two groups is empty."
    share = "Everybody has the theme" if table[:, 1].sum() == 0 else "Nobody has the theme"
    return f"{share}, so it cannot differ between groups."


def _why_not_pooled(tables: FloatArray, n_all: int) -> str | None:
    if len(tables) < 2:
        return f"{len(tables)} of {n_all} themes vary in both margins; pooling needs at least two."
    finest = float(np.sqrt((1 / (tables + 0.5)).sum(axis=(1, 2)).min()))
    if finest < _FINEST_STEP:
        return (
            f"The tables are so large that a log odds ratio is known to {finest:.3f} by itself; "
            "there is nothing for pooling to add."
        )
    return None


def _grids(tables: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log odds ratios, and the means and spreads over which they are averaged.

    Means lie on the grid of log odds ratios, so that a population with next to no spread is one grid point.
    """
    cells = tables + 0.5
    rough = np.log(cells[:, 0, 0] * cells[:, 1, 1] / (cells[:, 0, 1] * cells[:, 1, 0]))
    variance = (1 / cells).sum(axis=(1, 2))
    step = min(_WIDEST_STEP, max(_FINEST_STEP, float(1 / np.sqrt((1 / variance).sum()))))
    reach = 6 * np.sqrt(variance)
    centre = float((rough / (variance + 1)).sum() / (1 / (variance + 1)).sum())
    around = 6 / np.sqrt((1 / (variance + 1)).sum())
    first = min((rough - reach).min(), centre - around)
    last = max((rough + reach).max(), centre + around)
    grid = step * np.arange(np.floor(first / step), np.ceil(last / step) + 1)
    mean = grid[(np.abs(grid - centre) <= around) & (np.abs(grid) <= _LARGEST_MEAN)]
    spread = np.arange(_WIDEST_STEP / 2, _LARGEST_SPREAD, _WIDEST_STEP)  # middles of cells from 0 upwards
    return grid, mean, spread


def _conditional_likelihood(table: FloatArray, log_odds_ratio: FloatArray) -> FloatArray:
    """Probability of the first cell given the margins, for each log odds ratio, scaled to a maximum of 1."""
    row, other_row = table.sum(axis=1)
    column = table[:, 0].sum()
    cell = np.arange(max(0.0, column - other_row), min(row, column) + 1)
    log_ways = -(
        gammaln(cell + 1)
        + gammaln(row - cell + 1)
        + gammaln(column - cell + 1)
        + gammaln(other_row - column + cell + 1)
    )
    terms = log_ways[:, None] + cell[:, None] * log_odds_ratio
    log_likelihood = terms[int(table[0, 0] - cell[0])] - logsumexp(terms, axis=0)
    return np.asarray(np.exp(log_likelihood - log_likelihood.max()))


def _discrete_normal(grid: FloatArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    """Normal distributions on the grid, one per row, each summing to 1."""
    mass = np.exp(-(((grid - mean[:, None]) / spread[:, None]) ** 2) / 2)
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


def _quantiles(grid: FloatArray, mass: FloatArray, probabilities: tuple[float, float]) -> tuple[float, float]:
    """Quantiles of a distribution on an even grid, each point's mass spread over the cell around it."""
    step = grid[1] - grid[0]
    edges = np.append(grid - step / 2, grid[-1] + step / 2)
    below = np.append(0.0, np.cumsum(mass)) / mass.sum()
    low, high = np.interp(probabilities, below, edges)
    return float(low), float(high)
