"""The explorer widget without a browser: what it answers, what it says of itself, and what it never holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_study import CANARY, write_study

import analysis_lib as al
from analysis_lib.explorer import Explorer


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path)


@pytest.fixture
def looking(study: Path) -> Explorer:
    return al.explorer(str(study))


def choose(looking: Explorer, **change: Any) -> None:
    """What the browser does when something is chosen."""
    looking.choice = {**looking.choice, **change}


def messages(looking: Explorer, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(looking, "send", lambda content, buffers=None: sent.append(content))
    looking._handle_custom_msg(asked, [])
    return sent


def state(looking: Explorer) -> str:
    return json.dumps(looking.get_state(), default=str)


def test_a_choice_is_answered_with_the_numbers_of_that_choice(looking: Explorer) -> None:
    choose(looking, by="therapist_id", groups=[], reference="")
    rows = {row["id"]: row["cells"] for row in looking.shown["rows"]}
    assert rows["A.cold"]["T1"][:2] == [2, 6]
    assert rows["A.cold"]["all"][:2] == [3, 10]
    assert [(each["id"], each["n"]) for each in looking.shown["groups"]] == [("T1", 6), ("T2", 4)]
    assert looking.choice["groups"] == ["T1", "T2"]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"by": "therapist_id", "groups": [], "reference": ""},
        {"groups": ["helpful", "dropped_out"], "reference": "dropped_out"},
        {"themes": ["A", "A.cold"], "base": "any_theme"},
        {"unit": "segment", "where": {"therapist_id": ["T1"]}},
        {"unit": "document", "base": "any_theme"},
    ],
)
def test_the_code_makes_the_same_numbers(looking: Explorer, change: dict[str, Any]) -> None:
    choose(looking, **change)
    assert len(looking.code.splitlines()) == 2
    names: dict[str, Any] = {"al": al}
    exec(looking.code, names)
    pd.testing.assert_frame_equal(names["explored"].table, looking.explored.table)
    pd.testing.assert_frame_equal(names["explored"].contrasts, looking.explored.contrasts)


def test_what_cannot_be_shown_is_refused_in_a_sentence_and_everything_stays(looking: Explorer) -> None:
    before, table = looking.choice, looking.explored.table
    choose(looking, study="no_such_folder")
    assert "there is no such folder" in looking.shown["refused"][0]
    assert looking.choice == before
    assert looking.explored.table is table
    choose(looking, by="therapist")
    assert "there is no such name" in looking.shown["refused"][0]
    choose(looking, by="therapist_id", groups=[], reference="")
    assert looking.shown["refused"] == []


def test_another_study_can_be_chosen(looking: Explorer) -> None:
    choose(looking, study=str(al.EXAMPLE_STUDY), wave="")
    assert looking.choice["wave"] == "2025a"
    assert looking.offered["waves"] == ["2024a", "2024b", "2025a"]
    assert looking.offered["synthetic"]


def test_the_words_behind_a_number_travel_as_a_message(
    looking: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sent,) = messages(looking, monkeypatch, theme="B.skills", group="helpful", start=0)
    assert [each["segment_id"] for each in sent["quotes"]] == ["S01", "S03"]
    assert CANARY in sent["quotes"][0]["text"]
    assert (sent["n"], sent["n_people"]) == (2, 2)
    json.dumps(sent, allow_nan=False)  # a missing value is null


def test_no_word_of_a_participant_is_in_the_state_or_in_the_output(
    looking: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for theme in looking.choice["themes"]:
        messages(looking, monkeypatch, theme=theme, group="all", start=0)
    bundle = looking._repr_mimebundle_()
    assert CANARY not in state(looking) + json.dumps(bundle, default=str) + repr(looking)
    assert "No quote is saved" in repr(looking)


def test_a_page_of_quotes_follows_another(looking: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    looking.at_once = 1
    (first,) = messages(looking, monkeypatch, theme="B.skills", group="all", start=0)
    (second,) = messages(looking, monkeypatch, theme="B.skills", group="all", start=1)
    assert [each["segment_id"] for part in (first, second) for each in part["quotes"]] == ["S01", "S03"]
    assert first["n"] == second["n"] == 2


def test_what_may_leave_stands_above_the_numbers(looking: Explorer) -> None:
    assert "exact numbers and every word, for the team only" in looking.offered["profile"]
    assert "rounded to the middle of six" in looking.offered["profile"]


def test_a_wave_keeps_the_grouping_where_it_has_it(looking: Explorer) -> None:
    choose(looking, study=str(al.EXAMPLE_STUDY), wave="2024a")
    choose(looking, by="delivery_mode", groups=[], reference="", unit="segment")
    choose(looking, wave="2024b")
    assert (looking.choice["by"], looking.choice["unit"]) == ("delivery_mode", "segment")
    assert looking.explored.matrix.wave.id == "2024b"
