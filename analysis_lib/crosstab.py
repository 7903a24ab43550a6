"""Which themes go with which outcome, and how sure can one be?

Per theme and group: people with the theme of all who could have had it, with a Wilson interval. Per theme:
the exact test over all groups. Per theme and group against the reference: risk difference, odds ratio, and
p-values adjusted over the whole family. People are counted, segments are shown beside and never tested.

References: Wilson 1927; Newcombe 1998, Stat Med 17, 873-890; Freeman & Halton 1951, Biometrika 38, 141-149;
Westfall & Young 1993, Resampling-Based Multiple Testing; Tarone 1990, Biometrics 46, 515-522; Bergsma 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib import large_sample
from analysis_lib.errors import CallError, did_you_mean
from analysis_lib.large_sample import adjusted_by, chi_square_p, is_large
from analysis_lib.quantitize import ALL, ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.exact import exact_table_test
from analysis_lib.stats.minp import min_p, min_p_contrasts
from analysis_lib.stats.multiple import benjamini_hochberg, holm
from analysis_lib.stats.proportions import cramers_v, odds_ratio, risk_difference, wilson
from analysis_lib.strata import Strata, exchanged, strata_of
from analysis_lib.study import Study

FloatArray = NDArray[np.float64]

SMALLEST_GROUP = 5  # below this, intervals only


@dataclass(frozen=True, repr=False)
class ThemeCrosstab(Readable):
    """Themes by outcome groups.

    Parameters
    ----------
    table
        ``theme_id, theme_label, depth, group, n_with_theme, n_total, share, conf_low, conf_high,
        n_segments``; one row per theme and group, and per theme for group ``all``.
    tests
        ``theme_id, theme_label, p_value, p_mid, smallest_p, p_minp, p_holm, p_bh, cramers_v, conf_low,
        conf_high, method, reason``; one row per theme. Where the study declares strata also ``p_stratified``.
    contrasts
        ``theme_id, theme_label, group, reference, n_with_theme, n_total, n_with_reference, n_reference,
        risk_difference, rd_low, rd_high, odds_ratio, or_low, or_high, p_value, p_adjusted, tier``, and
        ``p_stratified`` as above.
    groups, reference
        Groups in order, and the one the others are compared with.
    n_groups
        People per group, in order, the base of every share of a theme that everybody was coded for.
    reason
        Why there are no tests; None where there are.
    strata
        Inside which labels were exchanged; None where the study declares no strata.
    """

    matrix: ThemeMatrix
    table: pd.DataFrame
    tests: pd.DataFrame
    contrasts: pd.DataFrame
    groups: tuple[str, ...]
    reference: str
    n_groups: tuple[int, ...]
    reason: str | None
    strata: Strata | None = None

    @property
    def large_sample(self) -> bool:
        """Whether there are too many people to permute; see :mod:`analysis_lib.large_sample`."""
        return is_large(sum(self.n_groups))


def crosstab_themes(themes: ThemeMatrix, *, reference: str | None = None) -> ThemeCrosstab:
    """Cross-tabulate themes with outcome groups.

    Parameters
    ----------
    themes
        The participant x theme matrix.
    reference
        Group that the others are compared with; None takes the one of study.yaml.

    Returns
    -------
    ThemeCrosstab
        With a ``reason`` instead of tests where there is nothing to compare or a group is too small.

    Raises
    ------
    CallError
        If the study has no such group.

    Notes
    -----
    The base of a share is everybody in the group with codable material (or, if study.yaml says
    ``base: any_theme``, everybody with at least one theme). A theme that cannot reach alpha whatever the
    data leaves the family and gets no p-value (Tarone's screen). Above 50,000 people the methods of
    :mod:`analysis_lib.large_sample` stand in for the exact and the permuted ones.

    With strata, shares, differences, exact p and mid-p are of whole groups, as without; whatever is adjusted
    for the number of themes compares people of one stratum only. ``p_stratified`` is the exact p of the
    counts summed over strata when labels move inside strata; minP, Holm and Benjamini-Hochberg adjust that.

    Examples
    --------
    >>> import analysis_lib as al
    >>> result = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> result.n_groups
    (92, 37, 19, 31)
    """
    study = themes.wave.study
    reference = reference or study.outcome.reference
    if reference not in study.outcome.groups:
        known, hint = ", ".join(study.outcome.groups), did_you_mean(reference, study.outcome.groups)
        raise CallError(f"The study has no such group to compare with.{hint} It has: {known}.")
    values, group, counts = _counted(themes)
    groups = study.outcome.groups
    n_groups = tuple(int((group == name).sum()) for name in groups)
    strata, reason = _inside_and_why_not(themes, group, reference)
    contrasts = with_differences(_contrast_counts(counts, groups, reference))
    tests = _tests(themes, values, group, counts, strata, reason)
    contrasts = _with_p_values(themes, contrasts, values, group, reference, strata, reason)
    contrasts = with_tiers(contrasts, smallest_difference=study.smallest_difference, alpha=study.alpha)
    return ThemeCrosstab(
        themes, with_shares(counts), tests, contrasts, groups, reference, n_groups, reason, strata
    )


def contrasts_alone(themes: ThemeMatrix) -> pd.DataFrame:
    """Counts and p-values of the ``contrasts`` of :func:`crosstab_themes` against the declared reference."""
    study = themes.wave.study
    values, group, counts = _counted(themes)
    strata, reason = _inside_and_why_not(themes, group, study.outcome.reference)
    contrasts = _contrast_counts(counts, study.outcome.groups, study.outcome.reference)
    return _with_p_values(themes, contrasts, values, group, study.outcome.reference, strata, reason)


def _counted(themes: ThemeMatrix) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Themes and group of everybody in the base, and the counts per theme and group."""
    study, inside = themes.wave.study, in_base(themes)
    everybody = bool(inside.all())  # then nothing is copied, which a large wave would feel
    values, segments = (frame if everybody else frame[inside] for frame in (themes.values, themes.n_segments))
    group = themes.groups[inside].astype("string")
    counts = _counts(values, segments, group, study.outcome.groups)
    counts.insert(1, "theme_label", counts["theme_id"].map({t.id: t.label for t in study.codebook}))
    counts.insert(2, "depth", counts["theme_id"].map(study.codebook.depth))
    return values, group, counts


def _inside_and_why_not(
    themes: ThemeMatrix, group: pd.Series, reference: str
) -> tuple[Strata | None, str | None]:
    """Inside which strata labels are exchanged, and why nothing is tested."""
    study = themes.wave.study
    sizes = {name: int((group == name).sum()) for name in study.outcome.groups}
    strata = strata_of(themes.wave, group)
    reason = (
        themes.reason
        or _cannot_test(sizes, reference, study.tradition)
        or (strata.reason if strata else None)
        or (large_sample.NO_STRATA if strata and is_large(len(group)) else None)
    )
    return strata, reason


def in_base(themes: ThemeMatrix) -> pd.Series:
    """Whether each person is compared: has an outcome group and, under ``base: any_theme``, some theme."""
    inside = themes.groups.notna()
    return inside & (themes.values == 1).any(axis=1) if themes.wave.study.base == "any_theme" else inside


def _counts(
    values: pd.DataFrame, segments: pd.DataFrame, group: pd.Series, groups: tuple[str, ...]
) -> pd.DataFrame:
    """People with the theme, people who could have it, and segments, per theme and group and for all."""
    in_group = {name: (group == name).to_numpy() for name in groups}
    cells = {
        "n_with_theme": values.to_numpy() == 1,
        "n_total": values.notna().to_numpy(),
        "n_segments": segments.to_numpy(),
    }
    table = {
        "theme_id": np.repeat(values.columns, len(groups) + 1),
        "group": [*groups, ALL] * len(values.columns),
    }
    for name, cell in cells.items():
        sums = [cell[here].sum(axis=0, dtype=np.int64) for here in in_group.values()]
        table[name] = np.array([*sums, cell.sum(axis=0, dtype=np.int64)]).T.ravel()
    return pd.DataFrame(table)


def with_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Add ``share, conf_low, conf_high`` (Wilson) to ``n_with_theme`` of ``n_total``.

    Works on exact and on released counts alike; a missing count gives missing shares.
    """
    two = ["n_with_theme", "n_total"]
    x, n = (counts[name].to_numpy(dtype=float, na_value=np.nan) for name in two)
    known = counts[two].notna().all(axis=1).to_numpy()
    interval = wilson(x[known], n[known])
    shares = {
        "share": _spread(interval.estimate, known),
        "conf_low": _spread(interval.conf_low, known),
        "conf_high": _spread(interval.conf_high, known),
    }
    at = counts.columns.get_loc("n_total") + 1
    left, right = counts.iloc[:, :at], counts.iloc[:, at:]
    return pd.concat([left, pd.DataFrame(shares, index=counts.index), right], axis=1)


def _contrast_counts(counts: pd.DataFrame, groups: tuple[str, ...], reference: str) -> pd.DataFrame:
    kept = counts.drop(columns=["n_segments"])
    base = kept[kept["group"] == reference].set_index("theme_id")
    others = kept[~kept["group"].isin([reference, ALL])].reset_index(drop=True)
    others.insert(others.columns.get_loc("group") + 1, "reference", reference)
    others["n_with_reference"] = others["theme_id"].map(base["n_with_theme"])
    others["n_reference"] = others["theme_id"].map(base["n_total"])
    return others


def with_differences(counts: pd.DataFrame) -> pd.DataFrame:
    """Add risk difference (Newcombe) and odds ratio (exact conditional) of each group v the reference.

    ``risk_difference, rd_low, rd_high, odds_ratio, or_low, or_high`` from ``n_with_theme`` of ``n_total``
    against ``n_with_reference`` of ``n_reference``. Works on exact and on released counts alike.
    """
    four = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
    x1, n1, x0, n0 = (counts[name].to_numpy(dtype=float, na_value=np.nan) for name in four)
    known = counts[four].notna().all(axis=1).to_numpy()
    difference = risk_difference(x1[known], n1[known], x0[known], n0[known])
    odds = [_odds_ratio(*cell) for cell in zip(x1, n1, x0, n0, strict=True)]
    result = counts.copy()
    result["risk_difference"] = _spread(difference.estimate, known)
    result["rd_low"] = _spread(difference.conf_low, known)
    result["rd_high"] = _spread(difference.conf_high, known)
    result["odds_ratio"] = [ratio[0] for ratio in odds]
    result["or_low"] = [ratio[1] for ratio in odds]
    result["or_high"] = [ratio[2] for ratio in odds]
    return result


def _spread(values: FloatArray | float, known: NDArray[np.bool_]) -> FloatArray:
    """Values of the rows whose counts are known at their places; NaN where a count was withheld."""
    spread = np.full(len(known), np.nan)
    spread[known] = values
    return spread


def _odds_ratio(x1: float, n1: float, x0: float, n0: float) -> tuple[float, float, float]:
    if not np.isfinite([x1, n1, x0, n0]).all() or min(n1, n0) == 0 or x1 > n1 or x0 > n0:
        return np.nan, np.nan, np.nan
    ratio = odds_ratio(
        [[int(x1), int(n1 - x1)], [int(x0), int(n0 - x0)]], method="wald" if is_large(n1 + n0) else "exact"
    )
    return ratio.estimate, ratio.conf_low, ratio.conf_high


def _cannot_test(n: dict[str, int], reference: str, tradition: str) -> str | None:
    if tradition == "reflexive":
        return "reflexive thematic analysis does not read frequency as importance, so nothing is tested"
    present = {name: size for name, size in n.items() if size > 0}
    if n.get(reference, 0) == 0 or len(present) < 2:
        return "no comparison group in this wave, so no test"
    # Names only: a reason may leave where the number of people may not.
    small = [name for name, size in present.items() if size < SMALLEST_GROUP]
    if small:
        return f"a group is smaller than {SMALLEST_GROUP} ({', '.join(small)}), so intervals only"
    return None


def _tests(
    themes: ThemeMatrix,
    values: pd.DataFrame,
    group: pd.Series,
    counts: pd.DataFrame,
    strata: Strata | None,
    reason: str | None,
) -> pd.DataFrame:
    study = themes.wave.study
    labels = counts.drop_duplicates("theme_id").set_index("theme_id")["theme_label"]
    result = pd.DataFrame({"theme_id": list(values.columns)})
    result["theme_label"] = result["theme_id"].map(labels)
    p_values = ["p_value", "p_mid", "smallest_p", "p_minp", "p_holm", "p_bh"]
    result[[*p_values, "cramers_v", "conf_low", "conf_high"]] = np.nan
    result["method"], result["reason"] = "", reason
    if strata is not None:
        result["p_stratified"] = np.nan
    if reason is not None:
        return result
    for i, theme in enumerate(result["theme_id"]):
        rows = counts[(counts["theme_id"] == theme) & (counts["group"] != ALL)]
        table = np.array([rows["n_with_theme"], rows["n_total"] - rows["n_with_theme"]])
        table = table[:, table.sum(axis=0) > 0]
        why = cannot_differ(table)
        if why is not None:
            result.loc[i, "reason"] = why
            continue
        effect = cramers_v(table)
        result.loc[i, ["cramers_v", "conf_low", "conf_high"]] = (
            effect.estimate, effect.conf_low, effect.conf_high
        )  # fmt: skip
        if is_large(len(values)):
            result.loc[i, "p_value"], result.loc[i, "method"] = chi_square_p(table), large_sample.METHOD
            continue
        test = exact_table_test(table, seed=study.seed)
        if test.smallest_p > study.alpha:
            few = "have it" if table[0].sum() <= table[1].sum() else "do not have it"
            why = f"too few people {few}: no split could give p below {study.alpha:g}"
        if why is None:
            result.loc[i, ["p_value", "p_mid"]] = test.p_value, test.p_mid
        result.loc[i, "smallest_p"] = test.smallest_p
        result.loc[i, "method"] = "exact (Fisher-Freeman-Halton)" if test.method == "exact" else test.method
        result.loc[i, "reason"] = why
    tested = result["p_value"].notna().to_numpy(copy=True)
    if tested.any() and not is_large(len(values)):
        present, labels_, inside = exchanged(values.loc[:, tested], group, strata)
        adjusted = min_p(
            present,
            labels_,
            strata=inside,
            alpha=None if strata is None else study.alpha,
            n_permutations=study.n_permutations["minp"],
            seed=study.seed,
        )
        result.loc[tested, "p_minp"] = adjusted.p_adjusted
        if strata is not None:
            in_family = np.isfinite(adjusted.p_adjusted)
            result.loc[tested, "p_stratified"] = np.where(in_family, adjusted.p_raw, np.nan)
            tested[tested] = in_family
            untested = result["p_value"].notna() & ~tested
            result.loc[untested, "reason"] = f"inside strata no split could give p below {study.alpha:g}"
    if tested.any():
        p = result.loc[tested, "p_value" if strata is None else "p_stratified"].to_numpy()
        result.loc[tested, "p_holm"] = holm(p)
        result.loc[tested, "p_bh"] = benjamini_hochberg(p)
    return result


def cannot_differ(table: np.ndarray) -> str | None:
    """Why a theme cannot differ between groups, in words about people; None where it can."""
    having, lacking = table.sum(axis=1)
    if having + lacking == 0:
        return "nobody was coded for it"
    if having == 0 or lacking == 0:
        return "nobody has it" if having == 0 else "everybody has it"
    return "only one group was coded for it" if table.shape[1] < 2 else None


def _with_p_values(
    themes: ThemeMatrix,
    contrasts: pd.DataFrame,
    values: pd.DataFrame,
    group: pd.Series,
    reference: str,
    strata: Strata | None,
    reason: str | None,
) -> pd.DataFrame:
    """Add ``p_value`` (exact) and ``p_adjusted``, one family over all themes and groups of the wave."""
    study = themes.wave.study
    contrasts = contrasts.assign(p_value=np.nan, p_adjusted=np.nan)
    if strata is not None:
        contrasts["p_stratified"] = np.nan
    if reason is not None:
        return contrasts
    if is_large(len(values)):
        return contrasts.assign(**_large_p_values(contrasts, study))

    n = study.n_permutations["minp"]
    p_value, adjusted = _family(contrasts, values, group, reference, strata, study, n_permutations=n)
    in_family = np.isfinite(adjusted)
    adjust = {"holm": holm, "bh": benjamini_hochberg}.get(study.multiplicity)
    if adjust is not None and in_family.any():
        adjusted[in_family] = adjust(p_value[in_family])
    contrasts["p_adjusted"] = adjusted
    if strata is None:
        contrasts["p_value"] = p_value
    else:
        contrasts["p_stratified"] = p_value
        # The exact p of whole groups needs no permutation.
        contrasts["p_value"], _ = _family(contrasts, values, group, reference, None, study, n_permutations=1)
    return contrasts


def _large_p_values(contrasts: pd.DataFrame, study: Study) -> dict[str, FloatArray]:
    """Chi-square p of each contrast, and Holm's or Benjamini-Hochberg's over all of them."""
    p_value = np.full(len(contrasts), np.nan)
    for i, row in enumerate(contrasts.itertuples()):
        held = np.array([row.n_with_theme, row.n_with_reference])
        table = np.array([held, np.array([row.n_total, row.n_reference]) - held])
        if (table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all():
            p_value[i] = chi_square_p(table)
    tested, adjusted = np.isfinite(p_value), np.full(len(contrasts), np.nan)
    if tested.any():
        adjusted[tested] = {"holm": holm, "bh": benjamini_hochberg}[adjusted_by(study)](p_value[tested])
    return {"p_value": p_value, "p_adjusted": adjusted}


def _family(
    contrasts: pd.DataFrame,
    values: pd.DataFrame,
    group: pd.Series,
    reference: str,
    strata: Strata | None,
    study: Study,
    *,
    n_permutations: int,
) -> tuple[FloatArray, FloatArray]:
    """Exact p and minP of each contrast; NaN where no split could reach alpha."""
    present, labels, inside = exchanged(values, group, strata)
    if reference not in labels:  # everybody of the reference group left with an unknown stratum
        return np.full(len(contrasts), np.nan), np.full(len(contrasts), np.nan)
    found = min_p_contrasts(
        present,
        labels,
        reference=reference,
        strata=inside,
        alpha=study.alpha,
        n_permutations=n_permutations,
        seed=study.seed,
    )
    where = {name: i for i, name in enumerate(found.groups)}
    theme_at = {name: i for i, name in enumerate(values.columns)}
    at = [
        (theme_at[theme], where.get(name, -1))
        for theme, name in zip(contrasts["theme_id"], contrasts["group"], strict=True)
    ]
    p_value = np.array([found.p_value[i, j] if j >= 0 else np.nan for i, j in at])
    adjusted = np.array([found.p_adjusted[i, j] if j >= 0 else np.nan for i, j in at])
    return np.where(np.isfinite(adjusted), p_value, np.nan), adjusted


def with_tiers(
    contrasts: pd.DataFrame, *, smallest_difference: float, alpha: float, banded: bool = False
) -> pd.DataFrame:
    """Add ``tier``: how far the data settle each difference.

    Parameters
    ----------
    contrasts
        With ``risk_difference, rd_low, rd_high, p_adjusted``.
    smallest_difference
        The smallest difference in shares that the team would call important.
    alpha
        Level of the adjusted p-values.
    banded
        p-values are upper ends of bands and counts are rounded. A tier that would contradict the interval of
        the rounded counts is then ``withheld``.

    Notes
    -----
    First that applies: *clear* (interval excludes 0 and adjusted p < alpha), *clear but small* (the same, but
    the interval lies inside the margin), *similar* (the interval lies inside the margin), *tentative* (the
    interval excludes 0, and the contrast was tested), *cannot tell* (the interval includes 0). Empty where the
    interval excludes 0 but no test could be made.
    """
    low, high = contrasts["rd_low"], contrasts["rd_high"]
    excludes_zero = (low > 0) | (high < 0)
    inside = (low > -smallest_difference) & (high < smallest_difference)
    below = contrasts["p_adjusted"] <= alpha if banded else contrasts["p_adjusted"] < alpha
    settled = excludes_zero & below
    tested = contrasts["p_adjusted"].notna()
    contradiction = below & ~excludes_zero & banded
    tier = np.select(
        [
            contradiction,
            settled & ~inside,
            settled,
            inside,
            excludes_zero & tested,
            ~excludes_zero & low.notna(),
        ],
        ["withheld", "clear", "clear but small", "similar", "tentative", "cannot tell"],
        default="",
    )
    return contrasts.assign(tier=tier)
