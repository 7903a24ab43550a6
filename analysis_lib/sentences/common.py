"""What is a sentence of a report, and which small words do all of them share?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis_lib.formatting import WITHHELD, count, missing, n_of, p_value, percent, ratio, ratio_interval
from analysis_lib.payload import Payload

_ABOUT_ONE_THEME = re.compile("(“[^”]+”)(: .+)")


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Parameters
    ----------
    text
        The sentence.
    anchor
        Id of the table row it comes from; None where it sums up several.
    kind
        A tier, ``fact`` for a count, ``refusal`` for something that cannot be said, ``limit``.
    """

    text: str
    anchor: str | None = None
    kind: str = "fact"


def refusal(reason: str) -> Sentence:
    """A reason as a sentence of its own."""
    return Sentence(f"{reason[:1].upper()}{reason[1:]}.", kind="refusal")


def said_once(found: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Refusals that differ in the quoted theme alone become one, at the place of the first.

    >>> two = [Sentence(f"“{theme}”: withheld.", kind="refusal") for theme in ("Cold", "Late")]
    >>> said_once(two)
    (Sentence(text='“Cold” and “Late”: withheld.', anchor=None, kind='refusal'),)
    """
    themes: dict[str, list[str]] = {}
    for sentence in found:
        if sentence.kind == "refusal" and (match := _ABOUT_ONE_THEME.fullmatch(sentence.text)):
            themes.setdefault(match[2], []).append(match[1])
    once: list[Sentence] = []
    for sentence in found:
        match = _ABOUT_ONE_THEME.fullmatch(sentence.text) if sentence.kind == "refusal" else None
        if match is None:
            once.append(sentence)
        elif match[2] in themes:
            once.append(replace(sentence, text=listed(themes.pop(match[2])) + match[2]))
    return tuple(once)


def people(value: float) -> str:
    """A number of people; what the door withheld is named as such."""
    return count(value, absent="a withheld number")


def p_in_words(value: float, *, band: bool = False) -> str:
    """A p-value inside a sentence.

    >>> p_in_words(0.0364), p_in_words(0.00004), p_in_words(0.05, band=True)
    ('p = .036', 'p < .001', 'p < .05')
    """
    p = p_value(value, band=band)
    return f"p {p}" if p[0] in "<>≥" else f"p = {p}"


def odds_interval(low: Any, high: Any) -> str:
    """Limits of an odds ratio inside a sentence.

    >>> odds_interval(1.648, 9.98), odds_interval(1.648, None)
    ('95% CI 1.65 to 9.98', 'no 95% CI could be found')
    """
    limits = ratio_interval(low, high)
    return f"95% CI {limits[1:-1].replace(', ', ' to ')}" if limits else "no 95% CI could be found"


def odds_with_interval(value: Any, low: Any, high: Any) -> str:
    """An odds ratio with its interval.

    >>> odds_with_interval(4.0567, 1.648, 9.98)
    '4.06 (95% CI 1.65 to 9.98)'
    """
    return f"{ratio(value)} ({odds_interval(low, high)})"


def gap_interval(low: float, high: float, *, below: float | None = None) -> str:
    """Limits of a difference in percentage points, each with its direction.

    Parameters
    ----------
    below
        A margin that both limits lie inside; a limit that rounds to it is said to be under it.

    >>> gap_interval(0.09, 0.42), gap_interval(-0.49, -0.22), gap_interval(-0.06, 0.08), gap_interval(-0.3, 0.001)
    ('9 to 42 more', '22 to 49 fewer', '6 fewer to 8 more', '0 to 30 fewer')
    >>> gap_interval(-0.06, 0.146, below=0.15)
    '6 fewer to under 15 more'
    """
    ends = round(100 * low), round(100 * high)
    margin = None if below is None else round(100 * below)
    near_low, near_high = (f"under {abs(end)}" if abs(end) == margin else str(abs(end)) for end in ends)
    if ends[0] < 0 < ends[1]:
        return f"{near_low} fewer to {near_high} more"
    if ends[0] < 0:
        return f"{near_high} to {near_low} fewer"
    return f"{near_low} to {near_high}{' more' if ends[1] else ''}"


def share_of(part: Any, whole: Any, what: str = "") -> str:
    """People of people, with the share beside.

    >>> share_of(14, 37), share_of(14, 37, "typical"), share_of(None, 37)
    ('14 of 37 (38%)', '14 of 37 (38%, typical)', 'a withheld number of 37')
    """
    text = f"{people(part)} of {people(whole)}"
    if missing(part) or missing(whole) or not whole:
        return text
    return f"{text} ({', '.join(filter(None, (percent(part / whole), what)))})"


def against(x1: Any, n1: Any, x0: Any, n0: Any) -> str:
    """Two counts with their bases, as they stand beside an odds ratio.

    >>> against(17, 37, 6, 92)
    '17/37 v 6/92'
    """
    return f"{n_of(x1, n1)} v {n_of(x0, n0)}"


def dropped_out(dropouts: pd.DataFrame, model: str, term: str) -> str:
    """How many with a theme and without it dropped out, to stand beside an adjusted odds ratio; empty if unknown.

    Parameters
    ----------
    dropouts
        ``model, term, level, n_events, n_total`` of the models as stated.
    """
    mine = dropouts[(dropouts["model"] == model) & (dropouts["term"] == term)].set_index("level")
    if not {"present", "absent"} <= set(mine.index):
        return ""
    held, lacking = mine.loc["present"], mine.loc["absent"]
    if WITHHELD in (n_of(row["n_events"], row["n_total"]) for row in (held, lacking)):
        return ""
    counts = [share_of(row["n_events"], row["n_total"]) for row in (held, lacking)]
    return f"; in the model as stated {counts[0]} with the theme dropped out and {counts[1]} without it"


def goes_with(payload: Payload) -> str:
    """The verb between a theme and an outcome: a claim of prediction needs accounts from before the outcome."""
    foretells = payload.facts["claim"] == "prediction" and payload.facts["theme_timing"] == "before_outcome"
    return "predicts" if foretells else "goes with"


def by_construction(labels: Sequence[str]) -> list[Sentence]:
    """That themes which say why therapy ended go with an outcome that is partly an ending."""
    if not labels:
        return []
    named = listed([f"“{label}”" for label in labels])
    text = (
        f"{named} say{'s' if len(labels) == 1 else ''} why therapy ended, and whether it ended is part of the"
        " outcome: who"
        " left is more likely to be asked, so part of a difference can come from that alone, and it looks larger"
        " than it"
        " would had everybody been asked."
    )
    return [Sentence(text, kind="limit")]


def with_lack(found: Sequence[Sentence], alike: str = "that the groups are alike") -> list[Sentence]:
    """Sentences with, once and below them, what unsettled ones do not show.

    A sentence that settles nothing says by itself that the data do not settle it, with its interval, so that it
    stays honest where it is copied alone; what that means is said once per list.
    """
    if not any(sentence.kind == "cannot tell" for sentence in found):
        return list(found)
    text = f"What the data do not settle is lack of evidence, not evidence {alike}."
    return [*found, Sentence(text, kind="limit")]


def listed(parts: list[str], last: str = "and") -> str:
    """Words in a row: ``a, b and c``.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def several(n: int, unit: str) -> str:
    """A number with its unit, in the plural where it is not one.

    >>> several(1, "point"), several(3, "point")
    ('1 point', '3 points')
    """
    return f"{n} {unit}{'s' if n != 1 else ''}"
