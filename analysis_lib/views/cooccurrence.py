"""Which payloads do pairs of themes offer: a table, a matrix and sentences?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.payload import Payload, Table
from analysis_lib.theme_cooccurrence import ThemeCooccurrence
from analysis_lib.views.common import SENTENCES, Views, facts_of, views


@views.register
def _cooccurrence_views(found: ThemeCooccurrence) -> Views:
    facts = facts_of(found.matrix.wave, reason=found.reason, n_null=found.n_null)

    def made(shape: Any, template: str) -> Callable[[], Payload]:
        return lambda: Payload(shape, template, {"pairs": _pairs(found), "base": _base(found)}, facts)

    return {
        "pairs": made("table", "cooccurrence"),
        "matrix": made("figure", "cooccurrence_matrix"),
        SENTENCES: made("sentences", "cooccurrence"),
    }


def _pairs(found: ThemeCooccurrence) -> Table:
    return Table.of(
        found.table,
        theme_id="key",
        theme_label="key",
        other_id="key",
        other_label="key",
        n_both="people",
        n_with_theme="people",
        n_with_other="people",
        n_total="people",
        p_independent="p",
        # So many expectations to six digits would let the numbers of people be worked out.
        expected_fixed="statistic",
        sd_fixed="statistic",
        p_value="p",
        p_adjusted="p",
        direction="text",
        method="text",
        reason="text",
    )


def _base(found: ThemeCooccurrence) -> Table:
    return Table((("n_used", "people"), ("n_missing", "people")), ((found.n_used, found.n_missing),))
