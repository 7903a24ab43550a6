"""How is it said what somebody saw who looked around in a wave?"""

from __future__ import annotations

from analysis_lib.formatting import count
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, refusal
from analysis_lib.tables.common import group_labels

_WHAT = {"participant": "People", "document": "Documents", "segment": "Segments"}


def explored(payload: Payload) -> tuple[Sentence, ...]:
    """What was counted, of whom, and that looking settles nothing."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    sizes, labels = payload.tables["groups"].frame, group_labels(payload)
    groups = ", ".join(f"{labels[row.group]} {count(row.n, absent='withheld')}" for row in sizes.itertuples())
    left = payload.tables["left_out"].frame["n"].iloc[0]
    out = f"{count(left, absent='a withheld number')} {'person' if left == 1 else 'people'} with material"
    found = [
        f"{_WHAT[payload.facts['unit']]} were counted by {payload.facts['grouping'].lower()}, in numbers of people:"
        f" {groups}. Not looked at: {out}."
    ]
    found += [payload.facts["only"]] if payload.facts["only"] else []
    found.append(
        "This is looking around, and nothing here is tested: whoever looks in many ways finds some difference. What is"
        " to be claimed needs a question that was set before, and a test of its own."
    )
    return tuple(Sentence(text, kind="limit") for text in found)
