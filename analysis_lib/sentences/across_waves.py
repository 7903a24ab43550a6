"""How is it said whether a theme's difference holds over the waves?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.across_waves import HELD_BACK
from analysis_lib.formatting import ratio, ratio_interval
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, listed, p_in_words, people, refusal, several, with_lack
from analysis_lib.tables.across_waves import (
    counts,
    differences_of,
    over_waves,
    without_one_of,
)
from analysis_lib.tables.common import anchor, group_labels, is_banded

# Reading -> the kind that a report marks its sentence with, in the order of the sentences.
_KINDS = {
    "holds": "clear",
    "holds together": "tentative",
    "waves differ": "cannot tell",
    "withheld": "withheld",
}

_OVERVIEW_FROM = 5  # comparisons
_OVERVIEW = {
    "holds": "settled whichever wave is left out",
    "holds together": "settled only with every wave in",
    "waves differ": "not the same in all waves",
    "tentative": "leads",
    "cannot tell": "not settled",
    "withheld": "withheld",
}


def across_waves(payload: Payload) -> tuple[Sentence, ...]:
    """Each leading theme over the waves, the surest first; leads and what is not settled come in one sentence each."""
    if payload.facts["reason"]:
        return (refusal(payload.facts["reason"]), *_waves(payload))
    frame = over_waves(payload)
    n_compared = int(frame["p_adjusted"].notna().sum())  # the whole family, upper themes too
    frame = frame[frame["theme_id"].isin(payload.facts["leading"])]
    rank = frame["reading"].map({reading: i for i, reading in enumerate(_KINDS)})
    ranked = frame.assign(rank=rank, size=frame["mh_risk_difference"].abs().round(9))[rank.notna()]
    ranked = ranked.sort_values(["rank", "size"], ascending=[True, False], kind="stable")
    read = [
        *(_held(row, payload) for _, row in ranked.iterrows()),
        *_leads(frame[frame["reading"] == "tentative"], payload, n_compared),
        *_unsettled(frame[frame["reading"] == "cannot tell"], payload),
    ]
    return (
        *_overview(frame["reading"].value_counts()),
        *with_lack(read),
        *_not_pooled(frame[frame["mh_odds_ratio"].isna()], payload),
        *_waves(payload),
        *_limits(payload),
    )


def _overview(n: pd.Series) -> list[Sentence]:
    """How many comparisons are settled over the waves; nothing where they are few enough to read."""
    known = {words: int(n.get(reading, 0)) for reading, words in _OVERVIEW.items()}
    if sum(known.values()) < _OVERVIEW_FROM:
        return []
    parts = "; ".join(f"{words}: {count}" for words, count in known.items() if count)
    text = f"{sum(known.values())} comparisons of a leading theme in two groups, over the waves together; {parts}."
    return [Sentence(text)]


def _held(row: pd.Series, payload: Payload) -> Sentence:
    labels = group_labels(payload)
    group, reference = labels[row["group"]].lower(), labels[row["reference"]].lower()
    more = "more" if row["mh_odds_ratio"] > 1 else "less"
    p = f"adjusted {p_in_words(row['p_adjusted'], band=is_banded(payload))}"
    pooled = f"odds ratio {ratio(row['mh_odds_ratio'])}, 95% CI {_interval(row)}; {p}"
    opening = (
        f"“{row['theme_label']}” was coded {more} often in the {group} group than in the {reference} group over the"
        f" waves together ({pooled}; {_bases(row, payload)})"
    )
    where = anchor("across", row["theme_id"], row["group"])
    if row["reading"] == "waves differ":  # neither more nor less often: that is what they differ about
        text = (
            f"“{row['theme_label']}” in the {group} against the {reference} group: the waves do not agree by Tarone's"
            f" test, so no single value describes them; read them one by one ({_bases(row, payload)}; over all of them"
            f" {pooled})."
        )
        return Sentence(text, where, _KINDS[row["reading"]])
    tail = {
        "holds": ". It holds whichever wave is left out.",
        "holds together": f", but not {_losing(row, payload)}.",
        "withheld": ". How sure this is cannot be said from rounded counts.",
    }[row["reading"]]
    return Sentence(opening + tail, where, _KINDS[row["reading"]])


def _interval(row: pd.Series) -> str:
    return ratio_interval(row["conf_low"], row["conf_high"])[1:-1].replace(", ", " to ")


def _bases(row: pd.Series, payload: Payload) -> str:
    """What each wave says, such as ``2024a: 14/37 v 9/92``."""
    frame = differences_of(payload)
    mine = frame[(frame["theme_id"] == row["theme_id"]) & (frame["group"] == row["group"])]
    mine = mine[mine["reason"].isna()]
    return "; ".join(f"{wave['wave']}: {counts(wave)}" for _, wave in mine.iterrows())


def _losing(row: pd.Series, payload: Payload) -> str:
    """Without which waves the interval includes 1, with what is left."""
    frame = without_one_of(payload)
    mine = frame[(frame["theme_id"] == row["theme_id"]) & (frame["group"] == row["group"])]
    lost = mine[(mine["conf_low"] <= 1) & (mine["conf_high"] >= 1)]
    return listed(
        [
            f"without {one['left_out']} ({ratio(one['mh_odds_ratio'])}, 95% CI {_interval(one)})"
            for _, one in lost.iterrows()
        ],
        "nor",
    )


def _leads(frame: pd.DataFrame, payload: Payload, n_compared: int) -> list[Sentence]:
    if frame.empty:
        return []
    text = (
        f"Leads to follow up, since differences of this size could still arise from looking at"
        f" {several(n_compared, 'comparison')}: {_named(frame, payload)}."
    )
    return [Sentence(text, kind="tentative")]


def _unsettled(frame: pd.DataFrame, payload: Payload) -> list[Sentence]:
    if frame.empty:
        return []
    return [
        Sentence(
            f"Whether these differ the waves do not settle: {_named(frame, payload)}.",
            kind="cannot tell",
        )
    ]


def _not_pooled(frame: pd.DataFrame, payload: Payload) -> list[Sentence]:
    """What could not be pooled, by its reason."""
    found = []
    for why, mine in frame.groupby("reason", sort=False):
        kind = "withheld" if why == HELD_BACK else "refusal"
        found.append(Sentence(f"Not pooled ({why}): {_named(mine, payload)}.", kind=kind))
    return found


def _named(frame: pd.DataFrame, payload: Payload) -> str:
    """Themes with their groups in brackets."""
    labels = group_labels(payload)
    parts = []
    for theme in dict.fromkeys(frame["theme_id"]):
        mine = frame[frame["theme_id"] == theme]
        groups = [labels[group].lower() for group in mine["group"]]
        parts.append(f"“{mine['theme_label'].iloc[0]}” ({', '.join(groups)})")
    return ", ".join(parts)


def _waves(payload: Payload) -> list[Sentence]:
    """Who counts where, and which wave is not in it."""
    found = []
    for row in payload.tables["waves"].frame.itertuples():
        if row.reason:
            text = f"Wave {row.wave} is not in it: {row.reason}."
            found.append(Sentence(text, anchor("wave-counts", row.wave), "refusal"))
        elif pd.isna(row.n_repeated) or row.n_repeated > 0:
            who = people(row.n_repeated)
            text = f"{who[:1].upper()}{who[1:]} people of wave {row.wave} had been counted in an earlier wave"
            found.append(Sentence(f"{text} and count there only.", anchor("wave-counts", row.wave)))
    return found


def _limits(payload: Payload) -> list[Sentence]:
    look, planned = payload.facts["look"], payload.facts["planned_looks"]
    found = [
        "A theme that stands out in this wave stands out in a value that includes it; the table with each wave left out"
        " shows what the other waves say by themselves.",
        "That waves are not found to differ does not show that they agree: with so few waves only large differences"
        " show.",
    ]
    if look > 1:
        found.append(
            f"This is look {look} of {max(look, planned)}; p-values that take up each new wave are not adjusted for the"
            " looks before."
        )
    return [Sentence(text, kind="limit") for text in found]
