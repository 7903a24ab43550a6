"""Who of an earlier wave has each theme, as the codebook of this wave means it?

Codes that were merged since count for what replaced them, where the codebook says what did. A theme that meant
something else then is still counted as it was coded, but says why it cannot be compared.

References: MacQueen et al. 1998, Cultural Anthropology Methods 10(2), 31-36, on codes that change over time.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.codebook import version_order
from analysis_lib.codebook_changes import NOT_IN_CODEBOOK, meaning_before
from analysis_lib.quantitize import ThemeMatrix, counted_segments, families

NOT_CODED = "not coded"


@dataclass(frozen=True)
class ThemesAsNow:
    """The people of a wave by the themes of a later codebook.

    Parameters
    ----------
    values
        DataFrame (n participants, c themes), 1 present, 0 absent, NaN not codable; indexed by participant_id. A theme
        with a reason is as the wave coded it; one that the wave did not have is NaN.
    reasons
        Theme -> why it cannot be compared; themes that can are not in it.
    """

    values: pd.DataFrame
    reasons: dict[str, str]


def themes_as_now(matrix: ThemeMatrix, themes: tuple[str, ...], version: str) -> ThemesAsNow:
    """Count a wave by the themes of a codebook version.

    Parameters
    ----------
    matrix
        Participants by themes of the wave, as its own codebook version has them.
    themes
        Ids of the themes that are wanted.
    version
        Codebook version whose meaning counts.
    """
    codebook, own = matrix.wave.study.codebook, matrix.wave.facts.codebook_version
    below = families(codebook)
    held: pd.DataFrame | None = None
    columns: dict[str, pd.Series] = {}
    reasons: dict[str, str] = {}
    for theme in themes:
        meaning = meaning_before(codebook, theme, own, version)
        later = version_order(codebook[theme].since) > version_order(own)
        if meaning.reason is None and meaning.codes != below[theme]:
            held = _held(matrix) if held is None else held
            columns[theme] = _mapped(matrix, held, meaning.codes)
        elif theme in matrix.values and not (meaning.reason and later):
            columns[theme] = matrix.values[theme]
        else:
            columns[theme] = pd.Series(float("nan"), index=matrix.values.index)
            reasons[theme] = meaning.reason or (NOT_IN_CODEBOOK if later else NOT_CODED)
        if meaning.reason is not None:
            reasons[theme] = meaning.reason
    values = pd.DataFrame(columns, index=matrix.values.index, columns=list(themes), dtype="float64")
    return ThemesAsNow(values, reasons)


def _held(matrix: ThemeMatrix) -> pd.DataFrame:
    """Participants by codes, True where the very code was given."""
    counted = counted_segments(matrix.wave)
    given = pd.crosstab(counted["participant_id"], counted["code_id"]) > 0
    return given.reindex(index=matrix.values.index, columns=matrix.wave.study.codebook.ids, fill_value=False)


def _mapped(matrix: ThemeMatrix, held: pd.DataFrame, codes: frozenset[str]) -> pd.Series:
    """1 where any of the codes was given, 0 where the person was coded for all of them that the wave knew."""
    codebook, own = matrix.wave.study.codebook, version_order(matrix.wave.facts.codebook_version)
    known = [code for code in codes if version_order(codebook[code].since) <= own]
    shown = [code for code in known if code in matrix.values]
    found = held[list(codes)].any(axis=1)
    asked = matrix.values[shown].notna().all(axis=1) if shown else pd.Series(False, index=found.index)
    return found.astype("float64").where(found | asked)
