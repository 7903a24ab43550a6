"""How often do the tests of a theme x group table cry wolf at 5 % when no group differs?

Run on demand: ``python tests/simulations/size_of_tests.py > tests/simulations/size_of_tests.md``. Each person
has about 20 segments; how readily a theme is coded in them varies between people and goes together across
themes. A theme is present where at least one segment holds it.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr
from scipy.stats import chi2_contingency

from analysis_lib.stats import min_p, min_p_contrasts, mmi_test, spmi_test

FloatArray = NDArray[np.float64]

PERMUTATIONS = 499
SEGMENTS = 20
# Share of the variance of a coding decision that lies between people.
WITHIN_PERSON = 0.15
# group sizes, number of themes, correlation of the people's readiness between themes
SETTINGS = [
    ((92, 37, 19), 12, 0.0),
    ((92, 37, 19), 12, 0.3),
    ((92, 37, 19), 12, 0.6),
    ((8, 8, 8), 8, 0.3),
    ((8, 8, 8), 8, 0.6),
]
# people, correlation of the choices within each of two sets
PAIR_SETTINGS = [(148, 0.0), (148, 0.3), (148, 0.6), (24, 0.3)]
COLUMNS = [
    "permutation, whole table",
    "minP, any theme",
    "minP, any comparison",
    "Rao-Scott 2nd",
    "any exact p < .05",
    "one theme, segments as people",
]


def interviews(
    rng: np.random.Generator, sizes: tuple[int, ...], share: FloatArray, correlation: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Segments per person (n,) and segments coded with each theme (n, c); ``share`` is (groups, c)."""
    n = sum(sizes)
    segments = 1 + rng.poisson(SEGMENTS - 1, n)
    common, own = rng.standard_normal((n, 1)), rng.standard_normal((n, share.shape[1]))
    readiness = ndtr(np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
    concentration = (1 - WITHIN_PERSON) / WITHIN_PERSON
    mean = np.repeat(share, sizes, axis=0)
    return segments, rng.binomial(
        segments[:, None], betaincinv(mean * concentration, (1 - mean) * concentration, readiness)
    )


def rejections(
    rng: np.random.Generator, sizes: tuple[int, ...], n_themes: int, correlation: float
) -> list[float]:
    """One study without any difference: which tests reject, in the order of ``COLUMNS``."""
    share = np.tile(np.geomspace(0.005, 0.15, n_themes), (len(sizes), 1))
    segments, coded = interviews(rng, sizes, share, correlation)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    themes = coded > 0
    seed = int(rng.integers(2**31))
    table = mmi_test(themes, groups, n_permutations=PERMUTATIONS, seed=seed)
    each = min_p(themes, groups, n_permutations=PERMUTATIONS, seed=seed)
    pairs = min_p_contrasts(themes, groups, reference=0, n_permutations=PERMUTATIONS, seed=seed)
    by_segment = []
    for theme in coded.T[coded.sum(axis=0) > 0]:
        held = np.bincount(groups, weights=theme)
        counts = np.array([held, np.bincount(groups, weights=segments) - held])
        by_segment.append(chi2_contingency(counts, correction=False).pvalue <= 0.05)
    return [
        table.p_permutation <= 0.05,
        bool((each.p_adjusted <= 0.05).any()),
        bool((pairs.p_adjusted <= 0.05).any()),
        table.p_rao_scott <= 0.05,
        bool((each.p_raw <= 0.05).any()),
        float(np.mean(by_segment)),
    ]


def false_comparisons(
    rng: np.random.Generator, sizes: tuple[int, ...], n_themes: int, correlation: float
) -> bool:
    """One study in which only the last group differs: is a comparison of the others called a difference?"""
    share = np.tile(np.geomspace(0.005, 0.15, n_themes), (len(sizes), 1))
    share[-1] = np.minimum(4 * share[-1], 0.5)
    _, coded = interviews(rng, sizes, share, correlation)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    seed = int(rng.integers(2**31))
    pairs = min_p_contrasts(coded > 0, groups, reference=0, n_permutations=PERMUTATIONS, seed=seed)
    return bool((pairs.p_adjusted[:, :-1] <= 0.05).any())


def two_sets(rng: np.random.Generator, n: int, correlation: float) -> list[bool]:
    """Eight themes and five reasons for leaving, independent of each other: does a test of pairs reject?"""
    chosen = []
    for share in (np.geomspace(0.05, 0.5, 8), np.geomspace(0.05, 0.4, 5)):
        common, own = rng.standard_normal((n, 1)), rng.standard_normal((n, share.size))
        ready = ndtr(np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
        chosen.append((ready < share).astype(float))
    pairs = spmi_test(*chosen, n_permutations=PERMUTATIONS, seed=int(rng.integers(2**31)))
    return [pairs.p_permutation <= 0.05, pairs.p_rao_scott <= 0.05]


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    n = arguments.replications
    streams = np.random.SeedSequence(arguments.seed).spawn(2 * len(SETTINGS) + len(PAIR_SETTINGS))
    lines = [
        "# Size of the tests at 5 %",
        "",
        f"{date.today().isoformat()}, seed {arguments.seed}, {n:,} replications per row, {PERMUTATIONS} permutations"
        f" each. Per cent of studies in which a test rejects although no group differs; the Monte Carlo error of"
        f" a figure near 5 is {100 * (0.05 * 0.95 / n) ** 0.5:.1f}. About {SEGMENTS} segments a person,"
        f" within-person correlation {WITHIN_PERSON}. Segments as people: per cent of single themes whose"
        " chi-square of segments rejects. Last column: the last group does differ, and a comparison of the"
        " others is called a difference by minP.",
        "",
        "| groups | themes | correlation | "
        + " | ".join(COLUMNS)
        + " | false comparison, last group differs |",
        "|---" * (len(COLUMNS) + 4) + "|",
    ]
    for number, (sizes, n_themes, correlation) in enumerate(SETTINGS):
        null, partial = (np.random.default_rng(stream) for stream in streams[2 * number : 2 * number + 2])
        rejected = np.mean([rejections(null, sizes, n_themes, correlation) for _ in range(n)], axis=0)
        wrong = np.mean([false_comparisons(partial, sizes, n_themes, correlation) for _ in range(n)])
        cells = [f"{100 * value:.1f}" for value in (*rejected, wrong)]
        label = "/".join(map(str, sizes))
        lines.append(f"| {label} | {n_themes} | {correlation} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Pick-any by pick-any: eight themes, five reasons for leaving, no association between the two",
        "",
        "| people | correlation within each set | permutation | Rao-Scott 2nd |",
        "|---|---|---|---|",
    ]
    for stream, (people, correlation) in zip(streams[2 * len(SETTINGS) :], PAIR_SETTINGS, strict=True):
        rng = np.random.default_rng(stream)
        rejected = np.mean([two_sets(rng, people, correlation) for _ in range(n)], axis=0)
        lines.append(f"| {people} | {correlation} | " + " | ".join(f"{100 * r:.1f}" for r in rejected) + " |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
