"""How a Stata .dta file becomes a table of text.

Value labels stand for the codes they belong to, missing values (``.`` and ``.a`` to ``.z``) are empty, and
dates are ISO dates counted from 1960 as Stata does.

References: Stata file format 113 to 119 (Stata manual, dta); Stata manual, datetime; pyreadstat documentation.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
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
    "R84",
    "warn",
    "Values have no label although others of this column have one; they were read as codes: {n}.",
    "Label all values or none of them in Stata.",
)
SAME_LABEL = Rule(
    "R85",
    "stop",
    "Two different codes of this column have the same label, so they cannot be told apart.",
    "Give each code a label of its own in Stata.",
)
NO_DATE = Rule(
    "R86",
    "stop",
    "The value is stored as a date but lies outside the calendar.",
    "Correct it in Stata, or empty the cell if the date is missing.",
)
LEAP_SECONDS = Rule(
    "R87",
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


def _as_text(stata_format: str, storage: str) -> Callable[[float], str]:
    """How numbers of this display format and storage type become text."""
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


def _column_text(
    values: Sequence[Any], as_text: Callable[[float], str], labels: Mapping[Any, str]
) -> tuple[list[str], list[int], int]:
    """Return the values as text, positions of impossible dates, and how many lack a label others have."""
    texts: list[str] = []
    impossible: list[int] = []
    labelled = unlabelled = 0
    for position, value in enumerate(values):
        if value is None or value != value:  # noqa: PLR0124 - not-a-number is missing
            texts.append("")
        elif value in labels:
            labelled += 1
            texts.append(labels[value])
        elif isinstance(value, str):
            texts.append(value)
        else:
            unlabelled += 1
            try:
                texts.append(as_text(float(value)))
            except (OverflowError, ValueError):
                impossible.append(position)
                texts.append("")
    return texts, impossible, unlabelled if labelled else 0


def _is_cut_off(path: Path) -> bool:
    """Whether a file since Stata 13 lacks its last tag; what stands behind the labels is read by nobody else."""
    with path.open("rb") as file:
        tagged = file.read(11) == b"<stata_dta>"
        file.seek(max(path.stat().st_size - 12, 0))
        return tagged and file.read() != b"</stata_dta>"


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
    if path.stat().st_size > MAX_BYTES:
        raise StudyError(TOO_LARGE.at(shown_as, allowed=f"at most {MAX_BYTES // 1024**2} MB"))
    if _is_cut_off(path):
        raise StudyError(DAMAGED.at(shown_as))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _, sizes = pyreadstat.read_dta(path, metadataonly=True)
            limit = MAX_CELLS // max(len(sizes.column_names), 1)
            if (sizes.number_rows or 0) <= limit:  # the stated number may be wrong or left out
                data, meta = pyreadstat.read_dta(
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
        shown = shown_name(name, position)
        stata_format = meta.original_variable_types[name] or ""
        if stata_format.startswith(("%tC", "%-tC")):
            found.append(LEAP_SECONDS.at(shown_as, column=shown))
        stored = meta.variable_value_labels.get(name, {})
        label_of = {value: str(label).strip() for value, label in stored.items() if str(label).strip()}
        as_text = _as_text(stata_format, meta.readstat_variable_types[name])
        texts, impossible, unlabelled = _column_text(data[name], as_text, label_of)
        columns.append(texts)
        found += NO_DATE.at_each(shown_as, [k + 2 for k in impossible], column=shown)
        if unlabelled:
            found.append(PART_LABELLED.at(shown_as, column=shown, n=unlabelled))
        occurring = [label_of[value] for value in set(data[name]) & label_of.keys()]
        if len(set(occurring)) < len(occurring):
            found.append(SAME_LABEL.at(shown_as, column=shown))
    rows = list(zip(*columns, strict=True))
    return make_table(shown_as, names, rows, range(2, len(rows) + 2), found=found)
