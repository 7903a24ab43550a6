"""How many people of each wave so far have each theme, and in which waves does a theme mean what it means now?

Each person counts in one wave only. A theme that a wave's codebook did not have, or that has another meaning since, has
no counts there: that is missing, not 0; codes that were merged since count for what replaced them. Every wave and every
cell without information says why.

References: MacQueen et al. 1998, Cultural Anthropology Methods 10(2), 31-36, on codes that change over time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.earlier_waves import waves_before
from analysis_lib.quantitize import ThemeMatrix, quantitize
from analysis_lib.stats.proportions import risk_difference
from analysis_lib.themes_as_now import NOT_CODED, ThemesAsNow, themes_as_now
from analysis_lib.wave import Wave

PAIR = ["theme_id", "theme_label", "depth", "group", "reference"]
COUNTS = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
BY_WAVE = [*PAIR, "wave", *COUNTS, "reason"]
WAVES = ["wave", "n_counted", "n_repeated", "reason"]

# Why a wave says nothing about a theme; short, since they stand in table cells, and without numbers of people.
NO_COMPARISON = "no comparison group in this wave"
NO_FILES = "its files have problems; themewave check lists them"
NOBODY_HERE = "nobody in the group"
NOBODY_HAS_IT, EVERYBODY_HAS_IT = "nobody has it", "everybody has it"


def counts_by_wave(
    crosstab: ThemeCrosstab, *, earlier: Sequence[Wave] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two by two counts per theme, group and wave, this wave last, and what became of each wave.

    Parameters
    ----------
    crosstab
        Themes by outcome groups of a wave.
    earlier
        Waves before it, in order; None loads those that study.yaml lists before it.

    Returns
    -------
    tuple of DataFrame
        ``theme_id, theme_label, depth, group, reference, wave, n_with_theme, n_total, n_with_reference, n_reference,
        reason``, and ``wave, n_counted, n_repeated, reason``. Who stands in several waves counts in the first that
        has groups to compare; ``n_repeated`` people are left out of a later one for that.
    """
    now = crosstab.matrix.wave
    loaded = waves_before(now) if earlier is None else [(each.id, each) for each in earlier]
    seen: set[str] = set()
    parts: list[pd.DataFrame] = []
    waves: list[tuple[object, ...]] = []
    for name, each in [*loaded, (now.id, now)]:
        if each is None:
            waves.append((name, pd.NA, pd.NA, NO_FILES))
            parts.append(_rows(crosstab, name, None, pd.Index([]), NO_FILES))
            continue
        matrix = crosstab.matrix if each is now else quantitize(each)
        inside = matrix.groups.notna()
        if now.study.base == "any_theme":
            inside &= (matrix.values == 1).any(axis=1)
        everybody = matrix.values.index[inside]
        again = everybody.isin(list(seen))
        people = everybody[~again]
        reason = matrix.reason or _no_comparison(matrix.groups.loc[people], crosstab.reference)
        if reason is None:
            seen.update(people)
        waves.append((name, len(people), int(again.sum()), reason))
        parts.append(_rows(crosstab, name, matrix, people, reason))
    frame = pd.DataFrame(waves, columns=WAVES).astype({"n_counted": "Int64", "n_repeated": "Int64"})
    return pd.concat(parts, ignore_index=True), frame


def _no_comparison(groups: pd.Series, reference: str) -> str | None:
    present = set(groups.astype("string"))
    return None if reference in present and len(present) > 1 else NO_COMPARISON


def _rows(
    crosstab: ThemeCrosstab, name: str, matrix: ThemeMatrix | None, people: pd.Index, reason: str | None
) -> pd.DataFrame:
    """One row per theme and group of a wave, with why it says nothing about the theme."""
    codebook, version = crosstab.matrix.wave.study.codebook, crosstab.matrix.wave.facts.codebook_version
    then: ThemesAsNow | None = None
    if matrix is not None:
        then = themes_as_now(matrix, crosstab.matrix.themes, version)
    rows = []
    for theme in crosstab.matrix.themes:
        strange = None if then is None else then.reasons.get(theme)
        counts = {}
        if matrix is not None and then is not None and strange is None:
            counts = _having(then.values.loc[people, theme], matrix.groups.loc[people])
        label = (theme, codebook[theme].label, codebook.depth(theme))
        for group in crosstab.groups:
            if group == crosstab.reference:
                continue
            absent = (pd.NA, pd.NA) if matrix is None or strange else (0, 0)
            four = (*counts.get(group, absent), *counts.get(crosstab.reference, absent))
            empty = strange is None and reason is None and 0 in (four[1], four[3])
            why = strange or reason or ((NOT_CODED if group in counts else NOBODY_HERE) if empty else None)
            rows.append((*label, group, crosstab.reference, name, *four, why))
    return pd.DataFrame(rows, columns=BY_WAVE).astype(dict.fromkeys(COUNTS, "Int64"))


def _having(values: pd.Series, groups: pd.Series) -> dict[str, tuple[int, int]]:
    """Group -> people with the theme, people who could have it."""
    by_group = values.groupby(groups.astype("string").to_numpy())
    return {str(group): (int(mine.sum()), int(mine.count())) for group, mine in by_group}


def with_wave_differences(counts: pd.DataFrame) -> pd.DataFrame:
    """Add ``risk_difference, rd_low, rd_high`` (Newcombe) of each wave, and to ``reason`` what its counts say.

    Missing where a count is missing or nobody is on one side. A wave in which nobody has a theme, or everybody, has
    no odds ratio and gets that for a reason. Works on exact and on released counts alike.
    """
    x1, n1, x0, n0 = (counts[name].to_numpy(dtype=float, na_value=np.nan) for name in COUNTS)
    known = (n1 > 0) & (n0 > 0) & (x1 <= n1) & (x0 <= n0)
    difference = risk_difference(x1[known], n1[known], x0[known], n0[known])
    result = counts.drop(columns="reason")
    result[["risk_difference", "rd_low", "rd_high"]] = np.nan
    result.loc[known, "risk_difference"] = difference.estimate
    result.loc[known, "rd_low"], result.loc[known, "rd_high"] = difference.conf_low, difference.conf_high
    nobody, everybody = known & (x1 + x0 == 0), known & (x1 + x0 == n1 + n0)
    derived = np.select([nobody, everybody], [NOBODY_HAS_IT, EVERYBODY_HAS_IT], "")
    given = [None if pd.isna(why) else why for why in counts["reason"]]
    result["reason"] = pd.Series(
        [why or found or None for why, found in zip(given, derived.tolist(), strict=True)],
        counts.index,
        dtype=object,
    )
    return result
