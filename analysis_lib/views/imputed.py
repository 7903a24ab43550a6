"""Which payloads do models with imputed covariates offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.imputed_models import ImputedModels
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import SENTENCES, Views, dropouts_beside, facts_of, groups_table, views


@views.register
def _imputed_views(found: ImputedModels) -> Views:
    wave = found.matrix.wave

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            plans = wave.study.termination_models
            facts = facts_of(
                wave,
                reason=found.reason,
                n_imputations=found.n_imputations,
                clusters={plan.name: plan.cluster for plan in plans if plan.cluster},
                rules={definition.name: definition.in_words for definition in wave.study.dropout_definitions},
            )
            tables = {name: _TABLES[name](found) for name in names}
            return Payload(shape, template, tables | {"groups": groups_table(wave)}, facts)

        return make

    return {
        "imputed": made("table", "imputed", "models", "guards"),
        "missing": made("table", "missing_covariates", "missing"),
        SENTENCES: made("sentences", "imputed", "models", "guards", "dropouts"),
    }


_TABLES: dict[str, Callable[[ImputedModels], Table]] = {
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
        # How much is missing betrays how many people lack a value.
        fmi="statistic",
        n_used="people",
        n_missing="people",
        n_imputations="key",
        smallest_cell="cell",
        reason="text",
    ),
    "guards": lambda found: Table.of(
        found.guards,
        model="key",
        event="key",
        method="text",
        n_used="people",
        n_missing="people",
        reason="text",
    ),
    "missing": lambda found: Table.of(
        found.missing,
        model="key",
        event="key",
        group="key",
        term="key",
        term_label="key",
        imputed="key",
        n_missing="people",
        n_eligible="people",
    ),
}
