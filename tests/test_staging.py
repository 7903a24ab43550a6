"""Folders that nobody sees half of, and the manifest that lies in them."""

from __future__ import annotations

import getpass
import json
import re
import socket
from pathlib import Path

import pytest
from mini_suite import notebook, use_suite

from analysis_lib import whole_files
from analysis_lib.errors import StudyError
from analysis_lib.runner import staging
from analysis_lib.runner.changes import State
from analysis_lib.runner.manifest import fixed_moment, manifest, read_manifest, sha256, write_manifest
from analysis_lib.runner.notebooks import Executed
from analysis_lib.runner.staging import mend, only_run, put_aside, put_in_place, refuse_repository, stage


@pytest.fixture
def suite(tmp_path, monkeypatch):
    return use_suite(tmp_path / "notebooks", monkeypatch)


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def filled(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "report.html").write_text(text)
    return folder


def test_a_run_begins_by_clearing_the_remains_of_a_killed_one(out):
    filled(out / ".w1.staging", "half")
    filled(out / ".w1.old", "older")
    filled(out / "w1", "old")
    filled(out / ".w2.staging", "half")
    mend(out)
    assert [path.name for path in out.iterdir()] == ["w1"]
    assert list(stage(out, "w1").iterdir()) == []
    assert (out / "w1" / "report.html").read_text() == "old"


def test_a_swap_that_was_interrupted_between_its_two_steps_is_undone(out):
    filled(out / ".w1.old", "old")
    filled(out / ".w1.staging", "new")
    mend(out)
    assert [path.name for path in out.iterdir()] == ["w1"]
    assert (out / "w1" / "report.html").read_text() == "old"


def test_everything_is_on_the_disk_before_the_folder_gets_its_name(out, monkeypatch):
    seen = []
    monkeypatch.setattr(whole_files.os, "fsync", lambda descriptor: seen.append((out / "w1").exists()))
    staged = filled(stage(out, "w1"), "new")
    (staged / "results").mkdir()
    (staged / "results" / "flow.csv").write_text("n")
    put_in_place(staged, out / "w1")
    assert seen == [False] * 4 + [True]  # two files and two folders, then the folder above with the new name


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_new_folder_replaces_the_old_one(out, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(staging, "_exchange", lambda one, other: False)
    filled(out / "w1", "old")
    put_in_place(filled(stage(out, "w1"), "new"), out / "w1")
    assert [path.name for path in out.iterdir()] == ["w1"]
    assert (out / "w1" / "report.html").read_text() == "new"


@pytest.mark.skipif(not staging.sys.platform.startswith("linux"), reason="renameat2 is a Linux system call")
def test_on_linux_two_folders_change_places_in_one_step(out):
    one, other = filled(out / "one", "1"), filled(out / "other", "2")
    assert staging._exchange(one, other)
    assert ((one / "report.html").read_text(), (other / "report.html").read_text()) == ("2", "1")


def test_putting_aside_keeps_the_finished_folder_and_only_the_latest_remains(out):
    filled(out / "w1", "old")
    for text in ("first failure", "second failure"):
        put_aside(filled(stage(out, "w1"), text), out / "w1")
    assert sorted(path.name for path in out.iterdir()) == ["w1", "w1.failed"]
    assert (out / "w1.failed" / "report.html").read_text() == "second failure"


def test_two_runs_never_write_to_one_folder(out):
    with only_run(out), pytest.raises(StudyError) as caught, only_run(out):
        pass
    (finding,) = caught.value.findings
    assert (finding.code, finding.what) == ("O01", "another run is writing to this output folder.")
    with only_run(out):
        pass


def test_the_lock_is_free_again_after_an_error(out):
    with pytest.raises(ZeroDivisionError), only_run(out):
        raise ZeroDivisionError
    with only_run(out):
        pass


@pytest.mark.parametrize("depth", [".", "a", "a/b/c"])
def test_real_data_are_never_written_into_a_git_work_tree(tmp_path, depth):
    (tmp_path / ".git").mkdir()
    with pytest.raises(StudyError) as caught:
        refuse_repository(tmp_path / depth)
    assert caught.value.findings[0].code == "O02"


def test_a_work_tree_with_a_git_file_counts_too(tmp_path):
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    with pytest.raises(StudyError, match="git work tree"):
        refuse_repository(tmp_path / "reports")


def test_a_link_into_a_git_work_tree_counts_too(tmp_path):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "repository")
    with pytest.raises(StudyError, match="git work tree"):
        refuse_repository(tmp_path / "link" / "reports")


def test_anywhere_else_is_allowed(tmp_path):
    refuse_repository(tmp_path / "reports")


# Manifest


def a_manifest(folder, suite, *, ended=2.5, seconds=1.234):
    path = notebook(suite, "01_first", "1")
    state = State(
        inputs={"study.yaml": "0" * 64}, earlier={}, notebooks={"01_first": sha256(path)}, code="c", versions={},
        places="p", profile="coauthor", pseudonyms="",
    )  # fmt: skip
    executed = [Executed("01_first", path, seconds, 1, None)]
    return manifest(
        study="tiny", wave="w1", state=state, facts={"seed": 1}, executed=executed, folder=folder,
        started=0.0, ended=ended,
    )  # fmt: skip


def test_the_manifest_holds_the_hash_of_every_file_but_itself(suite, out):
    filled(out / "w1", "new")
    (out / "w1" / "manifest.json").write_text("{}")
    content = a_manifest(out / "w1", suite)
    assert content["outputs"] == {"report.html": sha256(out / "w1" / "report.html")}
    assert content["notebooks"]["01_first"]["sha256"] == sha256(suite / "01_first.ipynb")


def test_the_manifest_names_no_absolute_path_and_only_its_own_clock(suite, out, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    content = a_manifest(filled(out / "w1", "new"), suite)
    assert content["started"] == "1970-01-02T00:00:00Z"
    assert str(out) not in json.dumps(content)


def test_with_a_source_date_the_manifest_is_the_same_whenever_and_however_long_it_ran(
    suite, out, monkeypatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    folder = filled(out / "w1", "new")
    first, second = a_manifest(folder, suite), a_manifest(folder, suite, ended=99.0, seconds=7.5)
    assert first == second
    assert (first["seconds"], first["notebooks"]["01_first"]["seconds"]) == (0.0, 0.0)


@pytest.mark.parametrize("text", ["tomorrow", "-1", "1e9", "1.5", " "])
def test_a_source_date_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(StudyError) as caught:
        fixed_moment()
    assert caught.value.findings[0].code == "O25"


def test_the_manifest_names_neither_user_nor_machine(suite, out, monkeypatch):
    monkeypatch.setenv("USER", "somebodys-login")
    monkeypatch.setenv("HOSTNAME", "somebodys-machine")
    text = json.dumps(a_manifest(filled(out / "w1", "new"), suite))
    for word in ("somebodys", str(Path.home()), getpass.getuser(), socket.gethostname(), str(out.parent)):
        assert not re.search(rf"\b{re.escape(word)}\b", text)
    assert not re.search(r'"(?:/|[A-Za-z]:\\\\)', text)


def test_a_manifest_reads_back_and_a_broken_one_is_none(suite, out):
    write_manifest(out, a_manifest(out, suite))
    assert read_manifest(out)["wave"] == "w1"
    for text in ("", "[]", "{", '"x"'):
        (out / "manifest.json").write_text(text)
        assert read_manifest(out) is None
    assert read_manifest(out / "nowhere") is None
