"""People of whom it is known after which session they left, written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from handmade import STUDY, a_matrix

from analysis_lib.dropout_time import (
    DropoutTime,
)
from analysis_lib.outcome import dropout_flags
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.release import Rules, release
from analysis_lib.study import DropoutDefinition, Outcome, TerminationModelPlan

DECLARED = DropoutDefinition("declared", termination_type=("patient_unilateral",))
PLAN = TerminationModelPlan("main", "declared", ("cold",), (), None)
ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
LEFT, DONE, ON = "patient_unilateral", "completed_agreed", "ongoing"
# ending, sessions, with the theme
EIGHT = [
    (LEFT, 2, 1), (LEFT, 2, 1), (LEFT, 4, 0), (DONE, 4, 0),
    (ON, 3, 1), (DONE, 6, 0), (LEFT, 5, 0), ("deceased", 1, 0),
]  # fmt: skip


def a_study(
    people: list[tuple[str | None, int | None, float]],
    *,
    definitions: tuple[DropoutDefinition, ...] = (DECLARED,),
    plans: tuple[TerminationModelPlan, ...] = (PLAN,),
    shuffled: bool = False,
    columns: dict[str, list[Any]] | None = None,
    **settings: Any,
) -> ThemeMatrix:
    """The theme matrix of people with these endings, sessions and themes."""
    frame = pd.DataFrame(
        {
            "termination_type": pd.array([ending for ending, _, _ in people], dtype="string"),
            "sessions_attended": pd.array([sessions for _, sessions, _ in people], dtype="Int64"),
            "sessions_planned": pd.array([None] * len(people), dtype="Int64"),
            "outcome_group": "stayed",
        }
        | (columns or {}),
        index=[f"P{i:03d}" for i in range(len(people))],
    )
    flags = dropout_flags(frame, replace(STUDY, dropout_definitions=definitions))
    frame = frame.join(flags.add_prefix("dropout_"))
    values = pd.DataFrame({"cold": [theme for _, _, theme in people]}, index=frame.index, dtype=float)
    if shuffled:
        order = np.random.default_rng(3).permutation(len(frame))
        frame, values = frame.iloc[order], values.iloc[order]
    settings = {
        "dropout_definitions": definitions,
        "termination_models": plans,
        "outcome": Outcome(("stayed",), "stayed", {}, ()),
    } | settings
    return a_matrix(frame, values, **settings)


def curve(found: DropoutTime, group: str = "overall", definition: str = "declared") -> pd.DataFrame:
    frame = found.curve
    return frame[(frame["group"] == group) & (frame["definition"] == definition)].reset_index(drop=True)


def released(payload: Payload, rules: Rules = ROUNDED) -> Payload:
    return release([payload], rules).payloads[0]


# A pace that differs plainly: nine of ten with the theme leave by session 3, two of twenty without it.
PLAIN = (
    [(LEFT, 1, 1)] * 3 + [(LEFT, 2, 1)] * 3 + [(LEFT, 3, 1)] * 3 + [(DONE, 8, 1)]
    + [(LEFT, 2, 0)] + [(LEFT, 6, 0)] + [(DONE, 8, 0)] * 12 + [(ON, 4, 0)] * 6
)  # fmt: skip
