"""Expected coefficients are worked out by hand from the 2 x 2 tables that the comments give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from coded_twice import FIRST, SECOND, TEN, asked, given, made, placed, row, two_coders
from handmade import FACTS, themes

import analysis_lib as al
from analysis_lib.agreement_by_wave import with_changes
from analysis_lib.codebook import Change, Codebook, Theme
from analysis_lib.figures import can_draw
from analysis_lib.quantitize import quantitize
from analysis_lib.reliability import coder_agreement
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of
from analysis_lib.wave import Wave

# Coefficients


def test_every_coefficient_of_two_coders_by_hand() -> None:
    found = row(coder_agreement(two_coders()))
    assert found["n_units"] == 10
    assert found["n_given"] == 5
    assert found["n_agreed"] == 8
    assert found["percent_agreement"] == pytest.approx(0.8)
    assert found["positive_agreement"] == pytest.approx(6 / 8)
    assert found["negative_agreement"] == pytest.approx(10 / 12)
    assert found["cohen_kappa"] == pytest.approx((0.8 - 0.52) / 0.48)
    assert found["krippendorff_alpha"] == pytest.approx(1 - 0.2 / (2 * 8 * 12 / (20 * 19)))
    assert found["gwet_ac1"] == pytest.approx((0.8 - 0.48) / 0.52)
    assert found["prevalence"] == pytest.approx(0.4)
    assert found["smallest_cell"] == 3
    assert found["reason"] is None


def test_an_interval_stands_around_every_coefficient() -> None:
    found = row(coder_agreement(two_coders()))
    for low, estimate, high in [
        ("percent_low", "percent_agreement", "percent_high"),
        ("kappa_low", "cohen_kappa", "kappa_high"),
        ("alpha_low", "krippendorff_alpha", "alpha_high"),
        ("ac1_low", "gwet_ac1", "ac1_high"),
    ]:
        assert found[low] < found[estimate] < found[high]


def test_three_coders_have_a_row_together_and_one_per_pair() -> None:
    # codes of a, b, c: 111, 110, 000, 000
    people = TEN[:4]
    wave = made(
        [asked(people, "a", "b", "c")],
        [given(people[:2], "a"), given(people[:2], "b"), given(people[:1], "c")],
        people=people,
    )
    table = coder_agreement(wave).table.set_index("coders")
    assert list(table.index) == ["a b c", "a b", "a c", "b c"]
    together = table.loc["a b c"]
    assert together["n_coders"] == 3
    assert together["percent_agreement"] == pytest.approx((1 + 1 / 3 + 1 + 1) / 4)
    assert pd.isna(together["cohen_kappa"])
    assert together["fleiss_kappa"] == pytest.approx((5 / 6 - 74 / 144) / (1 - 74 / 144))
    assert together["krippendorff_alpha"] == pytest.approx(1 - (1 / 6) / (70 / 132))
    assert together["n_agreed"] == 3
    assert table.loc["a c", "cohen_kappa"] == pytest.approx((0.75 - 0.5) / 0.5)


def test_people_whom_one_coder_was_asked_to_code_change_nothing() -> None:
    more = [f"q{i}" for i in range(5)]
    alone = made(
        [asked(TEN, "a", "b"), asked(more, "a")],
        [given([*FIRST, *more], "a"), given(SECOND, "b")],
        people=[*TEN, *more],
    )
    pd.testing.assert_series_equal(row(coder_agreement(alone)), row(coder_agreement(two_coders())))


def test_codings_agreed_in_a_consensus_round_change_nothing() -> None:
    wave = made(
        [asked(TEN, "a", "b"), asked(TEN, "consensus", round="consensus")],
        [given(FIRST, "a"), given(SECOND, "b"), given(TEN, "consensus", round="consensus")],
    )
    pd.testing.assert_series_equal(row(coder_agreement(wave)), row(coder_agreement(two_coders())))


def test_codings_of_the_consensus_coder_are_never_independent() -> None:
    wave = made(
        [asked(TEN, "a", "b", "consensus")],
        [given(FIRST, "a"), given(SECOND, "b"), given(TEN, "consensus")],
    )
    assert coder_agreement(wave).coders == ("a", "b")


def test_two_coders_in_a_consensus_round_are_kept_apart() -> None:
    later = [given(FIRST, c, round="consensus", segment_id=f"later-{c}") for c in ("a", "b")]
    wave = made(
        [asked(TEN, "a", "b"), asked(TEN, "a", "b", round="consensus")],
        [given(FIRST, "a"), given(SECOND, "b"), *later],
    )
    found = coder_agreement(wave)
    assert row(found)["n_agreed"] == 8
    assert found.after_consensus.loc[0, "n_agreed"] == 10
    assert "no reliability" in sentences(payload_of(found, "sentences"))[-1].text


def test_a_coding_without_a_round_is_read_as_independent_and_counted() -> None:
    wave = made([asked(TEN, "a", "b")], [given(FIRST, "a", round=None), given(SECOND, "b")])
    found = coder_agreement(wave)
    assert row(found)["n_agreed"] == 8
    assert found.n_without_round == 4
    assert "read as independent: 4." in format_table(payload_of(found, "coding")).notes[1]


def test_a_coding_by_somebody_who_was_not_asked_counts_for_nothing_and_is_counted() -> None:
    wave = made([asked(TEN, "a", "b")], [given(FIRST, "a"), given(SECOND, "b"), given(TEN, "stranger")])
    found = coder_agreement(wave)
    assert found.coders == ("a", "b")
    assert row(found)["n_agreed"] == 8
    assert found.n_outside == 10
    assert "left out: 10." in format_table(payload_of(found, "coding")).notes[1]


def test_an_upper_theme_is_given_with_any_theme_below_it() -> None:
    codebook = Codebook("1", (Theme("A", "Upper"), Theme("A.x", "X", "A"), Theme("A.y", "Y", "A")))
    wave = made(
        [asked(TEN, "a", "b")],
        [given(TEN[:3], "a", "A.x"), given(TEN[:3], "b", "A.y")],
        codebook=codebook,
    )
    found = coder_agreement(wave)
    assert row(found, "A")["n_agreed"] == 10
    assert row(found, "A.x")["n_agreed"] == 7


def test_a_theme_outside_a_coders_list_is_not_compared() -> None:
    wave = made(
        [asked(TEN, "a"), asked(TEN, "b", codes="late")],
        [given(FIRST, "a"), given(TEN[:2], "a", "late"), given(TEN[:2], "b", "late")],
        codebook=themes("cold", "late"),
    )
    found = coder_agreement(wave)
    assert row(found, "late")["n_agreed"] == 10
    assert row(found)["n_units"] == 0
    assert row(found)["reason"] == "nobody coded twice"


def test_a_parent_in_a_coders_list_stands_for_everything_below_it() -> None:
    codebook = Codebook("1", (Theme("A", "Upper"), Theme("A.x", "X", "A"), Theme("B", "Other")))
    wave = made(
        [asked(TEN, "a"), asked(TEN, "b", codes="A")],
        [given(TEN[:2], "a", "A.x"), given(TEN[:2], "b", "A.x")],
        codebook=codebook,
    )
    found = coder_agreement(wave)
    assert row(found, "A.x")["n_units"] == 10
    assert row(found, "B")["n_units"] == 0


def test_only_documents_that_both_were_asked_to_code_are_compared() -> None:
    # the first coder alone had d2 of p0 and found the code there
    wave = made(
        [
            asked(["p0"], "a", document_id="d1"), asked(["p0"], "a", document_id="d2"),
            asked(["p0"], "b", document_id="d1"), asked(["p1"], "a", "b"),
        ],
        [given(["p0"], "a", document_id="d2"), given(["p1"], "a", document_id="d9")],
        people=["p0", "p1"],
    )  # fmt: skip
    found = row(coder_agreement(wave))
    assert found["n_units"] == 2
    assert found["n_agreed"] == 1


def test_coders_of_different_documents_of_a_person_are_not_compared() -> None:
    wave = made(
        [asked(TEN, "a", document_id="d1"), asked(TEN, "b", document_id="d2")],
        [given(FIRST, "a", document_id="d1")],
    )
    assert coder_agreement(wave).reason is not None


def test_material_without_a_document_belongs_to_coders_of_all_documents() -> None:
    one = made([asked(TEN, "a", "b", document_id="d1")], [given(FIRST, "a"), given(SECOND, "b")])
    assert row(coder_agreement(one))["n_agreed"] == 8


def test_the_order_of_rows_changes_nothing() -> None:
    wave = two_coders()
    other = replace(wave, segments=wave.segments[::-1], assignments=wave.assignments[::-1])
    pd.testing.assert_frame_equal(coder_agreement(wave).table, coder_agreement(other).table)


def test_people_without_material_or_consent_are_not_compared() -> None:
    wave = two_coders()
    people = wave.participants.copy()
    people.loc["p9", "has_material"] = False
    people.loc["p8", "agreed"] = False
    assert row(coder_agreement(replace(wave, participants=people)))["n_units"] == 8


def test_a_theme_matrix_stands_for_its_wave() -> None:
    wave = two_coders()
    pd.testing.assert_frame_equal(coder_agreement(quantitize(wave)).table, coder_agreement(wave).table)


# What cannot be said


def test_a_code_that_nobody_has_is_undefined_beyond_plain_agreement() -> None:
    wave = made([asked(TEN, "a", "b")], [given(TEN[:1], "a", "late")], codebook=themes("cold", "late"))
    found = row(coder_agreement(wave))
    assert found["percent_agreement"] == 1
    assert pd.isna(found["krippendorff_alpha"])
    assert pd.isna(found["gwet_ac1"])
    assert found["reason"] == "nobody coded twice has it"


def test_a_code_that_everybody_has_is_undefined_too() -> None:
    found = row(coder_agreement(made([asked(TEN, "a", "b")], [given(TEN, "a"), given(TEN, "b")])))
    assert pd.isna(found["krippendorff_alpha"])
    assert found["reason"] == "all coded twice have it"


def test_coders_who_never_differ_get_no_interval_without_width() -> None:
    found = row(coder_agreement(made([asked(TEN, "a", "b")], [given(FIRST, "a"), given(FIRST, "b")])))
    assert found["krippendorff_alpha"] == 1
    assert pd.isna(found[["alpha_low", "alpha_high", "ac1_low", "percent_low", "kappa_high"]]).all()
    assert found["reason"] == "no disagreement"


def test_a_code_that_one_of_ten_has_gets_no_interval() -> None:
    found = row(coder_agreement(made([asked(TEN, "a", "b")], [given(TEN[:1], "a")])))
    assert pd.isna(found["alpha_low"])
    assert found["reason"] == "no interval"


@pytest.mark.parametrize(
    ("wave", "reason"),
    [
        (two_coders(tradition="reflexive"), "reflexive thematic analysis"),
        (made([], [given(FIRST, "a"), given(SECOND, "b")]), "no assignments"),
        (made([asked(TEN, "a")], [given(FIRST, "a")]), "one coder"),
        (made([asked(TEN[:5], "a"), asked(TEN[5:], "b")], [given(FIRST, "a")]), "no person was coded by two"),
        (made([asked(TEN, "a", "b")], [given([], "a")]), "nothing was coded"),
    ],
    ids=["reflexive", "no assignments", "one coder", "never both", "nothing coded"],
)
def test_a_wave_without_agreement_says_why_everywhere(wave: Wave, reason: str) -> None:
    found = coder_agreement(wave)
    assert found.reason is not None
    assert reason in found.reason
    assert found.table.empty
    assert found.disagreements.empty
    assert found.unitising.empty
    said = sentences(payload_of(found, "sentences"))
    assert [sentence.kind for sentence in said] == ["refusal"]
    assert reason in said[0].text.casefold()
    for view in ("agreement", "disagreements", "unitising", "to_discuss", "claimed"):
        assert reason in format_table(payload_of(found, view)).as_text().casefold()
    assert reason in str(can_draw(payload_of(found, "forest")))


# Disagreements


def settled() -> Wave:
    """Of the two on whom coders differ, p3 is settled as present; p4 has no consensus."""
    some = TEN[:4]
    return made(
        [asked(TEN, "a", "b"), asked(some, "consensus", round="consensus")],
        [given(FIRST, "a"), given(SECOND, "b"), given(some, "consensus", round="consensus")],
    )


def test_disagreements_are_counted_with_how_they_ended() -> None:
    (counts,) = coder_agreement(settled()).disagreements.to_dict("records")
    assert counts == {
        "code_id": "cold", "code_label": "Cold", "coder": "a", "other": "b", "n_both": 3, "n_only_coder": 1,
        "n_only_other": 1, "n_neither": 5, "n_present_after": 1, "n_absent_after": 0, "n_open": 1,
    }  # fmt: skip


def test_each_disagreement_is_listed_for_the_team() -> None:
    listed = coder_agreement(settled()).to_discuss
    assert listed[["participant_id", "given_by", "not_given_by", "consensus"]].to_numpy().tolist() == [
        ["p3", "a", "b", "present"],
        ["p4", "b", "a", "open"],
    ]


def test_an_upper_theme_is_listed_only_where_coders_give_it_itself() -> None:
    codebook = Codebook("1", (Theme("A", "Upper"), Theme("A.x", "X", "A")))
    below = made([asked(TEN, "a", "b")], [given(TEN[:2], "a", "A.x")], codebook=codebook)
    itself = made([asked(TEN, "a", "b")], [given(TEN[:2], "a", "A")], codebook=codebook)
    assert list(coder_agreement(below).disagreements["code_id"]) == ["A.x"]
    assert list(coder_agreement(itself).disagreements["code_id"]) == ["A", "A.x"]


def test_coders_stand_under_numbers_in_every_view() -> None:
    found = coder_agreement(
        made([asked(TEN, "xenia", "yorick")], [given(FIRST, "xenia"), given(SECOND, "yorick")])
    )
    for view in ("coding", "disagreements", "to_discuss", "unitising", "agreement", "sentences"):
        shown = al.show(found, view)
        for name in ("xenia", "yorick"):
            assert name not in shown.text
            assert name not in str(shown.payload.as_json())


# Unitising


def test_stretches_are_the_same_overlap_or_stand_alone() -> None:
    wave = made(
        [asked(["p0"], "a", "b")],
        [placed("a", (0, 10), (20, 30)), placed("b", (0, 10), (25, 35), (50, 60))],
        people=["p0"],
    )
    (found,) = coder_agreement(wave).unitising.to_dict("records")
    assert (found["n_coder"], found["n_other"]) == (2, 3)
    assert (found["n_same"], found["n_overlapping"], found["n_single"]) == (1, 2, 1)
    assert found["overlap"] == pytest.approx(2 * 15 / (20 + 30))
    assert found["reason"] == "one person only"


def test_a_stretch_in_a_document_that_one_coder_had_alone_is_left_out() -> None:
    wave = made(
        [asked(["p0"], "a", "b", document_id="d1"), asked(["p0"], "a", document_id="d2")],
        [placed("a", (0, 10)), placed("a", (0, 90), document="d2"), placed("b", (0, 10))],
        people=["p0"],
    )
    (found,) = coder_agreement(wave).unitising.to_dict("records")
    assert (found["n_coder"], found["overlap"]) == (1, 1.0)


def test_without_start_and_end_boundaries_are_not_compared() -> None:
    (found,) = coder_agreement(two_coders()).unitising.to_dict("records")
    assert "no start and end" in found["reason"]
    assert pd.isna(found["overlap"])


# Wave by wave


def drift(before: Wave, now: Wave) -> pd.DataFrame:
    return with_changes(al.agreement_by_wave(now, earlier=[before]).table).set_index(["code_id", "wave"])


def alike(n: int, wave_id: str, **settings: Any) -> Wave:
    """Ten people, the first of whom both give the code to; the coders agree on n of the ten."""
    wave = made([asked(TEN, "a", "b")], [given(TEN[:1], "a"), given([TEN[0], *TEN[n:]], "b")], **settings)
    return replace(wave, id=wave_id)


def test_a_change_of_agreement_has_newcombes_interval() -> None:
    # Wilson for 9/10: .5958 to .9821; for 6/10: .3127 to .8318
    found = drift(alike(9, "w0"), alike(6, "w1")).loc[("cold", "w1")]
    assert found["change"] == pytest.approx(-0.3)
    assert found["change_low"] == pytest.approx(-0.5988, abs=2e-4)
    assert found["change_high"] == pytest.approx(0.0825, abs=2e-4)


def test_a_code_that_was_redefined_in_between_is_shown_and_not_compared() -> None:
    changed = Codebook("1.1", (Theme("cold", "Cold", history=(Change("1.1", "redefined", ""),)),))
    before = alike(9, "w0", codebook=changed, facts=replace(FACTS, codebook_version="1.0"))
    now = alike(6, "w1", codebook=changed, facts=replace(FACTS, codebook_version="1.1"))
    found = drift(before, now).loc[("cold", "w1")]
    assert found["redefined"] == "1.1"
    assert found["n_agreed"] == 6
    assert pd.isna(found["change"])


def test_a_new_name_alone_is_compared() -> None:
    renamed = Codebook("1.1", (Theme("cold", "Cold", history=(Change("1.1", "renamed", ""),)),))
    before = alike(9, "w0", codebook=renamed, facts=replace(FACTS, codebook_version="1.0"))
    now = alike(6, "w1", codebook=renamed, facts=replace(FACTS, codebook_version="1.1"))
    assert drift(before, now).loc[("cold", "w1"), "change"] == pytest.approx(-0.3)


def test_the_first_wave_has_nothing_to_compare_with() -> None:
    found = al.agreement_by_wave(two_coders(), earlier=[])
    assert found.reason == "this is the first wave"
    assert "This is the first wave." in al.show(found).text


def test_a_wave_without_agreement_is_named_and_passed_over() -> None:
    alone = replace(made([asked(TEN, "a")], [given(FIRST, "a")]), id="w1")
    found = al.agreement_by_wave(alike(6, "w2"), earlier=[alike(9, "w0"), alone])
    assert list(found.table["wave"].unique()) == ["w0", "w2"]
    assert "Wave w1: one coder coded alone" in al.show(found).text
