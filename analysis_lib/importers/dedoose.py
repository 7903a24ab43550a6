"""What do the excerpts that Dedoose saves as a sheet hold?

One row is one excerpt; every code of the project has a column that says whether it was applied, so codes that were
never used are known as well. The column in which Dedoose joins the applied codes by commas is never used, since
names may hold commas and repeat. Columns that are neither are descriptor fields of the document.

References: Dedoose user guide, "Exporting data"; the layouts that three independent readers agree on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
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
    Columns,
    column_maps,
    column_remarks,
    fitted,
    share_recognised,
    sheets_left_aside,
)
from analysis_lib.importers.project import OffsetRule, Project, Remark
from analysis_lib.importers.sheets import Sheet, column_name, read_sheets, reading_remarks, top_rows
from analysis_lib.readers.table import canonical_text

TITLE = "Dedoose excerpts (.xlsx)"
CARRIES = (
    "words of the excerpts",
    "all codes as paths, used or not",
    "weights of codes",
    "descriptor fields of documents",
    "who made an excerpt and when",
    "places in texts, not in pages",
)
LOSES = (
    "who gave a code, apart from who made the excerpt",
    "documents without excerpts",
    "memos",
    "texts of the documents",
)

_CODE = re.compile(r"Code:\s*(?P<path>.+?)\s+(?P<what>Applied|Range|Weight)")
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")
_TRUE, _FALSE = ("true",), ("false", "")
_NO_MOMENT = "Dates that are not month/day/year were left out."
_NO_WEIGHT = "Weights that are no numbers were left out."
_PAGES = "Excerpts placed on a page, not in a text, have no places here."
_UNFIT = "Positions do not fit the length of the words, so places are empty."
_CHANGING = "Descriptor fields that differ between excerpts of one document were taken from its first."


@dataclass(frozen=True)
class _CodeColumn:
    """Positions of the columns of one code; None where the sheet has no such column."""

    path: tuple[str, ...]
    applied: int
    weight: int | None


def recognises(path: Path) -> float:
    """1 for a sheet of excerpts with columns of codes, half the share of known columns without them."""
    excerpts = column_maps("dedoose")["excerpts"]
    if any(
        any(_CODE.fullmatch(name) for name in rows[0]) and not excerpts.missing(rows[0])
        for rows in top_rows(path)
    ):
        return 1.0
    return share_recognised(path, excerpts) / 2


def read(path: Path) -> Project:
    """Read excerpts.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51), lacks a column (M53, M54) or has no usable columns
        of codes (M55, M56).
    """
    excerpts = column_maps("dedoose")["excerpts"]
    sheets = read_sheets(path)
    fitting = [sheet for sheet in sheets if not excerpts.missing(sheet.header)] or sheets[:1]
    sheet, others = fitting[0], [each for each in sheets if each is not fitting[0]]
    columns = fitted(sheet, excerpts)
    code_columns, descriptors = _code_columns(sheet, columns)
    known = Columns(columns.at, (), columns.unverified)
    remarks = reading_remarks(sheets, "codings") + sheets_left_aside(others, "codings")
    remarks += column_remarks(sheet, known, excerpts, "codings")
    remarks += tidied_names(sheet, columns, ("document",))
    moments = [moment(columns.value(row, "coded_at"), month_first=True) for row in sheet.rows]
    remarks += unreadable(sheet, columns, "coded_at", moments, _NO_MOMENT)
    places, rule = _places(sheet, columns, remarks)
    rows: list[CodedRow] = []
    unweighted: list[str] = []
    for line, row, when, place in zip(sheet.lines, sheet.rows, moments, places, strict=True):
        document = columns.name(row, "document")
        for code in code_columns:
            if row[code.applied].strip().casefold() not in _TRUE:
                continue
            weight = None if code.weight is None else number(row[code.weight])
            if weight is None and code.weight is not None and row[code.weight].strip():
                unweighted.append(str(line))
            rows.append(
                CodedRow(
                    str(line),
                    (document,) if document else (),
                    code.path,
                    text=columns.value(row, "text"),
                    start=place[0],
                    end=place[1],
                    coder=columns.name(row, "coder"),
                    coded_at=when or "",
                    weight=weight,
                )
            )
    if unweighted:
        remarks.append(Remark("not carried", "codings", _NO_WEIGHT, len(unweighted), tuple(unweighted)))
    applied = [code.applied for code in code_columns]
    extras = Extras(
        codes=[code.path for code in code_columns],
        sources=_descriptors(sheet, columns, descriptors, remarks),
        offsets=rule,
    )
    n_codings = sum(row[k].strip().casefold() in _TRUE for k in applied for row in sheet.rows)
    return project_of("dedoose", "", rows, n_codings=n_codings, extras=extras, remarks=remarks)


def _code_columns(sheet: Sheet, columns: Columns) -> tuple[list[_CodeColumn], dict[str, int]]:
    """Columns of codes, and positions of descriptor fields by a name of their own."""
    shapes = {position: _CODE.fullmatch(sheet.header[position]) for position in columns.unknown}
    by_path: dict[tuple[tuple[str, ...], str], int] = {}
    found: list[Finding] = []
    for position, shape in shapes.items():
        if shape is None:
            continue
        place = _path(shape["path"]), shape["what"]
        if place in by_path:
            what = "Two columns stand for the same code, and nothing says which one counts."
            fix = "Give the two codes different names in Dedoose, or delete one of the columns."
            line, column = sheet.header_line, f"number {position + 1}"
            found.append(Finding("stop", "M56", sheet.file, what, fix, line, column, sheet.name))
        by_path[place] = position
    codes = [
        _CodeColumn(path, position, by_path.get((path, "Weight")))
        for (path, what), position in by_path.items()
        if what == "Applied"
    ]
    if not codes:
        what = "There are no columns that say which codes were applied."
        fix = "Export excerpts with all code columns (headers such as Code: Parent\\Child Applied)."
        found.append(Finding("stop", "M55", sheet.file, what, fix, sheet.header_line, sheet=sheet.name))
    for code in codes:
        for line, row in zip(sheet.lines, sheet.rows, strict=True):
            if row[code.applied].strip().casefold() not in (*_TRUE, *_FALSE):
                what = "A cell that says whether a code was applied is neither TRUE nor FALSE."
                column, fix = (
                    column_name(sheet, code.applied),
                    "Export the excerpts again, or correct the cell.",
                )
                found.append(Finding("stop", "M57", sheet.file, what, fix, line, column, sheet.name))
                break
    if found:
        raise StudyError(found)
    names = [sheet.header[position] for position, shape in shapes.items() if shape is None]
    seen: Counter[str] = Counter()
    fields = {}
    for position, shape in shapes.items():
        name = sheet.header[position]
        if shape is None and name:
            seen[name] += 1  # a second set of descriptors repeats the names of the first
            own = name if seen[name] == 1 else f"{name}.{seen[name]}"
            fields[own if own == name or own not in names else f"{own} (column {position + 1})"] = position
    return codes, fields


def _path(code: str) -> tuple[str, ...]:
    """Names of a code path joined by backslashes.

    >>> _path("Alliance\\\\felt heard")
    ('Alliance', 'felt heard')
    """
    names = (canonical_text(part)[0] for part in code.split("\\"))
    return tuple(name for name in names if name)


def _descriptors(
    sheet: Sheet, columns: Columns, fields: Mapping[str, int], remarks: list[Remark]
) -> dict[tuple[str, ...], dict[str, str]]:
    """Descriptor fields of each document, from the first of its excerpts that fills them."""
    documents: dict[tuple[str, ...], dict[str, str]] = {}
    differing = []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        if not (name := columns.name(row, "document")):
            continue
        values = {label: row[position] for label, position in fields.items() if row[position].strip()}
        known = documents.setdefault((name,), values)
        if any(known.get(label, value) != value for label, value in values.items()):
            differing.append(str(line))
        documents[name,] = values | known
    if differing:
        remarks.append(Remark("merged", "variables", _CHANGING, len(differing), tuple(differing)))
    return documents


def _places(
    sheet: Sheet, columns: Columns, remarks: list[Remark]
) -> tuple[Sequence[tuple[int | None, int | None]], list[OffsetRule]]:
    """Start and end of each excerpt where they fit the length of its words, and the rule that was found."""
    ranges = [_RANGE.fullmatch(columns.name(row, "range")) for row in sheet.rows]
    spans = [None if found is None else (int(found[1]), int(found[2])) for found in ranges]
    pages = [
        str(line)
        for line, row, span in zip(sheet.lines, sheet.rows, spans, strict=True)
        if span is None and columns.name(row, "range")
    ]
    if pages:
        remarks.append(Remark("not carried", "codings", _PAGES, len(pages), tuple(pages)))
    placed = [
        (span, len(columns.value(row, "text")))
        for row, span in zip(sheet.rows, spans, strict=True)
        if span is not None
    ]
    if not placed:
        return [(None, None)] * len(spans), []
    fits = {extra: sum(b - a + extra == n for (a, b), n in placed) / len(placed) for extra in (0, 1)}
    extra = max(fits, key=lambda each: fits[each])
    if fits[extra] < 0.9:
        remarks.append(Remark("not carried", "codings", _UNFIT, len(placed)))
        return [(None, None)] * len(spans), []
    words = f"as exported, end {'exclusive' if extra == 0 else 'inclusive'}, by the length of the words"
    rule = OffsetRule("(all documents)", words, fits[extra], fits[1 - extra], len(placed))
    return [(None, None) if span is None else (span[0], span[1] + extra) for span in spans], [rule]
