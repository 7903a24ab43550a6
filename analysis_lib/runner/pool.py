"""Where does the work of a run go: to processes of this machine, a few at once?

A pool takes functions and answers with futures; what was lost with a process comes back as
:class:`~analysis_lib.runner.warm.Lost`. The pool of
:mod:`analysis_lib.runner.cluster` does the same with the machines of a cluster.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, Self

from analysis_lib.runner.forked import CAN_FORK
from analysis_lib.runner.warm import Lost, WarmParent, in_fresh_process

_PARENTS = 3  # warm parents one after the other, before processes are started cold


class Pool(Protocol):
    """What :func:`analysis_lib.runner.run.run_waves` needs of a pool."""

    def slots(self) -> int:
        """How much work may be under way at once, now."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a function called elsewhere; the future may end in ``Lost``."""

    def stop(self) -> None:
        """End all work that is under way; nothing can be given after that."""


class LocalPool:
    """Processes of this machine.

    Parameters
    ----------
    jobs
        Pieces of work at once; 1 is strictly one after the other.
    warm
        Whether processes are forked from one that has imported everything. False starts each of them anew.

    Notes
    -----
    The threads of this class only wait; they compute nothing and are in no process that forks.
    """

    def __init__(self, jobs: int, *, warm: bool = True) -> None:
        self._jobs = jobs
        self._threads = ThreadPoolExecutor(jobs)
        self._parents_left = _PARENTS if warm and CAN_FORK else 0
        self._parent: WarmParent | None = None
        self._stopped = False
        self._choosing = threading.Lock()
        self._cold: set[subprocess.Popen[bytes]] = set()

    def __enter__(self) -> Self:
        if self._parents_left:
            self._parent = WarmParent()  # it imports while the caller goes on
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process."""
        self._stopped = True
        self._parents_left = 0
        if self._parent is not None:
            self._parent.close()
        for process in self._cold:
            process.kill()
        self._threads.shutdown(cancel_futures=True)

    def slots(self) -> int:
        """How many pieces of work run at once."""
        return self._jobs

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a function called in a process of its own."""
        return self._threads.submit(self.call, function, *arguments)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function returns or raises in a process of its own.

        Raises
        ------
        Lost
            If that process ends without an answer.
        """
        with self._choosing:
            parent = self._ready_parent()
        if self._stopped:
            raise Lost
        if parent is not None:
            return parent.call(function, *arguments)
        return in_fresh_process(function, *arguments, started=self._take)

    def _take(self, process: subprocess.Popen[bytes]) -> None:
        self._cold.add(process)
        if self._stopped:
            process.kill()

    def _ready_parent(self) -> WarmParent | None:
        """A parent that forks; one that was killed is replaced. None where processes start cold."""
        while self._parents_left > 0:
            if self._parent is None:
                self._parent = WarmParent()
            if self._parent.ready():
                return self._parent
            self._parents_left = self._parents_left - 1 if self._parent.can_fork else 0
            self._parent.close()
            self._parent = None
        return None
