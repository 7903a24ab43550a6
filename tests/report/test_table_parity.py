"""One table, four outputs: page, Word, CSV and JSON hold the same strings, for every table of every wave."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from docx import Document
from test_table_outputs import grid
from word_reader import (
    differences,
    expected,
    from_csv,
    from_json,
    from_word,
    tables_json,
    with_plain_spaces,
)

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.release import release, rules_for
from analysis_lib.report.docx import tables_document
from analysis_lib.report.numbered import numbered_tables
from analysis_lib.report.sections import Section
from analysis_lib.report.table_files import as_csv, as_json, write_table_files
from analysis_lib.study import Privacy

WAVES = ("2024a", "2024b", "2025a")
COUNTS = ("exact", "midpoint6", "suppress7_round5")


def released(example, counts: str) -> tuple[Section, ...]:
    """Every view of a wave as the door lets it go, as if one notebook showed them all."""
    rules = rules_for("coauthor", Privacy(counts, "why", 6, "reviewed"), b"k")
    return (Section("03", "Which themes?", release(example.payloads, rules).payloads),)


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("wave", WAVES)
def test_every_cell_of_every_table_is_the_same_on_the_page_in_word_csv_and_json(
    examples, wave, counts, tmp_path
):
    sections = released(examples[wave], counts)
    ((_, tables),) = numbered_tables(sections)
    assert len(tables) > 40
    word = Document(io.BytesIO(tables_document(sections, title="T", lines=[]))).tables
    write_table_files(tmp_path / "tables", sections)
    by_number = tables_json((tmp_path / "tables" / "tables.json").read_text(encoding="utf-8"))
    assert list(by_number) == [number for number, _ in tables]
    for (number, table), in_word in zip(tables, word, strict=True):
        said = expected(table)
        file = tmp_path / "tables" / f"{number.lower().replace(' ', '_').replace('.', '_')}.csv"
        in_csv = from_csv(file.read_text(encoding="utf-8"), len(table.note_paragraphs))
        assert differences(said, grid(table.as_html()).rows) == [], number
        assert differences(with_plain_spaces(said), from_word(in_word)) == [], number
        assert differences(said, in_csv) == [], number
        assert differences(said, from_json(by_number[number])) == [], number
        assert by_number[number]["notes"] == list(table.note_paragraphs)


SMALL = FormattedTable(
    "Two groups",
    "Theme",
    ((Head("Helpful", colspan=2), Head("p", rowspan=2)), (Head("n/N"), Head("%"))),
    (Row("Upper", heading=True), Row("Cold", (Cell("14/37"), Cell("38%"), Cell(".036")), 1)),
    ("Base: everybody.",),
)


def outputs(monkeypatch, table: FormattedTable) -> dict[str, list[list[str]]]:
    """A table read back from each of its outputs."""
    monkeypatch.setattr(
        "analysis_lib.report.docx.numbered_tables", lambda _: [(SECTION, [("Table 3.1", table)])]
    )
    word = Document(io.BytesIO(tables_document([SECTION], title="T", lines=[]))).tables[0]
    return {
        "page": grid(table.as_html()).rows,
        "word": from_word(word),
        "csv": from_csv(as_csv("Table 3.1", table), 1),
        "json": from_json(as_json("Table 3.1", table)),
    }


SECTION = Section("03", "Which themes?", ())


@pytest.mark.parametrize("output", ["page", "word", "csv", "json"])
def test_one_digit_that_differs_in_one_output_is_found(monkeypatch, output):
    upper, cold = SMALL.rows
    wrong = replace(SMALL, rows=(upper, replace(cold, cells=(Cell("14/37"), Cell("38%"), Cell(".037")))))
    assert differences(expected(SMALL), outputs(monkeypatch, SMALL)[output]) == []
    assert differences(expected(SMALL), outputs(monkeypatch, wrong)[output]) == [
        "row 3, column 3: '.036' and '.037'"
    ]


def test_a_row_that_is_missing_in_one_output_is_found():
    assert differences(expected(SMALL), expected(replace(SMALL, rows=SMALL.rows[:1]))) != []
