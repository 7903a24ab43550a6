"""Does the page keep what it promises to readers, to screen readers and to those who mail it?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.payload import Payload, Table
from analysis_lib.report import prose
from analysis_lib.report.html import IndexRow, Section, Stamp, numbers, render_index, render_report

CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
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
VOID = {"meta", "br", "img", "col", "input", "link", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    parent: Element | None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def inside(self) -> list[Element]:
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child, *child.inside]
        return found

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.inside if element.tag in tags]

    def by_id(self, name: str) -> Element:
        (found,) = [element for element in self.inside if element.attributes.get("id") == name]
        return found

    def by_class(self, name: str) -> list[Element]:
        return [e for e in self.inside if name in (e.attributes.get("class") or "").split()]


class Reader(HTMLParser):
    """Builds the tree; a tag that closes nothing or stays open is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.open = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_endtag(self, tag: str) -> None:
        if tag != self.open.tag or self.open.parent is None:
            raise AssertionError(f"</{tag}> closes <{self.open.tag}>")
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        self.open.children.append(data)


def read(html: str) -> Element:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open is reader.root, f"<{reader.open.tag}> is never closed"
    return reader.root


FACTS: dict[str, Any] = {
    "study": "example",
    "wave": "2024a",
    "synthetic": False,
    "reference": "helpful",
    "alpha": 0.05,
    "smallest_difference": 0.15,
    "multiplicity": "minp",
    "base": "all_with_material",
    "theme_timing": "after_outcome",
    "claim": "association",
    "tradition": "codebook",
    "counts_rule": "exact",
    "profile": "coauthor",
}
GROUPS = Table(
    (("group", "key"), ("label", "key"), ("n", "people")),
    (("helpful", "Helpful", 92), ("unhelpful", "Unhelpful", 37)),
)
STAMP = Stamp(
    "example", "2024a", "coauthor", "exact", "anonymous sample", "a1b2c3", ("3 quotes are withheld.",)
)


def a_cover(**facts: Any) -> Payload:
    settings = {
        "title": "What helped",
        "setting": "outpatients",
        "design": "convergent",
        "look": 1,
        "planned_looks": 4,
        "opened": "2024-02-05",
        "closed": "2024-05-31",
        "data_cut": "2024-07-31",
        "codebook_version": "1.0.0",
        "coders_blind_to_outcome": False,
        "unit": "participant",
        "outcome_rule": [{"group": "Helpful", "when": [["perceived_helpfulness", ["helpful"]]]}],
        "counts_reason": "",
        "quotes_rule": "reviewed",
        "minimum_count": 6,
    }
    return Payload("card", "cover", {"groups": GROUPS}, FACTS | settings | facts)


def shares(shape: Any = "table", template: str = "theme_by_outcome", label: str = "Felt heard") -> Payload:
    columns = (
        ("theme_id", "key"), ("theme_label", "key"), ("depth", "key"), ("group", "key"),
        ("n_with_theme", "people"), ("n_total", "people"), ("n_segments", "segments"),
    )  # fmt: skip
    rows = (
        ("A.heard", label, 0, "helpful", 42, 92, 60),
        ("A.heard", label, 0, "unhelpful", 3, 37, 4),
        ("A.heard", label, 0, "all", 45, 129, 64),
        ("G.surface", "Surface", 0, "helpful", 12, 92, 15),
        ("G.surface", "Surface", 0, "unhelpful", 6, 37, 9),
        ("G.surface", "Surface", 0, "all", 18, 129, 24),
    )
    tables = {"shares": Table(columns, rows), "groups": GROUPS}
    return Payload(shape, template, tables, FACTS | {"reason": None, "leading": ["A.heard", "G.surface"]})


CONTRASTS = (
    ("theme_id", "key"), ("theme_label", "key"), ("depth", "key"), ("group", "key"), ("reference", "key"),
    ("n_with_theme", "people"), ("n_total", "people"), ("n_with_reference", "people"),
    ("n_reference", "people"), ("p_value", "p"), ("p_adjusted", "p"),
)  # fmt: skip


def contrasts(
    shape: Any = "table",
    *,
    label: str = "Felt heard",
    reason: str | None = None,
    surfaces: int = 1,
    heards: int = 1,
) -> Payload:
    """Felt heard differs clearly (3/37 against 42/92), Surface not (6/37 against 12/92)."""
    clear = [
        ("A.heard" + "x" * i, label, 0, "unhelpful", "helpful", 3, 37, 42, 92, 0.0001, 0.0004)
        for i in range(heards)
    ]
    open_ = [
        (f"G.surface{i}", f"Surface {i}", 0, "unhelpful", "helpful", 6, 37, 12, 92, 0.7, 0.9)
        for i in range(surfaces)
    ]
    tables = {
        "contrasts": Table(CONTRASTS, (*open_, *clear)),
        "shares": shares(label=label).tables["shares"],
        "groups": GROUPS,
    }
    leading = [row[0] for row in (*clear, *open_)]
    return Payload(shape, "theme_contrasts", tables, FACTS | {"reason": reason, "leading": leading})


def joint(*, quote: str = "He listened.", label: str = "Felt heard", reading: str = "") -> Payload:
    tables = {
        "themes": Table(
            (("theme_id", "key"), ("theme_label", "key"), ("definition", "key")),
            (("A.heard", label, "The person felt heard."),),
        ),
        "shares": Table(
            shares().tables["shares"].columns,
            tuple(row for row in shares(label=label).tables["shares"].rows if row[0] == "A.heard"),
        ),
        "contrasts": Table(CONTRASTS, contrasts(label=label).tables["contrasts"].rows[-1:]),
        "quotes": Table(
            (("theme_id", "key"), ("group", "key"), ("participant_id", "participant"), ("quote", "quote"),
             ("clearance", "clearance")),
            (("A.heard", "helpful", "K7Q2AB", quote, "reviewed"),),
        ),
        "withheld": Table(
            (("theme_id", "key"), ("group", "key"), ("n_withheld", "segments")),
            (("A.heard", "helpful", 2), ("A.heard", "unhelpful", 0)),
        ),
        "models": Table(
            (("theme_id", "key"), ("model", "key"), ("event", "key"), ("odds_ratio", "estimate"),
             ("conf_low", "estimate"), ("conf_high", "estimate")),
            (("A.heard", "main", "declared", 0.4, 0.2, 0.9),),
        ),
        "readings": Table((("theme_id", "key"), ("reading", "key")), (("A.heard", reading),)),
        "groups": GROUPS,
    }  # fmt: skip
    return Payload("joint_display", "joint_display", tables, FACTS | {"reason": None, "n_unwritten": 1})


def notes(heading: str, text: str) -> Payload:
    return Payload("prose", "author_notes", {}, {"heading": heading, "text": text})


RUN_RECORD = Payload(
    "card",
    "run_record",
    {},
    FACTS
    | {
        "codebook_version": "1.0.0",
        "look": 1,
        "seed": 7,
        "n_permutations": 99999,
        "version": "0.1.0",
        "inputs": [["study.yaml", "0123456789ab"]],
    },
)


def sections() -> list[Section]:
    return [
        Section("01", "Who is in?", (a_cover(), "Counts only.\n\n## Details\n\nMore.", RUN_RECORD)),
        Section(
            "03",
            "Which themes go with which outcome?",
            (
                contrasts("sentences"),
                shares("figure", "theme_dots"),
                shares(),
                contrasts(),
                notes("03 Themes by outcome", "We read it *so*."),
            ),
        ),
        Section("04", "Numbers and words?", (joint(), notes("04 Joint display", ""))),
    ]


def report(*parts: str | Payload, cover: Payload | None = None, stamp: Stamp = STAMP) -> Element:
    """The page with all sections, or with one section that holds the given parts."""
    chosen = [Section("03", "Which themes?", parts)] if parts else sections()
    return read(render_report(chosen, cover=cover or a_cover(), stamp=stamp))


# What a mailed page may not do


def test_a_report_holds_no_script_and_no_address_outside_itself() -> None:
    page = report()
    assert not page.all("script", "iframe", "object", "embed", "link", "base", "form", "svg")
    assert not [name for e in page.inside for name in e.attributes if name.startswith("on")]
    addresses = [
        e.attributes[name] or "" for e in page.inside for name in ("src", "href") if name in e.attributes
    ]
    assert addresses
    assert {address[:1] for address in addresses} == {"#", "d"}
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in addresses)
    assert "url(" not in "".join(style.text for style in page.all("style"))
    assert "@import" not in "".join(style.text for style in page.all("style"))


def test_a_report_forbids_what_it_does_not_bring_along() -> None:
    policies = [
        meta.attributes.get("content") for meta in report().all("meta") if "http-equiv" in meta.attributes
    ]
    assert policies == [CSP]


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

    assert not page.all("script", "img", "svg")
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
    tables = report().all("table")
    assert len(tables) == 2
    for table in tables:
        assert next(e.tag for e in table.children if isinstance(e, Element)) == "caption"
        assert table.all("caption")[0].text.startswith("Table 3.")
        scopes = [th.attributes.get("scope") for th in table.all("th")]
        assert set(scopes) <= {"col", "colgroup", "row", "rowgroup"}
        assert all(th.text for th in table.all("th"))


def test_a_table_scrolls_in_a_named_region_that_the_keyboard_reaches() -> None:
    regions = [e for e in report().inside if e.attributes.get("role") == "region"]
    assert len(regions) == 3
    assert all(e.attributes["tabindex"] == "0" and e.attributes["aria-label"] for e in regions)
    tables = [e for e in report().all("table") if e.parent is not None]
    assert all(e.parent.attributes.get("role") == "region" for e in tables if e.parent)


def test_every_picture_says_what_it_shows_and_where_its_numbers_are() -> None:
    page = report()
    (image,) = page.all("img")
    assert len(image.attributes["alt"] or "") > 40
    assert (image.attributes["alt"] or "").endswith("Table 3.1.")
    assert page.all("figcaption")[0].text.startswith("Figure 3.1")


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


def test_a_sentence_links_to_the_row_it_comes_from() -> None:
    page = report(contrasts("sentences"), contrasts())
    (line,) = [li for li in page.by_id("section-03").all("li") if li.text.startswith("Felt heard")]
    (link,) = line.all("a")
    assert link.text == "Table 3.1"
    row = page.by_id((link.attributes["href"] or "")[1:])
    assert row.all("th")[0].text == "Felt heard"


def test_a_sentence_whose_row_is_not_shown_has_no_link() -> None:
    page = report(contrasts("sentences"))
    assert not page.by_id("section-03").by_class("lines")[0].all("a")


def test_the_summary_says_the_clearest_first_and_nothing_that_the_sections_do_not_say() -> None:
    page = report(contrasts("sentences", surfaces=5), contrasts(surfaces=5))
    said = [li.text for li in page.by_id("summary").all("li")]
    assert said[0].startswith("Felt heard was coded for 3 of 37 (8%) in the unhelpful group")
    themes, limit = said[:-1], said[-1]
    assert len(themes) == 3
    in_section = {li.text for li in page.by_id("section-03").all("li")}
    assert set(themes) <= in_section
    assert limit in {li.text for li in page.by_id("limits").all("li")}


def test_the_summary_names_what_cannot_be_said() -> None:
    page = report(contrasts("sentences", reason="no comparison group in this wave, so no test"))
    headings = [h.text for h in page.by_id("summary").all("h3")]
    assert "What these data cannot say" in headings
    said = [li.text for li in page.by_id("summary").all("li")]
    assert said.count("No comparison group in this wave, so no test.") == 1


def test_what_a_closer_look_cannot_say_stays_out_of_the_summary() -> None:
    page = report("### Would other choices", contrasts("sentences", reason="nothing to compare"))
    assert "What these data cannot say" not in [h.text for h in page.by_id("summary").all("h3")]
    assert "Nothing to compare." in page.by_id("section-03").text


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
    clear = [li for li in page.by_id("section-03").all("li") if li.text.startswith("Felt heard")]
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
