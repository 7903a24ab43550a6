"""How is it said whether a difference survives other choices, and whether one group simply says more?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis_lib.formatting import general, missing, percent, points, points_interval
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import (
    Sentence,
    listed,
    p_in_words,
    people,
    refusal,
    several,
    share_of,
    with_lack,
)
from analysis_lib.specification_table import theme_summary
from analysis_lib.tables.common import anchor, group_labels, is_banded
from analysis_lib.tables.sensitivity import (
    compared,
    excluding_zero,
    panel_rows,
    span_of,
    specification_rows,
    varied,
)

MOST_THEMES = 6
_VARIED = {
    "mixed": "where the mixed group goes",
    "unit": "what is counted",
    "base": "of whom",
    "exposure": "whether talking is held alike",
    "codes": "whether weak codes are in",
}

_Record = dict[str, Any]


def sensitivity(payload: Payload) -> tuple[Sentence, ...]:
    """Which leading differences stand under every specification, and which depend on a choice."""
    facts = payload.facts
    if facts["reason"]:
        return (refusal(facts["reason"]),)
    first, second = compared(payload)
    n = len(payload.tables["specifications"].rows)
    choices = [_VARIED[name] for name in varied(payload)]
    if not choices:
        text = f"The {first} and the {second} group are compared in one way: study.yaml names no other that applies."
        return (Sentence(text, kind="limit"),)
    found = [
        Sentence(
            f"The {first} group ({_size(payload, 'group')}) and the {second} group ({_size(payload, 'reference')}) are"
            f" compared under {several(n, 'specification')}, which vary {listed(choices)}. Differences are of the"
            f" {first}"
            f" less the {second} group, in percentage points."
        )
    ]
    if facts["test_reason"]:
        found.append(Sentence(f"No joint p: {facts['test_reason']}.", kind="refusal"))
    else:
        p = payload.tables["overall"].frame["p_overall"].iloc[0]
        found.append(
            Sentence(f"Whether any theme differs, over all specifications together: joint {_p(p, payload)}.")
        )
    themes = payload.tables["themes"].frame.set_index("theme_id")
    summary = theme_summary(specification_rows(payload))
    summary = summary[summary["theme_id"].isin(facts["leading"]) & (summary["n_specifications"] > 0)]
    by_theme = {row["theme_id"]: row for row in summary.to_dict("records")}
    rows = [by_theme[theme] for theme in facts["leading"] if theme in by_theme]
    if not facts["leading"]:
        found.append(
            refusal("nobody was coded for a theme that has none below it; upper themes are in the table")
        )
    else:
        found += _standing(rows)
    found += [_spread(row, themes.loc[row["theme_id"]], payload) for row in rows[:MOST_THEMES]]
    unsettled = [
        f"“{themes.at[row['theme_id'], 'theme_label']}” ({excluding_zero(row)})" for row in rows if _some(row)
    ]
    if unsettled:
        found.append(Sentence(f"Depends on the choice, intervals that exclude 0: {'; '.join(unsettled)}."))
    text = (
        "That a difference stands under every specification says that these choices do not make it; it is no"
        " further evidence, since the same people stand behind all of them."
    )
    return (*found, Sentence(text, kind="limit"))


def _standing(rows: list[_Record]) -> list[Sentence]:
    """How many themes have intervals without 0 under every specification, under some, and under none."""
    if not rows:
        return [Sentence("From rounded counts nothing can be said about single themes.", kind="refusal")]
    every, some = sum(_every(row) for row in rows), sum(_some(row) for row in rows)
    text = (
        f"Themes whose intervals exclude 0: {every} of {len(rows)} under every specification and on the same side,"
        f" {some} under some, {len(rows) - every - some} under none (upper themes aside)."
    )
    return [Sentence(text)]


def _every(row: _Record) -> bool:
    return bool(row["n_specifications"] in (row["n_above"], row["n_below"]))


def _some(row: _Record) -> bool:
    return bool(row["n_above"] + row["n_below"] > 0 and not _every(row))


def _spread(row: _Record, theme: pd.Series, payload: Payload) -> Sentence:
    """One theme: as stated, over the specifications, and its joint p among those of all themes."""
    parts = []
    if not missing(row["estimate"]):
        parts.append(f"{points(row['estimate'])} points as stated")
    if not missing(row["smallest"]):
        parts.append(f"{span_of(row['smallest'], row['largest'])} over the ways of counting people")
    if not missing(row["segments_smallest"]):
        parts.append(f"{span_of(row['segments_smallest'], row['segments_largest'])} as shares of mentions")
    p = theme["p_joint_adjusted"]
    p = "" if missing(p) else f" (adjusted joint {_p(p, payload)})"
    beside = _as_stated(row["theme_id"], payload)
    text = (
        f"“{theme['theme_label']}”: {', '.join(parts)}; {excluding_zero(row)} intervals exclude 0{beside}{p}."
    )
    return Sentence(text, anchor("sensitivity", row["theme_id"]))


def _p(value: float, payload: Payload) -> str:
    return p_in_words(value, band=is_banded(payload))


def _size(payload: Payload, which: str) -> str:
    """People of one of the two groups that are compared, as in ``37 people``."""
    sizes = payload.tables["groups"].frame.set_index("group")["n"]
    return f"{people(sizes[payload.facts[which]])} people"


def _as_stated(theme: str, payload: Payload) -> str:
    """Counts behind the difference as stated; empty where the two groups of the statement are not these counts."""
    facts, frame = payload.facts, payload.tables["counts"].frame
    mine = frame[(frame["theme_id"] == theme) & (frame["unit"] == "participant") & (frame["codes"] == "all")]
    mine = mine[(mine["base"] == facts["base"]) & (mine["exposure"] == "none")].drop_duplicates("group")
    mine = mine.set_index("group")
    if not {facts["group"], facts["reference"]} <= set(mine.index):
        return ""
    sides = (mine.loc[facts[which]] for which in ("group", "reference"))
    return "; as stated " + " and ".join(share_of(side["n_with_theme"], side["n_total"]) for side in sides)


def talkativeness(payload: Payload) -> tuple[Sentence, ...]:
    """Who says more words, and whether the leading differences stand with words held alike."""
    frame = payload.tables["material"].frame
    words = frame[(frame["measure"] == "words") & (frame["n"] != 0)]
    found: list[Sentence] = []
    if payload.facts["words_reason"]:
        found.append(refusal(f"{payload.facts['words_reason']}, so nobody can be said to say more"))
    else:
        base = words[words["group"] == payload.facts["reference"]].to_dict("records")
        others = words[words["group"] != payload.facts["reference"]].to_dict("records")
        known = [row for row in others if base and not missing(row["says_more"])]
        said = [_saying_more(row, base[0], payload) for row in known]
        found += sorted(said, key=lambda sentence: sentence.kind == "cannot tell")
    if payload.facts["panel_reason"]:
        return (*found, refusal(payload.facts["panel_reason"]))
    return (*with_lack(found), *_held_alike(payload))


def _saying_more(row: _Record, base: _Record, payload: Payload) -> Sentence:
    labels = group_labels(payload)
    group, reference = labels[row["group"]].lower(), labels[row["reference"]].lower()
    medians = f"medians {general(row['median'])} and {general(base['median'])}"
    where = anchor("talk", "words", row["group"])
    pairs = (
        f"in {round(100 * row['says_more'])} of 100 pairs a person in the {group} group said more words than one in"
        f" the {reference} group"
    )
    if missing(row["conf_low"]):
        return Sentence(f"{pairs[:1].upper()}{pairs[1:]} ({medians}).", where)
    interval = f"95% CI {percent(row['conf_low'])[:-1]} to {percent(row['conf_high'])[:-1]}"
    if row["conf_low"] > 0.5 or row["conf_high"] < 0.5:
        more = "more" if row["conf_low"] > 0.5 else "less"
        text = f"The {group} group says {more} than the {reference} group: {pairs} ({interval}; {medians})."
        return Sentence(text, where)
    text = (
        f"Whether the {group} group says more than the {reference} group the data do not settle: {pairs} ({interval};"
        f" {medians})."
    )
    return Sentence(text, where, "cannot tell")


def _held_alike(payload: Payload) -> list[Sentence]:
    """What the leading differences become when words are held alike."""
    frame = panel_rows(payload)
    by_way = {way: mine.set_index("theme_id") for way, mine in frame.groupby("way")}
    counted_as_people, alike = by_way["participants"], by_way["log_words"]
    both = counted_as_people["estimate"].notna() & alike["conf_low"].notna()
    if not both.any():
        return [Sentence("With words held alike nothing can be said about these themes.", kind="refusal")]
    before, after = (_excludes(side[both]) for side in (counted_as_people, alike))
    n, (first, second) = int(both.sum()), compared(payload)
    counted = "" if is_banded(payload) else f"{int(before.sum())} when people are counted, "
    text = (
        f"Intervals that exclude 0, of the {several(n, 'theme')} picked for the largest differences between the {first}"
        f" and the {second} group: {counted}{int(after.sum())} when the number of words is held alike."
    )
    found = [Sentence(text)]
    if is_banded(payload):  # a change would be one of rounding as well
        return found
    for theme in before.index[before != after]:
        row = alike.loc[theme]
        limits = points_interval(row["conf_low"], row["conf_high"])
        was = counted_as_people.loc[theme]
        sides = (
            share_of(was["n_with_theme"], was["n_total"]),
            share_of(was["n_with_reference"], was["n_reference"]),
        )
        text = (
            f"“{row['theme_label']}”: {points(was['estimate'])} points"
            f" {points_interval(was['conf_low'], was['conf_high'])} as people ({sides[0]} in the {first} group,"
            f" {sides[1]} in the {second} group), {points(row['estimate'])} points {limits} with words held alike."
        )
        found.append(Sentence(text, anchor("talk", theme), "cannot tell"))
    return found


def _excludes(rows: pd.DataFrame) -> pd.Series:
    return (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
