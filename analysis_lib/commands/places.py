"""Where does a study lie, and where do its reports go?"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner.notebooks import NOTEBOOKS
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import Study

BUILT = NOTEBOOKS.parent / "reports" / "built"


def study_folder(given: str | None) -> Path:
    """The folder that was named, or that of the synthetic example.

    The home of a user whom nobody knows stays as it was written; reading the study says that there is no such folder.
    """
    if given is None:
        return EXAMPLE_STUDY
    return expanded(given) or Path(given)


def reports_folder(study: Study, out: str | None) -> Path:
    """The study's own folder below OUT: by default STUDY/reports, for the example the repository's own.

    Raises
    ------
    StudyError
        If OUT lies in the home of a user whom nobody knows.
    """
    if out is not None:
        base = writable(out, "--out")
    elif study.folder.resolve() == EXAMPLE_STUDY:
        base = BUILT
    else:
        base = study.folder / "reports"
    return base.resolve() / study.name


def writable(given: str, where: str) -> Path:
    """A folder that is to be written to.

    Raises
    ------
    StudyError
        If it lies in the home of a user whom nobody knows.
    """
    folder = expanded(given)
    if folder is None:
        what, fix = "there is no such home folder.", "Write the path out in full."
        raise StudyError(Finding("stop", "O06", where, what, fix))
    return folder


def as_typed(path: Path) -> str:
    """A path as it can be typed after a command, in quotation marks where it needs them.

    Examples
    --------
    >>> as_typed(Path("my_study"))
    'my_study'
    """
    if os.name == "nt":
        return f'"{path}"' if re.search(r"[\s&()]", str(path)) else str(path)
    return shlex.quote(str(path))


def expanded(given: str) -> Path | None:
    """The path with ``~`` written out; None where there is no such home."""
    try:
        return Path(given).expanduser()
    except RuntimeError:
        return None
