"""Which payloads does a joint display of numbers and words offer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.joint_display import JointDisplay
from analysis_lib.joint_display.quote_choice import occurring
from analysis_lib.payload import Kind, Payload, Table
from analysis_lib.quantitize import ALL
from analysis_lib.views.common import SENTENCES, Views, agreement_beside, facts_of, groups_table, views
from analysis_lib.views.themes import CROSSTAB_TABLES

_SAID: dict[str, Kind] = {
    "quote": "quote",
    "clearance": "clearance",
    "text_original": "quote",
    "translator": "key",
}
_READ: dict[str, Kind] = dict.fromkeys(("reading", "fit", "matched_by", "checked_by", "dated"), "key")


@views.register
def _joint_views(display: JointDisplay) -> Views:
    return {
        "statistics_by_themes": _by_theme(display, "joint_display", "joint_display"),
        SENTENCES: _by_theme(display, "sentences", "joint_display"),
        "side_by_side": _by_theme(display, "table", "side_by_side"),
        "typology": lambda: _typology(display),
        "model_with_quotes": lambda: _model_with_quotes(display),
        "quote_matrix": lambda: _quote_matrix(display),
        "meta_inferences": lambda: _meta_inferences(display),
    }


def _by_theme(display: JointDisplay, shape: Any, template: str) -> Callable[[], Payload]:
    """Everything about each theme of the display; three displays are made of it."""

    def make() -> Payload:
        crosstab, shown = display.crosstab, display.themes
        wave = crosstab.matrix.wave
        agreement, agreement_reason = agreement_beside(wave)
        tables = {
            "themes": Table.of(
                display.definitions, theme_id="key", theme_label="key", definition="key", polarity="key"
            ),
            "shares": _only(CROSSTAB_TABLES["shares"](crosstab), shown),
            "contrasts": _only(CROSSTAB_TABLES["contrasts"](crosstab), shown),
            "quotes": Table.of(
                _with_group_size(display.quotes, crosstab),
                theme_id="key",
                group="key",
                participant_id="participant",
                **_SAID,
                n_alike="cell",
            ),
            "withheld": _only(_withheld(display), shown),
            "models": Table.of(
                display.models,
                theme_id="key",
                model="key",
                event="key",
                odds_ratio="estimate",
                conf_low="estimate",
                conf_high="estimate",
                smallest_cell="cell",
            ),
            "readings": Table.of(display.readings, theme_id="key", **_READ),
            "boxes": _boxes(display),
            "agreement": _only(agreement, shown),
            "groups": groups_table(wave, crosstab.n_groups),
        }
        return Payload(shape, template, tables, _facts(display, agreement_reason=agreement_reason))

    return make


def _facts(display: JointDisplay, **more: Any) -> dict[str, Any]:
    crosstab = display.crosstab
    outcome = crosstab.matrix.wave.study.outcome
    return facts_of(
        crosstab.matrix.wave,
        reason=crosstab.reason,
        reference=crosstab.reference,
        went_well=list(outcome.went_well),
        **more,
    )


def _typology(display: JointDisplay) -> Payload:
    """People by combination of the leading themes, with somebody's words for each."""
    found = display.types.patterns
    labels = {theme.id: theme.label for theme in found.crosstab.matrix.wave.study.codebook}
    named = pd.DataFrame(
        [(theme, labels[theme]) for theme in found.themes], columns=["theme_id", "theme_label"]
    )
    counted = views(found)["patterns"]().tables
    tables = {name: counted[name] for name in ("patterns", "base", "groups")} | {
        "themes": Table.of(named, theme_id="key", theme_label="key"),
        "quotes": Table.of(
            display.types.quotes,
            pattern="key",
            theme_id="key",
            group="key",
            participant_id="speaker",
            **_SAID,
            n_alike="cell",
        ),
    }
    return Payload("table", "typology", tables, _facts(display) | {"reason": found.reason})


def _model_with_quotes(display: JointDisplay) -> Payload:
    """Each theme's odds ratio with people who fit the model and people who do not."""
    cases, crosstab = display.model_cases, display.crosstab
    tables = {
        "odds": Table.of(
            cases.odds,
            model="key",
            event="key",
            term="key",
            term_label="key",
            odds_ratio="estimate",
            conf_low="estimate",
            conf_high="estimate",
            n_used="people",
            n_events="people",
            smallest_cell="cell",
            reason="text",
        ),
        "people": Table.of(
            cases.people,
            model="key",
            event="key",
            term="key",
            third="text",
            ended="text",
            case="text",
            n_cases="people",
            n_total="people",
        ),
        "quotes": Table.of(
            cases.quotes,
            model="key",
            event="key",
            term="key",
            third="text",
            ended="text",
            theme_id="key",
            group="key",
            participant_id="speaker",
            **_SAID,
            n_alike="cell",
        ),
        "groups": groups_table(crosstab.matrix.wave, crosstab.n_groups),
    }
    return Payload("table", "model_with_quotes", tables, _facts(display) | {"reason": cases.reason})


def _quote_matrix(display: JointDisplay) -> Payload:
    """Every quote that may be shown, under each theme that anybody has."""
    crosstab = display.crosstab
    wave, shown = crosstab.matrix.wave, occurring(crosstab)
    codebook = wave.study.codebook
    rows = [(t, codebook[t].label, codebook[t].definition, codebook[t].parent) for t in shown]
    themes = pd.DataFrame(rows, columns=["theme_id", "theme_label", "definition", "parent"])
    shares = crosstab.table[crosstab.table["group"] != ALL]
    counted = Table.of(shares, theme_id="key", group="key", n_with_theme="people", n_total="people")
    said = _with_group_size(display.quote_matrix, crosstab).rename(columns={"participant_id": "participant"})
    tables = {
        "groups": groups_table(wave, crosstab.n_groups),
        "themes": Table.of(themes, theme_id="key", theme_label="key", definition="key", parent="key"),
        "shares": _only(counted, shown),
        "quotes": Table.of(said, theme_id="key", group="key", participant="speaker", **_SAID, n_alike="cell"),
        "withheld": _only(_withheld(display), shown),
    }
    return Payload("joint_display", "quote_matrix", tables, facts_of(wave, reason=crosstab.matrix.reason))


def _meta_inferences(display: JointDisplay) -> Payload:
    """What the authors conclude for all themes together and for each branch."""
    return Payload("joint_display", "meta_inferences", {"boxes": _boxes(display)}, _facts(display))


def _with_group_size(quotes: pd.DataFrame, crosstab: ThemeCrosstab) -> pd.DataFrame:
    """Quotes with how many people share the one thing that is said of the speaker, their outcome group."""
    sizes = dict(zip(crosstab.groups, crosstab.n_groups, strict=True))
    return quotes.assign(n_alike=quotes["group"].map(sizes))


def _boxes(display: JointDisplay) -> Table:
    return Table.of(display.boxes, kind="text", heading="key", label="key", question="text", **_READ)


def _withheld(display: JointDisplay) -> Table:
    return Table.of(display.withheld, theme_id="key", group="key", n_withheld="segments")


def _only(table: Table, themes: tuple[str, ...]) -> Table:
    """The rows of the given themes."""
    at = [name for name, _ in table.columns].index("theme_id")
    return Table(table.columns, tuple(row for row in table.rows if row[at] in themes))
