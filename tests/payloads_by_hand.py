"""Payloads of a few rows, written by hand, and the strings of the tables that they become."""

from __future__ import annotations

from analysis_lib.payload import Payload, Table
from analysis_lib.tables import format_table

FACTS = {
    "study": "by-hand",
    "wave": "w1",
    "synthetic": False,
    "reference": "helpful",
    "alpha": 0.05,
    "smallest_difference": 0.15,
    "multiplicity": "holm",
    "base": "all_with_material",
    "theme_timing": "after_outcome",
    "claim": "association",
    "tradition": "codebook",
    "reason": None,
    "leading": ["cold"],
    "stated_event": {"main": "declared"},
    "why": {"main": {"age": "younger people leave earlier"}},
    "rules": {"declared": "ended by the patient alone", "under_8": "fewer than 8 sessions attended"},
}
PEOPLE = ("n", "n_total", "n_with_theme", "n_with_reference", "n_reference", "excluded", "n_without_theme")
KINDS = {
    **dict.fromkeys(PEOPLE, "people"),
    **dict.fromkeys(
        ["n_used", "n_events", "n_eligible", "n_dropped", "n_judged", "n_unjudged", "n_late"], "people"
    ),
    **dict.fromkeys(["odds_ratio", "conf_low", "conf_high", "probability"], "estimate"),
    **dict.fromkeys(["average_risk_difference", "ard_low", "ard_high"], "estimate"),
    **dict.fromkeys(["p_value", "p_adjusted", "p_mid", "p_minp", "p_holm", "p_bh"], "p"),
    **dict.fromkeys(["smallest_p", "cramers_v", "events_per_parameter", "n_needed"], "statistic"),
    **dict.fromkeys(["parameters_allowed"], "statistic"),
    **dict.fromkeys(["median", "lower", "upper", "words_median", "words_lower", "words_upper"], "summary"),
    **dict.fromkeys(["n_segments", "n_withheld"], "segments"),
    "participant_id": "participant",
    "quote": "quote",
    "clearance": "clearance",
}


def table(columns, *rows):
    """A payload table from names and rows; the kind of a column follows from its name."""
    names = columns.split()
    return Table(tuple((name, KINDS.get(name, "key")) for name in names), tuple(rows))


GROUPS = table("group label n", ("helpful", "Helpful", 92), ("unhelpful", "Unhelpful", 37))


def made(template, *, shape="table", groups=GROUPS, tables=None, **facts):
    return Payload(shape, template, {**(tables or {}), "groups": groups}, FACTS | facts)


def formatted(template, **more):
    return format_table(made(template, **more))


def cells(row):
    return [row.stub, *(cell.text for cell in row.cells)]


def body(formatted_table):
    return [cells(row) for row in formatted_table.rows]


def heads(formatted_table):
    return [[head.text for head in row] for row in formatted_table.heads]


SHARES = "theme_id theme_label depth group n_with_theme n_total n_segments"


def shares(theme, label, depth, *by_group):
    return [
        (theme, label, depth, group, x, n, segments)
        for group, (x, n, segments) in zip(("helpful", "unhelpful", "all"), by_group, strict=True)
    ]


CONTRASTS = (
    "theme_id theme_label depth group reference n_with_theme n_total n_with_reference n_reference "
    "p_value p_adjusted"
)


def contrast(x1, n1, x0, n0, p, adjusted, theme="cold", label="Cold manner"):
    return (theme, label, 0, "unhelpful", "helpful", x1, n1, x0, n0, p, adjusted)
