"""What is exported, before any file format: rows under variables that say what they hold.

Every format is written from this and from nothing else, so that a csv, a workbook, a Parquet and an SPSS file of one
wave hold the same variables under the same names with the same labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

# What a variable holds decides how each format stores it.
Holds = Literal[
    "text",  # an id or a label: nominal
    "binary",  # 0, 1 or missing, with a label for each
    "ordered",  # one of ordered levels
    "category",  # one of levels without an order
    "number",  # a measurement, a share, a limit, a p-value
    "count",  # a number of people, whole
]
CODED: tuple[Holds, ...] = ("binary", "ordered", "category")


@dataclass(frozen=True)
class Variable:
    """One column and everything that a stranger has to know about it.

    Parameters
    ----------
    name
        Legal in SPSS, Stata and R; see :mod:`analysis_lib.exporters.variable_names`.
    label
        As tables call it.
    levels
        (value, label) in order for a variable of levels; empty for text and numbers.
    missing
        What an empty cell means, as a phrase; empty where no cell is.
    source
        Where it comes from, such as ``theme A.cold`` or ``participants.csv, age``.
    """

    name: str
    label: str
    holds: Holds
    levels: tuple[tuple[str, str], ...] = ()
    missing: str = ""
    source: str = ""


@dataclass(frozen=True)
class DataSet:
    """A table for other programs.

    Parameters
    ----------
    frame
        One column per variable, in order: text as str, ``binary`` and ``count`` as Int64, numbers as float64, levels
        as categories.
    variables
        In the order of the columns.
    title
        What it is, in one line.
    notes
        Sentences that must travel with the file: that it is synthetic or internal, what was left out.
    """

    frame: pd.DataFrame
    variables: tuple[Variable, ...]
    title: str
    notes: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """Title and notes as one text."""
        return " ".join((f"{self.title.rstrip('.')}.", *self.notes))


def typed(values: pd.Series, variable: Variable) -> pd.Series:
    """A column in the type that :class:`DataSet` promises.

    Examples
    --------
    >>> typed(pd.Series([1.0, None]), Variable("x", "X", "binary")).tolist()
    [1, <NA>]
    >>> typed(pd.Series(["b", "a"]), Variable("x", "X", "ordered", (("a", "A"), ("b", "B")))).cat.codes.tolist()
    [1, 0]
    """
    if variable.holds in ("ordered", "category"):
        levels = pd.CategoricalDtype(
            [value for value, _ in variable.levels], ordered=variable.holds == "ordered"
        )
        return values.astype("string").astype(levels)
    if variable.holds in ("binary", "count"):
        return values.astype("Float64").astype("Int64")
    return values.astype("string") if variable.holds == "text" else values.astype("Float64").astype("float64")


def dictionary(data: DataSet) -> pd.DataFrame:
    """The data dictionary: one row per variable, after a row that says what the file is.

    Returns
    -------
    DataFrame
        ``name, label, type, levels, missing, source``, all text.
    """
    rows = [("(this file)", data.about, "", "", "", "")]
    for variable in data.variables:
        levels = "; ".join(f"{value} = {label}" for value, label in variable.levels)
        missing = f"empty: {variable.missing}" if variable.missing else "never empty"
        rows.append(
            (variable.name, variable.label, _IN_WORDS[variable.holds], levels, missing, variable.source)
        )
    return pd.DataFrame(
        rows, columns=["name", "label", "type", "levels", "missing", "source"], dtype="string"
    )


_IN_WORDS: dict[Holds, str] = {
    "text": "text",
    "binary": "0 or 1",
    "ordered": "ordered levels",
    "category": "levels",
    "number": "number",
    "count": "number of people",
}
