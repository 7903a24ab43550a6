"""What is told of other ways of counting: what leaves, tables, figure and sentences."""

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
from handmade import Outcome, counted

import analysis_lib as al
from analysis_lib.figures import alt_text, can_draw, caption, numbers
from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Payload
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sensitivity import Sensitivity, sensitivity
from analysis_lib.sentences import sentences
from analysis_lib.specification_table import theme_summary
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")


# The door


LARGE = {"helpful": 20, "unhelpful": 20, "mixed": 8}
OFTEN = {"cold": {"helpful": 2, "unhelpful": 13, "mixed": 7}}


def released(found: Sensitivity, view: str = "table") -> Payload:
    return release([payload_of(found, view)], ROUNDED).payloads[0]


def test_collapsed_groups_are_added_up_from_rounded_groups() -> None:
    # 13 -> 15 of 20 -> 21, 2 -> 3 of 21, 7 -> 9 of 8 -> 9: added, (15 + 9)/(21 + 9) and (3 + 9)/(21 + 9)
    rows = result_files(released(of(mixed_study(LARGE, OFTEN))))["sensitivity.csv"]
    found = dict(zip(rows["mixed"], rows["estimate"], strict=True))
    assert found == pytest.approx(
        {"own_group": 12 / 21, "with_unhelpful": 24 / 30 - 3 / 21, "with_helpful": 15 / 21 - 12 / 30}
    )


def test_no_exact_number_of_people_leaves() -> None:
    payload = released(of(mixed_study(LARGE, OFTEN)))
    for table in payload.tables.values():
        for i, (_, kind) in enumerate(table.columns):
            if kind == "people":
                assert all(row[i] % 6 in (0, 3) for row in table.rows if row[i] is not None)


def test_what_counts_do_not_give_leaves_only_with_enough_people_in_every_single_group() -> None:
    # Mixed joins a large group; taken apart from the uncollapsed estimate it would still be one person.
    sizes = {"helpful": 30, "unhelpful": 30, "mixed": 14}
    present = {"cold": {"helpful": 12, "unhelpful": 15, "mixed": 1}}
    matrix = counted(sizes, present, sensitivity=MIXED | {"exposure": "log_words"})
    words = pd.Series(np.tile([50.0, 200.0, 90.0], 25)[: len(matrix.values)], index=matrix.values.index)
    payload = released(of(replace(matrix, n_words=words)))
    rows = payload.tables["estimates"].frame.merge(payload.tables["specifications"].frame)
    estimates = dict(zip(rows["mixed"], rows["estimate"], strict=True))
    assert np.isfinite(estimates["own_group"])
    assert np.isnan([estimates["with_unhelpful"], estimates["with_helpful"]]).all()
    assert set(rows.loc[rows["mixed"] != "own_group", "reason"]) == {WITHHELD}


def test_the_released_file_has_the_columns_of_the_exact_one() -> None:
    found = of(mixed_study(LARGE, OFTEN))
    exact, rounded = result_files(found)["sensitivity.csv"], result_files(released(found))["sensitivity.csv"]
    assert list(exact) == list(rounded)
    assert list(exact)[:6] == ["specification", "theme_id", "estimate", "conf_low", "conf_high", "tier"]
    assert (exact["counts_rule"].iloc[0], rounded["counts_rule"].iloc[0]) == ("exact", "midpoint6")


def test_a_withheld_group_withholds_every_sum_that_it_is_part_of() -> None:
    payload = released(of(mixed_study()))  # five mixed people, no more than the smallest number
    rows = result_files(payload)["sensitivity.csv"].set_index("mixed")["estimate"]
    assert np.isfinite(rows["own_group"])
    assert rows[["with_unhelpful", "with_helpful"]].isna().all()


# Tables, figure, sentences


@pytest.fixture(scope="module")
def of_example(example: Example) -> Sensitivity:
    return sensitivity(example.crosstab)


def test_the_summary_keeps_people_and_segments_apart() -> None:
    found = of(said(SIX, GROUP_OF_SIX, sensitivity={"unit": ["segment"]}))
    cold = theme_summary(found.table).set_index("theme_id").loc["cold"]
    assert cold["smallest"] == cold["largest"] == pytest.approx(1 / 3)
    assert cold["segments_smallest"] == pytest.approx(0.35)
    assert cold["n_specifications"] == 2


def test_the_table_shows_the_spread_and_what_was_varied() -> None:
    text = format_table(payload_of(of(mixed_study()))).as_text()
    assert "Unhelpful Against Helpful Under Every Specification" in text
    assert "+13 to +53" in text  # 6/10 - 7/15 and 11/15 - 2/10
    assert "3 specifications. Varied: mixed group: group of its own, with unhelpful, with helpful." in text


def test_the_sentences_say_spread_joint_p_and_what_agreement_does_not_show() -> None:
    found = of(mixed_study(LARGE, OFTEN, n_permutations=MANY))
    texts = [s.text for s in sentences(payload_of(found, "sentences"))]
    assert texts[0] == (
        "The unhelpful group (20 people) and the helpful group (20 people) are compared under 3 specifications, which"
        " vary where the mixed group goes. Differences are of the unhelpful less the helpful group, in percentage"
        " points."
    )
    assert texts[2] == (
        "Themes whose intervals exclude 0: 1 of 1 under every specification and on the same side, 0 under some, 0"
        " under none (upper themes aside)."
    )
    # 13/20 - 2/20; 13/20 - 9/28 and 20/28 - 2/20
    assert texts[3].startswith(
        "“Cold”: +55 points as stated, +33 to +61 over the ways of counting people; 3 of 3 intervals exclude 0; as"
        " stated"
        " 13 of 20 (65%) and 2 of 20 (10%) (adjusted joint"
    )
    assert texts[-1].startswith("That a difference stands under every specification")


def test_a_theme_that_depends_on_the_choice_is_named() -> None:
    # helpful 2 of 20, unhelpful 8 of 20: Newcombe's interval excludes 0; with 7 of 8 mixed among the helpful not
    present = {"cold": {"helpful": 2, "unhelpful": 8, "mixed": 7}}
    texts = [s.text for s in sentences(payload_of(of(mixed_study(LARGE, present)), "sentences"))]
    assert "Depends on the choice, intervals that exclude 0: “Cold” (2 of 3)." in texts


def test_upper_themes_stand_in_the_table_and_not_in_the_sentences() -> None:
    found = of(two_coders(sensitivity={"weak_codes_below": 0.1}))
    assert "Therapist" in format_table(payload_of(found)).as_text()
    assert not [s for s in sentences(payload_of(found, "sentences")) if s.text.startswith("Therapist")]
    assert found.leading == ("T.cold", "T.late")


def test_the_curve_of_the_example_lists_every_mark_with_its_choices(of_example: Sensitivity) -> None:
    found, payload = of_example, payload_of(of_example, "curve")
    assert can_draw(payload) is None
    lines = numbers(payload).splitlines()
    per_theme = 1 + len(found.specifications)
    assert len(lines) == 1 + 6 * per_theme
    stated = found.table.query("specification == 'S01'").set_index("theme_id").loc[found.leading[0]]
    assert f"S01: {100 * stated['estimate']:.1f} [" in "".join(lines[2 : 2 + per_theme])
    assert "6 of 20 themes" in caption(payload)
    assert alt_text(payload).startswith("Specification curves, one panel per theme, Unhelpful (n = 37) less")


def test_the_curve_is_drawn_and_also_from_rounded_counts(of_example: Sensitivity) -> None:
    assert al.show(of_example, "curve").png is not None
    rounded = released(of_example, "curve")
    assert al.show(rounded).png is not None
    assert "Marks that are missing" in caption(rounded)


def test_the_crosstab_may_have_another_reference_than_the_study() -> None:
    crosstab = al.crosstab_themes(mixed_study(), reference="unhelpful")
    found = sensitivity(crosstab)
    assert (found.group, found.reference) == ("helpful", "unhelpful")
    # 2/10 - 6/10; (2 + 5)/15 - 6/10 with the mixed among the helpful; 2/10 - 11/15
    assert by_choice(found, "mixed") == pytest.approx(
        {"own_group": -0.4, "with_helpful": 7 / 15 - 0.6, "with_unhelpful": 0.2 - 11 / 15}
    )


def test_group_names_of_the_study_are_kept_in_the_words() -> None:
    outcome = Outcome(("good", "bad"), "good", {"good": "Did well", "bad": "Did badly"}, ())
    matrix = counted({"good": 10, "bad": 10}, {"cold": {"good": 2, "bad": 8}}, outcome=outcome)
    assert "Did Badly Against Did Well" in format_table(payload_of(of(matrix))).as_text()
