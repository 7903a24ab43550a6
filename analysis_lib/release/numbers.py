"""Which numbers of people stand in a bundle, and what does each of them count?

A number is known by its role (people, people with a theme, events ...) and by what restricts it (wave, theme, group,
level ...), whatever table it stands in. Columns are read by their names, which are one vocabulary over the package.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis_lib.intake import MISSING
from analysis_lib.payload import Payload, Table, Value
from analysis_lib.quantitize import ALL

Dims = frozenset[tuple[str, str]]

# A count and the people it is a part of.
PARTS = {
    "n_with_theme": "n_total",
    "n_with_pattern": "n_total",
    "n_with_reference": "n_reference",
    "n_events": "n_total",
    "n_cases": "n_total",
    "n_without_theme": "n",
    "n_dropped": "n_judged",
    "n_missing": "n_eligible",
    "n_both": "n_with_theme",
    "n_with_other": "n_total",
    "n_checked_with_theme": "n_checked",
    "n_agreed": "n_units",
    "n_given": "n_units",
    "n_returned": "n_before",
    "n_repeated": "n_counted",
    "n_late": "n_judged",
}
# Columns that count everybody in the scope of a row, and columns that count those of them who could be used.
_EVERYBODY = {"n", "n_total", "n_eligible", "n_reference"}
USED = {
    "n_used",
    "n_judged",
    "n_units",
    "n_checked",
    "n_counted",
    "n_before",
    "n_people",
    "n_known",
    "n_pairs",
}
_ALSO = {"n_with_reference": "n_with_theme", "n_with_other": "n_with_theme", "n_given": "n_with_theme"}
# Columns that describe a row, or stand beside it, and restrict nobody.
_DESCRIBES = {
    *("label", "theme_label", "code_label", "other_label", "term_label", "level_label"),
    *("depth", "parent", "reference", "level_reference", "n_coders", "n_parameters", "n_imputations", "comparable"),
    *("redefined", "codebook_version", "look", "theme_ids", "opened", "closed", "data_cut", "adjusted"),
}  # fmt: skip
_TEXTS = {"stage", "what", "third", "ended", "case"}  # fixed phrases that restrict
# What is counted, and within what, where every way to work a number out from others is known.
UNDERSTOOD = {"people", "n_with_theme", "n_without_theme", "excluded"}
UNDERSTOOD_DIMS = {"wave", "group", "theme_id", "variable", "level", "stage", "reason"}


class Place(NamedTuple):
    """Where a number stands: payload, table, row and column of the bundle before the counts rule."""

    payload: int
    table: str
    row: int
    column: int


@dataclass
class People:
    """Every number of people of a bundle, each once, and what is known of them together.

    Parameters
    ----------
    n
        The exact numbers.
    names
        Role and restrictions of each, for messages; they hold names of groups and ids of themes, never a count.
    places
        Where each stands; nowhere for what only follows from others.
    relations
        (whole, parts): the whole is the sum of its parts.
    not_understood
        Places of numbers that may hang together with others in ways that are not looked for here, such as those of
        models and coders.
    """

    n: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    places: list[tuple[Place, ...]] = field(default_factory=list)
    relations: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    not_understood: set[Place] = field(default_factory=set)

    def add(self, n: int, name: str, places: Iterable[Place] = ()) -> int:
        """A further number; returns its index."""
        self.n.append(n)
        self.names.append(name)
        self.places.append(tuple(places))
        return len(self.n) - 1


@dataclass(frozen=True)
class Entry:
    """One number in one table."""

    role: str
    dims: Dims
    n: int


@dataclass
class Sheet:
    """A table with people in it, once however often it stands in the bundle."""

    table: Table
    name: str
    payloads: list[int]
    dims: list[Dims]
    entries: dict[tuple[int, int], Entry]  # by row and column


def sheets_of(payloads: Sequence[Payload]) -> Iterator[Sheet]:
    """Each distinct table with people in it."""
    found: dict[tuple[object, ...], Sheet] = {}
    for i, payload in enumerate(payloads):
        wave = str(payload.facts.get("wave", ""))
        for name, table in payload.tables.items():
            if "people" not in table.kinds.values():
                continue
            key = (name, table.columns, table.rows, wave)
            if key not in found:
                found[key] = _sheet(table, name, wave)
            found[key].payloads.append(i)
    yield from found.values()


def _sheet(table: Table, name: str, wave: str) -> Sheet:
    restricting = [
        (i, column)
        for i, (column, kind) in enumerate(table.columns)
        if (kind == "key" and column not in _DESCRIBES) or (kind == "text" and column in _TEXTS)
    ]
    dims = [_restrictions(row, restricting, wave) for row in table.rows]
    reason = next((i for i, (column, _) in enumerate(table.columns) if column == "reason"), None)
    if len(set(dims)) < len(dims) and reason is not None:  # people who left, by why
        dims = [dim | {("reason", str(row[reason]))} for dim, row in zip(dims, table.rows, strict=True)]
    sheet = Sheet(table, name, [], dims, {})
    names = [column for column, _ in table.columns]
    for at, (row, dim) in enumerate(zip(table.rows, dims, strict=True)):
        for i, (column, kind) in enumerate(table.columns):
            if kind == "people" and isinstance(row[i], int):
                sheet.entries[at, i] = Entry(
                    _role(column, names), _scope(column, dim, row, names), int(row[i] or 0)
                )
    return sheet


def _restrictions(row: tuple[Value, ...], restricting: list[tuple[int, str]], wave: str) -> Dims:
    found = {(column, str(row[i])) for i, column in restricting if row[i] is not None and row[i] != ""}
    found = {("theme_id" if column == "code_id" else column, value) for column, value in found}
    if "wave" not in {column for column, _ in found}:
        found.add(("wave", wave))
    return frozenset(found - {("group", ALL)})


def _role(column: str, names: list[str]) -> str:
    if column in _EVERYBODY or (column == "n_missing" and "variable" in names):
        return "people"
    return _ALSO.get(column, column)


def _scope(column: str, dims: Dims, row: tuple[Value, ...], names: list[str]) -> Dims:
    """What restricts a number: that of its row, but for those of the reference group and of the other theme."""
    if column == "n_missing" and "variable" in names:
        return dims | {("level", MISSING)}
    if column == "n_total" and "n" in names:
        dims = without(dims, "level")
    if column in ("n_reference", "n_with_reference"):
        dims = frozenset(x for x in dims if x[0] != "group") | {("group", str(row[names.index("reference")]))}
    if "other_id" in names and column in ("n_total", "n_with_theme", "n_with_other"):
        own = {"n_with_theme": "theme_id", "n_with_other": "other_id"}.get(column)
        dims = frozenset(x for x in dims if x[0] not in ("theme_id", "other_id"))
        pair = frozenset({("pair", f"{row[names.index('theme_id')]} {row[names.index('other_id')]}")})
        dims |= pair if own is None else pair | {("theme_id", str(row[names.index(own)]))}
    return dims


def name_of(entry: Entry) -> str:
    """A number in words, without saying how many."""
    said = {"people": "people", "n_with_theme": "people with the theme"}.get(entry.role, entry.role)
    return ", ".join([said, *(f"{column} {value}" for column, value in sorted(entry.dims) if value)])


def columns_of(entry: Entry) -> frozenset[str]:
    """By what a number is restricted."""
    return frozenset(column for column, _ in entry.dims)


def without(dims: Dims, column: str) -> Dims:
    """Restrictions but for one."""
    return frozenset(x for x in dims if x[0] != column)


def scopes_of(number: dict[Entry, int]) -> dict[tuple[str, Dims], set[int]]:
    """Indices by role and restrictions."""
    found: dict[tuple[str, Dims], set[int]] = defaultdict(set)
    for entry, i in number.items():
        found[entry.role, entry.dims].add(i)
    return found


def named_numbers(payloads: Sequence[Payload]) -> Iterator[tuple[str, Place, int]]:
    """Each number of people with a name that stays the same in later releases, and one place where it stands.

    A number of people of a theme, group and wave has the same name in whatever table it stands, unless tables of one
    bundle differ in it; others are named by table and column too.

    Examples
    --------
    >>> table = Table((("group", "key"), ("n", "people")), (("mixed", 19),))
    >>> for name, place, n in named_numbers([Payload("table", "made", {"groups": table}, {"wave": "w1"})]):
    ...     print(name, n)
    made groups n, group mixed, wave w1 19
    people, group mixed, wave w1 19
    """
    common: dict[Entry, Place] = {}
    values: dict[tuple[str, Dims], set[int]] = defaultdict(set)
    for sheet in sheets_of(payloads):
        names = [column for column, _ in sheet.table.columns]
        comparable = names.index("comparable") if "comparable" in names else None
        for (row, column), entry in sheet.entries.items():
            place = Place(sheet.payloads[0], sheet.name, row, column)
            own = f"{payloads[place.payload].template} {sheet.name} {names[column]}"
            yield (
                ", ".join([own, *(f"{x} {value}" for x, value in sorted(entry.dims) if value)]),
                place,
                entry.n,
            )
            as_now = comparable is None or sheet.table.rows[row][comparable] in (True, None, "yes")
            if as_now and entry.role in UNDERSTOOD and {x for x, _ in entry.dims} <= UNDERSTOOD_DIMS:
                common.setdefault(entry, place)
                values[entry.role, entry.dims].add(entry.n)
    for entry, place in common.items():
        if len(values[entry.role, entry.dims]) == 1:
            yield name_of(entry), place, entry.n
