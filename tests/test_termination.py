"""Twelve people with the theme, nine of whom left, and twenty without it, four of whom left.

For one 0/1 term Firth's estimate is that of the table with half a person more in every cell. Profile limits
and p-values are from a direct maximisation of the penalised likelihood, Wald figures from the textbook.
"""

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix, themes

from analysis_lib.study import Covariate, DropoutDefinition, Outcome, TerminationModelPlan
from analysis_lib.termination import FIRTH, ML, fit_termination

DECLARED = DropoutDefinition("declared", termination_type=("patient_unilateral",))
UNDER_8 = DropoutDefinition("under_8", sessions_attended_below=8)
GROUPS = Outcome(("stayed", "left"), "stayed", {}, ())
PLAN = TerminationModelPlan("main", "declared", ("cold",), (), None)
AGE = Covariate("age", "number", "younger people leave earlier", unit="years", per=10)
MODE = Covariate(
    "delivery_mode", "category", "differs", levels=("in_person", "video", "telephone"), reference="in_person"
)


def people(a, b, c, d):
    """a left with the theme, b stayed with it, c left without it, d stayed without it."""
    left = [True] * a + [False] * b + [True] * c + [False] * d
    frame = pd.DataFrame({"dropout_declared": pd.array(left, dtype="boolean")})
    frame["outcome_group"] = np.where(left, "left", "stayed")
    frame.index = [f"P{i:03d}" for i in range(len(frame))]
    values = pd.DataFrame({"cold": [1.0] * (a + b) + [0.0] * (c + d)}, index=frame.index)
    return frame, values


def fitted(frame, values, *, plan=PLAN, definitions=(DECLARED,), **settings):
    settings = {
        "outcome": GROUPS,
        "termination_models": (plan,),
        "dropout_definitions": definitions,
    } | settings
    return fit_termination(a_matrix(frame, values, **settings))


def one(frame, **where):
    """The only row with these values."""
    kept = frame
    for name, value in where.items():
        kept = kept[kept[name] == value]
    assert len(kept) == 1
    return kept.iloc[0]


def numbers(row, *names):
    return row[list(names)].to_numpy(dtype=float)


@pytest.fixture(scope="module")
def worked():
    return fitted(*people(9, 3, 4, 16))


# One theme, worked by hand


def test_firth_adds_half_a_person_to_every_cell(worked):
    row = one(worked.table, method=FIRTH, adjusted=True)
    assert row["odds_ratio"] == pytest.approx((9.5 * 16.5) / (3.5 * 4.5), rel=1e-5)


def test_firth_has_profile_limits_and_the_likelihood_ratio_p(worked):
    row = one(worked.table, method=FIRTH, adjusted=True)
    assert numbers(row, "conf_low", "conf_high") == pytest.approx([2.17257238, 57.1011647], rel=1e-4)
    assert row["p_value"] == pytest.approx(0.00255264841, rel=1e-4)


def test_maximum_likelihood_stands_beside_it(worked):
    row = one(worked.table, method=ML, adjusted=True)
    assert numbers(row, "odds_ratio", "conf_low", "conf_high") == pytest.approx(
        [12.0, 2.18079158, 66.0310694], rel=1e-5
    )


def test_a_model_of_one_term_is_the_same_alone_and_together(worked):
    for method in (FIRTH, ML):
        alone, together = (one(worked.table, method=method, adjusted=adjusted) for adjusted in (False, True))
        assert alone["odds_ratio"] == together["odds_ratio"]


def test_plain_probabilities_keep_the_observed_number_of_dropouts(worked):
    rows = worked.probabilities.set_index("level")["probability"]
    assert rows.to_dict() == pytest.approx({"absent": 0.212674057, "present": 0.728876572}, abs=1e-5)
    assert 12 * rows["present"] + 20 * rows["absent"] == pytest.approx(13)


def test_the_difference_is_taken_from_the_first_level(worked):
    rows = worked.probabilities.set_index("level")["average_risk_difference"]
    assert np.isnan(rows["absent"])
    assert rows["present"] == pytest.approx(0.516202515, abs=1e-5)


def test_events_are_counted_at_each_level_before_any_model(worked):
    found = worked.events.set_index("level")[["n_events", "n_total"]]
    assert found.to_numpy().tolist() == [[4, 20], [9, 12]]


def test_the_guard_holds_people_events_and_parameters(worked):
    guard = one(worked.guards, event="declared")
    expected = {"n_eligible": 32, "n_used": 32, "n_dropped": 0, "n_events": 13, "n_parameters": 1}
    assert guard[list(expected)].to_dict() == expected
    assert guard["events_per_parameter"] == 13
    assert (guard["reason"], guard["separated"]) == (None, "")


def test_the_smallest_cell_is_the_smallest_of_the_two_by_two_table(worked):
    assert set(worked.table["smallest_cell"]) == {3}
    assert set(worked.probabilities["smallest_cell"]) == {3}


def test_every_row_says_how_many_people_and_events_it_rests_on(worked):
    assert set(zip(worked.table["n_used"], worked.table["n_events"], strict=True)) == {(32, 13)}


# Separation


def test_a_theme_that_only_leavers_have_is_flagged_and_firth_stays_finite():
    result = fitted(*people(6, 0, 7, 19))
    firth, ml = (one(result.table, method=method, adjusted=True) for method in (FIRTH, ML))
    assert bool(firth["separated"])
    assert not bool(ml["separated"])
    assert firth["odds_ratio"] == pytest.approx(33.8, rel=1e-4)
    assert np.isfinite(numbers(firth, "conf_low", "conf_high")).all()
    assert np.isnan(ml["odds_ratio"])
    assert "no finite maximum likelihood estimate" in ml["reason"]
    assert one(result.guards, event="declared")["separated"] == "cold"
    assert set(result.table["smallest_cell"]) == {0}


def test_a_theme_on_both_sides_is_not_flagged(worked):
    assert not worked.table["separated"].any()


# Complete cases


def with_ages(missing):
    frame, values = people(9, 3, 4, 16)
    frame["age"] = pd.array([20 + 7 * i % 43 for i in range(32)], dtype="Float64")
    frame.loc[frame.index[list(missing)], "age"] = pd.NA
    return frame, values


ADJUSTED = TerminationModelPlan("main", "declared", ("cold",), (AGE,), None)


def test_people_without_a_value_leave_every_fit_and_are_counted_by_group():
    # The first two left and had the theme; the last stayed without it.
    result = fitted(*with_ages({0, 1, 31}), plan=ADJUSTED)
    guard = one(result.guards, event="declared")
    assert guard[["n_eligible", "n_used", "n_dropped", "n_events"]].tolist() == [32, 29, 3, 11]
    assert set(result.table["n_used"]) == {29}
    dropped = result.dropped.set_index("group")[["n_eligible", "n_used", "n_dropped"]]
    assert dropped.to_dict("index") == {
        "stayed": {"n_eligible": 19, "n_used": 18, "n_dropped": 1},
        "left": {"n_eligible": 13, "n_used": 11, "n_dropped": 2},
    }


def test_alone_and_together_use_the_same_complete_cases():
    result = fitted(*with_ages({0, 1, 31}), plan=ADJUSTED)
    alone = one(result.table, term="cold", method=FIRTH, adjusted=False)
    # Two leavers with the theme and one stayer without it are gone: 7, 3, 4, 15.
    assert alone["odds_ratio"] == pytest.approx((7.5 * 15.5) / (3.5 * 4.5), rel=1e-5)


def test_who_is_not_codable_for_a_theme_counts_as_incomplete():
    frame, values = people(9, 3, 4, 16)
    values.iloc[0] = np.nan
    guard = one(fitted(frame, values).guards, event="declared")
    assert guard[["n_eligible", "n_used", "n_dropped"]].tolist() == [32, 31, 1]


def test_people_whose_ending_cannot_be_judged_are_not_eligible():
    frame, values = people(9, 3, 4, 16)
    frame.loc[frame.index[:2], "dropout_declared"] = pd.NA
    guard = one(fitted(frame, values).guards, event="declared")
    assert guard[["n_eligible", "n_used", "n_dropped", "n_events"]].tolist() == [30, 30, 0, 11]


def test_people_without_an_outcome_group_have_a_line_of_their_own():
    frame, values = people(9, 3, 4, 16)
    frame.loc[frame.index[0], "outcome_group"] = None
    dropped = fitted(frame, values).dropped.set_index("group")
    assert dropped.loc["no group", ["n_eligible", "n_used", "n_dropped"]].tolist() == [1, 1, 0]


# Covariates


def test_an_odds_ratio_of_a_number_is_for_as_many_units_as_the_study_says():
    ten, single = (
        fitted(
            *with_ages(()),
            plan=TerminationModelPlan("main", "declared", ("cold",), (covariate,), None),
        )
        for covariate in (AGE, Covariate("age", "number", "why", unit="years", per=1))
    )
    big, small = (one(r.table, term="age", method=FIRTH, adjusted=True) for r in (ten, single))
    assert (big["level"], small["level"]) == ("per 10 years", "years")
    assert big["odds_ratio"] == pytest.approx(small["odds_ratio"] ** 10, rel=1e-3)


def test_a_number_has_the_smaller_side_of_the_outcome_as_smallest_cell():
    result = fitted(*with_ages(()), plan=ADJUSTED)
    assert one(result.table, term="age", method=FIRTH, adjusted=True)["smallest_cell"] == 13


def test_a_number_is_set_to_its_quartiles_for_plain_probabilities():
    result = fitted(*with_ages(()), plan=ADJUSTED)
    levels = result.probabilities.loc[result.probabilities["term"] == "age", "level"].tolist()
    ages = sorted(20 + 7 * i % 43 for i in range(32))
    # 32 people: the quartiles lie a quarter of the way from the 8th to the 9th and from the 24th to the 25th.
    low, high = ages[7] + 0.75 * (ages[8] - ages[7]), ages[23] + 0.25 * (ages[24] - ages[23])
    assert levels == [f"{low:g} years (lower quartile)", f"{high:g} years (upper quartile)"]


def with_modes(modes):
    frame, values = people(9, 3, 4, 16)
    frame["delivery_mode"] = (modes * 32)[:32]
    return frame, values


def test_each_level_of_a_category_is_compared_with_the_reference():
    plan = TerminationModelPlan("main", "declared", (), (MODE,), None)
    result = fitted(*with_modes(["in_person", "video", "telephone"]), plan=plan)
    rows = result.table[(result.table["method"] == FIRTH) & result.table["adjusted"]]
    assert list(zip(rows["level"], rows["reference"], strict=True)) == [
        ("video", "in_person"),
        ("telephone", "in_person"),
    ]


def test_a_level_that_nobody_has_gives_no_term():
    plan = TerminationModelPlan("main", "declared", (), (MODE,), None)
    result = fitted(*with_modes(["in_person", "video"]), plan=plan)
    assert set(result.table["level"]) == {"video"}
    assert one(result.guards, event="declared")["n_parameters"] == 1


# Definitions


def two_definitions():
    frame, values = people(9, 3, 4, 16)
    few = [True] * 5 + [False] * 7 + [True] * 8 + [False] * 12
    return frame.assign(dropout_under_8=pd.array(few, dtype="boolean")), values


def test_every_definition_has_its_own_rows_the_stated_one_first():
    result = fitted(*two_definitions(), definitions=(UNDER_8, DECLARED))
    assert result.guards["event"].tolist() == ["declared", "under_8"]
    assert list(dict.fromkeys(result.table["event"])) == ["declared", "under_8"]
    assert list(dict.fromkeys(result.probabilities["event"])) == ["declared", "under_8"]


def test_a_definition_counts_its_own_events():
    result = fitted(*two_definitions(), definitions=(UNDER_8, DECLARED))
    row = one(result.table, event="under_8", method=FIRTH, adjusted=True)
    # Under 8 sessions: 5 of 12 with the theme, 8 of 20 without it.
    assert row["odds_ratio"] == pytest.approx((5.5 * 12.5) / (7.5 * 8.5), rel=1e-5)
    assert row["n_events"] == 13


# Reasons


def test_without_a_stated_model_there_is_a_reason_and_no_row():
    frame, values = people(9, 3, 4, 16)
    result = fitted(frame, values, termination_models=())
    assert result.reason == "study.yaml states no termination model"
    assert not len(result.table)


def test_a_wave_in_which_no_ending_can_be_judged_has_a_reason():
    frame, values = people(9, 3, 4, 16)
    frame["dropout_declared"] = pd.array([pd.NA] * 32, dtype="boolean")
    result = fitted(frame, values)
    assert result.reason == "nobody in this wave has an ending that a dropout definition can judge"


def test_known_endings_without_anybody_complete_are_a_matter_of_the_model():
    frame, values = people(9, 3, 4, 16)
    values["cold"] = float("nan")
    result = fitted(frame, values)
    assert result.reason is None
    assert result.guards["reason"].tolist() == ["nobody has complete data"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ((0, 12, 0, 20), "nobody dropped out"),
        ((12, 0, 20, 0), "everybody dropped out"),
        ((1, 0, 0, 1), "there are too few people for so many parameters"),
        ((0, 0, 4, 16), 'The column "cold" is the same for everybody; leave it out.'),
    ],
)
def test_a_model_that_cannot_be_fitted_says_why(cells, reason):
    result = fitted(*people(*cells))
    guard = one(result.guards, event="declared")
    assert guard["reason"] == reason
    assert guard["n_used"] == sum(cells)
    assert result.reason is None
    assert not result.table.get("odds_ratio", pd.Series(dtype=float)).notna().any()


def test_a_model_without_complete_cases_says_so():
    result = fitted(*with_ages(range(32)), plan=ADJUSTED)
    assert one(result.guards, event="declared")["reason"] == "nobody has complete data"


def test_a_model_whose_themes_are_not_in_the_wave_has_no_term():
    plan = TerminationModelPlan("main", "declared", ("rare",), (), None)
    frame, values = people(9, 3, 4, 16)
    result = fitted(frame, values, plan=plan, codebook=themes("cold", "rare"))
    assert one(result.guards, event="declared")["reason"] == "the model has no term"


def test_no_reason_repeats_a_number_of_people():
    for cells in ((0, 12, 0, 20), (12, 0, 20, 0), (1, 0, 0, 1), (6, 0, 7, 19)):
        result = fitted(*people(*cells))
        said = [*result.guards["reason"].dropna(), *result.table["reason"].dropna()]
        assert not any(character.isdigit() for reason in said for character in reason)


# Enough people


def test_people_needed_follow_rileys_criteria(worked):
    guard = one(worked.guards, event="declared")
    # One parameter at R2 0.1 and S 0.9 needs 1 / (-0.1 ln(1 - 0.1/0.9)) = 84.9 people, 5 points either way at a
    # share of 13/32 need (1.96/0.05)^2 (13/32)(19/32) = 370.7; 32 people allow no parameter.
    assert (guard["n_needed"], guard["parameters_allowed"]) == (371, 0)


def test_the_example_has_a_row_for_every_stated_term_under_every_definition(example):
    models = example.models
    rows = models.table[(models.table["method"] == FIRTH) & models.table["adjusted"].eq(True)]
    counted = rows.groupby("event")["term"].nunique()
    assert counted.to_dict() == {"declared": 6, "under_8": 6, "under_half": 6, "unilateral": 6}
