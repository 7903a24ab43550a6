"""What a repository may not keep is found before it is committed, and never repeated."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from tiny_study import CANARY, FILES, WORDS, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands.guard_rules import Repository, findings_in
from analysis_lib.commands.known_studies import Known, known_of, shingles_of
from analysis_lib.errors import StudyError
from analysis_lib.payload import MIME

ROOT = Path(__file__).resolve().parents[1]
SAID = "I told him about my brother and he looked at the clock on the wall instead."
KNOWN = Known(
    ids=frozenset({"k047", "clinic-12"}), shingles=frozenset(number for number, _ in shingles_of(SAID))
)


def found(name, content, known=KNOWN, **beside):
    """(code, line) of everything that is found in one file of a repository."""
    texts = {key.replace("__", "/") + ".yaml": text for key, text in beside.items()}
    data = content if isinstance(content, bytes) else content.encode()
    findings = findings_in(name, data, Repository(texts.get, known))
    for finding in findings:  # nothing that was looked for may be repeated
        assert not {"k047", "clinic-12", "brother"} & set(str(finding).casefold().replace("/", " ").split())
    return [(finding.code, finding.line) for finding in findings]


# Words and ids


def test_eight_words_of_a_quote_are_found_on_their_line():
    text = "# Notes\n\nOne said: about my brother; and he LOOKED at\nthe clock.\n"
    assert found("notes.md", text) == [("G12", 3)]


def test_seven_words_of_a_quote_are_chance():
    assert found("notes.md", "about my brother and he looked at\n") == []


@pytest.mark.parametrize(
    "text",
    [
        r'"I told him about my brother\nand he looked at the clock"',
        "<p>I told <b>him</b> about my brother&#39;and he looked at the clock</p>",
        "I told him about my brother\r\nand he looked at the clock",
        "I told him about my brother\\u2014and he looked at the clock",
    ],
)
def test_line_breaks_markup_and_escapes_do_not_hide_a_quote(text):
    assert [code for code, _ in found("page.html", text)] == ["G12"]


def test_a_quote_in_utf_16_is_found():
    assert found("notes.txt", SAID.encode("utf-16")) == [("G12", 1)]


def test_a_quote_inside_a_word_file_is_found():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", f"<w:t>{SAID[:30]}</w:t><w:t>{SAID[30:]}</w:t>")
    assert found("draft.docx", made.getvalue()) == [("G12", None)]


@pytest.mark.parametrize("text", ["as K047 said", "K047,helpful", '"k047"', "path/K047/x", "see clinic-12."])
def test_an_id_of_a_known_study_is_found(text):
    assert found("notes.md", f"\n{text}\n") == [("G11", 2)]


@pytest.mark.parametrize("text", ["K0471", "AK047", "K04", "clinic-123"])
def test_a_word_that_only_begins_or_ends_like_an_id_is_none(text):
    assert found("notes.md", text) == []


def test_an_id_in_the_name_of_a_file_is_found_and_the_name_is_not_said():
    (finding,) = findings_in("letters/K047/first.md", b"", Repository(lambda name: None, KNOWN))
    assert (finding.code, finding.file) == ("G09", "letters/…")


def test_many_places_in_one_file_are_counted_after_a_few():
    assert len(found("notes.md", "K047\n" * 100)) == 6


# Files


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("interviews.qdpx", ""), ("a/b/Project.NVPX", ""), ("people.sav", ""), ("people.xlsx", ""), ("x.mx24", ""),
        ("renamed.txt", b"SQLite format 3\0..."), ("renamed.bin", b"PAR1..."), ("renamed", b"$FL2@(#)"),
    ],
)  # fmt: skip
def test_files_of_analysis_programs_are_found_under_any_name(name, content):
    assert found(name, content) == [("G05", None)]


@pytest.mark.parametrize("inside", ["project.qde", "xl/workbook.xml"])
def test_a_project_that_was_renamed_is_found(inside):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(inside, "")
    assert found("figure.zip", made.getvalue()) == [("G05", None)]


@pytest.mark.parametrize(
    "header",
    ["participant_id,age", "age;Participant_ID", '"segment_id","participant_id","text"', "participant_id"],
)
def test_a_table_with_people_in_it_is_found_wherever_it_lies(header):
    assert found("data/people.csv", f"{header}\nx,1\n") == [("G06", None)]
    assert found("data/people.csv", f"{header}\n") == []  # a template
    assert found("data/people.csv", "theme_id,n\nA,1\n") == []


def test_the_tables_of_a_synthetic_study_may_be_kept_and_of_another_not():
    name, table = "s/waves/w1/participants.csv", "participant_id\nx1\n"
    assert found(name, table, s__study="study: s\nsynthetic: yes\n") == []
    assert found(name, table, s__study="study: s\nsynthetic: no\n") == [("G06", None)]
    assert found(name, table) == [("G06", None)]


@pytest.mark.parametrize(
    "name", ["INTERNAL_01_x.txt", "r/internal/results/flow.csv", "s/.themewave/ledger.json"]
)
def test_what_is_internal_is_found(name):
    assert found(name, "1") == [("G08", None)]


def test_a_key_is_found_whatever_its_file_is_called():
    assert found("notes.txt", "0123456789abcdef" * 4 + "\n") == [("G07", None)]


def test_what_is_too_large_to_be_read_is_said_and_stops_nothing():
    findings = findings_in("large.txt", b"x" * (20 * 1024 * 1024 + 1), Repository(lambda name: None))
    assert [(finding.code, finding.level) for finding in findings] == [("G10", "warn")]


# Notebooks


def a_notebook(*, synthetic=None, study="", metadata=None, cell=None, shown="3"):
    data = {"text/plain": shown}
    if synthetic is not None:
        data[MIME] = {"facts": {"synthetic": synthetic}}
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}}] if shown else []
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": [f'study: str = "{study}"  # folder'],
         "outputs": [], "execution_count": 1},
        {"cell_type": "code", "metadata": cell or {}, "source": ["x"], "outputs": outputs, "execution_count": 2},
    ]  # fmt: skip
    return json.dumps(
        {"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    )


def of_notebook(**how):
    return [code for code, _ in found("notebooks/n.ipynb", a_notebook(**how), s__study="synthetic: yes\n")]


@pytest.mark.parametrize("said", [True, None])
def test_outputs_of_a_synthetic_study_may_stay(said):
    assert of_notebook(synthetic=said, study="../s") == []


def test_a_notebook_without_outputs_may_stay():
    assert of_notebook(shown="", study="../real") == []


@pytest.mark.parametrize(
    "how",
    [
        {"synthetic": False},
        {},
        {"synthetic": True, "study": "../real"},
        {"synthetic": True, "study": "/data/real"},
    ],
)
def test_other_outputs_may_not(how):
    assert of_notebook(**how) == ["G01"]


def test_the_line_of_the_first_output_is_named():
    text = a_notebook(synthetic=False)
    ((_, line),) = found("n.ipynb", text)
    assert text.splitlines()[line - 1].strip() == '"outputs": ['
    assert text.splitlines()[line].strip() == "{"


@pytest.mark.parametrize(
    "how",
    [
        {"metadata": {"papermill": {"parameters": {}}}},
        {"cell": {"papermill": {"status": "completed"}}},
        {"cell": {"tags": ["injected-parameters"]}},
    ],
)
def test_what_papermill_leaves_behind_is_found(how):
    assert of_notebook(shown="", **how) == ["G02"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}'])
def test_a_notebook_that_cannot_be_read_is_found(text):
    assert found("n.ipynb", text) == [("G03", None)]


# Known studies


def test_ids_and_quotes_of_a_study_are_known_from_its_tables(tmp_path):
    with_ids = FILES["waves/w1/participants.csv"].replace("P01,", "K047,")
    segments = FILES["waves/w1/coded_segments.csv"].replace(WORDS + " Twice.", SAID)
    changed = {"waves/w1/participants.csv": with_ids, "waves/w1/coded_segments.csv": segments}
    known = known_of([write_study(tmp_path, changed)])
    assert "k047" in known.ids
    assert {number for number, _ in shingles_of(SAID)} <= known.shingles
    assert known.n_plain > 0  # P02 and the like, of three signs


def test_ids_that_a_public_example_uses_too_prove_nothing(tmp_path):
    changed = {"waves/w1/participants.csv": FILES["waves/w1/participants.csv"].replace("P01,", "K047,")}
    assert "k047" not in known_of([write_study(tmp_path, changed)], public=frozenset({"k047"})).ids


def test_a_synthetic_study_holds_nothing_that_matters(tmp_path):
    study = write_study(tmp_path, {"study.yaml": FILES["study.yaml"] + "synthetic: yes\n"})
    assert known_of([study]) == Known()


@pytest.mark.parametrize("spoilt", ["study.yaml", "waves/w1/participants.csv"])
def test_a_study_that_cannot_be_read_stops_since_nothing_of_it_could_be_found(tmp_path, spoilt):
    study = write_study(tmp_path, {spoilt: b"\xff\xfe\x00"})
    with pytest.raises(StudyError, match="cannot be read"):
        known_of([study])


# In a repository


def git(folder, *words):
    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = os.environ | names | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environment = {key: value for key, value in environment.items() if key != "GIT_DIR"}
    return subprocess.run(
        ["git", "-C", str(folder), *words], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def repository(tmp_path, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "README.md").write_text("Nothing.\n")
    git(folder, "add", ".")
    monkeypatch.chdir(folder)
    return folder


def typed(*words):
    return main([str(word) for word in words])


def test_a_clean_repository_passes_and_says_what_could_not_be_looked_for(repository, capsys):
    assert typed("guard") == 0
    printed = capsys.readouterr().out
    assert "note G24" in printed
    assert printed.endswith("1 files: no output, id, quote or data file of a participant.\n")


def test_what_is_staged_is_looked_at_and_not_what_lies_beside_it(repository, tmp_path, capsys):
    study = write_study(tmp_path / "study")
    (repository / "notes.md").write_text(f"\n{WORDS} Often.\n")
    assert typed("guard", "--study", study) == 0
    capsys.readouterr()
    git(repository, "add", ".")
    (repository / "notes.md").write_text("Mended, and not staged.\n")
    assert typed("guard", "--study", study, "--json") == 1
    records = json.loads(capsys.readouterr().out)
    assert [(each["code"], each["file"], each["line"]) for each in records if each["level"] == "stop"] == [
        ("G12", "notes.md", 2)
    ]
    assert CANARY not in json.dumps(records)


def test_files_can_be_named_and_need_no_repository(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.sav").write_bytes(b"")
    assert typed("guard", "people.sav") == 1
    assert "stop G05  people.sav" in capsys.readouterr().out
    assert typed("guard") == 1
    assert "G26" in capsys.readouterr().err
    assert typed("guard", "nothing.txt") == 1
    assert "G23" in capsys.readouterr().err


def test_the_hook_lets_a_clean_commit_through_and_stops_another(repository, tmp_path, capsys):
    study = write_study(tmp_path / "study")
    assert typed("guard", "--install", "--study", study) == 0
    assert git(repository, "commit", "-qm", "clean").returncode == 0
    (repository / "notes.md").write_text(f"{WORDS} Often.\n")
    git(repository, "add", ".")
    stopped = git(repository, "commit", "-qm", "not clean")
    assert stopped.returncode == 1
    assert "notes.md, line 1" in stopped.stdout + stopped.stderr
    assert CANARY not in stopped.stdout + stopped.stderr
    assert git(repository, "status", "--porcelain").stdout == "A  notes.md\n"
    assert sys.executable not in git(repository, "ls-files").stdout


def test_a_hook_of_somebody_else_is_left_alone(repository, capsys):
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    assert typed("guard", "--install") == 1
    assert "G22" in capsys.readouterr().err
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"


def test_this_repository_passes_its_own_guard(monkeypatch, capsys):
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    monkeypatch.chdir(ROOT)
    assert typed("guard") == 0, capsys.readouterr().out


def test_a_path_that_a_notebook_gives_is_taken_from_its_own_folder():
    repository = Repository({"a/s/study.yaml": "synthetic: yes"}.get)
    assert repository.synthetic(PurePosixPath("a/s/waves/w1"))
    assert not repository.synthetic(PurePosixPath("b/s"))
