"""Which program wrote this file?

Every importer says how sure it is from what is in the file; the surest reads it, and a tie or a doubt is put to
the researcher instead of being guessed. A file that cannot even be opened as what its ending says gives that reason.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.importers import refi
from analysis_lib.importers.database import open_database
from analysis_lib.importers.importer import IMPORTERS
from analysis_lib.importers.project import Project
from analysis_lib.importers.sheets import ENDINGS, read_sheets

SURE_ENOUGH = 0.6
MAX_CODES, MAX_NAME = 10_000, 1_000
_PROJECTS = (".qdpx", ".qdc", ".qde", ".zip")
_DATABASES = (".qda", ".sqlite3", ".sqlite", ".db")


def read_project(path: Path, given: str | None = None) -> Project:
    """The project of a file, of the format that was named or recognised.

    Raises
    ------
    StudyError
        If the format is not known or the file cannot be read as one of it.
    """
    name = recognise(path, given)
    project = replace(IMPORTERS[name].read(path), format=name)
    if len(project.codes) > MAX_CODES or any(len(code.name) > MAX_NAME for code in project.codes):
        what = "the project has more codes, or codes with longer names, than can be analysed."
        fix = "Look whether answers stand in the place of codes, or export the codes of this wave alone."
        allowed = f"at most {MAX_CODES} codes, with names of at most {MAX_NAME} characters"
        raise StudyError(Finding("stop", "M96", path.name, what, fix, allowed=allowed))
    return project


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
        raise StudyError([Finding("stop", "M91", path.name, what, fix)])
    scores = {name: importer.recognises(path) for name, importer in IMPORTERS.items()}
    best = max(scores.values(), default=0.0)
    fitting = [name for name, score in scores.items() if score == best]
    if best >= SURE_ENOUGH and len(fitting) == 1:
        return fitting[0]
    if best < SURE_ENOUGH:
        _require_sound(path)
    what = "no format fits." if best < SURE_ENOUGH else "several formats fit equally well."
    allowed = ", ".join(IMPORTERS if best < SURE_ENOUGH else fitting)
    fix = "Say which it is with --format; README lists what each program has to export."
    raise StudyError([Finding("stop", "M92", path.name, what, fix, allowed=allowed)])


def _require_sound(path: Path) -> None:
    """Open a file as its ending says; a file that no format fits may be damaged or hostile, and that is the reason.

    Raises
    ------
    StudyError
        With what the reader of such files found.
    """
    ending = path.suffix.casefold()
    if ending in _PROJECTS:
        refi.read(path)
    elif ending in _DATABASES:
        with open_database(path, shown_as=path.name):
            pass
    elif ending in ENDINGS:
        read_sheets(path)
