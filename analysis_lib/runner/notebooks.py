"""How is one notebook executed, and did every cell of it really run?

Parameters are held against the notebook's own declaration before anything starts, since an unknown name would
otherwise run on the default. Whether a run succeeded is decided by looking at every code cell, never by what
the executor notes in the metadata.

References: papermill and nbclient documentation; nteract/papermill issue 245 on unknown parameters.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.payload import MIME

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
IN_RUN = (
    "01_wave_intake",
    "02_coding_reliability",
    "03_themes_by_outcome",
    "04_joint_display",
    "05_termination_models",
)
CELL_TIMEOUT = 1_800  # seconds; a wave that needs longer runs on a cluster


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
    error
        What went wrong, in one line; None where every cell ran.
    """

    name: str
    path: Path
    seconds: float
    error: str | None


def execute(name: str, parameters: dict[str, str], output: Path) -> Executed:
    """Execute a copy of a committed notebook.

    Parameters
    ----------
    name
        One of the notebooks of the suite.
    parameters
        Values for its parameters cell; paths absolute, since no working folder is set.
    output
        Where the executed copy goes; it is there after a failure too, up to the cell that failed.

    Raises
    ------
    StudyError
        If the notebook does not declare one of the parameters.
    """
    import papermill  # noqa: PLC0415  (a second of imports that `check` and `status` do not need)
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415

    source = NOTEBOOKS / f"{name}.ipynb"
    _refuse_unknown(source, parameters)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    started = time.monotonic()
    error = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the executor's own; the notebook's stand in its cells
            papermill.execute_notebook(
                source,
                output,
                parameters=parameters,
                kernel_manager_class="analysis_lib.runner.kernel.EncryptedKernelManager",
                progress_bar=False,
                execution_timeout=CELL_TIMEOUT,
            )
    except PapermillExecutionError as failure:
        error = f"cell {failure.exec_count or failure.cell_index}: {failure.ename}"
    except (RuntimeError, TimeoutError) as failure:  # the kernel died or hung
        error = f"the kernel stopped: {type(failure).__name__}"
    if error is None:
        error = _incomplete(output)
    return Executed(name, output, time.monotonic() - started, error)


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


def _incomplete(path: Path) -> str | None:
    """Why an executed notebook is not complete; None where every code cell ran without error."""
    notebook = read(path)
    for number, cell in enumerate(code_cells(notebook), start=1):
        if cell["execution_count"] is None:
            return f"cell {number} never ran"
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            return f"cell {number} ended in an error"
    return None


def read(path: Path) -> Any:
    """A notebook as nbformat reads it."""
    import nbformat  # noqa: PLC0415

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


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


def contents(path: Path) -> tuple[str, str, tuple[str | dict[str, Any], ...]]:
    """What an executed notebook holds for a report.

    Returns
    -------
    number, title, parts
        ``03``; the text of the first heading; Markdown cells as text and payloads as JSON, in order. Cells
        tagged ``notebook-only`` are left out. No other output is ever looked at.
    """
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

    IPython runs whatever lies in its folder at the start of a kernel, so each run gets a fresh one that only
    its owner can write to.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("PYTHONHASHSEED", "0")
    before = os.environ.get("IPYTHONDIR")
    with TemporaryDirectory(prefix="themewave-", ignore_cleanup_errors=True) as own:
        os.environ["IPYTHONDIR"] = own
        try:
            yield
        finally:
            if before is None:
                del os.environ["IPYTHONDIR"]
            else:
                os.environ["IPYTHONDIR"] = before
