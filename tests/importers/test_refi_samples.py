"""The samples of the format that others made: all that they hold is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analysis_lib.importers import refi
from analysis_lib.importers.project import Project

SMILE = "\N{SLIGHTLY SMILING FACE}"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"


@pytest.fixture
def demo() -> Project:
    path = SAMPLES / "qualcoder" / "demo.qdpx"
    if not path.exists():
        pytest.skip("the sample exports are not here")
    return refi.read(path)


def test_the_sample_has_its_codings_coders_and_quotes(demo):
    assert Counter(each.coder for each in demo.codings) == {"alice": 9, "bob": 4}
    first = demo.codings[0]
    assert (first.start, first.end) == (91, 133)
    assert first.text == f"I felt heard from the very first session {SMILE}"
    assert demo.unreconciled() == {}


def test_the_sample_has_the_times_of_its_selections(demo):
    assert {each.coded_at for each in demo.codings} == {"2026-11-22T10:00:00Z"}


def test_cases_of_the_sample_without_links_are_matched_by_name_and_said_to_be_guessed(demo):
    names = {source.key: source.name for source in demo.sources}
    linked = {case.name: [names[span.source] for span in case.spans] for case in demo.cases}
    assert linked == {"P01": ["P01_wave1.txt"], "P02": ["P02_wave1.txt"], "P03": ["P03_survey_wave2.txt"]}
    assert [case.variables["Outcome"] for case in demo.cases] == ["helpful", "mixed", "dropped out"]
    (guess,) = [remark for remark in demo.remarks if (remark.what, remark.kind) == ("guessed", "cases")]
    assert (guess.n, guess.confidence) == (3, 0.8)


def test_the_texts_of_the_sample_are_those_that_were_imported(demo):
    written = (SAMPLES / "source_texts" / "P01_wave1.txt").read_bytes().decode()
    assert demo.sources[0].text == written


@pytest.mark.parametrize(("name", "n"), [("qualcoder/Codebook-demo.qdc", 11), ("taguette/codebook.qdc", 9)])
def test_the_sample_codebooks_are_read(name, n):
    if not (SAMPLES / name).exists():
        pytest.skip("the sample exports are not here")
    found = refi.read(SAMPLES / name)
    assert (len(found.codes), found.unreconciled()) == (n, {})
