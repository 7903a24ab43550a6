"""Joint displays as they are read: layouts, sentences, other traditions, hostile words, and the order of rows."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pandas as pd
import pytest
from handmade import FACTS, a_wave

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.display import show
from analysis_lib.joint_display import joint_display
from analysis_lib.payload import digest
from analysis_lib.quantitize import quantitize
from analysis_lib.sentences import sentences
from analysis_lib.study import Outcome
from analysis_lib.tables import format_boxes, format_joint_display, format_quote_matrix, format_table
from analysis_lib.views import payload_of, views

GROUPS = Outcome(("helpful", "unhelpful"), "helpful", {}, ())
CODEBOOK = Codebook(
    "1",
    (
        Theme("A", "The therapist", polarity="hindering"),
        Theme("A.cold", "Cold", "A", "Kept a distance.", polarity="hindering"),
        Theme("A.warm", "Warm", "A", "Was close.", polarity="helpful"),
    ),
)
EVIL = "<script>alert(1)</script>\u202e=cmd|*bold* \U0001f642"
N = 12  # of each group


def display(*, tables=None, quote=None, notes=None, tmp_path=None, shuffled=False, **settings):
    """Cold in ten of twelve unhelpful and one helpful, warm in ten helpful; each says who they are.

    10/12 against 1/12 and 10/12 against 0/12 are clear whatever the permutation: the exact p are .0006 and .0001. Warm
    leads, with 83 points against 75.
    """
    people = pd.DataFrame(
        {"outcome_group": ["helpful"] * N + ["unhelpful"] * N},
        index=[f"{letter}{i:02}" for letter in "HU" for i in range(N)],
    )
    has = {"A.cold": ["H00", *(f"U{i:02}" for i in range(10))], "A.warm": [f"H{i:02}" for i in range(10)]}
    rows = [
        {"segment_id": f"{theme}-{person}", "participant_id": person, "code_id": theme, "quote_consent": "yes",
         "text": quote or f"Words of {person} on {theme}.", "round": "independent"}
        for theme, persons in has.items()
        for person in persons
    ]  # fmt: skip
    reviews = [
        {"segment_id": row["segment_id"], "decision": "release",
         "text_sha256": hashlib.sha256(row["text"].encode()).hexdigest()}
        for row in rows
    ]  # fmt: skip
    given = {"coded_segments": pd.DataFrame(rows), "quote_reviews": pd.DataFrame(reviews)} | (tables or {})
    if shuffled:
        people = people.iloc[::-1]
        given = {name: frame.sample(frac=1, random_state=3) for name, frame in given.items()}
    if notes is not None:
        folder = tmp_path / "waves" / "w1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "author_notes.md").write_text(f"## 04 Joint display\n{notes}", encoding="utf-8")
        settings["folder"] = tmp_path
    wave = a_wave(people, facts=FACTS, tables=given, **({"outcome": GROUPS, "codebook": CODEBOOK} | settings))
    return joint_display(crosstab_themes(quantitize(wave)))


def rows_of(result):
    return {row.label: row for row in format_joint_display(payload_of(result))}


def said(result):
    return [sentence.text for sentence in sentences(payload_of(result, "sentences"))]


# One theme


def test_the_negative_case_is_the_one_person_against_the_numbers():
    cold, warm = rows_of(display())["Cold"].negative_case, rows_of(display())["Warm"].negative_case
    assert (cold.quote, cold.who, cold.reason) == ("Words of H00 on A.cold.", "H00, helpful", "")
    assert cold.against == "more often in Unhelpful than in Helpful (clear), where 1/12, 8% have it"
    assert (warm.quote, warm.reason) == ("", "nobody in the unhelpful group has it")


def test_a_negative_case_that_nobody_may_read_is_said_to_be_withheld():
    consent = pd.DataFrame(
        [("H01", "quote", "yes", None)], columns=["participant_id", "scope", "granted", "withdrawn_on"]
    )
    case = rows_of(display(tables={"consent": consent}))["Cold"].negative_case
    assert (case.quote, case.reason) == ("", "no words from the helpful group may be shown")


def test_the_rule_says_which_difference_and_which_direction_it_rests_on():
    found = rows_of(display())
    assert (
        found["Cold"].computed
        == "confirm (clearly more in Unhelpful, and the codebook calls the theme hindering)"
    )
    assert (
        found["Warm"].computed
        == "confirm (clearly fewer in Unhelpful, and the codebook calls the theme helpful)"
    )


def test_a_theme_that_goes_the_other_way_is_a_discord():
    turned = replace(CODEBOOK, themes=tuple(replace(theme, polarity="hindering") for theme in CODEBOOK))
    warm = rows_of(display(codebook=turned))["Warm"]
    assert (
        warm.computed
        == "discord (clearly fewer in Unhelpful, although the codebook calls the theme hindering)"
    )


@pytest.mark.parametrize(
    ("label", "differ"),
    [("confirm", False), ("expand", False), ("discord", True), ("silent", True), ("", False)],
)
def test_a_label_that_contradicts_the_rule_is_said_to(tmp_path, label, differ):
    result = display(notes=f"### A.cold\nFit: {label}\n\nA reading.\n", tmp_path=tmp_path)
    assert rows_of(result)["Cold"].differ is differ
    assert any("the rule says confirm" in text for text in said(result)) is differ


# Displays


def test_side_by_side_puts_numbers_reading_and_both_labels_in_one_row(tmp_path):
    notes = "### A.cold\nFit: expand\nMatched by: AB\n\nTold\nin one line.\n"
    table = format_table(payload_of(display(notes=notes, tmp_path=tmp_path), "side_by_side"))
    rows = {row.stub: [cell.text for cell in row.cells] for row in table.rows}
    # 10/12 - 1/12 = 75 points
    numbers = rows["Cold"][0].replace("\N{NO-BREAK SPACE}", " ")
    assert numbers.startswith("Helpful 1/12, 8%; Unhelpful 10/12, 83%, +75 points [")
    assert numbers.endswith(": clear")
    assert rows["Cold"][1] == "Told in one line. (Matched by AB)"
    assert rows["Cold"][2].startswith("Authors: expand. Rule: confirm (")
    assert rows["Warm"][1] == "Not yet written"


def test_the_typology_counts_everybody_once():
    frame = payload_of(display(), "typology").tables["patterns"].frame
    counts = frame[frame["group"] == "all"].set_index("pattern")["n_with_pattern"].to_dict()
    # H00 has both; ten unhelpful cold alone; nine helpful warm alone; two of each group neither
    assert counts == {"A.cold": 10, "A.warm": 9, "A.warm + A.cold": 1, "none of them": 4}


def test_each_type_is_quoted_from_the_group_in_which_it_is_most_frequent():
    table = format_table(payload_of(display(), "typology"))
    who = {row.stub: row.cells[-1].text for row in table.rows}
    assert who["Cold"].endswith(", unhelpful")
    assert who["Warm + Cold"] == "H00, helpful"
    assert who["None of them"] == ""


def test_the_quote_matrix_holds_every_quote_under_its_theme_and_group():
    matrix = {theme.theme_id: theme for theme in format_quote_matrix(payload_of(display(), "quote_matrix"))}
    assert [(group, count, len(quotes)) for group, count, quotes in matrix["A.cold"].cells] == [
        ("Helpful", "1/12, 8%", 1),
        ("Unhelpful", "10/12, 83%", 10),
    ]
    assert list(matrix) == ["A.cold", "A.warm"]


def test_quotes_of_the_matrix_stand_in_the_order_of_document_and_place():
    rows = pd.DataFrame(
        [
            ("s1", "D2", 5, "fourth"),
            ("s2", "D1", 90, "second"),
            ("s3", "D1", 9, "first"),
            ("s4", "D2", 4, "third"),
        ],
        columns=["segment_id", "document_id", "start", "text"],
    ).assign(participant_id="U01", code_id="A.cold", quote_consent="yes", round="independent")
    matrix = display(tables={"coded_segments": rows}).quote_matrix
    assert matrix["quote"].tolist() == ["first", "second", "third", "fourth"]


def test_there_is_a_box_for_everything_together_and_for_each_branch(tmp_path):
    notes = "Together.\n\n### Disagreement\n\nHere they differ.\n\n### A\nFit: expand\n\nThe branch.\n"
    boxes = format_boxes(payload_of(display(notes=notes, tmp_path=tmp_path), "meta_inferences"))
    assert [(box.heading, box.reading, box.fit) for box in boxes] == [
        ("", "Together.", ""),
        ("Disagreement", "Here they differ.", ""),
        ("Limits of each strand", "", ""),
        ("A", "The branch.", "expand"),
    ]


# Sentences


def test_sentences_count_labels_and_empty_boxes_and_name_themes(tmp_path):
    result = display(notes="All of it.\n\n### A.cold\nFit: discord\n\nA reading.\n", tmp_path=tmp_path)
    assert said(result)[:4] == [
        "The authors have labelled the fit of 1 of 2 themes: discord for “Cold”.",
        "By the rule, numbers and words point the same way for 2 of 2 themes: “Warm” and “Cold”.",
        "“Cold”: the authors say discord, the rule says confirm.",
        "1 of 2 themes has no reading by the authors yet and 3 of 4 boxes for what numbers and words mean together are"
        " empty.",
    ]
    assert "No negative case is quoted for “Warm”: nobody in the unhelpful group has it." in said(result)


def test_with_everything_written_no_sentence_speaks_of_empty_boxes(tmp_path):
    notes = "x\n### Disagreement\nx\n### Limits of each strand\nx\n### A\nx\n### A.cold\nx\n### A.warm\nx\n"
    assert not any(
        "empty" in text or "no reading" in text for text in said(display(notes=notes, tmp_path=tmp_path))
    )


def test_without_any_theme_there_is_one_sentence():
    nothing = pd.DataFrame({"segment_id": [], "participant_id": [], "code_id": []})
    assert said(display(tables={"coded_segments": nothing})) == [
        "No theme was coded for anybody in this wave, so there is nothing to join."
    ]


# Traditions, waves and people that change what can be shown


def test_reflexive_analysis_reads_no_number_as_a_direction():
    result = display(tradition="reflexive")
    cold = rows_of(result)["Cold"]
    assert (cold.differences, cold.computed) == ((), "")
    assert cold.negative_case.reason.startswith(
        "reflexive thematic analysis does not read frequency as importance"
    )
    assert not any("By the rule" in text for text in said(result))
    assert not len(result.fits)


def test_consensual_qualitative_research_keeps_the_rule():
    assert rows_of(display(tradition="cqr"))["Cold"].computed.startswith("confirm")


def test_a_group_called_otherwise_has_a_direction_once_the_study_says_where_therapy_went_well():
    named = Outcome(("unhelpful", "helpful"), "unhelpful", {}, (), favourable=())
    assert "study.yaml does not say" in rows_of(display(outcome=named))["Cold"].computed
    turned = replace(named, favourable=("helpful",))
    assert rows_of(display(outcome=turned))["Cold"].computed.startswith("confirm (clearly fewer in Helpful")


def test_without_a_comparison_group_every_display_still_stands(without_comparison):
    result = without_comparison.display
    for view in views(result):
        text = show(result, view).text
        assert text.strip()
        assert "nan" not in text.replace("“", " ").split() or view == "quote_matrix"
    assert {row.negative_case.reason for row in format_joint_display(payload_of(result))} == {
        "there is no comparison group in this wave, so no outcome goes against a difference"
    }


def test_where_nobody_may_be_quoted_the_words_are_silent_and_nothing_breaks():
    reviews = pd.DataFrame({"segment_id": [], "text_sha256": [], "decision": []})
    refused = pd.DataFrame(
        [("H00", "quote", "no", None)], columns=["participant_id", "scope", "granted", "withdrawn_on"]
    )
    result = display(tables={"quote_reviews": reviews, "consent": refused})
    assert rows_of(result)["Cold"].computed == "silent, words (nobody may be quoted on it)"
    assert show(result, "quote_matrix").text == "No quote to show: nobody may be quoted."
    assert all(show(result, view).text.strip() for view in views(result))


# Hostile words, and the order of rows


@pytest.mark.parametrize(
    "view", ["statistics_by_themes", "side_by_side", "typology", "quote_matrix", "meta_inferences"]
)
def test_words_of_others_are_text_in_every_display(view, tmp_path):
    notes = f"{EVIL}\n### A\n{EVIL}\n### A.cold\nMatched by: {EVIL}\n\n{EVIL}\n"
    evil = replace(CODEBOOK, themes=tuple(replace(theme, label=EVIL, definition=EVIL) for theme in CODEBOOK))
    shown = show(display(quote=EVIL, codebook=evil, notes=notes, tmp_path=tmp_path), view)
    assert "<script" not in shown.html
    assert "&lt;script&gt;" in shown.html
    assert EVIL in shown.text


def test_the_order_of_rows_in_the_files_changes_nothing():
    straight, turned = display(), display(shuffled=True)
    for view in views(straight):
        assert digest(payload_of(straight, view)) == digest(payload_of(turned, view))
