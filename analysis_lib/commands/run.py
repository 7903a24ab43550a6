"""``themewave run``: check, execute the notebooks, let the results through the door, write the reports."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tqdm import tqdm

from analysis_lib.commands.index import write_index
from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.commands.places import reports_folder, study_folder
from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.payload import Payload
from analysis_lib.release import PROFILES, Rules, rules_for
from analysis_lib.report.bundle import write_bundle
from analysis_lib.runner.manifest import manifest, write_manifest
from analysis_lib.runner.notebooks import IN_RUN, Executed, contents
from analysis_lib.runner.run import run_waves
from analysis_lib.runner.staging import only_run, refuse_repository
from analysis_lib.study import load_study
from analysis_lib.wave import Wave, check_study, load_wave

MOST_JOBS = 4


def run(
    given: str | None, waves: list[str] | None, *, profile: str, out: str | None, jobs: int | None
) -> int:
    """Run some or all waves of a study; returns 0, or 1 if any wave failed."""
    if profile not in PROFILES:
        hint = did_you_mean(profile, PROFILES)
        what, fix = "there is no such profile.", f"Name one of them.{hint}"
        raise StudyError(Finding("stop", "O03", "--profile", what, fix, allowed=", ".join(PROFILES)))
    if jobs is not None and jobs < 1:
        raise StudyError(Finding("stop", "O04", "--jobs", "nothing can run.", "Give 1 or more."))
    folder = study_folder(given)
    chosen = _checked(folder, waves)
    study = load_study(folder)
    reports = reports_folder(study, out)
    if not study.synthetic:
        refuse_repository(reports)
    rules = rules_for(profile, study.privacy, pseudonym_key(study))  # type: ignore[arg-type]
    jobs = jobs or min(os.cpu_count() or 1, MOST_JOBS)
    print(f"{study.title}: {len(chosen)} wave(s), profile {profile}, {jobs} notebook(s) at once.")
    with only_run(reports), tqdm(total=len(chosen) * len(IN_RUN), unit="notebook", disable=None) as bar:

        def done(wave: str, notebook: str, seconds: float) -> None:
            bar.set_description(f"{wave} {notebook}")
            bar.update()
            if bar.disable:
                print(f"  {wave}  {notebook}  {seconds:.1f} s", flush=True)

        def publish(wave: str, staging: Path, executed: tuple[Executed, ...], began: float) -> None:
            _publish(load_wave(study, wave), staging, executed, began, rules)

        failures = run_waves(
            chosen, study_folder=folder, out=reports, publish=publish, jobs=jobs, report_progress=done
        )
        write_index(reports, study)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(chosen) - len(failures)} of {len(chosen)} wave(s) written to {_shown(reports)}")
    if len(failures) < len(chosen):
        print(f"Open {_shown(reports / 'index.html')}")
    return int(bool(failures))


def _checked(folder: Path, waves: list[str] | None) -> list[str]:
    """The waves to run; stops with every finding if any of them cannot be analysed."""
    findings = check_study(folder, waves)
    if any(finding.level == "stop" for finding in findings):
        raise StudyError(findings)
    for finding in findings:
        print(finding)
    return list(waves or load_study(folder).waves)


def _publish(wave: Wave, staging: Path, executed: tuple[Executed, ...], began: float, rules: Rules) -> None:
    """Everything that a finished wave holds, written into its staged folder."""
    notebooks = []
    for run_ in executed:
        number, title, parts = contents(run_.path)
        read = tuple(part if isinstance(part, str) else Payload.from_json(part) for part in parts)
        notebooks.append((number, title, read))
    changed = write_bundle(staging, notebooks, wave, rules)
    write_manifest(
        staging,
        manifest(
            study=wave.study.name,
            wave=wave.id,
            profile=rules.profile,
            parameters={"wave": wave.id},
            inputs=wave.inputs,
            facts={
                "seed": wave.study.seed,
                "codebook_version": wave.facts.codebook_version,
                "counts_rule": rules.counts,
                "check": {"warn": _count(wave, "warn"), "note": _count(wave, "note")},
                # The manifest lies beside the report, so it may hold no number that the report may not.
                "n_analysed": len(wave.analysed) if rules.exact else None,
                "door": changed,
            },
            executed=executed,
            folder=staging,
            started=began,
            ended=time.time(),
        ),
    )


def _count(wave: Wave, level: str) -> int:
    return sum(finding.level == level for finding in wave.findings)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    here = Path.cwd().resolve()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
