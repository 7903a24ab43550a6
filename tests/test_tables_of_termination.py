"""The strings of the tables of notebook 05, from payloads of a few rows."""

from __future__ import annotations

import pytest
from payloads_by_hand import body, formatted, heads, table

from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Payload
from analysis_lib.tables import format_table

MODELS = (
    "model event term term_label level reference adjusted odds_ratio conf_low conf_high p_value method n_used "
    "n_events separated reason"
)
GUARDS = (
    "model event n_eligible n_used n_dropped n_events n_parameters events_per_parameter n_needed parameters_allowed "
    "separated reason n_late"
)


def model(
    term, level, adjusted, method, odds, *, event="declared", reference="absent", separated=False, reason=None
):
    label = {"cold": "Cold manner", "delivery_mode": "Delivery", "age": "Age"}[term]
    *numbers, p = odds or (None, None, None, None)
    return (
        "main",
        event,
        term,
        label,
        level,
        reference,
        adjusted,
        *numbers,
        p,
        method,
        32,
        13,
        separated,
        reason,
    )


GUARD = ("main", "declared", 34, 32, 2, 13, 3, 4.333, 371, 1, "cold", None, 0)
COLD = [
    model("cold", "present", False, "firth", (9.95, 2.17, 57.1, 0.0026), separated=True),
    model("cold", "present", True, "firth", (8.2, 1.9, 45.0, 0.006), separated=True),
    model("cold", "present", True, "maximum likelihood", None, reason="no finite estimate"),
]


def termination(template, models=COLD, guards=(GUARD,), **tables):
    held = {"models": table(MODELS, *models), "guards": table(GUARDS, *guards)} | tables
    return formatted(template, tables=held)


def test_termination_models():
    video = ("video", "in_person")
    rows = [
        *COLD,
        *(
            model("delivery_mode", video[0], adjusted, method, (1.5, 0.6, 3.9, 0.4), reference=video[1])
            for adjusted, method in ((False, "firth"), (True, "firth"), (True, "maximum likelihood"))
        ),
        *(
            model("age", "per 10 years", adjusted, method, (0.91, 0.84, 0.97, 0.0004), reference="")
            for adjusted, method in ((False, "firth"), (True, "firth"), (True, "maximum likelihood"))
        ),
    ]
    made_ = termination("termination_models", rows)
    assert body(made_) == [
        ["Model main: ended by the patient alone (13 of 32 people with complete data)"],
        ["Cold manner", "9.95 † [2.17, 57.1]", ".003", "8.20 † [1.90, 45.0]", ".006", "does not exist"],
        [
            "Delivery: video v in person",
            "1.50 [0.60, 3.90]",
            ".400",
            "1.50 [0.60, 3.90]",
            ".400",
            "1.50 [0.60, 3.90]",
        ],
        [
            "Age, per 10 years",
            "0.91 [0.84, 0.97]",
            "< .001",
            "0.91 [0.84, 0.97]",
            "< .001",
            "0.91 [0.84, 0.97]",
        ],
    ]
    assert made_.rows[1].anchor == "model-main-cold-present"
    assert "Why each covariate is in model main: age: younger people leave earlier." in made_.notes
    assert any(note.startswith("† ") for note in made_.notes)


def test_a_withheld_model_says_withheld_and_a_model_that_cannot_be_fitted_says_why():
    held = [model("cold", "present", adjusted, "firth", None, reason=WITHHELD) for adjusted in (False, True)]
    assert body(termination("termination_models", held))[1] == [
        "Cold manner",
        "withheld",
        "–",
        "withheld",
        "–",
        "–",
    ]
    broken = (*GUARD[:-2], "The column is the same for everybody; leave it out.", 0)
    made_ = termination("termination_models", [], (broken,))
    assert body(made_)[1] == ["No model", "The column is the same for everybody; leave it out."]


def test_only_the_stated_event_is_in_the_table_of_models():
    other = model("cold", "present", True, "firth", (2.0, 1.0, 4.0, 0.04), event="under_8")
    made_ = termination("termination_models", [*COLD, other], (GUARD, ("main", "under_8", *GUARD[2:])))
    assert len(made_.rows) == 2


def test_termination_definitions():
    rows = [
        *COLD,
        model("cold", "present", True, "firth", (2.0, 1.01, 4.0, 0.04), event="under_8"),
    ]
    guards = (GUARD, ("main", "under_8", 34, 30, 4, 15, 3, 5.0, 371, 1, "", None, 0))
    made_ = termination("termination_definitions", rows, guards)
    assert heads(made_) == [["Declared", "Under 8"]]
    assert body(made_) == [
        ["Model main"],
        ["Dropped out of all with complete data", "13/32", "15/30"],
        ["Cold manner", "8.20 [1.90, 45.0]", "2.00 [1.01, 4.00]"],
    ]


def test_termination_events():
    events = table(
        "model event term term_label level n_events n_total",
        ("main", "declared", "cold", "Cold manner", "absent", 4, 20),
        ("main", "declared", "cold", "Cold manner", "present", 9, 12),
        ("main", "under_8", "cold", "Cold manner", "present", 2, 12),
        ("main", "declared", "delivery_mode", "Delivery", "in_person", 0, 0),
    )
    assert body(formatted("termination_events", tables={"events": events})) == [
        ["Cold manner"],
        ["Absent", "4/20", "20%"],
        ["Present", "9/12", "75%"],
        ["Delivery"],
        ["In person", "0/0", "–"],
    ]


def test_termination_probabilities():
    probabilities = table(
        "model event term term_label level probability conf_low conf_high average_risk_difference ard_low ard_high "
        "n_used reason",
        ("main", "declared", "cold", "Cold manner", "absent", 0.2127, 0.09, 0.43, None, None, None, 32, None),
        (
            "main",
            "declared",
            "cold",
            "Cold manner",
            "present",
            0.7289,
            0.45,
            0.9,
            0.5162,
            0.21,
            0.82,
            32,
            None,
        ),
        ("main", "declared", "age", "Age", "20 years", None, None, None, None, None, None, 32, WITHHELD),
    )
    assert body(formatted("termination_probabilities", tables={"probabilities": probabilities})) == [
        ["Cold manner"],
        ["Absent", "21% [9, 43]", "reference"],
        ["Present", "73% [45, 90]", "+52 [21, 82]"],
        ["Age"],
        ["20 years", "withheld", "withheld"],
    ]


def test_termination_guards():
    dropped = table(
        "model event group n_eligible n_used n_dropped",
        ("main", "declared", "helpful", 20, 18, 2),
        ("main", "declared", "dropped_out", 14, 14, 0),
        ("main", "declared", "mixed", None, None, None),
    )
    held = {"guards": table(GUARDS, GUARD), "dropped": dropped}
    made_ = formatted("termination_guards", tables=held, term_labels={"cold": "Cold"})
    left = "helpful 2 of 20; mixed withheld of withheld"
    assert body(made_) == [["Main: declared", "32", "2", left, "13", "3", "4.3", "371", "1", "Cold"]]


def test_a_table_without_rows_says_why():
    events = table("model event term term_label level n_events n_total")
    made_ = formatted(
        "termination_events", tables={"events": events}, reason="nothing was coded in this wave"
    )
    assert body(made_) == [["None", "Nothing was coded in this wave."]]


def test_an_unknown_template_has_no_layout():
    with pytest.raises(KeyError):
        format_table(Payload("table", "anything", {}, {}))
