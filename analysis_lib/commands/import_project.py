"""``themewave import``: the export of a coding program becomes the tables of a wave, with a report of what happened."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from analysis_lib.codebook import examine_codebook
from analysis_lib.commands.places import study_folder
from analysis_lib.errors import Finding, StudyError
from analysis_lib.import_map import FILE as MAP
from analysis_lib.import_map import GUIDS, ImportMap, known_guids
from analysis_lib.imported_wave import ImportedWave, imported_wave
from analysis_lib.importers import read_project
from analysis_lib.readers.apostrophes import quoted
from analysis_lib.report.import_report import import_facts, render_import_report
from analysis_lib.schema import DATA_SCHEMA
from analysis_lib.whole_files import write_whole
from analysis_lib.yamlfile import as_yaml

_WAVE = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
REPORT = "import_report"
ADDITIONS = "import_codebook.yaml"


def import_project(source: str, study: str, wave: str, *, file_format: str | None, dry_run: bool) -> int:
    """Import one file into one wave; returns 0.

    Raises
    ------
    StudyError
        If the file cannot be read, or a table of the wave was not written by an import and would be overwritten.
    """
    path, folder = Path(source), study_folder(study)
    if not (folder / "study.yaml").is_file():
        what, fix = "there is no study.yaml in this folder.", "Make a study first: themewave new DIR."
        raise StudyError([Finding("stop", "M93", "--study", what, fix)])
    if not _WAVE.fullmatch(wave):
        what, fix = "a wave cannot have this name.", "Name it like a folder."
        allowed = "letters, digits, _ and -, at most 32"
        raise StudyError([Finding("stop", "M95", "--wave", what, fix, allowed=allowed)])
    project = read_project(path, file_format)
    target = folder / "waves" / wave
    codebook, _ = examine_codebook(folder)
    found = imported_wave(
        project, codebook=codebook, known=ImportMap.of_wave(target), guids=known_guids(folder)
    )
    facts = import_facts(found, path)
    if not dry_run:
        _write(found, facts, folder, wave)
    print(_summary(facts, wave, dry_run=dry_run))
    return 0


def _write(found: ImportedWave, facts: dict[str, Any], folder: Path, wave: str) -> None:
    """Every file of the import, each complete before it gets its name; tables of another origin are never touched."""
    target = folder / "waves" / wave
    before, made_by = _written_before(target), found.project.format
    tables = {f"{name}.csv": _as_csv(rows) for name, rows in found.tables.items() if rows}
    kept = []
    for name in list(tables):
        mine, there = before.get(name, {}), _text_of(target / name)
        if _holds_nothing(there) or (_sha(there) == mine.get("sha256") and mine.get("format") == made_by):
            continue
        if name == "participants.csv":
            kept.append(name)  # people come from elsewhere; the ids have to agree
            del tables[name]
        else:
            what = "there is such a table already, and no import from this format wrote it."
            fix = "Move it elsewhere to import anew, or import into another wave."
            raise StudyError([Finding("stop", "M94", f"waves/{wave}/{name}", what, fix)])
    target.mkdir(parents=True, exist_ok=True)
    if not (target / "wave.yaml").exists():
        shutil.copyfile(DATA_SCHEMA / "new_study" / "wave.yaml", target / "wave.yaml")
    written = {name: {"sha256": _sha(text), "format": made_by} for name, text in tables.items()}
    facts = facts | {"written": before | written, "kept": kept}
    texts = tables | {
        MAP: found.map.as_text(),
        f"{REPORT}.json": json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        f"{REPORT}.html": render_import_report(facts, study=folder.name, wave=wave),
    }
    if found.added:
        themes = [{key: value for key, value in row.items() if value} for row in found.added]
        texts[ADDITIONS] = as_yaml({"themes": themes})
    for name, text in texts.items():
        write_whole(target / name, text)
    guids = known_guids(folder) | {code.guid: code.code_id for code in found.codes if code.guid}
    write_whole(folder / GUIDS, as_yaml(dict(sorted(guids.items()))))


def _text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace") if path.exists() else ""


def _holds_nothing(text: str) -> bool:
    """Whether a table has no row: it is not there, or has column names only, as a new study begins."""
    return not text.partition("\n")[2].strip()


def _written_before(target: Path) -> dict[str, dict[str, str]]:
    """Table -> hash and format of what the last import of it wrote; nothing where its report cannot be read."""
    try:
        return dict(json.loads((target / f"{REPORT}.json").read_text(encoding="utf-8"))["written"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _as_csv(rows: list[dict[str, str]]) -> str:
    """A table as csv of which a spreadsheet runs nothing; the strict reader gives back every text as it was."""
    lines = [list(rows[0]), *([row[name] for name in rows[0]] for row in rows)]
    return "".join(",".join(map(_cell, line)) + "\n" for line in lines)


def _cell(text: str) -> str:
    return f'"{text}"' if _NUMBER.fullmatch(text) else quoted(text)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _summary(facts: dict[str, Any], wave: str, *, dry_run: bool) -> str:
    """What happened, in a few lines."""
    found, rows = facts["found"], facts["rows"]
    remarks = facts["remarks"]
    lines = [
        f"{facts['title']}: {found['codings']} codings, {found['codes']} codes, {found['sources']} sources,"
        f" {found['cases']} cases.",
        f"Wave {wave}: {rows['coded_segments']} coded segments of {rows['participants']} participants.",
    ]
    lines += [f"  {each['what']}: {each['text']} ({each['n']})" for each in remarks if each["n"]]
    if facts["added"]:
        lines.append(
            f"{len(facts['added'])} codes are not in the codebook: add the entries of waves/{wave}/{ADDITIONS} to it,"
            f" or give the codes other ids in waves/{wave}/{MAP} and import again."
        )
    where = f"waves/{wave}/{REPORT}.html"
    lines.append(
        "Nothing was written (--dry-run)." if dry_run else f"Everything that was guessed or left out: {where}"
    )
    return "\n".join(lines)
