"""What was coded that clinical governance has to know of?

Themes that the codebook marks ``severity: serious``, such as a breach of boundaries, with everybody for whom any coder
gave them: a single coder is enough, and so is a theme below a marked one. For the team alone: where the segment stands,
so that a clinician can read it there, and no words.

References: NHS England 2022, Patient Safety Incident Response Framework; British Psychological Society 2021, Code of
Human Research Ethics.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.quantitize import families
from analysis_lib.readable import Readable
from analysis_lib.wave import Wave


@dataclass(frozen=True, repr=False)
class SeriousCodes(Readable):
    """Segments that somebody coded with a serious theme.

    Parameters
    ----------
    codes
        ``theme_id, theme_label, n_people, n_segments``: every theme that the codebook marks, themes below it included;
        0 where nobody was coded with it.
    segments
        ``theme_id, theme_label, code_id, participant_id, segment_id, document_id, start, coders``: one row per marked
        theme, code and segment, by theme, person and place. ``coders`` is separated by spaces.
    """

    wave: Wave
    codes: pd.DataFrame
    segments: pd.DataFrame


def serious_codes(wave: Wave) -> SeriousCodes:
    """Who was coded with a theme that the codebook calls serious.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    SeriousCodes
        For the team alone: it names segments and people, and gets into no report.

    Examples
    --------
    >>> import analysis_lib as al
    >>> list(serious_codes(al.load_wave(al.EXAMPLE_STUDY, "2024a")).codes["theme_id"])
    ['B.boundaries']
    """
    codebook = wave.study.codebook
    below = families(codebook)
    marked = [theme for theme in codebook if theme.severity == "serious"]
    key = ["code_id", "participant_id", "segment_id"]
    place = wave.segments.groupby(key, sort=False, observed=True, as_index=False).agg(
        document_id=("document_id", "first"),
        start=("start", "first"),
        coders=("coder_id", lambda coders: " ".join(sorted(coders.dropna().unique()))),
    )
    parts = [
        place[place["code_id"].isin(below[theme.id])].assign(theme_id=theme.id, theme_label=theme.label)
        for theme in marked
    ]
    columns = ["theme_id", "theme_label", *key, "document_id", "start", "coders"]
    found = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
    rows = [
        (theme.id, theme.label, part["participant_id"].nunique(), part["segment_id"].nunique())
        for theme, part in zip(marked, parts, strict=True)
    ]
    codes = pd.DataFrame(rows, columns=["theme_id", "theme_label", "n_people", "n_segments"])
    found = found.sort_values(
        ["theme_id", "participant_id", "document_id", "start", "segment_id"], kind="stable"
    )
    return SeriousCodes(wave, codes, found.reset_index(drop=True))
