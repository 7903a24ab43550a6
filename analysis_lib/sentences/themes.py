"""How is it said which themes go with which outcome?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.cqr import CQR, ROUNDED, STABILITY, UNEQUAL, with_convention, with_labels
from analysis_lib.crosstab import with_shares
from analysis_lib.formatting import percent, points
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.sentences.common import (
    Sentence,
    by_construction,
    gap_interval,
    listed,
    p_in_words,
    people,
    refusal,
    several,
    share_of,
    with_lack,
)
from analysis_lib.stats.cqr import CONTRAST, CONTRAST_STEPS
from analysis_lib.tables.common import anchor, contrasts_of, group_labels, is_banded

COUNTS_BESIDE = (
    "How many people each theme was coded for is folded away in this part: here a theme matters for what it says,"
    " not for"
    " how often it is said, and a small number takes nothing from it."
)
_RANK = {
    "clear": 0,
    "clear but small": 1,
    "tentative": 2,
    "similar": 3,
    "cannot tell": 4,
    "withheld": 5,
    "": 6,
}


_SETTLED = ("clear", "clear but small")


def theme_contrasts(payload: Payload) -> tuple[Sentence, ...]:
    """Each leading theme against the reference group, the clearest first."""
    if payload.facts["tradition"] == "reflexive":
        return (refusal(payload.facts["reason"]), Sentence(COUNTS_BESIDE, kind="limit"))
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]), *_prevalence(payload), *_about_labels(payload))
    frame = contrasts_of(payload)
    n_compared = int(frame["p_adjusted"].notna().sum())  # the whole family, upper themes too
    # What could not be tested is in the table with its interval; there is nothing to say about it.
    leading = frame[frame["theme_id"].isin(payload.facts["leading"])]
    frame = leading[leading["p_adjusted"].notna()]
    frame = frame[frame["risk_difference"].notna()]
    ranked = frame.assign(rank=frame["tier"].map(_RANK), size=frame["risk_difference"].abs().round(9))
    ranked = ranked.sort_values(["rank", "size"], ascending=[True, False], kind="stable")
    found = with_lack([_contrast(row, payload, n_compared) for _, row in ranked.iterrows()])
    if not found:
        return (
            refusal("no difference of a leading theme could be both tested and shown; the table says why"),
        )
    if payload.facts.get("strata"):
        named = " and ".join(payload.facts["strata"])
        text = f"Adjusted p-values compare people of the same {named} only; shares and intervals are of whole groups."
        found.append(Sentence(text, kind="limit"))
    said = leading[leading["theme_id"].isin(payload.facts.get("about_endings", ()))].drop_duplicates(
        "theme_id"
    )
    return (
        *found,
        *by_construction(list(said["theme_label"])),
        *_by_convention(leading, payload),
        *_about_labels(payload),
    )


def labelled(row: pd.Series, payload: Payload) -> tuple[str, str]:
    """Labels of consensual qualitative research of a contrast's two sides; empty in other traditions."""
    if payload.facts["tradition"] != CQR or is_banded(payload):
        return "", ""
    sides = pd.DataFrame(
        {
            "n_with_theme": [row["n_with_theme"], row["n_with_reference"]],
            "n_total": [row["n_total"], row["n_reference"]],
        }
    )
    here, there = with_labels(sides)["cqr_label"]
    return str(here), str(there)


def _by_convention(frame: pd.DataFrame, payload: Payload) -> list[Sentence]:
    """Which contrasts the convention of consensual qualitative research takes for differences."""
    if payload.facts["tradition"] != CQR or is_banded(payload):
        return []
    labels, far = group_labels(payload), with_convention(frame)
    far = far[far["cqr_differs"] & far["risk_difference"].notna()]
    text = (
        f"By the convention of consensual qualitative research ({points(CONTRAST)[1:]} points or {CONTRAST_STEPS}"
        " labels"
        f" apart) {len(far)} of {several(len(frame), 'comparison')} of a leading theme with the"
        f" {labels[payload.facts['reference']].lower()} group differ"
    )
    named = [f"“{row.theme_label}” ({labels[row.group].lower()})" for row in far.itertuples()]
    text += f": {listed(named)}." if named else "."
    return [
        Sentence(text),
        Sentence("The convention is no test and takes no account of how small a group is.", kind="limit"),
    ]


def _about_labels(payload: Payload) -> list[Sentence]:
    """What the labels do not say."""
    if payload.facts["tradition"] != CQR:
        return []
    if is_banded(payload):
        return [Sentence(ROUNDED, kind="refusal")]
    sizes = payload.tables["groups"].frame["n"]
    limits = [*([UNEQUAL] if sizes[sizes > 0].nunique() > 1 else []), STABILITY]
    return [Sentence(text, kind="limit") for text in limits]


def _contrast(row: pd.Series, payload: Payload, n_compared: int) -> Sentence:
    labels = group_labels(payload)
    group, reference = labels[row["group"]].lower(), labels[row["reference"]].lower()
    margin = several(round(100 * payload.facts["smallest_difference"]), "point")
    here, there = labelled(row, payload)
    opening = (
        f"“{row['theme_label']}” was coded for {share_of(row['n_with_theme'], row['n_total'], here)} in the {group}"
        f" group and {share_of(row['n_with_reference'], row['n_reference'], there)} in the {reference} group"
    )
    limits = gap_interval(row["rd_low"], row["rd_high"])
    inside = gap_interval(row["rd_low"], row["rd_high"], below=payload.facts["smallest_difference"])
    evidence = f"95% CI {limits}; adjusted {p_in_words(row['p_adjusted'], band=is_banded(payload))}"
    size = abs(round(100 * row["risk_difference"]))
    direction = "more" if row["risk_difference"] > 0 else "fewer"
    gap = f"{several(size, 'percentage point')} {direction}" if size else "the same to the nearest point"
    tail = {
        "clear": f", {gap} ({evidence}).",
        "clear but small": f", {gap} ({evidence}). The difference is smaller than the {margin} that the team set as"
        " important.",
        "similar": f" (95% CI of the difference, in points: {inside}). Any difference is probably smaller than"
        f" {margin}.",
        "tentative": f", {gap} ({evidence}). A difference of this size could still arise from looking at"
        f" {several(n_compared, 'comparison')}; treat it as a lead to follow up.",
        "cannot tell": f". The data do not settle this: they fit anything from {_range(row)}.",
        "withheld": ". How sure this is cannot be said from rounded counts.",
    }[row["tier"]]
    if row["tier"] in _SETTLED and row["theme_id"] in payload.facts.get("about_endings", ()):
        tail += " The theme is itself a reason for ending, and how therapy ended is part of the outcome."
    return Sentence(opening + tail, anchor("contrast", row["theme_id"], row["group"]), row["tier"])


def _range(row: pd.Series) -> str:
    return " to ".join(_gap(round(100 * row[limit])) for limit in ("rd_low", "rd_high"))


def _gap(points: int) -> str:
    """A difference in words.

    >>> _gap(-8), _gap(1), _gap(0)
    ('8 points fewer', '1 point more', '0 points')
    """
    return (
        f"{several(abs(points), 'point')} {'fewer' if points < 0 else 'more' if points > 0 else ''}".rstrip()
    )


def _prevalence(payload: Payload) -> tuple[Sentence, ...]:
    """How often the most widespread themes occur, where nothing can be compared."""
    frame = with_shares(payload.tables["shares"].frame)
    frame = frame[(frame["group"] == ALL) & frame["theme_id"].isin(payload.facts["leading"])]
    frame = frame[frame["n_with_theme"] > 0].sort_values("share", ascending=False, kind="stable")
    shown = payload.facts["tradition"] == CQR and not is_banded(payload)
    labels = with_labels(frame)["cqr_label"] if shown else [""] * len(frame)
    return tuple(
        Sentence(
            f"“{row.theme_label}” was coded for {people(row.n_with_theme)} of {people(row.n_total)} people"
            f" ({', '.join(filter(None, (percent(row.share), label)))}, 95% CI {percent(row.conf_low)} to"
            f" {percent(row.conf_high)}).",
            anchor("share", row.theme_id),
        )
        for row, label in zip(frame.itertuples(), labels, strict=True)
    )
