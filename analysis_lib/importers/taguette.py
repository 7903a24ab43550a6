"""What does a Taguette project hold?

The exported ``project.sqlite3`` has documents as HTML and highlights as places in the bytes of their text: tags do
not count, and what is left is encoded as UTF-8. A highlight may carry several tags, each of which is one coding here,
or none, which stays a stretch that somebody marked. The export writes one user for all, and even before that all
members of a project see and change the same highlights: independent coding cannot be told from it.

References: Taguette 1.5, ``extract.py`` (places), ``database/copy.py`` (what an export keeps); HTML standard, section
13.2.5 (character references).
"""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis_lib.errors import StudyError
from analysis_lib.importers.database import Database, has_tables, moment, open_database, whole, words
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.placement import CODE_POINTS, UTF8, UTF16, Placement, placed
from analysis_lib.importers.project import Code, Coding, OffsetRule, Project, Source, Span
from analysis_lib.importers.taguette_tags import tag_code, tree_remarks
from analysis_lib.readers.table import Rule

TITLE = "Taguette project (project.sqlite3)"
CARRIES = (
    "texts and exact places",
    "tags with their descriptions",
    "highlights without a tag",
    "when a highlight was last tagged",
    "descriptions of documents",
)
LOSES = (
    "who coded, so reliability cannot be computed",
    "cases and variables, which Taguette does not have",
    "memos of codings",
    "a tree of codes, except by dots or strokes in the names of tags",
    "layout and pictures of documents",
)

_REQUIRED = {
    "projects": ("id",),
    "documents": ("id", "name", "contents"),
    "tags": ("id", "path", "description"),
    "highlights": ("id", "document_id", "start_offset", "end_offset", "snippet"),
    "highlight_tags": ("highlight_id", "tag_id"),
}
SEVERAL_PROJECTS = Rule(
    "M35",
    "stop",
    "The database holds several projects or none, and a wave is made from one.",
    "Open the project in Taguette and export it there as a SQLite database.",
)
ONE_USER = Entry(
    "not carried",
    "codings",
    "Who coded: the export writes one user for all, so reliability cannot be computed from it.",
)
SHARED_CODING = Entry(
    "read",
    "codings",
    "The coder is whoever last changed the tags of a highlight. Members see each other's highlights, so reliability "
    "of independent coders cannot be computed from it.",
)
UNTAGGED = Entry(
    "orphaned", "codings", "Highlights without a tag; they are kept as marked stretches and no coding."
)
NO_HIGHLIGHT = Entry("dropped", "codings", "Tags given to highlights or documents that do not exist.")
NO_TAG = Entry("dropped", "codings", "Highlights with a tag that does not exist.")
TWICE = Entry("merged", "codings", "Tags given to one highlight twice.")
SECOND_SOURCE = Entry("dropped", "sources", "Documents with the id of an earlier one.")
SECOND_TAG = Entry("dropped", "codes", "Tags with the id or the name of an earlier one.")
LOST_HIGHLIGHT = Entry(
    "orphaned", "codings", "Highlights of documents that do not exist, or with the id of an earlier one."
)
OUTSIDE_TEXT = Entry(
    "guessed",
    "codings",
    "Places that are empty, outside the text or inside a character: the words that were stored are kept, where they "
    "stand is unknown.",
)
OTHER_WORDS = Entry(
    "guessed",
    "codings",
    "The words at the place differ from those stored with the highlight; the words at the place were taken.",
)
TOUCHING = Entry(
    "read",
    "sources",
    "Documents with paragraphs that no line end separates, as Taguette counts their text; words of two paragraphs "
    "touch in quotes across them.",
)
NO_LOG = Entry("read", "codings", "Entries of the project's log that cannot be read; dates may be missing.")
NO_TEXT = Entry(
    "read",
    "sources",
    "Values with bytes that are no text; each such byte became the sign for a lost character.",
)

# A tag of the HTML that Taguette has cleaned: quoted values may hold anything, all else neither "<" nor ">".
_TAG = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>')
_TOUCHING_BLOCKS = re.compile(
    r"</(?:p|h[1-5]|li|blockquote|pre|td|th|tr|dd|dt)>[^\S\n]*<(?:p|h[1-5]|li|blockquote|pre|td|th|tr|dd|dt)[ >]"
)


@dataclass(frozen=True)
class _Highlight:
    key: str
    document: int | None
    start: int | None
    end: int | None
    quote: str


def recognises(path: Path) -> float:
    """1 for a database with Taguette's tables, else 0."""
    return 1.0 if has_tables(path, tuple(_REQUIRED)) else 0.0


def read(path: Path) -> Project:
    """Read an exported project.

    Raises
    ------
    StudyError
        The file is not a Taguette database that can be read (M30 to M36), or holds several projects.
    """
    ledger = Ledger()
    with open_database(path, shown_as=path.name) as database:
        database.require(_REQUIRED)
        if database.count("projects") != 1:
            raise StudyError(SEVERAL_PROJECTS.at(path.name))
        sources = _sources(database, ledger)
        tags = _tags(database, ledger)
        highlights = _highlights(database, sources, ledger)
        log = _log(database, ledger)
        given = _given(database, tags, highlights, ledger)
        found = {
            "codes": database.count("tags"),
            "sources": database.count("documents"),
            "highlights": database.count("highlights"),
            "codings": database.count("highlight_tags"),
        }
        ledger.note(NO_TEXT, n=database.half_read)
    places, offsets = _places(highlights, sources, ledger)
    several = len({user for user, _ in log.values()}) > 1
    codings: list[Coding] = []
    untagged: list[Span] = []
    for number, highlight in highlights.items():
        span, quote = places[highlight.key]
        user, date = log.get(number, ("", ""))
        if not given[number]:
            ledger.note(UNTAGGED, highlight.key)
            untagged.append(span)
        codings += [
            Coding(
                span.source,
                tags[tag].key,
                span.start,
                span.end,
                quote,
                coder=user if several else "",
                coded_at=date,
                origin=highlight.key,
            )
            for tag in given[number]
        ]
    ledger.note(SHARED_CODING if several else ONE_USER, n=len(codings))
    return Project(
        format="taguette",
        origin="Taguette",
        codes=tuple(tags.values()),
        sources=tuple(sources.values()),
        cases=(),
        codings=tuple(codings),
        found=found,
        untagged=tuple(untagged),
        offsets=tuple(offsets),
        remarks=(*ledger.remarks(), *tree_remarks({words(tag): code for tag, code in tags.items()})),
    )


def text_of(contents: str) -> str:
    """Text of cleaned HTML as Taguette counts it: its text nodes, one after the other.

    Examples
    --------
    >>> text_of('<p title="a > b">I felt <b>heard</b> &amp; seen</p><p>from the start</p>')
    'I felt heard & seenfrom the start'
    >>> text_of("<pre>\\nas typed</pre>")
    'as typed'
    """
    contents = contents.replace("\r\n", "\n").replace("\r", "\n")
    contents = contents.replace("<pre>\n", "<pre>")  # a line end that HTML does not count
    return "".join(map(html.unescape, _TAG.split(contents)))


def _sources(database: Database, ledger: Ledger) -> dict[int | None, Source]:
    sources: dict[int | None, Source] = {}
    columns = ["id", "name", "description", "contents"]
    for number, name, description, contents in database.rows("documents", columns):
        key, about = whole(number), words(description)
        if key in sources:
            ledger.note(SECOND_SOURCE, words(key))
            continue
        variables = {"description": about} if about else {}
        sources[key] = Source(words(key), words(name), text_of(words(contents)), variables=variables)
        if _TOUCHING_BLOCKS.search(words(contents)):
            ledger.note(TOUCHING, words(key))
    return sources


def _tags(database: Database, ledger: Ledger) -> dict[int | None, Code]:
    tags: dict[int | None, Code] = {}
    paths: set[str] = set()
    for number, path, description in database.rows("tags", ["id", "path", "description"]):
        key, name = whole(number), words(path)
        if key in tags or name in paths:
            ledger.note(SECOND_TAG, words(key))
            continue
        paths.add(name)
        tags[key] = tag_code(name, words(description))
    return tags


def _highlights(
    database: Database, sources: Mapping[int | None, Source], ledger: Ledger
) -> dict[int | None, _Highlight]:
    highlights: dict[int | None, _Highlight] = {}
    columns = ["id", "document_id", "start_offset", "end_offset", "snippet"]
    for number, document, start, end, snippet in database.rows("highlights", columns):
        key = whole(number)
        if key in highlights or whole(document) not in sources:
            ledger.note(LOST_HIGHLIGHT, words(key))
            continue
        quote = text_of(words(snippet))
        highlights[key] = _Highlight(words(key), whole(document), whole(start), whole(end), quote)
    return highlights


def _given(
    database: Database,
    tags: Mapping[int | None, Code],
    highlights: Mapping[int | None, _Highlight],
    ledger: Ledger,
) -> dict[int | None, list[int | None]]:
    """Tags of each highlight in the order of the tags."""
    given: dict[int | None, list[int | None]] = {number: [] for number in highlights}
    for highlight, tag in database.rows("highlight_tags", ["highlight_id", "tag_id"]):
        number, of_tag = whole(highlight), whole(tag)
        if number not in highlights:
            ledger.note(NO_HIGHLIGHT, words(number))
        elif of_tag not in tags:
            ledger.note(NO_TAG, words(number))
        elif of_tag in given[number]:
            ledger.note(TWICE, words(number))
        else:
            given[number].append(of_tag)
    order = {tag: place for place, tag in enumerate(tags)}
    return {number: sorted(of_one, key=lambda tag: order[tag]) for number, of_one in given.items()}


def _log(database: Database, ledger: Ledger) -> dict[int | None, tuple[str, str]]:
    """User and date of the last entry that set the tags of a highlight."""
    last: dict[int | None, tuple[str, str]] = {}
    columns = ["id", "date", "user_login", "payload"]
    for number, date, user, payload in database.rows("commands", columns):
        try:
            entry = json.loads(words(payload))
            kind, highlight = entry["type"], entry.get("highlight_id")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            ledger.note(NO_LOG, words(whole(number)))
            continue
        if kind == "highlight_add" and isinstance(highlight, int):
            last[highlight] = words(user), moment(date)
    return last


def _places(
    highlights: Mapping[int | None, _Highlight], sources: Mapping[int | None, Source], ledger: Ledger
) -> tuple[dict[str, tuple[Span, str]], list[OffsetRule]]:
    """Place and words of each highlight by its key, and how the places of each document were counted."""
    waiting: defaultdict[int | None, list[Placement]] = defaultdict(list)
    for highlight in highlights.values():
        stated = Placement(highlight.key, highlight.start, highlight.end, highlight.quote)
        waiting[highlight.document].append(stated)
    places: dict[str, tuple[Span, str]] = {}
    offsets = []
    for document, placements in waiting.items():
        source = sources[document]
        text = source.text or ""
        rule, _, spans = placed(source.key, text, placements, (UTF8, CODE_POINTS, UTF16))
        offsets.append(rule)
        for each in placements:
            span = spans[each.origin]
            if span is None:
                ledger.note(OUTSIDE_TEXT, each.origin, confidence=0.5)
                places[each.origin] = Span(source.key), each.quote
                continue
            quote = text[span[0] : span[1]]
            if quote != each.quote:
                ledger.note(OTHER_WORDS, each.origin, confidence=0.5)
            places[each.origin] = Span(source.key, *span), quote
    return places, offsets
