"""How does a finished folder replace the old one so that nobody ever sees half of it?

Everything is written beside the final name and exchanged in one step once it is complete. A run that fails
leaves the previous folder as it was and its own remains under ``<wave>.failed``. A run that is killed leaves what the
next one clears away before it begins.

References: rename(2), renameat2(2) and flock(2), Linux manual pages; Pillai et al. 2014, All file systems are not
created equal (OSDI).
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner.disk import sync
from analysis_lib.whole_files import sync_folder

_EXCHANGE = 2
_AT_FDCWD = -100


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two runs never write to it at once.

    Raises
    ------
    StudyError
        If another run holds it. The system frees the lock when that run ends, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        if not _lock(handle.fileno()):
            what = "another run is writing to this output folder."
            fix = "Wait until it has finished, or choose another folder with --out."
            raise StudyError(Finding("stop", "O01", "--out", what, fix))
        yield


def _lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def clear_but(folder: Path, kept: str) -> None:
    """Remove everything in a folder except what goes by one name."""
    for path in folder.iterdir():
        if path.name == kept:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def staging_of(folder: Path, wave: str) -> Path:
    """Where a wave is written until it is complete."""
    return folder / f".{wave}.staging"


def mend(folder: Path) -> None:
    """Bring a folder of reports to where a stopped run should have left it; the lock has to be held.

    A swap that was interrupted is undone, and what was never finished is removed.
    """
    for old in folder.glob(".*.old"):
        final = folder / old.name.removeprefix(".").removesuffix(".old")
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(final)
    for remains in folder.glob(".*.staging"):
        shutil.rmtree(remains, ignore_errors=True)


def stage(folder: Path, wave: str) -> Path:
    """An empty folder beside the final one; the folder of reports has been mended."""
    staging = staging_of(folder, wave)
    staging.mkdir()
    return staging


def put_in_place(staging: Path, final: Path) -> None:
    """Give the staged folder its final name; the previous one is removed after that."""
    sync(staging)
    old = final.with_name(f".{final.name}.old")
    if not final.exists():
        staging.rename(final)
    elif _exchange(staging, final):
        staging.rename(old)
    else:
        final.rename(old)
        staging.rename(final)
    sync_folder(final.parent)
    for past in (old, final.with_name(f"{final.name}.failed")):
        if past.exists():
            shutil.rmtree(past)


def put_aside(staging: Path, final: Path) -> Path:
    """Keep what a failed run has written under ``<wave>.failed``; the previous result stays untouched."""
    failed = final.with_name(f"{final.name}.failed")
    if failed.exists():
        shutil.rmtree(failed)
    staging.rename(failed)
    return failed


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    done = library.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE)
    return bool(done == 0)


def refuse_repository(out: Path) -> None:
    """Stop if real data are about to be written into a git work tree.

    Raises
    ------
    StudyError
        If any folder above ``out`` is a git work tree.
    """
    if in_repository(out):
        what = "the output folder lies in a git work tree, and this study is not synthetic."
        fix = "Choose a folder outside every repository with --out."
        raise StudyError(Finding("stop", "O02", "--out", what, fix))


def in_repository(folder: Path) -> bool:
    """Whether a folder, there already or not, lies in a git work tree."""
    return any((above / ".git").exists() for above in (folder.resolve(), *folder.resolve().parents))
