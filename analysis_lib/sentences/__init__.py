"""How is a result said in words that claim no more than the data hold?

Four tiers and one variant, decided by interval, adjusted p and the smallest difference that matters. Every
sentence carries its numbers with their base and points to the table row that it comes from.

References: Altman & Bland 1995, BMJ 311, 485, on absence of evidence; APA 2018, JARS-Mixed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from analysis_lib.payload import Payload
from analysis_lib.sentences.across_waves import across_waves
from analysis_lib.sentences.attrition import wave_attrition
from analysis_lib.sentences.blocks import blocks
from analysis_lib.sentences.coder_error import coder_error
from analysis_lib.sentences.common import Sentence, said_once
from analysis_lib.sentences.cooccurrence import cooccurrence
from analysis_lib.sentences.dropout_time import dropout_time
from analysis_lib.sentences.explore import explored
from analysis_lib.sentences.imputed import imputed
from analysis_lib.sentences.intake import intake
from analysis_lib.sentences.joint import joint_display
from analysis_lib.sentences.limits import limits
from analysis_lib.sentences.omnibus import omnibus, theme_hierarchy
from analysis_lib.sentences.outcome_models import outcome_models
from analysis_lib.sentences.pooled import pooled_odds_ratios
from analysis_lib.sentences.prediction import prediction
from analysis_lib.sentences.reliability import agreement
from analysis_lib.sentences.saturation import saturation
from analysis_lib.sentences.sensitivity import sensitivity, talkativeness
from analysis_lib.sentences.termination import termination
from analysis_lib.sentences.themes import theme_contrasts
from analysis_lib.sentences.therapists import therapists
from analysis_lib.sentences.wave_comparison import wave_comparison
from analysis_lib.sentences.what_changed import what_changed

__all__ = ["Sentence", "limits", "sentences"]

_TEMPLATES: dict[str, Callable[[Payload], tuple[Sentence, ...]]] = {
    "intake": intake,
    "theme_contrasts": theme_contrasts,
    "explored": explored,
    "across_waves": across_waves,
    "omnibus": omnibus,
    "theme_hierarchy": theme_hierarchy,
    "cooccurrence": cooccurrence,
    "pooled_odds_ratios": pooled_odds_ratios,
    "coder_error": coder_error,
    "termination": termination,
    "dropout_time": dropout_time,
    "prediction": prediction,
    "therapists": therapists,
    "blocks": blocks,
    "outcome_models": outcome_models,
    "joint_display": joint_display,
    "imputed": imputed,
    "agreement": agreement,
    "saturation": saturation,
    "sensitivity": sensitivity,
    "talkativeness": talkativeness,
    "wave_attrition": wave_attrition,
    "wave_comparison": wave_comparison,
    "what_changed": what_changed,
}


@lru_cache(maxsize=128)  # page, summary, checklists and Word say the same ones
def sentences(payload: Payload) -> tuple[Sentence, ...]:
    """The sentences of a payload of shape ``sentences``, the clearest first, each refusal once."""
    return said_once(_TEMPLATES[payload.template](payload))
