"""Does the agreement that a coding program printed hold, and if it differs, why?

Every printed figure is recomputed on people whom both coders were asked to code. Where it differs, the usual
other ways of counting are tried: blanks read as absent, segments as the unit, and the kappa by characters that
QualCoder prints, which is not Cohen's. The first that gives the printed figure is named.

References: Cohen 1960, Educ Psychol Meas 20, 37-46; O'Connor & Joffe 2020; QualCoder, report of coding
comparison (its "Kappa" multiplies the chances of yes and of no, where Cohen adds them).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis_lib.coder_ratings import CoderRatings, FloatArray, codings
from analysis_lib.quantitize import families
from analysis_lib.stats.agreement import agreement
from analysis_lib.wave import Wave

SAME_TO = 0.005  # programs print two decimals
SAME = "the same"
BLANKS = "what reading blanks as absent gives, also for people whom one coder never had"
SEGMENTS = "what counting segments instead of people gives"
QUALCODER = "the kappa of QualCoder by characters, which is not Cohen's"
UNKNOWN = "another unit or formula, none that can be recomputed from these tables"
NOT_HERE = "nothing to compare it with"
_COLUMNS = ["tool", "code_id", "code_label", "statistic", "claimed", "recomputed", "smallest_cell", "reading"]


def compare_with_claims(wave: Wave, ratings: CoderRatings) -> pd.DataFrame:
    """What programs printed beside what is recomputed.

    Parameters
    ----------
    wave
        A loaded wave; its ``claimed_agreement`` table holds the printed figures.
    ratings
        Ratings of the independent round; no rows where nobody was rated.

    Returns
    -------
    DataFrame
        ``tool, code_id, code_label, statistic, claimed, recomputed, smallest_cell, reading``, one row per
        printed figure. ``reading`` says which way of counting gives the printed figure.

    Notes
    -----
    With :math:`A` and :math:`B` characters coded by each of two coders, :math:`D` by both and
    :math:`U=A+B-D`, QualCoder prints :math:`(D/U-e)/(1-e)` with :math:`e=(AB/U^2)\\,((U-A)(U-B)/U^2)`.
    """
    rows = []
    for claim in wave.claimed_agreement.itertuples() if ratings.people else ():
        label = wave.study.codebook[claim.code_id].label if claim.code_id in wave.study.codebook else ""
        start = (claim.tool, claim.code_id, label, claim.statistic, float(claim.value))
        names = _coders(claim.coders, ratings)
        if not label or len(names) < 2:
            rows.append((*start, np.nan, 0, NOT_HERE))
            continue
        units = ratings.of(str(claim.code_id))[:, [ratings.coders.index(name) for name in names]]
        units = units[np.isfinite(units).sum(axis=1) >= 2]
        given = np.nansum(units, axis=1)
        cell = min(int((given == np.isfinite(units).sum(axis=1)).sum()), int((given == 0).sum()))
        ours = _statistic(units, claim.statistic)
        reading = _reading(wave, names, claim, ours)
        rows.append((*start, ours, cell, reading))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _coders(listed: object, ratings: CoderRatings) -> tuple[str, ...]:
    """The coders that a printed figure is about; all of the round where it names none."""
    named = str(listed).split() if isinstance(listed, str) else []
    return tuple(name for name in ratings.coders if not named or name in named)


def _reading(wave: Wave, names: tuple[str, ...], claim: object, ours: float) -> str:
    claimed, statistic = float(claim.value), str(claim.statistic)  # type: ignore[attr-defined]  # itertuples
    if abs(claimed - ours) < SAME_TO:
        return SAME
    for reading, value in _others(wave, names, str(claim.code_id), statistic):  # type: ignore[attr-defined]
        if abs(claimed - value) < SAME_TO:
            return reading
    return UNKNOWN


def _others(wave: Wave, names: tuple[str, ...], code: str, statistic: str) -> Iterator[tuple[str, float]]:
    """The same statistic, counted otherwise."""
    coded = codings(wave, "independent")
    mine = coded[coded["code_id"].isin(families(wave.study.codebook)[code])]
    people = wave.participants.index[wave.participants["agreed"] & wave.participants["has_material"]]
    units = [people.isin(mine.loc[mine["coder_id"] == name, "participant_id"]) for name in names]
    yield BLANKS, _statistic(np.column_stack(units).astype(float), statistic)
    segments = pd.Index(coded.loc[coded["coder_id"].isin(names), "segment_id"].unique())
    units = [segments.isin(mine.loc[mine["coder_id"] == name, "segment_id"]) for name in names]
    yield SEGMENTS, _statistic(np.column_stack(units).astype(float), statistic)
    if statistic == "kappa" and len(names) == 2:
        yield QUALCODER, _by_characters(mine, names)


def _statistic(units: FloatArray, name: str) -> float:
    found = agreement(units, n_bootstrap=0, categories=(0, 1))
    kappa = found.cohen_kappa or found.fleiss_kappa
    by_name = {
        "percent_agreement": found.percent.estimate,
        "kappa": kappa.estimate,
        "krippendorff_alpha": found.krippendorff_alpha.estimate,
        "gwet_ac1": found.gwet_ac1.estimate,
    }
    return by_name[name]


def _by_characters(coded: pd.DataFrame, names: tuple[str, ...]) -> float:
    """QualCoder's kappa of one code from the characters that each of two coders gave it."""
    placed = coded.dropna(subset=["start", "end"])
    marked = []
    for name in names:
        mine = placed.loc[placed["coder_id"] == name, ["participant_id", "document_id", "start", "end"]]
        rows = mine.astype({"document_id": object}).itertuples(index=False, name=None)
        marked.append({(p, str(d), at) for p, d, start, end in rows for at in range(int(start), int(end))})
    first, second = marked
    either = len(first | second)
    if either == 0:
        return float("nan")
    a, b, both = len(first), len(second), len(first & second)
    chance = (a * b / either**2) * ((either - a) * (either - b) / either**2)
    return (both / either - chance) / (1 - chance) if chance < 1 else float("nan")
