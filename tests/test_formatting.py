import math

import pandas as pd
import pytest

from analysis_lib import formatting as f

NOTHING = [None, float("nan"), pd.NA]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (1234567.0, "1,234,567")]
)
def test_counts_have_thousands_separators(value, text):
    assert f.count(value) == text


@pytest.mark.parametrize("value", NOTHING)
def test_a_missing_number_is_a_dash_whatever_it_is_of(value):
    for write in (f.count, f.percent, f.points, f.ratio, f.p_value, f.decimal, f.general):
        assert write(value) == "–"


@pytest.mark.parametrize("value", NOTHING)
def test_an_interval_with_a_missing_limit_is_not_written(value):
    for write in (f.percent_interval, f.points_interval, f.ratio_interval):
        assert write(value, 0.5) == write(0.5, value) == ""


def test_a_caller_says_what_stands_for_an_absent_count():
    assert f.count(None, absent="withheld") == "withheld"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (14, 37, "14/37"),
        (0, 19, "0/19"),
        (1200, 4000, "1,200/4,000"),
        (None, 37, "withheld"),
        (3, None, "withheld"),
    ],
)
def test_people_with_something_of_all_who_could_have_it(part, whole, text):
    assert f.n_of(part, whole) == text


@pytest.mark.parametrize(
    ("share", "base", "text"),
    [
        (14 / 37, 37, "38%"),
        (0, 37, "0%"),
        (1, 37, "100%"),
        (0.004, 500, "0%"),
        (0.12345, 999, "12%"),
        (0.12345, 1000, "12.3%"),
        (0.12345, None, "12%"),
        (-0.0, 10, "0%"),
    ],
)
def test_a_share_is_a_whole_percentage_until_a_thousand_people(share, base, text):
    assert f.percent(share, base) == text


def test_limits_of_a_share_have_as_many_decimals_as_the_share():
    assert f.percent_interval(0.2406, 0.5390) == "[24, 54]"
    assert f.percent_interval(0.2406, 0.5390, 1000) == "[24.1, 53.9]"


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.248, "+25"), (-0.381, "−38"), (0.0049, "0"), (-0.0049, "0"), (0, "0"), (1, "+100")],
)
def test_a_difference_is_signed_points_with_a_real_minus(difference, text):
    assert f.points(difference) == text


def test_limits_of_a_difference_are_signed_only_below_zero():
    assert f.points_interval(-0.0446, 0.1471) == "[−4, 15]"
    assert f.points_interval(-0.0049, 0.0049) == "[0, 0]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.0567, "4.06"),
        (0.5, "0.50"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (99.94, "99.9"),
        (99.96, "100"),
        (4617.4, "4,617"),
        (0.004, "< 0.01"),
        (0.005, "0.01"),
        (0.0, "0.00"),
        (math.inf, "∞"),
    ],
)
def test_an_odds_ratio_has_fewer_decimals_the_larger_it_is(value, text):
    assert f.ratio(value) == text


def test_an_unbounded_interval_shows_infinity():
    assert f.ratio_interval(1.15, math.inf) == "[1.15, ∞]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "< .001"),
        (0.00099, "< .001"),
        (0.001, ".001"),
        (0.0364, ".036"),
        (0.0116, ".012"),
        (0.05, ".050"),
        (0.9994, ".999"),
        (0.9996, "> .999"),
        (1.0, "> .999"),
    ],
)
def test_p_has_three_decimals_rounded_and_no_leading_zero(value, text):
    assert f.p_value(value) == text


@pytest.mark.parametrize(
    ("band", "text"), [(0.001, "< .001"), (0.01, "< .01"), (0.05, "< .05"), (1.0, "≥ .05")]
)
def test_a_band_is_written_as_one(band, text):
    assert f.p_value(band, band=True) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.256, 2, "0.26"), (-0.256, 2, "−0.26"), (-0.001, 2, "0.00"), (5.25, 1, "5.2")],
)
def test_a_decimal_has_a_real_minus_and_no_minus_zero(value, digits, text):
    assert f.decimal(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (32.0, "32"),
        (14.5, "14.5"),
        (14.96, "15"),
        (0.25, "0.2"),
        (99.5, "99.5"),
        (1240.6, "1,241"),
        (-3.5, "−3.5"),
    ],
)
def test_a_median_has_at_most_one_decimal_and_none_from_a_hundred(value, text):
    assert f.general(value) == text
