"""Whole-table tests and adjusted p-values: the published fixture, complete enumeration, and what must not matter."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from bank_of_themes import FOUR_AND_FOUR, NAN, SPLIT, bank, published_fixture
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import min_p, min_p_contrasts, mmi_test, spmi_test
from analysis_lib.stats.resampling import content_order, generator, p_among_draws, permuted_within, step_down


def chi_square(themes, labels):
    """Sum over themes of Pearson's chi-square of the codable people, in plain Python."""
    total = 0.0
    for theme in np.transpose(themes):
        known = [(value, label) for value, label in zip(theme, labels, strict=True) if not np.isnan(value)]
        n, m = len(known), sum(value for value, _ in known)
        for group in sorted({label for _, label in known}):
            size = sum(label == group for _, label in known)
            held = sum(value for value, label in known if label == group)
            total += (held - size * m / n) ** 2 / (size * m / n * (1 - m / n))
    return total


def test_the_published_fixture_is_met_to_six_decimals():
    result = mmi_test(*published_fixture(), n_permutations=999)
    expected = [0.140829, 7.009105, 0.214302, 0.059035, 0.471806, 0.038965]
    np.testing.assert_allclose(result.per_theme, expected, rtol=0, atol=5e-7)
    assert result.statistic == pytest.approx(7.934043, abs=5e-7)
    assert result.rs2_statistic == pytest.approx(7.283362, abs=5e-7)
    assert result.rs2_df == pytest.approx(11.015865, abs=5e-7)
    assert result.p_rao_scott == pytest.approx(0.776802, abs=5e-7)
    assert result.left_out == ()
    assert result.reason is None


def test_the_statistic_by_hand():
    # theme 2: shares 2/4 and 1/4 around 3/8, so 4 * 2 * (1/8)^2 / (15/64)
    result = mmi_test(SPLIT, FOUR_AND_FOUR, n_permutations=9)
    np.testing.assert_allclose(result.per_theme, [8.0, 8 / 15], rtol=1e-12)
    assert result.statistic == pytest.approx(8 + 8 / 15, rel=1e-12)


def test_p_approaches_the_share_of_all_relabellings():
    every = [
        chi_square(SPLIT, ["a" if i in chosen else "b" for i in range(8)])
        for chosen in combinations(range(8), 4)
    ]
    exact = np.mean(np.array(every) >= 8 + 8 / 15 - 1e-9)
    result = mmi_test(SPLIT, FOUR_AND_FOUR, n_permutations=19_999)
    assert abs(result.p_permutation - exact) < 4 * result.mc_error
    assert result.mc_error == pytest.approx(
        (result.p_permutation * (1 - result.p_permutation) / 19_999) ** 0.5
    )


def test_p_with_people_not_codable_approaches_the_share_of_all_relabellings():
    themes = np.array(SPLIT, dtype=float)
    themes[0, 0] = themes[5, 0] = themes[6, 1] = NAN
    observed = chi_square(themes, FOUR_AND_FOUR)
    every = [
        chi_square(themes, ["a" if i in chosen else "b" for i in range(8)])
        for chosen in combinations(range(8), 4)
    ]
    result = mmi_test(themes, FOUR_AND_FOUR, n_permutations=19_999)
    assert result.statistic == pytest.approx(observed, rel=1e-12)
    assert abs(result.p_permutation - np.mean(np.array(every) >= observed - 1e-9)) < 4 * result.mc_error


def test_somebody_codable_for_nothing_changes_nothing():
    with_blank = mmi_test([*SPLIT, [NAN, NAN]], [*FOUR_AND_FOUR, "b"], n_permutations=99)
    without = mmi_test(SPLIT, FOUR_AND_FOUR, n_permutations=99)
    assert with_blank.n_used == 8
    assert with_blank.p_permutation == without.p_permutation
    assert with_blank.p_rao_scott == without.p_rao_scott


def test_p_is_never_zero():
    themes = np.repeat([[1], [0]], 40, axis=0)
    assert mmi_test(themes, np.repeat(["a", "b"], 40), n_permutations=99).p_permutation == 1 / 100


def test_labels_move_inside_strata_only():
    # every theme is the same in both groups of each site, and both differ strongly between sites
    themes = np.repeat([[1, 1], [0, 0]], 20, axis=0).astype(float)
    themes[[0, 10, 20, 30]] = [[0, 0], [0, 0], [1, 1], [1, 1]]
    groups = ["a"] * 10 + ["b"] * 10 + ["a"] * 10 + ["b"] * 10
    site = np.repeat(["north", "south"], 20)
    result = mmi_test(themes, groups, strata=site, n_permutations=199)
    assert result.statistic == pytest.approx(0.0, abs=1e-12)
    assert result.p_permutation == 1.0


def test_p_with_strata_approaches_the_share_of_all_relabellings_inside_them():
    themes = np.array([1, 1, 0, 0, 1, 0, 0])[:, None]
    site = [0, 0, 0, 0, 1, 1, 1]

    def statistic(a):
        # site 0: 4 people, half hold it; site 1: 3 people, a third; sums over sites first
        total = 0.0
        for members in (a, [i for i in range(7) if i not in a]):
            expected = sum(0.5 if i < 4 else 1 / 3 for i in members)
            variance = sum(0.25 if i < 4 else 2 / 9 for i in members)
            total += (sum(int(themes[i, 0]) for i in members) - expected) ** 2 / variance
        return total

    observed = statistic([0, 1, 4])
    every = [statistic([*first, second]) for first in combinations(range(4), 2) for second in range(4, 7)]
    groups = ["a" if i in (0, 1, 4) else "b" for i in range(7)]
    result = mmi_test(themes, groups, strata=site, n_permutations=9_999)
    assert result.statistic == pytest.approx(observed, rel=1e-12)
    assert abs(result.p_permutation - np.mean(np.array(every) >= observed - 1e-9)) < 4 * result.mc_error
    # the degrees of freedom behind Rao-Scott are what the statistic is on average over all relabellings
    degrees = result.rs2_df * result.statistic / result.rs2_statistic
    assert degrees == pytest.approx(np.mean(every), rel=1e-9)


def test_many_small_strata_do_not_upset_the_rao_scott_test():
    # 30 therapists of 4 people each, two groups, no difference: it has to agree with the permutation test
    rng = np.random.default_rng(20261122)
    themes, therapist = rng.random((120, 8)) < 0.3, np.repeat(np.arange(30), 4)
    groups = np.where(rng.random(120) < 0.3, "drop", "helped")
    result = mmi_test(themes, groups, strata=therapist)
    assert abs(result.p_rao_scott - result.p_permutation) < 0.05


def test_a_stratum_with_one_group_carries_no_information():
    themes, groups = [*SPLIT, [1, 1], [0, 1]], [*FOUR_AND_FOUR, "a", "a"]
    result = mmi_test(themes, groups, strata=[1] * 8 + [2] * 2, n_permutations=99)
    alone = mmi_test(SPLIT, FOUR_AND_FOUR, n_permutations=99)
    assert result.n_used == 8
    assert result.statistic == pytest.approx(alone.statistic, rel=1e-12)
    assert result.p_permutation == alone.p_permutation


def test_rao_scott_of_one_stratum_is_that_of_no_strata():
    themes, groups = published_fixture()
    plain = mmi_test(themes, groups, n_permutations=9)
    one = mmi_test(themes, groups, strata=["only"] * 148, n_permutations=9)
    assert one.p_rao_scott == plain.p_rao_scott


def test_themes_held_by_nobody_or_everybody_are_left_out_and_named():
    themes = np.column_stack([np.zeros(8), SPLIT, np.ones(8)])
    result = mmi_test(themes, FOUR_AND_FOUR, n_permutations=99)
    assert result.left_out == (0, 3)
    assert np.isnan(result.per_theme).tolist() == [True, False, False, True]
    assert result.statistic == pytest.approx(8 + 8 / 15, rel=1e-12)


@pytest.mark.parametrize(
    ("themes", "groups", "words"),
    [
        (SPLIT, ["a"] * 8, "only one group"),
        (np.zeros((8, 2)), FOUR_AND_FOUR, "No theme varies"),
        (np.full((8, 2), NAN), FOUR_AND_FOUR, "No theme varies"),
        ([[1]], ["a"], "only one group"),
    ],
)
def test_what_cannot_be_tested_gives_nan_and_a_reason(themes, groups, words):
    result = mmi_test(themes, groups, n_permutations=9)
    assert np.isnan([result.statistic, result.p_permutation, result.p_rao_scott]).all()
    assert words in result.reason
    assert words in min_p(themes, groups, n_permutations=9).reason


def test_a_group_nobody_of_whom_is_codable_for_a_theme_adds_no_degrees_of_freedom():
    # theme 1 compares a with b only, theme 2 all three groups: 1 + 2 degrees of freedom before the correction
    themes = np.array([*SPLIT, [NAN, 1], [NAN, 0], [NAN, 1]], dtype=float)
    themes[0, 0], themes[4, 0] = 0, 1
    result = mmi_test(themes, [*FOUR_AND_FOUR, "c", "c", "c"], n_permutations=9)
    assert result.rs2_df * result.statistic / result.rs2_statistic == pytest.approx(3, rel=1e-9)


def test_three_people_are_tested_without_an_accident():
    result = mmi_test([[1, 0], [0, 1], [0, 0]], ["a", "b", "b"], n_permutations=999)
    assert 0 < result.p_permutation <= 1
    assert np.isfinite(result.p_rao_scott)


def test_groups_that_are_each_all_alike_have_no_rao_scott_and_the_reason_is_given():
    result = mmi_test([[1], [1], [0], [0]], ["a", "a", "b", "b"], n_permutations=999)
    assert np.isnan(result.p_rao_scott)
    assert "Rao-Scott" in result.reason
    # 2 of the 6 relabellings split them as cleanly
    assert abs(result.p_permutation - 2 / 6) < 4 * result.mc_error


# What must not matter


@st.composite
def studies(draw, missing=True):
    n, c, k = draw(st.integers(4, 12)), draw(st.integers(1, 4)), draw(st.integers(2, 3))
    values = st.sampled_from([0.0, 1.0, NAN] if missing and draw(st.booleans()) else [0.0, 1.0])
    themes = np.array(draw(st.lists(st.lists(values, min_size=c, max_size=c), min_size=n, max_size=n)))
    groups = np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)))
    strata = np.array(draw(st.lists(st.integers(0, draw(st.integers(0, 1))), min_size=n, max_size=n)))
    rows, columns = draw(st.permutations(range(n))), draw(st.permutations(range(c)))
    relabelled = draw(st.permutations("xyz"))
    return themes, groups, strata, rows, columns, relabelled


@settings(derandomize=True, max_examples=80, deadline=None)
@given(studies())
def test_order_of_people_and_themes_and_names_of_groups_and_strata_change_no_result(study):
    themes, groups, strata, rows, columns, names = study
    there = {"themes": themes, "groups": groups, "strata": strata}
    back = {
        "themes": themes[np.ix_(rows, columns)],
        "groups": np.array(names)[groups][rows],
        "strata": 9 - strata[rows],
    }
    first, second = mmi_test(**there, n_permutations=99), mmi_test(**back, n_permutations=99)
    assert np.array_equal(first.per_theme[columns], second.per_theme, equal_nan=True)
    for name in ("statistic", "p_permutation", "rs2_statistic", "rs2_df", "p_rao_scott"):
        assert getattr(first, name) == getattr(second, name) or np.isnan(getattr(first, name)), name
    one, other = min_p(**there, n_permutations=99), min_p(**back, n_permutations=99)
    for name in ("p_raw", "p_adjusted", "smallest_p"):
        assert np.array_equal(getattr(one, name)[columns], getattr(other, name), equal_nan=True), name


@settings(derandomize=True, max_examples=60, deadline=None)
@given(studies())
def test_order_and_names_change_no_comparison_with_the_reference(study):
    themes, groups, strata, rows, columns, names = study
    reference = groups[0]
    first = min_p_contrasts(themes, groups, reference=reference, strata=strata, n_permutations=99)
    second = min_p_contrasts(
        themes[np.ix_(rows, columns)],
        np.array(names)[groups][rows],
        reference=names[reference],
        strata=strata[rows],
        n_permutations=99,
    )
    place = [second.groups.index(names[group]) for group in first.groups]
    for name in ("p_value", "p_adjusted", "smallest_p"):
        expected, found = getattr(first, name)[columns], getattr(second, name)[:, place]
        assert np.array_equal(expected, found, equal_nan=True), name


@settings(derandomize=True, max_examples=40, deadline=None)
@given(studies())
def test_order_of_people_and_items_changes_no_test_of_two_sets(study):
    themes, groups, _, rows, columns, _ = study
    other = (groups[:, None] == np.unique(groups)).astype(float)
    first = spmi_test(themes, other, n_permutations=99)
    second = spmi_test(themes[np.ix_(rows, columns)], other[rows][:, ::-1], n_permutations=99)
    assert first.p_permutation == second.p_permutation or np.isnan(first.p_permutation)
    assert first.statistic == pytest.approx(second.statistic, rel=1e-12, nan_ok=True)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(studies(missing=False))
def test_adjusted_p_is_never_below_raw_p_and_rises_with_it(study):
    themes, groups, *_ = study
    result = min_p(themes, groups, n_permutations=49)
    inside = ~np.isnan(result.p_adjusted)
    raw, adjusted = result.p_raw[inside], result.p_adjusted[inside]
    assert (adjusted >= raw).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0).all()


def test_the_same_seed_gives_the_same_figures_and_another_seed_others():
    themes, groups = bank()
    first, again = (min_p(themes, groups, n_permutations=499, seed=5) for _ in range(2))
    assert first.p_adjusted.tobytes() == again.p_adjusted.tobytes()
    other = min_p(themes, groups, n_permutations=499, seed=6)
    assert first.p_adjusted.tobytes() != other.p_adjusted.tobytes()


def test_tables_of_booleans_and_nullable_booleans_are_read_as_they_are():
    frame = pd.DataFrame(SPLIT).astype("boolean")
    frame.iloc[0, 1] = pd.NA
    themes = np.array(SPLIT, dtype=float)
    themes[0, 1] = NAN
    expected = mmi_test(themes, FOUR_AND_FOUR, n_permutations=99)
    result = mmi_test(frame, pd.Series(FOUR_AND_FOUR, dtype="category"), n_permutations=99)
    assert result.p_permutation == expected.p_permutation
    assert result.statistic == expected.statistic


@pytest.mark.parametrize(
    ("themes", "groups", "message"),
    [
        ([0, 1, 1], ["a", "b", "b"], "row per person"),
        ([[0, 2], [1, 0]], ["a", "b"], "column 1"),
        ([["yes"], ["no"]], ["a", "b"], "rectangle"),
        ([[0], [1]], ["a", "b", "b"], "one label for each of the 2 people"),
        ([[0], [1], [1]], ["a", "b", NAN], "no label for 1 people"),
        ([[0], [1], [1]], ["a", "b", None], "no label for 1 people"),
    ],
)
def test_input_that_does_not_fit_is_refused_by_name(themes, groups, message):
    with pytest.raises(ModelError, match=message):
        mmi_test(themes, groups)


def test_choices_that_make_no_sense_are_refused():
    with pytest.raises(ModelError, match="n_permutations"):
        mmi_test(SPLIT, FOUR_AND_FOUR, n_permutations=-1)
    with pytest.raises(ModelError, match="n_permutations"):
        min_p(SPLIT, FOUR_AND_FOUR, n_permutations=0)
    with pytest.raises(ModelError, match="alpha"):
        min_p(SPLIT, FOUR_AND_FOUR, alpha=5)
    with pytest.raises(ModelError, match="statistic"):
        min_p(SPLIT, FOUR_AND_FOUR, statistic="maxT")
    with pytest.raises(ModelError, match="seed"):
        min_p(SPLIT, FOUR_AND_FOUR, seed=1.5)


def test_without_permutations_the_rao_scott_test_stands_alone_and_is_the_same():
    alone, both = (mmi_test(SPLIT, FOUR_AND_FOUR, n_permutations=n) for n in (0, 99))
    assert np.isnan([alone.p_permutation, alone.mc_error]).all()
    assert (alone.statistic, alone.p_rao_scott) == (both.statistic, both.p_rao_scott)


def test_what_is_drawn_does_not_depend_on_the_size_of_the_blocks():
    labels, bounds = np.array([0, 0, 1, 1, 2, 0, 1]), np.array([0, 4, 7])
    small, large = (
        np.concatenate(
            list(
                permuted_within(
                    labels, bounds, n_permutations=11, rng=generator(0, "test"), values_per_block=values
                )
            )
        )
        for values in (1, 1_000)
    )
    assert np.array_equal(small, large)
    assert (np.sort(small[:, :4], axis=1) == [0, 0, 1, 1]).all()
    assert (np.sort(small[:, 4:], axis=1) == [0, 1, 2]).all()


def test_streams_of_different_names_differ():
    assert generator(0, "one").integers(2**62) != generator(0, "another").integers(2**62)


def test_step_down_by_hand():
    # hypothesis 1 (p .02): smallest p of both at most .02 in 1 of 4; hypothesis 0 (p .30): own p in 2 of 4
    drawn = np.array([[0.50, 0.01], [0.10, 0.40], [0.30, 0.90], [0.80, 0.60]])
    adjusted = step_down(np.array([0.30, 0.02]), [drawn[:3], drawn[3:]])
    np.testing.assert_allclose(adjusted, [3 / 5, 2 / 5], rtol=1e-12)


def test_ranks_count_ties_on_both_sides():
    p_observed, p_drawn = p_among_draws(np.array([2.0]), np.array([[2.0], [5.0], [0.0]], dtype=np.float32))
    assert p_observed.tolist() == [3 / 4]
    np.testing.assert_allclose(p_drawn.ravel(), [3 / 4, 1 / 4, 1.0], rtol=1e-6)


def test_mirrored_themes_are_told_apart():
    # three pairs of people, each pair sharing one of three themes: all themes look alike to a count
    cells = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
    groups, strata = np.array([0, 1, 0, 1, 0, 1]), np.zeros(6, dtype=int)
    order = content_order(cells, groups, strata)
    again = content_order(cells[:, [2, 0, 1]], groups, strata)
    assert np.array_equal(
        cells[np.ix_(order.rows, order.columns)], cells[:, [2, 0, 1]][np.ix_(again.rows, again.columns)]
    )
