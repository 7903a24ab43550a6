"""Which payloads do models offer that grow block by block?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.model_blocks import NestedBlocks
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import SENTENCES, Views, dropouts_beside, facts_of, groups_table, views


@views.register
def _block_views(found: NestedBlocks) -> Views:
    wave = found.matrix.wave

    def made(shape: Any) -> Callable[[], Payload]:
        def make() -> Payload:
            facts = facts_of(
                wave,
                reason=found.reason,
                rules={definition.name: definition.in_words for definition in wave.study.dropout_definitions},
            )
            rows = Table.of(
                found.table,
                model="key",
                event="key",
                block="key",
                added="key",
                term="key",
                term_label="key",
                level="key",
                odds_ratio="estimate",
                conf_low="estimate",
                conf_high="estimate",
                p_value="p",
                n_used="people",
                n_events="people",
                n_parameters="key",
                smallest_cell="cell",
                separated="text",
                reason="text",
            )
            steps = Table.of(
                found.steps,
                model="key",
                event="key",
                block="key",
                added="key",
                n_used="people",
                n_events="people",
                n_parameters="key",
                reason="text",
            )
            tables = {"rows": rows, "steps": steps, "groups": groups_table(wave)}
            if shape == "sentences":
                tables["dropouts"] = dropouts_beside(found.matrix)
            return Payload(shape, "blocks", tables, facts)

        return make

    return {"blocks": made("table"), SENTENCES: made("sentences")}
