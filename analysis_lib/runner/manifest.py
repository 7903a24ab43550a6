"""What was run, on which inputs, with which versions, and what came out?

The manifest is the only place where times stand, so that everything else is the same in every run on the same
data. It names no user, no machine and no absolute path. Where SOURCE_DATE_EPOCH is set, no clock is read at all: every
moment is that one and nothing takes any time, so that the manifest is the same to the byte too.

References: reproducible-builds.org, SOURCE_DATE_EPOCH specification.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis_lib.errors import Finding, StudyError
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
                "seconds": _duration(run.seconds),
                "in_cells": _duration(run.in_cells),
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
        "started": utc(started),
        "seconds": _duration(ended - started),
    }


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write manifest.json."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="\n")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished wave; None where there is none that can be read."""
    try:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def utc(seconds: float) -> str:
    """A time in UTC; SOURCE_DATE_EPOCH stands in for it where it is set."""
    fixed = fixed_moment()
    moment = datetime.fromtimestamp(seconds if fixed is None else fixed, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(seconds: float) -> float:
    """Seconds to the hundredth; none where SOURCE_DATE_EPOCH is set."""
    return round(seconds, 2) if fixed_moment() is None else 0.0


def fixed_moment() -> int | None:
    """SOURCE_DATE_EPOCH in seconds; None where it is not set.

    Raises
    ------
    StudyError
        If it is no such number.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if not re.fullmatch(r"\d{1,11}", text):
        what, allowed = "this is no moment.", "seconds since 1970, such as 1735689600"
        raise StudyError(
            Finding("stop", "O25", "SOURCE_DATE_EPOCH", what, "Set it so, or unset it.", allowed=allowed)
        )
    return int(text)


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
