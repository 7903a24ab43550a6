"""What goes with dropping out, in odds ratios and in plain probabilities?

The forest draws each term alone and all terms together, from the same people; the probability plot draws
what the model with all terms says at each level. Only the event that each model was stated for is drawn, and
only penalised estimates; the others stand in the tables.

References: Lewis & Clarke 2001, BMJ 322, 1479-1480 (forest plots); Firth 1993, Biometrika 80, 27-38; Puhr et
al. 2017, Stat Med 36, 2302-2317 (FLIC).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis_lib.figures.charts import (
    Axis,
    Chart,
    Column,
    Line,
    Mark,
    Series,
    in_percent,
    percent_axis,
    ratio_axis,
)
from analysis_lib.figures.style import INK
from analysis_lib.figures.wording import nothing_left, points_with_interval, withheld_note
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    missing,
    n_of,
    percent,
    percent_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.tables.common import words
from analysis_lib.tables.termination import stated, term_label
from analysis_lib.termination import FIRTH

_FARTHEST = 16.0  # odds ratios whose limits lie beyond are cut there and get an arrow


def termination_forest(payload: Payload) -> tuple[Chart, ...]:
    """Odds ratios, one chart per stated model; a model that could not be fitted gives the reason instead."""
    models, guards = stated(payload, "models"), stated(payload, "guards")
    models = models[models["method"] == FIRTH]
    events = stated(payload, "events") if "events" in payload.tables else None
    axis = _ratio_axis(models)
    series = (Series("alone", INK, "o", hollow=True), Series("together", INK, "s"))
    columns = [Column("Alone", "left", 0), Column("Together", "left", 1)]
    if events is not None:
        columns.insert(0, Column("Events/n", "right"))
    charts = []
    for _, guard in guards.iterrows():
        mine = models[models["model"] == guard["model"]]
        seen = None if events is None else events[events["model"] == guard["model"]]
        charts.append(
            Chart(
                tuple(_forest_lines(mine, seen, guard)),
                series,
                tuple(columns),
                axis,
                "Term",
                "Odds ratio [95% CI]",
                heading=_model_heading(payload, guard["model"], guard["n_used"], guard["n_events"]),
                remark="" if len(mine) else f"No model: {guard['reason']}",
            )
        )
    return tuple(charts)


def termination_forest_refusal(payload: Payload) -> str | None:
    """Why there is no forest; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    charts = termination_forest(payload)
    if not any(chart.lines for chart in charts):
        guards = stated(payload, "guards")
        return "; ".join(f"model {g['model']}: {g['reason']}" for _, g in guards.iterrows()) or "no model"
    return nothing_left(charts, "every estimate is withheld")


def termination_forest_caption(payload: Payload) -> list[str]:
    """Question, method and interval, markers, and who was left out."""
    guards = stated(payload, "guards")
    left = [
        f"{count(g['n_dropped'], absent=WITHHELD)} of {count(g['n_eligible'], absent=WITHHELD)}"
        + (f" (model {words(g['model'])})" if len(guards) > 1 else "")
        for _, g in guards.iterrows()
    ]
    charts = termination_forest(payload)
    cut = any(
        mark.low < chart.axis.low or mark.high > chart.axis.high
        for chart in charts
        for line in chart.lines
        for mark in line.marks
    )
    return [
        "What goes with dropping out, term by term and all terms together?",
        f"Wave {payload.facts['wave']}. Odds ratios of dropping out by Firth's penalised likelihood with 95% profile"
        " intervals, on a log scale; right of 1, the odds of dropping out are higher.",
        "Open circle: the term alone; filled square: all terms of the model together; the same people in both.",
        f"People left out for missing values: {'; '.join(left)}.",
        "Arrow: the interval goes on beyond the axis." if cut else "",
        _association(payload),
        withheld_note(charts),
    ]


def termination_forest_reading(payload: Payload) -> str:
    """How many intervals of all terms together exclude 1, and which."""
    models = stated(payload, "models")
    rows = models[(models["method"] == FIRTH) & models["adjusted"].eq(True)].dropna(subset=["odds_ratio"])
    opening = "Forest plot of odds ratios of dropping out, each term alone and all together."
    if rows.empty:
        return f"{opening} The estimates of all terms together are withheld."
    away = rows[(rows["conf_low"] > 1) | (rows["conf_high"] < 1)]
    listed = [f"“{term_label(row)}” {_odds_ratio(row)}" for _, row in away.iterrows()]
    which = f": {'; '.join(listed)}" if listed else ""
    return f"{opening} All together, {len(away)} of {len(rows)} intervals exclude 1{which}."


def termination_probabilities(payload: Payload) -> tuple[Chart, ...]:
    """Adjusted probability at each level, one chart per model that could be fitted."""
    frame = stated(payload, "probabilities")
    series = (Series("adjusted probability", INK, "o"),)
    columns = (Column("Probability [95% CI]", "left"), Column("Difference [95% CI]", "left"))
    lines = {
        str(model): tuple(_probability_lines(mine)) for model, mine in frame.groupby("model", sort=False)
    }
    axis = percent_axis(
        [line for those in lines.values() for line in those],
        "Adjusted probability of dropping out, %",
    )
    return tuple(
        Chart(
            those,
            series,
            columns,
            axis,
            "Level",
            heading=_model_heading(payload, model, frame.loc[frame["model"] == model, "n_used"].iloc[0]),
        )
        for model, those in lines.items()
    )


def termination_probabilities_refusal(payload: Payload) -> str | None:
    """Why no probabilities are drawn; None where they are."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    charts = termination_probabilities(payload)
    return nothing_left(charts, "every estimate is withheld") if charts else "no stated model could be fitted"


def termination_probabilities_caption(payload: Payload) -> list[str]:
    """Question, method and interval, and what the differences are from."""
    return [
        "How much does each term matter for dropping out, in plain probabilities?",
        f"Wave {payload.facts['wave']}. Probability of dropping out if everybody had this level, all else as"
        " observed, from the model with all terms (Firth, FLIC intercept), with 95% delta-method intervals.",
        "Difference: percentage points from the first level of the term.",
        _association(payload),
        withheld_note(termination_probabilities(payload)),
    ]


def termination_probabilities_reading(payload: Payload) -> str:
    """The widest difference from the first level of a term."""
    frame = stated(payload, "probabilities")
    rows = frame.dropna(subset=["average_risk_difference"])
    opening = "Dot plot with 95% intervals of the adjusted probability of dropping out at each level."
    if rows.empty:
        return opening
    _, top = max(rows.iterrows(), key=lambda item: round(abs(item[1]["average_risk_difference"]), 9))
    same = frame[(frame["model"] == top["model"]) & (frame["term"] == top["term"])]
    first = same.iloc[0]
    return (
        f"{opening} The widest difference: “{top['term_label']}”, {percent(top['probability'])} at"
        f" “{words(top['level'])}” against {percent(first['probability'])} at “{words(first['level'])}”,"
        f" {points_with_interval(top['average_risk_difference'], top['ard_low'], top['ard_high'])}."
    )


def _forest_lines(models: pd.DataFrame, events: pd.DataFrame | None, guard: pd.Series) -> Iterator[Line]:
    for term, rows in models.groupby("term", sort=False):
        levels = list(dict.fromkeys(rows["level"]))
        first = rows.iloc[0]
        reference = words(first["reference"]) if first["reference"] else ""
        under_heading = len(levels) > 1
        if under_heading:
            label = f"{first['term_label']} (v {reference})" if reference else first["term_label"]
            yield Line(label, label)
        for level in levels:
            here = rows[rows["level"] == level]
            fits = [_fit(here, adjusted=adjusted) for adjusted in (False, True)]
            name = term_label(here.iloc[0])
            cells = [cell for _, cell in fits]
            if events is not None:
                at = events[(events["term"] == term) & (events["level"] == level)]
                # A number such as age has no levels: everybody stands behind its estimate.
                n = (guard["n_events"], guard["n_used"]) if at.empty else at[["n_events", "n_total"]].iloc[0]
                cells.insert(0, n_of(*n))
            marks = tuple(mark for mark, _ in fits)
            yield Line(words(level) if under_heading else name, name, marks, tuple(cells), under_heading)


def _fit(rows: pd.DataFrame, *, adjusted: bool) -> tuple[Mark, str]:
    """The mark of one fit of a level, and its numbers as text."""
    here = rows[rows["adjusted"].eq(adjusted)]
    if here.empty:
        return Mark(math.nan, math.nan, math.nan), NONE
    row = here.iloc[0]
    mark = Mark(float(row["odds_ratio"]), float(row["conf_low"]), float(row["conf_high"]))
    return mark, _why_missing(row) if missing(row["odds_ratio"]) else _odds_ratio(row)


def _odds_ratio(row: pd.Series) -> str:
    return f"{ratio(row['odds_ratio'])} {ratio_interval(row['conf_low'], row['conf_high'])}"


def _ratio_axis(models: pd.DataFrame) -> Axis:
    """Doublings round 1; limits far out are cut, estimates never are."""
    estimates = [x for x in models["odds_ratio"] if 0 < x < math.inf]
    low = min([1.0, *estimates, *(max(x, 1 / _FARTHEST) for x in models["conf_low"].dropna())])
    high = max([1.0, *estimates, *(min(x, _FARTHEST) for x in models["conf_high"].dropna())])
    return ratio_axis("Odds ratio of dropping out (log scale)", low, high)


def _probability_lines(frame: pd.DataFrame) -> Iterator[Line]:
    for _, rows in frame.groupby("term", sort=False):
        label = rows["term_label"].iloc[0]
        yield Line(label, label)
        for i, (_, row) in enumerate(rows.iterrows()):
            mark = Mark(*in_percent(row, "probability", "conf_low", "conf_high"))
            if missing(row["probability"]):
                cells = (_why_missing(row), "")
            else:
                interval = percent_interval(row["conf_low"], row["conf_high"])
                difference = points_with_interval(
                    row["average_risk_difference"], row["ard_low"], row["ard_high"]
                )
                cells = (f"{percent(row['probability'])} {interval}", difference if i else "reference")
            level = words(row["level"])
            yield Line(level, f"{label}, {level}", (mark,), cells, indent=True)


def _why_missing(row: pd.Series) -> str:
    """What stands in place of an estimate: ``withheld`` by the door, or a dash for one that does not exist."""
    return WITHHELD if missing(row["reason"]) or row["reason"] == WITHHELD else NONE


def _model_heading(payload: Payload, model: str, n_used: Any, n_events: Any = None) -> str:
    rule = payload.facts["rules"][payload.facts["stated_event"][model]]
    n = f"{count(n_used, absent=WITHHELD)} people with complete data"
    if n_events is not None:
        n = f"{count(n_events, absent=WITHHELD)} of {n}"
    return f"Model {words(model)}: {rule} ({n})"


def _association(payload: Payload) -> str:
    after = payload.facts["theme_timing"] == "after_outcome"
    return "Accounts were given after the outcome, so these are associations." if after else ""
