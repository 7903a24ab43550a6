"""How is a result said in words that claim no more than the data hold?

Four tiers and one variant, decided by interval, adjusted p and the smallest difference that matters. Every
sentence carries its numbers with their base and points to the table row that it comes from.

References: Altman & Bland 1995, BMJ 311, 485, on absence of evidence; APA 2018, JARS-Mixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from analysis_lib.claimed_agreement import NOT_HERE, SAME
from analysis_lib.crosstab import with_shares
from analysis_lib.formatting import (
    WITHHELD,
    count,
    decimal,
    p_value,
    percent,
    points_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.reliability import NO_DISAGREEMENT
from analysis_lib.tables.common import anchor, contrasts_of, group_labels, is_banded
from analysis_lib.tables.reliability import coefficient
from analysis_lib.tables.termination import stated
from analysis_lib.termination import FIRTH

_RANK = {
    "clear": 0,
    "clear but small": 1,
    "tentative": 2,
    "similar": 3,
    "cannot tell": 4,
    "withheld": 5,
    "": 6,
}


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Parameters
    ----------
    text
        The sentence.
    anchor
        Id of the table row it comes from; None where it sums up several.
    kind
        A tier, ``fact`` for a count, ``refusal`` for something that cannot be said, ``limit``.
    """

    text: str
    anchor: str | None = None
    kind: str = "fact"


def sentences(payload: Payload) -> tuple[Sentence, ...]:
    """The sentences of a payload of shape ``sentences``, the clearest first."""
    return _TEMPLATES[payload.template](payload)


def _intake(payload: Payload) -> tuple[Sentence, ...]:
    flow, groups = payload.tables["flow"].frame, payload.tables["groups"].frame
    material = payload.tables["material"].frame.set_index("group")
    enrolled = flow.loc[flow["stage"] == "enrolled", "n"].iloc[0]
    analysed = flow.loc[flow["stage"] == "analysed", "n"].iloc[0]
    parts = [_counted(row.n, row.label.lower()) for row in groups.itertuples() if row.n != 0]
    taken_part = "people" if pd.isna(enrolled) else f"of {_n(enrolled)} people who took part"
    text = f"{_n(analysed)} {taken_part} are analysed: {_listed(parts)}."
    found = [Sentence(text)]
    left = flow[(flow["excluded"] != 0) & (flow.index > flow.index[flow["stage"] == "enrolled"][0])]
    if len(left):
        reasons = [f"{row.reason} ({_n(row.excluded)})" for row in left.itertuples()]
        found.append(Sentence(f"Left out: {_listed(reasons)}."))
    silent = material.at[ALL, "n_without_theme"]
    if payload.facts.get("reason"):
        found.append(_refusal(payload.facts["reason"]))
    elif pd.notna(silent) and silent > 0:
        found.append(
            Sentence(
                f"{_n(silent)} of {_n(material.at[ALL, 'n'])} mentioned none of the themes; they stay in the base."
            )
        )
    empty = [row.label.lower() for row in groups.itertuples() if row.n == 0]
    if empty:
        found.append(Sentence(f"Nobody in this wave is in the group {_listed(empty, 'or')}.", kind="refusal"))
    return tuple(found)


def _theme_contrasts(payload: Payload) -> tuple[Sentence, ...]:
    if payload.facts["reason"]:
        return (_refusal(payload.facts["reason"]), *_prevalence(payload))
    frame = contrasts_of(payload)
    several = int(frame["p_adjusted"].notna().sum())  # the whole family, upper themes too
    # What could not be tested is in the table with its interval; there is nothing to say about it.
    frame = frame[frame["theme_id"].isin(payload.facts["leading"]) & frame["p_adjusted"].notna()]
    frame = frame[frame["risk_difference"].notna()]
    ranked = frame.assign(rank=frame["tier"].map(_RANK), size=frame["risk_difference"].abs().round(9))
    ranked = ranked.sort_values(["rank", "size"], ascending=[True, False], kind="stable")
    return tuple(_contrast(row, payload, several) for _, row in ranked.iterrows())


def _contrast(row: pd.Series, payload: Payload, several: int) -> Sentence:
    labels = group_labels(payload)
    group, reference = labels[row["group"]].lower(), labels[row["reference"]].lower()
    margin = _several(round(100 * payload.facts["smallest_difference"]), "point")
    here = (
        f"{_n(row['n_with_theme'])} of {_n(row['n_total'])} ({percent(row['n_with_theme'] / row['n_total'])})"
    )
    there = _n(row["n_with_reference"])
    base = f"{there} of {_n(row['n_reference'])} ({percent(row['n_with_reference'] / row['n_reference'])})"
    opening = (
        f"{row['theme_label']} was coded for {here} in the {group} group and {base} in the {reference} group"
    )
    interval = f"95% CI {_limits(row['rd_low'], row['rd_high'])} points"
    p = p_value(row["p_adjusted"], band=is_banded(payload))
    p = f"adjusted p {p}" if p[0] in "<>≥" else f"adjusted p = {p}"
    size = abs(round(100 * row["risk_difference"]))
    direction = "more" if row["risk_difference"] > 0 else "fewer"
    gap = f"{_several(size, 'percentage point')} {direction}" if size else "the same to the nearest point"
    tail = {
        "clear": f", {gap} ({interval}; {p}).",
        "clear but small": f", {gap} ({interval}; {p}). The difference is smaller than the {margin} that"
        " the team set as important.",
        "similar": f" ({interval}). Any difference is probably smaller than {margin}.",
        "tentative": f", {gap} ({interval}). A difference of this size could still arise from looking at"
        f" {_several(several, 'comparison')}; treat it as a lead to follow up.",
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
    return f"{_several(abs(points), 'point')} {'fewer' if points < 0 else 'more' if points else ''}".rstrip()


def _several(n: int, unit: str) -> str:
    return f"{n} {unit}{'s' if n != 1 else ''}"


def _limits(low: float, high: float) -> str:
    return points_interval(low, high)[1:-1].replace(", ", " to ")


def _prevalence(payload: Payload) -> tuple[Sentence, ...]:
    """How often the most widespread themes occur, where nothing can be compared."""
    frame = with_shares(payload.tables["shares"].frame)
    frame = frame[(frame["group"] == ALL) & frame["theme_id"].isin(payload.facts["leading"])]
    frame = frame[frame["n_with_theme"] > 0].sort_values("share", ascending=False, kind="stable")
    return tuple(
        Sentence(
            f"{row.theme_label} was coded for {_n(row.n_with_theme)} of {_n(row.n_total)} people"
            f" ({percent(row.share)}, 95% CI {percent(row.conf_low)} to {percent(row.conf_high)}).",
            anchor("share", row.theme_id),
        )
        for row in frame.itertuples()
    )


def _termination(payload: Payload) -> tuple[Sentence, ...]:
    if payload.facts["reason"]:
        return (Sentence(f"No model of termination: {payload.facts['reason']}.", kind="refusal"),)
    models, guards = stated(payload, "models"), stated(payload, "guards")
    probabilities = stated(payload, "probabilities")
    together = models[(models["method"] == FIRTH) & models["adjusted"].eq(True)]
    found = []
    for guard in guards.itertuples():
        if guard.reason:
            why = str(guard.reason).rstrip(".")
            found.append(Sentence(f"Model {guard.model} cannot be fitted: {why}.", kind="refusal"))
            continue
        rows = together[(together["model"] == guard.model) & (together["level"] == "present")]
        known = probabilities[probabilities["model"] == guard.model]
        found += [_association(row, known, payload, guard.n_used) for _, row in rows.iterrows()]
        found += _enough(guard)
    return tuple(found)


def _association(row: pd.Series, probabilities: pd.DataFrame, payload: Payload, n_used: float) -> Sentence:
    where = anchor("model", row["model"], row["term"], row["level"])
    if pd.isna(row["odds_ratio"]):
        return Sentence(
            f"{row['term_label']}: the estimate is withheld, too few people in a cell.", where, "refusal"
        )
    verb = "goes with" if payload.facts["claim"] == "association" else "predicts"
    rule = payload.facts["rules"][row["event"]]
    interval = ratio_interval(row["conf_low"], row["conf_high"])[1:-1].replace(", ", " to ")
    odds = f"adjusted odds ratio {ratio(row['odds_ratio'])}, 95% CI {interval}, {_n(n_used)} people"
    here = probabilities[probabilities["term"] == row["term"]].set_index("level")["probability"]
    plain = ""
    if {"present", "absent"} <= set(here.index) and here.notna().all():
        with_it, without = (round(100 * here[level]) for level in ("present", "absent"))
        plain = f": about {with_it} in 100 with the theme against {without} in 100 without it"
    name = f"“{row['term_label']}”"
    if row["conf_low"] > 1 or row["conf_high"] < 1:
        more = "more" if row["conf_low"] > 1 else "less"
        text = f"{name} {verb} {more} dropping out ({rule}){plain} ({odds})."
        return Sentence(text, where, "clear")
    text = (
        f"Whether {name} {verb} dropping out ({rule}) the data do not settle{plain} ({odds}). This is lack of"
        " evidence, not evidence of no link."
    )
    return Sentence(text, where, "cannot tell")


def _enough(guard: object) -> list[Sentence]:
    needed, used = guard.n_needed, guard.n_used  # type: ignore[attr-defined]  # a row of itertuples
    if pd.isna(needed) or pd.isna(used) or used >= needed:
        return []
    text = (
        f"Model {guard.model} has {_n(used)} people where {_n(needed)} would be needed for stable estimates"  # type: ignore[attr-defined]
        " of so many parameters; read it as description."
    )
    return [Sentence(text, kind="limit")]


_LEAST_DOUBLE_CODED = 0.1  # O'Connor & Joffe 2020 name a tenth to a quarter as usual


def _agreement(payload: Payload) -> tuple[Sentence, ...]:
    """Which codes can be counted on, which not, and for which the data do not say."""
    if payload.facts["reason"]:
        return (_refusal(payload.facts["reason"]),)
    found = [*_double_coded(payload), *_dependable(payload)]
    for row in payload.tables["unitising"].frame.to_dict("records"):
        if pd.notna(row["overlap"]):
            found.append(
                Sentence(
                    f"{row['coder']} and {row['other'].lower()} marked the same text with an overlap of"
                    f" {coefficient(row, 'overlap', 'overlap')}, whatever code they gave it."
                )
            )
    found += [
        sentence for row in payload.tables["claimed_agreement"].frame.itertuples() for sentence in _claim(row)
    ]
    if payload.tables["after_consensus"].rows:
        text = "Codings made after discussion are kept in a table of their own; agreement among them is no reliability."
        found.append(Sentence(text, kind="limit"))
    return tuple(found)


def _double_coded(payload: Payload) -> list[Sentence]:
    """How many people the agreement rests on."""
    frame = payload.tables["coding"].frame.set_index("what")
    both, settled = frame.loc["by two"], frame.loc["settled"]
    share = both["n"] / both["n_total"] if both["n_total"] else float("nan")
    text = (
        f"{_n(both['n'])} of {_n(both['n_total'])} people ({percent(share)}) were coded by two coders or more,"
        " independently of each other"
    )
    text += (
        f"; {_n(settled['n'])} of them were settled in a consensus round afterwards." if settled["n"] else "."
    )
    found = [Sentence(text)]
    if share < _LEAST_DOUBLE_CODED:
        found.append(Sentence("That is less than the tenth to a quarter that is usual.", kind="limit"))
    return found


def _dependable(payload: Payload) -> list[Sentence]:
    """Codes by what their interval of alpha says about the mark that the study set."""
    rows = payload.tables["agreement"].frame.to_dict("records")
    following = [row["depth"] for row in rows[1:]] + [0]
    rows = [row for row, depth in zip(rows, following, strict=True) if depth <= row["depth"]]  # none below it
    mark = payload.facts["weak_below"]
    kinds: dict[str, list[str]] = {}
    for row in rows:
        words = f"{row['code_label']} {coefficient(row)}"
        if row["reason"] == WITHHELD:
            kinds.setdefault("withheld", []).append(row["code_label"])
        elif row["reason"] == NO_DISAGREEMENT:
            kinds.setdefault("alike", []).append(f"{row['code_label']} (given to {_n(row['n_given'])})")
        elif pd.isna(row["krippendorff_alpha"]):
            kinds.setdefault(row["reason"], []).append(row["code_label"])
        elif row["alpha_low"] >= mark:
            kinds.setdefault("dependable", []).append(words)
        elif row["alpha_high"] < mark:
            kinds.setdefault("weak", []).append(words)
        else:
            kinds.setdefault("unsettled", []).append(words)
    wording = {
        "dependable": (
            "clear",
            f"Dependable for counting, the whole interval of alpha at {decimal(mark)} or above: ",
        ),
        "weak": (
            "clear",
            f"Not dependable for counting, the whole interval of alpha below {decimal(mark)}: ",
        ),
        "unsettled": ("cannot tell", f"The data do not settle whether alpha reaches {decimal(mark)}: "),
        "alike": ("cannot tell", "The coders never differed, which among few people is no certainty: "),
        "withheld": ("withheld", "Agreement is withheld, too few people are behind it: "),
    }
    undefined = "Agreement beyond chance is undefined"
    wording |= {why: ("cannot tell", f"{undefined} ({why}): ") for why in kinds if why not in wording}
    return [Sentence(f"{start}{'; '.join(kinds[name])}.", None, kind)
            for name, (kind, start) in wording.items() if name in kinds]  # fmt: skip


def _claim(row: object) -> list[Sentence]:
    """What a program printed, where it is not what is found here."""
    get = row._asdict()  # type: ignore[attr-defined]  # a row of itertuples
    if get["reading"] in (SAME, NOT_HERE) or pd.isna(get["claimed"]) or pd.isna(get["recomputed"]):
        return []
    name = get["statistic"].replace("_", " ")
    return [
        Sentence(
            f"{get['tool']} prints a {name} of {decimal(get['claimed'])} for {get['code_label']}; among people whom"
            f" the coders were both asked to code it is {decimal(get['recomputed'])}. The printed figure is"
            f" {get['reading']}."
        )
    ]


def _saturation(payload: Payload) -> tuple[Sentence, ...]:
    """How many codes were seen in each group, and whether new ones kept coming."""
    if payload.facts["reason"]:
        return (_refusal(payload.facts["reason"]),)
    facts, banded = payload.facts, is_banded(payload)
    rule = f"base {facts['base']}, run {facts['run']}, at most {percent(facts['threshold'])} new"
    found = []
    for row in payload.tables["summary"].frame.to_dict("records"):
        text = f"{facts['labels'][row['group']]} ({_n(row['n'])} people): "
        where = anchor("saturation", row["group"])
        if pd.isna(row["codes_seen"]):
            found.append(Sentence(f"{text}{row['reason']}.", where, "refusal"))
            continue
        text += f"{count(row['codes_seen'])} different codes were seen"
        if banded:
            found.append(
                Sentence(f"{text}. Whether new ones kept coming cannot be said from rounded counts.", where)
            )
            continue
        if pd.notna(row["chao2"]):
            text += (
                f", {count(row['seen_once'])} of them in one person only; with those not met Chao2 puts them at"
                f" {decimal(row['chao2'], 1)} or more (SE {decimal(row['chao2_se'], 1)})"
            )
        if row["reason"]:
            text += f". The rule ({rule}) says nothing: {row['reason']}."
        elif pd.isna(row["reached_at"]):
            text += f". By the rule ({rule}) new codes kept coming."
        else:
            text += f". By the rule ({rule}) little new came after {count(row['reached_at'])} people."
        found.append(Sentence(text, where))
    end = "This describes these codes in this sample; it does not show that nothing else could be said."
    return (*found, Sentence(end, kind="limit"))


def limits(payload: Payload) -> tuple[Sentence, ...]:
    """What the study settings alone forbid to claim, from the facts of a cover."""
    found = []
    if payload.facts["theme_timing"] == "after_outcome":
        found.append("Accounts were given after the outcome was known, so themes are associated with it and"
                     " cannot be said to have led to it.")  # fmt: skip
    if not payload.facts["coders_blind_to_outcome"]:
        found.append(
            "Coders were not blind to the outcome, which can make groups look more different than they are."
        )
    found.append("A theme that a person does not mention may still have occurred.")
    if payload.facts["planned_looks"] > 1:
        look, planned = payload.facts["look"], payload.facts["planned_looks"]
        found.append(f"This is look {look} of {planned}; p-values of a single look are not final.")
    return tuple(Sentence(text, kind="limit") for text in found)


def _counted(n: float, group: str) -> str:
    """A number with its group; one whose name begins with a digit, such as years, stands apart from it.

    >>> _counted(37, "unhelpful"), _counted(8, "0 - 1")
    ('37 unhelpful', '8 in group 0 - 1')
    """
    return f"{_n(n)} in group {group}" if group[:1].isdigit() else f"{_n(n)} {group}"


def _refusal(reason: str) -> Sentence:
    return Sentence(f"{reason[:1].upper()}{reason[1:]}.", kind="refusal")


def _n(value: float) -> str:
    return count(value, absent="a withheld number")


def _listed(parts: list[str], last: str = "and") -> str:
    """Words in a row: ``a, b and c``.

    >>> _listed(["a", "b", "c"]), _listed(["a"])
    ('a, b and c', 'a')
    """
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


_TEMPLATES: dict[str, Callable[[Payload], tuple[Sentence, ...]]] = {
    "intake": _intake,
    "theme_contrasts": _theme_contrasts,
    "termination": _termination,
    "agreement": _agreement,
    "saturation": _saturation,
}
