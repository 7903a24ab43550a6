"""Whatever is wrong with a study is said in its place, with what is allowed and what to do, and nothing runs.

Each case spoils the tiny study in one place. What has to be reported is typed in; wherever content is spoilt, it
holds the canary, which no message may repeat.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from tiny_study import (
    ASSIGNMENTS,
    CANARY,
    CODEBOOK,
    CONSENT,
    CORRECTIONS,
    FILES,
    PARTICIPANTS,
    REVIEWS,
    SEGMENTS,
    STUDY,
    WAVE,
    WORDS,
    spoilt,
    table,
    write_study,
)

from analysis_lib.__main__ import main
from analysis_lib.errors import Finding
from analysis_lib.wave import check_study

Files = dict[str, str | bytes | None]
P, S, A, D, C, R, K = map(
    table,
    ("participants", "coded_segments", "assignments", "documents", "consent", "quote_reviews", "corrections"),
)
Y, B, W = "study.yaml", "codebook.yaml", "waves/w1/wave.yaml"


@dataclass(frozen=True)
class Case:
    """What is spoilt, and the finding that has to come of it."""

    name: str
    files: Files
    code: str
    file: str
    line: int | None
    column: str | None
    says: tuple[str, ...]
    level: str = "stop"
    never: tuple[str, ...] = ()


def headed(text: str, line: str) -> str:
    """A table with a line put in below its header."""
    header, rest = text.split("\n", 1)
    return f"{header}\n{line}\n{rest}"


def added(text: str, line: str) -> str:
    return f"{text}{line}\n"


def without_header(text: str) -> str:
    return text.split("\n", 1)[1]


OWN_GROUPS = STUDY.split("  from:\n")[0] + "dropout_definitions:" + STUDY.split("dropout_definitions:")[1]
ONE_GROUP = "\n".join(
    ",".join([person, "helpful", "completed_agreed", *rest])
    for person, _, _, *rest in (line.split(",") for line in PARTICIPANTS.splitlines()[1:])
)
NOBODY = ONE_GROUP.replace("helpful,completed_agreed", "not_stated,ongoing")
WITH_GROUP = PARTICIPANTS.replace("ended_on\n", "ended_on,outcome_group\n").replace(
    "2023-12-11\n", "2023-12-11,x\n"
)
WITH_GROUP = "\n".join(
    line if i == 0 or line.endswith(",x") else f"{line},helpful"
    for i, line in enumerate(WITH_GROUP.splitlines())
)

AGE = "      age: {type: number, unit: years"
HALF = "{share_of_plan_below: 0.5}"
MIXED = "{perceived_helpfulness: mixed}"

CASES = [
    # ids that are missing, double or not ids
    Case("id missing", spoilt(P, ("P05,unhelpful", ",unhelpful")), "T05", P, 6, "participant_id",
         ("the cell is empty", "Fill it in, or remove the row")),
    Case("id twice", spoilt(P, ("P05,unhelpful", "P04,unhelpful")), "T13", P, 6, "participant_id",
         ("stands in an earlier row", "Keep one row")),
    Case("id in another case", spoilt(P, ("P05,unhelpful", "p04,unhelpful")), "T14", P, 6, "participant_id",
         ("case or leading zeros", "Give two people two ids")),
    Case("id without its zero", spoilt(P, ("P05,unhelpful", "P4,unhelpful")), "T14", P, 6, "participant_id",
         ("case or leading zeros", "one person one spelling")),
    Case("id that is a date", spoilt(P, ("P05,unhelpful", "2024-03-28,unhelpful")), "T10", P, 6, "participant_id",
         ("looks like a date", "restore them from the source"), never=("2024-03-28,",)),
    Case("id that is a day and a month", spoilt(P, ("P05,unhelpful", "05-Mar,unhelpful")), "T10", P, 6,
         "participant_id", ("looks like a date",), never=("05-Mar",)),
    Case("segment id that is a date", spoilt(S, ("S05,P06", "1.2.2024,P06")), "T10", S, 8, "segment_id",
         ("looks like a date",), never=("1.2.2024",)),
    Case("document id that is a date", spoilt(S, ("c2,D06", "c2,2024-01-02")), "T10", S, 8, "document_id",
         ("looks like a date",)),
    Case("code that is a date", spoilt(S, ("P06,A.cold", "P06,Mar-05")), "T10", S, 8, "code_id",
         ("looks like a date",), never=("Mar-05",)),
    Case("therapist that is a date", spoilt(P, ("4,T2,47", "4,1/2/2024,47")), "T10", P, 7, "therapist_id",
         ("looks like a date",), never=("1/2/2024",)),
    Case("id in scientific notation", spoilt(P, ("P05,unhelpful", "1.2E+15,unhelpful")), "T10", P, 6,
         "participant_id", ("scientific notation", "restore it from the source"), never=("1.2E+15",)),
    Case("id that is a health-service number", spoilt(P, ("P05,unhelpful", "943 476 5919,unhelpful")), "T11", P, 6,
         "participant_id", ("health-service number", "Use a pseudonymous id"), never=("943", "5919")),
    Case("id that is an e-mail address", spoilt(P, ("P05,unhelpful", f"{CANARY}@mail.org,unhelpful")), "T12", P, 6,
         "participant_id", ("e-mail address", "1 to 32 of the characters A-Z a-z 0-9 _ -"), never=("mail.org",)),
    Case("id with a space", spoilt(P, ("P05,unhelpful", f"P 05 {CANARY},unhelpful")), "T12", P, 6, "participant_id",
         ("Allowed: 1 to 32 of the characters", "short pseudonymous id")),
    Case("empty key of a segment", spoilt(S, ("S05,P06", ",P06")), "T05", S, 8, "segment_id", ("Fill it in",)),
    Case("segment row twice", {S: added(SEGMENTS, SEGMENTS.splitlines()[-1])}, "T13", S, 13, "segment_id",
         ("segment_id + code_id + coder_id", "Keep one row")),
    # references
    Case("segment of an unknown participant", spoilt(S, ("S05,P06", "S05,P66")), "X02", S, 8, "participant_id",
         ("not in participants", "Add the person to participants, or correct the id")),
    Case("segment whose id lost its zero", spoilt(S, ("S05,P06", "S05,P6")), "X02", S, 8, "participant_id",
         ("other capitals or leading zeros", "Restore the id")),
    Case("consent of an unknown participant", {C: added(CONSENT, "P77,quote,yes,")}, "X02", C, 20, "participant_id",
         ("not in participants",)),
    Case("unknown code", spoilt(S, ("P06,A.cold", "P06,A.clod")), "X03", S, 8, "code_id",
         ("not in the codebook", 'Did you mean "A.cold"?')),
    Case("free text for a code", spoilt(S, ("P06,A.cold", f"P06,{CANARY} was cold")), "X03", S, 8, "code_id",
         ("not in the codebook", "Add a theme to the codebook")),
    Case("unknown code in a coder's list",
         {A: "participant_id,coder_id,round,codes\nP01,c1,independent,A.cold B.skils\n"}, "X03", A, 2, "codes",
         ("not in the codebook", 'Did you mean "B.skills"?')),
    Case("unknown reason for ending",
         {P: PARTICIPANTS.replace("therapist_id", "ending_reason_patient").replace(",T1,", f",{CANARY},")}, "X03", P, 2,
         "ending_reason_patient", ("not in the codebook",)),
    Case("two people in one segment", spoilt(S, ("S04,P05,A.late", "S04,P06,A.late")), "X14", S, 7, "participant_id",
         ("an earlier row of this segment says otherwise", "Give each passage an id of its own")),
    Case("two texts in one segment", spoilt(S, (f"A.late,c1,D05,0,40,{WORDS} Never.", f"A.late,c1,D05,0,40,{CANARY}")),
         "X14", S, 7, "text", ("says otherwise",)),
    Case("segment of another person's document", spoilt(S, ("c2,D06", "c2,D05")), "X15", S, 8, "document_id",
         ("another person's words", "Correct one of the two tables")),
    Case("segment of an unknown document", spoilt(S, ("c2,D06", "c2,D99")), "X15", S, 8, "document_id",
         ("not in documents", "Add it with its length"), "warn"),
    Case("coded but silent", spoilt(D, ("P06,D06,106", "P06,D06,0")), "X16", S, 8, "participant_id",
         ("no document with words", "count as material"), "warn"),
    Case("segment that ends before it starts", spoilt(S, ("D06,10,44", "D06,44,10")), "X05", S, 8, "end",
         ("does not end after it starts", "Correct start or end")),
    Case("coder who was not asked", spoilt(S, ("A.cold,c2,D06", "A.cold,c3,D06")), "X19", S, 8, "coder_id",
         ("was asked to code this person", "Add the assignment"), "warn"),
    Case("round left out beside a consensus",
         {A: added(ASSIGNMENTS, "P06,c1,consensus"), **spoilt(S, ("Once.,independent", "Once.,"))}, "X20", S, 8,
         "round",
         ("consensus round that stands for all others", "Write independent or consensus")),
    Case("review of an unknown segment", {R: added(REVIEWS, f"S77,{'a' * 64},release,r1,2024-05-02")}, "X10", R, 4,
         "segment_id", ("no segment of this wave", "Remove the review"), "warn"),
    Case("review of other words", spoilt(R, ("S01,", "S03,")), "X11", R, 2, "text_sha256",
         ("changed since they were reviewed", "Read the quote again"), "warn"),
    Case("fingerprint cut short", {R: added(REVIEWS, "S03,abc,release,r1,2024-05-02")}, "T12", R, 4, "text_sha256",
         ("64 of the characters", "Copy it again")),
    # values
    Case("unknown level", spoilt(P, ("P05,unhelpful", "P05,unhelpfull")), "T06", P, 6, "perceived_helpfulness",
         ("Allowed: helpful, unhelpful, mixed, not_stated", 'Did you mean "unhelpful"?', "corrections.csv"),
         never=("unhelpfull",)),
    Case("free text for a level", spoilt(P, ("P05,unhelpful", f"P05,{CANARY} all the time")), "T06", P, 6,
         "perceived_helpfulness", ("text of 23 characters is not a level", "map it under `columns: values:`")),
    Case("unknown outcome group", {Y: OWN_GROUPS, P: WITH_GROUP.replace("2023-12-11,x", "2023-12-11,helpfull")}, "T06",
         P, 2, "outcome_group", ("Allowed: helpful, unhelpful, mixed, dropped_out", 'Did you mean "helpful"?')),
    Case("negative age", spoilt(P, ("T1,38", "T1,-38")), "T09", P, 6, "age",
         ("out of range", "Allowed: 0 to 120 years", "Check it against the record")),
    Case("age in words", spoilt(P, ("T1,38", f"T1,{CANARY}")), "T08", P, 6, "age",
         ("a word of 10 characters stands where a number belongs", "a number of years")),
    Case("decimal comma", spoilt(P, ("T1,38", 'T1,"38,5"')), "T08", P, 6, "age", ("Set `decimal_mark` in study.yaml",)),
    Case("half a session", spoilt(P, ("12,12,T1,38", "12,11.5,T1,38")), "T08", P, 6, "sessions_attended",
         ("a whole number of sessions",)),
    Case("day first", spoilt(P, ("2023-09-05", "05.09.2023")), "T07", P, 6, "started_on",
         ("something like a date stands where a date belongs", "such as 2024-03-28"), never=("05.09.2023",)),
    Case("impossible day", spoilt(P, ("2023-09-05", "2023-02-30")), "T07", P, 6, "started_on", ("2024-03-28",)),
    Case("year that nobody meant", spoilt(P, ("2023-09-05", "0023-09-05")), "T07", P, 6, "started_on", ("ISO 8601",)),
    Case("therapy that ends before it starts", spoilt(P, ("2023-12-12", "2022-12-12")), "X07", P, 6, "ended_on",
         ("ends before it starts", "Correct one of the dates")),
    Case("therapy after the data cut", spoilt(P, ("2024-02-05,", "2024-12-05,")), "X07", P, 13, "started_on",
         ("after the data cut of wave.yaml", "Correct the date or data_cut")),
    Case("more sessions than planned", spoilt(P, ("12,12,T1,38", "12,30,T1,38")), "X06", P, 6, "sessions_attended",
         ("more sessions attended than planned", "leave them if the plan was extended"), "warn"),
    Case("row of another wave", {P: PARTICIPANTS.replace("therapist_id", "wave").replace(",T1,", ",w1,").replace(
        ",T2,29", ",w2,29").replace(",T2,", ",w1,")}, "X08", P, 4, "wave", ("another wave than its folder",)),
    Case("consent that is neither yes nor no", spoilt(C, ("P05,analyse,yes", "P05,analyse,Yes")), "T06", C, 6,
         "granted", ("Allowed: yes, no, unknown", 'Did you mean "yes"?')),
    # columns and headers
    Case("theme among the participants' columns", {P: PARTICIPANTS.replace("therapist_id", "A.cold")}, "T03", P, 1,
         "A.cold", ("a theme stands among", "Move it to coded_segments")),
    Case("label of a theme among the columns", {P: PARTICIPANTS.replace("therapist_id", "Cold")}, "T03", P, 1, "Cold",
         ("a theme stands among", "one row for each person who has it")),
    Case("no id column", {P: PARTICIPANTS.replace("participant_id", "participnt_id")}, "T01", P, 1, "participant_id",
         ('"participant_id" is missing', 'Did you mean "participnt_id"?')),
    Case("misspelt column", {P: PARTICIPANTS.replace("therapist_id", "therapst_id")}, "T04", P, 1, "therapst_id",
         ("left aside", 'Did you mean "therapist_id"?'), "warn"),
    Case("unknown column", {P: PARTICIPANTS.replace("therapist_id", "shoe")}, "T04", P, 1, "shoe",
         ("left aside", "declare it as a covariate"), "note"),
    Case("answer in the place of a name", {P: PARTICIPANTS.replace("therapist_id", f"the {CANARY} said no more")},
         "T04", P, 1, "number 6", ("left aside",), "note"),
    Case("misspelt withdrawal", {C: CONSENT.replace("withdrawn_on", "withdrawn")}, "T16", C, 1, "withdrawn",
         ("may hold refusals", 'Did you mean "withdrawn_on"?')),
    Case("misspelt consent to quote", {S: SEGMENTS.replace("quote_consent", "quote_consnt")}, "T16", S, 1,
         "quote_consnt", ("may hold refusals", 'Did you mean "quote_consent"?')),
    Case("column twice", {P: PARTICIPANTS.replace("started_on", "age")}, "R13", P, 1, "age",
         ("Two or more columns have this name", "Rename or delete")),
    Case("header twice", {P: headed(PARTICIPANTS, PARTICIPANTS.split("\n")[0])}, "R17", P, 2, None,
         ("repeats the column names", "Delete the row")),
    Case("question texts below the header",
         {S: headed(SEGMENTS, f"Which,Who,Code,Coder,Paper,From,To,The {CANARY},Round,Memo,Quote?")}, "R18", S, 2, None,
         ("second row of headings", "Keep one row of column names")),
    Case("no header", {S: without_header(SEGMENTS)}, "T15", S, 1, None,
         ("none of the column names is known", "Allowed: segment_id, participant_id, code_id", "Add a row")),
    Case("title above the header", {P: f"Study of the {CANARY}\n{PARTICIPANTS}"}, "R52", P, 1, None,
         ("it is a title", "Delete the lines above")),
    # files
    Case("participants empty", {P: ""}, "R10", P, None, None, ("nothing in this table", "Export it again")),
    Case("segments empty", {S: "\n\n"}, "R10", S, None, None, ("nothing in this table",)),
    Case("participants header only", {P: PARTICIPANTS.split("\n")[0]}, "R11", P, None, None,
         ("column names but no rows", "Fill it in")),
    Case("consent header only", {C: CONSENT.split("\n")[0]}, "R11", C, None, None, ("column names but no rows",)),
    Case("nothing coded", {S: SEGMENTS.split("\n")[0], A: None, R: None}, "X25", S, None, None,
         ("nothing was coded", "no theme can be counted", "themewave import"), "warn"),
    Case("no participants", {P: None}, "W02", P, None, None, ("no participants file", "Put participants.csv into")),
    Case("participants twice", {"waves/w1/participants.tsv": PARTICIPANTS.replace(",", "\t")}, "W03", P, None, None,
         ("participants.csv, participants.tsv", "Keep one")),
    Case("misnamed consent", {C: None, "waves/w1/consents.csv": CONSENT}, "W07", "waves/w1/consents.csv", None, None,
         ("no table has this name", 'Did you mean "consent"?')),
    Case("consent in a format that is not read", {C: None, "waves/w1/consent.docx": "x"}, "R04",
         "waves/w1/consent.docx", None, None, ("Allowed: .csv, .tsv, .xlsx", "Save the table")),
    Case("another table", {"waves/w1/walks.csv": f"a,b\n{CANARY},2\n"}, "W07", "waves/w1/walks.csv", None, None,
         ("not read",), "note"),
    Case("wrong separator", {P: "".join(f'"{line}"\n' for line in PARTICIPANTS.splitlines())}, "R42", P, 1, None,
         ("Everything falls into one column", "Name the separator")),
    Case("separator of study.yaml wrong", {Y: added(STUDY, "columns: {separator: semicolon}")}, "R42", P, 1, None,
         ("divided by semicolon; there is comma in it",)),
    Case("short row", spoilt(P, ("P05,unhelpful,", "P05,")), "R44", P, 6, None, ("fewer values", "Allowed: 9 values")),
    Case("long row", spoilt(P, ("P05,unhelpful,", f"P05,{CANARY},unhelpful,")), "R45", P, 6, None,
         ("more values", "in quotation marks")),
    Case("NUL", spoilt(P, ("P03,", "P0\x003,")), "R22", P, 4, None, ("NUL characters", "Export the table again")),
    Case("name says csv, file is another", {P: b"PK\x03\x04" + b"x" * 50}, "R08", P, None, None,
         ("another kind of file", "save it as .csv")),
    # corrections
    Case("correction of an unknown column", spoilt(K, ("sessions_attended", "sessions_atended")), "K01", K, 2, "column",
         ("participants has no such column", 'Did you mean "sessions_attended"?')),
    Case("correction of nobody", spoilt(K, ("P11,", "P99,")), "K02", K, 2, "key", ("no row has this key",)),
    Case("correction of another value", spoilt(K, (",33,", ",34,")), "K02", K, 2, "old",
         ("no row with this key holds the old value", "the raw file may have been edited")),
    Case("correction of an absent table",
         {K: CORRECTIONS.replace("participants,P11,sessions_attended,33,3", "documents,P01,n_words,1,2"), D: None},
         "K03", K, 2, "table", ("no such table", "Remove the line")),
    Case("correction without a reason", spoilt(K, ("typing error", "")), "T05", K, 2, "reason", ("Fill it in",)),
    Case("correction to nonsense", spoilt(K, (",33,3,", f",33,{CANARY},")), "T08", P, 12, "sessions_attended",
         ("a whole number of sessions",)),
    # wave.yaml and the wave's folder
    Case("no wave.yaml", {W: None}, "Y01", W, None, None, ("there is no wave.yaml", "themewave new")),
    Case("date of another country", spoilt(W, ("opened: 2024-01-01", "opened: 01.01.2024")), "Y06", W, 1, "opened",
         ("a date such as 2024-03-28", "First day of data collection")),
    Case("wave that closes first", spoilt(W, ("closed: 2024-03-31", "closed: 2023-03-31")), "X21", W, 2, "closed",
         ("closes before it opens",)),
    Case("more people than accepted", spoilt(W, ("n_invited: 15", "n_invited: 5")), "X23", W, 6, "n_invited",
         ("fewer people accepted", "leave both out")),
    Case("unplanned look", spoilt(W, ("look: 1", "look: 3")), "X22", W, 5, "look", ("not planned", "at most 1"),
         "warn"),
    Case("sampling weights", {W: added(WAVE, "weights: w")}, "X22", W, 8, "weights",
         ("no analysis uses sampling weights",), "warn"),
    Case("theme of a later codebook", spoilt(W, ('codebook_version: "1"', 'codebook_version: "0.9"')), "X04", S, 6,
         "code_id", ("later codebook version", "Correct codebook_version"), "warn"),
    Case("source outside", {W: added(WAVE, "sources: [{file: ../../../p.csv, table: participants}]")}, "W04", W, 8,
         "sources.file", ("a file in the folder of its wave", "a path without ..")),
    Case("absolute source", {W: added(WAVE, f"sources: [{{file: /{CANARY}.csv, table: participants}}]")}, "W04", W, 8,
         "sources.file", ("Put the file there",)),
    Case("source without a table", {W: added(WAVE, "sources: [{file: export.qdpx}]")}, "W04", W, 8, "sources.table",
         ("is not read", "themewave import"), "warn"),
    Case("source in an unread format", {W: added(WAVE, "sources: [{file: p.qdpx, table: documents, format: qdpx}]")},
         "W04", W, 8, "sources.format", ("not read in this format", "Allowed: csv, tsv")),
    Case("two projects", {W: added(WAVE, "sources: [{file: a.qda, format: qualcoder}, {file: b.csv, format: matrix}]")},
         "W12", W, None, None, ("several projects", "Name one")),
    Case("source that is not there", {W: added(WAVE, "sources: [{file: people.csv, table: participants}]")}, "R01",
         "waves/w1/people.csv", None, None, ("no ordinary file", "Check the spelling")),
    Case("wave without a folder", spoilt(Y, ("waves: [w1]", "waves: [w1, w2]")), "W05", "waves/w2", None, None,
         ("no folder", "take the wave out of `waves:`")),
    Case("folder that is not listed", {"waves/w0/wave.yaml": WAVE}, "W06", "waves/w0", None, None,
         ("does not list this wave",), "warn"),
    # codebook
    Case("cyclic codebook", spoilt(B, ("{id: A, label: How", "{id: A, parent: A.cold, label: How")), "C03", B, 2,
         "parent", ('stand above themselves: "A", "A.cold"', "another parent")),
    Case("theme that is its own parent", spoilt(B, ("{id: A, label: How", "{id: A, parent: A, label: How")), "C03",
         B, 2,
         "parent", ("stand above themselves",)),
    Case("theme id twice", {B: added(CODEBOOK, "  - {id: A.cold, label: Again}")}, "C01", B, 8, "id",
         ('"A.cold" stands more than once', "Keep one entry")),
    Case("theme ids that differ in case", {B: added(CODEBOOK, "  - {id: a.cold, label: Again}")}, "C07", B, 8, "id",
         ("nothing but case",)),
    Case("unknown parent", {B: added(CODEBOOK, "  - {id: C.x, label: X, parent: A.could}")}, "C02", B, 8, "parent",
         ('the parent of "C.x"', 'Did you mean "A.cold"?')),
    Case("unknown successor", {B: added(CODEBOOK, "  - {id: C.x, label: X, replaced_by: B.skils}")}, "C05", B, 8,
         "replaced_by", ('Did you mean "B.skills"?',)),
    Case("theme without an id", {B: added(CODEBOOK, "  - {label: X}")}, "Y08", B, 8, "themes.id",
         ('"id" is missing', "Add it")),
    Case("theme id with a space", {B: added(CODEBOOK, f"  - {{id: x {CANARY}, label: X}}")}, "Y09", B, 8, "themes.id",
         ("none of: space , ; |",)),
    Case("two codebooks", {"codebook.csv": "id,label\nA,x\n"}, "C06", "codebook.csv", None, None,
         ("Keep one of them",)),
    Case("no codebook", {B: None}, "Y01", B, None, None, ("there is no codebook.yaml",)),
    Case("unknown status in codebook.csv", {B: None, "codebook.csv": f"id,label,status\nA,x,\nB,y,{CANARY}\n"}, "Y09",
         "codebook.csv", 3, "status", ("Allowed: active, optional, retired",)),
    Case("misspelt column of codebook.csv", {B: None, "codebook.csv": "id,label,parrent\nA,x,\n"}, "C04",
         "codebook.csv", 1, "parrent", ('Did you mean "parent"?', "Allowed: id, label, parent")),
    # study.yaml
    Case("misspelt key", {Y: added(STUDY, "multiplicty: holm")}, "Y07", Y, 24, "multiplicty",
         ("not known", 'Did you mean "multiplicity"?')),
    Case("misspelt required key", spoilt(Y, ("tradition:", "traditoin:")), "Y07", Y, 3, "traditoin",
         ('Did you mean "tradition"?', "Correct or remove it")),
    Case("key that is free text", {Y: added(STUDY, f"the {CANARY} of Leeds sang today: 1")}, "Y07", Y, 24,
         "(unusual name)", ("Allowed: study, title",)),
    Case("key twice", spoilt(Y, ("title: A tiny study", "title: A tiny study\ntitle: Another")), "Y05", Y, 3, "title",
         ("stands twice", "Keep one")),
    Case("value that is not allowed", {Y: added(STUDY, f"multiplicity: {CANARY}")}, "Y09", Y, 24, "multiplicity",
         ("Allowed: minp, holm, bh", "Correct it")),
    Case("no title", spoilt(Y, ("title: A tiny study", "title:")), "Y06", Y, 2, "title",
         ("nothing stands where a text belongs", "Title of every report")),
    Case("tag", spoilt(Y, ("title: A tiny study", f"title: !!python/name:os.{CANARY} ''")), "Y04", Y, 2, None,
         ("tags (!)", "Write the value out")),
    Case("alias", spoilt(Y, ("waves: [w1]", "waves: &w [w1]")), "Y04", Y, 6, None, ("anchors (&)",)),
    Case("no YAML", spoilt(Y, ("  groups: [", f"  groups: [[{CANARY}")), "Y03", Y, 9, None, ("Check indentation",)),
    Case("not UTF-8", {Y: STUDY.replace("tiny", "schön").encode("cp1252")}, "Y03", Y, 1, None, ("Save it as UTF-8",)),
    Case("unknown reference", spoilt(Y, ("reference: helpful", "reference: helpfull")), "S02", Y, 9,
         "outcome.reference", ("not one of the groups", 'Did you mean "helpful"?')),
    Case("group called all", spoilt(Y, ("[helpful, unhelpful, mixed,", "[helpful, unhelpful, mixed, all,")), "S02",
         Y, 8,
         "outcome.groups", ("cannot name a group",)),
    Case("rule without a condition", spoilt(Y, ("when: {dropout: declared}", "when: {}")), "S03", Y, 11,
         "outcome.from.when", ("to everybody", "Say what must hold")),
    Case("rule with nothing behind its condition", spoilt(Y, ("when: {dropout: declared}", "when: {dropout: }")), "Y06",
         Y, 11, "outcome.from.when.dropout", ("nothing stands where",)),
    Case("rule for an unknown level", spoilt(Y, (MIXED, f"{{perceived_helpfulness: {CANARY}}}")),
         "S12", Y, 14, "outcome.from.when.perceived_helpfulness", ("Allowed: helpful, unhelpful, mixed, not_stated",)),
    Case("rule for an unknown column", spoilt(Y, (MIXED, "{percieved_helpfulness: mixed}")),
         "S12", Y, 14, "outcome.from.when.percieved_helpfulness", ('Did you mean "perceived_helpfulness"?',)),
    Case("group that no rule reaches", spoilt(Y, ("    - {group: mixed, when: {perceived_helpfulness: mixed}}\n", "")),
         "S11", Y, 10, "outcome.from", ("no rule leads to mixed",), "warn"),
    Case("definition with two rules", spoilt(Y, (HALF, "{share_of_plan_below: 0.5, column: x}")),
         "S04", Y, 17, "dropout_definitions.under_half", ("exactly one rule",)),
    Case("definition by a derived column",
         spoilt(Y, (HALF, "{column: dropout_declared, values: [x]}")), "S04", Y, 17,
         "dropout_definitions.under_half.column", ("derived or an id",)),
    Case("model of an unknown theme", spoilt(Y, ("themes: [A.cold]", "themes: [A.clod]")), "S05", Y, 21,
         "termination_models.themes", ('Did you mean "A.cold"?',)),
    Case("model with a theme and its parent", spoilt(Y, ("themes: [A.cold]", "themes: [A.cold, A]")), "S05", Y, 21,
         "termination_models.themes", ("the upper theme contains the lower one",)),
    Case("id as a covariate", spoilt(Y, ("      age: {", "      participant_id: {")), "S06", Y, 23,
         "termination_models.covariates.participant_id", ("it is no covariate",)),
    Case("misspelt level of a covariate",
         spoilt(Y, (AGE, "      format: {type: category, levels: [individual, gruop]")),
         "S06", Y, 23, "termination_models.covariates.format.levels", ('Did you mean "group"?',)),
    Case("covariate that nobody has", spoilt(Y, ("      age: {", "      distance: {")), "X18", P, None, "distance",
         ("missing or empty throughout",), "warn"),
    Case("strata by a column that nobody has", {Y: added(STUDY, "strata: [sight_id]")}, "S13", Y, 24, "strata",
         ('Did you mean "site_id"?',)),
    Case("strata by what decides about the outcome", {Y: added(STUDY, "strata: [perceived_helpfulness]")}, "S13", Y, 24,
         "strata", ("decides about the outcome group",)),
    Case("strata by a number", {Y: added(STUDY, "strata: [age]")}, "S13", Y, 24, "strata", ("makes no strata",)),
    Case("item that no checklist has", {Y: added(STUDY, "reporting: {manuscript: {COREQ 33: page 4}}")}, "S14", Y, 24,
         "reporting.manuscript.COREQ 33", ('Did you mean "COREQ 3',), "warn"),
    Case("exact counts without a reason", {Y: added(STUDY, "privacy: {counts: exact}")}, "S07", Y, 24, "privacy.reason",
         ("a written reason", "counts: midpoint6")),
    Case("prediction after the outcome", {Y: added(STUDY, "claim: prediction")}, "S08", Y, 24, "claim",
         ("cannot predict it", "claim: association")),
    Case("name mapped to nothing", {Y: added(STUDY, "columns: {Alter: aeg}")}, "S09", Y, 24, "columns.Alter",
         ("a column that no table has",)),
    Case("mapped name that is not there", {Y: added(STUDY, "columns: {Alter: age}")}, "W08", Y, None, "columns.Alter",
         ("no table of wave w1",), "warn"),
    Case("unknown encoding", {Y: added(STUDY, "columns: {encoding: latin}")}, "S09", Y, 24, "columns.encoding",
         ("Allowed: utf-8",)),
    Case("key in a relative place", {Y: added(STUDY, "pseudonym_key: secret.key")}, "S10", Y, 24, "pseudonym_key",
         ("outside the study folder", "a path that starts with / or ~")),
    # nobody to compare
    Case("one outcome group", {P: f"{PARTICIPANTS.splitlines()[0]}\n{ONE_GROUP}\n"}, "X24", P, None, None,
         ("there is no comparison group, so no test",), "note"),
    Case("empty reference group", {P: PARTICIPANTS.replace(",helpful,", ",mixed,")}, "X24", P, None, None,
         ("nobody who is analysed is in the reference group", "Allowed: unhelpful, mixed, dropped_out"), "warn"),
    Case("nobody left", {P: f"{PARTICIPANTS.splitlines()[0]}\n{NOBODY}\n"}, "X01", P, None, None,
         ("nobody is left to analyse", "therapy still under way (11)")),
    Case("nobody agreed", {C: CONSENT.replace(",analyse,", ",share,")}, "X01", P, None, None,
         ("no consent to analysis, or withdrawn (12)",)),
    Case("outcome column missing", {Y: OWN_GROUPS}, "X09", P, None, "outcome_group", ("missing or empty throughout",)),
    Case("outcome column beside rules", {P: WITH_GROUP.replace(",x", ",mixed")}, "X17", P, None, "outcome_group",
         ("is not used",), "warn"),
]  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def place(finding: Finding) -> tuple[str, str, str, int | None, str | None]:
    return finding.level, finding.code, finding.file, finding.line, finding.column


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_problem_is_said_in_its_place_and_nothing_is_repeated_or_written(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path / "study", case.files)
    before = contents(tmp_path)
    code = main(["check", str(study), "--json"])
    out, err = capsys.readouterr()
    assert code == (1 if case.level == "stop" else 0)
    found = [Finding(**record) for record in json.loads(out)]
    expected = (case.level, case.code, case.file, case.line, case.column)
    assert expected in [place(finding) for finding in found]
    here = next(finding for finding in found if place(finding) == expected)
    assert all(part in str(here) for part in case.says), str(here)
    assert here.what.endswith(".")
    assert here.fix
    for secret in (CANARY, *case.never):
        assert secret not in out + err
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "case", {case.code: case for case in CASES if case.level == "stop"}.values(), ids=lambda case: case.code
)
def test_a_run_stops_at_the_same_findings_and_writes_nothing(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path / "study", case.files)
    before = contents(tmp_path)
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 1
    out, err = capsys.readouterr()
    assert [str(finding) for finding in check_study(study)] == err.splitlines()
    assert CANARY not in out + err
    assert contents(tmp_path) == before


def test_the_study_that_is_spoilt_has_nothing_wrong_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(write_study(tmp_path))]) == 0
    assert capsys.readouterr().out == "0 to mend, 0 to look at, 0 to know.\n"


def test_all_problems_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    files: Files = {
        **spoilt(Y, ("reference: helpful", "reference: helpfull")),
        **spoilt(B, ("{id: B, label", "{id: B, parent: B.skills, label")),
        **spoilt(W, ("opened: 2024-01-01", "opened: 01.01.2024")),
        **spoilt(P, ("P05,unhelpful", "P04,unhelpfull"), ("T1,22", "T1,-22")),
        **spoilt(S, ("P06,A.cold", "P06,A.clod"), ("S08,P11", "S08,P70")),
        **spoilt(C, ("P12,analyse,yes", "P12,analyze,yes")),
        **spoilt(K, (",33,", ",34,")),
    }
    found = {place(finding)[1:] for finding in check_study(write_study(tmp_path, files))}
    assert {
        ("S02", Y, 9, "outcome.reference"),
        ("C03", B, 5, "parent"),
        ("Y06", W, 1, "opened"),
        ("T06", P, 6, "perceived_helpfulness"),
        ("T13", P, 6, "participant_id"),
        ("T09", P, 11, "age"),
        ("X03", S, 8, "code_id"),
        ("X02", S, 11, "participant_id"),
        ("T06", C, 13, "scope"),
        ("K02", K, 2, "old"),
    } <= found


def test_a_study_yaml_that_cannot_be_used_says_that_no_wave_was_looked_at(tmp_path: Path) -> None:
    study = write_study(tmp_path, {**spoilt(Y, ("tradition: codebook\n", "")), B: None})
    found = check_study(study)
    assert [(f.level, f.code, f.file) for f in found] == [
        ("stop", "Y01", "codebook.yaml"),
        ("stop", "Y08", "study.yaml"),
        ("note", "W09", "waves"),
    ]


def test_json_holds_every_finding_with_its_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write_study(tmp_path, spoilt(P, ("T1,38", f"T1,{CANARY}")))
    assert main(["check", str(study), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "level": "stop",
            "code": "T08",
            "file": P,
            "what": "a word of 10 characters stands where a number belongs.",
            "fix": "Correct it, or leave it empty if unknown.",
            "line": 6,
            "column": "age",
            "sheet": None,
            "allowed": "a number of years",
        }
    ]


@pytest.mark.parametrize("given", ["no-such-folder", "study.yaml", "a\0b", "~nobody-of-this-name/study"])
def test_a_study_that_is_not_there_is_said(
    given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_study(tmp_path))
    assert main(["check", given]) == 1
    assert (
        "stop S01  study: there is no such folder. Allowed: a folder that holds a study.yaml."
        in capsys.readouterr().out
    )


def test_a_wave_that_is_asked_for_twice_is_checked_once(tmp_path: Path) -> None:
    study = write_study(tmp_path, spoilt(P, ("T1,38", "T1,x")))
    assert len(check_study(study, ["w1", "w1"])) == 1


def test_an_unknown_wave_is_said_and_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write_study(tmp_path)), "--wave", CANARY]) == 1
    out = capsys.readouterr().out
    assert "stop W01  wave: study.yaml lists no such wave. Allowed: w1." in out
    assert CANARY not in out


@pytest.mark.parametrize("repeated", ["independent", "panel"])
def test_the_same_people_in_two_waves_are_said_unless_the_study_is_a_panel(
    repeated: str, tmp_path: Path
) -> None:
    second = {name.replace("w1", "w2"): text for name, text in FILES.items() if name.startswith("waves/")}
    second["waves/w2/wave.yaml"] = WAVE.replace("look: 1", "look: 2")
    study = STUDY.replace("waves: [w1]", "waves: [w1, w2]") + f"repeated: {repeated}\nplanned_looks: 2\n"
    found = check_study(write_study(tmp_path, {**second, Y: study}))
    expected = [("warn", "X13", "waves/w2/participants.csv", 2, "participant_id")]
    assert [place(f) for f in found] == (expected if repeated == "independent" else [])


@pytest.mark.parametrize(
    "facts", [WAVE, WAVE.replace("look: 1", "look: 2").replace("opened: 2024", "opened: 2023")]
)
def test_waves_that_do_not_follow_one_another_are_said(facts: str, tmp_path: Path) -> None:
    second: Files = {name.replace("w1", "w2"): text for name, text in FILES.items() if "waves/" in name}
    study = STUDY.replace("waves: [w1]", "waves: [w1, w2]") + "repeated: panel\nplanned_looks: 2\n"
    found = check_study(write_study(tmp_path, {**second, Y: study, "waves/w2/wave.yaml": facts}))
    assert [place(f) for f in found] == [("warn", "W10", Y, None, "waves")]


def test_a_study_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    assert check_study(write_study(tmp_path / "Größe – “ä b” 日本 's")) == []


def spoilt_folder(tmp_path: Path, spoil: Callable[[Path], object]) -> list[tuple[str, str]]:
    study = write_study(tmp_path / "study")
    spoil(study)
    return [(finding.code, finding.file) for finding in check_study(study)]


def test_a_table_that_is_a_link_out_of_the_study_is_not_followed(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).rename(tmp_path / "outside.csv")
        (study / P).symlink_to(tmp_path / "outside.csv")

    assert spoilt_folder(tmp_path, spoil) == [("R03", P)]


def test_a_table_may_be_a_link_inside_the_study(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).rename(study / "raw.csv")
        (study / P).symlink_to(study / "raw.csv")

    assert spoilt_folder(tmp_path, spoil) == []


@pytest.mark.parametrize("target", ["participants.csv", "nowhere.csv"])
def test_a_link_that_leads_nowhere_is_said(target: str, tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).unlink()
        (study / P).symlink_to(target)

    assert spoilt_folder(tmp_path, spoil) == [("R01", P)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its file system")
def test_a_pipe_is_no_table_and_is_not_waited_for(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).unlink()
        os.mkfifo(study / P)

    assert spoilt_folder(tmp_path, spoil) == [("R01", P)]


def test_files_of_programs_and_systems_beside_the_tables_are_no_tables(tmp_path: Path) -> None:
    files: Files = {
        f"waves/w1/{name}": "x" for name in (".~lock.consent.csv#", "~$consent.xlsx", ".DS_Store")
    }
    assert check_study(write_study(tmp_path, files)) == []


def test_a_file_beside_the_one_that_is_read_is_said(tmp_path: Path) -> None:
    found = check_study(write_study(tmp_path, {"waves/w1/participants.xls": "x"}))
    assert [place(f) for f in found] == [("note", "W07", "waves/w1/participants.xls", None, None)]


def test_a_compressed_table_is_refused_and_not_overlooked(tmp_path: Path) -> None:
    found = check_study(write_study(tmp_path, {C: None, "waves/w1/consent.csv.gz": "x"}))
    assert [place(f) for f in found] == [("stop", "R04", "waves/w1/consent.csv.gz", None, None)]


def test_names_and_endings_may_be_in_capitals(tmp_path: Path) -> None:
    assert check_study(write_study(tmp_path, {P: None, "waves/w1/Participants.CSV": PARTICIPANTS})) == []


def test_a_workbook_with_two_filled_sheets_needs_the_name_of_one(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).unlink()
        book = openpyxl.Workbook()
        for sheet in (book.active, book.create_sheet("people")):
            for line in PARTICIPANTS.splitlines():
                sheet.append(line.split(","))
        book.save(study / "waves/w1/participants.xlsx")

    assert spoilt_folder(tmp_path, spoil) == [("R60", "waves/w1/participants.xlsx")]
    named = WAVE + "sources: [{file: participants.xlsx, table: participants, sheet: people}]\n"
    (tmp_path / "study" / W).write_text(named, encoding="utf-8")
    assert check_study(tmp_path / "study") == []


def test_a_separator_for_csv_files_does_not_concern_workbooks(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).unlink()
        (study / Y).write_text(STUDY + "columns: {separator: ',', encoding: utf-8}\n", encoding="utf-8")
        book = openpyxl.Workbook()
        for line in PARTICIPANTS.splitlines():
            book.active.append(line.split(","))
        book.save(study / "waves/w1/participants.xlsx")

    assert spoilt_folder(tmp_path, spoil) == []


def test_a_source_may_have_any_ending_if_its_format_is_said(tmp_path: Path) -> None:
    named = WAVE + "sources: [{file: raw/people.txt, table: participants, format: csv}]\n"
    assert (
        check_study(write_study(tmp_path, {P: None, "waves/w1/raw/people.txt": PARTICIPANTS, W: named})) == []
    )


def test_many_wrong_rows_are_counted_after_the_first_ten(tmp_path: Path) -> None:
    bad = PARTICIPANTS.replace(",helpful,", ",x,").replace(",unhelpful,", ",x,").replace(",mixed,", ",x,")
    found = check_study(write_study(tmp_path, {P: bad.replace(",not_stated,", ",x,")}))
    rows = [f for f in found if (f.code, f.column) == ("T06", "perceived_helpfulness")]
    assert [f.line for f in rows] == list(range(2, 13))
    assert rows[-1].what == "2 more rows of this column do not fit either."


def test_the_message_of_a_stop_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write_study(tmp_path, spoilt(S, ("S05,P06", "S05,P66")))
    main(["check", str(study)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("2 to mend, ")
    assert (
        "stop X02  waves/w1/coded_segments.csv, line 8, column participant_id: this participant is not in "
        "participants. Add the person to participants, or correct the id here in all rows."
    ) in lines
