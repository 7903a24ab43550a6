"""What does a table of coded stretches from no particular program hold?

One row is one code on one stretch; a column names the document or the person, one names the code, and whatever else is
known (places, words, who, when) is taken along. Tables that were made from a program's database, or by hand, are
read this way when no other format knows them.

References: REFI-QDA standard 1.5 (2019), for what a coding is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers.columns import column_maps, fitted, share_recognised
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.sheets import read_sheets, shown_headers
from analysis_lib.importers.stretches import Counting, read_stretches

TITLE = "Table of coded stretches (.csv, .xlsx)"
CARRIES = ("codes", "documents or persons", "whatever else has a column: places, words, who coded and when")
LOSES = ("whatever has no column", "which code is below which", "codes and documents without codings")

_AS_IT_STANDS = (
    "Places were taken as they stand, from 0 and end exclusive; the table does not say how it counts."
)


def recognises(path: Path) -> float:
    """Half the share of known columns, since a format that knows the program is better."""
    return share_recognised(path, column_maps("coded_table")["stretches"]) / 2


def read(path: Path) -> Project:
    """Read a table of coded stretches.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51), lacks a column (M53, M54), or names neither documents
        nor persons (M58).
    """
    stretches = column_maps("coded_table")["stretches"]
    found = []
    for sheet in read_sheets(path):
        if stretches.missing(sheet.header) or {"document", "person"} & fitted(sheet, stretches).at.keys():
            continue
        what = f"No column names the document or the person. Columns seen: {shown_headers(sheet.header)}."
        fix = f"Add such a column, or its header with the role document or person to {stretches.file}."
        found.append(Finding("stop", "M58", sheet.file, what, fix, sheet.header_line, sheet=sheet.name))
    if found:
        raise StudyError(found)
    return read_stretches(path, "coded_table", "stretches", counting=_counting)


def _counting(pairs: Sequence[tuple[int, int]]) -> tuple[Counting, list[Remark]]:
    guess = [Remark("guessed", "codings", _AS_IT_STANDS, len(pairs), confidence=0.5)] if pairs else []
    return Counting(words="as exported, from 0, end exclusive"), guess
