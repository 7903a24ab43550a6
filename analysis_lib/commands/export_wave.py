"""What of a wave do people take to other programs, and what of it may leave the team?

Inside: a row per participant with their themes, their outcome group and the study's covariates. Outside, where exact
counts may leave: the rows of the people who agreed to share, under pseudonyms of their own and without covariates.
Outside otherwise: the main table with the numbers that the wave's report has released, and no others, since a number
that the report withholds could be worked out from one that is printed elsewhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis_lib.commands.due import due
from analysis_lib.commands.keys import pseudonym_key, remember_key
from analysis_lib.commands.places import reports_folder, writable
from analysis_lib.crosstab import in_base
from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.exporters.data_set import DataSet
from analysis_lib.exporters.matrix import participant_matrix
from analysis_lib.exporters.r_script import r_files
from analysis_lib.exporters.released_table import released_table
from analysis_lib.exporters.table_formats import TABLE_FORMATS
from analysis_lib.main_table import main_table, released_main_table
from analysis_lib.quantitize import ThemeMatrix, quantitize
from analysis_lib.readers.apostrophes import as_it_was
from analysis_lib.release import rules_for
from analysis_lib.release.rows import shared_rows
from analysis_lib.release.rules import Rules
from analysis_lib.release_records import rows_record, write_record
from analysis_lib.runner.changes import sha256
from analysis_lib.runner.manifest import read_manifest, utc
from analysis_lib.runner.staging import refuse_repository
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import PROFILES
from analysis_lib.wave import Wave
from analysis_lib.whole_files import write_whole

_TAKEN = tuple(f"results/{name}.csv" for name in ("theme_by_outcome", "theme_contrasts", "theme_tests"))
INSIDE = "It holds exact data, as the tables of the wave do: keep it within the team."


@dataclass(frozen=True, repr=False)
class Exported:
    """Files that were written, and what one has to know of them.

    Parameters
    ----------
    files
        The one that was asked for first, then what lies beside it.
    notes
        Sentences: who is in it, who is not, where it may go.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Names of the files and the notes, as sentences."""
        beside = f", with {', '.join(path.name for path in self.files[1:])}" if self.files[1:] else ""
        return "\n".join((f"{self.files[0].name} written{beside}.", *self.notes))


@dataclass(frozen=True)
class _Content:
    """What is about to be written: the table, its main table where it has rows of people, who they are."""

    data: DataSet
    expected_of: ThemeMatrix | None
    notes: tuple[str, ...]
    left: tuple[str, ...] = ()  # ids of people whose rows leave the team


def export_wave(
    wave: Wave,
    path: str | Path,
    *,
    profile: str = "internal",
    reports: str | Path | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write the participant x theme matrix of a wave for SPSS, R, Excel or another program.

    Parameters
    ----------
    wave
        A loaded wave. Only people who agreed to analysis are in the file.
    path
        The file. Its end decides the format: ``.csv`` (with a data dictionary beside it), ``.xlsx``, ``.parquet``,
        ``.sav``, or ``.R`` for a script with its data, which makes the main table again and compares every number.
    profile
        Who the file is for. ``internal``: the team; everybody, with study ids and covariates. ``coauthor``: where
        study.yaml lets counts leave exact, rows of the people who agreed to share, under pseudonyms; else the main
        table as the report has released it. ``public``: that table.
    reports
        OUT of ``themewave run``, from which the released table is taken; None for ``reports`` in the study.
    overwrite
        Whether a file of this name is replaced.

    Returns
    -------
    Exported
        The files, and sentences on who is in them.

    Raises
    ------
    StudyError
        If the end of the name is none of these, there is such a file, it would get into a repository, or nothing may
        leave for these readers; the message says which.

    Examples
    --------
    >>> import tempfile
    >>> import analysis_lib as al
    >>> this_wave = al.load_wave(al.EXAMPLE_STUDY, "2024b")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     al.export_wave(this_wave, f"{folder}/bad_experiences.csv")
    bad_experiences.csv written, with bad_experiences_dictionary.csv.
    24 people are in it.
    It holds exact data, as the tables of the wave do: keep it within the team.
    """
    target = writable(str(path), "path")
    known = {each.suffix.lower(): name for name, each in TABLE_FORMATS.items()}
    if target.suffix.lower() not in known:
        what, allowed = "no format is written under a name with this end.", ", ".join(known)
        fix = "Let the name of the file end in one of them."
        raise StudyError(Finding("stop", "M88", "path", what, fix, allowed=allowed))
    out = None if reports is None else str(reports)
    return write_export(
        wave,
        target,
        known[target.suffix.lower()],
        profile=profile,
        reports=out,
        replaced=overwrite,
        where="path",
    )


def write_export(
    wave: Wave,
    target: Path,
    format_name: str,
    *,
    profile: str,
    reports: str | None,
    replaced: bool,
    where: str,
) -> Exported:
    """Write a wave in a table format; see :func:`export_wave`.

    Parameters
    ----------
    replaced
        Whether files of these names may be written over.
    where
        What a message calls the place of the file.
    """
    if profile not in PROFILES:
        hint = did_you_mean(profile, PROFILES)
        what, fix = "there is no such profile.", f"Name one of them.{hint}"
        raise StudyError(Finding("stop", "O03", "profile", what, fix, allowed=", ".join(PROFILES)))
    if not wave.study.synthetic:
        refuse_repository(target.parent)
    content = _content(wave, profile, reports)
    stem = target.with_suffix("").name
    make = TABLE_FORMATS[format_name].make
    if make is not None:
        made = make(content.data)
    else:
        expected = None if content.expected_of is None else main_table(content.expected_of)
        made = r_files(content.data, stem, expected=expected)
    # The file that was asked for under the very name that was given, the others beside it.
    files = {target.with_name(stem + end) if i else target: made[end] for i, end in enumerate(made)}
    if not replaced and any(os.path.lexists(path) for path in files):
        what = "there is something of this name already."
        again = "Name a file that does not exist yet, or write overwrite=True."
        fix = again if where == "path" else "Name a file that does not exist yet."
        raise StudyError(Finding("stop", "M82", where, what, fix))
    if content.left:
        _remember(wave, content.left, target, files[target], profile)
    _write(files, where)
    return Exported(tuple(files), content.notes)


def _content(wave: Wave, profile: str, reports: str | None) -> _Content:
    """What these readers may have."""
    if profile == "internal":
        themes = quantitize(wave)
        notes = (f"{len(themes.values)} people are in it.", INSIDE)
        data = participant_matrix(themes, in_base(themes), notes=(f"INTERNAL. {INSIDE}",))
        return _Content(data, themes, notes)
    key = pseudonym_key(wave.study, make=False)
    rules = rules_for(profile, wave.study.privacy, key)  # type: ignore[arg-type]
    if rules.exact:
        return _rows(wave, replace(rules, pseudonym_key=pseudonym_key(wave.study)))
    return _released(wave, profile, reports)


def _rows(wave: Wave, rules: Rules) -> _Content:
    """Rows of the people who agreed to share."""
    everybody = quantitize(wave)
    shared = shared_rows(everybody, rules)
    themes = _of(everybody, list(shared.pseudonyms))
    inside, out = len(shared.pseudonyms), shared.n_left_out
    left_out = f"{out} {'person is' if out == 1 else 'people are'} left out: no consent to share, or no outcome group."
    notes = (
        f"{inside} people who agreed to share are in it, under pseudonyms and without covariates.",
        *((f"{left_out} Its counts can be lower than those of the report.",) if out else ()),
        f"Exact counts may leave the team for this reason: {wave.study.privacy.reason}.",
    )
    data = participant_matrix(themes, in_base(themes), ids=shared.pseudonyms, covariates=False, notes=notes)
    return _Content(data, themes, notes, tuple(shared.pseudonyms))


def _of(themes: ThemeMatrix, people: list[str]) -> ThemeMatrix:
    """The matrix of some people alone, in this order."""
    return replace(
        themes,
        values=themes.values.loc[people],
        n_segments=themes.n_segments.loc[people],
        n_words=themes.n_words.loc[people],
    )


def _released(wave: Wave, profile: str, reports: str | None) -> _Content:
    """The main table as the wave's report for these readers holds it."""
    folder = reports_folder(wave.study, reports)
    manifest = read_manifest(folder / wave.id)
    why = _why_not(wave, profile, folder, manifest)
    if why or manifest is None:
        what = f"these readers get the numbers of their report and no others, and {why}."
        fix = f"Run it first: themewave run STUDY --wave {wave.id} --profile {profile}."
        raise StudyError(Finding("stop", "D09", "--profile", what, fix))
    shares, contrasts, tests = (_read(folder / wave.id / name) for name in _TAKEN)
    rule = str(manifest["counts_rule"])
    notes = (
        "No row of a person leaves for these readers: it holds the main table of their report, with its numbers"
        f" (counts {rule}).",
    )
    table = released_main_table(shares, contrasts, tests)
    return _Content(released_table(table, wave.study, wave.id, counts_rule=rule, notes=notes), None, notes)


def _why_not(wave: Wave, profile: str, folder: Path, manifest: dict[str, Any] | None) -> str:
    """Why a report does not say what may leave today; empty where it does. A newer program changes no number in it."""
    if manifest is None or not {"profile", "inputs", "outputs", "counts_rule"} <= set(manifest):
        return "there is none"
    if manifest["profile"] != profile:
        return f"the one that is there is for profile {manifest['profile']}"
    _, states = due(wave.study, [wave.id], folder, profile=profile, make_key=False)
    now, then = states[wave.id].inputs, manifest["inputs"]
    changed = [name for name in sorted({*now, *then}) if now.get(name) != then.get(name)]
    if changed:
        return f"{changed[0]} has changed since it was made"
    for name in _TAKEN:
        path = folder / wave.id / name
        if not path.is_file() or sha256(path) != manifest["outputs"].get(name):
            return f"{name} has been altered since it was made"
    return ""


def _read(path: Path) -> pd.DataFrame:
    """A tidy table of a report, its numbers as numbers and its text as it was."""
    text = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    numbers = [name for name in text if name.startswith("n_") or name == "p_value"]
    return text.map(as_it_was, na_action="ignore").assign(
        **{name: pd.to_numeric(text[name]) for name in numbers}
    )


def _remember(wave: Wave, people: Sequence[str], target: Path, content: bytes, profile: str) -> None:
    """Keep a record of whose rows leave, before they can be read; the example has nobody to protect."""
    study = wave.study.folder.resolve()
    if study == EXAMPLE_STUDY:
        return
    key = pseudonym_key(wave.study)
    file = Path(os.path.relpath(target.resolve(), study)).as_posix()
    released_on = utc(time.time())[:10]
    record = rows_record(
        wave, people, key=key, file=file, content=content, profile=profile, released_on=released_on
    )
    try:
        remember_key(wave.study, key)
        write_record(study, record)
    except OSError:
        if wave.study.synthetic:
            return
        what = (
            "the study folder cannot be written to, so it could not be told later whose rows the file holds."
        )
        fix = "Let yourself write to its folder .themewave, or run a copy of the study. Nothing was released."
        raise StudyError(Finding("stop", "P07", ".themewave", what, fix)) from None


def _write(files: dict[Path, bytes], where: str) -> None:
    """Each file whole; the one that was asked for last, so that where it stands the others do too."""
    try:
        for path in reversed(files):
            write_whole(path, files[path])
    except OSError:
        what, fix = "the file cannot be written here.", "Name another folder, or make room."
        raise StudyError(Finding("stop", "M84", where, what, fix)) from None
