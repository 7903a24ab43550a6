"""Pooled odds ratios have no closed form: what is known beforehand is their symmetry, their order and their bounds."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from handmade import counted

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.figures import alt_text, as_svg, can_draw, caption, draw, numbers
from analysis_lib.release import Rules, release
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.theme_bank import (
    EVERYBODY,
    HIDDEN,
    NOBODY,
    NOT_CODED,
    TOO_FEW_THEMES,
    PooledThemes,
    pooled_bank,
    with_pooling,
)
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
SUPPRESSED = Rules("coauthor", "suppress7_round5", 6, frozenset({"reviewed"}), b"key")
SIZES = {"helpful": 20, "unhelpful": 12}
# The odds ratio of the first by itself is near (9 / 3) / (5 / 15) = 9; the others make no difference.
STRONG = {"helpful": 5, "unhelpful": 9}
NOTHING = {"helpful": 10, "unhelpful": 6}
BANK = {"strong": STRONG} | {f"nothing{i}": NOTHING for i in range(9)}


def pooled(
    present: dict[str, dict[str, int]], sizes: dict[str, int] | None = None, **settings: Any
) -> PooledThemes:
    return pooled_bank(crosstab_themes(counted(sizes or SIZES, present, **settings)))


@cache
def bank() -> PooledThemes:
    """The one strong theme among nine that make no difference."""
    return pooled(BANK)


def of(found: PooledThemes, theme: str, group: str = "unhelpful") -> pd.Series:
    return found.table.set_index(["theme_id", "group"]).loc[(theme, group)]


def test_the_strongest_is_drawn_towards_themes_that_do_nothing() -> None:
    found = bank()
    strong, nothing = of(found, "strong"), of(found, "nothing0")
    assert 1 < strong["pooled_odds_ratio"] < strong["odds_ratio"] / 2
    assert nothing["odds_ratio"] == pytest.approx(1)
    assert 1 < nothing["pooled_odds_ratio"] < strong["pooled_odds_ratio"]


def test_a_bank_in_which_no_theme_differs_stays_at_one() -> None:
    # groups of equal size, half of each with the theme: nothing tells up from down
    half = {"helpful": 10, "unhelpful": 10}
    found = pooled({"a": half, "b": half, "c": half}, {"helpful": 20, "unhelpful": 20})
    assert found.table["pooled_odds_ratio"].to_numpy() == pytest.approx(1, abs=0.02)
    assert found.banks["mean_odds_ratio"].item() == pytest.approx(1, abs=0.02)
    assert found.banks["spread"].item() > 1


def test_counting_people_without_the_theme_turns_every_odds_ratio_over() -> None:
    present = {"a": {"helpful": 4, "unhelpful": 9}, "b": {"helpful": 11, "unhelpful": 5}, "c": NOTHING}
    absent = {
        theme: {group: SIZES[group] - n for group, n in each.items()} for theme, each in present.items()
    }
    one, other = pooled(present).table, pooled(absent).table
    assert one["pooled_odds_ratio"].to_numpy() == pytest.approx(
        1 / other["pooled_odds_ratio"].to_numpy(), rel=0.03
    )


def test_the_order_of_themes_does_not_matter() -> None:
    turned = dict(reversed(BANK.items()))
    assert of(pooled(turned), "strong")["pooled_odds_ratio"] == pytest.approx(
        of(bank(), "strong")["pooled_odds_ratio"], rel=1e-9
    )


def test_the_unpooled_odds_ratio_is_the_one_of_the_table_of_contrasts() -> None:
    contrasts = crosstab_themes(counted(SIZES, BANK)).contrasts.set_index("theme_id").loc["strong"]
    strong = of(bank(), "strong")
    names = ["odds_ratio", "or_low", "or_high"]
    assert strong[names].tolist() == contrasts[names].tolist()


def test_a_theme_that_only_one_group_has_gets_a_finite_odds_ratio() -> None:
    found = of(pooled(BANK | {"rare": {"helpful": 0, "unhelpful": 2}}), "rare")
    assert found["odds_ratio"] == np.inf
    assert 1 < found["pooled_odds_ratio"] < 100
    assert np.isfinite(found["pooled_high"])


def test_each_group_has_a_bank_of_its_own() -> None:
    both = pooled({theme: each | {"mixed": 4} for theme, each in BANK.items()}, SIZES | {"mixed": 8})
    assert both.banks["group"].tolist() == ["unhelpful", "mixed"]
    assert of(both, "strong")["pooled_odds_ratio"] == of(bank(), "strong")["pooled_odds_ratio"]


def test_an_upper_theme_is_not_in_the_bank_with_its_own_lower_ones() -> None:
    book = Codebook("1", (Theme("A", "A"), Theme("A.x", "X", parent="A"), Theme("A.y", "Y", parent="A")))
    found = pooled({"A": STRONG, "A.x": STRONG, "A.y": NOTHING}, codebook=book)
    assert found.themes == ("A.x", "A.y")
    assert found.table["theme_id"].tolist() == ["A.x", "A.y"]
    assert found.banks["n_themes"].item() == 2


# Refusals


def test_themes_of_nobody_and_of_everybody_leave_the_bank_with_a_reason() -> None:
    found = pooled(BANK | {"none": {"helpful": 0, "unhelpful": 0}, "all": SIZES})
    assert (of(found, "none")["reason"], of(found, "all")["reason"]) == (NOBODY, EVERYBODY)
    assert found.table.loc[found.table["reason"].notna(), "pooled_odds_ratio"].isna().all()
    assert found.banks["n_themes"].item() == len(BANK)


def test_a_theme_that_one_group_was_not_coded_for_leaves_the_bank() -> None:
    found = pooled(BANK, not_codable={"nothing0": {"unhelpful": 12}})
    assert of(found, "nothing0")["reason"] == NOT_CODED


@pytest.mark.parametrize("others", [{}, {"none": {"helpful": 0, "unhelpful": 0}}])
def test_one_theme_is_no_bank(others: dict[str, dict[str, int]]) -> None:
    found = pooled({"strong": STRONG, **others})
    assert found.banks["reason"].item() == TOO_FEW_THEMES
    assert of(found, "strong")["reason"] == TOO_FEW_THEMES
    assert of(found, "strong")["odds_ratio"] > 1
    assert sentences(payload_of(found, "sentences"))[0].kind == "refusal"
    assert can_draw(payload_of(found, "forest")) == TOO_FEW_THEMES


def test_a_group_without_anybody_has_no_bank() -> None:
    found = pooled(BANK, SIZES | {"mixed": 0})
    assert found.banks["group"].tolist() == ["unhelpful"]
    assert of(found, "strong", "mixed")["reason"] == NOT_CODED


@pytest.mark.parametrize(
    ("sizes", "settings", "why"),
    [
        ({"helpful": 0, "unhelpful": 12}, {}, "no comparison group"),
        ({"helpful": 20, "unhelpful": 0}, {}, "no comparison group"),
        (SIZES, {"tradition": "reflexive"}, "reflexive"),
    ],
)
def test_without_a_comparison_or_in_the_reflexive_tradition_nothing_is_pooled(
    sizes: dict[str, int], settings: dict[str, Any], why: str
) -> None:
    present = {
        theme: {group: min(n, sizes[group]) for group, n in each.items()} for theme, each in BANK.items()
    }
    found = pooled(present, sizes, **settings)
    assert why in str(found.reason)
    assert found.table.empty
    assert sentences(payload_of(found, "sentences"))[0].kind == "refusal"
    assert why in format_table(payload_of(found)).rows[0].cells[0].text.lower()
    assert can_draw(payload_of(found, "forest")) == found.reason


def test_three_people_in_a_group_give_wide_intervals_and_no_exception() -> None:
    present = {"a": {"helpful": 5, "unhelpful": 2}, "b": {"helpful": 9, "unhelpful": 1}}
    found = pooled(present, {"helpful": 20, "unhelpful": 3})
    assert found.reason is None
    assert (found.table["pooled_high"] / found.table["pooled_low"] > 10).all()


# What is shown


def test_the_table_ends_each_block_with_its_bank() -> None:
    rows = format_table(payload_of(bank())).rows
    assert rows[0].heading
    assert [row.stub for row in rows[-2:]] == ["A theme like these", "Typical factor from it"]
    assert rows[1].cells[0].text == "9/12"


def test_sentences_take_the_strongest_from_its_own_figure_to_the_pooled_one() -> None:
    found = pooled(BANK | {"rare": {"helpful": 0, "unhelpful": 2}})
    said = sentences(payload_of(found, "sentences"))
    assert (
        "the strongest of 10 themes that both groups have, “Strong” (9/12 v 5/20), goes from" in said[0].text
    )
    assert "once the 11 themes are pooled" in said[0].text
    assert said[0].anchor == "pooled-strong-unhelpful"
    assert "1 of 11 intervals exclude 1 by themselves" in said[1].text


def test_the_figure_draws_both_estimates_of_each_theme() -> None:
    payload = payload_of(bank(), "forest")
    lines = [line for line in numbers(payload).splitlines() if line.startswith("Strong")]
    assert [line.split(": ")[0] for line in lines] == ["Strong | by itself", "Strong | pooled"]
    assert "“Strong” in the group Unhelpful" in alt_text(payload)
    assert "posterior" in caption(payload)
    assert as_svg(draw(payload)) == as_svg(draw(payload))


def test_one_bank_that_cannot_be_pooled_leaves_the_other_as_it_is() -> None:
    none = {theme: each | {"mixed": 0} for theme, each in BANK.items()}
    found = pooled(
        none | {"all": SIZES | {"mixed": 8}, "strong": STRONG | {"mixed": 8}}, SIZES | {"mixed": 8}
    )
    some = with_pooling(found.table.iloc[:, :8].query("group != 'mixed' or theme_id == 'strong'"))[1]
    assert some["reason"].isna().tolist() == [True, False]
    said = [s.text for s in sentences(payload_of(found, "sentences"))]
    assert said[0].startswith("Unhelpful against helpful: the strongest of 10 themes")
    assert not any("nan" in text for text in said)


def test_released_odds_ratios_follow_from_rounded_counts() -> None:
    (payload,) = release([payload_of(bank())], ROUNDED).payloads
    # 9 of 12 and 5 of 20 become 9 of 9 and 3 of 21: everybody against a seventh
    table = result_files(payload)["pooled_odds_ratios.csv"].set_index("theme_id")
    assert table.loc["strong", ["n_with_theme", "n_total", "n_with_reference", "n_reference"]].tolist() == [
        9,
        9,
        3,
        21,
    ]
    assert table.at["strong", "odds_ratio"] == np.inf
    assert np.isfinite(table.at["strong", "pooled_odds_ratio"])


def test_a_theme_with_a_withheld_count_leaves_the_released_bank() -> None:
    (payload,) = release([payload_of(bank())], SUPPRESSED).payloads
    table = result_files(payload)["pooled_odds_ratios.csv"].set_index("theme_id")
    assert table.at["strong", "reason"] == HIDDEN  # five of the reference group
    assert "withheld" in format_table(payload).as_text()


def test_released_and_exact_counts_go_through_the_same_formula() -> None:
    found = bank()
    counts = found.table[["theme_id", "theme_label", "group", "reference", "n_with_theme", "n_total",
                          "n_with_reference", "n_reference"]]  # fmt: skip
    table, banks = with_pooling(counts)
    pd.testing.assert_frame_equal(table, found.table)
    pd.testing.assert_frame_equal(banks, found.banks)
