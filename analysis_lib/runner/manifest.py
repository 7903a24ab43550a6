"""What was run, on which inputs, with which versions, and what came out?

The manifest is the only place where times stand, so that everything else is the same in every run on the same
data. It names no user, no machine and no absolute path.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis_lib.runner.changes import State, sha256
from analysis_lib.runner.notebooks import NOTEBOOKS, Executed


def manifest(
    *,
    study: str,
    wave: str,
    state: State,
    facts: Mapping[str, Any],
    executed: Sequence[Executed],
    folder: Path,
    started: float,
    ended: float,
) -> dict[str, Any]:
    """Everything that is needed to repeat and to verify a run, and to know later whether it is still current.

    Parameters
    ----------
    state
        What the results follow from, as it was before anything was read.
    facts
        Seed, codebook version, rules, and what the door changed.
    executed
        Each notebook, with the time of the run that executed it.
    folder
        The staged folder, whose files are hashed.
    started, ended
        Seconds since the epoch.
    """
    followed = asdict(state)
    notebooks = followed.pop("notebooks")
    return {
        "study": study,
        "wave": wave,
        "profile": followed.pop("profile"),
        "status": "complete",
        "parameters": {"wave": wave},
        **facts,
        **followed,
        "notebooks": {
            run.name: {
                "sha256": notebooks[run.name],
                "seconds": round(run.seconds, 2),
                "in_cells": round(run.in_cells, 2),
                "tables": list(run.tables),
            }
            for run in executed
        },
        "outputs": {
            path.relative_to(folder).as_posix(): sha256(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "manifest.json"
        },
        "source_commit": _commit(),
        "started": _utc(started),
        "seconds": round(ended - started, 2),
    }


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write manifest.json."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished wave; None where there is none that can be read."""
    try:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _utc(seconds: float) -> str:
    """A time in UTC; SOURCE_DATE_EPOCH stands in for it where it is set."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(float(fixed) if fixed else seconds, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _commit() -> str | None:
    """Commit of the suite, with ``+`` where files have changed since; None outside a checkout."""
    root = NOTEBOOKS.parent
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", "analysis_lib", "notebooks", "data_schema")
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + ("+" if changed else "")


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
