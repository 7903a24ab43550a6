"""Attack many drawn studies and write down what came of it.

``python tests/attacks/run_attack_on_counts.py [STUDIES [PROCESSES]]`` writes attack_on_counts.md beside this file.
Continuous integration does the same with few studies (``tests/test_attack_on_counts.py``).
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from attacker import attack
from brute_force import Cell, small_cells
from generated_studies import Drawn, draw
from printed_counts import counts_under_the_minimum

from analysis_lib.release import Released, release, rules_for
from analysis_lib.study import Privacy

HERE = Path(__file__).parent
RULES = ("midpoint6", "suppress7_round5", "exact_audited")
BELOW = 6
CELLS = 300
_EVERY = 10  # one study in so many has models, its text read, and its cells tried
_HEAD = (
    "| rule | counts under the minimum in payloads, CSV files and text | small numbers recovered | limits less than 3"
    " apart | small cells unique by brute force | bundles with numbers withheld for others' sake | fell back to"
    " midpoint6 | stopped | seconds at the door |\n|---|---|---|---|---|---|---|---|---|"
)
_PAGE = """\
# Attack on the counts of {studies:,} drawn studies

Written by `run_attack_on_counts.py` on {date}; {minutes:.0f} minutes of processor time. Studies of 12 to 120
people in two to four outcome groups (`generated_studies.py`), profile coauthor, minimum 6. The attacker (`attacker.py`)
has every table of a bundle and shares no code with the door.

{table}

- *Small numbers* are distinct numbers of 1 to 5 people, printed or only implied (the others of a group, a pair of
  themes, a combination, an answer). *Recovered*: linear programming leaves one value. The bar is 0.
- *Limits less than 3 apart*, in one study of ten: more than one value is left, but fewer than four. No promise is made
  here; it is counted because the attacker knows every combination of themes, and the door asks about fewer.
- *Brute force* (`brute_force.py`): all 2 x 2 tables that fit the printed counts, the band of Fisher's p, odds
  ratios with their limits, and coefficients of two coders.
- *Withheld for others' sake*: for secondary suppression this is the rule; for rounding it happens in small studies.

## Leaks

{listed}
"""


def released(drawn: Drawn, rule: str) -> Released:
    """The bundle of a study under a rule, profile coauthor."""
    return release(drawn.payloads, rules_for("coauthor", Privacy(rule, "", BELOW, "reviewed"), b"key"))


@dataclass
class Attacked:
    """What came of attacking one study, or many: tallies and cells by rule, leaks in words."""

    tally: dict[str, Counter] = field(default_factory=lambda: {rule: Counter() for rule in RULES})
    cells: dict[str, list[Cell]] = field(default_factory=lambda: {rule: [] for rule in RULES})
    leaks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __iadd__(self, other: Attacked) -> Attacked:
        for rule in RULES:
            self.tally[rule] += other.tally[rule]
            self.cells[rule] += other.cells[rule]
        self.leaks += other.leaks
        self.seconds += other.seconds
        return self


def main(studies: int, processes: int) -> None:
    """Attack so many studies under each rule."""
    found = Attacked()
    with ProcessPoolExecutor(processes) as pool:
        for seed, one in enumerate(pool.map(attacked, range(studies))):  # in the order of the seeds
            found += one
            if seed % 20 == 19:
                print(f"{seed + 1} studies, {found.seconds:.0f} s, {len(found.leaks)} leaks", flush=True)
                write(seed + 1, found)
    write(studies, found)


def attacked(seed: int) -> Attacked:
    """Draw one study, release it under each rule, and attack it."""
    began, found = time.process_time(), Attacked()
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw(seed, Path(folder) / "study", models=seed % _EVERY == 0)
        for rule in RULES:
            found.tally[rule] = _attacked(drawn, rule, seed, found.cells[rule], found.leaks)
    found.seconds = time.process_time() - began
    return found


def _attacked(drawn: Drawn, rule: str, seed: int, cells: list[Cell], leaks: list[str]) -> Counter:
    began = time.process_time()
    bundle = released(drawn, rule)
    took = time.process_time() - began
    found = attack(bundle, drawn.wave, below=BELOW, narrow=seed % _EVERY == 0)
    under = counts_under_the_minimum(bundle, below=BELOW, text=seed % _EVERY == 0)
    leaks += [f"{rule}, study {seed}, recovered: {name}" for name in found.recovered]
    leaks += [f"{rule}, study {seed}, under the minimum: {name}" for name in under]
    if seed % _EVERY == 0:
        tried = list(small_cells(bundle, below=BELOW, most=len(drawn.wave.analysed)))
        some = random.Random(seed).sample(tried, min(12, len(tried)))
        cells += some
        leaks += [f"{rule}, study {seed}, unique: {cell.name}" for cell in some if len(cell.values) == 1]
    return Counter(
        studies=1,
        stopped=bool(bundle.audit.given_away),
        fell_back=bundle.rules.counts != rule,
        mended=bool(bundle.audit.withheld),
        numbers=found.n_numbers,
        small=found.n_small,
        recovered=len(found.recovered),
        narrow=len(found.narrow),
        under=len(under),
        seconds=took,
    )


def write(studies: int, found: Attacked) -> None:
    """The table beside this file."""
    rows = []
    for rule, n in found.tally.items():
        tried = found.cells[rule][:CELLS]
        unique = sum(len(cell.values) == 1 for cell in tried)
        rows.append(
            f"| {rule} | {n['under']} | {n['recovered']} of {n['small']:,} | {n['narrow']:,} | {unique} of {len(tried)}"
            f" | {n['mended']:,} | {n['fell_back']:,} | {n['stopped']:,} | {n['seconds'] / max(n['studies'], 1):.2f} |"
        )
    listed = "\n".join(f"- {leak}" for leak in found.leaks[:50]) or "- None."
    date = datetime.now(tz=UTC).date().isoformat()
    table = "\n".join([_HEAD, *rows])
    text = _PAGE.format(studies=studies, date=date, minutes=found.seconds / 60, table=table, listed=listed)
    (HERE / "attack_on_counts.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    main(*(asked + [1000, 2][len(asked) :]))
