"""Do the settings of Jupyter on this machine let others in?

Settings are read and never run: from the JSON files, and from the Python files as far as they give plain values. The
servers that are running now are asked for by what they have written about themselves.

References: Jupyter Server documentation, "Security in the Jupyter Server" and "Config file and command line options".
"""

from __future__ import annotations

import ast
import json
import os
import stat
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from analysis_lib.errors import Finding

_FILES = ("jupyter_config", "jupyter_server_config", "jupyter_lab_config", "jupyter_notebook_config")
_SERVERS = (
    "ServerApp",
    "NotebookApp",
    "LabApp",
    "LabServerApp",
    "IdentityProvider",
    "PasswordIdentityProvider",
)
Setting = tuple[str, str, object, int | None]  # file, name, value, line


def jupyter_findings() -> Iterator[Finding]:
    """What the settings and the running servers of this user allow that they should not."""
    from jupyter_core.paths import jupyter_config_path, jupyter_runtime_dir  # noqa: PLC0415

    for folder in map(Path, jupyter_config_path()):
        for name in _FILES:
            files = [
                folder / f"{name}.json",
                folder / f"{name}.py",
                *sorted((folder / f"{name}.d").glob("*.json")),
            ]
            for path in files:
                if path.is_file():
                    yield from _of_file(path)
    for path in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        yield from _of_server(path)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        what = "this runs as root, so whatever a notebook does, it may do to the whole machine."
        yield Finding("warn", "E06", "Jupyter", what, "Work as a user of your own.")


def _of_file(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode
    if sys.platform != "win32" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        what = "others may write to this file of settings, and Jupyter runs what stands in it."
        yield Finding("stop", "E07", path.name, what, f"Take the right away: chmod go-w {path.name}.")
    try:
        text = path.read_text(encoding="utf-8")
        settings = list(_of_json(path.name, text) if path.suffix == ".json" else _of_python(path.name, text))
    except (OSError, ValueError, SyntaxError, RecursionError):
        what, fix = "this file of settings cannot be read.", "Look at it yourself, or move it away."
        yield Finding("warn", "E08", path.name, what, fix)
        return
    for setting in settings:
        yield from _judged(*setting)


def _of_json(name: str, text: str) -> Iterator[Setting]:
    content = json.loads(text)
    for section, values in content.items() if isinstance(content, dict) else ():
        if section in _SERVERS and isinstance(values, dict):
            yield from ((name, key, value, None) for key, value in values.items())


def _of_python(name: str, text: str) -> Iterator[Setting]:
    """Assignments such as ``c.ServerApp.token = ""``; a value that is computed is an unknown one."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            section = target.value if isinstance(target, ast.Attribute) else None
            if (
                isinstance(target, ast.Attribute)
                and isinstance(section, ast.Attribute)
                and section.attr in _SERVERS
            ):
                try:
                    value: object = ast.literal_eval(node.value)
                except ValueError:
                    value = ...
                yield name, target.attr, value, node.lineno


def _judged(file: str, name: str, value: object, line: int | None) -> Iterator[Finding]:
    """What one setting means."""
    fix = "Take the line out: what Jupyter does by itself is safe."
    if name == "token" and value == "":
        what = "the server asks for no token, so every program and page on this machine can run code in it."
        yield Finding("stop", "E01", file, what, fix, line=line, column=name)
    elif name == "ip" and not _is_loopback(value):
        what = "the server answers other machines too."
        yield Finding(
            "stop",
            "E02",
            file,
            what,
            f"{fix} Reach it from elsewhere through ssh -L.",
            line=line,
            column=name,
        )
    elif name in ("allow_origin", "allow_origin_pat") and value not in ("", None):
        what = "other pages in your browser may talk to the server."
        yield Finding("stop", "E03", file, what, fix, line=line, column=name)
    elif name in ("disable_check_xsrf", "allow_unauthenticated_access") and value is not False:
        what = "a safeguard against other pages and programs is switched off."
        yield Finding("stop", "E04", file, what, fix, line=line, column=name)
    elif name in ("allow_root", "allow_remote_access") and value is not False:
        what = "the server is allowed what it should not need."
        yield Finding("warn", "E05", file, what, fix, line=line, column=name)


def _is_loopback(value: object) -> bool:
    """Whether an address is one of this machine alone.

    >>> [_is_loopback(each) for each in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "", "*", ...)]
    [True, True, True, False, False, False, False]
    """
    if value == "localhost":
        return True
    try:
        return ip_address(str(value)).is_loopback
    except ValueError:
        return False


def _of_server(path: Path) -> Iterator[Finding]:
    """What a server that is running has written about itself."""
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        os.kill(int(said["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return  # it has ended
    fix = "Stop it (jupyter server stop) and start it again without the setting."
    if not said.get("token") and not said.get("password"):
        what = "a Jupyter server is running that asks for no token and no password."
        yield Finding("stop", "E09", "Jupyter", what, fix)
    if not _is_loopback(said.get("hostname")) and not said.get("sock"):
        what = "a Jupyter server is running that answers other machines too."
        yield Finding("stop", "E10", "Jupyter", what, fix)
