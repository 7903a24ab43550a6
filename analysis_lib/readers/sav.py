"""How an SPSS .sav file becomes a table of text.

Value labels stand for the codes they belong to, system-missing and user-missing values are empty, and dates
are ISO dates counted from the start of the Gregorian calendar as SPSS does.

References: PSPP developer manual, chapter "System File Format"; pyreadstat documentation.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyreadstat

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers.delimited import MAX_BYTES, TOO_LARGE
from analysis_lib.readers.table import (
    MAX_CELLS,
    TOO_MANY_CELLS,
    RawTable,
    Rule,
    make_table,
    moment_text,
    number_text,
    shown_name,
)
from analysis_lib.readers.workbook import DAMAGED

PART_LABELLED = Rule(
    "R80",
    "warn",
    "Values have no label although others of this column have one; they were read as codes: {n}.",
    "Label all values or none of them in SPSS.",
)
SAME_LABEL = Rule(
    "R81",
    "stop",
    "Two different codes of this column have the same label, so they cannot be told apart.",
    "Give each code a label of its own in SPSS.",
)
NO_DATE = Rule(
    "R83",
    "stop",
    "The value is stored as a date but lies outside the calendar.",
    "Correct it in SPSS, or empty the cell if the date is missing.",
)

_FIRST_DAY = datetime(1582, 10, 14)
_FORMAT = re.compile(r"[A-Z]+")
_DATES = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR", "DATETIME", "YMDHMS")
_DURATIONS = ("TIME", "DTIME", "MTIME")


def _moment(seconds: float) -> str:
    return moment_text(_FIRST_DAY + timedelta(seconds=seconds))


def _duration(seconds: float) -> str:
    return moment_text(timedelta(seconds=seconds))


def _column_text(
    values: Sequence[Any], spss_format: str | None, labels: Mapping[Any, str]
) -> tuple[list[str], list[int], int]:
    """Return the values as text, positions of impossible dates, and how many lack a label others have."""
    matched = _FORMAT.match(spss_format or "")
    kind = matched[0] if matched else ""
    as_text: Callable[[float], str] = number_text
    if kind in _DATES:
        as_text = _moment
    elif kind in _DURATIONS:
        as_text = _duration
    elif (
        spss_format and kind == "N"
    ):  # SPSS shows such numbers with leading zeros, and ids are entered that way
        width = int(spss_format[1:].partition(".")[0])

        def as_text(value: float) -> str:
            return number_text(value).zfill(width)

    texts: list[str] = []
    impossible: list[int] = []
    labelled = unlabelled = 0
    for position, value in enumerate(values):
        if value is None or value != value:  # noqa: PLR0124 - not-a-number is system-missing
            texts.append("")
        elif value in labels:
            labelled += 1
            texts.append(labels[value])
        elif isinstance(value, str):
            unlabelled += bool(value.strip())
            texts.append(value)
        else:
            unlabelled += 1
            try:
                texts.append(as_text(float(value)))
            except (OverflowError, ValueError):
                impossible.append(position)
                texts.append("")
    return texts, impossible, unlabelled if labelled else 0


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
    if path.stat().st_size > MAX_BYTES:
        raise StudyError(TOO_LARGE.at(shown_as, allowed=f"at most {MAX_BYTES // 1024**2} MB"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _, sizes = pyreadstat.read_sav(path, metadataonly=True)
            limit = MAX_CELLS // max(len(sizes.column_names), 1)
            if (sizes.number_rows or 0) <= limit:  # the stated number may be wrong or left out
                data, meta = pyreadstat.read_sav(
                    path, output_format="dict", disable_datetime_conversion=True, row_limit=limit + 1
                )
        except Exception:  # whatever a damaged file makes the library raise is a fault of the file
            raise StudyError(DAMAGED.at(shown_as)) from None
    if (sizes.number_rows or 0) > limit or any(len(values) > limit for values in data.values()):
        raise StudyError(TOO_MANY_CELLS.at(shown_as, allowed=f"at most {MAX_CELLS} cells"))
    names = list(meta.column_names)
    columns: list[list[str]] = []
    found: list[Finding] = []
    for position, name in enumerate(names, start=1):
        stored = meta.variable_value_labels.get(name, {})
        label_of = {value: str(label).strip() for value, label in stored.items() if str(label).strip()}
        texts, impossible, unlabelled = _column_text(data[name], meta.original_variable_types[name], label_of)
        columns.append(texts)
        shown = shown_name(name, position)
        found += NO_DATE.at_each(shown_as, [k + 2 for k in impossible], column=shown)
        if unlabelled:
            found.append(PART_LABELLED.at(shown_as, column=shown, n=unlabelled))
        occurring = [label_of[value] for value in set(data[name]) & label_of.keys()]
        if len(set(occurring)) < len(occurring):
            found.append(SAME_LABEL.at(shown_as, column=shown))
    rows = list(zip(*columns, strict=True))
    return make_table(shown_as, names, rows, range(2, len(rows) + 2), found=found)
