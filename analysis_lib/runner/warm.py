"""How does work start in processes that have imported everything already?

A parent is started once and imports what notebooks and reports need. It starts no thread, opens no socket of its own
and reads nothing of a study; it only forks: one process for each piece of work, with everything imported and nothing
else shared. The work comes as a function and its arguments over a pair of sockets that no other process can reach, and
the result goes back the same way. When the caller is gone, however it ended, so are the parent and all work.

Where processes cannot be forked, or where an import has started a thread that a fork would lose, each piece of work is
given to a fresh interpreter. The results are the same to the byte; only the imports are paid each time.

References: Linux manual pages fork(2), unix(7); Python documentation, multiprocessing, start methods.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO, NoReturn

from analysis_lib.runner.changes import PACKAGE
from analysis_lib.runner.forked import alone, die_with_parent, own_chance, own_signals
from analysis_lib.runner.notebooks import FIXED, quiet_environment

# What notebooks and reports import of other packages; of this package they find everything. Not here: what looks for
# the kernel when it is imported, as the backend that shows a notebook's own figures does.
PACKAGES = (
    "IPython.core.completer", "docx", "firthmodels", "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell",
    "jinja2", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.figure",
    "mistune", "nbclient.client", "papermill", "scipy.optimize", "scipy.stats",
    "statsmodels.api", "statsmodels.formula.api",
)  # fmt: skip
# Others import these in passing where they are installed, and they start threads at once.
LEFT_OUT = ("polars",)
_READY, _NOT_ALONE, _WORK = b"r", b"n", b"w"
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from analysis_lib.runner import warm; warm."
)


class Lost(Exception):  # noqa: N818  (nobody's error: the same work can be given again)
    """The process that worked on something ended without an answer."""


class WarmParent:
    """The caller's end of a parent process, which imports while the caller goes on."""

    def __init__(self) -> None:
        self.can_fork = True
        self._said = b""
        self._control, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._process = _python(f"serve({theirs.fileno()})", pass_fds=[theirs.fileno()])

    def ready(self) -> bool:
        """Whether work can be given, once everything is imported; False also where the process was killed."""
        if not self._said:
            self._said = self._control.recv(1)
            self.can_fork = self._said != _NOT_ALONE
        return self._said == _READY and self._process.poll() is None

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function returns or raises when it is called in a process of its own.

        Raises
        ------
        Lost
            If that process ends without an answer.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, self._one_at_a_time:
                try:
                    socket.send_fds(self._control, [_WORK], [theirs.fileno()])
                except OSError:
                    raise Lost from None
            with ours.makefile("wb") as out, suppress(BrokenPipeError):
                out.write(pickle.dumps((function, arguments)))
            with suppress(OSError):
                ours.shutdown(socket.SHUT_WR)
            with ours.makefile("rb") as back:
                return _outcome(back)

    def close(self) -> None:
        """End the parent and all work that is under way."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # whoever waits for the parent wakes up
        self._process.terminate()
        self._process.wait()
        self._control.close()


def in_fresh_process(
    function: Callable[..., Any], *arguments: Any, started: Callable[[subprocess.Popen[bytes]], None]
) -> Any:
    """What a function returns or raises in a fresh interpreter; ``started`` is handed the process.

    Raises
    ------
    Lost
        If that process ends without an answer.
    """
    process = _python("answer_once()", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    started(process)
    with process:
        with process.stdin as request, suppress(OSError):  # type: ignore[union-attr]  # it is a pipe
            request.write(pickle.dumps((function, arguments)))
        return _outcome(process.stdout)  # type: ignore[arg-type]  # it is a pipe


def _python(call: str, **settings: Any) -> subprocess.Popen[bytes]:
    """Another interpreter like this one that calls a function of this module."""
    words = [sys.executable, "-c", _START + call, json.dumps(sys.path)]
    streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    # A session of its own, so that Ctrl-C reaches the caller alone, who then decides.
    process: subprocess.Popen[bytes] = subprocess.Popen(
        words, env=FIXED | os.environ, start_new_session=True, **streams | settings
    )
    return process


def _outcome(stream: BinaryIO) -> Any:
    """What was returned, raised again if it was raised."""
    try:
        raised, value = pickle.load(stream)
    except (EOFError, OSError, pickle.UnpicklingError):
        raise Lost from None
    if raised:
        raise value
    return value


# In the other process


def serve(descriptor: int) -> None:
    """Import everything, then fork a process for every pair of sockets that arrives, until the caller is gone."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    control = socket.socket(fileno=descriptor)
    children: set[int] = set()
    with quiet_environment():
        _import_everything()
        if not alone():
            control.sendall(_NOT_ALONE)
            return
        gc.collect()
        gc.freeze()  # what is imported stays in memory that all share
        control.sendall(_READY)
        try:
            while True:
                _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
                if not descriptors:
                    break
                (connection,) = descriptors
                children.add(_forked(connection, control))
                os.close(connection)
                children -= _ended()
        finally:
            for child in children - _ended():
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _import_everything() -> None:
    """Everything of this package, and the other packages; what cannot be imported is left to whoever needs it."""
    for name in LEFT_OUT:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # so it says that it is not there
    own = sorted(path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py"))
    for name in (*PACKAGES, *(".".join(path.parts).removesuffix(".__init__") for path in own)):
        with suppress(Exception):
            import_module(name)
    for name in LEFT_OUT:
        if sys.modules[name] is None:
            del sys.modules[name]


def _forked(connection: int, control: socket.socket) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            die_with_parent(parent)
            os.close(control.fileno())
            own_signals()
            own_chance()
            with socket.socket(fileno=connection) as ours, ours.makefile("rwb") as stream:
                _answer(stream, stream)
        finally:
            os._exit(0)
    return pid


def _ended() -> set[int]:
    """Children that have ended, each told once."""
    found = set()
    with suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            found.add(pid)
    return found


def answer_once() -> NoReturn:
    """Do the work that comes by the standard input; the answer goes to the standard output, and nothing else does."""
    die_with_parent(os.getppid())
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with quiet_environment():
        _answer(sys.stdin.buffer, out)
    out.close()
    os._exit(0)


def _answer(request: Any, out: Any) -> None:
    function, arguments = pickle.loads(request.read())
    try:
        answer = pickle.dumps((False, function(*arguments)))
    except Exception as error:
        error.add_note(traceback.format_exc())
        answer = pickle.dumps((True, error))
    out.write(answer)
