"""How do executed notebooks become the folder of a wave? What ``themewave run`` has done in other processes.

A function imports what it needs when it is called there: the process that was asked for a run hands over the
functions alone, and may find that there is nothing to do before pandas would have been imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis_lib.commands.keys import remember_key
from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner.bundle_check import faults
from analysis_lib.runner.changes import State
from analysis_lib.runner.manifest import manifest, utc, write_manifest
from analysis_lib.runner.notebooks import Executed, contents
from analysis_lib.runner.staging import clear_but
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import load_study

if TYPE_CHECKING:
    from analysis_lib.payload import Payload
    from analysis_lib.release import Rules
    from analysis_lib.wave import Wave


def publish_wave(
    wave: str,
    staging: Path,
    executed: tuple[Executed, ...],
    began: float,
    *,
    study: Path,
    states: dict[str, State],
    pseudonym_key: bytes,
    remember: bool = True,
    release_anyway: str = "",
) -> list[Finding]:
    """Everything that a finished wave holds, written into its staged folder and read again.

    What is returned ought to be known before the report is sent.

    Parameters
    ----------
    remember
        Whether the study keeps a record of whom the report holds; not where it is thrown away after a comparison.
    release_anyway
        Why it may leave although it differs from an earlier release by a few people; empty where nobody has said so.

    Raises
    ------
    StudyError
        If the bundle may not leave, or what was written is not what it should be; it gets no final name then.
    """
    from analysis_lib.commands.clearance import may_leave, notes_of, write_sheet  # noqa: PLC0415
    from analysis_lib.payload import Payload  # noqa: PLC0415
    from analysis_lib.release import release, rules_for  # noqa: PLC0415
    from analysis_lib.release.ledger import write_record  # noqa: PLC0415
    from analysis_lib.report.bundle import payloads_of, write_bundle  # noqa: PLC0415
    from analysis_lib.wave import load_wave  # noqa: PLC0415

    clear_but(staging, "internal")  # a process before this one may have ended halfway
    loaded = load_wave(load_study(study), wave)
    state = states[wave]
    notebooks = []
    for run in executed:
        number, title, parts = contents(run.path)
        read = tuple(part if isinstance(part, str) else Payload.from_json(part) for part in parts)
        notebooks.append((number, title, read))
    given = rules_for(state.profile, loaded.study.privacy, pseudonym_key)  # type: ignore[arg-type]
    released = release(payloads_of(notebooks), given)
    rules = released.rules  # another rule for counts, where the audit did not pass
    internal, today = staging / "internal", utc(began)[:10]
    record = None
    if remember:
        record = may_leave(released, loaded, internal, released_on=today, anyway=release_anyway)
    else:
        write_sheet(released, loaded, internal)
    changed = write_bundle(staging, notebooks, loaded, released)
    levels = [finding.level for finding in loaded.findings]
    facts = {
        "seed": loaded.study.seed,
        "codebook_version": loaded.facts.codebook_version,
        "counts_rule": rules.counts,
        "check": {"warn": levels.count("warn"), "note": levels.count("note")},
        # The manifest lies beside the report, so it may hold no number that the report may not.
        "n_analysed": len(loaded.analysed) if rules.exact else None,
        "door": changed,
    }
    write_manifest(
        staging,
        manifest(
            study=loaded.study.name,
            wave=wave,
            state=state,
            facts=facts,
            executed=executed,
            folder=staging,
            started=began,
            ended=time.time(),
        ),
    )
    wrong = faults(staging)
    if wrong:
        raise StudyError(wrong)
    if remember:
        report = staging.parent / wave
        _remember(loaded, released.payloads, rules, pseudonym_key, report=report, released_on=today)
    if record is not None:
        write_record(loaded.study.folder, record)
    return notes_of(released, wave)


def _remember(
    wave: Wave, left: Sequence[Payload], rules: Rules, key: bytes, *, report: Path, released_on: str
) -> None:
    """Keep a record of whom and what the report holds, before it can be read; the example has nobody to protect."""
    from analysis_lib.release_records import release_record, write_record  # noqa: PLC0415
    from analysis_lib.report.bundle import report_id  # noqa: PLC0415

    study = wave.study.folder.resolve()
    if study == EXAMPLE_STUDY:
        return
    record = release_record(
        wave,
        left,
        key=key,
        report=Path(os.path.relpath(report.resolve(), study)).as_posix(),
        report_id=report_id(left),
        profile=rules.profile,
        clearances=rules.clearances,
        released_on=released_on,
    )
    try:
        remember_key(wave.study, key)
        write_record(study, record)
    except OSError:
        if wave.study.synthetic:  # it may lie where nobody writes, and has nobody to protect
            return
        what = "the study folder cannot be written to, so it could not be told later whom the report holds."
        fix = "Let yourself write to its folder .themewave, or run a copy of the study. Nothing was released."
        raise StudyError(Finding("stop", "P07", ".themewave", what, fix)) from None


def publish_index(reports: Path, study: Path) -> None:
    """The page that links the reports of a study."""
    from analysis_lib.commands.index import write_index  # noqa: PLC0415

    write_index(reports, load_study(study))
