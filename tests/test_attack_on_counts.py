"""A short form of the attack that tests/attacks makes on a thousand studies."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "attacks"))

from attacker import attack
from brute_force import small_cells
from generated_studies import Drawn, draw
from printed_counts import counts_under_the_minimum

from analysis_lib.payload import Table
from analysis_lib.release import Rules, release

BELOW = 6
SEEDS = (1, 4, 7)  # twenty, eighteen and twenty-eight people
RULES = ("midpoint6", "suppress7_round5", "exact_audited")


def rules(counts):
    return Rules("coauthor", counts, BELOW, frozenset({"reviewed"}), b"key")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return [draw(seed, tmp_path_factory.mktemp(f"drawn{seed}") / "study", models=False) for seed in SEEDS]


@pytest.fixture(scope="module", params=RULES)
def bundles(request, drawn):
    return [(study, release(study.payloads, rules(request.param))) for study in drawn]


def test_no_released_file_or_text_holds_a_number_under_the_minimum(bundles):
    for _, released in bundles:
        assert counts_under_the_minimum(released, below=BELOW, text=True) == []


def test_no_small_number_can_be_worked_out_from_all_tables_together(bundles):
    for study, released in bundles:
        found = attack(released, study.wave, below=BELOW)
        assert found.n_small > 20
        assert found.recovered == ()


def test_no_small_cell_is_the_only_one_that_fits_what_is_printed(bundles):
    cells = [
        cell
        for study, released in bundles
        for cell in list(small_cells(released, below=BELOW, most=len(study.wave.analysed)))[::5]
    ]
    assert cells
    assert [cell.name for cell in cells if len(cell.values) == 1] == []


def test_the_attack_succeeds_where_small_numbers_alone_are_withheld(drawn: list[Drawn]):
    """Primary suppression with true totals: what half of published tables do."""
    recovered = 0
    for study in drawn:
        exact = release(study.payloads, rules("exact"))
        naive = tuple(_without_small(payload) for payload in exact.payloads)
        found = attack(replace(exact, payloads=naive, rules=rules("exact_audited")), study.wave, below=BELOW)
        recovered += len(found.recovered)
    assert recovered > 20


def _without_small(payload):
    tables = {}
    for name, table in payload.tables.items():
        people = [kind == "people" for _, kind in table.columns]
        rows = tuple(
            tuple(
                None if is_n and x is not None and 1 <= x < BELOW else x
                for x, is_n in zip(row, people, strict=True)
            )
            for row in table.rows
        )
        tables[name] = Table(table.columns, rows)
    return replace(payload, tables=tables)
