"""What one missing covariate does to an odds ratio, with every completed data set known beforehand.

Whether therapy was online is a category of two levels, so a gap has two fillings: each completed data set is one of
two, and the pooled log odds ratio is a weighted mean of theirs with weights in twentieths.
"""

from math import exp, log, sqrt

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix, themes
from scipy.stats import t

import analysis_lib.imputed_models as module
from analysis_lib.imputed_models import COMPLETE, IMPUTED, N_IMPUTATIONS, fit_imputed
from analysis_lib.release import Rules, release
from analysis_lib.sentences import sentences
from analysis_lib.stats import firth_logistic
from analysis_lib.study import Covariate, DropoutDefinition, Outcome, TerminationModelPlan
from analysis_lib.tables import format_table
from analysis_lib.termination import fit_termination
from analysis_lib.views import payload_of

DECLARED = DropoutDefinition("declared", termination_type=("patient_unilateral",))
OUTCOME = Outcome(("stayed", "left"), "stayed", {}, ())
ONLINE = Covariate("format", "category", "why", levels=("individual", "group"), reference="individual")
AGE = Covariate("age", "number", "why", unit="years")
MODE = Covariate(
    "delivery_mode", "category", "why", levels=("in_person", "video", "telephone"), reference="in_person"
)


def plan(*covariates, themes=("cold",), cluster=None):
    return TerminationModelPlan("main", "declared", themes, covariates, cluster)


def people(n=40):
    """Half of them have the theme; who left, age and setting go round with different lengths."""
    place = np.arange(n)
    frame = pd.DataFrame(
        {
            "dropout_declared": pd.array((place % 5 < 2) ^ (place % 7 == 0), dtype="boolean"),
            "format": np.where(place % 3 == 0, "group", "individual"),
            "age": pd.array(20.0 + 7 * place % 43, dtype="Float64"),
            "delivery_mode": np.array(["in_person", "video", "telephone"])[place % 11 % 3],
            "therapist_id": np.array(["T1", "T2", "T3", "T4"])[place % 4],
        },
        index=[f"P{i:03d}" for i in place],
    ).astype({"format": "string", "delivery_mode": "string", "therapist_id": "string"})
    frame["outcome_group"] = np.where(frame["dropout_declared"], "left", "stayed")
    return frame, pd.DataFrame({"cold": (place % 2).astype(float)}, index=frame.index)


def fitted(frame, values, stated, **settings):
    settings = {
        "outcome": OUTCOME,
        "termination_models": (stated,) if stated else (),
        "dropout_definitions": (DECLARED,),
    } | settings
    return fit_imputed(fit_termination(a_matrix(frame, values, **settings)))


def one(frame, **where):
    """The only row with these values."""
    kept = frame
    for name, value in where.items():
        kept = kept[kept[name] == value]
    assert len(kept) == 1
    return kept.iloc[0]


def reason(found, method=IMPUTED):
    return one(found.guards, method=method)["reason"]


def with_gap(person="P000", column="format"):
    frame, values = people()
    frame.loc[person, column] = pd.NA
    return frame, values


@pytest.fixture(autouse=True)
def few_data_sets(monkeypatch):
    """Three completed data sets are enough where no number is looked at; ``one_gap`` has all of them."""
    monkeypatch.setattr(module, "N_IMPUTATIONS", 3)


@pytest.fixture(scope="module")
def one_gap():
    return fitted(*with_gap(), plan(ONLINE))


# One gap with two fillings


def both_fillings():
    """Log odds ratio of the theme and its squared error with the gap filled either way."""
    frame, values = people()
    found = []
    for level in ("individual", "group"):
        filled = frame.assign(format=frame["format"].where(frame.index != "P000", level))
        X = np.column_stack([values["cold"], filled["format"] == "group"]).astype(float)
        fit = firth_logistic(X, filled["dropout_declared"].to_numpy(dtype=float), names=["cold", "group"])
        found.append((fit.coef[1], fit.se[1] ** 2))
    return found


def test_the_pooled_estimate_is_a_mean_of_the_two_fillings_in_twentieths(one_gap):
    (first, _), (second, _) = both_fillings()
    pooled = log(one(one_gap.table, term="cold", method=IMPUTED)["odds_ratio"])
    share = (pooled - first) / (second - first) * N_IMPUTATIONS
    assert share == pytest.approx(round(share), abs=1e-3)
    assert 0 < round(share) < N_IMPUTATIONS


def test_limits_df_and_missing_information_follow_rubin_barnard_and_rubin(one_gap):
    (first, u1), (second, u2) = both_fillings()
    row = one(one_gap.table, term="cold", method=IMPUTED)
    k = round((log(row["odds_ratio"]) - first) / (second - first) * N_IMPUTATIONS)
    m = N_IMPUTATIONS
    within = ((m - k) * u1 + k * u2) / m
    between = k * (m - k) / m * (second - first) ** 2 / (m - 1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    nu = 40 - 3
    df = 1 / (share**2 / (m - 1) + 1 / ((nu + 1) / (nu + 3) * nu * (1 - share)))
    assert row["df"] == pytest.approx(df, rel=1e-3)
    half = t.isf(0.025, df) * sqrt(total)
    expected = [exp(log(row["odds_ratio"]) - half), exp(log(row["odds_ratio"]) + half)]
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(expected, rel=1e-3)
    increase = (1 + 1 / m) * between / within
    assert row["fmi"] == pytest.approx((increase + 2 / (df + 3)) / (increase + 1), rel=1e-2)


def test_complete_cases_stand_beside_it_as_in_the_table_of_models(one_gap):
    frame, values = with_gap()
    models = fit_termination(
        a_matrix(
            frame,
            values,
            outcome=OUTCOME,
            termination_models=(plan(ONLINE),),
            dropout_definitions=(DECLARED,),
        )
    )
    main = one(models.table, term="cold", method="firth", adjusted=True)
    beside = one(one_gap.table, term="cold", method=COMPLETE)
    for name in ("odds_ratio", "conf_low", "conf_high", "p_value"):
        assert beside[name] == pytest.approx(main[name])


def test_both_numbers_of_people_are_told(one_gap):
    guards = one_gap.guards.set_index("method")[["n_used", "n_missing"]]
    assert guards.T.to_dict("list") == {COMPLETE: [39, 1], IMPUTED: [40, 0]}
    assert one(one_gap.table, term="cold", method=COMPLETE)["n_used"] == 39
    assert one(one_gap.table, term="cold", method=IMPUTED)["n_used"] == 40


def test_the_smallest_cell_is_that_of_the_emptiest_completed_data_set(one_gap):
    # Of 40: left with the theme and without it, by counting; the theme is never imputed.
    frame, values = people()
    left, cold = frame["dropout_declared"].to_numpy(dtype=bool), values["cold"].to_numpy(dtype=bool)
    cells = [int(a.sum()) for a in (left & cold, left & ~cold, ~left & cold, ~left & ~cold)]
    assert one(one_gap.table, term="cold", method=IMPUTED)["smallest_cell"] == min(cells)


def test_the_order_of_people_does_not_matter(one_gap, monkeypatch):
    monkeypatch.setattr(module, "N_IMPUTATIONS", N_IMPUTATIONS)
    frame, values = with_gap()
    order = np.random.default_rng(1).permutation(len(frame))
    other = fitted(frame.iloc[order], values.iloc[order], plan(ONLINE))
    numeric = ["odds_ratio", "conf_low", "conf_high", "fmi"]
    pd.testing.assert_frame_equal(one_gap.table[numeric], other.table[numeric], rtol=1e-6)


def test_another_seed_draws_other_values():
    frame, values = with_gap("P003", "age")
    ratios = {
        one(fitted(frame, values, plan(AGE), seed=seed).table, term="age", method=IMPUTED)["odds_ratio"]
        for seed in (1, 2)
    }
    assert len(ratios) == 2


def test_a_gap_in_a_category_of_three_levels_is_filled():
    frame, values = with_gap("P005", "delivery_mode")
    found = fitted(frame, values, plan(MODE))
    rows = found.table[(found.table["method"] == IMPUTED) & (found.table["term"] == "delivery_mode")]
    assert rows["level"].tolist() == ["video", "telephone"]
    assert rows["odds_ratio"].notna().all()


# Who is imputed and from what


def handed_in(monkeypatch, frame, values, stated):
    """What the imputation is given."""
    seen = []

    def spy(data, **choices):
        seen.append(data)
        return module_impute(data, **choices)

    module_impute = module.impute
    monkeypatch.setattr(module, "impute", spy)
    fitted(frame, values, stated)
    return seen[0]


def test_the_outcome_and_every_term_are_in_the_imputation(monkeypatch):
    data = handed_in(monkeypatch, *with_gap("P003", "age"), plan(AGE, ONLINE))
    assert list(data) == ["cold", "age", "format", "outcome"]
    assert data["outcome"].tolist() == people()[0]["dropout_declared"].astype(float).tolist()


def test_the_cluster_enters_as_the_share_of_the_others_who_dropped_out(monkeypatch):
    frame, values = with_gap("P003", "age")
    frame["therapist_id"] = pd.array(["T1"] * 3 + ["T2"] + [pd.NA] + ["T3"] * 35, dtype="string")
    frame["dropout_declared"] = pd.array([True, True, False] + [True, False] * 18 + [False], dtype="boolean")
    data = handed_in(monkeypatch, frame, values, plan(AGE, cluster="therapist_id"))
    # T1: each of the three has two others. T2 has nobody else and P004 no therapist: the share of all, 20 of 40.
    assert data.iloc[:5, -1].tolist() == [0.5, 0.5, 1.0, 0.5, 0.5]


def test_themes_are_never_imputed():
    frame, values = with_gap("P003", "age")
    values.loc["P010", "cold"] = np.nan
    found = fitted(frame, values, plan(AGE))
    guards = found.guards.set_index("method")[["n_used", "n_missing"]]
    assert guards.T.to_dict("list") == {COMPLETE: [38, 2], IMPUTED: [39, 1]}


def test_who_has_no_known_ending_is_in_neither_model():
    frame, values = with_gap("P003", "age")
    frame.loc["P010", "dropout_declared"] = pd.NA
    found = fitted(frame, values, plan(AGE))
    assert found.guards.set_index("method")["n_used"].to_dict() == {COMPLETE: 38, IMPUTED: 39}


def test_missing_values_are_counted_by_outcome_group():
    frame, values = people()
    left, stayed = (frame.index[frame["outcome_group"] == group] for group in ("left", "stayed"))
    frame.loc[[left[0], stayed[0], stayed[1]], "age"] = pd.NA
    frame.loc[[left[0], left[1]], "format"] = pd.NA
    values.loc[stayed[2], "cold"] = np.nan
    found = fitted(frame, values, plan(AGE, ONLINE)).missing
    counted = found.pivot_table(index="term", columns="group", values="n_missing", sort=False).to_dict(
        "index"
    )
    assert counted == {
        "cold": {"stayed": 1, "left": 0},
        "age": {"stayed": 2, "left": 1},
        "format": {"stayed": 0, "left": 2},
        "any": {"stayed": 2, "left": 2},
    }
    assert found.drop_duplicates("term").set_index("term")["imputed"].to_dict() == {
        "cold": False, "age": True, "format": True, "any": True,
    }  # fmt: skip


def test_people_without_an_outcome_group_have_a_line_of_their_own():
    frame, values = with_gap("P003", "age")
    frame.loc["P003", "outcome_group"] = None
    row = one(fitted(frame, values, plan(AGE)).missing, term="age", group="no group")
    assert (row["n_missing"], row["n_eligible"]) == (1, 1)


# Reasons


def test_where_nobody_lacks_a_value_nothing_is_imputed():
    found = fitted(*people(), plan(AGE))
    assert found.reason == "nobody lacks a value of the covariates, so there is nothing to impute"
    assert set(found.table["method"]) == {COMPLETE}
    assert found.missing["n_missing"].sum() == 0


def test_a_theme_that_separates_the_outcome_is_not_pooled_and_the_others_are():
    frame, values = with_gap("P003", "age")
    values["cold"] = (frame["dropout_declared"] & (np.arange(40) % 2 == 0)).astype(float)
    found = fitted(frame, values, plan(AGE))
    separated = one(found.table, term="cold", method=IMPUTED)
    assert separated["reason"].startswith("it separates the outcome")
    assert np.isnan(separated["odds_ratio"])
    assert np.isfinite(one(found.table, term="age", method=IMPUTED)["odds_ratio"])


def test_a_covariate_that_hardly_anybody_has_is_not_imputed():
    frame, values = people()
    frame.loc[frame.index[4:], "age"] = pd.NA
    found = fitted(frame, values, plan(AGE))
    assert reason(found) == "too few people have a value of a covariate that others lack"


def test_a_covariate_that_nobody_has_is_not_imputed():
    frame, values = people()
    frame["age"] = pd.array([pd.NA] * 40, dtype="Float64")
    assert (
        reason(fitted(frame, values, plan(AGE)))
        == "too few people have a value of a covariate that others lack"
    )


@pytest.mark.parametrize(("left", "words"), [(False, "nobody dropped out"), (True, "everybody dropped out")])
def test_without_two_kinds_of_endings_there_is_no_model(left, words):
    frame, values = with_gap("P003", "age")
    frame["dropout_declared"] = pd.array([left] * 40, dtype="boolean")
    found = fitted(frame, values, plan(AGE))
    assert (reason(found, COMPLETE), reason(found)) == (words, words)
    assert not len(found.table)


def test_imputing_can_give_a_model_where_complete_cases_have_none():
    frame, values = people()
    frame.loc[frame["dropout_declared"].to_numpy(dtype=bool), "age"] = pd.NA
    found = fitted(frame, values, plan(AGE))
    assert reason(found, COMPLETE) == "nobody dropped out"
    assert np.isfinite(one(found.table, term="cold", method=IMPUTED)["odds_ratio"])
    said = [sentence.text for sentence in sentences(payload_of(found, "sentences"))]
    assert "There is no model of complete cases beside it: nobody dropped out." in said


def test_a_wave_in_which_nobody_was_coded_says_so():
    frame, values = with_gap("P003", "age")
    assert reason(fitted(frame, values * np.nan, plan(AGE))) == (
        "nobody with a known ending was coded for every theme of the model"
    )


def test_a_wave_without_a_known_ending_says_so():
    frame, values = with_gap("P003", "age")
    frame["dropout_declared"] = pd.array([pd.NA] * 40, dtype="boolean")
    assert reason(fitted(frame, values, plan(AGE))) == (
        "nobody with a known ending was coded for every theme of the model"
    )


def test_three_people_are_too_few():
    frame, values = with_gap("P002", "age")
    keep = frame.index[:3]
    found = fitted(frame.loc[keep], values.loc[keep], plan(AGE))
    assert reason(found) == "there are too few people for so many parameters"


def test_a_theme_that_everybody_has_is_refused_by_both():
    frame, values = with_gap("P003", "age")
    found = fitted(frame, values * 0 + 1, plan(AGE))
    assert "same for everybody" in reason(found, COMPLETE)
    assert not found.table["odds_ratio"].notna().any()
    assert set(found.table["reason"]) == {"the model could not be fitted to every completed data set"}


def test_one_therapist_for_everybody_does_no_harm():
    frame, values = with_gap("P003", "age")
    frame["therapist_id"] = pd.array(["T1"] * 40, dtype="string")
    found = fitted(frame, values, plan(AGE, cluster="therapist_id"))
    assert found.table["odds_ratio"].notna().all()


def test_reflexive_analysis_imputes_nothing_and_says_why():
    found = fitted(*with_gap(), plan(ONLINE), tradition="reflexive")
    assert (
        found.reason
        == "reflexive thematic analysis does not read frequency as importance, so no model is fitted"
    )


def test_without_a_stated_model_there_is_a_reason():
    assert fitted(*people(), None).reason == "study.yaml states no termination model"


def test_a_model_of_themes_alone_has_nothing_to_impute():
    assert (
        fitted(*people(), plan()).reason
        == "nobody lacks a value of the covariates, so there is nothing to impute"
    )


def test_a_theme_without_a_column_in_this_wave_has_no_term():
    frame, values = with_gap("P003", "age")
    found = fitted(frame, values, plan(AGE, themes=("cold", "rare")), codebook=themes("cold", "rare"))
    assert set(found.table["term"]) == {"cold", "age"}


# What is shown

RULES = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")


def test_both_answers_stand_side_by_side(one_gap):
    table = format_table(payload_of(one_gap, "imputed"))
    cells = {row.stub: [cell.text for cell in row.cells] for row in table.rows}
    assert cells["People"] == ["39", "", "40", "", ""]
    assert cells["Left out"] == ["1", "", "0", "", ""]
    before, after = cells["Cold"][0], cells["Cold"][2]
    assert before.startswith(f"{one(one_gap.table, term='cold', method=COMPLETE)['odds_ratio']:.2f} [")
    assert after.startswith(f"{one(one_gap.table, term='cold', method=IMPUTED)['odds_ratio']:.2f} [")


def test_what_is_lost_with_the_missing_values_does_not_leave(one_gap):
    released = release([payload_of(one_gap, "imputed")], RULES).payloads[0]
    cells = {row.stub: [cell.text for cell in row.cells] for row in format_table(released).rows}
    assert cells["Cold"][4] == "–"
    assert cells["People"] == ["39", "", "39", "", ""]  # in steps of six, at their middle


def test_the_sentence_says_whether_the_reading_stays(one_gap):
    said = sentences(payload_of(one_gap, "sentences"))
    assert said[0].text == (
        "Model main: 39 people are complete cases; with missing covariates imputed it holds 40."
    )
    assert said[1].text.endswith(
        "among complete cases; in the model as stated 7 of 20 (35%) with the theme dropped out and 9 of 19"
        " (47%) without it. Both leave it open whether there is a link."
    )
    assert "no data can show" in said[-1].text


def test_a_reading_that_changes_is_called_open(one_gap):
    payload = payload_of(one_gap, "sentences")
    models = payload.tables["models"]
    names = [name for name, _ in models.columns]
    at = {name: names.index(name) for name in ("term", "method", "conf_low", "conf_high")}
    rows = []
    for row in models.rows:
        settled = row[at["term"]] == "cold" and row[at["method"]] == COMPLETE
        changed = {at["conf_low"]: 1.5, at["conf_high"]: 4.0} if settled else {}
        rows.append(tuple(changed.get(i, value) for i, value in enumerate(row)))
    tables = dict(payload.tables) | {"models": type(models)(models.columns, tuple(rows))}
    said = sentences(type(payload)(payload.shape, payload.template, tables, payload.facts))
    assert said[1].kind == "tentative"
    assert said[1].text.endswith("The reading depends on who is left out; treat it as open.")


def test_no_reason_holds_a_number():
    frame, values = with_gap("P003", "age")
    nobody = frame.assign(dropout_declared=pd.array([False] * 40, dtype="boolean"))
    few = frame.assign(age=frame["age"].where(np.arange(40) < 4))
    said = [reason(fitted(changed, values, plan(AGE))) for changed in (nobody, few, people()[0])]
    assert not any(character.isdigit() for why in said for character in why)


def test_the_example_has_both_answers_for_every_term(example):
    found = fit_imputed(example.models)
    assert found.table.groupby("method")["odds_ratio"].count().to_dict() == {COMPLETE: 7, IMPUTED: 7}
    assert (found.guards.set_index("method")["n_used"].diff().dropna() > 0).all()
