"""The form of the committed notebooks, and that nbval, which guards their outputs, would notice a changed digit."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import nbformat
import papermill
import pytest

from analysis_lib.payload import MIME, Payload
from analysis_lib.runner.notebooks import IN_RUN
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import hash_of_decisions, load_study

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("0[1-9]*.ipynb"))
# A newcomer works through these: they make and mend a study, so they have no spine, may use the standard library to
# copy and write files, and show what comes back as it is.
TUTORIAL = sorted(f"tutorial/{path.stem}" for path in NOTEBOOKS.glob("tutorial/*.ipynb"))
STUDY = load_study(EXAMPLE_STUDY)
# The same headings in each, in this order; what is the notebook's own stands between them.
SPINE = (
    "Which study and which wave",
    "Who is in this analysis",
    "Can we trust it",
    "How to read",
    "The authors' reading of this wave",
    "Run record",
)
FEWEST_COMPARED = 35  # outputs that nbval compares, all notebooks together
TAGS = {"parameters", "notebook-only"}
each_notebook = pytest.mark.parametrize("name", NAMES)
each_page = pytest.mark.parametrize("name", NAMES + TUTORIAL)


@cache
def read(name):
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def code(name):
    return [cell for cell in read(name).cells if cell.cell_type == "code"]


def prose(name):
    return [cell for cell in read(name).cells if cell.cell_type == "markdown"]


def headings(name):
    text = "\n".join(cell.source for cell in prose(name))
    return re.findall(r"^(#+) (.+)$", text, flags=re.MULTILINE)


# The suite


def test_the_run_executes_every_committed_notebook_of_the_suite():
    assert list(IN_RUN) == NAMES


# Prose


@each_page
def test_it_opens_with_a_question_and_says_for_whom_it_is(name):
    first = read(name).cells[0]
    title, _, rest = first.source.partition("\n")
    assert re.fullmatch(r"# .+\?", title)
    assert rest.strip().startswith("For ")
    assert [level for level, _ in headings(name)].count("#") == 1


@each_notebook
def test_it_has_the_headings_of_every_notebook_in_their_order(name):
    said = [text for _, text in headings(name)]
    places = [next(i for i, text in enumerate(said) if text.startswith(heading)) for heading in SPINE]
    assert places == sorted(places)


@each_page
def test_no_number_is_typed_in_prose(name):
    for cell in prose(name):
        assert not re.search(r"\d", re.sub(r"`[^`]*`", "", cell.source)), cell.source


@each_page
def test_prose_stands_before_results(name):
    cells = read(name).cells
    assert cells[0].cell_type == "markdown"
    alone = [cell for cell in cells if cell.cell_type == "markdown" and len(cell.source.split()) < 5]
    assert alone == []


# Code


@each_page
def test_it_has_between_seven_and_eighteen_code_cells(name):
    assert 7 <= len(code(name)) <= 18


@each_page
def test_functions_loops_and_error_handling_live_in_the_library(name):
    banned = (
        ast.FunctionDef,
        ast.ClassDef,
        ast.For,
        ast.While,
        ast.Try,
        ast.With,
        ast.If,
        ast.Lambda,
        ast.ListComp,
    )
    for cell in code(name):
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, banned)], (
            cell.source
        )
        assert len(ast.parse(cell.source).body) <= 4, cell.source


@pytest.mark.parametrize("name", TUTORIAL)
def test_a_page_of_the_tutorial_imports_the_library_pandas_and_what_copies_files(name):
    found = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for cell in code(name)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert found <= {"analysis_lib", "pandas", "pathlib", "shutil", "tempfile"}


@pytest.mark.parametrize("name", TUTORIAL)
def test_what_a_page_of_the_tutorial_makes_is_gone_at_its_end(name):
    sources = [cell.source for cell in code(name)]
    makes = [source for source in sources if "TemporaryDirectory()" in source]
    assert len(makes) <= 1
    if makes:
        assert sources[-1].startswith("place.cleanup()")
        assert code(name)[-1].outputs[0].data["text/plain"] == "False"


@each_notebook
def test_the_only_import_is_the_library(name):
    found = [
        ast.unparse(node)
        for cell in code(name)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert found == ["import analysis_lib as al"]


@each_notebook
def test_every_cell_but_the_parameters_ends_by_showing_or_saying(name):
    for cell in code(name):
        if "parameters" in cell.metadata.get("tags", []):
            continue
        last = ast.parse(cell.source).body[-1]
        assert isinstance(last, ast.Expr), cell.source
        assert ast.unparse(last).startswith(("al.show(", "al.say(")), cell.source
        assert not cell.source.rstrip().endswith(";")


@each_page
def test_nothing_is_kept_from_comparison(name):
    for cell in read(name).cells:
        assert set(cell.metadata.get("tags", [])) <= TAGS
        assert "NBVAL" not in cell.source


# Parameters


@each_notebook
def test_the_parameters_are_annotated_explained_and_point_at_the_example(name):
    (cell,) = (cell for cell in code(name) if "parameters" in cell.metadata.get("tags", []))
    found = papermill.inspect_notebook(NOTEBOOKS / f"{name}.ipynb")
    assert list(found)[:3] == ["study", "wave", "results_dir"]
    assert len(ast.parse(cell.source).body) == len(found)
    for parameter in found.values():
        assert parameter["inferred_type_name"] in ("str", "int", "float", "bool")
        assert len(parameter["help"].split()) >= 3
    defaults = {key: ast.literal_eval(parameter["default"]) for key, parameter in found.items()}
    assert (NOTEBOOKS / defaults["study"]).resolve() == EXAMPLE_STUDY
    assert defaults["wave"] in STUDY.waves
    assert defaults["results_dir"] == ""


# Outputs


@each_page
def test_every_code_cell_was_executed_in_order_without_error(name):
    cells = code(name)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert kinds <= {"execute_result", "display_data"}  # one view, or several below each other


@each_notebook
def test_every_output_carries_a_payload_and_its_words(name):
    for cell in code(name):
        for output in cell.outputs:
            assert {MIME, "text/plain"} <= set(output.data)
            assert set(output.data) <= {MIME, "text/plain", "text/html", "image/png"}
            Payload.from_json(output.data[MIME])


def test_enough_outputs_are_compared():
    assert sum(len(cell.outputs) for name in NAMES for cell in code(name)) >= FEWEST_COMPARED


@each_notebook
def test_the_run_record_says_synthetic_and_names_the_committed_inputs(name):
    record = code(name)[-1].outputs[0].data["text/plain"]
    assert "SYNTHETIC" in record.splitlines()[0]
    inputs = re.findall(r"([\w./-]+) ([0-9a-f]{12})\b", record.splitlines()[-1])
    assert len(inputs) >= 5
    for path, sha in inputs:
        whole = hashlib.sha256((EXAMPLE_STUDY / path).read_bytes()).hexdigest()
        # What the authors write for checklists decides nothing, so it leaves the hash of study.yaml alone.
        assert (hash_of_decisions(EXAMPLE_STUDY) if path == "study.yaml" else whole).startswith(sha), path


@each_page
def test_nothing_of_this_machine_or_this_run_is_stored(name):
    book = read(name)
    text = json.dumps(book)
    for trace in (
        f"{ROOT}/",
        f"{Path.home()}/",
        "papermill",
        "vnd.jupyter.widget",
        "ipykernel_",
        "site-packages",
    ):
        assert trace not in text.replace('"kernelspec": {"display_name": "Python 3 (ipykernel)"', ""), trace
    assert set(book.metadata) == {"kernelspec", "language_info"}
    assert book.metadata.kernelspec.name == "python3"
    for cell in book.cells:
        assert set(cell.metadata) <= {"tags"}


@each_page
def test_cells_have_names_for_ids(name):
    ids = [cell.id for cell in read(name).cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]*", one) for one in ids)


# nbval itself


def with_changed_digits(name):
    """A copy with one digit changed in the text of every table; returns it and the places of those cells."""
    book = nbformat.from_dict(json.loads(json.dumps(read(name))))
    changed = []
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    for place, cell in enumerate(cells):
        for output in cell.outputs:
            if output.data[MIME]["shape"] != "table":
                continue
            *before, last = re.finditer(r"\d", output.data["text/plain"])
            at = (before[-1] if before else last).start()
            text = output.data["text/plain"]
            output.data["text/plain"] = f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"
            changed.append(place)
    return book, changed


@pytest.mark.runs
def test_one_changed_digit_in_any_table_of_a_notebook_is_noticed_and_an_unchanged_copy_passes(tmp_path):
    name = NAMES[0]
    book, changed = with_changed_digits(name)
    assert len(changed) >= 5
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data_schema").symlink_to(ROOT / "data_schema")
    nbformat.write(read(name), tmp_path / "notebooks" / "same.ipynb")
    nbformat.write(book, tmp_path / "notebooks" / "changed.ipynb")
    result = tmp_path / "result.xml"
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "tests.nbval_plugin", "-p", "no:cacheprovider", "--nbval",
            "--nbval-current-env", "--nbval-cell-timeout=300", f"--junitxml={result}", str(tmp_path / "notebooks"),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout[-2000:]
    failed: dict[str, list[int]] = {"same": [], "changed": []}
    seen = 0
    for case in ET.parse(result).iter("testcase"):
        which = re.search(r"(same|changed)(\.ipynb)?$", case.attrib["classname"])[1]
        seen += 1
        if case.find("failure") is not None or case.find("error") is not None:
            failed[which].append(int(case.attrib["name"].removeprefix("Cell ")))
    assert seen == 2 * len(code(name))
    assert failed["same"] == []
    assert failed["changed"] == changed
