"""How is it said what changed since the last wave?

For readers who know the last report: people, themes, differences between groups, codebook, agreement and the number of
this look, each with its numbers. Whatever did not move beyond noise is said to be so in one sentence.
"""

from __future__ import annotations

import pandas as pd

from analysis_lib.agreement_by_wave import with_changes
from analysis_lib.change_tests import REFLEXIVE
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import (
    Sentence,
    against,
    gap_interval,
    listed,
    people,
    refusal,
    several,
    share_of,
)
from analysis_lib.sentences.wave_comparison import (
    against_what,
    change_said,
    look_sentences,
    who_repeats,
)
from analysis_lib.tables.common import anchor, group_labels, is_banded
from analysis_lib.tables.wave_comparison import compared_parts, newest_changes
from analysis_lib.what_changed import with_moves

_SETTLED = ("clear", "clear but small", "withheld")
_MOST_NAMED = 4  # moves that are told one by one; the others are counted


def what_changed(payload: Payload) -> tuple[Sentence, ...]:
    """People, themes, differences, codebook, agreement, look."""
    if payload.facts["previous"] is None:
        reason = payload.facts["reason"]
        return (*_people(payload), refusal(reason), *look_sentences(payload))
    return (
        *_people(payload),
        *_themes(payload),
        *_estimates(payload),
        *_codebook(payload),
        *_agreement(payload),
        *who_repeats(payload),
        *look_sentences(payload),
    )


def _people(payload: Payload) -> list[Sentence]:
    """How many are analysed in each of the two waves, by outcome group."""
    frame, labels = payload.tables["people"].frame, group_labels(payload)
    parts = []
    for wave in reversed(list(dict.fromkeys(frame["wave"]))):
        mine = frame[(frame["wave"] == wave) & frame["n"].ne(0)]
        total = mine["n"].sum(min_count=len(mine)) if len(mine) else 0
        groups = listed([f"{people(row.n)} {labels[row.group].lower()}" for row in mine.itertuples()])
        which = "this wave" if wave == payload.facts["wave"] else f"wave {wave}"
        parts.append(f"{people(total)} people in {which} ({groups})")
    return [Sentence(f"Analysed: {'; '.join(parts)}."), *_late(payload)]


def _late(payload: Payload) -> list[Sentence]:
    """Whether some of this wave began therapy too late to be judged."""
    frame = payload.tables["late"].frame
    some = frame[frame["n_late"].ne(0)]
    if some.empty:
        return []
    worst = some.loc[some["n_late"].fillna(0).idxmax()]
    text = (
        f"{people(worst['n_late'])} people of this wave began therapy too late before the data cut to show whether they"
        f" drop out ({worst['rule']}): how common dropping out is cannot be held against earlier waves."
    )
    return [Sentence(text[:1].upper() + text[1:], kind="limit")]


def _themes(payload: Payload) -> list[Sentence]:
    """Themes that appeared or are gone, and shares that moved."""
    if payload.facts["reason"]:
        return [refusal(payload.facts["reason"])]
    if payload.facts["tradition"] == "reflexive":
        return [refusal(REFLEXIVE)]
    frame = newest_changes(payload)
    frame = frame[frame["theme_id"].isin(payload.facts["leading"])]
    found: list[Sentence] = []
    parts = compared_parts(payload, frame)
    since = payload.facts["previous"]
    if parts and parts[0][0] != since:
        found.append(
            refusal(f"nothing of this wave can be compared with wave {since}, so an earlier one is taken")
        )
    last = [part for part in parts if part[0] == parts[0][0]]
    for wave, group in last:
        mine = frame[(frame["since"] == wave) & (frame["group"] == group) & frame["change"].notna()]
        found += _came_and_went(payload, mine)
        moved = mine[mine["tier"].isin(_SETTLED)]
        moved = moved.reindex(
            moved["change"].abs().round(9).sort_values(ascending=False, kind="stable").index
        )
        found += [change_said(row, payload) for _, row in moved.iterrows()]
        leads = mine[mine["tier"] == "tentative"]
        found += [change_said(row, payload) for _, row in leads.iterrows()]
        if moved.empty and leads.empty and len(mine):
            found.append(_nothing_moved(payload, mine))
    return found


def _nothing_moved(payload: Payload, frame: pd.DataFrame) -> Sentence:
    since, group = frame["since"].iloc[0], frame["group"].iloc[0]
    largest = frame.loc[frame["change"].abs().round(9).idxmax()]
    limits = gap_interval(largest["conf_low"], largest["conf_high"])
    text = (
        f"Of {several(len(frame), 'theme')} {against_what(payload, since, group)}, none moved beyond noise; the largest"
        f" change is that of “{largest['theme_label']}” (95% CI, in points: {limits})."
    )
    return Sentence(text, kind="cannot tell")


def _came_and_went(payload: Payload, frame: pd.DataFrame) -> list[Sentence]:
    """Themes that nobody had in one of the two waves."""
    if payload.facts["repeated"] == "panel":
        return []
    found = []
    for here, there, said in (
        ("n_with_theme", "n_with_before", "Coded now and for nobody before"),
        ("n_with_before", "n_with_theme", "Coded before and for nobody now"),
    ):
        mine = frame[(frame[here] > 0) & (frame[there] == 0)]
        parts = [
            f"“{row.theme_label}” ({share_of(row.n_with_theme, row.n_total)} now,"
            f" {share_of(row.n_with_before, row.n_before)} in wave {row.since})"
            for row in mine.itertuples()
        ]
        if parts:
            found.append(Sentence(f"{said}: {listed(parts)}."))
    return found


def _estimates(payload: Payload) -> list[Sentence]:
    """Differences between outcome groups whose reading moved, with both numbers."""
    if payload.facts["contrasts_reason"]:
        return [refusal(payload.facts["contrasts_reason"])]
    frame = moves_of(payload)
    frame = frame[frame["theme_id"].isin(payload.facts["leading"])]
    since = payload.facts["contrasts_since"]
    other = frame[frame["tier"] != frame["tier_before"]]
    told = other[other["tier"].isin(_SETTLED) | other["tier_before"].isin(_SETTLED)]
    told = told.reindex(told["moved"].abs().round(9).sort_values(ascending=False, kind="stable").index)
    noise = (told["moved_low"] <= 0) & (told["moved_high"] >= 0)  # False where no interval is known
    named = told[~noise].head(_MOST_NAMED)
    found = [_moved(row, payload) for _, row in named.iterrows()]
    found += _within_noise(told[noise], payload)
    reference = group_labels(payload)[payload.facts["reference"]].lower()
    text = (
        f"Of {several(len(frame), 'difference')} of a leading theme from the {reference} group, {len(other)}"
        f" {'has' if len(other) == 1 else 'have'} another reading than in wave {since}"
    )
    beyond = int(((frame["moved_low"] > 0) | (frame["moved_high"] < 0)).sum())
    if payload.facts["repeated"] != "panel":
        many = "None" if beyond == 0 else str(beyond)
        text += f". {many} of all {len(frame)} moved by more than noise, at the level of a single comparison"
    size = "A reading changes with the number of people as well as with what they say: read both numbers, not the word."
    return [Sentence(f"{text}."), *found, *([Sentence(size, kind="limit")] if len(other) else [])]


def _within_noise(frame: pd.DataFrame, payload: Payload) -> list[Sentence]:
    """Differences that are clear in one of two waves and no further apart than noise, by their counts."""
    if frame.empty:
        return []
    labels, since = group_labels(payload), payload.facts["contrasts_since"]
    parts = [
        f"“{row['theme_label']}”, {labels[row['group']].lower()} (now {_counts(row, '')}, {row['tier']}; then"
        f" {_counts(row, '_before')}, {row['tier_before']})"
        for _, row in frame.head(_MOST_NAMED).iterrows()
    ]
    more = len(frame) - len(parts)
    opening = (
        f"Settled in only one of this wave and wave {since}, though the two do not differ by more than noise"
    )
    return [
        Sentence(f"{opening}: {listed([*parts, f'{more} more'] if more else parts)}.", kind="cannot tell")
    ]


def _counts(row: pd.Series, suffix: str) -> str:
    """The two counts behind a difference, such as ``3/18 v 25/58``."""
    names = ("n_with_theme", "n_total", "n_with_reference", "n_reference")
    return against(*(row[f"{name}{suffix}"] for name in names))


def moves_of(payload: Payload) -> pd.DataFrame:
    """Each difference of this wave beside that of the wave before; see with_moves."""
    return with_moves(
        payload.tables["contrasts"].frame,
        now=payload.facts["wave"],
        smallest_difference=payload.facts["smallest_difference"],
        alpha=payload.facts["alpha"],
        independent=payload.facts["repeated"] != "panel",
        banded=is_banded(payload),
    )


def _moved(row: pd.Series, payload: Payload) -> Sentence:
    labels, since = group_labels(payload), payload.facts["contrasts_since"]
    opening = (
        f"“{row['theme_label']}”, {labels[row['group']].lower()} against {labels[row['reference']].lower()} group:"
        f" {_reading(row, '')} in this wave; {_reading(row, '_before')} in wave {since}."
    )
    tail = ""
    if pd.notna(row["moved"]):
        limits = gap_interval(row["moved_low"], row["moved_high"])
        apart = several(abs(round(100 * row["moved"])), "point")
        noise = (
            "" if row["moved_low"] > 0 or row["moved_high"] < 0 else ", which the data do not tell from noise"
        )
        tail = f" The two lie {apart} apart (95% CI {limits}){noise}."
    return Sentence(opening + tail, anchor("contrast", row["theme_id"], row["group"]), row["tier"] or "fact")


def _reading(row: pd.Series, suffix: str) -> str:
    """A difference with its counts, interval and reading."""
    if pd.isna(row[f"risk_difference{suffix}"]):
        return "withheld"
    size = round(100 * row[f"risk_difference{suffix}"])
    gap = (
        f"{several(abs(size), 'point')} {'more' if size > 0 else 'fewer'}"
        if size
        else "the same to the nearest point"
    )
    limits = gap_interval(row[f"rd_low{suffix}"], row[f"rd_high{suffix}"])
    return f"{gap} ({_counts(row, suffix)}; 95% CI {limits}; {row[f'tier{suffix}'] or 'not tested'})"


def _codebook(payload: Payload) -> list[Sentence]:
    """What changed in the codebook since the wave before."""
    frame, since = payload.tables["codebook"].frame, payload.facts["previous"]
    versions = payload.facts["codebook_versions"]
    before, now = versions[since], versions[payload.facts["wave"]]
    mine = frame[frame["since"] == since]
    if mine.empty:
        same = (
            "the same version"
            if before == now
            else f"version {now} after {before}, without a change of any theme"
        )
        return [
            Sentence(
                f"Codebook: {same} ({now}) as in wave {since}." if before == now else f"Codebook: {same}."
            )
        ]
    parts = []
    for kind, rows in mine.groupby("change", sort=False):
        names = [
            f"“{row.theme_label}”{f' into {row.with_themes}' if row.with_themes else ''}"
            for row in rows.itertuples()
        ]
        parts.append(f"{kind}: {listed(names)}")
    lost = mine.loc[~mine["comparable"].astype(bool), "theme_id"].nunique()
    text = f"Codebook: version {now} after {before}; {'; '.join(parts)}."
    if lost:
        text += f" {several(lost, 'theme')} of these cannot be compared with wave {since}."
    return [Sentence(text)]


def _agreement(payload: Payload) -> list[Sentence]:
    """Codes on which coders agree more or less often than in the wave before."""
    if payload.facts["agreement_reason"]:
        return [refusal(f"agreement of coders is not compared: {payload.facts['agreement_reason']}")]
    frame = with_changes(payload.tables["agreement"].frame)
    mine = frame[frame["wave"] == payload.facts["wave"]]
    compared = mine[mine["change"].notna()]
    if compared.empty:
        return [refusal("agreement of coders cannot be compared with an earlier wave")]
    moved = compared[(compared["change_low"] > 0) | (compared["change_high"] < 0)]
    before = (
        frame[frame["wave"] != payload.facts["wave"]]
        .drop_duplicates("code_id", keep="last")
        .set_index("code_id")
    )
    parts = [
        f"“{row.code_label}” ({people(row.n_agreed)} of {people(row.n_units)} people coded alike,"
        f" {people(before.at[row.code_id, 'n_agreed'])} of {people(before.at[row.code_id, 'n_units'])} in wave"
        f" {before.at[row.code_id, 'wave']})"
        for row in moved.itertuples()
    ]
    text = (
        f"Agreement of coders: {several(len(compared), 'code')} compared,"
        f" {len(moved) or 'none'} moved beyond the noise of a single comparison"
    )
    return [Sentence(f"{text}: {listed(parts)}." if parts else f"{text}.")]
