"""Is the codebook saturated, per outcome group: would more people of this kind have brought new codes?

The number of different codes after one, two, ... people with a band over the order of people, an estimate of
the codes not met, and the base, run and threshold rule. They describe these codes in this sample; none of
them shows that nothing else could be said.

References: Guest, Namey & Chen 2020, PLoS ONE 15, e0232076; Chao 1987, Biometrics 43, 783-791; Hurlbert 1971,
Ecology 52, 577-586; Braun & Clarke 2021, Qual Res Sport Exerc Health 13, 201-216, on what it cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelError, did_you_mean
from analysis_lib.quantitize import ALL, ThemeMatrix, counted_segments
from analysis_lib.readable import Readable
from analysis_lib.stats.saturation import SaturationCurve, saturation_curve

BASE, RUN, THRESHOLD = 4, 2, 0.05

# Why the rule says nothing; no phrase holds a number of people.
NOBODY_WHOLE, NO_CODE = "nobody was coded for the whole codebook", "no code was given"
TOO_FEW, EMPTY_BASE = "too few people", "no code in the base"

_REFLEXIVE = "reflexive thematic analysis does not take saturation as a mark of quality, so none is estimated"


@dataclass(frozen=True, repr=False)
class ThemeSaturation(Readable):
    """Codes seen after so many people, by group.

    Parameters
    ----------
    by
        Participants column that makes the groups; None for nobody but all.
    curve
        ``group, n_participants, codes_seen, low, high, in_order``: codes expected after so many people in any
        order, the band that holds 95% of orders, and codes seen in the order of participant ids.
    summary
        ``group, n, n_left_out, codes_seen, seen_once, seen_twice, chao2, chao2_se, base_codes, reached_at,
        rule, reason``; ``n`` people who were coded for the whole codebook, ``n_left_out`` who were not,
        ``rule`` such as ``12 + 2`` or ``not reached``.
    labels
        Group -> label; ``all`` included where there are several groups.
    base, run, threshold
        The rule: people in the base, people per run, and the largest share of new codes in a run, relative to
        the codes of the base, that counts as little new.
    reason
        Why there is no curve; None where there is one.
    """

    matrix: ThemeMatrix
    by: str | None
    curve: pd.DataFrame
    summary: pd.DataFrame
    labels: dict[str, str]
    base: int
    run: int
    threshold: float
    reason: str | None


def saturation(
    themes: ThemeMatrix,
    *,
    by: str | None = "outcome_group",
    base: int = BASE,
    run: int = RUN,
    threshold: float = THRESHOLD,
    n_permutations: int = 1_000,
) -> ThemeSaturation:
    """How the number of different codes grows with the number of people.

    Parameters
    ----------
    themes
        The participant x theme matrix.
    by
        Participants column whose values make the groups; None looks at all people together only.
    base, run, threshold
        The rule of Guest, Namey & Chen.
    n_permutations
        Random orders of people behind the band.

    Returns
    -------
    ThemeSaturation
        With a ``reason`` instead of curves in the reflexive tradition or where nothing was coded.

    Raises
    ------
    ModelError
        If participants have no column ``by``.

    Notes
    -----
    Codes are counted as coders gave them: an upper theme counts only where it was given itself. People whom
    nobody was asked to code for the whole codebook are left out and counted. The rule needs an order of
    people; the tables hold none but that of their ids, so read the band rather than the rule.

    Examples
    --------
    >>> import analysis_lib as al
    >>> result = al.saturation(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    >>> result.summary[["group", "n", "codes_seen"]].to_numpy().tolist()
    [['unhelpful', 24, 19]]
    """
    wave = themes.wave
    people = wave.participants
    if by is not None and by not in people:
        raise ModelError(f'Participants have no column "{by}".{did_you_mean(by, list(people))}')
    reason = _REFLEXIVE if wave.study.tradition == "reflexive" else themes.reason
    inside = (
        themes.values.index
        if by is None
        else themes.values.index[people.loc[themes.values.index, by].notna()]
    )
    groups = pd.Series(ALL, index=inside) if by is None else people.loc[inside, by].astype("string")
    labels = _labels(themes, by, groups)
    if by is not None and groups.nunique() < 2:
        del labels[ALL]  # the one group says it already
    given = _given(themes)
    whole = themes.values.notna().all(axis=1)
    curves, rows = [], []
    for group in labels if reason is None else ():
        mine = inside if group == ALL else inside[(groups == group).to_numpy()]
        if not len(mine):
            continue
        kept = mine[whole.loc[mine].to_numpy()]
        if not len(kept):
            rows.append({"group": group, "n": 0, "n_left_out": len(mine), "reason": NOBODY_WHOLE})
            continue
        found = saturation_curve(
            given.loc[kept].to_numpy(), base=base, run=run, threshold=threshold,
            n_permutations=n_permutations, seed=wave.study.seed,
        )  # fmt: skip
        curves.append(_curve(group, found))
        rows.append({"group": group, "n": len(kept), "n_left_out": len(mine) - len(kept)} | _summary(found))
    columns = ["group", "n", "n_left_out", "codes_seen", "seen_once", "seen_twice", "chao2", "chao2_se",
               "base_codes", "reached_at", "rule", "reason"]  # fmt: skip
    names = ["group", "n_participants", "codes_seen", "low", "high", "in_order"]
    curve = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=names)
    summary = pd.DataFrame(rows, columns=columns)
    return ThemeSaturation(themes, by, curve, summary, labels, base, run, threshold, reason)


def _labels(themes: ThemeMatrix, by: str | None, groups: pd.Series) -> dict[str, str]:
    study = themes.wave.study
    if by is None:
        return {ALL: "All"}
    if by == "outcome_group":
        return {group: study.outcome.label(group) for group in study.outcome.groups} | {ALL: "All"}
    schema = study.table("participants")
    known = {column.name: column for column in schema}.get(by)
    levels = list(known.levels) if known is not None and known.levels else sorted(groups.unique())
    return {level: known.level_label(level) if known is not None else level for level in levels} | {
        ALL: "All"
    }


def _given(themes: ThemeMatrix) -> pd.DataFrame:
    """People x codes, 1 where a coder gave the code itself."""
    rows = counted_segments(themes.wave)[["participant_id", "code_id"]].drop_duplicates()
    rows = rows[rows["participant_id"].isin(themes.values.index)]
    given = pd.DataFrame(0, index=themes.values.index, columns=list(themes.values.columns))
    for code, mine in rows.groupby("code_id"):
        given.loc[mine["participant_id"], code] = 1
    return given


def _curve(group: str, found: SaturationCurve) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": group,
            "n_participants": found.n,
            "codes_seen": found.expected,
            "low": found.low,
            "high": found.high,
            "in_order": found.observed,
        }
    )


def _summary(found: SaturationCurve) -> dict[str, object]:
    rule = found.information
    return {
        "codes_seen": found.n_codes,
        "seen_once": found.n_once,
        "seen_twice": found.n_twice,
        "chao2": found.chao2,
        "chao2_se": found.chao2_se,
        "base_codes": rule.base_codes,
        "reached_at": rule.reached_at if rule.reached_at is not None else np.nan,
        "rule": rule.label if rule.reason is None else "",
        "reason": _why(found),
    }


def _why(found: SaturationCurve) -> str | None:
    if found.n_codes == 0:
        return NO_CODE
    if len(found.n) < found.information.base + found.information.run:
        return TOO_FEW
    return EMPTY_BASE if found.information.base_codes == 0 else None
