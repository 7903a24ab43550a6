"""``themewave export``: a wave, or the codebook of a study, as a file of another program.

Formats of coding programs hold the words of participants and stay with the team; tables follow the profile.
"""

from __future__ import annotations

import os
from pathlib import Path

from analysis_lib.commands.export_wave import INSIDE, write_export
from analysis_lib.commands.places import study_folder, writable
from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.exporters import EXPORTERS, OfStudy
from analysis_lib.exporters.table_formats import TABLE_FORMATS
from analysis_lib.runner.staging import refuse_repository
from analysis_lib.study import Study, load_study
from analysis_lib.wave import load_wave


def export(
    given: str,
    wave: str | None,
    *,
    format_name: str,
    out: str | None,
    profile: str = "internal",
    reports: str | None = None,
) -> int:
    """Write one file and what belongs beside it; returns 0.

    Parameters
    ----------
    profile
        Who a table is for; what coding programs open is ``internal``.
    reports
        OUT of ``themewave run``, for readers who get what their report holds; None for the study's own.

    Raises
    ------
    StudyError
        If there is no such format, a wave has to be named, the study or the wave cannot be used, the file exists
        or cannot be written, exact data would get into a repository, or nothing may leave for these readers.
    """
    known = [*TABLE_FORMATS, *EXPORTERS]
    if format_name not in known:
        fix = f"Name one of them.{did_you_mean(format_name, known)}"
        what, allowed = "there is no such format.", ", ".join(known)
        raise StudyError(Finding("stop", "M80", "--format", what, fix, allowed=allowed))
    study = load_study(study_folder(given))
    exporter = EXPORTERS.get(format_name)
    if isinstance(exporter, OfStudy):
        target = _target(study, f"codebook{exporter.suffix}", out)
        _write(target, exporter.make(study))
        print(f"{exporter.title} written to {target}")
        return 0
    if wave is None:
        what, fix = "this format holds one wave, and none is named.", "Name one of the study."
        raise StudyError(Finding("stop", "M81", "--wave", what, fix, allowed=", ".join(study.waves)))
    if exporter is None:
        return _export_table(study, wave, format_name, out, profile, reports)
    if profile != "internal":
        what = "this format holds exact data and the words of people, and leaves the team for no reader."
        fix = "Name a table format, or leave the profile out."
        raise StudyError(Finding("stop", "M83", "--profile", what, fix, allowed=", ".join(TABLE_FORMATS)))
    target = _target(study, f"{wave}{exporter.suffix}", out)
    if not study.synthetic:
        refuse_repository(target.parent)
    _write(target, exporter.make(load_wave(study, wave)))
    print(f"{exporter.title} written to {target}")
    print(INSIDE)
    return 0


def _export_table(
    study: Study, wave: str, format_name: str, out: str | None, profile: str, reports: str | None
) -> int:
    """A wave for a program that counts: names say for whom it is, so that one profile never replaces another."""
    chosen = TABLE_FORMATS[format_name]
    if out is not None and Path(out).suffix.lower() != chosen.suffix.lower():
        what, fix = "this is not how a file of this format is called.", "Name a file that ends so."
        raise StudyError(Finding("stop", "M88", "--out", what, fix, allowed=chosen.suffix))
    name = f"{study.name}_{wave}"
    name = f"INTERNAL_{name}" if profile == "internal" else f"{name}_{profile}"
    target = study.folder / "exports" / f"{name}{chosen.suffix}" if out is None else writable(out, "--out")
    loaded = load_wave(study, wave)
    written = write_export(
        loaded, target, format_name, profile=profile, reports=reports, replaced=out is None, where="--out"
    )
    print(f"{chosen.title} written to {target}")
    for path in written.files[1:]:
        print(f"  with {path.name}")
    for note in written.notes:
        print(note)
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
