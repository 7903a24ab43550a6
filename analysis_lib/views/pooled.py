"""Which payloads does a pooled bank of themes offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.payload import Payload, Table
from analysis_lib.theme_bank import PooledThemes
from analysis_lib.theme_patterns import leading_themes
from analysis_lib.views.common import SENTENCES, Views, facts_of, groups_table, views


@views.register
def _pooled_views(found: PooledThemes) -> Views:
    wave = found.crosstab.matrix.wave
    leading = list(leading_themes(found.crosstab))
    facts = facts_of(wave, reason=found.reason, reference=found.crosstab.reference, leading=leading)

    def made(shape: Any) -> Callable[[], Payload]:
        def make() -> Payload:
            # Counts alone: the odds ratios, pooled or not, follow from them.
            counts = Table.of(
                found.table,
                theme_id="key",
                theme_label="key",
                group="key",
                reference="key",
                n_with_theme="people",
                n_total="people",
                n_with_reference="people",
                n_reference="people",
            )
            groups = groups_table(wave, found.crosstab.n_groups)
            return Payload(shape, "pooled_odds_ratios", {"counts": counts, "groups": groups}, facts)

        return make

    return {"pooled": made("table"), "forest": made("figure"), SENTENCES: made("sentences")}
