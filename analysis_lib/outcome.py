"""Who dropped out, under which definition, and which outcome group is everybody in?

How therapy ended and how helpful it was are two axes. Groups are derived from them by the rules of
study.yaml, first rule that applies; dropout gets one flag per definition because definitions agree on few.

References: Xiao et al. 2023 on definitions of dropout; Swift & Greenberg 2012, J Consult Clin Psychol 80(4).
"""

from __future__ import annotations

import pandas as pd

from analysis_lib.study import DropoutDefinition, Study

# Endings after which nobody can be said to have stayed or to have left.
NO_ENDING = {
    "ongoing": "therapy still under way",
    "deceased": "deceased",
    "not_started": "therapy never started",
    "unknown": "ending unknown",
}


def dropout_flags(participants: pd.DataFrame, study: Study) -> pd.DataFrame:
    """One column per dropout definition.

    Parameters
    ----------
    participants
        Canonical participants.
    study
        Its ``dropout_definitions`` are used.

    Returns
    -------
    DataFrame
        Columns named like the definitions, dtype boolean: True dropped out, False did not, NA cannot be said
        (still in therapy, deceased, or the field that the rule needs is empty).
    """
    return pd.DataFrame(
        {d.name: _flag(participants, d) for d in study.dropout_definitions}, index=participants.index
    )


def _flag(participants: pd.DataFrame, definition: DropoutDefinition) -> pd.Series:
    ending = participants["termination_type"].astype("string")
    if definition.termination_type is not None:
        flag = ending.isin(definition.termination_type).astype("boolean")
        unsaid = set(NO_ENDING) - set(definition.termination_type)
        return flag.mask(ending.isna() | ending.isin(unsaid))
    if definition.column is not None:
        value = _words(participants[definition.column])
        return value.isin(definition.values).astype("boolean").mask(value.isna())
    attended = participants["sessions_attended"].astype("Float64")
    needed = pd.Series(definition.sessions_attended_below, index=attended.index, dtype="Float64")
    if definition.share_of_plan_below is not None:
        needed = participants["sessions_planned"].astype("Float64") * definition.share_of_plan_below
    flag = (attended < needed).astype("boolean")
    # Below the mark while therapy goes on is not below the mark at its end; above it stays above it.
    open_ended = ending.isin(["ongoing"]) & flag.fillna(False)
    return flag.mask(open_ended | ending.isin(["deceased"]))


def _words(column: pd.Series) -> pd.Series:
    """A column as the words that study.yaml uses for its values."""
    if column.dtype == "boolean":
        return column.map({True: "yes", False: "no"}, na_action="ignore").astype("string")
    return column.astype("string")


def outcome_groups(participants: pd.DataFrame, flags: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The outcome group of everybody, and why somebody has none.

    Parameters
    ----------
    participants
        Canonical participants.
    flags
        :func:`dropout_flags` of them.
    study
        Its ``outcome`` is used.

    Returns
    -------
    DataFrame
        ``outcome_group`` (ordered category, all groups as levels) and ``why_no_group`` (text, NA where there
        is a group).
    """
    group = pd.Series(pd.NA, index=participants.index, dtype="string")
    if study.outcome.rules:
        for rule in study.outcome.rules:
            applies = pd.Series(True, index=participants.index)
            for column, values in rule.when:
                applies &= _holds(participants, flags, column, values)
            group = group.mask(group.isna() & applies, rule.group)
    else:
        group = participants["outcome_group"].astype("string")
    why = _why(participants, study).where(group.isna())
    ordered = pd.CategoricalDtype(list(study.outcome.groups), ordered=True)
    return pd.DataFrame({"outcome_group": group.astype(ordered), "why_no_group": why})


def _holds(
    participants: pd.DataFrame, flags: pd.DataFrame, column: str, values: tuple[str, ...]
) -> pd.Series:
    if column == "dropout":
        return flags[list(values)].fillna(False).any(axis=1).astype(bool)
    return _words(participants[column]).isin(values).fillna(False).astype(bool)


def _why(participants: pd.DataFrame, study: Study) -> pd.Series:
    """The reason that a person without a group is given in flow.csv."""
    asked = {column for rule in study.outcome.rules for column, _ in rule.when}
    reason = pd.Series(pd.NA, index=participants.index, dtype="string")
    if asked & {"dropout", "termination_type"}:
        reason = participants["termination_type"].astype("string").map(NO_ENDING)
    if "perceived_helpfulness" in asked:
        helpful = participants["perceived_helpfulness"].astype("string")
        unstated = helpful.map({"not_stated": "helpfulness not stated"}).mask(
            helpful.isna(), "helpfulness missing"
        )
        # Who says how helpful it was and still has no group lacks a rule, whatever the ending.
        reason = reason.fillna(unstated).where(unstated.notna())
    return reason.fillna("no rule of the study gives a group" if asked else "outcome group missing")
