"""Does a rendered report claim more than its numbers hold?

The page is read as its readers read it: every paragraph, caption, cell and picture description, cut into sentences.
What others have written is taken out first: quotes, words in quotation marks, the authors' own text, code, and every
string of the study itself (labels, definitions, titles, reasons), wherever the page puts it.

References: WHATWG, HTML Living Standard, section 13 on elements; those of :mod:`analysis_lib.wording`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from html.parser import HTMLParser
from typing import Any

from analysis_lib.study import Study
from analysis_lib.wording import Slip, in_sentences, slips

# Elements in which other people speak, or nobody.
_THEIRS = {"blockquote", "q", "bdi", "code", "pre", "script", "style", "template"}
_THEIR_CLASSES = {"authors", "quote"}
_THEIR_IDS = {"references"}  # titles of other people's work
_BLOCKS = {
    "address", "article", "aside", "body", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "nav", "ol", "p", "section", "summary",
    "table", "tbody", "td", "th", "thead", "title", "tr", "ul",
}  # fmt: skip
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_SPOKEN = ("alt", "aria-label", "title", "summary")  # attributes that a reader may be told
_IN_QUOTES = re.compile("“[^”]*”|‘[^’]*’(?![a-z])")
_TAKEN_OUT = "“…”"


@dataclass(frozen=True)
class Problem:
    """A sentence of a report that says too much.

    Parameters
    ----------
    where
        Ids of the elements around it, outermost first, and the element: ``section-03 table-3-1 td``.
    sentence
        The whole sentence, what others wrote taken out.
    phrase, why, instead
        The words at fault, what is wrong with them, what to write.
    """

    where: str
    sentence: str
    phrase: str
    why: str
    instead: str


def lint_report(html: str, *, theirs: Iterable[str] = (), foretells: bool = False) -> tuple[Problem, ...]:
    """Everything on a rendered page that claims more than it may.

    Parameters
    ----------
    html
        A whole page.
    theirs
        What the team wrote, see :func:`words_of`; such a string is passed over wherever it stands whole.
    foretells
        Whether the study claims prediction and its themes come from before the outcome.

    Examples
    --------
    >>> [problem.phrase for problem in lint_report("<p>Coldness led to dropout.</p>")]
    ['led to']
    >>> lint_report("<p>Coldness led to dropout.</p>", theirs=["Coldness led to dropout"])
    ()
    """
    page = _Page()
    page.feed(html)
    page.close()
    own = _pattern(theirs)
    found = dict.fromkeys(
        Problem(block.where, sentence, slip.phrase, slip.why, slip.instead)
        for block in page.blocks
        for sentence in in_sentences(_own_words(block, own))
        for slip in _slips(block, sentence, foretells=foretells)
    )
    return tuple(found)


def words_of(study: Study) -> tuple[str, ...]:
    """Every string that the team wrote into study.yaml and the codebook."""
    return tuple(dict.fromkeys(_strings(study)))


@dataclass
class _Block:
    """Text of one element, without that of the elements in it."""

    where: str
    element: str
    pieces: list[str] = field(default_factory=list)


class _Page(HTMLParser):
    """Cuts a page into blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[_Block] = []
        self._open: list[tuple[str, str, bool]] = []  # element, id, whether others speak in it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in _SPOKEN:
            if given.get(name) and not self._theirs:
                self.blocks.append(_Block(self._where(f"{tag} {name}"), name, [str(given[name])]))
        if tag in _VOID:
            if tag == "br":
                self.handle_data(" ")
            return
        classes = set((given.get("class") or "").split())
        theirs = tag in _THEIRS or bool(classes & _THEIR_CLASSES) or given.get("id") in _THEIR_IDS
        if theirs and not self._theirs:
            self.handle_data(f" {_TAKEN_OUT} ")
        self._open.append((tag, given.get("id") or "", theirs or self._theirs))
        if tag in _BLOCKS:
            self._begin(tag)

    def handle_endtag(self, tag: str) -> None:
        at = next((i for i in reversed(range(len(self._open))) if self._open[i][0] == tag), None)
        if at is None:
            return
        closes_block = any(name in _BLOCKS for name, _, _ in self._open[at:])
        del self._open[at:]
        if closes_block:
            self._begin(next((name for name, _, _ in reversed(self._open) if name in _BLOCKS), ""))

    def handle_data(self, data: str) -> None:
        if self._theirs:
            return
        if not self.blocks or self.blocks[-1].element in _SPOKEN:
            self._begin(next((name for name, _, _ in reversed(self._open) if name in _BLOCKS), ""))
        self.blocks[-1].pieces.append(data)

    @property
    def _theirs(self) -> bool:
        return bool(self._open) and self._open[-1][2]

    def _begin(self, element: str) -> None:
        self.blocks.append(_Block(self._where(element), element))

    def _where(self, element: str) -> str:
        return " ".join([*(name for _, name, _ in self._open if name), element]).strip()


def _own_words(block: _Block, own: re.Pattern[str] | None) -> str:
    """The text of a block with everything that others wrote taken out."""
    text = " ".join("".join(block.pieces).split())
    text = own.sub(_TAKEN_OUT, text) if own else text
    return _IN_QUOTES.sub(_TAKEN_OUT, text)


def _slips(block: _Block, sentence: str, *, foretells: bool) -> Iterator[Slip]:
    """A cell has base and interval in the columns beside it, a picture's description in its caption and table."""
    return slips(sentence, foretells=foretells, numbers=block.element not in ("td", "th", *_SPOKEN))


def _pattern(theirs: Iterable[str]) -> re.Pattern[str] | None:
    """Matches what the team wrote, the longest first; None where nothing of it would be found at fault.

    Only what would be found at fault is looked for, and never a single word, which would blind every sentence
    that holds it. A label of one such word is passed over where it stands in quotation marks.
    """
    plain = {" ".join(text.split()) for text in theirs}
    wanted = [text for text in plain if " " in text and any(True for _ in slips(text))]
    if not wanted:
        return None
    longest_first = sorted(wanted, key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def _strings(value: Any) -> Iterator[str]:
    """Every string inside a value."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for part in fields(value):
            yield from _strings(getattr(value, part.name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, (tuple, list, frozenset, set)):
        for part in value:
            yield from _strings(part)
