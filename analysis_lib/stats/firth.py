"""Which covariates go with a binary outcome when the sample is small or a covariate separates it?

Firth's penalised logistic regression gives finite odds ratios where maximum likelihood runs off to
infinity, with likelihood ratio p-values and profile intervals. ``separation`` says beforehand, by linear
programming, which terms have no finite maximum likelihood estimate.

References
----------
Firth (1993) Biometrika 80:27-38. Heinze & Schemper (2002) Stat Med 21:2409-2419. Venzon & Moolgavkar (1988)
Appl Stat 37:87-94. Konis (2007) DPhil thesis, Oxford. Geyer (2009) Electron J Stat 3:259-289.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import brentq, linprog
from scipy.sparse import eye_array, hstack
from scipy.special import expit
from threadpoolctl import threadpool_limits

from analysis_lib.errors import ModelError

FloatArray = NDArray[np.float64]

INTERCEPT = "intercept"
# Tried in this order. Tighter than 1e-6 the solver's step halving cannot see a gain any more and gives up;
# 1e-4 still leaves coefficients right to about 4e-5.
_TOLERANCES = (1e-6, 1e-5, 1e-4)
_MAX_ITERATIONS = 200


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


@dataclass(frozen=True)
class FirthFit:
    """A Firth logistic regression. All arrays follow ``names``; coefficients are log odds ratios.

    Attributes
    ----------
    names : tuple of str, length k
        Terms, the intercept first where there is one.
    coef, se : ndarray of shape (k,)
        Penalised estimates and their Wald standard errors. The errors are for combining fits (delta method,
        Rubin's rules); they do not belong to ``p_value`` and should not be printed beside it.
    conf_low, conf_high : ndarray of shape (k,)
        Limits of the profile penalised likelihood interval.
    p_value : ndarray of shape (k,)
        Penalised likelihood ratio test of a zero coefficient.
    covariance : ndarray of shape (k, k)
        Inverse Fisher information at ``coef``.
    loglik : float
        Maximum of the penalised log likelihood.
    separation : bool
        True where maximum likelihood has no finite estimate.
    separation_terms : tuple of str
        The terms this concerns.
    n, n_events : int
        People, and people with outcome 1.
    level : float
        Confidence level of the interval.
    intercept : bool
        Whether the first term is an intercept.
    reason : str or None
        Why values are NaN; None where every value could be computed.
    """

    names: tuple[str, ...]
    coef: FloatArray
    se: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    covariance: FloatArray
    loglik: float
    separation: bool
    separation_terms: tuple[str, ...]
    n: int
    n_events: int
    level: float
    intercept: bool
    reason: str | None


def firth_logistic(
    X: ArrayLike, y: ArrayLike, *, names: ArrayLike | None = None, intercept: bool = True, level: float = 0.95
) -> FirthFit:
    """Fit a logistic regression penalised by Jeffreys' prior.

    Parameters
    ----------
    X : array-like of shape (n, p)
        Covariates as numbers, no missing values, without a column of ones. ``p`` may be 0 with an intercept.
    y : array-like of shape (n,)
        Outcome, 0 or 1 (or False, True).
    names : sequence of str, optional
        One name per column of ``X``. None takes the column names of a DataFrame, else x1, x2, ...
    intercept : bool
        Whether to estimate an intercept; it comes first and is called "intercept".
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    FirthFit

    Raises
    ------
    ModelError
        If shapes or values are wrong: lengths that differ, missing or infinite values, an outcome that is
        not 0/1, repeated names. What the *data* cannot give is not an error: with a constant covariate,
        covariates that determine each other, an outcome that never varies or no more people than parameters
        every number is NaN and ``reason`` names the columns.

    Notes
    -----
    Maximises :math:`\\ell(\\beta) + \\tfrac12 \\log |X'WX|` (Firth 1993). Tests and intervals compare
    penalised likelihoods, the nuisance coefficients refitted with the full information matrix in the
    penalty (Heinze & Schemper 2002). Each term is tested in a basis at right angles to all others, which
    changes no result and lets the solver converge for a calendar year as it does for a 0/1 theme.

    Examples
    --------
    Three people without the theme stayed, three with it left, so maximum likelihood has no answer:

    >>> fit = firth_logistic([[0], [0], [0], [1], [1], [1]], [0, 0, 0, 1, 1, 1], names=["theme"])
    >>> fit.separation, fit.coef.round(3).tolist(), fit.p_value.round(4).tolist()
    (True, [-1.946, 3.892], [0.1116, 0.0245])
    """
    check_level(level)
    design = checked_design(X, y, names=names, intercept=intercept)
    if design.reason is not None:
        return _no_fit(design, intercept=intercept, level=level, reason=design.reason)

    k = len(design.names)
    p_value, limits = np.full(k, np.nan), np.full((k, 2), np.nan)
    with threadpool_limits(limits=1, user_api="blas"):
        for term in range(k):
            # With this term last, its coefficient is the last coordinate over the corner of the triangle.
            order = [*(other for other in range(k) if other != term), term]
            basis, triangle = orthogonal_basis(design.matrix[:, order])
            model = _converged_model(basis, design.outcome)
            if model is None:
                reason = "The penalised likelihood could not be maximised; fewer covariates may help."
                return _no_fit(design, intercept=intercept, level=level, reason=reason)
            p_value[term] = model.lrt_pvalues_[-1]
            limits[term] = np.sort(_profile_limits(model, basis, design.outcome, level) / triangle[-1, -1])
    # After the last turn the order is the design's own.
    coef = solve_triangular(triangle, model.coef_)
    covariance = inverse_information(design.matrix, coef)
    separated = _separation(design)
    return FirthFit(
        names=design.names,
        coef=coef,
        se=np.sqrt(np.diag(covariance)),
        conf_low=limits[:, 0],
        conf_high=limits[:, 1],
        p_value=p_value,
        covariance=covariance,
        loglik=float(model.loglik_ + np.log(np.abs(np.diag(triangle))).sum()),
        separation=separated.kind != "none",
        separation_terms=separated.terms,
        n=len(design.outcome),
        n_events=int(design.outcome.sum()),
        level=level,
        intercept=intercept,
        reason=_incomplete(design.names, p_value, limits),
    )


def separation(
    X: ArrayLike, y: ArrayLike, names: ArrayLike | None = None, *, intercept: bool = True
) -> Separation:
    """Say whether, and through which terms, the covariates predict the outcome perfectly.

    Parameters
    ----------
    X, y, names, intercept
        As for :func:`firth_logistic`.

    Returns
    -------
    Separation

    Raises
    ------
    ModelError
        If shapes or values are wrong, as for :func:`firth_logistic`.

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
    return _separation(checked_design(X, y, names=names, intercept=intercept))


def checked_design(X: ArrayLike, y: ArrayLike, *, names: ArrayLike | None, intercept: bool) -> Design:
    """Check covariates and a 0/1 outcome, and put the intercept in front.

    Parameters
    ----------
    X, y, names, intercept
        As for :func:`firth_logistic`.

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


def _column_scale(matrix: FloatArray) -> FloatArray:
    spread = matrix.std(axis=0)
    scale: FloatArray = np.where(spread > 0, spread, 1.0)
    return scale


def _dependent(matrix: FloatArray, names: tuple[str, ...]) -> list[str]:
    """Columns that take part in a linear dependence, found in the null space of the scaled matrix."""
    length = np.linalg.norm(matrix, axis=0)
    _, singular, right = np.linalg.svd(matrix / np.where(length > 0, length, 1.0), full_matrices=False)
    null = right[singular <= singular[0] * 1e-10]
    return [name for name, part in zip(names, null.T, strict=True) if (np.abs(part) > 1e-8).any()]


def _separation(design: Design) -> Separation:
    matrix = design.matrix / _column_scale(design.matrix)
    told_apart = told_apart_rows(matrix * (2 * design.outcome - 1)[:, None])
    if not told_apart.any():
        return Separation("none", ())
    if told_apart.all():
        return Separation("complete", design.names)
    infinite = determined(matrix) & ~determined(matrix[~told_apart])
    terms = tuple(name for name, is_infinite in zip(design.names, infinite, strict=True) if is_infinite)
    return Separation("quasi-complete", terms)


def _converged_model(matrix: FloatArray, outcome: FloatArray, offset: FloatArray | None = None) -> Any:
    """Fit without intercept, with the tightest tolerance at which the last coefficient can be tested too.

    None where no fit converges; a fit whose test failed at every tolerance keeps its NaN.
    """
    from firthmodels import FirthLogisticRegression  # noqa: PLC0415  (imports scikit-learn, about a second)

    converged = None
    for tolerance in _TOLERANCES:
        model = FirthLogisticRegression(
            backend="numpy", fit_intercept=False, max_iter=_MAX_ITERATIONS, gtol=tolerance, xtol=tolerance
        )
        with warnings.catch_warnings():
            # Non-convergence is read from converged_ and from NaN, and reported as a reason.
            warnings.simplefilter("ignore")
            try:
                model.fit(matrix, outcome, offset=offset).lrt(matrix.shape[1] - 1)
            except np.linalg.LinAlgError:  # all fitted risks are 0 or 1 to machine precision
                continue
        if model.converged_ and np.isfinite(model.loglik_):
            if np.isfinite(model.lrt_pvalues_[-1]):
                return model
            converged = converged or model
    return converged


def _profile_limits(model: Any, matrix: FloatArray, outcome: FloatArray, level: float) -> FloatArray:
    """Profile limits of the last coefficient, shape (2,).

    A limit the library does not find is searched for by its definition.
    """
    last = matrix.shape[1] - 1
    limits = np.full(2, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The search may step to where fitted risks are 0 or 1 to machine precision.
        with suppress(np.linalg.LinAlgError):
            limits = model.conf_int(
                alpha=1 - level, method="pl", features=last, max_iter=_MAX_ITERATIONS, tol=1e-6
            )[last].copy()
    estimate, se = (
        float(model.coef_[last]),
        float(np.sqrt(inverse_information(matrix, model.coef_)[last, last])),
    )
    for side, sign in enumerate((-1, 1)):
        # The root finder can also stop on the other limit, which the sign gives away.
        if not sign * (limits[side] - estimate) > 0:
            limits[side] = _profile_limit(matrix, outcome, estimate, sign * se, 1 - level)
    return limits


def _profile_limit(
    matrix: FloatArray, outcome: FloatArray, estimate: float, step: float, alpha: float
) -> float:
    """The value of the last coefficient whose test has p = alpha, on the side ``step`` points to."""

    def excess(value: float) -> float:
        # With value * column as offset, testing zero tests the value.
        tested = _converged_model(matrix, outcome, offset=value * matrix[:, -1])
        return float("nan") if tested is None else float(tested.lrt_pvalues_[-1]) - alpha

    inner, outer = estimate, estimate + 2 * step
    for _ in range(12):
        beyond = excess(outer)
        if not np.isfinite(beyond):
            return float("nan")
        if beyond < 0:
            try:
                return float(brentq(excess, inner, outer, xtol=1e-7))
            except ValueError:  # a test on the way could not be computed
                return float("nan")
        inner, outer = outer, estimate + 2 * (outer - estimate)
    return float("nan")


def _incomplete(names: tuple[str, ...], p_value: FloatArray, limits: FloatArray) -> str | None:
    untested = [name for name, p in zip(names, p_value, strict=True) if np.isnan(p)]
    unbounded = [name for name, pair in zip(names, limits, strict=True) if np.isnan(pair).any()]
    parts = []
    if untested:
        parts.append(f"The likelihood ratio test did not converge for {quoted(untested)}.")
    if unbounded:
        parts.append(f"The profile likelihood gave no limit for {quoted(unbounded)}.")
    return " ".join(parts) or None


def _no_fit(design: Design, *, intercept: bool, level: float, reason: str) -> FirthFit:
    k = len(design.names)
    nothing = np.full(k, np.nan)
    return FirthFit(
        names=design.names,
        coef=nothing,
        se=nothing,
        conf_low=nothing,
        conf_high=nothing,
        p_value=nothing,
        covariance=np.full((k, k), np.nan),
        loglik=float("nan"),
        separation=False,
        separation_terms=(),
        n=len(design.outcome),
        n_events=int(design.outcome.sum()),
        level=level,
        intercept=intercept,
        reason=reason,
    )
