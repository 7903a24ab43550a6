"""What does counting cost as a wave grows to a million people and twenty million coded segments?

Each size runs in a process of its own: read the table of codings, quantitize it into 100 nested themes, cross-tabulate
with four outcome groups by the large-sample methods (at every size, so that like is compared with like), test all
themes together. polars and duckdb do the same
group-by beside it (people with a theme or any theme below it, per group) where they are installed. Memory is the
highest resident size of the process, when the crosstab is done and at its end. Nothing here is a test.

    python tests/benchmarks/scale.py [--write] [SEGMENTS ...]
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from large_study import tables, theme_ids, write_study
from machine import machine

SIZES = (100_000, 1_000_000, 5_000_000, 20_000_000)
SEGMENTS_PER_PERSON, N_THEMES, SEED = 20, 100, 20240610
READERS = ("ours", "polars", "duckdb")
RESULT = Path(__file__).with_suffix(".md")


def ours(folder: Path) -> None:
    """Read, quantitize, cross-tabulate, test."""
    import pandas as pd  # noqa: PLC0415

    import analysis_lib as al  # noqa: PLC0415
    from analysis_lib import large_sample  # noqa: PLC0415

    large_sample.LARGE_SAMPLE = 0  # the same methods at every size
    small = al.load_wave(folder / "small", "w1")
    began = time.perf_counter()
    people = pd.read_parquet(folder / "participants.parquet").set_index("participant_id")
    people = people.assign(agreed=True, has_material=True, analysed=True, why_no_group=pd.NA)
    segments = pd.read_parquet(folder / "coded_segments.parquet").assign(round="independent")
    wave = replace(small, participants=people, segments=segments)
    times = [time.perf_counter()]
    matrix = al.quantitize(wave)
    times.append(time.perf_counter())
    found = al.crosstab_themes(matrix)
    times.append(time.perf_counter())
    counted_in = peak()
    al.omnibus_test(found)
    times.append(time.perf_counter())
    by_group = found.table[found.table["group"] != "all"]
    print(*np.diff([began, *times]).round(2), counted_in, int(by_group["n_with_theme"].sum()))


def families() -> list[tuple[str, str]]:
    """(code, theme it counts for): itself and the branch above it."""
    ids = theme_ids(N_THEMES)
    return [(code, code) for code in ids] + [(code, code.split(".")[0]) for code in ids if "." in code]


def with_polars(folder: Path) -> None:
    import polars as pl  # noqa: PLC0415

    began = time.perf_counter()
    people = pl.scan_parquet(folder / "participants.parquet").select("participant_id", "outcome_group")
    codes = pl.LazyFrame(families(), schema=["code_id", "theme_id"], orient="row")
    found = (
        pl.scan_parquet(folder / "coded_segments.parquet")
        .join(codes, on="code_id")
        .group_by("participant_id", "theme_id")
        .agg(pl.col("segment_id").n_unique().alias("n_segments"))
        .join(people, on="participant_id")
        .group_by("theme_id", "outcome_group")
        .agg(pl.len().alias("n_with_theme"), pl.col("n_segments").sum())
        .collect()
    )
    print(round(time.perf_counter() - began, 2), int(found["n_with_theme"].sum()))


def with_duckdb(folder: Path) -> None:
    import duckdb  # noqa: PLC0415

    began = time.perf_counter()
    values = ", ".join(f"('{code}', '{theme}')" for code, theme in families())
    found = duckdb.sql(f"""
        with codes(code_id, theme_id) as (values {values}),
        each as (
            select participant_id, theme_id, count(distinct segment_id) as n_segments
            from '{folder / "coded_segments.parquet"}' join codes using (code_id) group by all
        )
        select theme_id, outcome_group, count(*) as n_with_theme, sum(n_segments) as n_segments
        from each join '{folder / "participants.parquet"}' using (participant_id) group by all
    """).fetchall()
    print(round(time.perf_counter() - began, 2), sum(row[2] for row in found))


RUN = {"ours": ours, "polars": with_polars, "duckdb": with_duckdb}


def peak() -> float:
    """Most memory that this process has taken so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def measured(which: str, folder: Path) -> tuple[list[float], float]:
    """What one process printed, and the most memory it took in GB."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", which, str(folder)], capture_output=True, text=True, check=True
    )
    numbers = [float(word) for word in done.stdout.split()]
    return numbers[:-1], numbers[-1]


def columns(installed: list[str]) -> list[str]:
    ours = ["read", "quantitize", "crosstab", "all three, GB", "all themes together", "in all", "GB"]
    others = [f"{name}, {unit}" for name in installed for unit in ("s", "GB")]
    return ["segments", "people", *ours, *others]


def row_for(n: int, installed: list[str]) -> tuple[list[str], float]:
    """A line of the table, and our seconds up to the crosstab."""
    people = n // SEGMENTS_PER_PERSON
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_study(folder / "small", people=50, segments=1_000, themes=N_THEMES)
        participants, segments = tables(people, n, N_THEMES, seed=SEED)
        participants.to_parquet(folder / "participants.parquet", index=False)
        segments.to_parquet(folder / "coded_segments.parquet", index=False)
        del participants, segments
        (*seconds, counted_in, found), memory = measured("ours", folder)
        read, quantitized, crossed, together = seconds
        cells = [
            f"{n:,}",
            f"{people:,}",
            *(f"{each:.1f}" for each in (read, quantitized, crossed, counted_in)),
        ]
        cells += [f"{each:.1f}" for each in (together, sum(seconds), memory)]
        for name in installed:
            (taken, also_found), memory = measured(name, folder)
            if also_found != found:
                raise SystemExit(f"{name} counts {also_found:.0f} people with themes, we {found:.0f}")
            cells += [f"{taken:.1f}", f"{memory:.1f}"]
    return cells, read + quantitized + crossed


def main() -> None:
    """Measure and print; with ``--write`` also beside this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, metavar="SEGMENTS")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sizes = tuple(options.sizes) or SIZES
    installed = [name for name in READERS[1:] if importlib.util.find_spec(name)]
    lines = [
        "# Counting at scale",
        "",
        f"{machine()}. Made by `scale.py`: {N_THEMES} themes in branches of ten, {SEGMENTS_PER_PERSON} coded segments",
        "a person, four outcome groups; seconds, and the most memory of the process in GB. The counts of all programs",
        "are the same.",
        "",
        "| " + " | ".join(columns(installed)) + " |",
        "|" + "---:|" * len(columns(installed)),
    ]
    print("\n".join(lines))
    totals = []
    for n in sizes:
        cells, total = row_for(n, installed)
        totals.append(total)
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    if len(sizes) > 1:
        slope = np.polyfit(np.log(sizes), np.log(totals), 1)[0]
        last = np.log(totals[-1] / totals[-2]) / np.log(sizes[-1] / sizes[-2])
        lines += [
            "",
            f"Slope of log seconds (read, quantitize, crosstab) on log segments: {slope:.2f} over all sizes,",
        ]
        lines += [f"{last:.2f} between the last two; 1 is linear, less where fixed costs still weigh."]
        print("\n".join(lines[-3:]))
    if options.write:
        RESULT.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        RUN[sys.argv[2]](Path(sys.argv[3]))
        print(peak())
    else:
        main()
