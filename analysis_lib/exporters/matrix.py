"""Who has which theme, for another program: one row per participant.

The participant x theme matrix as it was counted, with what the main table needs to be made again elsewhere: outcome
group, who is in its base, dropout flags, and the covariates that study.yaml declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from analysis_lib.exporters.data_set import DataSet, Variable, typed
from analysis_lib.exporters.variable_names import legal_names
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.study import Covariate, Study

ID, GROUP, IN_BASE = "participant_id", "outcome_group", "in_base"
MENTIONED = (("0", "not mentioned"), ("1", "mentioned"))
_YES_NO = (("0", "no"), ("1", "yes"))


def participant_matrix(
    themes: ThemeMatrix,
    in_base: pd.Series,
    *,
    ids: Mapping[str, str] | None = None,
    covariates: bool = True,
    notes: Iterable[str] = (),
) -> DataSet:
    """One row per participant with codable material.

    Parameters
    ----------
    themes
        Those people who are to be in it, in the order of the rows.
    in_base
        Whether each of them is counted in the main table; see :func:`analysis_lib.crosstab.in_base`.
    ids
        participant_id -> what stands in its place; None for the ids themselves.
    covariates
        Whether the covariates of study.yaml stand beside the themes.
    notes
        Sentences that travel with the file.

    Returns
    -------
    DataSet
        ``participant_id``, ``outcome_group`` (ordered), ``in_base``, ``dropout_<definition>``, covariates, and one
        variable per theme: 1 mentioned, 0 not mentioned, empty where it could not be coded.

    Examples
    --------
    >>> import analysis_lib as al
    >>> from analysis_lib.crosstab import in_base
    >>> matrix = al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024b"))
    >>> participant_matrix(matrix, in_base(matrix)).frame.iloc[0, :2].tolist()
    ['P301', 'unhelpful']
    """
    study, people = themes.wave.study, themes.wave.participants.loc[themes.values.index]
    shown = themes.values.index.to_series()
    groups = tuple((group, study.outcome.label(group)) for group in study.outcome.groups)
    who = Variable(ID, "Participant", "text", source="pseudonym")
    group = Variable(
        GROUP, "Outcome group", "ordered", groups, "no rule of the study gives a group", "study.yaml"
    )
    counted = Variable(IN_BASE, "Counted in the main table", "binary", _YES_NO, source="study.yaml, base")
    columns = [
        (who, shown if ids is None else shown.map(ids)),
        (group, themes.groups),
        (counted, in_base),
        *_others(study, people, covariates=covariates),
    ]
    names = legal_names(themes.themes, taken=[variable.name for variable, _ in columns])
    uncoded = "not codable: no material, or nobody was asked to code it"
    for theme in themes.themes:
        label = study.codebook[theme].label
        made = Variable(names[theme], label, "binary", MENTIONED, uncoded, f"theme {theme}")
        columns.append((made, themes.values[theme]))
    frame = pd.DataFrame({made.name: typed(values, made) for made, values in columns})
    title = f"{study.title}, wave {themes.wave.id}: participants by themes"
    synthetic = ("SYNTHETIC: no person stands behind any row.",) if study.synthetic else ()
    return DataSet(
        frame.reset_index(drop=True), tuple(made for made, _ in columns), title, (*synthetic, *notes)
    )


def _others(study: Study, people: pd.DataFrame, *, covariates: bool) -> list[tuple[Variable, pd.Series]]:
    """Dropout flags, and the covariates of study.yaml."""
    flags = {f"dropout_{each.name}": each for each in study.dropout_definitions}
    declared = {each.column: each for each in study.covariates} if covariates else {}
    names = legal_names(list(dict.fromkeys([*flags, *declared])), taken=(ID, GROUP, IN_BASE))
    unsaid = "cannot be said: still in therapy, deceased, or not recorded"
    found = []
    for column, definition in flags.items():
        label = f"Dropped out ({definition.name}): {definition.in_words}"
        source = f"study.yaml, dropout_definitions, {definition.name}"
        found.append((Variable(names[column], label, "binary", _YES_NO, unsaid, source), people[column]))
    for column, covariate in declared.items():
        if column not in flags:
            found.append(_covariate(study, people, covariate, names[column]))
    return found


def _covariate(
    study: Study, people: pd.DataFrame, covariate: Covariate, name: str
) -> tuple[Variable, pd.Series]:
    column = study.table("participants")[covariate.column]
    label = f"{column.title} ({column.unit})" if column.unit else column.title
    values = people[covariate.column] if covariate.column in people else pd.Series(pd.NA, index=people.index)
    source = f"participants, {covariate.column}"
    if covariate.type == "number":
        return Variable(name, label, "number", (), "not recorded", source), values
    if values.dtype == "boolean":
        values = values.map({True: "yes", False: "no"}, na_action="ignore")
    levels = covariate.levels or tuple(sorted(map(str, values.dropna().unique())))
    shown = tuple((level, column.level_label(level)) for level in levels)
    return Variable(name, label, "category", shown, "not recorded", source), values
