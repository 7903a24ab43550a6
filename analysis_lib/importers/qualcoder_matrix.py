"""What does QualCoder's table of codes by segments say?

One row is one stretch of one document (in one case), one column one code, 1 where anybody gave the code: coders are
merged, which is why no agreement can be computed from it. Codes that nobody gave have no column.

References: QualCoder 4.0, ``report_codes_by_segments.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis_lib.errors import StudyError
from analysis_lib.importers.database import whole
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.project import Case, Code, Coding, Project, Remark, Source
from analysis_lib.importers.sheets import read_sheets, reading_remarks, top_rows
from analysis_lib.readers.table import Rule

TITLE = "QualCoder codes by segments (.xlsx, 0 and 1)"
CARRIES = (
    "places and words of segments",
    "codes that were given",
    "documents",
    "cases, where it was made by case",
)
LOSES = (
    "who coded, so reliability cannot be computed",
    "when something was coded",
    "memos",
    "categories and sub-codes",
    "codes, documents and cases without any coding",
    "texts",
    "attributes",
    "pictures and recordings",
)

NOT_A_MATRIX = Rule(
    "M41",
    "stop",
    "The columns are not those of QualCoder's table of codes by segments.",
    "Export the table again and change nothing in it before it is imported.",
)
CODERS_MERGED = Entry(
    "not carried",
    "codings",
    "Who coded: the table merges all coders, so reliability cannot be computed from it.",
)
NOT_0_OR_1 = Entry("dropped", "codings", "Cells that hold neither 0 nor 1.")
NO_DOCUMENT = Entry("dropped", "codings", "Codings in rows that name no document.")
NO_PLACE = Entry("read", "codings", "Codings in rows without a place; their words are kept.")
TWICE = Entry("merged", "codings", "Codings of one segment and case that stand in more than one row.")

_FRONT = ("caseid", "case name", "fileid", "file name", "pos0", "pos1", "text")


@dataclass
class _Matrix:
    """What was read so far; sources and cases by key."""

    codes: Sequence[Code]
    sources: dict[str, Source] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    codings: dict[tuple[object, ...], Coding] = field(default_factory=dict)
    found: int = 0


def recognises(path: Path) -> float:
    """1 for the headings of the table, else 0."""
    return float(any(rows and rows[0][: len(_FRONT)] == _FRONT for rows in top_rows(path)))


def read(path: Path) -> Project:
    """Read a table of codes by segments.

    Raises
    ------
    StudyError
        The file is no such table (M41), or what the readers of sheets refuse.
    """
    sheets = read_sheets(path)
    sheet = next((each for each in sheets if each.header[: len(_FRONT)] == _FRONT), None)
    if sheet is None:
        raise StudyError(NOT_A_MATRIX.at(path.name))
    names = sheet.header[len(_FRONT) :]
    if len(set(names)) < len(names) or "" in names:
        raise StudyError(NOT_A_MATRIX.at(path.name, allowed="each code in one column, under its name"))
    ledger = Ledger()
    matrix = _Matrix([Code(name, (name,)) for name in names])
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        _read_row(row, f"row {line}", matrix, ledger)
    ledger.note(CODERS_MERGED, n=len(matrix.codings))
    remarks: list[Remark] = reading_remarks([sheet], "codings")
    return Project(
        format="qualcoder-matrix",
        origin="QualCoder",
        codes=tuple(matrix.codes),
        sources=tuple(matrix.sources.values()),
        cases=tuple(matrix.cases.values()),
        codings=tuple(matrix.codings.values()),
        found={
            "codes": len(names),
            "sources": len({row[2] or row[3] for row in sheet.rows} - {""}),
            "cases": len({row[0] for row in sheet.rows} - {"", "-1"}),
            "codings": matrix.found,
        },
        remarks=(*remarks, *ledger.remarks()),
    )


def _read_row(row: Sequence[str], place: str, matrix: _Matrix, ledger: Ledger) -> None:
    case_id, case_name, file_id, file_name, pos0, pos1, quote = row[: len(_FRONT)]
    source = file_id or file_name
    case = None if case_id in ("", "-1") else case_id
    if source:
        matrix.sources.setdefault(source, Source(source, file_name))
    if case is not None:
        matrix.cases.setdefault(case, Case(case, case_name))
    start, end = whole(pos0), whole(pos1)
    if start is None or end is None or not 0 <= start < end:
        start = end = None
    for code, cell in zip(matrix.codes, row[len(_FRONT) :], strict=True):
        mark = cell.strip()
        if mark in ("", "0"):
            continue
        matrix.found += 1
        identity = (source, code.key, start, end, case, place if start is None else "")
        if mark != "1":
            ledger.note(NOT_0_OR_1, place)
        elif not source:
            ledger.note(NO_DOCUMENT, place)
        elif identity in matrix.codings:
            ledger.note(TWICE, place)
        else:
            matrix.codings[identity] = Coding(source, code.key, start, end, quote, case, origin=place)
            if start is None:
                ledger.note(NO_PLACE, place)
