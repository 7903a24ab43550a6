"""How is a result said in words that claim no more than the data hold?

Four tiers and one variant, decided by interval, adjusted p and the smallest difference that matters. Every
sentence carries its numbers with their base and points to the table row that it comes from.

References: Altman & Bland 1995, BMJ 311, 485, on absence of evidence; APA 2018, JARS-Mixed.
"""

from __future__ import annotations

from collections.abc import Callable

from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence
from analysis_lib.sentences.intake import intake, limits
from analysis_lib.sentences.reliability import agreement
from analysis_lib.sentences.saturation import saturation
from analysis_lib.sentences.termination import termination
from analysis_lib.sentences.themes import theme_contrasts

__all__ = ["Sentence", "limits", "sentences"]

_TEMPLATES: dict[str, Callable[[Payload], tuple[Sentence, ...]]] = {
    "intake": intake,
    "theme_contrasts": theme_contrasts,
    "termination": termination,
    "agreement": agreement,
    "saturation": saturation,
}


def sentences(payload: Payload) -> tuple[Sentence, ...]:
    """The sentences of a payload of shape ``sentences``, the clearest first."""
    return _TEMPLATES[payload.template](payload)
