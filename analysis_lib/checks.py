"""Do the tables of a wave agree with one another and with the study?

One function per rule; its docstring is the rule in plain words. What a single cell may hold is settled
before, in :mod:`analysis_lib.canonical`. A rule is left out where a table that it needs could not be read.

References: van den Broeck et al. 2005, PLoS Medicine 2(10) e267, on screening data before analysis.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from analysis_lib.canonical import MOST_SHOWN, CanonicalTable, loose_id
from analysis_lib.errors import Finding, Level, did_you_mean, looks_like_a_name
from analysis_lib.late_starters import late_starters
from analysis_lib.outcome import dropout_flags
from analysis_lib.quote_checks import flags_are_answered, notes_quote_nobody, reviews_fit_the_words
from analysis_lib.study import Study, WaveFacts

Tables = Mapping[str, CanonicalTable]
Rule = Callable[[Tables, Study, str], Iterator[Finding]]
FactRule = Callable[[Tables, Study, WaveFacts, str], Iterator[Finding]]

_ENDING_REASONS = ("ending_reason_patient", "ending_reason_therapist", "ending_reason_service")
_MOST_HINTS = 30  # different wrong codes that are looked up one by one


def check_tables(tables: Tables, study: Study, facts: WaveFacts | None, wave: str) -> list[Finding]:
    """Every problem that the rules of this module find.

    Parameters
    ----------
    tables
        Those that could be read; an optional table without a file is an empty one.
    study
        A codebook without themes is one that could not be read.
    facts
        None where wave.yaml could not be read.
    wave
        Name of the wave.
    """
    found = [f for rule, needs in RULES if _all_there(needs, tables) for f in rule(tables, study, wave)]
    if facts is not None:
        for fact_rule, needs in FACT_RULES:
            if _all_there(needs, tables):
                found += fact_rule(tables, study, facts, wave)
    return found


def _all_there(needs: str, tables: Tables) -> bool:
    return set(needs.split()) <= tables.keys()


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


def people_are_enrolled(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """Whoever is coded, assigned, documented or consenting stands in participants."""
    enrolled = tables["participants"].frame["participant_id"].dropna()
    alike = set(enrolled.map(loose_id))
    told: set[tuple[str, str]] = set()  # several tables can come from one file
    for name in ("coded_segments", "assignments", "documents", "consent"):
        if name not in tables:
            continue
        people, file = tables[name].frame["participant_id"], tables[name].file
        # one finding per person and file, however many rows they have in it
        orphan = ~people.isin(enrolled) & people.notna() & ~people.duplicated()
        orphan &= ~people.isin([person for where, person in told if where == file])
        told |= {(file, person) for person in people[orphan]}
        spelt = [lost and loose_id(person) in alike for person, lost in zip(people, orphan, strict=True)]
        known = pd.Series(spelt, index=people.index, dtype=bool)
        what = "this participant is not in participants."
        fix = "Add the person to participants, or correct the id here in all rows."
        yield from _rows("stop", "X02", tables[name], orphan & ~known, "participant_id", what, fix)
        what = "this participant is in participants with other capitals or leading zeros."
        fix = "Restore the id as it stands there; spreadsheets remove leading zeros."
        yield from _rows("stop", "X02", tables[name], orphan & known, "participant_id", what, fix)


def something_was_coded(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """A wave has coded segments."""
    table = tables["coded_segments"]
    if not len(table.frame):
        what = "nothing was coded in this wave, so no theme can be counted."
        fix = "Add coded_segments.csv, or pass a QDA export through `themewave import`."
        yield Finding("warn", "X25", table.file, what, fix)


def codes_are_in_the_codebook(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """Every code that was given, assigned or named as a reason for ending is a theme of the codebook."""
    if not study.codebook.themes:
        return  # the codebook could not be read, which is said elsewhere
    places = [("coded_segments", "code_id"), ("assignments", "codes")]
    places += [("participants", column) for column in _ENDING_REASONS]
    for name, column in places:
        if name in tables:
            yield from _unknown_codes(tables[name], column, study)


def _unknown_codes(table: CanonicalTable, column: str, study: Study) -> Iterator[Finding]:
    ids = set(study.codebook.ids)
    cells = table.frame[column].dropna()
    listed = cells.str.split() if column == "codes" else cells.map(lambda text: [text])
    unknown = listed.explode().dropna()
    unknown = unknown[~unknown.isin(ids)]
    what = "this code is not in the codebook."
    distinct = list(dict.fromkeys(unknown))
    for code in distinct[:_MOST_HINTS]:
        wrong = pd.Series(table.frame.index.isin(unknown.index[unknown == code]))
        spaces = " Separate codes by spaces." if column == "codes" and re.search("[,;|]", code) else ""
        hint = spaces or did_you_mean(code, study.codebook.ids)
        fix = f"Add a theme to the codebook, or correct the code here.{hint}"
        yield from _rows("stop", "X03", table, wrong, column, what, fix)
    if len(distinct) > _MOST_HINTS:
        what = f"{len(distinct) - _MOST_HINTS} other codes are not in the codebook either."
        line = table.lines[unknown.index[unknown == distinct[_MOST_HINTS]][0]]
        yield Finding(
            "stop", "X03", table.file, what, "Check that the codebook is the right one.", line, column
        )


def themes_belong_to_this_codebook_version(
    tables: Tables, study: Study, facts: WaveFacts, wave: str
) -> Iterator[Finding]:
    """A wave uses no theme that is retired or that its codebook version did not have yet."""
    table = tables["coded_segments"]
    codes = table.frame["code_id"]
    for theme in study.codebook:
        rows = np.flatnonzero(codes.eq(theme.id).fillna(False))
        if not len(rows):
            continue
        called = f'"{theme.id}"' if looks_like_a_name(theme.id) else "this theme"
        line = table.lines[rows[0]]
        if _version(theme.since) > _version(facts.codebook_version):
            what = f"{called} came with a later codebook version than wave.yaml says was used."
            fix = "Correct codebook_version in wave.yaml or `since` in the codebook."
            yield Finding("warn", "X04", table.file, what, fix, line, "code_id")
        elif theme.status == "retired":
            what = f"{called} is retired but coded in this wave."
            fix = "Use the theme that replaced it, or set its status to active."
            yield Finding("warn", "X04", table.file, what, fix, line, "code_id")


def codes_are_of_one_codebook_version(
    tables: Tables, study: Study, facts: WaveFacts, wave: str
) -> Iterator[Finding]:
    """Segments that name a codebook version name that of their wave."""
    table = tables["coded_segments"]
    versions = table.frame["codebook_version"]
    other = np.flatnonzero((versions != facts.codebook_version).fillna(False))
    if len(other):
        what = f"{len(other)} rows name another codebook version than wave.yaml; a code may have changed meaning."
        fix = "Recode them with the version of the wave, or correct codebook_version."
        yield Finding("warn", "X26", table.file, what, fix, table.lines[other[0]], "codebook_version")


def _version(text: str) -> tuple[tuple[int, str], ...]:
    """1.10.0 comes after 1.9.0."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in text.split("."))


def segments_have_a_length(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """A segment ends after it starts."""
    table = tables["coded_segments"]
    wrong = table.frame["end"] <= table.frame["start"]
    what = "the segment does not end after it starts."
    yield from _rows("stop", "X05", table, wrong, "end", what, "Correct start or end.")


def segments_are_one_passage(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """All rows of a segment are about the same words of the same person."""
    table = tables["coded_segments"]
    frame = table.frame[table.frame["segment_id"].notna()]
    for column in ("participant_id", "document_id", "start", "end", "text", "text_original"):
        # the first value that any row of the segment gives; blanks contradict nothing
        first = frame.groupby("segment_id", observed=True)[column].transform("first")
        wrong = (frame[column] != first).reindex(table.frame.index)
        what = "an earlier row of this segment says otherwise."
        fix = "Give each passage an id of its own, and repeat its person, place and words in every row."
        yield from _rows("stop", "X14", table, wrong, column, what, fix)


def segments_stand_in_their_documents(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """A segment comes from a known document of the same person, and who is coded said something."""
    documents, segments = tables["documents"], tables["coded_segments"]
    if not len(documents.frame):
        return
    owner = documents.frame.dropna(subset="document_id").drop_duplicates("document_id")
    whose = segments.frame["document_id"].map(owner.set_index("document_id")["participant_id"])
    unknown = segments.frame["document_id"].notna() & whose.isna()
    what, fix = "this document is not in documents.", "Add it with its length, or correct the id."
    yield from _rows("warn", "X15", segments, unknown, "document_id", what, fix)
    other = whose != segments.frame["participant_id"]
    what = "documents says that these are another person's words."
    yield from _rows("stop", "X15", segments, other, "document_id", what, "Correct one of the two tables.")
    words = documents.frame.loc[documents.frame["n_words"].fillna(1) > 0, "participant_id"]
    people = segments.frame["participant_id"]
    silent = ~people.isin(words) & people.notna() & ~people.duplicated()
    what = "this person is coded but has no document with words."
    fix = "Add the document or correct n_words; until then the segments count as material."
    yield from _rows("warn", "X16", segments, silent, "participant_id", what, fix)


def sessions_fit_the_plan(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """Nobody attends more sessions than were planned, unless the plan was extended."""
    table = tables["participants"]
    wrong = table.frame["sessions_attended"] > table.frame["sessions_planned"]
    what = "more sessions attended than planned; shares of the plan exceed 100 %."
    fix = "Check both numbers; leave them if the plan was extended."
    yield from _rows("warn", "X06", table, wrong, "sessions_attended", what, fix)


def therapy_dates_are_in_order(
    tables: Tables, study: Study, facts: WaveFacts, wave: str
) -> Iterator[Finding]:
    """Therapy starts before it ends, and both are past when the outcome is read off."""
    table = tables["participants"]
    started, ended, last = (table.frame[name] for name in ("started_on", "ended_on", "last_session"))
    fix = "Correct one of the dates."
    what = "the therapy ends before it starts."
    yield from _rows("stop", "X07", table, ended < started, "ended_on", what, fix)
    what = "the last session was before the therapy started."
    yield from _rows("stop", "X07", table, last < started, "last_session", what, fix)
    cut, fix = pd.Timestamp(facts.data_cut), "Correct the date or data_cut."
    what = "the therapy starts after the data cut of wave.yaml."
    yield from _rows("stop", "X07", table, started > cut, "started_on", what, fix)
    for name, dates in (("ended_on", ended), ("last_session", last)):
        what = "the date lies after the data cut of wave.yaml."
        yield from _rows("warn", "X07", table, dates > cut, name, what, fix)


def rows_belong_to_this_wave(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """A column named wave agrees with the folder."""
    for table in tables.values():
        if "wave" in table.frame:
            other = (table.frame["wave"] != wave) & (table.frame["wave"] != "")
            what = "the row says another wave than its folder."
            yield from _rows("stop", "X08", table, other, "wave", what, "Move the row to its own wave.")


def outcome_can_be_derived(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """The columns that the outcome rules ask for hold something."""
    table = tables["participants"]
    asked: set[str] = set()
    for rule in study.outcome.rules:
        for column, values in rule.when:
            asked |= _needed(study, values) if column == "dropout" else {column}
    for column in sorted(asked or {"outcome_group"}):
        if column in table.frame and column not in table.filled:
            what = "the outcome rules of study.yaml need this column, which is missing or empty throughout."
            fix = "Add the column, map its raw name under `columns:`, or change `outcome`."
            yield Finding("stop", "X09", table.file, what, fix, column=column)
    if study.outcome.rules and "outcome_group" in table.filled:
        what = "the groups are derived by the rules of study.yaml, and this column is not used."
        fix = "Remove the column, or remove `outcome.from` to use it."
        yield Finding("warn", "X17", table.file, what, fix, column="outcome_group")


def _needed(study: Study, definitions: tuple[str, ...]) -> set[str]:
    """Participants columns that dropout definitions need."""
    needed: set[str] = set()
    for rule in study.dropout_definitions:
        if rule.name not in definitions:
            continue
        if rule.column is not None:
            needed.add(rule.column)
        elif rule.termination_type is not None:
            needed.add("termination_type")
        else:
            needed.add("sessions_attended")
            needed |= {"sessions_planned"} if rule.share_of_plan_below is not None else set()
    return needed


def models_have_their_columns(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """The columns of dropout definitions and termination models hold something."""
    table = tables["participants"]
    every = tuple(definition.name for definition in study.dropout_definitions)
    named = {covariate.column for covariate in study.covariates}
    named |= {plan.cluster for plan in study.termination_models if plan.cluster is not None}
    named |= set(study.strata)
    for column in sorted((_needed(study, every) | named) - {"participant_id"}):
        if column in table.frame and column not in table.filled:
            what = "study.yaml names this column for dropout, strata or a model; it is missing or empty throughout."
            fix = "Add the column or map its raw name under `columns:`; until then these parts stay empty."
            yield Finding("warn", "X18", table.file, what, fix, column=column)


def coders_were_asked(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """Who coded whom was asked to, and without assignments nobody knows who was asked."""
    assigned, segments = tables["assignments"], tables["coded_segments"]
    if not len(assigned.frame):
        if segments.frame["coder_id"].nunique() > 1:
            what = (
                "several coders but no assignments: a blank is not read as absent, agreement is not computed."
            )
            fix = "Add assignments.csv: one row per participant and coder."
            yield Finding("note", "X12", assigned.file, what, fix)
        return
    asked, given = (
        table.frame["participant_id"] + "\n" + table.frame["coder_id"] for table in (assigned, segments)
    )
    wrong = ~given.isin(asked) & given.notna()
    what = "assignments does not say that this coder was asked to code this person."
    fix = "Add the assignment or correct the ids; the code counts, but not for agreement."
    yield from _rows("warn", "X19", segments, wrong, "coder_id", what, fix)


def rounds_are_told_apart(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """Where somebody's material was coded by consensus, each row says which round it belongs to."""
    segments, assigned = tables["coded_segments"].frame, tables["assignments"].frame
    agreed = {
        person
        for frame in (segments, assigned)
        for person in frame.loc[frame["round"] == "consensus", "participant_id"]
    }
    wrong = segments["round"].isna() & segments["participant_id"].isin(agreed)
    what = "the round is empty, although this person has a consensus round that stands for all others."
    fix = "Write independent or consensus."
    yield from _rows("stop", "X20", tables["coded_segments"], wrong, "round", what, fix)


def therapies_could_be_observed(
    tables: Tables, study: Study, facts: WaveFacts, wave: str
) -> Iterator[Finding]:
    """Therapies began long enough before the data cut for dropping out to show."""
    table = tables["participants"]
    late = pd.Series(False, index=table.frame.index)
    judged = dropout_flags(table.frame, study).notna()  # who is still in therapy is not counted as gone
    for definition in study.dropout_definitions:
        too_late = late_starters(table.frame, study, definition, facts.data_cut).fillna(False).astype(bool)
        late |= too_late & judged[definition.name]
    rows = np.flatnonzero(late.to_numpy())
    if len(rows):
        what = f"{len(rows)} therapies began too shortly before data_cut to show who drops out."
        fix = "Nothing to do: follow_up in study.yaml says what becomes of them. A later data_cut would count them in."
        yield Finding("warn", "X27", table.file, what, fix, table.lines[rows[0]], "started_on")
    days = study.follow_up.days
    unknown = bool(len(table.frame)) and bool(table.frame["started_on"].isna().all())
    if days is not None and unknown and facts.closed + timedelta(days=days) > facts.data_cut:
        what = (
            "the wave closed too shortly before data_cut to follow everybody up, and nobody's start is known."
        )
        fix = "Add started_on to participants, or read dropping out in this wave as unfinished."
        file = f"waves/{wave}/wave.yaml"
        yield Finding("warn", "X27", file, what, fix, facts.lines.get("data_cut"), "data_cut")


def wave_facts_fit(tables: Tables, study: Study, facts: WaveFacts, wave: str) -> Iterator[Finding]:
    """Dates run forward, looks were planned, weights are used, and people add up."""

    def at(level: Level, code: str, key: str, what: str, fix: str, allowed: str | None = None) -> Finding:
        file = f"waves/{wave}/wave.yaml"
        return Finding(level, code, file, what, fix, facts.lines.get(key), key, None, allowed)

    if facts.closed < facts.opened:
        yield at("stop", "X21", "closed", "the wave closes before it opens.", "Correct one of the dates.")
    if facts.data_cut < facts.opened:
        what = "the data cut is before the wave opens."
        yield at("stop", "X21", "data_cut", what, "Correct one of the dates.")
    if facts.look > study.planned_looks:
        what = "this look was not planned; error rates hold for the planned number of looks."
        fix = "Correct look, or planned_looks in study.yaml if it is wrong."
        yield at("warn", "X22", "look", what, fix, f"at most {study.planned_looks}")
    if facts.weights is not None:
        what = "no analysis uses sampling weights; everybody counts once."
        yield at("warn", "X22", "weights", what, "Read shares as unweighted, or leave the line out.")
    if facts.n_invited is None and facts.n_declined is not None:
        what, fix = "n_declined is not shown without n_invited.", "Add n_invited, or leave the line out."
        yield at("warn", "X23", "n_declined", what, fix)
    n_people = len(tables["participants"].frame)
    if facts.n_invited is not None and facts.n_invited - (facts.n_declined or 0) < n_people:
        what = "fewer people accepted the invitation than stand in participants."
        yield at("stop", "X23", "n_invited", what, "Correct n_invited or n_declined, or leave both out.")


# Each rule with the tables that it cannot do without.
RULES: tuple[tuple[Rule, str], ...] = (
    (people_are_enrolled, "participants"),
    (something_was_coded, "coded_segments"),
    (codes_are_in_the_codebook, ""),
    (segments_have_a_length, "coded_segments"),
    (segments_are_one_passage, "coded_segments"),
    (segments_stand_in_their_documents, "coded_segments documents"),
    (sessions_fit_the_plan, "participants"),
    (rows_belong_to_this_wave, ""),
    (outcome_can_be_derived, "participants"),
    (models_have_their_columns, "participants"),
    (reviews_fit_the_words, "coded_segments quote_reviews"),
    (flags_are_answered, "coded_segments quote_reviews"),
    (notes_quote_nobody, "coded_segments quote_reviews"),
    (coders_were_asked, "coded_segments assignments"),
    (rounds_are_told_apart, "coded_segments assignments"),
)
FACT_RULES: tuple[tuple[FactRule, str], ...] = (
    (themes_belong_to_this_codebook_version, "coded_segments"),
    (codes_are_of_one_codebook_version, "coded_segments"),
    (therapy_dates_are_in_order, "participants"),
    (therapies_could_be_observed, "participants"),
    (wave_facts_fit, "participants"),
)
