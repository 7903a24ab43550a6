"""Which payloads does each result offer?

One function per view: it picks columns of a result and says what each holds. Nothing is computed, worded,
rounded or masked here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import singledispatch
from importlib.metadata import version
from typing import Any

import pandas as pd

from analysis_lib.agreement_by_wave import AgreementByWave
from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.errors import did_you_mean
from analysis_lib.intake import WaveIntake
from analysis_lib.joint_display import JointDisplay, leading_themes
from analysis_lib.notes import section
from analysis_lib.payload import Kind, Payload, Table
from analysis_lib.reliability import CodingReliability, coder_agreement
from analysis_lib.termination import TerminationModels
from analysis_lib.theme_saturation import ThemeSaturation
from analysis_lib.wave import Wave

Views = dict[str, Callable[[], Payload]]
SENTENCES = "sentences"


@singledispatch
def views(result: object) -> Views:
    """The views of a result by name; the first is the default."""
    raise TypeError(f"{type(result).__name__} is not a result that can be shown.")


def payload_of(result: object, view: str | None = None) -> Payload:
    """One view of a result as a payload.

    Raises
    ------
    ValueError
        If the result has no such view; the message lists those it has.
    """
    offered = views(result)
    name = view if view is not None else next(iter(offered))
    if name not in offered:
        known = ", ".join(offered)
        hint = did_you_mean(name, offered)
        raise ValueError(f'{type(result).__name__} has no view "{name}".{hint} It has: {known}.')
    return offered[name]()


def author_notes(wave: Wave, heading: str) -> Payload:
    """The authors' own reading under a heading of author_notes.md; empty text where not yet written."""
    return Payload("prose", "author_notes", {}, {"heading": heading, "text": section(wave, heading)})


def _facts(wave: Wave, **more: Any) -> dict[str, Any]:
    """Settings that wording depends on."""
    study = wave.study
    return {
        "study": study.name,
        "wave": wave.id,
        "synthetic": study.synthetic,
        "reference": study.outcome.reference,
        "alpha": study.alpha,
        "smallest_difference": study.smallest_difference,
        "multiplicity": study.multiplicity,
        "base": study.base,
        "theme_timing": study.theme_timing,
        "claim": study.claim,
        "tradition": study.tradition,
    } | more


def _groups(wave: Wave, n: tuple[int, ...] | None = None) -> Table:
    """Outcome groups with label and number of people."""
    outcome = wave.study.outcome
    sizes = n or tuple(int((wave.analysed["outcome_group"] == group).sum()) for group in outcome.groups)
    rows = [(group, outcome.label(group), size) for group, size in zip(outcome.groups, sizes, strict=True)]
    frame = pd.DataFrame(rows, columns=["group", "label", "n"])
    return Table.of(frame, group="key", label="key", n="people")


@views.register
def _payload_views(payload: Payload) -> Views:
    return {payload.template: lambda: payload}


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
        {"groups": _groups(wave)},
        _facts(
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
        ),
    )


def _run_record(wave: Wave) -> Payload:
    study = wave.study
    return Payload(
        "card",
        "run_record",
        {},
        _facts(
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
    facts = _facts(wave) | ({"reason": intake.reason} if intake.reason else {})

    def table(template: str, frame: pd.DataFrame, **kinds: Kind) -> Callable[[], Payload]:
        return lambda: Payload(
            "table", template, {"rows": Table.of(frame, **kinds), "groups": _groups(wave)}, facts
        )

    return {
        "flow": table("flow", intake.flow, stage="text", n="people", excluded="people", reason="text"),
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
        ),
        "findings": lambda: Payload(
            "table",
            "findings",
            {"rows": Table.of(intake.findings, level="text", what="text", n="segments")},
            _facts(wave, n_corrected=intake.n_corrected),
        ),
        SENTENCES: lambda: Payload(
            "sentences",
            "intake",
            {
                "flow": Table.of(intake.flow, stage="text", n="people", excluded="people", reason="text"),
                "material": Table.of(intake.material, group="key", n="people", n_without_theme="people"),
                "groups": _groups(wave),
            },
            facts,
        ),
    }


@views.register
def _crosstab_views(result: ThemeCrosstab) -> Views:
    wave = result.matrix.wave

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            tables = {name: _CROSSTAB_TABLES[name](result) for name in names}
            tables["groups"] = _groups(wave, result.n_groups)
            facts = _facts(
                wave, reason=result.reason, reference=result.reference, leading=list(leading_themes(result)),
                n_permutations=wave.study.n_permutations["minp"],
            )  # fmt: skip
            if template == "theme_by_outcome":
                tables["agreement"], facts["agreement_reason"] = _agreement_beside(wave)
            return Payload(shape, template, tables, facts)

        return make

    return {
        "shares": made("table", "theme_by_outcome", "shares"),
        "contrasts": made("table", "theme_contrasts", "contrasts"),
        "tests": made("table", "theme_tests", "tests"),
        "dots": made("figure", "theme_dots", "shares"),
        "differences": made("figure", "theme_differences", "contrasts"),
        SENTENCES: made("sentences", "theme_contrasts", "contrasts", "shares"),
    }


_CROSSTAB_TABLES: dict[str, Callable[[ThemeCrosstab], Table]] = {
    "shares": lambda result: Table.of(
        result.table,
        theme_id="key",
        theme_label="key",
        depth="key",
        group="key",
        n_with_theme="people",
        n_total="people",
        n_segments="segments",
    ),
    "contrasts": lambda result: Table.of(
        result.contrasts,
        theme_id="key",
        theme_label="key",
        depth="key",
        group="key",
        reference="key",
        n_with_theme="people",
        n_total="people",
        n_with_reference="people",
        n_reference="people",
        p_value="p",
        p_adjusted="p",
    ),
    "tests": lambda result: Table.of(
        result.tests,
        theme_id="key",
        theme_label="key",
        p_value="p",
        p_mid="p",
        smallest_p="statistic",
        p_minp="p",
        p_holm="p",
        p_bh="p",
        cramers_v="statistic",
        conf_low="statistic",
        conf_high="statistic",
        method="text",
        reason="text",
    ),
}


@views.register
def _termination_views(models: TerminationModels) -> Views:
    wave = models.matrix.wave
    plans = {plan.name: plan for plan in wave.study.termination_models}

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            facts = _facts(
                wave,
                reason=models.reason,
                stated_event={name: plan.event for name, plan in plans.items()},
                why={
                    name: {covariate.column: covariate.why for covariate in plan.covariates}
                    for name, plan in plans.items()
                },
                rules={d.name: d.in_words for d in wave.study.dropout_definitions},
            )
            tables = {name: _TERMINATION_TABLES[name](models) for name in names}
            tables["groups"] = _groups(wave)
            if template == "termination_models":
                tables["agreement"], facts["agreement_reason"] = _agreement_beside(wave)
            return Payload(shape, template, tables, facts)

        return make

    return {
        "models": made("table", "termination_models", "models", "guards"),
        "events": made("table", "termination_events", "events"),
        "probabilities": made("table", "termination_probabilities", "probabilities"),
        "definitions": made("table", "termination_definitions", "models", "guards"),
        "guards": made("table", "termination_guards", "guards", "dropped"),
        "forest": made("figure", "termination_forest", "models", "guards", "events"),
        "probability_plot": made("figure", "termination_probabilities", "probabilities"),
        SENTENCES: made("sentences", "termination", "models", "probabilities", "guards"),
    }


_TERMINATION_TABLES: dict[str, Callable[[TerminationModels], Table]] = {
    "models": lambda models: Table.of(
        models.table,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        reference="key",
        adjusted="key",
        odds_ratio="estimate",
        conf_low="estimate",
        conf_high="estimate",
        p_value="p",
        method="text",
        n_used="people",
        n_events="people",
        events_per_parameter="statistic",
        smallest_cell="cell",
        separated="text",
        reason="text",
    ),
    "events": lambda models: Table.of(
        models.events,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        n_events="people",
        n_total="people",
    ),
    "probabilities": lambda models: Table.of(
        models.probabilities,
        model="key",
        event="key",
        term="key",
        term_label="key",
        level="key",
        probability="estimate",
        conf_low="estimate",
        conf_high="estimate",
        average_risk_difference="estimate",
        ard_low="estimate",
        ard_high="estimate",
        n_used="people",
        smallest_cell="cell",
        reason="text",
    ),
    "guards": lambda models: Table.of(
        models.guards,
        model="key",
        event="key",
        n_eligible="people",
        n_used="people",
        n_dropped="people",
        n_events="people",
        n_parameters="key",
        events_per_parameter="statistic",
        n_needed="statistic",
        parameters_allowed="statistic",
        separated="text",
        reason="text",
    ),
    "dropped": lambda models: Table.of(
        models.dropped,
        model="key",
        event="key",
        group="key",
        n_eligible="people",
        n_used="people",
        n_dropped="people",
    ),
}


@views.register
def _joint_views(display: JointDisplay) -> Views:
    wave = display.crosstab.matrix.wave

    def make() -> Payload:
        shown = display.themes
        crosstab = display.crosstab
        agreement, agreement_reason = _agreement_beside(wave)
        return Payload(
            "joint_display",
            "joint_display",
            {
                "themes": Table.of(display.definitions, theme_id="key", theme_label="key", definition="key"),
                "shares": _only(_CROSSTAB_TABLES["shares"](crosstab), shown),
                "contrasts": _only(_CROSSTAB_TABLES["contrasts"](crosstab), shown),
                "quotes": Table.of(
                    display.quotes,
                    theme_id="key",
                    group="key",
                    participant_id="participant",
                    quote="quote",
                    clearance="clearance",
                ),
                "withheld": Table.of(display.withheld, theme_id="key", group="key", n_withheld="segments"),
                "models": Table.of(
                    display.models,
                    theme_id="key",
                    model="key",
                    event="key",
                    odds_ratio="estimate",
                    conf_low="estimate",
                    conf_high="estimate",
                    smallest_cell="cell",
                ),
                "readings": Table.of(display.readings, theme_id="key", reading="key"),
                "agreement": _only(agreement, shown),
                "groups": _groups(wave, crosstab.n_groups),
            },
            _facts(
                wave,
                reason=crosstab.reason,
                agreement_reason=agreement_reason,
                n_unwritten=int((display.readings["reading"] == "").sum()),
            ),
        )

    return {"joint_display": make}


def _only(table: Table, themes: tuple[str, ...]) -> Table:
    """The rows of the given themes."""
    at = [name for name, _ in table.columns].index("theme_id")
    return Table(table.columns, tuple(row for row in table.rows if row[at] in themes))


def _agreement_beside(wave: Wave) -> tuple[Table, str | None]:
    """Alpha of each theme, to stand beside it wherever it is counted; and why there is none.

    Computed when a view asks for it, from the very wave that the view is about, so that no result can carry
    the agreement of another.
    """
    found = coder_agreement(wave)
    overall = found.table.drop_duplicates("code_id").rename(columns={"code_id": "theme_id"})
    return Table.of(
        overall,
        theme_id="key",
        n_units="people",
        krippendorff_alpha="estimate",
        alpha_low="estimate",
        alpha_high="estimate",
        smallest_cell="cell",
        reason="text",
    ), found.reason


@views.register
def _reliability_views(found: CodingReliability) -> Views:
    wave = found.wave
    shown = _with_numbered_coders(found)
    facts = _facts(
        wave,
        reason=found.reason,
        n_coders=len(found.coders),
        weak_below=found.weak_below,
        codebook_version=wave.facts.codebook_version,
        newest_version=wave.study.codebook.version,
    )

    def made(shape: Any, template: str, *names: str, none: str | None = None) -> Callable[[], Payload]:
        def make() -> Payload:
            tables = {name: _RELIABILITY_TABLES[name](shown) for name in names or (template,)}
            return Payload(shape, template, tables, facts | {"reason": found.reason or none})

        return make

    nothing_differs = None if len(found.to_discuss) else "the coders differ on nothing"
    return {
        "agreement": made("table", "agreement"),
        "coding": made("table", "coding", "coding", "codings"),
        "codebook": made("table", "codebook"),
        "disagreements": made("table", "disagreements", none=nothing_differs),
        "to_discuss": made("table", "to_discuss", none=nothing_differs),
        "unitising": made("table", "unitising"),
        "claimed": made("table", "claimed_agreement", none="no figure of a coding program is in this wave"),
        "forest": made("figure", "agreement_forest", "agreement"),
        SENTENCES: made(
            "sentences",
            "agreement",
            "coding",
            "agreement",
            "after_consensus",
            "unitising",
            "claimed_agreement",
        ),
    }


def _with_numbered_coders(found: CodingReliability) -> CodingReliability:
    """Coders by number, since ids of coders may be names or initials and stay inside."""
    numbers = {coder: f"Coder {i}" for i, coder in enumerate(found.coders, start=1)}

    def numbered(frame: pd.DataFrame) -> pd.DataFrame:
        columns = [name for name in ("coder", "other", "given_by", "not_given_by") if name in frame]
        return frame.assign(**{name: [numbers.get(coder, "") for coder in frame[name]] for name in columns})

    names = ("coding", "disagreements", "to_discuss", "unitising")
    return replace(found, **{name: numbered(getattr(found, name)) for name in names})


def _agreement_rows(frame: pd.DataFrame) -> Table:
    """The row of all coders together of each code; pairs of coders stay in the exact table."""
    return Table.of(
        frame.drop_duplicates("code_id"),
        code_id="key",
        code_label="key",
        depth="key",
        n_coders="key",
        n_units="people",
        n_given="people",
        n_agreed="people",
        percent_agreement="statistic",
        percent_low="statistic",
        percent_high="statistic",
        positive_agreement="statistic",
        negative_agreement="statistic",
        cohen_kappa="estimate",
        fleiss_kappa="estimate",
        kappa_low="estimate",
        kappa_high="estimate",
        krippendorff_alpha="estimate",
        alpha_low="estimate",
        alpha_high="estimate",
        gwet_ac1="estimate",
        ac1_low="estimate",
        ac1_high="estimate",
        prevalence="statistic",
        smallest_cell="cell",
        reason="text",
    )


_RELIABILITY_TABLES: dict[str, Callable[[CodingReliability], Table]] = {
    "agreement": lambda found: _agreement_rows(found.table),
    "after_consensus": lambda found: _agreement_rows(found.after_consensus),
    "coding": lambda found: Table.of(found.coding, what="text", coder="key", n="people", n_total="people"),
    "codings": lambda found: Table(
        (("n_outside", "segments"), ("n_without_round", "segments")),
        ((found.n_outside, found.n_without_round),),
    ),
    "codebook": lambda found: Table.of(
        found.codebook,
        code_id="key",
        code_label="key",
        depth="key",
        definition="key",
        since="key",
        changed="key",
    ),
    "disagreements": lambda found: Table.of(
        found.disagreements,
        code_id="key",
        code_label="key",
        coder="key",
        other="key",
        n_both="people",
        n_only_coder="people",
        n_only_other="people",
        n_neither="people",
        n_present_after="people",
        n_absent_after="people",
        n_open="people",
    ),
    "to_discuss": lambda found: Table.of(
        found.to_discuss,
        code_id="key",
        code_label="key",
        participant_id="participant",
        given_by="key",
        not_given_by="key",
        consensus="text",
    ),
    "unitising": lambda found: Table.of(
        found.unitising,
        coder="key",
        other="key",
        n_people="people",
        n_coder="segments",
        n_other="segments",
        n_same="segments",
        n_overlapping="segments",
        n_single="segments",
        overlap="estimate",
        overlap_low="estimate",
        overlap_high="estimate",
        smallest_cell="cell",
        reason="text",
    ),
    "claimed_agreement": lambda found: Table.of(
        found.claimed,
        tool="key",
        code_id="key",
        code_label="key",
        statistic="key",
        claimed="estimate",
        recomputed="estimate",
        smallest_cell="cell",
        reading="text",
    ),
}


@views.register
def _agreement_by_wave_views(found: AgreementByWave) -> Views:
    def table() -> Payload:
        rows = Table.of(
            found.table,
            code_id="key",
            code_label="key",
            depth="key",
            wave="key",
            n_agreed="people",
            n_units="people",
            krippendorff_alpha="estimate",
            alpha_low="estimate",
            alpha_high="estimate",
            smallest_cell="cell",
            reason="text",
            redefined="key",
        )
        waves = Table.of(found.waves, wave="key", reason="text")
        facts = _facts(found.wave, reason=found.reason)
        return Payload("table", "agreement_by_wave", {"rows": rows, "waves": waves}, facts)

    return {"agreement_by_wave": table}


@views.register
def _saturation_views(found: ThemeSaturation) -> Views:
    facts = _facts(
        found.matrix.wave,
        reason=found.reason,
        labels=found.labels,
        base=found.base,
        run=found.run,
        threshold=found.threshold,
    )
    summary: dict[str, Kind] = {
        "group": "key",
        "n": "people",
        "n_left_out": "people",
        "codes_seen": "estimate",
        "seen_once": "statistic",
        "seen_twice": "statistic",
        "chao2": "statistic",
        "chao2_se": "statistic",
        "base_codes": "statistic",
        "reached_at": "statistic",
        "reason": "text",
    }
    curve: dict[str, Kind] = {
        "group": "key",
        "n_participants": "step",
        "codes_seen": "statistic",
        "low": "statistic",
        "high": "statistic",
        "in_order": "statistic",
    }

    def made(shape: Any, template: str, *names: str) -> Callable[[], Payload]:
        def make() -> Payload:
            made_of = {
                "summary": Table.of(found.summary, **summary), "curve": Table.of(found.curve, **curve)
            }  # fmt: skip
            return Payload(shape, template, {name: made_of[name] for name in names}, facts)

        return make

    return {
        "saturation": made("table", "saturation", "summary", "curve"),
        "curve": made("figure", "saturation_curve", "summary", "curve"),
        SENTENCES: made("sentences", "saturation", "summary"),
    }
