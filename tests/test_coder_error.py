"""Twenty people a group, coded by hand: what the coder missed is known, so the true odds ratio is too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import Outcome, a_wave, themes

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.coder_error import (
    FEW_WITH,
    FEW_WITHOUT,
    NO_BETTER,
    NOBODY_CHECKED,
    ONE_GROUP,
    CoderError,
    one_coders_codes,
    settled_codes,
    with_coder_error,
)
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.quantitize import quantitize
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of
from analysis_lib.wave import Wave

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
H, U = [f"h{i:02}" for i in range(20)], [f"u{i:02}" for i in range(20)]
# The consensus: 5 of 20 helpful, 10 of 20 unhelpful have the theme. Odds ratio 10 * 15 / (10 * 5) = 3, 25 points.
TRUE = [*H[:5], *U[:10]]
MISSED = [*H[:5], *U[:5]]  # a coder who misses half of the unhelpful ones: 5 against 5, odds ratio 1


def asked(
    people: Iterable[str], coder: str, stage: str = "independent", codes: str | None = None
) -> pd.DataFrame:
    rows = [(p, coder, stage, codes) for p in people]
    return pd.DataFrame(rows, columns=["participant_id", "coder_id", "round", "codes"])


def given(people: Iterable[str], coder: str, stage: str = "independent", code: str = "cold") -> pd.DataFrame:
    rows = [(f"{p}-{coder}-{code}", p, code, coder, stage) for p in people]
    return pd.DataFrame(rows, columns=["segment_id", "participant_id", "code_id", "coder_id", "round"])


def wave(assignments: list[pd.DataFrame], segments: list[pd.DataFrame], **settings: Any) -> Wave:
    settings.setdefault("codebook", themes("cold"))
    people = settings.pop(
        "people", pd.DataFrame({"outcome_group": ["helpful"] * 20 + ["unhelpful"] * 20}, index=H + U)
    )
    tables = {"coded_segments": pd.concat(segments)}
    if assignments:
        tables["assignments"] = pd.concat(assignments)
    return a_wave(people, tables=tables, **settings)


def settled(
    code: list[str], truth: list[str] = TRUE, *, checked: list[str] | None = None, **settings: Any
) -> CoderError:
    """One coder coded everybody, and the people who are ``checked`` were settled afterwards; None is everybody."""
    checked = H + U if checked is None else checked
    return corrected(
        wave(
            [asked(H + U, "c1"), asked(checked, "consensus", "consensus")],
            [given(code, "c1"), given([p for p in truth if p in checked], "consensus", "consensus")],
            **settings,
        )
    )


def corrected(made: Wave) -> CoderError:
    return with_coder_error(crosstab_themes(quantitize(made)), n_imputations=10)


def only(found: CoderError) -> pd.Series:
    (row,) = (row for _, row in found.table.iterrows())
    return row


# What is computed


def test_where_the_coder_is_right_about_everybody_nothing_changes() -> None:
    row = only(settled(TRUE))
    assert row["naive_odds_ratio"] == pytest.approx(3)
    assert row["odds_ratio"] == pytest.approx(3)
    assert row["risk_difference"] == pytest.approx(0.25)


def test_where_everybody_was_settled_the_correction_is_the_consensus() -> None:
    row = only(settled(MISSED))
    assert row["naive_odds_ratio"] == pytest.approx(1)
    assert row["naive_risk_difference"] == pytest.approx(0)
    assert row["odds_ratio"] == pytest.approx(3)
    # 10 of 15 found, 25 of 25 left alone; posterior means under Beta(1/2, 1/2): 10.5 / 16 and 25.5 / 26
    assert row["sensitivity"] == pytest.approx(10.5 / 16, abs=0.1)
    assert row["specificity"] == pytest.approx(25.5 / 26, abs=0.03)


def test_where_half_were_settled_the_estimate_moves_away_from_none_and_is_less_sure() -> None:
    # 4 of 20 against 16 of 20 have it, the coder finds every second of them: 2 against 8, 30 points instead of 60;
    # every second person is settled, and half of what is there is found among them as among the others
    code = [*H[:2], *(U[i] for i in (0, 1, 4, 5, 8, 9, 12, 13))]
    row = only(settled(code, [*H[:4], *U[:16]], checked=[*H[::2], *U[::2]]))
    assert (row["n_checked"], row["n_checked_with_theme"]) == (20, 10)
    assert row["naive_risk_difference"] == pytest.approx(0.3)
    assert 0.3 < row["risk_difference"] < 0.8
    assert row["rd_high"] - row["rd_low"] > row["naive_rd_high"] - row["naive_rd_low"]


def test_counts_are_those_of_one_coders_codes() -> None:
    row = only(settled(MISSED))
    assert row[["n_with_theme", "n_total", "n_with_reference", "n_reference"]].tolist() == [5, 20, 5, 20]
    assert (row["n_checked"], row["n_checked_with_theme"]) == (40, 15)
    assert row["smallest_cell"] == 5


def test_the_order_of_rows_in_the_files_does_not_matter() -> None:
    tables = (
        [asked(H + U, "c1"), asked(H, "consensus", "consensus")],
        [given(MISSED, "c1"), given(H[:8], "consensus", "consensus")],
    )
    upside_down = tuple([frame.iloc[::-1] for frame in frames[::-1]] for frames in tables)
    one, other = (corrected(wave(*frames)).table for frames in (tables, upside_down))
    pd.testing.assert_frame_equal(one, other)


# Whose code, and what counts as settled


def test_of_two_coders_the_one_who_coded_most_people_alone_stands() -> None:
    made = wave([asked(H[:10], "c1"), asked(H[5:], "c2")], [given(H[5:7], "c1"), given(H[7:10], "c2")])
    # five people are c1's alone, ten c2's alone; H[5:10] were coded by both
    codes = one_coders_codes(made)["cold"]
    assert codes[H[5:10]].tolist() == [0, 0, 1, 1, 1]


def test_among_coders_with_as_many_people_alone_the_first_stands() -> None:
    made = wave([asked(H[:10], "c1"), asked(H[5:15], "c2")], [given(H[5:7], "c1"), given(H[7:10], "c2")])
    assert one_coders_codes(made)["cold"][H[5:10]].tolist() == [1, 1, 0, 0, 0]


def test_whoever_was_not_asked_has_no_code() -> None:
    codes = one_coders_codes(wave([asked(H, "c1")], [given(H[:3], "c1")]))["cold"]
    assert codes[H].tolist() == [1] * 3 + [0] * 17
    assert codes[U].isna().all()


def test_what_only_one_of_two_coders_was_asked_about_is_that_ones_code() -> None:
    two = themes("cold", "warm")
    made = wave(
        [asked(H, "c1"), asked(H, "c2", codes="cold")], [given(H[:2], "c1", code="warm")], codebook=two
    )
    assert one_coders_codes(made)["warm"][H].tolist() == [1] * 2 + [0] * 18


def test_an_upper_theme_is_given_with_any_theme_below_it() -> None:
    book = Codebook("1", (Theme("A", "A"), Theme("cold", "Cold", parent="A")))
    codes = one_coders_codes(wave([asked(H, "c1")], [given(H[:3], "c1")], codebook=book))
    assert codes.loc[H, "A"].tolist() == codes.loc[H, "cold"].tolist()


def test_an_empty_consensus_settles_that_nothing_was_there() -> None:
    made = wave([asked(H, "c1"), asked(H[:2], "consensus", "consensus")], [given(H[:2], "c1")])
    assert settled_codes(made)["cold"][H[:2]].tolist() == [0, 0]
    assert settled_codes(made)["cold"][H[2:]].isna().all()


def test_a_consensus_that_lists_its_codes_settles_those_alone() -> None:
    made = wave(
        [asked(H, "c1"), asked(H, "consensus", "consensus", "cold")],
        [given(H, "c1")],
        codebook=themes("cold", "warm"),
    )
    truth = settled_codes(made)
    assert truth.loc[H, "cold"].eq(0).all()
    assert truth.loc[H, "warm"].isna().all()


def test_a_consensus_without_an_assignment_settles_the_whole_codebook() -> None:
    made = wave(
        [asked(H, "c1")],
        [given(H, "c1"), given(H[:1], "consensus", "consensus")],
        codebook=themes("cold", "warm"),
    )
    assert settled_codes(made).loc[H[0]].tolist() == [1, 0]


def test_somebody_settled_whom_nobody_coded_alone_says_nothing_of_a_coder() -> None:
    made = wave(
        [asked(H[1:] + U, "c1"), asked(H + U, "consensus", "consensus")],
        [given(TRUE[1:], "c1"), given(TRUE, "consensus", "consensus")],
    )
    row = only(corrected(made))
    assert (row["n_checked"], row["n_reference"]) == (39, 19)


# Refusals


def refused(found: CoderError, words: str) -> None:
    assert words in str(found.reason)
    assert found.table.empty
    assert not any(letter.isdigit() for letter in str(found.reason))
    (said,) = sentences(payload_of(found, "sentences"))
    assert said.kind == "refusal"
    assert words in format_table(payload_of(found)).rows[0].cells[0].text.lower()


def test_without_a_consensus_round_nothing_is_known_of_the_coder() -> None:
    refused(settled(TRUE, checked=[]), "how often a coder is right")


def test_without_assignments_a_blank_cannot_be_told_from_a_miss() -> None:
    refused(corrected(wave([], [given(TRUE, "c1"), given(TRUE, "consensus", "consensus")])), "no assignments")


def test_a_reflexive_study_knows_no_true_code() -> None:
    refused(settled(TRUE, tradition="reflexive"), "reflexive")


def test_one_group_alone_has_no_association_to_correct() -> None:
    everybody = pd.DataFrame({"outcome_group": "unhelpful"}, index=H + U)
    refused(settled(TRUE, people=everybody), "no comparison group")


def test_a_wave_still_to_be_coded_is_refused() -> None:
    made = wave([], [given([], "c1")])
    refused(corrected(made), "nothing was coded")


@pytest.mark.parametrize(
    ("code", "truth", "why"),
    [
        (TRUE, H[:4], FEW_WITH),
        (TRUE, [], FEW_WITH),
        (TRUE, [*H[:18], *U[:18]], FEW_WITHOUT),
        (H + U, H + U, FEW_WITHOUT),
        (H[5:] + U[10:], TRUE, NO_BETTER),
        ([], TRUE, NO_BETTER),
    ],
    ids=["four have it", "nobody has it", "four lack it", "everybody has it", "always wrong", "never given"],
)
def test_a_theme_that_cannot_be_corrected_says_why(code: list[str], truth: list[str], why: str) -> None:
    row = only(settled(code, truth))
    assert row["reason"] == why
    assert np.isnan([row["odds_ratio"], row["sensitivity"], row["risk_difference"]]).all()


def test_nobody_settled_in_the_two_groups_is_a_reason_of_its_own() -> None:
    three = pd.DataFrame(
        {"outcome_group": ["helpful"] * 20 + ["unhelpful"] * 10 + ["mixed"] * 10}, index=H + U
    )
    outcome = Outcome(("helpful", "unhelpful", "mixed"), "helpful", {}, ())
    found = settled(TRUE, checked=U[10:], people=three, outcome=outcome)
    reasons = found.table.set_index("group")["reason"]
    assert reasons["unhelpful"] == NOBODY_CHECKED
    assert reasons["mixed"] == FEW_WITH


def test_a_group_that_was_not_coded_for_a_theme_is_a_reason_of_its_own() -> None:
    made = wave(
        [asked(H, "c1"), asked(H, "consensus", "consensus")],
        [given(H[:9], "c1"), given(H[:8], "consensus", "consensus")],
    )
    assert only(corrected(made))["reason"] == ONE_GROUP


def test_three_people_give_a_reason_and_no_exception() -> None:
    people = pd.DataFrame({"outcome_group": ["helpful", "unhelpful", "unhelpful"]}, index=["a", "b", "c"])
    made = wave(
        [asked("abc", "c1"), asked("abc", "consensus", "consensus")],
        [given("ab", "c1"), given("a", "consensus", "consensus")],
        people=people,
    )
    assert only(corrected(made))["reason"] == FEW_WITH


# What is shown


def test_the_table_heads_each_block_with_who_was_settled() -> None:
    shown = format_table(payload_of(settled(MISSED, checked=[*H[:10], *U])))
    assert shown.rows[0].stub == "Unhelpful (n = 20, 20 settled) against Helpful (n = 20, 10 settled)"
    assert shown.rows[1].cells[0].text == "5/20 v 5/20"
    assert shown.rows[1].cells[5].text == "15/30"


def test_what_could_not_be_corrected_is_named_in_the_notes() -> None:
    shown = format_table(payload_of(settled(TRUE, H[:4])))
    assert f"Not corrected, {FEW_WITH}: unhelpful: Cold." in shown.notes


@pytest.mark.parametrize(
    ("blind", "words"), [(True, "makes believable"), (False, "The coders knew the outcome")]
)
def test_the_assumption_is_said_with_what_the_study_does_for_it(blind: bool, words: str) -> None:
    found = settled(TRUE, coders_blind_to_outcome=blind)
    assert any(words in note for note in format_table(payload_of(found)).notes)
    assert any(words in s.text for s in sentences(payload_of(found, "sentences")) if s.kind == "limit")


def test_sentences_say_which_comparisons_read_differently_once_corrected() -> None:
    # settled 4 against 16 of 20, coded 8 against 12: odds ratios 16 and 2.25, with an interval that includes 1
    found = settled([*H[:8], *U[:12]], [*H[:4], *U[:16]])
    said = [s.text for s in sentences(payload_of(found, "sentences"))]
    assert said[0].startswith("Of 40 people, 40 were coded independently")
    assert "0 of 1 intervals of the odds ratio exclude 1" in said[2]
    assert "1 of the others" in said[2]
    assert "odds ratio 2.25 (95% CI" in said[3]
    assert "16.0 (" in said[3]


def test_estimates_leave_only_with_enough_people_behind_them() -> None:
    enough, few = settled([*H[:8], *U[:12]], [*H[:7], *U[:13]]), settled(MISSED)
    open_, closed = release([payload_of(enough), payload_of(few)], ROUNDED).payloads
    assert open_.tables["rows"].frame["odds_ratio"].notna().all()
    assert closed.tables["rows"].frame[["odds_ratio", "sensitivity", "rd_low"]].isna().all(axis=None)
    assert "withheld: unhelpful: Cold" in format_table(closed).as_text()


def test_a_table_of_which_everything_is_withheld_says_so_and_not_that_there_is_nothing() -> None:
    few = settled(MISSED, checked=[*H[:8], *U[:8]])
    inside, outside = payload_of(few), release([payload_of(few)], ROUNDED).payloads[0]
    assert (
        "All that there is to show is withheld by the rules for release." in format_table(outside).as_text()
    )
    assert "nothing to count" not in format_table(outside).as_text()
    assert "withheld by the rules" not in format_table(inside).as_text()


def test_released_naive_estimates_follow_from_rounded_counts_and_are_not_held_against_the_corrected() -> None:
    found = settled([*H[:8], *U[:12]], [*H[:7], *U[:13]])
    table, words = release([payload_of(found), payload_of(found, "sentences")], ROUNDED).payloads
    # 8 of 20 and 12 of 20 become 9 of 21 each
    assert result_files(table)["coder_error.csv"]["naive_odds_ratio"].item() == pytest.approx(1)
    assert any("rounded counts" in s.text for s in sentences(words))
    exact = release([payload_of(found)], replace(ROUNDED, counts="exact")).payloads[0]
    assert result_files(exact)["coder_error.csv"]["naive_odds_ratio"].item() == pytest.approx(2.25)
