"""However a study is run, the same files are left: one kernel or two, forked or cold, here or on a cluster.

The second wave of the example, with few permutations, goes through every notebook and the whole report.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from mini_suite import files_of
from tiny_study import FILES, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands import run as run_command
from analysis_lib.runner import notebooks as suite
from analysis_lib.runner.pool import LocalPool
from analysis_lib.schema import EXAMPLE_STUDY

pytestmark = pytest.mark.runs
WAVE = "2024b"


def typed(*words):
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identical") / "study"
    shutil.copytree(EXAMPLE_STUDY, folder)
    path = folder / "study.yaml"
    text = path.read_text(encoding="utf-8")
    few = text.replace("{omnibus: 9999, minp: 99999}", "{omnibus: 99, minp: 99}")
    assert few != text
    path.write_text(few, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def first(study):
    """What a run with two kernels at once leaves, before anything else has run."""
    assert typed("run", study, "--wave", WAVE, "--jobs", "2") == 0
    return files_of(study / "reports")


def again(study, *words):
    """What is left when everything is run again in another way."""
    assert typed("run", study, "--wave", WAVE, "--force", *words) == 0
    return files_of(study / "reports")


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []


def test_a_run_leaves_executed_notebooks_tables_and_a_report(first):
    names = {name.partition("/2024b/")[2] for name in first}
    assert {"report.html", "tables.docx", "results/theme_by_outcome.csv"} <= names
    assert {f"internal/INTERNAL_{name}.ipynb" for name in suite.IN_RUN} <= names


def test_one_kernel_at_a_time_leaves_the_same_bytes(first, study):
    assert_same(again(study, "--jobs", "1"), first)


def test_cold_kernels_leave_the_same_bytes(first, study, monkeypatch):
    monkeypatch.setattr(run_command, "LocalPool", partial(LocalPool, warm=False))
    assert_same(again(study), first)


def test_a_cluster_leaves_the_same_bytes(first, study):
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **here) as cluster:
        assert_same(again(study, "--scheduler", cluster.scheduler_address), first)


def test_what_is_current_is_left_alone(first, study, capsys):
    before = {path: path.stat().st_mtime_ns for path in (study / "reports").rglob("*") if path.is_file()}
    assert typed("run", study, "--wave", WAVE) == 0
    assert "1 wave(s) current" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before


# The client ends halfway

CLIENT = """\
import sys
from analysis_lib.__main__ import main
from analysis_lib.runner import notebooks
notebooks.IN_RUN = ("01_wave_intake",)
sys.exit(main(["run", sys.argv[1], "--jobs", "1"]))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_client_that_ends_halfway_leaves_finished_waves_and_no_half_ones(
    tmp_path, monkeypatch, number, capsys
):
    waves = ["w1", "w2", "w3"]
    changed = {"study.yaml": FILES["study.yaml"].replace("[w1]", "[w1, w2, w3]")}
    for place, wave in enumerate(waves, start=1):
        for name, text in FILES.items():
            if name.startswith("waves/w1/"):
                changed[name.replace("w1", wave)] = text.replace("look: 1", f"look: {place}")
    study = write_study(tmp_path / "study", changed)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    reports = study / "reports" / "tiny"
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(study)], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while not (reports / "w1").exists():
        assert time.monotonic() < until
        assert client.poll() is None
        time.sleep(0.01)
    client.send_signal(number)
    assert client.wait(timeout=60) == (1 if number == signal.SIGINT else -signal.SIGKILL)
    shown = {path.name for path in reports.iterdir() if not path.name.startswith(".")}
    assert shown - {"index.html"} < set(waves)
    for wave in shown & set(waves):
        assert {"manifest.json", "report.html", "internal"} <= set(os.listdir(reports / wave))
    kept = files_of(reports / "w1")
    monkeypatch.setattr(suite, "IN_RUN", ("01_wave_intake",))
    assert typed("run", study, "--jobs", "1") == 0
    assert (
        f"{3 - len(shown & set(waves))} wave(s) to run, {len(shown & set(waves))} current"
        in capsys.readouterr().out
    )
    assert files_of(reports / "w1") == kept
    assert sorted(path.name for path in reports.iterdir()) == [".lock", "index.html", *waves]
