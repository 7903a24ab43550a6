"""How is a number written?

One formatter for tables, figures and sentences, so that the same number never looks different in two places.

References: APA 2020, Publication Manual, 7th ed., sections 6.32-6.45; Lang & Altman 2015 (SAMPL).
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

NONE = "–"
WITHHELD = "withheld"
ONE_DECIMAL_FROM = 1_000  # people in the base from which a percentage gets a decimal


def missing(value: Any) -> bool:
    """Whether a number is not there: None, NA or NaN."""
    return value is None or bool(pd.isna(value))


def count(value: Any, *, absent: str = NONE) -> str:
    """A number of people or segments, with thousands separators.

    >>> count(12345), count(None)
    ('12,345', '–')
    """
    return absent if missing(value) else f"{int(value):,}"


def n_of(part: Any, whole: Any) -> str:
    """People with something of people who could have it.

    >>> n_of(14, 37), n_of(None, 37)
    ('14/37', 'withheld')
    """
    if missing(part) or missing(whole):
        return WITHHELD
    return f"{int(part):,}/{int(whole):,}"


def percent(share: Any, base: Any = None) -> str:
    """A share as a percentage: whole numbers, one decimal from a base of 1,000 people.

    >>> percent(0.3784, 37), percent(0.3784, 4000), percent(None)
    ('38%', '37.8%', '–')
    """
    if missing(share):
        return NONE
    decimals = 1 if not missing(base) and base is not None and base >= ONE_DECIMAL_FROM else 0
    return f"{100 * share + 0.0:.{decimals}f}%"


def percent_interval(low: Any, high: Any, base: Any = None) -> str:
    """Limits of a share in percent.

    >>> percent_interval(0.241, 0.541)
    '[24, 54]'
    """
    if missing(low) or missing(high):
        return ""
    return f"[{percent(low, base)[:-1]}, {percent(high, base)[:-1]}]"


def points(difference: Any) -> str:
    """A difference of shares in percentage points, signed.

    >>> points(0.248), points(-0.1), points(0.001)
    ('+25', '−10', '0')
    """
    if missing(difference):
        return NONE
    rounded = round(100 * difference)
    return "0" if rounded == 0 else f"{'+' if rounded > 0 else MINUS}{abs(rounded)}"


MINUS = "−"


def points_interval(low: Any, high: Any) -> str:
    """Limits of a difference in percentage points.

    >>> points_interval(-0.034, 0.25)
    '[−3, 25]'
    """
    if missing(low) or missing(high):
        return ""
    return f"[{_whole(low)}, {_whole(high)}]"


def _whole(share: float) -> str:
    rounded = round(100 * share)
    return f"{MINUS}{-rounded}" if rounded < 0 else str(rounded)


def ratio(value: Any) -> str:
    """An odds ratio: two decimals, one from 10, none from 100, and no digits beyond what anybody could mean.

    >>> ratio(4.0567), ratio(12.34), ratio(0.004), ratio(3.5e21), ratio(float("inf"))
    ('4.06', '12.3', '< 0.01', '> 9,999', '∞')
    """
    if missing(value):
        return NONE
    if math.isinf(value):
        return "∞"
    if 0 < value < 0.005:
        return "< 0.01"
    if value >= 9_999.5:
        return "> 9,999"
    for decimals, below in ((2, 10), (1, 100)):
        if round(value, decimals) < below:
            return f"{value:.{decimals}f}"
    return f"{value:,.0f}"


def ratio_interval(low: Any, high: Any) -> str:
    """Limits of an odds ratio.

    >>> ratio_interval(1.648, 9.98)
    '[1.65, 9.98]'
    """
    if missing(low) or missing(high):
        return ""
    return f"[{ratio(low)}, {ratio(high)}]"


def p_value(value: Any, *, band: bool = False) -> str:
    """A p-value: three decimals without leading zero, or the band that a release rule leaves of it.

    >>> p_value(0.0364), p_value(0.00004), p_value(0.9996)
    ('.036', '< .001', '> .999')
    >>> p_value(0.01, band=True), p_value(1.0, band=True)
    ('< .01', '≥ .05')
    """
    if missing(value):
        return NONE
    if band:
        return "≥ .05" if value >= 1 else f"< {value:g}".replace("0.", ".")
    if value < 0.001:
        return "< .001"
    if value >= 0.9995:
        return "> .999"
    return f"{value:.3f}".lstrip("0")


def decimal(value: Any, digits: int = 2) -> str:
    """A plain number with a fixed number of decimals and a proper minus sign.

    >>> decimal(-0.256), decimal(None)
    ('−0.26', '–')
    """
    if missing(value):
        return NONE
    text = f"{value:.{digits}f}"
    return text.replace("-", MINUS) if float(text) != 0 else text.replace("-", "")


def general(value: Any) -> str:
    """A median or quartile: one decimal at most, none from 100.

    >>> general(32.0), general(14.5), general(1240.6)
    ('32', '14.5', '1,241')
    """
    if missing(value):
        return NONE
    whole = abs(value) >= 100 or abs(value - round(value)) < 0.05
    return (f"{value:,.0f}" if whole else f"{value:,.1f}").replace("-", MINUS)
