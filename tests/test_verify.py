"""A report is held against its manifest and against a rerun; here a copy stands for the rerun, as none is needed."""

from __future__ import annotations

import json
import shutil

import pytest
from tiny_study import FILES, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands import verify as module
from analysis_lib.commands.due import due
from analysis_lib.commands.keys import key_file
from analysis_lib.runner.manifest import manifest, write_manifest
from analysis_lib.runner.notebooks import IN_RUN, Executed
from analysis_lib.study import load_study


@pytest.fixture(autouse=True)
def configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "study")


@pytest.fixture
def report(study):
    """The folder of a report that was made from the study as it is."""
    folder = study / "reports" / "tiny" / "w1"
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "flow.csv").write_text("stage,n\nanalysed,9\n")
    _, states = due(load_study(study), ["w1"], folder.parent, profile="coauthor")
    executed = [Executed(name, folder, 1.0, 0.5, None) for name in IN_RUN]
    content = manifest(
        study="tiny",
        wave="w1",
        state=states["w1"],
        facts={},
        executed=executed,
        folder=folder,
        started=0,
        ended=1,
    )
    write_manifest(folder, content)
    return folder


@pytest.fixture
def rerun(report, monkeypatch):
    """What a rerun gives: the report as it was, unless the dictionary says otherwise of a file."""
    kept, changed = report.with_name("kept"), {}
    shutil.copytree(report, kept)

    def copy(wave, study, states, out):
        shutil.copytree(kept, out / wave)
        for name, text in changed.items():
            (out / wave / name).write_text(text)
        return []

    monkeypatch.setattr(module, "_run_again", copy)
    yield changed
    shutil.rmtree(kept)


def verified(capsys, *words):
    """(level, code, file, line) of every finding, and the exit code."""
    code = main(["verify", *map(str, words), "--json"])
    records = json.loads(capsys.readouterr().out)
    return [(each["level"], each["code"], each["file"], each["line"]) for each in records], code


def test_a_report_as_it_was_left_is_verified(report, study, rerun, capsys):
    assert verified(capsys, report, "--study", study) == ([], 0)
    assert main(["verify", str(report), "--study", str(study)]) == 0
    assert capsys.readouterr().out == "1 files of 1 report(s) came out the same to the byte in a rerun.\n"


def test_the_quick_form_needs_no_study_and_says_what_it_did(report, capsys):
    assert main(["verify", str(report), "--hashes-only"]) == 0
    assert capsys.readouterr().out == "1 files of 1 report(s) have the bytes that the manifest lists.\n"


def test_a_number_that_was_changed_is_found_by_hash_and_by_rerun(report, study, rerun, capsys):
    (report / "results" / "flow.csv").write_text("stage,n\nanalysed,8\n")
    found, code = verified(capsys, report, "--study", study)
    assert found == [("stop", "V03", "results/flow.csv", None), ("stop", "V21", "results/flow.csv", 2)]
    assert code == 1
    assert verified(capsys, report, "--hashes-only") == (found[:1], 1)


def test_a_number_that_was_changed_together_with_the_manifest_is_found_by_rerun(report, study, rerun, capsys):
    rerun["results/flow.csv"] = "stage,n\nanalysed,7\n"
    assert main(["verify", str(report), "--study", str(study)]) == 1
    assert (
        "results/flow.csv, line 2, column n: this is not what a rerun gives: 9 against 7."
        in capsys.readouterr().out
    )


def test_what_has_changed_since_is_said_before_what_differs(report, study, rerun, capsys):
    with (study / "waves" / "w1" / "participants.csv").open("a") as file:
        file.write("\n")
    (study / "waves" / "w1" / "documents.csv").unlink()
    found, code = verified(capsys, report, "--study", study)
    assert [(level, code, file) for level, code, file, _ in found] == [
        ("warn", "V44", "waves/w1/documents.csv"),
        ("warn", "V44", "waves/w1/participants.csv"),
    ]
    assert code == 0  # the numbers are the same all the same


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("versions", {"numpy": "0.1"}, "V46"), ("code", "x", "V47"), ("notebooks", {}, "V47"),
        ("earlier", {"w0": "x"}, "V45"), ("pseudonyms", "x", "V48"), ("profile", "x", "V43"),
    ],
)  # fmt: skip
def test_each_thing_that_a_report_follows_from_is_named_where_it_changed(
    report, study, rerun, capsys, key, value, code
):
    content = json.loads((report / "manifest.json").read_text())
    (report / "manifest.json").write_text(json.dumps(content | {key: value}))
    found, _ = verified(capsys, report, "--study", study)
    assert code in {each[1] for each in found}


def test_without_its_key_a_report_cannot_be_made_again_and_no_new_key_is_made(report, study, capsys):
    key = key_file(load_study(study))
    key.unlink()
    found, code = verified(capsys, report, "--study", study)
    assert ([each[1] for each in found], code) == (["V48"], 1)
    assert not key.exists()


def test_the_folder_above_stands_for_every_report_in_it(report, capsys):
    shutil.copytree(report, report.with_name("w2"))
    (report.with_name("w2") / "results" / "flow.csv").unlink()
    assert verified(capsys, report.parent, "--hashes-only") == (
        [("stop", "V02", "w2/results/flow.csv", None)],
        1,
    )


def test_a_folder_without_a_report_gives_a_sentence(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 1
    assert "V40" in capsys.readouterr().err


def test_a_rerun_without_a_study_gives_a_sentence(report, capsys):
    assert main(["verify", str(report)]) == 1
    assert "V41" in capsys.readouterr().err


def test_the_report_of_another_study_gives_a_sentence(report, tmp_path, capsys):
    other = write_study(
        tmp_path / "other", {"study.yaml": FILES["study.yaml"].replace("study: tiny", "study: other")}
    )
    assert main(["verify", str(report), "--study", str(other)]) == 1
    assert "V42" in capsys.readouterr().err
