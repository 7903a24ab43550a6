"""How far apart are two groups in the share with a theme, once something else is held alike?

Firth's logistic regression of the theme on the group and the covariates, read as plain probabilities: the
average predicted share if everybody were in the one group, less that if everybody were in the other.

References
----------
Firth (1993) Biometrika 80:27-38. Puhr, Heinze, Nold, Lusa & Geroldinger (2017) Stat Med 36:2302-2317 (FLIC).
Lane & Nelder (1982) Biometrics 38:613-621 (standardisation).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular
from scipy.optimize import brentq
from scipy.special import expit

from analysis_lib.stats.design import (
    FloatArray,
    check_level,
    checked_design,
    inverse_information,
    orthogonal_basis,
)
from analysis_lib.stats.marginal import RiskModel, marginal_probabilities

_TOLERANCES = (1e-6, 1e-5, 1e-4)  # as in firth.py: tighter ones first
_GROUP = "group"


@dataclass(frozen=True)
class AdjustedDifference:
    """Result of :func:`adjusted_difference`.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Average share in the first group less that in the second, -1 to 1; NaN where ``reason`` is given.
    n : int
        People in the regression.
    level : float
    reason : str or None
        Why there is no estimate; None where there is one.
    """

    estimate: float
    conf_low: float
    conf_high: float
    n: int
    level: float
    reason: str | None


def adjusted_difference(
    present: ArrayLike, first: ArrayLike, covariates: ArrayLike, *, level: float = 0.95
) -> AdjustedDifference:
    """Difference between two groups in the share with a theme, with the covariates held alike.

    Parameters
    ----------
    present : array-like of shape (n,)
        Whether each person has the theme, 0 or 1.
    first : array-like of bool, shape (n,)
        Whether the person is in the first group; the others are in the second.
    covariates : array-like of shape (n,) or (n, p)
        Numbers without missing values.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    AdjustedDifference

    Raises
    ------
    ModelError
        If shapes or values are wrong.

    Notes
    -----
    The coefficients are those of :func:`analysis_lib.stats.firth_logistic`; the intercept is then estimated
    anew so that the predicted shares average to the observed one (FLIC), and the interval is that of
    :func:`analysis_lib.stats.marginal_probabilities`. Tests and profile limits are left out, since this is
    called once for each theme and choice.

    Examples
    --------
    Of those who say much, three in four have the theme in either group, of the others one in four; the first
    group only says more. Unadjusted, 13 of 20 stand against 7 of 20, a difference of 0.3:

    >>> present = [1] * 12 + [0] * 4 + [1] * 3 + [0] + [1] + [0] * 3 + [1] * 4 + [0] * 12
    >>> first = [1] * 16 + [0] * 4 + [1] * 4 + [0] * 16
    >>> says_much = [1] * 20 + [0] * 20
    >>> round(adjusted_difference(present, first, says_much).estimate, 2)
    0.02
    """
    check_level(level)
    columns = np.asarray(covariates, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    X = np.column_stack([np.asarray(first, dtype=np.float64), columns])
    names = [_GROUP, *(f"x{i}" for i in range(1, X.shape[1]))]
    design = checked_design(X, present, names=names, intercept=True)
    n, nan = len(design.outcome), float("nan")
    if design.reason is not None:
        return AdjustedDifference(nan, nan, nan, n, level, design.reason)
    coef = _firth_coefficients(design.matrix, design.outcome)
    if coef is None:
        reason = "The penalised likelihood could not be maximised."
        return AdjustedDifference(nan, nan, nan, n, level, reason)
    coef[0] += _shift(design.matrix @ coef, design.outcome)
    model = RiskModel(design.names, coef, inverse_information(design.matrix, coef), float("inf"), None)
    result = marginal_probabilities(
        model, X, design.outcome, columns=[_GROUP], settings=[0.0, 1.0], level=level
    )
    return AdjustedDifference(
        estimate=float(result.average_risk_difference[1]),
        conf_low=float(result.ard_low[1]),
        conf_high=float(result.ard_high[1]),
        n=n,
        level=level,
        reason=result.reason,
    )


def _firth_coefficients(matrix: FloatArray, outcome: FloatArray) -> FloatArray | None:
    from firthmodels import FirthLogisticRegression  # noqa: PLC0415  (imports scikit-learn, about a second)

    basis, triangle = orthogonal_basis(matrix)
    # No limit on threads, unlike in firth.py: setting one takes longer than a fit of so few columns.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # non-convergence is read from converged_
        for tolerance in _TOLERANCES:
            model = FirthLogisticRegression(
                backend="numpy", fit_intercept=False, max_iter=200, gtol=tolerance, xtol=tolerance
            )
            try:
                model.fit(basis, outcome)
            except np.linalg.LinAlgError:  # all fitted shares are 0 or 1 to machine precision
                continue
            if model.converged_:
                coef: FloatArray = solve_triangular(triangle, model.coef_)
                return coef
    return None


def _shift(linear: FloatArray, outcome: FloatArray) -> float:
    """What the intercept moves by so that the predicted shares average to the observed one."""
    mean = outcome.mean()
    reach = np.abs(linear).max() + abs(np.log(mean / (1 - mean))) + 1
    return float(brentq(lambda move: expit(linear + move).mean() - mean, -reach, reach, xtol=1e-12))
