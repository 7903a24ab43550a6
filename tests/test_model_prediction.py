"""Twelve people with the theme, nine of whom left, and twenty without it, four of whom left; all by hand.

Thirteen left and nineteen stayed: of 13 * 19 = 247 pairs the one who left has the theme and the other has not in
9 * 16, and both are alike in 9 * 3 + 4 * 16, so the area is (144 + 91 / 2) / 247. Firth's log odds ratio is that of the
table with half a person more in every cell, so the slope is log(12) / log(9.5 * 16.5 / (3.5 * 4.5)).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix
from tiny_study import spoilt, write_study

import analysis_lib as al
from analysis_lib.errors import ModelError
from analysis_lib.figures import alt_text, as_png, can_draw, caption, draw, numbers
from analysis_lib.model_prediction import (
    AFTERWARDS,
    ASSOCIATION,
    AUC,
    BY_CONSTRUCTION,
    FEW_RISKS,
    INTERCEPT,
    REFLEXIVE,
    SLOPE,
    PredictionMeasures,
    prediction_measures,
)
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.study import Covariate, DropoutDefinition, Outcome, TerminationModelPlan
from analysis_lib.tables import format_table
from analysis_lib.termination import fit_termination
from analysis_lib.views import payload_of, views

AGE = Covariate("age", "number", "younger people leave earlier", unit="years")
PLAN = TerminationModelPlan("main", "declared", ("cold",), (), None)
WITH_AGE = replace(PLAN, covariates=(AGE,))
ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
SUPPRESSED = replace(ROUNDED, counts="suppress7_round5")
PREDICTS = {"claim": "prediction", "theme_timing": "before_outcome"}


def a_study(
    a: int, b: int, c: int, d: int, *, plan: TerminationModelPlan = PLAN, order: Any = None, **settings: Any
) -> ThemeMatrix:
    """a left with the theme, b stayed with it, c left without it, d stayed without it."""
    left = np.array([True] * a + [False] * b + [True] * c + [False] * d)
    frame = pd.DataFrame({"dropout_declared": pd.array(left, dtype="boolean")})
    frame["outcome_group"] = np.where(left, "left", "stayed")
    frame["age"] = pd.array([20 + 7 * i % 43 for i in range(len(frame))], dtype="Float64")
    values = pd.DataFrame({"cold": [1.0] * (a + b) + [0.0] * (c + d)})
    order = np.arange(len(frame)) if order is None else order
    frame, values = frame.iloc[order], values.iloc[order]
    frame.index = values.index = pd.Index([f"P{i:03d}" for i in range(len(frame))])
    settings = {
        "outcome": Outcome(("stayed", "left"), "stayed", {}, ()),
        "dropout_definitions": (DropoutDefinition("declared", termination_type=("patient_unilateral",)),),
        "termination_models": (plan,),
        **PREDICTS,
        **settings,
    }
    return a_matrix(frame, values, **settings)


def measured(matrix: ThemeMatrix, *, n_resamples: int = 40) -> PredictionMeasures:
    return prediction_measures(fit_termination(matrix), n_resamples=n_resamples)


def one(found: PredictionMeasures, measure: str) -> pd.Series:
    return found.table.set_index("measure").loc[measure]


def released(payload: Payload, rules: Rules = ROUNDED) -> Payload:
    return release([payload], rules).payloads[0]


@pytest.fixture(scope="module")
def worked() -> PredictionMeasures:
    return measured(a_study(9, 3, 4, 16))


@pytest.fixture(scope="module")
def aged() -> PredictionMeasures:
    return measured(a_study(19, 13, 14, 46, plan=WITH_AGE))


# Whether anything is shown


def test_a_study_that_claims_association_gets_no_measure_and_the_reason():
    found = measured(a_study(9, 3, 4, 16, claim="association"))
    assert found.reason == ASSOCIATION == "the study claims association, so no measure of prediction is shown"
    assert not len(found.table)
    assert not len(found.bins)
    assert not len(found.curve)
    for view in views(found):
        assert "the study claims association" in al.show(found, view).text.replace("The", "the")


def test_accounts_from_after_the_outcome_predict_nothing_whatever_is_claimed():
    found = measured(a_study(9, 3, 4, 16, theme_timing="after_outcome"))
    assert (found.reason, len(found.table)) == (AFTERWARDS, 0)


def test_reflexive_analysis_gets_no_measure():
    assert measured(a_study(9, 3, 4, 16, tradition="reflexive")).reason == REFLEXIVE


def test_a_study_without_models_says_so():
    found = measured(a_study(9, 3, 4, 16, termination_models=()))
    assert found.reason == "study.yaml states no termination model"


def test_a_study_on_disk_that_claims_prediction_is_measured(tmp_path):
    changed = spoilt(
        "study.yaml", ("theme_timing: after_outcome", "theme_timing: before_outcome\nclaim: prediction")
    )
    found = measured(al.quantitize(al.load_wave(write_study(tmp_path, changed), "w1")), n_resamples=5)
    assert found.reason is None
    assert found.table["measure"].tolist() == [AUC, SLOPE, INTERCEPT]
    for view in views(found):
        assert al.show(found, view).text


# By hand


def test_the_area_counts_pairs(worked):
    assert one(worked, AUC)["estimate"] == pytest.approx((144 + 91 / 2) / 247)


def test_delongs_interval_by_hand(worked):
    # Leavers outrank 16/19 + 3/38 of stayers with the theme, 8/19 without; variances over 13 and over 19.
    high, low = 16 / 19 + 3 / 38, 8 / 19
    above = np.array([high] * 9 + [low] * 4)
    # Stayers are outranked by 4.5/13 with the theme (ties with nine), by 9/13 + 2/13 without.
    below = np.array([4.5 / 13] * 3 + [11 / 13] * 16)
    se = math.sqrt(above.var(ddof=1) / 13 + below.var(ddof=1) / 19)
    row = one(worked, AUC)
    assert row["conf_low"] == pytest.approx(above.mean() - 1.959964 * se, rel=1e-6)


def test_the_slope_undoes_firths_shrinkage_in_the_sample(worked):
    expected = math.log(12) / math.log(9.5 * 16.5 / (3.5 * 4.5))
    assert one(worked, SLOPE)["estimate"] == pytest.approx(expected, rel=1e-4)


def test_in_the_large_the_risks_are_right_by_construction(worked):
    row = one(worked, INTERCEPT)
    assert row["estimate"] == 0
    assert row["reason"] == BY_CONSTRUCTION
    assert math.isnan(row["corrected"])


def test_the_groups_by_risk_are_those_with_and_without_the_theme(worked):
    # FLIC's risks, as in the tests of the termination models: they add up to thirteen.
    assert worked.bins[["n_events", "n_total"]].to_numpy().tolist() == [[4, 20], [9, 12]]
    assert worked.bins["risk"].tolist() == pytest.approx([0.212674, 0.728877], abs=1e-5)


def test_the_histogram_holds_everybody_once(worked):
    held = worked.histogram[(worked.histogram["n_left"] + worked.histogram["n_stayed"]) > 0]
    assert held[["low", "n_left", "n_stayed"]].to_numpy().tolist() == [[0.2, 4, 16], [0.7, 9, 3]]


def test_two_risks_are_too_few_for_a_smooth_curve(worked):
    assert set(worked.curve["reason"]) == {FEW_RISKS}
    assert worked.curve["smooth"].isna().all()


def test_the_corrected_line_has_the_corrected_slope(aged):
    logits = np.log(aged.curve["corrected"] / (1 - aged.curve["corrected"]))
    risk = np.log(aged.curve["risk"] / (1 - aged.curve["risk"]))
    slope = np.polyfit(risk, logits, 1)[0]
    assert slope == pytest.approx(one(aged, SLOPE)["corrected"], rel=1e-6)


def test_what_is_left_is_the_estimate_less_its_optimism(aged):
    for measure in (AUC, SLOPE):
        row = one(aged, measure)
        assert row["corrected"] == pytest.approx(row["estimate"] - row["optimism"], abs=1e-4)
        assert row["mc_error"] > 0
    assert one(aged, AUC)["corrected"] < one(aged, AUC)["estimate"]


def test_equally_many_people_are_in_each_group_by_risk(aged):
    assert len(aged.bins) == 5
    assert aged.bins["n_total"].sum() == 92
    assert aged.bins["n_total"].between(17, 20).all()
    assert aged.bins["risk"].is_monotonic_increasing


def test_the_smooth_curve_stays_between_none_and_all(aged):
    assert aged.curve["smooth"].between(0, 1).all()
    assert aged.curve["reason"].isna().all()


# Order, seed


def test_neither_the_order_of_people_nor_their_ids_matter(aged):
    order = np.random.default_rng(5).permutation(92)
    again = measured(a_study(19, 13, 14, 46, plan=WITH_AGE, order=order))
    pd.testing.assert_frame_equal(aged.table, again.table, rtol=1e-6, atol=1e-9)
    pd.testing.assert_frame_equal(aged.bins, again.bins)


def test_another_seed_draws_other_resamples(aged):
    other = measured(a_study(19, 13, 14, 46, plan=WITH_AGE, seed=2))
    assert one(other, AUC)["estimate"] == pytest.approx(one(aged, AUC)["estimate"])
    assert one(other, AUC)["optimism"] != one(aged, AUC)["optimism"]


def test_one_resample_is_refused():
    with pytest.raises(ModelError, match="At least two resamples"):
        measured(a_study(9, 3, 4, 16), n_resamples=1)


# Degenerate waves

DEGENERATE = {
    "nobody left": (0, 5, 0, 7),
    "everybody left": (5, 0, 7, 0),
    "three people": (1, 0, 1, 1),
    "nobody has the theme": (0, 0, 6, 9),
    "everybody has it": (6, 9, 0, 0),
    "only leavers have it": (6, 0, 7, 19),
    "it tells them apart": (8, 0, 0, 12),
    "one left": (1, 6, 0, 9),
}


@pytest.mark.parametrize("counts", DEGENERATE.values(), ids=DEGENERATE)
def test_a_wave_that_bears_no_measure_has_reasons_without_numbers_and_no_exception(counts):
    found = measured(a_study(*counts), n_resamples=10)
    lacking = found.table[found.table[["estimate", "conf_low"]].isna().any(axis=1)]
    assert lacking["reason"].notna().all()
    assert not lacking["reason"].str.contains(r"\d").any()


@pytest.mark.parametrize("counts", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("rules", [None, ROUNDED, SUPPRESSED], ids=["exact", "rounded", "suppressed"])
def test_every_view_of_a_degenerate_wave_can_be_shown(counts, rules):
    found = measured(a_study(*counts), n_resamples=5)
    for view in views(found):
        payload = payload_of(found, view)
        assert al.show(payload if rules is None else released(payload, rules)).text


def test_nobody_leaving_is_a_reason_in_every_view():
    found = measured(a_study(0, 5, 0, 7))
    assert set(found.table["reason"]) == {"nobody dropped out"}
    assert "Nobody dropped out." in al.show(found).text
    assert "no measure of prediction: nobody dropped out" in al.say(found).text
    assert al.show(found, "calibration").text == "No figure: model main: nobody dropped out."


# What leaves


def test_under_rounding_the_curve_through_single_people_does_not_leave(aged):
    curve = released(payload_of(aged, "calibration")).tables["curve"].frame
    assert curve[["risk", "smooth", "corrected"]].isna().all().all()


def test_under_rounding_the_groups_by_risk_leave_as_rounded_people(aged):
    frame = released(payload_of(aged, "risk_groups")).tables["bins"].frame
    assert (frame[["n_events", "n_total"]] % 6).isin([0, 3]).all().all()
    assert can_draw(released(payload_of(aged, "calibration"))) is None


def test_measures_of_a_few_leavers_are_withheld():
    found = measured(a_study(3, 9, 2, 18))
    table = released(payload_of(found)).tables["measures"].frame
    assert table[["estimate", "optimism", "corrected"]].isna().all().all()
    assert "withheld" in format_table(released(payload_of(found))).as_text()
    assert "withheld, too few people" in al.show(released(payload_of(found, "sentences"))).text


def test_the_file_holds_one_row_per_measure(worked):
    exact, leaving = result_files(worked), result_files(payload_of(worked))
    assert exact["prediction_measures.csv"]["measure"].tolist() == [AUC, SLOPE, INTERCEPT]
    assert leaving["prediction_measures.csv"]["measure"].tolist() == [AUC, SLOPE, INTERCEPT]


# What is read


def test_the_sentences_give_pairs_correction_and_the_limit(worked):
    text = al.say(worked).text
    assert "in 77 of 100 pairs (AUC 0.77" in text
    assert "corrected for having been fitted to them" in text
    assert text.endswith("What the model does in other people has to be seen in other people.")


def test_the_table_stands_with_its_interval_and_says_how_it_was_corrected(worked):
    text = al.show(worked).text
    assert re.search(r"Area under the curve \(AUC\)\s+0\.77 \[0\.\d\d, 0\.\d\d\]", text)
    assert "40 resamples, seed 1" in text
    assert "13 of 32 people with complete data" in text


def test_the_figure_is_drawn_with_points_lines_and_bars(aged):
    payload = payload_of(aged, "calibration")
    assert can_draw(payload) is None
    assert as_png(draw(payload), dpi=60)[:4] == b"\x89PNG"
    assert [line.split(" | ")[0] for line in numbers(payload).splitlines()] == [
        "Model main, predicted %: observed % [95% CI], dropped out",
        "Model main, people with a risk from %: dropped out, did not",
        "Model main, predicted %: smoothed %, expected in other people %",
    ]
    assert "Line: the same share smoothed" in caption(payload)
    assert alt_text(payload).startswith("Calibration plot of predicted against observed dropping out")
