"""How does somebody without Themewave make the main table again, in R?

A script in base R that reads the exported table, computes shares, intervals, differences and exact p-values by itself,
and compares each with the numbers of Themewave, which lie beside it.

References: R Core Team, functions fisher.test and chisq.test of package stats; Newcombe 1998, Stat Med 17, 873-890.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis_lib.exporters.csv_files import csv_files, csv_text
from analysis_lib.exporters.data_set import DataSet

_TEMPLATE = Path(__file__).with_name("main_table.R")


def r_files(data: DataSet, stem: str, *, expected: pd.DataFrame | None) -> dict[str, bytes]:
    """End of the file's name -> content: the script, and the csv files that it reads.

    Parameters
    ----------
    data
        Rows of people, or the main table itself.
    stem
        Name of the files without its end.
    expected
        The main table of these people (:func:`analysis_lib.main_table.main_table`); None where ``data`` is it.
    """
    script = _TEMPLATE.read_text(encoding="utf-8")
    for place, text in {
        "@TITLE@": " ".join(_ascii(data.about).split()),
        "@STEM@": r_text(stem),
        "@ROWS@": "FALSE" if expected is None else "TRUE",
    }.items():
        script = script.replace(place, text)
    files = {".R": script.encode("ascii"), **csv_files(data)}
    if expected is None:
        return files
    names = {variable.source: variable.name for variable in data.variables}
    shown = expected.assign(variable=("theme " + expected["theme_id"].astype("string")).map(names))
    return files | {"_expected.csv": csv_text(shown).encode("utf-8")}


def r_text(text: str) -> str:
    r"""A text as R reads it in any locale.

    >>> print(r_text('Zoë "x"'))
    "Zo\u00eb \"x\""
    """
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(_sign(sign) for sign in plain)}"'


def _sign(sign: str) -> str:
    code = ord(sign)
    if 32 <= code < 127:
        return sign
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _ascii(text: str) -> str:
    """Text for a comment: R reads a script in the encoding of the machine."""
    return "".join(sign if 32 <= ord(sign) < 127 else "?" for sign in text)
