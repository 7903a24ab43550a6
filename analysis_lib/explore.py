"""What does a wave look like when it is counted in another way: other groups, other people, another unit?

For looking around, not for testing: any column of levels can stand in for the outcome groups, people can be narrowed
down, and people, documents or segments counted. Shares of people have Wilson intervals and differences of people
Newcombe's; segments and documents of one person go together, so that their differences take people as clusters and
their shares have no interval. Nothing here has a p-value: whoever looks in many ways finds something, and a p-value
that was looked for says nothing.

References: Wilson 1927; Newcombe 1998, Stat Med 17, 873-890; Cochran 1977, Sampling Techniques, ch. 6; Simmons, Nelson
& Simonsohn 2011, Psychol Sci 22, 1359-1366.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypedDict, Unpack, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.errors import CallError, did_you_mean
from analysis_lib.quantitize import ALL, ThemeMatrix, counted_segments, quantitize
from analysis_lib.readable import Readable
from analysis_lib.segment_counts import count_segments
from analysis_lib.stats.proportions import risk_difference, wilson
from analysis_lib.stats.segments import segment_share_difference
from analysis_lib.wave import Wave

Unit = Literal["participant", "document", "segment"]
Base = Literal["all_with_material", "any_theme"]
OUTCOME = "outcome_group"
MOST_LEVELS = 30  # more than so many columns nobody compares

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]
_Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Grouping:
    """A column of participants whose levels can be compared or chosen.

    Parameters
    ----------
    column
        Its name.
    title
        Its name for readers.
    labels
        Level -> label, in the order of a table; only levels that somebody has.
    """

    column: str
    title: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """How a wave is looked at; the arguments of :func:`explore_themes`, with nothing left open."""

    by: str
    groups: tuple[str, ...]
    reference: str
    themes: tuple[str, ...]
    unit: Unit
    base: Base
    where: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, repr=False)
class Exploration(Readable):
    """Themes of a wave by chosen groups.

    Parameters
    ----------
    matrix
        Who was looked at: everybody who agreed to analysis, has material, has one of the groups, and passes ``where``.
    choice
        How it was looked at.
    grouping
        What the groups are levels of.
    table
        ``theme_id, theme_label, depth, group, n_with_theme, n_total, share, conf_low, conf_high, n_segments,
        n_people``; one row per theme and group, and per theme for group ``all``. ``n_with_theme`` of ``n_total`` are
        people, documents or segments, as ``choice.unit`` says; ``n_people`` is the people with the theme. Limits
        are NaN unless people are counted.
    contrasts
        ``theme_id, theme_label, depth, group, reference, n_with_theme, n_total, n_with_reference, n_reference,
        risk_difference, rd_low, rd_high``; one row per theme and group other than the reference.
    n_groups
        People per group, in the order of ``choice.groups``.
    n_left_out
        People who agreed and have material but have no value in ``choice.by`` or another one, or do not pass
        ``where``.
    only
        What ``where`` comes to in words; empty for everybody.
    group
        Group of each person that was looked at, by participant_id.
    """

    matrix: ThemeMatrix
    choice: Choice
    grouping: Grouping
    table: pd.DataFrame
    contrasts: pd.DataFrame
    n_groups: tuple[int, ...]
    n_left_out: int
    only: str
    group: pd.Series


def explore_themes(
    wave: Wave,
    *,
    by: str = OUTCOME,
    groups: Sequence[str] | None = None,
    reference: str | None = None,
    themes: Sequence[str] | None = None,
    unit: Unit = "participant",
    base: Base | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
) -> Exploration:
    """Count the themes of a wave by groups of one's choice.

    Parameters
    ----------
    wave
        A loaded wave.
    by
        Column of participants whose levels are the groups; a name that there is not lists those there are.
    groups
        Which levels, in this order; None for all. Two levels compare these two alone.
    reference
        Level that the others are compared with; None for the study's reference, else the first of ``groups``.
    themes
        Theme ids; None for every theme that can be counted. Order is that of the codebook.
    unit
        What is counted: ``participant``, ``document`` or ``segment``.
    base
        Of whom shares are: ``all_with_material`` or ``any_theme``; None for the study's own. Where segments are
        counted the base is all coded segments, whatever this says.
    where
        Column -> levels that people must have to be looked at; None for everybody.

    Returns
    -------
    Exploration
        Without any p-value; see the notes.

    Raises
    ------
    CallError
        If there is no such column, level, theme, unit or base; the message lists what there is.

    Notes
    -----
    With nothing chosen the numbers of groups that hold somebody are those of
    :func:`analysis_lib.crosstab_themes`. Shares of people have Wilson intervals and their differences Newcombe's.
    Differences between shares of segments or documents are those of
    :func:`analysis_lib.stats.segments.segment_share_difference`, with people as clusters.

    Examples
    --------
    >>> import analysis_lib as al
    >>> wave = al.load_wave(al.EXAMPLE_STUDY, "2024a")
    >>> seen = al.explore_themes(wave, by="delivery_mode", where={"outcome_group": ["unhelpful", "dropped_out"]})
    >>> sum(seen.n_groups) + seen.n_left_out == wave.participants.eval("agreed & has_material").sum()
    np.True_
    """
    return Explorable(wave).explore(
        by=by, groups=groups, reference=reference, themes=themes, unit=unit, base=base, where=where
    )


class Asked(TypedDict, total=False):
    """The arguments of :func:`explore_themes` that somebody gives."""

    by: str
    groups: Sequence[str] | None
    reference: str | None
    themes: Sequence[str] | None
    unit: Unit
    base: Base | None
    where: Mapping[str, Sequence[str]] | None


class Explorable:
    """A wave that is looked at many times: what does not depend on the choice is counted once.

    Parameters
    ----------
    wave
        A loaded wave.
    """

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.matrix = quantitize(wave)
        people = wave.participants.loc[self.matrix.values.index]
        self.groupings = groupings(wave)
        self._level = {name: _levels(people[name]) for name in self.groupings}
        values = self.matrix.values.to_numpy(dtype=float)
        self._present: _Bools = values == 1
        self._codable: _Bools = ~np.isnan(values)
        self._n_segments: _Counts = self.matrix.n_segments[list(self.matrix.themes)].to_numpy()

    def explore(self, **asked: Unpack[Asked]) -> Exploration:
        """As :func:`explore_themes`, with the same arguments."""
        choice = self._choice(asked)
        group, inside = self._level[choice.by], self._inside(choice)
        return self._counted(choice, group[inside], inside)

    def _choice(self, asked: Asked) -> Choice:
        """The arguments, checked and filled in."""
        study = self.wave.study
        by, unit, base = asked.get("by", OUTCOME), asked.get("unit", "participant"), asked.get("base")
        groups, reference = asked.get("groups"), asked.get("reference")
        themes, where = asked.get("themes"), asked.get("where") or {}
        _known("by", [by], self.groupings)
        grouping = self.groupings[by]
        _known("groups", groups or (), grouping.labels)
        chosen = tuple(dict.fromkeys(groups or grouping.labels))
        own = study.outcome.reference if by == OUTCOME and study.outcome.reference in chosen else None
        _known("reference", [reference] if reference is not None else (), chosen)
        _known("themes", themes or (), self.matrix.themes)
        _known("unit", [unit], get_args(Unit))
        _known("base", [base] if base is not None else (), get_args(Base))
        _known("where", where, self.groupings)
        for column, levels in where.items():
            _known(f"where[{column!r}]", levels, self.groupings[column].labels)
        wanted = set(self.matrix.themes if themes is None else themes)
        return Choice(
            by=by,
            groups=chosen,
            reference=reference or own or next(iter(chosen), ""),
            themes=tuple(theme for theme in self.matrix.themes if theme in wanted),
            unit=unit,
            base=base or study.base,
            where={column: tuple(levels) for column, levels in where.items()},
        )

    def _inside(self, choice: Choice) -> _Bools:
        """Whether each person is looked at, shape (n,)."""
        inside = np.isin(self._level[choice.by], choice.groups)
        for column, levels in choice.where.items():
            inside &= np.isin(self._level[column], levels)
        if choice.base == "any_theme" and choice.unit == "participant":
            inside &= self._present.any(axis=1)
        return inside

    def _counted(self, choice: Choice, group: NDArray[np.object_], inside: _Bools) -> Exploration:
        matrix, at = self.matrix, self.matrix.values.columns.get_indexer(list(choice.themes))
        present = self._present[np.ix_(inside, at)]
        codable = self._codable[np.ix_(inside, at)]
        segments = self._n_segments[np.ix_(inside, at)]
        having, of = self._units(choice.unit, choice.base)
        having, of = having[np.ix_(inside, at)], np.where(codable, of[inside][:, None], 0)
        members = [group == name for name in choice.groups]
        everybody = np.ones(len(group), dtype=bool)

        def cells(values: NDArray[Any]) -> NDArray[np.int64]:
            sums = [values[here].sum(axis=0, dtype=np.int64) for here in (*members, everybody)]
            return np.array(sums).T.ravel()

        labels = {theme.id: theme.label for theme in self.wave.study.codebook}
        table = pd.DataFrame(
            {
                "theme_id": np.repeat(np.array(choice.themes, dtype=object), len(members) + 1),
                "group": [*choice.groups, ALL] * len(choice.themes),
                "n_with_theme": cells(having),
                "n_total": cells(of),
            }
        )
        table.insert(1, "theme_label", table["theme_id"].map(labels))
        table.insert(2, "depth", table["theme_id"].map(self.wave.study.codebook.depth))
        table = _with_shares(table, choice.unit).assign(n_segments=cells(segments), n_people=cells(present))
        estimate = (
            _of_people
            if choice.unit == "participant"
            else _of_clusters(having, of, dict(zip(choice.groups, members, strict=True)), choice.themes)
        )
        people = matrix.values.index[inside]
        looked_at = replace(
            matrix, values=matrix.values.loc[people, list(choice.themes)], n_segments=matrix.n_segments.loc[people],
            n_words=matrix.n_words[people],
        )  # fmt: skip
        return Exploration(
            matrix=looked_at,
            choice=choice,
            grouping=self.groupings[choice.by],
            table=table,
            contrasts=estimate(_against(table, choice)),
            n_groups=tuple(int(here.sum()) for here in members),
            n_left_out=int((~inside).sum()),
            only=self._only(choice),
            group=pd.Series(group, index=people, name=choice.by),
        )

    def _only(self, choice: Choice) -> str:
        parts = []
        for column, levels in choice.where.items():
            known = self.groupings[column]
            parts.append(f"{known.title}: {', '.join(known.labels[level] for level in levels)}")
        return f"Only {'; '.join(parts)}." if parts else ""

    def _units(self, unit: Unit, base: Base) -> tuple[NDArray[Any], NDArray[Any]]:
        """Units of each person with each theme, shape (n, c), and of each person in all, shape (n,)."""
        if unit == "participant":
            return self._present, np.ones(len(self._present), dtype=np.int64)
        if unit == "segment":
            return self._n_segments, self._all_segments
        with_theme, coded, everything = self._documents
        return with_theme, coded if base == "any_theme" else everything

    @cached_property
    def _all_segments(self) -> _Counts:
        each = counted_segments(self.wave).groupby("participant_id")["segment_id"].nunique()
        found: _Counts = each.reindex(self.matrix.values.index).fillna(0).to_numpy(dtype=np.int64)
        return found

    @cached_property
    def _documents(self) -> tuple[_Counts, _Counts, _Counts]:
        """Documents of each person with each theme, with any, and in all."""
        people, codebook = self.matrix.values.index, self.wave.study.codebook
        rows = counted_segments(self.wave)[["participant_id", "document_id", "code_id"]].dropna()
        as_segments = rows.rename(columns={"document_id": "segment_id"})
        with_theme = count_segments(as_segments, people, codebook)[list(self.matrix.themes)].to_numpy()
        pairs = ["participant_id", "document_id"]
        coded = rows[pairs].drop_duplicates()
        known = pd.concat([coded, self.wave.documents[pairs].dropna()]).drop_duplicates()
        coded_n, known_n = (
            frame["participant_id"].value_counts().reindex(people).fillna(0).to_numpy(dtype=np.int64)
            for frame in (coded, known)
        )
        return with_theme, coded_n, known_n


def groupings(wave: Wave) -> dict[str, Grouping]:
    """Columns whose levels can be compared or chosen: column -> what it is.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    dict
        The outcome group first, then the columns of the contract and of study.yaml that hold between two and
        ``MOST_LEVELS`` levels among those who agreed and have material; last whether each dropout definition applies.

    Examples
    --------
    >>> import analysis_lib as al
    >>> list(groupings(al.load_wave(al.EXAMPLE_STUDY, "2024a")))[:3]
    ['outcome_group', 'perceived_helpfulness', 'termination_type']
    """
    study, people = wave.study, wave.participants
    people = people[people["agreed"] & people["has_material"]]
    themes = {theme.id: theme.label for theme in study.codebook}
    present = set(people[OUTCOME].dropna())
    outcome = {group: study.outcome.label(group) for group in study.outcome.groups if group in present}
    found = {OUTCOME: Grouping(OUTCOME, "Outcome group", outcome)}
    for column in study.table("participants"):
        if column.name == OUTCOME or column.name not in people or column.type not in ("string", "boolean"):
            continue
        here = {str(level) for level in _levels(people[column.name]) if level is not None}
        order = [level for level in column.levels if level in here] or sorted(here)
        if 2 <= len(order) <= MOST_LEVELS:
            ids = column.name.endswith("_id")  # printed as they are
            codes = column.name.startswith("ending_reason_")
            labels = {
                level: level if ids else themes.get(level, level) if codes else column.level_label(level)
                for level in order
            }
            found[column.name] = Grouping(column.name, column.title, labels)
    for definition in study.dropout_definitions:
        name = f"dropout_{definition.name}"
        here = set(_levels(people[name])) - {None}
        if len(here) == 2:
            title = f"Dropped out ({definition.name.replace('_', ' ')})"
            found[name] = Grouping(name, title, {"no": "Did not drop out", "yes": "Dropped out"})
    return found


def _levels(values: pd.Series) -> NDArray[np.object_]:
    """Levels as text, yes and no for what is true or false, None where there is none."""
    flags = pd.api.types.is_bool_dtype(values.dtype)
    said = values.map({True: "yes", False: "no"}) if flags else values
    found: NDArray[np.object_] = said.astype(object).where(values.notna(), None).to_numpy(dtype=object)
    return found


def _known(what: str, given: Any, allowed: Any) -> None:
    """Refuse a name that does not exist, with those that do."""
    for name in given:
        if name not in allowed:
            names = ", ".join(map(str, allowed)) or "none in this wave"
            raise CallError(
                f"{what}: there is no such name.{did_you_mean(str(name), allowed)} Allowed: {names}."
            )


def _with_shares(table: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    """Add ``share, conf_low, conf_high``; units other than people have no interval of their own."""
    x, n = table["n_with_theme"].to_numpy(dtype=float), table["n_total"].to_numpy(dtype=float)
    if unit == "participant":
        interval = wilson(x, n)
        return table.assign(share=interval.estimate, conf_low=interval.conf_low, conf_high=interval.conf_high)
    share = np.divide(x, n, out=np.full(len(x), np.nan), where=n > 0)
    return table.assign(share=share, conf_low=np.nan, conf_high=np.nan)


def _against(table: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The counts of each group other than the reference, with those of the reference beside them."""
    kept = table[["theme_id", "theme_label", "depth", "group", "n_with_theme", "n_total"]]
    base = kept[kept["group"] == choice.reference].set_index("theme_id")
    others = kept[~kept["group"].isin([choice.reference, ALL])].reset_index(drop=True)
    others.insert(4, "reference", choice.reference)
    return others.assign(
        n_with_reference=others["theme_id"].map(base["n_with_theme"]).astype("int64"),
        n_reference=others["theme_id"].map(base["n_total"]).astype("int64"),
    )


def _of_people(counts: pd.DataFrame) -> pd.DataFrame:
    four = ("n_with_theme", "n_total", "n_with_reference", "n_reference")
    found = risk_difference(*(counts[name].to_numpy(float) for name in four))
    return counts.assign(risk_difference=found.estimate, rd_low=found.conf_low, rd_high=found.conf_high)


def _of_clusters(
    having: NDArray[Any], of: NDArray[Any], members: Mapping[str, _Bools], themes: Sequence[str]
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Differences between shares of what people said, with people as clusters."""
    at = {theme: i for i, theme in enumerate(themes)}

    def estimate(counts: pd.DataFrame) -> pd.DataFrame:
        rows = []
        for theme, group, reference in zip(
            counts["theme_id"], counts["group"], counts["reference"], strict=True
        ):
            mine = (members[group] | members[reference]) & (of[:, at[theme]] > 0)
            here, all_ = having[mine, at[theme]], of[mine, at[theme]]
            first = members[group][mine]
            if first.all() or not first.any():
                rows.append((np.nan, np.nan, np.nan))
                continue
            found = segment_share_difference(here, all_, first)
            rows.append((found.estimate, found.conf_low, found.conf_high))
        three: _Floats = np.array(rows, dtype=float).reshape(-1, 3)
        return counts.assign(risk_difference=three[:, 0], rd_low=three[:, 1], rd_high=three[:, 2])

    return estimate
