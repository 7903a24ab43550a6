"""How does a raw table become a canonical one?

Names and values are mapped as study.yaml says, corrections are applied and counted, and every cell is held
against the contract before it gets a type. Nothing is guessed: a cell that does not fit is a finding.

References: ``data_schema/tables``; Broman & Woo 2018, The American Statistician 72(1), 2-10, on data tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from analysis_lib.errors import Finding, did_you_mean, value_class
from analysis_lib.readers import RawTable
from analysis_lib.schema import Column, TableSchema
from analysis_lib.study import RawColumns

MOST_SHOWN = 10  # findings of one kind in one column; the rest are counted


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
    """

    name: str
    frame: pd.DataFrame
    lines: tuple[int, ...]
    file: str
    n_corrected: int = 0


@dataclass(frozen=True)
class Correction:
    """One line of corrections.csv: in the rows of ``key``, ``old`` becomes ``new``."""

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
    names, findings = _column_names(raw, schema, rules, themes or {})
    text = pd.DataFrame(
        {
            name: [row[i] for row in raw.rows]
            for i, name in enumerate(names)
            if name is not None and (name in schema or name == "wave")
        },
        dtype=object,
    )
    if not len(text.columns):
        text = pd.DataFrame(index=range(len(raw.rows)))
    for column, mapping in rules.values.items():
        if column in text:
            text[column] = [mapping.get(value, value) for value in text[column]]
    for column in text:
        text[column] = ["" if value in rules.missing else value for value in text[column]]
    n_corrected, wrong = _apply(corrections, text, schema)
    findings += wrong
    columns = {}
    for column in schema:
        if column.name in text:
            values = text[column.name].to_numpy(dtype=object)
            columns[column.name], wrong = _typed(values, column, raw, rules.decimal_mark)
            findings += wrong
        elif column.required:
            what = f'the column "{column.name}" is missing. {column.description}'
            fix = "Add it, or map its raw name under `columns:` in study.yaml."
            hint = did_you_mean(column.name, [name for name in raw.columns if name not in schema])
            findings.append(Finding("stop", "T01", raw.file, what, fix + hint, _header(raw), None, raw.sheet))
        else:
            columns[column.name] = _empty(column, len(text))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(raw.rows)))
    if "wave" in text:
        frame["wave"] = text["wave"].astype("string")
    findings += _duplicate_keys(frame, schema, raw)
    return CanonicalTable(schema.name, frame, raw.lines, raw.file, n_corrected), findings


def empty_table(schema: TableSchema, file: str) -> CanonicalTable:
    """A table without rows, for an optional file that is not there."""
    frame = pd.DataFrame({column.name: _empty(column, 0) for column in schema})
    return CanonicalTable(schema.name, frame, (), file)


def _header(raw: RawTable) -> int:
    return raw.lines[0] - 1 if raw.lines else 1


def _column_names(
    raw: RawTable, schema: TableSchema, rules: RawColumns, themes: Mapping[str, str]
) -> tuple[list[str | None], list[Finding]]:
    """Canonical name of each raw column, None for one that is left aside."""
    mapping = {**rules.names, **rules.names_in.get(schema.name, {})}
    names: list[str | None] = []
    findings: list[Finding] = []
    labels = {label.casefold(): theme for theme, label in themes.items()}
    for raw_name in raw.columns:
        name = mapping.get(raw_name, raw_name)
        where = (_header(raw), _shown(raw_name), raw.sheet)
        if name in names:
            what = f'two columns are both "{name}" after renaming.'
            findings.append(Finding("stop", "T02", raw.file, what, "Keep one of them.", *where))
        if name in schema or name == "wave":
            names.append(name)
            continue
        if schema.name == "participants" and (name in themes or name.casefold() in labels):
            what = "a theme stands among the participants' columns."
            fix = "Move it to coded_segments: one row for each person who has it."
            findings.append(Finding("stop", "T03", raw.file, what, fix, *where))
        else:
            hint = did_you_mean(name, [c for c in schema.names if c not in raw.columns])
            level = "warn" if hint else "note"
            what = "the column is not in the contract and is left aside."
            fix = f"Map it under `columns:` in study.yaml or declare it as a covariate to use it.{hint}"
            findings.append(Finding(level, "T04", raw.file, what, fix, *where))  # type: ignore[arg-type]
        names.append(None)
    return names, findings


def _shown(name: str) -> str:
    """A column name in a message; one that looks like content rather than a name is not repeated."""
    return name if re.fullmatch(r"[^\W\d][\w .()/-]{0,39}", name) else "(unnamed or unusual)"


def _apply(
    corrections: Iterable[Correction], text: pd.DataFrame, schema: TableSchema
) -> tuple[int, list[Finding]]:
    """Write corrections into the text table; one that finds nothing to correct is a stop."""
    applied, findings = 0, []
    for correction in corrections:
        if correction.column not in schema:
            hint = did_you_mean(correction.column, schema.names)
            what = f"{schema.name} has no such column."
            findings.append(_bad_correction("K01", correction, what, f"Correct it.{hint}", "column"))
            continue
        if correction.column not in text:
            text[correction.column] = ""
        key = "segment_id" if schema.name == "coded_segments" else "participant_id"
        rows = (text[key] == correction.key) if key in text else pd.Series(False, index=text.index)
        hit = rows & (text[correction.column] == correction.old)
        if not hit.any():
            what = "no row with this key holds the old value." if rows.any() else "no row has this key."
            fix = "Correct the line; the raw file may have been edited since."
            column = "old" if rows.any() else "key"
            findings.append(_bad_correction("K02", correction, what, fix, column))
            continue
        text.loc[hit, correction.column] = correction.new
        applied += int(hit.sum())
    return applied, findings


def _bad_correction(code: str, correction: Correction, what: str, fix: str, column: str) -> Finding:
    return Finding("stop", code, correction.file, what, fix, correction.line, column)


def _empty(column: Column, n: int) -> pd.Series:
    return pd.Series([None] * n, dtype=_dtype(column))


def _dtype(column: Column) -> object:
    if column.levels:
        return pd.CategoricalDtype(list(column.levels), ordered=True)
    kinds = {"integer": "Int64", "number": "Float64", "boolean": "boolean", "date": "datetime64[s]"}
    return kinds.get(column.type, "string")


def _typed(
    values: np.ndarray, column: Column, raw: RawTable, decimal_mark: str
) -> tuple[pd.Series, list[Finding]]:
    """One column with its type; each distinct value is looked at once."""
    codes, distinct = pd.factorize(values)
    good: list[object] = []
    problem: dict[int, tuple[str, str, str, str | None]] = {}
    for i, text in enumerate(distinct):
        result, wrong = _cell(text, column, decimal_mark)
        good.append(result)
        if wrong is not None:
            problem[i] = wrong
    series = pd.Series([good[code] for code in codes], dtype=_dtype(column))
    findings: list[Finding] = []
    if problem:
        bad = np.flatnonzero(np.isin(codes, list(problem)))
        findings = [
            Finding("stop", code, raw.file, what, fix, raw.lines[row], column.name, raw.sheet, allowed)
            for row in bad[:MOST_SHOWN]
            for code, what, fix, allowed in [problem[codes[row]]]
        ]
        if len(bad) > MOST_SHOWN:
            last = findings[-1]
            what = f"{len(bad) - MOST_SHOWN} more rows of this column do not fit either."
            findings.append(replace(last, what=what, line=raw.lines[bad[MOST_SHOWN]]))
    return series, findings


Problem = tuple[str, str, str, str | None]  # code, what, fix, allowed


def _cell(text: str, column: Column, decimal_mark: str) -> tuple[object, Problem | None]:
    """The typed value of one cell, or None and what is wrong with it."""
    if text == "":
        if column.required:
            return None, ("T05", "the cell is empty.", "Fill it in, or remove the row.", None)
        return None, None
    if column.levels:
        return _level(text, column)
    if column.type in ("integer", "number"):
        return _number(text, column, decimal_mark)
    if column.type == "date":
        try:
            return date.fromisoformat(
                text[:10] if re.fullmatch(r".{10}[T ]00:00(:00)?", text) else text
            ), None
        except ValueError:
            what = f"{value_class(text)} stands where a date belongs."
            return None, ("T07", what, "Write year, month and day, such as 2024-03-28.", "an ISO 8601 date")
    if column.type == "boolean":
        folded = text.casefold()
        if folded in column.true_values or folded in column.false_values:
            return folded in column.true_values, None
        allowed = ", ".join((*column.true_values, *column.false_values))
        return None, ("T06", f"{value_class(text)} stands where yes or no belongs.", "Correct it.", allowed)
    return _text(text, column)


def _level(text: str, column: Column) -> tuple[object, Problem | None]:
    if text in column.levels:
        return text, None
    hint = did_you_mean(text, column.levels)
    fix = f"Correct it with a line in corrections.csv, or map the value under `columns: values:`.{hint}"
    return None, ("T06", f"{value_class(text)} is not a level.", fix, ", ".join(column.levels))


def _number(text: str, column: Column, decimal_mark: str) -> tuple[object, Problem | None]:
    plain = text.replace(",", ".") if decimal_mark == "," else text
    whole = column.type == "integer"
    wanted = "a whole number" if whole else "a number"
    unit = f" of {column.unit}" if column.unit else ""
    if not re.fullmatch(r"[+-]?\d{1,15}(\.0*)?" if whole else r"[+-]?\d{1,15}(\.\d+)?", plain):
        hint = " Set `decimal_mark` in study.yaml." if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
        what = f"{value_class(text)} stands where {wanted} belongs."
        return None, ("T08", what, f"Correct it, or leave it empty if unknown.{hint}", f"{wanted}{unit}")
    value = float(plain)
    low, high = column.minimum, column.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        allowed = f"{low if low is not None else '-∞'} to {high if high is not None else '∞'}{unit}"
        return None, ("T09", "the number is out of range.", "Check it against the record.", allowed)
    return (int(value) if whole else value), None


def _text(text: str, column: Column) -> tuple[object, Problem | None]:
    if column.pattern and column.name.endswith("_id"):
        if re.fullmatch(r"\d{1,4}[-_]\d{1,2}[-_]\d{1,4}", text):
            fix = "A spreadsheet may have turned ids into dates; restore them from the source."
            return None, ("T10", "an id looks like a date.", fix, None)
        if re.fullmatch(r"\d+([.,]\d+)?[eE][+-]?\d+", text):
            fix = "A spreadsheet may have shortened a long id; restore it from the source."
            return None, ("T10", "an id looks like a number in scientific notation.", fix, None)
        if column.name == "participant_id" and _is_nhs_number(text):
            fix = "Use a pseudonymous id; the real number must not stand in a study folder."
            return None, ("T11", "an id looks like a health-service number.", fix, None)
    if column.pattern and not re.fullmatch(column.pattern, text):
        allowed = f"characters that fit {column.pattern}"
        return None, ("T12", f"{value_class(text)} does not fit.", "Use a short pseudonymous id.", allowed)
    return text, None


def _is_nhs_number(text: str) -> bool:
    """Ten digits whose last is the modulus-11 check digit of the others."""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"\d{10}", digits):
        return False
    check = (11 - sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11) % 11
    return check == int(digits[9])


def _duplicate_keys(frame: pd.DataFrame, schema: TableSchema, raw: RawTable) -> list[Finding]:
    """Rows whose key stands more than once, and ids that differ in nothing but case."""
    key = [name for name in schema.primary_key if name in frame]
    if not key or not len(frame):
        return []
    findings = []
    whole = frame[key].notna().any(axis=1)
    repeated = frame[key].duplicated(keep="first") & whole
    for row in np.flatnonzero(repeated)[:MOST_SHOWN]:
        what = f"the same {' + '.join(key)} stands in an earlier row."
        fix = "Keep one row; a second interview needs a document of its own, a second wave its own folder."
        findings.append(Finding("stop", "T13", raw.file, what, fix, raw.lines[row], key[0], raw.sheet))
    if int(repeated.sum()) > MOST_SHOWN:
        what = f"{int(repeated.sum()) - MOST_SHOWN} more rows repeat a key."
        findings.append(
            Finding("stop", "T13", raw.file, what, "See the lines above.", None, key[0], raw.sheet)
        )
    if schema.name == "participants" and "participant_id" in frame:
        folded = frame["participant_id"].dropna().str.casefold()
        exact = frame["participant_id"].dropna()
        twins = folded.duplicated(keep="first") & ~exact.duplicated(keep="first")
        for row in twins.index[twins][:MOST_SHOWN]:
            what = "the id differs from an earlier one in nothing but case."
            fix = "Give two people two ids, one person one spelling."
            findings.append(
                Finding("stop", "T14", raw.file, what, fix, raw.lines[row], "participant_id", raw.sheet)
            )
    return findings
