"""Whose outcome goes against what the numbers say about a theme?

A negative case is somebody who has the theme and is in the group in which fewer have it: fewer than the difference
would lead one to expect, and not nobody. Looking for them guards against a display that only agrees with itself.

References: Lincoln & Guba 1985, Naturalistic Inquiry, on negative case analysis; Levitt et al. 2018, Am Psychol 73(1),
26-46 (JARS-Qual), on disconfirming cases.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

REFLEXIVE = (
    "reflexive thematic analysis does not read frequency as importance, so no case is picked by it; the authors name"
    " theirs in the reading"
)
NO_COMPARISON = "there is no comparison group in this wave, so no outcome goes against a difference"
NOTHING_SEEN = "the shares do not differ, so no outcome goes against a difference"
NOT_KNOWN = "the counts behind the difference are withheld"


@dataclass(frozen=True)
class Against:
    """The group in which a person with the theme is a negative case.

    Parameters
    ----------
    group
        Where fewer have the theme; None where nothing says so.
    compared
        The group on the other side of the largest difference, where more have it; None as above.
    tier
        How far the data settle that difference.
    reason
        Why there is no such group; None where there is one.
    """

    group: str | None
    compared: str | None
    tier: str
    reason: str | None


def against(contrasts: pd.DataFrame, quoted: Collection[str], *, tradition: str) -> Against:
    """The group that goes against the largest difference of one theme.

    Parameters
    ----------
    contrasts
        ``group, reference, n_with_theme, n_with_reference, risk_difference, tier`` of one theme; exact or released.
    quoted
        Groups in which somebody is quoted on the theme.
    tradition
        Tradition of the study.

    Notes
    -----
    The largest difference by its size, as in the order of the themes, gives the direction. Where more of the reference
    group have the theme, several groups can have fewer: the first in which somebody is quoted, else the first in which
    anybody has it, by the size of their difference.

    Examples
    --------
    >>> rows = pd.DataFrame([("unhelpful", "helpful", 14, 12, 0.25, "clear"), ("mixed", "helpful", 1, 12, -0.1, "")],
    ...     columns=["group", "reference", "n_with_theme", "n_with_reference", "risk_difference", "tier"])
    >>> against(rows, {"helpful", "mixed"}, tradition="codebook").group
    'helpful'
    """
    if tradition == "reflexive":
        return Against(None, None, "", REFLEXIVE)
    known = contrasts[contrasts["risk_difference"].notna()]
    if not len(known):
        return Against(None, None, "", NOT_KNOWN if _withheld(contrasts) else NO_COMPARISON)
    known = known.assign(size=known["risk_difference"].abs().round(9))
    ranked = known.sort_values("size", ascending=False, kind="stable")
    largest = ranked.iloc[0]
    if largest["size"] == 0:
        return Against(None, None, "", NOTHING_SEEN)
    if largest["risk_difference"] > 0:
        return Against(str(largest["reference"]), str(largest["group"]), str(largest["tier"]), None)
    fewer = ranked[ranked["risk_difference"] < 0]
    fewer = fewer.assign(quoted=fewer["group"].isin(quoted), anybody=fewer["n_with_theme"] > 0)
    first = fewer.sort_values(["quoted", "anybody"], ascending=False, kind="stable").iloc[0]
    return Against(str(first["group"]), str(first["reference"]), str(first["tier"]), None)


def _withheld(contrasts: pd.DataFrame) -> bool:
    """Whether a count is missing although there are people to compare on either side."""
    four = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
    empty = (contrasts["n_total"] == 0) | (contrasts["n_reference"] == 0)
    return bool((contrasts[four].isna().any(axis=1) & ~empty).any())


def why_no_quote(n_with_theme: float, label: str) -> str:
    """Why no negative case of a group is quoted, in words without a number of people.

    Parameters
    ----------
    n_with_theme
        People of that group with the theme; NaN where the number is withheld.
    label
        Label of the group.

    >>> why_no_quote(0, "Helpful"), why_no_quote(float("nan"), "Helpful")
    ('nobody in the helpful group has it', 'no words from the helpful group may be shown')
    """
    name = label.lower()
    if n_with_theme == 0:
        return f"nobody in the {name} group has it"
    return f"no words from the {name} group may be shown"
