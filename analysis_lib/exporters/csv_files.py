"""How is a table written as csv so that any program reads it and a spreadsheet runs none of it?

UTF-8, commas, text in quotation marks, numbers plain, missing values empty. Text that begins like a formula gets an
apostrophe in front, which :func:`analysis_lib.readers.apostrophes.as_it_was` takes off again.

References: RFC 4180; OWASP, CSV injection; CWE-1236.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis_lib.exporters.data_set import DataSet, dictionary
from analysis_lib.readers.apostrophes import quoted


def csv_files(data: DataSet) -> dict[str, bytes]:
    """End of the file's name -> content: the table, and its data dictionary.

    Excel takes a file for UTF-8 only behind a mark, and people read the dictionary there; programs read the table, and
    some take the mark for a part of the first name.
    """
    return {
        ".csv": csv_text(data.frame).encode("utf-8"),
        "_dictionary.csv": csv_text(dictionary(data)).encode("utf-8-sig"),
    }


def csv_text(frame: pd.DataFrame, *, significant_digits: int | None = None) -> str:
    r"""A table as csv, its lines ended by LF.

    Parameters
    ----------
    significant_digits
        Digits of a fraction; None keeps them all.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"group": ["=1+1", None], "share": [0.5, 1.0]}))
    '"group","share"\n"\'=1+1",0.5\n,1\n'
    """
    rows = [[quoted(str(name)) for name in frame.columns]]
    rows += [
        [_field(value, significant_digits) for value in row]
        for row in frame.itertuples(index=False, name=None)
    ]
    return "".join(",".join(row) + "\n" for row in rows)


def _field(value: object, digits: int | None) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        number = float(value) if digits is None else float(f"{value:.{digits}g}")
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return quoted(str(value))
