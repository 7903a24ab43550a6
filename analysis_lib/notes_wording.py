"""Do the authors' notes on a wave claim more than the report beside them may?

The notes are theirs and go into the report as they are. Where they use a word that the report itself would not use, a
note of the check names the line and the word, never the text around it.

References: those of :mod:`analysis_lib.wording`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from analysis_lib.errors import Finding, first_few
from analysis_lib.wording import slips

# Comments, quotes in any marks, code, and lines that quote.
_THEIRS = re.compile(r"<!--.*?-->|“[^”]*”|\"[^\"\n]*\"|`[^`\n]*`|^[ \t]*>.*?$", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?!\s)|\n(?!\s*\n|\s*#))+[.!?]*")


def wording_problems(folder: Path, wave: str, *, foretells: bool) -> list[Finding]:
    """Words of author_notes.md that count without a number or say that one thing makes another happen.

    Parameters
    ----------
    folder, wave
        Where the notes are.
    foretells
        Whether the study claims prediction and its themes come from before the outcome.
    """
    path = folder / "waves" / wave / "author_notes.md"
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")
    return first_few(_found(_blanked(text), f"waves/{wave}/author_notes.md", foretells))


def _blanked(text: str) -> str:
    """The notes with what others said taken out; every character keeps its place and every line its number."""
    return _THEIRS.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _found(text: str, file: str, foretells: bool) -> Iterator[Finding]:
    for sentence in _SENTENCE.finditer(text):
        plain = " ".join(sentence[0].split())
        for slip in slips(plain, foretells=foretells, numbers=False):
            words = slip.phrase.split()
            at = re.search(r"\b" + r"\s+".join(map(re.escape, words)) + r"\b", sentence[0])
            line = text.count("\n", 0, sentence.start() + (at.start() if at else 0)) + 1
            shown = f"{words[0]} … {words[-1]}" if len(words) > 2 else slip.phrase
            what = f'the notes say "{shown}": {slip.why}.'
            yield Finding("note", "W24", file, what, f"Consider: {slip.instead}.", line)
