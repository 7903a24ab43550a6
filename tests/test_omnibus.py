"""Chi-squares and probabilities are worked out by hand; each derivation stands beside its figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix, counted

import analysis_lib as al
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.omnibus import (
    ITSELF,
    NOTHING_VARIES,
    THROUGH_LOWER,
    Omnibus,
    effective_themes,
    lowest_level,
    mean_v_squared,
    omnibus_test,
)
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.release import Rules, release
from analysis_lib.report.bundle import write_bundle
from analysis_lib.result_files import result_files, save_results
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
TEN = {"helpful": 10, "unhelpful": 10}
# Pooled share 10/20: each group has variance 10 * 1/4, so 2 * 3 ** 2 / 2.5 = 7.2; five and five give 0.
COLD, WARM = {"helpful": 2, "unhelpful": 8}, {"helpful": 5, "unhelpful": 5}
NESTED = Codebook(
    "1",
    (Theme("T", "Therapist"), Theme("T.cold", "Cold", parent="T"), Theme("T.late", "Late", parent="T")),
)


def omnibus_of(present: dict[str, dict[str, int]], sizes: dict[str, int] = TEN, **settings: Any) -> Omnibus:
    return omnibus_test(al.crosstab_themes(counted(sizes, present, **settings)))


def row(found: Omnibus, test: str = "mmi_permutation") -> pd.Series:
    return found.table.set_index("test").loc[test]


def why(found: Omnibus) -> dict[str, str | None]:
    return dict(zip(found.themes["theme_id"], found.themes["reason"], strict=True))


# The test


def test_the_statistic_is_the_sum_of_the_chi_squares_of_all_themes() -> None:
    found = omnibus_of({"cold": COLD, "warm": WARM})
    assert row(found)["statistic"] == pytest.approx(7.2)
    assert found.themes["statistic"].tolist() == pytest.approx([7.2, 0.0])


def test_p_is_the_share_of_label_permutations_that_separate_the_groups_as_much() -> None:
    # Five against five, the theme held by one group whole: 2 of the 252 splits reach it.
    sizes = {"helpful": 5, "unhelpful": 5}
    found = omnibus_of({"cold": {"unhelpful": 5}}, sizes, n_permutations={"omnibus": 9_999, "minp": 199})
    p, error = row(found)["p_value"], row(found)["mc_error"]
    assert p == pytest.approx(2 / 252, abs=4 * np.sqrt(2 / 252 * 250 / 252 / 9_999))
    assert error == pytest.approx(np.sqrt(p * (1 - p) / 9_999))


def test_rao_scott_stands_beside_it_with_degrees_of_freedom() -> None:
    # One theme: shares 2/10 and 8/10 have variance 10 * .16 = 1.6 a group where the null has 2.5. With the pooled
    # share taken off, half of each group's variance is left in either count: 4 entries of (1.6 / 2 / 2.5) ** 2.
    found = row(omnibus_of({"cold": COLD}), "mmi_rao_scott")
    squares = 4 * (1.6 / 2 / 2.5) ** 2
    assert found["df"] == pytest.approx(1 / squares)
    assert found["statistic"] == pytest.approx(7.2 / squares)
    assert np.isnan(found["mc_error"])


def test_permutations_and_seed_stand_in_the_row_they_belong_to() -> None:
    table = omnibus_of({"cold": COLD}).table.set_index("test")
    assert table.loc["mmi_permutation", ["n_permutations", "seed"]].tolist() == [199, 1]
    assert table.loc["mmi_rao_scott", ["n_permutations", "seed"]].isna().all()


# The effect


def test_the_effect_is_the_average_share_of_variance_between_groups() -> None:
    found = row(omnibus_of({"cold": COLD, "warm": WARM}))
    assert found["mean_v_squared"] == pytest.approx(7.2 / (20 * 2))
    assert found["v_squared_by_chance"] == pytest.approx(1 / 19)


def test_a_theme_that_fewer_were_coded_for_has_their_number_as_its_base() -> None:
    # Cold is coded for 8 of each group and held by 2 and 8: share 10/16, (2 - 5)^2 * 2 / (8 * 15/64) = 9.6 of 16.
    unasked = {"cold": {"helpful": 2, "unhelpful": 2}}
    counts = omnibus_of({"cold": {"helpful": 2, "unhelpful": 8}, "warm": WARM}, not_codable=unasked).counts
    average, by_chance = mean_v_squared(counts)
    assert average == pytest.approx((9.6 / 16 + 0) / 2)
    assert by_chance == pytest.approx((1 / 15 + 1 / 19) / 2)


def test_a_withheld_count_withholds_the_effect() -> None:
    counts = omnibus_of({"cold": COLD}).counts.astype({"n_with_theme": "float"})
    counts.loc[0, "n_with_theme"] = np.nan
    assert np.isnan(mean_v_squared(counts)).all()


def test_themes_that_always_come_together_count_as_one() -> None:
    assert row(omnibus_of({"cold": COLD, "curt": COLD}))["effective_themes"] == pytest.approx(1.0)


def test_unrelated_themes_count_in_full() -> None:
    crossed = pd.DataFrame({"a": [1.0, 1, 0, 0], "b": [1.0, 0, 1, 0]})
    assert effective_themes(crossed) == pytest.approx(2.0)


def test_one_person_not_coded_for_a_theme_hardly_moves_the_effective_number() -> None:
    # 200 people in fours (1,1) (1,0) (0,1) (0,0): independent, so two themes count as two
    crossed = pd.DataFrame({"a": [1.0, 1, 0, 0] * 50, "b": [1.0, 0, 1, 0] * 50})
    with_a_gap = crossed.mask((crossed.index == 0)[:, None] & [True, False])
    assert effective_themes(crossed) == pytest.approx(2.0)
    assert effective_themes(with_a_gap) == pytest.approx(2.0, abs=1e-3)


# Which themes enter


def test_themes_that_nobody_or_everybody_has_are_listed_and_left_out() -> None:
    found = omnibus_of({"cold": COLD, "rare": {}, "common": {"helpful": 10, "unhelpful": 10}})
    assert why(found) == {"cold": None, "rare": "nobody has it", "common": "everybody has it"}
    assert row(found)["n_themes"] == 1
    notes = format_table(payload_of(found)).as_text()
    assert "Not in the test, nobody has it: Rare." in notes
    assert "Not in the test, everybody has it: Common." in notes


def test_an_upper_theme_is_counted_through_the_themes_below_it() -> None:
    upper = {"helpful": 2, "unhelpful": 8}
    found = omnibus_of({"T": upper, "T.cold": COLD, "T.late": {"unhelpful": 3}}, codebook=NESTED)
    assert why(found) == {"T": THROUGH_LOWER, "T.cold": None, "T.late": None}


def test_an_upper_theme_given_by_itself_enters_for_those_with_nothing_below_it() -> None:
    # Six of the unhelpful have T, two of them cold: four have T alone.
    found = omnibus_of({"T": {"unhelpful": 6}, "T.cold": {"unhelpful": 2}, "T.late": {}}, codebook=NESTED)
    entered = found.themes.set_index("theme_id")
    assert entered.loc["T", ["part", "reason"]].tolist() == [ITSELF, None]
    assert entered.loc["T.cold", "part"] == ""
    mine = found.counts[found.counts["theme_id"] == "T"]
    assert mine[["group", "n_with_theme", "n_total"]].to_numpy().tolist() == [
        ["helpful", 0, 10],
        ["unhelpful", 4, 10],
    ]


def test_what_is_not_codable_stays_so_at_the_lowest_level() -> None:
    nan = float("nan")
    values = pd.DataFrame(
        {"T": [1, 1, 0, nan], "T.cold": [1, 0, 0, nan], "T.late": [0, nan, 0, nan]}, dtype=float
    )
    pd.testing.assert_series_equal(
        lowest_level(values, NESTED)["T"], pd.Series([0, 1, 0, nan], name="T", dtype=float)
    )


# Who is in it


def test_who_was_not_coded_for_one_theme_stays_for_the_others_and_counts_in_no_share_of_it() -> None:
    found = omnibus_of({"cold": COLD, "warm": WARM}, not_codable={"cold": {"helpful": 4}})
    assert row(found)[["n_used", "n_missing"]].tolist() == [20, 0]
    assert found.counts.loc[found.counts["theme_id"] == "cold", "n_total"].tolist() == [6, 10]


def test_who_was_coded_for_no_theme_is_not_in_the_test_and_counted() -> None:
    unasked = {"cold": {"helpful": 3}, "warm": {"helpful": 3}}
    found = omnibus_of({"cold": COLD, "warm": {"helpful": 2, "unhelpful": 5}}, not_codable=unasked)
    assert row(found)[["n_used", "n_missing"]].tolist() == [17, 3]
    assert found.people["n_missing"].tolist() == [3, 0]


def test_the_base_any_theme_leaves_out_who_has_none() -> None:
    found = omnibus_of({"cold": COLD, "warm": WARM}, base="any_theme")
    assert row(found)["n_used"] == 5 + 8


# What cannot change it


def shuffled(matrix: ThemeMatrix) -> ThemeMatrix:
    order = np.random.default_rng(3).permutation(len(matrix.values))
    people = matrix.wave.participants[["outcome_group"]].iloc[order]
    return a_matrix(people, matrix.values.iloc[order], outcome=matrix.wave.study.outcome)


def test_the_order_of_people_changes_nothing() -> None:
    matrix = counted(TEN, {"cold": COLD, "warm": {"helpful": 4, "unhelpful": 1}})
    first, second = (omnibus_test(al.crosstab_themes(m)) for m in (matrix, shuffled(matrix)))
    pd.testing.assert_frame_equal(first.table, second.table)
    pd.testing.assert_frame_equal(first.themes, second.themes)


def test_the_names_of_the_groups_change_nothing() -> None:
    other = {"helpful": "zeta", "unhelpful": "alpha"}
    present = {"cold": COLD, "warm": {"helpful": 4, "unhelpful": 1}}
    renamed = {theme: {other[g]: n for g, n in by.items()} for theme, by in present.items()}
    first = omnibus_of(present)
    second = omnibus_of(renamed, {other[g]: n for g, n in TEN.items()})
    pd.testing.assert_frame_equal(first.table, second.table)


# Refusals


@pytest.mark.parametrize(
    ("sizes", "settings"),
    [
        ({"helpful": 0, "unhelpful": 24}, {}),
        ({"helpful": 20, "unhelpful": 4}, {}),
        ({"helpful": 2, "unhelpful": 1}, {}),
        (TEN, {"tradition": "reflexive"}),
    ],
)
def test_it_refuses_with_the_reason_of_the_crosstab(sizes: dict[str, int], settings: dict[str, Any]) -> None:
    crosstab = al.crosstab_themes(counted(sizes, {"cold": {"unhelpful": 1}}, **settings))
    found = omnibus_test(crosstab)
    assert found.reason == crosstab.reason is not None
    assert found.table["reason"].tolist() == [crosstab.reason] * 2
    assert found.table[["statistic", "p_value", "effective_themes", "mean_v_squared"]].isna().all().all()
    assert [s.kind for s in sentences(payload_of(found, "sentences"))] == ["refusal"]
    assert str(crosstab.reason)[1:] in format_table(payload_of(found)).as_text()


@pytest.mark.parametrize("present", [{"cold": {}}, {"cold": {"helpful": 10, "unhelpful": 10}}])
def test_nothing_is_tested_where_no_theme_varies(present: dict[str, dict[str, int]]) -> None:
    found = omnibus_of(present)
    assert found.reason == NOTHING_VARIES
    assert row(found)["n_used"] == 0


def test_a_theme_that_splits_the_groups_whole_has_a_permutation_p_and_no_rao_scott() -> None:
    found = omnibus_of({"cold": {"unhelpful": 10}})
    assert row(found)["p_value"] == pytest.approx(1 / 200)
    assert row(found)["reason"] is None
    assert "no variance to work with" in row(found, "mmi_rao_scott")["reason"]
    assert "none: nothing varies inside a group" in format_table(payload_of(found)).as_text()


# Words


def test_what_it_says_where_themes_go_with_the_outcome() -> None:
    found = omnibus_of({"cold": {"unhelpful": 9}, "warm": {"helpful": 9, "unhelpful": 1}})
    # Chi-square of 0 v 9: 2 * 4.5 ** 2 / (4.5 * 0.55) = 16.36; of 9 v 1: 2 * 4 ** 2 / 2.5 = 12.8; (16.36 + 12.8) / 40.
    said = [s.text for s in sentences(payload_of(found, "sentences"))]
    assert said[0].startswith(
        "Taken together, the themes go with the outcome group (permutation p = .005, Rao-Scott p"
    )
    assert said[0].endswith("; 2 themes, 20 people).")
    assert said[1] == (
        "Over 2 themes of 20 people, on average 72.9% of the variance of a theme lies between the groups; 5.3% would"
        " be expected by chance alone."
    )
    assert said[-1] == "This says that some theme differs between the groups, not which."


def test_lack_of_evidence_is_said_as_such() -> None:
    said = sentences(payload_of(omnibus_of({"warm": WARM}), "sentences"))
    assert said[0].kind == "cannot tell"
    assert said[0].text == (
        "Whether the themes taken together go with the outcome group the data do not settle (permutation p > .999,"
        " Rao-Scott p > .999; 1 theme, 20 people)."
    )
    assert [s.text for s in said if "lack of evidence" in s.text] == [
        "What the data do not settle is lack of evidence, not evidence that the groups are alike."
    ]


def with_tests(permutation: float, rao_scott: float, mc_error: float) -> Payload:
    payload = payload_of(omnibus_of({"cold": COLD}), "sentences")
    tests = payload.tables["tests"].frame.assign(p_value=[permutation, rao_scott], mc_error=[mc_error, None])
    table = type(payload.tables["tests"]).of(tests, **payload.tables["tests"].kinds)
    return replace(payload, tables={**payload.tables, "tests": table})


def test_tests_that_disagree_are_settled_by_the_permutation() -> None:
    said = [s.text for s in sentences(with_tests(0.08, 0.01, 0.002))]
    assert said[0].startswith("Whether the themes taken together")
    assert any("fall on different sides of 0.05; go by the permutation" in text for text in said)


def test_a_p_too_close_to_alpha_asks_for_more_permutations() -> None:
    assert any("use more" in s.text for s in sentences(with_tests(0.049, 0.049, 0.002)))
    assert not any("use more" in s.text for s in sentences(with_tests(0.044, 0.044, 0.002)))


# Out through the door


def test_what_leaves_rounded_is_derived_from_rounded_counts_and_bands() -> None:
    found = omnibus_of({"cold": {"helpful": 10, "unhelpful": 30}}, {"helpful": 40, "unhelpful": 40})
    table, said = release([payload_of(found), payload_of(found, "sentences")], ROUNDED).payloads
    # 40 leaves as 39, 10 as 9, 30 as 27: share 36/78, 2 * 9 ** 2 / (39 * .4615 * .5385) = 16.71 of 78.
    shown = format_table(table).as_text()
    assert "0.214" in shown
    assert "People in the test: 78; with an outcome group but not in it: 0." in shown
    assert "20.0" not in shown  # the exact statistic: 2 * 10 ** 2 / (40 * 1/4)
    texts = [s.text for s in sentences(said)]
    assert texts[0].startswith("Taken together, the themes go with the outcome group (permutation p < .01")
    assert "78 people" in texts[0]
    assert not any("independent ones" in text for text in texts)


def test_exact_and_released_files_have_the_same_columns() -> None:
    found = omnibus_of({"cold": COLD, "warm": WARM})
    (payload,) = release([payload_of(found)], ROUNDED).payloads
    exact, released = result_files(found)["omnibus.csv"], result_files(payload)["omnibus.csv"]
    assert list(exact.columns) == list(released.columns)
    assert {"test", "statistic", "df", "p_value", "n_permutations", "seed"} <= set(exact.columns)
    assert released["statistic"].isna().all()
    assert released["n_permutations"].tolist()[0] == 199


def test_a_notebook_cell_becomes_a_page_and_a_file(example: Any, tmp_path: Path) -> None:
    parts = [al.show(example.wave, "cover")]
    for result in (example.omnibus, example.branches):
        parts += [al.show(result), al.say(result)]
        save_results(result, str(tmp_path / "exact"))
    payloads = tuple(Payload.from_json(cell.payload.as_json()) for cell in parts)
    write_bundle(tmp_path, [("03", "Which themes", payloads)], example.wave, release(payloads, ROUNDED))
    assert {path.name for path in (tmp_path / "exact").iterdir()} == {"omnibus.csv", "theme_hierarchy.csv"}
    released = pd.read_csv(tmp_path / "results" / "omnibus.csv")
    assert released["statistic"].isna().all()
    assert released["n_used"].tolist() == [93 + 39 + 21 + 33] * 2
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "All Themes Together by Outcome Group" in page
    assert "Where in the Codebook the Groups Differ, From the Top" in page
    assert f"{example.omnibus.table['statistic'][0]:.1f}" not in page
