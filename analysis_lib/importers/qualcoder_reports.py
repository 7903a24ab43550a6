"""What do QualCoder's coding reports say, by document or by case, as .xlsx or .csv?

One row is one coding, with the categories of its code from the nearest to the uppermost and, if wanted, the
attributes of document and case behind them. The .csv leaves out the cells of categories that a code does not have,
so that whatever follows stands under another heading; values are put back where that can be told for certain, and
left out, with their rows named, where it cannot.

References: QualCoder 4.0, ``report_codes.py``; the older heading ``File/case`` is read as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.project import Case, Code, Coding, Project, Remark, Source
from analysis_lib.importers.qualcoder_report_rows import Heading, ReportRow, heading_of, report_rows
from analysis_lib.importers.sheets import top_rows

TITLE = "QualCoder coding report (.xlsx or .csv, by file or by case)"
CARRIES = (
    "words of codings",
    "codes with the path of their categories",
    "who coded",
    "memos of codings",
    "cases in a report by case",
    "attributes, where the report was made with variables",
)
LOSES = (
    "texts and places",
    "when something was coded",
    "codes, documents and cases without any coding in the report",
    "memos of codes",
    "whether an upper name is a category or a code",
    "pictures and recordings, of which only the coding is listed",
)


INCOMPLETE = Entry("dropped", "codings", "Rows without a code or without a document.")
REPEATED = Entry(
    "merged", "codings", "Rows that repeat a coding of the same case, as overlapping parts of a case give."
)
SHARED = Entry("read", "codings", "Codings that are listed under more than one case and belong to each.")
MEDIA = Entry("read", "codings", "Codings of parts of pictures or recordings, read as codings of all of it.")
TWO_PATHS = Entry(
    "guessed", "codes", "Codes with different categories in different rows; the first ones were taken."
)
TWO_VALUES = Entry(
    "dropped", "variables", "Variables with different values in rows of one document or case; none was taken."
)
FILE_OR_CASE = Entry(
    "guessed",
    "sources",
    "Names that are those of documents or of cases, which this older report does not say.",
)
SAME_PATH = Entry("read", "codes", "Codes with the same path as another code.")

_ID = re.compile(r"(?:ctid|imid|avid):\d{1,18}")


def recognises(path: Path) -> float:
    """1 for the headings of a coding report, else 0."""
    return float(any(rows and heading_of(rows[0]) is not None for rows in top_rows(path)))


def read(path: Path) -> Project:
    """Read a coding report.

    Raises
    ------
    StudyError
        The file is no coding report (M36 to M40), or what the readers of sheets refuse.
    """
    ledger = Ledger()
    heading, rows, n_rows, remarks = report_rows(path, ledger)
    return _project(rows, heading, n_rows, ledger, remarks)


def _project(
    rows: Sequence[ReportRow], heading: Heading, n_rows: int, ledger: Ledger, remarks: Sequence[Remark]
) -> Project:
    source_at = heading.fixed[heading.fixed.index("Coder") - 1]
    case_at = _case_column(rows, heading, ledger)
    known = [row for row in rows if row.cells["Codename"] and row.cells[source_at]]
    ledger.note(
        INCOMPLETE, *(row.place for row in rows if not (row.cells["Codename"] and row.cells[source_at]))
    )
    codes = _codes(known, ledger)
    of_files = _agreed(known, source_at, "FileVar_", ledger)
    of_cases = _agreed(known, case_at, "CaseVar_", ledger) if case_at else {}
    codings: dict[tuple[str, str], Coding] = {}
    times: Counter[str] = Counter()
    for row in known:
        coding = _coding(row, codes, source_at, case_at, ledger)
        identity = (coding.origin, coding.case or "")
        if identity in codings:
            ledger.note(REPEATED, row.place)
            continue
        codings[identity] = coding
        times[coding.origin] += 1
    ledger.note(SHARED, *(origin for origin, n in times.items() if n > 1))
    return Project(
        format="qualcoder-report",
        origin="QualCoder",
        codes=tuple(codes.values()),
        sources=tuple(Source(name, name, variables=values) for name, values in of_files.items()),
        cases=tuple(Case(name, name, variables=values) for name, values in of_cases.items()),
        codings=tuple(codings.values()),
        found={
            "codes": len({row.cells["Codename"] for row in known}),
            "sources": len({row.cells[source_at] for row in known}),
            "cases": len({row.cells[case_at] for row in known} - {""}) if case_at else 0,
            "codings": n_rows,
        },
        remarks=(*remarks, *ledger.remarks()),
    )


def _case_column(rows: Sequence[ReportRow], heading: Heading, ledger: Ledger) -> str | None:
    """Column of the case; an older report by case has it in place of the document."""
    if "Case" in heading.fixed:
        return "Case"
    if "File/case" not in heading.fixed:
        return None
    by_case = any(
        value for row in rows for name, value in (row.variables or {}).items() if name.startswith("CaseVar_")
    )
    ledger.note(
        FILE_OR_CASE, n=len({row.cells["File/case"] for row in rows}), confidence=0.8 if by_case else 0.5
    )
    return "File/case" if by_case else None


def _codes(rows: Sequence[ReportRow], ledger: Ledger) -> dict[str, Code]:
    """Codes by name, which is unique in a QualCoder project."""
    paths: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.categories is not None:
            name = row.cells["Codename"]
            path = (*reversed(row.categories), name)
            if paths.setdefault(name, path) != path:
                ledger.note(TWO_PATHS, row.place, confidence=0.5)
    codes: dict[str, Code] = {}
    taken: set[str] = set()
    for row in rows:
        name = row.cells["Codename"]
        if name in codes:
            continue
        path = paths.get(name, (name,))
        key = "/".join(path)
        if key in taken:
            ledger.note(SAME_PATH, row.place)
            key = f"{key}#{row.place}"
        taken.add(key)
        codes[name] = Code(key, path)
    return codes


def _agreed(rows: Sequence[ReportRow], column: str, prefix: str, ledger: Ledger) -> dict[str, dict[str, str]]:
    """Variables of each document or case, as far as its rows agree."""
    said: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        of_one = said.setdefault(row.cells[column], {})
        for name, value in (row.variables or {}).items():
            if name.startswith(prefix):
                of_one.setdefault(name.removeprefix(prefix), {}).setdefault(value, row.place)
    agreed = {}
    for owner, of_one in said.items():
        if owner:
            agreed[owner] = {name: next(iter(values)) for name, values in of_one.items() if len(values) == 1}
            for values in of_one.values():
                if len(values) > 1:
                    ledger.note(TWO_VALUES, *values.values(), n=1)
    return agreed


def _coding(
    row: ReportRow, codes: Mapping[str, Code], source_at: str, case_at: str | None, ledger: Ledger
) -> Coding:
    cells = row.cells
    coding = Coding(
        cells[source_at],
        codes[cells["Codename"]].key,
        None,
        None,
        text=cells["Coded"],
        case=(cells[case_at] or None) if case_at else None,
        coder=cells["Coder"],
        memo=cells.get("Coded_Memo", ""),
        origin=cells["Id"] if _ID.fullmatch(cells["Id"]) else row.place,
    )
    if coding.origin.startswith(("imid", "avid")):  # the cell says "image" or "a/v" and quotes nothing
        ledger.note(MEDIA, coding.origin)
        return replace(coding, text="")
    return coding
