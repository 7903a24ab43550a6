"""How do the numbers of people of a whole bundle leave, so that no small one can be worked out?

Rounding rules print every number as that of its step, and add totals up from what is printed, since a total that is
rounded by itself narrows down its parts. The rule ``exact_audited`` withholds small numbers, then others from which
they could be worked out (primary and secondary suppression). Under each of them the audit asks of every small
number, printed or not, between which limits it has to lie, over all tables of the bundle together; where it is given
away, a number beside it is withheld and the audit is repeated.

References: Hundepool et al. 2012, Statistical Disclosure Control, chapter 4; Fischetti & Salazar-Gonzalez 2000, JASA
95: 916-928. OpenSAFELY rounds before anything is derived; see :mod:`analysis_lib.release.rules`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis_lib.payload import Payload, Table, Value
from analysis_lib.quantitize import ALL
from analysis_lib.release.bounds import Bools, Ints, Relations, fixed_within, narrowed
from analysis_lib.release.door import without_estimates
from analysis_lib.release.numbers import PARTS, People, Place
from analysis_lib.release.people import people_of
from analysis_lib.release.rules import Rules, printed, read
from analysis_lib.release.two_by_two import Row, giving_away, one_term_rows, without_tests

ENOUGH = 3  # a number is given away if its limits are closer together (sdcTable calls it protected beyond)
_UNSEEN = 100  # people by whom a withheld number may exceed the largest printed one, for all that is known
_ROUNDS = 40  # of withholding and asking again


@dataclass(frozen=True)
class Audit:
    """What an outsider could work out from a bundle.

    Parameters
    ----------
    n_numbers, n_small, n_relations
        Distinct numbers of people in the bundle; those of fewer than the minimum, printed or following from others;
        relations between them.
    withheld
        Numbers that are withheld for the sake of others, by name.
    given_away
        Small numbers that could be worked out, by name; a bundle with any of them does not leave.
    tables
        Template of the table in which each of ``given_away`` stands, or stands beside.
    """

    n_numbers: int = 0
    n_small: int = 0
    n_relations: int = 0
    withheld: tuple[str, ...] = ()
    given_away: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counted:
    """Payloads after the counts rule, how many numbers and estimates it changed or kept, and the audit."""

    payloads: tuple[Payload, ...]
    n_changed: int
    n_estimates_withheld: int
    audit: Audit


def with_counts_rule(payloads: Sequence[Payload], rules: Rules) -> Counted:
    """All payloads of a bundle with their numbers of people as the rule prints them.

    Parameters
    ----------
    payloads
        As they may leave, but with exact numbers of people.
    rules
        What may leave.
    """
    if rules.exact:
        return Counted(tuple(payloads), 0, 0, Audit())
    people = people_of(payloads)
    left_out = set(_of_small_bases(payloads, rules))
    if not rules.rounds:  # an exact number leaves only if it is known what can be worked out from it
        left_out |= people.not_understood
    silent = left_out | (set(added_up(payloads)) if rules.rounds else set())
    found = _withheld(people, silent, rules)
    shown = _Shown(rules, left_out | {place for i in found.numbers for place in people.places[i]})
    counted = [shown.payload(i, payload) for i, payload in enumerate(payloads)]
    rows = giving_away(payloads, people, *found.limits, enough=ENOUGH, below=rules.minimum_count)
    if not rules.rounds:
        rows |= set(one_term_rows(payloads))
        counted = without_tests(payloads, counted)
    for row in rows:
        counted[row.payload] = _without_estimates(counted[row.payload], row)
    given_away = [int(i) for i in np.flatnonzero(found.fixed)]
    audit = Audit(
        n_numbers=sum(bool(places) for places in people.places),
        n_small=int(_small(people, rules).sum()),
        n_relations=len(people.relations),
        withheld=tuple(people.names[i] for i in sorted(found.numbers)),
        given_away=tuple(people.names[i] for i in given_away),
        tables=tuple(_table_of(i, people, payloads) for i in given_away),
    )
    return Counted(tuple(counted), shown.n_changed, len(rows), audit)


def _without_estimates(payload: Payload, row: Row) -> Payload:
    table = payload.tables[row.table]
    kinds, names = [kind for _, kind in table.columns], [name for name, _ in table.columns]
    rows = list(table.rows)
    rows[row.row] = without_estimates(rows[row.row], kinds, names)
    return replace(payload, tables={**payload.tables, row.table: Table(table.columns, tuple(rows))})


def _small(people: People, rules: Rules) -> Bools:
    n = np.array(people.n, dtype=np.int64)
    return (n >= 1) & (n < rules.minimum_count)


@dataclass(frozen=True)
class _Withheld:
    """Numbers that are withheld for the sake of others, which are given away even so, and what limits are left."""

    numbers: set[int]
    fixed: Bools
    limits: tuple[Ints, Ints]


def _withheld(people: People, silent: set[Place], rules: Rules) -> _Withheld:
    """Withhold numbers until no small one is given away, or nothing is left to withhold."""
    small = _small(people, rules)
    relations, truth = Relations.of(people.relations, len(people.n)), np.array(people.n, dtype=float)
    beside = _beside(people)
    says = {i for i, places in enumerate(people.places) if set(places) - silent}
    said = {i for i in says if printed(people.n[i], rules) is not None}
    withheld = _empty_combinations(people, rules)
    reached = (truth, truth)
    for _ in range(_ROUNDS):
        low, high = narrowed(*_limits(people, says - withheld, rules), relations)
        fixed = small & (high - low < ENOUGH)
        if not fixed.any():  # the pencil finds nothing; the program may
            fixed, reached = fixed_within(low, high, relations, small, enough=ENOUGH, reached=reached)
        more = {_gives_way(int(i), people, beside, said - withheld, rules) for i in np.flatnonzero(fixed)}
        if more <= {None}:
            break
        withheld |= {i for i in more if i is not None}
    if withheld and fixed.any():  # an empty cell says less where some are empty for the sake of others
        low, high = narrowed(*_limits(people, said - withheld, rules), relations)
        fixed, _ = fixed_within(low, high, relations, small, enough=ENOUGH, reached=reached)
    return _Withheld(withheld, fixed, (low, high))


def _empty_combinations(people: People, rules: Rules) -> set[int]:
    """Combinations of themes that nobody has, where an empty cell would otherwise say that somebody does.

    Combinations are many and most of them one person each, so that knowing which exist would count the people out.
    """
    if rules.counts != "suppress7_round5":
        return set()
    combined = {i for i, name in enumerate(people.names) if name.startswith("n_with_pattern")}
    return {i for i in combined if people.n[i] == 0 and people.places[i]}


def _limits(people: People, says: set[int], rules: Rules) -> tuple[Ints, Ints]:
    """Between which limits each number lies by its own printed form; what is not printed may be anything."""
    low = np.zeros(len(people.n), dtype=np.int64)
    high = np.full(len(people.n), max(people.n, default=0) + _UNSEEN, dtype=np.int64)
    for i in says:
        least, most = read(printed(people.n[i], rules), rules)
        low[i], high[i] = least, min(most, high[i] + 6)
    return low, high


def _beside(people: People) -> dict[int, list[tuple[int, ...]]]:
    """The other numbers of each relation that a number is part of."""
    found: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for whole, parts in people.relations:
        everybody = (whole, *parts)
        for i in everybody:
            found[i].append(tuple(other for other in everybody if other != i))
    return found


def _gives_way(
    i: int, people: People, beside: dict[int, list[tuple[int, ...]]], said: set[int], rules: Rules
) -> int | None:
    """The printed number nearest to one that is given away, first of all one that few tables hold."""
    sign = -1 if rules.rounds else 1  # of steps, the widest sum; of exact numbers, the smallest
    reached, layer = {i}, [i]
    while layer:
        near = {other for each in layer for others in beside[each] for other in others} - reached
        if found := near & said:
            return min(found, key=lambda j: (people.n[j] == 0, len(people.places[j]), sign * people.n[j], j))
        reached |= near
        layer = sorted(near)
    return i if i in said else None


def _table_of(i: int, people: People, payloads: Sequence[Payload]) -> str:
    """Template of a payload in which a number stands, or one beside it."""
    near = [i, *(j for whole, parts in people.relations if i in (whole, *parts) for j in (whole, *parts))]
    places = [place for j in near for place in people.places[j]]
    return payloads[places[0].payload].template if places else ""


def _of_small_bases(payloads: Sequence[Payload], rules: Rules) -> Iterator[Place]:
    """Counts whose base is too small: three of three would not say what was seen."""
    for i, payload in enumerate(payloads):
        for name, table in payload.tables.items():
            names = [column for column, _ in table.columns]
            pairs = [(names.index(a), names.index(b)) for a, b in PARTS.items() if a in names and b in names]
            for row, values in enumerate(table.rows):
                for part, whole in pairs:
                    base = values[whole]
                    if isinstance(base, int) and 0 < base <= rules.minimum_count:
                        yield Place(i, name, row, part)


def added_up(payloads: Sequence[Payload]) -> Iterator[Place]:
    """Totals that are added up from what is printed, and therefore say nothing by themselves."""
    for i, payload in enumerate(payloads):
        for name, table in payload.tables.items():
            columns = [j for j, (_, kind) in enumerate(table.columns) if kind == "people"]
            names = [column for column, _ in table.columns]
            if "group" in names:
                group = names.index("group")
                rows = [row for row, values in enumerate(table.rows) if values[group] == ALL]
                yield from (Place(i, name, row, column) for row in rows for column in columns)
            if "groups" in payload.tables and {"stage", "n", "excluded"} <= set(names):
                yield from (Place(i, name, row, names.index("n")) for row in range(len(table.rows)))


class _Shown:
    """Prints numbers as the rule says and counts what it changed."""

    def __init__(self, rules: Rules, withheld: set[Place]):
        self.rules, self.withheld, self.n_changed = rules, withheld, 0

    def payload(self, i: int, payload: Payload) -> Payload:
        """One payload with its numbers of people as they are printed."""
        tables = {name: self._table(i, name, table) for name, table in payload.tables.items()}
        if self.rules.rounds:
            tables = _with_reconciled_flow(
                {name: _with_added_totals(table) for name, table in tables.items()}
            )
        return replace(payload, tables=tables)

    def _table(self, i: int, name: str, table: Table) -> Table:
        columns = {j for j, (_, kind) in enumerate(table.columns) if kind == "people"}
        if not columns:
            return table
        rows = tuple(
            tuple(
                self._number(value, Place(i, name, row, j)) if j in columns else value
                for j, value in enumerate(values)
            )
            for row, values in enumerate(table.rows)
        )
        return Table(table.columns, rows)

    def _number(self, value: Value, place: Place) -> Value:
        if value is None:
            return None
        shown = None if place in self.withheld else printed(int(value), self.rules)
        self.n_changed += shown != value
        return shown


def _with_reconciled_flow(tables: dict[str, Table]) -> dict[str, Table]:
    """Tables whose numbers at each stage are added up from the released groups and those who left.

    Rounded on its own, each stage would narrow down the stages beside it, and the column would not add up.
    """
    if "groups" not in tables:
        return tables
    groups = tables["groups"].frame["n"]
    analysed = None if groups.isna().any() else int(groups.sum())
    result = dict(tables)
    for name, table in tables.items():
        names = [column for column, _ in table.columns]
        if not {"stage", "n", "excluded"} <= set(names):
            continue
        n, excluded = names.index("n"), names.index("excluded")
        rows, left = [], analysed
        for row in reversed(table.rows):
            rows.append((*row[:n], left, *row[n + 1 :]))
            left = _sum([left, row[excluded]])
        result[name] = Table(table.columns, tuple(reversed(rows)))
    return result


def _with_added_totals(table: Table) -> Table:
    """The table with each number for group ``all`` added up from its released groups.

    Rounded on its own, a total would narrow down the groups: where all of them are at their smallest, it can
    give them away.
    """
    names, kinds = [name for name, _ in table.columns], [kind for _, kind in table.columns]
    if "group" not in names or "people" not in kinds:
        return table
    group = names.index("group")
    keys = [i for i, kind in enumerate(kinds) if kind == "key" and i != group]
    groups: dict[tuple[Value, ...], list[tuple[Value, ...]]] = {}
    for row in table.rows:
        if row[group] != ALL:
            groups.setdefault(tuple(row[i] for i in keys), []).append(row)

    def added(row: tuple[Value, ...]) -> tuple[Value, ...]:
        parts = groups.get(tuple(row[i] for i in keys), [])
        return tuple(
            _sum([part[i] for part in parts]) if kind == "people" else value
            for i, (value, kind) in enumerate(zip(row, kinds, strict=True))
        )

    return Table(table.columns, tuple(added(row) if row[group] == ALL else row for row in table.rows))


def _sum(counts: list[Value]) -> int | None:
    """The sum of released counts; None where any of them is withheld."""
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known and len(known) == len(counts) else None
