"""What a result, a finding and an error say where nobody asked for a view: at Python's prompt and in Jupyter."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import nbformat
import pytest
from handmade import counted
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from tiny_study import CANARY, FILES, write_study

import analysis_lib as al
from analysis_lib.__main__ import main
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.errors import CallError, ModelError, ShowError, StudyError
from analysis_lib.payload import MIME, Payload
from analysis_lib.readable import Readable
from analysis_lib.views import views

BAD = {"study.yaml": FILES["study.yaml"].replace("title: A tiny study\n", "title:\n")}


@pytest.fixture(scope="module")
def small():
    sizes, present = {"helpful": 12, "unhelpful": 12}, {"cold": {"helpful": 2, "unhelpful": 9}}
    return crosstab_themes(counted(sizes, present))


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def printed(shell: InteractiveShell, *lines: str) -> str:
    """What a cell of these lines leaves on the screen, errors included."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        shell.run_cell("\n".join(lines))
    return out.getvalue()


# Results


def test_every_result_that_can_be_shown_reads_in_a_few_lines():
    shown = {kind for kind in views.registry if kind not in (object, Payload)}
    assert len(shown) > 20
    assert [kind.__name__ for kind in shown if not issubclass(kind, Readable)] == []


def test_a_crosstab_says_what_it_is_of_whom_its_first_sentence_and_its_views(small):
    first, people, said, shown, more, tables = repr(small).splitlines()
    assert first == "ThemeCrosstab: Themes by outcome groups. Wave w1. SYNTHETIC"
    assert people == "  24 people: Helpful 12, Unhelpful 12"
    assert said.startswith("  “Cold” was coded for 9 of 12 (75%) in the unhelpful group and 2 of 12 (17%)")
    assert shown == "  al.show(…, view) with view: shares, contrasts, tests, dots, differences"
    assert more == "  al.say(…) for every sentence"
    assert "table (3 x 10)" in tables


def test_nothing_that_somebody_said_is_in_what_python_prints_of_a_study(tmp_path):
    wave = al.load_wave(write_study(tmp_path), "w1")
    for result in (wave, wave.study, al.quantitize(wave), al.describe_wave(wave), al.quotes_to_review(wave)):
        assert CANARY not in repr(result)
        assert "P01" not in repr(result)


def test_a_notebook_shows_the_main_view_below_and_no_payload_that_a_report_would_take(small):
    bundle = small._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert MIME not in bundle
    assert bundle["text/plain"] == repr(small)
    assert bundle["text/html"].endswith(al.show(small).html)


def test_a_figure_as_main_view_is_a_picture_with_its_numbers_as_text(small):
    html = al.theme_patterns(small)._repr_mimebundle_()["text/html"]
    assert re.search(r'<img alt="[^"]+" src="data:image/png;base64,[A-Za-z0-9+/=]+">$', html)


# Errors


def test_a_notebook_shows_an_unusable_study_in_the_words_of_the_command_line(tmp_path, capsys, shell):
    people = "waves/w1/participants.csv"
    study = write_study(tmp_path / "study", {people: FILES[people].replace(",unhelpful,", ",unhelpfull,")})
    assert main(["run", str(study)]) == 1
    on_the_command_line = capsys.readouterr().err
    in_the_notebook = printed(shell, "import analysis_lib as al", f"al.load_wave({str(study)!r}, 'w1')")
    assert in_the_notebook == on_the_command_line
    assert "participants.csv, line 6, column perceived_helpfulness" in in_the_notebook


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("al.show(3)", "int is not a result that can be shown."),
        ("al.show(wave, 'covr')", 'Wave has no view "covr". Did you mean "cover"? It has: cover, run_record.'),
        ("al.crosstab_themes(al.quantitize(wave), reference='helpfull')",
         'The study has no such group to compare with. Did you mean "helpful"? '
         "It has: helpful, unhelpful, mixed, dropped_out."),
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_sentence_in_a_notebook(shell, tmp_path, line, said):
    study = str(write_study(tmp_path))
    assert (
        printed(shell, "import analysis_lib as al", f"wave = al.load_wave({study!r}, 'w1')", line)
        == f"{said}\n"
    )


def test_a_table_that_gives_no_answer_is_one_sentence_in_a_notebook(shell):
    said = printed(shell, "import analysis_lib as al", "al.stats.exact_table_test([[1, -2], [3, 4]])")
    assert len(said.splitlines()) == 1
    assert said[0].isupper() or said[0].islower()
    assert "Traceback" not in said


def test_a_bug_keeps_its_traceback_in_a_notebook(shell):
    assert "Traceback (most recent call last)" in printed(shell, "1 / 0")


def test_each_error_can_be_caught_as_what_python_calls_it():
    assert issubclass(CallError, ValueError)
    assert issubclass(ModelError, ValueError)
    assert issubclass(ShowError, TypeError)
    assert issubclass(StudyError, Exception)


def test_the_findings_of_a_study_read_as_check_prints_them(tmp_path, capsys):
    study = write_study(tmp_path, BAD)
    assert main(["check", str(study)]) == 1
    found = al.check_study(study)
    assert f"{found!r}\n" == capsys.readouterr().out
    assert found._repr_html_().count("<li>") == len(found)


@pytest.mark.runs
def test_a_kernel_hands_jupyterlab_the_sentence_and_the_lines_and_nothing_else(tmp_path):
    study = str(write_study(tmp_path))
    book = nbformat.v4.new_notebook()
    sources = (
        f"import analysis_lib as al\nwave = al.load_wave({study!r}, 'w1')\nwave",
        "al.show(wave, 'covr')",
        "al.load_wave(wave.study, 'w9')",
    )
    book.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    client = NotebookClient(
        book,
        kernel_manager_class="analysis_lib.runner.kernel.EncryptedKernelManager",
        allow_errors=True,
        timeout=120,
    )
    client.execute()
    (shown,), (wrong,), (missing,) = (cell.outputs for cell in book.cells)
    assert shown.data["text/plain"].startswith("Wave: One wave of a study, checked and frozen. Wave w1.")
    assert shown.data["text/html"].startswith("<p><b>Wave: One wave of a study")
    assert wrong.traceback == ['Wave has no view "covr". Did you mean "cover"? It has: cover, run_record.']
    (said,) = missing.traceback
    assert said.startswith("stop W01")
    assert missing.ename == "StudyError"


# Completion


def test_completion_offers_the_public_names_and_no_module_that_happens_to_be_imported(shell):
    shell.run_cell("import analysis_lib as al")
    with provisionalcompleter():
        offered = {found.text.lstrip(".") for found in shell.Completer.completions("al.", 3)}
    offered = {name for name in offered if not name.startswith("_")}
    assert offered == set(al.__all__)


def test_shift_tab_shows_a_signature_and_a_line_that_says_what_a_function_answers(shell):
    shell.run_cell("import analysis_lib as al")
    for name in al.__all__:
        found = shell.object_inspect(f"al.{name}")
        assert found["found"], name
        if callable(getattr(al, name)):
            assert found["definition"], name
            assert found["docstring"].splitlines()[0].endswith("."), name


def test_asking_for_what_there_is_not_names_the_nearest(tmp_path: Path):
    with pytest.raises(CallError, match="Did you mean"):
        al.show(al.load_wave(write_study(tmp_path), "w1"), "run_recrd")
