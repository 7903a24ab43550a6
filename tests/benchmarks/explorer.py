"""How long does the explorer take to answer, in the kernel and as somebody waits for it in the browser?

    python tests/benchmarks/explorer.py [--people 500] [--themes 60] [--rounds 15] [--write]

A generated wave with therapists, ways of delivery and a sentence for each segment is opened by ``themewave lab`` in
Chromium. From the change of a field, or the click on a number, to the moment in which the page shows the answer is
what somebody waits for; beside it stands what the kernel alone takes. Wanted: under 300 ms at 500 people and 60 themes.
Prints a table; nothing here is a test.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
from large_study import write_study
from machine import machine
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browser.lab_session import PATIENCE, LabSession, OpenNotebook

import analysis_lib as al

RESULT = Path(__file__).with_suffix(".md")
SEGMENTS_PER_PERSON = 20
WAITED = """
(field, [selector, value, answered]) => new Promise(done => {
  const root = document.querySelector(".tw-explorer");
  const began = performance.now();
  const seen = new MutationObserver(() => {
    if (!root.querySelector(answered)) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  });
  seen.observe(root, { childList: true, subtree: true, attributes: true });
  const target = root.querySelector(selector);
  if (value === null) { target.click(); return; }
  target.value = value;
  target.dispatchEvent(new Event("change"));
})
"""


def made(folder: Path, people: int, themes: int) -> Path:
    """The generated study with what people are told apart by, and words."""
    study = write_study(
        folder / "study",
        people=people,
        segments=people * SEGMENTS_PER_PERSON,
        themes=themes,
        waves=1,
        form="csv",
    )
    (wave,) = (study / "waves").iterdir()
    persons = pd.read_csv(wave / "participants.csv", dtype=str)
    number = persons.index.to_numpy()
    persons["therapist_id"] = [f"T{n % 20:02}" for n in number]
    persons["delivery_mode"] = [("in_person", "video", "telephone")[n % 3] for n in number]
    persons.to_csv(wave / "participants.csv", index=False)
    segments = pd.read_csv(wave / "coded_segments.csv", dtype=str)
    segments["text"] = [
        f"What was said here is of no matter, since it is passage number {n}." for n in segments.index
    ]
    segments.to_csv(wave / "coded_segments.csv", index=False)
    return study


def in_kernel(study: Path, rounds: int) -> dict[str, float]:
    """Milliseconds of the kernel's own work, median."""
    looking = al.explorer(str(study))
    looking.send = lambda *_, **__: None
    first = looking.choice["themes"][0]  # a branch, with everything below it
    jobs: dict[str, Callable[[int], object]] = {
        "other groups": lambda i: choose(looking, by=("delivery_mode", "therapist_id")[i % 2], groups=[], reference=""),
        "another unit": lambda i: choose(looking, unit=("segment", "document", "participant")[i % 3]),
        "fewer people": lambda i: choose(looking, where={"therapist_id": [f"T{i % 20:02}", "T00"]}),
        "a number clicked": lambda i: looking._handle_custom_msg({"theme": first, "group": "all", "start": 0}, []),
    }  # fmt: skip
    return {name: median(timed(job, i) for i in range(rounds)) for name, job in jobs.items()}


def choose(looking: Any, **change: Any) -> None:
    looking.choice = {**looking.choice, **change}


def timed(job: Callable[[int], object], i: int) -> float:
    began = time.perf_counter()
    job(i)
    return 1000 * (time.perf_counter() - began)


def in_browser(study: Path, folder: Path, rounds: int) -> dict[str, float]:
    """Milliseconds until the page shows the answer, median."""
    lab = LabSession(study, "--out", folder, "--notebook", "00_explore")
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            book = OpenNotebook(page, lab, None, folder / al.load_study(study).name)
            book.run_all()
            page.wait_for_selector(".tw-explorer table", timeout=PATIENCE * 1000)
            page.locator(".tw-explorer").scroll_into_view_if_needed()
            found = {
                name: median(waited(page, *asked(i)) for i in range(rounds)) for name, asked in ASKED.items()
            }
            browser.close()
    finally:
        lab.close()
    return found


GROUPINGS, UNITS = ("delivery_mode", "outcome_group"), ("segment", "participant")
SELECT = ".tw-head label:nth-of-type({}) select"
ASKED: dict[str, Callable[[int], tuple[str, str | None, str]]] = {
    "other groups": lambda i: (
        SELECT.format(3), GROUPINGS[i % 2], f'td[data-group="{("video", "mixed")[i % 2]}"]',
    ),
    "another unit": lambda i: (SELECT.format(6), UNITS[i % 2], f'table[data-unit="{UNITS[i % 2]}"]'),
    "a number clicked": lambda i: (
        f'td[data-theme="B{i % 5}"][data-group="all"] button', None, f'.tw-quotes[data-theme="B{i % 5}"] article',
    ),
}  # fmt: skip


def waited(page: Page, selector: str, value: str | None, answered: str) -> float:
    return float(page.locator(".tw-explorer").evaluate(WAITED, [selector, value, answered]))


def main() -> None:
    """Measure and print; with ``--write`` also beside this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--themes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    said = machine()
    with tempfile.TemporaryDirectory() as name:
        study = made(Path(name), options.people, options.themes)
        kernel = in_kernel(study, options.rounds)
        page = in_browser(study, Path(name) / "lab", options.rounds)
    lines = [
        "# The explorer's answers",
        "",
        f"{said}. Made by `explorer.py`: {options.people} people, {options.themes} themes,"
        f" {options.people * SEGMENTS_PER_PERSON:,} segments; medians of {options.rounds}. Wanted: under 300 ms.",
        "",
        "| what is done | kernel, ms | until the page shows it, ms |",
        "|---|---:|---:|",
        *(
            f"| {name} | {kernel[name]:.0f} | {f'{page[name]:.0f}' if name in page else ''} |"
            for name in kernel
        ),
        "",
    ]
    print("\n".join(lines))
    if options.write:
        RESULT.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
