"""How an SPSS .sav file becomes a table of text.

Value labels stand for the codes they belong to, system-missing and user-missing values are empty, and dates
are ISO dates counted from the start of the Gregorian calendar as SPSS does.

References: PSPP developer manual, chapter "System File Format"; pyreadstat documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyreadstat

from analysis_lib.readers.labelled import read_labelled
from analysis_lib.readers.table import RawTable
from analysis_lib.readers.values import moment_text, number_text

_FIRST_DAY = datetime(1582, 10, 14)
_FORMAT = re.compile(r"[A-Z]+")
_DATES = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR", "DATETIME", "YMDHMS")
_DURATIONS = ("TIME", "DTIME", "MTIME")


def _moment(seconds: float) -> str:
    return moment_text(_FIRST_DAY + timedelta(seconds=seconds))


def _duration(seconds: float) -> str:
    return moment_text(timedelta(seconds=seconds))


def _as_text(meta: Any, name: str) -> Callable[[float], str]:
    """How numbers of a column become text, by its SPSS format."""
    spss_format = meta.original_variable_types[name] or ""
    matched = _FORMAT.match(spss_format)
    kind = matched[0] if matched else ""
    if kind in _DATES:
        return _moment
    if kind in _DURATIONS:
        return _duration
    if kind == "N":  # SPSS shows such numbers with leading zeros, and ids are entered that way
        width = int(spss_format[1:].partition(".")[0])
        return lambda value: number_text(value).zfill(width)
    return number_text


def read_sav(path: Path, *, shown_as: str) -> RawTable:
    """Read an SPSS data file as text.

    Parameters
    ----------
    path
        The file.
    shown_as
        Its name in findings.

    Returns
    -------
    RawTable
        ``lines`` are case numbers plus one, as if the column names stood in line 1.

    Raises
    ------
    StudyError
        With every finding of the file.
    """
    return read_labelled(path, shown_as=shown_as, read=pyreadstat.read_sav, as_text_of=_as_text)
