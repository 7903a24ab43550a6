"""How is the table of pairs of themes laid out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, count, decimal, missing, n_of, p_value
from analysis_lib.payload import Payload
from analysis_lib.tables.common import (
    ADJUSTMENTS,
    anchor,
    is_banded,
    number,
    standing_notes,
    text,
    title,
)
from analysis_lib.theme_cooccurrence import with_overlap, with_readings

MOST_PAIRS = 15  # rows of the table; the file of results holds them all
READINGS = {"together": "together", "apart": "apart", "cannot tell": "cannot tell", "": NONE}


def pairs_of(payload: Payload) -> pd.DataFrame:
    """The pairs of a payload with what follows from their counts and p-values."""
    return with_readings(
        with_overlap(payload.tables["pairs"].frame), alpha=payload.facts["alpha"], banded=is_banded(payload)
    )


def cooccurrence(payload: Payload) -> FormattedTable:
    """The pairs that are farthest from what is expected."""
    frame, banded = pairs_of(payload), is_banded(payload)
    shown = frame[frame["n_both"].ne(0) | frame["p_value"].notna()].head(MOST_PAIRS)
    rows = [_row(row, banded) for _, row in shown.iterrows()]
    base = payload.tables["base"].frame.iloc[0]
    several = len(frame)
    n_tested = int(frame["p_value"].notna().sum())
    notes = [
        "Both, the first, the other: people with both themes, and with each, of people coded for every theme"
        f" (N = {count(base['n_used'], absent=WITHHELD)}"
        f"; left out: {count(base['n_missing'], absent=WITHHELD)}). Jaccard: people with both of people with either.",
        "Expected if independent: given how many people have each theme. Expected with talkativeness: given also how"
        f" many themes each person has, over {count(payload.facts['n_null'])} rearrangements that keep both.",
        f"p: two-sided, against the second. Adjusted p: {ADJUSTMENTS[payload.facts['multiplicity']]}, over"
        f" {count(n_tested)} tested pairs of {count(several)}.",
        "Themes with no other below them; an upper theme holds the people of those below it.",
    ]
    if payload.facts["reason"]:
        notes.append(f"No p-values: {payload.facts['reason']}.")
    what = "farthest from what is expected" if n_tested else "that overlap most"
    cut = f": the {len(shown)} of {count(several)} pairs {what}" if len(shown) < several else ""
    heads = (
        "And",
        "Both, n/N",
        "The first",
        "The other",
        "Jaccard",
        "Expected if independent",
        "Expected with talkativeness",
        "p",
        "Adjusted p",
        "Reading",
    )
    return FormattedTable(
        title(payload, f"Themes in the same people{cut}"),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def _row(row: pd.Series, banded: bool) -> Row:
    fixed = decimal(row["expected_fixed"], 1)
    cells = (
        text(row["other_label"]),
        number(n_of(row["n_both"], row["n_total"])),
        number(count(row["n_with_theme"], absent=WITHHELD)),
        number(count(row["n_with_other"], absent=WITHHELD)),
        number(decimal(row["jaccard"]) if not missing(row["n_both"]) else WITHHELD),
        number(decimal(row["expected"], 1)),
        number(WITHHELD if banded and not missing(row["p_value"]) else fixed),
        number(p_value(row["p_value"], band=banded)),
        number(p_value(row["p_adjusted"], band=banded)),
        text(READINGS[row["reading"]]),
    )
    return Row(row["theme_label"], cells, anchor=anchor("pair", row["theme_id"], row["other_id"]))
