"""Which 2 x 2 tables fit everything that is printed about them?

For a small number of people in a released bundle, all tables are tried that its printed counts allow: those of a theme
in two groups, with the band of Fisher's p-value; those of a theme and dropping out, with the odds ratio and its limits
where they are printed; and the numbers behind a coefficient of agreement of two coders. The formulas are textbook ones
and shared with nothing in the package.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

from attacker import interval
from scipy.stats import fisher_exact

from analysis_lib.release import Released

_BANDS = (0.001, 0.01, 0.05, 1.0)
_MOST = 60_000  # tables tried; where more fit the printed counts, no statistic of two digits singles one out


@dataclass(frozen=True)
class Cell:
    """A small number of people: where it stands, how many tables were tried, and which values of it fit."""

    name: str
    n_tables: int
    values: frozenset[int]


def small_cells(released: Released, *, below: int, most: int) -> Iterator[Cell]:
    """Every small number of a bundle for which a statistic is printed, with the values that fit."""
    rule = released.rules.counts
    withheld = bool(released.audit.withheld)

    def span(exact: int, shown: int | None) -> range:
        low, high = interval(shown, rule, withheld=withheld, most=most)
        if not low <= exact <= high:
            low, high = 0, most
        return range(low, high + 1)

    seen = set()
    for exact, after in zip(released.exact, released.payloads, strict=True):
        for name, table in exact.tables.items():
            once = (table.columns, table.rows)
            if once in seen:
                continue
            seen.add(once)
            names = [column for column, _ in table.columns]
            rows = [
                (dict(zip(names, row, strict=True)), dict(zip(names, other, strict=True)))
                for row, other in zip(table.rows, after.tables[name].rows, strict=True)
            ]
            if {"n_with_theme", "n_total", "n_with_reference", "n_reference", "p_value"} <= set(names):
                yield from _of_contrasts(rows, span, below)
            if {"n_units", "n_given", "n_agreed", "krippendorff_alpha", "n_coders"} <= set(names):
                yield from _of_coders(rows, span, below)
    yield from _of_models(released, span, below)


def _of_contrasts(rows, span, below) -> Iterator[Cell]:
    columns = ("n_with_theme", "n_total", "n_with_reference", "n_reference")
    for of, shown in rows:
        true = [of[column] for column in columns]
        if None in true or not any(
            1 <= n < below for n in (true[0], true[1] - true[0], true[2], true[3] - true[2])
        ):
            continue
        spans = [span(n, shown[column]) for n, column in zip(true, columns, strict=True)]
        fits = _fitting(
            spans,
            lambda a, n, c, m, p=shown["p_value"]: (
                _possible(a, n, c, m) and (p is None or _band(a, n, c, m) == p)
            ),
        )
        for i, cell in enumerate(((0,), (1, 0), (2,), (3, 2))):
            n = true[cell[0]] - (true[cell[1]] if len(cell) > 1 else 0)
            if 1 <= n < below:
                values = {t[cell[0]] - (t[cell[1]] if len(cell) > 1 else 0) for t in fits}
                yield Cell(
                    f"{of['theme_id']} {of['group']} v {of['reference']} cell {i}",
                    len(fits),
                    frozenset(values),
                )


def _of_models(released, span, below) -> Iterator[Cell]:
    """Cells of dropping out by theme, with the unadjusted odds ratio where it is printed."""
    counted, odds = {}, {}
    for exact, after in zip(released.exact, released.payloads, strict=True):
        if exact.template == "termination_events":
            names = [column for column, _ in exact.tables["events"].columns]
            for row, other in zip(exact.tables["events"].rows, after.tables["events"].rows, strict=True):
                of, shown = dict(zip(names, row, strict=True)), dict(zip(names, other, strict=True))
                key = (of["model"], of["event"], of["term"])
                counted.setdefault(key, {})[of["level"]] = (of, shown)
        if exact.template == "termination_models":
            names = [column for column, _ in after.tables["models"].columns]
            for row in after.tables["models"].rows:
                of = dict(zip(names, row, strict=True))
                if of["adjusted"] is False and of["reference"]:
                    odds.setdefault((of["model"], of["event"], of["term"], of["level"]), []).append(of)
    for (*key, level), printed in odds.items():
        levels = counted.get(tuple(key), {})
        if level not in levels or printed[0]["reference"] not in levels:
            continue
        pairs = [levels[level], levels[printed[0]["reference"]]]
        true = [of[column] for of, _ in pairs for column in ("n_events", "n_total")]
        small = (true[0], true[1] - true[0], true[2], true[3] - true[2])
        if not any(1 <= n < below for n in small):
            continue
        shown = [other[column] for _, other in pairs for column in ("n_events", "n_total")]
        fits = _fitting(
            [span(n, s) for n, s in zip(true, shown, strict=True)],
            lambda a, n, c, m, printed=printed: (
                _possible(a, n, c, m) and all(_prints_odds(a, n - a, c, m - c, of) for of in printed)
            ),
        )
        for i, n in enumerate(small):
            if 1 <= n < below:
                values = {(t[0], t[1] - t[0], t[2], t[3] - t[2])[i] for t in fits}
                yield Cell(f"{' '.join(key)} {level} cell {i}", len(fits), frozenset(values))


def _of_coders(rows, span, below) -> Iterator[Cell]:
    columns = ("n_units", "n_given", "n_agreed")
    for of, shown in rows:
        true = [of[column] for column in columns]
        if of["n_coders"] != 2 or None in true or not 1 <= true[0] - true[2] < below:
            continue
        spans = [span(n, shown[column]) for n, column in zip(true, columns, strict=True)]
        fits = _fitting(
            spans, lambda n, given, agreed, shown=shown: _prints_agreement(n, given, agreed, shown)
        )
        yield Cell(
            f"coders differ on {of['code_id']}", len(fits), frozenset(n - agreed for n, _, agreed in fits)
        )


def _fitting(spans: list[range], fits) -> list[tuple[int, ...]]:
    """Every table of some spans that would print the same; all corners where there are too many to be tried."""
    if math.prod(map(len, spans)) > _MOST:
        return list(product(*({span.start, span.stop - 1} for span in spans)))
    return [table for table in product(*spans) if fits(*table)]


def _possible(a: int, n: int, c: int, m: int) -> bool:
    return a <= n and c <= m


@cache
def _band(a: int, n: int, c: int, m: int) -> float:
    p = float(fisher_exact([[a, n - a], [c, m - c]]).pvalue)
    return next(band for band in _BANDS if p < band or band == 1.0)


def _two_digits(value: float, shown: float | None) -> bool:
    return shown is None or (math.isfinite(value) and abs(float(f"{value:.2g}") - shown) < 1e-9)


def _prints_odds(a: int, b: int, c: int, d: int, of: dict[str, float]) -> bool:
    if of["odds_ratio"] is None:
        return True
    half = 0.5 if of["method"] == "firth" else 0.0
    if not half and 0 in (a, b, c, d):
        return False
    log = math.log((a + half) * (d + half) / ((b + half) * (c + half)))
    if half:
        return _two_digits(math.exp(log), of["odds_ratio"])
    error = 1.959963985 * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    three = ((log, "odds_ratio"), (log - error, "conf_low"), (log + error, "conf_high"))
    return all(_two_digits(math.exp(x), of[name]) for x, name in three)


def _prints_agreement(n: int, given: int, agreed: int, shown: dict[str, float]) -> bool:
    differ = n - agreed
    if not 0 <= differ <= given <= n:
        return False
    share = (given - differ + differ / 2) / n if n else 0
    if share in (0, 1):
        return shown["krippendorff_alpha"] is None
    alpha = 1 - (differ / n) / (4 * n * share * (1 - share) / (2 * n - 1))
    ac1 = 1 - (differ / n) / (1 - 2 * share * (1 - share))
    return _two_digits(alpha, shown["krippendorff_alpha"]) and _two_digits(ac1, shown["gwet_ac1"])
