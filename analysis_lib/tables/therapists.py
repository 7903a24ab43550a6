"""How are models laid out that allow people of one therapist to resemble one another?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, count, decimal, general, ratio, ratio_interval
from analysis_lib.payload import Payload
from analysis_lib.tables.common import anchor, number, standing_notes, text, title
from analysis_lib.tables.termination import term_label
from analysis_lib.termination import FIRTH
from analysis_lib.therapists import GEE, METHODS, RANDOM, WITHIN

_HEADS = {
    FIRTH: "{units} ignored",
    GEE: "robust errors (GEE)",
    RANDOM: "random intercept",
    WITHIN: "within {units}",
}


def therapists(payload: Payload) -> FormattedTable:
    """The adjusted odds ratios of each model, with clusters ignored and allowed for, side by side."""
    frame, sizes = payload.tables["models"].frame, payload.tables["icc"].frame
    rows: list[Row] = []
    notes: list[str] = []
    for about in sizes.to_dict("records"):
        unit = payload.facts["units"][about["model"]]
        rows.append(Row(heading(payload, about), heading=True))
        mine = frame[frame["model"] == about["model"]]
        by_method = {method: mine[mine["method"] == method] for method in METHODS}
        if about["refusal"]:
            rows.append(Row("No model", (text(f"{about['refusal']}.", span=len(METHODS)),), 1))
            continue
        rows.append(Row("People", _counts(by_method, "n_used"), 1))
        rows.append(Row(f"{unit.capitalize()}s", _counts(by_method, "n_clusters"), 1))
        for (term, level), here in mine.groupby(["term", "level"], sort=False):
            cells = tuple(_odds(here[here["method"] == method]) for method in METHODS)
            where = anchor("therapists", about["model"], term, level)
            rows.append(Row(term_label(here.iloc[0]), cells, 1, where))
        notes += _why_not(by_method, about["model"], unit)
        notes += _left_out(by_method[WITHIN], about["model"], unit)
        notes += _without(about, unit)
    kinds = units(payload)
    notes = [
        f"Adjusted odds ratios of dropping out with 95% intervals. {kinds.capitalize()} ignored: Firth. Robust errors:"
        f" maximum likelihood, bias-reduced errors over {kinds}, t with as many degrees of freedom as {kinds} less one."
        f" Random intercept: maximum likelihood. Within {kinds}: conditional likelihood.",
        f"The last two compare people who share one of the {kinds} and tend to lie further from 1 than the first two;"
        " Firth's tend to lie closest to 1.",
        "Rows other than themes are adjusted for; they are not findings of their own.",
        *notes,
    ]
    return FormattedTable(
        title(payload, f"The same odds ratios when {kinds} are allowed for"),
        "Term",
        (tuple(Head(_head(method, kinds)) for method in METHODS),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def heading(payload: Payload, about: dict[str, object]) -> str:
    """A model with its event and the people whose cluster is known."""
    rule = payload.facts["rules"][about["event"]]
    n = f"{count(about['n_events'], absent=WITHHELD)} of {count(about['n_used'], absent=WITHHELD)} people"
    return f"Model {about['model']}: {rule} ({n})"


def units(payload: Payload) -> str:
    """What the clusters of the models are: ``therapists``, or ``clusters`` where models differ in that."""
    kinds = set(payload.facts["units"].values())
    return f"{kinds.pop()}s" if len(kinds) == 1 else "clusters"


def _head(method: str, kinds: str) -> str:
    words = _HEADS[method].format(units=kinds)
    return f"{words[:1].upper()}{words[1:]}"


def _counts(by_method: dict[str, pd.DataFrame], column: str) -> tuple[Cell, ...]:
    return tuple(number(count(by_method[method][column].iloc[0], absent=WITHHELD)) for method in METHODS)


def _odds(rows: pd.DataFrame) -> Cell:
    row = rows.iloc[0]
    if pd.isna(row["odds_ratio"]):
        return number(WITHHELD if row["reason"] == WITHHELD else NONE)
    return number(f"{ratio(row['odds_ratio'])} {ratio_interval(row['conf_low'], row['conf_high'])}")


def _why_not(by_method: dict[str, pd.DataFrame], model: str, unit: str) -> list[str]:
    """Why a method has no estimate."""
    notes = []
    for method, rows in by_method.items():
        said = [str(why).rstrip(".") for why in dict.fromkeys(rows["reason"]) if why and why != WITHHELD]
        notes += [f"{_head(method, f'{unit}s')}, model {model}: {why}." for why in said]
    return notes


def _left_out(rows: pd.DataFrame, model: str, unit: str) -> list[str]:
    """Whom a comparison within clusters cannot use."""
    row = rows.iloc[0]
    if row["n_left_out"] == 0:
        return []
    n, clusters = (count(row[name], absent=WITHHELD) for name in ("n_left_out", "n_clusters_left_out"))
    return [
        f"Left out within {unit}s, model {model}, since with their {unit} everybody dropped out or nobody did:"
        f" people {n}, {unit}s {clusters}."
    ]


def _without(about: dict[str, object], unit: str) -> list[str]:
    if about["n_missing"] == 0:
        return []
    n = count(about["n_missing"], absent=WITHHELD)
    return [f"People with complete data left out of model {about['model']}, no {unit} on record: {n}."]


def icc(payload: Payload) -> FormattedTable:
    """How much clusters differ in who drops out."""
    rows: list[Row] = []
    notes = []
    for about in payload.tables["icc"].frame.to_dict("records"):
        held = about["reason"] == WITHHELD and not about["refusal"]
        missing = WITHHELD if held else NONE
        correlation = interval(about["conf_low"], about["conf_high"])
        cells = (
            count(about["n_used"], absent=WITHHELD),
            count(about["n_clusters"], absent=WITHHELD),
            _people_each(about),
            count(about["n_missing"], absent=WITHHELD),
            missing if pd.isna(about["icc"]) else f"{decimal(about['icc'])} {correlation}".rstrip(),
            missing if pd.isna(about["median_odds_ratio"]) else ratio(about["median_odds_ratio"]),
        )
        where = anchor("icc", about["model"])
        rows.append(Row(heading(payload, about), tuple(map(number, cells)), anchor=where))
        said = {"Correlation": about["reason"], "Median odds ratio": about["median_reason"]}
        if about["refusal"]:
            said = {"Neither": about["refusal"]}
        notes += [f"{what}, model {about['model']}: {why}." for what, why in said.items() if why and not held]
    kinds = units(payload)
    one = kinds.removesuffix("s")
    standing = (
        f"Correlation: how alike people of one {one} are in dropping out, 0 for no more than people of different ones;"
        f" by analysis of variance, 95% jackknife interval over {kinds}.",
        f"Median odds ratio: for two people alike in every term of the model but of different {kinds}, the higher of"
        " their odds over the lower, median over such pairs; from the random intercept, without an interval.",
    )
    heads = (
        "People", kinds.capitalize(), f"People per {one}, median (range)", f"No {one} on record",
        "Correlation [95% CI]", "Median odds ratio",
    )  # fmt: skip
    return FormattedTable(
        title(payload, f"How much {kinds} differ in who drops out"),
        "Model",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*standing, *notes, *standing_notes(payload)),
    )


def interval(low: float, high: float) -> str:
    """Limits of a correlation.

    >>> interval(-0.05, 0.269)
    '[−0.05, 0.27]'
    """
    return "" if pd.isna(low) or pd.isna(high) else f"[{decimal(low)}, {decimal(high)}]"


def _people_each(about: dict[str, object]) -> str:
    if pd.isna(about["people_median"]):
        return NONE
    return f"{general(about['people_median'])} ({count(about['people_min'])} to {count(about['people_max'])})"
