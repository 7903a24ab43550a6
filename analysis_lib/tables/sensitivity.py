"""How are the tables of specifications and of talkativeness laid out?"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    decimal,
    general,
    missing,
    n_of,
    p_value,
    percent,
    points,
    points_interval,
)
from analysis_lib.payload import Payload, Table
from analysis_lib.specification_table import specification_table, theme_summary
from analysis_lib.specifications import LEFT_OUT, NO_MIXED, WITHOUT_WEAK
from analysis_lib.tables.common import (
    BASES,
    TIERS,
    anchor,
    group_heads,
    group_labels,
    is_banded,
    number,
    standing_notes,
    text,
    title,
)
from analysis_lib.talkativeness import panel_table
from analysis_lib.ways_of_counting import SEGMENTS

NOT_PEOPLE = "shares of mentions: not a share of people"
DIMENSIONS = {
    "mixed": "Mixed group",
    "unit": "Counted",
    "base": "Base",
    "exposure": "Talking",
    "codes": "Codes",
}
VALUES = {
    ("mixed", "own_group"): "group of its own",
    ("mixed", "with_unhelpful"): "with unhelpful",
    ("mixed", "with_helpful"): "with helpful",
    ("mixed", LEFT_OUT): "left out",
    ("mixed", NO_MIXED): "no such group",
    ("unit", "participant"): "people",
    ("unit", "segment"): "mentions",
    ("base", "all_with_material"): "all with material",
    ("base", "any_theme"): "with any theme",
    ("base", SEGMENTS): "all mentions",
    ("exposure", "none"): "as it is",
    ("exposure", "log_words"): "words held alike",
    ("exposure", "segments"): "segments held alike",
    ("codes", "all"): "all",
    ("codes", WITHOUT_WEAK): "without weak ones",
}


def specification_rows(payload: Payload) -> pd.DataFrame:
    """Every specification and theme of a payload with what follows from its counts, and its joint p."""
    facts, tables = payload.facts, payload.tables
    sides = tuple((mixed, *(tuple(names) for names in pair)) for mixed, pair in facts["sides"].items())
    settings = (float(facts["smallest_difference"]), float(facts["alpha"]), is_banded(payload))
    return _specification_rows(tuple(tables[name] for name in _RAW), sides, settings).copy()


_RAW = ("specifications", "counts", "estimates", "p_values", "themes")


@lru_cache(maxsize=4)  # a table, a figure and sentences ask for the same rows, and they take a while
def _specification_rows(
    raw: tuple[Table, ...], sides: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...], settings: Any
) -> pd.DataFrame:
    specifications, counts, estimates, p_values, themes = (table.frame for table in raw)
    smallest_difference, alpha, banded = settings
    return specification_table(
        specifications,
        {mixed: (names, others) for mixed, names, others in sides},
        counts,
        estimates,
        p_values,
        themes,
        smallest_difference=smallest_difference,
        alpha=alpha,
        banded=banded,
    )


def compared(payload: Payload) -> tuple[str, str]:
    """Labels of the group and the reference, in lower case."""
    labels = group_labels(payload)
    return labels[payload.facts["group"]].lower(), labels[payload.facts["reference"]].lower()


def varied(payload: Payload) -> dict[str, list[str]]:
    """What was varied: name of the choice -> its values, in order; those with one value alone left out."""
    frame = payload.tables["specifications"].frame
    found = {}
    for name in DIMENSIONS:
        # A share of segments has a base of its own, which the unit says already.
        values = [value for value in dict.fromkeys(frame[name]) if value != SEGMENTS]
        if len(values) > 1:
            found[name] = values
    return found


def not_varied(payload: Payload) -> tuple[str, ...]:
    """Choices of study.yaml that gave nothing of their own, and why, one phrase each."""
    return tuple(
        f"{DIMENSIONS[row.choice].lower()} {VALUES[row.choice, row.value]} ({row.reason})"
        for row in payload.tables["dropped"].frame.itertuples()
    )


def sensitivity(payload: Payload) -> FormattedTable:
    """What the specifications of each theme have in common."""
    facts, banded = payload.facts, is_banded(payload)
    themes = payload.tables["themes"].frame.set_index("theme_id")
    rows = []
    for row in theme_summary(specification_rows(payload)).to_dict("records"):
        theme = themes.loc[row["theme_id"]]
        stated = f"{points(row['estimate'])} {points_interval(row['conf_low'], row['conf_high'])}".strip()
        cells = (
            number(WITHHELD if missing(row["estimate"]) else stated),
            text(TIERS[row["tier"]]),
            number(span_of(row["smallest"], row["largest"])),
            number(span_of(row["segments_smallest"], row["segments_largest"])),
            number(excluding_zero(row)),
            number(p_value(theme["p_joint"], band=banded)),
            number(p_value(theme["p_joint_adjusted"], band=banded)),
        )
        label, depth = theme["theme_label"], int(theme["depth"])
        rows.append(Row(label, cells, depth, anchor("sensitivity", row["theme_id"])))
    heads = (
        "As stated [95% CI]", "Reading", "People, smallest to largest", "Mentions, smallest to largest",
        "Intervals without 0", "Joint p", "Adjusted joint p",
    )  # fmt: skip
    if facts["reason"]:
        words = "The comparison under every specification"
    else:
        first, second = compared(payload)
        words = f"{first[:1].upper()}{first[1:]} against {second} under every specification"
    return FormattedTable(
        title(payload, words),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*_sensitivity_notes(payload), *standing_notes(payload)) if rows else standing_notes(payload),
    )


def _sensitivity_notes(payload: Payload) -> list[str]:
    facts, banded = payload.facts, is_banded(payload)
    n = len(payload.tables["specifications"].rows)
    choices = "; ".join(
        f"{DIMENSIONS[name].lower()}: {', '.join(VALUES[name, value] for value in values)}"
        for name, values in varied(payload).items()
    )
    notes = [
        f"{n} specifications. Varied: {choices}." if choices else "1 specification: nothing was varied.",
        "Differences in percentage points. As stated: the analysis of the other tables, with the reading given there."
        f" Mentions: coded segments with the theme of all coded segments of the group ({NOT_PEOPLE}).",
        "Intervals without 0: specifications whose 95% interval excludes 0, of those with an interval.",
    ]
    if banded:
        notes.append(
            "Differences from counts are derived from rounded numbers of people, the others are as estimated, so part"
            " of what lies between the smallest and the largest is rounding."
        )
    dropped = not_varied(payload)
    notes += [f"Not among them: {'; '.join(dropped)}."] if dropped else []
    if facts["weak"]:
        weak, mark = ", ".join(facts["weak"]), decimal(facts["weak_below"])
        notes.append(f"Weak ones, left out once in the stated analysis (alpha below {mark}): {weak}.")
    if facts["test_reason"]:
        return [*notes, f"No p-values: {facts['test_reason']}."]
    p = p_value(payload.tables["overall"].frame["p_overall"].iloc[0], band=banded)
    return [
        *notes,
        "Joint p: how often permuted outcome labels put the standardised difference, averaged over all"
        f" specifications, as far from 0 ({count(facts['n_permutations'])} permutations); adjusted over the themes"
        f" by step-down minP. Over all themes and specifications together: p {p if p[0] in '<>≥' else f'= {p}'}.",
    ]


def span_of(smallest: Any, largest: Any) -> str:
    """Two differences in points as a span.

    >>> span_of(0.204, 0.309), span_of(0.1, 0.101), span_of(None, None)
    ('+20 to +31', '+10', '–')
    """
    if missing(smallest) or missing(largest):
        return NONE
    ends = points(smallest), points(largest)
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def excluding_zero(row: Any) -> str:
    """How many intervals exclude 0, and on which side where they do so on both.

    >>> excluding_zero({"n_above": 8, "n_below": 0, "n_specifications": 16})
    '8 of 16'
    >>> excluding_zero({"n_above": 2, "n_below": 1, "n_specifications": 16})
    '2 above, 1 below, of 16'
    """
    above, below, n = (int(row[name]) for name in ("n_above", "n_below", "n_specifications"))
    if above and below:
        return f"{above} above, {below} below, of {n}"
    return f"{above + below} of {n}" if n else NONE


_MEASURES = {"words": "Words per person", "segments": "Coded segments per person"}
WAYS = {
    "participants": "People",
    "any_theme": "People with any theme",
    "segments": "Mentions",
    "log_words": "Words held alike",
}


def talkativeness_words(payload: Payload) -> FormattedTable:
    """How much each group says."""
    frame, labels = payload.tables["material"].frame, group_labels(payload)
    rows: list[Row] = []
    for measure, label in _MEASURES.items():
        mine = frame[(frame["measure"] == measure) & frame["n"].ne(0)]
        if not mine["n_known"].ne(0).any():
            continue
        rows.append(Row(label, heading=True))
        for row in mine.to_dict("records"):
            quartiles = (
                NONE if missing(row["lower"]) else f"{general(row['lower'])} to {general(row['upper'])}"
            )
            cells = (
                number(n_of(row["n_known"], row["n"])),
                number(_or_reason(row, "median", general)),
                number(quartiles),
                number(_says_more(row)),
            )
            rows.append(Row(labels[row["group"]], cells, 1, anchor("talk", measure, row["group"])))
    reference = labels[payload.facts["reference"]]
    notes = [
        "Known: people whose words, or segments, are known of all in the group. Quartiles: the middle half of them.",
        f"Says more: in how many of 100 pairs a person of the group said more than one of the group {reference}, ties"
        " counting half, with 95% DeLong interval; 50 is as often as the other way round.",
    ]
    if payload.facts["reason"]:
        notes.append(f"No words per person: {payload.facts['reason']}.")
    return FormattedTable(
        title(payload, "How much each outcome group says"),
        "Group",
        (tuple(map(Head, ("Known n/N", "Median", "Quartiles", "Says more, of 100 pairs [95% CI]"))),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def _or_reason(row: dict[Any, Any], name: str, written: Any) -> str:
    if not missing(row[name]):
        return str(written(row[name]))
    return NONE if missing(row["reason"]) else str(row["reason"])


def _says_more(row: dict[Any, Any]) -> str:
    if row["group"] == row["reference"]:
        return "reference"
    if missing(row["says_more"]):
        return NONE
    value = count(round(100 * row["says_more"]))
    if missing(row["conf_low"]):
        return f"{value} ({row['reason']})"
    return f"{value} [{percent(row['conf_low'])[:-1]}, {percent(row['conf_high'])[:-1]}]"


def panel_rows(payload: Payload) -> pd.DataFrame:
    """The panel of a payload with what follows from its counts."""
    return panel_table(payload.tables["counts"].frame, payload.tables["estimates"].frame)


def talkativeness_panel(payload: Payload) -> FormattedTable:
    """Each leading theme counted in four ways."""
    frame = panel_rows(payload)
    rows = []
    for theme in dict.fromkeys(frame["theme_id"]):
        mine = frame[frame["theme_id"] == theme].set_index("way")
        cells = tuple(number(_difference(mine.loc[way])) for way in WAYS)
        rows.append(Row(mine["theme_label"].iloc[0], cells, anchor=anchor("talk", theme)))
    if payload.facts["reason"]:
        words = "Leading themes counted in four ways"
    else:
        heads = group_heads(payload)
        group, reference = heads[payload.facts["group"]], heads[payload.facts["reference"]]
        words = f"Leading themes counted in four ways, {group} against {reference}"
    notes = [
        "Differences in percentage points with 95% intervals. People: of " + BASES["all_with_material"] + ".",
        f"Mentions: coded segments with the theme of all coded segments of the group ({NOT_PEOPLE}), people taken as"
        " clusters. Words held alike: average difference in the share of people by Firth's regression on the group"
        " and the logarithm of words.",
    ]
    return FormattedTable(
        title(payload, words),
        "Theme",
        (tuple(map(Head, WAYS.values())),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def _difference(row: pd.Series) -> str:
    if missing(row["estimate"]):
        return WITHHELD if missing(row["reason"]) else str(row["reason"])
    return f"{points(row['estimate'])} {points_interval(row['conf_low'], row['conf_high'])}"
