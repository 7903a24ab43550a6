"""The commands as they are typed; the study of twelve people stands for one with real participants."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import socket
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_study import CANARY, spoilt, write_study

import analysis_lib as al
from analysis_lib.__main__ import main
from analysis_lib.commands import keys, verify
from analysis_lib.commands.due import due
from analysis_lib.errors import StudyError
from analysis_lib.runner import notebooks as suite
from analysis_lib.runner.manifest import manifest, read_manifest, sha256, write_manifest
from analysis_lib.runner.notebooks import IN_RUN, Executed
from analysis_lib.schema import TABLES
from analysis_lib.study import load_study

RECORD = {"level", "code", "file", "what", "fix", "line", "column", "sheet", "allowed"}


@pytest.fixture(autouse=True)
def configuration(tmp_path_factory, monkeypatch):
    """A configuration folder of its own, so that no test finds or leaves a key; returns the folder."""
    folder = tmp_path_factory.mktemp("configuration")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "study")


def typed(*words):
    return main([str(word) for word in words])


# check


def test_check_of_a_sound_study_exits_with_0_and_counts(study, capsys):
    assert typed("check", study) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"0 to mend, \d+ to look at, \d+ to know\.", last)


def test_check_of_a_spoilt_study_lists_everything_and_exits_with_1(tmp_path, capsys):
    changed = spoilt(
        "waves/w1/participants.csv", ("P02,helpful,completed_agreed", "P02,helpfull,completed_agreed")
    )
    assert typed("check", write_study(tmp_path, changed)) == 1
    printed = capsys.readouterr()
    assert "stop T06  waves/w1/participants.csv, line 3, column perceived_helpfulness" in printed.out
    assert printed.out.splitlines()[-1].startswith("1 to mend,")
    assert printed.err == ""


def test_check_json_is_a_list_of_records_with_stable_keys(tmp_path, capsys):
    changed = spoilt(
        "waves/w1/participants.csv", ("P02,helpful,completed_agreed", "P02,helpfull,completed_agreed")
    )
    assert typed("check", write_study(tmp_path, changed), "--json") == 1
    printed = capsys.readouterr().out
    records = json.loads(printed)
    assert all(set(record) >= RECORD for record in records)
    stop = next(record for record in records if record["level"] == "stop")
    assert (stop["code"], stop["line"], stop["column"]) == ("T06", 3, "perceived_helpfulness")
    assert CANARY not in printed


def test_check_json_of_a_sound_study_is_json_too(study, capsys):
    assert typed("check", study, "--json") == 0
    assert isinstance(json.loads(capsys.readouterr().out), list)


@pytest.mark.parametrize("command", ["check", "run", "status"])
def test_a_folder_that_is_not_there_gives_a_sentence_and_exit_code_1(tmp_path, capsys, command):
    assert typed(command, tmp_path / "none") == 1
    printed = capsys.readouterr()
    assert "there is no such folder." in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err


def test_check_of_an_unknown_wave_names_the_known_ones(study, capsys):
    assert typed("check", study, "--wave", "w2") == 1
    assert "study.yaml lists no such wave. Allowed: w1." in capsys.readouterr().out


# new


def test_new_makes_a_folder_with_every_table_and_check_says_what_is_missing(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert typed("new", folder) == 0
    in_wave, beside = (
        {path.stem for path in below.glob("*.csv")}
        for below in (folder / "waves" / "wave_1", folder / "optional_tables")
    )
    assert in_wave == {"participants", "coded_segments"}
    assert in_wave | beside == set(TABLES)
    assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"
    capsys.readouterr()
    assert typed("check", folder) == 1
    printed = capsys.readouterr()
    stops = [line.split(":")[0] for line in printed.out.splitlines() if line.startswith("stop")]
    assert stops == ["stop R11  waves/wave_1/participants.csv"]
    assert "Traceback" not in printed.err


def test_new_keeps_a_study_out_of_git_and_its_words_out_of_differences(tmp_path, capsys):
    assert typed("new", tmp_path / "mine") == 0
    assert (tmp_path / "mine" / ".gitattributes").read_text().splitlines()[-1] == "* -text -diff"
    assert f"themewave guard --install --study {tmp_path / 'mine'}" in capsys.readouterr().out
    (tmp_path / ".git").mkdir()
    assert typed("new", tmp_path / "other") == 0


def test_new_never_writes_over_anything(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    assert typed("new", tmp_path / "mine") == 1
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    assert typed("new", tmp_path / "mine" / "notes.txt") == 1
    assert (tmp_path / "mine" / "notes.txt").read_text() == "kept"
    assert capsys.readouterr().err.count("O05") == 2


def test_new_fills_an_empty_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    assert typed("new", tmp_path / "mine") == 0


def test_a_new_study_is_refused_a_second_time(tmp_path):
    assert typed("new", tmp_path / "mine") == 0
    before = sorted(path.stat().st_mtime_ns for path in (tmp_path / "mine").rglob("*"))
    assert typed("new", tmp_path / "mine") == 1
    assert sorted(path.stat().st_mtime_ns for path in (tmp_path / "mine").rglob("*")) == before


# run: what stops before any notebook


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--profile", "coautor"], "O03", 'Did you mean "coauthor"?'),
        (["--profile", "everybody"], "O03", "Allowed: coauthor, internal, public."),
        (["--wave", "w9"], "W01", "study.yaml lists no such wave."),
        (["--jobs", "0"], "O04", "Give 1 or more."),
    ],
)
def test_run_refuses_what_it_does_not_know_and_writes_nothing(study, capsys, options, code, said):
    before = sorted(study.rglob("*"))
    assert typed("run", study, *options) == 1
    printed = capsys.readouterr().err
    assert code in printed
    assert said in printed
    assert sorted(study.rglob("*")) == before


def test_run_stops_at_a_study_that_cannot_be_analysed(tmp_path, capsys):
    changed = spoilt(
        "waves/w1/participants.csv", ("P02,helpful,completed_agreed", "P02,helpfull,completed_agreed")
    )
    study = write_study(tmp_path, changed)
    assert typed("run", study) == 1
    assert "stop T06" in capsys.readouterr().err
    assert not (study / "reports").exists()


def test_run_never_writes_real_data_into_a_git_work_tree(tmp_path, capsys):
    study = write_study(tmp_path / "study")
    (tmp_path / ".git").mkdir()
    assert typed("run", study) == 1
    assert "O02" in capsys.readouterr().err
    assert not (study / "reports").exists()


def test_debug_shows_the_traceback(study):
    with pytest.raises(StudyError):
        typed("--debug", "run", study, "--profile", "nobody")


@pytest.mark.parametrize(
    "words", [["--help"], *([name, "--help"] for name in ("new", "check", "run", "status"))]
)
def test_every_command_explains_itself(capsys, words):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    assert "usage: themewave" in capsys.readouterr().out


def test_no_command_is_a_mistake_with_a_usage_line(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "usage: themewave" in capsys.readouterr().err


# status


def built(study, **changes):
    """A report folder that says it was made from the files as they are."""
    folder = study / "reports" / "tiny" / "w1"
    folder.mkdir(parents=True)
    _, states = due(load_study(study), ["w1"], folder.parent, profile="coauthor")
    content = manifest(
        study="tiny", wave="w1", state=states["w1"], facts={}, folder=folder, started=0.0, ended=1.0,
        executed=[Executed(name, folder, 1.0, 0.5, None) for name in IN_RUN],
    )  # fmt: skip
    write_manifest(folder, content | changes)
    return folder


def state(study, capsys):
    assert typed("status", study, "--json") == 0
    return json.loads(capsys.readouterr().out)["w1"]


def test_a_wave_without_a_report_is_not_built(study, capsys):
    assert state(study, capsys) == {"state": "not built", "why": []}


def test_a_report_from_the_files_as_they_are_is_current(study, capsys):
    built(study)
    assert state(study, capsys) == {
        "state": "current", "why": [], "due": [], "profile": "coauthor", "built": "1970-01-01T00:00:00Z",
    }  # fmt: skip


def test_a_report_from_other_files_is_stale_and_says_which(study, capsys):
    built(study)
    (study / "waves/w1/participants.csv").unlink()
    with (study / "study.yaml").open("a") as file:
        file.write("# a remark\n")
    found = state(study, capsys)
    assert found["state"] == "stale"
    assert found["why"] == ["study.yaml has changed", "waves/w1/participants.csv is gone"]


def test_a_report_from_another_notebook_is_stale(study, capsys):
    notebooks = read_manifest(built(study))["notebooks"]
    notebooks["01_wave_intake"]["sha256"] = "0" * 64
    shutil.rmtree(study / "reports")
    built(study, notebooks=notebooks)
    found = state(study, capsys)
    assert found["why"] == ["01_wave_intake.ipynb has changed"]
    assert found["due"] == ["01_wave_intake", "report"]


def test_the_remains_of_a_failed_run_are_named(study, capsys):
    (study / "reports" / "tiny" / "w1.failed").mkdir(parents=True)
    found = state(study, capsys)
    assert found == {"state": "not built", "why": ["the last run failed; its remains are in w1.failed"]}


def test_status_in_words_is_one_line_per_wave(study, capsys):
    built(study)
    (study / "waves/w1/participants.csv").write_text("")
    assert typed("status", study) == 0
    assert capsys.readouterr().out == "w1  stale: waves/w1/participants.csv has changed\n"


def test_status_looks_where_out_says(study, tmp_path, capsys):
    built(study)
    assert typed("status", study, "--out", tmp_path / "elsewhere", "--json") == 0
    assert json.loads(capsys.readouterr().out)["w1"]["state"] == "not built"


# The key of the pseudonyms


@pytest.fixture
def real(study):
    loaded = load_study(study)
    assert not loaded.synthetic
    return loaded


def test_the_key_is_made_once_outside_the_study_for_its_owner_alone(real, configuration):
    key = keys.pseudonym_key(real)
    (path,) = configuration.rglob("*.key")
    assert path == configuration / "themewave" / "tiny.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == 32
    assert keys.pseudonym_key(real) == key


def test_two_studies_have_two_keys(real):
    assert keys.pseudonym_key(real) != keys.pseudonym_key(replace(real, name="other"))


@pytest.mark.parametrize("where", ["{study}/my.key", "my.key", "a/../my.key", "{link}/my.key"])
def test_a_key_inside_the_study_is_refused(real, tmp_path, where):
    (tmp_path / "link").symlink_to(real.folder)
    path = where.format(study=real.folder, link=tmp_path / "link")
    with pytest.raises(StudyError) as caught:
        keys.pseudonym_key(replace(real, pseudonym_key=path))
    assert caught.value.findings[0].code == "P01"
    assert not list(real.folder.rglob("*.key"))


def test_a_relative_key_file_lies_beside_the_study_wherever_the_command_runs(real, tmp_path, monkeypatch):
    named = replace(real, pseudonym_key="../safe/my.key")
    first = keys.pseudonym_key(named)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert keys.pseudonym_key(named) == first
    assert (tmp_path / "safe" / "my.key").exists()


@pytest.mark.parametrize("text", ["", "not hexadecimal", "abcd", "é"])
def test_a_key_file_without_a_key_is_refused_and_left_alone(real, configuration, text):
    keys.pseudonym_key(real)
    path = configuration / "themewave" / "tiny.key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        keys.pseudonym_key(real)
    assert caught.value.findings[0].code == "P02"
    assert path.read_text(encoding="utf-8") == text


def test_a_synthetic_study_needs_no_key_file(configuration):
    study = load_study(al.EXAMPLE_STUDY)
    assert keys.pseudonym_key(study) == keys.pseudonym_key(study)
    assert not list(configuration.rglob("*"))


# A whole run, of one notebook


@pytest.fixture(scope="module")
def a_run(tmp_path_factory):
    """The intake notebook of the tiny study from the command to the finished folder; returns study and OUT."""
    base = tmp_path_factory.mktemp("run")
    study = write_study(base / "study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(base / "configuration"))
        patch.setattr(suite, "IN_RUN", ("01_wave_intake",))
        assert typed("run", study, "--out", base / "out", "--jobs", "1") == 0
    return study, base / "out"


def finished(a_run):
    return a_run[1] / "tiny" / "w1"


@pytest.mark.runs
def test_a_run_leaves_the_folder_of_the_contract(a_run):
    folder = finished(a_run)
    assert (folder.parent / "index.html").is_file()
    assert {path.name for path in folder.iterdir()} >= {
        "figures", "internal", "manifest.json", "report.html", "results", "tables.docx",
    }  # fmt: skip
    assert [path.name for path in (folder / "internal").glob("*.ipynb")] == ["INTERNAL_01_wave_intake.ipynb"]
    assert (folder / "results" / "flow.csv").is_file()
    assert (folder / "internal" / "results" / "flow.csv").is_file()


@pytest.mark.runs
def test_the_manifest_of_a_rounded_report_holds_no_exact_number_of_people(a_run):
    content = read_manifest(finished(a_run))
    assert (content["profile"], content["counts_rule"], content["status"]) == (
        "coauthor",
        "midpoint6",
        "complete",
    )
    assert content["n_analysed"] is None
    assert content["inputs"]["waves/w1/participants.csv"] == sha256(a_run[0] / "waves/w1/participants.csv")


@pytest.mark.runs
def test_released_counts_are_rounded_and_internal_ones_exact(a_run):
    folder = finished(a_run)
    inside = (folder / "internal" / "results" / "flow.csv").read_text().splitlines()
    outside = (folder / "results" / "flow.csv").read_text().splitlines()
    assert '"analysed",9,0,""' in inside
    assert '"enrolled",12,1,"did not take part"' in inside
    # Each of the four groups is one to six people and shown as 3, and so is whoever leaves at a stage.
    assert '"analysed",12,0,""' in outside
    assert '"agreed to analysis",18,3,"no consent to analysis, or withdrawn"' in outside


@pytest.mark.runs
def test_nothing_that_is_sent_names_a_person_a_path_or_their_words(a_run):
    folder = finished(a_run)
    sent = [path for path in folder.rglob("*") if path.is_file() and "internal" not in path.parts]
    assert len(sent) > 3
    for path in sent:
        text = path.read_bytes().decode("utf-8", errors="replace")
        assert not re.search(r"\bP(0\d|1[0-2])\b", text), path.name
        assert CANARY not in text
        assert str(a_run[0]) not in text
        assert os.path.expanduser("~") + os.sep not in text


@pytest.mark.runs
def test_a_wave_that_was_run_is_current_until_its_data_change(a_run, capsys, monkeypatch):
    study, out = a_run
    monkeypatch.setattr(suite, "IN_RUN", ("01_wave_intake",))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(study.parent / "configuration"))
    assert typed("status", study, "--out", out) == 0
    assert capsys.readouterr().out == "w1  current\n"


@pytest.mark.runs
def test_a_run_writes_only_below_out_and_the_key_file(a_run):
    study, out = a_run
    assert {path.name for path in study.parent.iterdir()} == {"study", "out", "configuration"}
    assert not (study / "reports").exists()
    assert [path.name for path in (study.parent / "configuration").rglob("*.key")] == ["tiny.key"]
    assert not (Path.cwd() / "reports" / "built" / "tiny").exists()
    assert sorted(path.name for path in (out / "tiny").iterdir()) == [".lock", "index.html", "w1"]


@pytest.mark.runs
def test_a_run_is_verified_by_a_rerun_elsewhere_which_leaves_nothing_behind(a_run, capsys, monkeypatch):
    study, out = a_run
    monkeypatch.setattr(suite, "IN_RUN", ("01_wave_intake",))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(study.parent / "configuration"))
    before = {path: path.stat().st_mtime_ns for path in study.parent.rglob("*") if path.is_file()}
    assert typed("verify", out / "tiny" / "w1", "--study", study) == 0
    assert "came out the same to the byte in a rerun." in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in study.parent.rglob("*") if path.is_file()} == before


@pytest.mark.runs
def test_the_manifest_of_a_run_names_neither_user_nor_machine_nor_any_full_path(a_run):
    text = (finished(a_run) / "manifest.json").read_text(encoding="utf-8")
    for word in (
        getpass.getuser(),
        socket.gethostname(),
        str(a_run[0].parent),
        str(Path.home()),
        str(Path.cwd()),
    ):
        assert not re.search(rf"\b{re.escape(word)}\b", text)
    assert not re.search(r'": "(?:/|~|[A-Za-z]:)', text)


def with_another_digit(text: str) -> str:
    """A text with the last digit that stands alone between two tags or marks of a table exchanged."""
    *_, last = re.finditer(r"(?<=[>,])\d(?=[<,])", text)
    return text[: last.start()] + str((int(last[0]) + 1) % 10) + text[last.end() :]


@pytest.mark.runs
def test_one_digit_changed_in_a_table_a_page_or_a_word_file_is_found_and_placed(
    a_run, tmp_path, capsys, monkeypatch
):
    def copied(folder):  # what the run left, which a test above has shown to be what a rerun gives
        shutil.copytree(finished(a_run), folder)
        return []

    monkeypatch.setattr(suite, "IN_RUN", ("01_wave_intake",))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(a_run[0].parent / "configuration"))
    monkeypatch.setattr(verify, "_run_again", lambda wave, study, states, out: copied(out / wave))
    copied(sent := tmp_path / "sent")
    for name in ("results/flow.csv", "report.html"):
        path = sent / name
        path.write_bytes(with_another_digit(path.read_bytes().decode()).encode())
    with (
        zipfile.ZipFile(finished(a_run) / "tables.docx") as kept,
        zipfile.ZipFile(sent / "tables.docx", "w") as made,
    ):
        for entry in kept.infolist():
            content = kept.read(entry)
            if entry.filename == "word/document.xml":
                content = with_another_digit(content.decode()).encode()
            made.writestr(entry, content)
    assert typed("verify", sent, "--study", a_run[0], "--json") == 1
    found = json.loads(capsys.readouterr().out)
    names = ["report.html", "results/flow.csv", "tables.docx"]
    assert sorted(each["file"] for each in found if each["code"] == "V03") == names
    placed = {each["file"]: each for each in found if each["code"] == "V21"}
    assert sorted(placed) == names
    assert placed["report.html"]["line"] > 1
    assert (placed["results/flow.csv"]["line"], placed["results/flow.csv"]["column"]) != (None, None)
    assert "word/document.xml" in str(placed["tables.docx"])
