"""Which payloads do associations with the coder's error offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.coder_error import CoderError
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import SENTENCES, Views, facts_of, groups_table, views


@views.register
def _coder_error_views(found: CoderError) -> Views:
    wave = found.crosstab.matrix.wave
    facts = facts_of(
        wave,
        reason=found.reason,
        reference=found.crosstab.reference,
        n_imputations=found.n_imputations,
        coders_blind_to_outcome=wave.study.coders_blind_to_outcome,
    )

    def made(shape: Any) -> Callable[[], Payload]:
        def make() -> Payload:
            tables = {
                "rows": _rows(found),
                "coding": Table.of(found.coding, group="key", n_total="people", n_checked="people"),
                "groups": groups_table(wave, found.crosstab.n_groups),
            }
            return Payload(shape, "coder_error", tables, facts)

        return make

    return {"coder_error": made("table"), SENTENCES: made("sentences")}


def _rows(found: CoderError) -> Table:
    """The naive estimates follow from the counts; the corrected ones do not."""
    return Table.of(
        found.table,
        theme_id="key",
        theme_label="key",
        depth="key",
        group="key",
        reference="key",
        n_with_theme="people",
        n_total="people",
        n_with_reference="people",
        n_reference="people",
        n_checked="people",
        n_checked_with_theme="people",
        sensitivity="estimate",
        sens_low="estimate",
        sens_high="estimate",
        specificity="estimate",
        spec_low="estimate",
        spec_high="estimate",
        odds_ratio="estimate",
        or_low="estimate",
        or_high="estimate",
        risk_difference="estimate",
        rd_low="estimate",
        rd_high="estimate",
        smallest_cell="cell",
        method="text",
        reason="text",
    )
