"""One QualCoder project by seven ways out gives one wave, up to what each way says it loses."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from analysis_lib.import_map import ImportMap
from analysis_lib.imported_wave import imported_wave
from analysis_lib.importers import IMPORTERS, read_project

SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples" / "qualcoder"
pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="no folder `shared/samples` beside the repository"
)
WAYS = (
    "data.qda",
    "demo.qdpx",
    "report_codes_by_case.xlsx",
    "report_codes_by_case.csv",
    "report_codes_by_file.xlsx",
    "report_codes_by_file.csv",
    "codes_by_segments_cases.xlsx",
)
WITHOUT_CODER = ("codes_by_segments_cases.xlsx",)


@cache
def wave(name: str):
    return imported_wave(read_project(SAMPLES / name), codebook=None, known=ImportMap())


def rows(name: str, *, coder: bool) -> list[tuple[str, ...]]:
    """Person, name of the code, words and, if wanted, coder of every coded segment."""
    made = wave(name)
    label = {code.code_id: code.path.split(" > ")[-1] for code in made.codes}
    name_of = {person: known for known, person in made.map.people.items()}
    found = []
    for row in made.tables["coded_segments"]:
        # a report by file knows documents, whose names begin with the person
        person = name_of[row["participant_id"]][:3]
        words = " ".join(row["text"].split())
        found.append((person, label[row["code_id"]], words, row["coder_id"] if coder else ""))
    return sorted(found) if coder else sorted(set(found))


@pytest.mark.parametrize(("one", "other"), list(combinations(WAYS, 2)))
def test_two_ways_out_of_one_project_give_the_same_wave(one, other):
    coder = not {one, other} & set(WITHOUT_CODER)
    assert rows(one, coder=coder) == rows(other, coder=coder)
    assert len(rows(one, coder=coder)) >= 12


@pytest.mark.parametrize("name", WITHOUT_CODER)
def test_a_way_that_loses_the_coder_says_so(name):
    assert any("who coded" in loss for loss in IMPORTERS[wave(name).project.format].loses)


@pytest.mark.parametrize("name", WAYS)
def test_what_the_file_holds_and_what_was_read_and_listed_add_up(name):
    assert wave(name).project.unreconciled() == {}


@pytest.mark.parametrize("name", WAYS[:4])
def test_the_outcome_comes_with_the_people_where_the_way_carries_cases(name):
    people = wave(name).tables["participants"]
    held = {row["participant_id"]: row.get("outcome", row.get("casevar_outcome")) for row in people}
    assert held == {"P01": "helpful", "P02": "mixed", "P03": "dropped out"}
