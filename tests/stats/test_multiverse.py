"""All specifications at once: statistics by hand, complete enumeration, and what must not matter."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import Measure, Specification, multiverse

NAN = float("nan")
LABELS = ["a"] * 4 + ["m"] * 2 + ["b"] * 4
# the first theme goes with a and half of m, the second with nothing much
THEMES = np.array(
    [[1, 1], [1, 0], [1, 1], [0, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0], [1, 0]], dtype=float
)


def apart(measure):
    return Specification(measure, ("a",), ("b",))


def merged(measure):
    return Specification(measure, ("a", "m"), ("b",))


def people_z(values, first, second):
    """Difference of shares over its pooled standard error, in plain Python; 0 where nothing varies."""
    one, other = (
        [v for v, f in zip(values, first, strict=True) if f],
        [v for v, s in zip(values, second, strict=True) if s],
    )
    if not one or not other:
        return 0.0
    share = (sum(one) + sum(other)) / (len(one) + len(other))
    variance = share * (1 - share) * (1 / len(one) + 1 / len(other))
    return (sum(one) / len(one) - sum(other) / len(other)) / variance**0.5 if variance > 0 else 0.0


def test_the_statistic_of_people_by_hand():
    result = multiverse([apart(Measure(THEMES)), merged(Measure(THEMES))], LABELS, n_permutations=9)
    # 3 of 4 against 1 of 4: 0.5 / sqrt(1/2 1/2 (1/4 + 1/4)); 4 of 6 against 1 of 4
    assert result.statistic[0, 0] == pytest.approx(0.5 / 0.125**0.5)
    assert result.statistic[1, 0] == pytest.approx((4 / 6 - 1 / 4) / (1 / 2 * 1 / 2 * (1 / 6 + 1 / 4)) ** 0.5)
    assert result.joint[0] == pytest.approx(result.statistic[:, 0].mean())


def test_the_statistic_of_segments_by_hand():
    # 2 of 8 segments against 2 of 4, people (2, 0) of (4, 4) and (1, 1) of (2, 2); pooled 1/3: squares
    # (2 - 4/3)^2 + (4/3)^2 over 64 and 2 (1 - 2/3)^2 over 16
    measure = Measure(np.array([[2.0], [0], [1], [1]]), segments=np.array([4.0, 4, 2, 2]))
    result = multiverse([apart(measure)], ["a", "a", "b", "b"], n_permutations=9)
    assert result.statistic[0, 0] == pytest.approx(-0.25 / (2.2222222 / 64 + 0.2222222 / 16) ** 0.5, abs=1e-6)


def test_the_statistic_with_a_covariate_is_the_robust_score_of_least_squares():
    rng = np.random.default_rng(8)
    group, x = np.repeat([1.0, 0.0], [15, 25]), rng.normal(size=40)
    y = (rng.uniform(size=40) < 0.5).astype(float)
    nuisance = np.column_stack([np.ones(40), x])
    residual = [v - nuisance @ np.linalg.lstsq(nuisance, v, rcond=None)[0] for v in (group, y)]
    expected = (residual[0] @ y) / np.sqrt(((residual[0] * residual[1]) ** 2).sum())
    labels = np.where(group == 1, "a", "b")
    result = multiverse([apart(Measure(y[:, None], covariate=100 + 7 * x))], labels, n_permutations=9)
    assert result.statistic[0, 0] == pytest.approx(expected, rel=1e-9)


def test_a_covariate_that_explains_the_theme_leaves_nothing_to_the_group():
    # within each level of the covariate both groups hold the theme alike; raw it is 13 of 20 against 7 of 20
    y = np.array([1] * 12 + [0] * 4 + [1] * 3 + [0] + [1] + [0] * 3 + [1] * 4 + [0] * 12, dtype=float)[
        :, None
    ]
    labels = ["a"] * 16 + ["b"] * 4 + ["a"] * 4 + ["b"] * 16
    x = np.array([1.0] * 20 + [0.0] * 20)
    result = multiverse([apart(Measure(y)), apart(Measure(y, covariate=x))], labels, n_permutations=9)
    assert result.statistic[0, 0] == pytest.approx(0.3 / (0.25 * 0.1) ** 0.5)
    assert result.statistic[1, 0] == pytest.approx(0.0, abs=1e-12)


def test_p_approaches_the_share_of_all_relabellings_moving_every_specification_together():
    rows = range(10)
    joint, overall = [], []
    for first in combinations(rows, 4):
        for mixed in combinations([i for i in rows if i not in first], 2):
            second = [i not in first and i not in mixed for i in rows]
            a, am = [i in first for i in rows], [i in first or i in mixed for i in rows]
            z = [
                (people_z(theme, a, second) + people_z(theme, am, second)) / 2 for theme in THEMES.T.tolist()
            ]
            joint.append(z)
            overall.append(sum(value**2 for value in z))
    z = np.abs(joint)
    seen = np.abs(
        [
            (people_z(theme, LABELS_A, LABELS_B) + people_z(theme, LABELS_AM, LABELS_B)) / 2
            for theme in THEMES.T.tolist()
        ]
    )
    result = multiverse([apart(Measure(THEMES)), merged(Measure(THEMES))], LABELS, n_permutations=19_999)
    exact = (z >= seen - 1e-9).mean(axis=0)
    assert np.abs(result.p_joint - exact).max() < 4 * result.mc_error.max()
    assert result.p_overall == pytest.approx(np.mean(np.array(overall) >= (seen**2).sum() - 1e-9), abs=0.014)


LABELS_A = [label == "a" for label in LABELS]
LABELS_AM = [label in "am" for label in LABELS]
LABELS_B = [label == "b" for label in LABELS]


def test_with_one_specification_the_joint_p_is_its_own():
    result = multiverse([apart(Measure(THEMES))], LABELS, n_permutations=199)
    np.testing.assert_array_equal(result.p_joint, result.p_value[0])
    np.testing.assert_array_equal(result.p_joint_adjusted, result.p_adjusted[0])


def test_saying_the_same_specification_twice_changes_no_joint_p():
    measure = Measure(THEMES)
    once = multiverse([apart(measure)], LABELS, n_permutations=199)
    twice = multiverse([apart(measure), apart(measure)], LABELS, n_permutations=199)
    np.testing.assert_array_equal(once.p_joint, twice.p_joint)
    assert once.p_overall == twice.p_overall


def test_the_same_comparison_the_other_way_round_cancels():
    measure = Measure(THEMES)
    turned = Specification(measure, ("b",), ("a",))
    result = multiverse([apart(measure), turned], LABELS, n_permutations=99)
    np.testing.assert_allclose(result.statistic[0], -result.statistic[1])
    np.testing.assert_allclose(result.joint, 0.0, atol=1e-12)
    np.testing.assert_array_equal(result.p_joint, 1.0)
    assert result.p_overall == 1.0


def test_a_theme_counts_only_where_it_is_counted():
    without_first = THEMES.copy()
    without_first[:, 0] = NAN
    result = multiverse([apart(Measure(THEMES)), apart(Measure(without_first))], LABELS, n_permutations=99)
    assert np.isnan([result.statistic[1, 0], result.p_value[1, 0], result.p_adjusted[1, 0]]).all()
    assert result.joint[0] == result.statistic[0, 0]


def test_people_whose_label_nobody_compares_change_nothing():
    more = np.vstack([THEMES, [[1, 1]] * 3])
    alone = multiverse([apart(Measure(THEMES))], LABELS, n_permutations=99)
    beside = multiverse([apart(Measure(more))], [*LABELS, "x", "x", "x"], n_permutations=99)
    np.testing.assert_array_equal(alone.p_value, beside.p_value)
    assert (alone.n, beside.n) == (8, 8)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(10)))
def test_the_order_of_people_does_not_matter(order):
    words = np.log(np.arange(3.0, 13.0))
    said = np.array([3.0, 1, 4, 2, 5, 2, 6, 3, 1, 2])

    def specifications(rows):
        measures = (
            Measure(THEMES[rows]),
            Measure(THEMES[rows], covariate=words[rows]),
            Measure(THEMES[rows], segments=said[rows]),
        )
        return [kind(measure) for measure in measures for kind in (apart, merged)]

    straight = multiverse(specifications(list(range(10))), LABELS, n_permutations=49)
    moved = multiverse(specifications(list(order)), [LABELS[i] for i in order], n_permutations=49)
    np.testing.assert_allclose(moved.statistic, straight.statistic, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(moved.p_joint, straight.p_joint)
    assert moved.p_overall == straight.p_overall


def test_adjusted_p_values_are_never_below_their_own():
    result = multiverse([apart(Measure(THEMES)), merged(Measure(THEMES))], LABELS, n_permutations=199)
    assert (result.p_adjusted >= result.p_value).all()
    assert (result.p_joint_adjusted >= result.p_joint).all()


def test_p_is_never_zero():
    values = np.repeat([[1.0], [0.0]], 30, axis=0)
    result = multiverse([apart(Measure(values))], ["a"] * 30 + ["b"] * 30, n_permutations=99)
    assert result.p_joint.tolist() == [1 / 100]
    assert result.p_overall == 1 / 100


def test_labels_that_cannot_move_inside_strata_give_a_p_of_one():
    result = multiverse([apart(Measure(THEMES))], LABELS, n_permutations=49, strata=LABELS)
    np.testing.assert_array_equal(result.p_joint, 1.0)


def test_who_has_no_value_of_the_covariate_leaves_that_specification_only():
    words = np.array([1.0, 2, 3, NAN, 2, 3, 1, 2, 4, NAN])
    kept = [i for i in range(10) if i not in (3, 9)]
    result = multiverse(
        [apart(Measure(THEMES)), apart(Measure(THEMES, covariate=words))], LABELS, n_permutations=9
    )
    fewer = multiverse(
        [apart(Measure(THEMES[kept], covariate=words[kept]))], [LABELS[i] for i in kept], n_permutations=9
    )
    np.testing.assert_allclose(result.statistic[1], fewer.statistic[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "labels", "reason"),
    [
        (np.ones((4, 2)), ["a", "a", "b", "b"], "No theme varies among the people compared"),
        (np.eye(4), ["a"] * 4, "Fewer than two groups have anybody"),
        (np.eye(4), ["x"] * 4, "Fewer than two groups have anybody"),
        (np.full((4, 1), NAN), ["a", "a", "b", "b"], "No theme varies"),
    ],
)
def test_what_cannot_be_tested_is_missing_with_a_reason(values, labels, reason):
    result = multiverse([apart(Measure(values))], labels, n_permutations=9)
    assert np.isnan(result.p_joint).all()
    assert np.isnan(result.p_overall)
    assert reason in result.reason


def test_a_theme_that_nobody_compared_has_is_missing_beside_others():
    values = np.column_stack([THEMES[:, 0], np.zeros(10)])
    result = multiverse([apart(Measure(values))], LABELS, n_permutations=9)
    assert np.isfinite(result.p_joint[0])
    assert np.isnan(result.p_joint[1])
    assert result.reason is None


ONE = Measure(THEMES)


@pytest.mark.parametrize(
    ("specifications", "labels", "message"),
    [
        ([], LABELS, "no specification"),
        ([Specification(ONE, ("a",), ("a",))], LABELS, "none in common"),
        ([Specification(ONE, (), ("a",))], LABELS, "at least one label each"),
        ([apart(ONE), apart(Measure(THEMES[:, :1]))], LABELS, "same 10 people and 2 themes"),
        ([apart(Measure(THEMES, segments=np.ones(10), covariate=np.ones(10)))], LABELS, "takes no covariate"),
        ([apart(Measure(THEMES[:, 0]))], LABELS, "a row per person"),
        ([apart(ONE)], LABELS[:3], "one label for each of the 10"),
    ],
)
def test_what_makes_no_comparison_is_refused(specifications, labels, message):
    with pytest.raises(ModelError, match=message):
        multiverse(specifications, labels)


def test_fewer_permutations_than_one_are_refused():
    with pytest.raises(ModelError, match="at least 1"):
        multiverse([apart(ONE)], LABELS, n_permutations=0)
