"""Which payloads do a wave and its intake offer?"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import pandas as pd

from analysis_lib.intake import WaveIntake
from analysis_lib.notes import section
from analysis_lib.payload import Kind, Payload, Table
from analysis_lib.views.common import SENTENCES, Views, facts_of, groups_table, views
from analysis_lib.wave import Wave


def author_notes(wave: Wave, heading: str) -> Payload:
    """The authors' own reading under a heading of author_notes.md; empty text where not yet written.

    Parameters
    ----------
    wave
        A loaded wave.
    heading
        Heading in author_notes.md, such as ``03 Themes by outcome``.

    Returns
    -------
    Payload
        What :func:`show` prints; its text is empty where nothing is written yet.

    Examples
    --------
    >>> import analysis_lib as al
    >>> wave = al.load_wave(al.EXAMPLE_STUDY, "2024a")
    >>> al.show(al.author_notes(wave, "03 Themes by outcome")).text[:19]
    'Coldness and work t'
    """
    return Payload("prose", "author_notes", {}, {"heading": heading, "text": section(wave, heading)})


@views.register
def _wave_views(wave: Wave) -> Views:
    return {
        "cover": lambda: _cover(wave),
        "run_record": lambda: _run_record(wave),
    }


def _cover(wave: Wave) -> Payload:
    study, facts = wave.study, wave.facts
    return Payload(
        "card",
        "cover",
        {"groups": groups_table(wave)},
        facts_of(
            wave,
            title=study.title,
            setting=study.setting,
            design=study.design,
            look=facts.look,
            planned_looks=study.planned_looks,
            opened=facts.opened.isoformat(),
            closed=facts.closed.isoformat(),
            data_cut=facts.data_cut.isoformat(),
            codebook_version=facts.codebook_version,
            coders_blind_to_outcome=study.coders_blind_to_outcome,
            unit=study.unit,
            outcome_rule=[
                {
                    "group": study.outcome.label(rule.group),
                    "when": [[column, list(values)] for column, values in rule.when],
                }
                for rule in study.outcome.rules
            ],
            counts_rule=study.privacy.counts,
            counts_reason=study.privacy.reason,
            quotes_rule=study.privacy.quotes,
            minimum_count=study.privacy.minimum_count,
            repeated=study.repeated,
            reporting=study.reporting,
        ),
    )


def _run_record(wave: Wave) -> Payload:
    study = wave.study
    return Payload(
        "card",
        "run_record",
        {},
        facts_of(
            wave,
            codebook_version=wave.facts.codebook_version,
            look=wave.facts.look,
            seed=study.seed,
            n_permutations=study.n_permutations["minp"],
            version=version("themewave"),
            inputs=[[name, sha[:12]] for name, sha in wave.inputs.items()],
        ),
    )


@views.register
def _intake_views(intake: WaveIntake) -> Views:
    wave = intake.wave
    facts = facts_of(wave) | ({"reason": intake.reason} if intake.reason else {})

    def table(template: str, frame: pd.DataFrame, **kinds: Kind) -> Callable[[], Payload]:
        return lambda: Payload(
            "table", template, {"rows": Table.of(frame, **kinds), "groups": groups_table(wave)}, facts
        )

    return {
        "flow": table("flow", intake.flow, stage="text", n="people", excluded="people", reason="text"),
        "diagram": lambda: Payload(
            "figure",
            "flow_diagram",
            {
                "rows": Table.of(intake.flow, stage="text", n="people", excluded="people", reason="text"),
                "groups": groups_table(wave),
            },
            facts,
        ),
        "characteristics": table(
            "characteristics",
            # Behind a median are as many people as have a value.
            intake.characteristics.assign(smallest_cell=intake.characteristics["n"]),
            variable="key",
            label="key",
            level="key",
            level_label="key",
            group="key",
            n="people",
            n_total="people",
            median="summary",
            lower="summary",
            upper="summary",
            smallest_cell="cell",
        ),
        "missing": lambda: Payload("figure", "missing_values", _missing(intake), facts),
        "missing_table": lambda: Payload("table", "missing_values", _missing(intake), facts),
        "two_axes": table(
            "two_axes", intake.two_axes, perceived_helpfulness="key", termination_type="key", n="people"
        ),
        "material": table(
            "material",
            intake.material,
            group="key",
            n="people",
            n_without_theme="people",
            words_median="summary",
            words_lower="summary",
            words_upper="summary",
            n_with_words="cell",
        ),
        "dropout": table(
            "dropout",
            intake.dropout,
            definition="key",
            rule="text",
            n_dropped="people",
            n_judged="people",
            n_unjudged="people",
            n_late="people",
        ),
        "findings": lambda: Payload(
            "table",
            "findings",
            {"rows": Table.of(intake.findings, level="text", what="text", n="segments")},
            facts_of(wave, n_corrected=intake.n_corrected),
        ),
        SENTENCES: lambda: Payload(
            "sentences",
            "intake",
            {
                "flow": Table.of(intake.flow, stage="text", n="people", excluded="people", reason="text"),
                "material": Table.of(intake.material, group="key", n="people", n_without_theme="people"),
                "groups": groups_table(wave),
            },
            facts,
        ),
    }


def _missing(intake: WaveIntake) -> dict[str, Table]:
    rows = Table.of(
        intake.missing, variable="key", label="key", group="key", n_missing="people", n_eligible="people"
    )
    return {"rows": rows, "groups": groups_table(intake.wave)}
