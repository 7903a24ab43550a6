"""Bad inputs: what a spreadsheet hides, merges, calculates or converts, and archives made to do harm."""

from __future__ import annotations

import datetime as dt
import random
import re
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl

from bad_inputs.case import CANARY, PARTICIPANTS, WAVE, Case, Files, P, W, added

XLSX, ODS = "waves/w1/participants.xlsx", "waves/w1/participants.ods"
ROWS = [line.split(",") for line in PARTICIPANTS.splitlines()]
NUMBERS = (3, 4, 6)  # positions of sessions planned, sessions attended and age
Change = Callable[[Any], object]


def typed(row: list[str]) -> list[object]:
    """A row as somebody types it into a spreadsheet: numbers are numbers."""
    return [int(value) if k in NUMBERS and value.isdigit() else value for k, value in enumerate(row)]


def book(path: Path, *, change: Change = lambda sheet: None) -> None:
    """The participants as a workbook, with its sheet changed."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "people"
    for row in ROWS:
        sheet.append(typed(row))
    change(sheet)
    workbook.save(path)


def instead(change: Change) -> Files:
    """The study with its participants in a workbook that is changed."""
    return {P: None, XLSX: partial(book, change=change)}


def cell(place: str, value: object, shape: str = "General") -> Files:
    """A workbook with one cell that holds something else."""

    def change(sheet: Any) -> None:
        sheet[place] = value
        sheet[place].number_format = shape

    return instead(change)


def repacked(
    path: Path, *, part: str, change: Callable[[bytes], bytes], extra: dict[str, bytes] | None = None
) -> None:
    """The workbook with one part of its archive changed and others put in."""
    book(path)
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    if part:
        parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in {**parts, **(extra or {})}.items():
            target.writestr(name, data)


SHEET = "xl/worksheets/sheet1.xml"


def xml(pattern: str, replacement: str, part: str = SHEET) -> Files:
    """A workbook whose XML is changed by hand, as no spreadsheet program does."""

    def change(data: bytes) -> bytes:
        changed, n = re.subn(pattern, replacement, data.decode())
        if n != 1:
            raise ValueError(f"the pattern fits {n} times")
        return changed.encode()

    return {P: None, XLSX: partial(repacked, part=part, change=change)}


def packed(extra: dict[str, bytes]) -> Files:
    """A workbook with further parts in its archive."""
    return {P: None, XLSX: partial(repacked, part="", change=bytes, extra=extra)}


def second_sheet(state: str = "visible", rows: int = 3) -> Change:
    """Put in another sheet."""

    def change(sheet: Any) -> None:
        other = sheet.parent.create_sheet("notes")
        for row in ROWS[:rows]:
            other.append(row)
        other.sheet_state = state

    return change


def hidden_row(sheet: Any) -> None:
    sheet.row_dimensions[6].hidden = True


def filtered(sheet: Any) -> None:
    sheet.auto_filter.ref = "A1:I13"
    for row in (3, 4):
        sheet.row_dimensions[row].hidden = True


def hidden_column(sheet: Any) -> None:
    sheet.column_dimensions["G"].hidden = True


def some_dates(sheet: Any) -> None:
    for row in range(2, 14):
        sheet.cell(row, 6).value = f"T{row}"
    sheet["F4"] = dt.datetime(2024, 2, 1)


def some_dates_left_aside(sheet: Any) -> None:
    some_dates(sheet)
    sheet["F1"] = "shoe"


def many_formats(sheet: Any) -> None:
    sheet.cell(1_000, 9_000).value = "x"


def truncated(path: Path) -> None:
    book(path)
    path.write_bytes(path.read_bytes()[:-400])


def locked(path: Path) -> None:
    """A workbook with a password is a file of another kind."""
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"EncryptedPackage" * 40)


def protected(path: Path) -> None:
    """A zip archive whose entries are encrypted."""
    book(path)
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = data.find(mark)
        while found >= 0:
            data[found + at] |= 1
            found = data.find(mark, found + 4)
    path.write_bytes(data)


def doubled(path: Path) -> None:
    """An archive that holds its sheet twice."""
    book(path)
    with zipfile.ZipFile(path) as source:
        sheet = source.read(SHEET)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as target:
        warnings.simplefilter("ignore")  # of zipfile, about a name that stands twice
        target.writestr(SHEET, sheet.replace(b"P05", b"P06"))


def wide(path: Path) -> None:
    """Half a million cells and some, in one row."""

    def change(data: bytes) -> bytes:
        cells = "".join(f"<c><v>{(k * 7919) % 1_000_003}</v></c>" for k in range(500_100))
        return data.replace(b"<sheetData>", f"<sheetData><row>{cells}</row>".encode())

    repacked(path, part=SHEET, change=change)


HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
)
TAIL = "</office:spreadsheet></office:body></office:document-content>"


def open_document(
    path: Path, *, before: str = "", of_cell: str = "", of_row: str = "", times: int = 1
) -> None:
    """The participants as an OpenDocument sheet; attributes of its third cell and of its sixth row."""
    rows = []
    for number, row in enumerate(ROWS, start=1):
        cells = "".join(
            f'<table:table-cell office:value-type="string" {of_cell if (number, k) == (6, 2) else ""}>'
            f"<text:p>{value}</text:p></table:table-cell>"
            for k, value in enumerate(row)
        )
        rows.append(f"<table:table-row {of_row if number == 6 else ''}>{cells}</table:table-row>")
    sheet = f'<table:table table:name="people">{"".join(rows)}</table:table>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("content.xml", before + HEAD + sheet * times + TAIL)


def as_ods(**changes: Any) -> Files:
    return {P: None, ODS: partial(open_document, **changes)}


NOISE = random.Random(7).randbytes(1_600_000).hex().encode()
CASES = [
    # what is hidden or ambiguous
    Case("hidden row", instead(hidden_row), "R63", XLSX, 6, None, ("hidden or filtered out", "Show all rows"),
         sheet="people"),
    Case("rows filtered out", instead(filtered), "R63", XLSX, 3, None, ("remove filters",), sheet="people"),
    Case("hidden column", instead(hidden_column), "R64", XLSX, 1, "age", ("Show the column",), sheet="people"),
    Case("column of no width", xml("<sheetData>", '<cols><col min="7" max="7" width="0"/></cols><sheetData>'), "R64",
         XLSX, 1, "age", ("Show the column",), sheet="people"),
    Case("hidden sheet", instead(second_sheet("hidden")), "R62", XLSX, None, None, ("A hidden sheet holds values",),
         sheet="notes"),
    Case("sheet that no menu shows", instead(second_sheet("veryHidden")), "R62", XLSX, None, None,
         ("name the sheet that is to be read",), sheet="notes"),
    Case("two sheets", instead(second_sheet()), "R60", XLSX, None, None,
         ("More than one sheet holds values", "one of the sheets people, notes")),
    Case("sheet that does not exist",
         {**instead(second_sheet()), W: added(WAVE, "sources: [{file: participants.xlsx, table: participants, "
                                                    "sheet: poeple}]")},
         "R61", XLSX, None, None, ('Did you mean "people"?',)),
    Case("merged cells", instead(lambda sheet: sheet.merge_cells("B6:B8")), "R65", XLSX, 6, "perceived_helpfulness",
         ("Cells are merged here", "Unmerge the cells"), sheet="people"),
    Case("merged heading", instead(lambda sheet: sheet.merge_cells("D1:E1")), "R65", XLSX, 1, "sessions_planned",
         ("Cells are merged here",), sheet="people"),
    # what is calculated
    Case("formula that was never calculated", cell("G6", "=30+8"), "R67", XLSX, 6, "age",
         ("result was never stored", "let it calculate"), sheet="people"),
    Case("formula with its result", xml(r'(<c r="G6"[^>]*>)(?=<v>38</v>)', r"\1<f>30+8</f>"), "R68", XLSX, 6, "age",
         ("come from formulas: 1",), "note", sheet="people"),
    Case("formula that failed", cell("G6", "#DIV/0!"), "R66", XLSX, 6, "age",
         ("calculation error", "Correct the formula"), sheet="people"),
    Case("look-up that found nothing", cell("A6", "#N/A"), "R66", XLSX, 6, "participant_id", ("calculation error",),
         sheet="people"),
    Case("values of another file", packed({"xl/externalLinks/externalLink1.xml": b"<x/>"}), "R69", XLSX, None, None,
         ("nothing was opened", "Replace the links"), "warn"),
    # what is converted
    Case("ids that became dates", instead(some_dates), "T10", XLSX, 4, "therapist_id",
         ("looks like a date", "A spreadsheet may have turned ids into dates"), sheet="people"),
    Case("answers that became dates", instead(some_dates_left_aside), "R70", XLSX, 4, "shoe",
         ("Some cells of this column are stored as dates", "format the column as text"), "warn", sheet="people",
         rows={"participants": 12}),
    Case("id that became a date", cell("A6", dt.datetime(2024, 5, 3), "yyyy-mm-dd"), "T10", XLSX, 6, "participant_id",
         ("looks like a date",), sheet="people"),
    Case("id of sixteen digits that became a number", cell("F6", 4556737586899855), "R71", XLSX, 6, "therapist_id",
         ("keeps only the first 15: 1", "format the column as text"), "warn", sheet="people",
         rows={"participants": 12}),
    Case("id that became 12E5", cell("F6", 1200000, "0.00E+00"), "R72", XLSX, 6, "therapist_id",
         ("scientific notation: 1",), "warn", sheet="people", rows={"participants": 12}),
    Case("number shown with leading zeros", cell("G6", 38, "0000"), "R73", XLSX, 6, "age",
         ("leading zeros",), "note", sheet="people"),
    Case("age in words in a workbook", cell("G6", CANARY), "T08", XLSX, 6, "age", ("a number of years",),
         sheet="people"),
    Case("truth where a level belongs", cell("B6", True), "T06", XLSX, 6, "perceived_helpfulness",
         ("Allowed: helpful",), sheet="people"),
    Case("date with a time", cell("H6", dt.datetime(2023, 9, 5, 10, 30), "yyyy-mm-dd hh:mm"), "T07", XLSX, 6,
         "started_on", ("year, month and day",), sheet="people"),
    Case("title above the column names",
         instead(lambda sheet: (sheet.insert_rows(1), sheet.__setitem__("A1", f"Study of the {CANARY}"))), "R12", XLSX,
         1, "number 2", ("title lines stand above",), sheet="people"),
    Case("nothing at all", instead(lambda sheet: sheet.delete_rows(1, 20)), "R10", XLSX, None, None,
         ("nothing in this table",)),
    Case("column names alone", instead(lambda sheet: sheet.delete_rows(2, 20)), "R11", XLSX, None, None,
         ("column names but no rows",), sheet="people"),
    Case("a value far away", instead(many_formats), "R19", XLSX, 1000, None, ("at most 5000 columns",)),
    Case("more cells than can be read", {P: None, XLSX: wide}, "R77", XLSX, None, None,
         ("at most 500000 cells", "save the sheet as .csv")),
    # archives that are damaged or hostile
    Case("text called .xlsx", {P: None, XLSX: PARTICIPANTS}, "R07", XLSX, None, None,
         ("cannot be opened as what its name says",)),
    Case("workbook that was cut off", {P: None, XLSX: truncated}, "R07", XLSX, None, None, ("save it again",)),
    Case("workbook with a password", {P: None, XLSX: locked}, "R07", XLSX, None, None, ("remove a password",)),
    Case("workbook in an encrypted archive", {P: None, XLSX: protected}, "R07", XLSX, None, None,
         ("remove a password",)),
    Case("workbook with macros", {P: None, "waves/w1/participants.xlsm": book}, "R04", "waves/w1/participants.xlsm",
         None, None, ("Allowed: .csv, .tsv, .xlsx",)),
    Case("part that grows a thousandfold", packed({"xl/media/x.bin": b"\0" * 5_000_000}), "R75", XLSX, None, None,
         ("at most 200 times the packed size",)),
    Case("two thousand parts", packed({f"xl/media/{k}.bin": b"" for k in range(2_000)}), "R75", XLSX, None, None,
         ("at most 2000 parts",)),
    Case("part whose name leads elsewhere", packed({"../../x.xml": b"<x/>"}), "R75", XLSX, None, None,
         ("under a plain name",)),
    Case("part under a full path", packed({"/etc/cron.d/x": b"x"}), "R75", XLSX, None, None, ("under a plain name",)),
    Case("part that stands twice", {P: None, XLSX: doubled}, "R75", XLSX, None, None, ("each part once",)),
    Case("definitions in the XML", xml("<workbook (?=xmlns)", '<!DOCTYPE workbook [<!ENTITY a "b">]><workbook ',
                                       "xl/workbook.xml"), "R76", XLSX, None, None, ("a DOCTYPE", "Do not use")),
    Case("entity of a workbook that reads a file of this computer",
         xml("<worksheet", '<!DOCTYPE worksheet [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet'), "R76", XLSX,
         None, None, ("a DOCTYPE",), never=("root:",)),
    Case("attribute without end in a workbook", packed({"xl/x.xml": b'<a b="' + NOISE + b'"/>'}), "R75", XLSX, None,
         None, ("tags shorter than 1 MB",)),
    Case("elements inside each other", packed({"xl/x.xml": b"<a>" * 101 + b"</a>" * 101}), "R75", XLSX, None, None,
         ("at most 100 elements inside each other",)),
    Case("row beyond any sheet", xml('<row r="6"', '<row r="999999999"'), "R77", XLSX, None, None, ("larger than",)),
    Case("row number that is no number", xml('<row r="6"', f'<row r="{CANARY}"'), "R07", XLSX, None, None,
         ("save it again",)),
    # OpenDocument
    Case("hidden row of an .ods", as_ods(of_row='table:visibility="collapse"'), "R63", ODS, 6, None,
         ("Show all rows",), sheet="people"),
    Case("merged cells of an .ods", as_ods(of_cell='table:number-rows-spanned="3"'), "R65", ODS, 6,
         "termination_type", ("Cells are merged here",), sheet="people"),
    Case("cell of an .ods repeated a billion times", as_ods(of_cell='table:number-columns-repeated="1000000000"'),
         "R19", ODS, 6, None, ("at most 5000 columns",)),
    Case("row of an .ods repeated a billion times", as_ods(of_row='table:number-rows-repeated="1000000000"'), "R77",
         ODS, None, None, ("larger than can be read",)),
    Case("two sheets of an .ods", as_ods(times=2), "R60", ODS, None, None, ("More than one sheet",)),
    Case("definitions in an .ods", as_ods(before="<!DOCTYPE x>"), "R76", ODS, None, None, ("a DOCTYPE",)),
]  # fmt: skip
