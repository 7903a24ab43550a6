"""How often is a theme called moved between two waves when nothing moved, and do the intervals hold the truth?

Run on demand: ``python tests/simulations/size_of_change_tests.py > tests/simulations/size_of_change_tests.md``. People
differ in readiness to mention anything, which ties themes together; groups differ in every theme, waves in none.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from analysis_lib.stats import (
    difference_at_same_mix,
    difference_of_estimates,
    exact_strata,
    exact_table_test,
    paired_change,
    risk_difference,
)
from analysis_lib.stats.multiple import holm

FloatArray = NDArray[np.float64]

THEMES, CORRELATION, ALPHA = 12, 0.3, 0.05
# Prevalence of each theme in three groups.
PREVALENCE = np.linspace((0.08, 0.25, 0.15), (0.45, 0.1, 0.3), THEMES)
FIRST, ALIKE, OTHER_MIX = (92, 37, 19), (58, 22, 12), (22, 58, 12)


def drawn(sizes: tuple[int, ...], rng: np.random.Generator) -> list[FloatArray]:
    """Who has which theme, group by group."""
    found = []
    for group, n in enumerate(sizes):
        latent = np.sqrt(CORRELATION) * rng.standard_normal((n, 1))
        latent = latent + np.sqrt(1 - CORRELATION) * rng.standard_normal((n, THEMES))
        found.append((latent < ndtri(PREVALENCE[:, group])).astype(float))
    return found


def different_people(
    sizes: tuple[int, ...], replications: int, rng: np.random.Generator
) -> tuple[float, ...]:
    """Per cent: some theme by Fisher's p, some theme called moved; coverage of crude, same-mix and moved intervals."""
    hits = np.zeros(2)
    covered = np.zeros(3)
    truth = (np.array(sizes) / sum(sizes) - np.array(FIRST) / sum(FIRST)) @ PREVALENCE.T
    for _ in range(replications):
        before, now = drawn(FIRST, rng), drawn(sizes, rng)
        x0, x1 = (np.array([part.sum(axis=0) for part in wave]) for wave in (before, now))
        n0, n1 = np.array(FIRST, float), np.array(sizes, float)
        crude = risk_difference(x1.sum(axis=0), n1.sum(), x0.sum(axis=0), n0.sum())
        crude_p = holm([
            exact_table_test([[a, b], [n1.sum() - a, n0.sum() - b]]).p_value
            for a, b in zip(x1.sum(axis=0), x0.sum(axis=0), strict=True)
        ])  # fmt: skip
        tables = np.stack([x1.T, n1 - x1.T, x0.T, n0 - x0.T], axis=2).reshape(THEMES, -1, 2, 2)
        p = holm([exact_strata(table).p_value for table in tables])
        mixes = [difference_at_same_mix(x1[:, j], n1, x0[:, j], n0) for j in range(THEMES)]
        inside = np.array([mix.conf_low <= 0 <= mix.conf_high for mix in mixes])
        below = (p < ALPHA) & ((crude.conf_low > 0) | (crude.conf_high < 0))
        hits += (crude_p < ALPHA).any(), (below & ~inside).any()
        covered[0] += ((crude.conf_low <= truth) & (truth <= crude.conf_high)).mean()
        covered[1] += inside.mean()
        one, other = (risk_difference(x[1], n[1], x[0], n[0]) for x, n in ((x1, n1), (x0, n0)))
        apart = [
            difference_of_estimates(*((d.estimate[j], d.conf_low[j], d.conf_high[j]) for d in (one, other)))
            for j in range(THEMES)
        ]
        covered[2] += np.mean([each.conf_low <= 0 <= each.conf_high for each in apart])
    return (*(100 * hits / replications), *(100 * covered / replications))


def same_people(n: int, replications: int, rng: np.random.Generator) -> tuple[float, float]:
    """Per cent: some theme of a panel called moved; coverage of Tango's interval. Answers of one person go together."""
    hits, covered = 0, 0.0
    for _ in range(replications):
        person = rng.standard_normal((n, THEMES)) * np.sqrt(0.5)
        two = [
            ndtr(person + rng.standard_normal((n, THEMES)) * np.sqrt(0.5)) < PREVALENCE.mean(axis=1)
            for _ in range(2)
        ]
        found = [
            paired_change(int((two[1] & ~two[0])[:, j].sum()), int((two[0] & ~two[1])[:, j].sum()), n)
            for j in range(THEMES)
        ]
        hits += (holm([each.p_value for each in found]) < ALPHA).any()
        covered += float(np.mean([each.conf_low <= 0 <= each.conf_high for each in found]))
    return 100 * hits / replications, 100 * covered / replications


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20261122)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    lines = [
        "# Changes between waves when nothing moved",
        "",
        f"{date.today()}, seed {chosen.seed}, {chosen.replications:,} replications per row, {THEMES} themes,"
        f" correlation {CORRELATION}. Per cent; nominal 5 for tests, 95 for intervals. Monte Carlo error of a figure"
        f" near 5 is {100 * np.sqrt(0.05 * 0.95 / chosen.replications):.1f}.",
        "",
        "## Different people: some theme of twelve",
        "",
        f"First wave {'/'.join(map(str, FIRST))}. Called moved: adjusted p inside outcome groups, interval of the"
        " change, and interval at the same mix.",
        "",
        "| second wave | Fisher's p of everybody, adjusted | called moved | Newcombe covers | same mix covers"
        " | distance of two differences covers |",
        "|---|---|---|---|---|---|",
    ]
    for name, sizes in (("same mix", ALIKE), ("another mix", OTHER_MIX)):
        numbers = " | ".join(f"{value:.1f}" for value in different_people(sizes, chosen.replications, rng))
        lines.append(f"| {name}, {'/'.join(map(str, sizes))} | {numbers} |")
    lines += ["", "## The same people twice", "", "| people | called moved | Tango covers |", "|---|---|---|"]
    for n in (24, 60, 150):
        numbers = " | ".join(f"{value:.1f}" for value in same_people(n, chosen.replications, rng))
        lines.append(f"| {n} | {numbers} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
