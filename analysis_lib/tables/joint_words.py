"""How do quotes and authors' conclusions read where they stand by themselves?"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.formatting import n_of, percent
from analysis_lib.joint_display.boxes import PILLAR
from analysis_lib.payload import Payload
from analysis_lib.tables.common import group_labels, translated
from analysis_lib.tables.joint import groups_with_people, matched_by


@dataclass(frozen=True)
class QuotesOfTheme:
    """Every quote of one theme that may be shown.

    Parameters
    ----------
    cells
        (group, "14/37, 38%", ((words, attribution), ...)) per group with a quote.
    """

    theme_id: str
    label: str
    cells: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True)
class Box:
    """A meta-inference of the authors.

    Parameters
    ----------
    question
        What it answers; for a branch with its label.
    heading
        What goes after ``###`` in author_notes.md; empty for what stands directly below the heading of the notebook.
    reading
        As Markdown; empty where not yet written.
    fit, matched
        The authors' label, and who matched and checked; empty where not given.
    """

    question: str
    heading: str
    reading: str
    fit: str
    matched: str


def format_quote_matrix(payload: Payload) -> tuple[QuotesOfTheme, ...]:
    """The themes of a quote matrix that have any quote, each with its groups."""
    quotes, labels = payload.tables["quotes"].frame, group_labels(payload)
    shares = with_shares(payload.tables["shares"].frame).set_index(["theme_id", "group"])
    found = []
    for theme in payload.tables["themes"].frame.itertuples():
        mine = quotes[quotes["theme_id"] == theme.theme_id]
        cells = []
        for group in groups_with_people(payload):
            here = mine[mine["group"] == group]
            said = tuple(
                (row["quote"], f"{row['participant']}{translated(row)}") for row in here.to_dict("records")
            )
            if said:
                cells.append((labels[group], _count(shares.loc[(theme.theme_id, group)]), said))
        if cells:
            found.append(QuotesOfTheme(theme.theme_id, theme.theme_label, tuple(cells)))
    return tuple(found)


def _count(row: pd.Series) -> str:
    counted = n_of(row["n_with_theme"], row["n_total"])
    return counted if pd.isna(row["share"]) else f"{counted}, {percent(row['share'], row['n_total'])}"


def format_boxes(payload: Payload) -> tuple[Box, ...]:
    """The boxes for meta-inferences, written or not."""
    return tuple(
        Box(
            f"{row['label']}: {row['question']}" if row["kind"] == PILLAR else row["question"],
            row["heading"],
            row["reading"],
            row["fit"],
            matched_by(row),
        )
        for _, row in payload.tables["boxes"].frame.iterrows()
    )
