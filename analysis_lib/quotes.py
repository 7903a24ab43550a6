"""Which quotes may leave, on whose word, and why not the others?

A quote leaves only if the segment's own consent and the person's consent to quoting both say yes where both exist, if
the person has withdrawn nothing, and if a reviewer has released this very text and answered every flag in it (an
address, a number, a date, a name; see :mod:`analysis_lib.quote_flags`). Anything unknown or blank is a no. Of words
that are to be paraphrased nothing leaves: a paraphrase is another text, and no table holds one that was reviewed. This
module only states all that; the door acts on it.

References: UK Data Service, guidance on consent for data sharing; ICO, Anonymisation code of practice; Kaiser 2009,
Qual Health Res 19(11), 1632-1641.
"""

from __future__ import annotations

import pandas as pd

from analysis_lib.quote_checks import fingerprint
from analysis_lib.quote_flags import flag_names
from analysis_lib.wave import Wave

NO_WORDS = "no text in the table"
NO_PERSON = "no consent to quote, or withdrawn"
NO_SEGMENT = "no consent to quote these words"
BARRED = "reviewer decided against the words"
NOT_ANSWERED = "holds what may identify somebody, not answered"
NOT_REVIEWED = "not reviewed"
CHANGED = "changed since its review"
# What a person could settle by reading the words; the others are settled by consent or by a decision.
TO_DECIDE = (NOT_ANSWERED, NOT_REVIEWED, CHANGED)
_AGAINST = ("withhold", "paraphrase")
_SEGMENT = ["segment_id", "participant_id", "text", "text_original", "translator"]


def clear_quotes(wave: Wave) -> pd.DataFrame:
    """One row per segment with its words and its clearance.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    DataFrame
        ``segment_id, participant_id, text, clearance, why, original, translator, to_answer`` with ``clearance`` one of
        ``reviewed`` (consent and a valid review), ``consented`` (consent, not yet reviewed) and ``withheld``, and
        ``why`` the reason for anything but ``reviewed``. ``original`` is the words before translation where they may
        stand beside the quote: a review of the translation is none of them, so they need their own fingerprint in the
        review. ``translator`` is missing where nothing was translated. ``to_answer`` is the flags that nobody has
        answered, separated by spaces.

    Notes
    -----
    Reviews are a log. Of one segment, a decision against the words stands until somebody releases them on a later day
    (on the same day, if it was about other words than they are now); a release counts for its very words alone.
    """
    # Where one of the rows of a segment leaves its words out, another may give them.
    segments = wave.segments[_SEGMENT].groupby("segment_id", sort=False, as_index=False).first()
    why = pd.Series(pd.NA, index=segments.index, dtype="string")
    why = why.mask(segments["text"].isna(), NO_WORDS)
    if len(wave.consent):
        person = segments["participant_id"].isin(_consent_to_quote(wave.consent))
        why = why.mask(why.isna() & ~person, NO_PERSON)
    if wave.segments["quote_consent"].notna().any() or not len(wave.consent):
        refusing = wave.segments.loc[wave.segments["quote_consent"] != "yes", "segment_id"]
        words = segments["segment_id"].isin(refusing)
        why = why.mask(why.isna() & words, NO_SEGMENT)
    open_to_quote = why.isna()
    decided = _standing_reviews(segments[open_to_quote], wave.quote_reviews)
    decided = decided.reindex(segments["segment_id"]).set_index(segments.index)
    why = why.mask(open_to_quote & (decided["state"] == "against").fillna(False), BARRED)
    to_answer = _to_answer(segments[why.isna()], decided["answered"])
    why = why.mask(why.isna() & (to_answer != ""), NOT_ANSWERED)
    held = why.notna()
    why = why.mask(~held & decided["state"].isna(), NOT_REVIEWED)
    why = why.mask(~held & (decided["state"] == "changed").fillna(False), CHANGED)
    clearance = pd.Series("withheld", index=segments.index, dtype="string")
    clearance = clearance.mask(~held, "consented").mask(why.isna(), "reviewed")
    read = decided["original_read"].fillna(False).astype(bool) | (clearance == "consented")
    nameless = segments["text_original"].notna() & segments["translator"].isna()
    return segments[["segment_id", "participant_id", "text"]].assign(
        clearance=clearance,
        why=why,
        original=segments["text_original"].where(read & ~held),
        translator=segments["translator"].mask(nameless, "not named"),
        to_answer=to_answer,
    )


def _consent_to_quote(consent: pd.DataFrame) -> pd.Series:
    """The participants whose consent to being quoted stands, and who have withdrawn nothing."""
    scope = consent[consent["scope"] == "quote"]
    refusing = set(scope.loc[scope["granted"] != "yes", "participant_id"])
    refusing |= set(consent.loc[consent["withdrawn_on"].notna(), "participant_id"])
    return scope.loc[~scope["participant_id"].isin(refusing), "participant_id"]


def _standing_reviews(segments: pd.DataFrame, reviews: pd.DataFrame) -> pd.DataFrame:
    """What the reviews of each segment come to.

    Returns
    -------
    DataFrame
        By segment_id ``state, answered, original_read``: ``state`` is ``released``, ``against`` or ``changed``;
        ``answered`` the flags that the releases answer, separated by spaces; ``original_read`` whether one of them is
        of the original words too. No row for a segment that nobody has decided on.
    """
    prints = {
        now: segments[words].map(fingerprint, na_action="ignore").astype("string")
        for now, words in (("now", "text"), ("original_now", "text_original"))
    }
    now = segments[["segment_id"]].assign(**prints)
    rows = reviews[reviews["decision"].notna()].merge(now, on="segment_id")
    fresh = (rows["text_sha256"].str.lower() == rows["now"]).fillna(False).astype(bool)
    same_original = rows["original_sha256"].str.lower() == rows["original_now"]
    against = rows["decision"].isin(_AGAINST)
    # A decision without a day is not overruled.
    day = rows["reviewed_on"].where(~against, rows["reviewed_on"].fillna(pd.Timestamp.max.floor("s")))
    these, others = (
        day.where(against & about).groupby(rows["segment_id"]).transform("max") for about in (fresh, ~fresh)
    )
    standing = ~against & fresh
    standing &= these.isna() | (day > these)
    standing &= others.isna() | (day >= others)
    rows = rows.assign(
        rank=(2 * standing.astype(int)).where(standing, against.astype(int)),
        answered=rows["flags_answered"].fillna("").where(standing, ""),
        original_read=standing & same_original.fillna(False).astype(bool),
    )
    found = rows.groupby("segment_id", sort=False).agg(
        rank=("rank", "max"), answered=("answered", " ".join), original_read=("original_read", "any")
    )
    return found.assign(state=found["rank"].map({2: "released", 1: "against", 0: "changed"}).astype("string"))


def _to_answer(segments: pd.DataFrame, answered: pd.Series) -> pd.Series:
    """The flags in words, the original ones included, that no standing release answers; empty for other segments."""
    left = pd.Series("", index=answered.index, dtype="string")
    for row in segments.itertuples():
        found = flag_names(*(words for words in (row.text, row.text_original) if isinstance(words, str)))
        if found:
            known = answered[row.Index]
            said = set() if pd.isna(known) else set(known.split())
            left[row.Index] = " ".join(name for name in found if name not in said)
    return left
