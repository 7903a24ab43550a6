"""Which items of each reporting standard does this report meet, and which are left to the authors?

The items are data (``data_schema/checklists``). An item is met by what stands on the page, by what the team wrote under
``reporting:`` in study.yaml, or by an author; or it does not apply, with the reason. Complete reporting is not the same
as quality.

References: APA 2020, JARS; O'Cathain et al. 2008 (GRAMMS); Tong et al. 2007 (COREQ); O'Brien et al. 2014 (SRQR);
von Elm et al. 2007 (STROBE); Collins et al. 2024 (TRIPOD+AI); Braun & Clarke 2024 (RTARG).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml

from analysis_lib.payload import Payload
from analysis_lib.report.places import NOTES, Place, Standing, best
from analysis_lib.schema import DATA_SCHEMA

FOLDER = DATA_SCHEMA / "checklists"
NOT_QUALITY = "Complete reporting is not the same as quality."
MANUSCRIPT = "manuscript"  # an item that belongs into the article and not into this report

Status = Literal["auto", "study", "author", "not_applicable"]
STATUSES: dict[Status, str] = {
    "auto": "In this report",
    "study": "From study.yaml",
    "author": "Author must write",
    "not_applicable": "Not applicable",
}


@dataclass(frozen=True)
class Item:
    """One item of a checklist with what meets it.

    Parameters
    ----------
    id, section, asks
        Number in the standard, its part of an article, and what it asks in our words.
    status
        ``auto`` and ``study`` are complete; ``author`` has something left.
    places
        Where the report says it.
    texts
        (key of ``reporting:``, what the team wrote there).
    note
        What is refused, what is left, or why the item does not apply; empty for nothing.
    missing
        Keys of ``reporting:`` that would bring it further.
    only_keys
        Whether those keys alone would complete it.
    """

    id: str
    section: str
    asks: str
    status: Status
    places: tuple[Place, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    note: str = ""
    missing: tuple[str, ...] = ()
    only_keys: bool = False


@dataclass(frozen=True)
class Checklist:
    """One standard, filled as far as this report goes.

    Parameters
    ----------
    key
        Name of its file, also its anchor on the page.
    standard, title, version, citation
        Short name, full name, version, and key in references.yaml.
    checked
        How the item list was checked, and whose words it uses.
    reason
        Why the whole list does not apply; empty where it does.
    """

    key: str
    standard: str
    title: str
    version: str
    citation: str
    checked: str
    items: tuple[Item, ...]
    reason: str = ""

    @property
    def counts(self) -> dict[Status, int]:
        """How many items have each status."""
        found = Counter(item.status for item in self.items)
        return {status: found[status] for status in STATUSES}


@dataclass(frozen=True)
class OpenKey:
    """A key of ``reporting:`` that nobody filled.

    Parameters
    ----------
    completes
        How many items it would complete by itself.
    helps
        How many items wait for it, those included.
    """

    key: str
    completes: int
    helps: int


@dataclass(frozen=True)
class _Known:
    """What an item is held against."""

    standing: Mapping[str, tuple[Standing, ...]]
    reporting: Mapping[str, str]
    situation: Mapping[str, str]
    facts: Mapping[str, Any]
    manuscript: Mapping[str, str] = field(default_factory=dict)


def fill_checklists(standing: Mapping[str, tuple[Standing, ...]], *, cover: Payload) -> tuple[Checklist, ...]:
    """Every checklist, filled from what this report holds.

    Parameters
    ----------
    standing
        What stands where, from :func:`analysis_lib.report.places.standings`.
    cover
        The wave's ``cover`` card, whose facts hold ``reporting:`` of study.yaml.
    """
    reporting = cover.facts.get("reporting") or {}
    known = _Known(
        standing,
        flat(reporting),
        situation(cover),
        cover.facts,
        reporting.get(MANUSCRIPT, {}),
    )
    return tuple(_filled(key, raw, known) for key, raw in standards().items())


def checklist_rows(checklists: Sequence[Checklist]) -> pd.DataFrame:
    """One row per item, for ``checklists.csv``.

    Columns are ``checklist, version, item, section, asks, status, places, from_study, note``.
    """
    rows = [
        {
            "checklist": checklist.standard,
            "version": checklist.version,
            "item": item.id,
            "section": item.section,
            "asks": item.asks,
            "status": item.status,
            "places": "; ".join(place.label for place in item.places),
            "from_study": "; ".join(key for key, _ in item.texts),
            "note": item.note,
        }
        for checklist in checklists
        for item in checklist.items
    ]
    return pd.DataFrame(rows)


def open_keys(checklists: Sequence[Checklist]) -> tuple[OpenKey, ...]:
    """Keys of ``reporting:`` that would fill open items, those that complete the most first."""
    completes: Counter[str] = Counter()
    helps: Counter[str] = Counter()
    for checklist in checklists:
        for item in checklist.items:
            helps.update(item.missing)
            if item.only_keys and len(item.missing) == 1:
                completes.update(item.missing)
    found = [OpenKey(key, completes[key], n) for key, n in helps.items()]
    return tuple(sorted(found, key=lambda key: (-key.completes, -key.helps, key.key)))


@cache
def standards() -> dict[str, dict[str, Any]]:
    """File name without ending -> content of each checklist in use, in the order of the report.

    A file with ``superseded_by`` is kept for older reports and no longer in use.
    """
    raw = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in _files()}
    in_use = {key: one for key, one in raw.items() if "superseded_by" not in one}
    return dict(sorted(in_use.items(), key=lambda one: one[1]["order"]))


def _files() -> list[Path]:
    return sorted(FOLDER.glob("*.yaml"))


def situation(cover: Payload) -> dict[str, str]:
    """What decides whether an item applies.

    Returns
    -------
    dict
        Settings of the study; ``interviews`` (yes, no, unknown), ``groups`` (none, one, several) and ``look`` (first,
        later).
    """
    facts = cover.facts
    modes = (facts.get("reporting") or {}).get("collection_mode", [])
    spoken = {"interview", "focus_group"} & set(modes)
    filled = [row for row in cover.tables["groups"].rows if row[-1] != 0]  # a withheld number is not 0
    return {
        "tradition": facts["tradition"],
        "claim": facts["claim"],
        "design": facts["design"],
        "repeated": facts.get("repeated", "independent"),
        "theme_timing": facts["theme_timing"],
        "interviews": "yes" if spoken else ("no" if modes else "unknown"),
        "groups": ("none", "one")[len(filled)] if len(filled) < 2 else "several",
        "look": "first" if facts["look"] == 1 else "later",
    }


def flat(reporting: Mapping[str, Any]) -> dict[str, str]:
    """What the team wrote, by the path of its key; empty texts and places in a manuscript left out.

    >>> flat({"aims": {"mixed": "Both."}, "collection_mode": ["open_text"], "manuscript": {"COREQ 1": "p. 3"}})
    {'aims.mixed': 'Both.', 'collection_mode': 'open text'}
    """
    return dict(_flat(reporting, ""))


def _flat(block: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for key, value in block.items():
        path = f"{above}{key}"
        if path == MANUSCRIPT:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}.")
        elif isinstance(value, list):
            listed = "; ".join(map(_entry, value))
            if listed:
                yield path, listed
        elif str(value).strip():
            yield path, str(value).strip()


def _entry(value: Any) -> str:
    """An entry of a list in words."""
    if isinstance(value, Mapping):
        first, *rest = [str(text) for text in value.values()]
        return f"{first}: {', '.join(rest)}" if rest else first
    return str(value).replace("_", " ")


def _filled(key: str, raw: Mapping[str, Any], known: _Known) -> Checklist:
    reason = _does_not_apply(raw.get("not_applicable", []), known)
    items = tuple(_item(one, raw["standard"], reason, known) for one in raw["items"])
    return Checklist(
        key,
        raw["standard"],
        raw["title"],
        str(raw["version"]),
        raw["citation"],
        " ".join((raw["checked"], raw["wording"])),
        items,
        reason,
    )


def _item(raw: Mapping[str, Any], standard: str, whole: str, known: _Known) -> Item:
    """One item with its status; ``whole`` is why the whole list does not apply."""
    same = (str(raw["id"]), raw["section"], raw["asks"])
    reason = whole or _does_not_apply(raw.get("not_applicable", []), known)
    if reason:
        return Item(*same, "not_applicable", note=_sentence(reason))
    stands, refused = _on_page(raw.get("auto", []), known)
    keys = raw.get("study", [])
    texts = tuple((key, known.reporting[key]) for key in keys if key in known.reporting)
    missing = tuple(key for key in keys if key not in known.reporting)
    places = tuple(dict.fromkeys(one.place for one in stands))
    said = known.manuscript.get(f"{standard} {raw['id']}", "")
    if said:
        return Item(*same, "study", places, (*texts, (MANUSCRIPT, said)))
    absent = bool(raw.get("auto")) and not stands
    heading = raw.get("author", "")
    if not absent and not missing and not heading:
        return Item(*same, "study" if keys else "auto", places, texts, refused)
    written = best(known.standing.get(f"{NOTES}{heading}", ()))
    if written is not None and written.place not in places:
        places += (written.place,)
    left = " ".join(filter(None, (refused, *_left(raw, missing, absent, written is not None))))
    return Item(*same, "author", places, texts, left, missing, not absent and not heading)


def _left(raw: Mapping[str, Any], missing: Sequence[str], absent: bool, written: bool) -> Iterator[str]:
    """What somebody has to do, in sentences."""
    heading = raw.get("author", "")
    if missing:
        keys = ", ".join(f"reporting.{key}" for key in missing)
        yield f"To fill in study.yaml: {keys}."
    if absent:
        yield "The analysis that would show it is not in this report."
    if heading == MANUSCRIPT:
        yield "To write in the manuscript."
    elif heading and written:
        yield f"The authors wrote under “{heading}”: check that it answers this."
    elif heading:
        yield f"To write in author_notes.md under “{heading}”."


def _on_page(templates: Sequence[str], known: _Known) -> tuple[list[Standing], str]:
    """Where an item is met, the first place of each template, and what is refused there.

    A refusal answers an item where nothing else does: that an analysis was not run, and why, is what a reader needs.
    """
    found = []
    for name in templates:
        fact = name.removeprefix("cover.")
        if name == fact:
            here = best(known.standing.get(name, ()))
            found += [here] if here else []
        elif known.facts.get(fact) not in (None, "", []):
            found += known.standing["cover"]
    speaking = [one for one in found if not one.refused]
    refused = dict.fromkeys(f"{one.refused[:1].lower()}{one.refused[1:]}" for one in found if one.refused)
    return speaking or found[:1], f"Refused: {'; '.join(refused)}." if refused else ""


def _does_not_apply(rules: Sequence[Mapping[str, Any]], known: _Known) -> str:
    """Reason of the first rule that holds; empty where none does."""
    for rule in rules:
        if all(known.situation[name] in _listed(values) for name, values in rule["when"].items()):
            return str(rule["reason"])
    return ""


def _listed(values: Any) -> list[str]:
    return values if isinstance(values, list) else [values]


def _sentence(text: str) -> str:
    """Words as a sentence of their own."""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
