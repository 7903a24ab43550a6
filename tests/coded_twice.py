"""Waves of which several coders coded the same people, written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from handmade import a_wave, themes

from analysis_lib.reliability import CodingReliability, coder_agreement
from analysis_lib.wave import Wave

TEN = [f"p{i}" for i in range(10)]
# Of ten people the first coder gives the code to four and the second to four, three of them the same:
# both 3, only the first 1, only the second 1, neither 5.
FIRST, SECOND = TEN[:4], [*TEN[:3], TEN[4]]


def asked(people: list[str], *coders: str, **more: Any) -> pd.DataFrame:
    rows = [
        {"participant_id": p, "coder_id": c, "round": "independent"} | more for p in people for c in coders
    ]
    return pd.DataFrame(rows)


def given(people: list[str], coder: str, code: str = "cold", **more: Any) -> pd.DataFrame:
    rows = [
        {"segment_id": f"{p}-{code}", "participant_id": p, "code_id": code, "coder_id": coder}
        | {"round": "independent"}
        | more
        for p in people
    ]
    return pd.DataFrame(rows)


def made(
    assignments: list[pd.DataFrame], segments: list[pd.DataFrame], *, people: list[str] = TEN, **settings: Any
) -> Wave:
    settings.setdefault("codebook", themes("cold"))
    frame = pd.DataFrame({"outcome_group": "helpful"}, index=people)
    frame.iloc[len(people) // 2 :, 0] = "unhelpful"
    extra = settings.pop("tables", {})
    tables = {"coded_segments": pd.concat(segments), **extra}
    if assignments:
        tables["assignments"] = pd.concat(assignments)
    return a_wave(frame, tables=tables, **settings)


def two_coders(**settings: Any) -> Wave:
    return made([asked(TEN, "a", "b")], [given(FIRST, "a"), given(SECOND, "b")], **settings)


def row(found: CodingReliability, code: str = "cold") -> pd.Series:
    return found.table.set_index("code_id").loc[code]


def placed(coder: str, *places: tuple[int, int], document: str = "d1") -> pd.DataFrame:
    rows = [
        {
            "segment_id": f"{document}:{start}-{end}",
            "participant_id": "p0",
            "code_id": "cold",
            "coder_id": coder,
        }
        | {"round": "independent", "document_id": document, "start": start, "end": end}
        for start, end in places
    ]
    return pd.DataFrame(rows)


def claimed(wave: Wave, *claims: pd.DataFrame) -> list[dict[str, Any]]:
    found = coder_agreement(replace(wave, claimed_agreement=pd.concat(claims)))
    return found.claimed.to_dict("records")
