"""How are serious codes laid out for the team, and for nobody else?"""

from __future__ import annotations

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import count
from analysis_lib.payload import Payload
from analysis_lib.tables.common import number, standing_notes, title


def serious_codes(payload: Payload) -> FormattedTable:
    """Themes for clinical governance: how many people and segments anybody coded with them."""
    rows = [
        Row(row.theme_label, (number(count(row.n_people)), number(count(row.n_segments))))
        for row in payload.tables["rows"].frame.itertuples()
    ]
    return FormattedTable(
        title(payload, "Codes for clinical governance"),
        "Theme",
        ((Head("People"), Head("Segments")),),
        tuple(rows),
        (
            "INTERNAL: this table stands in no report. Themes that the codebook marks as serious, given by any coder;"
            " who and where stands in INTERNAL_serious_codes.csv among the internal results.",
            *standing_notes(payload),
        ),
    )
