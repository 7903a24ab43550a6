"""Bad inputs: REFI-QDA projects that are damaged, hostile, or sound but for one thing."""

from __future__ import annotations

import random
import stat
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from importers.qdpx_files import (
    CHILD,
    CODE,
    CODES,
    SOURCE,
    coding,
    guid,
    pack,
    project,
    selection,
    text_source,
)

from bad_inputs.case import CANARY, Export

TEXT = f"The {CANARY} felt heard from the first session on. It ended too soon."  # felt 15-19, heard 20-25, ended 56-61
SMILE = "\N{SLIGHTLY SMILING FACE}"
FELT, HEARD, ENDED = (15, 19), (20, 25), (53, 58)
SOUND = selection(*HEARD, number=102)
Make = Callable[[Path], object]


def qdpx(xml: str | bytes, text: str | bytes = TEXT, **names: str) -> Make:
    """A project of one text."""
    return partial(_pack, xml=xml, text=text, **names)


def _pack(path: Path, *, xml: str | bytes, text: str | bytes, qde: str = "project.qde") -> None:
    pack(path, xml, {"sources/one.txt": text}, qde=qde)


def inside(spoilt: str, *, before: str = SOUND, text: str | bytes = TEXT, name: str = "P01.txt") -> Make:
    """A sound coding and one that is not, in one document."""
    return qdpx(project(text_source(before + spoilt, name=name)), text)


GOOD = project(text_source(SOUND))


def archive(entries: dict[str, bytes], *, link: str = "", encrypted: bool = False) -> Make:
    """A project with further entries in its archive."""

    def make(path: Path) -> None:
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            warnings.simplefilter("ignore")  # of zipfile, about a name that stands twice
            target.writestr("project.qde", GOOD)
            target.writestr("sources/one.txt", TEXT)
            for name, data in entries.items():
                target.writestr(name, data)
            if link:
                entry = zipfile.ZipInfo(link)
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
                target.writestr(entry, "/etc/passwd")
        if encrypted:
            data = bytearray(path.read_bytes())
            for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
                found = data.find(mark)
                while found >= 0:
                    data[found + at] |= 1
                    found = data.find(mark, found + 4)
            path.write_bytes(data)

    return make


def cut(keep: int) -> Make:
    """A project of which only the first bytes were copied."""

    def make(path: Path) -> None:
        qdpx(GOOD)(path)
        path.write_bytes(path.read_bytes()[:keep])

    return make


def lying(path: Path) -> None:
    """An archive that says an entry is smaller than it is."""
    qdpx(GOOD, TEXT * 1_000)(path)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)


def declared(doctype: str) -> Make:
    """A project with definitions."""
    return qdpx(GOOD.replace("<Project", f"{doctype}<Project", 1))


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
NOISE = random.Random(5).randbytes(1_800_000).hex()
DEEP = (
    "".join(f'<Code guid="{guid(1000 + n)}" name="c" isCodable="true">' for n in range(600)) + "</Code>" * 600
)
PDF = (
    f'<PDFSource guid="{guid(30)}" name="P01.pdf" path="internal://p.pdf">'
    f'<PDFSelection guid="{guid(31)}" page="1" firstX="0" firstY="0" secondX="9" secondY="9">{coding(32)}'
    "</PDFSelection></PDFSource>"
)
TWIN_PEOPLE = "".join(
    f'<Case guid="{guid(60 + n)}" name="{name}"><SourceRef targetGUID="{SOURCE}"/></Case>'
    for n, name in enumerate(("P01", "P02"))
)
MEMO = f'<Notes><Note guid="{guid(70)}"><PlainTextContent>{CANARY}</PlainTextContent>{selection(0, 3)}</Note></Notes>'
SOUND_16 = "".join(selection(a, b, number=200 + n) for n, (a, b) in enumerate([(3, 6), (7, 10), (11, 16)]))
CRLF_TEXT = "\r\n".join(f"line {CANARY} number {n:03d}" for n in range(40))
CRLF = "".join(
    selection(CRLF_TEXT.index(f"{n:03d}"), CRLF_TEXT.index(f"{n:03d}") + 3, number=300 + n)
    for n in range(0, 40, 4)
)

CASES = [
    # the archive
    Export("entry that leads out of the folder", "p.qdpx", archive({"../../evil.txt": b"x"}), "M04",
           ("lead out of it", "ask whoever sent it")),
    Export("entry with a full path", "p.qdpx", archive({"/etc/cron.d/evil": b"x"}), "M04", ("lead out of it",)),
    Export("entry that leads out with backslashes", "p.qdpx", archive({"sources\\..\\..\\evil.txt": b"x"}), "M04",
           ("lead out of it",)),
    Export("entry on another drive", "p.qdpx", archive({"C:/evil.txt": b"x"}), "M04", ("lead out of it",)),
    Export("entry that is a link", "p.qdpx", archive({}, link="sources/two.txt"), "M04", ("holds links",)),
    Export("entries that differ in capitals", "p.qdpx", archive({"Sources/ONE.TXT": b"x"}), "M04",
           ("differ only in capitals",)),
    Export("entry that stands twice", "p.qdpx", archive({"project.qde": b"<x/>"}), "M04", ("ask whoever sent it",)),
    Export("entry that grows a thousandfold", "p.qdpx", archive({"sources/a.bin": b"\0" * 8_000_000}), "M03",
           ("at most 200 times the packed size",)),
    Export("two thousand entries", "p.qdpx", archive({f"sources/{n}.txt": b"" for n in range(2_000)}), "M03",
           ("at most 2000 entries",)),
    Export("archive with a password", "p.qdpx", archive({}, encrypted=True), "M02", ("without a password",)),
    Export("archive of which half was copied", "p.qdpx", cut(400), "M02", ("Copy or download it again",)),
    Export("archive of which nothing was copied", "p.qdpx", b"", "M08", ("Export the project as .qdpx",)),
    Export("entry that is larger than it says", "p.qdpx", lying, "not carried sources", ("damaged",), codings=1),
    Export("text called .qdpx", "p.qdpx", f"the {CANARY}", "M08", ("Export the project as .qdpx",)),
    Export("archive without a project", "p.qdpx", qdpx(GOOD, qde="project.xml"), "M10", ("no project file",)),
    Export("two projects in one archive", "p.qdpx", archive({"other.qde": GOOD.encode()}), "M10",
           ("or more than one", "do not pack several")),
    Export("project in an archive in the archive", "p.qdpx", archive({"inner.qdpx": b"PK\x03\x04"}), "",
           codings=1),
    # the XML
    Export("definitions", "p.qdpx", declared("<!DOCTYPE Project>"), "M06", ("a DOCTYPE",)),
    Export("entities that grow without bound", "p.qdpx", declared(f'<!DOCTYPE Project [<!ENTITY l0 "x">{LAUGHS}]>'),
           "M06", ("Do not use this file",)),
    Export("entity that reads a file of this computer", "p.qdpx",
           declared('<!DOCTYPE Project [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "M06", ("a DOCTYPE",),
           never=("root:",)),
    Export("definitions from a network", "p.qdpx", declared('<!DOCTYPE Project SYSTEM "http://x.org/p.dtd">'), "M06",
           ("a DOCTYPE",)),
    Export("XML that ends too early", "p.qdpx", qdpx(GOOD[:-200]), "M05", ("damaged or incomplete",)),
    Export("XML edited by hand", "p.qdpx", qdpx(GOOD.replace("</Sources>", "</Source>")), "M05",
           ("do not edit its XML by hand",)),
    Export("attribute without end", "p.qdpx", qdpx(GOOD.replace('name="p"', f'name="{NOISE}"')), "M07",
           ("tags shorter than 1 MB",)),
    Export("codes inside each other without end", "p.qdpx", qdpx(project(text_source(SOUND), codes=DEEP)), "M07",
           ("at most 500 elements inside each other",)),
    Export("XML of something else", "p.qdpx", qdpx("<html><body/></html>"), "M08", ("neither a REFI-QDA project",)),
    Export("XML in an encoding that nobody knows", "p.qdpx", qdpx(GOOD.replace('encoding="utf-8"', 'encoding="x-y"')),
           "M05", ("damaged or incomplete",)),
    Export("XML that says UTF-16 and is UTF-8", "p.qdpx", qdpx(GOOD.replace('encoding="utf-8"', 'encoding="utf-16"')),
           "M05", ("damaged or incomplete",)),
    Export("half a character in the XML", "p.qdpx", qdpx(GOOD.encode().replace(b"by hand", b"\xed\xa0\xbd")), "M05",
           ("damaged or incomplete",)),
    Export("codebook in the place of a project", "p.qdc", project().replace(":project:", ":nothing:"), "M08",
           ("neither a REFI-QDA project",)),
    # texts
    Export("text that is not in the archive", "p.qdpx", qdpx(project(text_source(SOUND, path="internal://gone.txt"))),
           "not carried sources", ("nothing outside of it was opened",), codings=1),
    Export("text of this computer", "p.qdpx", qdpx(project(text_source(SOUND, path="absolute:///etc/passwd"))),
           "not carried sources", ("nothing outside of it was opened",), codings=1, never=("root:",)),
    Export("text above the folder", "p.qdpx", qdpx(project(text_source(SOUND, path="relative:///../../etc/passwd"))),
           "not carried sources", ("nothing outside of it was opened",), codings=1, never=("root:",)),
    Export("text on a network", "p.qdpx", qdpx(project(text_source(SOUND, path="http://x.org/one.txt"))),
           "", codings=1),
    Export("text that is not UTF-8", "p.qdpx", inside("", text=TEXT.replace("soon", "früh").encode("cp1252")),
           "guessed sources", ("read as Windows-1252",), codings=1),
    Export("text of bytes that are none", "p.qdpx", inside("", text=b"\x00\x81\x8d\xff" * 40), "not carried sources",
           ("damaged or in an unknown encoding",), codings=1),
    # places
    Export("coding past the end of its text", "p.qdpx", inside(selection(20, 9_000, coding(5))), "dropped codings",
           ("past the end",), codings=1),
    Export("coding before the beginning", "p.qdpx", inside(selection(-4, 12, coding(5))), "dropped codings", codings=1),
    Export("coding that ends before it begins", "p.qdpx", inside(selection(25, 20, coding(5))), "dropped codings",
           ("end before they begin",), codings=1),
    Export("coding of nothing", "p.qdpx", inside(selection(20, 20, coding(5))), "dropped codings", ("are empty",),
           codings=1),
    Export("place that is no number", "p.qdpx", inside(selection("first", "last", coding(5))), "dropped codings",
           ("no whole number",), codings=1),
    Export("place of four hundred digits", "p.qdpx", inside(selection("9" * 400, "9" * 401, coding(5))),
           "dropped codings", codings=1),
    Export("place inside of one character", "p.qdpx",
           qdpx(project(text_source(SOUND_16 + selection(1, 6, coding(5)))), f"{SMILE} one two three {CANARY} five"),
           "dropped codings", ("inside of one character",), codings=3),
    Export("places that cut every word", "p.qdpx",
           qdpx(project(text_source("".join(selection(6 + n, 12 + n, number=100 + n) for n in (0, 1, 12))))),
           "dropped codings", ("no way of counting",), n=3, codings=0),
    Export("places counted in lines of Windows", "p.qdpx", qdpx(project(text_source(CRLF)), CRLF_TEXT), "",
           codings=10),
    # codes, people, GUIDs
    Export("coding without a code", "p.qdpx", inside(selection(*FELT, f'<Coding guid="{guid(5)}"/>')),
           "dropped codings", codings=1),
    Export("coding with a code that does not exist", "p.qdpx", inside(selection(*FELT, coding(5, guid(99)))),
           "dropped codings", ("missing from the codebook",), codings=1),
    Export("the same coding twice", "p.qdpx", inside(selection(*HEARD, coding(1102), number=103)), "merged codings",
           ("repeat another one",), codings=1),
    Export("two codes with one GUID", "p.qdpx",
           qdpx(project(text_source(SOUND), codes=CODES + f'<Code guid="{CODE}" name="other" isCodable="true"/>')),
           "merged codes", ("cannot tell them apart",), codings=1),
    Export("two documents with one GUID", "p.qdpx",
           qdpx(project(text_source(SOUND) + text_source(selection(*FELT, number=107), name="P02.txt"))),
           "guessed sources", ("have the same GUID",), codings=2),
    Export("code without a name", "p.qdpx", qdpx(project(text_source(SOUND), codes=CODES.replace('"alliance"', '""'))),
           "read codes", ("without a name",), codings=1),
    Export("code with a name as long as an answer", "p.qdpx",
           qdpx(project(text_source(SOUND), codes=CODES.replace('"alliance"', f'"{CANARY * 200}"'))), "M96",
           ("answers stand in the place of codes", "at most 1000 characters")),
    Export("coder who is not listed", "p.qdpx", inside("", before=selection(*HEARD, coding(9, CHILD, guid(88)))),
           "orphaned codings", ("not listed in the file",), codings=1),
    Export("one document of two people", "p.qdpx", qdpx(project(text_source(SOUND), cases=TWIN_PEOPLE)),
           "dropped codings", ("belong to no case",), codings=0),
    Export("case that points at nothing", "p.qdpx",
           qdpx(project(text_source(SOUND), cases=f'<Case guid="{guid(60)}" name="P09"/>')), "orphaned cases",
           ("point at no document",), codings=0),
    Export("codings in memos", "p.qdpx", qdpx(project(text_source(SOUND), rest=MEMO)), "dropped codings",
           ("inside of memos",), codings=1),
    Export("codings of areas of a page", "p.qdpx", qdpx(project(text_source(SOUND) + PDF)), "read codings",
           ("without place and words",), codings=2),
    Export("document whose name is markup", "p.qdpx", inside("", name="<script>alert(1)</script>.txt"), "",
           codings=1, never=("<script>",)),
    Export("time that is none", "p.qdpx", inside("", before=selection(*HEARD, coding(9, time="yesterday"))),
           "not carried codings", ("no dates",), codings=1),
]  # fmt: skip
