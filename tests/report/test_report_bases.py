"""Do readers get the shares on other bases, each with its own numbers and a warning?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_by_hand import report, shares, shares_on_other_bases

import analysis_lib as al
from analysis_lib.other_bases import other_bases as count_other_bases
from analysis_lib.payload import Payload
from analysis_lib.tables import other_bases
from analysis_lib.views import payload_of


def cells(payload: Payload, base: str, row: int = 0) -> list[str]:
    return [cell.text for cell in other_bases(payload)[base].rows[row].cells]


def test_people_with_any_theme_are_a_base_of_their_own() -> None:
    # 42 of 80 helpful: 52.5 %, rounded half to even by the formatter; 3 of 30 unhelpful: 10 %.
    found = cells(shares_on_other_bases(), "any_theme")
    assert [found[0], found[2], found[4]] == ["42/80", "3/30", "45/110"]
    assert found[3].startswith("10% [")


def test_mentions_are_segments_of_all_segments_without_an_interval() -> None:
    # 60 of 400 segments of the helpful: 15 %; 4 of 100: 4 %; 64 of 500: 12.8 %.
    assert cells(shares_on_other_bases(), "mentions") == ["60/400", "15%", "4/100", "4%", "64/500", "13%"]


def test_mentions_are_no_table_where_numbers_of_segments_may_not_leave() -> None:
    withheld = shares_on_other_bases(n_segments=None)
    assert other_bases(withheld)["mentions"].rows == ()
    text = report(withheld).by_class("other-bases")[0].text
    assert "mentions: numbers of segments leave only with exact counts." in text


def test_a_table_whose_payload_holds_no_other_base_offers_none() -> None:
    assert other_bases(shares()) == {}
    assert not report(shares()).by_class("other-bases")


def test_every_base_stands_on_the_page_and_mentions_are_no_people() -> None:
    page = report(shares_on_other_bases())
    assert [base.attributes["data-base"] for base in page.by_class("base")] == [
        "all participants with material",
        "participants with any theme",
        "mentions",
    ]
    warnings = [warning.text for warning in page.by_class("warning")]
    assert warnings[1] == "Shares of mentions: not a share of people."
    assert len(page.by_class("other-bases")[0].all("table")) == 2


def test_rows_can_be_linked_to_in_the_stated_base_only() -> None:
    page = report(shares_on_other_bases())
    with_id = [[tr for tr in base.all("tr") if "id" in tr.attributes] for base in page.by_class("base")]
    assert [len(rows) for rows in with_id] == [2, 0, 0]


@pytest.mark.parametrize("base", ["all_with_material", "any_theme"])
def test_the_bases_of_a_wave_are_those_that_the_study_did_not_choose(base: str) -> None:
    study = al.load_study(al.EXAMPLE_STUDY)
    wave = al.load_wave(replace(study, base=base), "2024b")
    found = count_other_bases(al.crosstab_themes(al.quantitize(wave)))
    assert set(found.people["base"]) == {"all_with_material", "any_theme"} - {base}


def test_counts_on_other_bases_agree_with_a_study_that_states_them() -> None:
    study = al.load_study(al.EXAMPLE_STUDY)
    own, other = (
        al.crosstab_themes(al.quantitize(al.load_wave(replace(study, base=base), "2024b")))
        for base in ("all_with_material", "any_theme")
    )
    stated = other.table.set_index(["theme_id", "group"])[["n_with_theme", "n_total"]]
    beside = count_other_bases(own).people.set_index(["theme_id", "group"])[["n_with_theme", "n_total"]]
    assert stated.sort_index().equals(beside.sort_index())


def test_all_segments_of_the_groups_add_up() -> None:
    wave = al.load_wave(al.EXAMPLE_STUDY, "2024b")
    segments = count_other_bases(al.crosstab_themes(al.quantitize(wave))).segments.set_index("group")
    parts = segments.drop("all")["n_all_segments"]
    assert parts.sum() == segments.at["all", "n_all_segments"]
    assert parts.sum() > 0


def test_the_payload_of_the_table_carries_them() -> None:
    wave = al.load_wave(al.EXAMPLE_STUDY, "2024b")
    payload = payload_of(al.crosstab_themes(al.quantitize(wave)), "shares")
    assert set(other_bases(payload)) == {"any_theme", "mentions"}
