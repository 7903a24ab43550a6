"""How many segments does each person have for each theme?

A segment counts once for a theme, however many coders gave it and however many codes below the theme it carries.
Ids become whole numbers first, so that tens of millions of codings cost seconds and no string is compared twice.
A table that does not fit in memory is counted piece by piece by the same function.

References: McKinney 2022, Python for Data Analysis, 3rd ed., chapter 7 on categories as whole numbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.codebook import Codebook

IntArray = NDArray[np.int64]

COUNTED_BY = ["participant_id", "segment_id", "code_id"]


def count_segments(segments: pd.DataFrame, people: pd.Index, codebook: Codebook) -> pd.DataFrame:
    """Distinct segments per person and theme.

    Parameters
    ----------
    segments
        ``participant_id, segment_id, code_id``, one row per segment, code and coder. Rows of other people and of
        codes that are not in the codebook count for nothing.
    people
        Participant ids, each once.
    codebook
        How the themes nest: a segment of a theme also counts for every theme above it.

    Returns
    -------
    DataFrame
        Whole numbers of shape (people, themes), themes in codebook order.

    Notes
    -----
    Memory: about 60 bytes a row of ``segments`` beside the table itself, and 8 bytes a cell of the result.

    Examples
    --------
    >>> import analysis_lib as al
    >>> wave = al.load_wave(al.EXAMPLE_STUDY, "2024a")
    >>> count_segments(wave.segments.head(0), pd.Index(["P001"]), wave.study.codebook).to_numpy().sum()
    np.int64(0)
    """
    themes = pd.Index(codebook.ids)
    person, theme = _places(segments["participant_id"], people), _places(segments["code_id"], themes)
    counts = np.bincount(
        _once_each(person, _numbers(segments["segment_id"]), theme, _above(codebook)),
        minlength=len(people) * len(themes),
    )
    return pd.DataFrame(counts.reshape(len(people), len(themes)), index=people, columns=themes, copy=False)


def count_segments_in_parquet(folder: Path, people: pd.Index, codebook: Codebook) -> pd.DataFrame:
    """The same for Parquet files that need not fit in memory, on all cores or on the cluster one is connected to.

    Parameters
    ----------
    folder
        Of ``.parquet`` files, or one file, with ``participant_id, segment_id, code_id``.
    people, codebook
        As for :func:`count_segments`.

    Returns
    -------
    DataFrame
        As from :func:`count_segments` of all files together, number for number.

    Raises
    ------
    ModuleNotFoundError
        Without Dask; ``pip install themewave[cluster]`` brings it.

    Notes
    -----
    Rows are first brought together by person, so that no segment is split between two pieces; each piece is then
    counted by :func:`count_segments` and the pieces put one below the other.
    """
    import dask.dataframe as dd  # noqa: PLC0415  (optional, and slow to import)

    codings = dd.read_parquet(str(folder), columns=COUNTED_BY).shuffle("participant_id")
    shape = pd.DataFrame(columns=list(codebook.ids), dtype=np.int64, index=people[:0])
    pieces = codings.map_partitions(_count_piece, people, codebook, meta=shape).compute()
    return pd.DataFrame(pieces).reindex(people, fill_value=0)


def _count_piece(segments: pd.DataFrame, people: pd.Index, codebook: Codebook) -> pd.DataFrame:
    """Counts of the people in one piece alone."""
    here = people[people.isin(segments["participant_id"].unique())]
    return count_segments(segments, here, codebook)


def _once_each(person: IntArray, segment: IntArray, theme: IntArray, above: IntArray) -> IntArray:
    """Cell (person * themes + theme) of every distinct segment of a person under every theme that it falls under."""
    known = (person >= 0) & (theme >= 0)
    if not known.all():
        person, segment, theme = person[known], segment[known], theme[known]
    n_themes, n_segments = above.shape[1], int(segment.max(initial=0)) + 1
    own = (person * n_segments + segment) * n_themes
    keys = []
    for step in above:  # the theme itself, then the one above it, and so on
        up = step[theme]
        there = up >= 0
        keys.append(own[there] + up[there] if not there.all() else own + up)
    once = np.concatenate(keys)
    del own, keys
    once.sort()
    once = once[np.append(True, once[1:] != once[:-1])[: len(once)]]
    cells: IntArray = once // (n_themes * n_segments) * n_themes + once % n_themes
    return cells


def _above(codebook: Codebook) -> IntArray:
    """Row d holds, for each theme, the number of the theme d steps above it; -1 beyond the top."""
    at = {theme: i for i, theme in enumerate(codebook.ids)}
    chains = [[at[theme.id], *(at[up] for up in codebook.ancestors(theme.id))] for theme in codebook]
    depth = max(map(len, chains), default=1)
    return (
        np.array([chain + [-1] * (depth - len(chain)) for chain in chains], dtype=np.int64)
        .reshape(-1, depth)
        .T
    )


def _places(values: pd.Series, index: pd.Index) -> IntArray:
    """Place of each value in an index; -1 where it is not there. Each distinct value is looked up once."""
    numbers, distinct = pd.factorize(values, use_na_sentinel=True)
    places: IntArray = np.append(index.get_indexer(pd.Index(distinct)), -1)[numbers].astype(np.int64)
    return places


def _numbers(values: pd.Series) -> IntArray:
    """A whole number per distinct value; rows without one share a number of their own."""
    numbers, _ = pd.factorize(values, use_na_sentinel=False)
    return np.asarray(numbers, dtype=np.int64)
