from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import FACTS, a_wave, themes

from analysis_lib.errors import Finding
from analysis_lib.intake import describe_wave
from analysis_lib.study import DropoutDefinition, Outcome

# Nine who enrolled: seven analysed, one without consent, one without a group.
PEOPLE = pd.DataFrame(
    [
        ("P1", "helpful", "helpful", "completed_agreed", 20, "cbt", True),
        ("P2", "helpful", "helpful", "completed_agreed", 30, "cbt", False),
        ("P3", "helpful", "helpful", "completed_agreed", 50, "emdr", False),
        ("P4", "helpful", "helpful", "external", None, None, False),
        ("P5", "unhelpful", "unhelpful", "patient_unilateral", 40, "cbt", True),
        ("P6", "unhelpful", "unhelpful", "completed_agreed", 60, "emdr", False),
        ("P7", "unhelpful", "unhelpful", None, None, "cbt", None),
        ("P8", None, "not_stated", "ongoing", 33, "cbt", None),
        ("P9", "helpful", "helpful", "completed_agreed", 90, "cbt", True),
    ],
    columns=[
        "participant_id", "outcome_group", "perceived_helpfulness", "termination_type", "age", "modality",
        "dropout_declared",
    ],
).set_index("participant_id")  # fmt: skip
PEOPLE["agreed"] = PEOPLE.index != "P9"
PEOPLE["why_no_group"] = pd.Series({"P8": "therapy still under way"})
PEOPLE["dropout_declared"] = PEOPLE["dropout_declared"].astype("boolean")
SEGMENTS = pd.DataFrame(
    [("s1", "P1", "cold"), ("s2", "P2", "cold"), ("s3", "P5", "warm"), ("s4", "P9", "cold")],
    columns=["segment_id", "participant_id", "code_id"],
)
DOCUMENTS = pd.DataFrame(
    {
        "document_id": [f"d{i}" for i in range(1, 9)],
        "participant_id": [f"P{i}" for i in range(1, 9)],
        "n_words": [100, 200, 300, 400, 10, 30, None, 900],
    }
)
SETTINGS = {
    "outcome": Outcome(("helpful", "unhelpful", "mixed"), "helpful", {}, ()),
    "codebook": themes("cold", "warm"),
    "dropout_definitions": (DropoutDefinition("declared", termination_type=("patient_unilateral",)),),
}


@pytest.fixture(scope="module")
def intake():
    # The tables of a wave hold only people who agreed, as load_wave leaves them.
    tables = {
        "coded_segments": SEGMENTS[SEGMENTS["participant_id"] != "P9"],
        "documents": DOCUMENTS,
    }
    return describe_wave(a_wave(PEOPLE, tables=tables, n_corrected=2, **SETTINGS))


def counts(frame, **where):
    """Group -> n of the rows with these values."""
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return frame.set_index("group")["n"].to_dict()


# Flow


def test_the_flow_goes_from_enrolled_to_analysed_with_a_reason_for_everybody_who_leaves(intake):
    assert intake.flow.to_numpy().tolist() == [
        ["enrolled", 9, 0, ""],
        ["agreed to analysis", 8, 1, "no consent to analysis, or withdrawn"],
        ["outcome group known", 7, 1, "therapy still under way"],
        ["material to code", 7, 0, ""],
        ["analysed", 7, 0, ""],
    ]


def test_invited_and_declined_open_the_flow_where_the_wave_says_so():
    facts = replace(FACTS, n_invited=20, n_declined=6)
    flow = describe_wave(a_wave(PEOPLE, facts=facts, **SETTINGS)).flow
    assert flow.head(3).to_numpy().tolist() == [
        ["invited", 20, 0, ""],
        ["did not decline", 14, 6, "declined"],
        ["enrolled", 9, 5, "did not take part"],
    ]


def test_the_flow_of_every_example_wave_adds_up(examples):
    for example in examples.values():
        flow = example.intake.flow.iloc[1:]
        before = example.intake.flow["n"].iloc[:-1].to_numpy()
        assert (before - flow["excluded"].to_numpy() == flow["n"].to_numpy()).all()


# Characteristics


def test_a_number_has_median_and_quartiles_of_those_whose_value_is_known(intake):
    frame = intake.characteristics
    row = frame[(frame["variable"] == "age") & (frame["group"] == "helpful") & (frame["level"] == "")].iloc[0]
    # Ages 20, 30 and 50: quartiles half way between neighbours.
    assert row[["n", "n_total"]].tolist() == [3, 4]
    assert row[["lower", "median", "upper"]].tolist() == [25.0, 30.0, 40.0]


def test_missing_is_a_level_of_its_own_even_where_nobody_is_missing(intake):
    assert counts(intake.characteristics, variable="age", level="missing") == {
        "helpful": 1, "unhelpful": 1, "mixed": 0, "all": 2,
    }  # fmt: skip
    assert counts(intake.characteristics, variable="modality", level="missing") == {
        "helpful": 1, "unhelpful": 0, "mixed": 0, "all": 1,
    }  # fmt: skip


def test_a_category_is_counted_by_level_in_each_group_and_in_all(intake):
    assert counts(intake.characteristics, variable="modality", level="cbt") == {
        "helpful": 2, "unhelpful": 2, "mixed": 0, "all": 4,
    }  # fmt: skip


def test_levels_stand_in_the_order_of_the_contract_whether_or_not_they_occur(intake):
    frame = intake.characteristics
    levels = list(dict.fromkeys(frame.loc[frame["variable"] == "modality", "level"]))
    assert levels[:4] == ["cbt", "psychodynamic", "ipt", "emdr"]
    assert levels[-1] == "missing"


def test_a_column_that_nobody_filled_in_is_left_out(intake):
    assert set(intake.characteristics["variable"]) == {"age", "modality"}


def test_only_people_who_are_analysed_are_described(intake):
    every = intake.characteristics[intake.characteristics["group"] == "all"]
    assert set(every["n_total"]) == {7}


def test_a_group_of_nobody_has_no_median(intake):
    frame = intake.characteristics
    row = frame[(frame["variable"] == "age") & (frame["group"] == "mixed") & (frame["level"] == "")].iloc[0]
    assert row["n"] == 0
    assert np.isnan(row["median"])


# The two axes


def test_the_two_axes_cross_everybody_who_agreed(intake):
    found = intake.two_axes.set_index(["perceived_helpfulness", "termination_type"])["n"]
    assert found["helpful", "completed_agreed"] == 3
    assert found["unhelpful", "patient_unilateral"] == 1
    assert found["unhelpful", "missing"] == 1
    assert found["not_stated", "ongoing"] == 1
    assert found.sum() == 8


def test_empty_cells_of_levels_that_occur_are_rows_too(intake):
    found = intake.two_axes.set_index(["perceived_helpfulness", "termination_type"])["n"]
    assert found["helpful", "patient_unilateral"] == 0
    assert len(found) == 3 * 5


def test_there_is_no_cross_table_where_one_axis_is_not_recorded():
    people = PEOPLE.assign(perceived_helpfulness=None)
    assert not len(describe_wave(a_wave(people, **SETTINGS)).two_axes)


# Material and dropout


def test_words_are_summarised_by_group_over_those_whose_words_are_known(intake):
    found = intake.material.set_index("group")[["n", "words_lower", "words_median", "words_upper"]]
    assert found.loc["helpful"].tolist() == [4, 175.0, 250.0, 325.0]
    assert found.loc["unhelpful"].tolist() == [3, 15.0, 20.0, 25.0]
    assert found.loc["mixed", "n"] == 0
    assert np.isnan(found.loc["mixed", "words_median"])


def test_people_without_any_theme_are_counted(intake):
    found = intake.material.set_index("group")["n_without_theme"]
    assert found.to_dict() == {"helpful": 2, "unhelpful": 2, "mixed": 0, "all": 4}


def test_a_wave_in_which_nothing_was_coded_says_so():
    asked = pd.DataFrame({"participant_id": ["P9"], "coder_id": ["c1"], "round": ["independent"]})
    intake = describe_wave(a_wave(PEOPLE, tables={"assignments": asked}, **SETTINGS))
    assert intake.reason == "nothing was coded in this wave, so no theme can be counted"
    assert intake.material["n_without_theme"].isna().all()


def test_each_dropout_definition_counts_dropped_judged_and_unjudged(intake):
    assert intake.dropout.to_numpy().tolist() == [["declared", "ended by the patient alone", 2, 6, 2, 0]]


# Findings


def test_the_same_remark_is_counted_not_repeated():
    remark = Finding("warn", "X06", "participants.csv", "more sessions attended than planned.", "Check.", 3)
    again = Finding("warn", "X06", "participants.csv", "more sessions attended than planned.", "Check.", 9)
    note = Finding("note", "T04", "participants.csv", "a column is left aside.", "Map it.", 1)
    found = describe_wave(a_wave(PEOPLE, findings=(remark, again, note), **SETTINGS)).findings
    assert found.to_numpy().tolist() == [
        ["warn", "more sessions attended than planned.", 2],
        ["note", "a column is left aside.", 1],
    ]


def test_corrected_cells_are_counted(intake):
    assert intake.n_corrected == 2
