"""What stands in the XML of a REFI-QDA project or codebook, one part after the other?

The file is parsed as it is read and handed on in parts: a code with the codes below it, a source with its
selections, a case. No part outlives its use, so that memory does not grow with the file. There are no definitions,
no entities and no other files; what could exhaust the machine is refused.

References: REFI-QDA standard 1.5 (2019); XML 1.0, 5th edition.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from xml.etree.ElementTree import Element
from xml.parsers import expat

from analysis_lib.errors import StudyError
from analysis_lib.readers.table import Rule
from analysis_lib.readers.workbook import MAX_XML_BYTES

MAX_ELEMENTS = 600_000  # some 200,000 codings, which take 600 MB until they are written
MAX_DEPTH = 500  # codes nest; nothing else is deeper than ten
MAX_PART_BYTES = 32 * 1024**2
MAX_TAG_BYTES = 2 * 1024**2

BAD_XML = Rule(
    "M05",
    "stop",
    "The XML of the project is damaged or incomplete.",
    "Export the project once more; do not edit its XML by hand.",
)
DEFINITIONS = Rule(
    "M06",
    "stop",
    "The XML of the project has definitions (a DOCTYPE), which no coding program writes.",
    "Do not use this file; ask whoever sent it for a new export.",
)
TOO_LARGE = Rule(
    "M07",
    "stop",
    "The XML of the project is larger, or deeper, than can be read.",
    "Export a part of the project, one wave for instance.",
)
NO_REFI = Rule(
    "M08",
    "stop",
    "The file is XML, but neither a REFI-QDA project nor a REFI-QDA codebook.",
    "Export the project as .qdpx, or the codebook as .qdc.",
)

_NAMESPACES = ("urn:QDA-XML:project:", "urn:QDA-XML:codebook:")
_CONTAINERS = frozenset(
    ("Project", "CodeBook", "Codes", "Users", "Variables", "Cases", "Sources", "Notes", "Links", "Sets", "Graphs")
)  # fmt: skip
_WITH_TEXT = frozenset(
    ("Description", "PlainTextContent", "TextValue", "BooleanValue", "IntegerValue", "FloatValue", "DateValue",
     "DateTimeValue")
)  # fmt: skip
_COUNTED = frozenset(
    ("Code", "Case", "Variable", "Note", "Link", "Graph", "Set", "TextSource", "PictureSource",
     "PDFSource", "AudioSource", "VideoSource")
)  # fmt: skip

Part = tuple[str, Element]


def parts(chunks: Iterable[bytes], *, shown_as: str, tally: Counter[tuple[str, str]]) -> Iterator[Part]:
    """Parse XML and yield the name of the container and the element, for every element in a container.

    The root comes first, in the container ``""`` and with its attributes only. Names are without namespace; an
    element of a foreign namespace is named ``"?"``. Text is kept where the format has text.

    Parameters
    ----------
    tally
        Is given how often each kind of element stands in each container directly below the root, kept or not;
        ``coded`` is how often a code is given to something.

    Raises
    ------
    StudyError
        M05 to M08.
    """
    reader = _Reader(shown_as, tally)
    for chunk in _without_mark(chunks):
        reader.feed(chunk)
        yield from reader.ready
        reader.ready.clear()
    reader.finish()
    yield from reader.ready


def _without_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Take any byte order marks of UTF-8 off the start; some programs write two."""
    first = True
    for chunk in chunks:
        begun = chunk
        while first and begun.startswith(codecs.BOM_UTF8):
            begun = begun[len(codecs.BOM_UTF8) :]
        first = False
        yield begun


class _Reader:
    """One pass over the XML."""

    def __init__(self, shown_as: str, tally: Counter[tuple[str, str]]) -> None:
        self.ready: list[Part] = []
        self._shown_as = shown_as
        self._tally = tally
        self._open: list[Element] = []
        self._containers = 0  # how many of the open elements are containers
        self._namespace = ""
        self._top = ""
        self._pieces: list[str] = []
        self._elements = self._fed = self._part_began = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, chunk: bytes) -> None:
        self._fed += len(chunk)
        if self._fed > MAX_XML_BYTES:
            self._refuse(f"at most {MAX_XML_BYTES // 1024**2} MB of XML")
        self._parse(lambda: self._parser.Parse(chunk, False))
        # An unfinished tag is scanned again with every chunk, which takes quadratic time.
        if self._fed - max(self._parser.CurrentByteIndex, 0) > MAX_TAG_BYTES:
            self._refuse("tags shorter than 1 MB")

    def finish(self) -> None:
        self._parse(lambda: self._parser.Parse(b"", True))

    def _parse(self, parse: Callable[[], int]) -> None:
        try:
            parse()
        except (expat.ExpatError, LookupError, ValueError):  # also an encoding that nobody knows
            rule = BAD_XML if self._namespace or not self._elements else NO_REFI
            raise StudyError(rule.at(self._shown_as)) from None

    def _start(self, full: str, attributes: dict[str, str]) -> None:
        namespace, _, name = full.rpartition(" ")
        self._elements += 1
        if not self._open:
            if not namespace.startswith(_NAMESPACES) or name not in ("Project", "CodeBook"):
                raise StudyError(NO_REFI.at(self._shown_as))
            self._namespace = namespace
            self.ready.append(("", Element(name, attributes)))
        elif namespace != self._namespace:
            name = "?"
        depth = len(self._open)
        if depth == 1 or (depth == 0 and name == "CodeBook"):
            self._top = name
        if name in _COUNTED:
            self._tally[self._top, name] += 1
        if self._elements > MAX_ELEMENTS:
            self._refuse(f"at most {MAX_ELEMENTS} elements")
        if depth >= MAX_DEPTH:
            self._refuse(f"at most {MAX_DEPTH} elements inside each other")
        element = Element(name, attributes)
        if self._containers == depth:
            self._part_began = self._parser.CurrentByteIndex
            self._containers += name in _CONTAINERS
        else:
            self._open[-1].append(element)
            if self._parser.CurrentByteIndex - self._part_began > MAX_PART_BYTES:
                self._refuse(f"at most {MAX_PART_BYTES // 1024**2} MB of XML in one source")
        self._open.append(element)
        self._pieces.clear()

    def _end(self, _: str) -> None:
        element = self._open.pop()
        if element.tag in _WITH_TEXT:
            element.text = "".join(self._pieces)
        self._pieces.clear()
        if element.tag == "Coding":
            self._tally[self._top, "coded"] += max(1, sum(child.tag == "CodeRef" for child in element))
        if self._containers > len(self._open):
            self._containers -= 1
        elif self._containers == len(self._open):
            self.ready.append((self._open[-1].tag if self._open else "", element))

    def _text(self, data: str) -> None:
        if self._open and self._open[-1].tag in _WITH_TEXT:
            self._pieces.append(data)

    def _doctype(self, *_: object) -> None:
        raise StudyError(DEFINITIONS.at(self._shown_as))

    def _refuse(self, allowed: str) -> None:
        raise StudyError(TOO_LARGE.at(self._shown_as, allowed=allowed))
