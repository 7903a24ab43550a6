"""Copies of the notebooks beside a study: what they hold, and that no version of ours replaces what somebody wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis_lib.commands.working_copies import Copies, copy_notebooks, suite, with_values
from analysis_lib.runner.notebooks import NOTEBOOKS

PARAMETERS = (
    'study: str = "../there"  # folder of the study\nwave: str = "w1"  # Größe der Welle\nlimit: int = 3\n'
)


def book(*sources: str) -> dict:
    """A notebook as it is committed: with parameters, outputs and counts."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{place}",
            "metadata": {"tags": ["parameters"]} if place == 0 else {},
            "source": source.splitlines(keepends=True),
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["of the example\n"]}],
            "execution_count": place + 1,
        }
        for place, source in enumerate((PARAMETERS, *sources))
    ]
    return {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A folder of two notebooks and a tutorial."""
    folder = tmp_path / "notebooks"
    (folder / "tutorial").mkdir(parents=True)
    for name in ("01_first", "02_second", "tutorial/01_begin"):
        (folder / f"{name}.ipynb").write_text(json.dumps(book("1 + 1")), encoding="utf-8")
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "Studie Ö"
    folder.mkdir()
    return folder


def copied(committed: Path, study: Path, *, wave: str = "w2", tutorial: bool = False) -> Copies:
    chosen = suite(committed, tutorial=tutorial)
    return copy_notebooks(chosen, study / "notebooks" / wave, study=study, wave=wave)


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def source_of(path: Path, place: int) -> str:
    return "".join(read(path)["cells"][place]["source"])


# What a copy holds


def test_a_copy_is_about_the_study_and_the_wave_and_keeps_every_comment(committed: Path, study: Path) -> None:
    copied(committed, study)
    assert source_of(study / "notebooks" / "w2" / "01_first.ipynb", 0) == (
        'study: str = "../.."  # folder of the study\nwave: str = "w2"  # Größe der Welle\nlimit: int = 3\n'
    )


def test_a_copy_holds_no_output_of_the_example(committed: Path, study: Path) -> None:
    copied(committed, study)
    text = (study / "notebooks" / "w2" / "01_first.ipynb").read_text(encoding="utf-8")
    assert "of the example" not in text
    cells = read(study / "notebooks" / "w2" / "01_first.ipynb")["cells"]
    assert {cell["execution_count"] for cell in cells} == {None}


def test_a_copy_names_no_path_of_this_machine(committed: Path, study: Path, tmp_path: Path) -> None:
    copied(committed, study)
    for path in (study / "notebooks").rglob("*.ipynb"):
        assert str(tmp_path) not in path.read_text(encoding="utf-8")


def test_the_committed_notebook_stays_as_it_is(committed: Path, study: Path) -> None:
    before = {path: path.read_bytes() for path in committed.rglob("*.ipynb")}
    copied(committed, study, tutorial=True)
    assert {path: path.read_bytes() for path in committed.rglob("*.ipynb")} == before


@pytest.mark.parametrize(
    ("value", "literal"), [('a "b"', r'"a \"b\""'), ("a\\b", r'"a\\b"'), ("Ö\n", r'"Ö\n"')]
)
def test_no_value_of_a_parameter_can_become_code(value: str, literal: str) -> None:
    assert (
        with_values('größe = 1; study = "x"  # Ö\n', {"study": value})
        == f"größe = 1; study = {literal}  # Ö\n"
    )


def test_a_parameter_that_is_computed_stays_as_it_is() -> None:
    assert with_values("wave = first_of(waves)\n", {"wave": "w2"}) == "wave = first_of(waves)\n"


@pytest.mark.parametrize("name", suite(NOTEBOOKS, tutorial=False))
def test_every_notebook_of_the_suite_can_be_set_to_a_study_and_a_wave(name: str, study: Path) -> None:
    copy_notebooks({name: NOTEBOOKS / f"{name}.ipynb"}, study / "notebooks" / "w9", study=study, wave="w9")
    cells = read(study / "notebooks" / "w9" / f"{name}.ipynb")["cells"]
    (parameters,) = (
        "".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])
    )
    assert 'study: str = "../.."' in parameters
    assert 'wave: str = "w9"' in parameters


def test_the_tutorial_keeps_its_wave(committed: Path, study: Path) -> None:
    copied(committed, study, tutorial=True)
    source = source_of(study / "notebooks" / "w2" / "tutorial" / "01_begin.ipynb", 0)
    assert 'study: str = "../../.."' in source
    assert 'wave: str = "w1"' in source


def test_a_study_of_ones_own_gets_no_tutorial(committed: Path, study: Path) -> None:
    copied(committed, study)
    assert not (study / "notebooks" / "w2" / "tutorial").exists()


# What becomes of one that is there


def test_a_second_time_nothing_is_written(committed: Path, study: Path) -> None:
    copied(committed, study)
    before = {path: path.stat().st_mtime_ns for path in (study / "notebooks").rglob("*")}
    assert copied(committed, study).named("same") == ("01_first", "02_second")
    assert {path: path.stat().st_mtime_ns for path in (study / "notebooks").rglob("*")} == before


def test_outputs_are_kept_as_long_as_there_is_no_newer_version(committed: Path, study: Path) -> None:
    copied(committed, study)
    target = study / "notebooks" / "w2" / "01_first.ipynb"
    theirs = read(target)
    theirs["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["2\n"]}]
    write(target, theirs)
    copied(committed, study)
    assert read(target) == theirs


def test_a_newer_version_takes_the_place_of_one_that_was_only_run(committed: Path, study: Path) -> None:
    copied(committed, study)
    target = study / "notebooks" / "w2" / "01_first.ipynb"
    theirs = read(target)
    theirs["cells"][1]["execution_count"] = 2
    write(target, theirs)
    write(committed / "01_first.ipynb", book("2 + 2"))
    found = copied(committed, study)
    assert (found.named("renewed"), found.named("same")) == (("01_first",), ("02_second",))
    assert source_of(target, 1) == "2 + 2"


@pytest.mark.parametrize("place", [0, 1])
def test_what_a_researcher_has_changed_stays_whatever_comes(committed: Path, study: Path, place: int) -> None:
    copied(committed, study)
    target = study / "notebooks" / "w2" / "01_first.ipynb"
    theirs = read(target)
    theirs["cells"][place]["source"].append("# mine")
    write(target, theirs)
    before = target.read_bytes()
    write(committed / "01_first.ipynb", book("2 + 2"))
    assert copied(committed, study).named("kept") == ("01_first",)
    assert target.read_bytes() == before


def test_renaming_ones_own_brings_the_newer_version_beside_it(committed: Path, study: Path) -> None:
    copied(committed, study)
    target = study / "notebooks" / "w2" / "01_first.ipynb"
    write(target, read(target) | {"metadata": {}})
    write(committed / "01_first.ipynb", book("2 + 2"))
    target.rename(target.with_name("01_first mine.ipynb"))
    assert copied(committed, study).named("new") == ("01_first",)
    assert source_of(target.with_name("01_first mine.ipynb"), 1) == "1 + 1"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"metadata": {}, "cells": 3}', "no notebook at all"])
def test_whatever_else_has_the_name_is_theirs_too(committed: Path, study: Path, content: str) -> None:
    target = study / "notebooks" / "w2" / "01_first.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text(content, encoding="utf-8")
    assert copied(committed, study).named("kept") == ("01_first",)
    assert target.read_text(encoding="utf-8") == content
