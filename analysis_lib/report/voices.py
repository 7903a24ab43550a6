"""Whose words stand behind a number?

Every released quote twice: by theme and outcome group, where counts link to it, and by person, in the order in which
the person said it, with the themes it carries. Both are made from the released quotes alone, so nothing that the door
kept can come back as context. Passages of one person with the same words are one passage.

References: Sandelowski 2001, Res Nurs Health 24, 230-240, on counting out of context; Guetterman, Fetters & Creswell
2015, Ann Fam Med 13, 554-561.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.formatting import WITHHELD, missing, n_of, percent
from analysis_lib.payload import Payload, Table
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import group_labels, translated
from analysis_lib.tables.themes import quotes_of


@dataclass(frozen=True)
class Passage:
    """Words of one person.

    Parameters
    ----------
    words, who, group
        The quote, the pseudonym and the label of the outcome group.
    person
        Id of everything released of this person; empty where a person's quotes are not joined.
    themes
        (label, id of the cell) of each theme it carries.
    translated
        How it came from another language, to follow who said it; empty where it was not translated.
    """

    words: str
    who: str
    group: str
    person: str
    themes: tuple[tuple[str, str], ...] = ()
    translated: str = ""


@dataclass(frozen=True)
class QuoteCell:
    """What people of one outcome group said under one theme; ``withheld`` is empty where nothing is."""

    id: str
    group: str
    count: str
    passages: tuple[Passage, ...]
    withheld: str


@dataclass(frozen=True)
class ThemeVoices:
    """One theme with a cell per outcome group."""

    label: str
    definition: str
    cells: tuple[QuoteCell, ...]

    @property
    def n_quotes(self) -> int:
        """Quotes of all its cells."""
        return sum(len(cell.passages) for cell in self.cells)


@dataclass(frozen=True)
class Person:
    """Everything released of one person, in the order in which it was said."""

    id: str
    name: str
    group: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Voices:
    """All released quotes, by theme and by person.

    Parameters
    ----------
    people
        Empty where counts are rounded: a person has another pseudonym in every cell then.
    n_passages
        Different passages; where people cannot be told apart, different words.
    """

    themes: tuple[ThemeVoices, ...]
    people: tuple[Person, ...]
    n_passages: int

    @property
    def cells(self) -> frozenset[str]:
        """Ids of the cells with at least one quote."""
        return frozenset(cell.id for theme in self.themes for cell in theme.cells if cell.passages)

    @property
    def unquoted(self) -> tuple[ThemeVoices, ...]:
        """Themes of which no quote is released."""
        return tuple(theme for theme in self.themes if not theme.n_quotes)


def voices(payload: Payload, taken: set[str] | None = None) -> Voices:
    """The released quotes of a ``quote_matrix``.

    Parameters
    ----------
    payload
        Tables ``groups``, ``themes``, ``shares``, ``quotes`` (in the order of document and place within each theme
        and group) and ``withheld``. Where counts are rounded, the door gives a person another pseudonym in every
        cell, so quotes are not joined by person.
    taken
        Ids that the page has already; those used here are added. An id that is taken gets a number behind it.
    """
    taken = set() if taken is None else taken
    quotes = payload.tables["quotes"].frame
    who, labels = _participant_column(payload.tables["quotes"]), group_labels(payload)
    themes = payload.tables["themes"].frame
    groups = [group for group in labels if group != ALL]
    ids = {
        (theme, group): _own(quotes_of(theme, group), taken)
        for theme in themes["theme_id"]
        for group in groups
    }
    named = dict(zip(themes["theme_id"], themes["theme_label"], strict=True))
    passages, people = _people(quotes[quotes["theme_id"].isin(named)], who, labels, named, ids, taken)
    if payload.facts.get("counts_rule", "exact") != "exact":
        passages, people = {key: replace(said, person="") for key, said in passages.items()}, ()
    counts, held = _counts(payload), _held(payload)
    spoken: dict[tuple[str, str], dict[tuple[str, str], None]] = {}  # cell -> who said what, each once
    for theme_id, group, name, words in zip(
        *(quotes[column] for column in ("theme_id", "group", who, "quote")), strict=True
    ):
        spoken.setdefault((theme_id, group), {})[name, words] = None
    found = []
    for theme in themes.itertuples():
        cells = []
        for group in groups:
            said = tuple(passages[one] for one in spoken.get((theme.theme_id, group), ()))
            count, withheld = counts.get((theme.theme_id, group), ""), held.get((theme.theme_id, group), "")
            if count or said or withheld:
                cells.append(QuoteCell(ids[theme.theme_id, group], labels[group], count, said, withheld))
        found.append(ThemeVoices(theme.theme_label, theme.definition, tuple(cells)))
    different = {(said.who if people else "", said.words) for said in passages.values()}
    return Voices(tuple(found), people, len(different))


def _participant_column(table: Table) -> str:
    return next(name for name, kind in table.columns if kind in ("participant", "speaker"))


def _own(name: str, taken: set[str]) -> str:
    """An id that nothing else on the page has."""
    own, n = name, 1
    while own in taken:
        n += 1
        own = f"{name}-{n}"
    taken.add(own)
    return own


def _people(
    quotes: pd.DataFrame,
    who: str,
    labels: dict[str, str],
    named: dict[str, str],
    ids: dict[tuple[str, str], str],
    taken: set[str],
) -> tuple[dict[tuple[str, str], Passage], tuple[Person, ...]]:
    """Each passage once, and the people who said them."""
    passages: dict[tuple[str, str], Passage] = {}
    people = []
    for i, (name, mine) in enumerate(
        sorted(quotes.groupby(who, sort=False), key=lambda pair: str(pair[0])), 1
    ):
        own = _own(f"person-{i}", taken)
        said = []
        rows_of: dict[str, list[dict[Any, Any]]] = {}
        for row in mine.to_dict("records"):
            rows_of.setdefault(row["quote"], []).append(row)
        for words in _in_order(mine):
            rows = rows_of[words]
            cells: dict[str, str] = {}  # theme -> group, each theme once
            for row in rows:
                cells.setdefault(row["theme_id"], row["group"])
            carried = tuple((named[theme], ids[theme, group]) for theme, group in cells.items())
            passages[str(name), words] = Passage(
                words, str(name), labels[rows[0]["group"]], own, carried, translated(rows[0])
            )
            said.append(passages[str(name), words])
        people.append(Person(own, str(name), said[0].group, tuple(said)))
    return passages, tuple(people)


def _in_order(quotes: pd.DataFrame) -> list[str]:
    """A person's different passages in the order that the rows of each theme keep.

    Rows come theme by theme, each in the order of document and place, so two passages are in order wherever they
    share a theme; the others follow the order of the rows.
    """
    different = list(dict.fromkeys(quotes["quote"]))
    before: dict[str, set[str]] = {words: set() for words in different}
    under: dict[str, dict[str, None]] = {}  # theme -> its passages, each once
    for theme, words in zip(quotes["theme_id"], quotes["quote"], strict=True):
        under.setdefault(theme, {})[words] = None
    for passages in under.values():
        for earlier, later in pairwise(passages):
            before[later].add(earlier)
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError:
        return different


def _counts(payload: Payload) -> dict[tuple[str, str], str]:
    """People with the theme of all in the group, as every table writes it; no entry where the group is empty."""
    found = {}
    for row in with_shares(payload.tables["shares"].frame).itertuples():
        if row.group != ALL and row.n_total != 0:
            share = n_of(row.n_with_theme, row.n_total)
            own = share if share == WITHHELD else f"{share}, {percent(row.share, row.n_total)}"
            found[row.theme_id, row.group] = own
    return found


def _held(payload: Payload) -> dict[tuple[str, str], str]:
    """What is withheld, in words; no entry where nothing is or the number may not leave."""
    found = {}
    for row in payload.tables["withheld"].frame.itertuples():
        if not missing(row.n_withheld) and row.n_withheld:
            found[row.theme_id, row.group] = (
                f"{int(row.n_withheld)} more segment{'s' * (row.n_withheld > 1)} withheld"
            )
    return found
