"""study.yaml becomes typed decisions, and decisions that contradict or point nowhere are said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tiny_study import STUDY, spoilt, write_study

from analysis_lib.errors import StudyError
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import (
    Covariate,
    DropoutDefinition,
    OutcomeRule,
    Privacy,
    RawColumns,
    examine_study,
    load_study,
    load_wave_facts,
)

Y = "study.yaml"


def with_lines(*lines: str) -> dict[str, str | bytes | None]:
    return {Y: STUDY + "".join(f"{line}\n" for line in lines)}


def problems(folder: Path) -> list[tuple[str, str, int | None, str | None]]:
    return [(f.level, f.code, f.line, f.column) for f in examine_study(folder)[1] if f.file == Y]


# what is read


def test_the_decisions_of_the_tiny_study_are_read(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path))
    assert (study.name, study.title, study.tradition, study.waves) == (
        "tiny",
        "A tiny study",
        "codebook",
        ("w1",),
    )
    assert study.coders_blind_to_outcome is False
    assert study.outcome.groups == ("helpful", "unhelpful", "mixed", "dropped_out")
    assert study.outcome.rules[0] == OutcomeRule("dropped_out", (("dropout", ("declared",)),))
    assert study.dropout("under_half") == DropoutDefinition("under_half", share_of_plan_below=0.5)
    plan = study.termination_models[0]
    assert (plan.name, plan.event, plan.themes, plan.cluster) == ("main", "declared", ("A.cold",), None)
    assert plan.covariates == (Covariate("age", "number", "differs by cohort", "years", block="demographic"),)
    assert study.findings == ()


def test_what_a_study_leaves_out_has_the_defaults_of_the_schema(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path))
    assert (study.alpha, study.smallest_difference, study.multiplicity) == (0.05, 0.15, "minp")
    assert (study.seed, study.n_permutations) == (20240610, {"omnibus": 9999, "minp": 99999})
    assert study.privacy == Privacy("midpoint6", "", 6, "reviewed")
    assert study.columns.names == {}
    assert (study.columns.decimal_mark, study.columns.separator, study.columns.encoding) == (".", None, None)
    assert (study.synthetic, study.planned_looks, study.base) == (False, 1, "all_with_material")


BESIDE_PARTICIPANTS = ("coded_segments", "assignments", "documents", "consent", "quote_reviews")


def test_raw_columns_are_told_from_the_keys_about_reading(tmp_path: Path) -> None:
    files = with_lines(
        "columns:",
        "  Alter: age",
        "  participants: {Ende: ended_on}",
        "  values: {gender: {w: woman}}",
        "  missing: ['99', k. A.]",
        "  decimal_mark: ','",
        "  separator: semicolon",
        "  encoding: cp1252",
    )
    empty = {name: {} for name in (*BESIDE_PARTICIPANTS, "claimed_agreement")}
    assert load_study(write_study(tmp_path, files)).columns == RawColumns(
        names={"Alter": "age"},
        names_in={"participants": {"Ende": "ended_on"}, **empty, "corrections": {}},
        values={"gender": {"w": "woman"}},
        missing=("99", "k. A."),
        decimal_mark=",",
        separator=";",
        encoding="cp1252",
    )


def test_a_category_without_a_reference_is_compared_with_its_first_level(tmp_path: Path) -> None:
    category = "      delivery_mode: {type: category, levels: [video, in_person], why: x}"
    files = spoilt(Y, ("      age: {type: number, unit: years, why: differs by cohort}", category))
    assert load_study(write_study(tmp_path, files)).covariates[0].reference == "video"


def test_the_participants_table_gains_what_the_study_declares(tmp_path: Path) -> None:
    covariates = (
        "      age: {type: number, unit: years, why: differs by cohort}\n"
        "      income: {type: category, levels: [low, high], why: barriers}"
    )
    files = spoilt(
        Y,
        ("      age: {type: number, unit: years, why: differs by cohort}", covariates),
        ("{share_of_plan_below: 0.5}", "{column: left, values: [early]}"),
    )
    schema = load_study(write_study(tmp_path, files)).table("participants")
    assert schema["outcome_group"].levels == ("helpful", "unhelpful", "mixed", "dropped_out")
    assert (schema["age"].minimum, schema["age"].maximum, schema["age"].unit) == (0, 120, "years")
    assert schema["income"].levels == ("low", "high")
    assert schema["left"].type == "string"


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (DropoutDefinition("d", termination_type=("patient_unilateral", "external")),
         "ended by the patient alone or for outside reasons"),
        (DropoutDefinition("d", sessions_attended_below=8), "fewer than 8 sessions attended"),
        (DropoutDefinition("d", share_of_plan_below=0.5), "less than 50% of the planned sessions attended"),
        (DropoutDefinition("d", column="left", values=("early", "never came")), "left is early or never came"),
    ],
)  # fmt: skip
def test_a_dropout_definition_says_its_rule_in_words(definition: DropoutDefinition, words: str) -> None:
    assert definition.in_words == words


def test_a_group_is_labelled_by_its_name_unless_a_label_is_given(tmp_path: Path) -> None:
    files = spoilt(Y, ("  reference: helpful", "  reference: helpful\n  labels: {mixed: In parts}"))
    outcome = load_study(write_study(tmp_path, files)).outcome
    assert (outcome.label("dropped_out"), outcome.label("mixed")) == ("Dropped out", "In parts")


def test_the_facts_of_a_wave_are_read_with_their_lines(tmp_path: Path) -> None:
    facts = load_wave_facts(write_study(tmp_path), "w1")
    assert (facts.opened, facts.closed, facts.data_cut) == (
        date(2024, 1, 1),
        date(2024, 3, 31),
        date(2024, 4, 30),
    )
    assert (facts.codebook_version, facts.look, facts.n_invited, facts.n_declined) == ("1", 1, 15, 2)
    assert (facts.weights, facts.sources) == (None, ())
    assert facts.lines["n_declined"] == 7


def test_the_example_study_has_no_problem_of_its_own() -> None:
    assert load_study(EXAMPLE_STUDY).findings == ()


# what is wrong


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["privacy: {counts: exact}"], ("stop", "S07", 24, "privacy.reason")),
        (["privacy: {quotes: consented}"], ("stop", "S07", 24, "privacy.reason")),
        (["privacy: {counts: exact, reason: ' '}"], ("stop", "S07", 24, "privacy.reason")),
        (["claim: prediction"], ("stop", "S08", 24, "claim")),
        (["columns: {Alter: aeg}"], ("stop", "S09", 24, "columns.Alter")),
        (["columns: {consent: {Alter: age}}"], ("stop", "S09", 24, "columns.consent.Alter")),
        (["columns: {values: {aeg: {a: b}}}"], ("stop", "S09", 24, "columns.values.aeg")),
        (["columns: {separator: dot}"], ("stop", "S09", 24, "columns.separator")),
        (["columns: {encoding: latin}"], ("stop", "S09", 24, "columns.encoding")),
        (["pseudonym_key: here.key"], ("stop", "S10", 24, "pseudonym_key")),
        (["pseudonym_key: ~nobody-of-this-name/key"], ("stop", "S10", 24, "pseudonym_key")),
        (["  - {name: main, event: declared}"], ("stop", "S05", 24, "termination_models.name")),
        (["  - {name: two, event: declard}"], ("stop", "S05", 24, "termination_models.event")),
        (["  - {name: two, event: declared, cluster: therapst_id}"], ("stop", "S06", 24, "termination_models.cluster")),
        (["  - {name: two, event: declared, covariates: {age: {type: category, levels: [a, b], why: x}}}"],
         ("stop", "S06", 24, "termination_models.covariates.age")),
        (["  - {name: two, event: declared, covariates: {gender: {type: category, levels: [a], why: x}}}"],
         ("stop", "S06", 24, "termination_models.covariates.gender")),
        (["  - {name: two, event: declared, covariates: "
          "{gender: {type: category, levels: [a, b], reference: c, why: x}}}"],
         ("stop", "S06", 24, "termination_models.covariates.gender.reference")),
        (["  - {name: two, event: declared, covariates: {format: {type: number, why: x}}}"],
         ("stop", "S06", 24, "termination_models.covariates.format")),
        (["  - {name: two, event: declared, covariates: {satisfaction: {type: number, levels: ['1', '2'], why: x}}}"],
         ("stop", "S06", 24, "termination_models.covariates.satisfaction")),
        (["  - {name: two, event: declared, covariates: {A.cold: {type: number, why: x}}}"],
         ("stop", "S06", 24, "termination_models.covariates.A.cold")),
        (["  - {name: two, event: declared, covariates: {dropout_declared: {type: number, why: x}}}"],
         ("stop", "S06", 24, "termination_models.covariates.dropout_declared")),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_stand_is_said_with_its_line(
    lines: list[str], expected: tuple[str, str, int, str], tmp_path: Path
) -> None:
    assert problems(write_study(tmp_path, with_lines(*lines))) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("reference: helpful", "reference: fine", ("stop", "S02", 9, "outcome.reference")),
        ("  reference: helpful", "  labels: {fine: Fine}\n  reference: helpful",
         ("stop", "S02", 9, "outcome.labels.fine")),
        ("when: {dropout: declared}", "when: {dropout: []}", ("stop", "S12", 11, "outcome.from.when.dropout")),
        ("when: {dropout: declared}", "when: {dropout: declard}", ("stop", "S12", 11, "outcome.from.when.dropout")),
        ("{perceived_helpfulness: mixed}", "{age: 34}", ("stop", "S12", 14, "outcome.from.when.age")),
        ("{perceived_helpfulness: mixed}", "{lasting_bad_effects: 'true'}",
         ("stop", "S12", 14, "outcome.from.when.lasting_bad_effects")),
        ("under_half: {", "'under half!': {", ("stop", "S04", 17, "dropout_definitions.(unusual name)")),
        ("{share_of_plan_below: 0.5}", "{}", ("stop", "S04", 17, "dropout_definitions.under_half")),
        ("{share_of_plan_below: 0.5}", "{sessions_attended_below: 3, values: [x]}",
         ("stop", "S04", 17, "dropout_definitions.under_half")),
        ("{share_of_plan_below: 0.5}", "{column: left}", ("stop", "S12", 17, "dropout_definitions.under_half.values")),
        ("{share_of_plan_below: 0.5}", "{column: age, values: ['3']}",
         ("stop", "S12", 17, "dropout_definitions.under_half.values")),
        ("{share_of_plan_below: 0.5}", "{column: participant_id, values: [x]}",
         ("stop", "S04", 17, "dropout_definitions.under_half.column")),
        ("{share_of_plan_below: 0.5}", "{termination_type: [fled]}",
         ("stop", "S12", 17, "dropout_definitions.under_half.termination_type")),
    ],
)  # fmt: skip
def test_a_name_that_points_nowhere_is_said_with_its_line(
    old: str, new: str, expected: tuple[str, str, int, str], tmp_path: Path
) -> None:
    assert problems(write_study(tmp_path, spoilt(Y, (old, new)))) == [expected]


def test_yes_and_no_are_conditions_on_a_column_of_yes_and_no(tmp_path: Path) -> None:
    files = spoilt(Y, ("{perceived_helpfulness: mixed}", "{lasting_bad_effects: yes}"))
    assert problems(write_study(tmp_path, files)) == []


def test_a_synthetic_study_needs_no_reason_for_exact_counts(tmp_path: Path) -> None:
    assert problems(write_study(tmp_path, with_lines("synthetic: yes", "privacy: {counts: exact}"))) == []


def test_a_key_outside_the_study_is_accepted(tmp_path: Path) -> None:
    files = with_lines(f"pseudonym_key: {tmp_path / 'keys' / 'x.key'}")
    assert problems(write_study(tmp_path / "study", files)) == []


def test_a_key_inside_the_study_is_refused_however_it_is_spelt(tmp_path: Path) -> None:
    inside = tmp_path / "elsewhere" / ".." / "study" / "x.key"
    found = problems(write_study(tmp_path / "study", with_lines(f"pseudonym_key: {inside}")))
    assert found == [("stop", "S10", 24, "pseudonym_key")]


def test_a_warning_comes_with_the_study_and_does_not_stop_it(tmp_path: Path) -> None:
    files = spoilt(Y, ("    - {group: mixed, when: {perceived_helpfulness: mixed}}\n", ""))
    assert [(f.level, f.code) for f in load_study(write_study(tmp_path, files)).findings] == [("warn", "S11")]


def test_problems_of_study_and_codebook_are_raised_together(tmp_path: Path) -> None:
    files = {**spoilt(Y, ("reference: helpful", "reference: fine")), "codebook.yaml": "themes: []\n"}
    with pytest.raises(StudyError) as caught:
        load_study(write_study(tmp_path, files))
    assert [(f.code, f.file) for f in caught.value.findings] == [("Y09", "codebook.yaml"), ("S02", Y)]


def test_values_of_study_yaml_that_may_be_free_text_are_not_repeated(tmp_path: Path) -> None:
    secret = "zebrafinch"
    files = spoilt(
        Y,
        ("reference: helpful", f"reference: {secret}"),
        ("{perceived_helpfulness: mixed}", f"{{perceived_helpfulness: {secret}}}"),
        ("event: declared", f"event: {secret}"),
        ("themes: [A.cold]", f"themes: [{secret}]"),
        ("{termination_type: [patient_unilateral]}", f"{{termination_type: [{secret}]}}"),
    )
    findings = examine_study(write_study(tmp_path, files))[1]
    assert len(findings) >= 5
    assert not any(secret in str(finding) for finding in findings)
