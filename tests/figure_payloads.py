"""Payloads of the pictures that are no charts of lines, made by hand from a few numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis_lib.payload import Payload, Table

FACTS: dict[str, Any] = {
    "wave": "w1",
    "data_cut": "2024-09-30",
    "codebook_version": "3",
    "synthetic": False,
    "reference": "helpful",
    "base": "all_with_material",
    "smallest_difference": 0.15,
    "tradition": "codebook",
    "reason": None,
}
KNOWN = ("helpful", "unhelpful", "mixed", "dropped_out", "relapsed", "moved_on")


def groups_table(sizes: dict[str, int | None], labels: dict[str, str] | None = None) -> Table:
    """Groups with their sizes; a label is the group's own name where none is given."""
    named = labels or {}
    rows = [(group, named.get(group, group.replace("_", " ").capitalize()), n) for group, n in sizes.items()]
    return Table((("group", "key"), ("label", "key"), ("n", "people")), tuple(rows))


def flow(
    stages: list[tuple[str, int | None, int | None, str]],
    sizes: dict[str, int | None],
    labels: dict[str, str] | None = None,
    **facts: Any,
) -> Payload:
    """Rows of (stage, people, left before it, reason), and the outcome groups."""
    columns = (("stage", "text"), ("n", "people"), ("excluded", "people"), ("reason", "text"))
    tables = {"rows": Table(columns, tuple(stages)), "groups": groups_table(sizes, labels)}
    return Payload("figure", "flow_diagram", tables, FACTS | facts)


def missing(
    lacking: dict[str, dict[str, int | None]],
    sizes: dict[str, int | None],
    labels: dict[str, str] | None = None,
    **facts: Any,
) -> Payload:
    """Variable -> group -> people without a value; all of them add up."""
    rows = []
    for variable, by_group in lacking.items():
        counts = [by_group[group] for group in sizes]
        rows += [(variable, variable, group, by_group[group], sizes[group]) for group in sizes]
        rows.append((variable, variable, "all", added(counts), added(list(sizes.values()))))
    columns = (
        ("variable", "key"),
        ("label", "key"),
        ("group", "key"),
        ("n_missing", "people"),
        ("n_eligible", "people"),
    )
    tables = {"rows": Table(columns, tuple(rows)), "groups": groups_table(sizes, labels)}
    return Payload("figure", "missing_values", tables, FACTS | facts)


def upset(
    patterns: dict[str, dict[str, int | None]],
    themes: dict[str, str],
    sizes: dict[str, int | None],
    labels: dict[str, str] | None = None,
    *,
    n_others: int | None = 0,
    **facts: Any,
) -> Payload:
    """Ids with spaces between (or ``none of them``, ``other combinations``) -> group -> people."""
    rows, total = [], added(list(sizes.values()))
    for ids, by_group in patterns.items():
        apart = ids in ("none of them", "other combinations")
        head = (ids if apart else ids.replace(" ", " + "), "" if apart else ids)
        rows += [(*head, group, by_group[group], sizes[group]) for group in sizes]
        rows.append((*head, "all", added([by_group[group] for group in sizes]), total))
    sets = []
    for theme, label in themes.items():
        for group in (*sizes, "all"):
            mine = [row[3] for row in rows if theme in row[1].split() and row[2] == group]
            sets.append((theme, label, group, added(mine), total if group == "all" else sizes[group]))
    keys = (("pattern", "key"), ("theme_ids", "key"), ("group", "key"))
    tables = {
        "patterns": Table((*keys, ("n_with_pattern", "people"), ("n_total", "people")), tuple(rows)),
        "sets": Table(
            (("theme_id", "key"), ("theme_label", "key"), ("group", "key"), ("n_with_theme", "people"),
             ("n_total", "people")),
            tuple(sets),
        ),
        "base": Table(
            (("n_used", "people"), ("n_missing", "people"), ("n_others", "statistic")), ((total, 0, n_others),)
        ),
        "groups": groups_table(sizes, labels),
    }  # fmt: skip
    return Payload("figure", "theme_upset", tables, FACTS | {"themes": list(themes)} | facts)


def slopes(
    counts: dict[str, dict[str, dict[str, tuple[int | None, int | None]]]],
    groups: tuple[str, ...] = ("helpful", "unhelpful"),
    labels: dict[str, str] | None = None,
    *,
    not_comparable: tuple[tuple[str, str], ...] = (),
    **facts: Any,
) -> Payload:
    """Theme -> wave -> group -> people with the theme and people who could have it."""
    rows = [
        (theme, theme, wave, group, x, n, (theme, wave) not in not_comparable, None)
        for theme, by_wave in counts.items()
        for wave, by_group in by_wave.items()
        for group, (x, n) in by_group.items()
    ]
    columns = (
        ("theme_id", "key"), ("theme_label", "key"), ("wave", "key"), ("group", "key"), ("n_with_theme", "people"),
        ("n_total", "people"), ("comparable", "key"), ("reason", "text"),
    )  # fmt: skip
    waves = list(dict.fromkeys(wave for by_wave in counts.values() for wave in by_wave))
    tables = {
        "shares": Table(columns, tuple(rows)),
        "groups": groups_table(dict.fromkeys(groups, 10), labels),
    }
    settings = {"waves": waves, "leading": list(counts), "codebook_versions": dict.fromkeys(waves, "1")}
    return Payload("figure", "theme_slopes", tables, FACTS | settings | facts)


def added(counts: list[int | None]) -> int | None:
    """The sum; None where any of them is withheld."""
    return None if any(n is None for n in counts) else int(pd.Series(counts, dtype="int64").sum())
