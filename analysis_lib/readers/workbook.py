"""What .xlsx and .ods files share: a zip archive of XML that may be hostile, and sheets that may hide things.

An archive is measured before anything in it is parsed and is never unpacked to disk; a sheet is refused where
what a researcher sees and what is stored could differ.

References: APPNOTE (zip file format); ECMA-376 part 1; OpenDocument 1.3 part 3.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO
from xml.parsers import expat

from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.readers.table import EMPTY, MAX_CELL_CHARACTERS, RawTable, Rule, UncleanedRows, make_table
from analysis_lib.readers.values import shown_name

MAX_ENTRIES = 2_000
MAX_EXPANDED_BYTES = 512 * 1024**2
MAX_XML_BYTES = 128 * 1024**2
MAX_RATIO = 200
MAX_ELEMENTS = 2_000_000
MAX_DEPTH = 100
MAX_SHEET_CELLS = 500_000
_CHUNK = 1024**2

DAMAGED = Rule(
    "R07",
    "stop",
    "The file cannot be opened as what its name says.",
    "Open it in the program it came from, remove a password if it has one, and save it again.",
)
BOMB = Rule(
    "R75",
    "stop",
    "The file would grow beyond what can be read, or is put together in a way no spreadsheet program does.",
    "Save the sheet that is needed as a new file, or as .csv.",
)
DEFINITIONS = Rule(
    "R76",
    "stop",
    "The file contains XML definitions (a DOCTYPE), which no spreadsheet program writes.",
    "Do not use this file; ask whoever sent it for a new export.",
)
SEVERAL_SHEETS = Rule(
    "R60",
    "stop",
    "More than one sheet holds values, and nothing says which one to read.",
    "Name the sheet, or delete the others.",
)
NO_SUCH_SHEET = Rule(
    "R61", "stop", "There is no sheet of the name that was asked for.", "Name an existing sheet."
)
HIDDEN_SHEET = Rule(
    "R62",
    "stop",
    "A hidden sheet holds values.",
    "Show it and delete it, or name the sheet that is to be read.",
)
HIDDEN_ROW = Rule(
    "R63",
    "stop",
    "A row with values is hidden or filtered out.",
    "Show all rows and remove filters; delete rows that do not belong to the wave.",
)
HIDDEN_COLUMN = Rule(
    "R64", "stop", "A column with values is hidden.", "Show the column, or delete it if it is not needed."
)
MERGED = Rule(
    "R65",
    "stop",
    "Cells are merged here, so it is not clear to which rows or columns the value belongs.",
    "Unmerge the cells and write the value into each of them.",
)
ERROR_CELL = Rule(
    "R66",
    "stop",
    "The cell shows a calculation error.",
    "Correct the formula, or empty the cell if the value is missing.",
)
NO_RESULT = Rule(
    "R67",
    "stop",
    "The cell holds a formula whose result was never stored.",
    "Open the file in a spreadsheet program, let it calculate, and save it again.",
)
FORMULAS = Rule(
    "R68",
    "note",
    "Values of this column come from formulas: {n}. The results stored at the last saving were read.",
    "Nothing to do if they are up to date.",
)
OTHER_FILES = Rule(
    "R69",
    "warn",
    "The file takes values from other files; those stored at the last saving were read, nothing was opened.",
    "Replace the links by their values.",
)
SOME_DATES = Rule(
    "R70",
    "warn",
    "Some cells of this column are stored as dates and the others are not: {n}.",
    "Spreadsheets turn entries such as 1-2 into dates; format the column as text and type these cells again.",
)
LONG_NUMBER = Rule(
    "R71",
    "warn",
    "Numbers have more than 15 digits, of which a spreadsheet keeps only the first 15: {n}.",
    "If these are ids, format the column as text and enter them again from the source.",
)
SCIENTIFIC = Rule(
    "R72",
    "warn",
    "Cells show numbers in scientific notation: {n}.",
    "Spreadsheets turn ids such as 12E5 into numbers; ids need a column formatted as text and typing again.",
)
PADDED = Rule(
    "R73",
    "note",
    "Numbers are shown with leading zeros by their cell format and were read as they are shown: {n}.",
    "Nothing to do.",
)
SHEET_WAS_HIDDEN = Rule("R74", "note", "The sheet that was asked for is hidden.", "Nothing to do.")
SHEET_TOO_LARGE = Rule(
    "R77",
    "stop",
    "The sheet is larger than can be read.",
    "Delete rows and columns that only carry formats, or save the sheet as .csv.",
)

Mark = tuple[Rule, int, int | None]  # rule, row of the sheet, column counted from 0


def open_archive(path: Path, *, shown_as: str) -> zipfile.ZipFile:
    """Open a zip archive after weighing what its list of contents declares.

    Python never expands an entry beyond its declared size, so the declared sizes are a ceiling.

    Raises
    ------
    StudyError
        Not an archive, encrypted, too many entries, too large, packed too tightly, or with names that are
        double or lead elsewhere.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        raise StudyError(DAMAGED.at(shown_as)) from None
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    too_tight = any(
        entry.file_size > _CHUNK and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
        for entry in entries
    )
    strange = len(set(names)) < len(names) or any(
        name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names
    )
    encrypted = any(entry.flag_bits & 1 for entry in entries)
    limits = {
        f"at most {MAX_ENTRIES} parts": len(entries) > MAX_ENTRIES,
        f"at most {MAX_EXPANDED_BYTES // 1024**2} MB unpacked": sum(e.file_size for e in entries)
        > MAX_EXPANDED_BYTES,
        f"at most {MAX_RATIO} times the packed size": too_tight,
        "each part once, under a plain name": strange,
    }
    found = [BOMB.at(shown_as, allowed=allowed) for allowed, broken in limits.items() if broken]
    if encrypted:
        found.append(DAMAGED.at(shown_as))
    if found:
        archive.close()
        raise StudyError(found)
    return archive


def scan_xml(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    *,
    shown_as: str,
    max_elements: int = MAX_ELEMENTS,
    start: Callable[[str, dict[str, str]], None] | None = None,
    end: Callable[[str, int], None] | None = None,
) -> None:
    """Read one part of an archive as XML without building a tree, and refuse what could exhaust the machine.

    ``start`` and ``end`` receive names without their namespace, ``end`` also how many characters stood before
    it. A part that is no XML is left alone unless
    its name says that it is.

    Raises
    ------
    StudyError
        A DOCTYPE, too many or too deep elements, over-long values, or a part that is damaged.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    elements = depth = length = 0

    def refuse(allowed: str) -> None:
        raise StudyError(BOMB.at(shown_as, allowed=allowed))

    def on_start(name: str, attributes: dict[str, str]) -> None:
        nonlocal elements, depth, length
        elements += 1
        depth += 1
        length = 0
        if elements > max_elements:
            refuse(f"at most {max_elements} elements in this part")
        if depth > MAX_DEPTH:
            refuse(f"at most {MAX_DEPTH} elements inside each other")
        if start is not None:
            start(name.rpartition(" ")[2], attributes)

    def on_end(name: str) -> None:
        nonlocal depth, length
        depth -= 1
        if end is not None:
            end(name.rpartition(" ")[2], length)
        length = 0

    def on_text(data: str) -> None:
        nonlocal length
        length += len(data)
        if length > MAX_CELL_CHARACTERS:
            refuse(f"at most {MAX_CELL_CHARACTERS} characters in a cell")

    def on_doctype(*_: object) -> None:
        raise StudyError(DEFINITIONS.at(shown_as))

    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    parser.CharacterDataHandler = on_text
    parser.StartDoctypeDeclHandler = on_doctype
    try:
        with archive.open(entry) as part:
            for fed in _feed(parser, part):
                if fed > MAX_XML_BYTES:
                    refuse(f"at most {MAX_XML_BYTES // 1024**2} MB of XML in a part")
                # An unfinished tag is scanned again with every chunk, which takes quadratic time.
                if fed - max(parser.CurrentByteIndex, 0) > 2 * _CHUNK:
                    refuse("tags shorter than 1 MB")
    except expat.ExpatError:
        if entry.file_size and entry.filename.casefold().endswith((".xml", ".rels")):
            raise StudyError(DAMAGED.at(shown_as)) from None
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error):
        raise StudyError(DAMAGED.at(shown_as)) from None


def _feed(parser: expat.XMLParserType, part: IO[bytes]) -> Iterator[int]:
    """Parse a part in chunks; yield how many bytes were given so far."""
    fed = 0
    while chunk := part.read(_CHUNK):
        parser.Parse(chunk, False)
        fed += len(chunk)
        yield fed
    parser.Parse(b"", True)


def choose_sheet(
    file: str, sheets: Sequence[tuple[str, bool, bool]], wanted: str | None
) -> tuple[int, list[Finding]]:
    """Return the position of the sheet to read, and what has to be said about it.

    Parameters
    ----------
    file
        Name in findings.
    sheets
        Name, whether it is hidden, whether it holds values.
    wanted
        Name that was asked for; None reads the only visible sheet that holds values.
    """
    names = [name for name, *_ in sheets]
    if wanted is not None:
        if wanted not in names:
            allowed = _listed(names) + did_you_mean(wanted, _listable(names))
            raise StudyError(NO_SUCH_SHEET.at(file, allowed=allowed.rstrip(".")))
        position = names.index(wanted)
        hidden = sheets[position][1]
        return position, [SHEET_WAS_HIDDEN.at(file, sheet=shown_name(wanted, position + 1))] if hidden else []
    found = [
        HIDDEN_SHEET.at(file, sheet=shown_name(name, position))
        for position, (name, hidden, filled) in enumerate(sheets, start=1)
        if hidden and filled
    ]
    visible = [position for position, (_, hidden, filled) in enumerate(sheets) if filled and not hidden]
    if len(visible) > 1:
        found.append(SEVERAL_SHEETS.at(file, allowed=_listed([names[k] for k in visible])))
    if found:
        raise StudyError(found)
    if not visible:
        raise StudyError(EMPTY.at(file))
    return visible[0], []


def _listable(names: Sequence[str]) -> list[str]:
    return [name for position, name in enumerate(names, start=1) if shown_name(name, position) == name]


def _listed(names: Sequence[str]) -> str:
    shown = [shown_name(name, position) for position, name in enumerate(names, start=1)]
    return "one of the sheets " + ", ".join(shown)


def sheet_table(
    file: str,
    name: str,
    position: int,
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    marks: Iterable[Mark],
    dates: Mapping[int, Sequence[int]],
    found: Iterable[Finding],
) -> RawTable:
    """Make a table of the rows of a sheet; parameters as for :func:`sheet_rows`."""
    taken = sheet_rows(file, name, position, rows, marks=marks, dates=dates, found=found)
    table = make_table(
        file,
        taken.header,
        taken.rows,
        taken.lines,
        header_line=taken.header_line,
        sheet=taken.sheet,
        found=taken.found,
    )
    return replace(table, sheet=name)


def sheet_rows(
    file: str,
    name: str,
    position: int,
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    marks: Iterable[Mark],
    dates: Mapping[int, Sequence[int]],
    found: Iterable[Finding],
) -> UncleanedRows:
    """Take the rows of a sheet apart, the first that is not blank being the column names; clean nothing.

    Parameters
    ----------
    file
        Name in findings.
    name, position
        Name of the sheet and its number, counted from 1.
    rows
        Row number and values, of any length.
    marks
        Places where a rule had something to say; notes and warnings are counted by column, stops listed.
    dates
        For each column counted from 0, the rows whose cell is stored as a date.
    found
        Findings about the file as a whole.
    """
    findings = list(found)
    shown = shown_name(name, position)
    first = next((k for k, (_, row) in enumerate(rows) if any(map(str.strip, row))), None)
    header_line, named = rows[first] if first is not None else (1, [])
    width = max((len(row) for _, row in rows), default=0)
    header = [*named, *[""] * (width - len(named))]
    below = rows[first + 1 :] if first is not None else []
    grouped: dict[tuple[Rule, int | None], list[int]] = {}
    for rule, line, column in marks:
        grouped.setdefault((rule, column), []).append(line)
    for column, lines in dates.items():
        as_dates = [line for line in lines if line > header_line]
        filled = sum(column < len(row) and bool(row[column].strip()) for _, row in below)
        if as_dates and len(as_dates) < filled:
            grouped[SOME_DATES, column] = as_dates
    for (rule, column), lines in grouped.items():
        label = None if column is None else f"number {column + 1}"
        if column is not None and column < width and header[column].strip():
            label = shown_name(header[column].strip(), column + 1)
        if rule.level == "stop":
            findings += rule.at_each(file, sorted(lines), column=label, sheet=shown)
        else:
            findings.append(rule.at(file, line=min(lines), column=label, sheet=shown, n=len(lines)))
    if first is None:
        raise StudyError([*findings, EMPTY.at(file, sheet=shown)])
    return UncleanedRows(
        file,
        header,
        [[*row, *[""] * (width - len(row))] for _, row in below],
        [line for line, _ in below],
        tuple(findings),
        header_line=header_line,
        sheet=shown,
    )
