"""How would a methods section tell what was really run for this report?

Each sentence is said only if what it tells of stands in this very report and was not refused; what was refused has a
paragraph of its own. Numbers of people stand in the tables that the sentences point to. What the team wrote in
study.yaml is repeated as theirs.

References: APA 2018, JARS-Quant and JARS-Mixed, on what a methods section holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.payload import Payload
from analysis_lib.report import methods_models, methods_themes
from analysis_lib.report.checklists import flat
from analysis_lib.report.places import Standing, best
from analysis_lib.report.said import Run, Said, given, of_each
from analysis_lib.tables import format_card
from analysis_lib.tables.cards import day
from analysis_lib.tables.common import words

if TYPE_CHECKING:
    from analysis_lib.report.html import Stamp

# What is said where every view of an analysis refuses: its name, and its templates.
_REFUSABLE = (
    ("agreement between coders", ("agreement", "agreement_forest")),
    ("saturation", ("saturation", "saturation_curve")),
    ("tests of single themes", ("theme_tests",)),
    ("the test of all themes together", ("omnibus",)),
    ("tests from the top of the codebook", ("theme_hierarchy",)),
    ("other choices of the analysis", ("sensitivity", "specification_curve")),
    ("co-occurrence of themes", ("cooccurrence", "cooccurrence_matrix")),
    ("pooled odds ratios", ("pooled_odds_ratios",)),
    ("the correction for coders’ errors", ("coder_error",)),
    ("pooling over waves", ("across_waves", "across_waves_by_wave")),
    ("the comparison of waves", ("wave_changes",)),
    ("models of termination", ("termination_models", "termination_forest")),
    ("plain probabilities", ("termination_probabilities",)),
    ("models that allow for therapists", ("therapists",)),
    ("models with imputed covariates", ("imputed",)),
    ("the model of all outcome groups", ("outcome_groups",)),
    ("the model of satisfaction", ("satisfaction",)),
    ("time to dropout", ("dropout_survival", "dropout_sessions")),
    ("measures of prediction", ("prediction", "calibration")),
)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the methods text with its heading."""

    heading: str
    sentences: tuple[Said, ...]

    @property
    def text(self) -> str:
        """The paragraph as plain text, with references in brackets."""
        return " ".join(said.with_references for said in self.sentences)


def methods_text(
    standing: Mapping[str, tuple[Standing, ...]], *, cover: Payload, stamp: Stamp
) -> tuple[Paragraph, ...]:
    """The methods text of one wave.

    Parameters
    ----------
    standing
        What stands where, from :func:`analysis_lib.report.places.standings`.
    cover
        The wave's ``cover`` card.
    stamp
        What the runner knows about this report.
    """
    run = _run(standing, cover)
    found = {
        "Participants": _participants(run),
        "Coding": _coding(run),
        "From codes to counts": methods_themes.counting(run),
        "Themes and outcome groups": methods_themes.comparing(run),
        "How sure": methods_themes.how_sure(run),
        "Over the waves": methods_themes.over_waves(run),
        "Words beside numbers": methods_themes.joining(run),
        "Ending therapy": methods_models.termination(run),
        "Further models": methods_models.further(run),
        "Time to dropout": methods_models.time_to_dropout(run),
        "What was not run": _refusals(run),
        "Release and software": _release(run, stamp),
    }
    paragraphs = [Paragraph(heading, tuple(sentences)) for heading, sentences in found.items()]
    return tuple(paragraph for paragraph in paragraphs if paragraph.sentences)


def _run(standing: Mapping[str, tuple[Standing, ...]], cover: Payload) -> Run:
    """What was run, told from what stands on the page."""
    speaking, asked, places = {"cover": cover}, {}, {}
    for template, all_places in standing.items():
        for one in all_places:
            if one.payload is not None and one.payload.shape != "prose":
                if template not in asked or one.payload.shape == "table":  # tables refuse in the fewest words
                    asked[template] = one
                if not one.refused:
                    speaking.setdefault(template, one.payload)
        if found := best(all_places):
            places[template] = found
    return Run(speaking, asked, places, flat(cover.facts.get("reporting") or {}))


def _participants(run: Run) -> Iterator[Said]:
    facts = run.speaking["cover"].facts
    yield Said(
        f"Wave {facts['wave']} was collected from {day(facts['opened'])} to {day(facts['closed'])}, and outcomes were"
        f" read off on {day(facts['data_cut'])}. It was look {facts['look']} of {facts['planned_looks']} planned.",
        ("cover",),
    )
    yield from given(run, "recruitment", "sampling", "eligibility", "collection")
    yield from given(run, "consent_procedure", "ethics_approval")
    yield from run.tell(
        "People were followed from stage to stage, with the number and the reason of those who left at each.",
        "flow", "flow_diagram", references=("vonelm2007",),
    )  # fmt: skip
    rule = dict(format_card(run.speaking["cover"]))["How groups are formed"]
    how = f"were formed by rules ({rule})" if facts["outcome_rule"] else f"were taken {rule}"
    yield Said(f"Outcome groups {how}.", ("cover",))
    if payload := run.speaking.get("dropout"):
        rows = payload.tables["rows"].frame
        listed = "; ".join(f"{words(row.definition)}: {row.rule}" for row in rows.itertuples())
        yield from run.tell(
            f"Dropping out was defined in {_ways(len(rows))}, each a flag of its own ({listed}).", "dropout"
        )
    yield from run.tell(
        "Characteristics were described by outcome group without any test.",
        "characteristics", references=("vonelm2007",),
    )  # fmt: skip


def _ways(n: int) -> str:
    return "one way" if n == 1 else f"{n} ways"


def _coding(run: Run) -> Iterator[Said]:
    facts = run.speaking["cover"].facts
    tradition = dict(format_card(run.speaking["cover"]))["Tradition"]
    blind = "were" if facts["coders_blind_to_outcome"] else "were not"
    timing = "before" if facts["theme_timing"] == "before_outcome" else "after"
    yield Said(
        f"The material was coded in the tradition of {tradition} with version {facts['codebook_version']} of the"
        " codebook."
        f" Coders {blind} blind to the outcome, and accounts were given {timing} it was known.",
        ("cover",),
        ("hill1997", "hill2005") if facts["tradition"] == "cqr" else (),
    )
    yield from given(run, "coding_process", "coder_training", "auditor")
    if payload := run.first("agreement", "agreement_forest"):
        pair = payload.facts["n_coders"] == 2
        kappa, source = ("Cohen’s", "cohen1960") if pair else ("Fleiss’", "fleiss1971")
        yield from run.tell(
            "How far coders agreed was computed for each code, from people whom at least two coders had coded"
            f" independently: Krippendorff’s alpha, {kappa} kappa and Gwet’s AC1 beside observed, positive and"
            " negative"
            " agreement, with intervals from resampling people.",
            "agreement", "agreement_forest", references=("krippendorff2019", source, "gwet2008", "oconnor2020"),
        )  # fmt: skip
    yield from run.tell(
        "Whether coders marked the same stretches of text was kept apart from whether they gave the same codes.",
        "unitising",
    )
    if payload := run.first("saturation", "saturation_curve"):
        rule = payload.facts
        yield from run.tell(
            "Saturation was described by the expected number of codes over all orders of people, by an estimate of the"
            f" codes not met, and by the rule of base {rule['base']}, run {rule['run']} and threshold"
            f" {rule['threshold']:.0%}.",
            "saturation", "saturation_curve", references=("hurlbert1971", "chao1987", "guest2020"),
        )  # fmt: skip


def _refusals(run: Run) -> Iterator[Said]:
    """Analyses that the report asked for and that refused, each with its reason."""
    for name, templates in _REFUSABLE:
        asked = [template for template in templates if template in run.asked]
        if asked and not any(template in run.speaking for template in asked):
            why = run.asked[asked[0]].refused
            why = f"{why[:1].lower()}{why[1:]}"
            yield from run.tell(f"Not run: {name} ({why}).", *asked, refused=True)
    tests = run.speaking.get("theme_tests")
    if tests is not None and not methods_themes.was_tested(tests):
        why = tests.facts.get("reason") or "no theme could be tested"
        yield from run.tell(f"Not run: tests of single themes ({why}).", "theme_tests")
    for template, name in (("termination_guards", "model"), ("imputed", "model with imputed covariates")):
        if payload := run.speaking.get(template):
            yield from of_each(run, payload, template, name)


def _release(run: Run, stamp: Stamp) -> Iterator[Said]:
    facts = run.speaking["cover"].facts
    exact = stamp.counts_rule == "exact"
    rounded = f"rounded by the rule {stamp.counts_rule} before anything was derived from them"
    audited = "as they are, without small ones and others from which those could be worked out"
    counts = "as they are" if exact else audited if stamp.counts_rule == "exact_audited" else rounded
    quotes = "and a review of their exact words" if facts["quotes_rule"] == "reviewed" else "alone"
    yield Said(
        f"Numbers of people are released {counts} (profile {stamp.profile}); quotes needed consent {quotes}.",
        ("cover",),
    )
    if not exact:
        yield Said(
            "Estimates of models left only where no cell behind them held fewer than"
            f" {facts['minimum_count']} people.",
            ("cover",),
        )
    if record := run.speaking.get("run_record"):
        yield from run.tell(
            f"All of this was run with Themewave {record.facts['version']} and the seed {record.facts['seed']};"
            " each analysis drew random numbers of its own from it. Versions of all packages stand in the manifest"
            " beside this report.",
            "run_record",
        )
    yield from given(run, "software")
