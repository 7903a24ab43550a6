"""How long does a wave take, beside what a researcher would do by hand with papermill and nbconvert?

Both run the same four notebooks on the same wave of the example study, one after the other in this one run, on
this machine. Also: what importing the library costs beside importing statsmodels and seaborn. Prints a table;
nothing here is a test.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
STUDY = ROOT / "data_schema" / "example_study"
WAVE = "2024a"
NOTEBOOKS = (
    "01_wave_intake",
    "02_coding_reliability",
    "03_themes_by_outcome",
    "04_joint_display",
    "05_termination_models",
)


def ours(folder: Path) -> None:
    """`themewave run`, with report, tables and figures."""
    call(BIN / "themewave", "run", "--wave", WAVE, "--out", folder)


def one_at_a_time(folder: Path) -> None:
    """The same with one kernel at a time."""
    call(BIN / "themewave", "run", "--wave", WAVE, "--out", folder, "--jobs", "1")


def naive(folder: Path) -> None:
    """The papermill command and the nbconvert command, notebook by notebook."""
    for name in NOTEBOOKS:
        executed = folder / f"{name}.ipynb"
        values = ("-p", "study", STUDY, "-p", "wave", WAVE)
        call(BIN / "papermill", ROOT / "notebooks" / f"{name}.ipynb", executed, *values)
        call(BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", executed)


def importing(statement: str) -> Callable[[Path], None]:
    """A fresh interpreter that imports something."""
    return lambda folder: call(sys.executable, "-c", statement)


def call(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, cwd=ROOT)


def seconds(job: Callable[[Path], None], rounds: int) -> float:
    """Median wall-clock time over some rounds."""
    taken = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            job(Path(folder))
            taken.append(time.perf_counter() - began)
    return median(taken)


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    call(BIN / "themewave", "check", STUDY)  # warm the disk cache for both sides
    rows = [
        ("themewave run, one wave, report and figures included", seconds(ours, rounds)),
        ("the same with --jobs 1", seconds(one_at_a_time, rounds)),
        ("papermill and nbconvert commands, same notebooks", seconds(naive, rounds)),
        ("import analysis_lib", seconds(importing("import analysis_lib"), 5)),
        ("import statsmodels.api, seaborn", seconds(importing("import statsmodels.api, seaborn"), 5)),
    ]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, median of {rounds} round(s)\n")
    print("| job | seconds |\n|---|---|")
    for name, taken in rows:
        print(f"| {name} | {taken:.2f} |")
    print(f"\nrun / naive: {rows[0][1] / rows[2][1]:.2f}")
    print(f"import analysis_lib / import statsmodels and seaborn: {rows[3][1] / rows[4][1]:.2f}")


if __name__ == "__main__":
    main()
