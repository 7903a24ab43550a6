"""Which other reasonable choices does a study name, and which comparison does each of them make?

A specification is one set of choices: where the mixed group goes, what is counted, of whom, what is held alike
and which codes are in. Choices that compare the same people in the same way are one specification.

References: Steegen, Tuerlinckx, Gelman & Vanpaemel 2016, Perspect Psychol Sci 11, 702-712; Del Giudice &
Gangestad 2021, Adv Methods Pract Psychol Sci 4(1), on choices that are no real alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.errors import ModelError, did_you_mean
from analysis_lib.reliability import coder_agreement
from analysis_lib.ways_of_counting import BY_SEGMENTS, Material, Way, unavailable

MIXED, OWN, LEFT_OUT = "mixed", "own_group", "left_out"
JOINS = {"with_unhelpful": "unhelpful", "with_helpful": "helpful"}
NO_MIXED = "no_mixed_group"
ALL_CODES, WITHOUT_WEAK = "all", "without_weak"

# Why a choice that study.yaml names is not among the specifications; no phrase holds a number of people.
NO_SUCH_GROUP = "no outcome group of this study is called mixed"
NOBODY_MIXED = "nobody in this wave is in the mixed group"
MIXED_COMPARED = "the mixed group is itself compared"
NOT_COMPARED = "the group it would join is not compared"
SAME_AS_OWN = "the same people as with the mixed group as a group of its own"
SAME_BASE = "the same people as in the stated base"
NONE_WEAK = "no theme has an alpha below the mark"

Groups = tuple[str, ...]


@dataclass(frozen=True)
class Choices:
    """One set of choices.

    Parameters
    ----------
    mixed
        Where the mixed group goes; ``no_mixed_group`` where nobody is in one or it is itself compared.
    way
        What is counted, of whom, and what is held alike.
    codes
        ``all``, or ``without_weak``: those that coders agree on.
    """

    mixed: str
    way: Way
    codes: str = ALL_CODES


@dataclass(frozen=True)
class Dropped:
    """A choice that study.yaml names and that gives nothing of its own here."""

    choice: str
    value: str
    reason: str


def compared_group(crosstab: ThemeCrosstab, group: str | None) -> str | None:
    """The group that is compared with the reference: the given one, else the first that has anybody.

    The mixed group comes last, since it is what the other choices move. None where nobody is left to compare.

    Raises
    ------
    ModelError
        If ``group`` is no group of the study, or the reference itself.
    """
    if group is not None:
        if group not in crosstab.groups:
            raise ModelError(f'There is no outcome group "{group}".{did_you_mean(group, crosstab.groups)}')
        if group == crosstab.reference:
            raise ModelError(f'"{group}" is the reference; name the group to compare with it.')
        return group
    others = [name for name in _present(crosstab) if name != crosstab.reference]
    return next(iter(sorted(others, key=lambda name: name == MIXED)), None)


def nothing_to_compare(crosstab: ThemeCrosstab, group: str | None) -> str | None:
    """Why two groups cannot be compared at all; None where they can, with a test or without."""
    present = _present(crosstab)
    if crosstab.matrix.wave.study.tradition == "reflexive" or crosstab.matrix.reason is not None:
        return crosstab.reason
    if group in present and crosstab.reference in present:
        return None
    return "no comparison group in this wave, so there is nothing to compare"


def sides_of(mixed: str, group: str, reference: str) -> tuple[Groups, Groups]:
    """The outcome groups on either side when the mixed group goes where ``mixed`` says.

    >>> sides_of("with_helpful", "unhelpful", "helpful")
    (('unhelpful',), ('helpful', 'mixed'))
    """
    joined = JOINS.get(mixed)
    first, second = ((name, MIXED) if name == joined else (name,) for name in (group, reference))
    return first, second


def named_choices(
    crosstab: ThemeCrosstab, group: str, material: Material
) -> tuple[list[Choices], list[Dropped]]:
    """Every set of choices that study.yaml names, the stated analysis first, and what came to nothing.

    Parameters
    ----------
    group
        Compared with the reference of the crosstab.

    Returns
    -------
    tuple
        Where the mixed group goes, the unit, the base and the exposure are crossed. The base and the exposure
        apply to people only: a share of segments is one of what was said already.
    """
    study = crosstab.matrix.wave.study
    asked = study.sensitivity
    mixed, dropped = _mixed(crosstab, group, asked.get("mixed", [OWN]))
    compared = {
        name for value in mixed for side in sides_of(value, group, crosstab.reference) for name in side
    }
    inside = np.isin(material.group, sorted(compared))
    stated = Way(base=study.base)
    bases = [study.base]
    for base in asked.get("base", []):
        if base in bases:
            continue
        if np.array_equal(material.counted(Way(base=base))[inside], material.counted(stated)[inside]):
            dropped.append(Dropped("base", base, SAME_BASE))
        else:
            bases.append(base)
    ways = [Way(base=base) for base in bases]
    exposure = asked.get("exposure", "none")
    if exposure != "none":
        why = unavailable(material, Way(exposure=exposure))
        ways += [Way(base=base, exposure=exposure) for base in bases] if why is None else []
        dropped += [Dropped("exposure", exposure, why)] if why is not None else []
    if "segment" in asked.get("unit", []):
        why = unavailable(material, BY_SEGMENTS)
        ways += [BY_SEGMENTS] if why is None else []
        dropped += [Dropped("unit", "segment", why)] if why is not None else []
    return [Choices(where, way) for where, way in product(mixed, ways)], dropped


def weak_themes(crosstab: ThemeCrosstab, below: float) -> tuple[tuple[str, ...], str | None]:
    """Themes whose alpha lies below the mark, and why there are none to leave out; None where there are."""
    found = coder_agreement(crosstab.matrix, n_bootstrap=0)
    rows = found.table.drop_duplicates("code_id")
    weak = set(rows.loc[rows["krippendorff_alpha"] < below, "code_id"])
    themes = tuple(theme for theme in crosstab.matrix.themes if theme in weak)
    return themes, None if themes else found.reason or NONE_WEAK


def _mixed(crosstab: ThemeCrosstab, group: str, asked: list[str]) -> tuple[list[str], list[Dropped]]:
    """Where the mixed group can go so that the comparison changes."""
    others = [value for value in asked if value != OWN]
    why = None
    if MIXED not in crosstab.groups:
        why = NO_SUCH_GROUP
    elif MIXED not in _present(crosstab):
        why = NOBODY_MIXED
    elif MIXED in (group, crosstab.reference):
        why = MIXED_COMPARED
    if why is not None:
        return [NO_MIXED], [Dropped("mixed", value, why) for value in others]
    kept, dropped = [OWN], []
    for value in others:
        if value == LEFT_OUT:
            dropped.append(Dropped("mixed", value, SAME_AS_OWN))
        elif JOINS[value] not in (group, crosstab.reference):
            dropped.append(Dropped("mixed", value, NOT_COMPARED))
        else:
            kept.append(value)
    return kept, dropped


def _present(crosstab: ThemeCrosstab) -> list[str]:
    return [name for name, n in zip(crosstab.groups, crosstab.n_groups, strict=True) if n > 0]
