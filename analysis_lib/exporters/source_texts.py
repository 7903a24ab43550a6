"""What did each document say, as far as its coded segments tell?

The tables of a study hold the words of coded segments and where they stood, not whole transcripts. A text is rebuilt
by putting the words back at their offsets; what no segment covers is filled with a placeholder, so that every offset
still counts from the start of the document. Words without usable offsets follow on lines of their own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis_lib.wave import Wave

PLACEHOLDER = "·"
_WIDTH = 80  # a line of placeholders, its line end included
_LONGEST = 1_000_000  # code points; an offset beyond is a typing error, not an interview
_PLACE = ["participant_id", "document_id", "start", "end", "text", "text_original"]


@dataclass(frozen=True)
class SourceText:
    """One document, rebuilt.

    Parameters
    ----------
    document
        document_id; None for the segments of a person that name no document.
    people
        Whose words it holds, in order of id; one person unless a document was shared.
    text
        LF is the only line end; CR and CRLF of the words are replaced without changing any offset.
    places
        segment_id -> start and end in ``text``, in code points, end exclusive; in order of place.
    whose
        segment_id -> participant_id.
    n_placed
        Segments at the offsets that the table gives; the others are on lines of their own below.
    """

    document: str | None
    people: tuple[str, ...]
    text: str
    places: Mapping[str, tuple[int, int]]
    whose: Mapping[str, str]
    n_placed: int

    @property
    def name(self) -> str:
        """The document's id, or a name made of the person's."""
        return self.document if self.document is not None else f"{self.people[0]} (no document)"

    @property
    def description(self) -> str:
        """How the text came about, for whoever opens it in another program."""
        if not self.places:
            return (
                f"Nothing was coded here. The words are not held; one {PLACEHOLDER} stands for all of them."
            )
        said = []
        if self.n_placed:
            said.append(
                f"Rebuilt from coded segments at their offsets; {PLACEHOLDER} and the line ends between them stand "
                "for text that no coded segment holds."
            )
        if self.n_placed < len(self.places):
            said.append(
                "Segments without offsets that fit their words stand one to a line"
                + (" at the end." if self.n_placed else "; this is not the text of the document.")
            )
        return " ".join(said)


def source_texts(wave: Wave) -> tuple[SourceText, ...]:
    """Every document of a wave, coded or not.

    Parameters
    ----------
    wave
        A loaded wave; only people who agreed to analysis are in its segments and documents.

    Returns
    -------
    tuple of SourceText
        In order of document_id; segments without a document come last, one source per person.

    Examples
    --------
    >>> from analysis_lib.schema import EXAMPLE_STUDY
    >>> from analysis_lib.wave import load_wave
    >>> first = source_texts(load_wave(EXAMPLE_STUDY, "2024a"))[0]
    >>> first.name, first.text[6:31]
    ('P001_q1', 'She built a routine for m')
    """
    # Where one of the rows of a segment leaves something out, another may give it.
    segments = wave.segments.groupby("segment_id", sort=True)[_PLACE].first()
    nowhere = segments["document_id"].isna()
    documents = wave.documents.dropna(subset="document_id")
    people: dict[str, set[str]] = {}
    for table in (documents, segments[~nowhere]):
        for document, person in table[["document_id", "participant_id"]].itertuples(index=False):
            people.setdefault(str(document), set()).add(str(person))
    rows: dict[Hashable, pd.DataFrame] = dict(iter(segments[~nowhere].groupby("document_id")))
    found = [_rebuilt(name, people[name], rows.get(name, segments[:0])) for name in sorted(people)]
    found += [
        _rebuilt(None, {str(person)}, its) for person, its in segments[nowhere].groupby("participant_id")
    ]
    return tuple(found)


def _rebuilt(document: str | None, people: set[str], segments: pd.DataFrame) -> SourceText:
    whose = {str(segment): str(person) for segment, person in segments["participant_id"].items()}
    text, places = _placed(segments)
    n_placed = len(places)
    for segment, row in zip(segments.index, segments.itertuples(), strict=True):
        if segment not in places:
            text += "\n" if text and not text.endswith("\n") else ""
            words = next(
                (str(words) for words in (row.text, row.text_original) if pd.notna(words)), PLACEHOLDER
            )
            places[str(segment)] = (len(text), len(text) + len(words))
            text += words
    text = text.replace("\r\n", " \n").replace("\r", "\n")
    return SourceText(document, tuple(sorted(people)), text or PLACEHOLDER, places, whose, n_placed)


def _placed(segments: pd.DataFrame) -> tuple[str, dict[str, tuple[int, int]]]:
    """The text up to the last segment with offsets, and where those segments stand in it.

    Words that are longer or shorter than their offsets say, or that contradict words already there, are left out.
    """
    known = segments[segments["start"].notna() & segments["end"].notna()]
    known = known[(known["end"] <= _LONGEST) & (known["end"] > known["start"])]
    letters: list[str] = []
    places: dict[str, tuple[int, int]] = {}
    silent: dict[str, tuple[int, int]] = {}
    for row in known.reset_index().sort_values(["start", "end", "segment_id"]).itertuples():
        start, end = int(row.start), int(row.end)
        if pd.isna(row.text) and pd.isna(row.text_original):
            silent[str(row.segment_id)] = (start, end)
            continue
        # Offsets of translated words may count in the translation or in the original.
        both = [str(words) for words in (row.text, row.text_original) if pd.notna(words)]
        for words in (words for words in both if len(words) == end - start):
            there = letters[start:end]
            if there == list(words[: len(there)]):
                letters += _gap(start - len(letters))
                letters += words[len(letters) - start :]
                places[str(row.segment_id)] = (start, end)
                break
    letters += _gap(max((end for _, end in silent.values()), default=0) - len(letters))
    places |= silent
    return "".join(letters), dict(sorted(places.items(), key=lambda item: (item[1], item[0])))


def _gap(n: int) -> str:
    """``n`` code points for text that nobody coded, in lines, the last of which ends.

    >>> _gap(4), _gap(1), len(_gap(200)), _gap(200).count("\\n"), _gap(-3)
    ('···\\n', '·', 200, 3, '')
    """
    if n <= 1:
        return PLACEHOLDER * n
    lines = (PLACEHOLDER * (_WIDTH - 1) + "\n") * (n // _WIDTH + 1)
    return lines[: n - 1] + "\n"
