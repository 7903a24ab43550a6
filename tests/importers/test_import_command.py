"""``themewave import`` from a file to the tables of a wave, and the same project named in wave.yaml."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

import analysis_lib as al
from analysis_lib.__main__ import main
from analysis_lib.schema import public_name

SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples"
pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="no folder `shared/samples` beside the repository"
)
STUDY = """\
study: imported
title: An imported project (SYNTHETIC)
synthetic: yes
setting: invented
tradition: codebook
theme_timing: after_outcome
coders_blind_to_outcome: no
waves: [w1]
outcome:
  groups: [helpful, mixed, dropped_out]
  reference: helpful
privacy: {counts: exact, reason: invented}
"""
WAVE = """\
opened: 2024-01-01
closed: 2024-02-01
data_cut: 2024-03-01
codebook_version: "1"
look: 1
"""


def study(folder: Path, sources: str = "") -> Path:
    (folder / "waves" / "w1").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "waves" / "w1" / "wave.yaml").write_text(WAVE + sources, encoding="utf-8")
    return folder


def imported(folder: Path, sample: str, *more: str) -> int:
    return main(["import", str(SAMPLES / sample), "--study", str(folder), "--wave", "w1", *more])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def finished(folder: Path) -> Path:
    """The import with the two decisions that a team has to make: the new codes, and what the outcome is."""
    assert imported(folder, "qualcoder/data.qda") == 0
    wave = folder / "waves" / "w1"
    themes = (wave / "import_codebook.yaml").read_text(encoding="utf-8")
    (folder / "codebook.yaml").write_text(f'codebook: {{version: "1"}}\n{themes}', encoding="utf-8")
    text = (wave / "import_map.yaml").read_text(encoding="utf-8")
    text = text.replace("Outcome: outcome\n", "Outcome: outcome_group\n")
    text = text.replace("values: {}", "values: {outcome_group: {dropped out: dropped_out}}")
    (wave / "import_map.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_project_becomes_tables_a_map_and_a_report(tmp_path, capsys):
    folder = study(tmp_path / "study")
    assert imported(folder, "qualcoder/data.qda") == 0
    wave = folder / "waves" / "w1"
    coded = rows(wave / "coded_segments.csv")
    assert len(coded) == 13
    assert sorted(row["coder_id"] for row in coded) == ["alice"] * 9 + ["bob"] * 4
    heard = next(row for row in coded if row["text"].startswith("I felt heard from the very first session"))
    assert (heard["participant_id"], heard["start"], heard["end"]) == ("P01", "91", "133")
    facts = json.loads((wave / "import_report.json").read_text(encoding="utf-8"))
    assert (facts["found"]["codings"], facts["unaccounted"]) == (13, {})
    assert "13 coded segments of 3 participants" in capsys.readouterr().out
    assert "INTERNAL" in (wave / "import_report.html").read_text(encoding="utf-8")


def test_a_dry_run_writes_nothing(tmp_path, capsys):
    folder = study(tmp_path / "study")
    before = sorted(folder.rglob("*"))
    assert imported(folder, "qualcoder/demo.qdpx", "--dry-run") == 0
    assert sorted(folder.rglob("*")) == before
    assert "Nothing was written" in capsys.readouterr().out


def test_importing_again_changes_no_byte_of_any_table_and_then_of_nothing(tmp_path):
    folder = study(tmp_path / "study")

    def files() -> dict[str, bytes]:
        imported(folder, "taguette/project.sqlite3")
        return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    first, second, third = files(), files(), files()
    assert second == third
    differing = {name for name in first if first[name] != second[name]}
    assert differing <= {"import_report.json", "import_report.html"}  # what is new becomes what the map says


def test_a_table_that_no_import_wrote_is_never_replaced(tmp_path, capsys):
    folder = study(tmp_path / "study")
    mine = folder / "waves" / "w1" / "coded_segments.csv"
    typed = "segment_id,participant_id,code_id\nS1,P01,alliance\n"
    mine.write_text(typed, encoding="utf-8")
    assert imported(folder, "qualcoder/data.qda") == 1
    assert mine.read_text(encoding="utf-8") == typed
    assert "M94" in capsys.readouterr().err


def test_people_from_elsewhere_stay_and_the_codings_join_them(tmp_path):
    folder = study(tmp_path / "study")
    people = folder / "waves" / "w1" / "participants.csv"
    people.write_text(
        "participant_id,outcome_group\nP01,helpful\nP02,mixed\nP03,dropped_out\n", encoding="utf-8"
    )
    before = people.read_bytes()
    assert imported(folder, "qualcoder/data.qda") == 0
    assert people.read_bytes() == before
    assert len(rows(folder / "waves" / "w1" / "coded_segments.csv")) == 13


def test_after_two_decisions_of_the_team_the_imported_wave_can_be_analysed(tmp_path):
    folder = finished(study(tmp_path / "study"))
    assert imported(folder, "qualcoder/data.qda") == 0
    wave = al.load_wave(folder, "w1")
    assert wave.analysed["outcome_group"].astype(str).tolist() == ["helpful", "mixed", "dropped_out"]
    matrix = al.quantitize(wave)
    assert matrix.values["relationship.alliance.felt_heard"].tolist() == [1.0, 0.0, 0.0]


def test_a_project_named_in_wave_yaml_gives_the_same_wave_without_tables(tmp_path):
    folder = finished(study(tmp_path / "study"))
    imported(folder, "qualcoder/data.qda")
    by_tables = al.load_wave(folder, "w1")
    other = study(tmp_path / "other", "sources: [{file: data.qda, format: qualcoder}]\n")
    shutil.copy(folder / "codebook.yaml", other / "codebook.yaml")
    shutil.copy(folder / "waves" / "w1" / "import_map.yaml", other / "waves" / "w1" / "import_map.yaml")
    shutil.copy(SAMPLES / "qualcoder" / "data.qda", other / "waves" / "w1" / "data.qda")
    straight = al.load_wave(other, "w1")
    assert straight.segments.equals(by_tables.segments)
    assert straight.participants.equals(by_tables.participants)
    assert {public_name("waves/w1/data.qda"), "waves/w1/import_map.yaml"} <= set(straight.inputs)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--format", "maxqad"], "M90"), ([], "M92")],
)
def test_a_file_of_no_known_program_is_refused_in_a_sentence(tmp_path, capsys, words, code):
    odd = tmp_path / "notes.txt"
    odd.write_text("nothing in particular", encoding="utf-8")
    assert main(["import", str(odd), "--study", str(study(tmp_path / "s")), "--wave", "w1", *words]) == 1
    said = capsys.readouterr().err
    assert code in said
    assert "Traceback" not in said


def test_a_code_that_was_renamed_in_the_program_keeps_its_id_by_guid(tmp_path):
    folder = study(tmp_path / "study")
    imported(folder, "qualcoder/demo.qdpx")
    first = json.loads((folder / "waves" / "w1" / "import_report.json").read_text(encoding="utf-8"))
    (folder / "waves" / "w1" / "import_map.yaml").unlink()
    imported(folder, "qualcoder/demo.qdpx")
    again = json.loads((folder / "waves" / "w1" / "import_report.json").read_text(encoding="utf-8"))
    assert {code["how"] for code in first["codes"]} == {"new"}
    assert {code["how"] for code in again["codes"]} == {"GUID"}
    assert [code["code_id"] for code in again["codes"]] == [code["code_id"] for code in first["codes"]]


def test_what_a_named_project_leaves_to_guess_is_a_note_of_the_check(tmp_path):
    other = study(tmp_path / "other", "sources: [{file: demo.qdpx, format: refi-qda}]\n")
    shutil.copy(SAMPLES / "qualcoder" / "demo.qdpx", other / "waves" / "w1" / "demo.qdpx")
    notes = [finding for finding in al.check_study(other) if finding.code == "W13"]
    assert {finding.level for finding in notes} == {"note"}
    assert any("cases" in finding.what or "sources" in finding.what for finding in notes)


def test_tables_of_a_new_study_that_hold_column_names_only_are_filled(tmp_path):
    folder = tmp_path / "study"
    assert main(["new", str(folder)]) == 0
    assert (
        main(["import", str(SAMPLES / "qualcoder/data.qda"), "--study", str(folder), "--wave", "wave_1"]) == 0
    )
    wave = folder / "waves" / "wave_1"
    assert (len(rows(wave / "participants.csv")), len(rows(wave / "coded_segments.csv"))) == (3, 13)


@pytest.mark.parametrize("wave", ["../elsewhere", "a/b", ".hidden", ""])
def test_a_wave_is_never_written_outside_its_study(tmp_path, capsys, wave):
    folder = study(tmp_path / "study")
    before = sorted(tmp_path.rglob("*"))
    assert main(["import", str(SAMPLES / "qualcoder/data.qda"), "--study", str(folder), "--wave", wave]) == 1
    assert "M95" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
