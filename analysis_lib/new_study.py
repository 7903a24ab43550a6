"""What does a study folder hold before anybody has filled it in?

Settings with comments that teach, the codebook to choose from, and tables that hold only the names of their columns.

References: data_schema/README.md, whose tables these are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.schema import DATA_SCHEMA, TABLES, table_schema

_TEMPLATE = DATA_SCHEMA / "new_study"
_WAVE = "wave_1"
# An empty table of consent in a wave reads as if nobody had agreed, so the others wait beside it.
_EVERY_WAVE = ("participants", "coded_segments")
_OPTIONAL = "optional_tables"
_IGNORE = "# Nothing of a study belongs into a repository.\n*\n"
_ATTRIBUTES = """\
# Where a file of this study is tracked all the same: its bytes stay as they are, since hashes are kept of them,
# and no difference between two versions prints what somebody said.
* -text -diff
"""


def new_study(folder: str | Path) -> list[str]:
    """Make a study folder to fill in.

    Parameters
    ----------
    folder
        A folder that does not exist yet, or is empty. Outside every git repository.

    Returns
    -------
    list of str
        The files it made, below the folder.

    Raises
    ------
    StudyError
        If there is something in the folder already.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> place = TemporaryDirectory()
    >>> new_study(f"{place.name}/my_study")[:3]
    ['README.md', 'codebook.yaml', 'optional_tables/assignments.csv']
    >>> place.cleanup()
    """
    study = Path(folder).expanduser()
    if study.exists() and (not study.is_dir() or any(study.iterdir())):
        what = "there is something already."
        raise StudyError(Finding("stop", "O05", "DIR", what, "Name a folder that does not exist yet."))
    wave, optional = study / "waves" / _WAVE, study / _OPTIONAL
    for each in (wave, optional):
        each.mkdir(parents=True)
    for name in ("study.yaml", "README.md"):
        shutil.copyfile(_TEMPLATE / name, study / name)
    for name in ("wave.yaml", "author_notes.md"):
        shutil.copyfile(_TEMPLATE / name, wave / name)
    shutil.copyfile(DATA_SCHEMA / "codebook.yaml", study / "codebook.yaml")
    (study / ".gitignore").write_text(_IGNORE, encoding="utf-8")
    (study / ".gitattributes").write_text(_ATTRIBUTES, encoding="utf-8")
    for name in TABLES:
        header = ",".join(table_schema(name).names)
        place = wave if name in _EVERY_WAVE else optional
        (place / f"{name}.csv").write_text(f"{header}\n", encoding="utf-8")
    made = (path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file())
    return sorted(name for name in made if not name.startswith("."))
