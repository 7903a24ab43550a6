"""How far apart are two groups in each theme, once it is settled what is counted?

The same coded material can be counted as people, as people among those with any theme, as segments, or as
people who said equally much. What counts of people settle is kept as counts, so that a difference can be
derived from exact and from released numbers alike; the rest is estimated here.

References: Newcombe 1998, Stat Med 17, 873-890; Cochran 1977, Sampling Techniques, ch. 6 (shares of segments);
Puhr et al. 2017, Stat Med 36, 2302-2317 (differences with talking held alike).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.quantitize import ThemeMatrix, counted_segments, quantitize
from analysis_lib.stats.adjusted import adjusted_difference
from analysis_lib.stats.multiverse import Measure
from analysis_lib.stats.proportions import risk_difference
from analysis_lib.stats.segments import segment_share_difference
from analysis_lib.stats.threads import one_blas_thread

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Unit = Literal["participant", "segment"]
Base = Literal["all_with_material", "any_theme", "all_segments"]
Exposure = Literal["none", "log_words", "segments"]

SEGMENTS: Base = "all_segments"  # the base of a share of segments; who has none is not in it
FOUR = ("n_with_theme", "n_total", "n_with_reference", "n_reference")

# Why a way of counting, or a theme counted that way, has no difference; no phrase holds a number of people.
NO_WORDS = "no words are known"
NO_SEGMENTS = "no segments are known"
EVERYBODY_ALIKE = "everybody said equally much"
NOBODY = "nobody in one of the groups is counted"
NO_SPREAD = "nobody or everybody counted has it"
NO_FIT = "the adjusted model has no estimate"


@dataclass(frozen=True)
class Way:
    """One way of counting.

    Parameters
    ----------
    unit
        ``participant``: shares of people with a theme. ``segment``: shares of segments that carry it.
    base
        Of all with material, of those with at least one theme, or of all segments.
    exposure
        What is held alike between the groups: nothing, the logarithm of a person's words, or that of their
        coded segments plus one.
    """

    unit: Unit = "participant"
    base: Base = "all_with_material"
    exposure: Exposure = "none"

    @property
    def from_counts(self) -> bool:
        """Whether counts of people alone give the difference."""
        return self.unit == "participant" and self.exposure == "none"


BY_SEGMENTS = Way("segment", SEGMENTS)


@dataclass(frozen=True)
class Material:
    """What each person with an outcome group said, by theme. Sizes: n people, c themes.

    Parameters
    ----------
    people
        Participant ids, n of them.
    themes
        Theme ids, c of them.
    values
        Present 1, absent 0, not codable NaN, shape (n, c).
    any_theme
        Whether each person has any theme of the codebook, shape (n,).
    with_theme
        Segments with each theme, shape (n, c).
    segments
        Coded segments of each person in all, shape (n,).
    words
        Words of each person, shape (n,); NaN where unknown.
    group
        Outcome group of each person, shape (n,).
    """

    people: pd.Index
    themes: tuple[str, ...]
    values: FloatArray
    any_theme: BoolArray
    with_theme: FloatArray
    segments: FloatArray
    words: FloatArray
    group: NDArray[np.object_]

    def exposure(self, way: Way) -> FloatArray:
        """What a way of counting holds alike; NaN where it is unknown."""
        if way.exposure == "segments":
            return np.log1p(self.segments)
        return np.log(np.where(self.words > 0, self.words, np.nan))

    def counted(self, way: Way) -> BoolArray:
        """Whether each person counts for each theme, shape (n, c)."""
        counts = ~np.isnan(self.values)
        if way.base == "any_theme":
            counts = counts & self.any_theme[:, None]
        if way.unit == "segment":
            counts = counts & (self.segments > 0)[:, None]
        if way.exposure != "none":
            counts = counts & np.isfinite(self.exposure(way))[:, None]
        return counts

    def only(self, themes: Sequence[str]) -> Material:
        """The same people with some of the themes."""
        at = [self.themes.index(theme) for theme in themes]
        return replace(
            self, themes=tuple(themes), values=self.values[:, at], with_theme=self.with_theme[:, at]
        )

    def among(self, people: pd.Index) -> Material:
        """The same themes of some of the people."""
        at = self.people.get_indexer(people)
        rows = ("people", "values", "any_theme", "with_theme", "segments", "words", "group")
        return replace(self, **{name: getattr(self, name)[at] for name in rows})


def material_of(matrix: ThemeMatrix) -> Material:
    """What everybody with an outcome group said."""
    inside = matrix.groups.notna()
    people = matrix.values.index[inside]
    each = counted_segments(matrix.wave).groupby("participant_id")["segment_id"].nunique()
    values = matrix.values.loc[people].to_numpy(dtype=float)
    return Material(
        people=people,
        themes=matrix.themes,
        values=values,
        any_theme=(values == 1).any(axis=1),
        with_theme=matrix.n_segments.loc[people].to_numpy(dtype=float),
        segments=each.reindex(people).fillna(0).to_numpy(dtype=float),
        words=matrix.n_words.loc[people].to_numpy(dtype=float),
        group=matrix.groups[inside].astype(object).to_numpy(),
    )


def without_codes(matrix: ThemeMatrix, codes: Sequence[str]) -> Material:
    """The same people and themes with some codes set aside.

    A theme above them stands on what is left below it; a code that was set aside, and a theme of which nothing
    is left, is not codable for anybody.
    """
    rows = counted_segments(matrix.wave)
    wave = replace(matrix.wave, segments=rows[~rows["code_id"].isin(codes)])
    left = quantitize(wave)
    values = left.values.reindex(columns=list(matrix.themes))
    emptied = ~(values == 1).any() & (matrix.values == 1).any()
    values.loc[:, emptied | values.columns.isin(codes)] = np.nan
    segments = left.n_segments.reindex(columns=list(matrix.themes), fill_value=0)
    return material_of(replace(matrix, wave=wave, values=values, n_segments=segments))


def unavailable(material: Material, way: Way) -> str | None:
    """Why nothing can be counted this way in this wave; None where it can."""
    if way.unit == "segment" and not material.segments.any():
        return NO_SEGMENTS
    if way.exposure == "none":
        return None
    exposure = material.exposure(way)
    known = exposure[np.isfinite(exposure)]
    if not known.size or (way.exposure == "segments" and not material.segments.any()):
        return NO_WORDS if way.exposure == "log_words" else NO_SEGMENTS
    return EVERYBODY_ALIKE if np.ptp(known) == 0 else None


def measure_of(material: Material, way: Way) -> Measure:
    """What a permutation test counts of each person."""
    held = material.with_theme if way.unit == "segment" else material.values
    return Measure(
        values=np.where(material.counted(way), held, np.nan),
        segments=material.segments if way.unit == "segment" else None,
        covariate=material.exposure(way) if way.exposure != "none" else None,
    )


def people_behind(material: Material, way: Way, groups: Sequence[str]) -> pd.DataFrame:
    """People with each theme of those counted, per group.

    Returns
    -------
    DataFrame
        ``theme_id, group, n_with_theme, n_total``. With segments as unit, people with a segment of the theme
        of people with any segment.
    """
    counted = material.counted(way)
    having = counted & (material.with_theme > 0 if way.unit == "segment" else material.values == 1)
    parts = []
    for group in groups:
        mine = material.group == group
        columns = {"n_with_theme": having[mine].sum(axis=0), "n_total": counted[mine].sum(axis=0)}
        parts.append(pd.DataFrame({"theme_id": material.themes, "group": group} | columns))
    names = ["theme_id", "group", "n_with_theme", "n_total"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def with_risk_differences(counts: pd.DataFrame) -> pd.DataFrame:
    """Add ``estimate, conf_low, conf_high`` (Newcombe) to counts of people on both sides.

    Works on exact and on released counts alike; a missing count, or a side without anybody, gives NaN.
    """
    x1, n1, x0, n0 = (counts[name].to_numpy(dtype=float, na_value=np.nan) for name in FOUR)
    known = counts[list(FOUR)].notna().all(axis=1).to_numpy() & (n1 > 0) & (n0 > 0)
    difference = risk_difference(x1[known], n1[known], x0[known], n0[known])
    found = counts.copy()
    for name in ("estimate", "conf_low", "conf_high"):
        found[name] = np.nan
        found.loc[known, name] = getattr(difference, name)
    return found


def differences_of(
    counts: pd.DataFrame, estimates: pd.DataFrame, *, on: Sequence[str], from_counts: pd.Series
) -> pd.DataFrame:
    """Differences from counts of people where these give them, and as estimated elsewhere.

    Parameters
    ----------
    counts
        People on both sides, one row per difference; exact or released.
    estimates
        Columns ``on``, and ``estimate, conf_low, conf_high, smallest_cell, reason``.
    on
        Columns that name a difference.
    from_counts
        Whether counts give the difference of each row of ``counts``.

    Returns
    -------
    DataFrame
        The rows of ``counts`` with the columns of ``estimates``; a side without anybody is said in ``reason``.
    """
    found = with_risk_differences(counts).merge(estimates, on=list(on), how="left", suffixes=("", "_other"))
    counted = from_counts.to_numpy(dtype=bool)
    for name in ("estimate", "conf_low", "conf_high"):
        found[name] = found[name].where(counted, found.pop(f"{name}_other")).astype(float)
    empty = counted & ((found["n_total"] == 0) | (found["n_reference"] == 0)).to_numpy()
    said = found["reason"].astype(object)
    found["reason"] = said.where(said.notna(), None).mask(empty, NOBODY)
    return found


def estimated_differences(
    material: Material, way: Way, first: Sequence[str], second: Sequence[str]
) -> pd.DataFrame:
    """Differences that counts of people alone do not give.

    Parameters
    ----------
    first, second
        The groups of either side; the difference is first less second.

    Returns
    -------
    DataFrame
        ``theme_id, estimate, conf_low, conf_high, smallest_cell, reason``. ``smallest_cell``: fewest people
        with or without the theme in any one of the groups, so that no group can be found by taking one
        estimate from another.
    """
    behind = people_behind(material, way, [*first, *second])
    without = behind["n_total"] - behind["n_with_theme"]
    cells = behind.assign(cell=np.minimum(behind["n_with_theme"], without)).groupby("theme_id")["cell"].min()
    counted = material.counted(way)
    on_first, on_second = (np.isin(material.group, list(side)) for side in (first, second))
    rows: list[dict[str, object]] = []
    with one_blas_thread():
        for i, theme in enumerate(material.themes):
            here = counted[:, i] & (on_first | on_second)
            found = _difference(material, way, i, here, on_first[here])
            rows.append({"theme_id": theme, "smallest_cell": cells[theme]} | found)
    columns = ["theme_id", "estimate", "conf_low", "conf_high", "smallest_cell", "reason"]
    return pd.DataFrame(rows, columns=columns)


def _difference(
    material: Material, way: Way, theme: int, here: BoolArray, first: BoolArray
) -> dict[str, object]:
    """One theme's difference, or why it has none."""
    if first.all() or not first.any():
        return {"reason": NOBODY}
    if way.unit == "segment":
        shares = segment_share_difference(material.with_theme[here, theme], material.segments[here], first)
        return {name: getattr(shares, name) for name in ("estimate", "conf_low", "conf_high")}
    present, exposure = material.values[here, theme], material.exposure(way)[here]
    if np.ptp(present) == 0:
        return {"reason": NO_SPREAD}
    if np.ptp(exposure) == 0:
        return {"reason": EVERYBODY_ALIKE}
    held = adjusted_difference(present, first, exposure)
    if held.reason is not None:
        return {"reason": NO_FIT}
    return {"estimate": held.estimate, "conf_low": held.conf_low, "conf_high": held.conf_high}
