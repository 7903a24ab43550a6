"""The main table that other programs have to find is that of the crosstab, and the exported matrix adds up to it."""

from __future__ import annotations

import pandas as pd
import pytest
from handmade import counted
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.crosstab import crosstab_themes, in_base
from analysis_lib.exporters.matrix import participant_matrix
from analysis_lib.main_table import COLUMNS, main_table, released_main_table
from analysis_lib.quantitize import ALL

SIZES = {"helpful": 20, "unhelpful": 12, "mixed": 8}


def test_it_holds_the_numbers_of_the_crosstab(example):
    table, result = main_table(example.matrix), example.crosstab
    assert tuple(table.columns) == COLUMNS
    for name in ("n_with_theme", "n_total", "share", "conf_low", "conf_high"):
        assert table[name].tolist() == result.table[name].tolist()
    overall = table[table["group"] == ALL]
    assert overall["p_value"].fillna(-1).tolist() == result.tests["p_value"].fillna(-1).tolist()
    against = table.merge(result.contrasts, on=["theme_id", "group"], suffixes=("", "_there"))
    assert len(against) == len(result.contrasts)
    for name in ("risk_difference", "rd_low", "rd_high", "p_value"):
        assert against[name].fillna(-9).tolist() == against[f"{name}_there"].fillna(-9).tolist()


def test_shares_and_differences_are_made_again_from_released_counts_alone():
    result = crosstab_themes(counted(SIZES, {"cold": {"helpful": 6, "unhelpful": 9}}))
    withheld = result.table.copy()
    withheld["n_with_theme"] = withheld["n_with_theme"].astype("Float64").mask(withheld["group"] == "mixed")
    contrasts = result.contrasts.copy()
    contrasts.loc[contrasts["group"] == "unhelpful", ["n_with_theme", "risk_difference"]] = [6, 0.9]
    contrasts["n_with_theme"] = (
        contrasts["n_with_theme"].astype("Float64").mask(contrasts["group"] == "mixed")
    )
    table = released_main_table(withheld, contrasts, result.tests).set_index("group")
    assert table.loc["helpful", "share"] == 6 / 20
    assert table.loc["unhelpful", "risk_difference"] == pytest.approx(6 / 12 - 6 / 20)
    assert table.loc["mixed", ["share", "conf_low", "risk_difference", "rd_high"]].isna().all()


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 12), st.integers(0, 8), st.integers(0, 8)),
        min_size=1,
        max_size=4,
    )
)
def test_column_sums_of_the_matrix_are_the_counts_of_the_crosstab(drawn):
    present = {f"t{k}": dict(zip(SIZES, numbers[:3], strict=True)) for k, numbers in enumerate(drawn)}
    unasked = {f"t{k}": {"mixed": numbers[3]} for k, numbers in enumerate(drawn)}
    themes = counted(SIZES, present, not_codable=unasked)
    themes.wave.participants["dropout_declared"] = pd.array([None] * 40, dtype="boolean")
    data = participant_matrix(themes, in_base(themes))
    table = main_table(themes)
    names = {variable.source: variable.name for variable in data.variables}
    for row in table.itertuples():
        people = data.frame[data.frame["in_base"] == 1]
        if row.group != ALL:
            people = people[people["outcome_group"] == row.group]
        column = people[names[f"theme {row.theme_id}"]]
        assert (column.sum(), column.notna().sum()) == (row.n_with_theme, row.n_total)
