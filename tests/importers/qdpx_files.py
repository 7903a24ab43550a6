"""REFI-QDA files made in a test: only what a test is about has to be said."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

PROJECT = 'xmlns="urn:QDA-XML:project:1.0"'


def guid(number: int) -> str:
    """A GUID that can be told from the others."""
    return str(UUID(int=number))


ALICE, BOB = guid(1), guid(2)
CODE, CHILD, OTHER = guid(11), guid(12), guid(13)
SOURCE = guid(21)
CODES = (
    f'<Code guid="{CODE}" name="alliance" isCodable="true">'
    f'<Code guid="{CHILD}" name="rupture" isCodable="true"/></Code>'
    f'<Code guid="{OTHER}" name="rupture" isCodable="true"/>'
)
USERS = f'<User guid="{ALICE}" name="alice"/><User guid="{BOB}" name="bob"/>'


def coding(number: int = 500, code: str = CODE, user: str = ALICE, time: str = "2024-06-10T09:00:00Z") -> str:
    who = f" creatingUser={quoteattr(user)}" if user else ""
    when = f" creationDateTime={quoteattr(time)}" if time else ""
    return f'<Coding guid="{guid(number)}"{who}{when}><CodeRef targetGUID={quoteattr(code)}/></Coding>'


def selection(
    start: object,
    end: object,
    inside: str | None = None,
    *,
    number: int = 100,
    name: str = "",
    more: str = "",
) -> str:
    """A selection with one coding of its own number, unless its inside is given."""
    inside = coding(number + 1000) if inside is None else inside
    return (
        f'<PlainTextSelection guid="{guid(number)}" startPosition="{start}" endPosition="{end}"'
        f" name={quoteattr(name, {chr(10): '&#10;', chr(13): '&#13;'})} {more}>{inside}</PlainTextSelection>"
    )


def text_source(
    inside: str = "",
    *,
    key: str = SOURCE,
    name: str = "P01.txt",
    path: str | None = "internal://one.txt",
    more: str = "",
) -> str:
    where = f" plainTextPath={quoteattr(path)}" if path else ""
    return f'<TextSource guid="{key}" name={quoteattr(name)}{where} {more}>{inside}</TextSource>'


def project(
    sources: str = "", *, codes: str = CODES, cases: str = "", rest: str = "", variables: str = ""
) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Project name="p" origin="by hand" {PROJECT}><Users>{USERS}</Users>'
        f"<CodeBook><Codes>{codes}</Codes></CodeBook><Variables>{variables}</Variables><Cases>{cases}</Cases>"
        f"<Sources>{sources}</Sources>{rest}</Project>"
    )


def pack(
    path: Path, xml: str | bytes, texts: Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]] = (), *,
    qde: str = "project.qde",
) -> Path:  # fmt: skip
    """Write a .qdpx; texts stand under their name in the archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(qde, xml if isinstance(xml, bytes) else xml.encode())
        for name, text in dict(texts).items():
            archive.writestr(name, text if isinstance(text, bytes) else text.encode())
    return path


def escaped(text: str) -> str:
    return escape(text)
