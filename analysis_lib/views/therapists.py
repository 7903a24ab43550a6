"""Which payloads do models offer that allow people of one therapist to resemble one another?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.payload import Payload, Table
from analysis_lib.therapists import ClusteredModels, unit_of
from analysis_lib.views.common import SENTENCES, Views, dropouts_beside, facts_of, groups_table, views


@views.register
def _therapist_views(found: ClusteredModels) -> Views:
    wave = found.matrix.wave

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            plans = wave.study.termination_models
            facts = facts_of(
                wave,
                reason=found.reason,
                units={plan.name: unit_of(plan.cluster) for plan in plans if plan.cluster},
                rules={definition.name: definition.in_words for definition in wave.study.dropout_definitions},
            )
            tables = {name: _TABLES[name](found) for name in names}
            return Payload(shape, template, tables | {"groups": groups_table(wave)}, facts)

        return make

    return {
        "therapists": made("table", "therapists", "models", "icc"),
        "icc": made("table", "icc", "icc"),
        SENTENCES: made("sentences", "therapists", "models", "icc", "dropouts"),
    }


_TABLES: dict[str, Callable[[ClusteredModels], Table]] = {
    "dropouts": lambda found: dropouts_beside(found.matrix),
    "models": lambda found: Table.of(
        found.table,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        reference="key",
        method="text",
        odds_ratio="estimate",
        conf_low="estimate",
        conf_high="estimate",
        p_value="p",
        df="statistic",
        n_used="people",
        n_events="people",
        n_clusters="people",
        n_left_out="people",
        n_clusters_left_out="people",
        n_missing="people",
        smallest_cell="cell",
        reason="text",
    ),
    # How many people one therapist has seen can tell who it is, so these numbers are statistics.
    "icc": lambda found: Table.of(
        found.icc,
        model="key",
        event="key",
        icc="estimate",
        conf_low="estimate",
        conf_high="estimate",
        median_odds_ratio="estimate",
        median_reason="text",
        n_used="people",
        n_events="people",
        n_clusters="people",
        n_missing="people",
        people_median="statistic",
        people_min="statistic",
        people_max="statistic",
        smallest_cell="cell",
        reason="text",
        refusal="text",
    ),
}
