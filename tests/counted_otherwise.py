"""Studies whose themes can be counted in several ways, written by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
from handmade import a_wave, counted, themes

import analysis_lib as al
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.quantitize import ThemeMatrix, quantitize
from analysis_lib.sensitivity import Sensitivity, sensitivity

MIXED = {"mixed": ["own_group", "with_unhelpful", "with_helpful", "left_out"]}
THREE = {"helpful": 10, "unhelpful": 10, "mixed": 5}
COLD = {"cold": {"helpful": 2, "unhelpful": 6, "mixed": 5}}


def of(matrix: ThemeMatrix, **choices: Any) -> Sensitivity:
    return sensitivity(al.crosstab_themes(matrix), **choices)


def mixed_study(
    sizes: dict[str, int] = THREE, present: dict[str, dict[str, int]] = COLD, **settings: Any
) -> ThemeMatrix:
    return counted(sizes, present, **{"sensitivity": MIXED} | settings)


def by_choice(found: Sensitivity, name: str, theme: str = "cold") -> dict[str, float]:
    mine = found.table[found.table["theme_id"] == theme]
    return dict(zip(mine[name], mine["estimate"], strict=True))


def said(codes: dict[str, str], groups: dict[str, str], **settings: Any) -> ThemeMatrix:
    """People and the codes of their segments, one segment each."""
    rows = [
        {"segment_id": f"{person}-{i}", "participant_id": person, "code_id": code, "coder_id": "x"}
        for person, listed in codes.items()
        for i, code in enumerate(listed.split())
    ]
    people = pd.DataFrame({"outcome_group": [groups[person] for person in codes]}, index=list(codes))
    settings.setdefault("codebook", themes("cold", "warm"))
    tables = {"coded_segments": pd.DataFrame(rows)} | settings.pop("tables", {})
    return quantitize(a_wave(people, tables=tables, **settings))


SIX = {"h1": "cold warm", "h2": "warm warm", "h3": "", "u1": "cold cold", "u2": "cold warm", "u3": "warm"}
GROUP_OF_SIX = {person: "helpful" if person[0] == "h" else "unhelpful" for person in SIX}
TREE = Codebook(
    "1", (Theme("T", "Therapist"), Theme("T.cold", "Cold", parent="T"), Theme("T.late", "Late", parent="T"))
)


def two_coders(*, alike: bool = False, **settings: Any) -> ThemeMatrix:
    """Twelve people coded twice; both coders give ``late`` to u1 and h1, and each ``cold`` to three others."""
    first, others = ["u1", "u2", "u3"], ["u4", "u5", "u6"]
    given = {"x": {"T.cold": first}, "y": {"T.cold": first if alike else others}}
    rows = [
        {"segment_id": f"{p}-{coder}-{code}", "participant_id": p, "code_id": code, "coder_id": coder}
        for coder in given
        for code, listed in (given[coder] | {"T.late": ["u1", "h1"]}).items()
        for p in listed
    ]
    ids = [f"{side}{i}" for side in "hu" for i in range(1, 7)]
    group = ["helpful" if person[0] == "h" else "unhelpful" for person in ids]
    asked = pd.DataFrame([{"participant_id": p, "coder_id": coder} for p in ids for coder in given])
    tables = {
        "coded_segments": pd.DataFrame(rows).assign(round="independent"),
        "assignments": asked.assign(round="independent"),
    }
    frame = pd.DataFrame({"outcome_group": group}, index=ids)
    return quantitize(a_wave(frame, tables=tables, codebook=TREE, **settings))


MANY = {"omnibus": 9_999, "minp": 199}
