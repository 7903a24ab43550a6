"""How is a table written as an Excel workbook: one sheet with the data, one that explains every variable?

Every text is stored as text, so that a label that begins like a formula is shown and never run; it is also marked as
text, so that it stays so when somebody edits the cell or saves the sheet as csv. The same table gives the same bytes:
the moments that the library writes into a workbook are replaced by one.

References: ECMA-376 part 1 (workbook, core properties); CWE-1236.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.exporters.data_set import DataSet, dictionary
from analysis_lib.readers.apostrophes import would_run

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

DATA, CODEBOOK = "data", "codebook"
_EPOCH = (2000, 1, 1, 0, 0, 0)
_MOMENT = re.compile(rb">\d{4}-\d\d-\d\dT[\d:.]+Z<")
_NO_CELL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML cannot hold
_WIDEST, _NARROWEST = 60, 8


def workbook_file(data: DataSet) -> dict[str, bytes]:
    """End of the file's name -> content."""
    import openpyxl  # noqa: PLC0415  (a third of a second, for this format alone)

    book = openpyxl.Workbook()
    book.properties.title = _printable(data.title)
    book.properties.creator = "Themewave"
    book.properties.created = datetime(*_EPOCH)
    book.active.title = DATA
    _fill(book.active, data.frame)
    _fill(book.create_sheet(CODEBOOK), dictionary(data))
    written = io.BytesIO()
    book.save(written)
    return {".xlsx": _without_moments(written.getvalue())}


def _fill(sheet: Worksheet, frame: pd.DataFrame) -> None:
    """Names in the first row, which stays in sight, and the values below."""
    for place, name in enumerate(frame.columns, start=1):
        column = frame[name].astype(object)
        column = column.where(column.notna(), None)
        for row, value in enumerate([name, *column], start=1):
            cell = sheet.cell(row, place)
            if isinstance(value, str):
                cell.value = _printable(value)
                cell.data_type = "s"  # also where it looks like a formula
                cell.quotePrefix = would_run(value)
            elif value is not None:
                cell.value = value
        longest = max(len(str(value)) for value in [name, *column.dropna()])
        letter = sheet.cell(1, place).column_letter
        sheet.column_dimensions[letter].width = min(max(longest + 2, _NARROWEST), _WIDEST)
    sheet.freeze_panes = "B2"


def _printable(text: str) -> str:
    return _NO_CELL.sub("\N{REPLACEMENT CHARACTER}", text)


def _without_moments(workbook: bytes) -> bytes:
    """The same workbook with one moment wherever the library put the present one."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _MOMENT.sub(b">2000-01-01T00:00:00Z<", content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return written.getvalue()
