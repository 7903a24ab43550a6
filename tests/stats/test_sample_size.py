import json
from pathlib import Path

import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats.sample_size import events_per_parameter, max_parameters, sample_size

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference" / "08_prediction.json"
needs_shared = pytest.mark.skipif(
    not SHARED.exists(),
    reason="the shared reference figures do not lie beside this repository; typed-in figures cover the same",
)


# Criteria 1 to 3 as the R package pmsampsize 1.1.3 prints them.
@pytest.mark.parametrize(
    ("parameters", "prevalence", "r2", "criteria"),
    [
        (4, 0.25, 0.10, (340, 111, 289)),
        (8, 0.25, 0.15, (439, 215, 289)),
        (6, 0.50, 0.20, (239, 141, 385)),
        (5, 0.10, 0.08, (538, 199, 139)),
    ],
)
def test_the_three_criteria_equal_r(parameters, prevalence, r2, criteria):
    needed = sample_size(n_parameters=parameters, prevalence=prevalence, r2_cox_snell=r2)
    assert (needed.n_shrinkage, needed.n_optimism, needed.n_prevalence) == criteria
    assert needed.n == max(criteria)


@needs_shared
def test_every_case_of_the_shared_reference_is_met():
    for case in json.loads(SHARED.read_text())["pmsampsize"]:
        needed = sample_size(
            n_parameters=case["parameters"], prevalence=case["prevalence"], r2_cox_snell=case["csrsquared"]
        )
        assert needed.n == case["sample_size"]
        assert needed.n_events == pytest.approx(case["events"])
        assert needed.events_per_parameter == pytest.approx(case["epp"], abs=0.005)
        assert needed.max_r2_cox_snell == pytest.approx(case["table"][0]["Max_Rsq"], abs=0.0005)


def test_events_follow_from_the_people_needed():
    needed = sample_size(n_parameters=4, prevalence=0.25, r2_cox_snell=0.1)
    assert (needed.n_events, needed.events_per_parameter) == (85, 21.25)


def test_148_people_allow_one_parameter_or_three():
    # 148 * -.1 * ln(1 - .1/.9) = 1.74 and 148 * -.1 * ln(1 - .2/.9) = 3.72
    assert max_parameters(148, r2_cox_snell=0.1) == 1
    assert max_parameters(148, r2_cox_snell=0.2) == 3


def test_too_few_people_allow_no_parameter():
    assert max_parameters(20, r2_cox_snell=0.1) == 0


def test_events_per_parameter_counts_the_smaller_group():
    assert events_per_parameter(111, 37, 4) == 9.25


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"n_parameters": 0}, "at least one parameter"),
        ({"prevalence": 1.0}, "prevalence must lie strictly between 0 and 1"),
        ({"r2_cox_snell": 0.7}, "between 0 and 0.675"),
        ({"r2_cox_snell": 0.0}, "between 0 and 0.675"),
        ({"shrinkage": 0.05}, "below the target shrinkage"),
        ({"margin": 0.0}, "margin"),
    ],
)
def test_values_out_of_range_are_refused(choices, words):
    sound = {"n_parameters": 4, "prevalence": 0.25, "r2_cox_snell": 0.1}
    with pytest.raises(ModelError, match=words):
        sample_size(**{**sound, **choices})


def test_negative_counts_are_refused():
    with pytest.raises(ModelError, match="cannot be negative"):
        events_per_parameter(-1, 5, 2)
    with pytest.raises(ModelError, match="cannot be negative"):
        max_parameters(-1, r2_cox_snell=0.1)


def test_the_explained_variation_must_be_below_the_shrinkage():
    with pytest.raises(ModelError, match=r"between 0 and the shrinkage of 0\.9"):
        max_parameters(148, r2_cox_snell=0.95)
