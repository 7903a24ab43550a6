"""What have the authors themselves written under a heading of this wave's notes?

``author_notes.md`` survives every rerun and is never generated; :mod:`analysis_lib.author_notes` says how it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis_lib.author_notes import CHECKED_BY, DATE, FIT, FITS, MATCHED_BY, Passage, dated, passages, same
from analysis_lib.wave import Wave


@dataclass(frozen=True)
class Reading:
    """What the authors make of numbers and words together.

    Parameters
    ----------
    text
        Their reading as Markdown; empty where not yet written.
    fit
        confirm, expand, discord or silent; empty where they gave none.
    matched_by, checked_by
        Who put numbers and words side by side, and who checked it; empty where they do not say.
    dated
        When, as year-month-day; empty where they do not say.
    """

    text: str
    fit: str = ""
    matched_by: str = ""
    checked_by: str = ""
    dated: str = ""


def section(wave: Wave, heading: str, subheading: str | None = None) -> str:
    """The text under a heading of author_notes.md, as Markdown; empty where nothing is written.

    Parameters
    ----------
    wave
        A loaded wave.
    heading
        Text of a ``##`` heading, such as ``03 Themes by outcome``; letter case does not matter.
    subheading
        Text of a ``###`` heading below it; None takes what stands before the first of these.
    """
    return "\n\n".join(passage.text for passage in _below(wave, heading, subheading) if passage.text)


def reading(wave: Wave, heading: str, subheading: str | None = None) -> Reading:
    """The authors' reading under a heading with its label and who made it; see :func:`section`."""
    said: dict[str, str] = {}
    for passage in _below(wave, heading, subheading):
        said = {name: value for name, (value, _) in passage.facts.items()} | said
    fit, when = said.get(FIT, "").lower(), dated(said.get(DATE, ""))
    return Reading(
        section(wave, heading, subheading),
        fit if fit in FITS else "",
        said.get(MATCHED_BY, ""),
        said.get(CHECKED_BY, ""),
        when.isoformat() if when is not None else "",
    )


def _below(wave: Wave, heading: str, subheading: str | None) -> Iterator[Passage]:
    """What stands below these headings: one passage, or several where a heading stands more than once."""
    for passage in passages(wave.study.folder, wave.id):
        if same(passage.heading, heading) and same(passage.subheading, subheading or ""):
            yield passage
