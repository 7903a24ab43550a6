"""What may leave, and in which form?

The door. Payloads go in with exact numbers and study ids, and come out as the profile and the study's rules
allow: counts rounded before anything is derived from them, p-values as bands, estimates only where every
cell behind them is large enough, quotes only with clearance, ids as keyed pseudonyms. Nothing else masks.

References: OpenSAFELY output checking guidance (midpoint rounding); UK Data Service, SDC Handbook 2019;
ICO, Anonymisation code of practice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace

from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Kind, Payload, Table, Value
from analysis_lib.quantitize import ALL
from analysis_lib.study import PROFILES, CountsRule, Privacy, Profile

_BANDS = (0.001, 0.01, 0.05)
# A count and the people it is a part of.
_PARTS = {
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
}
# Quotes of one theme and group that leave where counts are rounded: the people in a full list could be counted.
MOST_QUOTES = 2
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter that reads like a digit


@dataclass(frozen=True)
class Rules:
    """What the door does for one profile of one study.

    Parameters
    ----------
    counts
        Rule for numbers of people.
    minimum_count
        Fewest people in a cell before an estimate, a median or a quartile leaves under a rule other than
        ``exact``.
    clearances
        Which quotes leave.
    pseudonym_key
        Key of the pseudonyms; None leaves study ids as they are (profile internal).
    """

    profile: Profile
    counts: CountsRule
    minimum_count: int
    clearances: frozenset[str]
    pseudonym_key: bytes | None

    @property
    def exact(self) -> bool:
        """Whether counts leave as they are."""
        return self.counts == "exact"


def rules_for(profile: Profile, privacy: Privacy, pseudonym_key: bytes) -> Rules:
    """The rules of a profile.

    Parameters
    ----------
    profile
        ``internal`` keeps exact counts and study ids; ``coauthor`` follows study.yaml; ``public`` follows it
        but never leaves counts exact and never releases a quote that no one has reviewed.
    privacy
        ``privacy:`` of study.yaml.
    pseudonym_key
        Key for pseudonyms, kept outside the study.

    Raises
    ------
    ValueError
        If there is no such profile.
    """
    if profile not in PROFILES:
        raise ValueError(f'There is no profile "{profile}". Known: {", ".join(PROFILES)}.')
    if profile == "internal":
        return Rules(profile, "exact", privacy.minimum_count, frozenset({"reviewed", "consented"}), None)
    counts: CountsRule = privacy.counts
    if counts == "exact_audited" or (profile == "public" and counts == "exact"):
        counts = "midpoint6"
    clear = {"reviewed"} if privacy.quotes == "reviewed" or profile == "public" else {"reviewed", "consented"}
    return Rules(profile, counts, privacy.minimum_count, frozenset(clear), pseudonym_key)


@dataclass(frozen=True)
class Released:
    """Payloads that have passed the door, and what it changed.

    Parameters
    ----------
    payloads
        In the order in which they came.
    n_rounded, n_estimates_withheld, n_quotes_withheld
        Cells, rows and quotes that the door changed or kept.
    """

    payloads: tuple[Payload, ...]
    n_rounded: int
    n_estimates_withheld: int
    n_quotes_withheld: int


def release(payloads: Iterable[Payload], rules: Rules) -> Released:
    """Let payloads through the door.

    Parameters
    ----------
    payloads
        Exact payloads of one wave's notebooks.
    rules
        What may leave; see :func:`rules_for`.

    Examples
    --------
    >>> table = Table((("group", "key"), ("n", "people")), (("mixed", 19), ("helpful", 0)))
    >>> rules = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
    >>> release([Payload("table", "t", {"rows": table})], rules).payloads[0].tables["rows"].rows
    (('mixed', 21), ('helpful', 0))
    """
    door = _Door(rules)
    passed = tuple(map(door.pass_through, payloads))
    return Released(passed, door.n_rounded, door.n_estimates_withheld, door.n_quotes_withheld)


class _Door:
    """Applies the rules and counts what it changed; each distinct quote counts once."""

    def __init__(self, rules: Rules):
        self.rules = rules
        self.n_rounded = 0
        self.n_estimates_withheld = 0
        self._quotes_withheld: set[tuple[Value, ...]] = set()
        self._quoted: dict[tuple[Value, ...], set[tuple[Value, Value]]] = {}

    @property
    def n_quotes_withheld(self) -> int:
        return len(self._quotes_withheld)

    def pass_through(self, payload: Payload) -> Payload:
        """One payload as it may leave."""
        tables = {name: self._table(table) for name, table in payload.tables.items()}
        if not self.rules.exact:
            tables = _with_reconciled_flow(tables)
        facts = dict(payload.facts) | {"counts_rule": self.rules.counts, "profile": self.rules.profile}
        return replace(payload, tables=tables, facts=facts)

    def _table(self, table: Table) -> Table:
        kinds = [kind for _, kind in table.columns]
        names = [name for name, _ in table.columns]
        rows = [
            row
            for row in table.rows
            if self._may_leave(row, kinds) and self._among_the_first(row, kinds, names)
        ]
        kept = tuple(
            tuple(
                self._value(value, kind, _cell(row, names))
                for value, kind in zip(
                    self._large_enough(self._estimates(row, kinds, names), names), kinds, strict=True
                )
            )
            for row in rows
        )
        shown = tuple(i for i, kind in enumerate(kinds) if kind != "cell")
        columns = tuple(table.columns[i] for i in shown)
        released = Table(columns, tuple(tuple(row[i] for i in shown) for row in kept))
        return released if self.rules.exact else _with_added_totals(released)

    def _may_leave(self, row: tuple[Value, ...], kinds: list[Kind]) -> bool:
        """A row with a quote leaves only with clearance; rows that stand for people could be counted."""
        if "quote" not in kinds:
            return self.rules.exact or not {"participant", "speaker", "step"} & set(kinds)
        clear = row[kinds.index("clearance")] in self.rules.clearances
        if not clear:
            self._quotes_withheld.add(_said(row, kinds))
        return clear and self._one_of_several(row, kinds)

    def _one_of_several(self, row: tuple[Value, ...], kinds: list[Kind]) -> bool:
        """Whether enough people are like the speaker in what else the row says of them."""
        if self.rules.exact or "cell" not in kinds:
            return True
        n, rounded = row[kinds.index("cell")], _ROUNDING[self.rules.counts]
        return isinstance(n, int) and n > self.rules.minimum_count and rounded(n) != rounded(1)

    def _among_the_first(self, row: tuple[Value, ...], kinds: list[Kind], names: list[str]) -> bool:
        """Whether a quote is among the first few of its theme and group, over all payloads together."""
        if self.rules.exact or "quote" not in kinds:
            return True
        shown = self._quoted.setdefault(_cell(row, names), set())
        if len(shown) < MOST_QUOTES:
            shown.add(_said(row, kinds))
        return _said(row, kinds) in shown

    def _large_enough(self, row: tuple[Value, ...], names: list[str]) -> tuple[Value, ...]:
        """The row without counts whose base is too small: three of three would not say what was seen."""
        if self.rules.exact:
            return row
        kept = list(row)
        for part, whole in _PARTS.items():
            if part in names and whole in names:
                base = row[names.index(whole)]
                if isinstance(base, int) and 0 < base <= self.rules.minimum_count:
                    kept[names.index(part)] = None
        return tuple(kept)

    def _estimates(self, row: tuple[Value, ...], kinds: list[Kind], names: list[str]) -> tuple[Value, ...]:
        """The row without its estimates where a cell behind them is too small."""
        if self.rules.exact or "cell" not in kinds:
            return row
        smallest = row[kinds.index("cell")]
        if isinstance(smallest, int) and smallest >= self.rules.minimum_count:
            return row
        there = {kind for value, kind in zip(row, kinds, strict=True) if value is not None}
        self.n_estimates_withheld += "estimate" in there
        blank = {"estimate", "p", "statistic", "summary"}
        return tuple(
            WITHHELD if name == "reason" else None if kind in blank else value
            for value, kind, name in zip(row, kinds, names, strict=True)
        )

    def _value(self, value: Value, kind: Kind, cell: tuple[Value, ...]) -> Value:
        if kind in ("participant", "speaker"):
            key = self.rules.pseudonym_key
            if key is None or value is None:
                return value
            here = kind == "speaker" and not self.rules.exact
            return pseudonym("\x1f".join(map(str, (value, *cell) if here else (value,))), key)
        if self.rules.exact or value is None:
            return value
        if kind == "people":
            rounded = _ROUNDING[self.rules.counts](int(value))
            self.n_rounded += rounded != value
            return rounded
        if kind == "p":
            return next((band for band in _BANDS if float(value) < band), 1.0)
        if kind in ("segments", "statistic"):
            return None
        if kind == "summary":
            return float(f"{float(value):.2g}")
        return value


def _cell(row: tuple[Value, ...], names: list[str]) -> tuple[Value, ...]:
    """Theme and group of a row, as far as it has them."""
    return tuple(row[names.index(name)] for name in ("theme_id", "group") if name in names)


def _said(row: tuple[Value, ...], kinds: list[Kind]) -> tuple[Value, Value]:
    """Who said a quote, and the quote."""
    who = next(i for i, kind in enumerate(kinds) if kind in ("participant", "speaker"))
    return row[who], row[kinds.index("quote")]


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


def midpoint6(n: int) -> int:
    """A count in steps of six, at the middle of its step: 0, then 1-6 as 3, 7-12 as 9, ...

    >>> [midpoint6(n) for n in (0, 1, 6, 7, 12, 13)]
    [0, 3, 3, 9, 9, 15]
    """
    return 0 if n == 0 else 6 * ((n + 5) // 6) - 3


def suppress7_round5(n: int) -> int | None:
    """Counts of 1 to 7 are withheld, the others go to the nearest five.

    >>> [suppress7_round5(n) for n in (0, 1, 7, 8, 12, 13)]
    [0, None, None, 10, 10, 15]
    """
    return None if 1 <= n <= 7 else 5 * ((n + 2) // 5)


_ROUNDING = {"midpoint6": midpoint6, "suppress7_round5": suppress7_round5}


def pseudonym(participant_id: str, key: bytes) -> str:
    """A label that stays the same over waves and tells nothing without the key.

    Keyed hashing (HMAC-SHA256), six characters of 32.

    >>> pseudonym("P001", b"k") == pseudonym("P001", b"k") != pseudonym("P002", b"k")
    True
    """
    digest = hmac.digest(key, participant_id.encode("utf-8"), hashlib.sha256)
    number = int.from_bytes(digest[:8], "big")
    letters = []
    for _ in range(6):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)
