"""Do the tables of a wave agree with one another and with the study?

One function per rule; its docstring is the rule in plain words. What a single cell may hold is settled
before, in :mod:`analysis_lib.canonical`.

References: van den Broeck et al. 2005, PLoS Medicine 2(10) e267, on screening data before analysis.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from analysis_lib.canonical import MOST_SHOWN, CanonicalTable
from analysis_lib.errors import Finding, Level, did_you_mean
from analysis_lib.study import Study, WaveFacts

Tables = dict[str, CanonicalTable]
Rule = Callable[[Tables, Study, WaveFacts, str], Iterator[Finding]]


def check_tables(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> list[Finding]:
    """Every problem that the rules of this module find."""
    return [finding for rule in RULES for finding in rule(tables, study, facts, wave)]


def _rows(
    level: Level, code: str, table: CanonicalTable, wrong: pd.Series, column: str, what: str, fix: str
) -> Iterator[Finding]:
    """One finding per row that is wrong, and one for all beyond the first few."""
    rows = np.flatnonzero(wrong.fillna(False).to_numpy(dtype=bool))
    for row in rows[:MOST_SHOWN]:
        yield Finding(level, code, table.file, what, fix, table.lines[row], column)
    if len(rows) > MOST_SHOWN:
        more = f"{len(rows) - MOST_SHOWN} more rows have the same problem."
        yield Finding(level, code, table.file, more, fix, table.lines[rows[MOST_SHOWN]], column)


def nobody_to_analyse(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """A wave has participants."""
    table = tables["participants"]
    if not len(table.frame):
        yield Finding("stop", "X01", table.file, "the table holds no participant.", "Add one row per person.")


def people_are_enrolled(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """Whoever is coded, assigned, documented or consenting stands in participants."""
    enrolled = tables["participants"].frame.get("participant_id", pd.Series(dtype="string"))
    for name in ("coded_segments", "assignments", "documents", "consent"):
        people = tables[name].frame["participant_id"]
        fix = "Add the person to participants, or correct the id here."
        what = "this participant is not in participants."
        orphan = ~people.isin(enrolled) & people.notna()
        yield from _rows("stop", "X02", tables[name], orphan, "participant_id", what, fix)


def codes_are_in_the_codebook(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """Every code is a theme of the codebook."""
    table = tables["coded_segments"]
    codes = table.frame["code_id"]
    for code in sorted(set(codes.dropna()) - set(study.codebook.ids)):
        hint = did_you_mean(code, study.codebook.ids)
        what = "this code is not in the codebook."
        fix = f"Add a theme to the codebook, or correct the code here.{hint}"
        yield from _rows("stop", "X03", table, codes == code, "code_id", what, fix)


def themes_belong_to_this_codebook_version(
    tables: Tables, study: Study, facts: WaveFacts, wave: str
) -> Iterator[Finding]:
    """A wave uses no theme that is retired or that its codebook version did not have yet."""
    table = tables["coded_segments"]
    codes = table.frame["code_id"]
    for theme in study.codebook:
        if not (codes == theme.id).any():
            continue
        if _version(theme.since) > _version(facts.codebook_version):
            what = f'"{theme.id}" came with codebook {theme.since}; this wave says {facts.codebook_version}.'
            fix = "Correct codebook_version in wave.yaml or `since` in the codebook."
            yield Finding("warn", "X04", table.file, what, fix, column="code_id")
        elif theme.status == "retired":
            what = f'"{theme.id}" is retired but coded in this wave.'
            fix = "Use the theme that replaced it, or set its status to active."
            yield Finding("warn", "X04", table.file, what, fix, column="code_id")


def _version(text: str) -> tuple[tuple[int, str], ...]:
    """1.10.0 comes after 1.9.0."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in text.split("."))


def segments_have_a_length(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """A segment ends after it starts."""
    table = tables["coded_segments"]
    wrong = (table.frame["end"] <= table.frame["start"]).fillna(False)
    what = "the segment ends before it starts."
    yield from _rows("stop", "X05", table, wrong, "end", what, "Correct start or end.")


def sessions_fit_the_plan(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """Nobody attends more sessions than were planned, unless the plan was extended."""
    table = tables["participants"]
    wrong = (table.frame["sessions_attended"] > table.frame["sessions_planned"]).fillna(False)
    what = "more sessions attended than planned; shares of the plan exceed 100 %."
    fix = "Check both numbers; leave them if the plan was extended."
    yield from _rows("warn", "X06", table, wrong, "sessions_attended", what, fix)


def dates_are_in_order(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """Therapy starts before it ends and before the outcome is read off."""
    table = tables["participants"]
    started, ended = table.frame["started_on"], table.frame["ended_on"]
    what = "the therapy ends before it starts."
    yield from _rows("stop", "X07", table, ended < started, "ended_on", what, "Correct one of the dates.")
    late = started > pd.Timestamp(facts.data_cut)
    what = "the therapy starts after the data cut of wave.yaml."
    yield from _rows("stop", "X07", table, late, "started_on", what, "Correct the date or data_cut.")


def rows_belong_to_this_wave(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """A column named wave agrees with the folder."""
    for table in tables.values():
        if "wave" in table.frame:
            other = (table.frame["wave"] != wave) & (table.frame["wave"] != "")
            what = "the row says another wave than its folder."
            yield from _rows("stop", "X08", table, other, "wave", what, "Move the row to its own wave.")


def outcome_can_be_derived(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """The columns that the outcome rule asks for hold something."""
    table = tables["participants"]
    asked = {column for rule in study.outcome.rules for column, _ in rule.when if column != "dropout"}
    for rule in study.outcome.rules:
        for column, values in rule.when:
            if column == "dropout":
                asked |= {_needs(study, name) for name in values}
    for column in sorted(asked or {"outcome_group"}):
        if len(table.frame) and column in table.frame and table.frame[column].isna().all():
            what = (
                f'the outcome rule of study.yaml asks for "{column}", which is missing or empty throughout.'
            )
            fix = "Add the column, or change `outcome.from`."
            yield Finding("stop", "X09", table.file, what, fix, column=column)


def _needs(study: Study, definition: str) -> str:
    rule = study.dropout(definition)
    if rule.column is not None:
        return rule.column
    return "termination_type" if rule.termination_type is not None else "sessions_attended"


def reviews_fit_the_words(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """A review belongs to a segment of this wave and to its very words."""
    reviews, segments = tables["quote_reviews"], tables["coded_segments"]
    known = segments.frame.drop_duplicates("segment_id").set_index("segment_id")["text"]
    ids = reviews.frame["segment_id"]
    what, fix = "no segment of this wave has this id.", "Remove the review, or correct the id."
    yield from _rows("warn", "X10", reviews, ~ids.isin(known.index), "segment_id", what, fix)
    now = ids.map(known).map(fingerprint, na_action="ignore")
    changed = (now != reviews.frame["text_sha256"].str.lower()) & now.notna()
    what = "the words have changed since they were reviewed; the quote is withheld."
    yield from _rows("warn", "X11", reviews, changed, "text_sha256", what, "Read the quote again.")


def fingerprint(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal; ties a review to the words that were read."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def assignments_are_given(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """Without assignments nobody knows who was asked to code what."""
    if not len(tables["assignments"].frame) and tables["coded_segments"].frame["coder_id"].nunique() > 1:
        what = "several coders but no assignments: a blank is not read as absent, agreement is not computed."
        fix = "Add assignments.csv: one row per participant and coder."
        yield Finding("note", "X12", f"waves/{wave}/assignments.csv", what, fix)


RULES: tuple[Rule, ...] = (
    nobody_to_analyse,
    people_are_enrolled,
    codes_are_in_the_codebook,
    themes_belong_to_this_codebook_version,
    segments_have_a_length,
    sessions_fit_the_plan,
    dates_are_in_order,
    rows_belong_to_this_wave,
    outcome_can_be_derived,
    reviews_fit_the_words,
    assignments_are_given,
)
