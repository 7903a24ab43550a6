"""How does a joint display stand on the page: a card per theme, a column per group, a box for each reading?

References: Guetterman, Fetters & Creswell 2015, Ann Fam Med 13, 554-561; Fetters, Curry & Creswell 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis_lib.payload import Payload
from analysis_lib.tables import JointRow, format_joint_display
from analysis_lib.tables.common import group_labels
from analysis_lib.tables.joint import matched_by
from analysis_lib.tables.themes import quotes_of


@dataclass(frozen=True)
class Side:
    """A theme in one outcome group: how many, how different, in whose words.

    Parameters
    ----------
    behind
        Id of all quotes behind the count.
    """

    group: str
    count: str
    difference: str
    tier: str
    quotes: tuple[tuple[str, str], ...]
    withheld: str
    behind: str


@dataclass(frozen=True)
class Box:
    """A question to the authors with what they have answered; every text may be empty.

    Parameters
    ----------
    label
        The branch of the codebook that it is about; empty for all themes together.
    key
        The heading in author_notes.md that the answer goes under.
    """

    id: str
    label: str
    question: str
    key: str
    reading: str
    fit: str
    matched: str


Card = tuple[JointRow, str, tuple[Side, ...]]


def cards(payload: Payload, place: str) -> list[Card]:
    """Each theme with its id on the page and its side per group."""
    labels = group_labels(payload)
    reference = labels[payload.facts["reference"]]
    group_of = {label: group for group, label in labels.items()}
    return [
        (row, f"{place}-{i}", _sides(row, reference, group_of))
        for i, row in enumerate(format_joint_display(payload), 1)
    ]


def _sides(row: JointRow, reference: str, group_of: dict[str, str]) -> tuple[Side, ...]:
    """Counts, differences and quotes of a theme, group by group."""
    differences = {label: (text, tier) for label, text, tier in row.differences}
    if differences:
        differences[reference] = ("reference", "")
    return tuple(
        Side(
            label,
            count,
            *differences.get(label, ("", "")),
            quotes,
            withheld,
            quotes_of(row.theme_id, group_of[label]),
        )
        for (_, count), (label, quotes, withheld) in zip(row.counts, row.quotes, strict=True)
    )


def boxes(payload: Payload, place: str) -> list[Box]:
    """What the authors conclude for all themes together and for each branch, written or not."""
    return [
        Box(
            f"{place}-{i}",
            str(row["label"]),
            str(row["question"]),
            str(row["heading"]),
            str(row["reading"]),
            str(row["fit"]),
            matched_by(row),
        )
        for i, (_, row) in enumerate(payload.tables["boxes"].frame.iterrows(), 1)
    ]
