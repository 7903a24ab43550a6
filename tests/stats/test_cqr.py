"""Every boundary of the labels, worked by hand from the definitions of Hill et al."""

import numpy as np
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats import cqr_label, cqr_stable, cqr_steps


@pytest.mark.parametrize(
    ("n", "labels"),
    [
        # From 0 cases with the category to all of them.
        (1, ["", ""]),
        (2, ["", "", "general"]),
        (3, ["", "", "general", "general"]),
        (4, ["", "", "variant", "general", "general"]),
        (5, ["", "", "variant", "typical", "general", "general"]),
        (8, ["", "", "variant", "variant", "variant", "typical", "typical", "general", "general"]),
    ],
)
def test_every_number_of_cases_of_a_small_sample_has_its_label(n, labels):
    assert cqr_label(np.arange(n + 1), n).tolist() == labels


@pytest.mark.parametrize(("x", "label"), [(2, "variant"), (3, "variant"), (7, "variant"), (8, "typical")])
def test_in_fifteen_cases_two_and_three_are_variant(x, label):
    assert cqr_label(x, 15) == label  # half is 7.5


@pytest.mark.parametrize(
    ("x", "label"),
    [(1, ""), (2, "rare"), (3, "rare"), (4, "variant"), (8, "variant"), (9, "typical"), (14, "typical"),
     (15, "general"), (16, "general")],
)  # fmt: skip
def test_from_sixteen_cases_on_two_and_three_are_rare(x, label):
    assert cqr_label(x, 16) == label  # half is 8


def test_general_begins_at_all_but_one_however_large_the_sample():
    assert cqr_label([17, 18, 90, 91], [19, 19, 92, 92]).tolist() == [
        "typical", "general", "typical", "general",
    ]  # fmt: skip


def test_half_of_an_even_sample_is_variant_as_in_lawler_2021():
    # Table 4 of PMC8663602 puts 4 of 8 into Variant, whatever its note says.
    assert cqr_label(4, 8) == "variant"


def test_an_unknown_count_has_no_label():
    assert cqr_label([np.nan, 3, np.nan], [8, np.nan, np.nan]).tolist() == ["", "", ""]


@pytest.mark.parametrize(("x", "n"), [(9, 8), (-1, 8)])
def test_counts_that_cannot_be_are_refused(x, n):
    with pytest.raises(ModelError, match="more cases"):
        cqr_label(x, n)


def test_no_case_at_all_has_no_label():
    assert cqr_label(0, 0) == ""
    assert cqr_label([], []).tolist() == []


def test_more_cases_never_give_a_less_frequent_label():
    order = ["", "rare", "variant", "typical", "general"]
    for n in range(1, 60):
        places = [order.index(label) for label in cqr_label(np.arange(n + 1), n)]
        assert places == sorted(places)


# Stability


@pytest.mark.parametrize(
    ("x", "n", "stable"),
    [
        (4, 8, False),  # variant; without one of the other four it would be 4 of 7, typical
        (5, 8, True),  # typical; 4 of 7 and 5 of 7 are too
        (6, 8, False),  # typical; 6 of 7 would be general
        (2, 8, False),  # variant; 1 of 7 has no label
        (3, 8, True),  # variant; 2 of 7 and 3 of 7 are too
        (8, 8, True),  # general; 7 of 7 is too, and there is nobody else to leave out
        (3, 16, False),  # rare; 3 of 15 would be variant, since only samples over 15 have rare
        (4, 16, True),  # variant; 3 of 15 and 4 of 15 are too
        (4, 40, False),  # variant; 3 of 39 would be rare
        (0, 8, True),
    ],
)
def test_a_label_is_stable_if_no_single_case_decides_it(x, n, stable):
    assert bool(cqr_stable(x, n)) == stable


def test_an_unknown_count_is_never_called_stable():
    assert cqr_stable([np.nan, 0.0], [8, 0]).tolist() == [False, True]


# Steps


@pytest.mark.parametrize(
    ("pair", "steps"),
    [
        ((8, 8, 5, 8), 1),  # general, typical
        ((8, 8, 4, 8), 2),  # general, variant
        ((8, 8, 1, 8), 3),  # general, none: rare is no step in small samples
        ((4, 8, 1, 8), 1),  # variant, none
        ((1, 8, 8, 8), -3),
        ((20, 40, 3, 40), 1),  # variant, rare
        ((20, 40, 1, 40), 2),  # variant, none: rare lies between
        ((4, 8, 3, 40), 1),  # variant in eight, rare in forty
    ],
)
def test_steps_are_counted_between_labels_that_either_sample_can_have(pair, steps):
    assert cqr_steps(*pair) == steps


def test_steps_of_an_unknown_count_are_unknown():
    assert np.isnan(cqr_steps([np.nan], [8], [3], [8])).all()
