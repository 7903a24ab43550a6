"""A wave is read, corrected, checked and frozen, and everybody who leaves it leaves with a counted reason."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest
from tiny_study import (
    CODEBOOK,
    CONSENT,
    DOCUMENTS,
    FILES,
    PARTICIPANTS,
    SEGMENTS,
    STUDY,
    WAVE,
    spoilt,
    table,
    write_study,
)

from analysis_lib.errors import StudyError
from analysis_lib.study import load_study
from analysis_lib.wave import Wave, check_study, load_wave

P, S, C, D = (table(name) for name in ("participants", "coded_segments", "consent", "documents"))


def loaded(tmp_path: Path, changed: dict[str, str | bytes | None] | None = None) -> Wave:
    return load_wave(write_study(tmp_path, changed), "w1")


def flow(wave: Wave) -> list[tuple[str, int, int, str]]:
    return list(wave.flow.itertuples(index=False, name=None))


# flow


def test_the_flow_goes_from_the_invited_to_the_analysed(tmp_path: Path) -> None:
    assert flow(loaded(tmp_path)) == [
        ("invited", 15, 0, ""),
        ("did not decline", 13, 2, "declined"),
        ("enrolled", 12, 1, "did not take part"),
        ("agreed to analysis", 11, 1, "no consent to analysis, or withdrawn"),
        ("outcome group known", 10, 1, "therapy still under way"),
        ("material to code", 9, 1, "no material to code"),
        ("analysed", 9, 0, ""),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {C: None},
        {D: None},
        {"waves/w1/wave.yaml": WAVE.replace("n_invited: 15\nn_declined: 2\n", "")},
        {"waves/w1/wave.yaml": WAVE.replace("n_invited: 15\nn_declined: 2\n", "n_invited: 12\n")},
        {
            P: PARTICIPANTS.replace("unhelpful,mutual_early", ",unknown").replace(
                "mixed,external", ",deceased"
            )
        },
    ],
)
def test_each_stage_is_the_one_before_it_less_who_left(
    changed: dict[str, str | bytes | None], tmp_path: Path
) -> None:
    wave = loaded(tmp_path, changed)
    stages = wave.flow
    assert (stages["n"].shift() - stages["excluded"])[1:].tolist() == stages["n"][1:].tolist()
    assert (stages["excluded"] >= 0).all()
    assert ((stages["reason"] != "") == (stages["excluded"] > 0)).all()
    assert stages["n"].iloc[-1] == len(wave.analysed) == int(wave.participants["analysed"].sum())
    assert int(stages.loc[stages["stage"] == "enrolled", "n"].iloc[0]) == len(wave.participants) == 12


def test_a_flow_without_invitations_starts_with_the_enrolled(tmp_path: Path) -> None:
    wave = loaded(tmp_path, {"waves/w1/wave.yaml": WAVE.replace("n_invited: 15\nn_declined: 2\n", "")})
    assert flow(wave)[0] == ("enrolled", 12, 0, "")


def test_nobody_leaves_twice(tmp_path: Path) -> None:
    # P12 has no group, and here no consent and no material either
    wave = loaded(
        tmp_path, {**spoilt(C, ("P12,analyse,yes", "P12,analyse,no")), **spoilt(D, ("D12,112", "D12,0"))}
    )
    assert [(stage, excluded) for stage, _, excluded, _ in flow(wave)[3:]] == [
        ("agreed to analysis", 2),
        ("material to code", 1),
        ("analysed", 0),
    ]


# who is analysed


def test_the_analysed_agree_have_a_group_and_have_material(tmp_path: Path) -> None:
    wave = loaded(tmp_path)
    assert wave.analysed["outcome_group"].astype(str).to_dict() == {
        "P01": "helpful", "P02": "helpful", "P04": "helpful", "P05": "unhelpful", "P06": "unhelpful",
        "P07": "unhelpful", "P08": "mixed", "P10": "dropped_out", "P11": "dropped_out",
    }  # fmt: skip


def test_people_of_whom_nothing_was_coded_stay(tmp_path: Path) -> None:
    wave = loaded(tmp_path)
    assert not {"P04", "P08"} & set(wave.segments["participant_id"])
    assert {"P04", "P08"} <= set(wave.analysed.index)


def test_the_flags_of_every_dropout_definition_stand_beside_the_people(tmp_path: Path) -> None:
    people = loaded(tmp_path).participants
    declared = people["dropout_declared"].astype(object).where(people["dropout_declared"].notna(), None)
    assert declared.tolist() == [
        False,
        False,
        False,
        None,
        False,
        False,
        False,
        False,
        False,
        True,
        True,
        None,
    ]
    assert people.index[people["dropout_under_half"].fillna(False)].tolist() == ["P06", "P07", "P10", "P11"]


@pytest.mark.parametrize(
    ("row", "agreed"),
    [
        ("P05,analyse,yes,", True),
        ("P05,analyse,no,", False),
        ("P05,analyse,unknown,", False),
        ("P05,analyse,yes,2024-04-01", False),
        ("P05,share,yes,", False),
    ],
)
def test_only_a_yes_that_was_not_withdrawn_is_consent_to_analysis(
    row: str, agreed: bool, tmp_path: Path
) -> None:
    wave = loaded(tmp_path, spoilt(C, ("P05,analyse,yes,", row)))
    assert bool(wave.participants.loc["P05", "agreed"]) is agreed


def test_who_did_not_agree_is_in_no_table_but_the_list_of_people(tmp_path: Path) -> None:
    wave = loaded(tmp_path)
    assert "P09" in wave.participants.index
    for frame in (wave.segments, wave.assignments, wave.documents, wave.consent):
        assert len(frame)
        assert "P09" not in set(frame["participant_id"])


def test_without_a_consent_table_everybody_agrees(tmp_path: Path) -> None:
    assert loaded(tmp_path, {C: None}).participants["agreed"].all()


def test_without_a_document_table_everybody_has_material(tmp_path: Path) -> None:
    assert loaded(tmp_path, {D: None}).participants["has_material"].all()


@pytest.mark.parametrize(("words", "material"), [("0", False), ("1", True), ("", True)])
def test_material_is_words_or_a_document_of_unknown_length(
    words: str, material: bool, tmp_path: Path
) -> None:
    wave = loaded(tmp_path, spoilt(D, ("D03,0", f"D03,{words}")))
    assert bool(wave.participants.loc["P03", "has_material"]) is material


def test_who_was_coded_has_material_whatever_the_documents_say(tmp_path: Path) -> None:
    wave = loaded(tmp_path, {D: DOCUMENTS.replace("P06,D06,106\n", "")})
    assert wave.participants.loc["P06", "has_material"]
    assert {finding.code for finding in wave.findings} == {"X15", "X16"}


# corrections, types, inputs


def test_corrections_are_applied_and_counted(tmp_path: Path) -> None:
    wave = loaded(tmp_path)
    assert wave.participants.loc["P11", "sessions_attended"] == 3
    assert wave.n_corrected == 1


def test_a_correction_of_consent_is_consent(tmp_path: Path) -> None:
    line = "consent,P05,granted,yes,no,asked to be left out,dm,2024-05-01\n"
    wave = loaded(tmp_path, {table("corrections"): FILES[table("corrections")] + line})
    assert not wave.participants.loc["P05", "agreed"]
    assert wave.n_corrected == 3  # both rows of P05 and the session of P11


def test_people_are_in_the_order_of_their_ids_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    header, *rows = PARTICIPANTS.splitlines()
    shuffled = "\n".join([header, *rows[::-1]]) + "\n"
    ours, theirs = loaded(tmp_path / "a"), loaded(tmp_path / "b", {P: shuffled})
    assert ours.participants.index.tolist() == [f"P{i:02}" for i in range(1, 13)]
    pd.testing.assert_frame_equal(ours.participants, theirs.participants)


def test_an_empty_consent_to_quote_is_unknown_and_an_absent_column_is_missing(tmp_path: Path) -> None:
    blank = loaded(tmp_path / "a", {S: SEGMENTS.replace(",yes\n", ",\n").replace(",no\n", ",\n")})
    assert set(blank.segments["quote_consent"].astype("string")) == {"unknown"}
    without = "".join(line.rpartition(",")[0] + "\n" for line in SEGMENTS.splitlines())
    assert loaded(tmp_path / "b", {S: without}).segments["quote_consent"].isna().all()


def test_every_file_that_was_read_is_named_with_its_hash(tmp_path: Path) -> None:
    wave = loaded(tmp_path, {"waves/w1/author_notes.md": "## 03\n"})
    assert set(wave.inputs) == (set(FILES) | {"waves/w1/author_notes.md"})
    assert wave.inputs["codebook.yaml"] == hashlib.sha256(CODEBOOK.encode()).hexdigest()
    assert (
        wave.inputs[table("corrections")] == hashlib.sha256(FILES[table("corrections")].encode()).hexdigest()
    )


# findings


def test_warnings_and_notes_come_with_the_wave(tmp_path: Path) -> None:
    wave = loaded(tmp_path, {P: PARTICIPANTS.replace("therapist_id", "shoe")})
    assert [(finding.level, finding.code) for finding in wave.findings] == [("note", "T04")]


def test_a_stop_raises_everything_that_was_found(tmp_path: Path) -> None:
    study = write_study(tmp_path, {P: PARTICIPANTS.replace("therapist_id", "shoe").replace(",61,", ",x,")})
    with pytest.raises(StudyError) as caught:
        load_wave(study, "w1")
    assert [(finding.level, finding.code) for finding in caught.value.findings] == [
        ("stop", "T08"),
        ("note", "T04"),
    ]


def test_a_loaded_study_is_as_good_as_its_folder(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path))
    pd.testing.assert_frame_equal(load_wave(study, "w1").participants, load_wave(tmp_path, "w1").participants)


def test_a_wave_that_the_study_does_not_list_is_a_stop(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_wave(write_study(tmp_path), "w2")
    assert [finding.code for finding in caught.value.findings] == ["W01"]


def test_checking_one_wave_leaves_the_others_alone(tmp_path: Path) -> None:
    study = write_study(
        tmp_path, {"study.yaml": STUDY.replace("[w1]", "[w1, w2]"), "waves/w0/wave.yaml": WAVE}
    )
    assert check_study(study, ["w1"]) == []
    assert [finding.code for finding in check_study(study)] == ["W05", "W06"]


def test_a_wave_without_its_optional_tables_loads(tmp_path: Path) -> None:
    optional = ("assignments", "documents", "consent", "quote_reviews", "corrections")
    changed: dict[str, str | bytes | None] = {table(name): None for name in optional}
    wave = loaded(tmp_path, changed)
    assert [len(getattr(wave, name)) for name in optional[:4]] == [0, 0, 0, 0]
    assert len(wave.analysed) == 11
    assert [finding.code for finding in wave.findings] == ["X06", "X12"]


def test_a_wave_in_which_nothing_was_coded_loads(tmp_path: Path) -> None:
    wave = loaded(tmp_path, {S: None, table("quote_reviews"): None})
    assert len(wave.segments) == 0
    assert [finding.code for finding in wave.findings] == ["X25"]


def test_consent_of_people_without_analyse_rows_is_no_consent(tmp_path: Path) -> None:
    wave = loaded(tmp_path, {C: CONSENT.replace("P01,analyse,yes,\n", "")})
    assert not wave.participants.loc["P01", "agreed"]
