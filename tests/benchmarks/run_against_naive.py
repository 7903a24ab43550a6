"""How long does a run take beside papermill and nbconvert by hand, and how does it grow with waves and kernels?

Run on a quiet machine: ``python tests/benchmarks/run_against_naive.py [--rounds N] [--only abcde] [--write]``. Each
part runs everything it compares in this one run. Prints tables; ``--write`` stores them beside this file. Nothing here
is a test.

(a) The three waves of the example, everything cold: the papermill command and the nbconvert command for each notebook,
papermill's and nbconvert's functions in one process, and ``themewave run`` with report, figures and Word files. The
overhead is the wall-clock time minus what the cells compute. What cells compute is taken from the cold kernels of the
commands, whose imports it includes, and once more strictly from forked kernels, whose imports count as overhead.
(b) The same again, nothing changed. (c) One person added to one of three waves. (d) Eight waves with one kernel and
with two. (e) The same eight on a cluster of two workers on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from machine import machine

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
STUDY = ROOT / "data_schema" / "example_study"
WAVES = ("2024a", "2024b", "2025a")
STUDY_NAME = "nhs-helpfulness-example"
EIGHT = tuple(f"w{number}" for number in range(1, 9))
RESULT = Path(__file__).with_suffix(".md")

IN_ONE_PROCESS = """\
import logging, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
import papermill
from nbconvert import HTMLExporter
study, out, notebooks, waves = sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(","), sys.argv[4].split(",")
exporter = HTMLExporter(exclude_input=True)
for wave in waves:
    for name in notebooks:
        target = out / f"{wave}_{Path(name).stem}.ipynb"
        papermill.execute_notebook(name, target, {"study": study, "wave": wave}, progress_bar=False)
        target.with_suffix(".html").write_text(exporter.from_filename(target)[0])
"""


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock and of the processors; the median over rounds."""

    wall: float
    cpu: float


def notebooks() -> list[Path]:
    """Notebooks of a run, as the program lists them."""
    sys.path.insert(0, str(ROOT))
    from analysis_lib.runner.notebooks import IN_RUN  # noqa: PLC0415

    return [ROOT / "notebooks" / f"{name}.ipynb" for name in IN_RUN]


def call(*words: object) -> str:
    """Run a command that succeeds; returns what it printed."""
    done = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout


def themewave(*words: object) -> str:
    return call(sys.executable, "-m", "analysis_lib", *words)


def taken(
    job: Callable[[Path], object], rounds: int, before: Callable[[Path], object] | None = None
) -> Taken:
    """How long a job takes in a fresh folder; ``before`` is not counted."""
    walls, cpus = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if before is not None:
                before(folder)
            cpu, wall = children_cpu(), time.perf_counter()
            job(folder)
            walls.append(time.perf_counter() - wall)
            cpus.append(children_cpu() - cpu)
    return Taken(median(walls), median(cpus))


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def commands(folder: Path, waves: tuple[str, ...] = WAVES) -> None:
    """The papermill command and the nbconvert command, notebook by notebook."""
    for wave in waves:
        for source in notebooks():
            executed = folder / f"{wave}_{source.name}"
            call(BIN / "papermill", source, executed, "-p", "study", STUDY, "-p", "wave", wave)
            call(BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", executed)


def one_process(folder: Path) -> None:
    """Their functions in one process."""
    names = ",".join(str(path) for path in notebooks())
    call(sys.executable, "-c", IN_ONE_PROCESS, STUDY, folder, names, ",".join(WAVES))


def cells_of_commands(folder: Path) -> float:
    """Seconds in cells, as papermill noted them in cold kernels."""
    found = 0.0
    for path in folder.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found += sum(
            cell["metadata"]["papermill"]["duration"] for cell in cells if cell["cell_type"] == "code"
        )
    return found


def cells_of_ours(folder: Path) -> float:
    """Seconds in cells, as our manifests note them."""
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in folder.rglob("manifest.json")]
    return sum(run["in_cells"] for each in manifests for run in each["notebooks"].values())


def part_a(rounds: int) -> list[str]:
    """Three waves cold, beside the same notebooks by hand."""
    in_cells: dict[str, list[float]] = {"cold": [], "forked": [], "further": []}

    def by_hand(folder: Path) -> None:
        commands(folder)
        in_cells["cold"].append(cells_of_commands(folder))

    def ours(jobs: int, *waves: str) -> Taken:
        chosen = [word for wave in waves for word in ("--wave", wave)]

        def run(folder: Path) -> None:
            themewave("run", "--out", folder, "--jobs", jobs, *chosen)
            if jobs == 1 and not waves:
                in_cells["forked"].append(cells_of_ours(folder))
                in_cells["further"].append(cells_of_ours(folder / STUDY_NAME / WAVES[1]))

        return taken(run, rounds)

    naive = taken(by_hand, rounds)
    api = taken(one_process, rounds)
    one, two = ours(1), ours(2)
    fewer = {1: ours(1, WAVES[0], WAVES[2]), 2: ours(2, WAVES[0], WAVES[2])}
    cold, forked, further = (median(in_cells[kind]) for kind in ("cold", "forked", "further"))
    by_hand_further = naive.wall / len(WAVES)
    return [
        f"## (a) Three waves of {len(notebooks())} notebooks, everything cold",
        "",
        table_of(
            [
                ("papermill and nbconvert commands", naive),
                ("papermill and nbconvert functions, one process", api),
                ("`themewave run --jobs 2`, report, figures and Word included (as on two cores without `--jobs`)", two),
                ("`themewave run --jobs 1`, the same", one),
            ]
        ),
        "",
        f"In cells: {cold:.1f} s in the cold kernels of the commands, which import in a cell; {forked:.1f} s in ours,"
        " where everything is imported before. Overhead is the wall-clock time minus what cells compute: each side's"
        " own cells and, stricter, ours taken off on both sides, so that the imports count as overhead too.",
        "",
        "| overhead | commands, s | ours, s | ratio | at most |",
        "|---|---|---|---|---|",
        ratio_line("two kernels, own cells", naive.wall - cold, two.wall - forked, 0.12),
        ratio_line("two kernels, imports as overhead", naive.wall - forked, two.wall - forked, 0.12),
        ratio_line("one kernel, own cells", naive.wall - cold, one.wall - forked, None),
        ratio_line("one kernel, imports as overhead", naive.wall - forked, one.wall - forked, None),
        ratio_line(
            f"a further wave ({WAVES[1]}), two kernels, own cells",
            by_hand_further - cold / len(WAVES), two.wall - fewer[2].wall - further, 0.08,
        ),
        ratio_line(
            "the same, one kernel", by_hand_further - cold / len(WAVES), one.wall - fewer[1].wall - further, None
        ),
        "",
        "With one kernel everything is strictly one after the other, so that drawing and writing the reports is all"
        " overhead; with two it happens while notebooks run. A ratio below nought says that cells were computed side by"
        " side.",
    ]  # fmt: skip


def part_b(rounds: int) -> list[str]:
    """Nothing changed."""
    with tempfile.TemporaryDirectory() as name:
        themewave("run", "--out", name)
        again = taken(lambda _: themewave("run", "--out", name), max(rounds, 5))
        state = taken(lambda _: themewave("status", "--out", name), max(rounds, 5))
    rows = [("`themewave run`, three waves current", again), ("`themewave status`", state)]
    return ["## (b) Nothing changed (at most 1.5 s)", "", table_of(rows)]


def part_c(rounds: int) -> list[str]:
    """One person added to the second of three waves."""
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "study"
        shutil.copytree(STUDY, study)
        themewave("run", study)
        people = study / "waves" / WAVES[1] / "participants.csv"
        lines = people.read_text(encoding="utf-8").splitlines()
        first, _, rest = lines[-1].partition(",")
        added = re.sub(r"\d+", lambda found: str(int(found[0]) + 1), first)
        people.write_text("\n".join([*lines, f"{added},{rest}"]) + "\n", encoding="utf-8")
        said = []
        again = taken(lambda _: said.append(themewave("run", study)), 1)
    steps = re.findall(r"^  (\S+)  (\S+)  ", said[0], re.MULTILINE)
    done = [f"{wave}: {', '.join(step for own, step in steps if own == wave)}" for wave in WAVES]
    return [
        f"## (c) One person added to {WAVES[1]}",
        "",
        table_of([("`themewave run`", again)]),
        "",
        "Done again: " + "; ".join(line for line in done if not line.endswith(": ")) + ".",
    ]


def eight_waves(folder: Path) -> Path:
    """A study whose eight waves are the second wave of the example."""
    study = folder / "study"
    shutil.copytree(STUDY, study, ignore=shutil.ignore_patterns("2024?", "2025?"))
    text = (study / "study.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^waves: \[.*?\]", f"waves: [{', '.join(EIGHT)}]", text, flags=re.MULTILINE)
    text = re.sub(r"^planned_looks: \d+", "planned_looks: 8", text, flags=re.MULTILINE)
    (study / "study.yaml").write_text(text, encoding="utf-8")
    for number, wave in enumerate(EIGHT, start=1):
        shutil.copytree(STUDY / "waves" / WAVES[1], study / "waves" / wave)
        facts = study / "waves" / wave / "wave.yaml"
        facts.write_text(re.sub(r"^look: \d+", f"look: {number}", facts.read_text(), flags=re.MULTILINE))
    return study


def part_d(rounds: int) -> list[str]:
    """Eight waves, one kernel and two."""
    one = taken(lambda folder: themewave("run", folder / "study", "--jobs", "1"), rounds, eight_waves)
    two = taken(lambda folder: themewave("run", folder / "study", "--jobs", "2"), rounds, eight_waves)
    rows = [("`--jobs 1`", one), ("`--jobs 2`", two)]
    return [
        "## (d) Eight waves",
        "",
        table_of(rows),
        "",
        f"Times as fast: {one.wall / two.wall:.2f} (at least 1.6).",
    ]


def part_e(rounds: int) -> list[str]:
    """Eight waves on a cluster of two workers, beside two kernels here."""
    from distributed import LocalCluster  # noqa: PLC0415

    two = taken(lambda folder: themewave("run", folder / "study", "--jobs", "2"), rounds, eight_waves)
    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=2, threads_per_worker=1, **here) as cluster:

        def on_cluster(folder: Path) -> None:
            themewave("run", folder / "study", "--scheduler", cluster.scheduler_address)

        first = taken(on_cluster, 1, eight_waves)
        later = taken(on_cluster, rounds, eight_waves)
    rows = [
        ("`--jobs 2`", two),
        ("`--scheduler`, the cluster's first run, in which each worker imports", first),
        ("`--scheduler`, a later run", later),
    ]
    said = f"First run / `--jobs 2`: {first.wall / two.wall:.2f}; later: {later.wall / two.wall:.2f} (at most 1.15)."
    note = "Processor time of the workers is not in the column: they are not children of the command."
    return ["## (e) A cluster of two workers on this machine", "", table_of(rows), "", said, note]


def table_of(rows: list[tuple[str, Taken]]) -> str:
    lines = [f"| {name} | {each.wall:.1f} | {each.cpu:.1f} |" for name, each in rows]
    return "\n".join(["| job | wall, s | processors, s |", "|---|---|---|", *lines])


def ratio_line(name: str, naive: float, ours: float, limit: float | None) -> str:
    return f"| {name} | {naive:.1f} | {ours:.1f} | {ours / naive:.2f} | {limit or ''} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="abcde")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    text = [
        "# Speed of a run", "",
        f"{machine()}; median of {options.rounds} round(s). Made by `run_against_naive.py`.", "",
    ]  # fmt: skip
    call(sys.executable, "-m", "analysis_lib", "check", STUDY)  # warm the disk cache for both sides
    parts = {"a": part_a, "b": part_b, "c": part_c, "d": part_d, "e": part_e}
    print("\n".join(text))
    for letter in options.only:
        lines = [*parts[letter](options.rounds), ""]
        print("\n".join(lines), flush=True)
        text += lines
    if options.write:
        RESULT.write_text("\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main()
