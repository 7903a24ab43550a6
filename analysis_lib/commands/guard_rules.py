"""What may not stand in a file of a repository, and how is it recognised without repeating it?

A file of an analysis program is recognised by its ending or its first bytes, a table of participants by its columns, a
notebook's outputs by what they say of their study. Ids and quotes are looked for where the studies are known. Every
finding names file, line and kind, and never what was found.

References: nbstripout (its list of metadata is not complete, see nbstripout issue 69); Broder 1997, On the resemblance
and containment of documents (shingles).
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from analysis_lib.commands.known_studies import Known, shingles_of
from analysis_lib.errors import Finding, first_few
from analysis_lib.schema import TABLES

_PROGRAM_FILES = (
    ".atlproj", ".dta", ".f4a", ".hpr7", ".mex", ".mx18", ".mx20", ".mx22", ".mx24", ".mx26", ".nvp", ".nvpx", ".ods",
    ".parquet", ".por", ".qda", ".qdc", ".qdpx", ".rda", ".rdata", ".rds", ".rqda", ".sas7bdat", ".sav", ".sqlite",
    ".sqlite3", ".xls", ".xlsx", ".zsav",
)  # fmt: skip
_FIRST_BYTES = (b"SQLite format 3\0", b"$FL2", b"$FL3", b"PAR1", b"<stata_dta>", b"\xd0\xcf\x11\xe0", b"RDX")
_IN_ARCHIVE = ("project.qde", "xl/workbook.xml", "content.xml")
_READ_IN_ARCHIVE = (".xml", ".rels", ".txt", ".csv", ".json", ".html", ".qde")
_TABLES = (".csv", ".tsv", ".txt")
_OF_PEOPLE = re.compile(
    r"""^["']?(?:[\w .-]+["']?[,;\t]["']?)*participant_id["']?(?:[,;\t]|\s*$)""", re.IGNORECASE
)
_MARKUP = (".htm", ".html", ".ipynb", ".md", ".svg", ".xml", ".j2")
_ESCAPES = re.compile(r"\\u[0-9a-fA-F]{4}|\\[nrt\"']|&#?\w{1,8};")
_TAGS = re.compile(r"<[^<>]{0,400}>")
_ID = re.compile(r"[\w-]+")
_KEY = re.compile(r"[0-9a-f]{64}\s*")
_SYNTHETIC = re.compile(r"^synthetic:\s*(?:yes|true|on)\b", re.MULTILINE | re.IGNORECASE)
_STUDY = re.compile(r"""^study(?:\s*:\s*\w+)?\s*=\s*["']([^"'\n]*)["']""", re.MULTILINE)
_PAYLOAD = "application/vnd.themewave.payload+json"
_LARGEST = 20 * 1024 * 1024


@dataclass(frozen=True)
class Repository:
    """What a rule may ask about the files around the one it looks at.

    Parameters
    ----------
    read
        Text of a file by its path below the top; None where there is none.
    known
        Ids and words that must not be found.
    """

    read: Callable[[str], str | None]
    known: Known = field(default_factory=Known)

    def synthetic(self, folder: PurePosixPath) -> bool:
        """Whether a folder, or one above it, is a study that says it is synthetic."""
        for each in (folder, *folder.parents):
            text = self.read(str(each / "study.yaml"))
            if text is not None:
                return _SYNTHETIC.search(text) is not None
        return False


def findings_in(name: str, content: bytes, repository: Repository) -> list[Finding]:
    """Everything that one file may not hold.

    Parameters
    ----------
    name
        Path below the top of the repository, with ``/``.
    content
        Its bytes.
    """
    path = PurePosixPath(name)
    shown = (
        name
        if not any(_ids_in(part, repository.known) for part in path.parts)
        else f"{_safe_part(path, repository)}/…"
    )
    found: list[Finding] = []
    if shown != name:
        what, fix = "the name of this file or folder holds the id of a participant.", "Give it another name."
        found.append(Finding("stop", "G09", shown, what, fix))
    found += _by_place(path, shown, content, repository)
    if len(content) > _LARGEST:
        what = f"this file is larger than {_LARGEST // 1024**2} MB and was not read."
        found.append(Finding("warn", "G10", shown, what, "See to it that nothing in it is of a participant."))
        return found
    if path.suffix == ".ipynb":
        found += _in_notebook(path, shown, content, repository)
    looked_for = bool(repository.known.ids or repository.known.shingles)
    for text, has_lines in _texts(path, content) if looked_for else ():
        found += first_few(list(_words(shown, text, has_lines, repository.known)), 5)
    return found


def _safe_part(path: PurePosixPath, repository: Repository) -> str:
    """The folders above the first that may not be said."""
    kept = []
    for part in path.parts:
        if _ids_in(part, repository.known):
            break
        kept.append(part)
    return "/".join(kept) or "."


def _by_place(path: PurePosixPath, shown: str, content: bytes, repository: Repository) -> Iterator[Finding]:
    """What a file is, going by its ending, its first bytes, its columns and where it lies."""
    fix = "Take it out of what is committed: git rm --cached, and keep it in the study's folder."
    if path.suffix.casefold() in _PROGRAM_FILES or content.startswith(_FIRST_BYTES) or _is_project(content):
        yield Finding(
            "stop", "G05", shown, "this is a file of an analysis program or a data file of one.", fix
        )
    if path.name.startswith("INTERNAL_") or {"internal", ".themewave"} & set(path.parts[:-1]):
        yield Finding("stop", "G08", shown, "this is internal: exact counts and study ids.", fix)
    if _KEY.fullmatch(content[:80].decode("latin-1")):
        what = "this looks like a key of pseudonyms."
        way = "Take it out and make a new one: whoever has a key can tell who is behind a pseudonym."
        yield Finding("stop", "G07", shown, what, way)
    is_wave = len(path.parts) > 2 and path.parts[-3] == "waves" and path.stem in TABLES
    if (
        path.suffix in _TABLES
        and (is_wave or _lists_people(content))
        and not repository.synthetic(path.parent)
    ):
        yield Finding(
            "stop", "G06", shown, "this is a table of participants of a study that is not synthetic.", fix
        )


def _is_project(content: bytes) -> bool:
    """Whether an archive is a project of a coding program or a workbook under another name."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(name in archive.namelist() for name in _IN_ARCHIVE)
    except zipfile.BadZipFile:
        return False


def _lists_people(content: bytes) -> bool:
    """Whether a table has a column of participants and at least one row below it."""
    first, _, rest = content[:4_096].decode("utf-8-sig", "replace").partition("\n")
    return bool(_OF_PEOPLE.match(first.strip())) and bool(rest.strip())


def _in_notebook(
    path: PurePosixPath, shown: str, content: bytes, repository: Repository
) -> Iterator[Finding]:
    """Outputs of a study that is not synthetic, and what an executor leaves behind."""
    try:
        book = json.loads(content)
        cells = [dict(cell) for cell in book["cells"]]
    except (ValueError, KeyError, TypeError):
        what, fix = "this is no notebook that can be read.", "Save it again, or take it out."
        yield Finding("stop", "G03", shown, what, fix)
        return
    text = content.decode("utf-8", "replace")
    clean = (
        "Clear it: jupyter nbconvert --clear-output --ClearMetadataPreprocessor.enabled=True --inplace FILE."
    )
    shows = any(cell.get("outputs") for cell in cells) or "widgets" in book.get("metadata", {})
    if shows and not _shows_a_synthetic_study(path, cells, repository):
        what = "the notebook holds outputs, and they are not those of a synthetic study."
        yield Finding("stop", "G01", shown, what, clean, line=_line_of('"outputs": [', text, after="{"))
    left = "papermill" in book.get("metadata", {}) or any(
        "papermill" in cell.get("metadata", {}) for cell in cells
    )
    tags = {tag for cell in cells for tag in cell.get("metadata", {}).get("tags", [])}
    if left or "injected-parameters" in tags:
        what = "papermill has left parameters and paths in this notebook."
        yield Finding(
            "stop",
            "G02",
            shown,
            what,
            clean,
            line=_line_of("papermill", text) or _line_of("injected-p", text),
        )


def _shows_a_synthetic_study(
    path: PurePosixPath, cells: list[dict[str, Any]], repository: Repository
) -> bool:
    """Whether the study that a notebook names is synthetic, and every output that says of whom it is says so too."""
    said = [
        output["data"][_PAYLOAD].get("facts", {}).get("synthetic")
        for cell in cells
        for output in cell.get("outputs", [])
        if isinstance(output.get("data", {}).get(_PAYLOAD), dict)
    ]
    sources = ["".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code"]
    studies = [folder for source in sources for folder in _STUDY.findall(source) if folder]
    read = all(repository.synthetic(_below(path.parent, folder)) for folder in studies)
    return (True in said or bool(studies)) and False not in said and read


def _below(folder: PurePosixPath, given: str) -> PurePosixPath:
    """A path that a notebook gives, from the top of the repository; one that leads out of it stays as it is."""
    parts = list(folder.parts)
    for part in PurePosixPath(given).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def _texts(path: PurePosixPath, content: bytes) -> Iterator[tuple[str, bool]]:
    """Every text that a file holds, and whether lines can be counted in it; markup and escapes are spaces."""
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for entry in archive.infolist()[:2_000]:
                    if entry.filename.casefold().endswith(_READ_IN_ARCHIVE) and entry.file_size <= _LARGEST:
                        yield _plain(archive.read(entry).decode("utf-8", "replace"), tags=True), False
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
            return
        return
    coding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    if coding == "utf-8" and b"\0" in content[:8_192]:
        return
    yield _plain(content.decode(coding, "replace"), tags=path.suffix in _MARKUP), True


def _plain(text: str, *, tags: bool) -> str:
    """The text with escapes and tags as spaces, every other character in its place."""

    def spaces(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    text = _ESCAPES.sub(spaces, text)
    return _TAGS.sub(spaces, text) if tags else text


def _words(shown: str, text: str, has_lines: bool, known: Known) -> Iterator[Finding]:
    """Ids and quotes of known studies."""
    fix = "Take it out, and out of earlier commits too if it stands there."
    if known.ids:
        for match in _ID.finditer(text):
            if match[0].casefold() in known.ids:
                line = text.count("\n", 0, match.start()) + 1 if has_lines else None
                yield Finding(
                    "stop",
                    "G11",
                    shown,
                    "the id of a participant of a known study stands here.",
                    fix,
                    line=line,
                )
    if known.shingles:
        last: int | None = 0
        for number, place in shingles_of(text):
            if number in known.shingles:
                line = text.count("\n", 0, place) + 1 if has_lines else None
                if line != last:
                    last = line
                    what = "eight words in a row of something that a participant said stand here."
                    yield Finding("stop", "G12", shown, what, fix, line=line)


def _ids_in(text: str, known: Known) -> bool:
    return bool(known.ids) and any(
        match[0].casefold() in known.ids for match in re.finditer(r"[A-Za-z0-9-]+|[\w-]+", text)
    )


def _line_of(what: str, text: str, *, after: str = "") -> int | None:
    """Line on which something stands first, where what follows it begins with a sign."""
    place = text.find(what)
    while place >= 0 and after and not text[place + len(what) :].lstrip().startswith(after):
        place = text.find(what, place + 1)
    return None if place < 0 else text.count("\n", 0, place) + 1
