"""Eight people by hand: two left after session 2, one each after 4 and 5; the others are censored at 1, 3, 4 and 6.

At risk 8, 7, 5, 4, 2, 1; so the curve is 1, 5/7, 5/7, 5/7 * 3/4 = 15/28, 15/28 * 1/2 = 15/56, 15/56.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from dropout_time_studies import (
    DECLARED,
    DONE,
    EIGHT,
    LEFT,
    ON,
    PLAIN,
    PLAN,
    ROUNDED,
    a_study,
    curve,
    released,
)
from handmade import themes

import analysis_lib as al
from analysis_lib.dropout_followup import CIRCULAR, NOBODY, follow
from analysis_lib.dropout_time import (
    EVERYBODY_HAS,
    FIXED_MARKS,
    NO_MODEL,
    NOBODY_HAS,
    NOBODY_LEFT,
    NOT_SO_LONG,
    ONE_SESSION,
    REFLEXIVE,
    SMALL,
    TOO_FEW_LEFT,
    time_to_dropout,
)
from analysis_lib.errors import ModelError
from analysis_lib.study import Covariate, DropoutDefinition
from analysis_lib.termination import FIRTH, fit_termination
from analysis_lib.termination_design import NOT_CODED
from analysis_lib.views import payload_of, views

UNDER_4 = DropoutDefinition("under_4", sessions_attended_below=4)
UNDER_HALF = DropoutDefinition("under_half", share_of_plan_below=0.5)
SUPPRESSED = replace(ROUNDED, counts="suppress7_round5")


# The curve, by hand


def test_the_curve_is_kaplan_and_meiers():
    found = curve(time_to_dropout(a_study(EIGHT)))
    assert found["session"].tolist() == [1, 2, 3, 4, 5, 6]
    assert found["at_risk"].tolist() == [8, 7, 5, 4, 2, 1]
    assert found["events"].tolist() == [0, 2, 0, 1, 1, 0]
    assert found["censored"].tolist() == [1, 0, 1, 1, 0, 1]
    assert found["survival"].tolist() == pytest.approx([1, 5 / 7, 5 / 7, 15 / 28, 15 / 56, 15 / 56])


def test_limits_enclose_the_curve_and_stay_between_none_and_all():
    found = curve(time_to_dropout(a_study(EIGHT)))
    assert (found["conf_low"] <= found["survival"]).all()
    assert (found["conf_high"] >= found["survival"]).all()
    assert found[["conf_low", "conf_high"]].stack().between(0, 1).all()


def test_the_median_is_the_first_session_by_which_half_have_left():
    row = time_to_dropout(a_study(EIGHT)).people.iloc[0]
    assert (row["median"], row["no_median"]) == (5, None)


def test_each_side_of_a_theme_has_a_curve_of_its_own():
    found = time_to_dropout(a_study(EIGHT))
    # with the theme: left after 2, 2; in therapy at 3. Without: left after 4 and 5, censored at 1, 4, 6.
    assert curve(found, "cold present")["survival"].tolist() == pytest.approx([1, 1 / 3, 1 / 3])
    assert curve(found, "cold absent")["at_risk"].tolist() == [5, 4, 4, 4, 2, 1]
    assert curve(found, "cold absent")["survival"].tolist() == pytest.approx([1, 1, 1, 3 / 4, 3 / 8, 3 / 8])


def test_at_a_few_sessions_the_curve_is_read_off_with_those_who_left_since_the_mark_before():
    found = time_to_dropout(a_study(EIGHT), at=[2, 5]).sessions
    overall = found[found["group"] == "overall"]
    assert overall[["first", "session", "at_risk", "events"]].to_numpy().tolist() == [
        [1, 2, 8, 2],
        [3, 5, 5, 2],
    ]
    assert overall["survival"].tolist() == pytest.approx([5 / 7, 15 / 56])
    # two left in either stretch; seven and two people were still at risk at its end
    assert overall["smallest_cell"].tolist() == [2, 2]


def test_beyond_the_last_session_of_a_group_there_is_no_estimate_and_a_reason():
    found = time_to_dropout(a_study(EIGHT), at=[2, 5]).sessions
    late = found[(found["group"] == "cold present") & (found["session"] == 5)].iloc[0]
    assert np.isnan(late["survival"])
    assert late["reason"] == NOT_SO_LONG


def test_marks_are_the_quarters_of_the_median_plan_where_enough_plans_are_known():
    plans = {"sessions_planned": pd.array([10] * 15 + [14] * 15, dtype="Int64")}
    found = time_to_dropout(a_study(PLAIN, columns=plans))
    # median 12
    assert (found.marks, found.marks_from) == ((3, 6, 9, 12), "plan")


def test_marks_are_fixed_where_hardly_a_plan_is_known():
    found = time_to_dropout(a_study(EIGHT))
    assert (found.marks, found.marks_from) == (FIXED_MARKS, "fixed")


@pytest.mark.parametrize("at", [[], [0, 3], [3, 3], [5, 2], [2.5]])
def test_marks_that_do_not_rise_from_one_are_refused(at):
    with pytest.raises(ModelError, match="whole numbers of sessions"):
        time_to_dropout(a_study(EIGHT), at=at)


# Who is followed


def test_everybody_is_in_exactly_one_state():
    odd = [
        ("not_started", None, 0),
        (DONE, 0, 0),
        ("unknown", 3, 0),
        (None, 4, 0),
        (LEFT, None, 1),
        (ON, None, 0),
    ]
    row = time_to_dropout(a_study(EIGHT + odd)).people.iloc[0]
    expected = {
        "n_total": 14, "n_used": 8, "n_events": 4, "n_ongoing": 1, "n_ended": 3, "n_not_started": 2, "n_unknown": 2,
        "n_missing": 2,
    }  # fmt: skip
    assert {name: int(row[name]) for name in expected} == expected


def test_people_who_never_started_change_no_curve():
    without, with_them = (
        curve(time_to_dropout(a_study(EIGHT + more)))
        for more in ([], [("not_started", 0, 1), ("not_started", None, 0)])
    )
    pd.testing.assert_frame_equal(without, with_them)


def test_a_definition_that_counts_not_starting_still_leaves_them_out_of_the_curve():
    wide = DropoutDefinition("declared", termination_type=(LEFT, "not_started"))
    found = time_to_dropout(a_study([*EIGHT, ("not_started", 0, 1)], definitions=(wide,)))
    assert found.people.iloc[0][["n_events", "n_not_started"]].tolist() == [4, 1]


def test_an_ending_of_which_nothing_is_known_is_not_taken_for_staying():
    found = follow(a_study([*EIGHT, ("unknown", 6, 0)]), DECLARED)
    assert len(found.sessions) == 8
    assert found.counts["n_unknown"] == 1


def test_a_column_that_says_who_dropped_out_is_followed_like_a_way_of_ending():
    said = DropoutDefinition("said", column="site_id", values=("gave up",))
    words = ["gave up", "gave up", "gave up", "stayed", None, "stayed", "gave up", "stayed"]
    matrix = a_study(
        EIGHT, definitions=(DECLARED, said), columns={"site_id": pd.array(words, dtype="string")}
    )
    found = time_to_dropout(matrix)
    assert curve(found, definition="said")["survival"].tolist() == curve(found)["survival"].tolist()


# Definitions that count sessions


def test_definitions_by_sessions_are_refused_as_circular_and_the_others_stay():
    found = time_to_dropout(a_study(EIGHT, definitions=(UNDER_4, UNDER_HALF, DECLARED)))
    reasons = found.people.set_index("definition")["reason"]
    assert reasons["under_4"] == reasons["under_half"] == CIRCULAR
    assert pd.isna(reasons["declared"])
    assert set(found.curve["definition"]) == {"declared"}
    assert found.people["definition"].iloc[0] == "declared"  # the one that a model is stated for


def test_a_column_of_sessions_is_circular_too():
    by_column = DropoutDefinition("few", column="sessions_attended", values=("1", "2"))
    found = time_to_dropout(a_study(EIGHT, definitions=(by_column,)))
    assert found.people["reason"].tolist() == [CIRCULAR]


def test_with_definitions_by_sessions_alone_nothing_is_shown_and_the_reason_is_said():
    found = time_to_dropout(a_study(EIGHT, definitions=(UNDER_4,), plans=(replace(PLAN, event="under_4"),)))
    assert found.reason == "no dropout definition of the study goes by the way of ending"
    assert "goes by the way of ending" in al.say(found).text
    assert al.show(found).text.startswith("No figure: no dropout definition")
    for view in ("sessions", "hazard"):
        assert "No dropout definition of the study goes by the way of ending." in al.show(found, view).text


# Comparisons


def test_the_log_rank_test_by_hand():
    # Five left after session 1 with the theme, five after 9 without: expected 2.5, variance 5*5*5*5/(100*9).
    found = time_to_dropout(a_study([(LEFT, 1, 1)] * 5 + [(LEFT, 9, 0)] * 5)).comparisons.iloc[0]
    assert found["statistic"] == pytest.approx(2.5**2 / (625 / 900))
    assert found["p_value"] == pytest.approx(0.0026998, rel=1e-4)
    assert (found["df"], found["n_used"], found["n_events"]) == (1, 10, 10)


def test_people_who_could_not_be_coded_for_a_theme_are_counted():
    found = time_to_dropout(a_study([*PLAIN, (LEFT, 3, np.nan)]))
    row = found.comparisons.iloc[0]
    assert (row["n_used"], row["n_missing"]) == (30, 1)
    assert curve(found)["at_risk"].iloc[0] == 31


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ([(LEFT, 2, 0)] * 6 + [(DONE, 5, 0)] * 6, NOBODY_HAS),
        ([(LEFT, 2, 1)] * 6 + [(DONE, 5, 1)] * 6, EVERYBODY_HAS),
        ([(LEFT, 2, 1)] * 4 + [(DONE, 5, 0)] * 6, SMALL),
        ([(DONE, 5, 1)] * 6 + [(DONE, 5, 0)] * 6, NOBODY_LEFT),
    ],
)
def test_a_theme_that_cannot_be_compared_has_a_reason_instead_of_a_p(people, reason):
    row = time_to_dropout(a_study(people)).comparisons.iloc[0]
    assert row["reason"] == reason
    assert np.isnan(row["p_value"])


# Odds by session


def test_two_groups_with_the_same_course_have_an_odds_ratio_of_one():
    course = [(LEFT, 1), (LEFT, 3), (LEFT, 4), (DONE, 6), (DONE, 8), (ON, 2), (ON, 5)]
    people = [(ending, sessions, theme) for theme in (0, 1) for ending, sessions in course]
    row = time_to_dropout(a_study(people)).hazard.iloc[0]
    assert row["estimate"] == pytest.approx(1, abs=1e-4)
    assert row["p_value"] == pytest.approx(1, abs=1e-3)


def test_the_odds_ratio_of_not_having_the_theme_is_the_inverse():
    there, back = (
        time_to_dropout(
            a_study([(ending, sessions, abs(flip - theme)) for ending, sessions, theme in PLAIN])
        ).hazard
        for flip in (0, 1)
    )
    assert there["estimate"][0] == pytest.approx(1 / back["estimate"][0], rel=1e-4)
    assert there["conf_low"][0] == pytest.approx(1 / back["conf_high"][0], rel=1e-3)
    assert there["estimate"][0] > there["conf_low"][0] > 1


def test_the_hazard_counts_people_events_and_sessions():
    row = time_to_dropout(a_study(PLAIN)).hazard.iloc[0]
    # 3*1 + 3*2 + 3*3 + 8 with the theme; 2 + 6 + 12*8 + 6*4 without it
    assert (row["n_used"], row["n_events"], row["n_sessions"]) == (30, 11, 26 + 128)
    assert row["smallest_cell"] == 1  # one with the theme did not leave; of those with a known ending too


def test_the_odds_of_leaving_at_all_are_those_of_the_termination_model():
    matrix = a_study(PLAIN)
    table = fit_termination(matrix).table
    once = table[(table["method"] == FIRTH) & table["adjusted"]].iloc[0]
    row = time_to_dropout(matrix).hazard.iloc[0]
    names = ["logistic_odds_ratio", "logistic_low", "logistic_high"]
    assert row[names].tolist() == pytest.approx(once[["odds_ratio", "conf_low", "conf_high"]].tolist())


def test_people_without_a_covariate_leave_the_hazard_and_are_counted():
    age = Covariate("age", "number", "younger people leave earlier", unit="years")
    ages = pd.array([20 + 7 * i % 43 for i in range(30)], dtype="Float64")
    ages[29] = pd.NA
    plan = replace(PLAN, covariates=(age,))
    rows = time_to_dropout(a_study(PLAIN, plans=(plan,), columns={"age": ages})).hazard
    assert rows["term"].tolist() == ["cold", "age"]
    assert set(zip(rows["n_used"], rows["n_missing"], strict=True)) == {(29, 1)}


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ([(DONE, 5, 1)] * 6 + [(DONE, 5, 0)] * 6, "nobody dropped out"),
        ([(LEFT, 5, 1)] * 6 + [(LEFT, 3, 0)] * 6, "everybody dropped out"),
        ([(LEFT, 1, 1)] * 6 + [(DONE, 1, 0)] * 6, ONE_SESSION),
        ([(LEFT, 2, 1)] + [(DONE, 5, 0)] * 6 + [(DONE, 5, 1)] * 6, TOO_FEW_LEFT),
        ([(LEFT, 2, 1), (DONE, 5, 0)], "too few people"),
    ],
)
def test_a_hazard_that_cannot_be_fitted_has_a_reason_without_a_number(people, reason):
    row = time_to_dropout(a_study(people)).hazard.iloc[0]
    assert reason in row["reason"]
    assert np.isnan(row["estimate"])
    assert not re.search(r"\d", row["reason"])


# Studies that compare nothing


def test_reflexive_analysis_shows_when_people_leave_and_compares_no_theme():
    found = time_to_dropout(a_study(PLAIN, tradition="reflexive"))
    assert found.no_comparison == REFLEXIVE
    assert set(found.curve["group"]) == {"overall"}
    assert not len(found.comparisons)
    assert not len(found.hazard)
    assert "does not read frequency as importance" in al.say(found).text
    assert "does not read frequency as importance" in al.show(found, "hazard").text


def test_without_a_stated_model_there_is_no_theme_to_compare():
    found = time_to_dropout(a_study(PLAIN, plans=()))
    assert found.no_comparison == NO_MODEL
    assert set(found.curve["group"]) == {"overall"}


def test_a_theme_of_the_model_that_nobody_was_coded_for_has_a_reason_and_no_curve():
    plans = (replace(PLAN, themes=("cold", "gone")),)
    found = time_to_dropout(a_study(PLAIN, plans=plans, codebook=themes("cold", "gone")))
    assert found.comparisons["theme_id"].tolist() == ["cold", "gone"]
    assert found.comparisons["reason"].iloc[1] == NOT_CODED
    assert set(found.curve["theme_id"]) == {"", "cold"}


# Degenerate waves


def test_a_wave_without_any_known_number_of_sessions_has_a_reason():
    found = time_to_dropout(a_study([(LEFT, None, 1), (DONE, None, 0)]))
    assert found.people["reason"].tolist() == [NOBODY]
    assert found.reason == "nobody in this wave has a known ending and a known number of sessions"


def test_a_study_without_definitions_has_a_reason():
    found = time_to_dropout(a_study(EIGHT, definitions=(), plans=()))
    assert found.reason == "study.yaml has no dropout definition"
    assert "study.yaml has no dropout definition" in al.say(found).text.replace("Study", "study")


DEGENERATE = {
    "three people": [(LEFT, 1, 1), (DONE, 2, 0), (ON, 3, 0)],
    "one person": [(LEFT, 1, 1)],
    "all left after the first session": [(LEFT, 1, i % 2) for i in range(12)],
    "nobody left": [(DONE, 4, i % 2) for i in range(12)],
    "all go on": [(ON, 4, i % 2) for i in range(12)],
    "nobody started": [("not_started", 0, 0)] * 4,
    "theme not codable": [(LEFT, 1, np.nan), (DONE, 4, np.nan), (DONE, 5, np.nan)],
}


@pytest.mark.parametrize("people", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("rules", [None, ROUNDED, SUPPRESSED], ids=["exact", "rounded", "suppressed"])
def test_every_view_of_a_degenerate_wave_can_be_shown(people, rules):
    found = time_to_dropout(a_study(people))
    for view in views(found):
        payload = payload_of(found, view)
        assert al.show(payload if rules is None else released(payload, rules)).text


def test_what_is_missing_always_has_a_reason():
    for people in DEGENERATE.values():
        found = time_to_dropout(a_study(people))
        for name, estimate in (("sessions", "survival"), ("comparisons", "p_value"), ("hazard", "estimate")):
            frame = getattr(found, name)
            assert frame.loc[frame[estimate].isna(), "reason"].notna().all(), name
        followed = found.people[found.people["reason"].isna()]
        assert followed.loc[followed["median"].isna(), "no_median"].notna().all()


# Order and names


def test_the_order_of_people_cannot_matter():
    plain, shuffled = (time_to_dropout(a_study(PLAIN, shuffled=flag)) for flag in (False, True))
    pd.testing.assert_frame_equal(plain.curve, shuffled.curve)
    pd.testing.assert_frame_equal(plain.sessions, shuffled.sessions)
    pd.testing.assert_frame_equal(plain.people, shuffled.people)
    pd.testing.assert_frame_equal(plain.hazard, shuffled.hazard, rtol=1e-4)
