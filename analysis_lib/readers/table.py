"""What a table has to be before anybody interprets it, whatever format it came from.

Every value is text, every row knows its line, every column has a name of its own, and whatever was changed
on the way in (invisible characters, decomposed accents, blank rows) is said.

References: Unicode Standard Annex 15 (normalisation form C); RFC 4180 (rows of equal length).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis_lib.errors import Finding, Level, StudyError, in_order
from analysis_lib.readers.apostrophes import as_it_was
from analysis_lib.readers.headings import repeats_names, second_headers
from analysis_lib.readers.values import shown_name

MAX_CELL_CHARACTERS = 1_000_000
MAX_COLUMNS = 5_000
MAX_CELLS = 3_500_000
MAX_CHARACTERS = 100_000_000  # in all cells together: some formats store a text once and show it in many rows
LISTED = 20  # places named one by one before the rest is counted


@dataclass(frozen=True)
class RawTable:
    """One table as text, exactly as far as it was written.

    Parameters
    ----------
    file
        Path as shown to the researcher, relative to the study folder.
    columns
        Column names as written, without outer spaces; no two are equal, none is empty.
    rows
        One tuple per row, as long as ``columns``; every value is text and ``""`` is an empty cell.
    lines
        Where each row starts: the line of a text file, the row of a sheet, or the case number plus one in
        formats without a header line. Counted from 1, the header included.
    sheet
        Worksheet that was read; None in formats that have none.
    notes
        What was decided on the way in; levels ``warn`` and ``note`` only.
    header_line
        Where the column names stand; 1 in formats without a header line.

    Examples
    --------
    >>> table = RawTable("p.csv", ("participant_id",), (("007",),), (2,), None, ())
    >>> table.rows[0][0]
    '007'
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    sheet: str | None
    notes: tuple[Finding, ...]
    header_line: int = 1


@dataclass(frozen=True)
class UncleanedRows:
    """What a format reader has taken apart, before anything is cleaned or compared.

    Parameters
    ----------
    file
        Path as shown to the researcher.
    header
        First row that is not blank, as it stands.
    rows
        Values as they stand, every row as long as ``header``.
    lines
        Line of each row, counted from 1.
    found
        What the reader had to say so far; stops have not been raised.
    header_line
        Where the column names stand.
    sheet
        Worksheet; None in formats that have none.
    """

    file: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    found: tuple[Finding, ...]
    header_line: int = 1
    sheet: str | None = None


@dataclass(frozen=True)
class Rule:
    """A stable code with its one sentence and its way out; slots in the sentence take counts only."""

    code: str
    level: Level
    what: str
    fix: str

    def at(
        self,
        file: str,
        *,
        line: int | None = None,
        column: str | None = None,
        sheet: str | None = None,
        allowed: str | None = None,
        n: int = 0,
    ) -> Finding:
        """Return the finding of this rule in one place."""
        what = self.what.format(n=n)
        return Finding(self.level, self.code, file, what, self.fix, line, column, sheet, allowed)

    def at_each(
        self,
        file: str,
        lines: Sequence[int],
        *,
        column: str | None = None,
        sheet: str | None = None,
        allowed: str | None = None,
    ) -> list[Finding]:
        """Return one finding per line; beyond the first twenty, one that counts the others."""
        found = [
            self.at(file, line=line, column=column, sheet=sheet, allowed=allowed) for line in lines[:LISTED]
        ]
        if len(lines) > LISTED:
            rest = f"{self.what} The same in {len(lines) - LISTED} further places."
            found.append(
                Finding(self.level, self.code, file, rest, self.fix, lines[LISTED], column, sheet, allowed)
            )
        return found


EMPTY = Rule(
    "R10",
    "stop",
    "There is nothing in this table.",
    "Export it again, with the column names in the first row.",
)
HEADER_ONLY = Rule(
    "R11",
    "warn",
    "The table has column names but no rows.",
    "Fill it in, or remove the file if this table is not used.",
)
BLANK_COLUMN = Rule(
    "R12",
    "stop",
    "A column holds values but has no name.",
    "Give it a name in the first row, or empty it. If title lines stand above the column names, delete them.",
)
DUPLICATE_COLUMN = Rule(
    "R13", "stop", "Two or more columns have this name.", "Rename or delete all but one of them."
)
TWIN_COLUMN = Rule(
    "R14",
    "warn",
    "This name differs from that of another column only in capitals or spaces.",
    "Rename or delete one of the two, so that nobody reads the wrong one.",
)
DROPPED_COLUMN = Rule(
    "R15", "note", "Columns without a name and without any value were left out: {n}.", "Nothing to do."
)
BLANK_ROWS = Rule(
    "R16",
    "note",
    "Blank rows between the other rows were left out: {n}.",
    "Delete them if that was not meant.",
)
REPEATED_HEADER = Rule(
    "R17",
    "stop",
    "This row repeats the column names.",
    "Delete the row; if two files were joined here, check that none of their rows stands twice.",
)
SECOND_HEADER = Rule(
    "R18",
    "stop",
    "This row looks like a second row of headings, not like data.",
    "Keep one row of column names and delete the other headings, or export without question texts.",
)
TOO_MANY_COLUMNS = Rule(
    "R19", "stop", "The table has more columns than can be read.", "Keep only the columns that are analysed."
)
CELL_TOO_LONG = Rule(
    "R20",
    "stop",
    "A cell is longer than any answer or interview can be.",
    "Look for a missing quotation mark, or split the text into segments.",
)
TOO_MANY_CELLS = Rule(
    "R21",
    "stop",
    "The table is larger than can be read.",
    "Keep only the rows and columns of this wave; a large sheet can be saved as .csv.",
)
NUL = Rule(
    "R22",
    "stop",
    "There are NUL characters in the text, which no text file should hold.",
    "Export the table again; a copy or transfer has damaged it.",
)
HALF_CHARACTER = Rule(
    "R23",
    "stop",
    "There is half a character here (a lone surrogate), so part of the text is lost.",
    "Export the table again as UTF-8; the text was cut in the middle of a character.",
)
HIDDEN_AROUND = Rule(
    "R24",
    "warn",
    "Invisible characters or no-break spaces around values were removed: {n}.",
    "Look at the first of them; if all are as they should be, nothing to do.",
)
HIDDEN_INSIDE = Rule(
    "R25",
    "warn",
    "Invisible characters inside values were removed, no-break spaces became plain ones: {n}.",
    "Look at the first of them; if all are as they should be, nothing to do.",
)
LOST_CHARACTER = Rule(
    "R26",
    "warn",
    "Values hold the sign for a character that an earlier program could not read: {n}.",
    "Go back to the original file and export it as UTF-8.",
)
TWICE_CONVERTED = Rule(
    "R27",
    "warn",
    "Values look as if their accented letters had been converted twice: {n}.",
    "Go back to the original file and export it as UTF-8.",
)
DECOMPOSED = Rule(
    "R28",
    "note",
    "Letters and accents that were stored apart were put together, values: {n}.",
    "Nothing to do.",
)

APOSTROPHE = Rule(
    "R29",
    "note",
    "An apostrophe before a sign that begins a formula, which only keeps a spreadsheet from running it, was taken "
    "off: {n}.",
    "Nothing to do.",
)

_ORDINARY_SPACE = " \t\r\n"
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u180e\u00ad"
_DIRECTION = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NO_BREAK = "\u00a0\u2007\u202f"
_WIDE_SPACE = "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000\u2028\u2029"
_OUTER = _ORDINARY_SPACE + _ZERO_WIDTH + _DIRECTION + _NO_BREAK + _WIDE_SPACE + "\x85\x1c\x1d\x1e\x1f\x0b\x0c"
# Zero-width joiners stay inside a value: emoji and several scripts need them.
_INNER_GONE = re.compile("[\u200b\u2060\ufeff\u180e\x01-\x08\x0e-\x1b\x7f]")
_INNER_SPACE = re.compile(f"[{_NO_BREAK}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TWICE = re.compile(
    # UTF-8 bytes of an accented letter, a curly quote or a no-break space, read as Western European bytes
    "\u00c3[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]"
    "|\u00e2\u20ac[\u0080-\u00bf\u0153\u0161\u017e\u02dc\u201c\u201d\u2122]|\u00c2[\u00a0-\u00bf]"
)
# A row without any of these needs no look at its single values.
_SPACE = re.compile(f"[{_ORDINARY_SPACE}]")
_UNUSUAL = re.compile(
    f"[\x00-\x08\x0b-\x1f\x7f-\x85{_ZERO_WIDTH}{_DIRECTION}{_NO_BREAK}{_WIDE_SPACE}"
    "\ufffd\ud800-\udfff\u00c2\u00c3\u00e2]"
)


def canonical_text(value: str) -> tuple[str, tuple[Rule, ...]]:
    """Return a value as it is compared everywhere, and the rules that had something to say about it.

    Outer spaces go, line ends become newlines, accents are put together (normalisation form C), characters
    that nobody can see go.

    >>> text, rules = canonical_text("P001" + chr(0x200B))
    >>> text, [rule.code for rule in rules]
    ('P001', ['R24'])
    """
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip(_ORDINARY_SPACE)
    if text.isascii() and text.isprintable():
        return text, ()
    rules = []
    if "\x00" in text:
        rules.append(NUL)
    bare = text.strip(_OUTER)
    if bare != text:
        rules.append(HIDDEN_AROUND)
    inner = _INNER_SPACE.sub(" ", _INNER_GONE.sub("", bare))
    if inner != bare:
        rules.append(HIDDEN_INSIDE)
    if inner.isascii():
        return inner, tuple(rules)
    if _SURROGATE.search(inner):
        rules.append(HALF_CHARACTER)
    if "\ufffd" in inner:
        rules.append(LOST_CHARACTER)
    if _TWICE.search(bare):
        rules.append(TWICE_CONVERTED)
    if not unicodedata.is_normalized("NFC", inner):
        inner = unicodedata.normalize("NFC", inner)
        rules.append(DECOMPOSED)
    return inner, tuple(rules)


def _check_columns(
    file: str, names: Sequence[str], used: Sequence[bool], header_line: int, sheet: str | None
) -> list[Finding]:
    found = []
    exact = Counter(names)
    alike = Counter(" ".join(name.casefold().split()) for name in exact)
    reported = set()
    for position, name in enumerate(names, start=1):
        if not name:
            rule = BLANK_COLUMN if used[position - 1] else None
        elif exact[name] > 1:
            rule = None if name in reported else DUPLICATE_COLUMN
        else:
            rule = TWIN_COLUMN if alike[" ".join(name.casefold().split())] > 1 else None
        reported.add(name)
        if rule is not None:
            column = shown_name(name, position)
            found.append(rule.at(file, line=header_line, column=column, sheet=sheet))
    return found


def _clean_row(values: Sequence[str], line: int, said: dict[tuple[int, Rule], list[int]]) -> list[str]:
    """Return canonical values; every rule with something to say adds the line under (position, rule)."""
    clean = []
    for position, value in enumerate(values):
        plain = as_it_was(value)
        text, rules = canonical_text(plain)
        if plain != value:
            rules = (*rules, APOSTROPHE)
        if len(value) > MAX_CELL_CHARACTERS:
            rules = (*rules, CELL_TOO_LONG)
        for rule in rules:
            said.setdefault((position, rule), []).append(line)
        clean.append(text)
    return clean


def _clean_rows(
    rows: Sequence[Sequence[str]], lines: Sequence[int], said: dict[tuple[int, Rule], list[int]]
) -> tuple[list[tuple[str, ...]], list[int]]:
    """Return the rows that are not blank, cleaned, and their lines."""
    kept: list[tuple[str, ...]] = []
    kept_lines: list[int] = []
    for line, row in zip(lines, rows, strict=True):
        # one test for the whole row, as nearly all rows of a large file have nothing to clean
        joined = "".join(row)
        if (
            len(joined) > MAX_CELL_CHARACTERS
            or _UNUSUAL.search(joined)
            or (not joined.isascii() and not unicodedata.is_normalized("NFC", joined))
            or ("'" in joined and any(as_it_was(value) != value for value in row))
        ):
            values = tuple(_clean_row(row, line, said))
        elif _SPACE.search(joined):
            values = tuple(value.strip(_ORDINARY_SPACE) for value in row)
        else:
            values = tuple(row)
        if any(values):
            kept.append(values)
            kept_lines.append(line)
    return kept, kept_lines


def make_table(
    file: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    *,
    header_line: int = 1,
    sheet: str | None = None,
    found: Iterable[Finding] = (),
) -> RawTable:
    """Check and clean a table of text that a format reader has taken apart.

    Parameters
    ----------
    file, sheet
        Where it stands, as shown to the researcher.
    header
        Column names as read.
    rows
        Values as read, every row as long as ``header``.
    lines
        Line of each row.
    header_line
        Line of the column names.
    found
        What the format reader found already; raised together with what is found here.

    Returns
    -------
    RawTable
        Blank rows, and columns with neither name nor value, are left out.

    Raises
    ------
    StudyError
        With every finding of the table when one of them is a stop.
    """
    findings = list(found)
    shown_sheet = None if sheet is None else shown_name(sheet, 1)
    if len(header) > MAX_COLUMNS:
        findings.append(
            TOO_MANY_COLUMNS.at(
                file, line=header_line, sheet=shown_sheet, allowed=f"at most {MAX_COLUMNS} columns"
            )
        )
        raise StudyError(findings)
    if sum(sum(map(len, row)) for row in rows) > MAX_CHARACTERS:
        at_most = f"at most {MAX_CHARACTERS} characters in all"
        raise StudyError([*findings, TOO_MANY_CELLS.at(file, sheet=shown_sheet, allowed=at_most)])
    said: dict[tuple[int, Rule], list[int]] = {}
    names = _clean_row(header, header_line, said)
    kept, kept_lines = _clean_rows(rows, lines, said)

    used = [False] * len(names)
    unnamed = [position for position, name in enumerate(names) if not name]
    for position in unnamed:
        used[position] = any(row[position] for row in kept)
    for (position, rule), where in said.items():
        column = shown_name(names[position], position + 1)
        allowed = f"at most {MAX_CELL_CHARACTERS} characters" if rule is CELL_TOO_LONG else None
        findings.append(
            rule.at(file, line=where[0], column=column, sheet=shown_sheet, allowed=allowed, n=len(where))
        )
    findings += _check_columns(file, names, used, header_line, shown_sheet)

    dropped = [position for position in unnamed if not used[position]]
    if dropped:
        keep = [position for position in range(len(names)) if position not in set(dropped)]
        names = [names[position] for position in keep]
        kept = [tuple(row[position] for position in keep) for row in kept]
        findings.append(DROPPED_COLUMN.at(file, line=header_line, sheet=shown_sheet, n=len(dropped)))
    if not names:
        raise StudyError([*findings, EMPTY.at(file, sheet=shown_sheet)])

    folded = [name.casefold() for name in names]
    repeated = [line for line, row in zip(kept_lines, kept, strict=True) if repeats_names(row, folded)]
    findings += REPEATED_HEADER.at_each(file, repeated, sheet=shown_sheet)
    if not repeated:
        second = [kept_lines[k] for k in second_headers(kept)]
        findings += SECOND_HEADER.at_each(file, second, sheet=shown_sheet)
    if not kept and not any(finding.level == "stop" for finding in findings):
        findings.append(HEADER_ONLY.at(file, sheet=shown_sheet))
    if kept:
        blank = sum(line < kept_lines[-1] for line in lines) - len(kept) + 1
        if blank:
            findings.append(BLANK_ROWS.at(file, sheet=shown_sheet, n=blank))
    if any(finding.level == "stop" for finding in findings):
        raise StudyError(findings)
    notes = tuple(in_order(findings))
    return RawTable(file, tuple(names), tuple(kept), tuple(kept_lines), sheet, notes, header_line)
