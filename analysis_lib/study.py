"""What did the team decide before looking at the outcome?

``study.yaml`` holds the decisions, ``data_schema/study.schema.yaml`` says what each may be, and this module
gives them types. Nothing here reads a participant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from analysis_lib.codebook import Codebook, load_codebook
from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.schema import DATA_SCHEMA, TABLES, Column, TableSchema, table_schema
from analysis_lib.yamlfile import read_yaml

CountsRule = Literal["exact", "midpoint6", "suppress7_round5", "exact_audited"]


@dataclass(frozen=True)
class OutcomeRule:
    """One rule of ``outcome.from``: all of ``when`` must hold for the group to be given."""

    group: str
    when: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Outcome:
    """The outcome groups, in the order of every table, and how they are derived.

    Parameters
    ----------
    rules
        The first that applies decides; empty where participants carry ``outcome_group``.
    """

    groups: tuple[str, ...]
    reference: str
    labels: dict[str, str]
    rules: tuple[OutcomeRule, ...]

    def label(self, group: str) -> str:
        """Label of a group in tables: the declared one, else its name with spaces."""
        return self.labels.get(group, group.replace("_", " ").strip().capitalize())


@dataclass(frozen=True)
class DropoutDefinition:
    """One way of saying who dropped out; exactly one kind of rule is given, the others are None."""

    name: str
    termination_type: tuple[str, ...] | None = None
    sessions_attended_below: int | None = None
    share_of_plan_below: float | None = None
    column: str | None = None
    values: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """The rule as a phrase for a table."""
        if self.termination_type is not None:
            return "ended as " + " or ".join(kind.replace("_", " ") for kind in self.termination_type)
        if self.sessions_attended_below is not None:
            return f"fewer than {self.sessions_attended_below} sessions attended"
        if self.share_of_plan_below is not None:
            return f"less than {self.share_of_plan_below:.0%} of the planned sessions attended"
        return f"{self.column} is {' or '.join(self.values)}"


@dataclass(frozen=True)
class Covariate:
    """A covariate of a termination model, with the reason it is there.

    Parameters
    ----------
    per
        The odds ratio is for this many units of a number.
    levels, reference
        Ordered levels of a category and the one the others are compared with; empty and None for a number.
    """

    column: str
    type: Literal["number", "category"]
    why: str
    unit: str = ""
    per: float = 1.0
    levels: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True)
class TerminationModelPlan:
    """A termination model as stated in study.yaml."""

    name: str
    event: str
    themes: tuple[str, ...]
    covariates: tuple[Covariate, ...]
    cluster: str | None


@dataclass(frozen=True)
class Privacy:
    """What may leave; see ``data_schema/study.schema.yaml``."""

    counts: CountsRule
    reason: str
    minimum_count: int
    quotes: Literal["reviewed", "consented"]


@dataclass(frozen=True)
class RawColumns:
    """How raw files are read: names, values, missing codes, decimal mark, separator and encoding."""

    names: dict[str, str]
    names_in: dict[str, dict[str, str]]
    values: dict[str, dict[str, str]]
    missing: tuple[str, ...]
    decimal_mark: str
    separator: str | None
    encoding: str | None


@dataclass(frozen=True)
class Study:
    """The decisions of a study and its codebook; ``folder`` is where it lives."""

    folder: Path
    name: str
    title: str
    synthetic: bool
    design: str
    setting: str
    tradition: str
    theme_timing: Literal["before_outcome", "after_outcome"]
    coders_blind_to_outcome: bool
    claim: Literal["association", "prediction"]
    repeated: Literal["independent", "panel"]
    waves: tuple[str, ...]
    planned_looks: int
    unit: str
    base: Literal["all_with_material", "any_theme"]
    outcome: Outcome
    dropout_definitions: tuple[DropoutDefinition, ...]
    termination_models: tuple[TerminationModelPlan, ...]
    smallest_difference: float
    alpha: float
    multiplicity: Literal["minp", "holm", "bh"]
    seed: int
    n_permutations: dict[str, int]
    sensitivity: dict[str, Any]
    privacy: Privacy
    pseudonym_key: str | None
    columns: RawColumns
    codebook: Codebook

    def dropout(self, name: str) -> DropoutDefinition:
        """The dropout definition of that name."""
        return next(definition for definition in self.dropout_definitions if definition.name == name)

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """Every covariate that a termination model declares, each once."""
        found: dict[str, Covariate] = {}
        for plan in self.termination_models:
            for covariate in plan.covariates:
                found.setdefault(covariate.column, covariate)
        return tuple(found.values())

    def table(self, name: str) -> TableSchema:
        """The contract of a table with what this study declares: levels of groups and covariates."""
        schema = table_schema(name)
        if name != "participants":
            return schema
        group = schema["outcome_group"]
        declared = [
            Column(group.name, group.type, group.title, group.description, levels=self.outcome.groups)
        ]
        for covariate in self.covariates:
            known = next((column for column in schema if column.name == covariate.column), None)
            declared.append(
                Column(
                    name=covariate.column,
                    type="number" if covariate.type == "number" else "string",
                    title=known.title if known else covariate.column.replace("_", " ").capitalize(),
                    description=known.description if known else covariate.why,
                    unit=covariate.unit or (known.unit if known else ""),
                    levels=covariate.levels or (known.levels if known else ()),
                    level_labels=known.level_labels if known else (),
                    minimum=known.minimum if known else None,
                    maximum=known.maximum if known else None,
                )
            )
        for definition in self.dropout_definitions:
            if definition.column and definition.column not in schema:
                title = definition.column.replace("_", " ").capitalize()
                declared.append(Column(definition.column, "string", title, definition.in_words))
        return schema.with_columns(*declared)


@dataclass(frozen=True)
class WaveFacts:
    """The content of a wave.yaml."""

    opened: date
    closed: date
    data_cut: date
    codebook_version: str
    look: int
    n_invited: int | None
    n_declined: int | None
    weights: str | None
    sources: tuple[dict[str, str], ...]


def load_study(folder: str | Path) -> Study:
    """Read study.yaml and the codebook.

    Parameters
    ----------
    folder
        The study folder.

    Raises
    ------
    StudyError
        With every problem of both files.

    Examples
    --------
    >>> from analysis_lib.schema import EXAMPLE_STUDY
    >>> load_study(EXAMPLE_STUDY).outcome.groups
    ('helpful', 'unhelpful', 'mixed', 'dropped_out')
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        fix = "Give the path of a study folder, or make one with `themewave new DIR`."
        raise StudyError(Finding("stop", "S01", "study", "there is no such folder.", fix))
    findings: list[Finding] = []
    raw: dict[str, Any] = {}
    codebook = Codebook("1", ())
    try:
        raw = read_yaml(folder / "study.yaml", DATA_SCHEMA / "study.schema.yaml", shown_as="study.yaml")
    except StudyError as error:
        findings += error.findings
    try:
        codebook = load_codebook(folder)
    except StudyError as error:
        findings += error.findings
    if findings:
        raise StudyError(findings)
    study = _study(folder, raw, codebook)
    findings = _problems(study)
    if findings:
        raise StudyError(findings)
    return study


def load_wave_facts(folder: Path, wave: str) -> WaveFacts:
    """Read waves/<wave>/wave.yaml.

    Raises
    ------
    StudyError
        With every problem of the file.
    """
    shown_as = f"waves/{wave}/wave.yaml"
    raw = read_yaml(folder / shown_as, DATA_SCHEMA / "wave.schema.yaml", shown_as=shown_as)
    return WaveFacts(
        opened=raw["opened"],
        closed=raw["closed"],
        data_cut=raw["data_cut"],
        codebook_version=raw["codebook_version"],
        look=raw["look"],
        n_invited=raw.get("n_invited"),
        n_declined=raw.get("n_declined"),
        weights=raw.get("weights"),
        sources=tuple(raw["sources"]),
    )


def _study(folder: Path, raw: dict[str, Any], codebook: Codebook) -> Study:
    same = (
        "title", "synthetic", "design", "setting", "tradition", "theme_timing", "coders_blind_to_outcome",
        "claim", "repeated", "planned_looks", "unit", "base", "smallest_difference", "alpha", "multiplicity",
        "seed", "n_permutations", "sensitivity",
    )  # fmt: skip
    columns = raw["columns"]
    outcome = raw["outcome"]
    reserved = {"values", "missing", "decimal_mark", "separator", "encoding", *TABLES}
    return Study(
        folder=folder,
        name=raw["study"],
        waves=tuple(raw["waves"]),
        outcome=Outcome(
            groups=tuple(outcome["groups"]),
            reference=outcome["reference"],
            labels=outcome["labels"],
            rules=tuple(
                OutcomeRule(
                    rule["group"], tuple((key, _listed(value)) for key, value in rule["when"].items())
                )
                for rule in outcome["from"]
            ),
        ),
        dropout_definitions=tuple(
            DropoutDefinition(
                name,
                termination_type=_listed(rule["termination_type"]) if "termination_type" in rule else None,
                sessions_attended_below=rule.get("sessions_attended_below"),
                share_of_plan_below=rule.get("share_of_plan_below"),
                column=rule.get("column"),
                values=tuple(rule.get("values", ())),
            )
            for name, rule in raw["dropout_definitions"].items()
        ),
        termination_models=tuple(map(_plan, raw["termination_models"])),
        privacy=Privacy(**raw["privacy"]),
        pseudonym_key=raw.get("pseudonym_key"),
        columns=RawColumns(
            names={key: value for key, value in columns.items() if key not in reserved},
            names_in={name: columns.get(name, {}) for name in TABLES},
            values=columns["values"],
            missing=tuple(columns["missing"]),
            decimal_mark=columns["decimal_mark"],
            separator=columns.get("separator"),
            encoding=columns.get("encoding"),
        ),
        codebook=codebook,
        **{key: raw[key] for key in same},
    )


def _plan(raw: dict[str, Any]) -> TerminationModelPlan:
    return TerminationModelPlan(
        name=raw["name"],
        event=raw["event"],
        themes=tuple(raw["themes"]),
        covariates=tuple(
            Covariate(
                column,
                rule["type"],
                rule["why"],
                rule["unit"],
                rule["per"],
                tuple(rule["levels"]),
                rule.get("reference", rule["levels"][0] if rule["levels"] else None),
            )
            for column, rule in raw["covariates"].items()
        ),
        cluster=raw.get("cluster"),
    )


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _stop(code: str, column: str, what: str, fix: str, allowed: str | None = None) -> Finding:
    return Finding("stop", code, "study.yaml", what, fix, None, column, None, allowed)


def _problems(study: Study) -> list[Finding]:
    """What the schema alone cannot see: names that point to nothing and decisions that contradict."""
    found: list[Finding] = []
    groups, definitions = study.outcome.groups, [d.name for d in study.dropout_definitions]
    listed = ", ".join(groups)
    if study.outcome.reference not in groups:
        fix = f"Name one of the groups.{did_you_mean(study.outcome.reference, groups)}"
        found.append(
            _stop("S02", "outcome.reference", "the reference is not one of the groups.", fix, listed)
        )
    schema = study.table("participants")
    for rule in study.outcome.rules:
        if rule.group not in groups:
            fix = f"Name one of the groups.{did_you_mean(rule.group, groups)}"
            found.append(
                _stop("S02", "outcome.from", "a rule gives a group that is not listed.", fix, listed)
            )
        for column, values in rule.when:
            found += _rule_problems(column, values, schema, definitions)
    for definition in study.dropout_definitions:
        found += _definition_problems(definition, schema)
    for plan in study.termination_models:
        found += _plan_problems(plan, study, schema, definitions)
    if study.privacy.counts == "exact" and not study.privacy.reason and not study.synthetic:
        what = "exact counts leave only with a written reason."
        found.append(_stop("S07", "privacy.reason", what, "Write why, or use `counts: midpoint6`."))
    if study.privacy.quotes == "consented" and not study.privacy.reason:
        what = "quotes without a review of their exact words leave only with a written reason."
        found.append(_stop("S07", "privacy.reason", what, "Write why, or use `quotes: reviewed`."))
    if study.claim == "prediction" and study.theme_timing == "after_outcome":
        what = "accounts given after the outcome cannot predict it."
        found.append(_stop("S08", "claim", what, "Use `claim: association`, or correct theme_timing."))
    return found


def _rule_problems(
    column: str, values: tuple[str, ...], schema: TableSchema, definitions: list[str]
) -> list[Finding]:
    if column == "dropout":
        known: tuple[str, ...] = tuple(definitions)
    elif column in schema:
        known = schema[column].levels
    else:
        fix = f"Use a participants column or `dropout`.{did_you_mean(column, schema.names)}"
        return [_stop("S03", "outcome.from", f'a rule asks for the column "{column}".', fix)]
    wrong = [value for value in values if known and value not in known]
    where = f"outcome.from.{column}"
    return [
        _stop("S03", where, f'"{value}" is not a value of {column}.',
              f"Correct it.{did_you_mean(value, known)}", ", ".join(known))
        for value in wrong
    ]  # fmt: skip


def _definition_problems(definition: DropoutDefinition, schema: TableSchema) -> list[Finding]:
    where = f"dropout_definitions.{definition.name}"
    given = [
        definition.termination_type,
        definition.sessions_attended_below,
        definition.share_of_plan_below,
        definition.column,
    ]
    if sum(rule is not None for rule in given) != 1:
        what = "a definition holds exactly one rule."
        allowed = "termination_type, sessions_attended_below, share_of_plan_below, or column with values"
        return [_stop("S04", where, what, "Give each rule a name of its own.", allowed)]
    if definition.column and not definition.values:
        return [_stop("S04", where, "`column` needs `values`.", "List the values that mean dropping out.")]
    levels = schema["termination_type"].levels
    return [
        _stop("S04", where, f'"{kind}" is not a way of ending.',
              f"Correct it.{did_you_mean(kind, levels)}", ", ".join(levels))
        for kind in definition.termination_type or () if kind not in levels
    ]  # fmt: skip


def _plan_problems(
    plan: TerminationModelPlan, study: Study, schema: TableSchema, definitions: list[str]
) -> list[Finding]:
    where = f"termination_models.{plan.name}"
    found = []
    if plan.event not in definitions:
        fix = f"Name a dropout definition.{did_you_mean(plan.event, definitions)}"
        what = "the event is not a dropout definition."
        found.append(_stop("S05", where, what, fix, ", ".join(definitions)))
    for theme in plan.themes:
        if theme not in study.codebook:
            fix = f"Add it to the codebook or correct it.{did_you_mean(theme, study.codebook.ids)}"
            found.append(_stop("S05", where, f'the theme "{theme}" is not in the codebook.', fix))
        elif set(study.codebook.ancestors(theme)) & set(plan.themes):
            what = f'"{theme}" and a theme above it are both in the model.'
            found.append(_stop("S05", where, what, "Keep one: the upper theme contains the lower one."))
    for covariate in plan.covariates:
        if covariate.type == "category" and len(covariate.levels) < 2:
            what = f'the category "{covariate.column}" needs its levels.'
            found.append(_stop("S06", where, what, "List at least two levels in order."))
        elif covariate.type == "category" and covariate.reference not in covariate.levels:
            what = f'the reference of "{covariate.column}" is not one of its levels.'
            found.append(_stop("S06", where, what, "Name one of them.", ", ".join(covariate.levels)))
    if plan.cluster is not None and plan.cluster not in schema:
        fix = f"Name a participants column.{did_you_mean(plan.cluster, schema.names)}"
        found.append(_stop("S06", where, "the cluster is not a participants column.", fix))
    return found
