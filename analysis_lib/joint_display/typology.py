"""Which combinations of themes do people have, and how does one person of each put it?

A case-by-theme typology: every person is of exactly one type, the set of leading themes that they have. One quote per
type, from the group in which the type is most frequent; a type is described by its themes and has no name here.

References: Miles, Huberman & Saldaña 2014, Qualitative Data Analysis, 3rd ed., chapter 8 (case-ordered displays);
Onwuegbuzie & Dickinson 2008, The Qualitative Report 13(2), 204-225 (crossover displays).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab, in_base
from analysis_lib.joint_display.quote_choice import SAID, in_order, quoted_already
from analysis_lib.quantitize import ALL
from analysis_lib.theme_patterns import ThemePatterns, theme_patterns

N_THEMES = 5  # with more, nearly everybody is of a type of their own
N_TYPES = 10
_QUOTES = ["pattern", *SAID, "n_alike"]


@dataclass(frozen=True)
class Typology:
    """Types of people by the leading themes that they have.

    Parameters
    ----------
    patterns
        How many people of each group are of each type.
    quotes
        ``pattern``, the columns of ``SAID`` and ``n_alike``: at most one per type; ``n_alike`` is how many people of
        that group are of the type.
    """

    patterns: ThemePatterns
    quotes: pd.DataFrame


def typology(
    by_outcome: ThemeCrosstab, themes: tuple[str, ...], words: pd.DataFrame, quotes: pd.DataFrame
) -> Typology:
    """Types made of the first of these themes, with a quote for each.

    Parameters
    ----------
    by_outcome
        Themes by outcome groups.
    themes
        Themes of the display in order; the first five are combined.
    words
        The words behind each theme; see :func:`coded_words`.
    quotes
        What the display quotes already; see :func:`two_quotes`.

    Notes
    -----
    The quote is from the group with the largest share of the type, the first of equals; one that the display shows
    already where there is one; then from the person who can be quoted on the largest number of its themes; then as for
    the rest of the display. Where nobody of that group can be quoted, anybody of the type.
    """
    patterns = theme_patterns(by_outcome, themes=themes[:N_THEMES], n_patterns=N_TYPES)
    if patterns.reason is not None:
        return Typology(patterns, pd.DataFrame(columns=_QUOTES))
    chosen = []
    held = _themes_held(patterns)
    types = patterns.table.drop_duplicates("pattern")
    for pattern, ids in zip(types["pattern"], types["theme_ids"], strict=True):
        people = held.index[held == ids] if ids else held.index[:0]
        theirs = words[words["participant_id"].isin(people) & words["theme_id"].isin(ids.split())]
        quote = _quoted(theirs, _main_group(patterns.table, pattern), quotes)
        n_alike = patterns.table[patterns.table["pattern"] == pattern].set_index("group")["n_with_pattern"]
        chosen.append(quote.assign(pattern=pattern, n_alike=quote["group"].map(n_alike)))
    return Typology(patterns, pd.concat(chosen, ignore_index=True)[_QUOTES])


def _themes_held(patterns: ThemePatterns) -> pd.Series:
    """Person -> ids of the combined themes that they have, separated by spaces."""
    matrix = patterns.crosstab.matrix
    values = matrix.values.loc[in_base(matrix), list(patterns.themes)]
    whole = values[values.notna().all(axis=1)] == 1
    return pd.Series(
        [" ".join(whole.columns[row]) for row in whole.to_numpy()], index=whole.index, dtype="string"
    )


def _main_group(table: pd.DataFrame, pattern: str) -> str:
    """The group with the largest share of a type."""
    rows = table[(table["pattern"] == pattern) & (table["group"] != ALL)]
    share = (rows["n_with_pattern"] / rows["n_total"]).fillna(0).round(9)
    return str(rows.loc[share.idxmax(), "group"])


def _quoted(words: pd.DataFrame, group: str, quotes: pd.DataFrame) -> pd.DataFrame:
    """The one quote of a type."""
    shown = words[words["clearance"] != "withheld"]
    here = shown[shown["group"] == group]
    here = quoted_already(here if len(here) else shown, quotes)
    n_themes = here.groupby("participant_id")["theme_id"].nunique()
    fullest = n_themes.index[n_themes == n_themes.max()] if len(n_themes) else []
    return in_order(here[here["participant_id"].isin(fullest)]).head(1)
