"""Who is followed from session to session, until when, and who is not?

Under a dropout definition by way of ending everybody with material either dropped out after their last session,
is still in therapy, or ended in another way; people without a first session, with an unknown ending or with an
unknown number of sessions cannot be followed and are counted.

References: Prentice et al. 1978, Biometrics 34, 541-554, on causes of an ending; STROBE (von Elm et al. 2007, BMJ
335, 806-808), items 6 and 13, on follow-up.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.study import DropoutDefinition

# No phrase holds a number of people.
CIRCULAR = "it is defined by sessions, which are the time itself"
NOBODY = "nobody's ending and sessions are known"

_LEFT, _ONGOING, _ENDED = "n_events", "n_ongoing", "n_ended"
_NOT_STARTED, _UNKNOWN, _MISSING = "n_not_started", "n_unknown", "n_missing"
_FOLLOWED = (_LEFT, _ONGOING, _ENDED)


@dataclass(frozen=True)
class Followup:
    """Everybody with material under one dropout definition.

    Parameters
    ----------
    sessions, left
        Of those who are followed, indexed by participant_id: sessions attended (1 and more), and 1 where the person
        dropped out after the last of them, 0 where therapy goes on or ended in another way.
    counts
        ``n_total`` people; ``n_used`` followed: ``n_events`` dropped out, ``n_ongoing`` in therapy, ``n_ended``
        ended in another way; not followed: ``n_not_started`` without a first session, ``n_unknown`` whose ending is
        not known, ``n_missing`` whose number of sessions is not known. Only ``n_total`` where there is a reason.
    reason
        Why nobody can be followed; None where somebody can.
    """

    sessions: pd.Series
    left: pd.Series
    counts: dict[str, int]
    reason: str | None


def follow(themes: ThemeMatrix, definition: DropoutDefinition) -> Followup:
    """Everybody with material from their first session to their last.

    Parameters
    ----------
    themes
        The participant x theme matrix of a wave.
    definition
        One that goes by the sessions attended gives a reason: time cannot be counted in what it is made of.

    Notes
    -----
    Who is still in therapy is censored at the sessions so far, who died or ended in a way that the definition does
    not name at the last session. An ending of which nothing is known is left out: it may have been dropping out.
    """
    people = themes.wave.participants.loc[themes.values.index]
    nobody = pd.Series(dtype="int64")
    by_sessions = definition.termination_type is None and definition.column is None
    if by_sessions or definition.column in ("sessions_attended", "sessions_planned"):
        return Followup(nobody, nobody, {"n_total": len(people)}, CIRCULAR)
    state = _state(people, definition.name)
    followed = state.index[state.isin(_FOLLOWED)]
    counts = {"n_total": len(people), "n_used": len(followed)}
    counts |= {name: int((state == name).sum()) for name in (*_FOLLOWED, _NOT_STARTED, _UNKNOWN, _MISSING)}
    sessions = people.loc[followed, "sessions_attended"].astype("int64")
    left = (state[followed] == _LEFT).astype("int64")
    return Followup(sessions, left, counts, None if len(followed) else NOBODY)


def _state(people: pd.DataFrame, definition: str) -> pd.Series:
    """How the therapy of everybody stands; what is decided later wins."""
    flag = people[f"dropout_{definition}"].astype("boolean")
    ending = people["termination_type"].astype("string").fillna("unknown")
    sessions = people["sessions_attended"].astype("Float64")
    state = pd.Series(_ENDED, index=people.index, dtype="object")
    state[ending == "ongoing"] = _ONGOING
    state[flag.fillna(False)] = _LEFT
    state[flag.isna() & ~ending.isin(["ongoing", "deceased"])] = _UNKNOWN
    state[sessions.isna()] = _MISSING
    state[(ending == "not_started") | (sessions == 0).fillna(False)] = _NOT_STARTED
    return state
