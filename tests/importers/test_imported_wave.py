"""A project by hand becomes the tables of a wave: who owns what, which code is which, what is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.import_map import ImportMap
from analysis_lib.imported_wave import imported_wave
from analysis_lib.importers.project import Case, Code, Coding, Project, Source, Span

TEXT = "I felt heard. The homework was too much."
WARM, COLD = "g-warm", "g-cold"
CODES = (
    Code("g-all", ("Alliance",), guid="g-all", codable=False),
    Code(WARM, ("Alliance", "Felt heard"), guid=WARM, description="being listened to"),
    Code(COLD, ("Alliance", "Too much"), guid=COLD),
)


def project(**changes) -> Project:
    codings = (
        Coding("s1", WARM, 0, 13, TEXT[0:13], coder="Ann", coded_at="2024-03-01T10:00:00Z", origin="1"),
        Coding("s1", COLD, 14, 40, TEXT[14:40], coder="Bob B.", origin="2"),
    )
    made = Project(
        "test",
        "",
        CODES,
        (Source("s1", "P01_wave1", TEXT), Source("s2", "P02_wave1", "Fine.")),
        (Case("c1", "P01", spans=(Span("s1"),)), Case("c2", "P02", spans=(Span("s2"),))),
        codings,
        {"codes": 3, "sources": 2, "cases": 2, "codings": 2},
    )
    return replace(made, **changes)


def made(given=None, *, codebook=None, known=None, guids=None):
    return imported_wave(given or project(), codebook=codebook, known=known or ImportMap(), guids=guids)


def remarks(wave, what):
    return [(remark.kind, remark.n, remark.ids) for remark in wave.remarks if remark.what == what]


# Rows


def test_every_coding_is_a_row_with_its_words_and_offsets():
    first, second = made().tables["coded_segments"]
    assert (first["participant_id"], first["document_id"], first["code_id"]) == (
        "P01",
        "P01_wave1",
        "alliance.felt_heard",
    )
    assert (first["start"], first["end"], first["text"], first["n_words"]) == (
        "0",
        "13",
        "I felt heard.",
        "3",
    )
    assert first["coded_at"] == "2024-03-01"
    assert second["text"] == "The homework was too much."


def test_one_stretch_with_two_codes_is_one_segment():
    codings = (Coding("s1", WARM, 0, 13, "I felt heard."), Coding("s1", COLD, 0, 13, "I felt heard."))
    rows = made(project(codings=codings)).tables["coded_segments"]
    assert len({row["segment_id"] for row in rows}) == 1
    assert [row["code_id"] for row in rows] == ["alliance.too_much", "alliance.felt_heard"]


def test_the_same_code_by_the_same_coder_on_the_same_words_counts_once_and_is_reported():
    twice = (Coding("s1", WARM, 0, 13, "I felt heard.", origin="7"),) * 2
    wave = made(project(codings=twice))
    assert len(wave.tables["coded_segments"]) == 1
    assert remarks(wave, "merged") == [("codings", 1, ("7",))]


def test_coders_get_ids_where_their_names_are_none():
    assert [row["coder_id"] for row in made().tables["coded_segments"]] == ["Ann", "coder_001"]


def test_words_of_a_document_are_counted_and_people_are_in_order():
    wave = made()
    assert [
        (row["document_id"], row["participant_id"], row["n_words"]) for row in wave.tables["documents"]
    ] == [
        ("P01_wave1", "P01", "8"),
        ("P02_wave1", "P02", "1"),
    ]
    assert [row["participant_id"] for row in wave.tables["participants"]] == ["P01", "P02"]


def test_the_order_of_the_codings_in_the_file_changes_nothing():
    there = project()
    assert made(replace(there, codings=there.codings[::-1])).tables == made(there).tables


# Owners


def test_a_case_that_is_part_of_a_document_owns_what_lies_within():
    cases = (Case("c1", "Ann", spans=(Span("s1", 0, 13),)), Case("c2", "Ben", spans=(Span("s1", 14, 40),)))
    rows = made(project(cases=cases)).tables["coded_segments"]
    assert [row["participant_id"] for row in rows] == ["Ann", "Ben"]


def test_a_coding_across_two_cases_belongs_to_nobody_and_is_named():
    cases = (Case("c1", "Ann", spans=(Span("s1", 0, 13),)), Case("c2", "Ben", spans=(Span("s1", 13, 40),)))
    wave = made(project(cases=cases, codings=(Coding("s1", WARM, 5, 20, TEXT[5:20], origin="9"),)))
    assert wave.tables["coded_segments"] == []
    assert remarks(wave, "dropped") == [("codings", 1, ("9",))]


def test_a_case_without_sources_owns_the_one_whose_name_it_begins_as_a_guess():
    wave = made(project(cases=(Case("c1", "P01"), Case("c2", "P02"))))
    assert {row["participant_id"] for row in wave.tables["coded_segments"]} == {"P01"}
    assert remarks(wave, "guessed") == [("sources", 2, ("s1", "s2"))]


def test_a_name_that_begins_two_cases_is_not_guessed():
    # "P0" begins P01_wave1, but a letter or digit follows, so only whole words count
    wave = made(project(cases=(Case("c1", "P0"), Case("c2", "P02", spans=(Span("s2"),)))))
    assert wave.tables["coded_segments"] == []
    assert remarks(wave, "orphaned") == [("cases", 1, ("c1",))]


def test_without_cases_each_document_is_a_person():
    wave = made(project(cases=()))
    assert [row["participant_id"] for row in wave.tables["participants"]] == ["P01_wave1", "P02_wave1"]


def test_without_cases_two_documents_of_one_name_are_one_person_as_a_guess():
    sources = (Source("s1", "Anna", TEXT), Source("s2", "Anna", "Fine."))
    wave = made(project(cases=(), sources=sources))
    assert [row["participant_id"] for row in wave.tables["participants"]] == ["Anna"]
    assert [row["document_id"] for row in wave.tables["documents"]] == ["D0001", "D0002"]
    assert remarks(wave, "guessed") == [("participants", 2, ("s1", "s2"))]


def test_a_nameless_case_is_called_after_its_only_document():
    wave = made(project(cases=(Case("c1", "", spans=(Span("s1"),), variables={"age": "31"}),)))
    assert wave.tables["participants"][0] == {"participant_id": "P01_wave1", "age": "31"}


def test_people_whose_ids_differ_by_zeros_only_are_kept_apart_and_named():
    cases = (Case("c1", "P1", spans=(Span("s1"),)), Case("c2", "P01", spans=(Span("s2"),)))
    wave = made(project(cases=cases))
    assert len(wave.tables["participants"]) == 2
    assert remarks(wave, "guessed") == [("participants", 2, ("P01", "P1"))]


# Variables


def test_variables_go_to_columns_and_levels_of_the_contract_that_differ_by_case_and_blanks():
    cases = (Case("c1", "P01", spans=(Span("s1"),), variables={"Termination Type": "Patient unilateral"}),)
    wave = made(project(cases=cases))
    assert wave.tables["participants"][0]["termination_type"] == "patient_unilateral"
    assert wave.map.columns == {"Termination Type": "termination_type"}
    assert wave.map.values == {"termination_type": {"Patient unilateral": "patient_unilateral"}}


def test_the_map_of_the_team_wins_over_names():
    cases = (Case("c1", "P01", spans=(Span("s1"),), variables={"Outcome": "got better", "Secret": "x"}),)
    known = ImportMap(
        columns={"Outcome": "perceived_helpfulness", "Secret": ""},
        values={"perceived_helpfulness": {"got better": "helpful"}},
        people={"P01": "A1"},
    )
    wave = made(project(cases=cases), known=known)
    assert wave.tables["participants"] == [{"participant_id": "A1", "perceived_helpfulness": "helpful"}]


def test_a_case_knows_better_than_its_document_and_the_conflict_is_said():
    sources = (Source("s1", "P01_wave1", TEXT, variables={"age": "30"}), Source("s2", "P02_wave1", "Fine."))
    cases = (Case("c1", "P01", spans=(Span("s1"),), variables={"age": "31"}),)
    wave = made(project(sources=sources, cases=cases))
    assert wave.tables["participants"][0]["age"] == "31"
    assert remarks(wave, "guessed")[-1] == ("variables", 1, ("c1",))


def test_a_variable_that_says_the_wave_is_left_out_and_named():
    cases = (Case("c1", "P01", spans=(Span("s1"),), variables={"Wave": "1", "age": "31"}),)
    wave = made(project(cases=cases))
    assert wave.tables["participants"] == [{"participant_id": "P01", "age": "31"}]
    assert remarks(wave, "not carried") == [("variables", 1, ())]


# Codes


def codebook(*themes: Theme) -> Codebook:
    return Codebook("1", themes)


@pytest.mark.parametrize(
    ("themes", "known", "guids", "expected"),
    [
        ((), {}, {}, ("alliance.felt_heard", "new")),
        ((Theme("B.heard", "Felt heard"),), {}, {}, ("B.heard", "label")),
        ((Theme("B", "Alliance"), Theme("B.heard", "Felt heard", "B")), {}, {}, ("B.heard", "path")),
        (
            (Theme("B.heard", "Felt heard"), Theme("B.other", "Heard")),
            {},
            {WARM: "B.other"},
            ("B.other", "GUID"),
        ),
        (
            (Theme("B.heard", "Felt heard"),),
            {"Alliance > Felt heard": "X.1"},
            {WARM: "B.heard"},
            ("X.1", "import_map.yaml"),
        ),
        ((Theme("Felt heard", "Something else"),), {}, {}, ("Felt heard", "id")),
    ],
)
def test_a_code_is_matched_by_the_map_then_guid_then_id_then_path_then_label(themes, known, guids, expected):
    wave = made(codebook=codebook(*themes), known=ImportMap(codes=known), guids=guids)
    match = next(code for code in wave.codes if code.path == "Alliance > Felt heard")
    assert (match.code_id, match.how) == expected
    assert match.n_codings == 1


def test_a_name_that_stands_twice_in_the_tree_is_not_matched_by_label():
    codes = (*CODES, Code("g-x", ("Skills",)), Code("g-y", ("Skills", "Felt heard"), guid="g-y"))
    wave = made(project(codes=codes), codebook=codebook(Theme("B.heard", "Felt heard")))
    assert {code.how for code in wave.codes if code.path.endswith("Felt heard")} == {"new"}


def test_new_codes_become_entries_for_the_codebook_with_their_parents():
    assert [(row["id"], row["parent"]) for row in made().added] == [
        ("alliance", ""),
        ("alliance.felt_heard", "alliance"),
        ("alliance.too_much", "alliance"),
    ]
    assert made().added[1]["definition"] == "being listened to"


# The map


def test_what_was_settled_is_written_and_read_again(tmp_path):
    wave = made()
    (tmp_path / "import_map.yaml").write_text(wave.map.as_text(), encoding="utf-8")
    again = ImportMap.of_wave(tmp_path)
    assert again.people == {"P01": "P01", "P02": "P02"}
    assert again.coders == {"Ann": "Ann", "Bob B.": "coder_001"}
    assert made(known=again).tables == wave.tables


# Endings


def test_nhs_end_codes_become_ways_of_ending_and_unknown_ones_are_reported():
    cases = (
        Case("c1", "P01", spans=(Span("s1"),), variables={"EndCode": "46"}),
        Case("c2", "P02", spans=(Span("s2"),), variables={"EndCode": "77"}),
    )
    wave = made(project(cases=cases))
    first, second = wave.tables["participants"]
    assert (first["termination_type"], first["termination_initiated_by"]) == ("completed_agreed", "mutual")
    assert second["termination_type"] == ""
    assert any("End codes that are not in" in remark.text for remark in wave.remarks)
