"""How does a table that says from where to where each code goes become a project?

Programs count from 0 or from 1 and mean the last character or the one after it; where the words of a stretch or its
length stand beside its ends, the rule is held against them and the share that fits is reported.

References: REFI-QDA standard 1.5 (2019), for offsets: from 0, end exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis_lib.importers.coded_rows import (
    CodedRow,
    Extras,
    key_of,
    moment,
    number,
    project_of,
    tidied_names,
    unreadable,
    whole,
)
from analysis_lib.importers.columns import (
    Columns,
    column_maps,
    column_remarks,
    matching_sheets,
    sheets_left_aside,
)
from analysis_lib.importers.project import Case, OffsetRule, Project, Remark, Span
from analysis_lib.importers.sheets import Sheet, read_sheets, reading_remarks

_NO_MOMENT = "Times whose order of day and month is not known were left out."
_NO_PLACE = "Ends that are no positions, or that stand before the start, were left out."
_NO_WEIGHT = "Weights that are no numbers were left out."


@dataclass(frozen=True)
class Counting:
    """How a format counts: position of the first character, and whether the end is the last character itself."""

    first: int = 0
    inclusive: bool = False
    words: str = "code points from 0, end exclusive"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end from 0, end exclusive."""
        return start - self.first, end - self.first + self.inclusive


def read_stretches(
    path: Path,
    key: str,
    table: str,
    *,
    counting: Callable[[Sequence[tuple[int, int]]], tuple[Counting, list[Remark]]],
    words: Callable[[str], str] = str,
    remarks: Sequence[Remark] = (),
) -> Project:
    """Read a table of stretches.

    Parameters
    ----------
    path
        The file.
    key, table
        Format, and the kind of sheet in its list of headers.
    counting
        How the format counts, given the pairs of positions of the file, and what has to be said about it.
    words
        What the program did to the coded words on the way out, undone.
    remarks
        What is always to be said of the format.

    Raises
    ------
    StudyError
        The file cannot be read (reader's findings, M50, M51) or lacks a column (M53, M54).
    """
    columns_of = column_maps(key)[table]
    sheets = read_sheets(path)
    fitting, others = matching_sheets(sheets, columns_of)
    said = [*reading_remarks(sheets, "codings"), *sheets_left_aside(others, "codings"), *remarks]
    rows: list[CodedRow] = []
    cases: dict[str, Case] = {}
    offsets: list[OffsetRule] = []
    for sheet, columns in fitting:
        said += column_remarks(sheet, columns, columns_of, "codings")
        said += tidied_names(sheet, columns, ("document", "person", "code"))
        pairs = _pairs(sheet, columns)
        rule, about = counting([pair for pair in pairs if pair is not None])
        said += about
        spans = [None if pair is None else rule.span(*pair) for pair in pairs]
        spans = [span if span is not None and 0 <= span[0] < span[1] else None for span in spans]
        said += unreadable(sheet, columns, "end", spans, _NO_PLACE)
        offsets += _rule(sheet, columns, spans, rule, words)
        rows += _rows(sheet, columns, spans, words, said)
        if "person" in columns.at:
            for row in sheet.rows:
                if person := columns.name(row, "person"):
                    document = columns.name(row, "document") or person
                    known = cases.get(person, Case(person, person))
                    span = Span(key_of((document,)))
                    spans_of = known.spans if span in known.spans else (*known.spans, span)
                    cases[person] = Case(person, person, spans=spans_of)
    n_rows = sum(len(sheet.rows) for sheet, _ in fitting)
    people = {columns.name(row, "person") for sheet, columns in fitting for row in sheet.rows} - {""}
    extras = Extras(cases=list(cases.values()), found={"cases": len(people)}, offsets=offsets)
    return project_of(key, "", rows, n_codings=n_rows, extras=extras, remarks=said)


def _pairs(sheet: Sheet, columns: Columns) -> list[tuple[int, int] | None]:
    pairs: list[tuple[int, int] | None] = []
    for row in sheet.rows:
        start, end = whole(columns.value(row, "start")), whole(columns.value(row, "end"))
        pairs.append(None if start is None or end is None else (start, end))
    return pairs


def _rule(
    sheet: Sheet,
    columns: Columns,
    spans: Sequence[tuple[int, int] | None],
    rule: Counting,
    words: Callable[[str], str],
) -> list[OffsetRule]:
    """How many stretches are as long as their words, or as their stated length where the file has no words."""
    lengths: list[int | None] = []
    for row in sheet.rows:
        text = words(columns.value(row, "text"))
        lengths.append(len(text) if text else whole(columns.value(row, "length")))
    known = [
        (end - start, length)
        for (start, end), length in ((s, n) for s, n in zip(spans, lengths, strict=True) if s is not None)
        if length is not None
    ]
    if not known:
        return []
    fit = sum(a == b for a, b in known) / len(known)
    other = -1 if rule.inclusive else 1
    runner_up = sum(a + other == b for a, b in known) / len(known)
    return [OffsetRule("(all documents)", rule.words, fit, runner_up, len(known))]


def _rows(
    sheet: Sheet,
    columns: Columns,
    spans: Sequence[tuple[int, int] | None],
    words: Callable[[str], str],
    remarks: list[Remark],
) -> list[CodedRow]:
    moments = [moment(columns.value(row, "coded_at")) for row in sheet.rows]
    weights = [number(columns.value(row, "weight")) for row in sheet.rows]
    remarks += unreadable(sheet, columns, "coded_at", moments, _NO_MOMENT)
    remarks += unreadable(sheet, columns, "weight", weights, _NO_WEIGHT)
    rows = []
    for line, row, span, when, weight in zip(sheet.lines, sheet.rows, spans, moments, weights, strict=True):
        person = columns.name(row, "person")
        document = columns.name(row, "document") or person
        code = columns.name(row, "code")
        rows.append(
            CodedRow(
                columns.name(row, "id") or str(line),
                (document,) if document else (),
                (code,) if code else (),
                text=words(columns.value(row, "text")),
                start=None if span is None else span[0],
                end=None if span is None else span[1],
                coder=columns.name(row, "coder"),
                coded_at=when or "",
                memo=columns.value(row, "memo"),
                weight=weight,
                case=person or None,
                source_id=columns.name(row, "document_id"),
                code_id=columns.name(row, "code_id"),
                identity=None if span is None else row,
            )
        )
    return rows
