"""What does a QualCoder project hold?

The database ``data.qda`` inside a project folder is the fullest of QualCoder's files: texts, offsets in code points,
coders, cases with their attributes, and the tree of codes. Everything is read from it; what the program's views
would hide (coders that somebody switched off) is read too, and said.

References: QualCoder 4.0, database version 17; versions before sub-codes and importance are read as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from analysis_lib.importers.database import (
    Database,
    Value,
    has_tables,
    moment,
    open_database,
    whole,
    words,
)
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.offset_rules import Counting
from analysis_lib.importers.placement import CODE_POINTS, Placement, placed, span_remarks, spans_of
from analysis_lib.importers.project import (
    Case,
    Code,
    Coding,
    OffsetRule,
    Project,
    Source,
    Span,
)
from analysis_lib.importers.qualcoder_tree import node_id, read_codes

TITLE = "QualCoder project (data.qda)"
CARRIES = (
    "texts and exact places",
    "codes, sub-codes and categories with their memos",
    "cases, also as parts of documents",
    "attributes of cases and of documents",
    "who coded what and when",
    "memos of codings",
)
LOSES = (
    "codings that were deleted",
    "marks of importance, annotations and journals",
    "places within pictures and recordings",
)

_REQUIRED = {
    "source": ("id", "name", "fulltext"),
    "code_name": ("cid", "name", "catid"),
    "code_cat": ("catid", "name", "supercatid"),
    "code_text": ("ctid", "cid", "fid", "seltext", "pos0", "pos1", "owner"),
    "cases": ("caseid", "name"),
    "case_text": ("caseid", "fid", "pos0", "pos1"),
    "attribute": ("name", "attr_type", "value", "id"),
}
_UNNAMED = "default"  # QualCoder's name for a coder who never said theirs
_SPEAKER_SIGN = "\N{PUSHPIN}"  # starts the coder's name of codings that QualCoder made of speakers' names

_SECOND = "Rows with the id of an earlier row, which no sound project holds."
SECOND_SOURCE = Entry("dropped", "sources", _SECOND)
SECOND_CASE = Entry("dropped", "cases", _SECOND)
SECOND_CODING = Entry("dropped", "codings", _SECOND)
LINK_TO_NOTHING = Entry("orphaned", "cases", "Links of cases to documents that do not exist.")
LINK_TO_ALL = Entry(
    "guessed", "cases", "Links of cases to nothing of a document, read as links to all of it."
)
LINK_OF_NOBODY = Entry("orphaned", "cases", "Links of documents to cases that do not exist.")
NO_DOCUMENT = Entry("orphaned", "cases", "Cases without any part of a document.")
VALUE_OF_NOBODY = Entry("dropped", "variables", "Values of cases or documents that do not exist.")
SECOND_VALUE = Entry("dropped", "variables", "Second values of one attribute.")
NOWHERE = Entry("dropped", "codings", "Codings whose code or document does not exist.")
WITHOUT_TEXT = Entry(
    "orphaned", "codings", "Codings of words in documents whose text is not in the file; the words are kept."
)
OUTSIDE_TEXT = Entry(
    "guessed",
    "codings",
    "Places that are empty or outside the text: the words that were stored are kept, where they stand is unknown.",
)
OTHER_WORDS = Entry(
    "guessed",
    "codings",
    "The words at the place differ from those stored when they were coded; the words at the place were taken.",
)
MEDIA = Entry("read", "codings", "Codings of parts of pictures or recordings, read as codings of all of it.")
UNNAMED = Entry(
    "read",
    "codings",
    "Codings signed `default`, QualCoder's name for a coder who never gave one: who coded is unknown.",
)
UNSIGNED = Entry("read", "codings", "Codings that nobody signed.")
SPEAKERS = Entry("read", "codings", "Codings that QualCoder made of speakers' names.")
SWITCHED_OFF = Entry("read", "codings", "Codings of coders who are switched off in QualCoder.")
IMPORTANT = Entry("not carried", "codings", "Marks of importance on codings.")
ANNOTATIONS = Entry("not carried", "sources", "Annotations of documents.")
JOURNAL = Entry("not carried", "sources", "Entries in the journal.")
NO_TEXT = Entry(
    "read",
    "sources",
    "Values with bytes that are no text; each such byte became the sign for a lost character.",
)


def recognises(path: Path) -> float:
    """1 for a database with QualCoder's tables, or the project folder around one; else 0."""
    return 1.0 if has_tables(_database_of(path), tuple(_REQUIRED)) else 0.0


def read(path: Path) -> Project:
    """Read a project.

    Parameters
    ----------
    path
        ``data.qda``, or the project folder that holds it.

    Raises
    ------
    StudyError
        The file is not a QualCoder database that can be read (M30 to M36).
    """
    path = _database_of(path)
    with open_database(path, shown_as=path.name) as database:
        database.require(_REQUIRED)
        ledger = Ledger()
        codes = read_codes(database, ledger)
        sources = _sources(database, ledger)
        cases = _cases(database, sources, ledger)
        _give_attributes(database, sources, cases, ledger)
        codings, offsets = _codings(database, codes, sources, cases, ledger)
        origin = next((words(about) for (about,) in database.rows("project", ["about"])), "")
        found = {
            "codes": database.count("code_name") + database.count("code_cat"),
            "sources": database.count("source"),
            "cases": database.count("cases"),
            "codings": sum(map(database.count, ("code_text", "code_image", "code_av"))),
        }
        _who(codings, database, ledger)
        _left_behind(database, ledger)
    return Project(
        format="qualcoder",
        origin=origin,
        codes=tuple(codes.values()),
        sources=tuple(sources.values()),
        cases=tuple(cases.values()),
        codings=tuple(codings),
        found=found,
        offsets=tuple(offsets),
        remarks=(*ledger.remarks(), *span_remarks(codings, cases.values())),
    )


def _database_of(path: Path) -> Path:
    inside = path / "data.qda"
    return inside if path.is_dir() and inside.is_file() else path


def _sources(database: Database, ledger: Ledger) -> dict[int | None, Source]:
    sources: dict[int | None, Source] = {}
    for number, name, text in database.rows("source", ["id", "name", "fulltext"]):
        fid, key = whole(number), words(whole(number))
        if fid in sources:
            ledger.note(SECOND_SOURCE, key)
        else:
            sources[fid] = Source(key, words(name), None if text is None else words(text))
    return sources


def _cases(
    database: Database, sources: Mapping[int | None, Source], ledger: Ledger
) -> dict[int | None, Case]:
    spans: defaultdict[int | None, list[Span]] = defaultdict(list)
    links = database.rows("case_text", ["caseid", "fid", "pos0", "pos1"])
    for row, (caseid, fid, start, end) in enumerate(links, start=1):
        source, low, high = sources.get(whole(fid)), whole(start), whole(end)
        if source is None or low is None or high is None or high < low:
            ledger.note(LINK_TO_NOTHING, f"row {row}")
        elif source.text is None or high == low == 0:
            if source.text:
                ledger.note(LINK_TO_ALL, f"row {row}", confidence=0.8)
            spans[whole(caseid)].append(Span(source.key))
        else:
            spans[whole(caseid)].append(Span(source.key, low, high))
    cases: dict[int | None, Case] = {}
    for number, name in database.rows("cases", ["caseid", "name"]):
        of_case, key = whole(number), words(whole(number))
        if of_case in cases:
            ledger.note(SECOND_CASE, key)
            continue
        cases[of_case] = Case(key, words(name), spans=tuple(spans.get(of_case, ())))
        if not cases[of_case].spans:
            ledger.note(NO_DOCUMENT, key)
    ledger.note(LINK_OF_NOBODY, *(words(each) for each in spans if each not in cases))
    return cases


def _give_attributes(
    database: Database,
    sources: dict[int | None, Source],
    cases: dict[int | None, Case],
    ledger: Ledger,
) -> None:
    given: defaultdict[tuple[str, int | None], dict[str, str]] = defaultdict(dict)
    columns = ["name", "attr_type", "value", "id"]
    known_of: Mapping[str, Mapping[int | None, object]] = {"case": cases, "file": sources}
    for row, (name, kind, value, identity) in enumerate(database.rows("attribute", columns), start=1):
        owner = (words(kind), whole(identity))
        known = known_of.get(owner[0], {})
        if owner[1] not in known:
            ledger.note(VALUE_OF_NOBODY, f"row {row}")
        elif words(name) in given[owner]:
            ledger.note(SECOND_VALUE, f"row {row}")
        else:
            given[owner][words(name)] = words(value)
    for (kind_of, number), values in given.items():
        if kind_of == "case":
            cases[number] = replace(cases[number], variables=values)
        else:
            sources[number] = replace(sources[number], variables=values)


def _codings(
    database: Database,
    codes: Mapping[str, Code],
    sources: Mapping[int | None, Source],
    cases: dict[int | None, Case],
    ledger: Ledger,
) -> tuple[list[Coding], list[OffsetRule]]:
    codings: dict[str, Coding] = {}
    waiting: defaultdict[int | None, list[Placement]] = defaultdict(list)
    columns = ["ctid", "cid", "fid", "owner", "date", "memo", "seltext", "pos0", "pos1"]
    for number, cid, fid, owner, date, memo, quote, start, end in database.rows("code_text", columns):
        origin = f"ctid:{whole(number)}"
        about = (codes.get(node_id("cid", cid) or ""), sources.get(whole(fid)), owner, date, memo)
        if _kept(codings, origin, about, ledger, words(quote)):
            waiting[whole(fid)].append(Placement(origin, whole(start), whole(end), words(quote)))
    offsets = [
        rule
        for fid, placements in waiting.items()
        if (rule := _place(placements, sources[fid], codings, cases, ledger)) is not None
    ]
    for table, sign in (("code_image", "imid"), ("code_av", "avid")):
        columns = [sign, "cid", "id", "owner", "date", "memo"]
        for number, cid, fid, owner, date, memo in database.rows(table, columns):
            origin = f"{sign}:{whole(number)}"
            about = (codes.get(node_id("cid", cid) or ""), sources.get(whole(fid)), owner, date, memo)
            if _kept(codings, origin, about, ledger):
                ledger.note(MEDIA, origin)
    return list(codings.values()), offsets


def _kept(
    codings: dict[str, Coding],
    origin: str,
    about: tuple[Code | None, Source | None, Value, Value, Value],
    ledger: Ledger,
    quote: str = "",
) -> bool:
    """Add a coding that has no place yet, if there is what it speaks of."""
    code, source, owner, date, memo = about
    if code is None or source is None:
        ledger.note(NOWHERE, origin)
        return False
    if origin in codings:
        ledger.note(SECOND_CODING, origin)
        return False
    codings[origin] = Coding(
        source.key,
        code.key,
        None,
        None,
        quote,
        coder=words(owner),
        coded_at=moment(date),
        memo=words(memo),
        origin=origin,
    )
    return True


def _place(
    placements: Sequence[Placement],
    source: Source,
    codings: dict[str, Coding],
    cases: dict[int | None, Case],
    ledger: Ledger,
) -> OffsetRule | None:
    """Give the codings of one source their places and words; return how the places were counted."""
    if source.text is None:
        ledger.note(WITHOUT_TEXT, *(each.origin for each in placements))
        return None
    rule, counting, spans = placed(source.key, source.text, placements)
    if counting != CODE_POINTS:
        _recount(cases, source, counting)
    for each in placements:
        span = spans[each.origin]
        if span is None:
            ledger.note(OUTSIDE_TEXT, each.origin, confidence=0.5)
            continue
        quote = source.text[span[0] : span[1]]
        if quote != each.quote:
            ledger.note(OTHER_WORDS, each.origin, confidence=0.5)
        codings[each.origin] = replace(codings[each.origin], start=span[0], end=span[1], text=quote)
    return rule


def _recount(cases: dict[int | None, Case], source: Source, counting: Counting) -> None:
    """Put the spans of cases in one source into code points too, where its codings were counted otherwise."""
    for caseid, case in cases.items():
        spans = []
        for span in case.spans:
            here = [Placement("", span.start, span.end)] if span.source == source.key else []
            place = spans_of(source.text or "", here, counting)[0] if here and span.end is not None else None
            spans.append(span if place is None else Span(source.key, *place))
        cases[caseid] = replace(case, spans=tuple(spans))


def _who(codings: Iterable[Coding], database: Database, ledger: Ledger) -> None:
    hidden = {
        words(name) for name, visible in database.rows("coder_names", ["name", "visibility"]) if visible == 0
    }
    for coding in codings:
        if coding.coder == _UNNAMED:
            ledger.note(UNNAMED, coding.origin)
        if not coding.coder:
            ledger.note(UNSIGNED, coding.origin)
        if coding.coder.startswith(_SPEAKER_SIGN):
            ledger.note(SPEAKERS, coding.origin)
        if coding.coder in hidden:
            ledger.note(SWITCHED_OFF, coding.origin)


def _left_behind(database: Database, ledger: Ledger) -> None:
    flags = database.rows("code_text", ["ctid", "important"])
    ledger.note(IMPORTANT, *(f"ctid:{whole(ctid)}" for ctid, flag in flags if whole(flag) == 1))
    ledger.note(ANNOTATIONS, n=database.count("annotation"))
    ledger.note(JOURNAL, n=database.count("journal"))
    ledger.note(NO_TEXT, n=database.half_read)
