"""Which frequency label does a category get in consensual qualitative research?

General, typical, variant and rare say how many cases of a sample hold a category. They depend on the size of the
sample: with 19 cases general begins at 18, with 92 at 91, so that labels of unequal samples are not comparable.

References: Hill, Thompson & Williams 1997, Couns Psychol 25, 517-572; Hill et al. 2005, J Couns Psychol 52, 196-205;
Hill 2012, Consensual Qualitative Research, on rare categories and on contrasts of subsamples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis_lib.errors import ModelError

GENERAL, TYPICAL, VARIANT, RARE, UNLABELLED = "general", "typical", "variant", "rare", ""
RARE_ABOVE = 15  # cases; in smaller samples two or three are variant
CONTRAST = 0.30  # difference of shares that counts as one by convention
CONTRAST_STEPS = 2  # labels apart that do so too

Labels = NDArray[np.str_]


def cqr_label(n_with_theme: ArrayLike, n_total: ArrayLike) -> Labels:
    """Frequency labels of categories.

    Parameters
    ----------
    n_with_theme
        Cases with the category, whole numbers from 0 to ``n_total``; NaN where it is not known.
    n_total
        Cases of the sample; NaN where it is not known.

    Returns
    -------
    array of str
        ``general`` (all cases or all but one), ``typical`` (more than half, up to general), ``variant`` (at least
        two, up to half), in samples over 15 ``rare`` (two or three), and an empty string for a single case, for none,
        and where a count is not known.

    Raises
    ------
    ModelError
        If there are more cases with the category than cases.

    Notes
    -----
    A single case is never labelled, not even where it is all cases but one.

    Examples
    --------
    >>> cqr_label([8, 7, 5, 4, 2, 1], 8).tolist()
    ['general', 'general', 'typical', 'variant', 'variant', '']
    >>> cqr_label([91, 90, 47, 46, 4, 3], 92).tolist()
    ['general', 'typical', 'typical', 'variant', 'variant', 'rare']
    """
    x, n = np.broadcast_arrays(np.asarray(n_with_theme, dtype=float), np.asarray(n_total, dtype=float))
    with np.errstate(invalid="ignore"):
        if np.any((x > n) | (x < 0)):
            raise ModelError("there are more cases with a category than cases; check the counts.")
        conditions = [~(x >= 2), x >= n - 1, 2 * x > n, (n > RARE_ABOVE) & (x <= 3), x >= 2]
    conditions[0] |= np.isnan(n)
    found: Labels = np.select(
        conditions, [UNLABELLED, GENERAL, TYPICAL, RARE, VARIANT], default=UNLABELLED
    ).astype(str)
    return found


def cqr_stable(n_with_theme: ArrayLike, n_total: ArrayLike) -> NDArray[np.bool_]:
    """Whether a label stays the same whichever single case is left out.

    Parameters
    ----------
    n_with_theme, n_total
        As for :func:`cqr_label`.

    Returns
    -------
    array of bool
        False where leaving out some case, with the category or without it, gives another label, and where a count is
        not known.

    Examples
    --------
    >>> cqr_stable([8, 5, 4, 3], 8).tolist()
    [True, True, False, True]
    """
    x, n = np.broadcast_arrays(np.asarray(n_with_theme, dtype=float), np.asarray(n_total, dtype=float))
    known = np.isfinite(x) & np.isfinite(n)
    x, n = np.where(known, x, 0.0), np.where(known, n, 0.0)
    label = cqr_label(x, n)
    without_holder = np.where(x > 0, cqr_label(np.maximum(x - 1, 0), np.maximum(n - 1, 0)), label)
    without_other = np.where(n > x, cqr_label(x, np.maximum(n - 1, x)), label)
    stable: NDArray[np.bool_] = known & (without_holder == label) & (without_other == label)
    return stable


def cqr_steps(
    n_with_theme: ArrayLike, n_total: ArrayLike, x_other: ArrayLike, n_other: ArrayLike
) -> NDArray[np.float64]:
    """How many labels apart a category is in two samples, positive where it is the more frequent in the first.

    Parameters
    ----------
    n_with_theme, n_total, x_other, n_other
        Cases with the category and cases of either sample.

    Returns
    -------
    array of float
        Steps between general, typical, variant, rare and no label; ``rare`` is a step only where a sample has more
        than 15 cases. NaN where a count is not known.

    Examples
    --------
    >>> cqr_steps([7, 7, 60], [8, 8, 92], [2, 0, 2], [8, 8, 19]).tolist()
    [2.0, 3.0, 2.0]
    """
    pair = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (n_with_theme, n_total, x_other, n_other))
    )
    x1, n1, x0, n0 = pair
    with_rare = (n1 > RARE_ABOVE) | (n0 > RARE_ABOVE)
    rank = {UNLABELLED: 0, RARE: 1, VARIANT: 2, TYPICAL: 3, GENERAL: 4}

    def place(x: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
        at = np.vectorize(rank.__getitem__, otypes=[float])(cqr_label(x, n)) if x.size else np.zeros(x.shape)
        return np.where(with_rare | (at == 0), at, at - 1)

    steps: NDArray[np.float64] = np.where(
        np.isfinite(np.stack(pair)).all(axis=0), place(x1, n1) - place(x0, n0), np.nan
    )
    return steps
