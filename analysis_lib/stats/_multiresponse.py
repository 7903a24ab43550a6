"""What do the tests of themes by groups share? Input that is checked, and put into an order of its own.

A person can hold any number of themes, so the rows of a theme x group table are not separate people. People,
themes and groups that carry no information are left out with a reason; the others go into an order that
follows from the data, so that the order of rows in a file cannot matter.

References
----------
Agresti & Liu (1999) Biometrics 55:936-943. Bilder, Loughin & Nettleton (2000) Commun Stat Simul 29:1285-1315.
Landis, Heyman & Koch (1978) Int Stat Rev 46:237-254.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from analysis_lib.errors import ModelError, did_you_mean
from analysis_lib.stats.resampling import content_order, generator, given_order, permuted_within

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Statistics closer than this share are ties that rounding has split.
TIE = 1e-9

NO_RAO_SCOTT = "Nothing varies inside a group, so the Rao-Scott test has no variance to work with."
_ALL_OR_NONE = "Held by nobody or by everybody who is codable, so it cannot differ between groups."
_NOT_CODABLE = "Nobody is codable for it."
_NOT_COMPARABLE = "Does not vary among codable people of two groups, or of two groups in one stratum."


@dataclass(frozen=True)
class Frame:
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
class Data:
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


def prepare(
    themes: ArrayLike,
    groups: ArrayLike,
    strata: ArrayLike | None,
    n_permutations: int,
    *,
    reference: Hashable = None,
    fewest: int = 1,
) -> tuple[Frame, Data | None]:
    """Check the input and keep what carries information; no data where nothing does (the frame says why)."""
    matrix = theme_matrix(themes, "themes")
    check_permutations(n_permutations, least=fewest)
    group, names = labels_of(groups, matrix.shape[0], "groups")
    stratum = np.zeros(matrix.shape[0], dtype=np.int64)
    if strata is not None:
        stratum, _ = labels_of(strata, matrix.shape[0], "strata")
    if reference is not None and reference not in names:
        hint = did_you_mean(str(reference), map(str, names))
        raise ModelError(f"reference is not the label of a group.{hint}")
    codable = ~np.isnan(matrix)
    people, tested = _informative(matrix, codable, group, stratum)
    why = np.full(tested.size, _ALL_OR_NONE, dtype=object)
    why[varying(matrix)] = _NOT_COMPARABLE
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
    frame = Frame(names, tuple(why), codable_in, reason)
    if reason is not None:
        return frame, None
    kept, group = np.unique(group[people], return_inverse=True)
    stratum = np.unique(stratum[people], return_inverse=True)[1]
    cells = np.where(codable, matrix, 2).astype(np.int8)[np.ix_(people, tested)]
    marked = None if reference is None else int(np.flatnonzero(kept == names.index(reference))[0])
    # What is never permuted needs no order that its sequence in the file cannot influence.
    order = (
        content_order(cells, group, stratum, marked=marked)
        if n_permutations
        else given_order(cells, group, stratum)
    )
    cells = cells[np.ix_(order.rows, order.columns)]
    label = np.argsort(order.groups)[group[order.rows]]
    member = (label == np.arange(kept.size)[:, None]).astype(np.float64)
    parts = [slice(a, b) for a, b in pairwise(order.bounds)]
    sizes = np.stack([member[:, part] @ (cells[part] < 2) for part in parts])
    present = np.stack([member[:, part] @ (cells[part] == 1) for part in parts])
    codable_people, all_people = sizes.sum(axis=1), np.diff(order.bounds)[:, None]
    return frame, Data(
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
            here = np.unique(group[inside])
            if here.size == 1:
                people[inside] = False
                continue
            n_codable = sum(codable[inside[group[inside] == each]].any(axis=0).astype(int) for each in here)
            varies |= (n_codable > 1) & varying(matrix[inside])
        tested = tested & varies
        if (people.sum(), tested.sum()) == before:
            return people, tested


def chi_square_by_theme(data: Data) -> Callable[[NDArray[np.integer]], FloatArray]:
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
                    difference**2, variance, out=np.zeros(variance.shape), where=variance > TIE
                )
        chi_square[:, fixed] = of_fixed
        return chi_square

    return statistic


def second_order(statistic: float, degrees: float, squares: float) -> tuple[float, float, float]:
    """Rao-Scott from the degrees of freedom under the null and the sum of squared eigenvalues."""
    if squares <= TIE:
        return float("nan"), float("nan"), float("nan")
    adjusted, df = degrees * statistic / squares, degrees**2 / squares
    return adjusted, df, float(chi2.sf(adjusted, df))


def varying(matrix: FloatArray) -> BoolArray:
    """Columns that hold both a 0 and a 1."""
    return np.asarray((matrix == 0).any(axis=0) & (matrix == 1).any(axis=0))


def theme_matrix(values: ArrayLike, name: str) -> FloatArray:
    """The values as a matrix of 1, 0 and NaN; a ModelError says what else it holds."""
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


def labels_of(labels: ArrayLike, n: int, name: str) -> tuple[IntArray, tuple[Hashable, ...]]:
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


def check_permutations(n_permutations: int, *, least: int = 1) -> None:
    """Refuse fewer permutations than there must be."""
    if n_permutations < least:
        raise ModelError(f"n_permutations is {n_permutations}; it must be at least {least}.")
