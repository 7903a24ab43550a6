"""The intraclass correlation, by hand and against R, and its interval by leaving out one cluster at a time."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats import intraclass_correlation

COMMITTED = Path(__file__).resolve().parents[1] / "reference"
# Four pairs with means 1, 1/2, 1/2, 0: mean squares 1/3 between and 1/4 within, so F = 4/3.
FOUR_PAIRS = [1, 1, 1, 0, 1, 0, 0, 0], list("aabbccdd")


def test_the_intraclass_correlation_equals_that_of_r():
    therapists = pd.read_csv(COMMITTED / "therapists.csv")
    expected = json.loads((COMMITTED / "clusters.json").read_text())["icc"]
    icc = intraclass_correlation(therapists["left"], cluster=therapists["therapist"])
    assert icc.estimate == pytest.approx(expected, abs=1e-12)


def test_the_intraclass_correlation_of_three_pairs_is_one_half():
    # Means 1, 1/2, 0: mean squares 1/2 between and 1/6 within; (1/2 - 1/6) / (1/2 + 1/6).
    icc = intraclass_correlation([1, 1, 1, 0, 0, 0], cluster=["a", "a", "b", "b", "c", "c"])
    assert icc.estimate == pytest.approx(0.5)
    assert icc.design_effect == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("y", "cluster", "words"),
    [
        ([0, 1, 1], ["a", "a", "a"], "single cluster"),
        ([0, 1, 1], ["a", "b", "c"], "No cluster has more than one person"),
        ([1, 1, 1], ["a", "a", "b"], "does not vary"),
    ],
)
def test_an_undefined_intraclass_correlation_has_a_reason(y, cluster, words):
    icc = intraclass_correlation(y, cluster=cluster)
    assert np.isnan(icc.estimate)
    assert words in icc.reason


@pytest.mark.parametrize("y", [["yes", "no"], [0.0, np.nan], [[0], [1]]])
def test_an_outcome_that_is_not_a_list_of_numbers_is_refused(y):
    with pytest.raises(ModelError, match="numbers without missing values"):
        intraclass_correlation(y, cluster=["a", "b"])


def test_the_interval_leaves_out_one_cluster_at_a_time():
    # F is 1/2 without the first or the last pair (1/6 over 1/3) and 3 without one of the others (1/2 over 1/6). The
    # logarithms lie ln(6)/2 on either side of their mean, so the jackknife error is sqrt(3/4) ln 6; t with 3 degrees
    # of freedom is 3.182446. Pairs have n0 = 2, and (F - 1)/(F + 1) is the hyperbolic tangent of ln(F)/2.
    y, pairs = FOUR_PAIRS
    icc = intraclass_correlation(y, cluster=pairs)
    half = 3.182446 * math.sqrt(3 / 4) * math.log(6)
    assert icc.estimate == pytest.approx(1 / 7)
    assert icc.conf_low == pytest.approx(math.tanh((math.log(4 / 3) - half) / 2), abs=1e-6)
    assert icc.conf_high == pytest.approx(math.tanh((math.log(4 / 3) + half) / 2), abs=1e-6)
    assert icc.reason is None


def test_a_lower_level_gives_a_narrower_interval_around_the_same_estimate():
    y, pairs = FOUR_PAIRS
    wide, narrow = (intraclass_correlation(y, cluster=pairs, level=level) for level in (0.95, 0.5))
    assert wide.conf_low < narrow.conf_low < narrow.estimate < narrow.conf_high < wide.conf_high
    assert wide.estimate == narrow.estimate


def test_the_interval_does_not_depend_on_the_unit_of_a_number():
    scores, wards = [3.0, 5.0, 4.0, 9.0, 8.0, 7.0, 2.0, 5.0], [1, 1, 1, 2, 2, 2, 3, 3]
    grams, kilograms = (
        intraclass_correlation(np.array(scores) * unit, cluster=wards) for unit in (1e-3, 1e6)
    )
    assert grams.conf_low == pytest.approx(kilograms.conf_low)
    assert grams.conf_high == pytest.approx(kilograms.conf_high)


@pytest.mark.parametrize(
    ("y", "cluster"),
    [
        ([1, 0, 0, 0], [1, 1, 2, 2]),  # without one of the two there is a single cluster
        ([1, 1, 0, 0, 1, 1], [1, 1, 2, 2, 3, 3]),  # nobody differs within a cluster
        ([1, 0, 1, 0, 1, 0], [1, 1, 2, 2, 3, 3]),  # the clusters do not differ
        ([1, 0, 1, 0], [1, 1, 2, 3]),  # without the first, nobody shares a cluster
    ],
)
def test_an_estimate_without_an_interval_says_why(y, cluster):
    icc = intraclass_correlation(y, cluster=cluster)
    assert np.isfinite(icc.estimate)
    assert np.isnan([icc.conf_low, icc.conf_high]).all()
    assert icc.reason.startswith("There is no interval")
