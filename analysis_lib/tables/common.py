"""What do all layouts share: groups with their labels and sizes, standing notes, and derived numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from analysis_lib.crosstab import with_differences, with_tiers
from analysis_lib.formatted import Cell
from analysis_lib.formatting import count, missing
from analysis_lib.payload import Payload, Table
from analysis_lib.quantitize import ALL

WHOLE_SAMPLE = "All"
BASES = {
    "all_with_material": "everybody in the group who was coded for the theme, people without any theme included",
    "any_theme": "people in the group with at least one theme; people without any theme are left out",
}
ADJUSTMENTS = {
    "minp": "step-down permutation minP",
    "holm": "Holm's method",
    "bh": "Benjamini and Hochberg's false discovery rate",
}
TIERS = {
    "clear": "clear",
    "clear but small": "clear but small",
    "similar": "similar within the margin",
    "tentative": "tentative",
    "cannot tell": "cannot tell",
    "withheld": "withheld",
    "": "–",
}


def text(value: str, *, span: int = 1) -> Cell:
    """A cell of words."""
    return Cell(value, "left", span)


def number(value: str) -> Cell:
    """A cell of a number."""
    return Cell(value)


def group_labels(payload: Payload) -> dict[str, str]:
    """Group -> label, ``all`` included."""
    frame = payload.tables["groups"].frame
    return dict(zip(frame["group"], frame["label"], strict=True)) | {ALL: WHOLE_SAMPLE}


def group_heads(payload: Payload) -> dict[str, str]:
    """Group -> label with its number of people, such as ``Unhelpful (n = 37)``; ``all`` included."""
    frame = payload.tables["groups"].frame
    heads = {row.group: f"{row.label} (n = {count(row.n, absent='withheld')})" for row in frame.itertuples()}
    total = frame["n"].sum(min_count=len(frame)) if len(frame) else 0
    return heads | {ALL: f"{WHOLE_SAMPLE} (n = {count(total, absent='withheld')})"}


def standing_notes(payload: Payload) -> tuple[str, ...]:
    """What every table says about its data: synthetic, rounded, wave."""
    notes = []
    if payload.facts.get("synthetic"):
        notes.append("SYNTHETIC data: no person stands behind any number.")
    rule = payload.facts.get("counts_rule", "exact")
    if rule == "exact_audited":
        notes.append("Small numbers of people, and others that would give them away, are withheld.")
    elif rule != "exact":
        notes.append(
            f"Rounded counts ({rule}): every number of people is rounded before anything is derived. Estimates that do"
            " not follow from printed counts are given to two digits."
        )
    return tuple(notes)


def title(payload: Payload, words: str) -> str:
    """A title in title case that says which wave it is about, or up to which, and SYNTHETIC where it is."""
    mark = " (SYNTHETIC)" if payload.facts.get("synthetic") else ""
    about = f"{words.removesuffix(' this')} wave" if words.endswith(" up to this") else f"{words}, wave"
    return f"{title_case(about)} {payload.facts['wave']}{mark}"


def title_case(words: str) -> str:
    """Words as APA capitalises them in the title of a table.

    Minor words of three letters or fewer stay small except at the start and after a colon. A word that has a capital or
    a digit of its own, such as a study's label, and whatever stands in brackets are left alone.

    >>> title_case("Who is in each group: the 15 of 28 pairs, iCBT (n = 37) v the rest")
    'Who Is in Each Group: The 15 of 28 Pairs, iCBT (n = 37) v the Rest'
    """
    shown, first, inside = [], True, 0
    for word in words.split(" "):
        minor = word.strip(",.;:?") in _MINOR and not first
        plain = word.islower() and not any(letter.isdigit() for letter in word)
        own = inside or word.startswith("(") or minor or not plain
        shown.append(word if own else word[:1].upper() + word[1:])
        inside += word.count("(") - word.count(")")
        first = word.endswith(":")
    return " ".join(shown)


_MINOR = {
    *("a", "an", "and", "as", "at", "but", "by", "for", "if", "in", "nor", "of", "off", "on", "or", "per", "so"),
    *("the", "to", "up", "v", "via", "yet"),
}  # fmt: skip


def translated(quote: Mapping[str, Any]) -> str:
    """How a quote came from another language, to follow who said it; empty where it was not translated.

    Parameters
    ----------
    quote
        A row of a payload's quotes. The original words are missing where nobody has reviewed them for release.

    >>> translated({"quote": "Cold.", "text_original": "Kalt.", "translator": "T1"})
    '; translated by T1 from “Kalt.”'
    """
    original, translator = quote.get("text_original"), quote.get("translator")
    if missing(translator):
        return ""
    return f"; translated by {translator}" + ("" if missing(original) else f" from “{original}”")


def contrasts_of(payload: Payload) -> pd.DataFrame:
    """The contrasts of a payload with everything that follows from their counts."""
    return with_tiers(
        _differences(payload.tables["contrasts"]),
        smallest_difference=payload.facts["smallest_difference"],
        alpha=payload.facts["alpha"],
        banded=is_banded(payload),
    )


@lru_cache(maxsize=8)  # exact odds ratios are slow; a table, a figure and sentences ask for the same ones
def _differences(contrasts: Table) -> pd.DataFrame:
    return with_differences(contrasts.frame)


def is_banded(payload: Payload) -> bool:
    """Whether p-values are bands because counts are rounded."""
    return bool(payload.facts.get("counts_rule", "exact") != "exact")


def anchor(*parts: Any) -> str:
    """An id for a table row that a sentence can link to.

    >>> anchor("contrast", "A.unempathic", "dropped_out")
    'contrast-A-unempathic-dropped-out'
    """
    return "-".join(re.sub(r"[^A-Za-z0-9]+", "-", str(part)).strip("-") for part in parts)


def words(name: str) -> str:
    """A level or column name with spaces, first letter as it is."""
    return str(name).replace("_", " ")
