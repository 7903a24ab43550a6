"""Bad inputs: who is who."""

from __future__ import annotations

import re

from bad_inputs.case import CANARY, FILES, SEGMENTS, STUDY, Case, D, P, S, Y, added, spoilt


def everywhere(new: str, old: str = "P05") -> dict[str, str]:
    """Every table of the study with one person called otherwise."""
    return {
        name: re.sub(rf"\b{old}\b", new, text)
        for name, text in FILES.items()
        if name.endswith(".csv") and re.search(rf"\b{old}\b", text)
    }


def in_participants(new: str) -> dict[str, str | bytes | None]:
    """The participants with one id spoilt."""
    return spoilt(P, ("P05,unhelpful", f"{new},unhelpful"))


ID = "participant_id"
# What the sound study has; who has another name is nobody less.
ALL = {
    "participants": 12,
    "segments": 10,
    "assignments": 14,
    "documents": 11,
    "consent": 17,
    "quote_reviews": 2,
}
CASES = [
    Case("id missing", in_participants(""), "T05", P, 6, ID, ("the cell is empty", "Fill it in, or remove the row")),
    Case("id of blanks", in_participants("   "), "T05", P, 6, ID, ("the cell is empty",)),
    Case("id that stands for missing by declaration", {**everywhere("999"), Y: added(
        STUDY, "columns: {missing: ['999']}")}, "T05", P, 6, ID, ("the cell is empty",)),
    Case("id twice", in_participants("P04"), "T13", P, 6, ID, ("stands in an earlier row", "Keep one row")),
    Case("id twice but for blanks", in_participants(" P04 "), "T13", P, 6, ID, ("stands in an earlier row",)),
    Case("id twice but for a no-break space", in_participants("P04\u00a0"), "T13", P, 6, ID, ("in an earlier row",)),
    Case("id in another case", in_participants("p04"), "T14", P, 6, ID,
         ("case or leading zeros", "Give two people two ids")),
    Case("id without its zero", in_participants("P4"), "T14", P, 6, ID,
         ("case or leading zeros", "one person one spelling")),
    Case("leading zeros that are kept", everywhere("007"), "", P, rows=ALL),
    Case("id called NA", everywhere("NA"), "T17", P, 6, ID,
         ("a word that often stands for a missing value", "read as an id"), "warn", rows=ALL),
    Case("id called None", everywhere("None"), "T17", P, 6, ID, ("often stands for a missing value",), "warn",
         rows=ALL),
    Case("id of a hyphen", everywhere("-"), "T17", P, 6, ID, ("often stands for a missing value",), "warn",
         rows=ALL),
    Case("id of sixteen digits", everywhere("4556737586899855"), "", P, rows=ALL,
         never=("4556737586899855",)),
    Case("id that a spreadsheet made a number", in_participants("12E5"), "T10", P, 6, ID,
         ("scientific notation", "restore it from the source"), never=("12E5",)),
    Case("id in scientific notation", in_participants("1.2E+15"), "T10", P, 6, ID,
         ("scientific notation", "restore it from the source"), never=("1.2E+15",)),
    Case("id that is a date", in_participants("2024-03-28"), "T10", P, 6, ID,
         ("looks like a date", "restore them from the source"), never=("2024-03-28,",)),
    Case("id that is a day and a month", in_participants("05-Mar"), "T10", P, 6, ID, ("looks like a date",),
         never=("05-Mar",)),
    Case("segment id that is a date", spoilt(S, ("S05,P06", "1.2.2024,P06")), "T10", S, 8, "segment_id",
         ("looks like a date",), never=("1.2.2024",)),
    Case("document id that is a date", spoilt(S, ("c2,D06", "c2,2024-01-02")), "T10", S, 8, "document_id",
         ("looks like a date",)),
    Case("code that is a date", spoilt(S, ("P06,A.cold", "P06,Mar-05")), "T10", S, 8, "code_id",
         ("looks like a date",), never=("Mar-05",)),
    Case("therapist that is a date", spoilt(P, ("4,T2,47", "4,1/2/2024,47")), "T10", P, 7, "therapist_id",
         ("looks like a date",), never=("1/2/2024",)),
    Case("id that is a health-service number", in_participants("943 476 5919"), "T11", P, 6, ID,
         ("health-service number", "Use a pseudonymous id"), never=("943", "5919")),
    Case("health-service number without blanks", in_participants("9434765919"), "T11", P, 6, ID,
         ("health-service number",), never=("9434765919",)),
    Case("id that is a telephone number", in_participants("07700900123"), "T11", P, 6, ID,
         ("telephone number", "must not stand in a study folder"), never=("07700", "900123")),
    Case("id that is an e-mail address", in_participants(f"{CANARY}@mail.org"), "T12", P, 6, ID,
         ("e-mail address", "1 to 32 of the characters A-Z a-z 0-9 _ -"), never=("mail.org",)),
    Case("id with a space", in_participants(f"P 05 {CANARY}"), "T12", P, 6, ID,
         ("Allowed: 1 to 32 of the characters", "short pseudonymous id")),
    Case("id of 33 characters", in_participants("P" * 33), "T12", P, 6, ID, ("1 to 32 of the characters",)),
    Case("id that is a formula", in_participants("=P05"), "T12", P, 6, ID, ("1 to 32 of the characters",)),
    Case("id that leads to another folder", spoilt(S, ("c2,D06", "c2,../../D06")), "T12", S, 8, "document_id",
         ("1 to 64 of the characters",)),
    Case("id over two lines", in_participants('"P05\nP06"'), "T12", P, 6, ID, ("short pseudonymous id",)),
    Case("empty key of a segment", spoilt(S, ("S05,P06", ",P06")), "T05", S, 8, "segment_id", ("Fill it in",)),
    Case("segment row twice", {S: added(SEGMENTS, SEGMENTS.splitlines()[-1])}, "T13", S, 13, "segment_id",
         ("segment_id + code_id + coder_id", "Keep one row")),
    Case("document twice", {D: added(FILES[D], "P02,D01,90")}, "T13", D, 14, "document_id",
         ("document_id + question_id", "Keep one row")),
    Case("coder with a blank in the name", spoilt(S, ("A.cold,c2,D06", f"A.cold,{CANARY} c2,D06")), "T12", S, 8,
         "coder_id", ("1 to 32 of the characters",)),
]  # fmt: skip
