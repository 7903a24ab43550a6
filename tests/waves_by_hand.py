"""Waves made by hand that can be held against one another: who is in which group, and who has which theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from handmade import FACTS, a_wave, themes

from analysis_lib.wave import Wave

Cells = Mapping[str, Mapping[str, tuple[int, int]]]


def wave_of(
    name: str,
    groups: Mapping[str, str],
    coded: Mapping[str, Iterable[str]],
    *,
    version: str = "1",
    look: int = 1,
    **settings: Any,
) -> Wave:
    """A wave of people in groups; everybody was asked for every theme, and those named have it."""
    frame = pd.DataFrame({"outcome_group": groups}).rename_axis("participant_id")
    pairs = [(who, theme) for theme, people in coded.items() for who in people]
    segments = pd.DataFrame(pairs, columns=["participant_id", "code_id"]).assign(
        segment_id=[f"s{i}" for i in range(len(pairs))], coder_id="c", round="independent"
    )
    asked = pd.DataFrame({"participant_id": frame.index, "coder_id": "c", "round": "independent"})
    settings.setdefault("codebook", themes(*coded))
    settings.setdefault("dropout_definitions", ())
    tables = {"coded_segments": segments, "assignments": asked}
    facts = replace(FACTS, codebook_version=version, look=look)
    return replace(a_wave(frame, tables=tables, facts=facts, **settings), id=name)


def counted_wave(name: str, cells: Cells, *, people: str = "", **settings: Any) -> Wave:
    """A wave in which so many of so many in each group have each theme: theme -> group -> (with it, all).

    The first of each group have it. Waves with the same ``people`` hold the same persons.
    """
    sizes = {group: n for by_group in cells.values() for group, (_, n) in by_group.items()}

    def who(group: str, n: int) -> list[str]:
        return [f"{people or name}-{group}-{i:03d}" for i in range(n)]

    groups = {person: group for group, n in sizes.items() for person in who(group, n)}
    coded = {
        theme: [person for group, (x, _) in by_group.items() for person in who(group, x)]
        for theme, by_group in cells.items()
    }
    return wave_of(name, groups, coded, **settings)


def shuffled(given: Wave) -> Wave:
    """The same wave with the rows of its files the other way round."""
    people, segments = given.participants.iloc[::-1], given.segments.iloc[::-1].reset_index(drop=True)
    return replace(given, participants=people, segments=segments)
