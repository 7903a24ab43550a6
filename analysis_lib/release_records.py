"""Whose words and whose data does each released report hold, and may it still hold them?

Every release leaves a record in the study: marks of the people who are counted in the report and of the quotes that
stand in it. A mark is a keyed hash, so the record holds no id and no word, and tells nothing without the key. Once
consent is withdrawn, or words are changed or withheld, the marks say which reports are out that hold them.

References: RFC 2104, HMAC; UK GDPR, articles 7(3) and 19 (withdrawal, and telling those who received the data).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis_lib.consent import withdrew_in_another_wave
from analysis_lib.payload import Payload
from analysis_lib.quotes import clear_quotes
from analysis_lib.sharing import SHARE, people_who_share
from analysis_lib.wave import Wave
from analysis_lib.whole_files import write_whole

RECORDS = Path(".themewave") / "released_quotes"  # below the study
_README = """\
# Whom and what the released reports of this study hold: INTERNAL

One file per report: keyed marks of the people who are counted in it and of the quotes that stand in it. No id and no
word. `themewave status` reads them to say which reports hold somebody who has withdrawn since. A file may be deleted
once nobody has its report any more; of that report a withdrawal cannot be told afterwards.
"""


@dataclass(frozen=True)
class QuoteMark:
    """A quote of a report: marks of its segment, of who said it and of its words, the original ones included."""

    segment: str
    person: str
    words: str


@dataclass(frozen=True)
class ReleaseRecord:
    """What one report, or one exported file with rows of people, holds.

    Parameters
    ----------
    report
        Its folder or file, as seen from the study folder.
    report_id
        The short name that stands on every page of it.
    profile, clearances
        Who it is for, and which quotes could leave; ``share`` where rows of people left on that consent.
    released_on
        ISO date of the first release with this content.
    key
        Mark of the key itself: with another one nobody would be found again.
    people
        Marks of everybody who is counted in it.
    quotes
        Marks of its quotes.
    """

    wave: str
    report: str
    report_id: str
    profile: str
    clearances: tuple[str, ...]
    released_on: str
    key: str
    people: tuple[str, ...]
    quotes: tuple[QuoteMark, ...]


@dataclass(frozen=True)
class Withdrawn:
    """What a report holds and should not hold any more.

    Parameters
    ----------
    n_people
        People counted in it who have withdrawn since, or are no longer in the tables.
    n_quotes
        Quotes in it that could not leave today.
    segments
        Ids of those of them that still stand in the tables, sorted; internal.
    """

    record: ReleaseRecord
    n_people: int
    n_quotes: int
    segments: tuple[str, ...]


def release_record(
    wave: Wave,
    payloads: Iterable[Payload],
    *,
    key: bytes,
    report: str,
    report_id: str,
    profile: str,
    clearances: Iterable[str],
    released_on: str,
) -> ReleaseRecord:
    """The record of a report.

    Parameters
    ----------
    wave
        The wave that the report is of.
    payloads
        What has passed the door.
    key
        Key of the pseudonyms.
    """
    left = set(_quoted(payloads))
    segments = clear_quotes(wave)
    held = segments[segments["text"].isin(left) & (segments["clearance"] != "withheld")]
    quotes = [
        QuoteMark(
            mark(key, "segment", row.segment_id),
            mark(key, "person", row.participant_id),
            mark(key, "words", row.text),
        )
        for row in held.itertuples()
    ]
    agreed = wave.participants.index[wave.participants["agreed"]]
    people = tuple(sorted(mark(key, "person", person) for person in agreed))
    return ReleaseRecord(
        wave=wave.id,
        report=report,
        report_id=report_id,
        profile=profile,
        clearances=tuple(sorted(clearances)),
        released_on=released_on,
        key=mark(key, "key", ""),
        people=people,
        quotes=tuple(quotes),
    )


def rows_record(
    wave: Wave,
    people: Iterable[str],
    *,
    key: bytes,
    file: str,
    content: bytes,
    profile: str,
    released_on: str,
) -> ReleaseRecord:
    """The record of an exported file with a row per person.

    Parameters
    ----------
    people
        participant_ids of the people in it.
    file, content
        The file as seen from the study folder, and what it holds.
    """
    return ReleaseRecord(
        wave=wave.id,
        report=file,
        report_id=hashlib.sha256(content).hexdigest()[:10],
        profile=profile,
        clearances=(SHARE,),
        released_on=released_on,
        key=mark(key, "key", ""),
        people=tuple(sorted(mark(key, "person", person) for person in people)),
        quotes=(),
    )


def _quoted(payloads: Iterable[Payload]) -> Iterable[str]:
    """Everything that stands as somebody's words in released payloads."""
    for payload in payloads:
        for table in payload.tables.values():
            at = [i for i, (_, kind) in enumerate(table.columns) if kind == "quote"]
            yield from (str(row[i]) for row in table.rows for i in at if row[i] is not None)


def mark(key: bytes, what: str, text: str) -> str:
    """A keyed hash that can be found again with the same key and tells nothing without it.

    >>> mark(b"k", "person", "P01") == mark(b"k", "person", "P01") != mark(b"k", "segment", "P01")
    True
    """
    return hmac.digest(key, f"{what}\x1f{text}".encode(), hashlib.sha256).hex()[:32]


def write_record(study: Path, record: ReleaseRecord) -> None:
    """Keep a record; the same content written to the same place again changes nothing.

    Parameters
    ----------
    study
        The study folder.
    """
    place = hashlib.sha256(record.report.encode("utf-8")).hexdigest()[:8]
    path = study / RECORDS / f"{record.wave}_{record.report_id}_{place}.json"
    if path.exists():
        return
    write_whole(path.parent / "README.md", _README)
    write_whole(path, json.dumps(asdict(record), indent=1) + "\n")


def read_records(study: Path) -> tuple[list[ReleaseRecord], int]:
    """Every record of a study, oldest first, and how many files hold none that can be read."""
    records, unreadable = [], 0
    for path in sorted((study / RECORDS).glob("*.json")):
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            quotes = tuple(QuoteMark(**quote) for quote in raw.pop("quotes"))
            clearances, people = tuple(raw.pop("clearances")), tuple(raw.pop("people"))
            records.append(ReleaseRecord(**raw, clearances=clearances, people=people, quotes=quotes))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            unreadable += 1
    return sorted(records, key=lambda record: (record.released_on, record.report)), unreadable


def withdrawn_since(wave: Wave, records: Sequence[ReleaseRecord], key: bytes) -> list[Withdrawn]:
    """The reports of a wave that hold a person or a quote that could not be in them today.

    Parameters
    ----------
    wave
        The wave as it is now.
    records
        Those of its reports.
    key
        Key of the pseudonyms, the same as that of the records.
    """
    gone = withdrew_in_another_wave(wave.study, wave.id)
    agreed = wave.participants.index[wave.participants["agreed"]]
    still = {mark(key, "person", person) for person in agreed if person not in gone}
    sharing = {mark(key, "person", person) for person in people_who_share(wave)} & still
    segments = clear_quotes(wave)
    ids = {mark(key, "segment", segment): segment for segment in segments["segment_id"]}
    found = []
    for record in records:
        clear = segments[segments["clearance"].isin(record.clearances)]
        holds = {
            (mark(key, "segment", row.segment_id), mark(key, "words", row.text))
            for row in clear.itertuples()
            if mark(key, "person", row.participant_id) in still
        }
        allowed = sharing if SHARE in record.clearances else still
        people = [person for person in record.people if person not in allowed]
        quotes = [quote for quote in record.quotes if (quote.segment, quote.words) not in holds]
        if people or quotes:
            named = tuple(sorted(ids[quote.segment] for quote in quotes if quote.segment in ids))
            found.append(Withdrawn(record, len(people), len(quotes), named))
    return found
