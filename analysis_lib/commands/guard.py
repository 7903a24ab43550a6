"""``themewave guard``: is there anything of a participant in what a repository would keep?

Asked before every commit by a hook, and in continuous integration, since a fresh clone has no hook.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis_lib.commands.findings import tell
from analysis_lib.commands.guard_rules import Repository, findings_in
from analysis_lib.commands.known_studies import Known, ids_of, known_of
from analysis_lib.commands.places import study_folder
from analysis_lib.errors import Finding, StudyError, in_order
from analysis_lib.schema import EXAMPLE_STUDY

_SETTING = "themewave.study"
_MARK = "Written by `themewave guard --install`"


def guard(
    paths: Sequence[str], *, studies: Sequence[str], install: bool = False, as_json: bool = False
) -> int:
    """Look through files; returns 1 if any holds what may not be there.

    Parameters
    ----------
    paths
        Files and folders; none for everything that git would commit, as it is staged.
    studies
        Study folders whose ids and quotes are looked for, beside those that ``git config themewave.study`` names.
    install
        Write the hook that does this before each commit, and remember the studies; nothing is looked through.

    Raises
    ------
    StudyError
        If there is no repository, or a study cannot be read.
    """
    if install:
        return _install(studies)
    top = top_of(Path.cwd())
    if top is None and not paths:
        raise StudyError(_no_repository())
    folders = [study_folder(each) for each in (*studies, *(_remembered(top) if top else ()))]
    known = known_of(folders, public=ids_of(EXAMPLE_STUDY)) if folders else Known()
    files = dict(_named(paths) if paths else _staged(top or Path.cwd()))
    repository = Repository(lambda name: _text(name, files, top), known)
    findings = [found for name, content in files.items() for found in findings_in(name, content, repository)]
    findings = in_order([*findings, *_not_looked_for(folders, known)])
    code = tell(findings, as_json=as_json)
    if not code and not as_json:
        print(f"{len(files)} files: no output, id, quote or data file of a participant.")
    return code


def top_of(folder: Path) -> Path | None:
    """Top of the git work tree that a folder lies in; None outside of one, or without git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--show-toplevel"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return Path(done.stdout.strip())


def hook_of(top: Path) -> Path:
    """Where git looks for what it runs before a commit."""
    return (top / _git(top, "rev-parse", "--git-path", "hooks/pre-commit").decode().strip()).resolve()


def is_guarded(top: Path) -> bool:
    """Whether a commit in this work tree is looked through first."""
    try:
        hook = hook_of(top)
        return "themewave" in hook.read_text(encoding="utf-8") and os.access(hook, os.X_OK)
    except (OSError, UnicodeDecodeError, subprocess.CalledProcessError):
        return False


def _install(studies: Sequence[str]) -> int:
    top = top_of(Path.cwd())
    if top is None:
        raise StudyError(_no_repository())
    folders = [study_folder(each).resolve() for each in studies]
    known_of(folders)  # one that cannot be read would block every commit later
    hook = hook_of(top)
    if hook.exists() and _MARK not in hook.read_text(encoding="utf-8", errors="replace"):
        what, fix = (
            "there is a hook before commits already.",
            "Add a line to it yourself: themewave guard || exit 1.",
        )
        raise StudyError(Finding("stop", "G22", ".git/hooks/pre-commit", what, fix))
    hook.parent.mkdir(parents=True, exist_ok=True)
    command = f"'{sys.executable}' -m analysis_lib guard"
    hook.write_text(
        f"#!/bin/sh\n# {_MARK}; a commit goes through only if nothing is found.\nexec {command}\n"
    )
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    for folder in folders:
        if str(folder) not in _remembered(top):
            _git(top, "config", "--add", _SETTING, str(folder))
    print("Every commit in this repository is looked through first: themewave guard")
    return 0


def _remembered(top: Path) -> list[str]:
    """Studies that the repository has been told of; the setting lies in .git and is never committed."""
    try:
        return _git(top, "config", "--get-all", _SETTING).decode().splitlines()
    except subprocess.CalledProcessError:
        return []


def _staged(top: Path) -> Iterator[tuple[str, bytes]]:
    """Every tracked file as the next commit would hold it, with its path below the top."""
    wanted = []
    for entry in _git(top, "ls-files", "--stage", "-z").decode("utf-8", "replace").split("\0"):
        about, _, name = entry.partition("\t")
        if name and not about.startswith("160000"):  # another repository inside this one guards itself
            wanted.append((about.split()[1], name))
    asked = "\n".join(number for number, _ in wanted).encode()
    answer = _git(top, "cat-file", "--batch", given=asked)
    place = 0
    for _, name in wanted:
        head, _, _ = answer[place : place + 200].partition(b"\n")
        size = int(head.split()[2])
        begin = place + len(head) + 1
        yield name, answer[begin : begin + size]
        place = begin + size + 1


def _named(paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Files as they lie on the disk, and those in folders; what git keeps for itself is left out."""
    for given in paths:
        path = Path(given)
        if not path.exists():
            what, fix = (
                "there is no such file or folder.",
                "Name one that is there, or none for all tracked files.",
            )
            raise StudyError(Finding("stop", "G23", "PATHS", what, fix))
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for each in inside:
            if each.is_file() and ".git" not in each.parts:
                yield each.as_posix(), each.read_bytes()


def _text(name: str, files: dict[str, bytes], top: Path | None) -> str | None:
    """Text of a file that is looked through, or that lies beside those on the disk."""
    if name in files:
        return files[name].decode("utf-8", "replace")
    path = (top or Path.cwd()) / name
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _not_looked_for(folders: Sequence[Path], known: Known) -> Iterator[Finding]:
    """What could not be looked for."""
    if not folders:
        what = "no study is known here, so no id and no quote was looked for."
        fix = "Where studies are, name them once: themewave guard --install --study DIR."
        yield Finding("note", "G24", "--study", what, fix)
    if known.n_plain:
        what = f"{known.n_plain} id(s) are too short or too plain to be looked for."
        fix = "Give ids of four signs or more with a digit, such as K047."
        yield Finding("warn", "G25", "--study", what, fix)


def _no_repository() -> Finding:
    what, fix = "this is no git work tree.", "Change into one, or name files to look through."
    return Finding("stop", "G26", "PATHS", what, fix)


def _git(top: Path, *words: str, given: bytes | None = None) -> bytes:
    done = subprocess.run(["git", "-C", str(top), *words], input=given, capture_output=True, check=True)
    return done.stdout
