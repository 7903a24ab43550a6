"""Which stretch of which text did who code with what, once it is settled how positions were counted?

References: REFI-QDA standard 1.5 (2019).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.offset_rules import (
    BORROWED,
    FEW,
    MANY,
    THRESHOLD,
    Counting,
    Trial,
    best_of,
    equals_quoted,
    one_line,
    try_all,
)
from analysis_lib.importers.project import Coding, OffsetRule, Span
from analysis_lib.importers.refi_sources import RawCoding, RawSelection, RawSource
from analysis_lib.importers.refi_texts import Texts

REFUSED = Entry(
    "dropped",
    "codings",
    "In these documents no way of counting characters lets at least half of the selections begin and end where "
    "words do, so the texts and the codings do not belong together. Export the project again without changing its "
    "files, or import the program's own file.",
)
PAST_THE_END = Entry("dropped", "codings", "Codings of selections that lie past the end of their text.")
HALF_CHARACTER = Entry(
    "dropped", "codings", "Codings of selections that begin or end inside of one character."
)
EMPTY = Entry("dropped", "codings", "Codings of selections that are empty or end before they begin.")
NO_CODE = Entry("dropped", "codings", "Codings whose code is missing from the codebook of the file.")
IS_A_CASE = Entry(
    "merged",
    "codings",
    "Codings to a GUID that is also a case say what belongs to the case, and were read as that.",
)
AREA_OF_CASE = Entry(
    "not carried", "cases", "Areas of pages and pictures, or stretches of recordings, that belong to a case."
)
TWICE = Entry(
    "merged", "codings", "Codings that repeat another one: same place, coder and code. The first was kept."
)
UNCHECKED = Entry(
    "orphaned",
    "codings",
    "Codings of documents whose text is not there: their places stand as in the file and could not be checked.",
)
OF_AREAS = Entry(
    "read",
    "codings",
    "Codings of areas of pages and pictures, and of stretches of recordings, were kept without place and words.",
)
OF_WHOLES = Entry("read", "codings", "Codings of whole documents have no start and no end.")
OF_CATEGORIES = Entry(
    "read", "codings", "Codings with codes that the file marks as mere categories; they were kept."
)
BORROWED_RULE = Entry(
    "guessed",
    "codings",
    "Documents with too few selections to tell how characters were counted; they were taken to be counted as those "
    "of the other documents.",
)
OTHER_WORDS = Entry(
    "read",
    "codings",
    "The words that the file quotes differ from those at the same place of the text; those of the text were taken.",
)
NAMES = Entry(
    "not carried", "codings", "Names that were given to selections; they are not the words selected."
)
UNTAGGED_LOST = Entry(
    "not carried", "codings", "Selections without a code whose place in a text could not be determined."
)
LENT_USER = Entry(
    "guessed", "codings", "Codings that name no coder were given whoever made or changed the document."
)
LENT_TIME = Entry("guessed", "codings", "Codings without a time were given the time of the document.")
NO_SUCH_USER = Entry(
    "orphaned",
    "codings",
    "Codings by users who are not listed in the file; their GUID stands for their name.",
)


@dataclass
class Coded:
    """What came of the selections.

    Parameters
    ----------
    of_cases
        GUID of a case -> what was coded to it.
    selected
        GUID of a selection that a case points at -> its place.
    """

    codings: list[Coding] = field(default_factory=list)
    untagged: list[Span] = field(default_factory=list)
    of_cases: dict[str, list[Span]] = field(default_factory=dict)
    selected: dict[str, Span] = field(default_factory=dict)
    offsets: list[OffsetRule] = field(default_factory=list)


@dataclass(frozen=True)
class _Tried:
    trials: tuple[Trial, ...]
    n: int


def coded(
    sources: Sequence[RawSource],
    *,
    codable: Mapping[str, bool],
    cases: Collection[str],
    linked: Collection[str],
    users: Mapping[str, str],
    texts: Texts,
    ledger: Ledger,
) -> Coded:
    """Place every selection and give every coding its words, coder and code.

    Parameters
    ----------
    codable
        GUID of a code -> whether it may be given to text.
    cases
        GUIDs of cases.
    linked
        GUIDs of selections that cases point at.
    users
        GUID of a user -> name.
    """
    result = Coded()
    _settle(sources, result, ledger)
    quoting = _quotes_words(sources)
    given = _Given(codable, cases, linked, users, ledger, result)
    for source in sources:
        text = source.plain.text
        cut: dict[tuple[int, int], str] = {}
        for selection in source.selections:
            if selection.place == "nowhere":
                continue
            start = end = None
            words = ""
            if selection.place == "text":
                start, end = selection.start, selection.end
                if text is None:
                    words = selection.quoted if quoting else ""
                else:
                    if (start, end) not in cut:
                        cut[start, end] = text[start:end]
                        texts.hold(sys.getsizeof(cut[start, end]))
                    words = cut[start, end]
            elif selection.place == "whole":
                words = text or ""
            given.take(source, selection, start, end, words)
            if text is not None and selection.place == "text" and selection.quoted.strip():
                if not quoting:
                    ledger.note(NAMES, selection.guid)
                elif not _same_words(text, selection):
                    ledger.note(OTHER_WORDS, selection.guid)
    return result


def _settle(sources: Sequence[RawSource], result: Coded, ledger: Ledger) -> None:
    """Convert all positions to code points, in place; what cannot be placed is marked as nowhere."""
    tried: dict[str, _Tried] = {}
    hits: Counter[Counting] = Counter()
    asked: Counter[Counting] = Counter()
    for source in sources:
        if source.plain.text is None:
            continue
        placed = [each for each in source.selections if each.place == "text"]
        if not placed:
            continue
        trials, n = try_all(
            source.plain.text,
            [each.start for each in placed],
            [each.end for each in placed],
            [each.quoted for each in placed],
            bom=source.plain.bom,
            from_xml=source.plain.from_xml,
        )
        tried[source.key] = _Tried(trials, n)
        for trial in trials:
            hits[trial.counting] += trial.hits
            asked[trial.counting] += n
    preferred = sorted(hits, key=lambda counting: -hits[counting])
    for source in sources:
        own = tried.get(source.key)
        if own is None:
            _check_order(source, ledger)
            continue
        best, other = best_of(own.trials, preferred)
        others = {t.counting: (hits[t.counting] - t.hits, asked[t.counting] - own.n) for t in own.trials}
        usual, confidence = _borrowed(own, best, preferred, others)
        if usual is not None and usual.hits:
            if not (usual.starts == best.starts).all() or not (usual.ends == best.ends).all():
                ledger.note(BORROWED_RULE, source.key, confidence=confidence)
            best, other = usual, best
            sure = True
        else:
            sure = best.hits >= THRESHOLD * own.n
        score = best.hits / own.n if own.n else 0.0
        runner_up = other.hits / own.n if other is not None and own.n else 0.0
        result.offsets.append(OffsetRule(source.key, str(best.counting), score, runner_up, own.n))
        _write(source, best, sure, ledger)


def _borrowed(
    own: _Tried, best: Trial, preferred: Sequence[Counting], others: Mapping[Counting, tuple[int, int]]
) -> tuple[Trial | None, float]:
    """The trial of the rule that the rest of the project leaves no doubt about, for a text with few selections."""
    if own.n >= FEW or best.equal or not preferred:
        return None, 0.0
    usual = next((trial for trial in own.trials if trial.counting == preferred[0]), None)
    if usual is None:
        return None, 0.0
    right, of = others[usual.counting]
    if of < MANY or right < BORROWED * of:
        return None, 0.0
    return usual, right / of


def _write(source: RawSource, best: Trial, sure: bool, ledger: Ledger) -> None:
    placed = [each for each in source.selections if each.place == "text"]
    last = _last_position(source, best.counting)
    for each, start, end in zip(placed, best.starts.tolist(), best.ends.tolist(), strict=True):
        before = each.start, each.end
        each.start, each.end = start, end
        if 0 <= start < end and sure:
            continue
        each.place = "nowhere"
        if not each.codings:
            ledger.note(UNTAGGED_LOST, each.guid)
        elif before[0] >= before[1] or 0 <= end <= start:
            _drop(EMPTY, each, ledger)
        elif max(before) > last:
            _drop(PAST_THE_END, each, ledger)
        elif start < 0 or end < 0:
            _drop(HALF_CHARACTER, each, ledger)
        else:
            ledger.note(REFUSED, source.key, n=len(each.codings))


def _last_position(source: RawSource, counting: Counting) -> int:
    """The greatest position that a text has in its program's own count."""
    text = source.plain.text or ""
    length = len(text) + counting.bom
    if counting.unit == "UTF-16 units":
        length += len(text.encode("utf-16-le", "surrogatepass")) // 2 - len(text)
    if counting.crlf == 1:
        length -= text.count("\r\n")
    return length + (counting.lf - 1) * text.count("\n")


def _check_order(source: RawSource, ledger: Ledger) -> None:
    """Without a text only the order of start and end can be checked."""
    for each in source.selections:
        if each.place != "text":
            continue
        if each.start >= each.end:
            each.place = "nowhere"
            _drop(EMPTY, each, ledger)
        else:
            ledger.note(UNCHECKED, *(coding.guid for coding in each.codings))


def _drop(entry: Entry, selection: RawSelection, ledger: Ledger) -> None:
    ledger.note(entry, *(coding.guid for coding in selection.codings))


def _quotes_words(sources: Sequence[RawSource]) -> bool:
    """Whether the names of most selections are the words selected."""
    named = same = 0
    for source in sources:
        text = source.plain.text
        for each in source.selections:
            if text is not None and each.place == "text" and each.quoted.strip():
                named += 1
                same += _same_words(text, each)
    return named > 0 and 2 * same >= named


def _same_words(text: str, selection: RawSelection) -> bool:
    return equals_quoted(text, selection.start, selection.end, one_line(selection.quoted))


class _Given:
    """Gives codes to places, each only once."""

    def __init__(
        self,
        codable: Mapping[str, bool],
        cases: Collection[str],
        linked: Collection[str],
        users: Mapping[str, str],
        ledger: Ledger,
        result: Coded,
    ) -> None:
        self._codable = codable
        self._cases = cases
        self._linked = linked
        self._users = users
        self._ledger = ledger
        self._result = result
        self._seen: dict[tuple[object, ...], int] = {}

    def take(
        self, source: RawSource, selection: RawSelection, start: int | None, end: int | None, words: str
    ) -> None:
        span = Span(source.key, start, end)
        if selection.place == "text":
            if selection.guid in self._linked:
                self._result.selected.setdefault(selection.guid, span)
            if not selection.codings and source.plain.text is not None:
                self._result.untagged.append(span)
        for coding in selection.codings:
            if coding.code in self._cases:
                self._ledger.note(IS_A_CASE, coding.guid)
                if selection.place == "area":
                    self._ledger.note(AREA_OF_CASE, coding.guid)
                else:
                    self._result.of_cases.setdefault(coding.code, []).append(span)
            elif coding.code not in self._codable:
                self._ledger.note(NO_CODE, coding.guid)
            else:
                self._add(source, selection, coding, span, words)

    def _add(
        self, source: RawSource, selection: RawSelection, coding: RawCoding, span: Span, words: str
    ) -> None:
        coder = self._users.get(coding.user, coding.user)
        place = (source.key, span.start, span.end, selection.area, coder, coding.code)
        if (at := self._seen.get(place)) is not None:
            self._ledger.note(TWICE, coding.guid)
            kept = self._result.codings[at]
            if (coding.time and not kept.coded_at) or (selection.memo and not kept.memo):
                self._result.codings[at] = replace(
                    kept, coded_at=kept.coded_at or coding.time, memo=kept.memo or selection.memo
                )
            return
        self._seen[place] = len(self._result.codings)
        note = self._ledger.note
        if coding.user and coding.user not in self._users:
            note(NO_SUCH_USER, coding.guid)
        if "user" in coding.lent:
            note(LENT_USER, coding.guid, confidence=0.5)
        if "time" in coding.lent:
            note(LENT_TIME, coding.guid, confidence=0.2)
        if selection.place == "area":
            note(OF_AREAS, coding.guid)
        elif selection.place == "whole":
            note(OF_WHOLES, coding.guid)
        if not self._codable[coding.code]:
            note(OF_CATEGORIES, coding.guid)
        self._result.codings.append(
            Coding(
                source.key, coding.code, span.start, span.end, words, None, coder, coding.time, selection.memo,
                origin=coding.guid or f"coding {len(self._result.codings) + 1}",
            )
        )  # fmt: skip
