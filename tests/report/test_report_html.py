"""Does the page keep what it promises to readers, to screen readers and to those who mail it?"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from page_reader import Element, read
from report_by_hand import (
    GROUPS,
    RUN_RECORD,
    STAMP,
    a_cover,
    contrasts,
    joint,
    meta_inferences,
    notes,
    report,
    sections,
    shares,
    what_changed,
)

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.payload import Payload, Table
from analysis_lib.report import html, prose
from analysis_lib.report.html import IndexRow, Section, numbers, render_index, render_report

HOSTILE = [
    "A <script>alert(1)</script>",
    "</table></style></title><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "{{ 7 * 7 }} {% raw %}",
    "[link](javascript:alert(1)) **bold** <https://example.org/x>",
    "right to left \u202e override",
    "smile \U0001f642",
    "&lt;b&gt; &amp; &#x27;",
    "url(https://example.org/x.png)",
]

# What a mailed page may not do


def test_a_report_holds_one_script_and_no_address_outside_itself() -> None:
    page = report()
    assert not page.all("iframe", "object", "embed", "link", "base", "form", "svg")
    assert [script.attributes for script in page.all("script")] == [{}]
    assert not [name for e in page.inside for name in e.attributes if name.startswith("on")]
    addresses = [
        e.attributes[name] or "" for e in page.inside for name in ("src", "href") if name in e.attributes
    ]
    assert addresses
    assert all(address.startswith(("#", "data:image/svg+xml,")) for address in addresses)
    assert "url(" not in "".join(style.text for style in page.all("style"))
    assert "@import" not in "".join(style.text for style in page.all("style"))


def policy_of(page: Element) -> str:
    (policy,) = [meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes]
    return policy or ""


def test_a_report_forbids_what_it_does_not_bring_along() -> None:
    allowed = dict(part.split(" ", 1) for part in policy_of(report()).split("; "))
    assert allowed.pop("script-src").startswith("'sha256-")
    assert allowed == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_script_that_may_run_is_the_one_on_the_page_and_ours() -> None:
    page = report()
    (script,) = page.all("script")
    assert script.text == (Path(html.__file__).parent / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.text.encode("utf-8")).digest()).decode("ascii")
    assert f"script-src 'sha256-{digest}'" in policy_of(page)


def test_the_script_reads_no_text_as_markup_and_asks_for_nothing() -> None:
    (script,) = report().all("script")
    for name in (
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "XMLHttp",
    ):
        assert name not in script.text
    assert "</" not in script.text


@pytest.mark.parametrize(
    "place", ["quote", "label", "reading", "prose", "title", "reason", "stamp", "question", "study"]
)
def test_text_of_others_stays_text(place: str) -> None:
    text = " ¦ ".join(HOSTILE)
    parts: dict[str, tuple[str | Payload, ...]] = {
        "quote": (joint(quote=text),),
        "label": (shares(label=text), contrasts(label=text), contrasts("sentences", label=text)),
        "reading": (joint(reading=text), notes("03 Themes", text), notes("Limits", text)),
        "prose": (text,),
        "reason": (contrasts("sentences", reason=text),),
    }
    cover = {"title": a_cover(title=text), "study": a_cover(study=text, wave=text, setting=text)}.get(place)
    stamp = replace(STAMP, study=text, counts_reason=text, changed=(text,)) if place == "stamp" else STAMP
    question = text if place == "question" else "Which themes?"
    made = [Section("03", question, parts.get(place, ("Prose.",)))]
    page = read(render_report(made, cover=cover or a_cover(), stamp=stamp))

    assert len(page.all("script")) == 1
    assert not page.all("img", "svg")
    assert not [name for e in page.inside for name in e.attributes if name.startswith("on")]
    assert all((e.attributes["href"] or "").startswith("#") for e in page.all("a"))
    if place not in ("reading", "prose"):  # Markdown may take its own signs away
        assert text in page.all("body")[0].text


def test_a_quote_cannot_turn_the_rest_of_the_page_round() -> None:
    page = report(joint(quote="\u202eback to front"))
    (blockquote,) = page.all("blockquote")
    assert blockquote.attributes["dir"] == "auto"


def test_characters_that_no_page_can_hold_are_replaced() -> None:
    html = render_report(
        [Section("03", "Which?", (joint(quote="a\x00b\ud800c"),))], cover=a_cover(), stamp=STAMP
    )
    assert "a\ufffdb\ufffdc" in html
    html.encode("utf-8")


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = (render_report(sections(), cover=a_cover(), stamp=STAMP) for _ in range(2))
    assert first == second


# Readers with and without eyes on the screen


def test_headings_go_down_one_level_at_a_time_from_a_single_h1() -> None:
    levels = [int(h.tag[1]) for h in report().all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_id_stands_once_and_every_link_leads_to_one() -> None:
    page = report(shares(), shares(), contrasts(), contrasts(), joint(), joint(), contrasts("sentences"))
    ids = [e.attributes["id"] for e in page.inside if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    assert {(a.attributes["href"] or "")[1:] for a in page.all("a")} <= set(ids)
    labelled = [e.attributes["aria-labelledby"] for e in page.inside if "aria-labelledby" in e.attributes]
    assert set(labelled) <= set(ids)


def test_every_table_has_a_caption_and_every_heading_cell_a_scope() -> None:
    page = report()
    assert len(page.by_id("section-03").all("table")) == 2
    for table in page.all("table"):
        assert next(e.tag for e in table.children if isinstance(e, Element)) == "caption"
        assert table.all("caption")[0].text
        scopes = [th.attributes.get("scope") for th in table.all("th")]
        assert set(scopes) <= {"col", "colgroup", "row", "rowgroup"}
        assert all(th.text for th in table.all("th"))


def test_a_table_scrolls_in_a_named_region_that_the_keyboard_reaches() -> None:
    regions = [e for e in report().inside if e.attributes.get("role") == "region"]
    assert len(regions) == len(report().all("table", "img"))
    assert all(e.attributes["tabindex"] == "0" and e.attributes["aria-label"] for e in regions)
    tables = [e for e in report().all("table") if e.parent is not None]
    assert all(e.parent.attributes.get("role") == "region" for e in tables if e.parent)


def test_every_picture_says_what_it_shows_and_where_its_numbers_are() -> None:
    page = report()
    (image,) = page.by_id("section-03").all("img")
    assert len(image.attributes["alt"] or "") > 40
    assert (image.attributes["alt"] or "").endswith("Table 3.1.")
    assert page.by_id("section-03").all("figcaption")[0].text.startswith("Figure 3.1")


def test_the_page_is_marked_up_for_those_who_jump() -> None:
    page = report()
    assert page.all("html")[0].attributes["lang"] == "en-GB"
    assert page.all("title")[0].text == "What helped, wave 2024a"
    assert page.all("body")[0].all("a")[0].attributes == {"class": "skip", "href": "#main"}
    assert [len(page.all(tag)) for tag in ("main", "nav")] == [1, 1]


# What stands where


def test_tables_and_figures_are_numbered_within_their_section() -> None:
    assert numbers(sections()) == {
        ("03", 1): "Figure 3.1",
        ("03", 2): "Table 3.1",
        ("03", 3): "Table 3.2",
        ("04", 0): "Table 4.1",
    }


def test_what_changed_stands_behind_the_summary_and_not_in_its_section() -> None:
    page = report(what_changed(), "Text.")
    assert "Only one wave so far" in page.by_id("what-changed").text
    assert "Only one wave so far" not in page.by_id("section-03").text
    order = [e.attributes.get("id") for e in page.all("section")]
    assert order.index("summary") < order.index("what-changed") < order.index("section-03")
    assert "What changed since last wave" in page.by_id("contents").text


def test_without_a_payload_about_changes_there_is_no_such_section() -> None:
    page = report("Text.")
    assert "what-changed" not in [e.attributes.get("id") for e in page.inside]
    assert "What changed" not in page.by_id("contents").text


def test_the_parts_of_a_report_keep_their_order() -> None:
    headings = [h.text.strip() for h in report().all("h2")]
    assert headings[:2] == ["Summary", "Contents"]
    assert headings[-5:] == ["Limits", "Reporting checklists", "Methods text", "References", "Provenance"]


def test_conclusions_of_the_authors_have_a_box_each_and_no_number() -> None:
    parts = (meta_inferences(), shares())
    page = report(*parts)
    boxes = page.by_id("section-03").by_class("authors")
    assert ["unwritten" in (box.attributes["class"] or "") for box in boxes] == [False, True]
    assert "Where do they disagree?" in boxes[0].text
    assert "Nowhere." in boxes[0].text
    assert [li.text.split("?")[0] for li in boxes[1].all("li")] == ["What do both say together"]
    assert numbers([Section("03", "Which?", parts)]) == {("03", 1): "Table 3.1"}


def test_a_sentence_links_to_the_row_it_comes_from() -> None:
    page = report(contrasts("sentences"), contrasts())
    (line,) = [li for li in page.by_id("section-03").all("li") if li.text.startswith("“Felt heard”")]
    (link,) = line.all("a")
    assert link.text == "Table 3.1"
    row = page.by_id((link.attributes["href"] or "")[1:])
    assert row.all("th")[0].text == "Felt heard"


def test_a_sentence_whose_row_is_not_shown_has_no_link() -> None:
    page = report(contrasts("sentences"))
    assert not page.by_id("section-03").by_class("lines")[0].all("a")


def test_a_fold_of_a_closer_look_is_named_by_what_it_holds() -> None:
    page = report("### How large", contrasts("sentences"), contrasts(), shares())
    (fold,) = page.by_class("closer")
    assert fold.all("summary")[0].text == "Tables 3.1 and 3.2"
    assert len(fold.all("table")) == 2
    assert not fold.by_class("findings")


def test_findings_that_are_not_settled_fold_away_and_clear_ones_never() -> None:
    page = report(contrasts("sentences", surfaces=9, heards=9))
    (details,) = page.by_id("section-03").all("details")
    assert details.all("summary")[0].text == "5 more not settled"
    assert len(details.all("li")) == 5
    clear = [li for li in page.by_id("section-03").all("li") if li.text.startswith("“Felt heard”")]
    assert len(clear) == 9
    assert not [li for li in details.all("li") if li in clear]


def test_counts_difference_and_quotes_of_a_group_stand_together() -> None:
    page = report(joint())
    helpful, unhelpful = page.by_class("sides")[0].all("div")
    assert "42/92, 46%" in helpful.text
    assert "reference" in helpful.text
    assert "He listened." in helpful.text
    assert "K7Q2AB, helpful" in helpful.text
    assert "2 more segments withheld" in helpful.text
    assert "3/37, 8%" in unhelpful.text
    assert "clear" in unhelpful.text


def test_what_authors_write_stands_in_a_box_of_its_own() -> None:
    page = report(notes("03 Themes by outcome", "## Our reading\n\nIt *matters*."))
    (box,) = page.by_class("authors")
    assert box.by_class("label")[0].text == "Authors’ reading"
    assert [h.text for h in box.all("h3", "h4")] == ["Our reading"]
    assert box.all("em")[0].text == "matters"


@pytest.mark.parametrize("part", [notes("03 Themes by outcome", " "), joint()])
def test_what_authors_have_not_written_is_marked_as_missing(part: Payload) -> None:
    (box,) = report(part).by_class("unwritten")
    assert "not yet written" in box.text.lower()


def test_cover_limits_and_run_record_move_to_their_places() -> None:
    page = report(a_cover(), RUN_RECORD, notes("Limits", "Few people."))
    assert not page.by_id("section-03").all("dl")
    assert not page.by_id("section-03").by_class("authors")
    assert "Few people." in page.by_id("limits").text
    assert "0123456789ab" in page.by_id("provenance").text


def test_the_cover_says_rule_reason_and_changes() -> None:
    stamp = replace(STAMP, counts_rule="midpoint6", counts_reason="small clinic")
    page = report("Text.", stamp=stamp)
    for place in (page.by_class("cover")[0], page.by_id("provenance")):
        assert "middle of its step of six" in place.text
        assert "small clinic" in place.text
        assert "3 quotes are withheld." in place.text
    assert "a1b2c3" in page.by_id("provenance").text


def test_sizes_of_groups_stand_under_their_names() -> None:
    sizes = [" ".join(li.text.split()) for li in report().by_class("groups")[0].all("li")]
    assert sizes == ["92 ● Helpful", "37 ■ Unhelpful"]


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_synthetic_study_says_so_before_anything_else(synthetic: bool) -> None:
    page = report("Text.", cover=a_cover(synthetic=synthetic))
    assert len(page.by_class("synthetic")) == synthetic
    assert ("SYNTHETIC" in page.text) == synthetic


def test_an_internal_report_says_so_on_screen_and_on_every_printed_page() -> None:
    page = report("Text.", stamp=replace(STAMP, profile="internal"))
    assert page.by_class("internal")[0].text.startswith("INTERNAL")
    assert "content: 'INTERNAL" in page.all("style")[0].text


def test_a_figure_that_cannot_be_drawn_says_why() -> None:
    nothing = shares("figure", "theme_dots")
    none = Table(nothing.tables["shares"].columns, ())
    page = report(replace(nothing, tables={"shares": none, "groups": GROUPS}))
    assert not page.all("img")
    assert "No figure: " in page.all("figcaption")[0].text


# Markdown


def test_markdown_keeps_headings_paragraphs_lists_and_emphasis() -> None:
    page = read(prose.render("## One\n\n#### Two\n\n- a *b*\n\n1. **c**\n\nText `code`."))
    assert {e.tag for e in page.inside} == {"h3", "h4", "ul", "ol", "li", "em", "strong", "p", "code"}


def test_markdown_links_pictures_and_quotes_become_plain_text() -> None:
    page = read(prose.render("[a](https://b.c) ![d](e.png) <https://f.g>\n\n> said\n\n---\n\n<b>raw</b>"))
    assert {e.tag for e in page.inside} == {"p"}
    assert page.text.split() == ["a", "(https://b.c)", "d", "https://f.g", "said", "<b>raw</b>"]


# The index


def test_the_index_links_to_each_wave_that_has_a_report() -> None:
    rows = [
        IndexRow("2024a", "1 of 4", "current", "179", "2024a/report.html"),
        IndexRow("2024b", "2 of 4", "no report yet", "", ""),
    ]
    page = read(render_index("What helped", True, rows))
    links = [a for a in page.all("a") if a.attributes["href"] != "#main"]
    assert [a.attributes["href"] for a in links] == ["2024a/report.html"]
    cells = [[cell.text for cell in tr.all("th", "td")] for tr in page.all("tbody")[0].all("tr")]
    assert cells[1] == ["2024b", "2 of 4", "no report yet", ""]
    assert page.by_class("synthetic")


def test_a_wave_name_cannot_make_the_index_run_code() -> None:
    link = "javascript:alert(1)/report.html"
    page = read(render_index("<b>", False, [IndexRow("<i>", "1", "current", "1", link)]))
    assert page.all("a")[1].attributes["href"] == "javascript%3Aalert%281%29/report.html"
    assert not page.all("b", "i")


# The table's own markup


def a_table(*rows: Row) -> FormattedTable:
    heads = (
        (Head("Helpful", colspan=2), Head("Why", rowspan=2)),
        (Head("n"), Head("%")),
    )
    return FormattedTable("Title", "Theme", heads, rows, ("A note.",))


def test_columns_of_words_have_their_headings_on_the_left() -> None:
    table = read(a_table(Row("A", (Cell("1"), Cell("2"), Cell("few", "left")))).as_html())
    left = [th.text for th in table.all("thead")[0].all("th") if th.attributes.get("class") == "left"]
    assert left == ["Theme", "Why"]


def test_a_heading_row_opens_a_row_group_of_its_own() -> None:
    cells = (Cell("1"), Cell("2"), Cell("3"))
    rows = (Row("First", heading=True), Row("a", cells), Row("Second", heading=True), Row("b", cells))
    bodies = read(a_table(*rows).as_html()).all("tbody")
    assert [[th.text for th in body.all("th")] for body in bodies] == [["First", "a"], ["Second", "b"]]
    assert bodies[0].all("th")[0].attributes == {"scope": "rowgroup", "colspan": "4"}


def test_an_empty_heading_is_no_heading_cell() -> None:
    table = FormattedTable("Title", "", ((Head("n"),),), (Row("a", (Cell("1"),)),))
    head = read(table.as_html()).all("thead")[0]
    assert [e.tag for e in head.all("th", "td")] == ["td", "th"]


def test_notes_can_be_left_to_the_page() -> None:
    assert "A note." in a_table().as_html()
    assert "A note." not in a_table().as_html(notes=False)
    assert re.search("<caption>.*Table 3.1.*Title.*</caption>", a_table().as_html(number="Table 3.1"))
