"""Which payloads do combinations of themes offer: a table and a figure?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis_lib.payload import Payload, Table
from analysis_lib.theme_patterns import ThemePatterns
from analysis_lib.views.common import Views, facts_of, groups_table, views


@views.register
def _pattern_views(found: ThemePatterns) -> Views:
    return {
        "upset": _made(found, "figure", "theme_upset"),
        "patterns": _made(found, "table", "theme_patterns"),
    }


def _made(found: ThemePatterns, shape: Any, template: str) -> Callable[[], Payload]:
    def make() -> Payload:
        wave = found.crosstab.matrix.wave
        facts = facts_of(wave, reason=found.reason, themes=list(found.themes))
        tables = {"patterns": _patterns(found), "sets": _sets(found), "base": _base(found)}
        return Payload(shape, template, tables | {"groups": _groups(found)}, facts)

    return make


def _groups(found: ThemePatterns) -> Table:
    """Outcome groups with the people who were coded for all these themes: what the combinations add up to."""
    sizes = found.sets.drop_duplicates("group").set_index("group")["n_total"]
    order = found.crosstab.groups
    return groups_table(found.crosstab.matrix.wave, tuple(int(sizes.get(group, 0)) for group in order))


def _patterns(found: ThemePatterns) -> Table:
    return Table.of(
        found.table,
        pattern="key",
        theme_ids="key",
        group="key",
        n_with_pattern="people",
        n_total="people",
    )


def _sets(found: ThemePatterns) -> Table:
    return Table.of(
        found.sets,
        theme_id="key",
        theme_label="key",
        group="key",
        n_with_theme="people",
        n_total="people",
    )


def _base(found: ThemePatterns) -> Table:
    """People used and left out, and how many combinations are counted together."""
    frame = pd.DataFrame([(found.n_used, found.n_missing, found.n_others)], columns=_BASE)
    # How many combinations so many people have would narrow down how many people they are.
    return Table.of(frame, n_used="people", n_missing="people", n_others="statistic")


_BASE = ["n_used", "n_missing", "n_others"]
