"""What changed since the last wave: people, themes, differences between groups, codebook, agreement?

One page for readers who know the last report. Differences between outcome groups are computed again for the last wave
that has groups to compare, by the same code on the same terms, so that a changed reading is never the work of a changed
method; and how far a difference moved has an interval of its own.

References: Gelman & Stern 2006, Am Stat 60, 328-331, on a difference that is clear in one wave and not in another;
Zou & Donner 2008, Stat Med 27, 1693-1702.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.agreement_by_wave import AgreementByWave, agreement_by_wave
from analysis_lib.codebook_changes import meaning_before
from analysis_lib.counts_by_wave import COUNTS, with_wave_differences
from analysis_lib.crosstab import contrasts_alone, with_tiers
from analysis_lib.quantitize import families, quantitize
from analysis_lib.readable import Readable
from analysis_lib.stats.change import difference_of_estimates
from analysis_lib.wave import Wave
from analysis_lib.wave_comparison import WaveComparison

REFLEXIVE = (
    "reflexive thematic analysis does not read frequency as importance,"
    " so differences between groups are not followed"
)
NO_GROUPS_NOW = "this wave has no groups to compare, so differences between groups cannot be followed into it"
NO_GROUPS_BEFORE = "no earlier wave has groups to compare, so differences between groups cannot be followed"

CONTRASTS = [
    "wave",
    "theme_id",
    "theme_label",
    "depth",
    "group",
    "reference",
    *COUNTS,
    "p_value",
    "p_adjusted",
]


@dataclass(frozen=True, repr=False)
class WhatChanged(Readable):
    """This wave beside the last one.

    Parameters
    ----------
    comparison
        Themes wave by wave.
    agreement
        Agreement wave by wave.
    contrasts
        ``wave, theme_id, theme_label, depth, group, reference``, four counts, ``p_value, p_adjusted``: of this wave and
        of ``contrasts_since``; themes that mean the same in both.
    contrasts_since
        The last wave that has groups to compare; None where there is none.
    contrasts_reason
        Why no difference between groups is held against an earlier one; None where it is.
    """

    comparison: WaveComparison
    agreement: AgreementByWave
    contrasts: pd.DataFrame
    contrasts_since: str | None
    contrasts_reason: str | None

    @property
    def wave(self) -> Wave:
        """This wave."""
        return self.comparison.matrix.wave


def what_changed(comparison: WaveComparison, agreement: AgreementByWave | None = None) -> WhatChanged:
    """Set this wave beside the last one.

    Parameters
    ----------
    comparison
        From :func:`analysis_lib.compare_waves`.
    agreement
        From :func:`analysis_lib.agreement_by_wave`; None computes it from the waves of the comparison.

    Returns
    -------
    WhatChanged
        What moved beyond noise, and what cannot be compared and why.

    Examples
    --------
    >>> import analysis_lib as al
    >>> found = al.what_changed(al.compare_waves(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> found.contrasts_reason
    'this wave has no groups to compare, so differences between groups cannot be followed into it'
    """
    wave = comparison.matrix.wave
    beside = agreement or agreement_by_wave(wave, earlier=comparison.earlier)
    reason = _cannot_move(comparison)
    before = None if reason else _last_with_groups(comparison.earlier)
    if reason is None and before is None:
        reason = NO_GROUPS_BEFORE
    contrasts = pd.DataFrame(columns=CONTRASTS)
    if before is not None:
        contrasts = pd.concat([_contrasts(before), _contrasts(wave)], ignore_index=True)
        contrasts = contrasts[contrasts["theme_id"].isin(_alike(before, wave))].reset_index(drop=True)
    return WhatChanged(comparison, beside, contrasts, None if before is None else before.id, reason)


def _cannot_move(comparison: WaveComparison) -> str | None:
    wave = comparison.matrix.wave
    if not comparison.earlier:
        return comparison.reason
    if wave.study.tradition == "reflexive":
        return REFLEXIVE
    return None if _has_groups(wave) else NO_GROUPS_NOW


def _has_groups(wave: Wave) -> bool:
    present = set(wave.analysed["outcome_group"].astype("string"))
    return wave.study.outcome.reference in present and len(present) > 1


def _last_with_groups(earlier: Sequence[Wave]) -> Wave | None:
    return next((each for each in reversed(earlier) if _has_groups(each)), None)


def _contrasts(wave: Wave) -> pd.DataFrame:
    return contrasts_alone(quantitize(wave)).assign(wave=wave.id)[CONTRASTS]


def _alike(before: Wave, now: Wave) -> set[str]:
    """Themes that both waves coded under the same ids with the same meaning."""
    codebook, below = now.study.codebook, families(now.study.codebook)
    versions = (before.facts.codebook_version, now.facts.codebook_version)
    meanings = {theme: meaning_before(codebook, theme, *versions) for theme in codebook.ids}
    return {theme for theme, then in meanings.items() if then.reason is None and then.codes == below[theme]}


def with_moves(
    contrasts: pd.DataFrame,
    *,
    now: str,
    smallest_difference: float,
    alpha: float,
    independent: bool,
    banded: bool = False,
) -> pd.DataFrame:
    """Each difference of this wave beside the same one of the wave before.

    Parameters
    ----------
    contrasts
        As in :class:`WhatChanged`, exact or released.
    now
        Name of this wave; all other rows are of the wave before.
    independent
        Different people took part, so how far a difference moved can be given.
    smallest_difference, alpha, banded
        As in :func:`analysis_lib.crosstab.with_tiers`.

    Returns
    -------
    DataFrame
        ``theme_id, theme_label, depth, group, reference``, then ``risk_difference, rd_low, rd_high, tier`` and the four
        counts of this wave, the same with ``_before``, and ``moved, moved_low, moved_high``.
    """
    derived = with_wave_differences(contrasts.assign(reason=None))
    tiered = with_tiers(derived, smallest_difference=smallest_difference, alpha=alpha, banded=banded)
    key = ["theme_id", "theme_label", "depth", "group", "reference"]
    kept = [*COUNTS, "risk_difference", "rd_low", "rd_high", "tier"]
    here, there = tiered[tiered["wave"] == now], tiered[tiered["wave"] != now]
    frame = here[[*key, *kept]].merge(
        there[["theme_id", "group", *kept]], on=["theme_id", "group"], suffixes=("", "_before")
    )
    three = ["risk_difference", "rd_low", "rd_high"]
    apart = [
        difference_of_estimates(
            tuple(float(row[name]) for name in three),  # type: ignore[arg-type]
            tuple(float(row[f"{name}_before"]) for name in three),  # type: ignore[arg-type]
        )
        for _, row in frame.iterrows()
    ]
    limits = np.array([(one.estimate, one.conf_low, one.conf_high) for one in apart]).reshape(-1, 3)
    frame[["moved", "moved_low", "moved_high"]] = limits if independent else np.nan
    return frame
