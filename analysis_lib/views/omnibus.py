"""Which payloads do the test of all themes at once and the tests from the top of the codebook offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.branches import Branches
from analysis_lib.omnibus import Omnibus
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import SENTENCES, Views, about_endings, facts_of, groups_table, views
from analysis_lib.views.themes import strata_beside


@views.register
def _omnibus_views(found: Omnibus) -> Views:
    crosstab = found.crosstab
    wave = crosstab.matrix.wave

    def made(shape: Any) -> Callable[[], Payload]:
        def make() -> Payload:
            strata, named = strata_beside(crosstab)
            tables = {
                "tests": Table.of(
                    found.table,
                    test="key",
                    statistic="statistic",
                    df="statistic",
                    p_value="p",
                    mc_error="statistic",
                    effective_themes="statistic",
                    reason="text",
                ),
                "themes": Table.of(
                    found.themes,
                    theme_id="key",
                    theme_label="key",
                    part="text",
                    statistic="statistic",
                    reason="text",
                ),
                "counts": Table.of(
                    found.counts, theme_id="key", group="key", n_with_theme="people", n_total="people"
                ),
                "people": Table.of(found.people, group="key", n_used="people", n_missing="people"),
                "groups": groups_table(wave, crosstab.n_groups),
            }
            settings: dict[str, Any] = {
                "n_permutations": wave.study.n_permutations["omnibus"],
                "seed": wave.study.seed,
            }
            settings["about_endings"] = about_endings(wave)
            if crosstab.large_sample:
                settings["large_sample"] = True
            facts = facts_of(wave, reason=found.reason, **settings, **named)
            return Payload(shape, "omnibus", tables | strata, facts)

        return make

    return {"omnibus": made("table"), SENTENCES: made("sentences")}


@views.register
def _branches_views(found: Branches) -> Views:
    def made(shape: Any) -> Callable[[], Payload]:
        def make() -> Payload:
            strata, named = strata_beside(found.crosstab)
            rows = Table.of(
                found.table,
                theme_id="key",
                theme_label="key",
                parent="key",
                depth="key",
                cramers_v="statistic",
                conf_low="statistic",
                conf_high="statistic",
                p_value="p",
                p_adjusted="p",
                decision="text",
                reason="text",
            )
            facts = facts_of(found.crosstab.matrix.wave, reason=found.reason, nested=found.nested, **named)
            return Payload(shape, "theme_hierarchy", {"rows": rows} | strata, facts)

        return make

    return {"branches": made("table"), SENTENCES: made("sentences")}
