"""What stands in the cells of an export, character for character?

The strict readers take a file apart and refuse what they always refuse (hidden rows, merged cells, ragged rows,
hostile archives); their cleaning is left out, since the words of a quote are evidence and stay as they are, and
so are their rules on one sheet and one header row, which the exports of coding programs break by design.

References: RFC 4180 (csv); ECMA-376 part 1, section 22.9.2.19 (characters written as ``_x000D_``).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers.project import Kind, Remark
from analysis_lib.readers.delimited import SEPARATORS, delimited_rows
from analysis_lib.readers.table import UncleanedRows, canonical_text
from analysis_lib.readers.values import shown_name
from analysis_lib.readers.xlsx import xlsx_sheets

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")
_ESCAPED = re.compile(r"_x00([01][0-9A-Fa-f])_")
_GLANCE = 256 * 1024
_TOP = 12


@dataclass(frozen=True)
class Sheet:
    """One table of an export.

    Parameters
    ----------
    file
        Name in findings.
    name
        Worksheet as a message may show it; None for text files.
    header
        Column names, comparable: without outer spaces, in normalisation form C. They may repeat.
    rows
        Values exactly as they stand, every row as long as ``header``; blank rows are left out.
    lines
        Where each row starts, counted from 1 with the header.
    notes
        What the reader decided on the way; levels ``warn`` and ``note``.
    header_line
        Where the column names stand.
    """

    file: str
    name: str | None
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    notes: tuple[Finding, ...] = ()
    header_line: int = 1


def read_sheets(path: Path) -> list[Sheet]:
    """Every visible sheet that holds values; a text file is one sheet.

    Raises
    ------
    StudyError
        With every finding of the readers, or M50 where the file is no table.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "segments.csv"
    ...     _ = file.write_bytes(b"Code,Segment\\r\\nalliance,\\" heard \\n\\"\\r\\n")
    ...     sheet = read_sheets(file)[0]
    >>> sheet.header, sheet.rows, sheet.lines
    (('Code', 'Segment'), (('alliance', ' heard \\n'),), (2,))
    """
    if path.suffix.casefold() not in ENDINGS:
        what = "An export is read from a sheet or a text file, and this is neither."
        fix = "Export it again as .xlsx or .csv; an old .xls file can be saved as .xlsx."
        raise StudyError(Finding("stop", "M50", path.name, what, fix, allowed=", ".join(ENDINGS)))
    if not path.is_file():
        what = "There is no file of this name."
        raise StudyError(Finding("stop", "M51", path.name, what, "Check the spelling and the folder."))
    is_workbook = path.suffix.casefold() == ".xlsx"
    read = xlsx_sheets if is_workbook else _text_sheet
    taken = read(path, shown_as=path.name)
    found = [finding for each in taken for finding in each.found]
    if any(finding.level == "stop" for finding in found):
        raise StudyError(dict.fromkeys(found))
    sheets = []
    for each in taken:
        header = [canonical_text(name)[0] for name in each.header]
        while header and not header[-1] and not any(row[len(header) - 1].strip() for row in each.rows):
            header.pop()
        filled = [
            (line, tuple(map(_unescaped, row[: len(header)])) if is_workbook else tuple(row[: len(header)]))
            for line, row in zip(each.lines, each.rows, strict=True)
            if any(map(str.strip, row))
        ]
        sheets.append(
            Sheet(
                path.name,
                each.sheet,
                tuple(header),
                tuple(row for _, row in filled),
                tuple(line for line, _ in filled),
                each.found,
                each.header_line,
            )
        )
    return sheets


def _text_sheet(path: Path, *, shown_as: str) -> list[UncleanedRows]:
    return [delimited_rows(path, shown_as=shown_as)]


def _unescaped(value: str) -> str:
    """Control characters as themselves: workbooks write a carriage return as ``_x000D_``."""
    if "_x00" not in value:
        return value
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


def reading_remarks(sheets: Iterable[Sheet], kind: Kind) -> list[Remark]:
    """What the readers decided, each sentence once."""
    said = dict.fromkeys((note.what, note.line) for sheet in sheets for note in sheet.notes)
    return [Remark("read", kind, what, ids=() if line is None else (str(line),)) for what, line in said]


def top_rows(path: Path) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The first rows of every sheet, to recognise a format by; nothing where the file cannot be read."""
    try:
        state = path.stat()
    except OSError:
        return ()
    if path.suffix.casefold() not in ENDINGS:
        return ()
    return _top_rows(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _top_rows(path: Path, changed: int, size: int) -> tuple[tuple[tuple[str, ...], ...], ...]:
    if path.suffix.casefold() != ".xlsx":
        return _top_of_text(path)
    try:
        sheets = read_sheets(path)
    except StudyError:
        return ()
    return tuple((sheet.header, *sheet.rows[:_TOP]) for sheet in sheets)


def _top_of_text(path: Path) -> tuple[tuple[tuple[str, ...], ...], ...]:
    with path.open("rb") as file:
        data = file.read(_GLANCE)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    if "\x00" in text or data.startswith((b"PK", b"SQLite", b"%PDF")):
        return ()
    lines = [line for line in re.split(r"(?<=\n)", text) if line.strip()][: 4 * _TOP]
    best: tuple[tuple[str, ...], ...] = ()
    for separator in SEPARATORS:
        try:
            rows = [tuple(row) for row in csv.reader(lines, delimiter=separator)][: _TOP + 1]
        except csv.Error:
            continue
        if rows and (not best or len(rows[0]) > len(best[0])):
            best = tuple(rows)
    return ((tuple(canonical_text(name)[0] for name in best[0]), *best[1:]),) if best else ()


def shown_headers(header: Sequence[str]) -> str:
    """Column names by position, as a message may show them.

    >>> shown_headers(("Code", "", "Coverage %", "She said that she would never in her life go back there."))
    '1 Code, 2 (no name), 3 Coverage %, 4 (long text)'
    """
    return ", ".join(shown_header(name, position) for position, name in enumerate(header[:60], start=1))


def shown_header(name: str, position: int) -> str:
    """One column name with its position, counted from 1; its words only where they can be no answer."""
    return f"{position} {_shown(name)}"


def _shown(name: str) -> str:
    if not name:
        return "(no name)"
    if len(name) > 40 or not name.isprintable() or re.search(r"\d{6}|@", name):
        return "(long text)" if len(name) > 40 else "(no plain name)"
    return name


def column_name(sheet: Sheet, position: int) -> str:
    """Name of a column as a finding shows it, position counted from 0."""
    return shown_name(sheet.header[position], position + 1)
