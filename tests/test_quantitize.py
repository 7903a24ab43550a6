"""Who has which theme: present, absent or not codable, for everybody who agreed and has material."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import a_wave
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_study import CODEBOOK, SEGMENTS, spoilt, table, write_study

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.quantitize import ThemeMatrix, counted_segments, quantitize
from analysis_lib.wave import load_wave

# A holds A.x and A.y, A.x holds A.x.1
NESTED = Codebook(
    "1",
    (
        Theme("A", "A"),
        Theme("A.x", "Ax", "A"),
        Theme("A.x.1", "Ax1", "A.x"),
        Theme("A.y", "Ay", "A"),
        Theme("B", "B"),
    ),
)
PEOPLE = pd.DataFrame({"outcome_group": ["helpful", "unhelpful", None]}, index=["P1", "P2", "P3"])
YES, NO, NC = 1.0, 0.0, None  # present, absent, not codable


def coded(*triples: tuple[str, str, str], **more: Any) -> pd.DataFrame:
    """Rows of (segment, person, code)."""
    frame = pd.DataFrame(triples, columns=["segment_id", "participant_id", "code_id"])
    return frame.assign(**more)


def matrix(
    segments: pd.DataFrame | None = None,
    assignments: list[dict[str, Any]] | None = None,
    *,
    codebook: Codebook = NESTED,
    people: pd.DataFrame = PEOPLE,
    documents: pd.DataFrame | None = None,
) -> ThemeMatrix:
    given = {
        "coded_segments": segments,
        "assignments": pd.DataFrame(assignments) if assignments else None,
        "documents": documents,
    }
    held = {name: frame for name, frame in given.items() if frame is not None}
    return quantitize(a_wave(people, codebook=codebook, tables=held))


def states(result: ThemeMatrix) -> dict[str, list[float | None]]:
    """Person -> state of each theme, in the order of the codebook."""
    values = result.values.astype(object).where(result.values.notna(), None)
    return {str(person): values.loc[person].tolist() for person in values.index}


# roll-up


def test_a_code_counts_for_every_theme_above_it_and_for_none_below() -> None:
    result = matrix(coded(("S1", "P1", "A.x.1"), ("S2", "P2", "A.x")))
    assert result.themes == ("A", "A.x", "A.x.1", "A.y", "B")
    assert states(result) == {"P1": [YES, YES, YES, NO, NO], "P2": [YES, YES, NO, NO, NO], "P3": [NO] * 5}


def test_a_person_counts_once_and_segments_are_counted_beside() -> None:
    segments = coded(("S1", "P1", "A.x"), ("S1", "P1", "A.y"), ("S2", "P1", "A.x"), ("S2", "P1", "A.x"))
    result = matrix(segments)
    assert result.values.loc["P1"].tolist() == [1, 1, 0, 1, 0]
    # two segments carry something of A, two A.x, one A.y
    assert result.n_segments.loc["P1"].tolist() == [2, 2, 0, 1, 0]


def test_people_without_any_theme_and_without_a_group_stay_in() -> None:
    result = matrix(coded(("S1", "P1", "B")))
    assert result.values.index.tolist() == ["P1", "P2", "P3"]
    assert result.groups.astype("string").fillna("-").tolist() == ["helpful", "unhelpful", "-"]


def test_people_who_did_not_agree_or_have_no_material_are_out() -> None:
    people = PEOPLE.assign(agreed=[True, False, True], has_material=[True, True, False])
    result = matrix(coded(("S1", "P1", "B"), ("S2", "P2", "B"), ("S3", "P3", "B")), people=people)
    assert states(result) == {"P1": [NO, NO, NO, NO, YES]}


# what is absent and what is not codable


def test_without_assignments_what_was_not_found_is_absent() -> None:
    assert states(matrix(coded(("S1", "P1", "B"))))["P2"] == [NO] * 5


def test_where_nothing_was_coded_and_nobody_asked_nothing_is_codable() -> None:
    result = matrix()
    assert result.values.isna().all(axis=None)
    assert result.reason == "nothing was coded in this wave, so no theme can be counted"


def test_where_nothing_was_found_but_coders_were_asked_themes_are_absent() -> None:
    result = matrix(None, [{"participant_id": "P1", "coder_id": "c"}])
    assert states(result) == {"P1": [NO] * 5, "P2": [NC] * 5, "P3": [NC] * 5}
    assert result.reason is None


def test_who_was_given_to_no_coder_is_not_codable() -> None:
    result = matrix(coded(("S1", "P1", "B")), [{"participant_id": p, "coder_id": "c"} for p in ("P1", "P2")])
    assert states(result) == {"P1": [NO, NO, NO, NO, YES], "P2": [NO] * 5, "P3": [NC] * 5}


def test_a_list_of_codes_makes_the_others_not_codable_and_a_parent_stands_for_what_is_below() -> None:
    result = matrix(
        coded(("S1", "P1", "A.y")), [{"participant_id": "P1", "coder_id": "c", "codes": "A.x A.y"}]
    )
    assert states(result)["P1"] == [YES, NO, NO, YES, NC]


def test_the_parent_of_listed_codes_is_not_codable_unless_it_was_found() -> None:
    result = matrix(coded(("S1", "P2", "B")), [{"participant_id": "P1", "coder_id": "c", "codes": "A.x"}])
    assert states(result)["P1"] == [NC, NO, NO, NC, NC]


def test_lists_of_several_coders_add_up() -> None:
    asked = [
        {"participant_id": "P1", "coder_id": "c", "codes": "B"},
        {"participant_id": "P1", "coder_id": "d", "codes": "A.x"},
        {"participant_id": "P2", "coder_id": "c", "codes": "B"},
        {"participant_id": "P2", "coder_id": "d", "codes": None},
    ]
    result = matrix(coded(("S1", "P2", "B")), asked)
    assert states(result) == {"P1": [NC, NO, NO, NC, NO], "P2": [NO, NO, NO, NO, YES], "P3": [NC] * 5}


def test_what_was_found_is_present_even_where_nobody_was_asked() -> None:
    result = matrix(coded(("S1", "P3", "A.y")), [{"participant_id": "P1", "coder_id": "c"}])
    assert states(result)["P3"] == [YES, NC, NC, YES, NC]


# whose codes count


def test_without_a_consensus_any_coder_will_do() -> None:
    segments = coded(("S1", "P1", "A.y"), ("S2", "P1", "B")).assign(coder_id=["c", "d"], round="independent")
    assert states(matrix(segments))["P1"] == [YES, NO, NO, YES, YES]


def test_a_consensus_round_stands_for_its_person_and_for_nobody_else() -> None:
    segments = coded(("S1", "P1", "A.y"), ("S2", "P1", "B"), ("S3", "P2", "B")).assign(
        round=["independent", "consensus", "independent"]
    )
    result = matrix(segments)
    assert states(result) == {"P1": [NO, NO, NO, NO, YES], "P2": [NO, NO, NO, NO, YES], "P3": [NO] * 5}
    assert counted_segments(result.wave)["segment_id"].tolist() == ["S2", "S3"]


def test_an_empty_consensus_says_that_nothing_was_found() -> None:
    segments = coded(("S1", "P1", "A.y"), ("S2", "P2", "B")).assign(round="independent")
    asked = [
        {"participant_id": "P1", "coder_id": "c", "round": "independent"},
        {"participant_id": "P1", "coder_id": "both", "round": "consensus"},
        {"participant_id": "P2", "coder_id": "c", "round": "independent"},
    ]
    assert states(matrix(segments, asked)) == {"P1": [NO] * 5, "P2": [NO, NO, NO, NO, YES], "P3": [NC] * 5}


# which themes are columns


@pytest.mark.parametrize("status", ["optional", "retired"])
def test_a_theme_that_is_not_active_is_a_column_once_it_or_one_below_is_coded(status: Any) -> None:
    codebook = Codebook(
        "1", (Theme("A", "A", status=status), Theme("A.x", "Ax", "A", status=status), Theme("B", "B"))
    )
    assert matrix(coded(("S1", "P1", "B")), codebook=codebook).themes == ("B",)
    assert matrix(coded(("S1", "P1", "A")), codebook=codebook).themes == ("A", "B")
    assert matrix(coded(("S1", "P1", "A.x")), codebook=codebook).themes == ("A", "A.x", "B")


# words


def test_words_are_added_over_documents_and_unknown_where_no_document_says() -> None:
    documents = pd.DataFrame(
        {"participant_id": ["P1", "P1", "P2"], "document_id": ["D1", "D2", "D3"], "n_words": [100, 20, None]}
    )
    words = matrix(coded(("S1", "P1", "B")), documents=documents).n_words
    assert words["P1"] == 120
    assert words[["P2", "P3"]].isna().all()


def test_without_documents_words_are_unknown() -> None:
    assert matrix(coded(("S1", "P1", "B"))).n_words.isna().all()


# the tiny study, and any order of rows


def test_the_matrix_of_the_tiny_study_is_the_one_worked_out_by_hand(tmp_path: Path) -> None:
    result = quantitize(load_wave(write_study(tmp_path), "w1"))
    assert result.themes == ("A", "A.cold", "A.late", "B", "B.skills")
    assert result.values.loc["P01"].tolist() == [1, 0, 1, 1, 1]
    assert result.values.loc["P02"].tolist() == [0, 0, 0, 1, 1]
    assert result.values.loc["P05"].tolist() == [1, 1, 1, 0, 0]
    assert result.values.loc["P07"].tolist() == [1, 0, 0, 0, 0]
    assert result.values.sum().to_dict() == {"A": 6, "A.cold": 3, "A.late": 3, "B": 2, "B.skills": 2}
    assert result.n_segments.loc["P05", "A"] == 1
    assert result.values.index.tolist() == ["P01", "P02", *(f"P{i:02}" for i in (4, 5, 6, 7, 8, 10, 11, 12))]
    assert result.n_words["P08"] == 108


def test_a_theme_that_was_coded_only_for_people_who_are_out_is_absent_for_all_others(tmp_path: Path) -> None:
    rare = spoilt(table("coded_segments"), ("S09,P09,B.skills", "S09,P09,Z.rare"))
    assert "Z.rare" not in quantitize(load_wave(write_study(tmp_path, rare), "w1")).themes


def test_codes_of_a_theme_that_became_a_child_count_for_its_new_parent(tmp_path: Path) -> None:
    moved = {
        "codebook.yaml": CODEBOOK.replace(
            "{id: A.late, label: Late, parent: A,", "{id: A.late, label: Late, parent: B,"
        )
    }
    result = quantitize(load_wave(write_study(tmp_path, moved), "w1"))
    assert result.values["B"].sum() == 4  # P01 and P02 by skills, P05 and P11 by being late


ROWS = [
    ("S1", "P1", "A.x", "c", "independent"),
    ("S1", "P1", "B", "d", "independent"),
    ("S2", "P2", "A.y", "c", "independent"),
    ("S3", "P2", "B", "both", "consensus"),
    ("S4", "P3", "A.x.1", "d", "independent"),
    ("S5", "P3", "A", "c", "independent"),
]
ASKED = [
    {"participant_id": "P1", "coder_id": "c", "round": "independent", "codes": "A"},
    {"participant_id": "P1", "coder_id": "d", "round": "independent", "codes": "B A.y"},
    {"participant_id": "P2", "coder_id": "c", "round": "independent", "codes": None},
    {"participant_id": "P3", "coder_id": "d", "round": "independent", "codes": "A.x"},
]


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.sampled_from(ROWS), unique=True, min_size=1),
    asked=st.lists(st.sampled_from(range(len(ASKED))), unique=True),
    shuffle=st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_nothing(
    rows: list[tuple[str, ...]], asked: list[int], shuffle: Any
) -> None:
    columns = ["segment_id", "participant_id", "code_id", "coder_id", "round"]
    first = matrix(pd.DataFrame(rows, columns=columns), [ASKED[i] for i in asked])
    shuffle.shuffle(rows)
    shuffle.shuffle(asked)
    second = matrix(pd.DataFrame(rows, columns=columns), [ASKED[i] for i in asked])
    pd.testing.assert_frame_equal(first.values, second.values)
    pd.testing.assert_frame_equal(first.n_segments, second.n_segments)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.sampled_from(ROWS), unique=True, min_size=1))
def test_whoever_has_a_theme_has_every_theme_above_it(rows: list[tuple[str, ...]]) -> None:
    columns = ["segment_id", "participant_id", "code_id", "coder_id", "round"]
    values = matrix(pd.DataFrame(rows, columns=columns)).values.to_numpy()
    for parent, child in ((0, 1), (1, 2), (0, 3)):
        assert (values[:, child] <= values[:, parent]).all()
    assert set(np.unique(values)) <= {0.0, 1.0}


def test_the_files_of_the_tiny_study_may_be_in_any_order(tmp_path: Path) -> None:
    header, *rows = SEGMENTS.splitlines()
    shuffled = {table("coded_segments"): "\n".join([header, *rows[::-1]]) + "\n"}
    ours = quantitize(load_wave(write_study(tmp_path / "a"), "w1"))
    theirs = quantitize(load_wave(write_study(tmp_path / "b", shuffled), "w1"))
    pd.testing.assert_frame_equal(ours.values, theirs.values)
    pd.testing.assert_frame_equal(ours.n_segments, theirs.n_segments)
