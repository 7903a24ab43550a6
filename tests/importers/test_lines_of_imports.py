"""Where a message points to when the tables of a wave come from a coding program's file."""

from __future__ import annotations

from pathlib import Path

from tiny_study import WAVE, write_study

from analysis_lib.errors import Finding
from analysis_lib.wave import check_study

CODED = "waves/w1/coded_segments.csv"
ROWS = """\
Document name,Code,Segment,Created by
P01,B > B.skills,"A quarrel
over two lines.",c1
P02,A > A.late,Not in time.,c1
P77,A > A.late,Nobody knows who.,c1
"""


def found(folder: Path, source: str, rows: str) -> list[Finding]:
    """What is said of people, of a wave whose codings come from this file."""
    study = write_study(
        folder, {CODED: None, "waves/w1/documents.csv": None, "waves/w1/quote_reviews.csv": None}
    )
    wave = study / "waves" / "w1"
    (wave / "wave.yaml").write_text(f"{WAVE}sources:\n  - {source}\n", encoding="utf-8")
    (wave / "export.csv").write_text(rows, encoding="utf-8")
    return [each for each in check_study(study) if each.code == "X02"]


def test_a_coding_is_said_to_stand_at_its_line_of_the_file_and_once(tmp_path: Path) -> None:
    (one,) = found(tmp_path, "{file: export.csv, format: maxqda}", ROWS)
    assert one.place == "waves/w1/export.csv, line 5, column participant_id"  # the quarrel takes two lines
