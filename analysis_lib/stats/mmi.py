"""Do the themes of an interview go with the group a person belongs to, all of them together?

Group labels are permuted across people with each person's themes kept together: one test for the whole table
(multiple marginal independence). The second-order Rao-Scott test needs no permutation and is the cross-check.

References
----------
Loughin & Scherer (1998) Biometrics 54:630-637. Agresti & Liu (1999) Biometrics 55:936-943. Bilder, Loughin &
Nettleton (2000) Commun Stat Simul 29:1285-1315. Thomas & Decady (2004) Int J Testing 4:43-59.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from analysis_lib.stats._multiresponse import (
    NO_RAO_SCOTT,
    TIE,
    Data,
    FloatArray,
    chi_square_by_theme,
    prepare,
    second_order,
)
from analysis_lib.stats.resampling import monte_carlo_error


@dataclass(frozen=True)
class MMITest:
    """Result of :func:`mmi_test`.

    Attributes
    ----------
    statistic : float
        Sum of ``per_theme``.
    p_permutation : float
        (1 + hits) / (n_permutations + 1); NaN without permutations.
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
        Random permutations of the group labels; 0 gives the Rao-Scott test alone.
    seed : int
    strata : array_like of shape (n,) or None
        Wave, site or therapist of each person: labels are permuted, and shares compared, inside strata only.

    Returns
    -------
    MMITest

    Raises
    ------
    ModelError
        Wrong shapes, values other than 0, 1 and NaN, missing labels, or fewer than no permutations.

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
    frame, data = prepare(themes, groups, strata, n_permutations, fewest=0)
    per_theme = np.full(len(frame.why_left_out), np.nan)
    if data is None:
        nan = float("nan")
        return MMITest(
            nan, nan, nan, nan, nan, nan, per_theme, n_permutations, 0, frame.left_out, frame.reason
        )
    chi_square = chi_square_by_theme(data)
    observed = chi_square(data.label[None, :])[0]
    statistic = float(observed.sum())
    hits = 0
    for labels in data.blocks(n_permutations, seed):
        hits += int((chi_square(labels).sum(axis=1) >= statistic * (1 - TIE) - TIE).sum())
    p_value = (1 + hits) / (n_permutations + 1) if n_permutations else float("nan")
    per_theme[data.columns] = observed
    rs2_statistic, rs2_df, p_rao_scott = _rao_scott_mmi(data, statistic)
    return MMITest(
        statistic=statistic,
        p_permutation=p_value,
        mc_error=monte_carlo_error(p_value, n_permutations) if n_permutations else float("nan"),
        rs2_statistic=rs2_statistic,
        rs2_df=rs2_df,
        p_rao_scott=p_rao_scott,
        per_theme=per_theme,
        n_permutations=n_permutations,
        n_used=data.label.size,
        left_out=frame.left_out,
        reason=NO_RAO_SCOTT if np.isnan(p_rao_scott) else None,
    )


def _rao_scott_mmi(data: Data, statistic: float) -> tuple[float, float, float]:
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
            members = label == group
            centred = np.where(codable[members], holds[members] - mean, 0.0)
            # A person moves the count of their own group and, through the pooled share, those of all others.
            shift = (np.arange(k) == group)[:, None] - weight
            covariance += np.einsum("ic,jd,cd->icjd", shift, shift, centred.T @ centred)
    scale = np.divide(1.0, variance, out=np.zeros((k, c)), where=variance > 0)
    relative = covariance.reshape(k * c, k * c) * np.sqrt(np.outer(scale, scale))
    degrees = np.trace(relative) if len(strata) > 1 else ((1 - weight) * (variance > 0)).sum()
    return second_order(statistic, float(degrees), float((relative**2).sum()))
