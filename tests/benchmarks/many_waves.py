"""What does a study of very many small waves cost, from the first to the last, and once nothing has changed?

    python tests/benchmarks/many_waves.py [--waves 200] [--people 25] [--write]

The generator makes the study; `themewave run` makes every report, cold; `themewave run` again finds nothing to do; one
wave is added and run. A wave looks back at all earlier ones, so that what one costs may grow with their number: the
seconds of its notebooks and its report, from the manifests, are given for the first and the last tenth. Prints a
table; nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from large_study import write_study
from machine import machine

ROOT = Path(__file__).resolve().parents[2]
RESULT = Path(__file__).with_suffix(".md")
SEGMENTS_PER_PERSON, N_THEMES, FEW = 12, 8, 199


def run(study: Path, *words: str) -> tuple[float, float]:
    """Seconds of one `themewave run`, by the clock and of the processors."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "analysis_lib", "run", str(study), *words]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used


def made(folder: Path, waves: int, people: int) -> Path:
    """A study with few permutations, since what is measured here is not how long chance takes to simulate."""
    size = {"people": people, "segments": people * SEGMENTS_PER_PERSON, "themes": N_THEMES}
    study = write_study(folder / "study", **size, waves=waves, form="csv")
    with (study / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"n_permutations: {{omnibus: {FEW}, minp: {FEW}}}\n")
    return study


def without_last(study: Path, waves: int) -> str:
    """Take the last wave off the list; returns study.yaml as it was."""
    path = study / "study.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(re.sub(rf", w{waves}\]", "]", before, count=1), encoding="utf-8")
    return before


def seconds_of(study: Path, wave: str) -> float:
    """Seconds of a wave's notebooks, as its manifest has them."""
    (path,) = study.glob(f"reports/*/{wave}/manifest.json")
    return sum(each["seconds"] for each in json.loads(path.read_text(encoding="utf-8"))["notebooks"].values())


def main() -> None:
    """Measure and print; with ``--write`` also beside this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--waves", type=int, default=200)
    parser.add_argument("--people", type=int, default=25)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    said, n = machine(), options.waves
    with tempfile.TemporaryDirectory() as name:
        study = made(Path(name), n, options.people)
        whole = without_last(study, n)
        cold = run(study)
        again = run(study)
        (study / "study.yaml").write_text(whole, encoding="utf-8")
        added = run(study)
        taken = [seconds_of(study, f"w{i + 1}") for i in range(n)]
        pages = len(list(study.glob("reports/*/*/report.html")))
    tenth = max(n // 10, 1)
    lines = [
        f"# {n} small waves",
        "",
        f"{said}. Made by `many_waves.py`: {options.people} people, {options.people * SEGMENTS_PER_PERSON} segments",
        f"and {N_THEMES} themes a wave, {FEW} permutations. {pages} reports were written.",
        "",
        "| job | wall, s | processors, s |",
        "|---|---:|---:|",
        f"| `themewave run`, {n - 1} waves, cold | {cold[0]:.0f} | {cold[1]:.0f} |",
        f"| a wave of them, on average | {cold[0] / (n - 1):.1f} | {cold[1] / (n - 1):.1f} |",
        f"| `themewave run`, nothing changed | {again[0]:.1f} | {again[1]:.1f} |",
        f"| `themewave run`, one wave added | {added[0]:.1f} | {added[1]:.1f} |",
        f"| notebooks of one wave, median of the first {tenth} | {median(taken[:tenth]):.1f} | |",
        f"| notebooks of one wave, median of the last {tenth} | {median(taken[-tenth:]):.1f} | |",
        "",
    ]
    print("\n".join(lines))
    if options.write:
        RESULT.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
