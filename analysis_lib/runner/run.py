"""How are the waves of a study run: what is due of every wave, a few pieces at once, one folder per wave?

A piece of work is a notebook or a report. A piece whose process or kernel ends from outside is given a second chance;
after that its wave fails and the others go on. What a folder holds in the end is the business of the function that it
is given to publish with.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from analysis_lib.disk_trouble import trouble
from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner import notebooks as suite
from analysis_lib.runner.changes import Plan, notebook_parameters
from analysis_lib.runner.manifest import read_manifest
from analysis_lib.runner.notebooks import KERNEL_STOPPED, Executed, disk_full_in, execute, failure_of
from analysis_lib.runner.pool import Pool
from analysis_lib.runner.staging import put_aside, put_in_place, stage
from analysis_lib.runner.warm import Lost

# Called with the wave, its staged folder, the executed notebooks and the moment at which the wave was begun; returns
# what ought to be known of the finished wave.
Publish = Callable[[str, Path, tuple[Executed, ...], float], Sequence[Finding] | None]
_REPORT = "report"
_EARLIER = ".earlier waves.staging"  # a name that no wave can have; what is left of a killed run goes with its staging
_LOOK = 1.0  # seconds after which it is asked again how much may be under way


@dataclass(frozen=True)
class Piece:
    """A notebook of a wave, or its report; a second attempt takes a kernel that was not forked."""

    wave: str
    what: str
    again: bool = False


@dataclass
class _Wave:
    """A wave that is being run."""

    plan: Plan
    staging: Path
    began: float
    runs: list[Executed] = field(default_factory=list)
    over: bool = False


def run_waves(
    plans: Sequence[Plan],
    *,
    study_folder: Path,
    out: Path,
    publish: Publish,
    pool: Pool,
    report_progress: Callable[[str, str, float], None],
    report_running: Callable[[list[tuple[str, str]]], None] | None = None,
    report_notes: Callable[[Sequence[Finding]], object] | None = None,
) -> list[StudyError]:
    """Do what is due of some waves and put each finished wave in place.

    Parameters
    ----------
    plans
        One per wave; the waves have been checked.
    study_folder
        The study.
    out
        Folder of the study's reports; each wave becomes a folder below it.
    publish
        Turns executed notebooks into the finished content of a staged folder; it is called in another process.
    pool
        Where the work is done.
    report_progress
        Called with wave, piece and seconds whenever a piece is done.
    report_running
        Called every second, and whenever a piece begins or ends, with wave and piece of all that is under way; None
        where nobody asks.
    report_notes
        Called with what publishing a wave has returned, once the wave is in place; None where nobody asks.

    Returns
    -------
    list of StudyError
        One per wave that failed; its previous result is untouched.

    Raises
    ------
    StudyError
        If the pool cannot go on; waves that were finished are in place.
    """
    waves: dict[str, _Wave] = {}
    failures: list[StudyError] = []
    bugs: list[BaseException] = []
    plan_of = {plan.wave: plan for plan in plans}
    waiting = deque(Piece(plan.wave, what) for plan in plans for what in plan.notebooks or (_REPORT,))
    running: dict[Future[Any], tuple[Piece, float]] = {}
    with _private_folder(out / _EARLIER):
        while waiting or running:
            slots = pool.slots()  # asked every time, since workers come and go, and a cluster may be gone
            while waiting and len(running) < slots:
                piece = waiting.popleft()
                if piece.wave not in waves:
                    waves[piece.wave] = _begin(plan_of[piece.wave], study_folder, out)
                wave = waves[piece.wave]
                if not wave.over:
                    future = pool.submit(*_work(piece, wave, publish, study_folder))
                    running[future] = (piece, time.monotonic())
            if report_running is not None:
                report_running([(piece.wave, piece.what) for piece, _ in running.values()])
            done, _ = wait(running, timeout=_LOOK, return_when=FIRST_COMPLETED)
            for future in done:
                piece, since = running.pop(future)
                wave = waves[piece.wave]
                if wave.over:
                    continue
                if _was_lost(future) and not piece.again:
                    waiting.appendleft(replace(piece, again=True))
                    continue
                report_progress(piece.wave, piece.what, time.monotonic() - since)
                try:
                    if _settle(future, piece, wave, out):
                        waiting.appendleft(Piece(piece.wave, _REPORT))
                    elif piece.what == _REPORT and report_notes is not None:
                        report_notes(future.result() or ())
                except Exception as error:
                    wave.over = True
                    refused = trouble(error, piece.wave) if isinstance(error, OSError) else None
                    if refused is not None:
                        shutil.rmtree(wave.staging, ignore_errors=True)  # it would keep a full disk full
                        failures.append(refused)
                        continue
                    put_aside(wave.staging, out / piece.wave)
                    (failures if isinstance(error, StudyError) else bugs).append(error)  # type: ignore[arg-type]
    if bugs:
        raise bugs[0]  # with its traceback, once the other waves are done
    return failures


@contextmanager
def _private_folder(path: Path) -> Iterator[None]:
    """A folder for this run alone, which nobody else can open."""
    path.mkdir(mode=0o700, exist_ok=True)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _settle(future: Future[Any], piece: Piece, wave: _Wave, out: Path) -> bool:
    """Take over what a piece has come to; returns whether the report of the wave can be written now.

    Raises
    ------
    StudyError
        If the wave cannot be finished.
    OSError
        If the disk does not take the results. Whatever else is raised is a bug.
    """
    if piece.what == _REPORT:
        if isinstance(future.exception(), Lost):
            what = "the process that wrote the report ended from outside, twice."
            fix = "Look whether memory ran out, then run the wave again; the previous report is untouched."
            raise StudyError(Finding("stop", "N04", piece.wave, what, fix))
        future.result()
        put_in_place(wave.staging, out / piece.wave)
        wave.over = True
        return False
    if isinstance(future.exception(), Lost):
        run = Executed(piece.what, _book(wave.staging / "internal", piece.what), 0.0, 0.0, KERNEL_STOPPED)
    else:
        run = future.result()
    wave.runs.append(run)
    if len(wave.runs) < len(suite.IN_RUN):
        return False
    broken = [run for run in wave.runs if run.error is not None]
    for run in broken:
        number = disk_full_in(run.path)
        if number is not None:
            raise OSError(number, os.strerror(number))
    if broken:
        raise _failure(broken, wave, out)
    return True


def _begin(plan: Plan, study: Path, out: Path) -> _Wave:
    """An empty staged folder, with what is taken over from the finished one."""
    wave = _Wave(plan, stage(out, plan.wave), time.time())
    internal = wave.staging / "internal"
    internal.mkdir()
    internal.chmod(0o700 | (study.stat().st_mode & 0o077))  # open to exactly those to whom the study is
    final = out / plan.wave
    kept = [name for name in suite.IN_RUN if name not in plan.notebooks]
    if kept:
        manifest = read_manifest(final) or {}
        for name in kept:
            record = manifest["notebooks"][name]
            book = _book(internal, name)
            shutil.copyfile(_book(final / "internal", name), book)
            tables = internal / "results" / name
            tables.mkdir(parents=True)
            for table in record["tables"]:
                shutil.copyfile(final / "internal" / "results" / table, tables / table)
            wave.runs.append(Executed(name, book, record["seconds"], record["in_cells"], None))
    return wave


def _work(piece: Piece, wave: _Wave, publish: Publish, study: Path) -> tuple[Any, ...]:
    """A function and its arguments."""
    internal = wave.staging / "internal"
    if piece.what == _REPORT:
        return publish, piece.wave, wave.staging, tuple(_with_tables(wave)), wave.began
    tables = internal / "results" / piece.what
    shutil.rmtree(tables, ignore_errors=True)  # what a lost attempt has left
    parameters = notebook_parameters(study, piece.wave, tables)
    kept = wave.staging.parent / _EARLIER
    run_it = partial(execute, folder=suite.NOTEBOOKS, warm=not piece.again, earlier_waves=kept)
    return run_it, piece.what, parameters, _book(internal, piece.what)


def _with_tables(wave: _Wave) -> Iterator[Executed]:
    """Each notebook in order with the names of its tables, which from now on lie side by side."""
    for run in sorted(wave.runs, key=lambda run: run.name):
        own = run.path.parent / "results" / run.name
        names = sorted(path.name for path in own.iterdir()) if own.is_dir() else []
        for name in names:
            (own / name).replace(own.parent / name)
        shutil.rmtree(own, ignore_errors=True)
        yield replace(run, tables=run.tables or tuple(names))


def _was_lost(future: Future[Any]) -> bool:
    """Whether a process or a kernel ended from outside."""
    if future.exception() is not None:
        return isinstance(future.exception(), Lost)
    run = future.result()
    return isinstance(run, Executed) and run.error is not None and run.error.startswith(KERNEL_STOPPED)


def _failure(broken: list[Executed], wave: _Wave, out: Path) -> StudyError:
    """Why a wave has no report: its notebooks that did not come to their end."""
    findings = []
    copy = f"{out.name}/{wave.plan.wave}.failed/internal"
    remains = f"The executed copy is under {copy}; the previous report is untouched."
    for run in sorted(broken, key=lambda run: run.name):
        where = f"{wave.plan.wave}: {run.name}"
        if str(run.error).startswith(KERNEL_STOPPED):
            what = "the process that executed the notebook ended from outside, twice."
            fix = f"Look whether memory ran out, then run the wave again. {remains}"
            findings.append(Finding("stop", "N03", where, what, fix))
        else:
            what = f"the notebook stopped at {run.error}. {failure_of(run.path)}".strip()
            findings.append(Finding("stop", "N02", where, what, remains))
    return StudyError(findings)


def _book(internal: Path, name: str) -> Path:
    return internal / f"INTERNAL_{name}.ipynb"
