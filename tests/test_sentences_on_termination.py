"""Sentences on termination, typed in full."""

import pytest
from test_sentences import FACTS

from analysis_lib.payload import Payload, Table
from analysis_lib.sentences import sentences

MODELS = (
    ("model", "key"), ("event", "key"), ("term", "key"), ("term_label", "key"), ("level", "key"),
    ("adjusted", "key"), ("odds_ratio", "estimate"), ("conf_low", "estimate"), ("conf_high", "estimate"),
    ("method", "text"), ("reason", "text"),
)  # fmt: skip
PROBABILITIES = (
    ("model", "key"),
    ("event", "key"),
    ("term", "key"),
    ("level", "key"),
    ("probability", "estimate"),
)
GUARDS = (
    ("model", "key"), ("event", "key"), ("n_late", "people"), ("n_used", "people"), ("n_needed", "statistic"),
    ("reason", "text"),
)  # fmt: skip


def termination(odds=(9.952, 2.17, 57.1), probabilities=(0.213, 0.729), guard=(32, 371, None), **facts):
    row = ("main", "declared", "cold", "Cold manner", "present", True, *odds, "firth", None)
    age = ("main", "declared", "age", "Age", "years", True, 0.9, 0.8, 0.99, "firth", None)
    tables = {
        "models": Table(MODELS, (row, age)),
        "probabilities": Table(
            PROBABILITIES,
            tuple(
                ("main", "declared", "cold", level, p)
                for level, p in zip(("absent", "present"), probabilities, strict=True)
            ),
        ),
        "guards": Table(GUARDS, (("main", "declared", 0, *guard),)),
    }
    settings = {"stated_event": {"main": "declared"}, "rules": {"declared": "ended by the patient alone"}}
    return Payload("sentences", "termination", tables, FACTS | settings | facts)


def test_an_interval_that_could_not_be_found_is_said_to_be_missing():
    sentence = sentences(termination(odds=(9.952, 2.17, None)))[0]
    assert sentence.kind == "clear"
    assert "(adjusted odds ratio 9.95, no 95% CI could be found, 32 people)" in sentence.text


def test_a_theme_that_goes_with_dropping_out_is_said_in_plain_probabilities_and_odds():
    sentence = sentences(termination())[0]
    assert (sentence.kind, sentence.anchor) == ("clear", "model-main-cold-present")
    assert sentence.text == (
        "“Cold manner” goes with more dropping out (ended by the patient alone): adjusted, about 73 in 100 with the"
        " theme "
        "against 21 in 100 without it (adjusted odds ratio 9.95, 95% CI 2.17 to 57.1, 32 people)."
    )


def test_an_interval_below_one_goes_with_less():
    sentence = sentences(termination((0.3, 0.1, 0.9)))[0]
    assert sentence.text.startswith("“Cold manner” goes with less dropping out")


def test_an_interval_over_one_settles_nothing():
    sentence = sentences(termination((1.5, 0.6, 3.9), (0.30, 0.39)))[0]
    assert (sentence.kind, sentence.text) == (
        "cannot tell",
        "Whether “Cold manner” goes with dropping out (ended by the patient alone) the data do not settle: "
        "adjusted, about 39 in 100 with the theme against 30 in 100 without it (adjusted odds ratio 1.50, 95% CI"
        " 0.60 to 3.90, 32 "
        "people).",
    )


def test_what_is_not_settled_is_explained_once():
    found = sentences(termination((1.5, 0.6, 3.9)))
    assert [s.text for s in found if "lack of evidence" in s.text] == [
        "What the data do not settle is lack of evidence, not evidence that the two do not go together."
    ]


def test_the_limit_of_size_leads_to_the_row_of_the_model():
    assert sentences(termination())[-1].anchor == "guards-main-declared"


def test_only_themes_are_findings_and_covariates_are_not():
    assert not any("Age" in sentence.text for sentence in sentences(termination()))


def test_a_prediction_is_called_one_only_where_the_study_claims_it():
    before = sentences(termination(claim="prediction", theme_timing="before_outcome"))[0]
    assert before.text.startswith("“Cold manner” predicts more dropping out")
    after = sentences(termination(claim="prediction", theme_timing="after_outcome"))[0]
    assert after.text.startswith("“Cold manner” goes with more dropping out")


def test_too_few_people_for_the_model_is_a_limit():
    limit = sentences(termination())[-1]
    assert (limit.kind, limit.text) == (
        "limit",
        "Model main has 32 people where 371 would be needed for stable estimates of so many parameters; read it as "
        "description.",
    )
    assert not [s for s in sentences(termination(guard=(400, 371, None))) if s.kind == "limit"]


def test_a_withheld_estimate_says_why():
    sentence = sentences(termination((None, None, None), (None, None), (33, None, None)))[0]
    assert (sentence.kind, sentence.text) == (
        "refusal", "“Cold manner”: the odds ratio of dropping out is withheld, too few people in a cell.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("nobody dropped out", "Model main cannot be fitted: nobody dropped out."),
        (
            'The column "cold" is the same for everybody; leave it out.',
            'Model main cannot be fitted: The column "cold" is the same for everybody; leave it out.',
        ),
    ],
)
def test_a_model_that_cannot_be_fitted_says_why_in_one_full_stop(reason, said):
    (sentence,) = sentences(termination(guard=(32, None, reason)))
    assert (sentence.kind, sentence.text) == ("refusal", said)


def test_a_wave_without_a_model_says_so():
    (sentence,) = sentences(termination(reason="study.yaml states no termination model"))
    assert sentence.text == "No model of termination: study.yaml states no termination model."
