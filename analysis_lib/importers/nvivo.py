"""What do the sheets that NVivo exports hold?

A coding extract gives one row for each code on one stretch; a classification sheet gives cases and their attributes.
A crosstab or a matrix coding query gives counts, from which no coding can be recovered: it is recognised and refused,
with the export to ask for instead.

References: NVivo help, "Understand predefined reports and extracts", "Classification sheets", "Crosstab query".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers.coded_rows import (
    CodedRow,
    Extras,
    key_of,
    moment,
    project_of,
    tidied_names,
    unreadable,
)
from analysis_lib.importers.columns import (
    ColumnMap,
    column_maps,
    column_remarks,
    matching_sheets,
    share_recognised,
    sheets_left_aside,
)
from analysis_lib.importers.project import Case, Project, Remark
from analysis_lib.importers.sheets import Sheet, column_name, read_sheets, reading_remarks, top_rows
from analysis_lib.readers.table import canonical_text

TITLE = "NVivo coding extract or classification sheet (.xlsx)"
CARRIES = (
    "words of the references and code paths, from a coding extract",
    "who coded and when, where the extract has it",
    "cases and attributes, from a classification sheet",
)
LOSES = (
    "places of references",
    "which references belong to which case",
    "codes that were never used",
    "documents without codings",
    "texts of the documents",
    "everything but counts in crosstabs and matrices, which are refused",
)

MISSING = ("unassigned", "not applicable")
_ROOTS = ("nodes", "codes", "cases", "files", "internals", "externals")
_LABEL = re.compile(r"(?:[A-Z]{1,3}|\d+) : (?P<name>.+)", re.DOTALL)
_COUNT = re.compile(r"\d+(?:[.,]\d+)?\s*%?")
_NO_MOMENT = "Times whose order of day and month is not known were left out."
_UNPLACED = "Cases say nothing about documents here; they join by name."
_NO_VALUE = "Values that mean that none was given (Unassigned, Not Applicable) were left out."


def recognises(path: Path) -> float:
    """Share of known columns of an extract; 0.6 for rows and columns labelled as NVivo labels them."""
    extract = share_recognised(path, column_maps("nvivo")["coding_extract"])
    labelled = any(_is_labelled(rows[0], rows[1:]) for rows in top_rows(path))
    return max(0.6 if labelled else 0.0, 0.9 * extract)


def read(path: Path) -> Project:
    """Read a coding extract or a classification sheet.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51), lacks a column (M53, M54), or is a table of counts
        (M59).
    """
    extract = column_maps("nvivo")["coding_extract"]
    sheets = read_sheets(path)
    labelled = [sheet for sheet in sheets if _is_labelled(sheet.header, sheet.rows)]
    counts = [
        sheet
        for sheet in sheets
        if (sheet in labelled or extract.missing(sheet.header)) and _is_counts(sheet)
    ]
    if counts:
        what = (
            "This is a table of counts (a crosstab or matrix query), from which no coding can be recovered."
        )
        fix = "Export the project as .qdpx, or a coding extract with the coded text; keep the counts to compare."
        raise StudyError(
            [
                Finding("stop", "M59", sheet.file, what, fix, sheet.header_line, sheet=sheet.name)
                for sheet in counts
            ]
        )
    if labelled and all(extract.missing(sheet.header) for sheet in sheets):
        return _classified(sheets, labelled)
    return _extracted(sheets, extract)


def _is_labelled(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether columns read ``A : name`` and rows ``1 : name``, as NVivo labels matrices and classifications."""
    return (
        len(header) > 1
        and bool(rows)
        and all(_LABEL.fullmatch(name) for name in header[1:])
        and all(_LABEL.fullmatch(row[0].strip()) for row in rows if row[0].strip())
    )


def _is_counts(sheet: Sheet) -> bool:
    """Whether every cell but those of the first column is a count or a percentage."""
    filled = [row for row in sheet.rows if any(map(str.strip, row[1:]))]
    return bool(filled) and all(
        _COUNT.fullmatch(value.strip()) for row in sheet.rows for value in row[1:] if value.strip()
    )


def _unlabelled(label: str) -> str:
    found = _LABEL.fullmatch(label.strip())
    return canonical_text(found["name"] if found else label)[0]


def _path(name: str) -> tuple[str, ...]:
    """Names of a hierarchical name, without the folder that NVivo puts all codes or cases in.

    >>> _path("Nodes\\\\\\\\Alliance\\\\felt heard"), _path("Cases\\\\\\\\P01"), _path("Codes")
    (('Alliance', 'felt heard'), ('P01',), ('Codes',))
    """
    names = [canonical_text(part)[0] for part in name.split("\\")]
    names = [each for each in names if each]
    return tuple(names[1:] if len(names) > 1 and names[0].casefold() in _ROOTS else names)


def _extracted(sheets: Sequence[Sheet], extract: ColumnMap) -> Project:
    """A project of coding extracts."""
    fitting, others = matching_sheets(sheets, extract)
    remarks = reading_remarks(sheets, "codings") + sheets_left_aside(others, "codings")
    rows: list[CodedRow] = []
    for sheet, columns in fitting:
        remarks += column_remarks(sheet, columns, extract, "codings")
        remarks += tidied_names(sheet, columns, ("document_group", "document", "code"))
        moments = [moment(columns.value(row, "coded_at")) for row in sheet.rows]
        remarks += unreadable(sheet, columns, "coded_at", moments, _NO_MOMENT)
        for line, row, when in zip(sheet.lines, sheet.rows, moments, strict=True):
            name = columns.name(row, "document")
            folder = columns.name(row, "document_group")
            rows.append(
                CodedRow(
                    str(line),
                    (*_path(folder), *_path(name)) if name else (),
                    _path(columns.value(row, "code")),
                    text=columns.value(row, "text"),
                    coder=columns.name(row, "coder"),
                    coded_at=when or "",
                    memo=columns.value(row, "memo"),
                )
            )
    return project_of(
        "nvivo", "", rows, n_codings=sum(len(sheet.rows) for sheet, _ in fitting), remarks=remarks
    )


def _classified(sheets: Sequence[Sheet], labelled: Sequence[Sheet]) -> Project:
    """A project of cases and attributes alone."""
    others = [sheet for sheet in sheets if sheet not in labelled]
    remarks = reading_remarks(sheets, "cases") + sheets_left_aside(others, "cases")
    cases: dict[str, Case] = {}
    again: list[str] = []
    nameless: list[str] = []
    missing: list[str] = []
    for sheet in labelled:
        attributes = [_unlabelled(name) for name in sheet.header[1:]]
        for line, row in zip(sheet.lines, sheet.rows, strict=True):
            path = _path(_unlabelled(row[0]))
            key = key_of(path)
            if not path:
                nameless.append(str(line))
                continue
            if key in cases:
                again.append(str(line))
                continue
            values = {}
            for k, (attribute, value) in enumerate(zip(attributes, row[1:], strict=True), start=1):
                if value.strip().casefold() in MISSING:
                    missing.append(f"line {line}, column {column_name(sheet, k)}")
                elif value.strip():
                    values[attribute] = value
            cases[key] = Case(key, path[-1], variables=values)
    for lines, text in (
        (again, "Rows for a case that an earlier row describes were left aside."),
        (nameless, "Rows without the name of a case were left aside."),
    ):
        if lines:
            remarks.append(Remark("dropped", "cases", text, len(lines), tuple(lines)))
    if missing:
        remarks.append(Remark("read", "variables", _NO_VALUE, len(missing), tuple(missing)))
    remarks.append(Remark("orphaned", "cases", _UNPLACED, len(cases)))
    n_rows = sum(len(sheet.rows) for sheet in labelled)
    extras = Extras(cases=list(cases.values()), found={"cases": n_rows})
    return project_of("nvivo", "", (), n_codings=0, extras=extras, remarks=remarks)
