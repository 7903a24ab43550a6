"""What does the report cost beside the run that it reports on?

Runs one wave of the example study as `themewave run` does, then renders its report once more from the executed
notebooks: the door, page, Word files, tables, results and figures. The run is a process from its start to its end with
all its children. What it imports it imports once, for notebooks and reports alike, so rendering is measured as there:
from payloads to files, with everything imported. What counts is processor time, so that neither a second core nor
another process on the machine moves the share. Writes the table `report_rendering.md` beside this file. Nothing here
is a test.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "data_schema" / "example_study"
WAVE = "2024a"
KEY = b"not a secret: nobody stands behind this study"
LARGEST_SHARE = 0.25

# Runs in a fresh interpreter; prints seconds of processor and clock per part of a report.
RENDER = """
import sys, time
from pathlib import Path
from analysis_lib.payload import Payload
from analysis_lib.release import release, rules_for
from analysis_lib.report import bundle
from analysis_lib.runner import warm
from analysis_lib.runner.notebooks import contents
from analysis_lib.study import load_study
from analysis_lib.wave import load_wave

warm._import_everything()
study = load_study(Path(sys.argv[1]))
wave = load_wave(study, sys.argv[2])
notebooks = []
for path in sorted(Path(sys.argv[3]).glob("INTERNAL_*.ipynb")):
    number, title, parts = contents(path)
    read = tuple(part if isinstance(part, str) else Payload.from_json(part) for part in parts)
    notebooks.append((number, title, read))
rules = rules_for("coauthor", study.privacy, bytes.fromhex(sys.argv[5]))
spent = {}

def timed(name):
    made = getattr(bundle, name)
    def call(*args, **kwargs):
        began = time.process_time(), time.perf_counter()
        try:
            return made(*args, **kwargs)
        finally:
            spent[name] = time.process_time() - began[0], time.perf_counter() - began[1]
    setattr(bundle, name, call)

parts = (
    "release", "render_report", "tables_document", "results_document", "write_table_files", "_write_tables",
    "_write_figures", "write_bundle",
)
for name in parts[1:]:
    timed(name)
began = time.process_time(), time.perf_counter()
released = release(bundle.payloads_of(notebooks), rules)
spent["release"] = time.process_time() - began[0], time.perf_counter() - began[1]
bundle.write_bundle(Path(sys.argv[4]), notebooks, wave, released)
spent["write_bundle"] = tuple(map(sum, zip(spent["release"], spent["write_bundle"])))
for name in parts:
    print(*spent[name])
"""
PARTS = (
    "the door",
    "report.html, all figures drawn for it",
    "tables.docx",
    "results_draft.docx, figures at 300 dpi",
    "tables/",
    "results/",
    "figures/",
    "**rendering**",
)


class Spent(NamedTuple):
    """Seconds."""

    processor: float
    clock: float


def processor() -> float:
    """Seconds that all children have used that have ended, and their children, in the program and in the system."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command: list[str]) -> tuple[Spent, str]:
    """What a process and its children used from start to end, and what it said."""
    before, began = processor(), time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return Spent(processor() - before, time.perf_counter() - began), done.stdout


def run(out: Path) -> Spent:
    """One wave, as a researcher runs it."""
    themewave = str(Path(sys.executable).parent / "themewave")
    return timed([themewave, "run", "--wave", WAVE, "--out", str(out)])[0]


def render(internal: Path, out: Path) -> list[Spent]:
    """Each part of a report, and all of it."""
    out.mkdir()
    _, said = timed([sys.executable, "-c", RENDER, str(STUDY), WAVE, str(internal), str(out), KEY.hex()])
    return [Spent(*map(float, line.split())) for line in said.splitlines()]


def median(rounds: tuple[Spent, ...]) -> Spent:
    """The middle one of three, of each kind of seconds by itself."""
    return Spent(*(statistics.median(kind) for kind in zip(*rounds, strict=True)))


def main() -> None:
    """Measure and write the table."""
    runs, renderings = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(3):
            runs.append(run(Path(folder) / f"out{i}"))
            (internal,) = (Path(folder) / f"out{i}").rglob("internal")
            renderings.append(render(internal, Path(folder) / f"again{i}"))
    whole = median(tuple(runs))
    parts = [median(each) for each in zip(*renderings, strict=True)]
    rendering = parts[-1]
    rows = [*zip(PARTS, parts, strict=True), ("**the whole run**", whole)]
    lines = [
        "# What rendering costs",
        "",
        f"Made by `report_rendering.py` on {date.today().isoformat()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; wave {WAVE} of the example study, medians of three runs and of three"
        " renderings. Processor seconds are those of a process and its children; the share of them counts. A run keeps"
        " several cores busy, rendering one, so the clock tells less.",
        "",
        "| what | processor, s | clock, s |",
        "|---|---|---|",
        *(f"| {name} | {spent.processor:.2f} | {spent.clock:.2f} |" for name, spent in rows),
        "",
        f"Rendering / whole run: {rendering.processor / whole.processor:.0%} of the processor time, wanted at most"
        f" {LARGEST_SHARE:.0%}; {rendering.clock / whole.clock:.0%} by the clock.",
        "",
    ]
    text = "\n".join(lines)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
