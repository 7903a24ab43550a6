"""What do the views of every result share?

The function that each result registers with, the settings that wording depends on, and two tables that stand
beside many others: the outcome groups, and how far coders agree on each theme.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import pandas as pd

from analysis_lib.errors import ShowError
from analysis_lib.payload import Payload, Table
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.reliability import coder_agreement
from analysis_lib.termination import dropouts_of_stated_models
from analysis_lib.wave import Wave

Views = dict[str, Callable[[], Payload]]
SENTENCES = "sentences"
_ENDING_REASONS = ("ending_reason_patient", "ending_reason_therapist", "ending_reason_service")


@singledispatch
def views(result: object) -> Views:
    """The views of a result by name; the first is the default."""
    raise ShowError(f"{type(result).__name__} is not a result that can be shown.")


def facts_of(wave: Wave, **more: Any) -> dict[str, Any]:
    """Settings that wording depends on."""
    study = wave.study
    return {
        "study": study.name,
        "wave": wave.id,
        "data_cut": wave.facts.data_cut.isoformat(),
        "codebook_version": wave.facts.codebook_version,
        "synthetic": study.synthetic,
        "reference": study.outcome.reference,
        "alpha": study.alpha,
        "smallest_difference": study.smallest_difference,
        "multiplicity": study.multiplicity,
        "base": study.base,
        "theme_timing": study.theme_timing,
        "claim": study.claim,
        "tradition": study.tradition,
    } | more


def groups_table(wave: Wave, n: tuple[int, ...] | None = None) -> Table:
    """Outcome groups with label and number of people."""
    outcome = wave.study.outcome
    sizes = n or tuple(int((wave.analysed["outcome_group"] == group).sum()) for group in outcome.groups)
    rows = [(group, outcome.label(group), size) for group, size in zip(outcome.groups, sizes, strict=True)]
    frame = pd.DataFrame(rows, columns=["group", "label", "n"])
    return Table.of(frame, group="key", label="key", n="people")


def agreement_beside(wave: Wave) -> tuple[Table, str | None]:
    """Alpha of each theme, to stand beside it wherever it is counted; and why there is none.

    Computed when a view asks for it, from the very wave that the view is about, so that no result can carry
    the agreement of another.
    """
    found = coder_agreement(wave)
    overall = found.table.drop_duplicates("code_id").rename(columns={"code_id": "theme_id"})
    return Table.of(
        overall,
        theme_id="key",
        n_units="people",
        krippendorff_alpha="estimate",
        alpha_low="estimate",
        alpha_high="estimate",
        smallest_cell="cell",
        reason="text",
    ), found.reason


def about_endings(wave: Wave) -> list[str]:
    """Ids of themes that the wave records as reasons for an ending, where an ending decides on the outcome group.

    Such a theme goes with the outcome by construction: who left is asked why.
    """
    if not any(column == "dropout" for rule in wave.study.outcome.rules for column, _ in rule.when):
        return []
    given = {str(code) for name in _ENDING_REASONS for code in wave.participants[name].dropna().unique()}
    codebook = wave.study.codebook
    return [theme.id for theme in codebook if theme.id in given]


def dropouts_beside(themes: ThemeMatrix) -> Table:
    """People with and without each theme of each stated model who dropped out, to stand beside its odds ratios."""
    return Table.of(
        dropouts_of_stated_models(themes),
        model="key",
        term="key",
        level="key",
        n_events="people",
        n_total="people",
    )
