"""Who is in each wave and who came again, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from waves_by_hand import wave_of

import analysis_lib as al
from analysis_lib.attrition import FIRST_OF_PANEL, NOBODY_AGAIN, NOT_A_PANEL, WaveAttrition, wave_attrition
from analysis_lib.release import Rules, release
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of
from analysis_lib.wave import Wave

GROUPS = {f"p{i}": "helpful" if i < 6 else "unhelpful" for i in range(10)}


def panel(*again: str, n_waves: int = 2) -> WaveAttrition:
    """Ten people in the first wave, aged 20 to 65; those named come again, with one more."""
    first = wave_of("w1", GROUPS, {"cold": ["p0"]}, repeated="panel")
    people = first.participants.assign(
        age=pd.array([20 + 5 * i for i in range(10)], dtype="Int64"),
        gender=pd.array(["woman"] * 4 + ["man"] * 5 + [None], dtype="string"),
    )
    waves: list[Wave] = [replace(first, participants=people)]
    for i in range(2, n_waves + 1):
        groups = {who: GROUPS[who] for who in again} | {"new": "helpful"}
        waves.append(wave_of(f"w{i}", groups, {"cold": ["new"]}, look=i, repeated="panel"))
    return wave_attrition(waves[-1], earlier=waves[:-1])


def test_those_who_came_again_are_counted_by_their_group_then():
    found = panel("p0", "p1", "p6").returned.set_index("group")
    assert found[["n_before", "n_returned"]].to_dict("index") == {
        "helpful": {"n_before": 6, "n_returned": 2},
        "unhelpful": {"n_before": 4, "n_returned": 1},
        "all": {"n_before": 10, "n_returned": 3},
    }


def test_a_characteristic_of_the_start_shows_who_came_again():
    found = panel("p0", "p1", "p6").differential
    gender = found[found["variable"] == "gender"].set_index("level")[["n_before", "n_returned"]]
    assert gender.loc["woman"].tolist() == [4, 2]
    assert gender.loc["man"].tolist() == [5, 1]
    assert gender.loc["missing"].tolist() == [1, 0]


def test_a_number_has_the_medians_of_those_who_came_again_and_of_the_others():
    # came again: 20, 25, 50; not: 30, 35, 40, 45, 55, 60, 65
    age = panel("p0", "p1", "p6").differential.query("variable == 'age' and level == ''").iloc[0]
    assert age[["median_returned", "median_gone", "smallest_cell"]].tolist() == [25, 45, 3]


def test_every_earlier_wave_of_a_panel_is_followed():
    found = panel("p0", "p1", n_waves=3)
    assert found.returned.query("group == 'all'")[
        ["since", "n_before", "n_returned"]
    ].to_numpy().tolist() == [
        ["w1", 10, 2],
        ["w2", 3, 3],
    ]
    assert found.baseline == "w1"


def test_nobody_is_followed_where_waves_are_independent():
    waves = [wave_of(f"w{i}", GROUPS, {"cold": ["p0"]}, look=i) for i in (1, 2)]
    found = wave_attrition(waves[1], earlier=waves[:1])
    assert found.reason == NOT_A_PANEL
    assert len(found.returned) == 0
    assert "wave w1: 10 analysed" in sentences(payload_of(found, "sentences"))[0].text.lower()


@pytest.mark.parametrize(("n_waves", "reason"), [(1, FIRST_OF_PANEL), (2, NOBODY_AGAIN)])
def test_a_panel_without_anybody_to_follow_says_why(n_waves: int, reason: str):
    found = panel(n_waves=n_waves)
    assert found.reason == reason
    assert reason[5:] in sentences(payload_of(found, "sentences"))[-1].text
    assert reason[5:] in format_table(payload_of(found, "returned")).as_text()


def test_invited_enrolled_and_analysed_add_up_in_every_wave(examples):
    found = al.wave_attrition(examples["2025a"].wave)
    text = format_table(payload_of(found, "waves")).as_text()
    # 2025a: 268 invited, 61 declined, 91 did not take part, 116 took part, 6 of them left, 110 analysed
    assert "268" in text
    row = next(line for line in text.splitlines() if line.startswith("Wave 2025a")).split()
    assert row[-7:] == ["268", "116", "110", "58", "22", "12", "18"]


def test_rounded_numbers_add_up_from_their_parts():
    rules = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
    payload = release([payload_of(panel("p0", "p1", "p6"), "waves")], rules).payloads[0]
    sizes = payload.tables["sizes"].frame.set_index(["wave", "group"])["n"]
    assert sizes["w1", "all"] == sizes["w1", "helpful"] + sizes["w1", "unhelpful"] == 3 + 3


@pytest.mark.parametrize("view", ["waves", "left", "returned"])
def test_every_table_stands_with_numbers_withheld(view: str):
    rules = Rules("coauthor", "suppress7_round5", 6, frozenset({"reviewed"}), b"key")
    payload = release([payload_of(panel("p0", "p1", "p6"), view)], rules).payloads[0]
    assert "withheld" in format_table(payload).as_text()
