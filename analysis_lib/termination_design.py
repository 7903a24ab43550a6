"""Who is in a termination model, and with which columns?

Complete cases of everybody whose ending the dropout definition can judge. Themes enter as present or absent, a
category as one column per level that somebody has (but the reference), a number in the units of study.yaml.

References: STROBE (von Elm et al. 2007, BMJ 335, 806-808), items 7 and 12, on stating every variable beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis_lib.late_starters import ALL_LATE, left_out_as_late
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.study import Covariate, TerminationModelPlan

Record = dict[str, object]
FloatArray = NDArray[np.float64]
NOT_CODED = "nobody was coded for it in this wave"  # why a theme that a model names is not in it


@dataclass(frozen=True)
class Term:
    """One theme or covariate of a model as columns of the design matrix.

    Parameters
    ----------
    columns
        Names of its design columns: one, or one per level of a category but the reference.
    levels
        Label of each design column in tables.
    settings
        What to set the columns to for plain probabilities: (label, values) with the reference first.
    reference
        Level that the others are compared with; empty for a number.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    settings: tuple[tuple[str, tuple[float, ...]], ...]
    reference: str = ""


@dataclass(frozen=True)
class ModelData:
    """What one model under one dropout definition is fitted to: complete cases only.

    Parameters
    ----------
    plan, event
        The model as stated in study.yaml, and the dropout definition.
    terms
        Themes and covariates, in the order of study.yaml.
    X, y
        Design (n, p) without intercept, indexed by participant_id, and the flag as 0 and 1.
    eligible
        Everybody whose ending the definition can judge and who has material, complete or not; late starters aside.
    late
        People who began therapy too late to be judged and would be eligible otherwise.
    cells
        Design column -> fewest people on any side: of the outcome for a number, of theme by outcome for 0 and 1.
    """

    plan: TerminationModelPlan
    event: str
    terms: tuple[Term, ...]
    X: pd.DataFrame
    y: FloatArray
    eligible: pd.Index
    cells: dict[str, int]
    late: pd.Index

    @property
    def key(self) -> Record:
        """``model`` and ``event`` of every row about it."""
        return {"model": self.plan.name, "event": self.event}

    @property
    def n_events(self) -> int:
        """People who dropped out."""
        return int(self.y.sum())

    @property
    def reason(self) -> str | None:
        """Why nothing can be fitted to it; None where something can."""
        n, n_parameters = len(self.y), len(self.cells)
        if n == 0:
            return ALL_LATE if len(self.late) and not len(self.eligible) else "nobody has complete data"
        if n_parameters == 0:
            return "the model has no term"
        if self.n_events in (0, n):
            return "nobody dropped out" if self.n_events == 0 else "everybody dropped out"
        if n <= n_parameters + 1:
            return "there are too few people for so many parameters"
        return None


def model_data(themes: ThemeMatrix, plan: TerminationModelPlan, event: str) -> ModelData:
    """The people and columns of one stated model under one dropout definition.

    Parameters
    ----------
    themes
        The participant x theme matrix of a wave.
    plan
        A model of study.yaml.
    event
        Name of a dropout definition.
    """
    wave = themes.wave
    flag = wave.participants.loc[themes.values.index, f"dropout_{event}"]
    judged = flag.index[flag.notna()]
    late = left_out_as_late(
        wave.participants.loc[judged], wave.study, wave.study.dropout(event), wave.facts.data_cut
    )
    eligible = judged[~late.to_numpy()]
    columns, terms = design(themes, plan, eligible)
    complete = columns.dropna()
    y = flag.loc[complete.index].to_numpy(dtype=float)
    cells = {name: smallest_cell(complete[name].to_numpy(dtype=float), y) for name in complete}
    return ModelData(plan, event, terms, complete, y, eligible, cells, judged[late.to_numpy()])


def themes_left_out(themes: ThemeMatrix, plan: TerminationModelPlan) -> tuple[str, ...]:
    """Themes that a model names and that have no column in this wave: retired or optional, and given to nobody."""
    return tuple(theme for theme in plan.themes if theme not in themes.values)


def design(
    themes: ThemeMatrix, plan: TerminationModelPlan, people: pd.Index
) -> tuple[pd.DataFrame, tuple[Term, ...]]:
    """Columns of the design without intercept for the given people, and the terms they make up.

    A missing value stays missing; a theme that has no column in this wave has no term (see
    :func:`themes_left_out`).
    """
    columns: dict[str, pd.Series] = {}
    terms = []
    for theme in plan.themes:
        if theme in themes.values:
            columns[theme] = themes.values.loc[people, theme]
            label = themes.wave.study.codebook[theme].label
            settings = (("absent", (0.0,)), ("present", (1.0,)))
            terms.append(Term(theme, label, (theme,), ("present",), settings, "absent"))
    for covariate in plan.covariates:
        values = themes.wave.participants.loc[people, covariate.column]
        title = themes.wave.study.table("participants")[covariate.column].title
        if covariate.type == "number":
            term, made = _number_term(covariate, title, values)
        else:
            term, made = _category_term(covariate, title, values)
        columns |= made
        terms.append(term)
    return pd.DataFrame(columns, index=people), tuple(terms)


def _number_term(covariate: Covariate, title: str, values: pd.Series) -> tuple[Term, dict[str, pd.Series]]:
    number = pd.Series(values.to_numpy(dtype=float, na_value=np.nan), index=values.index) / covariate.per
    unit = f" {covariate.unit}" if covariate.unit else ""
    low, high = (float(number.quantile(q)) if number.notna().any() else 0.0 for q in (0.25, 0.75))
    settings = (
        (f"{low * covariate.per:g}{unit} (lower quartile)", (low,)),
        (f"{high * covariate.per:g}{unit} (upper quartile)", (high,)),
    )
    per = f"per {covariate.per:g}{unit}" if covariate.per != 1 else covariate.unit or "points"
    term = Term(covariate.column, title, (covariate.column,), (per,), settings)
    return term, {covariate.column: number}


def _category_term(covariate: Covariate, title: str, values: pd.Series) -> tuple[Term, dict[str, pd.Series]]:
    levels = [level for level in covariate.levels if level != covariate.reference]
    text = values.astype("string")
    seen = [level for level in levels if (text == level).any()]
    made = {
        f"{covariate.column}={level}": (text == level).astype("Float64").astype(float).where(text.notna())
        for level in seen
    }
    unit = np.eye(len(seen))
    settings = [(str(covariate.reference), tuple(np.zeros(len(seen))))]
    settings += [(level, tuple(unit[i])) for i, level in enumerate(seen)]
    reference = str(covariate.reference)
    return Term(covariate.column, title, tuple(made), tuple(seen), tuple(settings), reference), made


def smallest_cell(x: FloatArray, y: FloatArray) -> int:
    """Fewest people on any side: of the outcome for a number, of the 2 x 2 table for a 0/1 column."""
    if set(np.unique(x)) <= {0.0, 1.0}:
        return int(min(((x == a) & (y == b)).sum() for a in (0, 1) for b in (0, 1)))
    return int(min((y == 0).sum(), (y == 1).sum()))
