"""How are the tables of notebook 05 laid out?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    decimal,
    n_of,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.tables.common import anchor, is_banded, number, standing_notes, text, title, words
from analysis_lib.tables.reliability import agreement_beside, agreement_note
from analysis_lib.termination import FIRTH, ML


def termination_models(payload: Payload) -> FormattedTable:
    """Odds ratios of each stated model: each term alone, all together, and by maximum likelihood."""
    frame, guards = stated(payload, "models"), stated(payload, "guards")
    banded, alpha = is_banded(payload), agreement_beside(payload)
    rows: list[Row] = []
    for model in dict.fromkeys(guards["model"]):
        guard = guards[guards["model"] == model].iloc[0]
        rows.append(Row(_model_heading(payload, guard), heading=True))
        if pd.notna(guard["reason"]) and guard["reason"]:
            why = str(guard["reason"]).rstrip(".")
            rows.append(Row("No model", (text(f"{why}.", span=5 + bool(alpha)),), 1))
        rows += _rows_left_out(payload, model, guard["event"], span=5 + bool(alpha))
        mine = frame[frame["model"] == model]
        for (term, level), here in mine.groupby(["term", "level"], sort=False):
            cells = [*_odds(here, FIRTH, False, banded), *_odds(here, FIRTH, True, banded)]
            cells.append(_odds(here, ML, True, banded)[0])
            cells += [number(alpha.get(term, ""))] if alpha else []
            rows.append(Row(term_label(here.iloc[0]), tuple(cells), 1, anchor("model", model, term, level)))
    notes = [
        "Odds ratios of dropping out with 95% profile penalised-likelihood intervals (Firth). Alone and together: the"
        " same people, those with complete data.",
        "p: penalised likelihood-ratio test, not adjusted for looking at several terms.",
        "Rows other than themes are adjusted for; they are not findings of their own.",
        *_why(payload),
        *agreement_note(payload),
    ]
    heads = (
        (
            Head("Each term alone", colspan=2),
            Head("All terms together", colspan=2),
            Head("Max. likelihood"),
            *([Head("Coders")] if alpha else []),
        ),
        (
            Head("Odds ratio [95% CI]"),
            Head("p"),
            Head("Odds ratio [95% CI]"),
            Head("p"),
            Head("Odds ratio [95% CI]"),
            *([Head("Alpha [95% CI]")] if alpha else []),
        ),
    )
    return FormattedTable(
        title(payload, "What goes with dropping out"),
        "Term",
        heads,
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def stated(payload: Payload, name: str) -> pd.DataFrame:
    """The rows of each model's stated event."""
    frame = payload.tables[name].frame
    return frame[frame["event"] == frame["model"].map(payload.facts["stated_event"])]


def terms_left_out(payload: Payload, model: str, event: str) -> list[tuple[str, str]]:
    """Themes that a model names and that are not in it under a definition, with the reason."""
    if "left_out" not in payload.tables:
        return []
    frame = payload.tables["left_out"].frame
    mine = frame[(frame["model"] == model) & (frame["event"] == event)]
    return list(zip(mine["term_label"], mine["reason"], strict=True))


def _rows_left_out(payload: Payload, model: str, event: str, *, span: int) -> list[Row]:
    return [
        Row(label, (text(f"not in the model: {why}", span=span),), 1)
        for label, why in terms_left_out(payload, model, event)
    ]


def term_label(row: pd.Series) -> str:
    """A term with what is compared, such as ``Delivery: video v in person``."""
    level, reference = words(row["level"]), words(row["reference"])
    if level == "present":
        return str(row["term_label"])
    return f"{row['term_label']}: {level} v {reference}" if reference else f"{row['term_label']}, {level}"


def _model_heading(payload: Payload, guard: pd.Series) -> str:
    rule = payload.facts["rules"][guard["event"]]
    n = f"{count(guard['n_events'], absent=WITHHELD)} of {count(guard['n_used'], absent=WITHHELD)} people"
    return f"Model {guard['model']}: {rule} ({n} with complete data)"


def _odds(rows: pd.DataFrame, method: str, adjusted: bool, banded: bool) -> list[Cell]:
    """Odds ratio with interval, and p, of one method; a dash or a word where there is none."""
    here = rows[(rows["method"] == method) & (rows["adjusted"] == adjusted)]
    if not len(here):
        return [number(NONE), number(NONE)]
    row = here.iloc[0]
    if pd.isna(row["odds_ratio"]):
        withheld = row["reason"] == WITHHELD
        missing = WITHHELD if withheld else "does not exist" if method == ML else NONE
        return [number(missing), number(p_value(row["p_value"], band=banded))]
    mark = " †" if row["separated"] is True else ""
    odds = f"{ratio(row['odds_ratio'])}{mark} {ratio_interval(row['conf_low'], row['conf_high'])}"
    return [number(odds), number(p_value(row["p_value"], band=banded))]


def _why(payload: Payload) -> list[str]:
    notes = []
    for model, reasons in payload.facts["why"].items():
        listed = "; ".join(f"{words(column)}: {why}" for column, why in reasons.items())
        if listed:
            notes.append(f"Why each covariate is in model {model}: {listed}.")
    models = stated(payload, "models")
    if (models["separated"].eq(True) & models["odds_ratio"].notna()).any():
        notes.append("† A theme or level that separates the outcome: only the penalised estimate is finite.")
    return notes


def termination_definitions(payload: Payload) -> FormattedTable:
    """The adjusted odds ratios under every dropout definition."""
    frame, guards = payload.tables["models"].frame, payload.tables["guards"].frame
    frame = frame[(frame["method"] == FIRTH) & (frame["adjusted"] == True)]  # noqa: E712
    events = list(dict.fromkeys(guards["event"]))
    rows: list[Row] = []
    for model in dict.fromkeys(guards["model"]):
        rows.append(Row(f"Model {model}", heading=True))
        sizes = guards[guards["model"] == model].set_index("event")
        cells = tuple(number(n_of(sizes.at[e, "n_events"], sizes.at[e, "n_used"])) for e in events)
        rows.append(Row("Dropped out of all with complete data", cells, 1))
        mine = frame[frame["model"] == model]
        labels = {(row["term"], row["level"]): term_label(row) for _, row in mine.iterrows()}
        for (term, level), label in labels.items():
            here = mine[(mine["term"] == term) & (mine["level"] == level)].set_index("event")
            rows.append(Row(label, tuple(_one_event(here, event) for event in events), 1))
    rules = "; ".join(f"{words(name)}: {payload.facts['rules'][name]}" for name in events)
    notes = ["Adjusted odds ratios with 95% intervals, Firth."]
    notes += [f"{rules[:1].upper()}{rules[1:]}."] if rules else []
    return FormattedTable(
        title(payload, "The same model under each definition of dropping out"),
        "Term",
        (tuple(Head(words(event).capitalize()) for event in events) or (Head("Definition"),),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def _one_event(rows: pd.DataFrame, event: str) -> Cell:
    if event not in rows.index or pd.isna(rows.at[event, "odds_ratio"]):
        held = event in rows.index and rows.at[event, "reason"] == WITHHELD
        return number(WITHHELD if held else NONE)
    row = rows.loc[event]
    return number(f"{ratio(row['odds_ratio'])} {ratio_interval(row['conf_low'], row['conf_high'])}")


def termination_events(payload: Payload) -> FormattedTable:
    """How many dropped out at each level, before any model."""
    frame = stated(payload, "events")
    rows: list[Row] = []
    for (model, label), mine in frame.groupby(["model", "term_label"], sort=False):
        several = frame["model"].nunique() > 1
        rows.append(Row(f"{label} (model {model})" if several else label, heading=True))
        for row in mine.itertuples():
            share = row.n_events / row.n_total if row.n_total else None
            cells = (number(n_of(row.n_events, row.n_total)), number(percent(share, row.n_total)))
            rows.append(Row(words(row.level).capitalize(), cells, 1))
    note = "People with complete data for the model. Numbers such as age have no levels and are not listed."
    return FormattedTable(
        title(payload, "Who dropped out, before any model"),
        "Level",
        ((Head("Dropped out"), Head("Share")),),
        tuple(rows),
        (note, *standing_notes(payload)),
    )


def termination_probabilities(payload: Payload) -> FormattedTable:
    """The model in plain probabilities."""
    frame = stated(payload, "probabilities")
    rows: list[Row] = []
    for (model, term), mine in frame.groupby(["model", "term"], sort=False):
        several = frame["model"].nunique() > 1
        label = mine["term_label"].iloc[0]
        rows.append(Row(f"{label} (model {model})" if several else label, heading=True))
        for row in mine.itertuples():
            where = anchor("probability", model, term, row.level)
            rows.append(Row(words(row.level).capitalize(), _probability_cells(row), 1, where))
    notes = (
        "Probability of dropping out if everybody had this level, all else as observed; 95% intervals by the"
        " delta method. The intercept is re-estimated so that the mean is the observed share (FLIC).",
        "Difference in percentage points from the first level of each term.",
    )
    return FormattedTable(
        title(payload, "Dropping out in plain probabilities"),
        "Level",
        ((Head("Probability [95% CI]"), Head("Difference [95% CI]")),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def _probability_cells(row: object) -> tuple[Cell, Cell]:
    get = row._asdict()  # type: ignore[attr-defined]  # a row of itertuples
    if pd.isna(get["probability"]):
        held = WITHHELD if get["reason"] == WITHHELD else NONE
        return number(held), number(held)
    probability = f"{percent(get['probability'])} {percent_interval(get['conf_low'], get['conf_high'])}"
    if pd.isna(get["average_risk_difference"]):
        return number(probability), number("reference")
    difference = (
        f"{points(get['average_risk_difference'])} {points_interval(get['ard_low'], get['ard_high'])}"
    )
    return number(probability), number(difference)


def _separated_by(row: Any, labels: Mapping[str, str]) -> str:
    """The parameters that separate the outcome, by their labels."""
    named = []
    for part in filter(None, str(row.separated or "").split(", ")):
        term, _, level = part.partition("=")
        named.append(": ".join(filter(None, (labels.get(term, words(term)), words(level)))))
    return "; ".join(named)


_BEGAN_TOO_LATE = (
    "Began too late: therapy began fewer days before the data cut than it takes to tell who drops out (`follow_up` in"
    " study.yaml); left out, whatever became of it since."
)


def termination_guards(payload: Payload) -> FormattedTable:
    """Whether the data can bear the models."""
    guards, dropped = payload.tables["guards"].frame, payload.tables["dropped"].frame
    rows, labels = [], payload.facts.get("term_labels", {})
    late = bool(guards["n_late"].ne(0).any())
    for row in guards.itertuples():
        gone = dropped[(dropped["model"] == row.model) & (dropped["event"] == row.event)]
        left = [
            f"{words(g.group)} {count(g.n_dropped, absent=WITHHELD)} of {count(g.n_eligible, absent=WITHHELD)}"
            for g in gone.itertuples()
            if pd.isna(g.n_dropped) or g.n_dropped > 0
        ]
        cells = (
            number(count(row.n_used, absent=WITHHELD)),
            *([number(count(row.n_late, absent=WITHHELD))] if late else []),
            number(count(row.n_dropped, absent=WITHHELD)),
            text("; ".join(left) or "nobody"),
            number(count(row.n_events, absent=WITHHELD)),
            number(count(row.n_parameters)),
            number(decimal(row.events_per_parameter, 1)),
            number(count(row.n_needed)),
            number(count(row.parameters_allowed)),
            text(_separated_by(row, labels) or "none"),
        )
        where = anchor("guards", row.model, row.event)
        label = f"{row.model}: {words(row.event)}"
        rows.append(Row(f"{label[:1].upper()}{label[1:]}", cells, anchor=where))
        rows += _rows_left_out(payload, row.model, row.event, span=len(cells))
    notes = (
        "Needed: people that this many parameters ask for (Riley's criteria, Cox-Snell R² 0.10); allowed:"
        " parameters that these people allow. With fewer, read the models as description.",
        "Separated by: themes or levels that occur on one side of the outcome only.",
        *([_BEGAN_TOO_LATE] if late else []),
    )
    heads = (
        "People used", *(["Began too late"] if late else []), "Left out, incomplete", "Left out by group",
        "Dropped out", "Parameters",
        "Events per parameter", "People needed", "Parameters allowed", "Separated by",
    )  # fmt: skip
    return FormattedTable(
        title(payload, "People, events and parameters of each model"),
        "Model: definition",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )
