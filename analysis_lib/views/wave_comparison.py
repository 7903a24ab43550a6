"""Which payloads does a comparison with earlier waves offer?

Counts of people and p-values are handed over; changes, limits and readings follow from them when they are rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis_lib.attrition import WaveAttrition
from analysis_lib.late_starters import late_starters
from analysis_lib.payload import Kind, Payload, Table
from analysis_lib.views.common import SENTENCES, Views, facts_of, groups_table, views
from analysis_lib.wave import Wave
from analysis_lib.wave_comparison import WaveComparison, leading_changes
from analysis_lib.what_changed import WhatChanged


@views.register
def _comparison_views(result: WaveComparison) -> Views:
    wave = result.matrix.wave

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            tables = {name: COMPARISON_TABLES[name](result) for name in names}
            tables["groups"] = groups_table(wave)
            return Payload(shape, template, tables, comparison_facts(result))

        return make

    counted = ("shares", "steps", "tests")
    return {
        "changes": made("table", "wave_changes", *counted, "waves"),
        "by_group": made("table", "wave_changes_by_group", "shares", "steps"),
        "shares": made("table", "wave_comparison", "shares", "steps"),
        "slopes": made("figure", "theme_slopes", "shares"),
        "codebook": made("table", "codebook_changes", "codebook"),
        SENTENCES: made("sentences", "wave_comparison", *counted, "waves", "codebook"),
    }


def comparison_facts(result: WaveComparison) -> dict[str, Any]:
    """Settings of a comparison that wording depends on."""
    wave, previous = result.matrix.wave, result.previous
    return facts_of(
        wave,
        reason=result.reason,
        look=wave.facts.look,
        planned_looks=wave.study.planned_looks,
        repeated=wave.study.repeated,
        waves=[*(each.id for each in result.earlier), wave.id],
        previous=None if previous is None else previous.id,
        first=result.earlier[0].id if result.earlier else None,
        leading=list(leading_changes(result)),
        codebook_versions={each.id: each.facts.codebook_version for each in (*result.earlier, wave)},
    )


COMPARISON_TABLES: dict[str, Callable[[WaveComparison], Table]] = {
    "shares": lambda result: Table.of(
        result.shares,
        theme_id="key",
        theme_label="key",
        depth="key",
        wave="key",
        group="key",
        n_with_theme="people",
        n_total="people",
        comparable="key",
        reason="text",
    ),
    "steps": lambda result: Table.of(
        result.steps,
        theme_id="key",
        wave="key",
        group="key",
        since="key",
        n_now_only="people",
        n_before_only="people",
        n_pairs="people",
        method="text",
        reason="text",
    ),
    "tests": lambda result: Table.of(
        result.tests,
        theme_id="key",
        group="key",
        since="key",
        p_value="p",
        p_adjusted="p",
        reason="text",
    ),
    "waves": lambda result: Table.of(
        result.waves, wave="key", look="key", codebook_version="key", n_repeated="people", reason="text"
    ),
    "codebook": lambda result: Table.of(
        result.codebook,
        since="key",
        theme_id="key",
        theme_label="key",
        change="text",
        version="key",
        with_themes="key",
        note="key",
        comparable="key",
        reason="text",
    ),
}


@views.register
def _changed_views(result: WhatChanged) -> Views:
    comparison, wave = result.comparison, result.wave

    def make() -> Payload:
        counted = ("shares", "steps", "tests", "waves", "codebook")
        tables = {name: COMPARISON_TABLES[name](comparison) for name in counted}
        pair = [each for each in (comparison.previous, wave) if each is not None]
        tables |= {
            "groups": groups_table(wave),
            "people": _people(pair),
            "late": _late(wave),
            "contrasts": Table.of(
                result.contrasts,
                wave="key",
                theme_id="key",
                theme_label="key",
                depth="key",
                group="key",
                reference="key",
                n_with_theme="people",
                n_total="people",
                n_with_reference="people",
                n_reference="people",
                p_value="p",
                p_adjusted="p",
            ),
            "agreement": Table.of(
                result.agreement.table,
                code_id="key",
                code_label="key",
                depth="key",
                wave="key",
                n_agreed="people",
                n_units="people",
                redefined="key",
            ),
        }
        return Payload(
            "sentences",
            "what_changed",
            tables,
            comparison_facts(comparison)
            | {
                "contrasts_since": result.contrasts_since,
                "contrasts_reason": result.contrasts_reason,
                "agreement_reason": result.agreement.reason,
            },
        )

    return {SENTENCES: make}


def _people(waves: list[Wave]) -> Table:
    """People analysed in each wave, by outcome group."""
    rows = [
        (each.id, group, int((each.analysed["outcome_group"] == group).sum()))
        for each in waves
        for group in each.study.outcome.groups
    ]
    return Table.of(pd.DataFrame(rows, columns=["wave", "group", "n"]), wave="key", group="key", n="people")


def _late(wave: Wave) -> Table:
    """People who began therapy too late before the data cut, by dropout definition; among those it can judge."""
    agreed = wave.participants[wave.participants["agreed"]]
    rows = []
    for definition in wave.study.dropout_definitions:
        late = late_starters(agreed, wave.study, definition, wave.facts.data_cut).fillna(False)
        judged = agreed[f"dropout_{definition.name}"].notna()
        rows.append((definition.name, definition.in_words, int((late & judged).sum())))
    frame = pd.DataFrame(rows, columns=["definition", "rule", "n_late"])
    return Table.of(frame, definition="key", rule="text", n_late="people")


@views.register
def _attrition_views(result: WaveAttrition) -> Views:
    wave = result.wave

    def made(shape: Any, template: str, **more: Table) -> Callable[[], Payload]:
        def make() -> Payload:
            tables = {"groups": groups_table(wave), **_everywhere(result), **more}
            return Payload(shape, template, tables, _attrition_facts(result))

        return make

    counts: dict[str, Kind] = {"group": "key", "n_before": "people", "n_returned": "people"}
    returned = Table.of(result.returned, since="key", **counts)
    differential = Table.of(
        result.differential,
        variable="key",
        label="key",
        level="key",
        level_label="key",
        n_before="people",
        n_returned="people",
        median_returned="summary",
        median_gone="summary",
        smallest_cell="cell",
    )
    return {
        "waves": made("table", "wave_sizes"),
        "left": made("table", "wave_attrition"),
        "returned": made("table", "wave_returned", returned=returned, differential=differential),
        SENTENCES: made("sentences", "wave_attrition", returned=returned),
    }


def _everywhere(result: WaveAttrition) -> dict[str, Table]:
    """The waves, who is analysed in each and who left."""
    return {
        "waves": Table.of(
            result.waves,
            wave="key",
            look="key",
            opened="key",
            closed="key",
            data_cut="key",
            codebook_version="key",
            reason="text",
        ),
        "sizes": Table.of(result.sizes, wave="key", group="key", n="people"),
        "left": Table.of(result.left, wave="key", before_enrolment="key", reason="text", n_left="people"),
    }


def _attrition_facts(result: WaveAttrition) -> dict[str, Any]:
    study = result.wave.study
    return facts_of(
        result.wave,
        reason=result.reason,
        look=result.wave.facts.look,
        planned_looks=study.planned_looks,
        repeated=study.repeated,
        baseline=result.baseline,
    )
