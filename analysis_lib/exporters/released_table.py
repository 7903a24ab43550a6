"""The main table as a report has released it, for another program: one row per theme and group."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis_lib.exporters.data_set import DataSet, Holds, Variable, typed
from analysis_lib.quantitize import ALL
from analysis_lib.study import Study

_WITHHELD = "withheld, or made from a number that is"
_REFERENCE = "the reference group itself, all groups together, or withheld"
_VARIABLES: tuple[tuple[str, str, Holds, str], ...] = (
    ("theme_id", "Theme, as its id", "text", ""),
    ("theme_label", "Theme", "text", ""),
    ("group", "Outcome group", "ordered", ""),
    ("n_with_theme", "People with the theme", "count", _WITHHELD),
    ("n_total", "People who could have it", "count", _WITHHELD),
    ("share", "Share with the theme", "number", _WITHHELD),
    ("conf_low", "Share, lower Wilson limit (95%)", "number", _WITHHELD),
    ("conf_high", "Share, upper Wilson limit (95%)", "number", _WITHHELD),
    ("reference", "Group that it is compared with", "text", "nothing is compared in this row"),
    ("risk_difference", "Difference in shares from the reference", "number", _REFERENCE),
    ("rd_low", "Difference, lower Newcombe limit (95%)", "number", _REFERENCE),
    ("rd_high", "Difference, upper Newcombe limit (95%)", "number", _REFERENCE),
    ("p_value", "p of the exact test: the upper end of its band", "number", "not tested"),
    ("method", "Test of all groups together", "text", "no test in this row"),
    ("reason", "Why the theme is not tested", "text", "it is, or this is the row of one group"),
    ("counts_rule", "How numbers of people were rounded", "text", ""),
)


def released_table(
    table: pd.DataFrame, study: Study, wave: str, *, counts_rule: str, notes: Iterable[str] = ()
) -> DataSet:
    """The rows of :func:`analysis_lib.main_table.released_main_table` with a label for each column.

    Parameters
    ----------
    counts_rule
        Rule of the report that the numbers stand in.
    notes
        Sentences that travel with the file.
    """
    groups = (*((group, study.outcome.label(group)) for group in study.outcome.groups), (ALL, "All groups"))
    variables = tuple(
        Variable(name, label, holds, groups if name == "group" else (), missing, "report")
        for name, label, holds, missing in _VARIABLES
    )
    table = table.assign(counts_rule=counts_rule)
    frame = pd.DataFrame({each.name: typed(table[each.name], each) for each in variables})
    title = f"{study.title}, wave {wave}: themes by outcome group"
    synthetic = ("SYNTHETIC: no person stands behind any number.",) if study.synthetic else ()
    return DataSet(frame, variables, title, (*synthetic, *notes))
