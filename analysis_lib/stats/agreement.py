"""Do independent coders give the same unit the same code, and more often than chance would?

Observed, positive and negative agreement, kappa, Krippendorff's alpha, Gwet's AC1 and the prevalence are
computed together, because for a rare or a very common theme any one of them alone misleads. Intervals
resample participants, since segments of one interview are not independent.

References
----------
Cohen (1960) Educ Psychol Meas 20:37-46. Fleiss (1971) Psychol Bull 76:378-382. Fleiss, Cohen & Everitt (1969)
Psychol Bull 72:323-327. Krippendorff (2019) Content Analysis, 4th ed. Gwet (2008) Br J Math Stat Psychol
61:29-48; (2014) Handbook of Inter-Rater Reliability, 4th ed. Brennan & Prediger (1981) Educ Psychol Meas
41:687-699. Cicchetti & Feinstein (1990) J Clin Epidemiol 43:551-558. Byrt, Bishop & Carlin (1993) J Clin
Epidemiol 46:423-429.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

from analysis_lib.errors import ModelError
from analysis_lib.stats.chance_correction import UnitSums, coefficients_of, linearised, unit_columns
from analysis_lib.stats.resampling import generator

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Weights = Literal["nominal", "ordinal", "interval", "ratio"]

_NAMES = ("percent", "cohen_kappa", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1", "brennan_prediger")
_JOINT_ONLY = ("cohen_kappa", "krippendorff_alpha")  # the others also learn from singly coded units
_CELLS_PER_BLOCK = 2_000_000  # resampling counts held at once: 16 MB, whatever the number of participants


@dataclass(frozen=True)
class Coefficient:
    """One agreement coefficient.

    Attributes
    ----------
    estimate : float
        1 is perfect agreement, 0 (for the chance-corrected ones) what chance gives.
    se : float
        Linearised standard error, units summed within participants.
    conf_low, conf_high : float
        Percentile interval of the participant bootstrap, or the large-sample interval without one.
    reason : str or None
        Why a value is NaN; None where every value could be computed.
    """

    estimate: float
    se: float
    conf_low: float
    conf_high: float
    reason: str | None = None


@dataclass(frozen=True)
class Agreement:
    """Agreement of two or more coders on one code.

    Attributes
    ----------
    percent : Coefficient
        Share of coder pairs who gave a unit the same code, as a proportion.
    cohen_kappa : Coefficient or None
        None with more than two coders, for whom it is not defined.
    fleiss_kappa : Coefficient
        Any number of coders; Scott's pi for two.
    krippendorff_alpha, gwet_ac1, brennan_prediger : Coefficient
        ``gwet_ac1`` is AC2 and the kappas are weighted where ``weights`` is not "nominal".
    positive, negative : float or None
        Agreement on presence and on absence: of the codes "present" (1) a coder gave, the share a second
        coder gave too. None where the codes are not 0/1.
    prevalence : float or None
        Share of 1 among the codes of jointly coded units. None where the codes are not 0/1.
    prevalence_index, bias_index : float or None
        Share of 1 minus share of 0; share of 1 of the first coder minus that of the second. None where the
        codes are not 0/1, and the second also with more than two coders.
    categories : tuple
        Codes in use, sorted, or as given.
    category_agreement : ndarray of shape (len(categories),)
        Specific agreement per category; ``positive`` is that of 1. NaN for a category nobody used.
    n_units : int
        Units that at least two coders coded. Only these can agree or disagree.
    n_single : int
        Units that one coder coded: they inform how common a code is in Fleiss' kappa and Gwet's AC1 and
        nothing else.
    n_participants : int
        Participants (or units, where none were named) with at least one jointly coded unit.
    n_coders : int
        Columns.
    level : float
        Confidence level.
    reason : str or None
        Why something is NaN; None where everything could be computed.
    """

    percent: Coefficient
    cohen_kappa: Coefficient | None
    fleiss_kappa: Coefficient
    krippendorff_alpha: Coefficient
    gwet_ac1: Coefficient
    brennan_prediger: Coefficient
    positive: float | None
    negative: float | None
    prevalence: float | None
    prevalence_index: float | None
    bias_index: float | None
    categories: tuple[Any, ...]
    category_agreement: FloatArray
    n_units: int
    n_single: int
    n_participants: int
    n_coders: int
    level: float
    reason: str | None


def agreement(
    units: ArrayLike,
    *,
    weights: Weights = "nominal",
    participants: ArrayLike | None = None,
    n_bootstrap: int = 2_000,
    seed: int = 0,
    level: float = 0.95,
    categories: Sequence[Any] | None = None,
) -> Agreement:
    """Agreement of coders on one code, by every coefficient a reader will ask for.

    Parameters
    ----------
    units : array-like of shape (n_units, n_coders)
        The code each coder gave each unit: 0/1 for a theme, or labels. NaN or None = not assigned to this
        coder, which is neither absence nor disagreement.
    weights : {"nominal", "ordinal", "interval", "ratio"}
        How far apart two different codes are. All but "nominal" need numbers, "ordinal" also takes labels
        whose order ``categories`` gives. Applies to every coefficient but ``percent``.
    participants : array-like of shape (n_units,), optional
        Who each unit comes from. None takes every unit as a participant of its own, which is right only
        with one unit per participant.
    n_bootstrap : int
        Resamples of participants; 0 gives large-sample intervals instead (normal for Cohen's kappa,
        Student's t with one degree of freedom less than participants for the others).
    seed : int
        Seed of the bootstrap.
    level : float
        Confidence level between 0 and 1.
    categories : sequence, optional
        All codes the scheme allows, in order. None takes those in use; name them where a code of the scheme
        was never used, since chance agreement in AC1 and Brennan-Prediger depends on their number.

    Returns
    -------
    Agreement

    Raises
    ------
    ModelError
        If ``units`` is not two-dimensional, ``participants`` has another length or a gap, a code is not in
        ``categories`` or not a number where the weights need one, or ``level`` or ``n_bootstrap`` is out of
        range.

    Notes
    -----
    With observed agreement :math:`p_a` and chance agreement :math:`p_e` a coefficient is
    :math:`(p_a-p_e)/(1-p_e)`, where :math:`p_e=\\sum_k p_{1k}p_{2k}` (Cohen), :math:`\\sum_k\\pi_k^2`
    (Fleiss, alpha) or :math:`\\sum_k\\pi_k(1-\\pi_k)/(q-1)` (AC1). Alpha takes only jointly coded units and
    corrects for their number; Fleiss' kappa and AC1 average :math:`\\pi_k` over all coded units, as Gwet
    (2014) does: drop singly coded rows beforehand to leave them out.

    Standard errors are Gwet's linearisation, summed within participants; for Cohen's kappa without
    ``participants`` it equals Fleiss, Cohen & Everitt. One code for everything leaves nothing to agree on,
    so the chance-corrected coefficients are undefined. Ordinal distances follow Krippendorff, from the codes
    of all jointly coded units, and are held fixed while resampling. An interval is withheld when more than
    ``1 - level`` of the resamples leave the coefficient undefined. Where coders never disagreed a resample
    cannot either, and the interval has no width: read it as "no disagreement seen", not as certainty.

    Examples
    --------
    Ten segments, coded by two people who differ on two of them:

    >>> first = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    >>> second = [1, 1, 1, 0, 1, 0, 0, 0, 0, 0]
    >>> result = agreement(list(zip(first, second)), n_bootstrap=0)
    >>> round(result.percent.estimate, 3), round(result.cohen_kappa.estimate, 3), result.positive
    (0.8, 0.583, 0.75)
    """
    _check_choices(weights, n_bootstrap, level)
    codes, used = _as_codes(units, categories)
    n_categories = len(used)
    cluster = _as_clusters(participants, len(codes))
    counts = _counts(codes, n_categories)
    per_unit = counts.sum(axis=1)
    coded = per_unit > 0
    counts, codes, cluster = counts[coded], codes[coded], cluster[coded]
    joint = per_unit[coded] >= 2

    nan = float("nan")
    total = counts[joint].sum(axis=0)
    share = np.divide(total, total.sum(), out=np.full(n_categories, np.nan), where=total.sum() > 0)
    specific, unused = _specific_agreement(counts[joint])
    binary = bool(used) and set(used) <= {0, 1}
    presence = {value: place for place, value in enumerate(used)} if binary else {}
    prevalence = float(share[presence[1]]) if 1 in presence else 0.0
    reason = _why_undefined(int(joint.sum()), total, used, unused)

    coefficients = dict.fromkeys(_NAMES, Coefficient(nan, nan, nan, nan, reason))
    if joint.any():
        weight = _agreement_weights(weights, used, total)
        columns = unit_columns(counts, codes, joint, weight)
        resampled = _resampled(columns, cluster, weight, n_bootstrap=n_bootstrap, seed=seed)
        varied = (total > 0).sum() >= 2
        for name in _NAMES if varied else ("percent",):
            coefficients[name] = _coefficient(name, columns, cluster, weight, resampled, level=level)
    two_coders = codes.shape[1] == 2
    withheld = [each.reason for each in coefficients.values() if each.reason is not None]
    return Agreement(
        percent=coefficients["percent"],
        cohen_kappa=coefficients["cohen_kappa"] if two_coders else None,
        fleiss_kappa=coefficients["fleiss_kappa"],
        krippendorff_alpha=coefficients["krippendorff_alpha"],
        gwet_ac1=coefficients["gwet_ac1"],
        brennan_prediger=coefficients["brennan_prediger"],
        positive=(float(specific[presence[1]]) if 1 in presence else nan) if binary else None,
        negative=(float(specific[presence[0]]) if 0 in presence else nan) if binary else None,
        prevalence=(prevalence if joint.any() else nan) if binary else None,
        prevalence_index=(2 * prevalence - 1 if joint.any() else nan) if binary else None,
        bias_index=_bias(codes[joint], presence.get(1)) if binary and two_coders else None,
        categories=used,
        category_agreement=specific,
        n_units=int(joint.sum()),
        n_single=int((~joint).sum()),
        n_participants=len(np.unique(cluster[joint])),
        n_coders=codes.shape[1],
        level=level,
        reason=reason or (withheld[0] if withheld else None),
    )


def _check_choices(weights: str, n_bootstrap: int, level: float) -> None:
    if weights not in ("nominal", "ordinal", "interval", "ratio"):
        raise ModelError(f'weights must be "nominal", "ordinal", "interval" or "ratio", not "{weights}".')
    if n_bootstrap < 0:
        raise ModelError(f"n_bootstrap must be 0 or more, not {n_bootstrap}.")
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level}.")


def _as_codes(units: ArrayLike, categories: Sequence[Any] | None) -> tuple[IntArray, tuple[Any, ...]]:
    """Category numbers of shape (n_units, n_coders), -1 for not assigned, and the categories."""
    # as objects, because numpy would turn a missing value among labels into the label "nan"
    values = np.asarray(units, dtype=object)
    if values.ndim != 2:
        raise ModelError(
            f"units need one row per unit and one column per coder; they have {values.ndim} dimension(s)."
        )
    given = ~np.asarray(pd.isna(values), dtype=bool)
    present = values[given]
    numbers, distinct = pd.factorize(present)
    if categories is None:
        try:
            order = sorted(range(len(distinct)), key=lambda place: distinct[place])
        except TypeError as error:
            raise ModelError(
                "The codes mix numbers and text; give one kind, or name them in order with categories=."
            ) from error
        used = tuple(_plain(distinct[place]) for place in order)
    else:
        used = tuple(categories)
        if len(set(used)) < len(used):
            raise ModelError("categories must differ from each other.")
    place_of = {value: place for place, value in enumerate(used)}
    outside = [value for value in distinct if value not in place_of]
    if outside:
        raise ModelError(
            f"{len(outside)} of the codes in use are not among the {len(used)} categories given."
        )
    codes = np.full(values.shape, -1, dtype=np.int64)
    renumbered = np.array([place_of[value] for value in distinct], dtype=np.int64)
    codes[given] = renumbered[numbers] if len(distinct) else -1
    return codes, used


def _plain(value: Any) -> Any:
    """The Python value of a numpy scalar, whole numbers as int, so that 1, 1.0 and True read the same."""
    value = value.item() if isinstance(value, np.generic) else value
    return (
        int(value) if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()) else value
    )


def _as_clusters(participants: ArrayLike | None, n_units: int) -> IntArray:
    if participants is None:
        return np.arange(n_units)
    labels = np.asarray(participants, dtype=object)
    if labels.shape != (n_units,):
        raise ModelError(
            f"participants must name one participant for each of the {n_units} units; "
            f"its shape is {labels.shape}."
        )
    cluster, _ = pd.factorize(labels)
    if (cluster < 0).any():
        raise ModelError(f"{int((cluster < 0).sum())} units have no participant; name one or leave them out.")
    return np.asarray(cluster, dtype=np.int64)


def _counts(codes: IntArray, n_categories: int) -> FloatArray:
    """How many coders put each unit in each category, shape (n_units, n_categories)."""
    return np.asarray((codes[:, :, None] == np.arange(n_categories)).sum(axis=1), dtype=float)


def _agreement_weights(weights: Weights, used: tuple[Any, ...], total: FloatArray) -> FloatArray:
    """Agreement credited to a pair of categories: 1 on the diagonal, 0 for the farthest pair."""
    if weights == "nominal" or len(used) < 2:
        return np.eye(len(used))
    if weights == "ordinal":
        below = np.cumsum(total) - total / 2
        distance = np.subtract.outer(below, below) ** 2
    else:
        try:
            value = np.array(used, dtype=float)
        except ValueError as error:
            raise ModelError(
                f'weights="{weights}" need numbers as codes; use "nominal", or "ordinal" with categories=.'
            ) from error
        distance = np.subtract.outer(value, value) ** 2
        if weights == "ratio":
            if (value < 0).any():
                raise ModelError('weights="ratio" need codes of 0 or more.')
            sums = np.add.outer(value, value) ** 2
            distance = np.divide(distance, sums, out=np.zeros_like(distance), where=sums > 0)
    farthest = distance.max()
    return np.asarray(1 - distance / farthest) if farthest > 0 else np.eye(len(used))


def _specific_agreement(counts: FloatArray) -> tuple[FloatArray, list[int]]:
    """Agreement on each category, and the categories nobody used."""
    others = counts.sum(axis=1, keepdims=True) - 1
    chances = (counts * others).sum(axis=0)
    agreed = (counts * (counts - 1)).sum(axis=0)
    specific = np.divide(agreed, chances, out=np.full(counts.shape[1], np.nan), where=chances > 0)
    return specific, np.flatnonzero(chances == 0).tolist()


def _bias(codes: IntArray, place_of_present: int | None) -> float:
    if not len(codes):
        return float("nan")
    if place_of_present is None:
        return 0.0
    first, second = (codes == place_of_present).mean(axis=0)
    return float(first - second)


def _why_undefined(n_joint: int, total: FloatArray, used: tuple[Any, ...], unused: list[int]) -> str | None:
    if n_joint == 0:
        return "Undefined: no unit was coded by two coders."
    if (total > 0).sum() < 2:
        return (
            f"Undefined: no variation. All {n_joint} jointly coded units got the same code from every coder, "
            "so agreement beyond chance cannot be judged."
        )
    if unused:
        return (
            f"{len(unused)} of the {len(used)} categories were not used, so agreement on them is undefined."
        )
    return None


def _resampled(
    columns: FloatArray, cluster: IntArray, weight: FloatArray, *, n_bootstrap: int, seed: int
) -> dict[str, FloatArray]:
    """Every coefficient in every resample of participants, shape (n_bootstrap,); empty without resampling."""
    if n_bootstrap == 0:
        return {}
    _, place = np.unique(cluster, return_inverse=True)
    # units added up in canonical order, so that rounding is the same however the rows of the file are sorted
    order = np.lexsort(columns.T)
    sums = np.zeros((place.max() + 1, columns.shape[1]))
    np.add.at(sums, place[order], columns[order])
    # Participants with the same sums are interchangeable, so a resample is one multinomial draw over the
    # distinct rows: far fewer than participants, and independent of the order of the rows.
    patterns, frequency = np.unique(sums, axis=0, return_counts=True)
    rng = generator(seed, "agreement")
    block = max(1, _CELLS_PER_BLOCK // len(patterns))
    totals = np.empty((n_bootstrap, columns.shape[1]))
    for start in range(0, n_bootstrap, block):
        size = min(block, n_bootstrap - start)
        drawn = rng.multinomial(len(sums), frequency / len(sums), size=size)
        totals[start : start + size] = drawn.astype(float) @ patterns
    return coefficients_of(UnitSums.of(totals, len(weight)), weight)


def _coefficient(
    name: str,
    columns: FloatArray,
    cluster: IntArray,
    weight: FloatArray,
    resampled: dict[str, FloatArray],
    *,
    level: float,
) -> Coefficient:
    """Estimate, standard error and interval of one coefficient."""
    nan = float("nan")
    estimates = coefficients_of(UnitSums.of(columns.sum(axis=0), len(weight)), weight)
    if name not in estimates:
        return Coefficient(nan, nan, nan, nan, None)
    estimate = float(estimates[name])
    if name in _JOINT_ONLY:
        joint = columns[:, 1] > 0
        columns, cluster = columns[joint], cluster[joint]
    _, place = np.unique(cluster, return_inverse=True)
    n_clusters = int(place.max()) + 1
    if n_clusters < 2:
        reason = "All units come from one participant, so nothing says how another one would be coded."
        return Coefficient(estimate, nan, nan, nan, reason)
    moved = np.bincount(place, weights=linearised(name, columns, weight))
    correction = 1.0 if name == "cohen_kappa" else n_clusters / (n_clusters - 1)
    se = float(np.sqrt(correction * (moved**2).sum()) / len(columns))
    if not resampled:
        quantile = (
            norm.isf((1 - level) / 2) if name == "cohen_kappa" else t.isf((1 - level) / 2, n_clusters - 1)
        )
        half = float(quantile) * se
        return Coefficient(estimate, se, estimate - half, min(1.0, estimate + half))
    values = resampled[name]
    defined = values[~np.isnan(values)]
    if len(defined) < level * len(values):
        share = 1 - len(defined) / len(values)
        reason = f"{share:.0%} of the resamples hold one code only: too little variation for an interval."
        return Coefficient(estimate, se, nan, nan, reason)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Coefficient(estimate, se, float(low), float(high))
