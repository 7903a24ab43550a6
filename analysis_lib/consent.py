"""Does what a person withdrew in one wave still stand as granted in another?

A person withdraws, not a row. Where the same people take part again, every wave keeps a consent table of its own, so a
withdrawal that is written into one of them has to be written into the others, or be called a refusal of that wave.

References: UK GDPR, article 7(3), withdrawal of consent.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from analysis_lib.canonical import CanonicalTable, canonical_table, empty_table
from analysis_lib.errors import Finding, first_few
from analysis_lib.study import Study, examine_wave_facts
from analysis_lib.wave_files import read_wave_table


def withdrawn_elsewhere(study: Study, chosen: Collection[str]) -> list[Finding]:
    """A panel's people withdraw as people: what one wave records as withdrawn stands as granted in no other."""
    tables = {
        wave: consent_of(study, wave) for wave in study.waves if (study.folder / "waves" / wave).is_dir()
    }
    withdrawn = {
        wave: {
            (row.participant_id, row.scope) for row in table.frame.itertuples() if pd.notna(row.withdrawn_on)
        }
        for wave, table in tables.items()
    }
    findings = []
    for wave, table in tables.items():
        others = [name for name in withdrawn if name != wave and (wave in chosen or name in chosen)]
        gone = set().union(*(withdrawn[name] for name in others))
        for line, row in zip(table.lines, table.frame.itertuples(), strict=True):
            granted = row.granted == "yes" and pd.isna(row.withdrawn_on)
            if granted and (row.participant_id, row.scope) in gone:
                what = "this person withdrew this consent in another wave, and here it stands."
                fix = (
                    "Write withdrawn_on here too; if the later wave alone was refused, write `no` under granted there"
                    " and leave withdrawn_on empty."
                )
                findings.append(Finding("stop", "X30", table.file, what, fix, line, "withdrawn_on"))
    return first_few(findings)


def consent_of(study: Study, wave: str) -> CanonicalTable:
    """The consent table of a wave as far as it can be read; empty where there is none, or refusals may be missed."""
    facts, _ = examine_wave_facts(study.folder, wave)
    raw = read_wave_table(study, wave, facts, "consent")
    if raw is not None:
        table, findings = canonical_table(raw, study.table("consent"), study.columns)
        # A misspelt column of withdrawals is said where the wave is read; here nobody would seem to have withdrawn.
        if not any(finding.code == "T16" for finding in findings):
            return table
    return empty_table(study.table("consent"), f"waves/{wave}/consent.csv")


def withdrew_in_another_wave(study: Study, wave: str) -> set[str]:
    """People of a panel who withdrew anything they had agreed to in another wave."""
    if study.repeated != "panel":
        return set()
    found: set[str] = set()
    for name in study.waves:
        if name != wave and (study.folder / "waves" / name).is_dir():
            consent = consent_of(study, name).frame
            found |= set(consent.loc[consent["withdrawn_on"].notna(), "participant_id"])
    return found
