"""Which payload do serious codes offer? Numbers, for the team alone; who and where stands in an internal file."""

from __future__ import annotations

from analysis_lib.payload import Payload, Table
from analysis_lib.serious_codes import SeriousCodes
from analysis_lib.views.common import Views, facts_of, views


@views.register
def _serious_views(serious: SeriousCodes) -> Views:
    def table() -> Payload:
        rows = Table.of(
            serious.codes, theme_id="key", theme_label="key", n_people="people", n_segments="segments"
        )
        reason = None if len(serious.codes) else "the codebook marks no theme as serious"
        return Payload("table", "serious_codes", {"rows": rows}, facts_of(serious.wave, reason=reason))

    return {"serious_codes": table}
