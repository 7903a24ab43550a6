"""When are people too many to list every table or to permute, and what is computed then?

Above fifty thousand people chance is no longer simulated: Pearson's chi-square stands for the exact test, the
second-order Rao-Scott test for the permutation of all themes, Holm for minP and Wald's interval of the log odds
ratio for the exact conditional one. With so many people they agree to every digit that is printed.

References: Agresti 2013, Categorical Data Analysis, 3rd ed., sections 3.1-3.2; Woolf 1955, Ann Hum Genet 19, 251-253.
"""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike
from scipy.stats import chi2_contingency

from analysis_lib.study import Study

LARGE_SAMPLE = 50_000
METHOD = "Pearson chi-square (large sample)"
NO_STRATA = f"labels are not exchanged inside strata for more than {LARGE_SAMPLE:,} people, so intervals only"


def is_large(n: float) -> bool:
    """Whether so many people are beyond listing and permuting.

    Examples
    --------
    >>> is_large(50_000), is_large(50_001)
    (False, True)
    """
    return n > LARGE_SAMPLE


def adjusted_by(study: Study) -> Literal["minp", "holm", "bh"]:
    """How p-values are adjusted for the number of themes where nothing is permuted: Holm stands for minP."""
    return "holm" if study.multiplicity == "minp" else study.multiplicity


def chi_square_p(table: ArrayLike) -> float:
    """p of Pearson's chi-square test of a table of counts, without continuity correction.

    Parameters
    ----------
    table : array_like of int, shape (r, k)
        People; no row and no column may be empty.

    Examples
    --------
    Chi-square 7.2 on 1 degree of freedom:

    >>> round(chi_square_p([[8, 2], [2, 8]]), 6)
    0.00729
    """
    return float(chi2_contingency(table, correction=False).pvalue)
