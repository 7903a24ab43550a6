"""What in study.yaml points to nothing, or contradicts itself?

The schema says what each key may hold; this module says whether the names in it exist and whether the decisions
go together, so that nothing of it surfaces in the middle of an analysis.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis_lib.errors import Finding, Level, characters_allowed, did_you_mean, value_class
from analysis_lib.file_names import same_everywhere, why_not_everywhere
from analysis_lib.readers.delimited import ENCODINGS, SEPARATORS
from analysis_lib.schema import TABLES, Column, TableSchema, checklist_items, table_schema
from analysis_lib.yamlfile import Place, YamlText, shown_place

if TYPE_CHECKING:
    from analysis_lib.study import Covariate, DropoutDefinition, RawColumns, Study, TerminationModelPlan

# The group that stands for everybody in every table, and the columns that freezing a wave derives.
EVERYBODY = "all"
# What `themewave new` puts where a text of the team's own belongs.
TEMPLATE = {"title": "Title of the report", "setting": "Where the therapies took place"}
DERIVED = ("outcome_group", "why_no_group", "agreed", "has_material", "analysed")

Report = Callable[..., Finding]


def study_problems(study: Study, text: YamlText) -> Iterator[Finding]:
    """Everything in study.yaml that the schema alone cannot see.

    Parameters
    ----------
    study
        The study as far as it could be read; a codebook without themes is one that could not.
    text
        study.yaml, for the lines.
    """

    def at(
        code: str, place: Place, what: str, fix: str, allowed: str | None = None, level: Level = "stop"
    ) -> Finding:
        return Finding(
            level, code, "study.yaml", what, fix, text.line(*place), shown_place(place), None, allowed
        )

    schema = study.table("participants")
    yield from _outcome_problems(study, schema, at)
    for definition in study.dropout_definitions:
        yield from _definition_problems(definition, study, schema, at)
    for i, plan in enumerate(study.termination_models):
        yield from _plan_problems(i, plan, study, schema, at)
    yield from _strata_problems(study, schema, at)
    yield from _column_problems(study.columns, at)
    yield from _manuscript_problems(study, at)
    yield from _contradictions(study, at)
    yield from _words_of_the_template(study, at)
    yield from _folder_problems(study, at)


def _outcome_problems(study: Study, schema: TableSchema, at: Report) -> Iterator[Finding]:
    outcome, groups = study.outcome, study.outcome.groups
    listed = ", ".join(groups)
    if EVERYBODY in groups:
        what = f'"{EVERYBODY}" stands for everybody in every table and cannot name a group.'
        yield at("S02", ("outcome", "groups"), what, "Give the group another name.")
    named: list[tuple[str, Place]] = [(outcome.reference, ("outcome", "reference"))]
    named += [(group, ("outcome", "labels", group)) for group in outcome.labels]
    named += [(group, ("outcome", "favourable", i)) for i, group in enumerate(outcome.favourable or ())]
    named += [(rule.group, ("outcome", "from", i, "group")) for i, rule in enumerate(outcome.rules)]
    for group, place in named:
        if group not in groups:
            what, fix = "this is not one of the groups.", f"Name one of them.{did_you_mean(group, groups)}"
            yield at("S02", place, what, fix, listed)
    for i, rule in enumerate(outcome.rules):
        if not rule.when:
            what = "a rule without a condition would give its group to everybody."
            yield at("S03", ("outcome", "from", i, "when"), what, "Say what must hold, or remove the rule.")
        for column, values in rule.when:
            here: Place = ("outcome", "from", i, "when", column)
            yield from _condition_problems(here, column, values, study, schema, at)
    unreached = [group for group in groups if group not in {rule.group for rule in outcome.rules}]
    if outcome.rules and unreached:
        what = f"no rule leads to {' or '.join(unreached)}."
        fix = "Add a rule, or remove the group."
        yield at("S11", ("outcome", "from"), what, fix, level="warn")


def _condition_problems(
    place: Place, column: str, values: tuple[str, ...], study: Study, schema: TableSchema, at: Report
) -> Iterator[Finding]:
    """A column that exists and can be compared with words, and words that it can hold."""
    definitions = tuple(definition.name for definition in study.dropout_definitions)
    if column != "dropout" and column not in schema:
        fix = f"Name a participants column or `dropout`.{did_you_mean(column, schema.names)}"
        yield at("S12", place, "participants has no such column.", fix)
        return
    if column != "dropout" and schema[column].type not in ("string", "boolean"):
        what, fix = "a number or a date is no condition.", "Derive a column with words and name that."
        yield at("S12", place, what, fix)
        return
    known = definitions if column == "dropout" else _words(schema[column])
    allowed = ", ".join(known) or None
    if not values:
        yield at("S12", place, "there is no value that must hold.", "Name at least one.", allowed)
    for value in values:
        if (known or column == "dropout") and value not in known:
            what = f"{value_class(value)} stands where a {_kind_of(column)} belongs."
            yield at("S12", place, what, f"Correct it.{did_you_mean(value, known)}", allowed)


def _kind_of(column: str) -> str:
    return "dropout definition" if column == "dropout" else f"value of {column}"


def _words(column: Column) -> tuple[str, ...]:
    """The words that a column can hold; none where it may hold any."""
    return ("yes", "no") if column.type == "boolean" else column.levels


def _definition_problems(
    definition: DropoutDefinition, study: Study, schema: TableSchema, at: Report
) -> Iterator[Finding]:
    place: Place = ("dropout_definitions", definition.name)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", definition.name):
        what, fix = "the name of a dropout definition becomes a column name.", "Give it a short plain name."
        yield at("S04", place, what, fix, characters_allowed("[A-Za-z0-9_-]{1,32}"))
    given = [
        definition.termination_type,
        definition.sessions_attended_below,
        definition.share_of_plan_below,
        definition.column,
    ]
    if sum(rule is not None for rule in given) != 1 or (definition.values and definition.column is None):
        what = "a definition holds exactly one rule."
        allowed = "termination_type, sessions_attended_below, share_of_plan_below, or column with values"
        yield at("S04", place, what, "Give each rule a name of its own.", allowed)
        return
    if definition.column in _reserved(study):
        what = "this column is derived or an id."
        yield at("S04", (*place, "column"), what, "Name the column that holds the answer, or rename it.")
    elif definition.column is not None:
        here: Place = (*place, "values")
        yield from _condition_problems(here, definition.column, definition.values, study, schema, at)
    if definition.termination_type is not None:
        here = (*place, "termination_type")
        ways = definition.termination_type
        yield from _condition_problems(here, "termination_type", ways, study, schema, at)


def _reserved(study: Study) -> set[str]:
    """Participants columns that are ids of rows or derived, and so are neither covariates nor dropout flags."""
    flags = {f"dropout_{definition.name}" for definition in study.dropout_definitions}
    return {"participant_id", "wave", *DERIVED} | flags


def _plan_problems(
    i: int, plan: TerminationModelPlan, study: Study, schema: TableSchema, at: Report
) -> Iterator[Finding]:
    place: Place = ("termination_models", i)
    definitions = [definition.name for definition in study.dropout_definitions]
    if plan.name in [other.name for other in study.termination_models[:i]]:
        yield at("S05", (*place, "name"), "another model has this name.", "Give each model its own name.")
    if plan.event not in definitions:
        fix = f"Name a dropout definition.{did_you_mean(plan.event, definitions)}"
        what = "the event is not a dropout definition."
        yield at("S05", (*place, "event"), what, fix, ", ".join(definitions) or None)
    for j, theme in enumerate(plan.themes):
        here: Place = (*place, "themes", j)
        if not study.codebook.themes:
            continue  # the codebook could not be read
        if theme not in study.codebook:
            fix = f"Add it to the codebook or correct it.{did_you_mean(theme, study.codebook.ids)}"
            yield at("S05", here, "this theme is not in the codebook.", fix)
        elif set(study.codebook.ancestors(theme)) & set(plan.themes):
            what = "this theme and one above it are both in the model."
            yield at("S05", here, what, "Keep one: the upper theme contains the lower one.")
    for covariate in plan.covariates:
        yield from _covariate_problems((*place, "covariates", covariate.column), covariate, study, at)
    if plan.cluster is not None and plan.cluster not in schema:
        fix = f"Name a participants column.{did_you_mean(plan.cluster, schema.names)}"
        yield at("S06", (*place, "cluster"), "the cluster is not a participants column.", fix)


def _covariate_problems(place: Place, covariate: Covariate, study: Study, at: Report) -> Iterator[Finding]:
    if covariate.column in _reserved(study) or covariate.column in study.codebook:
        what = "this column is derived, an id or a theme, so it is no covariate."
        yield at("S06", place, what, "Name another column; themes stand under `themes`.")
        return
    first = next(known for known in study.covariates if known.column == covariate.column)
    if (first.type, first.levels) != (covariate.type, covariate.levels):
        what = "an earlier model declares this covariate with another type or other levels."
        yield at("S06", place, what, "Declare it alike in all models.")
    known = next((column for column in table_schema("participants") if column.name == covariate.column), None)
    if covariate.type == "number":
        if covariate.levels or covariate.reference:
            what, fix = "a number has no levels and no reference.", "Remove them, or use `type: category`."
            yield at("S06", place, what, fix)
        if known is not None and known.type not in ("integer", "number"):
            what, fix = "this column holds no numbers.", "Use `type: category` and list its levels in order."
            yield at("S06", place, what, fix)
        return
    if len(covariate.levels) < 2:
        allowed = ", ".join(_words(known)) if known else None
        yield at("S06", place, "a category needs its levels.", "List at least two in order.", allowed)
        return
    for j, level in enumerate(covariate.levels if known else ()):
        if known and _words(known) and level not in _words(known):
            what = f"{value_class(level)} is not a level of this column."
            fix = f"Correct it.{did_you_mean(level, _words(known))}"
            yield at("S06", (*place, "levels", j), what, fix, ", ".join(_words(known)))
    if covariate.reference not in covariate.levels:
        what, fix = "the reference is not one of the levels.", "Name one of them."
        yield at("S06", (*place, "reference"), what, fix, ", ".join(covariate.levels))


def _strata_problems(study: Study, schema: TableSchema, at: Report) -> Iterator[Finding]:
    """Strata are participants columns of words that do not make the outcome itself."""
    decides = {column for rule in study.outcome.rules for column, _ in rule.when}
    for i, column in enumerate(study.strata):
        place: Place = ("strata", i)
        if column in _reserved(study) | decides:
            what = "this column is an id, derived, or decides about the outcome group, so it makes no strata."
            yield at("S13", place, what, "Name a column such as site_id, or remove it.")
        elif column not in schema:
            fix = f"Name a participants column.{did_you_mean(column, schema.names)}"
            yield at("S13", place, "participants has no such column.", fix)
        elif schema[column].type not in ("string", "boolean"):
            what, fix = "a number or a date makes no strata.", "Derive a column with words and name that."
            yield at("S13", place, what, fix)


def _column_problems(columns: RawColumns, at: Report) -> Iterator[Finding]:
    """Raw names and values are mapped to columns that exist; files are read in ways that exist."""
    every = {name: table_schema(name).names for name in TABLES}
    anywhere = list(dict.fromkeys(name for names in every.values() for name in names))
    targets: list[tuple[Place, str, Sequence[str]]] = [
        (("columns", raw), name, anywhere) for raw, name in columns.names.items()
    ]
    targets += [
        (("columns", table, raw), name, every[table])
        for table, names in columns.names_in.items()
        for raw, name in names.items()
    ]
    targets += [(("columns", "values", name), name, anywhere) for name in columns.values]
    for place, name, known in targets:
        if name not in known:
            what = "this leads to a column that no table has."
            yield at("S09", place, what, f"Correct the canonical name.{did_you_mean(name, known)}")
    if columns.separator is not None and columns.separator not in SEPARATORS:
        what, fix = "values cannot be separated in this way.", "Name one of the separators, or leave it out."
        yield at("S09", ("columns", "separator"), what, fix, ", ".join(SEPARATORS.values()))
    if columns.encoding is not None and columns.encoding.casefold() not in ENCODINGS:
        what = "text is not read in this encoding."
        fix = f"Name one of them, or leave it out.{did_you_mean(columns.encoding, ENCODINGS)}"
        yield at("S09", ("columns", "encoding"), what, fix, ", ".join(ENCODINGS))


def _manuscript_problems(study: Study, at: Report) -> Iterator[Finding]:
    """Items of checklists that no checklist has; read only where the manuscript answers any."""
    named = study.reporting.get("manuscript", {})
    known = checklist_items() if named else ()
    for name in named:
        if name not in known:
            fix = f"Write the checklist and the number as the report has them.{did_you_mean(name, known)}"
            place: Place = ("reporting", "manuscript", name)
            yield at("S14", place, "no checklist has such an item, so it is not counted.", fix, level="warn")


def _contradictions(study: Study, at: Report) -> Iterator[Finding]:
    if study.privacy.counts == "exact" and not study.privacy.reason.strip() and not study.synthetic:
        what = "exact counts leave only with a written reason."
        yield at("S07", ("privacy", "reason"), what, "Write why, or use `counts: midpoint6`.")
    if study.privacy.quotes == "consented" and not study.privacy.reason.strip():
        what = "quotes without a review of their exact words leave only with a written reason."
        yield at("S07", ("privacy", "reason"), what, "Write why, or use `quotes: reviewed`.")
    if study.claim == "prediction" and study.theme_timing == "after_outcome":
        what = "accounts given after the outcome cannot predict it."
        yield at("S08", ("claim",), what, "Use `claim: association`, or correct theme_timing.")
    if study.pseudonym_key is not None and not _outside(study.pseudonym_key, study.folder):
        what = "the key of the pseudonyms must lie outside the study folder, under a full path."
        fix = "Name such a file, or leave the line out to keep it in your configuration folder."
        yield at(
            "S10", ("pseudonym_key",), what, fix, "a path that starts with / or ~, or with a drive on Windows"
        )


def _words_of_the_template(study: Study, at: Report) -> Iterator[Finding]:
    """Texts that were left as `themewave new` wrote them; they would stand on the cover."""
    for key, words in TEMPLATE.items():
        if getattr(study, key) == words:
            what = "this is still what `themewave new` wrote, and it would stand on the cover of the report."
            yield at("S15", (key,), what, "Write your own words here.", level="warn")


def _folder_problems(study: Study, at: Report) -> Iterator[Finding]:
    """Names of folders that not every machine can have, or can tell apart."""
    named: list[tuple[str, Place]] = [(study.name, ("study",))]
    named += [(wave, ("waves", i)) for i, wave in enumerate(study.waves)]
    for name, place in named:
        if reason := why_not_everywhere(name):
            what = f"no folder on Windows can have this name: {reason}."
            yield at("S16", place, what, "Give it another name, and its folder too.")
    for one, other in same_everywhere(study.waves):
        what = f"{one} and {other} are one folder on Windows and macOS."
        yield at("S17", ("waves", study.waves.index(other)), what, "Give one of them another name.")


def _outside(path: str, folder: Path) -> bool:
    try:
        full = Path(path).expanduser()
        return full.is_absolute() and not full.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # no such user, a loop of links, a NUL
        return False
