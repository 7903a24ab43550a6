"""Do coders mark the same stretches of text, whatever code they give them?

Where coders cut the text themselves, they can differ on what is a segment before they differ on its code. The
two are reported apart: overlap of the marked text here, agreement on codes elsewhere. Text that nobody marked
is left out, since it dominates every share of agreement.

References: Krippendorff 2019, Content Analysis, 4th ed., ch. 12 (unitizing); Dice 1945, Ecology 26, 297-302.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis_lib.coder_ratings import CoderRatings, codings
from analysis_lib.stats.resampling import generator
from analysis_lib.wave import Wave

NO_PLACES = "no start and end of segments, so boundaries cannot be compared"
NOTHING_MARKED = "neither marked anything"
ONE_PERSON = "one person only"
_LEVEL = 0.95
_CELLS_PER_BLOCK = 2_000_000  # resampling counts held at once

Stretch = tuple[str | None, int, int]  # document, start, end


@dataclass(frozen=True)
class _Compared:
    """What two coders marked in one person's material."""

    n_first: int
    n_second: int
    n_same: int
    n_overlapping: int
    n_single: int
    characters: int
    shared: int


def unitising_agreement(wave: Wave, ratings: CoderRatings, *, n_bootstrap: int) -> pd.DataFrame:
    """Agreement on the boundaries of segments.

    Parameters
    ----------
    wave
        A loaded wave.
    ratings
        Of its independent round, for who coded whose material.
    n_bootstrap
        Resamples of people for the interval.

    Returns
    -------
    DataFrame
        One row per pair of coders: ``coder, other, n_people, n_coder, n_other, n_same, n_overlapping,
        n_single, overlap, overlap_low, overlap_high, smallest_cell, reason``. ``n_same``: stretches with the
        same start and end in both; ``n_overlapping``: further ones of either coder that share some text with
        the other; ``n_single``: those of which the other marked nothing.

    Notes
    -----
    ``overlap`` is Dice's coefficient on characters: twice the text that both marked over the text that each
    marked, summed over people. It needs no length of the documents. The interval resamples people.
    """
    columns = ["coder", "other", "n_people", "n_coder", "n_other", "n_same", "n_overlapping", "n_single",
               "overlap", "overlap_low", "overlap_high", "smallest_cell", "reason"]  # fmt: skip
    rows: list[dict[str, object]] = []
    marked = _stretches(wave)
    rated = np.asarray(np.isfinite(ratings.values).any(axis=2))
    for i, j in combinations(range(len(ratings.coders)), 2):
        people = np.flatnonzero(rated[:, i] & rated[:, j]).tolist()
        if not people:
            continue
        names = (ratings.coders[i], ratings.coders[j])
        row: dict[str, object] = {"coder": names[0], "other": names[1], "n_people": len(people)}
        row["smallest_cell"] = len(people)
        if marked is None:
            rows.append(row | {"reason": NO_PLACES})
            continue
        compared = [_compared(*(_within(marked, ratings, k, name) for name in names)) for k in people]
        row |= {f"n_{name}": sum(getattr(each, f"n_{field}") for each in compared)
                for name, field in (("coder", "first"), ("other", "second"), ("same", "same"),
                                    ("overlapping", "overlapping"), ("single", "single"))}  # fmt: skip
        rows.append(row | _overlap(compared, n_bootstrap=n_bootstrap, seed=wave.study.seed))
    return pd.DataFrame(rows, columns=columns)


def _within(
    marked: dict[tuple[str, str], set[Stretch]], ratings: CoderRatings, k: int, coder: str
) -> set[Stretch]:
    """What a coder marked in the documents of the k-th person that both were asked to code."""
    found = marked.get((ratings.people[k], coder), set())
    return {stretch for stretch in found if stretch[0] in ratings.documents[k]}


def _stretches(wave: Wave) -> dict[tuple[str, str], set[Stretch]] | None:
    """Stretches by person and coder; None where a segment has no place."""
    coded = codings(wave, "independent")
    if coded[["start", "end"]].isna().any(axis=None):
        return None
    found: dict[tuple[str, str], set[Stretch]] = {}
    columns = coded[["participant_id", "coder_id", "document_id", "start", "end"]]
    for person, coder, document, start, end in columns.itertuples(index=False, name=None):
        where = None if pd.isna(document) else str(document)
        found.setdefault((person, coder), set()).add((where, int(start), int(end)))
    return found


def _compared(first: set[Stretch], second: set[Stretch]) -> _Compared:
    same = first & second
    rest = [(one, second) for one in first - same] + [(one, first) for one in second - same]
    overlapping = sum(any(_common(one, other) for other in others) for one, others in rest)
    a, b = _characters(first), _characters(second)
    return _Compared(
        n_first=len(first),
        n_second=len(second),
        n_same=len(same),
        n_overlapping=overlapping,
        n_single=len(rest) - overlapping,
        characters=len(a) + len(b),
        shared=len(a & b),
    )


def _common(one: Stretch, other: Stretch) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _characters(stretches: set[Stretch]) -> set[tuple[str | None, int]]:
    """Every marked character once, however many segments lie over it."""
    return {(document, at) for document, start, end in stretches for at in range(start, end)}


def _overlap(compared: list[_Compared], *, n_bootstrap: int, seed: int) -> dict[str, object]:
    shared = np.array([each.shared for each in compared], dtype=float)
    characters = np.array([each.characters for each in compared], dtype=float)
    if characters.sum() == 0:
        return {"reason": NOTHING_MARKED}
    estimate = float(2 * shared.sum() / characters.sum())
    if len(compared) < 2 or n_bootstrap == 0:
        return {"overlap": estimate, "reason": ONE_PERSON if len(compared) < 2 else None}
    # sorted, so that the order of people cannot matter
    order = np.lexsort((shared, characters))
    n, rng = len(compared), generator(seed, "unitising")
    values: list[float] = []
    while len(values) < n_bootstrap:
        size = min(n_bootstrap - len(values), max(1, _CELLS_PER_BLOCK // n))
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=size)
        bottom = drawn @ characters[order]
        # a resample in which nobody marked anything has no overlap
        undefined = np.full(size, np.nan)
        values += np.divide(2 * drawn @ shared[order], bottom, out=undefined, where=bottom > 0).tolist()
    low, high = np.nanquantile(values, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return {"overlap": estimate, "overlap_low": float(low), "overlap_high": float(high), "reason": None}
