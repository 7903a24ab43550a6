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
from typing import Literal, get_args

from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Kind, Payload, Table, Value
from analysis_lib.study import CountsRule, Privacy

Profile = Literal["coauthor", "internal", "public"]
PROFILES: tuple[str, ...] = get_args(Profile)
_BANDS = (0.001, 0.01, 0.05)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter that reads like a digit


@dataclass(frozen=True)
class Rules:
    """What the door does for one profile of one study.

    Parameters
    ----------
    counts
        Rule for numbers of people.
    minimum_count
        Fewest people in a cell before an estimate leaves under a rule other than ``exact``.
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
    """
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

    @property
    def n_quotes_withheld(self) -> int:
        return len(self._quotes_withheld)

    def pass_through(self, payload: Payload) -> Payload:
        """One payload as it may leave."""
        tables = {name: self._table(table) for name, table in payload.tables.items()}
        facts = dict(payload.facts) | {"counts_rule": self.rules.counts, "profile": self.rules.profile}
        return replace(payload, tables=tables, facts=facts)

    def _table(self, table: Table) -> Table:
        kinds = [kind for _, kind in table.columns]
        rows = [row for row in table.rows if self._may_leave(row, kinds)]
        kept = tuple(tuple(map(self._value, self._estimates(row, kinds, table), kinds)) for row in rows)
        shown = tuple(i for i, kind in enumerate(kinds) if kind != "cell")
        columns = tuple(table.columns[i] for i in shown)
        return Table(columns, tuple(tuple(row[i] for i in shown) for row in kept))

    def _may_leave(self, row: tuple[Value, ...], kinds: list[Kind]) -> bool:
        """A row with a quote leaves only with clearance; rows that stand for people could be counted."""
        if "quote" not in kinds:
            return self.rules.exact or not {"participant", "step"} & set(kinds)
        clear = row[kinds.index("clearance")] in self.rules.clearances
        if not clear:
            self._quotes_withheld.add((row[kinds.index("participant")], row[kinds.index("quote")]))
        return clear

    def _estimates(self, row: tuple[Value, ...], kinds: list[Kind], table: Table) -> tuple[Value, ...]:
        """The row without its estimates where a cell behind them is too small."""
        if self.rules.exact or "cell" not in kinds:
            return row
        smallest = row[kinds.index("cell")]
        if isinstance(smallest, int) and smallest >= self.rules.minimum_count:
            return row
        self.n_estimates_withheld += 1
        names = [name for name, _ in table.columns]
        blank = {"estimate", "p", "statistic"}
        return tuple(
            WITHHELD if name == "reason" else None if kind in blank else value
            for value, kind, name in zip(row, kinds, names, strict=True)
        )

    def _value(self, value: Value, kind: Kind) -> Value:
        if kind == "participant":
            key = self.rules.pseudonym_key
            return value if key is None else pseudonym(str(value), key)
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
