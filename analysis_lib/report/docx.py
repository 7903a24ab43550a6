"""Which tables does a co-author put into a manuscript?

The tables of the report as real Word tables: three rules, repeated heading rows, notes below, wide ones on a page of
their own across. Their cells are the cells of the page, from the same objects.

References: APA 2020, Publication Manual, 7th ed., chapter 7; ECMA-376 part 1, WordprocessingML.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis_lib.formatted import FormattedTable, Head
from analysis_lib.payload import Payload
from analysis_lib.report.html import Section, numbers
from analysis_lib.tables import format_table

WIDE = 8  # columns from which a page is turned
_EPOCH = datetime(2000, 1, 1)  # a file that says when it was made differs at every run
_ZIP_EPOCH = (2000, 1, 1, 0, 0, 0)
_FONT, _POINTS, _SMALL = "Arial", 9, 8
_NARROWEST, _WIDEST = 6, 36  # characters that a column is made for


def tables_document(sections: Sequence[Section], *, title: str, lines: Iterable[str]) -> bytes:
    """Every table of a report as one Word file.

    Parameters
    ----------
    sections
        One per notebook, of payloads that have passed the door.
    title
        Of the study.
    lines
        What stands below the title: wave, profile, how counts were treated.

    Returns
    -------
    bytes
        A .docx; the same for the same input.
    """
    from docx import Document  # noqa: PLC0415  (imports lxml, which only this needs)

    document = Document()
    _plain_styles(document)
    document.add_heading(title, level=0)
    for line in lines:
        document.add_paragraph(line)
    number_of = numbers(sections)
    for section in sections:
        shown = [
            (number_of[section.number, i], format_table(part))
            for i, part in enumerate(section.parts)
            if isinstance(part, Payload) and part.shape == "table"
        ]
        if shown:
            document.add_heading(f"{section.number.lstrip('0')} {section.title}", level=1)
        for number, table in shown:
            _add_table(document, number, table)
    return _without_times(document)


def _plain_styles(document: Any) -> None:
    from docx.shared import Pt, RGBColor  # noqa: PLC0415

    for name in ("Normal", "Title", "Heading 1"):
        font = document.styles[name].font
        font.name, font.color.rgb = _FONT, RGBColor(0, 0, 0)
    document.styles["Normal"].font.size = Pt(_POINTS + 1)
    document.core_properties.author = "Themewave"
    for moment in ("created", "modified"):
        setattr(document.core_properties, moment, _EPOCH)


def _add_table(document: Any, number: str, table: FormattedTable) -> None:
    """Number, title, table and notes; a wide table turns the page for itself."""
    from docx.enum.section import WD_ORIENT, WD_SECTION  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    turned = document.sections[-1].orientation == WD_ORIENT.LANDSCAPE
    if (table.n_columns >= WIDE) != turned:
        section = document.add_section(WD_SECTION.NEW_PAGE)
        section.orientation = WD_ORIENT.LANDSCAPE if not turned else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = section.page_height, section.page_width
    caption = document.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    caption.add_run(number).bold = True
    caption.add_run().add_break()
    caption.add_run(table.title).italic = True
    grid = document.add_table(table.n_head_rows + len(table.rows), table.n_columns)
    page = document.sections[-1]
    _set_widths(grid, table, page.page_width - page.left_margin - page.right_margin)
    _fill(grid, table)
    notes = document.add_paragraph()
    if table.notes:
        notes.add_run("Note. ").italic = True
        notes.add_run(" ".join(table.notes))
    for run in notes.runs:
        run.font.size = Pt(_SMALL)


def _set_widths(grid: Any, table: FormattedTable, room: int) -> None:
    """Columns as wide as their longest words ask for, within reason; a program may fit them better."""
    longest = [max((len(row.stub) + 2 * row.indent for row in table.rows if not row.heading), default=0)]
    longest += [0] * (table.n_columns - 1)
    for row in table.rows:
        if len(row.cells) == table.n_columns - 1:
            for i, cell in enumerate(row.cells, start=1):
                longest[i] = max(longest[i], len(cell.text))
    asked = [min(max(n, _NARROWEST), _WIDEST) for n in longest]
    for i, column in enumerate(grid.columns):
        width = int(room * asked[i] / sum(asked))
        column.width = width
        for cell in column.cells:
            cell.width = width


def _fill(grid: Any, table: FormattedTable) -> None:
    """Write headings and cells, with the three rules of a printed table."""
    words = table.columns_of_words()
    lines = [list(row.cells) for row in grid.rows]
    for r, heads in enumerate(table.placed_heads()):
        for at, head in heads:
            _write(_spanned(lines, r, at, head), head.text, left=at in words and head.colspan == 1, bold=True)
    for r, row in enumerate(table.rows, start=table.n_head_rows):
        if row.heading:
            _write(lines[r][0].merge(lines[r][-1]), row.stub, left=True, bold=True)
            continue
        _write(lines[r][0], row.stub, left=True, indent=row.indent)
        at = 1
        for cell in row.cells:
            end = at + cell.colspan - 1
            there = lines[r][at] if end == at else lines[r][at].merge(lines[r][end])
            _write(there, cell.text, left=cell.align == "left")
            at = end + 1
    _set_rules(grid, table.n_head_rows)


def _spanned(lines: list[list[Any]], row: int, at: int, head: Head) -> Any:
    first, last = lines[row][at], lines[row + head.rowspan - 1][at + head.colspan - 1]
    return first if first is last else first.merge(last)


def _write(cell: Any, text: str, *, left: bool, bold: bool = False, indent: int = 0) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Mm, Pt  # noqa: PLC0415

    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(_POINTS if len(cell._tc.getparent()) < WIDE else _SMALL)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if left else WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.left_indent = Mm(3 * indent)


def _set_rules(grid: Any, n_head_rows: int) -> None:
    """A rule above, one below the headings, one below the table; heading rows repeat, no row is split."""
    for r, row in enumerate(grid.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(_element("w:cantSplit"))
        if r < n_head_rows:
            properties.append(_element("w:tblHeader"))
        edges = [
            name
            for name, here in (("top", r == 0), ("bottom", r in (n_head_rows - 1, len(grid.rows) - 1)))
            if here
        ]
        for cell in row._tr.tc_lst if edges else ():
            borders = _element("w:tcBorders")
            for edge in edges:
                borders.append(_element(f"w:{edge}", val="single", sz="6", space="0", color="000000"))
            cell.get_or_add_tcPr().append(borders)


def _element(name: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element


def _without_times(document: Any) -> bytes:
    """The file with the same time on every part, so that the same tables give the same bytes."""
    saved, again = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as written:
        for name in sorted(parts.namelist()):
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, parts.read(name))
    return again.getvalue()


def write_tables_document(
    folder: Path, sections: Sequence[Section], *, title: str, lines: Iterable[str]
) -> None:
    """Write ``tables.docx`` into the folder of a wave."""
    (folder / "tables.docx").write_bytes(tables_document(sections, title=title, lines=lines))
