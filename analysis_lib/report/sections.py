"""What stands in each section of the report, in which order, and under which number?

Notebooks give prose and payloads; here each becomes one part, formatted and ready for the template. What the cover,
the limits, the front or the provenance show is taken out, and no part adds a number of its own.

References: APA 2020, Publication Manual, 7th ed., chapter 7.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from analysis_lib.formatted import FormattedTable
from analysis_lib.payload import Payload
from analysis_lib.report import prose
from analysis_lib.report.folds import Kind, Part, runs
from analysis_lib.report.joint import boxes, cards
from analysis_lib.report.pictures import picture
from analysis_lib.report.voices import voices
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_card, format_table, other_bases
from analysis_lib.tables.common import BASES

_NUMBERED = {"table": "Table", "joint_display": "Table", "figure": "Figure"}
_AT_THE_FRONT = "what_changed"
_LABELS = {
    "all_with_material": "all participants with material",
    "any_theme": "participants with any theme",
    "mentions": "mentions",
}
_NOT_PEOPLE = "Shares of mentions: not a share of people."
COUNTS_BY_THEME = (
    "theme_dots",
    "theme_by_outcome",
    "theme_differences",
    "theme_contrasts",
    "theme_tests",
    "theme_slopes",
    "wave_changes",
    "wave_changes_by_group",
)


@dataclass(frozen=True)
class Section:
    """One notebook.

    Parameters
    ----------
    number
        Its number, such as ``03``.
    title
        Its h1, a question.
    parts
        Markdown prose, or payloads that have passed the door, in order.
    """

    number: str
    title: str
    parts: tuple[str | Payload, ...]


@dataclass(frozen=True)
class OtherBase:
    """A table once more on another base.

    Parameters
    ----------
    label
        What the shares are of.
    warning
        What a reader has to know before reading it.
    table
        The table; one without rows cannot be shown, and ``missing`` says why.
    """

    label: str
    warning: str
    table: FormattedTable
    missing: str = ""


@dataclass(frozen=True)
class Bases:
    """A table of shares with the label of its own base, and the same on others."""

    label: str
    others: tuple[OtherBase, ...]


LaidOut = list[tuple[Section, list[Part]]]


def numbers(sections: Sequence[Section]) -> dict[tuple[str, int], str]:
    """Number of each table and figure: (section number, place among its parts) -> ``Table 3.1``.

    Tables, joint displays and figures count separately within a section. Every output that numbers them
    takes the numbers from here.

    Examples
    --------
    >>> table = Payload("table", "flow")
    >>> numbers([Section("03", "Which themes?", ("Text.", table, Payload("figure", "theme_dots"), table))])
    {('03', 1): 'Table 3.1', ('03', 2): 'Figure 3.1', ('03', 3): 'Table 3.2'}
    """
    found = {}
    for section in sections:
        so_far: Counter[str] = Counter()
        for i, part in enumerate(section.parts):
            boxes_only = not isinstance(part, str) and part.template == "meta_inferences"
            name = "" if isinstance(part, str) or boxes_only else _NUMBERED.get(part.shape, "")
            if name:
                so_far[name] += 1
                found[section.number, i] = f"{name} {section.number.lstrip('0')}.{so_far[name]}"
    return found


def lay_out(sections: Sequence[Section]) -> LaidOut:
    """Every section with its parts formatted, in order; no id stands twice."""
    return _laid_out(tuple(sections))


@lru_cache(maxsize=2)  # page and Word draft lay out the same ones
def _laid_out(sections: tuple[Section, ...]) -> LaidOut:
    number_of, taken = numbers(sections), set[str]()
    laid_out = []
    for section in sections:
        parts = []
        for i, part in enumerate(section.parts):
            if isinstance(part, str):
                parts.append(Part("prose", prose.render(part), source=part))
            elif not stands_elsewhere(part):
                number = number_of.get((section.number, i), "")
                made = _formatted(part, number, section.number, taken)
                parts.append(
                    replace(made, id=made.id or f"part-{section.number}-{i}", aside=_stands_aside(part))
                )
        laid_out.append((section, parts))
    return laid_out


def _stands_aside(payload: Payload) -> bool:
    """Whether it counts people by theme in a tradition that does not read counts as findings."""
    return payload.facts.get("tradition") == "reflexive" and payload.template in COUNTS_BY_THEME


def payloads_of(sections: Sequence[Section]) -> Iterator[Payload]:
    """Every payload of a report, in order."""
    for section in sections:
        yield from (part for part in section.parts if isinstance(part, Payload))


def stands_elsewhere(payload: Payload) -> bool:
    """Whether the header, the front, the limits or the provenance show it."""
    return payload.template in ("cover", "run_record") or is_limits(payload) or is_change(payload)


def is_limits(payload: Payload) -> bool:
    """Whether it is what the authors write about limits."""
    return payload.shape == "prose" and "limits" in payload.facts["heading"].casefold()


def is_change(payload: Payload) -> bool:
    """Whether it says what changed since the last wave."""
    return payload.shape == "sentences" and payload.template == _AT_THE_FRONT


def row_numbers(laid_out: LaidOut) -> dict[str, str]:
    """Anchor of a table row -> number of its table."""
    return {
        row.anchor: part.number
        for _, parts in laid_out
        for part in parts
        if part.kind == "table"
        for row in part.content.rows
        if row.anchor
    }


def _formatted(payload: Payload, number: str, section_number: str, taken: set[str]) -> Part:
    place = number.lower().replace(" ", "-").replace(".", "-")
    kind: Kind = "authors" if payload.shape == "prose" else payload.shape
    bases = None
    match payload.shape:
        case "table":
            content: Any = _with_unique_anchors(format_table(payload), taken)
            bases = _bases(payload)
        case "figure":
            content = picture(payload)
        case "joint_display" if payload.template == "quote_matrix":
            content, kind = voices(payload, taken), "voices"
        case "joint_display" if payload.template == "meta_inferences":
            content, kind = boxes(payload, f"meta-{section_number}"), "boxes"
        case "joint_display":
            content = cards(payload, place)
        case "sentences":
            content = runs(sentences(payload))
        case "card":
            content = format_card(payload)
        case "prose":
            heading = re.sub(rf"^{re.escape(section_number)}\b\s*", "", payload.facts["heading"])
            own = heading != payload.facts["heading"]
            content = ("" if own else heading, payload.facts["text"], payload.facts["heading"])
    return Part(kind, content, number, place, payload.template, bases=bases)


def _with_unique_anchors(table: FormattedTable, taken: set[str]) -> FormattedTable:
    """The table without anchors that an earlier table has; an id may stand once on a page."""
    rows = []
    for row in table.rows:
        rows.append(replace(row, anchor=None) if row.anchor in taken else row)
        if row.anchor:
            taken.add(row.anchor)
    return replace(table, rows=tuple(rows))


def _bases(payload: Payload) -> Bases | None:
    """The other bases of a table of shares; None for every other table."""
    if payload.template != "theme_by_outcome":
        return None
    others = []
    for base, table in other_bases(payload).items():
        missing = "" if table.rows else "numbers of segments leave only with exact counts"
        warning = _NOT_PEOPLE if base == "mentions" else f"Shares of {BASES[base]}."
        others.append(OtherBase(_LABELS[base], warning, table, missing))
    return Bases(_LABELS[payload.facts["base"]], tuple(others)) if others else None
