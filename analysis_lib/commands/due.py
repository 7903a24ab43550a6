"""What is due of a study, and why? Asked by ``run`` before it does anything and by ``status`` instead of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.runner.changes import Plan, State, plan, states_of
from analysis_lib.runner.manifest import read_manifest
from analysis_lib.runner.staging import staging_of
from analysis_lib.study import Study, hash_of_decisions


def due(
    study: Study, waves: Sequence[str], reports: Path, *, profile: str | None, make_key: bool = True
) -> tuple[list[Plan], dict[str, State]]:
    """What has to be done for each of some waves, and what its result follows from.

    Parameters
    ----------
    profile
        Who the reports are for; None for the readers whom each wave was built for.
    make_key
        Whether a key of pseudonyms that is not there yet is made where a profile needs one.
    """
    key = pseudonym_key(study, make=make_key and profile is not None)
    now = states_of(
        study.folder,
        study.waves,
        waves,
        decisions=hash_of_decisions(study.folder),
        results=lambda wave: staging_of(reports, wave) / "internal" / "results",
        profile=profile or "",
        pseudonym_key=None if profile == "internal" else key,
    )
    plans = []
    for wave in waves:
        manifest = read_manifest(reports / wave)
        if profile is None and manifest is not None:
            built_for = manifest.get("profile", "")
            now[wave] = replace(now[wave], profile=built_for)
            if built_for == "internal":
                now[wave] = replace(now[wave], pseudonyms="")
        plans.append(plan(wave, now[wave], manifest, reports / wave))
    return plans, now
