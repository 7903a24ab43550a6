"""How are text, a caption and a field written in WordprocessingML?

Strings, since a table of a thousand cells is parsed faster than it is built object by object. Every text passes
through :func:`escaped`, so that nothing anybody wrote can become markup, a field or a broken file.

References: ECMA-376 part 1, WordprocessingML, sections 17.3 and 17.16.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from analysis_lib.formatted import printable

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_EMU_PER_MM = 36_000


def escaped(text: str) -> str:
    """Text that XML can hold, as text.

    >>> escaped("<b> & \\x0b")
    '&lt;b&gt; &amp; \ufffd'
    """
    return escape(printable(text))


def attribute(text: str) -> str:
    """Text as an attribute's value, with its quotation marks."""
    return quoteattr(printable(text))


def run(text: str, *, bold: bool = False, italic: bool = False) -> str:
    """A stretch of text of one kind; a line break stays one.

    >>> run("n & N", italic=True)
    '<w:r><w:rPr><w:i/></w:rPr><w:t xml:space="preserve">n &amp; N</w:t></w:r>'
    """
    look = f"<w:rPr>{'<w:b/>' * bold}{'<w:i/>' * italic}</w:rPr>" if bold or italic else ""
    lines = (f'<w:t xml:space="preserve">{escaped(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{look}{'<w:br/>'.join(lines)}</w:r>"


def paragraph(*runs: str, style: str = "", properties: str = "") -> str:
    """A paragraph of runs.

    Parameters
    ----------
    runs
        From :func:`run`, :func:`field` and their kind.
    style
        Id of a paragraph style; empty for the document's own.
    properties
        Further properties, in the order that the schema asks for.
    """
    look = (f'<w:pStyle w:val="{style}"/>' if style else "") + properties
    return f"<w:p>{f'<w:pPr>{look}</w:pPr>' if look else ''}{''.join(runs)}</w:p>"


def field(code: str, shown: str, *, bold: bool = False) -> str:
    """A field with the result that it shows until a program works it out again."""
    return f"<w:fldSimple w:instr={attribute(f' {code} ')}>{run(shown, bold=bold)}</w:fldSimple>"


def bookmark(name: str, number: int, inner: str) -> str:
    """Runs that a reference elsewhere in the file can lead to."""
    return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{inner}<w:bookmarkEnd w:id="{number}"/>'


def link(name: str, inner: str) -> str:
    """Runs that lead to a bookmark."""
    return f'<w:hyperlink w:anchor="{name}" w:history="1">{inner}</w:hyperlink>'


def place_of(number: str) -> str:
    """The bookmark of a table or figure.

    >>> place_of("Table 3.12")
    'table_3_12'
    """
    return number.lower().replace(" ", "_").replace(".", "_")


def caption(number: str, words: str, *, place: int, restart: bool, style: str = "Caption") -> str:
    """Number and title of a table or figure; the last part of the number is a field of its own.

    Parameters
    ----------
    number
        Such as ``Table 3.2``.
    words
        Its title; a line of its own.
    place
        Number of its bookmark in the file.
    restart
        The field starts at this number: the first of a section, or one whose neighbour is not in the file.
    """
    label, _, rest = number.partition(" ")
    section, _, last = rest.rpartition(".")
    code = f"SEQ {label} \\* ARABIC" + (f" \\r {last}" if restart else "")
    numbered = run(f"{label} {section}.", bold=True) + field(code, last, bold=True)
    title = run(words, italic=True) if words else ""
    return paragraph(
        bookmark(place_of(number), place, numbered), "<w:r><w:br/></w:r>" if words else "", title, style=style
    )


def list_of(label: str, entries: Iterable[tuple[str, str]]) -> str:
    """A list of the tables or figures of a file, that a program can work out again with page numbers.

    Parameters
    ----------
    label
        ``Table`` or ``Figure``.
    entries
        (number, title) of each.
    """
    lines = [link(place_of(number), run(f"{number}  {words}")) for number, words in entries]
    if not lines:
        return ""
    code = f' TOC \\h \\z \\c "{label}" '
    lines[0] = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve">{escaped(code)}</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>' + lines[0]
    )
    lines[-1] += '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    return "".join(paragraph(line, style="TableofFigures") for line in lines)


def picture(relationship: str, *, number: int, name: str, alt: str, width_mm: float, height_mm: float) -> str:
    """A picture in the text.

    Parameters
    ----------
    relationship
        Id under which the file holds the image.
    number
        Its own among the pictures of the file.
    name
        Such as ``Figure 3.1``.
    alt
        What it shows, for those who do not see it.
    """
    size = f'cx="{round(width_mm * _EMU_PER_MM)}" cy="{round(height_mm * _EMU_PER_MM)}"'
    shown = f'<wp:docPr id="{number}" name={attribute(name)} descr={attribute(alt)}/>'
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>{shown}'
        '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        f'<pic:nvPicPr><pic:cNvPr id="{number}" name={attribute(name)}/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip r:embed="{relationship}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )
