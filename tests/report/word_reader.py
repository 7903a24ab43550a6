"""The tables of every output read back as rows of strings, and where two of them differ."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from docx.oxml.ns import qn

from analysis_lib.formatted import Cell, FormattedTable, Head, Row

Rows = list[list[str]]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def expected(table: FormattedTable) -> Rows:
    """Headings and body as strings, a span as its text and blanks."""
    heads = [[""] * table.n_columns for _ in range(table.n_head_rows)]
    for r, line in enumerate(table.placed_heads()):
        for at, head in line:
            heads[r][at] = head.text
    body = []
    for row in table.rows:
        cells = [text for cell in row.cells for text in (cell.text, *[""] * (cell.colspan - 1))]
        body.append(([row.stub, *cells] + [""] * table.n_columns)[: table.n_columns])
    return heads + body


def from_word(grid) -> Rows:
    """A Word table."""
    return [[text for cell in row.tc_lst for text in _spread(cell)] for row in grid._tbl.tr_lst]


def _spread(cell) -> Iterator[str]:
    properties = cell.tcPr
    merged = properties.find(qn("w:vMerge"))
    goes_on = merged is not None and merged.get(qn("w:val")) is None
    yield "" if goes_on else words_of(cell)
    span = properties.find(qn("w:gridSpan"))
    yield from [""] * (int(span.get(qn("w:val"))) - 1 if span is not None else 0)


def words_of(element) -> str:
    """Text of a Word element, its line breaks kept; an unbreakable space is a space."""
    parts = {qn("w:t"): lambda found: found.text or "", qn("w:br"): lambda found: "\n"}
    text = "".join(parts[found.tag](found) for found in element.iter(*parts))
    return text.replace("\u00a0", " ")


def with_plain_spaces(rows: Rows) -> Rows:
    """Rows whose unbreakable spaces are spaces, as in a Word table that is read back."""
    return [[text.replace("\u00a0", " ") for text in row] for row in rows]


def from_csv(text: str, n_notes: int) -> Rows:
    """A readable CSV between its title and its notes."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    return [[_as_said(cell) for cell in row] for row in rows[1 : len(rows) - n_notes]]


def _as_said(cell: str) -> str:
    plain = cell.lstrip(" ")
    return plain[1:] if plain.startswith("'") and plain[1:].startswith(FORMULA) else plain


def from_json(raw: dict) -> Rows:
    """A table of tables.json."""
    heads = tuple(tuple(Head(**head) for head in line) for line in raw["heads"])
    rows = tuple(
        Row(
            row["stub"],
            tuple(Cell(cell["text"], colspan=cell["colspan"]) for cell in row["cells"]),
            row["indent"],
            row["anchor"],
            row["heading"],
        )
        for row in raw["rows"]
    )
    return expected(FormattedTable(raw["title"], raw["stub"], heads, rows, tuple(raw["notes"])))


def tables_json(text: str) -> dict[str, dict]:
    """Number -> table of tables.json."""
    return {raw["number"]: raw for raw in json.loads(text)}


def differences(one: Rows, other: Rows) -> list[str]:
    """Every place at which two tables say something else."""
    if [len(row) for row in one] != [len(row) for row in other]:
        return ["they have other rows or columns"]
    return [
        f"row {r}, column {c}: {a!r} and {b!r}"
        for r, (row, there) in enumerate(zip(one, other, strict=True))
        for c, (a, b) in enumerate(zip(row, there, strict=True))
        if a != b
    ]
