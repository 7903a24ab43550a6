"""How does a process become a kernel that holds every import already?

It is forked from a process that has imported everything and has started no thread, so that no lock is copied in a
locked state, and waits until it is told where to connect. Until then it has opened nothing; what it holds of its
parent's, it closes or renews: descriptors, signals, the state of random generators. It ends with its parent.

References: Linux manual pages fork(2), prctl(2), signal(7).
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

# Elsewhere there is no fork, or, with the frameworks of macOS, none that is safe.
CAN_FORK = sys.platform.startswith("linux")
LAUNCHER = "ipykernel_launcher"
POLL = 0.005  # seconds between looks at whether a process has gone
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class ForkedKernel:
    """A process that becomes a kernel once it is told where to connect; as much of Popen as a kernel manager uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pipe = pipe

    @classmethod
    def fork(cls) -> ForkedKernel | None:
        """A waiting kernel; None where this process cannot fork safely."""
        if not CAN_FORK or not alone():
            return None
        reading, writing = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_kernel(reading, parent)
        os.close(reading)
        return cls(pid, writing)

    def connect(self, arguments: list[str], environment: dict[str, str]) -> None:
        """Tell the process to become a kernel, as if it had been started with these arguments.

        Raises
        ------
        RuntimeError
            If it has ended before; so says the executor of every kernel that is gone.
        """
        try:
            with os.fdopen(self._pipe, "w", encoding="utf-8") as pipe:
                json.dump({"arguments": arguments, "environment": environment}, pipe)
        except BrokenPipeError:
            raise RuntimeError("the kernel ended before it was connected") from None

    def poll(self) -> int | None:
        """Exit code, negative for a signal; None while the process runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int:
        """Exit code, once there is one."""
        while self.poll() is None:
            time.sleep(POLL)
        return int(self.returncode or 0)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has gone."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)


def alone() -> bool:
    """Whether this process has one thread, so that a fork copies all of it; libraries start some unknown to Python."""
    return threading.active_count() == 1 and len(os.listdir("/proc/self/task")) == 1


def die_with_parent(parent: int) -> None:
    """Ask the system to end this process when its parent ends; only Linux can be asked.

    Parameters
    ----------
    parent
        Process id; it may have ended before this is called.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def own_signals() -> None:
    """Answer signals as a fresh process does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def own_chance() -> None:
    """Seed the global generators afresh; a copied state would give every process the same numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _become_kernel(pipe: int, parent: int) -> NoReturn:
    """Never returns, so that nothing of the caller's is left half done or closed a second time."""
    try:
        os.setsid()
        die_with_parent(parent)
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) != pipe:
                with suppress(OSError):  # the one that listed them has gone
                    os.close(int(name))
        with os.fdopen(pipe, encoding="utf-8") as told:
            text = told.read()
        if text:  # otherwise the executor had no use for it
            _run_kernel(**json.loads(text))
    finally:
        os._exit(0)


def _run_kernel(arguments: list[str], environment: dict[str, str]) -> None:
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415

    os.environ.clear()
    os.environ.update(environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.close(nothing)
    own_signals()
    own_chance()
    sys.argv = [LAUNCHER, *arguments]
    app = IPKernelApp.instance()
    app.initialize(arguments)  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]
