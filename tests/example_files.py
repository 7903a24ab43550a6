"""The files of the example study, read without the library."""

from __future__ import annotations

import csv
from pathlib import Path

DATA_SCHEMA = Path(__file__).resolve().parents[1] / "data_schema"
STUDY = DATA_SCHEMA / "example_study"
WAVES = ["2024a", "2024b", "2025a"]
Row = dict[str, str]


def read(wave: str, table: str, *, corrected: bool = True) -> list[Row]:
    with (STUDY / "waves" / wave / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    if corrected and table != "corrections":
        for fix in read(wave, "corrections"):
            key = "segment_id" if table == "coded_segments" else "participant_id"
            for row in rows:
                if fix["table"] == table and row[key] == fix["key"]:
                    row[fix["column"]] = fix["new"]
    return rows


def analysed_groups(wave: str) -> dict[str, str]:
    """Group of each participant who agrees to be analysed; whoever fits no rule is not_stated."""
    consent = read(wave, "consent")
    agreed = {
        r["participant_id"]
        for r in consent
        if r["scope"] == "analyse" and r["granted"] == "yes" and not r["withdrawn_on"]
    }
    return {
        p["participant_id"]: "dropped_out"
        if p["termination_type"] == "patient_unilateral"
        else p["perceived_helpfulness"]
        for p in read(wave, "participants")
        if p["participant_id"] in agreed
    }
