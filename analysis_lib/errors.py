"""What can go wrong, in one vocabulary.

A :class:`Finding` says where a problem is, what it is, what is allowed and what to do next. A
:class:`StudyError` carries every finding of a study at once and is what a researcher sees, without a
traceback. Anything else that is raised is a bug and keeps its traceback.

No finding ever quotes free text, a transcript or an identifier-like value: ids that fit the id pattern,
column names, level names and line numbers are all a message may show.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from html import escape
from typing import Literal

Level = Literal["stop", "warn", "note"]
_ORDER = {"stop": 0, "warn": 1, "note": 2}
_LONGEST_NAME = 40
_NAME = re.compile(r"[^\W\d]\w*(?:[ ._-]\w+){0,3}")
_CHARACTERS = re.compile(r"(?:\[(\^?)((?:[^\]\\]|\\.)+)\]|\.)(?:\{(\d+)(?:,(\d+))?\})?")


@dataclass(frozen=True)
class Finding:
    """One problem in one place.

    Parameters
    ----------
    level
        ``stop`` (nothing is run), ``warn`` (runs, but a number may mislead) or ``note``.
    code
        Stable identifier such as ``T07``; ``data_schema/ERRORS.md`` lists them.
    file
        Path below the study folder, or the name of a parameter.
    what
        The problem, as a sentence.
    fix
        What to do next, as a sentence.
    line, column, sheet
        Line in the file counted from 1 (the header is line 1), column name, worksheet; None where the
        problem has no such place.
    allowed
        What would have been right; None where no list or rule says it better than ``fix``.
    """

    level: Level
    code: str
    file: str
    what: str
    fix: str
    line: int | None = None
    column: str | None = None
    sheet: str | None = None
    allowed: str | None = None

    @property
    def place(self) -> str:
        """File, sheet, line and column as far as they are known."""
        parts = [self.file]
        if self.sheet is not None:
            parts.append(f"sheet {self.sheet}")
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def __str__(self) -> str:
        allowed = f" Allowed: {self.allowed}." if self.allowed else ""
        line = f"{self.level} {self.code}  {self.place}: {self.what}{allowed} {self.fix}"
        return "".join(
            sign if sign.isprintable() else "?" for sign in line
        )  # a terminal obeys what it prints

    def as_record(self) -> dict[str, str | int | None]:
        """The finding as a flat record, for ``--json``."""
        return asdict(self)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings sorted by level (stops first), file, line, column and code."""
    return sorted(
        findings, key=lambda f: (_ORDER[f.level], f.file, f.line or 0, f.column or "", f.code, f.what)
    )


def first_few(findings: Iterable[Finding], most: int = 10) -> list[Finding]:
    """The first findings of one kind in one file, and one in the place of the next that counts the others.

    >>> rows = [Finding("note", "T04", "p.csv", "left aside.", "Nothing to do.", line) for line in range(2, 7)]
    >>> [(f.line, f.what) for f in first_few(rows, 2)]
    [(2, 'left aside.'), (3, 'left aside.'), (4, '3 more like the one above.')]
    """
    found = list(findings)
    if len(found) <= most:
        return found
    return [*found[:most], replace(found[most], what=f"{len(found) - most} more like the one above.")]


class Findings(list[Finding]):
    """Findings that read as ``themewave check`` prints them, wherever Python or Jupyter shows them.

    Examples
    --------
    >>> Findings([Finding("note", "T04", "p.csv", "left aside.", "Nothing to do.", 2)])
    note T04  p.csv, line 2: left aside. Nothing to do.
    0 to mend, 0 to look at, 1 to know.
    """

    @property
    def summary(self) -> str:
        """How many are to be mended, to be looked at, and merely to be known."""
        n = Counter(finding.level for finding in self)
        return f"{n['stop']} to mend, {n['warn']} to look at, {n['note']} to know."

    def __repr__(self) -> str:
        return "\n".join([*map(str, self), self.summary])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(str(finding), quote=False)}</li>" for finding in self)
        return f"<ul>{items}</ul><p>{self.summary}</p>"


class InWords:
    """An error that a notebook shows as its sentences, like the command line: where in this package it arose
    helps nobody who reads it. It is raised, caught and debugged (``%debug``) like any other.

    References: IPython, ``InteractiveShell.showtraceback``, which asks an exception for ``_render_traceback_``.
    """

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class StudyError(InWords, Exception):
    """The study cannot be analysed as it stands; ``findings`` says why, all of it at once."""

    def __init__(self, findings: Finding | Iterable[Finding]):
        self.findings = in_order([findings] if isinstance(findings, Finding) else findings)
        super().__init__("\n".join(map(str, self.findings)))

    def __reduce__(self) -> tuple[type[StudyError], tuple[list[Finding]]]:
        """Findings and all, so that a notebook's worker process can hand it over."""
        return type(self), (self.findings,)


class ModelError(InWords, ValueError):
    """A statistical function was asked for something the data cannot give; the message names the culprit."""


class CallError(InWords, ValueError):
    """A function was given a name or value that there is not; the message says which there are."""


class ShowError(InWords, TypeError):
    """Something was to be shown that is no result of this package."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``' Did you mean "..."?'`` for the closest known word, or an empty string.

    >>> did_you_mean("helpfull", ["helpful", "mixed"])
    ' Did you mean "helpful"?'
    >>> did_you_mean("x", ["helpful", "mixed"])
    ''
    """
    if len(word) > 2 * _LONGEST_NAME:  # an answer, not a misspelt name
        return ""
    folded = {str(name).casefold(): str(name) for name in known}
    close = get_close_matches(str(word).casefold(), folded, n=1, cutoff=0.7)
    return f' Did you mean "{folded[close[0]]}"?' if close else ""


def looks_like_a_name(text: str) -> bool:
    """Whether a column, key or theme may be called by its name in a message.

    Where a file lacks its header, answers stand in the place of names, and an answer is never shown.

    >>> [looks_like_a_name(x) for x in ("A.one_size", "Date of birth", "She never once looked at me.", "07700")]
    [True, True, False, False]
    """
    return bool(len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) and not re.search(r"\d{6}", text))


def characters_allowed(pattern: str) -> str:
    """Say a pattern of the contract in words; one that is more than sets of characters stays as it is.

    >>> characters_allowed("[A-Za-z0-9_-]{1,32}")
    '1 to 32 of the characters A-Z a-z 0-9 _ -'
    >>> characters_allowed(r"[^\\s,;].{0,63}")
    '1 character, none of: space , ; and then 0 to 63 characters'
    """
    parts = list(_CHARACTERS.finditer(pattern))
    if "".join(part[0] for part in parts) != pattern:
        return f"text that fits {pattern}"
    return " and then ".join(map(_characters, parts))


def _characters(part: re.Match[str]) -> str:
    but_none, inside, least, most = part.groups()
    how_many = f"{least} to {most}" if most else least or "1"
    characters = "1 character" if how_many == "1" else f"{how_many} characters"
    if inside is None:
        return characters
    signs = re.findall(r"\w-\w|\\?.", inside)
    named = " ".join("space" if sign == r"\s" else sign.removeprefix("\\") or "\\" for sign in signs)
    return f"{characters}, none of: {named}" if but_none else f"{how_many} of the characters {named}"


def value_class(text: str) -> str:
    """Say what kind of value stands somewhere without repeating it.

    >>> value_class(""), value_class("12,5"), value_class("ambivalance")
    ('an empty cell', 'a number', 'a word of 11 characters')
    >>> value_class("She never looked at me.")
    'text of 23 characters'
    """
    if not text.strip():
        return "an empty cell"
    if re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)", text):
        return "a number"
    if re.fullmatch(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}( .*)?", text):
        return "something like a date"
    if "@" in text:
        return "something like an e-mail address"
    if not re.search(r"\s", text):
        return f"a word of {len(text)} characters"
    return f"text of {len(text)} characters"
