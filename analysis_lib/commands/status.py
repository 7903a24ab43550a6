"""``themewave status``: which waves are built, from which inputs, stale or current and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis_lib.commands.due import due
from analysis_lib.commands.places import reports_folder, study_folder
from analysis_lib.commands.withdrawn import CANNOT_TELL, withdrawn_reports
from analysis_lib.runner.changes import NOT_BUILT, Plan
from analysis_lib.runner.manifest import read_manifest
from analysis_lib.study import load_study


def status(given: str | None, out: str | None, *, as_json: bool) -> int:
    """Print one line per wave, and below it released reports with somebody since withdrawn; returns 0."""
    study = load_study(study_folder(given))
    reports = reports_folder(study, out)
    plans, _ = due(study, study.waves, reports, profile=None)
    waves = {plan.wave: _state(plan, reports / plan.wave) for plan in plans}
    withdrawn = withdrawn_reports(study)
    for wave, out_of_date in withdrawn.items():
        if wave in waves:
            said = {"reports": list(out_of_date.reports)} if out_of_date.reports else {}
            unknown = {"unknown": f"{CANNOT_TELL}: {out_of_date.unknown}"} if out_of_date.unknown else {}
            waves[wave]["withdrawn"] = said | unknown
    if as_json:
        print(json.dumps(waves, indent=2, ensure_ascii=False))
        return 0
    for wave, state in waves.items():
        why = f": {'; '.join(state['why'])}" if state["why"] else ""
        print(f"{wave}  {state['state']}{why}")
        for line in withdrawn[wave].lines(wave) if wave in withdrawn else ():
            print(line)
    return 0


def _state(plan: Plan, folder: Path) -> dict[str, Any]:
    """``not built``, ``current`` or ``stale``, why, and what the next run would do."""
    manifest = read_manifest(folder)
    if manifest is None:
        return {"state": "not built", "why": [reason for reason in plan.why if reason != NOT_BUILT]}
    return {
        "state": "stale" if plan.why else "current",
        "why": list(plan.why),
        "due": [*plan.notebooks, *(["report"] if plan.report else [])],
        "profile": manifest["profile"],
        "built": manifest["started"],
    }
