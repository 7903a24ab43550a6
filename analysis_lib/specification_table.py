"""What does each specification find for each theme, and what do all of them have in common?

Differences are derived here from counts of people where counts give them, and taken as estimated elsewhere, so
that exact and released numbers go through the same formulas. People of collapsed groups are added up from the
groups: rounded one by one, their sums say no more than they do.

References: Simonsohn, Simmons & Nelson 2020, Nat Hum Behav 4, 1208-1214; Newcombe 1998, Stat Med 17, 873-890.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis_lib.crosstab import with_tiers
from analysis_lib.ways_of_counting import FOUR, differences_of

CHOICES = ["mixed", "unit", "base", "exposure", "codes"]
COUNTED_AS = ["unit", "base", "exposure", "codes"]
LIMITS = ["estimate", "conf_low", "conf_high"]
SPECIFICATIONS = ["specification", *CHOICES, "stated"]
COLUMNS = [
    "specification", "theme_id", *LIMITS, "tier", *CHOICES, "stated", *FOUR, "p_adjusted", "p_joint",
    "smallest_cell", "reason",
]  # fmt: skip

# Where the mixed group goes -> the outcome groups on either side.
Sides = Mapping[str, tuple[Sequence[str], Sequence[str]]]


def specification_table(
    specifications: pd.DataFrame,
    sides: Sides,
    counts: pd.DataFrame,
    estimates: pd.DataFrame,
    p_values: pd.DataFrame,
    themes: pd.DataFrame,
    *,
    smallest_difference: float,
    alpha: float,
    banded: bool = False,
) -> pd.DataFrame:
    """Every difference with its interval, tier and people behind it; one row per specification and theme.

    Parameters
    ----------
    specifications, sides, counts, estimates, themes
        As in :class:`analysis_lib.sensitivity.Sensitivity`, exact or released.
    p_values
        ``specification, theme_id, p_adjusted``.
    banded
        p-values are upper ends of bands and counts are rounded.

    Returns
    -------
    DataFrame
        Columns as in its ``table``. A theme that a specification leaves out has no row there.
    """
    if specifications.empty:
        return pd.DataFrame(columns=COLUMNS)
    placed = [
        {"mixed": mixed, "group": name, "side": side}
        for mixed, pair in sides.items()
        for side, names in enumerate(pair)
        for name in names
    ]
    each = specifications.merge(pd.DataFrame(placed), on="mixed").merge(counts, on=[*COUNTED_AS, "group"])
    if each.empty:
        return pd.DataFrame(columns=COLUMNS)
    # A sum with a withheld part is withheld; added up from rounded groups, it tells no more than they do.
    by_side = each.groupby(["specification", "theme_id", "side"], sort=False)[["n_with_theme", "n_total"]]
    n = by_side.sum(skipna=False)
    reference = n.xs(1, level="side").set_axis(["n_with_reference", "n_reference"], axis=1)
    people = n.xs(0, level="side").join(reference).reset_index()
    found = specifications.merge(people, on="specification").merge(p_values, how="left")
    found = found.merge(themes[["theme_id", "p_joint"]], on="theme_id", how="left")
    counted = (found["unit"] == "participant") & (found["exposure"] == "none")
    found = differences_of(found, estimates, on=["specification", "theme_id"], from_counts=counted)
    return _with_tiers(found, smallest_difference, alpha, banded).reindex(columns=COLUMNS)


def _with_tiers(found: pd.DataFrame, smallest_difference: float, alpha: float, banded: bool) -> pd.DataFrame:
    named = found.rename(
        columns={"estimate": "risk_difference", "conf_low": "rd_low", "conf_high": "rd_high"}
    )
    by_people = with_tiers(named, smallest_difference=smallest_difference, alpha=alpha, banded=banded)["tier"]
    by_segments = with_tiers(named, smallest_difference=0.0, alpha=alpha, banded=banded)["tier"]
    return found.assign(tier=by_people.where(found["unit"] == "participant", by_segments))


def theme_summary(table: pd.DataFrame) -> pd.DataFrame:
    """What the specifications of each theme have in common.

    Parameters
    ----------
    table
        From :func:`specification_table`.

    Returns
    -------
    DataFrame
        ``theme_id, estimate, conf_low, conf_high, tier`` of the stated analysis; ``smallest, largest`` over
        specifications that count people and ``segments_smallest, segments_largest`` over the others;
        ``n_specifications`` with an interval, and ``n_above, n_below`` of them that exclude 0 on either side.
    """
    rows = []
    for theme, mine in table.groupby("theme_id", sort=False):
        people = mine.loc[mine["unit"] == "participant", "estimate"]
        segments = mine.loc[mine["unit"] == "segment", "estimate"]
        stated = mine[mine["stated"].astype(bool)].iloc[0]
        rows.append(
            {"theme_id": theme}
            | {name: stated[name] for name in (*LIMITS, "tier")}
            | {"smallest": people.min(), "largest": people.max()}
            | {"segments_smallest": segments.min(), "segments_largest": segments.max()}
            | {"n_specifications": int(mine["conf_low"].notna().sum())}
            | {"n_above": int((mine["conf_low"] > 0).sum()), "n_below": int((mine["conf_high"] < 0).sum())}
        )
    columns = ["theme_id", *LIMITS, "tier", "smallest", "largest", "segments_smallest", "segments_largest",
               "n_specifications", "n_above", "n_below"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
