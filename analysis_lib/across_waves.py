"""Does a theme's difference between outcome groups hold over the waves so far?

Every wave keeps a two by two table of its own for each theme and group. The tables are pooled within waves and
never added up, so that a wave in which a theme is common cannot turn a difference round (Simpson's paradox).
Whether the waves agree is tested beside, and each pooled value is shown once more without every single wave.

References: Mantel & Haenszel 1959, J Natl Cancer Inst 22, 719-748; Breslow & Day 1980; Tarone 1985, Biometrika 72,
91-95; Mantel & Fleiss 1980, Am J Epidemiol 112, 129-134; Gart 1970, Biometrika 57, 471-475; Röver, Knapp & Friede
2015, BMC Med Res Methodol 15, 99.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.counts_by_wave import (
    BY_WAVE,
    COUNTS,
    NO_COMPARISON,
    NO_FILES,
    PAIR,
    WAVES,
    counts_by_wave,
    with_wave_differences,
)
from analysis_lib.crosstab import SMALLEST_GROUP, ThemeCrosstab
from analysis_lib.readable import Readable
from analysis_lib.stats.exact_strata import exact_strata
from analysis_lib.stats.multiple import holm
from analysis_lib.stats.stratified import Stratified, stratified
from analysis_lib.study import Study
from analysis_lib.wave import Wave

FEWEST_EXPECTED = 5.0  # people; Mantel and Fleiss' condition for the chi-square of the pooled test
HELD_BACK = "withheld"

_ONE_WAVE = "only one wave so far, so there is nothing to hold it against"
_PANEL = (
    "the same people take part in every wave (repeated: panel), which asks for methods for paired data; pooling"
    " would count them again and again"
)
_REFLEXIVE = "reflexive thematic analysis does not read frequency as importance, so nothing is pooled"
_EMPTY_CELL = (
    "a cell is empty in every wave, so the difference has no limits and nothing tests whether the waves agree"
)
SMALL_GROUP = f"a group is smaller than {SMALLEST_GROUP} over all waves, so intervals only"
CHI_SQUARE, EXACT = "Cochran-Mantel-Haenszel", "exact conditional"


@dataclass(frozen=True, repr=False)
class AcrossWaves(Readable):
    """Each theme's difference from the reference, pooled over this wave and those before it.

    Parameters
    ----------
    table
        ``theme_id, theme_label, depth, group, reference, n_waves, mh_odds_ratio, conf_low, conf_high,
        mh_risk_difference, rd_low, rd_high, hk_odds_ratio, hk_low, hk_high, statistic, df, p_value, p_adjusted,
        breslow_day_p, tarone_p, method, reading, reason``; one row per theme and group. ``n_waves`` counts the waves
        that say something about the theme.
    by_wave
        ``theme_id, theme_label, depth, group, reference, wave, n_with_theme, n_total, n_with_reference, n_reference,
        risk_difference, rd_low, rd_high, reason``; a wave with a reason is not in the pooled value. Counts are missing,
        not 0, where the theme meant something else or did not exist.
    without_one
        ``theme_id, theme_label, depth, group, reference, left_out, n_waves, mh_odds_ratio, conf_low, conf_high``; one
        row per theme, group and wave that is in the pooled value.
    waves
        ``wave, n_counted, n_repeated, reason``: people counted, people left out because an earlier wave counts them,
        and why a wave is compared with no other.
    reference
        Group that the others are compared with.
    reason
        Why nothing is pooled; None where something is.
    """

    crosstab: ThemeCrosstab
    table: pd.DataFrame
    by_wave: pd.DataFrame
    without_one: pd.DataFrame
    waves: pd.DataFrame
    reference: str
    reason: str | None


def across_waves(crosstab: ThemeCrosstab, *, earlier: Sequence[Wave] | None = None) -> AcrossWaves:
    """Pool each theme's difference from the reference group over the waves so far.

    Parameters
    ----------
    crosstab
        Themes by outcome groups of a wave.
    earlier
        Waves before it, in order; None loads those that study.yaml lists before it.

    Returns
    -------
    AcrossWaves
        With a ``reason`` instead of pooled values where there is one wave only, where the same people take part in
        every wave, or in the reflexive tradition.

    Notes
    -----
    A person counts in the first compared wave in which they are counted, and in no later one. A theme counts in a
    wave if its codebook had the theme and every theme below it, and none of them was redefined between that wave and
    this one. The p-value is Cochran, Mantel and Haenszel's without continuity correction, or that of the exact
    conditional test where the margins lie too close to their ends for a chi-square (Mantel & Fleiss); there is none
    where a group has fewer than five people. Adjusted p-values are Holm's over all themes and groups. Where a cell is
    empty in every wave the limits are those of the exact test. Hartung and Knapp's interval is never taken narrower
    than that of one common odds ratio, and 0.5 is added to the cells of a table with an empty one for it alone.

    Examples
    --------
    >>> import analysis_lib as al
    >>> first = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> al.across_waves(first).reason
    'only one wave so far, so there is nothing to hold it against'
    """
    study = crosstab.matrix.wave.study
    reason = _cannot_pool(study)
    if reason is None:
        by_wave, waves = counts_by_wave(crosstab, earlier=earlier)
    else:
        by_wave, waves = pd.DataFrame(columns=BY_WAVE), pd.DataFrame(columns=WAVES)
    if reason is None and waves["reason"].isna().sum() < 2:
        reason = _ONE_WAVE if len(waves) == 1 else "only one wave so far has groups to compare"
        reason = reason if waves["reason"].isna().any() else "no wave so far has groups to compare"
    by_wave = with_wave_differences(by_wave)
    left_out = without_one(by_wave)
    table = with_readings(with_tests(pooled(by_wave), _tests(by_wave)), left_out, alpha=study.alpha)
    return AcrossWaves(crosstab, table, by_wave, left_out, waves, crosstab.reference, reason)


def _cannot_pool(study: Study) -> str | None:
    if study.tradition == "reflexive":
        return _REFLEXIVE
    return _PANEL if study.repeated == "panel" else None


def pooled(by_wave: pd.DataFrame) -> pd.DataFrame:
    """Odds ratio and difference of each theme and group over the waves that say something about it.

    Parameters
    ----------
    by_wave
        From :func:`analysis_lib.counts_by_wave.with_wave_differences`, on exact or on released counts: a wave with a
        ``reason`` is not pooled.

    Returns
    -------
    DataFrame
        ``theme_id, theme_label, depth, group, reference, n_waves, mh_odds_ratio, conf_low, conf_high,
        mh_risk_difference, rd_low, rd_high, hk_odds_ratio, hk_low, hk_high, reason``.
    """
    rows = []
    for pair, rows_of, mine, found in _pairs(by_wave):
        row: dict[str, object] = dict(zip(PAIR, pair, strict=True)) | {"n_waves": len(mine)}
        if found is None:
            rows.append(row | {"reason": _too_few(rows_of, mine)})
            continue
        difference = found.mh_risk_difference
        hk, common = found.hartung_knapp, found.fixed
        wide_enough = hk.conf_high - hk.conf_low >= common.conf_high - common.conf_low
        hk_limits = hk if wide_enough else common  # without spread between waves both have the same centre
        limits = _limits(found.mh_odds_ratio, found.mh_conf_low, found.mh_conf_high, _two_by_two(mine))
        empty = (
            not 0 < found.mh_odds_ratio < np.inf
        )  # the normal limits of the difference would be far too narrow
        row |= {
            "mh_odds_ratio": found.mh_odds_ratio,
            "conf_low": limits[0],
            "conf_high": limits[1],
            "mh_risk_difference": difference.estimate,
            "rd_low": np.nan if empty else difference.conf_low,
            "rd_high": np.nan if empty else difference.conf_high,
            "hk_odds_ratio": hk.odds_ratio,
            "hk_low": float(np.exp(hk_limits.conf_low)),
            "hk_high": float(np.exp(hk_limits.conf_high)),
            "reason": _EMPTY_CELL if empty else None,
        }
        rows.append(row)
    return pd.DataFrame(rows, columns=_POOLED)


_POOLED = [*PAIR, "n_waves", "mh_odds_ratio", "conf_low", "conf_high", "mh_risk_difference", "rd_low", "rd_high",
           "hk_odds_ratio", "hk_low", "hk_high", "reason"]  # fmt: skip


def with_tests(table: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Pooled values with their tests beside, row by row, and the reasons of both."""
    why = [
        "; ".join(text for text in pair if not pd.isna(text)) or None
        for pair in zip(table["reason"], tests["reason"], strict=True)
    ]
    return pd.concat([table.drop(columns="reason"), tests], axis=1).assign(
        reason=pd.Series(why, dtype=object)
    )


def without_one(by_wave: pd.DataFrame) -> pd.DataFrame:
    """The pooled odds ratio of each theme and group once more without each wave that is in it.

    ``theme_id, theme_label, depth, group, reference, left_out, n_waves, mh_odds_ratio, conf_low, conf_high``.
    Works on exact and on released counts alike.
    """
    rows = []
    for pair, _, mine, found in _pairs(by_wave):
        for one in () if found is None else found.leave_one_out:
            others = np.delete(_two_by_two(mine), one.left_out, axis=0)
            limits = _limits(one.mh_odds_ratio, one.mh_conf_low, one.mh_conf_high, others)
            rows.append((*pair, mine["wave"].iloc[one.left_out], len(others), one.mh_odds_ratio, *limits))
    names = [*PAIR, "left_out", "n_waves", "mh_odds_ratio", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=names)


def _limits(odds_ratio: float, low: float, high: float, tables: NDArray[np.float64]) -> tuple[float, float]:
    """The limits; those of the exact test where a cell is empty in every wave and there are no others."""
    if 0 < odds_ratio < np.inf:
        return low, high
    exact = exact_strata(tables)
    return exact.conf_low, exact.conf_high


def with_readings(
    table: pd.DataFrame, left_out: pd.DataFrame, *, alpha: float, banded: bool = False
) -> pd.DataFrame:
    """Add ``reading`` before ``reason``: how far a difference holds over the waves.

    Parameters
    ----------
    table
        With ``conf_low, conf_high, p_adjusted, tarone_p``.
    left_out
        The same without each wave, from :func:`without_one`.
    alpha
        Level of the tests.
    banded
        p-values are upper ends of bands and counts are rounded. A reading that would contradict the interval of the
        rounded counts is then ``withheld``.

    Notes
    -----
    First that applies: *waves differ* (Tarone's p < alpha), *holds* (adjusted p < alpha, and the interval excludes 1
    whichever wave is left out), *holds together* (adjusted p < alpha and the interval excludes 1 over all waves, not
    whichever is left out), *tentative* (the interval excludes 1, and the difference was tested), *cannot tell* (it
    includes 1). Empty where there is no interval, or it excludes 1 but nothing could be tested.
    """
    excludes = (table["conf_low"] > 1) | (table["conf_high"] < 1)
    apart = left_out.assign(excludes=(left_out["conf_low"] > 1) | (left_out["conf_high"] < 1))
    each = apart.groupby(["theme_id", "group"])["excludes"].all()
    always = [bool(each.get((row.theme_id, row.group), False)) for row in table.itertuples()]
    differ, below = (
        table[name] <= alpha if banded else table[name] < alpha for name in ("tarone_p", "p_adjusted")
    )
    conditions = {
        "": table["conf_low"].isna() | table["conf_high"].isna(),
        "waves differ": differ,
        "withheld": below & ~excludes,
        "holds": below & pd.Series(always, index=table.index, dtype=bool),
        "holds together": below,
        "tentative": excludes & table["p_adjusted"].notna(),
        "cannot tell": ~excludes,
    }
    reading = np.select([condition.to_numpy(bool) for condition in conditions.values()], list(conditions), "")
    return table.drop(columns="reason").assign(reading=reading, reason=table["reason"])


_Pooled = tuple[tuple[object, ...], pd.DataFrame, pd.DataFrame, Stratified | None]


def _pairs(by_wave: pd.DataFrame) -> Iterator[_Pooled]:
    """Theme and group, all their waves, those that say something, and these pooled; None where they cannot be."""
    for pair, rows in by_wave.groupby(PAIR, sort=False):
        mine = rows[rows["reason"].isna()]
        tables = _two_by_two(mine)
        enough = len(mine) > 1 and bool((tables >= 0).all())  # a withheld count is not at least 0
        yield pair, rows, mine, _stratified(tables.tobytes()) if enough else None


@lru_cache(maxsize=512)  # values, tests and the values without a wave rest on the same tables
def _stratified(tables: bytes) -> Stratified:
    return stratified(np.frombuffer(tables).reshape(-1, 2, 2))


def _too_few(rows: pd.DataFrame, mine: pd.DataFrame) -> str:
    """Why fewer than two waves can be pooled, with what their waves say of it."""
    if mine[COUNTS].isna().any(axis=None):
        return HELD_BACK
    why = sorted(set(rows["reason"].dropna()) - {NO_COMPARISON, NO_FILES})
    return ": ".join(
        [f"{'only one' if len(mine) else 'no'} wave can be compared", *filter(None, [", ".join(why)])]
    )


def _two_by_two(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Per wave group and reference by with and without the theme, (waves, 2, 2)."""
    x1, n1, x0, n0 = (rows[name].to_numpy(dtype=float, na_value=np.nan) for name in COUNTS)
    return np.stack([x1, n1 - x1, x0, n0 - x0], axis=1).reshape(-1, 2, 2)


def _tests(by_wave: pd.DataFrame) -> pd.DataFrame:
    """``statistic, df, p_value, p_adjusted, breslow_day_p, tarone_p, method, reason`` in the order of pooled."""
    rows: list[dict[str, object]] = []
    for _, _, mine, found in _pairs(by_wave):
        if found is None:
            rows.append({"method": "", "reason": None})
            continue
        tables = _two_by_two(mine)
        row: dict[str, object] = {"breslow_day_p": found.breslow_day_p, "tarone_p": found.tarone_p}
        why = None
        if tables.sum(axis=(0, 2)).min() < SMALLEST_GROUP:
            why = SMALL_GROUP
        elif _enough_expected(tables):
            row |= {
                "statistic": found.cmh_statistic,
                "df": 1,
                "p_value": found.cmh_p_value,
                "method": CHI_SQUARE,
            }
        else:
            row |= {"p_value": exact_strata(tables).p_value, "method": EXACT}
        rows.append({"method": ""} | row | {"reason": why})
    names = ["statistic", "df", "p_value", "p_adjusted", "breslow_day_p", "tarone_p", "method", "reason"]
    tests = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[:6], "float64"))
    tested = tests["p_value"].notna()
    if tested.any():
        tests.loc[tested, "p_adjusted"] = holm(tests.loc[tested, "p_value"].to_numpy())
    return tests


def _enough_expected(tables: NDArray[np.float64]) -> bool:
    """Whether the chi-square of the pooled test can be trusted, by Mantel and Fleiss; only the margins decide."""
    here, there = tables[:, 0].sum(axis=1), tables[:, 1].sum(axis=1)
    having = tables[:, :, 0].sum(axis=1)
    expected = (here * having / (here + there)).sum()
    fewest, most = np.maximum(0, having - there).sum(), np.minimum(here, having).sum()
    return bool(min(expected - fewest, most - expected) >= FEWEST_EXPECTED)
