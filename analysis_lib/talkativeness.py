"""Does one group simply say more, and do its themes differ once that is allowed for?

Words and coded segments per person, group by group, with the chance that a person of a group said more than one
of the reference. Then the leading themes, each counted in four ways side by side: as people, among people with
any theme, as shares of segments, and with the number of words held alike.

References: Newcombe 2006, Stat Med 25, 543-557 (chance of saying more); DeLong, DeLong & Clarke-Pearson 1988,
Biometrics 44, 837-845; Sandelowski 2001, Res Nurs Health 24, 230-240, on misleading counting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.readable import Readable
from analysis_lib.specifications import compared_group, nothing_to_compare
from analysis_lib.stats.prediction import auc
from analysis_lib.theme_patterns import leading_themes
from analysis_lib.ways_of_counting import (
    BY_SEGMENTS,
    FOUR,
    NO_SEGMENTS,
    NO_WORDS,
    FloatArray,
    Material,
    Way,
    differences_of,
    estimated_differences,
    material_of,
    people_behind,
    unavailable,
)

N_THEMES = 12
WAYS = {
    "participants": Way(),
    "any_theme": Way(base="any_theme"),
    "segments": BY_SEGMENTS,
    "log_words": Way(exposure="log_words"),
}
NOBODY_THERE = "nobody is in the group"
ONE_PERSON, NO_OVERLAP = (
    "one person in a group, so no interval",
    "no overlap between the groups, so no interval",
)

_LIMITS = ["estimate", "conf_low", "conf_high"]
_MATERIAL = [
    "measure", "group", "reference", "n", "n_known", "median", "lower", "upper", "says_more", "conf_low",
    "conf_high", "smallest_cell", "reason",
]  # fmt: skip
_COUNTS = ["theme_id", "theme_label", "way", "group", "reference", *FOUR]
_ESTIMATES = ["theme_id", "way", *_LIMITS, "smallest_cell", "reason"]
_PANEL = ["theme_id", "theme_label", "way", "group", "reference", *_LIMITS, *FOUR, "smallest_cell", "reason"]


@dataclass(frozen=True, repr=False)
class Talkativeness(Readable):
    """How much each group says, and the leading themes counted in four ways.

    Parameters
    ----------
    material
        ``measure, group, reference, n, n_known, median, lower, upper, says_more, conf_low, conf_high,
        smallest_cell, reason``; one row per outcome group for ``words`` and for ``segments``. ``says_more`` is
        the chance that a person of the group said more than one of the reference, ties counting half.
    counts
        ``theme_id, theme_label, way, group, reference, n_with_theme, n_total, n_with_reference, n_reference``.
    estimates
        ``theme_id, way, estimate, conf_low, conf_high, smallest_cell, reason`` where counts of people do not
        give the difference.
    panel
        Both together, one row per theme and way: ``participants``, ``any_theme``, ``segments`` (shares of
        segments: not a share of people), ``log_words``.
    group, reference
        The comparison of the panel: ``group`` less ``reference``.
    words_reason
        Why nothing can be said about words; None where it can.
    panel_reason
        Why there is no panel; None where there is one.
    """

    crosstab: ThemeCrosstab
    material: pd.DataFrame
    counts: pd.DataFrame
    estimates: pd.DataFrame
    panel: pd.DataFrame
    group: str | None
    reference: str
    words_reason: str | None
    panel_reason: str | None


def talkativeness(
    crosstab: ThemeCrosstab, *, group: str | None = None, n_themes: int | None = N_THEMES
) -> Talkativeness:
    """Describe how much each group says, and count the leading themes in four ways.

    Parameters
    ----------
    crosstab
        Themes by outcome group.
    group
        Compared with the reference in the panel; None takes the first group of the study that has anybody in
        this wave, ``mixed`` last.
    n_themes
        How many themes without children, the largest difference between the two first; None takes all that
        anybody compared has.

    Returns
    -------
    Talkativeness
        With reasons where no words are known, nobody is compared, or the tradition is reflexive.

    Raises
    ------
    ModelError
        If ``group`` is no group of the study, or the reference itself.

    Notes
    -----
    The chance of saying more is the area under the curve with DeLong's interval. Segments are those that a coder
    gave a code. The adjusted difference holds the logarithm of words alike
    (:func:`analysis_lib.stats.adjusted_difference`); a share of segments has an interval that takes people as
    clusters (:func:`analysis_lib.stats.segment_share_difference`).

    Examples
    --------
    >>> import analysis_lib as al
    >>> by_outcome = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> al.talkativeness(by_outcome).panel_reason
    'no comparison group in this wave, so there is nothing to compare'
    """
    group = compared_group(crosstab, group)
    material = material_of(crosstab.matrix)
    words = np.where(material.words > 0, material.words, np.nan)
    segments = material.segments if material.segments.any() else np.full(len(words), np.nan)
    described = pd.concat(
        [
            _described(crosstab, material, "words", words),
            _described(crosstab, material, "segments", segments),
        ],
        ignore_index=True,
    )
    reason = nothing_to_compare(crosstab, group)
    shown = () if reason is not None else _largest(crosstab, str(group))[:n_themes]
    counts, estimates = _panel(crosstab, str(group), material.only(shown))
    return Talkativeness(
        crosstab=crosstab,
        material=described,
        counts=counts,
        estimates=estimates,
        panel=panel_table(counts, estimates),
        group=group,
        reference=crosstab.reference,
        words_reason=NO_WORDS if np.isnan(words).all() else None,
        panel_reason=reason or (None if shown else "nobody who is compared has a theme"),
    )


def _largest(crosstab: ThemeCrosstab, group: str) -> list[str]:
    """Themes without children that anybody compared has, the largest difference first."""
    rows = crosstab.contrasts[crosstab.contrasts["group"] == group].set_index("theme_id")
    held = rows.index[(rows["n_with_theme"] + rows["n_with_reference"]) > 0]
    size = rows["risk_difference"].abs().fillna(0).round(9)
    return sorted(
        (theme for theme in leading_themes(crosstab) if theme in held), key=lambda theme: -size[theme]
    )


def panel_table(counts: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Differences of the panel from its counts where these give them, and as estimated elsewhere.

    Works on exact and on released numbers alike.
    """
    counted = counts["way"].map({name: way.from_counts for name, way in WAYS.items()}).astype(bool)
    found = differences_of(counts, estimates, on=["theme_id", "way"], from_counts=counted)
    return found.reindex(columns=_PANEL)


def _described(crosstab: ThemeCrosstab, material: Material, measure: str, values: FloatArray) -> pd.DataFrame:
    """Median and quartiles of what people said, per group, and how often more than in the reference."""
    base = values[material.group == crosstab.reference]
    rows = []
    for group in crosstab.groups:
        mine = values[material.group == group]
        known = mine[np.isfinite(mine)]
        lower, median, upper = np.quantile(known, [0.25, 0.5, 0.75]) if known.size else (np.nan,) * 3
        row = {"measure": measure, "group": group, "reference": crosstab.reference, "n": mine.size}
        row |= {"n_known": known.size, "median": median, "lower": lower, "upper": upper}
        missing = NO_WORDS if measure == "words" else NO_SEGMENTS
        row |= {
            "smallest_cell": known.size,
            "reason": None if known.size else missing if mine.size else NOBODY_THERE,
        }
        if group != crosstab.reference and crosstab.matrix.wave.study.tradition != "reflexive":
            row |= _says_more(known, base[np.isfinite(base)])
        rows.append(row)
    return pd.DataFrame(rows, columns=_MATERIAL)


def _says_more(mine: FloatArray, base: FloatArray) -> dict[str, object]:
    """Chance that somebody of the one group said more than somebody of the other."""
    if not mine.size or not base.size:
        return {}
    found = auc(np.repeat([1, 0], [mine.size, base.size]), np.concatenate([mine, base]))
    why = None
    if found.reason is not None:
        why = ONE_PERSON if min(mine.size, base.size) < 2 else NO_OVERLAP
    return {
        "says_more": found.estimate, "conf_low": found.conf_low, "conf_high": found.conf_high,
        "smallest_cell": min(mine.size, base.size), "reason": why,
    }  # fmt: skip


def _panel(crosstab: ThemeCrosstab, group: str, material: Material) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People behind each theme and way, and the differences that counts do not give."""
    codebook, reference = crosstab.matrix.wave.study.codebook, crosstab.reference
    counts, estimates = [], []
    for name, way in WAYS.items():
        behind = people_behind(material, way, [group, reference]).set_index(["group", "theme_id"])
        if not len(behind):
            continue
        base = behind.loc[reference].set_axis(["n_with_reference", "n_reference"], axis=1)
        sides = behind.loc[group].join(base).reset_index()
        counts.append(sides.assign(way=name, group=group, reference=reference))
        if way.from_counts:
            continue
        why = unavailable(material, way)
        found = estimated_differences(material, way, [group], [reference])
        if why is not None:
            found = found.assign(reason=why)
        estimates.append(found.assign(way=name))
    if not counts:
        return pd.DataFrame(columns=_COUNTS), pd.DataFrame(columns=_ESTIMATES)
    together = pd.concat(counts, ignore_index=True)
    together["theme_label"] = [codebook[theme].label for theme in together["theme_id"]]
    order = {theme: i for i, theme in enumerate(material.themes)}
    together = together.sort_values(
        "theme_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True
    )
    return together[_COUNTS], pd.concat(estimates, ignore_index=True)[_ESTIMATES]
