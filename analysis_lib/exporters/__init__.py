"""In which formats can a study go back to the programs it was coded or is counted in?

One line per format. What is made of a wave holds exact data about people and stays with the team; what is made of a
study holds its decisions and nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis_lib.exporters.refi import refi_codebook, refi_project
from analysis_lib.quantitize import quantitize
from analysis_lib.study import Study
from analysis_lib.wave import Wave

__all__ = ["EXPORTERS", "OfStudy", "OfWave", "refi_codebook", "refi_project"]


@dataclass(frozen=True)
class OfWave:
    """A format for one wave: what it is, how its file's name ends, and what makes the file."""

    title: str
    suffix: str
    make: Callable[[Wave], bytes]


@dataclass(frozen=True)
class OfStudy:
    """A format for what a study decided, described as that of a wave is."""

    title: str
    suffix: str
    make: Callable[[Study], bytes]


EXPORTERS: dict[str, OfWave | OfStudy] = {
    "refi-qda": OfWave("REFI-QDA project", ".qdpx", lambda wave: refi_project(wave, quantitize(wave))),
    "refi-codebook": OfStudy("REFI-QDA codebook", ".qdc", lambda s: refi_codebook(s.codebook, s.name)),
}
