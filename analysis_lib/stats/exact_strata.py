"""Is a theme tied to a group over several waves or sites, exactly, however few people have it?

All margins of every two by two table are held fixed; what is left to chance is how many people of the group have the
theme, summed over the strata. Valid where the chi-square of Cochran, Mantel and Haenszel is not, and with limits where
a cell is empty in every stratum.

References
----------
Gart (1970) Biometrika 57:471-475. Mehta, Patel & Gray (1985) J Am Stat Assoc 80:969-973. R's ``mantelhaen.test`` with
``exact = TRUE`` gives the same values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import hypergeom

from analysis_lib.errors import ModelError

FloatArray = NDArray[np.float64]
_SLACK = 1e-7  # relative; tables as probable as the observed one count as such, as in R
_FARTHEST = 200.0  # log odds ratio


@dataclass(frozen=True)
class ExactStrata:
    """A common odds ratio over strata with everything exact given the margins.

    Attributes
    ----------
    odds_ratio : float
        Conditional maximum likelihood estimate; 0 or infinity where the group has the fewest or the most people with
        the theme that the margins allow.
    conf_low, conf_high : float
        Limits of two one-sided tests; 0 or infinity on the open side.
    p_value : float
        Sum of the probabilities of all results no more probable than the observed one.
    reason : str or None
        Why values are NaN; None where all could be computed.
    """

    odds_ratio: float
    conf_low: float
    conf_high: float
    p_value: float
    reason: str | None = None


def exact_strata(tables: ArrayLike, *, level: float = 0.95) -> ExactStrata:
    """Exact conditional test and interval of a common odds ratio over strata.

    Parameters
    ----------
    tables : array-like of shape (S, 2, 2)
        Counts of people. Rows: the group of interest, then its reference; columns: theme present, absent.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    ExactStrata

    Raises
    ------
    ModelError
        If ``tables`` does not have shape (S, 2, 2) or holds anything but counts, or ``level`` is out of range.

    Notes
    -----
    Given the margins, the number of people of the group with the theme is a sum of independent hypergeometric
    variables; its distribution is their convolution, tilted by :math:`\\psi^t` at an odds ratio :math:`\\psi`.

    Examples
    --------
    With one stratum it is Fisher's exact test:

    >>> result = exact_strata([[[3, 1], [1, 3]]])
    >>> round(result.p_value, 6), round(result.odds_ratio, 4)
    (0.485714, 6.4083)
    """
    counts = _checked(tables)
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level}.")
    lowest, weights = 0, np.ones(1)
    for (a, b), (c, d) in counts.tolist():
        support = np.arange(max(0, a - d), min(a + b, a + c) + 1)
        lowest += int(support[0])
        weights = np.convolve(weights, hypergeom.pmf(support, a + b + c + d, a + c, a + b))
    at = int(counts[:, 0, 0].sum()) - lowest
    if len(weights) == 1:
        nan = float("nan")
        why = "No stratum has both groups and both people with and people without the theme."
        return ExactStrata(nan, nan, nan, nan, why)
    weights = weights / weights.sum()
    p_value = min(1.0, float(weights[weights <= weights[at] * (1 + _SLACK)].sum()))
    tail, last = (1 - level) / 2, len(weights) - 1
    with np.errstate(divide="ignore"):
        logs = np.log(weights)

    def tilted(log_odds_ratio: float) -> FloatArray:
        shifted = logs + log_odds_ratio * np.arange(last + 1)
        raised: FloatArray = np.exp(shifted - shifted.max())
        return raised / float(raised.sum())

    def root(gap: FloatArray, aim: float) -> float:
        """The odds ratio at which the mean of ``gap`` is what it should be."""
        found = brentq(lambda x: float(tilted(x) @ gap) - aim, -_FARTHEST, _FARTHEST, xtol=1e-12)
        return float(np.exp(found))

    places = np.arange(last + 1)
    inside = 0 < at < last
    return ExactStrata(
        odds_ratio=root(places.astype(float), float(at)) if inside else (0.0 if at == 0 else float("inf")),
        conf_low=root((places >= at).astype(float), tail) if at > 0 else 0.0,
        conf_high=root((places <= at).astype(float), tail) if at < last else float("inf"),
        p_value=p_value,
    )


def _checked(tables: ArrayLike) -> NDArray[np.int64]:
    try:
        counts = np.asarray(tables, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError("The tables must hold counts, in an array of shape (strata, 2, 2).") from error
    if counts.ndim != 3 or counts.shape[1:] != (2, 2) or not len(counts):
        raise ModelError(f"The tables must have shape (strata, 2, 2), not {counts.shape}.")
    if not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.round(counts)).any():
        raise ModelError("The tables hold more than counts.")
    return counts.astype(np.int64)
