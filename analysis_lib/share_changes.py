"""How far did each share move between two waves, and how sure can one be of it?

Works on exact and on released counts alike, so that a rounded report cannot contradict itself: changes, limits and
tiers are derived from the counts of people whenever they are shown.

References: Newcombe 1998, Stat Med 17, 873-890; Tango 1998, Stat Med 17, 891-908; Zou, Huang & Zhang 2009, Comput Stat
Data Anal 53, 1080-1085 (limits at the same mix of groups).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis_lib.crosstab import with_shares, with_tiers
from analysis_lib.quantitize import ALL
from analysis_lib.stats.change import difference_at_same_mix, paired_change
from analysis_lib.stats.proportions import risk_difference

NO_WAVE_BEFORE = "no wave before it"
_HERE, _BEFORE = ["n_with_theme", "n_total"], ["n_with_before", "n_before"]
_SAME_MIX = ["same_mix", "same_mix_low", "same_mix_high"]


def changes_of(shares: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Each share with its change since an earlier wave.

    Parameters
    ----------
    shares, steps
        As in :class:`analysis_lib.wave_comparison.WaveComparison`, exact or released.

    Returns
    -------
    DataFrame
        ``theme_id, theme_label, depth, wave, group, since, n_with_theme, n_total, n_with_before, n_before, n_now_only,
        n_before_only, n_pairs, change, conf_low, conf_high, same_mix, same_mix_low, same_mix_high, method, reason``.
        ``same_mix`` is the change of everybody together at the same mix of outcome groups;
        missing for single groups, where waves share one group only, and in a panel.
    """
    labelled = shares[["theme_id", "theme_label", "depth", "wave", "group", *_HERE]]
    before = labelled[["theme_id", "wave", "group", *_HERE]].set_axis(
        ["theme_id", "since", "group", *_BEFORE], axis=1
    )
    frame = steps.merge(labelled, on=["theme_id", "wave", "group"], how="left")
    frame = frame.merge(before, on=["theme_id", "since", "group"], how="left")
    frame[["change", "conf_low", "conf_high", *_SAME_MIX]] = np.nan
    free = frame["reason"].isna().to_numpy()
    paired = frame["n_pairs"].notna().to_numpy()
    _add_independent(frame, free & ~paired)
    for at in np.flatnonzero(free & paired):
        counts = [int(frame.at[at, name]) for name in ("n_now_only", "n_before_only", "n_pairs")]
        if counts[2] and counts[0] + counts[1] <= counts[2]:
            found = paired_change(*counts)
            frame.loc[at, ["change", "conf_low", "conf_high"]] = (
                found.estimate, found.conf_low, found.conf_high
            )  # fmt: skip
    _add_same_mix(frame, free & ~paired)
    frame["reason"] = frame["reason"].astype(object).where(frame["reason"].notna(), None)
    return frame[
        ["theme_id", "theme_label", "depth", "wave", "group", "since", *_HERE, *_BEFORE, "n_now_only",
         "n_before_only", "n_pairs", "change", "conf_low", "conf_high", *_SAME_MIX, "method", "reason"]
    ]  # fmt: skip


def _add_independent(frame: pd.DataFrame, wanted: np.ndarray) -> None:
    """Newcombe's interval where all four counts are known and possible."""
    x1, n1, x0, n0 = (frame[name].to_numpy(dtype=float, na_value=np.nan) for name in (*_HERE, *_BEFORE))
    known = wanted & (n1 > 0) & (n0 > 0) & (x1 <= n1) & (x0 <= n0)
    if known.any():
        found = risk_difference(x1[known], n1[known], x0[known], n0[known])
        frame.loc[known, "change"] = found.estimate
        frame.loc[known, "conf_low"], frame.loc[known, "conf_high"] = found.conf_low, found.conf_high


def _add_same_mix(frame: pd.DataFrame, wanted: np.ndarray) -> None:
    """The change within outcome groups, pooled; where several groups stand in both waves."""
    inside = frame[wanted & (frame["group"] != ALL).to_numpy()]
    tables = {
        key: rows[[*_HERE, *_BEFORE]].to_numpy(dtype=float, na_value=np.nan)
        for key, rows in inside.groupby(["theme_id", "wave", "since"], sort=False)
    }
    for at in np.flatnonzero(wanted & (frame["group"] == ALL).to_numpy()):
        row = frame.loc[at]
        counts = tables.get((row["theme_id"], row["wave"], row["since"]), np.empty((0, 4)))
        if len(counts) < 2 or not np.isfinite(counts).all():
            continue
        x1, n1, x0, n0 = counts.T
        if (x1 > n1).any() or (x0 > n0).any():
            continue  # rounding can put a part above its whole
        found = difference_at_same_mix(x1, n1, x0, n0)
        frame.loc[at, _SAME_MIX] = found.estimate, found.conf_low, found.conf_high


def with_change_tiers(
    changes: pd.DataFrame,
    tests: pd.DataFrame,
    *,
    smallest_difference: float,
    alpha: float,
    banded: bool = False,
) -> pd.DataFrame:
    """Add ``p_value, p_adjusted, not_tested, other_mix, tier``.

    Parameters
    ----------
    changes
        From :func:`changes_of`.
    tests
        ``theme_id, group, since, p_value, p_adjusted, reason``; tests are of the newest wave only.
    smallest_difference, alpha, banded
        As in :func:`analysis_lib.crosstab.with_tiers`.

    Notes
    -----
    A change of everybody together that the same mix of outcome groups does not show (its interval holds 0) is at most
    *tentative*: ``other_mix`` says so. ``not_tested`` says why a change has an interval and no test.
    """
    newest = changes["wave"].iloc[-1] if len(changes) else None
    named = tests.rename(columns={"reason": "not_tested"}).assign(wave=newest)
    frame = changes.merge(named, on=["theme_id", "group", "since", "wave"], how="left")
    frame["not_tested"] = frame["not_tested"].astype(object).where(frame["not_tested"].notna(), None)
    as_contrasts = frame[["p_adjusted"]].assign(
        risk_difference=frame["change"], rd_low=frame["conf_low"], rd_high=frame["conf_high"]
    )
    tiers = with_tiers(
        as_contrasts.astype("float64"), smallest_difference=smallest_difference, alpha=alpha, banded=banded
    )["tier"]
    crosses = (frame["same_mix_low"] <= 0) & (frame["same_mix_high"] >= 0)
    other_mix = crosses & tiers.isin(["clear", "clear but small", "tentative"])
    return frame.assign(other_mix=other_mix, tier=tiers.mask(other_mix, "tentative"))


def comparison_csv(shares: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """One row per theme, wave and group: share, change since the wave before, and whether that can be compared.

    Works on exact and on released counts alike; a first wave has shares and no change.
    """
    frame = with_shares(shares).rename(columns={"conf_low": "share_low", "conf_high": "share_high"})
    adjacent = changes.drop_duplicates(["theme_id", "wave", "group"])
    kept = ["theme_id", "wave", "group", "since", "change", "conf_low", "conf_high", "method", "reason"]
    joined = frame.drop(columns=["comparable", "reason"]).merge(adjacent[kept], on=kept[:3], how="left")
    why = joined["reason"].astype(object).where(joined["reason"].notna(), None)
    why = why.mask(joined["since"].isna(), NO_WAVE_BEFORE)
    return joined.assign(comparable=why.isna(), reason=why)
