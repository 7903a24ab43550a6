"""How are the cover and the run record laid out?"""

from __future__ import annotations

from calendar import month_name
from datetime import date
from typing import Any

from analysis_lib.payload import Payload
from analysis_lib.tables.common import BASES, group_heads, words

_TRADITIONS = {
    "coding_reliability": "coding reliability thematic analysis",
    "codebook": "codebook thematic analysis",
    "reflexive": "reflexive thematic analysis",
    "cqr": "consensual qualitative research",
}


def format_card(payload: Payload) -> tuple[tuple[str, str], ...]:
    """(label, text) of each line of a card."""
    lines = _cover(payload) if payload.template == "cover" else _run_record(payload.facts)
    return tuple((label, value) for label, value in lines if value)


def _cover(payload: Payload) -> list[tuple[str, str]]:
    facts = payload.facts
    heads = [head for group, head in group_heads(payload).items() if group != "all"]
    blind = "blind to the outcome" if facts["coders_blind_to_outcome"] else "not blind to the outcome"
    timing = "before" if facts["theme_timing"] == "before_outcome" else "after"
    data = "SYNTHETIC: no person stands behind any number" if facts["synthetic"] else "real participants"
    return [
        ("Study", facts["title"]),
        ("Data", data),
        ("Setting", facts["setting"]),
        ("Wave", f"{facts['wave']}, collected {day(facts['opened'])} to {day(facts['closed'])}"),
        ("Outcomes read off", day(facts["data_cut"])),
        ("Look", f"{facts['look']} of {facts['planned_looks']} planned"),
        ("Outcome groups", "; ".join(heads)),
        ("How groups are formed", _rule(facts["outcome_rule"])),
        ("Design", words(facts["design"])),
        ("Tradition", _TRADITIONS[facts["tradition"]]),
        (
            "Coding",
            f"codebook {facts['codebook_version']}; coders {blind}; accounts given {timing} the outcome",
        ),
        ("Base of shares", BASES[facts["base"]]),
    ]


def day(iso: str) -> str:
    """A date in words.

    >>> day("2024-02-05")
    '5 February 2024'
    """
    day = date.fromisoformat(iso)
    return f"{day.day} {month_name[day.month]} {day.year}"


def _rule(rules: list[dict[str, Any]]) -> str:
    """The outcome rule as a sentence."""
    if not rules:
        return "as recorded in the participants table"
    parts = []
    for rule in rules:
        conditions = " and ".join(_condition(column, values) for column, values in rule["when"])
        parts.append(f"{rule['group']} if {conditions}")
    return "first that applies: " + "; ".join(parts)


def _condition(column: str, values: list[str]) -> str:
    """One condition of the outcome rule.

    >>> _condition("perceived_helpfulness", ["helpful"]), _condition("dropout", ["declared"])
    ('perceived helpfulness is helpful', 'therapy counts as dropped out under “declared”')
    """
    named = [words(value) for value in values]
    if column == "dropout":
        return f"therapy counts as dropped out under {' or '.join(f'“{name}”' for name in named)}"
    return f"{words(column)} is {' or '.join(named)}"


def _run_record(facts: Any) -> list[tuple[str, str]]:
    return [
        ("Study", f"{facts['study']}{' (SYNTHETIC)' if facts['synthetic'] else ''}"),
        ("Wave", facts["wave"]),
        ("Look", str(facts["look"])),
        ("Codebook", facts["codebook_version"]),
        ("Seed", str(facts["seed"])),
        ("Permutations", f"{facts['n_permutations']:,}"),
        ("Themewave", facts["version"]),
        ("Inputs (SHA-256, first 12 digits)", "; ".join(f"{name} {sha}" for name, sha in facts["inputs"])),
    ]
