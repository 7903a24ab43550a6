"""How do executed notebooks become the folder of a wave? What ``themewave run`` has done in other processes.

A function imports what it needs when it is called there: the process that was asked for a run hands over the
functions alone, and may find that there is nothing to do before pandas would have been imported.
"""

from __future__ import annotations

import time
from pathlib import Path

from analysis_lib.runner.changes import State
from analysis_lib.runner.manifest import manifest, write_manifest
from analysis_lib.runner.notebooks import Executed, contents
from analysis_lib.runner.staging import clear_but
from analysis_lib.study import load_study


def publish_wave(
    wave: str,
    staging: Path,
    executed: tuple[Executed, ...],
    began: float,
    *,
    study: Path,
    states: dict[str, State],
    pseudonym_key: bytes,
) -> None:
    """Everything that a finished wave holds, written into its staged folder."""
    from analysis_lib.payload import Payload  # noqa: PLC0415
    from analysis_lib.release import rules_for  # noqa: PLC0415
    from analysis_lib.report.bundle import write_bundle  # noqa: PLC0415
    from analysis_lib.wave import load_wave  # noqa: PLC0415

    clear_but(staging, "internal")  # a process before this one may have ended halfway
    loaded = load_wave(load_study(study), wave)
    state = states[wave]
    rules = rules_for(state.profile, loaded.study.privacy, pseudonym_key)  # type: ignore[arg-type]
    notebooks = []
    for run in executed:
        number, title, parts = contents(run.path)
        read = tuple(part if isinstance(part, str) else Payload.from_json(part) for part in parts)
        notebooks.append((number, title, read))
    changed = write_bundle(staging, notebooks, loaded, rules)
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


def publish_index(reports: Path, study: Path) -> None:
    """The page that links the reports of a study."""
    from analysis_lib.commands.index import write_index  # noqa: PLC0415

    write_index(reports, load_study(study))
