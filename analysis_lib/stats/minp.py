"""Which themes differ between groups, given that many are looked at?

Each theme, or each comparison with a reference group, has its exact p; the adjustment asks how small the
smallest of them gets when group labels are permuted across people with each person's themes kept together
(step-down minP).

References
----------
Westfall & Young (1993) Resampling-Based Multiple Testing. Tarone (1990) Biometrics 46:515-522. Ge, Dudoit &
Speed (2003) Test 12:1-77. Landis, Heyman & Koch (1978) Int Stat Rev 46:237-254.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis_lib.errors import ModelError
from analysis_lib.stats._multiresponse import TIE, BoolArray, Data, FloatArray, chi_square_by_theme, prepare
from analysis_lib.stats.resampling import p_among_draws, step_down
from analysis_lib.stats.table_lookup import CountLookup, count_lookup, index_steps, two_group_lookup

# Addresses kept in memory for exact p-values, all themes together (64 MB).
_MAX_ADDRESSES = 8_000_000
# Whole numbers up to here are exact in single precision, so counts and addresses can be matrix products.
_EXACT_IN_SINGLE = 1 << 24
# Rows handled at once: a few megabytes.
_ROWS_PER_BLOCK = 2_048

_NOT_CODABLE_PAIR = "Nobody is codable for it in this group or in the reference group."


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
    frame, data = prepare(themes, groups, strata, n_permutations)
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
            chi_square_by_theme(data)(data.label[None, :])[0, family],
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
    frame, data = prepare(themes, groups, strata, n_permutations, reference=reference)
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


def _mantel_haenszel_by_contrast(data: Data) -> Callable[[NDArray[np.integer]], FloatArray]:
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
        ratio = np.divide(difference**2, variance, out=np.zeros(variance.shape), where=variance > TIE)
        return ratio.transpose(1, 0, 2).reshape(labels.shape[0], -1)

    return statistic


def _exact_p(
    data: Data,
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


def _theme_tables(data: Data) -> list[CountLookup | None]:
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
    data: Data, tables: list[CountLookup | None], n_permutations: int, seed: int
) -> Iterator[FloatArray]:
    """Per permutation: the exact p of a theme that has a table, the chi-square of one that has none."""
    listed = np.array([table is not None for table in tables])
    steps, length = index_steps(np.bincount(data.label))
    holds = data.holds[:, listed].astype(np.float32)
    p_values = np.concatenate([np.zeros(0), *(table.p_values for table in tables if table is not None)])
    offset = length * np.arange(holds.shape[1])
    chi_square = chi_square_by_theme(data)
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


def _contrast_tables(data: Data, alpha: float | None) -> list[FloatArray] | None:
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
    data: Data, tables: list[FloatArray] | None, n_permutations: int, seed: int
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


def _check_alpha(alpha: float | None) -> None:
    if alpha is not None and not 0 < alpha < 1:
        raise ModelError(f"alpha is {alpha}; it must lie between 0 and 1, such as 0.05, or be None.")


def _too_rare(smallest: float) -> str:
    return f"Too rare or too common: with these margins p cannot get below {smallest:.2g}."
