"""The key of the pseudonyms: where it may not lie, who may not read it, and what happens when it is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_study import write_study

from analysis_lib.commands.keys import key_file, pseudonym_key, remember_key
from analysis_lib.errors import StudyError
from analysis_lib.release import pseudonym
from analysis_lib.study import Study, load_study


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    return load_study(write_study(tmp_path / "study"))


def refused(study: Study) -> str:
    with pytest.raises(StudyError) as caught:
        pseudonym_key(study)
    (finding,) = caught.value.findings
    assert finding.level == "stop"
    return finding.code


@pytest.fixture
def released(study: Study) -> Study:
    """A study of which something was released."""
    remember_key(study, pseudonym_key(study))
    return study


def test_a_key_in_a_git_work_tree_is_refused(study: Study, tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "safe").mkdir()
    inside = replace(study, pseudonym_key=str(tmp_path / "repository" / "safe" / "my.key"))
    assert refused(inside) == "P03"
    assert not key_file(inside).exists()


def test_a_link_to_a_key_in_a_git_work_tree_is_refused_too(study: Study, tmp_path: Path) -> None:
    pseudonym_key(study)
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    moved = key_file(study).rename(tmp_path / "repository" / "my.key")
    key_file(study).symlink_to(moved)
    assert refused(study) == "P03"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
def test_a_key_that_others_can_open_is_refused(study: Study, mode: int) -> None:
    pseudonym_key(study)
    key_file(study).chmod(mode)
    assert refused(study) == "P04"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_for_its_owner_alone_is_taken(study: Study, mode: int) -> None:
    key = pseudonym_key(study)
    key_file(study).chmod(mode)
    assert pseudonym_key(study) == key


def test_a_folder_in_the_place_of_the_key_is_no_key(study: Study) -> None:
    key_file(study).mkdir(parents=True)
    assert refused(study) == "P02"


def test_a_lost_key_is_not_replaced_in_silence(released: Study) -> None:
    key_file(released).unlink()
    assert refused(released) == "P05"
    assert not key_file(released).exists()


def test_before_anything_was_released_a_lost_key_is_made_again(study: Study) -> None:
    first = pseudonym_key(study)
    key_file(study).unlink()
    assert pseudonym_key(study) != first


def test_another_key_than_that_of_earlier_reports_is_refused(released: Study) -> None:
    key_file(released).write_text("ab" * 32, encoding="ascii")
    assert refused(released) == "P06"


def test_a_team_can_start_with_new_pseudonyms(released: Study) -> None:
    key_file(released).unlink()
    (released.folder / ".themewave" / "pseudonym_key.txt").unlink()
    assert len(pseudonym_key(released)) == 32


def test_what_the_study_remembers_of_its_key_is_not_the_key(released: Study) -> None:
    key = pseudonym_key(released)
    kept = b"".join(path.read_bytes() for path in released.folder.rglob("*") if path.is_file())
    assert key.hex().encode() not in kept
    assert key not in kept


def test_who_only_looks_neither_makes_a_key_nor_is_stopped_by_a_lost_one(released: Study) -> None:
    key_file(released).unlink()
    assert pseudonym_key(released, make=False) == b""
    assert not key_file(released).exists()


def test_nothing_is_left_beside_a_new_key(study: Study) -> None:
    pseudonym_key(study)
    assert [path.name for path in key_file(study).parent.iterdir()] == ["tiny.key"]


def test_a_person_keeps_a_pseudonym_over_waves_and_runs_and_has_none_without_the_key(study: Study) -> None:
    key = pseudonym_key(study)
    assert pseudonym("P01", key) == pseudonym("P01", pseudonym_key(load_study(study.folder)))
    assert len({pseudonym(f"P{i:02}", key) for i in range(1, 13)}) == 12
    assert pseudonym("P01", key) != pseudonym("P01", b"\0" * 32)
