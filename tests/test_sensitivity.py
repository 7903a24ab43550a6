"""Shares are worked out by hand; each derivation stands beside its figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from counted_otherwise import (
    GROUP_OF_SIX,
    MANY,
    MIXED,
    SIX,
    by_choice,
    mixed_study,
    of,
    said,
    two_coders,
)
from example_waves import Example
from handmade import a_matrix, counted

import analysis_lib as al
from analysis_lib.errors import ModelError
from analysis_lib.figures import can_draw
from analysis_lib.quantitize import NOTHING_CODED, ThemeMatrix
from analysis_lib.result_files import result_files
from analysis_lib.sensitivity import NO_THEME, NOTHING_VARIES, Sensitivity, sensitivity
from analysis_lib.sentences import sentences
from analysis_lib.specifications import (
    MIXED_COMPARED,
    NO_SUCH_GROUP,
    NOBODY_MIXED,
    NONE_WEAK,
    NOT_COMPARED,
    SAME_AS_OWN,
    SAME_BASE,
)
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of
from analysis_lib.ways_of_counting import NO_SEGMENTS, NO_SPREAD, NO_WORDS


def dropped(found: Sensitivity) -> dict[tuple[str, str], str]:
    return {(row.choice, row.value): row.reason for row in found.dropped.itertuples()}


# The stated analysis


def test_the_first_specification_is_the_contrast_of_the_crosstab() -> None:
    crosstab = al.crosstab_themes(mixed_study())
    stated = sensitivity(crosstab).table.iloc[0]
    contrast = crosstab.contrasts.iloc[0]
    assert (stated["stated"], stated["mixed"], stated["unit"]) == (True, "own_group", "participant")
    for here, there in (
        ("estimate", "risk_difference"),
        ("conf_low", "rd_low"),
        ("conf_high", "rd_high"),
        ("p_adjusted", "p_adjusted"),
        ("tier", "tier"),
        ("n_with_theme", "n_with_theme"),
    ):
        assert stated[here] == contrast[there], here


def test_a_study_that_names_no_choice_has_one_specification_and_says_so() -> None:
    found = of(counted({"helpful": 10, "unhelpful": 10}, {"cold": {"helpful": 2, "unhelpful": 8}}))
    assert len(found.specifications) == 1
    assert can_draw(payload_of(found, "curve")) == "there is one specification only"
    assert "in one way" in sentences(payload_of(found, "sentences"))[0].text
    assert "nothing was varied" in format_table(payload_of(found)).as_text()


def test_the_stated_base_comes_first_even_if_the_grid_does_not_name_it() -> None:
    matrix = mixed_study(base="any_theme", sensitivity={"base": ["all_with_material"]})
    assert of(matrix).specifications["base"].tolist() == ["any_theme", "all_with_material"]


# Where the mixed group goes


def test_the_mixed_group_is_counted_where_it_goes() -> None:
    # 6/10 - 2/10; (6 + 5)/(10 + 5) - 2/10; 6/10 - (2 + 5)/(10 + 5)
    found = by_choice(of(mixed_study()), "mixed")
    assert found == pytest.approx(
        {"own_group": 0.4, "with_unhelpful": 11 / 15 - 0.2, "with_helpful": 0.6 - 7 / 15}
    )


def test_leaving_the_mixed_group_out_is_not_counted_twice() -> None:
    assert dropped(of(mixed_study()))["mixed", "left_out"] == SAME_AS_OWN


def test_without_a_group_called_mixed_that_choice_has_one_value_and_the_reason_is_said() -> None:
    two = {"well": 10, "relapsed": 10}
    found = of(counted(two, {"cold": {"well": 2, "relapsed": 6}}, sensitivity=MIXED))
    assert (found.group, found.reference) == ("relapsed", "well")
    assert found.specifications["mixed"].tolist() == ["no_mixed_group"]
    assert set(dropped(found).values()) == {NO_SUCH_GROUP, NOTHING_CODED}  # no codings behind the counts
    assert NO_SUCH_GROUP in format_table(payload_of(found)).as_text()


NONE_WEAK_OR_UNKNOWN = (
    "nothing was coded in this wave, so no theme can be counted"  # no rows behind the counts
)


def test_a_mixed_group_without_anybody_cannot_be_moved() -> None:
    found = of(mixed_study({"helpful": 10, "unhelpful": 10, "mixed": 0}))
    assert dropped(found)["mixed", "with_helpful"] == NOBODY_MIXED


def test_a_mixed_group_that_is_compared_is_not_moved() -> None:
    found = of(mixed_study(), group="mixed")
    assert dropped(found)["mixed", "with_helpful"] == MIXED_COMPARED
    assert found.table["estimate"].tolist() == pytest.approx([5 / 5 - 2 / 10])


def test_the_mixed_group_joins_only_a_group_that_is_compared() -> None:
    sizes = {"helpful": 10, "unhelpful": 10, "mixed": 5, "dropped_out": 10}
    found = of(mixed_study(sizes), group="dropped_out")
    assert dropped(found)["mixed", "with_unhelpful"] == NOT_COMPARED
    assert found.specifications["mixed"].tolist() == ["own_group", "with_helpful"]


def test_the_mixed_group_is_compared_by_default_only_where_there_is_no_other() -> None:
    assert of(mixed_study({"helpful": 10, "mixed": 10, "unhelpful": 10})).group == "unhelpful"
    assert of(mixed_study({"helpful": 10, "mixed": 10, "unhelpful": 0})).group == "mixed"


def test_a_group_that_does_not_exist_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ModelError, match="unhelpful"):
        of(mixed_study(), group="unhelpfull")


def test_the_reference_is_not_compared_with_itself() -> None:
    with pytest.raises(ModelError, match="is the reference"):
        of(mixed_study(), group="helpful")


# What is counted, and of whom


def test_people_without_any_theme_leave_the_other_base() -> None:
    # cold 2 of 10 and 6 of 10; of those with any theme 2 of 5 (warm 5, cold among them) and 6 of 6
    present = {"cold": {"helpful": 2, "unhelpful": 6}, "warm": {"helpful": 5, "unhelpful": 0}}
    matrix = counted(
        {"helpful": 10, "unhelpful": 10}, present, sensitivity={"base": ["all_with_material", "any_theme"]}
    )
    found = by_choice(of(matrix), "base")
    assert found == pytest.approx({"all_with_material": 0.4, "any_theme": 6 / 6 - 2 / 5})


def test_a_base_of_the_same_people_is_not_counted_twice() -> None:
    present = {"cold": {"helpful": 2, "unhelpful": 6}, "warm": {"helpful": 10, "unhelpful": 10}}
    matrix = counted({"helpful": 10, "unhelpful": 10}, present, sensitivity={"base": ["any_theme"]})
    assert dropped(of(matrix))["base", "any_theme"] == SAME_BASE


def test_segments_are_shares_of_segments_and_their_people_are_counted() -> None:
    # cold: 3 of 5 segments against 1 of 4; h3 has none and is not among the people behind it
    found = of(said(SIX, GROUP_OF_SIX, sensitivity={"unit": ["participant", "segment"]}))
    row = found.table[(found.table["unit"] == "segment") & (found.table["theme_id"] == "cold")].iloc[0]
    assert row["estimate"] == pytest.approx(3 / 5 - 1 / 4)
    assert (row["n_with_theme"], row["n_total"], row["n_with_reference"], row["n_reference"]) == (2, 3, 1, 2)


def test_a_share_of_segments_is_never_called_small_or_similar() -> None:
    found = of(said(SIX, GROUP_OF_SIX, sensitivity={"unit": ["segment"]}, smallest_difference=1.0))
    tiers = found.table.groupby("unit")["tier"].unique()
    assert set(tiers["participant"]) == {"similar"}
    assert set(tiers["segment"]) == {"cannot tell"}


def test_segments_that_nobody_knows_are_dropped_with_the_reason() -> None:
    assert dropped(of(mixed_study(sensitivity={"unit": ["segment"]})))["unit", "segment"] == NO_SEGMENTS


def a_talkative_group() -> ThemeMatrix:
    """Three in four of those who say much have the theme and one in four of the others, in either group."""
    present = [1] * 12 + [0] * 4 + [1] * 3 + [0] + [1] + [0] * 3 + [1] * 4 + [0] * 12
    much = [1] * 20 + [0] * 20
    group = ["unhelpful"] * 16 + ["helpful"] * 4 + ["unhelpful"] * 4 + ["helpful"] * 16
    ids = [f"p{i:02d}" for i in range(40)]
    matrix = a_matrix(
        pd.DataFrame({"outcome_group": group}, index=ids),
        pd.DataFrame({"cold": [float(value) for value in present]}, index=ids),
        sensitivity={"exposure": "log_words"},
    )
    return replace(matrix, n_words=pd.Series([1000.0 if yes else 10.0 for yes in much], index=ids))


def test_a_difference_that_comes_from_saying_more_goes_with_words_held_alike() -> None:
    found = by_choice(of(a_talkative_group()), "exposure")
    assert found["none"] == pytest.approx(13 / 20 - 7 / 20)
    assert abs(found["log_words"]) < 0.05


def test_people_whose_words_are_unknown_leave_only_where_words_are_held_alike() -> None:
    matrix = a_talkative_group()
    found = of(replace(matrix, n_words=matrix.n_words.mask(matrix.n_words.index == "p00")))
    n = found.table.set_index("exposure")["n_total"]
    assert (n["none"], n["log_words"]) == (20, 19)


def test_words_that_nobody_knows_are_dropped_with_the_reason() -> None:
    found = of(mixed_study(sensitivity={"exposure": "log_words"}))
    assert dropped(found)["exposure", "log_words"] == NO_WORDS


def test_the_number_of_coded_segments_can_be_held_alike_too() -> None:
    found = of(said(SIX, GROUP_OF_SIX, sensitivity={"exposure": "segments"}))
    assert set(found.specifications["exposure"]) == {"none", "segments"}


# Codes that coders do not agree on


def test_a_weak_code_is_left_out_once_and_the_theme_above_stands_on_the_rest() -> None:
    # Krippendorff's alpha of cold is 1 - .5 / (2 * 6 * 18 / (24 * 23)) = -.28, of T .15. With cold, T is held by
    # 6 of 6 against 1 of 6; without it by u1 and h1 alone.
    found = of(two_coders(sensitivity={"weak_codes_below": 0.1}))
    assert found.weak == ("T.cold",)
    assert by_choice(found, "codes", "T") == pytest.approx({"all": 5 / 6, "without_weak": 0.0})
    assert by_choice(found, "codes", "T.late") == pytest.approx({"all": 0.0, "without_weak": 0.0})
    assert list(by_choice(found, "codes", "T.cold")) == ["all"]
    assert "alpha below 0.10): Cold." in format_table(payload_of(found)).as_text()


def test_coders_who_agree_leave_no_weak_code() -> None:
    found = of(two_coders(alike=True))
    assert found.specifications["codes"].tolist() == ["all"]
    assert dropped(found)["codes", "without_weak"] == NONE_WEAK


def test_one_coder_leaves_no_weak_code_and_the_reason() -> None:
    assert "no assignments" in dropped(of(said(SIX, GROUP_OF_SIX)))["codes", "without_weak"]


# The joint test


def test_the_joint_p_of_one_specification_is_its_permutation_p() -> None:
    # 5 against 5 told apart without exception: 2 of the 252 ways of choosing 5 of 10
    matrix = counted({"helpful": 5, "unhelpful": 5}, {"cold": {"unhelpful": 5}}, n_permutations=MANY)
    found = of(matrix)
    expected = 2 / 252
    assert found.table["p_joint"].iloc[0] == pytest.approx(expected, abs=4 * np.sqrt(expected / 9_999))
    assert found.overall["p_overall"].iloc[0] == found.table["p_joint"].iloc[0]


def test_one_joint_p_stands_beside_every_specification_of_a_theme() -> None:
    found = of(mixed_study())
    assert found.table["p_joint"].nunique() == 1
    assert found.table["p_joint"].iloc[0] == found.themes["p_joint"].iloc[0]


def test_the_order_of_people_cannot_matter() -> None:
    matrix = said(SIX, GROUP_OF_SIX, sensitivity={"unit": ["segment"], "base": ["any_theme"]})
    other = said(
        dict(reversed(SIX.items())), GROUP_OF_SIX, sensitivity={"unit": ["segment"], "base": ["any_theme"]}
    )
    pd.testing.assert_frame_equal(of(matrix).table, of(other).table)


def test_strata_are_those_of_the_study() -> None:
    # Inside a site everybody has the same outcome except in one pair, so a permutation can swap that pair only.
    people = pd.DataFrame(
        {
            "outcome_group": ["helpful"] * 5 + ["unhelpful"] * 5,
            "site_id": ["a", "b", "b", "b", "b", "a", "c", "c", "c", "c"],
        },
        index=[f"p{i}" for i in range(10)],
    )
    values = pd.DataFrame({"cold": [0.0] * 5 + [1.0] * 5}, index=people.index)
    matrix = a_matrix(people, values, n_permutations=MANY)
    free = of(matrix).table["p_joint"].iloc[0]
    wave = replace(matrix.wave, study=replace(matrix.wave.study, strata=("site_id",)))
    inside = of(replace(matrix, wave=wave)).table["p_joint"].iloc[0]
    assert free < 0.02
    assert inside == pytest.approx(0.5, abs=0.02)  # only the order as it is reaches the difference


# What cannot be said


def test_a_small_group_gets_intervals_and_no_p_value() -> None:
    sizes, present = {"helpful": 10, "unhelpful": 3, "mixed": 5}, {"cold": {"helpful": 2, "unhelpful": 3}}
    found = of(mixed_study(sizes, present))
    assert "smaller than 5" in str(found.test_reason)
    assert found.table["conf_low"].notna().all()
    assert found.table[["p_joint", "p_adjusted"]].isna().all(axis=None)
    assert "No joint p:" in " ".join(s.text for s in sentences(payload_of(found, "sentences")))


def test_no_comparison_group_is_said_everywhere(without_comparison: Example) -> None:
    found = sensitivity(without_comparison.crosstab)
    assert found.table.empty
    assert "No comparison group" in format_table(payload_of(found)).as_text()
    assert "no comparison group" in str(can_draw(payload_of(found, "curve")))
    assert [s.kind for s in sentences(payload_of(found, "sentences"))] == ["refusal"]
    assert result_files(found)["sensitivity.csv"].empty
    assert result_files(payload_of(found))["sensitivity.csv"].empty


def test_the_reflexive_tradition_gets_none_and_the_reason() -> None:
    found = of(mixed_study(tradition="reflexive"))
    assert found.table.empty
    assert "reflexive" in str(found.reason)
    assert "Reflexive" in format_table(payload_of(found)).as_text()


def test_a_theme_that_nobody_has_is_no_reason_to_fail() -> None:
    assert of(mixed_study(present={"cold": {}})).reason == NO_THEME


def test_a_theme_that_everybody_has_differs_nowhere_and_is_not_tested() -> None:
    everybody = {"cold": {"helpful": 10, "unhelpful": 10, "mixed": 5}}
    matrix = mixed_study(present=everybody, sensitivity=MIXED | {"exposure": "log_words"})
    matrix = replace(matrix, n_words=pd.Series(np.arange(25.0) + 1, index=matrix.values.index))
    found = of(matrix)
    assert found.test_reason == NOTHING_VARIES
    from_counts = found.table[found.table["exposure"] == "none"]
    assert from_counts["estimate"].tolist() == [0.0, 0.0, 0.0]
    assert set(found.table.loc[found.table["exposure"] == "log_words", "reason"]) == {NO_SPREAD}


def test_three_people_are_enough_for_a_table() -> None:
    found = of(counted({"helpful": 2, "unhelpful": 1}, {"cold": {"unhelpful": 1}}))
    assert found.table["estimate"].tolist() == [1.0]
