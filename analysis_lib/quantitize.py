"""Who has which theme?

Codes become a participant x theme matrix with three states. Present: at least one segment with the theme or
any theme below it. Absent: coded for it and not found. Not codable: no material, or nobody was asked to code
it. A person counts once, however much they said; people without any theme stay in.

References: Sandelowski, Voils & Knafl 2009, J Mixed Methods Research 3(3), 208-222, on quantitizing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.codebook import Codebook
from analysis_lib.readable import Readable
from analysis_lib.segment_counts import count_segments
from analysis_lib.study_checks import EVERYBODY
from analysis_lib.wave import Wave

ALL = EVERYBODY
NOTHING_CODED = "nothing was coded in this wave, so no theme can be counted"


@dataclass(frozen=True, repr=False)
class ThemeMatrix(Readable):
    """Participants by themes, 1 present, 0 absent, NaN not codable.

    Parameters
    ----------
    wave
        The wave it was made from.
    values
        DataFrame (n participants, c themes), float; indexed by participant_id, columns are theme ids in
        codebook order. Everybody who agreed to analysis and has material is in it.
    n_segments
        DataFrame of the same shape: segments behind each cell. Shown beside the people, never tested.
    n_words
        Words each participant said, NaN where no document says so.
    """

    wave: Wave
    values: pd.DataFrame
    n_segments: pd.DataFrame
    n_words: pd.Series

    @property
    def themes(self) -> tuple[str, ...]:
        """Theme ids in codebook order."""
        return tuple(self.values.columns)

    @property
    def groups(self) -> pd.Series:
        """Outcome group of each row; NaN for people without one."""
        return self.wave.participants["outcome_group"].loc[self.values.index]

    @property
    def reason(self) -> str | None:
        """Why no theme can be counted for anybody; None where one can."""
        return NOTHING_CODED if self.values.isna().to_numpy().all() else None


def quantitize(wave: Wave) -> ThemeMatrix:
    """Turn the codes of a wave into a participant x theme matrix.

    Parameters
    ----------
    wave
        A loaded wave. Where a participant has a consensus round, it stands for them; otherwise a theme is
        present if any coder gave it.

    Returns
    -------
    ThemeMatrix
        Themes that are retired or optional are columns only if somebody coded them or a theme below them.

    Examples
    --------
    >>> import analysis_lib as al
    >>> matrix = al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a"))
    >>> sorted(set(matrix.values["A.unempathic"].dropna()))
    [0.0, 1.0]
    """
    codebook = wave.study.codebook
    people = wave.participants.index[wave.participants["agreed"] & wave.participants["has_material"]]
    counted = counted_segments(wave)
    n_segments = count_segments(counted, people, codebook)
    shown = [theme.id for theme in codebook if theme.status == "active" or n_segments[theme.id].any()]
    n_segments = n_segments[shown] if len(shown) < len(n_segments.columns) else n_segments
    found = n_segments > 0
    codable = found | _asked(wave, people, codebook)[shown]
    values = found.astype("float64")
    values = values if codable.to_numpy().all() else values.where(codable)
    words = wave.documents.groupby("participant_id")["n_words"].sum(min_count=1)
    n_words = words.reindex(people).astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
    return ThemeMatrix(wave, values, n_segments, pd.Series(n_words, index=people, name="n_words"))


def families(codebook: Codebook) -> dict[str, set[str]]:
    """Each theme with everything below it, itself included."""
    found: dict[str, set[str]] = {theme.id: {theme.id} for theme in codebook}
    for theme in codebook:
        for ancestor in codebook.ancestors(theme.id):
            found[ancestor].add(theme.id)
    return found


def counted_segments(wave: Wave) -> pd.DataFrame:
    """The codings that count: consensus where it was reached, else every independent coder.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    DataFrame
        Rows of ``wave.segments``.
    """
    agreed = with_consensus(wave)
    if not agreed:
        return wave.segments
    consensus = (wave.segments["round"] == "consensus").fillna(False)
    return wave.segments[consensus | ~wave.segments["participant_id"].isin(agreed)]


def with_consensus(wave: Wave) -> set[str]:
    """Participants with a consensus round; an empty one counts, since it says that nothing was found."""
    rounds = (wave.segments, wave.assignments)
    return {
        person for table in rounds for person in table.loc[table["round"] == "consensus", "participant_id"]
    }


def _asked(wave: Wave, people: pd.Index, codebook: Codebook) -> pd.DataFrame:
    """Whether anybody was asked to code each theme for each person.

    Everybody is where no table says so, unless nothing was coded at all: a wave still to be coded holds no no.
    """
    if not len(wave.assignments):
        return pd.DataFrame(len(wave.segments) > 0, index=people, columns=list(codebook.ids))
    below = families(codebook)
    asked = pd.DataFrame(False, index=people, columns=list(codebook.ids))
    for codes in wave.assignments["codes"].fillna("").unique():
        rows = wave.assignments[wave.assignments["codes"].fillna("") == codes]
        mine = people.intersection(pd.Index(rows["participant_id"].unique()))
        listed = str(codes).split()
        columns = {theme for code in listed for theme in below[code]} if listed else set(codebook.ids)
        asked.loc[mine, sorted(columns)] = True
    return asked
