"""What did each coder say about each person they were asked to code?

A theme is given or not given to a person by each coder who was assigned that person's material. Where nobody
was asked there is no rating: a blank is neither absence nor disagreement. Rounds are kept apart, because
agreement after discussion is not reliability.

References: O'Connor & Joffe 2020, Int J Qual Methods 19, 1-13, on what an agreement study has to say about
itself; Krippendorff 2019, Content Analysis, 4th ed., ch. 11, on missing codes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.codebook import Codebook
from analysis_lib.quantitize import families
from analysis_lib.wave import Wave

FloatArray = NDArray[np.float64]
CodingRound = Literal["independent", "consensus"]
CONSENSUS_CODER = "consensus"  # the contract's name for the coding that a team agreed on

_Listed = tuple[str | None, str | None, str | None]


@dataclass(frozen=True)
class CoderRatings:
    """Ratings of one round: 1 given, 0 not given, NaN not assigned.

    Parameters
    ----------
    people
        Participants whose material at least two coders were asked to code, in order.
    coders
        Coder ids in order.
    themes
        Theme ids in codebook order.
    values
        Array of shape (n people, n coders, n themes).
    documents
        Per person the documents that at least two coders were asked to code; None stands for material that
        no document id names.
    """

    people: tuple[str, ...]
    coders: tuple[str, ...]
    themes: tuple[str, ...]
    values: FloatArray
    documents: tuple[frozenset[str | None], ...]

    def of(self, theme: str) -> FloatArray:
        """Ratings of one theme, shape (n people, n coders), of people whom two coders were asked about."""
        ratings = self.values[:, :, self.themes.index(theme)]
        rated: FloatArray = ratings[np.isfinite(ratings).sum(axis=1) >= 2]
        return rated

    def without_people(self) -> CoderRatings:
        """Ratings of nobody, for a wave in which coders are not to be compared."""
        return replace(self, people=(), values=self.values[:0], documents=())


def coder_ratings(wave: Wave, *, stage: CodingRound = "independent") -> CoderRatings:
    """The ratings of one coding round.

    Parameters
    ----------
    wave
        A loaded wave.
    stage
        The independent round, or the consensus afterwards.

    Returns
    -------
    CoderRatings

    Notes
    -----
    Only material that at least two coders were asked to code is looked at, theme by theme. A coder who was
    asked to code part of it only is not rated on that person. Material that no document id names belongs to
    whoever was asked to code all of the person's documents. A theme is given if any segment carries it or a
    theme below it.
    """
    themes = wave.study.codebook.ids
    asked = _by_person(assigned(wave, stage), "codes")
    coded = _by_person(codings(wave, stage), "code_id")
    coders = tuple(sorted({str(coder) for rows in asked.values() for coder, _, _ in rows}))
    place = _Places(coders, wave.study.codebook)
    documents: dict[str, set[str]] = {}
    for person, document in (
        wave.documents[["participant_id", "document_id"]].dropna().itertuples(index=False)
    ):
        documents.setdefault(person, set()).add(document)
    people, found, shared = [], [], []
    for person, rows in sorted(asked.items()):
        if len({coder for coder, _, _ in rows}) >= 2:
            ratings, both = _ratings(place, rows, coded.get(person, []), documents.get(person, set()))
            if np.isfinite(ratings).any():
                people.append(person)
                found.append(ratings)
                shared.append(both)
    values = np.stack(found) if found else np.empty((0, len(coders), len(themes)))
    return CoderRatings(tuple(people), coders, themes, values, tuple(shared))


def assigned(wave: Wave, stage: CodingRound) -> pd.DataFrame:
    """Assignments of a round to people with material; a row without a round is an independent one."""
    return _of_round(wave.assignments, wave, stage)


def codings(wave: Wave, stage: CodingRound) -> pd.DataFrame:
    """Coded segments of a round; a row without a round is an independent one."""
    return _of_round(wave.segments, wave, stage)


def _of_round(table: pd.DataFrame, wave: Wave, stage: CodingRound) -> pd.DataFrame:
    people = wave.participants.index[wave.participants["agreed"] & wave.participants["has_material"]]
    agreed_on = (table["round"] == "consensus").fillna(False).to_numpy(dtype=bool)
    if stage == "independent":
        mine = ~agreed_on & (table["coder_id"] != CONSENSUS_CODER).fillna(False).to_numpy(dtype=bool)
    else:
        mine = agreed_on & table["coder_id"].notna().to_numpy()
    return table[mine & table["participant_id"].isin(people).to_numpy()]


class _Places:
    """Where coders and themes stand in an array."""

    def __init__(self, coders: tuple[str, ...], codebook: Codebook):
        self.coders = {coder: i for i, coder in enumerate(coders)}
        self.all = list(range(len(codebook.ids)))
        at = {theme: i for i, theme in enumerate(codebook.ids)}
        below = families(codebook)
        self.below = {theme: sorted(at[other] for other in below[theme]) for theme in codebook.ids}
        self.above = {
            theme: [at[theme], *(at[a] for a in codebook.ancestors(theme))] for theme in codebook.ids
        }

    def listed(self, codes: str | None) -> list[int]:
        """The themes that the codes of an assignment ask for; an empty list asks for all."""
        names = (codes or "").split()
        return sorted({i for code in names for i in self.below.get(code, ())}) if names else self.all


def _ratings(
    place: _Places, asked_of: list[_Listed], coded: list[_Listed], known: set[str]
) -> tuple[FloatArray, frozenset[str | None]]:
    """Ratings of one person, shape (n coders, n themes), NaN where two coders cannot be compared; and where."""
    named = known | {document for _, document, _ in (*asked_of, *coded) if document is not None}
    at = {document: i for i, document in enumerate([None, *sorted(named)])}  # None: no document id names it
    shape = (len(place.coders), len(at), len(place.all))
    asked, given = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for coder, document, codes in asked_of:
        places = list(at.values()) if document is None else [at[document]]
        asked[np.ix_([place.coders[str(coder)]], places, place.listed(codes))] = True
    if named:
        asked[:, 0] |= asked[:, 1:].all(axis=1)
    for coder, document, code in coded:
        if coder in place.coders:
            given[place.coders[coder], at[document], place.above[str(code)]] = True
    shared = asked.sum(axis=0) >= 2
    rated = (asked | ~shared).all(axis=1) & shared.any(axis=0)
    rated &= rated.sum(axis=0) >= 2
    both = frozenset(document for document, i in at.items() if shared[i].any())
    return np.where(rated, (given & shared).any(axis=1), np.nan), both


def _by_person(table: pd.DataFrame, third: str) -> dict[str, list[_Listed]]:
    """Coder, document and a third column of each person's rows; a missing value is None."""
    columns = table[["participant_id", "coder_id", "document_id", third]].astype(object)
    found: dict[str, list[_Listed]] = {}
    for person, *row in columns.where(columns.notna(), None).itertuples(index=False, name=None):
        found.setdefault(person, []).append((row[0], row[1], row[2]))
    return found
