"""Twelve people with the theme, nine of whom left, and twenty without it, four of whom left, and what is added to it.

For one 0/1 term Firth's estimate is that of the table with half a person more in every cell.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from handmade import a_matrix
from tiny_study import spoilt, write_study

from analysis_lib.errors import StudyError
from analysis_lib.model_blocks import COVARIATES, nested_blocks
from analysis_lib.payload import Payload
from analysis_lib.release import release, rules_for
from analysis_lib.result_files import result_files
from analysis_lib.schema import DATA_SCHEMA, table_schema
from analysis_lib.sentences import sentences
from analysis_lib.study import (
    Covariate,
    DropoutDefinition,
    Outcome,
    Privacy,
    TerminationModelPlan,
    load_study,
)
from analysis_lib.tables import format_table
from analysis_lib.termination import FIRTH, fit_termination
from analysis_lib.views import payload_of, views

GROUPS = Outcome(("stayed", "left"), "stayed", {}, ())
DECLARED = DropoutDefinition("declared", termination_type=("patient_unilateral",))
AGE = Covariate("age", "number", "younger people leave earlier", unit="years", per=10, block="demographic")
SEVERITY = Covariate("baseline_severity", "number", "shapes the ending", block="clinical")
MODE = Covariate(
    "delivery_mode",
    "category",
    "differs",
    levels=("in_person", "video"),
    reference="in_person",
    block="service",
)
PLAN = TerminationModelPlan("main", "declared", ("cold", "late"), (MODE, SEVERITY, AGE), None)
ALONE = replace(PLAN, themes=("cold",), covariates=())


def models_of(*plans, present=(9, 3, 4, 16), order=None, **columns):
    """a left with the theme, b stayed with it, c left without it, d stayed without it."""
    a, b, c, d = present
    left = [True] * a + [False] * b + [True] * c + [False] * d
    n = len(left)
    frame = pd.DataFrame({"dropout_declared": pd.array(left, dtype="boolean")})
    frame["outcome_group"] = np.where(left, "left", "stayed")
    frame["age"] = pd.array([20 + 7 * i % 43 for i in range(n)], dtype="Float64")
    frame["baseline_severity"] = pd.array([5 + 11 * i % 19 for i in range(n)], dtype="Float64")
    frame["delivery_mode"] = pd.array(["video" if i % 3 else "in_person" for i in range(n)], dtype="string")
    for name, values in columns.items():
        frame[name] = values
    frame.index = [f"P{i:03d}" for i in range(n)]
    late = [float(i % 5 < 2) for i in range(n)]
    values = pd.DataFrame({"cold": [1.0] * (a + b) + [0.0] * (c + d), "late": late}, index=frame.index)
    if order is not None:
        frame, values = frame.iloc[order], values.iloc[order]
    settings = {"outcome": GROUPS, "termination_models": plans, "dropout_definitions": (DECLARED,)}
    return fit_termination(a_matrix(frame, values, **settings))


@pytest.fixture(scope="module")
def models():
    return models_of(PLAN)


@pytest.fixture(scope="module")
def grown(models):
    return nested_blocks(models)


def steps_of(found):
    return dict(zip(found.steps["block"], found.steps["added"], strict=True))


# The steps


def test_the_first_step_adds_half_a_person_to_every_cell(grown):
    crude = grown.table[(grown.table["block"] == "crude") & (grown.table["term"] == "cold")]
    assert crude["odds_ratio"].tolist() == pytest.approx([(9.5 * 16.5) / (3.5 * 4.5)], rel=1e-4)


def test_blocks_join_in_a_fixed_order_whatever_the_order_of_study_yaml(grown):
    assert steps_of(grown) == {
        "crude": "",
        "themes": "the other themes",
        "demographic": "Age",
        "clinical": "Baseline severity",
        "service": "Delivery",
    }
    assert grown.steps["n_parameters"].tolist() == [1, 2, 3, 4, 5]


def test_the_first_step_is_each_term_alone_and_the_last_all_together(models, grown):
    numbers = ["term", "odds_ratio", "conf_low", "conf_high", "p_value"]
    firth = models.table[(models.table["method"] == FIRTH) & (models.table["level"] == "present")]
    for block, adjusted in (("crude", False), ("service", True)):
        step = grown.table.loc[grown.table["block"] == block, numbers].reset_index(drop=True)
        main = firth.loc[firth["adjusted"].eq(adjusted), numbers].reset_index(drop=True)
        # Columns enter in another order, so the solver's last digits differ.
        pd.testing.assert_frame_equal(step, main, rtol=1e-4)


def test_only_themes_have_rows(grown):
    assert set(grown.table["term"]) == {"cold", "late"}
    assert len(grown.table) == 2 * 5


def test_every_step_has_the_people_of_the_full_model():
    ages = pd.array([pd.NA, pd.NA, *(20 + 7 * i % 43 for i in range(29)), pd.NA], dtype="Float64")
    found = nested_blocks(models_of(PLAN, age=ages))
    # Two who left with the theme and one who stayed without it have no age.
    assert set(zip(found.table["n_used"], found.table["n_events"], strict=True)) == {(29, 11)}
    crude = found.table[(found.table["block"] == "crude") & (found.table["term"] == "cold")]
    assert crude["odds_ratio"].iloc[0] == pytest.approx((7.5 * 15.5) / (3.5 * 4.5), rel=1e-4)


def test_a_single_theme_has_no_step_of_other_themes():
    found = nested_blocks(models_of(replace(PLAN, themes=("cold",))))
    assert list(steps_of(found)) == ["crude", "demographic", "clinical", "service"]


def test_covariates_of_no_known_block_join_last_as_other():
    plan = replace(PLAN, covariates=(replace(MODE, block="other"), AGE))
    assert list(steps_of(nested_blocks(models_of(plan))).items())[2:] == [
        ("demographic", "Age"),
        ("other", "Delivery"),
    ]


def test_covariates_of_one_block_join_together():
    plan = replace(PLAN, covariates=(AGE, replace(SEVERITY, block="demographic")))
    assert steps_of(nested_blocks(models_of(plan)))["demographic"] == "Age, Baseline severity"


def test_a_model_without_covariates_ends_with_its_themes():
    assert list(steps_of(nested_blocks(models_of(replace(PLAN, covariates=()))))) == ["crude", "themes"]


def test_a_separating_theme_is_flagged_and_stays_finite():
    found = nested_blocks(models_of(ALONE, present=(6, 0, 7, 19)))
    assert found.table["separated"].tolist() == [True]
    # Half a person more in every cell: 6.5 x 19.5 / (0.5 x 7.5).
    assert found.table["odds_ratio"].tolist() == pytest.approx([33.8], rel=1e-4)


def test_the_order_of_people_cannot_matter(grown):
    shuffled = nested_blocks(models_of(PLAN, order=np.random.default_rng(3).permutation(32)))
    numbers = ["block", "term", "odds_ratio", "conf_low", "conf_high", "n_used", "smallest_cell"]
    pd.testing.assert_frame_equal(shuffled.table[numbers], grown.table[numbers], rtol=1e-5)


# What cannot be said


def test_a_study_without_models_says_so():
    assert nested_blocks(models_of()).reason == "study.yaml states no termination model"


def test_models_without_a_theme_have_nothing_that_could_move():
    found = nested_blocks(models_of(replace(PLAN, themes=())))
    assert found.reason == "no theme of the model was coded for in this wave"
    assert not len(found.table)


def test_a_model_without_a_theme_beside_one_with_themes_has_a_reason_of_its_own():
    found = nested_blocks(models_of(PLAN, replace(PLAN, name="bare", themes=())))
    assert found.reason is None
    (bare,) = found.steps[found.steps["model"] == "bare"].to_dict("records")
    assert bare["reason"] == "no theme of the model was coded for in this wave"
    assert "No theme" not in format_table(payload_of(found, "blocks")).title
    assert (
        "no theme of the model was coded for in this wave."
        in format_table(payload_of(found, "blocks")).as_text()
    )


@pytest.mark.parametrize(
    ("present", "why"),
    [((0, 12, 0, 20), "nobody dropped out"), ((12, 0, 20, 0), "everybody dropped out")],
)
def test_without_both_outcomes_every_step_gives_the_reason(present, why):
    found = nested_blocks(models_of(PLAN, present=present))
    assert set(found.steps["reason"]) == set(found.table["reason"]) == {why}
    assert found.table["odds_ratio"].isna().all()


def test_people_enough_for_the_theme_alone_may_be_too_few_for_every_block():
    found = nested_blocks(models_of(PLAN, present=(2, 1, 1, 2)))  # six people, five parameters
    reasons = dict(zip(found.steps["block"], found.steps["reason"], strict=True))
    assert pd.isna(reasons["crude"])
    assert reasons["service"] == "there are too few people for so many parameters"
    assert found.table.loc[found.table["block"] == "crude", "odds_ratio"].notna().all()


def test_a_theme_that_everybody_has_leaves_the_other_theme_alone_with_its_crude_odds_ratio():
    found = nested_blocks(models_of(replace(PLAN, covariates=()), present=(9, 23, 0, 0)))
    crude = found.table[found.table["block"] == "crude"].set_index("term")
    assert np.isnan(crude.at["cold", "odds_ratio"])
    assert crude.at["cold", "reason"]
    assert np.isfinite(crude.at["late", "odds_ratio"])
    assert found.steps["reason"].isna().tolist() == [True, False]


def test_no_reason_holds_a_number_of_people():
    for present in ((0, 12, 0, 20), (12, 0, 20, 0), (1, 0, 0, 1), (2, 1, 1, 2), (0, 0, 0, 0)):
        found = nested_blocks(models_of(PLAN, present=present))
        said = [why for why in (*found.table["reason"], *found.steps["reason"]) if isinstance(why, str)]
        assert said
        assert not [why for why in said if any(character.isdigit() for character in why)]


def test_a_wave_where_nobody_dropped_out_has_a_reason_at_every_step(without_comparison):
    found = nested_blocks(without_comparison.models)
    assert set(found.steps["reason"]) == {"nobody dropped out"}


# Which block a covariate is in

STATED = "      age: {type: number, unit: years, why: differs by cohort}"


def blocks_of(folder: Path, *covariates: str) -> dict[str, str]:
    study = load_study(write_study(folder, spoilt("study.yaml", (STATED, "\n".join(covariates)))))
    return {covariate.column: covariate.block for covariate in study.covariates}


def test_a_covariate_is_in_the_block_of_its_column(tmp_path):
    found = blocks_of(
        tmp_path,
        "      age: {type: number, why: x}",
        "      baseline_severity: {type: number, why: x}",
        "      format: {type: category, levels: [individual, group], why: x}",
    )
    assert found == {"age": "demographic", "baseline_severity": "clinical", "format": "service"}


def test_a_column_that_the_contract_does_not_know_is_in_no_block_unless_it_is_stated(tmp_path):
    found = blocks_of(
        tmp_path,
        "      income: {type: category, levels: [low, high], why: x}",
        "      risk: {type: number, why: x, block: clinical}",
        "      satisfaction: {type: number, why: x}",
    )
    assert found == {"income": "other", "risk": "clinical", "satisfaction": "other"}


def test_study_yaml_can_put_a_column_into_another_block(tmp_path):
    assert blocks_of(tmp_path, "      age: {type: number, why: x, block: clinical}") == {"age": "clinical"}


def test_a_block_that_is_none_is_refused_with_its_line(tmp_path):
    with pytest.raises(StudyError) as raised:
        blocks_of(tmp_path, "      age: {type: number, why: x, block: social}")
    (finding,) = raised.value.findings
    assert "block" in str(finding.place)
    assert "demographic" in str(finding.allowed)


def test_the_settings_page_names_the_block_of_every_column_of_the_contract():
    schema = yaml.safe_load((DATA_SCHEMA / "study.schema.yaml").read_text(encoding="utf-8"))
    models = schema["properties"]["termination_models"]["items"]["properties"]
    rule = models["covariates"]["additionalProperties"]["properties"]["block"]
    assert (*rule["enum"], "other") == COVARIATES
    named = set(re.findall(r"\w+", rule["description"]))
    known = {column.name for column in table_schema("participants") if column.block != "other"}
    assert {column.name for column in table_schema("participants")} & named == known


# Shown, said and released


def released(found, view, rule="midpoint6"):
    rules = rules_for("coauthor", Privacy(rule, "", 6, "reviewed"), b"k")
    return release([payload_of(found, view)], rules).payloads[0]


def said(payload):
    return [sentence.text for sentence in sentences(payload)]


def test_every_view_is_a_payload_that_json_can_hold(grown):
    for view in views(grown):
        payload = payload_of(grown, view)
        assert Payload.from_json(json.loads(json.dumps(payload.as_json(), allow_nan=False))) == payload


def test_the_steps_are_the_columns_of_the_table(grown):
    lines = format_table(payload_of(grown, "blocks")).as_text().splitlines()
    assert lines[2].split("  ", 1)[1].split("  ")[-1].strip() == "+ service"
    assert "Theme alone" in lines[2]
    (parameters,) = [line for line in lines if line.startswith("  Parameters")]
    assert parameters.split()[1:] == ["1", "2", "3", "4", "5"]
    (cold,) = [line for line in lines if line.startswith("  Cold")]
    assert "9.95 [" in cold  # 9.5 x 16.5 / (3.5 x 4.5)
    assert "Blocks of model main: demographic: Age; clinical: Baseline severity; service: Delivery." in lines


def test_a_step_that_one_model_has_and_another_has_not_is_a_dash():
    found = nested_blocks(models_of(PLAN, replace(ALONE, name="crude")))
    lines = format_table(payload_of(found, "blocks")).as_text().splitlines()
    (_, second) = [line for line in lines if line.startswith("  Cold")]
    assert second.split()[-4:] == ["–"] * 4


def test_the_sentence_compares_the_theme_alone_with_everything_beside_it(grown):
    (cold,) = [text for text in said(payload_of(grown, "sentences")) if text.startswith("“Cold”")]
    assert cold.startswith(
        "“Cold”: odds ratio of dropping out 9.95 (95% CI 2.17 to 57.1) for the theme alone, "
    )
    assert "with the other themes and the demographic, clinical and service covariates; it moves by " in cold
    assert cold.endswith(
        "(32 people; in the model as stated 9 of 12 (75%) with the theme dropped out and 4 of 20 (20%) without it)."
    )
    assert "significant" not in cold


def test_a_theme_to_which_nothing_is_added_does_not_move():
    (cold, _) = said(payload_of(nested_blocks(models_of(ALONE)), "sentences"))
    assert cold.endswith(
        "for the theme alone (32 people; in the model as stated 9 of 12 (75%) with the theme dropped out and 4 of 20"
        " (20%) without it); nothing is added to it."
    )


def test_a_last_step_without_an_estimate_is_said_with_its_reason():
    found = nested_blocks(models_of(PLAN, present=(2, 1, 1, 2)))
    assert said(payload_of(found, "sentences"))[0] == (
        "“Cold” and “Late”: how far the odds ratio moves cannot be said: there are too few people for so many"
        " parameters."
    )
    text = format_table(payload_of(found, "blocks")).as_text()
    assert "Step service, model main: there are too few people for so many parameters." in text


def test_an_estimate_from_few_people_is_withheld_at_every_step(grown):
    # Three people with the theme stayed.
    text = format_table(released(grown, "blocks")).as_text()
    (cold,) = [line for line in text.splitlines() if line.startswith("  Cold")]
    assert cold.split()[1:] == ["withheld"] * 5
    assert "“Cold” and “Late”: the estimates are withheld, too few people in a cell." in said(
        released(grown, "sentences")
    )


@pytest.mark.parametrize("rule", ["exact", "midpoint6", "suppress7_round5"])
def test_a_refused_model_keeps_its_reason_under_every_rule(without_comparison, rule):
    found = nested_blocks(without_comparison.models)
    assert "nobody dropped out." in format_table(released(found, "blocks", rule)).as_text()
    assert said(released(found, "sentences", rule)) == [
        "Model main cannot be fitted block by block: nobody dropped out."
    ]


def test_without_a_theme_table_and_sentence_give_the_reason():
    found = nested_blocks(models_of(replace(PLAN, themes=())))
    assert said(payload_of(found, "sentences")) == ["No theme of the model was coded for in this wave."]
    assert (
        "no theme of the model was coded for in this wave"
        in format_table(payload_of(found, "blocks")).as_text()
    )


def test_the_file_holds_every_step_of_every_theme(grown):
    assert len(result_files(grown)["nested_blocks.csv"]) == 10
    assert set(result_files(released(grown, "blocks"))) == {"nested_blocks.csv"}
