"""How a sheet of an .xlsx workbook becomes a table of text.

Values are the stored ones as text (12.0 is "12", dates are ISO, booleans are true and false); whatever a
sheet can hide from the eye or from a program stops the reading.

References: ECMA-376 part 1, sections 18.2 (workbook) and 18.3 (worksheet).
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.cell import column_index_from_string, range_boundaries

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers.table import EMPTY, MAX_COLUMNS, TOO_MANY_COLUMNS, RawTable, UncleanedRows
from analysis_lib.readers.values import moment_text, number_text, shown_name
from analysis_lib.readers.workbook import (
    DAMAGED,
    ERROR_CELL,
    FORMULAS,
    HIDDEN_COLUMN,
    HIDDEN_ROW,
    HIDDEN_SHEET,
    LONG_NUMBER,
    MAX_ELEMENTS,
    MAX_SHEET_CELLS,
    MERGED,
    NO_RESULT,
    OTHER_FILES,
    PADDED,
    SCIENTIFIC,
    SHEET_TOO_LARGE,
    Mark,
    choose_sheet,
    open_archive,
    scan_xml,
    sheet_rows,
    sheet_table,
)

_LAST_ROW = 1_048_576
_LAST_COLUMN = 16_384
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_YES = ("1", "true")


class _SheetParts:
    """What the XML of one sheet says about rows, columns and formulas and the read-only reader leaves out."""

    def __init__(self, shown_as: str):
        self.shown_as = shown_as
        self.filled = 0
        self.cells = 0
        self.filled_columns: set[int] = set()
        self.hidden_rows: set[int] = set()
        self.hidden_columns: list[tuple[int, int]] = []
        self.merged: list[str] = []
        self.formulas: list[tuple[int, int]] = []
        self.without_result: list[tuple[int, int]] = []
        self._row = self._column = 0
        self._row_hidden = self._has_formula = self._has_value = self._is_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            self._row_hidden = attributes.get("hidden") in _YES or attributes.get("ht") == "0"
            self._stay_inside(self._row <= _LAST_ROW)
        elif name == "c":
            place = _CELL.fullmatch(attributes.get("r", ""))
            self._column = column_index_from_string(place[1]) if place else self._column + 1
            self._has_formula = self._has_value = False
            self._is_text = attributes.get("t") == "str"
            self.cells += 1
            self._stay_inside(self._column <= _LAST_COLUMN and self.cells <= MAX_SHEET_CELLS)
        elif name == "f":
            self._has_formula = True
        elif name == "is":
            self._has_value = True
        elif name == "col":
            if attributes.get("hidden") in _YES or attributes.get("width") == "0":
                self.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))
        elif name == "mergeCell":
            self.merged.append(attributes["ref"])

    def end(self, name: str, characters: int) -> None:
        if name == "v" and (characters or self._is_text):  # a formula may result in an empty text
            self._has_value = True
        if name != "c" or not (self._has_value or self._has_formula):
            return
        self.filled += 1
        self.filled_columns.add(self._column)
        if self._row_hidden:
            self.hidden_rows.add(self._row)
        if self._has_formula:
            self.formulas.append((self._row, self._column - 1))
            if not self._has_value:
                self.without_result.append((self._row, self._column - 1))

    def _stay_inside(self, inside: bool) -> None:
        if not inside:
            raise StudyError(SHEET_TOO_LARGE.at(self.shown_as, allowed=f"at most {MAX_SHEET_CELLS} cells"))


def _scan(archive: zipfile.ZipFile, shown_as: str) -> dict[str, _SheetParts]:
    """Read every part once before openpyxl does: limits for all, structure for those that are sheets."""
    sheets = {}
    for entry in archive.infolist():
        if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
            parts = _SheetParts(shown_as)
            scan_xml(archive, entry, shown_as=shown_as, start=parts.start, end=parts.end)
            sheets[entry.filename] = parts
        else:
            # openpyxl builds a tree of every part but sheets and texts, at some kilobytes for each element
            limit = MAX_ELEMENTS if entry.filename == "xl/sharedStrings.xml" else 150_000
            scan_xml(archive, entry, shown_as=shown_as, max_elements=limit)
    return sheets


def _cell_text(cell: Any, line: int, column: int, marks: list[Mark], dates: dict[int, list[int]]) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        marks.append((ERROR_CELL, line, column))
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time | timedelta):
        dates.setdefault(column, []).append(line)
        return moment_text(value)
    text = number_text(value)
    shape = cell.number_format or ""
    if abs(value) >= 1e15:
        marks.append((LONG_NUMBER, line, column))
    if "E+" in shape:
        marks.append((SCIENTIFIC, line, column))
    if len(shape) > len(text) and set(shape) == {"0"} and text.isdigit():
        marks.append((PADDED, line, column))
        return text.zfill(len(shape))
    return text


def _structure_marks(parts: _SheetParts, last_line: int) -> list[Mark]:
    marks: list[Mark] = [(HIDDEN_ROW, row, None) for row in sorted(parts.hidden_rows)]
    for low, high in parts.hidden_columns:
        marks += [(HIDDEN_COLUMN, 1, c - 1) for c in sorted(parts.filled_columns) if low <= c <= high]
    for ref in parts.merged:
        column, row, *_ = range_boundaries(ref)
        if row <= last_line:
            marks.append((MERGED, row, column - 1))
    marks += [(NO_RESULT, row, column) for row, column in parts.without_result]
    without = set(parts.without_result)
    marks += [(FORMULAS, row, column) for row, column in parts.formulas if (row, column) not in without]
    return marks


def _read_sheet(
    sheet: Any, shown_as: str
) -> tuple[list[tuple[int, list[str]]], list[Mark], dict[int, list[int]]]:
    """Return (row number, values) down to the last filled row, marks, and where cells are dates."""
    rows: list[tuple[int, list[str]]] = []
    marks: list[Mark] = []
    dates: dict[int, list[int]] = {}
    last = cells = 0
    sheet.reset_dimensions()  # the stated size of a sheet can be wrong, and rows beyond it would be lost
    for line, row in enumerate(sheet.iter_rows(), start=1):
        cells += len(row)
        if cells > 4 * MAX_SHEET_CELLS:
            raise StudyError(SHEET_TOO_LARGE.at(shown_as, allowed=f"at most {MAX_SHEET_CELLS} cells"))
        values = [_cell_text(cell, line, column, marks, dates) for column, cell in enumerate(row)]
        while values and not values[-1].strip():
            values.pop()
        if len(values) > MAX_COLUMNS:
            raise StudyError(
                TOO_MANY_COLUMNS.at(shown_as, line=line, allowed=f"at most {MAX_COLUMNS} columns")
            )
        rows.append((line, values))
        if values:
            last = line
    return rows[:last], marks, dates


def read_xlsx(path: Path, *, shown_as: str, sheet: str | None = None) -> RawTable:
    """Read one sheet of an .xlsx workbook as text.

    Parameters
    ----------
    path
        The file.
    shown_as
        Its name in findings.
    sheet
        Name of the sheet; None reads the only one that holds values.

    Returns
    -------
    RawTable
        ``lines`` are row numbers of the sheet.

    Raises
    ------
    StudyError
        With every finding of the file: merged or hidden cells, error values, formulas without a stored
        result, several sheets to choose from, or an archive that is damaged or hostile.
    """
    chosen, found = _taken_sheets(path, shown_as, lambda sheets: _one_sheet(shown_as, sheets, sheet))
    taken = chosen[0]
    return sheet_table(
        shown_as, taken.name, taken.position, taken.rows, marks=taken.marks, dates=taken.dates, found=found
    )


def xlsx_sheets(path: Path, *, shown_as: str) -> list[UncleanedRows]:
    """Take every visible sheet that holds values apart and clean nothing.

    Raises
    ------
    StudyError
        A hidden sheet with values, or a file from which nothing can be taken; other stops are in ``found``.
    """
    chosen, found = _taken_sheets(path, shown_as, lambda sheets: _visible_sheets(shown_as, sheets))
    return [
        sheet_rows(
            shown_as, each.name, each.position, each.rows, marks=each.marks, dates=each.dates, found=found
        )
        for each in chosen
    ]


def _one_sheet(
    file: str, sheets: Sequence[tuple[str, bool, bool]], wanted: str | None
) -> tuple[list[int], list[Finding]]:
    chosen, said = choose_sheet(file, sheets, wanted)
    return [chosen], said


def _visible_sheets(file: str, sheets: Sequence[tuple[str, bool, bool]]) -> tuple[list[int], list[Finding]]:
    """Positions of all sheets with values; a hidden one among them is a stop."""
    hidden = [
        HIDDEN_SHEET.at(file, sheet=shown_name(name, position))
        for position, (name, is_hidden, filled) in enumerate(sheets, start=1)
        if is_hidden and filled
    ]
    if hidden:
        raise StudyError(hidden)
    filled = [position for position, (*_, has_values) in enumerate(sheets) if has_values]
    if not filled:
        raise StudyError(EMPTY.at(file))
    return filled, []


@dataclass(frozen=True)
class _TakenSheet:
    name: str
    position: int
    rows: list[tuple[int, list[str]]]
    marks: list[Mark]
    dates: dict[int, list[int]]


def _taken_sheets(
    path: Path,
    shown_as: str,
    choose: Callable[[Sequence[tuple[str, bool, bool]]], tuple[list[int], list[Finding]]],
) -> tuple[list[_TakenSheet], list[Finding]]:
    """The sheets that were chosen by name, whether hidden and whether filled; findings about the file."""
    found: list[Finding] = []
    with open_archive(path, shown_as=shown_as) as archive:
        if any(name.startswith("xl/externalLinks/") for name in archive.namelist()):
            found.append(OTHER_FILES.at(shown_as))
        # Whatever a damaged workbook makes openpyxl raise or warn is a fault of the file, and its messages
        # may quote cells; neither is passed on.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                parts = _scan(archive, shown_as)
                book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
                try:
                    known = [parts[each._worksheet_path.lstrip("/")] for each in book.worksheets]
                    states = [
                        (each.title, each.sheet_state != "visible", facts.filled > 0)
                        for each, facts in zip(book.worksheets, known, strict=True)
                    ]
                    chosen, said = choose(states)
                    taken = []
                    for place in chosen:
                        rows, marks, dates = _read_sheet(book.worksheets[place], shown_as)
                        marks += _structure_marks(known[place], len(rows))
                        taken.append(_TakenSheet(states[place][0], place + 1, rows, marks, dates))
                finally:
                    book.close()
            except StudyError:
                raise
            except Exception:
                raise StudyError(DAMAGED.at(shown_as)) from None
    return taken, found + said
