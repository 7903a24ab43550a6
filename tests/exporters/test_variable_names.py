"""Names of variables that SPSS, Stata and R take, whatever the study calls its themes."""

from __future__ import annotations

import re

import pytest
from data_sets import LABELS

from analysis_lib.exporters.variable_names import legal_names

LEGAL = re.compile(r"[A-Za-z][A-Za-z0-9._]{0,62}[A-Za-z0-9]|[A-Za-z]")


def test_an_id_that_is_legal_everywhere_stays_as_it_is():
    ids = ["A", "A.unempathic", "TR.got_enough", "x1"]
    assert legal_names(ids) == {name: name for name in ids}


@pytest.mark.parametrize(
    "name",
    [
        *LABELS,
        "BY",
        "next",
        "1st",
        "_x",
        "x_",
        "x.",
        "a-b",
        "=1+1",
        "A/B",
        "ß" * 80,
        "x" * 65,
        "תמה",
        "NA",
        "∞",
    ],
)
def test_every_name_is_one_that_spss_and_r_take(name):
    found = legal_names([name])[name]
    assert LEGAL.fullmatch(found)
    assert found.casefold() not in {"all", "by", "next", "na", "ne", "or"}


def test_names_differ_also_where_case_is_the_only_difference_or_another_variable_has_the_name():
    ids = ["A.x", "a.X", "age", "Ä.x", "Ö.x", "..", "--"]
    names = legal_names(ids, taken=["Age"])
    assert len({name.casefold() for name in (*names.values(), "age")}) == len(ids) + 1


def test_a_name_depends_on_no_other_theme():
    alone = legal_names(["Wärme.früh"])["Wärme.früh"]
    assert legal_names(["Kälte", "Wärme.spät", "Wärme.früh"])["Wärme.früh"] == alone
    assert alone.startswith("Warme.fruh_")
