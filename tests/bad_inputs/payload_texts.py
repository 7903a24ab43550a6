"""Bad inputs: texts that would do something where they are printed: in a terminal, a page, a spreadsheet, a template.

Words of people may hold anything and are read as they are; names that become ids, columns or files may not. What
pages and tables make of them is tested where they are written.
"""

from __future__ import annotations

from functools import partial

from bad_inputs.case import (
    CANARY,
    CODEBOOK,
    PARTICIPANTS,
    SEGMENTS,
    STUDY,
    WORDS,
    B,
    Case,
    Files,
    P,
    S,
    W,
    Y,
    added,
    spoilt,
)
from bad_inputs.workbooks import XLSX, book

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK(""http://x.org"",""open"")'
CLEAR = "\x1b[2J\x1b]0;owned\x07"
ALL_COLUMNS = PARTICIPANTS.splitlines()[0]


def said(text: str) -> Files:
    """The segments with other words in one of them."""
    return spoilt(S, (f"{WORDS} Once.", f'"{text}"'))


def labelled(text: str) -> Files:
    """The codebook with another label."""
    return spoilt(B, ("label: Cold", f"label: {text}"))


def column(name: str) -> Files:
    """The participants with another column."""
    return {P: PARTICIPANTS.replace("therapist_id", name)}


def second_sheet(sheet: object) -> None:
    """A sheet whose name is a formula."""
    sheet.parent.create_sheet("=1+1").append(["x"])  # type: ignore[attr-defined]


CASES = [
    # words of people: nothing to say, and nothing lost
    Case("script in an answer", said(SCRIPT), "", S, like=said(SCRIPT), never=("<script>",)),
    Case("formula in an answer", said(FORMULA), "", S, like=said(FORMULA), never=("HYPERLINK",)),
    Case("template in an answer", said("{{ 7 * 7 }} {% raw %} ${x} %s"), "", S,
         like=said("{{ 7 * 7 }} {% raw %} ${x} %s"), never=("49",)),
    Case("Markdown in an answer", said("[x](javascript:alert(1)) ![x](http://x.org/x.png)"), "", S,
         like=said("[x](javascript:alert(1)) ![x](http://x.org/x.png)"), never=("javascript",)),
    Case("direction turned round in an answer", said("abc \u202e fdp.exe \u202c abc"), "", S,
         like=said("abc \u202e fdp.exe \u202c abc"), never=("\u202e",)),
    Case("line that a terminal obeys in an answer", said(f"a {CLEAR} b"), "R25", S, 8, "text",
         ("Invisible characters inside values",), "warn", never=("\x1b",), rows={"segments": 10}),
    Case("markup in the label of a theme", labelled(f'"{IMAGE}"'), "", B, never=("onerror",)),
    Case("formula in the label of a theme", labelled("'=1+1'"), "", B, never=("=1+1",)),
    Case("script in the title", spoilt(Y, ("title: A tiny study", f"title: '{SCRIPT}'")), "", Y, never=("<script>",)),
    Case("template in the title", spoilt(Y, ("title: A tiny study", "title: '{{ study }}'")), "", Y),
    # names: refused, and not repeated
    Case("script for an id", spoilt(P, ("P05,unhelpful", f"{SCRIPT},unhelpful")), "T12", P, 6, "participant_id",
         ("short pseudonymous id",), never=("<script>",)),
    Case("script for a coder", spoilt(S, ("A.cold,c2,D06", f"A.cold,{SCRIPT},D06")), "T12", S, 8, "coder_id",
         ("1 to 32 of the characters",), never=("<script>",)),
    Case("formula for a segment", spoilt(S, ("S05,P06", "=1+1,P06")), "T12", S, 8, "segment_id",
         ("1 to 64 of the characters",), never=("=1+1",)),
    Case("markup for a code", spoilt(S, ("P06,A.cold", f"P06,{IMAGE}")), "X03", S, 8, "code_id",
         ("not in the codebook",), never=("onerror",)),
    Case("markup for a theme", {B: added(CODEBOOK, f'  - {{id: "{IMAGE}", label: X}}')}, "Y09", B, 8, "themes.id",
         ("none of: space , ; |",), never=("onerror",)),
    Case("script for a column", column(SCRIPT), "T04", P, 1, "number 6", ("left aside",), "note", never=("<script>",),
         rows={"participants": 12}),
    Case("formula for a column", column("=1+1"), "T04", P, 1, "number 6", ("left aside",), "note", never=("=1+1",),
         rows={"participants": 12}),
    Case("telephone number for a column", column("07700900123"), "T04", P, 1, "number 6", ("left aside",), "note",
         never=("07700",), rows={"participants": 12}),
    Case("turned direction for a column", column("shoe\u202e"), "R24", P, 1, "shoe", ("were removed",), "warn",
         never=("\u202e",), rows={"participants": 12}),
    Case("script for a key", {Y: added(STUDY, f'"{SCRIPT}": 1')}, "Y07", Y, 24, "(unusual name)", ("not known",),
         never=("<script>",)),
    Case("script for a group", spoilt(Y, ("[helpful, unhelpful, mixed,", f"['{SCRIPT}', helpful, unhelpful, mixed,")),
         "S11", Y, 10, "outcome.from", ("no rule leads to",), "warn", rows={"participants": 12}),
    Case("script for a wave", spoilt(Y, ("waves: [w1]", f"waves: ['{SCRIPT}', w1]")), "Y09", Y, 6, "waves",
         ("1 to 32 of the characters",), never=("<script>",)),
    Case("script for a file", {f"waves/w1/{SCRIPT.replace('/', '')}.csv": "a\n"}, "W07", "waves/w1/(a file)", None,
         None, ("not read",), "note", never=("<script>",)),
    Case("script for the file of a source",
         {W: "opened: 2024-01-01\nclosed: 2024-03-31\ndata_cut: 2024-04-30\ncodebook_version: '1'\nlook: 1\n"
             "sources: [{file: '<b>x.csv', table: participants}]\n"}, "R01", "waves/w1/<b>x.csv", None, None,
         ("no ordinary file",)),
    Case("formula for a sheet", {P: None, XLSX: partial(book, change=second_sheet)}, "R60", XLSX, None, None,
         ("people, number 2",), never=("=1+1",)),
    Case("line break for a label", labelled(f'"Cold\\n{CANARY}"'), "", B),
    Case("a hundred thousand letters for a label", labelled("x" * 100_000), "", B, never=("x" * 200,)),
    Case("letters piled on one another", said("a" + "\u0301\u0316" * 400), "R28", S, 8, "text", ("put together",),
         "note", rows={"segments": 10}),
    Case("words of 40,000 letters", said("word " * 8_000), "", S, like=said("word " * 8_000)),
    Case("columns of the table in an answer", said(ALL_COLUMNS.replace(",", ", ")), "", S,
         like=said(ALL_COLUMNS.replace(",", ", "))),
    Case("consent as markup", {S: SEGMENTS.replace(",unknown", f",{IMAGE}")}, "T06", S, 8, "quote_consent",
         ("Allowed: yes, no, unknown",), never=("onerror",)),
]  # fmt: skip
