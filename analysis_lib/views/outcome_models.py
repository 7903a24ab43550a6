"""Which payloads do models of all outcome groups and of satisfaction offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.outcome_models import GROUPS, SATISFACTION, OutcomeModels, counts_of_themes
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import SENTENCES, Views, facts_of, groups_table, views


@views.register
def _outcome_model_views(models: OutcomeModels) -> Views:
    wave = models.matrix.wave

    def made(shape: Any, template: str, *outcomes: str) -> Callable[[], Payload]:
        def make() -> Payload:
            facts = facts_of(wave, reason=models.reason, setting=wave.study.setting)
            tables = {"groups": groups_table(wave), "models": _models(models, outcomes)}
            tables |= {"guards": _guards(models, outcomes), "sizes": _sizes(models, outcomes)}
            if shape == "sentences":
                tables["counts"] = _counts(models)
            if SATISFACTION in outcomes:
                tables["cuts"] = _cuts(models)
            return Payload(shape, template, tables, facts)

        return make

    return {
        "groups": made("table", "outcome_groups", GROUPS),
        "satisfaction": made("table", "satisfaction", SATISFACTION),
        SENTENCES: made("sentences", "outcome_models", GROUPS, SATISFACTION),
    }


def _models(models: OutcomeModels, outcomes: tuple[str, ...]) -> Table:
    return Table.of(
        models.table[models.table["outcome"].isin(outcomes)],
        model="key",
        outcome="key",
        group="key",
        reference="key",
        term="key",
        term_label="key",
        level="key",
        level_reference="key",
        odds_ratio="estimate",
        conf_low="estimate",
        conf_high="estimate",
        p_value="p",
        p_value_term="p",
        method="text",
        n_used="people",
        n_missing="people",
        smallest_cell="cell",
        reason="text",
    )


def _counts(models: OutcomeModels) -> Table:
    counts = counts_of_themes(models)
    return Table.of(counts, theme_id="key", group="key", n_with_theme="people", n_total="people")


def _guards(models: OutcomeModels, outcomes: tuple[str, ...]) -> Table:
    return Table.of(
        models.guards[models.guards["outcome"].isin(outcomes)],
        model="key",
        outcome="key",
        n_used="people",
        n_missing="people",
        n_parameters="key",
        separated="key",
        reason="text",
    )


def _sizes(models: OutcomeModels, outcomes: tuple[str, ...]) -> Table:
    return Table.of(
        models.sizes[models.sizes["outcome"].isin(outcomes)],
        model="key",
        outcome="key",
        group="key",
        n_used="people",
        n_total="people",
    )


def _cuts(models: OutcomeModels) -> Table:
    return Table.of(
        models.cuts,
        model="key",
        term="key",
        term_label="key",
        level="key",
        level_reference="key",
        cut="key",
        odds_ratio="estimate",
        conf_low="estimate",
        conf_high="estimate",
        n_used="people",
        smallest_cell="cell",
        reason="text",
    )
