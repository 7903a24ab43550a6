"""How does a raw table become a canonical one?

Names and values are mapped as study.yaml says, corrections are applied and counted, and every cell is held
against the contract before it gets a type. Nothing is guessed: a cell that does not fit is a finding.

References: ``data_schema/tables``; Broman & Woo 2018, The American Statistician 72(1), 2-10, on data tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.errors import Finding, Level, characters_allowed, did_you_mean, first_few, value_class
from analysis_lib.quote_flags import is_nhs_number
from analysis_lib.readers import RawTable
from analysis_lib.readers.table import SECOND_HEADER
from analysis_lib.readers.values import shown_name
from analysis_lib.schema import Column, TableSchema
from analysis_lib.study import RawColumns
from analysis_lib.yamlfile import as_date

MOST_SHOWN = 10  # findings of one kind in one column; the rest are counted
# A column that says no: misspelt, it would be left aside and everybody would seem to agree.
_REFUSALS = ("withdrawn_on", "quote_consent")


@dataclass(frozen=True)
class CanonicalTable:
    """A table in the names and types of the contract.

    Parameters
    ----------
    frame
        One row per row of the file; text, ordered categories, Int64, Float64, boolean, datetime64.
    lines
        File line of each row, counted from 1 with the header.
    file
        The file as shown to the researcher.
    n_corrected
        Cells that corrections.csv changed.
    given, filled
        Columns that the file has, and those of them with a value in any row.
    whole
        False where a required column is missing, so that nothing can be said across tables.
    """

    name: str
    frame: pd.DataFrame
    lines: tuple[int, ...]
    file: str
    n_corrected: int = 0
    given: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    whole: bool = True


@dataclass(frozen=True)
class Correction:
    """One line of corrections.csv: in the rows of ``key``, ``old`` becomes ``new``.

    ``old`` is the value as it stands in the raw file, ``new`` the canonical one.
    """

    table: str
    key: str
    column: str
    old: str
    new: str
    file: str
    line: int


def canonical_table(
    raw: RawTable,
    schema: TableSchema,
    rules: RawColumns,
    corrections: Iterable[Correction] = (),
    *,
    themes: Mapping[str, str] | None = None,
) -> tuple[CanonicalTable, list[Finding]]:
    """Rename, correct, check and type one table.

    Parameters
    ----------
    raw
        Text as read from the file.
    schema
        The contract of the table, with what the study declares.
    rules
        ``columns:`` of study.yaml.
    corrections
        Those of this table.
    themes
        Theme id -> label; a participants column named like a theme is then a finding.

    Returns
    -------
    CanonicalTable, list of Finding
        Cells that do not fit are missing in the table and stand in the findings.
    """
    raw = replace(raw, sheet=None if raw.sheet is None else shown_name(raw.sheet, 1))
    names, findings = _column_names(raw, schema, rules, themes or {})
    if not any(name in schema for name in names if name):
        return _without_header(raw, schema)
    written = {
        name: np.array([row[i] for row in raw.rows], dtype=object)
        for i, name in enumerate(names)
        if name is not None
    }
    text = {
        name: _mapped(values, rules.values.get(name, {}), rules.missing) for name, values in written.items()
    }
    n_corrected, wrong = _apply(corrections, written, text, schema)
    findings += wrong
    columns: dict[str, pd.Series] = {}
    cells: list[Finding] = []
    for column in schema:
        if column.name in text:
            columns[column.name], wrong = _typed(text[column.name], column, raw, rules.decimal_mark)
            cells += wrong
            continue
        columns[column.name] = _empty(column, len(raw.rows))
        if column.required:
            what = f'the column "{column.name}" is missing. {column.description}'
            hint = did_you_mean(column.name, [name for name in raw.columns if name not in schema])
            fix = f"Add it, or map its raw name under `columns:` in study.yaml.{hint}"
            where = (raw.header_line, column.name, raw.sheet)
            findings.append(Finding("stop", "T01", raw.file, what, fix, *where))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(raw.rows)))
    if "wave" in text:
        frame["wave"] = pd.Series(text["wave"], dtype="string")
    findings += _without_second_header(cells, text, schema, raw) + _duplicate_keys(frame, schema, raw)
    table = CanonicalTable(
        schema.name,
        frame,
        raw.lines,
        raw.file,
        n_corrected,
        given=frozenset(text),
        filled=frozenset(name for name, values in text.items() if (values != "").any()),
        whole=all(column.name in text for column in schema if column.required),
    )
    return table, findings


def _without_header(raw: RawTable, schema: TableSchema) -> tuple[CanonicalTable, list[Finding]]:
    """Nothing to go by: what should be names may be somebody's answers, so none of it is shown."""
    needed = ", ".join(column.name for column in schema if column.required)
    what = "none of the column names is known; the first row may hold data instead of names."
    fix = "Add a row of column names, delete lines above it, or map the raw names under `columns:`."
    finding = Finding("stop", "T15", raw.file, what, fix, raw.header_line, None, raw.sheet, needed)
    return replace(empty_table(schema, raw.file), whole=False), [finding]


def _mapped(values: np.ndarray, mapping: Mapping[str, str], missing: Iterable[str]) -> np.ndarray:
    """Raw values as canonical ones, codes for missing as empty text."""
    codes = set(missing)
    mapped = (mapping.get(value, value) for value in values)
    return np.array(["" if value in codes else value for value in mapped], dtype=object)


def _without_second_header(
    cells: list[Finding], text: Mapping[str, np.ndarray], schema: TableSchema, raw: RawTable
) -> list[Finding]:
    """The findings on cells; a first row in which no level, number or date fits is headings, not data."""
    if len(raw.rows) < 2:
        return cells
    first = [finding for finding in cells if finding.line == raw.lines[0]]
    words = {finding.column for finding in first if finding.code in ("T06", "T07", "T08")}
    typed = [column.name for column in schema if column.levels or column.type != "string"]
    filled = {name for name in typed if name in text and text[name][0] != ""}
    elsewhere = {finding.column for finding in cells if finding.line != raw.lines[0]}
    if len(words) < 2 or words != filled or words <= elsewhere:
        return cells
    headings = SECOND_HEADER.at(raw.file, line=raw.lines[0], sheet=raw.sheet)
    return [headings, *(finding for finding in cells if finding not in first)]


def empty_table(schema: TableSchema, file: str) -> CanonicalTable:
    """A table without rows, for an optional file that is not there."""
    frame = pd.DataFrame({column.name: _empty(column, 0) for column in schema})
    return CanonicalTable(schema.name, frame, (), file)


def _column_names(
    raw: RawTable, schema: TableSchema, rules: RawColumns, themes: Mapping[str, str]
) -> tuple[list[str | None], list[Finding]]:
    """Canonical name of each raw column, None for one that is left aside."""
    mapping = {**rules.names, **rules.names_in.get(schema.name, {})}
    names: list[str | None] = []
    findings: list[Finding] = []
    aside: list[Finding] = []
    labels = {label.casefold() for label in themes.values()}
    for position, raw_name in enumerate(raw.columns, start=1):
        name = mapping.get(raw_name, raw_name)
        where = (raw.header_line, shown_name(raw_name, position), raw.sheet)
        if name not in names and (name in schema or name == "wave"):
            names.append(name)
            continue
        if name in names:
            what = f'two columns are both "{name}" after renaming.'
            findings.append(Finding("stop", "T02", raw.file, what, "Keep one of them.", *where))
        else:
            is_theme = name in themes or name.casefold() in labels
            aside.append(_not_in_contract(name, raw, schema, where, is_theme))
        names.append(None)
    for level in ("stop", "warn", "note"):
        findings += first_few([finding for finding in aside if finding.level == level], MOST_SHOWN)
    return names, findings


def _not_in_contract(
    name: str, raw: RawTable, schema: TableSchema, where: tuple[int, str, str | None], is_theme: bool
) -> Finding:
    if schema.name == "participants" and is_theme:
        what = "a theme stands among the participants' columns."
        fix = "Move it to coded_segments: one row for each person who has it."
        return Finding("stop", "T03", raw.file, what, fix, *where)
    wanted = [column for column in schema.names if column not in raw.columns]
    hint = did_you_mean(name, wanted)
    if did_you_mean(name, [column for column in _REFUSALS if column in wanted]):
        what = "the column may hold refusals, and its name is not known."
        fix = f"Correct its name, or remove it if it holds something else.{hint}"
        return Finding("stop", "T16", raw.file, what, fix, *where)
    level: Level = "warn" if hint else "note"
    what = "the column is not in the contract and is left aside."
    fix = f"Map it under `columns:` in study.yaml or declare it as a covariate to use it.{hint}"
    return Finding(level, "T04", raw.file, what, fix, *where)


def _apply(
    corrections: Iterable[Correction],
    written: Mapping[str, np.ndarray],
    text: dict[str, np.ndarray],
    schema: TableSchema,
) -> tuple[int, list[Finding]]:
    """Write corrections into ``text``, matched as ``written``; one that finds nothing to correct is a stop."""
    key = "segment_id" if schema.name == "coded_segments" else "participant_id"
    n = len(next(iter(written.values())))
    blank = np.full(n, "", dtype=object)
    applied, findings = 0, []
    for correction in corrections:
        if correction.column not in schema:
            what = f"{schema.name} has no such column."
            fix = f"Correct it.{did_you_mean(correction.column, schema.names)}"
            findings.append(_bad_correction("K01", correction, what, fix, "column"))
            continue
        rows = written.get(key, blank) == correction.key
        hit = rows & (written.get(correction.column, blank) == correction.old)
        if not hit.any():
            what = "no row with this key holds the old value." if rows.any() else "no row has this key."
            fix = "Correct the line; the raw file may have been edited since."
            column = "old" if rows.any() else "key"
            findings.append(_bad_correction("K02", correction, what, fix, column))
            continue
        text.setdefault(correction.column, blank.copy())[hit] = correction.new
        applied += int(hit.sum())
    return applied, first_few(findings, MOST_SHOWN)


def _bad_correction(code: str, correction: Correction, what: str, fix: str, column: str) -> Finding:
    return Finding("stop", code, correction.file, what, fix, correction.line, column)


def _empty(column: Column, n: int) -> pd.Series:
    return pd.Series([None] * n, dtype=_dtype(column))


def _dtype(column: Column) -> Any:
    if column.levels:
        return pd.CategoricalDtype(list(column.levels), ordered=True)
    kinds = {"integer": "Int64", "number": "Float64", "boolean": "boolean", "date": "datetime64[s]"}
    return kinds.get(column.type, "string")


Problem = tuple[str, str, str, str | None]  # code, what, fix, allowed


def _typed(
    values: np.ndarray, column: Column, raw: RawTable, decimal_mark: str
) -> tuple[pd.Series, list[Finding]]:
    """One column with its type; each distinct value is looked at once."""
    codes, distinct = pd.factorize(values)
    good: list[object] = []
    problem: dict[int, Problem] = {}
    for i, text in enumerate(distinct):
        result, wrong = _cell(text, column, decimal_mark)
        good.append(result)
        if wrong is not None:
            problem[i] = wrong
    series = pd.Series([good[code] for code in codes], dtype=_dtype(column))
    bad = np.flatnonzero(np.isin(codes, list(problem)))
    findings = []
    for row in bad[:MOST_SHOWN]:
        code, what, fix, allowed = problem[codes[row]]
        if code == "T06":
            fix += did_you_mean(distinct[codes[row]], column.levels)
        where = (raw.lines[row], column.name, raw.sheet)
        findings.append(Finding("stop", code, raw.file, what, fix, *where, allowed))
    if len(bad) > MOST_SHOWN:
        what = f"{len(bad) - MOST_SHOWN} more rows of this column do not fit either."
        findings.append(replace(findings[-1], what=what, line=raw.lines[bad[MOST_SHOWN]]))
    return series, findings


def _cell(text: str, column: Column, decimal_mark: str) -> tuple[object, Problem | None]:
    """The typed value of one cell, or None and what is wrong with it."""
    if text == "":
        if column.required:
            return None, ("T05", "the cell is empty.", "Fill it in, or remove the row.", None)
        return None, None
    if column.levels:
        if text in column.levels:
            return text, None
        fix = "Correct it here or with a line in corrections.csv, or map it under `columns: values:`."
        return None, ("T06", f"{value_class(text)} is not a level.", fix, ", ".join(column.levels))
    if column.type in ("integer", "number"):
        return _number(text, column, decimal_mark)
    if column.type == "date":
        day = as_date(re.sub(r"[T ]00:00(:00)?$", "", text))
        if day is None:
            what = f"{value_class(text)} stands where a date belongs."
            return None, ("T07", what, "Write year, month and day, such as 2024-03-28.", "an ISO 8601 date")
        return day, None
    if column.type == "boolean":
        folded = text.casefold()
        if folded in column.true_values or folded in column.false_values:
            return folded in column.true_values, None
        allowed = ", ".join((*column.true_values, *column.false_values))
        return None, ("T06", f"{value_class(text)} stands where yes or no belongs.", "Correct it.", allowed)
    return _text(text, column)


def _number(text: str, column: Column, decimal_mark: str) -> tuple[object, Problem | None]:
    plain = text.replace(",", ".") if decimal_mark == "," else text
    whole = column.type == "integer"
    wanted = "a whole number" if whole else "a number"
    unit = f" of {column.unit}" if column.unit else ""
    decimals = r"[+-]?([0-9]{1,15}(\.[0-9]{0,20})?|\.[0-9]{1,20})"
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.0*)?" if whole else decimals, plain):
        hint = " Set `decimal_mark` in study.yaml." if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text) else ""
        what = f"{value_class(text)} stands where {wanted} belongs."
        return None, ("T08", what, f"Correct it, or leave it empty if unknown.{hint}", f"{wanted}{unit}")
    value = float(plain)
    low, high = column.minimum, column.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        span = f"{low:g} or more" if high is None else f"at most {high:g}"
        span = span if low is None or high is None else f"{low:g} to {high:g}"
        allowed = f"{span} {column.unit}".strip()
        return None, ("T09", "the number is out of range.", "Check it against the record.", allowed)
    return (int(value) if whole else value), None


_MONTH = "jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]"
_LIKE_A_DATE = re.compile(
    r"[0-9]{1,4}([-_./])[0-9]{1,2}\1[0-9]{1,4}([T ][0-9:.]+)?"
    rf"|[0-9]{{1,2}}[-. /]({_MONTH})[a-z]*\.?([-. /][0-9]{{2,4}})?|({_MONTH})[a-z]*[-. /][0-9]{{2,4}}",
    re.IGNORECASE,
)


_TELEPHONE = re.compile(r"(\+44|0044|0)[ -]?[1-9]([ -]?[0-9]){8,9}")


def _text(text: str, column: Column) -> tuple[object, Problem | None]:
    allowed = characters_allowed(column.pattern) if column.pattern else None
    if column.name.endswith("_id"):
        if _LIKE_A_DATE.fullmatch(text):
            fix = "A spreadsheet may have turned ids into dates; restore them from the source."
            return None, ("T10", "an id looks like a date.", fix, allowed)
        if re.fullmatch(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+", text):
            fix = "A spreadsheet may have shortened a long id; restore it from the source."
            return None, ("T10", "an id looks like a number in scientific notation.", fix, allowed)
        if column.name == "participant_id" and is_nhs_number(text):
            fix = "Use a pseudonymous id; the real number must not stand in a study folder."
            return None, ("T11", "an id looks like a health-service number.", fix, allowed)
        if column.name == "participant_id" and _TELEPHONE.fullmatch(text):
            fix = "Use a pseudonymous id; the real number must not stand in a study folder."
            return None, ("T11", "an id looks like a telephone number.", fix, allowed)
    if column.pattern and not re.fullmatch(column.pattern, text):
        fix = "Use a short pseudonymous id." if column.name.endswith("_id") else "Copy it again, whole."
        return None, ("T12", f"{value_class(text)} does not fit.", fix, allowed)
    return text, None


def _duplicate_keys(frame: pd.DataFrame, schema: TableSchema, raw: RawTable) -> list[Finding]:
    """Rows whose key stands more than once, and ids that differ in nothing but case or leading zeros."""
    key = list(schema.primary_key)
    findings = []
    repeated = frame[key].duplicated(keep="first") & frame[key].notna().any(axis=1)
    for row in np.flatnonzero(repeated)[:MOST_SHOWN]:
        what = f"the same {' + '.join(key)} stands in an earlier row."
        fix = "Keep one row. A second interview needs a document of its own, a second wave its own folder."
        findings.append(Finding("stop", "T13", raw.file, what, fix, raw.lines[row], key[0], raw.sheet))
    if int(repeated.sum()) > MOST_SHOWN:
        what = f"{int(repeated.sum()) - MOST_SHOWN} more rows repeat a key."
        findings.append(
            Finding("stop", "T13", raw.file, what, "See the lines above.", None, key[0], raw.sheet)
        )
    if schema.name == "participants":
        ids = frame["participant_id"].dropna()
        twins = ids.map(loose_id).duplicated(keep="first") & ~ids.duplicated(keep="first")
        for row in twins.index[twins][:MOST_SHOWN]:
            what = "the id differs from an earlier one in nothing but case or leading zeros."
            fix = "Give two people two ids, one person one spelling."
            findings.append(
                Finding("stop", "T14", raw.file, what, fix, raw.lines[row], "participant_id", raw.sheet)
            )
        findings += _no_persons(ids.str.casefold(), raw)
    return findings


_SUMS = ("total", "totals", "sum", "mean", "average", "median", "count", "gesamt", "summe", "mittelwert")
_MISSING = ("na", "nan", "none", "null", "nil", "missing", "unknown", "unbekannt", "-", "--")


def _no_persons(ids: pd.Series, raw: RawTable) -> list[Finding]:
    """Rows of participants whose id, in lower case, is a word that no person is called."""
    findings = []
    for row in ids.index[ids.isin(_SUMS)]:
        what = "the row looks like a total and not like a person."
        fix = "Delete the row; a person who is really called so needs another id."
        where = (raw.lines[row], "participant_id", raw.sheet)
        findings.append(Finding("stop", "T18", raw.file, what, fix, *where))
    for row in ids.index[ids.isin(_MISSING)]:
        what = "the id is a word that often stands for a missing value; it was read as an id."
        fix = "Nothing to do if it is one; else give the person an id, or name the word under `columns: missing:`."
        where = (raw.lines[row], "participant_id", raw.sheet)
        findings.append(Finding("warn", "T17", raw.file, what, fix, *where))
    return first_few(findings, MOST_SHOWN)


def loose_id(text: str) -> str:
    """An id without what spreadsheets and typists change: case and leading zeros.

    >>> loose_id("P007") == loose_id("p7")
    True
    """
    return re.sub(r"0*([0-9]+)", r"\1", text.casefold())
