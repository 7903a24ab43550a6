"""How does REFI-QDA write what every part of its files shares: identities, days, text, XML and the archive?

Nothing in here knows a study. Whatever is written twice is written the same way twice, to the byte.

References: REFI-QDA standard 1.5 (2019); XML 1.0, 5th edition, on characters; RFC 9562 on name-based UUIDs.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Literal
from xml.etree import ElementTree as ET

import pandas as pd

from analysis_lib.errors import Finding, StudyError

Kind = Literal["code", "coder", "participant", "document", "segment", "variable"]
Guids = Mapping[tuple[Kind, str], str]  # kind and id in the study -> GUID in another program

_NAMESPACE = uuid.UUID("5d0a3c9e-7f0e-5c57-9c3a-6f0f5b6f3f21")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Identities:
    """The GUID of everything: the one that is given, else one made of names.

    Parameters
    ----------
    study, wave
        Names of which GUIDs are made.
    given
        GUIDs to keep.

    Raises
    ------
    StudyError
        If something that is given is no GUID, or one GUID is given twice.
    """

    def __init__(self, study: str, wave: str, given: Guids) -> None:
        self._study, self._wave = study, wave
        self._given: dict[tuple[str, str], str] = {
            key: guid.strip("{} ").lower() for key, guid in given.items()
        }
        bad = sum(not _GUID.fullmatch(guid) for guid in self._given.values())
        if bad:
            what = f"{bad} of the GUIDs to keep are none."
            fix = "Write 32 hexadecimal digits as 8-4-4-4-12."
            raise StudyError(Finding("stop", "M85", "guids", what, fix))
        twice = len(self._given) - len(set(self._given.values()))
        if twice:
            what = f"{twice} of the GUIDs to keep stand for more than one thing."
            fix = "Give each thing a GUID of its own."
            raise StudyError(Finding("stop", "M86", "guids", what, fix))

    def __call__(self, kind: str, name: str, *, of_wave: bool = False) -> str:
        """The GUID of one thing; ``of_wave`` where another wave may have another thing of this id."""
        if (kind, name) in self._given:
            return self._given[kind, name]
        wave = self._wave if of_wave else ""
        return str(uuid.uuid5(_NAMESPACE, "\n".join((self._study, wave, kind, name))))


def append_list(root: ET.Element, name: str, children: Iterable[ET.Element]) -> None:
    """A list of the standard, which must not be empty where it is there."""
    element = ET.Element(name)
    element.extend(children)
    if len(element):
        root.append(element)


def describe(parent: ET.Element, text: str) -> None:
    """Give an element its description, which the caller adds where the standard wants it."""
    ET.SubElement(parent, "Description").text = plain(text)


def origin() -> str:
    """Which program has written this."""
    return f"Themewave {version('themewave')}"


def moment(day: object) -> str:
    """A day as the dateTime that the standard asks for; no time of day is known."""
    return f"{pd.Timestamp(str(day)).date().isoformat()}T00:00:00Z"


def plain(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def written(root: ET.Element) -> bytes:
    """XML in UTF-8 without a byte order mark, indented where that adds nothing to any text."""
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def zipped(entries: Mapping[str, bytes]) -> bytes:
    """Entries in their order, stored, with one time for all."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, content)
    return file.getvalue()
