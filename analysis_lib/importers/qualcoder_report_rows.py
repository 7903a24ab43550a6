"""Under which heading does each cell of a QualCoder coding report belong?

The .csv of a report leaves out the cells of categories that a code does not have, so that whatever follows stands
under another heading: in a sample, 5 rows of 13. Values are put back where that can be told for certain; where it
cannot, as after a spreadsheet has filled the rows up, nothing is placed and the rows are named.

References: QualCoder 4.0, ``report_codes.py``; RFC 4180 (rows of equal length).
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from analysis_lib.errors import StudyError
from analysis_lib.importers.database import NOT_A_FILE
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.project import Remark
from analysis_lib.importers.sheets import read_sheets, reading_remarks
from analysis_lib.readers.delimited import MAX_BYTES, TOO_LARGE
from analysis_lib.readers.table import MAX_CELL_CHARACTERS, MAX_CELLS, Rule

NOT_A_REPORT = Rule(
    "M37",
    "stop",
    "The columns are not those of a QualCoder coding report in their order.",
    "Export the report again and change nothing in it before it is imported.",
)
NOT_UTF8 = Rule(
    "M38",
    "stop",
    "The text is not UTF-8, which QualCoder always writes.",
    "Export the report again and do not save it from a spreadsheet program; the .xlsx holds the same.",
)
BROKEN_QUOTES = Rule(
    "M39",
    "stop",
    "Quotation marks do not close where a value ends, so rows cannot be told apart.",
    "Export the report again and do not edit it by hand; the .xlsx holds the same.",
)
NO_ROWS = Rule(
    "M40", "stop", "The report holds no coding.", "Select codes and run the report before exporting it."
)
PUT_BACK = Entry(
    "read",
    "variables",
    "Rows shorter than the heading, since QualCoder leaves out the cells of missing categories; their values were "
    "put back under their own headings.",
)
NOT_PLACED = Entry(
    "dropped",
    "variables",
    "Rows of which it cannot be told which value belongs under which heading; their code, words, coder and document "
    "were read, their categories and variables were not. The .xlsx of the same report has them.",
)
TOO_LONG = Entry("dropped", "codings", "Rows with more cells than headings, of which nothing can be placed.")
TOO_SHORT = Entry("dropped", "codings", "Rows that end before the code is named.")
_FIXED = (
    ("Case", False),
    ("Filename|File|File/case", True),
    ("Coder", True),
    ("Coded", True),
    ("Id", True),
    ("Codename", True),
    ("Coded_Memo", False),
)


@dataclass(frozen=True)
class Heading:
    """Where things stand: names of the first columns by place, how many categories, the variables in order."""

    fixed: tuple[str, ...]
    categories: int
    variables: tuple[str, ...]

    @property
    def width(self) -> int:
        """Cells of a row that lacks none."""
        return len(self.fixed) + self.categories + len(self.variables)


@dataclass(frozen=True)
class ReportRow:
    """A coding as its row states it; ``categories`` and ``variables`` are None where they cannot be placed."""

    place: str
    cells: Mapping[str, str]
    categories: tuple[str, ...] | None
    variables: Mapping[str, str] | None


def report_rows(path: Path, ledger: Ledger) -> tuple[Heading, list[ReportRow], int, list[Remark]]:
    """Read the rows of a report with every value under its heading.

    Returns
    -------
    Heading
        What the report's columns are.
    list of ReportRow
        Rows that name a code.
    int
        Rows of the file, those without a code included.
    list of Remark
        What the readers of sheets had to say.

    Raises
    ------
    StudyError
        The file is no coding report (M36 to M40), or what the readers of sheets refuse.
    """
    header, lines, rows, remarks = _cells(path)
    heading = heading_of(header)
    if heading is None:
        raise StudyError(NOT_A_REPORT.at(path.name))
    if not rows:
        raise StudyError(NO_ROWS.at(path.name))
    return heading, _placed(heading, lines, rows, ledger), len(rows), remarks


def _cells(path: Path) -> tuple[Sequence[str], Sequence[int], Sequence[Sequence[str]], list[Remark]]:
    """Header, lines and rows as they stand, rows of a .csv as long as they are."""
    if path.suffix.casefold() == ".xlsx":
        sheets = read_sheets(path)
        sheet = next((each for each in sheets if heading_of(each.header) is not None), sheets[0])
        return sheet.header, sheet.lines, sheet.rows, reading_remarks([sheet], "codings")
    return *_ragged(path), []


def _ragged(path: Path) -> tuple[Sequence[str], Sequence[int], Sequence[Sequence[str]]]:
    name = path.name
    try:
        if not path.is_file():
            raise StudyError(NOT_A_FILE.at(name))
        if path.stat().st_size > MAX_BYTES:
            raise StudyError(TOO_LARGE.at(name, allowed=f"at most {MAX_BYTES // 1024**2} MB"))
        text = path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise StudyError(NOT_A_FILE.at(name)) from None
    except UnicodeDecodeError:
        raise StudyError(NOT_UTF8.at(name)) from None
    first = text[:2_000].partition("\n")[0]
    separator = max(",;\t", key=first.count)
    limit = csv.field_size_limit(MAX_CELL_CHARACTERS)
    lines: list[int] = []
    rows: list[list[str]] = []
    cells = 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        line = 1
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(line)
                cells += len(row)
            if cells > MAX_CELLS:
                raise StudyError(TOO_LARGE.at(name, allowed=f"at most {MAX_CELLS} cells"))
            line = reader.line_num + 1
    except csv.Error:
        raise StudyError(BROKEN_QUOTES.at(name)) from None
    finally:
        csv.field_size_limit(limit)
    return (rows[0] if rows else []), lines[1:], rows[1:]


def heading_of(header: Sequence[str]) -> Heading | None:
    """Take a header apart; None where it is not one of a coding report.

    >>> heading_of(["File", "Coder", "Coded", "Id", "Codename", "Coded_Memo", "Category", "FileVar_Wave"]).variables
    ('FileVar_Wave',)
    """
    fixed: list[str] = []
    rest = list(header)
    for names, needed in _FIXED:
        if rest and rest[0] in names.split("|"):
            fixed.append(rest.pop(0))
        elif needed:
            return None
    categories = rest.count("Category")
    variables = tuple(rest[categories:])
    of_cases = [name.startswith("CaseVar_") for name in variables]
    in_order = rest[:categories] == ["Category"] * categories and of_cases == sorted(of_cases)
    if not in_order or not all(name.startswith(("FileVar_", "CaseVar_")) for name in variables):
        return None
    return Heading(tuple(fixed), categories, variables)


def _placed(
    heading: Heading, lines: Sequence[int], rows: Sequence[Sequence[str]], ledger: Ledger
) -> list[ReportRow]:
    """Put every value under its heading, or leave out what cannot be placed."""
    front = len(heading.fixed)
    code_at = heading.fixed.index("Codename")
    kept = []
    for line, row in zip(lines, rows, strict=True):
        if front <= len(row) <= heading.width:
            kept.append((f"row {line}", row))
        else:
            ledger.note(TOO_LONG if len(row) > heading.width else TOO_SHORT, f"row {line}")
    ragged = any(len(row) < heading.width for _, row in kept)
    tails = _ragged_tails if ragged else _even_tails
    placed = []
    for (place, row), tail in zip(kept, tails(heading, [row for _, row in kept], code_at), strict=True):
        cells = dict(zip(heading.fixed, row, strict=False))
        if tail is None:
            ledger.note(NOT_PLACED, place)
            placed.append(ReportRow(place, cells, None, None))
            continue
        if len(row) < heading.width:
            ledger.note(PUT_BACK, place)
        categories, values = tail
        variables = dict(zip(heading.variables, values, strict=True))
        placed.append(ReportRow(place, cells, categories, variables))
    return placed


_Tail = tuple[tuple[str, ...], Sequence[str]] | None


def _ragged_tails(heading: Heading, rows: Sequence[Sequence[str]], code_at: int) -> Iterable[_Tail]:
    """Categories and values of rows as QualCoder writes them: one cell per category that the code has.

    A code has as many categories in one row as in the next, so a code with rows of different lengths has been
    through another program, and where its values stand is not known.
    """
    front, behind = len(heading.fixed), len(heading.variables)
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        lengths[row[code_at]].add(len(row))
    for row in rows:
        categories = tuple(row[front : len(row) - behind])
        if len(row) < front + behind or len(lengths[row[code_at]]) > 1 or "" in categories:
            yield None
        else:
            yield categories, row[len(row) - behind :]


def _even_tails(heading: Heading, rows: Sequence[Sequence[str]], code_at: int) -> Iterable[_Tail]:
    """Categories and values of rows of one length, which may be ragged rows that a spreadsheet has filled up.

    A filled-up row ends in an empty cell and has no empty category before a value. So a row that does not end in one
    stands as it was written; if such a row lacks a category, the whole file does. Other rows are believed where all
    that they say about the tree of categories is said by a row that is beyond doubt.
    """
    front, uppermost = len(heading.fixed), len(heading.fixed) + heading.categories
    doubtful = bool(heading.categories and heading.variables)
    full = [bool(row[-1]) for row in rows]
    if any(ends and "" in row[front:uppermost] for ends, row in zip(full, rows, strict=True)):
        doubtful = False

    def steps(row: Sequence[str]) -> list[tuple[str, str]]:
        path = [row[code_at], *row[front:uppermost]]
        return list(pairwise(path))

    beyond_doubt = {step for ends, row in zip(full, rows, strict=True) if ends for step in steps(row)}
    for ends, row in zip(full, rows, strict=True):
        cells = row[front:uppermost]
        categories = tuple(name for name in cells if name)
        gap = list(cells[: len(categories)]) != list(categories)
        if gap or (doubtful and not ends and not beyond_doubt.issuperset(steps(row))):
            yield None
        else:
            yield categories, row[uppermost:]
