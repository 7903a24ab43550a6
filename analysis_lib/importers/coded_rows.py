"""How does a table with one coded stretch per row become a project?

The formats differ in their columns and in how a code, a document or a time is written; what follows is the same
for all: names get identities, codes get their parents, rows without a document or a code are counted, and rows
that say the same thing twice are one.

References: REFI-QDA standard 1.5 (2019), for what a coding is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from analysis_lib.importers.columns import Columns
from analysis_lib.importers.project import Case, Code, Coding, OffsetRule, Project, Remark, Source
from analysis_lib.importers.sheets import Sheet
from analysis_lib.readers.table import canonical_text
from analysis_lib.readers.values import moment_text

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?)?")
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? +(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,? +(\d{1,2}):(\d\d)(?::(\d\d))? ?([AaPp][Mm])?)?")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_WHOLE = re.compile(r"\d{1,9}(?:\.0+)?")


@dataclass(frozen=True)
class CodedRow:
    """One code on one stretch, in the words of no particular program.

    Parameters
    ----------
    origin
        Row number or the program's own id.
    source, code
        Names from the outermost group to the document or code itself; empty where the cell is.
    source_id, code_id
        The program's numbers, which tell apart what has one name.
    identity
        What makes the row the same statement as another one; None where rows cannot repeat by mistake.
    """

    origin: str
    source: tuple[str, ...]
    code: tuple[str, ...]
    text: str = ""
    start: int | None = None
    end: int | None = None
    coder: str = ""
    coded_at: str = ""
    memo: str = ""
    weight: float | None = None
    case: str | None = None
    source_id: str = ""
    code_id: str = ""
    identity: tuple[object, ...] | None = None


@dataclass(frozen=True)
class Extras:
    """What a file holds beside its rows.

    Parameters
    ----------
    codes
        Paths of codes that the file lists, used or not.
    sources
        Names of documents that the file lists, coded or not, with their variables.
    cases
        Cases.
    found
        Further counts of the file itself.
    """

    codes: Sequence[tuple[str, ...]] = ()
    sources: Mapping[tuple[str, ...], Mapping[str, str]] = field(default_factory=dict)
    cases: Sequence[Case] = ()
    found: Mapping[str, int] = field(default_factory=dict)
    offsets: Sequence[OffsetRule] = ()


def key_of(names: Sequence[str]) -> str:
    """Identity of a path of names; a slash inside a name is marked, so that no two paths share a key.

    >>> key_of(("alliance", "felt heard")), key_of(("yes/no",))
    ('alliance/felt heard', 'yes\\\\/no')
    """
    return "/".join(name.replace("\\", "\\\\").replace("/", "\\/") for name in names)


def moment(text: str, *, month_first: bool = False) -> str | None:
    """A time in ISO form; "" for an empty cell, None where the order of day and month is not known.

    >>> moment("02.07.2024 09:30:00"), moment("7/2/2024", month_first=True), moment("7/2/2024")
    ('2024-07-02T09:30:00', '2024-07-02', None)
    """
    bare = canonical_text(text)[0]
    if not bare:
        return ""
    if found := _ISO.fullmatch(bare):
        year, month, day, hour, minute, second = found.groups()
        half = None
    elif found := _DOTS.fullmatch(bare):
        day, month, year, hour, minute, second = found.groups()
        half = None
    elif month_first and (found := _SLASHES.fullmatch(bare)):
        month, day, year, hour, minute, second, half = found.groups()
    else:
        return None
    hours = int(hour or 0)
    if half is not None:
        hours = hours % 12 + (12 if half.casefold() == "pm" else 0)
    try:
        when = datetime(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0))
    except ValueError:
        return None
    return when.isoformat() if hour else moment_text(when)


def number(text: str) -> float | None:
    """A number with a point or a comma; None for an empty cell or anything else.

    >>> number("50"), number("0,5"), number("high")
    (50.0, 0.5, None)
    """
    bare = text.strip()
    return float(bare.replace(",", ".")) if _NUMBER.fullmatch(bare) else None


def whole(text: str) -> int | None:
    """A position, 0 or more; None for an empty cell or anything else.

    >>> whole("12"), whole("12.0"), whole("-1"), whole("3:5")
    (12, 12, None, None)
    """
    bare = text.strip()
    return int(float(bare)) if _WHOLE.fullmatch(bare) else None


def unreadable(sheet: Sheet, columns: Columns, role: str, read: Iterable[object], text: str) -> list[Remark]:
    """A remark on filled cells of a role that gave nothing; ``read`` goes along with the rows."""
    lost = [
        str(line)
        for line, row, value in zip(sheet.lines, sheet.rows, read, strict=True)
        if value is None and columns.value(row, role).strip()
    ]
    return [Remark("not carried", "codings", text, len(lost), tuple(lost))] if lost else []


def tidied_names(sheet: Sheet, columns: Columns, roles: Sequence[str]) -> list[Remark]:
    """A remark on names that had outer spaces, invisible characters or accents stored apart."""
    lines = [
        str(line)
        for line, row in zip(sheet.lines, sheet.rows, strict=True)
        if any(columns.value(row, role) != columns.name(row, role) for role in roles)
    ]
    text = "Names of documents or codes were compared without outer spaces and with accents put together."
    return [Remark("read", "codings", text, len(lines), tuple(lines))] if lines else []


def project_of(
    key: str,
    origin: str,
    rows: Sequence[CodedRow],
    *,
    n_codings: int,
    extras: Extras | None = None,
    remarks: Iterable[Remark] = (),
) -> Project:
    """A project of coded rows.

    Parameters
    ----------
    key
        Format.
    origin
        Program and version as the file states them.
    rows
        In the order of the file, those without a document or code included.
    n_codings
        How many codings the file holds, counted apart from ``rows``.
    extras
        What the file holds beside its rows.
    remarks
        What is known already.
    """
    extras = extras or Extras()
    said = list(remarks)
    placed = [row for row in rows if row.source and row.code]
    for what, lost in {
        "Rows without a document were dropped.": [row for row in rows if not row.source],
        "Rows without a code were dropped.": [row for row in rows if row.source and not row.code],
    }.items():
        if lost:
            said.append(Remark("dropped", "codings", what, len(lost), tuple(row.origin for row in lost)))
    placed, again = _once_each(placed)
    if again:
        text = "Rows that repeat an earlier row in every respect were taken once."
        said.append(Remark("merged", "codings", text, len(again), tuple(row.origin for row in again)))
    source_keys, several = _keys((row.source, row.source_id) for row in rows if row.source)
    said += _several(several, "sources", "Documents of one name were kept apart by the program's numbers.")
    code_keys, several = _keys((row.code, row.code_id) for row in rows if row.code)
    said += _several(several, "codes", "Codes of one name were kept apart by the program's numbers.")
    codings = [
        Coding(
            source_keys[row.source, row.source_id],
            code_keys[row.code, row.code_id],
            row.start,
            row.end,
            row.text,
            row.case,
            row.coder,
            row.coded_at,
            row.memo,
            row.weight,
            row.origin,
        )
        for row in placed
    ]
    named = {row.source for row in rows if row.source} | set(extras.sources)
    paths = {row.code for row in rows if row.code} | set(extras.codes)
    found = {
        "codes": len({path[: depth + 1] for path in paths for depth in range(len(path))})
        + _further((row.code, row.code_id) for row in rows if row.code),
        "sources": len(named) + _further((row.source, row.source_id) for row in rows if row.source),
        "codings": n_codings,
        **extras.found,
    }
    return Project(
        key,
        origin,
        tuple(_codes(code_keys, extras.codes)),
        tuple(_sources(source_keys, extras.sources)),
        tuple(extras.cases),
        tuple(codings),
        found,
        offsets=tuple(extras.offsets),
        remarks=tuple(said),
    )


Named = tuple[tuple[str, ...], str]


def _further(named: Iterable[Named]) -> int:
    """How many numbers there are beyond one for each name."""
    once = set(named)
    return len(once) - len({name for name, _ in once})


def _once_each(rows: Sequence[CodedRow]) -> tuple[list[CodedRow], list[CodedRow]]:
    """Rows without later ones that say the same, and those later ones."""
    seen: set[tuple[object, ...]] = set()
    kept, again = [], []
    for row in rows:
        if row.identity is not None and row.identity in seen:
            again.append(row)
            continue
        if row.identity is not None:
            seen.add(row.identity)
        kept.append(row)
    return kept, again


def _keys(named: Iterable[Named]) -> tuple[dict[Named, str], list[str]]:
    """Key of each name with its number, and the keys of names that several numbers have."""
    once = dict.fromkeys(named)
    numbers: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, number_ in once:
        numbers[name].append(number_)
    keys = {
        (name, each): key_of(name) if len(numbers[name]) == 1 else f"{key_of(name)}#{each}"
        for name, each in once
    }
    return keys, [keys[name, each] for name, each in once if len(numbers[name]) > 1]


def _several(keys: Sequence[str], kind: Literal["sources", "codes"], text: str) -> list[Remark]:
    numbers = tuple(key.rpartition("#")[2] for key in keys)
    return [Remark("read", kind, text, len(keys), numbers)] if keys else []


def _codes(keys: Mapping[Named, str], listed: Sequence[tuple[str, ...]]) -> list[Code]:
    """Every code and its parents, those of the list first, then in the order of the file."""
    codes: dict[str, Code] = {}
    keys_of: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, key in _plain(keys):
        keys_of[path].append(key)
    for path in dict.fromkeys((*listed, *keys_of)):
        for depth in range(1, len(path)):
            if path[:depth] not in keys_of:
                codes.setdefault(key_of(path[:depth]), Code(key_of(path[:depth]), path[:depth]))
        for key in keys_of[path] if path in keys_of else [key_of(path)]:
            codes.setdefault(key, Code(key, path))
    return list(codes.values())


def _plain(keys: Mapping[Named, str]) -> list[tuple[tuple[str, ...], str]]:
    return [(name, key) for (name, _), key in keys.items()]


def _sources(keys: Mapping[Named, str], listed: Mapping[tuple[str, ...], Mapping[str, str]]) -> list[Source]:
    known = {name for name, _ in keys}
    named = [*_plain(keys), *((name, key_of(name)) for name in listed if name not in known)]
    return [Source(key, name[-1], variables=dict(listed.get(name, {}))) for name, key in named]
