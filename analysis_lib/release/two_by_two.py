"""Which printed statistics give numbers of people away?

An odds ratio of one theme and one outcome is a function of four numbers of people, a coefficient of agreement of two
coders one of three. Whoever knows between which limits these lie can try all of them. Here that is done: of a
statistic that only few tables fit, the estimates are withheld.

References: the formulas are those of :mod:`analysis_lib.stats.logistic`, where one 0/1 term makes the odds ratio that
of the 2 x 2 table and Wald's limits those of Woolf 1955, Annals of Human Genetics 19: 251-253; of
:mod:`analysis_lib.stats.firth`, where it is that with a half added to each cell (Firth 1993, Biometrika 80: 27-38);
and Krippendorff 2019, Content Analysis, chapter 12, with Gwet 2008, BJMSP 61: 29-48.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Payload, Table, Value
from analysis_lib.release.bounds import Ints
from analysis_lib.release.numbers import People, Place

DIGITS = 2  # significant digits of an estimate that leaves under a rule other than exact
_MOST_TABLES = 200_000  # beyond which nobody's table is pinned down by a few statistics of two digits
_EVENT = ("model", "event", "term", "level")
_COEFFICIENTS = ("krippendorff_alpha", "gwet_ac1")
_Z = float(norm.ppf(0.975))
Floats = NDArray[np.float64]


class Row(NamedTuple):
    """A row of a payload's table."""

    payload: int
    table: str
    row: int


def rounded(value: Value) -> Value:
    """An estimate as it leaves under a rule other than exact: a function of few people has too many digits.

    >>> rounded(4.06), rounded(0.0123), rounded("inf"), rounded(None)
    (4.1, 0.012, 'inf', None)
    """
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def giving_away(
    payloads: Sequence[Payload], people: People, low: Ints, high: Ints, *, enough: int, below: int
) -> set[Row]:
    """Rows whose printed estimates leave too few tables that fit them.

    Parameters
    ----------
    payloads
        With estimates as they are printed.
    people, low, high
        Numbers of people, and between which limits each is known to lie.
    enough
        Smallest distance between the limits of a number that is not given away.
    below
        Numbers of fewer people than this are small; a coefficient of agreement is withheld only for those.
    """
    number = {place: i for i, places in enumerate(people.places) for place in places}
    limits = {place: (int(low[i]), int(high[i])) for place, i in number.items()}
    return {*_odds_ratios(payloads, limits, enough), *_agreement(payloads, limits, enough, below)}


def one_term_rows(payloads: Sequence[Payload]) -> Iterator[Row]:
    """Every row with the odds ratio of a single 0/1 term."""
    for i, payload in enumerate(payloads):
        for name, table in payload.tables.items():
            yield from (Row(i, name, row) for rows in _of_one_term(table).values() for row, *_ in rows)


def _odds_ratios(
    payloads: Sequence[Payload], limits: dict[Place, tuple[int, int]], enough: int
) -> Iterator[Row]:
    """Rows of models of one 0/1 term whose four cells could be worked out."""
    counted = _events(payloads)
    for i, payload in enumerate(payloads):
        for name, table in payload.tables.items():
            for rows in _of_one_term(table).values():
                key, levels = rows[0][1], rows[0][2]
                places = [counted.get((*key, level)) for level in levels]
                if any(place is None for place in places):
                    continue
                ranges = [limits.get(at) for place in places if place for at in place]
                if not all(ranges) or _pinned(ranges, [values for _, _, _, values in rows], enough):
                    yield from (Row(i, name, row) for row, *_ in rows)


def _events(payloads: Sequence[Payload]) -> dict[tuple[Value, ...], tuple[Place, Place]]:
    """Where the people of each level, and those of them who dropped out, are counted."""
    found: dict[tuple[Value, ...], tuple[Place, Place]] = {}
    for i, payload in enumerate(payloads):
        for name, table in payload.tables.items():
            names = [column for column, _ in table.columns]
            if {*_EVENT, "n_events", "n_total"} <= set(names) and "group" not in names:
                at = [names.index(column) for column in _EVENT]
                events, total = names.index("n_events"), names.index("n_total")
                for row, values in enumerate(table.rows):
                    places = Place(i, name, row, events), Place(i, name, row, total)
                    found.setdefault(tuple(values[j] for j in at), places)
    return found


_OneTerm = tuple[int, tuple[Value, ...], tuple[Value, Value], dict[str, Value]]


def _of_one_term(table: Table) -> dict[tuple[Value, ...], list[_OneTerm]]:
    """Rows of unadjusted odds ratios of one level against another, by model, event, term and level."""
    names = [column for column, _ in table.columns]
    found: dict[tuple[Value, ...], list[_OneTerm]] = {}
    if not {*_EVENT, "reference", "adjusted", "odds_ratio", "conf_low", "conf_high", "method"} <= set(names):
        return found
    for row, values in enumerate(table.rows):
        of = dict(zip(names, values, strict=True))
        if of["adjusted"] is False and of["reference"] and of["odds_ratio"] is not None:
            key = (of["model"], of["event"], of["term"])
            found.setdefault((*key, of["level"]), []).append((row, key, (of["level"], of["reference"]), of))
    return found


def _pinned(
    ranges: Sequence[tuple[int, int] | None], printed: Sequence[dict[str, Value]], enough: int
) -> bool:
    """Whether what is printed of a 2 x 2 table leaves one of its cells less than ``enough`` to move."""
    spans = [np.arange(span[0], span[1] + 1) for span in ranges if span is not None]
    if np.prod([len(span) for span in spans], dtype=float) > _MOST_TABLES:
        return False
    a, n1, c, n0 = (x.ravel().astype(float) for x in np.meshgrid(*spans, indexing="ij"))
    b, d = n1 - a, n0 - c
    fits = (b >= 0) & (d >= 0)
    for of in printed:
        fits &= _fits(a, b, c, d, of)
    cells = [cell[fits] for cell in (a, b, c, d)]
    return bool(fits.any()) and min(float(np.ptp(cell)) for cell in cells) < enough


def _fits(a: Floats, b: Floats, c: Floats, d: Floats, of: dict[str, Value]) -> NDArray[np.bool_]:
    """Which 2 x 2 tables would print these estimates."""
    half = 0.5 if of["method"] == "firth" else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log((a + half) * (d + half)) - np.log((b + half) * (c + half))
        error = np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    fits = _prints(np.exp(log), of["odds_ratio"])
    if not half:
        fits &= _prints(np.exp(log - _Z * error), of["conf_low"])
        fits &= _prints(np.exp(log + _Z * error), of["conf_high"])
    return fits


def _prints(values: Floats, shown: Value) -> NDArray[np.bool_]:
    """Which values are printed like this; anything is where nothing is printed."""
    if not isinstance(shown, (int, float)) or shown <= 0:
        return np.ones(len(values), dtype=bool)
    step = 10.0 ** (np.floor(np.log10(shown)) - DIGITS + 1)
    return np.asarray(np.isfinite(values) & (np.abs(values - shown) <= 0.5 * step * 1.02))


def _agreement(
    payloads: Sequence[Payload], limits: dict[Place, tuple[int, int]], enough: int, below: int
) -> Iterator[Row]:
    """Rows of coefficients of two coders from which a small number of people could be worked out."""
    for i, payload in enumerate(payloads):
        for name, table in payload.tables.items():
            names = [column for column, _ in table.columns]
            if not {"n_coders", "n_units", "n_given", "n_agreed", *_COEFFICIENTS} <= set(names):
                continue
            for row, values in enumerate(table.rows):
                of = dict(zip(names, values, strict=True))
                places = [Place(i, name, row, names.index(x)) for x in ("n_units", "n_given", "n_agreed")]
                ranges = [limits.get(place) for place in places]
                if of["n_coders"] == 2 and all(ranges) and any(of[x] is not None for x in _COEFFICIENTS):
                    spans = [span for span in ranges if span is not None]
                    if _agreement_pinned(spans, of, enough, below):
                        yield Row(i, name, row)


def _agreement_pinned(spans: list[tuple[int, int]], of: dict[str, Value], enough: int, below: int) -> bool:
    if np.prod([most - least + 1 for least, most in spans], dtype=float) > _MOST_TABLES:
        return False
    axes = np.meshgrid(*(np.arange(least, most + 1) for least, most in spans), indexing="ij")
    n, given, agreed = (axis.ravel().astype(float) for axis in axes)
    differ, neither = n - agreed, n - given
    both = given - differ
    fits = (n > 0) & (differ >= 0) & (neither >= 0) & (both >= 0)
    share = (both + differ / 2) / np.where(n > 0, n, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = 1 - (differ / n) / (2 * share * (1 - share) * 2 * n / (2 * n - 1))
        ac1 = 1 - (differ / n) / (1 - 2 * share * (1 - share))
    fits &= _prints(alpha, of["krippendorff_alpha"]) & _prints(ac1, of["gwet_ac1"])
    if not fits.any():
        return False
    small = [cell[fits] for cell in (both, neither, differ)]
    return any(cell.max() > 0 and cell.min() < below and np.ptp(cell) < enough for cell in small)


def without_tests(exact: Sequence[Payload], counted: Sequence[Payload]) -> list[Payload]:
    """Payloads without p-values of themes of which a number is withheld.

    Beside exact totals the band of a p-value can single out the one table that has it.
    """
    pairs = [
        (old.tables[name], new)
        for old, after in zip(exact, counted, strict=True)
        for name, new in after.tables.items()
    ]
    hidden = {theme for old, new in pairs for theme in _with_empty_cells(old, new)}
    return [
        replace(payload, tables={name: _untested(table, hidden) for name, table in payload.tables.items()})
        for payload in counted
    ]


def _with_empty_cells(old: Table, new: Table) -> Iterator[Value]:
    """Themes of which a number of people is withheld."""
    names = [name for name, _ in old.columns]
    if "theme_id" in names:
        theme = names.index("theme_id")
        columns = [i for i, (_, kind) in enumerate(old.columns) if kind == "people"]
        for before, after in zip(old.rows, new.rows, strict=True):
            if any(before[i] is not None and after[i] is None for i in columns):
                yield before[theme]


def _untested(table: Table, themes: set[Value]) -> Table:
    """The table without the p-values of some themes."""
    names, kinds = [name for name, _ in table.columns], [kind for _, kind in table.columns]
    if "theme_id" not in names or "p" not in kinds:
        return table
    theme = [names.index(name) for name in ("theme_id", "other_id") if name in names]
    rows = tuple(
        tuple(_without_p(row, table)) if themes & {row[i] for i in theme} else row for row in table.rows
    )
    return Table(table.columns, rows)


def _without_p(row: tuple[Value, ...], table: Table) -> Iterator[Value]:
    for value, (name, kind) in zip(row, table.columns, strict=True):
        yield None if kind == "p" else value or WITHHELD if name == "reason" else value
