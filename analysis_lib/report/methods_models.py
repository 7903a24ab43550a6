"""How does the methods text tell of models of termination and of what stands beside them?"""

from __future__ import annotations

from collections.abc import Iterator

from analysis_lib.report.said import Run, Said
from analysis_lib.sentences.common import listed
from analysis_lib.tables.common import words

_MODELS = ("termination_models", "termination_forest")


def termination(run: Run) -> Iterator[Said]:
    """The stated models, their guards and what is read off them."""
    if payload := run.first(*_MODELS):
        events = dict.fromkeys(payload.facts["stated_event"].values())
        stated = listed([payload.facts["rules"][event] for event in events], "or")
        yield from run.tell(
            f"The odds of dropping out ({stated}) were modelled as stated beforehand, each term alone and all"
            " together in"
            " the same people, by logistic regression with Firth’s penalty, p from penalised likelihood-ratio"
            " tests and"
            " limits from the penalised profile. Maximum likelihood stood beside it where it exists; separation"
            " was looked"
            " for by linear programming.",
            *_MODELS, references=("firth1993", "heinze2002", "konis2007"),
        )  # fmt: skip
        why = [
            f"{words(column)} (“{reason}”)"
            for each in payload.facts["why"].values()
            for column, reason in each.items()
        ]
        if why:
            yield from run.tell(
                f"Covariates, with the team’s reasons, were {'; '.join(dict.fromkeys(why))}.", *_MODELS
            )
        yield from run.tell("No variable was selected by looking at the outcome.", *_MODELS)
    yield from run.tell(
        "Whether there were enough people was judged by events per parameter and by Riley’s criteria.",
        "termination_guards", references=("peduzzi1996", "riley2020"),
    )  # fmt: skip
    yield from run.tell(
        "Plain probabilities were averaged over everybody set to each level in turn, with the intercept estimated"
        " anew so"
        " that their mean is the observed share.",
        "termination_probabilities", references=("puhr2017",),
    )  # fmt: skip
    if payload := run.speaking.get("termination_definitions"):
        rules = listed([words(name) for name in payload.facts["rules"]])
        yield from run.tell(
            f"The models were repeated under every definition: {rules}.", "termination_definitions"
        )


def further(run: Run) -> Iterator[Said]:
    """Blocks, clusters, missing covariates, all groups, satisfaction, prediction."""
    yield from run.tell(
        "Covariates joined the themes block by block, always in the people of the full model.", "blocks"
    )
    if payload := run.speaking.get("therapists"):
        unit = next(iter(payload.facts["units"].values()), "cluster")
        yield from run.tell(
            f"That people of one {unit} resemble one another was allowed for by bias-reduced errors of estimating"
            " equations,"
            f" by a random intercept, and by a conditional likelihood within each {unit}.",
            "therapists", references=("mancl2001", "pinheiro2006", "breslow1980"),
        )  # fmt: skip
    yield from run.tell(
        "The intraclass correlation came from an analysis of variance with a jackknife over clusters.",
        "icc", references=("ridout1999",),
    )  # fmt: skip
    if payload := run.speaking.get("imputed"):
        yield from run.tell(
            f"Missing covariates were imputed {payload.facts['n_imputations']} times by chained equations with"
            " predictive"
            " mean matching and pooled by Rubin’s rules; the main models were of complete cases.",
            "imputed", references=("rubin1987", "barnard1999", "morris2014"),
        )  # fmt: skip
    yield from run.tell(
        "All outcome groups entered one multinomial model with Jeffreys’ penalty.",
        "outcome_groups", references=("kosmidis2011",),
    )  # fmt: skip
    yield from run.tell(
        "Satisfaction was modelled by proportional odds, with the odds ratio at each cut beside the common one.",
        "satisfaction", references=("mccullagh1980",),
    )  # fmt: skip
    if payload := run.first("prediction", "calibration"):
        facts = payload.facts
        drawn = f" over {facts['resamples']} resamples (seed {facts['seed']})" if facts["resamples"] else ""
        yield from run.tell(
            f"Discrimination and calibration were corrected for optimism by the bootstrap{drawn}.",
            "prediction", "calibration", references=("delong1988", "cox1958", "harrell1996"),
        )  # fmt: skip


def time_to_dropout(run: Run) -> Iterator[Said]:
    """When people leave."""
    curves = ("dropout_survival", "dropout_sessions")
    yield from run.tell(
        "Time to dropout was counted in sessions by the product-limit method; therapies that went on, and other"
        " endings,"
        " were censored at their last session.",
        *curves, references=("kaplan1958",),
    )  # fmt: skip
    payload = run.speaking.get("dropout_sessions")
    if payload is not None and payload.tables["comparisons"].frame["reason"].fillna("").eq("").any():
        yield from run.tell(
            "People with and without a theme were compared by the log-rank test, not adjusted for the number of"
            " themes.",
            "dropout_sessions", references=("mantel1966",),
        )  # fmt: skip
    yield from run.tell(
        "The odds of leaving after a session were modelled by a discrete-time hazard with Firth’s penalty.",
        "dropout_hazard", references=("singer1993", "firth1993"),
    )  # fmt: skip
