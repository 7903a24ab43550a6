"""How is one notebook executed, and did every cell of it really run?

Parameters are held against the notebook's own declaration before anything starts, since an unknown name would
otherwise run on the default. Whether a run succeeded is decided by looking at every code cell, never by what
the executor notes in the metadata.

References: papermill and nbclient documentation; nteract/papermill issue 245 on unknown parameters.
"""

from __future__ import annotations

import logging
import os
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis_lib.disk_trouble import NO_ROOM
from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.runner.forked import ForkedKernel
from analysis_lib.schema import EARLIER_WAVES

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
IN_RUN = (
    "01_wave_intake",
    "02_coding_reliability",
    "03_themes_by_outcome",
    "04_joint_display",
    "05_termination_models",
    "06_wave_comparison",
)
# These read the waves before their own too, so a change in one of those concerns them.
LOOKING_BACK = ("02_coding_reliability", "03_themes_by_outcome", "06_wave_comparison")
CELL_TIMEOUT = 1_800  # seconds; a wave that needs longer runs on a cluster
START_TIMEOUT = 60  # seconds until a kernel has answered
# What every process of a run is started with, unless it is set already.
FIXED = {
    "OPENBLAS_NUM_THREADS": "1",  # faster for models of this size, and the same sums everywhere
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow would start a thread when it is imported
}
# Tags of the cells that papermill adds: the values, and where a cell failed.
_ADDED = ("injected-parameters", "papermill-error-cell-tag")
KERNEL_STOPPED = "the kernel stopped"


@dataclass(frozen=True)
class Executed:
    """One executed notebook.

    Parameters
    ----------
    name
        File name without ending, such as ``03_themes_by_outcome``.
    path
        The executed copy.
    seconds
        Wall-clock time.
    in_cells
        Seconds of it in which a cell was computing.
    error
        What went wrong, in one line; None where every cell ran.
    tables
        Names of the files that it wrote into its results folder.
    """

    name: str
    path: Path
    seconds: float
    in_cells: float
    error: str | None
    tables: tuple[str, ...] = ()


def execute(
    name: str,
    parameters: dict[str, str],
    output: Path,
    *,
    folder: Path = NOTEBOOKS,
    warm: bool = False,
    earlier_waves: Path | None = None,
) -> Executed:
    """Execute a copy of a committed notebook.

    Parameters
    ----------
    name
        One of the notebooks of the folder, without its ending.
    parameters
        Values for its parameters cell; paths absolute, since no working folder is set.
    output
        Where the executed copy goes; it is there after a failure too, up to the cell that failed. No time stands in
        it, so that the same inputs give the same file.
    warm
        Fork the kernel from this process, which then has to be one that holds the imports; a process that cannot
        fork starts it cold.
    earlier_waves
        Folder in which the notebooks of a run keep for one another what they have read; None where each reads anew.

    Raises
    ------
    StudyError
        If the notebook does not declare one of the parameters.
    """
    source = folder / f"{name}.ipynb"
    with _kept_in(earlier_waves):
        return _executed(name, source, parameters, output, warm=warm)


@contextmanager
def _kept_in(earlier_waves: Path | None) -> Iterator[None]:
    """What a kernel that starts now inherits."""
    if earlier_waves is None:
        yield
        return
    os.environ[EARLIER_WAVES] = str(earlier_waves)
    try:
        yield
    finally:
        del os.environ[EARLIER_WAVES]


def _executed(name: str, source: Path, parameters: dict[str, str], output: Path, *, warm: bool) -> Executed:
    kernel = ForkedKernel.fork() if warm else None  # before anything below starts a thread
    started = time.monotonic()
    try:
        notebook, error = _run_cells(source, parameters, kernel)
    finally:
        if kernel is not None:
            kernel.kill()
            kernel.wait()
    in_cells = _without_clock(notebook)
    if error is None:
        error = _incomplete(notebook)
    _write(notebook, output)
    return Executed(name, output, time.monotonic() - started, in_cells, error)


def _run_cells(
    source: Path, parameters: dict[str, str], kernel: ForkedKernel | None
) -> tuple[Any, str | None]:
    """The notebook as far as it ran, and why it stopped there; None where it came to its end."""
    import papermill  # noqa: PLC0415  (a second of imports that `check` and `status` do not need)
    from papermill.engines import NBClientEngine, papermill_engines  # noqa: PLC0415
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415

    from analysis_lib.runner.kernel import manager_of  # noqa: PLC0415

    executed: list[Any] = []

    class KeepingEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
        """papermill's own engine, which hands over its notebook also where it stops halfway."""

        @classmethod
        def execute_managed_notebook(cls, manager: Any, *words: Any, **settings: Any) -> Any:
            executed.append(manager.nb)
            return super().execute_managed_notebook(manager, *words, **settings)

    _refuse_unknown(source, parameters)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    papermill_engines.register(KeepingEngine.__name__, KeepingEngine)
    error = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the executor's own; the notebook's stand in its cells
            papermill.execute_notebook(
                source,
                None,  # it would write the file before and after every cell, a tenth of a second each time
                engine_name=KeepingEngine.__name__,
                parameters=parameters,
                kernel_manager_class=manager_of(kernel),
                shutdown_kernel="immediate",
                progress_bar=False,
                start_timeout=START_TIMEOUT,
                execution_timeout=CELL_TIMEOUT,
            )
    except PapermillExecutionError as failure:
        error = f"cell {failure.exec_count or failure.cell_index}: {failure.ename}"
    except (RuntimeError, TimeoutError) as failure:  # the kernel died or hung
        error = f"{KERNEL_STOPPED}: {type(failure).__name__}"
    return executed[0], error


def _without_clock(notebook: Any) -> float:
    """Take out what differs from run to run, times and random ids; returns the seconds spent in cells."""
    in_cells = 0.0
    for part in (notebook, *notebook["cells"]):
        record = part["metadata"].get("papermill", {})
        if part is not notebook and part["cell_type"] == "code":
            in_cells += record.get("duration") or 0.0
        for key in ("start_time", "end_time", "duration"):
            record.pop(key, None)
        part["metadata"].pop("execution", None)
    for number, cell in enumerate(notebook["cells"], start=1):
        for tag in _ADDED:
            if tag in cell["metadata"].get("tags", []):
                cell["id"] = f"{tag}-{number}"
    return in_cells


def _refuse_unknown(source: Path, parameters: dict[str, str]) -> None:
    import papermill  # noqa: PLC0415

    declared = list(papermill.inspect_notebook(source))
    unknown = [name for name in parameters if name not in declared]
    if unknown:
        raise StudyError(
            Finding(
                "stop", "N01", source.name, f'the notebook has no parameter "{name}".',
                f"Correct the name.{did_you_mean(name, declared)}", allowed=", ".join(declared),
            )
            for name in unknown
        )  # fmt: skip


def _incomplete(notebook: Any) -> str | None:
    """Why an executed notebook is not complete; None where every code cell ran without error."""
    for number, cell in enumerate(code_cells(notebook), start=1):
        if cell["execution_count"] is None:
            return f"cell {number} never ran"
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            return f"cell {number} ended in an error"
    return None


def read(path: Path) -> Any:
    """An executed notebook; it was written here, so its form is not examined again."""
    import nbformat  # noqa: PLC0415

    return nbformat.v4.reads(path.read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]


def _write(notebook: Any, path: Path) -> None:
    import nbformat  # noqa: PLC0415

    path.write_text(nbformat.v4.writes(notebook) + "\n", encoding="utf-8")  # type: ignore[no-untyped-call]


def code_cells(notebook: Any) -> list[Any]:
    """The code cells with something in them."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["source"].strip()]


def failure_of(path: Path) -> str:
    """The sentences of a StudyError or ModelError in an executed notebook; empty where there is none.

    The text of any other error may repeat data and is never passed on.
    """
    if not path.exists():
        return ""
    for cell in code_cells(read(path)):
        for output in cell["outputs"]:
            if output["output_type"] == "error" and output["ename"] in ("StudyError", "ModelError"):
                return str(output["evalue"])
    return ""


def disk_full_in(path: Path) -> int | None:
    """Number of the system's error if an executed notebook stopped because the disk is full; None otherwise."""
    if not path.exists():
        return None
    for cell in code_cells(read(path)):
        for output in cell["outputs"]:
            told = (
                re.match(r"\[Errno (\d+)\]", output.get("evalue", ""))
                if output["output_type"] == "error"
                else None
            )
            if told and int(told[1]) in NO_ROOM:
                return int(told[1])
    return None


def contents(path: Path) -> tuple[str, str, tuple[str | dict[str, Any], ...]]:
    """What an executed notebook holds for a report.

    Returns
    -------
    number, title, parts
        ``03``; the text of the first heading; Markdown cells as text and payloads as JSON, in order. Cells
        tagged ``notebook-only`` are left out. No other output is ever looked at.
    """
    from analysis_lib.payload import MIME  # noqa: PLC0415  (brings pandas, which nobody needs who runs nothing)

    title, parts = "", []
    for cell in read(path)["cells"]:
        if "notebook-only" in cell["metadata"].get("tags", []):
            continue
        if cell["cell_type"] == "markdown":
            text = cell["source"]
            if not title and text.startswith("# "):
                title, _, text = text[2:].partition("\n")
            if text.strip():
                parts.append(text.strip())
        elif cell["cell_type"] == "code":
            parts += [output["data"][MIME] for output in cell["outputs"] if MIME in output.get("data", {})]
    return path.stem.removeprefix("INTERNAL_")[:2], title.strip(), tuple(parts)


@contextmanager
def quiet_environment() -> Iterator[None]:
    """Settings that every kernel inherits: one BLAS thread, fixed hashing, no history, nobody's start-up files.

    IPython runs whatever lies in its folder at the start of a kernel, and a connection file holds the key of a
    connection, so each run gets fresh folders that only their owner can open.
    """
    for name, value in FIXED.items():
        os.environ.setdefault(name, value)
    with TemporaryDirectory(prefix="themewave-", ignore_cleanup_errors=True) as own:
        settings = {
            "IPYTHONDIR": f"{own}/ipython",
            "JUPYTER_RUNTIME_DIR": f"{own}/jupyter",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # as a kernel has it
        }
        for folder in ("ipython", "jupyter"):
            os.mkdir(f"{own}/{folder}", mode=0o700)
        before = {name: os.environ[name] for name in settings if name in os.environ}
        os.environ.update(settings)
        try:
            yield
        finally:
            for name in settings:
                del os.environ[name]
            os.environ.update(before)
