"""What do the Word files of a report have in common?

Styles, pages that turn for what is wide, a foot with page numbers, the language, and properties that say nothing of
the machine or the moment, so that the same content gives the same bytes.

References: ECMA-376 parts 1 and 2; APA 2020, Publication Manual, 7th ed., section 2.19 on fonts.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from analysis_lib.formatted import FormattedTable
from analysis_lib.report.word_tables import SIZES, setting_of, table_xml
from analysis_lib.report.wordml import NAMESPACES, caption, field, paragraph, picture, run

LANGUAGE = "en-GB"
FONT = "Arial"
AUTHORS_PLACE, AUTHORS_TEXT = "AuthorsPlace", "AuthorsText"  # styles of what only people write
_EPOCH = datetime(2000, 1, 1)  # a file that says when it was made differs at every run
_ZIP_EPOCH = (2000, 1, 1, 0, 0, 0)
_A4 = (11906, 16838)  # twentieths of a point
_EDGE = 1440
_EDGE_ACROSS = 1000  # above and below on a turned page, which is short
_AIR = '<w:spacing w:after="320"/>'  # below notes
_PICTURE_MM = 159.0  # between the margins of an upright page


@dataclass(frozen=True)
class Block:
    """Something on a page: its markup, and whether the page is turned for it; None goes with what follows."""

    xml: str
    landscape: bool | None = False


class WordFile:
    """A Word file that is being written, block by block.

    Parameters
    ----------
    title
        Of the file; heading and core property.
    foot
        What stands at the foot of every page, before the page number.
    """

    def __init__(self, title: str, *, foot: str) -> None:
        from docx import Document  # noqa: PLC0415  (imports lxml, which only this needs)

        self._document = Document()
        self._blocks: list[Block] = []
        self._numbered: dict[str, int] = {}  # label of a caption -> last number in this section
        self._n_places = 0
        _set_styles(self._document)
        _set_properties(self._document, title)
        _set_foot(self._document, foot)
        self.add(paragraph(run(title), style="Title"))

    def add(self, xml: str, *, landscape: bool | None = False) -> None:
        """Add markup at the end."""
        if xml:
            self._blocks.append(Block(xml, landscape))

    def heading(self, text: str, level: int = 1) -> None:
        """A heading; one of the first level begins a section, in which tables count anew."""
        if level == 1:
            self._numbered = {}
        self.add(paragraph(run(text), style=f"Heading{level}"), landscape=None)

    def table(self, number: str, table: FormattedTable) -> None:
        """A table with its caption above and its notes below; a wide one turns the page."""
        notes = table.note_paragraphs
        last = len(notes) - 1
        below = "".join(
            paragraph(
                run("Note. ", italic=True) if i == 0 else "",
                run(note),
                style="TableNote",
                properties="<w:keepNext/><w:keepLines/>" if i < last else f"<w:keepLines/>{_AIR}",
            )
            for i, note in enumerate(notes)
        )
        words = table_xml(table, number)
        self.add(
            self._caption(number, table.title) + words + (below or paragraph(style="TableNote")),
            landscape=setting_of(table).landscape,
        )

    def figure(self, number: str, png: bytes, *, alt: str, words: str) -> None:
        """A picture with its number above it and its words below, as wide as the text."""
        relationship, image = self._document.part.get_or_add_image(io.BytesIO(png))
        height = _PICTURE_MM * image.px_height / image.px_width
        width = _PICTURE_MM * min(1.0, 225.0 / height)
        drawn = picture(
            relationship,
            number=self._n_places + 1,
            name=number,
            alt=alt,
            width_mm=width,
            height_mm=width * image.px_height / image.px_width,
        )
        self.add(
            self._caption(number, "")
            + paragraph(drawn, properties="<w:keepNext/>")
            + paragraph(
                run("Note. ", italic=True), run(words), style="TableNote", properties=f"<w:keepLines/>{_AIR}"
            )
        )

    def _caption(self, number: str, words: str) -> str:
        label, _, rest = number.partition(" ")
        last = int(rest.rpartition(".")[2])
        restart = last != self._numbered.get(label, -1) + 1
        self._numbered[label] = last
        self._n_places += 1
        return caption(number, words, place=self._n_places, restart=restart)

    def _turned(self) -> list[tuple[bool, str]]:
        """Every block with whether its page is turned; a heading stands on the page of what it heads."""
        turned, here = [], False
        for block in reversed(self._blocks):
            here = here if block.landscape is None else block.landscape
            turned.append((here, block.xml))
        return turned[::-1]

    def saved(self) -> bytes:
        """The file; the same bytes for the same content."""
        body = self._document.element.body
        final = body.sectPr
        groups = [
            (turned, [xml for _, xml in run_]) for turned, run_ in groupby(self._turned(), lambda one: one[0])
        ]
        for i, (turned, blocks) in enumerate(groups):
            page = _page(final, landscape=turned)
            elements = _elements(blocks)
            for element in elements:
                final.addprevious(element)
            if i == len(groups) - 1:
                body.replace(final, page)
            else:  # a section ends in its last paragraph
                elements[-1].get_or_add_pPr().append(page)
        return _without_times(self._document)


def _elements(blocks: Sequence[str]) -> list[Any]:
    from docx.oxml import parse_xml  # noqa: PLC0415

    return list(parse_xml(f"<w:body {NAMESPACES}>{''.join(blocks)}</w:body>"))


def _page(final: Any, *, landscape: bool) -> Any:
    """The properties of a section, with the foot that all of them share."""
    from docx.shared import Twips  # noqa: PLC0415

    page = deepcopy(final)
    width, height = reversed(_A4) if landscape else _A4
    size, edge = page.get_or_add_pgSz(), page.get_or_add_pgMar()
    size.w, size.h = Twips(width), Twips(height)
    if landscape:
        size.set(_name("orient"), "landscape")
    for side in ("top", "right", "bottom", "left"):
        short = landscape and side in ("top", "bottom")
        setattr(edge, side, Twips(_EDGE_ACROSS if short else _EDGE))
    return page


def _set_styles(document: Any) -> None:
    """Plain black letters of one font; styles of our own for what Word's template lacks."""
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415
    from docx.shared import Pt, RGBColor, Twips  # noqa: PLC0415

    styles = document.styles
    sizes = {
        "Normal": 10.5,
        "Title": 18,
        "Heading 1": 14,
        "Heading 2": 12,
        "Heading 3": 10.5,
        "Caption": 10.5,
    }
    sizes |= {f"Table Text {half_points}": half_points / 2 for half_points in SIZES}
    sizes |= {"Table Note": 8.5, "Table of Figures": 10, "Authors Place": 10.5, "Authors Text": 10.5}
    known = {style.name for style in styles}
    for name, size in sizes.items():
        if name not in known:
            added = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            added.base_style = styles["Normal"]
            added.element.set(_name("styleId"), name.replace(" ", ""))
        style = styles[name]
        style.font.size, style.font.color.rgb = Pt(size), RGBColor(0, 0, 0)
        _set_font(style)
    styles["Normal"].paragraph_format.space_after = Pt(7)
    edge = styles["Title"].element.pPr.find(_name("pBdr"))
    styles["Title"].element.pPr.remove(edge)
    styles["Caption"].font.bold = False
    styles["Caption"].paragraph_format.space_before, styles["Caption"].paragraph_format.space_after = (
        Pt(12),
        Pt(5),
    )
    styles["Caption"].paragraph_format.keep_with_next = True
    for size in SIZES:
        here = styles[f"Table Text {size}"].paragraph_format
        here.space_before, here.space_after, here.line_spacing = Twips(18), Twips(18), 1.0
    note = styles["Table Note"].paragraph_format
    note.space_before, note.space_after, note.line_spacing = Pt(4), Pt(0), 1.0
    styles["Table of Figures"].paragraph_format.space_after = Pt(2)
    for name in ("Heading 1", "Heading 2", "Heading 3"):
        styles[name].paragraph_format.keep_with_next = True
    _shade(styles["Authors Place"], "FFF2B3")
    styles["Authors Text"].paragraph_format.left_indent = Pt(14)
    language = styles.element.find(f"{_name('docDefaults')}//{_name('lang')}")
    language.set(_name("val"), LANGUAGE)


def _set_font(style: Any) -> None:
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.clear()  # a theme's font would win
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(_name(script), FONT)


def _shade(style: Any, colour: str) -> None:
    """A ground colour that a printer and a reader in greyscale still see."""
    from docx.oxml import parse_xml  # noqa: PLC0415

    shade = parse_xml(f'<w:shd {NAMESPACES} w:val="clear" w:color="auto" w:fill="{colour}"/>')
    style.element.get_or_add_pPr().append(shade)


def _set_properties(document: Any, title: str) -> None:
    from analysis_lib.formatted import printable  # noqa: PLC0415

    properties = document.core_properties
    properties.author = properties.last_modified_by = "Themewave"
    properties.title, properties.language = printable(title)[:255], LANGUAGE
    properties.comments, properties.revision = "", 1
    properties.created = properties.modified = _EPOCH


def _set_foot(document: Any, foot: str) -> None:
    from docx.oxml import parse_xml  # noqa: PLC0415

    text = run(f"{foot} · page ") + field("PAGE", "1") + run(" of ") + field("NUMPAGES", "1")
    footer = document.sections[0].footer
    footer.is_linked_to_previous = False
    written = parse_xml(paragraph(text, style="TableNote").replace("<w:p>", f"<w:p {NAMESPACES}>", 1))
    footer._element.replace(footer.paragraphs[0]._p, written)


def _name(tag: str) -> str:
    from docx.oxml.ns import qn  # noqa: PLC0415

    return str(qn(f"w:{tag}"))


def _without_times(document: Any) -> bytes:
    """The file with the same time on every part."""
    saved, again = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as written:
        for name in sorted(parts.namelist()):
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, parts.read(name))
    return again.getvalue()
