"""``themewave doctor``: is this machine a place where a study may lie? Settings, rights, versions, room, git."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from analysis_lib.commands.findings import tell
from analysis_lib.commands.guard import is_guarded, top_of
from analysis_lib.commands.jupyter_settings import jupyter_findings
from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.commands.places import study_folder
from analysis_lib.errors import Finding, StudyError, first_few, in_order
from analysis_lib.runner.changes import PACKAGE
from analysis_lib.runner.disk import FIRST_REPORT, MEGABYTE
from analysis_lib.study import Study, load_study

_LOCK = PACKAGE.parent / "requirements.lock"
# Where programs that copy to other machines keep what they copy; in lower case.
_SYNCED = (
    "box sync", "cloudstorage", "dropbox", "google drive", "googledrive", "icloud drive", "megasync",
    "mobile documents", "my drive", "nextcloud", "onedrive", "owncloud", "pcloud", "sciebo", "seafile",
    "syncthing", "tresorit",
)  # fmt: skip
_MARKS = (
    ".stfolder",
    ".dropbox",
    ".dropbox.cache",
    ".owncloudsync.log",
    ".sync_journal.db",
    ".nextcloudsync.log",
)


def doctor(given: str | None, *, as_json: bool) -> int:
    """Say everything about this machine, and about a study on it, that endangers what people said; 1 if any is a stop.

    Parameters
    ----------
    given
        Study folder; None looks at the machine alone.
    """
    findings = [*jupyter_findings(), *_versions()]
    try:
        study = None if given is None else load_study(study_folder(given))
    except StudyError as error:  # what is wrong with the machine is said all the same
        findings += error.findings
    else:
        findings += (
            _room(Path.cwd()) if study is None else [*_rights(study), *_place(study), *_room(study.folder)]
        )
    findings = in_order(findings)
    code = tell(findings, as_json=as_json)
    if not findings and not as_json:
        print("Nothing to mend: Jupyter's settings, rights, versions, disk and git are as they should be.")
    return code


def _versions() -> Iterator[Finding]:
    """Packages that are not the ones the numbers were checked with."""
    if sys.version_info < (3, 11, 9):
        what = "this Python writes a lone carriage return without quotes, which other programs read as a new row."
        fix = "Python 3.11.9 or newer mends it; Themewave quotes such texts by itself."
        yield Finding("note", "E20", "Python", what, fix)
    if not _LOCK.is_file():
        return
    pins = (
        Requirement(line.rstrip(" \\"))
        for line in _LOCK.read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    found = []
    for pin in pins:
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        wanted = next(iter(pin.specifier)).version
        try:
            here = version(pin.name)
        except PackageNotFoundError:
            here = "not installed"
        if here != wanted:
            what = f"{pin.name} is {here}, and the numbers were checked with {wanted}."
            fix = "Install those of the lock file: pip install --require-hashes -r requirements.lock."
            found.append(Finding("warn", "E21", _LOCK.name, what, fix))
    yield from first_few(found, 5)


def _rights(study: Study) -> Iterator[Finding]:
    """Who else may read or change the study and its key."""
    if sys.platform == "win32":
        what, fix = (
            "who may read the folder is not checked on Windows.",
            "Look at the folder's properties, Security.",
        )
        yield Finding("note", "E22", "study folder", what, fix)
        return
    mode = study.folder.stat().st_mode
    if study.synthetic:
        return
    if mode & stat.S_IWOTH:
        what = "everybody on this machine may change the study."
        yield Finding(
            "stop", "E23", "study folder", what, "Take the right away: chmod -R o-rwx on the study folder."
        )
    elif mode & stat.S_IROTH:
        what = "everybody on this machine may read the study."
        yield Finding(
            "warn", "E24", "study folder", what, "Take the right away: chmod -R o-rwx on the study folder."
        )
    try:
        key = pseudonym_key(study, make=False)
    except StudyError as error:
        yield from error.findings
        return
    if not key:
        what = "there is no key of pseudonyms here; the first run makes it."
        yield Finding(
            "note", "E25", "pseudonym key", what, "Keep a copy of it apart from the study, once it is there."
        )


def _place(study: Study) -> Iterator[Finding]:
    """Whether the study lies where something copies it elsewhere."""
    if study.synthetic:
        return
    here = study.folder.resolve()
    top = top_of(here)
    if top is not None:
        ignored = (
            subprocess.run(
                ["git", "-C", str(here), "check-ignore", "-q", "study.yaml"], check=False
            ).returncode
            == 0
        )
        known = subprocess.run(
            ["git", "-C", str(here), "ls-files", "--error-unmatch", "waves"], capture_output=True, check=False
        )
        if known.returncode == 0:
            what = "files of waves are tracked by git, and every clone has them."
            fix = "Move the study out of the repository, and take its waves out of the history before it is pushed."
            yield Finding("stop", "E30", "study folder", what, fix)
        elif not ignored:
            what = "the study lies in a git work tree, and git does not ignore it."
            yield Finding(
                "stop", "E31", "study folder", what, "Move it out, or ignore it: echo '*' > .gitignore in it."
            )
        else:
            what = "the study lies in a git work tree; git ignores it."
            yield Finding("warn", "E32", "study folder", what, "A folder outside every repository is safer.")
        if not is_guarded(top):
            what = "commits in this work tree are not looked through for participants."
            yield Finding(
                "warn", "E33", "git", what, "Install the hook there: themewave guard --install --study DIR."
            )
    above = (here, *here.parents)
    if any(name in part.casefold() for part in here.parts for name in _SYNCED) or any(
        (folder / mark).exists() for folder in above for mark in _MARKS
    ):
        what = "the study seems to lie in a folder that is copied to other machines."
        fix = "Move it, unless your approval names this service."
        yield Finding("warn", "E34", "study folder", what, fix)


def _room(folder: Path) -> Iterator[Finding]:
    """Whether the next report fits on the disk."""
    free = shutil.disk_usage(folder).free
    if free < FIRST_REPORT:
        what = f"{free // MEGABYTE} MB are free where reports are written."
        yield Finding("stop", "E40", "disk", what, "Make room before the next run.")
    elif free < 16 * FIRST_REPORT:
        what = f"only {free // MEGABYTE} MB are free where reports are written."
        yield Finding(
            "warn", "E41", "disk", what, "Make room: a wave with many quotes and figures may need more."
        )
    if not os.access(folder, os.W_OK):
        yield Finding(
            "warn", "E42", "disk", "this folder cannot be written to.", "Name another for reports with --out."
        )
