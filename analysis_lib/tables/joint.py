"""How is the joint display of notebook 04 laid out?"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.formatting import n_of, percent, points, points_interval, ratio, ratio_interval
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import TIERS, contrasts_of, group_heads, group_labels, words
from analysis_lib.tables.reliability import agreement_beside


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


def format_joint_display(payload: Payload) -> tuple[JointRow, ...]:
    """One finished row per theme of a joint display's payload."""
    shares, contrasts = with_shares(payload.tables["shares"].frame), contrasts_of(payload)
    quotes, withheld = payload.tables["quotes"].frame, payload.tables["withheld"].frame
    models, readings = payload.tables["models"].frame, payload.tables["readings"].frame
    heads, labels = group_heads(payload), group_labels(payload)
    alpha = agreement_beside(payload)
    empty = payload.tables["groups"].frame.set_index("group")["n"].eq(0)
    groups = [group for group in labels if group != ALL and not empty[group]]
    rows = []
    for theme in payload.tables["themes"].frame.itertuples():
        share = shares[shares["theme_id"] == theme.theme_id].set_index("group")
        contrast = contrasts[contrasts["theme_id"] == theme.theme_id].set_index("group")
        spoken = quotes[quotes["theme_id"] == theme.theme_id]
        held = withheld[withheld["theme_id"] == theme.theme_id].set_index("group")["n_withheld"]
        model = models[models["theme_id"] == theme.theme_id]
        reading = readings.loc[readings["theme_id"] == theme.theme_id, "reading"]
        rows.append(
            JointRow(
                theme.theme_id,
                theme.theme_label,
                theme.definition,
                tuple((heads[group], _count(share.loc[group])) for group in groups),
                tuple(
                    (labels[group], _difference(contrast.loc[group]), TIERS[contrast.at[group, "tier"]])
                    for group in groups
                    if group in contrast.index and pd.notna(contrast.at[group, "risk_difference"])
                ),
                _agreement(payload, alpha.get(theme.theme_id)),
                "; ".join(map(_model, model.to_dict("records"))),
                tuple(
                    (
                        labels[group],
                        _quotes(spoken[spoken["group"] == group], labels[group]),
                        _held(held[group]),
                    )
                    for group in groups
                ),
                str(reading.iloc[0]) if len(reading) else "",
            )
        )
    return tuple(rows)


def _agreement(payload: Payload, alpha: str | None) -> str:
    if alpha is not None:
        return f"agreement between coders, alpha: {alpha}"
    reason = payload.facts.get("agreement_reason")
    return f"agreement between coders: {reason}" if reason else ""


def _count(row: pd.Series) -> str:
    if pd.isna(row["n_with_theme"]):
        return "withheld"
    return f"{n_of(row['n_with_theme'], row['n_total'])}, {percent(row['share'], row['n_total'])}"


def _difference(row: pd.Series) -> str:
    return f"{points(row['risk_difference'])} points {points_interval(row['rd_low'], row['rd_high'])}"


def _model(row: dict[str, object]) -> str:
    if pd.isna(row["odds_ratio"]):
        return f"odds ratio of dropping out ({words(str(row['event']))}): withheld"
    interval = ratio_interval(row["conf_low"], row["conf_high"])
    return f"adjusted odds ratio of dropping out ({words(str(row['event']))}) {ratio(row['odds_ratio'])} {interval}"


def _quotes(rows: pd.DataFrame, group: str) -> tuple[tuple[str, str], ...]:
    return tuple((row.quote, f"{row.participant_id}, {group.lower()}") for row in rows.itertuples())


def _held(n: float) -> str:
    """What is withheld, in words; empty where nothing is or the number may not leave."""
    if pd.isna(n) or n == 0:
        return ""
    return f"{int(n)} more segment{'s' if n > 1 else ''} withheld"
