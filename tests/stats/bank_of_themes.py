"""Themes of the bank and the published example, for tests of several themes at once."""

import csv
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
NAN = float("nan")
# four people of a, four of b; the first theme splits them, the second is held by 2 and 1
SPLIT = [[1, 1], [1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 0], [0, 0]]
FOUR_AND_FOUR = ["a"] * 4 + ["b"] * 4


def bank():
    with (REFERENCE / "bank40.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    themes = [[int(value) for name, value in row.items() if name.startswith("theme_")] for row in rows]
    return np.array(themes), [row["outcome"] for row in rows]


def published_fixture():
    group = np.repeat([0, 1, 2], [92, 37, 19])
    themes = [
        [
            (i * (2 * j + 3) + 5 * j * j + i // (j + 2) + (3 * group[i] if j in (1, 4) and i % 2 == 0 else 0))
            % 11
            < 2 + j
            for j in range(6)
        ]
        for i in range(148)
    ]
    return np.array(themes), group
