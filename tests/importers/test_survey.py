"""People of a survey export become participants; codings of a project join them."""

from __future__ import annotations

import csv

import pytest

from analysis_lib.__main__ import main
from analysis_lib.errors import StudyError
from analysis_lib.importers import read_project, recognise

QUALTRICS = """\
ResponseId,Age,Helped
Response ID,How old are you?,Did it help?
"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"
R_1,31,helpful
R_2,45,mixed
"""


def written(folder, text):
    path = folder / "survey.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_heading_rows_are_no_people(tmp_path):
    path = written(tmp_path, QUALTRICS)
    assert recognise(path) == "survey"
    project = read_project(path)
    assert [(case.name, dict(case.variables)) for case in project.cases] == [
        ("R_1", {"Age": "31", "Helped": "helpful"}),
        ("R_2", {"Age": "45", "Helped": "mixed"}),
    ]
    assert project.origin == "Qualtrics"
    assert sum(remark.n for remark in project.remarks if remark.what == "dropped") == 2
    assert project.unreconciled() == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("record_id,redcap_repeat_instance,age\n1,1,30\n1,2,31\n", "M66"),
        ("redcap_event_name,age\nbase,30\n", "M65"),
    ],
)
def test_what_does_not_hold_one_row_per_person_is_refused(tmp_path, text, code):
    with pytest.raises(StudyError) as caught:
        read_project(written(tmp_path, text), "survey")
    assert caught.value.findings[0].code == code


def test_codings_join_the_people_of_a_survey_whatever_is_imported_first(tmp_path):
    study = tmp_path / "study"
    assert main(["new", str(study)]) == 0
    people = written(tmp_path, "participant_id,redcap_event_name,EndCode\nP01,base,46\nP02,base,47\n")
    codings = tmp_path / "matrix.csv"
    codings.write_text("participant_id,Cold,Warm\nP01,1,0\nP02,0,1\n", encoding="utf-8")
    words = ["--study", str(study), "--wave", "2024a"]
    assert main(["import", str(people), *words, "--format", "survey"]) == 0
    assert main(["import", str(codings), *words, "--format", "matrix"]) == 0
    folder = study / "waves" / "2024a"
    with (folder / "participants.csv").open(encoding="utf-8", newline="") as file:
        held = {row["participant_id"]: row["termination_type"] for row in csv.DictReader(file)}
    assert held == {"P01": "completed_agreed", "P02": "patient_unilateral"}
    with (folder / "coded_segments.csv").open(encoding="utf-8", newline="") as file:
        assert {row["participant_id"] for row in csv.DictReader(file)} == {"P01", "P02"}
