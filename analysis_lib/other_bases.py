"""What would the share of each theme be if it were taken of somebody or something else?

Beside the base that the study states: people with any theme, or everybody with material, and mentions, which are
segments and never people. Numbers of people and of segments only; shares follow when they are shown.

References: Sandelowski 2001, Res Nurs Health 24, 230-240, on misleading counting; IBM SPSS Statistics, MULT RESPONSE
(cases and responses as bases).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.quantitize import ALL
from analysis_lib.ways_of_counting import Base, Material, Way, material_of, people_behind

PEOPLE_BASES: tuple[Base, ...] = ("all_with_material", "any_theme")
_PEOPLE = ["base", "theme_id", "group", "n_with_theme", "n_total"]


@dataclass(frozen=True)
class OtherBases:
    """Counts behind the shares that the study's own base does not give.

    Parameters
    ----------
    people
        ``base, theme_id, group, n_with_theme, n_total``; one row per theme and group, and per theme for group
        ``all``, for each base of people other than the study's own.
    segments
        ``group, n_all_segments``: coded segments of each group, and of all; a segment counts once, however many
        themes it has.
    """

    people: pd.DataFrame
    segments: pd.DataFrame


def other_bases(crosstab: ThemeCrosstab) -> OtherBases:
    """Count people and segments on the bases that the study did not choose.

    Examples
    --------
    >>> import analysis_lib as al
    >>> by_outcome = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> set(other_bases(by_outcome).people["base"])
    {'any_theme'}
    """
    material = material_of(crosstab.matrix)
    own = crosstab.matrix.wave.study.base
    parts = [
        _people(material, base, crosstab.groups).assign(base=base) for base in PEOPLE_BASES if base != own
    ]
    people = pd.concat(parts, ignore_index=True)[_PEOPLE]
    each = pd.Series(material.segments).groupby(material.group).sum()
    rows = [(group, int(each.get(group, 0))) for group in crosstab.groups]
    rows.append((ALL, sum(n for _, n in rows)))
    return OtherBases(people, pd.DataFrame(rows, columns=["group", "n_all_segments"]))


def _people(material: Material, base: Base, groups: tuple[str, ...]) -> pd.DataFrame:
    """People with each theme of those in the base, per group and for all groups."""
    counted = people_behind(material, Way(base=base), groups)
    everybody = counted.groupby("theme_id", sort=False)[["n_with_theme", "n_total"]].sum().reset_index()
    return pd.concat([counted, everybody.assign(group=ALL)], ignore_index=True)
