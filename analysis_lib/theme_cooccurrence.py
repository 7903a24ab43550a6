"""Which themes are mentioned by the same people more than talkativeness explains?

Two themes share people because both are common, because some people mention much of everything, or because they
belong together. Every pair is held against two ideas of chance: one keeps how many people have each theme, the
other keeps how many themes each person has as well.

References: Jaccard 1912, New Phytol 11, 37-50; Veech 2013, Glob Ecol Biogeogr 22, 252-260; Gotelli 2000, Ecology
81, 2606-2621; Strona et al. 2014, Nat Commun 5, 4114 (curveball); Westfall & Young 1993.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.cooccurrence import Cooccurrence, cooccurrence
from analysis_lib.stats.multiple import benjamini_hochberg, holm

N_NULL = 4_999

# Why a pair has no p-value.
NOBODY, EVERYBODY, FIXED = (
    "nobody has one of the two",
    "everybody has one of the two",
    "no other arrangement changes how many have both",
)
MORE, FEWER, AS_MANY = "more", "fewer", "as many"

_REFLEXIVE = "reflexive thematic analysis does not read frequency as importance, so nothing is tested"
_NOBODY_WHOLE = "nobody was coded for the whole codebook, so no two themes can be laid side by side"
_TOO_FEW_THEMES = (
    "fewer than two themes are held by some people and not by others, so there is no pair to test"
)


@dataclass(frozen=True, repr=False)
class ThemeCooccurrence(Readable):
    """Pairs of themes by the people who have both.

    Parameters
    ----------
    table
        ``theme_id, theme_label, other_id, other_label, n_both, n_with_theme, n_with_other, n_total, jaccard,
        expected, p_independent, expected_fixed, sd_fixed, p_value, p_adjusted, direction, method, reason``; one
        row per pair, the smallest p first. ``expected`` people with both if only the
        number of people with each theme were given, ``p_independent`` the chance of at least as many then;
        ``expected_fixed`` and ``sd_fixed`` if the number of themes of each person is given too, ``p_value``
        (two-sided) and ``p_adjusted`` are of this. ``direction`` is ``more``, ``fewer`` or ``as many`` than
        ``expected_fixed``.
    themes
        Themes that were paired: those with no other theme below them.
    n_used, n_missing
        People who were coded for all these themes, and people left out because they were not.
    n_null
        Rearranged matrices behind ``expected_fixed``.
    reason
        Why nothing is tested; None where it is.
    """

    matrix: ThemeMatrix
    table: pd.DataFrame
    themes: tuple[str, ...]
    n_used: int
    n_missing: int
    n_null: int
    reason: str | None


def co_occurrence(themes: ThemeMatrix, *, n_null: int | None = None) -> ThemeCooccurrence:
    """Lay every pair of themes side by side.

    Parameters
    ----------
    themes
        The participant x theme matrix.
    n_null
        Rearranged matrices; None takes 4,999, or ``n_permutations: omnibus`` of study.yaml if that is fewer,
        since one of them takes as long as hundreds of permutations.

    Returns
    -------
    ThemeCooccurrence
        With a ``reason`` instead of p-values in the reflexive tradition or where no pair can vary.

    Notes
    -----
    The people are those of the table of themes by outcome, as far as they were coded for every theme. Only
    themes with none below them are paired. An upper theme holds the same people as the themes below it: paired
    with those it would overlap by construction, and it would count twice how much a person mentions.

    p-values are adjusted over all tested pairs with the method of study.yaml. The null keeps how many themes
    each person has, not which group they belong to: two themes that go with the same outcome also go together.

    Examples
    --------
    >>> import analysis_lib as al
    >>> found = co_occurrence(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")), n_null=99)
    >>> found.n_used, len(found.themes), len(found.table)
    (24, 21, 210)
    """
    study = themes.wave.study
    n_null = n_null if n_null is not None else min(N_NULL, study.n_permutations["omnibus"])
    people = themes.groups.notna()
    if study.base == "any_theme":
        people &= (themes.values == 1).any(axis=1)
    values = themes.values.loc[people, list(lowest_themes(themes))]
    values = values.loc[:, values.notna().any()]  # a theme that nobody was coded for says nothing of anybody
    whole = values[values.notna().all(axis=1)]
    n_used, n_missing = len(whole), int(people.sum()) - len(whole)
    shown = tuple(map(str, values.columns))
    reason = _why_not(themes, whole)
    table = pd.DataFrame(columns=_COLUMNS)
    if n_used and len(shown) >= 2:
        found = cooccurrence(whole.to_numpy(), n_null=n_null, seed=study.seed)
        table = _pairs(themes, shown, found, tested=reason is None)
    return ThemeCooccurrence(themes, table, shown, n_used, n_missing, n_null, reason)


def lowest_themes(themes: ThemeMatrix) -> tuple[str, ...]:
    """Themes of a matrix with no other theme of it below them, in codebook order."""
    codebook = themes.wave.study.codebook
    above = {ancestor for theme in themes.themes for ancestor in codebook.ancestors(theme)}
    return tuple(theme for theme in themes.themes if theme not in above)


def _why_not(themes: ThemeMatrix, whole: pd.DataFrame) -> str | None:
    if themes.wave.study.tradition == "reflexive":
        return _REFLEXIVE
    if themes.reason is not None:
        return themes.reason
    if not len(whole):
        return _NOBODY_WHOLE
    return _TOO_FEW_THEMES if (whole.nunique() > 1).sum() < 2 else None


_COUNTS = ["n_both", "n_with_theme", "n_with_other", "n_total"]
_COLUMNS = [
    "theme_id", "theme_label", "other_id", "other_label", *_COUNTS, "jaccard", "expected", "p_independent",
    "expected_fixed", "sd_fixed", "p_value", "p_adjusted", "direction", "method", "reason",
]  # fmt: skip


def _pairs(themes: ThemeMatrix, shown: tuple[str, ...], found: Cooccurrence, *, tested: bool) -> pd.DataFrame:
    study = themes.wave.study
    first, second = np.triu_indices(len(shown), 1)
    pairs = pd.DataFrame({"theme_id": [shown[i] for i in first], "other_id": [shown[j] for j in second]})
    pairs["theme_label"] = [study.codebook[theme].label for theme in pairs["theme_id"]]
    pairs["other_label"] = [study.codebook[theme].label for theme in pairs["other_id"]]
    size = np.diag(found.both)
    pairs["n_both"] = found.both[first, second]
    pairs["n_with_theme"], pairs["n_with_other"], pairs["n_total"] = size[first], size[second], found.n
    pairs = with_overlap(pairs)
    pairs["p_independent"] = found.p_hypergeometric[first, second]
    pairs["expected_fixed"], pairs["sd_fixed"] = found.null_mean[first, second], found.null_sd[first, second]
    pairs["p_value"] = found.p_two_sided[first, second]
    by_minp = found.p_adjusted[first, second]
    least, most = np.minimum(size[first], size[second]), np.maximum(size[first], size[second])
    pairs["reason"] = [
        NOBODY if few == 0 else EVERYBODY if many == found.n else FIXED if sd == 0 else None
        for few, many, sd in zip(least, most, pairs["sd_fixed"], strict=True)
    ]
    kept = pairs["reason"].isna().to_numpy() & tested
    pairs.loc[~kept, ["p_independent", "expected_fixed", "sd_fixed", "p_value"]] = np.nan
    p = pairs.loc[kept, "p_value"].to_numpy()
    pairs["p_adjusted"] = np.nan
    if kept.any():
        adjusted = {"holm": holm, "bh": benjamini_hochberg}.get(study.multiplicity)
        pairs.loc[kept, "p_adjusted"] = adjusted(p) if adjusted is not None else by_minp[kept]
    beyond = (pairs["n_both"] - pairs["expected_fixed"]).round(9)
    pairs["direction"] = np.select([beyond > 0, beyond < 0, beyond == 0], [MORE, FEWER, AS_MANY], default="")
    pairs["method"] = np.where(kept, "fixed margins (curveball)", "")
    # By p and not by distance alone: among rare themes one person is many standard deviations.
    far = (beyond / pairs["sd_fixed"]).abs().round(9).fillna(-1.0)
    near = pairs["jaccard"].round(9).fillna(-1.0)
    ranked = pairs.assign(p=pairs["p_value"].fillna(2.0), far=-far, near=-near)
    ranked = ranked.sort_values(["p", "far", "near"], kind="stable").reset_index(drop=True)
    return ranked[_COLUMNS]


def with_overlap(pairs: pd.DataFrame) -> pd.DataFrame:
    """Add ``jaccard`` and ``expected`` (people with both if the two were independent) to the counts of pairs.

    Works on exact and on released counts alike; a missing count gives missing values.
    """
    both, one, other, total = (pairs[name].astype("float64") for name in _COUNTS)
    either = one + other - both
    return pairs.assign(
        jaccard=(both / either.where(either > 0)), expected=(one * other / total.where(total > 0))
    )


def with_readings(pairs: pd.DataFrame, *, alpha: float, banded: bool = False) -> pd.DataFrame:
    """Add ``reading``: ``together``, ``apart`` or ``cannot tell``; empty where a pair was not tested.

    Parameters
    ----------
    pairs
        With ``p_adjusted`` and ``direction``.
    alpha
        Level of the adjusted p-values.
    banded
        p-values are upper ends of bands.
    """
    p = pairs["p_adjusted"].astype("float64")
    settled = p <= alpha if banded else p < alpha
    reading = np.select(
        [settled & (pairs["direction"] == MORE), settled & (pairs["direction"] == FEWER), p.notna()],
        ["together", "apart", "cannot tell"],
        default="",
    )
    return pairs.assign(reading=reading)


def side_by_side(pairs: pd.DataFrame) -> list[str]:
    """Themes in an order that puts those with much overlap next to one another.

    Average linkage of one minus Jaccard's index, the leaves turned so that neighbours are as alike as can be;
    an overlap that is unknown counts as none.
    """
    # Pairs come sorted by strength; the order to start from must not hang on that.
    names = sorted(set(pairs["theme_id"]) | set(pairs["other_id"]))
    if len(names) < 3:
        return names
    from scipy.cluster.hierarchy import leaves_list, linkage  # noqa: PLC0415 - only a figure asks
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    at = {name: i for i, name in enumerate(names)}
    distance = np.ones((len(names), len(names)))
    np.fill_diagonal(distance, 0.0)
    for row in pairs.itertuples():
        if pd.notna(row.jaccard):
            i, j = at[row.theme_id], at[row.other_id]
            distance[i, j] = distance[j, i] = round(1 - row.jaccard, 9)
    tree = linkage(squareform(distance), method="average", optimal_ordering=True)
    return [names[i] for i in leaves_list(tree)]
