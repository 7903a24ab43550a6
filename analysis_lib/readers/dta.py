"""How a Stata .dta file becomes a table of text.

Value labels stand for the codes they belong to, missing values (``.`` and ``.a`` to ``.z``) are empty, and
dates are ISO dates counted from 1960 as Stata does.

References: Stata file format 113 to 119 (Stata manual, dta); Stata manual, datetime; pyreadstat documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyreadstat

from analysis_lib.errors import StudyError
from analysis_lib.readers.labelled import read_labelled
from analysis_lib.readers.table import RawTable, Rule
from analysis_lib.readers.values import moment_text, number_text
from analysis_lib.readers.workbook import DAMAGED

LEAP_SECONDS = Rule(
    "R84",
    "stop",
    "The column counts leap seconds (format %tC), so its times are not those of a clock.",
    "Convert it to %tc in Stata with cofC(), or drop the column.",
)

_FIRST_DAY = datetime(1960, 1, 1)
_FORMAT = re.compile(r"%-?(t[cCdwmqhy]|d)")
_MONTHS = {"tm": 1, "tq": 3, "th": 6}
_PADDED = re.compile(r"%0([0-9]+)\.0[fg]")


def _day(days: float) -> str:
    return moment_text(_FIRST_DAY + timedelta(days=days))


def _moment(milliseconds: float) -> str:
    return moment_text(_FIRST_DAY + timedelta(milliseconds=milliseconds))


def _week(weeks: float) -> str:
    """First day of a week; Stata's weeks start on 1 January and the last of a year is longer."""
    years, week = divmod(int(weeks), 52)
    return moment_text(datetime(1960 + years, 1, 1) + timedelta(days=7 * week))


def _month(months: float) -> str:
    years, month = divmod(int(months), 12)
    return moment_text(datetime(1960 + years, month + 1, 1))


def _single_precision(value: float) -> str:
    """Shortest text of a number that was stored with 32 bits: 0.1, not 0.10000000149011612."""
    return number_text(float(str(np.float32(value))))


def _as_text(meta: Any, name: str) -> Callable[[float], str]:
    """How numbers of a column become text, by its display format and storage type."""
    stata_format = meta.original_variable_types[name] or ""
    storage = meta.readstat_variable_types[name]
    padded = _PADDED.fullmatch(stata_format)
    if padded:  # Stata shows such numbers with leading zeros, and ids are entered that way
        return lambda value: number_text(value).zfill(int(padded[1]))
    matched = _FORMAT.match(stata_format)
    kind = matched[1] if matched else ""
    if kind in ("td", "d"):
        return _day
    if kind == "tc":
        return _moment
    if kind == "tw":
        return _week
    if kind in _MONTHS:
        return lambda value: _month(value * _MONTHS[kind])
    return _single_precision if storage == "float" else number_text


def _is_cut_off(path: Path) -> bool:
    """Whether a file since Stata 13 lacks its last tag; what stands behind the labels is read by nobody else."""
    with path.open("rb") as file:
        tagged = file.read(11) == b"<stata_dta>"
        file.seek(max(path.stat().st_size - 12, 0))
        return tagged and file.read() != b"</stata_dta>"


def _refused(meta: Any, name: str) -> Rule | None:
    return LEAP_SECONDS if str(meta.original_variable_types[name]).startswith(("%tC", "%-tC")) else None


def read_dta(path: Path, *, shown_as: str) -> RawTable:
    """Read a Stata data file as text.

    Parameters
    ----------
    path
        The file.
    shown_as
        Its name in findings.

    Returns
    -------
    RawTable
        ``lines`` are observation numbers plus one, as if the column names stood in line 1. A month, quarter,
        half-year or week is its first day.

    Raises
    ------
    StudyError
        With every finding of the file.
    """
    if _is_cut_off(path):
        raise StudyError(DAMAGED.at(shown_as))
    return read_labelled(
        path, shown_as=shown_as, read=pyreadstat.read_dta, as_text_of=_as_text, refused=_refused
    )
