"""Which payloads do the specifications of a comparison and the talkativeness of the groups offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis_lib.payload import Payload, Table
from analysis_lib.sensitivity import Sensitivity
from analysis_lib.talkativeness import Talkativeness
from analysis_lib.views.common import SENTENCES, Views, facts_of, groups_table, views

MOST_CURVES = 6  # so that the figure stays on one page


@views.register
def _sensitivity_views(found: Sensitivity) -> Views:
    wave = found.crosstab.matrix.wave
    codebook = wave.study.codebook
    facts = facts_of(
        wave,
        reason=found.reason,
        test_reason=found.test_reason,
        group=found.group,
        reference=found.reference,
        sides={mixed: [list(first), list(second)] for mixed, (first, second) in found.sides.items()},
        leading=list(found.leading),
        weak=[codebook[theme].label for theme in found.weak],
        weak_below=found.weak_below,
        n_permutations=found.n_permutations,
    )

    def made(shape: Any, template: str, themes: tuple[str, ...] | None = None) -> Callable[[], Payload]:
        return lambda: Payload(shape, template, _sensitivity_tables(found, themes), facts)

    return {
        "table": made("table", "sensitivity"),
        "curve": made("figure", "specification_curve", found.leading[:MOST_CURVES]),
        SENTENCES: made("sentences", "sensitivity", found.leading),
    }


def _sensitivity_tables(found: Sensitivity, themes: tuple[str, ...] | None) -> dict[str, Table]:
    """The specifications and what they give for some themes; None takes all."""

    def kept(frame: pd.DataFrame) -> pd.DataFrame:
        return frame if themes is None else frame[frame["theme_id"].isin(themes)]

    return {
        "specifications": Table.of(
            found.specifications,
            specification="key",
            mixed="key",
            unit="key",
            base="key",
            exposure="key",
            codes="key",
            stated="key",
        ),
        "counts": Table.of(
            kept(found.counts),
            unit="key",
            base="key",
            exposure="key",
            codes="key",
            theme_id="key",
            group="key",
            n_with_theme="people",
            n_total="people",
        ),
        "estimates": Table.of(
            kept(found.estimates),
            specification="key",
            theme_id="key",
            estimate="estimate",
            conf_low="estimate",
            conf_high="estimate",
            smallest_cell="cell",
            reason="text",
        ),
        "p_values": Table.of(kept(found.table), specification="key", theme_id="key", p_adjusted="p"),
        "themes": Table.of(
            kept(found.themes),
            theme_id="key",
            theme_label="key",
            depth="key",
            p_joint="p",
            p_joint_adjusted="p",
        ),
        "overall": Table.of(found.overall, p_overall="p"),
        "dropped": Table.of(found.dropped, choice="key", value="key", reason="text"),
        "groups": groups_table(found.crosstab.matrix.wave, found.crosstab.n_groups),
    }


@views.register
def _talkativeness_views(found: Talkativeness) -> Views:
    wave = found.crosstab.matrix.wave
    facts = facts_of(
        wave,
        group=found.group,
        reference=found.reference,
        words_reason=found.words_reason,
        panel_reason=found.panel_reason,
    )
    groups = groups_table(wave, found.crosstab.n_groups)
    material = Table.of(
        found.material,
        measure="key",
        group="key",
        reference="key",
        n="people",
        n_known="people",
        median="summary",
        lower="summary",
        upper="summary",
        says_more="estimate",
        conf_low="estimate",
        conf_high="estimate",
        smallest_cell="cell",
        reason="text",
    )
    panel = {
        "counts": Table.of(
            found.counts,
            theme_id="key",
            theme_label="key",
            way="key",
            group="key",
            reference="key",
            n_with_theme="people",
            n_total="people",
            n_with_reference="people",
            n_reference="people",
        ),
        "estimates": Table.of(
            found.estimates,
            theme_id="key",
            way="key",
            estimate="estimate",
            conf_low="estimate",
            conf_high="estimate",
            smallest_cell="cell",
            reason="text",
        ),
    }

    def made(shape: Any, template: str, reason: str | None, **tables: Table) -> Callable[[], Payload]:
        return lambda: Payload(shape, template, tables | {"groups": groups}, facts | {"reason": reason})

    return {
        "words": made("table", "talkativeness_words", found.words_reason, material=material),
        "panel": made("table", "talkativeness_panel", found.panel_reason, **panel),
        SENTENCES: made("sentences", "talkativeness", None, material=material, **panel),
    }
