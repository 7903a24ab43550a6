"""Where is the key of the pseudonyms?

In the user's configuration folder, never below the study, readable by its owner alone. A synthetic study has
no one to protect: its key is its name, so that everybody who builds it gets the same report.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.study import Study


def pseudonym_key(study: Study, *, make: bool = True) -> bytes:
    """The study's key, made at first use.

    Parameters
    ----------
    make
        False for who only looks: a key that has not been made yet is empty then.

    Raises
    ------
    StudyError
        If the key would lie inside the study folder, or is not a key.
    """
    if study.synthetic:
        return f"synthetic:{study.name}".encode()
    path = _path(study)
    if path.resolve().is_relative_to(study.folder.resolve()):
        fix = "Name a file outside the study under `pseudonym_key:`, or leave the line out."
        what = "the key of the pseudonyms lies inside the study folder."
        raise StudyError(Finding("stop", "P01", "study.yaml", what, fix, column="pseudonym_key"))
    if not path.exists():
        if not make:
            return b""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(32))
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) < 16:
        what, fix = "the key file holds no key.", "Restore it from a backup: a new key gives new pseudonyms."
        raise StudyError(Finding("stop", "P02", "pseudonym key", what, fix))
    return key


def _path(study: Study) -> Path:
    if study.pseudonym_key:
        # A relative path starts at the study, never at wherever the command is run from.
        return study.folder / Path(study.pseudonym_key).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or (Path.home() / ".config")
    return Path(base) / "themewave" / f"{study.name}.key"
