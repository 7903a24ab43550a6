"""Is there room before a run, and is everything on the disk after it?

References: fsync(2), Linux manual pages.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.whole_files import sync_file, sync_folder

MEGABYTE = 1024 * 1024
# A wave that has no report yet; those of the example take a quarter of it.
FIRST_REPORT = 64 * MEGABYTE


def refuse_too_little_room(reports: Path, waves: Sequence[str]) -> None:
    """Stop before anything is run if the results would not fit beside those that they replace.

    Raises
    ------
    StudyError
        If less is free than the last reports of these waves take, and half as much again.
    """
    known = [size for wave in waves if (size := _size(reports / wave))]
    typical = max(known, default=FIRST_REPORT)
    needed = int(1.5 * (sum(known) + typical * (len(waves) - len(known))))
    free = shutil.disk_usage(_nearest(reports)).free
    if free < needed:
        what = f"{free // MEGABYTE} MB are free, and these waves need about {-(-needed // MEGABYTE)} MB."
        fix = "Make room, or name a folder on another disk with --out. Nothing was changed."
        raise StudyError(Finding("stop", "O21", "--out", what, fix))


def sync(folder: Path) -> None:
    """Force a folder and everything in it to the disk, so that a power cut after this finds all of it."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            sync_file(path)
    sync_folder(folder)


def _size(folder: Path) -> int:
    """Bytes of everything below a folder; 0 where there is none."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())
