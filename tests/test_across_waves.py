"""Two waves that one can work out on paper: in each the theme triples the odds, added up it seems to lower them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import FACTS, Outcome, a_wave, themes
from tiny_study import WAVE, spoilt, write_study

import analysis_lib as al
from analysis_lib.across_waves import CHI_SQUARE, EXACT, AcrossWaves, across_waves
from analysis_lib.codebook import Change, Codebook, Theme
from analysis_lib.counts_by_wave import NO_COMPARISON, NO_FILES, NOBODY_HAS_IT
from analysis_lib.figures import alt_text, can_draw, caption, draw, numbers
from analysis_lib.quantitize import quantitize
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.stats.exact_strata import exact_strata
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of
from analysis_lib.wave import Wave

VIEWS = ("across_waves", "by_wave", "without_one", "people", "forest", "sentences")
# unhelpful and helpful people, and how many of them have the theme
RARE = {"cold": {"unhelpful": (20, 80), "helpful": (2, 20)}}
COMMON = {"cold": {"unhelpful": (18, 20), "helpful": (60, 80)}}
Cells = dict[str, dict[str, tuple[int, int]]]


def wave(name: str, cells: Cells, *, people: str = "", version: str = "1", **settings: Any) -> Wave:
    """A wave whose groups have these people with the theme of all; the first of each group have it."""
    sizes = {group: n for by_group in cells.values() for group, (_, n) in by_group.items()}
    ids = [(f"{people or name}-{group}-{i:03d}", group) for group, n in sizes.items() for i in range(n)]
    frame = pd.DataFrame(ids, columns=["participant_id", "outcome_group"]).set_index("participant_id")
    coded = [
        (f"{people or name}-{group}-{i:03d}", theme)
        for theme, by_group in cells.items()
        for group, (x, _) in by_group.items()
        for i in range(x)
    ]
    segments = pd.DataFrame(coded, columns=["participant_id", "code_id"])
    segments = segments.assign(
        segment_id=[f"s{i}" for i in range(len(coded))], coder_id="c", round="independent"
    )
    asked = pd.DataFrame({"participant_id": frame.index, "coder_id": "c", "round": "independent"})
    settings.setdefault("codebook", themes(*cells))
    tables = {"coded_segments": segments, "assignments": asked}
    facts = replace(FACTS, codebook_version=version)
    return replace(a_wave(frame, tables=tables, facts=facts, **settings), id=name)


def over(*waves: Wave, reference: str | None = None) -> AcrossWaves:
    """The last of the waves with those before it."""
    return across_waves(al.crosstab_themes(quantitize(waves[-1]), reference=reference), earlier=waves[:-1])


@pytest.fixture(scope="module")
def reversal() -> AcrossWaves:
    return over(wave("w1", RARE), wave("w2", COMMON))


def row(found: AcrossWaves, theme: str = "cold", group: str = "unhelpful") -> pd.Series:
    return found.table.set_index(["theme_id", "group"]).loc[(theme, group)]


def in_wave(found: AcrossWaves, name: str, theme: str = "cold", group: str = "unhelpful") -> pd.Series:
    return found.by_wave.set_index(["theme_id", "group", "wave"]).loc[(theme, group, name)]


# What is pooled


def test_a_difference_is_pooled_within_waves_and_not_turned_round_by_adding_them_up(
    reversal: AcrossWaves,
) -> None:
    # each wave by itself: 20 * 18 / (60 * 2) = 18 * 20 / (2 * 60) = 3; added up: 38 * 38 / (62 * 62) = 0.38
    stacked = reversal.by_wave[["n_with_theme", "n_total", "n_with_reference", "n_reference"]].sum()
    assert stacked.tolist() == [38, 100, 62, 100]
    assert row(reversal)["mh_odds_ratio"] == pytest.approx(3.0)
    assert row(reversal)["conf_low"] > 1
    assert row(reversal)["mh_risk_difference"] == pytest.approx(0.15)  # 25 - 10 and 90 - 75 points


def test_the_test_is_cochran_mantel_and_haenszels(reversal: AcrossWaves) -> None:
    # 38 with the theme, 80 * 22 / 100 + 20 * 78 / 100 expected; each wave has variance 80 * 20 * 22 * 78 / (100^2 * 99)
    assert row(reversal)["statistic"] == pytest.approx((38 - 33.2) ** 2 / (2 * 80 * 20 * 22 * 78 / 990_000))
    assert (row(reversal)["method"], row(reversal)["df"]) == (CHI_SQUARE, 1)


def test_two_waves_with_one_odds_ratio_show_no_heterogeneity(reversal: AcrossWaves) -> None:
    assert row(reversal)["breslow_day_p"] == pytest.approx(1.0)
    assert row(reversal)["tarone_p"] == pytest.approx(1.0)


def test_hartung_and_knapps_interval_is_never_narrower_than_that_of_one_common_odds_ratio(
    reversal: AcrossWaves,
) -> None:
    # variance of each log odds ratio: 1/20 + 1/60 + 1/2 + 1/18; of the pooled one half of it
    half = 1.959964 * np.sqrt((1 / 20 + 1 / 60 + 1 / 2 + 1 / 18) / 2)
    assert row(reversal)["hk_odds_ratio"] == pytest.approx(3.0)
    assert row(reversal)["hk_low"] == pytest.approx(3 * np.exp(-half), rel=1e-5)
    assert row(reversal)["hk_high"] == pytest.approx(3 * np.exp(half), rel=1e-5)


def test_each_wave_is_left_out_in_turn(reversal: AcrossWaves) -> None:
    left = reversal.without_one.set_index("left_out")
    assert list(left.index) == ["w1", "w2"]
    assert left["mh_odds_ratio"].tolist() == pytest.approx([3.0, 3.0])
    half = 1.959964 * np.sqrt(1 / 20 + 1 / 60 + 1 / 2 + 1 / 18)
    assert left["conf_low"].tolist() == pytest.approx([3 * np.exp(-half)] * 2, rel=1e-5)


def test_a_difference_that_no_wave_shows_by_itself_holds_together_only(reversal: AcrossWaves) -> None:
    assert row(reversal)["reading"] == "holds together"


def test_a_difference_that_every_wave_shows_by_itself_holds() -> None:
    strong = {"cold": {"unhelpful": (30, 40), "helpful": (10, 40)}}
    assert row(over(wave("w1", strong), wave("w2", strong)))["reading"] == "holds"


def test_waves_that_point_opposite_ways_are_said_to_differ() -> None:
    more, less = ((30, 40), (10, 40)), ((10, 40), (30, 40))
    made = [
        wave(f"w{i}", {"cold": dict(zip(("unhelpful", "helpful"), c, strict=True))})
        for i, c in enumerate((more, less))
    ]
    found = over(*made)
    assert row(found)["mh_odds_ratio"] == pytest.approx(1.0)
    assert row(found)["reading"] == "waves differ"
    text = sentences(payload_of(found, "sentences"))[0].text
    assert text.startswith(
        "“Cold” in the unhelpful against the helpful group: the waves do not agree by Tarone's test"
    )
    assert "w0: 30/40 v 10/40; w1: 10/40 v 30/40; over all of them odds ratio 1.00" in text
    assert "more often" not in text
    assert "less often" not in text


def test_p_values_are_adjusted_by_holm_over_themes_and_groups() -> None:
    two = [
        {**cells, "late": {"unhelpful": (n // 2, n), "helpful": (m // 2, m)}}
        for cells, n, m in ((RARE, 80, 20), (COMMON, 20, 80))
    ]
    found = over(wave("w1", two[0]), wave("w2", two[1])).table.set_index("theme_id")
    assert found.at["late", "p_value"] == pytest.approx(1.0)
    assert found.at["cold", "p_adjusted"] == pytest.approx(2 * found.at["cold", "p_value"])
    assert found.at["late", "p_adjusted"] == pytest.approx(1.0)


def test_few_people_with_a_theme_get_the_exact_test() -> None:
    cells = {"cold": {"unhelpful": (3, 20), "helpful": (1, 30)}}
    found = row(over(wave("w1", cells), wave("w2", cells)))
    assert found["method"] == EXACT
    assert found["p_value"] == exact_strata([[[3, 17], [1, 29]]] * 2).p_value
    assert np.isnan(found["statistic"])


def test_an_empty_cell_in_every_wave_has_exact_limits_and_says_what_is_missing() -> None:
    cells = {"cold": {"unhelpful": (0, 20), "helpful": (10, 20)}}
    found = row(over(wave("w1", cells), wave("w2", cells)))
    assert (found["mh_odds_ratio"], found["conf_low"]) == (0, 0)
    assert found["conf_high"] == exact_strata([[[0, 20], [10, 10]]] * 2).conf_high
    assert np.isnan(found[["rd_low", "rd_high", "tarone_p"]].astype(float)).all()
    assert found["reason"].startswith("a cell is empty in every wave")


def test_the_other_way_round_the_odds_ratio_is_turned_round(reversal: AcrossWaves) -> None:
    turned = over(wave("w1", RARE), wave("w2", COMMON), reference="unhelpful")
    assert row(turned, group="helpful")["mh_odds_ratio"] == pytest.approx(1 / 3)
    assert row(turned, group="helpful")["p_value"] == pytest.approx(row(reversal)["p_value"])


def test_the_order_of_rows_in_the_files_does_not_matter(reversal: AcrossWaves) -> None:
    def shuffled(given: Wave) -> Wave:
        people, segments = given.participants.iloc[::-1], given.segments.iloc[::-1].reset_index(drop=True)
        return replace(given, participants=people, segments=segments)

    found = over(shuffled(wave("w1", RARE)), shuffled(wave("w2", COMMON)))
    pd.testing.assert_frame_equal(found.table, reversal.table)
    pd.testing.assert_frame_equal(found.without_one, reversal.without_one)


# Who counts


def test_who_stands_in_two_waves_counts_in_the_first_only() -> None:
    first = {"cold": {"unhelpful": (4, 10), "helpful": (2, 10)}}
    second = {"cold": {"unhelpful": (11, 11), "helpful": (12, 12)}}
    found = over(wave("w1", first, people="p"), wave("w2", second, people="p"))
    assert found.waves[["wave", "n_counted", "n_repeated"]].to_numpy().tolist() == [
        ["w1", 20, 0],
        ["w2", 3, 20],
    ]
    assert in_wave(found, "w1")["n_with_theme"] == 4
    assert in_wave(found, "w2")[["n_total", "n_reference"]].tolist() == [1, 2]


def test_the_table_of_people_and_a_sentence_say_how_many_were_left_out() -> None:
    second = {"cold": {"unhelpful": (5, 11), "helpful": (3, 12)}}
    found = over(wave("w1", RARE), wave("w2", {"cold": {"unhelpful": (4, 10), "helpful": (2, 10)}}, people="p"),
                 wave("w3", second, people="p"))  # fmt: skip
    assert "Wave w3  3               20" in format_table(payload_of(found, "people")).as_text()
    said = " ".join(sentence.text for sentence in sentences(payload_of(found, "sentences")))
    assert "20 people of wave w3 had been counted in an earlier wave and count there only." in said


def test_a_wave_that_is_not_compared_uses_up_nobody() -> None:
    alone = {"cold": {"unhelpful": (5, 10)}}
    both = {"cold": {"unhelpful": (5, 10), "helpful": (2, 10)}}
    found = over(wave("w1", alone, people="p"), wave("w2", both, people="p"), wave("w3", both))
    assert found.waves["n_repeated"].tolist() == [0, 0, 0]
    assert found.waves["n_counted"].tolist() == [10, 20, 20]


def test_people_without_any_theme_leave_the_base_where_the_study_says_so() -> None:
    cells = {"cold": {"unhelpful": (4, 10), "helpful": (2, 10)}}
    found = over(wave("w1", cells, base="any_theme"), wave("w2", cells, base="any_theme"))
    assert found.waves["n_counted"].tolist() == [6, 6]


def test_a_panel_is_refused_since_it_needs_paired_methods() -> None:
    found = over(wave("w1", RARE, repeated="panel"), wave("w2", COMMON, repeated="panel"))
    assert "methods for paired data" in str(found.reason)
    assert len(found.table) == 0
    assert "paired data" in format_table(payload_of(found)).as_text()


# What a theme meant


def one_theme(**more: Any) -> Codebook:
    return Codebook("2", (Theme("cold", "Cold", **more),))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"since": "2"}, "not in its codebook"),
        ({"history": (Change("2", "redefined", ""),)}, "redefined in 2"),
        ({"history": (Change("2", "split", ""),)}, "split in 2"),
    ],
)
def test_a_theme_that_meant_something_else_is_missing_there_and_not_0(
    more: dict[str, Any], reason: str
) -> None:
    codebook = one_theme(**more)
    waves = [wave("w1", RARE, codebook=codebook)]
    waves += [wave(name, COMMON, version="2", codebook=codebook) for name in ("w2", "w3")]
    found = over(*waves)
    assert in_wave(found, "w1")["reason"] == reason
    assert in_wave(found, "w1")[["n_with_theme", "n_total"]].isna().all()
    assert row(found)["n_waves"] == 2


@pytest.mark.parametrize(
    ("more", "version"),
    [
        ({"history": (Change("2", "renamed", ""),)}, "2"),
        ({"since": "1.0.0"}, "2"),
        ({"since": "1.9"}, "1.10"),
    ],
)
def test_a_theme_that_kept_its_meaning_counts_everywhere(more: dict[str, Any], version: str) -> None:
    first = "1.9.0" if version == "1.10" else "1"
    found = over(wave("w1", RARE, version=first, codebook=one_theme(**more)),
                 wave("w2", COMMON, version=version, codebook=one_theme(**more)))  # fmt: skip
    assert row(found)["n_waves"] == 2


def test_an_upper_theme_is_not_what_it_was_once_a_theme_below_it_changed() -> None:
    codebook = Codebook("2", (Theme("cold", "Cold"), Theme("icy", "Icy", parent="cold", since="2")))
    found = over(wave("w1", RARE, codebook=codebook), wave("w2", COMMON, version="2", codebook=codebook))
    assert in_wave(found, "w1")["reason"] == "a theme below it changed in 2"
    assert row(found)["reason"] == "only one wave can be compared: a theme below it changed in 2"


def test_a_theme_that_nobody_was_coded_for_in_a_wave_is_missing_there() -> None:
    codebook = one_theme(status="optional")
    empty = {"cold": {"unhelpful": (0, 10), "helpful": (0, 10)}}
    found = over(wave("w1", empty, codebook=codebook), wave("w2", COMMON, codebook=codebook))
    assert in_wave(found, "w1")["reason"] == "not coded"
    assert pd.isna(in_wave(found, "w1")["n_total"])


def test_a_wave_in_which_nobody_has_the_theme_keeps_its_zeros_and_says_so() -> None:
    nobody = {"cold": {"unhelpful": (0, 10), "helpful": (0, 10)}}
    found = over(wave("w1", nobody), wave("w2", RARE), wave("w3", COMMON))
    assert in_wave(found, "w1")["n_with_theme"] == 0
    assert in_wave(found, "w1")["reason"] == NOBODY_HAS_IT
    assert row(found)["n_waves"] == 2


# What cannot be said


def test_one_wave_is_nothing_to_compare_with_and_every_view_says_so() -> None:
    found = over(wave("w1", RARE))
    assert found.reason == "only one wave so far, so there is nothing to hold it against"
    for view in VIEWS:
        assert ("Wave w1" if view == "people" else "nly one wave so far") in al.show(found, view).text


def test_a_wave_without_a_comparison_group_contributes_nothing_and_is_named() -> None:
    alone = {"cold": {"unhelpful": (9, 10)}}
    found = over(wave("w1", RARE), wave("w2", alone), wave("w3", COMMON))
    assert row(found)["mh_odds_ratio"] == pytest.approx(3.0)
    assert found.waves.set_index("wave").at["w2", "reason"] == NO_COMPARISON
    assert (
        "Wave w2 is not in it: no comparison group in this wave." in format_table(payload_of(found)).as_text()
    )


@pytest.mark.parametrize(
    ("waves", "reason"),
    [
        (("both", "alone"), "only one wave so far has groups to compare"),
        (("alone", "alone"), "no wave so far has groups to compare"),
    ],
)
def test_too_few_waves_with_groups_are_a_reason(waves: tuple[str, ...], reason: str) -> None:
    cells = {"both": RARE, "alone": {"cold": {"unhelpful": (3, 5)}}}
    found = over(*(wave(f"w{i}", cells[kind]) for i, kind in enumerate(waves)))
    assert found.reason == reason
    assert found.table["mh_odds_ratio"].isna().all()
    assert found.table["reason"].notna().all()


def test_a_wave_with_broken_files_is_listed(tmp_path: Path) -> None:
    study = spoilt("study.yaml", ("waves: [w1]", "waves: [w0, w1]"))
    folder = write_study(tmp_path / "tiny", {**study, "waves/w0/wave.yaml": WAVE})
    found = across_waves(al.crosstab_themes(quantitize(al.load_wave(folder, "w1"))))
    assert found.waves.set_index("wave").at["w0", "reason"] == NO_FILES
    assert (found.by_wave.loc[found.by_wave["wave"] == "w0", "reason"] == NO_FILES).all()
    assert found.by_wave.loc[found.by_wave["wave"] == "w0", "n_total"].isna().all()


def test_a_group_under_five_over_all_waves_gets_intervals_only() -> None:
    cells = {"cold": {"unhelpful": (1, 2), "helpful": (3, 20)}}
    found = row(over(wave("w1", cells), wave("w2", cells)))
    assert np.isfinite(found["mh_odds_ratio"])
    assert np.isnan(found["p_value"])
    assert found["reason"] == "a group is smaller than 5 over all waves, so intervals only"


def test_the_reflexive_tradition_pools_nothing() -> None:
    found = over(wave("w1", RARE, tradition="reflexive"), wave("w2", COMMON, tradition="reflexive"))
    assert "does not read frequency as importance" in str(found.reason)


@pytest.mark.parametrize(
    "cells",
    [
        {"cold": {"unhelpful": (0, 3), "helpful": (0, 3)}},
        {"cold": {"unhelpful": (3, 3), "helpful": (3, 3)}},
        {"cold": {"unhelpful": (3, 3), "helpful": (0, 3)}},
        {"cold": {"unhelpful": (1, 1), "helpful": (0, 1)}},
        {"cold": {"unhelpful": (1, 3)}},
    ],
)
def test_degenerate_waves_give_reasons_and_no_error(cells: Cells) -> None:
    found = over(wave("w1", cells), wave("w2", cells))
    lacking = found.table[["mh_odds_ratio", "p_value", "rd_low", "tarone_p"]].isna().any(axis=1)
    assert found.table.loc[lacking, "reason"].notna().all()
    assert all(al.show(found, view).text for view in VIEWS)


def test_a_third_group_that_is_in_one_wave_only_is_not_pooled() -> None:
    outcome = Outcome(("helpful", "unhelpful", "mixed"), "helpful", {}, ())
    three = {"cold": {**RARE["cold"], "mixed": (2, 8)}}
    found = over(wave("w1", three, outcome=outcome), wave("w2", COMMON, outcome=outcome))
    assert row(found)["n_waves"] == 2
    assert row(found, group="mixed")["reason"] == "only one wave can be compared: nobody in the group"


# What leaves


def released(found: AcrossWaves, view: str, rule: str = "midpoint6") -> Any:
    rules = Rules("coauthor", rule, 6, frozenset({"reviewed"}), b"key")  # type: ignore[arg-type]  # one of the rules
    return release([payload_of(found, view)], rules).payloads[0]


def test_rounded_counts_are_pooled_and_not_the_exact_ones(reversal: AcrossWaves) -> None:
    # 20/80 becomes 21/81, 2/20 becomes 3/21, 18/20 becomes 15/21 and 60/80 becomes 57/81
    above = 21 * 18 / 102 + 15 * 24 / 102
    below = 60 * 3 / 102 + 6 * 57 / 102
    text = format_table(released(reversal, "across_waves")).as_text()
    assert f"{above / below:.2f} [" in text
    assert "3.00 [" not in text


def test_withheld_counts_leave_no_pooled_value(reversal: AcrossWaves) -> None:
    text = format_table(released(reversal, "across_waves", "suppress7_round5")).as_text()
    line = next(line for line in text.splitlines() if line.startswith("Cold"))
    assert line.split() == ["Cold", "2", "withheld"]
    assert can_draw(released(reversal, "forest", "suppress7_round5")) is not None


def test_no_reason_says_exactly_that_nobody_has_a_theme() -> None:
    nobody = {"cold": {"unhelpful": (0, 10), "helpful": (0, 10)}}
    found = over(wave("w1", nobody), wave("w2", RARE), wave("w3", COMMON))
    reasons = payload_of(found).tables["by_wave"].frame["reason"]
    assert reasons.isna().all()
    assert "0/10 v 0/10" in format_table(payload_of(found, "by_wave")).as_text()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("rule", ["midpoint6", "suppress7_round5"])
def test_every_view_can_be_made_from_released_counts(reversal: AcrossWaves, view: str, rule: str) -> None:
    payload = released(reversal, view, rule)
    if payload.shape == "sentences":
        assert sentences(payload)
    elif payload.shape == "table":
        assert "counts" in format_table(payload).as_text()
    elif can_draw(payload) is None:
        assert "Rounded" in caption(payload) or "rounded" in caption(payload)


# How it is shown


def test_the_main_table_has_a_row_per_theme_with_its_reading(reversal: AcrossWaves) -> None:
    text = format_table(payload_of(reversal)).as_text()
    assert "Unhelpful against helpful" in text
    assert "+15 [" in text
    assert "holds together" in text


def test_an_interval_that_lets_waves_differ_is_shown_from_three_waves_on(reversal: AcrossWaves) -> None:
    head = "If waves may differ [95% CI]"
    assert head not in format_table(payload_of(reversal)).as_text()
    assert (
        head
        in format_table(payload_of(over(wave("w1", RARE), wave("w2", RARE), wave("w3", COMMON)))).as_text()
    )


def test_the_table_wave_by_wave_carries_counts_and_differences(reversal: AcrossWaves) -> None:
    assert "20/80 v 2/20: +15 [" in format_table(payload_of(reversal, "by_wave")).as_text()


def test_the_table_without_one_wave_has_a_column_for_each(reversal: AcrossWaves) -> None:
    text = format_table(payload_of(reversal, "without_one")).as_text()
    assert all(words in text for words in ("All waves", "Without w1", "Without w2"))


def test_a_sentence_carries_the_people_behind_it_wave_by_wave(reversal: AcrossWaves) -> None:
    first = sentences(payload_of(reversal, "sentences"))[0]
    assert "w1: 20/80 v 2/20; w2: 18/20 v 60/80" in first.text
    assert "but not without w1 (3.00, 95% CI" in first.text
    assert first.anchor == "across-cold-unhelpful"


def test_the_forest_draws_a_line_per_wave_and_one_for_all(reversal: AcrossWaves) -> None:
    payload = payload_of(reversal, "forest")
    lines = numbers(payload).splitlines()
    assert lines[0] == "Cold"
    assert [line.split(" | ")[0] for line in lines[2:]] == ["Cold, w1", "Cold, w2", "Cold, all waves"]
    assert "| 20/80 v 2/20" in lines[2]
    assert draw(payload).axes
    assert "“Cold” in the group Unhelpful, +15 points" in alt_text(payload)


def test_files_hold_all_themes_exact_and_released(reversal: AcrossWaves) -> None:
    exact = result_files(reversal)
    assert list(exact) == ["across_waves.csv", "across_waves_by_wave.csv", "across_waves_without_one.csv"]
    for view, name in zip(("across_waves", "by_wave", "without_one"), exact, strict=True):
        (frame,) = result_files(released(reversal, view)).values()
        assert len(frame) == len(exact[name])


def test_the_example_pools_two_of_its_three_waves(examples: Any) -> None:
    earlier = [examples["2024a"].wave, examples["2024b"].wave]
    found = across_waves(examples["2025a"].crosstab, earlier=earlier)
    assert found.waves["reason"].fillna("").tolist() == ["", NO_COMPARISON, ""]
    assert row(found, "A.unempathic")["n_waves"] == 2
    assert row(found, "G.too_short")["reason"] == "only one wave can be compared: redefined in 1.1.0"
    assert row(found, "A.unempathic")["mh_odds_ratio"] == pytest.approx(
        al.stats.stratified([[[14, 23], [10, 82]], [[9, 13], [6, 52]]]).mh_odds_ratio
    )
