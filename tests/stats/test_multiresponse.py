"""Whole-table tests and adjusted p-values: the published fixture, complete enumeration, and what must not matter."""

import csv
import json
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from analysis_lib.errors import ModelError
from analysis_lib.stats import exact_table_test, min_p, min_p_contrasts, mmi_test, spmi_test
from analysis_lib.stats.resampling import content_order, generator, p_among_draws, permuted_within, step_down

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "tables.json").read_text())
SHARED = ROOT / ".." / "shared" / "reference" / "07_bank.json"
NAN = float("nan")

# four people of a, four of b; the first theme splits them, the second is held by 2 and 1
SPLIT = [[1, 1], [1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 0], [0, 0]]
FOUR_AND_FOUR = ["a"] * 4 + ["b"] * 4


def bank():
    with (REFERENCE / "bank40.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    themes = [[int(value) for name, value in row.items() if name.startswith("theme_")] for row in rows]
    return np.array(themes), [row["outcome"] for row in rows]


def published_fixture():
    group = np.repeat([0, 1, 2], [92, 37, 19])
    themes = [
        [
            (i * (2 * j + 3) + 5 * j * j + i // (j + 2) + (3 * group[i] if j in (1, 4) and i % 2 == 0 else 0))
            % 11
            < 2 + j
            for j in range(6)
        ]
        for i in range(148)
    ]
    return np.array(themes), group


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


def test_p_per_theme_of_the_bank_is_fishers_exact_p_in_r():
    themes, groups = bank()
    result = min_p(themes, groups, n_permutations=99)
    np.testing.assert_allclose(result.p_raw, R["bank_fisher_p"], rtol=0, atol=1e-9)


def test_adjusted_p_of_the_bank_is_that_of_a_plain_loop_in_r():
    themes, groups = bank()
    result = min_p(themes, groups, n_permutations=19_999)
    p_adjusted = np.array(R["bank_min_p"]["p_adjusted"])
    error = np.sqrt(p_adjusted * (1 - p_adjusted) * (1 / R["bank_min_p"]["permutations"] + 1 / 19_999))
    assert (np.abs(result.p_adjusted - p_adjusted) < 4 * error + 1e-3).all()


def test_measured_by_chi_square_the_bank_gives_its_permutation_p_and_a_smaller_adjusted_p():
    themes, groups = bank()
    result = min_p(themes, groups, n_permutations=19_999, statistic="chi-square")
    # best theme: raw .0068 by chi-square (20,000 permutations in R), family-wise .21
    assert result.p_raw[1] == pytest.approx(0.0068, abs=0.0025)
    assert result.p_adjusted[1] == pytest.approx(0.21, abs=0.015)


@pytest.mark.skipif(
    not SHARED.exists(), reason="the folder with the shared R figures is not beside the repository"
)
def test_the_shared_bank_figures_are_met():
    themes, groups = bank()
    figures = json.loads(SHARED.read_text())["themes"]
    exact = min_p(themes, groups, n_permutations=99)
    ranked = min_p(themes, groups, n_permutations=19_999, statistic="chi-square")
    np.testing.assert_allclose(exact.p_raw, [theme["fisher_p"] for theme in figures], rtol=0, atol=1e-9)
    np.testing.assert_allclose(ranked.p_raw, [theme["perm_p_chisq"] for theme in figures], rtol=0, atol=0.015)
    per_theme = mmi_test(themes, groups, n_permutations=9).per_theme
    np.testing.assert_allclose(per_theme, [theme["chisq"] for theme in figures], rtol=0, atol=1e-9)


def test_copies_of_one_theme_cost_nothing():
    themes = np.repeat(np.array(SPLIT)[:, :1], 6, axis=1)
    result = min_p(themes, FOUR_AND_FOUR, n_permutations=9_999)
    # 2 of 70 relabellings are as extreme, in all six copies at once
    assert (np.abs(result.p_adjusted - 2 / 70) < 4 * result.mc_error).all()


def test_adjusted_p_approaches_that_of_all_relabellings():
    themes = np.array(SPLIT)
    every = []
    for chosen in combinations(range(8), 4):
        inside = themes[list(chosen)].sum(axis=0)
        tables = [[[x, m - x], [4 - x, 4 - m + x]] for x, m in zip(inside, themes.sum(axis=0), strict=True)]
        every.append([fisher_exact(table)[1] for table in tables])
    observed = [2 / 70, 1.0]
    first = np.mean(np.min(every, axis=1) <= observed[0] * (1 + 1e-9))
    result = min_p(themes, FOUR_AND_FOUR, n_permutations=19_999)
    np.testing.assert_allclose(result.p_raw, observed, rtol=1e-12)
    assert abs(result.p_adjusted[0] - first) < 4 * result.mc_error[0]
    assert result.p_adjusted[1] == 1.0


def test_a_theme_that_cannot_reach_alpha_leaves_the_family_with_a_reason():
    rare = np.zeros((8, 3))
    rare[[0, 3, 6], [0, 1, 2]] = 1
    themes = np.column_stack([SPLIT, rare])
    screened = min_p(themes, FOUR_AND_FOUR, n_permutations=9_999, alpha=0.05)
    # one holder of eight: both possible tables have probability a half, so p is always 1
    assert screened.left_out == (1, 2, 3, 4)
    assert np.isnan(screened.p_adjusted).tolist() == [False, True, True, True, True]
    assert screened.reasons[2] == "Too rare or too common: with these margins p cannot get below 1."
    assert abs(screened.p_adjusted[0] - 2 / 70) < 4 * screened.mc_error[0]


def test_a_family_none_of_whose_themes_can_reach_alpha_has_no_adjusted_p():
    rare = np.zeros((8, 2))
    rare[[0, 5], [0, 1]] = 1
    result = min_p(rare, FOUR_AND_FOUR, n_permutations=99, alpha=0.05)
    assert result.left_out == (0, 1)
    assert np.isnan(result.p_adjusted).all()
    contrasts = min_p_contrasts(rare, FOUR_AND_FOUR, reference="a", n_permutations=99, alpha=0.05)
    assert np.isnan(contrasts.p_adjusted).all()


def test_a_theme_held_by_everybody_has_p_1_and_no_adjusted_p():
    result = min_p(np.column_stack([SPLIT, np.ones(8)]), FOUR_AND_FOUR, n_permutations=99)
    assert (result.p_raw[2], result.smallest_p[2]) == (1.0, 1.0)
    assert np.isnan(result.p_adjusted[2])
    assert "nobody or by everybody" in result.reasons[2]


def test_a_theme_nobody_is_codable_for_has_no_p():
    result = min_p(np.column_stack([SPLIT, np.full(8, NAN)]), FOUR_AND_FOUR, n_permutations=99)
    assert np.isnan(result.p_raw[2])
    assert result.reasons[2] == "Nobody is codable for it."


def test_with_people_not_codable_raw_p_is_the_exact_p_of_the_others():
    themes = np.array(SPLIT, dtype=float)
    themes[[3, 7], [1, 0]] = NAN
    result = min_p(themes, FOUR_AND_FOUR, n_permutations=999)
    assert result.p_raw[0] == pytest.approx(exact_table_test([[4, 0], [0, 3]]).p_value, rel=1e-12)
    assert result.p_raw[1] == pytest.approx(exact_table_test([[2, 1], [1, 3]]).p_value, rel=1e-12)
    assert (result.p_adjusted >= result.p_raw).all()


def test_a_theme_one_wave_did_not_ask_for_is_judged_by_the_other_wave_alone():
    themes = np.array(SPLIT * 2, dtype=float)
    themes[8:, 1] = NAN
    result = min_p(themes, FOUR_AND_FOUR * 2, strata=[1] * 8 + [2] * 8, n_permutations=999)
    assert result.p_raw[1] == pytest.approx(exact_table_test([[2, 1], [2, 3]]).p_value, rel=1e-12)


def test_with_strata_raw_p_is_the_exact_conditional_p_r_gives():
    people, groups, site = people_of_strata()
    result = min_p(people, groups, strata=site, n_permutations=99)
    assert result.p_raw[0] == pytest.approx(R["stratified"]["p"], rel=1e-9)


def people_of_strata():
    """The three sites of the R script, one row per person."""
    rows = [
        (int(holds), "treated" if group == 0 else "control", site)
        for site, table in enumerate(R["stratified"]["present_absent_by_group"])
        for holds in (True, False)
        for group in (0, 1)
        for _ in range(table[0 if holds else 1][group])
    ]
    return [[holds] for holds, _, _ in rows], [g for _, g, _ in rows], [s for _, _, s in rows]


def test_a_table_too_large_to_list_is_measured_by_its_rank_and_says_what_it_can_show():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(5), [400, 350, 300, 250, 200])
    themes = np.column_stack([rng.random(1_500) < 0.5, rng.random(1_500) < 0.1 + 0.1 * groups])
    result = min_p(themes, groups, n_permutations=199)
    assert result.smallest_p.tolist() == [1 / 200, 1 / 200]
    assert result.p_raw[1] == 1 / 200
    # the permutation in which the other theme does best has a p as small, and counts
    assert result.p_adjusted[1] == 2 / 200
    assert result.p_raw[0] > 0.01


def three_groups():
    rng = np.random.default_rng(3)
    groups = np.repeat(["drop", "helped", "mixed"], [7, 12, 9])
    return (rng.random((28, 4)) < [0.2, 0.4, 0.6, 0.1]).astype(float), groups


def test_every_comparison_has_fishers_p_of_its_two_groups():
    themes, groups = three_groups()
    result = min_p_contrasts(themes, groups, reference="helped", n_permutations=99)
    assert result.groups == ("drop", "mixed")
    for column, other in product(range(4), range(2)):
        pair = [themes[groups == name, column] for name in (result.groups[other], "helped")]
        table = [[p.sum() for p in pair], [(1 - p).sum() for p in pair]]
        assert result.p_value[column, other] == pytest.approx(fisher_exact(table)[1], rel=1e-9)


def test_adjusted_p_of_comparisons_approaches_that_of_all_relabellings():
    themes = np.array([[1, 0], [1, 1], [0, 0], [0, 0], [0, 1], [1, 0], [0, 0]])
    groups = "aabbccc"

    def p_values(labels):
        values = []
        for other in "ab":
            for theme in themes.T:
                pair = [[v for v, g in zip(theme, labels, strict=True) if g == name] for name in (other, "c")]
                values.append(fisher_exact([[sum(p) for p in pair], [len(p) - sum(p) for p in pair]])[1])
        return values

    every = np.array([p_values(labels) for labels in sorted(set(permutations(groups)))])
    observed = np.array(p_values(groups))
    result = min_p_contrasts(themes, list(groups), reference="c", n_permutations=19_999)
    smallest = float(observed.min())
    exact = np.mean(every.min(axis=1) <= smallest * (1 + 1e-9))
    best = np.unravel_index(np.nanargmin(result.p_value), result.p_value.shape)
    assert result.p_value[best] == pytest.approx(smallest, rel=1e-9)
    assert abs(result.p_adjusted[best] - exact) < 4 * result.mc_error[best] + 1e-4


def test_a_theme_nobody_has_in_either_group_of_a_comparison_is_outside_the_family():
    themes, groups = three_groups()
    themes[:, 0] = 0
    themes[0, 0] = 1
    result = min_p_contrasts(themes, groups, reference="helped", n_permutations=99)
    assert result.p_value[0, 1] == 1.0
    assert np.isnan(result.p_adjusted[0, 1])
    assert "cannot get below 1" in result.reasons[0][1]
    assert result.reasons[0][0] is None


def test_comparisons_with_strata_have_the_exact_conditional_p_r_gives():
    people, groups, site = people_of_strata()
    result = min_p_contrasts(people, groups, reference="control", strata=site, n_permutations=999)
    assert result.p_value[0, 0] == pytest.approx(R["stratified"]["p"], rel=1e-9)
    # alone in its family, so the adjusted p is its own permutation p
    assert result.p_adjusted[0, 0] == pytest.approx(R["stratified"]["p"], abs=0.04)


def test_comparisons_with_people_not_codable_use_the_others():
    themes, groups = three_groups()
    themes[0, 1] = themes[10, 1] = NAN
    result = min_p_contrasts(themes, groups, reference="helped", n_permutations=199)
    known = ~np.isnan(themes[:, 1])
    pair = [themes[known & (groups == name), 1] for name in ("drop", "helped")]
    table = [[p.sum() for p in pair], [(1 - p).sum() for p in pair]]
    assert result.p_value[1, 0] == pytest.approx(fisher_exact(table)[1], rel=1e-9)
    assert (result.p_adjusted >= result.p_value).all()


def test_a_comparison_with_a_group_nobody_of_whom_is_codable_has_no_p():
    themes, groups = three_groups()
    themes[groups == "mixed", 2] = NAN
    result = min_p_contrasts(themes, groups, reference="helped", n_permutations=99)
    assert np.isnan([result.p_value[2, 1], result.p_adjusted[2, 1]]).all()
    assert result.reasons[2][1] == "Nobody is codable for it in this group or in the reference group."
    assert np.isfinite(result.p_adjusted[2, 0])


def test_screened_comparisons_cost_the_others_less():
    themes, groups = bank()
    screened = min_p_contrasts(themes, groups, reference="helpful", n_permutations=999, alpha=0.05)
    # a theme held by one person can reach .05 in no comparison
    assert np.isnan(screened.p_adjusted[2]).all()
    assert all("Too rare" in why for why in screened.reasons[2])
    assert (np.isnan(screened.p_adjusted) == (screened.smallest_p > 0.05)).all()


def test_a_reference_group_that_does_not_exist_is_refused_with_a_suggestion():
    with pytest.raises(ModelError, match='Did you mean "helped"'):
        min_p_contrasts(*three_groups(), reference="helpd")


def test_a_reference_group_nobody_of_whom_is_codable_gives_a_reason():
    themes, groups = three_groups()
    themes[groups == "helped"] = NAN
    result = min_p_contrasts(themes, groups, reference="helped", n_permutations=9)
    assert "reference group" in result.reason
    assert np.isnan(result.p_value).all()


def test_one_item_against_themes_is_the_two_group_test():
    item = np.array([[1]] * 4 + [[0]] * 4)
    pairs, groups = spmi_test(item, SPLIT, n_permutations=9), mmi_test(SPLIT, FOUR_AND_FOUR, n_permutations=9)
    np.testing.assert_allclose(pairs.per_pair[0], groups.per_theme, rtol=1e-12)
    # with groups of equal size the two covariances coincide, so Rao-Scott does too
    assert pairs.rs2_statistic == pytest.approx(groups.rs2_statistic, rel=1e-9)
    assert pairs.rs2_df == pytest.approx(groups.rs2_df, rel=1e-9)


def test_two_groups_as_two_items_count_every_theme_twice_and_change_no_p():
    themes, groups = published_fixture()
    helped = (groups == 0).astype(int)
    once = spmi_test(helped[:, None], themes, n_permutations=999)
    twice = spmi_test(np.column_stack([helped, 1 - helped]), themes, n_permutations=999)
    assert twice.statistic == pytest.approx(2 * once.statistic, rel=1e-12)
    assert twice.p_rao_scott == pytest.approx(once.p_rao_scott, rel=1e-9)
    assert abs(twice.p_permutation - once.p_permutation) < 4 * 2**0.5 * once.mc_error


def test_the_two_sets_can_be_exchanged():
    themes, _ = published_fixture()
    there, back = (spmi_test(themes[:, a], themes[:, b], n_permutations=9) for a, b in
                   [([0, 1], [2, 3, 4]), ([2, 3, 4], [0, 1])])  # fmt: skip
    np.testing.assert_allclose(there.per_pair, back.per_pair.T, rtol=1e-12)
    assert there.p_rao_scott == pytest.approx(back.p_rao_scott, rel=1e-9)


def test_rao_scott_of_pairs_equals_the_delta_method_on_all_cells():
    themes, _ = published_fixture()
    a, b = themes[:, [1, 3]].astype(int), themes[:, [2, 4]].astype(int)
    n = len(a)
    cells = list(product([0, 1], repeat=4))
    share = np.array([np.mean((np.column_stack([a, b]) == cell).all(axis=1)) for cell in cells])
    held = np.array(cells, dtype=float)
    p, q = share @ held[:, :2], share @ held[:, 2:]
    # theta_ij = P(both) - p_i q_j and its gradient in the 16 cell probabilities
    gradient = np.array(
        [
            held[:, i] * held[:, 2 + j] - q[j] * held[:, i] - p[i] * held[:, 2 + j]
            for i, j in product(range(2), repeat=2)
        ]
    )
    covariance = gradient @ (np.diag(share) - np.outer(share, share)) @ gradient.T
    theta = np.array(
        [share @ (held[:, i] * held[:, 2 + j]) - p[i] * q[j] for i, j in product(range(2), repeat=2)]
    )
    variance = np.array([p[i] * (1 - p[i]) * q[j] * (1 - q[j]) for i, j in product(range(2), repeat=2)])
    statistic = n * (theta**2 / variance).sum()
    eigenvalues = np.linalg.eigvals(np.diag(1 / variance) @ covariance).real
    result = spmi_test(a, b, n_permutations=9)
    assert result.statistic == pytest.approx(statistic, rel=1e-9)
    assert result.rs2_statistic == pytest.approx(4 * statistic / (eigenvalues**2).sum(), rel=1e-9)
    assert result.rs2_df == pytest.approx(16 / (eigenvalues**2).sum(), rel=1e-9)


def test_p_of_pairs_approaches_the_share_of_all_pairings_of_people():
    a = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [0, 0], [1, 0]], dtype=float)
    b = np.array([[1], [1], [0], [0], [0], [1]], dtype=float)
    for missing in (False, True):
        if missing:
            a[2, 1] = b[4, 0] = NAN

        def statistic(order, a=a, b=b):
            total = 0.0
            for x, y in product(a.T, b[list(order)].T):
                known = [(u, v) for u, v in zip(x, y, strict=True) if not np.isnan(u + v)]
                n, r, c = len(known), sum(u for u, _ in known), sum(v for _, v in known)
                both = sum(u * v for u, v in known)
                margins = r * (n - r) * c * (n - c)
                total += n * (n * both - r * c) ** 2 / margins if margins else 0.0
            return total

        observed = statistic(range(6))
        every = np.array([statistic(order) for order in permutations(range(6))])
        result = spmi_test(a, b, n_permutations=9_999)
        assert result.statistic == pytest.approx(observed, rel=1e-12)
        assert abs(result.p_permutation - np.mean(every >= observed - 1e-9)) < 4 * result.mc_error


def test_items_held_by_all_or_none_are_left_out_of_both_sets():
    a, b = np.column_stack([np.ones(8), SPLIT]), np.column_stack([SPLIT, np.zeros(8)])
    result = spmi_test(a, b, n_permutations=9)
    assert (result.left_out_a, result.left_out_b) == ((0,), (2,))
    assert np.isnan(result.per_pair[0]).all()
    assert np.isfinite(result.per_pair[1:, :2]).all()


def test_a_set_that_does_not_vary_gives_nan_and_a_reason():
    result = spmi_test(np.ones((8, 2)), SPLIT, n_permutations=9)
    assert np.isnan(result.p_permutation)
    assert "nothing to test" in result.reason


def test_two_sets_of_different_people_are_refused():
    with pytest.raises(ModelError, match="same people"):
        spmi_test(SPLIT, SPLIT[:7])


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
