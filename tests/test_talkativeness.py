"""Medians, pairs and shares are worked out by hand; each derivation stands beside its figure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example_waves import Example
from handmade import a_wave, counted, themes

import analysis_lib as al
from analysis_lib.errors import ModelError
from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ThemeMatrix, quantitize
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.talkativeness import NO_OVERLAP, ONE_PERSON, Talkativeness, talkativeness
from analysis_lib.views import payload_of
from analysis_lib.ways_of_counting import EVERYBODY_ALIKE, NO_SEGMENTS, NO_WORDS, NOBODY

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
TEN = {"helpful": 10, "unhelpful": 10}


def said(people: dict[str, tuple[str, int | None]], **settings: Any) -> ThemeMatrix:
    """People by id, h for helpful and u for unhelpful, with the codes of their segments and their words."""
    rows = [
        {"segment_id": f"{person}-{i}", "participant_id": person, "code_id": code, "coder_id": "x"}
        for person, (codes, _) in people.items()
        for i, code in enumerate(codes.split())
    ]
    words = pd.DataFrame(
        [(person, f"{person}-d", n) for person, (_, n) in people.items() if n is not None],
        columns=["participant_id", "document_id", "n_words"],
    )
    group = ["helpful" if person[0] == "h" else "unhelpful" for person in people]
    settings.setdefault("codebook", themes("cold", "warm"))
    tables = {"coded_segments": pd.DataFrame(rows), "documents": words}
    frame = pd.DataFrame({"outcome_group": group}, index=list(people))
    return quantitize(a_wave(frame, tables=tables, **settings))


def of(matrix: ThemeMatrix, **choices: Any) -> Talkativeness:
    return talkativeness(al.crosstab_themes(matrix), **choices)


def words(found: Talkativeness, group: str = "unhelpful", measure: str = "words") -> pd.Series:
    return found.material.set_index(["measure", "group"]).loc[(measure, group)]


def panel(found: Talkativeness, theme: str = "cold") -> pd.DataFrame:
    return found.panel[found.panel["theme_id"] == theme].set_index("way")


FOUR = {"h1": ("cold warm", 10), "h2": ("warm warm", 30), "u1": ("cold cold", 20), "u2": ("cold", 40)}


# How much each group says


def test_median_and_quartiles_are_those_of_the_people_whose_words_are_known() -> None:
    found = words(of(said(FOUR | {"u3": ("cold", 60), "u4": ("cold", None)})))
    assert (found["n"], found["n_known"]) == (4, 3)
    assert found[["lower", "median", "upper"]].tolist() == [30, 40, 50]


def test_the_chance_of_saying_more_is_a_share_of_pairs() -> None:
    # 20 and 40 against 10 and 30: three of four pairs
    assert words(of(said(FOUR)))["says_more"] == 0.75


def test_segments_are_described_beside_the_words() -> None:
    # 2 and 1 segments against 2 and 2: two ties and two fewer
    found = words(of(said(FOUR)), measure="segments")
    assert (found["median"], found["says_more"]) == (1.5, 0.25)


def test_the_reference_says_no_more_than_itself() -> None:
    assert np.isnan(words(of(said(FOUR)), "helpful")["says_more"])


def test_groups_without_overlap_have_no_interval_and_the_reason() -> None:
    found = words(of(said(FOUR | {"u1": ("cold", 50), "h2": ("warm", 20)})))
    assert (found["says_more"], found["reason"]) == (1.0, NO_OVERLAP)
    assert np.isnan(found["conf_low"])
    assert NO_OVERLAP in format_table(payload_of(of(said(FOUR | {"h2": ("warm", 15)})), "words")).as_text()


def test_one_person_has_no_interval_and_the_reason() -> None:
    found = words(of(said({name: FOUR[name] for name in ("h1", "h2", "u1")})))
    assert (found["says_more"], found["reason"]) == (0.5, ONE_PERSON)


def test_words_that_nobody_knows_are_refused_with_the_reason() -> None:
    found = of(said({person: (codes, None) for person, (codes, _) in FOUR.items()}))
    assert found.words_reason == NO_WORDS
    assert words(found)["reason"] == NO_WORDS
    table = format_table(payload_of(found, "words")).as_text()
    assert "Words per person" not in table.replace("No words per person", "")
    assert "No words per person: no words are known." in table
    first = sentences(payload_of(found, "sentences"))[0]
    assert (first.kind, first.text) == ("refusal", "No words are known, so nobody can be said to say more.")


def test_nothing_known_at_all_is_an_empty_table_with_the_reason() -> None:
    found = of(counted(TEN, {"cold": {"helpful": 2, "unhelpful": 6}}))
    assert words(found, measure="segments")["reason"] == NO_SEGMENTS
    assert "No words are known." in format_table(payload_of(found, "words")).as_text()


# The panel


def test_a_theme_is_counted_in_four_ways() -> None:
    # people 2/2 - 1/2, as all of them have a theme; 3 of 3 segments against 1 of 4
    found = panel(of(said(FOUR)))
    assert found["estimate"][["participants", "any_theme", "segments"]].tolist() == [0.5, 0.5, 0.75]
    assert found.index.tolist() == ["participants", "any_theme", "segments", "log_words"]


def test_any_theme_means_any_of_the_codebook_and_not_of_the_themes_shown() -> None:
    # Both unhelpful people have cold, which is not shown, so both are among those with any theme.
    found = of(said(FOUR), n_themes=1)
    assert set(found.panel["theme_id"]) == {"warm"}
    assert panel(found, "warm").at["any_theme", "n_total"] == 2


def test_a_difference_that_comes_from_saying_more_goes_with_words_held_alike() -> None:
    # Three in four of those who say much have the theme and one in four of the others, in either group.
    much = [("u", 24, 8), ("h", 6, 2)]
    little = [("u", 2, 6), ("h", 8, 24)]
    people = {
        f"{side}{n}{has}{i}": ("cold" if has else "", n)
        for n, cells in ((1000, much), (10, little))
        for side, with_it, without in cells
        for has, size in ((1, with_it), (0, without))
        for i in range(size)
    }
    found = of(said(people))
    rows = panel(found)
    assert rows.at["participants", "estimate"] == pytest.approx(26 / 40 - 14 / 40)
    assert abs(rows.at["log_words", "estimate"]) < 0.05
    texts = [s.text for s in sentences(payload_of(found, "sentences"))]
    assert texts[1] == (
        "Intervals that exclude 0, of the 1 theme picked for the largest differences between the unhelpful and the"
        " helpful group: 1 when people are counted, 0 when the number of words is held alike."
    )
    assert texts[2].startswith("“Cold”: +30 points [")
    # 32 and 8 say 1000 and 10 words against 8 and 32: 32 * 32 pairs more, 32 * 8 + 8 * 32 ties, of 1600
    assert texts[0].startswith("The unhelpful group says more than the helpful group: in 80 of 100 pairs")


def test_without_words_the_adjusted_difference_says_why() -> None:
    found = of(said({person: (codes, None) for person, (codes, _) in FOUR.items()}))
    assert panel(found).at["log_words", "reason"] == NO_WORDS
    assert NO_WORDS in format_table(payload_of(found, "panel")).as_text()
    assert "With words held alike nothing can be said about these themes." in [
        s.text for s in sentences(payload_of(found, "sentences"))
    ]


def test_without_segments_the_share_of_segments_says_why() -> None:
    found = of(counted(TEN, {"cold": {"helpful": 2, "unhelpful": 6}}))
    assert panel(found).at["segments", "reason"] == NO_SEGMENTS


def test_people_who_all_say_equally_much_need_no_adjustment() -> None:
    found = of(said({person: (codes, 50) for person, (codes, _) in FOUR.items()}))
    assert panel(found).at["log_words", "reason"] == EVERYBODY_ALIKE


def test_a_side_on_which_nobody_counts_says_so() -> None:
    found = of(said({"h1": ("", 10), "h2": ("", 20), "u1": ("cold", 30), "u2": ("warm", 40)}))
    assert panel(found).at["any_theme", "reason"] == NOBODY


def test_the_largest_difference_comes_first_and_themes_that_nobody_has_are_left_out() -> None:
    present = {
        "late": {"helpful": 5, "unhelpful": 6},
        "cold": {"helpful": 2, "unhelpful": 8},
        "gone": {"dropped_out": 9},
    }
    found = of(counted(TEN | {"dropped_out": 10}, present))
    assert list(dict.fromkeys(found.panel["theme_id"])) == ["cold", "late"]


def test_another_group_can_be_compared_and_an_unknown_one_is_refused() -> None:
    matrix = counted(TEN | {"mixed": 10}, {"cold": {"helpful": 2, "mixed": 9}})
    assert panel(of(matrix, group="mixed")).at["participants", "estimate"] == pytest.approx(0.7)
    with pytest.raises(ModelError, match="mixed"):
        of(matrix, group="mxed")


# What cannot be said


def test_no_comparison_group_leaves_the_words_alone(without_comparison: Example) -> None:
    found = talkativeness(without_comparison.crosstab)
    assert words(found)["n_known"] == 24
    assert found.panel.empty
    assert "No comparison group" in format_table(payload_of(found, "panel")).as_text()
    assert "Unhelpful" in format_table(payload_of(found, "words")).as_text()
    assert [s.kind for s in sentences(payload_of(found, "sentences"))] == ["refusal"]


def test_the_reflexive_tradition_gets_the_words_and_no_comparison() -> None:
    found = of(said(FOUR, tradition="reflexive"))
    assert words(found)["median"] == 30
    assert np.isnan(words(found)["says_more"])
    assert found.panel.empty
    assert "reflexive" in str(found.panel_reason)


def test_a_theme_that_nobody_has_is_no_reason_to_fail() -> None:
    found = of(counted(TEN, {"cold": {}}))
    assert found.panel_reason == "nobody who is compared has a theme"
    assert found.panel.empty


def test_the_order_of_people_cannot_matter() -> None:
    one, other = of(said(FOUR)), of(said(dict(reversed(FOUR.items()))))
    pd.testing.assert_frame_equal(one.panel, other.panel)
    pd.testing.assert_frame_equal(one.material, other.material)


# The door


def released(found: Talkativeness, view: str) -> Payload:
    return release([payload_of(found, view)], ROUNDED).payloads[0]


def test_medians_of_too_few_people_stay_inside() -> None:
    text = format_table(released(of(said(FOUR)), "words")).as_text()
    assert WITHHELD in text
    assert "75" not in text


def test_differences_of_people_come_from_rounded_counts() -> None:
    # 6 -> 3 of 10 -> 9 and 2 -> 3 of 9: no difference is left; exact it is 4 in 10
    found = of(counted(TEN, {"cold": {"helpful": 2, "unhelpful": 6}}))
    rows = result_files(released(found, "panel"))["talkativeness.csv"].set_index("way")
    assert rows.at["participants", "estimate"] == 0
    assert panel(found).at["participants", "estimate"] == pytest.approx(0.4)


def test_shares_of_segments_leave_only_with_enough_people_behind_them() -> None:
    many = {f"{side}{i}": ("cold warm" if i < 8 else "warm", 10 + i) for side in "hu" for i in range(16)}
    few = many | {f"u{i}": ("warm", 10 + i) for i in range(2, 16)}
    by_way = {}
    for name, people in (("many", many), ("few", few)):
        rows = result_files(released(of(said(people)), "panel"))["talkativeness.csv"]
        by_way[name] = rows[rows["theme_id"] == "cold"].set_index("way")
    assert np.isfinite(by_way["many"].at["segments", "estimate"])
    assert by_way["few"].at["segments", "reason"] == WITHHELD
    assert by_way["few"].at["log_words", "reason"] == WITHHELD


def test_the_released_files_have_the_columns_of_the_exact_ones() -> None:
    found = of(said(FOUR))
    exact = result_files(found)
    for view, name in (("panel", "talkativeness.csv"), ("words", "talkativeness_words.csv")):
        kept = [column for column in exact[name] if column != "smallest_cell"]
        rounded = result_files(released(found, view))[name]
        assert [column for column in rounded if column != "smallest_cell"] == kept


def test_no_change_is_read_into_rounding() -> None:
    found = of(said({f"{s}{i}": ("cold" if i < 8 else "warm", 9 + i) for s in "hu" for i in range(16)}))
    texts = [s.text for s in sentences(released(found, "sentences"))]
    assert not [text for text in texts if "points as people" in text]


# The example


def test_the_example_says_who_says_less_and_labels_shares_of_mentions(example: Example) -> None:
    found = talkativeness(example.crosstab, n_themes=3)
    assert len(found.panel) == 3 * 4
    first = found.panel[found.panel["way"] == "participants"].iloc[0]
    contrasts = example.crosstab.contrasts.set_index(["theme_id", "group"])
    assert first["estimate"] == contrasts.at[(first["theme_id"], "unhelpful"), "risk_difference"]
    assert "shares of mentions: not a share of people" in format_table(payload_of(found, "panel")).as_text()
    assert any("says less" in s.text for s in sentences(payload_of(found, "sentences")))


def test_words_of_the_example_are_those_of_the_intake(example: Example) -> None:
    intake = example.intake.material.set_index("group")
    found = talkativeness(replace(example.crosstab), n_themes=1)
    for group in example.crosstab.groups:
        assert words(found, group)["median"] == intake.at[group, "words_median"]
