"""What is told of agreement between coders: what leaves, wording, the forest, and alpha beside each theme."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from coded_twice import FIRST, TEN, asked, given, made, row, two_coders
from handmade import STUDY

import analysis_lib as al
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.figures import numbers
from analysis_lib.payload import Payload
from analysis_lib.quantitize import quantitize
from analysis_lib.release import Rules, release
from analysis_lib.reliability import CodingReliability, coder_agreement
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_joint_display, format_table
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 3, frozenset({"reviewed"}), b"key")
EXACT = replace(ROUNDED, counts="exact")


# The door


def leaves(found: CodingReliability, view: str, rules: Rules) -> Payload:
    return release([payload_of(found, view)], rules).payloads[0]


def test_agreement_leaves_to_two_digits_where_many_tables_give_the_same() -> None:
    # Both 18, one of them 6 and 6, neither 18: alpha 1 - 95 * 12 / 48^2 = .505; all are midpoints of six but for 18
    people = [f"P{i:02}" for i in range(48)]
    coded = [given(people[:24], "a"), given([*people[:18], *people[24:30]], "b")]
    wave = made([asked(people, "a", "b")], coded, people=people)
    (found,) = (
        leaves(coder_agreement(wave), "agreement", ROUNDED).tables["agreement"].frame.to_dict("records")
    )
    assert found["krippendorff_alpha"] == pytest.approx(0.51)
    assert found["n_units"] == 45
    assert pd.isna(found["percent_agreement"])
    assert pd.isna(found["prevalence"])


def test_agreement_of_ten_people_is_withheld_since_it_would_give_away_who_disagreed() -> None:
    (found,) = (
        leaves(coder_agreement(two_coders()), "agreement", ROUNDED)
        .tables["agreement"]
        .frame.to_dict("records")
    )
    assert pd.isna(found["krippendorff_alpha"])
    assert found["reason"] == "withheld"


def test_agreement_of_a_rare_code_is_withheld_under_rounding() -> None:
    rules = replace(ROUNDED, minimum_count=4)
    payload = leaves(coder_agreement(two_coders()), "agreement", rules)
    (found,) = payload.tables["agreement"].frame.to_dict("records")
    assert pd.isna(found["krippendorff_alpha"])
    assert found["reason"] == "withheld"
    assert "withheld" in format_table(payload).as_text()


def test_disagreements_one_by_one_leave_only_with_exact_counts_and_as_pseudonyms() -> None:
    found = coder_agreement(two_coders())
    assert leaves(found, "to_discuss", ROUNDED).tables["to_discuss"].rows == ()
    exact = leaves(found, "to_discuss", EXACT).tables["to_discuss"].frame
    assert len(exact) == 2
    assert not set(exact["participant_id"]) & set(TEN)


def test_sentences_under_rounding_say_what_is_withheld() -> None:
    rules = replace(ROUNDED, minimum_count=4)
    said = sentences(leaves(coder_agreement(two_coders()), "sentences", rules))
    assert said[0].text.startswith("9 of 9 people")
    assert said[1].text == "Agreement is withheld, too few people are behind it: “Cold”."


# Wording


def judged(first: int, second: int, both: int, *, n: int = 400) -> str:
    """What is said of a code that the coders give to so many of n people, both of them to some."""
    people = [f"p{i:03d}" for i in range(n)]
    wave = made(
        [asked(people, "a", "b")],
        [given(people[:first], "a"), given([*people[:both], *people[n - (second - both) :]], "b")],
        people=people,
    )
    return sentences(payload_of(coder_agreement(wave), "sentences"))[1].text


def test_a_code_is_dependable_where_its_whole_interval_lies_above_the_mark() -> None:
    assert judged(100, 100, 95).startswith(
        "Dependable for counting, the whole interval of alpha at 0.60 or above: “Cold”"
    )


def test_a_code_is_not_dependable_where_its_whole_interval_lies_below_the_mark() -> None:
    assert judged(100, 100, 40).startswith("Not dependable for counting")


def test_an_interval_that_holds_the_mark_settles_nothing() -> None:
    assert judged(12, 12, 7, n=40).startswith("The data do not settle whether alpha reaches 0.60: “Cold”")


def test_coders_who_never_differ_are_no_certainty() -> None:
    assert judged(5, 5, 5, n=20) == (
        "The coders never differed, which among so few people is no certainty: “Cold” (given to 5 of 20)."
    )


def test_the_mark_is_the_one_of_the_study() -> None:
    found = coder_agreement(two_coders(sensitivity={"weak_codes_below": 0.4}))
    assert "reaches 0.40" in sentences(payload_of(found, "sentences"))[1].text


def test_few_people_coded_twice_are_a_limit() -> None:
    wave = made(
        [asked(TEN, "a"), asked(TEN[:1], "b")],
        [given(TEN[:1], "a")],
        people=[*TEN, *(f"q{i}" for i in range(5))],
    )
    wave = replace(wave, assignments=pd.concat([wave.assignments, asked([f"q{i}" for i in range(5)], "a")]))
    said = sentences(payload_of(coder_agreement(wave), "sentences"))
    assert said[0].text.startswith("1 of 15 people (7%)")
    assert said[1].kind == "limit"


# The forest


def test_the_forest_lists_alpha_with_its_interval_and_how_many_have_the_code() -> None:
    found = coder_agreement(two_coders())
    low, high = row(found)[["alpha_low", "alpha_high"]]
    shown = numbers(payload_of(found, "forest")).splitlines()
    assert shown[1].startswith(f"Cold | alpha: 0.60 [{low:.2f}, {high:.2f}] | 5/10 | 0.60 [")


# Beside the theme


def test_the_table_of_shares_prints_alpha_beside_each_theme() -> None:
    shown = format_table(payload_of(crosstab_themes(quantitize(two_coders())), "shares"))
    assert shown.heads[0][-1].text == "Alpha [95% CI]"
    assert shown.rows[0].cells[-1].text.startswith("0.60 [")
    assert len(shown.rows[0].cells) == shown.n_columns - 1


def test_the_table_of_shares_says_why_there_is_no_agreement() -> None:
    wave = made([], [given(FIRST, "a")])
    shown = format_table(payload_of(crosstab_themes(quantitize(wave)), "shares"))
    assert shown.heads[0][-1].text == "Segments"
    assert any(note.startswith("No agreement between coders: nothing says who") for note in shown.notes)


def test_the_joint_display_carries_alpha_or_the_reason() -> None:
    both = al.joint_display(crosstab_themes(quantitize(two_coders())))
    (shown,) = format_joint_display(payload_of(both))
    assert shown.agreement.startswith("Agreement between coders, alpha [95% CI]: 0.60 [")
    alone = al.joint_display(crosstab_themes(quantitize(made([], [given(FIRST, "a")]))))
    (shown,) = format_joint_display(payload_of(alone))
    assert shown.agreement.startswith("Agreement between coders: nothing says who")
    assert shown.agreement in al.show(alone).text


def test_the_termination_models_print_alpha_for_themes_and_nothing_for_covariates(example: Any) -> None:
    shown = format_table(payload_of(example.models, "models"))
    last = {row.stub: row.cells[-1].text for row in shown.rows if row.cells}
    assert last["Unempathic"] == "0.94 [0.77, 1.00]"
    assert last["Age, years"] == ""


def test_the_settings_of_these_tests_are_those_of_a_study() -> None:
    assert STUDY.sensitivity == {}
    assert coder_agreement(two_coders()).weak_below == 0.6
