"""Do two groups differ in their themes whichever way one counts, groups and adjusts?

Every defensible choice is tried at once. Group labels are permuted across people, and each permutation goes
through all specifications together, so that one p-value per theme, and one over all themes, allows for having
tried them all.

References
----------
Steegen, Tuerlinckx, Gelman & Vanpaemel (2016) Perspect Psychol Sci 11:702-712. Simonsohn, Simmons & Nelson
(2020) Nat Hum Behav 4:1208-1214. Girardi et al. (2024) Psychometrika 89:542-568. Westfall & Young (1993)
Resampling-Based Multiple Testing. Frisch & Waugh (1933) Econometrica 1:387-401. White (1980) Econometrica
48:817-838.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis_lib.errors import ModelError
from analysis_lib.stats._multiresponse import check_permutations, labels_of
from analysis_lib.stats.resampling import generator, p_among_draws, permuted_within, step_down

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_Sums = list[FloatArray]

# Statistics closer than this share are ties that rounding has split; variances below it are none.
_TIE = 1e-9
_TIE_OF_SINGLES = 1e-6  # permuted statistics are kept in single precision
# Labels in a block of permutations, so that the sums of a block stay within some megabytes.
_LABELS_PER_BLOCK = 1 << 16


@dataclass(frozen=True)
class Measure:
    """What is counted of each person.

    Attributes
    ----------
    values : ndarray of shape (n, c)
        1 present, 0 absent; with ``segments``, how many of them carry the theme. NaN not counted.
    segments : ndarray of shape (n,) or None
        Segments of each person in all, where a share is one of segments; None where it is one of people.
    covariate : ndarray of shape (n,) or None
        A number to hold alike between the groups, such as the logarithm of words; NaN leaves the person out.
        Not together with ``segments``.
    """

    values: FloatArray
    segments: FloatArray | None = None
    covariate: FloatArray | None = None


@dataclass(frozen=True)
class Specification:
    """One way to compare: a measure, and the labels that make up the two groups.

    Attributes
    ----------
    measure : Measure
        Specifications that share one are computed together.
    first, second : tuple of Hashable
        The difference is that of people with a label of ``first`` less those with one of ``second``.
    """

    measure: Measure
    first: tuple[Hashable, ...]
    second: tuple[Hashable, ...]


@dataclass(frozen=True)
class Multiverse:
    """Result of :func:`multiverse`. Sizes: s specifications, c themes.

    Attributes
    ----------
    statistic : ndarray of shape (s, c)
        Standardised difference, positive where the first group has more; NaN where a theme does not vary.
    p_value : ndarray of shape (s, c)
        Permutation p of each, two-sided.
    p_adjusted : ndarray of shape (s, c)
        Adjusted over the themes of one specification (step-down minP).
    joint : ndarray of shape (c,)
        Mean of ``statistic`` over the specifications in which the theme varies.
    p_joint, mc_error : ndarray of shape (c,)
        (1 + hits) / (n_permutations + 1) for a joint statistic as far from 0, and its standard error.
    p_joint_adjusted : ndarray of shape (c,)
        The same adjusted over the themes.
    p_overall : float
        For the sum of squares of ``joint``: whether any theme differs at all.
    n_permutations : int
    n : int
        People with a label that some specification compares.
    reason : str or None
        Why nothing could be tested; None where something was.
    """

    statistic: FloatArray
    p_value: FloatArray
    p_adjusted: FloatArray
    joint: FloatArray
    p_joint: FloatArray
    mc_error: FloatArray
    p_joint_adjusted: FloatArray
    p_overall: float
    n_permutations: int
    n: int
    reason: str | None


def multiverse(
    specifications: Sequence[Specification],
    groups: ArrayLike,
    *,
    n_permutations: int = 9_999,
    seed: int = 0,
    strata: ArrayLike | None = None,
) -> Multiverse:
    """Test two groups under all specifications together.

    Parameters
    ----------
    specifications : sequence of Specification
        At least one; all with the same people and themes.
    groups : array_like of shape (n,)
        Group label of each person; none missing. People with a label that no specification compares are left
        out.
    n_permutations : int
        Random permutations of the labels.
    seed : int
    strata : array_like of shape (n,) or None
        Labels are permuted inside strata only.

    Returns
    -------
    Multiverse

    Raises
    ------
    ModelError
        No specification, shapes that differ, labels that are missing or in both groups, a measure of segments
        with a covariate, or no permutations.

    Notes
    -----
    People: (p1 - p0) / sqrt(p (1 - p) (1/n1 + 1/n0)) with the pooled share p, the signed root of Pearson's
    chi-square. Segments: the difference of two ratios over its standard error with people as clusters, under
    the pooled ratio. With a covariate: the robust score of the group in a least-squares regression of the
    theme on group and covariate, within the people compared; the covariate is partialled out of the group
    anew in each permutation.

    The joint statistic averages over specifications, so evidence that changes its sign cancels and one lucky
    specification does not carry it. Permuting tests that the label has nothing to do with the themes, among
    all people whose label is compared in any specification.

    Examples
    --------
    >>> themes = np.array([[1], [1], [1], [1], [1], [0], [0], [0], [0], [0.0]])
    >>> label = ["a"] * 4 + ["mixed"] * 2 + ["b"] * 4
    >>> apart = Specification(Measure(themes), ("a",), ("b",))
    >>> merged = Specification(apart.measure, ("a", "mixed"), ("b",))
    >>> result = multiverse([apart, merged], label, n_permutations=999)
    >>> result.statistic.round(3).ravel().tolist()
    [2.828, 2.582]
    """
    check_permutations(n_permutations)
    n, c = _shape(specifications)
    label, names = labels_of(groups, n, "groups")
    stratum = np.zeros(n, dtype=np.int64) if strata is None else labels_of(strata, n, "strata")[0]
    sides = [_sides(one, names) for one in specifications]
    people = np.flatnonzero(np.isin(label, [number for pair in sides for side in pair for number in side]))
    measures = list({id(one.measure): one.measure for one in specifications}.values())
    people = people[_content_order(measures, people, label, stratum)]
    varies = np.array([_varies(one.measure, people) for one in specifications])
    labels_used = np.unique(label[people])
    if labels_used.size < 2 or not varies.any():
        reason = "No theme varies among the people compared, so there is nothing to test."
        if labels_used.size < 2:
            reason = "Fewer than two groups have anybody, so there is nothing to compare."
        return _nothing(len(specifications), c, n_permutations, people.size, reason)
    counted = {id(measure): _counted(measure, people) for measure in measures}

    def statistics(labels: NDArray[np.integer]) -> FloatArray:
        """Standardised differences under permuted labels (b, n): shape (b, s, c), 0 where undefined."""
        members = {number: (labels == number).astype(np.float64) for number in labels_used}
        sums = {
            (key, number): [member @ part for part in parts]
            for key, (parts, _) in counted.items()
            for number, member in members.items()
        }
        found = np.zeros((len(labels), len(specifications), c))
        for s, (one, pair) in enumerate(zip(specifications, sides, strict=True)):
            key = id(one.measure)
            first, second = (
                _added([sums[key, number] for number in side if number in members]) for side in pair
            )
            if first and second:
                found[:, s] = counted[key][1](first, second)
        return np.where(varies, found, 0.0)

    starts = np.flatnonzero(np.diff(stratum[people], prepend=-1))
    blocks = permuted_within(
        label[people],
        np.append(starts, people.size),
        n_permutations=n_permutations,
        rng=generator(seed, "multiverse"),
        values_per_block=_LABELS_PER_BLOCK,
    )
    observed = statistics(label[people][None, :])[0]
    drawn = np.concatenate([statistics(block).astype(np.float32) for block in blocks])
    return _result(observed, drawn, varies, n_permutations=n_permutations, n=people.size)


def _result(
    observed: FloatArray, drawn: NDArray[np.float32], varies: BoolArray, *, n_permutations: int, n: int
) -> Multiverse:
    """p-values of observed statistics (s, c) by their rank among those of permutations (B, s, c)."""
    counts = varies.sum(axis=0)
    weight = varies / np.maximum(counts, 1)
    joint = (observed * weight).sum(axis=0)
    joint_drawn = np.einsum("bsc,sc->bc", drawn, weight.astype(np.float32))
    squares = float((joint**2).sum())
    hits = int(((joint_drawn.astype(np.float64) ** 2).sum(axis=1) >= squares * (1 - _TIE_OF_SINGLES)).sum())
    p_value, p_adjusted = np.full((2, *varies.shape), np.nan)
    for s, kept in enumerate(varies):
        p_value[s, kept], p_adjusted[s, kept] = _ranked(observed[s, kept], drawn[:, s, kept])
    p_joint, p_joint_adjusted = np.full((2, counts.size), np.nan)
    known = counts > 0
    p_joint[known], p_joint_adjusted[known] = _ranked(joint[known], joint_drawn[:, known])
    return Multiverse(
        statistic=np.where(varies, observed, np.nan),
        p_value=p_value,
        p_adjusted=p_adjusted,
        joint=np.where(known, joint, np.nan),
        p_joint=p_joint,
        mc_error=np.sqrt(p_joint * (1 - p_joint) / n_permutations),
        p_joint_adjusted=p_joint_adjusted,
        p_overall=(1 + hits) / (n_permutations + 1),
        n_permutations=n_permutations,
        n=n,
        reason=None,
    )


def _ranked(observed: FloatArray, drawn: NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
    """Two-sided p of each statistic and its step-down adjusted p over all of them."""
    if not observed.size:
        return observed, observed
    p_value, p_drawn = p_among_draws(np.abs(observed), np.abs(drawn))
    return p_value, np.maximum(step_down(p_value, [p_drawn]), p_value)


def _counted(measure: Measure, people: IntArray) -> tuple[_Sums, Callable[[_Sums, _Sums], FloatArray]]:
    """What is summed over the people of a group, each (n, c) or (n, 1), and the statistic of two such sums."""
    values = measure.values[people]
    counts = ~np.isnan(values)
    if measure.covariate is not None:
        covariate = measure.covariate[people]
        counts &= np.isfinite(covariate)[:, None]
    held = np.where(counts, values, 0.0)
    # One column serves all themes where everybody counts for all or for none of them.
    base = (counts[:, :1] if (counts == counts[:, :1]).all() else counts).astype(np.float64)
    if measure.segments is not None:
        total = base * measure.segments[people, None]
        return [held, total, held**2, held * total, total**2], _segment_statistic
    if measure.covariate is None:
        return [held, base], _people_statistic
    known = np.isfinite(covariate)
    spread = float(np.std(covariate[known])) if known.any() else 0.0
    # Centred and scaled, so that powers stay small; 0 where unknown, which the base leaves out.
    x = (np.where(known, covariate, 0.0) - (covariate[known].mean() if known.any() else 0.0)) / (
        spread or 1.0
    )
    powers = x[:, None, None] ** np.arange(5)[:, None]  # n, power, 1
    return [base * power for power in powers.transpose(1, 0, 2)] + [
        held * power for power in powers[:, :4].transpose(1, 0, 2)
    ], _adjusted_statistic


def _people_statistic(first: _Sums, second: _Sums) -> FloatArray:
    (x1, n1), (x0, n0) = first, second
    share = _ratio(x1 + x0, n1 + n0)
    variance = share * (1 - share) * (_ratio(1.0, n1) + _ratio(1.0, n0))
    return _standardised(_ratio(x1, n1) - _ratio(x0, n0), variance, defined=(n1 > 0) & (n0 > 0))


def _segment_statistic(first: _Sums, second: _Sums) -> FloatArray:
    share = _ratio(first[0] + second[0], first[1] + second[1])
    variance = np.zeros(share.shape)
    scale = np.zeros(share.shape)
    for _, x, yy, yx, xx in (first, second):
        weight = _ratio(1.0, x) ** 2
        variance += (yy - 2 * share * yx + share**2 * xx) * weight
        scale += xx * weight
    difference = _ratio(first[0], first[1]) - _ratio(second[0], second[1])
    defined = (first[1] > 0) & (second[1] > 0) & (variance > _TIE * scale)
    return _standardised(difference, variance, defined=defined)


def _adjusted_statistic(first: _Sums, second: _Sums) -> FloatArray:
    """Score of the group, 1 for the first and 0 for the second, in a regression on 1 and x; robust variance.

    Sums of x^k run over k = 0 ... 4 in the first five places, those of y x^k over k = 0 ... 3 in the others.
    """
    whole = _added([first, second])
    n, x, xx, y, yx = whole[0], whole[1], whole[2], whole[5], whole[6]
    spread = n * xx - x**2
    # Residual of the group: g - c - d x; residual of the theme: y - a - b x.
    d = _ratio(n * first[1] - x * first[0], spread)
    c = _ratio(first[0] - d * x, n)
    b = _ratio(n * yx - x * y, spread)
    a = _ratio(y - b * x, n)
    variance = _weighted_squares(first, 1 - c, d, a, b) + _weighted_squares(second, -c, d, a, b)
    defined = (first[0] > 0) & (second[0] > 0) & (variance > _TIE * n)
    return _standardised(first[5] - c * y - d * yx, variance, defined=defined)


def _weighted_squares(sums: _Sums, g: FloatArray, d: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Sum of (g - d x)^2 (y - a - b x)^2 over people, with y being 0 or 1."""
    square_of_group = (g**2, -2 * g * d, d**2)
    # (y - a - b x)^2 = y (1 - 2 a - 2 b x) + (a + b x)^2
    of_held, of_all = (1 - 2 * a, -2 * b), (a**2, 2 * a * b, b**2)
    total = np.zeros(np.broadcast_shapes(sums[0].shape, sums[5].shape))
    for i, p in enumerate(square_of_group):
        total += sum(p * q * sums[5 + i + j] for j, q in enumerate(of_held))
        total += sum(p * q * sums[i + j] for j, q in enumerate(of_all))
    return total


def _standardised(difference: FloatArray, variance: FloatArray, *, defined: BoolArray) -> FloatArray:
    safe = defined & (variance > 0)
    return np.divide(difference, np.sqrt(np.where(safe, variance, 1.0)), out=np.zeros(safe.shape), where=safe)


def _ratio(part: FloatArray | float, whole: FloatArray) -> FloatArray:
    """A quotient; 0 where there is nothing to divide by."""
    shape = np.broadcast_shapes(np.shape(part), whole.shape)
    safe = np.broadcast_to(np.abs(whole) > _TIE, shape)
    return np.divide(part, whole, out=np.zeros(shape), where=safe)


def _added(sums: list[_Sums]) -> _Sums:
    return [np.sum(parts, axis=0) for parts in zip(*sums, strict=True)]


def _content_order(measures: list[Measure], people: IntArray, label: IntArray, stratum: IntArray) -> IntArray:
    """An order of people, stratum by stratum, that their order in the input cannot influence."""
    columns = [label[people]]
    for measure in measures:
        columns += list(np.nan_to_num(measure.values[people], nan=-1.0).T)
        columns += [
            np.nan_to_num(extra[people], nan=-1.0)
            for extra in (measure.segments, measure.covariate)
            if extra is not None
        ]
    return np.lexsort([*columns, stratum[people]])


def _varies(measure: Measure, people: IntArray) -> BoolArray:
    """Themes that some people compared have more of than others, shape (c,)."""
    values = measure.values[people]
    counted = ~np.isnan(values)
    if measure.covariate is not None:
        counted &= np.isfinite(measure.covariate[people])[:, None]
    if measure.segments is not None:
        counted &= (measure.segments[people] > 0)[:, None]
        values = np.divide(values, measure.segments[people, None], out=np.zeros(values.shape), where=counted)
    highest = np.where(counted, values, -np.inf).max(axis=0, initial=-np.inf)
    lowest = np.where(counted, values, np.inf).min(axis=0, initial=np.inf)
    return np.asarray(highest > lowest)


def _shape(specifications: Sequence[Specification]) -> tuple[int, int]:
    if not specifications:
        raise ModelError("There is no specification; give at least one.")
    shape = np.shape(specifications[0].measure.values)
    if len(shape) != 2:
        raise ModelError(f"A measure has shape {shape}; it needs a row per person and a column per theme.")
    n, c = shape
    for measure in (one.measure for one in specifications):
        extras = [extra for extra in (measure.segments, measure.covariate) if extra is not None]
        if np.shape(measure.values) != shape or any(np.shape(extra) != (n,) for extra in extras):
            raise ModelError(f"All measures must hold the same {n} people and {c} themes.")
        if len(extras) == 2:
            raise ModelError(
                "A measure of segments takes no covariate: its share is one of what was said already."
            )
    return n, c


def _sides(one: Specification, names: tuple[Hashable, ...]) -> tuple[list[int], list[int]]:
    """Numbers of the labels of both groups; labels that nobody has are left out."""
    if not one.first or not one.second or set(one.first) & set(one.second):
        raise ModelError(
            "A specification compares two groups with at least one label each and none in common."
        )
    first, second = (
        [names.index(name) for name in side if name in names] for side in (one.first, one.second)
    )
    return first, second


def _nothing(s: int, c: int, n_permutations: int, n: int, reason: str) -> Multiverse:
    table, row, nan = np.full((s, c), np.nan), np.full(c, np.nan), float("nan")
    return Multiverse(table, table, table, row, row, row, row, nan, n_permutations, n, reason)
