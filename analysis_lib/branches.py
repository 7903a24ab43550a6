"""Where in the codebook do the outcome groups differ, tested from the top?

Upper themes are tested first, and those below one are looked at only where it was rejected. Each level has to carry
only as many tests as its own branch opens, so a broad difference can be found that many narrow themes would hide.

References: Meinshausen 2008, Biometrika 95, 265-278; Goeman & Finos 2012, Stat Appl Genet Mol Biol 11, 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.readable import Readable
from analysis_lib.stats.hierarchy import inheritance

REJECTED = "rejected"
OPENED = "opened, not rejected"
NOT_OPENED = "not opened: the theme above it was not rejected"
NOT_TESTED = "not tested"
NONE_TESTED = "no theme could be tested"


@dataclass(frozen=True, repr=False)
class Branches(Readable):
    """The codebook tested from the top.

    Parameters
    ----------
    crosstab
        Where the exact p-values come from.
    table
        ``theme_id, theme_label, parent, depth, cramers_v, conf_low, conf_high, p_value, p_adjusted, decision,
        reason``; one row per theme in codebook order. ``decision`` is "rejected", "opened, not rejected",
        "not opened: the theme above it was not rejected" or "not tested" with a ``reason``.
    nested
        Whether any theme that was tested stands below another; if not, this is Holm's method.
    reason
        Why nothing was tested; None where something was.
    """

    crosstab: ThemeCrosstab
    table: pd.DataFrame
    nested: bool
    reason: str | None


def branches(crosstab: ThemeCrosstab) -> Branches:
    """Test the codebook from its upper themes down.

    Parameters
    ----------
    crosstab
        Themes by outcome groups.

    Returns
    -------
    Branches
        With a ``reason`` where the crosstab cannot be tested.

    Notes
    -----
    The inheritance procedure on the exact p-values over all groups; with strata, on those inside strata. The
    chance of any false rejection in the whole codebook stays at alpha, however themes depend on one another. A
    theme that could not be tested gives its place to those below it. It needs no permutation.

    Themes below one upper theme that differ in opposite directions can cancel out in it; they then stay closed.

    Examples
    --------
    >>> import analysis_lib as al
    >>> by_outcome = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> branches(by_outcome).reason
    'no comparison group in this wave, so no test'
    """
    study = crosstab.matrix.wave.study
    tests = crosstab.tests
    p_values = tests["p_value" if crosstab.strata is None else "p_stratified"].to_numpy(dtype=float)
    position = {theme: i for i, theme in enumerate(tests["theme_id"])}
    parents = [_above(theme, crosstab, position) for theme in tests["theme_id"]]
    adjusted = inheritance(p_values, parents)
    tested = np.isfinite(p_values)
    above = [_tested_above(i, parents, tested) for i in range(len(parents))]
    decision = np.select(
        [~tested, adjusted < study.alpha, [i is None or adjusted[i] < study.alpha for i in above]],
        [NOT_TESTED, REJECTED, OPENED],
        NOT_OPENED,
    )
    table = tests[["theme_id", "theme_label"]].assign(
        parent=[study.codebook[theme].parent or "" for theme in tests["theme_id"]],
        depth=[study.codebook.depth(theme) for theme in tests["theme_id"]],
        cramers_v=tests["cramers_v"],
        conf_low=tests["conf_low"],
        conf_high=tests["conf_high"],
        p_value=p_values,
        p_adjusted=adjusted,
        decision=decision,
        reason=tests["reason"],
    )
    reason = crosstab.reason or (None if tested.any() else NONE_TESTED)
    return Branches(crosstab, table, any(i is not None for i in above), reason)


def _above(theme: str, crosstab: ThemeCrosstab, position: dict[str, int]) -> int | None:
    """Position of the closest theme above that is a column of the crosstab."""
    ancestors = crosstab.matrix.wave.study.codebook.ancestors(theme)
    return next((position[other] for other in ancestors if other in position), None)


def _tested_above(place: int, parents: list[int | None], tested: np.ndarray) -> int | None:
    above = parents[place]
    while above is not None and not tested[above]:
        above = parents[above]
    return above
