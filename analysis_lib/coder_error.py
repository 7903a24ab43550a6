"""What would odds ratio and risk difference be if coders had made no mistakes?

A coder who misses a theme, or sees one that is not there, pulls an association towards none and makes its interval
too narrow. People who were coded independently and then settled in a consensus round show how often a coder is
right; for everybody else the settled code is imputed many times, given the one coder's code.

References: Rogan & Gladen 1978, Am J Epidemiol 107, 71-76; Cole, Chu & Greenland 2006, Int J Epidemiol 35,
1074-1081; Edwards et al. 2013, Am J Epidemiol 177, 904-912 (misclassification as missing data).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.coder_ratings import assigned, coder_ratings, codings
from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.quantitize import ALL, families, with_consensus
from analysis_lib.readable import Readable
from analysis_lib.stats.misclassification import CorrectedAssociation, corrected_association
from analysis_lib.wave import Wave

N_IMPUTATIONS = 40
FEWEST_CHECKED = 5  # people with and people without the theme, below which nothing is said about a coder

# Why a theme cannot be corrected; no phrase holds a number of people.
ONE_GROUP, NOBODY_CHECKED, FEW_WITH, FEW_WITHOUT, NO_BETTER, UNDEFINED = (
    "one of the two groups was not coded for it",
    "nobody in the two groups was settled in a consensus round",
    "too few of the settled have it",
    "too few of the settled are without it",
    "the coder was no better than chance on the settled",
    "the imputed codes give no estimate",
)

_REFLEXIVE = (
    "reflexive thematic analysis takes coding as interpretation and knows no true code, so no coder error is"
    " carried into anything"
)
_NO_COMPARISON = "no comparison group in this wave, so there is nothing to correct"
_NO_ASSIGNMENTS = (
    "nothing says who was asked to code what (no assignments), so a blank cannot be told from a miss"
)
_NO_CONSENSUS = (
    "nobody was coded independently and then settled in a consensus round, so nothing says how often a coder is"
    " right"
)


@dataclass(frozen=True, repr=False)
class CoderError(Readable):
    """Associations of themes with outcome groups, without and with the coder's error.

    Parameters
    ----------
    table
        ``theme_id, theme_label, depth, group, reference, n_with_theme, n_total, n_with_reference, n_reference,
        naive_odds_ratio, naive_or_low, naive_or_high, naive_risk_difference, naive_rd_low, naive_rd_high,
        n_checked, n_checked_with_theme, sensitivity, sens_low, sens_high, specificity, spec_low, spec_high,
        odds_ratio, or_low, or_high, risk_difference, rd_low, rd_high, smallest_cell, method, reason``; one row
        per theme and group. Counts of people with the theme are by one coder's code; ``n_checked``: people of
        the two groups who were settled in a consensus round, ``n_checked_with_theme`` those the consensus gave
        it. ``smallest_cell``: the fewest people on any side of theme by group, or settled with or without it.
    coding
        ``group, n_total, n_checked``: people with one coder's code and people settled, by group and for all.
    n_imputations
        Sets of imputed codes behind an estimate.
    reason
        Why nothing is corrected; None where it is.
    """

    crosstab: ThemeCrosstab
    table: pd.DataFrame
    coding: pd.DataFrame
    n_imputations: int
    reason: str | None


def with_coder_error(crosstab: ThemeCrosstab, *, n_imputations: int = N_IMPUTATIONS) -> CoderError:
    """Carry coders' errors into the contrasts of a crosstab.

    Parameters
    ----------
    crosstab
        Themes by outcome groups.
    n_imputations
        Sets of imputed codes, at least 2.

    Returns
    -------
    CoderError
        With a ``reason`` where nobody was settled in a consensus round or the tradition is reflexive.

    Notes
    -----
    The fallible code is one coder's independent code: of people whom two coded, that of the coder who coded most
    people alone, since those are the people whose codes are imputed. The consensus is taken for the truth where
    there was one. Assumed is that

    - a coder errs as often in the one group as in the other (nondifferential error), which blind coding makes
      believable and nothing else does;
    - the people who were settled are like the others as far as mistakes go;
    - coders err alike, and a person's own error does not hang on their other themes.

    The naive estimates take one coder's code for the truth throughout, with the same formulas as the corrected
    ones (Woolf's log odds ratio), so that the two columns differ by the correction alone; the table of contrasts
    uses the consensus where there is one and exact intervals.

    Examples
    --------
    >>> import analysis_lib as al
    >>> matrix = al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b"))
    >>> with_coder_error(al.crosstab_themes(matrix)).reason
    'no comparison group in this wave, so there is nothing to correct'
    """
    themes, wave = crosstab.matrix, crosstab.matrix.wave
    inside = themes.groups.notna()
    if wave.study.base == "any_theme":
        inside &= (themes.values == 1).any(axis=1)
    people = themes.values.index[inside]
    code, truth = one_coders_codes(wave), settled_codes(wave)
    code, truth = (frame.reindex(index=people, columns=list(themes.themes)) for frame in (code, truth))
    truth = truth.where(code.notna())  # somebody settled whom nobody coded alone says nothing about a coder
    group = themes.groups.loc[people].astype("string")
    reason = _why_not(crosstab, truth)
    rows = []
    for row in crosstab.contrasts.itertuples() if reason is None else ():
        here = (group.isin([row.group, row.reference]) & code[row.theme_id].notna()).to_numpy()
        found = _corrected(
            code.loc[here, row.theme_id].to_numpy(),
            (group[here] == row.group).to_numpy(dtype=bool),
            truth.loc[here, row.theme_id].to_numpy(),
            m=n_imputations,
            seed=wave.study.seed,
        )
        rows.append(
            {"theme_id": row.theme_id, "theme_label": row.theme_label, "depth": row.depth}
            | {"group": row.group, "reference": row.reference}
            | found
        )
    table = with_naive(pd.DataFrame(rows, columns=[name for name in _COLUMNS if name not in _NAIVE]))
    return CoderError(crosstab, table[_COLUMNS], _coding(crosstab, group, code, truth), n_imputations, reason)


def _why_not(crosstab: ThemeCrosstab, truth: pd.DataFrame) -> str | None:
    wave = crosstab.matrix.wave
    if wave.study.tradition == "reflexive":
        return _REFLEXIVE
    if crosstab.matrix.reason is not None:
        return crosstab.matrix.reason
    sizes = dict(zip(crosstab.groups, crosstab.n_groups, strict=True))
    if sizes.get(crosstab.reference, 0) == 0 or sum(n > 0 for n in sizes.values()) < 2:
        return _NO_COMPARISON
    if not len(wave.assignments):
        return _NO_ASSIGNMENTS
    return _NO_CONSENSUS if truth.isna().to_numpy().all() else None


def one_coders_codes(wave: Wave) -> pd.DataFrame:
    """People x themes: 1 given, 0 not given by one coder independently, NaN where no coder was asked.

    Of people whom two coders coded, the code of the one who coded most people alone stands, first by id among
    equals, on the material that both were asked to code.
    """
    asked, given = assigned(wave, "independent"), codings(wave, "independent")
    codes = _codes(wave, asked, given)
    ratings = coder_ratings(wave)
    both = list(ratings.people)
    alone = asked[~asked["participant_id"].isin(both)].groupby("coder_id")["participant_id"].nunique()
    order = sorted(range(len(ratings.coders)), key=lambda i: (-int(alone.get(ratings.coders[i], 0)), i))
    if both:
        rated = ratings.values[:, order, :]
        first = np.isfinite(rated).argmax(axis=1)
        chosen = np.take_along_axis(rated, first[:, None, :], axis=1)[:, 0, :]
        # What two were asked about leaves out what one of them was asked about alone.
        codes.loc[both] = np.where(np.isfinite(chosen), chosen, codes.loc[both])
    return codes


def settled_codes(wave: Wave) -> pd.DataFrame:
    """People x themes: 1 present, 0 absent after the consensus round, NaN where there was none.

    A consensus that lists its codes settles those alone; one that was never assigned settles the whole codebook.
    """
    asked, agreed = assigned(wave, "consensus"), codings(wave, "consensus")
    unlisted = sorted(with_consensus(wave) - set(asked["participant_id"]))
    whole = pd.DataFrame({"participant_id": unlisted, "codes": ""}, dtype="string")
    return _codes(wave, pd.concat([asked[["participant_id", "codes"]], whole]), agreed)


def _codes(wave: Wave, asked: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """1 where a code or one below it was given, 0 where it was only asked for, NaN elsewhere."""
    below = families(wave.study.codebook)
    people = wave.participants.index[wave.participants["agreed"] & wave.participants["has_material"]]
    found = pd.DataFrame(np.nan, index=people, columns=list(wave.study.codebook.ids))
    for codes, rows in asked.groupby(asked["codes"].fillna("")):
        mine = people.intersection(pd.Index(rows["participant_id"].unique()))
        listed = {theme for code in str(codes).split() for theme in below.get(code, ())}
        found.loc[mine, sorted(listed) if listed else list(found.columns)] = 0.0
    for theme, family in below.items():
        holders = people.intersection(
            pd.Index(given.loc[given["code_id"].isin(family), "participant_id"].unique())
        )
        found.loc[holders, theme] = found.loc[holders, theme].where(found.loc[holders, theme].isna(), 1.0)
    return found


_NAIVE = ["naive_odds_ratio", "naive_or_low", "naive_or_high",
          "naive_risk_difference", "naive_rd_low", "naive_rd_high"]  # fmt: skip
_ACCURACY = ["sensitivity", "sens_low", "sens_high", "specificity", "spec_low", "spec_high"]
_CORRECTED = ["odds_ratio", "or_low", "or_high", "risk_difference", "rd_low", "rd_high"]
_FOUR = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
_COLUMNS = ["theme_id", "theme_label", "depth", "group", "reference", *_FOUR, *_NAIVE, "n_checked",
            "n_checked_with_theme", *_ACCURACY, *_CORRECTED, "smallest_cell", "method", "reason"]  # fmt: skip


def _corrected(
    code: np.ndarray, inside: np.ndarray, truth: np.ndarray, *, m: int, seed: int
) -> dict[str, object]:
    """One theme in two groups: counts, accuracy of the coder and corrected estimates, or why there are none."""
    checked = np.isfinite(truth)
    n_with, n_checked = int((truth == 1).sum()), int(checked.sum())
    n_total, n_reference = int(inside.sum()), int((~inside).sum())
    n_theme, n_other = int(code[inside].sum()), int(code[~inside].sum())
    smallest = min(n_theme, n_total - n_theme, n_other, n_reference - n_other, n_with, n_checked - n_with)
    found: dict[str, object] = dict.fromkeys([*_ACCURACY, *_CORRECTED], np.nan)
    found |= dict(zip(_FOUR, (n_theme, n_total, n_other, n_reference), strict=True))
    found |= {"n_checked": n_checked, "n_checked_with_theme": n_with, "smallest_cell": smallest, "method": ""}
    why = _why_left_out(n_total, n_reference, n_with, n_checked)
    if why is None and code[truth == 1].mean() <= code[truth == 0].mean():
        why = NO_BETTER
    if why is None:
        result = corrected_association(code, inside.astype(int), truth, m=m, seed=seed)
        if result.reason is None:
            found |= _estimates(result) | {"method": "imputed codes, Rubin's rules"}
        else:
            why = UNDEFINED
    return found | {"reason": why}


def _why_left_out(n_total: int, n_reference: int, n_with: int, n_checked: int) -> str | None:
    if min(n_total, n_reference) == 0:
        return ONE_GROUP
    if n_checked == 0:
        return NOBODY_CHECKED
    if n_with < FEWEST_CHECKED:
        return FEW_WITH
    return FEW_WITHOUT if n_checked - n_with < FEWEST_CHECKED else None


def _estimates(result: CorrectedAssociation) -> dict[str, object]:
    log_odds, risk = result.log_odds_ratio, result.risk_difference
    values = [float(value[0]) for accuracy in (result.sensitivity, result.specificity)
              for value in (accuracy.estimate, accuracy.conf_low, accuracy.conf_high)]  # fmt: skip
    values += [float(np.exp(value)) for value in (log_odds.estimate, log_odds.conf_low, log_odds.conf_high)]
    values += [risk.estimate, risk.conf_low, risk.conf_high]
    return dict(zip([*_ACCURACY, *_CORRECTED], values, strict=True))


def with_naive(counts: pd.DataFrame) -> pd.DataFrame:
    """Add the naive odds ratio and risk difference, as they follow from one coder's codes.

    Works on exact and on released counts alike; a missing count gives missing values.
    """
    four = counts[_FOUR].to_numpy(dtype=float, na_value=np.nan)
    values = [_naive(*row) for row in four]
    return counts.assign(**{name: [value[i] for value in values] for i, name in enumerate(_NAIVE)})


def _naive(x1: float, n1: float, x0: float, n0: float) -> tuple[float, ...]:
    if not np.isfinite([x1, n1, x0, n0]).all() or min(n1, n0) == 0 or x1 > n1 or x0 > n0:
        return (np.nan,) * len(_NAIVE)
    sizes = [int(x1), int(n1 - x1), int(x0), int(n0 - x0)]
    code, inside = np.repeat([1, 0, 1, 0], sizes), np.repeat([1, 1, 0, 0], sizes)
    found = corrected_association(code, inside, np.full(len(code), np.nan))
    log_odds, risk = found.naive_log_odds_ratio, found.naive_risk_difference
    odds = np.exp([log_odds.estimate, log_odds.conf_low, log_odds.conf_high])
    return (*map(float, odds), risk.estimate, risk.conf_low, risk.conf_high)


def _coding(
    crosstab: ThemeCrosstab, group: pd.Series, code: pd.DataFrame, truth: pd.DataFrame
) -> pd.DataFrame:
    """People who were coded by somebody alone and people who were settled, by group and for all."""
    coded, settled = code.notna().any(axis=1), truth.notna().any(axis=1)
    rows = [
        (name, int((coded & mine).sum()), int((settled & mine).sum()))
        for name, mine in [(name, group == name) for name in crosstab.groups] + [(ALL, group.notna())]
    ]
    return pd.DataFrame(rows, columns=["group", "n_total", "n_checked"])
