"""Who is in each wave, who left on the way, and who of an earlier wave came again?

Everybody who took part is followed to the analysis in every wave. In a panel, those who came again are counted by the
outcome group and the characteristics that they had at the start; description only, without tests.

References: APA 2018, JARS-Quant table 4, on attrition and differential attrition; STROBE (von Elm et al. 2007, BMJ 335,
806-808), items 13 and 14, with its advice against significance tests there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.counts_by_wave import NO_FILES
from analysis_lib.earlier_waves import waves_before
from analysis_lib.quantitize import ALL
from analysis_lib.readable import Readable
from analysis_lib.wave import Wave

NOT_A_PANEL = "different people take part in each wave, so nobody is followed from one to the next"
FIRST_OF_PANEL = "this is the first wave, so nobody could come again"
NOBODY_AGAIN = "nobody of an earlier wave stands in this one"
MISSING = "missing"
# What was so before therapy began; a study's covariates follow.
BASELINE = ("age", "gender", "ethnicity", "education", "employment", "modality", "format", "delivery_mode",
            "baseline_severity")  # fmt: skip
BEFORE_ENROLMENT = ("did not decline", "enrolled")  # stages of a flow that lead up to taking part

_WAVES = ["wave", "look", "opened", "closed", "data_cut", "codebook_version", "reason"]
_SIZES = ["wave", "group", "n"]
_LEFT = ["wave", "before_enrolment", "reason", "n_left"]
_RETURNED = ["since", "group", "n_before", "n_returned"]
_DIFFERENTIAL = ["variable", "label", "level", "level_label", "n_before", "n_returned", "median_returned",
                 "median_gone", "smallest_cell"]  # fmt: skip


@dataclass(frozen=True, repr=False)
class WaveAttrition(Readable):
    """Numbers of people wave by wave.

    Parameters
    ----------
    waves
        ``wave, look, opened, closed, data_cut, codebook_version, reason``, this wave last; ``reason`` why one could
        not be read.
    sizes
        ``wave, group, n``: people analysed; group ``all`` included.
    left
        ``wave, before_enrolment, reason, n_left``: everybody who left before the analysis, by reason.
    returned
        Panel only: ``since, group, n_before, n_returned``: people analysed in an earlier wave, by their group then, and
        those of them who are analysed in this one.
    differential
        Panel only: the same people of the first wave by ``variable, label, level, level_label``; a number has the
        medians of those who came again and of those who did not.
    baseline
        The first wave of the panel; None where nobody is followed.
    reason
        Why nobody is followed; None where somebody is.
    """

    wave: Wave
    waves: pd.DataFrame
    sizes: pd.DataFrame
    left: pd.DataFrame
    returned: pd.DataFrame
    differential: pd.DataFrame
    baseline: str | None
    reason: str | None


def wave_attrition(wave: Wave, *, earlier: Sequence[Wave] | None = None) -> WaveAttrition:
    """Follow the people of this wave and of those before it.

    Parameters
    ----------
    wave
        A loaded wave.
    earlier
        Waves before it, in order; None loads those that study.yaml lists before it.

    Returns
    -------
    WaveAttrition
        How many people each wave began with, lost and kept.

    Examples
    --------
    >>> import analysis_lib as al
    >>> found = al.wave_attrition(al.load_wave(al.EXAMPLE_STUDY, "2024b"))
    >>> found.sizes[found.sizes["group"] == "all"]["n"].tolist()
    [179, 24]
    """
    loaded = waves_before(wave) if earlier is None else [(each.id, each) for each in earlier]
    every = [*loaded, (wave.id, wave)]
    read = [each for _, each in every if each is not None]
    before = read[:-1]
    reason = None
    if wave.study.repeated != "panel":
        reason = NOT_A_PANEL
    elif not before:
        reason = FIRST_OF_PANEL
    elif not any(each.analysed.index.isin(wave.analysed.index).any() for each in before):
        reason = NOBODY_AGAIN
    followed = [] if reason else before
    return WaveAttrition(
        wave,
        pd.DataFrame([_facts(name, each) for name, each in every], columns=_WAVES),
        pd.DataFrame([row for each in read for row in _sizes(each)], columns=_SIZES),
        pd.DataFrame([row for each in read for row in _left(each)], columns=_LEFT),
        pd.DataFrame([row for each in followed for row in _returned(each, wave)], columns=_RETURNED),
        pd.DataFrame(_differential(followed[0], wave) if followed else [], columns=_DIFFERENTIAL),
        followed[0].id if followed else None,
        reason,
    )


def _facts(name: str, wave: Wave | None) -> tuple[object, ...]:
    if wave is None:
        return (name, None, None, None, None, None, NO_FILES)
    facts = wave.facts
    days = (facts.opened.isoformat(), facts.closed.isoformat(), facts.data_cut.isoformat())
    return (name, facts.look, *days, facts.codebook_version, None)


def _sizes(wave: Wave) -> list[tuple[str, str, int]]:
    group = wave.analysed["outcome_group"]
    sizes = [(wave.id, name, int((group == name).sum())) for name in wave.study.outcome.groups]
    return [*sizes, (wave.id, ALL, len(group))]


def _left(wave: Wave) -> list[tuple[object, ...]]:
    gone = wave.flow[wave.flow["excluded"] > 0]
    return [
        (wave.id, row.stage in BEFORE_ENROLMENT, row.reason, int(row.excluded)) for row in gone.itertuples()
    ]


def _returned(before: Wave, now: Wave) -> list[tuple[object, ...]]:
    people = before.analysed
    again = people.index.isin(now.analysed.index)
    rows: list[tuple[object, ...]] = []
    for name in (*before.study.outcome.groups, ALL):
        mine = np.full(len(people), True) if name == ALL else (people["outcome_group"] == name).to_numpy()
        rows.append((before.id, name, int(mine.sum()), int((mine & again).sum())))
    return rows


def _differential(before: Wave, now: Wave) -> list[tuple[object, ...]]:
    """Who came again, by what was so before therapy began."""
    study, people = before.study, before.analysed
    again = pd.Series(people.index.isin(now.analysed.index), index=people.index)
    schema = study.table("participants")
    rows: list[tuple[object, ...]] = []
    for name in dict.fromkeys([*BASELINE, *(covariate.column for covariate in study.covariates)]):
        if name not in people or people[name].isna().all():
            continue
        column = schema[name]
        label = (name, f"{column.title} ({column.unit})" if column.unit else column.title)
        if column.type in ("integer", "number"):
            rows += _number(label, people[name], again)
        else:
            rows += _levels(label, people[name], again, column.levels, column.level_label)
    return rows


def _number(label: tuple[str, str], values: pd.Series, again: pd.Series) -> list[tuple[object, ...]]:
    known = values.notna()
    number = values[known].to_numpy(dtype=float)
    here = again[known].to_numpy()
    medians = [float(np.median(number[side])) if side.any() else np.nan for side in (here, ~here)]
    rows: list[tuple[object, ...]] = [
        (*label, "", "", int(known.sum()), int(here.sum()), *medians, int(min(here.sum(), (~here).sum())))
    ]
    return rows + _missing(label, ~known, again)


def _levels(
    label: tuple[str, str], values: pd.Series, again: pd.Series, levels: Sequence[str], named: object
) -> list[tuple[object, ...]]:
    text = values.astype("string")
    rows: list[tuple[object, ...]] = []
    for level in levels or sorted(text.dropna().unique()):
        mine = (text == level).fillna(False)
        shown = named(str(level)) if callable(named) else str(level)
        rows.append((*label, level, shown, int(mine.sum()), int((mine & again).sum()), np.nan, np.nan, None))
    return rows + _missing(label, text.isna(), again)


def _missing(label: tuple[str, str], gone: pd.Series, again: pd.Series) -> list[tuple[object, ...]]:
    counts = (int(gone.sum()), int((gone & again).sum()))
    return [(*label, MISSING, MISSING, *counts, np.nan, np.nan, None)]
