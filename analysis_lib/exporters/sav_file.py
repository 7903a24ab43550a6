"""How is a table written as an SPSS .sav file with labels for variables and values, levels of measurement and missing
values that say why nothing is there?

Levels become whole numbers in their order with the level's name as value label. Where a 0/1 variable or a level is
missing there stands a user-missing value with a label of its own; numbers and text use what SPSS has for nothing.

References: PSPP developer manual, chapter "System File Format"; IBM SPSS Statistics, Command Syntax Reference, MISSING
VALUES and VARIABLE LEVEL.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from analysis_lib.exporters.data_set import CODED, DataSet, Variable

NOT_THERE = -9.0  # user-missing
# What SPSS takes, in bytes.
_LONGEST_LABEL, _LONGEST_VALUE_LABEL, _LONGEST_FILE_LABEL, _LONGEST_LINE = 255, 120, 60, 80
_MEASURE = {"ordered": "ordinal", "number": "scale", "count": "scale"}
# Bytes of the header that hold the moment of writing, and what stands there instead.
_DATE, _TIME = slice(92, 101), slice(101, 109)


def sav_file(data: DataSet) -> dict[str, bytes]:
    """End of the file's name -> content; the same table gives the same bytes."""
    import pyreadstat  # noqa: PLC0415  (for this format alone)

    frame = pd.DataFrame({each.name: _stored(data.frame[each.name], each) for each in data.variables})
    coded = [each for each in data.variables if each.holds in CODED]
    with tempfile.TemporaryDirectory() as folder:  # for its owner alone
        path = Path(folder) / "data.sav"
        pyreadstat.write_sav(
            frame,
            path,
            file_label=_cut(data.title, _LONGEST_FILE_LABEL),
            column_labels={each.name: _cut(each.label, _LONGEST_LABEL) for each in data.variables},
            note=_lines(data.about),
            variable_value_labels={each.name: _value_labels(each) for each in coded},
            missing_ranges={each.name: [NOT_THERE] for each in coded},
            variable_measure={each.name: _MEASURE.get(each.holds, "nominal") for each in data.variables},
            variable_format={each.name: _format(data.frame[each.name], each) for each in data.variables},
        )
        content = bytearray(path.read_bytes())
    content[_DATE], content[_TIME] = b"01 Jan 00", b"00:00:00"
    return {".sav": bytes(content)}


def _stored(values: pd.Series, variable: Variable) -> pd.Series:
    """A column as SPSS holds it: numbers, or text for ids."""
    if variable.holds in ("ordered", "category"):
        return (values.cat.codes + 1).astype("float64").where(values.notna(), NOT_THERE)
    if variable.holds == "binary":
        return values.astype("Float64").fillna(NOT_THERE).astype("float64")
    if variable.holds == "text":
        return values.fillna("").astype(object)
    return values.astype("Float64").to_numpy(dtype="float64", na_value=float("nan"))


def _value_labels(variable: Variable) -> dict[float, str]:
    first = 0 if variable.holds == "binary" else 1
    labels = {
        float(code): _cut(label, _LONGEST_VALUE_LABEL)
        for code, (_, label) in enumerate(variable.levels, start=first)
    }
    missing = {NOT_THERE: _cut(variable.missing, _LONGEST_VALUE_LABEL)} if variable.missing else {}
    return labels | missing


def _format(values: pd.Series, variable: Variable) -> str:
    """How many digits SPSS shows; none behind the point of whole numbers."""
    if variable.holds == "text":
        longest = max((len(str(value).encode("utf-8")) for value in values.dropna()), default=1)
        return f"A{min(max(longest, 1), 32767)}"
    if variable.holds in CODED:
        return "F4.0"
    whole = bool((values.dropna() % 1 == 0).all())
    return "F10.0" if whole else "F10.4"


def _lines(text: str) -> list[str]:
    """Text in lines that a note may have; no word is broken."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer.encode("utf-8")) <= _LONGEST_LINE:
            lines[-1] = longer
        else:
            lines.append(_cut(word, _LONGEST_LINE))
    return lines


def _cut(text: str, most: int) -> str:
    """Text of at most so many bytes in UTF-8, cut between two characters.

    >>> _cut("äöü", 5), _cut("abc", 5)
    ('äö', 'abc')
    """
    return text.encode("utf-8")[:most].decode("utf-8", errors="ignore")
