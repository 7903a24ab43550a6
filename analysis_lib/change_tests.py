"""Which changes between two waves could still be the work of chance?

Everybody together is tested inside outcome groups where both waves hold the same ones, so that another mix of groups is
not taken for a change; otherwise every group that both hold by itself. In a panel only those who changed are counted.

References: Fisher 1935, J R Stat Soc 98, 39-82; Gart 1970, Biometrika 57, 471-475 (inside groups); McNemar 1947,
Psychometrika 12, 153-157; Holm 1979, Scand J Stat 6, 65-70; Tarone 1990, Biometrics 46, 515-522.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.crosstab import SMALLEST_GROUP
from analysis_lib.large_sample import chi_square_p, is_large
from analysis_lib.quantitize import ALL
from analysis_lib.stats.change import paired_change
from analysis_lib.stats.exact import exact_table_test
from analysis_lib.stats.exact_strata import exact_strata
from analysis_lib.stats.multiple import holm
from analysis_lib.stats.stratified import stratified
from analysis_lib.study import Study
from analysis_lib.wave import Wave

REFLEXIVE = "reflexive thematic analysis does not read frequency as importance, so no change is tested"
SMALL = f"fewer than {SMALLEST_GROUP} people in one of the waves, so intervals only"
TOO_FEW = "too few people have it, or lack it, for any change to be told from chance"
INDEPENDENT, PAIRED = "different people", "the same people"
TESTS = ["theme_id", "group", "since", "p_value", "p_adjusted", "reason"]


def change_tests(wave: Wave, shares: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Test the changes of a wave against the wave before it and against the first.

    Parameters
    ----------
    wave
        This wave.
    shares, steps
        As in :class:`analysis_lib.wave_comparison.WaveComparison`.

    Returns
    -------
    DataFrame
        ``theme_id, group, since, p_value, p_adjusted, reason``; Holm's over all rows held against one earlier wave.
    """
    study, parts = wave.study, []
    for since, mine in steps[steps["wave"] == wave.id].groupby("since", sort=False):
        tested = _tested_groups(mine)
        rows = mine[mine["group"].isin(tested) & mine["reason"].isna()]
        found = [_test(row, shares, study) for row in rows.itertuples()]
        part = pd.DataFrame(
            [(row.theme_id, row.group, since, p, np.nan, why) for row, (p, why) in
             zip(rows.itertuples(), found, strict=True)],
            columns=TESTS,
        )  # fmt: skip
        known = part["p_value"].notna()
        if known.any():
            part.loc[known, "p_adjusted"] = holm(part.loc[known, "p_value"].to_numpy())
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TESTS)
    return frame.astype({"p_value": "float64", "p_adjusted": "float64"})


def _tested_groups(steps: pd.DataFrame) -> list[str]:
    """Everybody together where that can be compared, else each group that can."""
    able = set(steps.loc[steps["reason"].isna(), "group"])
    return [ALL] if ALL in able else sorted(able)


def _test(row: object, shares: pd.DataFrame, study: Study) -> tuple[float, str | None]:
    """Exact p of one change, or why there is none."""
    if study.tradition == "reflexive":
        return np.nan, REFLEXIVE
    theme, group = row.theme_id, row.group  # type: ignore[attr-defined]  # a row of itertuples
    if row.method == PAIRED:  # type: ignore[attr-defined]
        now_only, before_only, n = row.n_now_only, row.n_before_only, row.n_pairs  # type: ignore[attr-defined]
        if n < SMALLEST_GROUP:
            return np.nan, SMALL
        paired = paired_change(now_only, before_only, n)
        return (paired.p_value, None) if paired.smallest_p <= study.alpha else (np.nan, TOO_FEW)
    here = shares[(shares["theme_id"] == theme) & (shares["group"] == group)].set_index("wave")
    counts = here.loc[[row.wave, row.since], ["n_with_theme", "n_total"]].to_numpy(dtype=int)  # type: ignore[attr-defined]
    table = np.array([counts[:, 0], counts[:, 1] - counts[:, 0]])
    if counts[:, 1].min() < SMALLEST_GROUP:
        return np.nan, SMALL
    if (table.sum(axis=1) == 0).any():
        return np.nan, TOO_FEW
    if is_large(int(counts[:, 1].sum())):
        inside = _inside_groups(theme, row, shares) if group == ALL else np.empty((0, 2, 2))
        return (stratified(inside).cmh_p_value if len(inside) > 1 else chi_square_p(table)), None
    exact = exact_table_test(table)
    if exact.smallest_p > study.alpha:
        return np.nan, TOO_FEW
    inside = _inside_groups(theme, row, shares) if group == ALL else np.empty((0, 2, 2))
    return (exact_strata(inside).p_value if len(inside) > 1 else exact.p_value), None


def _inside_groups(theme: str, row: object, shares: pd.DataFrame) -> NDArray[np.float64]:
    """Now and then by with and without the theme, for every outcome group that both waves hold."""
    here = shares[(shares["theme_id"] == theme) & (shares["group"] != ALL)].set_index(["wave", "group"])
    counts = here[["n_with_theme", "n_total"]].astype("float64")
    now, then = counts.loc[row.wave], counts.loc[row.since]  # type: ignore[attr-defined]
    x1, n1, x0, n0 = (frame[name].to_numpy() for frame in (now, then.reindex(now.index)) for name in counts)
    both = (n1 > 0) & (n0 > 0)
    cells: NDArray[np.float64] = np.stack([x1, n1 - x1, x0, n0 - x0], axis=1)[both]
    return cells.reshape(-1, 2, 2)
