"""Does notebook 02 run to its end on every kind of wave, and refuse in sentences where it must?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from tiny_study import write_study

from analysis_lib.payload import Payload
from analysis_lib.runner.notebooks import contents, execute, quiet_environment
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.sentences import sentences

NAME = "02_coding_reliability"
FILES = {
    "agreement.csv", "agreement_after_consensus.csv", "agreement_by_wave.csv", "claimed_agreement.csv",
    "codebook.csv", "coding.csv", "disagreements.csv", "disagreements_one_by_one.csv", "saturation.csv",
    "saturation_summary.csv", "unitising.csv",
}  # fmt: skip


def run(study: Path, wave: str, folder: Path) -> list[Payload]:
    """The payloads of an executed copy; it runs in a process of its own, as in ``themewave run``."""
    quiet_environment()
    parameters = {"study": str(study), "wave": wave, "results_dir": str(folder / "results")}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        done = pool.submit(execute, NAME, parameters, folder / f"{NAME}.ipynb").result()
    assert done.error is None
    assert {path.name for path in (folder / "results").iterdir()} == FILES
    _, _, parts = contents(done.path)
    return [Payload.from_json(part) for part in parts if not isinstance(part, str)]


@pytest.mark.runs
@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_it_runs_on_each_wave_of_the_example(wave: str, tmp_path: Path) -> None:
    payloads = run(EXAMPLE_STUDY, wave, tmp_path)
    said = {p.template: sentences(p) for p in payloads if p.shape == "sentences"}
    assert not any(s.kind == "refusal" for found in said.values() for s in found)
    assert "to_discuss" not in {p.template for p in payloads}


@pytest.mark.runs
def test_it_runs_without_assignments_and_says_why_there_is_no_agreement(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", {"waves/w1/assignments.csv": None})
    payloads = run(study, "w1", tmp_path)
    said = {p.template: sentences(p) for p in payloads if p.shape == "sentences"}
    assert [s.kind for s in said["agreement"]] == ["refusal"]
    assert "nothing says who was asked to code what" in said["agreement"][0].text.casefold()
    assert said["saturation"][0].kind == "fact"
