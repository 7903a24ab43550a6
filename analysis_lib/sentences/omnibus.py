"""How are the test of all themes at once and the tests from the top of the codebook said in words?"""

from __future__ import annotations

from typing import Any

from analysis_lib.branches import NOT_OPENED, OPENED, REJECTED
from analysis_lib.formatting import count, decimal, missing
from analysis_lib.omnibus import PERMUTATION, RAO_SCOTT, with_effect
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import (
    Sentence,
    by_construction,
    listed,
    p_in_words,
    people,
    refusal,
    several,
    with_lack,
)
from analysis_lib.tables.common import anchor, is_banded

_MOST_NAMED = 6


def omnibus(payload: Payload) -> tuple[Sentence, ...]:
    """Whether the themes taken together go with the outcome group, and how much."""
    facts = payload.facts
    if facts["reason"]:
        return (refusal(facts["reason"]),)
    frames = [payload.tables[name].frame for name in ("tests", "counts", "people")]
    frame = with_effect(*frames).set_index("test")
    main, check = frame.loc[PERMUTATION], frame.loc[RAO_SCOTT]
    permuted = not missing(main["p_value"])  # too many people are not permuted
    settled = _below((main if permuted else check)["p_value"], payload)
    numbers = [f"permutation {_p(main['p_value'], payload)}"] if permuted else []
    if not missing(check["p_value"]):
        numbers.append(f"Rao-Scott {_p(check['p_value'], payload)}")
    themes = several(int(main["n_themes"]), "theme")
    evidence = f"({', '.join(numbers)}; {themes}, {people(main['n_used'])} people)"
    where = anchor("omnibus", PERMUTATION)
    if settled:
        text = f"Taken together, the themes go with the outcome group {evidence}."
        found = [Sentence(text, where, "clear")]
    else:
        text = (
            f"Whether the themes taken together go with the outcome group the data do not settle {evidence}."
        )
        found = [Sentence(text, where, "cannot tell")]
    found += _effect(main, where)
    if facts.get("strata"):
        named = " and ".join(facts["strata"])
        found.append(Sentence(f"People are compared with others of the same {named} only."))
    if not missing(check["p_value"]) and _below(check["p_value"], payload) != settled:
        text = (
            f"The two tests fall on different sides of {facts['alpha']:g}; go by the permutation, since Rao-Scott"
            " needs large groups."
        )
        found.append(Sentence(text, kind="limit"))
    if not missing(main["mc_error"]) and abs(main["p_value"] - facts["alpha"]) < 2 * main["mc_error"]:
        text = f"With {count(facts['n_permutations'])} permutations p cannot be told from {facts['alpha']:g}; use more."
        found.append(Sentence(text, kind="limit"))
    if settled:
        found.append(
            Sentence("This says that some theme differs between the groups, not which.", kind="limit")
        )
    themes_ = payload.tables["themes"].frame
    endings = themes_[themes_["theme_id"].isin(facts.get("about_endings", ())) & themes_["reason"].isna()]
    return (*with_lack(found), *by_construction(list(endings["theme_label"])))


def _effect(main: Any, where: str) -> list[Sentence]:
    found = []
    if not missing(main["mean_v_squared"]):
        text = (
            f"Over {several(int(main['n_themes']), 'theme')} of {people(main['n_used'])} people, on average"
            f" {_percent(main['mean_v_squared'])} of the variance of a theme lies between the groups;"
            f" {_percent(main['v_squared_by_chance'])} would be expected by chance alone."
        )
        found.append(Sentence(text, where))
    if not missing(main["effective_themes"]) and round(main["effective_themes"]) < main["n_themes"]:
        text = (
            f"The {main['n_themes']} themes carry the information of about {main['effective_themes']:.0f}"
            " independent ones."
        )
        found.append(Sentence(text, where))
    return found


def theme_hierarchy(payload: Payload) -> tuple[Sentence, ...]:
    """Which branches of the codebook differ, and how far down."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]),)
    found: list[Sentence] = []
    rows = payload.tables["rows"].frame.to_dict("records")
    for upper, below in _branches(rows):
        text = f"“{upper['theme_label']}” differs between the groups ({_adjusted(upper, payload)})"
        lower = [row for row in below if row["decision"] == REJECTED]
        if lower:
            named = [f"“{row['theme_label']}” ({_adjusted(row, payload)})" for row in lower]
            text += f"; below it, so {'does' if len(named) == 1 else 'do'} {listed(named)}"
        elif any(row["decision"] == OPENED for row in below):
            text += "; which theme below it differs the data do not settle"
        found.append(Sentence(f"{text}.", anchor("branch", upper["theme_id"]), "clear"))
    open_ = [row for row in rows if row["decision"] == OPENED]
    if not found:
        found.append(Sentence("For no upper theme do the data settle a difference.", kind="cannot tell"))
    elif open_:
        labels = listed([f"“{row['theme_label']}”" for row in open_])
        which = labels if len(open_) <= _MOST_NAMED else f"{len(open_)} themes, marked in the table"
        found.append(Sentence(f"Looked at and not settled: {which}.", kind="cannot tell"))
    found = with_lack(found)
    if any(row["decision"] == NOT_OPENED for row in rows):
        text = (
            "Themes below one that was not rejected were not looked at here; they may still differ, even in opposite"
            " directions."
        )
        found.append(Sentence(text, kind="limit"))
    return tuple(found)


def _branches(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each rejected theme that no rejected theme stands above, with every theme below it."""
    found: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    inside = False
    for row in rows:
        inside = inside and row["depth"] > found[-1][0]["depth"]
        if inside:
            found[-1][1].append(row)
        elif row["decision"] == REJECTED:
            found.append((row, []))
            inside = True
    return found


def _adjusted(row: dict[str, Any], payload: Payload) -> str:
    return f"adjusted {_p(row['p_adjusted'], payload)}"


def _p(value: float, payload: Payload) -> str:
    return p_in_words(value, band=is_banded(payload))


def _below(value: float, payload: Payload) -> bool:
    alpha = payload.facts["alpha"]
    return bool(value <= alpha if is_banded(payload) else value < alpha)


def _percent(share: float) -> str:
    return f"{decimal(100 * share, 1)}%"
