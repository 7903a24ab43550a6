"""Which codes can be counted on: would another coder have given the same people the same theme?

Per code the full set of coefficients with participant-bootstrap intervals, from people whom at least two
coders coded independently. What the coders settled afterwards stands apart: it says how disagreements ended
and is no reliability.

References: O'Connor & Joffe 2020, Int J Qual Methods 19, 1-13; Krippendorff 2019, Content Analysis, 4th ed.;
Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed.; Hammer & Berland 2014 on reporting disagreement.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis_lib.claimed_agreement import compare_with_claims
from analysis_lib.coder_ratings import CoderRatings, FloatArray, assigned, coder_ratings, codings
from analysis_lib.quantitize import NOTHING_CODED, ThemeMatrix, families, with_consensus
from analysis_lib.readable import Readable
from analysis_lib.stats.agreement import Agreement, Coefficient, agreement
from analysis_lib.unitising import unitising_agreement
from analysis_lib.wave import Wave

N_BOOTSTRAP = 2_000
WEAK_BELOW = 0.6  # where study.yaml does not say
# Why a code has no coefficient beyond plain agreement; short enough for a cell.
NOT_ASKED, GIVEN_TO_NOBODY, GIVEN_TO_ALL = (
    "nobody coded twice",
    "nobody coded twice has it",
    "all coded twice have it",
)
ONE_PERSON, NO_INTERVAL = "one person coded twice", "no interval"
# Resampling people who were all coded alike would give an interval without width: certainty out of nothing.
NO_DISAGREEMENT = "no disagreement"

_REFLEXIVE = (
    "reflexive thematic analysis takes coding as interpretation and does not hold coders against one another,"
    " so no agreement is computed"
)
_NO_ASSIGNMENTS = (
    "nothing says who was asked to code what (no assignments), a blank is not read as absent, so no agreement"
    " is computed"
)
_ONE_CODER = "one coder coded alone, so there is no agreement to compute"
_NEVER_BOTH = "no person was coded by two coders independently, so there is no agreement to compute"
_MEASURES = ("percent", "kappa", "alpha", "ac1")


@dataclass(frozen=True, repr=False)
class CodingReliability(Readable):
    """How far coders agree on each code.

    Parameters
    ----------
    table
        One row per code and set of coders, all coders together first: ``code_id, code_label, depth, coders,
        n_coders, n_units, n_given, n_agreed, percent_agreement, percent_low, percent_high,
        positive_agreement, negative_agreement, cohen_kappa, fleiss_kappa, kappa_low, kappa_high,
        krippendorff_alpha, alpha_low, alpha_high, gwet_ac1, ac1_low, ac1_high, prevalence, smallest_cell,
        reason``. A unit is a person whom at least two coders were asked to code; ``n_given`` counts those to
        whom any of them gave the code, ``n_agreed`` those whom all coded alike. ``cohen_kappa`` needs two
        coders; the limits of kappa are its own there, Fleiss' otherwise. ``smallest_cell``: the fewer of
        people given the code by each of their coders, and by none.
    after_consensus
        The same for codings made after discussion by two coders or more; no reliability.
    coding
        ``what, coder, n, n_total``: who coded how many people.
    codebook
        ``code_id, code_label, depth, definition, since, changed``.
    disagreements
        ``code_id, code_label, coder, other, n_both, n_only_coder, n_only_other, n_neither, n_present_after,
        n_absent_after, n_open``: one row per code and pair of coders; the last three say what the consensus
        made of those on whom they differ. Codes that coders give themselves, not sums of codes below.
    to_discuss
        ``code_id, code_label, participant_id, given_by, not_given_by, consensus``; one row per disagreement.
    unitising
        Whether coders mark the same stretches of text, whatever the code; see
        :func:`analysis_lib.unitising.unitising_agreement`.
    claimed
        What a coding program printed, beside what its figure should be; see
        :func:`analysis_lib.claimed_agreement.compare_with_claims`.
    coders
        Coder ids of the independent round, in order.
    weak_below
        Alpha below which the study calls a code weak.
    n_outside, n_without_round
        Codings by somebody who was not asked to code that person, which count for nothing here; codings that
        do not say their round and are read as independent.
    reason
        Why there is no agreement; None where there is.
    """

    wave: Wave
    table: pd.DataFrame
    after_consensus: pd.DataFrame
    coding: pd.DataFrame
    codebook: pd.DataFrame
    disagreements: pd.DataFrame
    to_discuss: pd.DataFrame
    unitising: pd.DataFrame
    claimed: pd.DataFrame
    coders: tuple[str, ...]
    weak_below: float
    n_outside: int
    n_without_round: int
    reason: str | None


def coder_agreement(wave: Wave | ThemeMatrix, *, n_bootstrap: int = N_BOOTSTRAP) -> CodingReliability:
    """Agreement of the coders of a wave on each code.

    Parameters
    ----------
    wave
        A loaded wave, or a theme matrix for its wave.
    n_bootstrap
        Resamples of people for the intervals; 0 gives large-sample intervals.

    Returns
    -------
    CodingReliability
        With a ``reason`` instead of agreement where there is one coder, no record of who was asked to code
        what, or a reflexive tradition.

    Notes
    -----
    The unit is the person, as in every count of themes: a coder gives a theme to a person or does not.
    Singly coded people inform no coefficient.

    Examples
    --------
    >>> import analysis_lib as al
    >>> result = al.coder_agreement(al.load_wave(al.EXAMPLE_STUDY, "2024a"))
    >>> result.table["n_units"].iloc[0], result.coders
    (np.int64(56), ('coder_1', 'coder_2'))
    """
    wave = wave.wave if isinstance(wave, ThemeMatrix) else wave
    ratings = coder_ratings(wave)
    reason = _cannot_agree(wave, ratings)
    afterwards = coder_ratings(wave, stage="consensus")
    coding = _coding(wave, ratings)
    if reason is not None:
        ratings = ratings.without_people()
    if wave.study.tradition == "reflexive":
        afterwards = afterwards.without_people()
    disagreements, to_discuss = _disagreements(wave, ratings)
    asked, coded = assigned(wave, "independent"), codings(wave, "independent")
    pairs = ["participant_id", "coder_id"]
    outside = coded.merge(asked[pairs].drop_duplicates(), on=pairs, how="left", indicator=True)["_merge"]
    return CodingReliability(
        wave=wave,
        table=_agreement_table(wave, ratings, n_bootstrap=n_bootstrap),
        after_consensus=_agreement_table(wave, afterwards, n_bootstrap=n_bootstrap),
        coding=coding,
        codebook=_codebook(wave),
        disagreements=disagreements,
        to_discuss=to_discuss,
        unitising=unitising_agreement(wave, ratings, n_bootstrap=n_bootstrap),
        claimed=compare_with_claims(wave, ratings),
        coders=ratings.coders,
        weak_below=float(wave.study.sensitivity.get("weak_codes_below", WEAK_BELOW)),
        n_outside=int((outside == "left_only").sum()) if len(asked) else 0,
        n_without_round=int(wave.segments["round"].isna().sum()),
        reason=reason,
    )


def _cannot_agree(wave: Wave, ratings: CoderRatings) -> str | None:
    if wave.study.tradition == "reflexive":
        return _REFLEXIVE
    if not len(wave.segments):
        return NOTHING_CODED
    if not len(wave.assignments):
        return _NO_ASSIGNMENTS
    if len(ratings.coders) < 2:
        return _ONE_CODER
    return None if ratings.people else _NEVER_BOTH


def shown_codes(wave: Wave) -> tuple[str, ...]:
    """Codes of the codebook that are active, or that somebody gave although they are not."""
    given = set(wave.segments["code_id"])
    below = families(wave.study.codebook)
    return tuple(t.id for t in wave.study.codebook if t.status == "active" or below[t.id] & given)


def _agreement_table(wave: Wave, ratings: CoderRatings, *, n_bootstrap: int) -> pd.DataFrame:
    codebook = wave.study.codebook
    rows: list[dict[str, object]] = []
    for code in shown_codes(wave) if ratings.people else ():
        given = ratings.of(code)
        rows += [
            {"code_id": code, "code_label": codebook[code].label, "depth": codebook.depth(code)}
            | {"coders": " ".join(ratings.coders[i] for i in some)}
            | agreement_on(given[:, some], seed=wave.study.seed, n_bootstrap=n_bootstrap)
            for some in _coder_sets(given)
        ]
    limits = [f"{name}_{end}" for name in _MEASURES for end in ("low", "high")]
    columns = [
        "code_id", "code_label", "depth", "coders", "n_coders", "n_units", "n_given", "n_agreed",
        "percent_agreement", *limits[:2], "positive_agreement", "negative_agreement", "cohen_kappa",
        "fleiss_kappa", *limits[2:4], "krippendorff_alpha", *limits[4:6], "gwet_ac1", *limits[6:],
        "prevalence", "smallest_cell", "reason",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _coder_sets(ratings: FloatArray) -> list[list[int]]:
    """Everybody who coded, then each pair of them who share people; one set where there are two coders."""
    rated = np.isfinite(ratings)
    active = [int(i) for i in np.flatnonzero(rated.any(axis=0))] or list(range(ratings.shape[1]))
    pairs = [[i, j] for i, j in combinations(active, 2) if (rated[:, i] & rated[:, j]).any()]
    return [active, *(pairs if len(active) > 2 else [])]


def agreement_on(ratings: FloatArray, *, seed: int, n_bootstrap: int) -> dict[str, object]:
    """The coefficients of one code as named values.

    Parameters
    ----------
    ratings
        Shape (n people, n coders): 1 given, 0 not given, NaN not assigned.
    """
    units = ratings[np.isfinite(ratings).sum(axis=1) >= 2]
    found = agreement(units, n_bootstrap=n_bootstrap, seed=seed, categories=(0, 1))
    kappa = found.cohen_kappa or found.fleiss_kappa
    given = np.nansum(units, axis=1)
    by_all, by_none = int((given == np.isfinite(units).sum(axis=1)).sum()), int((given == 0).sum())
    measures: list[Coefficient] = [found.percent, kappa, found.krippendorff_alpha, found.gwet_ac1]
    values: dict[str, object] = {"n_coders": units.shape[1], "n_units": found.n_units}
    values |= {"n_given": int((given > 0).sum()), "n_agreed": by_all + by_none}
    alike = by_all + by_none == found.n_units
    for name, measure in zip(_MEASURES, measures, strict=True):
        limits = (np.nan, np.nan) if alike else (measure.conf_low, measure.conf_high)
        values |= {f"{name}_low": limits[0], f"{name}_high": limits[1]}
    return values | {
        "percent_agreement": found.percent.estimate,
        "positive_agreement": found.positive,
        "negative_agreement": found.negative,
        "cohen_kappa": found.cohen_kappa.estimate if found.cohen_kappa else np.nan,
        "fleiss_kappa": found.fleiss_kappa.estimate,
        "krippendorff_alpha": found.krippendorff_alpha.estimate,
        "gwet_ac1": found.gwet_ac1.estimate,
        "prevalence": found.prevalence,
        "smallest_cell": min(by_all, by_none),
        "reason": _why(found, units),
    }


def _why(found: Agreement, units: FloatArray) -> str | None:
    """Why something is missing, in few words and without a number of people."""
    if found.n_units == 0:
        return NOT_ASKED
    if np.nansum(units) == 0:
        return GIVEN_TO_NOBODY
    if np.nanmin(units) == 1:
        return GIVEN_TO_ALL
    if found.n_units == 1:
        return ONE_PERSON
    if found.percent.estimate == 1:
        return NO_DISAGREEMENT
    return NO_INTERVAL if np.isnan(found.krippendorff_alpha.conf_low) else None


def _disagreements(wave: Wave, ratings: CoderRatings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts per code and pair of coders, and the people behind them."""
    counts: list[dict[str, object]] = []
    people: list[tuple[object, ...]] = []
    codebook, below = wave.study.codebook, families(wave.study.codebook)
    direct = set(codings(wave, "independent")["code_id"])
    decided = with_consensus(wave)
    agreed_on = codings(wave, "consensus")
    for code in shown_codes(wave):
        if codebook.has_children(code) and code not in direct:
            continue
        kept = set(agreed_on.loc[agreed_on["code_id"].isin(below[code]), "participant_id"])
        outcome = [
            "open" if p not in decided else "present" if p in kept else "absent" for p in ratings.people
        ]
        values = ratings.values[:, :, ratings.themes.index(code)]
        label = codebook[code].label
        for i, j in combinations(range(len(ratings.coders)), 2):
            first, second = values[:, i], values[:, j]
            if not np.isfinite(first + second).any():
                continue
            differ = [k for k in range(len(first)) if first[k] + second[k] == 1]
            ends = [outcome[k] for k in differ]
            tally: dict[str, object] = {"code_id": code, "code_label": label}
            tally |= {"coder": ratings.coders[i], "other": ratings.coders[j]}
            tally |= {
                name: int(((first == x) & (second == y)).sum())
                for name, x, y in (
                    ("n_both", 1, 1),
                    ("n_only_coder", 1, 0),
                    ("n_only_other", 0, 1),
                    ("n_neither", 0, 0),
                )
            }
            tally |= {"n_present_after": ends.count("present"), "n_absent_after": ends.count("absent")}
            counts.append(tally | {"n_open": ends.count("open")})
            for k in differ:
                by, not_by = (i, j) if first[k] == 1 else (j, i)
                who = (ratings.people[k], ratings.coders[by], ratings.coders[not_by])
                people.append((code, label, *who, outcome[k]))
    tallied = ["code_id", "code_label", "coder", "other", "n_both", "n_only_coder", "n_only_other", "n_neither",
               "n_present_after", "n_absent_after", "n_open"]  # fmt: skip
    named = ["code_id", "code_label", "participant_id", "given_by", "not_given_by", "consensus"]
    return pd.DataFrame(counts, columns=tallied), pd.DataFrame(people, columns=named)


def _coding(wave: Wave, ratings: CoderRatings) -> pd.DataFrame:
    """Who coded how many people."""
    asked = assigned(wave, "independent")
    able = int((wave.participants["agreed"] & wave.participants["has_material"]).sum())
    n_asked = asked["participant_id"].nunique()
    rows: list[tuple[str, str, int, int]] = []
    if len(asked):
        rows.append(("asked", "", n_asked, able))
        each = asked.groupby("coder_id")["participant_id"].nunique()
        rows += [("by coder", str(coder), int(n), n_asked) for coder, n in each.items()]
        rows.append(("by two", "", len(ratings.people), n_asked))
        settled = with_consensus(wave) & set(ratings.people)
        rows.append(("settled", "", len(settled), len(ratings.people)))
    return pd.DataFrame(rows, columns=["what", "coder", "n", "n_total"])


def _codebook(wave: Wave) -> pd.DataFrame:
    codebook = wave.study.codebook
    rows = []
    for code in shown_codes(wave):
        theme = codebook[code]
        changed = "; ".join(f"{change.change} in {change.version}" for change in theme.history)
        rows.append((code, theme.label, codebook.depth(code), theme.definition, theme.since, changed))
    columns = ["code_id", "code_label", "depth", "definition", "since", "changed"]
    return pd.DataFrame(rows, columns=columns)
