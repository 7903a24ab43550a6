"""How does the work of a run go to the machines of a cluster that exists already?

The scheduler is given the same functions as the processes of one machine, and each worker has them done in processes of
its own, forked from one that has imported everything. Only paths and small records travel: the study and the folder of
its reports have to be visible to every worker under the same path, and the program has to be the same there, which is
asked before anything is begun and again by every worker that joins later. A worker that is lost loses nothing that is
finished; its work is given to another.

References: Dask documentation, distributed, "Resilience"; Rocklin 2015, Proceedings of SciPy.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner.changes import program
from analysis_lib.runner.pool import LocalPool
from analysis_lib.runner.warm import Lost

_PATIENCE = 30  # seconds until a scheduler has answered, or a worker has joined
_WHERE = "--scheduler"


class ClusterPool:
    """The workers of a Dask cluster.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://host:8786`` or ``tls://host:8786``; keys are named in Dask's configuration.
    needs
        Folders that every worker has to see; the last is made and written to.
    patience
        Seconds to wait for the scheduler and for a worker.

    Raises
    ------
    StudyError
        If the packages are not installed, no scheduler answers, no worker joins, or a worker does not see the folders
        or has another version of the program.
    """

    def __init__(self, address: str, *, needs: tuple[Path, ...], patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._needs = needs
        self._expected = program()
        self._client = _connected(address, patience)
        self._given: dict[Future[Any], Any] = {}
        try:
            self.slots()
            self._look()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def slots(self) -> int:
        """How many pieces of work the workers take at once, now.

        Raises
        ------
        StudyError
            If there is no worker, and none joins while we wait.
        """
        if self._client.status != "running":
            raise _connection_lost()
        if not self._client.nthreads():
            with suppress(TimeoutError):
                self._client.wait_for_workers(1, timeout=self._patience)
        n: int = sum(self._client.nthreads().values())
        if not n:
            what = f"the cluster has no worker, and none joined within {self._patience:.0f} seconds."
            raise StudyError(Finding("stop", "O09", _WHERE, what, "Start its workers, then run again."))
        return n

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a function called by a worker, in a process of its own."""
        answer: Future[Any] = Future()
        there = self._client.submit(
            on_worker, self._expected, self._needs, function, arguments, pure=False, retries=0
        )
        self._given[answer] = there
        there.add_done_callback(partial(self._settle, answer))
        return answer

    def stop(self) -> None:
        """Take back what is not finished, and leave the cluster as it was found."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.cancel(list(self._given.values()), force=True)
        with suppress(Exception):
            self._client.close(timeout=self._patience)

    def _settle(self, answer: Future[Any], there: Any) -> None:
        """Take the answer and let go of it, so that nothing finished is kept on a worker that may be lost."""
        from distributed.scheduler import KilledWorker  # noqa: PLC0415

        self._given.pop(answer, None)
        if there.status == "finished":
            answer.set_result(there.result())
        elif there.status == "error":
            error = there.exception()
            answer.set_exception(Lost() if isinstance(error, KilledWorker) else error)
        else:
            answer.set_exception(_connection_lost())

    def _look(self) -> None:
        """Ask every worker whether it has the same program and sees the same folders."""
        reports = self._needs[-1]
        reports.mkdir(parents=True, exist_ok=True)
        mark = reports / f".visible-{secrets.token_hex(8)}"
        mark.touch()
        try:
            found = self._client.run(refusal, self._expected, (*self._needs, mark), on_error="return")
        finally:
            mark.unlink()
        for refused in found.values():
            if isinstance(refused, BaseException):
                raise StudyError(_other_program("does not have it, or has another version of Dask")) from None
            if refused is not None:
                raise StudyError(refused)
        self._client.run(begin_to_import)


def on_worker(
    expected: Mapping[str, str],
    needs: tuple[Path, ...],
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> Any:
    """What a function returns when this worker has it called in a process of its own."""
    refused = refusal(expected, needs)
    if refused is not None:
        raise StudyError(refused)
    return _own_pool().call(function, *arguments)


def refusal(expected: Mapping[str, str], needs: tuple[Path, ...]) -> Finding | None:
    """Why this worker cannot do the work; None where it can."""
    here = _program_here()
    for name in sorted({*expected, *here}):
        if expected.get(name) != here.get(name):
            if name == "code":
                return _other_program("has other files of it")
            return _other_program(
                f"has {name} {here.get(name, 'not at all')}, and here it is {expected.get(name)}"
            )
    if all(path.exists() for path in needs):
        return None
    what = "a worker does not see the folders of the study and of its reports."
    fix = "Put both where every worker finds them under the same path, a shared drive for instance."
    return Finding("stop", "O11", _WHERE, what, fix)


def begin_to_import() -> None:
    """Have this worker import everything while whoever asked still reads the study."""
    _own_pool()


@cache
def _own_pool() -> LocalPool:
    """The processes of this worker; they end with it."""
    return LocalPool(1).__enter__()


@cache
def _program_here() -> dict[str, str]:
    return program()


def _connected(address: str, patience: float) -> Any:
    try:
        from distributed import Client  # noqa: PLC0415  (an optional package)
    except ImportError:
        what = "the packages that reach a cluster are not installed."
        fix = "Install them: pip install 'themewave[cluster]'."
        raise StudyError(Finding("stop", "O07", _WHERE, what, fix)) from None
    try:
        return Client(address, timeout=patience, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError):
        what = "no scheduler answers at this address."
        fix = "Check the address and that the cluster is up; `dask scheduler` prints it when it starts."
        raise StudyError(Finding("stop", "O08", _WHERE, what, fix)) from None


def _connection_lost() -> StudyError:
    what = "the connection to the scheduler was lost."
    fix = "Waves that were finished are in place; run again for the others."
    return StudyError(Finding("stop", "O12", _WHERE, what, fix))


def _other_program(how: str) -> Finding:
    what = f"a worker does not run this very program: it {how}."
    fix = "Install the same version with the same lock file on every machine of the cluster."
    return Finding("stop", "O10", _WHERE, what, fix)
