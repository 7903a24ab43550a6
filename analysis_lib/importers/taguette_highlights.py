"""What does Taguette's list of highlights say, as .csv or .xlsx?

One row is one tag on one highlight. A list that was made for one tag and those below it repeats the rows of
highlights with several such tags; the same highlight, tag and words are one coding here.

References: Taguette 1.5, ``export.py``.
"""

from __future__ import annotations

from pathlib import Path

from analysis_lib.errors import StudyError
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.project import Coding, Project, Source
from analysis_lib.importers.sheets import read_sheets, reading_remarks, top_rows
from analysis_lib.importers.taguette_tags import tag_code, tree_remarks
from analysis_lib.readers.table import Rule

TITLE = "Taguette highlights (.csv or .xlsx)"
CARRIES = ("words of highlights", "tags that were given", "names of documents")
LOSES = (
    "highlights without a tag",
    "who coded and when, so reliability cannot be computed",
    "texts and places",
    "exact blanks and line ends in the words of a highlight",
    "tags and documents without any highlight",
    "descriptions of tags",
    "documents apart that have one name",
    "cases and variables, which Taguette does not have",
    "a tree of codes, except by dots or strokes in the names of tags",
)

NOT_HIGHLIGHTS = Rule(
    "M42",
    "stop",
    "The columns are not those of Taguette's list of highlights.",
    "Export the highlights again and change nothing in the file before it is imported.",
)
ONE_USER = Entry("not carried", "codings", "Who coded, so reliability cannot be computed from the list.")
REPEATED = Entry(
    "merged",
    "codings",
    "Rows that repeat a highlight with the same tag, as lists of one tag and those below it do.",
)
UNTAGGED = Entry("dropped", "codings", "Highlights without a tag, which have no place in the list.")
NO_DOCUMENT = Entry("dropped", "codings", "Rows that name no document.")
TWO_HIGHLIGHTS = Entry(
    "read", "codings", "Numbers of highlights with different words or documents; each is read as it stands."
)

_HEADER = ("id", "document", "tag", "content")


def recognises(path: Path) -> float:
    """1 for the headings of the list, else 0."""
    return float(any(rows and rows[0] == _HEADER for rows in top_rows(path)))


def read(path: Path) -> Project:
    """Read a list of highlights.

    Raises
    ------
    StudyError
        The file is no such list (M42), or what the readers of sheets refuse.
    """
    sheet = next((each for each in read_sheets(path) if each.header == _HEADER), None)
    if sheet is None:
        raise StudyError(NOT_HIGHLIGHTS.at(path.name))
    ledger = Ledger()
    sources: dict[str, Source] = {}
    codings: dict[tuple[str, ...], Coding] = {}
    words: dict[str, tuple[str, str]] = {}
    tags: dict[str, int] = {}
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        number, document, tag, content = row
        place = number if number.isascii() and number.isdigit() else f"row {line}"
        if document:
            sources.setdefault(document, Source(document, document))
        if tag:
            tags.setdefault(tag, line)
        if words.setdefault(place, (document, content)) != (document, content):
            ledger.note(TWO_HIGHLIGHTS, place)
        if not document or not tag:
            ledger.note(UNTAGGED if document else NO_DOCUMENT, place)
        elif row in codings:
            ledger.note(REPEATED, place)
        else:
            codings[row] = Coding(document, tag_code(tag).key, None, None, content, origin=place)
    ledger.note(ONE_USER, n=len(codings))
    codes = {f"row {line}": tag_code(tag) for tag, line in tags.items()}
    return Project(
        format="taguette-highlights",
        origin="Taguette",
        codes=tuple(codes.values()),
        sources=tuple(sources.values()),
        cases=(),
        codings=tuple(codings.values()),
        found={
            "codes": len({row[2] for row in sheet.rows} - {""}),
            "sources": len({row[1] for row in sheet.rows} - {""}),
            "highlights": len({row[0] for row in sheet.rows}),
            "codings": len(sheet.rows),
        },
        remarks=(*reading_remarks([sheet], "codings"), *ledger.remarks(), *tree_remarks(codes)),
    )
