"""What may pass from a notebook to a report?

Tables whose columns say what they hold, and nothing else: no finished prose, no HTML, no picture. A payload
names a template and carries typed tables and facts; wording, formatting, drawing and masking happen later,
from these alone. Numbers are kept at six significant digits, so that no rounding noise reaches a notebook.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

MIME = "application/vnd.themewave.payload+json"
SIGNIFICANT_DIGITS = 6

# What a column holds decides what the door does with it.
Kind = Literal[
    "key",  # id or label from the study's own configuration, codebook or contract
    "text",  # a fixed phrase of this package
    "people",  # a number of people: the counts rule applies
    "segments",  # a number of segments: leaves only with exact counts
    "cell",  # fewest people behind the row's estimates, or like its speaker: never leaves, decides whether they do
    "estimate",  # an estimate or limit that counts alone do not give
    "summary",  # a median or quartile of people's values
    "p",  # a p-value: exact or as a band
    "statistic",  # a number that betrays counts: leaves only with exact counts
    "participant",  # a study id: leaves as a pseudonym
    "speaker",  # a study id beside a quote: leaves as a pseudonym, with rounded counts as one for this row's cell alone
    "step",  # how many people a point of a curve holds: its rows, one per person, leave only with exact counts
    "quote",  # a participant's words: leaves only with clearance
    "clearance",  # reviewed, consented or withheld: decides about the row's quote
]
_NUMBERS = ("people", "segments", "step", "cell", "estimate", "summary", "p", "statistic")
Shape = Literal["table", "figure", "sentences", "joint_display", "card", "prose"]
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Rows under typed columns.

    Parameters
    ----------
    columns
        (name, kind) in order.
    rows
        One tuple per row; None is missing.
    """

    columns: tuple[tuple[str, Kind], ...]
    rows: tuple[tuple[Value, ...], ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, **kinds: Kind) -> Table:
        """The named columns of a frame, with the kind of each.

        Examples
        --------
        >>> Table.of(pd.DataFrame({"group": ["mixed"], "n": [19]}), group="key", n="people").rows
        (('mixed', 19),)
        """
        columns = [[plain(value) for value in frame[name]] for name in kinds]
        return cls(tuple(kinds.items()), tuple(zip(*columns, strict=True)))

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a DataFrame of the caller's own; numbers are float where any is missing."""
        return _frame(self).copy(deep=False)  # pandas copies a column only when somebody writes to it

    @property
    def kinds(self) -> dict[str, Kind]:
        """Column name -> kind."""
        return dict(self.columns)


@lru_cache(maxsize=256)  # a table, a figure, a file and sentences ask for the same ones
def _frame(table: Table) -> pd.DataFrame:
    columns = {}
    for i, (name, kind) in enumerate(table.columns):
        values = pd.Series([row[i] for row in table.rows], dtype=object)
        columns[name] = pd.to_numeric(values) if kind in _NUMBERS else values
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class Payload:
    """One thing to show: a template with its typed tables and facts.

    Parameters
    ----------
    shape
        What it becomes: a table, a figure, sentences, a joint display, a card of facts, the authors' prose.
    template
        Which one; figures, tables and sentences know the templates by this name.
    tables
        Name -> typed table.
    facts
        Settings and labels that the wording depends on; never a count of people.
    """

    shape: Shape
    template: str
    tables: Mapping[str, Table] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Equal payloads hash alike, so that what is made from one is made once."""
        return hash((self.shape, self.template, tuple(self.tables.items())))

    def as_json(self) -> dict[str, Any]:
        """Plain lists and dicts, for a cell's output."""
        return {
            "shape": self.shape,
            "template": self.template,
            "facts": dict(self.facts),
            "tables": {
                name: {
                    "columns": [list(column) for column in table.columns],
                    "rows": [list(row) for row in table.rows],
                }
                for name, table in self.tables.items()
            },
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Payload:
        """The payload of a cell's output.

        Raises
        ------
        ValueError
            If it is not one: unknown shape or kind, rows that do not fit their columns, a part that is missing,
            or a cell that is no single value.
        """
        if not isinstance(raw, Mapping) or set(raw) != {"shape", "template", "tables", "facts"}:
            raise ValueError("a payload has a shape, a template, tables and facts, and nothing else")
        if raw["shape"] not in get_args(Shape):
            raise ValueError(f"{raw['shape']!r} is not a payload shape")
        return cls(
            raw["shape"],
            raw["template"],
            {name: _table(name, table) for name, table in raw["tables"].items()},
            raw["facts"],
        )


def _table(name: str, raw: Mapping[str, Any]) -> Table:
    """A payload table; nothing that the door could not judge cell by cell."""
    try:
        columns = tuple((str(column), kind) for column, kind in raw["columns"])
        rows = tuple(tuple(row) for row in raw["rows"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"table {name!r} is not a payload table") from error
    known = {kind for _, kind in columns} <= set(get_args(Kind))
    single = all(value is None or isinstance(value, (str, int, float)) for row in rows for value in row)
    if not known or not single or any(len(row) != len(columns) for row in rows):
        raise ValueError(f"table {name!r} is not a payload table")
    return Table(columns, rows)


def plain(value: Any) -> Value:
    """A JSON value: NaN and NA become None, floats keep six significant digits.

    >>> plain(0.123456789), plain(np.int64(3)), plain(float("nan"))
    (0.123457, 3, None)
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if np.isfinite(value) else _not_finite(float(value))
    return str(value)


def _not_finite(value: float) -> Value:
    """JSON knows no infinity; an unbounded interval end is kept as text."""
    return None if np.isnan(value) else ("inf" if value > 0 else "-inf")


def digest(payload: Payload) -> str:
    """The payload as canonical JSON text; two equal payloads give equal text."""
    return json.dumps(payload.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
