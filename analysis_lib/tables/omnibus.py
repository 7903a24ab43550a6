"""How are the test of all themes at once and the tests from the top of the codebook laid out?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis_lib.branches import NOT_OPENED, NOT_TESTED
from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, count, decimal, missing, p_value
from analysis_lib.omnibus import ITSELF, PERMUTATION, RAO_SCOTT, THROUGH_LOWER, with_effect
from analysis_lib.payload import Payload
from analysis_lib.tables.common import anchor, is_banded, number, standing_notes, text, title

_TESTS = {PERMUTATION: "Permutation (MMI)", RAO_SCOTT: "Rao-Scott, second order"}


def omnibus(payload: Payload) -> FormattedTable:
    """All themes in one test: how much first, then whether it is more than chance."""
    frames = [payload.tables[name].frame for name in ("tests", "counts", "people")]
    frame = with_effect(*frames)
    heads = ("Value", "df", "p", "Random error of p")
    rows = () if payload.facts["reason"] else (*_effect_rows(frame), *_test_rows(frame, payload))
    return FormattedTable(
        title(payload, "All themes together by outcome group"),
        "Measure",
        (tuple(map(Head, heads)),),
        rows,
        (*(() if payload.facts["reason"] else _omnibus_notes(frame, payload)), *standing_notes(payload)),
    )


def _effect_rows(frame: pd.DataFrame) -> tuple[Row, ...]:
    first = frame.iloc[0]
    shown = {
        "Mean V²": _or_withheld(first["mean_v_squared"], 3),
        "Mean V² by chance alone": _or_withheld(first["v_squared_by_chance"], 3),
        f"Effective number of themes, of {first['n_themes']}": _or_withheld(first["effective_themes"], 1),
    }
    blank = tuple(number("") for _ in range(3))
    return (
        Row("How much", heading=True),
        *(Row(label, (number(value), *blank), 1) for label, value in shown.items()),
    )


def _test_rows(frame: pd.DataFrame, payload: Payload) -> tuple[Row, ...]:
    rows = [Row("Whether it is more than chance", heading=True)]
    for row in frame.to_dict("records"):
        cells: tuple[Cell, ...] = (
            number(_or_withheld(row["statistic"], 1)),
            number(decimal(row["df"], 1)),
            number(p_value(row["p_value"], band=is_banded(payload))),
            number(decimal(row["mc_error"], 4)),
        )
        if row["reason"] and row["reason"] != WITHHELD:
            cells = (text(f"none: {row['reason']}", span=4),)
        rows.append(Row(_TESTS[row["test"]], cells, 1, anchor("omnibus", row["test"])))
    return tuple(rows)


def _or_withheld(value: float, digits: int) -> str:
    return WITHHELD if missing(value) else decimal(value, digits)


def _how_p_was_found(facts: Mapping[str, Any]) -> str:
    if facts.get("large_sample", False):
        return "p: Rao-Scott's test; of so many people labels are not permuted."
    return (
        f"p: by permutation, people's outcome labels exchanged {count(facts['n_permutations'])} times (seed"
        f" {facts['seed']}), each person's themes kept whole; by Rao-Scott, a large-sample check without permutation."
    )


def _omnibus_notes(frame: pd.DataFrame, payload: Payload) -> tuple[str, ...]:
    facts, first = payload.facts, frame.iloc[0]
    n_used, n_missing = (count(first[name], absent=WITHHELD) for name in ("n_used", "n_missing"))
    notes = [
        f"People in the test: {n_used}; with an outcome group but not in it: {n_missing}.",
        "V²: Cramér's V squared, the share of a theme's variance that lies between the groups, averaged over the"
        f" {first['n_themes']} themes in the test. Effective number: as many independent themes would carry as"
        " much information.",
        "Value: by permutation, the sum of the chi-squares of all themes; by Rao-Scott, that sum corrected.",
        _how_p_was_found(facts),
        "Every coding enters once, at the lowest theme it was given to.",
    ]
    themes = payload.tables["themes"].frame
    themselves = themes.loc[themes["part"] == ITSELF, "theme_label"]
    if len(themselves):
        notes[-1] += f" For those with it and nothing below it, also: {', '.join(themselves)}."
    left = themes[themes["reason"].notna() & (themes["reason"] != THROUGH_LOWER)]
    notes += [
        f"Not in the test, {why}: {', '.join(rows['theme_label'])}."
        for why, rows in left.groupby("reason", sort=False)
    ]
    return (*notes, *strata_notes(payload))


def theme_hierarchy(payload: Payload) -> FormattedTable:
    """The codebook tested from its upper themes down."""
    facts = payload.facts
    records = () if facts["reason"] else payload.tables["rows"].frame.to_dict("records")
    rows = []
    for row in records:
        effect, decision = NONE, row["decision"]
        if not missing(row["cramers_v"]):
            effect = f"{decimal(row['cramers_v'])} [{decimal(row['conf_low'])}, {decimal(row['conf_high'])}]"
        p_values = [p_value(row[name], band=is_banded(payload)) for name in ("p_value", "p_adjusted")]
        if decision in {NOT_OPENED, NOT_TESTED}:
            p_values = [NONE, NONE]
        if decision == NOT_TESTED and row["reason"]:
            decision = f"{NOT_TESTED}: {row['reason']}"
        cells = (number(effect), *map(number, p_values), text(decision))
        rows.append(Row(row["theme_label"], cells, int(row["depth"]), anchor("branch", row["theme_id"])))
    notes = [
        "Upper themes are tested first; those below one are opened only where it was rejected.",
        f"p: exact, over all groups. Adjusted p: inheritance procedure; the chance of any false rejection in the whole"
        f" table stays at {decimal(facts['alpha'])}.",
        "V: bias-corrected Cramér's V, with 95% interval.",
        "A theme that stays closed is not shown to be alike in all groups: themes below one upper theme can differ"
        " in opposite directions and cancel out in it. How far each difference is settled is read from the table"
        " of differences, not from here.",
    ]
    if not facts["nested"]:
        notes[0] = "No theme that was tested stands below another, so this is Holm's method."
    heads = ("V [95% CI]", "p in strata" if facts.get("strata") else "p", "Adjusted p", "Decision")
    return FormattedTable(
        title(payload, "Where in the codebook the groups differ, from the top"),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*(() if facts["reason"] else (*notes, *strata_notes(payload))), *standing_notes(payload)),
    )


def strata_notes(payload: Payload) -> tuple[str, ...]:
    """What is compared inside strata only, and who is not; nothing where the study declares none."""
    if not payload.facts.get("strata"):
        return ()
    row = payload.tables["strata"].frame.iloc[0]
    unknown, alone = (count(row[name], absent=WITHHELD) for name in ("n_unknown", "n_alone"))
    named = " and ".join(payload.facts["strata"])
    return (
        f"Strata: {named}. Labels are exchanged inside strata only; this holds for adjusted p-values, p in strata and"
        " the test of all themes. Exact p, mid-p, V, shares and differences are of whole groups.",
        f"Not compared inside strata: {unknown} people whose stratum is unknown, {alone} in strata that hold one"
        " outcome group only.",
    )
