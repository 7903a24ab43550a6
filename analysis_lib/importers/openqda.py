"""What do the coded selections that OpenQDA saves as text hold?

One row is one code on one selection, with its ends. The program counts as its editor in the browser does, and on the
way out it makes every run of white space one space and every double quotation mark a single one, so the words are
not those of the document, letter for letter.

References: OpenQDA, ``web/resources/js/exchange/useExport.js`` and ``createCSVBuilder.js``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis_lib.importers.columns import column_maps, share_recognised
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.stretches import Counting, read_stretches

TITLE = "OpenQDA coded selections (.csv)"
CARRIES = ("words of the selections, white space and quotation marks changed", "places", "who coded and when")
LOSES = (
    "the words letter for letter",
    "which code is below which",
    "codes that were never used",
    "documents without codings",
    "variables of documents, which come in a file of their own",
    "texts of the documents",
)

_CHANGED = "The program writes white space as one space and double quotation marks as single ones."
_UNITS = "Places were taken as they stand; the browser counts an emoji before them as two."


def recognises(path: Path) -> float:
    """Share of the columns that are known to be OpenQDA's."""
    return share_recognised(path, column_maps("openqda")["selections"])


def read(path: Path) -> Project:
    """Read coded selections.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51) or lacks a column (M53, M54).
    """
    changed = Remark("not carried", "codings", _CHANGED)
    return read_stretches(
        path, "openqda", "selections", counting=_counting, words=_unquoted, remarks=(changed,)
    )


def _counting(pairs: Sequence[tuple[int, int]]) -> tuple[Counting, list[Remark]]:
    units = Remark("guessed", "codings", _UNITS, len(pairs), confidence=0.5)
    return Counting(words="as exported, from 0, end exclusive"), [units]


def _unquoted(words: str) -> str:
    """Words without the quotation marks that the program puts around them.

    >>> _unquoted('"I felt heard"'), _unquoted("plain")
    ('I felt heard', 'plain')
    """
    return words[1:-1] if len(words) > 1 and words[0] == words[-1] == '"' else words
