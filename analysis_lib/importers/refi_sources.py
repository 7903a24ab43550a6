"""What does one source of a REFI-QDA project hold: which texts, which selections, and who coded them with what?

Text documents, the text layer of a PDF, the description of a picture and transcripts are read alike. What is coded
without a text (an area of a page, a stretch of a recording) is kept without a place.

References: REFI-QDA standard 1.5 (2019).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element

from analysis_lib.importers.ledger import Entry, Ledger, normalised_guid
from analysis_lib.importers.refi_texts import PlainText, Texts

SOURCES = ("TextSource", "PDFSource", "PictureSource", "AudioSource", "VideoSource")
Place = Literal["text", "area", "whole", "nowhere"]

_WITH_TEXT = ("Representation", "TextDescription", "Transcript")
_AREAS = ("PDFSelection", "PictureSelection", "AudioSelection", "VideoSelection")
_WHERE = ("page", "firstX", "firstY", "secondX", "secondY", "begin", "end")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)

NO_SUCH_POINT = Entry(
    "dropped", "codings", "Codings of transcripts whose synchronisation points are missing from the file."
)
NO_NUMBERS = Entry(
    "dropped", "codings", "Codings of selections whose start or end is missing or no whole number."
)
SEVERAL_TEXTS = Entry(
    "read",
    "sources",
    "Recordings with several transcripts: each further one was read as a source of its own.",
)
SEVERAL_CODES = Entry("read", "codings", "Codings that name several codes were read as one coding per code.")
TWIN_SOURCES = Entry(
    "guessed",
    "sources",
    "Several sources have the same GUID; links to it were taken to mean the first of them.",
)
NO_TIME = Entry("not carried", "codings", "Times of coding that are no dates were left out.")


class RawCoding(NamedTuple):
    """A code on a selection, as it stands in the file; ``lent`` names what was taken from the source."""

    guid: str
    code: str
    user: str
    time: str
    lent: tuple[str, ...]


@dataclass(slots=True)
class RawSelection:
    """A selection, before anybody knows how its positions were counted.

    Parameters
    ----------
    area
        Where on a page or in a recording, for telling areas apart; empty for text.
    """

    guid: str
    place: Place
    start: int = -1
    end: int = -1
    quoted: str = ""
    memo: str = ""
    area: tuple[str, ...] = ()
    codings: tuple[RawCoding, ...] = ()


@dataclass(slots=True)
class RawSource:
    """A source with one text or none.

    Parameters
    ----------
    key
        Its GUID; with a number behind it where the file uses one twice.
    aliases
        GUIDs by which links may mean it.
    """

    key: str
    guid: str
    name: str
    plain: PlainText
    values: list[Element]
    aliases: list[str] = field(default_factory=list)
    selections: list[RawSelection] = field(default_factory=list)


class Owner(NamedTuple):
    """Who and when, as a source says it: the last resort for its codings."""

    user: str
    time: str


def read_source(
    element: Element, position: int, texts: Texts, ledger: Ledger, taken: set[str]
) -> list[RawSource]:
    """Read one source of the XML: itself, and one more for every further text that it has.

    Parameters
    ----------
    position
        Of the source in the file, from 1; stands in for a missing GUID.
    taken
        Keys that are in use; is added to.
    """
    guid = normalised_guid(element.get("guid"))
    key = guid or f"source {position}"
    if key in taken:
        ledger.note(TWIN_SOURCES, guid, confidence=0.5)
        key = f"{guid} {position}"
    taken.add(key)
    below = [child for child in element if child.tag in _WITH_TEXT]
    below += [child for area in element if area.tag in _AREAS for child in area if child.tag in _WITH_TEXT]
    holders = [element, *below] if element.tag == "TextSource" else below
    owner = Owner(*_who_and_when(element))
    main = RawSource(
        key, guid, element.get("name", ""), _plain(holders[0] if holders else element, key, texts), []
    )
    main.values = element.findall("VariableValue")
    main.aliases = [guid] if key == guid else []
    found = [main]
    for holder in holders[1:]:
        ledger.note(SEVERAL_TEXTS, key)
        own = normalised_guid(holder.get("guid"))
        further = own if own and own not in taken else f"{key} {position}.{len(found) + 1}"
        taken.add(further)
        plain = _plain(holder, further, texts)
        found.append(RawSource(further, own, main.name, plain, main.values, [*main.aliases]))
    main.selections += _selections(element, owner, ledger)
    for holder, source in zip(holders, found, strict=False):
        if holder is not element:
            source.aliases.append(normalised_guid(holder.get("guid")))
            source.selections += _selections(holder, owner, ledger)
    return found


def _plain(holder: Element, key: str, texts: Texts) -> PlainText:
    content = holder.find("PlainTextContent")
    return texts.find(holder.get("plainTextPath"), None if content is None else content.text or "", key)


def _selections(holder: Element, owner: Owner, ledger: Ledger) -> Iterable[RawSelection]:
    """Every selection directly below an element, and the codings of the element itself as one of the whole."""
    points = {
        normalised_guid(point.get("guid")): point.get("position")
        for point in holder
        if point.tag == "SyncPoint"
    }
    whole = tuple(_codings(holder, None, owner, ledger))
    if whole:
        yield RawSelection("", "whole", codings=whole)
    for child in holder:
        if child.tag == "PlainTextSelection":
            ends = child.get("startPosition"), child.get("endPosition")
            yield _selection(child, ends, NO_NUMBERS, owner, ledger)
        elif child.tag == "TranscriptSelection":
            synced = [points.get(normalised_guid(child.get(end))) for end in ("fromSyncPoint", "toSyncPoint")]
            yield _selection(child, (synced[0], synced[1]), NO_SUCH_POINT, owner, ledger)
        elif child.tag in _AREAS:
            found = _bare(child, "area", owner, ledger)
            where = tuple(child.get(name, "") for name in _WHERE)
            found.area = where if any(where) else (found.guid,)
            yield found


def _selection(
    element: Element, ends: tuple[str | None, str | None], problem: Entry, owner: Owner, ledger: Ledger
) -> RawSelection:
    found = _bare(element, "text", owner, ledger)
    start, end = map(_whole_number, ends)
    if start is None or end is None:
        found.place = "nowhere"
        ledger.note(problem, *(coding.guid for coding in found.codings))
    else:
        found.start, found.end = start, end
    return found


def _bare(element: Element, place: Place, owner: Owner, ledger: Ledger) -> RawSelection:
    description = element.find("Description")
    return RawSelection(
        normalised_guid(element.get("guid")),
        place,
        quoted=element.get("name", ""),
        memo="" if description is None else description.text or "",
        codings=tuple(_codings(element, element, owner, ledger)),
    )


def _codings(
    element: Element, selection: Element | None, owner: Owner, ledger: Ledger
) -> Iterable[RawCoding]:
    """Codings directly below an element; who and when from the nearest that says it."""
    own = ("", "") if selection is None else _who_and_when(selection)
    for coding in element:
        if coding.tag != "Coding":
            continue
        user, time = _who_and_when(coding)
        user, time = user or own[0], time or own[1]
        lent = tuple(
            what
            for what, said, there in (("user", user, owner.user), ("time", time, owner.time))
            if there and not said
        )
        time = time or owner.time
        guid = normalised_guid(coding.get("guid"))
        if time and not _MOMENT.fullmatch(time):
            ledger.note(NO_TIME, guid)
            time = ""
        codes = [normalised_guid(ref.get("targetGUID")) for ref in coding if ref.tag == "CodeRef"] or [""]
        if len(codes) > 1:
            ledger.note(SEVERAL_CODES, guid)
        for code in codes:
            yield RawCoding(guid, sys.intern(code), sys.intern(user or owner.user), time, lent)


def _who_and_when(element: Element) -> tuple[str, str]:
    user = normalised_guid(element.get("creatingUser") or element.get("modifyingUser"))
    time = element.get("creationDateTime") or element.get("modifiedDateTime") or ""
    return user, time.strip()


def _whole_number(text: str | None) -> int | None:
    stripped = (text or "").strip()
    return int(stripped) if stripped.isascii() and stripped.isdecimal() and len(stripped) <= 15 else None
