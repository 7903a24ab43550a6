"""``themewave verify``: are the files of a report as the run left them, and does the same study give them again?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis_lib.commands.due import due
from analysis_lib.commands.findings import tell
from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.commands.places import study_folder
from analysis_lib.commands.publish import publish_wave
from analysis_lib.errors import Finding, StudyError, in_order
from analysis_lib.runner import notebooks as suite
from analysis_lib.runner.bundle_check import faults
from analysis_lib.runner.changes import Plan, State
from analysis_lib.runner.comparison import differences
from analysis_lib.runner.interrupt import stoppable
from analysis_lib.runner.manifest import read_manifest
from analysis_lib.runner.pool import LocalPool
from analysis_lib.runner.run import run_waves
from analysis_lib.study import PROFILES, Study, load_study

_JOBS = 2


def verify(report: str, study: str | None, *, hashes_only: bool, as_json: bool) -> int:
    """Check one report folder, or each below a study's folder of reports; returns 1 if anything differs.

    Parameters
    ----------
    report
        Folder with a manifest.json, or the folder above several of them.
    study
        The study that it was made from; not needed for hashes.
    hashes_only
        Whether nothing is run again: the quick form.

    Raises
    ------
    StudyError
        If there is no report, or the study that has to be run again is not named or is another one.
    """
    folders = _folders(Path(report))
    findings: list[Finding] = []
    for folder in folders:
        here = faults(folder)
        if not hashes_only and not any(finding.code == "V01" for finding in here):
            here += _again(folder, _study_of(folder, study))
        findings += (_within(finding, folder, folders) for finding in here)
    findings = in_order(findings)
    code = tell(findings, as_json=as_json)
    n = sum(len((read_manifest(folder) or {}).get("outputs", ())) for folder in folders)
    if not code and not as_json:
        told = (
            "have the bytes that the manifest lists"
            if hashes_only
            else "came out the same to the byte in a rerun"
        )
        print(f"{n} files of {len(folders)} report(s) {told}.")
    return code


def _folders(report: Path) -> list[Path]:
    """The folders with a manifest: this one, or those in it."""
    if (report / "manifest.json").is_file():
        return [report]
    found = sorted(
        path.parent for path in report.glob("*/manifest.json") if not path.parent.name.endswith(".failed")
    )
    if not found:
        what = "there is no finished report in this folder: it has no manifest.json."
        fix = "Name the folder of a wave, such as my_study/reports/my-study/2024a."
        raise StudyError(Finding("stop", "V40", "REPORT_DIR", what, fix))
    return found


def _within(finding: Finding, folder: Path, folders: list[Path]) -> Finding:
    """The finding with its wave before the file, where there are several."""
    if len(folders) == 1:
        return finding
    return replace(finding, file=f"{folder.name}/{finding.file}")


def _study_of(folder: Path, given: str | None) -> Study:
    """The study to run again."""
    if given is None:
        what, fix = (
            "a rerun needs the study.",
            "Name it with --study, or check the files alone with --hashes-only.",
        )
        raise StudyError(Finding("stop", "V41", "--study", what, fix))
    study = load_study(study_folder(given))
    manifest = read_manifest(folder) or {}
    if (study.name, manifest.get("wave")) not in {(manifest.get("study"), wave) for wave in study.waves}:
        what = "the report was not made from this study, or its wave is not in study.yaml any more."
        raise StudyError(
            Finding("stop", "V42", "--study", what, "Name the study that the report says it is from.")
        )
    return study


def _again(folder: Path, study: Study) -> list[Finding]:
    """What has changed since, as warnings, and what a rerun gives otherwise, as stops."""
    kept: dict[str, Any] = read_manifest(folder) or {}
    wave, profile = str(kept["wave"]), str(kept.get("profile"))
    if profile not in PROFILES:
        what, fix = "the manifest names no profile that there is.", "Run the wave again with --force."
        return [
            Finding("stop", "V43", "manifest.json", what, fix, column="profile", allowed=", ".join(PROFILES))
        ]
    with TemporaryDirectory(prefix="themewave-verify-") as place:
        out = Path(place) / study.name
        _, states = due(study, [wave], out, profile=profile, make_key=False)
        findings = list(_changed_since(kept, states[wave]))
        if any(finding.level == "stop" for finding in findings):
            return findings
        out.mkdir()
        failures = _run_again(wave, study, states, out)
        if failures:
            return [*findings, *(finding for failure in failures for finding in failure.findings)]
        return [*findings, *differences(folder, out / wave, list(kept["outputs"]))]


def _run_again(wave: str, study: Study, states: dict[str, State], out: Path) -> list[StudyError]:
    """Everything of one wave in another folder."""
    key = pseudonym_key(study, make=False)
    publish = partial(publish_wave, study=study.folder, states=states, pseudonym_key=key, remember=False)
    whole = Plan(wave, suite.IN_RUN, report=True, why=())
    with stoppable(), LocalPool(_JOBS) as pool:
        return run_waves(
            [whole], study_folder=study.folder, out=out, publish=publish, pool=pool, report_progress=_tell
        )


def _tell(wave: str, piece: str, seconds: float) -> None:
    print(f"  {wave}  {piece}  {seconds:.1f} s", file=sys.stderr, flush=True)


def _changed_since(kept: dict[str, Any], now: State) -> Iterator[Finding]:
    """What the report followed from and is not as it was, so that other numbers are to be expected."""
    fix = "Expect other numbers where they follow from it."
    inputs = kept.get("inputs", {})
    for name in sorted({*inputs, *now.inputs}):
        if inputs.get(name) != now.inputs.get(name):
            how = "gone" if name not in now.inputs else "new" if name not in inputs else "not what it was"
            yield Finding(
                "warn", "V44", name, f"this file of the study is {how} since the report was made.", fix
            )
    for name in sorted({*kept.get("earlier", {}), *now.earlier}):
        if kept.get("earlier", {}).get(name) != now.earlier.get(name):
            what = "this earlier wave is not what it was when the report was made."
            yield Finding("warn", "V45", f"waves/{name}", what, fix)
    for name in sorted({*kept.get("versions", {}), *now.versions}):
        old, new = kept.get("versions", {}).get(name, "absent"), now.versions.get(name, "absent")
        if old != new:
            what = f"{name} was {old} when the report was made and is {new}."
            yield Finding("warn", "V46", "requirements.lock", what, fix)
    if kept.get("code") != now.code or _notebooks_of(kept) != now.notebooks:
        what = "the program is not the one that made the report."
        commit = kept.get("source_commit")
        way = f"Check out {commit.rstrip('+')[:12]} to repeat it exactly." if isinstance(commit, str) else fix
        yield Finding("warn", "V47", "themewave", what, way)
    if kept.get("pseudonyms") != now.pseudonyms:
        what = "the key of the pseudonyms is not here, or is another one, so the report cannot be made again."
        way = "Put the key back where it was, or check the files alone with --hashes-only."
        yield Finding("stop", "V48", "pseudonym key", what, way)


def _notebooks_of(manifest: dict[str, Any]) -> dict[str, str]:
    """Notebook -> SHA-256, as a manifest has them."""
    return {name: record.get("sha256", "") for name, record in manifest.get("notebooks", {}).items()}
