"""What does the coding table of an RQDA project, saved as text, hold?

One row is one code on one stretch of one file: names, numbers and places, but neither words nor coders.

References: RQDA, ``getCodingTable()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis_lib.importers.columns import column_maps, share_recognised
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.stretches import Counting, read_stretches

TITLE = "RQDA coding table (.csv)"
CARRIES = ("places", "numbers that tell codes and files of one name apart")
LOSES = (
    "words of the stretches",
    "who coded and when",
    "categories of codes",
    "cases and attributes",
    "codes that were never used",
    "files without codings",
    "memos",
    "texts of the files",
)


def recognises(path: Path) -> float:
    """Share of the columns that are known to be RQDA's."""
    return share_recognised(path, column_maps("rqda")["coding_table"])


def read(path: Path) -> Project:
    """Read a coding table.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51) or lacks a column (M53, M54).
    """
    return read_stretches(path, "rqda", "coding_table", counting=_counting)


def _counting(pairs: Sequence[tuple[int, int]]) -> tuple[Counting, list[Remark]]:
    return Counting(), []
