"""Three outcome groups and a theme, small enough for a pocket calculator.

With one 0/1 term Jeffreys' penalty adds half a person to every cell of theme by group, so each odds ratio is that of
a table of counts and halves. With two groups the model is Firth's, worked by hand in the tests of termination.
"""

import re

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix, themes

from analysis_lib.outcome_models import GROUPS, SATISFACTION, fit_outcome_groups
from analysis_lib.release import Rules, release
from analysis_lib.sentences import sentences
from analysis_lib.study import Covariate, DropoutDefinition, Outcome, TerminationModelPlan
from analysis_lib.tables import format_table
from analysis_lib.tables.outcome_models import range_over_cuts
from analysis_lib.views import payload_of

OUTCOME = Outcome(("helpful", "unhelpful", "mixed"), "helpful", {}, ())
PLAN = TerminationModelPlan("main", "declared", ("cold",), (), None)
AGE = Covariate("age", "number", "why", unit="years")
ADJUSTED = TerminationModelPlan("main", "declared", ("cold",), (AGE,), None)
# Group -> people with the theme, people without it.
COUNTS = {"helpful": (6, 20), "unhelpful": (12, 8), "mixed": (5, 9)}


def people(counts=COUNTS, **columns):
    """So many with and without the theme in each group; satisfaction is empty unless given."""
    rows = [(group, theme) for group, (a, b) in counts.items() for theme in [1.0] * a + [0.0] * b]
    frame = pd.DataFrame(rows, columns=["outcome_group", "cold"]).assign(**columns)
    frame.index = [f"P{i:03d}" for i in range(len(frame))]
    return frame.drop(columns="cold"), frame[["cold"]]


def fitted(frame, values, *, plan=PLAN, **settings):
    settings = {
        "outcome": OUTCOME,
        "termination_models": (plan,),
        "dropout_definitions": (DropoutDefinition("declared", termination_type=("patient_unilateral",)),),
    } | settings
    return fit_outcome_groups(a_matrix(frame, values, **settings))


def one(frame, **where):
    """The only row with these values."""
    kept = frame
    for name, value in where.items():
        kept = kept[kept[name] == value]
    assert len(kept) == 1
    return kept.iloc[0]


def reason(models, outcome=GROUPS):
    return one(models.guards, outcome=outcome)["reason"]


def numbers(row):
    return row[["odds_ratio", "conf_low", "conf_high"]].to_numpy(dtype=float)


def rows_of(models, outcome=GROUPS):
    return models.table[models.table["outcome"] == outcome]


@pytest.fixture(scope="module")
def worked():
    return fitted(*people())


# Outcome groups, worked by hand


@pytest.mark.parametrize(
    ("group", "expected"),
    [("unhelpful", (12.5 * 20.5) / (8.5 * 6.5)), ("mixed", (5.5 * 20.5) / (9.5 * 6.5))],
)
def test_every_cell_of_theme_by_group_has_half_a_person_more(worked, group, expected):
    row = one(worked.table, outcome=GROUPS, group=group)
    assert row["odds_ratio"] == pytest.approx(expected, rel=1e-5)
    assert row["conf_low"] < expected < row["conf_high"]
    assert row["reason"] is None


def test_two_groups_give_firths_limits_and_p():
    two = Outcome(("stayed", "left"), "stayed", {}, ())
    row = one(fitted(*people({"left": (9, 3), "stayed": (4, 16)}), outcome=two).table, outcome=GROUPS)
    # Leaving out of theme or not: 9 of 13 with it, 3 of 19; the figures of the tests of termination read sideways.
    assert row["odds_ratio"] == pytest.approx((9.5 * 16.5) / (3.5 * 4.5), rel=1e-5)
    assert numbers(row)[1:] == pytest.approx([2.17257238, 57.1011647], rel=1e-4)
    assert row["p_value"] == pytest.approx(0.00255264841, rel=1e-4)
    assert row["p_value_term"] == pytest.approx(0.00255264841, rel=1e-4)


def test_the_test_over_all_groups_is_the_same_in_every_row_of_a_term(worked):
    found = rows_of(worked)["p_value_term"]
    assert found.nunique() == 1
    assert 0 < found.iloc[0] < 1


def test_the_smallest_cell_is_that_of_the_group_and_the_reference(worked):
    cells = rows_of(worked).set_index("group")["smallest_cell"]
    # helpful has 6 and 20; unhelpful 12 and 8, mixed 5 and 9
    assert cells.to_dict() == {"unhelpful": 6, "mixed": 5}


def test_sizes_hold_people_used_of_all_in_the_group():
    frame, values = people()
    frame["age"] = pd.array([20 + 7 * i % 43 for i in range(60)], dtype="Float64")
    frame.loc[frame.index[[0, 1, 59]], "age"] = pd.NA  # two helpful, one mixed
    models = fitted(frame, values, plan=ADJUSTED)
    sizes = models.sizes[models.sizes["outcome"] == GROUPS].set_index("group")[["n_used", "n_total"]]
    assert sizes.T.to_dict("list") == {"helpful": [24, 26], "unhelpful": [20, 20], "mixed": [13, 14]}
    guard = one(models.guards, outcome=GROUPS)
    assert guard[["n_used", "n_missing", "n_parameters"]].tolist() == [57, 3, 6]
    assert set(rows_of(models)["n_used"]) == {57}


def test_people_without_a_group_are_in_no_model():
    frame, values = people()
    frame.loc[frame.index[0], "outcome_group"] = None  # helpful, with the theme
    row = one(fitted(frame, values).table, outcome=GROUPS, group="mixed")
    assert row["odds_ratio"] == pytest.approx((5.5 * 20.5) / (9.5 * 5.5), rel=1e-5)


def test_the_order_of_people_does_not_matter():
    frame, values = people()
    order = np.random.default_rng(1).permutation(len(frame))
    one_way, other = fitted(frame, values), fitted(frame.iloc[order], values.iloc[order])
    numeric = ["odds_ratio", "conf_low", "conf_high", "p_value"]
    pd.testing.assert_frame_equal(one_way.table[numeric], other.table[numeric], rtol=1e-5)


def test_taking_another_reference_turns_an_odds_ratio_round(worked):
    turned = fitted(*people(), outcome=Outcome(("helpful", "unhelpful", "mixed"), "unhelpful", {}, ()))
    there = one(worked.table, group="unhelpful")["odds_ratio"]
    back = one(turned.table, group="helpful")["odds_ratio"]
    assert back == pytest.approx(1 / there, rel=1e-5)


# Groups and terms that cannot be estimated


def test_a_small_group_is_left_out_and_changes_nothing_for_the_others(worked):
    four = Outcome((*OUTCOME.groups, "dropped_out"), "helpful", {}, ())
    models = fitted(*people(COUNTS | {"dropped_out": (3, 1)}), outcome=four)
    left_out = one(models.table, group="dropped_out")
    assert (
        left_out["reason"]
        == "too few people of the group have complete data, so they are left out of the model"
    )
    assert np.isnan(left_out["odds_ratio"])
    same = one(models.table, group="unhelpful")
    assert numbers(same) == pytest.approx(numbers(one(worked.table, group="unhelpful")), rel=1e-5)
    assert one(models.guards, outcome=GROUPS)["n_used"] == 60


def test_a_group_that_nobody_is_in_has_a_reason():
    four = Outcome((*OUTCOME.groups, "dropped_out"), "helpful", {}, ())
    assert one(fitted(*people(), outcome=four).table, group="dropped_out")["reason"] == (
        "nobody in this wave is in the group"
    )


def test_a_theme_that_nobody_has_leaves_the_other_terms_as_they_are(worked):
    frame, values = people()
    plan = TerminationModelPlan("main", "declared", ("cold", "rare"), (), None)
    models = fitted(frame, values.assign(rare=0.0), plan=plan, codebook=themes("cold", "rare"))
    assert set(models.table.loc[models.table["term"] == "rare", "reason"]) == {"nobody in the model has it"}
    same = one(models.table, term="cold", group="mixed")
    assert numbers(same) == pytest.approx(numbers(one(worked.table, group="mixed")), rel=1e-5)


def test_a_theme_that_everybody_has_says_so():
    models = fitted(*people({"helpful": (8, 0), "unhelpful": (9, 0)}))
    assert set(rows_of(models)["reason"]) == {
        "everybody in the model has it",
        "nobody in this wave is in the group",
    }


def test_a_theme_that_one_group_alone_has_keeps_finite_limits():
    models = fitted(*people({"helpful": (0, 20), "unhelpful": (7, 8), "mixed": (0, 9)}))
    assert bool(one(models.guards, outcome=GROUPS)["separated"])
    assert np.isfinite(rows_of(models)[["odds_ratio", "conf_low", "conf_high"]].to_numpy(dtype=float)).all()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"unhelpful": (12, 12)}, "no comparison group in this wave, so there is nothing to compare with"),
        ({"helpful": (12, 12)}, "no comparison group in this wave, so there is nothing to compare with"),
        (
            {"helpful": (1, 2), "unhelpful": (9, 9)},
            "too few people of the reference group have complete data",
        ),
        ({"helpful": (9, 9), "mixed": (1, 2)}, "too few people of every other group have complete data"),
        (
            {"helpful": (1, 1), "unhelpful": (1, 0)},
            "too few people of the reference group have complete data",
        ),
    ],
)
def test_a_wave_that_supports_no_model_of_groups_says_why(counts, expected):
    models = fitted(*people(counts))
    assert reason(models) == expected
    assert not len(rows_of(models))


def test_nobody_with_a_group_and_nobody_with_complete_data_are_told_apart():
    frame, values = people()
    assert (
        reason(fitted(frame.assign(outcome_group=None), values)) == "nobody in this wave has an outcome group"
    )
    assert reason(fitted(frame, values, plan=ADJUSTED)) == "nobody has complete data"


def test_terms_that_determine_each_other_are_refused():
    frame, values = people()
    plan = TerminationModelPlan("main", "declared", ("cold", "chilly"), (), None)
    models = fitted(frame, values.assign(chilly=values["cold"]), plan=plan, codebook=themes("cold", "chilly"))
    assert reason(models) == "terms of the model determine each other"


def test_more_parameters_than_people_are_refused():
    many = tuple(f"t{i}" for i in range(12))
    frame, _ = people({"helpful": (3, 3), "unhelpful": (3, 3), "mixed": (2, 3)})
    rng = np.random.default_rng(2)
    several = pd.DataFrame(rng.integers(0, 2, (17, 12)).astype(float), index=frame.index, columns=list(many))
    models = fitted(frame, several, plan=TerminationModelPlan("main", "declared", many, (), None))
    assert reason(models) == "there are too few people for so many parameters"


def test_a_model_whose_themes_are_not_in_the_wave_has_no_term():
    plan = TerminationModelPlan("main", "declared", ("rare",), (), None)
    models = fitted(*people(), plan=plan, codebook=themes("cold", "rare"))
    assert reason(models) == "the model has no term"


def test_reflexive_analysis_fits_no_model_and_says_why():
    models = fitted(*people(), tradition="reflexive")
    assert (
        models.reason
        == "reflexive thematic analysis does not read frequency as importance, so no model is fitted"
    )
    assert not len(models.table)


def test_without_a_stated_model_there_is_a_reason():
    assert fitted(*people(), termination_models=()).reason == "study.yaml states no termination model"


# Satisfaction


def scored(a, b, c, d):
    """a score 2 with the theme, b score 1 with it, c score 2 without it, d score 1 without it."""
    frame, values = people({"helpful": (a + b, c + d)})
    return frame.assign(satisfaction=[2.0] * a + [1.0] * b + [2.0] * c + [1.0] * d), values


def test_two_scores_give_the_logistic_model():
    # The table of the tests of termination: (9 x 16) / (3 x 4) = 12 with Wald's interval.
    row = one(fitted(*scored(9, 3, 4, 16)).table, outcome=SATISFACTION)
    assert numbers(row) == pytest.approx([12.0, 2.18079158, 66.0310694], rel=1e-4)
    assert (row["group"], row["reference"], row["n_used"]) == ("higher", "lower", 32)


def test_each_cut_is_a_firth_model_of_its_own():
    row = one(fitted(*scored(9, 3, 4, 16)).cuts)
    assert numbers(row) == pytest.approx([(9.5 * 16.5) / (3.5 * 4.5), 2.17257238, 57.1011647], rel=1e-4)
    assert (row["cut"], row["smallest_cell"]) == ("2", 3)


def three_scores(with_theme, without):
    """People with each of the scores 1, 2, 3 with and without the theme."""
    frame, values = people({"helpful": (sum(with_theme), sum(without))})
    scores = [
        float(s + 1) for counts in (with_theme, without) for s, n in enumerate(counts) for _ in range(n)
    ]
    return frame.assign(satisfaction=scores), values


def test_turning_the_scale_round_turns_the_odds_ratio_round():
    frame, values = three_scores((8, 5, 3), (4, 6, 10))
    up = one(fitted(frame, values).table, outcome=SATISFACTION)
    down = one(
        fitted(frame.assign(satisfaction=4 - frame["satisfaction"]), values).table, outcome=SATISFACTION
    )
    assert up["odds_ratio"] == pytest.approx(1 / down["odds_ratio"], rel=1e-4)
    assert up["odds_ratio"] < 1


def test_the_smallest_cell_of_satisfaction_is_that_of_any_cut():
    models = fitted(*three_scores((8, 5, 3), (4, 6, 10)))
    # with the theme 3 have the highest score, without it 4 the lowest
    assert one(models.table, outcome=SATISFACTION)["smallest_cell"] == 3
    assert models.cuts.set_index("cut")["smallest_cell"].to_dict() == {"2": 4, "3": 3}


def test_a_theme_whose_odds_ratio_differs_between_cuts_is_marked():
    # With the theme people give the lowest or the highest score, without it the middle one: odds ratios of
    # (12.5 x 1.5) / (12.5 x 29.5) at the lower cut and the inverse at the upper one; the common one is 1.
    frame, values = three_scores((12, 0, 12), (1, 28, 1))
    payload = payload_of(fitted(frame, values), "satisfaction")
    lowest, highest, differs = range_over_cuts(payload, payload.tables["models"].frame.iloc[0])
    assert lowest == pytest.approx((12.5 * 1.5) / (12.5 * 29.5), rel=1e-4)
    assert highest == pytest.approx((12.5 * 29.5) / (12.5 * 1.5), rel=1e-4)
    assert differs
    assert "‡" in format_table(payload).as_text().split("Adjusted odds")[0]


def test_a_theme_with_one_odds_ratio_for_all_cuts_is_not_marked():
    # (8 x 12) / (4 x 12) at the lower cut against (12 x 8) / (4 x 12) at the upper one: much the same.
    payload = payload_of(fitted(*three_scores((4, 8, 12), (8, 8, 8))), "satisfaction")
    assert not range_over_cuts(payload, payload.tables["models"].frame.iloc[0])[2]


def test_scores_that_a_theme_tells_apart_are_refused_and_the_cuts_stay():
    models = fitted(*three_scores((0, 0, 9), (8, 8, 0)))
    assert reason(models, SATISFACTION) == (
        "the terms tell levels of satisfaction apart completely, so there is no finite estimate"
    )
    assert not len(rows_of(models, SATISFACTION))
    assert models.cuts["odds_ratio"].notna().all()
    text = format_table(payload_of(models, "satisfaction")).as_text()
    assert "No common odds ratio" in text
    assert "Cold" in text


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([np.nan] * 60, "satisfaction is not recorded in this wave"),
        ([4.0] * 60, "everybody with complete data has the same satisfaction"),
        (list(range(60)), "satisfaction takes too many different values to be read as ordered answers"),
        ([1.0, 2.0, 3.0] + [np.nan] * 57, "there are too few people for so many parameters"),
    ],
)
def test_satisfaction_that_supports_no_model_says_why(scores, expected):
    frame, values = people()
    values = (
        values.sample(frac=1, random_state=1).set_axis(frame.index)
        if expected.startswith("there")
        else values
    )
    assert reason(fitted(frame.assign(satisfaction=scores), values), SATISFACTION) == expected


def test_people_without_a_score_are_not_in_the_model_of_satisfaction():
    frame, values = scored(9, 3, 4, 16)
    frame.loc[frame.index[0], "satisfaction"] = np.nan
    row = one(fitted(frame, values).table, outcome=SATISFACTION)
    assert row["odds_ratio"] == pytest.approx((8 * 16) / (3 * 4), rel=1e-4)
    assert row["n_used"] == 31


# What is shown


RULES = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")


def test_groups_stand_side_by_side(worked):
    table = format_table(payload_of(worked, "groups"))
    assert [head.text for head in table.heads[0]] == [
        "Unhelpful v helpful",
        "Mixed v helpful",
        "p, all groups",
    ]
    cells = {row.stub: [cell.text for cell in row.cells] for row in table.rows}
    assert cells["People with complete data"] == ["20/20", "14/14", ""]
    # 12.5 x 20.5 / (8.5 x 6.5) = 4.638, 5.5 x 20.5 / (9.5 x 6.5) = 1.826
    assert [cell.split()[0] for cell in cells["Cold"][:2]] == ["4.64", "1.83"]


def test_an_estimate_with_a_small_cell_does_not_leave(worked):
    released = release([payload_of(worked, "groups")], RULES).payloads[0]
    cells = {row.stub: [cell.text for cell in row.cells] for row in format_table(released).rows}
    assert cells["Cold"][0].startswith("4.60 [")  # 4.64 to two digits
    assert cells["Cold"][1] == "withheld"
    assert cells["People with complete data"] == ["21/21", "15/15", ""]


def test_a_refusal_leaves_with_its_reason():
    models = fitted(*people({"unhelpful": (12, 12)}))
    released = release([payload_of(models, "groups"), payload_of(models, "sentences")], RULES).payloads
    assert "No comparison group in this wave" in format_table(released[0]).as_text()
    assert "no comparison group in this wave" in sentences(released[1])[0].text


def test_a_sentence_names_the_groups_that_a_theme_goes_with(worked):
    said = sentences(payload_of(worked, "sentences"))
    assert said[0].text.startswith("“Cold” goes more with unhelpful (12/20 v 6/26 with it; 4.64, 95% CI ")
    assert (
        "than with helpful; the data do not settle whether it goes with mixed (5/14 v 6/26 with it; 1.83, 95% CI "
        in said[0].text
    )
    assert re.search(r"\(adjusted odds ratios, all groups at once p = \.0\d\d, 60 people\)\.$", said[0].text)
    assert (said[0].kind, said[0].anchor) == ("clear", "groups-main-cold-present")
    assert said[-1].text == (
        "These intervals and p-values are not adjusted for how many themes, groups and outcomes are looked at."
    )


def test_a_sentence_on_satisfaction_says_which_way():
    said = sentences(payload_of(fitted(*scored(9, 3, 4, 16)), "sentences"))
    assert any(
        sentence.text.startswith("“Cold” goes with a higher satisfaction score (") for sentence in said
    )
    assert said[-1].kind == "limit"


def test_no_reason_holds_a_number():
    said = []
    for counts in (
        {"unhelpful": (12, 12)},
        {"helpful": (1, 2), "unhelpful": (9, 9)},
        COUNTS | {"mixed": (1, 1)},
    ):
        models = fitted(*people(counts))
        said += [*models.guards["reason"].dropna(), *models.table["reason"].dropna()]
    assert len(said) > 5
    assert not any(character.isdigit() for why in said for character in why)


def test_a_wave_without_a_comparison_group_still_has_satisfaction(without_comparison):
    models = fit_outcome_groups(without_comparison.matrix)
    assert reason(models).startswith("no comparison group")
    assert pd.isna(reason(models, SATISFACTION))
