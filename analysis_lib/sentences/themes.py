"""How is it said which themes go with which outcome?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.formatting import (
    p_value,
    percent,
    points_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.sentences.common import Sentence, people, refusal, several
from analysis_lib.tables.common import anchor, contrasts_of, group_labels, is_banded

_RANK = {
    "clear": 0,
    "clear but small": 1,
    "tentative": 2,
    "similar": 3,
    "cannot tell": 4,
    "withheld": 5,
    "": 6,
}


def theme_contrasts(payload: Payload) -> tuple[Sentence, ...]:
    """Each leading theme against the reference group, the clearest first."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]), *_prevalence(payload))
    frame = contrasts_of(payload)
    n_compared = int(frame["p_adjusted"].notna().sum())  # the whole family, upper themes too
    # What could not be tested is in the table with its interval; there is nothing to say about it.
    frame = frame[frame["theme_id"].isin(payload.facts["leading"]) & frame["p_adjusted"].notna()]
    frame = frame[frame["risk_difference"].notna()]
    ranked = frame.assign(rank=frame["tier"].map(_RANK), size=frame["risk_difference"].abs().round(9))
    ranked = ranked.sort_values(["rank", "size"], ascending=[True, False], kind="stable")
    found = [_contrast(row, payload, n_compared) for _, row in ranked.iterrows()]
    if not found:
        return (
            refusal("no difference of a leading theme could be both tested and shown; the table says why"),
        )
    if payload.facts.get("strata"):
        named = " and ".join(payload.facts["strata"])
        text = f"Adjusted p-values compare people of the same {named} only; shares and intervals are of whole groups."
        found.append(Sentence(text, kind="limit"))
    return tuple(found)


def _contrast(row: pd.Series, payload: Payload, n_compared: int) -> Sentence:
    labels = group_labels(payload)
    group, reference = labels[row["group"]].lower(), labels[row["reference"]].lower()
    margin = several(round(100 * payload.facts["smallest_difference"]), "point")
    share = percent(row["n_with_theme"] / row["n_total"])
    here = f"{people(row['n_with_theme'])} of {people(row['n_total'])} ({share})"
    there = people(row["n_with_reference"])
    base = (
        f"{there} of {people(row['n_reference'])} ({percent(row['n_with_reference'] / row['n_reference'])})"
    )
    opening = (
        f"{row['theme_label']} was coded for {here} in the {group} group and {base} in the {reference} group"
    )
    interval = f"95% CI {_limits(row['rd_low'], row['rd_high'])} points"
    p = p_value(row["p_adjusted"], band=is_banded(payload))
    p = f"adjusted p {p}" if p[0] in "<>≥" else f"adjusted p = {p}"
    size = abs(round(100 * row["risk_difference"]))
    direction = "more" if row["risk_difference"] > 0 else "fewer"
    gap = f"{several(size, 'percentage point')} {direction}" if size else "the same to the nearest point"
    tail = {
        "clear": f", {gap} ({interval}; {p}).",
        "clear but small": f", {gap} ({interval}; {p}). The difference is smaller than the {margin} that"
        " the team set as important.",
        "similar": f" ({interval}). Any difference is probably smaller than {margin}.",
        "tentative": f", {gap} ({interval}). A difference of this size could still arise from looking at"
        f" {several(n_compared, 'comparison')}; treat it as a lead to follow up.",
        "cannot tell": f". The data do not settle this: they fit anything from {_range(row)}. This is lack of"
        " evidence, not evidence that the groups are alike.",
        "withheld": ". How sure this is cannot be said from rounded counts.",
    }[row["tier"]]
    return Sentence(opening + tail, anchor("contrast", row["theme_id"], row["group"]), row["tier"])


def _range(row: pd.Series) -> str:
    return " to ".join(_gap(round(100 * row[limit])) for limit in ("rd_low", "rd_high"))


def _gap(points: int) -> str:
    """A difference in words.

    >>> _gap(-8), _gap(1), _gap(0)
    ('8 points fewer', '1 point more', '0 points')
    """
    return f"{several(abs(points), 'point')} {'fewer' if points < 0 else 'more' if points else ''}".rstrip()


def _limits(low: float, high: float) -> str:
    return points_interval(low, high)[1:-1].replace(", ", " to ")


def _prevalence(payload: Payload) -> tuple[Sentence, ...]:
    """How often the most widespread themes occur, where nothing can be compared."""
    frame = with_shares(payload.tables["shares"].frame)
    frame = frame[(frame["group"] == ALL) & frame["theme_id"].isin(payload.facts["leading"])]
    frame = frame[frame["n_with_theme"] > 0].sort_values("share", ascending=False, kind="stable")
    return tuple(
        Sentence(
            f"{row.theme_label} was coded for {people(row.n_with_theme)} of {people(row.n_total)} people"
            f" ({percent(row.share)}, 95% CI {percent(row.conf_low)} to {percent(row.conf_high)}).",
            anchor("share", row.theme_id),
        )
        for row in frame.itertuples()
    )
