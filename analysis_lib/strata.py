"""Between which people are outcome labels exchanged when chance is simulated?

Where study.yaml names strata, such as sites, only people of one stratum are compared with one another, so that a
difference between sites cannot pass for a difference between outcome groups. Nobody is compared across strata:
people whose stratum is unknown leave these tests, counted, and stay in every share.

References: Landis, Heyman & Koch 1978, Int Stat Rev 46, 237-254; Edgington & Onghena 2007, Randomization Tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from analysis_lib.wave import Wave


@dataclass(frozen=True)
class Strata:
    """The strata of people who have an outcome group.

    Parameters
    ----------
    columns
        Participants columns that together make the strata.
    number
        Number of the stratum of each person whose columns are all known; indexed by participant_id.
    n_strata
        Strata that hold two outcome groups or more.
    n_unknown
        People left out because a column has no value for them.
    n_alone
        People in strata that hold one outcome group only; they say nothing about a difference.
    reason
        Why nobody can be compared inside strata; None where somebody can.
    """

    columns: tuple[str, ...]
    number: pd.Series
    n_strata: int
    n_unknown: int
    n_alone: int
    reason: str | None


def strata_of(wave: Wave, group: pd.Series) -> Strata | None:
    """The strata that study.yaml declares.

    Parameters
    ----------
    wave
        A loaded wave.
    group
        Outcome group of the people compared, none missing; indexed by participant_id.

    Returns
    -------
    Strata or None
        None where the study declares none: labels are then exchanged among everybody.
    """
    columns = wave.study.strata
    if not columns:
        return None
    values = wave.participants.loc[group.index, list(columns)]
    known = values.notna().all(axis=1)
    number = values[known].astype("string").groupby(list(columns), sort=True).ngroup().astype("int64")
    n_groups = group[known].groupby(number).nunique()
    comparable = number.map(n_groups) > 1
    return Strata(
        columns,
        number,
        n_strata=int((n_groups > 1).sum()),
        n_unknown=int((~known).sum()),
        n_alone=int((~comparable).sum()),
        reason=None if comparable.any() else _why_none(columns, bool(known.any())),
    )


def _why_none(columns: tuple[str, ...], known: bool) -> str:
    named = " and ".join(columns)
    if not known:
        return f"nobody's stratum is known ({named}), so nobody can be compared inside one"
    return f"no stratum ({named}) holds two outcome groups, so nobody can be compared inside one"


def exchanged(
    values: pd.DataFrame, group: pd.Series, strata: Strata | None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
    """Themes, groups and strata of the people whose labels are exchanged; everybody, and None, without strata."""
    if strata is None:
        return values.to_numpy(), group.to_numpy(), None
    kept = strata.number.index
    return values.loc[kept].to_numpy(), group.loc[kept].to_numpy(), strata.number.to_numpy()
