"""How does a payload become a finished table, a card or a joint display?

One layout per template. Shares, differences and tiers are derived here from the counts that the payload
holds, so that exact and released counts go through the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from analysis_lib.formatted import Cell, FormattedTable, Row
from analysis_lib.formatting import NONE, WITHHELD
from analysis_lib.payload import Payload
from analysis_lib.tables.across_waves import across_waves, by_wave, people, without_one_wave
from analysis_lib.tables.attrition import (
    wave_attrition,
    wave_returned,
    wave_sizes,
)
from analysis_lib.tables.blocks import blocks
from analysis_lib.tables.cards import format_card
from analysis_lib.tables.coder_error import coder_error
from analysis_lib.tables.cooccurrence import cooccurrence
from analysis_lib.tables.dropout_time import dropout_followup, dropout_hazard, dropout_sessions
from analysis_lib.tables.explore import explored_themes
from analysis_lib.tables.imputed import imputed, missing_covariates
from analysis_lib.tables.intake import (
    characteristics,
    dropout,
    findings,
    flow,
    material,
    missing_values,
    two_axes,
)
from analysis_lib.tables.joint import JointRow, format_joint_display
from analysis_lib.tables.joint_tables import model_with_quotes, side_by_side, typology
from analysis_lib.tables.joint_words import Box, QuotesOfTheme, format_boxes, format_quote_matrix
from analysis_lib.tables.omnibus import omnibus, theme_hierarchy
from analysis_lib.tables.outcome_models import outcome_groups, satisfaction
from analysis_lib.tables.patterns import theme_patterns
from analysis_lib.tables.pooled import pooled_odds_ratios
from analysis_lib.tables.prediction import prediction, risk_groups
from analysis_lib.tables.reliability import (
    agreement,
    agreement_by_wave,
    claimed_agreement,
    codebook,
    coding,
    disagreements,
    saturation,
    to_discuss,
    unitising,
)
from analysis_lib.tables.sensitivity import sensitivity, talkativeness_panel, talkativeness_words
from analysis_lib.tables.serious import serious_codes
from analysis_lib.tables.termination import (
    termination_definitions,
    termination_events,
    termination_guards,
    termination_models,
    termination_probabilities,
)
from analysis_lib.tables.themes import other_bases, theme_by_outcome, theme_contrasts, theme_tests
from analysis_lib.tables.therapists import icc, therapists
from analysis_lib.tables.wave_comparison import (
    codebook_changes,
    wave_changes,
    wave_changes_by_group,
    wave_comparison,
)

__all__ = [
    "Box",
    "JointRow",
    "QuotesOfTheme",
    "format_boxes",
    "format_card",
    "format_joint_display",
    "format_quote_matrix",
    "format_table",
    "other_bases",
]

_LAYOUTS: dict[str, Callable[[Payload], FormattedTable]] = {
    "flow": flow,
    "characteristics": characteristics,
    "two_axes": two_axes,
    "material": material,
    "missing_values": missing_values,
    "dropout": dropout,
    "findings": findings,
    "serious_codes": serious_codes,
    "coding": coding,
    "codebook": codebook,
    "agreement": agreement,
    "disagreements": disagreements,
    "to_discuss": to_discuss,
    "unitising": unitising,
    "agreement_by_wave": agreement_by_wave,
    "claimed_agreement": claimed_agreement,
    "saturation": saturation,
    "sensitivity": sensitivity,
    "talkativeness_words": talkativeness_words,
    "talkativeness_panel": talkativeness_panel,
    "theme_by_outcome": theme_by_outcome,
    "theme_contrasts": theme_contrasts,
    "theme_tests": theme_tests,
    "explored_themes": explored_themes,
    "across_waves": across_waves,
    "across_waves_by_wave": by_wave,
    "across_waves_without_one": without_one_wave,
    "across_waves_people": people,
    "omnibus": omnibus,
    "theme_hierarchy": theme_hierarchy,
    "cooccurrence": cooccurrence,
    "theme_patterns": theme_patterns,
    "pooled_odds_ratios": pooled_odds_ratios,
    "coder_error": coder_error,
    "termination_models": termination_models,
    "termination_definitions": termination_definitions,
    "termination_events": termination_events,
    "termination_probabilities": termination_probabilities,
    "termination_guards": termination_guards,
    "dropout_followup": dropout_followup,
    "dropout_sessions": dropout_sessions,
    "dropout_hazard": dropout_hazard,
    "prediction": prediction,
    "risk_groups": risk_groups,
    "therapists": therapists,
    "icc": icc,
    "blocks": blocks,
    "outcome_groups": outcome_groups,
    "satisfaction": satisfaction,
    "imputed": imputed,
    "missing_covariates": missing_covariates,
    "wave_sizes": wave_sizes,
    "wave_attrition": wave_attrition,
    "wave_returned": wave_returned,
    "wave_changes": wave_changes,
    "wave_changes_by_group": wave_changes_by_group,
    "wave_comparison": wave_comparison,
    "codebook_changes": codebook_changes,
    "side_by_side": side_by_side,
    "typology": typology,
    "model_with_quotes": model_with_quotes,
}


@lru_cache(maxsize=128)  # page, text, Word and files show the same ones
def format_table(payload: Payload) -> FormattedTable:
    """The finished table of a payload of shape ``table``; one without rows says why it has none.

    Raises
    ------
    KeyError
        If the template has no layout.
    """
    table = _LAYOUTS[payload.template](payload)
    if table.rows:
        return replace(table, notes=(*table.notes, *_meanings(table)))
    why = payload.facts.get("reason") or _nothing_shown(payload)
    span = table.n_columns - 1
    return replace(table, rows=(Row("None", (Cell(f"{why[:1].upper()}{why[1:]}.", "left", span),)),))


def _nothing_shown(payload: Payload) -> str:
    """Why a table has no rows although the payload gives no reason for it as a whole."""
    given = {
        str(row[list(table.kinds).index("reason")])
        for table in payload.tables.values()
        if "reason" in table.kinds
        for row in table.rows
    }
    if WITHHELD in given:
        return "all that there is to show is withheld by the rules for release"
    return "there is nothing to count"


def _meanings(table: FormattedTable) -> list[str]:
    """What stands in place of a number, where cells hold it and no note of the layout says so."""
    cells = {cell.text for row in table.rows for cell in row.cells}
    said = " ".join(table.notes).lower()
    meanings = []
    if WITHHELD in cells and WITHHELD not in said:
        meanings.append("Withheld: the rules for release keep the number back.")
    if NONE in cells and "dash" not in said:
        meanings.append("A dash: there is no such number.")
    return meanings
