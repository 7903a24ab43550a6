"""How large are the odds ratios of a bank of themes once the luck of the largest is taken out?

The strongest of many odds ratios is strongest partly by luck. Estimated together, the themes tell how far odds
ratios differ between themes at all, and each is drawn towards the others by as much as its own counts leave open.

References: Efron & Morris 1975, J Am Stat Assoc 70, 311-319; Gelman, Hill & Yajima 2012, J Res Educ Eff 5, 189-211;
Stijnen, Hamza & Ozdemir 2010, Stat Med 29, 3046-3067 (conditional likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.crosstab import ThemeCrosstab, with_differences
from analysis_lib.readable import Readable
from analysis_lib.stats.pooling import PooledBank, partial_pooling
from analysis_lib.theme_cooccurrence import lowest_themes

# Why a theme or a bank has no pooled odds ratio.
NOT_CODED, NOBODY, EVERYBODY = (
    "one of the two groups was not coded for it",
    "nobody in the two groups has it",
    "everybody in the two groups has it",
)
TOO_FEW_THEMES, LARGE, HIDDEN = (
    "fewer than two themes differ between people of the two groups",
    "the tables are so large that the other themes add nothing",
    "withheld",
)

_REFLEXIVE = "reflexive thematic analysis does not read frequency as importance, so no odds ratios are pooled"
_NO_COMPARISON = "no comparison group in this wave, so there are no odds ratios to pool"


@dataclass(frozen=True, repr=False)
class PooledThemes(Readable):
    """Odds ratios of a bank of themes, by themselves and pooled.

    Parameters
    ----------
    table
        ``theme_id, theme_label, group, reference, n_with_theme, n_total, n_with_reference, n_reference,
        odds_ratio, or_low, or_high, pooled_odds_ratio, pooled_low, pooled_high, reason``; one row per theme and
        group. ``odds_ratio`` is the one of the table of contrasts.
    banks
        ``group, reference, n_themes, mean_odds_ratio, mean_low, mean_high, spread, spread_low, spread_high,
        reason``; one row per group. ``mean_odds_ratio``: of a theme like these; ``spread``: the factor
        (1 or more) by which the odds ratio of a theme typically differs from it, the exponential of the standard
        deviation of the log odds ratios.
    themes
        Themes of the bank: those with no other theme below them.
    reason
        Why nothing is pooled; None where it is.
    """

    crosstab: ThemeCrosstab
    table: pd.DataFrame
    banks: pd.DataFrame
    themes: tuple[str, ...]
    reason: str | None


def pooled_bank(crosstab: ThemeCrosstab) -> PooledThemes:
    """Estimate the odds ratios of all themes of each group against the reference together.

    Parameters
    ----------
    crosstab
        Themes by outcome groups.

    Returns
    -------
    PooledThemes
        With a ``reason`` instead of odds ratios in the reflexive tradition or without a comparison group.

    Notes
    -----
    The bank holds the themes with none below them. Pooling takes its themes as exchangeable: as far as is known
    beforehand, any of them could be the strongest. An upper theme is not one more of them, since it holds the
    people of the themes below it, and with both the same people would be taken for two pieces of evidence.

    Each group has a bank of its own. Priors and likelihood are those of
    :func:`analysis_lib.stats.partial_pooling`; the intervals hold 95% of the posterior.

    Examples
    --------
    >>> import analysis_lib as al
    >>> found = pooled_bank(al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b"))))
    >>> found.reason
    'no comparison group in this wave, so there are no odds ratios to pool'
    """
    themes = lowest_themes(crosstab.matrix)
    reason = _why_not(crosstab)
    counts = crosstab.contrasts.loc[crosstab.contrasts["theme_id"].isin(themes), _COUNTED]
    table, banks = with_pooling(counts.iloc[:0] if reason is not None else counts)
    return PooledThemes(crosstab, table, banks, themes, reason)


def _why_not(crosstab: ThemeCrosstab) -> str | None:
    if crosstab.matrix.wave.study.tradition == "reflexive":
        return _REFLEXIVE
    if crosstab.matrix.reason is not None:
        return crosstab.matrix.reason
    sizes = dict(zip(crosstab.groups, crosstab.n_groups, strict=True))
    compared = sizes.get(crosstab.reference, 0) > 0 and sum(n > 0 for n in sizes.values()) > 1
    return None if compared else _NO_COMPARISON


_FOUR = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
_COUNTED = ["theme_id", "theme_label", "group", "reference", *_FOUR]
_BANK = ["group", "reference", "n_themes", "mean_odds_ratio", "mean_low", "mean_high", "spread", "spread_low",
         "spread_high", "reason"]  # fmt: skip


def with_pooling(counts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table and the banks of :class:`PooledThemes` from the counts of themes by group.

    Works on exact and on released counts alike: a theme with a withheld count leaves its bank.

    Parameters
    ----------
    counts
        ``theme_id, theme_label, group, reference`` and the four counts of people.
    """
    table = with_differences(counts).drop(columns=["risk_difference", "rd_low", "rd_high"])
    pooled = ["pooled_odds_ratio", "pooled_low", "pooled_high"]
    table[pooled], table["reason"] = np.nan, None
    banks = []
    for group in dict.fromkeys(counts["group"]):
        rows = table.index[table["group"] == group]
        four = table.loc[rows, _FOUR].to_numpy(dtype=float, na_value=np.nan)
        # A group without anybody is no bank at all.
        if not len(rows) or not (np.isnan(four[:, 1]) | (four[:, 1] > 0)).any():
            table.loc[rows, "reason"] = NOT_CODED
            continue
        reasons = [_why_left_out(*row) for row in four]
        kept = np.array([why is None for why in reasons])
        bank = partial_pooling(_two_by_two(four[kept])) if kept.any() else None
        why = TOO_FEW_THEMES if kept.sum() < 2 else LARGE if bank is None or bank.reason is not None else None
        table.loc[rows, "reason"] = pd.Series([each or why for each in reasons], index=rows, dtype=object)
        reference = table.at[rows[0], "reference"]
        if why is None and bank is not None:
            table.loc[rows[kept], pooled] = np.exp(
                np.column_stack([bank.estimate, bank.conf_low, bank.conf_high])
            )
        banks.append((group, reference, int(kept.sum()), *_bank(None if why else bank), why))
    return table.reset_index(drop=True), pd.DataFrame(banks, columns=_BANK)


def _why_left_out(x1: float, n1: float, x0: float, n0: float) -> str | None:
    if not np.isfinite([x1, n1, x0, n0]).all():
        return HIDDEN
    if min(n1, n0) == 0:
        return NOT_CODED
    if x1 + x0 == 0:
        return NOBODY
    return EVERYBODY if x1 + x0 >= n1 + n0 else None


def _two_by_two(four: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tables of group and reference by theme present and absent, shape (c, 2, 2)."""
    x1, n1, x0, n0 = four.T
    return np.stack([np.column_stack([x1, n1 - x1]), np.column_stack([x0, n0 - x0])], axis=1)


def _bank(bank: PooledBank | None) -> tuple[float, ...]:
    if bank is None:
        return (np.nan,) * 6
    mean = (bank.mean, bank.mean_low, bank.mean_high)
    spread = (bank.spread, bank.spread_low, bank.spread_high)
    return tuple(float(np.exp(value)) for value in (*mean, *spread))
