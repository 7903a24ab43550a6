"""Do the reviews of quotes fit the words, and is everything answered that may say who spoke?

One function per rule; its docstring is the rule in plain words. None of them repeats a word of a quote.

References: UK Data Service, guidance on anonymising qualitative data; :mod:`analysis_lib.quote_flags`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from analysis_lib.canonical import MOST_SHOWN, CanonicalTable
from analysis_lib.errors import Finding, Level, first_few
from analysis_lib.quote_flags import FLAGS, flag_names
from analysis_lib.study import Study

Tables = Mapping[str, CanonicalTable]
_SHINGLE = 8  # words in a row that nobody else would write by chance


def fingerprint(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal; ties a review to the words that were read."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def reviews_fit_the_words(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """A review belongs to a segment of this wave, and one of those about a segment to its very words."""
    reviews, segments = tables["quote_reviews"], tables["coded_segments"]
    known = segments.frame.drop_duplicates("segment_id").set_index("segment_id")["text"]
    ids = reviews.frame["segment_id"]
    what, fix = "no segment of this wave has this id.", "Remove the review, or correct the id."
    orphan = ~ids.isin(known.index) & ids.notna()
    yield from _rows("warn", "X10", reviews, orphan, "segment_id", what, fix)
    now = ids.map(known).map(fingerprint, na_action="ignore")
    fresh = now == reviews.frame["text_sha256"].str.lower()
    read_again = ids.isin(ids[fresh.fillna(False)])  # the log keeps what was decided about earlier words
    changed = ~fresh & now.notna() & ~read_again
    what = "the words have changed since they were reviewed; the quote is withheld."
    yield from _rows("warn", "X11", reviews, changed, "text_sha256", what, "Read the quote again.")


def flags_are_answered(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """Whoever releases words has answered what in them may say who spoke; known names of flags only."""
    reviews, segments = tables["quote_reviews"], tables["coded_segments"]
    frame = reviews.frame
    answered = frame["flags_answered"].fillna("").str.split()
    unknown = pd.Series([bool(set(names) - set(FLAGS)) for names in answered], index=frame.index, dtype=bool)
    what = "something other than names of flags stands here; it answers nothing."
    fix = "Write the names as they are, separated by spaces."
    yield from _rows("warn", "X29", reviews, unknown, "flags_answered", what, fix, ", ".join(FLAGS))
    first = segments.frame.groupby("segment_id", sort=False)[["text", "text_original"]].first()
    words = {segment: (text, original) for segment, text, original in first.itertuples(name=None)}
    now = frame["segment_id"].map(first["text"]).map(fingerprint, na_action="ignore")
    fresh = (frame["text_sha256"].str.lower() == now).fillna(False).astype(bool)
    released = (frame["decision"] == "release").fillna(
        False
    ) & fresh  # an answer to other words is none to these
    said: dict[str, set[str]] = {}
    for segment, names in zip(frame.loc[released, "segment_id"], answered[released], strict=True):
        said.setdefault(segment, set()).update(names)
    open_ = [
        is_released and bool(_flags_of(words[segment]) - said[segment])
        for segment, is_released in zip(frame["segment_id"], released, strict=True)
    ]
    what = "the words hold what may say who spoke, and no release answers it; the quote does not leave."
    fix = "Answer it in the notebook 00_review_quotes, or name in flags_answered what is harmless."
    unanswered = pd.Series(open_, index=frame.index, dtype=bool)
    yield from _rows("warn", "X28", reviews, unanswered, "flags_answered", what, fix, ", ".join(FLAGS))
    if study.privacy.quotes == "consented":
        once = segments.frame.drop_duplicates("segment_id")
        unread = (once["quote_consent"] == "yes").fillna(False) & ~once["segment_id"].isin(
            frame["segment_id"]
        )
        open_ = [bool(_flags_of(words[segment])) for segment in once.loc[unread, "segment_id"]]
        wrong = pd.Series(open_, index=once.index[unread], dtype=bool)
        wrong = wrong.reindex(segments.frame.index, fill_value=False)
        what = (
            "the words hold what may say who spoke, and nobody has reviewed them; the quote does not leave."
        )
        fix = "Decide on it in the notebook 00_review_quotes."
        yield from _rows("warn", "X28", segments, wrong, "text", what, fix)


def notes_quote_nobody(tables: Tables, study: Study, wave: str) -> Iterator[Finding]:
    """The authors' notes, which leave as they are, repeat no words that nobody has released."""
    path = study.folder / "waves" / wave / "author_notes.md"
    if not path.is_file():
        return
    notes = list(_in_a_row(path.read_text(encoding="utf-8", errors="replace")))
    segments, reviews = tables["coded_segments"].frame, tables["quote_reviews"].frame
    released = set(reviews.loc[reviews["decision"] == "release", "text_sha256"].str.lower())
    texts = pd.concat([segments["text"], segments["text_original"]]).dropna().unique()
    looked_for = {words for words, _ in notes}
    unread = (text for text in texts if fingerprint(text) not in released)
    held = {words for text in unread for words, _ in _in_a_row(text) if words in looked_for}
    lines = sorted({line for words, line in notes if words in held})
    what = "these notes repeat words of a participant that nobody has released, and notes leave as they are."
    fix = "Say it in your own words, or have the quote reviewed; the joint display shows it then."
    yield from first_few(
        Finding("warn", "X31", f"waves/{wave}/author_notes.md", what, fix, line) for line in lines
    )


def _in_a_row(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every few words in a row, in lower case, with the line that they begin in."""
    words = [
        (word.casefold(), number)
        for number, line in enumerate(text.splitlines(), start=1)
        for word in re.findall(r"[^\W_]+", line)
    ]
    for place in range(len(words) - _SHINGLE + 1):
        yield tuple(word for word, _ in words[place : place + _SHINGLE]), words[place][1]


def _flags_of(texts: Iterable[object]) -> set[str]:
    return set(flag_names(*(text for text in texts if isinstance(text, str))))


def _rows(
    level: Level,
    code: str,
    table: CanonicalTable,
    wrong: pd.Series,
    column: str,
    what: str,
    fix: str,
    allowed: str | None = None,
) -> Iterator[Finding]:
    """One finding per row that is wrong, and one for all beyond the first few."""
    rows = np.flatnonzero(wrong.fillna(False).to_numpy(dtype=bool))
    for row in rows[:MOST_SHOWN]:
        yield Finding(level, code, table.file, what, fix, table.lines[row], column, None, allowed)
    if len(rows) > MOST_SHOWN:
        more = f"{len(rows) - MOST_SHOWN} more rows have the same problem."
        yield Finding(
            level, code, table.file, more, fix, table.lines[rows[MOST_SHOWN]], column, None, allowed
        )
