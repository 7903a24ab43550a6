"""How did a therapy end, where the service recorded an NHS Talking Therapies end code?

The codes, what they mean and what they stand for here are in ``data_schema/formats/nhs_end_codes.yaml``, each with
its source. A code that is not in that list is reported and never guessed.

References: NHS Talking Therapies data set, end code; monthly activity statistics, measures M058 to M070, M341, M344.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from analysis_lib.errors import Finding, StudyError
from analysis_lib.importers.columns import FORMATS
from analysis_lib.importers.project import Remark
from analysis_lib.readers.table import canonical_text
from analysis_lib.schema import table_schema

FILE = "data_schema/formats/nhs_end_codes.yaml"
_KEYS = {"code", "meaning", "treated", "version", "termination_type", "initiated_by", "source"}
_MISSING = "Persons without an end code were left without a way of ending."
_UNKNOWN = f"End codes that are not in {FILE} were left without a way of ending."


@dataclass(frozen=True)
class EndCode:
    """One end code.

    Parameters
    ----------
    treated
        Whether the person was taken on for a course of treatment.
    version
        2 for the data set in use, 1 for the one before it (up to v1.5).
    source
        Where the meaning is from.
    """

    code: str
    meaning: str
    treated: bool
    version: int
    termination_type: str
    initiated_by: str
    source: str


@dataclass(frozen=True)
class Endings:
    """Ways of ending, along with the persons.

    Parameters
    ----------
    termination_type, initiated_by
        One for each code given; empty where the code is empty or not known.
    remarks
        Which rows have no code, and which have one that is not known.
    """

    termination_type: tuple[str, ...]
    initiated_by: tuple[str, ...]
    remarks: tuple[Remark, ...]


def endings_of(codes: Sequence[str], *, lines: Sequence[int] | None = None) -> Endings:
    """Say how each therapy ended.

    Parameters
    ----------
    codes
        End codes as text, one for each person; outer spaces and ``46.0`` from a spreadsheet are understood.
    lines
        Where each stands in its file, for remarks. None counts from 2, as below a header.

    Raises
    ------
    StudyError
        M64 where the list of codes is not sound.

    Examples
    --------
    >>> endings_of(["46", "47", "", "77"]).termination_type
    ('completed_agreed', 'patient_unilateral', '', '')
    """
    known = end_codes()
    places = range(2, len(codes) + 2) if lines is None else lines
    types, initiators = [], []
    empty: list[str] = []
    strange: list[str] = []
    for line, code in zip(places, codes, strict=True):
        bare = canonical_text(code)[0].removesuffix(".0")
        entry = known.get(bare)
        types.append(entry.termination_type if entry else "")
        initiators.append(entry.initiated_by if entry else "")
        if entry is None:
            (strange if bare else empty).append(str(line))
    remarks = [
        Remark("not carried", "participants", text, len(rows), tuple(rows))
        for text, rows in ((_MISSING, empty), (_UNKNOWN, strange))
        if rows
    ]
    return Endings(tuple(types), tuple(initiators), tuple(remarks))


@cache
def end_codes(folder: Path = FORMATS) -> dict[str, EndCode]:
    """The list of end codes by code.

    Raises
    ------
    StudyError
        M64 with every entry that is not sound.
    """
    try:
        raw = yaml.load((folder / "nhs_end_codes.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise StudyError(_unsound("It cannot be read as YAML.")) from None
    entries = raw.get("codes") if isinstance(raw, dict) else None
    if not isinstance(entries, list) or not entries:
        raise StudyError(_unsound("It has no list of codes."))
    columns = {column.name: column for column in table_schema("participants").columns}
    types, initiators = columns["termination_type"].levels, columns["termination_initiated_by"].levels
    codes: dict[str, EndCode] = {}
    problems = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or set(entry) != _KEYS or not all(entry.values()):
            problems.append(f"Entry {number} lacks a key or has one too many.")
        elif entry["code"] in codes:
            problems.append(f"Entry {number} repeats a code.")
        elif entry["termination_type"] not in types or entry["initiated_by"] not in initiators:
            problems.append(
                f"Entry {number} has a way of ending that the table of participants does not know."
            )
        elif entry["treated"] not in ("yes", "no") or entry["version"] not in ("1", "2"):
            problems.append(f"Entry {number}: treated is yes or no, version 1 or 2.")
        else:
            codes[entry["code"]] = EndCode(
                entry["code"],
                entry["meaning"],
                entry["treated"] == "yes",
                int(entry["version"]),
                entry["termination_type"],
                entry["initiated_by"],
                entry["source"],
            )
    if problems:
        raise StudyError([_unsound(problem) for problem in problems])
    return codes


def _unsound(problem: str) -> Finding:
    what = f"The list of end codes is not sound. {problem}"
    return Finding(
        "stop", "M64", FILE, what, "Compare the entry with the others of the file, and correct it."
    )
