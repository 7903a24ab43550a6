"""Do the numbers point where the words point?

An aid to the authors' own label, never in its place. The words of a theme claim a direction where the codebook calls
it hindering or helpful and somebody can be quoted; the numbers speak where a difference is clear. The same direction is
*confirm*, the opposite is *discord*, anything else is *silent*; *expand* only people can see.

References: Fetters, Curry & Creswell 2013, Health Serv Res 48(6), 2134-2156 (fit of data integration); Guetterman,
Fetters & Creswell 2015, Ann Fam Med 13(6), 554-561.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Fit = Literal["confirm", "discord", "silent"]
NUMBERS, WORDS, BOTH = "numbers", "words", "numbers and words"
CLEAR = ("clear", "clear but small")
_MORE = {"hindering": 1, "helpful": -1}  # where therapy did not go well, people have it more or less often


@dataclass(frozen=True)
class ComputedFit:
    """What the rule makes of one theme.

    Parameters
    ----------
    fit
        confirm, discord or silent.
    silent
        Which side says nothing: numbers, words, or numbers and words; empty where both speak.
    numbers
        Groups with a clear difference from the reference, each with True where more of them have the theme.
    reason
        Why it is silent, as a clause; empty where it is not.
    """

    theme_id: str
    fit: Fit
    silent: str
    numbers: tuple[tuple[str, bool], ...]
    reason: str


def computed_fit(
    contrasts: pd.DataFrame,
    polarity: Mapping[str, str],
    quoted: Collection[str],
    *,
    went_well: Collection[str],
    reason: str | None = None,
) -> tuple[ComputedFit, ...]:
    """The rule, theme by theme.

    Parameters
    ----------
    contrasts
        ``theme_id, group, reference, risk_difference, tier``; exact or released.
    polarity
        Theme id -> hindering, helpful, mixed or neutral, for each theme to be judged.
    quoted
        Themes that somebody is quoted on.
    went_well
        Outcome groups whose therapy went well.
    reason
        Why nothing was tested; None where something was.

    Notes
    -----
    Only differences between a group whose therapy went well and one whose therapy did not can agree or disagree with a
    direction. A clear difference counts whatever its size. Where some are clear one way and some the other, numbers
    are silent.

    Examples
    --------
    >>> rows = pd.DataFrame([("cold", "unhelpful", "helpful", 0.25, "clear")],
    ...     columns=["theme_id", "group", "reference", "risk_difference", "tier"])
    >>> computed_fit(rows, {"cold": "hindering"}, {"cold"}, went_well=["helpful"])[0].fit
    'confirm'
    """
    return tuple(
        _judged(contrasts[contrasts["theme_id"] == theme], theme, way, theme in quoted, went_well, reason)
        for theme, way in polarity.items()
    )


def _judged(
    contrasts: pd.DataFrame,
    theme: str,
    polarity: str,
    is_quoted: bool,
    went_well: Collection[str],
    reason: str | None,
) -> ComputedFit:
    clear = contrasts[contrasts["tier"].isin(CLEAR)]
    found = tuple((str(row.group), bool(row.risk_difference > 0)) for row in clear.itertuples())
    ways = {
        (1 if row.risk_difference > 0 else -1) * (1 if row.reference in went_well else -1)
        for row in clear.itertuples()
        if (row.group in went_well) != (row.reference in went_well)
    }
    no_words = _why_words_are_silent(polarity, is_quoted, went_well)
    no_numbers = _why_numbers_are_silent(ways, found, reason)
    if no_words or no_numbers:
        sides = BOTH if no_words and no_numbers else WORDS if no_words else NUMBERS
        return ComputedFit(theme, "silent", sides, found, "; ".join(filter(None, (no_numbers, no_words))))
    agree = ways == {_MORE[polarity]}
    return ComputedFit(theme, "confirm" if agree else "discord", "", found, "")


def _why_words_are_silent(polarity: str, is_quoted: bool, went_well: Collection[str]) -> str:
    if polarity not in _MORE:
        return f"the codebook calls the theme {polarity}, which claims no direction"
    if not went_well:
        return "study.yaml does not say in which groups therapy went well"
    return "" if is_quoted else "nobody may be quoted on it"


def _why_numbers_are_silent(ways: set[int], found: tuple[tuple[str, bool], ...], reason: str | None) -> str:
    if reason is not None:
        return reason
    if not ways:
        if found:
            return "no group whose therapy went well differs clearly from one whose therapy did not"
        return "nothing is clear in the numbers"
    return "" if len(ways) == 1 else "groups differ clearly in opposite directions"
