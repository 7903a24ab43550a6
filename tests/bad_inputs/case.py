"""One way in which a real file goes wrong: what is spoilt, and what has to be said about it.

A :class:`Case` spoils the tiny study (:mod:`tiny_study`) in one place; an :class:`Export` is a file that somebody
imports into it. Content that no message may repeat holds the canary of the tiny study.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tiny_study import (
    ASSIGNMENTS,
    CANARY,
    CODEBOOK,
    CONSENT,
    CORRECTIONS,
    DOCUMENTS,
    FILES,
    PARTICIPANTS,
    REVIEWS,
    SEGMENTS,
    STUDY,
    WAVE,
    WORDS,
    spoilt,
    table,
    write_study,
)

__all__ = [
    "ASSIGNMENTS", "CANARY", "CODEBOOK", "CONSENT", "CORRECTIONS", "DOCUMENTS", "FILES", "PARTICIPANTS", "REVIEWS",
    "SEGMENTS", "STUDY", "WAVE", "WORDS", "A", "B", "C", "Case", "D", "Export", "Files", "K", "P", "R", "S", "W", "Y",
    "added", "headed", "row_of", "spoilt", "without_header",
]  # fmt: skip

Content = str | bytes | Callable[[Path], object] | None
Files = Mapping[str, Content]

P, S, A, D, C, R, K = map(
    table,
    ("participants", "coded_segments", "assignments", "documents", "consent", "quote_reviews", "corrections"),
)
Y, B, W = "study.yaml", "codebook.yaml", "waves/w1/wave.yaml"


@dataclass(frozen=True)
class Case:
    """A study that is spoilt in one place, and the finding that has to come of it.

    Parameters
    ----------
    files
        File below the study folder -> what stands in it: text, bytes, a function that makes the file or link, or
        None for a file that is not there.
    code
        Of the finding; empty where nothing needs to be said, since everything is read as it was meant.
    file, line, column, sheet
        The place that has to be named.
    says
        Parts of the message.
    level
        ``stop``, or what is said of a study that is read all the same.
    never
        Words that must not be repeated, besides the canary.
    like
        Files of the sound study that this one has to be read as; None is the tiny study itself. A difference in
        any value of any table is a silent loss.
    rows
        Table -> rows, where the spoilt table is read and differs from that of the sound study.
    words
        The command, with ``{study}`` for the folder; a check where it is empty.
    """

    name: str
    files: Files
    code: str
    file: str
    line: int | None = None
    column: str | None = None
    says: tuple[str, ...] = ()
    level: str = "stop"
    never: tuple[str, ...] = ()
    sheet: str | None = None
    like: Files | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def write(self, folder: Path) -> Path:
        """Write the spoilt study; returns its folder."""
        plain = {name: made for name, made in self.files.items() if not callable(made)}
        hidden = {name: None for name, made in self.files.items() if callable(made)}
        study = write_study(folder / "study", {**plain, **hidden})
        for name, make in self.files.items():
            if callable(make):
                (study / name).parent.mkdir(parents=True, exist_ok=True)
                make(study / name)
        return study

    def command(self, folder: Path) -> list[str]:
        """The words behind ``themewave``."""
        study = str(folder / "study")
        words = self.words or ("check", "{study}", "--json")
        return [word.replace("{study}", study).replace("{folder}", str(folder)) for word in words]


@dataclass(frozen=True)
class Export:
    """A file of a coding program that is imported, and what has to be said of it.

    Parameters
    ----------
    source
        Name of the file.
    make
        Its content, or a function that makes it.
    code
        Of a file that is refused; else what kind of remark is made, such as ``dropped codings``.
    n
        How many the remark is about.
    codings
        How many rows of coded segments come of it; None where the file is refused.
    words
        Further words of the command.
    """

    name: str
    source: str
    make: str | bytes | Callable[[Path], object]
    code: str
    says: tuple[str, ...] = ()
    n: int = 1
    codings: int | None = None
    never: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    level: str = "stop"

    def write(self, folder: Path) -> Path:
        """Write the file beside the tiny study, which has an empty second wave; returns the study's folder."""
        path = folder / self.source
        if callable(self.make):
            self.make(path)
        else:
            path.write_bytes(self.make if isinstance(self.make, bytes) else self.make.encode("utf-8"))
        return write_study(folder / "study", {"waves/w2/wave.yaml": WAVE})

    def command(self, folder: Path) -> list[str]:
        """The words behind ``themewave``."""
        where = ["import", str(folder / self.source), "--study", str(folder / "study"), "--wave", "w2"]
        return [*where, *self.words]


def headed(text: str, line: str) -> str:
    """A table with a line put in below its header."""
    header, rest = text.split("\n", 1)
    return f"{header}\n{line}\n{rest}"


def added(text: str, line: str) -> str:
    """A text with a line at its end."""
    return f"{text}{line}\n"


def without_header(text: str) -> str:
    """A table without its first line."""
    return text.split("\n", 1)[1]


def row_of(text: str, begins: str) -> str:
    """The only line that begins so."""
    (found,) = (line for line in text.splitlines() if line.startswith(begins))
    return found
