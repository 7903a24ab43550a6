"""The order of rows and columns in the files of a study changes no figure of any result."""

from __future__ import annotations

import csv
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from example_waves import FEW, Example

import analysis_lib as al
from analysis_lib.result_files import result_files

WAVE = "2025a"  # two waves before it, people left out, a theme redefined


def shuffled(folder: Path) -> Path:
    """A copy of the example study with the rows and the columns of every table in another order."""
    shutil.copytree(al.EXAMPLE_STUDY, folder)
    order = random.Random(7)
    for path in sorted(folder.glob("waves/*/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        columns = order.sample(range(len(header)), len(header))
        order.shuffle(rows)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([row[i] for i in columns] for row in [header, *rows])
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Example:
    study = al.load_study(shuffled(tmp_path_factory.mktemp("shuffled") / "study"))
    return Example(replace(study, n_permutations=FEW), WAVE)


def test_rows_and_columns_in_another_order_give_the_same_tables_to_the_last_digit(examples, other):
    compared = 0
    for here, there in zip(examples[WAVE].results, other.results, strict=True):
        expected, found = result_files(here), result_files(there)
        assert list(expected) == list(found)
        for name, frame in expected.items():
            pd.testing.assert_frame_equal(found[name], frame, check_exact=True, obj=name)
            compared += frame.size
    assert compared > 20_000


def test_rows_and_columns_in_another_order_give_the_same_payloads(examples, other):
    same = [here == there for here, there in zip(examples[WAVE].payloads, other.payloads, strict=True)]
    of = [payload.template for payload in other.payloads]
    differing = {template for template, equal in zip(of, same, strict=True) if not equal}
    assert differing <= {"run_record"}  # it shows the hashes of the files
