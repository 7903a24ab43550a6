"""Which quotes still need a person's decision, and how is the decision kept?

A reviewer reads the words in their context, answers what :mod:`analysis_lib.quote_flags` has found in them, and
releases them, withholds them or has them paraphrased. Each decision becomes a row of quote_reviews.csv with the
fingerprint of the words that were on the screen: if they are edited meanwhile, it does not count for the new ones.

References: UK Data Service, anonymising qualitative data; Saunders, Kitzinger & Kitzinger 2015, Qualitative Research
15(5), 616-632.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from analysis_lib.errors import Finding, StudyError
from analysis_lib.quantitize import counted_segments
from analysis_lib.quote_checks import fingerprint
from analysis_lib.quote_flags import FLAGS
from analysis_lib.quotes import TO_DECIDE, clear_quotes
from analysis_lib.readable import Readable
from analysis_lib.schema import table_schema
from analysis_lib.study import Study
from analysis_lib.wave import Wave
from analysis_lib.wave_files import file_of_table
from analysis_lib.whole_files import write_whole

MAY_LEAVE = "reviewed, may leave"
DECISIONS = ("release", "paraphrase", "withhold")
_COLUMNS = table_schema("quote_reviews").names
_KEY = table_schema("quote_reviews").primary_key
_FILE = "quote_reviews.csv"


@dataclass(frozen=True, repr=False)
class QuotesToReview(Readable):
    """Quotes that consent allows and a reviewer has to decide on.

    Parameters
    ----------
    table
        ``segment_id, participant_id, group, themes, before, text, after, text_original, why, to_answer``: in the order
        of the wave's segments. ``themes`` are labels; ``before`` and ``after`` the passages beside it in the same
        document; ``why`` is why it does not leave yet; ``to_answer`` the names of flags, separated by spaces. Internal.
    counts
        ``state, n``: how many segments may leave, wait for a decision or stay withheld, and why.
    """

    wave: Wave
    table: pd.DataFrame
    counts: pd.DataFrame


def quotes_to_review(wave: Wave) -> QuotesToReview:
    """What a reviewer has still to read.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    QuotesToReview
        The words that wait for a decision, and why each of them waits.

    Examples
    --------
    >>> import analysis_lib as al
    >>> waiting = quotes_to_review(al.load_wave(al.EXAMPLE_STUDY, "2024a"))
    >>> sorted(set(waiting.table["why"]))
    ['changed since its review', 'not reviewed']
    """
    quotes = clear_quotes(wave)
    quotes = quotes.merge(in_context(wave), on="segment_id", how="left")
    labels = {theme.id: theme.label for theme in wave.study.codebook}
    codes = counted_segments(wave)[["segment_id", "code_id"]].drop_duplicates()
    themes = codes["code_id"].map(labels).groupby(codes["segment_id"], sort=False).agg(", ".join)
    groups = wave.participants["outcome_group"].map(wave.study.outcome.label, na_action="ignore")
    waiting = quotes[quotes["why"].isin(TO_DECIDE)]
    table = waiting.assign(
        group=waiting["participant_id"].map(groups), themes=waiting["segment_id"].map(themes)
    )
    columns = ["segment_id", "participant_id", "group", "themes", "before", "text", "after", "text_original"]
    counts = (
        quotes["why"].fillna(MAY_LEAVE).value_counts(sort=False).rename_axis("state").reset_index(name="n")
    )
    return QuotesToReview(wave, table[[*columns, "why", "to_answer"]].reset_index(drop=True), counts)


def in_context(wave: Wave) -> pd.DataFrame:
    """``segment_id, text_original, before, after``: each segment with the coded passages beside it in its document."""
    columns = ["segment_id", "document_id", "start", "text", "text_original"]
    segments = wave.segments[columns].groupby("segment_id", sort=False, as_index=False).first()
    ordered = segments.sort_values(["document_id", "start"], kind="stable", na_position="last")
    beside = ordered.groupby("document_id", sort=False)["text"]
    return ordered.assign(before=beside.shift(1), after=beside.shift(-1))[
        ["segment_id", "text_original", "before", "after"]
    ]


def write_reviews(
    waiting: QuotesToReview,
    decisions: Mapping[str, str],
    *,
    reviewer: str,
    answered: Mapping[str, Collection[str]] | None = None,
    originals: Collection[str] = (),
    reviewed_on: date | None = None,
) -> int:
    """Add decisions to the wave's quote_reviews.csv; returns how many.

    Parameters
    ----------
    waiting
        What was on the screen; a decision counts for these words.
    decisions
        Segment -> ``release``, ``paraphrase`` or ``withhold``.
    reviewer
        Who decided: letters, digits, ``_`` and ``-``, such as initials.
    answered
        Segment -> the flags in its words that the reviewer has judged harmless. A release answers all of them.
    originals
        Released segments whose original words, before translation, may stand beside them.
    reviewed_on
        Day of the decision; None for today.

    Returns
    -------
    int
        How many decisions were added.

    Raises
    ------
    StudyError
        If anything is not as above, or the file is none that rows can be added to. Nothing is written then.

    Examples
    --------
    >>> from shutil import copytree
    >>> from tempfile import TemporaryDirectory
    >>> import analysis_lib as al
    >>> place = TemporaryDirectory()
    >>> study = copytree(al.EXAMPLE_STUDY, f"{place.name}/study")
    >>> waiting = al.quotes_to_review(al.load_wave(study, "2024b"))
    >>> al.write_reviews(waiting, {waiting.table["segment_id"].iloc[0]: "withhold"}, reviewer="ab")
    1
    >>> place.cleanup()
    """
    answered = answered or {}
    findings = list(_problems(waiting, decisions, reviewer, answered, originals))
    if findings:
        raise StudyError(findings)
    shown = waiting.table.set_index("segment_id")
    day = (reviewed_on or date.today()).isoformat()
    rows = []
    for segment, decision in decisions.items():
        original = shown.at[segment, "text_original"]
        beside = decision == "release" and segment in originals and not pd.isna(original)
        rows.append(
            {
                "segment_id": segment,
                "text_sha256": fingerprint(shown.at[segment, "text"]),
                "decision": decision,
                "flags_answered": " ".join(name for name in FLAGS if name in answered.get(segment, ())),
                "original_sha256": fingerprint(original) if beside else "",
                "reviewer": reviewer,
                "reviewed_on": day,
            }
        )
    if rows:
        _add_rows(waiting.wave, rows)
    return len(rows)


def _problems(
    waiting: QuotesToReview,
    decisions: Mapping[str, str],
    reviewer: str,
    answered: Mapping[str, Collection[str]],
    originals: Collection[str],
) -> Iterator[Finding]:
    """Everything that keeps decisions from being written."""
    shown = waiting.table.set_index("segment_id")["to_answer"]
    named = {*decisions, *answered, *originals}
    if any(segment not in shown.index for segment in named):
        what = "a decision is about a segment that was not on the list."
        yield Finding(
            "stop", "Q01", _FILE, what, "Take the ids from the list, and load the wave again if it changed."
        )
    if not set(decisions.values()) <= set(DECISIONS):
        what, fix = "a decision is none of the three.", "Write it as it stands here."
        yield Finding("stop", "Q02", _FILE, what, fix, column="decision", allowed=", ".join(DECISIONS))
    if not {name for names in answered.values() for name in names} <= set(FLAGS):
        what, fix = (
            "something other than the name of a flag was answered.",
            "Give a list of names as they are.",
        )
        yield Finding("stop", "Q03", _FILE, what, fix, column="flags_answered", allowed=", ".join(FLAGS))
    open_ = [
        segment
        for segment, decision in decisions.items()
        if decision == "release"
        and segment in shown.index
        and not set(shown[segment].split()) <= set(answered.get(segment, ()))
    ]
    if open_:
        what = f"{len(open_)} of the released quotes hold what may say who spoke, and it was not answered."
        fix = "Look at what is marked in each, and answer it, or decide to withhold or to paraphrase."
        yield Finding("stop", "Q04", _FILE, what, fix, column="flags_answered")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", reviewer):
        what, fix = "nobody has signed these decisions.", "Name the reviewer, for instance by initials."
        allowed = "1 to 32 of the characters A-Z a-z 0-9 _ -"
        yield Finding("stop", "Q05", _FILE, what, fix, column="reviewer", allowed=allowed)


def _add_rows(wave: Wave, rows: list[dict[str, str]]) -> None:
    """Put rows behind those that are there, in one step, while nobody else writes."""
    path = file_of_table(wave.study, wave.id, wave.facts, "quote_reviews")
    if path.suffix.casefold() not in (".csv", ".tsv"):
        what = (
            "the reviews of this wave are kept in a file that is no csv, which is not written to from here."
        )
        raise StudyError(
            Finding("stop", "Q06", path.name, what, "Save it as quote_reviews.csv, or decide in that file.")
        )
    with _alone(path):
        before = path.read_bytes() if path.exists() else b""
        after = _with_rows(before, rows, wave.study, "\t" if path.suffix.casefold() == ".tsv" else None)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
        write_whole(path, after, mode=mode)


def _with_rows(before: bytes, rows: list[dict[str, str]], study: Study, separator: str | None) -> bytes:
    """The file with further rows; what stood there stands there still, cell by cell."""
    try:
        text = before.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    first = text.split("\n", 1)[0]
    separator = separator or study.columns.separator or max(",;\t", key=first.count)
    old = [] if "\0" in text else list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    header = [_canonical(name, study) for name in old[0]] if old else list(_COLUMNS)
    if "\0" in text or not {"segment_id", "text_sha256", "decision"} <= set(header):
        what = "rows cannot be added to this file: it is no UTF-8 text with the column names of the contract."
        raise StudyError(
            Finding("stop", "Q07", _FILE, what, "Save it as csv in UTF-8, with its first row of names.")
        )
    known = {tuple(dict(zip(header, row, strict=False)).get(name, "") for name in _KEY) for row in old[1:]}
    rows = [
        row for row in rows if tuple(row[name] for name in _KEY) not in known
    ]  # the same decision twice is one
    needed = [name for name in _COLUMNS if name not in header and any(row[name] for row in rows)]
    ending = "\r\n" if "\r\n" in text else "\n"
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=ending)
    if needed or not old:
        names = [*old[0], *needed] if old else header
        writer.writerows([names, *([*row, *[""] * (len(names) - len(row))] for row in old[1:])])
    else:
        out.write(text if text.endswith("\n") else text + ending)
    writer.writerows([row.get(name, "") for name in [*header, *needed]] for row in rows)
    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    return mark + out.getvalue().encode("utf-8")


def _canonical(name: str, study: Study) -> str:
    """The contract's name of a raw column."""
    own = study.columns.names_in.get("quote_reviews", {})
    return own.get(name) or study.columns.names.get(name) or name


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other reviewer is writing; the system frees the lock however a process ends."""
    with path.with_name(f".{path.name}.lock").open("w") as handle:
        if os.name == "posix":
            import fcntl  # noqa: PLC0415

            fcntl.flock(handle.fileno(), fcntl.LOCK_EX)
        yield
