"""Which payloads does a comparison over waves offer?

Only counts of people and p-values are handed over. Differences, pooled values and readings follow from them when they
are rendered, from exact and from released counts by the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.across_waves import SMALL_GROUP, AcrossWaves
from analysis_lib.counts_by_wave import EVERYBODY_HAS_IT, NOBODY_HAS_IT
from analysis_lib.payload import Payload, Table
from analysis_lib.theme_patterns import leading_themes
from analysis_lib.views.common import SENTENCES, Views, facts_of, groups_table, views


@views.register
def _across_waves_views(result: AcrossWaves) -> Views:
    wave = result.crosstab.matrix.wave

    def made(shape: Any, template: str, *names: str, leading_only: bool = False) -> Callable[[], Payload]:
        def make() -> Payload:
            leading = list(leading_themes(result.crosstab))
            tables = {name: _TABLES[name](result) for name in names}
            if leading_only:
                tables = {name: _of_themes(table, leading) for name, table in tables.items()}
            facts = facts_of(
                wave, reason=result.reason, reference=result.reference, leading=leading, look=wave.facts.look,
                planned_looks=wave.study.planned_looks,
            )  # fmt: skip
            tables |= {"waves": _waves(result), "groups": groups_table(wave, result.crosstab.n_groups)}
            return Payload(shape, template, tables, facts)

        return make

    return {
        "across_waves": made("table", "across_waves", "by_wave", "tests"),
        "by_wave": made("table", "across_waves_by_wave", "by_wave"),
        "without_one": made("table", "across_waves_without_one", "by_wave"),
        "people": made("table", "across_waves_people"),
        "forest": made("figure", "across_waves_by_wave", "by_wave", leading_only=True),
        SENTENCES: made("sentences", "across_waves", "by_wave", "tests"),
    }


def _waves(result: AcrossWaves) -> Table:
    return Table.of(result.waves, wave="key", n_counted="people", n_repeated="people", reason="text")


def _of_themes(table: Table, themes: list[str]) -> Table:
    """The rows of the given themes."""
    at = [name for name, _ in table.columns].index("theme_id")
    return Table(table.columns, tuple(row for row in table.rows if row[at] in themes))


_TABLES: dict[str, Callable[[AcrossWaves], Table]] = {
    "by_wave": lambda result: Table.of(
        # What follows from the counts is left to them: an exact "nobody has it" would say more than a rounded 0 of 3.
        result.by_wave.assign(
            reason=result.by_wave["reason"].where(
                ~result.by_wave["reason"].isin([NOBODY_HAS_IT, EVERYBODY_HAS_IT])
            )
        ),
        theme_id="key",
        theme_label="key",
        depth="key",
        group="key",
        reference="key",
        wave="key",
        n_with_theme="people",
        n_total="people",
        n_with_reference="people",
        n_reference="people",
        reason="text",
    ),
    "tests": lambda result: Table.of(
        result.table.assign(
            reason=[SMALL_GROUP if str(why).endswith(SMALL_GROUP) else None for why in result.table["reason"]]
        ),
        theme_id="key",
        group="key",
        p_value="p",
        p_adjusted="p",
        breslow_day_p="p",
        tarone_p="p",
        method="text",
        reason="text",
    ),
}
