"""Looking around in a wave: other groups, other people, another unit, with numbers that can be counted by eye."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_study import write_study

import analysis_lib as al
from analysis_lib.explore import OUTCOME, Explorable, Exploration, groupings
from analysis_lib.stats.proportions import risk_difference, wilson
from analysis_lib.wave import Wave


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Wave:
    return al.load_wave(write_study(tmp_path_factory.mktemp("tiny")), "w1")


@pytest.fixture(scope="module")
def example() -> Wave:
    return al.load_wave(al.EXAMPLE_STUDY, "2024a")


def cells(seen: Exploration, theme: str) -> dict[str, tuple[int, int]]:
    rows = seen.table[seen.table["theme_id"] == theme]
    return {row.group: (row.n_with_theme, row.n_total) for row in rows.itertuples()}


# Ten people agreed and have material. T1 saw P01, P02, P05, P08, P10 and P12, who has no outcome group; T2 saw P04,
# P06, P07 and P11. Cold was coded for P05, P06 and P10, a theme below A also for P01 and P11, and A itself for P07.
@pytest.mark.parametrize(
    ("theme", "asked", "expected"),
    [
        ("A.cold", {}, {"T1": (2, 6), "T2": (1, 4), "all": (3, 10)}),
        ("A", {}, {"T1": (3, 6), "T2": (3, 4), "all": (6, 10)}),
        ("A.cold", {"base": "any_theme"}, {"T1": (2, 4), "T2": (1, 3), "all": (3, 7)}),
        ("A.cold", {"unit": "segment"}, {"T1": (2, 5), "T2": (1, 3), "all": (3, 8)}),
        ("A.cold", {"unit": "document"}, {"T1": (2, 6), "T2": (1, 4), "all": (3, 10)}),
        ("A.cold", {"unit": "document", "base": "any_theme"}, {"T1": (2, 4), "T2": (1, 3), "all": (3, 7)}),
        (
            "A.cold",
            {"where": {"perceived_helpfulness": ["unhelpful"]}},
            {"T1": (2, 2), "T2": (1, 2), "all": (3, 4)},
        ),
        ("A.cold", {"groups": ["T2"]}, {"T2": (1, 4), "all": (1, 4)}),
    ],
)
def test_what_is_counted_can_be_counted_by_eye(
    tiny: Wave, theme: str, asked: dict[str, Any], expected: dict[str, tuple[int, int]]
) -> None:
    assert cells(al.explore_themes(tiny, by="therapist_id", **asked), theme) == expected


def test_a_segment_counts_once_however_many_coders_and_codes_it_has(tiny: Wave) -> None:
    # S04 carries two themes below A; S01 was coded by two coders.
    seen = al.explore_themes(tiny, by="therapist_id", unit="segment")
    assert cells(seen, "A")["T1"] == (3, 5)  # S02, S04, S07
    assert cells(seen, "B.skills")["T1"] == (2, 5)  # S01, S03


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_with_nothing_chosen_the_numbers_are_those_of_the_main_table(wave: str) -> None:
    themes = al.quantitize(al.load_wave(al.EXAMPLE_STUDY, wave))
    seen, main = al.explore_themes(themes.wave), al.crosstab_themes(themes)
    here = [*seen.choice.groups, "all"]
    columns = ["theme_id", "group", "n_with_theme", "n_total", "share", "conf_low", "conf_high", "n_segments"]
    expected = main.table[main.table["group"].isin(here)][columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(seen.table[columns], expected, check_dtype=False)
    if seen.choice.reference == main.reference:
        columns = ["theme_id", "group", "risk_difference", "rd_low", "rd_high"]
        expected = main.contrasts[main.contrasts["group"].isin(here)][columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(seen.contrasts[columns], expected, check_dtype=False)


def test_levels_of_every_column_add_up_to_all(example: Wave) -> None:
    explorable = Explorable(example)
    n_people = len(explorable.matrix.values)
    for column in explorable.groupings:
        seen = explorable.explore(by=column)
        assert sum(seen.n_groups) + seen.n_left_out == n_people, column
        counts = seen.table.pivot(index="theme_id", columns="group", values="n_with_theme")
        assert (counts.drop(columns="all").sum(axis=1) == counts["all"]).all(), column


def test_rows_in_another_order_change_nothing(tiny: Wave) -> None:
    rng = np.random.default_rng(3)
    mixed = replace(
        tiny,
        participants=tiny.participants.iloc[rng.permutation(len(tiny.participants))],
        segments=tiny.segments.iloc[rng.permutation(len(tiny.segments))].reset_index(drop=True),
    )
    for unit in ("participant", "document", "segment"):
        first, second = (al.explore_themes(wave, by="therapist_id", unit=unit) for wave in (tiny, mixed))
        pd.testing.assert_frame_equal(first.table, second.table)
        pd.testing.assert_frame_equal(first.contrasts, second.contrasts)


def test_people_have_the_intervals_of_their_counts(tiny: Wave) -> None:
    seen = al.explore_themes(tiny, by="therapist_id")
    row = seen.table.query("theme_id == 'A.cold' and group == 'T1'").iloc[0]
    share = wilson(2, 6)
    assert (row["conf_low"], row["conf_high"]) == (share.conf_low, share.conf_high)
    row = seen.contrasts.query("theme_id == 'A.cold'").iloc[0]
    difference = risk_difference(1, 4, 2, 6)
    assert (row["group"], row["reference"]) == ("T2", "T1")
    assert row["rd_low"] == difference.conf_low
    assert row["risk_difference"] == pytest.approx(1 / 4 - 2 / 6)


def test_what_people_said_has_no_interval_that_takes_it_for_independent(tiny: Wave) -> None:
    seen = al.explore_themes(tiny, by="therapist_id", unit="segment")
    assert seen.table[["conf_low", "conf_high"]].isna().all(axis=None)
    row = seen.contrasts.query("theme_id == 'A.cold'").iloc[0]
    assert row["risk_difference"] == pytest.approx(1 / 3 - 2 / 5)
    assert row["rd_low"] < row["risk_difference"] < row["rd_high"]


def test_the_reference_is_the_one_that_is_asked_for(tiny: Wave) -> None:
    seen = al.explore_themes(tiny, groups=["dropped_out", "unhelpful"], reference="unhelpful")
    assert set(seen.contrasts["group"]) == {"dropped_out"}
    assert al.explore_themes(tiny).choice.reference == "helpful"
    assert al.explore_themes(tiny, groups=["mixed", "unhelpful"]).choice.reference == "mixed"


def test_nobody_left_gives_empty_groups_and_a_sentence(tiny: Wave) -> None:
    nobody = {"perceived_helpfulness": ["mixed"], "therapist_id": ["T2"]}
    seen = al.explore_themes(tiny, by="therapist_id", where=nobody)
    assert (seen.n_groups, seen.n_left_out) == ((0, 0), 10)
    assert seen.table["share"].isna().all()
    assert "Nobody is in any of these groups." in al.say(seen).text
    for view in ("shares", "dots", "differences"):
        assert al.show(seen, view).text


def test_no_theme_chosen_gives_an_empty_table(tiny: Wave) -> None:
    seen = al.explore_themes(tiny, themes=[])
    assert len(seen.table) == len(seen.contrasts) == 0
    assert al.show(seen).text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "therapist"}, 'by: there is no such name. Did you mean "therapist_id"?'),
        ({"groups": ["helpfull"]}, "Allowed: helpful, unhelpful, mixed, dropped_out"),
        ({"reference": "T1"}, "reference: there is no such name"),
        ({"themes": ["A.cool"]}, 'Did you mean "A.cold"?'),
        ({"unit": "person"}, "Allowed: participant, document, segment"),
        ({"base": "all"}, "Allowed: all_with_material, any_theme"),
        ({"where": {"age": ["34"]}}, "where: there is no such name"),
        ({"where": {"therapist_id": ["T9"]}}, "Allowed: T1, T2"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(tiny: Wave, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?").replace(".", r"\.")):
        al.explore_themes(tiny, **asked)


def test_columns_that_cannot_be_compared_are_not_offered(example: Wave) -> None:
    offered = groupings(example)
    assert next(iter(offered)) == OUTCOME
    assert not {"participant_id", "age", "started_on", "satisfaction"} & set(offered)
    assert offered["modality"].labels["cbt"] == "CBT"
    assert offered["dropout_under_8"].labels == {"no": "Did not drop out", "yes": "Dropped out"}
    assert offered["ending_reason_patient"].labels["TR.practical"] == "Practical obstacles"


def test_the_table_and_the_figures_name_what_was_chosen(example: Wave) -> None:
    seen = al.explore_themes(example, by="delivery_mode", where={OUTCOME: ["mixed"]}, themes=["A.unempathic"])
    table = al.show(seen).text
    assert "By Delivery" in table or "by Delivery" in table
    assert "Only Outcome group: Mixed." in table
    assert "outcome group" not in table
    assert "by delivery" in al.say(seen).text


def test_nothing_in_an_exploration_is_a_p_value(example: Wave) -> None:
    seen = al.explore_themes(example)
    assert not [name for name in (*seen.table, *seen.contrasts) if name.startswith("p_")]
    assert "nothing here is tested" in al.say(seen).text


def test_quotes_behind_a_number_are_as_many_as_its_segments(example: Wave) -> None:
    seen = al.explore_themes(example, by="delivery_mode", themes=["A", "A.unempathic", "E.one_size"])
    for row in seen.table.itertuples():
        found = al.quotes_behind(seen, row.theme_id, row.group)
        assert len(found) == found["segment_id"].nunique() == row.n_segments
        assert found["participant_id"].nunique() == row.n_people


def test_quotes_come_with_what_stands_beside_them_and_whether_they_may_leave(tiny: Wave) -> None:
    seen = al.explore_themes(tiny)
    found = al.quotes_behind(seen, "B.skills", "helpful").set_index("segment_id")
    words = tiny.segments.drop_duplicates("segment_id").set_index("segment_id")["text"]
    assert list(found.index) == ["S01", "S03"]
    assert found.loc["S01", "after"] == words["S02"]
    assert pd.isna(found.loc["S01", "before"])
    assert found.loc["S01", "coders"] == "c1, c2"
    assert pd.isna(found.loc["S01", "why"])  # released by a reviewer
    assert found.loc["S03", "why"] == "not reviewed"


def test_words_of_people_who_did_not_agree_or_were_not_chosen_are_behind_no_number(tiny: Wave) -> None:
    seen = al.explore_themes(tiny, by="therapist_id", where={"perceived_helpfulness": ["helpful"]})
    assert set(al.quotes_behind(seen, "B.skills")["participant_id"]) == {"P01", "P02"}  # not P09
    with pytest.raises(ValueError, match="no such theme or group"):
        al.quotes_behind(seen, "B.skills", "helpful")


def test_a_study_folder_is_not_changed_by_looking(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    al.explore_themes(al.load_wave(study, "w1"), by="therapist_id")
    assert before == {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}


def test_quotes_can_be_read_some_at_a_time(example: Wave) -> None:
    seen = al.explore_themes(example)
    whole = al.quotes_behind(seen, "A")
    parts = [al.quotes_behind(seen, "A", start=start, at_most=20) for start in range(0, len(whole), 20)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
