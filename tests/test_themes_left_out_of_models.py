"""A theme that a model names and nobody was coded for is not in the model, and is seen not to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.release import Rules, release
from analysis_lib.sentences import sentences
from analysis_lib.study import DropoutDefinition, Outcome, TerminationModelPlan
from analysis_lib.tables import format_table
from analysis_lib.termination import TerminationModels, fit_termination
from analysis_lib.termination_design import NOT_CODED
from analysis_lib.views import payload_of

CODEBOOK = Codebook(
    "1",
    (Theme("cold", "Cold"), Theme("late", "Late", status="optional"), Theme("old", "Old", status="retired")),
)
ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
WHOLE = ("cold", "late", "old")


def models(*named: str) -> TerminationModels:
    """A model of these themes over twenty people, of whom everybody was coded for ``cold`` alone."""
    left = np.arange(20) % 2 == 0
    people = pd.DataFrame(
        {
            "outcome_group": np.where(left, "left", "stayed"),
            "dropout_declared": pd.array(left, dtype="boolean"),
            "dropout_other": pd.array(~left, dtype="boolean"),
        },
        index=[f"p{i:02d}" for i in range(20)],
    )
    values = pd.DataFrame({"cold": (np.arange(20) % 3 == 0).astype(float)}, index=people.index)
    settings: dict[str, Any] = {
        "codebook": CODEBOOK,
        "outcome": Outcome(("stayed", "left"), "stayed", {}, ()),
        "dropout_definitions": tuple(
            DropoutDefinition(name, termination_type=("patient_unilateral",))
            for name in ("declared", "other")
        ),
        "termination_models": (TerminationModelPlan("main", "declared", named, (), None),),
    }
    return fit_termination(a_matrix(people, values, **settings))


def test_the_themes_left_out_are_listed_for_every_definition() -> None:
    found = models(*WHOLE).left_out
    assert found[["event", "term"]].to_numpy().tolist() == [
        ["declared", "late"], ["declared", "old"], ["other", "late"], ["other", "old"]
    ]  # fmt: skip
    assert set(found["reason"]) == {NOT_CODED}
    assert set(found["term_label"]) == {"Late", "Old"}


def test_a_model_whose_themes_are_all_there_leaves_nothing_out() -> None:
    assert len(models("cold").left_out) == 0


def test_the_others_of_the_model_are_fitted_as_if_it_had_not_been_named() -> None:
    pd.testing.assert_frame_equal(models(*WHOLE).table, models("cold").table)


@pytest.mark.parametrize("view", ["models", "guards"])
def test_tables_have_a_row_that_says_why(view: str) -> None:
    text = format_table(payload_of(models(*WHOLE), view)).as_text()
    lines = [line.strip() for line in text.splitlines()]
    for label in ("Late", "Old"):
        assert any(
            line.startswith(label) and line.endswith(f"not in the model: {NOT_CODED}") for line in lines
        )


def test_a_sentence_says_why_once_per_model() -> None:
    said = [sentence.text for sentence in sentences(payload_of(models("cold", "late"), "sentences"))]
    assert said.count(f"“Late” is not in model main: {NOT_CODED}.") == 1


def test_a_model_of_nothing_but_themes_left_out_says_both() -> None:
    said = [sentence.text for sentence in sentences(payload_of(models("late"), "sentences"))]
    assert said[:2] == [
        f"“Late” is not in model main: {NOT_CODED}.",
        "Model main cannot be fitted: the model has no term.",
    ]


def test_the_reason_leaves_under_rounded_counts_too() -> None:
    payload = release([payload_of(models(*WHOLE), "guards")], ROUNDED).payloads[0]
    assert f"not in the model: {NOT_CODED}" in format_table(payload).as_text()
