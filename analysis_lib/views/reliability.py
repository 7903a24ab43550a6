"""Which payloads does the agreement of coders offer?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis_lib.agreement_by_wave import AgreementByWave
from analysis_lib.payload import Payload, Table
from analysis_lib.reliability import CodingReliability
from analysis_lib.views.common import SENTENCES, Views, facts_of, views


@views.register
def _reliability_views(found: CodingReliability) -> Views:
    wave = found.wave
    shown = _with_numbered_coders(found)
    facts = facts_of(
        wave,
        reason=found.reason,
        n_coders=len(found.coders),
        weak_below=found.weak_below,
        codebook_version=wave.facts.codebook_version,
        newest_version=wave.study.codebook.version,
        auditor=wave.study.reporting.get("auditor", ""),
    )

    def made(shape: Any, template: str, *names: str, none: str | None = None) -> Callable[[], Payload]:
        def make() -> Payload:
            tables = {name: _RELIABILITY_TABLES[name](shown) for name in names or (template,)}
            return Payload(shape, template, tables, facts | {"reason": found.reason or none})

        return make

    nothing_differs = None if len(found.to_discuss) else "the coders differ on nothing"
    return {
        "agreement": made("table", "agreement"),
        "coding": made("table", "coding", "coding", "codings"),
        "codebook": made("table", "codebook"),
        "disagreements": made("table", "disagreements", none=nothing_differs),
        "to_discuss": made("table", "to_discuss", none=nothing_differs),
        "unitising": made("table", "unitising"),
        "claimed": made("table", "claimed_agreement", none="no figure of a coding program is in this wave"),
        "forest": made("figure", "agreement_forest", "agreement"),
        SENTENCES: made(
            "sentences",
            "agreement",
            "coding",
            "agreement",
            "after_consensus",
            "unitising",
            "claimed_agreement",
        ),
    }


def _with_numbered_coders(found: CodingReliability) -> CodingReliability:
    """Coders by number, since ids of coders may be names or initials and stay inside."""
    numbers = {coder: f"Coder {i}" for i, coder in enumerate(found.coders, start=1)}

    def numbered(frame: pd.DataFrame) -> pd.DataFrame:
        columns = [name for name in ("coder", "other", "given_by", "not_given_by") if name in frame]
        return frame.assign(**{name: [numbers.get(coder, "") for coder in frame[name]] for name in columns})

    names = ("coding", "disagreements", "to_discuss", "unitising")
    return replace(found, **{name: numbered(getattr(found, name)) for name in names})


def _agreement_rows(frame: pd.DataFrame) -> Table:
    """The row of all coders together of each code; pairs of coders stay in the exact table."""
    return Table.of(
        frame.drop_duplicates("code_id"),
        code_id="key",
        code_label="key",
        depth="key",
        n_coders="key",
        n_units="people",
        n_given="people",
        n_agreed="people",
        percent_agreement="statistic",
        percent_low="statistic",
        percent_high="statistic",
        positive_agreement="statistic",
        negative_agreement="statistic",
        cohen_kappa="estimate",
        fleiss_kappa="estimate",
        kappa_low="estimate",
        kappa_high="estimate",
        krippendorff_alpha="estimate",
        alpha_low="estimate",
        alpha_high="estimate",
        gwet_ac1="estimate",
        ac1_low="estimate",
        ac1_high="estimate",
        prevalence="statistic",
        smallest_cell="cell",
        reason="text",
    )


_RELIABILITY_TABLES: dict[str, Callable[[CodingReliability], Table]] = {
    "agreement": lambda found: _agreement_rows(found.table),
    "after_consensus": lambda found: _agreement_rows(found.after_consensus),
    "coding": lambda found: Table.of(found.coding, what="text", coder="key", n="people", n_total="people"),
    "codings": lambda found: Table(
        (("n_outside", "segments"), ("n_without_round", "segments")),
        ((found.n_outside, found.n_without_round),),
    ),
    "codebook": lambda found: Table.of(
        found.codebook,
        code_id="key",
        code_label="key",
        depth="key",
        definition="key",
        since="key",
        changed="key",
    ),
    "disagreements": lambda found: Table.of(
        found.disagreements,
        code_id="key",
        code_label="key",
        coder="key",
        other="key",
        n_both="people",
        n_only_coder="people",
        n_only_other="people",
        n_neither="people",
        n_present_after="people",
        n_absent_after="people",
        n_open="people",
    ),
    "to_discuss": lambda found: Table.of(
        found.to_discuss,
        code_id="key",
        code_label="key",
        participant_id="participant",
        given_by="key",
        not_given_by="key",
        consensus="text",
    ),
    "unitising": lambda found: Table.of(
        found.unitising,
        coder="key",
        other="key",
        n_people="people",
        n_coder="segments",
        n_other="segments",
        n_same="segments",
        n_overlapping="segments",
        n_single="segments",
        overlap="estimate",
        overlap_low="estimate",
        overlap_high="estimate",
        smallest_cell="cell",
        reason="text",
    ),
    "claimed_agreement": lambda found: Table.of(
        found.claimed,
        tool="key",
        code_id="key",
        code_label="key",
        statistic="key",
        claimed="estimate",
        recomputed="estimate",
        smallest_cell="cell",
        reading="text",
    ),
}


@views.register
def _agreement_by_wave_views(found: AgreementByWave) -> Views:
    def table() -> Payload:
        rows = Table.of(
            found.table,
            code_id="key",
            code_label="key",
            depth="key",
            wave="key",
            n_agreed="people",
            n_units="people",
            krippendorff_alpha="estimate",
            alpha_low="estimate",
            alpha_high="estimate",
            smallest_cell="cell",
            reason="text",
            redefined="key",
        )
        waves = Table.of(found.waves, wave="key", reason="text")
        facts = facts_of(found.wave, reason=found.reason)
        return Payload("table", "agreement_by_wave", {"rows": rows, "waves": waves}, facts)

    return {"agreement_by_wave": table}
