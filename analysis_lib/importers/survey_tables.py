"""Which rows of a survey export are answers, and which are headings in disguise?

Survey programs write question texts, import marks or metadata between the column names and the answers, which the
strict readers refuse. Here those rows are recognised by what they are, left aside and said; what remains goes through
all the rules of the readers.

References: Qualtrics support, "Understanding your data set"; REDCap help, "Data export"; OpenQDA, variables export.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers.project import Remark
from analysis_lib.importers.sheets import Sheet, read_sheets
from analysis_lib.readers.table import RawTable, make_table

Program = Literal["Qualtrics", "REDCap", "OpenQDA", "unknown"]

_IMPORT_MARK = re.compile(r'\{"ImportId"\s*:')
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_REDCAP = {
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_survey_identifier",
}
_REDCAP_LABELS = {"complete?", "event name", "repeat instrument", "repeat instance", "survey identifier"}
_OPENQDA = ("datatype", "description", "created_at", "created_by", "updated_at")
_PREVIEW = ("survey preview", "preview")


@dataclass(frozen=True)
class SurveyTable:
    """Answers of a survey export.

    Parameters
    ----------
    program
        Which program wrote it, as far as its headings say.
    table
        The rows that hold answers, checked and cleaned as any table of a study.
    left_aside
        Which rows were left aside and why, and what else a researcher has to know.
    """

    program: Program
    table: RawTable
    left_aside: tuple[Remark, ...]


def read_survey_table(path: Path) -> SurveyTable:
    """Read a survey export as plain rows.

    Parameters
    ----------
    path
        A .csv, .tsv or .xlsx of Qualtrics, REDCap or OpenQDA (variables), or any plain table.

    Returns
    -------
    SurveyTable
        A plain table comes back as it is, with nothing left aside.

    Raises
    ------
    StudyError
        With every finding of the readers; M50, M51; M63 where the file has several sheets.
    """
    sheets = read_sheets(path)
    if len(sheets) > 1:
        what = "The workbook has several sheets with values, and answers are read from one."
        fix = "Save the sheet with the answers as a file of its own."
        raise StudyError(Finding("stop", "M63", path.name, what, fix))
    sheet = sheets[0]
    program, header, aside = _headings(sheet)
    remarks = [
        Remark("dropped", "participants", text, len(lines), tuple(map(str, lines)))
        for text, lines in aside.items()
        if lines
    ]
    lines_aside = {line for lines in aside.values() for line in lines}
    kept = [k for k, line in enumerate(sheet.lines) if line not in lines_aside]
    table = make_table(
        sheet.file,
        header,
        [sheet.rows[k] for k in kept],
        [sheet.lines[k] for k in kept],
        header_line=sheet.header_line,
        sheet=sheet.name,
        found=sheet.notes,
    )
    return SurveyTable(program, table, (*remarks, *_cautions(program, table)))


def _headings(sheet: Sheet) -> tuple[Program, Sequence[str], dict[str, list[int]]]:
    """Program, column names, and lines of heading rows by the reason why they are none of the answers."""
    marks = [k for k, row in enumerate(sheet.rows[:3]) if any(_IMPORT_MARK.match(v.strip()) for v in row)]
    if marks:
        texts = [line for line in sheet.lines[: marks[-1] + 1] if line != sheet.lines[marks[-1]]]
        return (
            "Qualtrics",
            sheet.header,
            {
                "A row of question texts was left aside.": texts,
                "A row of import marks was left aside.": [sheet.lines[marks[-1]]],
            },
        )
    metadata = {row[0].strip().casefold(): k for k, row in enumerate(sheet.rows[: len(_OPENQDA)])}
    if set(metadata) >= set(_OPENQDA):
        lines = [sheet.lines[metadata[name]] for name in _OPENQDA]
        return "OpenQDA", sheet.header, {"Rows that describe the variables were left aside.": sorted(lines)}
    folded = {name.casefold() for name in sheet.header}
    names = [name for name in sheet.header if name]
    fields = bool(names) and all(_FIELD.fullmatch(name) for name in names)
    first = sheet.rows[0] if sheet.rows else ()
    if fields and (folded & _REDCAP or any(name.endswith("_complete") for name in folded)):
        labels = [sheet.lines[0]] if {v.strip().casefold() for v in first} & _REDCAP_LABELS else []
        return "REDCap", sheet.header, {"A row of field labels was left aside.": labels}
    if folded & _REDCAP_LABELS and first and all(_FIELD.fullmatch(v.strip()) for v in first if v.strip()):
        reason = "The row of field labels was left aside; the row of field names below it names the columns."
        return "REDCap", [value.strip() for value in first], {reason: [sheet.lines[0]]}
    return ("REDCap" if folded & _REDCAP_LABELS else "unknown"), sheet.header, {}


def _cautions(program: Program, table: RawTable) -> list[Remark]:
    """What the rows that remain may still hold and a study should not."""
    columns = {name.casefold(): k for k, name in enumerate(table.columns)}
    remarks = []
    if program == "Qualtrics":
        tests = [
            str(line)
            for line, row in zip(table.lines, table.rows, strict=True)
            if any(
                row[columns[name]].casefold() in _PREVIEW
                for name in ("status", "distributionchannel")
                if name in columns
            )
        ]
        if tests:
            text = "Rows that somebody made while looking at the survey are still there; delete them if so."
            remarks.append(Remark("read", "participants", text, len(tests), tuple(tests)))
    if program == "REDCap" and table.rows:
        first_of: dict[str, int] = {}
        for line, row in zip(table.lines, table.rows, strict=True):
            first_of.setdefault(row[0], line)
        again = [
            str(line) for line, row in zip(table.lines, table.rows, strict=True) if first_of[row[0]] != line
        ]
        if again:
            text = "Records have further rows (events or repeated forms); a table of participants needs one row each."
            remarks.append(Remark("read", "participants", text, len(again), tuple(again)))
    return remarks
