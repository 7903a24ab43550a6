"""The work of a run on a Dask cluster: two workers on this machine stand for the machines of one."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest
from mini_suite import NAMES, files_of, notebook, use_suite

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner import cluster
from analysis_lib.runner.changes import Plan
from analysis_lib.runner.cluster import ClusterPool
from analysis_lib.runner.pool import LocalPool
from analysis_lib.runner.run import run_waves

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [pytest.mark.runs, pytest.mark.filterwarnings("ignore::ResourceWarning")]

PATIENCE = 20.0


@pytest.fixture(scope="module")
def two_workers():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def pool(two_workers, tmp_path):
    with ClusterPool(
        two_workers.scheduler_address, needs=(tmp_path, tmp_path / "out"), patience=PATIENCE
    ) as pool:
        yield pool


def double(number):
    return 2 * number


def refuse():
    raise StudyError(Finding("stop", "X01", "a.csv", "nobody is here.", "Add people."))


def write_report(wave, folder, runs, began):
    (folder / "report.txt").write_text(f"{wave}: {', '.join(run.name for run in runs)}")


def refused(address, *needs):
    """The code of the finding with which a cluster is refused."""
    with pytest.raises(StudyError) as caught:
        ClusterPool(address, needs=needs, patience=1.0)
    (finding,) = caught.value.findings
    assert finding.file == "--scheduler"
    return finding.code


# What comes back


def test_values_and_refusals_come_back_from_a_worker(pool):
    assert pool.slots() == 2
    assert pool.submit(double, 21).result(timeout=120) == 42
    with pytest.raises(StudyError, match="nobody is here"):
        pool.submit(refuse).result(timeout=120)


def test_nothing_is_left_in_the_folder_of_reports_by_looking_whether_it_is_seen(pool, tmp_path):
    assert list((tmp_path / "out").iterdir()) == []


# What cannot be


def test_an_address_where_nobody_answers_is_refused_in_a_sentence(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        assert refused(address, tmp_path) == "O08"


@pytest.mark.parametrize("address", ["nowhere", "tcp://", "http://127.0.0.1:1"])
def test_what_is_no_address_is_refused_in_a_sentence(tmp_path, address):
    assert refused(address, tmp_path) == "O08"


def test_a_cluster_without_workers_is_refused(tmp_path):
    with distributed.LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1") as empty:
        assert refused(empty.scheduler_address, tmp_path) == "O09"


def test_another_version_on_a_worker_is_refused_and_named(two_workers, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "program", lambda: PROGRAM() | {"pandas": "99.0"})
    with pytest.raises(StudyError) as caught:
        ClusterPool(two_workers.scheduler_address, needs=(tmp_path,), patience=PATIENCE)
    (finding,) = caught.value.findings
    assert finding.code == "O10"
    assert "has pandas 3" in finding.what
    assert "here it is 99.0" in finding.what


PROGRAM = cluster.program


def test_a_worker_that_joins_later_is_asked_too(two_workers, tmp_path, pool):
    pool._expected = pool._expected | {"numpy": "99.0"}
    with pytest.raises(StudyError, match="has numpy 2"):
        pool.submit(double, 1).result(timeout=120)


def test_folders_that_a_worker_does_not_see_are_refused(two_workers, tmp_path):
    assert refused(two_workers.scheduler_address, tmp_path / "nowhere", tmp_path / "out") == "O11"


def test_without_the_package_a_cluster_is_refused_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert refused("tcp://127.0.0.1:1", tmp_path) == "O07"


def test_a_scheduler_that_goes_away_ends_the_run_in_a_sentence(tmp_path):
    with (
        distributed.LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0", host="127.0.0.1") as going,
        ClusterPool(going.scheduler_address, needs=(tmp_path,), patience=PATIENCE) as pool,
    ):
        pool._patience = 1.0
        going.close()
        with pytest.raises(StudyError) as caught:
            pool.slots()
        assert caught.value.findings[0].code in ("O09", "O12")


# The same bytes


@pytest.fixture
def suite(tmp_path, monkeypatch):
    return use_suite(tmp_path / "notebooks", monkeypatch)


def left_by(pool, tmp_path):
    """Every file that a run of two waves leaves."""
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    plans = [Plan(wave, NAMES, report=True, why=()) for wave in ("w1", "w2")]
    failures = run_waves(
        plans,
        study_folder=tmp_path,
        out=out,
        publish=write_report,
        pool=pool,
        report_progress=lambda *_: None,
    )
    assert failures == []
    return files_of(out)


KILL_ONCE = """\
import os, pathlib, signal
mark = pathlib.Path(study) / "killed"
if not mark.exists():
    mark.touch()
    of = lambda pid: int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    worker = of(of(os.getppid()))  # the executor, the parent that forked it, the worker
    os.kill(worker, signal.SIGKILL)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the worker is found through /proc")
def test_a_worker_that_is_killed_costs_nothing_but_time_and_the_bytes_are_those_of_one_machine(
    suite, tmp_path, pool
):
    notebook(suite, "01_first", KILL_ONCE, "wave, {'b', 'a'}")
    notebook(suite, "02_second", "6 * 7")
    (tmp_path / "killed").touch()
    undisturbed = left_by(pool, tmp_path)
    (tmp_path / "killed").unlink()
    assert left_by(pool, tmp_path) == undisturbed
    with LocalPool(1) as here:
        assert left_by(here, tmp_path) == undisturbed
    assert len(undisturbed) == 6


def test_an_interrupted_run_leaves_no_work_on_the_cluster(two_workers, tmp_path):
    with ClusterPool(two_workers.scheduler_address, needs=(tmp_path,), patience=PATIENCE) as pool:
        pool.submit(signal.pause)
        pool.stop()
    with distributed.Client(two_workers.scheduler_address) as client:
        assert not any(client.processing().values())
    assert os.path.isdir(tmp_path)
