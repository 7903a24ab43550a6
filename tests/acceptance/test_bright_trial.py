"""A real trial: the group CBT arm of BRIGHT, 140 clients, 16 planned sessions, and no coded text at all.

Counts were taken from the raw file with awk. Odds ratios are from R 4.2.2: glm for maximum likelihood; brglm2
0.9 (mean bias reduction) with a profile of the penalised likelihood by optimize and uniroot for Firth.
"""

from __future__ import annotations

from math import exp, log
from pathlib import Path

import numpy as np
import pytest
import studies
from studies import BuiltWave

import analysis_lib as al

NOTHING_CODED = "nothing was coded in this wave, so no theme can be counted"


@pytest.mark.runs
@pytest.mark.parametrize(
    ("definition", "n_dropped"),
    [("under_1", 8), ("under_4", 27), ("under_8", 44), ("under_12", 56), ("under_16", 113)],
)
def test_how_many_dropped_out_depends_on_the_definition(
    bright: BuiltWave, definition: str, n_dropped: int
) -> None:
    row = bright.one("dropout_definitions.csv", definition=definition)
    assert (row["n_dropped"], row["n_judged"], row["n_unjudged"]) == (str(n_dropped), "140", "0")


@pytest.mark.runs
def test_maximum_likelihood_is_that_of_r(bright: BuiltWave) -> None:
    row = bright.one("termination_models.csv", event="under_8", adjusted="true", method="maximum likelihood")
    assert (row["term"], row["n_used"], row["n_events"]) == ("bdi_0m", "140", "44")
    assert float(row["odds_ratio"]) == pytest.approx(exp(-0.00582894499132), rel=1e-8)
    width = log(float(row["conf_high"])) - log(float(row["conf_low"]))
    assert width / 2 / 1.959963984540054 == pytest.approx(0.020639953449, rel=1e-6)
    assert float(row["p_value"]) == pytest.approx(0.777628647418, abs=1e-8)


@pytest.mark.runs
def test_firths_estimate_beside_it_is_that_of_r(bright: BuiltWave) -> None:
    row = bright.one("termination_models.csv", event="under_8", adjusted="true", method="firth")
    assert float(row["odds_ratio"]) == pytest.approx(exp(-0.00544131087678), rel=1e-6)
    assert float(row["conf_low"]) == pytest.approx(0.954966788304, rel=1e-6)
    assert float(row["conf_high"]) == pytest.approx(1.034847592588, rel=1e-6)
    assert float(row["p_value"]) == pytest.approx(0.788956339485, abs=1e-6)


@pytest.mark.runs
@pytest.mark.parametrize(
    ("event", "n_events", "slope"),
    [
        ("under_1", 8, -0.0187126882745),
        ("under_4", 27, -0.000865615337806),
        ("under_12", 56, 0.00780566105624),
        ("under_16", 113, 0.00676095581015),
    ],
)
def test_the_model_is_repeated_under_every_definition(
    bright: BuiltWave, event: str, n_events: int, slope: float
) -> None:
    row = bright.one("termination_models.csv", event=event, adjusted="true", method="maximum likelihood")
    assert int(row["n_events"]) == n_events
    assert float(row["odds_ratio"]) == pytest.approx(exp(slope), rel=1e-6)


def test_the_intercept_of_the_same_model_is_that_of_r() -> None:
    rows = [row for row in studies.rows_of(studies.DATA / "bright_group_cbt.csv") if row["cbt_arm"] == "1"]
    severity = np.array([[float(row["bdi_0m"])] for row in rows])
    left = np.array([float(row["sessions_attended"]) < 8 for row in rows], dtype=float)
    fit = al.stats.logistic(severity, left)
    assert fit.coef == pytest.approx([-0.58992418533446, -0.00582894499132], rel=1e-6)
    assert fit.se == pytest.approx([0.69608556249, 0.020639953449], rel=1e-6)


@pytest.mark.runs
def test_groups_come_from_a_dropout_definition_alone(bright: BuiltWave) -> None:
    assert "140 of 140 people who took part are analysed: 96 stayed and 44 left early." in bright.report


@pytest.mark.runs
def test_what_nobody_coded_is_not_counted_as_absent(bright: BuiltWave) -> None:
    shares = bright.exact("theme_by_outcome.csv")
    assert {row["n_total"] for row in shares} == {"0"}
    assert {row["share"] for row in shares} == {""}
    assert "mentioned none of the themes" not in bright.report


@pytest.mark.runs
def test_a_wave_without_a_theme_says_why_there_is_nothing_to_show(bright: BuiltWave) -> None:
    assert {row["reason"] for row in bright.exact("theme_tests.csv")} == {NOTHING_CODED}
    assert "Nothing was coded in this wave, so no theme can be counted." in bright.report
    display = bright.folder / "internal" / "INTERNAL_04_joint_display.ipynb"
    assert f"No theme to show: {NOTHING_CODED}." in display.read_text(encoding="utf-8")


@pytest.mark.runs
def test_the_report_is_one_file_that_fetches_nothing(bright: BuiltWave) -> None:
    assert studies.addresses_beyond_the_file(bright) == []


@pytest.mark.runs
def test_nothing_released_holds_a_clients_id(bright: BuiltWave) -> None:
    assert studies.released_files_with(r"client-\d", bright) == []


@pytest.mark.parametrize("status", ["active", "optional"])
def test_every_view_of_a_wave_without_codings_can_be_shown(tmp_path: Path, status: str) -> None:
    studies.bright_trial(tmp_path / "study", status=status)
    wave = al.load_wave(tmp_path / "study", studies.WAVE)
    themes = al.quantitize(wave)
    by_outcome, models = al.crosstab_themes(themes), al.fit_termination(themes)
    assert by_outcome.reason == NOTHING_CODED
    for view in ("dots", "shares", "differences", "contrasts", "tests"):
        assert al.show(by_outcome, view).text
    for view in ("flow", "characteristics", "two_axes", "dropout", "material", "findings"):
        assert al.show(al.describe_wave(wave), view).text
    assert al.show(al.joint_display(by_outcome, models)).text == f"No theme to show: {NOTHING_CODED}."


@pytest.mark.runs
def test_sessions_attended_are_not_held_against_definitions_by_sessions(bright: BuiltWave) -> None:
    # all five definitions count sessions, so time counted in sessions would be compared with itself
    assert bright.exact("time_to_dropout.csv") == []
    reasons = [row["reason"] for row in bright.exact("time_to_dropout_people.csv")]
    assert reasons == ["it is defined by sessions, which are the time itself"] * 5
