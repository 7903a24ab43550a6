"""``themewave export``: a wave, or the codebook of a study, as a file of another program."""

from __future__ import annotations

import os
from pathlib import Path

from analysis_lib.commands.places import study_folder, writable
from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.exporters import EXPORTERS, OfStudy
from analysis_lib.runner.staging import refuse_repository
from analysis_lib.study import Study, load_study
from analysis_lib.wave import load_wave


def export(given: str, wave: str | None, *, format_name: str, out: str | None) -> int:
    """Write one file; returns 0.

    Raises
    ------
    StudyError
        If there is no such format, a wave has to be named, the study or the wave cannot be used, the file exists
        or cannot be written, or exact data would get into a repository.
    """
    exporter = EXPORTERS.get(format_name)
    if exporter is None:
        fix = f"Name one of them.{did_you_mean(format_name, EXPORTERS)}"
        what, allowed = "there is no such format.", ", ".join(EXPORTERS)
        raise StudyError(Finding("stop", "M80", "--format", what, fix, allowed=allowed))
    study = load_study(study_folder(given))
    if isinstance(exporter, OfStudy):
        target = _target(study, f"codebook{exporter.suffix}", out)
        _write(target, exporter.make(study))
        print(f"{exporter.title} written to {target}")
        return 0
    if wave is None:
        what, fix = "this format holds one wave, and none is named.", "Name one of the study."
        raise StudyError(Finding("stop", "M81", "--wave", what, fix, allowed=", ".join(study.waves)))
    target = _target(study, f"{wave}{exporter.suffix}", out)
    if not study.synthetic:
        refuse_repository(target.parent)
    _write(target, exporter.make(load_wave(study, wave)))
    print(f"{exporter.title} written to {target}")
    print("It holds exact data, as the tables of the wave do: keep it within the team.")
    return 0


def _target(study: Study, name: str, out: str | None) -> Path:
    """Where the file goes; an earlier export in the study's own folder is replaced, anything else never."""
    if out is None:
        return study.folder / "exports" / f"{study.name}_{name}"
    target = writable(out, "--out")
    if os.path.lexists(target):  # it may be the very project that was coded
        what, fix = "there is something of this name already.", "Name a file that does not exist yet."
        raise StudyError(Finding("stop", "M82", "--out", what, fix))
    return target


def _write(target: Path, content: bytes) -> None:
    """The whole file under its name, or nothing."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(target)
    except OSError:
        what, fix = "the file cannot be written here.", "Name another folder with --out, or make room."
        raise StudyError(Finding("stop", "M84", "--out", what, fix)) from None
