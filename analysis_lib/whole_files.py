"""How is a file written so that nobody ever reads half of it, and so that it is there after a power cut?

References: rename(2) and fsync(2), Linux manual pages; Pillai et al. 2014, All file systems are not created equal
(OSDI).
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Write a file that is there completely or as it was; the folder is made where it is missing.

    Parameters
    ----------
    content
        Text is written as UTF-8 with its line endings as they are.
    mode
        Rights of the file, less what the user's umask takes away.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "sub" / "a.txt", "one\\n")
    ...     [path.name for path in (Path(folder) / "sub").iterdir()]
    ['a.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(beside, flags, mode), "wb") as handle:
            handle.write(content.encode("utf-8") if isinstance(content, str) else content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Force one file to the disk."""
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk; Windows does so by itself."""
    if sys.platform != "win32":
        sync_file(folder)
