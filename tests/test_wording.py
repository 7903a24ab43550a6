"""Each class of words that claim too much, caught; and what looks like one and is none, left alone."""

import pytest

from analysis_lib.wording import in_sentences, slips


def phrases(sentence, **settings):
    return [slip.phrase for slip in slips(sentence, **settings)]


@pytest.mark.parametrize(
    ("sentence", "phrase"),
    [
        ("There was no difference between the groups.", "no difference"),
        ("There was no clear effect.", "no clear effect"),
        ("No association was found.", "No association"),
        ("The difference was significant.", "significant"),
        ("It differed significantly.", "significantly"),
        ("A non-significant result.", "non-significant"),
        ("There was a trend towards more dropout.", "trend towards"),
        ("The groups differed marginally.", "marginally"),
        ("This proves the point.", "proves"),
        ("Coldness caused dropout.", "caused"),
        ("Coldness led to dropout.", "led to"),
        ("Coldness leads to dropout.", "leads to"),
        ("It resulted in dropout.", "resulted in"),
        ("Warmth protects patients.", "protects"),
        ("Coldness is a risk factor.", "risk factor"),
        ("Coldness affects staying.", "affects"),
        ("Patients experienced coldness.", "Patients experienced"),
        ("Coldness predicts dropout.", "predicts"),
        ("Most people said so.", "Most"),
        ("It was said by many.", "many"),
        ("A few left early.", "A few"),
        ("Few left early.", "Few"),
        ("The theme was coded for 38% in that group.", "38%"),
        ("It is 25 percentage points more.", "25 percentage points"),
        ("The odds ratio was 2.31.", "odds ratio was 2.31"),
        ("An adjusted odds ratio of leaving after any one session 0.47 was found.",
         "odds ratio of leaving after any one session 0.47"),
        ("Its odds ratio is 135.", "odds ratio is 135"),
        ("The odds ratio is ∞.", "odds ratio is ∞"),
    ],
)  # fmt: skip
def test_a_phrase_that_claims_too_much_is_found(sentence, phrase):
    assert phrases(sentence) == [phrase]


@pytest.mark.parametrize(
    "sentence",
    [
        "The difference was statistically significant.",
        "Clinically significant change was recorded.",
        "Themes cannot be said to have led to it.",
        "That says nothing of what caused it.",
        "This is the cause-specific view.",
        "Treat it as a lead to follow up.",
        "That people mention both does not say that one leads to the other.",
        "It is withheld, too few people in a cell.",
        "How many people said so stands below.",
        "By the rule at most 5% new codes came.",
        "It comes up most often in the first group.",
        "It was coded for most of them, 30 of 37.",
        "Most said so (30/37).",
        "Cold was coded for 14 of 37 (38%).",
        "Limits are at 95% CI 8 to 40, in brackets 95% intervals.",
        "Brackets: 95% Wilson interval; the interval holds 95% of the posterior.",
        "The odds ratio was 2.31 (95% CI 1.20 to 4.45).",
        "Odds ratio 2.31, 95% CI 1.20 to 4.45, 152 people.",
        "From an odds ratio of 9.50 (95% interval 3.65 to 26.4) once pooled.",
        "Odds ratio 2.31, no 95% CI could be found, 32 people.",
        "Odds ratio ∞ (95% CI 3.95 to ∞).",
        "Adjusted odds ratios with 95% intervals, Firth.",
        "Of 55 comparisons 28 intervals of the odds ratio exclude 1.",
        "Forest plot of the odds ratios of 24 comparisons.",
        "No measure of prediction is shown.",
    ],
)
def test_what_claims_nothing_is_left_alone(sentence):
    assert phrases(sentence) == []


def test_a_study_that_foretells_may_say_predicts():
    sentence = "Coldness predicts dropping out."
    assert (phrases(sentence), phrases(sentence, foretells=True)) == (["predicts"], [])


def test_a_study_that_foretells_may_still_not_say_causes():
    assert phrases("Coldness causes dropping out.", foretells=True) == ["causes"]


def test_in_a_cell_base_and_interval_stand_beside():
    assert phrases("38% [24, 54]", numbers=False) == []
    assert phrases("no difference", numbers=False) == ["no difference"]


def test_a_negation_after_the_verb_does_not_take_it_back():
    assert phrases("It led to dropout, and not to change.") == ["led to"]


def test_every_slip_says_why_and_what_to_write():
    for slip in slips(
        "Most said that it led to no difference, a significant trend towards 38%, odds ratio 2.31."
    ):
        assert slip.why
        assert slip.instead


def test_a_full_stop_inside_a_number_ends_no_sentence():
    text = "It was so (adjusted p = .004). “Cold” came next. 12 of 92 left."
    assert in_sentences(text) == ["It was so (adjusted p = .004).", "“Cold” came next. 12 of 92 left."]
