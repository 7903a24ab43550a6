"""How are the tables of the time to dropout laid out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.dropout_time import OVERALL
from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    missing,
    n_of,
    p_value,
    percent,
    percent_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.tables.common import anchor, is_banded, number, standing_notes, text, title, words
from analysis_lib.tables.termination import term_label

COUNTERFACTUAL = (
    "This is the cause-specific view: who would still not have dropped out if nobody's therapy had ended in any other"
    " way, and had these people been as likely to drop out as the others, which no data can show. Fewer drop out in"
    " fact, since therapies also end as planned before."
)
CENSORED = (
    "Therapies that go on count up to the sessions so far, other endings up to the last session, without having"
    f" dropped out. {COUNTERFACTUAL}"
)
FROM_THE_START = "A theme counts as if it held from the first session on, whenever in therapy it arose."
NO_GROUPS = (
    "Outcome groups are not compared over time: who dropped out is one of them, so they are known only"
    " afterwards."
)
_MARKS_FROM = {
    "plan": "Stretches: quarters of the median number of planned sessions.",
    "fixed": "Stretches of four sessions, since too few plans are known.",
    "given": "Stretches as the notebook gives them.",
}


_LOG_RANK = "Log-rank p: with the theme against without it, not adjusted for the number of themes."


def dropout_sessions(payload: Payload) -> FormattedTable:
    """Who left in each stretch of sessions, and the share that had not dropped out at its end."""
    frame, comparisons = payload.tables["sessions"].frame, payload.tables["comparisons"].frame
    stretches = [
        (row.first, row.session) for row in frame[["first", "session"]].drop_duplicates().itertuples()
    ]
    tests = {(row.definition, row.theme_id): row for row in comparisons.itertuples()}
    rows: list[Row] = []
    for definition, mine in frame.groupby("definition", sort=False):
        rows.append(
            Row(f"{words(definition).capitalize()}: {payload.facts['rules'][definition]}", heading=True)
        )
        for group, here in mine.groupby("group", sort=False):
            first = here.iloc[0]
            test = tests.get((definition, first["theme_id"])) if first["level"] != "absent" else None
            cells = [cell for _, row in here.iterrows() for cell in _stretch(row)]
            cells += [_log_rank(test, payload)] if len(comparisons) else []
            label = f"{group_label(first)} (n = {count(first['n_total'], absent=WITHHELD)})"
            rows.append(Row(label, tuple(cells), 1, anchor("sessions", definition, group)))
    tested = [Head("Log-rank p", rowspan=2)] if len(comparisons) else []
    heads = (
        (*(Head(_stretch_label(*stretch), colspan=2) for stretch in stretches), *tested),
        tuple(Head(words_) for _ in stretches for words_ in ("Dropped out", "Not yet [95% CI]")),
    )
    notes = [
        "Dropped out: people for whom a session of the stretch was the last, of those who had its first session. Not"
        " yet: share that had not dropped out by the end of the stretch (Kaplan-Meier, 95% log-log limits).",
        CENSORED,
        _MARKS_FROM[payload.facts["marks_from"]],
        *([FROM_THE_START, _LOG_RANK] if tested else []),
        NO_GROUPS,
    ]  # fmt: skip
    notes += [_sentence(payload.facts["no_comparison"])] if payload.facts["no_comparison"] else []
    return FormattedTable(
        title(payload, "When people drop out"),
        "Group",
        heads if stretches else ((Head("Dropped out"),),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def group_label(row: pd.Series) -> str:
    """Everybody, or a theme with whether people have it."""
    return "Everybody" if row["group"] == OVERALL else f"{row['theme_label']}: {row['level']}"


def _stretch_label(first: str, last: str) -> str:
    return f"Session {last}" if first == last else f"Sessions {first}–{last}"


def _stretch(row: pd.Series) -> tuple[Cell, Cell]:
    if row["n_total"] == 0:
        return number(NONE), number(NONE)
    left = number(n_of(row["n_events"], row["n_total"]))
    if missing(row["survival"]):
        return left, number(WITHHELD if row["reason"] == WITHHELD else NONE)
    interval = percent_interval(row["conf_low"], row["conf_high"])
    return left, number(f"{percent(row['survival'])} {interval}")


def _log_rank(test: object | None, payload: Payload) -> Cell:
    """A p-value, or a dash where there is none; the row of the absent theme stays empty."""
    if test is None:
        return number("")
    get = test._asdict()  # type: ignore[attr-defined]  # a row of itertuples
    if missing(get["p_value"]):
        return number(WITHHELD if get["reason"] == WITHHELD else NONE)
    return number(p_value(get["p_value"], band=is_banded(payload)))


def dropout_followup(payload: Payload) -> FormattedTable:
    """Who is followed under each definition, and who is not."""
    rows = []
    for row in payload.tables["people"].frame.to_dict("records"):
        label = f"{words(row['definition']).capitalize()}: {payload.facts['rules'][row['definition']]}"
        where = anchor("followup", row["definition"])
        if not missing(row["reason"]):
            rows.append(Row(label, (text(f"Not over time: {row['reason']}.", span=7),), anchor=where))
            continue
        names = ("n_used", "n_events", "n_ongoing", "n_ended", "n_not_started", "n_unknown", "n_missing")
        cells = tuple(number(count(row[name], absent=WITHHELD)) for name in names)
        rows.append(Row(label, cells, anchor=where))
    heads = (
        (Head("Followed", colspan=4), Head("Not followed", colspan=3)),
        tuple(map(Head, ("All", "Dropped out", "Still in therapy", "Ended otherwise", "No first session",
                         "Ending unknown", "Sessions unknown"))),
    )  # fmt: skip
    note = "Of everybody who agreed to analysis and has material, whether they have an outcome group or not."
    return FormattedTable(
        title(payload, "Who is followed from session to session"),
        "Definition of dropping out",
        heads,
        tuple(rows),
        (*((note,) if rows else ()), *standing_notes(payload)),
    )


def dropout_hazard(payload: Payload) -> FormattedTable:
    """Odds of dropping out after any one session, beside those of dropping out at all."""
    frame, banded = payload.tables["hazard"].frame, is_banded(payload)
    rows: list[Row] = []
    for (model, event), mine in frame.groupby(["model", "event"], sort=False):
        first = mine.iloc[0]
        n = f"{count(first['n_events'], absent=WITHHELD)} of {count(first['n_used'], absent=WITHHELD)} people"
        rows.append(Row(f"Model {model}: {payload.facts['rules'][event]} ({n} followed)", heading=True))
        if mine["estimate"].isna().all() and not mine["reason"].eq(WITHHELD).any():
            rows.append(Row("No model", (text(_sentence(str(first["reason"])), span=3),), 1))
            continue
        for _, row in mine.iterrows():
            cells = (
                number(_odds(row, "estimate", "conf_low", "conf_high")),
                number(WITHHELD if row["reason"] == WITHHELD else p_value(row["p_value"], band=banded)),
                number(_odds(row, "logistic_odds_ratio", "logistic_low", "logistic_high")),
            )
            where = anchor("hazard", model, event, row["term"], row["level"])
            rows.append(Row(term_label(row), cells, 1, where))
    notes = (
        "After a session: odds ratio of dropping out after any one session for those who have had it, all terms"
        " together, from a discrete-time hazard model with the logarithm of the session as baseline (Firth, 95% profile"
        " intervals). It is taken to be the same at every session.",
        "p: penalised likelihood-ratio test, not adjusted for looking at several terms.",
        "At all: adjusted odds ratio of the termination model. It leaves out therapies that go on, which the model by"
        " session keeps up to the sessions so far.",
        f"Rows other than themes are adjusted for; they are not findings of their own. {FROM_THE_START}",
    )
    heads = (
        (Head("After a session", colspan=2), Head("At all")),
        (Head("Odds ratio [95% CI]"), Head("p"), Head("Odds ratio [95% CI]")),
    )
    table = FormattedTable(
        title(payload, "What goes with dropping out sooner"),
        "Term",
        heads,
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )
    if rows or not payload.facts["no_comparison"]:
        return table
    none = Row("None", (text(_sentence(payload.facts["no_comparison"]), span=3),))
    return FormattedTable(table.title, table.stub, heads, (none,), table.notes)


def _odds(row: pd.Series, estimate: str, low: str, high: str) -> str:
    if missing(row[estimate]):
        return WITHHELD if row["reason"] == WITHHELD else NONE
    return f"{ratio(row[estimate])} {ratio_interval(row[low], row[high])}"


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


def curve_of(payload: Payload) -> pd.DataFrame:
    """The curve session by session, or where its rows may not leave what is read off at the end of each stretch.

    Either way ``at_risk`` people had the first session of the stretch that ends with ``session``, and ``events`` of
    them dropped out within it.
    """
    curve = payload.tables["curve"].frame
    if len(curve):
        return curve
    frame = payload.tables["sessions"].frame.rename(columns={"n_total": "at_risk", "n_events": "events"})
    return frame.assign(first=pd.to_numeric(frame["first"]), session=pd.to_numeric(frame["session"]))
