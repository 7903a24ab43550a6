"""Every sentence typed in full. Newcombe and Wilson limits are from R 4.2.2, rounded to whole points."""

import pandas as pd
import pytest

from analysis_lib.payload import Payload, Table
from analysis_lib.release import release, rules_for
from analysis_lib.sentences import limits, sentences
from analysis_lib.study import Privacy

FACTS = {
    "wave": "w1",
    "synthetic": False,
    "reference": "helpful",
    "alpha": 0.05,
    "smallest_difference": 0.15,
    "multiplicity": "minp",
    "base": "all_with_material",
    "theme_timing": "after_outcome",
    "claim": "association",
    "tradition": "codebook",
    "reason": None,
    "leading": ["cold"],
}
GROUPS = Table(
    (("group", "key"), ("label", "key"), ("n", "people")),
    (("helpful", "Helpful", 92), ("unhelpful", "Unhelpful", 37)),
)
CONTRASTS = (
    ("theme_id", "key"), ("theme_label", "key"), ("depth", "key"), ("group", "key"), ("reference", "key"),
    ("n_with_theme", "people"), ("n_total", "people"), ("n_with_reference", "people"), ("n_reference", "people"),
    ("p_value", "p"), ("p_adjusted", "p"),
)  # fmt: skip
SHARES = (
    ("theme_id", "key"), ("theme_label", "key"), ("depth", "key"), ("group", "key"), ("n_with_theme", "people"),
    ("n_total", "people"), ("n_segments", "segments"),
)  # fmt: skip


def a_contrast(x1, n1, x0, n0, p, theme="cold", label="Cold manner"):
    return (theme, label, 0, "unhelpful", "helpful", x1, n1, x0, n0, p, p)


def contrasts(*rows, shares=(), **facts):
    tables = {"contrasts": Table(CONTRASTS, rows), "shares": Table(SHARES, shares), "groups": GROUPS}
    return Payload("sentences", "theme_contrasts", tables, FACTS | facts)


def only(payload):
    (sentence,) = sentences(payload)
    return sentence


OPENING = (
    "Cold manner was coded for 14 of 37 (38%) in the unhelpful group and 12 of 92 (13%) in the helpful group"
)


# The tiers


@pytest.mark.parametrize(
    ("row", "tier", "text"),
    [
        (
            a_contrast(14, 37, 12, 92, 0.0041),
            "clear",
            f"{OPENING}, 25 percentage points more (95% CI 9 to 42 points; adjusted p = .004).",
        ),
        (
            a_contrast(2, 37, 40, 92, 0.0002),
            "clear",
            "Cold manner was coded for 2 of 37 (5%) in the unhelpful group and 40 of 92 (43%) in the helpful group, "
            "38 percentage points fewer (95% CI −49 to −22 points; adjusted p < .001).",
        ),
        (
            a_contrast(270, 900, 216, 900, 0.012),
            "clear but small",
            "Cold manner was coded for 270 of 900 (30%) in the unhelpful group and 216 of 900 (24%) in the helpful "
            "group, 6 percentage points more (95% CI 2 to 10 points; adjusted p = .012). The difference is smaller "
            "than the 15 points that the team set as important.",
        ),
        (
            a_contrast(90, 300, 87, 300, 0.8),
            "similar",
            "Cold manner was coded for 90 of 300 (30%) in the unhelpful group and 87 of 300 (29%) in the helpful "
            "group (95% CI −6 to 8 points). Any difference is probably smaller than 15 points.",
        ),
        (
            a_contrast(11, 37, 11, 92, 0.21),
            "tentative",
            "Cold manner was coded for 11 of 37 (30%) in the unhelpful group and 11 of 92 (12%) in the helpful group, "
            "18 percentage points more (95% CI 3 to 35 points). A difference of this size could still arise from "
            "looking at 1 comparison; treat it as a lead to follow up.",
        ),
        (
            a_contrast(6, 19, 20, 92, 0.9),
            "cannot tell",
            "Cold manner was coded for 6 of 19 (32%) in the unhelpful group and 20 of 92 (22%) in the helpful group. "
            "The data do not settle this: they fit anything from 9 points fewer to 33 points more. This is lack of "
            "evidence, not evidence that the groups are alike.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_the_sentence_of_each_tier(row, tier, text):
    sentence = only(contrasts(row))
    assert (sentence.kind, sentence.text) == (tier, text)


def test_a_tier_that_rounded_counts_contradict_is_withheld():
    # 3/21 v 9/93 gives an interval from -7 to 25 points, but the exact test of the true counts says < .05.
    sentence = only(contrasts(a_contrast(3, 21, 9, 93, 0.05), counts_rule="midpoint6"))
    assert (sentence.kind, sentence.text) == (
        "withheld",
        "Cold manner was coded for 3 of 21 (14%) in the unhelpful group and 9 of 93 (10%) in the helpful group. How "
        "sure this is cannot be said from rounded counts.",
    )


def test_under_a_rounding_rule_p_is_a_band():
    sentence = only(contrasts(a_contrast(15, 39, 9, 93, 0.01), counts_rule="midpoint6"))
    assert sentence.text == (
        "Cold manner was coded for 15 of 39 (38%) in the unhelpful group and 9 of 93 (10%) in the helpful group, "
        "29 percentage points more (95% CI 13 to 45 points; adjusted p < .01)."
    )


def test_a_sentence_leads_to_its_row_of_the_table():
    assert only(contrasts(a_contrast(14, 37, 12, 92, 0.004))).anchor == "contrast-cold-unhelpful"


# One and none


def test_one_point_is_singular():
    # 1.5 v 0.3 in 100: 1.2 points, Newcombe 0.37 to 2.18.
    sentence = only(contrasts(a_contrast(15, 1000, 3, 1000, 0.006)))
    assert sentence.text == (
        "Cold manner was coded for 15 of 1,000 (2%) in the unhelpful group and 3 of 1,000 (0%) in the helpful group, "
        "1 percentage point more (95% CI 0 to 2 points; adjusted p = .006). The difference is smaller than the 15 "
        "points that the team set as important."
    )


def test_a_limit_of_one_point_is_singular():
    assert (
        "anything from 1 point fewer to 28 points more."
        in only(contrasts(a_contrast(8, 37, 9, 92, 0.9))).text
    )


def test_a_limit_of_less_than_half_a_point_is_zero():
    # The interval runs from 0.43 to 29.3 points.
    sentence = only(contrasts(a_contrast(9, 39, 9, 93, 0.3)))
    assert "13 percentage points more (95% CI 0 to 29 points)" in sentence.text


def test_a_margin_of_one_point_is_singular():
    sentence = only(contrasts(a_contrast(6, 900, 5, 900, 0.9), smallest_difference=0.01))
    assert sentence.text.endswith("Any difference is probably smaller than 1 point.")


def test_nobody_with_the_theme_on_one_side_is_said_as_none_of_them():
    sentence = only(contrasts(a_contrast(14, 37, 0, 92, 0.0001)))
    assert "and 0 of 92 (0%) in the helpful group" in sentence.text


def test_a_tentative_sentence_counts_the_whole_family_of_comparisons():
    rows = (
        a_contrast(11, 37, 11, 92, 0.21),
        a_contrast(11, 37, 11, 92, 0.21, "upper", "Upper theme"),
        a_contrast(0, 37, 1, 92, None, "rare", "Rare theme"),
    )
    sentence = sentences(contrasts(*rows))[0]
    assert "looking at 2 comparisons;" in sentence.text


# Which sentences, in which order


def test_only_the_leading_themes_are_said():
    rows = (a_contrast(14, 37, 12, 92, 0.004), a_contrast(20, 37, 12, 92, 0.001, "upper", "Upper theme"))
    assert [s.anchor for s in sentences(contrasts(*rows))] == ["contrast-cold-unhelpful"]


def test_the_clearest_stand_first_and_within_a_tier_the_largest():
    rows = (
        a_contrast(6, 19, 20, 92, 0.9, "a"),
        a_contrast(14, 37, 12, 92, 0.004, "b"),
        a_contrast(11, 37, 11, 92, 0.21, "c"),
        a_contrast(2, 37, 40, 92, 0.001, "d"),
        a_contrast(90, 300, 87, 300, 0.8, "e"),
    )
    found = sentences(contrasts(*rows, leading=["a", "b", "c", "d", "e"]))
    assert [s.anchor.split("-")[1] for s in found] == ["d", "b", "c", "e", "a"]


NOTHING_TO_SAY = "No difference of a leading theme could be both tested and shown; the table says why."


def test_a_contrast_that_could_not_be_tested_has_no_sentence_of_its_own():
    # One of five against none of 92: the interval excludes 0, but no split of one person could settle it.
    tested, untested = a_contrast(20, 40, 6, 92, 0.001, theme="b"), a_contrast(1, 5, 0, 92, None, theme="a")
    assert [s.anchor for s in sentences(contrasts(tested, untested, leading=["a", "b"]))] == [
        "contrast-b-unhelpful"
    ]
    assert [s.text for s in sentences(contrasts(a_contrast(1, 5, 0, 92, None)))] == [NOTHING_TO_SAY]


def test_where_the_only_group_is_empty_it_is_said_that_nothing_can_be():
    assert [s.text for s in sentences(contrasts(a_contrast(0, 0, 12, 92, None)))] == [NOTHING_TO_SAY]


# Refusals


def test_without_a_comparison_the_reason_comes_first_and_then_how_often():
    shares = (("cold", "Cold manner", 0, "all", 7, 24, 9), ("warm", "Warm manner", 0, "all", 12, 24, 14),
              ("none", "Never", 0, "all", 0, 24, 0))  # fmt: skip
    payload = contrasts(
        a_contrast(7, 24, 0, 0, None),
        shares=shares,
        reason="no comparison group in this wave, so no test",
        leading=["warm", "cold", "none"],
    )
    found = sentences(payload)
    assert [(s.kind, s.text) for s in found] == [
        ("refusal", "No comparison group in this wave, so no test."),
        ("fact", "Warm manner was coded for 12 of 24 people (50%, 95% CI 31% to 69%)."),
        ("fact", "Cold manner was coded for 7 of 24 people (29%, 95% CI 15% to 49%)."),
    ]
    assert [s.anchor for s in found] == [None, "share-warm", "share-cold"]


# Intake


def intake(flow, material, groups=GROUPS, **facts):
    tables = {
        "flow": Table((("stage", "text"), ("n", "people"), ("excluded", "people"), ("reason", "text")), flow),
        "material": Table((("group", "key"), ("n", "people"), ("n_without_theme", "people")), material),
        "groups": groups,
    }
    return Payload("sentences", "intake", tables, FACTS | facts)


FLOW = (
    ("invited", 200, 0, ""),
    ("did not decline", 150, 50, "declined"),
    ("enrolled", 135, 15, "did not take part"),
    ("agreed to analysis", 131, 4, "no consent to analysis, or withdrawn"),
    ("outcome group known", 129, 2, "therapy still under way"),
    ("material to code", 129, 0, ""),
    ("analysed", 129, 0, ""),
)
MATERIAL = (("helpful", 92, 9), ("unhelpful", 37, 3), ("all", 129, 12))


def test_intake_says_who_is_analysed_who_left_and_who_said_nothing():
    assert [s.text for s in sentences(intake(FLOW, MATERIAL))] == [
        "129 of 135 people who took part are analysed: 92 helpful and 37 unhelpful.",
        "Left out: no consent to analysis, or withdrawn (4) and therapy still under way (2).",
        "12 of 129 mentioned none of the themes; they stay in the base.",
    ]


def test_where_nobody_left_and_everybody_mentioned_a_theme_one_sentence_is_enough():
    flow = (("enrolled", 129, 0, ""), ("analysed", 129, 0, ""))
    material = (("helpful", 92, 0), ("unhelpful", 37, 0), ("all", 129, 0))
    assert len(sentences(intake(flow, material))) == 1


def test_an_empty_group_is_named():
    groups = Table(
        GROUPS.columns, (("helpful", "Helpful", 0), ("unhelpful", "Unhelpful", 24), ("mixed", "Mixed", 0))
    )
    found = sentences(intake(FLOW, MATERIAL, groups))
    assert (found[-1].kind, found[-1].text) == (
        "refusal", "Nobody in this wave is in the group helpful or mixed.",
    )  # fmt: skip
    assert found[0].text == "129 of 135 people who took part are analysed: 24 unhelpful."


def test_reasons_with_a_withheld_number_are_still_said():
    flow = (*FLOW[:3], ("agreed to analysis", 130, None, "no consent to analysis, or withdrawn"), FLOW[-1])
    assert sentences(intake(flow, MATERIAL))[1].text == (
        "Left out: no consent to analysis, or withdrawn (a withheld number)."
    )


def test_a_wave_in_which_nothing_was_coded_says_so():
    material = (("helpful", 92, None), ("unhelpful", 37, None), ("all", 129, None))
    found = sentences(intake(FLOW, material, reason="nothing was coded in this wave"))
    assert found[-1].text == "Nothing was coded in this wave."


# Termination


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
    ("model", "key"), ("event", "key"), ("n_used", "people"), ("n_needed", "statistic"), ("reason", "text"),
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
        "guards": Table(GUARDS, (("main", "declared", *guard),)),
    }
    settings = {"stated_event": {"main": "declared"}, "rules": {"declared": "ended as patient unilateral"}}
    return Payload("sentences", "termination", tables, FACTS | settings | facts)


def test_an_interval_that_could_not_be_found_is_said_to_be_missing():
    sentence = sentences(termination(odds=(9.952, 2.17, None)))[0]
    assert sentence.kind == "clear"
    assert "(adjusted odds ratio 9.95, no 95% CI could be found, 32 people)" in sentence.text


def test_a_theme_that_goes_with_dropping_out_is_said_in_plain_probabilities_and_odds():
    sentence = sentences(termination())[0]
    assert (sentence.kind, sentence.anchor) == ("clear", "model-main-cold-present")
    assert sentence.text == (
        "“Cold manner” goes with more dropping out (ended as patient unilateral): about 73 in 100 with the theme "
        "against 21 in 100 without it (adjusted odds ratio 9.95, 95% CI 2.17 to 57.1, 32 people)."
    )


def test_an_interval_below_one_goes_with_less():
    sentence = sentences(termination((0.3, 0.1, 0.9)))[0]
    assert sentence.text.startswith("“Cold manner” goes with less dropping out")


def test_an_interval_over_one_settles_nothing():
    sentence = sentences(termination((1.5, 0.6, 3.9), (0.30, 0.39)))[0]
    assert (sentence.kind, sentence.text) == (
        "cannot tell",
        "Whether “Cold manner” goes with dropping out (ended as patient unilateral) the data do not settle: about "
        "39 in 100 with the theme against 30 in 100 without it (adjusted odds ratio 1.50, 95% CI 0.60 to 3.90, 32 "
        "people). This is lack of evidence, not evidence of no link.",
    )


def test_only_themes_are_findings_and_covariates_are_not():
    assert not any("Age" in sentence.text for sentence in sentences(termination()))


def test_a_prediction_is_called_one_only_where_the_study_claims_it():
    sentence = sentences(termination(claim="prediction"))[0]
    assert sentence.text.startswith("“Cold manner” predicts more dropping out")


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


# Limits


COVER = {"theme_timing": "after_outcome", "coders_blind_to_outcome": False, "look": 2, "planned_looks": 4}


def test_the_settings_alone_set_limits():
    assert [s.text for s in limits(Payload("card", "cover", {}, COVER))] == [
        "Accounts were given after the outcome was known, so themes are associated with it and cannot be said to have "
        "led to it.",
        "Coders were not blind to the outcome, which can make groups look more different than they are.",
        "A theme that a person does not mention may still have occurred.",
        "This is look 2 of 4; p-values of a single look are not final.",
    ]


def test_a_single_planned_look_with_blind_coders_before_the_outcome_leaves_one_limit():
    facts = {"theme_timing": "before_outcome", "coders_blind_to_outcome": True, "look": 1, "planned_looks": 1}
    assert len(limits(Payload("card", "cover", {}, facts))) == 1


# What may never be said


@pytest.mark.parametrize("counts", ["exact", "midpoint6", "suppress7_round5"])
def test_no_sentence_of_the_example_claims_more_than_it_may(examples, counts):
    rules = rules_for("coauthor", Privacy(counts, "why", 6, "reviewed"), b"k")
    banned = (
        "no effect", "no difference", "trend towards", "marginally", "proves", "caused", "led to", "protects",
        "risk factor", "experienced", "significant", "nan", "None", "..",
    )  # fmt: skip
    said = [
        sentence.text
        for example in examples.values()
        for payload in release(example.payloads, rules).payloads
        if payload.shape == "sentences"
        for sentence in sentences(payload)
    ]
    assert len(said) > 20
    assert pd.Series(said).str.endswith(".").all()
    assert not [(word, text) for text in said for word in banned if word in text]
