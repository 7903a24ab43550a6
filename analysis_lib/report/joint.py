"""How does a joint display stand on the page: a card per theme, a column per group, a box for each reading?

References: Guetterman, Fetters & Creswell 2015, Ann Fam Med 13, 554-561; Fetters, Curry & Creswell 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis_lib.payload import Payload
from analysis_lib.tables import Box, JointRow, format_boxes, format_joint_display
from analysis_lib.tables.common import group_labels
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


def boxes(payload: Payload, place: str) -> list[tuple[str, Box]]:
    """What the authors conclude for all themes together and for each branch, with its id on the page."""
    return [(f"{place}-{i}", box) for i, box in enumerate(format_boxes(payload), 1)]
