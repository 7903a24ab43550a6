"""How a sheet of an .ods file becomes a table of text.

Values are the stored ones as text, as in the .xlsx reader, so that the same table saved in either format is
the same table here.

References: OpenDocument 1.3 part 3, sections 9 (tables) and 19.385 (value types).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers.table import MAX_COLUMNS, TOO_MANY_COLUMNS, RawTable
from analysis_lib.readers.values import number_text
from analysis_lib.readers.workbook import (
    DAMAGED,
    ERROR_CELL,
    FORMULAS,
    HIDDEN_COLUMN,
    HIDDEN_ROW,
    LONG_NUMBER,
    MAX_SHEET_CELLS,
    MERGED,
    NO_RESULT,
    OTHER_FILES,
    PADDED,
    SHEET_TOO_LARGE,
    Mark,
    choose_sheet,
    open_archive,
    scan_xml,
    sheet_table,
)

_NS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TABLE, _OFFICE, _TEXT, _STYLE = (_NS % name for name in ("table", "office", "text", "style"))
_CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_ERROR = re.compile(r"#[A-Z/0]+[!?]?[A-Z]*[!?]?|Err:\d+")
_MIDNIGHT = re.compile(r"T00:00:00(?:[.,]0*)?")
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")


@dataclass
class _Sheet:
    """One sheet while it is being read."""

    name: str
    style: str
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    dates: dict[int, list[int]] = field(default_factory=dict)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    n_columns: int = 0
    line: int = 0
    hidden_groups: int = 0


def _repeated(element: Any, attribute: str) -> int:
    return max(int(element.get(_TABLE + attribute, "1")), 1)


def _inline(element: Any) -> Iterator[str]:
    """Text of a paragraph with its spaces, tabs and line breaks, without footnotes and comments."""
    yield element.text or ""
    for child in element:
        if child.tag == _TEXT + "s":
            yield " " * min(int(child.get(_TEXT + "c", "1")), 1_000)
        elif child.tag == _TEXT + "tab":
            yield "\t"
        elif child.tag == _TEXT + "line-break":
            yield "\n"
        elif child.tag not in (_TEXT + "note", _OFFICE + "annotation"):
            yield from _inline(child)
        yield child.tail or ""


def _clock(duration: str) -> str:
    """ISO 8601 duration as hours, minutes and seconds, as the .xlsx reader writes it."""
    parts = _DURATION.fullmatch(duration)
    if parts is None:
        return duration
    sign, days, hours, minutes, seconds, fraction = parts.groups()
    total = int(days or 0) * 24 + int(hours or 0)
    part = f".{fraction.rstrip('0')}" if fraction and fraction.strip("0") else ""
    return f"{sign}{total:02}:{int(minutes or 0):02}:{int(seconds or 0):02}{part}"


def _cell_text(cell: Any, sheet: _Sheet, column: int) -> str:
    """Value of one cell as text; what has to be said about it goes into the sheet's marks."""
    shown = "\n".join("".join(_inline(paragraph)) for paragraph in cell.findall(_TEXT + "p"))
    kind = cell.get(_OFFICE + "value-type")
    formula = cell.get(_TABLE + "formula") is not None
    line = sheet.line
    is_error = cell.get(_CALCEXT + "value-type") == "error"
    if is_error or (formula and _ERROR.fullmatch(shown)):
        sheet.marks.append((ERROR_CELL, line, column))
        return ""
    if formula:
        sheet.marks.append((FORMULAS if kind else NO_RESULT, line, column))
    if kind in ("float", "percentage", "currency"):
        written = cell.get(_OFFICE + "value", "")
        value = float(written)
        text = str(int(written)) if re.fullmatch(r"-?\d{1,400}", written) else number_text(value)
        if abs(value) >= 1e15:
            sheet.marks.append((LONG_NUMBER, line, column))
        if kind == "float" and shown.isdigit() and shown.startswith("0") and shown.lstrip("0") == text:
            sheet.marks.append((PADDED, line, column))
            return shown
        return text
    if kind == "date":
        sheet.dates.setdefault(column, []).append(line)
        return _MIDNIGHT.sub("", str(cell.get(_OFFICE + "date-value", "")))
    if kind == "time":
        sheet.dates.setdefault(column, []).append(line)
        return _clock(str(cell.get(_OFFICE + "time-value", "")))
    if kind == "boolean":
        return str(cell.get(_OFFICE + "boolean-value", ""))
    return str(cell.get(_OFFICE + "string-value", shown))


def _add_row(sheet: _Sheet, row: Any, file: str) -> int:
    """Append a row, repeated as often as it says; return how many cells that made."""
    times = _repeated(row, "number-rows-repeated")
    sheet.line += 1
    values: list[str] = []
    blanks = 0
    for cell in row:
        if cell.tag not in (_TABLE + "table-cell", _TABLE + "covered-table-cell"):
            continue
        repeat = _repeated(cell, "number-columns-repeated")
        column = len(values) + blanks
        spans = _repeated(cell, "number-columns-spanned") > 1 or _repeated(cell, "number-rows-spanned") > 1
        if spans:
            sheet.marks.append((MERGED, sheet.line, column))
        text = _cell_text(cell, sheet, column)
        if not text.strip():  # the empty rest of a sheet is stored as one cell repeated thousands of times
            blanks += repeat
            continue
        if column + repeat > MAX_COLUMNS:
            raise StudyError(
                TOO_MANY_COLUMNS.at(file, line=sheet.line, allowed=f"at most {MAX_COLUMNS} columns")
            )
        values += [""] * blanks + [text] * repeat
        blanks = 0
    if not values:
        sheet.line += times - 1
        return len(row)
    if row.get(_TABLE + "visibility", "visible") != "visible" or sheet.hidden_groups:
        sheet.marks.append((HIDDEN_ROW, sheet.line, None))
    if times * len(values) > MAX_SHEET_CELLS:
        raise StudyError(SHEET_TOO_LARGE.at(file, allowed=f"at most {MAX_SHEET_CELLS} cells"))
    sheet.rows += [(sheet.line + k, list(values)) for k in range(times)]
    sheet.line += times - 1
    return times * len(values)


def _read_sheets(archive: zipfile.ZipFile, file: str) -> tuple[list[_Sheet], set[str], bool]:
    """Return the sheets, the styles that hide a sheet, and whether values come from other files."""
    sheets: list[_Sheet] = []
    hiding: set[str] = set()
    linked = False
    style = ""
    inside = cells = 0
    with archive.open("content.xml") as part:
        for event, element in ElementTree.iterparse(part, events=("start", "end"), forbid_dtd=True):
            tag = element.tag
            if event == "start":
                if tag == _STYLE + "style":
                    style = element.get(_STYLE + "name", "")
                elif tag == _STYLE + "table-properties" and element.get(_TABLE + "display") == "false":
                    hiding.add(style)
                elif tag == _TABLE + "table":
                    inside += 1
                    if inside == 1:
                        name = element.get(_TABLE + "name", "")
                        sheets.append(_Sheet(name, element.get(_TABLE + "style-name", "")))
                elif tag == _TABLE + "table-row-group" and element.get(_TABLE + "display") == "false":
                    sheets[-1].hidden_groups += 1
                elif tag in (_TABLE + "table-source", _OFFICE + "dde-source", _TABLE + "cell-range-source"):
                    linked = True
                continue
            if tag == _TABLE + "table":
                inside -= 1
            elif tag == _TABLE + "table-row-group" and element.get(_TABLE + "display") == "false":
                sheets[-1].hidden_groups -= 1
            elif inside != 1:
                continue
            elif tag == _TABLE + "table-column":
                sheet, n = sheets[-1], _repeated(element, "number-columns-repeated")
                if element.get(_TABLE + "visibility", "visible") != "visible":
                    sheet.hidden_columns.append((sheet.n_columns, sheet.n_columns + n - 1))
                sheet.n_columns += n
            elif tag == _TABLE + "table-row":
                cells += _add_row(sheets[-1], element, file)
                element.clear()
                if cells > MAX_SHEET_CELLS:
                    raise StudyError(SHEET_TOO_LARGE.at(file, allowed=f"at most {MAX_SHEET_CELLS} cells"))
    return sheets, hiding, linked


def read_ods(path: Path, *, shown_as: str, sheet: str | None = None) -> RawTable:
    """Read one sheet of an .ods file as text.

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
    found: list[Finding] = []
    with open_archive(path, shown_as=shown_as) as archive:
        try:
            for entry in archive.infolist():
                scan_xml(archive, entry, shown_as=shown_as)
            sheets, hiding, linked = _read_sheets(archive, shown_as)
        except StudyError:
            raise
        except (KeyError, ValueError, IndexError, SyntaxError, zipfile.BadZipFile):
            # no content.xml, or numbers and structure that no spreadsheet program writes
            raise StudyError(DAMAGED.at(shown_as)) from None
    if linked:
        found.append(OTHER_FILES.at(shown_as))
    states = [(each.name, each.style in hiding, bool(each.rows)) for each in sheets]
    position, said = choose_sheet(shown_as, states, sheet)
    chosen = sheets[position]
    used = {column for _, row in chosen.rows for column, value in enumerate(row) if value}
    marks = list(chosen.marks)
    for low, high in chosen.hidden_columns:
        marks += [(HIDDEN_COLUMN, 1, column) for column in sorted(used) if low <= column <= high]
    return sheet_table(
        shown_as,
        chosen.name,
        position + 1,
        chosen.rows,
        marks=marks,
        dates=chosen.dates,
        found=found + said,
    )
