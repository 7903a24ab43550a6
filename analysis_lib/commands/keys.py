"""Where is the key of the pseudonyms, is it safe there, and is it still the same one?

In the user's configuration folder, never below the study or in a git work tree, readable by its owner alone. Once
something was released, the study remembers a fingerprint of the key, so that a key that was lost or exchanged is not
replaced in silence: everybody would get another pseudonym. A synthetic study has no one to protect: its key is its
name, so that everybody who builds it gets the same report.

References: UK Data Service, anonymising qualitative data (consistent pseudonyms, kept apart from the data).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner.staging import in_repository
from analysis_lib.study import Study

_FINGERPRINT = Path(".themewave") / "pseudonym_key.txt"  # below the study
_PLACE = "pseudonym key"


def pseudonym_key(study: Study, *, make: bool = True) -> bytes:
    """The study's key, made at first use.

    Parameters
    ----------
    make
        False for who only looks: a key that is not there is empty then, and nothing is written or compared.

    Raises
    ------
    StudyError
        If the key lies inside the study folder or a git work tree, others could read it, it is not a key, it is gone
        although the study has had one, or it is another one than the study has had.
    """
    if study.synthetic:
        return f"synthetic:{study.name}".encode()
    path = key_file(study)
    _refuse_place(path.resolve(), study.folder.resolve())
    if not path.exists():
        if not make:
            return b""
        _make(path, study)
    key = _read(path)
    if make:
        _same_as_before(key, study)
    return key


def key_file(study: Study) -> Path:
    """Where the key of a study lies, or will lie."""
    if study.pseudonym_key:
        # A relative path starts at the study, never at wherever the command is run from.
        return study.folder / Path(study.pseudonym_key).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or (Path.home() / ".config")
    return Path(base) / "themewave" / f"{study.name}.key"


def _refuse_place(path: Path, study: Path) -> None:
    """Stop where the key would travel with the data that it protects."""
    if path.is_relative_to(study):
        fix = "Name a file outside the study under `pseudonym_key:`, or leave the line out."
        what = "the key of the pseudonyms lies inside the study folder."
        raise StudyError(Finding("stop", "P01", "study.yaml", what, fix, column="pseudonym_key"))
    if in_repository(path.parent):
        what = "the key of the pseudonyms lies in a git work tree, and one commit would publish it."
        fix = "Move it out of the repository, and name its new place under `pseudonym_key:` in study.yaml."
        raise StudyError(Finding("stop", "P03", _PLACE, what, fix))


def _make(path: Path, study: Study) -> None:
    """Write a new key that nobody else can read; stops where the study has had one."""
    if (study.folder / _FINGERPRINT).exists():
        what = "the study has had a key, and it is not there any more; a new one would rename everybody."
        fix = (
            "Put it back from a backup; if the study was renamed, name the key file under `pseudonym_key:`. Only if it"
            f" is lost for good, remove {_FINGERPRINT.as_posix()} to start with new pseudonyms."
        )
        raise StudyError(Finding("stop", "P05", _PLACE, what, fix))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whole or not there: two runs may begin at once, and a power cut may come at any time.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(secrets.token_hex(32))
            handle.flush()
            os.fsync(handle.fileno())
        with suppress(FileExistsError):  # another run was faster, and its key is the study's
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    """The key in a file that its owner alone can open."""
    try:
        mode, text = stat.S_IMODE(path.stat().st_mode), path.read_text(encoding="ascii")
        key = bytes.fromhex(text.strip())
    except (OSError, ValueError):
        key = b""
    if len(key) < 16:
        what, fix = (
            "the key file holds no key, or cannot be read.",
            "Restore it from a backup: a new key gives new pseudonyms.",
        )
        raise StudyError(Finding("stop", "P02", _PLACE, what, fix))
    if sys.platform != "win32" and mode & 0o077:
        what = "others on this machine can open the key file, and with it turn pseudonyms back into ids."
        fix = "Take their permissions away (chmod 600) and ask yourself who may have read it."
        raise StudyError(Finding("stop", "P04", _PLACE, what, fix, allowed="mode 600"))
    return key


def _same_as_before(key: bytes, study: Study) -> None:
    """Stop if something was released under another key."""
    remembered = study.folder / _FINGERPRINT
    if remembered.exists() and remembered.read_text(encoding="utf-8").strip() != _mark(key):
        what = "this is another key than the study has had, so everybody would get another pseudonym."
        fix = (
            "Put the first key back. If new pseudonyms are meant, for instance since others have seen the key, remove"
            f" {_FINGERPRINT.as_posix()} and say so to whoever has earlier reports."
        )
        raise StudyError(Finding("stop", "P06", _PLACE, what, fix))


def remember_key(study: Study, key: bytes) -> None:
    """Keep the fingerprint of a key under which something is released; a synthetic study's key is no secret."""
    remembered = study.folder / _FINGERPRINT
    if study.synthetic or remembered.exists():
        return
    remembered.parent.mkdir(exist_ok=True)
    remembered.write_text(f"{_mark(key)}\n", encoding="ascii", newline="\n")


def _mark(key: bytes) -> str:
    return hmac.digest(key, b"themewave pseudonyms", hashlib.sha256).hex()
