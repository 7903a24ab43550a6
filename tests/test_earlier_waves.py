"""What one notebook of a run has read of an earlier wave is there for the others, and for nobody and nothing else."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pandas as pd
import pytest
from mini_suite import Inline, notebook, use_suite
from tiny_study import STUDY, WAVE, table, write_study

import analysis_lib as al
from analysis_lib import earlier_waves
from analysis_lib.earlier_waves import waves_before
from analysis_lib.runner.changes import Plan
from analysis_lib.runner.run import run_waves
from analysis_lib.schema import EARLIER_WAVES
from analysis_lib.wave import Wave


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two waves of a panel, alike but for their look."""
    folder = write_study(tmp_path / "study")
    text = STUDY.replace("waves: [w1]", "waves: [w1, w2]\nplanned_looks: 2\nrepeated: panel")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(folder / "waves" / "w1", folder / "waves" / "w2")
    (folder / "waves" / "w2" / "wave.yaml").write_text(WAVE.replace("look: 1", "look: 2"), encoding="utf-8")
    return folder


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv(EARLIER_WAVES, str(folder))
    return folder


def earlier(study: Path) -> Wave:
    ((name, wave),) = waves_before(al.load_wave(study, "w2"))
    assert name == "w1"
    assert wave is not None
    return wave


def not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the files were read again")

    monkeypatch.setattr(earlier_waves, "load_wave", refuse)


def test_a_second_notebook_gets_the_same_wave_without_reading_its_files(
    study: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, read = al.load_wave(study, "w2"), earlier(study)
    not_read_again(monkeypatch)
    ((_, again),) = waves_before(now)
    assert again is not None
    assert again.study is now.study
    for each in dataclasses.fields(Wave):
        first, second = getattr(read, each.name), getattr(again, each.name)
        if isinstance(first, pd.DataFrame):
            pd.testing.assert_frame_equal(first, second)
        elif each.name != "study":
            assert first == second, each.name


def test_a_file_that_has_changed_is_read_again(study: Path, kept: Path) -> None:
    assert earlier(study).n_corrected == 1
    (study / table("corrections")).unlink()
    assert earlier(study).n_corrected == 0
    assert len(list(kept.iterdir())) == 2


def test_other_decisions_in_study_yaml_are_other_waves(study: Path, kept: Path) -> None:
    earlier(study)
    path = study / "study.yaml"
    path.write_text(path.read_text().replace("reference: helpful", "reference: unhelpful"))
    assert earlier(study).study.outcome.reference == "unhelpful"
    assert len(list(kept.iterdir())) == 2


def test_outside_a_run_nothing_is_kept(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EARLIER_WAVES, raising=False)
    before = set(study.parent.rglob("*"))
    earlier(study)
    assert set(study.parent.rglob("*")) == before


def test_only_its_owner_can_read_what_is_kept(study: Path, kept: Path) -> None:
    earlier(study)
    (path,) = kept.iterdir()
    assert path.stat().st_mode & 0o077 == 0


def test_a_large_wave_is_read_anew(study: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier_waves, "_MOST_BYTES", 1000)
    earlier(study)
    assert list(kept.iterdir()) == []


def test_a_wave_that_cannot_be_read_is_none_every_time(study: Path, kept: Path) -> None:
    (study / table("participants")).write_text("age\n34\n", encoding="utf-8")
    for _ in range(2):
        ((_, wave),) = waves_before(al.load_wave(study, "w2"))
        assert wave is None
    assert list(kept.iterdir()) == []


def test_without_a_folder_that_can_be_written_every_notebook_reads_for_itself(
    study: Path, kept: Path
) -> None:
    kept.rmdir()
    kept.write_text("no folder")
    assert earlier(study).id == "w1"


def test_a_run_gives_its_notebooks_a_private_folder_and_takes_it_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [
        f'import os, stat; folder = os.environ["{EARLIER_WAVES}"]',
        'open(os.path.join(folder, "here"), "w").close()',
        "print(oct(stat.S_IMODE(os.stat(folder).st_mode)))",
    ]
    notebook(use_suite(tmp_path / "suite", monkeypatch, ("01_first",)), "01_first", *cells)
    out, seen = tmp_path / "out", []
    out.mkdir()
    failures = run_waves(
        [Plan("w1", ("01_first",), report=True, why=())],
        study_folder=tmp_path,
        out=out,
        publish=lambda wave, folder, runs, began: seen.append(runs[0].path.read_text()),
        pool=Inline(),
        report_progress=lambda *_: None,
    )
    assert failures == []
    assert "0o700" in seen[0]
    assert [path.name for path in out.iterdir()] == ["w1"]
