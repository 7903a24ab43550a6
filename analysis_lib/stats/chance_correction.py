"""How much of coders' agreement lies beyond chance, under each definition of chance?

Every coefficient is a function of sums over units, so that one row per unit is enough for the estimate, for its
linearised standard error and for any number of resamples at once.

References
----------
Gwet (2014) Handbook of Inter-Rater Reliability, 4th ed., chapters 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class UnitSums:
    """Sums over units from which every coefficient follows; arrays share their leading axes.

    ``same`` and ``weighted`` are agreement per jointly coded unit, plain and weighted; ``alpha_observed`` is
    the weighted one times the codes of the unit; ``share`` is the distribution of each unit's codes;
    ``coder_counts`` has one entry for each of two coders and is empty for more.
    """

    n: FloatArray
    n_joint: FloatArray
    same: FloatArray
    weighted: FloatArray
    alpha_observed: FloatArray
    share: FloatArray
    joint_counts: FloatArray
    coder_counts: tuple[FloatArray, ...]

    @classmethod
    def of(cls, table: FloatArray, n_categories: int) -> UnitSums:
        """Read the columns that ``unit_columns`` wrote."""
        ones, joint, same, weighted, alpha_observed = (table[..., column] for column in range(5))
        share, joint_counts, *coders = (
            table[..., start : start + n_categories] for start in range(5, table.shape[-1], n_categories)
        )
        return cls(ones, joint, same, weighted, alpha_observed, share, joint_counts, tuple(coders))


def unit_columns(
    counts: FloatArray, codes: IntArray, joint: NDArray[np.bool_], weight: FloatArray
) -> FloatArray:
    """Everything the coefficients need of each unit, one row per unit; ``UnitSums`` names the columns."""
    n_coded = counts.sum(axis=1)
    pairs = np.where(joint, n_coded * (n_coded - 1), 1)
    same = np.where(joint, (counts * (counts - 1)).sum(axis=1) / pairs, 0)
    weighted_pairs = (counts * (counts @ weight - 1)).sum(axis=1)
    columns = [
        np.ones(len(counts)),
        joint.astype(float),
        same,
        np.where(joint, weighted_pairs / pairs, 0),
        np.where(joint, weighted_pairs * n_coded / pairs, 0),
        counts / n_coded[:, None],
        counts * joint[:, None],
    ]
    if codes.shape[1] == 2:
        columns += [(codes[:, [coder]] == np.arange(counts.shape[1])) & joint[:, None] for coder in (0, 1)]
    return np.column_stack(columns).astype(float)


def _chance_corrected(observed: FloatArray, chance: FloatArray) -> FloatArray:
    """Agreement beyond chance; NaN where chance alone gives perfect agreement."""
    room = 1 - chance
    undefined = np.full(np.broadcast_shapes(observed.shape, room.shape), np.nan)
    beyond: FloatArray = np.divide(observed - chance, room, out=undefined, where=room > 1e-12)
    return beyond


def _ac_scale(weight: FloatArray) -> float:
    """The factor before sum(pi * (1 - pi)) in Gwet's chance agreement; with one category nothing is left."""
    q = len(weight)
    return float(weight.sum()) / (q * (q - 1)) if q > 1 else 0.0


def _chance(parts: UnitSums, weight: FloatArray) -> dict[str, FloatArray]:
    """Agreement expected by chance under each definition."""
    q = len(weight)
    pi = parts.share / parts.n[..., None]
    # NaN, not a warning, for a resample without a jointly coded unit
    n_joint = np.where(parts.n_joint > 0, parts.n_joint, np.nan)
    codes = (
        parts.joint_counts / np.where(parts.n_joint > 0, parts.joint_counts.sum(axis=-1), np.nan)[..., None]
    )
    chance = {
        "percent": np.zeros_like(n_joint),
        "fleiss_kappa": ((pi @ weight) * pi).sum(axis=-1),
        "krippendorff_alpha": ((codes @ weight) * codes).sum(axis=-1),
        "gwet_ac1": _ac_scale(weight) * (pi * (1 - pi)).sum(axis=-1),
        "brennan_prediger": np.full_like(n_joint, weight.sum() / q**2),
    }
    if parts.coder_counts:
        first, second = (counts / n_joint[..., None] for counts in parts.coder_counts)
        chance["cohen_kappa"] = ((first @ weight) * second).sum(axis=-1)
    return chance


def coefficients_of(parts: UnitSums, weight: FloatArray) -> dict[str, FloatArray]:
    """Every coefficient from sums over units."""
    n_joint = np.where(parts.n_joint > 0, parts.n_joint, np.nan)
    n_codes = np.where(parts.n_joint > 0, parts.joint_counts.sum(axis=-1), np.nan)
    observed = {
        "percent": parts.same / n_joint,
        "krippendorff_alpha": (1 - 1 / n_codes) * parts.alpha_observed / n_codes + 1 / n_codes,
    }
    weighted = parts.weighted / n_joint
    return {
        name: _chance_corrected(observed.get(name, weighted), chance)
        for name, chance in _chance(parts, weight).items()
    }


def linearised(name: str, columns: FloatArray, weight: FloatArray) -> FloatArray:
    """How far each unit moves the coefficient, shape (n_units,), mean about 0 (Gwet 2014, chapter 5)."""
    q = len(weight)
    unit, parts = UnitSums.of(columns, q), UnitSums.of(columns.sum(axis=0), q)
    chance = float(_chance(parts, weight)[name])
    coefficient = float(coefficients_of(parts, weight)[name])
    if name == "krippendorff_alpha":
        # a unit weighs by the number of codes it got, and the variance leaves the small-sample term out
        n_codes, mean_codes = parts.joint_counts.sum(), parts.joint_counts.sum() / parts.n
        extra = unit.joint_counts.sum(axis=1) / mean_codes - 1
        corrected = coefficient * (1 - chance) + chance
        observed = unit.alpha_observed / mean_codes - corrected * extra
        expected = unit.joint_counts @ weight @ (parts.joint_counts / n_codes) / mean_codes - chance * extra
        coefficient = float((parts.alpha_observed / n_codes - chance) / (1 - chance))
        pulled = observed - chance - 2 * (1 - coefficient) * (expected - chance)
        return np.asarray(pulled / (1 - chance) - coefficient)
    pi = parts.share / parts.n
    if name == "gwet_ac1":
        expected = _ac_scale(weight) * (unit.share @ (1 - pi))
    elif name == "fleiss_kappa":
        expected = unit.share @ weight @ pi
    elif name == "cohen_kappa":
        (by_first, by_second), (first, second) = unit.coder_counts, parts.coder_counts
        expected = (by_first @ weight @ second + by_second @ weight @ first) / (2 * parts.n)
    else:
        expected = np.full(len(columns), chance)
    same = unit.same if name == "percent" else unit.weighted
    observed = parts.n / parts.n_joint * (same - chance * unit.n_joint)
    pulled = observed - 2 * (1 - coefficient) * (expected - chance)
    return np.asarray(pulled / (1 - chance) - coefficient)
