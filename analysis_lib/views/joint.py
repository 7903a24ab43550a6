"""Which payload does a joint display of numbers and quotes offer?"""

from __future__ import annotations

from analysis_lib.joint_display import JointDisplay
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import Views, agreement_beside, facts_of, groups_table, views
from analysis_lib.views.themes import CROSSTAB_TABLES


@views.register
def _joint_views(display: JointDisplay) -> Views:
    wave = display.crosstab.matrix.wave

    def make() -> Payload:
        shown = display.themes
        crosstab = display.crosstab
        agreement, agreement_reason = agreement_beside(wave)
        return Payload(
            "joint_display",
            "joint_display",
            {
                "themes": Table.of(display.definitions, theme_id="key", theme_label="key", definition="key"),
                "shares": _only(CROSSTAB_TABLES["shares"](crosstab), shown),
                "contrasts": _only(CROSSTAB_TABLES["contrasts"](crosstab), shown),
                "quotes": Table.of(
                    display.quotes,
                    theme_id="key",
                    group="key",
                    participant_id="participant",
                    quote="quote",
                    clearance="clearance",
                ),
                "withheld": Table.of(display.withheld, theme_id="key", group="key", n_withheld="segments"),
                "models": Table.of(
                    display.models,
                    theme_id="key",
                    model="key",
                    event="key",
                    odds_ratio="estimate",
                    conf_low="estimate",
                    conf_high="estimate",
                    smallest_cell="cell",
                ),
                "readings": Table.of(display.readings, theme_id="key", reading="key"),
                "agreement": _only(agreement, shown),
                "groups": groups_table(wave, crosstab.n_groups),
            },
            facts_of(
                wave,
                reason=crosstab.reason,
                agreement_reason=agreement_reason,
                n_unwritten=int((display.readings["reading"] == "").sum()),
            ),
        )

    return {"joint_display": make}


def _only(table: Table, themes: tuple[str, ...]) -> Table:
    """The rows of the given themes."""
    at = [name for name, _ in table.columns].index("theme_id")
    return Table(table.columns, tuple(row for row in table.rows if row[at] in themes))
