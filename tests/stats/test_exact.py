"""Exact tests of tables of counts: hand-computed probabilities, R's figures, and what must not matter."""

import json
from itertools import permutations, product
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import exact_table_test
from analysis_lib.stats.table_lookup import count_lookup, index_steps, number_of_tables, two_group_lookup

ROOT = Path(__file__).resolve().parents[2]
R = json.loads((ROOT / "tests" / "reference" / "tables.json").read_text())
SHARED = ROOT / ".." / "shared" / "reference" / "01_tables.json"

small_tables = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 6), min_size=k, max_size=k), min_size=2, max_size=2)
)


def test_the_lady_tasting_tea_gets_34_of_70():
    # probabilities of 0..4 right cups: 1, 16, 36, 16, 1 of 70
    result = exact_table_test([[3, 1], [1, 3]])
    assert result.p_value == pytest.approx(34 / 70, rel=1e-12)
    assert result.smallest_p == pytest.approx(2 / 70, rel=1e-12)
    assert (result.method, result.mc_error, result.reason) == ("exact", 0.0, None)


def test_mid_p_of_a_2x2_table_doubles_the_smaller_tail_with_the_observed_table_half():
    # larger tail: half of 16 plus 1, of 70
    assert exact_table_test([[3, 1], [1, 3]]).p_mid == pytest.approx(18 / 70, rel=1e-12)


def test_groups_of_equal_size_tie_and_all_ties_count():
    # three pairs, 3 of 6 present: (1,1,1) has 8 of 20, each of the six arrangements of (2,1,0) has 2 of 20
    result = exact_table_test([[2, 1, 0], [0, 1, 2]])
    assert result.p_value == pytest.approx(12 / 20, rel=1e-12)
    assert result.p_mid == pytest.approx(6 / 20, rel=1e-12)
    assert result.smallest_p == pytest.approx(12 / 20, rel=1e-12)


def test_a_theme_one_person_holds_cannot_get_below_the_share_of_the_smallest_group():
    result = exact_table_test([[1, 0, 0], [91, 37, 19]])
    assert result.smallest_p == pytest.approx(19 / 148, rel=1e-12)
    assert result.p_value == 1.0


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ([[0, 0, 0], [92, 37, 19]], "Row 1 is empty"),
        ([[92, 37, 19], [0, 0, 0]], "Row 2 is empty"),
        ([[4, 0], [6, 0]], "Column 2 is empty"),
        ([[0, 0], [0, 0]], "Row 1, row 2, column 1 and column 2 are empty"),
        ([[3, 4]], "one row or one column"),
    ],
)
def test_a_table_with_one_row_or_column_left_gives_p_1_and_says_why(table, place):
    result = exact_table_test(table)
    assert (result.p_value, result.p_mid, result.smallest_p) == (1.0, 1.0, 1.0)
    assert place in result.reason


def test_an_empty_group_is_left_out_and_named():
    with_empty = exact_table_test([[12, 7, 0], [28, 13, 0]])
    assert with_empty.reason == "Column 3 is empty and left out."
    assert with_empty.p_value == exact_table_test([[12, 7], [28, 13]]).p_value


@pytest.mark.parametrize("name", sorted(R["tables"]))
def test_p_equals_fisher_test_in_r(name):
    figures = R["tables"][name]
    result = exact_table_test(figures["table"])
    if result.method == "exact":
        assert result.p_value == pytest.approx(figures["fisher_p"], rel=1e-9)
    else:
        assert abs(result.p_value - figures["fisher_p"]) < 4 * result.mc_error
    if "mid_p" in figures:
        assert result.p_mid == pytest.approx(figures["mid_p"], rel=1e-9)


@pytest.mark.skipif(
    not SHARED.exists(), reason="the folder with the shared R figures is not beside the repository"
)
def test_every_figure_of_the_shared_r_reference_is_met():
    checked = 0
    for case in json.loads(SHARED.read_text())["tables"].values():
        table = np.array(case["table"])
        result = exact_table_test(table)
        if result.method == "monte carlo":
            assert abs(result.p_value - case["fisher_p"]) < 4 * result.mc_error
            continue
        assert result.p_value == pytest.approx(case["fisher_p"], abs=1e-9)
        if "midp" in case:
            assert result.p_mid == pytest.approx(case["midp"]["p"], abs=1e-9)
        for group, p_value in enumerate(case.get("one_vs_rest", {}).get("fisher_p", [])):
            one = np.column_stack([table[:, group], table.sum(axis=1) - table[:, group]])
            assert exact_table_test(one).p_value == pytest.approx(p_value, abs=1e-9)
        checked += 1
    assert checked >= 10


def test_three_rows_are_drawn_and_the_error_of_drawing_is_shown():
    result = exact_table_test([[2, 0, 0], [0, 2, 0], [0, 0, 2]], n_resamples=9_999)
    # 6 of the 90 equally likely arrangements look like this one
    assert result.method == "monte carlo"
    assert abs(result.p_value - 6 / 90) < 4 * result.mc_error
    assert result.mc_error == pytest.approx((result.p_value * (1 - result.p_value) / 9_999) ** 0.5)
    assert result.smallest_p == pytest.approx(6 / 90, rel=1e-12)


def test_a_drawn_p_counts_ties_so_it_is_1_where_every_table_is_equally_likely():
    assert exact_table_test(np.eye(3, dtype=int), n_resamples=999).p_value == 1.0


def test_a_drawn_p_is_never_zero():
    result = exact_table_test(np.diag([40, 40, 40]), n_resamples=99)
    assert result.p_value == 1 / 100
    assert result.smallest_p == 1 / 100


def test_too_many_tables_of_two_rows_are_drawn():
    table = [[500, 300, 200, 100, 60], [510, 280, 210, 90, 70]]
    result = exact_table_test(table, n_resamples=999)
    assert result.method == "monte carlo"
    assert 0 < result.p_mid < result.p_value


def test_the_same_seed_gives_the_same_p_and_another_seed_another():
    table = [[3, 5, 2], [6, 1, 4], [2, 4, 8]]
    first = exact_table_test(table, seed=1, n_resamples=999)
    assert first == exact_table_test(table, seed=1, n_resamples=999)
    assert first.p_value != exact_table_test(table, seed=2, n_resamples=999).p_value


def test_order_of_rows_and_columns_and_transposition_do_not_change_a_drawn_p():
    table = np.array([[3, 5, 2, 1], [6, 1, 4, 0], [2, 4, 8, 3]])
    p_value = exact_table_test(table, n_resamples=999).p_value
    assert exact_table_test(table[[2, 0, 1]], n_resamples=999).p_value == p_value
    assert exact_table_test(table[:, [3, 1, 0, 2]], n_resamples=999).p_value == p_value
    assert exact_table_test(table.T, n_resamples=999).p_value == p_value


@settings(derandomize=True, max_examples=60, deadline=None)
@given(small_tables)
def test_order_of_groups_absence_for_presence_and_transposition_do_not_change_p(table):
    counts = np.array(table)
    result = exact_table_test(counts)
    for other in (counts[:, ::-1], counts[::-1], counts.T):
        again = exact_table_test(other)
        assert again.p_value == pytest.approx(result.p_value, rel=1e-9)
        assert again.p_mid == pytest.approx(result.p_mid, rel=1e-9)
        assert again.smallest_p == pytest.approx(result.smallest_p, rel=1e-9)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(small_tables)
def test_p_equals_counting_every_assignment_of_people(table):
    counts = np.array(table)
    sizes, present = counts.sum(axis=0), int(counts[0].sum())
    ways = {
        x: np.prod([comb(int(n), v) for n, v in zip(sizes, x, strict=True)], dtype=object)
        for x in product(*(range(int(n) + 1) for n in sizes))
        if sum(x) == present
    }
    observed = ways[tuple(counts[0].tolist())]
    by_counting = sum(w for w in ways.values() if w <= observed) / comb(int(sizes.sum()), present)
    result = exact_table_test(counts)
    assert result.p_value == pytest.approx(by_counting, rel=1e-9)
    assert 0 < result.smallest_p <= result.p_value * (1 + 1e-9)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([1, 2, 3], "shape"),
        ([], "shape"),
        ([[1, 2], [3]], "rectangle"),
        ([[1, -2], [3, 4]], "whole numbers"),
        ([[1, 2.5], [3, 4]], "whole numbers"),
        ([[1, float("nan")], [3, 4]], "none missing"),
        ([["a", 2], [3, 4]], "rectangle of numbers"),
    ],
)
def test_what_is_not_a_table_of_counts_is_refused_with_the_reason(table, message):
    with pytest.raises(ModelError, match=message):
        exact_table_test(table)


def test_a_seed_that_is_not_a_whole_number_is_refused():
    with pytest.raises(ModelError, match="seed"):
        exact_table_test(np.eye(3, dtype=int), seed=-1)


def test_no_draws_are_refused():
    with pytest.raises(ModelError, match="n_resamples"):
        exact_table_test(np.eye(3, dtype=int), n_resamples=0)


def test_number_of_tables_of_three_pairs_is_seven():
    assert number_of_tables([2, 2, 2], 3) == 7


def _lookup(sizes, present):
    steps, length = index_steps(np.sum(sizes, axis=0))
    return steps, count_lookup(np.array(sizes), present, steps=steps, length=length)


def test_looking_a_table_up_gives_the_p_of_the_exact_test():
    steps, lookup = _lookup([[5, 9, 4]], [6])
    table = np.array([[1, 2, 3], [4, 7, 1]])
    expected = exact_table_test(table)
    assert lookup.p_values[steps @ table[0]] == pytest.approx(expected.p_value, rel=1e-12)
    assert lookup.smallest_p == pytest.approx(expected.smallest_p, rel=1e-12)


def test_with_strata_p_is_the_exact_conditional_p_r_gives():
    strata = np.array(R["stratified"]["present_absent_by_group"])
    steps, lookup = _lookup(strata.sum(axis=1), strata[:, 0].sum(axis=1))
    observed = steps @ strata[:, 0].sum(axis=0)
    assert lookup.p_values[observed] == pytest.approx(R["stratified"]["p"], rel=1e-9)


def test_with_strata_and_three_groups_p_counts_every_relabelling_inside_the_strata():
    # stratum 1: groups of 2, 1, 1 with 2 present; stratum 2: groups of 1, 2, 1 with 1 present
    labels = ([0, 0, 1, 2], [0, 1, 1, 2])
    present = ([1, 1, 0, 0], [1, 0, 0, 0])
    share: dict[tuple[int, ...], int] = {}
    for first, second in product(permutations(labels[0]), permutations(labels[1])):
        x = [0, 0, 0]
        for group, holds in zip((*first, *second), (*present[0], *present[1]), strict=True):
            x[group] += holds
        share[tuple(x)] = share.get(tuple(x), 0) + 1
    total = sum(share.values())
    steps, lookup = _lookup([[2, 1, 1], [1, 2, 1]], [2, 1])
    for x, ways in share.items():
        by_counting = sum(w for w in share.values() if w <= ways) / total
        assert lookup.p_values[steps @ np.array(x)] == pytest.approx(by_counting, rel=1e-9)


def test_fisher_p_of_two_groups_can_be_looked_up_for_any_margins():
    p_values, smallest_p = two_group_lookup(12, 15)
    assert p_values[0, 7] == pytest.approx(exact_table_test([[0, 7], [12, 8]]).p_value, rel=1e-12)
    assert p_values[0, 0] == 1.0
    assert smallest_p[7] == pytest.approx(exact_table_test([[0, 7], [12, 8]]).smallest_p, rel=1e-12)
