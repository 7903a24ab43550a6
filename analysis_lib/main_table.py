"""What does another program have to find when it makes the main table again?

One row per theme and group, and per theme for all groups together: people with the theme of all who could have it,
share, difference from the reference group, and the exact p. The same columns hold exact numbers and those that a
report has released.

References: Wilson 1927; Newcombe 1998, Stat Med 17, 873-890; Freeman & Halton 1951, Biometrika 38, 141-149.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis_lib.crosstab import crosstab_themes, with_differences, with_shares
from analysis_lib.quantitize import ALL, ThemeMatrix

_COUNTS = ["n_with_theme", "n_total"]
_DIFFERENCES = ["risk_difference", "rd_low", "rd_high"]
COLUMNS = (
    "theme_id", "theme_label", "group", "n_with_theme", "n_total", "share", "conf_low", "conf_high",
    "reference", "risk_difference", "rd_low", "rd_high", "p_value", "method", "reason",
)  # fmt: skip


def main_table(themes: ThemeMatrix) -> pd.DataFrame:
    """The main table with exact numbers.

    Parameters
    ----------
    themes
        The people who are to be counted.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`. ``p_value`` in the row of a group is that of the group against the reference (Fisher), in the
        row of ``all`` that of all groups together (Fisher-Freeman-Halton), by ``method``; ``reason`` says there why a
        theme is not tested.

    Examples
    --------
    >>> import analysis_lib as al
    >>> table = main_table(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> table.loc[(table["theme_id"] == "A.unempathic") & (table["group"] == "unhelpful"), "n_total"].item()
    37
    """
    # No p that is adjusted for the number of themes stands here, so nothing has to be permuted.
    once = dict.fromkeys(themes.wave.study.n_permutations, 1)
    study = replace(themes.wave.study, n_permutations=once)
    found = crosstab_themes(replace(themes, wave=replace(themes.wave, study=study)))
    return _put_together(found.table, found.contrasts, found.tests)


def released_main_table(shares: pd.DataFrame, contrasts: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """The main table with the numbers that a report holds.

    Parameters
    ----------
    shares, contrasts, tests
        ``theme_by_outcome.csv``, ``theme_contrasts.csv`` and ``theme_tests.csv`` of a report. Only ids, labels, counts
        and p-values are taken; shares and differences follow from the counts.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`; a number that was withheld is missing, and so is what would follow from it.
    """
    counts = contrasts.drop(columns=[name for name in contrasts if name in (*_DIFFERENCES, "odds_ratio")])
    names = ["theme_id", "theme_label", "group", *_COUNTS]
    return _put_together(with_shares(shares[names]), with_differences(counts), tests)


def _put_together(shares: pd.DataFrame, contrasts: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    against = contrasts[["theme_id", "group", "reference", *_DIFFERENCES, "p_value"]]
    overall = tests[["theme_id", "p_value", "method", "reason"]].assign(group=ALL)
    beside = pd.concat([against, overall], ignore_index=True)
    table = shares.merge(beside, on=["theme_id", "group"], how="left", sort=False)
    for name in ("reference", "method", "reason"):
        table[name] = table[name].astype("string").replace("", pd.NA)
    return table[list(COLUMNS)]
