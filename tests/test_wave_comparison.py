"""Two or three waves that one can work out on paper: what moved, and what is not compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from waves_by_hand import counted_wave, shuffled, wave_of

import analysis_lib as al
from analysis_lib.change_tests import REFLEXIVE, SMALL, TOO_FEW
from analysis_lib.codebook import Change, Codebook, Theme
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.stats import exact_strata, exact_table_test, paired_change, risk_difference
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of
from analysis_lib.wave import Wave
from analysis_lib.wave_comparison import (
    FIRST_WAVE,
    NO_COMMON_THEME,
    NO_REPEATS,
    OTHER_GROUPS,
    WaveComparison,
    compare_waves,
)

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
BEFORE = {
    "cold": {"helpful": (4, 40), "unhelpful": (6, 30)},
    "late": {"helpful": (10, 40), "unhelpful": (8, 30)},
}
NOW = {
    "cold": {"helpful": (18, 40), "unhelpful": (15, 30)},
    "late": {"helpful": (9, 40), "unhelpful": (9, 30)},
}


def over(*waves: Wave) -> WaveComparison:
    """The last of the waves against those before it."""
    return compare_waves(waves[-1], earlier=waves[:-1])


def two(now: Any = NOW, before: Any = BEFORE, **settings: Any) -> WaveComparison:
    return over(counted_wave("w1", before, **settings), counted_wave("w2", now, look=2, **settings))


def change(found: WaveComparison, theme: str = "cold", group: str = "all", since: str = "w1") -> pd.Series:
    wave = found.matrix.wave.id
    frame = found.changes[found.changes["wave"] == wave].set_index(["theme_id", "group", "since"])
    return frame.loc[(theme, group, since)]


def said(found: object) -> str:
    return " ".join(sentence.text for sentence in sentences(payload_of(found, "sentences")))


# Different people


def test_the_change_of_everybody_is_newcombes_and_tested_inside_outcome_groups():
    row = change(two())
    newcombe = risk_difference(33, 70, 10, 70)
    assert (row["n_with_theme"], row["n_total"], row["n_with_before"], row["n_before"]) == (33, 70, 10, 70)
    assert row[["change", "conf_low", "conf_high"]].tolist() == pytest.approx(
        [23 / 70, newcombe.conf_low, newcombe.conf_high]
    )
    assert row["p_value"] == exact_strata([[[18, 22], [4, 36]], [[15, 15], [6, 24]]]).p_value


def test_p_is_adjusted_by_holm_over_all_themes():
    found = two()
    assert change(found, "late")["p_value"] == pytest.approx(1.0)
    assert change(found)["p_adjusted"] == pytest.approx(2 * change(found)["p_value"])


def test_each_change_has_a_reading():
    found = two()
    assert change(found)["tier"] == "clear"
    assert change(found, "late")["tier"] == "similar"
    assert (
        change(two(NOW | {"late": {"helpful": (14, 40), "unhelpful": (14, 30)}}), "late")["tier"]
        == "cannot tell"
    )


def test_groups_by_themselves_have_intervals_and_no_test():
    row = change(two(), group="unhelpful")
    newcombe = risk_difference(15, 30, 6, 30)
    assert row[["change", "conf_low"]].tolist() == pytest.approx([0.3, newcombe.conf_low])
    assert np.isnan(row["p_value"])


def test_a_change_of_mix_alone_is_at_most_a_lead():
    # In both waves half of the unhelpful and a tenth of the helpful have it; the waves hold 80 and 20, then 20 and 80.
    found = two(
        {"cold": {"helpful": (2, 20), "unhelpful": (40, 80)}},
        {"cold": {"helpful": (8, 80), "unhelpful": (10, 20)}},
    )
    row = change(found)
    assert row["change"] == pytest.approx(0.24)
    assert row["conf_low"] > 0
    assert row["p_value"] == pytest.approx(1.0)  # every split inside the groups is as expected
    assert row["same_mix"] == pytest.approx(0)
    assert (row["tier"], row["other_mix"]) == ("tentative", True)
    assert "it may be a change in who was asked" in said(found)


def test_the_first_wave_is_compared_too_where_it_is_not_the_one_before():
    middle = {"cold": {"helpful": (18, 40), "unhelpful": (15, 30)}}
    waves = [
        counted_wave(f"w{i}", cells, look=i)
        for i, cells in enumerate(({"cold": BEFORE["cold"]}, middle, middle), 1)
    ]
    found = over(*waves)
    assert change(found, since="w2")["change"] == pytest.approx(0)
    assert change(found, since="w1")["change"] == pytest.approx(23 / 70)
    assert set(found.tests["since"]) == {"w1", "w2"}


def test_a_theme_that_too_few_people_have_is_not_tested_and_not_counted():
    cells = [{**BEFORE, "rare": {"helpful": (x, 40), "unhelpful": (0, 30)}} for x in (0, 2)]
    found = two(cells[1] | {"cold": NOW["cold"]}, cells[0])
    assert change(found, "rare")["not_tested"] == TOO_FEW
    assert change(found)["p_adjusted"] == pytest.approx(2 * change(found)["p_value"])  # cold and late


def test_a_group_under_five_people_has_intervals_only():
    found = two({"cold": {"unhelpful": (3, 4)}}, {"cold": {"unhelpful": (5, 30)}})
    row = change(found, group="all")
    assert row["not_tested"] == SMALL
    assert np.isfinite(row["conf_low"])


def test_waves_with_other_groups_are_compared_by_the_groups_that_both_hold():
    found = two({"cold": {"unhelpful": (15, 30)}})
    assert change(found)["reason"] == OTHER_GROUPS
    assert change(found, group="helpful")["reason"] == "nobody in the group"
    assert change(found, group="unhelpful")["p_value"] == pytest.approx(
        exact_table_test([[15, 6], [15, 24]]).p_value
    )
    assert "Unhelpful, against wave w1" in format_table(payload_of(found, "changes")).as_text()


def test_a_handful_in_a_group_that_the_other_wave_lacks_does_not_forbid_the_comparison():
    found = two({"cold": {"unhelpful": (15, 30), "helpful": (1, 4)}}, {"cold": {"unhelpful": (6, 30)}})
    assert change(found)["reason"] is None


def test_the_order_of_rows_in_the_files_does_not_matter():
    waves = counted_wave("w1", BEFORE), counted_wave("w2", NOW, look=2)
    pd.testing.assert_frame_equal(over(*waves).changes, over(*map(shuffled, waves)).changes)


# The same people


def panel(*, now: set[int], before: set[int], n: int = 40, **settings: Any) -> WaveComparison:
    """People 0 to n twice; half of them helpful, and who has the theme when."""
    groups = {f"p{i:02d}": "helpful" if i % 2 else "unhelpful" for i in range(n)}
    waves = [
        wave_of(
            name,
            groups,
            {"cold": [f"p{i:02d}" for i in sorted(who)]},
            look=look,
            repeated="panel",
            **settings,
        )
        for look, (name, who) in enumerate((("w1", before), ("w2", now)), 1)
    ]
    return over(*waves)


def test_a_panel_compares_those_who_gained_it_with_those_who_lost_it():
    # 0-9 had it before, 4-19 have it now: 10 gained it, 4 lost it
    row = change(panel(now=set(range(4, 20)), before=set(range(10))))
    paired = paired_change(10, 4, 40)
    assert row[["n_now_only", "n_before_only", "n_pairs"]].tolist() == [10, 4, 40]
    assert row[["change", "conf_low", "conf_high"]].tolist() == pytest.approx(
        [6 / 40, paired.conf_low, paired.conf_high]
    )
    assert row["p_value"] == pytest.approx(paired.p_value)


def test_a_panel_counts_groups_as_they_were_in_the_earlier_wave():
    row = change(panel(now=set(range(4, 20)), before=set(range(10))), group="helpful")
    # odd numbers: 11 13 15 17 19 gained it, 1 3 lost it
    assert row[["n_now_only", "n_before_only", "n_pairs"]].tolist() == [5, 2, 20]


def test_a_panel_leaves_out_who_stands_in_one_wave_only():
    first = wave_of("w1", dict.fromkeys(["a", "b", "c"], "helpful"), {"cold": ["a"]}, repeated="panel")
    second = wave_of(
        "w2", dict.fromkeys(["b", "c", "d"], "helpful"), {"cold": ["b", "d"]}, repeated="panel", look=2
    )
    row = change(over(first, second))
    assert row[["n_now_only", "n_before_only", "n_pairs"]].tolist() == [1, 0, 2]
    assert row["not_tested"] == SMALL


def test_a_panel_in_which_nobody_comes_twice_is_refused():
    waves = [counted_wave(f"w{i}", BEFORE, repeated="panel", look=i) for i in (1, 2)]
    assert over(*waves).reason == NO_REPEATS


def test_a_panel_says_how_many_changed_and_never_that_something_rose():
    text = said(panel(now=set(range(4, 30)), before=set(range(6))))
    # 6 to 29 gained it, 0 to 3 lost it: 20 of 40 people more
    assert "Of 40 people who stand in wave w1 too, 24 have “Cold” now and had it not, 4 had it" in text
    assert "50 percentage points more (95% CI" in text
    assert "increas" not in text


def test_people_who_come_again_though_waves_are_independent_count_once_and_are_named():
    waves = [counted_wave(f"w{i}", cells, people="p", look=i) for i, cells in enumerate((BEFORE, NOW), 1)]
    more = counted_wave("w3", NOW, look=3)
    found = over(*waves, more)
    assert found.waves["n_repeated"].tolist() == [0, 70, 0]
    assert found.waves["n_counted"].tolist() == [70, 0, 70]
    assert "70 people of wave w2 stand in an earlier wave too" in said(found)


# What a theme meant


def with_book(*themes: Theme, now: Any, before: Any) -> WaveComparison:
    book = Codebook("2", themes)
    first = wave_of("w1", *before, codebook=book, version="1")
    return over(first, wave_of("w2", *now, codebook=book, version="2", look=2))


PEOPLE = {f"p{i}": "helpful" for i in range(6)}
OTHERS = {f"q{i}": "helpful" for i in range(6)}


def test_merged_codes_count_for_what_took_over():
    heirs = {"status": "retired", "replaced_by": ("far",), "history": (Change("2", "merged", ""),)}
    found = with_book(
        Theme("cold", "Cold", **heirs), Theme("rude", "Rude", **heirs), Theme("far", "Far"),
        before=(PEOPLE, {"cold": ["p0", "p1"], "rude": ["p1", "p2"]}), now=(OTHERS, {"far": ["q0"]}),
    )  # fmt: skip
    row = change(found, "far")
    assert (row["n_with_before"], row["n_with_theme"]) == (3, 1)  # p1 had both and counts once
    assert change(found, "cold")["reason"] == "merged into “Far” in 2"


def test_a_redefined_theme_is_counted_and_not_compared():
    theme = Theme("cold", "Cold", history=(Change("2", "redefined", ""),))
    found = with_book(
        theme, Theme("kept", "Kept"), before=(PEOPLE, {"cold": ["p0"], "kept": []}),
        now=(OTHERS, {"cold": ["q0"], "kept": ["q1"]}),
    )  # fmt: skip
    assert change(found)["reason"] == "redefined in 2"
    assert np.isnan(change(found)["change"])
    shares = found.shares[(found.shares["theme_id"] == "cold") & (found.shares["group"] == "all")]
    assert shares["n_with_theme"].tolist() == [1, 1]
    assert shares["comparable"].tolist() == [False, True]
    text = format_table(payload_of(found, "changes")).as_text()
    assert "not compared: redefined in 2" in text
    assert 'class="muted"' in format_table(payload_of(found, "changes")).as_html()


def test_a_new_theme_is_missing_before_and_not_zero():
    found = with_book(
        Theme("kept", "Kept"), Theme("fresh", "Fresh", since="2"), before=(PEOPLE, {"kept": []}),
        now=(OTHERS, {"kept": [], "fresh": ["q1"]}),
    )  # fmt: skip
    before = found.shares[(found.shares["theme_id"] == "fresh") & (found.shares["wave"] == "w1")]
    assert before["n_total"].isna().all()
    assert change(found, "fresh")["reason"] == "not in its codebook"


def test_codebooks_without_a_common_theme_are_refused():
    found = with_book(
        Theme("old", "Old", status="retired", history=(Change("2", "retired", ""),)),
        Theme("fresh", "Fresh", since="2"),
        before=(PEOPLE, {"old": ["p0"]}), now=(OTHERS, {"fresh": ["q1"]}),
    )  # fmt: skip
    assert found.reason == NO_COMMON_THEME
    assert "No theme means the same" in format_table(payload_of(found, "changes")).as_text()


# Refusals


def test_a_first_wave_says_that_it_is_the_first():
    found = over(counted_wave("w1", BEFORE))
    assert found.reason == FIRST_WAVE
    assert FIRST_WAVE[5:] in said(found)
    assert set(result_files(found)["wave_comparison.csv"]["reason"]) == {"no wave before it"}


def test_reflexive_work_shows_shares_and_no_test():
    found = two(tradition="reflexive")
    assert found.tests["p_value"].isna().all()
    assert change(found)["not_tested"] == REFLEXIVE
    assert change(found)["tier"] == ""
    assert REFLEXIVE[10:] in said(found)
    shown = format_table(payload_of(found, "changes"))
    assert [head.text for head in shown.heads[0]][-1] != "Reading"
    assert "not settled" not in said(found)


def test_a_wave_that_was_not_read_is_named(tmp_path):
    study = replace(counted_wave("w2", NOW).study, folder=tmp_path, waves=("w1", "w2"))
    found = compare_waves(replace(counted_wave("w2", NOW), study=study))
    assert found.reason == "no earlier wave can be read, so there is nothing to compare this one with"
    assert "its files have problems" in said(found) or "no earlier wave" in said(found).lower()


# What leaves


def test_interim_looks_are_named_in_sentences_and_tables():
    found = two(planned_looks=4)
    assert "Look 2 of 4, an interim look" in said(found)
    assert "Look 2 of 4: an interim look" in format_table(payload_of(found, "changes")).as_text()
    assert "interim" not in said(two(planned_looks=2))


def test_the_csv_has_a_row_per_theme_wave_and_group_with_the_columns_of_the_contract():
    frame = result_files(two())["wave_comparison.csv"]
    assert len(frame) == 2 * 2 * 3
    assert {
        "theme_id",
        "wave",
        "group",
        "share",
        "change",
        "conf_low",
        "conf_high",
        "comparable",
        "reason",
    } <= set(frame)
    row = frame[(frame["theme_id"] == "cold") & (frame["wave"] == "w2") & (frame["group"] == "all")].iloc[0]
    assert (row["share"], row["since"], row["comparable"]) == (pytest.approx(33 / 70), "w1", True)


@pytest.mark.parametrize("view", ["changes", "by_group", "shares", "codebook", "sentences"])
def test_rounded_counts_go_through_the_same_views(view: str):
    payload = release([payload_of(two(), view)], ROUNDED).payloads[0]
    shown = sentences(payload) if payload.shape == "sentences" else format_table(payload).rows
    assert shown


def test_changes_of_rounded_counts_follow_from_the_rounded_counts():
    payload = release([payload_of(two(), "shares")], ROUNDED).payloads[0]
    frame = result_files(payload)["wave_comparison.csv"]
    row = frame[
        (frame["theme_id"] == "cold") & (frame["wave"] == "w2") & (frame["group"] == "unhelpful")
    ].iloc[0]
    # 15 of 30 becomes 15 of 27, 6 of 30 becomes 3 of 27
    assert row[["n_with_theme", "n_total", "change"]].tolist() == [15, 27, pytest.approx(12 / 27)]


def test_the_figure_and_every_view_of_the_example_study_can_be_made(examples):
    found = al.compare_waves(examples["2025a"].wave)
    for view in ("changes", "by_group", "shares", "slopes", "codebook", "sentences"):
        assert al.show(found, view).text
