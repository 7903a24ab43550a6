"""Which payloads do models of termination offer, each term and definition?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.payload import Payload, Table
from analysis_lib.termination import TerminationModels
from analysis_lib.views.common import SENTENCES, Views, agreement_beside, facts_of, groups_table, views


@views.register
def _termination_views(models: TerminationModels) -> Views:
    wave = models.matrix.wave
    plans = {plan.name: plan for plan in wave.study.termination_models}

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            facts = facts_of(
                wave,
                reason=models.reason,
                stated_event={name: plan.event for name, plan in plans.items()},
                why={
                    name: {covariate.column: covariate.why for covariate in plan.covariates}
                    for name, plan in plans.items()
                },
                rules={d.name: d.in_words for d in wave.study.dropout_definitions},
                term_labels=dict(zip(models.table["term"], models.table["term_label"], strict=True)),
            )
            tables = {name: _TERMINATION_TABLES[name](models) for name in names}
            tables["groups"] = groups_table(wave)
            if template == "termination_models":
                tables["agreement"], facts["agreement_reason"] = agreement_beside(wave)
            return Payload(shape, template, tables, facts)

        return make

    return {
        "models": made("table", "termination_models", "models", "guards", "left_out"),
        "events": made("table", "termination_events", "events"),
        "probabilities": made("table", "termination_probabilities", "probabilities"),
        "definitions": made("table", "termination_definitions", "models", "guards"),
        "guards": made("table", "termination_guards", "guards", "dropped", "left_out"),
        "forest": made("figure", "termination_forest", "models", "guards", "events"),
        "probability_plot": made("figure", "termination_probabilities", "probabilities"),
        SENTENCES: made("sentences", "termination", "models", "probabilities", "guards", "left_out"),
    }


_TERMINATION_TABLES: dict[str, Callable[[TerminationModels], Table]] = {
    "models": lambda models: Table.of(
        models.table,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        reference="key",
        adjusted="key",
        odds_ratio="estimate",
        conf_low="estimate",
        conf_high="estimate",
        p_value="p",
        method="text",
        n_used="people",
        n_events="people",
        events_per_parameter="statistic",
        smallest_cell="cell",
        separated="text",
        reason="text",
    ),
    "events": lambda models: Table.of(
        models.events,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        n_events="people",
        n_total="people",
    ),
    "probabilities": lambda models: Table.of(
        models.probabilities,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        probability="estimate",
        conf_low="estimate",
        conf_high="estimate",
        average_risk_difference="estimate",
        ard_low="estimate",
        ard_high="estimate",
        n_used="people",
        smallest_cell="cell",
        reason="text",
    ),
    "guards": lambda models: Table.of(
        models.guards,
        model="key",
        event="key",
        n_late="people",
        n_eligible="people",
        n_used="people",
        n_dropped="people",
        n_events="people",
        n_parameters="key",
        events_per_parameter="statistic",
        n_needed="statistic",
        parameters_allowed="statistic",
        separated="text",
        reason="text",
    ),
    "dropped": lambda models: Table.of(
        models.dropped,
        model="key",
        event="key",
        group="key",
        n_eligible="people",
        n_used="people",
        n_dropped="people",
    ),
    "left_out": lambda models: Table.of(
        models.left_out, model="key", event="key", term="key", term_label="key", reason="text"
    ),
}
