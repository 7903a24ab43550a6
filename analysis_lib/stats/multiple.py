"""How are p-values adjusted when the dependence between tests is not used?

Holm controls the chance of any false rejection, Benjamini-Hochberg the expected share of false ones. Both
stand beside the permutation minP, which uses the dependence.

References
----------
Holm (1979) Scand J Stat 6:65-70. Benjamini & Hochberg (1995) J R Stat Soc B 57:289-300.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control

FloatArray = NDArray[np.float64]


def holm(p_values: ArrayLike) -> FloatArray:
    """Holm's step-down adjusted p-values.

    Parameters
    ----------
    p_values : array-like of shape (m,)
        Raw p-values of one family, none missing.

    Returns
    -------
    ndarray of shape (m,)

    Notes
    -----
    With p sorted upwards, the i-th becomes the largest of :math:`(m - j + 1) p_{(j)}` over j up to i, at
    most 1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Benjamini-Hochberg adjusted p-values (false discovery rate).

    Parameters
    ----------
    p_values : array-like of shape (m,)
        Raw p-values of one family, none missing.

    Returns
    -------
    ndarray of shape (m,)

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.04, 0.04]
    """
    adjusted: FloatArray = false_discovery_control(np.asarray(p_values, dtype=np.float64), method="bh")
    return adjusted
