"""How are the joint displays laid out that are tables: for the page, for Word, and for a spreadsheet?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import missing, n_of, percent, ratio, ratio_interval
from analysis_lib.joint_display.model_cases import CASES
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import (
    BASES,
    anchor,
    group_heads,
    group_labels,
    is_banded,
    number,
    standing_notes,
    text,
    title,
    translated,
    words,
)
from analysis_lib.tables.joint import JointRow, format_joint_display, groups_with_people, numbers_say

NOT_WRITTEN = "not yet written"
NO_LABEL = "not yet given"
NOBODY, NO_WORDS = "nobody", "no words may be shown"
_FIT_NOTE = (
    "Fit, by the authors: confirm, expand, discord or silent. Fit, by the rule: confirm where a clear difference points"
    " the way in which the codebook calls the theme hindering or helpful, discord where it points the other way, silent"
    " where nothing is clear, nobody can be quoted or the theme has no direction; an aid to the authors, not a verdict."
)


def fit_of(row: JointRow) -> str:
    """Both labels of a theme; what the rule says is left out where the tradition does not read numbers so."""
    said = f"Authors: {row.fit or NO_LABEL}."
    if row.computed:
        said += f" Rule: {row.computed}."
    return f"{said} The two differ." if row.differ else said


def one_line(markdown: str) -> str:
    """Authors' text in one line, for a cell."""
    return re.sub(r"\s+", " ", markdown).strip()


def side_by_side(payload: Payload) -> FormattedTable:
    """What numbers and words say about each theme, and how they fit."""
    rows = []
    for row in format_joint_display(payload):
        reading = one_line(row.reading) or f"{NOT_WRITTEN[:1].upper()}{NOT_WRITTEN[1:]}"
        said = " ".join(filter(None, (reading, f"({row.matched})" if row.matched else "")))
        numbers = Cell(numbers_say(row, payload), "left", lines=True)
        cells = (numbers, text(said), text(fit_of(row)))
        rows.append(Row(row.label, cells, anchor=anchor("fit", row.theme_id)))
    return FormattedTable(
        title(payload, "Numbers and words side by side"),
        "Theme",
        (tuple(map(Head, ("What the numbers say", "What the words say: the authors’ reading", "Fit"))),),
        tuple(rows),
        (
            _base_note(payload),
            "Differences are from the reference group, in percentage points with 95% Newcombe interval, and how far the"
            " data settle them."
            if any(row.differences for row in format_joint_display(payload))
            else "Nothing is compared: " + str(payload.facts["reason"] or "the counts are withheld") + ".",
            *_fit_note(payload),
            *standing_notes(payload),
        ),
    )


def _base_note(payload: Payload) -> str:
    return f"n/N: people with the theme of {BASES[payload.facts['base']]}."


def _fit_note(payload: Payload) -> tuple[str, ...]:
    if payload.facts["tradition"] == "reflexive":
        return ("No rule of fit: reflexive thematic analysis does not read frequency as importance.",)
    return (_FIT_NOTE,)


def typology(payload: Payload) -> FormattedTable:
    """How many of each group have each combination of themes, and somebody's words for each."""
    patterns, quotes = payload.tables["patterns"].frame, payload.tables["quotes"].frame
    heads, labels = group_heads(payload), group_labels(payload)
    themes = payload.tables["themes"].frame
    named = dict(zip(themes["theme_id"], themes["theme_label"], strict=True))
    groups = [*groups_with_people(payload), ALL]
    said = {row["pattern"]: row for row in quotes.to_dict("records")}
    rows = []
    for pattern in dict.fromkeys(patterns["pattern"]):
        mine = patterns[patterns["pattern"] == pattern].set_index("group")
        ids = str(mine["theme_ids"].iloc[0]).split()
        label = (
            " + ".join(str(named.get(theme, theme)) for theme in ids) or f"{pattern[:1].upper()}{pattern[1:]}"
        )
        counted = [number(_share(mine.loc[group])) for group in groups]
        quote = said.get(pattern)
        about = (
            (text(f"“{quote['quote']}”"), text(_who(quote, labels)))
            if quote is not None
            else (text(NO_WORDS if ids else ""), text(""))
        )
        rows.append(Row(label, (*counted, *about), anchor=anchor("type", *ids) if ids else None))
    combined = ", ".join(str(label) for label in named.values())
    return FormattedTable(
        title(payload, "People by the combination of leading themes that they have"),
        "Themes they have",
        ((*(Head(heads[group]) for group in groups), Head("In the words of one of them"), Head("Who")),),
        tuple(rows),
        (
            f"Combined: {combined}. Everybody stands in one row; other themes are not looked at. n/N: people of the"
            " group who were coded for all of these themes.",
            *_left_out(payload),
            "The quote is from the group with the largest share of the row, from the person who can be quoted on the"
            " largest number of its themes. A row describes a combination; it is no kind of person.",
            *alike_note(payload),
            *standing_notes(payload),
        ),
    )


def _who(quote: Mapping[str, Any], labels: dict[str, str]) -> str:
    return f"{quote['participant_id']}, {labels[quote['group']].lower()}{translated(quote)}"


def alike_note(payload: Payload) -> tuple[str, ...]:
    """Why quotes are missing where counts are rounded."""
    if not is_banded(payload):
        return ()
    return (
        "With rounded counts a person is quoted only where enough people of the outcome group are of the same kind.",
    )


def _left_out(payload: Payload) -> tuple[str, ...]:
    base = payload.tables["base"].frame
    n = base["n_missing"].iloc[0] if len(base) else 0
    if missing(n) or n == 0:
        return ()
    return (f"Left out, not coded for all of them: {int(n)}.",)


def _share(row: pd.Series) -> str:
    if missing(row["n_with_pattern"]) or missing(row["n_total"]):
        return n_of(row["n_with_pattern"], row["n_total"])
    share = row["n_with_pattern"] / row["n_total"] if row["n_total"] else None
    return f"{n_of(row['n_with_pattern'], row['n_total'])}, {percent(share, row['n_total'])}"


def model_with_quotes(payload: Payload) -> FormattedTable:
    """Each theme's odds ratio, and below it people who fit the model and people who do not."""
    odds, labels = payload.tables["odds"].frame, group_labels(payload)
    people, quotes = payload.tables["people"].frame, payload.tables["quotes"].frame
    rows: list[Row] = []
    for row in odds.to_dict("records"):
        mine = people[_about_term(people, row)].set_index(["third", "ended"])
        spoken = quotes[_about_term(quotes, row)].set_index(["third", "ended"])
        head = _odds_head(row, has_cases=len(mine) > 0)
        rows.append(Row(head, heading=True, anchor=anchor("cases", row["model"], row["term"])))
        if not len(mine):
            rows.append(Row("No cases", (text(str(row["reason"]), span=3),), 1))
            continue
        for third, ended, case in CASES:
            counted = mine.loc[(third, ended)]
            stub = f"{case.capitalize()}: {third} third, {ended}"
            rows.append(
                Row(stub, (number(_cases(counted)), *_case_quote(spoken, third, ended, counted, labels)), 1)
            )
    return FormattedTable(
        title(payload, "Themes of the termination models with typical and deviant cases"),
        "Theme and case",
        (tuple(map(Head, ("n/N", "In the words of one of them", "Who"))),),
        tuple(rows),
        (
            "n/N: of the people in the model who have the theme. Thirds are of the probability of dropping out that the"
            " model fits to each person from all its terms; they describe the people it was fitted to and foretell"
            " nothing. Typical: the highest third who dropped out, the lowest who stayed; deviant: the other way round."
            " The middle third is left out.",
            "Odds ratio: adjusted, Firth, with 95% profile interval. Quotes as in the rest of the display, not chosen"
            " for being extreme.",
            *alike_note(payload),
            *standing_notes(payload),
        ),
    )


def _about_term(frame: pd.DataFrame, row: dict[str, object]) -> pd.Series:
    return (
        (frame["model"] == row["model"]) & (frame["event"] == row["event"]) & (frame["term"] == row["term"])
    )


def _odds_head(row: dict[str, object], *, has_cases: bool) -> str:
    model = f"{row['term_label']}, model {words(str(row['model']))} ({words(str(row['event']))})"
    if missing(row["odds_ratio"]):
        return f"{model}: no odds ratio" + (f", {row['reason'] or 'withheld'}" if has_cases else "")
    interval = ratio_interval(row["conf_low"], row["conf_high"]) or "no interval"
    dropped = n_of(row["n_events"], row["n_used"])
    return f"{model}: odds ratio {ratio(row['odds_ratio'])} {interval}; {dropped} dropped out"


def _cases(row: pd.Series) -> str:
    return n_of(row["n_cases"], row["n_total"])


def _case_quote(
    spoken: pd.DataFrame, third: str, ended: str, counted: pd.Series, labels: dict[str, str]
) -> tuple[Cell, Cell]:
    if (third, ended) in spoken.index:
        quote = spoken.loc[[(third, ended)]].iloc[0].to_dict()
        return text(f"“{quote['quote']}”"), text(_who(quote, labels))
    return text(NOBODY if counted["n_cases"] == 0 else NO_WORDS), text("")
