"""Which people does a survey export hold?

One row of answers is one person. Heading rows in disguise are left aside and said; an export with several rows for one
person (repeated instruments, several events) is refused, since which row counts is a decision of the team.

References: Qualtrics support, "Understanding your data set"; REDCap help, "Data export".
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers.project import Case, Project
from analysis_lib.importers.survey_tables import SurveyTable, read_survey_table
from analysis_lib.readers.table import RawTable

TITLE = "Survey export of Qualtrics, REDCap or OpenQDA (.csv, .xlsx)"
CARRIES = ("people, one for each row of answers", "every answer as a variable")
LOSES = (
    "codings, texts and documents, which it never has",
    "labels of answers that were exported as numbers",
    "which question a variable was, beyond its name",
)
# Names of the column that tells people apart, the first that is there.
_IDS = (
    "participant_id",
    "participantid",
    "participant",
    "record_id",
    "study_id",
    "responseid",
    "response_id",
    "id",
)


def recognises(path: Path) -> float:
    """How sure one is that this is a survey export: by the headings that only such programs write."""
    try:
        found = read_survey_table(path)
    except StudyError:
        return 0.0
    return 0.8 if found.program != "unknown" and _id_column(found.table) is not None else 0.0


def read(path: Path) -> Project:
    """The people of a survey export as cases without sources.

    Raises
    ------
    StudyError
        With every finding of the readers; M65 without a column of ids; M66 where one stands in several rows.
    """
    found = read_survey_table(path)
    at = _id_column(found.table)
    if at is None:
        what = "No column tells people apart."
        fix = "Name the column of ids one of these, and import again."
        raise StudyError([Finding("stop", "M65", path.name, what, fix, allowed=", ".join(_IDS))])
    _refuse_repeats(found, at, path.name)
    columns = found.table.columns
    cases = tuple(
        Case(
            row[at],
            row[at],
            variables={columns[i]: value for i, value in enumerate(row) if i != at and value},
        )
        for row in found.table.rows
        if row[at]
    )
    return Project(
        "survey",
        "" if found.program == "unknown" else found.program,
        (),
        (),
        cases,
        (),
        {"codes": 0, "sources": 0, "cases": len(cases), "codings": 0},
        remarks=found.left_aside,
    )


def _id_column(table: RawTable) -> int | None:
    folded = [name.casefold() for name in table.columns]
    return next((folded.index(name) for name in _IDS if name in folded), None)


def _refuse_repeats(found: SurveyTable, at: int, file: str) -> None:
    """One person, one row; somebody without an id cannot be told apart."""
    rows, lines = found.table.rows, found.table.lines
    times = Counter(row[at] for row in rows)
    several = [line for row, line in zip(rows, lines, strict=True) if times[row[at]] > 1 or not row[at]]
    if several:
        what = f"{len(several)} rows have an id that stands in several rows, or none."
        fix = "Export one row for each person, such as one event or instrument, and give everybody an id."
        raise StudyError([Finding("stop", "M66", file, what, fix, line=several[0])])
