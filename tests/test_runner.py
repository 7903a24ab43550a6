"""Notebooks of two or three cells stand in for the suite; a kernel is started only where one is needed."""

from __future__ import annotations

import json
import os
import pickle
import stat
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from mini_suite import NAMES, Inline, notebook

from analysis_lib.errors import Finding, StudyError
from analysis_lib.payload import MIME
from analysis_lib.runner import notebooks, run, staging
from analysis_lib.runner.changes import Plan, State
from analysis_lib.runner.manifest import manifest, read_manifest, sha256, write_manifest
from analysis_lib.runner.notebooks import Executed, contents, execute, failure_of, quiet_environment
from analysis_lib.runner.run import run_waves
from analysis_lib.runner.staging import only_run, put_aside, put_in_place, refuse_repository, stage
from analysis_lib.runner.warm import Lost


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A folder of notebooks in place of the suite's own; returns the folder."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    monkeypatch.setattr(notebooks, "IN_RUN", NAMES)
    for name in notebooks.FIXED:
        monkeypatch.setenv(name, notebooks.FIXED[name])
    return folder


@pytest.fixture
def executed(suite, monkeypatch):
    """Notebooks count as executed without a kernel; the dictionary says how each ends (None: well)."""
    ends: dict[str, str | None] = {}

    def pretend(name, parameters, output, *, folder, warm):
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


# One notebook


def test_an_unknown_parameter_is_refused_before_anything_runs(suite, tmp_path):
    notebook(suite, "01_first", "1 / 0")
    with pytest.raises(StudyError) as caught:
        execute("01_first", {"wave": "w1", "studdy": "x"}, tmp_path / "out.ipynb", folder=suite)
    (finding,) = caught.value.findings
    assert (finding.code, finding.file) == ("N01", "01_first.ipynb")
    assert finding.what == 'the notebook has no parameter "studdy".'
    assert 'Did you mean "study"?' in finding.fix
    assert finding.allowed == "study, wave, results_dir"
    assert not (tmp_path / "out.ipynb").exists()


def test_a_parameter_name_that_holds_code_is_an_unknown_parameter(suite, tmp_path):
    notebook(suite, "01_first", "1")
    with pytest.raises(StudyError, match="no parameter"):
        execute("01_first", {"wave=1\nopen('owned', 'w')\ny": "x"}, tmp_path / "out.ipynb", folder=suite)
    assert not Path("owned").exists()


def test_the_refusal_survives_the_way_back_from_a_worker_process():
    error = StudyError(
        Finding("stop", "N01", "a.ipynb", "the notebook has no such parameter.", "Correct it.")
    )
    back = pickle.loads(pickle.dumps(error))
    assert back.findings == error.findings
    assert str(back) == str(error)


@pytest.mark.runs
def test_a_notebook_runs_with_its_parameters_and_leaves_an_executed_copy(suite, tmp_path):
    notebook(suite, "01_first", "print(wave, repr(results_dir))")
    with quiet_environment():
        values = {"wave": 'w"1\n', "results_dir": "a\\b"}
        result = execute("01_first", values, tmp_path / "out.ipynb", folder=suite)
    assert result.error is None
    assert result.seconds > 0
    printed = nbformat.read(result.path, as_version=4).cells[-1].outputs[0].text
    assert printed == "w\"1\n 'a\\\\b'\n"


@pytest.mark.runs
def test_a_notebook_that_fails_says_at_which_cell_and_keeps_what_ran(suite, tmp_path):
    notebook(suite, "01_first", "'well'", "raise ValueError('a person said this')", "'never'")
    result = execute("01_first", {"wave": "w1"}, tmp_path / "out.ipynb", folder=suite)
    assert result.error == "cell 4: ValueError"
    assert failure_of(result.path) == ""
    sources = [cell.source for cell in nbformat.read(result.path, as_version=4).cells]
    assert "'well'" in sources


@pytest.mark.runs
def test_a_kernel_that_dies_is_not_taken_for_a_finished_notebook(suite, tmp_path):
    notebook(suite, "01_first", "import os; os._exit(1)", "'never'")
    result = execute("01_first", {"wave": "w1"}, tmp_path / "out.ipynb", folder=suite)
    assert result.error is not None
    assert result.error.startswith("the kernel stopped: ")


def stored(tmp_path, *cells):
    """A notebook of these code cells as (execution count, outputs)."""
    book = nbformat.v4.new_notebook()
    book.cells = [
        nbformat.v4.new_code_cell("x", execution_count=count, outputs=list(outputs))
        for count, outputs in cells
    ]
    nbformat.write(book, tmp_path / "stored.ipynb")
    return tmp_path / "stored.ipynb"


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([(1, []), (2, [])], None),
        ([(1, []), (None, [])], "cell 2 never ran"),
        ([(1, [nbformat.v4.new_output("error", ename="E", evalue="")])], "cell 1 ended in an error"),
    ],
)
def test_success_is_decided_by_the_cells_themselves(tmp_path, cells, why):
    assert notebooks._incomplete(notebooks.read(stored(tmp_path, *cells))) == why


@pytest.mark.parametrize(
    ("ename", "passed_on"), [("StudyError", "the words"), ("ModelError", "the words"), ("KeyError", "")]
)
def test_only_our_own_messages_are_passed_on(tmp_path, ename, passed_on):
    path = stored(tmp_path, (1, [nbformat.v4.new_output("error", ename=ename, evalue="the words")]))
    assert failure_of(path) == passed_on


def test_a_notebook_that_was_never_written_has_no_message(tmp_path):
    assert failure_of(tmp_path / "none.ipynb") == ""


# What a report reads from a notebook


def test_a_report_reads_prose_and_payloads_and_no_other_output(tmp_path):
    payload = {"shape": "prose"}
    both = nbformat.v4.new_output(
        "execute_result", {MIME: payload, "text/html": "<b>not read</b>"}, execution_count=1
    )
    printed = nbformat.v4.new_output("stream", text="not read")
    picture = nbformat.v4.new_output("display_data", {"image/png": "not read"})
    hidden = {"tags": ["notebook-only"]}
    book = nbformat.v4.new_notebook()
    book.cells = [
        nbformat.v4.new_markdown_cell("# Which themes?\n\nFor everybody."),
        nbformat.v4.new_markdown_cell("## Not for the report", metadata=hidden),
        nbformat.v4.new_code_cell("x", outputs=[printed, both, picture]),
        nbformat.v4.new_code_cell("x", outputs=[both], metadata=hidden),
        nbformat.v4.new_markdown_cell("# A second title\n"),
    ]
    nbformat.write(book, tmp_path / "INTERNAL_03_themes.ipynb")
    assert contents(tmp_path / "INTERNAL_03_themes.ipynb") == (
        "03",
        "Which themes?",
        ("For everybody.", payload, "# A second title"),
    )


# Waves


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
        seen.append((wave, sorted(path.name for path in folder.parent.iterdir())))
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


# Kernels


def test_each_run_gives_its_kernels_a_folder_of_their_own_that_nobody_else_can_write_to(monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", "what it was")
    with quiet_environment():
        own = Path(os.environ["IPYTHONDIR"])
        assert stat.S_IMODE(own.stat().st_mode) == 0o700
        assert not list(own.iterdir())
    assert os.environ["IPYTHONDIR"] == "what it was"
    assert not own.exists()


# Folders


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def filled(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "report.html").write_text(text)
    return folder


def test_staging_starts_empty_and_clears_the_remains_of_a_killed_run(out):
    filled(out / ".w1.staging", "half")
    filled(out / ".w1.old", "older")
    filled(out / "w1", "old")
    assert list(stage(out, "w1").iterdir()) == []
    assert sorted(path.name for path in out.iterdir()) == [".w1.staging", "w1"]
    assert (out / "w1" / "report.html").read_text() == "old"


def test_staging_mends_a_swap_that_was_interrupted(out):
    filled(out / ".w1.old", "old")
    stage(out, "w1")
    assert (out / "w1" / "report.html").read_text() == "old"


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


def a_manifest(folder, suite):
    path = notebook(suite, "01_first", "1")
    state = State(
        inputs={"study.yaml": "0" * 64}, earlier={}, notebooks={"01_first": sha256(path)}, code="c", versions={},
        places="p", profile="coauthor", pseudonyms="",
    )  # fmt: skip
    return manifest(
        study="tiny", wave="w1", state=state, facts={"seed": 1}, executed=[Executed("01_first", path, 1.234, 1, None)],
        folder=folder, started=0.0, ended=2.5,
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


def test_a_manifest_reads_back_and_a_broken_one_is_none(suite, out):
    write_manifest(out, a_manifest(out, suite))
    assert read_manifest(out)["wave"] == "w1"
    for text in ("", "[]", "{", '"x"'):
        (out / "manifest.json").write_text(text)
        assert read_manifest(out) is None
    assert read_manifest(out / "nowhere") is None
