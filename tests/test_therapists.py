"""Pairs of clients who share a therapist, small enough that every odds ratio can be worked out on paper.

In ten pairs one client has the theme and one has not. In six only the former left, in two only the latter, in two
both did: within therapists the odds ratio is 6/2. Over all people 8 of 10 left with the theme and 4 of 10 without.
"""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix
from scipy.stats import norm, t

from analysis_lib.payload import Payload, digest
from analysis_lib.release import release, rules_for
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.stats import random_intercept_logistic
from analysis_lib.study import Covariate, DropoutDefinition, Outcome, Privacy, TerminationModelPlan
from analysis_lib.tables import format_table
from analysis_lib.termination import FIRTH, fit_termination
from analysis_lib.therapists import GEE, METHODS, RANDOM, WITHIN, clustered_models
from analysis_lib.views import payload_of, views

GROUPS = Outcome(("stayed", "left"), "stayed", {}, ())
DECLARED = DropoutDefinition("declared", termination_type=("patient_unilateral",))
PLAN = TerminationModelPlan("main", "declared", ("cold",), (), "therapist_id")
AGE = Covariate("age", "number", "younger people leave earlier", unit="years")
PAIRS = [(1, 1), (0, 0)] * 6 + [(1, 0), (0, 1)] * 2 + [(1, 1), (0, 1)] * 2  # (theme, left) of each client
OF_PAIRS = [f"T{i // 2:02}" for i in range(20)]


def clients(theme, left, therapist, *, plan=PLAN, order=None, **columns):
    """Termination models of clients with these themes, endings and therapists."""
    frame = pd.DataFrame({"dropout_declared": pd.array([bool(x) for x in left], dtype="boolean")})
    frame["outcome_group"] = np.where(np.array(left, dtype=bool), "left", "stayed")
    frame["therapist_id"] = pd.array(therapist, dtype="string")
    for name, values in columns.items():
        frame[name] = values
    frame.index = [f"P{i:03d}" for i in range(len(frame))]
    values = pd.DataFrame({"cold": np.array(theme, dtype=float)}, index=frame.index)
    if order is not None:
        frame, values = frame.iloc[order], values.iloc[order]
    plans = plan if isinstance(plan, tuple) else (plan,)
    settings = {"outcome": GROUPS, "termination_models": plans, "dropout_definitions": (DECLARED,)}
    return fit_termination(a_matrix(frame, values, **settings))


def pairs(**changes):
    theme, left = zip(*PAIRS, strict=True)
    return clients(theme, left, changes.pop("therapist", OF_PAIRS), **changes)


def row_of(found, method):
    (row,) = found.table[found.table["method"] == method].to_dict("records")
    return row


@pytest.fixture(scope="module")
def worked():
    return clustered_models(pairs())


# Four methods, the same people


def test_therapists_ignored_is_firth_with_half_a_person_more_in_every_cell(worked):
    # 8 and 2 with the theme, 4 and 6 without it.
    assert row_of(worked, FIRTH)["odds_ratio"] == pytest.approx((8.5 * 6.5) / (2.5 * 4.5), rel=1e-4)


def test_robust_errors_keep_the_odds_ratio_of_the_table(worked):
    assert row_of(worked, GEE)["odds_ratio"] == pytest.approx((8 * 6) / (2 * 4), rel=1e-6)


def test_robust_errors_are_judged_by_t_with_one_degree_less_than_therapists(worked):
    row = row_of(worked, GEE)
    assert row["df"] == 9
    half = math.log(row["conf_high"] / row["odds_ratio"])
    p = 2 * t.sf(math.log(row["odds_ratio"]) / (half / t.ppf(0.975, 9)), 9)
    assert row["p_value"] == pytest.approx(p)


def test_within_therapists_only_pairs_with_one_leaver_speak(worked):
    row = row_of(worked, WITHIN)
    half = 1.959964 * math.sqrt(1 / 6 + 1 / 2)
    assert row["odds_ratio"] == pytest.approx(3, rel=1e-5)
    assert row["conf_low"] == pytest.approx(3 * math.exp(-half), rel=1e-5)
    assert row["conf_high"] == pytest.approx(3 * math.exp(half), rel=1e-5)


def test_therapists_whose_clients_all_ended_alike_are_counted_as_left_out(worked):
    row = row_of(worked, WITHIN)
    names = ["n_used", "n_events", "n_clusters", "n_left_out", "n_clusters_left_out"]
    assert [row[name] for name in names] == [16, 8, 8, 4, 2]
    assert [row_of(worked, GEE)[name] for name in names] == [20, 12, 10, 0, 0]


def test_the_smallest_cell_within_therapists_counts_only_those_who_are_compared(worked):
    # Of the 16, with the theme 6 left and 2 stayed, without it the other way round.
    assert [row_of(worked, method)["smallest_cell"] for method in METHODS] == [2, 2, 2, 2]
    five = clustered_models(clients([1, 0, 1, 0, 1, 1], [1, 0, 0, 1, 1, 1], list("aabbcc")))
    assert row_of(five, FIRTH)["smallest_cell"] == row_of(five, WITHIN)["smallest_cell"] == 1


def test_a_random_intercept_gives_the_median_odds_ratio_of_its_spread():
    theme = [1, 0, 1, 0, 1, 0, 1, 0] * 6
    left = [1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0] * 3
    therapist = np.repeat([f"T{i}" for i in range(6)], 8)
    found = clustered_models(clients(theme, left, therapist))
    fit = random_intercept_logistic(np.array(theme)[:, None], left, cluster=therapist)
    (about,) = found.icc.to_dict("records")
    expected = math.exp(math.sqrt(2) * fit.between_sd * norm.ppf(0.75))
    assert about["median_odds_ratio"] == pytest.approx(expected)
    assert row_of(found, RANDOM)["odds_ratio"] == pytest.approx(math.exp(fit.coef[1]))


def test_therapists_who_differ_less_than_chance_has_it_give_no_random_intercept(worked):
    row = row_of(worked, RANDOM)
    assert np.isnan(row["odds_ratio"])
    assert row["reason"].startswith("the differences between therapists are estimated as zero")
    (about,) = worked.icc.to_dict("records")
    assert np.isnan(about["median_odds_ratio"])
    assert about["median_reason"] == row["reason"]


# How much therapists differ


def test_the_intraclass_correlation_of_four_pairs_is_one_seventh():
    # Shares of leavers 1, 1/2, 1/2, 0: mean squares 1/3 between and 1/4 within. Its interval: tests/stats.
    found = clustered_models(clients([1, 0] * 4, [1, 1, 1, 0, 1, 0, 0, 0], list("aabbccdd")))
    (about,) = found.icc.to_dict("records")
    assert about["icc"] == pytest.approx(1 / 7)
    assert about["conf_low"] < 1 / 7 < about["conf_high"]
    assert about["reason"] is None


def test_clients_per_therapist_are_numbers_alone():
    found = clustered_models(clients([1, 0] * 4, [1, 1, 1, 0, 1, 0, 0, 1], list("aaaabbbc")))
    (about,) = found.icc.to_dict("records")
    assert [about[f"people_{name}"] for name in ("median", "min", "max")] == [3, 1, 4]
    assert about["n_clusters"] == 3


def test_the_smallest_cell_of_the_correlation_counts_therapists_too():
    found = clustered_models(clients([1, 0] * 6, [1, 0, 0, 1, 1, 0] * 2, list("aaaabbbbcccc")))
    assert found.icc["smallest_cell"].tolist() == [3]  # three therapists, six who left, six who stayed


# People without a therapist on record


def test_people_without_a_therapist_are_left_out_of_every_method_and_counted():
    theme, left = zip(*PAIRS, strict=True)
    models = clients([*theme, 1, 1, 0], [*left, 0, 0, 1], [*OF_PAIRS, None, pd.NA, None])
    found, without = clustered_models(models), clustered_models(pairs())
    assert set(found.table["n_missing"]) == set(found.icc["n_missing"]) == {3}
    columns = ["method", "odds_ratio", "conf_low", "conf_high", "n_used", "n_clusters"]
    pd.testing.assert_frame_equal(found.table[columns], without.table[columns])


def test_where_everybody_has_a_therapist_ignoring_them_gives_the_main_models_odds_ratios(examples):
    example = examples["2025a"]
    found, models = clustered_models(example.models), example.models.table
    assert set(found.table["n_missing"]) == {0}
    ignored = found.table[found.table["method"] == FIRTH]
    main = models[(models["event"] == "declared") & (models["method"] == FIRTH) & models["adjusted"].eq(True)]
    columns = ["term", "level", "odds_ratio", "conf_low", "conf_high", "p_value"]
    pd.testing.assert_frame_equal(
        ignored[columns].reset_index(drop=True), main[columns].reset_index(drop=True)
    )


# What cannot be said


def reasons(found):
    return dict(zip(found.table["method"], found.table["reason"], strict=True))


def test_models_that_name_no_cluster_are_no_question_for_this_table():
    found = clustered_models(pairs(plan=replace(PLAN, cluster=None)))
    assert found.reason == "no termination model of study.yaml names a cluster"
    assert not len(found.table)
    assert not len(found.icc)


def test_a_study_without_models_says_so():
    assert clustered_models(pairs(plan=())).reason == "study.yaml states no termination model"


def test_only_models_that_name_a_cluster_are_fitted():
    other = TerminationModelPlan("plain", "declared", ("cold",), (), None)
    assert set(clustered_models(pairs(plan=(other, PLAN))).icc["model"]) == {"main"}


EVERYWHERE = {
    "one therapist": ([1, 0, 1, 0, 1], [1, 0, 0, 1, 1], ["T"] * 5, "all people have the same therapist"),
    "no therapist": (
        [1, 0, 1, 0],
        [1, 0, 0, 1],
        [None] * 4,
        "nobody with complete data has a therapist on record",
    ),
    "nobody left": ([1, 0] * 3, [0] * 6, list("aabbcc"), "nobody dropped out"),
    "all left": ([1, 0] * 3, [1] * 6, list("aabbcc"), "everybody dropped out"),
    "three people": ([1, 0], [1, 0], list("ab"), "there are too few people for so many parameters"),
    "leavers lack one": ([1, 0, 1, 0, 1], [0, 0, 0, 0, 1], [*"aabb", None], "nobody dropped out"),
}


@pytest.mark.parametrize("case", EVERYWHERE)
def test_where_nothing_can_be_compared_every_method_gives_the_same_reason(case):
    theme, left, therapist, why = EVERYWHERE[case]
    found = clustered_models(clients(theme, left, therapist))
    assert reasons(found) == dict.fromkeys(METHODS, why)
    assert found.table["odds_ratio"].isna().all()
    assert found.icc[["reason", "median_reason", "refusal"]].iloc[0].tolist() == [why] * 3


def test_a_wave_where_nobody_dropped_out_has_a_reason_for_every_term(without_comparison):
    found = clustered_models(without_comparison.models)
    assert set(found.table["reason"]) == {"nobody dropped out"}
    assert found.reason is None


PARTLY = {
    "a theme of leavers alone": (
        [1, 1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 1, 0, 0], list("abcabcabc"), (GEE, RANDOM),
        "a theme or level separates the outcome, so there is no finite estimate",
    ),
    "two therapists": (
        [1, 0, 1, 0, 1, 0, 0, 1], [1, 0, 0, 1, 1, 0, 1, 0], list("aaaabbbb"), (GEE,),
        "there are too few therapists for so many parameters",
    ),
    "one therapist's theme": (
        [1, 1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 1, 0, 0], list("aaabbbccc"), (GEE,),
        "a term rests on the people of a single therapist",
    ),
    "alike within": (
        [1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 0, 0, 1, 1, 0, 0], list("aabbccdd"), (WITHIN,),
        "every therapist has the same outcome in all of their people",
    ),
    "a theme of whole therapists": (
        [1, 1, 0, 0, 1, 1, 0, 0], [1, 0, 0, 1, 1, 1, 0, 0], list("aabbccdd"), (WITHIN,),
        "a term does not vary among people of the same therapist",
    ),
    "separated within": (
        [1, 0, 1, 0, 0, 1, 1, 0], [1, 0, 1, 0, 1, 1, 0, 0], list("aabbccdd"), (WITHIN,),
        "among people of the same therapist the terms separate the outcome, so there is no finite estimate",
    ),
    "everybody has the theme": (
        [1] * 8, [1, 0, 1, 0, 0, 1, 1, 0], list("aabbccdd"), (GEE, RANDOM), "a term is the same for everybody",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PARTLY)
def test_a_method_without_an_answer_says_why_in_plain_words(case):
    theme, left, therapist, methods, why = PARTLY[case]
    found = clustered_models(clients(theme, left, therapist))
    said = reasons(found)
    assert [said[method] for method in methods] == [why] * len(methods)
    assert all(np.isnan(row_of(found, method)["odds_ratio"]) for method in methods)


def test_a_theme_of_leavers_alone_keeps_the_penalised_estimate():
    theme, left, therapist, _, _ = PARTLY["a theme of leavers alone"]
    assert np.isfinite(row_of(clustered_models(clients(theme, left, therapist)), FIRTH)["odds_ratio"])


def test_a_therapist_with_very_many_clients_is_refused_within_therapists_alone():
    theme, left = [1, 0, 1, 0] * 150, [0, 0, 1, 1] * 150
    found = clustered_models(clients(theme, left, ["a"] * 596 + ["b"] * 4))
    assert reasons(found)[WITHIN] == "a therapist has too many people for this method"


def test_terms_that_determine_each_other_are_refused():
    months = Covariate("age", "number", "age", per=1.0)
    copied = Covariate("baseline_severity", "number", "the same numbers")
    ages = pd.array([20.0 + 3 * i % 17 for i in range(20)], dtype="Float64")
    plan = replace(PLAN, covariates=(months, copied))
    found = clustered_models(pairs(plan=plan, age=ages, baseline_severity=ages))
    rows = found.table[found.table["method"] == GEE]
    assert set(rows["reason"]) == {"terms of the model determine each other"}


def test_therapists_with_one_client_each_have_no_correlation_and_nothing_within():
    found = clustered_models(clients([1, 0, 1, 0, 1, 0], [1, 0, 0, 1, 1, 0], list("abcdef")))
    (about,) = found.icc.to_dict("records")
    assert np.isnan(about["icc"])
    assert about["reason"] == "no therapist has more than one person"
    assert about["refusal"] is None


def test_a_correlation_without_an_interval_says_why():
    found = clustered_models(clients([1, 0, 1, 0], [1, 0, 0, 0], list("aabb")))
    (about,) = found.icc.to_dict("records")
    assert np.isfinite(about["icc"])
    assert about["reason"].startswith("there is no interval")


def test_no_reason_holds_a_number_of_people():
    cases = [case[:3] for case in (*EVERYWHERE.values(), *PARTLY.values())]
    said = [
        why
        for case in cases
        for why in clustered_models(clients(*case)).table["reason"]
        if isinstance(why, str)
    ]
    assert len(said) > 30
    assert not [why for why in said if any(character.isdigit() for character in why)]


def test_clusters_other_than_therapists_and_sites_are_called_clusters():
    plan = replace(PLAN, cluster="modality")
    found = clustered_models(pairs(plan=plan, modality=pd.array(["cbt"] * 20, dtype="string")))
    assert set(found.table["reason"]) == {"all people have the same cluster"}


# What cannot matter


def numbers(found):
    return found.table.set_index(["term", "level", "method"])[
        ["odds_ratio", "conf_low", "conf_high", "n_used"]
    ]


def test_the_order_of_people_cannot_matter(worked):
    shuffled = clustered_models(pairs(order=np.random.default_rng(5).permutation(20)))
    pd.testing.assert_frame_equal(numbers(shuffled), numbers(worked), rtol=1e-6)


def test_the_names_of_therapists_cannot_matter(worked):
    renamed = clustered_models(pairs(therapist=[f"X{99 - int(name[1:]):02}" for name in OF_PAIRS]))
    pd.testing.assert_frame_equal(numbers(renamed), numbers(worked), rtol=1e-6)


def test_no_name_of_a_therapist_reaches_a_table_or_a_payload():
    named = [name.replace("T", "zebrafinch") for name in OF_PAIRS]
    found = clustered_models(pairs(therapist=named))
    texts = [digest(payload_of(found, view)) for view in views(found)]
    texts += [frame.to_csv() for frame in result_files(found).values()]
    assert len(texts) == 5
    assert not [text for text in texts if "zebrafinch" in text]


# Shown, said and released


@pytest.fixture(scope="module")
def of_example(example):
    return clustered_models(example.models)


def text_of(found, view):
    return format_table(payload_of(found, view)).as_text()


def released(found, view, rule="midpoint6"):
    rules = rules_for("coauthor", Privacy(rule, "", 6, "reviewed"), b"k")
    return release([payload_of(found, view)], rules).payloads[0]


def test_every_view_is_a_payload_that_json_can_hold(worked, of_example):
    for found in (worked, of_example):
        for view in views(found):
            payload = payload_of(found, view)
            assert Payload.from_json(json.loads(json.dumps(payload.as_json(), allow_nan=False))) == payload


def test_the_methods_stand_side_by_side_in_the_table(worked):
    lines = text_of(worked, "therapists").splitlines()
    assert lines[2].split("  ")[0] == "Term"
    assert [
        name in lines[2] for name in ("Therapists ignored", "Robust errors (GEE)", "Within therapists")
    ] == [True] * 3
    (cold,) = [line for line in lines if line.startswith("  Cold")]
    assert "4.91 [" in cold  # 8.5 x 6.5 / (2.5 x 4.5)
    assert "6.00 [" in cold
    assert "3.00 [0.61, 14.9]" in cold  # 3 exp(-/+ 1.6)
    assert " – " in cold  # no random intercept


def test_notes_of_the_table_say_who_is_left_out_and_why_a_method_is_missing(worked):
    text = text_of(worked, "therapists")
    assert "everybody dropped out or nobody did: people 4, therapists 2." in text
    assert "Random intercept, model main: the differences between therapists are estimated as zero" in text


def test_the_correlation_is_shown_with_therapists_and_clients_per_therapist(of_example):
    text = text_of(of_example, "icc")
    (line,) = [line for line in text.splitlines() if line.startswith("Model main")]
    assert line.split("  ", 1)[1].split() == [
        "148",
        "24",
        "5",
        "(2",
        "to",
        "19)",
        "4",
        "0.14",
        "[0.03,",
        "0.27]",
        "4.03",
    ]


def test_clients_per_therapist_and_degrees_of_freedom_stay_inside_under_rounded_counts(of_example):
    icc = released(of_example, "icc").tables["icc"].frame
    assert icc[["people_median", "people_min", "people_max"]].isna().all(axis=None)
    assert released(of_example, "therapists").tables["models"].frame["df"].isna().all()


def test_an_estimate_from_few_people_is_withheld_in_table_and_sentence(of_example):
    # Scratched the surface: five people who left had it.
    text = format_table(released(of_example, "therapists")).as_text()
    (line,) = [line for line in text.splitlines() if line.startswith("  Scratched the surface")]
    assert line.split()[3:] == ["withheld"] * 4
    said = [sentence.text for sentence in sentences(released(of_example, "sentences"))]
    assert "“Scratched the surface”: the estimates are withheld, too few people in a cell." in said


def test_a_correlation_of_few_therapists_is_withheld():
    found = clustered_models(clients([1, 0] * 12, [1, 0, 0, 1, 1, 0] * 4, np.repeat(list("abcd"), 6)))
    text = format_table(released(found, "icc")).as_text()
    (line,) = [line for line in text.splitlines() if line.startswith("Model main")]
    assert line.split()[-2:] == ["withheld", "withheld"]
    assert "is not given: it is withheld" in sentences(released(found, "sentences"))[0].text


@pytest.mark.parametrize("rule", ["exact", "midpoint6", "suppress7_round5"])
def test_a_refused_model_keeps_its_reason_under_every_rule(without_comparison, rule):
    found = clustered_models(without_comparison.models)
    assert "nobody dropped out." in format_table(released(found, "therapists", rule)).as_text()
    assert "Neither, model main: nobody dropped out." in format_table(released(found, "icc", rule)).as_text()
    (said,) = sentences(released(found, "sentences", rule))
    assert said.kind == "refusal"
    assert said.text.endswith("nothing can be said about therapists, since nobody dropped out.")


def test_without_a_cluster_table_and_sentence_give_the_reason():
    found = clustered_models(pairs(plan=replace(PLAN, cluster=None)))
    for view in ("therapists", "icc"):
        assert "No termination model of study.yaml names a cluster." in text_of(found, view)
    assert (
        sentences(payload_of(found, "sentences"))[0].text
        == "No termination model of study.yaml names a cluster."
    )


def test_sentences_say_how_alike_clients_are_and_what_each_method_finds(worked):
    said = [sentence.text for sentence in sentences(payload_of(worked, "sentences"))]
    assert said[0].startswith("Model main, 20 people of 10 therapists: people of one therapist correlate ")
    (cold,) = [text for text in said if text.startswith("“Cold”")]
    assert cold.startswith("“Cold”: adjusted odds ratio 4.91 (95% CI ")
    assert "and 6.00 (95% CI " in cold
    assert (
        "Among people of the same therapist it is 3.00 (95% CI 0.61 to 14.9), from 16 people of 8 therapists."
        in cold
    )
    assert cold.endswith(
        "All point the same way; 0 of 3 intervals exclude 1"
        "; in the model as stated 8 of 10 (80%) with the theme dropped out and 4 of 10 (40%) without it."
    )
    assert "significant" not in " ".join(said)


def test_odds_ratios_on_both_sides_of_one_are_said_not_to_point_the_same_way():
    # In four of five pairs the one with the theme left; among everybody else only those without it did.
    theme = [1, 0] * 5 + [1] * 8 + [0] * 8
    left = [1, 0] * 4 + [0, 1] + [0] * 8 + [1] * 8
    therapist = [f"T{i // 2}" for i in range(10)] + [f"U{i // 4}" for i in range(16)]
    said = [
        sentence.text
        for sentence in sentences(payload_of(clustered_models(clients(theme, left, therapist)), "sentences"))
    ]
    (cold,) = [text for text in said if text.startswith("“Cold”")]
    assert "They do not all point the same way; " in cold


def test_files_hold_every_method_and_no_cell(of_example):
    files = result_files(of_example)
    assert set(files["clustered_models.csv"]["method"]) == set(METHODS)
    assert files["intraclass_correlation.csv"]["n_clusters"].tolist() == [24]
    assert set(result_files(released(of_example, "therapists"))) == {"clustered_models.csv"}
    assert set(result_files(released(of_example, "icc"))) == {"intraclass_correlation.csv"}
