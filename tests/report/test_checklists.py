"""Does every item of every checklist have a true status, and a place on the page where it says it is met?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from whole_waves import Wave, with_facts, without

from analysis_lib.payload import Payload
from analysis_lib.report.checklists import (
    FOLDER,
    MANUSCRIPT,
    STATUSES,
    Checklist,
    Item,
    checklist_rows,
    fill_checklists,
    flat,
    open_keys,
    situation,
    standards,
)
from analysis_lib.report.html import render_report
from analysis_lib.report.places import standings
from analysis_lib.report.references import works
from analysis_lib.report.sections import Section, numbers
from analysis_lib.schema import DATA_SCHEMA

# Numbered items of each standard, sub-items such as 12a not counted apart.
NUMBERED = {"gramms": 6, "coreq": 32, "srqr": 21, "strobe": 22, "tripod_ai": 27}
HEADINGS = {
    "02 Coding reliability",
    "03 Themes by outcome",
    "04 Joint display",
    "05 Termination models",
    "Limits",
}
VARIANTS: list[dict[str, Any]] = [
    {"tradition": "reflexive"},
    {"tradition": "cqr"},
    {"claim": "prediction", "theme_timing": "before_outcome"},
    {"reporting": {}},
    {"reporting": {"collection_mode": ["open_text"]}},
    {"repeated": "panel"},
]


def filled(sections: Sequence[Section], cover: Payload) -> dict[str, Checklist]:
    return {c.key: c for c in fill_checklists(standings(sections, numbers(sections)), cover=cover)}


def item(checklists: dict[str, Checklist], key: str, number: str) -> Item:
    (found,) = [one for one in checklists[key].items if one.id == number]
    return found


def reporting_keys() -> set[str]:
    """Every key below ``reporting:`` that the schema knows, by its path."""
    block = yaml.safe_load((DATA_SCHEMA / "study.schema.yaml").read_text(encoding="utf-8"))
    keys = set()
    for name, rule in block["properties"]["reporting"]["properties"].items():
        below = rule.get("properties") if rule["type"] == "object" else None
        keys |= {f"{name}.{key}" for key in below} if below else {name}
    return keys - {MANUSCRIPT}


# The data files


@pytest.mark.parametrize("key", standards())
def test_a_checklist_numbers_its_items_once_and_names_only_what_exists(key: str) -> None:
    raw = standards()[key]
    ids = [one["id"] for one in raw["items"]]
    assert len(set(ids)) == len(ids)
    assert raw["citation"] in works()
    assert raw["checked"]
    assert raw["wording"]
    named = {key for one in raw["items"] for key in one.get("study", [])}
    assert named <= reporting_keys()
    headings = {one["author"] for one in raw["items"] if "author" in one}
    assert headings <= HEADINGS | {MANUSCRIPT}


@pytest.mark.parametrize(("key", "n"), NUMBERED.items())
def test_a_checklist_holds_every_numbered_item_of_its_standard(key: str, n: int) -> None:
    ids = [re.match(r"\d+", str(one["id"])) for one in standards()[key]["items"]]
    assert [int(found[0]) for found in ids if found] == sorted(int(found[0]) for found in ids if found)
    assert {int(found[0]) for found in ids if found} == set(range(1, n + 1))


def test_every_key_of_reporting_is_asked_for_or_tells_the_methods_text() -> None:
    asked = {key for raw in standards().values() for one in raw["items"] for key in one.get("study", [])}
    assert reporting_keys() - asked == {"auditor"}


@pytest.mark.parametrize("key", standards())
def test_every_item_says_how_it_can_be_met(key: str) -> None:
    for one in standards()[key]["items"]:
        ways = {"auto", "study", "author", "not_applicable"} & set(one)
        assert ways, f"{key} {one['id']}"


def test_every_template_that_an_item_names_stands_in_some_wave(waves: dict[str, Wave]) -> None:
    shown = {
        part.template for sections, _, _ in waves.values() for s in sections for part in s.parts
        if isinstance(part, Payload)
    }  # fmt: skip
    named = {t for raw in standards().values() for one in raw["items"] for t in one.get("auto", [])}
    of_page = {"summary", "limits", "methods", "cover"}
    of_other_notebooks = {  # the comparison of waves has a notebook of its own
        "codebook_changes", "wave_attrition", "wave_comparison", "wave_differential", "wave_returned", "wave_sizes",
        "side_by_side", "quote_matrix",
    }  # fmt: skip
    assert {t for t in named if not t.startswith("cover.")} - shown - of_page <= of_other_notebooks


def test_a_newer_version_of_a_standard_takes_the_place_of_the_old(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for path in FOLDER.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    old = (FOLDER / "gramms.yaml").read_text(encoding="utf-8")
    (tmp_path / "gramms_2.yaml").write_text(
        old.replace('version: "2008"', 'version: "2.0"'), encoding="utf-8"
    )
    (tmp_path / "gramms.yaml").write_text(f"{old}superseded_by: gramms_2\n", encoding="utf-8")
    monkeypatch.setattr("analysis_lib.report.checklists.FOLDER", tmp_path)
    standards.cache_clear()
    try:
        assert "gramms" not in standards()
        assert standards()["gramms_2"]["version"] == "2.0"
    finally:
        standards.cache_clear()


# Status


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_every_item_of_every_checklist_has_one_status(waves: dict[str, Wave], wave: str) -> None:
    sections, cover, _ = waves[wave]
    for checklist in filled(sections, cover).values():
        assert {one.status for one in checklist.items} <= set(STATUSES)
        assert sum(checklist.counts.values()) == len(checklist.items)


@pytest.mark.parametrize("facts", VARIANTS, ids=str)
def test_every_item_has_one_status_whatever_the_study_decides(first: Wave, facts: dict[str, Any]) -> None:
    sections, cover, _ = first
    checklists = filled(sections, with_facts(cover, **facts))
    for checklist in checklists.values():
        assert sum(checklist.counts.values()) == len(checklist.items)
        for one in checklist.items:
            assert one.note or one.places or one.texts, f"{checklist.key} {one.id} says nothing"


@pytest.mark.parametrize("wave", ["2024a", "2024b"])
def test_what_an_item_links_to_stands_on_the_rendered_page(waves: dict[str, Wave], wave: str) -> None:
    sections, cover, stamp = waves[wave]
    page = render_report(sections, cover=cover, stamp=stamp)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    places = {p.anchor for c in filled(sections, cover).values() for one in c.items for p in one.places}
    assert places
    assert places <= ids


def test_reflexive_analysis_is_asked_by_its_own_prompts_and_not_by_coreq(first: Wave) -> None:
    sections, cover, _ = first
    checklists = filled(sections, with_facts(cover, tradition="reflexive"))
    assert "RTARG" in checklists["coreq"].reason
    assert checklists["coreq"].counts["not_applicable"] == 32
    assert not checklists["rtarg"].reason
    assert item(checklists, "jars_qual", "29").status == "not_applicable"


def test_codebook_analysis_is_asked_by_coreq_and_not_by_the_reflexive_prompts(first: Wave) -> None:
    sections, cover, _ = first
    checklists = filled(sections, cover)
    assert not checklists["coreq"].reason
    assert checklists["rtarg"].reason


def test_tripod_applies_to_a_claim_of_prediction_only(first: Wave) -> None:
    sections, cover, _ = first
    assert "claim: association" in filled(sections, cover)["tripod_ai"].reason
    assert not filled(sections, with_facts(cover, claim="prediction"))["tripod_ai"].reason


def test_items_about_interviewers_do_not_apply_where_nobody_was_interviewed(first: Wave) -> None:
    sections, cover, _ = first
    written = with_facts(cover, reporting={"collection_mode": ["open_text"]})
    unknown = with_facts(cover, reporting={})
    assert item(filled(sections, written), "coreq", "1").note == "Nobody was interviewed."
    assert item(filled(sections, unknown), "coreq", "1").status == "author"
    assert situation(unknown)["interviews"] == "unknown"


def test_the_list_for_later_waves_does_not_apply_to_the_first(waves: dict[str, Wave]) -> None:
    assert filled(*waves["2024a"][:2])["jars_quant_4"].reason == "this is the first wave"
    assert not filled(*waves["2025a"][:2])["jars_quant_4"].reason


def test_a_key_of_study_yaml_moves_an_item_from_the_author_to_the_study(first: Wave) -> None:
    sections, cover, _ = first
    reporting = dict(cover.facts["reporting"])
    before = item(filled(sections, with_facts(cover, reporting=reporting)), "srqr", "21")
    assert (before.status, before.missing, before.only_keys) == ("author", ("funding",), True)
    assert "reporting.funding" in before.note
    after = item(
        filled(sections, with_facts(cover, reporting=reporting | {"funding": "None."})), "srqr", "21"
    )
    assert (after.status, after.texts, after.note) == ("study", (("funding", "None."),), "")


def test_taking_a_key_of_study_yaml_away_gives_the_item_back_to_the_author(first: Wave) -> None:
    sections, cover, _ = first
    reporting = {key: text for key, text in cover.facts["reporting"].items() if key != "sampling"}
    assert item(filled(sections, cover), "coreq", "10").status == "study"
    assert item(filled(sections, with_facts(cover, reporting=reporting)), "coreq", "10").status == "author"


def test_a_place_in_the_manuscript_completes_an_item(first: Wave) -> None:
    sections, cover, _ = first
    told = with_facts(cover, reporting={"manuscript": {"COREQ 30": "Results, third paragraph"}})
    found = item(filled(sections, told), "coreq", "30")
    assert (found.status, found.texts) == ("study", (("manuscript", "Results, third paragraph"),))


@pytest.mark.parametrize(
    ("key", "number", "templates"),
    [
        ("coreq", "25", ("codebook",)),
        ("strobe", "13a", ("flow",)),
        ("strobe", "16c", ("termination_probabilities",)),
        ("jars_mixed", "17", ("joint_display",)),
    ],
)
def test_without_its_payload_an_item_is_left_to_the_author(
    first: Wave, key: str, number: str, templates: tuple[str, ...]
) -> None:
    sections, cover, _ = first
    assert item(filled(sections, cover), key, number).status == "auto"
    found = item(filled(without(sections, *templates), cover), key, number)
    assert (found.status, found.places) == ("author", ())
    assert "not in this report" in found.note


def test_a_refusal_answers_an_item_with_its_reason(waves: dict[str, Wave]) -> None:
    sections, cover, _ = waves["2024b"]  # 24 people, all in one outcome group
    found = item(filled(sections, cover), "strobe", "16a")
    assert found.status == "auto"
    assert found.note == "Refused: nobody dropped out."
    assert found.places[0].anchor == "section-05"


def test_a_withheld_number_of_people_is_not_an_empty_group(first: Wave) -> None:
    _, cover, _ = first
    groups = cover.tables["groups"]
    hidden = type(groups)(groups.columns, tuple((*row[:-1], None) for row in groups.rows))
    assert (
        situation(type(cover)(cover.shape, cover.template, {"groups": hidden}, cover.facts))["groups"]
        == "several"
    )


# What helps most, and the file


def test_keys_that_complete_the_most_items_come_first(first: Wave) -> None:
    sections, cover, _ = first
    keys = open_keys(list(filled(sections, cover).values()))
    assert [one.completes for one in keys] == sorted((one.completes for one in keys), reverse=True)
    assert not {one.key for one in keys} & set(flat(cover.facts["reporting"]))
    best = keys[0]
    text = {"researchers": dict(cover.facts["reporting"]["researchers"]) | {"reflexivity": "Written."}}
    assert best.key == "researchers.reflexivity"
    after = filled(sections, with_facts(cover, reporting=dict(cover.facts["reporting"]) | text))
    was = sum(c.counts["author"] for c in filled(sections, cover).values())
    assert was - sum(c.counts["author"] for c in after.values()) == best.completes


def test_the_file_has_a_row_for_every_item(first: Wave) -> None:
    sections, cover, _ = first
    checklists = list(filled(sections, cover).values())
    rows = checklist_rows(checklists)
    assert len(rows) == sum(len(checklist.items) for checklist in checklists)
    assert set(rows["status"]) == set(STATUSES)


def test_the_example_study_answers_about_two_thirds_of_the_keys(first: Wave) -> None:
    _, cover, _ = first
    assert 0.55 < len(flat(cover.facts["reporting"])) / len(reporting_keys()) < 0.75
    assert all(
        "SYNTHETIC" in text
        for key, text in flat(cover.facts["reporting"]).items()
        if key != "collection_mode"
    )
