"""How any table of a study becomes text, before pandas or anybody else guesses what it means.

One strict reader for each format returns the same :class:`RawTable`: every value as text, every row with its
line, and everything that was decided on the way said. One format, one file, one line in ``READERS``.

References: RFC 4180 (csv); ECMA-376 (xlsx); OpenDocument 1.3 (ods).
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from analysis_lib.errors import StudyError, did_you_mean
from analysis_lib.readers.delimited import read_delimited
from analysis_lib.readers.table import RawTable, Rule
from analysis_lib.readers.workbook import DAMAGED

__all__ = ["LEADS_OUTSIDE", "READERS", "RawTable", "read_table"]


def _when_needed(module: str) -> Callable[..., RawTable]:
    """The reader of a format; its package is imported with the first file, since some take half a second."""

    def read(path: Path, **choices: str | None) -> RawTable:
        reader: Callable[..., RawTable] = getattr(
            import_module(f"analysis_lib.readers.{module}"), f"read_{module}"
        )
        return reader(path, **choices)

    return read


READERS: dict[str, Callable[..., RawTable]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".xlsx": _when_needed("xlsx"),
    ".ods": _when_needed("ods"),
    ".sav": _when_needed("sav"),
    ".dta": _when_needed("dta"),
    ".parquet": _when_needed("parquet"),
}
_CHOICES = {
    ".csv": ("separator", "encoding"),
    ".tsv": ("separator", "encoding"),
    ".xlsx": ("sheet",),
    ".ods": ("sheet",),
}

NOT_A_FILE = Rule(
    "R01",
    "stop",
    "There is no ordinary file of this name.",
    "Check the spelling and the folder; a folder is not a table.",
)
ADDRESS = Rule(
    "R02",
    "stop",
    "This is an address on a network, and only files on this computer are read.",
    "Download the file into the study folder first.",
)
LEADS_OUTSIDE = Rule(
    "R03",
    "stop",
    "The file is a link that leads out of the study folder.",
    "Put the file itself into the study folder.",
)
UNKNOWN_FORMAT = Rule(
    "R04",
    "stop",
    "Tables in this format are not read.",
    "Save the table in one of the formats that are read, not compressed.",
)
CHOICE_WITHOUT_EFFECT = Rule(
    "R05",
    "stop",
    "A separator, an encoding or a sheet was named that this format does not have.",
    "Leave it out, or check the file name.",
)

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def read_table(
    path: Path,
    *,
    shown_as: str,
    separator: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    file_format: str | None = None,
    root: Path | None = None,
) -> RawTable:
    """Read a table as text, whatever its format.

    Parameters
    ----------
    path
        A regular file on this computer; its ending decides the reader, unless ``file_format`` does.
    shown_as
        Name of the file in findings, relative to the study folder.
    separator
        For .csv and .tsv: ``","``, ``";"``, tab or ``"|"``. None finds it and says so if it is unusual.
    encoding
        For .csv and .tsv. None takes the mark at the start of the file, else UTF-8, else cp1252, said as a
        warning.
    sheet
        For .xlsx and .ods: the sheet to read. None reads the only visible sheet that holds values.
    file_format
        An ending of ``READERS`` without its dot, for a file that has another one or none.
    root
        Study folder that links must not lead out of. None means the folder that ``path`` is in.

    Returns
    -------
    RawTable
        Every value as text without outer spaces, in normalisation form C; ``""`` is empty. Nothing is
        converted: numbers, dates and missing codes are the caller's business, by declared column types.

    Raises
    ------
    StudyError
        With every finding of the file, warnings and notes included.

    Notes
    -----
    A table without rows is returned with a warning, because an optional table may be empty.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "participants.csv"
    ...     _ = path.write_text("participant_id;age\\n007;41,5\\n", encoding="utf-8")
    ...     table = read_table(path, shown_as="waves/2024a/participants.csv")
    >>> table.columns, table.rows, table.lines
    (('participant_id', 'age'), (('007', '41,5'),), (2,))
    >>> [note.code for note in table.notes]
    ['R40']
    """
    if _SCHEME.match(str(path)):
        raise StudyError(ADDRESS.at(shown_as))
    ending = path.suffix.casefold() if file_format is None else f".{file_format.casefold()}"
    reader = READERS.get(ending)
    if reader is None:
        allowed = ", ".join(READERS) + "." + did_you_mean(ending, READERS)
        raise StudyError(UNKNOWN_FORMAT.at(shown_as, allowed=allowed.rstrip(".")))
    given = {"separator": separator, "encoding": encoding, "sheet": sheet}
    choices = {name: value for name, value in given.items() if value is not None}
    usable = _CHOICES.get(ending, ())
    if not choices.keys() <= set(usable):
        raise StudyError(CHOICE_WITHOUT_EFFECT.at(shown_as, allowed=" and ".join(usable) or "no such choice"))
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to((root or path.parent).resolve()):
            raise StudyError(LEADS_OUTSIDE.at(shown_as))
        if not stat.S_ISREG(real.stat().st_mode):
            raise StudyError(NOT_A_FILE.at(shown_as))
    except (OSError, RuntimeError, ValueError):  # not there, a loop of links, a NUL in the name
        raise StudyError(NOT_A_FILE.at(shown_as)) from None
    try:
        return reader(path, shown_as=shown_as, **choices)
    except OSError:  # no permission, or a disk that cannot be read
        raise StudyError(DAMAGED.at(shown_as)) from None
