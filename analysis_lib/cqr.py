"""How often is a theme found in each group, in the labels of consensual qualitative research?

The labels follow from counts, so that they can be given wherever counts are shown, and are never given alone.

References: those of :mod:`analysis_lib.stats.cqr`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis_lib.stats.cqr import CONTRAST, CONTRAST_STEPS, RARE_ABOVE, cqr_label, cqr_stable, cqr_steps

CQR = "cqr"
RULE = (
    "Labels: general, all people of a group or all but one; typical, more than half; variant, two up to half; in groups"
    f" over {RARE_ABOVE} people two or three are rare. A single person has no label."
)
UNEQUAL = (
    "Groups differ in size, so their labels are not comparable: general allows for one exception whether a group"
    " holds ten"
    " people or a hundred."
)
ROUNDED = "No labels of consensual qualitative research: they need exact counts, and these are rounded."
STABILITY = (
    "Stability: ‡ leaving out some one person would change the label. Which cases were held back until the end, as the"
    " method asks, is not on record, so this stands in for it."
)


def with_labels(counts: pd.DataFrame) -> pd.DataFrame:
    """Add ``cqr_label`` and ``cqr_stable`` to ``n_with_theme`` of ``n_total``.

    Examples
    --------
    >>> counts = pd.DataFrame({"n_with_theme": [5, 1], "n_total": [8, 8]})
    >>> with_labels(counts)["cqr_label"].tolist()
    ['typical', '']
    """
    x, n = (counts[name].to_numpy(dtype=float, na_value=np.nan) for name in ("n_with_theme", "n_total"))
    return counts.assign(cqr_label=cqr_label(x, n), cqr_stable=cqr_stable(x, n))


def with_convention(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Add ``cqr_steps`` and ``cqr_differs`` to contrasts of a group with the reference.

    Parameters
    ----------
    contrasts
        With ``n_with_theme, n_total, n_with_reference, n_reference, risk_difference``.

    Notes
    -----
    By convention two samples differ where their shares lie 30 points apart or their labels two steps. That is no
    test: it takes no account of how few people a sample holds.
    """
    four = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
    steps = cqr_steps(*(contrasts[name].to_numpy(dtype=float, na_value=np.nan) for name in four))
    far = contrasts["risk_difference"].abs().round(9) >= CONTRAST
    return contrasts.assign(cqr_steps=steps, cqr_differs=far | (np.abs(steps) >= CONTRAST_STEPS))
