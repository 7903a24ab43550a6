"""Notebooks of a few cells stand in for the suite, and a pool that does everything here for one of processes."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import nbformat
import pytest

from analysis_lib.runner import notebooks

PARAMETERS = 'study: str = "x"  # folder\nwave: str = "y"  # wave\nresults_dir: str = ""  # where'
NAMES = ("01_first", "02_second")


def notebook(folder: Path, name: str, *sources: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook: its parameters cell and then these code cells."""
    book = nbformat.v4.new_notebook()
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    book.cells = [*cells, *map(nbformat.v4.new_code_cell, sources)]
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"
    book.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    path = folder / f"{name}.ipynb"
    nbformat.write(book, path)
    return path


def use_suite(folder: Path, patch: pytest.MonkeyPatch, names: tuple[str, ...] = NAMES) -> Path:
    """Have a folder of notebooks stand in for the suite's own; returns the folder, which is made."""
    folder.mkdir()
    patch.setattr(notebooks, "NOTEBOOKS", folder)
    patch.setattr(notebooks, "IN_RUN", names)
    return folder


class Inline:
    """Does all work at once, in this process."""

    def slots(self) -> int:
        return 1

    def submit(self, function, *arguments) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        return None


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes; the manifest, in which times stand, is left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("manifest.json", ".lock")
    }
