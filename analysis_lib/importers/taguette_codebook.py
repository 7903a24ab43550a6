"""Which tags, with which descriptions, does Taguette's codebook list, as .csv or .xlsx?

References: Taguette 1.5, ``export.py`` and ``import_codebook.py``.
"""

from __future__ import annotations

from pathlib import Path

from analysis_lib.errors import StudyError
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.project import Code, Project
from analysis_lib.importers.sheets import read_sheets, reading_remarks, top_rows
from analysis_lib.importers.taguette_tags import tag_code, tree_remarks
from analysis_lib.readers.table import Rule

TITLE = "Taguette codebook (.csv or .xlsx)"
CARRIES = ("tags, used or not, with their descriptions",)
LOSES = (
    "everything but tags",
    "a tree of codes, except by dots or strokes in the names of tags",
)

NOT_A_CODEBOOK = Rule(
    "M43",
    "stop",
    "The columns are not those of a Taguette codebook.",
    "Export the codebook again and change nothing in the file before it is imported.",
)
NO_TAG = Entry("dropped", "codes", "Rows without a tag.")
TWICE = Entry("merged", "codes", "Tags that are listed twice; the first description was taken.")
COUNTS = Entry("not carried", "codings", "Numbers of highlights, which are counted anew from the highlights.")

_HEADER = ("tag", "description")
_COUNTS = ("number of highlights", "number of documents")


def recognises(path: Path) -> float:
    """1 for the headings of the codebook, less without its counts, else 0."""
    headers = [rows[0] for rows in top_rows(path) if rows]
    if (*_HEADER, *_COUNTS) in headers:
        return 1.0
    return 0.4 if _HEADER in headers else 0.0


def read(path: Path) -> Project:
    """Read a codebook.

    Raises
    ------
    StudyError
        The file is no Taguette codebook (M43), or what the readers of sheets refuse.
    """
    accepted = (_HEADER, (*_HEADER, *_COUNTS))
    sheet = next((each for each in read_sheets(path) if each.header in accepted), None)
    if sheet is None:
        raise StudyError(NOT_A_CODEBOOK.at(path.name))
    ledger = Ledger()
    codes: dict[str, Code] = {}
    places: dict[str, Code] = {}
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        place = f"row {line}"
        tag, description = row[:2]
        if not tag:
            ledger.note(NO_TAG, place)
        elif tag in codes:
            ledger.note(TWICE, place)
        else:
            codes[tag] = places[place] = tag_code(tag, description)
    if len(sheet.header) > len(_HEADER):
        ledger.note(COUNTS, n=len(codes))
    return Project(
        format="taguette-codebook",
        origin="Taguette",
        codes=tuple(codes.values()),
        sources=(),
        cases=(),
        codings=(),
        found={"codes": len(sheet.rows)},
        remarks=(*reading_remarks([sheet], "codes"), *ledger.remarks(), *tree_remarks(places)),
    )
