"""What does a REFI-QDA project (.qdpx) or codebook (.qdc) hold?

The exchange format of the coding programs, read as they really write it: any name of the project file, both
spellings of the source folder, any version of the namespace, positions counted in any way, and cases, variables and
groups wherever a program puts them.

References: REFI-QDA standard 1.5 (2019); Evers, Caprioli, Noest and Wiedeman (2020), FQS 21(2), Art. 22.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from analysis_lib.errors import StudyError
from analysis_lib.importers.archive import CHUNK, DAMAGED, Archive, open_archive, require_file
from analysis_lib.importers.ledger import Entry, Ledger, normalised_guid
from analysis_lib.importers.project import Code, Project, Source, Span
from analysis_lib.importers.refi_cases import read_cases, read_variables, settle_cases, settle_sets
from analysis_lib.importers.refi_codings import Coded, coded
from analysis_lib.importers.refi_sources import SOURCES, RawSource, read_source
from analysis_lib.importers.refi_texts import Texts
from analysis_lib.importers.refi_xml import NO_REFI, TOO_LARGE, parts
from analysis_lib.readers.table import Rule

TITLE = (
    "REFI-QDA project (.qdpx) or codebook (.qdc), as MAXQDA, NVivo, ATLAS.ti, QualCoder and others export it"
)
CARRIES = (
    "codes with their tree and descriptions",
    "texts of the documents",
    "codings with place, coder and time",
    "cases and variables",
    "sets of documents",
)
LOSES = (
    "weights of codings",
    "memos, links between codes and graphs",
    "sets of codes",
    "what was read and not coded",
    "survey answers that NVivo holds as datasets",
    "links between cases and texts in projects that QualCoder exports",
)

MAX_CODES = 20_000
MAX_SOURCES = 20_000
MAX_USERS = 2_000

NO_PROJECT = Rule(
    "M10",
    "stop",
    "The archive has no project file (.qde), or more than one.",
    "Export the project as .qdpx once more, and do not pack several of them together.",
)

TWIN_CODES = Entry(
    "merged", "codes", "Codes with the GUID of an earlier code; codings cannot tell them apart."
)
CASE_CODES = Entry(
    "merged", "codes", "Codes with the GUID of a case; such a code marks what belongs to the case."
)
NAMELESS_CODES = Entry("read", "codes", "Codes without a name; they are called by their GUID.")
TWIN_USERS = Entry("read", "codings", "Coders of the same name; part of their GUID was added to the name.")
STRAY = {
    "codings": Entry("dropped", "codings", "Codings inside of memos, and others that stand in no document."),
    "codes": Entry("dropped", "codes", "Codes that stand outside of the codebook of the file."),
    "sources": Entry("dropped", "sources", "Documents that stand outside of the list of sources."),
    "cases": Entry("dropped", "cases", "Cases that stand outside of the list of cases."),
}
MEMOS = Entry("not carried", "sources", "Memos.")
LINKS = Entry("not carried", "codes", "Links between codes, documents or selections.")
GRAPHS = Entry("not carried", "codes", "Graphs and maps.")

_FIRST_BYTES = 4096


def recognises(path: Path) -> float:
    """How sure one can be that a file is a REFI-QDA project or codebook: 1 where its XML says so, else 0."""
    try:
        with _opened(path) as (chunks, _, _):
            begun = next(iter(chunks), b"")[:_FIRST_BYTES]
    except (StudyError, OSError):
        return 0.0
    plain = begun.replace(b"\0", b"")  # UTF-16 too
    return 1.0 if b"urn:QDA-XML:project:" in plain or b"urn:QDA-XML:codebook:" in plain else 0.0


def read(path: Path) -> Project:
    """Read a project or a codebook; the file is not changed and nothing outside of it is opened.

    Raises
    ------
    StudyError
        M01 to M10, where the file cannot be read at all. What is unsound in a sound file is left out or kept with
        a remark.

    Notes
    -----
    Codings are the same if source, start, end, coder and code are. Coder and time are the coding's own; where it
    has none those of the selection (made, then changed), and last those of the document, which is a guess.
    """
    ledger = Ledger()
    tally: Counter[tuple[str, str]] = Counter()
    with _opened(path) as (chunks, archive, base):
        texts = Texts(archive, base, path.name, ledger)
        gathered = _Gathered()
        try:
            for container, element in parts(chunks, shown_as=path.name, tally=tally):
                gathered.take(container, element, texts, ledger, path.name)
        except OSError:  # the entry of the project file itself
            raise StudyError(DAMAGED.at(path.name)) from None
        return _project(gathered, tally, texts, ledger, path.name)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterable[bytes], Archive | None, str]]:
    """The XML in pieces, the archive around it, and the folder of the archive that the project is in."""
    require_file(path)
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
        if not zipped:
            file.seek(0)
            begun = file.read(_FIRST_BYTES).replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
            if not begun.startswith(b"<"):
                raise StudyError(NO_REFI.at(path.name))
            file.seek(0)
            yield iter(lambda: file.read(CHUNK), b""), None, ""
            return
    with open_archive(path) as archive:
        name = _project_file(archive, path.name)
        yield archive.chunks(name), archive, name[: name.rfind("/") + 1]


def _project_file(archive: Archive, shown: str) -> str:
    """The only .qde of the highest folder that has one; hidden files are no projects."""
    names = [name for name in archive.entries if name.endswith(".qde")]
    names = [name for name in names if not any(part.startswith((".", "__")) for part in name.split("/"))]
    highest = min((name.count("/") for name in names), default=0)
    found = [name for name in names if name.count("/") == highest]
    if len(found) != 1:
        raise StudyError(NO_PROJECT.at(shown))
    return found[0]


@dataclass
class _Gathered:
    """The parts of the XML, in its order."""

    origin: str = ""
    users: list[Element] = field(default_factory=list)
    codes: list[Element] = field(default_factory=list)
    variables: list[Element] = field(default_factory=list)
    cases: list[Element] = field(default_factory=list)
    sets: list[Element] = field(default_factory=list)
    sources: list[RawSource] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    elements: int = 0  # of sources; one may have several texts

    def take(self, container: str, element: Element, texts: Texts, ledger: Ledger, shown_as: str) -> None:
        """Put a part where it belongs; sources are read at once, as they are large."""
        kind = element.tag
        if not container:
            origin = element.get("origin", "").strip()
            self.origin = origin if origin.isprintable() and len(origin) <= 80 else ""
        elif container == "Sources" and kind in SOURCES:
            self.elements += 1
            self.sources += read_source(element, self.elements, texts, ledger, self.keys)
            if len(self.sources) > MAX_SOURCES:
                raise StudyError(TOO_LARGE.at(shown_as, allowed=f"at most {MAX_SOURCES} sources"))
        elif container in ("Codes", "CodeBook") and kind == "Code":
            self.codes.append(element)
        elif (container, kind) in self._lists():
            self._lists()[container, kind].append(element)

    def _lists(self) -> dict[tuple[str, str], list[Element]]:
        return {
            ("Users", "User"): self.users,
            ("Variables", "Variable"): self.variables,
            ("Cases", "Case"): self.cases,
            ("Sets", "Set"): self.sets,
        }


def _project(
    gathered: _Gathered, tally: Counter[tuple[str, str]], texts: Texts, ledger: Ledger, shown_as: str
) -> Project:
    raw_cases = read_cases(gathered.cases)
    case_guids = {each.key for each in raw_cases}
    codes = _codes(gathered.codes, case_guids, ledger, shown_as)
    result = coded(
        gathered.sources,
        codable={code.key: code.codable for code in codes},
        cases=case_guids,
        linked={
            normalised_guid(ref.get("targetGUID"))
            for each in gathered.cases
            for ref in each.iter("SelectionRef")
        },
        users=_users(gathered.users, ledger, shown_as),
        texts=texts,
        ledger=ledger,
    )
    variables = read_variables(gathered.variables, ledger)
    sources = {
        raw.key: Source(
            raw.key, raw.name, raw.plain.text, raw.guid or None, variables.of(raw.values, raw.key, ledger)
        )
        for raw in gathered.sources
    }
    keys = _aliases(gathered.sources)
    settle_sets(gathered.sets, sources, keys, ledger)
    places = _places(gathered, keys, result)
    cases = settle_cases(
        raw_cases, sources, variables=variables, places=places, coded=result.of_cases, ledger=ledger
    )
    found = _found(gathered, tally, ledger)
    return Project(
        "refi-qda",
        gathered.origin,
        tuple(codes),
        tuple(sources.values()),
        cases,
        tuple(result.codings),
        found,
        tuple(result.untagged),
        tuple(result.offsets),
        ledger.remarks(),
    )


def _codes(elements: Iterable[Element], cases: set[str], ledger: Ledger, shown_as: str) -> list[Code]:
    """Every code of the tree, parents first; those that mark cases are left aside."""
    found: dict[str, Code] = {}
    root: tuple[str, ...] = ()
    waiting = [(element, root) for element in elements][::-1]
    position = 0
    while waiting:
        element, above = waiting.pop()
        position += 1
        if position > MAX_CODES:
            raise StudyError(TOO_LARGE.at(shown_as, allowed=f"at most {MAX_CODES} codes"))
        key = normalised_guid(element.get("guid"))
        name = element.get("name", "")
        if not name.strip():
            name = key or f"code {position}"
            ledger.note(NAMELESS_CODES, name)
        path = (*above, name)
        waiting += [(child, path) for child in element if child.tag == "Code"][::-1]
        if key and key in found:
            ledger.note(TWIN_CODES, key)
        elif key in cases:
            ledger.note(CASE_CODES, key)
        else:
            description = element.find("Description")
            said = "" if description is None else description.text or ""
            codable = element.get("isCodable", "true").strip().lower() not in ("false", "0")
            key = key or f"code {position}"
            found[key] = Code(key, path, None if key.startswith("code ") else key, said, codable)
    return list(found.values())


def _users(elements: Iterable[Element], ledger: Ledger, shown_as: str) -> dict[str, str]:
    """GUID -> name, with part of the GUID where a name alone would make one coder of two."""
    names: dict[str, str] = {}
    for element in elements:
        guid = normalised_guid(element.get("guid"))
        name = (element.get("name") or element.get("id") or "").strip()
        names.setdefault(guid, name or guid)
    names.pop("", None)
    if len(names) > MAX_USERS:
        raise StudyError(TOO_LARGE.at(shown_as, allowed=f"at most {MAX_USERS} users"))
    shared = {name for name, n in Counter(names.values()).items() if n > 1}
    for guid, name in names.items():
        if name in shared:
            ledger.note(TWIN_USERS, guid)
            begun = sum(other.startswith(guid[:8]) for other in names)
            names[guid] = f"{name} ({guid[:8] if begun == 1 else guid})"
    return names


def _aliases(sources: Iterable[RawSource]) -> dict[str, list[str]]:
    """GUID -> keys of the sources that a link to it means."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for source in sources:
        for guid in source.aliases:
            if guid and source.key not in found[guid]:
                found[guid].append(source.key)
    return dict(found)


def _places(gathered: _Gathered, keys: Mapping[str, list[str]], result: Coded) -> dict[str, tuple[Span, ...]]:
    """GUID of a source, a text or a selection -> what a link of a case to it means."""
    if not gathered.cases:
        return {}
    selections = {guid: (span,) for guid, span in result.selected.items()}
    return selections | {guid: tuple(Span(key) for key in meant) for guid, meant in keys.items()}


def _found(gathered: _Gathered, tally: Counter[tuple[str, str]], ledger: Ledger) -> dict[str, int]:
    """How many of each kind the XML holds, wherever they stand; what stands in no known place is said."""
    total: Counter[str] = Counter()
    for (_, kind), n in tally.items():
        total["Source" if kind in SOURCES else kind] += n
    seen = {
        "codings": sum(len(each.codings) for source in gathered.sources for each in source.selections),
        "codes": sum(1 for top in gathered.codes for _ in top.iter("Code")),
        "sources": gathered.elements,
        "cases": len(gathered.cases),
    }
    found = {
        "codings": total["coded"],
        "codes": total["Code"],
        "sources": total["Source"],
        "cases": total["Case"],
    }
    for kind, entry in STRAY.items():
        ledger.note(entry, n=found[kind] - seen[kind])
    further = len(gathered.sources) - gathered.elements
    for entry, n in ((MEMOS, total["Note"]), (LINKS, total["Link"]), (GRAPHS, total["Graph"])):
        ledger.note(entry, n=n)
    return found | {
        "sources": found["sources"] + further,
        "variables": total["Variable"],
        "sets": total["Set"],
    }
