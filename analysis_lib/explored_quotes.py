"""What did the people say who stand behind one number of a table?

For the team's own eyes: the words of everybody who agreed to analysis, with the passages beside them, and for each
whether it may leave. Nothing of this passes the door; :mod:`analysis_lib.quotes` decides what does.

References: Bazeley 2018, Integrating Analyses in Mixed Methods Research, ch. 5, on reading the text behind a count.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis_lib.errors import CallError
from analysis_lib.explore import Exploration
from analysis_lib.quantitize import ALL, counted_segments, families
from analysis_lib.quote_review import in_context
from analysis_lib.quotes import clear_quotes

_COLUMNS = ["segment_id", "participant_id", "group", "themes", "coders", "before", "text", "after", "why"]


def quotes_behind(
    explored: Exploration, theme: str, group: str = ALL, *, start: int = 0, at_most: int | None = None
) -> pd.DataFrame:
    """Every counted segment with a theme, or a theme below it, of the people of a group.

    Parameters
    ----------
    explored
        What :func:`analysis_lib.explore_themes` returned.
    theme
        One of its themes.
    group
        One of its groups; ``all`` for all of them.
    start
        How many of them to leave out first.
    at_most
        How many to give; None for all.

    Returns
    -------
    DataFrame
        ``segment_id, participant_id, group, themes, coders, before, text, after, why``, one row per segment in the
        order of people, documents and places. ``before`` and ``after`` are the coded passages beside it. ``why`` is the
        reason for which the words may not leave; missing where they may.

    Raises
    ------
    CallError
        If the theme or the group was not looked at.

    Examples
    --------
    >>> import analysis_lib as al
    >>> seen = al.explore_themes(al.load_wave(al.EXAMPLE_STUDY, "2024a"))
    >>> len(al.quotes_behind(seen, "A.unempathic", "helpful")) == seen.table.query(
    ...     "theme_id == 'A.unempathic' and group == 'helpful'")["n_segments"].iloc[0]
    np.True_
    """
    if theme not in explored.choice.themes or group not in (*explored.choice.groups, ALL):
        raise CallError("There is no such theme or group in what was looked at; take both from its table.")
    wave, people = explored.matrix.wave, explored.group
    people = people if group == ALL else people[people == group]
    rows = _of_theme(explored, theme, people.index)
    ids = rows["segment_id"].drop_duplicates().iloc[start:][:at_most]
    rows = rows[rows["segment_id"].isin(ids)]
    labels = {known.id: known.label for known in wave.study.codebook}
    counted = counted_segments(wave)
    each = counted[counted["segment_id"].isin(ids)].groupby("segment_id", sort=False)
    beside = wave.segments[wave.segments["document_id"].isin(rows["document_id"].dropna().unique())]
    found = (
        clear_quotes(replace(wave, segments=wave.segments[wave.segments["segment_id"].isin(ids)]))
        .merge(in_context(replace(wave, segments=beside)), on="segment_id", how="left")
        .set_index("segment_id")
        .reindex(ids)
        .reset_index()
    )
    return found.assign(
        group=found["participant_id"].map(people),
        themes=found["segment_id"].map(each["code_id"].agg(lambda codes: _listed(codes.map(labels)))),
        coders=found["segment_id"].map(each["coder_id"].agg(_listed)),
    )[_COLUMNS]


def _of_theme(explored: Exploration, theme: str, people: pd.Index) -> pd.DataFrame:
    """The codings of a theme, and of those below it, of some people, in the order in which they are read."""
    wave = explored.matrix.wave
    rows = counted_segments(wave)
    rows = rows[
        rows["code_id"].isin(families(wave.study.codebook)[theme]) & rows["participant_id"].isin(people)
    ]
    places = ["participant_id", "document_id", "start"]
    return rows.sort_values(places, kind="stable", na_position="last")


def _listed(values: pd.Series) -> str:
    """Values that differ, in the order in which they come."""
    return ", ".join(dict.fromkeys(values.dropna().astype(str)))
