"""What is done again after a change, what is not, and what status says about it; no kernel is started."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from mini_suite import Inline, files_of, notebook, use_suite
from tiny_study import FILES, write_study

from analysis_lib.runner import changes, notebooks, run
from analysis_lib.runner.changes import State, plan, states_of
from analysis_lib.runner.manifest import manifest, read_manifest, write_manifest
from analysis_lib.runner.notebooks import IN_RUN, LOOKING_BACK, NOTEBOOKS, Executed
from analysis_lib.runner.run import run_waves
from analysis_lib.runner.staging import clear_but
from analysis_lib.study import hash_of_decisions

WAVES = ("w1", "w2", "w3")
SUITE = ("01_first", "02_back", "03_third")  # the second looks back


def three_waves(folder):
    """The tiny study, its only wave three times over."""
    changed = {"study.yaml": FILES["study.yaml"].replace("[w1]", "[w1, w2, w3]")}
    for number, wave in enumerate(WAVES, start=1):
        for name, text in FILES.items():
            if name.startswith("waves/w1/"):
                changed[name.replace("w1", wave)] = text.replace("look: 1", f"look: {number}")
    return write_study(folder, changed)


@pytest.fixture
def study(tmp_path):
    return three_waves(tmp_path / "study")


@pytest.fixture
def suite(tmp_path, monkeypatch):
    folder = use_suite(tmp_path / "notebooks", monkeypatch, SUITE)
    for name in SUITE:
        notebook(folder, name, "1")
    monkeypatch.setattr(notebooks, "LOOKING_BACK", ("02_back",))
    return folder


class Builder:
    """Runs of the study in which a notebook is its inputs written down, and a report is its notebooks."""

    def __init__(self, study, out, profile="coauthor", key=b"key"):
        self.study, self.out, self.profile, self.key = study, out, profile, key
        self.executed: list[str] = []
        out.mkdir(exist_ok=True)

    def states(self):
        return states_of(
            self.study,
            WAVES,
            WAVES,
            decisions=hash_of_decisions(Path(self.study)),
            results=lambda wave: self.out / wave,
            profile=self.profile,
            pseudonym_key=self.key,
        )

    def plans(self):
        states = self.states()
        return {
            wave: plan(wave, states[wave], read_manifest(self.out / wave), self.out / wave) for wave in WAVES
        }

    def run(self, *, force=False):
        """Run what is due; returns what was executed as wave/notebook."""
        states, done = self.states(), []
        plans = [
            each if not force else replace(each, notebooks=SUITE, report=True)
            for each in self.plans().values()
        ]

        def pretend(name, parameters, output, *, folder, warm, earlier_waves):
            wave = parameters["wave"]
            done.append(f"{wave}/{name}")
            seen = dict(states[wave].inputs)
            if name == "02_back":
                seen |= states[wave].earlier
            book = nbformat.v4.new_notebook()
            book.cells = [nbformat.v4.new_raw_cell(json.dumps(seen), id="only")]
            nbformat.write(book, output)
            tables = Path(parameters["results_dir"])
            tables.mkdir(parents=True)
            (tables / f"{name}.csv").write_text(json.dumps(seen))
            return Executed(name, output, 0.1, 0.1, None)

        def publish(wave, staging, runs, began):
            clear_but(staging, "internal")
            books = [run_.path.read_text() for run_ in runs]
            (staging / "report.html").write_text(f"{self.profile} {self.key!r} {books}")
            content = manifest(
                study="tiny", wave=wave, state=states[wave], facts={}, executed=runs, folder=staging, started=0, ended=1
            )  # fmt: skip
            write_manifest(staging, content)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "execute", pretend)
            failures = run_waves(
                [each for each in plans if each.report], study_folder=self.study, out=self.out, publish=publish,
                pool=Inline(), report_progress=lambda *_: None,
            )  # fmt: skip
        assert failures == []
        return done


@pytest.fixture
def built(study, suite, tmp_path):
    builder = Builder(study, tmp_path / "out")
    builder.run()
    return builder


def everything(wave):
    return [f"{wave}/{name}" for name in SUITE]


def add_a_person(study, wave):
    with (study / f"waves/{wave}/participants.csv").open("a") as file:
        file.write("P13,helpful,completed_agreed,12,12,T1,30,2023-09-04,2023-12-11\n")


# What is due


def test_a_study_that_was_never_run_is_run_whole(study, suite, tmp_path):
    builder = Builder(study, tmp_path / "out")
    assert {each.why for each in builder.plans().values()} == {("it has not been built",)}
    assert builder.run() == [piece for wave in WAVES for piece in everything(wave)]


def test_nothing_is_due_where_nothing_has_changed(built):
    assert {(each.notebooks, each.report, each.why) for each in built.plans().values()} == {((), False, ())}
    assert built.run() == []


def test_a_new_person_concerns_their_wave_and_whatever_looks_back_at_it(built, study):
    add_a_person(study, "w2")
    plans = built.plans()
    assert plans["w1"].why == ()
    assert plans["w2"].why == ("waves/w2/participants.csv has changed",)
    assert plans["w3"].why == ("the earlier wave w2 has changed",)
    assert built.run() == [*everything("w2"), "w3/02_back"]


def test_a_change_of_the_study_concerns_every_wave(built, study):
    with (study / "study.yaml").open("a") as file:
        file.write("# a remark\n")
    assert {each.why for each in built.plans().values()} == {("study.yaml has changed",)}
    assert len(built.run()) == 9


@pytest.mark.parametrize(
    "listed", ["[w1, w2, w3, w4]", "[w1,\n  w2, w3, w4]  # new", "\n  - w1\n  - w2\n  - w3"]
)
def test_a_wave_that_is_added_to_the_list_concerns_no_other_unless_lines_move(built, study, listed):
    path = study / "study.yaml"
    path.write_text(path.read_text().replace("[w1, w2, w3]", listed))
    moved = "\n" in listed  # messages about study.yaml name lines
    assert {each.why for each in built.plans().values()} == {("study.yaml has changed",) if moved else ()}


def test_a_file_that_comes_or_goes_is_a_change(built, study):
    (study / "waves/w3/author_notes.md").write_text("# Limits\n")
    (study / "waves/w1/corrections.csv").unlink()
    plans = built.plans()
    assert plans["w3"].why == ("waves/w3/author_notes.md is new",)
    assert plans["w1"].why == ("waves/w1/corrections.csv is gone",)
    assert plans["w2"].why == ("the earlier wave w1 has changed",)


def test_what_somebody_leaves_in_the_study_for_themselves_is_no_change(built, study):
    (study / "minutes.txt").write_text("met on Monday")
    (study / "waves/w1/.notes.swp").write_text("open in an editor")
    (study / "waves/w1/import_report.html").write_text("written by an import")
    assert built.run() == []


def test_a_changed_notebook_is_executed_in_every_wave_and_no_other_is(built, suite):
    notebook(suite, "03_third", "2")
    assert {each.why for each in built.plans().values()} == {("03_third.ipynb has changed",)}
    assert built.run() == [f"{wave}/03_third" for wave in WAVES]


def test_a_notebook_that_is_new_or_gone_is_known(built, suite, monkeypatch):
    notebook(suite, "04_new", "1")
    monkeypatch.setattr(notebooks, "IN_RUN", ("01_first", "02_back", "04_new"))
    assert built.plans()["w1"].notebooks == ("04_new",)
    assert built.plans()["w1"].why == ("04_new.ipynb has changed", "03_third.ipynb is no longer run")


def test_another_version_of_a_package_or_of_python_runs_everything(built, monkeypatch):
    newer = changes._versions() | {"pandas": "99.0"}
    monkeypatch.setattr(changes, "_versions", lambda: newer)
    ((why,),) = {each.why for each in built.plans().values()}
    assert why.startswith("pandas was ")
    assert why.endswith(" and is 99.0")
    assert len(built.run()) == 9


def test_another_program_runs_everything(built, monkeypatch):
    monkeypatch.setattr(changes, "_code", lambda: "another hash")
    assert {each.why for each in built.plans().values()} == {("the program has changed",)}


def test_other_readers_get_another_report_of_the_same_notebooks(built):
    built.profile, built.key = "internal", None
    whys = {each.why for each in built.plans().values()}
    assert whys == {("the profile was coauthor and is internal", "the key of the pseudonyms has changed")}
    assert built.run() == []
    assert (built.out / "w1" / "report.html").read_text().startswith("internal")


def test_a_study_that_was_moved_is_run_whole_since_notebooks_name_its_place(built, tmp_path):
    built.study = shutil.move(built.study, tmp_path / "moved")
    assert {each.why for each in built.plans().values()} == {
        ("the study or its reports lie in another folder than before",)
    }


@pytest.mark.parametrize(
    ("name", "executed"), [("report.html", []), ("internal/results/01_first.csv", everything("w1"))]
)
@pytest.mark.parametrize("how", ["altered", "removed"])
def test_what_somebody_altered_or_removed_is_made_again(built, name, executed, how):
    path = built.out / "w1" / name
    before = path.read_bytes()
    path.unlink() if how == "removed" else path.write_text("by hand")
    assert built.plans()["w1"].why == (f"{name} has been altered or removed",)
    assert built.run() == executed
    assert path.read_bytes() == before


def test_the_remains_of_a_failed_run_make_a_wave_due_until_it_succeeds(built):
    (built.out / "w1.failed").mkdir()
    assert built.plans()["w1"].why == ("the last run failed; its remains are in w1.failed",)
    built.run()
    assert not (built.out / "w1.failed").exists()
    assert built.plans()["w1"].why == ()


def test_a_manifest_of_an_earlier_program_says_that_it_is_one(built):
    write_manifest(built.out / "w1", {"wave": "w1", "inputs": {}, "notebooks": {}, "profile": "coauthor"})
    assert built.plans()["w1"].why == ("an earlier version of the program built it",)


def test_no_state_names_a_place_on_this_machine(built, tmp_path):
    content = read_manifest(built.out / "w2")
    assert str(tmp_path) not in json.dumps(content)
    assert State.__dataclass_fields__.keys() - {"notebooks", "profile"} <= content.keys()


# Skipping never changes a byte


def test_a_sequence_of_changes_leaves_the_bytes_of_a_run_from_scratch(built, study, suite):
    def add_notes():
        (study / "waves/w2/author_notes.md").write_text("# Limits\n\nFew people.\n")

    def change_the_codebook():
        with (study / "codebook.yaml").open("a") as file:
            file.write("  - {id: Z.other, label: Something else}\n")

    def change_readers():
        built.profile, built.key = "public", b"other"

    steps = [
        lambda: add_a_person(study, "w1"), add_notes, lambda: notebook(suite, "02_back", "2"),
        change_the_codebook, change_readers, (study / "waves/w1/corrections.csv").unlink, lambda: None,
    ]  # fmt: skip
    n_executed = []
    for step in steps:
        step()
        n_executed.append(len(built.run()))
        incremental = files_of(built.out)
        assert len(built.run(force=True)) == 9
        assert files_of(built.out) == incremental
    # w1 and two that look back; w2 and w3 that looks back; one notebook each; all; none; as the first; none.
    assert n_executed == [5, 4, 3, 9, 0, 5, 0]


# What is declared is true of the suite

OPENED = """\
import json, sys
from pathlib import Path
import nbformat
import analysis_lib as al
from analysis_lib.runner.notebooks import IN_RUN, NOTEBOOKS
study, wave = Path(sys.argv[1]), sys.argv[2]
seen = set()
def look(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(str(study)):
        seen.add(Path(arguments[0]).relative_to(study).as_posix())
sys.addaudithook(look)
found = {}
for name in IN_RUN:
    seen.clear()
    given = {"study": str(study), "wave": wave, "results_dir": ""}
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            exec(cell.source, given)
    found[name] = sorted(seen)
print("FOUND " + json.dumps(found))
"""


@pytest.mark.runs
def test_notebooks_open_no_file_that_they_are_not_known_to_follow_from(study):
    words = [sys.executable, "-c", OPENED, str(study), "w2"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    opened = json.loads(done.stdout.partition("FOUND ")[2])
    states = states_of(
        study, WAVES, WAVES, decisions="d", results=lambda wave: study, profile="coauthor", pseudonym_key=None
    )
    assert sorted(opened) == sorted(IN_RUN)
    for name, files in opened.items():
        known = set(states["w2"].inputs)
        if name in LOOKING_BACK:
            known |= set(states["w1"].inputs)
        assert set(files) - {"."} <= known, name
        assert "waves/w2/participants.csv" in files, name


def test_every_notebook_of_the_run_is_there():
    assert [name for name in (*IN_RUN, *LOOKING_BACK) if not (NOTEBOOKS / f"{name}.ipynb").is_file()] == []
