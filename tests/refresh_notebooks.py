"""Re-execute the committed notebooks on the example study and store their outputs without anything volatile.

Run by ``make refresh`` after a change that is meant to change numbers or words; the diff then shows which.
"""

from __future__ import annotations

import sys
from pathlib import Path

import analysis_lib  # noqa: F401  (first: it keeps a slow and useless import out of nbformat)

import nbformat  # isort: skip
from nbclient import NotebookClient  # isort: skip

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def refresh(path: Path) -> None:
    """Execute one notebook in its own folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_manager_class="analysis_lib.runner.kernel.EncryptedKernelManager",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        timeout=300,
    )
    client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            # A view of a widget is a name for this run alone.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernelspec, "language_info": {"name": "python"}}
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    every = [*NOTEBOOKS.glob("0*.ipynb"), *NOTEBOOKS.glob("tutorial/*.ipynb")]
    for name in sys.argv[1:] or sorted(str(path.relative_to(NOTEBOOKS)) for path in every):
        print(name)
        refresh(NOTEBOOKS / name)
