"""How is a finished table set in Word, so that its numbers stand below one another?

Column widths and the place of each decimal point are worked out from the widths of Arial's letters, which are those
of Liberation Sans too. A number is set flush right with an indent as wide as what follows its decimal point, so
that points stand below one another in Word and in LibreOffice and the text of the cell stays as it is.

References: APA 2020, Publication Manual, 7th ed., sections 7.8-7.21; ECMA-376 part 1, section 17.4;
Adobe Core 14 font metrics (Helvetica).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from analysis_lib.formatted import FormattedTable, Head, Row
from analysis_lib.formatting import NONE
from analysis_lib.report.wordml import attribute, paragraph, run

PORTRAIT, LANDSCAPE = 9026, 13958  # room between the margins of A4, in twentieths of a point
SIZES = (18, 16, 15)  # half points; the smallest only where nothing else fits
_MARGIN = 70  # on either side of a cell
_INDENT = 170  # of a stub, for each step down
_STUB, _WORDS = 2900, 3000  # one line up to here, more where there is room
_WIDER = 1.45  # how far a column of numbers may grow beyond what it needs
_STAYS_WHOLE = 24  # rows of a table that is not broken over pages
# Width of the characters from space to tilde, in thousandths of the size; anything else counts as a digit.
_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278"
    " 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944"
    " 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500"
    " 278 556 500 722 500 500 500 334 260 334 584"
)
_WIDTH = {chr(32 + i): int(width) for i, width in enumerate(_WIDTHS.split())} | {
    "−": 584,
    "≥": 549,
    "∞": 713,
    "\u00a0": 278,
}
# What stands before the point at which numbers are aligned: sign or relation, then whole digits.
_BEFORE_POINT = re.compile(r"(?:[<>≥×]\s)?\[?[+−]?(?:\d{1,3}(?:,\d{3})+|\d+|∞|(?=\.\d))")
_SIZE_OF_GROUP = re.compile(r"\(n = [^)]+\)")


@lru_cache(maxsize=8192)
def width_of(text: str, half_points: int) -> int:
    """Width of a line of text in twentieths of a point.

    >>> width_of("0.5", 20)  # 10 points: (556 + 278 + 556) / 1000 * 200
    278
    """
    return round(sum(_WIDTH.get(letter, 556) for letter in text) * half_points / 100)


def after_point(text: str) -> str | None:
    """What stands behind the point of alignment; None for words.

    >>> [after_point(text) for text in ("4.06 [1.65, 9.98]", "14/37", "< .001", "withheld")]
    ['.06 [1.65, 9.98]', '/37', '.001', None]
    """
    found = _BEFORE_POINT.match(text)
    return None if found is None else text[found.end() :]


@dataclass(frozen=True)
class Setting:
    """How a table stands on its page.

    Parameters
    ----------
    landscape
        The page is turned.
    size
        Of its letters, in half points.
    widths
        Of its columns, in twentieths of a point.
    """

    landscape: bool
    size: int
    widths: tuple[int, ...]


@lru_cache(maxsize=128)
def setting_of(table: FormattedTable) -> Setting:
    """The page and letters that a table asks for: upright if it fits, else across, else in the smallest."""
    ways = [(False, size) for size in SIZES[:-1]] + [(True, size) for size in SIZES]
    for landscape, size in ways:
        room = LANDSCAPE if landscape else PORTRAIT
        least, good, most = _wishes(table, size)
        if sum(good) <= room or (landscape, size) == ways[-1]:
            break
    return Setting(landscape, size, _fitted(least, good, most, room))


def _wishes(table: FormattedTable, size: int) -> tuple[list[int], list[int], list[int]]:
    """Per column the least width, a good one, and the most that it can use."""
    heads: list[list[str]] = [[] for _ in range(table.n_columns)]
    for line in table.placed_heads():
        for at, head in line:
            if head.colspan == 1:
                heads[at].append(_whole(head.text))
    body: list[list[str]] = [[] for _ in range(table.n_columns)]
    indents = [0]
    for row in table.rows:
        if not row.heading:
            body[0].append(row.stub)
            indents.append(_INDENT * row.indent)
        at = 1
        for cell in row.cells:
            if cell.colspan == 1:
                body[at].append(cell.text)
            at += cell.colspan
    least, good, most = [], [], []
    for at, (above, texts) in enumerate(zip(heads, body, strict=True)):
        margin = 2 * _MARGIN + 20 + (max(indents) if at == 0 else 0)
        word = max((width_of(word, size) for text in [*above, *texts] for word in text.split(" ")), default=0)
        whole = max((width_of(text, size) for text in texts), default=0)
        numbers = [text for text in texts if after_point(text) is not None]
        block = _before_and_after(numbers, size) if at else (0, 0)
        enough = max([word, sum(block), *(_half_of(text, size) for text in above)])
        cap = _STUB if at == 0 else _WORDS
        least.append(margin + word)
        good.append(margin + max(enough, min(whole, cap)))
        most.append(margin + max(enough, whole) if at == 0 or not numbers else round(_WIDER * good[-1]))
    return least, good, most


def _half_of(text: str, size: int) -> int:
    """Width of a heading set over two lines, or three where it is long."""
    words, lines = text.split(" "), 3 if len(text) > 26 else 2
    if len(words) < 2:
        return width_of(text, size)
    return round(width_of(text, size) / min(lines, len(words)) * 1.25)


def _whole(text: str) -> str:
    """A heading in which no line ends inside ``(n = 37)``."""
    return _SIZE_OF_GROUP.sub(lambda found: found[0].replace(" ", "\u00a0"), text)


def _fitted(least: list[int], good: list[int], most: list[int], room: int) -> tuple[int, ...]:
    """Widths that fill the room where they can and never pass it."""
    low, high = (good, most) if sum(good) <= room else (least, good)
    if sum(low) > room:
        return tuple(room * width // sum(low) for width in low)
    spare, wanted = room - sum(low), sum(high) - sum(low)
    share = min(1.0, spare / wanted) if wanted else 0.0
    return tuple(a + int(share * (b - a)) for a, b in zip(low, high, strict=True))


def _before_and_after(numbers: list[str], size: int) -> tuple[int, int]:
    """Most room that the numbers of a column take before and after the point."""
    cut = [(text[: len(text) - len(after_point(text) or "")], after_point(text) or "") for text in numbers]
    before = max((width_of(part, size) for part, _ in cut), default=0)
    return before, max((width_of(part, size) for _, part in cut), default=0)


@lru_cache(maxsize=128)  # both Word files of a report hold the same ones
def table_xml(table: FormattedTable, number: str) -> str:
    """The table itself: three rules, headings that repeat, no row that splits, numbers below one another.

    Parameters
    ----------
    table
        A finished table.
    number
        Such as ``Table 3.2``; part of the description for those who do not see the table.
    """
    setting = setting_of(table)
    rows = [*_head_rows(table, setting), *_body_rows(table, setting)]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in setting.widths)
    about = f"{len(table.rows)} rows below {table.n_head_rows} heading row{'s' * (table.n_head_rows > 1)}."
    described = " ".join([f"Rows: {table.stub or 'labels'}.", about, *table.note_paragraphs[:1]])
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(setting.widths)}" w:type="dxa"/><w:tblInd w:w="{_MARGIN}" w:type="dxa"/>'
        '<w:tblLayout w:type="fixed"/>'
        f'<w:tblCellMar><w:left w:w="{_MARGIN}" w:type="dxa"/><w:right w:w="{_MARGIN}" w:type="dxa"/></w:tblCellMar>'
        '<w:tblLook w:val="00A0" w:firstRow="1" w:lastRow="0" w:firstColumn="1" w:lastColumn="0" w:noHBand="0"'
        f' w:noVBand="0"/><w:tblCaption w:val={attribute(f"{number}. {table.title}")}/>'
        f"<w:tblDescription w:val={attribute(described)}/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        f"{''.join(rows)}</w:tbl>"
    )


def _head_rows(table: FormattedTable, setting: Setting) -> list[str]:
    words, n = table.columns_of_words(), table.n_head_rows
    grid: dict[tuple[int, int], tuple[Head, bool]] = {}
    for r, line in enumerate(table.placed_heads()):
        for at, head in line:
            grid |= {(r + down, at): (head, down > 0) for down in range(head.rowspan)}
    rows = []
    for r in range(n):
        cells = []
        for (_, at), (head, goes_on) in sorted(item for item in grid.items() if item[0][0] == r):
            edges = _edges(top=r == 0, bottom=r == n - 1 or (r + head.rowspan >= n and not goes_on))
            spans = head.colspan > 1
            inner = _text(
                "" if goes_on else _whole(head.text),
                setting,
                "center" if spans else "left" if at in words else "right",
                ruled=spans and r < n - 1,
                keep=True,
            )
            merge = ("<w:vMerge/>" if goes_on else '<w:vMerge w:val="restart"/>') if head.rowspan > 1 else ""
            cells.append(_cell(inner, setting.widths[at : at + head.colspan], edges, merge, low=True))
        rows.append(_row(cells, head=True))
    return rows


def _body_rows(table: FormattedTable, setting: Setting) -> list[str]:
    n, blocks = len(table.rows), _blocks_of_numbers(table, setting)
    rows = []
    for r, row in enumerate(table.rows):
        edges = _edges(bottom=r == n - 1)
        keep = n <= _STAYS_WHOLE or row.heading or r < 2 or r >= n - 3
        if row.heading:
            inner = _text(row.stub, setting, "left", keep=True, bold=True, air=r > 0)
            rows.append(_row([_cell(inner, setting.widths, edges)]))
            continue
        stub = _text(row.stub, setting, "left", keep=keep, indent=_INDENT * row.indent)
        rows.append(
            _row([_cell(stub, setting.widths[:1], edges), *_cells(row, setting, blocks, edges, keep)])
        )
    return rows


def _cells(
    row: Row, setting: Setting, blocks: list[tuple[int, int] | None], edges: str, keep: bool
) -> list[str]:
    cells, at = [], 1
    for cell in row.cells:
        right, block, after = 0, blocks[at], after_point(cell.text)
        if cell.align == "right" and cell.colspan == 1 and block is not None:
            if after is not None:
                right = block[1] - width_of(after, setting.size)
            elif cell.text == NONE:
                right = (sum(block) - width_of(NONE, setting.size)) // 2
        inner = _text(cell.text, setting, cell.align, keep=keep, right=right)
        cells.append(_cell(inner, setting.widths[at : at + cell.colspan], edges))
        at += cell.colspan
    return cells


def _blocks_of_numbers(table: FormattedTable, setting: Setting) -> list[tuple[int, int] | None]:
    """Per column the room before and after the point; None where its numbers would not fit one line."""
    blocks: list[tuple[int, int] | None] = [None]
    for at in range(1, table.n_columns):
        texts = []
        for row in table.rows:
            spread = [cell if cell.colspan == 1 else None for cell in row.cells for _ in range(cell.colspan)]
            cell = spread[at - 1] if len(spread) >= at else None
            if cell is not None and cell.align == "right" and after_point(cell.text) is not None:
                texts.append(cell.text)
        block = _before_and_after(texts, setting.size)
        blocks.append(block if sum(block) <= setting.widths[at] - 2 * _MARGIN else None)
    return blocks


def _row(cells: list[str], *, head: bool = False) -> str:
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' * head}</w:trPr>{''.join(cells)}</w:tr>"


def _cell(inner: str, widths: tuple[int, ...], edges: str, merge: str = "", *, low: bool = False) -> str:
    span = f'<w:gridSpan w:val="{len(widths)}"/>' if len(widths) > 1 else ""
    bottom = '<w:vAlign w:val="bottom"/>' if low else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="{sum(widths)}" w:type="dxa"/>{span}{merge}{edges}{bottom}</w:tcPr>{inner}</w:tc>'


def _edges(*, top: bool = False, bottom: bool = False) -> str:
    rule = 'w:val="single" w:sz="6" w:space="0" w:color="000000"'
    drawn = (f"<w:top {rule}/>" if top else "") + (f"<w:bottom {rule}/>" if bottom else "")
    return f"<w:tcBorders>{drawn}</w:tcBorders>" if drawn else ""


def _text(
    text: str,
    setting: Setting,
    align: str,
    *,
    keep: bool,
    bold: bool = False,
    indent: int = 0,
    right: int = 0,
    ruled: bool = False,
    air: bool = False,
) -> str:
    """The one paragraph of a cell, in the style of its size."""
    properties = "<w:keepNext/>" * keep
    if ruled:  # a rule of its own below a heading over several columns, apart from the next one's
        properties += '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="000000"/></w:pBdr>'
    if air:
        properties += '<w:spacing w:before="80"/>'
    if indent or right:
        properties += f'<w:ind w:left="{indent}" w:right="{right}"/>'
    if align != "left":
        properties += f'<w:jc w:val="{align}"/>'
    return paragraph(
        run(text, bold=bold) if text else "", style=f"TableText{setting.size}", properties=properties
    )
