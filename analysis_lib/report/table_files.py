"""How does somebody without Word or a browser get the tables of a report?

One CSV per table as it is read, title and notes included, which a spreadsheet opens without running anything; and all
of them in ``tables.json``. Cells are the strings of the page; numbers at full precision are in ``results/``.

References: RFC 4180; OWASP, CSV injection.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis_lib.formatted import FormattedTable, printable
from analysis_lib.readers.apostrophes import quoted
from analysis_lib.report.numbered import numbered_tables
from analysis_lib.report.sections import Section
from analysis_lib.report.wordml import place_of


def write_table_files(folder: Path, sections: Sequence[Section]) -> None:
    """Write a CSV per table and ``tables.json`` into a new folder.

    Parameters
    ----------
    folder
        ``tables`` of a wave.
    sections
        One per notebook, of payloads that have passed the door.
    """
    folder.mkdir()
    tables = [found for _, here in numbered_tables(sections) for found in here]
    for number, table in tables:
        # Excel reads UTF-8 only behind a mark.
        (folder / f"{place_of(number)}.csv").write_text(
            as_csv(number, table), encoding="utf-8-sig", newline=""
        )
    text = json.dumps([as_json(number, table) for number, table in tables], ensure_ascii=False, indent=1)
    (folder / "tables.json").write_text(printable(text) + "\n", encoding="utf-8", newline="\n")


def as_csv(number: str, table: FormattedTable) -> str:
    """A table as it is read: number and title, headings, rows, notes.

    Notes
    -----
    A heading over several columns stands over the first of them. A stub is moved in by two spaces for each step down.
    Text that a spreadsheet would run gets an apostrophe in front.
    """
    heads = [[""] * table.n_columns for _ in range(table.n_head_rows)]
    for r, line in enumerate(table.placed_heads()):
        for at, head in line:
            heads[r][at] = head.text
    lines = [[f"{number}. {table.title}"], *heads]
    for row in table.rows:
        cells = [text for cell in row.cells for text in (cell.text, *[""] * (cell.colspan - 1))]
        lines.append(["  " * row.indent + row.stub, *cells])
    lines += [[note] for note in table.note_paragraphs]
    width = table.n_columns
    filled = (line + [""] * (width - len(line)) for line in lines)
    return "".join(",".join(quoted(printable(text)) for text in line) + "\n" for line in filled)


def as_json(number: str, table: FormattedTable) -> dict[str, Any]:
    """A table with everything that its outputs are made from.

    Examples
    --------
    >>> from analysis_lib.formatted import Cell, Head, Row
    >>> table = FormattedTable("People", "Group", ((Head("n"),),), (Row("Mixed", (Cell("19"),), 1),))
    >>> as_json("Table 1.1", table)["rows"]
    [{'stub': 'Mixed', 'indent': 1, 'heading': False, 'anchor': None, 'cells': [{'text': '19', 'colspan': 1}]}]
    """
    return {
        "number": number,
        "title": table.title,
        "stub": table.stub,
        "heads": [
            [{"text": head.text, "colspan": head.colspan, "rowspan": head.rowspan} for head in line]
            for line in table.heads
        ],
        "rows": [
            {
                "stub": row.stub,
                "indent": row.indent,
                "heading": row.heading,
                "anchor": row.anchor,
                "cells": [{"text": cell.text, "colspan": cell.colspan} for cell in row.cells],
            }
            for row in table.rows
        ],
        "notes": list(table.note_paragraphs),
    }
