"""The Word tables of a report: every cell as on the page, headings that repeat, the same bytes twice."""

from __future__ import annotations

import io

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.payload import Payload
from analysis_lib.report.docx import tables_document
from analysis_lib.report.html import Section, numbers
from analysis_lib.tables import format_table


@pytest.fixture(scope="module")
def sections(example) -> tuple[Section, ...]:
    """All tables of the first wave, as if one notebook showed them."""
    return (Section("03", "Which themes?", tuple(p for p in example.payloads if p.shape == "table")),)


@pytest.fixture(scope="module")
def written(sections) -> bytes:
    return tables_document(sections, title="What helped (SYNTHETIC)", lines=["wave 2024a"])


@pytest.fixture(scope="module")
def document(written):
    return Document(io.BytesIO(written))


def texts(element) -> list[str]:
    """Text of each cell of a row, a merged one once."""
    return ["".join(t.text or "" for t in cell.iter(qn("w:t"))) for cell in element.tc_lst]


def expected(table: FormattedTable) -> list[list[str]]:
    """Texts of the body rows, cell by cell."""
    return [
        [row.stub] if row.heading else [row.stub, *(cell.text for cell in row.cells)] for row in table.rows
    ]


def test_every_cell_of_every_table_is_that_of_the_page(document, sections):
    tables = [format_table(part) for part in sections[0].parts]
    assert len(document.tables) == len(tables) > 30
    for there, table in zip(document.tables, tables, strict=True):
        rows = [texts(row) for row in there._tbl.tr_lst[table.n_head_rows :]]
        assert rows == expected(table), table.title


def test_headings_are_those_of_the_page_and_repeat_on_every_sheet(document, sections):
    for there, part in zip(document.tables, sections[0].parts, strict=True):
        table = format_table(part)
        heads = there._tbl.tr_lst[: table.n_head_rows]
        assert all(row.trPr.find(qn("w:tblHeader")) is not None for row in heads)
        said = {text for row in heads for text in texts(row) if text}
        assert said == {head.text for row in table.heads for head in row if head.text} | ({table.stub} - {""})


def test_numbers_titles_and_notes_stand_around_each_table(document, sections):
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for i, part in enumerate(sections[0].parts):
        table = format_table(part)
        assert f"{numbers(sections)['03', i]}\n{table.title}" in words
        assert not table.notes or table.notes[0] in words


def test_a_wide_table_turns_the_page(document):
    turned = {section.orientation for section in document.sections}
    assert turned == {WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE}


def test_the_same_tables_give_the_same_bytes(sections, written):
    assert tables_document(sections, title="What helped (SYNTHETIC)", lines=["wave 2024a"]) == written


def test_a_heading_over_two_columns_and_one_over_two_rows_are_single_cells(monkeypatch):
    table = FormattedTable(
        "Two groups",
        "Theme",
        ((Head("Helpful", colspan=2), Head("p", rowspan=2)), (Head("n"), Head("%"))),
        (Row("Cold", (Cell("2"), Cell("17%"), Cell(".03"))), Row("None", (Cell("Nothing.", "left", 3),))),
    )
    monkeypatch.setattr("analysis_lib.report.docx.format_table", lambda payload: table)
    one = (Section("03", "Which?", (Payload("table", "any"),)),)
    grid = Document(io.BytesIO(tables_document(one, title="T", lines=[]))).tables[0]
    assert [[cell.text for cell in row.cells] for row in grid.rows] == [
        ["Theme", "Helpful", "Helpful", "p"],
        ["Theme", "n", "%", "p"],
        ["Cold", "2", "17%", ".03"],
        ["None", "Nothing.", "Nothing.", "Nothing."],
    ]
