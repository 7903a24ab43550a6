"""Which tables of a wave come straight from the project of a coding program?

wave.yaml can name one under ``sources:`` with its format. It is then read at every run, with import_map.yaml beside
it, so that a corrected project needs no import of its own; ``themewave import`` shows what happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from analysis_lib.errors import Finding, StudyError
from analysis_lib.file_names import as_on_disk
from analysis_lib.import_map import FILE as MAP
from analysis_lib.import_map import ImportMap, known_guids
from analysis_lib.imported_wave import ImportedWave, imported_wave
from analysis_lib.importers import IMPORTERS, read_project
from analysis_lib.readers import LEADS_OUTSIDE
from analysis_lib.readers.table import RawTable
from analysis_lib.study import Study, WaveFacts

_BY_LINES = (
    "maxqda",
    "nvivo",
    "dedoose",
)  # whose codings know the line or row of a sheet that they come from


@dataclass(frozen=True)
class ProjectTables:
    """Tables that come from the project of a coding program, and the files that this took."""

    tables: dict[str, RawTable]
    files: set[Path]


def project_tables(
    study: Study, folder: Path, facts: WaveFacts | None, findings: list[Finding]
) -> ProjectTables:
    """What the project named under ``sources:`` of wave.yaml holds.

    Parameters
    ----------
    study, folder, facts
        The study, the folder of the wave and what its wave.yaml says.
    findings
        What goes wrong, and what had to be guessed or left out, is added to it.
    """
    named = [
        source
        for source in (facts.sources if facts is not None else ())
        if source.get("table") is None
        and str(source.get("format")).casefold() in IMPORTERS
        and below(source["file"])
    ]
    if not named:
        return ProjectTables({}, set())
    file = f"waves/{folder.name}/wave.yaml"
    if len(named) > 1:
        what, fix = (
            "several projects of coding programs are named.",
            "Name one; a wave is made of one project.",
        )
        findings.append(Finding("stop", "W12", file, what, fix))
        return ProjectTables({}, {folder / source["file"] for source in named})
    path = as_on_disk(folder / named[0]["file"])
    shown = path.relative_to(study.folder).as_posix()
    if _leads_outside(path, study.folder):
        findings.append(LEADS_OUTSIDE.at(shown))
        return ProjectTables({}, {path})
    try:
        project = read_project(path, str(named[0]["format"]).casefold())
        found = imported_wave(
            project, codebook=study.codebook, known=ImportMap.of_wave(folder), guids=known_guids(study.folder)
        )
    except StudyError as error:
        findings += [replace(each, file=shown) if each.file == path.name else each for each in error.findings]
        return ProjectTables({}, {path})
    tables = {}
    for name, rows in found.tables.items():
        if rows:
            columns = tuple(rows[0])
            values = tuple(tuple(row[column] for column in columns) for row in rows)
            lines = (_lines(found) if name == "coded_segments" else None) or tuple(range(2, len(rows) + 2))
            tables[name] = RawTable(shown, columns, values, lines, None, ())
    for remark in found.remarks:
        if remark.n and remark.what in ("guessed", "dropped", "orphaned"):
            what = (
                f"something of the project was guessed or left out. {remark.n} {remark.kind}: {remark.text}"
            )
            fix = "Nothing to do if so meant; `themewave import --dry-run` lists them."
            findings.append(Finding("note", "W13", shown, what, fix))
    return ProjectTables(tables, {path, folder / MAP})


def _lines(found: ImportedWave) -> tuple[int, ...] | None:
    """Line of the file at which each coding stands; None where the format has no lines, so that rows are numbered."""
    if found.project.format not in _BY_LINES or not all(each.isdecimal() for each in found.origins):
        return None
    return tuple(int(each) for each in found.origins)


def _leads_outside(path: Path, study: Path) -> bool:
    try:
        return not path.resolve().is_relative_to(study.resolve())
    except (OSError, RuntimeError):  # a loop of links, which reading the project says
        return False


def below(file: str) -> bool:
    """Whether a path of wave.yaml stays in the folder of its wave."""
    path = PurePosixPath(file)
    odd = not file.isprintable() or any(sign in file for sign in "\\:~") or ".." in path.parts
    return bool(path.name) and not odd and not path.is_absolute()
