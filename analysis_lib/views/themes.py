"""Which payloads does a crosstab of themes by outcome group offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.large_sample import adjusted_by
from analysis_lib.other_bases import other_bases
from analysis_lib.payload import Kind, Payload, Table
from analysis_lib.theme_patterns import leading_themes
from analysis_lib.views.common import (
    SENTENCES,
    Views,
    about_endings,
    agreement_beside,
    facts_of,
    groups_table,
    views,
)


@views.register
def _crosstab_views(result: ThemeCrosstab) -> Views:
    wave = result.matrix.wave

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            tables = {name: CROSSTAB_TABLES[name](result) for name in names}
            tables["groups"] = groups_table(wave, result.n_groups)
            facts = facts_of(
                wave, reason=result.reason, reference=result.reference, leading=list(leading_themes(result)),
                n_permutations=wave.study.n_permutations["minp"],
            )  # fmt: skip
            if shape == "sentences":
                facts["about_endings"] = about_endings(wave)
            if result.large_sample:
                facts["large_sample"] = True
                facts["multiplicity"] = adjusted_by(wave.study)
            if {"tests", "contrasts"} & set(names):
                strata, named = strata_beside(result)
                tables, facts = tables | strata, facts | named
            if template == "theme_by_outcome":
                tables["agreement"], facts["agreement_reason"] = agreement_beside(wave)
                tables |= bases_beside(result)
            return Payload(shape, template, tables, facts)

        return make

    return {
        "shares": made("table", "theme_by_outcome", "shares"),
        "contrasts": made("table", "theme_contrasts", "contrasts"),
        "tests": made("table", "theme_tests", "tests"),
        "dots": made("figure", "theme_dots", "shares"),
        "differences": made("figure", "theme_differences", "contrasts"),
        SENTENCES: made("sentences", "theme_contrasts", "contrasts", "shares"),
    }


def bases_beside(result: ThemeCrosstab) -> dict[str, Table]:
    """Counts behind the shares of other people, and of mentions, for readers who ask for another base."""
    found = other_bases(result)
    return {
        "other_base": Table.of(
            found.people, base="key", theme_id="key", group="key", n_with_theme="people", n_total="people"
        ),
        "all_segments": Table.of(found.segments, group="key", n_all_segments="segments"),
    }


def strata_beside(result: ThemeCrosstab) -> tuple[dict[str, Table], dict[str, Any]]:
    """What stands beside a test where the study declares strata: their names, and who is not compared."""
    strata = result.strata
    if strata is None:
        return {}, {}
    schema = result.matrix.wave.study.table("participants")
    row = {"n_strata": strata.n_strata, "n_unknown": strata.n_unknown, "n_alone": strata.n_alone}
    table = Table.of(pd.DataFrame([row]), n_strata="statistic", n_unknown="people", n_alone="people")
    return {"strata": table}, {"strata": [schema[column].title.lower() for column in strata.columns]}


def _p_stratified(frame: pd.DataFrame) -> dict[str, Kind]:
    return {"p_stratified": "p"} if "p_stratified" in frame else {}


CROSSTAB_TABLES: dict[str, Callable[[ThemeCrosstab], Table]] = {
    "shares": lambda result: Table.of(
        result.table,
        theme_id="key",
        theme_label="key",
        depth="key",
        group="key",
        n_with_theme="people",
        n_total="people",
        n_segments="segments",
    ),
    "contrasts": lambda result: Table.of(
        result.contrasts,
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
        **_p_stratified(result.contrasts),
        p_adjusted="p",
    ),
    "tests": lambda result: Table.of(
        result.tests,
        theme_id="key",
        theme_label="key",
        p_value="p",
        **_p_stratified(result.tests),
        p_mid="p",
        smallest_p="statistic",
        p_minp="p",
        p_holm="p",
        p_bh="p",
        cramers_v="statistic",
        conf_low="statistic",
        conf_high="statistic",
        method="text",
        reason="text",
    ),
}
