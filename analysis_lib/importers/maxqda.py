"""What do the coded segments that MAXQDA saves as a sheet hold?

One row is one code on one segment. Where a segment begins and ends is given in paragraphs, never in characters, and
variables of documents come in a sheet of their own, which is joined by group and name of the document. Headers
follow the language of the program; ``data_schema/formats/maxqda.yaml`` lists them.

References: MAXQDA manual, "Overview of coded segments" and "Document variables".
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from analysis_lib.importers.coded_rows import (
    CodedRow,
    Extras,
    moment,
    number,
    project_of,
    tidied_names,
    unreadable,
)
from analysis_lib.importers.columns import (
    ColumnMap,
    Columns,
    column_maps,
    column_remarks,
    fitted,
    matching_sheets,
    share_recognised,
    sheets_left_aside,
)
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.sheets import Sheet, read_sheets, reading_remarks
from analysis_lib.readers.table import canonical_text

TITLE = "MAXQDA coded segments (.xlsx, .csv)"
CARRIES = (
    "words of the segments",
    "code paths",
    "document groups and names",
    "who coded and when, weights and comments",
    "variables of documents, from their own sheet",
)
LOSES = (
    "places of segments (paragraph numbers only)",
    "codes that were never used",
    "documents without codings, unless the sheet of variables lists them",
    "texts of the documents",
    "places within pictures and recordings",
)

_PARAGRAPHS = "Beginning and end of a segment are paragraph numbers and not characters, so places are empty."
_NO_MOMENT = "Times whose order of day and month is not known were left out."
_NO_WEIGHT = "Weights that are no numbers were left out."


def recognises(path: Path) -> float:
    """Share of the columns of the likeliest sheet that are known to be MAXQDA's."""
    segments = column_maps("maxqda")["coded_segments"]
    return share_recognised(path, segments)


def read(path: Path, *, variables: Path | None = None) -> Project:
    """Read coded segments.

    Parameters
    ----------
    path
        The sheet of coded segments; a further sheet of the same file may hold the document variables.
    variables
        A file of its own with the document variables.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51) or lacks a column (M53, M54).
    """
    maps = column_maps("maxqda")
    segments, listed = maps["coded_segments"], maps["document_variables"]
    sheets = read_sheets(path)
    fitting, others = matching_sheets(sheets, segments)
    beside = [sheet for sheet in others if not listed.missing(sheet.header)]
    others = [sheet for sheet in others if sheet not in beside]
    if variables is not None:
        more, unfit = matching_sheets(read_sheets(variables), listed)
        beside += [sheet for sheet, _ in more]
        others += unfit
    remarks = reading_remarks((*sheets, *beside), "codings") + sheets_left_aside(others, "codings")
    rows: list[CodedRow] = []
    for sheet, columns in fitting:
        remarks += column_remarks(sheet, columns, segments, "codings")
        remarks += tidied_names(sheet, columns, ("document_group", "document", "code"))
        rows += _rows(sheet, columns, remarks)
    n_rows = sum(len(sheet.rows) for sheet, _ in fitting)
    if any(columns.at.keys() & {"paragraph_start", "paragraph_end"} for _, columns in fitting):
        remarks.append(Remark("not carried", "codings", _PARAGRAPHS, n_rows))
    documents, said = _variables(beside, listed)
    remarks += said
    coded = {row.source for row in rows if row.source}
    groups = {source: {"document_group": source[0]} for source in coded if len(source) > 1}
    if beside and (without := len(coded - documents.keys())):
        text = "Documents with codings that the sheet of variables does not list."
        remarks.append(Remark("orphaned", "variables", text, without))
    described = {name: {**groups.get(name, {}), **documents.get(name, {})} for name in (*documents, *groups)}
    return project_of("maxqda", "", rows, n_codings=n_rows, extras=Extras(sources=described), remarks=remarks)


def _rows(sheet: Sheet, columns: Columns, remarks: list[Remark]) -> list[CodedRow]:
    """The rows of a sheet; what could not be understood goes into ``remarks``."""
    moments = [moment(columns.value(row, "coded_at")) for row in sheet.rows]
    weights = [number(columns.value(row, "weight")) for row in sheet.rows]
    remarks += unreadable(sheet, columns, "coded_at", moments, _NO_MOMENT)
    remarks += unreadable(sheet, columns, "weight", weights, _NO_WEIGHT)
    dated = "coded_at" in columns.at and "paragraph_start" in columns.at
    return [
        CodedRow(
            str(line),
            _document(columns.name(row, "document_group"), columns.name(row, "document")),
            _path(columns.value(row, "code")),
            text=columns.value(row, "text"),
            coder=columns.name(row, "coder"),
            coded_at=when or "",
            memo=columns.value(row, "memo"),
            weight=weight,
            identity=(sheet.name, row) if dated else None,
        )
        for line, row, when, weight in zip(sheet.lines, sheet.rows, moments, weights, strict=True)
    ]


def _document(group: str, name: str) -> tuple[str, ...]:
    if not name:
        return ()
    return (group, name) if group else (name,)


def _path(code: str) -> tuple[str, ...]:
    """Names of a code path joined by ``>``.

    >>> _path("Alliance > felt heard"), _path(" ")
    (('Alliance', 'felt heard'), ())
    """
    names = (canonical_text(part)[0] for part in code.split(">"))
    return tuple(name for name in names if name)


def _variables(
    sheets: Iterable[Sheet], listed: ColumnMap
) -> tuple[dict[tuple[str, ...], dict[str, str]], list[Remark]]:
    """Variables of each document by group and name, every column but those two being one."""
    documents: dict[tuple[str, ...], dict[str, str]] = {}
    remarks = []
    for sheet in sheets:
        columns = fitted(sheet, listed)
        again, nameless = [], []
        for line, row in zip(sheet.lines, sheet.rows, strict=True):
            name = _document(columns.name(row, "document_group"), columns.name(row, "document"))
            if not name:
                nameless.append(str(line))
            elif name in documents:
                again.append(str(line))
            else:
                group = {"document_group": name[0]} if len(name) > 1 else {}
                values = {sheet.header[k]: row[k] for k in columns.unknown if sheet.header[k] and row[k]}
                documents[name] = group | values
        for lines, text in (
            (again, "Rows of variables for a document that an earlier row describes were left aside."),
            (nameless, "Rows of variables without a document name were left aside."),
        ):
            if lines:
                remarks.append(Remark("dropped", "variables", text, len(lines), tuple(lines)))
    return documents, remarks
