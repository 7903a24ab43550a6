"""Do the themes taken together go with the outcome group?

One test for all themes of a wave: outcome labels are permuted across people with each person's themes kept whole
(multiple marginal independence); the second-order Rao-Scott test needs no permutation and stands beside it. Every
coding enters once, at the lowest theme it was given to, since an upper theme is made of those below it and would
weigh the same people again.

References: Loughin & Scherer 1998, Biometrics 54, 630-637; Agresti & Liu 1999, Biometrics 55, 936-943; Bilder,
Loughin & Nettleton 2000, Commun Stat Simul 29, 1285-1315; Thomas & Decady 2004, Int J Testing 4, 43-59.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.codebook import Codebook
from analysis_lib.crosstab import ThemeCrosstab, cannot_differ, in_base
from analysis_lib.large_sample import is_large
from analysis_lib.quantitize import families
from analysis_lib.readable import Readable
from analysis_lib.stats.mmi import MMITest, mmi_test
from analysis_lib.strata import exchanged

COLUMNS = (
    "test", "statistic", "df", "p_value", "n_permutations", "seed", "mc_error", "n_used", "n_missing", "n_themes",
    "effective_themes", "mean_v_squared", "v_squared_by_chance", "reason",
)  # fmt: skip
PERMUTATION, RAO_SCOTT = "mmi_permutation", "mmi_rao_scott"
NOTHING_VARIES = (
    "no theme is held by some and not by others where groups can be compared, so there is nothing to test"
)
NOT_PERMUTED = "there are too many people to permute; the Rao-Scott test stands for it"
NO_VARIANCE = "nothing varies inside a group, so this test has no variance to work with"
THROUGH_LOWER = "counted through the themes below it"
ITSELF = "where none below it was given"


@dataclass(frozen=True, repr=False)
class Omnibus(Readable):
    """One test of all themes.

    Parameters
    ----------
    crosstab
        The themes by outcome group that are tested.
    table
        ``test`` (mmi_permutation, mmi_rao_scott), ``statistic, df, p_value, n_permutations, seed, mc_error,
        n_used, n_missing, n_themes, effective_themes, mean_v_squared, v_squared_by_chance, reason``; two rows.
        ``n_missing`` are people with an outcome group who are not in the test: not codable for any theme in
        it, of unknown stratum, or in a stratum of one group.
    themes
        ``theme_id, theme_label, depth, part, statistic, reason``; one row per theme of the crosstab. ``part`` says
        that an upper theme stands for the people with it and nothing below it; ``statistic`` is the theme's share
        of the statistic; ``reason`` says why a theme is not in the test.
    counts
        ``theme_id, group, n_with_theme, n_total`` of the themes in the test, over whole groups.
    people
        ``group, n_used, n_missing``: who is in the test, per outcome group.
    reason
        Why there is no test; None where there is one.
    """

    crosstab: ThemeCrosstab
    table: pd.DataFrame
    themes: pd.DataFrame
    counts: pd.DataFrame
    people: pd.DataFrame
    reason: str | None


def omnibus_test(crosstab: ThemeCrosstab) -> Omnibus:
    """Test whether any theme is more common in one outcome group than in another.

    Parameters
    ----------
    crosstab
        Themes by outcome groups.

    Returns
    -------
    Omnibus
        With a ``reason`` instead of figures where the crosstab cannot be tested or no theme varies.

    Notes
    -----
    The statistic is the sum over themes of Pearson's chi-square of theme present or absent by group. Its
    permutation p is (1 + hits) / (permutations + 1); labels move inside strata where study.yaml declares them.
    The effect is of whole groups: Cramér's V² of each theme, which is the share of its variance that lies
    between groups, averaged over themes; without any association (k - 1) / (n - 1) of it is expected, with k
    groups and n people. Without strata, and with everybody coded for every theme, the average is
    X² / (n c) with c themes. The effective number of themes is c² over the sum of all squared correlations
    between them: what Rao-Scott's degrees of freedom per (k - 1) are once covariances are pooled over groups.
    (Those printed rest on covariances within each group. Groups of few people are a poor base for so many of
    them, and df / (k - 1) then comes out too low.)

    Above 50,000 people nothing is permuted and the Rao-Scott test stands alone.

    A person who was not coded for a theme (missing, not absent) stays in the test for all others.

    Examples
    --------
    >>> import analysis_lib as al
    >>> by_outcome = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> omnibus_test(by_outcome).reason
    'no comparison group in this wave, so no test'
    """
    study = crosstab.matrix.wave.study
    inside = in_base(crosstab.matrix)
    group = crosstab.matrix.groups[inside].astype("string")
    values = lowest_level(crosstab.matrix.values, study.codebook)[inside]
    counts = _counts(values, group, crosstab.groups)
    found, reason = None, crosstab.reason
    if reason is None:
        present, labels, strata = exchanged(values, group, crosstab.strata)
        n_permutations = 0 if is_large(len(values)) else study.n_permutations["omnibus"]
        found = mmi_test(present, labels, n_permutations=n_permutations, seed=study.seed, strata=strata)
        reason = NOTHING_VARIES if np.isnan(found.statistic) else None
    themes = _themes(crosstab, values, counts, found, reason)
    tested = themes.loc[themes["reason"].isna(), "theme_id"]
    counts = counts[counts["theme_id"].isin(tested)].reset_index(drop=True)
    table = _table(found if reason is None else None, reason)
    table["effective_themes"] = effective_themes(values[tested])
    people = _people(values[tested], group, crosstab)
    settings = {"n_permutations": study.n_permutations["omnibus"], "seed": study.seed}
    return Omnibus(crosstab, csv_of(table, counts, people, settings), themes, counts, people, reason)


def lowest_level(values: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Themes by the lowest level at which they were given: every coding once.

    Parameters
    ----------
    values
        People by themes, 1 present, 0 absent, NaN not codable; an upper theme is present where one below it is.
    codebook
        How the themes nest.

    Returns
    -------
    DataFrame
        A theme with nothing below it is as it was. An upper theme is 1 only for people who have it and none
        below it, and is left out where there is nobody of that kind.
    """
    below = families(codebook)
    kept = {}
    for theme in values.columns:
        lower = [other for other in values.columns if other in below[theme] and other != theme]
        itself = values[theme].mask((values[lower] == 1).any(axis=1) & values[theme].notna(), 0.0)
        if not lower or (itself == 1).any():
            kept[theme] = itself
    return pd.DataFrame(kept, index=values.index)


def _counts(values: pd.DataFrame, group: pd.Series, groups: tuple[str, ...]) -> pd.DataFrame:
    """People with each theme and people coded for it, per group."""
    member = {name: (group == name).to_numpy() for name in groups}
    rows = []
    for theme in values.columns:
        held = values[theme].to_numpy()
        for name, here in member.items():
            rows.append((theme, name, int((held[here] == 1).sum()), int((~np.isnan(held[here])).sum())))
    return pd.DataFrame(rows, columns=["theme_id", "group", "n_with_theme", "n_total"])


def _themes(
    crosstab: ThemeCrosstab,
    values: pd.DataFrame,
    counts: pd.DataFrame,
    found: MMITest | None,
    reason: str | None,
) -> pd.DataFrame:
    """Each theme with what it adds to the statistic, or why it is not in it."""
    codebook = crosstab.matrix.wave.study.codebook
    at = {theme: column for column, theme in enumerate(values.columns)}
    rows = []
    for theme in crosstab.matrix.themes:
        statistic, why, part = np.nan, reason, ""
        if theme not in at:
            why = THROUGH_LOWER
        else:
            part = ITSELF if not values[theme].equals(crosstab.matrix.values.loc[values.index, theme]) else ""
            mine = counts[counts["theme_id"] == theme]
            table = np.array([mine["n_with_theme"], mine["n_total"] - mine["n_with_theme"]])
            why = reason or cannot_differ(table[:, table.sum(axis=0) > 0])
            if found is not None and why is None:
                statistic = float(found.per_theme[at[theme]])
                why = "inside no stratum could it differ" if np.isnan(statistic) else None
        rows.append((theme, codebook[theme].label, codebook.depth(theme), part, statistic, why))
    names = ["theme_id", "theme_label", "depth", "part", "statistic", "reason"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(reason=pd.Series([row[-1] for row in rows], dtype=object))


def _people(values: pd.DataFrame, group: pd.Series, crosstab: ThemeCrosstab) -> pd.DataFrame:
    """Who is in the test: coded for one of its themes and, with strata, beside somebody of another group."""
    used = values.notna().any(axis=1)
    if crosstab.strata is not None:
        number = crosstab.strata.number.reindex(values.index)
        in_test = used & number.notna()
        used = in_test & (group.where(in_test).groupby(number).transform("nunique") > 1)
    n_used = [int((used & (group == name)).sum()) for name in crosstab.groups]
    n_missing = [n - of_them for n, of_them in zip(crosstab.n_groups, n_used, strict=True)]
    return pd.DataFrame({"group": crosstab.groups, "n_used": n_used, "n_missing": n_missing})


def _table(found: MMITest | None, reason: str | None) -> pd.DataFrame:
    nan = float("nan")
    rows = [
        {
            "test": PERMUTATION,
            "statistic": found.statistic if found else nan,
            "df": nan,
            "p_value": found.p_permutation if found else nan,
            "mc_error": found.mc_error if found else nan,
            "reason": reason or (NOT_PERMUTED if found and not found.n_permutations else None),
        },
        {
            "test": RAO_SCOTT,
            "statistic": found.rs2_statistic if found else nan,
            "df": found.rs2_df if found else nan,
            "p_value": found.p_rao_scott if found else nan,
            "mc_error": nan,
            "reason": reason or (NO_VARIANCE if found and np.isnan(found.p_rao_scott) else None),
        },
    ]
    return pd.DataFrame(rows).assign(reason=pd.Series([row["reason"] for row in rows], dtype=object))


def effective_themes(values: pd.DataFrame) -> float:
    """How many independent themes would carry as much information; NaN without any theme.

    Examples
    --------
    Two themes that always come together, and one on its own:

    >>> effective_themes(pd.DataFrame({"a": [1, 1, 0, 0], "b": [1, 1, 0, 0], "c": [1, 0, 1, 0]}))
    1.8
    """
    if not len(values.columns):
        return float("nan")
    correlation = np.nan_to_num(_correlations(values), nan=0.0)
    np.fill_diagonal(correlation, 1.0)
    return float(len(correlation) ** 2 / (correlation**2).sum())


def _correlations(values: pd.DataFrame) -> NDArray[np.float64]:
    """Pearson's correlation of each two themes over the people coded for both; NaN where one does not vary."""
    if values.isna().to_numpy().any():
        return np.asarray(values.corr())
    with np.errstate(invalid="ignore", divide="ignore"):  # one matrix product, which a large wave needs
        return np.atleast_2d(np.corrcoef(values.to_numpy(), rowvar=False))


def with_effect(table: pd.DataFrame, counts: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Add what counts give: ``n_used, n_missing, n_themes, mean_v_squared, v_squared_by_chance``.

    Works on exact and on released counts alike; where one is missing, so is what it would give.
    """
    average, by_chance = mean_v_squared(counts)
    n_used, n_missing = (people[name].sum(min_count=len(people)) for name in ("n_used", "n_missing"))
    return table.assign(
        n_used=n_used,
        n_missing=n_missing,
        n_themes=counts["theme_id"].nunique(),
        mean_v_squared=average,
        v_squared_by_chance=by_chance,
    )


def csv_of(
    table: pd.DataFrame, counts: pd.DataFrame, people: pd.DataFrame, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Every column of ``Omnibus.table``, from tests, counts, people and ``n_permutations, seed``."""
    permuted = table["test"] == PERMUTATION
    drawn = {
        name: pd.Series(pd.NA, index=table.index, dtype="Int64").mask(permuted, settings[name])
        for name in ("n_permutations", "seed")
    }
    return with_effect(table, counts, people).assign(**drawn)[list(COLUMNS)]


def mean_v_squared(counts: pd.DataFrame) -> tuple[float, float]:
    """Cramér's V² averaged over themes, and what chance alone would give.

    Parameters
    ----------
    counts
        ``theme_id, group, n_with_theme, n_total``.

    Examples
    --------
    Of one theme, held by 8 of 10 and by 2 of 10: chi-square 7.2 over 20 people.

    >>> average, by_chance = mean_v_squared(
    ...     pd.DataFrame({"theme_id": "a", "group": ["x", "y"], "n_with_theme": [8, 2], "n_total": [10, 10]})
    ... )
    >>> round(average, 6), round(by_chance, 6)
    (0.36, 0.052632)
    """
    if counts[["n_with_theme", "n_total"]].isna().to_numpy().any():
        return float("nan"), float("nan")
    each = [_v_squared(*two) for two in _by_theme(counts)]
    known = [two for two in each if two is not None]
    if not known:
        return float("nan"), float("nan")
    average, by_chance = np.mean(known, axis=0)
    return float(average), float(by_chance)


def _by_theme(counts: pd.DataFrame) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    there = counts[counts["n_total"] > 0]
    return [
        (rows["n_with_theme"].to_numpy(dtype=float), rows["n_total"].to_numpy(dtype=float))
        for _, rows in there.groupby("theme_id", sort=False)
    ]


def _v_squared(x: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[float, float] | None:
    """V² of one theme over the groups coded for it, and its expectation; None where it cannot differ."""
    total = n.sum()
    share = x.sum() / total
    if len(n) < 2 or share in {0.0, 1.0}:
        return None
    chi_square = ((x - n * share) ** 2 / (n * share * (1 - share))).sum()
    return float(chi_square / total), float((len(n) - 1) / (total - 1))
