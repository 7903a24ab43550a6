"""Do the themes of an interview go with the group a person belongs to, all of them together and one by one?

A person can hold any number of themes, so the rows of a theme x group table are not separate people. Group
labels are permuted across people with each person's themes kept together: one test for the whole table
(multiple marginal independence), adjusted p-values per theme and per comparison with a reference group, and
one test for two sets of themes. The second-order Rao-Scott test needs no permutation and is the cross-check.

References
----------
Loughin & Scherer (1998) Biometrics 54:630-637. Agresti & Liu (1999) Biometrics 55:936-943. Bilder, Loughin &
Nettleton (2000) Commun Stat Simul 29:1285-1315. Thomas & Decady (2004) Int J Testing 4:43-59. Bilder &
Loughin (2004) Biometrics 60:241-248. Westfall & Young (1993) Resampling-Based Multiple Testing. Tarone (1990)
Biometrics 46:515-522. Landis, Heyman & Koch (1978) Int Stat Rev 46:237-254.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from analysis_lib.errors import ModelError, did_you_mean
from analysis_lib.stats.exact import CountLookup, count_lookup, index_steps, two_group_lookup
from analysis_lib.stats.resampling import (
    content_order,
    generator,
    monte_carlo_error,
    p_among_draws,
    permuted_within,
    step_down,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Addresses kept in memory for exact p-values, all themes together (64 MB).
_MAX_ADDRESSES = 8_000_000
# Whole numbers up to here are exact in single precision, so counts and addresses can be matrix products.
_EXACT_IN_SINGLE = 1 << 24
# Statistics closer than this share are ties that rounding has split.
_TIE = 1e-9
# Rows handled at once, and numbers in a block of permuted pairings: a few megabytes either way.
_ROWS_PER_BLOCK = 2_048
_VALUES_PER_BLOCK = 1 << 21

_ALL_OR_NONE = "Held by nobody or by everybody who is codable, so it cannot differ between groups."
_NOT_CODABLE = "Nobody is codable for it."
_NOT_COMPARABLE = "Does not vary among codable people of two groups, or of two groups in one stratum."
_NOT_CODABLE_PAIR = "Nobody is codable for it in this group or in the reference group."
_NO_RAO_SCOTT = "Nothing varies inside a group, so the Rao-Scott test has no variance to work with."


@dataclass(frozen=True)
class MMITest:
    """Result of :func:`mmi_test`.

    Attributes
    ----------
    statistic : float
        Sum of ``per_theme``.
    p_permutation : float
        (1 + hits) / (n_permutations + 1).
    mc_error : float
        Standard error of ``p_permutation`` from drawing permutations.
    rs2_statistic, rs2_df, p_rao_scott : float
        Second-order Rao-Scott statistic, its degrees of freedom (not a whole number) and p.
    per_theme : ndarray of shape (c,)
        Chi-square of each theme on (groups - 1) degrees of freedom; NaN for a theme left out.
    n_permutations : int
    n_used : int
        People who were codable for something, in strata with at least two groups.
    left_out : tuple of int
        Column numbers, from 0, of themes held by nobody or everybody (of any stratum with two groups).
    reason : str or None
        Why a figure is NaN; None where none is but those of themes left out.
    """

    statistic: float
    p_permutation: float
    mc_error: float
    rs2_statistic: float
    rs2_df: float
    p_rao_scott: float
    per_theme: FloatArray
    n_permutations: int
    n_used: int
    left_out: tuple[int, ...]
    reason: str | None


@dataclass(frozen=True)
class SPMITest:
    """Result of :func:`spmi_test`.

    Attributes
    ----------
    statistic : float
        Sum of ``per_pair``.
    p_permutation, mc_error : float
        (1 + hits) / (n_permutations + 1) and its standard error.
    rs2_statistic, rs2_df, p_rao_scott : float
        Second-order Rao-Scott statistic, degrees of freedom and p.
    per_pair : ndarray of shape (I, J)
        Chi-square of each pair on 1 degree of freedom; NaN for a pair left out.
    n_permutations : int
    left_out_a, left_out_b : tuple of int
        Column numbers, from 0, of items held by nobody or everybody.
    reason : str or None
        Why a figure is NaN; None where none is but those of items left out.
    """

    statistic: float
    p_permutation: float
    mc_error: float
    rs2_statistic: float
    rs2_df: float
    p_rao_scott: float
    per_pair: FloatArray
    n_permutations: int
    left_out_a: tuple[int, ...]
    left_out_b: tuple[int, ...]
    reason: str | None


@dataclass(frozen=True)
class MinP:
    """Result of :func:`min_p`.

    Attributes
    ----------
    p_raw : ndarray of shape (c,)
        Exact p per theme given its margins (in every stratum); 1 for a theme held by nobody or everybody.
    p_adjusted : ndarray of shape (c,)
        Step-down minP adjusted p; NaN for a theme outside the family.
    mc_error : ndarray of shape (c,)
        Standard error of ``p_adjusted`` from drawing permutations.
    smallest_p : ndarray of shape (c,)
        The smallest ``p_raw`` the theme could have reached with its margins.
    n_permutations : int
    left_out : tuple of int
        Column numbers, from 0, of themes outside the family.
    reasons : tuple of str or None, length c
        Per theme: why it is outside the family; None where it is inside.
    reason : str or None
        Why nothing could be tested; None where something was.
    """

    p_raw: FloatArray
    p_adjusted: FloatArray
    mc_error: FloatArray
    smallest_p: FloatArray
    n_permutations: int
    left_out: tuple[int, ...]
    reasons: tuple[str | None, ...]
    reason: str | None


@dataclass(frozen=True)
class MinPContrasts:
    """Result of :func:`min_p_contrasts`.

    Attributes
    ----------
    p_value : ndarray of shape (c, k - 1)
        Fisher's exact p of each theme in each group against the reference group.
    p_adjusted, mc_error, smallest_p : ndarray of shape (c, k - 1)
        As in :class:`MinP`, for one family of all themes and comparisons.
    groups : tuple
        The groups compared, in the order of the columns.
    reference : Hashable
        The group they are compared with.
    n_permutations : int
    left_out : tuple of int
        Column numbers, from 0, of themes held by nobody or everybody in all groups together.
    reasons : tuple of tuples of str or None, c by k - 1
        Why a comparison is outside the family; None where it is inside.
    reason : str or None
        Why nothing could be tested; None where something was.
    """

    p_value: FloatArray
    p_adjusted: FloatArray
    mc_error: FloatArray
    smallest_p: FloatArray
    groups: tuple[Hashable, ...]
    reference: Hashable
    n_permutations: int
    left_out: tuple[int, ...]
    reasons: tuple[tuple[str | None, ...], ...]
    reason: str | None


def mmi_test(
    themes: ArrayLike,
    groups: ArrayLike,
    *,
    n_permutations: int = 9_999,
    seed: int = 0,
    strata: ArrayLike | None = None,
) -> MMITest:
    """Test whether any theme is more common in one group than in another (multiple marginal independence).

    Parameters
    ----------
    themes : array_like of shape (n, c)
        1 present, 0 absent, NaN not codable; one row per person.
    groups : array_like of shape (n,)
        Group label of each person; none missing.
    n_permutations : int
        Random permutations of the group labels.
    seed : int
    strata : array_like of shape (n,) or None
        Wave, site or therapist of each person: labels are permuted, and shares compared, inside strata only.

    Returns
    -------
    MMITest

    Raises
    ------
    ModelError
        Wrong shapes, values other than 0, 1 and NaN, missing labels, or no permutations.

    Notes
    -----
    With x people of n in group i having theme j and pooled share p: X2_j = sum_i (x - n p)^2 / (n p (1 - p)),
    numerator and denominator each summed over strata before dividing. People not codable for a theme are left
    out of its counts, and are permuted together with their codability, so the codable people per group vary
    from permutation to permutation and every permuted table is compared with its own margins.

    Rao-Scott: with lambda the eigenvalues of the covariance of the x - n p relative to n p (1 - p), and K
    their sum under the null hypothesis, K X2 / sum(lambda^2) is referred to chi-square with
    K^2 / sum(lambda^2) degrees of freedom. Without strata K is (groups - 1) * themes and covariances are those
    within groups; with strata they are pooled over the groups of a stratum, which may be very small.

    Permuting tests full independence of groups and themes, a little more than equal shares. People in a
    stratum with one group only carry no information and are left out.

    Examples
    --------
    >>> themes = [[1, 0], [1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0]]
    >>> test = mmi_test(themes, ["a", "a", "a", "a", "b", "b", "b", "b"], n_permutations=999)
    >>> test.per_theme.round(4).tolist(), round(test.statistic, 4)
    ([8.0, 0.5333], 8.5333)
    """
    frame, data = _prepare(themes, groups, strata, n_permutations)
    per_theme = np.full(len(frame.why_left_out), np.nan)
    if data is None:
        nan = float("nan")
        return MMITest(
            nan, nan, nan, nan, nan, nan, per_theme, n_permutations, 0, frame.left_out, frame.reason
        )
    chi_square = _chi_square_by_theme(data)
    observed = chi_square(data.label[None, :])[0]
    statistic = float(observed.sum())
    hits = 0
    for labels in data.blocks(n_permutations, seed):
        hits += int((chi_square(labels).sum(axis=1) >= statistic * (1 - _TIE) - _TIE).sum())
    p_value = (1 + hits) / (n_permutations + 1)
    per_theme[data.columns] = observed
    rs2_statistic, rs2_df, p_rao_scott = _rao_scott_mmi(data, statistic)
    return MMITest(
        statistic=statistic,
        p_permutation=p_value,
        mc_error=monte_carlo_error(p_value, n_permutations),
        rs2_statistic=rs2_statistic,
        rs2_df=rs2_df,
        p_rao_scott=p_rao_scott,
        per_theme=per_theme,
        n_permutations=n_permutations,
        n_used=data.label.size,
        left_out=frame.left_out,
        reason=_NO_RAO_SCOTT if np.isnan(p_rao_scott) else None,
    )


def spmi_test(a: ArrayLike, b: ArrayLike, *, n_permutations: int = 9_999, seed: int = 0) -> SPMITest:
    """Test whether any item of one set goes with any of another (simultaneous marginal independence).

    For sets in which people can hold several items each: themes by dropout reasons, themes by techniques, or
    outcome groups that overlap.

    Parameters
    ----------
    a : array_like of shape (n, I)
        1 present, 0 absent, NaN not codable.
    b : array_like of shape (n, J)
        The same for the other set, people in the same order.
    n_permutations : int
        Random permutations of the people in ``b`` against those in ``a``.
    seed : int

    Returns
    -------
    SPMITest

    Raises
    ------
    ModelError
        Wrong shapes, values other than 0, 1 and NaN, different numbers of people, or no permutations.

    Notes
    -----
    The sum over all pairs of Pearson's chi-square of the 2 x 2 table of people codable for both. Rao-Scott as
    in :func:`mmi_test`, with one degree of freedom per pair and the covariance of (a - p)(b - q).

    Examples
    --------
    >>> a = [[1], [1], [1], [1], [0], [0], [0], [0]]
    >>> b = [[1, 0], [1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0]]
    >>> spmi_test(a, b, n_permutations=99).per_pair.round(4).tolist()
    [[8.0, 0.5333]]
    """
    first, second = _theme_matrix(a, "a"), _theme_matrix(b, "b")
    _check_permutations(n_permutations)
    if first.shape[0] != second.shape[0]:
        raise ModelError(
            f"a has {first.shape[0]} rows and b has {second.shape[0]}; both need the same people."
        )
    varies_a, varies_b = _varies(first), _varies(second)
    left_out = tuple(tuple(map(int, np.flatnonzero(~varies))) for varies in (varies_a, varies_b))
    per_pair = np.full((first.shape[1], second.shape[1]), np.nan)
    nan = float("nan")
    if not (varies_a.any() and varies_b.any()):
        why = "Every item of one set is held by nobody or by everybody, so there is nothing to test."
        return SPMITest(nan, nan, nan, nan, nan, nan, per_pair, n_permutations, left_out[0], left_out[1], why)
    first, second = first[:, varies_a], second[:, varies_b]
    n, row, column, both = _pair_counts(first, second)
    comparable = (row > 0) & (row < n) & (column > 0) & (column < n)
    observed = _pair_chi_square(n, row, column, both)
    per_pair[np.ix_(varies_a, varies_b)] = np.where(comparable, observed, np.nan)
    statistic = float(observed.sum())
    hits = _spmi_hits(first, second, statistic, n_permutations=n_permutations, seed=seed)
    p_value = (1 + hits) / (n_permutations + 1)
    rs2_statistic, rs2_df, p_rao_scott = _rao_scott_spmi(first, second, statistic)
    reason = _NO_RAO_SCOTT if np.isnan(p_rao_scott) else None
    if not comparable.all():
        reason = f"{int((~comparable).sum())} pairs have too few people codable for both items."
    return SPMITest(
        statistic=statistic,
        p_permutation=p_value,
        mc_error=monte_carlo_error(p_value, n_permutations),
        rs2_statistic=rs2_statistic,
        rs2_df=rs2_df,
        p_rao_scott=p_rao_scott,
        per_pair=per_pair,
        n_permutations=n_permutations,
        left_out_a=left_out[0],
        left_out_b=left_out[1],
        reason=reason,
    )


def min_p(
    themes: ArrayLike,
    groups: ArrayLike,
    *,
    n_permutations: int = 99_999,
    seed: int = 0,
    strata: ArrayLike | None = None,
    alpha: float | None = None,
    statistic: Literal["exact", "chi-square"] = "exact",
) -> MinP:
    """Exact p per theme, adjusted for looking at all of them (step-down minP).

    Parameters
    ----------
    themes, groups, strata, seed
        As in :func:`mmi_test`.
    n_permutations : int
        Random permutations of the group labels.
    alpha : float or None
        Leave themes that cannot reach this level with their margins out of the family (Tarone), so that they
        cost the others nothing. None keeps every theme.
    statistic : {"exact", "chi-square"}
        What measures a theme: its exact p, or the rank of its chi-square among the permutations, which then
        is ``p_raw`` as well.

    Returns
    -------
    MinP

    Raises
    ------
    ModelError
        As :func:`mmi_test`; or ``alpha`` not between 0 and 1, or an unknown ``statistic``.

    Notes
    -----
    Each theme is measured by its Fisher-Freeman-Halton p, which is exact and needs no permutation; what is
    permuted is how the p-values of all themes fall together. With strata, p is that of the counts summed over
    strata when labels move inside strata.

    Where a theme's codable people are not all or none of a stratum, its margins vary under permutation; and
    some tables are too large to list. Such a theme is measured by the rank of its chi-square (see
    :func:`mmi_test`) among the permutations instead, while ``p_raw`` stays the exact p of its codable people
    wherever that can be computed.

    Examples
    --------
    >>> themes = [[1, 0], [1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0]]
    >>> test = min_p(themes, ["a", "a", "a", "a", "b", "b", "b", "b"], n_permutations=999)
    >>> test.p_raw.round(4).tolist()
    [0.0286, 1.0]
    """
    frame, data = _prepare(themes, groups, strata, n_permutations)
    _check_alpha(alpha)
    if statistic not in ("exact", "chi-square"):
        raise ModelError(f'statistic is "{statistic}"; it must be "exact" or "chi-square".')
    reasons = list(frame.why_left_out)
    p_raw, p_adjusted, smallest = np.full((3, len(reasons)), np.nan)
    # Only one table is possible where nobody or everybody holds a theme.
    certain = np.array([why is not None for why in reasons]) & frame.codable.any(axis=0)
    p_raw[certain] = smallest[certain] = 1.0
    if data is not None:
        tables = _theme_tables(data)
        p_exact, least = _exact_p(data, n_permutations, tables=tables)
        if statistic == "chi-square":
            tables, p_exact = [None] * data.columns.size, np.full(data.columns.size, np.nan)
        family = np.array([alpha is None or value <= alpha for value in least])
        for column in np.flatnonzero(~family):
            reasons[data.columns[column]] = _too_rare(least[column])
        p_exact[family], adjusted = _adjust(
            p_exact[family],
            np.array([table is not None for table in tables])[family],
            _chi_square_by_theme(data)(data.label[None, :])[0, family],
            (block[:, family] for block in _p_by_theme(data, tables, n_permutations, seed)),
            n_permutations,
        )
        p_raw[data.columns], smallest[data.columns] = p_exact, least
        p_adjusted[data.columns[family]] = adjusted
    error = np.sqrt(p_adjusted * (1 - p_adjusted) / n_permutations)
    outside = tuple(column for column, why in enumerate(reasons) if why is not None)
    return MinP(p_raw, p_adjusted, error, smallest, n_permutations, outside, tuple(reasons), frame.reason)


def min_p_contrasts(
    themes: ArrayLike,
    groups: ArrayLike,
    *,
    reference: Hashable,
    n_permutations: int = 99_999,
    seed: int = 0,
    strata: ArrayLike | None = None,
    alpha: float | None = None,
) -> MinPContrasts:
    """Fisher's p of each theme in each group against a reference group, adjusted as one family.

    Parameters
    ----------
    themes, groups, strata, seed, n_permutations, alpha
        As in :func:`min_p`.
    reference : Hashable
        The group label every other group is compared with.

    Returns
    -------
    MinPContrasts

    Raises
    ------
    ModelError
        As :func:`min_p`; or no group is called ``reference``.

    Notes
    -----
    Labels are permuted across all groups (inside strata). How many people of two groups together hold a theme
    then varies, and each permuted 2 x 2 table is judged by Fisher's p given its own margins, so every p-value
    is valid whatever the third group does; only their joint distribution is taken under no difference at all.
    With ``alpha``, a permuted table that cannot reach it counts as p = 1, exactly as an observed one does.

    With strata, or with people not codable, the family is adjusted by the ranks of the Mantel-Haenszel
    chi-square of the two groups among the permutations; ``p_value`` stays exact wherever it can be computed.

    Examples
    --------
    >>> themes = [[1, 0], [1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0]]
    >>> test = min_p_contrasts(themes, ["a"] * 4 + ["b"] * 4, reference="a", n_permutations=999)
    >>> test.groups, test.p_value.round(4).tolist()
    (('b',), [[0.0286], [1.0]])
    """
    frame, data = _prepare(themes, groups, strata, n_permutations, reference=reference)
    _check_alpha(alpha)
    others = tuple(name for name in frame.names if name != reference)
    shape = (len(frame.why_left_out), len(others))
    p_value, p_adjusted, smallest = np.full((3, *shape), np.nan)
    compares = np.array([name != reference for name in frame.names])
    both_codable = (frame.codable[compares] & frame.codable[~compares]).T
    reasons = np.full(shape, _NOT_CODABLE_PAIR, dtype=object)
    for column in frame.left_out:
        p_value[column, both_codable[column]] = smallest[column, both_codable[column]] = 1.0
        reasons[column, both_codable[column]] = frame.why_left_out[column]
    if data is not None:
        # Hypotheses group by group, themes inside; canonical group 0 is the reference.
        pairs = range(1, data.groups.size)
        each = [_exact_p(data, n_permutations, groups=[group, 0]) for group in pairs]
        p_exact, least = (np.concatenate(part) for part in zip(*each, strict=True))
        outside_family = (least == 1.0) | (least > (1.0 if alpha is None else alpha))
        tables = _contrast_tables(data, alpha)
        listed = np.tile(data.fixed & (tables is not None), len(pairs))
        # A comparison outside the family keeps its place at the end of it: under permutation its margins may
        # let it reach alpha, and leaving it out there but not here would bias the others.
        p_family, adjusted = _adjust(
            np.where(outside_family, 1.0, p_exact),
            listed,
            np.where(outside_family, 0.0, _mantel_haenszel_by_contrast(data)(data.label[None, :])[0]),
            _p_by_contrast(data, tables, n_permutations, seed),
            n_permutations,
        )
        why = [
            _too_rare(value) if outside else None
            for outside, value in zip(outside_family, least, strict=True)
        ]
        compared = np.array([others.index(frame.names[group]) for group in data.groups[1:]])
        for figures, values in (
            (p_value, np.where(np.isnan(p_exact), p_family, p_exact)),
            (p_adjusted, np.where(outside_family, np.nan, adjusted)),
            (smallest, least),
            (reasons, np.array(why, dtype=object)),
        ):
            places = np.ix_(data.columns, compared)
            known = both_codable[places]
            figures[places] = np.where(known, values.reshape(len(pairs), -1).T, figures[places])
    error = np.sqrt(p_adjusted * (1 - p_adjusted) / n_permutations)
    return MinPContrasts(
        p_value=p_value,
        p_adjusted=p_adjusted,
        mc_error=error,
        smallest_p=smallest,
        groups=others,
        reference=reference,
        n_permutations=n_permutations,
        left_out=frame.left_out,
        reasons=tuple(map(tuple, reasons)),
        reason=frame.reason,
    )


@dataclass(frozen=True)
class _Frame:
    """What the caller's columns and labels are, and which themes cannot be tested and why.

    ``codable`` says, for each of ``names`` and each column, whether anybody is codable.
    """

    names: tuple[Hashable, ...]
    why_left_out: tuple[str | None, ...]
    codable: BoolArray
    reason: str | None

    @property
    def left_out(self) -> tuple[int, ...]:
        return tuple(column for column, why in enumerate(self.why_left_out) if why is not None)


@dataclass(frozen=True)
class _Data:
    """People, themes and groups that carry information, in content order.

    Sizes: n people, c themes, k groups and s strata that are left. ``columns`` and ``groups`` lead back to
    the caller's columns and names. ``sizes`` and ``present``, both (s, k, c), count codable people and those
    who hold the theme. A theme is ``fixed`` where each stratum is codable for it entirely or not at all, so
    that its margins stay what they are when labels move.
    """

    columns: IntArray
    groups: IntArray
    label: IntArray
    bounds: IntArray
    holds: BoolArray
    codable: BoolArray
    sizes: FloatArray
    present: FloatArray
    fixed: BoolArray

    @property
    def share(self) -> FloatArray:
        """Share of the codable who hold the theme, per stratum: shape (s, c), 0 where nobody is codable."""
        base = self.sizes.sum(axis=1)
        share: FloatArray = np.divide(
            self.present.sum(axis=1), base, out=np.zeros(base.shape), where=base > 0
        )
        return share

    def blocks(self, n_permutations: int, seed: int) -> Iterator[NDArray[np.integer]]:
        """Permuted labels; every test of one seed sees the same permutations."""
        label = self.label.astype(np.min_scalar_type(self.groups.size))
        rng = generator(seed, "group labels")
        return permuted_within(label, self.bounds, n_permutations=n_permutations, rng=rng)


def _prepare(
    themes: ArrayLike,
    groups: ArrayLike,
    strata: ArrayLike | None,
    n_permutations: int,
    *,
    reference: Hashable = None,
) -> tuple[_Frame, _Data | None]:
    """Check the input and keep what carries information; no data where nothing does (the frame says why)."""
    matrix = _theme_matrix(themes, "themes")
    _check_permutations(n_permutations)
    group, names = _labels(groups, matrix.shape[0], "groups")
    stratum = np.zeros(matrix.shape[0], dtype=np.int64)
    if strata is not None:
        stratum, _ = _labels(strata, matrix.shape[0], "strata")
    if reference is not None and reference not in names:
        hint = did_you_mean(str(reference), map(str, names))
        raise ModelError(f"reference is not the label of a group.{hint}")
    codable = ~np.isnan(matrix)
    people, tested = _informative(matrix, codable, group, stratum)
    why = np.full(tested.size, _ALL_OR_NONE, dtype=object)
    why[_varies(matrix)] = _NOT_COMPARABLE
    why[~codable.any(axis=0)] = _NOT_CODABLE
    why[tested] = None
    reason = None
    if len(names) < 2:
        reason = "There is only one group, so there is nothing to compare."
    elif not people.any():
        reason = "No theme varies among comparable people of two groups, so there is nothing to test."
    elif reference is not None and not (group[people] == names.index(reference)).any():
        reason = "Nobody in the reference group is codable for a theme that varies."
    codable_in = np.array([codable[group == number].any(axis=0) for number in range(len(names))])
    frame = _Frame(names, tuple(why), codable_in, reason)
    if reason is not None:
        return frame, None
    kept, group = np.unique(group[people], return_inverse=True)
    stratum = np.unique(stratum[people], return_inverse=True)[1]
    cells = np.where(codable, matrix, 2).astype(np.int8)[np.ix_(people, tested)]
    marked = None if reference is None else int(np.flatnonzero(kept == names.index(reference))[0])
    order = content_order(cells, group, stratum, marked=marked)
    cells = cells[np.ix_(order.rows, order.columns)]
    label = np.argsort(order.groups)[group[order.rows]]
    member = (label == np.arange(kept.size)[:, None]).astype(np.float64)
    parts = [slice(a, b) for a, b in pairwise(order.bounds)]
    sizes = np.stack([member[:, part] @ (cells[part] < 2) for part in parts])
    present = np.stack([member[:, part] @ (cells[part] == 1) for part in parts])
    codable_people, all_people = sizes.sum(axis=1), np.diff(order.bounds)[:, None]
    return frame, _Data(
        columns=np.flatnonzero(tested)[order.columns],
        groups=kept[order.groups],
        label=label,
        bounds=order.bounds,
        holds=cells == 1,
        codable=cells < 2,
        sizes=sizes,
        present=present,
        fixed=((codable_people == 0) | (codable_people == all_people)).all(axis=0),
    )


def _informative(
    matrix: FloatArray, codable: BoolArray, group: IntArray, stratum: IntArray
) -> tuple[BoolArray, BoolArray]:
    """People and themes that say anything about differences between groups inside a stratum.

    People codable for nothing are left out here, or the margins of every theme would move when they trade
    their label for somebody else's.
    """
    people, tested = np.ones(matrix.shape[0], dtype=bool), np.ones(matrix.shape[1], dtype=bool)
    while True:
        before = people.sum(), tested.sum()
        people = people & codable[:, tested].any(axis=1)
        varies = np.zeros(tested.size, dtype=bool)
        for number in np.unique(stratum[people]):
            inside = np.flatnonzero(people & (stratum == number))
            if np.ptp(group[inside]) == 0:
                people[inside] = False
                continue
            lowest = np.where(codable[inside], group[inside, None], group.max() + 1).min(axis=0)
            highest = np.where(codable[inside], group[inside, None], -1).max(axis=0)
            varies |= (lowest < highest) & _varies(matrix[inside])
        tested = tested & varies
        if (people.sum(), tested.sum()) == before:
            return people, tested


def _chi_square_by_theme(data: _Data) -> Callable[[NDArray[np.integer]], FloatArray]:
    """A function from label permutations (b, n) to the chi-square of every theme (b, c)."""
    fixed, k = data.fixed, data.groups.size
    share = data.share
    spread = share * (1 - share)
    # For themes with fixed margins the counts are whole numbers in single precision: fast, and still exact.
    holds = data.holds[:, fixed].astype(np.float32)
    expected = np.einsum("skc,sc->kc", data.sizes, share)[:, fixed]
    variance = np.einsum("skc,sc->kc", data.sizes, spread)[:, fixed]
    weight = np.divide(1.0, variance, out=np.zeros(variance.shape), where=variance > 0)
    # For the others the codable people of a group, and with them both sums, move with the labels.
    stratum = np.repeat(np.arange(share.shape[0]), np.diff(data.bounds))
    codable = data.codable[:, ~fixed]
    residual = np.where(codable, data.holds[:, ~fixed] - share[stratum][:, ~fixed], 0.0)
    spread_by_person = np.where(codable, spread[stratum][:, ~fixed], 0.0)

    def statistic(labels: NDArray[np.integer]) -> FloatArray:
        chi_square = np.zeros((labels.shape[0], fixed.size))
        of_fixed = np.zeros((labels.shape[0], holds.shape[1]))
        last = np.zeros(of_fixed.shape)
        for group in range(k):
            member = labels == group
            if group == k - 1:  # differences from expectation add up to zero over groups
                difference = last
            else:
                difference = member.astype(np.float32) @ holds - expected[group]
                last -= difference
            of_fixed += difference * difference * weight[group]
            if not fixed.all():
                people = member.astype(np.float64)
                difference, variance = people @ residual, people @ spread_by_person
                chi_square[:, ~fixed] += np.divide(
                    difference**2, variance, out=np.zeros(variance.shape), where=variance > _TIE
                )
        chi_square[:, fixed] = of_fixed
        return chi_square

    return statistic


def _mantel_haenszel_by_contrast(data: _Data) -> Callable[[NDArray[np.integer]], FloatArray]:
    """A function from label permutations (b, n) to the Mantel-Haenszel chi-square of every hypothesis.

    Hypotheses run group by group (1, 2, ... against group 0), themes inside: shape (b, (k - 1) * c).
    """
    holds, codable = data.holds.astype(np.float32), data.codable.astype(np.float32)
    k, c = data.groups.size, data.columns.size

    def statistic(labels: NDArray[np.integer]) -> FloatArray:
        difference, variance = np.zeros((2, k - 1, labels.shape[0], c))
        for part in (slice(a, b) for a, b in pairwise(data.bounds)):
            members = [(labels[:, part] == group).astype(np.float32) for group in range(k)]
            x = [(member @ holds[part]).astype(np.float64) for member in members]
            n = [(member @ codable[part]).astype(np.float64) for member in members]
            for group in range(1, k):
                total, held = n[0] + n[group], x[0] + x[group]
                safe = np.maximum(total, 2.0)  # fewer than two people cannot differ
                difference[group - 1] += x[group] - held * n[group] / safe
                variance[group - 1] += n[group] * n[0] * held * (total - held) / (safe**2 * (safe - 1))
        ratio = np.divide(difference**2, variance, out=np.zeros(variance.shape), where=variance > _TIE)
        return ratio.transpose(1, 0, 2).reshape(labels.shape[0], -1)

    return statistic


def _exact_p(
    data: _Data,
    n_permutations: int,
    *,
    groups: list[int] | None = None,
    tables: list[CountLookup | None] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Exact p per theme and the smallest it could be, over all groups or those given.

    Where tables are too many to list, p is NaN and the smallest p is what the permutations can show.
    """
    chosen = slice(None) if groups is None else groups
    sizes = data.sizes[:, chosen].astype(np.int64)
    present = data.present[:, chosen].astype(np.int64)
    p_value, smallest = np.full((2, data.columns.size), np.nan)
    for column in range(data.columns.size):
        people, holders = sizes[:, :, column], present[:, :, column]
        lookup = None if tables is None else tables[column]
        steps, length = index_steps(np.bincount(data.label) if lookup else people.sum(axis=0))
        if lookup is None and length <= _MAX_ADDRESSES:
            lookup = count_lookup(people, holders.sum(axis=1), steps=steps, length=length)
        if lookup is None:
            smallest[column] = 1 / (n_permutations + 1)
        else:
            p_value[column] = lookup.p_values[steps @ holders.sum(axis=0)]
            smallest[column] = lookup.smallest_p
    return p_value, smallest


def _theme_tables(data: _Data) -> list[CountLookup | None]:
    """Exact p by address for each theme with fixed margins; None for a theme that must be ranked instead."""
    steps, length = index_steps(np.bincount(data.label))
    tables: list[CountLookup | None] = [None] * data.columns.size
    if length > _EXACT_IN_SINGLE or length * int(data.fixed.sum()) > _MAX_ADDRESSES:
        return tables
    for column in np.flatnonzero(data.fixed):
        sizes = data.sizes[:, :, column].astype(np.int64)
        present = data.present[:, :, column].sum(axis=1).astype(np.int64)
        tables[column] = count_lookup(sizes, present, steps=steps, length=length)
    return tables


def _p_by_theme(
    data: _Data, tables: list[CountLookup | None], n_permutations: int, seed: int
) -> Iterator[FloatArray]:
    """Per permutation: the exact p of a theme that has a table, the chi-square of one that has none."""
    listed = np.array([table is not None for table in tables])
    steps, length = index_steps(np.bincount(data.label))
    holds = data.holds[:, listed].astype(np.float32)
    p_values = np.concatenate([np.zeros(0), *(table.p_values for table in tables if table is not None)])
    offset = length * np.arange(holds.shape[1])
    chi_square = _chi_square_by_theme(data)
    for labels in data.blocks(n_permutations, seed):
        # A table's address is the sum of its holders' steps, so one matrix product finds all of them.
        address = steps.astype(np.float32)[labels] @ holds
        p = p_values.take(address.astype(np.int64) + offset)
        if listed.all():
            yield p
        else:
            block = chi_square(labels)
            block[:, listed] = p
            yield block


def _contrast_tables(data: _Data, alpha: float | None) -> list[FloatArray] | None:
    """Fisher's p by counts in the group and the reference, group 0; None where hypotheses must be ranked.

    With ``alpha``, a table whose margins cannot reach it has p = 1.
    """
    people = np.bincount(data.label)
    if data.bounds.size > 2 or ((people[1:] + 1) * (people[0] + 1)).sum() > _MAX_ADDRESSES:
        return None
    tables = []
    for size in people[1:]:
        p_values, smallest = two_group_lookup(int(size), int(people[0]))
        if alpha is not None:
            held = np.add.outer(np.arange(size + 1), np.arange(people[0] + 1))
            p_values[smallest[held] > alpha] = 1.0
        tables.append(p_values)
    return tables


def _p_by_contrast(
    data: _Data, tables: list[FloatArray] | None, n_permutations: int, seed: int
) -> Iterator[FloatArray]:
    """Per permutation: Fisher's p of a hypothesis that has a table, the chi-square of one that has none."""
    k = data.groups.size
    fixed = data.fixed if tables is not None else np.zeros(data.fixed.size, dtype=bool)
    holds = data.holds[:, fixed].astype(np.float32)
    total = holds.sum(axis=0)
    listed = np.tile(fixed, k - 1)
    chi_square = _mantel_haenszel_by_contrast(data)
    for labels in data.blocks(n_permutations, seed):
        x = [(labels == group).astype(np.float32) @ holds for group in range(k - 1)]
        x.append(total - np.sum(x, axis=0))
        counts = [held.astype(np.int64) for held in x]
        p = [table[counts[group], counts[0]] for group, table in enumerate(tables or [], start=1)]
        if listed.all():
            yield np.hstack(p)
        else:
            block = chi_square(labels)
            if listed.any():
                block[:, listed] = np.hstack(p)
            yield block


def _adjust(
    p_exact: FloatArray,
    listed: BoolArray,
    statistic: FloatArray,
    blocks: Iterator[FloatArray],
    n_permutations: int,
) -> tuple[FloatArray, FloatArray]:
    """p and step-down adjusted p of one family.

    ``blocks`` hold exact p-values in listed columns and statistics in the others, which are turned into p by
    their rank among all permutations. A p that could not be computed exactly is returned as that rank.
    """
    if listed.all():
        return p_exact, step_down(p_exact, blocks)
    drawn = np.empty((n_permutations, listed.size), dtype=np.float32)
    first = 0
    for block in blocks:
        drawn[first : first + block.shape[0]] = block
        first += block.shape[0]
    measured = p_exact.copy()
    measured[~listed], drawn[:, ~listed] = p_among_draws(statistic[~listed], drawn[:, ~listed])
    pieces = (drawn[a : a + _ROWS_PER_BLOCK] for a in range(0, n_permutations, _ROWS_PER_BLOCK))
    p_value = np.where(np.isnan(p_exact), measured, p_exact)
    return p_value, np.maximum(step_down(measured, pieces), p_value)


def _rao_scott_mmi(data: _Data, statistic: float) -> tuple[float, float, float]:
    """Second-order Rao-Scott statistic, degrees of freedom and p from the (k c) x (k c) block form."""
    k, c = data.groups.size, data.columns.size
    share = data.share
    variance = np.einsum("skc,sc->kc", data.sizes, share * (1 - share))
    covariance = np.zeros((k, c, k, c))
    strata = [slice(a, b) for a, b in pairwise(data.bounds)]
    weight = data.sizes[0] / np.maximum(data.sizes[0].sum(axis=0), 1)
    for stratum, part in enumerate(strata):
        holds, codable, label = data.holds[part], data.codable[part], data.label[part]
        people = np.bincount(label, minlength=k)
        if len(strata) > 1:
            # A group of a stratum can be one person, who shows no variance; the stratum as a whole does.
            centred = np.where(codable, holds - share[stratum], 0.0)
            moves = (np.diag(people) - np.outer(people, people) / label.size) / (label.size - 1)
            covariance += np.einsum("ij,cd->icjd", moves, centred.T @ centred)
            continue
        for group in range(k):
            sizes = data.sizes[0, group]
            mean = np.divide(data.present[0, group], sizes, out=np.zeros(c), where=sizes > 0)
            centred = np.where(codable, holds - mean, 0.0)[label == group]
            # A person moves the count of their own group and, through the pooled share, those of all others.
            shift = (np.arange(k) == group)[:, None] - weight
            covariance += np.einsum("ic,jd,cd->icjd", shift, shift, centred.T @ centred)
    scale = np.divide(1.0, variance, out=np.zeros((k, c)), where=variance > 0)
    relative = covariance.reshape(k * c, k * c) * np.sqrt(np.outer(scale, scale))
    degrees = np.trace(relative) if len(strata) > 1 else ((1 - weight) * (variance > 0)).sum()
    return _second_order(statistic, float(degrees), float((relative**2).sum()))


def _second_order(statistic: float, degrees: float, squares: float) -> tuple[float, float, float]:
    """Rao-Scott from the degrees of freedom under the null and the sum of squared eigenvalues."""
    if squares <= _TIE:
        return float("nan"), float("nan"), float("nan")
    adjusted, df = degrees * statistic / squares, degrees**2 / squares
    return adjusted, df, float(chi2.sf(adjusted, df))


def _pair_counts(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Per pair of items: people codable for both, holders of the first, of the second and of both."""
    codable_a, codable_b = (~np.isnan(a)).astype(np.float64), (~np.isnan(b)).astype(np.float64)
    held_a, held_b = np.nan_to_num(a), np.nan_to_num(b)
    return codable_a.T @ codable_b, held_a.T @ codable_b, codable_a.T @ held_b, held_a.T @ held_b


def _pair_chi_square(n: Any, row: Any, column: Any, both: Any) -> FloatArray:
    """Pearson's chi-square of 2 x 2 tables from total, margins and joint count; 0 where a margin is empty."""
    margins = row * (n - row) * (column * (n - column))
    chi_square: FloatArray = np.divide(
        n * (n * both - row * column) ** 2, margins, out=np.zeros(np.shape(both)), where=margins > 0
    )
    return chi_square


def _spmi_hits(a: FloatArray, b: FloatArray, statistic: float, *, n_permutations: int, seed: int) -> int:
    """Permutations of the people of one set against the other with a statistic at least as large."""
    if a.shape[1] < b.shape[1]:  # the set with fewer items is the cheaper one to permute
        a, b = b, a
    fixed, moved = _in_content_order(a), _in_content_order(b)
    n, items = moved.shape
    missing = bool(np.isnan(a).any() or np.isnan(b).any())
    held, codable = np.nan_to_num(fixed), ~np.isnan(fixed)
    left = (np.hstack([held, codable]) if missing else held).astype(np.float32)
    people = np.arange(n)
    blocks = permuted_within(
        people,
        np.array([0, n]),
        n_permutations=n_permutations,
        rng=generator(seed, "pairing of people"),
        values_per_block=max(1, _VALUES_PER_BLOCK // items),
    )

    def counts(values: FloatArray, block: NDArray[np.integer]) -> FloatArray:
        """Holders in both sets: items of the moved set, permutations, columns of the fixed set."""
        moved_values = np.ascontiguousarray(values.T, dtype=np.float32)[:, block]
        return (moved_values.reshape(-1, n) @ left).astype(np.float64).reshape(items, block.shape[0], -1)

    hits = 0
    for block in blocks:
        both = counts(np.nan_to_num(moved), block)
        if missing:
            base = counts(~np.isnan(moved), block)
            both, column = np.split(both, 2, axis=2)
            row, total = np.split(base, 2, axis=2)
        else:
            row, column, total = held.sum(axis=0), moved.sum(axis=0)[:, None, None], n
        sums = _pair_chi_square(total, row, column, both).sum(axis=(0, 2))
        hits += int((sums >= statistic * (1 - _TIE) - _TIE).sum())
    return hits


def _rao_scott_spmi(a: FloatArray, b: FloatArray, statistic: float) -> tuple[float, float, float]:
    """Second-order Rao-Scott from the covariance of (a - p)(b - q) over people, one degree a pair."""
    n, row, column, both = _pair_counts(a, b)
    safe = np.maximum(n, 1.0)
    p, q = row / safe, column / safe
    together = both / safe - p * q
    variance = n * p * (1 - p) * q * (1 - q)
    used = variance > _TIE
    scale = np.divide(1.0, np.sqrt(variance), out=np.zeros(n.shape), where=used)
    relative = np.zeros((n.size, n.size))
    for start in range(0, a.shape[0], _ROWS_PER_BLOCK):
        rows_a, rows_b = a[start : start + _ROWS_PER_BLOCK], b[start : start + _ROWS_PER_BLOCK]
        influence = (rows_a[:, :, None] - p) * (rows_b[:, None, :] - q) - together
        influence = np.nan_to_num(influence * scale).reshape(rows_a.shape[0], -1)
        relative += influence.T @ influence
    return _second_order(statistic, float(used.sum()), float((relative**2).sum()))


def _in_content_order(matrix: FloatArray) -> FloatArray:
    cells = np.where(np.isnan(matrix), 2, matrix).astype(np.int8)
    alike = np.zeros(matrix.shape[0], dtype=np.int64)
    order = content_order(cells, alike, alike)
    return matrix[np.ix_(order.rows, order.columns)]


def _varies(matrix: FloatArray) -> BoolArray:
    """Columns that hold both a 0 and a 1."""
    return np.asarray((matrix == 0).any(axis=0) & (matrix == 1).any(axis=0))


def _theme_matrix(values: ArrayLike, name: str) -> FloatArray:
    try:
        if isinstance(values, pd.DataFrame):
            matrix: FloatArray = values.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name} must be a rectangle of 1 (present), 0 (absent), NaN (not codable)."
        ) from error
    if matrix.ndim != 2 or matrix.size == 0:
        raise ModelError(f"{name} has shape {matrix.shape}; it needs a row per person and a column per item.")
    other = ~(np.isnan(matrix) | (matrix == 0) | (matrix == 1))
    if other.any():
        column = int(np.flatnonzero(other.any(axis=0))[0])
        raise ModelError(
            f"{name} column {column} (counted from 0) holds values other than 0, 1 and NaN; recode it first."
        )
    return matrix


def _labels(labels: ArrayLike, n: int, name: str) -> tuple[IntArray, tuple[Hashable, ...]]:
    """Label number of each person, and the labels in sorted order."""
    # As objects, or numpy would turn a missing label among strings into the word "nan".
    values = np.asarray(labels, dtype=object)
    if values.shape != (n,):
        raise ModelError(f"{name} has shape {values.shape}; it needs one label for each of the {n} people.")
    number, names = pd.factorize(values, sort=True)
    if (number < 0).any():
        raise ModelError(
            f"{name} has no label for {int((number < 0).sum())} people; leave them out or give them one."
        )
    return number.astype(np.int64), tuple(names.tolist())


def _check_permutations(n_permutations: int) -> None:
    if n_permutations < 1:
        raise ModelError(f"n_permutations is {n_permutations}; it must be at least 1.")


def _check_alpha(alpha: float | None) -> None:
    if alpha is not None and not 0 < alpha < 1:
        raise ModelError(f"alpha is {alpha}; it must lie between 0 and 1, such as 0.05, or be None.")


def _too_rare(smallest: float) -> str:
    return f"Too rare or too common: with these margins p cannot get below {smallest:.2g}."
