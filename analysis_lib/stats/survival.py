"""When in therapy do people drop out, and what goes with dropping out sooner?

Time is counted in sessions. Therapies that go on, or ended as planned, tell that nobody dropped out up to their
last session and nothing beyond it: they are censored, not counted as successes.

References
----------
Kaplan & Meier (1958) J Am Stat Assoc 53:457-481. Kalbfleisch & Prentice (2002) Statistical Analysis of Failure
Time Data, 2nd ed. (log-log limits). Clopper & Pearson (1934) Biometrika 26:404-413. Mantel (1966) Cancer
Chemother Rep 50:163-170. Singer & Willett (1993) J Educ Stat 18:155-195 (discrete-time hazard).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from analysis_lib.errors import ModelError
from analysis_lib.stats.design import checked_covariates
from analysis_lib.stats.firth import FirthFit, firth_logistic
from analysis_lib.stats.proportions import wilson

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class TimeToDropout:
    """Survival and hazard by session. All arrays have one entry per session, 1 to the last one anybody had.

    Attributes
    ----------
    session : ndarray
        1, 2, ...
    at_risk : ndarray
        People who had this session.
    events : ndarray
        People for whom it was the last before dropping out.
    censored : ndarray
        People for whom it was the last seen without dropping out.
    survival, se : ndarray
        Probability of not having dropped out by the end of this session, and its standard error; the error
        is NaN once survival is 0.
    conf_low, conf_high : ndarray
        Pointwise limits of ``survival``.
    hazard, hazard_low, hazard_high : ndarray
        Probability that this session is the last before dropping out, for those who had it, with Wilson's
        limits.
    median : float
        First session by which half have dropped out; NaN where fewer ever do.
    n, n_events : int
        People, and people who dropped out.
    level : float
        Confidence level.
    reason : str or None
        Why ``median`` or an error is NaN; None where everything could be computed.
    """

    session: IntArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    survival: FloatArray
    se: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    hazard: FloatArray
    hazard_low: FloatArray
    hazard_high: FloatArray
    median: float
    n: int
    n_events: int
    level: float
    reason: str | None


@dataclass(frozen=True)
class LogRank:
    """Whether groups drop out at the same pace.

    Attributes
    ----------
    statistic, p_value : float
        Chi-square with ``df`` degrees of freedom.
    df : int
        Groups compared minus 1.
    groups : tuple
        Groups compared: those with somebody still in therapy when the first person dropped out.
    reason : str or None
        Why there is no test; None where there is one.
    """

    statistic: float
    p_value: float
    df: int
    groups: tuple[object, ...]
    reason: str | None


@dataclass(frozen=True)
class DropoutHazard:
    """Discrete-time hazard model. Arrays follow ``names``; coefficients are log odds ratios per session.

    Attributes
    ----------
    names : tuple of str
        Covariates.
    coef, conf_low, conf_high, p_value : ndarray
        Log odds of dropping out after a session one has had, per unit of the covariate, with profile limits
        and likelihood ratio p-value.
    fit : FirthFit
        The whole model, baseline terms included.
    n, n_events, n_sessions : int
        People, people who dropped out, and sessions at risk (rows of the model).
    reason : str or None
        Why values are NaN; None where everything could be computed.
    """

    names: tuple[str, ...]
    coef: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    fit: FirthFit
    n: int
    n_events: int
    n_sessions: int
    reason: str | None


def kaplan_meier(sessions: ArrayLike, dropped: ArrayLike, *, level: float = 0.95) -> TimeToDropout:
    """Probability of staying in therapy, and of leaving it, session by session.

    Parameters
    ----------
    sessions : array-like of shape (n,)
        Sessions each person has had so far, whole numbers from 1 up.
    dropped : array-like of shape (n,)
        1 where the person dropped out after the last of them; 0 where therapy goes on or ended as planned.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    TimeToDropout

    Raises
    ------
    ModelError
        If the arrays differ in length or are empty, a number of sessions is not a whole number from 1 up, or
        ``dropped`` holds anything but 0 and 1.

    Notes
    -----
    :math:`S(t)=\\prod_{s\\le t}(1-d_s/n_s)` with Greenwood's error and limits on the log-log scale, which stay
    between 0 and 1. Where nobody has dropped out yet, the lower limit is the exact one for 0 of those at
    risk; once everybody has, the upper limit stays where it was (exact for all of those at risk where that
    is after session 1) and the lower one is 0.

    Censoring must say nothing about the risk. Where therapies of fixed length end as planned, ``1 - survival``
    answers "how many would drop out if nobody ever finished", which is more than the share that does.

    Examples
    --------
    Five people; two are still in therapy after sessions 2 and 5:

    >>> stay = kaplan_meier([1, 2, 3, 3, 5], [1, 0, 1, 1, 0])
    >>> stay.at_risk.tolist(), stay.survival.round(3).tolist(), stay.median
    ([5, 4, 3, 1, 1], [0.8, 0.8, 0.267, 0.267, 0.267], 3.0)
    """
    last, event = _checked(sessions, dropped)
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level}.")
    from statsmodels.duration.survfunc import SurvfuncRight  # noqa: PLC0415 - the import costs seconds

    curve = SurvfuncRight(last, event)
    session = np.arange(1, last.max() + 1)
    at_risk = (last[:, None] >= session).sum(axis=0)
    events = np.bincount(last[event == 1], minlength=len(session) + 1)[1:]
    # the curve has a step at sessions with dropouts only and holds its value until the next one
    step = np.searchsorted(curve.surv_times, session, side="right")
    survival = np.append(1.0, curve.surv_prob)[step]
    se = np.append(0.0, curve.surv_prob_se)[step]
    low, high = _limits(survival, se, at_risk, level)
    hazard = wilson(events, at_risk, level=level)
    halved = np.flatnonzero(survival <= 0.5 + 1e-12)
    return TimeToDropout(
        session=session,
        at_risk=at_risk,
        events=events,
        censored=np.bincount(last[event == 0], minlength=len(session) + 1)[1:],
        survival=survival,
        se=se,
        conf_low=low,
        conf_high=high,
        hazard=np.asarray(hazard.estimate),
        hazard_low=np.asarray(hazard.conf_low),
        hazard_high=np.asarray(hazard.conf_high),
        median=float(session[halved[0]]) if len(halved) else float("nan"),
        n=len(last),
        n_events=int(event.sum()),
        level=level,
        reason=_what_is_missing(survival, event),
    )


def log_rank(sessions: ArrayLike, dropped: ArrayLike, groups: ArrayLike) -> LogRank:
    """Test whether groups drop out at the same pace.

    Parameters
    ----------
    sessions, dropped
        As for :func:`kaplan_meier`.
    groups : array-like of shape (n,)
        Label of each person's group, without gaps.

    Returns
    -------
    LogRank

    Raises
    ------
    ModelError
        As for :func:`kaplan_meier`; or if ``groups`` has another length or a gap.

    Examples
    --------
    Two people dropped out at once and two much later; with so few that is no evidence:

    >>> result = log_rank([1, 1, 8, 9], [1, 1, 1, 1], ["a", "a", "b", "b"])
    >>> round(result.statistic, 3), round(result.p_value, 3), result.df
    (3.0, 0.083, 1)
    """
    last, event = _checked(sessions, dropped)
    labels = np.asarray(groups, dtype=object)
    if labels.shape != last.shape:
        raise ModelError(f"groups must hold one label for each of the {len(last)} people.")
    place, names = pd.factorize(labels, sort=True)
    if (place < 0).any():
        raise ModelError(f"{int((place < 0).sum())} people have no group; name one or leave them out.")
    nan = float("nan")
    if not event.any():
        return LogRank(nan, nan, 0, tuple(names), "Nobody dropped out, so there is nothing to compare.")
    reached = last >= last[event == 1].min()
    compared = np.unique(place[reached])
    kept = np.isin(place, compared)
    used = tuple(names[compared])
    if len(compared) < 2:
        reason = "Fewer than two groups had anybody in therapy when the first person dropped out."
        return LogRank(nan, nan, 0, used, reason)
    from statsmodels.duration.survfunc import survdiff  # noqa: PLC0415 - the import costs seconds

    try:
        statistic, p_value = survdiff(last[kept], event[kept], place[kept])
    except np.linalg.LinAlgError:
        reason = "When people dropped out only one group was still in therapy, so groups cannot be compared."
        return LogRank(nan, nan, len(compared) - 1, used, reason)
    return LogRank(float(statistic), float(p_value), len(compared) - 1, used, None)


def person_sessions(sessions: ArrayLike, dropped: ArrayLike) -> tuple[IntArray, IntArray, IntArray]:
    """One row for each session each person had.

    Parameters
    ----------
    sessions, dropped
        As for :func:`kaplan_meier`.

    Returns
    -------
    person, session, left : ndarray of shape (sum of sessions,)
        Position of the person (from 0), number of the session, and 1 where the person dropped out after it.

    Raises
    ------
    ModelError
        As for :func:`kaplan_meier`.

    Examples
    --------
    >>> person, session, left = person_sessions([2, 1], [1, 0])
    >>> person.tolist(), session.tolist(), left.tolist()
    ([0, 0, 1], [1, 2, 1], [0, 1, 0])
    """
    last, event = _checked(sessions, dropped)
    person = np.repeat(np.arange(len(last)), last)
    session = np.concatenate([np.arange(1, length + 1) for length in last])
    return person, session, np.where(session == last[person], event[person], 0)


def dropout_hazard(
    sessions: ArrayLike,
    dropped: ArrayLike,
    X: ArrayLike,
    *,
    names: ArrayLike | None = None,
    periods: Sequence[int] | None = None,
    level: float = 0.95,
) -> DropoutHazard:
    """Odds of dropping out after a session, given the covariates and how far the therapy is.

    Parameters
    ----------
    sessions, dropped
        As for :func:`kaplan_meier`.
    X : array-like of shape (n, p)
        Covariates known before therapy or before the outcome, one row per person, without missing values.
    names : sequence of str, optional
        One name per column. None takes the column names of a DataFrame, else x1, x2, ...
    periods : sequence of int, optional
        First sessions of the periods within which the baseline hazard is level, starting with 1, such as
        ``(1, 4, 9)``. None lets it rise or fall with the logarithm of the session.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    DropoutHazard

    Raises
    ------
    ModelError
        As for :func:`kaplan_meier` and for ``firth_logistic``; or if ``periods`` do not start with 1 and rise.

    Notes
    -----
    A logistic model of the rows of :func:`person_sessions`, penalised after Firth since dropouts are few. Rows
    of one person need no correction: given that the person came so far, each row is a new trial. The
    effect of a covariate is taken to be the same at every session.

    Examples
    --------
    Four people with a rupture early on, six without:

    >>> sessions, dropped = [1, 2, 3, 6, 2, 4, 6, 6, 5, 6], [1, 1, 1, 0, 1, 1, 0, 0, 0, 0]
    >>> rupture = [[1]] * 4 + [[0]] * 6
    >>> model = dropout_hazard(sessions, dropped, rupture, names=["rupture"])
    >>> model.n_sessions, model.n_events, round(float(np.exp(model.coef[0])), 2)
    (41, 5, 3.73)
    """
    last, event = _checked(sessions, dropped)
    matrix, _, columns = checked_covariates(X, event, names=names)
    person, session, left = person_sessions(last, event)
    baseline, terms = _baseline(session, periods)
    fit = firth_logistic(
        np.column_stack([matrix[person], baseline]), left, names=[*columns, *terms], level=level
    )
    place = [fit.names.index(name) for name in columns]
    return DropoutHazard(
        names=columns,
        coef=fit.coef[place],
        conf_low=fit.conf_low[place],
        conf_high=fit.conf_high[place],
        p_value=fit.p_value[place],
        fit=fit,
        n=len(last),
        n_events=int(event.sum()),
        n_sessions=len(session),
        reason=fit.reason,
    )


def _checked(sessions: ArrayLike, dropped: ArrayLike) -> tuple[IntArray, IntArray]:
    try:
        last, event = np.asarray(sessions, dtype=float), np.asarray(dropped, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError("sessions and dropped must be numbers, one of each per person.") from error
    if last.ndim != 1 or last.shape != event.shape or not len(last):
        raise ModelError(
            "sessions and dropped must hold one number for each person; "
            f"their shapes are {last.shape} and {event.shape}."
        )
    wrong = ~np.isfinite(last) | (last < 1) | (last != np.round(last))
    if wrong.any():
        raise ModelError(
            f"{int(wrong.sum())} people have no whole number of sessions from 1 up; "
            "leave out those who never started."
        )
    if not np.isin(event, (0.0, 1.0)).all():
        raise ModelError("dropped must be 0 or 1 for everybody.")
    return last.astype(np.int64), event.astype(np.int64)


def _limits(
    survival: FloatArray, se: FloatArray, at_risk: IntArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Log-log limits where survival is between 0 and 1, exact or carried ones at its ends."""
    inside = (survival > 0) & (survival < 1)
    low, high = np.zeros_like(survival), np.ones_like(survival)
    low[survival == 1] = ((1 - level) / 2) ** (1 / at_risk[survival == 1])
    log = np.log(survival[inside])
    half = float(norm.isf((1 - level) / 2)) * se[inside] / (survival[inside] * np.abs(log))
    low[inside], high[inside] = survival[inside] ** np.exp(half), survival[inside] ** np.exp(-half)
    gone = np.flatnonzero(survival == 0)
    if len(gone):
        high[gone] = high[gone[0] - 1] if gone[0] > 0 else 1 - ((1 - level) / 2) ** (1 / at_risk[0])
    return low, high


def _what_is_missing(survival: FloatArray, event: IntArray) -> str | None:
    if not event.any():
        return "Nobody dropped out, so there is no median."
    if survival[-1] > 0.5 + 1e-12:
        return "Fewer than half dropped out while they were observed, so there is no median."
    if survival[-1] == 0:
        return "Survival reaches 0, where its standard error is undefined."
    return None


def _baseline(session: IntArray, periods: Sequence[int] | None) -> tuple[FloatArray, list[str]]:
    """Columns for the hazard over time besides the intercept, and their names."""
    if periods is None:
        return np.log(session)[:, None].astype(float), ["log(session)"]
    starts = [int(start) for start in periods]
    if not starts or starts[0] != 1 or any(after <= before for before, after in pairwise(starts)):
        raise ModelError("periods must start with session 1 and rise, such as (1, 4, 9).")
    period = np.searchsorted(starts, session, side="right") - 1
    columns = (period[:, None] == np.arange(1, len(starts))).astype(float)
    return columns, [f"from session {start}" for start in starts[1:]]
