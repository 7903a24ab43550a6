"""The short version of the kill harness: each way of going wrong that no other test takes, once."""

from __future__ import annotations

import os

import kill_bench
import kill_harness
import pytest

from analysis_lib.runner import forked
from analysis_lib.runner import notebooks as suite

pytestmark = [
    pytest.mark.runs,
    pytest.mark.skipif(not forked.CAN_FORK, reason="processes are found and killed as on Linux"),
]
ONCE = {"all killed at once": 1, "disk full": 1, "two runs": 1}


def test_whatever_stops_a_run_the_earlier_report_or_the_new_one_is_whole(tmp_path, monkeypatch):
    for name in ("NOTEBOOKS", "IN_RUN"):
        monkeypatch.setattr(suite, name, getattr(suite, name))  # put back afterwards
    monkeypatch.setenv("XDG_CONFIG_HOME", os.environ.get("XDG_CONFIG_HOME", ""))
    tallies = dict(kill_harness.harness(tmp_path, ONCE, seed=20261122))
    assert {way: dict(tally.wrong) for way, tally in tallies.items()} == {way: {} for way in ONCE}
    assert all(tally.n == tally.new + tally.earlier == 1 for tally in tallies.values())


def test_a_report_of_two_attempts_and_one_that_is_cut_off_would_be_found(tmp_path, monkeypatch):
    for name in ("NOTEBOOKS", "IN_RUN"):
        monkeypatch.setattr(suite, name, getattr(suite, name))
    bench = object.__new__(kill_bench.Bench)
    bench.out, bench.generation = tmp_path, 2
    assert bench.state()[0] == "half"
    monkeypatch.setattr(kill_bench, "faults", lambda folder: [])
    results = bench.wave / "internal" / "results"
    results.mkdir(parents=True)
    said = {bench.wave / "report.html": 2}
    said |= {results / f"{name}.csv": 2 for name in kill_bench.NAMES}
    said |= {bench.wave / "internal" / f"INTERNAL_{name}.ipynb": 1 for name in kill_bench.NAMES}
    for path, generation in said.items():
        path.write_text(f"Generation {generation}.")
    assert bench.state()[0] == "mixed"
