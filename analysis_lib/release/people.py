"""How do the numbers of people of a bundle hang together?

An outsider has every table of a bundle at once. The same people are counted in many of them, groups add up to the
whole, some have a theme and the rest have not: each such relation lets a number be worked out from others. Here they
are all found, so that :mod:`analysis_lib.release.bounds` can ask what they give away:

- the same role, restrictions and number: one number, wherever it stands;
- the same role with one restriction more: a part of the other, and what is left is a number of people too;
- sums: over the groups, levels or stages of a table, and over the columns of a row.

Relations are looked for in the exact numbers, inside the door. One that holds by chance is kept: it assumes that the
outsider knows more than they do, and protects more than it must.

References: Hundepool et al. 2012, Statistical Disclosure Control, chapter 4 (linked tables).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from analysis_lib.payload import Payload
from analysis_lib.release.numbers import (
    PARTS,
    UNDERSTOOD,
    UNDERSTOOD_DIMS,
    USED,
    Dims,
    Entry,
    People,
    Place,
    Sheet,
    columns_of,
    name_of,
    scopes_of,
    sheets_of,
    without,
)
from analysis_lib.release.overlaps import branches, over_themes

# What a number is counted for or with; it says nothing of who is counted.
_FRAMES = {
    *("base", "unit", "exposure", "codes", "way", "pair", "model", "outcome", "measure", "definition", "event"),
    *("block", "added", "term", "coder", "other", "since", "what"),
}  # fmt: skip
# People stand in several of these at once, so numbers over them add up to nothing.
_OVERLAPPING = {
    *("theme_id", "code_id", "other_id", "term", "variable", "definition", "model", "event", "outcome", "unit", "base"),
    *("exposure", "codes", "way", "measure", "since", "wave", "coder", "other", "block", "added", "what", "stage"),
    *("specification", "tool", "statistic", "test", "cut"),
}  # fmt: skip
_MOST_COLUMNS = 9  # of people in one row, beyond which sums over them are not looked for


def people_of(payloads: Sequence[Payload]) -> People:
    """The numbers of people of some payloads, exact, and the relations between them.

    Parameters
    ----------
    payloads
        As they leave, but with exact numbers of people.

    Examples
    --------
    >>> rows = (("mixed", 14, 37), ("helpful", 12, 92), ("all", 26, 129))
    >>> columns = (("group", "key"), ("n_with_theme", "people"), ("n_total", "people"))
    >>> found = people_of([Payload("table", "made", {"rows": Table(columns, rows)})])
    >>> sorted(found.n)
    [12, 14, 23, 26, 37, 80, 92, 103, 129]
    """
    sheets = list(sheets_of(payloads))
    people = People()
    number = _numbered(sheets, people)
    scopes = scopes_of(number)
    relations: set[tuple[int, tuple[int, ...]]] = set()
    nested: set[tuple[int, int]] = set(_nested_in_scope(number, people.n))
    for sheet in sheets:
        relations.update(_sums_over_rows(sheet, number, people.n, scopes))
        relations.update(_sums_in_rows(sheet, number))
        relations.update(_stages(sheet, number))
        nested.update(_parts(sheet, number))
        nested.update(branches(sheet, number))
    relations = {(whole, parts) for whole, parts in relations if whole not in parts}
    complements = {(whole, part) for whole, parts in relations if len(parts) == 2 for part in parts}
    for whole, part in sorted(nested - complements):
        if whole != part and people.n[whole] >= people.n[part]:
            rest = people.add(
                people.n[whole] - people.n[part], f"{people.names[whole]} but not {people.names[part]}"
            )
            relations.add((whole, (part, rest)))
    relations.update(over_themes(sheets, number, people))
    people.relations = sorted(relations)
    return people


def _numbered(sheets: list[Sheet], people: People) -> dict[Entry, int]:
    """Index of each number; equal ones that differ only in what they are counted for are one number."""
    entries = dict.fromkeys(entry for sheet in sheets for entry in sheet.entries.values())
    standing = {entry: entry for entry in entries}
    for entry, wider in _wider(list(entries)):
        further = {column for column, _ in entry.dims - wider.dims}
        everybody = {"theme_id", "variable"} if entry.role == "people" else set()
        if wider.n == entry.n and further <= _FRAMES | everybody:
            standing[entry] = wider
    places: dict[Entry, list[Place]] = defaultdict(list)
    for sheet in sheets:
        for (row, column), entry in sheet.entries.items():
            at = [Place(i, sheet.name, row, column) for i in sheet.payloads]
            places[_root(entry, standing)] += at
            if entry.role not in UNDERSTOOD or not {name for name, _ in entry.dims} <= UNDERSTOOD_DIMS:
                people.not_understood.update(at)
    index = {root: people.add(root.n, name_of(root), at) for root, at in places.items()}
    return {entry: index[_root(entry, standing)] for entry in entries}


def _root(entry: Entry, standing: dict[Entry, Entry]) -> Entry:
    while standing[entry] != entry:
        entry = standing[entry]
    return entry


def _wider(entries: list[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Each number with those of the same role that fewer restrictions hold for."""
    by_dims: dict[tuple[str, Dims], list[Entry]] = defaultdict(list)
    kinds: dict[str, set[frozenset[str]]] = defaultdict(set)
    for entry in entries:
        by_dims[entry.role, entry.dims].append(entry)
        kinds[entry.role].add(columns_of(entry))
    for entry in entries:
        for kind in kinds[entry.role]:
            if kind < columns_of(entry):
                dims = frozenset(x for x in entry.dims if x[0] in kind)
                yield from ((entry, wider) for wider in by_dims.get((entry.role, dims), ()))


def _nested_in_scope(number: dict[Entry, int], exact: list[int]) -> Iterator[tuple[int, int]]:
    """(whole, part) of numbers of one role of which one is restricted more, or of which one leaves people out."""
    scopes = scopes_of(number)
    nearest: dict[int, tuple[int, int]] = {}
    for entry, wider in _wider(list(number)):
        one, other = number[entry], number[wider]
        if one != other and exact[other] >= exact[one]:
            place = (len(wider.dims), other)
            nearest[one] = max(nearest.get(one, place), place)
    yield from ((other, one) for one, (_, other) in nearest.items())
    for (role, _), same in scopes.items():
        if role in ("people", "n_with_theme"):
            chain = sorted(same, key=lambda i: (exact[i], i))
            yield from ((more, less) for less, more in pairwise(chain))
    for entry, i in number.items():
        if entry.role in USED:
            dims = frozenset(x for x in entry.dims if x[0] not in _FRAMES | {"theme_id", "code_id"})
            wholes = [j for j in scopes.get(("people", dims), ()) if exact[j] >= exact[i]]
            yield from ((max(wholes, key=lambda j: exact[j]), i) for _ in wholes[:1])


def _sums_over_rows(
    sheet: Sheet, number: dict[Entry, int], exact: list[int], scopes: dict[tuple[str, Dims], set[int]]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Rows that differ in one restriction only and add up to another number of the same rows or scope."""
    row_of = {(column, entry): row for (row, column), entry in sheet.entries.items()}
    columns = sorted({column for column, _ in row_of})
    for dimension in sorted({name for _, entry in row_of for name in columns_of(entry)} - _OVERLAPPING):
        families: dict[tuple[int, Dims], list[Entry]] = defaultdict(list)
        for column, entry in row_of:
            if dimension in columns_of(entry):
                families[column, without(entry.dims, dimension)].append(entry)
        for (column, dims), entries in families.items():
            if len(entries) < 2:
                continue
            parts = tuple(sorted(number[entry] for entry in entries))
            scope = (dims, without(dims, "variable"))
            wholes = {i for each in scope for i in scopes.get((entries[0].role, each), ())}
            beside = [(row_of[column, entries[0]], other) for other in columns if other != column]
            wholes |= {number[sheet.entries[at]] for at in beside if at in sheet.entries}
            total = sum(exact[i] for i in parts)
            yield from ((whole, parts) for whole in wholes if exact[whole] == total)


def _sums_in_rows(sheet: Sheet, number: dict[Entry, int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Columns of which one is the sum of others in every row."""
    columns = [i for i, (_, kind) in enumerate(sheet.table.columns) if kind == "people"]
    full = [row for row in range(len(sheet.table.rows)) if all((row, i) in sheet.entries for i in columns)]
    if not full or not 2 < len(columns) <= _MOST_COLUMNS:
        return
    values = {i: [sheet.entries[row, i].n for row in full] for i in columns}
    for whole in columns:
        others = [i for i in columns if i != whole and any(values[i])]
        for size in range(2, len(others) + 1):
            for parts in combinations(others, size):
                if all(w == sum(p) for w, *p in zip(values[whole], *(values[i] for i in parts), strict=True)):
                    for row in full:
                        numbers = tuple(sorted(number[sheet.entries[row, i]] for i in parts))
                        yield number[sheet.entries[row, whole]], numbers


def _stages(sheet: Sheet, number: dict[Entry, int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each stage of a flow is the next one and who left before it; the last is everybody of the wave."""
    names = [column for column, _ in sheet.table.columns]
    if not {"stage", "n", "excluded"} <= set(names):
        return
    n, excluded = names.index("n"), names.index("excluded")
    for row in range(1, len(sheet.table.rows)):
        before, now, left = ((row - 1, n), (row, n), (row, excluded))
        if {before, now, left} <= sheet.entries.keys():
            one, two, gone = (sheet.entries[at] for at in (before, now, left))
            if one.n == two.n + gone.n:
                yield number[one], tuple(sorted((number[two], number[gone])))
    last = sheet.entries.get((len(sheet.table.rows) - 1, n))
    if last is not None:
        same = {entry: i for entry, i in number.items() if entry.role == "people" and entry.n == last.n}
        dims = frozenset(x for x in last.dims if x[0] == "wave")
        yield from ((number[last], (i,)) for entry, i in same.items() if entry.dims == dims)


def _parts(sheet: Sheet, number: dict[Entry, int]) -> Iterator[tuple[int, int]]:
    """A count and the people it is a part of, in one row."""
    names = [column for column, _ in sheet.table.columns]
    for part, whole in PARTS.items():
        if part in names and whole in names:
            one, other = names.index(part), names.index(whole)
            for row in range(len(sheet.table.rows)):
                if {(row, one), (row, other)} <= sheet.entries.keys():
                    yield number[sheet.entries[row, other]], number[sheet.entries[row, one]]
