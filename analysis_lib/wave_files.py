"""Which file of a wave holds which table?

By its name, in any of the formats that are read, or as wave.yaml says under ``sources:``. A file that looks
like a table under a wrong name stops the wave: a consent table that is overlooked reads like consent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from analysis_lib.errors import Finding, Level, StudyError, did_you_mean, looks_like_a_name
from analysis_lib.file_names import as_on_disk
from analysis_lib.importers import IMPORTERS
from analysis_lib.project_tables import below, project_tables
from analysis_lib.readers import READERS, RawTable, read_table
from analysis_lib.readers.delimited import ENCODINGS, SEPARATORS
from analysis_lib.readers.table import HEADER_ONLY
from analysis_lib.schema import TABLES
from analysis_lib.study import Study, WaveFacts

# Without rows these would say that nobody took part or refused, which an unfilled template does not mean.
_NEVER_EMPTY = ("participants", "consent")
_TEXT = (".csv", ".tsv")

Source = tuple[Path, str | None, str | None]  # file, sheet, format


def read_wave_files(
    study: Study, wave: str, facts: WaveFacts | None
) -> tuple[dict[str, RawTable | None], list[Finding]]:
    """Every table of a wave as text.

    Parameters
    ----------
    study
        Its folder, and how csv files are read.
    wave
        Name of the wave, whose folder exists.
    facts
        None where wave.yaml could not be read; then files with other names are not looked for.

    Returns
    -------
    dict, list of Finding
        Table -> text. None is an optional table without a file; a table that cannot be read, or that has
        column names only and must not, is left out.
    """
    folder = study.folder / "waves" / wave
    sources, findings = _named_sources(folder, facts)
    by_name = _files_by_name(folder)
    looked_at = {path for named in sources.values() for path, *_ in named}
    raws: dict[str, RawTable | None] = {}
    projects = project_tables(study, folder, facts, findings)
    looked_at.update(projects.files)
    for name in TABLES:
        found: list[Source] = [(path, None, None) for path in by_name.get(name, ())]
        candidates = sources[name] if name in sources else _readable(found)
        if name in projects.tables and (not candidates or name != "participants"):
            if candidates:
                what = "a table stands beside a project of a coding program that holds it too."
                fix = "Keep one of them, or take the project out of `sources:` in wave.yaml."
                findings.append(Finding("stop", "W03", f"waves/{wave}/{name}.csv", what, fix))
            raws[name] = projects.tables[name]
            looked_at.update(path for path, *_ in candidates)
            continue
        looked_at.update(path for path, *_ in candidates)
        if len(candidates) > 1:
            what = f"several files hold this table: {', '.join(path.name for path, *_ in candidates)}."
            fix = "Keep one, or name one under `sources:` in wave.yaml."
            findings.append(Finding("stop", "W03", f"waves/{wave}/{name}.csv", what, fix))
        elif candidates:
            raw, said = _read(candidates[0], study)
            if raw is not None and not raw.rows and name in _NEVER_EMPTY:
                raw, said = (
                    None,
                    [replace(f, level="stop") if f.code == HEADER_ONLY.code else f for f in said],
                )
            findings += said
            if raw is not None:
                raws[name] = raw
        elif name in sources:
            continue  # what wave.yaml names cannot be followed, which is said already
        elif name != "participants":
            raws[name] = None
        elif facts is not None:
            what = f"there is no {name} file."
            fix = f"Put {name}.csv into waves/{wave}/, or name the file under `sources:` in wave.yaml."
            file, allowed = f"waves/{wave}/{name}.csv", ", ".join(READERS)
            findings.append(Finding("stop", "W02", file, what, fix, allowed=allowed))
    findings += _overlooked(folder, by_name, looked_at)
    return raws, findings


def read_wave_table(study: Study, wave: str, facts: WaveFacts | None, name: str) -> RawTable | None:
    """One table of a wave as text; None where there is none, or where reading the wave says why it cannot be read."""
    candidates = _candidates(study, wave, facts, name)
    return _read(candidates[0], study)[0] if len(candidates) == 1 else None


def file_of_table(study: Study, wave: str, facts: WaveFacts | None, name: str) -> Path:
    """The file that holds a table of a wave; where there is none yet, the one in which it would be looked for first."""
    candidates = _candidates(study, wave, facts, name)
    return candidates[0][0] if candidates else study.folder / "waves" / wave / f"{name}.csv"


def _candidates(study: Study, wave: str, facts: WaveFacts | None, name: str) -> list[Source]:
    folder = study.folder / "waves" / wave
    sources, _ = _named_sources(folder, facts)
    by_name: list[Source] = [(path, None, None) for path in _files_by_name(folder).get(name, ())]
    return sources[name] if name in sources else _readable(by_name)


def _readable(found: list[Source]) -> list[Source]:
    """The files in a format that is read; a single one in another format, for its reader to refuse."""
    known = [source for source in found if source[0].suffix.casefold() in READERS]
    return known or found[:1]


def _read(source: Source, study: Study) -> tuple[RawTable | None, list[Finding]]:
    path, sheet, file_format = source
    is_text = (f".{file_format}" if file_format else path.suffix.casefold()) in _TEXT
    separator, encoding = study.columns.separator, study.columns.encoding
    try:
        raw = read_table(
            path,
            shown_as=path.relative_to(study.folder).as_posix(),
            separator=separator if is_text and separator in SEPARATORS else None,
            encoding=encoding if is_text and str(encoding).casefold() in ENCODINGS else None,
            sheet=sheet,
            file_format=file_format,
            root=study.folder,
        )
    except StudyError as error:
        return None, error.findings
    return raw, list(raw.notes)


def _named_sources(folder: Path, facts: WaveFacts | None) -> tuple[dict[str, list[Source]], list[Finding]]:
    """Table -> what wave.yaml names for it; an entry that cannot be followed is a finding and no file."""
    sources: dict[str, list[Source]] = {}
    findings: list[Finding] = []
    if facts is None:
        return sources, findings

    def report(level: Level, code: str, key: str, what: str, fix: str, allowed: str | None = None) -> None:
        file, line = f"waves/{folder.name}/wave.yaml", facts.lines.get("sources")
        findings.append(Finding(level, code, file, what, fix, line, f"sources.{key}", None, allowed))

    for source in facts.sources:
        table, file, file_format = source.get("table"), source["file"], source.get("format")
        if table is None and str(file_format).casefold() in IMPORTERS and below(file):
            continue  # a whole project of a coding program
        if table is None:
            what = "a source without `table:` is not read."
            fix = "Say which table it holds, or name its `format:`; see `themewave import --help`."
            report("warn", "W04", "table", what, fix, ", ".join([*TABLES, *IMPORTERS]))
            continue
        named = sources.setdefault(table, [])
        if file_format is not None and f".{file_format.casefold()}" not in READERS:
            what = "a table is not read in this format."
            fix = "Leave `format:` out, or pass the file through `themewave import` first."
            report("stop", "W04", "format", what, fix, ", ".join(ending[1:] for ending in READERS))
        elif not below(file):
            what = "a source must be a file in the folder of its wave."
            report(
                "stop",
                "W04",
                "file",
                what,
                "Put the file there and give its name.",
                "a path without .., ~ or :",
            )
        else:
            file_format = file_format and file_format.casefold()
            named.append((as_on_disk(folder / file), source.get("sheet"), file_format))
    return sources, findings


def _files_by_name(folder: Path) -> dict[str, list[Path]]:
    """Files of a folder by the name before their ending, in lower case; hidden and lock files left out."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if not path.name.startswith((".", "~")) and path.name not in ("wave.yaml", "author_notes.md"):
            found.setdefault(_name(path), []).append(path)
    return found


def _name(path: Path) -> str:
    packed = path.suffix.casefold() in (".gz", ".bz2", ".xz", ".zst", ".zip")
    return (path.with_suffix("").stem if packed else path.stem).casefold()


def _overlooked(folder: Path, by_name: dict[str, list[Path]], looked_at: set[Path]) -> Iterator[Finding]:
    """Tables under names that nobody looks for, and files beside the ones that are read."""
    absent = [name for name in TABLES if name not in by_name]
    for name, paths in by_name.items():
        for path in paths:
            if path in looked_at or (path.suffix.casefold() not in READERS and name not in TABLES):
                continue
            hint = "" if name in TABLES else did_you_mean(name, absent)
            shown = path.name if looks_like_a_name(path.stem) else "(a file)"
            file, allowed = f"waves/{folder.name}/{shown}", ", ".join(TABLES)
            if hint:
                what, fix = "no table has this name.", f"Correct the name, or move the file elsewhere.{hint}"
                yield Finding("stop", "W07", file, what, fix, allowed=allowed)
            else:
                what, fix = "this file is not read.", "Nothing to do if so meant."
                yield Finding("note", "W07", file, what, fix)
