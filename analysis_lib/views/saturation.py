"""Which payloads does the saturation of a codebook offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.payload import Kind, Payload, Table
from analysis_lib.theme_saturation import ThemeSaturation
from analysis_lib.views.common import SENTENCES, Views, facts_of, views


@views.register
def _saturation_views(found: ThemeSaturation) -> Views:
    facts = facts_of(
        found.matrix.wave,
        reason=found.reason,
        labels=found.labels,
        base=found.base,
        run=found.run,
        threshold=found.threshold,
    )
    summary: dict[str, Kind] = {
        "group": "key",
        "n": "people",
        "n_left_out": "people",
        "codes_seen": "estimate",
        "seen_once": "statistic",
        "seen_twice": "statistic",
        "chao2": "statistic",
        "chao2_se": "statistic",
        "base_codes": "statistic",
        "reached_at": "statistic",
        "reason": "text",
    }
    curve: dict[str, Kind] = {
        "group": "key",
        "n_participants": "step",
        "codes_seen": "statistic",
        "low": "statistic",
        "high": "statistic",
        "in_order": "statistic",
    }

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            made_of = {
                "summary": Table.of(found.summary, **summary), "curve": Table.of(found.curve, **curve)
            }  # fmt: skip
            return Payload(shape, template, {name: made_of[name] for name in names}, facts)

        return make

    return {
        "saturation": made("table", "saturation", "summary", "curve"),
        "curve": made("figure", "saturation_curve", "summary", "curve"),
        SENTENCES: made("sentences", "saturation", "summary", "curve"),
    }
