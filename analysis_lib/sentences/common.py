"""What is a sentence of a report, and which small words do all of them share?"""

from __future__ import annotations

from dataclasses import dataclass

from analysis_lib.formatting import count


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


def people(value: float) -> str:
    """A number of people; what the door withheld is named as such."""
    return count(value, absent="a withheld number")


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
