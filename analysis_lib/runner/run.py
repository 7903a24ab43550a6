"""How are the waves of a study run: every notebook of every wave, a few at once, one folder per wave?

The runner executes and stores; what a folder holds in the end is the business of the function that it is
given to publish with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner.notebooks import IN_RUN, Executed, execute, failure_of, quiet_environment
from analysis_lib.runner.staging import put_aside, put_in_place, stage

# Called with the wave, its staged folder, the executed notebooks and the moment at which the wave was begun.
Publish = Callable[[str, Path, tuple[Executed, ...], float], None]


@dataclass(frozen=True)
class Task:
    """One notebook of one wave."""

    wave: str
    notebook: str
    parameters: dict[str, str]
    output: Path


def run_waves(
    waves: Sequence[str],
    *,
    study_folder: Path,
    out: Path,
    publish: Publish,
    jobs: int,
    report_progress: Callable[[str, str, float], None],
) -> list[StudyError]:
    """Run the notebooks of some waves and put each finished wave in place.

    Parameters
    ----------
    waves
        Waves that have been checked.
    study_folder
        The study.
    out
        Folder of the study's reports; each wave becomes a folder below it.
    publish
        Turns executed notebooks into the finished content of a staged folder.
    jobs
        Kernels at once; 1 is strictly one after the other.
    report_progress
        Called with wave, notebook and seconds whenever one is done.

    Returns
    -------
    list of StudyError
        One per wave that failed; its previous result is untouched.
    """
    began = {wave: time.time() for wave in waves}
    staged = {wave: stage(out, wave) for wave in waves}
    done: dict[str, list[Executed]] = {wave: [] for wave in waves}
    failures: list[StudyError] = []
    # A worker is a process of its own even for one job: the executor's event loop and log settings stay there.
    with quiet_environment(), ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        pending = {
            pool.submit(_execute, task): task
            for wave in waves
            for task in _tasks(wave, study_folder=study_folder, staging=staged[wave])
        }
        while pending:
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                task = pending.pop(future)
                executed = future.result()
                done[task.wave].append(executed)
                report_progress(task.wave, task.notebook, executed.seconds)
                if len(done[task.wave]) == len(IN_RUN):
                    runs = tuple(sorted(done[task.wave], key=lambda run: run.name))
                    failure = _finish(task.wave, runs, staged[task.wave], out, publish, began[task.wave])
                    failures += [failure] if failure else []
    return failures


def _tasks(wave: str, *, study_folder: Path, staging: Path) -> Iterator[Task]:
    internal = staging / "internal"
    internal.mkdir()
    for name in IN_RUN:
        parameters = {
            "study": str(study_folder.resolve()),
            "wave": wave,
            "results_dir": str(internal / "results"),
        }
        yield Task(wave, name, parameters, internal / f"INTERNAL_{name}.ipynb")


def _execute(task: Task) -> Executed:
    """One task; a kernel that dies is given a second, fresh chance."""
    executed = execute(task.notebook, task.parameters, task.output)
    if executed.error is not None and executed.error.startswith("the kernel stopped"):
        return execute(task.notebook, task.parameters, task.output)
    return executed


def _finish(
    wave: str, runs: tuple[Executed, ...], staging: Path, out: Path, publish: Publish, began: float
) -> StudyError | None:
    """Publish and put in place, or put aside and say why."""
    broken = [run for run in runs if run.error is not None]
    if not broken:
        try:
            publish(wave, staging, runs, began)
        except StudyError as error:
            put_aside(staging, out / wave)
            return error
        except BaseException:
            put_aside(staging, out / wave)
            raise
        put_in_place(staging, out / wave)
        return None
    findings = []
    for run in broken:
        what = f"the notebook stopped at {run.error}. {failure_of(run.path)}".strip()
        fix = (
            f"The executed copy is under {out.name}/{wave}.failed/internal; the previous report is untouched."
        )
        findings.append(Finding("stop", "N02", f"{wave}: {run.name}", what, fix))
    put_aside(staging, out / wave)
    return StudyError(findings)
