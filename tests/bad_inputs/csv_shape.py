"""Bad inputs: how rows and columns are told apart in a text file."""

from __future__ import annotations

import os
from pathlib import Path

from bad_inputs.case import (
    ASSIGNMENTS,
    CANARY,
    CONSENT,
    PARTICIPANTS,
    SEGMENTS,
    STUDY,
    WORDS,
    A,
    C,
    Case,
    P,
    R,
    S,
    Y,
    added,
    headed,
    spoilt,
    without_header,
)


def with_decimals(separator: str) -> str:
    """The participants with an age of 38,5 years in a file that is not divided by commas."""
    return PARTICIPANTS.replace("T1,38", "T1,38.5").replace(",", separator).replace("38.5", "38,5")


def as_report(text: str) -> str:
    """A table as a web page, which several systems call a spreadsheet."""
    cells = ("".join(f"<td>{value}</td>" for value in line.split(",")) for line in text.splitlines())
    return "<html><body><table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table></body></html>"


def enormous(path: Path) -> None:
    """A file of two gigabytes that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)


LINES = PARTICIPANTS.splitlines()
SHIFTED = LINES[0] + "\n" + "".join(f"{i},{line}\n" for i, line in enumerate(LINES[1:], start=1))
WITH_NUMBERS = "," + SHIFTED
TWO_HEADERS = "\n".join([LINES[0], *LINES[1:7], LINES[0], *LINES[7:]]) + "\n"
SWALLOWING = SEGMENTS.replace(f"{WORDS} Once.", f'"{WORDS} Once.').replace(
    f"{WORDS} Seldom.", f'{WORDS} Seldom."'
)

CASES = [
    # what stands in the first rows
    Case("no header", {S: without_header(SEGMENTS)}, "T15", S, 1, None,
         ("none of the column names is known", "Allowed: segment_id, participant_id, code_id", "Add a row")),
    Case("title above the header", {P: f"Study of the {CANARY}\n{PARTICIPANTS}"}, "R52", P, 1, None,
         ("it is a title", "Delete the lines above")),
    Case("title above the header with separators", {P: f"Study of the {CANARY},,,,,,,,\n{PARTICIPANTS}"}, "R12", P, 1,
         "number 2", ("title lines stand above",)),
    Case("header twice", {P: headed(PARTICIPANTS, LINES[0])}, "R17", P, 2, None,
         ("repeats the column names", "Delete the row")),
    Case("header again where two files were joined", {P: TWO_HEADERS}, "R17", P, 8, None,
         ("none of their rows stands twice",)),
    Case("question texts below the header",
         {S: headed(SEGMENTS, f"Which,Who,Code,Coder,Paper,From,To,The {CANARY},Round,Memo,Quote?")}, "R18", S, 2, None,
         ("second row of headings", "Keep one row of column names")),
    Case("marks of a survey program below the header",
         {S: headed(SEGMENTS, ",".join(f'"{{""ImportId"":""Q{i}""}}"' for i in range(11)))}, "R18", S, 2, None,
         ("export without question texts",)),
    Case("units below the header", {P: headed(PARTICIPANTS, "id,answer,way,sessions,sessions,who,years,date,date")},
         "R18", P, 2, None, ("second row of headings",)),
    # columns
    Case("column twice", {P: PARTICIPANTS.replace("started_on", "age")}, "R13", P, 1, "age",
         ("Two or more columns have this name", "Rename or delete")),
    Case("column twice but for capitals", {P: PARTICIPANTS.replace("therapist_id", "Age")}, "R14", P, 1, "Age",
         ("differs from that of another column only in capitals",), "warn", rows={"participants": 12}),
    Case("column without a name", {P: PARTICIPANTS.replace("therapist_id", "")}, "R12", P, 1, "number 6",
         ("holds values but has no name", "Give it a name")),
    Case("row numbers in a column without a name", {P: WITH_NUMBERS}, "R12", P, 1, "number 1",
         ("holds values but has no name",)),
    Case("empty columns to the right", {P: PARTICIPANTS.replace("\n", ",,\n")}, "R15", P, 1, None,
         ("without a name and without any value were left out: 2",), "note"),
    Case("every value one column to the right", {P: SHIFTED}, "R46", P, 2, None,
         ("one value more than there are column names", "9 values", "delete the row numbers")),
    Case("a separator at the end of every row", {P: LINES[0] + "\n" + "".join(f"{x},\n" for x in LINES[1:])}, "R46",
         P, 2, None, ("the last separator of each row",)),
    Case("more columns than any table has", {P: LINES[0] + "".join(f",x{i}" for i in range(5001)) + "\n"}, "R19", P, 1,
         None, ("at most 5000 columns", "Keep only the columns")),
    # rows
    Case("short row", spoilt(P, ("P05,unhelpful,", "P05,")), "R44", P, 6, None, ("fewer values", "Allowed: 9 values")),
    Case("long row", spoilt(P, ("P05,unhelpful,", f"P05,{CANARY},unhelpful,")), "R45", P, 6, None,
         ("more values", "in quotation marks")),
    Case("short and long rows together", spoilt(P, ("P05,unhelpful,", "P05,"), ("P08,mixed,", "P08,mixed,x,")), "R45",
         P, 9, None, ("more values",)),
    Case("a row that was cut off at the end of the file", {P: PARTICIPANTS[:-20]}, "R44", P, 13, None,
         ("fewer values", "missing separator")),
    Case("a line break inside an answer without quotation marks",
         spoilt(S, (f"{WORDS} Once.", f"{WORDS}\nOnce.")), "R44", S, 8, None, ("line break inside an answer",)),
    Case("blank rows between the others", {P: PARTICIPANTS.replace("P05,", "\n\nP05,", 1)}, "R16", P, None, None,
         ("were left out: 2",), "note"),
    Case("rows of separators between the others", {P: PARTICIPANTS.replace("P05,", ",,,,,,,,\nP05,", 1)}, "R16", P,
         None, None, ("were left out: 1",), "note"),
    Case("totals below the table", {P: added(PARTICIPANTS, "Total,,,138,108,,453,,")}, "T18", P, 14, "participant_id",
         ("looks like a total and not like a person", "Delete the row")),
    Case("remarks below the table", {P: added(PARTICIPANTS, f"exported by the {CANARY}")}, "R44", P, 14, None,
         ("fewer values",)),
    # quotation marks
    Case("a quotation mark that is never closed", spoilt(S, (f"{WORDS} Once.", f'"{WORDS} Once.')), "R47", S, 8, None,
         ("not closed where a value ends", "write a quotation mark inside a quoted answer twice")),
    Case("a quotation mark that is closed inside a value", spoilt(S, (f"{WORDS} Once.", f'"{WORDS}" Once.')), "R47", S,
         8, None, ("Close it",)),
    Case("two quotation marks that swallow the rows between them", {S: SWALLOWING}, "R48", S, 8, None,
         ("swallowed the rows below it", "Delete the stray quotation marks")),
    Case("quotation marks in the middle of an answer", spoilt(S, (f"{WORDS} Once.", f'{WORDS} "Once".')), "", S,
         like=spoilt(S, (f"{WORDS} Once.", f'"{WORDS} ""Once""."'))),
    Case("whole rows in quotation marks", {P: "".join(f'"{line}"\n' for line in LINES)}, "R42", P, 1, None,
         ("Everything falls into one column", "Name the separator")),
    # separators and decimal marks
    Case("semicolons", {P: PARTICIPANTS.replace(",", ";")}, "R40", P, None, None, ("semicolon, which was used",),
         "note"),
    Case("tabs in a .csv", {P: PARTICIPANTS.replace(",", "\t")}, "R40", P, None, None, ("tab, which was used",),
         "note"),
    Case("vertical bars", {P: PARTICIPANTS.replace(",", "|")}, "R40", P, None, None, ("vertical bar, which was used",),
         "note"),
    Case("commas in a .tsv", {P: None, "waves/w1/participants.tsv": PARTICIPANTS}, "R40", "waves/w1/participants.tsv",
         None, None, ("comma, which was used",), "note"),
    Case("a line that declares the separator", {P: "sep=;\n" + PARTICIPANTS.replace(",", ";")}, "", P),
    Case("two separators that fit alike", {R: "segment_id,text_sha256;decision\nS01,x;release\n"}, "R41", R, 1, None,
         ("More than one separator would divide every row alike", "one of")),
    Case("separator of study.yaml wrong", {Y: added(STUDY, "columns: {separator: semicolon}")}, "R42", P, 1, None,
         ("divided by semicolon; there is comma in it",)),
    Case("decimal commas between semicolons", {P: with_decimals(";")}, "T08", P, 6, "age",
         ("Set `decimal_mark` in study.yaml",)),
    Case("decimal commas that are declared", {P: with_decimals(";"), Y: added(STUDY, "columns: {decimal_mark: ','}")},
         "R40", P, None, None, ("semicolon",), "note", like=spoilt(P, ("T1,38", "T1,38.5"))),
    Case("decimal commas between commas", spoilt(P, ("T1,38", "T1,38,5")), "R45", P, 6, None,
         ("decimal numbers that contain the separator",)),
    # nothing, or something else
    Case("participants empty", {P: ""}, "R10", P, None, None, ("nothing in this table", "Export it again")),
    Case("segments of blank lines", {S: "\n\n"}, "R10", S, None, None, ("nothing in this table",)),
    Case("consent of a mark alone", {C: b"\xef\xbb\xbf"}, "R10", C, None, None, ("nothing in this table",)),
    Case("assignments of separators alone", {A: ",,\n,,\n"}, "R10", A, None, None, ("nothing in this table",)),
    Case("participants header only", {P: LINES[0]}, "R11", P, None, None, ("column names but no rows", "Fill it in")),
    Case("consent header only", {C: CONSENT.split("\n")[0]}, "R11", C, None, None, ("column names but no rows",)),
    Case("assignments header only", {A: ASSIGNMENTS.split("\n")[0]}, "R11", A, None, None,
         ("remove the file if this table is not used",), "warn", rows={"assignments": 0}),
    Case("a workbook called .csv", {P: b"PK\x03\x04" + b"x" * 50}, "R08", P, None, None,
         ("another kind of file", "save it as .csv")),
    Case("an old workbook called .csv", {P: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 50}, "R08", P, None, None,
         ("another kind of file",)),
    Case("a compressed file called .csv", {P: b"\x1f\x8b\x08" + b"x" * 50}, "R08", P, None, None,
         ("another kind of file",)),
    Case("a web page called .csv", {P: as_report(PARTICIPANTS)}, "R08", P, None, None, ("another kind of file",)),
    Case("a formatted document called .csv", {P: "{\\rtf1 " + PARTICIPANTS + "}"}, "R08", P, None, None,
         ("another kind of file",)),
    Case("a pickle called .csv", {P: b"\x80\x04\x95\x10\x00\x00\x00cos\nsystem\n" + CANARY.encode()}, "R08", P, None,
         None, ("another kind of file",)),
    Case("a file of two gigabytes", {P: enormous}, "R06", P, None, None, ("at most 50 MB", "Keep only the rows")),
    Case("an answer longer than any interview", spoilt(S, (f"{WORDS} Once.", "word " * 210_000)), "R20", S, 8, None,
         ("longer than any answer or interview", "at most 1000000 characters")),
    Case("a compressed table", {C: None, "waves/w1/consent.csv.gz": b"\x1f\x8b\x08"}, "R04",
         "waves/w1/consent.csv.gz", None, None, ("Allowed: .csv, .tsv, .xlsx", "not compressed")),
    Case("a table in an old format", {C: None, "waves/w1/consent.xls": b"\xd0\xcf\x11\xe0"}, "R04",
         "waves/w1/consent.xls", None, None, ("Save the table in one of the formats",)),
    Case("a pickled table", {C: None, "waves/w1/consent.pkl": b"\x80\x04."}, "R04", "waves/w1/consent.pkl", None, None,
         ("Allowed: .csv",)),
    Case("consent as a document", {C: None, "waves/w1/consent.docx": "x"}, "R04", "waves/w1/consent.docx", None, None,
         ("Allowed: .csv, .tsv, .xlsx", "Save the table")),
    # what is no ordinary file
    Case("a table that is a folder", {P: lambda path: path.mkdir()}, "R01", P, None, None,
         ("no ordinary file", "a folder is not a table")),
    Case("a table that is a link to itself", {P: lambda path: path.symlink_to(path.name)}, "R01", P, None, None,
         ("no ordinary file",)),
    Case("a table that is a link to nowhere", {P: lambda path: path.symlink_to("gone.csv")}, "R01", P, None, None,
         ("Check the spelling",)),
    Case("a table that is a link out of the study", {P: lambda path: path.symlink_to("/etc/hostname")}, "R03", P, None,
         None, ("leads out of the study folder", "Put the file itself")),
    Case("a table that is a pipe", {P: getattr(os, "mkfifo", Path.mkdir)}, "R01", P, None, None, ("no ordinary file",)),
]  # fmt: skip
