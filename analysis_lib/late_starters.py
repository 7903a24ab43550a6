"""Whose therapy began too late before the data cut to show whether they dropped out?

Of people who began shortly before the data cut only those who left at once have an ending; whoever stays is still to
come, or looks like somebody who left. Counted as they stand they make dropping out look common, and a wave late. So
they are told by the day on which therapy began alone, whatever became of it since.

References: Leung, Elashoff & Afifi 1997, Annu Rev Public Health 18, 83-104, on censoring; STROBE (von Elm et al. 2007,
BMJ 335, 806-808), item 6, on follow-up.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from analysis_lib.study import DropoutDefinition, Study

ALL_LATE = "everybody began therapy too late before the data cut to show who drops out"


def days_needed(participants: pd.DataFrame, study: Study, definition: DropoutDefinition) -> pd.Series:
    """Days from the start of therapy after which a definition can be judged; NA where nothing says so.

    ``follow_up: days`` of study.yaml where it is given. Else the sessions that the definition goes by times
    ``days_per_session``: its mark, its share of the planned sessions, or all planned sessions.
    """
    plan = study.follow_up
    if plan.days is not None:
        return pd.Series(plan.days, index=participants.index, dtype="Float64")
    if definition.sessions_attended_below is not None:
        mark = definition.sessions_attended_below * plan.days_per_session
        return pd.Series(mark, index=participants.index, dtype="Float64")
    share = 1.0 if definition.share_of_plan_below is None else definition.share_of_plan_below
    return participants["sessions_planned"].astype("Float64") * share * plan.days_per_session


def late_starters(
    participants: pd.DataFrame, study: Study, definition: DropoutDefinition, data_cut: date
) -> pd.Series:
    """Who began therapy fewer days before the data cut than a definition needs.

    Parameters
    ----------
    participants
        Canonical participants.
    study
        Its ``follow_up`` is used.
    definition
        A dropout definition.
    data_cut
        Day on which outcomes were read off.

    Returns
    -------
    Series of boolean
        NA where the start, or the time that is needed, is not known.
    """
    began = pd.to_datetime(participants["started_on"])
    observed = (pd.Timestamp(data_cut) - began).dt.days.astype("Float64")
    return observed < days_needed(participants, study, definition)


def left_out_as_late(
    participants: pd.DataFrame, study: Study, definition: DropoutDefinition, data_cut: date
) -> pd.Series:
    """Who is left out of termination models for it: nobody where study.yaml keeps late starters."""
    late = late_starters(participants, study, definition, data_cut).fillna(False).astype(bool)
    return late & (study.follow_up.late_starters == "leave_out")
