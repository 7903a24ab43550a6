"""One notebook: what is refused, when it counts as executed, and what a report reads from it."""

from __future__ import annotations

import os
import pickle
import stat
from pathlib import Path

import nbformat
import pytest
from mini_suite import notebook, use_suite

from analysis_lib.errors import Finding, StudyError
from analysis_lib.payload import MIME
from analysis_lib.runner import notebooks
from analysis_lib.runner.notebooks import contents, execute, failure_of, quiet_environment


@pytest.fixture
def suite(tmp_path, monkeypatch):
    return use_suite(tmp_path / "notebooks", monkeypatch)


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


# Kernels


def test_each_run_gives_its_kernels_a_folder_of_their_own_that_nobody_else_can_write_to(monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", "what it was")
    with quiet_environment():
        own = Path(os.environ["IPYTHONDIR"])
        assert stat.S_IMODE(own.stat().st_mode) == 0o700
        assert not list(own.iterdir())
    assert os.environ["IPYTHONDIR"] == "what it was"
    assert not own.exists()
