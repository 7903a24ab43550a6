"""Every output of a table has the same cells, and nothing that anybody wrote becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.release import release, rules_for
from analysis_lib.study import Privacy
from analysis_lib.tables import format_table
from analysis_lib.tables.common import title_case


class _Grid(HTMLParser):
    """The cells of an HTML table as text, a span as its text and blanks."""

    def __init__(self):
        super().__init__()
        self.rows, self.cell, self.places, self.caption = [], None, {}, ""

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "tr":
            self.rows.append([])
            self.column = 0
        elif tag in ("td", "th"):
            row = len(self.rows) - 1
            while self.places.get((row, self.column)):
                self.rows[row].append("")
                self.column += 1
            self.cell = ""
            self.width, height = int(given.get("colspan", 1)), int(given.get("rowspan", 1))
            for down in range(1, height):
                self.places |= {(row + down, self.column + i): True for i in range(self.width)}
        elif tag == "caption":
            self.cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1] += [self.cell, *[""] * (self.width - 1)]
            self.column += self.width
            self.cell = None
        elif tag == "tr":
            self.rows[-1] += [""] * sum(
                row == len(self.rows) - 1 and at >= self.column for row, at in self.places
            )
        elif tag == "caption":
            self.caption, self.cell = self.cell, None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def grid(html):
    parser = _Grid()
    parser.feed(html)
    return parser


def from_text(formatted_table):
    """The cells of the plain text, cut where the widths of its columns say."""
    n_head = len(formatted_table.heads)
    _, rule, *lines = formatted_table.as_text().splitlines()
    assert set(rule) == {"-"}
    content = [line for line in lines[: n_head + 2 + len(formatted_table.rows)] if set(line) != {"-"}]
    return content[:n_head], content[n_head:]


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
@pytest.mark.parametrize("counts", ["exact", "midpoint6"])
def test_text_and_html_hold_the_same_cells_in_the_same_order(examples, wave, counts):
    rules = rules_for("coauthor", Privacy(counts, "why", 6, "reviewed"), b"k")
    seen = 0
    for payload in release(examples[wave].payloads, rules).payloads:
        if payload.shape != "table":
            continue
        formatted_table = format_table(payload)
        html = grid(formatted_table.as_html())
        n_head = len(formatted_table.heads)
        assert html.caption == formatted_table.title
        assert all(len(row) == formatted_table.n_columns for row in html.rows[n_head:])
        _, lines = from_text(formatted_table)
        for row, line in zip(html.rows[n_head:], lines, strict=True):
            assert " ".join(" ".join(row).split()) == " ".join(line.split())
            seen += 1
    assert seen > 50


def test_a_small_table_reads_the_same_in_text_and_html():
    small = FormattedTable(
        "Title",
        "Theme",
        ((Head("Group", colspan=2), Head("Sum", rowspan=2)), (Head("n/N"), Head("%"))),
        (
            Row("Upper", heading=True),
            Row("Cold", (Cell("14/37"), Cell("38%"), Cell("14")), 1, "contrast-cold"),
            Row("None", (Cell("nothing to count", "left", 3),)),
        ),
        ("A note.",),
    )
    assert small.as_text().splitlines() == [
        "Title",
        "----------------------------------",
        "        Group                  Sum",
        "Theme   n/N               %",
        "----------------------------------",
        "Upper",
        "  Cold  14/37             38%  14",
        "None    nothing to count",
        "----------------------------------",
        "A note.",
    ]
    assert grid(small.as_html()).rows == [
        ["Theme", "Group", "", "Sum"],
        ["", "n/N", "%", ""],
        ["Upper", "", "", ""],
        ["Cold", "14/37", "38%", "14"],
        ["None", "nothing to count", "", ""],
    ]


def test_headings_have_scopes_and_an_empty_heading_is_none():
    small = FormattedTable("T", "Theme", ((Head(""), Head("n")),), (Row("Cold", (Cell("a"), Cell("1"))),))
    html = small.as_html()
    assert '<th scope="col" class="left">Theme</th><td></td><th scope="col">n</th>' in html
    assert '<th scope="row">Cold</th>' in html


def test_a_row_carries_the_id_that_sentences_lead_to():
    small = FormattedTable(
        "T", "Theme", ((Head("n"),),), (Row("Cold", (Cell("1"),), anchor="contrast-cold"),)
    )
    assert '<tr id="contrast-cold">' in small.as_html()


def test_nothing_that_a_researcher_or_participant_wrote_becomes_markup():
    evil = '<script>alert("x")</script> & <b>'
    small = FormattedTable(
        evil,
        evil,
        ((Head(evil),),),
        (Row(evil, (Cell(evil),), anchor='"><script>'), Row(evil, heading=True)),
        (evil,),
    )
    html = small.as_html(number=evil)
    assert "<script" not in html
    assert "<b>&lt;" in html  # our own markup around escaped text
    # Number, title, note, two headings, two stubs, a cell and an id.
    assert html.count("&lt;script&gt;") == 9
    assert grid(small.as_html()).rows[0] == [evil, evil]


def test_caption_and_notes_can_be_left_to_the_page():
    small = FormattedTable("Title", "Theme", ((Head("n"),),), (Row("Cold", (Cell("1"),)),), ("A note.",))
    assert "Title" not in small.as_html(caption=False)
    assert "A note." not in small.as_html(notes=False)
    assert "<b>Table 1</b> <i>Title</i>" in small.as_html(number="Table 1")


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_every_table_with_intervals_or_p_values_says_below_it_which_they_are(examples, wave):
    silent = []
    for payload in examples[wave].payloads:
        if payload.shape != "table":
            continue
        table = format_table(payload)
        if all(len(row.cells) <= 1 for row in table.rows):  # nothing but the reason why there is nothing
            continue
        heads = " ".join(head.text for line in table.heads for head in line)
        notes = " ".join(table.notes).lower()
        silent += [f"{payload.template}: interval"] if "CI]" in heads and not INTERVAL.search(notes) else []
        silent += [f"{payload.template}: p"] if P_HEAD.search(heads) and not P_NOTE.search(notes) else []
    assert silent == []


INTERVAL = re.compile(r"95% [^.]*(?:interval|limits)|intervals? resample|brackets hold 95%")
P_HEAD = re.compile(r"\bp\b")


def test_what_stands_in_lines_keeps_its_text_and_breaks_on_the_page_alone() -> None:
    table = FormattedTable(
        "T", "Theme", ((Head("Numbers"),),), (Row("Cold", (Cell("A 1/2; B (n = 3)", "left", lines=True),)),)
    )
    html = table.as_html()
    assert '>A 1/2; <br>B <span class="whole">(n = 3)</span></td>' in html
    assert "A 1/2; B (n = 3)" in table.as_text()


P_NOTE = re.compile(r"\bp: |p-values|exact p|joint p")


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_what_stands_in_place_of_a_number_is_explained_below_the_table(examples, wave):
    rules = rules_for("coauthor", Privacy("midpoint6", "why", 6, "reviewed"), b"k")
    for payload in release(examples[wave].payloads, rules).payloads:
        if payload.shape == "table":
            table = format_table(payload)
            cells = {cell.text for row in table.rows for cell in row.cells}
            notes = " ".join(table.notes).lower()
            assert "withheld" not in cells or "withheld" in notes, payload.template
            assert "–" not in cells or "dash" in notes, payload.template


def test_notes_stand_in_the_order_general_specific_probability():
    notes = ("Adjusted p: Holm.", "† Rare.", "Base: all.", "No test: a group is too small.", "Also.")
    table = FormattedTable("T", "S", ((Head("n"),),), (), notes)
    assert table.note_paragraphs == (
        "Base: all. Also.",
        "† Rare.",
        "Adjusted p: Holm. No test: a group is too small.",
    )


def test_titles_are_in_title_case_and_leave_labels_alone():
    assert (
        title_case("each outcome group against iCBT and EMDR") == "Each Outcome Group Against iCBT and EMDR"
    )
    assert title_case("who is in: the rest (n = 37, of all)") == "Who Is in: The Rest (n = 37, of all)"
