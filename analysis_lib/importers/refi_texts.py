"""Where are the plain texts of a REFI-QDA project, and what do they say, character by character?

A text stands in the source folder of the archive or in the XML itself. Files outside of the archive are never
opened, whatever a path says.

References: REFI-QDA standard 1.5 (2019), on plain text and internal, relative and absolute paths.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from analysis_lib.errors import StudyError
from analysis_lib.importers.archive import Archive, plain_name
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.readers.table import Rule

MAX_HELD_BYTES = 192 * 1024**2
MAX_CHARACTERS = 4_000_000

TOO_MUCH_TEXT = Rule(
    "M09",
    "stop",
    "The project holds more text than can be read at once.",
    "Export a part of the project, one wave for instance.",
)
NOT_THERE = Entry(
    "not carried",
    "sources",
    "The text of these documents is not in the file (nothing outside of it was opened); their codings were kept.",
)
UNREADABLE = Entry(
    "not carried",
    "sources",
    "The text of these documents is damaged or in an unknown encoding; their codings were kept.",
)
NO_TEXT = Entry(
    "not carried",
    "sources",
    "These sources have no plain text (pictures, recordings, pages without a text layer).",
)
CP1252 = Entry(
    "guessed",
    "sources",
    "The text of these documents is not UTF-8, as the format demands; it was read as Windows-1252.",
)


@dataclass(frozen=True)
class PlainText:
    """A text as the file has it.

    Parameters
    ----------
    text
        Without its byte order mark, line ends kept; None where it cannot be had.
    bom
        It began with a byte order mark.
    from_xml
        It stood in the XML, whose reader has made one line feed of every line end.
    """

    text: str | None
    bom: bool = False
    from_xml: bool = False


class Texts:
    """The texts of one archive; ``None`` for XML that stands alone."""

    def __init__(self, archive: Archive | None, base: str, shown_as: str, ledger: Ledger) -> None:
        self._archive = archive
        self._base = base
        self._shown_as = shown_as
        self._ledger = ledger
        self._held = 0
        entries: Mapping[str, object] = archive.entries if archive else {}
        self._by_last_name: dict[str, str | None] = {}
        for name in entries:
            last = name.rpartition("/")[2]
            self._by_last_name[last] = None if last in self._by_last_name else name

    def find(self, path: str | None, content: str | None, guid: str) -> PlainText:
        """Return the text at a path of the XML, or what stands in the XML itself.

        Parameters
        ----------
        path
            ``plainTextPath`` of a source; None where it has none.
        content
            ``PlainTextContent`` of a source; None where it has none.
        guid
            Of the source, for remarks.
        """
        problem = None
        if path:
            name = self._entry(path)
            raw = self._archive.read(name) if self._archive and name else None
            found = self._decoded(raw, guid) if raw is not None else None
            if found is not None:
                return self._hold(found)
            problem = UNREADABLE if name else NOT_THERE
        if content is not None:
            return self._hold(PlainText(content.removeprefix("\ufeff"), content.startswith("\ufeff"), True))
        self._ledger.note(problem or NO_TEXT, guid)
        return PlainText(None)

    def hold(self, characters: int) -> None:
        """Count words that are kept beside the texts; stop where it becomes too much."""
        self._held += characters
        if self._held > MAX_HELD_BYTES:
            raise StudyError(
                TOO_MUCH_TEXT.at(self._shown_as, allowed=f"at most {MAX_HELD_BYTES // 1024**2} MB")
            )

    def _hold(self, found: PlainText) -> PlainText:
        if len(found.text or "") > MAX_CHARACTERS:
            allowed = f"at most {MAX_CHARACTERS} characters in one document"
            raise StudyError(TOO_MUCH_TEXT.at(self._shown_as, allowed=allowed))
        self.hold(sys.getsizeof(found.text))
        return found

    def _entry(self, path: str) -> str | None:
        """The name in the archive that a path means; None where there is none."""
        if self._archive is None:
            return None
        for written in (path, unquote(path)):
            name = plain_name(written)
            rest = name.partition("://")[2] if "://" in name else name
            rest = rest.lstrip("/")
            for guess in (f"{self._base}sources/{rest}", f"{self._base}{rest}"):
                if guess in self._archive.entries:
                    return guess
            if unique := self._by_last_name.get(rest.rpartition("/")[2]):
                return unique
        return None

    def _decoded(self, raw: bytes, guid: str) -> PlainText | None:
        for mark, encoding in (
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ):
            if raw.startswith(mark):
                text = _decode(raw[len(mark) :], encoding)
                return None if text is None else PlainText(text, bom=True)
        text = _decode(raw, "utf-8")
        if text is None and b"\0" not in raw and (text := _decode(raw, "cp1252")) is not None:
            self._ledger.note(CP1252, guid, confidence=0.7)
        return None if text is None else PlainText(text)


def _decode(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None
