"""How does a data file whose values carry labels become a table of text?

SPSS and Stata store a code and, apart from it, what the code means. The label stands for its code; where that is not
the same in both directions, it is said. What numbers and dates look like is a matter of the program.

References: PSPP developer manual, chapter "System File Format"; Stata manual, dta; pyreadstat documentation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers.delimited import MAX_BYTES, TOO_LARGE
from analysis_lib.readers.table import MAX_CELLS, TOO_MANY_CELLS, RawTable, Rule, make_table
from analysis_lib.readers.values import shown_name
from analysis_lib.readers.workbook import DAMAGED

PART_LABELLED = Rule(
    "R80",
    "warn",
    "Values have no label although others of this column have one; they were read as codes: {n}.",
    "Label all values or none of them in the program the file came from.",
)
SAME_LABEL = Rule(
    "R81",
    "stop",
    "Two different codes of this column have the same label, so they cannot be told apart.",
    "Give each code a label of its own in the program the file came from.",
)
NO_DATE = Rule(
    "R83",
    "stop",
    "The value is stored as a date but lies outside the calendar.",
    "Correct it in the program the file came from, or empty the cell if the date is missing.",
)

AsText = Callable[[float], str]


def read_labelled(
    path: Path,
    *,
    shown_as: str,
    read: Callable[..., Any],
    as_text_of: Callable[[Any, str], AsText],
    refused: Callable[[Any, str], Rule | None] = lambda meta, name: None,
) -> RawTable:
    """Read a data file as text.

    Parameters
    ----------
    path, shown_as
        The file, and its name in findings.
    read
        The function of pyreadstat for this program.
    as_text_of
        Metadata and name of a column -> how its numbers become text.
    refused
        Metadata and name of a column -> why it cannot be read; None where it can.

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
            _, sizes = read(path, metadataonly=True)
            limit = MAX_CELLS // max(len(sizes.column_names), 1)
            if (sizes.number_rows or 0) <= limit:  # the stated number may be wrong or left out
                data, meta = read(
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
        rule = refused(meta, name)
        if rule is not None:
            found.append(rule.at(shown_as, column=shown))
        stored = meta.variable_value_labels.get(name, {})
        label_of = {value: str(label).strip() for value, label in stored.items() if str(label).strip()}
        texts, impossible, unlabelled = _column_text(data[name], as_text_of(meta, name), label_of)
        columns.append(texts)
        found += NO_DATE.at_each(shown_as, [k + 2 for k in impossible], column=shown)
        if unlabelled:
            found.append(PART_LABELLED.at(shown_as, column=shown, n=unlabelled))
        occurring = [label_of[value] for value in set(data[name]) & label_of.keys()]
        if len(set(occurring)) < len(occurring):
            found.append(SAME_LABEL.at(shown_as, column=shown))
    rows = list(zip(*columns, strict=True))
    return make_table(shown_as, names, rows, range(2, len(rows) + 2), found=found)


def _column_text(
    values: Sequence[Any], as_text: AsText, labels: Mapping[Any, str]
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
