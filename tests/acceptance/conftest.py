"""Each data set is built and run once; every test of a file reads the same finished wave."""

from __future__ import annotations

from pathlib import Path

import pytest
import studies

from analysis_lib.__main__ import main


@pytest.fixture(scope="session", autouse=True)
def _open_data() -> None:
    """Skip where the open data sets are not beside the repository."""
    if not studies.DATA.is_dir():
        pytest.skip("the open data sets are not here: no folder `shared/data` beside the repository")


@pytest.fixture(scope="session")
def quarters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, studies.BuiltWave]:
    """The finished waves of guided internet therapy, one per quarter."""
    base = tmp_path_factory.mktemp("internet")
    studies.internet_therapy(base / "study")
    out = base / "out"
    assert main(["run", str(base / "study"), "--out", str(out), "--profile", "coauthor"]) == 0
    (study,) = (folder for folder in out.iterdir() if folder.is_dir())
    return {name: studies.BuiltWave(base / "study", study / name) for name in studies.QUARTERS}


def _run(study: Path, out: Path) -> studies.BuiltWave:
    """Run a study through the command line as a co-author report."""
    assert main(["run", str(study), "--out", str(out), "--profile", "coauthor"]) == 0
    (folder,) = out.glob(f"*/{studies.WAVE}")
    return studies.BuiltWave(study, folder)


@pytest.fixture(scope="session")
def flaky(tmp_path_factory: pytest.TempPathFactory) -> studies.BuiltWave:
    """The finished wave of the flaky-test survey."""
    base = tmp_path_factory.mktemp("flaky")
    studies.flaky_survey(base / "study")
    return _run(base / "study", base / "out")


@pytest.fixture(scope="session")
def taguette(tmp_path_factory: pytest.TempPathFactory) -> studies.BuiltWave:
    """The finished wave of the Taguette project."""
    base = tmp_path_factory.mktemp("taguette")
    studies.taguette_project(base / "study")
    return _run(base / "study", base / "out")


@pytest.fixture(scope="session")
def bright(tmp_path_factory: pytest.TempPathFactory) -> studies.BuiltWave:
    """The finished wave of the BRIGHT trial."""
    base = tmp_path_factory.mktemp("bright")
    studies.bright_trial(base / "study")
    return _run(base / "study", base / "out")
