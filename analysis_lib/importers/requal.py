"""What do the coded segments that requal saves as text hold?

One row is one code on one segment by one user. The end of a segment is its last character, not the one after it.

References: requal, ``R/mod_analysis.R`` and the agreement modules, which use start and end with ``substr()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis_lib.importers.columns import column_maps, share_recognised
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.stretches import Counting, read_stretches

TITLE = "requal coded segments (.csv)"
CARRIES = ("words of the segments", "places", "who coded", "numbers that tell codes of one name apart")
LOSES = (
    "when it was coded",
    "categories of codes",
    "codes that were never used",
    "documents without codings",
    "memos",
    "texts of the documents",
)

_FROM_ONE = (
    "Positions were taken to count from 1, as the language of the program does; the file does not say so."
)


def recognises(path: Path) -> float:
    """Share of the columns that are known to be requal's."""
    return share_recognised(path, column_maps("requal")["segments"])


def read(path: Path) -> Project:
    """Read coded segments.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51) or lacks a column (M53, M54).
    """
    return read_stretches(path, "requal", "segments", counting=_counting)


def _counting(pairs: Sequence[tuple[int, int]]) -> tuple[Counting, list[Remark]]:
    """From 0 where a segment starts there, else from 1; which of the two is a guess in the second case."""
    if any(start == 0 for start, _ in pairs):
        return Counting(0, True, "code points from 0, end inclusive"), []
    guess = [Remark("guessed", "codings", _FROM_ONE, len(pairs), confidence=0.5)] if pairs else []
    return Counting(1, True, "code points from 1, end inclusive"), guess
