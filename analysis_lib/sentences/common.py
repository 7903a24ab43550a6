"""What is a sentence of a report, and which small words do all of them share?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis_lib.formatting import count, p_value

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
