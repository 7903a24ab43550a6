"""Which column of an export holds what, in the language its program was set to?

The headers of each program stand in ``data_schema/formats/<name>.yaml``, where a researcher can add one that is
missing: header, role and whether anybody has seen it in a real file. This module reads those lists, checks them
and fits them to a sheet; a header that no list knows is reported, never guessed.

References: data_schema/formats/README.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers.project import Kind, Remark
from analysis_lib.importers.sheets import Sheet, shown_header, shown_headers, top_rows
from analysis_lib.readers.table import canonical_text
from analysis_lib.schema import DATA_SCHEMA

FORMATS = DATA_SCHEMA / "formats"
LANGUAGES = ("en", "de", "pl", "es", "fr", "pt")
ROLES = {
    "document": "name of the document",
    "document_group": "group or folder of the document",
    "document_id": "number of the document",
    "code": "name or path of the code",
    "code_id": "number of the code",
    "text": "coded words",
    "start": "first position of the stretch",
    "end": "last position of the stretch",
    "length": "length of the stretch",
    "paragraph_start": "first paragraph of the stretch",
    "paragraph_end": "last paragraph of the stretch",
    "coder": "who coded",
    "coded_at": "when it was coded",
    "weight": "weight of the coding",
    "memo": "comment on the coding",
    "id": "number of the coding or quotation",
    "person": "id of the person",
    "density": "how many codes a quotation has",
    "range": "positions of the stretch as a from-to",
    "unused": "known and not used",
}


@dataclass(frozen=True)
class Header:
    """One spelling of a column name: its role, the language, and whether it was seen in a real file."""

    name: str
    role: str
    language: str
    verified: bool


@dataclass(frozen=True)
class ColumnMap:
    """The headers of one kind of sheet.

    Parameters
    ----------
    file
        The YAML file, as a message names it.
    title
        What the sheet is, in words.
    required
        Roles without which it cannot be read.
    headers
        Folded spelling -> header.
    """

    file: str
    title: str
    required: tuple[str, ...]
    headers: Mapping[str, Header]

    def share_known(self, header: Iterable[str]) -> float:
        """Share of named columns that this list knows; 0 where a required role is missing."""
        known = [self.headers.get(_folded(name)) for name in header if name]
        roles = {each.role for each in known if each}
        if not known or not set(self.required) <= roles:
            return 0.0
        return sum(each is not None for each in known) / len(known)

    def n_known(self, header: Iterable[str]) -> int:
        """How many columns this list knows."""
        return sum(_folded(name) in self.headers for name in header)

    def missing(self, header: Iterable[str]) -> tuple[str, ...]:
        """Required roles that no column has."""
        have = {each.role for name in header if (each := self.headers.get(_folded(name)))}
        return tuple(role for role in self.required if role not in have)


@dataclass(frozen=True)
class Columns:
    """The columns of one sheet by role.

    Parameters
    ----------
    at
        Role -> position counted from 0.
    unknown
        Positions of columns that no list knows.
    unverified
        Positions of columns known by a spelling that nobody has seen in a real file.
    """

    at: Mapping[str, int]
    unknown: tuple[int, ...]
    unverified: tuple[int, ...]

    def value(self, row: tuple[str, ...], role: str) -> str:
        """What a row holds for a role, exactly; empty where the sheet has no such column."""
        position = self.at.get(role)
        return "" if position is None else row[position]

    def name(self, row: tuple[str, ...], role: str) -> str:
        """What a row holds for a role, without outer spaces and comparable."""
        return canonical_text(self.value(row, role))[0]


def _folded(name: str) -> str:
    return " ".join(canonical_text(name)[0].casefold().split())


@cache
def column_maps(name: str, folder: Path = FORMATS) -> dict[str, ColumnMap]:
    """The kinds of sheet of one program, by key, in the order of the file.

    Parameters
    ----------
    name
        Format, the file name without its ending.
    folder
        Where the files are.

    Raises
    ------
    StudyError
        M52 with every problem of the YAML file.

    Examples
    --------
    >>> column_maps("rqda")["coding_table"].required
    ('document', 'code')
    """
    file = f"data_schema/formats/{name}.yaml"
    raw = _raw(folder / f"{name}.yaml", file)
    problems: list[str] = []
    maps = {}
    tables = raw.get("tables")
    if not isinstance(tables, dict) or not tables:
        problems.append("There is no block of tables.")
        tables = {}
    for key, table in tables.items():
        headers, said = _headers(key, table)
        problems += said
        required = table.get("required", []) if isinstance(table, dict) else []
        strange = [role for role in required if role not in ROLES]
        if strange:
            problems.append(f"Table {key} requires roles that do not exist.")
        title = table.get("title", "") if isinstance(table, dict) else ""
        if not title:
            problems.append(f"Table {key} has no title.")
        maps[key] = ColumnMap(file, str(title), tuple(required), headers)
    if problems:
        raise StudyError([_unsound(file, problem) for problem in problems])
    return maps


def _raw(path: Path, file: str) -> dict[str, Any]:
    """The file as text; every scalar stays text, so that ``No`` is a header and not a false."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise StudyError(_unsound(file, "It cannot be read as YAML.")) from None
    if not isinstance(raw, dict):
        raise StudyError(_unsound(file, "It is not a block of keys."))
    return raw


def _unsound(file: str, problem: str) -> Finding:
    what = f"The list of column names is not sound. {problem}"
    return Finding("stop", "M52", file, what, "Compare the file with the README beside it, and correct it.")


def _headers(key: str, table: Any) -> tuple[dict[str, Header], list[str]]:
    """Folded spelling -> header of one table, and what is wrong with the list."""
    languages = table.get("headers") if isinstance(table, dict) else None
    if not isinstance(languages, dict):
        return {}, [f"Table {key} has no block of headers by language."]
    headers: dict[str, Header] = {}
    problems = []
    for language, entries in languages.items():
        if language not in LANGUAGES:
            problems.append(f"Table {key} names a language that is not one of {', '.join(LANGUAGES)}.")
        for number, entry in enumerate(entries if isinstance(entries, list) else [None], start=1):
            place = f"Table {key}, language {language}, entry {number}"
            if not isinstance(entry, dict) or set(entry) != {"header", "role", "verified"}:
                problems.append(f"{place}: an entry has the keys header, role and verified.")
                continue
            if entry["role"] not in ROLES:
                problems.append(f"{place}: the role is not one of {', '.join(ROLES)}.")
            if entry["verified"] not in ("yes", "no"):
                problems.append(f"{place}: verified is yes or no.")
            seen = entry["verified"] == "yes"
            folded = _folded(entry["header"])
            known = headers.get(folded)
            if known is not None and known.role != entry["role"]:
                problems.append(f"{place}: the same header has another role in language {known.language}.")
            if known is None or (seen and not known.verified):
                headers[folded] = Header(entry["header"], entry["role"], language, seen)
    return headers, problems


def share_recognised(path: Path, columns: ColumnMap) -> float:
    """Largest share of known columns over the sheets of a file; 0 where no sheet has every required role."""
    return max((columns.share_known(rows[0]) for rows in top_rows(path)), default=0.0)


def fitted(sheet: Sheet, columns: ColumnMap) -> Columns:
    """The columns of a sheet by role.

    Raises
    ------
    StudyError
        M53 where a required role has no column, M54 where one role has two.
    """
    at: dict[str, int] = {}
    unknown, unverified, twice = [], [], []
    for position, name in enumerate(sheet.header):
        header = columns.headers.get(_folded(name)) if name else None
        if header is None:
            unknown.append(position)
            continue
        if not header.verified:
            unverified.append(position)
        if header.role in at and header.role != "unused":
            twice.append(header.role)
        at.setdefault(header.role, position)
    at.pop("unused", None)
    missing = columns.missing(sheet.header)
    found = [_missing_role(sheet, columns, role) for role in missing]
    for role in dict.fromkeys(twice):
        what = f"Two columns hold the same thing ({ROLES[role]}), and nothing says which one counts."
        fix = f"Delete one of them from the sheet, or correct {columns.file}."
        found.append(Finding("stop", "M54", sheet.file, what, fix, sheet.header_line, sheet=sheet.name))
    if found:
        raise StudyError(found)
    return Columns(at, tuple(unknown), tuple(unverified))


def _missing_role(sheet: Sheet, columns: ColumnMap, role: str) -> Finding:
    what = f"There is no column known to hold the {ROLES[role]}. Columns seen: {shown_headers(sheet.header)}."
    fix = f"Export the table with that column, or add its header with the role {role} to {columns.file}."
    return Finding("stop", "M53", sheet.file, what, fix, sheet.header_line, sheet=sheet.name)


def column_remarks(sheet: Sheet, columns: Columns, source: ColumnMap, kind: Kind) -> list[Remark]:
    """What was not known for sure about the columns of a sheet.

    Unnamed columns are said by their number. The confidence of unverified spellings is the share of columns
    whose spelling is verified.
    """
    remarks = []
    named = [shown_header(sheet.header[k], k + 1) for k in columns.unknown]
    if columns.unknown:
        text = f"Columns that {source.file} does not know were left aside."
        remarks.append(Remark("not carried", kind, text, len(columns.unknown), tuple(named)))
    if columns.unverified:
        n = len(columns.unverified)
        sure = (len(sheet.header) - len(columns.unknown) - n) / max(
            len(sheet.header) - len(columns.unknown), 1
        )
        text = f"Column names were understood by spellings that are not verified ({source.file})."
        ids = tuple(str(position + 1) for position in columns.unverified)
        remarks.append(Remark("guessed", kind, text, n, ids, round(sure, 2)))
    return remarks


def matching_sheets(
    sheets: Iterable[Sheet], columns: ColumnMap
) -> tuple[list[tuple[Sheet, Columns]], list[Sheet]]:
    """The sheets that have every required role, with their columns, and the others.

    Raises
    ------
    StudyError
        M53 for the sheet that comes nearest where none has them all.
    """
    every = list(sheets)
    fitting = [sheet for sheet in every if not columns.missing(sheet.header)]
    if not fitting:
        nearest = max(every, key=lambda sheet: columns.n_known(sheet.header))
        fitted(nearest, columns)
    others = [sheet for sheet in every if sheet not in fitting]
    return [(sheet, fitted(sheet, columns)) for sheet in fitting], others


def sheets_left_aside(sheets: Iterable[Sheet], kind: Kind) -> list[Remark]:
    """Sheets that hold something else."""
    aside = [(sheet.name or sheet.file, len(sheet.rows)) for sheet in sheets]
    if not aside:
        return []
    text = "Sheets that are none of those this format is read from were left aside; n is their rows."
    return [Remark("not carried", kind, text, sum(n for _, n in aside), tuple(name for name, _ in aside))]
