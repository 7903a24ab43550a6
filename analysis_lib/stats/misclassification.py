"""What does a theme's tie to the outcome look like once the coder's own errors are carried along?

An odds ratio from single coding takes every code for the truth, which pulls it towards 1 and makes its
interval too narrow. From the part that was coded twice and adjudicated, the true codes of the rest are
imputed many times, given the code and the outcome, and the results pooled by Rubin's rules.

References
----------
Rogan & Gladen (1978) Am J Epidemiol 107:71-76. Begg & Greenes (1983) Biometrics 39:207-215. Tanner & Wong
(1987) J Am Stat Assoc 82:528-540. Joseph, Gyorkos & Coupal (1995) Am J Epidemiol 141:263-272. Cole, Chu &
Greenland (2006) Int J Epidemiol 35:1074-1081. Edwards et al. (2013) Am J Epidemiol 177:904-912.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from analysis_lib.errors import ModelError
from analysis_lib.stats.missing import RubinEstimate, pool_rubin
from analysis_lib.stats.resampling import generator

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROUNDS = 200  # of data augmentation before a draw is kept, each chain keeping one


@dataclass(frozen=True)
class Accuracy:
    """Share of codes that are right, one value for each outcome where it may differ between them.

    Attributes
    ----------
    estimate, conf_low, conf_high : ndarray of shape (1,) or (2,)
        Posterior mean and equal-tailed interval; with two entries, outcome 0 first.
    """

    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray


@dataclass(frozen=True)
class ImputedCodes:
    """True codes, imputed several times.

    Attributes
    ----------
    codes : ndarray of shape (m, n)
        0/1; the adjudicated codes where there are any, the same in all rows.
    sensitivity, specificity : Accuracy
        Of the coder: how often a present theme was coded, an absent one not.
    n, n_checked : int
        Units, and units with an adjudicated code.
    reason : str or None
        Why nothing could be imputed, ``codes`` then having no rows; None where it could.
    """

    codes: IntArray
    sensitivity: Accuracy
    specificity: Accuracy
    n: int
    n_checked: int
    reason: str | None


@dataclass(frozen=True)
class CorrectedAssociation:
    """A theme's association with a binary outcome, without and with the coder's error.

    Attributes
    ----------
    log_odds_ratio, risk_difference : RubinEstimate
        With the error carried along. The risk difference is the share with the theme at outcome 1 minus the
        share at outcome 0.
    naive_log_odds_ratio, naive_risk_difference : RubinEstimate
        The coder's own codes taken for the truth throughout, with normal limits; ``m`` is 1.
    sensitivity, specificity : Accuracy
        Of the coder.
    n, n_checked : int
        Units, and units with an adjudicated code.
    level : float
        Confidence level.
    reason : str or None
        Why the corrected values are NaN; None where they could be computed.
    """

    log_odds_ratio: RubinEstimate
    risk_difference: RubinEstimate
    naive_log_odds_ratio: RubinEstimate
    naive_risk_difference: RubinEstimate
    sensitivity: Accuracy
    specificity: Accuracy
    n: int
    n_checked: int
    level: float
    reason: str | None


def impute_true_codes(
    code: ArrayLike,
    outcome: ArrayLike,
    truth: ArrayLike,
    *,
    differential: bool = False,
    m: int = 40,
    seed: int = 0,
    level: float = 0.95,
) -> ImputedCodes:
    """Draw what the true code of each unit may be, given its code and its outcome.

    Parameters
    ----------
    code : array-like of shape (n,)
        The code the coder gave, 0 or 1.
    outcome : array-like of shape (n,)
        The outcome, 0 or 1.
    truth : array-like of shape (n,)
        The adjudicated code of units that were coded twice, 0 or 1; NaN or None for the rest.
    differential : bool
        Whether the coder may err differently at the two outcomes. False assumes the same sensitivity and
        specificity, which blind coding makes believable; True needs many more checked units.
    m : int
        Imputations, at least 2.
    seed : int
        Seed of all draws.
    level : float
        Probability inside the intervals of sensitivity and specificity.

    Returns
    -------
    ImputedCodes
        Without imputations, and with a reason, where the checked units do not show both a present and an
        absent theme (for each outcome, where ``differential``), or where the coder was no better than chance
        on them: then the codes say nothing about the truth.

    Raises
    ------
    ModelError
        If the arrays differ in length, are empty or hold anything but 0, 1 and, in ``truth``, gaps; or if
        ``m`` or ``level`` is out of range.

    Notes
    -----
    Data augmentation in ``m`` chains of their own. Each round draws sensitivity, specificity and, for each
    outcome, the prevalence of the theme from Beta posteriors with Jeffreys' prior Beta(1/2, 1/2), given the
    present imputation; then the true codes of unchecked units by Bayes' theorem,
    :math:`P(T=1\\mid C=1,Y)=Se\\,\\pi_Y/\\{Se\\,\\pi_Y+(1-Sp)(1-\\pi_Y)\\}`. Units may be picked for
    checking by their code or outcome, but by nothing else that has to do with being right.

    Use the codes in any model and pool its coefficients with ``pool_rubin``; covariates strongly tied to the
    theme that are not the outcome are then drawn towards no effect.

    Examples
    --------
    Every unit was checked, so there is nothing left to impute:

    >>> imputed = impute_true_codes([1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0], m=2)
    >>> imputed.codes.tolist()
    [[1, 0, 0, 0], [1, 0, 0, 0]]
    """
    coded, group, adjudicated = _checked(code, outcome, truth)
    if m < 2:
        raise ModelError(f"m must be at least 2 imputations, not {m}.")
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level}.")
    known = ~np.isnan(adjudicated)
    n, n_checked = len(coded), int(known.sum())
    # units by true code, outcome and code: the checked ones, and the others without the first
    checked, unchecked = np.zeros((2, 2, 2)), np.zeros((2, 2), dtype=np.int64)
    np.add.at(checked, (adjudicated[known].astype(int), group[known], coded[known]), 1)
    np.add.at(unchecked, (group[~known], coded[~known]), 1)
    reason = _why_not_imputed(checked if differential else checked.sum(axis=1, keepdims=True))
    if reason is not None:
        unknown = np.full(2 if differential else 1, np.nan)
        nothing = Accuracy(unknown, unknown, unknown)
        return ImputedCodes(np.empty((0, n), dtype=np.int64), nothing, nothing, n, n_checked, reason)

    rng = generator(seed, "misclassification")
    present, sensitivity, specificity = _augment(checked, unchecked, differential=differential, m=m, rng=rng)
    codes = np.empty((m, n), dtype=np.int64)
    codes[:, known] = adjudicated[known].astype(int)
    for y in (0, 1):
        for c in (0, 1):
            units = np.flatnonzero(~known & (group == y) & (coded == c))
            # the units of a cell are alike, so the drawn number of present ones falls on any of them
            place = rng.permuted(np.tile(np.arange(len(units)), (m, 1)), axis=1)
            codes[:, units] = place < present[:, y, c, None]
    return ImputedCodes(
        codes=codes,
        sensitivity=_accuracy(sensitivity, level),
        specificity=_accuracy(specificity, level),
        n=n,
        n_checked=n_checked,
        reason=None,
    )


def corrected_association(
    code: ArrayLike,
    outcome: ArrayLike,
    truth: ArrayLike,
    *,
    differential: bool = False,
    m: int = 40,
    seed: int = 0,
    level: float = 0.95,
) -> CorrectedAssociation:
    """Odds ratio and risk difference of a theme with the coder's error carried into them.

    Parameters
    ----------
    code, outcome, truth, differential, m, seed, level
        As for :func:`impute_true_codes`.

    Returns
    -------
    CorrectedAssociation

    Raises
    ------
    ModelError
        As for :func:`impute_true_codes`.

    Notes
    -----
    Each imputation is analysed as if it were the truth: Woolf's log odds ratio, with 0.5 added to all cells
    where one is empty, and the difference of shares, whose variance adds half a unit to either side so that
    a share of 0 is not taken as certain. Units must be independent: one per participant.

    Examples
    --------
    A coder who misses every second theme (and invents none), checked on half of 400 people. The codes say
    40 of 200 against 20 of 200, an odds ratio of 2.25; the truth is 80 against 40, which is 2.67:

    >>> code = [1] * 40 + [0] * 160 + [1] * 20 + [0] * 180
    >>> outcome = [1] * 200 + [0] * 200
    >>> true = [1] * 80 + [0] * 120 + [1] * 40 + [0] * 160
    >>> truth = [value if unit % 2 else None for unit, value in enumerate(true)]
    >>> result = corrected_association(code, outcome, truth)
    >>> round(float(np.exp(result.naive_log_odds_ratio.estimate)), 2)
    2.25
    >>> bool(2.3 < np.exp(result.log_odds_ratio.estimate) < 3.0)
    True
    """
    coded, group, _ = _checked(code, outcome, truth)
    imputed = impute_true_codes(code, outcome, truth, differential=differential, m=m, seed=seed, level=level)
    one_group = (
        "Everybody has the same outcome, so there is nothing to compare." if np.ptp(group) == 0 else None
    )
    naive_odds, naive_risk = _two_by_two(coded[None], group)
    reason = one_group or imputed.reason
    if reason is None:
        odds, risk = _two_by_two(imputed.codes, group)
        log_odds_ratio = pool_rubin(*odds, n=len(coded), k=2, level=level)
        risk_difference = pool_rubin(*risk, n=len(coded), k=2, level=level)
        reason = log_odds_ratio.reason or risk_difference.reason
    else:
        log_odds_ratio = risk_difference = _undefined(reason)
    return CorrectedAssociation(
        log_odds_ratio=log_odds_ratio,
        risk_difference=risk_difference,
        naive_log_odds_ratio=_undefined(one_group) if one_group else _single(*naive_odds, level),
        naive_risk_difference=_undefined(one_group) if one_group else _single(*naive_risk, level),
        sensitivity=imputed.sensitivity,
        specificity=imputed.specificity,
        n=imputed.n,
        n_checked=imputed.n_checked,
        level=level,
        reason=reason,
    )


def _checked(code: ArrayLike, outcome: ArrayLike, truth: ArrayLike) -> tuple[IntArray, IntArray, FloatArray]:
    arrays = {}
    for name, values in (("code", code), ("outcome", outcome), ("truth", truth)):
        try:
            arrays[name] = np.asarray(values, dtype=float)
        except (TypeError, ValueError) as error:
            raise ModelError(f"{name} must hold 0 and 1 only.") from error
        gaps = np.isnan(arrays[name]) if name == "truth" else False
        if not (np.isin(arrays[name], (0.0, 1.0)) | gaps).all():
            raise ModelError(
                f"{name} must hold 0 and 1 only" + (" where it is known." if name == "truth" else ".")
            )
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1 or arrays["code"].ndim != 1 or not arrays["code"].size:
        raise ModelError(
            "code, outcome and truth must hold one value for each unit; their shapes are "
            + ", ".join(str(array.shape) for array in arrays.values())
            + "."
        )
    return arrays["code"].astype(np.int64), arrays["outcome"].astype(np.int64), arrays["truth"]


def _why_not_imputed(checked: FloatArray) -> str | None:
    """Why checked units (true code x kind x code) do not tell how good the coder is."""
    if not checked.sum():
        return "No unit was checked, so nothing says how often the coder is right."
    for absent, present in zip(checked[0], checked[1], strict=True):
        if not absent.sum() or not present.sum():
            return (
                f"Of the checked units {int(present.sum())} show the theme and {int(absent.sum())} do not; "
                "both are needed to tell how often the coder is right."
            )
        if present[1] / present.sum() <= absent[1] / absent.sum():
            return "On the checked units the coder was no better than chance, so codes tell nothing."
    return None


def _augment(
    checked: FloatArray, unchecked: IntArray, *, differential: bool, m: int, rng: np.random.Generator
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Draw present themes among unchecked units (m, outcome, code), sensitivity and specificity (m, kind)."""
    # start: every chain takes the codes for the truth
    present = np.tile(unchecked * np.array([0, 1]), (m, 1, 1))
    for _ in range(_ROUNDS):
        has = checked[1] + present
        lacks = checked[0] + unchecked - present
        tally = np.stack([has, lacks], axis=1)  # m x true code x outcome x code
        by_kind = tally if differential else tally.sum(axis=2, keepdims=True)
        sensitivity = rng.beta(0.5 + by_kind[:, 0, :, 1], 0.5 + by_kind[:, 0, :, 0])
        specificity = rng.beta(0.5 + by_kind[:, 1, :, 0], 0.5 + by_kind[:, 1, :, 1])
        prevalence = rng.beta(0.5 + has.sum(axis=2), 0.5 + lacks.sum(axis=2))
        if_present = np.stack([1 - sensitivity, sensitivity], axis=2) * prevalence[:, :, None]
        if_absent = np.stack([specificity, 1 - specificity], axis=2) * (1 - prevalence[:, :, None])
        present = rng.binomial(unchecked, if_present / (if_present + if_absent))
    return present, sensitivity, specificity


def _accuracy(draws: FloatArray, level: float) -> Accuracy:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Accuracy(estimate=draws.mean(axis=0), conf_low=low, conf_high=high)


def _two_by_two(
    codes: IntArray, group: IntArray
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Log odds ratio and risk difference with their variances for each row of codes."""
    size = np.array([(group == 0).sum(), (group == 1).sum()])
    present = np.column_stack([codes[:, group == y].sum(axis=1) for y in (0, 1)]).astype(float)
    cells = np.column_stack([present, size - present])
    cells = cells + 0.5 * (cells == 0).any(axis=1, keepdims=True)
    logs = np.log(cells)
    odds = (logs[:, 1] - logs[:, 3] - logs[:, 0] + logs[:, 2], (1 / cells).sum(axis=1))
    at_least_one = np.maximum(size, 1)
    share = present / at_least_one
    damped = (present + 0.5) / (size + 1)
    return odds, (share[:, 1] - share[:, 0], (damped * (1 - damped) / at_least_one).sum(axis=1))


def _single(estimates: FloatArray, variances: FloatArray, level: float) -> RubinEstimate:
    """One analysis without imputation, with normal limits."""
    estimate, variance = float(estimates[0]), float(variances[0])
    se = float(np.sqrt(variance))
    half = float(norm.isf((1 - level) / 2)) * se
    return RubinEstimate(
        estimate=estimate,
        se=se,
        df=float("inf"),
        conf_low=estimate - half,
        conf_high=estimate + half,
        p_value=float(2 * norm.sf(abs(estimate) / se)),
        fmi=0.0,
        within=variance,
        between=0.0,
        m=1,
    )


def _undefined(reason: str) -> RubinEstimate:
    nan = float("nan")
    return RubinEstimate(nan, nan, nan, nan, nan, nan, nan, nan, nan, 0, reason)
