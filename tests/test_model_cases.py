"""Typical and deviant cases of a termination model, on twelve people whose fitted order can be read off their ages.

Six ages, each once with the theme *cold* and once without, with the same ending. By that symmetry the theme's
coefficient is 0 and the fitted probability depends on age alone. Endings by age: stayed, left, stayed, left, stayed,
left; the slope is positive, so the two youngest are the lowest third and the two oldest the highest. Among people with
the theme that is one person of each kind: the youngest low and stayed, the second low and left, the fifth high and
stayed, the sixth high and left.
"""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest
from handmade import a_wave

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.joint_display import joint_display
from analysis_lib.joint_display.model_cases import NO_MODELS, TOO_ALIKE
from analysis_lib.quantitize import quantitize
from analysis_lib.study import Covariate, Outcome, TerminationModelPlan
from analysis_lib.tables import format_table
from analysis_lib.termination import fit_termination
from analysis_lib.views import payload_of

AGES = (20, 30, 40, 50, 60, 70)
LEFT = (False, True, False, True, False, True)
AGE = Covariate("age", "number", "differs by cohort")


def people(ages=AGES, left=LEFT):
    rows = [
        (f"{letter}{i}", "unhelpful" if gone else "helpful", age, gone)
        for letter in "CN"
        for i, (age, gone) in enumerate(zip(ages, left, strict=True), 1)
    ]
    return pd.DataFrame(rows, columns=["id", "outcome_group", "age", "gone"]).set_index("id")


def cases(frame=None, *, silent=(), covariates=(AGE,), model_themes=("cold",)):
    """The model cases of these people; ``silent`` did not consent to being quoted."""
    frame = people() if frame is None else frame
    coded = [name for name in frame.index if name.startswith("C")]
    rows = [
        {"segment_id": f"s{name}", "participant_id": name, "code_id": "cold", "text": f"Words of {name}.",
         "quote_consent": "no" if name in silent else "yes", "round": "independent"}
        for name in coded
    ]  # fmt: skip
    reviews = [
        {"segment_id": row["segment_id"], "decision": "release",
         "text_sha256": hashlib.sha256(row["text"].encode()).hexdigest()}
        for row in rows
    ]  # fmt: skip
    wave = a_wave(
        frame.drop(columns="gone"),
        tables={"coded_segments": pd.DataFrame(rows), "quote_reviews": pd.DataFrame(reviews)},
        outcome=Outcome(("helpful", "unhelpful"), "helpful", {}, ()),
        codebook=Codebook("1", (Theme("cold", "Cold"), Theme("lost", "Lost", status="optional"))),
        termination_models=(TerminationModelPlan("main", "declared", model_themes, covariates, None),),
    )
    wave.participants["dropout_declared"] = frame["gone"].astype("boolean")
    matrix = quantitize(wave)
    return joint_display(crosstab_themes(matrix), fit_termination(matrix))


def who(display):
    found = display.model_cases.quotes
    return dict(zip(zip(found["third"], found["ended"], strict=True), found["participant_id"], strict=True))


def test_each_kind_of_case_is_the_person_whom_age_and_ending_make_it():
    assert who(cases()) == {
        ("highest", "dropped out"): "C6",
        ("lowest", "stayed"): "C1",
        ("highest", "stayed"): "C5",
        ("lowest", "dropped out"): "C2",
    }


def test_typical_fits_the_model_and_deviant_does_not():
    found = cases().model_cases.people
    assert dict(zip(zip(found["third"], found["ended"], strict=True), found["case"], strict=True)) == {
        ("highest", "dropped out"): "typical",
        ("lowest", "stayed"): "typical",
        ("highest", "stayed"): "deviant",
        ("lowest", "dropped out"): "deviant",
    }


def test_cases_are_counted_among_the_people_in_the_model_with_the_theme():
    found = cases().model_cases.people
    assert found["n_cases"].tolist() == [1, 1, 1, 1]
    assert found["n_total"].tolist() == [6, 6, 6, 6]


def test_a_kind_without_anybody_to_quote_has_a_count_and_no_quote():
    display = cases(silent=("C5",))
    assert ("highest", "stayed") not in who(display)
    assert display.model_cases.people["n_cases"].tolist() == [1, 1, 1, 1]


def test_the_odds_ratio_of_the_theme_is_the_adjusted_one():
    (row,) = cases().model_cases.odds.to_dict("records")
    assert (row["term"], row["n_used"], row["n_events"]) == ("cold", 12, 6)
    assert row["odds_ratio"] == pytest.approx(1, abs=1e-6)


def test_the_order_of_rows_changes_no_case():
    turned = people().iloc[::-1]
    assert who(cases(turned)) == who(cases())


def test_people_of_one_age_cannot_be_told_apart_as_thirds():
    # Without the covariate and with the theme's coefficient 0, everybody has one fitted probability.
    display = cases(covariates=())
    assert display.model_cases.odds["reason"].tolist() == [TOO_ALIKE]
    assert not len(display.model_cases.people)


def test_a_model_that_cannot_be_fitted_says_why_and_has_no_case():
    display = cases(people(left=(False,) * 6))
    assert display.model_cases.odds["reason"].tolist() == ["nobody dropped out"]
    assert not len(display.model_cases.quotes)


def test_without_models_the_display_says_so():
    display = cases()
    alone = joint_display(display.crosstab)
    assert alone.model_cases.reason == NO_MODELS
    assert format_table(payload_of(alone, "model_with_quotes")).rows[0].cells[0].text == (
        "No termination model was given to the display."
    )


def test_no_number_of_an_individual_is_in_the_payload():
    payload = payload_of(cases(), "model_with_quotes")
    kinds = {kind for name in ("people", "quotes") for _, kind in payload.tables[name].columns}
    assert "estimate" not in kinds
    assert set(payload.tables["quotes"].frame["third"]) == {"highest", "lowest"}


def test_a_theme_that_nobody_was_coded_for_is_named_as_left_out():
    display = cases(model_themes=("cold", "lost"))
    lost = display.model_cases.odds.set_index("term").loc["lost"]
    assert (lost["term_label"], lost["reason"]) == ("Lost", "nobody was coded for it in this wave")
    assert set(display.model_cases.people["term"]) == {"cold"}
