"""How is it said what goes with termination?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatting import ratio
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, goes_with, odds_interval, people, with_lack
from analysis_lib.tables.common import anchor
from analysis_lib.tables.termination import stated, terms_left_out
from analysis_lib.termination import FIRTH


def termination(payload: Payload) -> tuple[Sentence, ...]:
    """What each theme of a model goes with, and where the data do not settle it."""
    if payload.facts["reason"]:
        return (Sentence(f"No model of termination: {payload.facts['reason']}.", kind="refusal"),)
    models, guards = stated(payload, "models"), stated(payload, "guards")
    probabilities = stated(payload, "probabilities")
    together = models[(models["method"] == FIRTH) & models["adjusted"].eq(True)]
    found = []
    for guard in guards.itertuples():
        found += [
            Sentence(f"“{label}” is not in model {guard.model}: {why}.", kind="refusal")
            for label, why in terms_left_out(payload, guard.model, guard.event)
        ]
        found += _late(guard)
        if guard.reason:
            why = str(guard.reason).rstrip(".")
            found.append(Sentence(f"Model {guard.model} cannot be fitted: {why}.", kind="refusal"))
            continue
        rows = together[(together["model"] == guard.model) & (together["level"] == "present")]
        if rows.empty:
            found.append(
                Sentence(
                    f"Model {guard.model} holds no theme; its other terms are in the table.", kind="refusal"
                )
            )
        known = probabilities[probabilities["model"] == guard.model]
        found += [_association(row, known, payload, guard.n_used) for _, row in rows.iterrows()]
        found += _enough(guard)
    return tuple(with_lack(found, "that the two do not go together"))


def _association(row: pd.Series, probabilities: pd.DataFrame, payload: Payload, n_used: float) -> Sentence:
    where = anchor("model", row["model"], row["term"], row["level"])
    if pd.isna(row["odds_ratio"]):
        return Sentence(
            f"“{row['term_label']}”: the odds ratio of dropping out is withheld, too few people in a cell.",
            where,
            "refusal",
        )
    verb = goes_with(payload)
    rule = payload.facts["rules"][row["event"]]
    limits = odds_interval(row["conf_low"], row["conf_high"])
    odds = f"adjusted odds ratio {ratio(row['odds_ratio'])}, {limits}, {people(n_used)} people"
    here = probabilities[probabilities["term"] == row["term"]].set_index("level")["probability"]
    plain = ""
    if {"present", "absent"} <= set(here.index) and here.notna().all():
        with_it, without = (round(100 * here[level]) for level in ("present", "absent"))
        plain = f": adjusted, about {with_it} in 100 with the theme against {without} in 100 without it"
    name = f"“{row['term_label']}”"
    if row["conf_low"] > 1 or row["conf_high"] < 1:
        more = "more" if row["conf_low"] > 1 else "less"
        text = f"{name} {verb} {more} dropping out ({rule}){plain} ({odds})."
        return Sentence(text, where, "clear")
    text = f"Whether {name} {verb} dropping out ({rule}) the data do not settle{plain} ({odds})."
    return Sentence(text, where, "cannot tell")


def _late(guard: object) -> list[Sentence]:
    n_late = guard.n_late  # type: ignore[attr-defined]  # a row of itertuples
    if n_late == 0:
        return []
    text = (
        f"Left out of model {guard.model}: {people(n_late)} people who began therapy too late before the data cut"  # type: ignore[attr-defined]
        " to show whether they drop out. Of such people only those who leave at once have an ending."
    )
    return [Sentence(text, kind="limit")]


def _enough(guard: object) -> list[Sentence]:
    needed, used = guard.n_needed, guard.n_used  # type: ignore[attr-defined]  # a row of itertuples
    if pd.isna(needed) or pd.isna(used) or used >= needed:
        return []
    text = (
        f"Model {guard.model} has {people(used)} people where {people(needed)} would be needed for stable estimates"  # type: ignore[attr-defined]
        " of so many parameters; read it as description."
    )
    return [Sentence(text, anchor("guards", guard.model, guard.event), "limit")]  # type: ignore[attr-defined]
