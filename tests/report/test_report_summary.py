"""Is the summary short, taken from the sections, and honest about what is refused and still to be written?"""

from __future__ import annotations

import re

import pytest
from page_reader import Element
from report_by_hand import (
    a_cover,
    contrasts,
    joint,
    meta_inferences,
    notes,
    quote_matrix,
    report,
    shares,
)

from analysis_lib.payload import Payload
from analysis_lib.report.html import Section
from analysis_lib.report.sections import lay_out
from analysis_lib.report.summary import Summary, summarise

NO_GROUP = "no comparison group in this wave, so no test"


def summary_of(*parts: str | Payload) -> Summary:
    return summarise(lay_out([Section("03", "Which themes?", parts)]), a_cover())


def under(page: Element, heading: str) -> list[str]:
    """Sentences that stand under a heading of the summary."""
    children = [child for child in page.by_id("summary").children if isinstance(child, Element)]
    at = [child.text for child in children].index(heading)
    return [li.text for li in children[at + 1].all("li")]


def test_at_most_three_findings_the_clearest_first_and_all_from_the_sections() -> None:
    page = report(contrasts("sentences", surfaces=5, heards=4), contrasts(surfaces=5, heards=4))
    found = under(page, "What was found")
    assert len(found) == 3
    assert all(text.startswith("“Felt heard” was coded for 3 of 37 (8%)") for text in found)
    assert set(found) <= {li.text for li in page.by_id("section-03").all("li")}


def test_a_question_that_stays_open_is_no_finding_but_named_as_what_cannot_be_said() -> None:
    found = summary_of(contrasts("sentences", surfaces=2, heards=0))
    assert found.findings == ()
    assert found.cannot is not None
    assert found.cannot.kind == "cannot tell"


def test_a_refusal_goes_before_an_open_question() -> None:
    refused = summary_of(contrasts("sentences", surfaces=2), contrasts("sentences", reason=NO_GROUP))
    assert refused.cannot is not None
    assert refused.cannot.text == "No comparison group in this wave, so no test."


def test_the_limit_is_one_of_the_limits() -> None:
    page = report("Text.")
    (limit,) = under(page, "Read with this limit")
    assert limit in {li.text for li in page.by_id("limits").all("li")}


def test_what_a_closer_look_refuses_stays_out_of_the_summary() -> None:
    page = report("### Would other choices", contrasts("sentences", reason="nothing to compare"))
    assert "nothing to compare" not in page.by_id("summary").text.lower()
    assert "Nothing to compare." in page.by_id("section-03").text


def test_each_section_has_a_line_that_says_what_it_found_and_what_it_refuses() -> None:
    early = Section("01", "Who is in?", (contrasts("sentences"), contrasts("sentences", reason=NO_GROUP)))
    late = Section("02", "Which?", (contrasts("sentences", reason="nobody was coded"),))
    found = summarise(lay_out([early, late, Section("03", "What?", ("Text.",))]), a_cover())
    assert [line.section.number for line in found.lines] == ["01", "02", "03"]
    assert [line.sentence is None for line in found.lines] == [True, True, True]
    # what the first section finds first is a finding above, and another sentence would pass for its first
    assert [line.above is None for line in found.lines] == [False, False, True]
    assert found.cannot == found.lines[0].refused[0]
    assert [sentence.text for sentence in found.lines[1].refused] == ["Nobody was coded."]


def test_numbers_have_their_base_and_lead_to_their_table() -> None:
    page = report(contrasts(), quote_matrix())
    (numbers,) = page.by_class("key-numbers")
    said = {div.all("dt")[0].text: div.all("dd")[0] for div in numbers.all("div")}
    clear = said["comparisons of two groups are clear"]
    assert clear.text == "1 of 2"
    assert clear.all("a")[0].attributes["href"] == "#table-3-1"
    quotes = said["quotes released with this report"]
    assert quotes.text == "5"  # K7 said three things, M2 and P9 one each
    assert quotes.all("a")[0].attributes["href"] == "#table-3-2"


def test_every_empty_box_is_counted_and_linked() -> None:
    parts = (joint(), meta_inferences(), notes("04 Joint display", " "), notes("04 More", "Written."))
    found = summary_of(*parts)
    assert [(place.place, place.n) for place in found.unwritten] == [
        ("Table 3.1", 1),
        ("conclusions of section 3", 1),
        ("section 3", 1),
    ]
    assert found.n_unwritten == 3
    page = report(*parts)
    ids = {e.attributes["id"] for e in page.inside if "id" in e.attributes}
    (said,) = page.by_class("still-to-write")
    assert {(a.attributes["href"] or "")[1:] for a in said.all("a")} <= ids


@pytest.mark.parametrize("text", ["Written.", "\n Written."])
def test_a_report_without_an_empty_box_says_nothing_about_boxes(text: str) -> None:
    assert not report(notes("03 Themes", text)).by_class("still-to-write")


def test_the_leading_themes_are_drawn_once_more_with_a_link_to_all_of_them() -> None:
    page = report(shares("figure", "theme_dots"), shares())
    (figure,) = page.by_class("leading")
    assert figure.all("a")[0].attributes["href"] == "#figure-3-1"
    assert len(figure.all("img")[0].attributes["alt"] or "") > 40


def test_it_is_read_in_five_minutes() -> None:
    page = report()
    front = page.by_class("cover")[0].text + page.by_class("front")[0].text
    assert len(re.findall(r"\w+", front)) < 5 * 230
