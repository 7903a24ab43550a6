"""Overlaps are counted by eye; what talkativeness explains is worked out from the margins."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from handmade import STUDY, Outcome, a_matrix, a_wave

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.figures import alt_text, as_svg, can_draw, caption, draw, numbers
from analysis_lib.quantitize import ThemeMatrix, quantitize
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.theme_cooccurrence import (
    EVERYBODY,
    FIXED,
    NOBODY,
    ThemeCooccurrence,
    co_occurrence,
    lowest_themes,
    side_by_side,
    with_readings,
)
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
SUPPRESSED = Rules("coauthor", "suppress7_round5", 6, frozenset({"reviewed"}), b"key")
# Each of sixteen people has two of four themes; a and b always come together, c and d too.
COUPLES = [{"a": 1, "b": 1, "c": 0, "d": 0}] * 8 + [{"a": 0, "b": 0, "c": 1, "d": 1}] * 8


def people_with(rows: list[dict[str, float]], **settings: Any) -> ThemeMatrix:
    """One person per row, all in one outcome group."""
    index = [f"p{i:02}" for i in range(len(rows))]
    people = pd.DataFrame({"outcome_group": "helpful"}, index=index)
    return a_matrix(people, pd.DataFrame(rows, index=index), **settings)


def pair(found: ThemeCooccurrence, theme: str, other: str) -> pd.Series:
    return found.table.set_index(["theme_id", "other_id"]).loc[(theme, other)]


def test_an_overlap_is_counted_in_people() -> None:
    # a: p0 p1 p2; b: p0 p1; both 2, either 3; if independent 3 * 2 / 4 = 1.5
    rows = [
        {"a": 1, "b": 1, "c": 0},
        {"a": 1, "b": 1, "c": 0},
        {"a": 1, "b": 0, "c": 0},
        {"a": 0, "b": 0, "c": 1},
    ]
    found = pair(co_occurrence(people_with(rows), n_null=9), "a", "b")
    assert (found["n_both"], found["n_with_theme"], found["n_with_other"], found["n_total"]) == (2, 3, 2, 4)
    assert found["jaccard"] == pytest.approx(2 / 3)
    assert found["expected"] == pytest.approx(1.5)
    # both people with b have a: C(3, 2) of C(4, 2) ways to choose them
    assert found["p_independent"] == pytest.approx(3 / 6)


def test_what_talkativeness_explains_altogether_is_not_tested() -> None:
    # three people mention everything, three nothing: no other matrix has these margins
    rows = [{"a": 1, "b": 1}] * 3 + [{"a": 0, "b": 0}] * 3
    found = co_occurrence(people_with(rows), n_null=19)
    assert pair(found, "a", "b")["reason"] == FIXED
    assert found.table["p_value"].isna().all()


def test_the_expectation_keeps_how_many_themes_each_person_has() -> None:
    # whoever has a has one of the three others, none of them more likely: 8 / 3; independence would say 8 * 8 / 16
    found = pair(co_occurrence(people_with(COUPLES), n_null=999), "a", "b")
    assert found["expected"] == pytest.approx(4)
    assert found["expected_fixed"] == pytest.approx(8 / 3, abs=0.15)


def test_themes_that_always_come_together_stand_out_and_lead_the_table() -> None:
    found = co_occurrence(people_with(COUPLES), n_null=499)
    table = with_readings(found.table, alpha=0.05)
    first_two = table.head(2)
    assert set(zip(first_two["theme_id"], first_two["other_id"], strict=True)) == {("a", "b"), ("c", "d")}
    assert first_two["reading"].tolist() == ["together", "together"]
    assert set(table["direction"].iloc[2:]) == {"fewer"}


def test_two_themes_alone_are_never_tested() -> None:
    # whoever has two themes has both: with only two, how many have both is given with how much each person has
    rows = [{"a": 1, "b": 0}] * 4 + [{"a": 0, "b": 1}] * 4 + [{"a": 1, "b": 1}] * 2
    found = co_occurrence(people_with(rows), n_null=19)
    assert pair(found, "a", "b")["reason"] == FIXED
    assert sentences(payload_of(found, "sentences"))[0].kind == "refusal"


@pytest.mark.parametrize(("method", "factor"), [("holm", 6), ("bh", 3)])
def test_the_study_decides_how_p_values_are_adjusted(method: str, factor: int) -> None:
    # six pairs; a-b and c-d hold the same people and share the smallest p, so it is multiplied by 6, or by 6 / 2
    table = co_occurrence(people_with(COUPLES, multiplicity=method), n_null=199).table
    assert table["p_value"].iloc[0] == table["p_value"].iloc[1]
    assert table["p_adjusted"].iloc[0] == pytest.approx(factor * table["p_value"].iloc[0])


def test_the_order_of_people_does_not_matter() -> None:
    forwards, backwards = people_with(COUPLES[3:] + COUPLES[:3]), people_with(COUPLES[::-1])
    pd.testing.assert_frame_equal(
        co_occurrence(forwards, n_null=49).table, co_occurrence(backwards, n_null=49).table
    )


def test_only_the_lowest_themes_are_paired() -> None:
    book = Codebook(
        "1", (Theme("A", "A"), Theme("A.x", "X", parent="A"), Theme("A.y", "Y", parent="A"), Theme("B", "B"))
    )
    rows = [{"A": 1, "A.x": 1, "A.y": 0, "B": 1}, {"A": 1, "A.x": 0, "A.y": 1, "B": 0}]
    matrix = people_with(rows, codebook=book)
    assert lowest_themes(matrix) == ("A.x", "A.y", "B")
    table = co_occurrence(matrix, n_null=9).table
    assert set(zip(table["theme_id"], table["other_id"], strict=True)) == {
        ("A.x", "A.y"),
        ("A.x", "B"),
        ("A.y", "B"),
    }


def test_an_upper_theme_whose_lower_ones_are_not_shown_is_a_lowest_one() -> None:
    book = Codebook("1", (Theme("A", "A"), Theme("A.x", "X", parent="A"), Theme("B", "B")))
    assert lowest_themes(people_with([{"A": 1, "B": 0}], codebook=book)) == ("A", "B")


def test_people_not_coded_for_every_theme_are_left_out_and_counted() -> None:
    rows = [*COUPLES, {"a": 1, "b": float("nan"), "c": 0, "d": 0}]
    found = co_occurrence(people_with(rows), n_null=9)
    assert (found.n_used, found.n_missing) == (16, 1)
    assert pair(found, "a", "b")["n_with_theme"] == 8


def test_a_theme_that_nobody_was_coded_for_takes_nobody_else_out() -> None:
    found = co_occurrence(people_with([{**row, "e": float("nan")} for row in COUPLES]), n_null=9)
    assert (found.n_used, found.themes) == (16, ("a", "b", "c", "d"))


def test_people_without_a_group_are_not_counted() -> None:
    people = pd.DataFrame({"outcome_group": ["helpful", "helpful", None]}, index=["p1", "p2", "p3"])
    values = pd.DataFrame({"a": [1, 0, 1], "b": [0, 1, 1]}, index=people.index)
    assert co_occurrence(a_matrix(people, values), n_null=9).n_used == 2


def test_the_base_of_the_study_holds_here_too() -> None:
    rows = [*COUPLES, {"a": 0, "b": 0, "c": 0, "d": 0}]
    assert co_occurrence(people_with(rows), n_null=9).n_used == 17
    assert co_occurrence(people_with(rows, base="any_theme"), n_null=9).n_used == 16


def test_themes_of_nobody_and_of_everybody_are_named_and_not_tested() -> None:
    rows = [{**row, "none": 0, "all": 1} for row in COUPLES]
    found = co_occurrence(people_with(rows), n_null=9)
    assert pair(found, "a", "none")["reason"] == NOBODY
    assert pair(found, "a", "all")["reason"] == EVERYBODY
    assert found.table["p_value"].notna().sum() == 6


def test_no_more_matrices_are_rearranged_than_the_study_permutes() -> None:
    assert STUDY.n_permutations["omnibus"] == 199
    assert co_occurrence(people_with(COUPLES)).n_null == 199


# Refusals


def test_a_reflexive_study_counts_and_tests_nothing() -> None:
    found = co_occurrence(people_with(COUPLES, tradition="reflexive"), n_null=9)
    assert "reflexive" in str(found.reason)
    assert found.table["n_both"].sum() == 16
    assert found.table[["p_value", "expected_fixed", "p_adjusted"]].isna().all(axis=None)
    assert [s.kind for s in sentences(payload_of(found, "sentences"))] == ["refusal"]


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1}, {"a": 0}],
        [{"a": 1, "b": 1}, {"a": 0, "b": 1}],
        [{"a": 0, "b": 0}] * 5,
        [{"a": 1, "b": float("nan")}, {"a": float("nan"), "b": 1}],
        [{"a": float("nan"), "b": float("nan")}] * 2,
        [{"a": 1, "b": 1}],
    ],
    ids=["one theme", "one varies", "nobody has any", "nobody whole", "nothing coded", "one person"],
)
def test_where_no_pair_can_be_tested_a_reason_says_so(rows: list[dict[str, float]]) -> None:
    found = co_occurrence(people_with(rows), n_null=9)
    assert found.reason
    assert not any(letter.isdigit() for letter in found.reason)
    assert format_table(payload_of(found)).rows
    assert sentences(payload_of(found, "sentences"))[0].kind == "refusal"


def test_a_wave_that_nobody_belongs_to_gives_a_reason() -> None:
    people = pd.DataFrame({"outcome_group": pd.Series([None], dtype=object)}, index=["p1"])
    found = co_occurrence(
        quantitize(a_wave(people, outcome=Outcome(("helpful",), "helpful", {}, ()))), n_null=9
    )
    assert found.reason
    assert can_draw(payload_of(found, "matrix")) is not None


def test_three_people_give_no_exception_and_no_claim() -> None:
    rows = [{"a": 1, "b": 0, "c": 1}, {"a": 0, "b": 1, "c": 0}, {"a": 1, "b": 1, "c": 0}]
    found = co_occurrence(people_with(rows), n_null=49)
    assert set(with_readings(found.table, alpha=0.05)["reading"]) <= {"cannot tell", ""}


# What is shown


def test_the_table_says_how_many_pairs_were_looked_at() -> None:
    many = [{f"t{i:02}": int((i + k) % 3 == 0) for i in range(8)} for k in range(9)]
    shown = format_table(payload_of(co_occurrence(people_with(many), n_null=9)))
    assert len(shown.rows) == 15
    assert "The 15 of 28 Pairs" in shown.title  # 8 * 7 / 2


def test_sentences_name_the_pair_its_people_and_what_would_be_expected() -> None:
    said = sentences(payload_of(co_occurrence(people_with(COUPLES), n_null=499), "sentences"))
    assert "6 pairs of 4 themes were laid side by side in 16 people: 2 are found together" in said[0].text
    assert "both coded for 8 of 16 people; 4.0 would be expected if the two were independent" in said[1].text
    assert said[-1].kind == "limit"


def test_where_nothing_stands_out_the_first_pair_is_said_to_settle_nothing() -> None:
    rows = [{"a": i % 2, "b": i // 2 % 2, "c": i // 4 % 2} for i in range(8)]
    said = sentences(payload_of(co_occurrence(people_with(rows), n_null=99), "sentences"))
    assert "0 are found together in more people than expected and 0 in fewer" in said[0].text
    assert said[0].text.endswith("For 3 pairs the data do not settle it.")
    assert said[1].kind == "cannot tell"
    assert said[1].text.endswith("one as far out could arise from looking at 3 pairs alone.")


def test_released_overlaps_follow_from_rounded_counts_and_expectations_stay_inside() -> None:
    (payload,) = release([payload_of(co_occurrence(people_with(COUPLES), n_null=499))], ROUNDED).payloads
    # 8 becomes 9 and 16 becomes 15: Jaccard 9 / 9; if independent 9 * 9 / 15
    cells = [cell.text for cell in format_table(payload).rows[0].cells]
    assert cells[1:7] == ["9/15", "9", "9", "1.00", "5.4", "withheld"]
    assert payload.tables["pairs"].frame[["expected_fixed", "sd_fixed"]].isna().all(axis=None)
    assert result_files(payload)["cooccurrence.csv"]["jaccard"].max() == 1


def test_withheld_counts_are_said_to_be_withheld() -> None:
    rows = COUPLES[3:11]  # five with a and b, three with c and d
    found = co_occurrence(people_with(rows), n_null=99)
    table, figure = release([payload_of(found), payload_of(found, "matrix")], SUPPRESSED).payloads
    assert {row.cells[1].text for row in format_table(table).rows} <= {"withheld", "0/10"}
    assert "withheld" in caption(figure) or can_draw(figure) is not None


def test_the_matrix_lists_every_cell_and_marks_what_stands_out() -> None:
    payload = payload_of(co_occurrence(people_with(COUPLES), n_null=499), "matrix")
    lines = numbers(payload).splitlines()
    assert sorted(line.split(" | ")[0][2:] for line in lines) == [f"{name} (n = 8)" for name in "ABCD"]
    assert lines[1].endswith("1: 8 (1.00, together)")
    assert "1: 0 (0.00" in lines[2]
    assert lines[3].endswith("3: 8 (1.00, together)")
    assert "of 6 pairs stand out" in alt_text(payload)


def test_neighbours_in_the_matrix_overlap() -> None:
    mixed = [{"a": row["a"], "c": row["c"], "b": row["b"], "d": row["d"]} for row in COUPLES]
    order = side_by_side(co_occurrence(people_with(mixed), n_null=9).table)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset("ab"), frozenset("cd")}


def test_the_matrix_of_two_themes_has_room_for_its_legend() -> None:
    rows = [{"a": 1, "b": 0}] * 3 + [{"a": 0, "b": 1}] * 3 + [{"a": 1, "b": 1}] * 3
    payload = payload_of(co_occurrence(people_with(rows), n_null=9), "matrix")
    assert as_svg(draw(payload)) == as_svg(draw(payload))


def test_a_study_level_run_of_the_example_keeps_its_people(without_comparison: Any) -> None:
    found = co_occurrence(without_comparison.matrix, n_null=49)
    assert (found.n_used, found.n_missing, found.reason) == (24, 0, None)
