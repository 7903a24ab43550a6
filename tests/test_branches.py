"""Exact p-values are from scipy.stats.fisher_exact; what the procedure makes of them is worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import counted

import analysis_lib as al
from analysis_lib.branches import NONE_TESTED, NOT_OPENED, NOT_TESTED, OPENED, REJECTED, Branches, branches
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.stats import inheritance
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
TWENTY = {"helpful": 20, "unhelpful": 20}
NESTED = Codebook(
    "1",
    (
        Theme("A", "Manner"),
        Theme("A.cold", "Cold", parent="A"),
        Theme("A.late", "Late", parent="A"),
        Theme("B", "Gain"),
    ),
)
# Of 20 and 20: 2 v 14 has p = .000244362, 2 v 9 has .0309503, 2 v 8 has .0648332, 5 v 6 and 3 v 4 have 1.
COUNTS = {
    "A": {"helpful": 2, "unhelpful": 14},
    "A.cold": {"helpful": 2, "unhelpful": 9},
    "A.late": {"helpful": 2, "unhelpful": 8},
    "B": {"helpful": 5, "unhelpful": 6},
}


def branches_of(
    present: dict[str, dict[str, int]], sizes: dict[str, int] = TWENTY, **settings: Any
) -> Branches:
    settings.setdefault("codebook", NESTED)
    return branches(al.crosstab_themes(counted(sizes, present, **settings)))


def decisions(found: Branches) -> dict[str, str]:
    return dict(zip(found.table["theme_id"], found.table["decision"], strict=True))


def test_a_rejected_upper_theme_opens_those_below_it_and_hands_them_its_share() -> None:
    # A and B hold half of alpha each; A is rejected and cold and late get a quarter each. Once cold has left, a
    # quarter and a half remain, and late is weighed against both.
    found = branches_of(COUNTS)
    assert found.table["p_adjusted"].tolist() == pytest.approx(
        [2 * 0.000244362, 4 * 0.0309503, 3 * 0.0648332, 1.0], rel=1e-5
    )
    assert decisions(found) == {"A": REJECTED, "A.cold": OPENED, "A.late": OPENED, "B": OPENED}


def test_themes_below_one_that_is_not_rejected_stay_closed_however_much_they_differ() -> None:
    found = branches_of(COUNTS | {"A": COUNTS["B"], "A.cold": COUNTS["A"]})
    assert decisions(found) == {"A": OPENED, "A.cold": NOT_OPENED, "A.late": NOT_OPENED, "B": OPENED}
    assert found.table["p_adjusted"].tolist() == [1.0] * 4


def test_an_upper_theme_that_cannot_be_tested_gives_its_place_to_those_below() -> None:
    found = branches_of(COUNTS | {"A": TWENTY, "A.cold": COUNTS["A"]})
    assert decisions(found) == {"A": NOT_TESTED, "A.cold": REJECTED, "A.late": OPENED, "B": OPENED}
    assert found.table["reason"].tolist() == ["everybody has it", None, None, None]


def test_without_nesting_it_is_holms_method() -> None:
    flat = Codebook("1", tuple(Theme(theme.id, theme.label) for theme in NESTED))
    found = branches_of(COUNTS, codebook=flat)
    assert found.table["p_adjusted"].tolist() == pytest.approx(found.crosstab.tests["p_holm"].tolist())
    assert not found.nested
    assert "this is Holm's method" in format_table(payload_of(found)).as_text()


def test_a_theme_whose_parent_is_retired_and_unused_hangs_below_the_next_above() -> None:
    codebook = Codebook(
        "1", (Theme("A", "Manner"), Theme("A.x", "Old", parent="A"), Theme("A.x.cold", "Cold", parent="A.x"))
    )
    found = branches_of({"A": COUNTS["B"], "A.x.cold": COUNTS["A"]}, codebook=codebook)
    assert decisions(found) == {"A": OPENED, "A.x.cold": NOT_OPENED}


@pytest.mark.parametrize(
    ("sizes", "settings"),
    [
        ({"helpful": 0, "unhelpful": 24}, {}),
        ({"helpful": 20, "unhelpful": 4}, {}),
        ({"helpful": 2, "unhelpful": 1}, {}),
        (TWENTY, {"tradition": "reflexive"}),
    ],
)
def test_it_refuses_with_the_reason_of_the_crosstab(sizes: dict[str, int], settings: dict[str, Any]) -> None:
    found = branches_of({"A": {"unhelpful": 1}}, sizes, **settings)
    assert found.reason == found.crosstab.reason is not None
    assert decisions(found) == {"A": NOT_TESTED}
    assert [s.kind for s in sentences(payload_of(found, "sentences"))] == ["refusal"]
    assert str(found.reason)[1:] in format_table(payload_of(found)).as_text()


@pytest.mark.parametrize("present", [{"A": {}}, {"A": TWENTY}, {"A": {"unhelpful": 1}}])
def test_nothing_is_tested_where_no_theme_can_be(present: dict[str, dict[str, int]]) -> None:
    assert branches_of(present).reason == NONE_TESTED


def test_a_closed_theme_shows_no_p_and_an_untested_one_its_reason() -> None:
    present = COUNTS | {"A": COUNTS["B"], "B": {"unhelpful": 1}}
    rows = {
        row.stub: [cell.text for cell in row.cells]
        for row in format_table(payload_of(branches_of(present))).rows
    }
    assert rows["Cold"][1:] == ["–", "–", NOT_OPENED]
    assert rows["Gain"][1:] == [
        "–",
        "–",
        "not tested: too few people have it: no split could give p below 0.05",
    ]


def test_each_rejected_branch_is_said_with_what_differs_below_it() -> None:
    found = branches_of(COUNTS | {"A.cold": {"unhelpful": 14}})
    # 0 v 14 of 20: p = 2 * C(20, 14) / C(40, 14) = .00000334; times 4 it stays below that of A, .000489.
    said = [s.text for s in sentences(payload_of(found, "sentences"))]
    assert said == [
        "“Manner” differs between the groups (adjusted p < .001); below it, so does “Cold” (adjusted p < .001).",
        "Looked at and not settled: “Late” and “Gain”.",
        "What the data do not settle is lack of evidence, not evidence that the groups are alike.",
    ]


def test_a_branch_that_is_settled_only_at_its_top_is_said_so() -> None:
    said = [s.text for s in sentences(payload_of(branches_of(COUNTS), "sentences"))]
    assert said[0] == (
        "“Manner” differs between the groups (adjusted p < .001); which theme below it differs the data do not settle."
    )


def test_nothing_rejected_is_no_evidence_that_groups_are_alike_and_closed_themes_are_named() -> None:
    said = sentences(payload_of(branches_of(COUNTS | {"A": COUNTS["B"]}), "sentences"))
    assert [s.kind for s in said] == ["cannot tell", "limit", "limit"]
    assert said[0].text.startswith("For no upper theme do the data settle a difference.")
    assert "lack of evidence" in said[1].text
    assert "even in opposite directions" in said[2].text


def test_a_rejected_theme_below_an_untested_one_is_said_by_itself() -> None:
    codebook = Codebook("1", (Theme("B", "Gain"), Theme("A", "Manner"), Theme("A.cold", "Cold", parent="A")))
    present = {"B": COUNTS["A"], "A": TWENTY, "A.cold": COUNTS["A"]}
    said = [s.text for s in sentences(payload_of(branches_of(present, codebook=codebook), "sentences"))]
    assert said == [
        "“Gain” differs between the groups (adjusted p < .001).",
        "“Cold” differs between the groups (adjusted p < .001).",
    ]


def test_what_leaves_rounded_holds_bands_and_no_statistic() -> None:
    found = branches_of(COUNTS)
    (payload,) = release([payload_of(found)], ROUNDED).payloads
    rows = {row.stub: [cell.text for cell in row.cells] for row in format_table(payload).rows}
    assert rows["Manner"] == ["–", "< .001", "< .001", REJECTED]
    assert rows["Cold"] == ["–", "< .05", "≥ .05", OPENED]
    exact, released = result_files(found)["theme_hierarchy.csv"], result_files(payload)["theme_hierarchy.csv"]
    assert list(exact.columns) == list(released.columns)
    assert released["cramers_v"].isna().all()


def test_the_adjusted_p_of_the_example_are_those_of_its_exact_tests(example: Any) -> None:
    table, tests = example.branches.table, example.crosstab.tests
    ids = tests["theme_id"].tolist()
    parents = [ids.index(parent) if parent else None for parent in table["parent"]]
    np.testing.assert_allclose(table["p_adjusted"], inheritance(tests["p_value"].to_numpy(), parents))
    assert example.branches.nested
    pd.testing.assert_series_equal(table["theme_id"], tests["theme_id"])


def test_a_theme_below_is_rejected_only_where_the_one_above_is(example: Any) -> None:
    decision = decisions(example.branches)
    table = example.branches.table
    above = {row.theme_id: row.parent for row in table.itertuples() if row.parent}
    seen = [theme for theme, parent in above.items() if decision[theme] in (REJECTED, OPENED)]
    assert seen
    assert all(decision[above[theme]] == REJECTED for theme in seen)
