"""The exact test over strata: tables worked by hand, R's figures, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats.exact_strata import exact_strata

# Three waves of which one points the other way, and R 4.2.2, mantelhaen.test(exact = TRUE), on them.
REVERSAL = [[[8, 6], [2, 14]], [[3, 12], [9, 10]], [[5, 9], [5, 9]]]
cells = st.tuples(*[st.integers(0, 9)] * 4).map(lambda c: [[c[0], c[1]], [c[2], c[3]]])


def test_it_gives_the_figures_of_r():
    found = exact_strata(REVERSAL)
    assert found.p_value == pytest.approx(0.670293020100731, rel=1e-9)
    # R finds its roots to about 1e-5 only
    assert found.odds_ratio == pytest.approx(1.21390876547948, rel=1e-4)
    assert found.conf_low == pytest.approx(0.47586832975814, rel=1e-4)
    assert found.conf_high == pytest.approx(3.1048938435749, rel=1e-4)


def test_one_stratum_is_fishers_test():
    # 3 of 4 against 1 of 4: tables of 0 to 4 have 1, 16, 36, 16, 1 of 70 ways; no more probable than 16: 34
    assert exact_strata([[[3, 1], [1, 3]]]).p_value == pytest.approx(34 / 70)


def test_two_strata_are_the_convolution_of_two():
    # each stratum of one person with and one without the theme gives 0 or 1 with chance 1/2; both 1: 1/4 and 1/4
    assert exact_strata([[[1, 0], [0, 1]], [[1, 0], [0, 1]]]).p_value == pytest.approx(0.5)


def test_an_empty_cell_leaves_one_end_open():
    # all five against none of five: 1 way of 252; psi^5 / sum of C(5, t)^2 psi^t = 0.025 at the lower end
    found = exact_strata([[[5, 0], [0, 5]]])
    assert (found.odds_ratio, found.conf_high) == (math.inf, math.inf)
    psi = found.conf_low
    assert psi**5 / sum(math.comb(5, t) ** 2 * psi**t for t in range(6)) == pytest.approx(0.025)
    assert found.p_value == pytest.approx(2 / 252)


def test_strata_without_information_give_a_reason():
    found = exact_strata([[[0, 3], [0, 4]], [[0, 0], [2, 2]]])
    assert math.isnan(found.p_value)
    assert "No stratum" in str(found.reason)


@settings(max_examples=60, deadline=None)
@given(st.lists(cells, min_size=1, max_size=3))
def test_order_and_sides_do_not_matter(tables):
    found, turned = exact_strata(tables), exact_strata(tables[::-1])
    mirrored = exact_strata(np.array(tables)[:, ::-1, :])
    for other in (turned, mirrored):
        assert found.p_value == pytest.approx(other.p_value, rel=1e-9, nan_ok=True)
    with np.errstate(divide="ignore"):
        assert found.conf_low == pytest.approx(np.divide(1.0, mirrored.conf_high), rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("tables", [[[1, 2], [3, 4]], [[[1, 2], [3, -4]]], [[[1, 2], [3, 0.5]]], "no"])
def test_what_is_no_count_is_refused(tables):
    with pytest.raises(ModelError, match="tables"):
        exact_strata(tables)


def test_a_level_outside_its_range_is_refused():
    with pytest.raises(ModelError, match="level"):
        exact_strata(REVERSAL, level=1)
