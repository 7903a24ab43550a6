"""Files in the layout of an export, written by code; none of a vendor is kept here."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

Rows = Sequence[Sequence[object]]


def csv_file(path: Path, rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def workbook(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """A workbook as a spreadsheet program writes it: carriage returns as ``_x000D_``."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([v.replace("\r", "_x000D_") if isinstance(v, str) else v for v in row])
    book.save(path)
    return path


def hide_row(path: Path, row: int) -> Path:
    book = openpyxl.load_workbook(path)
    book.worksheets[0].row_dimensions[row].hidden = True
    book.save(path)
    return path
