"""How long do the statistics take, beside R, scipy and the loop that one writes by hand?

Everything is timed in this one run on this machine, with one BLAS thread; the ratio counts, not the seconds. R
(with brglm2) is timed where Rscript is found. Prints a table; nothing here is a test.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from scipy import stats as scipy_stats
from threadpoolctl import threadpool_limits

from analysis_lib.stats import agreement, exact_table_test, firth_logistic, mmi_test

SEED = 20240610
SIZES = (60, 40, 30, 18)
TABLE = np.array([[12, 14, 9, 7], [48, 26, 21, 11]])  # 148 people in four groups

IN_R = """
suppressMessages(library(brglm2))
folder <- commandArgs(TRUE)[1]
each <- function(job, times) {
  began <- proc.time()[["elapsed"]]
  for (i in seq_len(times)) job()
  (proc.time()[["elapsed"]] - began) / times
}
counts <- matrix(c(12, 14, 9, 7, 48, 26, 21, 11), nrow = 2, byrow = TRUE)
people <- read.csv(file.path(folder, "people.csv"))
exact <- median(replicate(7, each(function() fisher.test(counts), 500)))
firth <- median(replicate(7, each(function()
  glm(y ~ ., family = binomial, data = people, method = "brglmFit", type = "AS_mean"), 20)))
cat(exact, firth, "\\n")
cat(R.version.string, "brglm2", format(packageVersion("brglm2")), "\\n")
"""


def seconds(job: Callable[[], object], times: int, rounds: int = 7) -> float:
    """Median over some rounds of the seconds that one call takes."""
    job()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(times):
            job()
        taken.append((time.perf_counter() - began) / times)
    return median(taken)


def people(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """150 people with eight covariates, half of them 0/1, about a third with the outcome."""
    covariates = rng.normal(size=(150, 8))
    covariates[:, :4] = covariates[:, :4] > 0.5
    risk = 1 / (1 + np.exp(0.9 - 0.6 * covariates[:, 0] - 0.4 * covariates[:, 5]))
    return covariates, (rng.random(150) < risk).astype(float)


def in_r(covariates: np.ndarray, outcome: np.ndarray) -> tuple[float, float, str] | None:
    """Seconds of fisher.test and of brglm2's bare fit, and the versions; None without R."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        frame = pd.DataFrame(covariates, columns=[f"x{i}" for i in range(covariates.shape[1])])
        frame.assign(y=outcome).to_csv(Path(folder) / "people.csv", index=False)
        (Path(folder) / "timing.R").write_text(IN_R, encoding="utf-8")
        words = ["Rscript", str(Path(folder) / "timing.R"), folder]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    exact, firth = map(float, said[0].split())
    return exact, firth, said[1].strip()


def pandas_loop(themes: pd.DataFrame, groups: np.ndarray, n_permutations: int) -> None:
    """The sum of chi-squares over themes, permutation by permutation, as one writes it in a notebook."""
    rng = np.random.default_rng(SEED)
    for _ in range(n_permutations):
        shuffled = rng.permutation(groups)
        sum(
            scipy_stats.chi2_contingency(pd.crosstab(themes[name], shuffled), correction=False).statistic
            for name in themes
        )


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(SEED)
    groups = np.repeat(np.arange(4), SIZES)
    themes = (rng.random((148, 60)) < rng.uniform(0.05, 0.5, 60)).astype(float)
    covariates, outcome = people(rng)
    units = rng.integers(0, 2, (5_000, 1)) ^ (rng.random((5_000, 3)) < 0.1)

    ours_exact = seconds(lambda: exact_table_test(TABLE), 500)
    scipy_exact = seconds(lambda: scipy_stats.fisher_exact(TABLE), 5)
    bank = seconds(lambda: mmi_test(themes, groups, n_permutations=10_000, seed=SEED), 1)
    loop = 10_000 / 3 * seconds(lambda: pandas_loop(pd.DataFrame(themes), groups, 3), 1, rounds=3)
    firth = seconds(lambda: firth_logistic(covariates, outcome), 5)
    alpha = seconds(lambda: agreement(units.astype(float), n_bootstrap=2_000), 1)
    rao_scott = seconds(lambda: mmi_test(themes, groups, n_permutations=1, seed=SEED), 1)
    tracemalloc.start()
    mmi_test(themes, groups, n_permutations=1, seed=SEED)
    megabytes = tracemalloc.get_traced_memory()[1] / 1e6
    r = in_r(covariates, outcome)

    rows = [
        ("exact test 2 x 4, n = 148: scipy's default / ours", scipy_exact / ours_exact, "at least 30"),
        ("60 themes x 4 groups x 10,000 permutations, seconds", bank, "at most 0.25"),
        ("the same: loop over pandas.crosstab (from 3 permutations) / ours", loop / bank, "at least 2,000"),
        ("Rao-Scott of 60 themes x 4 groups, seconds", rao_scott, "under 1"),
        ("the same, megabytes at the peak", megabytes, "under 200"),
        ("alpha with 2,000 resamples of 5,000 units, seconds", alpha, "under 0.5"),
    ]
    if r is not None:
        rows.insert(
            0, ("exact test 2 x 4, n = 148: ours / R's fisher.test", ours_exact / r[0], "at most 1.0")
        )
        rows.append(
            (
                "Firth n = 150, p = 8, fit, tests and profile: ours / brglm2's bare fit",
                firth / r[1],
                "at most 4",
            )
        )
    print(f"Python {platform.python_version()}, numpy {np.__version__}; {r[2] if r else 'R was not found'}\n")
    print("| what | measured | wanted |\n|---|---|---|")
    for name, value, wanted in rows:
        print(f"| {name} | {value:,.3g} | {wanted} |")
    print(
        f"\nSeconds: exact {ours_exact:.2e}, scipy {scipy_exact:.2e}, Firth {firth:.4f}, loop {loop:,.0f}"
        " (extrapolated)."
    )


if __name__ == "__main__":
    with threadpool_limits(limits=1, user_api="blas"):
        main()
