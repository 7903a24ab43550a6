"""How far does the odds ratio of a theme move when covariates are added block by block?

Each stated model grows from the theme alone over all its themes to demographic, clinical and service covariates, in
this order and whatever the estimates say; the people are those of the full model at every step. Nothing is selected
and nothing is tested: the steps show what an adjusted odds ratio is adjusted for.

References: the NHS cohort on attrition in PMC10235648, table 3, as a model of reporting; Firth 1993, Biometrika 80,
27-38; Greenland, Robins & Pearl 1999, Stat Sci 14, 29-46, on odds ratios that move without confounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelError
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.readable import Readable
from analysis_lib.stats.firth import firth_logistic
from analysis_lib.study import TerminationModelPlan
from analysis_lib.termination import REFLEXIVE, TerminationModels
from analysis_lib.termination_design import ModelData, Record, Term, model_data

CRUDE, THEMES = "crude", "themes"
COVARIATES = ("demographic", "clinical", "service", "other")
STEPS = (CRUDE, THEMES, *COVARIATES)
_NO_THEME = "no theme of the model was coded for in this wave"


@dataclass(frozen=True, repr=False)
class NestedBlocks(Readable):
    """Odds ratios of the themes of each stated model, one step of adjustment after the other.

    Parameters
    ----------
    table
        ``model, event, block, added, term, term_label, level, odds_ratio, conf_low, conf_high, p_value, n_used,
        n_events, n_parameters, smallest_cell, separated, reason``, themes only. ``block`` is the last one added, of
        :data:`STEPS`; ``added`` names what it brings.
    steps
        What stands behind them: ``model, event, block, added, n_used, n_events, n_parameters, reason``, the reason why
        the step has no estimate at all. A model that has no theme has one row, without a block.
    reason
        Why there is nothing at all; None where there is something.
    """

    matrix: ThemeMatrix
    table: pd.DataFrame
    steps: pd.DataFrame
    reason: str | None


_TABLE = [
    "model", "event", "block", "added", "term", "term_label", "level", "odds_ratio", "conf_low", "conf_high",
    "p_value", "n_used", "n_events", "n_parameters", "smallest_cell", "separated", "reason",
]  # fmt: skip
_STEPS = ["model", "event", "block", "added", "n_used", "n_events", "n_parameters", "reason"]


def nested_blocks(models: TerminationModels) -> NestedBlocks:
    """Fit every stated model block by block, under its stated event.

    Parameters
    ----------
    models
        The termination models of a wave.

    Returns
    -------
    NestedBlocks
        A step that cannot be fitted has rows with a ``reason`` instead of numbers.

    Notes
    -----
    Firth's penalised likelihood with profile limits at every step, as in :func:`fit_termination`: the first step
    repeats its odds ratios of each term alone, the last those of all terms together. A block without covariates is
    no step. Penalised likelihoods of models of different size are not compared, since each has a penalty of its own.

    Examples
    --------
    >>> import analysis_lib as al
    >>> models = al.fit_termination(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> nested_blocks(models).table["block"].unique().tolist()
    ['crude', 'themes', 'demographic', 'clinical', 'service']
    """
    plans = () if models.reason == REFLEXIVE else models.matrix.wave.study.termination_models
    rows: list[Record] = []
    steps: list[Record] = []
    for plan in plans:
        found = _one_model(models.matrix, plan)
        rows += [row for row in found if row["block"]]
        steps += [_step(found, block) for block in dict.fromkeys(row["block"] for row in found)]
    reason = None
    if not plans:
        reason = models.reason
    elif not rows:
        reason = _NO_THEME
    return NestedBlocks(
        models.matrix,
        pd.DataFrame(rows, columns=_TABLE),
        pd.DataFrame(steps, columns=_STEPS),
        reason,
    )


def _one_model(matrix: ThemeMatrix, plan: TerminationModelPlan) -> list[Record]:
    """One row per theme and step, or a single one for a model that has no theme."""
    data = model_data(matrix, plan, plan.event)
    themes = tuple(term for term in data.terms if term.name in plan.themes)
    if not themes:
        people = {"n_used": len(data.y), "n_events": data.n_events, "n_parameters": len(data.cells)}
        return [data.key | people | {"block": "", "added": "", "reason": _NO_THEME}]
    rows = [row for theme in themes for row in _fitted(data, (theme,), (theme,), CRUDE, "")]
    entered = themes
    if len(themes) > 1:
        rows += _fitted(data, themes, entered, THEMES, "the other themes")
    block_of = {covariate.column: covariate.block for covariate in plan.covariates}
    for block in COVARIATES:
        joining = tuple(
            term for term in data.terms if term not in themes and block_of.get(term.name) == block
        )
        if joining:
            entered += joining
            rows += _fitted(data, themes, entered, block, ", ".join(term.label for term in joining))
    return rows


def _step(rows: list[Record], block: object) -> Record:
    """One step: what its rows share, and a reason only if none of them has an estimate."""
    here = [row for row in rows if row["block"] == block]
    return here[0] if not any("odds_ratio" in row for row in here) else here[0] | {"reason": None}


def _fitted(
    data: ModelData, themes: tuple[Term, ...], terms: tuple[Term, ...], block: str, added: str
) -> list[Record]:
    """One row per theme of a fit of these terms to the people of the full model."""
    names = [column for term in terms for column in term.columns]
    cells = {name: data.cells[name] for name in names}
    step = replace(data, terms=terms, X=data.X[names], cells=cells)
    reason = step.reason
    found: dict[str, Record] = {}
    separated: tuple[str, ...] = ()
    if reason is None:
        try:
            fit = firth_logistic(step.X.to_numpy(dtype=float), step.y, names=names)
            reason, separated = fit.reason, fit.separation_terms
            odds = np.exp([fit.coef, fit.conf_low, fit.conf_high]).T
            found = {
                name: {"odds_ratio": odds_ratio, "conf_low": low, "conf_high": high, "p_value": p_value}
                for name, (odds_ratio, low, high), p_value in zip(fit.names, odds, fit.p_value, strict=True)
                if np.isfinite(odds_ratio)
            }
        except ModelError as error:
            reason = str(error)
    return [
        data.key
        | {"block": block, "added": added, "term": theme.name, "term_label": theme.label}
        | {"level": level, "n_used": len(step.y), "n_events": step.n_events, "n_parameters": len(names)}
        | {"smallest_cell": data.cells[column], "separated": column in separated, "reason": reason}
        | found.get(column, {})
        for theme in themes
        for column, level in zip(theme.columns, theme.levels, strict=True)
    ]
