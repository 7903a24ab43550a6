"""Where do the authors say what numbers and words mean together, and what have they said so far?

A meta-inference is a conclusion drawn from both strands. There is a box for each theme of the display, for each branch
of the codebook that these themes belong to (the pillars of the display), and three for all of them together. They are
read from author_notes.md and never generated; an empty one is counted.

References: Tashakkori & Teddlie 2008, in Bergman, Advances in Mixed Methods Research, 101-119 (meta-inferences);
Johnson, Grove & Clarke 2019, J Mix Methods Res 13(3), 301-320 (Pillar Integration Process); O'Cathain, Murphy &
Nicholl 2008, J Health Serv Res Policy 13(2), 92-98 (GRAMMS).
"""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from analysis_lib.author_notes import JOINT_DISPLAY, OVERALL
from analysis_lib.notes import reading
from analysis_lib.wave import Wave

FOR_ALL, PILLAR = "overall", "pillar"
_READ = ["reading", "fit", "matched_by", "checked_by", "dated"]


def theme_readings(wave: Wave, themes: tuple[str, ...]) -> pd.DataFrame:
    """The authors' reading of each theme.

    Returns
    -------
    DataFrame
        ``theme_id, reading, fit, matched_by, checked_by, dated``; empty texts where nothing is written.
    """
    rows = [{"theme_id": theme} | _read(wave, theme) for theme in themes]
    return pd.DataFrame(rows, columns=["theme_id", *_READ])


def meta_inferences(wave: Wave, themes: tuple[str, ...]) -> pd.DataFrame:
    """The boxes that are not about a single theme, in the order in which they are read.

    Returns
    -------
    DataFrame
        ``kind, heading, label, question, reading, fit, matched_by, checked_by, dated``. ``kind`` is overall or
        pillar; ``heading`` is what goes after ``###`` in author_notes.md, empty for what stands directly below the
        heading of the notebook; ``label`` is that of the branch, or empty.
    """
    codebook = wave.study.codebook
    tops = [codebook.ancestors(theme)[-1] for theme in themes if codebook.ancestors(theme)]
    rows = [
        {"kind": FOR_ALL, "heading": heading, "label": "", "question": question}
        | _read(wave, heading or None)
        for heading, question in OVERALL.items()
    ]
    for top in (theme for theme in codebook.ids if theme in tops):
        label = codebook[top].label
        question = "What do the themes of this branch say together, in numbers and in words?"
        rows.append({"kind": PILLAR, "heading": top, "label": label, "question": question} | _read(wave, top))
    return pd.DataFrame(rows, columns=["kind", "heading", "label", "question", *_READ])


def _read(wave: Wave, heading: str | None) -> dict[str, str]:
    found = asdict(reading(wave, JOINT_DISPLAY, heading))
    return {"reading": found.pop("text")} | found
