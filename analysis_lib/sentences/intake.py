"""How is it said who is in a wave?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.sentences.common import Sentence, listed, people, refusal
from analysis_lib.tables.common import anchor


def intake(payload: Payload) -> tuple[Sentence, ...]:
    """Who is in, who is not, and why."""
    flow, groups = payload.tables["flow"].frame, payload.tables["groups"].frame
    material = payload.tables["material"].frame.set_index("group")
    enrolled = flow.loc[flow["stage"] == "enrolled", "n"].iloc[0]
    analysed = flow.loc[flow["stage"] == "analysed", "n"].iloc[0]
    parts = [_counted(row.n, row.label.lower()) for row in groups.itertuples() if row.n != 0]
    taken_part = "people" if pd.isna(enrolled) else f"of {people(enrolled)} people who took part"
    text = f"{people(analysed)} {taken_part} are analysed: {listed(parts)}."
    found = [Sentence(text, anchor("flow", "analysed"))]
    left = flow[(flow["excluded"] != 0) & (flow.index > flow.index[flow["stage"] == "enrolled"][0])]
    if len(left):
        reasons = [f"{row.reason} ({people(row.excluded)})" for row in left.itertuples()]
        found.append(Sentence(f"Left out: {listed(reasons)}."))
    silent = material.at[ALL, "n_without_theme"]
    if payload.facts.get("reason"):
        found.append(refusal(payload.facts["reason"]))
    elif pd.notna(silent) and silent > 0:
        found.append(
            Sentence(
                f"{people(silent)} of {people(material.at[ALL, 'n'])} mentioned none of the themes;"
                " they stay in the base."
            )
        )
    empty = [row.label.lower() for row in groups.itertuples() if row.n == 0]
    if empty:
        found.append(Sentence(f"Nobody in this wave is in the group {listed(empty, 'or')}.", kind="refusal"))
    return tuple(found)


def _counted(n: float, group: str) -> str:
    """A number with its group; one whose name begins with a digit, such as years, stands apart from it.

    >>> _counted(37, "unhelpful"), _counted(8, "0 - 1")
    ('37 unhelpful', '8 in group 0 - 1')
    """
    return f"{people(n)} in group {group}" if group[:1].isdigit() else f"{people(n)} {group}"
