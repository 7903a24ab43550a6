"""Waves with notebooks of two or three cells; a kernel is started only where one is needed."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from mini_suite import NAMES, Inline, notebook, use_suite

from analysis_lib.errors import Finding, StudyError
from analysis_lib.runner import run
from analysis_lib.runner.changes import Plan
from analysis_lib.runner.notebooks import Executed
from analysis_lib.runner.run import run_waves
from analysis_lib.runner.warm import Lost


@pytest.fixture
def suite(tmp_path, monkeypatch):
    return use_suite(tmp_path / "notebooks", monkeypatch)


@pytest.fixture
def executed(suite, monkeypatch):
    """Notebooks count as executed without a kernel; the dictionary says how each ends (None: well)."""
    ends: dict[str, str | None] = {}

    def pretend(name, parameters, output, *, folder, warm, earlier_waves):
        notebook(output.parent, output.stem, "1")
        (output.parent / "parameters.json").write_text(json.dumps(parameters))
        tables = Path(parameters["results_dir"])
        tables.mkdir(parents=True)
        (tables / f"{name}.csv").write_text(name)
        return Executed(name, output, 0.1, 0.1, ends.get(name))

    monkeypatch.setattr(run, "execute", pretend)
    return ends


def waves(tmp_path, publish, names=("w1",), *, pool=None, due=NAMES):
    """Run these waves; returns the failures and the folder of reports."""
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    told: list[tuple[str, str]] = []
    failures = run_waves(
        [Plan(wave, due, report=True, why=()) for wave in names],
        study_folder=tmp_path,
        out=out,
        publish=publish,
        pool=pool or Inline(),
        report_progress=lambda wave, name, seconds: told.append((wave, name)),
    )
    books = [(wave, name) for wave in names for name in due]
    assert sorted(each for each in told if each[1] != "report") == sorted(books)
    return failures, out


def write_report(wave, folder, runs, began):
    (folder / "report.html").write_text(f"{wave}: {', '.join(run.name for run in runs)}")


def test_a_finished_wave_is_put_in_place_with_its_executed_notebooks(executed, tmp_path):
    failures, out = waves(tmp_path, write_report)
    assert failures == []
    assert sorted(path.name for path in out.iterdir()) == ["w1"]
    assert (out / "w1" / "report.html").read_text() == "w1: 01_first, 02_second"
    internal = sorted(path.name for path in (out / "w1" / "internal").glob("*.ipynb"))
    assert internal == ["INTERNAL_01_first.ipynb", "INTERNAL_02_second.ipynb"]


def test_notebooks_get_absolute_paths(executed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    folders = {"study_folder": Path(), "out": tmp_path / "out"}
    plans = [Plan("w1", NAMES, report=True, why=())]
    run_waves(plans, **folders, publish=write_report, pool=Inline(), report_progress=lambda *_: None)
    given = json.loads((tmp_path / "out" / "w1" / "internal" / "parameters.json").read_text())
    assert given["study"] == str(tmp_path.resolve())
    assert Path(given["results_dir"]).is_absolute()
    assert given["wave"] == "w1"


def test_a_failed_notebook_leaves_the_previous_report_and_its_own_remains(executed, tmp_path):
    waves(tmp_path, write_report)
    executed["02_second"] = "cell 2: ValueError"
    failures, out = waves(tmp_path, write_report)
    assert (out / "w1" / "report.html").read_text() == "w1: 01_first, 02_second"
    assert (out / "w1.failed" / "internal" / "INTERNAL_02_second.ipynb").exists()
    assert not (out / "w1.failed" / "report.html").exists()
    (finding,) = failures[0].findings
    assert (finding.code, finding.file) == ("N02", "w1: 02_second")
    assert finding.what == "the notebook stopped at cell 2: ValueError."
    assert "the previous report is untouched" in finding.fix


def test_a_wave_that_fails_does_not_stop_the_others(executed, tmp_path):
    def publish(wave, folder, runs, began):
        if wave == "w1":
            raise StudyError(Finding("stop", "X01", "participants.csv", "nobody is here.", "Add people."))
        write_report(wave, folder, runs, began)

    failures, out = waves(tmp_path, publish, ("w1", "w2"))
    assert [finding.code for failure in failures for finding in failure.findings] == ["X01"]
    assert sorted(path.name for path in out.iterdir()) == ["w1.failed", "w2"]


def test_a_bug_while_publishing_keeps_its_traceback_and_the_previous_report(executed, tmp_path):
    waves(tmp_path, write_report)

    def broken(wave, folder, runs, began):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        waves(tmp_path, broken)
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["w1", "w1.failed"]
    assert (out / "w1" / "report.html").exists()


def test_a_later_success_removes_the_remains_of_a_failure(executed, tmp_path):
    executed["01_first"] = "cell 1: ValueError"
    waves(tmp_path, write_report)
    executed.clear()
    _, out = waves(tmp_path, write_report)
    assert sorted(path.name for path in out.iterdir()) == ["w1"]


@pytest.mark.parametrize("how", ["kernel", "process"])
def test_what_ended_from_outside_gets_one_more_chance_with_a_kernel_of_its_own(
    executed, tmp_path, monkeypatch, how
):
    warm: list[bool] = []
    pretend = run.execute

    def once_dead(name, parameters, output, **how_to):
        result = pretend(name, parameters, output, **how_to)
        if name == "02_second":
            return result
        warm.append(how_to["warm"])
        if len(warm) > 1:
            return result
        if how == "process":
            raise Lost
        return replace(result, error="the kernel stopped: DeadKernelError")

    monkeypatch.setattr(run, "execute", once_dead)
    failures, _ = waves(tmp_path, write_report)
    assert failures == []
    assert warm == [True, False]


@pytest.mark.parametrize("how", ["kernel", "process"])
def test_a_wave_whose_notebook_ends_from_outside_twice_fails_alone(executed, tmp_path, monkeypatch, how):
    pretend = run.execute

    def dead(name, parameters, output, **how_to):
        result = pretend(name, parameters, output, **how_to)
        if parameters["wave"] == "w2" or name == "02_second":
            return result
        if how == "process":
            raise Lost
        return replace(result, error="the kernel stopped: DeadKernelError")

    monkeypatch.setattr(run, "execute", dead)
    failures, out = waves(tmp_path, write_report, ("w1", "w2"))
    ((finding,),) = (failure.findings for failure in failures)
    assert (finding.code, finding.file) == ("N03", "w1: 01_first")
    assert "ended from outside, twice" in finding.what
    assert sorted(path.name for path in out.iterdir()) == ["w1.failed", "w2"]


def test_a_report_whose_process_ends_from_outside_is_written_by_another(executed, tmp_path):
    calls = []

    def once_lost(wave, folder, runs, began):
        calls.append(wave)
        if len(calls) == 1:
            raise Lost
        write_report(wave, folder, runs, began)

    failures, _ = waves(tmp_path, once_lost)
    assert (failures, calls) == ([], ["w1", "w1"])


def test_a_report_whose_process_ends_from_outside_twice_leaves_the_previous_one(executed, tmp_path):
    waves(tmp_path, write_report)

    def lost(wave, folder, runs, began):
        raise Lost

    failures, out = waves(tmp_path, lost)
    assert [finding.code for finding in failures[0].findings] == ["N04"]
    assert (out / "w1" / "report.html").exists()


def test_a_report_is_written_before_the_next_wave_is_begun(executed, tmp_path):
    seen = []

    def look(wave, folder, runs, began):
        seen.append(
            (
                wave,
                sorted(
                    each.name for each in folder.parent.iterdir() if each.name != ".earlier waves.staging"
                ),
            )
        )
        write_report(wave, folder, runs, began)

    waves(tmp_path, look, ("w1", "w2"))
    assert seen == [("w1", [".w1.staging"]), ("w2", [".w2.staging", "w1"])]


def test_tables_of_notebooks_lie_side_by_side_and_each_is_known_to_be_whose(executed, tmp_path):
    told = []
    _, out = waves(tmp_path, lambda wave, folder, runs, began: told.extend(runs))
    tables = out / "w1" / "internal" / "results"
    assert sorted(path.name for path in tables.iterdir()) == ["01_first.csv", "02_second.csv"]
    assert [(run.name, run.tables) for run in told] == [
        ("01_first", ("01_first.csv",)),
        ("02_second", ("02_second.csv",)),
    ]


@pytest.mark.runs
def test_a_cell_that_really_fails_leaves_the_previous_report_and_the_notebook_up_to_the_error(
    suite, tmp_path
):
    notebook(suite, "01_first", "x = 1")
    notebook(suite, "02_second", "'before'", "x = 1 / 0")
    (tmp_path / "out" / "w1").mkdir(parents=True)
    (tmp_path / "out" / "w1" / "report.html").write_text("earlier")
    failures, out = waves(tmp_path, write_report)
    assert [f.what for f in failures[0].findings] == ["the notebook stopped at cell 4: ZeroDivisionError."]
    assert (out / "w1" / "report.html").read_text() == "earlier"
    left = nbformat.read(out / "w1.failed" / "internal" / "INTERNAL_02_second.ipynb", as_version=4)
    assert any(output.output_type == "error" for cell in left.cells for output in cell.get("outputs", []))
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_a_pool_that_is_gone_ends_the_run_although_its_work_never_answers(executed, tmp_path):
    class Gone(Inline):
        asked = 0

        def slots(self):
            self.asked += 1
            if self.asked > 1:
                raise StudyError(
                    Finding("stop", "O12", "--scheduler", "the connection was lost.", "Run again.")
                )
            return 1

        def submit(self, function, *arguments):
            return Future()

    with pytest.raises(StudyError, match="the connection was lost"):
        waves(tmp_path, write_report, pool=Gone())
