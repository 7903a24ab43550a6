"""Do the covariates predict the outcome perfectly, for everybody or for some?

Then maximum likelihood has no finite estimate for some terms. A linear programme says which, term by term.

References
----------
Konis (2007) DPhil thesis, Oxford. Geyer (2009) Electron J Stat 3:259-289.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog, nnls
from scipy.sparse import eye_array, hstack

from analysis_lib.errors import ModelError
from analysis_lib.stats.design import Design, FloatArray, checked_design, column_scale


@dataclass(frozen=True)
class Separation:
    """Whether the covariates predict the outcome perfectly, for everybody or for some.

    Attributes
    ----------
    kind : {"none", "quasi-complete", "complete"}
        "complete": a combination of the covariates tells every event from every non-event;
        "quasi-complete": it does so for some people and is silent about the others.
    terms : tuple of str
        Terms without a finite maximum likelihood estimate; empty for "none", all terms for "complete".
    """

    kind: Literal["none", "quasi-complete", "complete"]
    terms: tuple[str, ...]


def separation(
    X: ArrayLike, y: ArrayLike, names: ArrayLike | None = None, *, intercept: bool = True
) -> Separation:
    """Say whether, and through which terms, the covariates predict the outcome perfectly.

    Parameters
    ----------
    X, y, names, intercept
        As for :func:`~analysis_lib.stats.firth.firth_logistic`.

    Returns
    -------
    Separation

    Raises
    ------
    ModelError
        If shapes or values are wrong, as there.

    Notes
    -----
    One linear programme finds a direction :math:`d` with :math:`(2y_i-1)x_i'd \\ge 0` for all people and
    strictly positive for as many as possible (Konis 2007). Where that is everybody, separation is complete.
    A term has a finite estimate exactly if the people left at zero still determine it (Geyer 2009); this also
    finds terms that one single direction of infinity would leave out.

    Examples
    --------
    Everybody with the theme left; among the others both happened:

    >>> separation([[0], [0], [1], [1]], [0, 1, 1, 1], names=["theme"])
    Separation(kind='quasi-complete', terms=('theme',))
    """
    return find_separation(checked_design(X, y, names=names, intercept=intercept))


def told_apart_rows(signed: FloatArray) -> NDArray[np.bool_]:
    """Rows that some direction d with ``signed @ d >= 0`` everywhere makes strictly positive.

    Parameters
    ----------
    signed : ndarray of shape (m, k)
        One row for each comparison a likelihood makes, pointing to where that comparison gains.

    Returns
    -------
    ndarray of shape (m,)
        All False means that every maximum likelihood estimate is finite.

    Examples
    --------
    >>> told_apart_rows(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])).tolist()
    [True, False, False]
    """
    if _cancel(signed):
        return np.zeros(len(signed), dtype=np.bool_)
    rows, inverse = np.unique(signed, axis=0, return_inverse=True)
    m, k = rows.shape
    # Maximise the number of rows gained: 0 <= share <= 1 and share <= row @ d. No single vertex has to stand
    # for all directions of infinity, because sums of directions gain what each of them gains.
    solution = linprog(
        np.concatenate([np.zeros(k), -np.ones(m)]),
        A_ub=hstack([-rows, eye_array(m)], format="csr"),
        b_ub=np.zeros(m),
        bounds=[(None, None)] * k + [(0, 1)] * m,
        method="highs",
    )
    if not solution.success:
        raise ModelError("Separation could not be judged: the linear programme found no solution.")
    gained: NDArray[np.bool_] = (solution.x[k:] > 0.5)[inverse]
    return gained


def _cancel(signed: FloatArray) -> bool:
    """Whether some sum of the rows, each taken at least once, is zero.

    Then no direction gains anywhere without losing elsewhere (Stiemke's lemma), and no linear programme is
    needed. False means that this cheap proof was not found.
    """
    total = signed.sum(axis=0)
    try:
        _, distance = nnls(signed.T, -total)
    except RuntimeError:  # it did not converge
        return False
    return bool(distance <= 1e-9 * np.abs(signed).sum())


def determined(rows: FloatArray) -> NDArray[np.bool_]:
    """Coefficients that linear equations with these rows determine, shape (k,).

    Examples
    --------
    >>> determined(np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])).tolist()
    [True, False, False]
    """
    _, singular, right = np.linalg.svd(rows, full_matrices=True)
    rank = int((singular > singular.max(initial=0.0) * 1e-10).sum())
    found: NDArray[np.bool_] = (np.abs(right[rank:]) < 1e-8).all(axis=0)
    return found


def find_separation(design: Design) -> Separation:
    """As :func:`separation`, for a design that has been checked."""
    matrix = design.matrix / column_scale(design.matrix)
    told_apart = told_apart_rows(matrix * (2 * design.outcome - 1)[:, None])
    if not told_apart.any():
        return Separation("none", ())
    if told_apart.all():
        return Separation("complete", design.names)
    infinite = determined(matrix) & ~determined(matrix[~told_apart])
    terms = tuple(name for name, is_infinite in zip(design.names, infinite, strict=True) if is_infinite)
    return Separation("quasi-complete", terms)
