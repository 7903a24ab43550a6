import hashlib

import pandas as pd
import pytest
from handmade import a_wave, counted, themes

from analysis_lib.crosstab import crosstab_themes
from analysis_lib.joint_display import joint_display
from analysis_lib.joint_display.quote_choice import quoted_already
from analysis_lib.quantitize import quantitize
from analysis_lib.study import Outcome, TerminationModelPlan
from analysis_lib.termination import fit_termination
from analysis_lib.theme_patterns import leading_themes

GROUPS = Outcome(("helpful", "unhelpful"), "helpful", {}, ())
PEOPLE = pd.DataFrame(
    {"outcome_group": ["helpful"] * 3 + ["unhelpful"] * 3}, index=["H1", "H2", "H3", "U1", "U2", "U3"]
)


def segment(name, person, text, *, code="cold", consent="yes", review="release", **more):
    return {
        "segment_id": name, "participant_id": person, "code_id": code, "text": text, "quote_consent": consent,
        "round": "independent", "review": review,
    } | more  # fmt: skip


def shown(*segments, consent=None, **options):
    """The joint display of these segments; ``review`` of a segment is a decision, None or ``stale``."""
    rows = pd.DataFrame(segments)
    reviewed = rows[rows["review"].notna()].drop_duplicates("segment_id")
    words = reviewed["text"].where(reviewed["review"] != "stale", "other words")
    reviews = pd.DataFrame(
        {
            "segment_id": reviewed["segment_id"],
            "text_sha256": [hashlib.sha256(text.encode()).hexdigest() for text in words],
            "decision": reviewed["review"].replace("stale", "release"),
        }
    )
    tables = {"coded_segments": rows.drop(columns="review"), "quote_reviews": reviews}
    if consent is not None:
        tables["consent"] = pd.DataFrame(
            consent, columns=["participant_id", "scope", "granted", "withdrawn_on"]
        )
    wave = a_wave(PEOPLE, tables=tables, outcome=GROUPS, codebook=themes("cold", "warm"))
    return joint_display(crosstab_themes(quantitize(wave)), **options)


def quotes(display, group="unhelpful", theme="cold"):
    frame = display.quotes
    rows = frame[(frame["group"] == group) & (frame["theme_id"] == theme)]
    return rows["quote"].tolist()


def withheld(display, group="unhelpful", theme="cold"):
    frame = display.withheld.set_index(["theme_id", "group"])["n_withheld"]
    return int(frame[theme, group])


# Which quotes


def test_a_cleared_quote_is_shown_with_person_group_and_clearance():
    display = shown(segment("s1", "U1", "He looked at his watch."))
    assert display.quotes.iloc[:, :5].to_numpy().tolist() == [
        ["cold", "unhelpful", "U1", "He looked at his watch.", "reviewed"]
    ]
    assert withheld(display) == 0


@pytest.mark.parametrize(
    "refused",
    [
        {"consent": "no"},
        {"consent": "unknown"},
        {"consent": None},
        {"review": "withhold"},
        {"review": "paraphrase"},
    ],
)
def test_a_quote_without_clearance_is_counted_and_never_shown(refused):
    display = shown(
        segment("s1", "U1", "Kept words."), segment("s2", "U2", "These may not leave.", **refused)
    )
    assert quotes(display) == ["Kept words."]
    assert withheld(display) == 1
    assert "may not leave" not in display.quotes.to_csv()


@pytest.mark.parametrize("review", [None, "stale"])
def test_a_quote_that_nobody_reviewed_in_these_words_is_marked_as_merely_consented(review):
    display = shown(segment("s1", "U1", "Not read by anybody.", review=review))
    assert display.quotes["clearance"].tolist() == ["consented"]


def test_consent_to_quoting_must_stand_in_the_consent_table_too():
    consent = [
        ("U1", "quote", "yes", None),
        ("U2", "quote", "yes", "2024-05-01"),
        ("U3", "quote", "no", None),
    ]
    display = shown(
        segment("s1", "U1", "Agreed."),
        segment("s2", "U2", "Withdrawn."),
        segment("s3", "U3", "Refused."),
        consent=consent,
    )
    assert quotes(display) == ["Agreed."]
    assert withheld(display) == 2


def test_at_most_two_quotes_per_theme_and_group_from_different_people_first():
    display = shown(
        segment("s1", "U1", "One from the first."),
        segment("s2", "U1", "Two from the first."),
        segment("s3", "U1", "Six from the first."),
        segment("s4", "U2", "A much longer one from the second person of the group."),
    )
    found = display.quotes
    assert len(found) == 2
    assert set(found["participant_id"]) == {"U1", "U2"}


def test_two_quotes_of_one_person_are_shown_where_nobody_else_has_one():
    display = shown(segment("s1", "U1", "One of two."), segment("s2", "U1", "Two of two."))
    assert quotes(display) == ["One of two.", "Two of two."]


def test_a_reviewed_quote_goes_before_one_that_was_not_reviewed():
    display = shown(
        segment("s1", "U1", "Unread, of middling length.", review=None),
        segment("s2", "U2", "Read."),
        segment("s3", "U3", "Read as well, and of quite some length, more than the others here."),
    )
    assert display.quotes["clearance"].tolist() == ["reviewed", "reviewed"]


def test_quotes_of_middling_length_go_first():
    display = shown(
        segment("s1", "U1", "Short."),
        segment("s2", "U2", "Of middling length."),
        segment("s3", "U3", "Longer than anything else that anybody said."),
    )
    assert quotes(display) == ["Of middling length.", "Short."]


def test_each_group_has_its_own_quotes():
    display = shown(segment("s1", "U1", "Said by U."), segment("s2", "H1", "Said by H."))
    assert (quotes(display, "helpful"), quotes(display, "unhelpful")) == (["Said by H."], ["Said by U."])


def test_a_segment_that_two_coders_gave_the_same_code_is_one_quote():
    display = shown(
        segment("s1", "U1", "Said once.", coder_id="coder_1"),
        segment("s1", "U1", "Said once.", coder_id="coder_2"),
    )
    assert quotes(display) == ["Said once."]


def test_a_quote_is_shown_under_every_theme_that_it_was_coded_with():
    display = shown(segment("s1", "U1", "Both."), segment("s1", "U1", "Both.", code="warm"))
    assert quotes(display, theme="cold") == quotes(display, theme="warm") == ["Both."]


# Which themes


def test_the_largest_difference_leads_and_ties_keep_codebook_order():
    present = {
        "small": {"unhelpful": 1},
        "tie": {"helpful": 5},
        "large": {"unhelpful": 9},
        "equal": {"unhelpful": 5},
    }
    crosstab = crosstab_themes(counted({"helpful": 10, "unhelpful": 10}, present))
    assert leading_themes(crosstab) == ("large", "tie", "equal", "small")


def test_without_a_comparison_the_most_widespread_theme_leads():
    present = {"some": {"unhelpful": 3}, "many": {"unhelpful": 8}}
    crosstab = crosstab_themes(counted({"helpful": 0, "unhelpful": 10}, present))
    assert leading_themes(crosstab) == ("many", "some")


def test_a_theme_that_nobody_has_is_not_shown():
    crosstab = crosstab_themes(
        counted({"helpful": 10, "unhelpful": 10}, {"cold": {"unhelpful": 5}, "none": {}})
    )
    assert joint_display(crosstab).themes == ("cold",)


def test_upper_themes_are_left_to_their_children(example):
    codebook = example.study.codebook
    assert not any(codebook.has_children(theme) for theme in example.display.themes)


@pytest.mark.parametrize(("n_themes", "n_shown"), [(1, 1), (2, 2), (None, 3)])
def test_as_many_themes_as_asked_for(n_themes, n_shown):
    present = {name: {"unhelpful": n} for name, n in (("a", 3), ("b", 4), ("c", 5))}
    crosstab = crosstab_themes(counted({"helpful": 10, "unhelpful": 10}, present))
    assert len(joint_display(crosstab, n_themes=n_themes).themes) == n_shown


# Beside them


def test_the_adjusted_firth_estimate_stands_beside_its_theme():
    sizes = {"helpful": 20, "unhelpful": 12}
    matrix = counted(
        sizes,
        {"cold": {"helpful": 4, "unhelpful": 9}, "warm": {"helpful": 9, "unhelpful": 3}},
        termination_models=(TerminationModelPlan("main", "declared", ("cold",), (), None),),
    )
    people = matrix.wave.participants
    people["dropout_declared"] = (people["outcome_group"] == "unhelpful").astype("boolean")
    models = joint_display(crosstab_themes(matrix), fit_termination(matrix)).models
    assert models[["theme_id", "model", "event"]].to_numpy().tolist() == [["cold", "main", "declared"]]
    assert models["odds_ratio"].iloc[0] == pytest.approx((9.5 * 16.5) / (3.5 * 4.5), rel=1e-5)


def test_without_models_no_theme_has_one():
    crosstab = crosstab_themes(counted({"helpful": 10, "unhelpful": 10}, {"cold": {"unhelpful": 5}}))
    assert not len(joint_display(crosstab).models)


def test_the_authors_reading_stands_beside_its_theme(example):
    readings = example.display.readings.set_index("theme_id")["reading"]
    assert readings["A.unempathic"].startswith("The number says more people")
    assert readings["F.empathy"] == ""


def test_every_theme_has_its_definition(example):
    assert (example.display.definitions["definition"].str.len() > 20).all()
    assert tuple(example.display.definitions["theme_id"]) == example.display.themes


def test_words_that_the_display_quotes_already_go_first_and_others_only_where_there_are_none():
    columns = ["theme_id", "group", "participant_id", "quote"]
    words = pd.DataFrame([("cold", "mixed", "U1", "One."), ("cold", "mixed", "U2", "Two.")], columns=columns)
    shown = pd.DataFrame([("cold", "mixed", "U2", "Two."), ("warm", "mixed", "U1", "One.")], columns=columns)
    assert quoted_already(words, shown)["quote"].tolist() == ["Two."]
    assert quoted_already(words, shown.iloc[1:])["quote"].tolist() == ["One.", "Two."]
