"""Do the intervals hold what they promise, and what do the usual wrong ways hold?

Run on demand, never by the test suite, from the folder of the repository:

    python tests/simulations/coverage_of_intervals.py > tests/simulations/coverage_of_intervals.md

It takes some minutes on one core. Coverage is the share of 95 % intervals that hold the true log odds ratio;
the figure in brackets is its Monte-Carlo standard error.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from datetime import date

import numpy as np

from analysis_lib.errors import ModelError
from analysis_lib.stats import (
    corrected_association,
    firth_logistic,
    logistic,
    partial_pooling,
    risk_difference,
)

SEED = 20261122
Z = 1.959964


def coder_error(n: int, replications: int, rng: np.random.Generator) -> Iterator[str]:
    """Odds ratio 4 (share with the theme 25 % against 57 %), sensitivity .8, specificity .95, 30 % checked."""
    outcome = np.arange(n) % 2
    share = np.where(outcome == 1, 4 / 7, 1 / 4)
    truth_value = math.log(4)
    rows: dict[str, list[tuple[float, float, float]]] = {"codes as they are": [], "error carried along": []}
    refused = 0
    for replication in range(replications):
        truth = (rng.random(n) < share).astype(int)
        right = rng.random(n) < np.where(truth == 1, 0.8, 0.95)
        code = np.where(right, truth, 1 - truth)
        checked = rng.permutation(n) < round(0.3 * n)
        result = corrected_association(code, outcome, np.where(checked, truth, np.nan), seed=replication)
        naive, corrected = result.naive_log_odds_ratio, result.log_odds_ratio
        rows["codes as they are"].append((naive.estimate, naive.conf_low, naive.conf_high))
        if result.reason is None:
            rows["error carried along"].append((corrected.estimate, corrected.conf_low, corrected.conf_high))
        else:
            refused += 1
    for name, values in rows.items():
        estimate, low, high = np.array(values).T
        covered = (low <= truth_value) & (truth_value <= high)
        yield (
            f"| {n} | {name} | {math.exp(np.median(estimate)):.2f} | {coverage(covered)} "
            f"| {np.median(high - low):.2f} | {refused if name != 'codes as they are' else 0} |"
        )


def theme_bank(spread: float, replications: int, rng: np.random.Generator) -> Iterator[str]:
    """40 themes, 37 people against 111, shares of 5 to 60 % in the reference, normal true log odds ratios."""
    sizes = np.array([37, 111])
    errors: dict[str, list[np.ndarray]] = {"each theme by itself": [], "bank pooled": []}
    covered: dict[str, list[np.ndarray]] = {name: [] for name in errors}
    strongest: dict[str, list[float]] = {name: [] for name in errors}
    for _ in range(replications):
        true = rng.normal(0, spread, 40)
        reference = rng.uniform(0.05, 0.6, 40)
        odds = reference / (1 - reference) * np.exp(true)
        present = rng.binomial(sizes[:, None], [odds / (1 + odds), reference])
        tables = np.stack([present, sizes[:, None] - present], axis=2).transpose(1, 0, 2)
        cells = tables + 0.5
        own = np.log(cells[:, 0, 0] * cells[:, 1, 1] / (cells[:, 0, 1] * cells[:, 1, 0]))
        se = np.sqrt((1 / cells).sum(axis=(1, 2)))
        bank = partial_pooling(tables)
        for name, estimate, low, high in (
            ("each theme by itself", own, own - Z * se, own + Z * se),
            ("bank pooled", bank.estimate, bank.conf_low, bank.conf_high),
        ):
            known = ~np.isnan(bank.estimate)
            errors[name].append((estimate - true)[known])
            covered[name].append(((low <= true) & (true <= high))[known])
            top = int(np.nanargmax(np.where(known, np.abs(estimate), np.nan)))
            strongest[name].append(float(np.sign(estimate[top]) * (estimate[top] - true[top])))
    for name, missed_by in errors.items():
        rmse = math.sqrt(np.mean(np.concatenate(missed_by) ** 2))
        # themes of one bank share their intervals' luck, so the error of the coverage is that between banks
        by_bank = np.array([each.mean() for each in covered[name]])
        yield (
            f"| {spread} | {name} | {rmse:.2f} | {by_bank.mean():.3f} ({by_bank.std() / math.sqrt(len(by_bank)):.3f}) "
            f"| {np.mean(strongest[name]):+.2f} |"
        )


def difference_of_shares(
    sizes: tuple[int, int], shares: tuple[float, float], replications: int, rng: np.random.Generator
) -> Iterator[str]:
    """Two groups of people; Newcombe's interval beside the textbook one, p1 - p0 with its Wald error."""
    (n1, n0), (share1, share0) = sizes, shares
    x1, x0 = rng.binomial(n1, share1, replications), rng.binomial(n0, share0, replications)
    ours = risk_difference(x1, np.full(replications, n1), x0, np.full(replications, n0))
    p1, p0 = x1 / n1, x0 / n0
    half = Z * np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    truth = share1 - share0
    for name, low, high in (
        ("Wald, textbook", p1 - p0 - half, p1 - p0 + half),
        ("Newcombe", ours.conf_low, ours.conf_high),
    ):
        covered = (low <= truth) & (truth <= high)
        people, true = f"{n1} / {n0}", f"{share1:.0%} / {share0:.0%}"
        yield f"| {people} | {true} | {name} | {coverage(covered)} | {np.median(high - low):.2f} |"


def odds_ratio_of_a_theme(n: int, replications: int, rng: np.random.Generator) -> Iterator[str]:
    """A theme of 25 % with true odds ratio 3 beside age and severity; about 30 % of the people leave."""
    truth = math.log(3)
    rows: dict[str, list[tuple[float, float, float]]] = {"maximum likelihood, Wald": [], "Firth, profile": []}
    refused = dict.fromkeys(rows, 0)
    for _ in range(replications):
        design = np.column_stack([rng.random(n) < 0.25, rng.normal(size=n), rng.normal(size=n)]).astype(float)
        risk = 1 / (1 + np.exp(1.2 - truth * design[:, 0] - 0.3 * design[:, 1]))
        left = (rng.random(n) < risk).astype(float)
        for name, fit in (("maximum likelihood, Wald", logistic), ("Firth, profile", firth_logistic)):
            try:
                found = fit(design, left)
            except ModelError:
                refused[name] += 1
                continue
            if np.isfinite([found.conf_low[1], found.conf_high[1]]).all():
                rows[name].append((found.coef[1], found.conf_low[1], found.conf_high[1]))
            else:
                refused[name] += 1
    for name, values in rows.items():
        estimate, low, high = np.array(values).T
        covered = (low <= truth) & (truth <= high)
        yield (
            f"| {n} | {name} | {math.exp(estimate.mean()):.2f} | {coverage(covered)} "
            f"| {np.median(high - low):.2f} | {refused[name]} |"
        )


def coverage(covered: np.ndarray) -> str:
    """Share covered with its Monte-Carlo standard error."""
    share = covered.mean()
    return f"{share:.3f} ({math.sqrt(share * (1 - share) / len(covered)):.3f})"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Coverage of intervals, and of the usual wrong ones.")
    parser.add_argument("--coder-replications", type=int, default=2_000)
    parser.add_argument("--bank-replications", type=int, default=500)
    parser.add_argument("--share-replications", type=int, default=20_000)
    parser.add_argument("--model-replications", type=int, default=2_000)
    choices = parser.parse_args()
    streams = np.random.SeedSequence(SEED).spawn(4)
    coder_rng, bank_rng, share_rng, model_rng = (np.random.default_rng(stream) for stream in streams)

    print("# Coverage of intervals\n")
    print(f"Made by `coverage_of_intervals.py` on {date.today().isoformat()}, seed {SEED}.")
    print("In brackets: Monte-Carlo standard errors.\n")
    print(f"## Coder error carried into the odds ratio ({choices.coder_replications:,} studies each)\n")
    print(
        "True odds ratio 4, sensitivity .8, specificity .95, 30 % of the people coded twice and adjudicated.\n"
    )
    print("| people | method | median odds ratio | coverage of 95 % | median width, log | refused |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n in (148, 400):
        for row in coder_error(n, choices.coder_replications, coder_rng):
            print(row, flush=True)
    print(f"\n## Bank of 40 themes pooled ({choices.bank_replications:,} banks each)\n")
    print("37 people against 111; 5 to 60 % of the 111 have a theme; true log odds ratios normal around 0.\n")
    print(
        "| true spread | method | RMSE, log odds ratio | coverage of 95 % | strongest theme overstated by |"
    )
    print("| --- | --- | --- | --- | --- |")
    for spread in (0.2, 0.5, 0.8):
        for row in theme_bank(spread, choices.bank_replications, bank_rng):
            print(row, flush=True)
    print(f"\n## Difference of two shares ({choices.share_replications:,} studies each)\n")
    print("| people | true shares | method | coverage of 95 % | median width |")
    print("| --- | --- | --- | --- | --- |")
    for sizes, shares in (((37, 92), (0.38, 0.13)), ((19, 92), (0.05, 0.05)), ((8, 8), (0.5, 0.1))):
        for row in difference_of_shares(sizes, shares, choices.share_replications, share_rng):
            print(row, flush=True)
    print(f"\n## Odds ratio of a theme in a model of dropout ({choices.model_replications:,} studies each)\n")
    print("True odds ratio 3, two more covariates, about 30 % leave. Refused: separation, or nobody left.\n")
    print("| people | method | geometric mean odds ratio | coverage of 95 % | median width, log | refused |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n in (24, 60, 148):
        for row in odds_ratio_of_a_theme(n, choices.model_replications, model_rng):
            print(row, flush=True)


if __name__ == "__main__":
    main()
