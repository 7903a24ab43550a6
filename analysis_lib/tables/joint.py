"""How does one theme of a joint display read: numbers on one side, words on the other, and how they fit?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.formatting import n_of, percent, points, points_interval, ratio, ratio_interval
from analysis_lib.joint_display.fit import ComputedFit, computed_fit
from analysis_lib.joint_display.negative_cases import Against, against, why_no_quote
from analysis_lib.payload import Payload, Table
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import TIERS, contrasts_of, group_heads, group_labels, translated, words
from analysis_lib.tables.reliability import agreement_beside


@dataclass(frozen=True)
class NegativeCase:
    """Somebody with the theme whose outcome goes against the numbers.

    Parameters
    ----------
    against
        What they go against, with its base; empty where nothing can be gone against.
    quote, who
        Their words and who they are; empty where nobody can be quoted.
    reason
        Why nobody is quoted; empty where somebody is.
    """

    against: str
    quote: str
    who: str
    reason: str


@dataclass(frozen=True)
class JointRow:
    """One theme: numbers on one side, words on the other.

    Parameters
    ----------
    counts
        (group with its n, "14/37, 38%") per group.
    differences
        (group, "+25 [9, 42] points", tier) per group that is compared.
    agreement
        How far coders agree on the theme, or why that is not known; empty where nothing says so.
    model
        The adjusted odds ratio in words; empty where no model holds the theme.
    quotes
        (group, ((words, attribution), ...), what is withheld) per group.
    reading
        The authors' own reading as Markdown; empty where not yet written.
    negative_case
        Somebody who goes against the numbers, or why nobody is quoted.
    fit
        The authors' label; empty where they gave none.
    computed
        What the rule makes of the numbers, with its ground; empty where the tradition does not read numbers so.
    differ
        Whether the two labels contradict each other; expand, which no rule can see, contradicts discord alone.
    matched
        Who put numbers and words side by side, who checked it and when; empty where nothing says so.
    """

    theme_id: str
    label: str
    definition: str
    counts: tuple[tuple[str, str], ...]
    differences: tuple[tuple[str, str, str], ...]
    agreement: str
    model: str
    quotes: tuple[tuple[str, tuple[tuple[str, str], ...], str], ...]
    reading: str
    negative_case: NegativeCase
    fit: str
    computed: str
    differ: bool
    matched: str


@lru_cache(maxsize=16)  # page, sentences, tables and Word show the same ones
def format_joint_display(payload: Payload) -> tuple[JointRow, ...]:
    """One finished row per theme of a joint display's payload."""
    shares, contrasts = _shares(payload.tables["shares"]), contrasts_of(payload)
    quotes, withheld = payload.tables["quotes"].frame, payload.tables["withheld"].frame
    models, readings = payload.tables["models"].frame, payload.tables["readings"].frame
    heads, labels = group_heads(payload), group_labels(payload)
    alpha, fits = agreement_beside(payload), fits_of(payload)
    groups = groups_with_people(payload)
    reflexive = payload.facts["tradition"] == "reflexive"
    rows = []
    for theme in payload.tables["themes"].frame.itertuples():
        share = shares[shares["theme_id"] == theme.theme_id].set_index("group")
        contrast = contrasts[contrasts["theme_id"] == theme.theme_id].set_index("group")
        spoken = quotes[quotes["theme_id"] == theme.theme_id]
        held = withheld[withheld["theme_id"] == theme.theme_id].set_index("group")["n_withheld"]
        read = readings[readings["theme_id"] == theme.theme_id].iloc[0]
        fit = fits.get(theme.theme_id)
        rows.append(
            JointRow(
                theme.theme_id,
                theme.theme_label,
                theme.definition,
                tuple((heads[group], _count(share.loc[group])) for group in groups),
                tuple(
                    (labels[group], _difference(contrast.loc[group]), TIERS[contrast.at[group, "tier"]])
                    for group in groups
                    if not reflexive
                    and group in contrast.index
                    and pd.notna(contrast.at[group, "risk_difference"])
                ),
                _agreement(payload, alpha.get(theme.theme_id)),
                "; ".join(map(_model, models[models["theme_id"] == theme.theme_id].to_dict("records"))),
                tuple(
                    (
                        labels[group],
                        _quotes(spoken[spoken["group"] == group], labels[group]),
                        _held(held[group], any_shown=(spoken["group"] == group).any()),
                    )
                    for group in groups
                ),
                read["reading"],
                negative_case(theme.theme_id, payload, contrast.reset_index(), spoken),
                read["fit"],
                "" if fit is None else fit_in_words(fit, theme.polarity, labels),
                fit is not None and contradict(read["fit"], fit.fit),
                matched_by(read),
            )
        )
    return tuple(rows)


@lru_cache(maxsize=16)  # every theme asks for the same ones
def _shares(counts: Table) -> pd.DataFrame:
    return with_shares(counts.frame)


def groups_with_people(payload: Payload) -> list[str]:
    """Outcome groups that hold anybody."""
    sizes = payload.tables["groups"].frame.set_index("group")["n"]
    return [group for group in group_labels(payload) if group != ALL and sizes[group] != 0]


@lru_cache(maxsize=16)
def fits_of(payload: Payload) -> dict[str, ComputedFit]:
    """Theme id -> what the rule makes of the payload's own counts; empty under tradition reflexive."""
    if payload.facts["tradition"] == "reflexive":
        return {}
    themes = payload.tables["themes"].frame
    found = computed_fit(
        contrasts_of(payload),
        dict(zip(themes["theme_id"], themes["polarity"], strict=True)),
        set(payload.tables["quotes"].frame["theme_id"]),
        went_well=payload.facts["went_well"],
        reason=payload.facts["reason"],
    )
    return {fit.theme_id: fit for fit in found}


def contradict(by_authors: str, by_rule: str) -> bool:
    """Whether the authors' label and that of the rule cannot both hold.

    >>> contradict("silent", "confirm"), contradict("expand", "confirm"), contradict("", "discord")
    (True, False, False)
    """
    if by_authors == "expand":
        return by_rule == "discord"
    return by_authors not in ("", by_rule)


def fit_in_words(fit: ComputedFit, polarity: str, labels: dict[str, str]) -> str:
    """A computed fit with its ground.

    >>> fit_in_words(ComputedFit("cold", "silent", "numbers", (), "nothing is clear in the numbers"), "hindering", {})
    'silent, numbers (nothing is clear in the numbers)'
    """
    if fit.fit == "silent":
        return f"silent, {fit.silent} ({fit.reason})"
    ways = [
        f"clearly {way} in {' and '.join(named)}"
        for way, more in (("more", True), ("fewer", False))
        if (named := [labels[group] for group, is_more in fit.numbers if is_more == more])
    ]
    link = "and" if fit.fit == "confirm" else "although"
    return f"{fit.fit} ({', '.join(ways)}, {link} the codebook calls the theme {polarity})"


def negative_case(
    theme: str, payload: Payload, contrasts: pd.DataFrame, quotes: pd.DataFrame
) -> NegativeCase:
    """The negative case of one theme.

    Parameters
    ----------
    contrasts, quotes
        Those of the theme.
    """
    labels = group_labels(payload)
    found = against(contrasts, set(quotes["group"]), tradition=payload.facts["tradition"])
    if found.group is None:
        return NegativeCase("", "", "", str(found.reason))
    shares = _shares(payload.tables["shares"])
    share = shares[(shares["theme_id"] == theme) & (shares["group"] == found.group)].iloc[0]
    said = _quotes(quotes[quotes["group"] == found.group].head(1), labels[found.group])
    goes_against = _gone_against(found, labels, _count(share))
    if not said:
        return NegativeCase(goes_against, "", "", why_no_quote(share["n_with_theme"], labels[found.group]))
    return NegativeCase(goes_against, *said[0], "")


def _gone_against(found: Against, labels: dict[str, str], count: str) -> str:
    here, there = labels[str(found.group)], labels[str(found.compared)]
    tier = f" ({TIERS[found.tier]})" if found.tier else ""
    where = "" if count.startswith("0/") else f", where {count} have it"
    return f"more often in {there} than in {here}{tier}{where}"


def matched_by(read: pd.Series) -> str:
    """Who put numbers and words side by side, who checked it, and when.

    >>> matched_by(pd.Series({"matched_by": "AB and CD", "checked_by": "", "dated": "2024-09-12"}))
    'Matched by AB and CD, 2024-09-12'
    """
    said = [f"matched by {read['matched_by']}"] if read["matched_by"] else []
    said += [f"checked by {read['checked_by']}"] if read["checked_by"] else []
    said += [read["dated"]] if read["dated"] else []
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def numbers_say(row: JointRow, payload: Payload) -> str:
    """What the numbers say about a theme, in one line with bases; tiers where anything was compared.

    No line ends inside a count or an interval.
    """
    reference = group_labels(payload)[payload.facts["reference"]]
    compared = {label: f", {_whole(text)}: {tier}" for label, text, tier in row.differences}
    parts = [
        (label != reference, f"{label} {_whole(text)}{compared.get(label, '')}")
        for (_, text), (label, _, _) in zip(row.counts, row.quotes, strict=True)
    ]
    return "; ".join(text for _, text in sorted(parts, key=lambda part: part[0]))


def _whole(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _agreement(payload: Payload, alpha: str | None) -> str:
    if alpha is not None:
        return f"Agreement between coders, alpha [95% CI]: {alpha}"
    reason = payload.facts.get("agreement_reason")
    return f"Agreement between coders: {reason}" if reason else ""


def _count(row: pd.Series) -> str:
    if pd.isna(row["n_with_theme"]):
        return "withheld"
    return f"{n_of(row['n_with_theme'], row['n_total'])}, {percent(row['share'], row['n_total'])}"


def _difference(row: pd.Series) -> str:
    return f"{points(row['risk_difference'])} points {points_interval(row['rd_low'], row['rd_high'])}"


def _model(row: dict[str, object]) -> str:
    if pd.isna(row["odds_ratio"]):
        return f"Odds ratio of dropping out ({words(str(row['event']))}): withheld"
    interval = ratio_interval(row["conf_low"], row["conf_high"])
    event = words(str(row["event"]))
    return f"Adjusted odds ratio of dropping out ({event}) [95% CI]: {ratio(row['odds_ratio'])} {interval}"


def _quotes(rows: pd.DataFrame, group: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (row["quote"], f"{row['participant_id']}, {group.lower()}{translated(row)}")
        for row in rows.to_dict("records")
    )


def _held(n: float, *, any_shown: bool) -> str:
    """What is withheld, in words; empty where nothing is or the number may not leave."""
    if pd.isna(n) or n == 0:
        return ""
    return f"{int(n)}{' more' if any_shown else ''} segment{'s' if n > 1 else ''} withheld"
