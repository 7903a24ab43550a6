"""Who was given which code, where all there is is a table of ones and zeros?

One row is one person and one column one code. 1 means that the code was given, 0 that it was not, and an empty cell
that it could not be given (not asked, not read); anything else is refused in its place. There are no stretches, so
each person is one document that is coded as a whole.

References: none; the layout of codes-by-case reports and of tables made by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analysis_lib.errors import Finding, StudyError, first_few, value_class
from analysis_lib.importers.coded_rows import CodedRow, Extras, key_of, project_of, tidied_names
from analysis_lib.importers.columns import (
    Columns,
    column_maps,
    column_remarks,
    matching_sheets,
    sheets_left_aside,
)
from analysis_lib.importers.project import Case, Project, Remark, Span
from analysis_lib.importers.sheets import Sheet, column_name, read_sheets, reading_remarks, top_rows

TITLE = "Matrix of persons and codes, 0 and 1 (.csv, .xlsx)"
CARRIES = ("which person was given which code", "codes that nobody was given", "persons without a code")
LOSES = (
    "words and places",
    "how often a code was given",
    "who coded and when",
    "which code is below which",
    "variables of persons",
)

_NOT_CODABLE = "Empty cells: the code could not be given there, which is not the same as not given."


def recognises(path: Path) -> float:
    """0.4 for a column that names persons beside nothing but ones and zeros; other formats go before it."""
    matrix = column_maps("matrix")["matrix"]
    for header, *rows in top_rows(path):
        people = [k for k, name in enumerate(header) if matrix.n_known([name])]
        cells = [value.strip() for row in rows for k, value in enumerate(row) if k not in people]
        if len(people) == 1 and any(cells) and set(cells) <= {"0", "1", ""}:
            return 0.4
    return 0.0


def read(path: Path) -> Project:
    """Read a matrix.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51), lacks the column of persons (M53, M54), or has rows or
        columns that are not unique or cells that are neither 1 nor 0 nor empty (M60 to M62).
    """
    matrix = column_maps("matrix")["matrix"]
    sheets = read_sheets(path)
    fitting, others = matching_sheets(sheets, matrix)
    sheet, columns = fitting[0]
    aside = [*(each for each, _ in fitting[1:]), *others]
    codes = [position for position in columns.unknown if sheet.header[position]]
    _check(sheet, columns, codes)
    remarks = reading_remarks(sheets, "codings") + sheets_left_aside(aside, "codings")
    remarks += column_remarks(sheet, Columns(columns.at, (), columns.unverified), matrix, "codings")
    remarks += tidied_names(sheet, columns, ("person",))
    rows, empty = [], []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        person = columns.name(row, "person")
        for k in codes:
            if row[k].strip() == "1":
                origin = f"line {line}, column {column_name(sheet, k)}"
                rows.append(CodedRow(origin, (person,), (sheet.header[k],), case=key_of((person,))))
            elif not row[k].strip():
                empty.append(f"line {line}, column {column_name(sheet, k)}")
    if empty:
        remarks.append(Remark("not carried", "codings", _NOT_CODABLE, len(empty), tuple(empty)))
    people = [columns.name(row, "person") for row in sheet.rows]
    extras = Extras(
        codes=[(sheet.header[k],) for k in codes],
        sources={(person,): {} for person in people},
        cases=[Case(key_of((name,)), name, spans=(Span(key_of((name,))),)) for name in people],
        found={"cases": len(sheet.rows)},
    )
    n_codings = sum(row[k].strip() == "1" for row in sheet.rows for k in codes)
    return project_of("matrix", "", rows, n_codings=n_codings, extras=extras, remarks=remarks)


def _check(sheet: Sheet, columns: Columns, codes: Sequence[int]) -> None:
    """Refuse cells, persons and codes that a matrix cannot have, all at once."""
    strange, unnamed = [], []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        for k, value in enumerate(row):
            if k == columns.at["person"] or value.strip() in ("0", "1", ""):
                continue
            what = f"A cell holds {value_class(value)} where only 1, 0 or nothing can stand."
            fix = "Write 1 or 0, empty the cell, or delete the column if it is no code."
            strange.append(
                Finding("stop", "M60", sheet.file, what, fix, line, column_name(sheet, k), sheet.name)
            )
    seen: set[str] = set()
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        person = columns.name(row, "person")
        if not person or person in seen:
            what = "The row names no person, or one that another row names."
            fix = "Give each person one row and a name of their own."
            unnamed.append(Finding("stop", "M61", sheet.file, what, fix, line, sheet=sheet.name))
        seen.add(person)
    times = Counter(sheet.header[k] for k in codes)
    twice = []
    for k in columns.unknown:
        if times[sheet.header[k]] != 1:
            what = (
                "The column has no name, or the name of another column, so it is not clear which code it is."
            )
            fix = "Give each code one column and a name of its own."
            column = f"number {k + 1}"
            twice.append(Finding("stop", "M62", sheet.file, what, fix, sheet.header_line, column, sheet.name))
    found = [*first_few(strange), *first_few(unnamed), *first_few(twice)]
    if found:
        raise StudyError(found)
