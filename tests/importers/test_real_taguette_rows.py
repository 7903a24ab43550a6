"""The rows of a real Taguette project, published as a table, go through the same door as any program's file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analysis_lib.import_map import ImportMap
from analysis_lib.imported_wave import imported_wave
from analysis_lib.importers import read_project

ROWS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "taguette_segments.csv"
pytestmark = pytest.mark.skipif(not ROWS.is_file(), reason="no folder `shared/data` beside the repository")


def test_every_coding_of_seventeen_people_arrives_once():
    wave = imported_wave(read_project(ROWS, "coded-table"), codebook=None, known=ImportMap())
    coded = wave.tables["coded_segments"]
    assert wave.project.found["codings"] == 1930
    assert wave.project.unreconciled() == {}
    said = sum(
        remark.n
        for remark in wave.remarks
        if remark.kind == "codings" and remark.what in ("merged", "dropped")
    )
    assert len(coded) + said == 1930
    assert len({row["participant_id"] for row in coded}) == 17
    # counted in the raw file with awk
    label = {code.code_id: code.path for code in wave.codes}
    most = Counter(label[row["code_id"]] for row in coded).most_common(1)[0]
    assert most == ("Query inputs and elements useful", 191)
