"""What have the authors written about a wave, and is it written so that it will be found?

``author_notes.md`` holds a ``## heading`` per notebook and, below it, a ``### heading`` per theme or question. Lines
such as ``Fit: expand`` below such a heading are facts about the reading, not part of it. A heading that names nothing
and a fact that is none are reported: what the authors wrote must not vanish without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from analysis_lib.codebook import Codebook
from analysis_lib.errors import Finding, did_you_mean

JOINT_DISPLAY = "04 Joint display"
FITS = ("confirm", "expand", "discord", "silent")
FIT, MATCHED_BY, CHECKED_BY, DATE = "fit", "matched by", "checked by", "date"
# What the authors answer for all themes together; the first stands directly below the heading of the notebook.
OVERALL = {
    "": "What do the numbers and the words say together that neither says alone?",
    "Disagreement": "Where do numbers and words disagree, and what may lie behind it?",
    "Limits of each strand": "How did one strand limit what the other could show?",
}
_FACT = re.compile(rf"^[ \t]*({FIT}|{MATCHED_BY}|{CHECKED_BY}|{DATE}):[ \t]*(.*?)[ \t]*$", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BREAK = "\0"  # a line that ended inside a comment: it goes, and the lines after it keep their numbers


@dataclass(frozen=True)
class Passage:
    """What stands below one heading, up to the next.

    Parameters
    ----------
    heading, subheading
        Of level 2 and 3; empty where there is none above.
    line
        Line of its nearest heading in the file, from 1; 0 before the first.
    text
        As Markdown, without the lines that state a fact.
    facts
        ``fit``, ``matched by``, ``checked by``, ``date`` -> (value, line); what is left empty is not there.
    repeated
        Lines that state a fact once more; the first counts.
    """

    heading: str
    subheading: str
    line: int
    text: str
    facts: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    repeated: tuple[int, ...] = ()


def passages(folder: Path, wave: str) -> tuple[Passage, ...]:
    """The authors' notes on a wave in order; none where there is no such file.

    Parameters
    ----------
    folder
        The study folder.
    wave
        Name of the wave.
    """
    path = folder / "waves" / wave / "author_notes.md"
    if not path.is_file():
        return ()
    text = path.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")
    text = _COMMENT.sub(lambda found: _BREAK * found[0].count("\n"), text.replace(_BREAK, ""))
    return tuple(_cut(text.split("\n")))


def _cut(lines: list[str]) -> Iterator[Passage]:
    """One passage per heading of level 2 or 3."""
    heading, subheading, start = "", "", 0
    held: list[tuple[int, str]] = []
    following = 1
    for raw in lines:
        number, line = following, raw.replace(_BREAK, "")
        following += 1 + raw.count(_BREAK)
        found = re.fullmatch(r"(##|###) +(.+?) *", line)
        if found is None:
            held.append((number, line))
            continue
        yield _passage(heading, subheading, start, held)
        heading, subheading = (found[2], "") if found[1] == "##" else (heading, found[2])
        start, held = number, []
    yield _passage(heading, subheading, start, held)


def _passage(heading: str, subheading: str, start: int, held: list[tuple[int, str]]) -> Passage:
    """Facts are facts only in the part on the joint display; elsewhere such a line is prose."""
    text, facts, repeated = [], dict[str, tuple[str, int]](), []
    for number, line in held:
        found = _FACT.match(line) if same(heading, JOINT_DISPLAY) else None
        if found is None:
            text.append(line)
        elif found[1].lower() in facts:
            repeated.append(number)
        elif found[2]:
            facts[found[1].lower()] = (found[2], number)
    return Passage(heading, subheading, start, "\n".join(text).strip(), facts, tuple(repeated))


def same(one: str, other: str) -> bool:
    """Whether two headings are the same but for letter case."""
    return one.casefold() == other.casefold()


def notes_problems(folder: Path, wave: str, codebook: Codebook) -> Iterator[Finding]:
    """What in the part on the joint display would not be understood.

    Parameters
    ----------
    folder, wave
        Where the notes are.
    codebook
        Themes that a heading may name.
    """
    file = f"waves/{wave}/author_notes.md"
    known = (*codebook.ids, *filter(None, OVERALL))
    for passage in passages(folder, wave):
        if not same(passage.heading, JOINT_DISPLAY):
            continue
        if passage.subheading and not any(same(passage.subheading, name) for name in known):
            what = "this heading names no theme and no question of the joint display, so nothing below it is shown."
            fix = f"Write the id of a theme after ###.{did_you_mean(passage.subheading, known)}"
            allowed = f"a theme id of the codebook, {', '.join(filter(None, OVERALL))}"
            yield Finding("warn", "W21", file, what, fix, passage.line, allowed=allowed)
        fit = passage.facts.get(FIT)
        if fit is not None and fit[0].lower() not in FITS:
            what = "this is no label of fit, so none is shown."
            fix = f"Write one of them after Fit:, or leave it empty.{did_you_mean(fit[0], FITS)}"
            yield Finding("warn", "W20", file, what, fix, fit[1], allowed=", ".join(FITS))
        when = passage.facts.get(DATE)
        if when is not None and dated(when[0]) is None:
            what, fix = "this is no date, so none is shown.", "Write it like 2024-09-12."
            yield Finding("warn", "W22", file, what, fix, when[1], allowed="year-month-day")
        what, fix = (
            "this line says a second time what an earlier one says; the first counts.",
            "Keep one of them.",
        )
        yield from (Finding("warn", "W23", file, what, fix, line) for line in passage.repeated)


def dated(text: str) -> date | None:
    """A date written as year-month-day; None for anything else.

    >>> dated("2024-09-12"), dated("September")
    (datetime.date(2024, 9, 12), None)
    """
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None
