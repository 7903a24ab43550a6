"""Does the methods text tell what was run, all of it that stands in the report, and nothing else?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from whole_waves import Wave, with_facts, without

from analysis_lib.payload import Payload
from analysis_lib.report.back_matter import back_matter, write_back_matter
from analysis_lib.report.methods import Paragraph, methods_text
from analysis_lib.report.places import Standing, standings
from analysis_lib.report.references import works
from analysis_lib.report.said import Said
from analysis_lib.report.sections import Section, numbers
from analysis_lib.wording import in_sentences, slips


def told(
    wave: Wave, *, sections: list[Section] | None = None, gone: tuple[str, ...] = (), **facts: Any
) -> tuple[Paragraph, ...]:
    """The text of a wave; of other sections, without some templates, or under other decisions."""
    own, cover, stamp = wave
    stands = standing_of(own if sections is None else sections)
    kept = {template: places for template, places in stands.items() if template not in gone}
    return methods_text(kept, cover=with_facts(cover, **facts), stamp=stamp)


_MADE: dict[int, tuple[list[Section], dict[str, tuple[Standing, ...]]]] = {}


def standing_of(sections: list[Section]) -> dict[str, tuple[Standing, ...]]:
    """What stands where, worked out once for the same list of sections, which is kept with it."""
    if id(sections) not in _MADE:
        _MADE[id(sections)] = (sections, standings(sections, numbers(sections)))
    return _MADE[id(sections)][1]


def said_in(paragraphs: tuple[Paragraph, ...]) -> list[Said]:
    return [said for paragraph in paragraphs for said in paragraph.sentences]


def text_of(paragraphs: tuple[Paragraph, ...]) -> str:
    return "\n".join(paragraph.text for paragraph in paragraphs)


def templates(sections: list[Section]) -> set[str]:
    return {part.template for section in sections for part in section.parts if isinstance(part, Payload)}


# What was run


def test_the_text_names_seed_version_and_permutations_that_the_payloads_hold(first: Wave) -> None:
    record = next(
        p for s in first[0] for p in s.parts if isinstance(p, Payload) and p.template == "run_record"
    )
    text = text_of(told(first))
    assert f"Themewave {record.facts['version']}" in text
    assert f"the seed {record.facts['seed']}" in text
    assert "199 permutations" in text  # example_waves.FEW


def test_another_seed_in_the_record_is_another_seed_in_the_text(first: Wave) -> None:
    def other(part: str | Payload) -> str | Payload:
        if isinstance(part, Payload) and part.template == "run_record":
            return replace(part, facts=dict(part.facts) | {"seed": 7, "version": "9.9"})
        return part

    sections = [replace(s, parts=tuple(map(other, s.parts))) for s in first[0]]
    assert "Themewave 9.9 and the seed 7" in text_of(told(first, sections=sections))


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_without_its_sources_no_sentence_is_said(waves: dict[str, Wave], wave: str) -> None:
    for sources in {said.sources for said in said_in(told(waves[wave])) if said.sources != ("cover",)}:
        gone = {said.text for said in said_in(told(waves[wave], gone=sources))}
        stay = [said.text for said in said_in(told(waves[wave])) if said.sources == sources]
        assert not gone & set(stay), sources


def test_a_report_without_analyses_tells_of_the_wave_and_the_release_alone(first: Wave) -> None:
    sections = without(first[0], *(templates(first[0]) - {"cover", "run_record"}))
    assert [paragraph.heading for paragraph in told(first, sections=sections)] == [
        "Participants", "Coding", "Release and software",
    ]  # fmt: skip


METHODS = (
    "Fisher-Freeman-Halton",
    "minP",
    "Rao-Scott",
    "specifications",
    "Newcombe’s hybrid",
    "Firth’s penalty",
    "Mantel-Haenszel",
)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_was_refused_in_a_wave_is_not_named_there(waves: dict[str, Wave], method: str) -> None:
    ran = [said.text for said in said_in(told(waves["2025a"])) if method in said.text]
    assert ran
    # 24 people, all in one outcome group: nothing can be compared, and nobody dropped out as stated.
    assert method not in text_of(told(waves["2024b"]))


def test_what_was_refused_is_said_with_its_reason(waves: dict[str, Wave]) -> None:
    (refused,) = [p for p in told(waves["2024b"]) if p.heading == "What was not run"]
    assert (
        "Not run: the test of all themes together (no comparison group in this wave, so no test)."
        in refused.text
    )
    assert "No model was fitted for declared (nobody dropped out)." in refused.text


def test_pooling_over_waves_is_told_from_the_first_wave_on_that_can_be_pooled(waves: dict[str, Wave]) -> None:
    assert "Over the waves" not in [paragraph.heading for paragraph in told(waves["2024a"])]
    assert "Over the waves" in [paragraph.heading for paragraph in told(waves["2025a"])]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"coders_blind_to_outcome": True}, "Coders were blind to the outcome"),
        ({"theme_timing": "before_outcome"}, "accounts were given before it was known"),
        ({"outcome_rule": []}, "Outcome groups were taken as recorded in the participants table."),
        ({"tradition": "cqr"}, "consensual qualitative research"),
    ],
)
def test_the_text_follows_the_decisions_of_the_study(first: Wave, facts: dict[str, Any], words: str) -> None:
    assert words not in text_of(told(first))
    assert words in text_of(told(first, **facts))


def test_a_rounded_report_says_so_and_names_the_smallest_cell(first: Wave) -> None:
    sections, cover, stamp = first
    rounded = replace(stamp, counts_rule="midpoint6")
    text = text_of(methods_text(standing_of(sections), cover=cover, stamp=rounded))
    assert "rounded by the rule midpoint6" in text
    assert "fewer than 6 people" in text
    assert "rounded" not in text_of(told(first))


def test_what_the_team_wrote_is_marked_as_theirs(first: Wave) -> None:
    given = [said for said in said_in(told(first)) if said.given]
    assert given
    assert all(said.text.startswith("SYNTHETIC") for said in given)
    assert not [said for said in said_in(told(first, reporting={})) if said.given]


def test_a_text_without_a_stop_gets_one(first: Wave) -> None:
    texts = [said.text for said in said_in(told(first, reporting={"sampling": "everybody was asked"}))]
    assert "everybody was asked." in texts


# Wording


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_the_text_claims_no_more_than_the_report_may(waves: dict[str, Wave], wave: str) -> None:
    own = [said.text for said in said_in(told(waves[wave])) if not said.given]
    plain = [re.sub("“[^”]*”", "", text) for text in own]
    assert [slip for text in plain for one in in_sentences(text) for slip in slips(one)] == []


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_the_text_holds_no_number_of_people(waves: dict[str, Wave], wave: str) -> None:
    sizes = {str(row[-1]) for row in waves[wave][1].tables["groups"].rows if row[-1]}
    own = " ".join(
        said.text for said in said_in(told(waves[wave])) if said.sources != ("cover",)
    )  # which holds dates
    assert not sizes & set(re.findall(r"\b\d+\b", own))


# References


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_the_list_holds_what_is_cited_and_nothing_else(waves: dict[str, Wave], wave: str) -> None:
    sections, cover, stamp = waves[wave]
    back = back_matter(sections, cover=cover, stamp=stamp)
    cited = {key for said in said_in(back.methods) for key in said.references}
    cited |= {checklist.citation for checklist in back.checklists if not checklist.reason}
    assert cited <= set(works())
    assert {entry.key for entry in back.references} == cited


def test_what_was_not_run_is_not_cited(waves: dict[str, Wave]) -> None:
    keys = {
        wave: {entry.key for entry in back_matter(s, cover=c, stamp=t).references}
        for wave, (s, c, t) in waves.items()
    }
    assert "kosmidis2011" in keys["2024a"]
    assert "kosmidis2011" not in keys["2024b"]
    assert "mantel1959" not in keys["2024a"]
    assert "mantel1959" in keys["2025a"]


def test_checklists_and_references_lie_beside_the_report(first: Wave, tmp_path: Any) -> None:
    sections, cover, stamp = first
    back = back_matter(sections, cover=cover, stamp=stamp)
    write_back_matter(tmp_path, back)
    header, *rows = (tmp_path / "checklists.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith('"checklist","version","item"')
    assert len(rows) == sum(len(checklist.items) for checklist in back.checklists)
    bibtex = (tmp_path / "references.bib").read_text(encoding="utf-8")
    assert bibtex.count("\n@") + 1 == len(back.references)


def test_the_same_report_gives_the_same_back_matter(first: Wave) -> None:
    sections, cover, stamp = first
    assert back_matter(sections, cover=cover, stamp=stamp) == back_matter(sections, cover=cover, stamp=stamp)
