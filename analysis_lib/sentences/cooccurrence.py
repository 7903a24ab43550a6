"""How is it said which themes are mentioned by the same people?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatting import decimal, missing, p_value
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, p_in_words, people, refusal, several
from analysis_lib.tables.common import ADJUSTMENTS, anchor, is_banded
from analysis_lib.tables.cooccurrence import pairs_of

_MOST = 6  # pairs with a sentence of their own


def cooccurrence(payload: Payload) -> tuple[Sentence, ...]:
    """How many pairs stand out, which ones, and what that does not mean."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    frame = pairs_of(payload)
    tested = frame[frame["p_value"].notna()]
    if tested.empty:
        return (refusal("the overlap of no pair of themes could have been any other"),)
    settled = tested[tested["reading"].isin(["together", "apart"])]
    found = [_overall(tested, payload)]
    found += [_pair(row, payload, "clear") for _, row in settled.head(_MOST).iterrows()]
    if settled.empty:
        found.append(_pair(tested.iloc[0], payload, "cannot tell", n_tested=len(tested)))
    elif len(settled) > _MOST:
        found.append(Sentence("The other pairs that stand out are in the table.", kind="limit"))
    text = (
        "Two themes that go with the same outcome also go together; that the same people mention both does not"
        " say that one leads to the other."
    )
    return (*found, Sentence(text, kind="limit"))


def _overall(tested: pd.DataFrame, payload: Payload) -> Sentence:
    readings = tested["reading"].value_counts()
    themes = set(tested["theme_id"]) | set(tested["other_id"])
    n = people(payload.tables["base"].frame["n_used"].iloc[0])
    level = p_value(payload.facts["alpha"]).rstrip("0")
    together, apart = int(readings.get("together", 0)), int(readings.get("apart", 0))
    text = (
        f"{several(len(tested), 'pair')} of {len(themes)} themes were laid side by side in {n} people: {together}"
        f" {'are' if together != 1 else 'is'} found together in more people than expected and {apart} in fewer, given"
        f" how common the themes are and how much each person mentions (adjusted p below {level};"
        f" {ADJUSTMENTS[payload.facts['multiplicity']]})."
    )
    n_open = int(readings.get("cannot tell", 0))
    if n_open:
        text += f" For {several(n_open, 'pair')} the data do not settle it."
    return Sentence(text)


def _pair(row: pd.Series, payload: Payload, kind: str, *, n_tested: int = 0) -> Sentence:
    p = f"adjusted {p_in_words(row['p_adjusted'], band=is_banded(payload))}"
    text = (
        f"“{row['theme_label']}” and “{row['other_label']}” were both coded for {people(row['n_both'])} of"
        f" {people(row['n_total'])} people"
    )
    if not missing(row["expected"]):
        text += f"; {decimal(row['expected'], 1)} would be expected if the two were independent"
    if not missing(row["expected_fixed"]):
        text += f", and {decimal(row['expected_fixed'], 1)} given how much each person mentions"
    text += f" ({p})."
    if kind == "cannot tell":
        text += (
            " It is the pair farthest from what is expected, and one as far out could arise from looking at"
            f" {several(n_tested, 'pair')} alone."
        )
    return Sentence(text, anchor("pair", row["theme_id"], row["other_id"]), kind)
