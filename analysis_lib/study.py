"""What did the team decide before looking at the outcome?

``study.yaml`` holds the decisions, ``data_schema/study.schema.yaml`` says what each may be, and this module
gives them types. Nothing here reads a participant.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from analysis_lib.codebook import Codebook, examine_codebook
from analysis_lib.errors import Finding, StudyError
from analysis_lib.file_names import composed
from analysis_lib.readable import Readable
from analysis_lib.readers.delimited import SEPARATORS
from analysis_lib.schema import DATA_SCHEMA, TABLES, Block, Column, TableSchema, table_schema
from analysis_lib.study_checks import DERIVED, study_problems
from analysis_lib.yamlfile import examine_yaml

CQR_SMALLEST_DIFFERENCE = 0.30  # where study.yaml names none: the convention of that tradition

CountsRule = Literal["exact", "midpoint6", "suppress7_round5", "exact_audited"]
Profile = Literal["coauthor", "internal", "public"]
PROFILES: tuple[str, ...] = get_args(Profile)
_WAVES = re.compile(rb"^waves:.*\n?(?:[ \t\-\]].*\n?)*", re.MULTILINE)


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
    favourable
        Groups whose therapy went well; None where study.yaml does not say.
    """

    groups: tuple[str, ...]
    reference: str
    labels: dict[str, str]
    rules: tuple[OutcomeRule, ...]
    favourable: tuple[str, ...] | None = None

    @property
    def went_well(self) -> tuple[str, ...]:
        """Groups whose therapy went well: the declared ones, else one that is called ``helpful``."""
        if self.favourable is not None:
            return self.favourable
        return tuple(group for group in self.groups if group == "helpful")

    def label(self, group: str) -> str:
        """Label of a group in tables: the declared one, else its name with spaces."""
        return self.labels.get(group, group.replace("_", " ").strip().capitalize())


# Ways of ending that the table's own word says less plainly.
_ENDED = {
    "completed_agreed": "as agreed",
    "patient_unilateral": "by the patient alone",
    "therapist_unilateral": "by the therapist alone",
    "mutual_early": "early by agreement",
    "referred_on": "by referral",
    "external": "for outside reasons",
}


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
            return "ended " + " or ".join(
                _ENDED.get(kind, f"as {kind.replace('_', ' ')}") for kind in self.termination_type
            )
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
    block
        Step at which it joins a model that grows block by block; other where neither study.yaml nor the contract says.
    """

    column: str
    type: Literal["number", "category"]
    why: str
    unit: str = ""
    per: float = 1.0
    levels: tuple[str, ...] = ()
    reference: str | None = None
    block: Block = "other"


@dataclass(frozen=True)
class TerminationModelPlan:
    """A termination model as stated in study.yaml."""

    name: str
    event: str
    themes: tuple[str, ...]
    covariates: tuple[Covariate, ...]
    cluster: str | None


@dataclass(frozen=True)
class FollowUp:
    """How long a therapy has to be observed before dropping out can be judged.

    Parameters
    ----------
    days
        From the start of therapy; None takes the sessions that a definition goes by times ``days_per_session``.
    late_starters
        Whether people who began too late are left out of termination models.
    """

    days: int | None = None
    days_per_session: float = 7.0
    late_starters: Literal["leave_out", "keep"] = "leave_out"


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


@dataclass(frozen=True, repr=False)
class Study(Readable):
    """The decisions of a study and its codebook.

    Parameters
    ----------
    folder
        Where it lives.
    findings
        Warnings and notes on study.yaml and the codebook; a study with a stop does not load.
    strata
        Participants columns inside which outcome labels are exchanged; empty for none.
    follow_up
        How long a therapy has to be observed before dropping out can be judged.
    reporting
        What checklists ask and no table holds, in the authors' words; nested as in study.yaml, empty for nothing.
    """

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
    findings: tuple[Finding, ...] = ()
    strata: tuple[str, ...] = ()
    reporting: dict[str, Any] = field(default_factory=dict)
    follow_up: FollowUp = field(default_factory=FollowUp)

    @property
    def foretells(self) -> bool:
        """Whether the study may speak of prediction: it claims it, and themes come from before the outcome."""
        return self.claim == "prediction" and self.theme_timing == "before_outcome"

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
            if covariate.column in ("participant_id", *DERIVED):
                continue  # a stop by itself; the tables are still checked by the contract
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
    """The content of a wave.yaml; ``lines`` says where each of its keys stands."""

    opened: date
    closed: date
    data_cut: date
    codebook_version: str
    look: int
    n_invited: int | None
    n_declined: int | None
    weights: str | None
    sources: tuple[dict[str, str], ...]
    lines: dict[str, int] = field(default_factory=dict)


def load_study(folder: str | Path) -> Study:
    """Read study.yaml and the codebook.

    Parameters
    ----------
    folder
        The study folder.

    Returns
    -------
    Study
        What the team decided, and the codebook.

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
    study, findings = examine_study(folder)
    if study is None or any(finding.level == "stop" for finding in findings):
        raise StudyError(findings)
    return replace(study, findings=tuple(findings))


def examine_study(folder: str | Path) -> tuple[Study | None, list[Finding]]:
    """Read a study as far as it can be read, and list every problem of study.yaml and the codebook.

    The study is None where the folder or something that study.yaml must say is missing. One that comes with
    a stop is good for checking the tables of its waves and for nothing else.
    """
    try:
        folder = Path(folder).expanduser()
        os.listdir(folder)
    except (OSError, RuntimeError, ValueError):  # not there, not a folder, closed to us, nobody's home
        what, fix = "there is no such folder.", "Give a study folder, or make one with `themewave new DIR`."
        return None, [Finding("stop", "S01", "study", what, fix, allowed="a folder that holds a study.yaml")]
    text = examine_yaml(folder / "study.yaml", DATA_SCHEMA / "study.schema.yaml", shown_as="study.yaml")
    codebook, findings = examine_codebook(folder)
    findings += text.findings
    if text.values is None:
        return None, findings
    study = _study(folder, text.values, codebook)
    if study.tradition == "cqr" and ("smallest_difference",) not in text.lines:
        study = replace(study, smallest_difference=CQR_SMALLEST_DIFFERENCE)
    return study, findings + list(study_problems(study, text))


def hash_of_decisions(folder: Path) -> str:
    r"""SHA-256 of study.yaml without its list of waves, so that a wave which is added concerns no other wave.

    Examples
    --------
    >>> import tempfile
    >>> def hash_of(text):
    ...     with tempfile.TemporaryDirectory() as folder:
    ...         _ = (Path(folder) / "study.yaml").write_text(text)
    ...         return hash_of_decisions(Path(folder))
    >>> hash_of("waves: [w1]\nalpha: 0.05\n") == hash_of("waves: [w1, w2]  # new\nalpha: 0.05\n")
    True
    >>> hash_of("waves: [w1]\nalpha: 0.05\n") == hash_of("waves: [w1]\nalpha: 0.01\n")
    False
    """
    text = (folder / "study.yaml").read_bytes()
    # Its lines stay, since findings name lines.
    rest = _WAVES.sub(lambda found: b"waves:" + b"\n" * found[0].count(b"\n"), text)
    return hashlib.sha256(rest).hexdigest()


def load_wave_facts(folder: Path, wave: str) -> WaveFacts:
    """Read waves/<wave>/wave.yaml.

    Raises
    ------
    StudyError
        With every problem of the file.
    """
    facts, findings = examine_wave_facts(folder, wave)
    if facts is None or findings:
        raise StudyError(findings)
    return facts


def examine_wave_facts(folder: Path, wave: str) -> tuple[WaveFacts | None, list[Finding]]:
    """Read waves/<wave>/wave.yaml as far as it can be read; None where something it must say is missing."""
    shown_as = f"waves/{wave}/wave.yaml"
    text = examine_yaml(folder / shown_as, DATA_SCHEMA / "wave.schema.yaml", shown_as=shown_as)
    raw = text.values
    if raw is None:
        return None, list(text.findings)
    facts = WaveFacts(
        opened=raw["opened"],
        closed=raw["closed"],
        data_cut=raw["data_cut"],
        codebook_version=raw["codebook_version"],
        look=raw["look"],
        n_invited=raw.get("n_invited"),
        n_declined=raw.get("n_declined"),
        weights=raw.get("weights"),
        # A path that was written on Windows is meant on every machine.
        sources=tuple(source | {"file": source["file"].replace("\\", "/")} for source in raw["sources"]),
        lines={key: text.lines[(key,)] for key in raw if (key,) in text.lines},
    )
    return facts, list(text.findings)


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
        name=composed(raw["study"]),  # it names folders and a key file, on whichever machine
        waves=tuple(raw["waves"]),
        outcome=Outcome(
            groups=tuple(outcome["groups"]),
            reference=outcome["reference"],
            labels=outcome["labels"],
            favourable=tuple(outcome["favourable"]) if "favourable" in outcome else None,
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
            separator=_separator(columns.get("separator")),
            encoding=columns.get("encoding"),
        ),
        codebook=codebook,
        strata=tuple(dict.fromkeys(raw["strata"])),
        reporting=raw["reporting"],
        follow_up=FollowUp(**raw["follow_up"]),
        **{key: raw[key] for key in same},
    )


def _plan(raw: dict[str, Any]) -> TerminationModelPlan:
    block_of = {column.name: column.block for column in table_schema("participants")}
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
                rule.get("block") or block_of.get(column, "other"),
            )
            for column, rule in raw["covariates"].items()
        ),
        cluster=raw.get("cluster"),
    )


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _separator(given: str | None) -> str | None:
    """A separator by its sign or by its name."""
    named = {label: sign for sign, label in SEPARATORS.items()}
    return None if given is None else named.get(given, given)
