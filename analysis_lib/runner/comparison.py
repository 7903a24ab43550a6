"""In which file, row, column or cell do two folders of one wave differ?

Numbers that differ are said; words are not, since they may be a participant's. Executed notebooks name the folders they
ran in, which may be others the second time, so these names are made alike before anything is compared.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from analysis_lib.errors import Finding, first_few, looks_like_a_name

_NUMBER = re.compile(r"[<>=]?\s*[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?%?")
_MANIFEST = "manifest.json"
_INJECTED = "injected-parameters"
# What a manifest says of its run and not of its results.
_OF_THE_RUN = {"notebooks", "outputs", "places", "source_commit", "started", "seconds", "code", "versions"}


@dataclass(frozen=True)
class _Difference:
    """What differs in one place, as half a sentence; what stood first comes first."""

    what: str
    line: int | None = None
    column: str | None = None


def differences(kept: Path, again: Path, names: Sequence[str]) -> Iterator[Finding]:
    """Every difference between a finished folder and a rerun, file by file.

    Parameters
    ----------
    kept, again
        The folder that was sent or stored, and the one that was just made.
    names
        Files that the manifest of the first lists; what only the rerun made is named too.
    """
    made = {path.relative_to(again).as_posix() for path in again.rglob("*") if path.is_file()} - {_MANIFEST}
    fix = "Do not rely on it before you know why; `themewave status` says what has changed since."
    for name in sorted(made ^ set(names)):
        what = (
            "a rerun makes this file, and the report lacks it."
            if name in made
            else "a rerun does not make this file."
        )
        yield Finding("stop", "V20", name, what, fix)
    for name in sorted(made & set(names)):
        if (kept / name).is_file():  # otherwise it has been missed already
            found = [_finding(name, each) for each in _of_file(kept / name, again / name)]
            yield from first_few(found)
    for each in _of_manifests(kept / _MANIFEST, again / _MANIFEST):
        yield _finding(_MANIFEST, each)


def _finding(name: str, difference: _Difference) -> Finding:
    what = f"this is not what a rerun gives: {difference.what}."
    fix = "Do not rely on it before you know why; `themewave status` says what has changed since."
    return Finding("stop", "V21", name, what, fix, line=difference.line, column=difference.column)


def _of_file(kept: Path, again: Path) -> Iterator[_Difference]:
    one, other = kept.read_bytes(), again.read_bytes()
    if one == other:
        return
    if kept.suffix == ".ipynb":
        yield from _of_notebooks(one, other)
    elif kept.suffix == ".csv":
        yield from _of_tables(one, other)
    elif kept.suffix == ".docx":
        yield from _of_archives(one, other)
    elif kept.suffix == ".png":
        yield _Difference("another picture")
    else:
        yield from _of_lines(one, other)


def _of_tables(one: bytes, other: bytes) -> Iterator[_Difference]:
    """Cells that differ, by line and column."""
    ours, theirs = (
        list(csv.reader(io.StringIO(text.decode("utf-8-sig", "replace")))) for text in (one, other)
    )
    header = ours[0] if ours else []
    if header != (theirs[0] if theirs else []):
        yield _Difference("other columns", line=1)
        return
    same = len(ours) == len(theirs)
    if not same:
        yield _Difference(f"{len(ours) - 1} rows against {len(theirs) - 1}")
    for line, rows in enumerate(zip(ours, theirs, strict=False), start=1):
        for place, (before, after) in enumerate(zip_longest(*rows, fillvalue="")):
            if before != after:
                same = False
                name = (
                    header[place]
                    if place < len(header) and looks_like_a_name(header[place])
                    else str(place + 1)
                )
                yield _Difference(f"{_said(before)} against {_said(after)}", line, name)
    if same:
        yield _Difference("the same cells in other bytes")


def _said(value: str) -> str:
    """A number as it stands; of anything else only that it is there."""
    if _NUMBER.fullmatch(value.strip()) and len(value) <= 24:
        return value.strip()
    return "nothing" if not value else "another text"


def _of_notebooks(one: bytes, other: bytes) -> Iterator[_Difference]:
    """Cells that differ once the names of folders are alike."""
    try:
        ours, theirs = json.loads(one), json.loads(other)
        alike = _with_folders_of(theirs, ours)
        cells = [book["cells"] for book in (ours, alike)]
    except (ValueError, KeyError, TypeError):
        yield _Difference("no notebook any more")
        return
    if len(cells[0]) != len(cells[1]):
        yield _Difference(f"{len(cells[0])} cells against {len(cells[1])}")
        return
    for number, (before, after) in enumerate(zip(*cells, strict=True), start=1):
        if before != after:
            yield _Difference(f"cell {number} differs")
    if ours != alike and cells[0] == cells[1]:
        yield _Difference("the notebook says something else of itself")


def _with_folders_of(book: Any, model: Any) -> Any:
    """A notebook in which the folders it was given are called as in another."""
    text = json.dumps(book, ensure_ascii=False)
    for parameter in ("results_dir", "study"):
        mine, wanted = (_given(each).get(parameter, "") for each in (book, model))
        if mine and wanted:
            text = text.replace(
                json.dumps(mine, ensure_ascii=False)[1:-1], json.dumps(wanted, ensure_ascii=False)[1:-1]
            )
    return json.loads(text)


def _given(book: Any) -> dict[str, str]:
    """The parameters that a notebook was given, as they stand in the cell that papermill put in."""
    for cell in book["cells"]:
        if _INJECTED in cell["metadata"].get("tags", []):
            text = "".join(cell["source"])
            return dict(re.findall(r'^(\w+) = "(.*)"$', text, re.MULTILINE))
    return {}


def _of_archives(one: bytes, other: bytes) -> Iterator[_Difference]:
    """Parts of a Word file that differ."""
    try:
        ours, theirs = (_parts(content) for content in (one, other))
    except (zipfile.BadZipFile, RuntimeError, OSError):
        yield _Difference("no Word file any more")
        return
    for part in sorted({*ours, *theirs}):
        if ours.get(part) != theirs.get(part):
            yield _Difference(
                f"the part {part} differs" if part in theirs else "there is a part that nobody made"
            )
    if ours == theirs:
        yield _Difference("the same parts in other bytes")


def _parts(content: bytes) -> dict[str, int]:
    """Name of each part of an archive -> its check sum, which needs no unpacking."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {entry.filename: entry.CRC for entry in archive.infolist()}


def _of_lines(one: bytes, other: bytes) -> Iterator[_Difference]:
    """How many lines differ, and where the first of them is."""
    ours, theirs = (content.split(b"\n") for content in (one, other))
    numbers = [n for n, pair in enumerate(zip_longest(ours, theirs), start=1) if pair[0] != pair[1]]
    yield _Difference(f"{len(numbers)} line(s) differ, this one first", line=numbers[0])


def _of_manifests(kept: Path, again: Path) -> Iterator[_Difference]:
    """What the two runs say of their results: rules, seed, what the door changed."""
    ours, theirs = (json.loads(path.read_text(encoding="utf-8")) for path in (kept, again))
    for key in sorted(set(theirs) - _OF_THE_RUN):
        if ours.get(key) != theirs[key]:
            yield _Difference("something else stands under this key", column=key)
