"""What is told of the time to dropping out: what leaves under rounding, sentences, tables, figure and the example."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from dropout_time_studies import (
    DONE,
    EIGHT,
    LEFT,
    ON,
    PLAIN,
    a_study,
    released,
)

import analysis_lib as al
from analysis_lib.dropout_time import (
    NOBODY_LEFT,
    time_to_dropout,
)
from analysis_lib.figures import alt_text, as_png, can_draw, caption, draw, numbers
from analysis_lib.result_files import result_files
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

# What leaves


def test_under_rounding_no_point_of_a_curve_leaves():
    found = time_to_dropout(a_study(PLAIN))
    assert released(payload_of(found, "survival")).tables["shown_curve"].rows == ()
    assert released(payload_of(found, "sessions")).tables["curve"].rows == ()


def test_under_rounding_the_figure_says_why_it_is_not_drawn():
    payload = released(payload_of(time_to_dropout(a_study(PLAIN)), "survival"))
    assert can_draw(payload) == "a curve with one point per session would give away when single people left"


def test_under_rounding_the_coarse_table_keeps_rounded_people_and_estimates_with_enough_behind_them():
    found = time_to_dropout(a_study(PLAIN), at=[3, 8])
    frame = released(payload_of(found, "sessions")).tables["sessions"].frame
    overall = frame[frame["group"] == "overall"].set_index("session")
    # 30 people, ten of whom left within three sessions; one left of the twenty who had the fourth
    assert overall.loc["3", ["n_total", "n_events"]].tolist() == [27, 9]
    assert overall.at["3", "survival"] == pytest.approx(0.67)  # 20/30 with two digits
    assert overall.loc["8", ["n_total", "n_events"]].tolist() == [21, 3]
    assert np.isnan(overall.at["8", "survival"])
    assert overall.at["8", "reason"] == "withheld"


def test_the_text_of_a_rounded_table_says_what_is_withheld():
    found = time_to_dropout(a_study(PLAIN), at=[3, 8])
    text = format_table(released(payload_of(found, "sessions"))).as_text()
    assert "withheld" in text
    assert "9/27" in text
    assert "Rounded counts" in text


def test_the_contract_file_holds_the_curve_and_under_rounding_the_stretches():
    found = time_to_dropout(a_study(EIGHT), at=[3, 6])
    exact = result_files(found)["time_to_dropout.csv"]
    columns = ["definition", "group", "session", "at_risk", "events", "survival", "conf_low", "conf_high"]
    assert set(columns) <= set(exact)
    assert not exact.duplicated(["definition", "group", "session"]).any()
    payload = payload_of(found, "sessions")
    pd.testing.assert_frame_equal(
        result_files(payload)["time_to_dropout.csv"][columns], exact[columns], check_dtype=False, rtol=1e-5
    )
    coarse = result_files(released(payload))["time_to_dropout.csv"]
    assert set(columns) <= set(coarse)
    assert coarse["session"].tolist() == [3, 6] * 3
    # Two of eight within three sessions; the four who went on, and either side of the theme, are too few a base.
    assert coarse["events"].fillna(-1).tolist() == [3, -1, -1, 0, -1, -1]


def test_facts_hold_no_number():
    facts = payload_of(time_to_dropout(a_study(PLAIN)), "sessions").facts
    assert not [name for name, value in facts.items() if type(value) is int]


# What is read


def test_the_first_sentence_says_when_people_leave_with_base_and_interval():
    text = al.say(time_to_dropout(a_study(PLAIN), at=[3, 8])).text
    assert "Of 30 people who could be followed, 11 dropped out (ended by the patient alone)." in text
    assert "about 33 in 100 would have dropped out within 3 sessions (95% CI 20 to 53)" in text


def test_a_theme_whose_interval_excludes_one_goes_with_leaving_sooner():
    text = al.say(time_to_dropout(a_study(PLAIN))).text
    assert (
        "“Cold” goes with dropping out sooner (adjusted odds ratio of leaving after any one session" in text
    )


def test_a_theme_that_the_data_do_not_settle_is_said_so():
    course = [(LEFT, 1), (LEFT, 3), (LEFT, 4), (DONE, 6), (DONE, 8), (ON, 2), (ON, 5)]
    people = [(ending, sessions, theme) for theme in (0, 1) for ending, sessions in course]
    text = al.say(time_to_dropout(a_study(people))).text
    assert "Whether “Cold” goes with dropping out sooner or later the data do not settle" in text


def test_a_study_that_claims_prediction_is_worded_so():
    found = time_to_dropout(a_study(PLAIN, claim="prediction", theme_timing="before_outcome"))
    assert "“Cold” predicts dropping out sooner" in al.say(found).text


def test_the_sentences_say_that_the_view_is_cause_specific_and_why_groups_are_not_compared():
    text = al.say(time_to_dropout(a_study(EIGHT))).text
    assert "This is the cause-specific view" in text
    assert "Outcome groups are not compared over time" in text


def test_those_not_followed_are_said_with_their_number():
    text = al.say(time_to_dropout(a_study([*EIGHT, (LEFT, None, 0), ("not_started", 0, 0)]))).text
    assert "1 without a first session and 1 with an unknown number of sessions" in text


def test_the_tables_show_counts_curve_and_both_odds():
    found = time_to_dropout(a_study(PLAIN), at=[3, 8])
    sessions = al.show(found, "sessions").text
    assert "Cold: present (n = 10)" in sessions
    assert "9/10" in sessions
    assert re.search(r"Everybody \(n = 30\)\s+10/30\s+67% \[47, 80\]", sessions)
    hazard = al.show(found, "hazard").text
    assert "11 of 30 people followed" in hazard
    assert "At all" in hazard


def test_the_figure_lists_every_point_and_is_drawn_with_numbers_at_risk():
    payload = payload_of(time_to_dropout(a_study(EIGHT)), "survival")
    assert can_draw(payload) is None
    listed = numbers(payload).splitlines()
    assert [line.split(",")[0] for line in listed] == ["Everybody", "Cold", "Cold"]
    assert "2: 71.4 [" in listed[0]
    picture = draw(payload)
    written = [text.get_text() for text in picture.texts]
    assert {"Everybody", "Cold", "Present (n = 3)", "Absent (n = 5)", "People who had it"} <= set(written)
    assert as_png(picture, dpi=60)[:4] == b"\x89PNG"
    assert "cause-specific" in caption(payload)
    assert "Cold present 33% after 3 sessions" in alt_text(payload)


def test_nobody_leaving_is_no_figure():
    payload = payload_of(time_to_dropout(a_study([(DONE, 4, 1), (DONE, 5, 0)])), "survival")
    assert can_draw(payload) == "nobody dropped out (ended by the patient alone)"


# The example


def test_the_example_is_followed_under_both_ways_of_ending(example):
    found = time_to_dropout(example.matrix)
    assert found.people["reason"].isna().tolist() == [True, False, False, True]
    people = found.people.set_index("definition").loc["declared"]
    flags = example.matrix.wave.participants.loc[example.matrix.values.index, "dropout_declared"]
    known = example.matrix.wave.participants.loc[flags.index, "sessions_attended"].notna()
    assert people["n_events"] == (flags.fillna(False) & known).sum()


def test_a_wave_without_comparison_group_still_shows_when_people_leave(without_comparison):
    found = time_to_dropout(without_comparison.matrix)
    assert found.reason is None
    assert "0 dropped out" in al.say(found).text
    assert found.hazard.loc[found.hazard["event"] == "declared", "reason"].eq(NOBODY_LEFT).all()
