"""How many people does a model with so many parameters need, and how many parameters do so many people allow?

Riley's criteria for developing a prediction model with a binary outcome, and events per parameter, which
reviewers still ask for.

References
----------
Riley, Snell, Ensor et al. (2019) Stat Med 38:1276-1296. Riley, Ensor, Snell et al. (2020) BMJ 368:m441.
Peduzzi, Concato, Kemper et al. (1996) J Clin Epidemiol 49:1373-1379 (events per parameter).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats

from analysis_lib.errors import ModelError


@dataclass(frozen=True)
class SampleSize:
    """People needed for a prediction model.

    Attributes
    ----------
    n : int
        The largest of the three criteria.
    n_events : float
        Expected number with the outcome among ``n`` people.
    events_per_parameter : float
        ``n_events`` over the number of parameters.
    n_shrinkage : int
        People that keep the expected shrinkage of the coefficients at the target (criterion 1).
    n_optimism : int
        People that keep the optimism in the explained variation within its bound (criterion 2).
    n_prevalence : int
        People that estimate the overall risk with the wanted precision (criterion 3).
    max_r2_cox_snell : float
        Largest Cox-Snell R-squared any model can reach at this prevalence.
    """

    n: int
    n_events: float
    events_per_parameter: float
    n_shrinkage: int
    n_optimism: int
    n_prevalence: int
    max_r2_cox_snell: float


def sample_size(
    *,
    n_parameters: int,
    prevalence: float,
    r2_cox_snell: float,
    shrinkage: float = 0.9,
    optimism: float = 0.05,
    margin: float = 0.05,
) -> SampleSize:
    """People needed to develop a logistic prediction model.

    Parameters
    ----------
    n_parameters : int
        Candidate parameters without the intercept; a category of k levels counts k - 1.
    prevalence : float
        Expected share of people with the outcome, strictly between 0 and 1.
    r2_cox_snell : float
        Anticipated Cox-Snell R-squared, above 0 and below the largest that ``prevalence`` allows.
    shrinkage : float
        Target for the expected uniform shrinkage factor.
    optimism : float
        Largest tolerated difference between apparent and adjusted Nagelkerke R-squared.
    margin : float
        Half-width of the 95 % interval of the overall risk.

    Returns
    -------
    SampleSize

    Raises
    ------
    ModelError
        If a value is out of its range.

    Notes
    -----
    With :math:`R^2` the Cox-Snell value, P parameters and prevalence :math:`\\phi`: criterion 1 is
    :math:`n = P / ((S-1)\\ln(1 - R^2/S))`; criterion 2 the same with
    :math:`S = R^2 / (R^2 + \\delta \\max R^2)`; criterion 3 :math:`n = (z_{.975}/m)^2 \\phi(1-\\phi)`; and
    :math:`\\max R^2 = 1 - (\\phi^\\phi (1-\\phi)^{1-\\phi})^2` (Riley et al. 2019, 2020).

    Examples
    --------
    >>> sample_size(n_parameters=4, prevalence=0.25, r2_cox_snell=0.1).n
    340
    """
    _check_parameters(n_parameters)
    _check_open("prevalence", prevalence)
    _check_open("shrinkage", shrinkage)
    _check_open("optimism", optimism)
    _check_open("margin", margin)
    entropy = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    max_r2 = -math.expm1(2 * entropy)
    if not 0 < r2_cox_snell < max_r2:
        raise ModelError(
            f"r2_cox_snell must lie between 0 and {max_r2:.3f}, the most a model can reach at a "
            f"prevalence of {prevalence:g}; it is {r2_cox_snell:g}."
        )
    if r2_cox_snell >= shrinkage:
        raise ModelError(f"r2_cox_snell must be below the target shrinkage of {shrinkage:g}.")
    n_shrinkage = math.ceil(n_parameters / _parameters_per_person(r2_cox_snell, shrinkage))
    implied = r2_cox_snell / (r2_cox_snell + optimism * max_r2)
    n_optimism = math.ceil(n_parameters / _parameters_per_person(r2_cox_snell, implied))
    n_prevalence = math.ceil((stats.norm.ppf(0.975) / margin) ** 2 * prevalence * (1 - prevalence))
    n = max(n_shrinkage, n_optimism, n_prevalence)
    return SampleSize(
        n=n,
        n_events=n * prevalence,
        events_per_parameter=n * prevalence / n_parameters,
        n_shrinkage=n_shrinkage,
        n_optimism=n_optimism,
        n_prevalence=n_prevalence,
        max_r2_cox_snell=max_r2,
    )


def max_parameters(n: int, *, r2_cox_snell: float, shrinkage: float = 0.9) -> int:
    """Parameters that so many people allow at the target shrinkage (Riley's first criterion, turned round).

    Parameters
    ----------
    n : int
        People in the model.
    r2_cox_snell : float
        Anticipated Cox-Snell R-squared, above 0 and below ``shrinkage``.
    shrinkage : float
        Target for the expected uniform shrinkage factor.

    Returns
    -------
    int
        0 where not even a single parameter is supported.

    Raises
    ------
    ModelError
        If a value is out of its range.

    Examples
    --------
    >>> max_parameters(148, r2_cox_snell=0.1), max_parameters(148, r2_cox_snell=0.2)
    (1, 3)
    """
    if n < 0:
        raise ModelError(f"The number of people cannot be negative; it is {n}.")
    _check_open("shrinkage", shrinkage)
    if not 0 < r2_cox_snell < shrinkage:
        raise ModelError(f"r2_cox_snell must lie between 0 and the shrinkage of {shrinkage:g}.")
    return math.floor(n * _parameters_per_person(r2_cox_snell, shrinkage))


def events_per_parameter(n_events: int, n_nonevents: int, n_parameters: int) -> float:
    """Size of the smaller outcome group over the number of parameters.

    Parameters
    ----------
    n_events, n_nonevents : int
        People with and without the outcome.
    n_parameters : int
        Parameters without the intercept.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        If a count is negative or there is no parameter.

    Examples
    --------
    >>> events_per_parameter(37, 111, 4)
    9.25
    """
    _check_parameters(n_parameters)
    if min(n_events, n_nonevents) < 0:
        raise ModelError(f"Counts cannot be negative; they are {n_events} and {n_nonevents}.")
    return min(n_events, n_nonevents) / n_parameters


def _parameters_per_person(r2: float, shrinkage: float) -> float:
    return (shrinkage - 1) * math.log1p(-r2 / shrinkage)


def _check_parameters(n_parameters: int) -> None:
    if n_parameters < 1:
        raise ModelError(
            f"There must be at least one parameter besides the intercept; there are {n_parameters}."
        )


def _check_open(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ModelError(f"{name} must lie strictly between 0 and 1; it is {value:g}.")
