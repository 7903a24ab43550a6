"""Which program wrote this file?

Every importer says how sure it is from what is in the file; the surest reads it, and a tie or a doubt is put to
the researcher instead of being guessed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.importers.importer import IMPORTERS
from analysis_lib.importers.project import Project

SURE_ENOUGH = 0.6


def read_project(path: Path, given: str | None = None) -> Project:
    """The project of a file, of the format that was named or recognised.

    Raises
    ------
    StudyError
        If the format is not known or the file cannot be read as one of it.
    """
    name = recognise(path, given)
    return replace(IMPORTERS[name].read(path), format=name)


def recognise(path: Path, given: str | None = None) -> str:
    """Name of the format of a file.

    Parameters
    ----------
    given
        Name that the researcher gave; None looks into the file.

    Raises
    ------
    StudyError
        If there is no such file or format, or nothing or several fit.
    """
    if given is not None:
        if given in IMPORTERS:
            return given
        hint = did_you_mean(given, IMPORTERS)
        what, fix = "there is no such format.", f"Name one of them, or leave it out.{hint}"
        raise StudyError([Finding("stop", "M90", "--format", what, fix, allowed=", ".join(IMPORTERS))])
    if not path.is_file():
        what, fix = "there is no ordinary file of this name.", "Check the spelling and the folder."
        raise StudyError([Finding("stop", "M91", "SOURCE", what, fix)])
    scores = {name: importer.recognises(path) for name, importer in IMPORTERS.items()}
    best = max(scores.values(), default=0.0)
    fitting = [name for name, score in scores.items() if score == best]
    if best >= SURE_ENOUGH and len(fitting) == 1:
        return fitting[0]
    what = "no format fits." if best < SURE_ENOUGH else "several formats fit equally well."
    allowed = ", ".join(IMPORTERS if best < SURE_ENOUGH else fitting)
    fix = "Say which it is with --format; README lists what each program has to export."
    raise StudyError([Finding("stop", "M92", "SOURCE", what, fix, allowed=allowed)])
