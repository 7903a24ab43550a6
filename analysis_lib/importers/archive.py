"""What may be read from a zip archive that a coding program, or somebody else, has made?

The list of contents is weighed before anything is expanded: number and size of the entries, how tightly they are
packed, and names that lead elsewhere. Entries are read into memory and never written to disk. The limits are those
of spreadsheets, which are zip archives too.

References: APPNOTE (zip file format).
"""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from analysis_lib.errors import StudyError
from analysis_lib.readers.table import Rule
from analysis_lib.readers.workbook import MAX_ENTRIES, MAX_EXPANDED_BYTES, MAX_RATIO

MAX_LIST_BYTES = 4 * 1024**2  # of the list of contents: 2,000 names of the greatest length would be more
CHUNK = 1024**2

NOT_A_FILE = Rule(
    "M01",
    "stop",
    "There is no ordinary file of this name that can be opened.",
    "Check the spelling, the folder and the permissions; a folder is not an export.",
)
DAMAGED = Rule(
    "M02",
    "stop",
    "The file is no complete zip archive, or it is protected by a password.",
    "Copy or download it again, or export it once more without a password.",
)
TOO_MUCH = Rule(
    "M03",
    "stop",
    "The archive would grow beyond what can be read.",
    "Export the project again without audio, video and pictures; only texts are read.",
)
STRANGE_NAMES = Rule(
    "M04",
    "stop",
    "The archive holds links, or names that lead out of it or differ only in capitals.",
    "Do not unpack it by hand; ask whoever sent it for a new export.",
)


class _Cautious(io.BufferedReader):
    """A file that is never read in larger pieces than a list of contents may be."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, or refuse; ``zipfile`` asks for the whole list of contents at once, whatever it claims to be."""
        wanted = MAX_LIST_BYTES + 1 if size is None or size < 0 else size
        if wanted > MAX_LIST_BYTES + 1 or len(piece := super().read(wanted)) > MAX_LIST_BYTES:
            raise zipfile.BadZipFile
        return piece


@dataclass(frozen=True)
class Archive:
    """An archive whose list of contents was found sound.

    Parameters
    ----------
    entries
        Name, as :func:`plain_name` has it, -> entry; folders aside.
    """

    zip: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield an entry in pieces.

        Raises
        ------
        OSError
            The entry is damaged.
        """
        try:
            with self.zip.open(self.entries[name]) as part:
                while chunk := part.read(CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error):
            raise OSError("this entry is damaged") from None

    def read(self, name: str) -> bytes | None:
        """Return an entry, or None where it is damaged."""
        try:
            return b"".join(self.chunks(name))
        except OSError:
            return None


def plain_name(name: str) -> str:
    r"""Return a name as it is looked up: composed accents, ``/`` between folders, capitals folded.

    >>> plain_name("Sources\\P01.TXT")
    'sources/p01.txt'
    """
    return unicodedata.normalize("NFC", name).replace("\\", "/").casefold()


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive after weighing what its list of contents declares.

    Python never expands an entry beyond its declared size, so the declared sizes are a ceiling.

    Raises
    ------
    StudyError
        M01 to M04.
    """
    require_file(path)
    with _Cautious(io.FileIO(path)) as file:
        archive = _weighed(file, path.name)
        with archive.zip:
            yield archive


def _weighed(file: _Cautious, shown: str) -> Archive:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError):
        raise StudyError(DAMAGED.at(shown)) from None
    found = archive.infolist()
    files = [entry for entry in found if not entry.filename.endswith(("/", "\\"))]
    entries = {plain_name(entry.filename): entry for entry in files}
    refused = [TOO_MUCH.at(shown, allowed=allowed) for allowed, broken in _limits(found).items() if broken]
    if len(entries) < len(files) or any(map(_leads_elsewhere, found)):
        refused.append(STRANGE_NAMES.at(shown))
    if any(entry.flag_bits & 1 for entry in found):
        refused.append(DAMAGED.at(shown))
    if refused:
        archive.close()
        raise StudyError(refused)
    return Archive(archive, entries)


def require_file(path: Path) -> None:
    """Raise M01 unless there is an ordinary file that can be opened."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            path.open("rb").close()
            return
    except (OSError, ValueError):  # not there, no permission, a loop of links, a NUL in the name
        raise StudyError(NOT_A_FILE.at(path.name)) from None
    raise StudyError(NOT_A_FILE.at(path.name))


def _limits(entries: list[zipfile.ZipInfo]) -> dict[str, bool]:
    """What is allowed -> whether it is broken."""
    return {
        f"at most {MAX_ENTRIES} entries": len(entries) > MAX_ENTRIES,
        f"at most {MAX_EXPANDED_BYTES // 1024**2} MB unpacked": sum(e.file_size for e in entries)
        > MAX_EXPANDED_BYTES,
        f"at most {MAX_RATIO} times the packed size": any(
            entry.file_size > CHUNK and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
            for entry in entries
        ),
    }


def _leads_elsewhere(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename.replace("\\", "/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return (
        name.startswith("/")
        or ":" in name.split("/")[0]
        or ".." in PurePosixPath(name).parts
        or "\0" in getattr(entry, "orig_filename", name)
        or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
    )
