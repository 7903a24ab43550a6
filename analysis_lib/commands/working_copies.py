"""Where do researchers work in the notebooks? In copies beside their data, which a new version never overwrites.

The committed notebooks are guarded on the example study and stay as they are. A copy differs from one of them in its
parameters and holds no outputs. It remembers which version it is of and what was written, so that it is known later
whether a researcher has changed it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

from analysis_lib.whole_files import write_whole

TUTORIAL = "tutorial"  # folder of the notebooks that a newcomer follows; they are about the example study
Fate = Literal["new", "same", "renewed", "kept"]
_MEMORY = "themewave"  # in the metadata of a copy


@dataclass(frozen=True)
class Copies:
    """What became of the copies.

    Parameters
    ----------
    fates
        Name of a notebook -> ``new``; ``same`` where it was there already; ``renewed`` where a newer version took the
        place of one that nobody had changed; ``kept`` where a newer version exists and a researcher has changed theirs.
    """

    fates: dict[str, Fate]

    def named(self, fate: Fate) -> tuple[str, ...]:
        """The notebooks with this fate, in order."""
        return tuple(name for name, found in self.fates.items() if found == fate)


def suite(notebooks: Path, *, tutorial: bool) -> dict[str, Path]:
    """Name -> committed notebook, such as ``03_themes_by_outcome``; those of the tutorial only where they are wanted.

    Parameters
    ----------
    notebooks
        Folder of the committed notebooks.
    """
    found = {path.stem: path for path in sorted(notebooks.glob("[0-9]*.ipynb"))}
    if tutorial:
        found |= {
            f"{TUTORIAL}/{path.stem}": path for path in sorted((notebooks / TUTORIAL).glob("[0-9]*.ipynb"))
        }
    return found


def copy_notebooks(committed: dict[str, Path], folder: Path, *, study: Path, wave: str) -> Copies:
    """Write the copies that are missing, renew those that nobody has changed, and leave all others.

    Parameters
    ----------
    committed
        What :func:`suite` gives.
    folder
        Where the copies go.
    study, wave
        What the copies are about; they name the study relative to themselves, so that both can be moved together.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    fates: dict[str, Fate] = {}
    for name, source in committed.items():
        target = folder / f"{name}.ipynb"
        values = {"study": _seen_from(target.parent, study), "wave": wave}
        if name.startswith(f"{TUTORIAL}/"):
            del values["wave"]  # it tells of one wave of the example, whichever is looked at
        book = _copy_of(source, values)
        fates[name] = _fate(book, target)
        if fates[name] in ("new", "renewed"):
            write_whole(target, json.dumps(book, indent=1, ensure_ascii=False) + "\n")
    return Copies(fates)


def _copy_of(source: Path, values: dict[str, str]) -> dict[str, Any]:
    """A notebook without outputs, with other values in its parameters cell and a memory of what it is."""
    book: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    version = _digest(book)
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
            if "parameters" in cell["metadata"].get("tags", []):
                cell["source"] = with_values("".join(cell["source"]), values).splitlines(keepends=True)
    book["metadata"][_MEMORY] = {"version": version, "written": _digest(book)}
    return book


def with_values(source: str, values: dict[str, str]) -> str:
    """A parameters cell with other values for some of its names; comments and all other names stay.

    Examples
    --------
    >>> print(with_values('wave: str = "w1"  # name of the wave\\nlimit: int = 3', {"wave": "w2"}))
    wave: str = "w2"  # name of the wave
    limit: int = 3
    """
    lines = source.encode("utf-8").splitlines(keepends=True)  # places in the syntax tree are those of bytes
    for node in reversed(ast.parse(source).body):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if not isinstance(target, ast.Name) or target.id not in values or not isinstance(value, ast.Constant):
            continue
        line = lines[value.lineno - 1]
        literal = json.dumps(values[target.id], ensure_ascii=False).encode("utf-8")
        lines[value.lineno - 1] = line[: value.col_offset] + literal + line[value.end_col_offset :]
    return b"".join(lines).decode("utf-8")


def _fate(book: dict[str, Any], target: Path) -> Fate:
    if not os.path.lexists(target):
        return "new"
    try:
        theirs = json.loads(target.read_text(encoding="utf-8"))
        memory = theirs["metadata"].get(_MEMORY, {})
        if memory.get("version") == book["metadata"][_MEMORY]["version"]:
            return "same"
        return "renewed" if _digest(theirs) == memory.get("written") else "kept"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "kept"  # whatever it is, it is theirs


def _digest(book: dict[str, Any]) -> str:
    """What somebody has written in a notebook, without what running it leaves there."""
    cells = [[cell["cell_type"], "".join(cell["source"])] for cell in book["cells"]]
    return hashlib.sha256(json.dumps(cells).encode("utf-8")).hexdigest()[:16]


def _seen_from(folder: Path, study: Path) -> str:
    """The study's folder as a notebook in another folder names it; in full where they lie on two drives."""
    try:
        return PurePath(os.path.relpath(study.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return study.resolve().as_posix()
