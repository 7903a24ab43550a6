"""How do numbers of people with overlapping themes hang together?

A person may have several themes, so themes do not add up. Yet who has a theme has the one above it, who has two is
counted under both, and the combinations of themes in which a theme stands are those of its people.

References: the inclusion-exclusion principle, as in Hundepool et al. 2012, Statistical Disclosure Control, chapter 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis_lib.release.numbers import Dims, Entry, People, Sheet, scopes_of, without

Relation = tuple[int, tuple[int, ...]]


def over_themes(sheets: list[Sheet], number: dict[Entry, int], people: People) -> Iterator[Relation]:
    """Every relation between themes of a bundle: a whole and the parts that add up to it.

    Parameters
    ----------
    sheets, number
        The tables of the bundle, and the index of each of their numbers.
    people
        All numbers; what only follows from them is added.
    """
    for sheet in sheets:
        yield from _neither(sheet, number, people)
        yield from _of_those_below(sheet, number, people)
        yield from _combinations(sheet, number, people)
    yield from _with_any_theme(sheets, number, people)


def branches(sheet: Sheet, number: dict[Entry, int]) -> Iterator[tuple[int, int]]:
    """Who has a theme has the theme above it."""
    for parent, below in _children(sheet).items():
        yield from ((number[parent], number[entry]) for entry in below if entry.n <= parent.n)


def _children(sheet: Sheet) -> dict[Entry, list[Entry]]:
    """The themes right below each theme, within each group; themes stand in the order of the codebook."""
    names = [column for column, _ in sheet.table.columns]
    if not {"theme_id", "depth", "n_with_theme"} <= set(names):
        return {}
    theme, depth, n = (names.index(name) for name in ("theme_id", "depth", "n_with_theme"))
    above: dict[Dims, dict[int, Entry]] = defaultdict(dict)
    found: dict[Entry, list[Entry]] = defaultdict(list)
    for row, values in enumerate(sheet.table.rows):
        level = values[depth]
        if (row, n) not in sheet.entries or not isinstance(level, int):
            continue
        entry = sheet.entries[row, n]
        within = above[frozenset(x for x in entry.dims if x != ("theme_id", str(values[theme])))]
        within[level] = entry
        if level - 1 in within:
            found[within[level - 1]].append(entry)
    return found


def _neither(sheet: Sheet, number: dict[Entry, int], people: People) -> Iterator[Relation]:
    """Of two themes: everybody is who has both, who has one of them only, and who has neither."""
    names = [column for column, _ in sheet.table.columns]
    if not {"n_both", "n_with_theme", "n_with_other", "n_total"} <= set(names):
        return
    at = [names.index(name) for name in ("n_both", "n_with_theme", "n_with_other", "n_total")]
    for row in range(len(sheet.table.rows)):
        if all((row, i) in sheet.entries for i in at):
            both, one, other, total = (number[sheet.entries[row, i]] for i in at)
            name = people.names[both]
            n = [people.n[i] for i in (both, one, other, total)]
            if min(n[2] - n[0], n[3] - n[1] - n[2] + n[0]) < 0:
                continue
            only = people.add(n[2] - n[0], f"{name}, the other only")
            neither = people.add(n[3] - n[1] - n[2] + n[0], f"{name}, neither")
            yield other, (both, only)
            yield total, (one, only, neither)


def _of_those_below(sheet: Sheet, number: dict[Entry, int], people: People) -> Iterator[Relation]:
    """Who has a theme has one of those below it, some more than one."""
    for parent, below in _children(sheet).items():
        yield from _union(number[parent], [number[entry] for entry in below], people)


def _union(whole: int, parts: Sequence[int], people: People) -> Iterator[Relation]:
    """The people of a whole are in one of its overlapping parts at least; of two parts it is known who is in both."""
    again = sum(people.n[part] for part in parts) - people.n[whole]
    if again < 0 or max(people.n[part] for part in parts) > people.n[whole]:
        return  # some of the whole are in none of the parts
    name = f"{people.names[whole]}, counted again"
    if len(parts) == 2:
        one, other = parts
        both = people.add(again, f"{people.names[one]} and what stands beside it")
        only = people.add(people.n[one] - again, f"{people.names[one]} and nothing beside it")
        yield one, (both, only)
        yield whole, (only, other)
        return
    twice, total = people.add(again, name), people.add(people.n[whole] + again, f"{name}, all")
    yield total, (whole, twice)
    yield total, tuple(sorted(parts))


def _with_any_theme(sheets: list[Sheet], number: dict[Entry, int], people: People) -> Iterator[Relation]:
    """Who has any theme has one of the highest; the others of a group have none."""
    highest: dict[Dims, set[int]] = defaultdict(set)
    for sheet in sheets:
        names = [column for column, _ in sheet.table.columns]
        if {"theme_id", "depth", "n_with_theme"} <= set(names):
            depth, n = names.index("depth"), names.index("n_with_theme")
            for row, values in enumerate(sheet.table.rows):
                if values[depth] == 0 and (row, n) in sheet.entries:
                    entry = sheet.entries[row, n]
                    highest[without(entry.dims, "theme_id")].add(number[entry])
    scopes = scopes_of(number)
    for dims, themes in highest.items():
        for none in scopes.get(("n_without_theme", dims), ()):
            everybody = max(scopes.get(("people", dims), ()), key=lambda i: people.n[i], default=none)
            n = people.n[everybody] - people.n[none]
            if len(themes) > 1 and max(people.n[i] for i in themes) <= n:
                some = people.add(n, f"{people.names[everybody]}, with any theme")
                yield everybody, (none, some)
                for theme in sorted(themes):
                    rest = people.add(
                        n - people.n[theme], f"{people.names[some]} but not {people.names[theme]}"
                    )
                    yield some, (theme, rest)
                yield from _union(some, sorted(themes), people)


def _combinations(sheet: Sheet, number: dict[Entry, int], people: People) -> Iterator[Relation]:
    """Who has a theme has one of the combinations with it, or one that is counted together with others."""
    names = [column for column, _ in sheet.table.columns]
    if not {"theme_ids", "n_with_pattern"} <= set(names):
        return
    themes, n = names.index("theme_ids"), names.index("n_with_pattern")
    holding: dict[tuple[Dims, str], list[int]] = defaultdict(list)
    for row, values in enumerate(sheet.table.rows):
        if (row, n) in sheet.entries:
            dims = without(sheet.dims[row], "pattern")
            for theme in str(values[themes] or "").split():
                holding[dims, theme].append(number[sheet.entries[row, n]])
    scopes = scopes_of(number)
    for (dims, theme), parts in holding.items():
        for whole in scopes.get(("n_with_theme", dims | {("theme_id", theme)}), ()):
            rest = people.n[whole] - sum(people.n[part] for part in parts)
            if rest >= 0:
                left = people.add(rest, f"{people.names[whole]}, in other combinations")
                yield whole, (*sorted(parts), left)
