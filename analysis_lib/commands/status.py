"""``themewave status``: which waves are built, from which inputs, stale or current and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis_lib.commands.places import reports_folder, study_folder
from analysis_lib.runner.manifest import read_manifest, sha256
from analysis_lib.runner.notebooks import NOTEBOOKS
from analysis_lib.study import load_study


def status(given: str | None, out: str | None, *, as_json: bool) -> int:
    """Print one line per wave; returns 0."""
    folder = study_folder(given)
    study = load_study(folder)
    reports = reports_folder(study, out)
    waves = {wave: _state(folder, reports / wave) for wave in study.waves}
    if as_json:
        print(json.dumps(waves, indent=2, ensure_ascii=False))
        return 0
    for wave, state in waves.items():
        why = f": {'; '.join(state['why'])}" if state["why"] else ""
        print(f"{wave}  {state['state']}{why}")
    return 0


def _state(study: Path, wave: Path) -> dict[str, Any]:
    """``not built``, ``current`` or ``stale``, and why."""
    manifest = read_manifest(wave)
    failed = wave.with_name(f"{wave.name}.failed").exists()
    why = ["the last run failed; its remains are in " + wave.name + ".failed"] if failed else []
    if manifest is None:
        return {"state": "not built", "why": why}
    why += _differences(study, manifest["inputs"])
    notebooks = {f"{name}.ipynb": run["sha256"] for name, run in manifest["notebooks"].items()}
    why += _differences(NOTEBOOKS, notebooks)
    return {
        "state": "stale" if why else "current",
        "why": why,
        "profile": manifest["profile"],
        "built": manifest["started"],
    }


def _differences(folder: Path, hashes: dict[str, str]) -> list[str]:
    found = []
    for name, known in hashes.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is gone")
        elif sha256(path) != known:
            found.append(f"{name} has changed")
    return found
