"""How does a joint display read as rows and columns?

On the page a joint display is a card per theme; Word and the table files need rows. The words are those of the cards,
from the same rows; nothing is formatted here.

References: Guetterman, Fetters & Creswell 2015, Ann Fam Med 13, 554-561, on statistics-by-themes displays.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.payload import Payload
from analysis_lib.report.voices import voices
from analysis_lib.tables import JointRow, format_joint_display
from analysis_lib.tables.common import number, standing_notes, text, title

_WIDTH = 4


@lru_cache(maxsize=16)  # Word, CSV and JSON hold the same one
def joint_table(payload: Payload) -> FormattedTable:
    """A payload of shape ``joint_display`` as a table; one without themes says why it has none."""
    if payload.template == "quote_matrix":
        words, heads, rows = "Quotes by theme and outcome group", _QUOTED, list(_quoted(payload))
    else:
        found = format_joint_display(payload)
        words, heads = "Themes in numbers and in words", _JOINED
        rows = [row for theme in found for row in _joined(theme)]
    if not rows:
        why = f"No theme to show: {payload.facts.get('reason') or 'nobody has any of them'}."
        rows = [Row("None", (text(why, span=len(heads)),))]
    return FormattedTable(
        title(payload, words),
        "Theme and outcome group",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (_NOTE, *standing_notes(payload)),
    )


_JOINED: tuple[str, ...] = ("n/N, %", "Difference [95% CI]", "Reading", "In their words")
_QUOTED: tuple[str, ...] = ("n/N, %", "In their words")
_NOTE = (
    "Quotes are verbatim, of people who consented to being quoted, with pseudonym and outcome group. Differences in"
    " percentage points from the reference group with 95% Newcombe interval."
)


def _joined(theme: JointRow) -> Iterator[Row]:
    """A theme: its definition, a row per group, and what stands below the groups."""
    yield Row(f"{theme.label}: {theme.definition}", heading=True)
    differences = {label: (said, tier) for label, said, tier in theme.differences}
    for (_, counted), (label, quotes, withheld) in zip(theme.counts, theme.quotes, strict=True):
        said, tier = differences.get(label, ("reference" if differences else "", ""))
        spoken = [f"“{words}” ({who})" for words, who in quotes] + ([withheld] if withheld else [])
        yield Row(label, (number(counted), number(said), text(tier), text("\n".join(spoken))), 1)
    case = theme.negative_case
    against = f"“{case.quote}” ({case.who})" if case.quote else case.reason
    below = {
        "Agreement": theme.agreement,
        "Model": theme.model,
        "Negative case": ". ".join(filter(None, (case.against, against))),
        "Fit by the rule": theme.computed,
        "Fit, authors": theme.fit,
        "Reading, authors": " ".join(theme.reading.split()) or "not yet written",
    }
    yield from (Row(label, (text(said, span=_WIDTH),), 1) for label, said in below.items() if said)


def _quoted(payload: Payload) -> Iterator[Row]:
    for theme in voices(payload).themes:
        yield Row(f"{theme.label}: {theme.definition}", heading=True)
        for cell in theme.cells:
            spoken = [f"“{passage.words}” ({passage.who}{passage.translated})" for passage in cell.passages]
            spoken += [cell.withheld] if cell.withheld else []
            yield Row(cell.group, (number(cell.count), text("\n".join(spoken))), 1)
