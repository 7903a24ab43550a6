"""``themewave run``: check, execute the notebooks, let the results through the door, write the reports.

What is current stays as it is. Whether anything has to be done is known before any large package is imported; the work
itself is done in other processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from analysis_lib.commands.due import due
from analysis_lib.commands.findings import say
from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.commands.places import reports_folder, study_folder
from analysis_lib.commands.progress import Progress
from analysis_lib.commands.publish import publish_index, publish_wave
from analysis_lib.disk_trouble import trouble
from analysis_lib.errors import Finding, StudyError, did_you_mean, in_order
from analysis_lib.runner import notebooks as suite
from analysis_lib.runner.changes import Plan, State
from analysis_lib.runner.disk import refuse_too_little_room
from analysis_lib.runner.interrupt import stoppable
from analysis_lib.runner.manifest import fixed_moment
from analysis_lib.runner.pool import LocalPool, Pool
from analysis_lib.runner.run import run_waves
from analysis_lib.runner.staging import mend, only_run, refuse_repository
from analysis_lib.runner.warm import Lost
from analysis_lib.study import PROFILES, Study, load_study

MOST_JOBS = 4


def run(
    given: str | None,
    waves: list[str] | None,
    *,
    profile: str,
    out: str | None,
    jobs: int | None,
    scheduler: str | None = None,
    force: bool = False,
    release_anyway: str | None = None,
) -> int:
    """Run what is due of some or all waves of a study; returns 0, or 1 if any wave failed.

    Parameters
    ----------
    jobs
        Kernels at once on this machine; None for one per core, at most ``MOST_JOBS``.
    scheduler
        Address of a Dask cluster that does the work instead of this machine.
    force
        Whether everything is done again, current or not.
    release_anyway
        Why a report may leave although it differs from an earlier release by a few people; None where nobody says so.
    """
    if profile not in PROFILES:
        hint = did_you_mean(profile, PROFILES)
        what, fix = "there is no such profile.", f"Name one of them.{hint}"
        raise StudyError(Finding("stop", "O03", "--profile", what, fix, allowed=", ".join(PROFILES)))
    if jobs is not None and jobs < 1:
        raise StudyError(Finding("stop", "O04", "--jobs", "nothing can run.", "Give 1 or more."))
    if release_anyway is not None and not release_anyway.strip():
        what, fix = "there is no reason.", "Write why the report may leave, in quotation marks."
        raise StudyError(Finding("stop", "D06", "--release-anyway", what, fix))
    folder = study_folder(given)
    study = _readable(folder, waves)
    chosen = list(dict.fromkeys(waves or study.waves))
    reports = reports_folder(study, out)
    if not study.synthetic:
        refuse_repository(reports)
    plans, states = due(study, chosen, reports, profile=profile)
    if force:
        plans = [Plan(wave, suite.IN_RUN, report=True, why=("it was asked for",)) for wave in chosen]
    plans = [each for each in plans if each.report]
    if not plans and _index_is_current(reports, study):
        print(f"{study.title}: {len(chosen)} wave(s) current in {_shown(reports)}; --force runs them again.")
        return 0
    fixed_moment()  # a wrong one is better refused now than when the manifest is written
    refuse_too_little_room(reports, [each.wave for each in plans])
    try:
        with stoppable(), _pool(scheduler, jobs, folder, reports) as pool:
            _check(folder, [each.wave for each in plans])  # while the pool imports
            return _locked(study, plans, states, reports, pool, release_anyway or "")
    except OSError as error:
        refused = trouble(error, "--out")
        if refused is None:
            raise
        raise refused from None


def _locked(
    study: Study, plans: Sequence[Plan], states: dict[str, State], reports: Path, pool: Pool, anyway: str
) -> int:
    """Run what is due while no other run may write there, and leave nothing half done, however this ends."""
    with only_run(reports):
        mend(reports)
        try:
            return _run(study, plans, states, reports, pool, anyway)
        except BaseException:
            pool.stop()  # before what it writes to is removed
            raise
        finally:
            mend(reports)


def _readable(folder: Path, waves: list[str] | None) -> Study:
    """The study; stops with every problem of every file where it, or a wave that is named, is not there."""
    try:
        study = load_study(folder)
    except StudyError:
        study = None
    if study is None or not set(waves or ()) <= set(study.waves):
        from analysis_lib.wave import check_study  # noqa: PLC0415  (a sound study that is current does not need it)

        raise StudyError(check_study(folder, waves))
    return study


def _index_is_current(reports: Path, study: Study) -> bool:
    """Whether the index was written after the last wave was put in place."""
    index = reports / "index.html"
    built = [
        path.stat().st_mtime_ns
        for wave in study.waves
        if (path := reports / wave / "manifest.json").is_file()
    ]
    return index.is_file() and index.stat().st_mtime_ns >= max(built, default=0)


def _pool(
    scheduler: str | None, jobs: int | None, study: Path, reports: Path
) -> AbstractContextManager[Pool]:
    if scheduler is None:
        return LocalPool(jobs or min(os.cpu_count() or 1, MOST_JOBS))
    from analysis_lib.runner.cluster import ClusterPool  # noqa: PLC0415  (its package is optional)

    return ClusterPool(scheduler, needs=(study, reports))


def _run(
    study: Study,
    plans: Sequence[Plan],
    states: dict[str, State],
    reports: Path,
    pool: Pool,
    anyway: str,
) -> int:
    """Run what is due and say what came of it; the lock is held."""
    notes: list[Finding] = []
    current = f", {len(states) - len(plans)} current" if len(states) > len(plans) else ""
    print(
        f"{study.title}: {len(plans)} wave(s) to run{current}, {pool.slots()} notebook(s) at a time.",
        flush=True,
    )
    publish = partial(
        publish_wave,
        study=study.folder,
        states=states,
        pseudonym_key=pseudonym_key(study),
        release_anyway=anyway,
    )
    with Progress(sum(len(each.notebooks) + 1 for each in plans)) as progress:
        failures = run_waves(
            plans, study_folder=study.folder, out=reports, publish=publish, pool=pool,
            report_progress=progress.done, report_running=progress.running, report_notes=notes.extend,
        )  # fmt: skip
    try:
        pool.submit(publish_index, reports, study.folder).result()
    except Lost:  # as any other piece of work, it has a second chance
        pool.submit(publish_index, reports, study.folder).result()
    for failure in failures:
        say(failure.findings, sys.stderr)
    say(in_order(notes))
    print(f"{len(plans) - len(failures)} of {len(plans)} wave(s) written to {_shown(reports)}")
    if len(failures) < len(plans):
        print(f"Open {_shown(reports / 'index.html')}")
    return int(bool(failures))


def _check(study: Path, waves: list[str]) -> None:
    """Stop with every finding if any of them forbids an analysis, else say them."""
    from analysis_lib.wave import check_study  # noqa: PLC0415

    findings = check_study(study, waves) if waves else []
    if any(finding.level == "stop" for finding in findings):
        raise StudyError(findings)
    say(findings)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    here = Path.cwd().resolve()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
