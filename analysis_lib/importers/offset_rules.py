"""How did the program that wrote this file count the characters of a text?

Programs agree that a selection has a start and an end, and disagree about what is counted: code points or UTF-16
units, a line end of two characters as two or as one, a byte order mark or not. A file never says which. So every
way of counting is tried on all selections of a text, and the one that lets them begin and end where words do, or
gives the words that the file quotes, is taken; where none does, nothing is guessed.

Notes
-----
The strict test asks that both ends are word boundaries *and* that the first character is no blank: without the
second part a rule that is wrong by one still passes for most selections, as a blank precedes nearly every word.

References: Unicode Standard Annex 29 (word boundaries; a simplification is used here); RFC 3629 (UTF-8); RFC 2781
(UTF-16).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

Unit = Literal["code points", "UTF-16 units", "UTF-8 bytes"]
Positions = npt.NDArray[np.int64]

THRESHOLD = 0.5  # right rules reach 0.9 and more in real files, wrong ones stay below 0.2
FEW = 5  # selections; with fewer, a text may borrow the rule of the rest of its project
MANY = 20  # selections that the rest of the project needs for that
BORROWED = 0.9  # and the score it needs
_CR, _LF = 0x0D, 0x0A


@dataclass(frozen=True)
class Counting:
    """One way to count.

    Parameters
    ----------
    unit
        What is counted.
    crlf
        A carriage return and the line feed after it count as two, or as one.
    lf
        A line feed counts as two where the XML reader has made one of a pair.
    bom
        Whether the byte order mark, which the text no longer has, is counted.

    Examples
    --------
    >>> str(Counting("UTF-16 units", crlf=2))
    'UTF-16 units, CRLF as two, BOM not counted'
    """

    unit: Unit = "code points"
    crlf: int = 2
    lf: int = 1
    bom: bool = False

    def __str__(self) -> str:
        line_ends = "CRLF as two" if self.crlf == 2 else "CRLF as one"
        if self.lf == 2:
            line_ends = "line ends as two"
        return f"{self.unit}, {line_ends}, BOM {'counted' if self.bom else 'not counted'}"


STANDARD = Counting()


def candidates(*, bom: bool, from_xml: bool) -> tuple[Counting, ...]:
    """Return the ways of counting that a text allows, the standard's own first.

    Parameters
    ----------
    bom
        The text began with a byte order mark, so that it may have been counted.
    from_xml
        The text stood in the XML itself, whose reader turns every line end into one line feed.
    """
    units: tuple[Unit, ...] = ("code points", "UTF-16 units")
    marks = (False, True) if bom else (False,)
    if from_xml:
        return tuple(Counting(unit, lf=lf, bom=mark) for mark, lf, unit in product(marks, (1, 2), units))
    return tuple(Counting(unit, crlf=crlf, bom=mark) for mark, crlf, unit in product(marks, (2, 1), units))


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """Return the code points of a text as an array of its length."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def to_code_points(text: str, positions: npt.ArrayLike, counting: Counting = STANDARD) -> Positions:
    """Convert positions that were counted in some way to positions in code points.

    Parameters
    ----------
    positions
        Any number of positions, 0 before the first character.

    Returns
    -------
    array of int64
        -1 where there is no such position: past the end, negative, or inside of a character.

    Notes
    -----
    Where a carriage return and a line feed count as one, a position is never between them.

    Examples
    --------
    >>> smile = "a\\N{SLIGHTLY SMILING FACE}b"
    >>> to_code_points(smile, [1, 2, 3, 4, 5], Counting("UTF-16 units")).tolist()
    [1, -1, 2, 3, -1]
    >>> to_code_points(smile, [1, 5, 6], Counting("UTF-8 bytes")).tolist()
    [1, 2, 3]
    """
    return _convert(code_points(text), np.asarray(positions, dtype=np.int64), counting)


def _convert(points: npt.NDArray[np.uint32], positions: Positions, counting: Counting) -> Positions:
    if counting.bom:
        mark = 3 if counting.unit == "UTF-8 bytes" else 1
        positions = np.where(positions == 0, 0, np.where(positions < mark, -1, positions - mark))
    width = _widths(points, counting)
    if width is None:
        return np.where((positions >= 0) & (positions <= points.size), positions, -1)
    ends = np.concatenate([[0], np.cumsum(width)])
    place = np.maximum(np.searchsorted(ends, positions, side="right") - 1, 0)
    return np.where((positions >= 0) & (ends[place] == positions), place, -1)


def _widths(points: npt.NDArray[np.uint32], counting: Counting) -> Positions | None:
    """How much each character counts; None where that is one for all."""
    width = np.ones(points.size, dtype=np.int64)
    if counting.unit == "UTF-16 units":
        width += points > 0xFFFF
    elif counting.unit == "UTF-8 bytes":
        width += points > 0x7F
        width += points > 0x7FF
        width += points > 0xFFFF
    if counting.crlf == 1:
        width[1:][(points[:-1] == _CR) & (points[1:] == _LF)] = 0
    if counting.lf == 2:
        width[points == _LF] += 1
    return None if bool((width == 1).all()) else width


def on_words(points: npt.NDArray[np.uint32], starts: Positions, ends: Positions) -> npt.NDArray[np.bool_]:
    """Return which selections begin and end at word boundaries and do not begin with a blank.

    Parameters
    ----------
    starts, ends
        In code points; -1, and an end that is not behind its start, never pass.
    """
    padded = np.concatenate([[_LF], points, [_LF]]).astype(np.uint32)
    sound = (starts >= 0) & (ends > starts)
    first, last = np.where(sound, starts, 0), np.where(sound, ends, 0)
    around = np.stack([padded[first], padded[first + 1], padded[last], padded[last + 1]])
    kinds, which = np.unique(around, return_inverse=True)
    which = which.reshape(around.shape)
    word = np.array([_in_a_word(chr(point)) for point in kinds])[which]
    blank = np.array([chr(point).isspace() for point in kinds])[which]
    passed: npt.NDArray[np.bool_] = sound & ~(word[0] & word[1]) & ~(word[2] & word[3]) & ~blank[1]
    return passed


def _in_a_word(character: str) -> bool:
    """Letters, digits and what combines with them; scripts without blanks between words have none."""
    if character < "\u0e00":
        return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
    spaceless = unicodedata.name(character, "").startswith(
        ("THAI", "LAO", "KHMER", "MYANMAR", "CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC")
    )
    return not spaceless and (character.isalnum() or unicodedata.category(character)[0] == "M")


@dataclass(frozen=True)
class Trial:
    """What one way of counting makes of the selections of one text.

    Parameters
    ----------
    starts, ends
        In code points; -1 where a position does not exist.
    hits
        Selections that pass the strict test or equal the words that the file quotes.
    equal
        Selections that equal the words that the file quotes.
    """

    counting: Counting
    starts: Positions
    ends: Positions
    hits: int
    equal: int


def try_all(
    text: str, starts: npt.ArrayLike, ends: npt.ArrayLike, quoted: Sequence[str], *, bom: bool, from_xml: bool
) -> tuple[tuple[Trial, ...], int]:
    """Try every way of counting on the selections of a text.

    Parameters
    ----------
    quoted
        For every selection the words that the file gives for it; empty where it gives none.

    Returns
    -------
    tuple
        One trial per way of counting, and how many selections at least one of them can place; the others are
        wrong in any case and say nothing about the rule.
    """
    points = code_points(text)
    first, last = np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)
    wanted = [(i, one_line(words)) for i, words in enumerate(quoted) if words.strip()]
    trials: list[Trial] = []
    placed = np.zeros(first.size, dtype=bool)
    for counting in candidates(bom=bom, from_xml=from_xml):
        a, b = _convert(points, first, counting), _convert(points, last, counting)
        same = next((t for t in trials if np.array_equal(t.starts, a) and np.array_equal(t.ends, b)), None)
        if same is not None:
            trials.append(Trial(counting, a, b, same.hits, same.equal))
            continue
        hit = on_words(points, a, b)
        equal = np.zeros(first.size, dtype=bool)
        for i, words in wanted:
            equal[i] = equals_quoted(text, int(a[i]), int(b[i]), words)
        placed |= (a >= 0) & (b > a)
        trials.append(Trial(counting, a, b, int((hit | equal).sum()), int(equal.sum())))
    return tuple(trials), int(placed.sum())


def one_line(words: str) -> str:
    """Return words as an XML attribute would have them: every line end and tab as one blank.

    >>> one_line("one\\r\\ntwo")
    'one two'
    """
    return words.replace("\r\n", " ").replace("\r", " ").replace("\n", " ").replace("\t", " ")


def equals_quoted(text: str, start: int, end: int, words: str) -> bool:
    """Whether a stretch of a text is the words that a file quotes, given as :func:`one_line` has them."""
    length = end - start
    if start < 0 or not len(words) <= length <= 2 * len(words):  # one blank stands for at most two characters
        return False
    return one_line(text[start:end]) == words


def best_of(trials: Sequence[Trial], preferred: Sequence[Counting] = ()) -> tuple[Trial, Trial | None]:
    """Return the trial to take, and the next best among those that put at least one selection elsewhere.

    Parameters
    ----------
    preferred
        Decides between trials that do equally well; what is not named stands in the order of the trials.
    """

    def rank(trial: Trial) -> tuple[int, int, int]:
        known = trial.counting in preferred
        return -trial.equal, -trial.hits, preferred.index(trial.counting) if known else len(preferred)

    best, *others = sorted(trials, key=rank)
    elsewhere = (
        other
        for other in others
        if not (np.array_equal(other.starts, best.starts) and np.array_equal(other.ends, best.ends))
    )
    return best, next(elsewhere, None)
