"""What of a section stands open, and what is folded away?

A reader has minutes, so what settles little is folded. A *closer look* is what stands under a ``###`` heading of
a notebook: its first sentences stay open; the rest, its tables and its figures open on demand. On paper
everything is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal

from analysis_lib.sentences import Sentence

_TIERS = {
    "clear": "Clear",
    "clear but small": "Clear but small",
    "tentative": "Tentative",
    "similar": "Similar",
    "cannot tell": "Not settled",
    "withheld": "Withheld",
    "refusal": "Cannot be said",
    "limit": "Limit",
    "fact": "",
}
_SHOWN_BEFORE_FOLD = 4
_FOLD_FROM = 7
_ALWAYS_SHOWN = ("clear", "clear but small", "refusal", "limit")
_SHOWN_CLOSER = 5  # sentences of a closer look that stand open

Kind = Literal[
    "table", "figure", "sentences", "joint_display", "voices", "boxes", "card", "authors", "prose", "nothing"
]


@dataclass(frozen=True)
class Part:
    """One thing in a section, ready for the template.

    Parameters
    ----------
    content
        What the template of this kind draws.
    number
        ``Table 3.1``, ``Figure 3.2``; empty for what carries no number.
    id
        Its id on the page; empty for what nothing links to.
    template
        Template of the payload it comes from.
    source
        The Markdown that prose was made from.
    bases
        The table once more on other bases; None where there is none.
    aside
        Folded away wherever it stands, since the study's tradition makes little of it.
    """

    kind: Kind
    content: Any
    number: str = ""
    id: str = ""
    template: str = ""
    source: str = ""
    bases: Any = None
    aside: bool = False


@dataclass(frozen=True)
class Fold:
    """Parts that are folded away under a title; without a title they stand open."""

    title: str
    parts: list[Part]


@dataclass(frozen=True)
class Run:
    """Sentences of one tier in a row; those beyond the first few can be folded away."""

    tier: str
    shown: tuple[Sentence, ...]
    folded: tuple[Sentence, ...] = ()


@dataclass
class _Waiting:
    """What a closer look folds away, until its end is reached."""

    sentences: list[Part] = field(default_factory=list)
    numbered: list[Part] = field(default_factory=list)


def runs(found: Sequence[Sentence]) -> list[Run]:
    """Sentences by tier; a long run shows its first few and folds the rest away."""
    laid_out = []
    for kind, run in _by_kind(found):
        fold = kind not in _ALWAYS_SHOWN and len(run) >= _FOLD_FROM
        cut = _SHOWN_BEFORE_FOLD if fold else len(run)
        laid_out.append(Run(_TIERS[kind], run[:cut], run[cut:]))
    return laid_out


def said_in(part: Part) -> tuple[Sentence, ...]:
    """Every sentence of a part, folded or not; empty for other parts."""
    if part.kind != "sentences":
        return ()
    return tuple(sentence for run in part.content for sentence in run.shown + run.folded)


def with_place(parts: Sequence[Part]) -> Iterator[tuple[Part, bool]]:
    """Each part with whether it belongs to a closer look."""
    closer = False
    for part in parts:
        if part.source.startswith("#"):
            closer = part.source.startswith("###")
        yield part, closer


def in_folds(parts: Sequence[Part]) -> list[Fold]:
    """Parts of a section in order, what a closer look folds away behind its open sentences."""
    folds: list[Fold] = []
    waiting = _Waiting()
    for part, closer in with_place(parts):
        if part.source.startswith("#"):
            folds += _folded(waiting)
            waiting = _Waiting()
        if part.number and (closer or (part.aside and not _holds_no_number(part))):
            waiting.numbered.append(part)
            continue
        opened = part
        if closer and part.kind == "sentences":
            opened, rest = _shortened(part)
            waiting.sentences += rest
        if not folds or folds[-1].title:
            folds.append(Fold("", []))
        folds[-1].parts.append(opened)
    return folds + _folded(waiting)


def _shortened(part: Part) -> tuple[Part, list[Part]]:
    """The first sentences, the last place kept for the first limit; and the others, if they are more than one."""
    found = said_in(part)
    if len(found) <= _SHOWN_CLOSER + 1:
        return replace(part, content=_whole_runs(found)), []
    limits = [i for i, sentence in enumerate(found) if sentence.kind == "limit"][:1]
    first = [i for i, sentence in enumerate(found) if sentence.kind != "limit"][: _SHOWN_CLOSER - len(limits)]
    shown = {*first, *limits}
    opened = [sentence for i, sentence in enumerate(found) if i in shown]
    others = [sentence for i, sentence in enumerate(found) if i not in shown]
    return replace(part, content=_whole_runs(opened)), [replace(part, content=_whole_runs(others))]


def _folded(waiting: _Waiting) -> list[Fold]:
    """What waits as one fold; what has nothing to show is named and not shown."""
    empty = waiting.numbered
    if not all(_holds_no_number(part) for part in empty):  # why one of them is empty may stand nowhere else
        empty = [part for part in empty if part.kind == "table" and not part.content.rows]
    full = [part for part in waiting.numbered if part not in empty]
    nothing = [Part("nothing", in_words([part.number for part in empty]))] if empty else []
    parts = [*waiting.sentences, *full]
    if not parts:
        return [Fold("", nothing)] if nothing else []
    named = in_words([part.number for part in full])
    n = sum(len(said_in(part)) for part in waiting.sentences)
    more = f"{n} more sentence{'s' if n != 1 else ''}" if n else ""
    return [Fold(", ".join(filter(None, (named, more))), [*parts, *nothing])]


def _holds_no_number(part: Part) -> bool:
    """Whether the rows of a table say no more than why there is none, or a figure could not be drawn."""
    if part.kind == "table":
        return all(len(row.cells) <= 1 for row in part.content.rows)
    return part.kind == "figure" and not part.content.address


def in_words(numbers: Sequence[str]) -> str:
    """Numbers of tables and figures in one phrase.

    >>> in_words(["Figure 3.6", "Table 3.12", "Table 3.13", "Table 3.14"])
    'Figure 3.6, Tables 3.12, 3.13 and 3.14'
    >>> in_words(["Table 3.7"])
    'Table 3.7'
    """
    named = []
    for kind, group in groupby(numbers, key=lambda number: number.split(" ")[0]):
        each = [number.split(" ")[1] for number in group]
        together = " and ".join(filter(None, (", ".join(each[:-1]), each[-1])))
        named.append(f"{kind}{'s' if len(each) > 1 else ''} {together}")
    return ", ".join(named)


def _whole_runs(found: Sequence[Sentence]) -> list[Run]:
    return [Run(_TIERS[kind], run) for kind, run in _by_kind(found)]


def _by_kind(found: Sequence[Sentence]) -> Iterator[tuple[str, tuple[Sentence, ...]]]:
    for kind, run in groupby(found, key=lambda sentence: sentence.kind):
        yield kind, tuple(run)
