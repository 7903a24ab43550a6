"""What does a finished table look like before it becomes HTML, text or a Word table?

Strings in rows and columns, with the roles that a renderer needs and nothing about how it draws them. The
same object feeds every output, so that their cells agree to the letter.

References: APA 2020, Publication Manual, 7th ed., chapter 7 on table anatomy.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import quote

# XML's forbidden characters and lone surrogates: no page and no file of ours can hold them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_MARKS = ("†", "‡", "§", "¶")
_SIZE = re.compile(r"\(n = [^)]*\)")
_SHORT, _LONG = 26, 60  # letters: words that need no second line, and words that need room
_ABOUT_P = re.compile(r"p[:-]|(?:Adjusted|Exact|Joint|Log-rank) p\b|No (?:p-values|test)\b")


class Probability(str):
    """A note about p-values that does not open with them."""

    __slots__ = ()


def printable(text: str) -> str:
    """Text without the characters that no XML can hold; each becomes a visible replacement character.

    >>> printable("Anna\\x0b said")
    'Anna� said'
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


@dataclass(frozen=True)
class Head:
    """A heading cell over one or several columns."""

    text: str
    colspan: int = 1
    rowspan: int = 1


@dataclass(frozen=True)
class Cell:
    """A body cell.

    Parameters
    ----------
    align
        Left for words, right for numbers.
    behind
        Id of what stands behind a number, such as the quotes of a theme in a group; a page that has it links there.
    lines
        On a page, what follows a semicolon begins a line.
    """

    text: str
    align: Literal["left", "right"] = "right"
    colspan: int = 1
    behind: str = ""
    lines: bool = False


@dataclass(frozen=True)
class Row:
    """A body row: its stub, then its cells.

    Parameters
    ----------
    stub
        The row's own heading.
    indent
        Depth of the stub below the row it belongs to.
    anchor
        Id that sentences link to; None where nothing does.
    heading
        The row only names the rows below it and has no cells.
    muted
        Set in grey: its words say why it holds no numbers.
    """

    stub: str
    cells: tuple[Cell, ...] = ()
    indent: int = 0
    anchor: str | None = None
    heading: bool = False
    muted: bool = False


@dataclass(frozen=True)
class FormattedTable:
    """A table as it is read: title, headings, rows, notes.

    Parameters
    ----------
    title
        What the table shows and whom it counts.
    stub
        Heading of the stub column.
    heads
        Heading rows above the cells, widest spans first.
    rows
        Body.
    notes
        Below the table. They are kept in APA's order whatever order they come in: general ones (base, interval,
        abbreviations); specific ones, which open with the mark that cells carry, such as †; probability ones,
        which open with the p or the test that they explain.
    """

    title: str
    stub: str
    heads: tuple[tuple[Head, ...], ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", tuple(sorted(self.notes, key=_place_of)))

    @property
    def note_paragraphs(self) -> tuple[str, ...]:
        """The notes in one paragraph per kind: general, specific, probability; kinds without a note left out.

        >>> FormattedTable("T", "S", (), (), ("p: exact.", "Base: all.", "† Rare.")).note_paragraphs
        ('Base: all.', '† Rare.', 'p: exact.')
        """
        kinds = sorted({_place_of(note) for note in self.notes})
        return tuple(" ".join(note for note in self.notes if _place_of(note) == kind) for kind in kinds)

    @property
    def n_columns(self) -> int:
        """Columns including the stub."""
        return 1 + sum(head.colspan for head in self.heads[0])

    @property
    def n_head_rows(self) -> int:
        """Rows of headings above the body."""
        return len(self.heads)

    def as_text(self) -> str:
        """The table in aligned plain text, for a terminal and for nbval."""
        lines = [[self.stub, *_flat(heads)] for heads in self.heads[-1:]]
        spans = [["", *_flat(heads)] for heads in self.heads[:-1]]
        body = [["  " * row.indent + row.stub, *_cells(row)] for row in self.rows]
        width = self.n_columns
        grid = [line + [""] * (width - len(line)) for line in [*spans, *lines, *body]]
        widths = [max(len(line[i]) for line in grid) for i in range(width)]
        rule = "-" * (sum(widths) + 2 * (width - 1))
        shown = ["  ".join(text.ljust(widths[i]) for i, text in enumerate(line)).rstrip() for line in grid]
        n_head = len(spans) + 1
        return "\n".join([self.title, rule, *shown[:n_head], rule, *shown[n_head:], rule, *self.notes])

    def as_html(
        self, *, number: str = "", caption: bool = True, notes: bool = True, linked: Container[str] = ()
    ) -> str:
        """The table as HTML with caption, scopes and escaped text.

        Parameters
        ----------
        number
            Such as ``Table 3.1``; empty in a notebook.
        caption
            False leaves out title and notes.
        notes
            False leaves out the notes alone, for a page that sets them itself.
        linked
            Ids that the page has; a number with one of them behind it becomes a link.
        """
        words = self.columns_of_words()
        heads = ["".join(_head_html(head, at in words) for at, head in row) for row in self.placed_heads()]
        # A heading over several columns speaks for a column group, one over several rows for a row group.
        columns = "".join(f'<colgroup span="{head.colspan}"></colgroup>' for head in self.heads[0])
        groups: list[list[str]] = [[]]
        for row in self.rows:
            if row.heading and groups[-1]:
                groups.append([])
            groups[-1].append(self._row_html(row, linked))
        title = f"<b>{escape(number)}</b> <i>{escape(self.title)}</i>" if number else escape(self.title)
        top = f"<caption><span>{title}</span></caption>" if caption else ""
        below = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f"<table>{top}<colgroup></colgroup>{columns}"
            + f"<thead>{''.join(f'<tr>{row}</tr>' for row in heads)}</thead>"
            + "".join(f"<tbody>{''.join(group)}</tbody>" for group in groups)
            + "</table>"
            + (f'<div class="notes">{below}</div>' if below and caption and notes else "")
        )

    def placed_heads(self) -> list[list[tuple[int, Head]]]:
        """Heading rows with the column at which each heading starts; the stub's heading is at 0."""
        taken: set[tuple[int, int]] = set()
        placed = []
        for r, row in enumerate(self.heads):
            stub = (Head(self.stub, rowspan=len(self.heads)),) if r == 0 else ()
            line = []
            for head in (*stub, *row):
                at = next(c for c in range(self.n_columns) if (r, c) not in taken)
                taken |= {(r + i, at + j) for i in range(head.rowspan) for j in range(head.colspan)}
                line.append((at, head))
            placed.append(line)
        return placed

    def columns_of_words(self) -> set[int]:
        """Columns whose every cell is aligned left."""
        rows = [[cell for cell in row.cells for _ in range(cell.colspan)] for row in self.rows if row.cells]
        return {0} | {
            c
            for c in range(1, self.n_columns)
            if rows and all(r[c - 1 : c] and r[c - 1].align == "left" for r in rows)
        }

    def _row_html(self, row: Row, linked: Container[str]) -> str:
        anchor = f' id="{escape(row.anchor)}"' if row.anchor else ""
        if row.heading:
            stub = (
                f'<th scope="rowgroup" colspan="{self.n_columns}"><span>{_whole_sizes(row.stub)}</span></th>'
            )
            return f'<tr{anchor} class="group">{stub}</tr>'
        indent = f' class="in{row.indent}"' if row.indent else ""
        cells = "".join(
            f'<td class="{_class_of(cell)}"'
            + (f' colspan="{cell.colspan}"' if cell.colspan > 1 else "")
            + f">{_text_html(cell, linked)}</td>"
            for cell in row.cells
        )
        muted = ' class="muted"' if row.muted else ""
        return f'<tr{anchor}{muted}><th scope="row"{indent}>{_whole_sizes(row.stub)}</th>{cells}</tr>'


def _place_of(note: str) -> int:
    """Where APA puts a note: general first, then specific, then probability."""
    return 1 if note[:1] in _MARKS else 2 if isinstance(note, Probability) or _ABOUT_P.match(note) else 0


def _text_html(cell: Cell, linked: Container[str]) -> str:
    text = _whole_sizes(cell.text)
    if cell.lines:
        text = text.replace("; ", "; <br>")
    return f'<a href="#{quote(cell.behind)}">{text}</a>' if cell.behind and cell.behind in linked else text


def _class_of(cell: Cell) -> str:
    """How a cell is aligned, and for words in one column whether they are few or many.

    >>> _class_of(Cell("12")), _class_of(Cell("cannot tell", "left")), _class_of(Cell("nobody", "left", colspan=3))
    ('right', 'left short', 'left')
    >>> _class_of(Cell("nobody coded twice has it"))
    'right words'
    """
    size = len(cell.text)
    if cell.align == "right":
        words = size > _SHORT // 2 and not any(letter.isdigit() for letter in cell.text)
        return "right words" if words else "right"
    if cell.colspan > 1:
        return "left"
    if cell.lines:
        return "left by-line"
    return "left short" if size <= _SHORT else "left long" if size > _LONG else "left"


def _whole_sizes(text: str) -> str:
    """Escaped text in which no line ends inside ``(n = 37)``.

    >>> print(_whole_sizes("Dropped out (n = 18)"))
    Dropped out <span class="whole">(n = 18)</span>
    """
    return _SIZE.sub(r'<span class="whole">\g<0></span>', escape(text))


def _head_html(head: Head, left: bool) -> str:
    """A heading cell, aligned like the cells below it; an empty one is no heading."""
    attributes = (
        (' class="left"' if left and head.colspan == 1 else "")
        + (f' colspan="{head.colspan}"' if head.colspan > 1 else "")
        + (f' rowspan="{head.rowspan}"' if head.rowspan > 1 else "")
    )
    if not head.text:
        return f"<td{attributes}></td>"
    return (
        f'<th scope="{"colgroup" if head.colspan > 1 else "col"}"{attributes}>{_whole_sizes(head.text)}</th>'
    )


def _flat(heads: tuple[Head, ...]) -> list[str]:
    """Heading texts, one per column, blank under a span."""
    return [text for head in heads for text in (head.text, *[""] * (head.colspan - 1))]


def _cells(row: Row) -> list[str]:
    return [text for cell in row.cells for text in (cell.text, *[""] * (cell.colspan - 1))]
