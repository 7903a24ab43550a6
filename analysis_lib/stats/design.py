"""Can these covariates and this outcome carry a model at all?

Shapes and values are checked with errors that name the column; what the data cannot give, such as two columns
that determine each other, becomes a reason. Also the orthogonal basis in which models are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from analysis_lib.errors import ModelError

FloatArray = NDArray[np.float64]

INTERCEPT = "intercept"


@dataclass(frozen=True)
class Design:
    """A design matrix and a 0/1 outcome that have passed every check of shape and value.

    Attributes
    ----------
    matrix : ndarray of shape (n, k)
        Covariates, with the column of ones first where the model has an intercept.
    outcome : ndarray of shape (n,)
        0.0 or 1.0.
    names : tuple of str, length k
        Name of each column of ``matrix``.
    reason : str or None
        Why no logistic model can be estimated from this matrix; None where one can.
    """

    matrix: FloatArray
    outcome: FloatArray
    names: tuple[str, ...]
    reason: str | None


def checked_design(X: ArrayLike, y: ArrayLike, *, names: ArrayLike | None, intercept: bool) -> Design:
    """Check covariates and a 0/1 outcome, and put the intercept in front.

    Parameters
    ----------
    X, y, names, intercept
        As for :func:`~analysis_lib.stats.firth.firth_logistic`.

    Returns
    -------
    Design
        Its ``reason`` is set where the matrix is sound but supports no logistic model.

    Raises
    ------
    ModelError
        If shapes or values are wrong; the message names the columns.

    Examples
    --------
    >>> themes = [[0, 1], [1, 1], [1, 1]]
    >>> checked_design(themes, [0, 1, 0], names=["alliance", "online"], intercept=True).reason
    'The column "online" is the same for everybody; leave it out.'
    """
    matrix, outcome, columns = checked_covariates(X, y, names=names)
    values = _numbers(outcome, "The outcome")
    if not np.isin(values, (0.0, 1.0)).all():
        raise ModelError("The outcome must be 0 or 1 for everybody, without missing values.")
    design, terms, reason = with_intercept(matrix, columns, intercept=intercept)
    if len(np.unique(values)) == 1:
        kind = "has the outcome" if values[0] == 1 else "is without the outcome"
        reason = f"Everybody {kind} (n = {len(values)}), so there is nothing to explain."
    return Design(design, values, terms, reason)


def checked_covariates(
    X: ArrayLike, y: ArrayLike, *, names: ArrayLike | None
) -> tuple[FloatArray, NDArray[Any], tuple[str, ...]]:
    """Return covariates as numbers, the outcome untouched in value and the column names.

    Raises
    ------
    ModelError
        If ``X`` is not a finite numeric (n, p) matrix, ``y`` has another length or ``names`` do not fit.
    """
    matrix = _numbers(X, "The covariates")
    if matrix.ndim != 2:
        raise ModelError(
            f"The covariates must be a matrix of people by columns, not of {matrix.ndim} dimension(s)."
        )
    outcome = np.asarray(y)
    if outcome.ndim != 1 or len(outcome) != len(matrix):
        raise ModelError(
            f"The outcome must hold one value for each of the {len(matrix)} rows of covariates; "
            f"its shape is {outcome.shape}."
        )
    if not len(matrix):
        raise ModelError("There is nobody to analyse: the covariates have no rows.")
    given = getattr(X, "columns", None) if names is None else names
    columns = (
        tuple(f"x{number}" for number in range(1, matrix.shape[1] + 1))
        if given is None
        else tuple(str(name) for name in np.asarray(given, dtype=object))
    )
    if len(columns) != matrix.shape[1]:
        raise ModelError(f"{len(columns)} names were given for {matrix.shape[1]} columns of covariates.")
    if len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise ModelError(f"Column names must differ; {quoted(twice)} occurs more than once.")
    lacking = ~np.isfinite(matrix)
    if lacking.any():
        where = [name for name, column in zip(columns, lacking.T, strict=True) if column.any()]
        raise ModelError(
            f"{int(lacking.any(axis=1).sum())} of {len(matrix)} rows have a missing or infinite value in "
            f"{quoted(where)}; leave these rows out or impute them first."
        )
    return matrix, outcome, columns


def with_intercept(
    matrix: FloatArray, columns: tuple[str, ...], *, intercept: bool
) -> tuple[FloatArray, tuple[str, ...], str | None]:
    """Put a column of ones in front and say what keeps the coefficients from being determined.

    Returns
    -------
    design : ndarray of shape (n, k)
    terms : tuple of str, length k
    reason : str or None
        Names the columns that are constant or determine each other; None for a sound design.

    Raises
    ------
    ModelError
        If there is no column at all, or a covariate bears the intercept's name.
    """
    if intercept and INTERCEPT in columns:
        raise ModelError(f'A covariate is called "{INTERCEPT}"; rename it or pass intercept=False.')
    if not intercept and not columns:
        raise ModelError("A model needs at least one covariate or an intercept.")
    n = len(matrix)
    design = np.column_stack([np.ones(n), matrix]) if intercept else matrix
    terms = (INTERCEPT, *columns) if intercept else columns
    constant = [name for name, column in zip(columns, matrix.T, strict=True) if np.ptp(column) == 0]
    reason = None
    if constant and intercept:
        verb, pronoun = ("is", "it") if len(constant) == 1 else ("are", "them")
        reason = f"The column {quoted(constant)} {verb} the same for everybody; leave {pronoun} out."
    elif n <= design.shape[1]:
        reason = f"{n} people cannot determine {design.shape[1]} parameters ({quoted(terms)})."
    else:
        dependent = _dependent(design, terms)
        if dependent:
            reason = f"The columns {quoted(dependent)} determine each other; leave one of them out."
    return design, terms, reason


def inverse_information(matrix: FloatArray, coef: FloatArray) -> FloatArray:
    """Inverse Fisher information of a logistic model, shape (k, k).

    Examples
    --------
    Four people at even odds carry an information of 4 x 1/4:

    >>> inverse_information(np.ones((4, 1)), np.zeros(1)).tolist()
    [[1.0]]
    """
    risk = expit(matrix @ coef)
    weight = risk * (1 - risk)
    inverse: FloatArray = np.linalg.pinv((matrix.T * weight) @ matrix, hermitian=True)
    return inverse


def orthogonal_basis(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Columns of mean square 1 at right angles, and the triangle that turns them back into ``matrix``.

    Examples
    --------
    >>> matrix = np.array([[1.0, 2015.0], [1.0, 2016.0], [1.0, 2018.0]])
    >>> basis, triangle = orthogonal_basis(matrix)
    >>> (basis.T @ basis).round(9).tolist(), bool(np.allclose(basis @ triangle, matrix))
    ([[3.0, 0.0], [0.0, 3.0]], True)
    """
    basis, triangle = np.linalg.qr(matrix)
    length = np.sqrt(len(matrix))
    return basis * length, triangle / length


def check_level(level: float) -> None:
    """Refuse a confidence level that is not strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ModelError(f"The confidence level must lie between 0 and 1, such as 0.95; it is {level}.")


def quoted(names: tuple[str, ...] | list[str]) -> str:
    """Names in quotation marks, separated by commas.

    >>> quoted(["age", "online"])
    '"age", "online"'
    """
    return ", ".join(f'"{name}"' for name in names)


def _numbers(values: ArrayLike, what: str) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        # The library's own message would quote the offending value.
        raise ModelError(f"{what} must be numbers without missing values; recode categories first.") from None


def column_scale(matrix: FloatArray) -> FloatArray:
    """Standard deviation of each column, 1 for a constant one."""
    spread = matrix.std(axis=0)
    scale: FloatArray = np.where(spread > 0, spread, 1.0)
    return scale


def _dependent(matrix: FloatArray, names: tuple[str, ...]) -> list[str]:
    """Columns that take part in a linear dependence, found in the null space of the scaled matrix."""
    length = np.linalg.norm(matrix, axis=0)
    _, singular, right = np.linalg.svd(matrix / np.where(length > 0, length, 1.0), full_matrices=False)
    null = right[singular <= singular[0] * 1e-10]
    return [name for name, part in zip(names, null.T, strict=True) if (np.abs(part) > 1e-8).any()]
