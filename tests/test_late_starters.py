"""Who began therapy too late before the data cut, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from handmade import STUDY, a_wave
from tiny_study import FILES, table, write_study

import analysis_lib as al
from analysis_lib.late_starters import ALL_LATE, days_needed, late_starters, left_out_as_late
from analysis_lib.sentences import sentences
from analysis_lib.study import DropoutDefinition, FollowUp
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

CUT = date(2024, 3, 31)
DECLARED = DropoutDefinition("declared", termination_type=("patient_unilateral",))
BY_SESSIONS = DropoutDefinition("under_4", sessions_attended_below=4)
BY_SHARE = DropoutDefinition("under_half", share_of_plan_below=0.5)


def people(*rows: tuple[str | None, int | None]) -> pd.DataFrame:
    """Start of therapy and planned sessions of each person."""
    wave = a_wave(
        pd.DataFrame(
            {
                "outcome_group": "helpful",
                "started_on": pd.to_datetime([start for start, _ in rows]),
                "sessions_planned": pd.array([planned for _, planned in rows], dtype="Int64"),
            },
            index=[f"p{i}" for i in range(len(rows))],
        )
    )
    return wave.participants


def late(frame: pd.DataFrame, definition: DropoutDefinition = DECLARED, **follow_up: object) -> list[object]:
    study = replace(STUDY, follow_up=FollowUp(**follow_up))  # type: ignore[arg-type]
    return [None if pd.isna(one) else bool(one) for one in late_starters(frame, study, definition, CUT)]


def test_a_therapy_that_began_fewer_days_before_the_cut_than_declared_is_late():
    # 56 days before 31 March 2024 is 4 February
    frame = people(("2024-02-03", None), ("2024-02-04", None), ("2024-02-05", None))
    assert late(frame, days=56) == [False, False, True]


@pytest.mark.parametrize(
    ("definition", "days"), [(DECLARED, [84.0, 56.0]), (BY_SESSIONS, [28.0, 28.0]), (BY_SHARE, [42.0, 28.0])]
)
def test_where_no_days_are_declared_sessions_say_how_long_it_takes(
    definition: DropoutDefinition, days: list[float]
):
    # 12 and 8 planned sessions, one a week
    assert days_needed(people(("2024-01-01", 12), ("2024-01-01", 8)), STUDY, definition).tolist() == days


def test_sessions_may_lie_closer_together_than_a_week():
    # 12 sessions at 3.5 days are 42 days before 31 March: 18 February
    frame = people(("2024-02-18", 12), ("2024-02-19", 12))
    assert late(frame, days_per_session=3.5) == [False, True]


def test_without_a_start_or_a_plan_nothing_can_be_said_and_nobody_is_left_out():
    frame = people((None, 12), ("2024-03-30", None))
    assert late(frame) == [None, None]
    assert not left_out_as_late(frame, STUDY, DECLARED, CUT).any()


def test_a_study_may_keep_late_starters():
    frame = people(("2024-03-30", 12))
    kept = replace(STUDY, follow_up=FollowUp(late_starters="keep"))
    assert left_out_as_late(frame, STUDY, DECLARED, CUT).tolist() == [True]
    assert left_out_as_late(frame, kept, DECLARED, CUT).tolist() == [False]


def test_a_therapy_that_ended_early_is_late_all_the_same():
    # told by the start alone: leaving out only those who left would bias it the other way
    frame = people(("2024-03-01", 12)).assign(termination_type="completed_agreed")
    assert late(frame) == [True]


# In a study


def tiny(tmp_path, settings: str = "", **changed: object):
    """The tiny study; of those judged P10 and P11 began on 6 and 7 November, the others earlier."""
    files = {"study.yaml": FILES["study.yaml"] + settings}
    return write_study(tmp_path / "study", files | changed)  # type: ignore[operator]


def test_a_late_starter_leaves_the_termination_models_and_is_counted(tmp_path):
    # 30 April 2024 is 176 days after 6 November: P10 and P11 began later than 177 days before
    models = al.fit_termination(al.quantitize(al.load_wave(tiny(tmp_path, "follow_up: {days: 177}\n"), "w1")))
    guard = models.guards.set_index("event").loc["declared"]
    assert (guard["n_late"], guard["n_events"]) == (2, 0)
    assert guard["reason"] == "nobody dropped out"
    text = sentences(payload_of(models, "sentences"))[0].text
    assert text.startswith("Left out of model main: 2 people who began therapy too late before the data cut")
    assert "Began too late" in format_table(payload_of(models, "guards")).as_text()


def test_where_nobody_is_late_tables_have_no_column_for_it(tmp_path):
    wave = al.load_wave(tiny(tmp_path), "w1")
    models, intake = al.fit_termination(al.quantitize(wave)), al.describe_wave(wave)
    assert models.guards["n_late"].eq(0).all()
    assert "too late" not in format_table(payload_of(models, "guards")).as_text()
    assert "too late" not in format_table(payload_of(intake, "dropout")).as_text()


def test_where_everybody_is_late_the_models_say_why_there_are_none(tmp_path):
    models = al.fit_termination(al.quantitize(al.load_wave(tiny(tmp_path, "follow_up: {days: 400}\n"), "w1")))
    assert models.reason == ALL_LATE
    assert models.guards["n_eligible"].eq(0).all()


def test_kept_late_starters_stay_in_the_models_and_are_still_counted_in_the_intake(tmp_path):
    folder = tiny(tmp_path, "follow_up: {days: 177, late_starters: keep}\n")
    wave = al.load_wave(folder, "w1")
    assert al.fit_termination(al.quantitize(wave)).guards.set_index("event").at["declared", "n_events"] == 2
    assert al.describe_wave(wave).dropout.set_index("definition").at["declared", "n_late"] == 2
    assert "Began too late" in format_table(payload_of(al.describe_wave(wave), "dropout")).as_text()


def test_the_check_counts_late_starters(tmp_path):
    found = [f for f in al.check_study(tiny(tmp_path, "follow_up: {days: 177}\n")) if f.code == "X27"]
    # P10 and P11; P04 and P12 began later still, but are known to be in therapy
    assert [f.what for f in found] == ["2 therapies began too shortly before data_cut to show who drops out."]


def test_the_check_warns_where_the_wave_ends_too_late_and_no_start_is_known(tmp_path):
    lines = [",".join(line.split(",")[:-2]) for line in FILES[table("participants")].splitlines()]
    changed = {table("participants"): "\n".join(lines) + "\n"}
    found = [
        f for f in al.check_study(tiny(tmp_path, "follow_up: {days: 56}\n", **changed)) if f.code == "X27"
    ]
    # closed on 31 March, 56 days on is 26 May, the data cut is 30 April
    assert [f.file for f in found] == ["waves/w1/wave.yaml"]
    assert not [
        f for f in al.check_study(tiny(tmp_path, "follow_up: {days: 30}\n", **changed)) if f.code == "X27"
    ]


def test_a_rule_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    found = al.check_study(tiny(tmp_path, "follow_up: {late_starters: drop}\n"))
    assert any("leave_out" in str(f.allowed) for f in found if f.level == "stop")


def test_the_example_study_has_no_late_starter(examples):
    for example in examples.values():
        assert example.intake.dropout["n_late"].eq(0).all()
