"""What moved since earlier waves beyond noise, and what cannot be compared?

Each theme's share is counted in every wave as the codebook of this wave means it. Where different people take part,
the change has Newcombe's interval; where the same people do, only those who stand in both waves are compared, with
Tango's. Tests are made for this wave alone, against the wave before it and against the first.

References: Newcombe 1998, Stat Med 17, 873-890; Tango 1998, Stat Med 17, 891-908; McNemar 1947, Psychometrika 12,
153-157; Holm 1979, Scand J Stat 6, 65-70; APA 2018, JARS-Quant table 4, on attrition and changed instruments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis_lib.change_tests import INDEPENDENT, PAIRED, TESTS, change_tests
from analysis_lib.codebook_changes import changes_between
from analysis_lib.counts_by_wave import NO_FILES, NOBODY_HERE
from analysis_lib.crosstab import SMALLEST_GROUP, in_base
from analysis_lib.earlier_waves import waves_before
from analysis_lib.quantitize import ALL, ThemeMatrix, quantitize
from analysis_lib.readable import Readable
from analysis_lib.share_changes import changes_of, with_change_tiers
from analysis_lib.study import Study
from analysis_lib.themes_as_now import ThemesAsNow, themes_as_now
from analysis_lib.wave import Wave

FIRST_WAVE = "this is the first wave, so there is nothing to compare it with"
NO_EARLIER = "no earlier wave can be read, so there is nothing to compare this one with"
NO_COMMON_THEME = "no theme means the same in this wave and in an earlier one"
NO_REPEATS = "the study is declared a panel, but nobody who is analysed stands in both waves"
OTHER_GROUPS = "other outcome groups than in this wave"

SHARES = [
    "theme_id",
    "theme_label",
    "depth",
    "wave",
    "group",
    "n_with_theme",
    "n_total",
    "comparable",
    "reason",
]
STEPS = ["theme_id", "wave", "group", "since", "n_now_only", "n_before_only", "n_pairs", "method", "reason"]
WAVES = ["wave", "look", "codebook_version", "n_counted", "n_repeated", "reason"]


@dataclass(frozen=True, repr=False)
class WaveComparison(Readable):
    """The themes of this wave beside those of the waves before it.

    Parameters
    ----------
    matrix
        Participants by themes of this wave.
    earlier
        The waves before it that could be read, in order.
    waves
        ``wave, look, codebook_version, n_counted, n_repeated, reason``, this wave last. ``n_repeated``: people who
        stand in an earlier wave too; where waves are independent they count there and not here.
    shares
        ``theme_id, theme_label, depth, wave, group, n_with_theme, n_total, comparable, reason``; group ``all`` is
        everybody. ``comparable``: whether the share can be held against that of this wave; ``reason`` why it cannot.
    steps
        ``theme_id, wave, group, since, n_now_only, n_before_only, n_pairs, method, reason``: each wave against the one
        before it, and this wave against the first. The three counts are of people who stand in both waves, and missing
        where waves are independent; their group is that of the earlier wave.
    tests
        ``theme_id, group, since, p_value, p_adjusted, reason``: this wave only.
    changes
        Everything that follows from shares, steps and tests; see :func:`analysis_lib.share_changes.changes_of`.
    codebook
        ``since`` and the columns of :func:`analysis_lib.codebook_changes.changes_between`.
    reason
        Why nothing is compared; None where something is.
    """

    matrix: ThemeMatrix
    earlier: tuple[Wave, ...]
    waves: pd.DataFrame
    shares: pd.DataFrame
    steps: pd.DataFrame
    tests: pd.DataFrame
    changes: pd.DataFrame
    codebook: pd.DataFrame
    reason: str | None

    @property
    def previous(self) -> Wave | None:
        """The last wave before this one that could be read; None where this is the first."""
        return self.earlier[-1] if self.earlier else None


def leading_changes(comparison: WaveComparison) -> tuple[str, ...]:
    """Lowest themes that occur, the largest change of this wave first; those not compared come last.

    Ties keep codebook order.
    """
    wave = comparison.matrix.wave
    shares = comparison.shares
    occur = shares[(shares["group"] == ALL) & (shares["n_with_theme"] > 0)]["theme_id"]
    lowest = [theme for theme in dict.fromkeys(shares["theme_id"]) if theme in set(occur)]
    lowest = [theme for theme in lowest if not wave.study.codebook.has_children(theme)]
    mine = comparison.changes[comparison.changes["wave"] == wave.id]
    tested = mine[mine["p_value"].notna() | mine["not_tested"].notna()]
    size = tested["change"].abs().groupby(tested["theme_id"]).max().round(9)
    return tuple(sorted(lowest, key=lambda theme: -size.get(theme, -1.0)))


def compare_waves(wave: Wave, *, earlier: Sequence[Wave] | None = None) -> WaveComparison:
    """Hold the themes of a wave against those of the waves before it.

    Parameters
    ----------
    wave
        A loaded wave.
    earlier
        Waves before it, in order; None loads those that study.yaml lists before it.

    Returns
    -------
    WaveComparison
        With a ``reason`` instead of changes in a first wave, where no theme means the same, and in a panel nobody of
        which comes twice. In the reflexive tradition shares and changes have no tests.

    Notes
    -----
    Everybody together is compared where both waves hold the same outcome groups; a group that one wave lacks and that
    holds fewer than five people in the other does not count for that. Where they do not, the groups that both hold
    are compared, so that a change in who was asked does not pass for a change in what was said. p-values of everybody
    are of the exact conditional test inside outcome groups, of one group Fisher's, of a panel McNemar's; adjusted ones
    are Holm's over all themes (and groups) held against one wave. A theme that could not reach alpha whatever the data
    is not tested and not counted.

    Examples
    --------
    >>> import analysis_lib as al
    >>> al.compare_waves(al.load_wave(al.EXAMPLE_STUDY, "2024a")).reason
    'this is the first wave, so there is nothing to compare it with'
    """
    loaded = waves_before(wave) if earlier is None else [(each.id, each) for each in earlier]
    read = tuple(each for _, each in loaded if each is not None)
    matrix = quantitize(wave)
    matrices = [*(quantitize(each) for each in read), matrix]
    themes = _themes(matrices)
    people, waves = _people(matrices, wave.study, loaded)
    seen = [themes_as_now(each, themes, wave.facts.codebook_version) for each in matrices]
    shares = _shares(matrices, people, seen, themes)
    steps = _steps(matrices, people, seen, shares)
    reason = matrix.reason or _cannot_compare(loaded, shares, steps, wave)
    tests = pd.DataFrame(columns=TESTS) if reason else change_tests(wave, shares, steps)
    changes = with_change_tiers(
        changes_of(shares, steps),
        tests,
        smallest_difference=wave.study.smallest_difference,
        alpha=wave.study.alpha,
    )
    return WaveComparison(matrix, read, waves, shares, steps, tests, changes, _codebook(read, wave), reason)


def _themes(matrices: list[ThemeMatrix]) -> tuple[str, ...]:
    """Themes of any of the waves, in codebook order."""
    there = {theme for matrix in matrices for theme in matrix.themes}
    return tuple(theme for theme in matrices[-1].wave.study.codebook.ids if theme in there)


def _people(
    matrices: list[ThemeMatrix], study: Study, loaded: Sequence[tuple[str, Wave | None]]
) -> tuple[list[pd.Index], pd.DataFrame]:
    """Who counts in each wave that could be read, and what became of every wave."""
    counted: set[str] = set()
    people: list[pd.Index] = []
    rows: dict[str, tuple[object, ...]] = {}
    for matrix in matrices:
        everybody = matrix.values.index[in_base(matrix)]
        again = everybody.isin(list(counted))
        mine = everybody if study.repeated == "panel" else everybody[~again]
        counted.update(everybody)
        people.append(mine)
        facts = matrix.wave.facts
        known = (facts.look, facts.codebook_version, len(mine), int(again.sum()), matrix.reason)
        rows[matrix.wave.id] = known
    names = [*(name for name, _ in loaded), matrices[-1].wave.id]
    unread = (pd.NA, None, pd.NA, pd.NA, NO_FILES)
    frame = pd.DataFrame([(name, *rows.get(name, unread)) for name in names], columns=WAVES)
    return people, frame.astype({"look": "Int64", "n_counted": "Int64", "n_repeated": "Int64"})


def _shares(
    matrices: list[ThemeMatrix], people: list[pd.Index], seen: list[ThemesAsNow], themes: tuple[str, ...]
) -> pd.DataFrame:
    """People with each theme of those who could have it, per wave and group and for all."""
    study = matrices[-1].wave.study
    groups = study.outcome.groups
    sizes = [matrix.groups.loc[mine].value_counts().reindex(groups, fill_value=0) for matrix, mine in
             zip(matrices, people, strict=True)]  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for matrix, mine, then, size in zip(matrices, people, seen, sizes, strict=True):
        values, group = then.values.loc[mine], matrix.groups.loc[mine].astype("string").to_numpy()
        present = (values == 1).groupby(group).sum().reindex(groups, fill_value=0)
        could = values.notna().groupby(group).sum().reindex(groups, fill_value=0)
        mixed = OTHER_GROUPS if _other_groups(size, sizes[-1]) else None
        for theme in themes:
            strange = then.reasons.get(theme)
            label = (theme, study.codebook[theme].label, study.codebook.depth(theme), matrix.wave.id)
            unknown = strange is not None and not could[theme].any()
            for name in (*groups, ALL):
                x, n = (int(f[theme].sum() if name == ALL else f.at[name, theme]) for f in (present, could))
                why = strange or (mixed if name == ALL else None) or (NOBODY_HERE if n == 0 else None)
                counts = (pd.NA, pd.NA) if unknown else (x, n)
                rows.append((*label, name, *counts, why is None, why))
    return pd.DataFrame(rows, columns=SHARES).astype({"n_with_theme": "Int64", "n_total": "Int64"})


def _other_groups(one: pd.Series, other: pd.Series) -> bool:
    """Whether a group stands in one of two waves only; a handful of people does not count."""
    alone = ((one == 0) | (other == 0)) & (np.maximum(one, other) >= SMALLEST_GROUP)
    return bool(alone.any())


def _steps(
    matrices: list[ThemeMatrix], people: list[pd.Index], seen: list[ThemesAsNow], shares: pd.DataFrame
) -> pd.DataFrame:
    """Each wave against the one before it, and this wave against the first."""
    last = len(matrices) - 1
    pairs = [(i, i - 1) for i in range(1, last + 1)] + ([(last, 0)] if last > 1 else [])
    panel = matrices[-1].wave.study.repeated == "panel"
    known = {
        (row.theme_id, row.wave, row.group): None if pd.isna(row.reason) else row.reason
        for row in shares.itertuples()
    }
    rows: list[tuple[object, ...]] = []
    for now, before in pairs:
        wave, since = matrices[now].wave.id, matrices[before].wave.id
        both = people[now].intersection(people[before])
        twice = _twice(seen[now], seen[before], both, matrices[before].groups) if panel else {}
        for theme, group in dict.fromkeys(zip(shares["theme_id"], shares["group"], strict=True)):
            why = known[theme, since, group] or known[theme, wave, group]
            counts: tuple[object, ...] = (pd.NA, pd.NA, pd.NA)
            if panel:
                counts = twice.get((theme, group), (0, 0, 0))
                why = (None if why == OTHER_GROUPS else why) or (NO_REPEATS if counts[2] == 0 else None)
            rows.append((theme, wave, group, since, *counts, PAIRED if panel else INDEPENDENT, why))
    frame = pd.DataFrame(rows, columns=STEPS)
    return frame.astype({"n_now_only": "Int64", "n_before_only": "Int64", "n_pairs": "Int64"})


def _twice(
    now: ThemesAsNow, before: ThemesAsNow, people: pd.Index, groups: pd.Series
) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Theme and group -> people with it now only, before only, and everybody who could have it both times."""
    one, other = now.values.loc[people], before.values.loc[people]
    could = one.notna() & other.notna()
    gained, lost = could & (one == 1) & (other == 0), could & (one == 0) & (other == 1)
    group = groups.loc[people].astype("string").to_numpy()
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for name in (*pd.unique(group), ALL):
        mine = np.full(len(people), True) if name == ALL else group == name
        sums = [frame.loc[mine].sum() for frame in (gained, lost, could)]
        found |= {(theme, str(name)): tuple(int(s[theme]) for s in sums) for theme in one}  # type: ignore[misc]
    return found


def _cannot_compare(
    loaded: Sequence[tuple[str, Wave | None]], shares: pd.DataFrame, steps: pd.DataFrame, wave: Wave
) -> str | None:
    if not loaded:
        return FIRST_WAVE
    if all(each is None for _, each in loaded):
        return NO_EARLIER
    mine = steps[steps["wave"] == wave.id]
    if mine["reason"].isna().any():
        return None
    why = set(mine["reason"])
    if NO_REPEATS in why:
        return NO_REPEATS
    before = shares[(shares["wave"] != wave.id) & (shares["group"] != ALL)]
    if not before["comparable"].any():
        return NO_COMMON_THEME
    return "no outcome group holds people both in this wave and in an earlier one"


def _codebook(earlier: tuple[Wave, ...], wave: Wave) -> pd.DataFrame:
    """What changed in the codebook since the wave before and since the first."""
    since = [*earlier[-1:], *(earlier[:1] if len(earlier) > 1 else ())]
    parts = []
    for each in since:
        found = changes_between(wave.study.codebook, each.facts.codebook_version, wave.facts.codebook_version)
        found.insert(0, "since", each.id)
        parts.append(found)
    empty = changes_between(replace(wave.study.codebook, themes=()), "1", "1")
    empty.insert(0, "since", "")
    return (
        pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else empty
    )
