"""Adjusted p-values of themes and of comparisons: the bank, complete enumeration, strata, and what cannot be tested."""

import json
from itertools import combinations, permutations, product

import numpy as np
import pytest
from bank_of_themes import FOUR_AND_FOUR, NAN, REFERENCE, ROOT, SPLIT, bank
from scipy.stats import fisher_exact

from analysis_lib.errors import ModelError
from analysis_lib.stats import exact_table_test, min_p, min_p_contrasts, mmi_test

R = json.loads((REFERENCE / "tables.json").read_text())
SHARED = ROOT / ".." / "shared" / "reference" / "07_bank.json"


# Themes one by one


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


# Comparisons


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
