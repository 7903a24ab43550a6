"""Two sets of items against each other: by hand, by complete enumeration, and what cannot be tested."""

from itertools import permutations, product

import numpy as np
import pytest
from bank_of_themes import FOUR_AND_FOUR, NAN, SPLIT, published_fixture

from analysis_lib.errors import ModelError
from analysis_lib.stats import mmi_test, spmi_test


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
