"""A disk that is full, read-only or broken: the earlier report stays, and one sentence says what to do."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections import namedtuple
from contextlib import nullcontext
from pathlib import Path

import pytest
from mini_suite import Inline, notebook, use_suite
from tiny_study import write_study

from analysis_lib import whole_files
from analysis_lib.__main__ import main
from analysis_lib.commands import run as run_command
from analysis_lib.disk_trouble import trouble
from analysis_lib.errors import StudyError
from analysis_lib.runner import disk, run
from analysis_lib.runner.changes import Plan
from analysis_lib.runner.disk import refuse_too_little_room
from analysis_lib.runner.interrupt import stoppable
from analysis_lib.runner.notebooks import Executed, disk_full_in
from analysis_lib.runner.run import run_waves

Usage = namedtuple("Usage", "total used free")
MB = 1024 * 1024


def free(monkeypatch, megabytes):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: Usage(0, 0, megabytes * MB))


# Before a run


def test_a_first_report_needs_room_for_a_large_one(tmp_path, monkeypatch):
    free(monkeypatch, 97)
    refuse_too_little_room(tmp_path / "reports" / "study", ["w1"])
    free(monkeypatch, 95)  # 64 MB and half as much again
    with pytest.raises(StudyError) as caught:
        refuse_too_little_room(tmp_path / "reports" / "study", ["w1"])
    (finding,) = caught.value.findings
    assert (finding.code, finding.what) == ("O21", "95 MB are free, and these waves need about 96 MB.")


def test_a_report_that_is_there_says_how_much_the_next_one_takes(tmp_path, monkeypatch):
    (tmp_path / "w1" / "results").mkdir(parents=True)
    (tmp_path / "w1" / "results" / "flow.csv").write_bytes(b"x" * 4 * MB)
    free(monkeypatch, 6)
    refuse_too_little_room(tmp_path, ["w1"])
    free(monkeypatch, 5)
    with pytest.raises(StudyError, match="need about 6 MB"):
        refuse_too_little_room(tmp_path, ["w1"])
    free(monkeypatch, 12)  # one that was never built is taken to be as large
    refuse_too_little_room(tmp_path, ["w1", "w2"])


# During a run


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "O22"), (errno.EDQUOT, "O22"), (errno.EFBIG, "O22"), (errno.EROFS, "O20"),
        (errno.EACCES, "O20"), (errno.EIO, "O23"),
    ],
)  # fmt: skip
def test_each_refusal_of_the_system_has_a_sentence_of_its_own(number, code):
    told = trouble(OSError(number, os.strerror(number), "/a/path"), "w1")
    assert [(finding.code, finding.file) for finding in told.findings] == [(code, "w1")]
    assert "untouched" in told.findings[0].fix
    assert "/a/path" not in str(told)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EEXIST, errno.ENOTDIR])
def test_what_is_no_matter_of_the_disk_stays_a_bug(number):
    assert trouble(OSError(number, "?"), "w1") is None


@pytest.fixture
def suite(tmp_path, monkeypatch):
    folder = use_suite(tmp_path / "notebooks", monkeypatch, ("01_first",))
    (tmp_path / "out" / "w1").mkdir(parents=True)
    (tmp_path / "out" / "w1" / "report.html").write_text("earlier")
    return folder


def run_once(tmp_path, publish):
    plans = [Plan("w1", ("01_first",), report=True, why=())]
    out = tmp_path / "out"
    failures = run_waves(
        plans, study_folder=tmp_path, out=out, publish=publish, pool=Inline(), report_progress=lambda *_: None
    )
    return [finding.code for failure in failures for finding in failure.findings]


def written(monkeypatch, cell):
    """Have notebooks count as executed, with this output in their last cell."""

    def pretend(name, parameters, output, *, folder, warm, earlier_waves):
        path = notebook(output.parent, output.stem, "1")
        text = path.read_text().replace('"outputs": []', f'"outputs": [{cell}]')
        path.write_text(text)
        return Executed(name, output, 0.1, 0.1, "cell 2: OSError" if cell else None)

    monkeypatch.setattr(run, "execute", pretend)


def assert_only_the_earlier_report(out):
    assert [path.name for path in out.iterdir()] == ["w1"]
    assert (out / "w1" / "report.html").read_text() == "earlier"


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "O22"), (errno.EROFS, "O20"), (errno.EIO, "O23")]
)
def test_a_report_that_the_disk_does_not_take_leaves_the_earlier_one_and_takes_no_room(
    suite, tmp_path, monkeypatch, number, code
):
    written(monkeypatch, "")

    def publish(wave, folder, runs, began):
        (folder / "report.html").write_text("half")
        raise OSError(number, os.strerror(number))

    assert run_once(tmp_path, publish) == [code]
    assert_only_the_earlier_report(tmp_path / "out")


def test_a_disk_that_fails_only_when_it_is_told_to_keep_everything_fails_the_wave(
    suite, tmp_path, monkeypatch
):
    written(monkeypatch, "")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(whole_files.os, "fsync", full)
    assert run_once(tmp_path, lambda wave, folder, runs, began: None) == ["O22"]
    assert_only_the_earlier_report(tmp_path / "out")


FULL = '{"output_type": "error", "ename": "OSError", "evalue": "[Errno 28] No space left on device", "traceback": []}'


def test_a_notebook_that_finds_the_disk_full_says_so_and_not_which_cell(suite, tmp_path, monkeypatch):
    written(monkeypatch, FULL)
    assert run_once(tmp_path, lambda wave, folder, runs, began: None) == ["O22"]
    assert_only_the_earlier_report(tmp_path / "out")


def test_another_error_with_a_number_is_no_full_disk(tmp_path):
    path = notebook(tmp_path, "01_first", "1")
    text = path.read_text()
    for said in ("[Errno 2] No such file", "28"):
        path.write_text(
            text.replace(
                '"outputs": []', f'"outputs": [{FULL.replace("[Errno 28] No space left on device", said)}]'
            )
        )
        assert disk_full_in(path) is None
    path.write_text(text.replace('"outputs": []', f'"outputs": [{FULL}]'))
    assert disk_full_in(path) == errno.ENOSPC
    assert disk_full_in(tmp_path / "none.ipynb") is None


@pytest.mark.skipif(os.name != "posix", reason="rights are others elsewhere")
def test_what_is_internal_is_open_to_exactly_those_to_whom_the_study_is(suite, tmp_path, monkeypatch):
    written(monkeypatch, "")
    tmp_path.chmod(0o750)
    assert run_once(tmp_path, lambda wave, folder, runs, began: None) == []
    assert (tmp_path / "out" / "w1" / "internal").stat().st_mode & 0o777 == 0o750
    shutil.rmtree(tmp_path / "out" / "w1")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
@pytest.mark.parametrize("command", ["new", "run"])
def test_a_command_that_may_not_write_ends_in_a_sentence(tmp_path, monkeypatch, capsys, number, command):
    def refused(*_, **__):
        raise OSError(number, os.strerror(number))

    study = write_study(tmp_path / "study")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setattr(run_command, "_pool", lambda *_: nullcontext(Inline()))
    monkeypatch.setattr(run_command, "only_run", refused)
    if command == "new":
        monkeypatch.setattr(Path, "mkdir", refused)
    words = ["new", str(tmp_path / "x")] if command == "new" else ["run", str(study)]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith("stop O22" if number == errno.ENOSPC else "stop O20")
    assert "Traceback" not in said


# Asked to stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_request_to_stop_is_obeyed_and_clearing_up_is_not_interrupted_by_the_next(number):
    cleared = []

    def work():
        with stoppable():
            try:
                signal.raise_signal(number)
            finally:
                for again in (signal.SIGINT, signal.SIGTERM):
                    signal.raise_signal(again)
                cleared.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert cleared == [True]


def test_afterwards_signals_mean_what_they_meant_before():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stoppable():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
