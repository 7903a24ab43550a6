"""Which payloads does a wave offer that was looked at in another way?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis_lib.explore import Exploration
from analysis_lib.payload import Kind, Payload, Table
from analysis_lib.quantitize import ALL
from analysis_lib.views.common import SENTENCES, Views, facts_of, views


@views.register
def _exploration_views(result: Exploration) -> Views:
    def made(shape: Any, template: str) -> Callable[[], Payload]:
        return lambda: Payload(shape, template, _tables(result), _facts(result))

    found = {"shares": made("table", "explored_themes")}
    if result.choice.unit == "participant":
        found["dots"] = made("figure", "explored_dots")
        found["differences"] = made("figure", "explored_differences")
    return found | {SENTENCES: made("sentences", "explored")}


def _tables(result: Exploration) -> dict[str, Table]:
    units: Kind = "people" if result.choice.unit == "participant" else "segments"
    counts: dict[str, Kind] = {"theme_id": "key", "theme_label": "key", "depth": "key", "group": "key"}
    counts |= {"n_with_theme": units, "n_total": units}
    beside: dict[str, Kind] = {"reference": "key", "n_with_reference": units, "n_reference": units}
    labels = result.grouping.labels
    groups = pd.DataFrame(
        [(name, labels[name], n) for name, n in zip(result.choice.groups, result.n_groups, strict=True)],
        columns=["group", "label", "n"],
    )
    return {
        "shares": Table.of(result.table, **counts, n_segments="segments"),
        "contrasts": Table.of(result.contrasts, **counts, **beside),
        "groups": Table.of(groups, group="key", label="key", n="people"),
        "left_out": Table.of(pd.DataFrame({"n": [result.n_left_out]}), n="people"),
    }


def _facts(result: Exploration) -> dict[str, Any]:
    choice, matrix = result.choice, result.matrix
    return facts_of(
        matrix.wave,
        reason=None if sum(result.n_groups) else "nobody is in any of these groups",
        reference=choice.reference,
        base=choice.base,
        unit=choice.unit,
        grouping=result.grouping.title,
        only=result.only,
        leading=list(_leading(result)),
    )


def _leading(result: Exploration) -> tuple[str, ...]:
    """Themes that occur, the largest difference from the reference first; without one the most widespread first."""
    overall = result.table[result.table["group"] == ALL].set_index("theme_id")
    size = overall["share"]
    if result.contrasts["risk_difference"].notna().any():
        size = result.contrasts.groupby("theme_id")["risk_difference"].agg(lambda d: d.abs().max())
    found = [theme for theme in overall.index if overall.at[theme, "n_with_theme"] > 0]
    return tuple(sorted(found, key=lambda theme: -round(float(size.fillna(0)[theme]), 9)))
