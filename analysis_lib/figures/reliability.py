"""How does agreement between coders become a forest of the codes by Krippendorff's alpha?

References: Lewis & Clarke 2001, BMJ 322, 1479-1480, on forest plots.
"""

from __future__ import annotations

import math

import pandas as pd

from analysis_lib.figures.charts import Axis, Chart, Column, Line, Mark, Series
from analysis_lib.figures.drawing import most_that_fit
from analysis_lib.figures.style import INK
from analysis_lib.formatting import WITHHELD, decimal, missing, n_of
from analysis_lib.payload import Payload
from analysis_lib.tables.reliability import coefficient

MOST_CODES = 30  # so that the figure stays on one page
_LOWEST = -0.5  # limits of alpha below are cut there and get an arrow


def agreement_forest(payload: Payload) -> tuple[Chart, ...]:
    """One line per code with its alpha, as many as find room on the page."""
    most = most_that_fit(lambda n: _charts(payload, n), MOST_CODES)
    return _charts(payload, most)


def _charts(payload: Payload, most: int) -> tuple[Chart, ...]:
    lines = []
    for _, row in _codes(payload).head(most).iterrows():
        alpha = float(row["krippendorff_alpha"])
        low, high = (
            alpha if missing(row[name]) else float(row[name]) for name in ("alpha_low", "alpha_high")
        )
        ac1 = coefficient(row, "gwet_ac1", "ac1") if pd.notna(row["ac1_low"]) else decimal(row["gwet_ac1"])
        cells = (n_of(row["n_given"], row["n_units"]), coefficient(row), ac1)
        lines.append(Line(row["code_label"], row["code_label"], (Mark(alpha, low, high),), cells))
    lowest = min([0.0, *(max(mark.low, _LOWEST) for line in lines for mark in line.marks)])
    low = math.floor(round(lowest, 6) * 4) / 4
    ticks = tuple(low + 0.25 * i for i in range(round((1 - low) * 4) + 1))
    mark = payload.facts["weak_below"]
    label = f"Krippendorff's alpha; line: {decimal(mark)}"
    axis = Axis(label, low, 1.0, ticks, origin=mark, decimals=2)
    columns = (
        Column("Given to", "right"),
        Column("Alpha [95% CI]", "left"),
        Column("AC1 [95% CI]", "left"),
    )
    series = (Series("alpha", INK, "o"),)
    return (Chart(tuple(lines), series, columns, axis, "Code"),)


def _codes(payload: Payload) -> pd.DataFrame:
    """Codes that may be drawn: with an alpha and no code below them, the best agreed first, without interval last."""
    frame = payload.tables["agreement"].frame
    below = frame["depth"].shift(-1, fill_value=0)
    frame = frame[(below <= frame["depth"]) & frame["krippendorff_alpha"].notna()]
    ranked = frame.assign(open=frame["alpha_low"].isna(), rank=-frame["krippendorff_alpha"].round(9))
    return ranked.sort_values(["open", "rank"], kind="stable")


def agreement_forest_refusal(payload: Payload) -> str | None:
    """Why there is no forest; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if len(_codes(payload)):
        return None
    withheld = payload.tables["agreement"].frame["reason"].eq(WITHHELD).any()
    return "every estimate is withheld" if withheld else "no code was given to some and not to others"


def agreement_forest_caption(payload: Payload) -> list[str]:
    """Question, statistic, interval and what was left out."""
    mark = decimal(payload.facts["weak_below"])
    drawn = [mark_ for line in agreement_forest(payload)[0].lines for mark_ in line.marks]
    known = len(_codes(payload))
    return [
        "Which codes can be counted on?",
        f"Wave {payload.facts['wave']}. Krippendorff's alpha of the coders on who has the code, with 95% intervals that"
        " resample people; from people whom two coded independently of each other.",
        f"Line at {mark}: below, the study calls a code weak. Codes with others below them stand in the table only.",
        "No interval is drawn where the coders never differed or too few people have the code.",
        "Arrow: the interval goes on beyond the axis." if any(m.low < _LOWEST for m in drawn) else "",
        f"The {len(drawn)} best agreed of {known} codes, the others are in the table."
        if known > len(drawn)
        else "",
    ]


def agreement_forest_reading(payload: Payload) -> str:
    """The one main reading, for those who do not see it."""
    codes, mark = _codes(payload), payload.facts["weak_below"]
    codes = codes.head(len(agreement_forest(payload)[0].lines))
    weakest = codes.loc[codes["krippendorff_alpha"].idxmin()]
    above = int((codes["alpha_low"] >= mark).sum())
    return (
        f"Forest plot of alpha for {len(codes)} code{'s' * (len(codes) > 1)} with 95% intervals; {above} lie wholly at"
        f" {decimal(mark)} or above. The least agreed: “{weakest['code_label']}”, {coefficient(weakest)}."
    )
