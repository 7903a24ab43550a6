"""Do the differences between two groups survive other reasonable choices?

One comparison of two outcome groups is made under every choice that study.yaml names: where the mixed group
goes, whether people or segments are counted, of whom, with talking held alike, and without the themes that
coders do not agree on. One permutation p per theme, and one over all themes, allows for having tried them all.

References: Steegen, Tuerlinckx, Gelman & Vanpaemel 2016, Perspect Psychol Sci 11, 702-712; Simonsohn, Simmons &
Nelson 2020, Nat Hum Behav 4, 1208-1214 (specification curve); Girardi et al. 2024, Psychometrika 89, 542-568.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.readable import Readable
from analysis_lib.reliability import WEAK_BELOW
from analysis_lib.specification_table import (
    COLUMNS,
    COUNTED_AS,
    LIMITS,
    SPECIFICATIONS,
    Sides,
    specification_table,
)
from analysis_lib.specifications import (
    ALL_CODES,
    WITHOUT_WEAK,
    Choices,
    Dropped,
    compared_group,
    named_choices,
    nothing_to_compare,
    sides_of,
    weak_themes,
)
from analysis_lib.stats.minp import min_p_contrasts
from analysis_lib.stats.multiple import benjamini_hochberg, holm
from analysis_lib.stats.multiverse import Multiverse, Specification, multiverse
from analysis_lib.strata import strata_of
from analysis_lib.ways_of_counting import (
    FloatArray,
    Material,
    Way,
    estimated_differences,
    material_of,
    measure_of,
    people_behind,
    without_codes,
)

NO_THEME = "nobody who is compared has a theme"
NOTHING_VARIES = "every theme is alike for everybody who is compared, so no test"

_COUNTS = [*COUNTED_AS, "theme_id", "group", "n_with_theme", "n_total"]
_ESTIMATES = ["specification", "theme_id", *LIMITS, "smallest_cell", "reason"]
_THEMES = ["theme_id", "theme_label", "depth", "p_joint", "p_joint_adjusted"]


@dataclass(frozen=True, repr=False)
class Sensitivity(Readable):
    """One comparison under every specification.

    Parameters
    ----------
    group, reference
        The comparison: ``group`` less ``reference``; ``group`` is None where there is nobody to compare.
    specifications
        ``specification, mixed, unit, base, exposure, codes, stated``; one row per set of choices, the stated
        analysis first.
    sides
        Value of ``mixed`` -> the outcome groups on either side.
    counts
        ``unit, base, exposure, codes, theme_id, group, n_with_theme, n_total``: people behind the differences,
        per outcome group; groups that are collapsed are added up from them.
    estimates
        ``specification, theme_id, estimate, conf_low, conf_high, smallest_cell, reason`` where counts of people
        do not give the difference: shares of segments, and with talking held alike.
    table
        ``specification, theme_id, estimate, conf_low, conf_high, tier, mixed, unit, base, exposure, codes,
        stated, n_with_theme, n_total, n_with_reference, n_reference, p_adjusted, p_joint, smallest_cell,
        reason``; differences in shares of people, or of segments where that is the unit.
    themes
        ``theme_id, theme_label, depth, p_joint, p_joint_adjusted``; themes that anybody compared has.
    overall
        ``p_overall``, one row: joint p over all themes and specifications; NaN where nothing is tested.
    n_permutations
        Permutations behind the joint p-values.
    weak, weak_below
        Themes that are left out once, and the alpha below which they are.
    dropped
        ``choice, value, reason``: choices of study.yaml that give nothing of their own here.
    test_reason
        Why there are intervals without p-values; None where there are p-values.
    reason
        Why nothing is compared; None where something is.
    """

    crosstab: ThemeCrosstab
    group: str | None
    reference: str
    specifications: pd.DataFrame
    sides: Sides
    counts: pd.DataFrame
    estimates: pd.DataFrame
    table: pd.DataFrame
    themes: pd.DataFrame
    overall: pd.DataFrame
    n_permutations: int
    weak: tuple[str, ...]
    weak_below: float
    dropped: pd.DataFrame
    test_reason: str | None
    reason: str | None

    @property
    def leading(self) -> tuple[str, ...]:
        """Themes without children, the largest difference of the stated analysis first."""
        codebook = self.crosstab.matrix.wave.study.codebook
        stated = self.table[self.table["stated"].astype(bool)].set_index("theme_id")["estimate"].fillna(0)
        leaves = [theme for theme in self.themes["theme_id"] if not codebook.has_children(theme)]
        return tuple(sorted(leaves, key=lambda theme: -round(abs(float(stated[theme])), 9)))


def sensitivity(crosstab: ThemeCrosstab, *, group: str | None = None) -> Sensitivity:
    """Compare two outcome groups under every choice of study.yaml's ``sensitivity`` block.

    Parameters
    ----------
    crosstab
        Themes by outcome group; its reference is one side of the comparison.
    group
        The other side; None takes the first group of the study that has anybody in this wave, ``mixed`` last.

    Returns
    -------
    Sensitivity
        With a ``reason`` instead of rows where there is nothing to compare or the tradition is reflexive.

    Raises
    ------
    ModelError
        If ``group`` is no group of the study, or the reference itself.

    Notes
    -----
    Where the mixed group goes, the unit, the base and the exposure are crossed. Weak themes are left out once,
    in the stated analysis, as study.yaml says; a theme above them stands on what is left below it.

    ``p_joint`` ranks the standardised difference, averaged over the specifications, among permutations of the
    outcome labels that go through all specifications together; ``p_overall`` does so for the sum of its squares
    over the themes. ``tier`` follows the rules of the contrasts. The adjusted p behind it is that of the table of
    contrasts in the stated analysis, that of the same family without the weak themes where they are left out,
    and elsewhere adjusted over the themes of the one specification (step-down minP). The smallest difference
    that matters is one of people, so a share of segments is never similar or small.

    Examples
    --------
    >>> import analysis_lib as al
    >>> wave = al.load_wave(al.EXAMPLE_STUDY, "2024b")
    >>> al.sensitivity(al.crosstab_themes(al.quantitize(wave))).reason
    'no comparison group in this wave, so there is nothing to compare'
    """
    matrix, study = crosstab.matrix, crosstab.matrix.wave.study
    weak_below = float(study.sensitivity.get("weak_codes_below", WEAK_BELOW))
    group = compared_group(crosstab, group)
    reason = nothing_to_compare(crosstab, group)
    if group is None or reason is not None:
        return _nothing(crosstab, group, weak_below, reason)
    material = material_of(matrix)
    chosen, dropped = named_choices(crosstab, group, material)
    weak, why = weak_themes(crosstab, weak_below)
    chosen += [Choices(chosen[0].mixed, chosen[0].way, WITHOUT_WEAK)] if weak else []
    dropped += [Dropped("codes", WITHOUT_WEAK, why)] if why is not None else []
    sides = {one.mixed: sides_of(one.mixed, group, crosstab.reference) for one in chosen}
    compared = [
        name for name in crosstab.groups if any(name in side for pair in sides.values() for side in pair)
    ]
    themes = _held_by_anybody(material, compared)
    if not themes:
        return _nothing(crosstab, group, weak_below, NO_THEME)
    codings = {ALL_CODES: material.only(themes)}
    if weak:
        codings[WITHOUT_WEAK] = without_codes(matrix, weak).only(themes)
    specifications = _table_of(chosen)
    counts = _counts(chosen, codings, compared)
    estimates = _estimates(chosen, codings, sides)
    tested = _tested(crosstab, chosen, codings, sides)
    by_theme = pd.DataFrame({"theme_id": themes})
    by_theme["theme_label"] = [study.codebook[theme].label for theme in themes]
    by_theme["depth"] = [study.codebook.depth(theme) for theme in themes]
    by_theme["p_joint"] = np.nan if tested is None else tested.p_joint
    by_theme["p_joint_adjusted"] = np.nan if tested is None else tested.p_joint_adjusted
    p_values = _p_values(crosstab, group, specifications, codings, tested)
    table = specification_table(
        specifications, sides, counts, estimates, p_values, by_theme,
        smallest_difference=study.smallest_difference, alpha=study.alpha,
    )  # fmt: skip
    return Sensitivity(
        crosstab=crosstab,
        group=group,
        reference=crosstab.reference,
        specifications=specifications,
        sides=sides,
        counts=counts,
        estimates=estimates,
        table=table,
        themes=by_theme,
        overall=pd.DataFrame({"p_overall": [np.nan if tested is None else tested.p_overall]}),
        n_permutations=study.n_permutations["omnibus"],
        weak=weak,
        weak_below=weak_below,
        dropped=_listed(dropped),
        test_reason=crosstab.reason or (NOTHING_VARIES if tested is None or tested.reason else None),
        reason=None,
    )


def _table_of(chosen: Sequence[Choices]) -> pd.DataFrame:
    rows = [
        (f"S{i + 1:02d}", one.mixed, one.way.unit, one.way.base, one.way.exposure, one.codes, i == 0)
        for i, one in enumerate(chosen)
    ]
    return pd.DataFrame(rows, columns=SPECIFICATIONS)


def _listed(dropped: Sequence[Dropped]) -> pd.DataFrame:
    rows = [(one.choice, one.value, one.reason) for one in dropped]
    return pd.DataFrame(rows, columns=["choice", "value", "reason"])


def _held_by_anybody(material: Material, groups: Sequence[str]) -> list[str]:
    inside = np.isin(material.group, list(groups))
    held = (material.values[inside] == 1).any(axis=0)
    return [theme for theme, anybody in zip(material.themes, held, strict=True) if anybody]


def _counts(chosen: Sequence[Choices], codings: dict[str, Material], groups: Sequence[str]) -> pd.DataFrame:
    """People behind each way of counting, per outcome group; a theme that is not codable has no row."""
    parts = []
    for way, codes in dict.fromkeys((one.way, one.codes) for one in chosen):
        behind = people_behind(codings[codes], way, groups)
        behind = behind[behind.groupby("theme_id")["n_total"].transform("sum") > 0]
        names = {"unit": way.unit, "base": way.base, "exposure": way.exposure, "codes": codes}
        parts.append(behind.assign(**names)[_COUNTS])
    return pd.concat(parts, ignore_index=True)


def _estimates(chosen: Sequence[Choices], codings: dict[str, Material], sides: Sides) -> pd.DataFrame:
    parts = [
        estimated_differences(codings[one.codes], one.way, *sides[one.mixed]).assign(specification=number)
        for number, one in zip(_table_of(chosen)["specification"], chosen, strict=True)
        if not one.way.from_counts
    ]
    columns = pd.DataFrame(columns=_ESTIMATES)
    return pd.concat(parts, ignore_index=True)[_ESTIMATES] if parts else columns


def _tested(
    crosstab: ThemeCrosstab, chosen: Sequence[Choices], codings: dict[str, Material], sides: Sides
) -> Multiverse | None:
    """One permutation test of all specifications together; None where the wave allows no test."""
    if crosstab.reason is not None:
        return None
    study = crosstab.matrix.wave.study
    exchanged = {codes: _exchanged(crosstab, material) for codes, material in codings.items()}
    kinds = dict.fromkeys((one.way, one.codes) for one in chosen)
    measures = {(way, codes): measure_of(exchanged[codes][0], way) for way, codes in kinds}
    material, strata = exchanged[ALL_CODES]
    return multiverse(
        [Specification(measures[one.way, one.codes], *map(tuple, sides[one.mixed])) for one in chosen],
        material.group,
        n_permutations=study.n_permutations["omnibus"],
        seed=study.seed,
        strata=strata,
    )


def _exchanged(crosstab: ThemeCrosstab, material: Material) -> tuple[Material, NDArray[np.int64] | None]:
    """The people whose labels are exchanged, and inside which strata; everybody, and None, without strata."""
    groups = pd.Series(material.group, index=material.people)
    strata = strata_of(crosstab.matrix.wave, groups)
    if strata is None:
        return material, None
    return material.among(strata.number.index), strata.number.to_numpy()


def _p_values(
    crosstab: ThemeCrosstab,
    group: str,
    specifications: pd.DataFrame,
    codings: dict[str, Material],
    tested: Multiverse | None,
) -> pd.DataFrame:
    """Adjusted p of each specification and theme."""
    names, themes = specifications["specification"].to_numpy(), codings[ALL_CODES].themes
    found = np.full((len(names), len(themes)), np.nan)
    if tested is not None:
        found = tested.p_adjusted.copy()
        contrasts = crosstab.contrasts[crosstab.contrasts["group"] == group].set_index("theme_id")
        found[0] = contrasts["p_adjusted"].reindex(list(themes)).to_numpy(dtype=float)
        if WITHOUT_WEAK in codings:
            found[-1] = _p_of_contrasts(crosstab, group, codings[WITHOUT_WEAK])
    return pd.DataFrame(
        {
            "specification": np.repeat(names, len(themes)),
            "theme_id": np.tile(np.array(themes, dtype=object), len(names)),
            "p_adjusted": found.ravel(),
        }
    )


def _p_of_contrasts(crosstab: ThemeCrosstab, group: str, material: Material) -> FloatArray:
    """Adjusted p of one group's contrasts as the crosstab has them, in the family of the themes at hand."""
    study = crosstab.matrix.wave.study
    stated = Way(base=study.base)
    material, strata = _exchanged(crosstab, material)
    family = min_p_contrasts(
        np.where(material.counted(stated), material.values, np.nan),
        material.group,
        reference=crosstab.reference,
        strata=strata,
        alpha=study.alpha,
        n_permutations=study.n_permutations["omnibus"],
        seed=study.seed,
    )
    adjusted, adjust = family.p_adjusted, {"holm": holm, "bh": benjamini_hochberg}.get(study.multiplicity)
    tested = np.isfinite(adjusted)
    if adjust is not None and tested.any():
        adjusted = np.full(adjusted.shape, np.nan)
        adjusted[tested] = adjust(family.p_value[tested])
    return adjusted[:, family.groups.index(group)]


def _nothing(
    crosstab: ThemeCrosstab, group: str | None, weak_below: float, reason: str | None
) -> Sensitivity:
    return Sensitivity(
        crosstab=crosstab,
        group=group,
        reference=crosstab.reference,
        specifications=pd.DataFrame(columns=SPECIFICATIONS),
        sides={},
        counts=pd.DataFrame(columns=_COUNTS),
        estimates=pd.DataFrame(columns=_ESTIMATES),
        table=pd.DataFrame(columns=COLUMNS),
        themes=pd.DataFrame(columns=_THEMES),
        overall=pd.DataFrame({"p_overall": [np.nan]}),
        n_permutations=crosstab.matrix.wave.study.n_permutations["omnibus"],
        weak=(),
        weak_below=weak_below,
        dropped=_listed(()),
        test_reason=crosstab.reason,
        reason=reason,
    )
