"""Work in processes: what comes back, what is shared, and what is left when somebody kills one of them."""

from __future__ import annotations

import functools
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import numpy as np
import pytest
from mini_suite import NAMES, files_of, notebook, use_suite

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner import forked, warm
from analysis_lib.runner.changes import Plan
from analysis_lib.runner.notebooks import execute
from analysis_lib.runner.pool import LocalPool
from analysis_lib.runner.run import run_waves
from analysis_lib.runner.warm import Lost

pytestmark = pytest.mark.runs
on_linux = pytest.mark.skipif(not forked.CAN_FORK, reason="processes are forked on Linux only")


@pytest.fixture(scope="module")
def forking():
    with LocalPool(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def starting():
    with LocalPool(2, warm=False) as pool:
        yield pool


@pytest.fixture(params=["forked", "fresh"])
def pool(request, forking, starting):
    return forking if request.param == "forked" else starting


# What is called in another process; pytest has put this folder on the path, and the path is handed over.


def double(number):
    return 2 * number


def refuse():
    raise StudyError(Finding("stop", "X01", "a.csv", "nobody is here.", "Add people."))


def divide():
    return 1 / 0


def end():
    os.kill(os.getpid(), signal.SIGKILL)


def end_the_parent():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def chance():
    return random.random(), float(np.random.rand())


def about_itself():
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "threads": threading.active_count(),
        "open": {name for name in os.listdir("/proc/self/fd") if int(name) > 2},
        "signals": [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGCHLD)],
    }


def write_report(wave, folder, runs, began):
    (folder / "report.txt").write_text(f"{wave}: {', '.join(run.name for run in runs)}")


# What comes back


def test_a_value_comes_back(pool):
    assert pool.submit(double, 21).result() == 42


def test_a_refusal_comes_back_as_it_was_raised(pool):
    with pytest.raises(StudyError) as caught:
        pool.submit(refuse).result()
    assert [finding.code for finding in caught.value.findings] == ["X01"]


def test_a_bug_comes_back_with_the_traceback_of_where_it_happened(pool):
    with pytest.raises(ZeroDivisionError) as caught:
        pool.submit(divide).result()
    assert "in divide" in "".join(caught.value.__notes__)


def test_a_process_that_is_killed_is_lost_and_the_next_is_not(pool):
    with pytest.raises(Lost):
        pool.submit(end).result()
    assert pool.submit(double, 1).result() == 2


@pytest.fixture
def importing_nothing(monkeypatch):
    """Parents that are ready at once, for tests in which only processes matter."""
    monkeypatch.setattr(warm, "_START", warm._START.replace(" warm.", f" warm; {NO_IMPORTS}; warm."))


NO_IMPORTS = "warm._import_everything = lambda: None"


@on_linux
def test_a_parent_that_is_killed_is_replaced(importing_nothing):
    with LocalPool(1) as pool:
        with pytest.raises(Lost):
            pool.submit(end_the_parent).result()
        assert pool.submit(double, 1).result() == 2


@on_linux
def test_where_an_import_has_started_a_thread_processes_start_fresh(importing_nothing, monkeypatch):
    said = warm.WarmParent.ready

    def not_alone(parent):
        assert said(parent)
        parent.can_fork = False
        return False

    monkeypatch.setattr(warm.WarmParent, "ready", not_alone)
    with LocalPool(1) as pool:
        assert pool.submit(double, 1).result() == 2
        assert pool.submit(os.getppid).result() == os.getpid()


def test_a_pool_that_is_stopped_starts_nothing_more():
    with LocalPool(1) as stopped:
        stopped.stop()
        with pytest.raises(Lost):
            stopped.call(double, 1)


# What is shared


@on_linux
def test_each_piece_of_work_has_a_process_with_one_thread_nothing_open_and_its_own_signals(forking):
    first, second = (forking.submit(about_itself).result() for _ in range(2))
    assert first["parent"] == second["parent"] != os.getpid()
    assert first["pid"] != second["pid"]
    assert first["threads"] == 1
    assert len(first["open"]) <= 2  # the way back, and the folder that is being listed
    assert first["signals"] == [signal.SIG_DFL, signal.SIG_DFL]


def test_no_two_processes_have_the_same_random_numbers(pool):
    first, second = (pool.submit(chance).result() for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


@on_linux
def test_processes_that_have_ended_do_not_pile_up(forking):
    for number in range(8):
        forking.submit(double, number).result()
    parent = forking.submit(os.getppid).result()
    assert parents().count(str(parent)) <= 3


def parents():
    """The parent of every process there is; others come and go while they are listed."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(FileNotFoundError, ProcessLookupError):
            found.append(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


# A kernel that was forked, and one that was not: two cells with parameters come before these

CELLS = (
    "import os, sys, stat, warnings\nimport numpy as np, pandas as pd\nfrom matplotlib import pyplot as plt",
    "frame = pd.DataFrame({'theme': ['heard', 'rushed'], 'n': [3, 5]})\nframe",
    "{'heard', 'rushed', 'safe'}, hash('heard')",
    "warnings.warn('a number may mislead')\nprint('said', file=sys.stderr)",
    "figure = plt.figure(figsize=(2, 1))\nplt.plot([1, 3, 2])\nplt.show()",
    "np.random.default_rng(7).normal(size=3).round(6).tolist(), plt.get_backend(), pd.get_option('display.width')",
    "from ipykernel.kernelapp import IPKernelApp\napp = IPKernelApp.instance()\n"
    "[oct(os.stat(place).st_mode & 0o777) for place in (app.connection_file, os.path.dirname(app.connection_file))]",
    "app.transport, bool(app.curve_secretkey), get_ipython().history_manager.hist_file",
    "results_dir, os.path.basename(os.getcwd()), sys.argv[1], __name__",
    "%who_ls",
    "1 / 0",
)


@pytest.fixture(scope="module")
def both(tmp_path_factory, forking):
    """One notebook with a forked kernel and with a cold one: results as (Executed, bytes)."""
    folder = tmp_path_factory.mktemp("both")
    notebook(folder, "01_first", *CELLS)
    found = {}
    for kind in (True, False):
        run = functools.partial(execute, folder=folder, warm=kind)
        executed = forking.submit(run, "01_first", {"results_dir": "r"}, folder / f"{kind}.ipynb").result()
        found[kind] = (executed, (folder / f"{kind}.ipynb").read_text())
    return found


@on_linux
def test_a_forked_kernel_leaves_the_same_bytes_as_a_cold_one(both):
    forked, cold = (re.sub(r"ipykernel_\d+", "ipykernel", both[kind][1]) for kind in (True, False))
    assert forked == cold
    assert both[True][0].error == both[False][0].error == f"cell {2 + len(CELLS)}: ZeroDivisionError"


@on_linux
def test_what_a_forked_kernel_did_is_not_empty(both):
    cells = nbformat.reads(both[True][1], as_version=4).cells
    shown = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in shown)
    texts = [output["data"]["text/plain"] for output in shown if "text/plain" in output.get("data", {})]
    assert "['0o600', '0o700']" in texts
    assert "('tcp', True, ':memory:')" in texts


@on_linux
def test_two_forked_kernels_do_not_share_their_random_numbers(tmp_path, forking):
    notebook(tmp_path, "01_first", "import numpy as np, random\nprint(np.random.rand(), random.random())")
    run = functools.partial(execute, folder=tmp_path, warm=True)
    for number in (1, 2):
        assert forking.submit(run, "01_first", {}, tmp_path / f"{number}.ipynb").result().error is None
    first, second = (nbformat.read(tmp_path / f"{n}.ipynb", 4).cells[-1].outputs[0].text for n in (1, 2))
    assert set(first.split()).isdisjoint(second.split())


# Somebody kills something

ONCE = """\
import os, signal, pathlib
mark = pathlib.Path(study) / "killed"
if not mark.exists():
    mark.touch()
    os.kill({whom}, signal.SIGKILL)
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    return use_suite(tmp_path / "notebooks", monkeypatch)


def run_two_waves(tmp_path, pool):
    """Failures, and every file that is left."""
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
    return failures, files_of(out)


@on_linux
@pytest.mark.parametrize("whom", ["os.getpid()", "os.getppid()"], ids=["kernel", "worker"])
def test_a_killed_kernel_or_worker_costs_nothing_but_time(suite, tmp_path, forking, whom):
    notebook(suite, "01_first", ONCE.format(whom=whom), "6 * 7")
    notebook(suite, "02_second", "wave")
    (tmp_path / "killed").touch()
    undisturbed = run_two_waves(tmp_path, forking)
    (tmp_path / "killed").unlink()
    assert run_two_waves(tmp_path, forking) == undisturbed
    assert (tmp_path / "killed").exists()
    assert undisturbed[0] == []
    assert sorted(undisturbed[1]) == [
        f"{wave}/{name}"
        for wave in ("w1", "w2")
        for name in ("internal/INTERNAL_01_first.ipynb", "internal/INTERNAL_02_second.ipynb", "report.txt")
    ]


CLIENT = """\
import os, pathlib, sys, time
sys.path.insert(0, sys.argv[2])
from analysis_lib.runner import warm
from analysis_lib.runner.pool import LocalPool
from test_runner_processes import NO_IMPORTS, sleeping
warm._START = warm._START.replace(" warm.", f" warm; {NO_IMPORTS}; warm.")
with LocalPool(1) as pool:
    pool.submit(sleeping, sys.argv[1]).result()
"""


def sleeping(told):
    Path(told).write_text(f"{os.getpid()} {os.getppid()}")
    time.sleep(60)


@on_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_when_the_caller_is_gone_so_is_all_its_work(tmp_path, number):
    told = tmp_path / "told"
    words = [sys.executable, "-c", CLIENT, str(told), str(Path(__file__).parent)]
    caller = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    eventually(lambda: told.exists() and told.read_text())
    caller.send_signal(number)
    caller.wait(timeout=20)
    for pid in told.read_text().split():
        eventually(lambda pid=pid: not os.path.exists(f"/proc/{pid}") or is_dead(pid))


def is_dead(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def eventually(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
