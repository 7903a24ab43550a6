"""A wave that is exported and imported again: everything that the tables of the study say is there once more."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from example_waves import Example
from tiny_study import write_study

import analysis_lib as al
from analysis_lib.__main__ import main
from analysis_lib.exporters import EXPORTERS
from analysis_lib.importers.project import Project
from analysis_lib.importers.refi import read
from analysis_lib.wave import Wave


@pytest.fixture(scope="module", params=["2024a", "2024b"])
def trip(request, examples: dict[str, Example], tmp_path_factory) -> tuple[Wave, Project]:
    """A wave of the example study and its project as it comes back."""
    wave = examples[request.param].wave
    file = tmp_path_factory.mktemp("export") / "wave.qdpx"
    file.write_bytes(EXPORTERS["refi-qda"].make(wave))
    return wave, read(file)


def paths(study) -> dict[str, tuple[str, ...]]:
    """Theme id -> labels from the root."""
    codebook = study.codebook
    return {
        theme.id: tuple(codebook[each].label for each in (*codebook.ancestors(theme.id)[::-1], theme.id))
        for theme in codebook
    }


def test_nothing_is_lost_guessed_or_merged_on_the_way(trip):
    _, project = trip
    assert project.unreconciled() == {}
    assert {remark.what for remark in project.remarks} <= {"read", "not carried"}


def test_every_code_comes_back_in_its_place(trip):
    wave, project = trip
    assert [code.path for code in project.codes] == list(paths(wave.study).values())
    assert all(code.codable for code in project.codes)


def test_every_document_comes_back_even_without_codings(trip):
    wave, project = trip
    assert sorted(source.name for source in project.sources) == sorted(wave.documents["document_id"].unique())


def test_every_coding_comes_back_with_its_place_words_code_coder_and_date(trip):
    wave, project = trip
    name = {source.key: source.name for source in project.sources}
    path = {code.key: code.path for code in project.codes}
    back = sorted(
        (name[c.source], c.start, c.end, path[c.code], c.coder, c.coded_at, c.text) for c in project.codings
    )
    labels = paths(wave.study)
    assert back == sorted(
        (row.document_id, row.start, row.end, labels[row.code_id], row.coder_id, day, row.text)
        for row in wave.segments.itertuples()
        for day in [f"{row.coded_at:%Y-%m-%d}T00:00:00Z"]
    )


def test_offsets_are_counted_in_code_points_beyond_doubt(trip):
    _, project = trip
    assert all(rule.rule.startswith("code points") and rule.score == 1 for rule in project.offsets)


def test_every_person_comes_back_with_their_documents(trip):
    wave, project = trip
    name = {source.key: source.name for source in project.sources}
    back = {case.name: {name[span.source] for span in case.spans} for case in project.cases}
    theirs: dict[str, set[str]] = {
        person: set() for person in wave.participants.index[wave.participants["agreed"]]
    }
    for row in wave.documents.itertuples():
        theirs[row.participant_id].add(row.document_id)
    assert back == theirs


def test_every_value_and_theme_of_a_person_comes_back_and_nothing_stands_for_a_missing_one(trip):
    wave, project = trip
    back = pd.DataFrame({case.name: case.variables for case in project.cases}).T.sort_index()
    people = wave.participants[wave.participants["agreed"]]
    for column in wave.study.table("participants"):
        if column.name == "participant_id" or people[column.name].isna().all():
            assert column.name not in back
            continue
        known = people[column.name].dropna()
        values = back[column.name].dropna()
        if column.type in ("integer", "number"):
            values = values.astype(float)
        elif column.type == "boolean":
            values = values.map({"true": True, "false": False})
        elif column.type == "date":
            values = pd.to_datetime(values)
        assert values.to_dict() == known.to_dict(), column.name
    matrix = al.quantitize(wave).values
    for theme in matrix:
        values = back[f"theme {theme}"].dropna().astype(float)
        assert values.to_dict() == matrix[theme].dropna().to_dict()


def test_a_codebook_comes_back_with_the_guids_of_the_project(trip, tmp_path):
    wave, project = trip
    file = tmp_path / "codebook.qdc"
    file.write_bytes(EXPORTERS["refi-codebook"].make(wave.study))
    assert read(file).codes == project.codes


# One document of two people. The joined emoji is three code points; S3 runs over a line end; 14-16 is not coded.
DIFFICULT = """\
segment_id,participant_id,code_id,coder_id,document_id,start,end,text,round
S1,P01,A.cold,c1,D,0,9,"👩\u200d👧 été 🙂",independent
S2,P01,A.late,c2,D,4,9,"été 🙂",independent
S3,P01,A.late,c1,D,4,14,"été 🙂
שלום",independent
S4,P02,A.cold,c1,D,16,24,she said,independent
"""


def test_emoji_and_line_ends_come_back_whole_and_to_the_person_who_said_them(tmp_path):
    changed = {"waves/w1/coded_segments.csv": DIFFICULT, "waves/w1/documents.csv": None}
    wave = al.load_wave(write_study(tmp_path / "study", changed), "w1")
    file = tmp_path / "wave.qdpx"
    file.write_bytes(EXPORTERS["refi-qda"].make(wave))
    project = read(file)
    assert sorted((c.start, c.end, c.text, c.coder) for c in project.codings) == [
        (0, 9, "👩\u200d👧 été 🙂", "c1"),
        (4, 9, "été 🙂", "c2"),
        (4, 14, "été 🙂\nשלום", "c1"),
        (16, 24, "she said", "c1"),
    ]
    spans = {case.name: sorted((s.start, s.end) for s in case.spans) for case in project.cases if case.spans}
    assert spans == {"P01": [(0, 9), (4, 9), (4, 14)], "P02": [(16, 24)]}
    assert project.unreconciled() == {}


def test_the_imported_wave_has_the_themes_and_the_groups_of_the_exported_one(examples, tmp_path):
    wave, matrix = examples["2024b"].wave, examples["2024b"].matrix
    file = tmp_path / "wave.qdpx"
    file.write_bytes(EXPORTERS["refi-qda"].make(wave))
    study = tmp_path / "study"
    folder = study / "waves" / "2024b"
    folder.mkdir(parents=True)
    text = (al.EXAMPLE_STUDY / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(text.replace("[2024a, 2024b, 2025a]", "[2024b]"), encoding="utf-8")
    shutil.copy(al.EXAMPLE_STUDY / "codebook.yaml", study)
    shutil.copy(al.EXAMPLE_STUDY / "waves" / "2024b" / "wave.yaml", folder)
    assert main(["import", str(file), "--study", str(study), "--wave", "2024b"]) == 0
    back = al.load_wave(study, "2024b")
    again = al.quantitize(back).values
    # who withheld consent is in neither; what nobody was asked to code comes back as absent
    expected = matrix.values.fillna(0.0)
    pd.testing.assert_frame_equal(again.loc[expected.index, expected.columns], expected)
    groups = wave.participants.loc[back.participants.index, "outcome_group"]
    assert back.participants["outcome_group"].astype(str).tolist() == groups.astype(str).tolist()
