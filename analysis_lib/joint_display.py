"""What do the numbers and the words say together?

One row per theme: what it means, how many in each group, the difference from the reference, the adjusted
odds of termination where a model holds the theme, and up to two consented quotes per group.

References: Guetterman, Fetters & Creswell 2015, Ann Fam Med 13(6), 554-561; Fetters, Curry & Creswell 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.notes import section
from analysis_lib.quantitize import ALL, counted_segments
from analysis_lib.quotes import clear_quotes
from analysis_lib.termination import FIRTH, TerminationModels

QUOTES_PER_GROUP = 2
_ORDER = {"reviewed": 0, "consented": 1}


@dataclass(frozen=True)
class JointDisplay:
    """Themes beside numbers and words.

    Parameters
    ----------
    crosstab
        Where the counts and differences come from.
    themes
        Theme ids in the order of the display.
    definitions
        ``theme_id, theme_label, definition``.
    quotes
        ``theme_id, group, participant_id, quote, clearance``: at most two per theme and group, from different
        people where possible, reviewed before merely consented; nothing without consent.
    withheld
        ``theme_id, group, n_withheld``: segments with the theme whose words may not leave.
    models
        ``theme_id, model, event, odds_ratio, conf_low, conf_high, smallest_cell`` for themes of a termination
        model, adjusted; without rows where there is none.
    readings
        ``theme_id, reading``: the authors' own reading from author_notes.md; empty where not yet written.
    """

    crosstab: ThemeCrosstab
    themes: tuple[str, ...]
    definitions: pd.DataFrame
    quotes: pd.DataFrame
    withheld: pd.DataFrame
    models: pd.DataFrame
    readings: pd.DataFrame


def joint_display(
    by_outcome: ThemeCrosstab, models: TerminationModels | None = None, *, n_themes: int | None = 12
) -> JointDisplay:
    """Join counts, differences, model and quotes, theme by theme.

    Parameters
    ----------
    by_outcome
        Themes by outcome groups.
    models
        Termination models of the same wave; None leaves the column out.
    n_themes
        How many themes, those with the largest difference from the reference first (the most widespread
        first where there is no comparison group). Only themes without children. None shows all that occur.

    Examples
    --------
    >>> import analysis_lib as al
    >>> by_outcome = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> len(al.joint_display(by_outcome, n_themes=3).themes)
    3
    """
    wave = by_outcome.matrix.wave
    themes = leading_themes(by_outcome)[:n_themes]
    codebook = wave.study.codebook
    definitions = pd.DataFrame(
        [(theme, codebook[theme].label, codebook[theme].definition) for theme in themes],
        columns=["theme_id", "theme_label", "definition"],
    )
    quotes, withheld = _quotes(by_outcome, themes)
    readings = [(theme, section(wave, "04 Joint display", theme)) for theme in themes]
    return JointDisplay(
        by_outcome,
        themes,
        definitions,
        quotes,
        withheld,
        _model_rows(models, themes),
        pd.DataFrame(readings, columns=["theme_id", "reading"]),
    )


def leading_themes(by_outcome: ThemeCrosstab) -> tuple[str, ...]:
    """Themes without children that occur, the largest difference from the reference first.

    Where nothing can be compared, the most widespread first. Ties keep codebook order.
    """
    codebook = by_outcome.matrix.wave.study.codebook
    overall = by_outcome.table[by_outcome.table["group"] == ALL].set_index("theme_id")
    leaves = [t for t in overall.index if not codebook.has_children(t) and overall.at[t, "n_with_theme"] > 0]
    if by_outcome.contrasts["risk_difference"].notna().any():
        size = by_outcome.contrasts.groupby("theme_id")["risk_difference"].agg(lambda d: d.abs().max())
    else:
        size = overall["share"]
    return tuple(sorted(leaves, key=lambda theme: -round(float(size.fillna(0)[theme]), 9)))


def _quotes(by_outcome: ThemeCrosstab, themes: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Up to two quotes for each theme and group, and how many segments are withheld there."""
    matrix = by_outcome.matrix
    cleared = clear_quotes(matrix.wave)
    codes = counted_segments(matrix.wave)[["segment_id", "code_id"]].drop_duplicates()
    groups = matrix.groups.dropna().astype("string")
    rows = codes.merge(cleared, on="segment_id")
    rows = rows[rows["participant_id"].isin(groups.index)]
    rows = rows.assign(group=rows["participant_id"].map(groups))
    chosen: list[tuple[str, str, str, str, str]] = []
    withheld: list[tuple[str, str, int]] = []
    for theme in themes:
        mine = rows[rows["code_id"] == theme]
        for group in by_outcome.groups:
            here = mine[mine["group"] == group]
            withheld.append((theme, group, int((here["clearance"] == "withheld").sum())))
            for row in _best(here[here["clearance"] != "withheld"]).itertuples():
                chosen.append((theme, group, row.participant_id, row.text, row.clearance))
    return (
        pd.DataFrame(chosen, columns=["theme_id", "group", "participant_id", "quote", "clearance"]),
        pd.DataFrame(withheld, columns=["theme_id", "group", "n_withheld"]),
    )


def _best(quotes: pd.DataFrame) -> pd.DataFrame:
    """Reviewed first, then of middling length, one person at a time; ties by segment id."""
    if not len(quotes):
        return quotes
    length = quotes["text"].str.len()
    ranked = quotes.assign(
        rank=quotes["clearance"].map(_ORDER), off=(length - length.median()).abs()
    ).sort_values(["rank", "off", "segment_id"], kind="stable")
    second = ranked.groupby("participant_id").cumcount()
    return ranked.assign(second=second).sort_values(
        ["second", "rank", "off", "segment_id"], kind="stable"
    ).head(QUOTES_PER_GROUP)  # fmt: skip


def _model_rows(models: TerminationModels | None, themes: tuple[str, ...]) -> pd.DataFrame:
    columns = ["theme_id", "model", "event", "odds_ratio", "conf_low", "conf_high", "smallest_cell"]
    if models is None:
        return pd.DataFrame(columns=columns)
    plans = {plan.name: plan.event for plan in models.matrix.wave.study.termination_models}
    table = models.table.rename(columns={"term": "theme_id"})
    stated = table["event"] == table["model"].map(plans)
    kept = table[stated & table["adjusted"].eq(True) & (table["method"] == FIRTH)]
    kept = kept[kept["theme_id"].isin(themes) & kept["odds_ratio"].notna()]
    return kept[columns].reset_index(drop=True)
