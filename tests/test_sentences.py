"""Every sentence typed in full. Newcombe and Wilson limits are from R 4.2.2, rounded to whole points."""

import re

import pandas as pd
import pytest

from analysis_lib.payload import Payload, Table
from analysis_lib.release import release, rules_for
from analysis_lib.sentences import sentences
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


LACK = "What the data do not settle is lack of evidence, not evidence that the groups are alike."
OPENING = "“Cold manner” was coded for 14 of 37 (38%) in the unhelpful group and 12 of 92 (13%) in the helpful group"


# The tiers


@pytest.mark.parametrize(
    ("row", "tier", "text"),
    [
        (
            a_contrast(14, 37, 12, 92, 0.0041),
            "clear",
            f"{OPENING}, 25 percentage points more (95% CI 9 to 42 more; adjusted p = .004).",
        ),
        (
            a_contrast(2, 37, 40, 92, 0.0002),
            "clear",
            "“Cold manner” was coded for 2 of 37 (5%) in the unhelpful group and 40 of 92 (43%) in the helpful group, "
            "38 percentage points fewer (95% CI 22 to 49 fewer; adjusted p < .001).",
        ),
        (
            a_contrast(270, 900, 216, 900, 0.012),
            "clear but small",
            "“Cold manner” was coded for 270 of 900 (30%) in the unhelpful group and 216 of 900 (24%) in the helpful "
            "group, 6 percentage points more (95% CI 2 to 10 more; adjusted p = .012). The difference is smaller "
            "than the 15 points that the team set as important.",
        ),
        (
            a_contrast(90, 300, 87, 300, 0.8),
            "similar",
            "“Cold manner” was coded for 90 of 300 (30%) in the unhelpful group and 87 of 300 (29%) in the helpful "
            "group (95% CI of the difference, in points: 6 fewer to 8 more). Any difference is probably smaller than"
            " 15 points.",
        ),
        (
            a_contrast(11, 37, 11, 92, 0.21),
            "tentative",
            "“Cold manner” was coded for 11 of 37 (30%) in the unhelpful group and 11 of 92 (12%) in the helpful"
            " group, "
            "18 percentage points more (95% CI 3 to 35 more; adjusted p = .210). A difference of this size could still "
            "arise from looking at 1 comparison; treat it as a lead to follow up.",
        ),
        (
            a_contrast(6, 19, 20, 92, 0.9),
            "cannot tell",
            "“Cold manner” was coded for 6 of 19 (32%) in the unhelpful group and 20 of 92 (22%) in the helpful group. "
            "The data do not settle this: they fit anything from 9 points fewer to 33 points more.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_the_sentence_of_each_tier(row, tier, text):
    sentence, *limits_ = sentences(contrasts(row))
    assert (sentence.kind, sentence.text) == (tier, text)
    assert [limit.text for limit in limits_] == ([LACK] if tier == "cannot tell" else [])


def test_a_tier_that_rounded_counts_contradict_is_withheld():
    # 3/21 v 9/93 gives an interval from -7 to 25 points, but the exact test of the true counts says < .05.
    sentence = only(contrasts(a_contrast(3, 21, 9, 93, 0.05), counts_rule="midpoint6"))
    assert (sentence.kind, sentence.text) == (
        "withheld",
        "“Cold manner” was coded for 3 of 21 (14%) in the unhelpful group and 9 of 93 (10%) in the helpful group. How "
        "sure this is cannot be said from rounded counts.",
    )


def test_under_a_rounding_rule_p_is_a_band():
    sentence = only(contrasts(a_contrast(15, 39, 9, 93, 0.01), counts_rule="midpoint6"))
    assert sentence.text == (
        "“Cold manner” was coded for 15 of 39 (38%) in the unhelpful group and 9 of 93 (10%) in the helpful group, "
        "29 percentage points more (95% CI 13 to 45 more; adjusted p < .01)."
    )


def test_a_sentence_leads_to_its_row_of_the_table():
    assert only(contrasts(a_contrast(14, 37, 12, 92, 0.004))).anchor == "contrast-cold-unhelpful"


# One and none


def test_one_point_is_singular():
    # 1.5 v 0.3 in 100: 1.2 points, Newcombe 0.37 to 2.18.
    sentence = only(contrasts(a_contrast(15, 1000, 3, 1000, 0.006)))
    assert sentence.text == (
        "“Cold manner” was coded for 15 of 1,000 (2%) in the unhelpful group and 3 of 1,000 (0%) in the helpful group, "
        "1 percentage point more (95% CI 0 to 2 more; adjusted p = .006). The difference is smaller than the 15 "
        "points that the team set as important."
    )


def test_a_limit_of_one_point_is_singular():
    assert (
        "anything from 1 point fewer to 28 points more."
        in sentences(contrasts(a_contrast(8, 37, 9, 92, 0.9)))[0].text
    )


def test_a_limit_of_less_than_half_a_point_is_zero():
    # The interval runs from 0.43 to 29.3 points.
    sentence = only(contrasts(a_contrast(9, 39, 9, 93, 0.3)))
    assert "13 percentage points more (95% CI 0 to 29 more; adjusted p = .300)" in sentence.text


def test_a_limit_that_rounds_to_the_margin_is_said_to_be_under_it():
    # 4/31 v 14/92: the interval runs from -14.1 to 14.6 points, inside 15 either way.
    sentence = only(contrasts(a_contrast(4, 31, 14, 92, 0.9)))
    assert (
        "(95% CI of the difference, in points: 14 fewer to under 15 more). Any difference is" in sentence.text
    )


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
    assert [s.anchor.split("-")[1] for s in found if s.anchor] == ["d", "b", "c", "e", "a"]


def test_what_is_not_settled_is_explained_once_below_the_list():
    rows = (a_contrast(6, 19, 20, 92, 0.9, "a"), a_contrast(6, 19, 21, 92, 0.9, "b"))
    found = sentences(contrasts(*rows, leading=["a", "b"]))
    assert [s.kind for s in found] == ["cannot tell", "cannot tell", "limit"]
    assert found[-1].text == LACK


def test_a_sentence_that_settles_nothing_says_so_where_it_is_copied_alone():
    sentence = sentences(contrasts(a_contrast(6, 19, 20, 92, 0.9)))[0]
    assert (
        "The data do not settle this: they fit anything from 9 points fewer to 33 points more."
        in sentence.text
    )


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


def test_a_theme_that_says_why_therapy_ended_is_marked_as_such():
    payload = contrasts(a_contrast(14, 37, 12, 92, 0.004), about_endings=["cold", "elsewhere"])
    assert sentences(payload)[0].text.endswith(
        "The theme is itself a reason for ending, and how therapy ended is part of the outcome."
    )
    assert sentences(payload)[-1].kind == "limit"
    assert sentences(payload)[-1].text.startswith(
        "“Cold manner” says why therapy ended, and whether it ended is part"
    )


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
        ("fact", "“Warm manner” was coded for 12 of 24 people (50%, 95% CI 31% to 69%)."),
        ("fact", "“Cold manner” was coded for 7 of 24 people (29%, 95% CI 15% to 49%)."),
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


# What may never be said


@pytest.mark.parametrize("counts", ["exact", "midpoint6", "suppress7_round5"])
def test_no_sentence_of_the_example_claims_more_than_it_may(examples, counts):
    rules = rules_for("coauthor", Privacy(counts, "why", 6, "reviewed"), b"k")
    banned = (
        "no effect", "no difference", "trend towards", "marginally", "proves", "caused", "led to", "protects",
        "risk factor", "experienced", "significant", "..",
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
    assert not [text for text in said if re.search(r"\bnan\b|<NA>|\bNone\b(?! of )", text)]
