"""What does the quotation manager that ATLAS.ti saves as a sheet hold?

One row is one quotation; its codes stand in one cell, a line each, and each is one coding here. A code named
``group: code`` is read as a code below its group, always, so that a code has the same path in every wave.

References: ATLAS.ti manual, "Quotation manager" and "Exporting to Excel".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from analysis_lib.importers.coded_rows import (
    CodedRow,
    Extras,
    moment,
    project_of,
    tidied_names,
    unreadable,
    whole,
)
from analysis_lib.importers.columns import (
    Columns,
    column_maps,
    column_remarks,
    matching_sheets,
    share_recognised,
    sheets_left_aside,
)
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.sheets import Sheet, read_sheets, reading_remarks
from analysis_lib.readers.table import canonical_text

TITLE = "ATLAS.ti quotation manager (.xlsx)"
CARRIES = (
    "words of the quotations",
    "codes and the group in their name",
    "document groups",
    "comments",
    "who made a quotation and when",
)
LOSES = (
    "places of quotations (a reference in words only)",
    "who gave a code, apart from who made the quotation",
    "codes that were never used",
    "documents without quotations",
    "texts of the documents",
)

_LINES = re.compile(r"\r\n|\n|\r")
_GROUPED = "Codes named with a colon were read as a code below the group before it."
_NO_CODES = "Quotations without a code are no codings."
_DENSITY = "Quotations whose stated number of codes is not the number of codes in their cell."
_PLACES = "References say where a quotation stands in words, so places are empty."
_NO_MOMENT = "Times whose order of day and month is not known were left out."


def recognises(path: Path) -> float:
    """Share of the columns of the likeliest sheet that are known to be ATLAS.ti's."""
    return share_recognised(path, column_maps("atlasti")["quotations"])


def read(path: Path) -> Project:
    """Read a quotation manager.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51) or lacks a column (M53, M54).
    """
    quotations = column_maps("atlasti")["quotations"]
    sheets = read_sheets(path)
    fitting, others = matching_sheets(sheets, quotations)
    remarks = reading_remarks(sheets, "codings") + sheets_left_aside(others, "codings")
    rows: list[CodedRow] = []
    uncoded: list[str] = []
    documents: dict[tuple[str, ...], dict[str, str]] = {}
    n_rows = n_codings = 0
    for sheet, columns in fitting:
        remarks += column_remarks(sheet, columns, quotations, "codings")
        remarks += tidied_names(sheet, columns, ("document",))
        moments = [moment(columns.value(row, "coded_at")) for row in sheet.rows]
        remarks += unreadable(sheet, columns, "coded_at", moments, _NO_MOMENT)
        remarks += _density(sheet, columns)
        for line, row, when in zip(sheet.lines, sheet.rows, moments, strict=True):
            n_rows += 1
            n_codings += sum(bool(part.strip()) for part in _LINES.split(columns.value(row, "code")))
            made = list(_codings(columns, row, str(line), when or ""))
            rows += made
            if not made:
                uncoded.append(columns.name(row, "id") or str(line))
            if name := columns.name(row, "document"):
                groups = "; ".join(_parts(columns.value(row, "document_group")))
                documents.setdefault((name,), {"document_groups": groups} if groups else {})
    if uncoded:
        remarks.append(Remark("not carried", "codings", _NO_CODES, len(uncoded), tuple(uncoded)))
    if any("range" in columns.at for _, columns in fitting):
        remarks.append(Remark("not carried", "codings", _PLACES, n_rows))
    remarks += _grouped(rows)
    return project_of(
        "atlasti", "", rows, n_codings=n_codings, extras=Extras(sources=documents), remarks=remarks
    )


def _parts(cell: str) -> list[str]:
    """Names of a cell that holds one in each line, in the order of the cell.

    >>> _parts("alliance: felt heard\\r\\ncost\\n")
    ['alliance: felt heard', 'cost']
    """
    named = (canonical_text(part)[0] for part in _LINES.split(cell))
    return [name for name in named if name]


def _path(code: str) -> tuple[str, ...]:
    """A code and the group its name starts with.

    >>> _path("alliance: felt heard"), _path("cost"), _path("16:30")
    (('alliance', 'felt heard'), ('cost',), ('16:30',))
    """
    group, colon, name = code.partition(": ")
    return (group.strip(), name.strip()) if colon and group.strip() and name.strip() else (code,)


def _codings(columns: Columns, row: tuple[str, ...], line: str, when: str) -> Iterable[CodedRow]:
    document, quotation, words = (
        columns.name(row, "document"),
        columns.name(row, "id"),
        columns.value(row, "text"),
    )
    for code in _parts(columns.value(row, "code")):
        yield CodedRow(
            quotation or line,
            (document,) if document else (),
            _path(code),
            text=words,
            coder=columns.name(row, "coder"),
            coded_at=when,
            memo=columns.value(row, "memo"),
            identity=(document, quotation, code, words) if quotation else None,
        )


def _density(sheet: Sheet, columns: Columns) -> list[Remark]:
    """The sheet's own count of codes against the codes that were found."""
    wrong = [
        str(line)
        for line, row in zip(sheet.lines, sheet.rows, strict=True)
        if (stated := whole(columns.value(row, "density"))) is not None
        and stated != len(_parts(columns.value(row, "code")))
    ]
    return [Remark("read", "codings", _DENSITY, len(wrong), tuple(wrong))] if wrong else []


def _grouped(rows: Iterable[CodedRow]) -> list[Remark]:
    """A guess: that what stands before a colon is a group; sure as far as several codes share it."""
    below = {row.code for row in rows if len(row.code) > 1}
    if not below:
        return []
    codes: dict[str, set[str]] = defaultdict(set)
    for group, name in below:
        codes[group].add(name)
    sizes = Counter({group: len(names) for group, names in codes.items()})
    shared = sum(n for n in sizes.values() if n > 1)
    return [Remark("guessed", "codes", _GROUPED, len(below), confidence=round(shared / len(below), 2))]
