"""What JupyterLab is told, so that it serves one folder of one researcher on one machine.

No settings of this user or machine are read: they could let others in, add extensions that talk to the web, or put
another Python in the place of this one. The token stands in no command line and no file of ours; what has to be written
down for a session lies in a folder that only its owner can open and that goes when the session ends.

References: Jupyter Server documentation, "Security in the Jupyter Server"; JupyterLab documentation, "Advanced usage"
(overrides.json); Jupyter client documentation, "Connecting kernels", on encrypted transport.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from analysis_lib.runner.notebooks import quiet_environment

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

LOOPBACK = "127.0.0.1"
FIRST_PORT = 8888  # where people expect JupyterLab; the next free one is taken where it is in use
_PORTS_TRIED = 50
_KERNEL = "python3"  # what the committed notebooks ask for
_ONLY_FAILURES, _EVERYTHING = 50, 20  # levels of Python's logging
_OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": False},
}


def free_port(wanted: int | None) -> int | None:
    """A port of this machine that nobody listens on; None if the one that is wanted, or every one, is taken.

    Parameters
    ----------
    wanted
        None for the first free one from ``FIRST_PORT`` on.
    """
    tried = range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED) if wanted is None else (wanted,)
    return next((port for port in tried if _is_free(port)), None)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":  # there it would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def address(port: int, notebook: str) -> str:
    """Where the browser finds a notebook, without the token.

    Examples
    --------
    >>> address(8888, "2025a/00_explore.ipynb")
    'http://127.0.0.1:8888/lab/tree/2025a/00_explore.ipynb'
    """
    return f"http://{LOOPBACK}:{port}{_page(notebook)}"


def _page(notebook: str) -> str:
    return f"/lab/tree/{quote(notebook)}"


@contextmanager
def session() -> Iterator[Path]:
    """The surroundings of a session, for the server and every kernel that it starts; gives its private folder.

    Numbers are computed as in a run: one BLAS thread, fixed hashing, nobody's start-up files.
    """
    from jupyter_core.paths import jupyter_config_dir  # noqa: PLC0415

    with quiet_environment(), TemporaryDirectory(prefix="themewave-lab-", ignore_cleanup_errors=True) as own:
        folder = Path(own)
        ours = {
            "JUPYTER_NO_CONFIG": "1",
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_PATH": str(folder / "share"),
        }
        before = {name: os.environ.pop(name, None) for name in (*ours, "PYTHONSTARTUP")}
        os.environ.update(ours)
        _write(folder / "share" / "kernels" / _KERNEL / "kernel.json", _this_python())
        _write(folder / "settings" / "overrides.json", _OVERRIDES)
        try:
            yield folder
        finally:
            shutil.rmtree(
                jupyter_config_dir(), ignore_errors=True
            )  # an empty one of its own, which Jupyter leaves
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _this_python() -> dict[str, Any]:
    """The kernel of this very Python, whatever other kernels of the same name there are."""
    from ipykernel.kernelspec import get_kernel_dict  # noqa: PLC0415  (brings IPython)

    return dict(get_kernel_dict())


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def settings(
    folder: Path,
    *,
    notebooks: Path,
    opened: str,
    look: Path,
    port: int,
    token: str,
    browser: bool,
    debug: bool,
) -> dict[str, dict[str, Any]]:
    """What the server is told, in the order of Jupyter's own documentation.

    Parameters
    ----------
    folder
        Private folder of the session.
    notebooks, opened
        Folder that is served, and the notebook below it that is opened first.
    look
        Where JupyterLab keeps what a researcher sets in it, such as a dark theme.
    browser, debug
        Whether a browser is opened, and whether Jupyter's own remarks are shown.
    """
    return {
        "ServerApp": {
            "ip": LOOPBACK,
            "port": port,
            "port_retries": 0,
            "root_dir": str(notebooks),
            "open_browser": browser,
            "allow_root": True,  # whoever is root here already is served as everybody else; `doctor` warns
            "allow_remote_access": False,
            "terminals_enabled": False,
            "log_level": _EVERYTHING if debug else _ONLY_FAILURES,
        },
        "IdentityProvider": {"token": token},
        "FileContentsManager": {
            "delete_to_trash": False,  # what is deleted for a participant's sake must not wait elsewhere
        },
        "KernelManager": {"transport_encryption": "auto"},
        "MappingKernelManager": {
            "kernel_manager_class": "analysis_lib.commands.lab_kernels.LabKernelManager"
        },
        "LabKernelManager": {"silent": not debug},
        "KernelSpecManager": {"allowed_kernelspecs": {_KERNEL}},
        "LabApp": {
            "log_level": _EVERYTHING if debug else _ONLY_FAILURES,
            "default_url": _page(opened),
            "app_settings_dir": str(folder / "settings"),
            "user_settings_dir": str(look),
            "workspaces_dir": str(folder / "workspaces"),
            "labextensions_path": [str(Path(sys.prefix) / "share" / "jupyter" / "labextensions")],
            "extension_manager": "readonly",
            "news_url": None,
            "check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        },
    }


def without_widget_state(model: dict[str, Any], **_: Any) -> None:
    """Before a notebook is written: take out what its widgets show, which may be what participants said.

    JupyterLab leaves it out unless somebody asks it to save it in its Settings menu.

    Examples
    --------
    >>> saved = {"type": "notebook", "content": {"metadata": {"widgets": {"state": "..."}, "kernelspec": {}}}}
    >>> without_widget_state(saved)
    >>> saved["content"]["metadata"]
    {'kernelspec': {}}
    """
    if model.get("type") == "notebook" and model.get("content"):
        model["content"]["metadata"].pop("widgets", None)


def started(told: dict[str, dict[str, Any]]) -> ServerApp:
    """A server that listens and has not answered anything yet; Ctrl-C ends it at once, without a question.

    Raises
    ------
    SystemExit
        If the port was taken in the meantime.
    """
    from jupyterlab.labapp import LabApp  # noqa: PLC0415  (a second of imports; its settings look at the environment)
    from traitlets.config import Config  # noqa: PLC0415

    server: ServerApp = LabApp.initialize_server(argv=[], config=Config(told))
    server.contents_manager.register_pre_save_hook(without_widget_state)  # type: ignore[no-untyped-call]

    def end(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        server.stop(from_signal=True)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, end)
    return server
