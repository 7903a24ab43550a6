"""Sessions until dropout: life tables worked by hand, R's figures, and what must not matter."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelError
from analysis_lib.stats import dropout_hazard, kaplan_meier, log_rank, person_sessions

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
R = json.loads((REFERENCE / "survival.json").read_text())

people = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 1)), min_size=1, max_size=20)


def therapies():
    return pd.read_csv(REFERENCE / "therapy_sessions.csv")


def test_five_therapies_by_hand():
    # at risk 5, 4, 3, 1, 1; dropouts 1, 0, 2, 0, 0
    stay = kaplan_meier([1, 2, 3, 3, 5], [1, 0, 1, 1, 0])
    assert stay.session.tolist() == [1, 2, 3, 4, 5]
    assert stay.at_risk.tolist() == [5, 4, 3, 1, 1]
    assert stay.events.tolist() == [1, 0, 2, 0, 0]
    assert stay.censored.tolist() == [0, 1, 0, 0, 1]
    assert stay.survival.tolist() == pytest.approx([4 / 5, 4 / 5, 4 / 15, 4 / 15, 4 / 15])
    assert stay.hazard.tolist() == pytest.approx([1 / 5, 0, 2 / 3, 0, 0])
    # Greenwood: (4/15)^2 * (1 / (5 * 4) + 2 / (3 * 1))
    assert stay.se[2] == pytest.approx(4 / 15 * math.sqrt(1 / 20 + 2 / 3))
    assert (stay.median, stay.n, stay.n_events, stay.reason) == (3.0, 5, 3, None)


def test_somebody_still_in_therapy_is_no_success():
    # 2 of 4 dropped out; the two in therapy after session 1 were never at risk of session 2
    stay = kaplan_meier([1, 1, 2, 2], [0, 0, 1, 1])
    assert stay.survival.tolist() == [1.0, 0.0]
    assert stay.median == 2.0


def test_log_log_limits_by_hand():
    # survival 1/2 of 8, se sqrt(1/32): half-width on the log-log scale 1.96 * se / (1/2 * log 2)
    stay = kaplan_meier([1] * 4 + [2] * 4, [1] * 4 + [0] * 4)
    half = 1.959964 * math.sqrt(1 / 32) / (0.5 * math.log(2))
    assert stay.conf_low[0] == pytest.approx(0.5 ** math.exp(half), rel=1e-5)
    assert stay.conf_high[0] == pytest.approx(0.5 ** math.exp(-half), rel=1e-5)


def test_nobody_dropped_out_leaves_an_exact_lower_limit():
    stay = kaplan_meier([2] * 10, [0] * 10)
    assert stay.survival.tolist() == [1.0, 1.0]
    assert stay.conf_low.tolist() == pytest.approx([0.025 ** (1 / 10)] * 2)
    assert stay.conf_high.tolist() == [1.0, 1.0]
    assert math.isnan(stay.median)
    assert stay.reason == "Nobody dropped out, so there is no median."


def test_everybody_dropped_out_at_once():
    stay = kaplan_meier([1] * 5, [1] * 5)
    assert (stay.survival.tolist(), stay.conf_low.tolist()) == ([0.0], [0.0])
    assert stay.conf_high[0] == pytest.approx(1 - 0.025 ** (1 / 5))
    assert "Survival reaches 0" in stay.reason


def test_one_person_in_therapy():
    stay = kaplan_meier([3], [0])
    assert stay.at_risk.tolist() == [1, 1, 1]
    assert stay.conf_low.tolist() == pytest.approx([0.025] * 3)


def test_fewer_than_half_have_no_median():
    stay = kaplan_meier([1, 2, 3], [1, 0, 0])
    assert math.isnan(stay.median)
    assert "no median" in stay.reason


@given(people, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_people_does_not_matter(rows, random):
    first = kaplan_meier(*zip(*rows, strict=True))
    second = kaplan_meier(*zip(*random.sample(rows, len(rows)), strict=True))
    assert first.survival.tolist() == second.survival.tolist()
    assert first.conf_low.tolist() == second.conf_low.tolist()


@given(people)
@settings(deadline=None, max_examples=40)
def test_everybody_is_accounted_for(rows):
    stay = kaplan_meier(*zip(*rows, strict=True))
    assert stay.events.sum() + stay.censored.sum() == len(rows)
    assert stay.at_risk[0] == len(rows)
    assert (np.diff(stay.at_risk) == -(stay.events + stay.censored)[:-1]).all()
    assert (stay.conf_low <= stay.survival).all()
    assert (stay.survival <= stay.conf_high).all()
    assert stay.survival.tolist() == pytest.approx(np.cumprod(1 - stay.hazard).tolist(), abs=1e-12)


def test_curve_and_limits_equal_r():
    data = therapies()
    stay = kaplan_meier(data["sessions"], data["dropped"])
    at = np.array(R["session"]) - 1
    assert stay.at_risk[at].tolist() == R["at_risk"]
    assert stay.events[at].tolist() == R["events"]
    for name, figure in (("survival", "survival"), ("se", "se"), ("conf_low", "low"), ("conf_high", "high")):
        assert getattr(stay, name)[at].tolist() == pytest.approx(R[figure], rel=1e-9)


def test_log_rank_by_hand():
    # session 1: 2 dropouts of 2 + 2, expected 1 in the first group, variance 1/3; later one group is left
    result = log_rank([1, 1, 8, 9], [1, 1, 1, 1], ["a", "a", "b", "b"])
    assert result.statistic == pytest.approx(3.0)
    assert (result.df, result.groups, result.reason) == (1, ("a", "b"), None)


def test_log_rank_equals_r():
    data = therapies()
    result = log_rank(data["sessions"], data["dropped"], data["format"])
    assert (result.statistic, result.p_value) == pytest.approx(
        (R["log_rank"]["statistic"], R["log_rank"]["p"]), rel=1e-9
    )


@pytest.mark.parametrize(
    ("sessions", "dropped", "groups", "reason"),
    [
        ([1, 2, 3], [0, 0, 0], ["a", "a", "b"], "Nobody dropped out"),
        ([1, 2, 3], [1, 0, 1], ["a", "a", "a"], "Fewer than two groups"),
        ([1, 4, 5], [0, 1, 1], ["a", "b", "b"], "Fewer than two groups"),
    ],
)
def test_groups_that_cannot_be_compared_have_a_reason(sessions, dropped, groups, reason):
    result = log_rank(sessions, dropped, groups)
    assert math.isnan(result.p_value)
    assert reason in result.reason


def test_one_row_per_session():
    person, session, left = person_sessions([3, 1, 2], [1, 1, 0])
    assert person.tolist() == [0, 0, 0, 1, 2, 2]
    assert session.tolist() == [1, 2, 3, 1, 1, 2]
    assert left.tolist() == [0, 0, 1, 1, 0, 0]


def test_hazard_models_equal_brglm2():
    data = therapies()
    covariates = data[["rupture", "severity"]]
    model = dropout_hazard(data["sessions"], data["dropped"], covariates)
    expected = R["log_baseline"]
    assert model.names == ("rupture", "severity")
    assert model.n_sessions == R["n_sessions"]
    assert model.coef.tolist() == pytest.approx([expected["rupture"], expected["severity"]], abs=1e-5)
    assert model.fit.coef[-1] == pytest.approx(expected["log(session)"], abs=1e-5)
    by_period = dropout_hazard(data["sessions"], data["dropped"], covariates, periods=(1, 4, 9))
    expected = R["period_baseline"]
    assert by_period.coef.tolist() == pytest.approx([expected["rupture"], expected["severity"]], abs=1e-5)
    assert by_period.fit.names[-2:] == ("from session 4", "from session 9")


def test_nobody_dropped_out_leaves_no_hazard_model():
    model = dropout_hazard([2, 3, 4], [0, 0, 0], [[0], [1], [1]])
    assert np.isnan(model.coef).all()
    assert model.reason is not None


@pytest.mark.parametrize(
    ("sessions", "dropped", "message"),
    [
        ([1, 2], [1], "one number for each person"),
        ([], [], "one number for each person"),
        ([0, 2], [1, 1], "1 people have no whole number of sessions"),
        ([1.5, 2], [1, 1], "leave out those who never started"),
        ([1, float("nan")], [1, 1], "no whole number"),
        ([1, 2], [1, 2], "dropped must be 0 or 1"),
        (["a", 2], [1, 0], "must be numbers"),
    ],
)
def test_what_cannot_be_analysed_is_refused(sessions, dropped, message):
    with pytest.raises(ModelError, match=message):
        kaplan_meier(sessions, dropped)


@pytest.mark.parametrize("periods", [(), (2, 4), (1, 4, 4), (1, 5, 3)])
def test_periods_must_start_with_session_1_and_rise(periods):
    with pytest.raises(ModelError, match="start with session 1"):
        dropout_hazard([1, 2, 3], [1, 0, 1], [[0], [1], [1]], periods=periods)


@pytest.mark.parametrize(
    ("groups", "message"), [(["a"], "one label for each"), (["a", None, "b"], "1 people have no group")]
)
def test_groups_must_fit(groups, message):
    with pytest.raises(ModelError, match=message):
        log_rank([1, 2, 3], [1, 0, 1], groups)
