"""Bad inputs: which bytes mean which letters."""

from __future__ import annotations

import unicodedata

from bad_inputs.case import (
    CANARY,
    CODEBOOK,
    PARTICIPANTS,
    SEGMENTS,
    STUDY,
    WORDS,
    B,
    C,
    Case,
    P,
    S,
    Y,
    added,
    spoilt,
)

NEVER = f"{WORDS} Never."
ACCENTED = SEGMENTS.replace(NEVER, f"{CANARY} fühlte sich gehört – naïvely.")
WITH_UMLAUT = CODEBOOK.replace("A.cold", "A.kühl")
UMLAUT_STUDY = STUDY.replace("A.cold", "A.kühl")
UMLAUT_CODED = SEGMENTS.replace("A.cold", "A.kühl")
UMLAUTS = {B: WITH_UMLAUT, Y: UMLAUT_STUDY, S: UMLAUT_CODED}


def apart(text: str) -> str:
    """Letters and accents apart, as some computers write them."""
    return unicodedata.normalize("NFD", text)


LATIN_LINE = ACCENTED.encode().replace(
    "fühlte sich gehört – naïvely".encode(), "fühlte sich gehört".encode("cp1252")
)
UTF8_LINE = LATIN_LINE.replace(b" Once.", " Zürich.".encode())

CASES = [
    Case("a mark of UTF-8", {P: b"\xef\xbb\xbf" + PARTICIPANTS.encode()}, "R31", P, None, None, ("Read as UTF-8",),
         "note"),
    Case("UTF-16 of Windows", {P: b"\xff\xfe" + PARTICIPANTS.encode("utf-16-le")}, "R32", P, None, None,
         ("Read as UTF-16",), "note"),
    Case("UTF-16 with the other byte first", {P: b"\xfe\xff" + PARTICIPANTS.encode("utf-16-be")}, "R32", P, None, None,
         ("Read as UTF-16",), "note"),
    Case("UTF-16 without its mark", {P: PARTICIPANTS.encode("utf-16-le")}, "R35", P, 1, None,
         ("Export the file again as UTF-8",)),
    Case("UTF-16 that ends in half a character", {P: b"\xff\xfe" + PARTICIPANTS.encode("utf-16-le")[:-1]}, "R34", P, 13,
         None, ("cannot be read in the encoding",)),
    Case("UTF-32", {P: b"\xff\xfe\0\0" + PARTICIPANTS.encode("utf-32-le")}, "R22", P, 1, None, ("NUL characters",)),
    Case("Western European text", {S: ACCENTED.encode("cp1252")}, "R30", S, None, None,
         ("read as Western European text (cp1252)", "saving the file as UTF-8 settles it"), "warn",
         like={S: ACCENTED}),
    Case("a byte that Western European text has not", {S: ACCENTED.encode("cp1252").replace(b"Once", b"On\x81e")},
         "R34", S, 8, None, ("Export the file again as UTF-8",)),
    Case("two encodings in one file", {S: UTF8_LINE}, "R33", S, 6, None,
         ("two encodings are mixed", "UTF-8 in every line")),
    Case("named encoding that the file is not in",
         {S: ACCENTED.encode("cp1252"), Y: added(STUDY, "columns: {encoding: utf-8}")}, "R34", S, 6, None,
         ("cannot be read in the encoding",)),
    Case("UTF-8 read as the Western text that was named",
         {S: ACCENTED, Y: added(STUDY, "columns: {encoding: cp1252}")}, "R27", S, 6, "text",
         ("converted twice", "Go back to the original file"), "warn", rows={"segments": 10}),
    Case("half a character in UTF-8", {S: SEGMENTS.encode().replace(b"Once", b"\xed\xa0\xbdnce")}, "R23", S, 8, None,
         ("a lone surrogate", "Export the table again")),
    Case("half a character in UTF-16",
         {S: b"\xff\xfe" + SEGMENTS.replace("Once", "\ud83d").encode("utf-16-le", "surrogatepass")}, "R23", S, 8, None,
         ("a lone surrogate",)),
    Case("NUL inside an id", spoilt(P, ("P03,", "P0\x003,")), "R22", P, 4, None,
         ("NUL characters", "Export the table again")),
    Case("NUL bytes after a crash", {P: PARTICIPANTS.encode() + b"\0" * 64}, "R22", P, 14, None,
         ("a copy or transfer has damaged it",)),
    Case("lines that end as on old computers", {P: PARTICIPANTS.replace("\n", "\r")}, "R51", P, None, None,
         ("carriage return alone",), "note"),
    Case("lines that end as on Windows", {P: PARTICIPANTS.replace("\n", "\r\n")}, "", P),
    Case("a bare carriage return outside quotation marks", spoilt(S, ("Once.,", "On\rce.,")), "R49", S, 8, None,
         ("Put the answer in quotation marks",)),
    Case("a bare carriage return inside quotation marks", spoilt(S, (f"{WORDS} Once.", f'"{WORDS}\rOnce."')), "", S,
         like=spoilt(S, (f"{WORDS} Once.", f'"{WORDS}\nOnce."'))),
    Case("accents apart in a code", {**UMLAUTS, S: apart(UMLAUT_CODED)}, "R28", S, 6, "code_id",
         ("Letters and accents that were stored apart",), "note", like=UMLAUTS),
    Case("accents apart in the codebook", {**UMLAUTS, B: apart(WITH_UMLAUT)}, "", B, like=UMLAUTS),
    Case("accents apart in a file of rules", {**UMLAUTS, Y: apart(UMLAUT_STUDY)}, "", Y, like=UMLAUTS),
    Case("a zero-width space behind an id", spoilt(P, ("P05,unhelpful", "P05\u200b,unhelpful")), "R24", P, 6,
         "participant_id", ("Invisible characters or no-break spaces around values",), "warn"),
    Case("a no-break space before an id", spoilt(S, ("S05,P06", "S05,\u00a0P06")), "R24", S, 8, "participant_id",
         ("were removed: 1",), "warn"),
    Case("a no-break space inside a word", spoilt(S, (f"{CANARY} memo", f"{CANARY}\u00a0memo")), "R25", S, 2, "memo",
         ("no-break spaces became plain ones: 1",), "warn"),
    Case("a bell inside an id", spoilt(P, ("P05,unhelpful", "P0\x075,unhelpful")), "R25", P, 6, "participant_id",
         ("Invisible characters inside values",), "warn"),
    Case("a zero-width space before a column name", {P: PARTICIPANTS.replace("age", "\u200bage")}, "R24", P, 1, "age",
         ("were removed: 1",), "warn"),
    Case("a soft hyphen inside a column name", {C: "participant_id,scope,gran\u00adted\nP01,analyse,yes\n"}, "T01", C,
         1, "granted", ('"granted" is missing',)),
    Case("a mark where two files were joined", spoilt(P, ("P07,unhelpful", "\ufeffP07,unhelpful")), "R37", P, 8, None,
         ("files were probably joined here", "no rows stand twice"), "warn"),
    Case("a letter that an earlier program lost", spoilt(S, (f"{WORDS} Once.", f"{WORDS} Z\ufffdrich.")), "R26", S, 8,
         "text", ("an earlier program could not read: 1",), "warn", rows={"segments": 10}),
    Case("letters converted twice", spoilt(S, (f"{WORDS} Once.", f"{WORDS} ZÃ¼rich.")), "R27", S, 8, "text",
         ("converted twice: 1",), "warn", rows={"segments": 10}),
    Case("a mark of direction inside an id", spoilt(P, ("P05,unhelpful", "P\u202e05,unhelpful")), "T12", P, 6,
         "participant_id", ("1 to 32 of the characters",)),
    Case("an id in letters that only look Latin", spoilt(P, ("P05,unhelpful", "Р05,unhelpful")), "T12", P, 6,
         "participant_id", ("1 to 32 of the characters A-Z a-z 0-9",)),
    Case("an id in full-width letters", spoilt(S, ("S05,P06", "S05,Ｐ０６")), "T12", S, 8, "participant_id",
         ("Use a short pseudonymous id",)),
    Case("a number in digits of another script", spoilt(P, ("T1,38", "T1,٣٨")), "T08", P, 6, "age",
         ("a number of years",)),
    Case("a smile of two surrogates", spoilt(S, (f"{WORDS} Once.", f"{WORDS} 🙂")), "", S, like=spoilt(
         S, (f"{WORDS} Once.", f"{WORDS} 🙂"))),
]  # fmt: skip
