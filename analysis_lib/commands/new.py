"""``themewave new``: a study folder to fill in."""

from __future__ import annotations

import shutil

from analysis_lib.commands.guard import top_of
from analysis_lib.commands.places import writable
from analysis_lib.errors import Finding, StudyError
from analysis_lib.schema import DATA_SCHEMA, TABLES, table_schema

_TEMPLATE = DATA_SCHEMA / "new_study"
_IGNORE = "# Nothing of a study belongs into a repository.\n*\n"
_ATTRIBUTES = """\
# Where a file of this study is tracked all the same: its bytes stay as they are, since hashes are kept of them,
# and no difference between two versions prints what somebody said.
* -text -diff
"""


def new(folder: str) -> int:
    """Write a commented study folder; returns 0.

    Raises
    ------
    StudyError
        If the folder exists and holds anything, or lies in the home of a user whom nobody knows.
    """
    study = writable(folder, "DIR")
    if study.exists() and (not study.is_dir() or any(study.iterdir())):
        what = "there is something already."
        raise StudyError(Finding("stop", "O05", "DIR", what, "Name a folder that does not exist yet."))
    wave = study / "waves" / "wave_1"
    wave.mkdir(parents=True)
    for name in ("study.yaml", "README.md"):
        shutil.copyfile(_TEMPLATE / name, study / name)
    for name in ("wave.yaml", "author_notes.md"):
        shutil.copyfile(_TEMPLATE / name, wave / name)
    shutil.copyfile(DATA_SCHEMA / "codebook.yaml", study / "codebook.yaml")
    (study / ".gitignore").write_text(_IGNORE, encoding="utf-8")
    (study / ".gitattributes").write_text(_ATTRIBUTES, encoding="utf-8")
    for name in TABLES:
        header = ",".join(table_schema(name).names)
        (wave / f"{name}.csv").write_text(f"{header}\n", encoding="utf-8")
    print(f"{study} is ready to be filled in; start with its README.md.")
    if top_of(study) is not None:
        print("It lies in a git work tree, where `run` writes no report of real data; it is safer outside.")
    print(f"In each repository of yours, once: themewave guard --install --study {study}")
    return 0
