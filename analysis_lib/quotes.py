"""Which quotes may leave, on whose word, and why not the others?

A quote leaves only if the segment's own consent and the person's consent to quoting both say yes where both
exist, nothing was withdrawn, and a reviewer has released this very text. Anything unknown or blank is a no.
This module only states it; the door acts on it.

References: UK Data Service, guidance on consent for data sharing; ICO, Anonymisation code of practice.
"""

from __future__ import annotations

import pandas as pd

from analysis_lib.checks import fingerprint
from analysis_lib.wave import Wave


def clear_quotes(wave: Wave) -> pd.DataFrame:
    """One row per segment with its words and its clearance.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    DataFrame
        ``segment_id, participant_id, text, clearance, why`` with ``clearance`` one of ``reviewed`` (consent
        and a valid review), ``consented`` (consent, not yet reviewed) and ``withheld``, and ``why`` the
        reason for anything but ``reviewed``.
    """
    columns = ["segment_id", "participant_id", "text"]
    # Where one of the rows of a segment leaves its words out, another may give them.
    segments = wave.segments[columns].groupby("segment_id", sort=False, as_index=False).first()
    why = pd.Series(pd.NA, index=segments.index, dtype="string")
    why = why.mask(segments["text"].isna(), "no text in the table")
    if len(wave.consent):
        person = segments["participant_id"].isin(_consent_to_quote(wave.consent))
        why = why.mask(why.isna() & ~person, "no consent to quote, or withdrawn")
    if wave.segments["quote_consent"].notna().any() or not len(wave.consent):
        refusing = wave.segments.loc[wave.segments["quote_consent"] != "yes", "segment_id"]
        words = segments["segment_id"].isin(refusing)
        why = why.mask(why.isna() & words, "no consent to quote these words")
    refused = why.notna()
    reviews = wave.quote_reviews.set_index("segment_id")
    decision = segments["segment_id"].map(reviews["decision"]).astype("string")  # no review at all: all NA
    reviewed = segments["segment_id"].map(reviews["text_sha256"].str.lower())
    fresh = (reviewed == segments["text"].map(fingerprint, na_action="ignore")).fillna(False).astype(bool)
    barred = decision.isin(["withhold", "paraphrase"]) & ~refused
    why = why.mask(~refused & decision.isna(), "not reviewed")
    why = why.mask(~refused & decision.notna() & ~fresh, "changed since its review")
    why = why.mask(barred, "reviewer decided against the words")
    clearance = pd.Series("withheld", index=segments.index, dtype="string")
    segments["clearance"] = clearance.mask(~refused & ~barred, "consented").mask(why.isna(), "reviewed")
    segments["why"] = why
    return segments


def _consent_to_quote(consent: pd.DataFrame) -> pd.Series:
    """The participants whose consent to being quoted stands."""
    scope = consent[consent["scope"] == "quote"]
    stands = (scope["granted"] == "yes") & scope["withdrawn_on"].isna()
    return scope.loc[stands, "participant_id"]
