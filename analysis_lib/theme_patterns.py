"""Which combinations of leading themes occur together in the same people, and in which outcome groups?

Every person has exactly one combination: those of the chosen themes that they have, and none of the others. So the
combinations of a group add up to its people, unlike the themes themselves. Nothing is tested.

References: Lex et al. 2014, IEEE Trans Vis Comput Graph 20(12), 1983-1992 (UpSet).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab, in_base
from analysis_lib.errors import CallError, did_you_mean
from analysis_lib.quantitize import ALL
from analysis_lib.readable import Readable

N_THEMES = 6  # with more, nearly everybody has a combination of their own
N_PATTERNS = 15
NONE_OF_THEM, OTHERS = "none of them", "other combinations"

_NOBODY_WHOLE = "nobody was coded for all of these themes, so no combination can be read off"
_NO_THEME = "no theme was coded for anybody in this wave, so there is nothing to combine"


@dataclass(frozen=True, repr=False)
class ThemePatterns(Readable):
    """Combinations of themes by the people who have exactly these.

    Parameters
    ----------
    crosstab
        Where the people and their groups come from.
    themes
        Ids of the themes that were combined.
    table
        ``pattern, theme_ids, group, n_with_pattern, n_total``: people of the group with exactly these of the themes;
        one row per pattern and group, and per pattern for group ``all``. ``theme_ids`` are separated by spaces,
        ``pattern`` is the same with `` + `` between, ``none of them``, or ``other combinations`` for all that were
        not kept apart. The pattern of most people first, ``none of them`` and ``other combinations`` at the end.
    sets
        ``theme_id, theme_label, group, n_with_theme, n_total``: how many of the same people have each theme, in
        any combination.
    n_used, n_missing
        People who were coded for all these themes, and people left out because they were not.
    n_others
        Combinations behind ``other combinations``.
    reason
        Why there is no combination; None where there is one.
    """

    crosstab: ThemeCrosstab
    themes: tuple[str, ...]
    table: pd.DataFrame
    sets: pd.DataFrame
    n_used: int
    n_missing: int
    n_others: int
    reason: str | None


def theme_patterns(
    by_outcome: ThemeCrosstab,
    *,
    themes: Sequence[str] | None = None,
    n_themes: int = N_THEMES,
    n_patterns: int | None = N_PATTERNS,
) -> ThemePatterns:
    """Count the combinations of themes in each outcome group.

    Parameters
    ----------
    by_outcome
        Themes by outcome groups; its people are counted, as far as they were coded for every chosen theme.
    themes
        Theme ids to combine; None takes the leading ones, see :func:`leading_themes`.
    n_themes
        How many of the leading themes, where ``themes`` is None.
    n_patterns
        Combinations that are kept apart, those of most people first; the others are counted together. None keeps
        all apart.

    Returns
    -------
    ThemePatterns
        How many people have exactly which of the themes, group by group.

    Raises
    ------
    CallError
        If a theme is not in the crosstab.

    Examples
    --------
    >>> import analysis_lib as al
    >>> by_outcome = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> found = theme_patterns(by_outcome, n_themes=2)
    >>> found.n_used, len(set(found.table["pattern"]))
    (24, 4)
    """
    matrix = by_outcome.matrix
    chosen = tuple(dict.fromkeys(leading_themes(by_outcome)[:n_themes] if themes is None else themes))
    for theme in chosen:
        if theme not in matrix.themes:
            raise CallError(f'There is no theme "{theme}" here.{did_you_mean(theme, matrix.themes)}')
    people = in_base(matrix)
    values = matrix.values.loc[people, list(chosen)]
    whole = values[values.notna().all(axis=1)] == 1
    groups = matrix.groups[whole.index].astype("string")
    n_used, n_missing = len(whole), int(people.sum()) - len(whole)
    reason = matrix.reason or (_NOBODY_WHOLE if chosen else _NO_THEME) if not (chosen and n_used) else None
    if reason is not None:
        return ThemePatterns(by_outcome, chosen, _NO_PATTERNS, _NO_SETS, n_used, n_missing, 0, reason)
    each = pd.Series([" ".join(whole.columns[row]) for row in whole.to_numpy()], index=whole.index)
    kept, n_others = _kept_apart(each, chosen, n_patterns)
    each = each.where(each.isin([*kept, ""]), OTHERS)
    shown = [*kept, *([""] if (each == "").any() else []), *([OTHERS] if n_others else [])]
    counts = _by_group(pd.get_dummies(each)[shown], groups, by_outcome.groups)
    table = counts.rename(columns={"what": "theme_ids", "n": "n_with_pattern"})
    names = {"": NONE_OF_THEM, OTHERS: OTHERS} | {ids: ids.replace(" ", " + ") for ids in kept}
    table.insert(0, "pattern", table["theme_ids"].map(names))
    table["theme_ids"] = table["theme_ids"].where(table["theme_ids"] != OTHERS, "")
    sets = _by_group(whole, groups, by_outcome.groups)
    sets = sets.rename(columns={"what": "theme_id", "n": "n_with_theme"})
    codebook = matrix.wave.study.codebook
    sets.insert(1, "theme_label", [codebook[theme].label for theme in sets["theme_id"]])
    return ThemePatterns(by_outcome, chosen, table, sets, n_used, n_missing, n_others, None)


_NO_PATTERNS = pd.DataFrame(columns=["pattern", "theme_ids", "group", "n_with_pattern", "n_total"])
_NO_SETS = pd.DataFrame(columns=["theme_id", "theme_label", "group", "n_with_theme", "n_total"])


def _kept_apart(each: pd.Series, chosen: tuple[str, ...], most: int | None) -> tuple[list[str], int]:
    """Patterns of most people, and how many others there are; ties by fewer themes, then by their order."""
    place = {theme: i for i, theme in enumerate(chosen)}
    size = each[each != ""].value_counts()

    def rank(pattern: str) -> tuple[int, int, list[int]]:
        ids = pattern.split()
        return -int(size[pattern]), len(ids), [place[theme] for theme in ids]

    ranked = sorted(size.index, key=rank)
    # One left over is no shorter to say than to show.
    if most is None or len(ranked) <= most + 1:
        return ranked, 0
    return ranked[:most], len(ranked) - most


def _by_group(has: pd.DataFrame, groups: pd.Series, order: tuple[str, ...]) -> pd.DataFrame:
    """``what, group, n, n_total``: people of each group, and of ``all``, for whom each column holds."""
    summed = has.astype("int64").groupby(groups.to_numpy()).sum().reindex(order, fill_value=0)
    summed.loc[ALL] = has.sum()
    sizes = groups.value_counts().reindex(order, fill_value=0)
    sizes[ALL] = len(groups)
    long = summed.rename_axis("group").T.rename_axis("what").stack().rename("n").reset_index()
    return long.assign(n=long["n"].astype("int64"), n_total=long["group"].map(sizes).astype("int64"))


def leading_themes(by_outcome: ThemeCrosstab) -> tuple[str, ...]:
    """Themes without children that occur, the largest difference from the reference first.

    Where nothing can be compared, the most widespread first. Ties keep codebook order.
    """
    codebook = by_outcome.matrix.wave.study.codebook
    overall = by_outcome.table[by_outcome.table["group"] == ALL].set_index("theme_id")
    leaves = [t for t in overall.index if not codebook.has_children(t) and overall.at[t, "n_with_theme"] > 0]
    if by_outcome.contrasts["risk_difference"].notna().any():
        size = by_outcome.contrasts.groupby("theme_id")["risk_difference"].agg(lambda d: d.abs().max())
    else:
        size = overall["share"]
    return tuple(sorted(leaves, key=lambda theme: -round(float(size.fillna(0)[theme]), 9)))
