"""Where on the page does each analysis stand, and does it say anything there?

Checklists and the methods text point only to what a reader finds: a table that refuses is named with its reason, a
table without rows is not on the page and is pointed to through its section.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib import figures
from analysis_lib.payload import Payload
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table

if TYPE_CHECKING:
    from analysis_lib.report.sections import Section

NOTES = "notes: "  # before the heading of an authors' box
JOINT_NOTES = "04 Joint display"
_ON_EVERY_PAGE = {
    "cover": ("Cover", "main"),
    "summary": ("Summary", "summary"),
    "limits": ("Limits", "limits"),
    "methods": ("Methods text", "methods"),
    "run_record": ("Provenance", "provenance"),
}

# Tables that stand beside what a payload is about.
_BESIDE = ("groups", "agreement", "base", "strata")


@dataclass(frozen=True)
class Place:
    """A place that a link leads to.

    Parameters
    ----------
    label
        ``Table 3.1``, or the name of a section.
    anchor
        Id of the element on the page.
    """

    label: str
    anchor: str


@dataclass(frozen=True)
class Standing:
    """One payload on the page.

    Parameters
    ----------
    place
        Where it stands.
    refused
        Why it says nothing; empty where it says something.
    payload
        The payload; None for a part that every page has.
    """

    place: Place
    refused: str = ""
    payload: Payload | None = None


def standings(
    sections: Sequence[Section], numbers: Mapping[tuple[str, int], str]
) -> dict[str, tuple[Standing, ...]]:
    """Template -> where it stands, in the order of the page.

    Parameters
    ----------
    sections
        One per notebook, with payloads that have passed the door.
    numbers
        Numbers of tables and figures, from :func:`analysis_lib.report.sections.numbers`.

    Returns
    -------
    dict
        The authors' boxes stand under ``notes: `` and their heading, as long as something is written in them; parts
        that every page has under their names.
    """
    found: dict[str, list[Standing]] = {
        name: [Standing(Place(*place))] for name, place in _ON_EVERY_PAGE.items()
    }
    for section in sections:
        whole = Place(f"Part {section.number.lstrip('0')}", f"section-{section.number}")
        for i, part in enumerate(section.parts):
            if isinstance(part, str):
                continue
            if part.template in _ON_EVERY_PAGE:
                at = Place(*_ON_EVERY_PAGE[part.template])
                found[part.template] = [Standing(at, payload=part)]
                continue
            number = numbers.get((section.number, i), "")
            why = why_empty(part)
            at = Place(number, anchor_of(number)) if number and not why else whole
            for heading in _headings_written(part):
                limits = "limits" in heading.casefold()
                place = Place(*_ON_EVERY_PAGE["limits"]) if limits else at
                found.setdefault(f"{NOTES}{heading}", []).append(Standing(place))
            if part.shape != "prose":
                found.setdefault(part.template, []).append(Standing(at, why, part))
    return {template: tuple(places) for template, places in found.items()}


def best(places: Sequence[Standing]) -> Standing | None:
    """Where to send a reader: a table or figure that says something, else whatever does, else a refusal."""
    return min(places, key=lambda one: (bool(one.refused), one.place.label.startswith("Part")), default=None)


def _headings_written(part: Payload) -> list[str]:
    """Headings of author_notes.md under which the authors wrote what this payload shows."""
    if part.shape == "prose":
        return [part.facts["heading"]] if part.facts["text"].strip() else []
    read = [part.tables[name].frame for name in ("readings", "boxes") if name in part.tables]
    return [JOINT_NOTES] if any(frame["reading"].fillna("").ne("").any() for frame in read) else []


def anchor_of(number: str) -> str:
    """Id of a numbered table or figure on the page.

    >>> anchor_of("Table 3.12")
    'table-3-12'
    """
    return number.lower().replace(" ", "-").replace(".", "-")


def why_empty(payload: Payload) -> str:
    """Why a payload says nothing; empty where it says something.

    Only the finished table or sentences tell. They are made where a reason stands somewhere in the payload; one that
    has rows and no reason has something to say.
    """
    if payload.shape == "figure":
        return figures.can_draw(payload) or ""
    if payload.shape in ("card", "prose") or not payload.tables:
        return ""
    reasons = list(filter(None, _reasons(payload)))
    beside = [name for name in _BESIDE if name != payload.template]
    rows = any(table.rows for name, table in payload.tables.items() if name not in beside)
    if rows and (payload.shape == "joint_display" or not (reasons or "stated_event" in payload.facts)):
        return ""
    why = _shown_instead(payload) if rows else str(payload.facts.get("reason") or "")
    if rows and not why:
        return ""
    return (why or next(iter(reasons), "there is nothing to count")).removesuffix(".")


def _shown_instead(payload: Payload) -> str:
    """What a finished table or sentences say in place of numbers; empty where they hold any."""
    if payload.shape == "table":
        rows = format_table(payload).rows
        if any(len(row.cells) > 1 for row in rows):
            return ""
        shown = [cell.text for row in rows for cell in row.cells]
    else:
        found = sentences(payload)
        if any(sentence.kind != "refusal" for sentence in found):
            return ""
        shown = [sentence.text for sentence in found]
    return str(payload.facts.get("reason") or next(iter(shown), "there is nothing to count"))


def _reasons(payload: Payload) -> Iterator[str]:
    """Every reason that a payload gives, its own first."""
    yield str(payload.facts.get("reason") or "")
    for table in payload.tables.values():
        if "reason" in table.kinds:
            at = list(table.kinds).index("reason")
            yield from (str(row[at] or "") for row in table.rows)
