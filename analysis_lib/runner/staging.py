"""How does a finished folder replace the old one so that nobody ever sees half of it?

Everything is written beside the final name and exchanged in one step once it is complete. A run that fails
leaves the previous folder as it was and its own remains under ``<wave>.failed``.

References: rename(2) and renameat2(2), Linux manual pages.
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


def clear_staging(folder: Path) -> None:
    """Remove what an interrupted run has begun; the lock has to be held."""
    for remains in folder.glob(".*.staging"):
        shutil.rmtree(remains, ignore_errors=True)


def stage(folder: Path, wave: str) -> Path:
    """An empty folder beside the final one, remains of a killed run removed and an interrupted swap mended."""
    final, old = folder / wave, folder / f".{wave}.old"
    if old.exists() and not final.exists():
        old.rename(final)
    staging = staging_of(folder, wave)
    for remains in (staging, old):
        if remains.exists():
            shutil.rmtree(remains)
    staging.mkdir()
    return staging


def put_in_place(staging: Path, final: Path) -> None:
    """Give the staged folder its final name; the previous one is removed after that."""
    _sync(staging)
    old = final.with_name(f".{final.name}.old")
    if not final.exists():
        staging.rename(final)
    elif _exchange(staging, final):
        staging.rename(old)
    else:
        final.rename(old)
        staging.rename(final)
    if old.exists():
        shutil.rmtree(old)
    failed = final.with_name(f"{final.name}.failed")
    if failed.exists():
        shutil.rmtree(failed)


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


def _sync(folder: Path) -> None:
    """Force every file to the disk, so that a power cut after the rename finds them whole."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def refuse_repository(out: Path) -> None:
    """Stop if real data are about to be written into a git work tree.

    Raises
    ------
    StudyError
        If any folder above ``out`` is a git work tree.
    """
    for folder in (out.resolve(), *out.resolve().parents):
        if (folder / ".git").exists():
            what = "the output folder lies in a git work tree, and this study is not synthetic."
            fix = "Choose a folder outside every repository with --out."
            raise StudyError(Finding("stop", "O02", "--out", what, fix))
