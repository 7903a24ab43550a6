"""The Word tables of a report: three rules, captions that Word can list, numbers below one another, the same bytes."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from hostile import HOSTILE
from word_reader import from_word, words_of

from analysis_lib.formatted import Cell, FormattedTable, Head, Row, printable
from analysis_lib.report.docx import tables_document
from analysis_lib.report.numbered import numbered_tables
from analysis_lib.report.sections import Section
from analysis_lib.report.word_tables import after_point, setting_of, width_of

LINES = ["Wave 2024a, report 0123456789."]


@pytest.fixture(scope="module")
def sections(example) -> tuple[Section, ...]:
    """All views of the first wave, as if two notebooks showed them."""
    half = len(example.payloads) // 2
    return (
        Section("03", "Which themes?", example.payloads[:half]),
        Section("05", "Who leaves?", example.payloads[half:]),
    )


@pytest.fixture(scope="module")
def written(sections) -> bytes:
    return tables_document(sections, title="What helped (SYNTHETIC)", lines=LINES, foot="SYNTHETIC · study")


@pytest.fixture(scope="module")
def document(written):
    return Document(io.BytesIO(written))


@pytest.fixture(scope="module")
def tables(sections) -> list[tuple[str, FormattedTable]]:
    return [found for _, here in numbered_tables(sections) for found in here]


def made(monkeypatch, *tables: FormattedTable) -> Document:
    """A file of tables of the hand."""
    section = Section("03", "Which?", ())
    numbered = [(f"Table 3.{i}", table) for i, table in enumerate(tables, 1)]
    monkeypatch.setattr("analysis_lib.report.docx.numbered_tables", lambda _: [(section, numbered)])
    return Document(io.BytesIO(tables_document([section], title="T", lines=[])))


def captions(document) -> list:
    return [p for p in document.paragraphs if p.style.name == "Caption"]


def of_numbers(*texts: str) -> FormattedTable:
    rows = tuple(Row(f"Row {i}", (Cell(text),)) for i, text in enumerate(texts))
    return FormattedTable("Numbers", "Row", ((Head("Odds ratio"),),), rows)


def test_each_caption_is_a_bold_number_with_a_field_and_an_italic_title_on_the_next_line(document, tables):
    assert [words_of(caption._p) for caption in captions(document)] == [
        f"{number}\n{table.title}" for number, table in tables
    ]
    for caption in captions(document):
        (field,) = caption._p.iter(qn("w:fldSimple"))
        assert re.fullmatch(r" SEQ Table \\\* ARABIC( \\r \d+)? ", field.get(qn("w:instr")))
        assert field.find(f"{qn('w:r')}/{qn('w:rPr')}/{qn('w:b')}") is not None
        assert caption._p.findall(qn("w:r"))[-1].find(f"{qn('w:rPr')}/{qn('w:i')}") is not None


def test_the_fields_count_to_the_numbers_that_they_show(document):
    # A field without a number of its own counts on from the field before it.
    count = 0
    for caption in captions(document):
        (field,) = caption._p.iter(qn("w:fldSimple"))
        restarted = re.search(r"\\r (\d+)", field.get(qn("w:instr")))
        count = int(restarted[1]) if restarted else count + 1
        assert words_of(field) == str(count)


def test_the_list_of_tables_leads_to_every_caption(document, tables):
    body = document.element.body
    there = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    links = list(body.iter(qn("w:hyperlink")))
    assert [words_of(link) for link in links] == [f"{number}  {table.title}" for number, table in tables]
    assert all(link.get(qn("w:anchor")) in there for link in links)
    codes = [code.text for code in body.iter(qn("w:instrText"))]
    assert codes == [' TOC \\h \\z \\c "Table" ']


def test_heading_rows_repeat_and_no_row_is_split(document, tables):
    for grid, (number, table) in zip(document.tables, tables, strict=True):
        rows = grid._tbl.tr_lst
        repeats = [row.trPr.find(qn("w:tblHeader")) is not None for row in rows]
        assert repeats == [i < table.n_head_rows for i in range(len(rows))], number
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in rows), number


def ruled(rows, edge: str) -> list[int]:
    """Rows whose every cell has a rule at an edge."""
    path = f"{qn('w:tcPr')}/{qn('w:tcBorders')}/{qn(f'w:{edge}')}"
    return [r for r, row in enumerate(rows) if all(cell.find(path) is not None for cell in row.tc_lst)]


def test_there_are_three_rules_over_the_whole_width_and_none_upright(document, tables):
    for grid, (number, table) in zip(document.tables, tables, strict=True):
        rows = grid._tbl.tr_lst
        assert ruled(rows, "top") == [0], number
        assert ruled(rows, "bottom") == [table.n_head_rows - 1, len(rows) - 1], number
        sides = {edge.tag for row in rows for edges in row.iter(qn("w:tcBorders")) for edge in edges}
        assert sides == {qn("w:top"), qn("w:bottom")}, number


def test_every_table_says_what_it_is_to_those_who_do_not_see_it(document, tables):
    for grid, (number, table) in zip(document.tables, tables, strict=True):
        properties = grid._tbl.tblPr
        assert properties.find(qn("w:tblCaption")).get(qn("w:val")) == f"{number}. {table.title}"
        assert len(properties.find(qn("w:tblDescription")).get(qn("w:val"))) > 40


def test_notes_follow_in_the_order_general_specific_probability(monkeypatch):
    table = FormattedTable(
        "T",
        "S",
        ((Head("n"),),),
        (Row("a", (Cell("1 †"),)),),
        ("p: exact.", "† Rare.", "Base: all.", "Also."),
    )
    file = made(monkeypatch, table)
    notes = [p.text for p in file.paragraphs if p.style.name == "Table Note"]
    assert notes == ["Note. Base: all. Also.", "† Rare.", "p: exact."]


@pytest.mark.parametrize(
    "texts",
    [
        ("4.06 [1.65, 9.98]", "12.3 [0.45, 120]", "0.004", "> 9,999"),
        (".036", "< .001", "> .999"),
        ("14/37", "9/92", "0/0"),
        ("+25 [9, 42]", "−8 [−25, 11]", "0 [−1, 1]"),
    ],
)
def test_decimal_points_stand_below_one_another(monkeypatch, texts):
    table = of_numbers(*texts)
    size, column = setting_of(table).size, []
    for row in made(monkeypatch, table).tables[0]._tbl.tr_lst[1:]:
        paragraph = row.tc_lst[1].find(qn("w:p"))
        assert paragraph.pPr.find(qn("w:jc")).get(qn("w:val")) == "right"
        indent = paragraph.pPr.find(qn("w:ind"))
        right = int(indent.get(qn("w:right"))) if indent is not None else 0
        column.append(right + width_of(after_point(words_of(paragraph)), size))
    assert len(set(column)) == 1


def test_a_word_among_numbers_stays_flush_right_and_a_dash_stands_in_the_middle(monkeypatch):
    table = of_numbers("4.06 [1.65, 9.98]", "withheld", "–")
    _, word, dash = (
        row.tc_lst[1].find(qn("w:p")) for row in made(monkeypatch, table).tables[0]._tbl.tr_lst[1:]
    )
    block, size = width_of("4.06 [1.65, 9.98]", setting_of(table).size), setting_of(table).size
    assert word.pPr.find(qn("w:ind")) is None
    # Half of what is left of the block of numbers once the dash is in it, to the nearest unit.
    middle = (block - width_of("–", size)) / 2
    assert abs(int(dash.pPr.find(qn("w:ind")).get(qn("w:right"))) - middle) <= 1


def test_a_wide_table_turns_its_page_and_a_heading_turns_with_it(document):
    turned = {section.orientation for section in document.sections}
    assert turned == {WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE}
    for section in document.sections:
        across = section.orientation == WD_ORIENT.LANDSCAPE
        assert (section.page_width > section.page_height) == across
    ends = [p for p in document.paragraphs if p._p.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is not None]
    assert len(ends) == len(document.sections) - 1
    assert not any(end.style.name.startswith("Heading") for end in ends)


def test_no_table_is_wider_than_its_page_and_columns_add_up(tables):
    room = {False: 9026, True: 13958}  # A4 less an inch on either side, in twentieths of a point
    for number, table in tables:
        setting = setting_of(table)
        assert len(setting.widths) == table.n_columns
        assert sum(setting.widths) <= room[setting.landscape], number
        assert min(setting.widths) > 200, number


def test_the_same_tables_give_the_same_bytes_and_nothing_of_the_machine(sections, written, document):
    again = tables_document(sections, title="What helped (SYNTHETIC)", lines=LINES, foot="SYNTHETIC · study")
    assert again == written
    with zipfile.ZipFile(io.BytesIO(written)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        everything = b"".join(parts.read(name) for name in parts.namelist())
    assert b"/work" not in everything
    assert b"/home" not in everything
    properties = document.core_properties
    assert (properties.author, properties.last_modified_by) == ("Themewave", "Themewave")
    assert properties.created.year == properties.modified.year == 2000
    assert properties.language == "en-GB"


def test_the_language_is_british_english_and_headings_are_headings(document):
    languages = {found.get(qn("w:val")) for found in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"en-GB"}
    assert [p.text for p in document.paragraphs if p.style.name == "Heading 1"] == [
        "3 Which themes?",
        "5 Who leaves?",
    ]


def test_every_page_says_what_it_belongs_to(document):
    for section in document.sections:
        assert words_of(section.footer._element) == "SYNTHETIC · study · page 1 of 1"


def test_a_heading_over_two_columns_and_one_over_two_rows_are_single_cells(monkeypatch):
    table = FormattedTable(
        "Two groups",
        "Theme",
        ((Head("Helpful (n = 92)", colspan=2), Head("p", rowspan=2)), (Head("n"), Head("%"))),
        (Row("Cold", (Cell("2"), Cell("17%"), Cell(".03"))), Row("None", (Cell("Nothing.", "left", 3),))),
    )
    grid = made(monkeypatch, table).tables[0]
    assert from_word(grid) == [
        ["Theme", "Helpful (n = 92)", "", "p"],
        ["", "n", "%", ""],
        ["Cold", "2", "17%", ".03"],
        ["None", "Nothing.", "", ""],
    ]


@pytest.mark.parametrize("evil", HOSTILE)
def test_whatever_anybody_wrote_appears_as_text_and_the_file_opens(monkeypatch, evil):
    table = FormattedTable(
        evil, evil, ((Head(evil),),), (Row(evil, (Cell(evil),)), Row(evil, heading=True)), (evil,)
    )
    file = made(monkeypatch, table)
    said = printable(evil)
    assert from_word(file.tables[0]) == [[said, said], [said, said], [said, ""]]
    assert words_of(captions(file)[0]._p) == f"Table 3.1\n{said}"
    codes = [field.get(qn("w:instr")) for field in file.element.body.iter(qn("w:fldSimple"))]
    assert codes == [" SEQ Table \\* ARABIC \\r 1 "]
