"""Do coders still code as alike as they did in earlier waves?

Codebooks drift: a code is used more loosely, a coder leaves. Agreement on each code stands side by side for
every wave so far, with the change in the share of people whom all their coders coded alike. A code that was
redefined in between is shown and not compared.

References: Krippendorff 2019, Content Analysis, 4th ed., ch. 12, on stability; Newcombe 1998, method 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.codebook import Theme, version_order
from analysis_lib.earlier_waves import waves_before
from analysis_lib.readable import Readable
from analysis_lib.reliability import coder_agreement
from analysis_lib.stats.proportions import risk_difference
from analysis_lib.wave import Wave

_KEPT = ["code_id", "code_label", "depth", "n_agreed", "n_units", "krippendorff_alpha", "alpha_low",
         "alpha_high", "smallest_cell", "reason"]  # fmt: skip


@dataclass(frozen=True, repr=False)
class AgreementByWave(Readable):
    """Agreement on each code in this wave and those before it.

    Parameters
    ----------
    table
        ``code_id, code_label, depth, wave, n_agreed, n_units, krippendorff_alpha, alpha_low, alpha_high,
        smallest_cell, reason, redefined``; one row per code and wave. ``redefined`` names the codebook
        version that changed the code since the wave before; empty where none did.
    waves
        ``wave, reason``: the waves in order, and why one has no agreement.
    reason
        Why nothing can be compared; None where something can.
    """

    wave: Wave
    table: pd.DataFrame
    waves: pd.DataFrame
    reason: str | None


def agreement_by_wave(wave: Wave, *, earlier: Sequence[Wave] | None = None) -> AgreementByWave:
    """Set agreement of a wave beside that of earlier waves.

    Parameters
    ----------
    wave
        A loaded wave.
    earlier
        Waves before it, in order; None loads those that study.yaml lists before it.

    Returns
    -------
    AgreementByWave
        Agreement on each code, wave by wave.

    Examples
    --------
    >>> import analysis_lib as al
    >>> drift = al.agreement_by_wave(al.load_wave(al.EXAMPLE_STUDY, "2024b"))
    >>> list(drift.waves["wave"])
    ['2024a', '2024b']
    """
    loaded: list[tuple[str, Wave | None]] = (
        waves_before(wave) if earlier is None else [(each.id, each) for each in earlier]
    )
    reasons: list[tuple[str, str | None]] = []
    parts: list[pd.DataFrame] = []
    before: Wave | None = None
    for name, each in [*loaded, (wave.id, wave)]:
        if each is None:
            reasons.append((name, "its files have problems; themewave check lists them"))
            continue
        found = coder_agreement(each)
        reasons.append((name, found.reason))
        if found.reason is None:
            overall = found.table.drop_duplicates("code_id")[_KEPT]
            overall.insert(3, "wave", name)
            parts.append(
                overall.assign(redefined=[_redefined(wave, before, each, c) for c in overall["code_id"]])
            )
            before = each
    columns = [*_KEPT[:3], "wave", *_KEPT[3:], "redefined"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    frame = pd.DataFrame(reasons, columns=["wave", "reason"])
    reason = None
    if wave.study.tradition == "reflexive":
        reason = reasons[-1][1]
    elif len(parts) < 2:
        reason = (
            "no other wave so far has agreement to compare with"
            if len(reasons) > 1
            else "this is the first wave"
        )
    return AgreementByWave(wave, table, frame, reason)


def _redefined(wave: Wave, before: Wave | None, now: Wave, code: str) -> str:
    """The codebook version that gave a code another meaning between two waves; empty where none did."""
    if before is None:
        return ""
    old, new = version_order(before.facts.codebook_version), version_order(now.facts.codebook_version)
    theme: Theme = wave.study.codebook[code]
    changes = [
        c.version for c in theme.history if c.change != "renamed" and old < version_order(c.version) <= new
    ]
    return changes[-1] if changes else ""


def with_changes(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``change, change_low, change_high``: share coded alike in a wave minus that in the wave before.

    Newcombe's interval; none for a code that was redefined in between or has no people in either wave. Works
    on exact and on released counts alike.
    """
    before = table.groupby("code_id", sort=False)[["n_agreed", "n_units"]].shift()
    x1, n1, x0, n0 = (
        frame[name].to_numpy(dtype=float, na_value=np.nan)
        for frame in (table, before)
        for name in ("n_agreed", "n_units")
    )
    same = np.array([not version for version in table["redefined"]], dtype=bool)
    # Nothing is known of a first wave, and rounding can put a part above its whole.
    known = same & (n1 > 0) & (n0 > 0) & (x1 <= n1) & (x0 <= n0)
    found = risk_difference(x1[known], n1[known], x0[known], n0[known])
    changes = np.full((len(table), 3), np.nan)
    changes[known] = np.column_stack([found.estimate, found.conf_low, found.conf_high])
    return table.assign(change=changes[:, 0], change_low=changes[:, 1], change_high=changes[:, 2])
