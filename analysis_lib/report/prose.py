"""What may an author's Markdown become on a page that leaves the team?

Headings, paragraphs, lists and emphasis. Everything else stays text: markup is escaped, a link shows its
address without being one, a picture shows its description, and nothing can pass for a participant's quote.

References: CommonMark 0.31; WCAG 2.2, success criterion 1.3.1 on heading order.
"""

from __future__ import annotations

from html import escape
from typing import Any

import mistune
from markupsafe import Markup

DEEPEST = 6


def render(text: str, *, top: int = 3) -> Markup:
    """Markdown as safe HTML.

    Parameters
    ----------
    text
        Markdown of a notebook or of author_notes.md.
    top
        Level of the first heading, which stands for ``##``; later ones go down one level at a time at most,
        so that no level is skipped however the author numbered them.

    Examples
    --------
    >>> print(render("# Reading\\n\\nSee [the *paper*](https://doi.org/10.1/x) <b>now</b>."), end="")
    <h3 dir="auto">Reading</h3>
    <p dir="auto">See the <em>paper</em> (https://doi.org/10.1/x) &lt;b&gt;now&lt;/b&gt;.</p>
    """
    return Markup(mistune.create_markdown(escape=True, renderer=_Plain(top))(text))


class _Plain(mistune.HTMLRenderer):
    """Renders few elements; ``dir="auto"`` keeps a right-to-left sentence to itself."""

    def __init__(self, top: int) -> None:
        super().__init__(escape=True)
        self._top = top
        self._last = top - 1

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        self._last = min(max(level + self._top - 2, self._top), self._last + 1, DEEPEST)
        return f'<h{self._last} dir="auto">{text}</h{self._last}>\n'

    def paragraph(self, text: str) -> str:
        return f'<p dir="auto">{text}</p>\n'

    def list_item(self, text: str) -> str:
        return f'<li dir="auto">{text}</li>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        address = escape(url)
        return f"{text} ({address})" if text not in ("", address) else address

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def linebreak(self) -> str:
        return "<br>\n"

    def thematic_break(self) -> str:
        return ""

    def block_quote(self, text: str) -> str:
        return text

    def block_code(self, code: str, info: str | None = None) -> str:
        return self.paragraph(escape(code))

    def block_html(self, html: str) -> str:
        return self.paragraph(escape(html.strip()))
