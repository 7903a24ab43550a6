"""What each tradition shows, what it leaves out, and the sentence that says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from handmade import counted
from tiny_study import STUDY, write_study

import analysis_lib as al
from analysis_lib import imputed_models, outcome_models
from analysis_lib.cqr import RULE, UNEQUAL, with_convention
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.release import release, rules_for
from analysis_lib.report.folds import Part, in_folds
from analysis_lib.report.sections import Section, lay_out
from analysis_lib.sentences import sentences
from analysis_lib.study import Privacy
from analysis_lib.tables import format_table
from analysis_lib.termination import REFLEXIVE, fit_termination
from analysis_lib.views import payload_of

SIZES = {"helpful": 20, "unhelpful": 8}
# cold: rare v typical; warm: typical v variant; late: a single person v none; all: general v general.
PRESENT = {
    "cold": {"helpful": 3, "unhelpful": 6},
    "warm": {"helpful": 11, "unhelpful": 4},
    "late": {"helpful": 1, "unhelpful": 0},
    "all": {"helpful": 19, "unhelpful": 8},
}


def shown(view, tradition="cqr", counts="exact", sizes=SIZES, present=PRESENT, **settings):
    result = crosstab_themes(counted(sizes, present, tradition=tradition, **settings))
    rules = rules_for("coauthor", Privacy(counts, "why", 6, "reviewed"), b"k")
    return release([payload_of(result, view)], rules).payloads[0]


def cells(table, head):
    """The cells below the n-th heading of the last row of headings, by stub."""
    at = [text.text for text in table.heads[-1]].index(head)
    return {row.stub: row.cells[at].text for row in table.rows if row.cells}


# Consensual qualitative research


def test_labels_stand_beside_counts_and_never_alone():
    table = format_table(shown("shares"))
    assert [head.text for head in table.heads[-1]] == ["n/N", "Label"] * 3
    rows = {row.stub: [cell.text for cell in row.cells[:4]] for row in table.rows}
    assert rows == {
        "Cold": ["3/20", "rare", "6/8", "typical‡"],  # 2 and 3 of 19 are rare too; 6 of 7 is general
        "Warm": ["11/20", "typical", "4/8", "variant‡"],  # 10 and 11 of 19 are typical; 4 of 7 is typical
        "Late": ["1/20", "–", "0/8", "–"],
        "All": ["19/20", "general", "8/8", "general"],
    }


def test_rule_warning_and_stability_stand_below_the_table():
    notes = " ".join(format_table(shown("shares")).notes)
    assert RULE in notes
    assert UNEQUAL in notes
    assert "leaving out some one person would change the label" in notes


def test_groups_of_one_size_need_no_warning():
    even = {"cold": {"helpful": 3, "unhelpful": 6}}
    assert UNEQUAL not in " ".join(
        format_table(shown("shares", sizes={"helpful": 8, "unhelpful": 8}, present=even)).notes
    )


def test_rounded_counts_have_no_labels_and_say_why():
    table = format_table(shown("shares", counts="midpoint6"))
    assert [head.text for head in table.heads[-1]][1] == "% [95% CI]"
    assert any("they need exact counts" in note for note in table.notes)
    assert any("they need exact counts" in s.text for s in sentences(shown("sentences", counts="midpoint6")))


@pytest.mark.parametrize("tradition", ["codebook", "coding_reliability"])
def test_other_traditions_have_shares_and_no_labels(tradition):
    assert "Label" not in [head.text for head in format_table(shown("shares", tradition)).heads[-1]]
    assert "variant" not in " ".join(s.text for s in sentences(shown("sentences", tradition)))


def test_the_convention_is_thirty_points_or_two_labels():
    # cold: 75 v 15 % is 60 points; warm: 50 v 55 % is one label; late: 0 v 5 %; all: 100 v 95 %.
    table = format_table(shown("contrasts"))
    assert cells(table, "By convention") == {"Cold": "differs", "Warm": "–", "Late": "–", "All": "–"}


def test_two_labels_apart_differ_below_thirty_points():
    # In sixteen people 4 is variant and 1 has no label: rare lies between, so two steps, at 19 points.
    present = {"far": {"helpful": 1, "unhelpful": 2}, "near": {"helpful": 3, "unhelpful": 4}}
    found = crosstab_themes(counted({"helpful": 8, "unhelpful": 8}, present, tradition="cqr")).contrasts
    frame = with_convention(found).set_index("theme_id")
    assert frame["cqr_steps"].to_dict() == {"far": 1, "near": 0}
    assert not frame["cqr_differs"].any()
    wide = {"far": {"helpful": 1, "unhelpful": 4}}
    frame = with_convention(crosstab_themes(counted({"helpful": 16, "unhelpful": 16}, wide)).contrasts)
    assert (frame["cqr_steps"].tolist(), frame["cqr_differs"].tolist()) == ([2.0], [True])


def test_a_sentence_gives_the_label_beside_the_share():
    text = sentences(shown("sentences"))[0].text
    assert text.startswith(
        "“Cold” was coded for 6 of 8 (75%, typical) in the unhelpful group and 3 of 20 (15%, rare)"
    )


def test_the_convention_is_said_to_be_no_test():
    found = sentences(shown("sentences"))
    (said,) = [s.text for s in found if s.text.startswith("By the convention")]
    assert said.endswith(
        "1 of 4 comparisons of a leading theme with the helpful group differ: “Cold” (unhelpful)."
    )
    assert any("The convention is no test" in s.text for s in found)


def test_the_smallest_difference_is_thirty_points_unless_the_study_names_one(tmp_path):
    cqr = STUDY.replace("tradition: codebook", "tradition: cqr")
    assert al.load_study(write_study(tmp_path / "a", {"study.yaml": cqr})).smallest_difference == 0.3
    named = f"{cqr}smallest_difference: 0.2\n"
    assert al.load_study(write_study(tmp_path / "b", {"study.yaml": named})).smallest_difference == 0.2
    assert al.load_study(write_study(tmp_path / "c")).smallest_difference == 0.15


def agreement_said(example, **settings):
    wave = replace(example.wave, study=replace(example.study, **settings))
    return [s.text for s in sentences(payload_of(al.coder_agreement(wave), "sentences"))]


def test_who_audited_is_said_or_said_to_be_missing(example):
    missing = agreement_said(example, tradition="cqr", reporting={})
    assert any("Who audited the analysis is not on record" in text for text in missing)
    there = agreement_said(example, tradition="cqr", reporting={"auditor": "A colleague, in “May”."})
    assert "Audit, in the authors' words: “A colleague, in ‘May’.”" in there
    assert not [text for text in agreement_said(example, tradition="codebook") if "udit" in text]


# Reflexive thematic analysis


@pytest.mark.parametrize("view", ["contrasts", "tests"])
def test_reflexive_tables_of_comparison_are_empty_and_say_why(view):
    table = format_table(shown(view, "reflexive"))
    assert [(row.stub, [cell.text for cell in row.cells]) for row in table.rows] == [
        ("None", ["Reflexive thematic analysis does not read frequency as importance, so nothing is tested."])
    ]


def test_reflexive_counts_stand_in_their_table_with_a_note():
    table = format_table(shown("shares", "reflexive"))
    assert len(table.rows) == 4
    assert any("these counts show who spoke of what and no more" in note for note in table.notes)


def test_a_reflexive_study_is_told_why_in_one_sentence_and_where_the_counts_are():
    refusal, where = sentences(shown("sentences", "reflexive"))
    assert refusal.text == (
        "Reflexive thematic analysis does not read frequency as importance, so nothing is tested."
    )
    assert "folded away in this part" in where.text


def test_reflexive_counts_are_folded_away_on_the_page():
    for tradition, folded in (("reflexive", True), ("codebook", False)):
        section = Section("03", "Which themes?", ("## How often", shown("shares", tradition), "## Next"))
        ((_, parts),) = lay_out([section])
        assert [bool(fold.title) for fold in in_folds(parts) if any(part.number for part in fold.parts)] == [
            folded
        ]


def test_a_part_that_stands_aside_is_folded_though_no_closer_look():
    parts = [Part("prose", "", source="## Here"), Part("table", TABLE, "Table 3.1", "t", aside=True)]
    assert [fold.title for fold in in_folds(parts)] == ["", "Table 3.1"]


def test_why_there_is_no_table_of_tests_stands_open():
    section = Section("03", "Which themes?", ("## Can we trust it", shown("tests", "reflexive")))
    ((_, parts),) = lay_out([section])
    (fold,) = in_folds(parts)
    assert fold.title == ""
    assert "so nothing is tested" in fold.parts[-1].content.rows[0].cells[0].text


TABLE = format_table(shown("shares", "codebook"))


def test_a_reflexive_study_fits_no_model_of_termination(example):
    themes = replace(
        example.matrix, wave=replace(example.wave, study=replace(example.study, tradition="reflexive"))
    )
    models = fit_termination(themes)
    assert models.reason == REFLEXIVE
    assert (len(models.table), len(models.guards)) == (0, 0)
    for result in (models, al.nested_blocks(models), al.clustered_models(models), al.fit_imputed(models)):
        (said,) = sentences(payload_of(result, "sentences"))
        assert said.kind == "refusal"
        assert "no model is fitted" in said.text


def test_every_model_of_the_page_gives_the_same_reason():
    assert imputed_models.REFLEXIVE == outcome_models.REFLEXIVE == REFLEXIVE
