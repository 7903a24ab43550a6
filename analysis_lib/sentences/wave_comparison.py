"""How is it said what moved since earlier waves, and what cannot be compared?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.change_tests import PAIRED, REFLEXIVE
from analysis_lib.formatting import count, missing
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.sentences.common import (
    Sentence,
    gap_interval,
    listed,
    p_in_words,
    people,
    refusal,
    several,
    share_of,
    with_lack,
)
from analysis_lib.tables.common import group_labels, is_banded
from analysis_lib.tables.wave_comparison import change_anchor, compared_parts, newest_changes

_FULL = ("clear", "clear but small", "withheld")
_ORDER = {tier: i for i, tier in enumerate((*_FULL, "tentative", "similar", "cannot tell", ""))}
_OVERVIEW = {
    "clear": "moved beyond noise",
    "clear but small": "moved beyond noise, but by less than the margin",
    "tentative": "leads",
    "similar": "the same within the margin",
    "cannot tell": "not settled",
    "withheld": "withheld",
}
_MOST_NAMED = 6  # unsettled themes; the others are in the table
AS_MUCH = "that shares stayed as they were"


def wave_comparison(payload: Payload) -> tuple[Sentence, ...]:
    """What moved, part by part, the surest first; what is not compared, by its reason."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]), *look_sentences(payload))
    frame = newest_changes(payload)
    found: list[Sentence] = []
    if payload.facts["tradition"] == "reflexive":  # shares stand in the table, and no reading of them
        found.append(refusal(REFLEXIVE))
        frame = frame[frame["reason"].notna()]
    for since, group in compared_parts(payload, frame):
        mine = frame[(frame["since"] == since) & (frame["group"] == group)]
        found += changes_said(payload, mine[mine["theme_id"].isin(payload.facts["leading"])])
    return (
        *with_lack(found, AS_MUCH),
        *_not_compared(payload, frame),
        *who_repeats(payload),
        *_unread(payload),
        *look_sentences(payload),
    )


def changes_said(payload: Payload, frame: pd.DataFrame) -> list[Sentence]:
    """The changes of one part: how they fall out, the settled ones in full, leads and the unsettled by name."""
    shown = frame[frame["change"].notna()]
    if shown.empty:
        return []
    since, group = shown["since"].iloc[0], shown["group"].iloc[0]
    tiers = shown["tier"].value_counts()
    parts = [f"{words}: {tiers[tier]}" for tier, words in _OVERVIEW.items() if tier in tiers]
    opening = f"{several(len(shown), 'theme')} {against_what(payload, since, group)}"
    found = [Sentence(f"{opening}; {'; '.join(parts)}." if parts else f"{opening}; nothing could be tested.")]
    ranked = shown.assign(rank=shown["tier"].map(_ORDER), size=shown["change"].abs().round(9))
    ranked = ranked.sort_values(["rank", "size"], ascending=[True, False], kind="stable")
    found += [change_said(row, payload) for _, row in ranked.iterrows() if row["tier"] in _FULL]
    leads = ranked[ranked["tier"] == "tentative"]
    found += [change_said(row, payload) for _, row in leads.iterrows()]
    unsettled = ranked[ranked["tier"] == "cannot tell"]
    if len(unsettled):
        names = _first_few(unsettled["theme_label"])
        low, high = unsettled["conf_low"].min(), unsettled["conf_high"].max()
        text = (
            f"Whether {_this(unsettled)} moved since wave {since} the data do not settle: {names}; {_reach(unsettled)}"
            f" from {_ends(low)} to {_ends(high)}."
        )
        found.append(Sentence(text, kind="cannot tell"))
    return found


def _this(frame: pd.DataFrame) -> str:
    return "this" if len(frame) == 1 else "these"


def _reach(frame: pd.DataFrame) -> str:
    return "its 95% CI reaches" if len(frame) == 1 else "their 95% CIs reach"


def _first_few(labels: pd.Series) -> str:
    """The first few themes by name, and how many more."""
    named = [f"“{label}”" for label in labels.head(_MOST_NAMED)]
    more = len(labels) - len(named)
    return listed([*named, f"{more} more"] if more else named)


def _ends(value: float) -> str:
    points = round(100 * value)
    return f"{several(abs(points), 'point')} {'fewer' if points < 0 else 'more'}"


def against_what(payload: Payload, since: str, group: str) -> str:
    """What is held against what, inside a sentence."""
    who = "everybody" if group == ALL else f"the {group_labels(payload)[group].lower()} group"
    if payload.facts["repeated"] == "panel":
        return (
            f"among people of {who} who stand in wave {since} too"
            if group != ALL
            else f"among people who stand in wave {since} too"
        )
    return f"of {who} against wave {since}"


def change_said(row: pd.Series, payload: Payload) -> Sentence:
    """One change with its counts, its interval and its adjusted p."""
    p = (
        ""
        if missing(row["p_adjusted"])
        else f"; adjusted {p_in_words(row['p_adjusted'], band=is_banded(payload))}"
    )
    limits = f"95% CI {gap_interval(row['conf_low'], row['conf_high'])}{p}"
    size = round(100 * row["change"])
    gap = (
        f"{several(abs(size), 'percentage point')} {'more' if size > 0 else 'fewer'}"
        if size
        else "the same to the nearest point"
    )
    name, since = f"“{row['theme_label']}”", row["since"]
    if row["method"] == PAIRED:
        opening = (
            f"Of {people(row['n_pairs'])} people who stand in wave {since} too, {people(row['n_now_only'])} have {name}"
            f" now and had it not, {people(row['n_before_only'])} had it and have it no more: {gap} ({limits})"
        )
    else:
        where = "" if row["group"] == ALL else f" in the {group_labels(payload)[row['group']].lower()} group"
        opening = (
            f"{name} was coded for {share_of(row['n_with_theme'], row['n_total'])}{where} in this wave and"
            f" {share_of(row['n_with_before'], row['n_before'])} in wave {since}, {gap} ({limits})"
        )
    if row["tier"] == "withheld":
        tail = ". How sure this is cannot be said from rounded counts."
    elif row["other_mix"]:
        mix = gap_interval(row["same_mix_low"], row["same_mix_high"])
        tail = (
            f". At the same mix of outcome groups the data do not settle it (95% CI {mix}), so it may be a change in"
            " who was asked."
        )
    elif row["tier"] == "clear but small":
        margin = several(round(100 * payload.facts["smallest_difference"]), "point")
        tail = f". The change is smaller than the {margin} that the team set as important."
    elif row["tier"] == "tentative":
        tail = ". A change of this size could still arise from looking at so many themes; treat it as a lead."
    else:
        tail = "."
    return Sentence(opening + tail, change_anchor(row), row["tier"] or "fact")


def _not_compared(payload: Payload, frame: pd.DataFrame) -> list[Sentence]:
    """Leading themes that are not held against the wave before, by reason."""
    mine = frame[(frame["since"] == payload.facts["previous"]) & frame["reason"].notna()]
    mine = mine[mine["theme_id"].isin(payload.facts["leading"]) & (mine["group"] != ALL)]
    whole = mine.groupby("theme_id")["group"].count() == frame.loc[frame["group"] != ALL, "group"].nunique()
    mine = mine[mine["theme_id"].isin(whole.index[whole])].drop_duplicates("theme_id")
    found = []
    for why, rows in mine.groupby("reason", sort=False):
        names = listed([f"“{label}”" for label in rows["theme_label"]])
        found.append(
            Sentence(f"Not compared with wave {payload.facts['previous']} ({why}): {names}.", kind="refusal")
        )
    return found


def who_repeats(payload: Payload) -> list[Sentence]:
    """People who stand in several waves though the study says that waves are independent."""
    if payload.facts["repeated"] == "panel":
        return []
    found = []
    for row in payload.tables["waves"].frame.itertuples():
        if not row.reason and (missing(row.n_repeated) or row.n_repeated > 0):
            who = count(row.n_repeated, absent="A withheld number of")
            found.append(
                Sentence(
                    f"{who} people of wave {row.wave} stand in an earlier wave too, though study.yaml says that waves"
                    " are independent: they count in the earlier wave only. If the same people were asked again, set"
                    " `repeated: panel`.",
                    kind="limit",
                )
            )
    return found


def _unread(payload: Payload) -> list[Sentence]:
    frame = payload.tables["waves"].frame
    return [
        Sentence(f"Wave {row.wave} is not in it: {row.reason}.", kind="refusal")
        for row in frame.itertuples()
        if row.reason
    ]


def look_sentences(payload: Payload) -> list[Sentence]:
    """What the number of this look forces one to say."""
    look, planned = payload.facts["look"], payload.facts["planned_looks"]
    total = max(look, planned)
    if total < 2:
        return []
    if look < total:
        text = (
            f"Look {look} of {total}, an interim look: p-values and readings of this report are not final, and are not"
            " adjusted for the looks before."
        )
    else:
        more = "" if look <= planned else f", more than the {planned} that were planned"
        text = f"Look {look} of {total}{more}: p-values are not adjusted for the looks before."
    return [Sentence(text, kind="limit")]
