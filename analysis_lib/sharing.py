"""Whose own row may leave the team?

Only that of people whose consent to share stands, and who have withdrawn nothing in whatever scope: what a person meant
by a withdrawal is not for a program to construe. Where no consent to share was recorded, it is nobody's.

References: UK Data Service, guidance on consent for data sharing; UK GDPR, article 7(3).
"""

from __future__ import annotations

import pandas as pd

from analysis_lib.consent import withdrew_in_another_wave
from analysis_lib.wave import Wave

SHARE = "share"


def people_who_share(wave: Wave) -> pd.Index:
    """Ids of the people who agreed that their row may leave the team, sorted.

    Examples
    --------
    >>> import analysis_lib as al
    >>> len(people_who_share(al.load_wave(al.EXAMPLE_STUDY, "2024b")))
    9
    """
    consent = wave.consent
    yes = consent.loc[(consent["scope"] == SHARE) & (consent["granted"] == "yes"), "participant_id"]
    gone = set(consent.loc[consent["withdrawn_on"].notna(), "participant_id"])
    gone |= withdrew_in_another_wave(wave.study, wave.id)
    return pd.Index(sorted(set(yes) - gone), dtype="string")
