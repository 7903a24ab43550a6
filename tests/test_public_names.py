"""Files that people name after people are called by a digest in whatever is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_study import FILES, PARTICIPANTS, WAVE, write_study

from analysis_lib.runner.changes import _files_of
from analysis_lib.schema import TABLES, public_name
from analysis_lib.wave import load_wave


@pytest.mark.parametrize(
    "name", [f"waves/w1/{table}.{ending}" for table in TABLES for ending in ("csv", "xlsx")]
)
def test_names_of_the_contract_stay(name: str) -> None:
    assert public_name(name) == name


@pytest.mark.parametrize(
    "name", [*FILES, "codebook.csv", "waves/w1/author_notes.md", ".themewave/code_guids.yaml"]
)
def test_files_that_every_study_may_have_stay(name: str) -> None:
    assert public_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "waves/w1/Ann Other.csv",
        "waves/w1/Ann/participants.csv",
        "waves/w1/Ann/Other/consent.csv",
        "waves/w1/consent.Ann.csv",
        "waves/w1/consent.csv.Ann",
        "waves/w1/.Ann",
        "waves/w1/Ann.qdpx",
        "Ann.csv",
    ],
)
def test_other_names_do_not_leave(name: str) -> None:
    shown = public_name(name)
    assert "Ann" not in shown
    assert "Other" not in shown
    assert shown.startswith("waves/w1/file-" if name.startswith("waves") else "file-")


def test_two_files_never_share_a_name() -> None:
    names = [f"waves/w1/{a}{b}.csv" for a in ("x", "x/y", "y") for b in ("", "1", "/z")]
    assert len({public_name(name) for name in names}) == len(names)


def test_a_wave_and_what_decides_whether_it_is_stale_call_a_file_alike(tmp_path: Path) -> None:
    sources = f"{WAVE}sources:\n  - {{table: participants, file: Ann Other.csv}}\n"
    files = {"waves/w1/participants.csv": None, "waves/w1/wave.yaml": sources}
    study = write_study(tmp_path, {**files, "waves/w1/Ann Other.csv": PARTICIPANTS})
    inputs = load_wave(study, "w1").inputs
    known = _files_of(study, "w1")
    assert not [name for name in (*inputs, *known) if "Ann" in name]
    assert {name: sha for name, sha in inputs.items() if name.startswith("waves/")}.items() <= known.items()
