"""Which payloads do the measures of prediction offer?

People by predicted risk are numbers of people and leave rounded; the smooth curve is drawn through single people
and leaves with exact counts only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.model_prediction import PredictionMeasures
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import SENTENCES, Views, facts_of, views


@views.register
def _prediction_views(found: PredictionMeasures) -> Views:
    wave = found.models.matrix.wave
    resamples = found.table["n_resamples"].dropna()
    facts = facts_of(
        wave,
        reason=found.reason,
        rules={d.name: d.in_words for d in wave.study.dropout_definitions},
        resamples=f"{int(resamples.iloc[0]):,}" if len(resamples) else "",
        seed=wave.study.seed,
    )

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            return Payload(shape, template, {name: _TABLES[name](found) for name in names}, facts)

        return make

    return {
        "prediction": made("table", "prediction", "measures"),
        "calibration": made("figure", "calibration", "measures", "bins", "histogram", "curve"),
        "risk_groups": made("table", "risk_groups", "bins"),
        SENTENCES: made("sentences", "prediction", "measures"),
    }


_TABLES: dict[str, Callable[[PredictionMeasures], Table]] = {
    "measures": lambda found: Table.of(
        found.table,
        model="key",
        event="key",
        measure="key",
        estimate="estimate",
        conf_low="estimate",
        conf_high="estimate",
        optimism="estimate",
        corrected="estimate",
        mc_error="estimate",
        n_used="people",
        n_events="people",
        n_failed="statistic",
        smallest_cell="cell",
        reason="text",
    ),
    "bins": lambda found: Table.of(
        found.bins.astype({"bin": str}),
        model="key",
        event="key",
        bin="key",
        risk="summary",
        n_events="people",
        n_total="people",
        smallest_cell="cell",
    ),
    "histogram": lambda found: Table.of(
        found.histogram.astype({"low": str, "high": str}),
        model="key",
        event="key",
        low="key",
        high="key",
        n_left="people",
        n_stayed="people",
    ),
    "curve": lambda found: Table.of(
        found.curve,
        model="key",
        event="key",
        risk="statistic",
        smooth="statistic",
        corrected="statistic",
        reason="text",
    ),
}
