"""How is a table laid out of themes by groups that somebody chose while looking around?"""

from __future__ import annotations

from analysis_lib.crosstab import with_shares
from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import n_of, percent, percent_interval
from analysis_lib.payload import Payload
from analysis_lib.tables.common import BASES, group_heads, number, standing_notes, title

_WHAT = {"participant": "People", "document": "Documents", "segment": "Segments"}
_APART = "Those of one person go together, so that a share of them has no interval here."


def explored_themes(payload: Payload) -> FormattedTable:
    """How many people, documents or segments of each group have each theme."""
    unit, heads = payload.facts["unit"], group_heads(payload)
    frame = with_shares(payload.tables["shares"].frame)
    people = unit == "participant"
    rows = []
    for theme in dict.fromkeys(frame["theme_id"]):
        mine = frame[frame["theme_id"] == theme].set_index("group")
        cells = []
        for group in heads:
            row = mine.loc[group]
            share = percent(row["share"], row["n_total"])
            interval = percent_interval(row["conf_low"], row["conf_high"], row["n_total"]) if people else ""
            cells += [Cell(n_of(row["n_with_theme"], row["n_total"])), number(f"{share} {interval}".strip())]
        rows.append(Row(mine["theme_label"].iloc[0], tuple(cells), int(mine["depth"].iloc[0])))
    what = _WHAT[unit]
    of = ("n/N", "% [95% CI]" if people else "%")
    return FormattedTable(
        title(payload, f"{what} with each theme by {payload.facts['grouping'].lower()}"),
        "Theme",
        (
            tuple(Head(head, colspan=2) for head in heads.values()),
            tuple(Head(name) for _ in heads for name in of),
        ),
        tuple(rows),
        (
            f"n/N: people with the theme of {BASES[payload.facts['base']]}. Brackets: 95% Wilson interval."
            if people
            else f"n/N: {what.lower()} with the theme of all of the group. {_APART}",
            "An upper theme counts whatever has it or any theme below it. Nothing is tested in this table.",
            *([payload.facts["only"]] if payload.facts["only"] else []),
            *standing_notes(payload),
        ),
    )
