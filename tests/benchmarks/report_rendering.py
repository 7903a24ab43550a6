"""What does the report cost beside the run that it reports on?

Runs one wave of the example study as `themewave run` does, then renders its report once more from the executed
notebooks: page, Word files, tables, results and figures. Writes the table `report_rendering.md` beside this file; the
share counts, not the seconds. Nothing here is a test.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "data_schema" / "example_study"
WAVE = "2024a"
KEY = b"not a secret: nobody stands behind this study"
LARGEST_SHARE = 0.25

# Runs in a fresh interpreter, as rendering does in a run; prints seconds per part, then those of all in one.
RENDER = """
import sys, time
from pathlib import Path
from analysis_lib.payload import Payload
from analysis_lib.release import rules_for
from analysis_lib.report import bundle
from analysis_lib.runner.notebooks import contents
from analysis_lib.study import load_study
from analysis_lib.wave import load_wave

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
        began = time.perf_counter()
        try:
            return made(*args, **kwargs)
        finally:
            spent[name] = time.perf_counter() - began
    setattr(bundle, name, call)

parts = ("render_report", "tables_document", "results_document", "write_table_files", "_write_tables", "_write_figures")
for name in parts:
    timed(name)
began = time.perf_counter()
bundle.write_bundle(Path(sys.argv[4]), notebooks, wave, rules)
whole = time.perf_counter() - began
for name in parts:
    print(spent[name])
print(whole)
"""
PARTS = (
    "report.html, all figures drawn for it",
    "tables.docx",
    "results_draft.docx, figures at 300 dpi",
    "tables/",
    "results/",
    "figures/",
    "everything",
)


def seconds(job: Callable[[], object]) -> float:
    """Wall-clock time of a job."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def run(out: Path) -> None:
    """One wave, as a researcher runs it."""
    command = [str(Path(sys.executable).parent / "themewave"), "run", "--wave", WAVE, "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)


def render(internal: Path, out: Path) -> list[float]:
    """Seconds of each part of a report, and of all of it."""
    out.mkdir()
    command = [sys.executable, "-c", RENDER, str(STUDY), WAVE, str(internal), str(out), KEY.hex()]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return [float(line) for line in said.split()]


def main() -> None:
    """Measure and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        whole = seconds(lambda: run(Path(folder) / "out"))
        (internal,) = (Path(folder) / "out").rglob("internal")
        rounds = [render(internal, Path(folder) / f"again{i}") for i in range(3)]
    spent = [sorted(part)[1] for part in zip(*rounds, strict=True)]
    share = spent[-1] / whole
    lines = [
        "# What rendering costs",
        "",
        f"Made by `report_rendering.py` on {date.today().isoformat()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; wave {WAVE} of the example study, median of three renderings in fresh"
        " interpreters, imports of the drawing library included. The share counts, not the seconds.",
        "",
        "| what | seconds |",
        "|---|---|",
        *(f"| {name} | {taken:.2f} |" for name, taken in zip(PARTS, spent, strict=True)),
        f"| the whole run, rendering included | {whole:.1f} |",
        "",
        f"Rendering / whole run: {share:.0%}, wanted at most {LARGEST_SHARE:.0%}.",
        "",
    ]
    text = "\n".join(lines)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
