"""What may leave of one payload, apart from its numbers of people?

Rows, quotes, ids, estimates and p-values, judged by the kind of their column. The numbers of people pass as they are:
what they may say depends on all tables together, and :mod:`analysis_lib.release.counts` sees to it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from analysis_lib.errors import Finding, StudyError
from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Kind, Payload, Table, Value
from analysis_lib.release.pseudonyms import pseudonym
from analysis_lib.release.rules import Rules, printed
from analysis_lib.release.two_by_two import rounded

# For clinical governance: who was harmed is no matter for co-authors.
INTERNAL_ONLY = frozenset({"serious_codes"})
_BANDS = (0.001, 0.01, 0.05)
# Quotes of one theme and group that leave where counts are rounded: the people in a full list could be counted.
MOST_QUOTES = 2
_BLANK = {"estimate", "p", "statistic", "summary"}
_COUNTED = re.compile(
    r"\b\d[\d,]*(?= (?:people|persons|participants|therapies|interviews|pairs have|other answers|rows)\b)"
    r"|(?<=\(n = )\d[\d,]*|(?<=there are )\d[\d,]*|(?<=The first )\d[\d,]*"
)


class Door:
    """Lets payloads through and counts what it keeps; each distinct quote counts once."""

    def __init__(self, rules: Rules):
        self.rules = rules
        self.n_estimates_withheld = 0
        self._quotes_withheld: set[tuple[Value, ...]] = set()
        self._quoted: dict[tuple[Value, ...], set[tuple[Value, Value]]] = {}

    @property
    def n_quotes_withheld(self) -> int:
        """Distinct quotes without the clearance that the profile asks for."""
        return len(self._quotes_withheld)

    def pass_through(self, payload: Payload) -> Payload:
        """One payload as it may leave, with exact numbers of people.

        Raises
        ------
        StudyError
            If it is for the team alone; no cell that a report is made from shows it.
        """
        if payload.template in INTERNAL_ONLY and self.rules.profile != "internal":
            what = "a cell shows what is for the team alone, and it would stand in the report."
            fix = "Give the cell the tag notebook-only."
            raise StudyError(Finding("stop", "N05", "notebooks", what, fix))
        tables = {name: self._table(table) for name, table in payload.tables.items()}
        facts = dict(payload.facts) | {"counts_rule": self.rules.counts, "profile": self.rules.profile}
        if not self.rules.exact:
            said = {
                name: text
                for name, text in facts.items()
                if name.endswith("reason") and isinstance(text, str)
            }
            facts |= {name: without_counts(text) for name, text in said.items() if name != "counts_reason"}
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
                for value, kind in zip(self._estimates(row, kinds, names), kinds, strict=True)
            )
            for row in rows
        )
        shown = tuple(i for i, kind in enumerate(kinds) if kind != "cell")
        columns = tuple(table.columns[i] for i in shown)
        return Table(columns, tuple(tuple(row[i] for i in shown) for row in kept))

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
        n = row[kinds.index("cell")]
        if not isinstance(n, int) or n <= self.rules.minimum_count:
            return False
        return printed(n, self.rules) not in (None, printed(1, self.rules))

    def _among_the_first(self, row: tuple[Value, ...], kinds: list[Kind], names: list[str]) -> bool:
        """Whether a quote is among the first few of its theme and group, over all payloads together."""
        if self.rules.exact or "quote" not in kinds:
            return True
        shown = self._quoted.setdefault(_cell(row, names), set())
        if len(shown) < MOST_QUOTES:
            shown.add(_said(row, kinds))
        return _said(row, kinds) in shown

    def _estimates(self, row: tuple[Value, ...], kinds: list[Kind], names: list[str]) -> tuple[Value, ...]:
        """The row without its estimates where a cell behind them is too small."""
        if self.rules.exact or "cell" not in kinds:
            return row
        smallest = row[kinds.index("cell")]
        if isinstance(smallest, int) and smallest >= self.rules.minimum_count:
            return row
        self.n_estimates_withheld += "estimate" in _there(row, kinds)
        return without_estimates(row, kinds, names)

    def _value(self, value: Value, kind: Kind, cell: tuple[Value, ...]) -> Value:
        if kind in ("participant", "speaker"):
            key = self.rules.pseudonym_key
            if key is None or value is None:
                return value
            here = kind == "speaker" and not self.rules.exact
            return pseudonym("\x1f".join(map(str, (value, *cell) if here else (value,))), key)
        if self.rules.exact or value is None:
            return value
        match kind:
            case "p":
                return next((band for band in _BANDS if float(value) < band), 1.0)
            case "segments" | "statistic":
                return None
            case "summary":
                return float(f"{float(value):.2g}")
            case "estimate":
                return rounded(value)
            case "text":
                return without_counts(value) if isinstance(value, str) else value
        return value


def without_estimates(row: tuple[Value, ...], kinds: list[Kind], names: list[str]) -> tuple[Value, ...]:
    """The row with nothing in its estimates, and why."""
    return tuple(
        WITHHELD if name == "reason" else None if kind in _BLANK else value
        for value, kind, name in zip(row, kinds, names, strict=True)
    )


def without_counts(text: str) -> str:
    """A phrase of this package that says how many people there are, without saying how many.

    >>> without_counts("12 people cannot determine 14 parameters (age).")
    'too few people cannot determine 14 parameters (age).'
    >>> without_counts("Everybody stayed (n = 12), so there is nothing to explain.")
    'Everybody stayed (n = withheld), so there is nothing to explain.'
    """
    return _COUNTED.sub(lambda found: "withheld" if text[: found.start()].endswith("= ") else "too few", text)


def _there(row: tuple[Value, ...], kinds: list[Kind]) -> set[Kind]:
    return {kind for value, kind in zip(row, kinds, strict=True) if value is not None}


def _cell(row: tuple[Value, ...], names: list[str]) -> tuple[Value, ...]:
    """Theme and group of a row, as far as it has them."""
    return tuple(row[names.index(name)] for name in ("theme_id", "group") if name in names)


def _said(row: tuple[Value, ...], kinds: list[Kind]) -> tuple[Value, Value]:
    """Who said a quote, and the quote."""
    who = next(i for i, kind in enumerate(kinds) if kind in ("participant", "speaker"))
    return row[who], row[kinds.index("quote")]
