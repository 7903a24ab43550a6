"""What was run, on which inputs, with which versions, and what came out?

The manifest is the only place where times stand, so that everything else is the same in every run on the same
data. It names no user, no machine and no absolute path.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from analysis_lib.runner.notebooks import NOTEBOOKS, Executed

_PACKAGES = (
    "themewave", "pandas", "numpy", "scipy", "statsmodels", "seaborn", "matplotlib", "firthmodels", "papermill"
)  # fmt: skip


def manifest(
    *,
    study: str,
    wave: str,
    profile: str,
    parameters: dict[str, str],
    inputs: dict[str, str],
    facts: dict[str, Any],
    executed: Iterable[Executed],
    folder: Path,
    started: float,
    ended: float,
) -> dict[str, Any]:
    """Everything that is needed to repeat and to verify a run.

    Parameters
    ----------
    inputs
        File below the study -> SHA-256.
    facts
        Seed, codebook version, rules, and what the door changed.
    folder
        The staged folder, whose files are hashed.
    started, ended
        Seconds since the epoch.
    """
    return {
        "study": study,
        "wave": wave,
        "profile": profile,
        "status": "complete",
        "parameters": parameters,
        "inputs": inputs,
        **facts,
        "notebooks": {
            run.name: {"sha256": sha256(NOTEBOOKS / f"{run.name}.ipynb"), "seconds": round(run.seconds, 2)}
            for run in executed
        },
        "outputs": {
            path.relative_to(folder).as_posix(): sha256(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "manifest.json"
        },
        "versions": {name: version(name) for name in _PACKAGES} | {"python": platform.python_version()},
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


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
