"""What may an author's Markdown become in a Word file?

The same as on the page: headings, paragraphs, lists and emphasis. Everything else stays text; a link shows its
address, a picture its description.

References: CommonMark 0.31.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import mistune

from analysis_lib.report.wordml import paragraph, run

_MARKDOWN = mistune.create_markdown(renderer=None)


def prose_xml(markdown: str, *, style: str) -> str:
    """Markdown as paragraphs of one style.

    Examples
    --------
    >>> prose_xml("See *this* <b>.", style="AuthorsText").split("<w:i/>")[1][:55]
    '</w:rPr><w:t xml:space="preserve">this</w:t></w:r><w:r>'
    """
    tokens: Any = _MARKDOWN(markdown)
    return "".join(paragraph(*runs, style=style) for runs in _blocks(tokens))


def _blocks(tokens: Iterable[dict[str, Any]], mark: str = "") -> Iterator[list[str]]:
    """The runs of each paragraph; a list's items carry their mark."""
    for token in tokens:
        kind, inner = token["type"], token.get("children") or []
        if kind in ("paragraph", "block_text"):
            yield [*([run(mark)] if mark else []), *_runs(inner)]
            mark = ""
        elif kind == "heading":
            yield list(_runs(inner, bold=True))
        elif kind == "list":
            ordered = token["attrs"].get("ordered", False)
            first = token["attrs"].get("start", 1)
            for i, item in enumerate(inner, start=first):
                yield from _blocks(item["children"], f"{i}. " if ordered else "• ")
        elif kind in ("block_code", "block_html"):
            yield [run(token["raw"].strip())]
        elif inner:
            yield from _blocks(inner, mark)


def _runs(tokens: Iterable[dict[str, Any]], *, bold: bool = False, italic: bool = False) -> Iterator[str]:
    for token in tokens:
        kind, inner = token["type"], token.get("children") or []
        if kind == "strong":
            yield from _runs(inner, bold=True, italic=italic)
        elif kind == "emphasis":
            yield from _runs(inner, bold=bold, italic=True)
        elif kind == "softbreak":
            yield run(" ")
        elif kind == "linebreak":
            yield run("\n")
        elif kind == "link":
            address = token["attrs"]["url"]
            shown = "".join(_runs(inner, bold=bold, italic=italic))
            yield shown + (run(f" ({address})") if shown != run(address, bold=bold, italic=italic) else "")
        elif inner:
            yield from _runs(inner, bold=bold, italic=italic)
        else:
            yield run(token.get("raw", ""), bold=bold, italic=italic)
