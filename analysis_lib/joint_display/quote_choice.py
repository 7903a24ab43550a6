"""Which words stand beside each theme in each outcome group?

Two for a display, of middling length and from different people where possible; all that may be shown for a quote
matrix. Nothing is chosen for being striking, and what may not leave is counted.

References: Miles, Huberman & Saldaña 2014, Qualitative Data Analysis, 3rd ed., chapter 6 (matrices of quotes).
"""

from __future__ import annotations

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.quantitize import ALL, counted_segments
from analysis_lib.quotes import clear_quotes

QUOTES_PER_GROUP = 2
_ORDER = {"reviewed": 0, "consented": 1}
SAID = ["theme_id", "group", "participant_id", "quote", "clearance", "text_original", "translator"]


def coded_words(by_outcome: ThemeCrosstab) -> pd.DataFrame:
    """The words behind each theme, cleared or not, one row per theme and segment.

    Parameters
    ----------
    by_outcome
        Themes by outcome groups; only people who have a group are quoted.

    Returns
    -------
    DataFrame
        ``theme_id, group, participant_id, segment_id, quote, clearance, text_original, translator``: themes as they
        were given to the segment, in codebook order; within a theme by group, document and place.
        ``clearance`` is ``withheld`` for words that may not leave.
    """
    matrix = by_outcome.matrix
    counted = counted_segments(matrix.wave)
    counted = counted[["code_id", "segment_id", "document_id", "start"]]
    counted = counted.sort_values(["segment_id", "document_id", "start"], kind="stable", na_position="last")
    rows = counted.drop_duplicates(["code_id", "segment_id"]).merge(
        clear_quotes(matrix.wave), on="segment_id"
    )
    groups = matrix.groups.dropna().astype("string")
    rows = rows[rows["participant_id"].isin(groups.index)]
    rows = rows.assign(group=rows["participant_id"].map(groups))
    ranks = {
        "theme": dict(zip(matrix.themes, range(len(matrix.themes)), strict=True)),
        "group": dict(zip(by_outcome.groups, range(len(by_outcome.groups)), strict=True)),
    }
    rows = rows.assign(
        theme_rank=rows["code_id"].map(ranks["theme"]), group_rank=rows["group"].map(ranks["group"])
    ).sort_values(
        ["theme_rank", "group_rank", "document_id", "start", "segment_id"], kind="stable", na_position="last"
    )
    rows = rows.rename(columns={"code_id": "theme_id", "text": "quote", "original": "text_original"})
    return rows[["segment_id", *SAID]].reset_index(drop=True)


def all_quotes(words: pd.DataFrame) -> pd.DataFrame:
    """Every quote that may be shown, with the columns of ``SAID``, in the order of words."""
    return words.loc[words["clearance"] != "withheld", SAID].reset_index(drop=True)


def withheld(words: pd.DataFrame, themes: tuple[str, ...], groups: tuple[str, ...]) -> pd.DataFrame:
    """``theme_id, group, n_withheld``: segments whose words may not leave, for each theme and group."""
    held = words[words["clearance"] == "withheld"].groupby(["theme_id", "group"]).size()
    cells = pd.MultiIndex.from_product([themes, groups], names=["theme_id", "group"])
    return held.reindex(cells, fill_value=0).rename("n_withheld").reset_index()


def two_quotes(words: pd.DataFrame, themes: tuple[str, ...], groups: tuple[str, ...]) -> pd.DataFrame:
    """At most two quotes per theme and group, with the columns of ``SAID``."""
    chosen = [
        in_order(words[(words["theme_id"] == theme) & (words["group"] == group)]).head(QUOTES_PER_GROUP)
        for theme in themes
        for group in groups
    ]
    found = pd.concat(chosen, ignore_index=True) if chosen else words.iloc[:0]
    return found[SAID]


def in_order(words: pd.DataFrame) -> pd.DataFrame:
    """Words that may be shown, the first to be quoted first.

    Reviewed before merely consented, then of middling length (nearest the median of them all), then by segment id;
    and somebody's second quote after everybody's first.
    """
    quotes = words[words["clearance"] != "withheld"]
    if not len(quotes):
        return quotes
    length = quotes["quote"].str.len()
    ranked = quotes.assign(
        rank=quotes["clearance"].map(_ORDER), off=(length - length.median()).abs()
    ).sort_values(["rank", "off", "segment_id"], kind="stable")
    again = ranked.groupby("participant_id").cumcount()
    ranked = ranked.assign(again=again).sort_values(["again", "rank", "off", "segment_id"], kind="stable")
    return ranked[list(words.columns)]


def quoted_already(words: pd.DataFrame, quotes: pd.DataFrame) -> pd.DataFrame:
    """Those of some words that a display quotes under their theme and group; all of them where it quotes none.

    A second display that quotes the same words shows one person in two lights, and says nothing of further people.
    """
    key = ["theme_id", "group", "participant_id", "quote"]
    again = words[pd.MultiIndex.from_frame(words[key]).isin(pd.MultiIndex.from_frame(quotes[key]))]
    return again if len(again) else words


def occurring(by_outcome: ThemeCrosstab) -> tuple[str, ...]:
    """Themes that somebody who is compared has, upper themes included, in codebook order."""
    overall = by_outcome.table[by_outcome.table["group"] == ALL]
    return tuple(overall.loc[overall["n_with_theme"] > 0, "theme_id"])
