"""From the command to a saved notebook: ``themewave lab``, Run All in each notebook, in headless Chromium.

Each notebook of the suite is run on the smaller wave of a study outside the repository, in a folder whose name holds
spaces and letters beyond ASCII. The first notebook that a newcomer sees, and those of the tutorial, are run as the
command opens them without a study: on the synthetic example, with all its people.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.lab_session import LabSession, OpenNotebook

from analysis_lib.commands.working_copies import suite
from analysis_lib.runner.notebooks import NOTEBOOKS
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import load_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.runs]
SMALL = "2024b"
IN_SUITE = list(suite(NOTEBOOKS, tutorial=False))
TUTORIAL = [name for name in suite(NOTEBOOKS, tutorial=True) if name not in IN_SUITE]


@pytest.fixture(scope="module")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smaller wave of the example as a study of its own, somewhere else."""
    folder = tmp_path_factory.mktemp("daten") / "Jörg Müller" / "Studie Ö"
    shutil.copytree(EXAMPLE_STUDY, folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    waves = next(line for line in text.splitlines() if line.startswith("waves:"))
    (folder / "study.yaml").write_text(text.replace(waves, f"waves: [{SMALL}]"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def lab(small_study: Path) -> Iterator[LabSession]:
    session = LabSession(small_study)
    yield session
    session.close()


@pytest.fixture(scope="module")
def lab_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", IN_SUITE)
def test_every_notebook_runs_to_its_end_and_is_saved(
    name: str, lab: LabSession, lab_page: Page, small_study: Path
) -> None:
    runs_to_its_end(OpenNotebook(lab_page, lab, f"{SMALL}/{name}.ipynb", small_study / "notebooks"))


def runs_to_its_end(book: OpenNotebook) -> None:
    book.run_all()
    book.close()
    cells = book.code_cells()
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert (book.strangers, book.errors) == ([], [])


@pytest.fixture(scope="module")
def default_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabSession, Path]]:
    """The command without a study, and the folder that it serves."""
    out = tmp_path_factory.mktemp("lab")
    session = LabSession("--out", out)
    yield session, out / load_study(EXAMPLE_STUDY).name
    session.close()


@pytest.mark.parametrize("name", [None, *TUTORIAL])
def test_what_a_newcomer_sees_first_runs_to_its_end_on_the_whole_example(
    name: str | None, default_lab: tuple[LabSession, Path], lab_page: Page
) -> None:
    lab, folder = default_lab
    last = load_study(EXAMPLE_STUDY).waves[-1]
    runs_to_its_end(OpenNotebook(lab_page, lab, name and f"{last}/{name}.ipynb", folder))
