"""Which payloads does the time to dropout offer?

The curve holds a point per session and nearly every point one person who left, so its rows are steps, which leave
only with exact counts. What is read off at a few sessions holds numbers of people and leaves under every rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis_lib.dropout_time import DropoutTime
from analysis_lib.payload import Payload, Table
from analysis_lib.views.common import SENTENCES, Views, dropouts_beside, facts_of, views


@views.register
def _dropout_time_views(found: DropoutTime) -> Views:
    wave = found.matrix.wave
    followed = found.people.loc[found.people["reason"].isna(), "definition"]
    facts = facts_of(
        wave,
        reason=found.reason,
        no_comparison=found.no_comparison,
        rules={d.name: d.in_words for d in wave.study.dropout_definitions},
        shown=next(iter(followed), None),  # the definition that is drawn and said
        marks_from=found.marks_from,
    )

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            return Payload(shape, template, {name: _TABLES[name](found) for name in names}, facts)

        return make

    return {
        "survival": made("figure", "dropout_survival", "shown_curve"),
        "sessions": made("table", "dropout_sessions", "sessions", "comparisons", "curve"),
        "people": made("table", "dropout_followup", "people"),
        "hazard": made("table", "dropout_hazard", "hazard"),
        SENTENCES: made("sentences", "dropout_time", "people", "medians", "sessions", "hazard", "dropouts"),
    }


def _curve(found: DropoutTime, *, shown_only: bool) -> Table:
    frame = found.curve
    if shown_only:
        frame = frame[frame["definition"].eq(frame["definition"].iloc[0])] if len(frame) else frame
    return Table.of(
        frame,
        definition="key",
        group="key",
        theme_id="key",
        theme_label="key",
        level="key",
        session="statistic",
        at_risk="step",
        events="statistic",
        censored="statistic",
        survival="statistic",
        conf_low="statistic",
        conf_high="statistic",
    )


def _sessions(found: DropoutTime) -> Table:
    """Sessions are names of stretches here; of a stretch with few people the door keeps who of them left."""
    frame = found.sessions.rename(columns={"at_risk": "n_total", "events": "n_events"})
    return Table.of(
        frame.astype({"first": str, "session": str}),
        definition="key",
        group="key",
        theme_id="key",
        theme_label="key",
        level="key",
        first="key",
        session="key",
        n_total="people",
        n_events="people",
        survival="summary",
        conf_low="summary",
        conf_high="summary",
        smallest_cell="cell",
        reason="text",
    )


_TABLES: dict[str, Callable[[DropoutTime], Table]] = {
    "dropouts": lambda found: dropouts_beside(found.matrix),
    "curve": lambda found: _curve(found, shown_only=False),
    "shown_curve": lambda found: _curve(found, shown_only=True),
    "sessions": _sessions,
    "people": lambda found: Table.of(
        found.people,
        definition="key",
        n_total="people",
        n_used="people",
        n_events="people",
        n_ongoing="people",
        n_ended="people",
        n_not_started="people",
        n_unknown="people",
        n_missing="people",
        reason="text",
    ),
    "medians": lambda found: Table.of(
        found.people[found.people["reason"].isna()].assign(reason=found.people["no_median"]),
        definition="key",
        median="summary",
        smallest_cell="cell",
        reason="text",
    ),
    "comparisons": lambda found: Table.of(
        found.comparisons,
        definition="key",
        theme_id="key",
        theme_label="key",
        statistic="statistic",
        df="statistic",
        p_value="p",
        n_used="people",
        n_events="people",
        n_missing="people",
        smallest_cell="cell",
        reason="text",
    ),
    "hazard": lambda found: Table.of(
        found.hazard,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        reference="key",
        estimate="estimate",
        conf_low="estimate",
        conf_high="estimate",
        p_value="p",
        n_used="people",
        n_events="people",
        n_missing="people",
        n_sessions="statistic",
        logistic_odds_ratio="estimate",
        logistic_low="estimate",
        logistic_high="estimate",
        smallest_cell="cell",
        reason="text",
    ),
}
