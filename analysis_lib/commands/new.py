"""``themewave new``: a study folder to fill in."""

from __future__ import annotations

from analysis_lib.commands.guard import top_of
from analysis_lib.commands.places import as_typed, writable
from analysis_lib.new_study import new_study


def new(folder: str) -> int:
    """Write a commented study folder; returns 0.

    Raises
    ------
    StudyError
        If the folder exists and holds anything, or lies in the home of a user whom nobody knows.
    """
    study = writable(folder, "DIR")
    new_study(study)
    print(f"{study} is ready to be filled in; start with its README.md.")
    if top_of(study) is not None:
        print("It lies in a git work tree, where `run` writes no report of real data; it is safer outside.")
    print(f"In each repository of yours, once: themewave guard --install --study {as_typed(study)}")
    return 0
