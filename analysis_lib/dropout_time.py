"""When in therapy do people drop out, and is it sooner for people with a theme?

Time is counted in sessions attended. Therapies that go on are censored at the sessions so far, every other
ending at its last session, so that the curve is the cause-specific view: who would still not have dropped out
if nobody's therapy ended in any other way. The hazard model asks for the odds of leaving after any one session.

References: Kaplan & Meier 1958, JASA 53, 457-481; Mantel 1966, Cancer Chemother Rep 50, 163-170; Singer &
Willett 1993, J Educ Stat 18, 155-195 (discrete-time hazard); Prentice et al. 1978, Biometrics 34, 541-554
(cause-specific hazards).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis_lib.crosstab import SMALLEST_GROUP
from analysis_lib.dropout_followup import CIRCULAR, follow
from analysis_lib.errors import ModelError
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.stats.survival import TimeToDropout, dropout_hazard, kaplan_meier, log_rank
from analysis_lib.study import DropoutDefinition, TerminationModelPlan
from analysis_lib.termination_design import (
    NOT_CODED,
    FloatArray,
    ModelData,
    Record,
    design,
    model_data,
    smallest_cell,
)

OVERALL = "overall"
LEVELS = ((1.0, "present"), (0.0, "absent"))
FIXED_MARKS = (4, 8, 12, 16)  # where too few plans are known
_FEWEST_PLANS = 10

# Why something is not there; no phrase holds a number of people.
NOBODY_LEFT = "nobody dropped out"
NOT_SO_LONG = "nobody had so many sessions"
FEWER_THAN_HALF = "fewer than half dropped out while they were observed"
ONE_SESSION = "nobody had more than one session"
TOO_FEW_LEFT = "fewer people dropped out than the model has parameters"
NOBODY_HAS, EVERYBODY_HAS = "nobody has the theme", "everybody has the theme"
SMALL = f"with or without the theme there are fewer than {SMALLEST_GROUP} people"
NO_MODEL = "study.yaml states no termination model, so there is no theme to compare"
REFLEXIVE = (
    "reflexive thematic analysis does not read frequency as importance, so themes are not compared over time"
)


@dataclass(frozen=True, repr=False)
class DropoutTime(Readable):
    """Time to dropout under every definition by way of ending.

    Parameters
    ----------
    people
        One row per dropout definition: ``definition``, the counts of :class:`~analysis_lib.dropout_followup.Followup`,
        ``median`` (session by which half have dropped out), ``no_median`` (why there is none), ``smallest_cell`` and
        ``reason`` (why nobody is followed).
    curve
        ``definition, group, theme_id, theme_label, level, session, at_risk, events, censored, survival, conf_low,
        conf_high``: one row per session; ``group`` is ``overall`` or a theme with ``present`` or ``absent``;
        ``at_risk`` people who had the session, ``events`` those for whom it was the last before dropping out.
    sessions
        The curve at a few sessions: ``first, session, at_risk, events`` are about the stretch from the session
        ``first`` to ``session``, ``survival`` about its end; with ``smallest_cell`` and ``reason``.
    comparisons
        Log-rank test of each theme: ``definition, theme_id, theme_label, statistic, df, p_value, n_used, n_events,
        n_missing, smallest_cell, reason``; ``n_missing`` people who could not have been coded for it.
    hazard
        ``model, event, term, term_label, level, reference, estimate, conf_low, conf_high, p_value, n_used,
        n_events, n_missing, n_sessions, logistic_odds_ratio, logistic_low, logistic_high, smallest_cell, reason``:
        odds ratio of dropping out after a session one has had, all terms together, and beside it the adjusted
        odds ratio of dropping out at all from the termination models.
    marks
        Last sessions of the stretches in ``sessions``.
    marks_from
        ``plan``: a quarter, half, three quarters and the whole of the median number of planned sessions;
        ``given``; ``fixed`` where too few plans are known.
    no_comparison
        Why themes are not compared; None where they are.
    reason
        Why there is nothing at all; None where there is something.
    """

    matrix: ThemeMatrix
    people: pd.DataFrame
    curve: pd.DataFrame
    sessions: pd.DataFrame
    comparisons: pd.DataFrame
    hazard: pd.DataFrame
    marks: tuple[int, ...]
    marks_from: str
    no_comparison: str | None
    reason: str | None


def time_to_dropout(themes: ThemeMatrix, *, at: Sequence[int] | None = None) -> DropoutTime:
    """When people drop out, overall and by each theme of the stated models.

    Parameters
    ----------
    themes
        The participant x theme matrix of a wave.
    at
        Sessions at which the curve is read off, rising from 1 up. None takes the quarters of the median number
        of planned sessions.

    Returns
    -------
    DropoutTime
        A definition by sessions attended has a ``reason`` in ``people`` and no curve: it would be circular.

    Raises
    ------
    ModelError
        If ``at`` is not a rising series of whole numbers from 1 up.

    Notes
    -----
    Survival is Kaplan and Meier's with log-log limits. Outcome groups are not compared: who dropped out is one of
    them, so a curve by group would condition on the outcome. A theme counts as if it held from the first
    session on, and its odds ratio is taken to be the same at every session.

    Examples
    --------
    >>> import analysis_lib as al
    >>> themes = al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a"))
    >>> found = al.time_to_dropout(themes, at=[5, 10])
    >>> found.people.set_index("definition")["reason"].fillna("").to_dict()["under_8"]
    'it is defined by sessions, which are the time itself'
    >>> found.sessions.query("group == 'overall'")["session"].tolist()
    [5, 10, 5, 10]
    """
    study = themes.wave.study
    marks, marks_from = _marks(themes, at)
    no_comparison = REFLEXIVE if study.tradition == "reflexive" else None
    if no_comparison is None and not study.termination_models:
        no_comparison = NO_MODEL
    records: dict[str, list[Record]] = {name: [] for name in _COLUMNS}
    curves: list[pd.DataFrame] = []
    for definition in _stated_first(themes):
        followed = follow(themes, definition)
        who: Record = {"definition": definition.name, **followed.counts, "reason": followed.reason}
        records["people"].append(who)
        if followed.reason is not None:
            continue
        sessions, left = followed.sessions, followed.left
        for group, mine in _groups(themes, sessions.index, compared=no_comparison is None):
            found = kaplan_meier(sessions[mine], left[mine])
            key = {"definition": definition.name} | group
            curves.append(pd.DataFrame(key | _steps(found), columns=_CURVE))
            records["sessions"] += [key | row for row in _read_off(found, marks)]
            if group["group"] == OVERALL:
                who |= _half(found)
        if no_comparison is None:
            records["comparisons"] += [
                {"definition": definition.name} | _compared(themes, theme, sessions, left)
                for theme in dict.fromkeys(name for plan in study.termination_models for name in plan.themes)
            ]
            for plan in study.termination_models:
                records["hazard"] += _hazard(themes, plan, definition.name, sessions, left)
    frames = {name: pd.DataFrame(records[name], columns=columns) for name, columns in _COLUMNS.items()}
    numbers = [name for name in frames["people"] if name.startswith("n_") or name == "smallest_cell"]
    frames["people"] = frames["people"].astype(dict.fromkeys(numbers, "Int64"))
    curve = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=_CURVE)
    reason = None if curves else _nothing(frames["people"])
    return DropoutTime(
        themes, curve=curve, marks=marks, marks_from=marks_from, no_comparison=no_comparison, reason=reason, **frames
    )  # fmt: skip


_WHO = ["definition", "group", "theme_id", "theme_label", "level"]
_CURVE = [*_WHO, "session", "at_risk", "events", "censored", "survival", "conf_low", "conf_high"]
_COLUMNS = {
    "people": [
        "definition", "n_total", "n_used", "n_events", "n_ongoing", "n_ended", "n_not_started", "n_unknown",
        "n_missing", "median", "no_median", "smallest_cell", "reason",
    ],
    "sessions": [
        *_WHO, "first", "session", "at_risk", "events", "survival", "conf_low", "conf_high", "smallest_cell",
        "reason",
    ],
    "comparisons": [
        "definition", "theme_id", "theme_label", "statistic", "df", "p_value", "n_used", "n_events",
        "n_missing", "smallest_cell", "reason",
    ],
    "hazard": [
        "model", "event", "term", "term_label", "level", "reference", "estimate", "conf_low", "conf_high",
        "p_value", "n_used", "n_events", "n_missing", "n_sessions", "logistic_odds_ratio", "logistic_low",
        "logistic_high", "smallest_cell", "reason",
    ],
}  # fmt: skip


def _marks(themes: ThemeMatrix, at: Sequence[int] | None) -> tuple[tuple[int, ...], str]:
    """Sessions at which curves are read off, and where they come from."""
    if at is not None:
        whole = all(isinstance(mark, (int, np.integer)) and mark > 0 for mark in at)
        if not at or not whole or any(after <= before for before, after in pairwise(at)):
            raise ModelError(
                "at must hold whole numbers of sessions from 1 up, each larger than the one before."
            )
        return tuple(int(mark) for mark in at), "given"
    planned = themes.wave.participants.loc[themes.values.index, "sessions_planned"].dropna()
    planned = planned[planned > 0]
    if len(planned) < _FEWEST_PLANS:
        return FIXED_MARKS, "fixed"
    quarters = np.ceil(float(planned.median()) * np.array([0.25, 0.5, 0.75, 1.0]))
    return tuple(int(mark) for mark in np.unique(quarters)), "plan"


def _stated_first(themes: ThemeMatrix) -> list[DropoutDefinition]:
    """The dropout definitions, those that a model is stated for first."""
    study = themes.wave.study
    stated = [plan.event for plan in study.termination_models]
    return sorted(study.dropout_definitions, key=lambda definition: definition.name not in stated)


def _stated_themes(themes: ThemeMatrix) -> list[str]:
    """Every theme of a stated model that this wave has, each once."""
    named = (theme for plan in themes.wave.study.termination_models for theme in plan.themes)
    return [theme for theme in dict.fromkeys(named) if theme in themes.values]


def _nothing(people: pd.DataFrame) -> str:
    """Why there is no curve at all."""
    if not len(people):
        return "study.yaml has no dropout definition"
    if (people["reason"] == CIRCULAR).all():
        return "no dropout definition of the study goes by the way of ending"
    return "nobody in this wave has a known ending and a known number of sessions"


def _groups(themes: ThemeMatrix, people: pd.Index, *, compared: bool) -> Iterator[tuple[Record, pd.Index]]:
    """Everybody, then those with and without each stated theme; a side without anybody is left out."""
    yield {"group": OVERALL, "theme_id": "", "theme_label": "", "level": ""}, people
    for theme in _stated_themes(themes) if compared else ():
        label = themes.wave.study.codebook[theme].label
        for value, level in LEVELS:
            mine = people[(themes.values.loc[people, theme] == value).to_numpy()]
            if len(mine):
                named = {"theme_id": theme, "theme_label": label, "level": level}
                yield {"group": f"{theme} {level}", **named}, mine


def _steps(found: TimeToDropout) -> dict[str, object]:
    return {
        "session": found.session,
        "at_risk": found.at_risk,
        "events": found.events,
        "censored": found.censored,
        "survival": found.survival,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
    }


def _read_off(found: TimeToDropout, marks: tuple[int, ...]) -> list[Record]:
    """The curve at the end of each stretch of sessions.

    Behind a row stand the people who are still at risk at its end and those who left within it: told apart from
    the row above, it would otherwise show one person leaving.
    """
    rows: list[Record] = []
    for before, mark in pairwise((0, *marks)):
        within = (found.session > before) & (found.session <= mark)
        at_risk = int(found.at_risk[before]) if before < len(found.session) else 0
        row: Record = {
            "first": before + 1,
            "session": mark,
            "at_risk": at_risk,
            "events": int(found.events[within].sum()),
        }
        if mark > len(found.session):
            rows.append(row | {"smallest_cell": 0, "reason": NOT_SO_LONG})
            continue
        end = mark - 1
        smallest = min(int(found.at_risk[end]), int(found.events[within].sum()))
        estimate: Record = {
            "survival": float(found.survival[end]),
            "conf_low": float(found.conf_low[end]),
            "conf_high": float(found.conf_high[end]),
        }
        rows.append(row | estimate | {"smallest_cell": smallest, "reason": None})
    return rows


def _half(found: TimeToDropout) -> Record:
    """The median, or why there is none."""
    reason = None
    if np.isnan(found.median):
        reason = FEWER_THAN_HALF if found.n_events else NOBODY_LEFT
    return {
        "median": found.median,
        "smallest_cell": found.n_events,
        "no_median": reason,
    }


def _compared(themes: ThemeMatrix, theme: str, sessions: pd.Series, left: pd.Series) -> Record:
    """Whether people with and without a theme drop out at the same pace."""
    label = themes.wave.study.codebook[theme].label
    if theme not in themes.values:
        counted = {"n_used": 0, "n_events": 0, "n_missing": len(sessions), "smallest_cell": 0}
        return {"theme_id": theme, "theme_label": label, **counted, "reason": NOT_CODED}
    has = themes.values.loc[sessions.index, theme].dropna()
    mine, n_with = has.index, int(has.sum())
    row: Record = {
        "theme_id": theme,
        "theme_label": label,
        "n_used": len(mine),
        "n_events": int(left[mine].sum()),
        "n_missing": len(sessions) - len(mine),
        "smallest_cell": smallest_cell(has.to_numpy(float), left[mine].to_numpy(float)),
        "reason": None,
    }
    if not row["n_events"]:
        return row | {"reason": NOBODY_LEFT}
    if n_with in (0, len(mine)):
        return row | {"reason": EVERYBODY_HAS if n_with else NOBODY_HAS}
    if min(n_with, len(mine) - n_with) < SMALLEST_GROUP:
        return row | {"reason": SMALL}
    test = log_rank(sessions[mine], left[mine], has.to_numpy())
    return row | {
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "reason": test.reason,
    }


def _hazard(
    themes: ThemeMatrix, plan: TerminationModelPlan, event: str, sessions: pd.Series, left: pd.Series
) -> list[Record]:
    """Odds of dropping out after any one session, all terms of a model together."""
    columns, terms = design(themes, plan, sessions.index)
    complete = columns.dropna()
    y = left[complete.index].to_numpy(dtype=float)
    cells = {name: smallest_cell(complete[name].to_numpy(dtype=float), y) for name in complete}
    data = ModelData(plan, event, terms, complete, y, sessions.index, cells, sessions.index[:0])
    last = sessions[complete.index]
    reason = data.reason or (ONE_SESSION if last.max() == 1 else None)
    if reason is None and data.n_events <= len(cells):  # a parameter per column and one for the session
        reason = TOO_FEW_LEFT
    found: dict[str, Record] = {}
    n_sessions = int(last.sum())
    if reason is None:
        try:
            fit = dropout_hazard(last, y, complete.to_numpy(dtype=float), names=list(complete))
            reason = fit.reason
            found = _ratios(fit.names, fit.coef, fit.conf_low, fit.conf_high, fit.p_value)
        except ModelError as error:
            reason = str(error)
    whole, whole_cells, why_not = _whole_therapy(themes, plan, event)
    return [
        data.key
        | {"term": term.name, "term_label": term.label, "level": level, "reference": term.reference}
        | found.get(column, {})
        | {"n_used": len(y), "n_events": data.n_events, "n_missing": len(sessions) - len(y)}
        | {
            "n_sessions": n_sessions,
            "smallest_cell": min(cells[column], whole_cells.get(column, cells[column])),
        }
        | {name: whole.get(column, {}).get(key) for key, name in _LOGISTIC.items()}
        | {"reason": reason or why_not}
        for term in terms
        for column, level in zip(term.columns, term.levels, strict=True)
    ]


_LOGISTIC = {"estimate": "logistic_odds_ratio", "conf_low": "logistic_low", "conf_high": "logistic_high"}


def _whole_therapy(
    themes: ThemeMatrix, plan: TerminationModelPlan, event: str
) -> tuple[dict[str, Record], dict[str, int], str | None]:
    """The adjusted odds ratios of the termination models, to stand beside; with a reason where they are not."""
    data = model_data(themes, plan, event)
    if data.reason is not None:
        return {}, data.cells, data.reason
    try:
        fit = firth_logistic(data.X.to_numpy(dtype=float), data.y, names=list(data.X))
    except ModelError as error:
        return {}, data.cells, str(error)
    return _ratios(fit.names, fit.coef, fit.conf_low, fit.conf_high, fit.p_value), data.cells, fit.reason


def _ratios(
    names: tuple[str, ...], coef: FloatArray, low: FloatArray, high: FloatArray, p: FloatArray
) -> dict[str, Record]:
    """Design column -> odds ratio with limits and p."""
    rows = zip(names, np.exp(coef), np.exp(low), np.exp(high), p, strict=True)
    keys = ("estimate", "conf_low", "conf_high", "p_value")
    return {name: dict(zip(keys, map(float, numbers), strict=True)) for name, *numbers in rows}
