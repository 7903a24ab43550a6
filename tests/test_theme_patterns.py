"""Who has which combination is counted by eye; everybody stands in exactly one row."""

from __future__ import annotations

import pandas as pd
import pytest
from handmade import Outcome, a_matrix
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.crosstab import ThemeCrosstab, crosstab_themes
from analysis_lib.payload import Payload
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.tables import format_table
from analysis_lib.theme_patterns import NONE_OF_THEM, OTHERS, ThemePatterns, theme_patterns
from analysis_lib.views import payload_of

TWO = Outcome(("helpful", "unhelpful"), "helpful", {}, ())
ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
# Helpful: a and b twice, a once, nothing once. Unhelpful: b twice, a and b once, not coded for b once.
PEOPLE = [
    ("helpful", 1, 1),
    ("helpful", 1, 1),
    ("helpful", 1, 0),
    ("helpful", 0, 0),
    ("unhelpful", 0, 1),
    ("unhelpful", 0, 1),
    ("unhelpful", 1, 1),
    ("unhelpful", 1, None),
]


def crossed(rows: list[tuple[object, ...]], names: str = "ab", **more: object) -> ThemeCrosstab:
    """One person per row: the outcome group, then 1, 0 or not coded for each theme."""
    index = [f"p{i:03}" for i in range(len(rows))]
    people = pd.DataFrame({"outcome_group": [row[0] for row in rows]}, index=index)
    values = pd.DataFrame([row[1:] for row in rows], index=index, columns=list(names), dtype="float64")
    return crosstab_themes(a_matrix(people, values, outcome=TWO, **more))


def counted(found: ThemePatterns) -> dict[str, dict[str, int]]:
    """Pattern -> group -> people."""
    return {
        str(pattern): dict(zip(mine["group"], mine["n_with_pattern"], strict=True))
        for pattern, mine in found.table.groupby("pattern", sort=False)
    }


def test_each_person_with_exactly_these_themes_is_counted_in_their_group() -> None:
    assert counted(theme_patterns(crossed(PEOPLE), themes=["a", "b"])) == {
        "a + b": {"helpful": 2, "unhelpful": 1, "all": 3},
        "b": {"helpful": 0, "unhelpful": 2, "all": 2},
        "a": {"helpful": 1, "unhelpful": 0, "all": 1},
        NONE_OF_THEM: {"helpful": 1, "unhelpful": 0, "all": 1},
    }


def test_people_not_coded_for_every_theme_are_left_out_of_patterns_and_sets_and_counted() -> None:
    found = theme_patterns(crossed(PEOPLE), themes=["a", "b"])
    assert (found.n_used, found.n_missing) == (7, 1)
    sizes = found.sets.set_index(["theme_id", "group"])[["n_with_theme", "n_total"]]
    assert sizes.loc[("a", "unhelpful")].tolist() == [1, 3]  # the fourth has a, but nobody knows about b
    assert sizes.loc[("b", "all")].tolist() == [5, 7]


def test_the_largest_patterns_are_kept_apart_and_the_others_counted_together() -> None:
    # a alone 3, b alone 2, a and b 1, c alone 1, a and c 1
    rows = [("helpful", 1, 0, 0)] * 3 + [("helpful", 0, 1, 0)] * 2
    rows += [("unhelpful", 1, 1, 0), ("unhelpful", 0, 0, 1), ("unhelpful", 1, 0, 1)]
    found = theme_patterns(crossed(rows, "abc"), themes=["a", "b", "c"], n_patterns=2)
    assert {pattern: n["all"] for pattern, n in counted(found).items()} == {"a": 3, "b": 2, OTHERS: 3}
    assert found.n_others == 3


def test_one_pattern_left_over_is_shown_by_its_own_name() -> None:
    rows = [("helpful", 1, 0)] * 3 + [("helpful", 0, 1)] * 2 + [("unhelpful", 1, 1)]
    found = theme_patterns(crossed(rows), themes=["a", "b"], n_patterns=2)
    assert list(counted(found)) == ["a", "b", "a + b"]
    assert found.n_others == 0


def test_patterns_of_the_same_size_stand_with_fewer_themes_first_then_in_their_order() -> None:
    rows = [("helpful", 1, 1), ("helpful", 0, 1), ("unhelpful", 1, 0)]
    assert list(counted(theme_patterns(crossed(rows), themes=["b", "a"]))) == ["b", "a", "b + a"]


def test_the_leading_themes_are_taken_where_none_are_named() -> None:
    # of three, b is the one whose shares differ most, and c differs more than a
    rows = [("helpful", 1, 0, 0)] * 2 + [("helpful", 1, 0, 1)] * 2 + [("unhelpful", 1, 1, 1)] * 4
    assert theme_patterns(crossed(rows, "abc"), n_themes=2).themes == ("b", "c")


def test_a_theme_that_is_not_there_is_named_with_the_nearest_one() -> None:
    people = pd.DataFrame({"outcome_group": ["helpful", "unhelpful"]}, index=["p1", "p2"])
    values = pd.DataFrame({"empathy": [1.0, 0.0]}, index=["p1", "p2"])
    crosstab = crosstab_themes(a_matrix(people, values, outcome=TWO))
    with pytest.raises(ValueError, match=r'"empathi" here\. Did you mean "empathy"\?'):
        theme_patterns(crosstab, themes=["empathi"])


def test_where_nobody_was_coded_for_all_themes_the_reason_says_so() -> None:
    found = theme_patterns(crossed([("helpful", 1, None), ("unhelpful", None, 1)]), themes=["a", "b"])
    assert found.table.empty
    assert str(found.reason).startswith("nobody was coded for all of these themes")


def test_where_no_theme_occurs_the_reason_says_so() -> None:
    found = theme_patterns(crossed([("helpful", 0, 0), ("unhelpful", 0, 0)]))
    assert str(found.reason).startswith("no theme was coded for anybody")


def test_the_base_of_the_study_holds_here_too() -> None:
    found = theme_patterns(crossed(PEOPLE, base="any_theme"), themes=["a", "b"])
    assert NONE_OF_THEM not in counted(found)
    assert found.n_used == 6


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["helpful", "unhelpful"]), *[st.sampled_from([0, 1, None])] * 3),
        min_size=2,
        max_size=25,
    ),
    st.sampled_from([None, 1, 2, 5]),
)
def test_patterns_of_a_group_add_up_to_its_people_and_agree_with_the_sets(
    rows: list[tuple[object, ...]], n_patterns: int | None
) -> None:
    found = theme_patterns(crossed(rows, "abc"), themes=["a", "b", "c"], n_patterns=n_patterns)
    if found.reason is not None:
        assert found.n_used == 0
        return
    for group, mine in found.table.groupby("group"):
        assert mine["n_with_pattern"].sum() == mine["n_total"].iloc[0], group
    if OTHERS not in counted(found):
        for row in found.sets.itertuples():
            has = found.table["theme_ids"].str.split().map(lambda ids, theme=row.theme_id: theme in ids)
            mine = found.table[has & (found.table["group"] == row.group)]
            assert mine["n_with_pattern"].sum() == row.n_with_theme


def test_the_order_of_people_does_not_matter() -> None:
    forwards, backwards = (theme_patterns(crossed(rows)) for rows in (PEOPLE, PEOPLE[::-1]))
    pd.testing.assert_frame_equal(forwards.table, backwards.table)


# Table


def table_of(found: ThemePatterns) -> Payload:
    return payload_of(found, "patterns")


def test_the_table_names_the_themes_by_their_labels_and_the_base_by_group() -> None:
    table = format_table(table_of(theme_patterns(crossed(PEOPLE), themes=["a", "b"])))
    assert [row.stub for row in table.rows] == ["A + B", "B only", "A only", "None of them"]
    assert [cell.text for cell in table.rows[0].cells] == ["2/4", "1/3", "3/7"]
    assert "left out, not coded for all of them: 1" in " ".join(table.notes)


def test_the_table_says_how_many_combinations_are_counted_together() -> None:
    rows = [("helpful", 1, 0, 0)] * 3 + [("helpful", 0, 1, 0), ("unhelpful", 1, 1, 0), ("unhelpful", 0, 0, 1)]
    found = theme_patterns(crossed(rows, "abc"), themes=["a", "b", "c"], n_patterns=1)
    assert format_table(table_of(found)).rows[-1].stub == "3 other combinations"


def test_the_door_rounds_people_and_keeps_how_many_combinations_there_are() -> None:
    rows = [("helpful", 1, 0, 0)] * 9 + [("unhelpful", 0, 1, 0)] * 8 + [("unhelpful", 0, 0, 1)]
    rows += [("helpful", 1, 1, 0), ("helpful", 1, 0, 1)]
    found = theme_patterns(crossed(rows, "abc"), themes=["a", "b", "c"], n_patterns=1)
    released = release([table_of(found)], ROUNDED).payloads[0]
    frame = released.tables["patterns"].frame.set_index(["pattern", "group"])["n_with_pattern"]
    assert frame[("a", "helpful")] == 9
    assert frame[(OTHERS, "unhelpful")] == 9
    assert frame[(OTHERS, "all")] == 12  # 2 helpful as 3, 9 unhelpful as 9
    assert released.tables["base"].frame["n_others"].isna().all()
    assert format_table(released).rows[-1].stub == "Other combinations"


def test_the_file_of_results_has_the_columns_of_the_released_one() -> None:
    found = theme_patterns(crossed(PEOPLE))
    exact, released = result_files(found), result_files(release([table_of(found)], ROUNDED).payloads[0])
    assert list(exact) == list(released) == ["theme_patterns.csv"]
    assert list(exact["theme_patterns.csv"]) == list(released["theme_patterns.csv"])
