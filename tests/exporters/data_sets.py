"""Waves whose names are hard for other programs, and what is exported of them.

Ids of themes hold points, umlauts and Hebrew, one is a word that SPSS keeps for itself and one is the name of another
variable; labels begin like formulas and hold quotation marks; one person has no outcome group, and one theme was not
asked of everybody.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from handmade import a_matrix

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.crosstab import in_base
from analysis_lib.exporters.data_set import DataSet
from analysis_lib.exporters.matrix import participant_matrix
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.study import Covariate, Outcome, TerminationModelPlan

LABELS = {
    "A.cold": 'Cold, or "distant"',
    "Wärme.früh": "=1+1",
    "הקשבה": "הקשבה",
    "all": "@SUM(A1)",
    "age": "Größe; „Alter“",
    "never": "+49",
}
GROUPS = {"geholfen": "=geholfen", "weder": "Weder noch", "schlechter": "שלילי"}


def hard_matrix(sizes: tuple[int, ...] = (14, 9, 8)) -> ThemeMatrix:
    """The last person has no outcome group; theme ``never`` was asked of the first half only and found in nobody."""
    groups = [group for group, n in zip(GROUPS, sizes, strict=True) for _ in range(n)]
    n = len(groups) + 1
    people = pd.DataFrame(
        {
            "outcome_group": [*groups, None],
            "age": [20.5 + i if i % 5 else None for i in range(n)],
            "delivery_mode": ["video" if i % 3 else "in_person" for i in range(n)],
            "dropout_declared": pd.array(
                [None if i % 7 == 0 else i % 2 == 0 for i in range(n)], dtype="boolean"
            ),
        },
        index=pd.Index([f"P{i:02}" for i in range(n)], name="participant_id"),
    )
    here = np.arange(n)
    values = pd.DataFrame(
        {theme: ((here * (k + 3) + here // 4) % (k + 2) == 0) * 1.0 for k, theme in enumerate(LABELS)},
        index=people.index,
    )
    values["never"] = np.where(here < n // 2, 0.0, np.nan)
    covariates = (
        Covariate("age", "number", "differs by cohort", unit="years"),
        Covariate(
            "delivery_mode", "category", "differs", levels=("in_person", "video"), reference="in_person"
        ),
    )
    return a_matrix(
        people,
        values,
        codebook=Codebook("1", tuple(Theme(theme, label) for theme, label in LABELS.items())),
        outcome=Outcome(tuple(GROUPS), "geholfen", GROUPS, ()),
        termination_models=(TerminationModelPlan("main", "declared", (), covariates, None),),
        title="Schwierige Namen",
    )


def some_of(themes: ThemeMatrix, n: int) -> ThemeMatrix:
    """The first people alone."""
    return replace(
        themes,
        values=themes.values[:n],
        n_segments=themes.n_segments[:n],
        n_words=themes.n_words[:n],
    )


def not_coded(themes: ThemeMatrix) -> ThemeMatrix:
    """The same people before anybody has coded anything."""
    return replace(themes, values=themes.values * np.nan)


def exported(themes: ThemeMatrix) -> DataSet:
    return participant_matrix(themes, in_base(themes), notes=("INTERNAL.",))


def many_themes(n: int = 60) -> ThemeMatrix:
    """Twelve people and so many themes with long ids."""
    people = pd.DataFrame(
        {
            "outcome_group": ["helpful", "unhelpful"] * 6,
            "dropout_declared": pd.array([False] * 12, dtype="boolean"),
        },
        index=pd.Index([f"P{i:02}" for i in range(12)], name="participant_id"),
    )
    ids = [f"{'B.' + 'long_' * 14}{k:02}" for k in range(n)]
    values = pd.DataFrame(
        {theme: ((np.arange(12) + k) % 3 == 0) * 1.0 for k, theme in enumerate(ids)}, people.index
    )
    return a_matrix(people, values)
