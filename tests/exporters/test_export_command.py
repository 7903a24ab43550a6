"""``themewave export`` as it is typed: where files go, and where they never go."""

from __future__ import annotations

import pytest
from tiny_study import CANARY, FILES, write_study

from analysis_lib.__main__ import main


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "study")


def typed(*words):
    return main(["export", *map(str, words)])


def project_of(study):
    return study / "exports" / "tiny_w1.qdpx"


def test_a_project_goes_to_the_exports_of_the_study_and_is_said_to_hold_exact_data(study, capsys):
    assert typed(study, "--wave", "w1", "--format", "refi-qda") == 0
    assert project_of(study).read_bytes()[:2] == b"PK"
    printed = capsys.readouterr().out
    assert printed.count("It holds exact data") == 1
    assert CANARY not in printed
    assert [path.name for path in (study / "exports").iterdir()] == ["tiny_w1.qdpx"]


def test_a_codebook_needs_no_wave_and_holds_nobody(study, capsys):
    assert typed(study, "--format", "refi-codebook") == 0
    assert b"<CodeBook " in (study / "exports" / "tiny_codebook.qdc").read_bytes()
    assert "exact data" not in capsys.readouterr().out


def test_a_second_export_replaces_the_first_by_the_same_bytes(study):
    contents = []
    for _ in range(2):
        assert typed(study, "--wave", "w1", "--format", "refi-qda") == 0
        contents.append(project_of(study).read_bytes())
    assert contents[0] == contents[1]


def test_a_named_file_is_written_and_never_written_over(study, tmp_path, capsys):
    out = tmp_path / "mine.qdpx"
    assert typed(study, "--wave", "w1", "--format", "refi-qda", "--out", out) == 0
    out.write_bytes(b"the project that was coded")
    assert typed(study, "--wave", "w1", "--format", "refi-qda", "--out", out) == 1
    assert "stop M82  --out" in capsys.readouterr().err
    assert out.read_bytes() == b"the project that was coded"


def test_words_of_real_people_are_never_written_into_a_repository(study, tmp_path, capsys):
    (tmp_path / ".git").mkdir()
    assert typed(study, "--wave", "w1", "--format", "refi-qda") == 1
    assert typed(study, "--wave", "w1", "--format", "refi-qda", "--out", tmp_path / "out.qdpx") == 1
    assert capsys.readouterr().err.count("stop O02  --out") == 2
    assert not (study / "exports").exists()
    assert not (tmp_path / "out.qdpx").exists()


def test_a_synthetic_study_and_any_codebook_may_go_into_a_repository(tmp_path):
    (tmp_path / ".git").mkdir()
    study = write_study(tmp_path / "study", {"study.yaml": f"synthetic: yes\n{FILES['study.yaml']}"})
    assert typed(study, "--wave", "w1", "--format", "refi-qda") == 0
    assert typed(write_study(tmp_path / "real"), "--format", "refi-codebook") == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--wave", "w1", "--format", "refi-qdaa"], "M80", 'Did you mean "refi-qda"?'),
        (
            ["--wave", "w1", "--format", "spss"],
            "M80",
            "Allowed: csv, xlsx, parquet, sav, r, refi-qda, refi-codebook.",
        ),
        (["--format", "refi-qda"], "M81", "Allowed: w1."),
        (["--wave", "w9", "--format", "refi-qda"], "W01", "study.yaml lists no such wave."),
        (["--wave", "../w1", "--format", "refi-qda"], "W01", "study.yaml lists no such wave."),
    ],
)
def test_what_is_not_known_is_refused_in_a_sentence_and_nothing_is_written(study, capsys, words, code, said):
    assert typed(study, *words) == 1
    printed = capsys.readouterr().err
    assert f"stop {code}" in printed
    assert said in printed
    assert not (study / "exports").exists()


def test_a_place_that_cannot_be_written_to_is_said(study, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert typed(study, "--format", "refi-codebook", "--out", tmp_path / "file" / "mine.qdc") == 1
    assert "stop M84  --out" in capsys.readouterr().err
